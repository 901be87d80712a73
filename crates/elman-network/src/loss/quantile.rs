//! The pinball loss of quantiles.

use elman_core::lane::Scalar;

use super::MAX_LEVELS;
use crate::error::ConfigError;

/// The sum over the levels of `q (t - y)` where `y <= t`, else `(1 - q) (y - t)`.
pub(super) fn value<T: Scalar>(levels: &[f64], y: &[T], t: T) -> T {
    let mut sum = T::default();
    for (&level, &y) in levels.iter().zip(y) {
        let e = t - y;
        sum += e * T::from_f64(if e < T::default() { level - 1.0 } else { level });
    }
    sum
}

/// Its derivatives: `-q` where `y < t`, `1 - q` where `y > t`.
pub(super) fn derivative<T: Scalar>(levels: &[f64], y: &[T], t: T, dy: &mut [T]) {
    for ((dy, &level), &y) in dy.iter_mut().zip(levels).zip(y) {
        *dy = T::from_f64(if y < t {
            -level
        } else if y > t {
            1.0 - level
        } else {
            0.0
        });
    }
}

/// Refuses levels that are no distribution's, or do not hold its median between them.
pub(super) fn check(levels: &[f64]) -> Result<(), ConfigError> {
    let refuse = |message: String| Err(ConfigError::new("quantiles", message));
    if let Some(level) = levels.iter().find(|&&level| !(level > 0.0 && level < 1.0)) {
        return refuse(format!("asks for the level {level}; levels are above 0 and below 1, as 0.1,0.5,0.9"));
    }
    if let Some(pair) = levels.windows(2).find(|pair| pair[0] == pair[1]) {
        return refuse(format!("has the level {} twice; give each once", pair[0]));
    }
    if !levels.is_sorted() {
        return refuse("has levels that do not rise; give the smallest first".into());
    }
    if levels.len() > MAX_LEVELS {
        return refuse(format!("has {} levels; give at most {MAX_LEVELS}", levels.len()));
    }
    match levels {
        [first, .., last] if *first <= 0.5 && *last >= 0.5 => Ok(()),
        [_, _, ..] => {
            refuse("has no level on one side of 0.5, and the answer is the median; add one, or 0.5".into())
        }
        _ => refuse("needs at least two levels to tell a distribution, as 0.1,0.5,0.9".into()),
    }
}
