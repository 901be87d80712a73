//! WAV files: samples in and out.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use hound::{SampleFormat, WavSpec};

use super::refused::{CONVERT, Refused};
use super::samples::Samples;
use super::track::not_finite;
use crate::error::{DataError, Error, FileError};
use crate::file;
use crate::words::counted;

/// One channel of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// What stands for the file in messages.
    pub name: String,
    /// Samples per second, above 0.
    pub sample_rate: u32,
    /// The samples, finite; full scale is 1. At least one.
    pub samples: Vec<f32>,
}

/// How samples are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wav {
    /// Floating point numbers of 32 bits, as they are.
    #[default]
    Float,
    /// Integers of 24 bits at a scale of 2^23, cut at full scale.
    Int24,
}

/// Does a file that starts like this hold sound?
pub fn is_wav(start: &[u8]) -> bool {
    start.starts_with(b"RIFF") && start.get(8..12) == Some(b"WAVE")
}

impl Recording {
    /// Reads the WAV file at `path`: integers of 8, 16, 24 and 32 bits, whose value is the integer divided by
    /// `2^(bits - 1)`, or floating point numbers of 32, to which those of 64 are rounded; of several channels the one that is
    /// named, counted from 1.
    ///
    /// # Errors
    /// If it cannot be read or is no such file, has several channels and none is named, has no samples, or has some that are
    /// no finite numbers.
    pub fn open(path: &Path, channel: Option<usize>) -> Result<Self, Error> {
        let failed = |error| FileError { action: "read", path: path.to_owned(), error };
        if path.is_dir() {
            return Err(failed(std::io::ErrorKind::IsADirectory.into()).into());
        }
        let file = File::open(path).map_err(failed)?;
        Ok(Recording::read(&path.display().to_string(), BufReader::new(file), channel)?)
    }

    /// As [`open`](Self::open), from `reader`; `name` stands for the file in messages.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn read(name: &str, reader: impl Read, channel: Option<usize>) -> Result<Self, DataError> {
        let refuse = |message: String| DataError::new(name, message);
        let damaged = |error: Refused| refuse(error.to_string());
        let mut reader = Samples::new(reader).map_err(damaged)?;
        let WavSpec { channels, sample_rate, bits_per_sample, sample_format } = reader.spec();
        let channels = usize::from(channels);
        if sample_rate == 0 {
            return Err(refuse("is damaged: it has 0 samples per second; record or copy it again".into()));
        }
        let channel = choose(name, channels, channel)?;
        if sample_format == SampleFormat::Int && !(1..=32).contains(&bits_per_sample) {
            return Err(refuse(format!("has samples of {bits_per_sample} bits; {CONVERT}")));
        }
        let samples = reader.take(channel, usize::MAX).map_err(damaged)?;
        if samples.is_empty() {
            let message = "has no samples, as its head says; if the recorder was cut off, have a sound editor read it as raw \
                           samples, else record it again";
            return Err(refuse(message.into()));
        }
        if let Some(n) = samples.iter().position(|sample| !sample.is_finite()) {
            return Err(not_finite(name, n, samples[n], sample_rate));
        }
        Ok(Recording { name: name.to_owned(), sample_rate, samples })
    }

    /// `in.wav (48000 Hz, 2880000 samples, 60.00 s)`
    pub fn describe(&self) -> String {
        let Recording { name, sample_rate, samples } = self;
        let (count, seconds) =
            (counted(samples.len(), "sample"), super::seconds(samples.len(), *sample_rate));
        format!("{name} ({sample_rate} Hz, {count}, {seconds})")
    }
}

/// The channel to read, counted from 0.
pub(super) fn choose(name: &str, channels: usize, asked: Option<usize>) -> Result<usize, DataError> {
    let refuse = |message: crate::error::Message| Err(DataError::new(name, message));
    let message = |text: String| crate::error::Message::from(text);
    match asked {
        None if channels == 1 => Ok(0),
        None => {
            let text = format!("has {channels} channels; choose one, from 1 to {channels}, with ");
            refuse(message(text).option("channel"))
        }
        Some(channel) if (1..=channels).contains(&channel) => Ok(channel - 1),
        Some(channel) => {
            let of = counted(channels, "channel");
            refuse(
                message(format!("has {of}, and no channel {channel}; they are counted from 1: "))
                    .option("channel"),
            )
        }
    }
}

impl Wav {
    /// The bytes of a file of one channel.
    ///
    /// # Errors
    /// If there are more samples than a WAV file has place for: 2^32 bytes.
    pub fn write(self, sample_rate: u32, samples: &[f32]) -> Result<Vec<u8>, DataError> {
        self.check_len(samples.len())?;
        let mut bytes = Vec::new();
        self.write_to(&mut bytes, sample_rate, samples.len(), std::iter::once(Ok::<_, io::Error>(samples)))
            .map_err(|error| unwritable(&error))?;
        Ok(bytes)
    }

    /// Writes a file of one channel, of `count` samples that come in parts. All or nothing: see [`file::write`].
    ///
    /// # Errors
    /// If there are more samples than a WAV file has place for, 2^32 bytes; that of a part; if it cannot be written.
    ///
    /// # Panics
    /// If the parts have more or fewer samples.
    pub fn save<P: AsRef<[f32]>>(
        self,
        path: &Path,
        sample_rate: u32,
        count: usize,
        parts: impl Iterator<Item = Result<P, Error>>,
    ) -> Result<(), Error> {
        self.check_len(count)?;
        file::write_by(path, |file| {
            let parts = parts.map(|part| part.map_err(Failed::Part));
            self.write_to(file, sample_rate, count, parts).map_err(|error| match error {
                Failed::Part(error) => error,
                Failed::Write(error) => FileError { action: "write", path: path.to_owned(), error }.into(),
            })
        })
    }

    /// The bits of a sample, and what they are.
    fn format(self) -> (u16, SampleFormat) {
        match self {
            Wav::Float => (32, SampleFormat::Float),
            Wav::Int24 => (24, SampleFormat::Int),
        }
    }

    fn check_len(self, count: usize) -> Result<(), DataError> {
        let (bits, _) = self.format();
        if count as u64 * u64::from(bits / 8) > u64::from(u32::MAX) - 128 {
            return Err(unwritable(&format_args!("{} are more than it holds", counted(count, "sample"))));
        }
        Ok(())
    }

    fn write_to<P: AsRef<[f32]>, E: From<io::Error>>(
        self,
        file: &mut dyn Write,
        sample_rate: u32,
        count: usize,
        parts: impl Iterator<Item = Result<P, E>>,
    ) -> Result<(), E> {
        file.write_all(&self.head(sample_rate, count))?;
        let (mut bytes, mut written) = (Vec::new(), 0);
        for part in parts {
            let part = part?;
            let samples = part.as_ref();
            self.encode(samples, &mut bytes);
            file.write_all(&bytes)?;
            written += samples.len();
        }
        assert_eq!(written, count, "samples of all parts");
        Ok(())
    }

    /// Makes `bytes` those of the samples. No generic function, which callers would compile for their size.
    fn encode(self, samples: &[f32], bytes: &mut Vec<u8>) {
        let (bits, _) = self.format();
        bytes.resize(samples.len() * usize::from(bits / 8), 0);
        match self {
            Wav::Float => {
                let bytes = bytes.as_chunks_mut().0.iter_mut();
                bytes.zip(samples).for_each(|(to, sample)| *to = sample.to_le_bytes());
            }
            Wav::Int24 => {
                let bytes = bytes.as_chunks_mut().0.iter_mut();
                bytes.zip(samples).for_each(|(to, &sample)| *to = int24(sample));
            }
        }
    }

    /// The head of a file of so many samples.
    fn head(self, sample_rate: u32, count: usize) -> Vec<u8> {
        let (bits_per_sample, sample_format) = self.format();
        let spec = WavSpec { channels: 1, sample_rate, bits_per_sample, sample_format };
        // It ends with the number of the bytes that follow, and begins with that of all after the first eight.
        let mut head = spec.into_header_for_infinite_file();
        let (start, following) = (head.len(), count * usize::from(bits_per_sample / 8));
        head[4..8].copy_from_slice(&((start - 8 + following) as u32).to_le_bytes());
        head[start - 4..].copy_from_slice(&(following as u32).to_le_bytes());
        head
    }
}

/// Why a file is not written: a part of it did not come, or could not be written.
enum Failed {
    Part(Error),
    Write(io::Error),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Failed::Write(error)
    }
}

fn unwritable(error: &dyn std::fmt::Display) -> DataError {
    DataError::new("the WAV file", format!("cannot be written: {error}; write it in shorter parts"))
}

/// The nearest integer at a scale of 2^23, the least significant byte first.
fn int24(sample: f32) -> [u8; 3] {
    const SCALE: f64 = 8_388_608.0;
    let [a, b, c, _] = ((f64::from(sample) * SCALE).round().clamp(-SCALE, SCALE - 1.0) as i32).to_le_bytes();
    [a, b, c]
}
