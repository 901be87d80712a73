//! A network one step at a time: all layers and the head, without allocation, in the caller's memory.
//!
//! A step runs the kernels of the batch path with a single row. Every sum is the same chain in the
//! same order, so that a stream gives the bits of a batch on the same instruction set.

use core::marker::PhantomData;

use super::dense::Dense;
use super::forward::{self, Forward};
use super::panel::{Shape, pack_forward};
use super::tile::{Columns, Rows, SCRATCH_OF_ROW};
use super::vector::Vector;
use super::{Level, Simd, dispatch, lanes};
use crate::cell::Cell;
use crate::step::Weights;

/// The shape of a network of stacked layers, forward in time, with a linear head, cut for an
/// instruction set. It owns nothing: packed weights and memory are slices of the caller's, of
/// [`weights_len`](Self::weights_len) and [`memory_len`](Self::memory_len). They may stand anywhere;
/// steps are fastest where they start at a multiple of 64 bytes.
#[derive(Clone, Copy, Debug)]
pub struct Stream<C> {
    level: Level,
    first: Shape,
    others: Shape,
    num_layers: usize,
    head: Dense,
    weights_len: usize,
    cell: PhantomData<C>,
}

impl<C: Cell> Stream<C> {
    /// A network of `num_layers` layers of `hidden_size` units that reads `input_size` values and
    /// gives `output_size` values per step.
    ///
    /// # Panics
    /// If a size is 0.
    pub fn new(
        level: Level,
        input_size: usize,
        hidden_size: usize,
        num_layers: usize,
        output_size: usize,
    ) -> Self {
        let sizes = [input_size, hidden_size, num_layers, output_size];
        assert!(!sizes.contains(&0), "sizes of a network: {sizes:?}");
        let lanes = lanes(level);
        let padded = hidden_size.next_multiple_of(lanes);
        let below = Columns { runs: 1, depth: hidden_size, stride: padded };
        let first = Shape::new(Columns::dense(input_size), hidden_size, lanes);
        let others = Shape::new(below, hidden_size, lanes);
        let head = Dense { features: below, output_size };
        let layers = first.forward_len::<C>() + (num_layers - 1) * others.forward_len::<C>();
        let weights_len = layers + head.packed_len();
        Stream { level, first, others, num_layers, head, weights_len, cell: PhantomData }
    }

    fn shape(&self, layer: usize) -> Shape {
        if layer == 0 { self.first } else { self.others }
    }

    /// The length of the packed weights.
    pub fn weights_len(&self) -> usize {
        self.weights_len
    }

    /// The length of the memory: the states of all layers, and room for a step to work in. Zeros are
    /// the zero state.
    pub fn memory_len(&self) -> usize {
        (self.num_layers + 1) * self.first.state_len::<C>() + self.first.tape_len::<C>()
    }

    /// Packs the weights of a layer, counted from 0, into its place in the packed weights.
    ///
    /// # Panics
    /// If there is no such layer, or a slice does not have its shape.
    pub fn pack_layer(&self, layer: usize, weights: Weights<'_, f32>, to: &mut [f32]) {
        assert!(layer < self.num_layers, "layer {layer} of {}", self.num_layers);
        let start: usize = (0..layer).map(|below| self.shape(below).forward_len::<C>()).sum();
        let shape = self.shape(layer);
        pack_forward::<C>(weights, shape, &mut to[start..][..shape.forward_len::<C>()]);
    }

    /// Packs the head's `weight [O, H]` and `bias [O]` into their place in the packed weights.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    pub fn pack_head(&self, weight: &[f32], bias: &[f32], to: &mut [f32]) {
        let start = self.weights_len() - self.head.packed_len();
        self.head.pack(weight, bias, &mut to[start..]);
    }

    /// The states `[STATES]` of a layer, each `[H]`, `h` first.
    ///
    /// # Panics
    /// If there is no such layer, or `memory` is too short.
    pub fn states<'m>(&self, layer: usize, memory: &'m [f32]) -> impl Iterator<Item = &'m [f32]> {
        assert!(layer < self.num_layers, "layer {layer} of {}", self.num_layers);
        let (h, padded) = (self.first.hidden_size, self.first.padded());
        let states = &memory[layer * self.first.state_len::<C>()..];
        states.chunks(padded).take(C::STATES).map(move |state| &state[..h])
    }

    /// One step: reads `x [I]`, moves the states in `memory` on, and overwrites `output [O]`.
    ///
    /// # Panics
    /// If a slice does not have its length.
    pub fn step(&self, weights: &[f32], memory: &mut [f32], x: &[f32], output: &mut [f32]) {
        assert_eq!(x.len(), self.first.input.len(), "values of an input");
        assert_eq!(output.len(), self.head.output_size, "values of an output");
        assert_eq!(weights.len(), self.weights_len(), "length of the packed weights");
        assert_eq!(memory.len(), self.memory_len(), "length of the memory");
        dispatch!(self.level, s => self.step_on(s, weights, memory, x, output));
    }

    #[inline(always)]
    fn step_on<S: Simd>(&self, s: S, mut weights: &[f32], memory: &mut [f32], x: &[f32], output: &mut [f32]) {
        let mut scratch = [0.0; SCRATCH_OF_ROW];
        let state_len = self.first.state_len::<C>();
        let (states, work) = memory.split_at_mut(self.num_layers * state_len);
        let (next, tape) = work.split_at_mut(state_len);
        for layer in 0..self.num_layers {
            let shape = self.shape(layer);
            let (panels, rest) = weights.split_at(shape.forward_len::<C>());
            weights = rest;
            let (below, own) = states.split_at_mut(layer * state_len);
            let x = if layer == 0 { x } else { &below[(layer - 1) * state_len..] };
            let own = &mut own[..state_len];
            let from = Forward { shape, panels, x: Rows { data: x, stride: 0 }, prev: own };
            // Only a cell with an inner value needs the tape.
            let tape = (C::FROM_INNER > 0).then_some(&mut *tape);
            forward::step::<S, C>(s, from, 1, next, tape, &mut scratch);
            // In vectors, as they will be read: narrower stores could not be forwarded to wider loads.
            for at in (0..state_len).step_by(shape.lanes) {
                Vector::load(s, next, at).store(own, at);
            }
        }
        let last = Rows { data: &states[(self.num_layers - 1) * state_len..], stride: 0 };
        self.head.forward(s, weights, 1, last, output);
    }
}
