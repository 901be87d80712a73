//! CSV: comma-separated values.

use std::io;

use super::{Reader, count_line_breaks};
use crate::table::builder::Builder;
use crate::table::{Table, TableError};

/// Takes any file for CSV.
pub(super) const READER: Reader = Reader { name: "CSV", recognises: |_| true, read };

fn read(name: &str, bytes: &[u8]) -> Result<Table, TableError> {
    let mut records = Records::new(name, bytes);
    if !records.advance()? {
        return Err(TableError::Empty { table: name.to_owned() });
    }
    refuse_other_separators(&records)?;
    let mut table = Builder::new(name, records.line, records.texts())?;
    while records.advance()? {
        table.row(records.line, records.texts())?;
    }
    table.finish()
}

/// Refuses a header of one name that is several, separated by something else.
fn refuse_other_separators(header: &Records<'_>) -> Result<(), TableError> {
    if header.fields.len() == 1
        && let Some(separator) = header.text(0)?.trim().chars().find(|&c| c == ';' || c == '\t')
        && !header.raw().starts_with(b"\"")
    {
        return Err(TableError::Separator { table: header.name.to_owned(), line: header.line, separator });
    }
    Ok(())
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

    /// The fields of the record.
    fn texts(&self) -> impl ExactSizeIterator<Item = Result<&str, TableError>> {
        (0..self.fields.len()).map(|field| self.text(field))
    }

    /// A field of the record, as the file has it.
    fn text(&self, field: usize) -> Result<&str, TableError> {
        let bytes = &self.fields[field];
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(text),
            Err(error) => Err(TableError::NotUtf8 {
                table: self.name.to_owned(),
                line: self.line,
                number: field + 1,
                byte: bytes[error.valid_up_to()],
            }),
        }
    }
}

/// Whether the file's last record ends in a quoted field that is never closed. `csv` accepts that
/// and takes the rest of the file for one cell.
pub(in crate::table) fn ends_inside_quotes(record: &[u8]) -> bool {
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
