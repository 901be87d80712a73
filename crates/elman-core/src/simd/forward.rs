//! One timestep forward for all rows of a batch: the tiles' sums, then the cell's equation.

use core::ops::Range;

use fearless_simd::Simd;

use super::panel::{ForwardPanel, Order, Panel};
use super::product::{Factor, PIECE, Product, Start};
use super::shape::{Shape, Tape, direct, through_inner};
use super::tile::{GROUP, MAX_VECTORS, Rows, fill, load};
use super::vector::Vector;
use crate::cell::{Cell, Lanes};

/// What a step reads: a layer, its panels of [`pack_forward`](super::pack::pack_forward), the rows'
/// inputs and their states before the step.
#[derive(Clone, Copy, Debug)]
pub struct Forward<'a> {
    /// How the layer is cut.
    pub shape: Shape,
    /// The weights.
    pub panels: &'a [f32],
    /// The inputs.
    pub x: Rows<'a>,
    /// The states before the step, `[rows, STATES, padded]`.
    pub prev: &'a [f32],
    /// Which weights are read first.
    pub order: Order,
}

/// One step of `rows` sequences, to their states `next [rows, STATES, padded]` and, where a backward
/// pass is to follow, the `tape [rows, tape_len]`. A cell with an inner value works on the tape and
/// always needs it.
///
/// # Panics
/// If a slice does not have its shape.
#[inline(always)]
pub fn step<S: Simd, C: Cell>(
    s: S,
    from: Forward<'_>,
    rows: usize,
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
    scratch: &mut [f32],
) {
    const { assert!(C::PRE <= MAX_VECTORS, "the tiles hold four pre-activations of a unit") };
    let shape = from.shape;
    for panel in shape.forward_panels::<C>(from.panels, from.order) {
        let (parts, blocks) = (panel.parts::<C>(shape), panel.blocks);
        for first in (0..rows).step_by(GROUP) {
            let group = Group { first, rows: (rows - first).min(GROUP), blocks: blocks.clone() };
            sums::<S, C>(s, from, &group, parts, scratch);
            cells::<S, C>(s, shape, from.prev, &group, next, tape.as_deref_mut(), scratch);
        }
    }
    through_inner_value::<S, C>(s, from, rows, next, tape, scratch);
}

/// Rows and blocks of units that are worked on together.
pub(super) struct Group {
    pub(super) first: usize,
    pub(super) rows: usize,
    pub(super) blocks: Range<usize>,
}

/// The pre-activations of a group, to the scratch `[rows][units][PRE]`.
#[inline(always)]
fn sums<S: Simd, C: Cell>(
    s: S,
    from: Forward<'_>,
    group: &Group,
    panel: ForwardPanel<'_>,
    scratch: &mut [f32],
) {
    let Forward { shape, x, prev, .. } = from;
    let fed_alike = C::FROM_X == C::PRE && direct::<C>().len() == C::PRE;
    if fed_alike && shape.input.len() + shape.hidden_size <= PIECE {
        panel.set::<S, C>(s, shape, group, (x, prev), scratch);
    } else {
        panel.set_inputs::<S, C>(s, shape, group, x, scratch);
        panel.add_states::<S, C>(s, shape, group, prev, scratch);
    }
}

impl<'a> ForwardPanel<'a> {
    #[inline(always)]
    fn inputs(self, shape: Shape, x: Rows<'a>) -> Factor<'a> {
        Factor { rows: x, columns: shape.input, panel: self.x }
    }

    /// The states before the step, `prev [rows, STATES, padded]`.
    #[inline(always)]
    fn states<C: Cell>(self, shape: Shape, prev: &'a [f32]) -> Factor<'a> {
        let rows = Rows { data: prev, stride: shape.state_len::<C>() };
        Factor { rows, columns: shape.hidden(), panel: self.h }
    }

    /// Sets a group's sums `[rows][units][PRE]`, of a cell whose inputs and states feed all of them.
    #[inline(always)]
    fn set<S: Simd, C: Cell>(
        self,
        s: S,
        shape: Shape,
        group: &Group,
        (x, prev): (Rows<'a>, &'a [f32]),
        sums: &mut [f32],
    ) {
        let vectors = group.blocks.len() * C::PRE;
        let states = Product::of(self.states::<C>(shape, prev), (group.first, group.rows), vectors);
        let (start, inputs) = (Start::Bias(self.bias), self.inputs(shape, x));
        let (chains, next) = (shape.forward_chains::<C>(), self.next);
        Product { start, inputs, chains, next, ..states }.put(s, sums);
    }

    /// Sets a group's sums to the bias and the part of the inputs.
    #[inline(always)]
    pub(super) fn set_inputs<S: Simd, C: Cell>(
        self,
        s: S,
        shape: Shape,
        group: &Group,
        x: Rows<'_>,
        sums: &mut [f32],
    ) {
        let (fed, width) = (group.blocks.len() * C::FROM_X, group.blocks.len() * C::PRE);
        // Where a panel has several units, they have one pre-activation each, which is fed: those that inputs
        // do not feed are last in any row.
        let (bias, others) = self.bias.split_at(fed * shape.lanes);
        fill(s, sums, group.rows, others, width);
        let inputs = Product::of(self.inputs(shape, x), (group.first, group.rows), fed);
        Product { start: Start::Bias(bias), next: self.h, ..inputs }.put_at(s, sums, 0, width);
    }

    /// Adds to a group's sums the part of the states before the step, `prev [rows, STATES, padded]`.
    #[inline(always)]
    pub(super) fn add_states<S: Simd, C: Cell>(
        self,
        s: S,
        shape: Shape,
        group: &Group,
        prev: &[f32],
        sums: &mut [f32],
    ) {
        let (units, fed) = (group.blocks.len(), direct::<C>());
        let states = Product::of(self.states::<C>(shape, prev), (group.first, group.rows), units * fed.len());
        let (start, chains, next) = (Start::Present, shape.forward_chains::<C>(), self.next);
        let states = Product { start, chains, next, ..states };
        states.put_at(s, sums, units * fed.start, units * C::PRE);
    }
}

/// The cell's equation for a group.
#[inline(always)]
pub(super) fn cells<S: Simd, C: Cell>(
    s: S,
    shape: Shape,
    prev: &[f32],
    group: &Group,
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
    scratch: &[f32],
) {
    let units = group.blocks.len();
    for r in 0..group.rows {
        for unit in 0..units {
            let place = Place::of::<C>(shape, group.first + r, group.blocks.start + unit);
            let pre = Lanes::from_fn(
                #[inline(always)]
                |p| load(s, scratch, r, units * C::PRE, unit * C::PRE + p),
            );
            cell::<S, C>(s, prev, place, pre, next, tape.as_deref_mut());
        }
    }
}

/// The cell's equation for one vector of units of one row; for a cell with an inner value, as far as it
/// goes before the inner product: the inner value and the pre-activations so far, to the tape.
#[inline(always)]
pub(super) fn cell<S: Simd, C: Cell>(
    s: S,
    prev: &[f32],
    place: Place,
    pre: C::Pre<Vector<S>>,
    next: &mut [f32],
    tape: Option<&mut [f32]>,
) {
    let prev = place.states(s, prev);
    if C::FROM_INNER == 0 {
        let (state, saved) = C::forward(pre, prev);
        place.store_states(state, next);
        if let Some(tape) = tape {
            place.store_slots(saved, tape, 0);
        }
    } else if let Some(tape) = tape {
        place.store_slots(pre, tape, Tape::dpre::<C>());
        place.store_slots([C::inner(pre, prev).flushed()], tape, Tape::inner::<C>());
    }
}

/// The second half of a step whose recurrent weights multiply an inner value, which must be there for
/// all units before it can be multiplied; nothing for other cells.
#[inline(always)]
pub(super) fn through_inner_value<S: Simd, C: Cell>(
    s: S,
    from: Forward<'_>,
    rows: usize,
    to: &mut [f32],
    tape: Option<&mut [f32]>,
    scratch: &mut [f32],
) {
    if C::FROM_INNER == 0 {
        return;
    }
    let tape = tape.expect("a cell with an inner value works on the tape");
    let shape = from.shape;
    for Panel { blocks, weights: panel, next } in shape.inner_panels::<C>(from.panels) {
        let vectors = blocks.len() * C::FROM_INNER;
        for first in (0..rows).step_by(GROUP) {
            let count = (rows - first).min(GROUP);
            let inner = &tape[Tape::inner::<C>() * shape.padded()..];
            let inner = Rows { data: inner, stride: shape.tape_len::<C>() };
            let factor = Factor { rows: inner, columns: shape.hidden(), panel };
            let product = Product::of(factor, (first, count), vectors);
            Product { chains: shape.inner_chains::<C>(), next, ..product }.put(s, scratch);
            for r in 0..count {
                for (unit, block) in blocks.clone().enumerate() {
                    let place = Place::of::<C>(shape, first + r, block);
                    let mut pre: C::Pre<Vector<S>> = place.slots(s, tape, Tape::dpre::<C>());
                    for (n, p) in through_inner::<C>().enumerate() {
                        let sum = load(s, scratch, r, vectors, unit * C::FROM_INNER + n);
                        pre.as_mut()[p] = pre.as_ref()[p] + sum;
                    }
                    let (state, saved) = C::forward(pre, place.states(s, from.prev));
                    place.store_states(state, to);
                    place.store_slots(saved, tape, 0);
                }
            }
        }
    }
}

/// Where one vector of units of one row stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    padded: usize,
    /// In `[rows, STATES, padded]`.
    state: usize,
    /// In `[rows, slots, padded]`.
    tape: usize,
    /// Of the block in a row of units.
    pub(super) unit: usize,
}

impl Place {
    #[inline(always)]
    pub(super) fn of<C: Cell>(shape: Shape, row: usize, block: usize) -> Self {
        let unit = block * shape.lanes;
        Place {
            padded: shape.padded(),
            state: row * shape.state_len::<C>() + unit,
            tape: row * shape.tape_len::<C>() + unit,
            unit,
        }
    }

    #[inline(always)]
    pub(super) fn states<S: Simd, L: Lanes<Vector<S>>>(self, s: S, from: &[f32]) -> L {
        L::from_fn(
            #[inline(always)]
            |n| Vector::load(s, from, self.state + n * self.padded),
        )
    }

    /// With nearly nothing as nothing: see [`Vector::flushed`].
    #[inline(always)]
    pub(super) fn store_states<S: Simd, L: Lanes<Vector<S>>>(self, states: L, to: &mut [f32]) {
        for (n, state) in states.as_ref().iter().enumerate() {
            state.flushed().store(to, self.state + n * self.padded);
        }
    }

    /// The slots of the tape from `first` on.
    #[inline(always)]
    pub(super) fn slots<S: Simd, L: Lanes<Vector<S>>>(self, s: S, from: &[f32], first: usize) -> L {
        L::from_fn(
            #[inline(always)]
            |n| Vector::load(s, from, self.tape + (first + n) * self.padded),
        )
    }

    #[inline(always)]
    pub(super) fn store_slots<S: Simd, L: Lanes<Vector<S>>>(self, values: L, to: &mut [f32], first: usize) {
        for (n, value) in values.as_ref().iter().enumerate() {
            value.store(to, self.tape + (first + n) * self.padded);
        }
    }
}
