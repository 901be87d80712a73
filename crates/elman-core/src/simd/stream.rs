//! A network one step at a time: all layers and the head, without allocation, in the caller's memory.
//!
//! A step goes the way of a single sequence. Every sum is formed in the order of a batch's, so
//! that a stream gives the bits of a batch on the same instruction set. Steps of large layers can be shared
//! out among threads, which are the caller's: see [`Stream::step_share`].

use core::marker::PhantomData;

use super::dense::Dense;
use super::forward::{self, Forward};
use super::pack::pack_forward;
use super::panel::Order;
use super::row;
use super::shape::Shape;
use super::team::{self, Left, Share};
use super::tile::{Columns, Rows, SCRATCH_OF_ROW};
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
    memory_len: usize,
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
        let memory_len = 2 * num_layers * first.state_len::<C>() + first.tape_len::<C>() + 1;
        Stream { level, first, others, num_layers, head, weights_len, memory_len, cell: PhantomData }
    }

    /// `I`
    pub fn input_size(&self) -> usize {
        self.first.input.len()
    }

    /// The number of layers.
    pub fn num_layers(&self) -> usize {
        self.num_layers
    }

    /// `O`
    pub fn output_size(&self) -> usize {
        self.head.output_size
    }

    /// Where a layer's panels start in the packed weights.
    fn start_of(&self, layer: usize) -> usize {
        (0..layer).map(|below| self.shape(below).forward_len::<C>()).sum()
    }

    fn check(&self, weights: &[f32], memory: &[f32]) {
        assert_eq!(weights.len(), self.weights_len(), "length of the packed weights");
        assert_eq!(memory.len(), self.memory_len(), "length of the memory");
    }

    /// The length of the packed weights.
    pub fn weights_len(&self) -> usize {
        self.weights_len
    }

    /// The length of the memory: the states of all layers twice, before a step and after it, which take turns;
    /// room for a step to work in; and a last value that says whose turn it is, and so in which order the next
    /// step reads the weights. Zeros are the zero state.
    pub fn memory_len(&self) -> usize {
        self.memory_len
    }

    /// The order of the next step.
    #[inline(always)]
    fn order(&self, memory: &[f32]) -> Order {
        if memory[self.memory_len - 1] == 0.0 { Order::Forth } else { Order::Back }
    }

    /// Ends a step: its states are those before the next one, which reads the weights the other way.
    #[inline(always)]
    fn turn(&self, memory: &mut [f32]) {
        let last = f32::from(u8::from(self.order(memory) == Order::Forth));
        memory[self.memory_len - 1] = last;
    }

    /// Where the states before the next step start, and those after it.
    #[inline(always)]
    fn starts(&self, memory: &[f32]) -> (usize, usize) {
        let half = self.num_layers * self.first.state_len::<C>();
        if self.order(memory) == Order::Forth { (0, half) } else { (half, 0) }
    }

    /// Packs the weights of a layer, counted from 0, into its place in the packed weights.
    ///
    /// # Panics
    /// If there is no such layer, or a slice does not have its shape.
    pub fn pack_layer(&self, layer: usize, weights: Weights<'_, f32>, to: &mut [f32]) {
        let shape = self.shape(layer);
        let to = &mut to[self.start_of(layer)..][..shape.forward_len::<C>()];
        dispatch!(self.level, s => pack_forward::<_, C>(s, weights, shape, to));
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
        let states = &memory[self.starts(memory).0 + layer * self.first.state_len::<C>()..];
        states.chunks(padded).take(C::STATES).map(move |state| &state[..h])
    }

    /// One step: reads `x [I]`, goes from the states in `memory` to the next ones, and overwrites `output [O]`.
    ///
    /// # Panics
    /// If a slice does not have its length.
    pub fn step(&self, weights: &[f32], memory: &mut [f32], x: &[f32], output: &mut [f32]) {
        assert_eq!(x.len(), self.input_size(), "values of an input");
        assert_eq!(output.len(), self.output_size(), "values of an output");
        self.check(weights, memory);
        let order = self.order(memory);
        let state_len = self.first.state_len::<C>();
        let (states, work) = memory.split_at_mut(2 * self.num_layers * state_len);
        let (first, second) = states.split_at_mut(self.num_layers * state_len);
        let (before, after) = if order == Order::Forth { (&*first, second) } else { (&*second, first) };
        let mut rest = weights;
        for layer in 0..self.num_layers {
            let shape = self.shape(layer);
            let panels;
            (panels, rest) = rest.split_at(shape.forward_len::<C>());
            let (below, next) = after.split_at_mut(layer * state_len);
            let x = if layer == 0 { x } else { &below[(layer - 1) * state_len..] };
            let (x, prev) = (Rows { data: x, stride: 0 }, &before[layer * state_len..][..state_len]);
            let from = Forward { shape, panels, x, prev, order };
            let next = &mut next[..state_len];
            // Only a cell with an inner value needs the tape.
            let mut tape = (C::FROM_INNER > 0).then_some(&mut *work);
            // Each span by a call of its own: in one function, what each width of panels needs would be worked out
            // before the first span, which takes longer than a call.
            for span in shape.forward_cut::<C>().spans(order) {
                let tape = tape.as_deref_mut();
                dispatch!(self.level, s => row::forward::<_, C>(s, from, span, next, tape));
            }
            if C::FROM_INNER > 0 {
                let mut scratch = [0.0; SCRATCH_OF_ROW];
                dispatch!(self.level, s => {
                    forward::through_inner_value::<_, C>(s, from, 1, next, tape, &mut scratch);
                });
            }
        }
        self.head_output(rest, after, output);
        self.turn(memory);
    }

    /// The head's output for the last layer's state, out of the states of all layers.
    #[inline(always)]
    fn head_output(&self, weights: &[f32], states: &[f32], output: &mut [f32]) {
        let last = Rows { data: &states[(self.num_layers - 1) * self.first.state_len::<C>()..], stride: 0 };
        dispatch!(self.level, s => self.head.forward(s, weights, 1, last, output));
    }

    /// How a layer is cut.
    ///
    /// # Panics
    /// If there is no such layer.
    pub fn shape(&self, layer: usize) -> Shape {
        assert!(layer < self.num_layers, "layer {layer} of {}", self.num_layers);
        if layer == 0 { self.first } else { self.others }
    }

    /// The length of the memory that a part of a team works in: see [`step_share`](Self::step_share).
    pub fn share_len(&self) -> usize {
        C::PRE * self.first.padded() + self.first.state_len::<C>()
    }

    /// A share of a layer's step, which several threads can do at once; then [`hand_over`](Self::hand_over)
    /// collects the states, share by share, and after the last layer [`finish`](Self::finish) gives what
    /// [`step`](Self::step) would.
    ///
    /// # Panics
    /// If a slice does not have its length, there is no such layer, or [`Share::suits`] does not hold for
    /// the cell.
    pub fn step_share(
        &self,
        layer: usize,
        share: Share,
        weights: &[f32],
        memory: &[f32],
        x: &[f32],
        work: &mut [f32],
    ) {
        self.check(weights, memory);
        assert_eq!(x.len(), self.input_size(), "values of an input");
        assert_eq!(work.len(), self.share_len(), "length of a share's memory");
        let (shape, state_len) = (self.shape(layer), self.first.state_len::<C>());
        let panels = &weights[self.start_of(layer)..][..shape.forward_len::<C>()];
        let (before, after) = self.starts(memory);
        let x = if layer == 0 { x } else { &memory[after + (layer - 1) * state_len..] };
        let prev = &memory[before + layer * state_len..][..state_len];
        let x = Rows { data: x, stride: 0 };
        let part = team::Part { shape, panels, share };
        let (next, sums) = work.split_at_mut(state_len);
        let left = Left { next, tape: None };
        #[inline(always)]
        fn run<S: Simd, C: Cell>(
            s: S,
            part: team::Part<'_>,
            x: Rows<'_>,
            prev: &[f32],
            sums: &mut [f32],
            (left, order): (Left<&mut [f32]>, Order),
        ) {
            team::project::<S, C>(s, part, x, 1, sums);
            team::step::<S, C>(s, part, prev, (sums, 0..1, 1), left, order);
        }
        let left = (left, self.order(memory));
        dispatch!(self.level, s => run::<_, C>(s, part, x, prev, sums, left));
    }

    /// Collects the states of a share's units: from its memory to that of the stream.
    ///
    /// # Panics
    /// If a slice does not have its length, or there is no such layer.
    pub fn hand_over(&self, layer: usize, share: Share, work: &[f32], memory: &mut [f32]) {
        assert_eq!(work.len(), self.share_len(), "length of a share's memory");
        assert_eq!(memory.len(), self.memory_len(), "length of the memory");
        let (shape, state_len) = (self.shape(layer), self.first.state_len::<C>());
        let start = self.starts(memory).1 + layer * state_len;
        let from = Left { next: &work[..state_len], tape: None };
        let to = Left { next: &mut memory[start..][..state_len], tape: None };
        share.hand_over::<C>(shape, 1, from, to);
    }

    /// Ends a step of which all shares are handed over, and overwrites `output [O]`. Until then the
    /// [`states`](Self::states) are those before the step, so it has to be called once.
    ///
    /// # Panics
    /// If a slice does not have its length.
    pub fn finish(&self, weights: &[f32], memory: &mut [f32], output: &mut [f32]) {
        self.check(weights, memory);
        assert_eq!(output.len(), self.output_size(), "values of an output");
        let head = &weights[self.weights_len - self.head.packed_len()..];
        self.head_output(head, &memory[self.starts(memory).1..], output);
        self.turn(memory);
    }
}
