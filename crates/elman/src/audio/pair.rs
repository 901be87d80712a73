//! What went into a device and what came out.

use std::fs::File;
use std::io::BufReader;
use std::ops::Range;
use std::path::Path;

use super::samples::Samples;
use super::{Track, seconds};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::words::counted;

/// What went into a device and what came out, and how its knobs stood.
#[derive(Clone, Debug)]
pub struct Pair {
    /// What went in.
    pub input: Track,
    /// What came out.
    pub target: Track,
    /// The names and positions of knobs.
    pub knobs: Vec<(String, f64)>,
}

impl Pair {
    /// Reads the WAV files of what went in and what came out, as [`Track::open`] reads one: of several channels the one that is
    /// named. A file of one channel beside one of several is taken as it is.
    ///
    /// # Errors
    /// Those of [`Track::open`] and of [`new`](Self::new).
    pub fn open(
        [input, target]: [&Path; 2],
        channel: Option<usize>,
        knobs: &[(String, f64)],
    ) -> Result<Self, Error> {
        let counts = [input, target].map(channels);
        let is_mixed = counts.contains(&Some(1)) && counts.iter().flatten().any(|&count| count > 1);
        let of = |count: Option<u16>| channel.filter(|_| !(is_mixed && count == Some(1)));
        Pair::new(Track::open(input, of(counts[0]))?, Track::open(target, of(counts[1]))?, knobs)
    }

    /// Checks that they belong together.
    ///
    /// # Errors
    /// If their rates or lengths differ, one is silent, or a knob is at no finite number or named twice.
    pub fn new(
        input: impl Into<Track>,
        target: impl Into<Track>,
        knobs: &[(String, f64)],
    ) -> Result<Self, Error> {
        let (input, target) = (input.into(), target.into());
        let refuse = |message: Message| Err(DataError::new(target.describe(), message).into());
        if input.sample_rate() != target.sample_rate() {
            return refuse(
                format!(
                    "{} has another rate; convert one of them, so that both have the same samples per second",
                    input.describe()
                )
                .into(),
            );
        }
        let (from, to) = (input.len(), target.len());
        if from != to {
            let (longer, by) = if from > to { (&input, from - to) } else { (&target, to - from) };
            let message = format!(
                "{} is not as long; cut {} from the end of {}, if both begin at the same moment, or export them again \
                 with the same start and end",
                input.describe(),
                format_args!("{} ({})", counted(by, "sample"), seconds(by, input.sample_rate())),
                longer.name()
            );
            return refuse(message.into());
        }
        for (recording, what) in [(&input, "nothing went in"), (&target, "nothing came out")] {
            if recording.facts.loudest == 0.0 {
                let message =
                    format!("is silent from start to end: {what}; check the cables, and record it again");
                return Err(DataError::new(recording.describe(), message).into());
            }
        }
        for (n, (name, value)) in knobs.iter().enumerate() {
            if !value.is_finite() {
                return Err(ConfigError::new(
                    "knob",
                    format!("{name} is {value}; give a finite number, as 0.5"),
                )
                .into());
            }
            if knobs[..n].iter().any(|(other, _)| other == name) {
                return Err(ConfigError::new(
                    "knob",
                    format!("{name} is given twice for one pair; give it once"),
                )
                .into());
            }
        }
        Ok(Pair { input, target, knobs: knobs.to_vec() })
    }

    /// Which samples of the input and of the target belong together: a target that is `delay` samples late loses as many at
    /// its start, and the input at its end; one that is early the other way round.
    ///
    /// # Errors
    /// If nothing would be left.
    pub fn aligned(&self, delay: i64) -> Result<(Range<usize>, Range<usize>), ConfigError> {
        let len = self.input.len();
        let by = usize::try_from(delay.unsigned_abs()).unwrap_or(usize::MAX);
        if by >= len {
            let (name, count) = (self.input.name(), counted(len, "sample"));
            return Err(ConfigError::new(
                "latency",
                format!("is {delay}; {name} has {count}, so it must be below that"),
            ));
        }
        let (first, last) = (0..len - by, by..len);
        Ok(if delay >= 0 { (first, last) } else { (last, first) })
    }
}

/// How many channels a WAV file has; nothing of what is none, or cannot be read twice.
fn channels(path: &Path) -> Option<u16> {
    // A pipe can be opened but once.
    let is_file = std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file());
    let file = is_file.then(|| File::open(path).ok())??;
    Some(Samples::new(BufReader::new(file)).ok()?.spec().channels)
}
