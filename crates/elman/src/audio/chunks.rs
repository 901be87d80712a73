//! The head of a WAV file, of which only what tells of samples is handed on.
//!
//! Recorders and editors put chunks of their own before the samples (`LIST`, `bext`, `iXML`). One of an odd length has a byte
//! behind it that counts to nothing, which the reader of WAV files does not know.

use std::io::{self, Read};

/// A format is at most so long that it can be one.
const LONGEST_FORMAT: u32 = 1 << 10;

/// So many bytes tell what a file is.
const TELLING: u64 = 1 << 10;

/// What a file has before its samples.
#[derive(Debug, Default)]
pub(super) struct Head {
    /// Without the chunks before the samples but the one that says what these are.
    pub(super) bytes: Vec<u8>,
    /// Where the samples begin in the file.
    pub(super) end: u64,
}

/// Places in a head whose first chunk is that of the format.
const CHANNELS: usize = 22;
const FRAME: usize = 32;
const BITS: usize = 34;
const VALID_BITS: usize = 38;
const SUB_FORMAT: usize = 44;

impl Head {
    /// Reads a file to the beginning of its samples; of one that is no WAV file as much as tells what it is. Whatever is wrong with it is left to be found by who looks at what was
    /// read, and reads on.
    pub(super) fn read(mut from: impl Read) -> io::Result<Self> {
        let mut head = Head::default();
        if head.take(&mut from, 12)? && head.bytes.starts_with(b"RIFF") && head.bytes.ends_with(b"WAVE") {
            while head.take_chunk(&mut from)? {}
        } else {
            from.take(TELLING).read_to_end(&mut head.bytes)?;
        }
        Ok(head)
    }

    /// The bytes of all samples, of a head that ends where they begin.
    pub(super) fn samples_len(&self) -> Option<u32> {
        let (before, &size) = self.bytes.split_last_chunk()?;
        before.ends_with(b"data").then(|| u32::from_le_bytes(size))
    }

    /// The bytes behind the start of a WAV file: chunks.
    fn chunks(&self) -> &[u8] {
        let is_wav = self.bytes.starts_with(b"RIFF") && self.bytes.get(8..12) == Some(b"WAVE");
        if is_wav { &self.bytes[12..] } else { &[] }
    }

    /// Does it say what its samples are?
    pub(super) fn has_format(&self) -> bool {
        self.chunks().starts_with(b"fmt ")
    }

    /// The number of the kind of its samples.
    pub(super) fn format_tag(&self) -> Option<u16> {
        let &tag = self.chunks().strip_prefix(b"fmt ")?.get(4..)?.first_chunk()?;
        Some(u16::from_le_bytes(tag))
    }

    /// The bits of integers of plain PCM that fill no whole bytes, as 20 in three. The reader of WAV files refuses those: it is
    /// then told of as many as the bytes have room for.
    pub(super) fn take_bits_for_bytes(&mut self) -> Option<u16> {
        let at = |place: usize| Some(u16::from_le_bytes(*self.bytes.get(place..)?.first_chunk()?));
        let (channels, frame, bits) = (at(CHANNELS)?, at(FRAME)?, at(BITS)?);
        let room = frame.checked_div(channels)?.checked_mul(8)?;
        if self.format_tag() != Some(1) || bits.is_multiple_of(8) || !(bits..=32).contains(&room) {
            return None;
        }
        self.bytes[BITS..BITS + 2].copy_from_slice(&room.to_le_bytes());
        Some(bits)
    }

    /// Are its samples floating point numbers of 64 bits? The reader of WAV files does not know those: it is then told of 32
    /// bits, in as many bytes as there are.
    pub(super) fn take_doubles_for_floats(&mut self) -> bool {
        let is_extension = self.format_tag() == Some(0xFFFE);
        let at = |place: usize| self.bytes.get(place..place + 2);
        let is_float =
            if is_extension { at(SUB_FORMAT) == Some(&[3, 0]) } else { self.format_tag() == Some(3) };
        if !is_float || at(BITS) != Some(&[64, 0]) {
            return false;
        }
        self.bytes[BITS..BITS + 2].copy_from_slice(&[32, 0]);
        if is_extension {
            self.bytes[VALID_BITS..VALID_BITS + 2].copy_from_slice(&[32, 0]);
        }
        true
    }

    /// Reads so many bytes, as far as there are as many, and says if there were.
    fn take(&mut self, from: &mut impl Read, len: u64) -> io::Result<bool> {
        let read = from.take(len).read_to_end(&mut self.bytes)? as u64;
        self.end += read;
        Ok(read == len)
    }

    /// Takes what counts of the next chunk, and says if others are to follow.
    fn take_chunk(&mut self, from: &mut impl Read) -> io::Result<bool> {
        let start = self.bytes.len();
        if !self.take(from, 8)? {
            return Ok(false);
        }
        let chunk = &self.bytes[start..];
        let size = chunk.last_chunk().map_or(0, |&size| u32::from_le_bytes(size));
        let is_format = chunk.starts_with(b"fmt ");
        if chunk.starts_with(b"data") || is_format && size > LONGEST_FORMAT {
            return Ok(false);
        }
        let padded = u64::from(size).next_multiple_of(2);
        if is_format {
            let is_whole = self.take(from, padded)?;
            self.bytes.truncate(start + 8 + size as usize);
            return Ok(is_whole);
        }
        self.bytes.truncate(start);
        let passed = io::copy(&mut from.take(padded), &mut io::sink())?;
        self.end += passed;
        Ok(passed == padded)
    }
}
