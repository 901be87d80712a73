//! A text file as a table: one column, `text`, of one cell.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use super::cells::Cells;
use super::column::{Data, Values};
use super::lines::Lines;
use super::{ReadOptions, Table, TableError, read};

/// The only column of a text file.
const COLUMN: &str = "text";

/// The content of a text file, byte by byte.
#[derive(Debug, Clone)]
pub(super) enum Document {
    /// It is UTF-8.
    Text(String),
    /// It is something else.
    Bytes(Vec<u8>),
}

impl Document {
    /// What a cell shows of it.
    pub(super) fn text(&self) -> &str {
        match self {
            Document::Text(text) => text,
            Document::Bytes(_) => "bytes that are not UTF-8",
        }
    }
}

impl Table {
    /// Reads a file as a text and not as rows, whatever is in it; one that is packed with gzip or zstd is unpacked. The
    /// path stands in error messages as it is written here.
    ///
    /// The table has one column, `text`, with one cell, and takes no more memory than the file.
    ///
    /// # Errors
    /// If it cannot be read, or has more than 2 GiB.
    pub fn open_text(path: &Path) -> Result<Table, TableError> {
        let name = path.display().to_string();
        // Linux opens a directory without complaint and fails at the first read.
        let opened = if path.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { File::open(path) };
        match opened {
            Ok(file) => {
                // Of a pipe nothing is known.
                let size = file.metadata().map_or(0, |metadata| metadata.len());
                Ok(Table::of_text(&name, bytes(&name, file, size)?))
            }
            Err(error) => Err(TableError::Open { table: name, error }),
        }
    }

    /// As [`open_text`](Self::open_text), from a reader; `name` stands for the file in error messages.
    ///
    /// # Errors
    /// As there.
    pub fn read_text(name: &str, reader: impl Read) -> Result<Table, TableError> {
        Ok(Table::of_text(name, bytes(name, reader, 0)?))
    }

    /// A text that is in memory, as [`open_text`](Self::open_text) gives that of a file; `name` stands for it in error
    /// messages.
    pub fn of_text(name: &str, text: impl Into<Vec<u8>>) -> Table {
        let document = match String::from_utf8(text.into()) {
            Ok(text) => Document::Text(text),
            Err(error) => Document::Bytes(error.into_bytes()),
        };
        Table {
            name: name.to_owned(),
            headers: vec![COLUMN.to_owned()],
            lines: Lines::counted(1),
            columns: vec![Data::new(Cells::Document(Arc::new(document)), Values::Text)],
            remarks: Vec::new(),
            made_time: None,
        }
    }

    /// The bytes of a text file, if it was read as one.
    pub fn document(&self) -> Option<&[u8]> {
        match self.columns.first().map(|column| &column.cells) {
            Some(Cells::Document(document)) => Some(match &**document {
                Document::Text(text) => text.as_bytes(),
                Document::Bytes(bytes) => bytes,
            }),
            _ => None,
        }
    }
}

/// The bytes of a text, whose file is probably of this size. One that is too large is not read first.
fn bytes(name: &str, reader: impl Read, size: u64) -> Result<Vec<u8>, TableError> {
    let options = ReadOptions::default();
    let too_large = |limit| TableError::TextTooLarge { table: name.to_owned(), limit };
    if size > options.limit {
        return Err(too_large(options.limit));
    }
    read::bytes(name, reader, size, &options).map_err(|error| match error {
        TableError::TooLarge { limit, .. } => too_large(limit),
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_text_is_kept_byte_by_byte() {
        for text in ["", "1,2\n3,4\n", " blanks \r\n\tand tabs \n", "\u{FEFF}na\u{EF}ve"] {
            let table = Table::read_text("t.txt", text.as_bytes()).unwrap();
            assert_eq!(table.document(), Some(text.as_bytes()));
            assert_eq!((table.num_rows(), table.column("text").unwrap().text(0)), (1, text));
            assert!(table.column("text").unwrap().numbers().is_err(), "{text:?}");
        }
        let table = Table::of_text("t", vec![b'a', 0xFF, 0]);
        assert_eq!(table.document(), Some([b'a', 0xFF, 0].as_slice()));
        assert!(Table::read("t.csv", "text\na\n".as_bytes()).unwrap().document().is_none());
    }

    /// By its size: of this file no byte is on the disk.
    #[test]
    fn a_text_that_is_too_large_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.txt");
        File::create(&path).unwrap().set_len(3 << 30).unwrap();
        let error = Table::open_text(&path).unwrap_err().to_string();
        let message = "holds more than 2 GiB, which is the most that a text may have; take a part of it";
        assert_eq!(error, format!("{} {message}", path.display()));
    }

    #[test]
    fn packed_texts_are_unpacked() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(b"plain\0text").unwrap();
        let table = Table::read_text("t.txt.gz", encoder.finish().unwrap().as_slice()).unwrap();
        assert_eq!(table.document(), Some(b"plain\0text".as_slice()));
    }
}
