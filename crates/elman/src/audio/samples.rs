//! The samples of a WAV file, many at a time.

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use hound::{SampleFormat, WavReader, WavSpec};

use super::chunks::Head;
use super::refused::Refused;

/// The bytes that are read at a time, about: they stay in the first cache.
const AT_ONCE: usize = 16 << 10;

/// At most so many bytes are looked at to find where the bits of integers are: a minute and a half at 48 kHz.
const LOOKED_AT: usize = 16 << 20;

/// What leaves so many bits of a sample unused from the upper end on is quieter than -48 dB throughout: no recording.
const TOO_QUIET: u32 = 8;

/// A WAV file behind its head, whose samples are taken in turn: integers divided by `2^(bits - 1)`, or floating point
/// numbers as they are, those of 64 bits rounded to 32.
///
/// Integers of fewer bits than their bytes have room for are at the upper end of those bytes, over zeros, as Microsoft's
/// description of `WAVEFORMATEXTENSIBLE` has it. Some programs (`arecord -f S24_LE` for one) put them at the lower end; what is there tells.
pub(super) struct Samples<R> {
    /// What was read to find out where the bits are, and is yet to be taken.
    ahead: Cursor<Vec<u8>>,
    reader: R,
    spec: WavSpec,
    /// Are they numbers of 64 bits? What is said of them otherwise speaks of 32.
    are_doubles: bool,
    /// The bytes of the head.
    start: u64,
    /// The bytes of a sample, which may be more than its bits need; 0 where there are none.
    width: usize,
    /// How far the bits of an integer are below the upper end of its bytes.
    below: u32,
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
        let bits = head.take_bits_for_bytes();
        let told = WavReader::new(head.bytes.as_slice().chain(&mut reader))?;
        let (mut spec, len, count) = (told.spec(), told.duration() as usize, told.len());
        spec.bits_per_sample = bits.unwrap_or(spec.bits_per_sample);
        let width = head.samples_len().and_then(|bytes| bytes.checked_div(count)).unwrap_or(0) as usize;
        let ahead = Cursor::default();
        let mut samples =
            Samples { ahead, reader, spec, are_doubles, start: head.end, width, below: 0, len, taken: 0 };
        samples.find_bits()?;
        Ok(samples)
    }

    /// Finds out whether integers are at the upper or at the lower end of their bytes: at the lower if all fit there, and some
    /// have bits where the upper ones would have none, or all would be too quiet for a recording at the upper.
    fn find_bits(&mut self) -> Result<(), Refused> {
        let WavSpec { bits_per_sample: bits, sample_format, .. } = self.spec;
        let (bits, room) = (u32::from(bits), 8 * self.width as u32);
        // A single byte is an unsigned number, which begins at its upper end.
        if sample_format != SampleFormat::Int || bits == 0 || bits >= room || !(16..=32).contains(&room) {
            return Ok(());
        }
        let spare = room - bits;
        let most = LOOKED_AT.min(self.len.saturating_mul(self.frame()));
        let mut ahead = Vec::new();
        let (mut all_fit, mut any_low, mut any_bit) = (true, false, false);
        while all_fit && ahead.len() < most {
            let from = ahead.len();
            let part = (AT_ONCE / self.width * self.width).min(most - from);
            let read = self.reader.by_ref().take(part as u64).read_to_end(&mut ahead)?;
            for bytes in ahead[from..].chunks_exact(self.width) {
                let mut upper = [0; 4];
                upper[4 - self.width..].copy_from_slice(bytes);
                let value = i32::from_le_bytes(upper) >> (32 - room);
                // Above lower bits are those of the sign, or zeros, as hound leaves them.
                all_fit &= value << (32 - bits) >> (32 - bits) == value || value >> bits == 0;
                any_low |= value.cast_unsigned() & ((1 << spare) - 1) != 0;
                any_bit |= value != 0;
            }
            if read < part {
                break;
            }
        }
        let at_lower_end = any_low || any_bit && spare >= TOO_QUIET;
        self.below = if all_fit && at_lower_end { spare } else { 0 };
        self.ahead = Cursor::new(ahead);
        Ok(())
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
        let below = self.below;
        match (sample_format, self.width) {
            (SampleFormat::Float, 8) if self.are_doubles => {
                self.decode(channel, count, |bytes| f64::from_le_bytes(bytes) as f32)
            }
            (SampleFormat::Float, 4) if bits == 32 => self.decode(channel, count, f32::from_le_bytes),
            (SampleFormat::Int, _) if usize::from(bits) > 8 * self.width => {
                Err(hound::Error::Unsupported.into())
            }
            (SampleFormat::Int, 1) => self.decode(channel, count, |[byte]| (f32::from(byte) - 128.0) / 128.0),
            // The bytes of smaller integers are moved to the upper end of 32 bits.
            (SampleFormat::Int, 2) => self.decode(channel, count, |[a, b]| share([0, 0, a, b], below)),
            (SampleFormat::Int, 3) => self.decode(channel, count, |[a, b, c]| share([0, a, b, c], below)),
            (SampleFormat::Int, 4) => self.decode(channel, count, |bytes| share(bytes, below)),
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
            self.ahead.by_ref().chain(&mut self.reader).read_exact(part)?;
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
        self.ahead = Cursor::default();
        self.taken = to;
        Ok(())
    }
}

/// An integer of 32 bits as a share of full scale, once its bits are moved to the upper end.
fn share(bytes: [u8; 4], below: u32) -> f32 {
    (f64::from(i32::from_le_bytes(bytes) << below) / 2_147_483_648.0) as f32
}
