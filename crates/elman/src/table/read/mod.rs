//! The formats in which tables are read, chosen by the file's content.
//!
//! A format is a file in this folder and an entry of the list of readers. What no other format recognises
//! is read as CSV: RFC 4180 with some leave. Fields are separated by commas; a field whose first
//! character is a quote may hold commas, quotes written twice and line breaks; lines end with LF,
//! CRLF or CR; a byte order mark, blank lines and blanks around a cell are dropped. The first line
//! names the columns. The text is UTF-8.
//!
//! ```
//! use elman::table::{Table, read};
//!
//! let bytes = b"day,note\nmon,\"a, b\"\n";
//! assert_eq!(read::format(bytes), "CSV");
//! let table = Table::read("t.csv", bytes.as_slice())?;
//! assert_eq!(table.column("note")?.text(0), "a, b");
//! # Ok::<(), elman::table::TableError>(())
//! ```

pub(super) mod csv;

use super::{Table, TableError};

/// A format of tables.
struct Reader {
    /// Its name.
    name: &'static str,
    /// Is a file with these bytes of this format?
    recognises: fn(&[u8]) -> bool,
    /// Reads a table from a file's bytes; the name stands for the file in error messages.
    read: fn(&str, &[u8]) -> Result<Table, TableError>,
}

/// Every format, in the order in which they are asked. The last takes what no other recognises, and says
/// what is wrong with it.
const READERS: &[Reader] = &[csv::READER];

/// The reader for a file with these bytes.
fn reader(bytes: &[u8]) -> &'static Reader {
    READERS.iter().find(|reader| (reader.recognises)(bytes)).unwrap_or(&csv::READER)
}

/// The name of the format in which these bytes are read.
pub fn format(bytes: &[u8]) -> &'static str {
    reader(bytes).name
}

/// Reads a table from a file's bytes.
pub(super) fn table(name: &str, bytes: &[u8]) -> Result<Table, TableError> {
    (reader(bytes).read)(name, bytes)
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
