//! Sound: recordings of what went into a device and what came out, and what has to be known before a network learns from
//! them.
//!
//! ```
//! use elman::audio::{Pair, Recording, Wav};
//!
//! # fn main() -> Result<(), elman::error::Error> {
//! // A device that is five samples late.
//! let input: Vec<f32> = (0..20_000u64).map(|n| (n * n * n % 9973) as f32 / 9973.0 - 0.5).collect();
//! let target: Vec<f32> = (0..20_000).map(|n| if n >= 5 { 0.8 * input[n - 5] } else { 0.0 }).collect();
//! let [input, target] = [("in.wav", input), ("out.wav", target)].map(|(name, samples)| {
//!     Recording::read(name, Wav::Float.write(48_000, &samples)?.as_slice(), None)
//! });
//! let pair = Pair::new(input?, target?, &[])?;
//! let latency = pair.latency()?;
//! assert_eq!((latency.found, latency.delay), (Some(5), 4)); // one less, to be safe
//! let (input, target) = pair.aligned(latency.delay)?;
//! assert_eq!((input.clone(), target.clone()), (0..19_996, 4..20_000));
//! let first = |track: &elman::audio::Track, start| track.read(start..start + 1).map(|sample| sample[0]);
//! assert_eq!(first(&pair.target, target.start + 101)?, 0.8 * first(&pair.input, input.start + 100)?);
//! # Ok(())
//! # }
//! ```

mod chunks;
mod latency;
mod layout;
mod pair;
mod player;
mod quality;
mod recordings;
mod refused;
mod response;
mod samples;
mod table;
mod track;
mod wav;

pub use latency::{Latency, late};
pub use layout::Layout;
pub use pair::Pair;
pub use player::Player;
pub(crate) use recordings::Recorded;
pub use recordings::Recordings;
pub(crate) use refused::foreign as kind;
pub use table::{INPUT, PAIR, Prepared, TARGET, prepare, prepare_for};
pub use track::Track;
pub use wav::{Recording, Wav, is_wav};

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// What a model of sound has to know beside its network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sound {
    /// The samples per second that it was trained at: what it is fed has to have as many.
    pub sample_rate: u32,
    /// The samples by which targets were late in training, and were moved back. What the model answers is that much
    /// earlier than what the device did. None where that is not known, as of a model that another program trained.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<i64>,
    /// Where those of the recordings differed: each once, in ascending order; [`delay`](Self::delay) is then that of most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delays: Vec<i64>,
    /// The lowest and the highest position of each knob in training, in the order of the knobs; empty where that is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub knobs: Vec<[f64; 2]>,
}

impl Sound {
    /// Refuses what no recording has.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.sample_rate == 0 {
            return Err("its sample rate is 0".into());
        }
        if !self.knobs.iter().flatten().all(|position| position.is_finite()) {
            return Err("a position of its knobs is out of range".into());
        }
        Ok(())
    }
}

/// `1.25 s` of so many samples.
fn seconds(samples: usize, sample_rate: u32) -> String {
    format!("{:.2} s", samples as f64 / f64::from(sample_rate))
}

/// `-25.1 dB` of a ratio of energies.
pub fn decibels(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

/// `sum (y - t)^2 / sum t^2` of an output and what it should be; nothing where that is silence.
pub fn error_to_signal(outputs: &[f64], targets: &[f64]) -> Option<f64> {
    let energy: f64 = targets.iter().map(|t| t * t).sum();
    let error: f64 = outputs.iter().zip(targets).map(|(y, t)| (y - t) * (y - t)).sum();
    (energy > 0.0).then(|| error / energy)
}
