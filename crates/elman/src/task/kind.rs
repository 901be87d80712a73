//! What a task is to the rest of the library.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Charts, Classify, Grouping, Known, Layout, Picture, Predictions, StreamUnits, Task, TaskName};
use crate::audio::Sound;
use crate::distribution::Distribution;
use crate::ensemble::{Average, Ensemble};
use crate::error::{ConfigError, Error, Message};
use crate::loss::Loss;
use crate::metrics::Evaluation;
use crate::network::Readout;
use crate::recipe::Recipe;
use crate::sequence::Sequences;
use crate::table::Table;
use crate::watch::Watch;

/// A task, fitted to a table: all that distinguishes it from others.
///
/// The type that implements it is what a model file holds of the task, by its `serde` form.
pub trait TaskKind: Debug {
    /// How a table is to be read; its default lets the data decide. Its fields bear the names of options.
    type Options: Clone + Debug + Default + PartialEq + Serialize + DeserializeOwned
    where
        Self: Sized;

    /// Turns a table into training sequences and fits the task to them.
    ///
    /// # Errors
    /// If a column is missing or holds what it should not, or there is too little data.
    fn prepare(table: &Table, options: &Self::Options) -> Result<Prepared, Error>
    where
        Self: Sized;

    /// What is known of it before it is fitted to anything.
    fn facts() -> TaskFacts
    where
        Self: Sized,
    {
        TaskFacts::USUAL
    }

    /// Which task it is.
    fn name(&self) -> TaskName;

    /// What it makes, as a heading: `Forecast`.
    fn title(&self) -> &'static str;

    /// What it is for and how it reads its data, in a line of words.
    fn describe(&self) -> String;

    /// Does it say what programs of the second version of the format cannot read?
    fn needs_version_3(&self) -> bool {
        false
    }

    /// `I` of a network for this task.
    fn input_size(&self) -> usize;

    /// The values, or classes, that a network for this task tells of a timestep: `O` where it tells each by one output,
    /// see [`Loss::output_size`].
    fn output_size(&self) -> usize {
        1
    }

    /// How many different tokens there are, if the input of a timestep is the id of one: a network for this task begins
    /// with an embedding of them.
    fn num_tokens(&self) -> Option<usize> {
        None
    }

    /// The timesteps that a network for this task reads out.
    fn readout(&self) -> Readout;

    /// Do timesteps say how much data there is, since sequences are only as many as longer ones were cut into?
    fn counts_timesteps(&self) -> bool {
        false
    }

    /// What of several networks' outputs is averaged.
    fn average(&self) -> Average {
        Average::Values
    }

    /// Is a sequence known to its end before an answer is asked for? Only then may a network read it from
    /// there.
    fn knows_the_end(&self) -> bool {
        true
    }

    /// The network, the loss and the training that the task has where nothing else is said.
    fn recipe(&self) -> Recipe;

    /// Refuses a loss that is not for the task's targets; those are numbers unless it says otherwise.
    ///
    /// # Errors
    /// What is wrong with it.
    fn check_loss(&self, loss: &Loss) -> Result<(), ConfigError> {
        check_loss_of_numbers(self.name(), loss)
    }

    /// What this loss is shown in where it is the task's.
    fn loss_unit(&self, _loss: &Loss) -> LossUnit {
        LossUnit::default()
    }

    /// Weights that make every class count alike, if the targets are classes.
    fn balanced_class_weights(&self) -> Option<Vec<f64>> {
        None
    }

    /// What a table's test part is: `test` last rows, or what the task takes where nothing is said.
    ///
    /// # Errors
    /// If the task has no rows to be counted.
    fn held_out(&self, test: Option<usize>) -> Result<HeldOut, ConfigError>;

    /// Compares an ensemble's answers on a part of a table with the truth, and a naive predictor's. It may take long: `watch`
    /// is told how far it is.
    ///
    /// # Errors
    /// If the table cannot be read as the task's data, or has no such part; if `watch` ends it.
    fn evaluate(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<Evaluation, Error>;

    /// Adds to an evaluation what only a training run can know: naive predictors that need its sequences.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    fn compare(
        &self,
        _trained_on: &Prepared,
        _table: &Table,
        _held_out: &HeldOut,
        _evaluation: &mut Evaluation,
    ) -> Result<(), Error> {
        Ok(())
    }

    /// An ensemble's answers for a table; `watch` is told how far they are.
    ///
    /// # Errors
    /// If the table cannot be read as the task's data, or more is asked than the task has; if `watch` ends it.
    fn predict(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        options: &PredictOptions,
        watch: &mut Watch<'_>,
    ) -> Result<Predictions, Error>;

    /// The same in parts, which `each` is given: of a table that stays in its file, of rows that follow each other; of any other
    /// one.
    ///
    /// # Errors
    /// As [`predict`](Self::predict); the first of `each`.
    fn predict_in_parts(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        options: &PredictOptions,
        watch: &mut Watch<'_>,
        each: &mut dyn FnMut(Predictions) -> Result<(), Error>,
    ) -> Result<(), Error> {
        each(self.predict(ensemble, table, options, watch)?)
    }

    /// As [`evaluate`](Self::evaluate), at the end of training; with the figures comes the task with what it has learned
    /// of its answers' errors, or nothing of a task that has no use for that.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    fn test(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<(Evaluation, Option<Task>), Error> {
        Ok((self.evaluate(ensemble, table, held_out, watch)?, None))
    }

    /// Forecasts of what is held out, from each origin in it, and how good they are; `watch` is told how far they are.
    ///
    /// # Errors
    /// If the task forecasts nothing; else as [`evaluate`](Self::evaluate).
    fn backtest(
        &self,
        _ensemble: &Ensemble,
        _table: &Table,
        _held_out: &HeldOut,
        _watch: &mut Watch<'_>,
    ) -> Result<(Predictions, Evaluation), Error> {
        Err(for_forecasts("backtest", self.name()).into())
    }

    /// What the task makes of rows that come one by one, from the first on: see
    /// [`Model::stream`](crate::model::Model::stream).
    ///
    /// # Errors
    /// If the task needs more than one row after the other.
    fn stream(&self) -> Result<Box<dyn StreamUnits>, ConfigError>;

    /// The same of one of several series, told by what tells it from the others.
    ///
    /// # Errors
    /// If the task is not one of several series, or did not learn from this one.
    fn stream_of(&self, _series: &[&str]) -> Result<Box<dyn StreamUnits>, ConfigError> {
        Err(ConfigError::of_model("this model is not one of several series; stream it without naming one"))
    }

    /// How the series of a table lie, of a task of several.
    fn layout(&self) -> &Layout {
        &Layout::Single
    }

    /// The series that it has learned from, of a task of several.
    fn series(&self) -> &[Known] {
        &[]
    }

    /// As [`stream`](Self::stream), of one of its [`series`](Self::series).
    ///
    /// # Errors
    /// As there.
    fn stream_of_known(&self, _series: &Known) -> Result<Box<dyn StreamUnits>, ConfigError> {
        self.stream()
    }

    /// Does it read columns that are known for rows to come?
    fn knows_rows_to_come(&self) -> bool {
        false
    }

    /// The columns of a table of sequences; none of a task that reads no such table.
    fn grouped_by(&self) -> Option<&Grouping> {
        None
    }

    /// The classes, of a task that tells one of them by its probability.
    fn classes(&self) -> Option<&Classify> {
        None
    }

    /// Are its answers numbers, which have quantiles?
    fn tells_numbers(&self) -> bool {
        self.classes().is_none()
    }

    /// What it tells one by one.
    fn counted(&self) -> &'static str {
        "sequences"
    }

    /// Can it be asked for the answers of the naive predictors that it is measured beside?
    fn answers_as_baselines(&self) -> bool {
        false
    }

    /// Was all that is held out read when the task was prepared, so that nothing about it can be wrong any more?
    fn has_read_held_out(&self) -> bool {
        false
    }

    /// What a task on sound multiplies samples with before the network sees them, and what that answers afterwards: recordings
    /// are learned at another level than their own.
    fn gains(&self) -> [f64; 2] {
        [1.0; 2]
    }

    /// The same task with what goes in and what comes out multiplied with these as well, as of a device with gains; none of a
    /// task that is not on sound.
    fn with_gains(&self, _input: f64, _output: f64) -> Option<Task> {
        None
    }

    /// What a task on sound knows of it; none of any other.
    fn sound(&self) -> Option<&Sound> {
        None
    }

    /// Predictions drawn beside the table that they were made from.
    ///
    /// # Errors
    /// If the task has nothing to draw, or the table is none of its.
    fn chart(&self, _table: &Table, _predictions: &Predictions) -> Result<Charts, Error> {
        Err(for_forecasts("plot", self.name()).into())
    }

    /// Answers on a part of a table drawn beside the truth.
    ///
    /// # Errors
    /// If the task has nothing to draw; else as [`evaluate`](Self::evaluate).
    fn test_chart(&self, _ensemble: &Ensemble, _table: &Table, _held_out: &HeldOut) -> Result<Charts, Error> {
        Err(for_forecasts("plot", self.name()).into())
    }

    /// What there is to see, beside the figures, of answers on a part of a table: the pictures of a report, the most telling
    /// first. What an [`Evaluation`] or a training run tells is not among them. `watch` is told how far they are.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate).
    fn pictures(
        &self,
        _ensemble: &Ensemble,
        _table: &Table,
        _held_out: &HeldOut,
        _watch: &mut Watch<'_>,
    ) -> Result<Vec<Picture>, Error> {
        Ok(Vec::new())
    }

    /// Refuses what no fitted task can be, as a damaged or hostile file may hold it.
    ///
    /// # Errors
    /// What it cannot be.
    fn check(&self) -> Result<(), String>;
}

/// What is known of a task before it is fitted to anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskFacts {
    /// What a model is there to do, behind a "to", where that is not the task's name.
    pub aim: Option<&'static str>,
    /// Does it read a file as a text, and not as a table?
    pub reads_text: bool,
    /// May its recipe be chosen by [cross-validation](crate::search), and is it where nothing is said?
    pub has_search: bool,
}

impl TaskFacts {
    /// Those of a task on tables whose recipe is given.
    pub const USUAL: Self = TaskFacts { aim: None, reads_text: false, has_search: false };
}

/// Refuses a loss that is not for targets that are numbers.
pub(super) fn check_loss_of_numbers(task: TaskName, loss: &Loss) -> Result<(), ConfigError> {
    match loss {
        Loss::CrossEntropy { .. } => {
            let message = format!("cross-entropy is for classes; to {task}, use squared");
            Err(ConfigError::new("loss", message))
        }
        _ => Ok(()),
    }
}

/// The error about an option that has a meaning for forecasts alone.
pub(super) fn for_forecasts(option: &'static str, task: TaskName) -> ConfigError {
    ConfigError::new(option, format!("is for forecasts; this model is there to {}", task.aim()))
}

/// What a loss is shown in.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct LossUnit {
    /// The unit, as `bits per character`; empty where it is shown as it is.
    pub name: &'static str,
    /// So many of it are 1.
    pub factor: f64,
}

/// The loss as it is.
impl Default for LossUnit {
    fn default() -> Self {
        LossUnit { name: "", factor: 1.0 }
    }
}

/// What is asked of predictions; by default what the task does by itself.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct PredictOptions {
    /// Of a forecast: how many rows it goes ahead; by default as many as the table has future covariates for, or else as
    /// many as in training.
    pub horizon: Option<usize>,
    /// Intervals at these levels in percent, above 0 and below 100: of a forecast from sample paths where the model tells
    /// distributions, else from errors on rows kept for the test; of a regression from its distribution.
    pub interval: Vec<f64>,
    /// Quantiles at these levels, above 0 and below 1, in the same way.
    pub quantiles: Vec<f64>,
    /// Of a forecast: so many sample paths of each series, which are also what intervals and quantiles are made of; by
    /// default those are made of 500, and none is shown.
    pub samples: Option<usize>,
    /// Decides which sample paths are drawn; by default 0.
    pub seed: Option<u64>,
    /// Of a forecast: intervals and quantiles from errors on rows kept for the test, of a model that tells distributions
    /// as well.
    pub conformal: bool,
    /// Of a forecast: what answers instead of the network, by the name that an [`Evaluation`] calls it: `seasonal naive`,
    /// `last value`, `drift` or `smoothing`.
    pub baseline: Option<String>,
}

impl PredictOptions {
    /// The same with so many rows ahead.
    #[must_use]
    pub fn with_horizon(self, horizon: impl Into<Option<usize>>) -> Self {
        Self { horizon: horizon.into(), ..self }
    }

    /// The same with intervals at these levels, in percent.
    #[must_use]
    pub fn with_interval(self, levels: impl Into<Vec<f64>>) -> Self {
        Self { interval: levels.into(), ..self }
    }

    /// The same with quantiles at these levels.
    #[must_use]
    pub fn with_quantiles(self, levels: impl Into<Vec<f64>>) -> Self {
        Self { quantiles: levels.into(), ..self }
    }

    /// The same with so many sample paths of each series.
    #[must_use]
    pub fn with_samples(self, samples: impl Into<Option<usize>>) -> Self {
        Self { samples: samples.into(), ..self }
    }

    /// The same with sample paths of this seed.
    #[must_use]
    pub fn with_seed(self, seed: impl Into<Option<u64>>) -> Self {
        Self { seed: seed.into(), ..self }
    }

    /// The same with intervals from errors on rows kept for the test, or not.
    #[must_use]
    pub fn with_conformal(self, conformal: bool) -> Self {
        Self { conformal, ..self }
    }

    /// The same with the answers of this naive predictor.
    #[must_use]
    pub fn with_baseline(self, name: impl Into<Option<String>>) -> Self {
        Self { baseline: name.into(), ..self }
    }

    /// Refuses what only forecasts have, and quantiles of answers that have none.
    pub(super) fn check_no_forecast(
        &self,
        task: &dyn TaskKind,
        distribution: Option<&Distribution>,
    ) -> Result<(), ConfigError> {
        let asked = [
            ("horizon", self.horizon.is_some()),
            ("samples", self.samples.is_some()),
            ("seed", self.seed.is_some()),
            ("conformal", self.conformal),
            ("baseline", self.baseline.is_some()),
        ];
        if let Some((option, _)) = asked.into_iter().find(|(_, asked)| *asked) {
            return Err(for_forecasts(option, task.name()));
        }
        let asked = [("interval", !self.interval.is_empty()), ("quantiles", !self.quantiles.is_empty())];
        match asked.into_iter().find(|(_, asked)| *asked) {
            Some((option, _)) if !task.tells_numbers() => {
                let does = match task.classes() {
                    Some(_) => "tells classes".to_owned(),
                    None => format!("is there to {}", task.name().aim()),
                };
                Err(ConfigError::new(option, format!("is for numbers; this model {does}")))
            }
            Some((option, _)) if distribution.is_none() => Err(needs_a_distribution(option)),
            _ => Ok(()),
        }
    }
}

/// The error about an option that a model without distributions has no answer to.
pub(super) fn needs_a_distribution(option: &'static str) -> ConfigError {
    let message = Message::from("needs a model that tells a distribution: train with a ");
    ConfigError::new(option, message.option("loss").text(" of quantile, gaussian or student-t"))
}

/// A table made ready for training.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The task, fitted to the training part of the table.
    pub task: Task,
    /// The table's name.
    pub data: String,
    /// What is learned from.
    pub train: Sequences,
    /// The group of each training sequence, where some are alike: windows of one sequence, sequences of one subject.
    /// Whoever measures on a part of them keeps those of a group together. Empty where each stands by itself.
    pub train_groups: Vec<usize>,
    /// What tells when to stop.
    pub validation: Sequences,
    /// What is kept for the test; none where nothing is.
    pub held_out: Option<HeldOut>,
    /// What the user should know of how the table was read: what was chosen, left out or put right.
    pub remarks: Vec<Message>,
}

impl Prepared {
    /// The timesteps of all training and of all validation sequences, of a task that tells something of each timestep: its
    /// sequences are only as many as it was cut into. None of another task.
    pub fn timesteps(&self) -> Option<[usize; 2]> {
        let kind = self.task.kind();
        let all = |sequences: &Sequences| {
            (0..sequences.len()).map(|n| sequences.length(n, kind.input_size())).sum()
        };
        kind.counts_timesteps().then(|| [all(&self.train), all(&self.validation)])
    }
}

/// The part of a table that a model is evaluated on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeldOut {
    /// The last rows of a series, forecast from each origin among them; the last tokens of a text.
    LastRows(usize),
    /// The last rows of each of the table's sequences, in order of first appearance: so many of the first, of the second, and
    /// so on.
    LastRowsOfEach(Vec<usize>),
    /// These of the table's sequences, counted in order of first appearance.
    Sequences(Vec<usize>),
    /// All of the table's sequences.
    All,
}

impl HeldOut {
    /// How many last rows of a sequence, by its number, are held out, if last rows are.
    pub(super) fn last_rows(&self, sequence: usize) -> Option<usize> {
        match self {
            HeldOut::LastRows(rows) => Some(*rows),
            HeldOut::LastRowsOfEach(rows) => Some(rows.get(sequence).copied().unwrap_or(0)),
            HeldOut::Sequences(_) | HeldOut::All => None,
        }
    }

    /// The last rows or tokens, if a number of them is asked for, else all.
    pub(super) fn last_or_all(test: Option<usize>) -> Result<Self, ConfigError> {
        match test {
            None => Ok(HeldOut::All),
            Some(0) => Err(ConfigError::new("test", "is 0; it must be at least 1")),
            Some(count) => Ok(HeldOut::LastRows(count)),
        }
    }
}
