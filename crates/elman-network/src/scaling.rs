//! Bringing columns to zero mean and unit spread, and back.
//!
//! ```
//! use elman_network::scaling::{NoScaling, Scaling};
//!
//! let scaling = Scaling::fit([1.0, 3.0].into_iter()).unwrap();
//! assert_eq!((scaling.mean, scaling.deviation), (2.0, 1.0));
//! assert_eq!((scaling.scale(5.0), scaling.unscale(3.0)), (3.0, 5.0));
//! assert_eq!(Scaling::fit([4.0, 4.0].into_iter()), Err(NoScaling::Constant));
//! ```

use serde::{Deserialize, Serialize};

/// `scaled = (value - mean) / deviation`, with statistics of the training data.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scaling {
    /// The mean over the training data.
    pub mean: f64,
    /// The standard deviation (dividing by `n`) over the training data; above 0.
    pub deviation: f64,
}

/// What is to be said of a column for which [`NoScaling::TooLarge`] holds.
pub const TOO_LARGE: &str = "holds values too large to be averaged; give it in another unit";

/// Why values cannot be scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoScaling {
    /// They are all the same: they tell nothing.
    Constant,
    /// Their squares are beyond all numbers.
    TooLarge,
}

impl Scaling {
    /// That which leaves values as they are.
    pub const NONE: Self = Scaling { mean: 0.0, deviation: 1.0 };

    /// The statistics of these values.
    ///
    /// # Errors
    /// If they do not vary, or are too large to be averaged.
    pub fn fit(values: impl Iterator<Item = f64> + Clone) -> Result<Self, NoScaling> {
        let count = values.clone().count() as f64;
        let mean = values.clone().sum::<f64>() / count;
        let variance = values.clone().map(|v| (v - mean).powi(2)).sum::<f64>() / count;
        // Equal values may leave a deviation of rounding errors: that is no variation.
        let largest = values.fold(0.0, |largest: f64, v| largest.max(v.abs()));
        let deviation = variance.sqrt();
        match deviation {
            _ if !deviation.is_finite() => Err(NoScaling::TooLarge),
            _ if deviation <= largest * 1e-12 => Err(NoScaling::Constant),
            _ => Ok(Scaling { mean, deviation }),
        }
    }

    /// To zero mean and unit spread.
    pub fn scale(&self, value: f64) -> f64 {
        (value - self.mean) / self.deviation
    }

    /// Back to the column's own units.
    pub fn unscale(&self, scaled: f64) -> f64 {
        scaled * self.deviation + self.mean
    }

    /// Are these numbers that a file may rightly hold?
    pub fn is_valid(&self) -> bool {
        self.mean.is_finite() && self.deviation.is_finite() && self.deviation > 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_columns_are_refused_whatever_their_rounding() {
        assert_eq!(Scaling::fit([0.1; 1000].into_iter()), Err(NoScaling::Constant));
        assert_eq!(Scaling::fit([0.0; 3].into_iter()), Err(NoScaling::Constant));
        assert_eq!(Scaling::fit([1e308, -1e308, 1e308].into_iter()), Err(NoScaling::TooLarge));
        let scaling = Scaling::fit([1.0, 3.0].into_iter()).unwrap();
        assert_eq!((scaling.mean, scaling.deviation), (2.0, 1.0));
        assert_eq!(scaling.unscale(scaling.scale(7.5)), 7.5);
    }
}
