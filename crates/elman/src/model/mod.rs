//! The model file: one file that predicts.
//!
//! A safetensors file whose tensors bear PyTorch's names (`weight_ih_l0`, `bias_hh_l1_reverse`,
//! `head.weight`), so that other programs read them, and whose header holds the network's
//! configuration, what the data looked like, how it was trained and how well it did.
//!
//! ```
//! use elman::model::Model;
//! use elman::recipe::Recipe;
//! use elman::table::Table;
//! use elman::task::{GroupedOptions, Task, TaskOptions};
//!
//! # fn main() -> Result<(), elman::error::Error> {
//! // Short sequences of one feature, whose target is its mean.
//! let rows = (0..40).map(|n| (n / 2, (n * 7 % 10) as f64)).collect::<Vec<_>>();
//! let line = |&(id, heat): &(usize, f64)| format!("{id},{heat},{}\n", (rows[2 * id].1 + rows[2 * id + 1].1) / 2.0);
//! let csv = format!("id,heat,target\n{}", rows.iter().map(line).collect::<String>());
//! let table = Table::read("heat.csv", csv.as_bytes())?;
//! let prepared = Task::prepare(&table, &TaskOptions::Regress(GroupedOptions::default()))?;
//! let mut recipe = Recipe::for_task(&prepared.task);
//! recipe.train.epochs = 1;
//!
//! let folder = tempfile::tempdir().unwrap();
//! let path = folder.path().join("heat.elman");
//! recipe.train(&prepared, &table)?.save(&path)?;
//!
//! let model = Model::open(&path)?;
//! let predictions = model.predict(&table, None)?;
//! // The same row by row: the answer after the last row of sequence 0 is its prediction.
//! let mut stream = model.stream()?;
//! stream.step(&[rows[0].1])?;
//! let answer = stream.step(&[rows[1].1])?.map(|answer| answer[0]);
//! assert_eq!(stream.answers(), ["target_predicted"]);
//! let shown: f64 = predictions.columns()[1].1.cell(0).to_string().parse().unwrap();
//! assert!((answer.unwrap() - shown).abs() < 1e-4);
//! # Ok(())
//! # }
//! ```

mod row_streams;
mod version_1;

pub use row_streams::RowStreams;

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::audio::Sound;
use crate::container::{self, FORMAT_VERSION, Format, LEAST_VERSION, PROGRAM};
use crate::ensemble::{Average, Ensemble};
use crate::error::{ConfigError, Error, Message, ModelError};
use crate::exchange::Device;
use crate::file;
use crate::float::{Dtype, Parameters};
use crate::metrics::Evaluation;
use crate::network::{Network, NetworkConfig};
use crate::recipe::Recipe;
use crate::table::Table;
use crate::task::{HeldOut, Known, PredictOptions, Predictions, Prepared, StreamUnits, Task, TaskStream};
use crate::train::Ended;
use crate::watch::{Stopped, Watch};
use crate::weights::Weights;

/// Weights that know what they are for: a trained network or an ensemble of several, its task and how it came about.
#[derive(Clone, Debug)]
pub struct Model {
    task: Task,
    ensemble: Ensemble,
    record: Record,
    device: Option<Device>,
}

/// How a model came about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Record {
    /// The name of the data.
    pub data: String,
    /// The sequences it learned from.
    pub train_sequences: usize,
    /// The sequences that told how well it did on the way.
    pub validation_sequences: usize,
    /// The timesteps of all those, in training and in validation, of a task that tells something of each timestep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timesteps: Option<[usize; 2]>,
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
    dtype: Dtype,
    network: NetworkConfig,
    /// How many networks there are.
    #[serde(default = "one_member", skip_serializing_if = "is_one_member")]
    members: usize,
    task: Task,
    record: Record,
    /// What is known of the device that it is a model of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    device: Option<Device>,
}

fn one_member() -> usize {
    1
}

fn is_one_member(members: &usize) -> bool {
    *members == one_member()
}

/// The content in any version of the format.
enum AnyContent {
    First(Box<version_1::Content>),
    Later(Box<Content>),
}

impl container::Content for AnyContent {
    const FORMAT: Format = Format::Model;

    fn parse(version: u32, json: &str) -> serde_json::Result<Self> {
        Ok(match version {
            1 => AnyContent::First(Box::new(serde_json::from_str(json)?)),
            _ => AnyContent::Later(Box::new(serde_json::from_str(json)?)),
        })
    }
}

/// Does a file that starts like this hold a model, weights or a checkpoint of Elman's, whole or damaged? The
/// first hundred bytes are enough.
pub fn is_written_by_elman(start: &[u8]) -> bool {
    container::is_ours(start)
}

impl Record {
    /// The record of a run on data of this name, before its first epoch.
    pub fn new(data: impl Into<String>, recipe: Recipe) -> Self {
        Record {
            data: data.into(),
            train_sequences: 0,
            validation_sequences: 0,
            timesteps: None,
            recipe,
            ended: None,
            epochs: 0,
            best_epoch: None,
            loss: None,
            test: None,
        }
    }
}

impl Model {
    /// Puts a model together from parts that fit: the members' network does this task, and the record's recipe
    /// could have trained as many of them, in their number type.
    ///
    /// # Errors
    /// The first thing that does not fit.
    pub fn new(task: Task, members: Vec<Weights>, record: Record) -> Result<Self, ConfigError> {
        let misfit = |message: String| ConfigError::new("model", message);
        let loss = &record.recipe.train.loss;
        let average = loss.distribution().map_or(task.kind().average(), Average::Distributions);
        let device = members.first().and_then(Weights::device).cloned();
        let ensemble = Ensemble::new(members, average)?;
        task.kind().check().map_err(misfit)?;
        task.check_network(ensemble.network(), loss)?;
        record.recipe.train.check(ensemble.network(), true)?;
        task.kind().check_loss(loss)?;
        let (dtype, wanted) = (ensemble.dtype(), record.recipe.dtype);
        if dtype != wanted {
            return Err(misfit(format!("has parameters in {dtype}, but its recipe asks for {wanted}")));
        }
        let (members, wanted) = (ensemble.members().len(), record.recipe.ensemble);
        if members != wanted {
            return Err(misfit(format!("has an ensemble of {members}, but its recipe asks for {wanted}")));
        }
        Ok(Model { task, ensemble, record, device })
    }

    /// What it knows of the sound that it was trained on, if it was.
    pub fn sound(&self) -> Option<&Sound> {
        self.task.kind().sound()
    }

    /// What is known of the device that it is a model of, if it was read out of another program's file.
    pub fn device(&self) -> Option<&Device> {
        self.device.as_ref()
    }

    /// What it is for.
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// What answers: all of it that knows no task.
    pub fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// The network with the parameters of the first member, in most models the only one.
    pub fn weights(&self) -> &Weights {
        &self.ensemble.members()[0]
    }

    /// The network of every member.
    pub fn network(&self) -> &Network {
        self.ensemble.network()
    }

    /// The parameters of the first member.
    pub fn parameters(&self) -> &Parameters {
        self.weights().parameters()
    }

    /// How it came about.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Tests the model on what `table` holds out, beside what can be predicted naively from the sequences that it was
    /// trained on, and notes it in the record. A forecast also keeps its errors, for intervals. Returns what the user
    /// should know of how the table was read and of how well the model did.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    pub fn test(
        &mut self,
        prepared: &Prepared,
        table: &Table,
        held_out: &HeldOut,
    ) -> Result<Vec<Message>, Error> {
        self.test_watched(prepared, table, held_out, &mut |_, _| Ok(()))
    }

    /// The same, which may take long; `watch` is told how far it is.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), or if `watch` ends it.
    pub fn test_watched(
        &mut self,
        prepared: &Prepared,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<Vec<Message>, Error> {
        let (mut test, calibrated) = self.task.kind().test(&self.ensemble, table, held_out, watch)?;
        self.task.kind().compare(prepared, table, held_out, &mut test)?;
        if let Some(task) = calibrated {
            self.task = task;
        }
        let mut test = self.judged(test);
        let remarks = std::mem::take(&mut test.remarks);
        self.set_test(test);
        Ok(remarks)
    }

    /// Notes in the record how the model did on data kept for the test.
    pub fn set_test(&mut self, test: Evaluation) {
        // Remarks are for who is there when the data are read.
        self.record.test = Some(Evaluation { remarks: Vec::new(), ..test });
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
        let (content, tensors) = container::read::<AnyContent>(name, bytes)?;
        let (task, members, record, device) = match content {
            AnyContent::First(content) => {
                let (task, weights, record) = content.read(&tensors)?;
                (task, vec![weights], record, None)
            }
            AnyContent::Later(content) => {
                let Content { dtype, network, members, task, record, device, .. } = *content;
                task.kind().check().map_err(|reason| tensors.corrupt(reason))?;
                device.iter().try_for_each(Device::check).map_err(|error| tensors.corrupt(error))?;
                (task, Weights::read_members(&tensors, network, dtype, members)?, record, device)
            }
        };
        let model = Model::new(task, members, record).map_err(|error| tensors.corrupt(error))?;
        Ok(Model { device, ..model })
    }

    /// The bytes of the model's file: the same for equal models.
    ///
    /// # Errors
    /// If a figure in the record is not a finite number.
    pub fn to_bytes(&self) -> Result<Vec<u8>, ModelError> {
        let mut figures = self.record.test.iter().flat_map(Evaluation::figures).chain(self.record.loss);
        if figures.any(|figure| !figure.is_finite()) {
            return Err(ModelError::Unwritable {
                reason: "a figure of its record is not a finite number".into(),
            });
        }
        let members = self.ensemble.members();
        let content = Content {
            program: PROGRAM.into(),
            dtype: self.ensemble.dtype(),
            network: self.network().config().clone(),
            members: members.len(),
            task: self.task.clone(),
            record: self.record.clone(),
            device: self.device.clone(),
        };
        let tensors = members.iter().enumerate().flat_map(|(n, member)| member.tensors(n, members.len()));
        let says_more = self.record.test.is_some() || self.device.is_some();
        let needs_version_3 = says_more
            || self.network().needs_version_3()
            || self.record.recipe.needs_version_3()
            || self.task.kind().needs_version_3();
        let version = if needs_version_3 { FORMAT_VERSION } else { LEAST_VERSION };
        container::write(Format::Model, version, &content, tensors.collect())
    }

    /// The answers for a table, of a forecast `horizon` rows ahead, `None` for as many as in training.
    ///
    /// # Errors
    /// As [`predict_with`](Self::predict_with).
    pub fn predict(&self, table: &Table, horizon: Option<usize>) -> Result<Predictions, Error> {
        self.predict_with(table, &PredictOptions::default().with_horizon(horizon))
    }

    /// See [`TaskKind::predict`](crate::task::TaskKind::predict).
    ///
    /// # Errors
    /// As there.
    pub fn predict_with(&self, table: &Table, options: &PredictOptions) -> Result<Predictions, Error> {
        self.predict_watched(table, options, &mut |_, _| Ok(()))
    }

    /// The same, which may take long; `watch` is told how far it is.
    ///
    /// # Errors
    /// As [`predict_with`](Self::predict_with), or if `watch` ends it.
    pub fn predict_watched(
        &self,
        table: &Table,
        options: &PredictOptions,
        watch: &mut Watch<'_>,
    ) -> Result<Predictions, Error> {
        self.task.kind().predict(&self.ensemble, table, options, watch)
    }

    /// The same in parts, which `each` is given: of a table of [`Table::open_long`] of rows that follow each other, so that
    /// neither the table nor the answers are in memory; of any other one.
    ///
    /// # Errors
    /// As [`predict_watched`](Self::predict_watched); the first of `each`.
    pub fn predict_in_parts<E: From<Error>>(
        &self,
        table: &Table,
        options: &PredictOptions,
        watch: &mut Watch<'_>,
        mut each: impl FnMut(Predictions) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut failed = None;
        let done = self.task.kind().predict_in_parts(&self.ensemble, table, options, watch, &mut |part| {
            each(part).map_err(|error| {
                failed = Some(error);
                Stopped.into()
            })
        });
        match failed {
            Some(error) => Err(error),
            None => Ok(done?),
        }
    }

    /// The model row by row, in its task's own units.
    ///
    /// # Errors
    /// If the network reads sequences from their ends as well: a stream has none. In `f64`, also if it joins
    /// timesteps, in a pooling or a patch.
    pub fn stream(&self) -> Result<TaskStream, ConfigError> {
        TaskStream::new(self.task.kind(), &self.ensemble)
    }

    /// The same for one of several series that a forecast learned from, told by its cells of the id columns, or by the name
    /// of its column. Each series has a stream of its own.
    ///
    /// # Errors
    /// If the model is not one of several series, or did not learn from this one; else as those of
    /// [`stream`](Self::stream).
    pub fn stream_of(&self, series: &[&str]) -> Result<TaskStream, ConfigError> {
        TaskStream::of(self.task.kind().stream_of(series)?, &self.ensemble)
    }

    /// What the task makes of a stream's rows; of several series, of those of one.
    fn stream_units(&self, series: Option<&Known>) -> Result<Box<dyn StreamUnits>, ConfigError> {
        let task = self.task.kind();
        series.map_or_else(|| task.stream(), |series| task.stream_of_known(series))
    }

    /// See [`TaskKind::backtest`](crate::task::TaskKind::backtest).
    ///
    /// # Errors
    /// As there.
    pub fn backtest(&self, table: &Table, held_out: &HeldOut) -> Result<(Predictions, Evaluation), Error> {
        self.backtest_watched(table, held_out, &mut |_, _| Ok(()))
    }

    /// The same, which may take long; `watch` is told how far it is.
    ///
    /// # Errors
    /// As [`backtest`](Self::backtest), or if `watch` ends it.
    pub fn backtest_watched(
        &self,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<(Predictions, Evaluation), Error> {
        let (predictions, evaluation) = self.task.kind().backtest(&self.ensemble, table, held_out, watch)?;
        Ok((predictions, self.judged(evaluation)))
    }

    /// See [`TaskKind::evaluate`](crate::task::TaskKind::evaluate).
    ///
    /// # Errors
    /// As there.
    pub fn evaluate(&self, table: &Table, held_out: &HeldOut) -> Result<Evaluation, Error> {
        self.evaluate_watched(table, held_out, &mut |_, _| Ok(()))
    }

    /// The same, which may take long; `watch` is told how far it is.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), or if `watch` ends it.
    pub fn evaluate_watched(
        &self,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<Evaluation, Error> {
        let evaluation = self.measured_task().kind().evaluate(&self.ensemble, table, held_out, watch)?;
        Ok(self.judged(evaluation))
    }

    /// The evaluation, with a remark where something naive is better.
    fn judged(&self, mut evaluation: Evaluation) -> Evaluation {
        let can_be_asked = self.task.kind().answers_as_baselines();
        evaluation.remarks.extend(evaluation.remark_on_better(can_be_asked));
        evaluation
    }

    /// What a model of sound multiplies samples with before its network sees them, and what that answers afterwards: those of
    /// the level at which it was trained, and of its [`device`](Self::device).
    pub fn gains(&self) -> [f64; 2] {
        let [input, output] = self.task.kind().gains();
        let device =
            self.device.as_ref().map_or([1.0; 2], |device| [device.input_factor(), device.output_factor()]);
        [input * device[0], output * device[1]]
    }

    /// The task as it is measured on recordings: of a model of sound the gains of its [`device`](Self::device) are scalings of
    /// what goes in and comes out.
    pub fn measured_task(&self) -> Cow<'_, Task> {
        let with_gains =
            |device: &Device| self.task.kind().with_gains(device.input_factor(), device.output_factor());
        self.device.as_ref().and_then(with_gains).map_or(Cow::Borrowed(&self.task), Cow::Owned)
    }
}
