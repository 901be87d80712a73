//! Dropout masks.

use elman_core::block::Dropout;
use elman_core::lane::Scalar;

use super::{Kind, Placed};
use crate::batch::Packing;
use crate::random::Rng;

/// Draws the mask of a block for a batch whose rows enter it like this: of a dropout `[rows, W]`, of recurrent dropout
/// `[D, B, H]`, of others nothing.
pub(super) fn draw_masks<T: Scalar>(placed: &Placed, rows: &Packing, rng: &mut Rng, mask: &mut Vec<T>) {
    let (dropout, len) = match &placed.kind {
        Kind::Dropout(dropout) => (*dropout, rows.num_rows() * placed.input_size),
        Kind::Recurrent(recurrent) => {
            let dropout = Dropout::new(recurrent.block.recurrent_dropout);
            (dropout, rows.batch_size() * recurrent.block.output_size())
        }
        _ => (Dropout::new(0.0), 0),
    };
    mask.clear();
    if dropout.probability > 0.0 {
        draw_mask(dropout, len, rng, mask);
    }
}

/// Draws a mask of `len` factors: 0 with the block's probability, else its scale.
fn draw_mask<T: Scalar>(dropout: Dropout, len: usize, rng: &mut Rng, mask: &mut Vec<T>) {
    let kept = dropout.scale();
    let draw = || if rng.uniform() < dropout.probability { T::default() } else { kept };
    mask.extend(std::iter::repeat_with(draw).take(len));
}
