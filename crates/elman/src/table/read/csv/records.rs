//! The records of a CSV file, one by one.

use std::ops::Range;

use super::super::count_line_breaks;
use super::dialect::{Dialect, Separator};
use super::scan::{Kind, Scan, Span, edited};

/// Goes through the records of a file, knowing on which line each of them begins.
#[derive(Clone, Copy)]
pub(super) struct Records<'t> {
    text: &'t str,
    pub(super) scan: Scan<'t>,
    comment: Option<u8>,
    /// The line on which the record begins.
    pub(super) line: u64,
    /// Line breaks within the record's cells.
    breaks: u64,
    /// Is a line of nothing but tabs a row of empty cells, where tabs separate? Before the first row it is blank.
    pub(super) keeps_tabs: bool,
}

impl<'t> Records<'t> {
    pub(super) fn new(text: &'t str, dialect: &Dialect) -> Self {
        let line = 1 + count_line_breaks(&text.as_bytes()[..dialect.begin]);
        let mut records = Records::at(&text[dialect.begin..], dialect.separator, dialect.comment);
        // Places are those in the whole text.
        records.text = text;
        records.scan = Scan { bytes: text.as_bytes(), at: dialect.begin, ..records.scan };
        Records { line, ..records }
    }

    /// Those of a text that begins with one.
    pub(super) fn at(text: &'t str, separator: Separator, comment: Option<u8>) -> Self {
        let scan = Scan { bytes: text.as_bytes(), separator, at: 0 };
        Records { text, scan, comment, line: 1, breaks: 0, keeps_tabs: false }
    }

    /// Those of a part of a text, the first of which begins on this line of a file.
    pub(super) fn within(text: &'t str, part: Range<usize>, separator: Separator, line: u64) -> Self {
        let scan = Scan { bytes: &text.as_bytes()[..part.end], separator, at: part.start };
        Records { text, scan, comment: None, line, breaks: 0, keeps_tabs: true }
    }

    /// Goes to the next record that is not blank, the one before having been walked through; false at the end of the
    /// file.
    pub(super) fn advance(&mut self) -> bool {
        self.line = self.end_line();
        self.breaks = 0;
        let bytes = self.scan.bytes;
        let begins_cell = |first: &u8| first.is_ascii_graphic() && Some(*first) != self.comment;
        // Most records stand on the line behind the one before.
        let break_length = match bytes.get(self.scan.at..) {
            Some([b'\n', first, ..]) if begins_cell(first) => 1,
            Some([b'\r', b'\n', first, ..]) if begins_cell(first) => 2,
            _ => 0,
        };
        if break_length > 0 {
            self.line += 1;
            self.scan.at += break_length;
            self.scan.begin();
            return true;
        }
        loop {
            let rest = &bytes[self.scan.at..];
            let length = match rest {
                [] => return false,
                [b'\r', b'\n', ..] => 2,
                [b'\r' | b'\n', ..] => 1,
                [first, ..] if Some(*first) == self.comment => {
                    rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1)
                }
                [first, ..] if first.is_ascii_whitespace() => {
                    let line = rest.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
                    let has_cells = self.keeps_tabs
                        && self.scan.separator == Separator::Byte(b'\t')
                        && line.contains(&b'\t');
                    if has_cells || !line.trim_ascii().is_empty() {
                        break;
                    }
                    line.len()
                }
                _ => break,
            };
            self.line += count_line_breaks(&rest[..length]);
            self.scan.at += length;
        }
        self.scan.begin();
        true
    }

    /// The line on which the record ends, once it has been walked through.
    #[inline]
    pub(super) fn end_line(&self) -> u64 {
        self.line + self.breaks
    }

    /// Walks over the record's next cell.
    ///
    /// # Errors
    /// If a quote is never closed.
    #[inline]
    pub(super) fn cell(&mut self) -> Result<Span, Unclosed> {
        let span = self.scan.cell();
        if self.scan.bytes.get(span.begin) == Some(&b'"') {
            self.breaks += count_line_breaks(&self.scan.bytes[span.begin..span.end]);
        }
        if span.kind == Kind::Unclosed { Err(Unclosed) } else { Ok(span) }
    }

    /// What stands between these places.
    #[inline]
    pub(super) fn text(&self, (begin, end): (usize, usize)) -> &'t str {
        &self.text[begin..end]
    }

    /// The number of cells from here to the record's end.
    ///
    /// # Errors
    /// If a quote is never closed.
    pub(super) fn count_cells(mut self) -> Result<usize, Unclosed> {
        let mut count = 1;
        while self.cell().map(|_| self.scan.next())? {
            count += 1;
        }
        Ok(count)
    }

    /// The cells from here to the record's end, blanks around them included.
    ///
    /// # Errors
    /// If a quote is never closed.
    pub(super) fn texts(&mut self) -> Result<Vec<String>, Unclosed> {
        let mut texts = Vec::new();
        loop {
            let span = self.cell()?;
            let text = self.text(span.text);
            texts.push(if span.kind == Kind::Edited { edited(text) } else { text.to_owned() });
            if !self.scan.next() {
                return Ok(texts);
            }
        }
    }
}

/// A quote is never closed: `csv` and others take the rest of the file for one cell.
#[derive(Debug)]
pub(super) struct Unclosed;
