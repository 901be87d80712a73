//! The `f32` engine: whole vectors of units at a time, on several threads.
//!
//! A pass forward or back takes a batch cut into [chunks](chunk) of sequences, one per thread, each
//! through all layers and timesteps. The parameters' [gradient] follows, shared out by panels of
//! weights. What lies in memory is what the kernels of `elman_core::simd` want; [`plan`] says how.

mod buffer;
mod chunk;
mod gradient;
mod operand;
mod plan;
mod rows;

use std::num::NonZeroUsize;

use elman_core::simd::vector::Vector;
use elman_core::simd::{Level, Simd, dispatch};
use rand::RngExt;

use chunk::{Chunk, Pass, Wanted};
use gradient::Part;
use plan::{Panels, Plan};

use super::{Gradients, Mode, Network, Readout, State};
use crate::batch::Batch;
use crate::threads::Threads;

/// A network in `f32` with its parameters packed and the memory of its passes.
#[derive(Debug)]
pub struct SimdEngine {
    network: Network,
    level: Level,
    plan: Plan,
    panels: Panels,
    gradient_panels: gradient::Panels,
    /// By layer but the last.
    masks: Vec<Vec<f32>>,
    chunks: Vec<Chunk>,
    parts: Vec<Part>,
    parameters: Vec<f32>,
    output: Vec<f32>,
    threads: Option<Threads>,
    thread_count: NonZeroUsize,
}

fn lanes(level: Level) -> usize {
    #[inline(always)]
    fn of<S: Simd>(_: S) -> usize {
        Vector::<S>::LANES
    }
    dispatch!(level, s => of(s))
}

impl SimdEngine {
    /// On the given instruction set.
    pub fn with_level(network: &Network, level: Level, threads: NonZeroUsize) -> Self {
        let plan = Plan::new(network, lanes(level));
        SimdEngine {
            level,
            gradient_panels: gradient::Panels::of(network, &plan),
            plan,
            panels: Panels::default(),
            masks: Vec::new(),
            chunks: Vec::new(),
            parts: Vec::new(),
            parameters: Vec::new(),
            output: Vec::new(),
            network: network.clone(),
            threads: None,
            thread_count: threads,
        }
    }

    /// Takes up parameters.
    pub fn load(&mut self, parameters: &[f32]) {
        self.parameters.clear();
        self.parameters.extend_from_slice(parameters);
        self.panels.pack_forward(&self.network, &self.plan, parameters);
    }

    /// Runs the batch forward.
    pub fn forward(&mut self, batch: &Batch<f32>, state: &mut State<f32>, mode: Mode<'_>) {
        self.draw_masks(batch, mode);
        let count = self.thread_count.get();
        self.chunks.resize_with(count, Chunk::default);
        let pass = Pass {
            level: self.level,
            network: &self.network,
            plan: &self.plan,
            panels: &self.panels,
            batch,
            masks: &self.masks,
        };
        for (n, chunk) in self.chunks.iter_mut().enumerate() {
            chunk.begin(pass, rows::chunk(batch.packing(), n, count), state);
        }
        let threads = self.threads.get_or_insert_with(|| Threads::new(self.thread_count));
        threads.each(&mut self.chunks, |chunk| chunk.forward(pass));
        for chunk in &self.chunks {
            for (block, memory) in chunk.layers.iter().enumerate() {
                memory.copy_ends(pass, &chunk.rows, state, block);
            }
        }
        let packing = batch.packing();
        let config = &self.network.config;
        let rows = if config.readout == Readout::Last { packing.batch_size() } else { packing.num_rows() };
        self.output.resize(rows * config.output_size, 0.0);
        for chunk in &self.chunks {
            chunk.copy_output(pass, &mut self.output);
        }
    }

    /// The head's output.
    pub fn output(&self) -> &[f32] {
        &self.output
    }

    /// Backpropagation through time.
    pub fn backward(
        &mut self,
        batch: &Batch<f32>,
        doutput: &[f32],
        dfinal: Option<&State<f32>>,
        gradients: Gradients<'_, f32>,
    ) {
        let wanted = Wanted { input: gradients.input.is_some(), initial_state: true };
        self.panels.pack_backward(&self.network, &self.plan, &self.parameters);
        let blocks = if wanted.input { 0 } else { self.plan.num_directions }..self.plan.shapes.len();
        self.panels.pack_input_backward(&self.network, &self.plan, &self.parameters, blocks);
        let pass = Pass {
            level: self.level,
            network: &self.network,
            plan: &self.plan,
            panels: &self.panels,
            batch,
            masks: &self.masks,
        };
        let count = self.thread_count.get();
        let threads = self.threads.get_or_insert_with(|| Threads::new(self.thread_count));
        threads.each(&mut self.chunks, |chunk| {
            chunk.take_doutput(pass, doutput);
            chunk.backward(pass, dfinal, wanted);
        });
        self.gradient_panels.share(&mut self.parts, count);
        let (panels, chunks) = (&self.gradient_panels, &self.chunks);
        threads.each(&mut self.parts, |part| part.sum(pass, panels, chunks));
        panels.unpack(&self.network, &self.plan, &self.parts, gradients.parameters);
        for bias in doutput.chunks_exact(self.network.config.output_size) {
            let to = &mut gradients.parameters[self.network.head.bias.clone()];
            to.iter_mut().zip(bias).for_each(|(to, d)| *to += d);
        }
        for chunk in &self.chunks {
            for (block, memory) in chunk.layers.iter().enumerate() {
                memory.copy_ends(pass, &chunk.rows, gradients.state, block);
            }
        }
        if let Some(dx) = gradients.input {
            for chunk in &self.chunks {
                chunk.add_dx(pass, dx);
            }
        }
    }

    fn draw_masks(&mut self, batch: &Batch<f32>, mode: Mode<'_>) {
        let config = &self.network.config;
        self.masks.resize_with(config.num_layers - 1, Vec::new);
        let Mode::Train(rng) = mode else {
            self.masks.iter_mut().for_each(Vec::clear);
            return;
        };
        if config.dropout == 0.0 {
            return;
        }
        let kept = (1.0 / (1.0 - config.dropout)) as f32;
        let len = batch.packing().num_rows() * config.num_directions() * config.hidden_size;
        for mask in &mut self.masks {
            mask.clear();
            mask.extend(
                std::iter::repeat_with(|| if rng.random::<f64>() < config.dropout { 0.0 } else { kept })
                    .take(len),
            );
        }
    }
}
