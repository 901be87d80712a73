use std::collections::HashMap;

use super::cells::Texts;
use super::column::Data;
use super::lines::Lines;
use super::{Hints, Table, TableError, binary, join, number};
use crate::error::Message;

/// More columns than this are refused: a table is meant to be long, not wide.
pub(super) const MAX_COLUMNS: usize = 100_000;

/// A table in the making: its name, its columns' names, and what a reader found beside its cells.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) name: String,
    pub(super) headers: Vec<String>,
    /// See [`Table::remarks`].
    pub(super) remarks: Vec<Message>,
    pub(super) hints: Hints,
    /// What stands before the decimals where no column tells.
    pub(super) usual_decimal: Option<char>,
}

impl Head {
    /// Begins a table with its columns' names, which stand in this line.
    ///
    /// # Errors
    /// If there are too many, or one is empty, or two are the same.
    pub(super) fn new<'h>(
        name: &str,
        line: u64,
        headers: impl ExactSizeIterator<Item = &'h str>,
    ) -> Result<Self, TableError> {
        let table = || name.to_owned();
        if headers.len() > MAX_COLUMNS {
            return Err(TableError::TooManyColumns { table: table(), line, found: headers.len() });
        }
        let (mut names, mut seen) = (Vec::new(), HashMap::new());
        for (n, header) in headers.enumerate() {
            let (number, header) = (n + 1, header.trim());
            if header.is_empty() {
                return Err(TableError::EmptyHeader { table: table(), line, number });
            }
            if let Some(first) = seen.insert(header, number) {
                let column = header.to_owned();
                return Err(TableError::DuplicateHeader {
                    table: table(),
                    line,
                    column,
                    first,
                    second: number,
                });
            }
            names.push(header.to_owned());
        }
        let (name, headers, remarks) = (table(), names, Vec::new());
        Ok(Head { name, headers, remarks, hints: Hints::default(), usual_decimal: Some('.') })
    }

    /// The table of these columns, of which the reader knows the plain numbers.
    ///
    /// # Errors
    /// If it has no rows.
    pub(super) fn finish(self, mut lines: Lines, columns: Vec<Data>) -> Result<Table, TableError> {
        let Head { name, headers, remarks, hints, usual_decimal } = self;
        if lines.len() == 0 {
            return Err(TableError::NoRows { table: name });
        }
        lines.shrink_to_fit();
        let mut table = Table { name, headers, lines, columns, remarks, hints };
        let typing = number::type_columns(&mut table, usual_decimal);
        table.remarks.extend(typing.concat());
        let joined = join::date_and_clock(&mut table);
        table.remarks.extend(joined);
        Ok(table)
    }
}

/// A table whose cells come as text, row by row.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) head: Head,
    lines: Lines,
    columns: Vec<Texts>,
    /// Of more bytes than this no table is made: a short file may say much in few words.
    limit: u64,
    bytes: u64,
}

impl Builder {
    /// A table without rows, which may take so many bytes: those of its texts, and four for each cell.
    ///
    /// # Errors
    /// Those of [`Head::new`].
    pub(super) fn new<'h>(
        name: &str,
        line: u64,
        headers: impl ExactSizeIterator<Item = &'h str>,
        limit: u64,
    ) -> Result<Self, TableError> {
        let head = Head::new(name, line, headers)?;
        let columns = head.headers.iter().map(|_| Texts::default()).collect();
        Ok(Builder { head, lines: Lines::default(), columns, limit, bytes: 0 })
    }

    /// Adds a row, which begins in this line and has a cell for every column.
    ///
    /// # Errors
    /// If there is no place any more for a column's text, or for the table's.
    pub(super) fn row<'c>(
        &mut self,
        line: u64,
        cells: impl Iterator<Item = &'c str>,
    ) -> Result<(), TableError> {
        let too_large = |limit| TableError::TooLarge { table: self.head.name.clone(), limit };
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            let cell = cell.trim();
            // Four that say where it ends.
            self.bytes += 4 + cell.len() as u64;
            if self.bytes > self.limit {
                return Err(too_large(self.limit));
            }
            if !column.push(cell) {
                return Err(too_large(1 << 32));
            }
        }
        self.lines.push(line);
        Ok(())
    }

    /// The table, its cells typed.
    ///
    /// # Errors
    /// If it has no rows.
    pub(super) fn finish(self) -> Result<Table, TableError> {
        self.head.finish(self.lines, self.columns.into_iter().map(binary::kept).collect())
    }
}
