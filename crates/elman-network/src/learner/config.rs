//! How a learner learns, and which of it suits a network.

use crate::error::{ConfigError, positive};
use crate::loss::Loss;
use crate::network::{Activation, Block, Dense, Network};
use crate::optimiser::OptimiserConfig;

/// How a [`Learner`](super::Learner) learns. Checked once, by [`Learner::new`](super::Learner::new).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LearnerConfig {
    /// What is made small.
    pub loss: Loss,
    /// The rule of the updates.
    pub optimiser: OptimiserConfig,
    /// The learning rate.
    pub learning_rate: f64,
    /// The largest gradient norm that is not scaled down; none: nothing is.
    pub clip: Option<f64>,
    /// Batches per update: their gradients are gathered as that of the mean over all their targets, as if they were one batch,
    /// then clipped. With [`truncate`](Self::truncate) it is so many pieces with outputs, one after the other, of whichever
    /// batch.
    pub accumulate: usize,
    /// Truncated backpropagation through time (Williams & Peng, Neural Computation 2, 1990): the sequences are cut into
    /// pieces of so many timesteps, the state is carried from piece to piece, gradients are not, and every piece that has
    /// targets makes an update, or with [`accumulate`](Self::accumulate) a part of one.
    pub truncate: Option<usize>,
    /// So many timesteps at the start of each sequence are run without a loss and without a gradient, and the state is
    /// carried on.
    pub burn_in: usize,
    /// Decides the dropout masks, together with the number of the step.
    pub seed: u64,
}

impl LearnerConfig {
    /// A learning rate of 0.001, no clipping, an update for each batch, whole sequences, seed 0.
    pub fn new(loss: Loss, optimiser: OptimiserConfig) -> Self {
        LearnerConfig {
            loss,
            optimiser,
            learning_rate: 1e-3,
            clip: None,
            accumulate: 1,
            truncate: None,
            burn_in: 0,
            seed: 0,
        }
    }

    /// The same with this learning rate.
    #[must_use]
    pub fn with_learning_rate(self, learning_rate: f64) -> Self {
        LearnerConfig { learning_rate, ..self }
    }

    /// The same with gradient norms clipped to this, or not at all.
    #[must_use]
    pub fn with_clip(self, clip: impl Into<Option<f64>>) -> Self {
        LearnerConfig { clip: clip.into(), ..self }
    }

    /// The same with an update after so many batches, or pieces of them.
    #[must_use]
    pub fn with_accumulate(self, accumulate: usize) -> Self {
        LearnerConfig { accumulate, ..self }
    }

    /// The same with sequences cut into pieces of so many timesteps, or whole.
    #[must_use]
    pub fn with_truncate(self, truncate: impl Into<Option<usize>>) -> Self {
        LearnerConfig { truncate: truncate.into(), ..self }
    }

    /// The same with so many timesteps at the start of each sequence that are not learned from.
    #[must_use]
    pub fn with_burn_in(self, burn_in: usize) -> Self {
        LearnerConfig { burn_in, ..self }
    }

    /// The same with dropout masks of this seed.
    #[must_use]
    pub fn with_seed(self, seed: u64) -> Self {
        LearnerConfig { seed, ..self }
    }

    /// Refuses options that are out of range or do not suit the network.
    pub fn check(&self, network: &Network) -> Result<(), ConfigError> {
        if self.truncate == Some(0) {
            return Err(ConfigError::new("truncate", "is 0; it must be at least 1"));
        }
        positive("learning_rate", self.learning_rate)?;
        if let Some(clip) = self.clip {
            positive("clip", clip)?;
        }
        self.optimiser.check()?;
        if self.accumulate == 0 {
            return Err(ConfigError::new("accumulate", "is 0; it must be at least 1"));
        }
        if let Some(truncate) = self.truncate {
            check_cut("truncate", truncate, network)?;
        }
        if self.burn_in > 0 {
            check_cut("burn_in", self.burn_in, network)?;
        }
        self.check_loss(network)
    }

    fn check_loss(&self, network: &Network) -> Result<(), ConfigError> {
        let last = network.config().blocks.last();
        let is_softmax = matches!(last, Some(Block::Dense(Dense { activation: Activation::Softmax, .. })));
        if is_softmax && matches!(self.loss, Loss::CrossEntropy { .. }) {
            let message =
                "cross-entropy takes the softmax itself; let the last block's activation be identity";
            return Err(ConfigError::new("loss", message));
        }
        self.loss.check(network.output_size())?;
        if !self.loss.is_of_signals() {
            return Ok(());
        }
        let (name, min_len) = (self.loss.name(), self.loss.min_len());
        if network.ends_time() {
            let message =
                format!("{name} compares signals, but the network has one answer per sequence; use squared");
            return Err(ConfigError::new("loss", message));
        }
        match self.truncate {
            Some(len) if len < min_len => {
                let message =
                    format!("is {len}, but the loss {name} needs pieces of at least {min_len} timesteps");
                Err(ConfigError::new("truncate", message))
            }
            _ => Ok(()),
        }
    }
}

/// Refuses to cut sequences, at so many timesteps, that the network needs whole.
fn check_cut(option: &'static str, len: usize, network: &Network) -> Result<(), ConfigError> {
    let refuse = |message: String| Err(ConfigError::new(option, message));
    if !network.is_causal() {
        return refuse(
            "cuts sequences, but the reverse direction starts at their ends; use one direction".into(),
        );
    }
    if network.joins_all_time() {
        return refuse("cuts sequences, but a pooling joins all their timesteps; leave it out".into());
    }
    let patch_len = network.patch_len();
    if !len.is_multiple_of(patch_len) {
        return refuse(format!(
            "is {len}, but patches join {patch_len} timesteps; choose a multiple of {patch_len}"
        ));
    }
    Ok(())
}
