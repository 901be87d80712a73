//! One timestep forward for all rows of a batch: the tiles' sums, then the cell's equation.

use elman_kernels::Isa;
use elman_kernels::gemm::{Factor, Product, Start};
use elman_kernels::panel::{Order, Panel};
use elman_kernels::tile::{MAX_VECTORS, Matrix, fill, load};
use elman_kernels::tuning::PIECE;
use elman_kernels::vector::Vector;

use super::group::{Group, Place, Slots, Together, groups, rows_of, rows_of_mut};
use super::panel::ForwardPanel;
use super::shape::{Shape, Tape};
use crate::cell::{Cell, Lanes};
use crate::lane::Pair;

/// What a step reads: a layer, its panels of [`pack_forward`](super::pack::pack_forward), the rows'
/// inputs and their states before the step.
#[derive(Clone, Copy, Debug)]
pub struct Forward<'a> {
    /// How the layer is cut.
    pub shape: Shape,
    /// The weights.
    pub panels: &'a [f32],
    /// The inputs.
    pub x: Matrix<'a>,
    /// The states before the step, `[rows, STATES, padded]`.
    pub prev: &'a [f32],
    /// Which weights are read first.
    pub order: Order,
}

impl<'a> Forward<'a> {
    /// See [`Shape::of_cell`].
    #[inline(always)]
    pub(super) fn of_cell<C: Cell>(&self) -> Self {
        Forward { shape: self.shape.of_cell::<C>(), ..*self }
    }

    /// What the cell's equation reads of it.
    #[inline(always)]
    pub(super) fn given<C: Cell>(&self) -> Given<'a> {
        let units = if C::UNIT == 0 { &[] } else { self.shape.unit_parameters(self.panels) };
        Given { shape: self.shape, units, prev: self.prev }
    }
}

/// What a cell's equation reads beside its sums.
#[derive(Clone, Copy)]
pub(super) struct Given<'a> {
    pub(super) shape: Shape,
    /// The per-unit parameters, `[UNIT, padded]`.
    pub(super) units: &'a [f32],
    /// The states before the step, `[rows, STATES, padded]`.
    pub(super) prev: &'a [f32],
}

/// One step of `rows` sequences, to their states `next [rows, STATES, padded]` and, where a backward
/// pass is to follow, the `tape [rows, tape_len]`. A cell with an inner value works on the tape and
/// always needs it.
///
/// # Panics
/// If a slice does not have its shape.
#[inline(always)]
pub fn step<S: Isa, C: Cell>(
    s: S,
    from: Forward<'_>,
    rows: usize,
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
    scratch: &mut [f32],
) {
    const { assert!(C::PRE <= MAX_VECTORS, "the tiles hold four pre-activations of a unit") };
    let shape = from.shape;
    for panel in shape.forward_panels(from.panels, from.order) {
        let parts = ForwardPanel::of(&panel, shape);
        for group in groups(0..rows, &panel.blocks) {
            sums::<S, C>(s, from, &group, parts, scratch);
            cells::<S, C>(s, from.given::<C>(), &group, next, tape.as_deref_mut(), scratch);
        }
    }
    through_inner_value::<S, C>(s, from, rows, next, tape, scratch);
}

/// The pre-activations of a group, to the scratch `[rows][units][PRE]`.
#[inline(always)]
fn sums<S: Isa, C: Cell>(
    s: S,
    from: Forward<'_>,
    group: &Group,
    panel: ForwardPanel<'_>,
    scratch: &mut [f32],
) {
    let Forward { shape, x, prev, .. } = from;
    let fed_alike = C::FROM_X == C::PRE && C::FACTS.direct().len() == C::PRE;
    if fed_alike && shape.input.len() + shape.hidden_size <= PIECE {
        panel.set(s, shape, group, (x, prev), scratch);
    } else {
        panel.set_inputs(s, shape, group, x, scratch);
        panel.add_states(s, shape, group, prev, scratch);
    }
}

impl<'a> ForwardPanel<'a> {
    #[inline(always)]
    fn inputs(self, shape: Shape, x: Matrix<'a>) -> Factor<'a> {
        Factor { rows: x, columns: shape.input, panel: self.x }
    }

    /// The states before the step, `prev [rows, STATES, padded]`.
    #[inline(always)]
    fn states(self, shape: Shape, prev: &'a [f32]) -> Factor<'a> {
        let rows = Matrix { data: prev, stride: shape.state_len() };
        Factor { rows, columns: shape.hidden(), panel: self.h }
    }

    /// Sets a group's sums `[rows][units][PRE]`, of a cell whose inputs and states feed all of them.
    #[inline(always)]
    fn set<S: Isa>(
        self,
        s: S,
        shape: Shape,
        group: &Group,
        (x, prev): (Matrix<'a>, &'a [f32]),
        sums: &mut [f32],
    ) {
        let vectors = group.blocks.len() * shape.facts().pre;
        let states = Product::of(self.states(shape, prev), group.extent(), vectors);
        let (start, inputs) = (Start::Bias(self.bias), self.inputs(shape, x));
        let (chains, next) = (shape.forward_chains(), self.next);
        Product { start, inputs, chains, next, ..states }.put(s, sums);
    }

    /// Sets a group's sums to the bias and the part of the inputs.
    #[inline(always)]
    pub(super) fn set_inputs<S: Isa>(
        self,
        s: S,
        shape: Shape,
        group: &Group,
        x: Matrix<'_>,
        sums: &mut [f32],
    ) {
        let (fed, width) =
            (group.blocks.len() * shape.facts().from_x, group.blocks.len() * shape.facts().pre);
        // Where a panel has several units, they have one pre-activation each, which is fed: those that inputs
        // do not feed are last in any row.
        let (bias, others) = self.bias.split_at(fed * shape.lanes);
        fill(s, sums, group.rows.len(), others, width);
        let inputs = Product::of(self.inputs(shape, x), group.extent(), fed);
        Product { start: Start::Bias(bias), next: self.h, ..inputs }.put_at(s, sums, 0, width);
    }

    /// Adds to a group's sums the part of the states before the step, `prev [rows, STATES, padded]`.
    #[inline(always)]
    pub(super) fn add_states<S: Isa>(
        self,
        s: S,
        shape: Shape,
        group: &Group,
        prev: &[f32],
        sums: &mut [f32],
    ) {
        let (units, fed) = (group.blocks.len(), shape.facts().direct());
        let states = Product::of(self.states(shape, prev), group.extent(), units * fed.len());
        let (start, chains, next) = (Start::Present, shape.forward_chains(), self.next);
        let states = Product { start, chains, next, ..states };
        states.put_at(s, sums, units * fed.start, units * shape.facts().pre);
    }
}

/// The cell's equation for a group.
#[inline(always)]
pub(super) fn cells<S: Isa, C: Cell>(
    s: S,
    given: Given<'_>,
    group: &Group,
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
    scratch: &[f32],
) {
    let units = group.blocks.len();
    if C::FROM_INNER > 0 {
        return group.for_each(
            given.shape,
            #[inline(always)]
            |n, unit, place| {
                let pre = Lanes::from_fn(
                    #[inline(always)]
                    |p| load(s, scratch, n, units * C::PRE, unit * C::PRE + p),
                );
                cell::<S, C>(s, given, place, pre, next, tape.as_deref_mut());
            },
        );
    }
    let (shape, lanes) = (given.shape, Vector::<S>::LANES);
    let (state_len, tape_len, width) = (shape.state_len(), shape.tape_len(), units * C::PRE * lanes);
    for (unit, block) in group.blocks.clone().enumerate() {
        let (slots, own) = (Slots::of(shape, block), unit * C::PRE * lanes);
        slots.assert_within(state_len, 0..C::STATES, lanes);
        slots.assert_within(tape_len, 0..C::SAVED, lanes);
        assert!(own <= width && C::PRE * lanes <= width - own, "rows hold the sums");
        let mut sums = scratch[..group.rows.len() * width].chunks_exact(width);
        let mut prev = rows_of(group, given.prev, state_len);
        let mut next = rows_of_mut(group, next, state_len);
        let mut tape = tape.as_deref_mut().map(
            #[inline(always)]
            |tape| rows_of_mut(group, tape, tape_len),
        );
        let mut row = || {
            let sums = &sums.next()?[own..][..C::PRE * lanes];
            let tape = tape.as_mut().and_then(Iterator::next);
            Some(Row { sums, prev: prev.next()?, next: next.next()?, tape })
        };
        while let Some(first) = row() {
            // Where the equation is long, the wait for its operations is filled with another row's.
            match if C::PRE > 1 { row() } else { None } {
                Some(second) => {
                    cell_of_rows::<S, C, Pair<Vector<S>>, 2>(s, slots, given.units, [first, second]);
                }
                None => cell_of_rows::<S, C, Vector<S>, 1>(s, slots, given.units, [first]),
            }
        }
    }
}

/// What the cell's equation reads and writes of a row.
struct Row<'a> {
    /// The pre-activations of a vector of units, `[PRE]`.
    sums: &'a [f32],
    /// `[STATES, padded]`
    prev: &'a [f32],
    /// `[STATES, padded]`
    next: &'a mut [f32],
    /// `[slots, padded]`
    tape: Option<&'a mut [f32]>,
}

/// The cell's equation for one vector of units of some rows.
#[inline(always)]
fn cell_of_rows<S: Isa, C: Cell, T: Together<S>, const ROWS: usize>(
    s: S,
    slots: Slots,
    units: &[f32],
    mut rows: [Row<'_>; ROWS],
) {
    let pre: C::Pre<T> = Lanes::from_fn(
        #[inline(always)]
        |p| {
            T::of(
                #[inline(always)]
                |i| Vector::load(s, rows[i].sums, p * Vector::<S>::LANES),
            )
        },
    );
    let units: C::Unit<T> = slots.load(
        s,
        #[inline(always)]
        |_| units,
    );
    let prev: C::State<T> = slots.load(
        s,
        #[inline(always)]
        |i| rows[i].prev,
    );
    let (state, saved) = C::forward(pre, units, prev);
    for (n, state) in state.as_ref().iter().enumerate() {
        state.each(
            #[inline(always)]
            |i, state| state.flush_to_zero().store(rows[i].next, slots.at(n)),
        );
    }
    for (n, saved) in saved.as_ref().iter().enumerate() {
        saved.each(
            #[inline(always)]
            |i, saved| {
                if let Some(tape) = &mut rows[i].tape {
                    saved.store(tape, slots.at(n));
                }
            },
        );
    }
}

/// The cell's equation for two vectors of units of one row, from a block on, of a cell without an inner value.
#[inline(always)]
pub(super) fn cell_of_two<S: Isa, C: Cell>(
    s: S,
    given: Given<'_>,
    block: usize,
    pre: C::Pre<Pair<Vector<S>>>,
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
) {
    let shape = given.shape;
    let slots = [Slots::of(shape, block), Slots::of(shape, block + 1)];
    let (units, prev): (C::Unit<_>, C::State<_>) = (two(s, slots, given.units), two(s, slots, given.prev));
    let (state, saved) = C::forward(pre, units, prev);
    for (n, state) in state.as_ref().iter().enumerate() {
        state.each(
            #[inline(always)]
            |i, state| state.flush_to_zero().store(next, slots[i].at(n)),
        );
    }
    for (n, saved) in saved.as_ref().iter().enumerate() {
        saved.each(
            #[inline(always)]
            |i, saved| {
                if let Some(tape) = &mut tape {
                    saved.store(tape, slots[i].at(n));
                }
            },
        );
    }
}

/// Two vectors of units in all slots of a row.
#[inline(always)]
fn two<S: Isa, L: Lanes<Pair<Vector<S>>>>(s: S, slots: [Slots; 2], row: &[f32]) -> L {
    L::from_fn(
        #[inline(always)]
        |n| Pair(Vector::load(s, row, slots[0].at(n)), Vector::load(s, row, slots[1].at(n))),
    )
}

/// The cell's equation for one vector of units of one row; for a cell with an inner value, as far as it
/// goes before the inner product: the inner value and the pre-activations so far, to the tape.
#[inline(always)]
pub(super) fn cell<S: Isa, C: Cell>(
    s: S,
    given: Given<'_>,
    place: Place,
    pre: C::Pre<Vector<S>>,
    next: &mut [f32],
    tape: Option<&mut [f32]>,
) {
    let prev = place.states(s, given.prev);
    if C::FROM_INNER == 0 {
        let (state, saved) = C::forward(pre, place.unit_parameters(s, given.units), prev);
        place.store_states(state, next);
        if let Some(tape) = tape {
            place.store_slots(saved, tape, 0);
        }
    } else if let Some(tape) = tape {
        place.store_slots(pre, tape, Tape::dpre(&C::FACTS));
        place.store_slots([C::inner(pre, prev).flush_to_zero()], tape, Tape::inner(&C::FACTS));
    }
}

/// The second half of a step whose recurrent weights multiply an inner value, which must be there for
/// all units before it can be multiplied; nothing for other cells.
#[inline(always)]
pub(super) fn through_inner_value<S: Isa, C: Cell>(
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
    for Panel { blocks, weights: panel, next } in shape.inner_panels(from.panels) {
        let vectors = blocks.len() * C::FROM_INNER;
        for group in groups(0..rows, &blocks) {
            let inner = &tape[Tape::inner(&C::FACTS) * shape.padded()..];
            let inner = Matrix { data: inner, stride: shape.tape_len() };
            let factor = Factor { rows: inner, columns: shape.hidden(), panel };
            let product = Product::of(factor, group.extent(), vectors);
            Product { chains: shape.inner_chains(), next, ..product }.put(s, scratch);
            group.for_each(
                shape,
                #[inline(always)]
                |row, unit, place| {
                    let mut pre: C::Pre<Vector<S>> = place.slots(s, tape, Tape::dpre(&C::FACTS));
                    for (n, p) in C::FACTS.through_inner().enumerate() {
                        let sum = load(s, scratch, row, vectors, unit * C::FROM_INNER + n);
                        pre.as_mut()[p] = pre.as_ref()[p] + sum;
                    }
                    let units = place.unit_parameters(s, from.given::<C>().units);
                    let (state, saved) = C::forward(pre, units, place.states(s, from.prev));
                    place.store_states(state, to);
                    place.store_slots(saved, tape, 0);
                },
            );
        }
    }
}
