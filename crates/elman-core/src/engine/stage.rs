//! One block of a stream: what runs it, and its place in the packed weights and the memory.

use elman_kernels::InstructionSet;
use elman_kernels::dense;
use elman_kernels::panel::Order;
use elman_kernels::tile::{Columns, Matrix};

use super::activation;
use super::forward::Forward;
use super::kernels::Kernels;
use super::shape::Shape;
use super::zoneout;
use crate::block::{Activation, Block, Direction, Embedding, LayerNorm, Patch, Pooling, Skip};
use crate::zoneout::Kept;

/// One block of a stream, and its place in the packed weights and the memory.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    pub(super) work: Work,
    /// Values that enter and leave.
    pub(super) input_size: usize,
    pub(super) output_size: usize,
    /// Where its part of the packed weights starts, and how long that is.
    pub(super) weights: (usize, usize),
    /// The same in the memory.
    pub(super) memory: (usize, usize),
    /// Where the output starts in its part of the memory; of a recurrent block, in its states.
    output: usize,
}

/// What runs a block.
#[derive(Clone, Copy, Debug)]
pub(super) enum Work {
    Recurrent(Recurrence),
    Dense { kernel: dense::Dense, activation: Activation },
    Embedding(Embedding),
    LayerNorm(LayerNorm),
    Skip(Skip),
    Pooling(Pooling),
    Patch(Patch),
}

/// A recurrent layer of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Recurrence {
    /// The cell's part of the engine.
    pub kernels: &'static dyn Kernels,
    /// How the layer is cut.
    pub shape: Shape,
    /// Of a layer with zoneout, how much of the states before a step is kept: see [`zoneout`](crate::zoneout).
    pub kept: Option<Kept<'static, f32>>,
}

/// The values in which a stage counts its rows: the bits of a `u64`.
const COUNT: usize = 2;

impl Stage {
    /// The stages of a network that reads `input_size` values per timestep. A dropout, which does nothing here, has
    /// none.
    ///
    /// # Panics
    /// While they are taken, if a block reads sequences from their ends. The blocks are those of a network that makes
    /// sense: sizes are above 0, a skip is no wider than the input and its row; else a step panics.
    pub fn chain(
        set: InstructionSet,
        input_size: usize,
        blocks: impl Iterator<Item = Block>,
    ) -> impl Iterator<Item = Stage> {
        let lanes = set.lanes();
        let mut before: Option<Stage> = None;
        blocks.filter(|block| !matches!(block, Block::Dropout(_))).map(move |block| {
            let stage = Stage::after(before, input_size, block, lanes);
            before = Some(stage);
            stage
        })
    }

    fn after(before: Option<Stage>, network_input: usize, block: Block, lanes: usize) -> Self {
        let input_size = before.map_or(network_input, |before| before.output_size);
        let output_size = block.output_size(input_size);
        // What comes out of a block is followed by zeros, or what meets zeros, up to whole vectors; the network's input
        // is not.
        let padded = input_size.next_multiple_of(lanes);
        let columns = match before {
            None => Columns::dense(input_size),
            Some(_) => Columns { runs: 1, depth: input_size, stride: padded },
        };
        let row = output_size.next_multiple_of(lanes);
        let (work, weights, output, memory) = match block {
            Block::Recurrent(recurrent) => {
                assert!(recurrent.direction == Direction::Forward, "a stream has no end to read from");
                let kernels = recurrent.cell.kernels();
                let shape = Shape::new(kernels.facts(), columns, recurrent.hidden_size, lanes);
                let tape = if shape.facts().from_inner > 0 { shape.tape_len() } else { 0 };
                let memory = 2 * shape.state_len() + tape + COUNT;
                let kept = recurrent.kept().map(|shares| Kept::Share(shares.map(|share| share as f32)));
                (Work::Recurrent(Recurrence { kernels, shape, kept }), shape.forward_len(), 0, memory)
            }
            Block::Dense(dense) => {
                let features = Columns { runs: 1, depth: input_size, stride: padded };
                // What is behind the outputs stays as it is.
                let kernel = dense::Dense { features, output_size, output_stride: output_size };
                // A copy of the network's input, with zeros behind it.
                let copy = if before.is_none() { padded } else { 0 };
                let work = Work::Dense { kernel, activation: dense.activation };
                (work, kernel.packed_len(), copy, copy + row)
            }
            Block::Embedding(embedding) => {
                let learned = if embedding.one_hot { 0 } else { embedding.num_embeddings };
                let table = learned * embedding.embedding_dim;
                (Work::Embedding(embedding), table, 0, row)
            }
            Block::LayerNorm(norm) => (Work::LayerNorm(norm), 2 * input_size, 0, row),
            Block::Skip(skip) => (Work::Skip(skip), 0, 0, row),
            Block::Pooling(pooling) => (Work::Pooling(pooling), 0, row, 2 * row + COUNT),
            Block::Patch(patch) => (Work::Patch(patch), 0, 0, row + COUNT),
            Block::Dropout(_) => unreachable!("a dropout has no stage"),
        };
        let behind = |(start, len): (usize, usize)| (start + len).next_multiple_of(16);
        Stage {
            work,
            input_size,
            output_size,
            weights: (before.map_or(0, |before| behind(before.weights)), weights),
            memory: (before.map_or(0, |before| behind(before.memory)), memory),
            output,
        }
    }

    /// The recurrent layer, of a recurrent block.
    pub fn recurrence(&self) -> Option<&Recurrence> {
        if let Work::Recurrent(recurrence) = &self.work { Some(recurrence) } else { None }
    }

    /// Where the output stands in the stage's memory, after as many rows as have been counted.
    #[inline(always)]
    pub(super) fn output_start(&self, memory: &[f32]) -> usize {
        match &self.work {
            Work::Recurrent(Recurrence { shape, .. }) => states_start(shape, memory),
            _ => self.output,
        }
    }
}

/// Where the states of a recurrent layer stand in its memory: they take turns between two places.
#[inline(always)]
pub(super) fn states_start(shape: &Shape, memory: &[f32]) -> usize {
    if count(memory).is_multiple_of(2) { 0 } else { shape.state_len() }
}

/// The rows that a stage has counted.
#[inline(always)]
fn count(memory: &[f32]) -> u64 {
    let [.., low, high] = memory else { return 0 };
    u64::from(high.to_bits()) << 32 | u64::from(low.to_bits())
}

/// Counts one more.
#[inline(always)]
fn count_row(memory: &mut [f32]) {
    let next = count(memory).wrapping_add(1);
    if let [.., low, high] = memory {
        (*low, *high) = (f32::from_bits(next as u32), f32::from_bits((next >> 32) as u32));
    }
}

impl Recurrence {
    /// A step, made by `by` if that wants to.
    #[inline(always)]
    pub(super) fn step(
        &self,
        set: InstructionSet,
        panels: &[f32],
        memory: &mut [f32],
        input: &[f32],
        by: impl FnOnce(&Forward<'_>, &mut [f32]) -> bool,
    ) {
        let shape = &self.shape;
        let is_even = count(memory).is_multiple_of(2);
        let (states, rest) = memory.split_at_mut(2 * shape.state_len());
        let (first, second) = states.split_at_mut(shape.state_len());
        let (prev, next) = if is_even { (&*first, second) } else { (&*second, first) };
        let x = Matrix { data: input, stride: 0 };
        let order = if is_even { Order::Ascending } else { Order::Descending };
        let from = Forward { shape: *shape, panels, x, prev, order };
        if !by(&from, next) {
            // Only a cell with an inner value needs the tape.
            let tape = (shape.facts().from_inner > 0).then_some(rest);
            self.kernels.step(set, &from, next, tape);
        }
        if let Some(kept) = self.kept {
            zoneout::keep(kept, shape, prev, next);
        }
        count_row(memory);
    }
}

impl Stage {
    /// A step of a block that is not recurrent; `x` is the network's input. False if it has no output yet.
    pub(super) fn step(
        &self,
        set: InstructionSet,
        weights: &[f32],
        memory: &mut [f32],
        input: &[f32],
        x: &[f32],
    ) -> bool {
        let (width, values) = (self.output_size, &input[..self.input_size]);
        match &self.work {
            Work::Recurrent(_) => unreachable!("it has a step of its own"),
            Work::Dense { kernel, activation } => {
                let (copy, output) = memory.split_at_mut(self.output);
                let features = if copy.is_empty() {
                    input
                } else {
                    copy[..self.input_size].copy_from_slice(values);
                    &*copy
                };
                kernel.forward(set, weights, 1, Matrix { data: features, stride: 0 }, &mut output[..width]);
                if *activation != Activation::Identity {
                    activation::apply(set, *activation, width, output.len(), output);
                }
            }
            Work::Embedding(embedding) => embedding.forward(weights, values, &mut memory[..width]),
            Work::LayerNorm(norm) => {
                let (weight, bias) = weights.split_at(width);
                norm.forward(weight, bias, values, &mut memory[..width]);
            }
            Work::Skip(skip) => {
                memory[..width].copy_from_slice(values);
                skip.add(x, &mut memory[..width]);
            }
            Work::Pooling(pooling) => {
                let seen = count(memory);
                let (pool, output) = memory.split_at_mut(self.output);
                let pool = &mut pool[..width];
                // A pooling asks for the first timestep, and for their number.
                pooling.add(usize::try_from(seen).unwrap_or(usize::MAX), values, pool);
                pooling.finish(usize::try_from(seen + 1).unwrap_or(usize::MAX), pool, &mut output[..width]);
                count_row(memory);
            }
            Work::Patch(patch) => {
                let t = (count(memory) % patch.len as u64) as usize;
                patch.forward(t, values, &mut memory[..width]);
                count_row(memory);
                return t + 1 == patch.len;
            }
        }
        true
    }
}
