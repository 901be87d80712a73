//! Predictions as files, whose names say how they are written.

use std::io::{Read, Write};
use std::path::Path;

use elman::task::{Answers, Cell, Predictions};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Map, Value};

use crate::output::Wrong;

mod arrow;
mod numpy;
#[cfg(feature = "parquet")]
mod parquet;

/// How predictions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    layout: Layout,
    gzip: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// With this between the cells of a row.
    Separated(u8),
    /// An object for every row.
    JsonLines,
    /// An array of an object for every row.
    JsonArray,
    /// NumPy's array of numbers, `[rows, columns]`, in `f64`.
    Npy,
    /// NumPy's archive of an array for each column.
    Npz,
    /// Arrow's file, which Feather is.
    Arrow,
    #[cfg(feature = "parquet")]
    Parquet,
}

/// Endings of names that stand for other formats.
const OTHERS: [&str; 18] = [
    "orc", "zst", "zstd", "xz", "bz2", "lz4", "zip", "7z", "xlsx", "xls", "ods", "h5", "hdf5", "pkl",
    "pickle", "mat", "db", "sqlite",
];

impl Form {
    const CSV: Form = Form { layout: Layout::Separated(b','), gzip: false };
    const JSON_LINES: Form = Form { layout: Layout::JsonLines, gzip: false };

    /// What standard output gets.
    pub(crate) fn printed(json: bool) -> Self {
        if json { Form::JSON_LINES } else { Form::CSV }
    }

    /// What a name asks for: by its ending, packed if `.gz` stands behind it; where that says nothing, JSON lines if they
    /// are asked for, else CSV.
    pub(crate) fn of(path: &Path, json: bool) -> Result<Self, Wrong> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let (name, gzip) = match name.strip_suffix(".gz") {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        let path = path.display();
        if OTHERS.contains(&ending) {
            return Err(Wrong(format!(
                "{path}: no .{ending} is written; give a name that ends in .csv, .tsv, .jsonl, .json, .npy, .npz, \
                 .arrow, .feather or .parquet, or in .gz after one of the text formats"
            )));
        }
        let layout = match ending {
            "csv" => Some(Layout::Separated(b',')),
            "tsv" | "tab" => Some(Layout::Separated(b'\t')),
            "jsonl" | "ndjson" => Some(Layout::JsonLines),
            "json" => Some(Layout::JsonArray),
            "npy" => Some(Layout::Npy),
            "npz" => Some(Layout::Npz),
            "arrow" | "feather" | "ipc" => Some(Layout::Arrow),
            #[cfg(feature = "parquet")]
            "parquet" | "pq" => Some(Layout::Parquet),
            #[cfg(not(feature = "parquet"))]
            "parquet" | "pq" => {
                return Err(Wrong(format!(
                    "{path}: Parquet is written where this was built with the feature parquet (cargo install --features \
                     parquet); or give a name that ends in .csv, .jsonl or .npy"
                )));
            }
            _ => None,
        };
        let layout = match layout {
            Some(layout @ (Layout::JsonLines | Layout::JsonArray)) => layout,
            Some(_) if json => {
                return Err(Wrong(format!(
                    "{path}: --json asks for JSON lines, and the name for .{ending}; leave out --json, or give a name that \
                     ends in .jsonl"
                )));
            }
            Some(layout) => layout,
            None => Form::printed(json).layout,
        };
        Ok(Form { layout, gzip })
    }

    /// Can rows be written behind others?
    pub(crate) fn is_in_parts(self) -> bool {
        matches!(self.layout, Layout::Separated(_) | Layout::JsonLines) && !self.gzip
    }

    /// The bytes of some rows, which stand behind others if they are not the first.
    pub(crate) fn part(self, predictions: &Predictions, is_first: bool) -> anyhow::Result<Vec<u8>> {
        match self.layout {
            Layout::Separated(separator) => separated(predictions, separator, is_first),
            _ => self.write(predictions),
        }
    }

    /// The file's bytes.
    pub(crate) fn write(self, predictions: &Predictions) -> anyhow::Result<Vec<u8>> {
        let bytes = match self.layout {
            Layout::Separated(separator) => separated(predictions, separator, true)?,
            Layout::JsonLines => {
                objects(predictions)?.iter().flat_map(|row| format!("{row}\n").into_bytes()).collect()
            }
            Layout::JsonArray => format!("[\n{}\n]\n", objects(predictions)?.join(",\n")).into_bytes(),
            Layout::Npy => numpy::npy(predictions)?,
            Layout::Npz => numpy::npz(predictions)?,
            Layout::Arrow => arrow::write(predictions)?,
            #[cfg(feature = "parquet")]
            Layout::Parquet => parquet::write(predictions)?,
        };
        if !self.gzip {
            return Ok(bytes);
        }
        let mut packed = GzEncoder::new(Vec::new(), Compression::default());
        packed.write_all(&bytes)?;
        Ok(packed.finish()?)
    }

    /// Names of columns that such a file has no place for.
    pub(crate) fn left_out(self, predictions: &Predictions) -> Vec<&str> {
        let has_place =
            |answers: &Answers| self.layout != Layout::Npy || matches!(answers, Answers::Numbers(_));
        let columns = predictions.columns().iter();
        columns.filter(|(_, answers)| !has_place(answers)).map(|(name, _)| name.as_str()).collect()
    }
}

/// Does a file that starts like this hold predictions with these columns? An array of numbers does not say.
pub(crate) fn has_columns(start: &[u8], predictions: &Predictions) -> bool {
    let mut unpacked = Vec::new();
    // The end is cut off, where packed bytes cannot be read.
    let _ = MultiGzDecoder::new(start).read_to_end(&mut unpacked);
    let start = if start.starts_with(b"\x1F\x8B") { &unpacked } else { start };
    let mut lines = start.split(|&byte| byte == b'\n').filter(|line| *line != b"[");
    let line = lines.next().unwrap_or_default();
    if let Ok(object) = serde_json::from_slice::<Map<String, Value>>(line.strip_suffix(b",").unwrap_or(line))
    {
        return object.keys().map(String::as_str).eq(predictions.headers());
    }
    [b',', b'\t'].into_iter().any(|separator| {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(separator).from_reader(line);
        let head = reader.records().next();
        head.is_some_and(|head| head.is_ok_and(|head| head.iter().eq(predictions.headers())))
    })
}

/// The rows, the first under a head of the columns' names.
fn separated(predictions: &Predictions, separator: u8, is_first: bool) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    if is_first {
        writer.write_record(predictions.headers())?;
    }
    for row in predictions.rows() {
        writer.write_record(row.iter().map(Cell::to_string))?;
    }
    Ok(writer.into_inner()?)
}

/// An object for every row.
fn objects(predictions: &Predictions) -> anyhow::Result<Vec<String>> {
    let object = |row: Vec<Cell<'_>>| {
        let cells = predictions.headers().zip(&row).map(|(header, cell)| (header.to_owned(), as_json(cell)));
        Ok(serde_json::to_string(&cells.collect::<Map<_, _>>())?)
    };
    predictions.rows().map(object).collect()
}

fn as_json(cell: &Cell<'_>) -> Value {
    match cell {
        Cell::Number(number) => number.rounded().into(),
        Cell::Text(_) | Cell::Time(_) => cell.to_string().into(),
    }
}
