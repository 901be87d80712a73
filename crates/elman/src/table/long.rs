//! A table that stays in its file, of which any rows are read as a table of their own.

use std::any::Any;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::cells::Cells;
use super::known::Known;
use super::number::type_columns;
use super::read::csv::{Plain, PlainLines};
use super::{ReadOptions, Table, TableError};
use crate::error::{DataError, Error, Message};
use crate::file::Stored;

/// The only column of such a table.
const COLUMN: &str = "rows";

/// A file of more bytes than these is read where it stands, part by part.
const HELD: u64 = 64 << 20;

/// Rows are read in chunks of about so many bytes.
const CHUNK: u64 = 1 << 14;
/// A row that is longer than so many bytes is none: a quote before it is not closed.
const LONGEST: u64 = 1 << 22;

/// The byte order mark of UTF-8.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Bytes that are looked at once.
const PART: usize = 1 << 20;

/// A CSV file whose rows stay where they are.
#[derive(Debug)]
pub(crate) struct Long {
    path: PathBuf,
    stored: Stored,
    plain: Plain,
    chunks: Vec<Chunk>,
    /// Its lines below the names.
    num_lines: usize,
    /// The CRC-32 of the file.
    fingerprint: u32,
    /// The table in memory, once it was needed.
    whole: OnceLock<Table>,
    known: Known,
    /// What is to be said of how it is read.
    remarks: Vec<Message>,
}

/// Where rows begin that are read together.
#[derive(Clone, Copy, Debug)]
struct Chunk {
    at: u64,
    line: u64,
}

impl Long {
    /// One with a file that can be read so, in chunks of about so many bytes.
    fn of(path: &Path, file: &File, chunk: u64) -> Result<Option<Self>, Error> {
        let name = path.display().to_string();
        let opened = Stored::of(&name, file);
        let opened = opened.map_err(|error| TableError::Open { table: name.clone(), error })?;
        let Some(stored) = opened.filter(|stored| stored.len() > 0) else { return Ok(None) };
        let mut start = vec![0; usize::try_from(stored.len()).unwrap_or(PART).min(PART)];
        stored.read_at(0, &mut start)?;
        // A byte order mark stands above the names.
        let mark = if start.starts_with(MARK) { MARK.len() } else { 0 };
        let Some((plain, remarks)) = plain(&name, &start[mark..]) else { return Ok(None) };
        let begin = (mark + plain.begin) as u64;
        let Some(Cut { chunks, num_lines, fingerprint }) = cut(&stored, begin, chunk)? else {
            return Ok(None);
        };
        let (whole, known) = (OnceLock::new(), Known::default());
        let path = path.to_owned();
        let long = Long { path, stored, plain, chunks, num_lines, fingerprint, whole, known, remarks };
        // Nothing but blank lines may stand there.
        Ok(long.read(&[0]).is_ok().then_some(long))
    }

    /// What stands for the file in messages.
    pub(crate) fn name(&self) -> &str {
        self.stored.name()
    }

    /// The chunks that its rows are read in.
    pub(crate) fn num_chunks(&self) -> usize {
        self.chunks.len()
    }

    /// The line on which a chunk begins; beyond the last one, a line that is beyond the file.
    pub(crate) fn line(&self, chunk: usize) -> u64 {
        self.chunks.get(chunk).map_or(u64::MAX, |chunk| chunk.line)
    }

    /// May the whole table be read into memory?
    pub(crate) fn fits_in_memory(&self) -> bool {
        self.stored.len() <= ReadOptions::default().limit
    }

    /// The rows of these chunks, in ascending order, as a table of the file's name and lines. Numbers have points before their
    /// decimals there; a column in which a cell is something else holds texts.
    ///
    /// # Errors
    /// If the file has changed, or a row has not the cells of all others.
    pub(crate) fn read(&self, chunks: &[usize]) -> Result<Table, Error> {
        let (mut bytes, mut lines) = (Vec::new(), Vec::<PlainLines>::new());
        for &chunk in chunks {
            let Chunk { at, line } = self.chunks[chunk];
            let end = self.chunks.get(chunk + 1).map_or(self.stored.len(), |next| next.at);
            let begin = bytes.len();
            bytes.resize(begin + (end - at) as usize, 0);
            self.stored.read_at(at, &mut bytes[begin..])?;
            lines.push(PlainLines { bytes: begin..bytes.len(), first: line });
        }
        let text = String::from_utf8(bytes).map_err(|_| DataError::new(self.name(), "is not all UTF-8"))?;
        Ok(self.plain.read(self.name(), text, &lines)?)
    }

    /// The table as it is read into memory, for what cannot be done part by part, and `why`: the rest of "it is read into
    /// memory, because ...". Beside it, when that is done first, what is to be said of it.
    ///
    /// # Errors
    /// If it is no table, or too large for that.
    pub(crate) fn whole(&self, why: &str) -> Result<(&Table, Vec<Message>), Error> {
        if let Some(table) = self.whole.get() {
            return Ok((table, Vec::new()));
        }
        let table = Table::open(&self.path).map_err(|error| match error {
            TableError::TooLarge { .. } => {
                let message = format!("is too large to be read into memory, and has to be, because {why}");
                Error::from(DataError::new(self.name(), message))
            }
            error => error.into(),
        })?;
        let table = self.whole.get_or_init(|| table);
        let because = format!("{} is read into memory, because {why}", self.name());
        let new = table.remarks().iter().filter(|remark| !self.remarks.contains(remark)).cloned();
        Ok((table, new.chain([because.into()]).collect()))
    }

    /// A number that tells its content from others.
    pub(crate) fn fingerprint(&self) -> u32 {
        self.fingerprint
    }

    /// What was found out about it last, if that is of this kind and what is meant.
    pub(crate) fn known<T: Any + Send + Sync>(&self, is_meant: impl Fn(&T) -> bool) -> Option<Arc<T>> {
        self.known.get(is_meant)
    }

    /// Remembers what was found out about it.
    pub(crate) fn keep<T: Any + Send + Sync>(&self, found: Arc<T>) {
        self.known.keep(found);
    }
}

/// How a file that starts like this is written, and what is to be said of it; nothing if its rows are to be read in any way that
/// takes more than themselves.
fn plain(name: &str, start: &[u8]) -> Option<(Plain, Vec<Message>)> {
    let lines = &start[..=memchr::memrchr(b'\n', start)?];
    let text = std::str::from_utf8(lines).ok()?;
    let (plain, mut remarks) = Plain::of(name, text)?;
    let whole = Table::read(name, lines).ok()?;
    let rows = PlainLines { bytes: plain.begin..lines.len(), first: 2 };
    let parts = plain.read(name, text.to_owned(), &[rows]).ok()?;
    let is_same = whole.headers() == parts.headers()
        && whole.num_rows() == parts.num_rows()
        && whole.columns().zip(parts.columns()).all(|(whole, part)| {
            match (whole.numbers_or_gaps(), part.numbers_or_gaps()) {
                (Some(whole), Some(part)) => whole.iter().zip(part).all(|(a, b)| a.to_bits() == b.to_bits()),
                (None, None) => true,
                _ => false,
            }
        });
    // What is empty is counted where all of it is known.
    let [forms, _] = type_columns(&mut parts.clone(), plain.usual_decimal());
    remarks.extend(forms);
    is_same.then_some((plain, remarks))
}

/// How a file is cut.
struct Cut {
    chunks: Vec<Chunk>,
    num_lines: usize,
    fingerprint: u32,
}

/// Cuts a file, whose first row begins here, into chunks of about so many bytes; nothing if a row is too long, or a line
/// ends as on old computers, without a line feed.
fn cut(stored: &Stored, begin: u64, chunk: u64) -> Result<Option<Cut>, DataError> {
    let mut hasher = crc32fast::Hasher::new();
    let (mut chunks, mut line, mut is_quoted) = (vec![Chunk { at: begin, line: 2 }], 2_u64, false);
    let (mut last, mut is_ended, mut is_returned) = (begin, true, false);
    let mut bytes = vec![0; PART];
    let mut at = 0;
    while at < stored.len() {
        let part = &mut bytes[..usize::try_from(stored.len() - at).unwrap_or(PART).min(PART)];
        stored.read_at(at, part)?;
        hasher.update(part);
        // What stands above the rows was looked at.
        let from = usize::try_from(begin.saturating_sub(at)).unwrap_or(PART).min(part.len());
        if is_returned && part[0] != b'\n' {
            return Ok(None);
        }
        is_returned = part.last() == Some(&b'\r');
        for place in memchr::memchr3_iter(b'\n', b'"', b'\r', &part[from..]) {
            let place = from + place;
            match (part[place], part.get(place + 1)) {
                (b'"', _) => {
                    is_quoted = !is_quoted;
                    continue;
                }
                (b'\r', Some(b'\n') | None) => continue,
                (b'\r', _) => return Ok(None),
                _ => {}
            }
            line += 1;
            let next = at + place as u64 + 1;
            if !is_quoted && next - last >= chunk && next < stored.len() {
                chunks.push(Chunk { at: next, line });
                last = next;
            }
        }
        is_ended = part.last() == Some(&b'\n');
        at += part.len() as u64;
        if at.saturating_sub(last) > LONGEST {
            return Ok(None);
        }
    }
    let num_lines = (line - 2) as usize + usize::from(!is_ended);
    Ok(Some(Cut { chunks, num_lines, fingerprint: hasher.finalize() }))
}

impl Table {
    /// As [`open`](Self::open), for the task [`Label`](crate::task::Label): of a CSV file of more than 64 MiB the rows stay where
    /// they are, and are read whenever they are needed. It may have any size, and must not change as long as the table is used.
    /// The table has one column then, `rows`, with one cell.
    ///
    /// Read so are files whose first line names the columns and whose other lines are all rows, with points before decimals; any
    /// other is read as a whole.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_long(path: &Path) -> Result<Table, Error> {
        Table::open_long_with(path, HELD, CHUNK)
    }

    /// [`open_long`](Self::open_long), with files of up to `held` bytes in memory, others in chunks of about so many.
    pub(crate) fn open_long_with(path: &Path, held: u64, chunk: u64) -> Result<Table, Error> {
        let is_long =
            std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > held);
        if is_long
            && let Ok(file) = File::open(path)
            && let Some(long) = Long::of(path, &file, chunk)?
        {
            let (name, remarks) = (long.name().to_owned(), long.remarks.clone());
            return Ok(Table::of_cell(&name, COLUMN, Cells::Long(Arc::new(long)), remarks));
        }
        Ok(Table::open(path)?)
    }

    /// The number of rows, of a table of [`open_long`](Self::open_long) of those that stay in its file: of its lines below the
    /// names, among which may be blank ones.
    pub fn num_stored_rows(&self) -> usize {
        self.long().map_or_else(|| self.num_rows(), |long| long.num_lines)
    }

    /// The columns' names, of a table of [`open_long`](Self::open_long) those in the file.
    pub fn stored_headers(&self) -> &[String] {
        self.long().map_or(self.headers(), |long| long.plain.names())
    }

    /// What stays in its file, if it is such a table.
    pub(crate) fn long(&self) -> Option<&Arc<Long>> {
        match self.columns.first().map(|column| &column.cells) {
            Some(Cells::Long(long)) => Some(long),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Whatever stands in cells, chunks of any size hold the rows of the whole table, on their lines.
        #[test]
        fn chunks_hold_the_rows_of_the_table(
            rows in (1_usize..4).prop_flat_map(|width| {
                prop::collection::vec(prop::collection::vec("[0-9.]{1,4}|[a-z\", \n\ré]{0,6}", width), 1..30)
            }),
            chunk in 1_u64..60,
            together in 1_usize..5,
            crlf in any::<bool>(),
        ) {
            let end = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
            let mut writer = csv::WriterBuilder::new().terminator(end).from_writer(Vec::new());
            writer.write_record(["first", "second", "third"].iter().take(rows[0].len())).unwrap();
            rows.iter().for_each(|row| writer.write_record(row).unwrap());
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&writer.into_inner().unwrap()).unwrap();

            let opened = File::open(file.path()).unwrap();
            let Some(long) = Long::of(file.path(), &opened, chunk).unwrap() else { return Ok(()) };
            let whole = Table::open(file.path()).unwrap();
            let numbers: Vec<usize> = (0..long.num_chunks()).collect();
            let mut row = 0;
            for numbers in numbers.chunks(together) {
                // Of nothing but blank lines there is no table.
                let Ok(part) = long.read(numbers) else { continue };
                for here in 0..part.num_rows() {
                    for (a, b) in part.columns().zip(whole.columns()) {
                        prop_assert_eq!((a.text(here), a.line(here)), (b.text(row), b.line(row)));
                    }
                    row += 1;
                }
            }
            prop_assert_eq!(row, whole.num_rows());
        }
    }
}
