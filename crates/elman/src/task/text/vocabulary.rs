//! The tokens that a model tells apart, and texts as their ids.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::cut::{Count, Counts, Cut};
use super::{TextOptions, Tokens};
use crate::error::DataError;
use crate::words::thousands;

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

impl Vocabulary {
    /// That of a text whose tokens were counted and of which so many are learned from, and how many of all are not known.
    ///
    /// # Errors
    /// If the text cannot be read any more.
    pub(super) fn of(
        (cut, mut counts): (&Cut, Counts),
        options: &TextOptions,
        train: usize,
    ) -> Result<(Self, u64), DataError> {
        let tokens = options.tokens;
        let mut vocabulary = Vocabulary { tokens, known: Vec::new(), unknown: false, counts: Vec::new() };
        if tokens == Tokens::Bytes {
            vocabulary.counts = cut.count_bytes(train)?;
            return Ok((vocabulary, 0));
        }
        cut.take_back(&mut counts, train)?;
        let mut kept: Vec<(String, Count)> = counts.into_each().collect();
        let sum = |kept: &[(String, Count)]| {
            kept.iter().fold((0, 0), |sum, (_, count)| (sum.0 + count.all, sum.1 + count.learned))
        };
        let all = sum(&kept);
        vocabulary.unknown = options.has_unknown();
        if vocabulary.unknown {
            // What is there but once tells what becomes of what is not there at all.
            kept.retain(|(_, count)| count.learned > 1);
        }
        if let Some(most) = options.most() {
            kept.sort_unstable_by(|a, b| b.1.learned.cmp(&a.1.learned).then_with(|| a.0.cmp(&b.0)));
            kept.truncate(most);
        }
        kept.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let known = sum(&kept);
        (vocabulary.known, vocabulary.counts) =
            kept.into_iter().map(|(token, count)| (token, count.learned)).unzip();
        if vocabulary.unknown {
            vocabulary.counts.push(all.1 - known.1);
        }
        Ok((vocabulary, all.0 - known.0))
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

    /// The ids of what is there.
    pub(super) fn ids(&self) -> Ids {
        let mut ids = Ids { ascii: [NONE; 128], others: HashMap::new() };
        for (token, id) in self.known.iter().zip(0..) {
            match token.as_bytes() {
                [byte] => ids.ascii[usize::from(*byte)] = id,
                _ => drop(ids.others.insert(token.as_str().into(), id)),
            }
        }
        ids
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

/// What stands for no id: no vocabulary is so large.
const NONE: Id = Id::MAX;

/// The tokens of a vocabulary, to be looked up.
#[derive(Debug)]
pub(super) struct Ids {
    /// Of tokens of a single byte, by far the most frequent ones.
    ascii: [Id; 128],
    others: HashMap<Box<str>, Id>,
}

impl Ids {
    pub(super) fn get(&self, token: &str) -> Option<Id> {
        match token.as_bytes() {
            [byte] => self.ascii.get(usize::from(*byte)).copied().filter(|&id| id != NONE),
            _ => self.others.get(token).copied(),
        }
    }
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

    use std::sync::Arc;

    use super::super::corpus::Corpus;
    use crate::table::Document;

    fn cut(bytes: &[u8], tokens: Tokens) -> Result<(Cut, Counts), DataError> {
        Cut::counted("t.txt", &Arc::new(Document::of(bytes.to_vec())), tokens)
    }

    fn of(text: &str, options: &TextOptions) -> (Vocabulary, Corpus) {
        let (cut, counts) = cut(text.as_bytes(), options.tokens).unwrap();
        let (vocabulary, unknown) = Vocabulary::of((&cut, counts), options, cut.found.len).unwrap();
        let corpus = Corpus::of_its_own(cut, &vocabulary, unknown);
        (vocabulary, corpus)
    }

    fn ids(corpus: &Corpus) -> Vec<Id> {
        corpus.ids(0..corpus.len()).unwrap()
    }

    #[test]
    fn a_text_is_its_ids() {
        let (vocabulary, corpus) = of("abba\u{E9}", &TextOptions::default());
        assert_eq!(vocabulary.known, ["a", "b", "\u{E9}"]);
        assert_eq!((ids(&corpus), vocabulary.counts), (vec![0, 1, 1, 0, 2], vec![2, 2, 1]));
        let (bytes, corpus) = of("a\u{E9}", &TextOptions::default().with_tokens(Tokens::Bytes));
        assert_eq!((bytes.len(), ids(&corpus)), (256, vec![0x61, 0xC3, 0xA9]));
        // A byte order mark is no character.
        assert_eq!(ids(&of("\u{FEFF}ab", &TextOptions::default()).1), [0, 1]);
    }

    #[test]
    fn what_is_rare_is_unknown() {
        let options = TextOptions::default().with_unknown(true);
        let (vocabulary, corpus) = of("aabbc", &options);
        assert_eq!((vocabulary.known.clone(), vocabulary.len()), (vec!["a".into(), "b".into()], 3));
        let remark = corpus.unknown_remark().unwrap().to_string();
        assert_eq!(remark, "t.txt: 1 of 5 characters (20.00 %) is not known, and read as the unknown token");
        assert_eq!(ids(&Corpus::of_bytes("x", b"bz", &vocabulary).unwrap()), [1, 2]);
        // The two most frequent words.
        let options = TextOptions::default().with_tokens(Tokens::Words).with_vocabulary(2);
        let (vocabulary, corpus) = of("a b a b a c c b a", &options);
        assert_eq!(vocabulary.known, [" a", " b"]);
        assert_eq!(ids(&corpus), [2, 1, 0, 1, 0, 2, 2, 1, 0]);
        assert_eq!(vocabulary.counts, [3, 3, 3]);
        let remark = "t.txt: 3 of 9 words (33.33 %) are not known, and read as the unknown token";
        assert_eq!(corpus.unknown_remark().unwrap().to_string(), remark);
        let again = Corpus::of_bytes("t.txt", b"a b a b a c c b a", &vocabulary).unwrap();
        assert_eq!(again.unknown_remark().unwrap().to_string(), remark);
    }

    #[test]
    fn what_is_not_known_is_shown_with_its_place() {
        let (vocabulary, _) = of("ab\n", &TextOptions::default());
        let message =
            |text: &str| Corpus::of_bytes("x.txt", text.as_bytes(), &vocabulary).unwrap_err().to_string();
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
        let message = |bytes: &[u8]| cut(bytes, Tokens::Characters).unwrap_err().to_string();
        assert_eq!(
            message(b"na\xEFve"),
            "t.txt, byte 2: 0xEF is not UTF-8; save the text as UTF-8, or read bytes with tokens bytes"
        );
        assert!(message(b"\xFF\xFEa\0").contains("looks like UTF-16"));
        // A character that is cut short.
        assert!(message("\u{20AC}".as_bytes().split_last().unwrap().1).starts_with("t.txt, byte 0: 0xE2"));
    }
}
