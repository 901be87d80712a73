//! One timestep forward for all rows of a batch: the tiles' sums, then the cell's equation.

use core::ops::Range;

use fearless_simd::Simd;

use super::panel::{Shape, Tape, direct, forward_units, inner_units, panels, through_inner};
use super::tile::{GROUP, MAX_VECTORS, Product, Rows, fill, load};
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
    let depth = C::PRE + C::FROM_X * shape.input.len() + direct::<C>().len() * shape.hidden_size;
    let mut weights = from.panels;
    for blocks in panels(shape.blocks(), forward_units::<C>()) {
        let panel = take(&mut weights, blocks.len() * shape.lanes * depth);
        if rows == 1 {
            let tape = tape.as_deref_mut();
            match blocks.len() {
                4 if const { forward_units::<C>() >= 4 } => {
                    single::<S, C, 4>(s, from, blocks.start, panel, next, tape);
                }
                3 if const { forward_units::<C>() >= 3 } => {
                    single::<S, C, 3>(s, from, blocks.start, panel, next, tape);
                }
                2 if const { forward_units::<C>() >= 2 } => {
                    single::<S, C, 2>(s, from, blocks.start, panel, next, tape);
                }
                _ => single::<S, C, 1>(s, from, blocks.start, panel, next, tape),
            }
            continue;
        }
        for first in (0..rows).step_by(GROUP) {
            let group = Group { first, rows: (rows - first).min(GROUP), blocks: blocks.clone() };
            sums::<S, C>(s, from, &group, panel, scratch);
            cells::<S, C>(s, from, &group, next, tape.as_deref_mut(), scratch);
        }
    }
    if C::FROM_INNER > 0 {
        let tape = tape.expect("a cell with an inner value works on the tape");
        through_inner_value::<S, C>(s, from, rows, weights, next, tape, scratch);
    }
}

/// Rows and blocks of units that are worked on together.
struct Group {
    first: usize,
    rows: usize,
    blocks: Range<usize>,
}

/// The pre-activations of a group, to the scratch `[rows][units][PRE]`.
#[inline(always)]
fn sums<S: Simd, C: Cell>(s: S, from: Forward<'_>, group: &Group, panel: &[f32], scratch: &mut [f32]) {
    let Forward { shape, x, prev, .. } = from;
    let units = group.blocks.len();
    let (bias, panel) = panel.split_at(units * C::PRE * Vector::<S>::LANES);
    let (panel_x, panel_h) = panel.split_at(shape.input.len() * units * C::FROM_X * Vector::<S>::LANES);
    fill(s, scratch, group.rows, bias);
    let x = Product {
        rows: x.from(group.first),
        count: group.rows,
        columns: shape.input,
        panel: panel_x,
        vectors: units * C::FROM_X,
    };
    x.add(s, scratch, 0, units * C::PRE);
    let h = Product {
        rows: Rows { data: prev, stride: shape.state_len::<C>() }.from(group.first),
        count: group.rows,
        columns: shape.hidden(),
        panel: panel_h,
        vectors: units * direct::<C>().len(),
    };
    h.add(s, scratch, units * direct::<C>().start, units * C::PRE);
}

/// The cell's equation for a group.
#[inline(always)]
fn cells<S: Simd, C: Cell>(
    s: S,
    from: Forward<'_>,
    group: &Group,
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
    scratch: &[f32],
) {
    let units = group.blocks.len();
    for r in 0..group.rows {
        for unit in 0..units {
            let place = Place::of::<C>(from.shape, group.first + r, group.blocks.start + unit);
            let pre = Lanes::from_fn(
                #[inline(always)]
                |p| load(s, scratch, r, units * C::PRE, unit * C::PRE + p),
            );
            cell::<S, C>(s, from, place, pre, next, tape.as_deref_mut());
        }
    }
}

/// One row with one panel. There are registers enough to go from the bias to the cell's equation
/// without a scratch, which a step of a small stream feels.
#[inline(always)]
fn single<S: Simd, C: Cell, const UNITS: usize>(
    s: S,
    from: Forward<'_>,
    block: usize,
    panel: &[f32],
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
) {
    let (shape, lanes) = (from.shape, Vector::<S>::LANES);
    let (bias, panel) = panel.split_at(UNITS * C::PRE * lanes);
    let (panel_x, panel_h) = panel.split_at(shape.input.len() * UNITS * C::FROM_X * lanes);
    let mut sums: [C::Pre<Vector<S>>; UNITS] = core::array::from_fn(
        #[inline(always)]
        |unit| {
            Lanes::from_fn(
                #[inline(always)]
                |p| Vector::load(s, bias, (unit * C::PRE + p) * lanes),
            )
        },
    );
    for run in 0..shape.input.runs {
        let depth = shape.input.depth;
        let panel = &panel_x[run * depth * UNITS * C::FROM_X * lanes..];
        let x = &from.x.data[run * shape.input.stride..][..depth];
        accumulate::<S, C, UNITS>(s, &mut sums, x, panel, 0..C::FROM_X);
    }
    accumulate::<S, C, UNITS>(s, &mut sums, &from.prev[..shape.hidden_size], panel_h, direct::<C>());
    for (unit, pre) in sums.into_iter().enumerate() {
        let place = Place::of::<C>(shape, 0, block + unit);
        cell::<S, C>(s, from, place, pre, next, tape.as_deref_mut());
    }
}

/// `sums[unit][p] += values[k] * panel[k][unit][p]` for the pre-activations `fed`, over all `k` in order.
#[inline(always)]
fn accumulate<S: Simd, C: Cell, const UNITS: usize>(
    s: S,
    sums: &mut [C::Pre<Vector<S>>; UNITS],
    values: &[f32],
    panel: &[f32],
    fed: Range<usize>,
) {
    let lanes = Vector::<S>::LANES;
    let width = UNITS * fed.len() * lanes;
    if width == 0 {
        return;
    }
    for (&value, weights) in values.iter().zip(panel.chunks_exact(width)) {
        let value = Vector::splat(s, value);
        for (unit, sums) in sums.iter_mut().enumerate() {
            for n in 0..fed.len() {
                let weight = Vector::load(s, weights, (unit * fed.len() + n) * lanes);
                let sum = &mut sums.as_mut()[fed.start + n];
                *sum = value.mul_add(weight, *sum);
            }
        }
    }
}

/// The cell's equation for one vector of units of one row; for a cell with an inner value, as far as it
/// goes before the inner product: the inner value and the pre-activations so far, to the tape.
#[inline(always)]
fn cell<S: Simd, C: Cell>(
    s: S,
    from: Forward<'_>,
    place: Place,
    pre: C::Pre<Vector<S>>,
    next: &mut [f32],
    tape: Option<&mut [f32]>,
) {
    let prev = place.states(s, from.prev);
    if C::FROM_INNER == 0 {
        let (state, saved) = C::forward(pre, prev);
        place.store_states(state, next);
        if let Some(tape) = tape {
            place.store_slots(saved, tape, 0);
        }
    } else if let Some(tape) = tape {
        place.store_slots(pre, tape, Tape::dpre::<C>());
        place.store_slots([C::inner(pre, prev)], tape, Tape::inner::<C>());
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
    for blocks in panels(shape.blocks(), inner_units::<C>()) {
        let vectors = blocks.len() * C::FROM_INNER;
        let panel = take(&mut weights, vectors * shape.lanes * shape.hidden_size);
        for first in (0..rows).step_by(GROUP) {
            let inner = &tape[first * shape.tape_len::<C>() + Tape::inner::<C>() * shape.padded()..];
            let inner = Rows { data: inner, stride: shape.tape_len::<C>() };
            let count = (rows - first).min(GROUP);
            Product { rows: inner, count, columns: shape.hidden(), panel, vectors }.set(s, scratch);
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

/// The first `len` values, which are cut off.
#[inline(always)]
pub(super) fn take<'a>(from: &mut &'a [f32], len: usize) -> &'a [f32] {
    let (taken, rest) = from.split_at(len);
    *from = rest;
    taken
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

    #[inline(always)]
    pub(super) fn store_states<S: Simd, L: Lanes<Vector<S>>>(self, states: L, to: &mut [f32]) {
        for (n, state) in states.as_ref().iter().enumerate() {
            state.store(to, self.state + n * self.padded);
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
