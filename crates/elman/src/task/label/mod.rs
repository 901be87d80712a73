//! **label**: a number or a class for every timestep.

mod options;
mod spans;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

pub use options::{LabelOptions, Scale};

use spans::{Span, Spans, samples_of};

use super::feature::{Feature, refuse_slips};
use super::grouped::{GroupedTask, Grouping, Labels, Rows, Sequences};
use super::kind::check_loss_of_numbers;
use super::predictions::check_finite;
use super::{
    Answers, Classify, HeldOut, PredictOptions, Predictions, Prepared, Regress, StreamUnits, TaskKind,
    TaskName,
};
use crate::ensemble::{Average, Ensemble};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::loss::{Loss, Targets};
use crate::metrics::{Baseline, Evaluation};
use crate::network::Readout;
use crate::outlier;
use crate::recipe::Recipe;
use crate::sequence::Example;
use crate::table::{Column, Table};
use crate::train::TrainConfig;
use crate::words::{counted, quoted, thousands};

/// Whole numbers of up to so many kinds are classes, where nothing else is said.
const MOST_CLASSES: usize = 10;
/// If each occurs at least so often, on average.
const OFTEN: usize = 10;

/// A labelling task, fitted to a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// What is told of a row, as another task tells it of a sequence.
    pub answer: RowAnswer,
    /// The targets' means in training, where they are not scaled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub means: Vec<f64>,
}

/// What is told of a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RowAnswer {
    /// A number for each target.
    Numbers(Regress),
    /// One of several classes.
    Class(Classify),
}

/// Calls the same for either answer.
macro_rules! either {
    ($answer:expr, $task:ident => $call:expr) => {
        match $answer {
            RowAnswer::Numbers($task) => $call,
            RowAnswer::Class($task) => $call,
        }
    };
}

impl From<Regress> for RowAnswer {
    fn from(task: Regress) -> Self {
        RowAnswer::Numbers(task)
    }
}

impl From<Classify> for RowAnswer {
    fn from(task: Classify) -> Self {
        RowAnswer::Class(task)
    }
}

impl Label {
    /// The columns.
    pub fn grouping(&self) -> &Grouping {
        either!(&self.answer, task => task.grouping())
    }
}

/// What is known of a table before it is known what is told of its rows.
struct Found<'t> {
    table: &'t Table,
    options: &'t LabelOptions,
    grouping: Grouping,
    read: Sequences<'t>,
    labels: Labels<'t>,
    remarks: Vec<Message>,
}

impl TaskKind for Label {
    type Options = LabelOptions;

    fn prepare(table: &Table, options: &LabelOptions) -> Result<Prepared, Error> {
        let id = options.id.as_deref().or_else(|| table.has_column("id").then_some("id"));
        let (grouping, mut groups, about_columns) = Grouping::find(table, &options.grouped(), id)?;
        let cells = grouping.cells(table, &mut groups, true)?;
        let mut remarks = std::mem::take(&mut groups.remarks);
        remarks.extend(about_columns);
        let features = grouping.features.iter().map(|feature| feature.name.as_str());
        remarks.extend(outlier::check_columns(table, features)?);
        let columns = Labels::columns(table, &grouping.targets)?;
        let is_class = is_class(&columns, options.classes, &mut remarks)?;
        let spans: Vec<Span> = (0..groups.len()).map(|n| (n, 0..groups.rows[n].len())).collect();
        let labels = Labels::rows(&groups, &spans, columns);
        let rows = spans.iter().map(|(_, rows)| rows.len()).sum();
        remarks.extend(unlabelled(rows, &labels)?);
        let found = Found { table, options, grouping, read: Sequences { groups, cells }, labels, remarks };
        if is_class { found.fit::<Classify>() } else { found.fit::<Regress>() }
    }

    /// Programs of the second version know no such task.
    fn is_new(&self) -> bool {
        true
    }

    fn name(&self) -> TaskName {
        TaskName::Label
    }

    fn describe(&self) -> String {
        let description = either!(&self.answer, task => task.description());
        format!("{} every row with {}{description}", TaskName::Label, self.grouping().describe())
    }

    fn input_size(&self) -> usize {
        self.grouping().input_size()
    }

    fn output_size(&self) -> usize {
        either!(&self.answer, task => GroupedTask::output_size(task))
    }

    fn readout(&self) -> Readout {
        Readout::Every
    }

    fn average(&self) -> Average {
        either!(&self.answer, task => GroupedTask::average(task))
    }

    /// The default recipe, with the loss that the targets ask for and sequences cut in time.
    fn recipe(&self) -> Recipe {
        let usual = Recipe::default();
        let loss = either!(&self.answer, task => task.loss());
        Recipe { train: TrainConfig { loss, truncate: Some(TRUNCATE), ..usual.train }, ..usual }
    }

    fn check_loss(&self, loss: &Loss) -> Result<(), ConfigError> {
        match &self.answer {
            RowAnswer::Numbers(_) => check_loss_of_numbers(TaskName::Label, loss),
            RowAnswer::Class(task) => GroupedTask::check_loss(task, loss),
        }
    }

    fn balanced_class_weights(&self) -> Option<Vec<f64>> {
        either!(&self.answer, task => GroupedTask::balanced_class_weights(task))
    }

    /// Last rows of each sequence, where they are said.
    fn held_out(&self, test: Option<usize>) -> Result<HeldOut, ConfigError> {
        match test {
            None => Ok(HeldOut::All),
            Some(0) => Err(ConfigError::new("test", "is 0; it must be at least 1 row")),
            Some(rows) => Ok(HeldOut::LastRows(rows)),
        }
    }

    fn evaluate(&self, ensemble: &Ensemble, table: &Table, held_out: &HeldOut) -> Result<Evaluation, Error> {
        match &self.answer {
            RowAnswer::Numbers(task) => {
                let baseline = if self.means.is_empty() { task.baseline() } else { self.means.clone() };
                evaluate(task, baseline, ensemble, table, held_out)
            }
            RowAnswer::Class(task) => evaluate(task, task.baseline(), ensemble, table, held_out),
        }
    }

    fn predict(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        options: &PredictOptions,
    ) -> Result<Predictions, Error> {
        // Of classes there are no quantiles, as there are none to classify a sequence.
        let like = match &self.answer {
            RowAnswer::Numbers(_) => TaskName::Label,
            RowAnswer::Class(_) => TaskName::Classify,
        };
        options.check_no_forecast(like, ensemble.distribution())?;
        either!(&self.answer, task => predict(task, ensemble, table, options))
    }

    fn stream(&self) -> Result<Box<dyn StreamUnits>, ConfigError> {
        either!(&self.answer, task => Ok(Box::new(Rows(task.clone()))))
    }

    fn check(&self) -> Result<(), String> {
        either!(&self.answer, task => GroupedTask::check(task))?;
        let targets = self.grouping().targets.len();
        if !(self.means.is_empty() || self.means.len() == targets && self.means.iter().all(|m| m.is_finite()))
        {
            return Err("its targets' means are out of range".into());
        }
        if self.grouping().window.is_some() {
            return Err("it has windows".into());
        }
        self.grouping().check()
    }
}

/// Sequences are learned in pieces of so many timesteps: long enough for what lies a hundred rows back, and several
/// updates for each sequence that is much longer.
const TRUNCATE: usize = 200;

impl<'t> Found<'t> {
    /// Splits the rows, takes the statistics of those for training, and makes examples.
    fn fit<T: GroupedTask + Into<RowAnswer>>(self) -> Result<Prepared, Error> {
        let Found { table, options, grouping, read: Sequences { groups, mut cells }, labels, mut remarks } =
            self;
        let (mut task, about_targets) = T::unfitted(grouping, &labels)?;
        remarks.extend(about_targets);
        let targets = task.targets(&labels)?;
        if task.stratum_name(0).is_none() {
            remarks.extend(labels.outliers()?);
        }
        let strata: Vec<usize> = targets.iter().map(T::stratum).collect();
        let stratum = |stratum| task.stratum_name(stratum);
        let mut spans = Spans::choose(table, &groups, &labels, &strata, stratum, options)?;

        let rows: Vec<usize> =
            spans.train.iter().flat_map(|(n, rows)| groups.rows[*n][rows.clone()].iter().copied()).collect();
        task.grouping_mut().fit(table, &mut cells, &rows, &mut remarks)?;
        let of_train = spans.train.iter().flat_map(|span| samples_of(&labels, span));
        let learned: Vec<T::Target> = of_train.map(|k| targets[k].clone()).collect();
        task.fit(&learned, &labels)?;
        let mut means = Vec::new();
        if options.scale == Scale::None {
            task.grouping_mut().features.iter_mut().for_each(Feature::unscale);
            means = task.unscale();
        }
        remarks.append(&mut spans.remarks);
        remarks.extend(unseen(&task, &learned));
        let example = |(n, rows): &Span, silent: usize| {
            let x = task.grouping().inputs(&cells, &groups.rows[*n][..rows.end], rows.start);
            let told = samples_of(&labels, &(*n, rows.start + silent..rows.end));
            let positions = labels.samples[told.clone()].iter().map(|sample| sample.rows.start);
            let mut known = positions.zip(&targets[told]).peekable();
            let mut learned = Targets::default();
            learned.take_kind(&task.unlabelled());
            for row in rows.clone() {
                let target = known.next_if(|(position, _)| *position == row);
                learned.append(target.map_or_else(|| task.unlabelled(), |(_, target)| task.to_learn(target)));
            }
            Example { x, targets: learned }
        };
        let train = spans.train.iter().map(|span| example(span, 0)).collect();
        let validation = spans.validation.iter().map(|(span, silent)| example(span, *silent)).collect();
        Ok(Prepared {
            task: Label { answer: task.into(), means }.into(),
            data: table.name().to_owned(),
            train,
            train_groups: spans.train_groups,
            validation,
            held_out: spans.held_out,
            remarks,
        })
    }
}

/// Is the target a class? Text is, and numbers are where they look like it.
fn is_class(columns: &[Column<'_>], asked: Option<bool>, remarks: &mut Vec<Message>) -> Result<bool, Error> {
    let text = columns.iter().find(|column| column.numbers_or_gaps().is_none());
    let is_class = match (asked, text, columns) {
        (Some(asked), _, _) => asked,
        (None, Some(text), _) => {
            refuse_slips(*text, false)?;
            true
        }
        (None, None, [column]) => match whole_numbers(column.numbers_or_gaps().unwrap_or_default()) {
            Some(kinds) => {
                let text = format!(
                    "{:?} holds {kinds} whole numbers, which are taken for classes; if they are numbers, say so with ",
                    column.name()
                );
                remarks.push(Message::from(text).option("classes").text("=false"));
                true
            }
            None => false,
        },
        (None, None, _) => false,
    };
    if is_class && columns.len() > 1 {
        let message = format!("names {} columns; a class is told by one", columns.len());
        return Err(ConfigError::new("target", message).into());
    }
    Ok(is_class)
}

/// How many whole numbers a column holds, if they look like the names of classes: few, and each of them often.
fn whole_numbers(values: &[f64]) -> Option<usize> {
    let (mut kinds, mut count): (BTreeSet<i64>, usize) = (BTreeSet::new(), 0);
    for &value in values.iter().filter(|value| !value.is_nan()) {
        if value.fract() != 0.0 || value.abs() > 1e9 {
            return None;
        }
        kinds.insert(value as i64);
        count += 1;
        if kinds.len() > MOST_CLASSES {
            return None;
        }
    }
    ((2..=MOST_CLASSES).contains(&kinds.len()) && count >= OFTEN * kinds.len()).then_some(kinds.len())
}

/// What is to be said of rows that lack targets.
///
/// # Errors
/// If all do.
fn unlabelled(rows: usize, labels: &Labels<'_>) -> Result<Vec<Message>, DataError> {
    let mut remarks = Vec::new();
    if labels.len() == 0 {
        let message =
            Message::from("has no value to learn or to compare with; choose another ").option("target");
        return Err(DataError::new(labels.whole(0), message));
    }
    if labels.len() < rows {
        let (count, rows) = (thousands(rows - labels.len()), counted(rows, "row"));
        remarks.push(format!("{count} of {rows} have no target: they are read, and count nothing").into());
    }
    let partly = labels.count_partly();
    if partly > 0 {
        remarks.push(format!("{} with some of the targets used for those", counted(partly, "row")).into());
    }
    Ok(remarks)
}

/// The classes that training sees nothing of.
fn unseen<T: GroupedTask>(task: &T, learned: &[T::Target]) -> Option<Message> {
    let seen: BTreeSet<usize> = learned.iter().map(T::stratum).collect();
    let names = (0..).map_while(|stratum| Some((stratum, task.stratum_name(stratum)?)));
    let unseen: Vec<&str> =
        names.filter(|(stratum, _)| !seen.contains(stratum)).map(|(_, name)| name).collect();
    let occur = if unseen.len() == 1 { "does" } else { "do" };
    (!unseen.is_empty()).then(|| format!("{} {occur} not occur in the training part", quoted(unseen)).into())
}

/// An ensemble's outputs `[O]` for these samples.
fn outputs<T: GroupedTask>(
    task: &T,
    ensemble: &Ensemble,
    read: &Sequences<'_>,
    spans: &[Span],
    samples: impl IntoIterator<Item = (usize, usize)>,
) -> Vec<Vec<f64>> {
    let width = ensemble.network().output_size();
    let x: Vec<Vec<f64>> = spans
        .iter()
        .map(|(n, rows)| task.grouping().inputs(&read.cells, &read.groups.rows[*n][..rows.end], 0))
        .collect();
    let outputs = ensemble.run(&x.iter().map(Vec::as_slice).collect::<Vec<_>>());
    samples.into_iter().map(|(span, row)| outputs[span][row * width..][..width].to_vec()).collect()
}

/// See [`TaskKind::evaluate`]: every sequence is run from its start.
fn evaluate<T: GroupedTask>(
    task: &T,
    baseline: T::Answer,
    ensemble: &Ensemble,
    table: &Table,
    held_out: &HeldOut,
) -> Result<Evaluation, Error> {
    let mut read = Sequences::read(task.grouping(), table)?;
    let (sequences, last) = match held_out {
        HeldOut::LastRows(rows) => (read.groups.all(), Some(*rows)),
        held_out => (read.groups.held_out(held_out)?, None),
    };
    let span = |n: usize| {
        let rows = read.groups.rows[n].len();
        (n, last.map_or(0, |last| rows.saturating_sub(last))..rows)
    };
    let spans: Vec<Span> = read.groups.with_rows(sequences).into_iter().map(span).collect();
    let columns = Labels::columns(table, &task.grouping().targets)?;
    let labels = Labels::rows(&read.groups, &spans, columns);
    let mut remarks = std::mem::take(&mut read.groups.remarks);
    let rows = spans.iter().map(|(_, rows)| rows.len()).sum();
    remarks.extend(unlabelled(rows, &labels)?);
    let actual = task.targets(&labels)?;
    let mut place = 0;
    let samples = labels.samples.iter().map(|sample| {
        // Both are in the order of the sequences.
        while spans[place].0 != sample.sequence {
            place += 1;
        }
        (place, sample.rows.start)
    });
    let outputs = outputs(task, ensemble, &read, &spans, samples);
    let answers: Vec<T::Answer> =
        outputs.iter().map(|output| task.answer(&ensemble.points(output))).collect();
    check_finite(answers.iter().map(T::representative), table, |k| labels.place(k).to_string())?;
    let mut model = task.metrics(&answers, &actual);
    if let Some(told) = ensemble.distribution() {
        model.extend(task.distribution_metrics(told, &outputs, &actual));
    }
    let (count, of) = (labels.counted(labels.len()), counted(spans.len(), "sequence"));
    let on = match (held_out, spans.len()) {
        (HeldOut::All, 1) => format!("all {count}"),
        (HeldOut::All, _) => format!("all {count} of {of}"),
        (HeldOut::LastRows(_), 1) => format!("the last {count}"),
        (HeldOut::LastRows(_), _) => format!("the last {count} of {of}"),
        (HeldOut::Sequences(_), _) => format!("{count} of {of} kept back"),
    };
    Ok(Evaluation {
        on,
        model,
        baselines: vec![Baseline {
            name: T::BASELINE.into(),
            metrics: task.metrics(&vec![baseline; actual.len()], &actual),
        }],
        confusion: task.confusion(&answers, &actual),
        remarks,
    })
}

/// See [`TaskKind::predict`]: an answer beside each row of the table.
fn predict<T: GroupedTask>(
    task: &T,
    ensemble: &Ensemble,
    table: &Table,
    options: &PredictOptions,
) -> Result<Predictions, Error> {
    let asked = options.asked()?;
    let mut read = Sequences::read(task.grouping(), table)?;
    let sequences = read.groups.with_rows(read.groups.all());
    let spans: Vec<Span> = sequences.into_iter().map(|n| (n, 0..read.groups.rows[n].len())).collect();
    // For each row of the table that is read, its place in its sequence.
    let mut places: Vec<Option<(usize, usize)>> = vec![None; table.num_rows()];
    for (span, (n, _)) in spans.iter().enumerate() {
        for (position, &row) in read.groups.rows[*n].iter().enumerate() {
            places[row] = Some((span, position));
        }
    }
    let answered: Vec<usize> = (0..places.len()).filter(|&row| places[row].is_some()).collect();
    let outputs = outputs(task, ensemble, &read, &spans, places.into_iter().flatten());
    let answers: Vec<T::Answer> =
        outputs.iter().map(|output| task.answer(&ensemble.points(output))).collect();
    let line = |k: usize| format!("row {}", answered[k] + 1);
    check_finite(answers.iter().map(T::representative), table, line)?;
    let mut told = task.columns(&answers, ensemble.dtype());
    if let Some(distribution) = ensemble.distribution() {
        told.extend(task.quantile_columns(distribution, &outputs, &asked, ensemble.dtype()));
    }
    let mut columns = Vec::new();
    for name in task.grouping().id.iter().chain(&task.grouping().time) {
        columns.push((name.clone(), Answers::Text(table.column(name)?.texts().map(str::to_owned).collect())));
    }
    let spread = |(name, answers): (String, Answers)| (name, answers.spread(&answered, table.num_rows()));
    columns.extend(told.into_iter().map(spread));
    Ok(Predictions::new(columns).with_remarks(std::mem::take(&mut read.groups.remarks)))
}
