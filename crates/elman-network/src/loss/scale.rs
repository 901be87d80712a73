//! Scales above 0 out of outputs that may be any number.

use elman_core::lane::Scalar;

use crate::distribution::MIN_SCALE;

/// `ln(1 + exp(x))`, above 0, and its derivative.
pub(super) fn softplus<T: Scalar>(x: T) -> (T, T) {
    let (zero, one) = (T::default(), T::from_f64(1.0));
    let (positive, magnitude) = if x > zero { (x, x) } else { (zero, zero - x) };
    (positive + (one + (zero - magnitude).exp()).ln(), x.sigmoid())
}

/// A scale out of an output, and its derivative.
pub(super) fn scale_of<T: Scalar>(y: T) -> (T, T) {
    let (scale, derivative) = softplus(y);
    (scale + T::from_f64(MIN_SCALE), derivative)
}
