//! Some sequences of a batch on their way through all layers, forward and back.
//!
//! A sequence needs nothing from another, so that chunks are independent: each goes its way on
//! whatever thread, without waiting for others between layers or timesteps. Only where a batch is a single
//! chunk may threads share its steps: see [`team`](super::team).

use std::ops::Range;

use elman_core::cell::Cell;
use elman_core::simd::backward::{self, InputBackward};
use elman_core::simd::tile::{self, SCRATCH};
use elman_core::simd::{Simd, dispatch};

use super::gradient::{self, Part};
use super::layer::{Layer, LayerMemory};
use super::operand::{Matrix, Operand};
use super::pass::Pass;
use super::plan::Plan;
use super::rows::Rows;
use super::team::Team;
use crate::buffer::Buffer;
use crate::network::{Readout, State, with_cell};

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
    /// The weights' gradient over the chunk's rows, where chunks sum it up each for itself.
    pub(super) gradient: Option<Part>,
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
        self.rows.set(batch.packing(), sequences, plan.num_directions);
        self.scratch.resize(SCRATCH);
        self.layers.resize_with(plan.shapes.len(), LayerMemory::default);
        self.outputs.resize_with(network.config.num_layers, Buffer::default);
        for (block, memory) in self.layers.iter_mut().enumerate() {
            memory.set_ends(pass, &self.rows, state, block);
        }
    }

    /// The forward pass; of a batch's only chunk, with the help of a team.
    pub(super) fn forward(&mut self, pass: Pass<'_>, mut team: Option<Team<'_>>) {
        if self.rows.batch_size() > 0 {
            with_cell!(pass.network.config.cell, C => {
                dispatch!(pass.level, s => self.forward_layers::<_, C>(s, pass, team.as_mut()));
            });
        }
    }

    #[inline(always)]
    fn forward_layers<S: Simd, C: Cell>(&mut self, s: S, pass: Pass<'_>, mut team: Option<&mut Team<'_>>) {
        let plan = pass.plan;
        let config = &pass.network.config;
        self.copy_input(pass);
        for layer in 0..config.num_layers {
            let last = layer + 1 == config.num_layers;
            let (below, above) = self.outputs.split_at_mut(layer);
            let keeps_output = !last || config.readout == Readout::Every;
            above[0].resize(if keeps_output { self.rows.num_rows() * plan.width } else { 0 });
            for direction in 0..plan.num_directions {
                let block = layer * plan.num_directions + direction;
                let job = Layer { pass, block, rows: &self.rows };
                let x = match below.last() {
                    None => tile::Rows { data: &self.x, stride: config.input_size },
                    Some(output) => tile::Rows { data: output, stride: plan.width },
                };
                let (memory, output) = (&mut self.layers[block], &mut *above[0]);
                let shared =
                    team.as_mut().is_some_and(|team| job.forward_in_team::<S, C>(s, x, memory, output, team));
                if !shared {
                    job.forward::<S, C>(s, x, memory, output, &mut self.scratch);
                }
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
    /// if these are wanted. With panels, the weights' gradient over the chunk's rows is summed up on
    /// the way.
    pub(super) fn backward(
        &mut self,
        pass: Pass<'_>,
        dfinal: Option<&State<f32>>,
        wanted: Wanted,
        panels: Option<&gradient::Panels>,
    ) {
        let mut part = panels.map(|panels| self.gradient.take().unwrap_or_else(|| panels.whole()));
        part.iter_mut().for_each(Part::clear);
        if self.rows.batch_size() > 0 {
            with_cell!(pass.network.config.cell, C => {
                dispatch!(pass.level, s => self.backward_layers::<_, C>(s, pass, dfinal, wanted, part.as_mut()));
            });
        }
        self.gradient = part.or(self.gradient.take());
    }

    #[inline(always)]
    fn backward_layers<S: Simd, C: Cell>(
        &mut self,
        s: S,
        pass: Pass<'_>,
        dfinal: Option<&State<f32>>,
        wanted: Wanted,
        mut part: Option<&mut Part>,
    ) {
        let plan = pass.plan;
        let config = &pass.network.config;
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
        let (outputs, dfeatures) = match config.readout {
            Readout::Every => (self.rows.num_rows(), &mut self.dhidden),
            Readout::Last => (self.rows.batch_size(), &mut self.dfeatures),
        };
        dfeatures.resize(outputs * plan.width);
        plan.head.backward(s, &pass.panels.head, outputs, &self.doutput, dfeatures);
        if config.readout == Readout::Last {
            self.scatter_final::<C>(plan);
        }
        if let Some(part) = &mut part {
            let head = Operand { pass, matrix: Matrix::Head, chunk: self };
            part.add_rows(head, 0..head.num_rows());
        }
        for layer in (0..config.num_layers).rev() {
            let wanted = Wanted { input: layer > 0 || wanted.input, ..wanted };
            let blocks = layer * plan.num_directions..(layer + 1) * plan.num_directions;
            if wanted.input {
                self.dx.resize(self.rows.num_rows() * plan.shapes[blocks.start].dx_len());
                self.dx.fill(0.0);
            }
            for block in blocks {
                self.backward_block::<S, C>(s, pass, block, wanted, part.as_deref_mut());
            }
            if layer > 0 {
                if let Some(mask) = pass.masks.get(layer - 1) {
                    self.rows.drop_out(pass, mask, &mut self.dx);
                }
                std::mem::swap(&mut self.dhidden, &mut self.dx);
            }
        }
    }

    /// The way back through one layer in one direction, from the gradients of its output and final states; adds to that
    /// of its input if that is wanted.
    #[inline(always)]
    fn backward_block<S: Simd, C: Cell>(
        &mut self,
        s: S,
        pass: Pass<'_>,
        block: usize,
        wanted: Wanted,
        mut part: Option<&mut Part>,
    ) {
        let Pass { plan, network, .. } = pass;
        let (layer, direction) = (block / plan.num_directions, block % plan.num_directions);
        let reverse = network.layers[block].reverse;
        let (shape, panels) = (plan.shapes[block], &pass.panels.layers[block].input_backward);
        let every = layer + 1 < network.config.num_layers || network.config.readout == Readout::Every;
        let at_a_time = if part.is_some() { gradient::rows_at_a_time::<C>(shape) } else { usize::MAX };
        let mut left = self.rows.seq_len();
        while left > 0 {
            let steps = self.rows.stretch(left, reverse, at_a_time);
            left = steps.start;
            let rows = self.rows.of_steps(steps.clone(), reverse);
            let job = Layer { pass, block, rows: &self.rows };
            let memory = &mut self.layers[block];
            let dh = every.then(|| tile::Rows {
                data: &self.dhidden[direction * shape.padded()..],
                stride: plan.width,
            });
            job.backward::<S, C>(s, steps, dh, memory, wanted.initial_state, &mut self.scratch);
            if wanted.input {
                let from =
                    InputBackward { shape, panels, tape: &memory.tape[rows.start * shape.tape_len::<C>()..] };
                let dx = &mut self.dx[rows.start * shape.dx_len()..];
                backward::input::<S, C>(s, from, rows.len(), dx, &mut self.scratch);
            }
            if let Some(part) = &mut part {
                part.add_rows(Operand { pass, matrix: Matrix::Block(block), chunk: self }, rows);
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
        let (width, padded) = (shape.input.depth, shape.dx_len());
        for t in 0..self.rows.seq_len() {
            for (b, row) in self.rows.at(t).enumerate() {
                let of_batch = pass.batch.packing().row(t, self.rows.sequences.start + b);
                let to = &mut dx[of_batch * width..][..width];
                to.iter_mut().zip(&self.dx[row * padded..]).for_each(|(to, from)| *to += from);
            }
        }
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
