//! The model file: one file that predicts.
//!
//! A safetensors file whose tensors bear PyTorch's names (`weight_ih_l0`, `bias_hh_l1_reverse`,
//! `head.weight`), so that other programs read them, and whose header holds the network's
//! configuration, what the data looked like, how it was trained and how well it did.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::container::{self, Contents, Format, TensorBytes};
use crate::error::{ConfigError, Error, ModelError};
use crate::file;
use crate::float::{Dtype, Float, Parameters};
use crate::metrics::Evaluation;
use crate::network::Network;
use crate::recipe::Recipe;
use crate::table::Table;
use crate::task::{HeldOut, Predictions, Task};
use crate::train::Ended;

/// A trained network that knows what it is for.
#[derive(Clone, Debug)]
pub struct Model {
    task: Task,
    network: Network,
    parameters: Parameters,
    record: Record,
}

/// How a model came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The name of the data.
    pub data: String,
    /// The sequences it learned from.
    pub train_sequences: usize,
    /// The sequences that told how well it did on the way.
    pub validation_sequences: usize,
    /// Everything that was asked of the training run.
    pub recipe: Recipe,
    /// How the run ended; `None` if it broke off.
    pub ended: Option<Ended>,
    /// The epochs that were done.
    pub epochs: u64,
    /// The epoch at whose end the parameters stood, from 0; `None` if no epoch was finished.
    pub best_epoch: Option<u64>,
    /// The validation loss there, or without validation data the training loss.
    pub loss: Option<f64>,
    /// The figures on data kept for the test.
    pub test: Option<Evaluation>,
}

/// The content of the header.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    program: String,
    task: Task,
    record: Record,
}

impl Model {
    /// Puts a model together from parts that fit: the record's recipe makes this network for this
    /// task, and the network has so many parameters of the recipe's type.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn new(task: Task, parameters: Parameters, record: Record) -> Result<Self, ConfigError> {
        let misfit = |message: String| ConfigError::new("model", message);
        task.kind().check().map_err(misfit)?;
        let network = record.recipe.network(&task)?;
        record.recipe.train.check(&network, true)?;
        task.kind().check_loss(&record.recipe.train.loss)?;
        let (len, dtype) = match &parameters {
            Parameters::F32(values) => (values.len(), Dtype::F32),
            Parameters::F64(values) => (values.len(), Dtype::F64),
        };
        if len != network.layout().len() || dtype != record.recipe.dtype {
            let (wanted, of) = (network.layout().len(), record.recipe.dtype);
            return Err(misfit(format!("has {len} parameters in {dtype}, but its network {wanted} in {of}")));
        }
        Ok(Model { task, network, parameters, record })
    }

    /// What it is for.
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Its parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// How it came about.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Notes in the record how the model did on data kept for the test.
    pub fn set_test(&mut self, test: Evaluation) {
        self.record.test = Some(test);
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// [`Error::File`] if it cannot be read, else as [`from_bytes`](Self::from_bytes).
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self::from_bytes(&path.display().to_string(), &file::read(path)?)?)
    }

    /// Writes a model file, all or nothing.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        Ok(file::write(path, &self.to_bytes()?)?)
    }

    /// A model from a file's bytes; `name` stands for the file in error messages. Whatever the
    /// bytes are, it returns, and takes memory of no more than a multiple of their number: for models as
    /// they are written two to thirteen times, for what is made to take much up to twenty-five.
    ///
    /// # Errors
    /// If the bytes are no model file, are cut short, damaged, or of a newer version of the format.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Self, ModelError> {
        let contents = container::read::<Content>(name, bytes, Format::Model)?;
        let network = network(name, &contents)?;
        let parameters = match contents.content.record.recipe.dtype {
            Dtype::F32 => Parameters::F32(values(&network, &contents)?),
            Dtype::F64 => Parameters::F64(values(&network, &contents)?),
        };
        let Content { task, record, .. } = contents.content;
        Model::new(task, parameters, record)
            .map_err(|error| ModelError::Corrupt { name: name.to_owned(), reason: error.to_string() })
    }

    /// The bytes of the model's file: the same for equal models.
    ///
    /// # Errors
    /// If a figure in the record is not a finite number.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let figures = self.record.test.iter().flat_map(|test| test.model.iter().chain(&test.baseline));
        let mut figures = figures.filter_map(|metric| metric.value).chain(self.record.loss);
        if figures.any(|figure| !figure.is_finite()) {
            return Err(ModelError::Unwritable {
                reason: "a figure of its record is not a finite number".into(),
            });
        }
        let content = Content {
            program: concat!("elman ", env!("CARGO_PKG_VERSION")).into(),
            task: self.task.clone(),
            record: self.record.clone(),
        };
        let tensors = match &self.parameters {
            Parameters::F32(values) => tensors(&self.network, values),
            Parameters::F64(values) => tensors(&self.network, values),
        };
        container::write(Format::Model, &content, tensors)
    }

    /// See [`TaskKind::predict`](crate::task::TaskKind::predict).
    ///
    /// # Errors
    /// As there.
    pub fn predict(&self, table: &Table, horizon: Option<usize>) -> Result<Predictions, Error> {
        self.task.kind().predict(&self.network, &self.parameters, table, horizon)
    }

    /// See [`TaskKind::evaluate`](crate::task::TaskKind::evaluate).
    ///
    /// # Errors
    /// As there.
    pub fn evaluate(&self, table: &Table, held_out: &HeldOut) -> Result<Evaluation, Error> {
        self.task.kind().evaluate(&self.network, &self.parameters, table, held_out)
    }
}

/// The network that the header speaks of, checked before any memory is taken for it.
fn network(name: &str, contents: &Contents<'_, Content>) -> Result<Network, ModelError> {
    let corrupt = |reason: String| ModelError::Corrupt { name: name.to_owned(), reason };
    let Content { task, record, .. } = &contents.content;
    task.kind().check().map_err(corrupt)?;
    // Four tensors for each layer and direction, two for the head: a file of so many tensors is large
    // enough for a list of so many layers.
    let directions = 1 + usize::from(record.recipe.bidirectional);
    let tensors = record.recipe.num_layers.checked_mul(4 * directions).and_then(|n| n.checked_add(2));
    if tensors != Some(contents.num_tensors()) {
        return Err(corrupt("it does not hold as many tensors as its network has".into()));
    }
    record.recipe.network(task).map_err(|error| corrupt(error.to_string()))
}

fn values<T: Float>(network: &Network, contents: &Contents<'_, Content>) -> Result<Vec<T>, ModelError> {
    // Not sized by the header's word for it: the vector grows with what is really there.
    let mut values = Vec::new();
    for tensor in network.layout().tensors() {
        contents.append(&tensor.name, &tensor.shape, &mut values)?;
    }
    Ok(values)
}

fn tensors<T: Float>(network: &Network, values: &[T]) -> Vec<TensorBytes> {
    let tensors = network.layout().tensors().iter();
    tensors
        .map(|tensor| TensorBytes::new(&tensor.name, &tensor.shape, &values[tensor.range.clone()]))
        .collect()
}
