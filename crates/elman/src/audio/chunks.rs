//! The head of a WAV file, of which only what tells of samples is handed on.
//!
//! Recorders and editors put chunks of their own before the samples (`LIST`, `bext`, `iXML`). One of an odd length has a byte
//! behind it that counts to nothing, which the reader of WAV files does not know.

use std::io::{self, Read};

/// A format is at most so long that it can be one.
const LONGEST_FORMAT: u32 = 1 << 10;

/// Reads a file to the beginning of its samples, and returns what was read without the chunks before them but the one that says
/// what they are. Whatever is wrong with it is left to be found by who reads on.
pub(super) fn head(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    if take(from, 12, &mut head)? && head.starts_with(b"RIFF") && head.ends_with(b"WAVE") {
        while take_chunk(from, &mut head)? {}
    }
    Ok(head)
}

/// The bytes of all samples, as a head says that ends where they begin.
pub(super) fn samples_len(head: &[u8]) -> Option<u32> {
    let (before, &size) = head.split_last_chunk()?;
    before.ends_with(b"data").then(|| u32::from_le_bytes(size))
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
    let padded = u64::from(size).next_multiple_of(2);
    if is_format {
        head.append(&mut chunk);
        let start = head.len();
        let is_whole = take(from, padded, head)?;
        head.truncate(start + size as usize);
        return Ok(is_whole);
    }
    Ok(io::copy(&mut from.take(padded), &mut io::sink())? == padded)
}
