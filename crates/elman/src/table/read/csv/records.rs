//! The records of a CSV file, one by one.

use std::io;

use super::super::count_line_breaks;
use super::dialect::Dialect;
use crate::table::TableError;

/// Goes through the records of a CSV file, knowing on which line each of them begins.
///
/// The crate `csv` splits the fields. Lines are counted here, because its own count of a record is
/// that of the blank lines before it, and behind by one where lines end with CRLF.
pub(super) struct Records<'b> {
    name: &'b str,
    bytes: &'b [u8],
    separator: u8,
    comment: Option<u8>,
    reader: csv::Reader<&'b [u8]>,
    fields: csv::StringRecord,
    /// Where the current record begins and ends in `bytes`.
    begin: usize,
    end: usize,
    pub(super) line: u64,
}

impl<'b> Records<'b> {
    pub(super) fn new(name: &'b str, text: &'b str, dialect: &Dialect) -> Records<'b> {
        let (before, text) = text.split_at(dialect.begin);
        let bytes = text.as_bytes();
        let reader = reader(bytes, dialect.separator, dialect.comment);
        let line = 1 + count_line_breaks(before.as_bytes());
        let (separator, comment) = (dialect.separator, dialect.comment);
        Records {
            name,
            bytes,
            separator,
            comment,
            reader,
            fields: csv::StringRecord::new(),
            begin: 0,
            end: 0,
            line,
        }
    }

    /// Goes to the next record that is not blank; false at the end of the file.
    pub(super) fn advance(&mut self) -> Result<bool, TableError> {
        loop {
            match self.reader.read_record(&mut self.fields) {
                Ok(true) => self.find_place(),
                Ok(false) => return Ok(false),
                Err(error) => {
                    let (table, error) = (self.name.to_owned(), io::Error::from(error));
                    return Err(TableError::Read { table, line: self.line, error });
                }
            }
            // Only the file's end can cut a quoted field short.
            if self.end == self.bytes.len() && ends_inside_quotes(self.raw(), self.separator) {
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
        // `csv` leaves the LF of a CRLF, the blank lines after it, and comments, in front of the next record.
        let mut begin = self.end;
        loop {
            let rest = &self.bytes[begin..end];
            let breaks = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
            begin += breaks;
            match rest.get(breaks) {
                Some(byte) if Some(*byte) == self.comment => {
                    begin += rest[breaks..].iter().take_while(|byte| **byte != b'\n').count();
                }
                _ => break,
            }
        }
        self.line += count_line_breaks(&self.bytes[self.begin..begin]);
        (self.begin, self.end) = (begin, end);
    }

    /// The record as the file has it.
    fn raw(&self) -> &'b [u8] {
        &self.bytes[self.begin..self.end]
    }

    /// The fields of the record, as the file has them.
    pub(super) fn texts(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.fields.len()).map(|field| &self.fields[field])
    }
}

/// The crate's reader. `flexible`: the number of fields is checked by the table, which words the error.
pub(super) fn reader(bytes: &[u8], separator: u8, comment: Option<u8>) -> csv::Reader<&[u8]> {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(separator).comment(comment);
    builder.from_reader(bytes)
}

/// Whether the file's last record ends in a quoted field that is never closed. `csv` accepts that
/// and takes the rest of the file for one cell.
pub(in crate::table) fn ends_inside_quotes(record: &[u8], separator: u8) -> bool {
    enum At {
        FieldStart,
        Plain,
        Quoted,
        /// After a quote in a quoted field: the first of a doubled quote, or the closing one.
        Quote,
    }
    let end = record.iter().fold(At::FieldStart, |at, &byte| match (at, byte) {
        (At::FieldStart | At::Quote, b'"') => At::Quoted,
        (At::Quoted, b'"') => At::Quote,
        (At::Quoted, _) => At::Quoted,
        (_, byte) if byte == separator => At::FieldStart,
        _ => At::Plain,
    });
    matches!(end, At::Quoted)
}
