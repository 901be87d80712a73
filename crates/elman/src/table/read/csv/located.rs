//! Cells that stay in the file's text, and are found there again.

use std::sync::Arc;

use super::dialect::Separator;
use super::scan::{Kind, Scan, Span, edited};

/// The cells of a file, found again by walking to them from a place that is known: that of every so many cells of a
/// row. So a file takes its own size in memory, and four bytes per row of few columns.
#[derive(Debug)]
pub(in crate::table) struct Located {
    source: Arc<Source>,
    /// Where each row begins, and every [`STRIDE`]th cell of it.
    marks: Vec<u32>,
    marks_per_row: usize,
}

/// A cell is looked for from the next of every so many cells before it.
pub(super) const STRIDE: usize = 16;

/// A file's text.
#[derive(Debug)]
struct Source {
    text: String,
    separator: Separator,
    edits: Edits,
}

/// The texts of cells that the file writes otherwise, with quotes in them.
#[derive(Debug, Default)]
pub(super) struct Edits {
    text: String,
    /// Where each of these cells begins in the file, and where its text ends here.
    cells: Vec<(u32, u32)>,
}

impl Edits {
    /// Remembers what the next such cell means.
    pub(super) fn push(&mut self, begin: usize, raw: &str) {
        self.text.push_str(edited(raw).trim());
        // Both are less than the file's length, which is checked.
        self.cells.push((begin as u32, self.text.len() as u32));
    }

    fn get(&self, begin: usize) -> &str {
        let Ok(n) = self.cells.binary_search_by_key(&begin, |(begin, _)| *begin as usize) else { return "" };
        let start = if n == 0 { 0 } else { self.cells[n - 1].1 as usize };
        &self.text[start..self.cells[n].1 as usize]
    }
}

impl Located {
    pub(super) fn new(
        text: String,
        separator: Separator,
        edits: Edits,
        mut marks: Vec<u32>,
        columns: usize,
    ) -> Self {
        marks.shrink_to_fit();
        let source = Arc::new(Source { text, separator, edits });
        Located { source, marks, marks_per_row: columns.div_ceil(STRIDE) }
    }

    /// The trimmed text of a cell.
    pub(in crate::table) fn text(&self, row: usize, place: usize) -> &str {
        let Source { text, separator, edits } = self.source.as_ref();
        let at = self.marks[row * self.marks_per_row + place / STRIDE] as usize;
        let mut scan = Scan { bytes: text.as_bytes(), separator: *separator, at };
        for _ in 0..place % STRIDE {
            scan.cell();
            scan.next();
        }
        match scan.cell() {
            Span { text: (begin, end), kind: Kind::Plain, .. } => trim(&text[begin..end]),
            Span { begin, .. } => edits.get(begin),
        }
    }

    /// The cells of these rows.
    pub(in crate::table) fn select(&self, rows: &[usize]) -> Self {
        let marks_of = |&row: &usize| &self.marks[row * self.marks_per_row..][..self.marks_per_row];
        Located {
            source: Arc::clone(&self.source),
            marks: rows.iter().flat_map(marks_of).copied().collect(),
            marks_per_row: self.marks_per_row,
        }
    }
}

/// Without the blanks around it, of which most cells have none.
pub(super) fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] | [first @ last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}
