//! Tasks: how a table becomes sequences with targets, and outputs become answers.
//!
//! A task is fitted to a table once, in [`Task::prepare`]; it then holds all that is needed to read
//! other tables in the same way, and is saved with the model.

mod classify;
mod forecast;
mod grouped;
mod regress;

pub use classify::Classify;
pub use forecast::{Backtest, Forecast, ForecastOptions, Origin, Transform};
pub use grouped::{Feature, GroupedOptions, Grouping};
pub use regress::Regress;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::{ConfigError, DataError, Error};
use crate::float::{Dtype, Parameters};
use crate::loss::Loss;
use crate::metrics::Evaluation;
use crate::network::{Network, Readout};
use crate::sequence::Example;
use crate::table::Table;

/// What a model is for, and what its data look like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
// Not internally tagged: serde would buffer a file's content at many times its size.
#[serde(rename_all = "lowercase")]
pub enum Task {
    /// The future of one series.
    Forecast(Forecast),
    /// A number from a sequence.
    Regress(Regress),
    /// A class from a sequence.
    Classify(Classify),
}

/// The options of a task, each `None` where the data shall decide.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskOptions {
    /// See [`ForecastOptions`].
    Forecast(ForecastOptions),
    /// See [`GroupedOptions`].
    Regress(GroupedOptions),
    /// See [`GroupedOptions`].
    Classify(GroupedOptions),
}

/// A table made ready for training.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The task, fitted to the training part of the table.
    pub task: Task,
    /// The table's name.
    pub data: String,
    /// What is learned from.
    pub train: Vec<Example<f64>>,
    /// What tells when to stop.
    pub validation: Vec<Example<f64>>,
    /// What is kept for the test; none where nothing is.
    pub held_out: Option<HeldOut>,
}

/// The part of a table that a model is evaluated on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HeldOut {
    /// The last rows of a series, forecast from each origin among them.
    LastRows(usize),
    /// These of the table's sequences, counted in order of first appearance.
    Sequences(Vec<usize>),
    /// All of the table's sequences.
    All,
}

/// Answers, as a table of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Predictions {
    /// The columns' names.
    pub headers: Vec<String>,
    /// The cells, row by row.
    pub rows: Vec<Vec<String>>,
    /// The columns of computed numbers.
    numbers: Range<usize>,
}

impl Task {
    /// Turns a table into training sequences and fits the task to them. `seed` decides which sequences
    /// are kept for test and validation.
    ///
    /// # Errors
    /// If a column is missing or holds what it should not, or there is too little data.
    pub fn prepare(table: &Table, options: &TaskOptions, seed: u64) -> Result<Prepared, Error> {
        match options {
            TaskOptions::Forecast(options) => Forecast::prepare(table, options),
            TaskOptions::Regress(options) => Regress::prepare(table, options, seed),
            TaskOptions::Classify(options) => Classify::prepare(table, options, seed),
        }
    }

    /// The name used on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            Task::Forecast(_) => "forecast",
            Task::Regress(_) => "regress",
            Task::Classify(_) => "classify",
        }
    }

    /// `I` of a network for this task.
    pub fn input_size(&self) -> usize {
        match self {
            Task::Forecast(task) => task.input_size(),
            Task::Regress(task) => task.grouping.features.len(),
            Task::Classify(task) => task.grouping.features.len(),
        }
    }

    /// `O` of a network for this task.
    pub fn output_size(&self) -> usize {
        match self {
            Task::Forecast(_) | Task::Regress(_) => 1,
            Task::Classify(task) => task.classes.len(),
        }
    }

    /// The timesteps that a network for this task reads out.
    pub fn readout(&self) -> Readout {
        match self {
            Task::Forecast(_) => Readout::Every,
            Task::Regress(_) | Task::Classify(_) => Readout::Last,
        }
    }

    /// Refuses a network that cannot do the task.
    pub(crate) fn check_network(&self, network: &Network) -> Result<(), ConfigError> {
        let (input_size, output_size) = (self.input_size(), self.output_size());
        let per_timestep = !network.ends_time() && network.patch_len() == 1;
        let fits = network.input_size() == input_size
            && network.output_size() == output_size
            && match self.readout() {
                Readout::Every => per_timestep,
                Readout::Last => network.ends_time(),
            };
        if !fits {
            let message =
                format!("is not that of the task, with {input_size} inputs and {output_size} outputs");
            return Err(ConfigError::new("network", message));
        }
        if !network.is_causal() && matches!(self, Task::Forecast(_)) {
            let message = "networks read the future, which a forecast does not know; use one direction";
            return Err(ConfigError::new("bidirectional", message));
        }
        Ok(())
    }

    /// Refuses a loss that is not for the task's targets.
    pub(crate) fn check_loss(&self, loss: &Loss) -> Result<(), ConfigError> {
        match (self, loss) {
            (Task::Classify(_), Loss::CrossEntropy { .. }) => Ok(()),
            (Task::Classify(_), _) => {
                Err(ConfigError::new("loss", "for classes is cross-entropy; the others are for numbers"))
            }
            (_, Loss::CrossEntropy { .. }) => {
                let message = format!("cross-entropy is for classes; to {}, use squared", self.name());
                Err(ConfigError::new("loss", message))
            }
            _ => Ok(()),
        }
    }

    /// What a table's test part is when nothing else is said.
    pub fn default_held_out(&self) -> HeldOut {
        match self {
            Task::Forecast(task) => HeldOut::LastRows(task.default_test()),
            Task::Regress(_) | Task::Classify(_) => HeldOut::All,
        }
    }

    /// Compares a network's answers on a part of a table with the truth, and a naive predictor's.
    ///
    /// # Errors
    /// If the table cannot be read as the task's data, or has no such part.
    pub fn evaluate(
        &self,
        network: &Network,
        parameters: &Parameters,
        table: &Table,
        held_out: &HeldOut,
    ) -> Result<Evaluation, Error> {
        match (self, held_out) {
            (Task::Forecast(task), HeldOut::LastRows(rows)) => {
                task.evaluate(network, parameters, table, *rows)
            }
            (Task::Forecast(_), _) => {
                Err(ConfigError::new("test", "of a forecast is a number of last rows").into())
            }
            (Task::Regress(task), _) => task.evaluate(network, parameters, table, held_out),
            (Task::Classify(task), _) => task.evaluate(network, parameters, table, held_out),
        }
    }

    /// A network's answers for a table; `horizon` is how many rows a forecast goes ahead, `None` for
    /// the task's own.
    ///
    /// # Errors
    /// If the table cannot be read as the task's data, or there is a horizon but nothing to forecast.
    pub fn predict(
        &self,
        network: &Network,
        parameters: &Parameters,
        table: &Table,
        horizon: Option<usize>,
    ) -> Result<Predictions, Error> {
        match self {
            Task::Forecast(task) => task.predict(network, parameters, table, horizon),
            _ if horizon.is_some() => Err(ConfigError::new(
                "horizon",
                format!("is for forecasts; this model is there to {}", self.name()),
            )
            .into()),
            Task::Regress(task) => task.predict(network, parameters, table),
            Task::Classify(task) => task.predict(network, parameters, table),
        }
    }

    /// Refuses what no fitted task can be, as a damaged or hostile file may hold it.
    pub(crate) fn check(&self) -> Result<(), String> {
        match self {
            Task::Forecast(task) => task.check(),
            Task::Regress(task) => task.check(),
            Task::Classify(task) => task.check(),
        }
    }
}

/// A number as it is written into predictions. In `f64`, the shortest text that reads back as the same
/// number. In `f32`, to a millionth of `spread`, the range in which the answers vary: the digits after
/// that would be the rounding's.
fn number_text(value: f64, spread: f64, dtype: Dtype) -> String {
    if dtype == Dtype::F64 {
        return value.to_string();
    }
    let decimals = (6.0 - spread.log10().floor()).clamp(0.0, 300.0) as usize;
    let text = format!("{value:.decimals$}");
    if decimals == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

/// Refuses answers that are no numbers; `which` names an answer's place.
fn check_finite(answers: &[f64], table: &Table, which: impl Fn(usize) -> String) -> Result<(), DataError> {
    match answers.iter().position(|answer| !answer.is_finite()) {
        None => Ok(()),
        Some(n) => {
            let message = format!(
                "the answer for {} is {}; are its inputs far beyond those of training?",
                which(n),
                answers[n]
            );
            Err(DataError::new(table.name(), message))
        }
    }
}

impl Predictions {
    /// Was this column computed as a number, not carried over as text?
    pub fn is_number(&self, column: usize) -> bool {
        self.numbers.contains(&column)
    }
}
