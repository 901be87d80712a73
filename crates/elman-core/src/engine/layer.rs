//! The time loops: some sequences on their way through one layer in one direction, forward and backward (BPTT).

use core::ops::Range;

use elman_kernels::Isa;
use elman_kernels::panel::Order;
use elman_kernels::tile::Matrix;
use elman_kernels::tuning::one_by_one;

use super::backward::{self, Backward};
use super::forward::{self, Forward};
use super::row;
use super::sequences::{Sequences, SequencesOutput};
use super::shape::Shape;
use super::split::StepOutput;
use super::timeline::Timeline;
use crate::cell::Cell;

/// Do the rows of a step go through a layer one by one, by the functions of single rows, rather than together through tiles? No
/// bit depends on it.
#[inline(always)]
fn goes_one_by_one<S: Isa, C: Cell>(shape: Shape, timeline: Timeline<'_>) -> bool {
    let count = timeline.batch_size();
    let most =
        if row::are_compiled::<S, C>() { one_by_one(shape.lanes, shape.hidden_size, C::PRE) } else { 1 };
    // Of others has to be looked up which rows are whose.
    let are_equally_long = timeline.num_rows() == count * timeline.seq_len();
    count == 1 || (2..=most).contains(&count) && are_equally_long
}

/// What a layer's forward pass reads, and where it leaves what a backward pass needs.
#[derive(Debug)]
pub struct LayerForward<'a> {
    /// How the layer is cut.
    pub shape: Shape,
    /// Its panels of [`pack_forward`](super::pack::pack_forward).
    pub panels: &'a [f32],
    /// Which rows belong to which timestep.
    pub timeline: Timeline<'a>,
    /// The inputs, a row per timestep and sequence.
    pub x: Matrix<'a>,
    /// Is a backward pass to follow?
    pub keeps: bool,
    /// Of [`states_len`](Self::states_len); `[slot rows, STATES, padded]`, see [`Timeline::slot`], where a backward
    /// pass is to follow.
    pub states: &'a mut [f32],
    /// Of [`tape_len`](Self::tape_len).
    pub tape: &'a mut [f32],
    /// `[B, STATES, padded]`: the initial states, then the final ones.
    pub ends: &'a mut [f32],
    /// `h` by row, `padded` values from the start of each row on, or nothing where nobody reads it.
    pub output: &'a mut [f32],
    /// From one row of the output to the next one.
    pub output_stride: usize,
}

impl LayerForward<'_> {
    /// The length of the states' memory.
    #[inline]
    pub fn states_len(shape: Shape, timeline: Timeline<'_>, keeps: bool) -> usize {
        // Without a backward pass, two timesteps' states take turns.
        let rows = if keeps { timeline.num_slot_rows() } else { 2 * timeline.batch_size() };
        rows * shape.state_len()
    }

    /// The length of the tape. Without a backward pass all steps share one, which only a cell with an inner value
    /// needs.
    #[inline]
    pub fn tape_len(shape: Shape, timeline: Timeline<'_>, keeps: bool) -> usize {
        let rows = match keeps {
            true => timeline.num_rows(),
            false if shape.facts().from_inner > 0 => timeline.batch_size(),
            false => 0,
        };
        rows * shape.tape_len()
    }

    #[inline(always)]
    pub(super) fn run<S: Isa, C: Cell>(&mut self, s: S, scratch: &mut [f32]) {
        // Of its parts, which go into registers, and not a copy of the whole.
        let own = LayerForward {
            shape: self.shape.of_cell::<C>(),
            states: &mut *self.states,
            tape: &mut *self.tape,
            ends: &mut *self.ends,
            output: &mut *self.output,
            ..*self
        };
        let timeline = own.timeline;
        if goes_one_by_one::<S, C>(own.shape, timeline) {
            return own.run_one_by_one::<S, C>(s, scratch);
        }
        own.run_by(
            #[inline(always)]
            |from, t, to| forward::step::<S, C>(s, from, timeline.active(t), to.next, to.tape, scratch),
        );
    }

    /// A single sequence, or a few equally long ones, for whose steps less has to be looked up.
    #[inline(always)]
    fn run_one_by_one<S: Isa, C: Cell>(self, s: S, scratch: &mut [f32]) {
        let LayerForward { shape, panels, timeline, x, keeps, states, tape, ends, output, output_stride } =
            self;
        let (steps, count, reverse) = (timeline.seq_len(), timeline.batch_size(), timeline.reverse);
        let state_len = count * shape.state_len();
        states[..state_len].copy_from_slice(&ends[..state_len]);
        let to = SequencesOutput { states: &mut *states, tape, output, stride: output_stride, keeps };
        Sequences { shape, panels, steps, count, reverse }.forward::<S, C>(s, x, to, scratch);
        let last = if keeps { steps } else { steps % 2 };
        ends[..state_len].copy_from_slice(&states[last * state_len..][..state_len]);
    }

    /// The time loop, with whatever makes a step: it is given what it reads, the timestep, and where the states and the
    /// tape go.
    #[inline(always)]
    pub fn run_by(self, mut step: impl FnMut(Forward<'_>, usize, StepOutput<&mut [f32]>)) {
        let LayerForward { shape, panels, timeline, x, keeps, states, tape, ends, output, output_stride } =
            self;
        let (state_len, tape_len, padded) = (shape.state_len(), shape.tape_len(), shape.padded());
        let slot = |n: usize| {
            let row = if keeps { timeline.slot(n).start } else { n % 2 * timeline.batch_size() };
            row * state_len
        };
        let mut present = 0;
        for n in 0..timeline.seq_len() {
            let t = timeline.timestep(n);
            let active = timeline.active(t);
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
            let tape = (!tape.is_empty()).then(|| {
                let first = if keeps { timeline.at(t).start } else { 0 };
                &mut tape[first * tape_len..][..active * tape_len]
            });
            // Tiles ask ahead for what is read next, which serves many rows better than turns do.
            let (x, order) = (x.from(timeline.at(t).start), Order::Ascending);
            let from = Forward { shape, panels, x, prev, order };
            step(from, t, StepOutput { next, tape });
            let next = &*next;
            // The sequences that end here.
            let going_on =
                if n + 1 < timeline.seq_len() { timeline.active(timeline.timestep(n + 1)) } else { 0 };
            if going_on < active {
                ends[going_on * state_len..active * state_len]
                    .copy_from_slice(&next[going_on * state_len..active * state_len]);
            }
            if !output.is_empty() {
                for (row, next) in timeline.at(t).zip(next.chunks_exact(state_len)) {
                    output[row * output_stride..][..padded].copy_from_slice(&next[..padded]);
                }
            }
        }
    }
}

/// What a layer's backward pass reads and writes: backpropagation through time, from the gradients of the outputs and
/// of the final states to d pre-activations on the tape and, where they are wanted, the gradients of the initial states.
#[derive(Debug)]
pub struct LayerBackward<'a> {
    /// How the layer is cut.
    pub shape: Shape,
    /// Its panels of [`pack_backward`](super::pack::pack_backward).
    pub panels: &'a [f32],
    /// Its panels of [`pack_forward`](super::pack::pack_forward), of which the per-unit parameters are read.
    pub forward_panels: &'a [f32],
    /// Which rows belong to which timestep.
    pub timeline: Timeline<'a>,
    /// The steps to be done: the last ones that are not done yet.
    pub steps: Range<usize>,
    /// What the forward pass left.
    pub states: &'a [f32],
    /// d loss / d `h` by row; `None` where nothing reads the layer's output.
    pub dh: Option<Matrix<'a>>,
    /// `[B, STATES, padded]`: the gradient of the final states, then of the states as they stand, in the end of the
    /// initial ones.
    pub carry: &'a mut [f32],
    /// What the forward pass saved, then d pre-activations.
    pub tape: &'a mut [f32],
    /// Is the gradient of the initial states wanted?
    pub wants_initial_state: bool,
}

impl LayerBackward<'_> {
    #[inline(always)]
    pub(super) fn run<S: Isa, C: Cell>(&mut self, s: S, scratch: &mut [f32]) {
        let LayerBackward { panels, forward_panels, timeline, states, dh, wants_initial_state, .. } = *self;
        let (shape, steps) = (self.shape.of_cell::<C>(), self.steps.clone());
        let (carry, tape) = (&mut *self.carry, &mut *self.tape);
        let units = if C::UNIT == 0 { &[] } else { shape.unit_parameters(forward_panels) };
        if goes_one_by_one::<S, C>(shape, timeline) {
            let (count, reverse) = (timeline.batch_size(), timeline.reverse);
            let sequences = Sequences { shape, panels, steps: timeline.seq_len(), count, reverse };
            let is_first = steps.start == 0;
            sequences.backward::<S, C>(s, steps, (states, units, dh), carry, tape, scratch);
            if wants_initial_state && is_first {
                let tape = &tape[timeline.timestep(0) * count * shape.tape_len()..];
                backward::finish(s, (shape, panels), 0..count, carry, tape, scratch);
            }
            return;
        }
        let (state_len, tape_len, reverse) = (shape.state_len(), shape.tape_len(), timeline.reverse);
        let mut followed =
            if steps.end < timeline.seq_len() { timeline.active(timeline.timestep(steps.end)) } else { 0 };
        for n in steps.rev() {
            let t = timeline.timestep(n);
            let (active, of_step) = (timeline.active(t), timeline.at(t));
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
                units,
                prev: &states[timeline.slot(n).start * state_len..],
                next: &states[timeline.slot(n + 1).start * state_len..],
                later,
                dh: dh.map(|dh| dh.from(timeline.at(t).start)),
                order: Order::Ascending,
            };
            backward::step::<S, C>(s, from, active, carry, tape, scratch);
            if wants_initial_state {
                // The sequences that began here.
                let begun = if n > 0 { timeline.active(timeline.timestep(n - 1)) } else { 0 };
                if begun < active {
                    backward::finish(s, (shape, panels), begun..active, carry, tape, scratch);
                }
            }
            followed = active;
        }
    }
}
