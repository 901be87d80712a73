//! The time loops: a chunk on its way through one layer in one direction.

use std::ops::Range;

use elman_core::cell::Cell;
use elman_core::simd::Simd;
use elman_core::simd::backward::{self, Backward};
use elman_core::simd::forward::{self, Forward};
use elman_core::simd::panel::Order;
use elman_core::simd::sequence::{Left, Sequence};
use elman_core::simd::team;
use elman_core::simd::tile;

use super::pass::Pass;
use super::rows::Rows;
use super::team::{Team, projected};
use crate::buffer::Buffer;
use crate::network::{State, with_cell};

/// What a layer's forward pass leaves for its backward pass.
#[derive(Debug, Default)]
pub(super) struct LayerMemory {
    /// `[slot rows, STATES, padded]`: see [`Rows::slot`].
    pub(super) states: Buffer,
    /// `[rows, tape_len]`
    pub(super) tape: Buffer,
    /// `[B, STATES, padded]`: the initial states; then the final ones; in the backward pass, the
    /// gradient of the states as it stands.
    pub(super) ends: Buffer,
}

impl LayerMemory {
    /// Copies the chunk's part of a state `[B, STATES, H]` to the ends.
    pub(super) fn set_ends(&mut self, pass: Pass<'_>, rows: &Rows, state: &State<f32>, block: usize) {
        let (shape, rows) = (pass.plan.shapes[block], rows.sequences.clone());
        with_cell!(pass.network.config.cell, C => {
            let (h, state_len) = (shape.hidden_size, shape.state_len::<C>());
            self.ends.resize(rows.len() * state_len);
            let states = state.block(block).chunks_exact(C::STATES * h).skip(rows.start);
            for (to, from) in self.ends.chunks_exact_mut(state_len).zip(states) {
                to.fill(0.0);
                for (to, from) in to.chunks_exact_mut(shape.padded()).zip(from.chunks_exact(h)) {
                    to[..h].copy_from_slice(from);
                }
            }
        });
    }

    /// Copies the ends to the chunk's part of a state.
    pub(super) fn copy_ends(&self, pass: Pass<'_>, rows: &Rows, state: &mut State<f32>, block: usize) {
        let (shape, rows) = (pass.plan.shapes[block], rows.sequences.clone());
        with_cell!(pass.network.config.cell, C => {
            let (h, state_len) = (shape.hidden_size, shape.state_len::<C>());
            let states = state.block_mut(block).chunks_exact_mut(C::STATES * h).skip(rows.start);
            for (from, to) in self.ends.chunks_exact(state_len).zip(states) {
                for (from, to) in from.chunks_exact(shape.padded()).zip(to.chunks_exact_mut(h)) {
                    to.copy_from_slice(&from[..h]);
                }
            }
        });
    }
}

/// One layer in one direction, and the rows of the chunk that goes through it.
pub(super) struct Layer<'a> {
    pub(super) pass: Pass<'a>,
    pub(super) block: usize,
    pub(super) rows: &'a Rows,
}

impl Layer<'_> {
    /// From the input rows `x` to the memory and, where it is kept, the output `[rows, D * padded]`.
    #[inline(always)]
    pub(super) fn forward<S: Simd, C: Cell>(
        &self,
        s: S,
        x: tile::Rows<'_>,
        memory: &mut LayerMemory,
        output: &mut [f32],
        scratch: &mut [f32],
    ) {
        if self.rows.batch_size() == 1 {
            return self.forward_alone::<S, C>(s, x, memory, output, scratch);
        }
        self.forward_by::<C>(
            x,
            memory,
            output,
            #[inline(always)]
            |from, t, to| forward::step::<S, C>(s, from, self.rows.active(t), to.next, to.tape, scratch),
        );
    }

    /// The same, with every step shared out; false if the layer is none for the team.
    pub(super) fn forward_in_team<S: Simd, C: Cell>(
        &self,
        s: S,
        x: tile::Rows<'_>,
        memory: &mut LayerMemory,
        output: &mut [f32],
        team: &mut Team<'_>,
    ) -> bool {
        let Layer { pass, block, rows } = *self;
        let reverse = pass.network.layers[block].reverse;
        if !team.begin::<C>(pass.plan.shapes[block], rows.batch_size(), pass.keeps) {
            return false;
        }
        let mut of = 0..0;
        self.forward_by::<C>(x, memory, output, |from, t, to| {
            let at = rows.at(t);
            if !(of.start <= at.start && at.end <= of.end) {
                of = projected(rows, t, reverse);
                team.project::<S, C>(s, Forward { x: x.from(of.start), ..from }, of.len());
            }
            let from = Forward { order: Order::of_step(t), ..from };
            team.step::<S, C>(s, from, (at.start - of.start..at.end - of.start, of.len()), to);
        });
        true
    }

    /// What [`forward`](Self::forward) does, for a single sequence.
    #[inline(always)]
    fn forward_alone<S: Simd, C: Cell>(
        &self,
        s: S,
        x: tile::Rows<'_>,
        memory: &mut LayerMemory,
        output: &mut [f32],
        scratch: &mut [f32],
    ) {
        let Layer { pass, block, rows } = *self;
        let Pass { plan, panels, keeps, .. } = pass;
        let (shape, steps) = (plan.shapes[block], rows.seq_len());
        let (state_len, tape_len) = (shape.state_len::<C>(), shape.tape_len::<C>());
        let LayerMemory { states, tape, ends } = memory;
        states.resize(state_len * if keeps { steps + 1 } else { 2 });
        tape.resize(tape_len * if keeps { steps } else { usize::from(C::FROM_INNER > 0) });
        states[..state_len].copy_from_slice(&ends[..state_len]);
        let output = output.get_mut(self.direction() * shape.padded()..).unwrap_or_default();
        let left = Left { states, tape, output, stride: plan.width, keeps };
        self.sequence(&panels.layers[block].forward).forward::<S, C>(s, x, left, scratch);
        let last = if keeps { steps } else { steps % 2 };
        ends[..state_len].copy_from_slice(&states[last * state_len..][..state_len]);
    }

    /// The chunk's only sequence, on its way through the layer.
    #[inline(always)]
    fn sequence<'p>(&self, panels: &'p [f32]) -> Sequence<'p> {
        let shape = self.pass.plan.shapes[self.block];
        Sequence { shape, panels, steps: self.rows.seq_len(), reverse: self.direction() == 1 }
    }

    /// 0 for a layer that reads forward in time, 1 for one that reads back.
    #[inline(always)]
    fn direction(&self) -> usize {
        usize::from(self.pass.network.layers[self.block].reverse)
    }

    /// The time loop forward, with whatever makes the step of a timestep.
    #[inline(always)]
    fn forward_by<C: Cell>(
        &self,
        x: tile::Rows<'_>,
        memory: &mut LayerMemory,
        output: &mut [f32],
        mut step: impl FnMut(Forward<'_>, usize, team::Left<&mut [f32]>),
    ) {
        let Layer { pass, block, rows } = *self;
        let Pass { plan, panels, network, .. } = pass;
        let reverse = network.layers[block].reverse;
        let shape = plan.shapes[block];
        let (state_len, tape_len, padded) = (shape.state_len::<C>(), shape.tape_len::<C>(), shape.padded());
        let LayerMemory { states, tape, ends } = memory;
        // Without a way back, two timesteps' states take turns, and all steps share a tape.
        let slots = if pass.keeps { rows.num_slot_rows(reverse) } else { 2 * rows.batch_size() };
        let slot = |n: usize| {
            let row = if pass.keeps { rows.slot(n, reverse).start } else { n % 2 * rows.batch_size() };
            row * state_len
        };
        states.resize(slots * state_len);
        let needs_tape = pass.keeps || C::FROM_INNER > 0;
        let tape_rows = if pass.keeps { rows.num_rows() } else { rows.batch_size() };
        tape.resize(if needs_tape { tape_rows * tape_len } else { 0 });
        let panels = &panels.layers[block].forward;
        let mut present = 0;
        for n in 0..rows.seq_len() {
            let t = rows.timestep(n, reverse);
            let active = rows.active(t);
            if present < active {
                // These sequences begin here.
                states[slot(n) + present * state_len..slot(n) + active * state_len]
                    .copy_from_slice(&ends[present * state_len..active * state_len]);
            }
            present = active;
            let (before, after) = states.split_at_mut(slot(n).max(slot(n + 1)));
            let (prev, next) = if slot(n) < slot(n + 1) {
                (&before[slot(n)..], after)
            } else {
                (&*after, &mut before[slot(n + 1)..])
            };
            let tape = needs_tape.then(|| {
                let first = if pass.keeps { rows.at(t).start } else { 0 };
                &mut tape[first * tape_len..][..active * tape_len]
            });
            // Tiles ask ahead for what is read next, which serves many rows better than turns do.
            let (x, order) = (x.from(rows.at(t).start), Order::Forth);
            let from = Forward { shape, panels, x, prev, order };
            step(from, t, team::Left { next, tape });
            let next = &*next;
            // The sequences that end here.
            let going_on =
                if n + 1 < rows.seq_len() { rows.active(rows.timestep(n + 1, reverse)) } else { 0 };
            if going_on < active {
                ends[going_on * state_len..active * state_len]
                    .copy_from_slice(&next[going_on * state_len..active * state_len]);
            }
            if !output.is_empty() {
                for (row, next) in rows.at(t).zip(next.chunks_exact(state_len)) {
                    output[row * plan.width + self.direction() * padded..][..padded]
                        .copy_from_slice(&next[..padded]);
                }
            }
        }
    }

    /// Backpropagation through time, from the gradients of the outputs and of the final states, in
    /// [`LayerMemory::ends`], to d pre-activations on the tape and, where wanted, the gradients of
    /// the initial states. The `steps` are the last ones that are not done yet: of a single sequence, all.
    #[inline(always)]
    pub(super) fn backward<S: Simd, C: Cell>(
        &self,
        s: S,
        steps: Range<usize>,
        dh: Option<tile::Rows<'_>>,
        memory: &mut LayerMemory,
        wants_initial_state: bool,
        scratch: &mut [f32],
    ) {
        let Layer { pass: Pass { plan, panels, network, .. }, block, rows } = *self;
        let reverse = network.layers[block].reverse;
        let shape = plan.shapes[block];
        let (state_len, tape_len) = (shape.state_len::<C>(), shape.tape_len::<C>());
        let LayerMemory { states, tape, ends: carry } = memory;
        let panels = &panels.layers[block].backward;
        if rows.batch_size() == 1 {
            debug_assert_eq!(steps, 0..rows.seq_len(), "a single sequence goes back at once");
            self.sequence(panels).backward::<S, C>(s, states, dh, carry, tape, scratch);
            if wants_initial_state {
                let t = rows.timestep(0, reverse);
                let tape = &tape[t * tape_len..];
                backward::finish::<S, C>(s, shape, panels, 0..1, carry, tape, scratch);
            }
            return;
        }
        let mut followed =
            if steps.end < rows.seq_len() { rows.active(rows.timestep(steps.end, reverse)) } else { 0 };
        for n in steps.rev() {
            let t = rows.timestep(n, reverse);
            let (active, of_step) = (rows.active(t), rows.at(t));
            let of_step = of_step.start * tape_len..of_step.end * tape_len;
            // The step that followed lies behind this one in memory, or, in reverse, before it.
            let (tape, later) = if reverse {
                let (later, tape) = tape.split_at_mut(of_step.start);
                (&mut tape[..active * tape_len], &later[later.len() - followed * tape_len..])
            } else {
                let (tape, later) = tape.split_at_mut(of_step.end);
                (&mut tape[of_step], &later[..followed * tape_len])
            };
            let from = Backward {
                shape,
                panels,
                prev: &states[rows.slot(n, reverse).start * state_len..],
                next: &states[rows.slot(n + 1, reverse).start * state_len..],
                later,
                dh: dh.map(|dh| dh.from(rows.at(t).start)),
                order: Order::Forth,
            };
            backward::step::<S, C>(s, from, active, carry, tape, scratch);
            if wants_initial_state {
                // The sequences that began here.
                let begun = if n > 0 { rows.active(rows.timestep(n - 1, reverse)) } else { 0 };
                if begun < active {
                    backward::finish::<S, C>(s, shape, panels, begun..active, carry, tape, scratch);
                }
            }
            followed = active;
        }
    }
}
