//! Weights in the order in which the tiles read them.
//!
//! PyTorch's layout `[gate, unit, k]` suits a dot product per unit. A tile wants, for one `k`, the
//! weights of many units side by side: a *panel* `[k][vector][lane]`, read from front to back.

use core::ops::Range;

use crate::cell::Cell;
use crate::step::Weights;

use super::tile::{Columns, MAX_VECTORS, chains};
use super::transpose::transpose;

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
        if C::PRE == 1 {
            self.units()
        } else if C::FROM_X == C::PRE && C::FROM_H == C::PRE && C::FROM_INNER == 0 && C::PRE < MAX_VECTORS {
            MAX_VECTORS / C::PRE
        } else {
            // With inputs that do not feed all pre-activations, the vectors of several units would not
            // lie side by side.
            1
        }
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

    /// The weights and biases of a step, without the lanes beyond the last unit: the same for any
    /// instruction set.
    pub const fn weights<C: Cell>(&self) -> usize {
        (C::PRE + C::FROM_X * self.input.len() + C::FROM_H * self.hidden_size) * self.hidden_size
    }

    /// The length of the panels of [`pack_forward`].
    pub const fn forward_len<C: Cell>(&self) -> usize {
        (C::PRE + C::FROM_X * self.input.len() + C::FROM_H * self.hidden_size) * self.padded()
    }

    /// The length of the panels of [`pack_backward`].
    pub const fn backward_len<C: Cell>(&self) -> usize {
        C::FROM_H * self.hidden_size * self.padded()
    }

    /// The length of the panels of [`pack_input_backward`].
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

/// Which of a layer's panels a step reads first. Results do not depend on it: steps that take turns find in the
/// caches what the step before read last, where they do not hold all weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// From the first panel to the last.
    Forth,
    /// From the last panel to the first.
    Back,
}

impl Order {
    /// That of the `n`-th step.
    #[inline(always)]
    pub const fn of_step(n: usize) -> Self {
        if n.is_multiple_of(2) { Order::Forth } else { Order::Back }
    }
}

/// How vectors are cut into the fewest panels of at most so many, as equal as can be: 5 into 3 + 2
/// rather than 4 + 1, since a narrow tile wastes loads.
#[derive(Clone, Copy)]
pub(super) struct Cut {
    pub(super) count: usize,
    width: usize,
    /// The first panels, which are wider by one.
    wider: usize,
}

impl Cut {
    #[inline(always)]
    pub(super) const fn new(vectors: usize, most: usize) -> Self {
        let count = vectors.div_ceil(most);
        // Most often there is one, and divisions take time.
        let (width, wider) = if count <= 1 { (vectors, 0) } else { (vectors / count, vectors % count) };
        Cut { count, width, wider }
    }

    /// The vectors of the `n`-th panel.
    #[inline(always)]
    pub(super) fn vectors(self, n: usize) -> Range<usize> {
        let start = n * self.width + n.min(self.wider);
        start..start + self.width + usize::from(n < self.wider)
    }

    /// The vectors of all panels.
    #[inline(always)]
    fn all(self) -> impl Iterator<Item = Range<usize>> {
        (0..self.count).map(
            #[inline(always)]
            move |n| self.vectors(n),
        )
    }

    /// The panels `of` these numbers, out of `weights` of `len` values per vector of units.
    #[inline(always)]
    pub(super) fn read(
        self,
        weights: &[f32],
        len: usize,
        of: Range<usize>,
        order: Order,
    ) -> impl Iterator<Item = Panel<'_>> {
        let nth = move |n: usize| if order == Order::Forth { of.start + n } else { of.end - 1 - n };
        let count = of.len();
        (0..count).map(
            #[inline(always)]
            move |n| {
                let blocks = self.vectors(nth(n));
                let next = if n + 1 < count { self.vectors(nth(n + 1)) } else { 0..0 };
                Panel {
                    weights: &weights[blocks.start * len..blocks.end * len],
                    next: &weights[next.start * len..next.end * len],
                    blocks,
                }
            },
        )
    }
}

/// The weights of some units.
#[derive(Clone)]
pub(super) struct Panel<'a> {
    /// The units, in vectors.
    pub(super) blocks: Range<usize>,
    pub(super) weights: &'a [f32],
    /// The panel that is read after it, if there is one.
    pub(super) next: &'a [f32],
}

/// A panel of the forward pass in its parts.
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
    pub(super) fn of<C: Cell>(panel: &Panel<'a>, shape: Shape) -> Self {
        let width = panel.blocks.len() * shape.lanes;
        let (bias, rest) = panel.weights.split_at(width * C::PRE);
        let (x, h) = rest.split_at(width * C::FROM_X * shape.input.len());
        ForwardPanel { bias, x, h, next: panel.next }
    }
}

impl Shape {
    /// The panels of [`pack_forward`] up to those of the inner product.
    #[inline(always)]
    pub(super) fn forward_panels<C: Cell>(
        self,
        panels: &[f32],
        order: Order,
    ) -> impl Iterator<Item = Panel<'_>> {
        let cut = self.forward_cut::<C>();
        cut.read(panels, self.forward_unit::<C>(), 0..cut.count, order)
    }

    /// How the forward pass' units are cut into panels.
    #[inline(always)]
    pub(super) const fn forward_cut<C: Cell>(self) -> Cut {
        Cut::new(self.blocks, self.forward_units::<C>())
    }

    /// The values of such a panel per vector of units.
    #[inline(always)]
    pub(super) const fn forward_unit<C: Cell>(self) -> usize {
        let direct = C::FROM_H - C::FROM_INNER;
        (C::PRE + C::FROM_X * self.input.len() + direct * self.hidden_size) * self.lanes
    }

    /// The panels of the inner product at the end of those of [`pack_forward`].
    #[inline(always)]
    pub(super) fn inner_panels<C: Cell>(self, panels: &[f32]) -> impl Iterator<Item = Panel<'_>> {
        let cut = Cut::new(if C::FROM_INNER > 0 { self.blocks } else { 0 }, self.inner_units::<C>());
        let panels = &panels[self.forward_unit::<C>() * self.blocks..];
        cut.read(panels, C::FROM_INNER * self.hidden_size * self.lanes, 0..cut.count, Order::Forth)
    }

    /// The panels of [`pack_backward`] for the gates that the state feeds directly.
    #[inline(always)]
    pub(super) fn backward_panels<C: Cell>(
        self,
        panels: &[f32],
        order: Order,
    ) -> impl Iterator<Item = Panel<'_>> {
        let cut = Cut::new(self.blocks, self.units());
        cut.read(panels, direct::<C>().len() * self.hidden_size * self.lanes, 0..cut.count, order)
    }

    /// Those for the inner product.
    #[inline(always)]
    pub(super) fn inner_backward_panels<C: Cell>(self, panels: &[f32]) -> impl Iterator<Item = Panel<'_>> {
        let cut = Cut::new(if C::FROM_INNER > 0 { self.blocks } else { 0 }, self.units());
        let panels = &panels[direct::<C>().len() * self.hidden_size * self.padded()..];
        cut.read(panels, C::FROM_INNER * self.hidden_size * self.lanes, 0..cut.count, Order::Forth)
    }
}

/// The first `len` values, which are cut off.
#[inline(always)]
pub(super) fn take<'a>(from: &mut &'a [f32], len: usize) -> &'a [f32] {
    let (taken, rest) = from.split_at(len);
    *from = rest;
    taken
}

/// The panels in which a weight matrix's gradient is summed up, of at most four `vectors` each.
pub fn gradient_panels(vectors: Range<usize>) -> impl Iterator<Item = Range<usize>> {
    Cut::new(vectors.len(), MAX_VECTORS)
        .all()
        .map(move |panel| vectors.start + panel.start..vectors.start + panel.end)
}

/// The panels of the forward pass: for each the biases `[units][PRE]`, then `[I][units][FROM_X]`,
/// then `[H][units][direct]`, each entry a vector; then all panels of the inner product,
/// `[H][units][FROM_INNER]`.
///
/// # Panics
/// If a slice does not have its shape; `to` is of [`Shape::forward_len`].
pub fn pack_forward<C: Cell>(weights: Weights<'_, f32>, shape: Shape, to: &mut [f32]) {
    assert_eq!(to.len(), shape.forward_len::<C>(), "length of the panels");
    if shape.padded() > shape.hidden_size {
        // The lanes beyond the last unit.
        to.fill(0.0);
    }
    let (h, mut writer) = (shape.hidden_size, Writer { to, at: 0, lanes: shape.lanes });
    for blocks in shape.forward_cut::<C>().all() {
        for block in blocks.clone() {
            for pre in 0..C::PRE {
                let gate = C::GATE[pre] * h;
                writer.vector(block, h, |unit| {
                    let x = if pre < C::FROM_X { weights.bias_ih[gate + unit] } else { 0.0 };
                    let state = if pre >= C::PRE - C::FROM_H { weights.bias_hh[gate + unit] } else { 0.0 };
                    x + state
                });
            }
        }
        writer.columns::<C>(weights.weight_ih, 0..C::FROM_X, blocks.clone(), h, shape.input.len());
        writer.columns::<C>(weights.weight_hh, direct::<C>(), blocks, h, h);
    }
    for blocks in Cut::new(shape.blocks(), shape.inner_units::<C>()).all() {
        writer.columns::<C>(weights.weight_hh, through_inner::<C>(), blocks, h, h);
    }
}

/// Fills panels from front to back.
struct Writer<'a> {
    to: &'a mut [f32],
    at: usize,
    lanes: usize,
}

impl Writer<'_> {
    /// The next vector: `value(unit)` for the units of a block.
    #[inline(always)]
    fn vector(&mut self, block: usize, units: usize, value: impl Fn(usize) -> f32) {
        let to = &mut self.to[self.at..][..self.lanes];
        for (unit, to) in (block * self.lanes..units).zip(to) {
            *to = value(unit);
        }
        self.at += self.lanes;
    }

    /// `[k][units][pre]`, out of a weight matrix `[gates * H, depth]`.
    #[inline(always)]
    fn columns<C: Cell>(
        &mut self,
        weight: &[f32],
        pre: Range<usize>,
        blocks: Range<usize>,
        hidden_size: usize,
        depth: usize,
    ) {
        let lanes = self.lanes;
        let row = blocks.len() * pre.len() * lanes;
        let to = &mut self.to[self.at..][..depth * row];
        self.at += depth * row;
        // Row by row of the matrix, each a column of the panel: read once, in order.
        for (n, (block, pre)) in blocks.flat_map(|b| pre.clone().map(move |p| (b, p))).enumerate() {
            let first = C::GATE[pre] * hidden_size + block * lanes;
            let units = lanes.min(hidden_size - block * lanes);
            let from = &weight[first * depth..][..units * depth];
            transpose((from, depth), (&mut to[n * lanes..], row), units, depth, |to, weight| *to = weight);
        }
    }
}

/// The panels that take d pre-activations back to the previous state, `[gates * H][vectors]` each;
/// first those of the direct gates, then those of the inner product.
///
/// # Panics
/// If a slice does not have its shape; `to` is of [`Shape::backward_len`].
pub fn pack_backward<C: Cell>(weight_hh: &[f32], shape: Shape, to: &mut [f32]) {
    assert_eq!(to.len(), shape.backward_len::<C>(), "length of the panels");
    let (h, padded) = (shape.hidden_size, shape.padded());
    let (to, inner) = to.split_at_mut(direct::<C>().len() * h * padded);
    pack_rows::<C>(weight_hh, direct::<C>(), Columns::dense(h), shape, to);
    pack_rows::<C>(weight_hh, through_inner::<C>(), Columns::dense(h), shape, inner);
}

/// The panels that take d pre-activations back to the input, run by run of its columns.
///
/// # Panics
/// If a slice does not have its shape; `to` is of [`Shape::input_backward_len`].
pub fn pack_input_backward<C: Cell>(weight_ih: &[f32], shape: Shape, to: &mut [f32]) {
    assert_eq!(to.len(), shape.input_backward_len::<C>(), "length of the panels");
    pack_rows::<C>(weight_ih, 0..C::FROM_X, shape.input, shape, to);
}

/// For each run of columns its panels `[pre * H][vectors]`, out of `[gates * H, columns]`.
fn pack_rows<C: Cell>(weight: &[f32], pre: Range<usize>, columns: Columns, shape: Shape, mut to: &mut [f32]) {
    if pre.is_empty() {
        return;
    }
    let (lanes, hidden_size) = (shape.lanes, shape.hidden_size);
    for run in 0..columns.runs {
        for blocks in Cut::new(columns.depth.div_ceil(lanes), shape.units()).all() {
            let width = blocks.len() * lanes;
            let first = blocks.start * lanes;
            let present = width.min(columns.depth - first);
            for pre in pre.clone() {
                for unit in 0..hidden_size {
                    let row = C::GATE[pre] * hidden_size + unit;
                    let from = row * columns.len() + run * columns.depth + first;
                    let (panel, rest) = core::mem::take(&mut to).split_at_mut(width);
                    panel[..present].copy_from_slice(&weight[from..][..present]);
                    panel[present..].fill(0.0);
                    to = rest;
                }
            }
        }
    }
}
