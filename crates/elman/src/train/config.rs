//! What a training run is to do.

use serde::{Deserialize, Serialize};

use crate::average::AverageConfig;
use crate::error::ConfigError;
use crate::learner::LearnerConfig;
use crate::loss::Loss;
use crate::network::Network;
use crate::optimiser::OptimiserConfig;
use crate::schedule::ScheduleConfig;

/// How a network is trained. Checked once, by [`Trainer::new`](super::Trainer::new).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TrainConfig {
    /// Passes over the training sequences.
    pub epochs: u64,
    /// Sequences per batch.
    pub batch_size: usize,
    /// What is made small.
    pub loss: Loss,
    /// The rule of the updates.
    pub optimiser: OptimiserConfig,
    /// The base learning rate.
    pub learning_rate: f64,
    /// How the rate changes.
    pub schedule: ScheduleConfig,
    /// The largest gradient norm that is not scaled down; none: nothing is.
    pub clip: Option<f64>,
    /// Batches per update: their gradients are gathered as that of the mean over all their targets, as if they were one batch,
    /// then clipped. The schedule counts updates. The batches at the end of an epoch that are fewer make an update as well. With
    /// [`truncate`](Self::truncate) it is so many pieces with outputs, one after the other, of whichever batch; the
    /// schedule is then as told there.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub accumulate: usize,
    /// Truncated backpropagation through time (Williams & Peng, Neural Computation 2, 1990): the
    /// sequences are cut into pieces of so many timesteps, the state is carried from piece to piece,
    /// gradients are not, and every piece that has targets makes an update, or with [`accumulate`](Self::accumulate) a part of
    /// one. The schedule counts batches, of which each piece is a share. Each is an [`Event::Batch`](super::Event::Batch) of
    /// its own.
    pub truncate: Option<usize>,
    /// So many timesteps at the start of each sequence are run without a loss and without a gradient, and the state is
    /// carried on: it is then what a sequence that has gone on for a while would have. A
    /// network whose initial state is learned learns nothing of it then.
    #[serde(default, skip_serializing_if = "is_none")]
    pub burn_in: usize,
    /// The average of the parameters that stands for them in validation, among the best and at the end; none: they stand
    /// for themselves. The training loss, and a schedule that follows it, are those of the parameters themselves.
    ///
    /// Stochastic weight averaging begins in the midst of a run: until then validation is of the parameters themselves,
    /// and patience does not run out. With the first average the search for the best epoch begins anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub average: Option<AverageConfig>,
    /// Stop after so many epochs without a better validation loss; none: never.
    pub patience: Option<u64>,
    /// Decides the order of the sequences and the dropout masks; in a [`Recipe`](crate::recipe::Recipe),
    /// the starting parameters as well.
    pub seed: u64,
}

// Files of before these fields have none of them, and what needs none is written as then.
fn one() -> usize {
    1
}

fn is_one(count: &usize) -> bool {
    *count == one()
}

fn is_none(burn_in: &usize) -> bool {
    *burn_in == 0
}

/// The squared error, Adam at 0.003 with a cosine schedule, 100 epochs, batches of 16, gradient norms clipped to 1,
/// an update for each batch, whole sequences, nothing averaged, no patience, seed 0.
impl Default for TrainConfig {
    fn default() -> Self {
        TrainConfig {
            epochs: 100,
            batch_size: 16,
            loss: Loss::Squared,
            optimiser: OptimiserConfig::ADAM,
            learning_rate: 3e-3,
            schedule: ScheduleConfig::Cosine { warmup: 0 },
            clip: Some(1.0),
            accumulate: 1,
            truncate: None,
            burn_in: 0,
            average: None,
            patience: None,
            seed: 0,
        }
    }
}

impl TrainConfig {
    /// The same with so many passes over the sequences.
    #[must_use]
    pub fn with_epochs(self, epochs: u64) -> Self {
        Self { epochs, ..self }
    }

    /// The same with so many sequences per batch.
    #[must_use]
    pub fn with_batch_size(self, batch_size: usize) -> Self {
        Self { batch_size, ..self }
    }

    /// The same with this loss.
    #[must_use]
    pub fn with_loss(self, loss: Loss) -> Self {
        Self { loss, ..self }
    }

    /// The same with this rule of the updates.
    #[must_use]
    pub fn with_optimiser(self, optimiser: OptimiserConfig) -> Self {
        Self { optimiser, ..self }
    }

    /// The same with this base learning rate.
    #[must_use]
    pub fn with_learning_rate(self, learning_rate: f64) -> Self {
        Self { learning_rate, ..self }
    }

    /// The same with this schedule.
    #[must_use]
    pub fn with_schedule(self, schedule: ScheduleConfig) -> Self {
        Self { schedule, ..self }
    }

    /// The same with gradient norms clipped to this, or not at all.
    #[must_use]
    pub fn with_clip(self, clip: impl Into<Option<f64>>) -> Self {
        Self { clip: clip.into(), ..self }
    }

    /// The same with an update after so many batches.
    #[must_use]
    pub fn with_accumulate(self, accumulate: usize) -> Self {
        Self { accumulate, ..self }
    }

    /// The same with sequences cut into pieces of so many timesteps, or whole.
    #[must_use]
    pub fn with_truncate(self, truncate: impl Into<Option<usize>>) -> Self {
        Self { truncate: truncate.into(), ..self }
    }

    /// The same with so many timesteps at the start of each sequence that are not learned from.
    #[must_use]
    pub fn with_burn_in(self, burn_in: usize) -> Self {
        Self { burn_in, ..self }
    }

    /// The same with parameters averaged by this rule, or not at all.
    #[must_use]
    pub fn with_average(self, average: impl Into<Option<AverageConfig>>) -> Self {
        Self { average: average.into(), ..self }
    }

    /// The same with this patience, or without end.
    #[must_use]
    pub fn with_patience(self, patience: impl Into<Option<u64>>) -> Self {
        Self { patience: patience.into(), ..self }
    }

    /// The same with this seed.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Refuses options that are out of range or do not go together.
    pub(crate) fn check(&self, network: &Network, has_validation: bool) -> Result<(), ConfigError> {
        let at_least_one = [
            ("epochs", self.epochs),
            ("batch_size", self.batch_size as u64),
            ("patience", self.patience.unwrap_or(1)),
        ];
        for (option, value) in at_least_one {
            if value == 0 {
                return Err(ConfigError::new(option, "is 0; it must be at least 1"));
            }
        }
        // Counts of batches then fit into 64 bits.
        if self.epochs > u64::from(u32::MAX) {
            return Err(ConfigError::new(
                "epochs",
                format!("is {}; it must be at most {}", self.epochs, u32::MAX),
            ));
        }
        self.schedule.check()?;
        if let Some(average) = self.average {
            average.check(self.epochs)?;
        }
        if self.patience.is_some() && !has_validation {
            let message = "needs validation data to tell when to stop; set aside some, or leave it out";
            return Err(ConfigError::new("patience", message));
        }
        self.learner().check(network)
    }

    /// Does it ask for what files of format version 2 do not know?
    pub(crate) fn needs_version_3(&self) -> bool {
        self.burn_in > 0 || self.accumulate > 1 || self.average.is_some() || self.loss.needs_version_3()
    }

    /// The batches of an epoch over so many sequences.
    pub(crate) fn batches_per_epoch(&self, sequences: usize) -> u64 {
        sequences.div_ceil(self.batch_size) as u64
    }

    /// Batches for each step of the schedule: those of an update, unless their pieces make updates.
    pub(crate) fn batches_per_step(&self) -> u64 {
        if self.truncate.is_some() { 1 } else { self.accumulate as u64 }
    }

    /// The steps of the schedule in an epoch over so many sequences: its updates, or where time is cut its batches.
    pub(crate) fn steps_per_epoch(&self, sequences: usize) -> u64 {
        self.batches_per_epoch(sequences).div_ceil(self.batches_per_step())
    }

    /// What of it makes a [`Learner`](crate::learner::Learner).
    pub fn learner(&self) -> LearnerConfig {
        LearnerConfig::new(self.loss.clone(), self.optimiser)
            .with_learning_rate(self.learning_rate)
            .with_clip(self.clip)
            .with_accumulate(self.accumulate)
            .with_truncate(self.truncate)
            .with_burn_in(self.burn_in)
            .with_seed(self.seed)
    }
}
