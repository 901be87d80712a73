//! Layers with zoneout: the kernels make one step after another, and between them units keep what they keep.
//!
//! A step is a layer's pass over a single timestep, so that the kernels know nothing of it.

use elman_core::engine::Kernels;
use elman_core::engine::layer::{LayerBackward, LayerForward};
use elman_core::engine::shape::Shape;
use elman_core::engine::timeline::Timeline;
use elman_core::engine::zoneout::{keep, keep_backward};
use elman_core::zoneout::Kept;
use elman_kernels::InstructionSet;

use super::pass::Pass;
use crate::batch::Packing;
use crate::buffer::Buffer;
use crate::network::Kind;

/// The zoneout of a layer in one direction, on a pass through a chunk.
#[derive(Clone, Copy)]
pub(super) struct Zoneout<'a> {
    shape: Shape,
    /// The mean of what is kept.
    shares: [f32; 2],
    /// What was drawn, `[rows of the batch, STATES, H]`, or nothing where the mean is meant.
    drawn: &'a [f32],
    /// The batch's rows, and which of its sequences is the chunk's first.
    rows: &'a Packing,
    first: usize,
}

/// What such a layer remembers beside what every layer does.
#[derive(Debug, Default)]
pub(super) struct ZoneoutMemory {
    /// `[rows, STATES, padded]`: what the cell made, before any of it was kept.
    made: Buffer,
    /// For one step: the states before and after it, `[2, B, STATES, padded]`.
    states: Buffer,
    /// For one step of one sequence: a gradient of the states, by row `[B, STATES, padded]`.
    dkept: Buffer,
}

impl<'a> Zoneout<'a> {
    /// That of a layer of a block for the chunk whose first sequence this is, if it has any.
    pub(super) fn of(pass: Pass<'a>, (block, direction): (usize, usize), first: usize) -> Option<Self> {
        let (placed, planned) = pass.block(block);
        let Kind::Recurrent(recurrent) = &placed.kind else { return None };
        let shares = recurrent.block.kept()?.map(|share| share as f32);
        let drawn = pass.masks[block].kept_of(direction, recurrent.layers.len());
        let (shape, rows) = (planned.shapes()[direction], pass.packing(placed.input_time));
        Some(Zoneout { shape, shares, drawn, rows, first })
    }

    /// What is kept at timestep `t` of the chunk's sequence `b`.
    fn kept(&self, t: usize, b: usize) -> Kept<'a, f32> {
        if self.drawn.is_empty() {
            return Kept::Share(self.shares);
        }
        let len = self.shape.facts().states * self.shape.hidden_size;
        Kept::Drawn(&self.drawn[self.rows.row(t, self.first + b) * len..][..len])
    }

    /// The forward pass of the layer.
    pub(super) fn forward(
        self,
        (set, kernels): (InstructionSet, &dyn Kernels),
        layer: LayerForward<'_>,
        memory: &mut ZoneoutMemory,
        scratch: &mut [f32],
    ) {
        let (timeline, keeps, state_len) = (layer.timeline, layer.keeps, self.shape.state_len());
        memory.made.resize(if keeps { timeline.num_rows() * state_len } else { 0 });
        memory.states.resize(2 * timeline.batch_size() * state_len);
        layer.run_by(|from, t, to| {
            let active = timeline.active(t);
            let (prev, next) = (&from.prev[..active * state_len], &mut to.next[..active * state_len]);
            next.copy_from_slice(prev);
            let (starts, slots) = single(active);
            let mut step = LayerForward {
                shape: self.shape,
                panels: from.panels,
                timeline: Timeline { starts: &starts, slots: &slots, reverse: false },
                x: from.x,
                keeps,
                states: &mut memory.states[..2 * active * state_len],
                tape: to.tape.unwrap_or_default(),
                ends: next,
                output: &mut [],
                output_stride: 0,
            };
            kernels.forward(set, &mut step, scratch);
            if keeps {
                memory.made[timeline.at(t).start * state_len..][..active * state_len].copy_from_slice(next);
            }
            let rows = prev.chunks_exact(state_len).zip(next.chunks_exact_mut(state_len));
            for (b, (prev, next)) in rows.enumerate() {
                keep(self.kept(t, b), &self.shape, prev, next);
            }
        });
    }

    /// The backward pass of the layer, or some steps of it.
    pub(super) fn backward(
        self,
        (set, kernels): (InstructionSet, &dyn Kernels),
        layer: LayerBackward<'_>,
        memory: &mut ZoneoutMemory,
        scratch: &mut [f32],
    ) {
        let LayerBackward { shape, timeline, dh, .. } = layer;
        let (state_len, tape_len, padded) = (shape.state_len(), shape.tape_len(), shape.padded());
        memory.dkept.resize(timeline.batch_size() * state_len);
        for n in layer.steps.rev() {
            let t = timeline.timestep(n);
            let (active, rows) = (timeline.active(t), timeline.at(t));
            let carry = &mut layer.carry[..active * state_len];
            let dkept = &mut memory.dkept[..active * state_len];
            for (b, (d, dkept)) in
                carry.chunks_exact_mut(state_len).zip(dkept.chunks_exact_mut(state_len)).enumerate()
            {
                if let Some(dh) = dh {
                    let dh = &dh.from(rows.start + b).data[..padded];
                    d.iter_mut().zip(dh).for_each(|(to, from)| *to += from);
                }
                keep_backward(self.kept(t, b), &shape, d, dkept);
            }
            let (prev, next) = memory.states[..2 * active * state_len].split_at_mut(active * state_len);
            prev.copy_from_slice(&layer.states[timeline.slot(n).start * state_len..][..active * state_len]);
            next.copy_from_slice(&memory.made[rows.start * state_len..][..active * state_len]);
            let (starts, slots) = single(active);
            let mut step = LayerBackward {
                timeline: Timeline { starts: &starts, slots: &slots, reverse: false },
                steps: 0..1,
                states: &memory.states[..2 * active * state_len],
                dh: None,
                carry: &mut *carry,
                tape: &mut layer.tape[rows.start * tape_len..rows.end * tape_len],
                // Of the states before the step all is wanted, for what is kept of it.
                wants_initial_state: true,
                ..layer
            };
            kernels.backward(set, &mut step, scratch);
            carry.iter_mut().zip(dkept).for_each(|(to, from)| *to += *from);
        }
    }
}

/// Where a single timestep of so many sequences has its rows and its states: see [`Timeline`].
const fn single(active: usize) -> ([usize; 2], [usize; 3]) {
    ([0, active], [0, active, 2 * active])
}
