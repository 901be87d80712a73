//! A large table and what is known of its rows.

use std::ops::Range;
use std::sync::Arc;

use super::survey::{Roles, Survey, TOGETHER, Why};
use crate::error::Error;
use crate::table::{Column, Long, Table};

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
                Ok(survey) => Arc::new(survey),
                Err(why) => return Ok(Err(why)),
            },
        };
        long.keep(Arc::clone(&survey));
        Ok(Ok(Extent { long: Arc::clone(long), survey }))
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

    /// The rows of a chunk.
    pub(super) fn rows_of(&self, chunk: usize) -> Range<usize> {
        self.survey.rows[chunk]..self.survey.rows[chunk + 1]
    }

    /// The chunk that holds a row.
    pub(super) fn chunk_of(&self, row: usize) -> usize {
        self.survey.rows.partition_point(|&first| first <= row) - 1
    }

    /// Reads the chunks of some rows, a few at a time.
    pub(super) fn read(&self, rows: Range<usize>) -> impl Iterator<Item = Result<Read, Error>> {
        let chunks: Vec<usize> = match rows.is_empty() {
            true => Vec::new(),
            false => (self.chunk_of(rows.start)..=self.chunk_of(rows.end - 1)).collect(),
        };
        (0..chunks.len()).step_by(TOGETHER).map(move |start| {
            let chunks = &chunks[start..chunks.len().min(start + TOGETHER)];
            Ok(Read { table: self.long.read(chunks)?, first: self.survey.rows[chunks[0]] })
        })
    }

    /// The chunks from which statistics are taken, and the number of each of their rows in the whole.
    pub(super) fn sample(&self) -> Result<(Table, Vec<usize>), Error> {
        let chunks = &self.survey.sample;
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
        if count >= self.num_labelled() || count == 0 {
            return Ok(self.num_rows());
        }
        let chunk = self.survey.labelled.partition_point(|&before| before < count) - 1;
        let table = self.long.read(&[chunk])?;
        let targets = self.targets(&table)?;
        let labelled = (0..table.num_rows()).filter(|&row| is_labelled(&targets, row));
        let last = labelled.take(count - self.survey.labelled[chunk]).last().unwrap_or(0);
        Ok(self.survey.rows[chunk] + last + 1)
    }

    fn targets<'t>(&self, table: &'t Table) -> Result<Vec<Column<'t>>, Error> {
        let targets = self.survey.roles.targets.iter().map(|name| table.column(name));
        Ok(targets.collect::<Result<_, _>>()?)
    }
}

fn is_labelled(targets: &[Column<'_>], row: usize) -> bool {
    targets.iter().any(|target| !target.is_missing(row))
}
