//! The sizes and strides that follow from a layer's shape and the vectors it is cut for.

use core::ops::Range;

use crate::cell::Cell;

use super::tile::{Columns, MAX_VECTORS, chains};

/// One layer in one direction, cut for vectors of `lanes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Where in a row of the layer's input its values stand.
    pub input: Columns,
    /// `H`
    pub hidden_size: usize,
    /// The lanes of a vector.
    pub lanes: usize,
    /// The vectors that hold the units: known beforehand, since a division takes as long as a
    /// tanh.
    blocks: usize,
}

impl Shape {
    /// A layer of `hidden_size` units that reads these columns of its input's rows.
    pub const fn new(input: Columns, hidden_size: usize, lanes: usize) -> Self {
        Shape { input, hidden_size, lanes, blocks: hidden_size.div_ceil(lanes) }
    }

    /// The vectors that hold the units.
    #[inline(always)]
    pub const fn blocks(&self) -> usize {
        self.blocks
    }

    /// The units, rounded up to whole vectors. The lanes beyond `H` have no weights.
    #[inline(always)]
    pub const fn padded(&self) -> usize {
        self.blocks * self.lanes
    }

    /// The columns of a hidden state.
    #[inline(always)]
    pub const fn hidden(&self) -> Columns {
        Columns::dense(self.hidden_size)
    }

    /// The chains of a sum with one value per unit: see [`chains`].
    #[inline(always)]
    pub(super) const fn chains(&self) -> usize {
        chains(self.hidden_size)
    }

    /// The units, in vectors, of a panel for such sums, at most.
    #[inline(always)]
    pub(super) const fn units(&self) -> usize {
        MAX_VECTORS / self.chains()
    }

    /// The units, in vectors, that one panel of the forward pass holds at most. A panel has all
    /// pre-activations of its units, so that the cell's equation finds them together.
    #[inline(always)]
    pub(super) const fn forward_units<C: Cell>(&self) -> usize {
        // With several pre-activations, those of one unit fill the tile, or, where inputs do not feed all,
        // the vectors of several units would not lie side by side.
        if C::PRE == 1 { self.units() } else { 1 }
    }

    /// The chains of the forward pass' sums over `h`: where a unit has several pre-activations, their sums
    /// side by side are enough.
    #[inline(always)]
    pub(super) const fn forward_chains<C: Cell>(&self) -> usize {
        if C::PRE == 1 { self.chains() } else { 1 }
    }

    /// The units, in vectors, of a panel of the second product of a cell with an inner value.
    #[inline(always)]
    pub(super) const fn inner_units<C: Cell>(&self) -> usize {
        if C::FROM_INNER == 1 { self.units() } else { 1 }
    }

    /// The chains of that product's sums.
    #[inline(always)]
    pub(super) const fn inner_chains<C: Cell>(&self) -> usize {
        if C::FROM_INNER == 1 { self.chains() } else { 1 }
    }

    /// The columns of `gates` gates' worth of values, one run per gate.
    #[inline(always)]
    pub const fn gates(&self, gates: usize) -> Columns {
        Columns { runs: gates, depth: self.hidden_size, stride: self.padded() }
    }

    /// From the states of a row, `[STATES, padded]`, to those of the next one.
    #[inline(always)]
    pub const fn state_len<C: Cell>(&self) -> usize {
        spread(C::STATES * self.padded())
    }

    /// From a row of the tape to the next one: see [`Tape`].
    #[inline(always)]
    pub const fn tape_len<C: Cell>(&self) -> usize {
        spread(Tape::slots::<C>() * self.padded())
    }

    /// From a row of the input's gradient to the next one: a run per run of the input's columns, each rounded up to
    /// whole vectors.
    #[inline(always)]
    pub const fn dx_len(&self) -> usize {
        self.input.runs * self.input.depth.next_multiple_of(self.lanes)
    }

    /// The weights and biases of a step, without the lanes beyond the last unit: the same for any
    /// instruction set.
    pub const fn weights<C: Cell>(&self) -> usize {
        (C::PRE + C::FROM_X * self.input.len() + C::FROM_H * self.hidden_size) * self.hidden_size
    }

    /// The length of the panels of [`pack_forward`](super::pack::pack_forward).
    pub const fn forward_len<C: Cell>(&self) -> usize {
        (C::PRE + C::FROM_X * self.input.len() + C::FROM_H * self.hidden_size) * self.padded()
    }

    /// The length of the panels of [`pack_backward`](super::pack::pack_backward).
    pub const fn backward_len<C: Cell>(&self) -> usize {
        C::FROM_H * self.hidden_size * self.padded()
    }

    /// The length of the panels of [`pack_input_backward`](super::pack::pack_input_backward).
    pub const fn input_backward_len<C: Cell>(&self) -> usize {
        C::FROM_X * self.hidden_size * self.input.runs * self.input.depth.next_multiple_of(self.lanes)
    }
}

/// A stride that does not lead from row to row through the same few sets of the caches, as a
/// multiple of 512 bytes would: one cache line more. It made an LSTM of 128 units 7 % faster.
const fn spread(stride: usize) -> usize {
    if stride.is_multiple_of(128) { stride + 16 } else { stride }
}

/// What a row of the tape holds, in slots of `padded` values.
///
/// The forward pass leaves there what the cell saves and, of a cell with an
/// [inner](Cell::inner) value, that value. The backward pass leaves d pre-activations there, over
/// the saved values where nothing reads those any more.
#[derive(Clone, Copy, Debug)]
pub struct Tape;

impl Tape {
    /// The first slot of d pre-activations.
    pub const fn dpre<C: Cell>() -> usize {
        // The inner value's backward equation reads the saved values after d pre-activations are there.
        if C::FROM_INNER > 0 { C::SAVED } else { 0 }
    }

    /// The slot of the inner value.
    pub const fn inner<C: Cell>() -> usize {
        Self::slots::<C>() - 1
    }

    /// All slots.
    pub const fn slots<C: Cell>() -> usize {
        if C::FROM_INNER > 0 {
            C::SAVED + C::PRE + 1
        } else if C::PRE > C::SAVED {
            C::PRE
        } else {
            C::SAVED
        }
    }
}

/// The pre-activations that the state feeds directly.
pub(super) const fn direct<C: Cell>() -> Range<usize> {
    C::PRE - C::FROM_H..C::PRE - C::FROM_INNER
}

/// The pre-activations that the inner value feeds.
pub(super) const fn through_inner<C: Cell>() -> Range<usize> {
    C::PRE - C::FROM_INNER..C::PRE
}
