//! The `f32` engine: whole vectors of units at a time, on several threads.
//!
//! A pass forward or back takes a batch cut into [chunks](chunk) of sequences, each on its own through
//! all layers and timesteps; a batch too small for that may have its steps shared out by a [team]. The
//! parameters' [gradient] is summed up by each chunk on its way back, or follows, shared out by panels of
//! weights. What lies in memory is what the kernels of `elman_core::simd` want; [`plan`] says how.

mod chunk;
mod gradient;
mod layer;
mod operand;
mod pass;
mod plan;
mod rows;
mod shuffle;
mod team;

use std::num::NonZeroUsize;

use elman_core::simd::{Level, lanes};

use chunk::{Chunk, Wanted};
use gradient::Part;
use pass::Pass;
use plan::{Panels, Plan};
use team::Team;
pub(crate) use team::worthwhile_parts;

use super::dropout::draw_mask;
use super::{Engine, Gradients, Mode, Network, Readout, State};
use crate::batch::Batch;
use crate::threads::{self, Threads, each};

/// Rows times parameters below which a second thread does not pay, where chunks are all that is handed
/// over: some 12 us of a training step on one thread.
const LEAST_WORK: usize = 120_000;
/// How many times more a training step has to be where the weights' gradient is shared out by panels, for
/// which each thread reads what the others wrote.
const BY_PANELS: usize = 12;
/// And where that is all that can be shared out, for lack of chunks: by workers that had to wait.
const BY_PANELS_ALONE: usize = 80;

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
    /// For one thread, and for all of them.
    parts: [Vec<Part>; 2],
    team: Vec<team::Part>,
    parameters: Vec<f32>,
    output: Vec<f32>,
    threads: Option<Threads>,
    thread_count: NonZeroUsize,
    sharing: Sharing,
}

/// When work is shared out among threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sharing {
    /// Where that is faster.
    WherePaying,
    /// However little work there is: for tests, which have little.
    Always,
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
        SimdEngine { sharing: Sharing::WherePaying, ..Self::with(network, Level::new(), threads::count()) }
    }

    fn load(&mut self, parameters: &[f32]) {
        assert_eq!(parameters.len(), self.network.layout.len(), "number of parameters");
        self.parameters.clear();
        self.parameters.extend_from_slice(parameters);
        self.panels.pack_forward(self.level, &self.network, &self.plan, parameters);
    }

    fn forward(&mut self, batch: &Batch<f32>, state: &mut State<f32>, mode: Mode<'_>) -> &[f32] {
        let config = &self.network.config;
        assert_eq!(self.parameters.len(), self.network.layout.len(), "number of parameters");
        assert_eq!(batch.input_size(), config.input_size, "values per timestep");
        assert_eq!(state.batch_size(), batch.packing().batch_size(), "sequences in state and batch");
        self.keeps = !matches!(mode, Mode::Predict);
        self.draw_masks(batch, mode);
        let packing = batch.packing();
        self.num_chunks = rows::num_chunks(packing, self.plan.largest);
        if self.chunks.len() < self.num_chunks {
            self.chunks.resize_with(self.num_chunks, Chunk::default);
        }
        let threads = self.thread_count_for(packing.num_rows());
        let (count, chunks) = (self.num_chunks, &mut self.chunks[..self.num_chunks]);
        let pass = pass!(self, batch);
        for (n, chunk) in chunks.iter_mut().enumerate() {
            chunk.begin(pass, rows::chunk(packing, n, count), state);
        }
        if let [chunk] = chunks {
            let (parts, threads) = (&mut self.team, &mut self.threads);
            let always = self.sharing == Sharing::Always;
            chunk.forward(pass, Some(Team::new(parts, threads, self.thread_count, always)));
        } else {
            each(&mut self.threads, threads, chunks, |chunk| chunk.forward(pass, None));
        }
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
        let rows = batch.packing().num_rows();
        let (by_chunk, threads) = (self.sums_by_chunk(rows), self.thread_count_for(rows));
        let chunks = &mut self.chunks[..self.num_chunks];
        let dfinal = state.as_deref();
        let panels = &self.gradient_panels;
        each(&mut self.threads, threads, chunks, |chunk| {
            chunk.take_doutput(pass, doutput);
            chunk.backward(pass, dfinal, wanted, by_chunk.then_some(panels));
        });
        if by_chunk {
            let mut parts = chunks.iter_mut().flat_map(|chunk| &mut chunk.gradient);
            if let Some(first) = parts.next() {
                parts.for_each(|other| first.add(other));
                panels.unpack(pass, first, gradient);
            }
        } else {
            let chunks = &*chunks;
            let parts = &mut self.parts[usize::from(threads > NonZeroUsize::MIN)];
            panels.share(parts, threads.get());
            each(&mut self.threads, threads, parts, |part| part.sum(pass, chunks));
            parts.iter_mut().for_each(|part| panels.unpack(pass, part, gradient));
        }
        let chunks = &*chunks;
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

impl SimdEngine {
    /// On an instruction set that this machine has, with so many threads, however little work there is: a single
    /// one does what it does by default, several share out any layer. The threads change no bit of any result;
    /// the instruction set may, in the last places.
    pub fn with(network: &Network, level: Level, threads: NonZeroUsize) -> Self {
        let plan = Plan::new(network, lanes(level));
        let sharing = if threads > NonZeroUsize::MIN { Sharing::Always } else { Sharing::WherePaying };
        SimdEngine {
            level,
            gradient_panels: gradient::Panels::of(network, &plan),
            plan,
            panels: Panels::default(),
            masks: Vec::new(),
            chunks: Vec::new(),
            num_chunks: 0,
            keeps: false,
            parts: Default::default(),
            team: Vec::new(),
            parameters: Vec::new(),
            output: Vec::new(),
            network: network.clone(),
            threads: None,
            thread_count: threads,
            sharing,
        }
    }

    /// The threads that are worth it for a pass over so many rows.
    fn thread_count_for(&self, rows: usize) -> NonZeroUsize {
        let work = rows.saturating_mul(self.network.layout.len());
        let times = if self.num_chunks == 1 {
            BY_PANELS_ALONE
        } else if self.keeps && !self.sums_by_chunk(rows) {
            BY_PANELS
        } else {
            1
        };
        let pays = work >= times * LEAST_WORK || self.sharing == Sharing::Always;
        if pays { self.thread_count } else { NonZeroUsize::MIN }
    }

    /// Do the chunks of a batch of so many rows sum up the weights' gradient each for itself?
    fn sums_by_chunk(&self, rows: usize) -> bool {
        self.num_chunks > 1 && self.gradient_panels.suit_chunks(rows / self.num_chunks)
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
