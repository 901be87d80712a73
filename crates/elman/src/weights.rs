//! Weights: a network and its parameters, in a file of their own. What a training loop of one's own ends in.
//!
//! Weights know no task. What they can do is what needs none: they run on sequences
//! ([`predict::run`](crate::predict::run)), step by step ([`stream`](Weights::stream)), are looked at with `elman
//! inspect` and proven with `elman check`. Together with a task they are a [`Model`](crate::model::Model).
//!
//! ```
//! use elman::init::Init;
//! use elman::learner::{Learner, LearnerConfig};
//! use elman::loss::Loss;
//! use elman::network::{CellKind, Dense, Network, NetworkConfig, Recurrent};
//! use elman::optimiser::OptimiserConfig;
//! use elman::sequence::{Example, TrainingBatch};
//! use elman::weights::Weights;
//!
//! # fn main() -> Result<(), elman::error::Error> {
//! // A training loop: each value of a wave from the one before it.
//! let config = NetworkConfig::new(1).with(Recurrent::new(CellKind::Gru, 8)).with(Dense::new(1));
//! let network = Network::new(config)?;
//! let wave: Vec<f32> = (0..41).map(|n| (0.5 * n as f32).sin()).collect();
//! let batch = TrainingBatch::new(&network, &[Example::values(wave[..40].to_vec(), wave[1..].to_vec())]);
//! let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::ADAM).with_learning_rate(0.02);
//! let mut learner = Learner::new(&network, Init::Torch.draw(&network, 0)?, config)?;
//! let mut losses = Vec::new();
//! for _ in 0..60 {
//!     losses.push(learner.step(&batch)?);
//! }
//! assert!(losses[59] < 0.1 * losses[0]);
//!
//! // It ends in a file, which is all that a stream needs.
//! let folder = tempfile::tempdir().unwrap();
//! let path = folder.path().join("wave.weights");
//! Weights::new(network, learner.into_parameters())?.save(&path)?;
//! let mut stream = Weights::open(&path)?.stream()?;
//! let mut next = [0.0];
//! for value in &wave[..40] {
//!     stream.step(&[*value], &mut next);
//! }
//! assert!((next[0] - wave[40]).abs() < 0.3);
//! # Ok(())
//! # }
//! ```

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::container::{self, FORMAT_VERSION, Format, LEAST_VERSION, PROGRAM, TensorBytes, Tensors};
use crate::ensemble::check_count;
use crate::error::{ConfigError, Error, ModelError};
use crate::exchange::Device;
use crate::file;
use crate::float::{Dtype, Float, Parameters};
use crate::network::{Network, NetworkConfig, least_tensors};
use crate::stream::Stream;

/// A network and a finite value for each of its parameters.
#[derive(Clone, Debug)]
pub struct Weights {
    network: Network,
    parameters: Parameters,
    device: Option<Device>,
}

/// The content of the header.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    program: String,
    dtype: Dtype,
    network: NetworkConfig,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<Device>,
}

impl container::Content for Content {
    const FORMAT: Format = Format::Weights;

    fn parse(version: u32, json: &str) -> serde_json::Result<Self> {
        if version == 1 {
            return Err(serde::de::Error::custom("weights, which format version 1 did not have"));
        }
        serde_json::from_str(json)
    }
}

impl Weights {
    /// Puts a network and parameters of its [layout](Network::layout), in `f32` or `f64`, together.
    ///
    /// # Errors
    /// If the parameters are not as many as the network has, or one of them is NaN or infinite.
    pub fn new(network: Network, parameters: impl Into<Parameters>) -> Result<Self, ConfigError> {
        let parameters = parameters.into();
        let (len, wanted) = (parameters.len(), network.layout().len());
        if len != wanted {
            let message =
                format!("are {len}, but the network has {wanted}; give one for each entry of its layout");
            return Err(ConfigError::new("parameters", message));
        }
        if let Some(place) = parameters.first_not_finite() {
            let tensor = network.layout().tensors().iter().find(|tensor| tensor.range.contains(&place));
            let tensor = tensor.map_or("", |tensor| tensor.name.as_str());
            let message =
                format!("hold NaN or infinity in {tensor}; keep those of a step before they diverged");
            return Err(ConfigError::new("parameters", message));
        }
        Ok(Weights { network, parameters, device: None })
    }

    /// The same with what is known of the device that they are a model of.
    #[must_use]
    pub fn with_device(self, device: Option<Device>) -> Self {
        Weights { device, ..self }
    }

    /// What is known of the device that they are a model of, where they are one: its sample rate, its gains, its name.
    /// Nothing that runs the weights here reads it.
    pub fn device(&self) -> Option<&Device> {
        self.device.as_ref()
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Its parameters, as its [layout](Network::layout) has them.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Their number type.
    pub fn dtype(&self) -> Dtype {
        self.parameters.dtype()
    }

    /// The same in another number type: each parameter is the nearest there.
    ///
    /// # Errors
    /// If a parameter is beyond the range of `f32`.
    pub fn to_dtype(&self, dtype: Dtype) -> Result<Self, ConfigError> {
        let rounded = Weights::new(self.network.clone(), self.parameters.to_dtype(dtype))?;
        Ok(rounded.with_device(self.device.clone()))
    }

    /// A stream from the initial state: see [`Stream::new`].
    ///
    /// # Errors
    /// As there; and if the parameters are in `f64`, which streams are not: [`to_dtype`](Self::to_dtype) rounds
    /// them.
    pub fn stream(&self) -> Result<Stream, ConfigError> {
        match &self.parameters {
            Parameters::F32(parameters) => Stream::new(&self.network, parameters),
            Parameters::F64(_) => {
                let message = "is f64, but a stream runs in f32; round the parameters first";
                Err(ConfigError::new("dtype", message))
            }
        }
    }

    /// Reads a file of weights.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be read, else as [`from_bytes`](Self::from_bytes).
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self::from_bytes(&path.display().to_string(), &file::read(path)?)?)
    }

    /// Writes a file of weights, all or nothing.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        Ok(file::write(path, &self.to_bytes()?)?)
    }

    /// The weights in a file's bytes; `name` stands for the file in error messages. Whatever the bytes are, it
    /// returns, and takes no more memory than [`Model::from_bytes`](crate::model::Model::from_bytes).
    ///
    /// # Errors
    /// If the bytes are no file of weights, are cut short, damaged, or of a newer version of the format. Of a
    /// model it is [`ModelError::OtherFormat`]: its weights are
    /// [`Model::weights`](crate::model::Model::weights).
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        let (content, tensors) = container::read::<Content>(name, bytes)?;
        let network = content.network;
        // A file of so many tensors is large enough for a list of them.
        if least_tensors(&network) > tensors.len() {
            return Err(tensors.corrupt(OTHER_COUNT));
        }
        let network = Network::new(network).map_err(|error| tensors.corrupt(error))?;
        if let Some(device) = &content.device {
            device.check().map_err(|error| tensors.corrupt(error))?;
        }
        Ok(Weights::read(&tensors, network, content.dtype)?.with_device(content.device))
    }

    /// The bytes of the file: the same for equal weights.
    ///
    /// # Errors
    /// If the network's configuration cannot be written, as one with a block of a later version.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let content = Content {
            program: PROGRAM.into(),
            dtype: self.parameters.dtype(),
            network: self.network.config().clone(),
            device: self.device.clone(),
        };
        let needs_version_3 = self.device.is_some() || self.network.needs_version_3();
        let version = if needs_version_3 { FORMAT_VERSION } else { LEAST_VERSION };
        container::write(Format::Weights, version, &content, self.tensors(0, 1))
    }

    /// Those of a file that says this of them, for each of so many members.
    pub(crate) fn read_members(
        tensors: &Tensors<'_>,
        config: NetworkConfig,
        dtype: Dtype,
        members: usize,
    ) -> Result<Vec<Self>, ModelError> {
        // A file of so many tensors is large enough for a list of them.
        check_count(members).map_err(|error| tensors.corrupt(error))?;
        if least_tensors(&config).saturating_mul(members) > tensors.len() {
            return Err(tensors.corrupt(OTHER_COUNT));
        }
        let network = Network::new(config).map_err(|error| tensors.corrupt(error))?;
        if network.layout().tensors().len() * members != tensors.len() {
            return Err(tensors.corrupt(OTHER_COUNT));
        }
        let read = |n| Weights::read_parameters(tensors, network.clone(), dtype, &prefix(n, members));
        (0..members).map(read).collect()
    }

    /// Those of a file whose network is known, and no larger than the file.
    pub(crate) fn read(tensors: &Tensors<'_>, network: Network, dtype: Dtype) -> Result<Self, ModelError> {
        if network.layout().tensors().len() != tensors.len() {
            return Err(tensors.corrupt(OTHER_COUNT));
        }
        Weights::read_parameters(tensors, network, dtype, "")
    }

    /// Those whose tensors' names begin with this.
    fn read_parameters(
        tensors: &Tensors<'_>,
        network: Network,
        dtype: Dtype,
        prefix: &str,
    ) -> Result<Self, ModelError> {
        let parameters = match dtype {
            Dtype::F32 => Parameters::F32(values(tensors, &network, prefix)?),
            Dtype::F64 => Parameters::F64(values(tensors, &network, prefix)?),
        };
        Weights::new(network, parameters).map_err(|error| tensors.corrupt(error))
    }

    /// The tensors of a file, as member `n` of so many.
    pub(crate) fn tensors(&self, n: usize, members: usize) -> Vec<TensorBytes> {
        let prefix = prefix(n, members);
        match &self.parameters {
            Parameters::F32(values) => tensors(&self.network, values, &prefix),
            Parameters::F64(values) => tensors(&self.network, values, &prefix),
        }
    }
}

pub(crate) const OTHER_COUNT: &str = "it does not hold as many tensors as its network has";

/// What the names of a member's tensors begin with: nothing, where it is the only one.
fn prefix(n: usize, members: usize) -> String {
    if members == 1 { String::new() } else { format!("member{n}.") }
}

fn values<T: Float>(tensors: &Tensors<'_>, network: &Network, prefix: &str) -> Result<Vec<T>, ModelError> {
    // Not sized by the header's word for it: the vector grows with what is really there.
    let mut values = Vec::new();
    for tensor in network.layout().tensors() {
        tensors.append(&format!("{prefix}{}", tensor.name), &tensor.shape, &mut values)?;
    }
    Ok(values)
}

fn tensors<T: Float>(network: &Network, values: &[T], prefix: &str) -> Vec<TensorBytes> {
    let tensors = network.layout().tensors().iter();
    tensors
        .map(|tensor| {
            let name = format!("{prefix}{}", tensor.name);
            TensorBytes::new(name, &tensor.shape, &values[tensor.range.clone()])
        })
        .collect()
}
