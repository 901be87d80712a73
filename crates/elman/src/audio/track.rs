//! Recordings of any length: short ones in memory, long ones read where they stand, block by block.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Seek};
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::samples::Samples;
use super::wav::{Recording, choose};
use crate::error::{DataError, Error};
use crate::file::{Blocks, Stored};
use crate::words::counted;

/// A recording of more samples than these stays in its file: a minute and a half of 48 kHz.
const HELD: usize = 1 << 22;
/// The samples of a block.
const BLOCK: usize = 8192;
/// So many blocks are kept: those of the parts that are learned side by side, and more.
const KEPT: usize = 128;
/// Full scale, but for the last bit of 16.
const FULL: f32 = 32_766.0 / 32_768.0;
/// So many samples at full scale in a row are a clipped peak.
const IN_A_ROW: usize = 3;

/// One channel of a recording, of which any stretch can be had.
#[derive(Clone, Debug)]
pub struct Track {
    name: String,
    sample_rate: u32,
    content: Content,
    pub(super) facts: Facts,
}

#[derive(Clone, Debug)]
enum Content {
    Held(Arc<[f32]>),
    Stored(Arc<StoredWave>),
}

/// What is known of a recording once it has been heard from start to end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    /// The level of the loudest sample.
    pub(super) loudest: f32,
    pub(super) mean: f64,
    /// Peaks cut off at full scale, and where the first begins.
    pub(super) clipped: usize,
    pub(super) first_clipped: usize,
    /// The CRC-32 of the samples.
    pub(super) checksum: u32,
}

/// A WAV file whose samples stay where they are.
struct StoredWave {
    stored: Stored,
    reader: Mutex<Samples<BufReader<File>>>,
    channel: usize,
    len: usize,
    kept: Blocks<f32>,
}

impl fmt::Debug for StoredWave {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredWave")
            .field("stored", &self.stored)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl StoredWave {
    fn read_block(&self, n: usize) -> Result<Vec<f32>, DataError> {
        self.stored.check()?;
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, end) = (n * BLOCK, self.len.min((n + 1) * BLOCK));
        reader.seek(start).map_err(|error| self.stored.lost(&error))?;
        reader
            .take(self.channel, end - start)
            .map_err(|error| DataError::new(self.stored.name(), error.to_string()))
    }
}

impl From<Recording> for Track {
    fn from(Recording { name, sample_rate, samples }: Recording) -> Self {
        let mut listener = Listener::default();
        listener.hear(&samples);
        let facts = listener.facts();
        Track { name, sample_rate, content: Content::Held(samples.into()), facts }
    }
}

impl Track {
    /// Opens the WAV file at `path`, as [`Recording::open`] reads it. More than four million samples stay in their file,
    /// which must not change as long as the track is used.
    ///
    /// # Errors
    /// As [`Recording::open`].
    pub fn open(path: &Path, channel: Option<usize>) -> Result<Self, Error> {
        Track::open_holding(path, channel, HELD)
    }

    /// [`open`](Self::open), with up to `held` samples in memory.
    pub(crate) fn open_holding(path: &Path, channel: Option<usize>, held: usize) -> Result<Self, Error> {
        match Track::open_stored(path, channel, held)? {
            Some(track) => Ok(track),
            // Whatever is wrong with it is said there.
            None => Ok(Recording::open(path, channel)?.into()),
        }
    }

    /// A file whose samples can stay there; nothing if they are few, or not found by their number alone.
    fn open_stored(path: &Path, channel: Option<usize>, held: usize) -> Result<Option<Self>, DataError> {
        // A pipe can be opened but once.
        if !std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file()) {
            return Ok(None);
        }
        let name = path.display().to_string();
        let opened = File::open(path).and_then(|file| Ok((Stored::of(&name, &file)?, file)));
        let Ok((Some(stored), mut file)) = opened else { return Ok(None) };
        // Both read the same file from the same place, and only one of them from here on.
        if file.rewind().is_err() {
            return Ok(None);
        }
        let Ok(reader) = Samples::new(BufReader::new(file)) else { return Ok(None) };
        let (spec, len) = (reader.spec(), reader.len());
        if len <= held || !(1..=32).contains(&spec.bits_per_sample) || spec.sample_rate == 0 {
            return Ok(None);
        }
        let channel = choose(&name, usize::from(spec.channels), channel)?;
        let wave =
            StoredWave { stored, reader: Mutex::new(reader), channel, len, kept: Blocks::new(BLOCK, KEPT) };
        let mut track = Track {
            name,
            sample_rate: spec.sample_rate,
            content: Content::Stored(Arc::new(wave)),
            facts: Facts::default(),
        };
        track.listen()?;
        Ok(Some(track))
    }

    /// Hears a stored recording from start to end.
    fn listen(&mut self) -> Result<(), DataError> {
        let mut listener = Listener::default();
        for start in (0..self.len()).step_by(BLOCK) {
            let samples = self.read(start..self.len().min(start + BLOCK))?;
            if let Some(n) = samples.iter().position(|sample| !sample.is_finite()) {
                return Err(not_finite(&self.name, start + n, samples[n], self.sample_rate));
            }
            listener.hear(&samples);
        }
        self.facts = listener.facts();
        Ok(())
    }

    /// What stands for the file in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Samples per second, above 0.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// The number of samples, at least one.
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        match &self.content {
            Content::Held(samples) => samples.len(),
            Content::Stored(wave) => wave.len,
        }
    }

    /// A stretch of the samples; full scale is 1.
    ///
    /// # Errors
    /// If the file has changed since it was opened, or cannot be read any more.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn read(&self, range: Range<usize>) -> Result<Cow<'_, [f32]>, DataError> {
        match &self.content {
            Content::Held(samples) => Ok(Cow::Borrowed(&samples[range])),
            Content::Stored(wave) => wave.kept.stretch(range, |n| wave.read_block(n)).map(Cow::Owned),
        }
    }

    /// A stretch of the samples; nothing if there are not as many.
    pub(super) fn get(&self, range: Range<usize>) -> Result<Option<Cow<'_, [f32]>>, DataError> {
        if range.end <= self.len() { self.read(range).map(Some) } else { Ok(None) }
    }

    /// `in.wav (48000 Hz, 2880000 samples, 60.00 s)`
    pub fn describe(&self) -> String {
        let (count, seconds) = (counted(self.len(), "sample"), super::seconds(self.len(), self.sample_rate));
        format!("{} ({} Hz, {count}, {seconds})", self.name, self.sample_rate)
    }
}

/// The error about a sample that is no number.
pub(super) fn not_finite(name: &str, n: usize, value: f32, sample_rate: u32) -> DataError {
    let place = super::seconds(n, sample_rate);
    let message = format!("its sample {} (at {place}) is {value}; samples are finite numbers", n + 1);
    DataError::new(name, message)
}

/// Hears a recording bit by bit.
#[derive(Default)]
struct Listener {
    facts: Facts,
    sum: f64,
    count: usize,
    /// Samples at full scale in a row.
    run: usize,
    checksum: crc32fast::Hasher,
}

impl Listener {
    fn hear(&mut self, samples: &[f32]) {
        let mut bytes = [0; 1 << 12];
        for block in samples.chunks(bytes.len() / size_of::<f32>()) {
            let to = bytes.as_chunks_mut().0.iter_mut();
            to.zip(block).for_each(|(bytes, sample)| *bytes = sample.to_le_bytes());
            self.checksum.update(&bytes[..size_of_val(block)]);
            let loudest = block.iter().fold(0.0f32, |loudest, sample| loudest.max(sample.abs()));
            self.facts.loudest = self.facts.loudest.max(loudest);
            self.sum = block.iter().fold(self.sum, |sum, &sample| sum + f64::from(sample));
            if loudest < FULL {
                self.run = 0;
            } else {
                self.look_for_clipping(block);
            }
            self.count += block.len();
        }
    }

    fn look_for_clipping(&mut self, block: &[f32]) {
        for (n, sample) in block.iter().enumerate() {
            // Floating point numbers may go beyond, and are then not cut off.
            self.run = if (FULL..=1.0).contains(&sample.abs()) { self.run + 1 } else { 0 };
            if self.run == IN_A_ROW {
                self.facts.clipped += 1;
                if self.facts.clipped == 1 {
                    self.facts.first_clipped = self.count + n + 1 - IN_A_ROW;
                }
            }
        }
    }

    fn facts(self) -> Facts {
        Facts { mean: self.sum / self.count as f64, checksum: self.checksum.finalize(), ..self.facts }
    }
}
