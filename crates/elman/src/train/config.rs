//! What a training run is to do.

use serde::{Deserialize, Serialize};

use crate::error::ConfigError;
use crate::loss::Loss;
use crate::network::{Activation, Block, Dense, Network};
use crate::optimiser::OptimiserConfig;
use crate::schedule::ScheduleConfig;

/// How a network is trained. Checked once, by [`Trainer::new`](super::Trainer::new).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
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
    /// Truncated backpropagation through time (Williams & Peng, Neural Computation 2, 1990): the
    /// sequences are cut into pieces of so many timesteps, the state is carried from piece to piece,
    /// gradients are not, and every piece that has targets makes an update.
    pub truncate: Option<usize>,
    /// Stop after so many epochs without a better validation loss; none: never.
    pub patience: Option<u64>,
    /// Decides the order of the sequences and the dropout masks; in a [`Recipe`](crate::recipe::Recipe),
    /// the starting parameters as well.
    pub seed: u64,
}

impl TrainConfig {
    /// Refuses options that are out of range or do not go together.
    pub(crate) fn check(&self, network: &Network, has_validation: bool) -> Result<(), ConfigError> {
        let at_least_one = [
            ("epochs", self.epochs),
            ("batch_size", self.batch_size as u64),
            ("truncate", self.truncate.unwrap_or(1) as u64),
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
        self.check_rates()?;
        if self.patience.is_some() && !has_validation {
            let message = "needs validation data to tell when to stop; set aside some, or leave it out";
            return Err(ConfigError::new("patience", message));
        }
        self.check_truncate(network)?;
        if let Loss::CrossEntropy { class_weights } = &self.loss {
            let last = network.config().blocks.last();
            if matches!(last, Some(Block::Dense(Dense { activation: Activation::Softmax, .. }))) {
                let message =
                    "cross-entropy takes the softmax itself; let the last block's activation be identity";
                return Err(ConfigError::new("loss", message));
            }
            let classes = network.output_size();
            if let Some(weights) = class_weights.as_ref().filter(|weights| weights.len() != classes) {
                let message = format!("has {} values for {classes} classes", weights.len());
                return Err(ConfigError::new("class_weights", message));
            }
            class_weights.iter().flatten().try_for_each(|&weight| positive("class_weights", weight))?;
        }
        Ok(())
    }

    /// Refuses to cut sequences that the network needs whole.
    fn check_truncate(&self, network: &Network) -> Result<(), ConfigError> {
        let Some(truncate) = self.truncate else { return Ok(()) };
        let refuse = |message: String| Err(ConfigError::new("truncate", message));
        if !network.is_causal() {
            return refuse(
                "cuts sequences, but the reverse direction starts at their ends; use one direction".into(),
            );
        }
        if network.joins_all_time() {
            return refuse("cuts sequences, but a pooling joins all their timesteps; leave it out".into());
        }
        let patch_len = network.patch_len();
        if !truncate.is_multiple_of(patch_len) {
            return refuse(format!(
                "is {truncate}, but patches join {patch_len} timesteps; choose a multiple of {patch_len}"
            ));
        }
        Ok(())
    }

    fn check_rates(&self) -> Result<(), ConfigError> {
        positive("learning_rate", self.learning_rate)?;
        if let Some(clip) = self.clip {
            positive("clip", clip)?;
        }
        if let Loss::Huber { delta } = self.loss {
            positive("huber_delta", delta)?;
        }
        let (fractions, decay, nesterov) = match self.optimiser {
            OptimiserConfig::Sgd { momentum, nesterov, weight_decay } => {
                ([("momentum", momentum); 2], weight_decay, nesterov && momentum == 0.0)
            }
            OptimiserConfig::RmsProp { alpha, eps, momentum, weight_decay } => {
                positive("eps", eps)?;
                ([("alpha", alpha), ("momentum", momentum)], weight_decay, false)
            }
            OptimiserConfig::Adam { beta1, beta2, eps, weight_decay }
            | OptimiserConfig::AdamW { beta1, beta2, eps, weight_decay } => {
                positive("eps", eps)?;
                ([("beta1", beta1), ("beta2", beta2)], weight_decay, false)
            }
        };
        for (option, value) in fractions {
            if !(0.0..1.0).contains(&value) {
                return Err(ConfigError::new(
                    option,
                    format!("is {value:?}; it must be at least 0 and below 1"),
                ));
            }
        }
        if !(decay >= 0.0 && decay.is_finite()) {
            return Err(ConfigError::new("weight_decay", format!("is {decay:?}; it must be 0 or above")));
        }
        if nesterov {
            return Err(ConfigError::new(
                "nesterov",
                "looks ahead along the momentum, which is 0; set momentum",
            ));
        }
        match self.schedule {
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

fn positive(option: &'static str, value: f64) -> Result<(), ConfigError> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(ConfigError::new(option, format!("is {value:?}; it must be above 0 and finite")))
}
