//! A text and where its tokens stand: what goes through it, from its beginning to its end or block by block.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::Tokens;
use super::file::{Lines, refuse_other_kinds};
use super::vocabulary::{Id, Ids, Vocabulary};
use crate::error::{DataError, Message};
use crate::table::Document;

/// The tokens of a block. Where each block begins is remembered, which takes 8 bytes.
pub(super) const BLOCK: usize = 4096;
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

/// Every token of a text, and how often it stands there.
#[derive(Debug)]
pub(super) struct Counts {
    ascii: [Count; 128],
    others: HashMap<String, Count>,
}

impl Counts {
    fn none() -> Self {
        Counts { ascii: [Count::default(); 128], others: HashMap::new() }
    }

    fn change(&mut self, token: &str, change: impl FnOnce(&mut Count)) {
        match token.as_bytes() {
            [byte] => change(&mut self.ascii[usize::from(byte & 0x7F)]),
            _ => match self.others.get_mut(token) {
                Some(count) => change(count),
                None => change(self.others.entry(token.to_owned()).or_default()),
            },
        }
    }

    /// Each token that is there.
    pub(super) fn into_each(self) -> impl Iterator<Item = (String, Count)> {
        let ascii = (0u8..).zip(self.ascii).map(|(byte, count)| (char::from(byte).to_string(), count));
        ascii.filter(|(_, count)| count.all > 0).chain(self.others)
    }
}

/// A text and where its tokens stand.
#[derive(Debug)]
pub(super) struct Cut {
    document: Arc<Document>,
    /// What stands for it in messages.
    pub(super) name: String,
    pub(super) tokens: Tokens,
    pub(super) found: Arc<Found>,
}

/// What is known of a text that was gone through. The text keeps it, so that it need not be gone through again.
#[derive(Debug, Default)]
pub(super) struct Found {
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
    pub(super) checksum: u32,
    /// The tokens of the vocabulary by which it was read last, and how many of the text's are none of them.
    unknown: Mutex<Option<(Vec<String>, u64)>>,
}

impl Found {
    /// How many tokens of the text a vocabulary does not know, if it was read by that last.
    pub(super) fn unknown_by(&self, vocabulary: &Vocabulary) -> Option<u64> {
        let unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        unknown.as_ref().filter(|(known, _)| *known == vocabulary.known).map(|(_, count)| *count)
    }

    /// Remembers that.
    pub(super) fn keep_unknown(&self, vocabulary: &Vocabulary, count: u64) {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        *unknown = Some((vocabulary.known.clone(), count));
    }
}

impl Cut {
    /// Goes through a text, if that was not done before.
    ///
    /// # Errors
    /// If it is not UTF-8, and its tokens are no bytes; or a file has changed, or cannot be read any more.
    pub(super) fn of(name: &str, document: &Arc<Document>, tokens: Tokens) -> Result<Self, DataError> {
        match document.known(|found: &Found| found.tokens == tokens) {
            Some(found) => Ok(Cut { document: Arc::clone(document), name: name.to_owned(), tokens, found }),
            None => Cut::through(name, document, tokens, |_| {}),
        }
    }

    /// Goes through a text of characters or words and counts its tokens, all of them as learned; of bytes none.
    ///
    /// # Errors
    /// As [`of`](Self::of).
    pub(super) fn counted(
        name: &str,
        document: &Arc<Document>,
        tokens: Tokens,
    ) -> Result<(Self, Counts), DataError> {
        let mut counts = Counts::none();
        let cut = Cut::through(name, document, tokens, |token| {
            counts.change(token, |count| {
                count.all += 1;
                count.learned += 1;
            });
        })?;
        Ok((cut, counts))
    }

    /// Goes through a text, and hands on what of it is no byte.
    fn through(
        name: &str,
        document: &Arc<Document>,
        tokens: Tokens,
        mut each: impl FnMut(&str),
    ) -> Result<Self, DataError> {
        let found = Arc::default();
        let mut cut = Cut { document: Arc::clone(document), name: name.to_owned(), tokens, found };
        let (mut checksum, mut lines) = (crc32fast::Hasher::new(), Lines::default());
        let mut seen = |bytes: &[u8]| {
            checksum.update(bytes);
            lines.count(bytes);
        };
        let (mut starts, mut len, mut utf8) = (Vec::new(), 0, true);
        if tokens == Tokens::Bytes {
            // The start of a character that the end of a part has cut.
            let mut begun = Vec::new();
            cut.for_each_part(document.len(), |bytes| {
                seen(bytes);
                if utf8 {
                    begun.extend_from_slice(bytes);
                    begun.drain(..valid_up_to(&begun));
                    utf8 = std::str::from_utf8(&begun)
                        .map_or_else(|error| error.error_len().is_none(), |_| true);
                }
            })?;
            utf8 &= begun.is_empty();
            len = usize::try_from(document.len()).unwrap_or(usize::MAX);
        } else {
            refuse_other_kinds(name, document)?;
            let end = cut.go_through(0, seen, |at, token| {
                if len % BLOCK == 0 {
                    starts.push(at);
                }
                len += 1;
                each(token);
            })?;
            starts.push(end);
        }
        let (checksum, unknown) = (checksum.finalize(), Mutex::new(None));
        cut.found = Arc::new(Found { tokens, starts, len, utf8, lines, checksum, unknown });
        document.keep(Arc::clone(&cut.found));
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

    /// Goes through the tokens of a text in UTF-8, each with the byte at which it begins.
    pub(super) fn for_each(&self, each: impl FnMut(u64, &str)) -> Result<(), DataError> {
        self.go_through(0, |_| {}, each).map(drop)
    }

    /// Goes through the tokens of a text in UTF-8 from the byte on with which one begins, each with the byte at which it
    /// begins, and hands on all bytes that it reads; gives where the text ends.
    fn go_through(
        &self,
        from: u64,
        mut read: impl FnMut(&[u8]),
        mut each: impl FnMut(u64, &str),
    ) -> Result<u64, DataError> {
        let end = self.document.len();
        let mut begin = from;
        if from == 0 {
            let mut start = [0; 3];
            let start = &mut start[..usize::try_from(end).unwrap_or(3).min(3)];
            self.document.read_at(0, start)?;
            // The text begins behind its byte order mark.
            if *start == *b"\xEF\xBB\xBF" {
                read(start);
                begin = 3;
            }
        }
        // What of the text from `begin` on is here, and how much more of it is to come at once.
        let (mut held, mut more): (Vec<u8>, usize) = (Vec::new(), PART);
        loop {
            let (before, at) = (held.len(), begin + held.len() as u64);
            held.resize(before + usize::try_from(end - at).unwrap_or(more).min(more), 0);
            self.document.read_at(at, &mut held[before..])?;
            read(&held[before..]);
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

    /// Of tokens that were counted as learned, those behind the first so many are not.
    pub(super) fn take_back(&self, counts: &mut Counts, train: usize) -> Result<(), DataError> {
        let block = train / BLOCK;
        let Some(&start) = self.found.starts.get(block).filter(|_| train < self.found.len) else {
            return Ok(());
        };
        let mut n = block * BLOCK;
        self.go_through(
            start,
            |_| {},
            |_, token| {
                if n >= train {
                    counts.change(token, |count| count.learned -= 1);
                }
                n += 1;
            },
        )
        .map(drop)
    }

    /// The ids of a block of tokens by a vocabulary.
    pub(super) fn read_block(
        &self,
        block: usize,
        ids: &Ids,
        unknown: Option<Id>,
    ) -> Result<Vec<Id>, DataError> {
        let len = (self.found.len - block * BLOCK).min(BLOCK);
        if self.tokens == Tokens::Bytes {
            let mut bytes = vec![0; len];
            self.document.read_at((block * BLOCK) as u64, &mut bytes)?;
            return Ok(bytes.into_iter().map(Id::from).collect());
        }
        let (start, end) = (self.found.starts[block], self.found.starts[block + 1]);
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
