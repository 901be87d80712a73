//! The formats in which tables are read, chosen by the file's content.
//!
//! A file that is packed with gzip or zstd is unpacked first. A format is a file in this folder and an entry of
//! the list of readers:
//!
//! - **JSON lines**: an object per line, or an array of objects; a column for every key.
//! - **npy**, NumPy's arrays of numbers: columns `col1`, `col2` and so on; of three dimensions
//!   `[sequence, step, value]` a row per step, with the columns `id` and `time` before them. Lines in messages are
//!   rows there.
//! - **ts**, of the UCR and UEA archives: a row per step, with the columns `id`, `time`, `dim1` and so on, `target`.
//! - **tsf**, of the Monash archive: a row per value, with the columns `unique_id`, `ds`, `y`.
//! - **CSV**, which is what no other format recognises: RFC 4180 with some leave. Fields are separated by commas,
//!   semicolons, tabs or bars, whichever cut the file best; a field whose first character is a quote may hold
//!   separators, quotes written twice and line breaks; lines end with LF, CRLF or CR. A byte order mark, blank
//!   lines, blanks around a cell, lines that begin with `#` or `%`, and separators at the ends of lines are
//!   dropped. The first line names the columns, unless it holds numbers like the lines below it. The text is
//!   UTF-8, UTF-16 or Windows-1252.
//!
//! In all of them numbers may have decimal commas, separators of thousands, and signs of percent or currency,
//! if the whole column is written alike; `NA` and its like are empty cells among numbers. What was guessed is among
//! [`Table::remarks`].
//!
//! ```
//! use elman::table::{Table, read};
//!
//! let bytes = "Datum;Temperatur, C\n2024-01-01;3,5\n".as_bytes();
//! assert_eq!(read::format(bytes), "CSV");
//! let table = Table::read("t.csv", bytes)?;
//! assert_eq!(table.column("Temperatur, C")?.numbers()?, [3.5]);
//! # Ok::<(), elman::table::TableError>(())
//! ```

mod archive;
pub(super) mod csv;
mod foreign;
mod json;
mod npy;
mod source;
mod text;
mod ts;
mod tsf;

use std::io::Read;

use super::{Table, TableError};

/// A format of tables.
struct Reader {
    /// Its name.
    name: &'static str,
    /// Is a file with these bytes of this format?
    recognises: fn(&[u8]) -> bool,
    /// Reads a table from a file's bytes; the name stands for the file in error messages.
    read: fn(&str, Vec<u8>) -> Result<Table, TableError>,
}

/// Every format, in the order in which they are asked. The last takes what no other recognises, and says
/// what is wrong with it.
const READERS: &[Reader] = &[npy::READER, json::READER, tsf::READER, ts::READER, csv::READER];

/// The reader for a file with these bytes.
fn reader(bytes: &[u8]) -> &'static Reader {
    READERS.iter().find(|reader| (reader.recognises)(bytes)).unwrap_or(&csv::READER)
}

/// The name of the format in which these bytes, which are not packed, are read.
pub fn format(bytes: &[u8]) -> &'static str {
    reader(bytes).name
}

/// Reads a table from a file.
pub(super) fn table(name: &str, file: impl Read) -> Result<Table, TableError> {
    let bytes = source::read(name, file)?;
    (reader(&bytes).read)(name, bytes)
}

/// The number of line breaks: LF, CRLF or CR.
pub(super) fn count_line_breaks(bytes: &[u8]) -> u64 {
    let mut previous = 0;
    let mut breaks = 0;
    for &byte in bytes {
        // The LF of a CRLF was counted with its CR.
        breaks += u64::from(byte == b'\r' || (byte == b'\n' && previous != b'\r'));
        previous = byte;
    }
    breaks
}
