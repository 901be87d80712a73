//! Where a series stands, so that its changes can be told from its values and its values from its changes.

use super::smoothing::State;
use super::{Smoothing, Transform};

/// What the next value is measured by.
#[derive(Clone, Debug)]
pub(super) enum Level {
    /// The value before, once there is one.
    Last { transform: Transform, value: Option<f64> },
    /// A forecast by exponential smoothing.
    Smoothed(State),
}

impl Level {
    /// Before the first row of a series.
    pub(super) fn new(transform: Transform, smoothing: Option<Smoothing>) -> Self {
        match smoothing {
            Some(smoothing) => Level::Smoothed(State::new(smoothing)),
            None => Level::Last { transform, value: None },
        }
    }

    /// After these values.
    pub(super) fn after(transform: Transform, smoothing: Option<Smoothing>, values: &[f64]) -> Self {
        let mut level = Level::new(transform, smoothing);
        for &value in values {
            level.take(value);
        }
        level
    }

    /// Takes the next value: the transformed one, but in the rows that have none.
    pub(super) fn take(&mut self, next: f64) -> Option<f64> {
        match self {
            Level::Smoothed(state) => state.take(next),
            Level::Last { transform, value } => {
                let before = value.replace(next);
                match transform {
                    Transform::None => Some(next),
                    _ => before.map(|before| transform.apply(next, before)),
                }
            }
        }
    }

    /// The value that this transformed one would stand for in the next row.
    pub(super) fn expect(&self, change: f64) -> f64 {
        match self {
            Level::Smoothed(state) => state.value(change),
            Level::Last { transform, value } => transform.invert(change, value.unwrap_or(0.0)),
        }
    }

    /// Goes on with the value that this transformed one stands for, and says which that is.
    pub(super) fn follow(&mut self, change: f64) -> f64 {
        let next = self.expect(change);
        match self {
            Level::Smoothed(state) => state.correct(change),
            Level::Last { value, .. } => *value = Some(next),
        }
        next
    }
}
