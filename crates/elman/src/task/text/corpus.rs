//! A text that is read where it stands: cut into blocks of tokens, of which those that are needed become ids.

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::Tokens;
use super::file::{Lines, refuse_other_kinds};
use super::vocabulary::{Id, Ids, Vocabulary, shown};
use crate::error::{DataError, Error, Message};
use crate::file::Blocks;
use crate::loss::Targets;
use crate::sequence::{Example, Source};
use crate::table::Document;
use crate::words::{counted, thousands};

/// The tokens of a block. Where each block begins is remembered, which takes 8 bytes.
const BLOCK: usize = 4096;
/// So many blocks are kept as ids: those of the sequences that are learned side by side, and more.
const KEPT: usize = 256;
/// A text is gone through in parts of so many bytes.
const PART: usize = 1 << 16;
/// What a token is follows from at most so many bytes behind it: an apostrophe and the character after it.
const LOOK_AHEAD: usize = 8;

/// How often a token stands in a text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) all: u64,
    /// Of those, in the part that is learned from.
    pub(super) learned: u64,
}

/// A text and where its tokens stand.
#[derive(Debug)]
pub(super) struct Cut {
    document: Arc<Document>,
    /// What stands for it in messages.
    name: String,
    tokens: Tokens,
    /// At which byte each block begins, and last where the text ends. Of bytes there are none: a byte is its own token.
    starts: Vec<u64>,
    /// How many tokens there are.
    pub(super) len: usize,
    /// Is the text UTF-8?
    pub(super) utf8: bool,
    /// How its lines end.
    pub(super) lines: Lines,
    /// The CRC-32 of its bytes.
    checksum: u32,
}

impl Cut {
    /// Goes through a text.
    ///
    /// # Errors
    /// If it is not UTF-8, and its tokens are no bytes; or a file has changed, or cannot be read any more.
    pub(super) fn of(name: &str, document: &Arc<Document>, tokens: Tokens) -> Result<Self, DataError> {
        let mut cut = Cut {
            document: Arc::clone(document),
            name: name.to_owned(),
            tokens,
            starts: Vec::new(),
            len: 0,
            utf8: true,
            lines: Lines::default(),
            checksum: 0,
        };
        if tokens != Tokens::Bytes {
            refuse_other_kinds(name, document)?;
        }
        let mut checksum = crc32fast::Hasher::new();
        // The start of a character that the end of a part has cut.
        let mut begun = Vec::new();
        let is_bytes = tokens == Tokens::Bytes;
        let (mut utf8, mut lines) = (true, Lines::default());
        cut.for_each_part(document.len(), |bytes| {
            checksum.update(bytes);
            lines.count(bytes);
            // Other tokens are refused below, with their place.
            if is_bytes && utf8 {
                begun.extend_from_slice(bytes);
                begun.drain(..valid_up_to(&begun));
                utf8 = std::str::from_utf8(&begun).map_or_else(|error| error.error_len().is_none(), |_| true);
            }
        })?;
        cut.lines = lines;
        (cut.checksum, cut.utf8) = (checksum.finalize(), utf8 && begun.is_empty());
        if is_bytes {
            cut.len = usize::try_from(document.len()).unwrap_or(usize::MAX);
            return Ok(cut);
        }
        let (mut starts, mut len) = (Vec::new(), 0);
        let end = cut.for_each(|at, _| {
            if len % BLOCK == 0 {
                starts.push(at);
            }
            len += 1;
        })?;
        starts.push(end);
        (cut.starts, cut.len) = (starts, len);
        Ok(cut)
    }

    /// Goes through the first so many bytes in parts.
    fn for_each_part(&self, len: u64, mut each: impl FnMut(&[u8])) -> Result<(), DataError> {
        let mut part = vec![0; PART];
        for at in (0..len).step_by(PART) {
            let part = &mut part[..usize::try_from(len - at).unwrap_or(PART).min(PART)];
            self.document.read_at(at, part)?;
            each(part);
        }
        Ok(())
    }

    /// Goes through the tokens of a text in UTF-8, each with the byte at which it begins; gives where the text ends.
    fn for_each(&self, mut each: impl FnMut(u64, &str)) -> Result<u64, DataError> {
        let end = self.document.len();
        let mut start = [0; 3];
        let start = &mut start[..usize::try_from(end).unwrap_or(3).min(3)];
        self.document.read_at(0, start)?;
        // The text begins behind its byte order mark.
        let mut begin = if *start == *b"\xEF\xBB\xBF" { 3 } else { 0 };
        // What of the text from `begin` on is here, and how much more of it is to come at once.
        let (mut held, mut more): (Vec<u8>, usize) = (Vec::new(), PART);
        loop {
            let (before, at) = (held.len(), begin + held.len() as u64);
            held.resize(before + usize::try_from(end - at).unwrap_or(more).min(more), 0);
            self.document.read_at(at, &mut held[before..])?;
            let is_end = begin + held.len() as u64 == end;
            let text = match std::str::from_utf8(&held) {
                Ok(text) => text,
                // A character that is cut by the end of what is here.
                Err(error) if !is_end && error.error_len().is_none() => {
                    std::str::from_utf8(&held[..error.valid_up_to()]).unwrap_or_default()
                }
                Err(error) => {
                    let at = error.valid_up_to();
                    return Err(self.not_utf8(begin + at as u64, held[at]));
                }
            };
            let mut done = 0;
            for token in self.tokens.split(text) {
                let behind = done + token.len();
                if !is_end && behind + LOOK_AHEAD > text.len() {
                    break;
                }
                each(begin + done as u64, token);
                done = behind;
            }
            if is_end {
                return Ok(end);
            }
            held.drain(..done);
            begin += done as u64;
            // A token that is longer than all that is here.
            more = if done == 0 { 2 * more } else { PART };
        }
    }

    /// The error about a byte that is not UTF-8.
    fn not_utf8(&self, at: u64, byte: u8) -> DataError {
        let mut start = [0; 2];
        let looks_like_utf16 = self.document.len() >= 2
            && self.document.read_at(0, &mut start).is_ok()
            && (start == *b"\xFF\xFE" || start == *b"\xFE\xFF");
        let what = if looks_like_utf16 { "; the text looks like UTF-16" } else { "" };
        let message = format!("0x{byte:02X} is not UTF-8{what}; save the text as UTF-8, or read bytes with ");
        let message = Message::from(message).option("tokens").text(" bytes");
        DataError::new(format!("{}, byte {at}", self.name), message)
    }

    /// How often each byte stands among the first so many.
    pub(super) fn count_bytes(&self, train: usize) -> Result<Vec<u64>, DataError> {
        let mut counts = vec![0; 256];
        self.for_each_part(train as u64, |bytes| {
            bytes.iter().for_each(|&byte| counts[usize::from(byte)] += 1);
        })?;
        Ok(counts)
    }

    /// Every token of the text, and how often it stands there.
    pub(super) fn count_tokens(&self, train: usize) -> Result<Vec<(String, Count)>, DataError> {
        let mut ascii = [Count::default(); 128];
        let mut others: HashMap<String, Count> = HashMap::new();
        let mut n = 0;
        self.for_each(|_, token| {
            let count = match token.as_bytes() {
                [byte] => &mut ascii[usize::from(byte & 0x7F)],
                _ => match others.get_mut(token) {
                    Some(count) => count,
                    None => others.entry(token.to_owned()).or_default(),
                },
            };
            count.all += 1;
            count.learned += u64::from(n < train);
            n += 1;
        })?;
        let ascii = (0u8..).zip(ascii).map(|(byte, count)| (char::from(byte).to_string(), count));
        Ok(ascii.filter(|(_, count)| count.all > 0).chain(others).collect())
    }

    /// The ids of a block of tokens by a vocabulary.
    fn read_block(&self, block: usize, ids: &Ids, unknown: Option<Id>) -> Result<Vec<Id>, DataError> {
        let len = (self.len - block * BLOCK).min(BLOCK);
        if self.tokens == Tokens::Bytes {
            let mut bytes = vec![0; len];
            self.document.read_at((block * BLOCK) as u64, &mut bytes)?;
            return Ok(bytes.into_iter().map(Id::from).collect());
        }
        let (start, end) = (self.starts[block], self.starts[block + 1]);
        let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(0)];
        self.document.read_at(start, &mut bytes)?;
        // Cut where tokens begin, a text has the tokens that it has as a part of the whole.
        let read = std::str::from_utf8(&bytes).ok().and_then(|text| {
            let tokens = self.tokens.split(text).map(|token| ids.get(token).or(unknown));
            tokens.collect::<Option<Vec<Id>>>()
        });
        read.filter(|read| read.len() == len).ok_or_else(|| self.document.changed(&self.name))
    }
}

/// How many of these bytes are whole characters in UTF-8.
fn valid_up_to(bytes: &[u8]) -> usize {
    std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len)
}

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
        let (ids, unknown_id) = (vocabulary.ids(), vocabulary.unknown_id());
        Corpus { cut, ids, unknown_id, unknown, kept: Blocks::new(BLOCK, KEPT) }
    }

    /// A text by a vocabulary.
    ///
    /// # Errors
    /// If the text has tokens that are not known, and there is no token for them; or it cannot be read any more.
    pub(super) fn new(cut: Cut, vocabulary: &Vocabulary) -> Result<Self, DataError> {
        let mut corpus = Corpus::of_its_own(cut, vocabulary, 0);
        if vocabulary.tokens == Tokens::Bytes {
            return Ok(corpus);
        }
        let has_unknown = vocabulary.unknown;
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
        self.cut.len
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
            Ok(_) => format!("{}, line {line}, column {column}", self.cut.name),
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
        let mut hasher = crc32fast::Hasher::new_with_initial(self.corpus.cut.checksum);
        for number in [self.part.start, self.part.end, self.window] {
            hasher.update(&(number as u64).to_le_bytes());
        }
        hasher.finalize()
    }
}
