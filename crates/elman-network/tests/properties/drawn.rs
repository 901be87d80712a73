//! Networks and batches drawn at random, and one function that runs them there and back.

use elman_core::lane::Scalar;
use elman_network::batch::{Batch, Packing};
use elman_network::network::{
    Block, CellKind, Gradients, Mode, Network, Readout, Stacked, State, StateBlock, Tape,
};
use elman_network::random::{Purpose, Rng};
use proptest::prelude::*;
use proptest::sample::select;

/// A drawn shape, and the seed of the values that fill it.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) config: Stacked,
    pub(crate) lengths: Vec<usize>,
    pub(crate) seed: u64,
}

/// Everything from one value, unit, layer and sequence upwards.
pub(crate) fn shapes() -> impl Strategy<Value = Shape> {
    let sizes = (1usize..=5, 1usize..=7, 1usize..=3, 1usize..=3);
    let kinds = (select(&CellKind::ALL[..]), any::<bool>(), select(&[Readout::Last, Readout::Every][..]));
    (sizes, kinds, lengths(), any::<u64>()).prop_map(|(sizes, kinds, lengths, seed)| {
        let (input_size, hidden_size, num_layers, output_size) = sizes;
        let (cell, bidirectional, readout) = kinds;
        let dropout = 0.0;
        let config = Stacked {
            cell,
            input_size,
            hidden_size,
            num_layers,
            bidirectional,
            dropout,
            output_size,
            readout,
        };
        Shape { config, lengths, seed }
    })
}

/// Of the sequences of a batch.
pub(crate) fn lengths() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(1usize..=9, 1..=6)
}

impl Shape {
    /// Makes the outputs the last layer's hidden states, by a head that is the identity.
    pub(crate) fn reading_hidden_states(mut self, readout: Readout) -> Self {
        self.config.output_size = self.num_directions() * self.config.hidden_size;
        self.config.readout = readout;
        self
    }

    pub(crate) fn num_directions(&self) -> usize {
        1 + usize::from(self.config.bidirectional)
    }

    pub(crate) fn network(&self) -> Network {
        Network::new(self.config.clone()).expect("a valid configuration")
    }

    /// The network, its parameters and sequences for it.
    pub(crate) fn fill(&self) -> (Network, Vec<f64>, Vec<Sequence<f64>>) {
        let network = self.network();
        let (parameters, sequences) = fill(&network, &self.lengths, self.seed);
        (network, parameters, sequences)
    }
}

/// Parameters in `[-0.8, 0.8)`, and sequences of values in `[-1, 1)` or of tokens.
pub(crate) fn fill(network: &Network, lengths: &[usize], seed: u64) -> (Vec<f64>, Vec<Sequence<f64>>) {
    let mut rng = Rng::new(seed, Purpose::Initialisation);
    let parameters = uniform(network.layout().len(), &mut rng).iter().map(|value| 0.8 * value).collect();
    let sequences = lengths.iter().map(|&length| Sequence::draw(network, length, &mut rng));
    let sequences = sequences.collect();
    (parameters, sequences)
}

fn uniform(len: usize, rng: &mut Rng) -> Vec<f64> {
    (0..len).map(|_| 2.0 * rng.uniform() - 1.0).collect()
}

/// Replaces the head by the identity.
pub(crate) fn set_identity_head(network: &Network, parameters: &mut [f64]) {
    let tensor = |name| network.layout().tensor(name).expect("a head");
    let (weight, bias) = (tensor("head.weight"), tensor("head.bias"));
    assert_eq!(weight.shape[0], weight.shape[1]);
    parameters[weight.range.clone()].fill(0.0);
    parameters[weight.range.clone()]
        .iter_mut()
        .step_by(weight.shape[1] + 1)
        .for_each(|diagonal| *diagonal = 1.0);
    parameters[bias.range.clone()].fill(0.0);
}

/// What a sequence brings to a pass forward and backward.
#[derive(Clone, Debug)]
pub(crate) struct Sequence<T> {
    /// `[length, I]`
    pub(crate) x: Vec<T>,
    /// The initial state, `[blocks, STATES, H]`; none of any sequence for a fresh state.
    pub(crate) state: Vec<T>,
    /// The gradient of the output, of the shape of [`Outcome::output`].
    pub(crate) doutput: Vec<T>,
    /// The gradient of the final state, `[blocks, STATES, H]`.
    pub(crate) dstate: Vec<T>,
}

impl Sequence<f64> {
    fn draw(network: &Network, length: usize, rng: &mut Rng) -> Self {
        let state_len = network.states().iter().map(StateBlock::width).sum();
        let x = match network.config().blocks.first() {
            Some(Block::Embedding(tokens)) => {
                (0..length).map(|_| rng.index(0..tokens.num_embeddings) as f64).collect()
            }
            _ => uniform(length * network.input_size(), rng),
        };
        Sequence {
            x,
            state: uniform(state_len, rng),
            doutput: uniform(network.output_len(length) * network.output_size(), rng),
            dstate: uniform(state_len, rng),
        }
    }
}

/// What a pass makes of a sequence.
#[derive(Clone, Debug)]
pub(crate) struct Outcome<T> {
    /// `[output_len(length), O]`
    pub(crate) output: Vec<T>,
    /// The final state, `[blocks, STATES, H]`.
    pub(crate) state: Vec<T>,
    /// The gradient of the input, `[length, I]`; empty after a pass forward alone.
    pub(crate) dx: Vec<T>,
    /// The gradient of the initial state, `[blocks, STATES, H]`; empty after a pass forward alone.
    pub(crate) dstate: Vec<T>,
}

/// Runs sequences forward as one batch, in training with dropout from this seed, if any.
pub(crate) fn forward<T: Scalar>(
    network: &Network,
    parameters: &[T],
    sequences: &[Sequence<T>],
    dropout: Option<u64>,
    tape: &mut Tape<T>,
) -> (Batch<T>, Vec<Outcome<T>>) {
    let xs: Vec<&[T]> = sequences.iter().map(|sequence| sequence.x.as_slice()).collect();
    let batch = Batch::new(&xs, network.config().input_size);
    let mut state = load_state(network, batch.packing(), sequences, |sequence| &sequence.state);
    let mut masks = dropout.map(|seed| Rng::new(seed, Purpose::Dropout(0)));
    let mode = masks.as_mut().map_or(Mode::Evaluate, Mode::Train);
    network.forward(parameters, &batch, &mut state, mode, tape);
    let outputs = split(network, batch.packing(), tape.output());
    let outcomes = outputs.into_iter().zip(store_state(network, &state, batch.packing()));
    let outcomes =
        outcomes.map(|(output, state)| Outcome { output, state, dx: Vec::new(), dstate: Vec::new() });
    let outcomes = outcomes.collect();
    (batch, outcomes)
}

/// Runs sequences forward and backward as one batch; also returns the gradient of the parameters.
pub(crate) fn run<T: Scalar>(
    network: &Network,
    parameters: &[T],
    sequences: &[Sequence<T>],
    dropout: Option<u64>,
    tape: &mut Tape<T>,
) -> (Vec<Outcome<T>>, Vec<T>) {
    let (batch, mut outcomes) = forward(network, parameters, sequences, dropout, tape);
    let packing = batch.packing();
    let doutput = join(network, packing, sequences);
    let mut gradient = vec![T::default(); parameters.len()];
    let mut dx = vec![T::default(); batch.x().len()];
    let mut dstate = load_state(network, packing, sequences, |sequence| &sequence.dstate);
    let gradients = Gradients { parameters: &mut gradient, state: Some(&mut dstate), input: Some(&mut dx) };
    network.backward(parameters, &batch, &doutput, tape, gradients);
    let dxs = packing.unpack(&dx, batch.input_size());
    for (outcome, (dx, dstate)) in
        outcomes.iter_mut().zip(dxs.into_iter().zip(store_state(network, &dstate, packing)))
    {
        outcome.dx = dx;
        outcome.dstate = dstate;
    }
    (outcomes, gradient)
}

/// Rows of output values to one vector per sequence.
fn split<T: Scalar>(network: &Network, packing: &Packing, rows: &[T]) -> Vec<Vec<T>> {
    network.output_packing(packing).unpack(rows, network.output_size())
}

/// The sequences' output gradients to rows.
pub(crate) fn join<T: Scalar>(network: &Network, packing: &Packing, sequences: &[Sequence<T>]) -> Vec<T> {
    let slices: Vec<&[T]> = sequences.iter().map(|sequence| sequence.doutput.as_slice()).collect();
    network.output_packing(packing).pack(&slices, network.output_size())
}

/// A state from one vector per sequence.
pub(crate) fn load_state<T: Scalar>(
    network: &Network,
    packing: &Packing,
    sequences: &[Sequence<T>],
    of: impl Fn(&Sequence<T>) -> &Vec<T>,
) -> State<T> {
    let mut state = network.zero_state(packing.batch_size());
    for (n, sequence) in sequences.iter().enumerate().filter(|(_, sequence)| !of(sequence).is_empty()) {
        let mut rest = of(sequence).as_slice();
        for block in network.states() {
            let values;
            (values, rest) = rest.split_at(block.width());
            state.set(block.layer, block.direction, n, packing, values);
        }
    }
    state
}

/// The backward pass.
fn store_state<T: Scalar>(network: &Network, state: &State<T>, packing: &Packing) -> Vec<Vec<T>> {
    let of =
        |n| network.states().iter().map(move |block| state.get(block.layer, block.direction, n, packing));
    (0..packing.batch_size()).map(|n| of(n).collect::<Vec<_>>().concat()).collect()
}

/// Asserts that two lists of numbers are equal to the bit, but for the sign of a zero.
#[track_caller]
pub(crate) fn assert_same_bits(a: &[f64], b: &[f64], what: &str) {
    assert_eq!(a.len(), b.len(), "{what}: number of values");
    for (n, (a, b)) in a.iter().zip(b).enumerate() {
        assert_eq!((a + 0.0).to_bits(), (b + 0.0).to_bits(), "{what}: {a:e} and {b:e} at {n}");
    }
}

/// Asserts that two passes made the same of a sequence, to the bit.
#[track_caller]
pub(crate) fn assert_same_outcome(a: &Outcome<f64>, b: &Outcome<f64>) {
    assert_same_bits(&a.output, &b.output, "output");
    assert_same_bits(&a.state, &b.state, "final state");
    assert_same_bits(&a.dx, &b.dx, "gradient of the input");
    assert_same_bits(&a.dstate, &b.dstate, "gradient of the initial state");
}

/// The largest magnitude.
pub(crate) fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
}
