//! Some sequences of a batch on their way through all layers, forward and back.
//!
//! A sequence needs nothing from another, so that chunks are independent: each goes its way on
//! whatever thread, without waiting for others between layers or timesteps.

use std::ops::Range;

use elman_core::cell::Cell;
use elman_core::simd::backward::{self, Backward, InputBackward};
use elman_core::simd::forward::{self, Forward};
use elman_core::simd::tile::{self, SCRATCH};
use elman_core::simd::{Level, Simd, dispatch};

use super::plan::{Panels, Plan};
use super::rows::Rows;
use crate::batch::Batch;
use crate::buffer::Buffer;
use crate::network::{Network, Readout, State, with_cell};

/// The memory of a chunk; sized by the first batch, then reused.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    pub(super) rows: Rows,
    /// The input, `[rows, I]`.
    pub(super) x: Buffer,
    /// By block.
    pub(super) layers: Vec<LayerMemory>,
    /// By layer: its output `[rows, D * padded]`, where something reads every timestep of it.
    pub(super) outputs: Vec<Buffer>,
    /// What the head reads of the final states, `[B, D * padded]`.
    pub(super) features: Buffer,
    /// The head's output, `[B or rows, O]`.
    pub(super) output: Vec<f32>,
    /// d loss / d output.
    pub(super) doutput: Vec<f32>,
    /// The gradients of a layer's output and input, on their way down.
    dhidden: Buffer,
    pub(super) dx: Buffer,
    dfeatures: Buffer,
    scratch: Buffer,
}

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

/// What all chunks of a pass share.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) level: Level,
    pub(super) network: &'a Network,
    pub(super) plan: &'a Plan,
    pub(super) panels: &'a Panels,
    pub(super) batch: &'a Batch<f32>,
    /// By layer but the last: the dropout mask of its output, `[rows of the batch, D * H]`, or
    /// nothing.
    pub(super) masks: &'a [Vec<f32>],
    /// Is a backward pass to follow?
    pub(super) keeps: bool,
}

/// What a backward pass was asked for beside the parameters' gradient.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) input: bool,
    pub(super) initial_state: bool,
}

impl Chunk {
    /// Takes up the chunk's sequences and their initial states.
    pub(super) fn begin(&mut self, pass: Pass<'_>, sequences: Range<usize>, state: &State<f32>) {
        let Pass { network, plan, batch, .. } = pass;
        self.rows.set(batch.packing(), sequences);
        self.scratch.resize(SCRATCH);
        self.layers.resize_with(plan.shapes.len(), LayerMemory::default);
        self.outputs.resize_with(network.config.num_layers, Buffer::default);
        for (block, memory) in self.layers.iter_mut().enumerate() {
            memory.set_ends(pass, &self.rows, state, block);
        }
    }

    /// The forward pass.
    pub(super) fn forward(&mut self, pass: Pass<'_>) {
        if self.rows.batch_size() > 0 {
            with_cell!(pass.network.config.cell, C => {
                dispatch!(pass.level, s => self.forward_layers::<_, C>(s, pass));
            });
        }
    }

    #[inline(always)]
    fn forward_layers<S: Simd, C: Cell>(&mut self, s: S, pass: Pass<'_>) {
        let Pass { network, plan, .. } = pass;
        let config = &network.config;
        self.copy_input(pass);
        for layer in 0..config.num_layers {
            let last = layer + 1 == config.num_layers;
            let (below, above) = self.outputs.split_at_mut(layer);
            let keeps_output = !last || config.readout == Readout::Every;
            above[0].resize(if keeps_output { self.rows.num_rows() * plan.width } else { 0 });
            for direction in 0..plan.num_directions {
                let block = layer * plan.num_directions + direction;
                let job = Layer { pass, block, reverse: network.layers[block].reverse, rows: &self.rows };
                let x = match below.last() {
                    None => tile::Rows { data: &self.x, stride: config.input_size },
                    Some(output) => tile::Rows { data: output, stride: plan.width },
                };
                let memory = &mut self.layers[block];
                job.forward::<S, C>(s, x, memory, &mut above[0], &mut self.scratch);
            }
            if !last && let Some(mask) = pass.masks.get(layer) {
                self.rows.drop_out(pass, mask, &mut above[0]);
            }
        }
        let outputs = match config.readout {
            Readout::Every => self.rows.num_rows(),
            Readout::Last => self.rows.batch_size(),
        };
        self.output.resize(outputs * config.output_size, 0.0);
        let data = match config.readout {
            Readout::Every => &*self.outputs[config.num_layers - 1],
            Readout::Last => {
                self.gather_final::<C>(plan);
                &*self.features
            }
        };
        let features = tile::Rows { data, stride: plan.width };
        plan.head.forward(s, &pass.panels.head, outputs, features, &mut self.output);
    }

    /// Copies the chunk's rows of the batch's input: side by side they are read faster, and more than
    /// once.
    fn copy_input(&mut self, pass: Pass<'_>) {
        let width = pass.batch.input_size();
        self.x.resize(self.rows.num_rows() * width);
        if self.rows.batch_size() == pass.batch.packing().batch_size() {
            return self.x.copy_from_slice(pass.batch.x());
        }
        for t in 0..self.rows.seq_len() {
            let (to, len) = (self.rows.at(t).start * width, self.rows.active(t) * width);
            let from = pass.batch.packing().row(t, self.rows.sequences.start) * width;
            self.x[to..][..len].copy_from_slice(&pass.batch.x()[from..][..len]);
        }
    }

    /// The final `h` of the last layer, its directions side by side: `[B, D * padded]`.
    fn gather_final<C: Cell>(&mut self, plan: &Plan) {
        let (batch_size, width) = (self.rows.batch_size(), plan.width);
        self.features.resize(batch_size * width);
        let last = self.layers.len() - plan.num_directions;
        let padded = width / plan.num_directions;
        for (direction, memory) in self.layers[last..].iter().enumerate() {
            for b in 0..batch_size {
                self.features[b * width + direction * padded..][..padded]
                    .copy_from_slice(&memory.ends[b * plan.shapes[last].state_len::<C>()..][..padded]);
            }
        }
    }

    /// The backward pass, from `doutput` down. `dfinal` gives d loss / d final states; without it,
    /// zeros are meant. [`LayerMemory::ends`] are left with the gradients of the initial states,
    /// if these are wanted.
    pub(super) fn backward(&mut self, pass: Pass<'_>, dfinal: Option<&State<f32>>, wanted: Wanted) {
        if self.rows.batch_size() > 0 {
            with_cell!(pass.network.config.cell, C => {
                dispatch!(pass.level, s => self.backward_layers::<_, C>(s, pass, dfinal, wanted));
            });
        }
    }

    #[inline(always)]
    fn backward_layers<S: Simd, C: Cell>(
        &mut self,
        s: S,
        pass: Pass<'_>,
        dfinal: Option<&State<f32>>,
        wanted: Wanted,
    ) {
        let Pass { network, plan, .. } = pass;
        let config = &network.config;
        for (block, memory) in self.layers.iter_mut().enumerate() {
            match dfinal {
                Some(dfinal) => memory.set_ends(pass, &self.rows, dfinal, block),
                None => memory.ends.fill(0.0),
            }
        }
        // The two change places from layer to layer: each may have to hold any layer's.
        let lanes = plan.shapes[0].lanes;
        let of_input = if wanted.input { config.input_size.next_multiple_of(lanes) } else { 0 };
        let of_layers = if config.num_layers > 1 { plan.width } else { 0 };
        for buffer in [&mut self.dhidden, &mut self.dx] {
            buffer.resize(self.rows.num_rows() * of_input.max(of_layers));
        }
        match config.readout {
            Readout::Every => {
                self.dhidden.resize(self.rows.num_rows() * plan.width);
                plan.head.backward(
                    s,
                    &pass.panels.head,
                    self.rows.num_rows(),
                    &self.doutput,
                    &mut self.dhidden,
                );
            }
            Readout::Last => {
                self.dfeatures.resize(self.rows.batch_size() * plan.width);
                plan.head.backward(
                    s,
                    &pass.panels.head,
                    self.rows.batch_size(),
                    &self.doutput,
                    &mut self.dfeatures,
                );
                self.scatter_final::<C>(plan);
            }
        }
        for layer in (0..config.num_layers).rev() {
            let last = layer + 1 == config.num_layers;
            let dhidden = (!last || config.readout == Readout::Every).then_some(&*self.dhidden);
            let wants_dx = layer > 0 || wanted.input;
            let blocks = layer * plan.num_directions..(layer + 1) * plan.num_directions;
            if wants_dx {
                let input = plan.shapes[blocks.start].input;
                let lanes = plan.shapes[blocks.start].lanes;
                self.dx.resize(self.rows.num_rows() * input.runs * input.depth.next_multiple_of(lanes));
                self.dx.fill(0.0);
            }
            for (direction, block) in blocks.enumerate() {
                let job = Layer { pass, block, reverse: network.layers[block].reverse, rows: &self.rows };
                let padded = plan.width / plan.num_directions;
                let dh =
                    dhidden.map(|data| tile::Rows { data: &data[direction * padded..], stride: plan.width });
                let memory = &mut self.layers[block];
                job.backward::<S, C>(s, dh, memory, wanted.initial_state, &mut self.scratch);
                if wants_dx {
                    let panels = &pass.panels.layers[block].input_backward;
                    let from = InputBackward { shape: plan.shapes[block], panels, tape: &memory.tape };
                    backward::input::<S, C>(s, from, self.rows.num_rows(), &mut self.dx, &mut self.scratch);
                }
            }
            if layer > 0 {
                if let Some(mask) = pass.masks.get(layer - 1) {
                    self.rows.drop_out(pass, mask, &mut self.dx);
                }
                std::mem::swap(&mut self.dhidden, &mut self.dx);
            }
        }
    }

    /// Adds the gradient of what [`gather_final`](Self::gather_final) read to that of the final states.
    fn scatter_final<C: Cell>(&mut self, plan: &Plan) {
        let padded = plan.width / plan.num_directions;
        let last = self.layers.len() - plan.num_directions;
        for (direction, memory) in self.layers[last..].iter_mut().enumerate() {
            for (b, dfeatures) in self.dfeatures.chunks_exact(plan.width).enumerate() {
                let dh = &mut memory.ends[b * plan.shapes[last].state_len::<C>()..][..padded];
                for (to, from) in dh.iter_mut().zip(&dfeatures[direction * padded..]) {
                    *to += from;
                }
            }
        }
    }
}

impl Chunk {
    /// Copies the outputs to their places in the batch's.
    pub(super) fn copy_output(&self, pass: Pass<'_>, output: &mut [f32]) {
        self.for_outputs(pass, |of_chunk, of_batch| output[of_batch].copy_from_slice(&self.output[of_chunk]));
    }

    /// Takes the chunk's part of the gradient of the batch's outputs.
    pub(super) fn take_doutput(&mut self, pass: Pass<'_>, doutput: &[f32]) {
        let mut own = std::mem::take(&mut self.doutput);
        own.resize(self.output.len(), 0.0);
        self.for_outputs(pass, |of_chunk, of_batch| own[of_chunk].copy_from_slice(&doutput[of_batch]));
        self.doutput = own;
    }

    /// Calls `f` with places in the chunk's and the batch's outputs that correspond.
    fn for_outputs(&self, pass: Pass<'_>, mut f: impl FnMut(Range<usize>, Range<usize>)) {
        let output_size = pass.network.config.output_size;
        let values = |rows: Range<usize>| rows.start * output_size..rows.end * output_size;
        match pass.network.config.readout {
            Readout::Last => f(values(0..self.rows.batch_size()), values(self.rows.sequences.clone())),
            Readout::Every => {
                for t in 0..self.rows.seq_len() {
                    let first = pass.batch.packing().row(t, self.rows.sequences.start);
                    f(values(self.rows.at(t)), values(first..first + self.rows.active(t)));
                }
            }
        }
    }

    /// Copies the ends of all layers to the chunk's part of a state.
    pub(super) fn copy_ends(&self, pass: Pass<'_>, state: &mut State<f32>) {
        for (block, memory) in self.layers.iter().enumerate() {
            memory.copy_ends(pass, &self.rows, state, block);
        }
    }

    /// Adds the gradient of the input to that of the batch, `[rows, I]`.
    pub(super) fn add_dx(&self, pass: Pass<'_>, dx: &mut [f32]) {
        let shape = pass.plan.shapes[0];
        let (width, padded) = (shape.input.depth, shape.input.depth.next_multiple_of(shape.lanes));
        for t in 0..self.rows.seq_len() {
            for (b, row) in self.rows.at(t).enumerate() {
                let of_batch = pass.batch.packing().row(t, self.rows.sequences.start + b);
                let to = &mut dx[of_batch * width..][..width];
                to.iter_mut().zip(&self.dx[row * padded..]).for_each(|(to, from)| *to += from);
            }
        }
    }
}

impl LayerMemory {
    /// Copies the chunk's part of a state `[B, STATES, H]` to the ends.
    fn set_ends(&mut self, pass: Pass<'_>, rows: &Rows, state: &State<f32>, block: usize) {
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
    fn copy_ends(&self, pass: Pass<'_>, rows: &Rows, state: &mut State<f32>, block: usize) {
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

impl Rows {
    /// Multiplies the chunk's rows `[rows, D * padded]` with their part of a dropout mask; an empty
    /// mask stands for ones.
    fn drop_out(&self, pass: Pass<'_>, mask: &[f32], values: &mut [f32]) {
        if mask.is_empty() {
            return;
        }
        let features = pass.plan.head.features;
        for t in 0..self.seq_len() {
            for (b, row) in self.at(t).enumerate() {
                let of_batch = pass.batch.packing().row(t, self.sequences.start + b);
                for run in 0..features.runs {
                    let mask = &mask[(of_batch * features.runs + run) * features.depth..][..features.depth];
                    let values = &mut values[row * pass.plan.width + run * features.stride..];
                    values.iter_mut().zip(mask).for_each(|(value, mask)| *value *= mask);
                }
            }
        }
    }
}

/// One layer in one direction, and the chunk that goes through it: the time loops.
struct Layer<'a> {
    pass: Pass<'a>,
    block: usize,
    reverse: bool,
    rows: &'a Rows,
}

impl Layer<'_> {
    /// From the input rows `x` to the memory and, where it is kept, the output `[rows, D * padded]`.
    #[inline(always)]
    fn forward<S: Simd, C: Cell>(
        &self,
        s: S,
        x: tile::Rows<'_>,
        memory: &mut LayerMemory,
        output: &mut [f32],
        scratch: &mut [f32],
    ) {
        let Layer { pass, block, reverse, rows } = *self;
        let Pass { plan, panels, .. } = pass;
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
            let from = Forward { shape, panels, x: x.from(rows.at(t).start), prev };
            forward::step::<S, C>(s, from, active, next, tape, scratch);
            // The sequences that end here.
            let going_on =
                if n + 1 < rows.seq_len() { rows.active(rows.timestep(n + 1, reverse)) } else { 0 };
            if going_on < active {
                ends[going_on * state_len..active * state_len]
                    .copy_from_slice(&next[going_on * state_len..active * state_len]);
            }
            if !output.is_empty() {
                let direction = usize::from(reverse);
                for (row, next) in rows.at(t).zip(next.chunks_exact(state_len)) {
                    output[row * plan.width + direction * padded..][..padded]
                        .copy_from_slice(&next[..padded]);
                }
            }
        }
    }

    /// Backpropagation through time, from the gradients of the outputs and of the final states, in
    /// [`LayerMemory::ends`], to d pre-activations on the tape and, where wanted, the gradients of
    /// the initial states.
    #[inline(always)]
    fn backward<S: Simd, C: Cell>(
        &self,
        s: S,
        dh: Option<tile::Rows<'_>>,
        memory: &mut LayerMemory,
        wants_initial_state: bool,
        scratch: &mut [f32],
    ) {
        let Layer { pass: Pass { plan, panels, .. }, block, reverse, rows } = *self;
        let shape = plan.shapes[block];
        let (state_len, tape_len) = (shape.state_len::<C>(), shape.tape_len::<C>());
        let LayerMemory { states, tape, ends: carry } = memory;
        let panels = &panels.layers[block].backward;
        let mut followed = 0;
        for n in (0..rows.seq_len()).rev() {
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
