//! A network one step at a time: all blocks, without allocation, in the caller's memory.
//!
//! A step goes the way of a single sequence. Every sum is formed in the order of a batch's, so
//! that a stream gives the bits of a batch on the same instruction set.
//!
//! A network is a list of [`Stage`]s, which [`Stage::chain`] makes of its blocks; they are the caller's too, so
//! that a program without an allocator keeps them in an array.

use core::ops::Range;

use elman_kernels::InstructionSet;

use super::forward::Forward;
use super::pack::pack_forward;
use super::shape::Shape;
pub use super::stage::{Recurrence, Stage};
use super::stage::{Work, states_start};
use crate::step::Weights;

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
        let (shape, _) = self.recurrent(stage);
        pack_forward(self.set, weights, *shape, self.weights_of(stage, to));
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

    /// The shape of a recurrent stage, and where its memory stands.
    fn recurrent(&self, stage: usize) -> (&'s Shape, Range<usize>) {
        let stages = self.stages;
        let Some(Recurrence { shape, .. }) = stages[stage].recurrence() else {
            panic!("stage {stage} is not recurrent")
        };
        let (start, len) = stages[stage].memory;
        (shape, start..start + len)
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
        let (shape, own) = self.recurrent(stage);
        let memory = &memory[own];
        let (h, states) = (shape.hidden_size, &memory[states_start(shape, memory)..]);
        states.chunks(shape.padded()).take(shape.facts().states).map(move |state| &state[..h])
    }

    /// Sets the states `[STATES, H]` of a recurrent stage.
    ///
    /// # Panics
    /// If the stage is another, or a slice does not have its shape.
    pub fn set_states(&self, stage: usize, states: &[f32], memory: &mut [f32]) {
        let (shape, own) = self.recurrent(stage);
        assert_eq!(states.len(), shape.facts().states * shape.hidden_size, "values of the states");
        let memory = &mut memory[own];
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
