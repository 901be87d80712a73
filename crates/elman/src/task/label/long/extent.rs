//! A large table and what is known of its rows.

use std::ops::Range;
use std::sync::Arc;

use super::survey::{Roles, Survey, TOGETHER, Why};
use crate::error::{Error, Message};
use crate::table::{Column, Long, Table};
use crate::task::grouped::{GroupedTask, Groups, Labels, Strata};
use crate::words::counted;

/// Sequences of fewer chunks on average are learned from in memory, if that is large enough.
const CHUNKS_OF_SEQUENCE: usize = 4;

/// A large table whose rows can be read part by part.
#[derive(Clone, Debug)]
pub(in crate::task::label) struct Extent {
    pub(super) long: Arc<Long>,
    pub(super) survey: Arc<Survey>,
}

/// Rows that were read together.
pub(super) struct Read {
    pub(super) table: Table,
    /// The number of its first row in the whole.
    pub(super) first: usize,
}

impl Extent {
    /// What is known of the rows of a table, once it has been gone through.
    pub(super) fn of(long: &Arc<Long>, roles: &Roles) -> Result<Result<Self, Why>, Error> {
        let survey = match long.known(|survey: &Survey| survey.roles == *roles) {
            Some(survey) => survey,
            None => match Survey::of(long, roles)? {
                Ok(survey) => {
                    let survey = Arc::new(survey);
                    long.keep(Arc::clone(&survey));
                    survey
                }
                Err(why) => return Ok(Err(why)),
            },
        };
        let extent = Extent { long: Arc::clone(long), survey };
        // A chunk would be read again for each sequence in it.
        let are_short =
            extent.sequences().len() > 1 && extent.sequences().len() * CHUNKS_OF_SEQUENCE > long.num_chunks();
        if are_short && long.fits_in_memory() {
            let count = counted(extent.num_rows() / extent.sequences().len(), "row");
            return Ok(Err(format!("its sequences are short, of {count} on average")));
        }
        Ok(Ok(extent))
    }

    /// The number of rows.
    pub(in crate::task::label) fn num_rows(&self) -> usize {
        self.survey.rows.last().copied().unwrap_or(0)
    }

    /// The number of rows that have a target.
    pub(in crate::task::label) fn num_labelled(&self) -> usize {
        self.survey.labelled.last().copied().unwrap_or(0)
    }

    /// The rows of each sequence.
    pub(in crate::task::label) fn sequences(&self) -> &[Range<usize>] {
        &self.survey.sequences
    }

    /// How many rows of a sequence have a target.
    pub(in crate::task::label) fn labelled_of(&self, sequence: usize) -> usize {
        self.survey.labelled_of[sequence]
    }

    /// What a sequence is called.
    pub(in crate::task::label) fn name(&self, sequence: usize) -> &str {
        &self.survey.names[sequence]
    }

    /// Of which strata the labelled rows of each sequence are.
    ///
    /// # Errors
    /// If the file has changed, or a target is none.
    pub(super) fn strata<T: GroupedTask>(&self, task: &T) -> Result<Strata, Error> {
        let mut strata = Strata::new();
        if task.stratum_name(0).is_none() {
            for (n, &count) in self.survey.labelled_of.iter().enumerate().filter(|(_, count)| **count > 0) {
                strata.insert(n, [(0, count)].into());
            }
            return Ok(strata);
        }
        let mut n = 0;
        for read in self.read(0..self.num_rows()) {
            let Read { table, first } = read?;
            for (row, target) in told(task, &table, 0..table.num_rows(), None)?.targets {
                while self.survey.sequences[n].end <= first + row {
                    n += 1;
                }
                *strata.entry(n).or_default().entry(T::stratum(&target)).or_default() += 1;
            }
        }
        Ok(strata)
    }

    /// The rows of a chunk.
    pub(super) fn rows_of(&self, chunk: usize) -> Range<usize> {
        self.survey.rows[chunk]..self.survey.rows[chunk + 1]
    }

    /// The chunk that holds a row.
    pub(super) fn chunk_of(&self, row: usize) -> usize {
        self.survey.chunk_of(row)
    }

    /// The chunks that hold some rows.
    pub(super) fn chunks_of(&self, rows: Range<usize>) -> Vec<usize> {
        match rows.is_empty() {
            true => Vec::new(),
            false => (self.chunk_of(rows.start)..=self.chunk_of(rows.end - 1)).collect(),
        }
    }

    /// Reads the chunks of some rows, a few at a time.
    pub(super) fn read(&self, rows: Range<usize>) -> impl Iterator<Item = Result<Read, Error>> {
        let chunks = self.chunks_of(rows);
        (0..chunks.len()).step_by(TOGETHER).map(move |start| {
            let chunks = &chunks[start..chunks.len().min(start + TOGETHER)];
            Ok(Read { table: self.long.read(chunks)?, first: self.survey.rows[chunks[0]] })
        })
    }

    /// The rows of some chunks, and the number of each in the whole.
    pub(super) fn sample(&self, chunks: &[usize]) -> Result<(Table, Vec<usize>), Error> {
        Ok((self.long.read(chunks)?, chunks.iter().flat_map(|&chunk| self.rows_of(chunk)).collect()))
    }

    /// How many rows before this one have a target.
    ///
    /// # Errors
    /// If the file has changed.
    pub(in crate::task::label) fn labelled_before(&self, row: usize) -> Result<usize, Error> {
        if self.num_labelled() == self.num_rows() || row == self.num_rows() {
            return Ok(if row == self.num_rows() { self.num_labelled() } else { row });
        }
        let chunk = self.chunk_of(row);
        let table = self.long.read(&[chunk])?;
        let targets = self.targets(&table)?;
        let before = (0..row - self.survey.rows[chunk]).filter(|&row| is_labelled(&targets, row)).count();
        Ok(self.survey.labelled[chunk] + before)
    }

    /// The row after the last of so many that have a target, the first; all rows if they are all.
    ///
    /// # Errors
    /// If the file has changed.
    pub(in crate::task::label) fn end_of_labelled(&self, count: usize) -> Result<usize, Error> {
        match count == 0 || count >= self.num_labelled() {
            true => Ok(self.num_rows()),
            false => Ok(self.labelled_row(count - 1)? + 1),
        }
    }

    /// The row with so many labelled ones before it that has a target itself, which must be there.
    ///
    /// # Errors
    /// If the file has changed.
    pub(super) fn labelled_row(&self, before: usize) -> Result<usize, Error> {
        let chunk = self.survey.labelled.partition_point(|&count| count <= before) - 1;
        let table = self.long.read(&[chunk])?;
        let targets = self.targets(&table)?;
        let mut labelled = (0..table.num_rows()).filter(|&row| is_labelled(&targets, row));
        Ok(self.survey.rows[chunk] + labelled.nth(before - self.survey.labelled[chunk]).unwrap_or(0))
    }

    fn targets<'t>(&self, table: &'t Table) -> Result<Vec<Column<'t>>, Error> {
        let targets = self.survey.roles.targets.iter().map(|name| table.column(name));
        Ok(targets.collect::<Result<_, _>>()?)
    }
}

/// The targets of rows.
pub(super) struct Told<T> {
    /// Of those that have some, by their place in the table.
    pub(super) targets: Vec<(usize, T)>,
    /// How many rows have some of several targets.
    pub(super) partly: usize,
}

/// The targets of these rows of a table; beside them what is to be said of values that are new to the model, if that is asked
/// for.
pub(super) fn told<T: GroupedTask>(
    task: &T,
    table: &Table,
    rows: Range<usize>,
    remarks: Option<&mut Vec<Message>>,
) -> Result<Told<T::Target>, Error> {
    // Where nothing is asked for, there need be no targets.
    if rows.is_empty() {
        return Ok(Told { targets: Vec::new(), partly: 0 });
    }
    let (groups, columns) =
        (Groups::of_one(table.num_rows()), Labels::columns(table, &task.grouping().targets)?);
    let labels = Labels::rows(&groups, &[(0, rows)], columns);
    if let Some(remarks) = remarks {
        remarks.extend(task.remarks_on_far(&labels));
    }
    let targets = if labels.len() == 0 { Vec::new() } else { task.targets(&labels)? };
    let places = labels.samples.iter().map(|sample| sample.rows.start);
    Ok(Told { targets: places.zip(targets).collect(), partly: labels.count_partly() })
}

fn is_labelled(targets: &[Column<'_>], row: usize) -> bool {
    targets.iter().any(|target| !target.is_missing(row))
}
