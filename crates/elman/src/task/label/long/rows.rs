//! The rows of a large table as sequences to learn from, a stretch at a time.

use std::ops::Range;

use super::extent::{Extent, Told, told};
use crate::error::{Error, Message};
use crate::file::Blocks;
use crate::loss::Targets;
use crate::sequence::{Example, Source};
use crate::table::Table;
use crate::task::feature::Cells;
use crate::task::grouped::GroupedTask;
use crate::task::label::fit::to_learn;

/// Chunks that are kept for the next stretch of a sequence.
const ROOM: usize = 256;

/// Stretches of a large table's sequences.
#[derive(Debug)]
pub(super) struct Rows<T> {
    extent: Extent,
    task: T,
    /// Which rows of the table, and how many of the first are read and count nothing.
    spans: Vec<(Range<usize>, usize)>,
    /// The inputs of each chunk's rows, and behind them the targets.
    blocks: Blocks<f64>,
}

impl<T: GroupedTask> Rows<T> {
    pub(super) fn new(extent: &Extent, task: &T, spans: Vec<(Range<usize>, usize)>) -> Self {
        Rows { extent: extent.clone(), task: task.clone(), spans, blocks: Blocks::new(1, ROOM) }
    }

    /// A chunk's block.
    fn block(&self, chunk: usize) -> Result<Vec<f64>, Error> {
        let count = self.extent.rows_of(chunk).len();
        let table = self.extent.long.read(&[chunk])?;
        let part = Part::of(&self.task, &table, 0..count, 0..count, None)?;
        let told = part.told.iter().map(|(place, target)| (*place, target));
        let targets = to_learn(&self.task, 0..count, told);
        let mut block = part.x;
        match targets {
            Targets::Values(values) => block.extend(values),
            Targets::Classes(classes) => block.extend(classes.into_iter().map(class_as_number)),
        }
        Ok(block)
    }
}

/// A class as a number, and back: the one that stands for none has no exact one.
fn class_as_number(class: usize) -> f64 {
    if class == crate::loss::UNLABELLED { f64::NAN } else { class as f64 }
}

fn number_as_class(number: f64) -> usize {
    if number.is_nan() { crate::loss::UNLABELLED } else { number as usize }
}

impl<T: GroupedTask> Source for Rows<T> {
    fn count(&self) -> usize {
        self.spans.len()
    }

    fn input_size(&self) -> usize {
        self.task.grouping().input_size()
    }

    fn length(&self, n: usize) -> usize {
        self.spans[n].0.len()
    }

    fn read(&self, n: usize, time: Range<usize>) -> Result<Example<f64>, Error> {
        let (rows, silent) = &self.spans[n];
        let (mut at, end) = (rows.start + time.start, rows.start + time.end);
        let width = self.input_size();
        let (mut x, mut targets) = (Vec::with_capacity(time.len() * width), Vec::new());
        let mut of_row = 1;
        while at < end {
            let chunk = self.extent.chunk_of(at);
            let of_chunk = self.extent.rows_of(chunk);
            let block = self.blocks.get(chunk, || self.block(chunk))?;
            of_row = block.len() / of_chunk.len() - width;
            let last = of_chunk.end.min(end);
            let places = at - of_chunk.start..last - of_chunk.start;
            x.extend_from_slice(&block[places.start * width..places.end * width]);
            let told = &block[of_chunk.len() * width..];
            targets.extend_from_slice(&told[places.start * of_row..places.end * of_row]);
            at = last;
        }
        let silent = silent.saturating_sub(time.start).min(time.len());
        targets[..silent * of_row].fill(f64::NAN);
        let targets = match self.task.unlabelled() {
            Targets::Values(_) => Targets::Values(targets),
            Targets::Classes(_) => Targets::Classes(targets.into_iter().map(number_as_class).collect()),
        };
        Ok(Example { x, targets })
    }

    fn fingerprint(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.extent.long.fingerprint());
        for (rows, silent) in &self.spans {
            for number in [rows.start, rows.end, *silent] {
                hasher.update(&(number as u64).to_le_bytes());
            }
        }
        // What is an input, and how it is scaled.
        hasher.update(format!("{:?}", self.task).as_bytes());
        hasher.finalize()
    }
}

/// Rows of a table that was read, as a fitted task reads them.
pub(super) struct Part<T: GroupedTask> {
    /// The inputs of its rows, `[rows, I]`.
    pub(super) x: Vec<f64>,
    /// The targets of those that have some and are asked for, by their place among the rows.
    pub(super) told: Vec<(usize, T::Target)>,
    /// How many of them lack others.
    pub(super) partly: usize,
}

impl<T: GroupedTask> Part<T> {
    /// These rows of a table, and the targets of some of them; beside them what is to be said of values that are new to the
    /// model, if that is asked for.
    pub(super) fn of(
        task: &T,
        table: &Table,
        rows: Range<usize>,
        tested: Range<usize>,
        remarks: Option<&mut Vec<Message>>,
    ) -> Result<Self, Error> {
        let grouping = task.grouping();
        let mut said = Vec::new();
        let cells =
            grouping.features.iter().map(|feature| feature.cells(table.column(&feature.name)?, &mut said));
        let cells: Vec<Cells<'_>> = cells.collect::<Result<_, _>>()?;
        let places: Vec<usize> = rows.clone().collect();
        let x = grouping.inputs(&cells, &places, 0);
        let Told { targets, partly } = told(task, table, tested, remarks.is_some().then_some(&mut said))?;
        if let Some(remarks) = remarks {
            said.extend(grouping.remarks_on_far(table, &cells, rows.clone())?);
            remarks.append(&mut said);
        }
        let told = targets.into_iter().map(|(row, target)| (row - rows.start, target)).collect();
        Ok(Part { x, told, partly })
    }
}
