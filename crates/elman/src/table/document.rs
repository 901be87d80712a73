//! A text file as a table: one column, `text`, of one cell.

use std::any::Any;
use std::collections::HashSet;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek};
use std::path::Path;
use std::sync::Arc;

use super::cells::Cells;
use super::column::{Column, Data};
use super::known::Known;
use super::lines::Lines;
use super::typing::Values;
use super::{Hints, ReadOptions, Table, TableError, read};
use crate::error::{DataError, Message};
use crate::file::Stored;

/// The only column of a text file.
const COLUMN: &str = "text";

/// A file of more bytes than these is read where it stands, part by part.
const HELD: u64 = 16 << 20;

/// A text file, byte by byte.
#[derive(Debug)]
pub(crate) struct Document {
    content: Content,
    /// What was found out about it last.
    known: Known,
}

#[derive(Debug)]
enum Content {
    /// It is UTF-8, and in memory.
    Text(String),
    /// It is something else in memory.
    Bytes(Vec<u8>),
    /// It stays where it is.
    Stored(Stored),
}

impl Document {
    /// One in memory.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self::new(match String::from_utf8(bytes) {
            Ok(text) => Content::Text(text),
            Err(error) => Content::Bytes(error.into_bytes()),
        })
    }

    fn new(content: Content) -> Self {
        Document { content, known: Known::default() }
    }

    /// What was found out about it last, if that is of this kind and what is meant.
    pub(crate) fn known<T: Any + Send + Sync>(&self, is_meant: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        self.known.get(is_meant)
    }

    /// Remembers what was found out about it, in the place of what was before.
    pub(crate) fn keep<T: Any + Send + Sync>(&self, found: Arc<T>) {
        self.known.keep(found);
    }

    /// What a cell shows of it.
    pub(super) fn text(&self) -> &str {
        match &self.content {
            Content::Text(text) => text,
            Content::Bytes(_) => "bytes that are not UTF-8",
            Content::Stored(_) => "a text that stays in its file",
        }
    }

    /// All of it, if it is in memory.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match &self.content {
            Content::Text(text) => Some(text.as_bytes()),
            Content::Bytes(bytes) => Some(bytes),
            Content::Stored(_) => None,
        }
    }

    /// Its bytes.
    pub(crate) fn len(&self) -> u64 {
        match &self.content {
            Content::Stored(stored) => stored.len(),
            _ => self.bytes().unwrap_or_default().len() as u64,
        }
    }

    /// Fills `part` with the bytes from `at` on, which must be there.
    ///
    /// # Errors
    /// If a file that was opened before has changed, or cannot be read any more.
    pub(crate) fn read_at(&self, at: u64, part: &mut [u8]) -> Result<(), DataError> {
        match &self.content {
            Content::Stored(stored) => stored.read_at(at, part),
            _ => {
                let at = at as usize;
                part.copy_from_slice(&self.bytes().unwrap_or_default()[at..at + part.len()]);
                Ok(())
            }
        }
    }

    /// The error about a file whose parts are no longer what they were.
    pub(crate) fn changed(&self, name: &str) -> DataError {
        match &self.content {
            Content::Stored(stored) => stored.changed(),
            _ => DataError::new(name, "is not what it was"),
        }
    }

    /// Do both hold the same bytes? Not if one cannot be read.
    fn is_same(&self, other: &Document) -> bool {
        const PART: usize = 1 << 16;
        let (mut a, mut b) = (vec![0; PART], vec![0; PART]);
        self.len() == other.len()
            && (0..self.len()).step_by(PART).all(|at| {
                let len = PART.min(usize::try_from(self.len() - at).unwrap_or(PART));
                let (a, b) = (&mut a[..len], &mut b[..len]);
                self.read_at(at, a).is_ok() && other.read_at(at, b).is_ok() && a == b
            })
    }
}

impl Table {
    /// Reads a file as a text and not as rows, whatever is in it; one that is packed with gzip or zstd is unpacked. The
    /// path stands in error messages as it is written here.
    ///
    /// The table has one column, `text`, with one cell. A file of more than 16 MiB that is not packed stays where it is: it
    /// may have any size, takes no memory, and is read part by part whenever that is needed, so it must not change as long
    /// as the table is used. Others take as much memory as there are bytes.
    ///
    /// # Errors
    /// If it cannot be read, or is packed or a pipe and has more than 2 GiB.
    pub fn open_text(path: &Path) -> Result<Table, TableError> {
        Table::open_text_holding(path, HELD)
    }

    /// [`open_text`](Self::open_text), with files of up to `held` bytes in memory.
    pub(crate) fn open_text_holding(path: &Path, held: u64) -> Result<Table, TableError> {
        let name = path.display().to_string();
        // Linux opens a directory without complaint and fails at the first read.
        let opened = if path.is_dir() { Err(io::ErrorKind::IsADirectory.into()) } else { File::open(path) };
        let of_file = |mut file: File| {
            // Of a pipe nothing is known.
            let size = file.metadata().map_or(0, |metadata| metadata.len());
            if size > held
                && let Some(stored) = Stored::of(&name, &file)?
                && !is_packed(&mut file)?
            {
                return Ok(Ok(Table::of_document(&name, Document::new(Content::Stored(stored)))));
            }
            io::Result::Ok(bytes(&name, file, size).map(|bytes| Table::of_text(&name, bytes)))
        };
        opened.and_then(of_file).unwrap_or_else(|error| Err(TableError::Open { table: name.clone(), error }))
    }

    /// As [`open_text`](Self::open_text), from a reader; `name` stands for the file in error messages.
    ///
    /// # Errors
    /// If it cannot be read, or has more than 2 GiB.
    pub fn read_text(name: &str, reader: impl Read) -> Result<Table, TableError> {
        Ok(Table::of_text(name, bytes(name, reader, 0)?))
    }

    /// A text that is in memory, as [`open_text`](Self::open_text) gives that of a file; `name` stands for it in error
    /// messages.
    pub fn of_text(name: &str, text: impl Into<Vec<u8>>) -> Table {
        Table::of_document(name, Document::of(text.into()))
    }

    fn of_document(name: &str, document: Document) -> Table {
        Table::of_cell(name, COLUMN, Cells::Document(Arc::new(document)), Vec::new())
    }

    /// A table of a single cell, which stands for something else than rows, under this name of its column.
    pub(super) fn of_cell(name: &str, column: &str, cell: Cells, remarks: Vec<Message>) -> Table {
        Table {
            name: name.to_owned(),
            headers: vec![column.to_owned()],
            lines: Lines::counted(1),
            columns: vec![Data::new(cell, Values::Text)],
            remarks,
            hints: Hints::default(),
        }
    }

    /// The bytes of a text file, if it was read as one and is in memory: see [`open_text`](Self::open_text).
    pub fn document(&self) -> Option<&[u8]> {
        self.stored_document().and_then(|document| document.bytes())
    }

    /// The text file, if it was read as one.
    pub(crate) fn stored_document(&self) -> Option<&Arc<Document>> {
        match self.columns.first().map(|column| &column.cells) {
            Some(Cells::Document(document)) => Some(document),
            _ => None,
        }
    }

    /// Do two tables have the same columns whose cells say the same, in columns of numbers however they are written? Of
    /// texts, are they the same to the byte?
    pub fn is_same(&self, other: &Table) -> bool {
        self.is_same_but_for(other, &[])
    }

    /// As [`is_same`](Self::is_same), where these columns may have another name for each of those in the other table.
    pub fn is_same_but_for(&self, other: &Table, names: &[String]) -> bool {
        match (self.stored_document(), other.stored_document()) {
            (Some(a), Some(b)) => a.is_same(b),
            _ if let (Some(a), Some(b)) = (self.long(), other.long()) => a.fingerprint() == b.fingerprint(),
            _ => {
                self.headers() == other.headers()
                    && self.num_rows() == other.num_rows()
                    && self.columns().zip(other.columns()).all(|(a, b)| {
                        let is_of_names = names.iter().any(|name| name == a.name());
                        if is_of_names { a.names_as(b) } else { a.says_as(b) }
                    })
            }
        }
    }

    /// How many rows say, cell by cell, what those of another table of the same columns do; none of a text, nor of a table whose
    /// rows repeat each other, as those of a few categories do.
    pub fn rows_among(&self, other: &Table) -> usize {
        if self.headers() != other.headers() || self.stored_document().is_some() {
            return 0;
        }
        fn hashes(table: &Table) -> impl Iterator<Item = u64> {
            let columns: Vec<Column<'_>> = table.columns().collect();
            (0..table.num_rows()).map(move |row| {
                let mut hasher = DefaultHasher::new();
                columns.iter().for_each(|column| match column.numbers_or_gaps() {
                    // A zero has no sign here.
                    Some(numbers) => (numbers[row] + 0.0).to_bits().hash(&mut hasher),
                    None => column.text(row).hash(&mut hasher),
                });
                hasher.finish()
            })
        }
        let others: HashSet<u64> = hashes(other).collect();
        if others.len() < other.num_rows() {
            return 0;
        }
        hashes(self).filter(|hash| others.contains(hash)).count()
    }
}

/// Is a file packed, by its first bytes? It is at its start again.
fn is_packed(file: &mut File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.by_ref().take(64).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(read::is_packed(&start))
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

    /// Of this file no byte is on the disk.
    #[test]
    fn a_large_text_stays_in_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.txt");
        let mut file = File::create(&path).unwrap();
        file.set_len(3 << 30).unwrap();
        let table = Table::open_text(&path).unwrap();
        let document = table.stored_document().unwrap();
        assert_eq!((document.len(), table.document()), (3 << 30, None));
        let mut part = [1; 3];
        document.read_at((3 << 30) - 3, &mut part).unwrap();
        assert_eq!((part, table.column("text").unwrap().text(0)), ([0; 3], "a text that stays in its file"));
        // One that is packed must be unpacked into memory.
        file.write_all(b"\x1F\x8B\x08\0").unwrap();
        let error = Table::open_text(&path).unwrap_err().to_string();
        let message = "holds more than 2 GiB, which is the most that a text may have that is packed or comes from a pipe; \
                       unpack it, or take a part of it";
        assert_eq!(error, format!("{} {message}", path.display()));
    }

    #[test]
    fn texts_are_the_same_to_the_byte_wherever_they_stand() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        let text = "All the same. ".repeat(10_000);
        std::fs::write(&a, &text).unwrap();
        std::fs::write(&b, &text).unwrap();
        let open = |path, held| Table::open_text_holding(path, held).unwrap();
        assert!(open(&a, 0).is_same(&open(&a, HELD)) && open(&b, 0).is_same(&open(&a, 0)));
        let mut other = text.into_bytes();
        if let Some(last) = other.last_mut() {
            *last = b'!';
        }
        std::fs::write(&b, other).unwrap();
        assert!(!open(&a, 0).is_same(&open(&b, 0)) && !open(&a, HELD).is_same(&open(&b, HELD)));
    }

    #[test]
    fn packed_texts_are_unpacked() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(b"plain\0text").unwrap();
        let table = Table::read_text("t.txt.gz", encoder.finish().unwrap().as_slice()).unwrap();
        assert_eq!(table.document(), Some(b"plain\0text".as_slice()));
    }
}
