use std::ops::Range;

use super::Grouping;
use super::groups::Groups;
use crate::error::{ConfigError, DataError, Error, Message};
use crate::outlier;
use crate::scaling::Scaling;
use crate::table::{Column, Place, Table, TableError};
use crate::words::{counted, listed, thousands};

/// About so many windows are learned from: more would hardly tell more, as they overlap.
const MOST_WINDOWS: usize = 5000;

/// The targets of a table of sequences: of each sequence one, or one of each of its windows.
pub(in crate::task) struct Labels<'a> {
    /// The columns of targets.
    columns: Vec<Column<'a>>,
    pub(in crate::task) samples: Vec<Sample>,
    /// What a sample is.
    noun: &'static str,
    /// Of windows: the rows from one to the next.
    stride: usize,
    /// What the user should know of them.
    pub(super) remarks: Vec<Message>,
}

/// A stretch of a sequence with its targets.
pub(in crate::task) struct Sample {
    pub(in crate::task) sequence: usize,
    /// Which of the sequence's rows it holds, in order of time.
    pub(in crate::task) rows: Range<usize>,
    targets: Told,
}

/// Where a sample's targets stand.
enum Told {
    /// For each column of targets, the table's row that tells it; none where it is missing.
    Each(Vec<Option<usize>>),
    /// All in this row of the table, as far as its cells are not empty.
    Row(usize),
}

impl Told {
    /// The row that tells a column's target.
    fn row(&self, k: usize, column: Column<'_>) -> Option<usize> {
        match self {
            Told::Each(rows) => rows[k],
            Told::Row(row) => Some(*row).filter(|&row| !column.is_missing(row)),
        }
    }
}

impl Sample {
    /// Rows of which no target is known.
    pub(super) fn of_rows(sequence: usize, rows: Range<usize>) -> Self {
        Sample { sequence, rows, targets: Told::Each(Vec::new()) }
    }
}

impl<'a> Labels<'a> {
    /// The columns of targets.
    pub(in crate::task) fn columns(
        table: &'a Table,
        names: &[String],
    ) -> Result<Vec<Column<'a>>, TableError> {
        names.iter().map(|name| table.column(name)).collect()
    }

    /// The length of windows, if the targets differ from row to row: in more than half of the sequences that have
    /// several. A few that differ are rather mistakes.
    pub(super) fn window(
        groups: &Groups<'a>,
        columns: &[Column<'a>],
        asked: Option<usize>,
    ) -> Result<Option<usize>, ConfigError> {
        let differs = |column: &Column<'a>| {
            let (mut several, mut differing) = (0, 0);
            for rows in &groups.rows {
                let mut told = rows.iter().copied().filter(|&row| !column.is_missing(row));
                let Some(first) = told.next() else { continue };
                let mut rest = told.peekable();
                several += usize::from(rest.peek().is_some());
                differing += usize::from(rest.any(|row| !same(*column, first, row)));
            }
            differing * 2 > several
        };
        if !columns.iter().any(differs) {
            return match asked {
                None => Ok(None),
                Some(_) => Err(ConfigError::new(
                    "window",
                    "is for targets that differ from row to row, and here each sequence has one; leave it out",
                )),
            };
        }
        let mut lengths: Vec<usize> = groups.rows.iter().map(Vec::len).filter(|&length| length > 0).collect();
        lengths.sort_unstable();
        let (median, longest) = match lengths.as_slice() {
            [] => (1, 1),
            [.., longest] => (lengths[lengths.len() / 2], *longest),
        };
        match asked {
            // Of short sequences half, so that their first rows count as well.
            None if median < 8 => Ok(Some(median.div_ceil(2))),
            None => Ok(Some((median / 4).clamp(8, 32))),
            Some(window) if window == 0 || window > longest => {
                let message =
                    format!("is {window}; it must be at least 1 and at most {longest}, the longest sequence");
                Err(ConfigError::new("window", message))
            }
            Some(window) => Ok(Some(window)),
        }
    }

    /// Finds the targets of these sequences; with a window, those of the windows that end at a row with a target,
    /// the first of them with the first whole window. Sequences that lack one are refused, or left out with a remark.
    pub(super) fn read(
        groups: &Groups<'a>,
        sequences: &[usize],
        columns: Vec<Column<'a>>,
        grouping: &Grouping,
        is_training: bool,
    ) -> Result<Self, Error> {
        let window = grouping.window;
        let rows: usize = sequences.iter().map(|&n| groups.rows[n].len()).sum();
        let stride = rows.div_ceil(MOST_WINDOWS).max(1);
        let noun = if window.is_some() { "window" } else { "sequence" };
        let mut labels = Labels { columns, samples: Vec::new(), noun, stride, remarks: Vec::new() };
        let mut without = Vec::new();
        for &sequence in sequences {
            let before = labels.samples.len();
            match window {
                None => labels.whole_sequence(groups, sequence)?,
                Some(window) => labels.windows(groups, sequence, window, stride),
            }
            if labels.samples.len() == before {
                without.push(sequence);
            }
        }
        if grouping.missing.is_none() {
            labels.refuse_missing(groups, &without, is_training)?;
        } else {
            labels.remark_missing(groups, sequences.len(), &without);
        }
        if labels.samples.is_empty() {
            return Err(nothing_told(labels.whole(0)).into());
        }
        Ok(labels)
    }

    /// The targets of each labelled row in these stretches of sequences.
    pub(in crate::task) fn rows(
        groups: &Groups<'a>,
        spans: &[(usize, Range<usize>)],
        columns: Vec<Column<'a>>,
    ) -> Self {
        let mut labels = Labels { columns, samples: Vec::new(), noun: "row", stride: 1, remarks: Vec::new() };
        for (sequence, span) in spans {
            for position in span.clone() {
                let row = groups.rows[*sequence][position];
                if labels.columns.iter().any(|column| !column.is_missing(row)) {
                    let rows = position..position + 1;
                    labels.samples.push(Sample { sequence: *sequence, rows, targets: Told::Row(row) });
                }
            }
        }
        labels
    }

    /// What is to be said of windows of so many rows.
    pub(super) fn windows_remark(&self, window: usize) -> Message {
        let names = self.columns.iter().map(|column| format!("{:?}", column.name()));
        let every =
            if self.stride == 1 { String::new() } else { format!(", one for every {} rows", self.stride) };
        let text = format!(
            "{} differs from row to row, so it is learned from {}{every}, each of {} (",
            listed(names, "and"),
            self.counted(self.len()),
            counted(window, "row"),
        );
        Message::from(text)
            .option("window")
            .text(") with the target of the last; predictions are for each sequence's last row, those of the task label for \
                   every row")
    }

    /// The only sample of a sequence: for each column the first of the sequence's cells that is not empty. All
    /// others must say the same or nothing.
    fn whole_sequence(&mut self, groups: &Groups<'a>, sequence: usize) -> Result<(), DataError> {
        let rows = &groups.rows[sequence];
        let told = self.columns.iter().map(|&column| label(groups, sequence, column));
        let targets = told.collect::<Result<Vec<_>, _>>()?;
        if targets.iter().any(Option::is_some) {
            self.samples.push(Sample { sequence, rows: 0..rows.len(), targets: Told::Each(targets) });
        }
        Ok(())
    }

    /// The samples of a sequence, one for every so many-th row, counted from the last.
    fn windows(&mut self, groups: &Groups<'a>, sequence: usize, window: usize, stride: usize) {
        let rows = &groups.rows[sequence];
        let first = self.samples.len();
        for end in (window.min(rows.len()).max(1)..=rows.len()).rev().step_by(stride) {
            let row = rows[end - 1];
            if self.columns.iter().any(|column| !column.is_missing(row)) {
                let rows = end.saturating_sub(window)..end;
                self.samples.push(Sample { sequence, rows, targets: Told::Row(row) });
            }
        }
        self.samples[first..].reverse();
    }

    /// How many samples lack some of their targets.
    pub(in crate::task) fn count_partly(&self) -> usize {
        let lacks = |&k: &usize| (0..self.columns.len()).any(|target| self.told(k, target).is_none());
        if self.columns.len() == 1 { 0 } else { (0..self.len()).filter(lacks).count() }
    }

    /// The sequences that lack some of their targets.
    fn partly(&self) -> Vec<usize> {
        let lacks = |sample: &&Sample| match &sample.targets {
            Told::Each(targets) => targets.contains(&None),
            Told::Row(_) => false,
        };
        self.samples.iter().filter(lacks).map(|sample| sample.sequence).collect()
    }

    /// Refuses targets that are missing; `is_training` tells whether something else can still be chosen.
    fn refuse_missing(
        &self,
        groups: &Groups<'a>,
        without: &[usize],
        is_training: bool,
    ) -> Result<(), DataError> {
        let Some(first) = without.first().copied().or(self.partly().first().copied()) else { return Ok(()) };
        let is_empty = |column: &&Column<'a>| groups.rows[first].iter().all(|&row| column.is_missing(row));
        let column = self.columns.iter().find(is_empty).unwrap_or(&self.columns[0]);
        let text = format!(
            "sequence {} has no target; fill it in or leave the sequence out",
            self.named(groups, first)
        );
        let message = match is_training {
            true => Message::from(text + ", as any choice of ").option("missing").text(" does"),
            false => text.into(),
        };
        Err(DataError::new(column.whole(), message))
    }

    /// Remarks targets that are missing.
    fn remark_missing(&mut self, groups: &Groups<'a>, total: usize, without: &[usize]) {
        if let Some(&first) = without.first() {
            let (count, total) = (thousands(without.len()), counted(total, "sequence"));
            let named = self.named(groups, first);
            self.remarks
                .push(format!("{count} of {total} without a target left out (first: {named})").into());
        }
        let partly = self.partly().len();
        if partly > 0 {
            let count = counted(partly, "sequence");
            self.remarks.push(format!("{count} with some of the targets used for those").into());
        }
    }

    /// A sequence by its id and its first line.
    fn named(&self, groups: &Groups<'a>, sequence: usize) -> String {
        let line = groups.rows[sequence].first().map_or(0, |&row| self.columns[0].line(row));
        format!("{:?} (line {line})", groups.name(sequence))
    }

    /// The number of samples.
    pub(in crate::task) fn len(&self) -> usize {
        self.samples.len()
    }

    /// So many samples: `40 sequences`, `40 windows`, `40 rows`.
    pub(in crate::task) fn counted(&self, count: usize) -> String {
        counted(count, self.noun())
    }

    /// `all 40 training sequences`, or the only one.
    pub(in crate::task) fn all_training(&self, count: usize) -> String {
        match count {
            1 => format!("the only training {}", self.noun()),
            _ => format!("all {}", counted(count, &format!("training {}", self.noun()))),
        }
    }

    /// What a sample is.
    pub(in crate::task) fn noun(&self) -> &'static str {
        self.noun
    }

    /// What a sample's first target says; nothing where it is missing.
    pub(in crate::task) fn text(&self, sample: usize) -> &'a str {
        self.told(sample, 0).map_or("", |row| self.columns[0].text(row))
    }

    /// What all samples' first targets say.
    pub(in crate::task) fn texts(&self) -> impl Iterator<Item = &'a str> + Clone {
        (0..self.len()).map(|sample| self.text(sample))
    }

    /// What all samples' first targets say as numbers, if their column is one of numbers.
    pub(in crate::task) fn numbers_of_first(&self) -> Option<Vec<f64>> {
        let numbers = self.columns[0].numbers_or_gaps()?;
        let number = |sample| self.told(sample, 0).map_or(f64::NAN, |row| numbers[row]);
        Some((0..self.len()).map(number).collect())
    }

    /// What a sample's targets say, as numbers; NaN where one is missing.
    pub(in crate::task) fn numbers(&self, sample: usize) -> Result<Vec<f64>, TableError> {
        let number = |(k, column): (usize, &Column<'a>)| {
            self.told(sample, k).map_or(Ok(f64::NAN), |row| column.number(row))
        };
        self.columns.iter().enumerate().map(number).collect()
    }

    /// The table's row that tells a sample's target.
    fn told(&self, sample: usize, target: usize) -> Option<usize> {
        self.samples[sample].targets.row(target, self.columns[target])
    }

    /// What is to be said of targets that are far beyond the rest.
    pub(in crate::task) fn outliers(&self) -> Result<Vec<Message>, Error> {
        let mut remarks = Vec::new();
        for (k, column) in self.columns.iter().enumerate() {
            let rows: Vec<usize> = (0..self.len()).filter_map(|sample| self.told(sample, k)).collect();
            let values = rows.iter().map(|&row| column.number(row)).collect::<Result<Vec<_>, _>>()?;
            remarks.extend(outlier::check(&values, |n| column.place(rows[n]))?);
        }
        Ok(remarks)
    }

    /// The targets that are far beyond those in training, which have these statistics.
    pub(in crate::task) fn remarks_on_far(&self, scalings: &[Scaling]) -> Vec<Message> {
        let remark = |(k, (&column, &scaling)): (usize, (&Column<'_>, &Scaling))| {
            let rows = (0..self.len()).filter_map(|sample| self.told(sample, k));
            let cell = |row| column.number(row).ok().map(|value| (row, value, scaling.scale(value)));
            outlier::beyond_training(column, rows.filter_map(cell), scaling, "")
        };
        self.columns.iter().zip(scalings).enumerate().filter_map(remark).collect()
    }

    /// Where a sample's first target is.
    pub(in crate::task) fn place(&self, sample: usize) -> Place<'a> {
        match self.told(sample, 0) {
            Some(row) => self.columns[0].place(row),
            None => self.whole(0),
        }
    }

    /// A column of targets as a place.
    pub(in crate::task) fn whole(&self, target: usize) -> Place<'a> {
        self.columns[target].whole()
    }
}

/// The error about data in which no target is known.
pub(in crate::task) fn nothing_told(place: impl ToString) -> DataError {
    let message = Message::from("has no value to learn or to compare with; choose another ").option("target");
    DataError::new(place, message)
}

/// Do two cells say the same? In a column of numbers `10` and `10.0` do.
fn same(column: Column<'_>, a: usize, b: usize) -> bool {
    column.text(a) == column.text(b)
        || column.numbers_or_gaps().is_some_and(|numbers| numbers[a] == numbers[b])
}

/// The row that tells a sequence's target.
fn label(groups: &Groups<'_>, sequence: usize, column: Column<'_>) -> Result<Option<usize>, DataError> {
    let mut told = groups.rows[sequence].iter().copied().filter(|&row| !column.is_missing(row));
    let Some(first) = told.next() else { return Ok(None) };
    match told.find(|&row| !same(column, first, row)) {
        None => Ok(Some(first)),
        Some(other) => {
            let message = format!(
                "sequence {:?} has target {:?} in line {} and {:?} in line {}; give one per sequence",
                groups.name(sequence),
                column.text(first),
                column.line(first),
                column.text(other),
                column.line(other)
            );
            Err(DataError::new(column.whole(), message))
        }
    }
}
