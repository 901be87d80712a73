//! Dropout masks.

use elman_core::block::Dropout;
use elman_core::lane::Scalar;

use crate::random::Rng;

/// Draws a mask of `len` factors: 0 with the block's probability, else its scale.
pub(super) fn draw_mask<T: Scalar>(dropout: Dropout, len: usize, rng: &mut Rng, mask: &mut Vec<T>) {
    let kept = dropout.scale();
    let draw = || if rng.uniform() < dropout.probability { T::default() } else { kept };
    mask.clear();
    mask.extend(std::iter::repeat_with(draw).take(len));
}
