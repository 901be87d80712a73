//! A panel of the forward pass in its parts.

use elman_kernels::panel::Panel;

use super::shape::Shape;

/// The weights of some vectors of units, as [`pack_forward`](super::pack::pack_forward) lays them out.
#[derive(Clone, Copy)]
pub(super) struct ForwardPanel<'a> {
    /// `[units][PRE]`
    pub(super) bias: &'a [f32],
    /// `[I][units][FROM_X]`
    pub(super) x: &'a [f32],
    /// `[H][units][direct]`
    pub(super) h: &'a [f32],
    /// See [`Panel::next`].
    pub(super) next: &'a [f32],
}

impl<'a> ForwardPanel<'a> {
    /// The parts of a panel.
    #[inline(always)]
    pub(super) fn of(panel: &Panel<'a>, shape: Shape) -> Self {
        Self::new(panel.weights, panel.next, panel.blocks.len(), shape)
    }

    /// The parts of the weights of so many vectors of units, before those of the `next` panel.
    #[inline(always)]
    pub(super) fn new(weights: &'a [f32], next: &'a [f32], units: usize, shape: Shape) -> Self {
        let (facts, width) = (shape.facts(), units * shape.lanes);
        let (bias, rest) = weights.split_at(width * facts.pre);
        let (x, h) = rest.split_at(width * facts.from_x * shape.input.len());
        ForwardPanel { bias, x, h, next }
    }
}
