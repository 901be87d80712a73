//! Losses of a single output's error.

use elman_core::lane::Scalar;

use super::Loss;

/// The loss of one value and its derivative with respect to the error `e`.
pub(super) fn value_and_derivative<T: Scalar>(loss: &Loss, e: T) -> (T, T) {
    let zero = T::default();
    let sign = T::from_f64(if e > zero {
        1.0
    } else if e < zero {
        -1.0
    } else {
        0.0
    });
    // NaN stays NaN: the sign alone would hide it.
    let magnitude = if e < zero { zero - e } else { e };
    match *loss {
        Loss::Absolute => (magnitude, sign),
        Loss::Huber { delta } if magnitude > T::from_f64(delta) => {
            let delta = T::from_f64(delta);
            (delta * (magnitude - delta * T::from_f64(0.5)), delta * sign)
        }
        Loss::Huber { .. } => (e * e * T::from_f64(0.5), e),
        _ => (e * e, e + e),
    }
}
