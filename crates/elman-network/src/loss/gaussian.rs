//! The negative logarithm of a normal distribution's density.

use elman_core::lane::Scalar;

use super::scale::scale_of;

/// `ln(2 pi) / 2`
const LN_SQRT_TAU: f64 = 0.918_938_533_204_672_7;

/// `ln(2 pi) / 2 + ln s + e^2 / (2 s^2)` with `e = t - m`, of the outputs `m` and what makes `s`.
pub(super) fn value<T: Scalar>(y: &[T], t: T) -> T {
    let (scale, _) = scale_of(y[1]);
    let z = (t - y[0]) / scale;
    T::from_f64(LN_SQRT_TAU) + scale.ln() + T::from_f64(0.5) * z * z
}

/// Its derivatives: `-e / s^2` and `(1 - e^2 / s^2) / s ds`.
pub(super) fn derivative<T: Scalar>(y: &[T], t: T, dy: &mut [T]) {
    let (scale, dscale) = scale_of(y[1]);
    let z = (t - y[0]) / scale;
    dy[0] = T::default() - z / scale;
    dy[1] = (T::from_f64(1.0) - z * z) / scale * dscale;
}
