//! The `f32` engine: whole vectors of units at a time, on several threads.
//!
//! A pass forward or backward takes a batch cut into chunks of sequences, each on its own through
//! all blocks and timesteps; a batch too small for that may have its steps split among [`workers`]. The
//! [weight gradient](weight_gradient) is summed up by each chunk in its backward pass, or follows, shared out by panels
//! of weights. What lies in memory is what the kernels of `elman_core::engine` want; [`plan`] says how.

mod backward;
mod by_sequence;
mod chunk;
mod memory;
mod operand;
mod packing;
mod pass;
mod plain;
mod plan;
mod shuffle;
mod weight_gradient;
mod weights;
mod workers;
mod zoneout;

use std::num::NonZeroUsize;

use elman_core::block::Dense;
use elman_kernels::InstructionSet;
use elman_kernels::tuning::{BY_PANELS, BY_PANELS_ALONE, LEAST_WORK};

use backward::Wanted;
use by_sequence::Alone;
use memory::{Chunk, input_rows};
use pass::Pass;
use plan::Plan;
use weight_gradient::{GradientPlan, GradientSums};
use weights::PackedWeights;
pub(crate) use workers::worthwhile_shares;
use workers::{ShareMemory, Workers};

use super::dropout::Masks;
use super::{
    Engine, Gradients, Kind, Mode, Network, State, Timelines, gradients_fit, instruction_set_of, parts,
};
use crate::batch::Batch;
use crate::threads::{self, Threads, each};

/// A network in `f32` with its parameters packed and the memory of its passes.
#[derive(Debug)]
pub struct SimdEngine {
    network: Network,
    set: InstructionSet,
    plan: Plan,
    weights: PackedWeights,
    gradient_plan: GradientPlan,
    timelines: Timelines,
    /// By block: what was drawn, in training.
    masks: Vec<Masks<f32>>,
    chunks: Vec<Chunk>,
    /// The sequences of a batch that have weights of their own.
    alone: Vec<Alone>,
    /// Those of the batch that ran last: the first so many.
    num_chunks: usize,
    /// Did that run leave what a backward pass needs?
    keeps: bool,
    /// Did it begin with what is learned of initial states?
    began: bool,
    /// The gradient of initial states where only what is learned of them needs it.
    dstate: Option<State<f32>>,
    /// For one thread, and for all of them.
    parts: [Vec<GradientSums>; 2],
    shares: Vec<ShareMemory>,
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
    ($engine:expr, $batch:expr, $sequences:expr) => {
        Pass {
            set: $engine.set,
            network: &$engine.network,
            plan: &$engine.plan,
            parameters: &$engine.parameters,
            weights: &$engine.weights,
            batch: $batch,
            sequences: $sequences,
            timelines: &$engine.timelines,
            masks: &$engine.masks,
            keeps: $engine.keeps,
        }
    };
}

impl Engine<f32> for SimdEngine {
    /// On the instruction set of [`instruction_set`](super::instruction_set), with as many threads as [`threads::count`] says.
    fn new(network: &Network) -> Self {
        // There is no network where that is an error.
        let set = instruction_set_of(network).unwrap_or_else(|_| InstructionSet::best());
        let engine = Self::with(network, set, threads::count());
        SimdEngine { sharing: Sharing::WherePaying, ..engine }
    }

    fn load(&mut self, parameters: &[f32]) {
        assert_eq!(parameters.len(), self.network.layout().len(), "number of parameters");
        self.parameters.clear();
        self.parameters.extend_from_slice(parameters);
        self.weights.pack_forward(self.set, &self.network, &self.plan, parameters);
    }

    fn forward(&mut self, batch: &Batch<f32>, state: &mut State<f32>, mode: Mode<'_>) -> &[f32] {
        self.begin(batch, state, mode);
        if self.runs_by_sequence() {
            self.forward_by_sequence(batch, state);
        } else {
            self.run(batch, None, state);
        }
        &self.output
    }

    fn forward_of(
        &mut self,
        batch: &mut Batch<f32>,
        sequences: &[&[f32]],
        state: &mut State<f32>,
        mode: Mode<'_>,
    ) -> &[f32] {
        self.begin(batch, state, mode);
        if self.runs_by_sequence() {
            batch.fill(sequences);
            self.forward_by_sequence(batch, state);
        } else if self.plan.reads_vectors || packing::num_chunks(batch.packing(), self.plan.largest) > 1 {
            batch.assert_fits(sequences);
            self.run(batch, Some(sequences), state);
        } else {
            // The only chunk reads the batch's rows.
            batch.fill(sequences);
            self.run(batch, None, state);
        }
        &self.output
    }

    fn output(&self) -> &[f32] {
        &self.output
    }

    fn backward(&mut self, batch: &Batch<f32>, doutput: &[f32], gradients: Gradients<'_, f32>) {
        assert!(
            self.keeps,
            "a forward pass of `Mode::Predict`, or one that was gone back through, leaves nothing for this"
        );
        assert_eq!(doutput.len(), self.output.len(), "output and its gradient");
        assert_eq!(gradients.parameters.len(), self.network.layout().len(), "number of parameters");
        gradients_fit(batch, gradients.state.as_deref(), gradients.input.as_deref());
        if self.runs_by_sequence() {
            self.backward_by_sequence(batch, doutput, gradients);
        } else {
            self.run_back(batch, doutput, gradients);
        }
        // What was saved is written over.
        self.keeps = false;
    }
}

impl SimdEngine {
    /// What comes before a forward pass: masks, timelines, what is kept.
    fn begin(&mut self, batch: &Batch<f32>, state: &mut State<f32>, mode: Mode<'_>) {
        assert_eq!(self.parameters.len(), self.network.layout().len(), "number of parameters");
        assert_eq!(batch.input_size(), self.network.input_size(), "values per timestep");
        assert_eq!(state.batch_size(), batch.packing().batch_size(), "sequences in state and batch");
        self.keeps = !matches!(mode, Mode::Predict);
        self.began = self.network.begin(&self.parameters, state);
        self.timelines.set(self.network.timelines(), batch.packing());
        self.draw_masks(batch, mode);
    }

    /// The forward pass of a batch, whose values may be those of sequences that lie elsewhere.
    fn run(&mut self, batch: &Batch<f32>, sequences: Option<&[&[f32]]>, state: &mut State<f32>) {
        let packing = batch.packing();
        self.num_chunks = packing::num_chunks(packing, self.plan.largest);
        if self.chunks.len() < self.num_chunks {
            self.chunks.resize_with(self.num_chunks, Chunk::default);
        }
        let threads = self.thread_count_for(packing.num_rows());
        let (count, chunks) = (self.num_chunks, &mut self.chunks[..self.num_chunks]);
        let pass = pass!(self, batch, sequences);
        for (n, chunk) in chunks.iter_mut().enumerate() {
            chunk.begin(pass, packing::chunk(packing, n, count), state);
        }
        if let [chunk] = chunks {
            let always = self.sharing == Sharing::Always;
            let workers = Workers::new(&mut self.shares, &mut self.threads, self.thread_count, always);
            chunk.forward(pass, Some(workers));
        } else {
            each(&mut self.threads, threads, chunks, |chunk| chunk.forward(pass, None));
        }
        let rows = pass.packing(self.network.timelines().len()).num_rows();
        self.output.resize(rows * self.network.output_size(), 0.0);
        for chunk in &*chunks {
            chunk.copy_ends(pass, state);
            chunk.copy_output(pass, &mut self.output);
        }
    }

    /// The backward pass.
    fn run_back(&mut self, batch: &Batch<f32>, doutput: &[f32], gradients: Gradients<'_, f32>) {
        let Gradients { parameters: gradient, state, input } = gradients;
        let learns_state = self.began && self.network.learns_state();
        let wanted = Wanted { input: input.is_some(), initial_state: state.is_some() || learns_state };
        self.weights.pack_backward(&self.network, &self.plan, &self.parameters, wanted.input);
        let pass = pass!(self, batch, None);
        let rows = batch.packing().num_rows();
        let (by_chunk, threads) = (self.sums_by_chunk(rows), self.thread_count_for(rows));
        let chunks = &mut self.chunks[..self.num_chunks];
        let (dfinal, plan) = (state.as_deref(), &self.gradient_plan);
        each(&mut self.threads, threads, chunks, |chunk| {
            chunk.take_doutput(pass, doutput);
            chunk.backward(pass, dfinal, wanted, by_chunk.then_some(plan));
        });
        if by_chunk {
            let mut parts = chunks.iter_mut().flat_map(|chunk| &mut chunk.gradient);
            if let Some(first) = parts.next() {
                parts.for_each(|other| first.add(other));
                plan.unpack(pass, first, gradient);
            }
        } else {
            let chunks = &*chunks;
            let parts = &mut self.parts[usize::from(threads > NonZeroUsize::MIN)];
            plan.share(parts, threads.get());
            each(&mut self.threads, threads, parts, |part| part.sum(pass, chunks));
            parts.iter_mut().for_each(|part| plan.unpack(pass, part, gradient));
        }
        let chunks = &*chunks;
        add_other_parameters(pass, chunks, gradient);
        if learns_state {
            let dstate = self.dstate.get_or_insert_with(|| self.network.zero_state(0));
            dstate.reset(batch.packing().batch_size());
            chunks.iter().for_each(|chunk| chunk.copy_ends(pass, dstate));
            self.network.begin_backward(dstate, gradient);
        }
        if let Some(state) = state {
            chunks.iter().for_each(|chunk| chunk.copy_ends(pass, state));
        }
        if let Some(dx) = input {
            chunks.iter().for_each(|chunk| chunk.add_dx(pass, dx));
        }
    }
}

/// Adds the gradients of the parameters that are no weight matrices, row by row or chunk by chunk in the order of the
/// batch.
fn add_other_parameters(pass: Pass<'_>, chunks: &[Chunk], gradient: &mut [f32]) {
    for (n, (placed, planned)) in pass.network.blocks().iter().zip(&pass.plan.blocks).enumerate() {
        match &placed.kind {
            Kind::Dense { block: Dense { bias: true, .. }, bias, .. } => {
                let gradient = &mut gradient[bias.clone()];
                for t in 0..pass.packing(planned.output_time).seq_len() {
                    let time = |chunk: &&Chunk| t < chunk.times[planned.output_time].seq_len();
                    for chunk in chunks.iter().filter(time) {
                        let rows = chunk.times[planned.output_time].at(t);
                        for row in rows {
                            let dy = &chunk.blocks[n].dy[row * planned.output.len..];
                            gradient.iter_mut().zip(dy).for_each(|(to, d)| *to += d);
                        }
                    }
                }
            }
            Kind::Embedding { block, weight } => {
                let gradient = &mut gradient[weight.clone()];
                for chunk in chunks.iter().filter(|chunk| !chunk.sequences().is_empty()) {
                    let dy = chunk.blocks[n].dy.chunks_exact(planned.output.len);
                    for (x, dy) in input_rows(pass, &chunk.x).chunks_exact(pass.plan.input.len).zip(dy) {
                        block.backward(x, &dy[..planned.output.width()], gradient);
                    }
                }
            }
            Kind::LayerNorm { weight, bias, .. } => {
                let [dweight, dbias] = parts(gradient, &[weight.clone(), bias.clone()]);
                for chunk in chunks.iter().filter(|chunk| !chunk.sequences().is_empty()) {
                    let sums = dweight.iter_mut().chain(&mut *dbias).zip(&chunk.blocks[n].gradient);
                    sums.for_each(|(to, d)| *to += d);
                }
            }
            Kind::Dense { .. } | Kind::Recurrent(_) => {}
            Kind::Dropout(_) | Kind::Skip(_) | Kind::Pooling(_) | Kind::Patch(_) => {}
        }
    }
}

impl SimdEngine {
    /// On an instruction set that this machine has, with so many threads, however little work there is: a single
    /// one does what it does by default, several share out any layer. The threads change no bit of any result;
    /// the instruction set may, in the last places.
    pub fn with(network: &Network, set: InstructionSet, threads: NonZeroUsize) -> Self {
        let plan = Plan::new(network, set.lanes());
        let sharing = if threads > NonZeroUsize::MIN { Sharing::Always } else { Sharing::WherePaying };
        SimdEngine {
            set,
            gradient_plan: GradientPlan::of(&plan),
            plan,
            weights: PackedWeights::default(),
            timelines: Timelines::default(),
            masks: Vec::new(),
            chunks: Vec::new(),
            alone: Vec::new(),
            num_chunks: 0,
            keeps: false,
            began: false,
            dstate: None,
            parts: Default::default(),
            shares: Vec::new(),
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
        let work = rows.saturating_mul(self.network.layout().len());
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

    /// Do the chunks of a batch of so many rows sum up the weight gradient each for itself?
    fn sums_by_chunk(&self, rows: usize) -> bool {
        self.num_chunks > 1 && self.gradient_plan.suit_chunks(rows / self.num_chunks)
    }

    fn draw_masks(&mut self, batch: &Batch<f32>, mode: Mode<'_>) {
        self.masks.resize_with(self.plan.blocks.len(), Masks::default);
        let Mode::Train(rng) = mode else {
            return self.masks.iter_mut().for_each(Masks::clear);
        };
        for (masks, placed) in self.masks.iter_mut().zip(self.network.blocks()) {
            let rows = self.timelines.packing(placed.input_time, batch.packing());
            masks.draw(placed, rows, rng);
        }
    }
}
