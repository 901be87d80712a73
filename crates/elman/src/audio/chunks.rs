//! The head of a WAV file, of which only what tells of samples is handed on.
//!
//! Recorders and editors put chunks of their own before the samples (`LIST`, `bext`, `iXML`). One of an odd length has a byte
//! behind it that counts to nothing, which the reader of WAV files does not know.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

/// A format is at most so long that it can be one.
const LONGEST_FORMAT: u32 = 1 << 10;

/// A WAV file without the chunks before its samples but the one that says what these are. Whatever is wrong with it is left to
/// be found by who reads on.
#[derive(Debug)]
pub(super) struct Trimmed<R> {
    head: Cursor<Vec<u8>>,
    rest: R,
}

impl<R: Read> Trimmed<R> {
    /// Takes up a file at its beginning.
    pub(super) fn new(mut rest: R) -> io::Result<Self> {
        let mut head = Vec::new();
        if take(&mut rest, 12, &mut head)? && head.starts_with(b"RIFF") && head.ends_with(b"WAVE") {
            while take_chunk(&mut rest, &mut head)? {}
        }
        Ok(Trimmed { head: Cursor::new(head), rest })
    }
}

/// Reads so many bytes, as far as there are as many, and says if there were.
fn take(from: &mut impl Read, len: u64, to: &mut Vec<u8>) -> io::Result<bool> {
    Ok(from.by_ref().take(len).read_to_end(to)? as u64 == len)
}

/// Takes what counts of the next chunk, and says if others are to follow.
fn take_chunk(from: &mut impl Read, head: &mut Vec<u8>) -> io::Result<bool> {
    let mut chunk = Vec::new();
    let is_whole = take(from, 8, &mut chunk)?;
    let size = match chunk.last_chunk() {
        Some(&size) if is_whole => u32::from_le_bytes(size),
        _ => 0,
    };
    let is_format = chunk.starts_with(b"fmt ");
    if !is_whole || chunk.starts_with(b"data") || is_format && size > LONGEST_FORMAT {
        head.append(&mut chunk);
        return Ok(false);
    }
    let padded = padded(size);
    if is_format {
        head.append(&mut chunk);
        let start = head.len();
        let is_whole = take(from, padded, head)?;
        head.truncate(start + size as usize);
        return Ok(is_whole);
    }
    Ok(io::copy(&mut from.take(padded), &mut io::sink())? == padded)
}

/// The bytes that a chunk of this size takes.
pub(super) fn padded(size: u32) -> u64 {
    u64::from(size).next_multiple_of(2)
}

impl<R: Read> Read for Trimmed<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        match self.head.read(to)? {
            0 => self.rest.read(to),
            count => Ok(count),
        }
    }
}

/// From where it stands, once it stands among the samples.
impl<R: Seek> Seek for Trimmed<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.rest.seek(to)
    }
}
