//! A network's answers for the rows of a table, and how good they are.

use std::iter::repeat;

use super::fit::{refuse_unlabelled, unlabelled};
use super::linear::Linear;
use super::spans::Span;
use crate::ensemble::Ensemble;
use crate::error::{Error, Message};
use crate::metrics::{Baseline, Evaluation, Metrics};
use crate::table::Table;
use crate::task::grouped::{GroupedTask, Labels, Sequences};
use crate::task::predictions::check_finite;
use crate::task::quantiles::Asked;
use crate::task::{Answers, HeldOut, PredictOptions, Predictions, Prepared};
use crate::watch::{Stopped, Watch};
use crate::words::{counted, thousands};

/// The labelled rows of what is held out of a table.
pub(super) struct Tested<'t, T: GroupedTask> {
    pub(super) task: &'t T,
    pub(super) table: &'t Table,
    pub(super) read: Sequences<'t>,
    /// The sequences, and which of their rows are held out.
    pub(super) spans: Vec<Span>,
    pub(super) labels: Labels<'t>,
    pub(super) actual: Vec<T::Target>,
    /// What was held out, with the number of labelled rows.
    on: String,
    remarks: Vec<Message>,
}

/// A network's outputs `[O]` for each of some rows.
type Outputs = Vec<Vec<f64>>;

impl<'t, T: GroupedTask> Tested<'t, T> {
    pub(super) fn read(task: &'t T, table: &'t Table, held_out: &HeldOut) -> Result<Self, Error> {
        let mut read = Sequences::read(task.grouping(), table)?;
        let sequences = match held_out {
            HeldOut::LastRows(_) | HeldOut::LastRowsOfEach(_) => read.groups.all(),
            held_out => read.groups.held_out(held_out)?,
        };
        let span = |n: usize| {
            let rows = read.groups.rows[n].len();
            (n, held_out.last_rows(n).map_or(0, |last| rows.saturating_sub(last))..rows)
        };
        let spans: Vec<Span> = read.groups.with_rows(sequences).into_iter().map(span).collect();
        let columns = Labels::columns(table, &task.grouping().targets)?;
        let labels = Labels::rows(&read.groups, &spans, columns);
        let mut remarks = std::mem::take(&mut read.groups.remarks);
        let rows = spans.iter().map(|(_, rows)| rows.len()).sum();
        refuse_unlabelled(&labels)?;
        remarks.extend(unlabelled(rows, labels.len(), labels.count_partly()));
        remarks.extend(task.remarks_on_far(&labels));
        let actual = task.targets(&labels)?;
        let on = describe(held_out, (labels.len(), rows), spans.len());
        Ok(Tested { task, table, read, spans, labels, actual, on, remarks })
    }

    /// Of each labelled row the number of its span, and its place in the sequence.
    fn places(&self) -> Vec<(usize, usize)> {
        let mut span = 0;
        let place = |sample: &crate::task::grouped::Sample| {
            // Both are in the order of the sequences.
            while self.spans[span].0 != sample.sequence {
                span += 1;
            }
            (span, sample.rows.start)
        };
        self.labels.samples.iter().map(place).collect()
    }

    /// An ensemble's outputs for the labelled rows, and the answers that they are: every sequence is run from its start.
    pub(super) fn answers(
        &self,
        ensemble: &Ensemble,
        watch: &mut Watch<'_>,
    ) -> Result<(Outputs, Vec<T::Answer>), Error> {
        let outputs = outputs(self.task, ensemble, &self.read, &self.spans, self.places(), watch)?;
        let answers: Vec<T::Answer> =
            outputs.iter().map(|output| self.task.answer(&ensemble.points(output))).collect();
        let place = |k: usize| self.labels.place(k).to_string();
        let why =
            |k: usize| self.read.far_cell(self.task.grouping(), self.table, self.labels.samples[k].sequence);
        check_finite(answers.iter().map(T::representative), self.table, place, why)?;
        Ok((outputs, answers))
    }

    /// See [`TaskKind::evaluate`](crate::task::TaskKind::evaluate).
    pub(super) fn evaluate(
        self,
        baseline: T::Answer,
        ensemble: &Ensemble,
        watch: &mut Watch<'_>,
    ) -> Result<Evaluation, Error> {
        let (outputs, answers) = self.answers(ensemble, watch)?;
        let distribution = ensemble.distribution();
        let judged = Judged::<T> {
            model: self.task.tally_of(&answers, &self.actual),
            naive: self.task.tally_of(repeat(&baseline), &self.actual),
            of_distribution: distribution.map_or_else(Metrics::new, |distribution| {
                self.task.distribution_metrics(distribution, &outputs, &self.actual)
            }),
        };
        Ok(judged.evaluation(self.task, self.on, self.remarks))
    }

    /// Adds what the inputs of a row tell of its targets by themselves.
    pub(super) fn compare(self, trained_on: &Prepared, evaluation: &mut Evaluation) -> Result<(), Error> {
        let grouping = self.task.grouping();
        let parts = [&trained_on.train, &trained_on.validation];
        let Some(linear) = Linear::fit(parts, grouping.input_size(), grouping.targets.len())? else {
            return Ok(());
        };
        let width = grouping.input_size();
        let x = inputs(self.task, &self.read, &self.spans);
        let answer =
            |(span, row): (usize, usize)| self.task.answer(&linear.values(&x[span][row * width..][..width]));
        let answers: Vec<T::Answer> = self.places().into_iter().map(answer).collect();
        let metrics = self.task.metrics(&self.task.tally_of(&answers, &self.actual));
        evaluation.baselines.push(Baseline { name: Linear::NAME.into(), metrics });
        Ok(())
    }
}

/// What was held out in words: so many labelled rows of so many, of so many sequences.
pub(super) fn describe(held_out: &HeldOut, (labelled, rows): (usize, usize), sequences: usize) -> String {
    let (count, of) = (counted(labelled, "row"), counted(sequences, "sequence"));
    match (held_out, sequences) {
        (HeldOut::All, 1) => format!("all {count}"),
        (HeldOut::All, _) => format!("all {count} of {of}"),
        (HeldOut::LastRows(_) | HeldOut::LastRowsOfEach(_), sequences) => {
            let last = match labelled < rows {
                true => format!("{} labelled rows of the last {}", thousands(labelled), thousands(rows)),
                false => format!("the last {count}"),
            };
            if sequences == 1 { last } else { format!("{last} of {of}") }
        }
        (HeldOut::Sequences(_), _) => format!("{count} of {of} kept back"),
    }
}

/// How good answers are, beside one for all rows.
pub(super) struct Judged<T: GroupedTask> {
    pub(super) model: T::Tally,
    pub(super) naive: T::Tally,
    /// What is told of distributions, if outputs tell some.
    pub(super) of_distribution: Metrics,
}

impl<T: GroupedTask> Judged<T> {
    pub(super) fn evaluation(self, task: &T, on: String, remarks: Vec<Message>) -> Evaluation {
        let mut model = task.metrics(&self.model);
        model.extend(self.of_distribution);
        let metrics = task.metrics(&self.naive);
        Evaluation {
            on,
            model,
            baselines: vec![Baseline { name: T::BASELINE.into(), metrics }],
            confusion: task.confusion(&self.model),
            remarks,
        }
    }
}

/// The inputs of these sequences, each from its start to the end of its span.
fn inputs<T: GroupedTask>(task: &T, read: &Sequences<'_>, spans: &[Span]) -> Vec<Vec<f64>> {
    let of = |(n, rows): &Span| task.grouping().inputs(&read.cells, &read.groups.rows[*n][..rows.end], 0);
    spans.iter().map(of).collect()
}

/// An ensemble's outputs `[O]` for these samples.
fn outputs<T: GroupedTask>(
    task: &T,
    ensemble: &Ensemble,
    read: &Sequences<'_>,
    spans: &[Span],
    samples: impl IntoIterator<Item = (usize, usize)>,
    watch: &mut Watch<'_>,
) -> Result<Vec<Vec<f64>>, Stopped> {
    let width = ensemble.network().output_size();
    let x = inputs(task, read, spans);
    let outputs = ensemble.run_watched(&x.iter().map(Vec::as_slice).collect::<Vec<_>>(), watch)?;
    Ok(samples.into_iter().map(|(span, row)| outputs[span][row * width..][..width].to_vec()).collect())
}

/// The columns of answers, which these outputs are, and of the quantiles that are asked for.
pub(super) fn columns<T: GroupedTask>(
    task: &T,
    ensemble: &Ensemble,
    outputs: &[Vec<f64>],
    answers: &[T::Answer],
    asked: &[Asked],
) -> Vec<(String, Answers)> {
    let mut columns = task.columns(answers, ensemble.dtype());
    if let Some(distribution) = ensemble.distribution() {
        columns.extend(task.quantile_columns(distribution, outputs, asked, ensemble.dtype()));
    }
    columns
}

/// See [`TaskKind::predict`](crate::task::TaskKind::predict): an answer beside each row of the table.
pub(super) fn predict<T: GroupedTask>(
    task: &T,
    ensemble: &Ensemble,
    table: &Table,
    options: &PredictOptions,
    watch: &mut Watch<'_>,
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
    let outputs = outputs(task, ensemble, &read, &spans, places.into_iter().flatten(), watch)?;
    let answers: Vec<T::Answer> =
        outputs.iter().map(|output| task.answer(&ensemble.points(output))).collect();
    let line = |k: usize| format!("row {}", answered[k] + 1);
    let why = |k: usize| {
        let sequence = read.groups.rows.iter().position(|rows| rows.contains(&answered[k]))?;
        read.far_cell(task.grouping(), table, sequence)
    };
    check_finite(answers.iter().map(T::representative), table, line, why)?;
    let told = columns(task, ensemble, &outputs, &answers, &asked);
    let mut columns = Vec::new();
    for name in task.grouping().ids.iter().chain(&task.grouping().time) {
        columns.push((name.clone(), Answers::Text(table.column(name)?.texts().map(str::to_owned).collect())));
    }
    let spread = |(name, answers): (String, Answers)| (name, answers.spread(&answered, table.num_rows()));
    columns.extend(told.into_iter().map(spread));
    Ok(Predictions::new(columns).with_remarks(std::mem::take(&mut read.groups.remarks)))
}
