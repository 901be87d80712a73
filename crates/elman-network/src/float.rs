//! The two number types that networks train and run in.
//!
//! ```
//! use elman_network::float::{Dtype, Float, Parameters};
//!
//! fn start<T: Float>() -> Parameters {
//!     T::parameters(vec![T::from_f64(0.5)])
//! }
//! assert_eq!(start::<f32>(), Parameters::F32(vec![0.5]));
//! assert_eq!(start::<f64>().dtype(), Dtype::F64);
//! assert_eq!(start::<f32>().to_f64(), [0.5]);
//! ```

use elman_core::lane::Scalar;
use serde::{Deserialize, Serialize};

use crate::network::{Engine, ScalarEngine, SimdEngine};

/// A number type's name, as on the command line and in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// 32-bit floating point: for work.
    #[default]
    F32,
    /// 64-bit floating point: twice the memory, for when rounding is in question.
    F64,
}

impl std::fmt::Display for Dtype {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Dtype::F32 => "f32",
            Dtype::F64 => "f64",
        })
    }
}

/// Trained parameters in the type in which they were trained.
#[derive(Clone, Debug, PartialEq)]
pub enum Parameters {
    /// `f32`
    F32(Vec<f32>),
    /// `f64`
    F64(Vec<f64>),
}

impl Parameters {
    /// The number type.
    pub fn dtype(&self) -> Dtype {
        match self {
            Parameters::F32(_) => Dtype::F32,
            Parameters::F64(_) => Dtype::F64,
        }
    }

    /// The values, each of which `f64` holds exactly.
    pub fn to_f64(&self) -> Vec<f64> {
        match self {
            Parameters::F32(values) => convert(values),
            Parameters::F64(values) => values.clone(),
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Parameters::F32(values) => values.len(),
            Parameters::F64(values) => values.len(),
        }
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The nearest values of another number type; beyond its range, infinities.
    #[must_use]
    pub fn to_dtype(&self, dtype: Dtype) -> Parameters {
        match (self, dtype) {
            (Parameters::F32(values), Dtype::F64) => Parameters::F64(convert(values)),
            (Parameters::F64(values), Dtype::F32) => Parameters::F32(convert(values)),
            (same, _) => same.clone(),
        }
    }

    /// The place of the first that is NaN or infinite.
    pub fn first_not_finite(&self) -> Option<usize> {
        match self {
            Parameters::F32(values) => values.iter().position(|value| !value.is_finite()),
            Parameters::F64(values) => values.iter().position(|value| !value.is_finite()),
        }
    }
}

/// `f32` or `f64`.
pub trait Float: Scalar + std::fmt::Debug + Send + Sync {
    /// What runs networks in this type.
    type Engine: Engine<Self> + Send;
    /// The type's name.
    const DTYPE: Dtype;
    /// Parameters of this type.
    fn parameters(values: Vec<Self>) -> Parameters;
    /// The square root.
    fn sqrt(self) -> Self;
    /// Appends the value's bytes, least significant first.
    fn write_to(self, bytes: &mut Vec<u8>);
    /// The value of so many bytes, least significant first; `None` if their number is another.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

macro_rules! float {
    ($float:ident, $dtype:ident, $engine:ty) => {
        impl From<Vec<$float>> for Parameters {
            fn from(values: Vec<$float>) -> Self {
                Parameters::$dtype(values)
            }
        }

        impl Float for $float {
            type Engine = $engine;
            const DTYPE: Dtype = Dtype::$dtype;
            fn parameters(values: Vec<Self>) -> Parameters {
                Parameters::$dtype(values)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                $float::sqrt(self)
            }
            fn write_to(self, bytes: &mut Vec<u8>) {
                bytes.extend_from_slice(&self.to_le_bytes());
            }
            fn from_bytes(bytes: &[u8]) -> Option<Self> {
                Some($float::from_le_bytes(bytes.try_into().ok()?))
            }
        }
    };
}

float!(f32, F32, SimdEngine);
float!(f64, F64, ScalarEngine<f64>);

/// The nearest value of another type, one by one.
pub fn convert<From: Scalar, To: Scalar>(values: &[From]) -> Vec<To> {
    values.iter().map(|value| To::from_f64(value.to_f64())).collect()
}
