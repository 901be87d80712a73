//! One timestep forward for all rows of a batch: the tiles' sums, then the cell's equation.

#![allow(clippy::needless_range_loop, reason = "sums and operands are indexed alike")]

use core::ops::Range;

use fearless_simd::Simd;

use super::panel::{ForwardPanel, Shape, Tape, direct, panels, take, through_inner};
use super::tile::{GROUP, MAX_VECTORS, Product, Rows, fill, load, total};
use super::vector::Vector;
use crate::cell::{Cell, Lanes};
use crate::lane::Lane;

/// What a step reads: a layer, its panels of [`pack_forward`](super::panel::pack_forward), the rows'
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
    let mut weights = from.panels;
    for blocks in panels(shape.blocks(), shape.forward_units::<C>()) {
        let panel = ForwardPanel::take::<C>(&mut weights, shape, blocks.len());
        if rows == 1 {
            let tape = tape.as_deref_mut();
            // More than one vector of units, or chain, only where a unit has one pre-activation.
            match (blocks.len(), shape.forward_chains::<C>()) {
                (1, 1) => single::<S, C, 1, 1>(s, from, blocks.start, panel, next, tape),
                (1, 2) if const { C::PRE == 1 } => {
                    single::<S, C, 1, 2>(s, from, blocks.start, panel, next, tape)
                }
                (1, 4) if const { C::PRE == 1 } => {
                    single::<S, C, 1, 4>(s, from, blocks.start, panel, next, tape)
                }
                (2, 1) if const { C::PRE <= 2 } => {
                    single::<S, C, 2, 1>(s, from, blocks.start, panel, next, tape)
                }
                (2, 2) if const { C::PRE == 1 } => {
                    single::<S, C, 2, 2>(s, from, blocks.start, panel, next, tape)
                }
                (3, 1) if const { C::PRE == 1 } => {
                    single::<S, C, 3, 1>(s, from, blocks.start, panel, next, tape)
                }
                (4, 1) if const { C::PRE == 1 } => {
                    single::<S, C, 4, 1>(s, from, blocks.start, panel, next, tape)
                }
                (units, chains) => unreachable!("{units} vectors of units, {chains} chains"),
            }
            continue;
        }
        for first in (0..rows).step_by(GROUP) {
            let group = Group { first, rows: (rows - first).min(GROUP), blocks: blocks.clone() };
            sums::<S, C>(s, from, &group, panel, scratch);
            cells::<S, C>(s, shape, from.prev, &group, next, tape.as_deref_mut(), scratch);
        }
    }
    if C::FROM_INNER > 0 {
        let tape = tape.expect("a cell with an inner value works on the tape");
        through_inner_value::<S, C>(s, from, rows, weights, next, tape, scratch);
    }
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
    fill(s, scratch, group.rows, panel.bias);
    panel.add_inputs::<S, C>(s, shape, group, x, scratch);
    panel.add_states::<S, C>(s, shape, group, prev, scratch);
}

impl ForwardPanel<'_> {
    /// Adds the part of the inputs to a group's sums `[rows][units][PRE]`.
    #[inline(always)]
    pub(super) fn add_inputs<S: Simd, C: Cell>(
        self,
        s: S,
        shape: Shape,
        group: &Group,
        x: Rows<'_>,
        sums: &mut [f32],
    ) {
        let vectors = group.blocks.len() * C::FROM_X;
        let (first, count, columns) = (group.first, group.rows, shape.input);
        Product { rows: x, first, count, columns, panel: self.x, next: self.h, vectors, chains: 1 }.add(
            s,
            sums,
            0,
            group.blocks.len() * C::PRE,
        );
    }

    /// Adds the part of the states before the step, `prev [rows, STATES, padded]`.
    #[inline(always)]
    pub(super) fn add_states<S: Simd, C: Cell>(
        self,
        s: S,
        shape: Shape,
        group: &Group,
        prev: &[f32],
        sums: &mut [f32],
    ) {
        let units = group.blocks.len();
        let rows = Rows { data: prev, stride: shape.state_len::<C>() };
        let (first, count, columns) = (group.first, group.rows, shape.hidden());
        let (vectors, chains) = (units * direct::<C>().len(), shape.forward_chains::<C>());
        let product =
            Product { rows, first, count, columns, panel: self.h, next: self.next, vectors, chains };
        product.add(s, sums, units * direct::<C>().start, units * C::PRE);
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

/// One row with one panel. There are registers enough to go from the bias to the cell's equation
/// without a scratch, which a step of a small stream feels.
#[inline(always)]
fn single<S: Simd, C: Cell, const UNITS: usize, const CHAINS: usize>(
    s: S,
    from: Forward<'_>,
    block: usize,
    panel: ForwardPanel<'_>,
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
) {
    let (shape, lanes) = (from.shape, Vector::<S>::LANES);
    let zero = Vector::splat(s, 0.0);
    let mut sums = [[<C::Pre<Vector<S>>>::from_fn(|_| zero); UNITS]; CHAINS];
    for unit in 0..UNITS {
        for p in 0..C::PRE {
            sums[0][unit].as_mut()[p] = Vector::load(s, panel.bias, (unit * C::PRE + p) * lanes);
        }
    }
    for run in 0..shape.input.runs {
        let depth = shape.input.depth;
        let panel = &panel.x[run * depth * UNITS * C::FROM_X * lanes..];
        let x = &from.x.data[run * shape.input.stride..][..depth];
        accumulate::<S, C, UNITS, CHAINS, 1>(s, &mut sums, x, panel, 0..C::FROM_X);
    }
    let h = &from.prev[..shape.hidden_size];
    accumulate::<S, C, UNITS, CHAINS, CHAINS>(s, &mut sums, h, panel.h, direct::<C>());
    for unit in 0..UNITS {
        let place = Place::of::<C>(shape, 0, block + unit);
        let pre = Lanes::from_fn(
            #[inline(always)]
            |p| {
                let mut chains = [zero; CHAINS];
                for c in 0..CHAINS {
                    chains[c] = sums[c][unit].as_ref()[p];
                }
                total(chains)
            },
        );
        cell::<S, C>(s, from.prev, place, pre, next, tape.as_deref_mut());
    }
}

/// `sums[k % USED][unit][p] += values[k] * panel[k][unit][p]` for the pre-activations `fed`, over all `k`
/// in order.
#[inline(always)]
fn accumulate<S: Simd, C: Cell, const UNITS: usize, const CHAINS: usize, const USED: usize>(
    s: S,
    sums: &mut [[C::Pre<Vector<S>>; UNITS]; CHAINS],
    values: &[f32],
    panel: &[f32],
    fed: Range<usize>,
) {
    let lanes = Vector::<S>::LANES;
    let width = UNITS * fed.len() * lanes;
    if width == 0 {
        return;
    }
    let mut rest = &panel[..values.len() * width];
    for turn in 0..values.len() / USED {
        let values = &values[turn * USED..][..USED];
        for c in 0..USED {
            let weights = take(&mut rest, width);
            add_column::<S, C, UNITS>(s, &mut sums[c], values[c], weights, fed.clone());
        }
    }
    for c in 0..values.len() % USED {
        let (value, weights) = (values[values.len() / USED * USED + c], take(&mut rest, width));
        add_column::<S, C, UNITS>(s, &mut sums[c], value, weights, fed.clone());
    }
}

/// `sums[unit][p] += value * weights[unit][p]` for the pre-activations `fed`.
#[inline(always)]
fn add_column<S: Simd, C: Cell, const UNITS: usize>(
    s: S,
    sums: &mut [C::Pre<Vector<S>>; UNITS],
    value: f32,
    weights: &[f32],
    fed: Range<usize>,
) {
    let value = Vector::splat(s, value);
    for unit in 0..UNITS {
        for n in 0..fed.len() {
            let weight = Vector::load(s, weights, (unit * fed.len() + n) * Vector::<S>::LANES);
            let sum = &mut sums[unit].as_mut()[fed.start + n];
            *sum = value.mul_add(weight, *sum);
        }
    }
}

/// The cell's equation for one vector of units of one row; for a cell with an inner value, as far as it
/// goes before the inner product: the inner value and the pre-activations so far, to the tape.
#[inline(always)]
fn cell<S: Simd, C: Cell>(
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

/// The second half of a step whose recurrent weights multiply an inner value: it must be there for
/// all units before it can be multiplied.
#[inline(always)]
fn through_inner_value<S: Simd, C: Cell>(
    s: S,
    from: Forward<'_>,
    rows: usize,
    mut weights: &[f32],
    next: &mut [f32],
    tape: &mut [f32],
    scratch: &mut [f32],
) {
    let shape = from.shape;
    for blocks in panels(shape.blocks(), shape.inner_units::<C>()) {
        let vectors = blocks.len() * C::FROM_INNER;
        let panel = take(&mut weights, vectors * shape.lanes * shape.hidden_size);
        for first in (0..rows).step_by(GROUP) {
            let inner = &tape[Tape::inner::<C>() * shape.padded()..];
            let inner = Rows { data: inner, stride: shape.tape_len::<C>() };
            let (count, columns, chains) =
                ((rows - first).min(GROUP), shape.hidden(), shape.inner_chains::<C>());
            Product { rows: inner, first, count, columns, panel, next: weights, vectors, chains }
                .set(s, scratch);
            for r in 0..count {
                for (unit, block) in blocks.clone().enumerate() {
                    let place = Place::of::<C>(shape, first + r, block);
                    let mut pre: C::Pre<Vector<S>> = place.slots(s, tape, Tape::dpre::<C>());
                    for (n, p) in through_inner::<C>().enumerate() {
                        let sum = load(s, scratch, r, vectors, unit * C::FROM_INNER + n);
                        pre.as_mut()[p] = pre.as_ref()[p] + sum;
                    }
                    let (state, saved) = C::forward(pre, place.states(s, from.prev));
                    place.store_states(state, next);
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
