//! All timesteps of a single sequence, or of a few equally long ones, whose rows go through a step one by one.
//!
//! A row's step through a small layer takes some 30 ns, most of which it waits for its sums and for tanh; the next row's
//! fills that time, since neither needs the other. What has to be looked up for batches whose sequences end at different times
//! would take as long again.

use core::ops::Range;

use elman_kernels::Isa;
use elman_kernels::panel::Order;
use elman_kernels::tile::{MAX_VECTORS, Matrix};

use super::backward::{self, Backward};
use super::forward::{self, Forward};
use super::row::{self, with_width};
use super::shape::Shape;
use crate::cell::Cell;

/// A layer, and the sequences that go through it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sequences<'a> {
    /// How the layer is cut.
    pub(super) shape: Shape,
    /// Its panels: of [`pack_forward`](super::pack::pack_forward) in the forward pass, of
    /// [`pack_backward`](super::pack::pack_backward) in the backward pass.
    pub(super) panels: &'a [f32],
    /// `T`
    pub(super) steps: usize,
    /// `B`
    pub(super) count: usize,
    /// Does the layer read from the last timestep to the first?
    pub(super) reverse: bool,
}

/// What a forward pass leaves.
#[derive(Debug)]
pub(super) struct SequencesOutput<'a> {
    /// The states, in the order of the steps: the first ones are there before. `[T + 1, B, STATES, padded]`; where
    /// no backward pass is to follow `[2, B, STATES, padded]`, which take turns.
    pub(super) states: &'a mut [f32],
    /// By timestep, `[T, B, tape_len]`; where no backward pass is to follow one row, or nothing if the cell
    /// needs none.
    pub(super) tape: &'a mut [f32],
    /// `h` by timestep and sequence, `padded` values from the start of each row on, or nothing.
    pub(super) output: &'a mut [f32],
    /// From one row's start to the next one's.
    pub(super) stride: usize,
    /// Is a backward pass to follow?
    pub(super) keeps: bool,
}

/// Have panels of so many vectors of units and chains a time loop of their own? Full ones of layers of up to 32 units
/// have, and all whose units have several pre-activations in the forward pass.
const fn has_own_loop(units: usize, chains: usize) -> bool {
    if chains == 1 { units == 1 } else { units * chains >= MAX_VECTORS }
}

impl Sequences<'_> {
    /// The timestep of the `n`-th step.
    #[inline(always)]
    fn timestep(&self, n: usize) -> usize {
        if self.reverse { self.steps - 1 - n } else { n }
    }

    /// All steps forward, with a row of `x` per timestep and sequence.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    #[inline(always)]
    pub(super) fn forward<S: Isa, C: Cell>(
        self,
        s: S,
        x: Matrix<'_>,
        left: SequencesOutput<'_>,
        scratch: &mut [f32],
    ) {
        let shape = self.shape;
        if const { !row::are_compiled::<S, C>() } {
            return self.forward_by_tiles::<S, C>(s, x, left, scratch);
        }
        let (cut, chains) = (shape.forward_cut(), shape.forward_chains());
        match cut.even().filter(|run| has_own_loop(run.units, chains)) {
            Some(run) => {
                with_width!(run.units, chains, |UNITS, CHAINS| if C::PRE == 1 && has_own_loop(UNITS, CHAINS) => {
                    self.forward_by::<C>(
                        x,
                        left,
                        #[inline(always)]
                        |from, next, mut tape| {
                            row::forward_run::<S, C, UNITS, CHAINS>(s, from, run, next, tape.as_deref_mut());
                            forward::through_inner_value::<S, C>(s, from, 1, next, tape, scratch);
                        },
                    );
                })
            }
            None if const { C::PRE == 1 } => self.forward_by_runs::<S, C>(s, x, left, scratch),
            None => unreachable!("panels of cells with several pre-activations are one vector wide"),
        }
    }

    /// The same for panels of any width. A function of its own, since compilers take longer than twice as long for
    /// one that is twice as large.
    #[inline(never)]
    fn forward_by_runs<S: Isa, C: Cell>(
        mut self,
        s: S,
        x: Matrix<'_>,
        left: SequencesOutput<'_>,
        scratch: &mut [f32],
    ) {
        self.shape = self.shape.of_cell::<C>();
        let cut = self.shape.forward_cut();
        s.vectorize(
            #[inline(always)]
            || {
                self.forward_by::<C>(
                    x,
                    left,
                    #[inline(always)]
                    |from, next, mut tape| {
                        for run in cut.runs(from.order) {
                            row::forward::<S, C>(s, from, run, next, tape.as_deref_mut());
                        }
                        forward::through_inner_value::<S, C>(s, from, 1, next, tape, scratch);
                    },
                );
            },
        );
    }

    /// The same where rows have no functions of their own.
    #[inline(always)]
    fn forward_by_tiles<S: Isa, C: Cell>(
        self,
        s: S,
        x: Matrix<'_>,
        left: SequencesOutput<'_>,
        scratch: &mut [f32],
    ) {
        self.forward_by::<C>(
            x,
            left,
            #[inline(always)]
            |from, next, tape| forward::step::<S, C>(s, from, 1, next, tape, scratch),
        );
    }

    /// The time loop. `step` makes a step of one row, which leaves `next` and the tape.
    #[inline(always)]
    fn forward_by<C: Cell>(
        self,
        x: Matrix<'_>,
        left: SequencesOutput<'_>,
        mut step: impl FnMut(Forward<'_>, &mut [f32], Option<&mut [f32]>),
    ) {
        let Sequences { shape, panels, count, .. } = self;
        let SequencesOutput { states, tape, output, stride, keeps } = left;
        let (state_len, tape_len, padded) = (shape.state_len(), shape.tape_len(), shape.padded());
        let apart = count * state_len;
        // One loop over steps and rows, of which the compiler takes out more than of one within another.
        let (mut n, mut number) = (0, 0);
        while n < self.steps {
            let row = self.timestep(n) * count + number;
            let slot = if keeps { n * count + number } else { number };
            let (before, after) = states[slot * state_len..].split_at_mut(apart);
            let (prev, next) = if keeps || n % 2 == 0 { (before, after) } else { (after, before) };
            // Of equal lengths, so that fewer checks of bounds are left.
            let (prev, next) = (&prev[..state_len], &mut next[..state_len]);
            let tape = match keeps {
                true => Some(&mut tape[row * tape_len..][..tape_len]),
                false => (C::FROM_INNER > 0).then_some(&mut *tape),
            };
            let from = Forward { shape, panels, x: x.from(row), prev, order: Order::of_step(n) };
            step(from, next, tape);
            if !output.is_empty() {
                output[row * stride..][..padded].copy_from_slice(&next[..padded]);
            }
            number += 1;
            if number == count {
                (n, number) = (n + 1, 0);
            }
        }
    }

    /// The backward pass of some steps, the last ones that are not done yet: see [`backward::step`] for the `carry` and the
    /// `tape`, of all timesteps; `states` are what the forward pass left, `units` the per-unit parameters, and `dh` has a row per
    /// timestep and sequence.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    #[inline(always)]
    pub(super) fn backward<S: Isa, C: Cell>(
        self,
        s: S,
        steps: Range<usize>,
        (states, units, dh): (&[f32], &[f32], Option<Matrix<'_>>),
        carry: &mut [f32],
        tape: &mut [f32],
        scratch: &mut [f32],
    ) {
        if const { !row::are_compiled::<S, C>() } {
            return self.backward_by_tiles::<S, C>(s, steps, (states, units, dh), carry, tape, scratch);
        }
        let (cut, chains) = (self.shape.backward_cut(), self.shape.chains());
        match cut.even().filter(|run| has_own_loop(run.units, chains)) {
            Some(run) => with_width!(run.units, chains, |UNITS, CHAINS| if has_own_loop(UNITS, CHAINS) => {
                self.backward_by(
                    steps,
                    (states, units, dh),
                    carry,
                    tape,
                    #[inline(always)]
                    |from, carry, tape| {
                        row::backward_run::<S, C, UNITS, CHAINS>(s, from, run, carry, tape);
                        backward::through_inner_value::<S, C>(s, from, 1, carry, tape, scratch);
                    },
                );
            }),
            None if const { C::PRE == 1 } => {
                self.backward_by_runs::<S, C>(s, steps, (states, units, dh), carry, tape, scratch);
            }
            // Where a unit has several pre-activations, steps are so long that a call per panel is nothing: within 1 %
            // of functions of their own for GRU and LSTM of 48 to 128 units, at a fifth of all code.
            None => self.backward_by_tiles::<S, C>(s, steps, (states, units, dh), carry, tape, scratch),
        }
    }

    /// The same for panels of any width: see [`forward_by_runs`](Self::forward_by_runs).
    #[inline(never)]
    fn backward_by_runs<S: Isa, C: Cell>(
        mut self,
        s: S,
        steps: Range<usize>,
        from: (&[f32], &[f32], Option<Matrix<'_>>),
        carry: &mut [f32],
        tape: &mut [f32],
        scratch: &mut [f32],
    ) {
        self.shape = self.shape.of_cell::<C>();
        let cut = self.shape.backward_cut();
        s.vectorize(
            #[inline(always)]
            || {
                self.backward_by(
                    steps,
                    from,
                    carry,
                    tape,
                    #[inline(always)]
                    |from, carry, tape| {
                        for run in cut.runs(from.order) {
                            row::backward::<S, C>(s, from, run, carry, tape);
                        }
                        backward::through_inner_value::<S, C>(s, from, 1, carry, tape, scratch);
                    },
                );
            },
        );
    }

    /// The same where rows have no functions of their own.
    #[inline(always)]
    fn backward_by_tiles<S: Isa, C: Cell>(
        self,
        s: S,
        steps: Range<usize>,
        from: (&[f32], &[f32], Option<Matrix<'_>>),
        carry: &mut [f32],
        tape: &mut [f32],
        scratch: &mut [f32],
    ) {
        self.backward_by(
            steps,
            from,
            carry,
            tape,
            #[inline(always)]
            |from, carry, tape| backward::step::<S, C>(s, from, 1, carry, tape, scratch),
        );
    }

    /// The time loop: see [`forward_by`](Self::forward_by).
    #[inline(always)]
    fn backward_by(
        self,
        steps: Range<usize>,
        (states, units, dh): (&[f32], &[f32], Option<Matrix<'_>>),
        carry: &mut [f32],
        tape: &mut [f32],
        mut step: impl FnMut(Backward<'_>, &mut [f32], &mut [f32]),
    ) {
        let Sequences { shape, panels, count, .. } = self;
        let (state_len, tape_len) = (shape.state_len(), shape.tape_len());
        let (apart, between) = (count * state_len, (count - 1) * tape_len);
        let (mut done, mut number) = (steps.end, 0);
        while done > steps.start {
            let n = done - 1;
            let row = self.timestep(n) * count + number;
            let (before, rest) = tape.split_at_mut(row * tape_len);
            let (tape, after) = rest.split_at_mut(tape_len);
            let later = match (done < self.steps, self.reverse) {
                (false, _) => &[][..],
                (true, false) => &after[between..][..tape_len],
                (true, true) => &before[(row - count) * tape_len..][..tape_len],
            };
            let states = &states[(n * count + number) * state_len..];
            let (prev, next) = (&states[..state_len], &states[apart..][..state_len]);
            let (dh, order) = (dh.map(|dh| dh.from(row)), Order::of_step(n));
            let from = Backward { shape, panels, units, prev, next, later, dh, order };
            step(from, &mut carry[number * state_len..][..state_len], tape);
            number += 1;
            if number == count {
                (done, number) = (n, 0);
            }
        }
    }
}
