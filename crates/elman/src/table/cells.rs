//! The texts of a table's cells: where they stand in the file, or beside it.

use std::fmt::Write;
use std::sync::{Arc, OnceLock};

use super::document::Document;
use super::long::Long;
use super::read::csv::Located;
use crate::audio::Recordings;

/// The trimmed texts of a column's cells.
#[derive(Debug, Clone)]
pub(super) enum Cells {
    /// They stand in the file, in this place of each row.
    InFile(Arc<Located>, usize),
    /// They are kept.
    Kept(Texts),
    /// They are some of these, of which each may stand in many rows: that of each row by its number.
    Coded(Arc<Texts>, Vec<u32>),
    /// They are the column's numbers, written like this when they are first asked for.
    Written(Spelling, OnceLock<Texts>),
    /// It is one cell: a text file.
    Document(Arc<Document>),
    /// It is one cell: recordings.
    Recorded(Arc<Recordings>),
    /// It is one cell: a table that stays in its file.
    Long(Arc<Long>),
}

/// Texts, one after another.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts {
    text: String,
    /// Where each ends; it begins where the one before it ends.
    ends: Vec<u32>,
}

/// How numbers that a file holds as bytes are written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spelling {
    /// The shortest text that is the same `f32`.
    F32,
    /// The shortest text that is the same `f64`.
    F64,
    /// Without decimals.
    Integer,
}

impl Texts {
    /// Adds a text; false if there is no place left, after 4 GiB.
    #[must_use]
    pub(super) fn push(&mut self, text: &str) -> bool {
        let Some(end) = self.text.len().checked_add(text.len()).and_then(|end| u32::try_from(end).ok())
        else {
            return false;
        };
        self.text.push_str(text);
        self.ends.push(end);
        true
    }

    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn get(&self, row: usize) -> &str {
        let begin = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.text[begin as usize..self.ends[row] as usize]
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        (0..self.len()).map(|row| self.get(row))
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }

    /// These numbers; NaN is an empty text.
    fn of(values: &[f64], spelling: Spelling) -> Self {
        let mut texts = Texts { text: String::new(), ends: Vec::with_capacity(values.len()) };
        let mut text = String::new();
        for &value in values {
            text.clear();
            if !value.is_nan() {
                spelling.write(value, &mut text);
            }
            if !texts.push(&text) {
                // Beyond 4 GiB of texts, which no message shows.
                texts.ends.push(texts.text.len() as u32);
            }
        }
        texts
    }
}

impl Spelling {
    /// Adds the text of a number.
    pub(super) fn write(self, value: f64, text: &mut String) {
        // Writing to a string does not fail.
        let _ = match self {
            Spelling::F32 => write!(text, "{:?}", value as f32),
            Spelling::F64 => write!(text, "{value:?}"),
            Spelling::Integer => write!(text, "{value}"),
        };
    }
}

impl Cells {
    /// The text of a row's cell; `values` are the column's, if they are numbers.
    pub(super) fn text(&self, row: usize, values: Option<&[f64]>) -> &str {
        match (self, values) {
            (Cells::InFile(located, place), _) => located.text(row, *place),
            (Cells::Kept(texts), _) => texts.get(row),
            (Cells::Coded(texts, codes), _) => texts.get(codes[row] as usize),
            (Cells::Document(document), _) => document.text(),
            (Cells::Recorded(recordings), _) => recordings.name(),
            (Cells::Long(long), _) => long.name(),
            (Cells::Written(..), Some(values)) if values[row].is_nan() => "",
            (Cells::Written(spelling, texts), values) => {
                texts.get_or_init(|| Texts::of(values.unwrap_or_default(), *spelling)).get(row)
            }
        }
    }

    /// The cells of these rows.
    pub(super) fn select(&self, rows: &[usize], located: &mut Option<Arc<Located>>) -> Self {
        match self {
            Cells::InFile(whole, place) => {
                let part = located.get_or_insert_with(|| Arc::new(whole.select(rows)));
                Cells::InFile(Arc::clone(part), *place)
            }
            Cells::Kept(texts) => {
                let mut part = Texts::default();
                // Rows may come twice; what is beyond 4 GiB then stays empty.
                rows.iter().for_each(|&row| {
                    if !part.push(texts.get(row)) {
                        part.ends.push(part.text.len() as u32);
                    }
                });
                Cells::Kept(part)
            }
            Cells::Coded(texts, codes) => {
                Cells::Coded(Arc::clone(texts), rows.iter().map(|&row| codes[row]).collect())
            }
            Cells::Written(spelling, _) => Cells::Written(*spelling, OnceLock::new()),
            Cells::Document(document) => Cells::Document(Arc::clone(document)),
            Cells::Recorded(recordings) => Cells::Recorded(Arc::clone(recordings)),
            Cells::Long(long) => Cells::Long(Arc::clone(long)),
        }
    }
}
