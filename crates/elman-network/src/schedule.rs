//! How the learning rate changes in the course of training.
//!
//! ```
//! use elman_network::schedule::{Schedule, ScheduleConfig};
//!
//! let schedule = Schedule::new(ScheduleConfig::Step { every: 2, factor: 0.5 }, 0.1, 30);
//! assert_eq!([0, 1, 2, 3, 4].map(|epoch| schedule.rate(10 * epoch, epoch)), [0.1, 0.1, 0.05, 0.05, 0.025]);
//! ```

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::error::{ConfigError, positive};

/// A rule for the learning rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ScheduleConfig {
    /// The base rate throughout.
    Constant,
    /// The base rate times `factor` for every `every` epochs that have passed.
    Step {
        /// Epochs between two changes; at least 1.
        every: u64,
        /// The factor of each change.
        factor: f64,
    },
    /// A linear rise over the first `warmup` batches, then half a cosine down to 0 at the end of
    /// training (Loshchilov & Hutter, arXiv:1608.03983, equation 5, one period).
    Cosine {
        /// Batches until the base rate is reached; 0: it is there from the start.
        warmup: u64,
    },
    /// The rate times `factor` after more than `patience` epochs without a loss below
    /// `(1 - threshold)` times the best, as PyTorch's `ReduceLROnPlateau`.
    Plateau {
        /// The factor of each change.
        factor: f64,
        /// Epochs without progress that pass without a change.
        patience: u64,
        /// The least relative progress that counts.
        threshold: f64,
        /// The rate does not fall below this.
        minimum: f64,
    },
}

impl ScheduleConfig {
    /// Half a cosine, without a rise before it.
    pub const COSINE: Self = Self::Cosine { warmup: 0 };
    /// A tenth of the rate every 10 epochs.
    pub const STEP: Self = Self::Step { every: 10, factor: 0.1 };
    /// A tenth of the rate after 10 epochs without progress, PyTorch's defaults.
    pub const PLATEAU: Self = Self::Plateau { factor: 0.1, patience: 10, threshold: 1e-4, minimum: 0.0 };

    /// The name used on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            ScheduleConfig::Constant => "constant",
            ScheduleConfig::Step { .. } => "step",
            ScheduleConfig::Cosine { .. } => "cosine",
            ScheduleConfig::Plateau { .. } => "plateau",
        }
    }

    /// Refuses constants that are out of range.
    pub fn check(&self) -> Result<(), ConfigError> {
        match *self {
            ScheduleConfig::Step { every: 0, .. } => {
                Err(ConfigError::new("schedule_every", "is 0; it must be at least 1 epoch"))
            }
            ScheduleConfig::Plateau { factor, .. } if factor >= 1.0 => Err(ConfigError::new(
                "schedule_factor",
                format!("is {factor}; on a plateau it must be below 1"),
            )),
            ScheduleConfig::Step { factor, .. } => positive("schedule_factor", factor),
            ScheduleConfig::Plateau { factor, threshold, minimum, .. } => {
                for (option, value) in [("schedule_threshold", threshold), ("schedule_minimum", minimum)] {
                    if !(value >= 0.0 && value.is_finite()) {
                        return Err(ConfigError::new(option, format!("is {value:?}; it must be 0 or above")));
                    }
                }
                positive("schedule_factor", factor)
            }
            ScheduleConfig::Constant | ScheduleConfig::Cosine { .. } => Ok(()),
        }
    }
}

/// Smaller changes of the rate on a plateau are not made; PyTorch's `eps`.
const LEAST_CHANGE: f64 = 1e-8;

/// A schedule with its memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    config: ScheduleConfig,
    base: f64,
    batches: u64,
    plateau: Plateau,
}

/// What [`ScheduleConfig::Plateau`] remembers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Plateau {
    rate: f64,
    best: Option<f64>,
    bad_epochs: u64,
}

impl Schedule {
    /// A schedule around the rate `base` for a training run of `batches` batches.
    pub fn new(config: ScheduleConfig, base: f64, batches: u64) -> Self {
        Schedule { config, base, batches, plateau: Plateau { rate: base, best: None, bad_epochs: 0 } }
    }

    /// The rate of a batch; both counts start at 0, `batch` goes on through all epochs.
    pub fn rate(&self, batch: u64, epoch: u64) -> f64 {
        self.rate_of_piece(batch as f64..(batch + 1) as f64, epoch)
    }

    /// The rate of a piece of a batch, by the batches and shares of one that are done before and after it.
    pub fn rate_of_piece(&self, batches: Range<f64>, epoch: u64) -> f64 {
        match self.config {
            ScheduleConfig::Constant => self.base,
            ScheduleConfig::Step { every, factor } => self.base * factor.powf((epoch / every) as f64),
            ScheduleConfig::Cosine { warmup } if batches.start < warmup as f64 => {
                self.base * batches.end / warmup as f64
            }
            ScheduleConfig::Cosine { warmup } => {
                let progress =
                    (batches.start - warmup as f64) / self.batches.saturating_sub(warmup).max(1) as f64;
                self.base * 0.5 * (1.0 + (std::f64::consts::PI * progress.min(1.0)).cos())
            }
            ScheduleConfig::Plateau { .. } => self.plateau.rate,
        }
    }

    /// Tells the schedule the loss at the end of an epoch: that of the validation data where there
    /// is any, else that of training.
    pub fn observe(&mut self, loss: f64) {
        let ScheduleConfig::Plateau { factor, patience, threshold, minimum } = self.config else { return };
        let plateau = &mut self.plateau;
        if plateau.best.is_none_or(|best| loss < best * (1.0 - threshold)) {
            plateau.best = Some(loss);
            plateau.bad_epochs = 0;
        } else {
            plateau.bad_epochs += 1;
        }
        if plateau.bad_epochs > patience {
            let lower = (plateau.rate * factor).max(minimum);
            if plateau.rate - lower > LEAST_CHANGE {
                plateau.rate = lower;
            }
            plateau.bad_epochs = 0;
        }
    }
}
