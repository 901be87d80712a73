use std::collections::HashMap;
use std::sync::OnceLock;

use super::number;
use super::{Table, TableError};
use crate::error::Message;

/// More columns than this are refused: a table is meant to be long, not wide.
pub(super) const MAX_COLUMNS: usize = 100_000;

/// A table in the making: what a reader of a format fills, row by row.
#[derive(Debug)]
pub(super) struct Builder {
    name: String,
    headers: Vec<String>,
    text: String,
    ends: Vec<usize>,
    lines: Vec<u64>,
    /// What stands between the cells of a row in the file.
    pub(super) separator: char,
    /// See [`Table::remarks`].
    pub(super) remarks: Vec<Message>,
    /// See [`Table::made_time`].
    pub(super) made_time: Option<&'static str>,
}

impl Builder {
    /// Begins a table with its columns' names, which stand in this line.
    ///
    /// # Errors
    /// That of a name; or if there are too many, or one is empty, or two are the same.
    pub(super) fn new<'h>(
        name: &str,
        line: u64,
        headers: impl ExactSizeIterator<Item = Result<&'h str, TableError>>,
    ) -> Result<Self, TableError> {
        let table = || name.to_owned();
        if headers.len() > MAX_COLUMNS {
            return Err(TableError::TooManyColumns { table: table(), line, found: headers.len() });
        }
        let (mut names, mut seen) = (Vec::new(), HashMap::new());
        for (n, header) in headers.enumerate() {
            let (number, header) = (n + 1, header?.trim());
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
        let (text, ends, lines) = (String::new(), Vec::new(), Vec::new());
        let (name, remarks) = (table(), Vec::new());
        Ok(Builder { name, headers: names, text, ends, lines, separator: ',', remarks, made_time: None })
    }

    /// Adds a row, which begins in this line.
    ///
    /// # Errors
    /// If it has not as many cells as there are columns; or that of a cell.
    pub(super) fn row<'c>(
        &mut self,
        line: u64,
        cells: impl ExactSizeIterator<Item = Result<&'c str, TableError>>,
    ) -> Result<(), TableError> {
        let (expected, found) = (self.headers.len(), cells.len());
        if found != expected {
            let (table, separator) = (self.name.clone(), self.separator);
            return Err(TableError::Ragged { table, line, expected, found, separator });
        }
        for cell in cells {
            self.text.push_str(cell?.trim());
            self.ends.push(self.text.len());
        }
        self.lines.push(line);
        Ok(())
    }

    /// The table, its cells typed.
    ///
    /// # Errors
    /// If it has no rows.
    pub(super) fn finish(self) -> Result<Table, TableError> {
        let Builder { name, headers, mut text, mut ends, mut lines, separator, remarks, made_time } = self;
        if lines.is_empty() {
            return Err(TableError::NoRows { table: name });
        }
        text.shrink_to_fit();
        ends.shrink_to_fit();
        lines.shrink_to_fit();
        let times = headers.iter().map(|_| OnceLock::new()).collect();
        let mut table =
            Table { name, headers, text, ends, lines, values: Vec::new(), times, remarks, made_time };
        let usual_decimal = match separator {
            ',' => Some('.'),
            ';' => Some(','),
            _ => None,
        };
        let typing = number::type_columns(&mut table, usual_decimal);
        table.remarks.extend(typing);
        Ok(table)
    }
}
