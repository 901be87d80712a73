//! Files in which every line is a row like the others, so that any of them can be read by themselves.

use std::ops::Range;
use std::sync::Arc;

use super::dialect::{Dialect, Header, Separator};
use super::located::Located;
use super::records::{Records, Unclosed};
use super::{Filling, most_rows};
use crate::error::Message;
use crate::table::cells::Cells;
use crate::table::column::Data;
use crate::table::{Hints, Table, TableError};

/// How such a file is written: names in its first line, and below them nothing but rows.
#[derive(Debug)]
pub(in crate::table) struct Plain {
    names: Vec<String>,
    separator: Separator,
    /// The bytes above the first row, which begins in the second line.
    pub(in crate::table) begin: usize,
}

/// Lines of a file that follow each other.
#[derive(Debug)]
pub(in crate::table) struct Lines {
    /// Where they stand in a text of some such.
    pub(in crate::table) bytes: Range<usize>,
    /// The number of the first in the file.
    pub(in crate::table) first: u64,
}

impl Plain {
    /// How a file of this name is written that begins with these lines, and what is to be said of that; nothing if its rows cannot
    /// be told by themselves.
    pub(in crate::table) fn of(name: &str, start: &str) -> Option<(Self, Vec<Message>)> {
        let dialect = Dialect::of(start);
        let is_plain = dialect.has_only_rows() && dialect.header == Header::FirstRow;
        if !is_plain || dialect.separator == Separator::Blanks {
            return None;
        }
        let mut records = Records::new(start, &dialect);
        let names: Vec<String> = records.advance().then(|| records.texts().ok())??;
        let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
        // A blank line or a break in a name would move the rows' lines.
        if names.iter().any(String::is_empty) || (records.line, records.end_line()) != (1, 1) {
            return None;
        }
        let behind = start.get(records.scan.at..)?;
        let begin = records.scan.at + behind.find('\n')? + 1;
        Some((Plain { names, separator: dialect.separator, begin }, dialect.remarks(name, 1)))
    }

    /// The names in the first line.
    pub(in crate::table) fn names(&self) -> &[String] {
        &self.names
    }

    /// What stands before decimals in such files, if that is usual.
    pub(in crate::table) fn usual_decimal(&self) -> Option<char> {
        self.separator.usual_decimal()
    }

    /// The rows in some lines of the file called so, which stand in this text: in a column of numbers with points before their
    /// decimals, numbers; in all others, texts.
    ///
    /// # Errors
    /// If a row has not a cell for each name, or a quote is never closed; or if there are no rows.
    pub(in crate::table) fn read(
        &self,
        name: &str,
        text: String,
        lines: &[Lines],
    ) -> Result<Table, TableError> {
        let width = self.names.len();
        let mut filling = Filling::new(width, most_rows(&text, width));
        for lines in lines {
            let mut records = Records::within(&text, lines.bytes.clone(), self.separator, lines.first);
            while records.advance() {
                let line = records.line;
                let table = || name.to_owned();
                let row = filling
                    .row(&mut records)
                    .map_err(|Unclosed| TableError::UnclosedQuote { table: table(), line })?;
                if row.found != width {
                    let (found, separator) = (row.found, self.separator.name());
                    return Err(TableError::Ragged {
                        table: table(),
                        line,
                        expected: width,
                        found,
                        separator,
                    });
                }
            }
        }
        let Filling { mut lines, marks, edits, columns } = filling;
        if lines.len() == 0 {
            return Err(TableError::NoRows { table: name.to_owned() });
        }
        lines.shrink_to_fit();
        let located = Arc::new(Located::new(text, self.separator, edits, marks, width));
        let data = |(place, typing)| Data::typed(Cells::InFile(Arc::clone(&located), place), typing);
        Ok(Table {
            name: name.to_owned(),
            headers: self.names.clone(),
            lines,
            columns: columns.into_iter().enumerate().map(data).collect(),
            remarks: Vec::new(),
            hints: Hints::default(),
        })
    }
}
