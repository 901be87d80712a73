//! The sizes and strides that follow from a layer's shape and the vectors it is cut for.

use elman_kernels::panel::{Cut, Order, PanelIter};
use elman_kernels::tile::Columns;
use elman_kernels::tuning::{chains, most_vectors};

use crate::cell::{Cell, Facts};

/// One layer in one direction, cut for vectors of `lanes`. What steps need of it is worked out beforehand: a division
/// takes as long as a tanh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Where in a row of the layer's input its values stand.
    pub input: Columns,
    /// `H`
    pub hidden_size: usize,
    /// The lanes of a vector.
    pub lanes: usize,
    facts: &'static Facts,
    blocks: usize,
    state_len: usize,
    tape_len: usize,
    dx_len: usize,
    chains: usize,
    forward_cut: Cut,
    backward_cut: Cut,
}

impl Shape {
    /// A layer of `hidden_size` units of a cell that reads these columns of its input's rows.
    pub const fn new(facts: &'static Facts, input: Columns, hidden_size: usize, lanes: usize) -> Self {
        let blocks = hidden_size.div_ceil(lanes);
        let chains = chains(hidden_size);
        // With several pre-activations, those of one unit fill the tile, or, where inputs do not feed all,
        // the vectors of several units would not lie side by side.
        let units = most_vectors(chains, blocks);
        let forward_units = if facts.pre == 1 { units } else { 1 };
        Shape {
            input,
            hidden_size,
            lanes,
            facts,
            blocks,
            state_len: spread(facts.states * blocks * lanes),
            tape_len: spread(Tape::slots(facts) * blocks * lanes),
            dx_len: input.runs * input.depth.next_multiple_of(lanes),
            chains,
            forward_cut: Cut::new(blocks, forward_units),
            backward_cut: Cut::new(blocks, units),
        }
    }

    /// The same, with the constants of its cell where the compiler sees them: what code that is generic over the cell
    /// starts with. Looked up in memory, they made a step of 16 units a fifth slower.
    #[inline(always)]
    pub(crate) const fn of_cell<C: Cell>(self) -> Self {
        Shape { facts: &C::FACTS, ..self }
    }

    /// The cell's constants.
    #[inline(always)]
    pub const fn facts(&self) -> &'static Facts {
        self.facts
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
    pub(crate) const fn chains(&self) -> usize {
        self.chains
    }

    /// The units, in vectors, of a panel for such sums, at most.
    #[inline(always)]
    pub(crate) const fn units(&self) -> usize {
        most_vectors(self.chains, self.blocks)
    }

    /// The chains of the forward pass' sums over `h`: where a unit has several pre-activations, their sums
    /// side by side are enough.
    #[inline(always)]
    pub(crate) const fn forward_chains(&self) -> usize {
        if self.facts.pre == 1 { self.chains } else { 1 }
    }

    /// How the units are cut into panels of the second product of a cell with an inner value.
    #[inline(always)]
    pub(crate) const fn inner_cut(&self) -> Cut {
        Cut::new(self.blocks, if self.facts.from_inner == 1 { self.units() } else { 1 })
    }

    /// The chains of that product's sums.
    #[inline(always)]
    pub(crate) const fn inner_chains(&self) -> usize {
        if self.facts.from_inner == 1 { self.chains } else { 1 }
    }

    /// The columns of `gates` gates' worth of values, one run per gate.
    #[inline(always)]
    pub const fn gates(&self, gates: usize) -> Columns {
        Columns { runs: gates, depth: self.hidden_size, stride: self.padded() }
    }

    /// From the states of a row, `[STATES, padded]`, to those of the next one.
    #[inline(always)]
    pub const fn state_len(&self) -> usize {
        self.state_len
    }

    /// From a row of the tape to the next one: see [`Tape`].
    #[inline(always)]
    pub const fn tape_len(&self) -> usize {
        self.tape_len
    }

    /// From a row of the input's gradient to the next one: a run per run of the input's columns, each rounded up to
    /// whole vectors.
    #[inline(always)]
    pub const fn dx_len(&self) -> usize {
        self.dx_len
    }

    /// The weights and biases of a step, without the lanes beyond the last unit: the same for any
    /// instruction set.
    pub const fn weights(&self) -> usize {
        self.values_per_unit() * self.hidden_size
    }

    /// The length of the panels of [`pack_forward`](super::pack::pack_forward).
    pub const fn forward_len(&self) -> usize {
        self.values_per_unit() * self.padded()
    }

    const fn values_per_unit(&self) -> usize {
        let Facts { pre, from_x, from_h, unit, .. } = *self.facts;
        pre + from_x * self.input.len() + from_h * self.hidden_size + unit
    }

    /// The length of the panels of [`pack_backward`](super::pack::pack_backward).
    pub const fn backward_len(&self) -> usize {
        self.facts.from_h * self.hidden_size * self.padded()
    }

    /// The length of the panels of [`pack_input_backward`](super::pack::pack_input_backward).
    pub const fn input_backward_len(&self) -> usize {
        self.facts.from_x * self.hidden_size * self.dx_len()
    }

    /// How the forward pass' units are cut into panels. A panel has all pre-activations of its units, so that the
    /// cell's equation finds them together.
    #[inline(always)]
    pub const fn forward_cut(&self) -> Cut {
        self.forward_cut
    }

    /// The values of such a panel per vector of units.
    #[inline(always)]
    pub(crate) fn forward_unit(&self) -> usize {
        let Facts { pre, from_x, from_h, from_inner, .. } = *self.facts;
        (pre + from_x * self.input.len() + (from_h - from_inner) * self.hidden_size) * self.lanes
    }

    /// The panels of [`pack_forward`](super::pack::pack_forward) up to those of the inner product.
    #[inline(always)]
    pub(crate) fn forward_panels<'a>(&self, panels: &'a [f32], order: Order) -> PanelIter<'a> {
        let cut = self.forward_cut;
        cut.read(panels, self.forward_unit(), 0..cut.count, order)
    }

    /// The panels of the inner product behind those.
    #[inline(always)]
    pub(crate) fn inner_panels<'a>(&self, panels: &'a [f32]) -> PanelIter<'a> {
        let cut = self.inner_cut();
        let panels = &panels[self.forward_unit() * self.blocks..];
        let unit = self.facts.from_inner * self.hidden_size * self.lanes;
        cut.read(panels, unit, 0..cut.count, Order::Ascending)
    }

    /// The per-unit parameters `[UNIT, padded]` at the end of the panels of
    /// [`pack_forward`](super::pack::pack_forward).
    #[inline(always)]
    pub(crate) fn unit_parameters<'a>(&self, panels: &'a [f32]) -> &'a [f32] {
        &panels[panels.len() - self.facts.unit * self.padded()..]
    }

    /// How the backward pass' units are cut into panels.
    #[inline(always)]
    pub(crate) const fn backward_cut(&self) -> Cut {
        self.backward_cut
    }

    /// The values of such a panel per vector of units.
    #[inline(always)]
    pub(crate) fn backward_unit(&self) -> usize {
        self.facts.direct().len() * self.hidden_size * self.lanes
    }

    /// The panels of [`pack_backward`](super::pack::pack_backward) for the gates that the state feeds directly.
    #[inline(always)]
    pub(crate) fn backward_panels<'a>(&self, panels: &'a [f32], order: Order) -> PanelIter<'a> {
        let cut = self.backward_cut;
        cut.read(panels, self.backward_unit(), 0..cut.count, order)
    }

    /// Those for the inner product.
    #[inline(always)]
    pub(crate) fn inner_backward_panels<'a>(&self, panels: &'a [f32]) -> PanelIter<'a> {
        let cut = self.backward_cut;
        let panels = &panels[self.backward_unit() * self.blocks..];
        let unit = self.facts.from_inner * self.hidden_size * self.lanes;
        cut.read(panels, unit, 0..cut.count, Order::Ascending)
    }
}

/// A stride that does not lead from row to row through the same few sets of the caches, as a
/// multiple of 512 bytes would: one cache line more. It made an LSTM of 128 units 7 % faster (AMD EPYC,
/// November 2026).
const fn spread(stride: usize) -> usize {
    if stride.is_multiple_of(128) { stride + 16 } else { stride }
}

/// What a row of the tape holds, in slots of `padded` values.
///
/// The forward pass leaves there what the cell saves and, of a cell with an
/// [inner](crate::cell::Cell::inner) value, that value. The backward pass leaves d pre-activations there, over
/// the saved values where nothing reads those any more, and, last, d per-unit parameters.
#[derive(Clone, Copy, Debug)]
pub struct Tape;

impl Tape {
    /// The first slot of d pre-activations.
    #[inline(always)]
    pub const fn dpre(facts: &Facts) -> usize {
        // The inner value's backward equation reads the saved values after d pre-activations are there.
        if facts.from_inner > 0 { facts.saved } else { 0 }
    }

    /// The slot of the inner value.
    #[inline(always)]
    pub const fn inner(facts: &Facts) -> usize {
        facts.saved + facts.pre
    }

    /// The first slot of d per-unit parameters.
    #[inline(always)]
    pub const fn dunit(facts: &Facts) -> usize {
        if facts.from_inner > 0 {
            facts.saved + facts.pre + 1
        } else if facts.pre > facts.saved {
            facts.pre
        } else {
            facts.saved
        }
    }

    /// All slots.
    #[inline(always)]
    pub const fn slots(facts: &Facts) -> usize {
        Self::dunit(facts) + facts.unit
    }
}

#[cfg(test)]
mod tests {
    use elman_kernels::tile::MAX_VECTORS;

    use super::*;
    use crate::cell::CellKind;

    /// A row has code for these widths and chains.
    #[test]
    fn panels_have_widths_that_a_row_knows() {
        for (lanes, hidden_size) in [4, 8, 16].into_iter().flat_map(|lanes| (1..300).map(move |h| (lanes, h)))
        {
            let shape = Shape::new(CellKind::Elman.facts(), Columns::dense(1), hidden_size, lanes);
            for run in shape.backward_cut().runs(Order::Ascending) {
                let is_known = match (run.units, shape.chains()) {
                    (1..=MAX_VECTORS, 1) | (2, 2) | (1, 4) => true,
                    (1, 2) => lanes < 8,
                    (3, 2) => lanes == 8,
                    _ => false,
                };
                assert!(run.panels > 0 && is_known, "{hidden_size} units in vectors of {lanes}");
            }
        }
    }
}
