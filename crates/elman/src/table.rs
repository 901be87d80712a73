//! A CSV file, read into named columns of text cells.
//!
//! This is the first station of the data's way, and it knows nothing of what the cells mean. They
//! stay text until a [`Column`] is asked for numbers, so that a column of names does no harm and the
//! error about a bad number can quote what the file says.
//!
//! The format is RFC 4180 with some leave: fields are separated by commas; a field whose first
//! character is a quote may hold commas, quotes written twice and line breaks; lines end with LF,
//! CRLF or CR; a byte order mark, blank lines and blanks around a cell are dropped. The first line
//! names the columns. The text is UTF-8. Whatever else is met is a [`TableError`] that names its
//! place; no bytes cause a panic.
//!
//! ```
//! # fn main() -> Result<(), elman::table::TableError> {
//! use elman::table::Table;
//!
//! let table = Table::read("sales.csv", "date, units\n2024-01-01, 3\n2024-01-02, 4.5\n".as_bytes())?;
//! assert_eq!(table.column("units")?.numbers()?, [3.0, 4.5]);
//! assert_eq!(
//!     table.column("date")?.number(1).unwrap_err().to_string(),
//!     r#"sales.csv, line 3, column "date": "2024-01-02" is not a number; write one such as 12 or 3.5"#
//! );
//! # Ok(())
//! # }
//! ```

mod error;
mod nearest;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

pub use error::TableError;
pub use nearest::nearest;

/// More columns than this are refused: a table is meant to be long, not wide.
const MAX_COLUMNS: usize = 100_000;

/// A table of text cells, with at least one row, and a distinct name for every column.
///
/// It holds the text of its cells once, 8 bytes more per cell and 8 per row: two to three times the
/// size of a file of ordinary numbers, and never above twelve times (a file of nothing but commas
/// and line breaks). While it is read, the file's bytes are held as well.
#[derive(Debug, Clone)]
pub struct Table {
    name: String,
    headers: Vec<String>,
    /// The trimmed cells, one after another, row by row.
    text: String,
    /// Where each cell ends in `text`; it begins where the one before it ends.
    ends: Vec<usize>,
    /// The line of the file on which each row begins.
    lines: Vec<u64>,
}

impl Table {
    /// Reads the CSV file at `path`, which stands in error messages as it is written here.
    pub fn open(path: &Path) -> Result<Table, TableError> {
        let name = path.display().to_string();
        // Linux opens a directory without complaint and fails at the first read.
        let opened = if path.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { File::open(path) };
        match opened {
            Ok(file) => Table::read(&name, file),
            Err(error) => Err(TableError::Open { table: name, error }),
        }
    }

    /// Reads CSV from `reader`; `name` stands for the file in error messages, as in
    /// `airline.csv (built in)`.
    pub fn read(name: &str, mut reader: impl Read) -> Result<Table, TableError> {
        let mut bytes = Vec::new();
        match reader.read_to_end(&mut bytes) {
            Ok(_) => Table::parse(name, &bytes),
            Err(error) => {
                let line = 1 + count_line_breaks(&bytes);
                Err(TableError::Read { table: name.to_owned(), line, error })
            }
        }
    }

    fn parse(name: &str, bytes: &[u8]) -> Result<Table, TableError> {
        let mut records = Records::new(name, bytes);
        if !records.advance()? {
            return Err(TableError::Empty { table: name.to_owned() });
        }
        let headers = parse_headers(&records)?;

        let (mut text, mut ends, mut lines) = (String::new(), Vec::new(), Vec::new());
        while records.advance()? {
            if records.fields.len() != headers.len() {
                return Err(TableError::Ragged {
                    table: name.to_owned(),
                    line: records.line,
                    expected: headers.len(),
                    found: records.fields.len(),
                });
            }
            for field in 0..headers.len() {
                text.push_str(records.text(field)?);
                ends.push(text.len());
            }
            lines.push(records.line);
        }
        if lines.is_empty() {
            return Err(TableError::NoRows { table: name.to_owned() });
        }
        text.shrink_to_fit();
        ends.shrink_to_fit();
        lines.shrink_to_fit();
        Ok(Table { name: name.to_owned(), headers, text, ends, lines })
    }

    /// What stands for the file in error messages: its path, or the name given to [`Table::read`].
    pub fn name(&self) -> &str {
        &self.name
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
        self.headers.iter().any(|header| header == name)
    }

    /// The column with exactly this name, or [`TableError::MissingColumn`].
    pub fn column(&self, name: &str) -> Result<Column<'_>, TableError> {
        match self.headers.iter().position(|header| header == name) {
            Some(index) => Ok(Column { table: self, index }),
            None => Err(TableError::MissingColumn {
                table: self.name.clone(),
                column: name.to_owned(),
                nearest: nearest(name, self.headers.iter().map(String::as_str)).map(str::to_owned),
                available: self.headers.clone(),
            }),
        }
    }

    /// The columns from left to right.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = Column<'_>> {
        (0..self.headers.len()).map(|index| Column { table: self, index })
    }
}

/// One column of a [`Table`]: a cell for every row, counted from 0.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    table: &'a Table,
    index: usize,
}

impl<'a> Column<'a> {
    /// The column's name in the header.
    pub fn name(&self) -> &'a str {
        &self.table.headers[self.index]
    }

    /// The line of the file, counted from 1, on which this row begins.
    ///
    /// # Panics
    /// If `row` is not below [`Table::num_rows`].
    pub fn line(&self, row: usize) -> u64 {
        self.table.lines[row]
    }

    /// The cell's text without the blanks around it.
    ///
    /// # Panics
    /// If `row` is not below [`Table::num_rows`].
    pub fn text(&self, row: usize) -> &'a str {
        let Table { headers, text, ends, lines, .. } = self.table;
        assert!(row < lines.len(), "row {row} of a table of {} rows", lines.len());
        let cell = row * headers.len() + self.index;
        let begin = if cell == 0 { 0 } else { ends[cell - 1] };
        &text[begin..ends[cell]]
    }

    /// The text of every cell, from the first row to the last.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        let column = *self;
        (0..column.table.num_rows()).map(move |row| column.text(row))
    }

    /// The cell as a finite number: what [`f64`] parses from text, less NaN and the infinities.
    ///
    /// # Panics
    /// If `row` is not below [`Table::num_rows`].
    pub fn number(&self, row: usize) -> Result<f64, TableError> {
        let text = self.text(row);
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(number),
            parsed => {
                let (table, line) = (self.table.name.clone(), self.line(row));
                let (column, text) = (self.name().to_owned(), text.to_owned());
                Err(match parsed {
                    Ok(_) => TableError::NotFinite { table, line, column, text },
                    Err(_) if text.is_empty() => TableError::EmptyCell { table, line, column },
                    Err(_) => TableError::NotANumber { table, line, column, text },
                })
            }
        }
    }

    /// Every cell as a finite number, or the error of the first that is none.
    pub fn numbers(&self) -> Result<Vec<f64>, TableError> {
        (0..self.table.num_rows()).map(|row| self.number(row)).collect()
    }

    /// Whether every cell is a finite number, which is whether [`Column::numbers`] succeeds.
    pub fn is_numeric(&self) -> bool {
        self.texts().all(|text| text.parse().is_ok_and(f64::is_finite))
    }
}

/// The header's names, once they are fit to be asked for.
fn parse_headers(records: &Records<'_>) -> Result<Vec<String>, TableError> {
    let (table, line) = (|| records.name.to_owned(), records.line);
    let num_columns = records.fields.len();
    if num_columns > MAX_COLUMNS {
        return Err(TableError::TooManyColumns { table: table(), line, found: num_columns });
    }
    let mut headers: Vec<String> = Vec::new();
    let mut seen = HashMap::new();
    for field in 0..num_columns {
        let header = records.text(field)?;
        let number = field + 1;
        if num_columns == 1
            && let Some(separator) = header.chars().find(|&c| c == ';' || c == '\t')
            && !records.raw().starts_with(b"\"")
        {
            return Err(TableError::Separator { table: table(), line, separator });
        }
        if header.is_empty() {
            return Err(TableError::EmptyHeader { table: table(), line, number });
        }
        if let Some(first) = seen.insert(header, number) {
            let column = header.to_owned();
            return Err(TableError::DuplicateHeader { table: table(), line, column, first, second: number });
        }
        headers.push(header.to_owned());
    }
    Ok(headers)
}

/// Goes through the records of a CSV file, knowing on which line each of them begins.
///
/// The crate `csv` splits the fields. Lines are counted here, because its own count of a record is
/// that of the blank lines before it, and behind by one where lines end with CRLF.
struct Records<'b> {
    name: &'b str,
    bytes: &'b [u8],
    reader: csv::Reader<&'b [u8]>,
    fields: csv::ByteRecord,
    /// Where the current record begins and ends in `bytes`.
    begin: usize,
    end: usize,
    line: u64,
}

impl<'b> Records<'b> {
    fn new(name: &'b str, bytes: &'b [u8]) -> Records<'b> {
        let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
        // `flexible`: the number of fields is checked by the table, which words the error.
        let reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        Records { name, bytes, reader, fields: csv::ByteRecord::new(), begin: 0, end: 0, line: 1 }
    }

    /// Goes to the next record that is not blank; false at the end of the file.
    fn advance(&mut self) -> Result<bool, TableError> {
        loop {
            match self.reader.read_byte_record(&mut self.fields) {
                Ok(true) => self.find_place(),
                Ok(false) => return Ok(false),
                Err(error) => {
                    let (table, error) = (self.name.to_owned(), io::Error::from(error));
                    return Err(TableError::Read { table, line: self.line, error });
                }
            }
            // Only the file's end can cut a quoted field short.
            if self.end == self.bytes.len() && ends_inside_quotes(self.raw()) {
                return Err(TableError::UnclosedQuote { table: self.name.to_owned(), line: self.line });
            }
            if !self.raw().trim_ascii().is_empty() {
                return Ok(true);
            }
        }
    }

    /// Brings `begin`, `end` and `line` up to the record that was just read.
    fn find_place(&mut self) {
        let read = usize::try_from(self.reader.position().byte()).unwrap_or(usize::MAX);
        let end = read.clamp(self.end, self.bytes.len());
        // `csv` leaves the LF of a CRLF, and the blank lines after it, in front of the next record.
        let breaks =
            self.bytes[self.end..end].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let begin = self.end + breaks;
        self.line += count_line_breaks(&self.bytes[self.begin..begin]);
        (self.begin, self.end) = (begin, end);
    }

    /// The record as the file has it.
    fn raw(&self) -> &'b [u8] {
        &self.bytes[self.begin..self.end]
    }

    /// A field of the record, without the blanks around it.
    fn text(&self, field: usize) -> Result<&str, TableError> {
        let bytes = &self.fields[field];
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text.trim()),
            Err(error) => Err(TableError::NotUtf8 {
                table: self.name.to_owned(),
                line: self.line,
                number: field + 1,
                byte: bytes[error.valid_up_to()],
            }),
        }
    }
}

/// The number of line breaks: LF, CRLF or CR.
fn count_line_breaks(bytes: &[u8]) -> u64 {
    let mut previous = 0;
    let mut breaks = 0;
    for &byte in bytes {
        // The LF of a CRLF was counted with its CR.
        breaks += u64::from(byte == b'\r' || (byte == b'\n' && previous != b'\r'));
        previous = byte;
    }
    breaks
}

/// Whether the file's last record ends in a quoted field that is never closed. `csv` accepts that
/// and takes the rest of the file for one cell.
fn ends_inside_quotes(record: &[u8]) -> bool {
    enum At {
        FieldStart,
        Plain,
        Quoted,
        /// After a quote in a quoted field: the first of a doubled quote, or the closing one.
        Quote,
    }
    let end = record.iter().fold(At::FieldStart, |at, byte| match (at, byte) {
        (At::FieldStart | At::Quote, b'"') => At::Quoted,
        (At::Quoted, b'"') => At::Quote,
        (At::Quoted, _) => At::Quoted,
        (_, b',') => At::FieldStart,
        _ => At::Plain,
    });
    matches!(end, At::Quoted)
}
