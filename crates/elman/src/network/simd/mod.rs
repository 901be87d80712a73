//! The `f32` engine: whole vectors of units at a time, on several threads.
//!
//! A pass forward or back takes a batch cut into [chunks](chunk) of sequences, each on its own through
//! all layers and timesteps. The parameters' [gradient] follows, shared out by panels of
//! weights. What lies in memory is what the kernels of `elman_core::simd` want; [`plan`] says how.

mod chunk;
mod gradient;
mod layer;
mod operand;
mod plan;
mod rows;

use std::num::NonZeroUsize;

use elman_core::simd::{Level, lanes};

use chunk::{Chunk, Pass, Wanted};
use gradient::Part;
use plan::{Panels, Plan};

use super::dropout::draw_mask;
use super::{Engine, Gradients, Mode, Network, Readout, State};
use crate::batch::Batch;
use crate::threads::{self, Threads};

/// Rows times parameters below which a second thread does not pay: some 20 us of work.
const LEAST_WORK: usize = 600_000;

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
    /// Those of the batch that ran last: the first so many.
    num_chunks: usize,
    /// Did that run leave what a backward pass needs?
    keeps: bool,
    parts: Vec<Part>,
    parameters: Vec<f32>,
    output: Vec<f32>,
    threads: Option<Threads>,
    thread_count: NonZeroUsize,
    /// Less work than this stays on the calling thread.
    least_work: usize,
}

/// What the chunks of a pass share. A macro, since a method would borrow the chunks as well.
macro_rules! pass {
    ($engine:expr, $batch:expr) => {
        Pass {
            level: $engine.level,
            network: &$engine.network,
            plan: &$engine.plan,
            panels: &$engine.panels,
            batch: $batch,
            masks: &$engine.masks,
            keeps: $engine.keeps,
        }
    };
}

impl Engine<f32> for SimdEngine {
    /// On the best instruction set there is, with as many threads as [`threads::count`] says.
    fn new(network: &Network) -> Self {
        SimdEngine { least_work: LEAST_WORK, ..Self::with(network, Level::new(), threads::count()) }
    }

    fn load(&mut self, parameters: &[f32]) {
        assert_eq!(parameters.len(), self.network.layout.len(), "number of parameters");
        self.parameters.clear();
        self.parameters.extend_from_slice(parameters);
        self.panels.pack_forward(&self.network, &self.plan, parameters);
    }

    fn forward(&mut self, batch: &Batch<f32>, state: &mut State<f32>, mode: Mode<'_>) -> &[f32] {
        let config = &self.network.config;
        assert_eq!(self.parameters.len(), self.network.layout.len(), "number of parameters");
        assert_eq!(batch.input_size(), config.input_size, "values per timestep");
        assert_eq!(state.batch_size(), batch.packing().batch_size(), "sequences in state and batch");
        self.keeps = !matches!(mode, Mode::Predict);
        self.draw_masks(batch, mode);
        let packing = batch.packing();
        self.num_chunks = rows::num_chunks(packing);
        if self.chunks.len() < self.num_chunks {
            self.chunks.resize_with(self.num_chunks, Chunk::default);
        }
        let threads = self.thread_count_for(packing.num_rows());
        let (count, chunks) = (self.num_chunks, &mut self.chunks[..self.num_chunks]);
        let pass = pass!(self, batch);
        for (n, chunk) in chunks.iter_mut().enumerate() {
            chunk.begin(pass, rows::chunk(packing, n, count), state);
        }
        each(&mut self.threads, threads, chunks, |chunk| chunk.forward(pass));
        let config = &self.network.config;
        let rows = if config.readout == Readout::Last { packing.batch_size() } else { packing.num_rows() };
        self.output.resize(rows * config.output_size, 0.0);
        for chunk in &*chunks {
            chunk.copy_ends(pass, state);
            chunk.copy_output(pass, &mut self.output);
        }
        &self.output
    }

    fn output(&self) -> &[f32] {
        &self.output
    }

    fn backward(&mut self, batch: &Batch<f32>, doutput: &[f32], gradients: Gradients<'_, f32>) {
        assert!(self.keeps, "the forward pass was `Mode::Predict`, which leaves nothing for a backward pass");
        assert_eq!(doutput.len(), self.output.len(), "output and its gradient");
        assert_eq!(gradients.parameters.len(), self.network.layout.len(), "number of parameters");
        let Gradients { parameters: gradient, state, input } = gradients;
        let wanted = Wanted { input: input.is_some(), initial_state: state.is_some() };
        self.panels.pack_backward(&self.network, &self.plan, &self.parameters, wanted.input);
        let pass = pass!(self, batch);
        let threads = self.thread_count_for(batch.packing().num_rows());
        let chunks = &mut self.chunks[..self.num_chunks];
        let dfinal = state.as_deref();
        each(&mut self.threads, threads, chunks, |chunk| {
            chunk.take_doutput(pass, doutput);
            chunk.backward(pass, dfinal, wanted);
        });
        let (panels, chunks) = (&self.gradient_panels, &*chunks);
        panels.share(&mut self.parts, threads.get());
        each(&mut self.threads, threads, &mut self.parts, |part| part.sum(pass, panels, chunks));
        panels.unpack(&self.network, &self.plan, &self.parts, gradient);
        for doutput in doutput.chunks_exact(self.network.config.output_size) {
            let bias = &mut gradient[self.network.head.bias.clone()];
            bias.iter_mut().zip(doutput).for_each(|(bias, d)| *bias += d);
        }
        if let Some(state) = state {
            chunks.iter().for_each(|chunk| chunk.copy_ends(pass, state));
        }
        if let Some(dx) = input {
            chunks.iter().for_each(|chunk| chunk.add_dx(pass, dx));
        }
    }
}

/// [`Threads::each`] on so many threads, which are started when they are first needed.
fn each<P: Send>(
    threads: &mut Option<Threads>,
    count: NonZeroUsize,
    parts: &mut [P],
    work: impl Fn(&mut P) + Sync,
) {
    if count == NonZeroUsize::MIN {
        return parts.iter_mut().for_each(work);
    }
    threads.get_or_insert_with(|| Threads::new(count)).each(parts, work);
}

impl SimdEngine {
    /// On an instruction set that this machine has, with so many threads, however little work there is. The threads change no bit of any result; the instruction set may, in the
    /// last places.
    pub fn with(network: &Network, level: Level, threads: NonZeroUsize) -> Self {
        let plan = Plan::new(network, lanes(level));
        SimdEngine {
            level,
            gradient_panels: gradient::Panels::of(network, &plan),
            plan,
            panels: Panels::default(),
            masks: Vec::new(),
            chunks: Vec::new(),
            num_chunks: 0,
            keeps: false,
            parts: Vec::new(),
            parameters: Vec::new(),
            output: Vec::new(),
            network: network.clone(),
            threads: None,
            thread_count: threads,
            least_work: 0,
        }
    }

    /// The threads that are worth it for a pass over so many rows.
    fn thread_count_for(&self, rows: usize) -> NonZeroUsize {
        let work = rows.saturating_mul(self.network.layout.len());
        // With a single chunk, only the weights' gradient is shared out, by workers that had to wait.
        let work = if self.num_chunks == 1 { work / 16 } else { work };
        if work >= self.least_work { self.thread_count } else { NonZeroUsize::MIN }
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
        let len = batch.packing().num_rows() * config.num_directions() * config.hidden_size;
        for mask in &mut self.masks {
            draw_mask(config.dropout, len, rng, mask);
        }
    }
}
