//! The cells of a text, one by one: the same walk that reads a file finds a cell of it again.

use memchr::{memchr, memchr3};

use super::dialect::Separator;

/// A walk over the cells of a text.
#[derive(Clone, Copy)]
pub(super) struct Scan<'t> {
    pub(super) bytes: &'t [u8],
    pub(super) separator: Separator,
    /// Where the next cell begins.
    pub(super) at: usize,
}

/// Where a cell stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    /// The quote that it begins with, if it has one.
    pub(super) begin: usize,
    /// Its text: what stands between the quotes, of a quoted cell.
    pub(super) text: (usize, usize),
    /// What follows it: a separator, a line break, the end.
    pub(super) end: usize,
    pub(super) kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// Its text is what the file says.
    Plain,
    /// There are quotes, or text behind the closing quote: its text is not in the file as it is meant.
    Edited,
    /// It has a quote that is never closed.
    Unclosed,
}

impl<'t> Scan<'t> {
    /// Goes to the first cell of the record that begins here.
    #[inline]
    pub(super) fn begin(&mut self) {
        if self.separator == Separator::Blanks {
            self.skip_blanks();
        }
    }

    /// Walks over a cell. What follows it is still ahead.
    #[inline]
    pub(super) fn cell(&mut self) -> Span {
        let begin = self.at;
        let span = if self.bytes.get(begin) == Some(&b'"') {
            self.quoted(begin)
        } else {
            let end = self.end_of_plain(begin);
            Span { begin, text: (begin, end), end, kind: Kind::Plain }
        };
        self.at = span.end;
        span
    }

    /// Goes to the next cell of the record; false if there is none.
    #[inline]
    pub(super) fn next(&mut self) -> bool {
        match self.separator {
            Separator::Byte(separator) => {
                let is_followed = self.bytes.get(self.at) == Some(&separator);
                self.at += usize::from(is_followed);
                is_followed
            }
            Separator::Blanks => {
                self.skip_blanks();
                self.bytes.get(self.at).is_some_and(|byte| !matches!(byte, b'\n' | b'\r'))
            }
        }
    }

    /// Does a cell end here?
    #[inline]
    pub(super) fn ends_at(&self, at: usize) -> bool {
        self.bytes.get(at).is_none_or(|&byte| self.separator.is(byte) || matches!(byte, b'\n' | b'\r'))
    }

    fn skip_blanks(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    }

    fn end_of_plain(&self, begin: usize) -> usize {
        let rest = self.bytes.get(begin..).unwrap_or_default();
        let length = match self.separator {
            Separator::Byte(separator) => memchr3(separator, b'\n', b'\r', rest),
            Separator::Blanks => rest.iter().position(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')),
        };
        begin + length.unwrap_or(rest.len())
    }

    /// As the crate `csv` has it: a quote written twice stands for one, and what follows the closing quote belongs to
    /// the cell.
    fn quoted(&self, begin: usize) -> Span {
        let (mut at, mut kind) = (begin + 1, Kind::Plain);
        let quote_from = |at: usize| memchr(b'"', &self.bytes[at..]).map(|n| at + n);
        loop {
            match quote_from(at) {
                None => {
                    let end = self.bytes.len();
                    return Span { begin, text: (begin + 1, end), end, kind: Kind::Unclosed };
                }
                Some(quote) if self.bytes.get(quote + 1) == Some(&b'"') => {
                    kind = Kind::Edited;
                    at = quote + 2;
                }
                Some(quote) if self.ends_at(quote + 1) => {
                    return Span { begin, text: (begin + 1, quote), end: quote + 1, kind };
                }
                Some(quote) => {
                    let end = self.end_of_plain(quote + 1);
                    return Span { begin, text: (begin + 1, end), end, kind: Kind::Edited };
                }
            }
        }
    }
}

/// The text that is meant by a cell of [`Kind::Edited`]: `raw` is what stands behind its first quote.
pub(super) fn edited(raw: &str) -> String {
    let (mut text, mut rest) = (String::with_capacity(raw.len()), raw);
    while let Some((before, after)) = rest.split_once('"') {
        text.push_str(before);
        match after.strip_prefix('"') {
            Some(after) => {
                text.push('"');
                rest = after;
            }
            // The closing quote, or the end: quotes that follow are nothing but text.
            None => {
                text.push_str(after);
                return text;
            }
        }
    }
    text.push_str(rest);
    text
}
