//! A file, read into named columns of values.
//!
//! This is the first station of the data's way. A file's content tells its format ([`read`] lists them);
//! its cells are typed once, when it is read: a column holds numbers or text, which is read as times
//! when it is asked for them. What is asked for and
//! not there is a [`TableError`] that names the place and quotes what the file says, so a column of names
//! does no harm until it is asked for numbers. No bytes cause a panic.
//!
//! ```
//! # fn main() -> Result<(), elman::table::TableError> {
//! use elman::table::Table;
//!
//! let table = Table::read("sales.csv", "date, units\n2024-01-01, 3\n2024-01-02, 4.5\n".as_bytes())?;
//! assert_eq!(table.column("units")?.numbers()?, [3.0, 4.5]);
//! let date = table.column("date")?;
//! assert_eq!(date.times()?[1].to_string(), "2024-01-02");
//! assert_eq!(date.place(1).to_string(), r#"sales.csv, line 3, column "date""#);
//! assert_eq!(
//!     date.number(1).unwrap_err().to_string(),
//!     r#"sales.csv, line 3, column "date": "2024-01-02" is not a number; write one such as 12 or 3.5"#
//! );
//! # Ok(())
//! # }
//! ```

mod append;
mod binary;
mod builder;
mod cells;
mod column;
mod columns;
mod document;
mod error;
mod join;
mod known;
mod lines;
mod long;
mod nearest;
mod number;
mod place;
mod ranges;
pub mod read;
mod recorded;
mod select;
#[cfg(test)]
mod tests;
mod time;
mod typing;
mod unpivot;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

pub use column::Column;
pub use columns::Cells;
pub(crate) use columns::numbers_in;
pub(crate) use document::Document;
pub use error::TableError;
pub(crate) use join::{are_other_clocks, is_clock, only, with_colons};
pub(crate) use long::Long;
pub use nearest::nearest;
pub(crate) use number::{EXACT, is_missing as stands_for_missing, name_of_number};
pub use place::Place;
pub(crate) use ranges::is_range;
pub(crate) use read::{Holds, TELLING, kind as kind_of_file};
pub use time::Time;
pub(crate) use time::{
    are_steps, count_distinct, is_even, is_month, is_mostly_even, mostly_times, names_month_or_weekday,
    rival, shared_clock, written_alike,
};
pub(crate) use unpivot::Entry;

use column::Data;
use lines::Lines;

use crate::error::Message;

/// A table with at least one row, and a distinct name for every column.
///
/// Of a text file (CSV) it holds the text, 8 bytes for each cell of a column of numbers, 4 bytes for each row (of up to 16
/// columns, and for each 16 more), and 8 for each row that is not simply the next line: 10 million rows of three numbers,
/// a file of 240 MB, take 520 MB. Other formats take no more than their text, 4 bytes for each cell of it, and 8 for each
/// number. Times that were asked for are 32 bytes each. While it is read, a file that is not UTF-8 is held twice.
#[derive(Debug, Clone)]
pub struct Table {
    name: String,
    headers: Vec<String>,
    /// The line of the file on which each row begins.
    lines: Lines,
    /// Each column's cells.
    columns: Vec<Data>,
    /// See [`Table::remarks`].
    remarks: Vec<Message>,
    hints: Hints,
}

/// What a file says, beside its columns, of how it is to be read.
#[derive(Clone, Copy, Debug, Default)]
struct Hints {
    /// See [`Table::made_time`].
    made_time: Option<&'static str>,
    /// See [`Table::made_id`].
    made_id: Option<&'static str>,
    /// See [`Table::horizon`].
    horizon: Option<usize>,
}

/// How a table is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadOptions {
    /// More bytes than this are refused, of the file and of what it holds packed: there an endless input ends. 2 GiB if
    /// nothing is said; text is read up to 4 GiB, whatever is said.
    pub limit: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions { limit: 2 << 30 }
    }
}

impl ReadOptions {
    /// With another limit, in bytes.
    #[must_use]
    pub fn with_limit(self, limit: u64) -> Self {
        Self { limit }
    }
}

impl Table {
    /// Reads the file at `path`, which stands in error messages as it is written here.
    ///
    /// # Errors
    /// If it cannot be read, or is no table.
    pub fn open(path: &Path) -> Result<Table, TableError> {
        Table::open_with(path, &ReadOptions::default())
    }

    /// As [`Table::open`], with options.
    ///
    /// # Errors
    /// Those of [`Table::open`].
    pub fn open_with(path: &Path, options: &ReadOptions) -> Result<Table, TableError> {
        let name = path.display().to_string();
        // Linux opens a directory without complaint and fails at the first read.
        let opened = if path.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { File::open(path) };
        match opened {
            Ok(file) => {
                // Of a pipe nothing is known.
                let size = file.metadata().map_or(0, |metadata| metadata.len());
                read::table(&name, file, size, options)
            }
            Err(error) => Err(TableError::Open { table: name, error }),
        }
    }

    /// Reads a table from `reader`; `name` stands for the file in error messages, as in
    /// `airline.csv (built in)`.
    ///
    /// # Errors
    /// If it cannot be read, or is no table.
    pub fn read(name: &str, reader: impl Read) -> Result<Table, TableError> {
        Table::read_with(name, reader, &ReadOptions::default())
    }

    /// As [`Table::read`], with options.
    ///
    /// # Errors
    /// Those of [`Table::read`].
    pub fn read_with(name: &str, reader: impl Read, options: &ReadOptions) -> Result<Table, TableError> {
        read::table(name, reader, 0, options)
    }

    /// What stands for the file in error messages: its path, or the name given to [`Table::read`].
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the user should know of how the file was read: what was guessed or put right.
    pub fn remarks(&self) -> &[Message] {
        &self.remarks
    }

    /// The column that numbers the steps of each sequence, if the file had none and its reader made one.
    pub fn made_time(&self) -> Option<&str> {
        self.hints.made_time
    }

    /// The column that numbers the sequences, if the file had none and its reader made one.
    pub(crate) fn made_id(&self) -> Option<&str> {
        self.hints.made_id
    }

    /// How many steps ahead forecasts are to look, if the file says so, as `.tsf` does.
    pub fn horizon(&self) -> Option<usize> {
        self.hints.horizon
    }

    /// The columns' names, from left to right: none is empty, no two are equal.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The number of rows, the header not counted: at least 1.
    pub fn num_rows(&self) -> usize {
        self.lines.len()
    }

    /// Whether a column has exactly this name.
    pub fn has_column(&self, name: &str) -> bool {
        self.position(name).is_some()
    }

    /// The number of the column with exactly this name, from 0 on.
    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.headers.iter().position(|header| header == name)
    }

    /// The column with exactly this name.
    ///
    /// # Errors
    /// [`TableError::MissingColumn`]
    pub fn column(&self, name: &str) -> Result<Column<'_>, TableError> {
        match self.position(name) {
            Some(index) => Ok(Column::new(self, index)),
            None => Err(TableError::MissingColumn {
                table: self.name.clone(),
                column: name.to_owned(),
                nearest: nearest(name, self.headers.iter().map(String::as_str)).map(str::to_owned),
                available: self.headers.clone(),
            }),
        }
    }

    /// The names of the columns that a text names: one, or several with commas between.
    ///
    /// # Errors
    /// If there is no column of a name.
    pub(crate) fn columns_named(&self, text: &str) -> Result<Vec<String>, TableError> {
        if self.has_column(text) {
            return Ok(vec![text.to_owned()]);
        }
        text.split(',').map(|name| Ok(self.column(name.trim())?.name().to_owned())).collect()
    }

    /// The column of the usual name for what it is, where this `option` names no other.
    ///
    /// # Errors
    /// If there is none.
    pub(crate) fn usual_column(
        &self,
        column: &'static str,
        what: &'static str,
        option: &'static str,
    ) -> Result<Column<'_>, TableError> {
        self.column(column).map_err(|_| TableError::NoUsualColumn {
            table: self.name.clone(),
            column,
            what,
            option,
            available: self.headers.clone(),
        })
    }

    /// The column of this number, counted from 0 on the left.
    ///
    /// # Panics
    /// If there is none.
    pub(crate) fn column_at(&self, number: usize) -> Column<'_> {
        assert!(number < self.headers.len(), "column {number} of {}", self.headers.len());
        Column::new(self, number)
    }

    /// The columns from left to right.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = Column<'_>> {
        (0..self.headers.len()).map(|index| Column::new(self, index))
    }
}
