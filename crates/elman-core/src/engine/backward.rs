//! One timestep backward for all rows of a batch.

use core::ops::Range;

use elman_kernels::gemm::{Factor, Product};
use elman_kernels::panel::{Cut, Order, Panel};
use elman_kernels::tile::{Matrix, load};
use elman_kernels::tuning::GROUP;
use elman_kernels::vector::Vector;
use elman_kernels::{InstructionSet, Isa, dispatch};

use super::group::{Group, Place, Slots, groups, rows_of, rows_of_mut};
use super::shape::{Shape, Tape};
use crate::cell::{Cell, Lanes};

/// What a step reads.
#[derive(Clone, Copy, Debug)]
pub struct Backward<'a> {
    /// How the layer is cut.
    pub shape: Shape,
    /// The weights: the panels of [`pack_backward`](super::pack::pack_backward).
    pub panels: &'a [f32],
    /// The per-unit parameters, `[UNIT, padded]`.
    pub units: &'a [f32],
    /// The states before the step, `[rows, STATES, padded]`.
    pub prev: &'a [f32],
    /// The states after it.
    pub next: &'a [f32],
    /// The tape of the step that followed, for the rows that had one.
    pub later: &'a [f32],
    /// d loss / d `h`, from what reads the layer's output; rows of at least `padded` values.
    pub dh: Option<Matrix<'a>>,
    /// Which weights are read first.
    pub order: Order,
}

/// One step of `rows` sequences.
///
/// `carry [rows, STATES, padded]` holds the part of d loss / d `next` that does not come through
/// the following step's d pre-activations, and is left with that part of d loss / d `prev`. The `tape`
/// of the step holds what the forward pass saved, and is left with d pre-activations.
///
/// # Panics
/// If a slice does not have its shape.
#[inline(always)]
pub fn step<S: Isa, C: Cell>(
    s: S,
    from: Backward<'_>,
    rows: usize,
    carry: &mut [f32],
    tape: &mut [f32],
    scratch: &mut [f32],
) {
    let shape = from.shape;
    let followed = rows.min(from.later.len() / shape.tape_len());
    for panel in shape.backward_panels(from.panels, from.order) {
        let mut first = 0;
        while first < rows {
            // Those that were not followed are a group of their own.
            let is_followed = first < followed;
            let end = if is_followed { followed.min(first + GROUP) } else { rows };
            let group = Group { rows: first..end, blocks: panel.blocks.clone() };
            if is_followed {
                group.multiply(s, shape, from.later, C::FACTS.direct(), &panel, scratch);
            }
            group.cell::<S, C>(s, from, is_followed.then_some(&*scratch), carry, tape);
            first = end;
        }
    }
    through_inner_value::<S, C>(s, from, rows, carry, tape, scratch);
}

/// The second half of a step of a cell with an inner value, whose gradient needs d pre-activations of all
/// units; nothing for other cells.
#[inline(always)]
pub(super) fn through_inner_value<S: Isa, C: Cell>(
    s: S,
    from: Backward<'_>,
    rows: usize,
    carry: &mut [f32],
    tape: &mut [f32],
    scratch: &mut [f32],
) {
    if C::FROM_INNER == 0 {
        return;
    }
    let shape = from.shape;
    for panel in shape.inner_backward_panels(from.panels) {
        for group in groups(0..rows, &panel.blocks) {
            group.multiply(s, shape, tape, C::FACTS.through_inner(), &panel, scratch);
            group.inner::<S, C>(s, from, scratch, carry, tape);
        }
    }
}

/// The cell's equation for one vector of units of one row, with what has come `through` the following step
/// if there was one.
#[inline(always)]
pub(super) fn cell<S: Isa, C: Cell>(
    s: S,
    from: Backward<'_>,
    through: Option<Vector<S>>,
    (row, place): (usize, Place),
    carry: &mut [f32],
    tape: &mut [f32],
) {
    let mut dnext: C::State<Vector<S>> = place.states(s, carry);
    let dh = &mut dnext.as_mut()[0];
    if let Some(through) = through {
        *dh = *dh + through;
    }
    if let Some(from) = from.dh {
        *dh = *dh + Vector::load(s, from.data, row * from.stride + place.unit);
    }
    let (prev, next) = (place.states(s, from.prev), place.states(s, from.next));
    let units = place.unit_parameters(s, from.units);
    let (dpre, dunit, dprev) = C::backward(place.slots(s, tape, 0), units, prev, next, dnext);
    place.store_slots(flush_to_zero::<S, C::Pre<Vector<S>>>(dpre), tape, Tape::dpre(&C::FACTS));
    place.store_slots(dunit, tape, Tape::dunit(&C::FACTS));
    place.store_states(dprev, carry);
}

/// The end of backpropagation through a sequence: adds to the `carry` of the `rows` what comes through the
/// d pre-activations of `tape`, so that it holds all of d loss / d states before the tape's step.
///
/// # Panics
/// If a slice does not have its shape.
pub(super) fn finish<S: Isa>(
    s: S,
    (shape, panels): (Shape, &[f32]),
    rows: Range<usize>,
    carry: &mut [f32],
    tape: &[f32],
    scratch: &mut [f32],
) {
    finish_outside(InstructionSet::of(s), (shape, panels), rows, carry, tape, scratch);
}

/// A function of its own, compiled once and not for each cell.
#[inline(never)]
fn finish_outside(
    set: InstructionSet,
    layer: (Shape, &[f32]),
    rows: Range<usize>,
    carry: &mut [f32],
    tape: &[f32],
    scratch: &mut [f32],
) {
    dispatch!(set, s => finish_on(s, layer, rows, carry, tape, scratch));
}

#[inline(always)]
fn finish_on<S: Isa>(
    s: S,
    (shape, panels): (Shape, &[f32]),
    rows: Range<usize>,
    carry: &mut [f32],
    tape: &[f32],
    scratch: &mut [f32],
) {
    for panel in shape.backward_panels(panels, Order::Ascending) {
        for group in groups(rows.clone(), &panel.blocks) {
            group.multiply(s, shape, tape, shape.facts().direct(), &panel, scratch);
            group.for_each(
                shape,
                #[inline(always)]
                |n, v, place| {
                    let [dh]: [Vector<S>; 1] = place.states(s, carry);
                    place.store_states([dh + load(s, scratch, n, group.blocks.len(), v)], carry);
                },
            );
        }
    }
}

impl Group {
    /// The products of d pre-activations `of` a tape with the panel of the blocks, to the scratch.
    #[inline(always)]
    fn multiply<S: Isa>(
        &self,
        s: S,
        shape: Shape,
        tape: &[f32],
        of: Range<usize>,
        panel: &Panel<'_>,
        scratch: &mut [f32],
    ) {
        let stride = shape.tape_len();
        let dpre = (Tape::dpre(shape.facts()) + of.start) * shape.padded();
        let rows = Matrix { data: &tape[dpre..], stride };
        let factor = Factor { rows, columns: shape.gates(of.len()), panel: panel.weights };
        let product = Product::of(factor, self.extent(), self.blocks.len());
        Product { chains: shape.chains(), next: panel.next, ..product }.put(s, scratch);
    }

    /// The cell's equation, with what has come through the following step if there was one.
    #[inline(always)]
    fn cell<S: Isa, C: Cell>(
        &self,
        s: S,
        from: Backward<'_>,
        followed: Option<&[f32]>,
        carry: &mut [f32],
        tape: &mut [f32],
    ) {
        let (shape, lanes) = (from.shape, Vector::<S>::LANES);
        let (state_len, tape_len, width) = (shape.state_len(), shape.tape_len(), self.blocks.len() * lanes);
        for (unit, block) in self.blocks.clone().enumerate() {
            let (slots, own) = (Slots::of(shape, block), unit * lanes);
            slots.assert_within(state_len, 0..C::STATES, lanes);
            slots.assert_within(tape_len, 0..Tape::slots(&C::FACTS), lanes);
            assert!(own <= width && lanes <= width - own, "rows hold the sums");
            let mut through = followed.map(
                #[inline(always)]
                |sums| sums[..self.rows.len() * width].chunks_exact(width),
            );
            let mut dh = from.dh.map(
                #[inline(always)]
                |dh| dh.from(self.rows.start).data.chunks(dh.stride),
            );
            let mut states = rows_of(self, from.prev, state_len).zip(rows_of(self, from.next, state_len));
            let mut tape = rows_of_mut(self, tape, tape_len);
            for carry in rows_of_mut(self, carry, state_len) {
                let (Some((prev, next)), Some(tape)) = (states.next(), tape.next()) else { break };
                let mut dnext: C::State<Vector<S>> = slots.load_one(s, &*carry);
                let sum = &mut dnext.as_mut()[0];
                if let Some(through) = through.as_mut().and_then(Iterator::next) {
                    *sum = *sum + Vector::load(s, through, own);
                }
                if let Some(dh) = dh.as_mut().and_then(Iterator::next) {
                    *sum = *sum + Vector::load(s, dh, slots.at(0));
                }
                let prev: C::State<Vector<S>> = slots.load_one(s, prev);
                let next: C::State<Vector<S>> = slots.load_one(s, next);
                let units: C::Unit<Vector<S>> = slots.load_one(s, from.units);
                let saved: C::Saved<Vector<S>> = slots.load_one(s, &*tape);
                let (dpre, dunit, dprev) = C::backward(saved, units, prev, next, dnext);
                for (n, d) in dpre.as_ref().iter().enumerate() {
                    d.flush_to_zero().store(tape, slots.at(Tape::dpre(&C::FACTS) + n));
                }
                for (n, d) in dunit.as_ref().iter().enumerate() {
                    d.store(tape, slots.at(Tape::dunit(&C::FACTS) + n));
                }
                for (n, d) in dprev.as_ref().iter().enumerate() {
                    d.flush_to_zero().store(carry, slots.at(n));
                }
            }
        }
    }

    /// The inner value's equation: adds its parts of d pre-activations and of the carry.
    #[inline(always)]
    fn inner<S: Isa, C: Cell>(
        &self,
        s: S,
        from: Backward<'_>,
        scratch: &[f32],
        carry: &mut [f32],
        tape: &mut [f32],
    ) {
        self.for_each(
            from.shape,
            #[inline(always)]
            |n, v, place| {
                let dinner = load(s, scratch, n, self.blocks.len(), v);
                let (saved, prev) = (place.slots(s, tape, 0), place.states(s, from.prev));
                let (dpre, dprev) = C::inner_backward(saved, prev, dinner);
                let dpre_so_far: C::Pre<Vector<S>> = place.slots(s, tape, Tape::dpre(&C::FACTS));
                let dpre = sum::<S, C::Pre<Vector<S>>>(dpre_so_far, dpre);
                place.store_slots(flush_to_zero::<S, C::Pre<Vector<S>>>(dpre), tape, Tape::dpre(&C::FACTS));
                place.store_states(sum::<S, C::State<Vector<S>>>(place.states(s, carry), dprev), carry);
            },
        );
    }
}

/// What is too small goes as 0: see [`Vector::flush_to_zero`].
#[inline(always)]
fn flush_to_zero<S: Isa, L: Lanes<Vector<S>>>(mut values: L) -> L {
    for value in values.as_mut() {
        *value = value.flush_to_zero();
    }
    values
}

#[inline(always)]
fn sum<S: Isa, L: Lanes<Vector<S>>>(mut a: L, b: L) -> L {
    for (a, &b) in a.as_mut().iter_mut().zip(b.as_ref()) {
        *a = *a + b;
    }
    a
}

/// What one product of d pre-activations with the input's weights reads.
#[derive(Clone, Copy, Debug)]
pub struct InputBackward<'a> {
    /// How the layer is cut.
    pub shape: Shape,
    /// The weights: the panels of [`pack_input_backward`](super::pack::pack_input_backward).
    pub panels: &'a [f32],
    /// Steps of d pre-activations, `[rows, tape_len]`.
    pub tape: &'a [f32],
}

/// Adds to `dx [rows, dx_len]` the gradient of the inputs of `rows` rows: see [`Shape::dx_len`].
///
/// # Panics
/// If a slice does not have its shape.
pub fn input(set: InstructionSet, from: InputBackward<'_>, rows: usize, dx: &mut [f32], scratch: &mut [f32]) {
    dispatch!(set, s => input_on(s, from, rows, dx, scratch));
}

#[inline(always)]
fn input_on<S: Isa>(s: S, from: InputBackward<'_>, rows: usize, dx: &mut [f32], scratch: &mut [f32]) {
    let (shape, from_x) = (from.shape, from.shape.facts().from_x);
    let blocks_of_run = shape.input.depth.div_ceil(shape.lanes);
    let stride = shape.dx_len();
    let cut = Cut::new(blocks_of_run, shape.units());
    let unit = from_x * shape.hidden_size * shape.lanes;
    for run in 0..shape.input.runs {
        let panels = &from.panels[run * blocks_of_run * unit..];
        for panel in cut.read(panels, unit, 0..cut.count, Order::Ascending) {
            for group in groups(0..rows, &panel.blocks) {
                group.multiply(s, shape, from.tape, 0..from_x, &panel, scratch);
                for (n, row) in group.rows.enumerate() {
                    for (v, block) in group.blocks.clone().enumerate() {
                        let at = row * stride + (run * blocks_of_run + block) * shape.lanes;
                        let sum = load(s, scratch, n, group.blocks.len(), v) + Vector::load(s, dx, at);
                        sum.store(dx, at);
                    }
                }
            }
        }
    }
}
