//! A text that is read where it stands: of its blocks of tokens, those that are needed become ids.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use super::Tokens;
use super::cut::{BLOCK, Cut};
use super::vocabulary::{Id, Ids, Vocabulary, shown};
use crate::error::{DataError, Error, Message};
use crate::file::Blocks;
use crate::loss::Targets;
use crate::sequence::{Example, Source};
use crate::table::Document;
use crate::words::{counted, thousands};

/// So many blocks are kept as ids: those of the sequences that are learned side by side, and more.
const KEPT: usize = 256;

/// A text as ids.
#[derive(Debug)]
pub(super) struct Corpus {
    cut: Cut,
    ids: Ids,
    unknown_id: Option<Id>,
    /// How many of its tokens are not known.
    unknown: u64,
    kept: Blocks<Id>,
}

impl Corpus {
    /// A text that a vocabulary was made of; so many of its tokens are not known.
    pub(super) fn of_its_own(cut: Cut, vocabulary: &Vocabulary, unknown: u64) -> Self {
        cut.found.keep_unknown(vocabulary, unknown);
        Corpus::with(cut, vocabulary, unknown)
    }

    fn with(cut: Cut, vocabulary: &Vocabulary, unknown: u64) -> Self {
        let (ids, unknown_id) = (vocabulary.ids(), vocabulary.unknown_id());
        Corpus { cut, ids, unknown_id, unknown, kept: Blocks::new(BLOCK, KEPT) }
    }

    /// A text by a vocabulary.
    ///
    /// # Errors
    /// If the text has tokens that are not known, and there is no token for them; or it cannot be read any more.
    pub(super) fn new(cut: Cut, vocabulary: &Vocabulary) -> Result<Self, DataError> {
        let counted = cut.found.unknown_by(vocabulary);
        let has_unknown = vocabulary.unknown;
        if let Some(unknown) = counted.filter(|&unknown| unknown == 0 || has_unknown) {
            return Ok(Corpus::with(cut, vocabulary, unknown));
        }
        let mut corpus = Corpus::with(cut, vocabulary, 0);
        if vocabulary.tokens == Tokens::Bytes {
            return Ok(corpus);
        }
        let (mut unknown, mut first, mut kinds) = (0, None, BTreeSet::new());
        corpus.cut.for_each(|at, token| {
            if corpus.ids.get(token).is_none() {
                unknown += 1;
                first.get_or_insert(at);
                if !has_unknown && !kinds.contains(token) {
                    kinds.insert(token.to_owned());
                }
            }
        })?;
        corpus.unknown = unknown;
        corpus.cut.found.keep_unknown(vocabulary, unknown);
        match first {
            Some(first) if !has_unknown => Err(corpus.unknown_error(first, &kinds)),
            _ => Ok(corpus),
        }
    }

    /// A text that is in memory by a vocabulary; `name` stands for it in messages.
    ///
    /// # Errors
    /// As [`new`](Self::new); if it is not UTF-8, and its tokens are no bytes.
    pub(super) fn of_bytes(name: &str, bytes: &[u8], vocabulary: &Vocabulary) -> Result<Self, DataError> {
        let document = Arc::new(Document::of(bytes.to_vec()));
        Corpus::new(Cut::of(name, &document, vocabulary.tokens)?, vocabulary)
    }

    /// How many tokens there are.
    pub(super) fn len(&self) -> usize {
        self.cut.found.len
    }

    /// The ids of some tokens.
    ///
    /// # Errors
    /// If the text has changed, or cannot be read any more.
    pub(super) fn ids(&self, range: Range<usize>) -> Result<Vec<Id>, DataError> {
        self.kept.stretch(range, |block| self.cut.read_block(block, &self.ids, self.unknown_id))
    }

    /// Goes through the ids of some tokens, each with its place.
    ///
    /// # Errors
    /// As [`ids`](Self::ids).
    pub(super) fn for_each(
        &self,
        range: Range<usize>,
        mut each: impl FnMut(usize, Id),
    ) -> Result<(), DataError> {
        for start in range.clone().step_by(BLOCK) {
            let ids = self.ids(start..range.end.min(start + BLOCK))?;
            ids.into_iter().zip(start..).for_each(|(id, place)| each(place, id));
        }
        Ok(())
    }

    /// How the tokens are shown in a table: as they stand there, known or not; bytes as their numbers.
    ///
    /// # Errors
    /// As [`ids`](Self::ids).
    pub(super) fn shown(&self) -> Result<Vec<String>, DataError> {
        let mut shown = Vec::with_capacity(self.len());
        if self.cut.tokens == Tokens::Bytes {
            self.for_each(0..self.len(), |_, id| shown.push(id.to_string()))?;
        } else {
            self.cut.for_each(|_, token| shown.push(token.to_owned()))?;
        }
        Ok(shown)
    }

    /// How many of its tokens are not known.
    #[cfg(test)]
    pub(super) fn unknown_tokens(&self) -> u64 {
        self.unknown
    }

    /// What is to be said of tokens that are not known, if there are some.
    pub(super) fn unknown_remark(&self) -> Option<Message> {
        let (unknown, all) = (self.unknown, self.len());
        let share = 100.0 * unknown as f64 / all as f64;
        let (name, noun) = (&self.cut.name, self.cut.tokens.noun());
        (unknown > 0).then(|| {
            let verb = if unknown == 1 { "is" } else { "are" };
            let text = format!(
                "{name}: {} of {} {noun}s ({share:.2} %) {verb} not known, and read as the unknown token",
                thousands(usize::try_from(unknown).unwrap_or(usize::MAX)),
                thousands(all)
            );
            text.into()
        })
    }

    /// The error about tokens that are not known, of which the first stands at a byte of the text.
    fn unknown_error(&self, first: u64, unknown: &BTreeSet<String>) -> DataError {
        let noun = self.cut.tokens.noun();
        let unknown: BTreeSet<&str> = unknown.iter().map(String::as_str).collect();
        let which = match unknown.len() {
            1 => format!("the model does not know the {noun} {}", shown(&unknown)),
            many => format!("the model does not know {}: {}", counted(many, noun), shown(&unknown)),
        };
        let message =
            Message::from(format!("{which}; leave out what it has not seen in training, or train with "));
        let message = message.option("unknown").text(", which makes a token of all that is not known");
        DataError::new(self.place(first), message)
    }

    /// `kjv.txt, line 3, column 7`: where a token stands, counted from 1.
    fn place(&self, first: u64) -> String {
        let (mut line, mut column) = (1u64, 1u64);
        let counted = self.cut.for_each(|at, token| {
            if at < first {
                for c in token.chars() {
                    (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
                }
            }
        });
        match counted {
            Ok(()) => format!("{}, line {line}, column {column}", self.cut.name),
            Err(_) => self.cut.name.clone(),
        }
    }
}

/// A part of a text as sequences that follow each other, with the token after each for its target: every token but the
/// first is a target once.
#[derive(Debug)]
pub(super) struct Windows {
    pub(super) corpus: Arc<Corpus>,
    pub(super) part: Range<usize>,
    /// The tokens of a sequence; the last may have less.
    pub(super) window: usize,
}

impl Source for Windows {
    fn count(&self) -> usize {
        self.part.len().saturating_sub(1).div_ceil(self.window)
    }

    fn input_size(&self) -> usize {
        1
    }

    fn length(&self, n: usize) -> usize {
        self.window.min(self.part.len() - 1 - n * self.window)
    }

    fn read(&self, n: usize, time: Range<usize>) -> Result<Example<f64>, Error> {
        let start = self.part.start + n * self.window;
        let ids = self.corpus.ids(start + time.start..start + time.end + 1)?;
        let (x, next) = (&ids[..time.len()], &ids[1..]);
        let x = x.iter().map(|&id| id.into()).collect();
        Ok(Example { x, targets: Targets::Classes(next.iter().map(|&id| id as usize).collect()) })
    }

    fn fingerprint(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new_with_initial(self.corpus.cut.found.checksum);
        for number in [self.part.start, self.part.end, self.window] {
            hasher.update(&(number as u64).to_le_bytes());
        }
        hasher.finalize()
    }
}
