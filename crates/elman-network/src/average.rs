//! Averages of the parameters in the course of training, which often do better than the last ones.
//!
//! ```
//! use elman_network::average::{Average, AverageConfig};
//!
//! let mut average = Average::<f64>::default();
//! assert_eq!(average.parameters(), None);
//! for parameters in [[1.0, 0.0], [2.0, 0.0], [6.0, 3.0]] {
//!     average.add(AverageConfig::Swa { start: 0 }, &parameters);
//! }
//! assert_eq!(average.parameters(), Some([3.0, 1.0].as_slice()));
//! ```

use serde::{Deserialize, Serialize};

use crate::error::ConfigError;
use crate::float::Float;
use crate::learner::Learner;

/// A rule for the average.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AverageConfig {
    /// An exponential moving average over the updates. With `p_t` the parameters after update `t`, from 1, and `a_1 = p_1`,
    ///
    /// ```text
    /// a_t = d_t a_(t-1) + (1 - d_t) p_t    d_t = min(decay, (1 + t) / (10 + t))
    /// ```
    ///
    /// where `d_t` is the warm-up of TensorFlow's `ExponentialMovingAverage`: an average over the latest ninth of few
    /// updates, over some `1 / (1 - decay)` of many.
    Ema {
        /// How much of the average is kept at an update; at least 0 and below 1.
        decay: f64,
    },
    /// Stochastic weight averaging (Izmailov, Podoprikhin, Garipov, Vetrov & Wilson, Averaging weights leads to wider optima
    /// and better generalization, UAI 2018): the mean of the parameters at the ends of epochs,
    ///
    /// ```text
    /// a_n = a_(n-1) + (p_n - a_(n-1)) / n
    /// ```
    ///
    /// It is meant for a learning rate that stays high enough for the parameters to move about.
    Swa {
        /// So many epochs pass before the first that counts; fewer than there are.
        start: u64,
    },
}

impl AverageConfig {
    /// A decay of 0.999, PyTorch's default.
    pub const EMA: Self = Self::Ema { decay: 0.999 };

    /// The last quarter of so many epochs, as the authors have it.
    pub const fn swa(epochs: u64) -> Self {
        Self::Swa { start: epochs - epochs.div_ceil(4) }
    }

    /// The name used on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            AverageConfig::Ema { .. } => "ema",
            AverageConfig::Swa { .. } => "swa",
        }
    }

    /// Is what stands at the end of this epoch, from 0, an average?
    pub fn covers(&self, epoch: u64) -> bool {
        match *self {
            AverageConfig::Ema { .. } => true,
            AverageConfig::Swa { start } => epoch >= start,
        }
    }

    /// Refuses constants that are out of range for a run of so many epochs.
    pub fn check(&self, epochs: u64) -> Result<(), ConfigError> {
        match *self {
            AverageConfig::Ema { decay } if !(0.0..1.0).contains(&decay) => {
                Err(ConfigError::new("ema_decay", format!("is {decay:?}; it must be at least 0 and below 1")))
            }
            AverageConfig::Swa { start } if start >= epochs => Err(ConfigError::new(
                "swa_start",
                format!(
                    "is {start}, and the whole run is {epochs} epochs, so nothing is averaged; choose less"
                ),
            )),
            _ => Ok(()),
        }
    }

    /// The weight of the parameters that are the `count`-th to be averaged, from 1.
    fn weight(&self, count: u64) -> f64 {
        let t = count as f64;
        match *self {
            _ if count == 1 => 1.0,
            AverageConfig::Ema { decay } => 1.0 - decay.min((1.0 + t) / (10.0 + t)),
            AverageConfig::Swa { .. } => 1.0 / t,
        }
    }
}

/// An average and how many parameters went into it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Average<T> {
    count: u64,
    /// Empty before the first.
    mean: Vec<T>,
}

impl<T: Float> Average<T> {
    /// The average that `count` parameters have given, at least one.
    pub fn resumed(count: u64, mean: Vec<T>) -> Self {
        Average { count, mean }
    }

    /// How many parameters went into it.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes up parameters, as many as at the first time.
    ///
    /// # Panics
    /// If they are not as many.
    pub fn add(&mut self, rule: AverageConfig, parameters: &[T]) {
        self.count += 1;
        if self.count == 1 {
            self.mean = parameters.to_vec();
            return;
        }
        assert_eq!(self.mean.len(), parameters.len(), "parameters to be averaged");
        let weight = T::from_f64(rule.weight(self.count));
        for (mean, &p) in self.mean.iter_mut().zip(parameters) {
            *mean = *mean + weight * (p - *mean);
        }
    }

    /// Has a learner go on with the average, and keeps its own parameters in its place; nothing before the first.
    pub fn swap_into(&mut self, learner: &mut Learner<T>) {
        if self.count > 0 {
            learner.swap_parameters(&mut self.mean);
        }
    }

    /// The average; none before the first parameters.
    pub fn parameters(&self) -> Option<&[T]> {
        (self.count > 0).then_some(self.mean.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn averaged(rule: AverageConfig, values: &[f64]) -> f64 {
        let mut average = Average::default();
        values.iter().for_each(|&value| average.add(rule, &[value]));
        average.parameters().unwrap()[0]
    }

    /// An average is the sum of what went into it, each times its own share and what all later ones left of it.
    #[test]
    fn averages_have_their_closed_forms() {
        let values: Vec<f64> = (0..300).map(|n| (0.7 * f64::from(n)).sin() + 0.01 * f64::from(n)).collect();
        let mean = values.iter().sum::<f64>() / 300.0;
        assert!((averaged(AverageConfig::Swa { start: 7 }, &values) - mean).abs() < 1e-13);
        for decay in [0.0, 0.5, 0.9, 0.99] {
            let kept = |t: usize| f64::min(decay, (1 + t) as f64 / (10 + t) as f64);
            let share = |t: usize| {
                let own = if t == 1 { 1.0 } else { 1.0 - kept(t) };
                own * (t + 1..=300).map(kept).product::<f64>()
            };
            let expected: f64 = (1..=300).map(|t| share(t) * values[t - 1]).sum();
            let found = averaged(AverageConfig::Ema { decay }, &values);
            assert!((found - expected).abs() < 1e-13, "{decay}: {found}, not {expected}");
        }
        // Without a decay the latest parameters; after the warm-up a geometric series: a step to 1 is followed so.
        assert_eq!(averaged(AverageConfig::Ema { decay: 0.0 }, &values), values[299]);
        let step: Vec<f64> = (0..100).map(|n| f64::from(n >= 80)).collect();
        let found = averaged(AverageConfig::Ema { decay: 0.8 }, &step);
        assert!((found - (1.0 - 0.8f64.powi(20))).abs() < 1e-14);
    }

    #[test]
    fn the_last_quarter_of_the_epochs_is_averaged() {
        let starts = [1, 2, 4, 5, 100].map(|epochs| match AverageConfig::swa(epochs) {
            AverageConfig::Swa { start } => start,
            AverageConfig::Ema { .. } => unreachable!("weight averaging over epochs"),
        });
        assert_eq!(starts, [0, 1, 3, 3, 75]);
    }
}
