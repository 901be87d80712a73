//! Many sequences in one long table: an id column says which sequence a row belongs to, the order of
//! the rows is time, feature columns are the inputs. A table with a sequence in each row is read as a long one: see `wide`.
//!
//! The tasks on such tables differ in what they learn of a sequence: that is [`GroupedTask`], and all else
//! is here.

mod characters;
mod clocks;
mod feature;
mod fit;
mod grouping;
mod groups;
mod in_rows;
mod labels;
mod neighbour;
pub(super) mod one_or_many;
mod options;
mod parts;
pub(super) mod pictures;
mod rows;
mod scattered;
mod sequences;
mod split;
mod wide;

use std::fmt::Debug;
use std::iter::repeat;

pub use grouping::Grouping;
pub use in_rows::{End, InRows};
pub use options::{GroupedOptions, SplitBy};
pub(crate) use parts::most_frequent;

pub(super) use clocks::{Clock, Course};
pub(super) use groups::Groups;
pub(super) use labels::{Labels, Sample, nothing_told};
pub(super) use parts::{Parts, Strata};
pub(super) use rows::Rows;
pub(super) use sequences::Sequences;
pub(super) use split::{Split, check_shares};
pub(super) use wide::labels_at_an_end;

use super::kind::{check_loss_of_numbers, for_forecasts};
use super::quantiles::Asked;
use super::{
    Answers, Classify, HeldOut, Number, Picture, PredictOptions, Predictions, Prepared, StreamUnits, Task,
    TaskFacts, TaskKind, TaskName,
};
use crate::distribution::Distribution;
use crate::ensemble::{Average, Ensemble};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::float::Dtype;
use crate::loss::{Loss, Targets};
use crate::metrics::{Baseline, Confusion, Evaluation, Metrics};
use crate::network::Readout;
use crate::recipe::Recipe;
use crate::scaling::Scaling;
use crate::sequence::Example;
use crate::table::{Column, Table};
use crate::train::TrainConfig;
use crate::watch::Watch;
use crate::words::counted;

/// What is learned of a sequence.
pub(super) trait GroupedTask: Clone + Debug + Send + Sync + Sized + Into<Task> + 'static {
    /// A sequence's target.
    type Target: Clone;
    /// An answer for a sequence.
    type Answer: Clone;
    /// What the figures of answers are made of.
    type Tally;

    /// Which task it is.
    const NAME: TaskName;
    /// See [`TaskKind::title`].
    const TITLE: &'static str;
    /// See [`TaskKind::facts`].
    const FACTS: TaskFacts = TaskFacts::USUAL;
    /// The naive predictor's name.
    const BASELINE: &'static str;

    /// A task without statistics for these labels, and what the user should know of them.
    fn unfitted(grouping: Grouping, labels: &Labels<'_>) -> Result<(Self, Vec<Message>), Error>;

    /// The columns.
    fn grouping(&self) -> &Grouping;

    /// The columns.
    fn grouping_mut(&mut self) -> &mut Grouping;

    /// The targets of all samples.
    fn targets(&self, labels: &Labels<'_>) -> Result<Vec<Self::Target>, Error>;

    /// Refuses targets of which there is nothing to learn, whatever the split.
    fn check_targets(_targets: &[Self::Target], _labels: &Labels<'_>) -> Result<(), DataError> {
        Ok(())
    }

    /// What is to be said of targets far beyond the others, where those are numbers.
    fn outliers(_labels: &Labels<'_>) -> Result<Vec<Message>, Error> {
        Ok(Vec::new())
    }

    /// What is to be said of targets far beyond those in training, where those are numbers.
    fn remarks_on_far(&self, _labels: &Labels<'_>) -> Vec<Message> {
        Vec::new()
    }

    /// What finds the column of targets among columns without names, if something does.
    fn unnamed_target(_table: &Table) -> Option<usize> {
        None
    }

    /// Is each of a column's cells a target? None if that cannot be told.
    fn are_targets(&self, _column: Column<'_>) -> Option<Vec<bool>> {
        None
    }

    /// See [`TaskKind::classes`].
    fn classes(&self) -> Option<&Classify> {
        None
    }

    /// Targets of one stratum are spread evenly over training, validation and test.
    fn stratum(target: &Self::Target) -> usize;

    /// A stratum in words, if there are several.
    fn stratum_name(&self, stratum: usize) -> Option<&str>;

    /// Takes the statistics of the training samples' targets.
    fn fit(&mut self, targets: &[Self::Target], labels: &Labels<'_>) -> Result<(), DataError>;

    /// A target as the network learns it.
    fn to_learn(&self, target: &Self::Target) -> Targets<f64>;

    /// Scales targets by this alone from now on, and gives the means by which they were scaled; none of targets that are not.
    fn rescale(&mut self, _scaling: Scaling) -> Vec<f64> {
        Vec::new()
    }

    /// What stands for a target that is not known, and counts nothing.
    fn unlabelled(&self) -> Targets<f64>;

    /// `O` of the network.
    fn output_size(&self) -> usize;

    /// The loss where nothing else is said.
    fn loss(&self) -> Loss;

    /// See [`TaskKind::check_loss`].
    fn check_loss(&self, loss: &Loss) -> Result<(), ConfigError> {
        check_loss_of_numbers(Self::NAME, loss)
    }

    /// See [`TaskKind::average`].
    fn average(&self) -> Average {
        Average::Values
    }

    /// See [`TaskKind::balanced_class_weights`].
    fn balanced_class_weights(&self) -> Option<Vec<f64>> {
        None
    }

    /// A network's output, a number for each value or class, as an answer.
    fn answer(&self, output: &[f64]) -> Self::Answer;

    /// The same as the values of an answer in a stream.
    fn answer_values(&self, output: &[f64], answer: &mut [f64]);

    /// See [`StreamUnits::answers`].
    fn answer_names(&self) -> Vec<String>;

    /// A number that is finite if the answer is.
    fn representative(answer: &Self::Answer) -> f64;

    /// The naive predictor's answer for any sequence.
    fn baseline(&self) -> Self::Answer;

    /// No answers yet, to be told how good they are.
    fn tally(&self) -> Self::Tally;

    /// Adds an answer.
    fn add(&self, tally: &mut Self::Tally, answer: &Self::Answer, actual: &Self::Target);

    /// How good answers are.
    fn metrics(&self, tally: &Self::Tally) -> Metrics;

    /// The confusion matrix, if the answers are classes.
    fn confusion(&self, _tally: &Self::Tally) -> Option<Confusion> {
        None
    }

    /// These answers, to be told how good they are.
    fn tally_of<'a>(
        &self,
        answers: impl IntoIterator<Item = &'a Self::Answer>,
        actual: &[Self::Target],
    ) -> Self::Tally {
        let mut tally = self.tally();
        answers.into_iter().zip(actual).for_each(|(answer, actual)| self.add(&mut tally, answer, actual));
        tally
    }

    /// What there is to see of answers for cases of these names, each `what`; see [`TaskKind::pictures`].
    fn pictures(
        &self,
        what: &str,
        names: &[String],
        answers: &[Self::Answer],
        actual: &[Self::Target],
    ) -> Vec<Picture>;

    /// The answer that another sequence's target, as the network learns it, would be.
    fn answer_of(&self, learned: &Targets<f64>) -> Self::Answer;

    /// A value of an answer, by its place among their names, to the digits to which it is shown.
    fn shown(&self, place: usize, value: f64, dtype: Dtype) -> Number;

    /// The columns of predictions.
    fn columns(&self, answers: &[Self::Answer], dtype: Dtype) -> Vec<(String, Answers)>;

    /// The columns of quantiles beside those of answers, which these outputs tell; none of a task whose answers are no
    /// numbers.
    fn quantile_columns(
        &self,
        _told: &Distribution,
        _outputs: &[Vec<f64>],
        _asked: &[Asked],
        _dtype: Dtype,
    ) -> Vec<(String, Answers)> {
        Vec::new()
    }

    /// How well these outputs tell the distributions of answers; nothing of a task whose answers are no numbers.
    fn distribution_metrics(
        &self,
        _told: &Distribution,
        _outputs: &[Vec<f64>],
        _actual: &[Self::Target],
    ) -> Metrics {
        Metrics::new()
    }

    /// What is to be said beside the columns.
    fn description(&self) -> String {
        String::new()
    }

    /// See [`TaskKind::check`].
    fn check(&self) -> Result<(), String>;
}

impl<T: GroupedTask> TaskKind for T {
    type Options = GroupedOptions;

    fn prepare(table: &Table, options: &GroupedOptions) -> Result<Prepared, Error> {
        fit::prepare::<T>(table, options)
    }

    fn needs_version_3(&self) -> bool {
        self.grouping().needs_version_3()
    }

    fn facts() -> TaskFacts {
        T::FACTS
    }

    fn name(&self) -> TaskName {
        T::NAME
    }

    fn title(&self) -> &'static str {
        T::TITLE
    }

    fn grouped_by(&self) -> Option<&Grouping> {
        Some(self.grouping())
    }

    fn classes(&self) -> Option<&Classify> {
        GroupedTask::classes(self)
    }

    fn counted(&self) -> &'static str {
        self.grouping().window.map_or("sequences", |_| "windows")
    }

    fn describe(&self) -> String {
        format!("{} {}{}", T::NAME, self.grouping().describe(), self.description())
    }

    fn input_size(&self) -> usize {
        self.grouping().input_size()
    }

    fn output_size(&self) -> usize {
        GroupedTask::output_size(self)
    }

    fn readout(&self) -> Readout {
        Readout::Last
    }

    fn average(&self) -> Average {
        GroupedTask::average(self)
    }

    /// The default recipe, with the loss that the targets ask for.
    fn recipe(&self) -> Recipe {
        let usual = Recipe::default();
        Recipe { train: TrainConfig { loss: self.loss(), ..usual.train }, ..usual }
    }

    fn check_loss(&self, loss: &Loss) -> Result<(), ConfigError> {
        GroupedTask::check_loss(self, loss)
    }

    fn balanced_class_weights(&self) -> Option<Vec<f64>> {
        GroupedTask::balanced_class_weights(self)
    }

    fn held_out(&self, test: Option<usize>) -> Result<HeldOut, ConfigError> {
        match test {
            None => Ok(HeldOut::All),
            Some(_) => Err(for_forecasts("test", T::NAME)),
        }
    }

    fn evaluate(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<Evaluation, Error> {
        let table = &*wide::as_learned(self, table, true)?;
        let mut read = Sequences::read(self.grouping(), table)?;
        let (mut labels, count) = read.labels(self, table, held_out)?;
        let actual = self.targets(&labels)?;
        let (outputs, answers) = read.answers(self, ensemble, table, &labels.samples, watch)?;
        let tally = self.tally_of(&answers, &actual);
        let mut model = self.metrics(&tally);
        if let Some(told) = ensemble.distribution() {
            model.extend(self.distribution_metrics(told, &outputs, &actual));
        }
        let mut remarks = std::mem::take(&mut read.groups.remarks);
        remarks.append(&mut labels.remarks);
        remarks.extend(self.remarks_on_far(&labels));
        let of =
            self.grouping().window.map_or(String::new(), |_| format!(" of {}", counted(count, "sequence")));
        let on = match (held_out, actual.len()) {
            (HeldOut::All, 1) => format!("the only {}{of}", labels.noun()),
            (HeldOut::All, many) => format!("all {}{of}", labels.counted(many)),
            (_, many) => format!("{}{of} kept back", labels.counted(many)),
        };
        Ok(Evaluation {
            on,
            model,
            baselines: vec![Baseline {
                name: T::BASELINE.into(),
                metrics: self.metrics(&self.tally_of(repeat(&self.baseline()), &actual)),
            }],
            confusion: self.confusion(&tally),
            remarks,
        })
    }

    fn compare(
        &self,
        trained_on: &Prepared,
        table: &Table,
        held_out: &HeldOut,
        evaluation: &mut Evaluation,
    ) -> Result<(), Error> {
        let table = &*wide::as_learned(self, table, true)?;
        let read = Sequences::read(self.grouping(), table)?;
        let (labels, _) = read.labels(self, table, held_out)?;
        let actual = self.targets(&labels)?;
        let x: Vec<Vec<f64>> =
            labels.samples.iter().map(|sample| read.inputs(self.grouping(), sample)).collect();
        // A neighbour answers with its targets: it has all of them.
        let is_known = |example: &&Example<f64>| match &example.targets {
            Targets::Values(values) => values.iter().all(|value| !value.is_nan()),
            Targets::Classes(_) => true,
        };
        let known = trained_on.train.held().iter().chain(trained_on.validation.held());
        let known: Vec<_> = known.filter(is_known).collect();
        let Some(nearest) = neighbour::nearest(&known, &x, self.grouping().input_size()) else {
            let text = format!("{} was left out: too many sequences to compare", neighbour::NAME);
            evaluation.remarks.push(text.into());
            return Ok(());
        };
        let answers: Vec<T::Answer> =
            nearest.into_iter().map(|n| self.answer_of(&known[n].targets)).collect();
        let mut metrics = self.metrics(&self.tally_of(&answers, &actual));
        // A neighbour gives no probabilities.
        metrics.retain(|metric| metric.name != "log_loss");
        evaluation.baselines.push(Baseline { name: neighbour::NAME.into(), metrics });
        Ok(())
    }

    fn pictures(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<Vec<Picture>, Error> {
        let table = &*wide::as_learned(self, table, true)?;
        let read = Sequences::read(self.grouping(), table)?;
        let (labels, _) = read.labels(self, table, held_out)?;
        let actual = self.targets(&labels)?;
        let (_, answers) = read.answers(self, ensemble, table, &labels.samples, watch)?;
        let name = |sample: &Sample| {
            let id = read.groups.name(sample.sequence);
            match self.grouping().window {
                None => id,
                Some(_) => format!("{id}, row {}", sample.rows.end),
            }
        };
        let names: Vec<String> = labels.samples.iter().map(name).collect();
        Ok(GroupedTask::pictures(self, labels.noun(), &names, &answers, &actual))
    }

    fn predict(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        options: &PredictOptions,
        watch: &mut Watch<'_>,
    ) -> Result<Predictions, Error> {
        options.check_no_forecast(self, ensemble.distribution())?;
        let asked = options.asked()?;
        let table = &*wide::as_learned(self, table, false)?;
        let mut read = Sequences::read(self.grouping(), table)?;
        if let Some(empty) = read.groups.rows.iter().position(Vec::is_empty) {
            let text = format!(
                "sequence {:?} has no row without an empty cell; fill them in, or train a model with another ",
                read.groups.name(empty)
            );
            return Err(DataError::new(table.name(), Message::from(text).option("missing")).into());
        }
        let newest = |(n, rows): (usize, &Vec<usize>)| {
            let length = rows.len();
            let first = self.grouping().window.map_or(0, |window| length.saturating_sub(window));
            Sample::of_rows(n, first..length)
        };
        let samples: Vec<Sample> = read.groups.rows.iter().enumerate().map(newest).collect();
        let (outputs, answers) = read.answers(self, ensemble, table, &samples, watch)?;
        let mut remarks = std::mem::take(&mut read.groups.remarks);
        if self.grouping().window.is_some() {
            remarks.push("each answer is for the last row of its sequence".into());
        }
        let mut columns = self.grouping().keys(table, &read.groups)?;
        columns.extend(self.columns(&answers, ensemble.dtype()));
        if let Some(told) = ensemble.distribution() {
            columns.extend(self.quantile_columns(told, &outputs, &asked, ensemble.dtype()));
        }
        Ok(Predictions::new(columns).with_remarks(remarks))
    }

    fn stream(&self) -> Result<Box<dyn StreamUnits>, ConfigError> {
        match self.grouping().window {
            None => Ok(Box::new(Rows(self.clone()))),
            Some(window) => {
                let message =
                    format!("is {window} rows, which begin anew with every row; a stream only goes on");
                Err(ConfigError::new("window", message))
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        GroupedTask::check(self)?;
        if self.grouping().ids.is_empty() {
            return Err("it has no column that tells sequences apart".into());
        }
        self.grouping().check()
    }
}
