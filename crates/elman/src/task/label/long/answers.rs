//! A network's answers for the rows of a large table, a part of it at a time.

use std::ops::Range;
use std::sync::Arc;

use super::Extent;
use super::rows::Part;
use super::survey::Why;
use crate::ensemble::Ensemble;
use crate::error::{ConfigError, Error, Message};
use crate::metrics::{Baseline, Evaluation, Metrics};
use crate::predict::Session;
use crate::table::{Long, Table};
use crate::task::grouped::{GroupedTask, nothing_told};
use crate::task::label::answers::{Judged, columns, describe};
use crate::task::label::fit::unlabelled;
use crate::task::label::linear::Linear;
use crate::task::predictions::check_finite;
use crate::task::{Answers, HeldOut, PredictOptions, Predictions, Prepared};
use crate::watch::Watch;
use crate::words::thousands;

/// Rows that a network goes through at once.
const BLOCK: usize = 1 << 12;

/// See [`TaskKind::evaluate`](crate::task::TaskKind::evaluate); or why the table is to be read as a whole.
pub(in crate::task::label) fn evaluate<T: GroupedTask>(
    task: &T,
    baseline: T::Answer,
    (table, long): (&Table, &Arc<Long>),
    ensemble: &Ensemble,
    held_out: &HeldOut,
    watch: &mut Watch<'_>,
) -> Result<Result<Evaluation, Why>, Error> {
    if let Some(why) = needs_the_end(ensemble) {
        return Ok(Err(why));
    }
    let tested = match Tested::of(task, long, held_out)? {
        Ok(tested) => tested,
        Err(why) => return Ok(Err(why)),
    };
    let width = ensemble.network().output_size();
    let mut session = Session::of(ensemble)?;
    let (mut model, mut naive) = (task.tally(), task.tally());
    let distribution = ensemble.distribution();
    // Distributions are judged all together.
    let (mut told, mut actual) = (Vec::new(), Vec::new());
    let (mut labelled, mut partly, mut remarks) = (0, 0, Vec::new());
    tested.each(task, watch, |mut stretch| {
        if stretch.begins {
            session.reset();
        }
        remarks.append(&mut stretch.remarks);
        let outputs = session.advance(&stretch.x);
        let (mut answers, mut places) = (Vec::new(), Vec::new());
        labelled += stretch.told.len();
        partly += stretch.partly;
        for (row, target) in std::mem::take(&mut stretch.told) {
            places.push(row);
            let output = &outputs[row * width..][..width];
            let answer = task.answer(&ensemble.points(output));
            task.add(&mut model, &answer, &target);
            task.add(&mut naive, &baseline, &target);
            answers.push(T::representative(&answer));
            if distribution.is_some() {
                told.push(output.to_vec());
                actual.push(target);
            }
        }
        Ok(check_finite(answers, table, |k| stretch.place(places[k]), |_| None)?)
    })?;
    if labelled == 0 {
        return Err(nothing_told(table.name()).into());
    }
    let of_distribution = distribution
        .map_or_else(Metrics::new, |distribution| task.distribution_metrics(distribution, &told, &actual));
    remarks.extend(unlabelled(tested.num_rows(), labelled, partly));
    let judged = Judged::<T> { model, naive, of_distribution };
    Ok(Ok(judged.evaluation(task, tested.describe(held_out, labelled), remarks)))
}

/// Why a network needs all of a sequence at once, if it does.
fn needs_the_end(ensemble: &Ensemble) -> Option<Why> {
    let network = ensemble.network();
    (!network.is_causal() || network.joins_all_time())
        .then(|| "the network reads sequences from their ends as well".into())
}

/// See [`TaskKind::predict_in_parts`](crate::task::TaskKind::predict_in_parts); or why the table is to be read as a whole.
pub(in crate::task::label) fn predict<T: GroupedTask>(
    task: &T,
    ensemble: &Ensemble,
    (table, long): (&Table, &Arc<Long>),
    options: &PredictOptions,
    watch: &mut Watch<'_>,
    each: &mut dyn FnMut(Predictions) -> Result<(), Error>,
) -> Result<Result<(), Why>, Error> {
    let asked = options.asked()?;
    if let Some(why) = needs_the_end(ensemble) {
        return Ok(Err(why));
    }
    let tested = match Tested::none_of(task, long)? {
        Ok(tested) => tested,
        Err(why) => return Ok(Err(why)),
    };
    let (grouping, width) = (task.grouping(), ensemble.network().output_size());
    let mut session = Session::of(ensemble)?;
    tested.each(task, watch, |stretch| {
        if stretch.begins {
            session.reset();
        }
        let outputs: Vec<Vec<f64>> =
            session.advance(&stretch.x).chunks_exact(width).map(<[f64]>::to_vec).collect();
        let answers: Vec<T::Answer> =
            outputs.iter().map(|output| task.answer(&ensemble.points(output))).collect();
        check_finite(answers.iter().map(T::representative), table, |k| stretch.place(k), |_| None)?;
        let mut told = Vec::new();
        for name in grouping.ids.iter().chain(&grouping.time) {
            let texts = stretch.table.column(name)?.texts().skip(stretch.rows.start).take(stretch.rows.len());
            told.push((name.clone(), Answers::Text(texts.map(str::to_owned).collect())));
        }
        told.extend(columns(task, ensemble, &outputs, &answers, &asked));
        each(Predictions::new(told).with_remarks(stretch.remarks))
    })?;
    Ok(Ok(()))
}

/// See [`TaskKind::compare`](crate::task::TaskKind::compare); or why the table is to be read as a whole.
pub(in crate::task::label) fn compare<T: GroupedTask>(
    task: &T,
    long: &Arc<Long>,
    held_out: &HeldOut,
    trained_on: &Prepared,
    compared: &mut Evaluation,
) -> Result<Result<(), Why>, Error> {
    let tested = match Tested::of(task, long, held_out)? {
        Ok(tested) => tested.alone(),
        Err(why) => return Ok(Err(why)),
    };
    let width = task.grouping().input_size();
    let Some(linear) = Linear::fit([&trained_on.train, &trained_on.validation], width, task.output_size())?
    else {
        return Ok(Ok(()));
    };
    let mut tally = task.tally();
    tested.each(task, &mut |_, _| Ok(()), |stretch| {
        for (row, target) in stretch.told {
            let answer = task.answer(&linear.values(&stretch.x[row * width..][..width]));
            task.add(&mut tally, &answer, &target);
        }
        Ok(())
    })?;
    compared.baselines.push(Baseline { name: Linear::NAME.into(), metrics: task.metrics(&tally) });
    Ok(Ok(()))
}

/// A table in memory that shows what there is to see of a large one, what is held out of it, and what is to be said of it: a
/// stretch of the first sequence that is held out, from where that begins; or why the table is to be read as a whole.
pub(in crate::task::label) fn excerpt<T: GroupedTask>(
    task: &T,
    long: &Arc<Long>,
    held_out: &HeldOut,
) -> Result<Result<(Table, HeldOut, String), Why>, Error> {
    /// More rows than these are not looked at, after those that the network reads before.
    const MOST: usize = 1 << 16;
    const BEFORE: usize = 1 << 14;
    let tested = match Tested::of(task, long, held_out)? {
        Ok(tested) => tested,
        Err(why) => return Ok(Err(why)),
    };
    let Some((rows, from)) = tested.first_labelled()? else {
        return Ok(Err("nothing is held out".into()));
    };
    let shown = from..rows.end.min(from + MOST);
    let begin = from.saturating_sub(BEFORE).max(rows.start);
    let chunks = tested.extent.chunks_of(begin..shown.end);
    let table = long.read(&chunks)?;
    let first = tested.extent.rows_of(chunks[0]).start;
    let rows: Vec<usize> = (begin - first..shown.end - first).collect();
    let columns: Vec<usize> = (0..table.headers().len()).collect();
    let note = format!(
        "Rows {} to {} of {} are looked at, and numbered from {} on.",
        thousands(shown.start + 1),
        thousands(shown.end),
        thousands(tested.extent.num_rows()),
        thousands(begin + 1)
    );
    let table = table.select(long.name().to_owned(), &columns, &rows);
    Ok(Ok((table, HeldOut::LastRows(shown.len()), note)))
}

/// What is held out of a large table.
struct Tested {
    extent: Extent,
    /// The rows of each sequence, and from which one on they are held out.
    sequences: Vec<(Range<usize>, usize)>,
}

/// Rows of a sequence that follow each other.
struct Stretch<'r, T: GroupedTask> {
    /// What they were read with, and which of its rows they are.
    table: &'r Table,
    rows: Range<usize>,
    /// What is to be said of them that was not said before.
    remarks: Vec<Message>,
    /// Is it the first of the sequence?
    begins: bool,
    /// The inputs, `[rows, I]`.
    x: Vec<f64>,
    /// The targets of the rows that are held out and have some, by their place.
    told: Vec<(usize, T::Target)>,
    /// How many of those lack others.
    partly: usize,
}

impl<T: GroupedTask> Stretch<'_, T> {
    /// Where one of its rows stands.
    fn place(&self, row: usize) -> String {
        format!("line {}", self.table.column_at(0).line(self.rows.start + row))
    }
}

impl Tested {
    fn of<T: GroupedTask>(
        task: &T,
        long: &Arc<Long>,
        held_out: &HeldOut,
    ) -> Result<Result<Self, Why>, Error> {
        let extent = match Extent::of_task(long, task.grouping(), true)? {
            Ok(extent) => extent,
            Err(why) => return Ok(Err(why)),
        };
        let all = extent.sequences();
        let numbers: Vec<usize> = match held_out {
            HeldOut::Sequences(numbers) if numbers.iter().any(|&n| n >= all.len()) => {
                let message = "speaks of sequences that the table does not have";
                return Err(ConfigError::new("test", message).into());
            }
            HeldOut::Sequences(numbers) => numbers.clone(),
            _ => (0..all.len()).collect(),
        };
        let sequence = |n: usize| {
            let rows = all[n].clone();
            let from = held_out.last_rows(n).map_or(rows.start, |last| rows.end - last.min(rows.len()));
            (rows, from)
        };
        let sequences = numbers.into_iter().map(sequence).filter(|(rows, from)| *from < rows.end).collect();
        Ok(Ok(Tested { extent, sequences }))
    }

    /// All sequences, of which nothing is asked for but answers.
    fn none_of<T: GroupedTask>(task: &T, long: &Arc<Long>) -> Result<Result<Self, Why>, Error> {
        let found = Extent::of_task(long, task.grouping(), false)?;
        Ok(found.map(|extent| {
            let sequences = extent.sequences().iter().map(|rows| (rows.clone(), rows.end)).collect();
            Tested { extent, sequences }
        }))
    }

    /// Goes through these sequences from their starts.
    fn each<T: GroupedTask>(
        &self,
        task: &T,
        watch: &mut Watch<'_>,
        mut each: impl FnMut(Stretch<'_, T>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let total = self.sequences.iter().map(|(rows, _)| rows.len()).sum();
        let (mut done, mut is_said) = (0, false);
        for (sequence, from) in &self.sequences {
            for read in self.extent.read(sequence.clone()) {
                let read = read?;
                let here = |row: usize| row - read.first;
                let last = sequence.end.min(read.first + read.table.num_rows());
                for start in (sequence.start.max(read.first)..last).step_by(BLOCK) {
                    let end = last.min(start + BLOCK);
                    let (rows, tested) = (here(start)..here(end), here(start.max(*from).min(end))..here(end));
                    // What is new to the model is told once.
                    let mut remarks = Vec::new();
                    let asked = (!is_said).then_some(&mut remarks);
                    let part = Part::of(task, &read.table, rows.clone(), tested, asked)?;
                    is_said |= !remarks.is_empty();
                    let begins = start == sequence.start;
                    let Part { x, told, partly } = part;
                    each(Stretch { table: &read.table, rows, remarks, begins, x, told, partly })?;
                    done += end - start;
                    watch(done, total)?;
                }
            }
        }
        Ok(())
    }

    /// The first sequence that has a labelled row among those that are held out, and that row.
    fn first_labelled(&self) -> Result<Option<(Range<usize>, usize)>, Error> {
        for (rows, from) in &self.sequences {
            let before = self.extent.labelled_before(*from)?;
            if self.extent.labelled_before(rows.end)? > before {
                return Ok(Some((rows.clone(), self.extent.labelled_row(before)?)));
            }
        }
        Ok(None)
    }

    /// The same without the rows before what is held out, for answers that need none.
    fn alone(self) -> Self {
        let sequences = self.sequences.into_iter().map(|(rows, from)| (from..rows.end, from)).collect();
        Tested { sequences, ..self }
    }

    /// The number of rows that are held out.
    fn num_rows(&self) -> usize {
        self.sequences.iter().map(|(rows, from)| rows.end - from).sum()
    }

    /// What was held out, with the number of labelled rows.
    fn describe(&self, held_out: &HeldOut, labelled: usize) -> String {
        describe(held_out, (labelled, self.num_rows()), self.sequences.len())
    }
}
