//! What went into a device and what came out.

use super::{Recording, seconds};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::words::counted;

/// What went into a device and what came out, and how its knobs stood.
#[derive(Clone, Debug, PartialEq)]
pub struct Pair {
    /// What went in.
    pub input: Recording,
    /// What came out.
    pub target: Recording,
    /// The names and positions of knobs.
    pub knobs: Vec<(String, f64)>,
}

impl Pair {
    /// Checks that they belong together.
    ///
    /// # Errors
    /// If their rates or lengths differ, one is silent, or a knob is at no finite number or named twice.
    pub fn new(input: Recording, target: Recording, knobs: &[(String, f64)]) -> Result<Self, Error> {
        let refuse = |message: Message| Err(DataError::new(target.describe(), message).into());
        if input.sample_rate != target.sample_rate {
            return refuse(
                format!(
                    "{} has another rate; convert one of them, so that both have the same samples per second",
                    input.describe()
                )
                .into(),
            );
        }
        let (from, to) = (input.samples.len(), target.samples.len());
        if from != to {
            let (longer, by) = if from > to { (&input, from - to) } else { (&target, to - from) };
            let message = format!(
                "{} is not as long; cut {} from the end of {}, if both begin at the same moment, or export them again \
                 with the same start and end",
                input.describe(),
                format_args!("{} ({})", counted(by, "sample"), seconds(by, input.sample_rate)),
                longer.name
            );
            return refuse(message.into());
        }
        for (recording, what) in [(&input, "nothing went in"), (&target, "nothing came out")] {
            if recording.samples.iter().all(|&sample| sample == 0.0) {
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

    /// Both from where they belong together: a target that is `delay` samples late loses as many at its start, and the input
    /// at its end; one that is early the other way round.
    ///
    /// # Errors
    /// If nothing would be left.
    pub fn aligned(&self, delay: i64) -> Result<(&[f32], &[f32]), ConfigError> {
        let (x, y) = (&self.input.samples, &self.target.samples);
        let by = usize::try_from(delay.unsigned_abs()).unwrap_or(usize::MAX);
        if by >= x.len() {
            let (name, count) = (&self.input.name, counted(x.len(), "sample"));
            return Err(ConfigError::new(
                "latency",
                format!("is {delay}; {name} has {count}, so it must be below that"),
            ));
        }
        let (start, end) = (by, x.len() - by);
        Ok(if delay >= 0 { (&x[..end], &y[start..]) } else { (&x[start..], &y[..end]) })
    }
}
