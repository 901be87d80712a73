//! A network one step at a time: all blocks, without allocation, in the caller's memory.
//!
//! A step goes the way of a single sequence. Every sum is formed in the order of a batch's, so
//! that a stream gives the bits of a batch on the same instruction set.
//!
//! A network is a list of [`Stage`]s, which [`Stage::chain`] makes of its blocks; they are the caller's too, so
//! that a program without an allocator keeps them in an array.

use elman_kernels::dense;
use elman_kernels::panel::Order;
use elman_kernels::tile::{Columns, Matrix};
use elman_kernels::{InstructionSet, tile};

use super::activation;
use super::forward::Forward;
use super::kernels::Kernels;
use super::pack::pack_forward;
use super::shape::Shape;
use crate::block::{Activation, Block, Direction, Embedding, LayerNorm, Patch, Pooling, Skip};
use crate::step::Weights;

/// One block of a stream, and its place in the packed weights and the memory.
#[derive(Clone, Copy, Debug)]
pub struct Stage {
    work: Work,
    /// Values that enter and leave.
    input_size: usize,
    output_size: usize,
    /// Where its part of the packed weights starts, and how long that is.
    weights: (usize, usize),
    /// The same in the memory.
    memory: (usize, usize),
    /// Where the output starts in its part of the memory; of a recurrent block, in its states.
    output: usize,
}

/// What runs a block.
#[derive(Clone, Copy, Debug)]
enum Work {
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
}

/// The values in which a stage counts its rows: the bits of a `u64`.
const COUNT: usize = 2;

impl Stage {
    /// The stages of a network that reads `input_size` values per timestep. A dropout, which does nothing here, has
    /// none.
    ///
    /// # Panics
    /// While they are taken, if a block reads sequences from their ends.
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
                (Work::Recurrent(Recurrence { kernels, shape }), shape.forward_len(), 0, memory)
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
                let table = embedding.num_embeddings * embedding.embedding_dim;
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
    fn output_start(&self, memory: &[f32]) -> usize {
        match &self.work {
            Work::Recurrent(Recurrence { shape, .. }) => states_start(shape, memory),
            _ => self.output,
        }
    }
}

/// Where the states of a recurrent layer stand in its memory: they take turns between two places.
#[inline(always)]
fn states_start(shape: &Shape, memory: &[f32]) -> usize {
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

/// A network of these stages, cut for an instruction set. It owns nothing: packed weights and memory are slices of the
/// caller's, of [`weights_len`](Self::weights_len) and [`memory_len`](Self::memory_len). They may stand anywhere;
/// steps are fastest where they start at a multiple of 64 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Stream<'s> {
    set: InstructionSet,
    stages: &'s [Stage],
}

impl<'s> Stream<'s> {
    /// The network of these stages, at least one, made for the same instruction set.
    ///
    /// # Panics
    /// If there is none.
    pub fn new(set: InstructionSet, stages: &'s [Stage]) -> Self {
        assert!(!stages.is_empty(), "a network has blocks");
        Stream { set, stages }
    }

    /// Its stages.
    pub fn stages(&self) -> &'s [Stage] {
        self.stages
    }

    /// `I`
    pub fn input_size(&self) -> usize {
        self.stages[0].input_size
    }

    /// `O`
    pub fn output_size(&self) -> usize {
        self.last().output_size
    }

    #[inline(always)]
    fn last(&self) -> &'s Stage {
        &self.stages[self.stages.len() - 1]
    }

    /// The length of the packed weights.
    pub fn weights_len(&self) -> usize {
        let (start, len) = self.last().weights;
        start + len
    }

    /// The length of the memory: the states of all recurrent layers twice, before a step and after it, which take
    /// turns; the outputs of all other blocks; and how many rows each has seen. Zeros are the zero state.
    pub fn memory_len(&self) -> usize {
        let (start, len) = self.last().memory;
        start + len
    }

    /// Packs the weights of a recurrent stage into their place.
    ///
    /// # Panics
    /// If the stage is another, or a slice does not have its shape.
    pub fn pack_recurrent(&self, stage: usize, weights: Weights<'_, f32>, to: &mut [f32]) {
        let Work::Recurrent(Recurrence { shape, .. }) = self.stages[stage].work else {
            panic!("stage {stage} is not recurrent")
        };
        pack_forward(self.set, weights, shape, self.weights_of(stage, to));
    }

    /// Packs the parameters of any other stage into their place: its weights, then its biases, which may be none.
    ///
    /// # Panics
    /// If the stage is recurrent, or a slice does not have its shape.
    pub fn pack(&self, stage: usize, weight: &[f32], bias: &[f32], to: &mut [f32]) {
        let to = self.weights_of(stage, to);
        match &self.stages[stage].work {
            Work::Recurrent(_) => panic!("stage {stage} is recurrent"),
            Work::Dense { kernel, .. } => kernel.pack(weight, bias, to),
            _ => {
                let (weights, biases) = to.split_at_mut(weight.len());
                weights.copy_from_slice(weight);
                biases.copy_from_slice(bias);
            }
        }
    }

    fn weights_of<'w>(&self, stage: usize, weights: &'w mut [f32]) -> &'w mut [f32] {
        let (start, len) = self.stages[stage].weights;
        &mut weights[start..][..len]
    }

    /// The states `[STATES]` of a recurrent stage, each `[H]`, `h` first.
    ///
    /// # Panics
    /// If the stage is another, or `memory` is too short.
    pub fn states<'m>(
        &self,
        stage: usize,
        memory: &'m [f32],
    ) -> impl Iterator<Item = &'m [f32]> + use<'m, 's> {
        let (Some(Recurrence { shape, .. }), (start, len)) =
            (self.stages[stage].recurrence(), self.stages[stage].memory)
        else {
            panic!("stage {stage} is not recurrent")
        };
        let memory = &memory[start..][..len];
        let (h, states) = (shape.hidden_size, &memory[states_start(shape, memory)..]);
        states.chunks(shape.padded()).take(shape.facts().states).map(move |state| &state[..h])
    }

    /// Sets the states `[STATES, H]` of a recurrent stage.
    ///
    /// # Panics
    /// If the stage is another, or a slice does not have its shape.
    pub fn set_states(&self, stage: usize, states: &[f32], memory: &mut [f32]) {
        let (Some(Recurrence { shape, .. }), (start, len)) =
            (self.stages[stage].recurrence(), self.stages[stage].memory)
        else {
            panic!("stage {stage} is not recurrent")
        };
        assert_eq!(states.len(), shape.facts().states * shape.hidden_size, "values of the states");
        let memory = &mut memory[start..][..len];
        let at = states_start(shape, memory);
        let to = memory[at..].chunks_mut(shape.padded());
        for (to, from) in to.zip(states.chunks_exact(shape.hidden_size)) {
            to[..shape.hidden_size].copy_from_slice(from);
        }
    }

    /// One step: reads `x [I]`, goes from the state in `memory` to the next one, and overwrites `output [O]`. False,
    /// and `output` as it was, where a patch waits for more timesteps.
    ///
    /// # Panics
    /// If a slice does not have its length.
    #[inline]
    pub fn step(&self, weights: &[f32], memory: &mut [f32], x: &[f32], output: &mut [f32]) -> bool {
        self.step_by(weights, memory, x, output, |_, _, _| false)
    }

    /// The same, with recurrent steps made by whoever wants to: `recurrent` is given the stage's number, what the step
    /// reads and where its states go, and says whether it made the step, of which it must leave all units' states.
    ///
    /// # Panics
    /// As [`step`](Self::step).
    #[inline]
    pub fn step_by(
        &self,
        weights: &[f32],
        memory: &mut [f32],
        x: &[f32],
        output: &mut [f32],
        mut recurrent: impl FnMut(usize, &Forward<'_>, &mut [f32]) -> bool,
    ) -> bool {
        assert_eq!(weights.len(), self.weights_len(), "length of the packed weights");
        assert_eq!(memory.len(), self.memory_len(), "length of the memory");
        assert_eq!(x.len(), self.input_size(), "values of an input");
        assert_eq!(output.len(), self.output_size(), "values of an output");
        for (n, stage) in self.stages.iter().enumerate() {
            let (before, own) = memory.split_at_mut(stage.memory.0);
            let own = &mut own[..stage.memory.1];
            let input = match n.checked_sub(1) {
                None => x,
                Some(last) => {
                    let last = &self.stages[last];
                    let before = &before[last.memory.0..][..last.memory.1];
                    &before[last.output_start(before)..]
                }
            };
            let weights = &weights[stage.weights.0..][..stage.weights.1];
            let goes_on = match &stage.work {
                Work::Recurrent(recurrence) => {
                    recurrence.step(self.set, weights, own, input, |from, next| recurrent(n, from, next));
                    true
                }
                _ => stage.step(self.set, weights, own, input, x),
            };
            if !goes_on {
                return false;
            }
        }
        let (start, len) = self.last().memory;
        let memory = &memory[start..][..len];
        output.copy_from_slice(&memory[self.last().output_start(memory)..][..self.output_size()]);
        true
    }
}

impl Recurrence {
    #[inline(always)]
    fn step(
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
        count_row(memory);
    }
}

impl Stage {
    /// A step of a block that is not recurrent; `x` is the network's input. False if it has no output yet.
    fn step(
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
                kernel.forward(
                    set,
                    weights,
                    1,
                    tile::Matrix { data: features, stride: 0 },
                    &mut output[..width],
                );
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
