//! The samples of a WAV file, many at a time.

use std::io::{self, Read, Seek, SeekFrom};

use hound::{SampleFormat, WavReader, WavSpec};

use super::chunks::Head;
use super::refused::Refused;

/// The bytes that are read at a time, about: they stay in the first cache.
const AT_ONCE: usize = 16 << 10;

/// A WAV file behind its head, whose samples are taken in turn: integers divided by `2^(bits - 1)`, or floating point
/// numbers as they are, those of 64 bits rounded to 32.
pub(super) struct Samples<R> {
    reader: R,
    spec: WavSpec,
    /// Are they numbers of 64 bits? What is said of them otherwise speaks of 32.
    are_doubles: bool,
    /// The bytes of the head.
    start: u64,
    /// The bytes of a sample, which may be more than its bits need; 0 where there are none.
    width: usize,
    /// The samples of each channel, and how many of them were taken.
    len: usize,
    taken: usize,
}

impl<R: Read> Samples<R> {
    /// Reads the head.
    pub(super) fn new(mut reader: R) -> Result<Self, Refused> {
        let mut head = Head::read(&mut reader)?;
        if let Some(refused) = Refused::of(&head) {
            return Err(refused);
        }
        let are_doubles = head.take_doubles_for_floats();
        let told = WavReader::new(head.bytes.as_slice().chain(&mut reader))?;
        let (spec, len, count) = (told.spec(), told.duration() as usize, told.len());
        let width = head.samples_len().and_then(|bytes| bytes.checked_div(count)).unwrap_or(0) as usize;
        Ok(Samples { reader, spec, are_doubles, start: head.end, width, len, taken: 0 })
    }

    /// What the head says of them.
    pub(super) fn spec(&self) -> WavSpec {
        self.spec
    }

    /// The samples of each channel.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The bytes of all channels at one moment.
    fn frame(&self) -> usize {
        self.width * usize::from(self.spec.channels)
    }

    /// The next `count` samples of a channel, counted from 0, or as many as there are.
    pub(super) fn take(&mut self, channel: usize, count: usize) -> Result<Vec<f32>, Refused> {
        let WavSpec { bits_per_sample: bits, sample_format, .. } = self.spec;
        if self.len == 0 {
            return Ok(Vec::new());
        }
        match (sample_format, self.width, bits) {
            (SampleFormat::Float, 8, _) if self.are_doubles => {
                self.decode(channel, count, |bytes| f64::from_le_bytes(bytes) as f32)
            }
            (SampleFormat::Float, 4, 32) => self.decode(channel, count, f32::from_le_bytes),
            (SampleFormat::Int, 1, 8) => {
                self.decode(channel, count, |[byte]| (f32::from(byte) - 128.0) / 128.0)
            }
            (SampleFormat::Int, 2, 16) => {
                self.decode(channel, count, |bytes| f32::from(i16::from_le_bytes(bytes)) / 32_768.0)
            }
            // The bits of smaller integers are moved to the upper end of 32.
            (SampleFormat::Int, 3, 24) => self.decode(channel, count, |[a, b, c]| share([0, a, b, c])),
            (SampleFormat::Int, 4, 24) => self.decode(channel, count, |[a, b, c, _]| share([0, a, b, c])),
            (SampleFormat::Int, 4, 32) => self.decode(channel, count, share),
            _ => Err(hound::Error::Unsupported.into()),
        }
    }

    fn decode<const WIDTH: usize>(
        &mut self,
        channel: usize,
        count: usize,
        value: impl Fn([u8; WIDTH]) -> f32,
    ) -> Result<Vec<f32>, Refused> {
        let frame = self.frame();
        let count = count.min(self.len - self.taken);
        let mut samples = Vec::new();
        let mut bytes = vec![0; (AT_ONCE / frame).clamp(1, count.max(1)) * frame];
        while samples.len() < count {
            let part = (count - samples.len()).min(bytes.len() / frame);
            let part = &mut bytes[..part * frame];
            self.reader.read_exact(part)?;
            samples.extend(
                part.chunks_exact(frame)
                    .filter_map(|frame| frame[channel * WIDTH..].first_chunk())
                    .map(|&bytes| value(bytes)),
            );
        }
        self.taken += count;
        Ok(samples)
    }
}

impl<R: Read + Seek> Samples<R> {
    /// Goes to a moment, of those that there are, in a file that was read from its start.
    pub(super) fn seek(&mut self, to: usize) -> io::Result<()> {
        self.reader.seek(SeekFrom::Start(self.start + to as u64 * self.frame() as u64))?;
        self.taken = to;
        Ok(())
    }
}

/// An integer of 32 bits as a share of full scale.
fn share(bytes: [u8; 4]) -> f32 {
    (f64::from(i32::from_le_bytes(bytes)) / 2_147_483_648.0) as f32
}
