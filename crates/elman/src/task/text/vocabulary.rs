//! The tokens that a model tells apart, and texts as their ids.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::{TextOptions, Tokens};
use crate::error::{DataError, Message};
use crate::words::{counted, thousands};

/// A token's place among those of a [`Vocabulary`].
pub(super) type Id = u32;

/// The tokens that a model tells apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    /// What the tokens are.
    pub tokens: Tokens,
    /// Those that are told apart, in the order of their ids. Of bytes there are none here: a byte is its own id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<String>,
    /// Is there one more, for all that is not known? Its id is the last.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unknown: bool,
    /// How often each of them, the unknown one last, stands in the training part.
    pub counts: Vec<u64>,
}

/// A text as ids.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) ids: Vec<Id>,
    /// How many of them stand for what is not known.
    pub(super) unknown: usize,
}

impl Vocabulary {
    /// That of a text, of which the first `train(n)` of `n` tokens are learned from. With it come the text's ids.
    ///
    /// # Errors
    /// If the text is not UTF-8, and its tokens are no bytes.
    pub(super) fn of(
        name: &str,
        bytes: &[u8],
        options: &TextOptions,
        train: impl FnOnce(usize) -> usize,
    ) -> Result<(Self, Read), DataError> {
        let tokens = options.tokens;
        let mut vocabulary = Vocabulary { tokens, known: Vec::new(), unknown: false, counts: Vec::new() };
        if tokens == Tokens::Bytes {
            let train = train(bytes.len());
            vocabulary.counts = vec![0; BYTES];
            bytes[..train].iter().for_each(|&byte| vocabulary.counts[usize::from(byte)] += 1);
            return Ok((vocabulary, Read { ids: bytes.iter().copied().map(Id::from).collect(), unknown: 0 }));
        }
        let text = utf8(name, bytes)?;
        let train = train(tokens.split(text).count());
        let mut counts: HashMap<&str, u64> = HashMap::new();
        for (n, token) in tokens.split(text).enumerate() {
            *counts.entry(token).or_default() += u64::from(n < train);
        }
        let mut kept: Vec<(&str, u64)> = counts.into_iter().collect();
        vocabulary.unknown = options.has_unknown();
        if vocabulary.unknown {
            // What is there but once tells what becomes of what is not there at all.
            kept.retain(|&(_, count)| count > 1);
        }
        if let Some(most) = options.most() {
            kept.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
            kept.truncate(most);
        }
        kept.sort_unstable();
        vocabulary.known = kept.into_iter().map(|(token, _)| token.to_owned()).collect();
        vocabulary.counts = vec![0; vocabulary.len()];
        let read = vocabulary.read(name, bytes)?;
        read.ids[..train].iter().for_each(|&id| vocabulary.counts[id as usize] += 1);
        Ok((vocabulary, read))
    }

    /// How many tokens there are, the unknown one among them.
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        let known = if self.tokens == Tokens::Bytes { BYTES } else { self.known.len() };
        known + usize::from(self.unknown)
    }

    /// The id of the unknown token, if there is one.
    pub(super) fn unknown_id(&self) -> Option<Id> {
        self.unknown.then_some(self.known.len() as Id)
    }

    /// The tokens of the training part.
    pub(super) fn num_trained(&self) -> u64 {
        self.counts.iter().fold(0, |sum, &count| sum.saturating_add(count))
    }

    /// A text as ids; `name` stands for it in messages.
    ///
    /// # Errors
    /// If it is not UTF-8, or has tokens that are not known, and there is no token for them.
    pub(super) fn read(&self, name: &str, bytes: &[u8]) -> Result<Read, DataError> {
        if self.tokens == Tokens::Bytes {
            return Ok(Read { ids: bytes.iter().copied().map(Id::from).collect(), unknown: 0 });
        }
        let text = utf8(name, bytes)?;
        let ids: HashMap<&str, Id> = self.known.iter().map(String::as_str).zip(0..).collect();
        let (mut read, mut first) = (Read { ids: Vec::new(), unknown: 0 }, None);
        let mut at = 0;
        for token in self.tokens.split(text) {
            match (ids.get(token).copied(), self.unknown_id()) {
                (Some(id), _) => read.ids.push(id),
                (None, Some(unknown)) => {
                    read.ids.push(unknown);
                    read.unknown += 1;
                }
                (None, None) => drop(first.get_or_insert(at)),
            }
            at += token.len();
        }
        match first {
            None => Ok(read),
            Some(first) => {
                let unknown: BTreeSet<&str> =
                    self.tokens.split(text).filter(|token| !ids.contains_key(token)).collect();
                Err(self.unknown_error(name, text, first, &unknown))
            }
        }
    }

    /// The error about tokens that are not known, of which the first stands at a byte of the text.
    fn unknown_error(&self, name: &str, text: &str, first: usize, unknown: &BTreeSet<&str>) -> DataError {
        let noun = self.tokens.noun();
        let which = match unknown.len() {
            1 => format!("the model does not know the {noun} {}", shown(unknown)),
            many => format!("the model does not know {}: {}", counted(many, noun), shown(unknown)),
        };
        let message =
            Message::from(format!("{which}; leave out what it has not seen in training, or train with "));
        let message = message.option("unknown").text(", which makes a token of all that is not known");
        DataError::new(place(name, text, first), message)
    }

    /// Adds what a token is to a text; nothing of the unknown one.
    pub(super) fn write(&self, id: Id, text: &mut Vec<u8>) {
        match self.tokens {
            Tokens::Bytes => text.push(id as u8),
            _ => text.extend_from_slice(self.known.get(id as usize).map_or(&[], |token| token.as_bytes())),
        }
    }

    /// The characters of a token, of bytes those that begin with it; `None` of the unknown one.
    pub(super) fn num_characters(&self, id: Id) -> Option<usize> {
        match self.tokens {
            // Other bytes go on with a character.
            Tokens::Bytes => Some(usize::from(id as u8 & 0xC0 != 0x80)),
            _ => self.known.get(id as usize).map(|token| token.chars().count()),
        }
    }

    /// How a token is shown in a table: bytes as their numbers, the unknown one by its name.
    pub(super) fn name(&self, id: Id) -> String {
        match self.tokens {
            Tokens::Bytes => id.to_string(),
            _ => self.known.get(id as usize).cloned().unwrap_or_else(|| UNKNOWN.to_owned()),
        }
    }

    /// How the tokens of a text that was read are shown in a table: as they stand there, known or not.
    pub(super) fn shown(&self, bytes: &[u8], read: &Read) -> Vec<String> {
        match std::str::from_utf8(bytes) {
            Ok(text) if self.tokens != Tokens::Bytes => {
                self.tokens.split(without_mark(text)).map(str::to_owned).collect()
            }
            _ => read.ids.iter().map(|&id| self.name(id)).collect(),
        }
    }

    /// What is to be said of a text with so many tokens that are not known, if there are some.
    pub(super) fn unknown_remark(&self, name: &str, read: &Read) -> Option<Message> {
        let (unknown, all) = (read.unknown, read.ids.len());
        let share = 100.0 * unknown as f64 / all as f64;
        let noun = self.tokens.noun();
        (unknown > 0).then(|| {
            let verb = if unknown == 1 { "is" } else { "are" };
            let text = format!(
                "{name}: {} of {} {noun}s ({share:.2} %) {verb} not known, and read as the unknown token",
                thousands(unknown),
                thousands(all)
            );
            text.into()
        })
    }

    /// Refuses what no vocabulary can be.
    pub(super) fn check(&self) -> Result<(), String> {
        let is_one = |token: &String| {
            let mut parts = self.tokens.split(token);
            parts.next() == Some(token) && parts.next().is_none()
        };
        let distinct: BTreeSet<&String> = self.known.iter().collect();
        let is_bytes = self.tokens == Tokens::Bytes;
        if is_bytes && (self.unknown || !self.known.is_empty())
            || !self.known.iter().all(is_one)
            || distinct.len() != self.known.len()
        {
            return Err(format!("its {} are none", self.tokens));
        }
        if self.counts.len() != self.len() || self.len() < 2 {
            return Err("its tokens do not fit together".into());
        }
        Ok(())
    }
}

/// How the unknown token is shown where its text is not there.
const UNKNOWN: &str = "<unknown>";

/// How many bytes there are.
const BYTES: usize = 256;

/// A text in UTF-8, without its byte order mark.
pub(super) fn utf8<'t>(name: &str, bytes: &'t [u8]) -> Result<&'t str, DataError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let byte = bytes.get(at).copied().unwrap_or_default();
        let what = if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") {
            "; the text looks like UTF-16".to_owned()
        } else {
            String::new()
        };
        let message = format!("0x{byte:02X} is not UTF-8{what}; save the text as UTF-8, or read bytes with ");
        DataError::new(format!("{name}, byte {at}"), Message::from(message).option("tokens").text(" bytes"))
    })?;
    Ok(without_mark(text))
}

/// A text without its byte order mark.
fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{FEFF}').unwrap_or(text)
}

/// `kjv.txt, line 3, column 7`: where a byte of a text stands, counted from 1.
fn place(name: &str, text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or_default();
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.rsplit('\n').next().map_or(0, |line| line.chars().count());
    format!("{name}, line {line}, column {column}")
}

/// `"é" (U+00E9)` of a character, else the text alone; of many the first.
pub(super) fn shown(tokens: &BTreeSet<&str>) -> String {
    const MOST: usize = 12;
    let one = |token: &&str| {
        let mut chars = token.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => format!("{token:?} (U+{:04X})", u32::from(c)),
            _ => format!("{token:?}"),
        }
    };
    let first: Vec<String> = tokens.iter().take(MOST).map(one).collect();
    match tokens.len().saturating_sub(MOST) {
        0 => first.join(", "),
        more => format!("{} and {} more", first.join(", "), thousands(more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, options: &TextOptions) -> (Vocabulary, Read) {
        Vocabulary::of("t.txt", text.as_bytes(), options, |n| n).unwrap()
    }

    #[test]
    fn a_text_is_its_ids() {
        let (vocabulary, read) = of("abba\u{E9}", &TextOptions::default());
        assert_eq!(vocabulary.known, ["a", "b", "\u{E9}"]);
        assert_eq!((read.ids, vocabulary.counts.clone()), (vec![0, 1, 1, 0, 2], vec![2, 2, 1]));
        let (bytes, read) = of("a\u{E9}", &TextOptions::default().with_tokens(Tokens::Bytes));
        assert_eq!((bytes.len(), read.ids), (256, vec![0x61, 0xC3, 0xA9]));
        // A byte order mark is no character.
        assert_eq!(of("\u{FEFF}ab", &TextOptions::default()).1.ids, [0, 1]);
    }

    #[test]
    fn what_is_rare_is_unknown() {
        let options = TextOptions::default().with_unknown(true);
        let (vocabulary, read) = of("aabbc", &options);
        assert_eq!(
            (vocabulary.known.clone(), vocabulary.len(), read.unknown),
            (vec!["a".into(), "b".into()], 3, 1)
        );
        assert_eq!(vocabulary.read("x", "bz".as_bytes()).unwrap().ids, [1, 2]);
        // The two most frequent words.
        let options = TextOptions::default().with_tokens(Tokens::Words).with_vocabulary(2);
        let (vocabulary, read) = of("a b a b a c c b a", &options);
        assert_eq!(vocabulary.known, [" a", " b"]);
        assert_eq!(read.ids, [2, 1, 0, 1, 0, 2, 2, 1, 0]);
        assert_eq!(vocabulary.counts, [3, 3, 3]);
        let remark = vocabulary.unknown_remark("t.txt", &read).unwrap().to_string();
        assert_eq!(remark, "t.txt: 3 of 9 words (33.33 %) are not known, and read as the unknown token");
    }

    #[test]
    fn what_is_not_known_is_shown_with_its_place() {
        let (vocabulary, _) = of("ab\n", &TextOptions::default());
        let message = |text: &str| vocabulary.read("x.txt", text.as_bytes()).unwrap_err().to_string();
        let way_out = "leave out what it has not seen in training, or train with unknown, which makes a token of all \
                       that is not known";
        assert_eq!(
            message("ab\na\u{E9}b"),
            format!(
                "x.txt, line 2, column 2: the model does not know the character \"\u{E9}\" (U+00E9); {way_out}"
            )
        );
        assert_eq!(
            message("c\t"),
            format!(
                "x.txt, line 1, column 1: the model does not know 2 characters: \"\\t\" (U+0009), \"c\" (U+0063); {way_out}"
            )
        );
    }

    #[test]
    fn what_is_not_utf_8_is_named_with_its_byte() {
        let message = |bytes: &[u8]| utf8("x.txt", bytes).unwrap_err().to_string();
        assert_eq!(
            message(b"na\xEFve"),
            "x.txt, byte 2: 0xEF is not UTF-8; save the text as UTF-8, or read bytes with tokens bytes"
        );
        assert!(message(b"\xFF\xFEa\0").contains("looks like UTF-16"));
        // A character that is cut short.
        assert!(message("\u{20AC}".as_bytes().split_last().unwrap().1).starts_with("x.txt, byte 0: 0xE2"));
    }
}
