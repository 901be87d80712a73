//! Many sequences in one long table: an id column says which sequence a row belongs to, the order of
//! the rows is time, feature columns are the inputs.
//!
//! The tasks on such tables differ in what they learn of a sequence: that is [`GroupedTask`], and all else
//! is here.

mod grouping;
mod groups;
mod neighbour;
mod options;
mod split;

use std::fmt::Debug;

pub use grouping::{Feature, Grouping};
pub use options::GroupedOptions;

pub(super) use grouping::all_training;
pub(super) use groups::Labels;

use groups::Groups;
use split::Split;

use super::kind::{check_loss_of_numbers, for_forecasts};
use super::predictions::check_finite;
use super::{Answers, HeldOut, PredictOptions, Predictions, Prepared, StreamUnits, Task, TaskKind, TaskName};
use crate::ensemble::{Average, Ensemble};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::float::Dtype;
use crate::loss::{Loss, Targets};
use crate::metrics::{Baseline, Confusion, Evaluation, Metrics};
use crate::network::Readout;
use crate::outlier;
use crate::recipe::Recipe;
use crate::table::Table;
use crate::train::TrainConfig;

/// What is learned of a sequence.
pub(super) trait GroupedTask: Clone + Debug + Send + Sized + Into<Task> + 'static {
    /// A sequence's target.
    type Target: Copy;
    /// An answer for a sequence.
    type Answer: Clone;

    /// Which task it is.
    const NAME: TaskName;
    /// The naive predictor's name.
    const BASELINE: &'static str;

    /// A task without statistics for sequences with these labels.
    fn unfitted(grouping: Grouping, labels: &Labels<'_>) -> Result<Self, DataError>;

    /// The columns.
    fn grouping(&self) -> &Grouping;

    /// The columns.
    fn grouping_mut(&mut self) -> &mut Grouping;

    /// The targets of these sequences.
    fn targets(&self, labels: &Labels<'_>, sequences: &[usize]) -> Result<Vec<Self::Target>, Error>;

    /// Targets of one stratum are spread evenly over training, validation and test.
    fn stratum(target: Self::Target) -> usize;

    /// Takes the statistics of the training sequences' targets.
    fn fit(&mut self, targets: &[Self::Target]) -> Result<(), Message>;

    /// A target as the network learns it.
    fn to_learn(&self, target: Self::Target) -> Targets<f64>;

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

    /// The network's `output [O]` as an answer.
    fn answer(&self, output: &[f64]) -> Self::Answer;

    /// The network's `output [O]` as the values of an answer in a stream.
    fn answer_values(&self, output: &[f64], answer: &mut [f64]);

    /// See [`StreamUnits::answers`].
    fn answer_names(&self) -> Vec<String>;

    /// A number that is finite if the answer is.
    fn first_number(answer: &Self::Answer) -> f64;

    /// The naive predictor's answer for any sequence.
    fn baseline(&self) -> Self::Answer;

    /// How good answers are.
    fn metrics(answers: &[Self::Answer], actual: &[Self::Target]) -> Metrics;

    /// The confusion matrix, if the answers are classes.
    fn confusion(&self, _answers: &[Self::Answer], _actual: &[Self::Target]) -> Option<Confusion> {
        None
    }

    /// The answer that another sequence's target, as the network learns it, would be.
    fn answer_of(&self, learned: &Targets<f64>) -> Self::Answer;

    /// The columns of predictions.
    fn columns(&self, answers: &[Self::Answer], dtype: Dtype) -> Vec<(String, Answers)>;

    /// What is to be said beside the columns.
    fn description(&self) -> String {
        String::new()
    }

    /// See [`TaskKind::check`].
    fn check(&self) -> Result<(), String>;
}

/// One sequence row by row.
#[derive(Debug)]
struct Rows<T>(T);

impl<T: GroupedTask> StreamUnits for Rows<T> {
    fn inputs(&self) -> Vec<String> {
        self.0.grouping().features.iter().map(|feature| feature.name.clone()).collect()
    }

    fn answers(&self) -> Vec<String> {
        self.0.answer_names()
    }

    fn read(&mut self, row: &[f64], x: &mut [f64]) -> Result<bool, Message> {
        let scaled = self.0.grouping().features.iter().zip(row);
        x.iter_mut().zip(scaled).for_each(|(x, (feature, &value))| *x = feature.scaling.scale(value));
        Ok(true)
    }

    fn answer(&mut self, output: &[f64], answer: &mut [f64]) {
        self.0.answer_values(output, answer);
    }

    /// Each row is read for itself: there is nothing to go back on.
    fn reset(&mut self) {}
}

/// An ensemble's answers for these sequences.
fn answers<T: GroupedTask>(
    task: &T,
    ensemble: &Ensemble,
    table: &Table,
    (groups, sequences): (&Groups<'_>, &[usize]),
) -> Result<Vec<T::Answer>, Error> {
    let columns = task.grouping().columns(table)?;
    let x: Vec<Vec<f64>> =
        sequences.iter().map(|&n| task.grouping().inputs(&columns, &groups.rows[n])).collect();
    let outputs = ensemble.run(&x.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let answers: Vec<T::Answer> = outputs.iter().map(|output| task.answer(output)).collect();
    let place = |n| format!("sequence {:?}", groups.ids[sequences[n]]);
    check_finite(answers.iter().map(T::first_number), table, place)?;
    Ok(answers)
}

impl<T: GroupedTask> TaskKind for T {
    type Options = GroupedOptions;

    fn prepare(table: &Table, options: &GroupedOptions) -> Result<Prepared, Error> {
        let grouping = Grouping::find(table, options)?;
        let groups = Groups::read(table, &grouping.id)?;
        let target = table.column(&grouping.target)?;
        let labels = Labels::read(&groups, target)?;
        let mut task = T::unfitted(grouping, &labels)?;
        let targets = task.targets(&labels, &groups.all())?;
        let columns = task.grouping().columns(table)?;
        let mut remarks = outlier::check_columns(table, task.grouping().features.iter().map(|f| &*f.name))?;
        if T::NAME == TaskName::Regress {
            let numbers =
                groups.all().into_iter().map(|n| labels.number(n)).collect::<Result<Vec<_>, _>>()?;
            remarks.extend(outlier::check(&numbers, |n| labels.place(n))?);
        }
        let strata: Vec<usize> = targets.iter().map(|&target| T::stratum(target)).collect();
        let split = Split::draw(&strata, options)?;
        let rows: Vec<usize> = split.train.iter().flat_map(|&n| groups.rows[n].iter().copied()).collect();
        task.grouping_mut().fit(table, &columns, &rows)?;
        let learned: Vec<T::Target> = split.train.iter().map(|&n| targets[n]).collect();
        task.fit(&learned).map_err(|message| DataError::new(target.whole(), message))?;
        let examples = |sequences: &[usize]| {
            task.grouping().examples(&columns, &groups, sequences, |n| task.to_learn(targets[n]))
        };
        let (train, validation) = (examples(&split.train), examples(&split.validation));
        let held_out = (!split.test.is_empty()).then_some(HeldOut::Sequences(split.test));
        Ok(Prepared {
            task: task.into(),
            data: table.name().to_owned(),
            train,
            validation,
            held_out,
            remarks,
        })
    }

    fn name(&self) -> TaskName {
        T::NAME
    }

    fn describe(&self) -> String {
        format!("{} {}{}", T::NAME, self.grouping().describe(), self.description())
    }

    fn input_size(&self) -> usize {
        self.grouping().features.len()
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

    fn evaluate(&self, ensemble: &Ensemble, table: &Table, held_out: &HeldOut) -> Result<Evaluation, Error> {
        let groups = Groups::read(table, &self.grouping().id)?;
        let sequences = groups.held_out(held_out)?;
        let labels = Labels::read(&groups, table.column(&self.grouping().target)?)?;
        let actual = self.targets(&labels, &sequences)?;
        let answers = answers(self, ensemble, table, (&groups, &sequences))?;
        Ok(Evaluation {
            on: match held_out {
                HeldOut::All => format!("all {} sequences", actual.len()),
                _ => format!("{} sequences kept back", actual.len()),
            },
            model: T::metrics(&answers, &actual),
            baselines: vec![Baseline {
                name: T::BASELINE.into(),
                metrics: T::metrics(&vec![self.baseline(); actual.len()], &actual),
            }],
            confusion: self.confusion(&answers, &actual),
            remarks: Vec::new(),
        })
    }

    fn compare(
        &self,
        trained_on: &Prepared,
        table: &Table,
        held_out: &HeldOut,
        evaluation: &mut Evaluation,
    ) -> Result<(), Error> {
        let groups = Groups::read(table, &self.grouping().id)?;
        let sequences = groups.held_out(held_out)?;
        let labels = Labels::read(&groups, table.column(&self.grouping().target)?)?;
        let actual = self.targets(&labels, &sequences)?;
        let columns = self.grouping().columns(table)?;
        let x: Vec<Vec<f64>> =
            sequences.iter().map(|&n| self.grouping().inputs(&columns, &groups.rows[n])).collect();
        let known: Vec<_> = trained_on.train.iter().chain(&trained_on.validation).collect();
        let Some(nearest) = neighbour::nearest(&known, &x, self.grouping().features.len()) else {
            let text = format!("{} was left out: too many sequences to compare", neighbour::NAME);
            evaluation.remarks.push(text.into());
            return Ok(());
        };
        let answers: Vec<T::Answer> =
            nearest.into_iter().map(|n| self.answer_of(&known[n].targets)).collect();
        let mut metrics = T::metrics(&answers, &actual);
        // A neighbour gives no probabilities.
        metrics.retain(|metric| metric.name != "log_loss");
        evaluation.baselines.push(Baseline { name: neighbour::NAME.into(), metrics });
        Ok(())
    }

    fn predict(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        options: &PredictOptions,
    ) -> Result<Predictions, Error> {
        options.check_no_forecast(T::NAME)?;
        let groups = Groups::read(table, &self.grouping().id)?;
        let answers = answers(self, ensemble, table, (&groups, &groups.all()))?;
        let mut columns = self.grouping().keys(table, &groups)?;
        columns.extend(self.columns(&answers, ensemble.dtype()));
        Ok(Predictions::new(columns))
    }

    fn stream(&self) -> Result<Box<dyn StreamUnits>, ConfigError> {
        Ok(Box::new(Rows(self.clone())))
    }

    fn check(&self) -> Result<(), String> {
        GroupedTask::check(self)?;
        self.grouping().check()
    }
}
