//! The memory of a chunk: some sequences of a batch, with all that their passes leave.

use std::ops::Range;

use elman_core::engine::shape::Shape;
use elman_kernels::tile::SCRATCH;

use super::packing::ChunkPacking;
use super::pass::Pass;
use super::plan::RowLayout;
use super::weight_gradient::GradientSums;
use super::zoneout::ZoneoutMemory;
use crate::buffer::Buffer;
use crate::network::{Kind, State};

/// The memory of a chunk; sized by the first batch, then reused.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    /// On each of the network's timelines.
    pub(super) times: Vec<ChunkPacking>,
    /// The input, in rows of [`Plan::input`](super::plan::Plan::input); empty where the batch's rows are just those.
    pub(super) x: Buffer,
    pub(super) blocks: Vec<BlockMemory>,
    /// The gradients of a block's output and input, on their way down.
    pub(super) dy: Buffer,
    pub(super) dx: Buffer,
    /// The gradient that skips hand to the network's input, `[rows, I]`.
    pub(super) dskip: Buffer,
    pub(super) scratch: Buffer,
    /// Rows side by side, for the plain code of blocks.
    pub(super) rows: [Vec<f32>; 2],
    /// The weight gradient over the chunk's rows, where chunks sum it up each for itself.
    pub(super) gradient: Option<GradientSums>,
}

/// What a block leaves.
#[derive(Debug, Default)]
pub(super) struct BlockMemory {
    /// Of a recurrent block, by direction.
    pub(super) layers: Vec<LayerMemory>,
    /// The output, where something reads it.
    pub(super) output: Buffer,
    /// d loss / d output, where the weight gradient needs it.
    pub(super) dy: Buffer,
    /// The gradient of a layer normalisation's parameters over the chunk's rows, `[2, W]`.
    pub(super) gradient: Vec<f32>,
}

/// What a recurrent layer's forward pass in one direction leaves for its backward pass.
#[derive(Debug, Default)]
pub(super) struct LayerMemory {
    /// `[slot rows, STATES, padded]`: see [`Timeline::slot`](elman_core::engine::timeline::Timeline::slot).
    pub(super) states: Buffer,
    /// `[rows, tape_len]`
    pub(super) tape: Buffer,
    /// `[B, STATES, padded]`: the initial states; then the final ones; in the backward pass, the
    /// gradient of the states as it stands.
    pub(super) ends: Buffer,
    /// Of a layer with zoneout.
    pub(super) zoneout: ZoneoutMemory,
}

impl LayerMemory {
    /// Copies a chunk's part of a state's block `[B, STATES, H]` to the ends.
    fn set_ends(&mut self, shape: &Shape, sequences: &Range<usize>, block: &[f32]) {
        self.ends.resize(sequences.len() * shape.state_len());
        self.ends.fill(0.0);
        for_ends(shape, sequences, |of_ends, of_block| {
            self.ends[of_ends].copy_from_slice(&block[of_block]);
        });
    }

    /// Copies the ends to the chunk's part of a state's block.
    fn copy_ends(&self, shape: &Shape, sequences: &Range<usize>, block: &mut [f32]) {
        for_ends(shape, sequences, |of_ends, of_block| {
            block[of_block].copy_from_slice(&self.ends[of_ends]);
        });
    }
}

/// Calls `f` with the places of each state of each sequence, in the ends and in a block of a state. Places are counted
/// rather than cut: a division for each would take longer than to copy the states of a few units.
fn for_ends(shape: &Shape, sequences: &Range<usize>, mut f: impl FnMut(Range<usize>, Range<usize>)) {
    let (h, states) = (shape.hidden_size, shape.facts().states);
    for (n, sequence) in sequences.clone().enumerate() {
        for state in 0..states {
            let (of_ends, of_block) =
                (n * shape.state_len() + state * shape.padded(), (sequence * states + state) * h);
            f(of_ends..of_ends + h, of_block..of_block + h);
        }
    }
}

impl Chunk {
    /// Takes up the chunk's sequences and their initial states.
    pub(super) fn begin(&mut self, pass: Pass<'_>, sequences: Range<usize>, state: &State<f32>) {
        self.times.resize_with(pass.network.timelines().len() + 1, ChunkPacking::default);
        for (n, time) in self.times.iter_mut().enumerate() {
            time.set(pass.packing(n), sequences.clone(), pass.plan.reads_back);
        }
        self.scratch.resize(SCRATCH);
        self.blocks.resize_with(pass.plan.blocks.len(), BlockMemory::default);
        for (n, memory) in self.blocks.iter_mut().enumerate() {
            memory.layers.resize_with(pass.plan.blocks[n].shapes().len(), LayerMemory::default);
        }
        self.set_ends(pass, state);
    }

    /// The sequences, in the batch's own order.
    pub(super) fn sequences(&self) -> &Range<usize> {
        &self.times[0].sequences
    }

    /// Copies the chunk's part of a state to the ends of all layers.
    pub(super) fn set_ends(&mut self, pass: Pass<'_>, state: &State<f32>) {
        let sequences = self.sequences().clone();
        for_layers(pass, |block, direction, shape, of_state| {
            self.blocks[block].layers[direction].set_ends(shape, &sequences, state.block(of_state));
        });
    }

    /// Copies the ends of all layers, final states or gradients of initial ones, to their places in a state.
    pub(super) fn copy_ends(&self, pass: Pass<'_>, state: &mut State<f32>) {
        for_layers(pass, |block, direction, shape, of_state| {
            let memory = &self.blocks[block].layers[direction];
            memory.copy_ends(shape, self.sequences(), state.block_mut(of_state));
        });
    }

    /// Copies the chunk's rows of the batch's input, or of the sequences: side by side they are read faster, and more than
    /// once. Where they lie so already nothing is copied, unless vectors are to start at cache lines.
    pub(super) fn copy_input(&mut self, pass: Pass<'_>) {
        let (layout, width, rows) = (pass.plan.input, pass.batch.input_size(), &self.times[0]);
        if let Some(sequences) = pass.sequences {
            self.x.resize(rows.num_rows() * layout.len);
            if layout.len > width {
                self.x.fill(0.0);
            }
            let order = &pass.batch.packing().order()[rows.sequences.clone()];
            for (t, b, row) in rows.rows() {
                self.x[row * layout.len..][..width]
                    .copy_from_slice(&sequences[order[b]][t * width..][..width]);
            }
            return;
        }
        let x = pass.batch.x();
        let are_all = layout.len == width && rows.batch_size() == pass.batch.packing().batch_size();
        if are_all && !pass.plan.reads_vectors {
            return self.x.resize(0);
        }
        self.x.resize(rows.num_rows() * layout.len);
        if are_all {
            return self.x.copy_from_slice(x);
        }
        if layout.len > width {
            self.x.fill(0.0);
        }
        for t in 0..rows.seq_len() {
            let from = &x[pass.batch.packing().row(t, rows.sequences.start) * width..];
            if layout.len == width {
                let to = rows.at(t).start * width;
                self.x[to..][..rows.active(t) * width].copy_from_slice(&from[..rows.active(t) * width]);
                continue;
            }
            for (row, from) in rows.at(t).zip(from.chunks_exact(width)) {
                self.x[row * layout.len..][..width].copy_from_slice(from);
            }
        }
    }

    /// Copies the outputs to their places in the batch's.
    pub(super) fn copy_output(&self, pass: Pass<'_>, output: &mut [f32]) {
        let own = rows_after(pass, &self.x, &self.blocks);
        if self.is_whole_output(pass) {
            return output.copy_from_slice(own);
        }
        self.for_outputs(pass, |layout, row, of_batch| {
            layout.read(&own[row * layout.len..][..layout.len], &mut output[of_batch]);
        });
    }

    /// Takes the chunk's part of the gradient of the batch's outputs.
    pub(super) fn take_doutput(&mut self, pass: Pass<'_>, doutput: &[f32]) {
        let mut own = std::mem::take(&mut self.dy);
        let last = pass.plan.blocks.len() - 1;
        let time = &self.times[pass.plan.blocks[last].output_time];
        own.resize(time.num_rows() * pass.plan.blocks[last].output_gradient.len);
        if self.is_whole_output(pass) {
            own.copy_from_slice(doutput);
        } else {
            self.for_outputs(pass, |layout, row, of_batch| {
                layout.write(&doutput[of_batch], &mut own[row * layout.len..][..layout.len]);
            });
        }
        self.dy = own;
    }

    /// Are the chunk's outputs all of the batch's, and lie as those do?
    fn is_whole_output(&self, pass: Pass<'_>) -> bool {
        let is_all = self.times[0].batch_size() == pass.batch.packing().batch_size();
        is_all && pass.plan.blocks.last().is_some_and(|last| last.output.len == last.output.width())
    }

    /// Calls `f` with the layout of an output row, its number in the chunk, and its values' place in the batch's
    /// outputs.
    fn for_outputs(&self, pass: Pass<'_>, mut f: impl FnMut(RowLayout, usize, Range<usize>)) {
        let Some(last) = pass.plan.blocks.last() else { return };
        let (own, packing) = (&self.times[last.output_time], pass.packing(last.output_time));
        let width = last.output.width();
        for (t, b, row) in own.rows() {
            let of_batch = packing.row(t, own.sequences.start + b) * width;
            f(last.output, row, of_batch..of_batch + width);
        }
    }

    /// Adds the gradient of the input to that of the batch, `[rows, I]`.
    pub(super) fn add_dx(&self, pass: Pass<'_>, dx: &mut [f32]) {
        let (layout, width) = (pass.plan.blocks[0].input_gradient, pass.batch.input_size());
        let own = &self.times[0];
        for (t, b, row) in own.rows() {
            let of_batch = pass.batch.packing().row(t, own.sequences.start + b);
            let to = &mut dx[of_batch * width..][..width];
            to.iter_mut().zip(&self.dy[row * layout.len..]).for_each(|(to, from)| *to += from);
            if pass.plan.skips {
                to.iter_mut().zip(&self.dskip[row * width..]).for_each(|(to, from)| *to += from);
            }
        }
    }
}

/// The rows that come out of the last of some blocks: of a dropout that does nothing, what entered it; of no blocks,
/// the input.
pub(super) fn rows_after<'a>(pass: Pass<'a>, x: &'a Buffer, blocks: &'a [BlockMemory]) -> &'a [f32] {
    let passes = |n: usize| {
        matches!(pass.network.blocks()[n].kind, Kind::Dropout(_)) && pass.masks[n].dropout.is_empty()
    };
    match (0..blocks.len()).rev().find(|&n| !passes(n)) {
        Some(n) => &blocks[n].output,
        None => input_rows(pass, x),
    }
}

/// The input's rows: a chunk's own, or the batch's where it has none.
pub(super) fn input_rows<'a>(pass: Pass<'a>, own: &'a Buffer) -> &'a [f32] {
    if own.is_empty() { pass.batch.x() } else { own }
}

/// Calls `f` with each recurrent layer's block, direction, shape and block of the state.
fn for_layers(pass: Pass<'_>, mut f: impl FnMut(usize, usize, &Shape, usize)) {
    for (block, placed) in pass.network.blocks().iter().enumerate() {
        if let Kind::Recurrent(recurrent) = &placed.kind {
            for (direction, shape) in pass.plan.blocks[block].shapes().iter().enumerate() {
                f(block, direction, shape, recurrent.first_state + direction);
            }
        }
    }
}
