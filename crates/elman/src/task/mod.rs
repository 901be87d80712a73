//! Tasks: how a table becomes sequences with targets, and outputs become answers.
//!
//! A task is fitted to a table once, in [`Task::prepare`]; it then holds all that is needed to read
//! other tables in the same way, and is saved with the model.
//!
//! Each task is a module behind the trait [`TaskKind`], and a line of the table below: from that come
//! [`Task`], [`TaskOptions`] and [`TaskName`], by which the rest of the library and the program speak of
//! tasks without knowing any.
//!
//! ```
//! use elman::recipe::Recipe;
//! use elman::table::Table;
//! use elman::task::{GroupedOptions, Task, TaskName, TaskOptions};
//!
//! let csv: String = (0..20).map(|n| format!("{n},{},{}\n{n},1.5,\n", n % 3, n % 4)).collect();
//! let table = Table::read("t.csv", format!("id,level,target\n{csv}").as_bytes())?;
//! let prepared = Task::prepare(&table, &TaskOptions::Regress(GroupedOptions::default()))?;
//! assert_eq!(prepared.task.name(), TaskName::Regress);
//! assert_eq!((prepared.train.len(), prepared.validation.len()), (14, 2));
//!
//! let mut recipe = Recipe::for_task(&prepared.task);
//! recipe.train.epochs = 1;
//! let predictions = recipe.train(&prepared, &table)?.predict(&table, None)?;
//! assert_eq!(predictions.headers().collect::<Vec<_>>(), ["id", "target_predicted"]);
//! # Ok::<(), elman::error::Error>(())
//! ```

mod chart;
mod class_keys;
mod classify;
mod feature;
mod forecast;
mod grouped;
mod kind;
mod label;
mod names;
mod numbered;
mod picture;
mod predictions;
mod quantiles;
mod regress;
mod row_column;
mod spectrogram;
mod stream;
mod text;

pub use chart::{Band, Chart, Charts, Line, Mark, Role};
pub use classify::Classify;
pub use feature::Feature;
pub(crate) use forecast::Places;
pub use forecast::{
    Backtest, Backtested, Covariate, Covariates, Forecast, ForecastOptions, Known, Layout, Origin,
    SeriesIndex, Smoothing, Transform,
};
pub(crate) use grouped::most_frequent;
pub use grouped::{End, GroupedOptions, Grouping, InRows, SplitBy};
pub use kind::{HeldOut, LossUnit, PredictOptions, Prepared, TaskFacts, TaskKind};
pub use label::{Label, LabelOptions, RowAnswer, Scale};
pub use picture::{Bar, Bars, Cases, Heat, Picture, Points, Span};
pub use predictions::{Answers, Cell, Number, Precision, Predictions};
pub use regress::Regress;
pub(crate) use row_column::{Numbers, Read, unseen};
pub use row_column::{RowCell, RowColumn};
pub use stream::{StreamUnits, TaskStream};
pub use text::{GenerateOptions, Generator, Stopped, Text, TextOptions, Tokens, Vocabulary};

pub(crate) use names::field_names;

use crate::error::{ConfigError, Error};
use crate::loss::Loss;
use crate::network::{Block, Network, Readout};
use crate::table::Table;

names::tasks! {
    /// The future of one series.
    Forecast = "forecast",
    /// Numbers from a sequence.
    Regress = "regress",
    /// A class from a sequence.
    Classify = "classify",
    /// A number or a class for every row of a sequence.
    Label = "label",
    /// A text, token by token.
    Text = "text",
}

impl TaskName {
    /// What a model is there to do, behind a "to": its name, where that is a verb.
    pub fn aim(self) -> &'static str {
        self.facts().aim.unwrap_or(self.name())
    }
}

impl Task {
    /// Turns a table into training sequences and fits the task to them.
    ///
    /// # Errors
    /// If a column is missing or holds what it should not, or there is too little data.
    pub fn prepare(table: &Table, options: &TaskOptions) -> Result<Prepared, Error> {
        options.prepare(table)
    }

    /// Which task it is.
    pub fn name(&self) -> TaskName {
        self.kind().name()
    }

    /// Refuses a network that cannot do the task, learning by this loss.
    pub(crate) fn check_network(&self, network: &Network, loss: &Loss) -> Result<(), ConfigError> {
        let task = self.kind();
        let (input_size, output_size) = (task.input_size(), loss.output_size(task.output_size()));
        let per_timestep = !network.ends_time() && network.patch_len() == 1;
        let fits = network.input_size() == input_size
            && network.output_size() == output_size
            && match task.readout() {
                Readout::Every => per_timestep,
                Readout::Last => network.ends_time(),
            };
        if !fits {
            let message =
                format!("is not that of the task, with {input_size} inputs and {output_size} outputs");
            return Err(ConfigError::new("network", message));
        }
        let message = match (network.config().blocks.first(), task.num_tokens()) {
            (Some(Block::Embedding(_)), None) => {
                Some("begins with an embedding, which reads token ids; the task's inputs are scaled numbers")
            }
            (Some(Block::Embedding(table)), Some(tokens)) if table.num_embeddings == tokens => None,
            (_, Some(_)) => Some("does not begin with an embedding of the task's tokens"),
            (_, None) => None,
        };
        if let Some(message) = message {
            return Err(ConfigError::new("network", message));
        }
        if !network.is_causal() && !task.knows_the_end() {
            let what =
                if task.sound().is_some() { "model that plays as it hears" } else { task.name().name() };
            let message =
                format!("networks read the future, which a {what} does not know; use one direction");
            return Err(ConfigError::new("bidirectional", message));
        }
        Ok(())
    }
}
