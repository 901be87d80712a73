//! The formats in which tables are read, chosen by the file's content.
//!
//! A file that is packed with gzip or zstd, or the only one of a zip archive, is unpacked first. A format is a file in this folder and an entry of
//! the list of readers:
//!
//! - **Arrow**, files (also called Feather, of its second version) and streams of the IPC format, packed with LZ4, zstd or
//!   not: flat columns of numbers, texts, dates and times, as of Parquet. Lines in messages are rows there.
//! - **JSON lines**: an object per line, or an array of objects; a column for every key.
//! - **npy**, NumPy's arrays of numbers or texts: columns `col1`, `col2` and so on; of three dimensions
//!   `[sequence, step, value]` a row per step, with the columns `id` and `time` before them. Lines in messages are
//!   rows there.
//! - **npz**, several such arrays of one length, side by side under their names (`x1`, `x2` of `x [rows, 2]`). Beside one
//!   of three dimensions an array `[sequence]` stands in each step, `[sequence, step]` is a column.
//! - **Parquet**, with the feature `parquet`: flat columns of numbers, texts, dates and times. Truth is 1 or 0, what is
//!   null is missing, times with a zone are in UTC. Lines in messages are rows there.
//! - **ts**, of the UCR and UEA archives: a row per step, with the columns `id`, `time`, `dim1` and so on, `target`.
//! - **tsf**, of the Monash archive: a row per value, with the columns `unique_id`, `ds`, `y`.
//! - **CSV**, which is what no other format recognises: RFC 4180 with some leave. Fields are separated by commas,
//!   semicolons, tabs or bars, whichever cut the file best, or by any number of blanks, where none of these is; a field whose first character is a quote may hold
//!   separators, quotes written twice and line breaks; lines end with LF, CRLF or CR. A byte order mark, blank
//!   lines, blanks around a cell, lines that begin with `#` or `%`, separators at the ends of lines, and columns
//!   without a name or a value are dropped. The first line names the columns, unless it holds numbers like the lines below it, or, of a series as R prints it, all but
//!   the first, of years; lines of a single cell above
//!   it are a title, and so are lines of a few cells, beginning with words, that have not the width of what is below a blank line, or below which times name columns. Rows below the names
//!   that have words in place of values are names or units, and left out; so are sums, notes and empty rows at the
//!   end. The text is UTF-8, UTF-16 or Windows-1252.
//!
//! In all of them numbers may have decimal commas, separators of thousands, and signs of percent or currency or a unit,
//! if the whole column is written alike, and those below zero may stand in parentheses; `NA` and its like, and the errors of
//! spreadsheets, are empty cells among numbers. A date and the time of day that
//! changes from row to row beside it are one column. What was guessed is among [`Table::remarks`].
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
mod arrow;
pub(super) mod csv;
#[cfg(test)]
mod every_type;
mod foreign;
mod json;
mod npy;
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
mod source;
mod text;
mod ts;
mod tsf;
mod typed;
mod zip;

use std::io::Read;

#[cfg(feature = "parquet")]
pub use parquet::damage;

pub(crate) use foreign::{Holds, SOUND, TELLING, kind};

use super::{ReadOptions, Table, TableError};

/// A file, unpacked if it was packed as a whole.
struct Input<'n> {
    /// What stands for it in error messages.
    name: &'n str,
    bytes: Vec<u8>,
    /// No more bytes than these are made of it, where parts of it are packed.
    limit: u64,
}

/// A format of tables.
struct Reader {
    /// Its name.
    name: &'static str,
    /// Is a file with these bytes of this format?
    recognises: fn(&[u8]) -> bool,
    /// Reads a table.
    read: fn(Input<'_>) -> Result<Table, TableError>,
}

/// Every format, in the order in which they are asked. The last takes what no other recognises, and says
/// what is wrong with it.
const READERS: &[Reader] = &[
    npy::READER,
    npz::READER,
    #[cfg(feature = "parquet")]
    parquet::READER,
    arrow::READER,
    json::READER,
    tsf::READER,
    ts::READER,
    csv::READER,
];

/// The reader for a file with these bytes.
fn reader(bytes: &[u8]) -> &'static Reader {
    READERS.iter().find(|reader| (reader.recognises)(bytes)).unwrap_or(&csv::READER)
}

/// The name of the format in which these bytes, which are not packed, are read.
pub fn format(bytes: &[u8]) -> &'static str {
    reader(bytes).name
}

/// Reads a table from a file, which is probably of this size.
pub(super) fn table(
    name: &str,
    file: impl Read,
    size: u64,
    options: &ReadOptions,
) -> Result<Table, TableError> {
    let limit = options.limit;
    let bytes = source::read(name, file, size, limit)?;
    (reader(&bytes).read)(Input { name, bytes, limit })
}

/// The bytes of a file, which is probably of this size, whatever they are.
pub(super) fn bytes(
    name: &str,
    file: impl Read,
    size: u64,
    options: &ReadOptions,
) -> Result<Vec<u8>, TableError> {
    source::read_any(name, file, size, options.limit)
}

/// Is a file that starts like this packed?
pub(super) fn is_packed(start: &[u8]) -> bool {
    source::is_packed(start)
}

/// The number of line breaks: LF, CRLF or CR.
pub(super) fn count_line_breaks(bytes: &[u8]) -> u64 {
    let mut previous = 0;
    let mut breaks = 0;
    let first = memchr::memchr2(b'\n', b'\r', bytes).unwrap_or(bytes.len());
    for &byte in &bytes[first..] {
        // The LF of a CRLF was counted with its CR.
        breaks += u64::from(byte == b'\r' || (byte == b'\n' && previous != b'\r'));
        previous = byte;
    }
    breaks
}
