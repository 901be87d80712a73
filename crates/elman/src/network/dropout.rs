//! Dropout masks.

use elman_core::lane::Scalar;
use rand::RngExt;

use crate::random::Rng;

/// Draws a mask of `len` factors: 0 with probability `dropout`, else `1 / (1 - dropout)`.
pub(super) fn draw_mask<T: Scalar>(dropout: f64, len: usize, rng: &mut Rng, mask: &mut Vec<T>) {
    let kept = T::from_f64(1.0 / (1.0 - dropout));
    let draw = || if rng.random::<f64>() < dropout { T::default() } else { kept };
    mask.clear();
    mask.extend(std::iter::repeat_with(draw).take(len));
}
