//! What is drawn in training: the masks of dropout, and which units zoneout keeps as they were.

use elman_core::block::Dropout;
use elman_core::lane::Scalar;

use super::{Kind, Placed};
use crate::batch::Packing;
use crate::random::Rng;

/// What was drawn for a block; empty where nothing was.
#[derive(Clone, Debug, Default)]
pub(super) struct Masks<T> {
    /// Factors, 0 or `1 / (1 - p)`: of dropout `[rows, W]`, of recurrent dropout `[D, B, H]`.
    pub(super) dropout: Vec<T>,
    /// Of zoneout: 1 for the states that stay as they were, else 0, `[D, rows, STATES, H]`.
    pub(super) kept: Vec<T>,
}

impl<T: Scalar> Masks<T> {
    /// Draws those of a block for a batch whose rows enter it like this.
    pub(super) fn draw(&mut self, placed: &Placed, rows: &Packing, rng: &mut Rng) {
        self.clear();
        match &placed.kind {
            Kind::Dropout(dropout) => {
                draw_factors(*dropout, rows.num_rows() * placed.input_size, rng, &mut self.dropout);
            }
            Kind::Recurrent(recurrent) => {
                let block = &recurrent.block;
                let factors = rows.batch_size() * block.output_size();
                draw_factors(Dropout::new(block.recurrent_dropout), factors, rng, &mut self.dropout);
                if let Some(shares) = block.kept() {
                    let states = block.cell.facts().states;
                    for state in (0..block.direction.count() * rows.num_rows()).flat_map(|_| 0..states) {
                        let share = shares[state.min(1)];
                        let draw = || T::from_f64(f64::from(u8::from(rng.uniform() < share)));
                        self.kept.extend(std::iter::repeat_with(draw).take(block.hidden_size));
                    }
                }
            }
            _ => {}
        }
    }

    pub(super) fn clear(&mut self) {
        self.dropout.clear();
        self.kept.clear();
    }

    /// What was drawn for zoneout in a direction of a block, `[rows, STATES, H]`, or nothing.
    pub(super) fn kept_of(&self, direction: usize, directions: usize) -> &[T] {
        of_direction(&self.kept, direction, directions)
    }

    /// The factors of a direction's recurrent dropout, `[B, H]`, or nothing.
    pub(super) fn dropout_of(&self, direction: usize, directions: usize) -> &[T] {
        of_direction(&self.dropout, direction, directions)
    }
}

/// A direction's share of what was drawn for all of them.
fn of_direction<T>(drawn: &[T], direction: usize, directions: usize) -> &[T] {
    let len = drawn.len() / directions;
    &drawn[direction * len..][..len]
}

/// Draws `len` factors, if there is dropout: 0 with its probability, else its scale.
fn draw_factors<T: Scalar>(dropout: Dropout, len: usize, rng: &mut Rng, factors: &mut Vec<T>) {
    if dropout.probability > 0.0 {
        let kept = dropout.scale();
        let draw = || if rng.uniform() < dropout.probability { T::default() } else { kept };
        factors.extend(std::iter::repeat_with(draw).take(len));
    }
}
