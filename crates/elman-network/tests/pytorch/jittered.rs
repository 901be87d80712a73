//! What rounding to `f32` can do to a result, found by doing it at random: the source of every
//! `f32` tolerance here.
//!
//! This is Monte Carlo arithmetic (Parker, *Monte Carlo Arithmetic*, UCLA CSD-970002, 1997). The
//! network, the loss or the optimiser runs over [`Jittered`] as it runs over `f32`; every operation
//! nudges its result at random, as far as rounding may. The spread of a result then weighs each
//! rounding on each path to it by its true influence, cancellations included, which no count of
//! roundings does: a bound that adds magnitudes exceeds the gradients of a two-layer GRU themselves.

use std::cmp::Ordering;
use std::ops::{Add, AddAssign, Div, Mul, Sub};

use elman_core::lane::{Lane, Scalar};
use elman_network::float::{Dtype, Float, Parameters, convert};

/// The unit roundoff of `f32`, 2^-24: the largest relative error of an operation.
const UNIT: f64 = f32::EPSILON as f64 / 2.0;

/// The largest relative error of `tanh`, `sigmoid`, `exp` and `ln` in units of [`UNIT`]: two units
/// in the last place. Over all `f32`, the worst of those in use errs by 2.9 (`tanh`).
const FUNCTION: f64 = 4.0;

/// How many standard deviations `f32` may be off. A result sums many roundings, near enough a normal
/// number: that one of the 30 000 results is beyond 6 has the probability 6e-5. The rest is for what
/// [`SAMPLES`] leave open about the deviation (13 %). The farthest of them is at 2.9.
const DEVIATIONS: f64 = 8.0;

const SAMPLES: usize = 32;

/// A number in `f64`, so many times over, each with other rounding errors.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Jittered([f64; SAMPLES]);

impl Jittered {
    /// The same function of each sample, off by up to `units` times [`UNIT`].
    fn map(self, units: f64, f: impl Fn(f64) -> f64) -> Self {
        self.zip(self, units, |a, _| f(a))
    }

    /// The same function of each pair of samples, off by up to `units` times [`UNIT`].
    fn zip(self, o: Self, units: f64, f: impl Fn(f64, f64) -> f64) -> Self {
        Jittered(std::array::from_fn(|n| {
            let value = f(self.0[n], o.0[n]);
            value * (1.0 + units * UNIT * noise(value, n))
        }))
    }
}

/// A number in `[-1, 1)` that depends on every bit of `value`, as a rounding error does, and on the
/// sample: the mixing of SplitMix64 (Steele, Lea & Flood, OOPSLA 2014).
fn noise(value: f64, sample: usize) -> f64 {
    let mut bits = value.to_bits().wrapping_add((sample as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (bits ^ (bits >> 31)) as i64 as f64 / 2f64.powi(63)
}

/// What `f32` may differ by from each of these results: their spread around their own mean, and not
/// around what is expected, or a wrong result would widen the bound that it has to keep.
pub(crate) fn allowed(results: &[Jittered]) -> Vec<f64> {
    let deviation = |Jittered(samples): &Jittered| {
        let mean = samples.iter().sum::<f64>() / SAMPLES as f64;
        let squares: f64 = samples.iter().map(|sample| (sample - mean).powi(2)).sum();
        (squares / (SAMPLES - 1) as f64).sqrt()
    };
    results.iter().map(|result| DEVIATIONS * deviation(result)).collect()
}

impl Add for Jittered {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        self.zip(o, 1.0, |a, b| a + b)
    }
}

impl AddAssign for Jittered {
    fn add_assign(&mut self, o: Self) {
        *self = *self + o;
    }
}

impl Sub for Jittered {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        self.zip(o, 1.0, |a, b| a - b)
    }
}

impl Mul for Jittered {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        self.zip(o, 1.0, |a, b| a * b)
    }
}

impl Div for Jittered {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        self.zip(o, 1.0, |a, b| a / b)
    }
}

/// Ordered by the first sample: the reference keeps away from where another would decide otherwise.
impl PartialEq for Jittered {
    fn eq(&self, o: &Self) -> bool {
        self.0[0] == o.0[0]
    }
}

impl PartialOrd for Jittered {
    fn partial_cmp(&self, o: &Self) -> Option<Ordering> {
        self.0[0].partial_cmp(&o.0[0])
    }
}

impl Lane for Jittered {
    fn constant(self, value: f32) -> Self {
        Jittered([value.into(); SAMPLES])
    }
    fn mul_add(self, b: Self, c: Self) -> Self {
        self * b + c
    }
    fn tanh(self) -> Self {
        self.map(FUNCTION, Lane::tanh)
    }
    fn sigmoid(self) -> Self {
        self.map(FUNCTION, Lane::sigmoid)
    }
    fn where_positive(self, gate: Self) -> Self {
        self.zip(gate, 0.0, Lane::where_positive)
    }
}

impl Scalar for Jittered {
    fn from_f64(value: f64) -> Self {
        let exact = f64::from(value as f32) == value;
        Jittered([value; SAMPLES]).map(if exact { 0.0 } else { 1.0 }, |value| value)
    }
    fn to_f64(self) -> f64 {
        self.0[0]
    }
    fn exp(self) -> Self {
        self.map(FUNCTION, Scalar::exp)
    }
    fn ln(self) -> Self {
        self.map(FUNCTION, Scalar::ln)
    }
    fn rsqrt(self) -> Self {
        self.map(2.0, Scalar::rsqrt)
    }
}

impl Float for Jittered {
    type Engine = elman_network::network::ScalarEngine<Jittered>;
    const DTYPE: Dtype = Dtype::F32;
    fn parameters(values: Vec<Self>) -> Parameters {
        Parameters::F32(convert(&values))
    }
    fn sqrt(self) -> Self {
        self.map(1.0, f64::sqrt)
    }
    fn write_to(self, bytes: &mut Vec<u8>) {
        (self.to_f64() as f32).write_to(bytes);
    }
    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        f32::from_bytes(bytes).map(|value| Self::from_f64(value.into()))
    }
}
