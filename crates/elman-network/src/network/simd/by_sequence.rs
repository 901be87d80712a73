//! Batches whose sequences have weights of their own: those of recurrent dropout.
//!
//! A mask `m` on the state that a recurrent product reads is one on the columns of its matrix: `W_hh (m * h) = (W_hh
//! diag(m)) h`. So in training each sequence runs by itself, with a matrix of its own, through kernels that know nothing of
//! it. The gradient of `W_hh` is that of its matrix times `diag(m)`, and the sequences' gradients are added in the order of the
//! batch: on however many threads they ran, no bit depends on it.

use elman_kernels::InstructionSet;

use super::SimdEngine;
use crate::batch::Batch;
use crate::network::dropout::Masks;
use crate::network::{Engine, Gradients, Kind, Network, Placed, RecurrentLayers, State};
use crate::threads::{Threads, each};

/// At most so many parts are shared out among threads.
const PARTS: usize = 64;

/// A sequence of a batch, as a batch of its own.
#[derive(Debug)]
pub(super) struct Alone {
    engine: SimdEngine,
    batch: Batch<f32>,
    state: State<f32>,
    /// By block: of one with recurrent dropout its mask `[D, H]`, else nothing.
    masks: Vec<Vec<f32>>,
    parameters: Vec<f32>,
    gradient: Vec<f32>,
    doutput: Vec<f32>,
    dstate: Option<State<f32>>,
    dinput: Option<Vec<f32>>,
}

impl Alone {
    fn new(network: &Network, set: InstructionSet) -> Self {
        Alone {
            engine: SimdEngine::with(network, set, std::num::NonZeroUsize::MIN),
            batch: Batch::default(),
            state: network.zero_state(0),
            masks: Vec::new(),
            parameters: Vec::new(),
            gradient: Vec::new(),
            doutput: Vec::new(),
            dstate: None,
            dinput: None,
        }
    }

    /// Takes up sequence `b` of a batch, in the batch's own order, with its share of the masks.
    fn take_up(&mut self, of: &SimdEngine, batch: &Batch<f32>, state: &State<f32>, b: usize) {
        let (packing, width) = (batch.packing(), batch.input_size());
        let rows = (0..packing.lengths()[b]).map(|t| packing.row(t, b));
        let x: Vec<f32> = rows.flat_map(|row| &batch.x()[row * width..][..width]).copied().collect();
        self.batch.set(1, |_| &x, width);
        self.state = state.select(&[b]);
        self.parameters.clear();
        self.parameters.extend_from_slice(&of.parameters);
        self.engine.masks.resize_with(of.masks.len(), Masks::default);
        self.masks.resize_with(of.masks.len(), Vec::new);
        let blocks = of.network.blocks().iter().zip(&of.masks);
        let own = self.engine.masks.iter_mut().zip(&mut self.masks);
        for ((placed, masks), (of_rows, of_layers)) in blocks.zip(own) {
            of_rows.clear();
            of_layers.clear();
            let rows = of.timelines.packing(placed.input_time, packing);
            let own_rows = |drawn: &[f32], width: usize, to: &mut Vec<f32>| {
                let rows = (0..if drawn.is_empty() { 0 } else { rows.lengths()[b] }).map(|t| rows.row(t, b));
                rows.for_each(|row| to.extend_from_slice(&drawn[row * width..][..width]));
            };
            let Kind::Recurrent(RecurrentLayers { block, layers, .. }) = &placed.kind else {
                own_rows(&masks.dropout, placed.input_size, &mut of_rows.dropout);
                continue;
            };
            for direction in 0..layers.len() {
                let factors = masks.dropout_of(direction, layers.len());
                of_layers.extend(factors.chunks_exact(block.hidden_size).nth(b).unwrap_or_default());
                let kept = masks.kept_of(direction, layers.len());
                own_rows(kept, block.state_size(), &mut of_rows.kept);
            }
        }
        scale_columns(of.network.blocks(), &self.masks, &mut self.parameters);
        self.engine.began = of.began;
    }

    fn forward(&mut self) {
        self.engine.load(&self.parameters);
        self.engine.keeps = true;
        let timelines = self.engine.network.timelines();
        self.engine.timelines.set(timelines, self.batch.packing());
        self.engine.run(&self.batch, None, &mut self.state);
    }

    fn backward(&mut self) {
        self.gradient.clear();
        self.gradient.resize(self.parameters.len(), 0.0);
        let gradients = Gradients {
            parameters: &mut self.gradient,
            state: self.dstate.as_mut(),
            input: self.dinput.as_deref_mut(),
        };
        self.engine.backward(&self.batch, &self.doutput, gradients);
        scale_columns(self.engine.network.blocks(), &self.masks, &mut self.gradient);
    }
}

/// Multiplies the columns of each recurrent matrix, in a vector of the network's layout, with their block's mask.
fn scale_columns(blocks: &[Placed], masks: &[Vec<f32>], vector: &mut [f32]) {
    for (placed, mask) in blocks.iter().zip(masks) {
        let Kind::Recurrent(recurrent) = &placed.kind else { continue };
        for (layer, mask) in recurrent.layers.iter().zip(mask.chunks_exact(recurrent.block.hidden_size)) {
            for row in vector[layer.weight_hh()].chunks_exact_mut(layer.hidden_size) {
                row.iter_mut().zip(mask).for_each(|(w, m)| *w *= m);
            }
        }
    }
}

/// Runs `work` on each sequence.
fn each_alone(engine: &mut SimdEngine, alone: &mut [Alone], work: impl Fn(&mut Alone) + Sync) {
    let rows = alone.iter().map(|one| one.batch.packing().num_rows()).sum();
    let threads = engine.thread_count_for(rows);
    let size = alone.len().div_ceil(PARTS).max(1);
    let mut parts: Vec<&mut [Alone]> = alone.chunks_mut(size).collect();
    let pool: &mut Option<Threads> = &mut engine.threads;
    each(pool, threads, &mut parts, |part| part.iter_mut().for_each(&work));
}

impl SimdEngine {
    /// Do the sequences of this pass have weights of their own?
    pub(super) fn runs_by_sequence(&self) -> bool {
        let is_masked = |(placed, masks): (&Placed, &Masks<f32>)| {
            matches!(placed.kind, Kind::Recurrent(_)) && !masks.dropout.is_empty()
        };
        self.network.blocks().iter().zip(&self.masks).any(is_masked)
    }

    /// The forward pass, sequence by sequence.
    pub(super) fn forward_by_sequence(&mut self, batch: &Batch<f32>, state: &mut State<f32>) {
        let packing = batch.packing();
        self.num_chunks = packing.batch_size();
        let mut alone = std::mem::take(&mut self.alone);
        alone.resize_with(self.num_chunks, || Alone::new(&self.network, self.set));
        alone.iter_mut().enumerate().for_each(|(b, one)| one.take_up(self, batch, state, b));
        each_alone(self, &mut alone, Alone::forward);
        let (rows, width) = (self.output_rows(batch), self.network.output_size());
        let mut output = std::mem::take(&mut self.output);
        output.resize(rows.num_rows() * width, 0.0);
        for (b, one) in alone.iter().enumerate() {
            for (t, y) in one.engine.output.chunks_exact(width).enumerate() {
                output[rows.row(t, b) * width..][..width].copy_from_slice(y);
            }
            state.replace(&[b], &one.state);
        }
        (self.output, self.alone) = (output, alone);
    }

    /// The backward pass, sequence by sequence.
    pub(super) fn backward_by_sequence(
        &mut self,
        batch: &Batch<f32>,
        doutput: &[f32],
        gradients: Gradients<'_, f32>,
    ) {
        let Gradients { parameters, mut state, mut input } = gradients;
        let mut alone = std::mem::take(&mut self.alone);
        let (rows, width) = (self.output_rows(batch), self.network.output_size());
        for (b, one) in alone.iter_mut().enumerate() {
            one.doutput.clear();
            for t in 0..rows.lengths()[b] {
                one.doutput.extend_from_slice(&doutput[rows.row(t, b) * width..][..width]);
            }
            one.dstate = state.as_deref().map(|state| state.select(&[b]));
            one.dinput = input.as_deref().map(|_| vec![0.0; one.batch.x().len()]);
        }
        each_alone(self, &mut alone, Alone::backward);
        let (packing, width) = (batch.packing(), batch.input_size());
        for (b, one) in alone.iter().enumerate() {
            parameters.iter_mut().zip(&one.gradient).for_each(|(to, d)| *to += d);
            if let (Some(state), Some(own)) = (state.as_deref_mut(), &one.dstate) {
                state.replace(&[b], own);
            }
            if let (Some(input), Some(own)) = (input.as_deref_mut(), &one.dinput) {
                for (t, dx) in own.chunks_exact(width).enumerate() {
                    let to = &mut input[packing.row(t, b) * width..][..width];
                    to.iter_mut().zip(dx).for_each(|(to, d)| *to += d);
                }
            }
        }
        self.alone = alone;
    }

    /// Which row of the output is which.
    fn output_rows(&self, batch: &Batch<f32>) -> crate::batch::Packing {
        self.network.output_packing(batch.packing())
    }
}
