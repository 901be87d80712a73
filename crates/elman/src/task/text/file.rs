//! The file that a text comes in: what it is, how its lines end.

use std::path::Path;

use crate::error::{DataError, Message};
use crate::table::{Document, Holds, TELLING, kind_of_file};
use crate::words::{counted, thousands};

/// Refuses a file that is no text, by what it is.
pub(super) fn refuse_other_kinds(name: &str, document: &Document) -> Result<(), DataError> {
    let mut start = vec![0; (TELLING as u64).min(document.len()) as usize];
    document.read_at(0, &mut start)?;
    let Some((what, holds)) = kind_of_file(&start) else { return Ok(()) };
    let way = match holds {
        Holds::Sound => Message::from(
            "sound is learned by the task label, from what went into a device and what came out, with ",
        )
        .option("audio"),
        Holds::Table => "tables are for other tasks, such as forecast".into(),
        Holds::Document => "save it as plain text".into(),
        Holds::Model | Holds::Other => "give a text".into(),
    };
    let message = Message::from(format!("{what}, no plain text; ")).followed_by(way);
    let message = message.text("; whatever it is, its bytes are learned with ");
    Err(DataError::new(name, message.option("tokens").text(" bytes")))
}

/// What is to be said of a text in a file that is called a table.
pub(super) fn called_a_table(name: &str) -> Option<Message> {
    let name = Path::new(name.strip_suffix(".gz").unwrap_or(name));
    let ending = name.extension()?.to_str()?;
    ["csv", "tsv"].iter().any(|table| ending.eq_ignore_ascii_case(table)).then(|| {
        let text = "by its name this is a table, of which a text learns the letters and digits one after the other; other tasks \
                    learn its columns, as forecast does";
        text.into()
    })
}

/// How the lines of a text end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// How many end at all.
    ended: u64,
    /// How many of them with a carriage return before the line feed, as on Windows.
    with_return: u64,
    /// Is the last byte so far a carriage return?
    at_return: bool,
}

impl Lines {
    /// Goes on with these bytes.
    pub(super) fn count(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            let ends = byte == b'\n';
            self.ended += u64::from(ends);
            self.with_return += u64::from(ends && self.at_return);
            self.at_return = byte == b'\r';
        }
    }

    /// What is to be said of lines that end as on Windows; nothing where there are none.
    pub(super) fn remark(self) -> Option<Message> {
        let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX);
        let (ended, with_return) = (count(self.ended), count(self.with_return));
        let which = match (with_return, ended) {
            (0, _) => return None,
            (1, 1) => "the only line ends".to_owned(),
            (some, all) if some == all => format!("all {} end", counted(all, "line")),
            (1, all) => format!("1 of {} ends", counted(all, "line")),
            (some, all) => format!("{} of {} end", thousands(some), counted(all, "line")),
        };
        let text = format!(
            "{which} as on Windows, with a carriage return (U+000D) before the line feed, which is learned and generated as \
             it is; to do without, take them out: tr -d '\\r'"
        );
        Some(text.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However the text is cut into parts.
    #[test]
    fn lines_that_end_as_on_windows_are_counted() {
        let said = |text: &str, part: usize| {
            let mut lines = Lines::default();
            text.as_bytes().chunks(part).for_each(|part| lines.count(part));
            lines.remark().map(|remark| remark.to_string())
        };
        for part in [1, 2, 3, 100] {
            for (text, which) in [
                ("a\r\nb", "the only line ends"),
                ("a\r\n\r\nb\r\n", "all 3 lines end"),
                ("a\nb\r\n\n", "1 of 3 lines ends"),
                ("a\nb\r\n\r\r\n", "2 of 3 lines end"),
            ] {
                let said = said(text, part).unwrap_or_default();
                assert!(
                    said.starts_with(&format!("{which} as on Windows, with a carriage return")),
                    "{said}"
                );
            }
            for text in ["", "a\nb\n", "a\rb\r", "\n\ra", "\r"] {
                assert_eq!(said(text, part), None, "{text:?}");
            }
        }
    }
}
