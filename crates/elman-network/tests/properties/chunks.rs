//! A pass over chunks of time, the state carried on and its gradient carried back, is one pass over
//! the whole, to the bit.

use std::ops::Range;

use elman_network::batch::Batch;
use elman_network::network::{Gradients, Mode, Network, State, Tape};
use proptest::prelude::*;

use crate::drawn::{Sequence, assert_same_bits, join, largest, load_state, shapes};

/// A batch and what a pass over it starts from.
struct Problem {
    network: Network,
    parameters: Vec<f64>,
    batch: Batch<f64>,
    initial: State<f64>,
    doutput: Vec<f64>,
    dfinal: State<f64>,
}

/// What one pass over the whole batch makes, in the batch's order.
struct Whole {
    output: Vec<f64>,
    state: State<f64>,
    dx: Vec<f64>,
    dstate: State<f64>,
    gradient: Vec<f64>,
}

/// A chunk between its pass forward and its pass backward.
struct Chunk {
    /// The rows of the whole batch that it covers.
    rows: Range<usize>,
    batch: Batch<f64>,
    tape: Tape<f64>,
    doutput: Vec<f64>,
}

impl Problem {
    fn new(network: Network, parameters: Vec<f64>, sequences: &[Sequence<f64>]) -> Self {
        let xs: Vec<&[f64]> = sequences.iter().map(|sequence| sequence.x.as_slice()).collect();
        let batch = Batch::new(&xs, network.input_size());
        let initial = load_state(&network, batch.packing(), sequences, |sequence| &sequence.state);
        let dfinal = load_state(&network, batch.packing(), sequences, |sequence| &sequence.dstate);
        let doutput = join(&network, batch.packing(), sequences);
        Problem { network, parameters, batch, initial, doutput, dfinal }
    }

    fn whole(&self) -> Whole {
        let mut tape = Tape::default();
        let mut state = self.initial.clone();
        self.network.forward(&self.parameters, &self.batch, &mut state, Mode::Evaluate, &mut tape);
        let mut gradient = vec![0.0; self.parameters.len()];
        let mut dx = vec![0.0; self.batch.x().len()];
        let mut dstate = self.dfinal.clone();
        let gradients =
            Gradients { parameters: &mut gradient, state: Some(&mut dstate), input: Some(&mut dx) };
        self.network.backward(&self.parameters, &self.batch, &self.doutput, &mut tape, gradients);
        Whole { output: tape.output().to_vec(), state, dx, dstate, gradient }
    }

    /// Where in the output of the whole a chunk's stands. With one output per sequence it is there only
    /// for the sequences that end in the chunk, which are its last ones.
    fn place_of_output(&self, time: Range<usize>, chunk: &Batch<f64>) -> Range<usize> {
        let width = self.network.output_size();
        let outputs = if self.network.ends_time() {
            let going_on = self.batch.packing().lengths().iter().filter(|&&length| length > time.end);
            going_on.count()..chunk.packing().batch_size()
        } else {
            let patch_len = self.network.patch_len();
            let packing = self.network.output_packing(self.batch.packing());
            packing.rows(time.start / patch_len..time.end.div_ceil(patch_len))
        };
        outputs.start * width..outputs.end * width
    }

    /// Forward, comparing outputs and final states with those of the whole.
    fn forward_in_chunks(&self, size: usize, whole: &Whole) -> Vec<Chunk> {
        let mut chunks = Vec::new();
        let mut state = self.initial.clone();
        let mut last = self.initial.clone();
        for start in (0..self.batch.packing().seq_len()).step_by(size) {
            let time = start..start + size;
            let batch = self.batch.chunk(time.clone());
            let mut tape = Tape::default();
            state.truncate(batch.packing().batch_size());
            self.network.forward(&self.parameters, &batch, &mut state, Mode::Evaluate, &mut tape);
            copy_first(&state, &mut last);

            let place = self.place_of_output(time.clone(), &batch);
            let mut doutput = vec![0.0; tape.output().len()];
            let first = doutput.len() - place.len();
            assert_same_bits(&tape.output()[first..], &whole.output[place.clone()], "output");
            doutput[first..].copy_from_slice(&self.doutput[place]);
            chunks.push(Chunk { rows: self.batch.rows(time), batch, tape, doutput });
        }
        assert_same_state(&last, &whole.state, "final state");
        chunks
    }

    /// Backward, comparing the gradients with those of the whole.
    fn backward_in_chunks(&self, chunks: Vec<Chunk>, whole: &Whole) {
        let mut gradient = vec![0.0; self.parameters.len()];
        let mut dstate = self.dfinal.clone();
        for Chunk { rows, batch, mut tape, doutput } in chunks.into_iter().rev() {
            let mut dx = vec![0.0; batch.x().len()];
            let mut of_chunk = self.network.zero_state(batch.packing().batch_size());
            copy_first(&dstate, &mut of_chunk);
            let gradients =
                Gradients { parameters: &mut gradient, state: Some(&mut of_chunk), input: Some(&mut dx) };
            self.network.backward(&self.parameters, &batch, &doutput, &mut tape, gradients);
            copy_first(&of_chunk, &mut dstate);
            let width = batch.input_size();
            assert_same_bits(&dx, &whole.dx[rows.start * width..rows.end * width], "gradient of the input");
        }
        assert_same_state(&dstate, &whole.dstate, "gradient of the initial state");
        for tensor in self.network.layout().tensors() {
            let (ours, whole) = (&gradient[tensor.range.clone()], &whole.gradient[tensor.range.clone()]);
            // The recurrent layers add up from the end of time either way, the other blocks do not.
            if !tensor.name.contains('.') {
                assert_same_bits(ours, whole, &tensor.name);
            }
            // Up to 54 timesteps of terms about as large as 1, which may cancel to nothing.
            let allowed = 1e-11 * largest(whole) + 1e-13;
            let error = ours.iter().zip(whole).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(error <= allowed, "{}: off by {error:e}", tensor.name);
        }
    }
}

/// Copies as many sequences as both states have.
fn copy_first(from: &State<f64>, to: &mut State<f64>) {
    for block in 0..from.num_blocks() {
        let len = from.block(block).len().min(to.block(block).len());
        to.block_mut(block)[..len].copy_from_slice(&from.block(block)[..len]);
    }
}

fn assert_same_state(a: &State<f64>, b: &State<f64>, what: &str) {
    for block in 0..b.num_blocks() {
        assert_same_bits(a.block(block), b.block(block), what);
    }
}

pub(crate) fn assert_chunks_are_one_pass(
    network: Network,
    parameters: Vec<f64>,
    sequences: &[Sequence<f64>],
    size: usize,
) {
    let problem = Problem::new(network, parameters, sequences);
    let whole = problem.whole();
    let chunks = problem.forward_in_chunks(size, &whole);
    problem.backward_in_chunks(chunks, &whole);
}

proptest! {
    #[test]
    fn chunks_of_time_with_carried_state_are_one_pass(mut shape in shapes(), size in 1usize..=9) {
        shape.config.bidirectional = false;
        let (network, parameters, sequences) = shape.fill();
        assert_chunks_are_one_pass(network, parameters, &sequences, size);
    }
}
