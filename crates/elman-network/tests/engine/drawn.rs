//! Networks and batches, drawn, and what an engine makes of them.

use elman_core::lane::Scalar;
use elman_network::batch::Batch;
use elman_network::error::ConfigError;
use elman_network::float::convert;
use elman_network::init::Init;
use elman_network::network::{
    Activation, Block, CellKind, Dense, Direction, Dropout, Embedding, Engine, Gradients, LayerNorm, Mode,
    Network, NetworkConfig, Output, Patch, Pooling, PoolingKind, Readout, Recurrent, Skip, Stacked, State,
};
use elman_network::random::{Purpose, Rng};
use proptest::prelude::*;

/// A network and a batch for it, with all that flows into its passes.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) network: Network,
    pub(crate) parameters: Vec<f32>,
    pub(crate) sequences: Vec<Vec<f32>>,
    pub(crate) seed: u64,
}

/// What came of it, by name; the batch's order where it has one.
pub(crate) type Results<T> = Vec<(String, Vec<T>)>;

impl Problem {
    pub(crate) fn new<C>(config: C, lengths: &[usize], seed: u64) -> Self
    where
        C: TryInto<NetworkConfig>,
        ConfigError: From<C::Error>,
    {
        let network = Network::new(config).unwrap();
        let mut parameters: Vec<f32> = Init::Torch.draw(&network, seed).unwrap();
        // What starts as zeros or ones shall be seen as well.
        let drawn = numbers(parameters.len(), seed ^ 55);
        parameters.iter_mut().zip(drawn).for_each(|(parameter, drawn)| *parameter += 0.1 * drawn);
        let width = network.config().input_size;
        let tokens = match network.config().blocks[0] {
            Block::Embedding(embedding) => Some(embedding.num_embeddings as f32),
            _ => None,
        };
        let input = |x: f32| tokens.map_or(x, |tokens| ((x + 1.0) / 2.0 * tokens).floor());
        let sequence = |(&length, n)| numbers(length * width, seed ^ n).into_iter().map(input).collect();
        let sequences = lengths.iter().zip(1..).map(sequence).collect();
        Problem { network, parameters, sequences, seed }
    }

    /// The same with parameters that differ by a few roundings.
    pub(crate) fn nudged(&self, seed: u64) -> Problem {
        const ROUNDINGS: f32 = 8.0 * f32::EPSILON / 2.0;
        let mut nudged = self.clone();
        let drawn = numbers(self.parameters.len(), self.seed ^ seed ^ 113);
        nudged.parameters.iter_mut().zip(drawn).for_each(|(p, drawn)| *p *= 1.0 + ROUNDINGS * drawn);
        nudged
    }

    /// Does a derivative jump anywhere: that of a ReLU, or of a maximum?
    pub(crate) fn has_corners(&self) -> bool {
        self.network.config().blocks.iter().any(|block| match block {
            Block::Recurrent(recurrent) => recurrent.cell == CellKind::ElmanRelu,
            Block::Dense(dense) => dense.activation == Activation::Relu,
            Block::Pooling(pooling) => pooling.kind == PoolingKind::Max,
            _ => false,
        })
    }

    pub(crate) fn batch<T: Scalar>(&self) -> Batch<T> {
        let sequences: Vec<Vec<T>> = self.sequences.iter().map(|sequence| convert(sequence)).collect();
        let slices: Vec<&[T]> = sequences.iter().map(Vec::as_slice).collect();
        Batch::new(&slices, self.network.config().input_size)
    }

    /// A state of drawn numbers.
    pub(crate) fn state<T: Scalar>(&self, seed: u64) -> State<T> {
        let mut state = self.network.zero_state(self.sequences.len());
        for block in 0..state.num_blocks() {
            let values = numbers(state.block(block).len(), self.seed ^ seed ^ (block as u64) << 8);
            state.block_mut(block).copy_from_slice(&convert(&values));
        }
        state
    }

    /// Forward and backward, with every gradient asked for; twice, so that the second pass meets
    /// memory that has been used, as the parameters do.
    pub(crate) fn run<T: Scalar, E: Engine<T>>(&self, mut engine: E) -> Results<T> {
        self.run_on(&mut engine)
    }

    /// The same on an engine that may have run other batches.
    pub(crate) fn run_on<T: Scalar, E: Engine<T>>(&self, engine: &mut E) -> Results<T> {
        let mut batch = self.batch::<T>();
        engine.load(&convert(&numbers(self.parameters.len(), self.seed)));
        engine.load(&convert(&self.parameters));
        let first = self.pass(engine, &mut batch, None);
        // The sequences where they lie.
        let sequences: Vec<Vec<T>> = self.sequences.iter().map(|sequence| convert(sequence)).collect();
        let slices: Vec<&[T]> = sequences.iter().map(Vec::as_slice).collect();
        let mut laid_out = Batch::default();
        laid_out.lay_out(slices.len(), |n| slices[n].len(), batch.input_size());
        let second = self.pass(engine, &mut laid_out, Some(&slices));
        let bits = |results: &Results<T>| -> Vec<u64> {
            results.iter().flat_map(|(_, values)| values).map(|value| value.to_f64().to_bits()).collect()
        };
        assert_eq!(bits(&first), bits(&second), "the same pass twice, of a batch and of sequences");
        self.assert_adds(engine, &batch);
        first
    }

    /// A backward pass adds to the parameters' gradient: so does one whose gradient holds values.
    fn assert_adds<T: Scalar, E: Engine<T>>(&self, engine: &mut E, batch: &Batch<T>) {
        let from = |start: &[f32], engine: &mut E| {
            let output = engine.forward(batch, &mut self.state(101), Mode::Evaluate);
            let doutput: Vec<T> = convert(&numbers(output.len(), self.seed ^ 103));
            let mut gradient: Vec<T> = convert(start);
            let gradients = Gradients { parameters: &mut gradient, state: None, input: None };
            engine.backward(batch, &doutput, gradients);
            gradient
        };
        let start = numbers(self.parameters.len(), self.seed ^ 109);
        let alone = from(&vec![0.0; start.len()], engine);
        for ((added, alone), start) in from(&start, engine).iter().zip(&alone).zip(&start) {
            let (added, expected) = (added.to_f64(), alone.to_f64() + f64::from(*start));
            assert!(
                (added - expected).abs() <= 1e-4 * (1.0 + expected.abs()),
                "{added} instead of {expected}"
            );
        }
    }

    fn pass<T: Scalar, E: Engine<T>>(
        &self,
        engine: &mut E,
        batch: &mut Batch<T>,
        sequences: Option<&[&[T]]>,
    ) -> Results<T> {
        let mut state = self.state(101);
        let mut masks = Rng::new(self.seed, Purpose::Dropout(0));
        let mode = Mode::Train(&mut masks);
        let output = match sequences {
            None => engine.forward(batch, &mut state, mode),
            Some(sequences) => engine.forward_of(batch, sequences, &mut state, mode),
        };
        let output = output.to_vec();
        let doutput: Vec<T> = convert(&numbers(output.len(), self.seed ^ 103));
        let mut dstate = self.state(107);
        let mut gradient = vec![T::default(); self.parameters.len()];
        let mut dx = vec![T::default(); batch.packing().num_rows() * batch.input_size()];
        let gradients =
            Gradients { parameters: &mut gradient, state: Some(&mut dstate), input: Some(&mut dx) };
        engine.backward(batch, &doutput, gradients);
        let mut results = vec![("output".into(), output), ("d input".into(), dx)];
        for block in 0..state.num_blocks() {
            results.push((format!("final state {block}"), state.block(block).to_vec()));
            results.push((format!("d initial state {block}"), dstate.block(block).to_vec()));
        }
        for tensor in self.network.layout().tensors() {
            results.push((format!("d {}", tensor.name), gradient[tensor.range.clone()].to_vec()));
        }
        results
    }
}

/// Numbers in -1..1.
pub(crate) fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut rng = Rng::new(seed, Purpose::Check(0));
    (0..count).map(|_| (rng.uniform() as f32) * 2.0 - 1.0).collect()
}

/// A network of one layer, forward in time, with one output.
pub(crate) fn one_layer(cell: CellKind, input_size: usize, hidden_size: usize, readout: Readout) -> Stacked {
    Stacked {
        cell,
        input_size,
        hidden_size,
        num_layers: 1,
        bidirectional: false,
        dropout: 0.0,
        output_size: 1,
        readout,
    }
}

/// Batches with so many rows that chunks sum up the weight gradient in several parts of their backward pass:
/// sequences of many lengths, through two layers in both directions; of one length, whose rows are read in place;
/// one by itself, beside chunks without any.
pub(crate) fn long(cell: CellKind) -> [Problem; 3] {
    let config = one_layer(cell, 100, 24, Readout::Every);
    let deep = Stacked { num_layers: 2, bidirectional: true, dropout: 0.4, ..config };
    let many: Vec<usize> = (0..32).map(|n| 160 - 3 * n).collect();
    let mut one = vec![1; 128];
    one[0] = 3000;
    [
        Problem::new(deep, &many, 5),
        Problem::new(one_layer(cell, 100, 24, Readout::Last), &[130; 32], 6),
        Problem::new(one_layer(cell, 8, 24, Readout::Every), &one, 7),
    ]
}

pub(crate) fn any_config() -> impl Strategy<Value = Stacked> {
    let cell = prop::sample::select(CellKind::ALL.to_vec());
    // Sizes around those of vectors and tiles, and one.
    let hidden_size = prop_oneof![1usize..20, prop::sample::select(vec![31, 32, 33, 48, 64, 65, 100])];
    let readout = prop::sample::select(vec![Readout::Last, Readout::Every]);
    let sizes = (1usize..20, hidden_size, 1usize..4, 1usize..6);
    (cell, sizes, any::<bool>(), prop::sample::select(vec![0.0, 0.4]), readout).prop_map(
        |(cell, (input_size, hidden_size, num_layers, output_size), bidirectional, dropout, readout)| {
            let dropout = if num_layers > 1 { dropout } else { 0.0 };
            Stacked {
                cell,
                input_size,
                hidden_size,
                num_layers,
                bidirectional,
                dropout,
                output_size,
                readout,
            }
        },
    )
}

/// Chains of blocks of every kind, in orders that make sense; those that only read forward, for streams.
pub(crate) fn any_chain(causal: bool) -> impl Strategy<Value = NetworkConfig> {
    let size = 1usize..20;
    let activation = prop::sample::select(Activation::ALL.to_vec());
    let dense = (size.clone(), activation, any::<bool>())
        .prop_map(|(n, activation, bias)| Dense::new(n).with_activation(activation).with_bias(bias));
    let first = prop_oneof![
        3 => Just(Vec::new()),
        1 => (2usize..9, size.clone()).prop_map(|(n, d)| vec![Block::from(Embedding::new(n, d))]),
        1 => (2usize..20).prop_map(|n| vec![Block::from(Embedding::one_hot(n))]),
        1 => (1usize..5).prop_map(|n| vec![Patch::new(n).into()]),
        1 => dense.clone().prop_map(|dense| vec![dense.into()]),
        1 => Just(vec![LayerNorm::new().with_eps(0.1).into()]),
    ];
    let directions =
        if causal { vec![Direction::Forward] } else { vec![Direction::Both, Direction::Reverse] };
    let recurrent = (
        prop::sample::select(CellKind::ALL.to_vec()),
        prop_oneof![size, prop::sample::select(vec![32, 33, 48])],
        prop::sample::select(directions),
        any::<bool>(),
        prop::sample::select(vec![0.0, 0.0, 0.0, 0.0, 0.3]),
        prop::sample::select(vec![[0.0; 2], [0.0; 2], [0.0; 2], [0.2, 0.0], [0.1, 0.6], [0.0, 0.5]]),
    )
        .prop_map(|(cell, hidden_size, direction, learned, dropout, [h, c])| {
            // A cell without a recurrent product has nothing to mask.
            let dropout = if cell.facts().from_h > 0 { dropout } else { 0.0 };
            let layer = Recurrent::new(cell, hidden_size).with_direction(direction);
            let layer = layer.with_learned_state(learned).with_recurrent_dropout(dropout);
            layer.with_zoneout(h, if cell.facts().states > 1 { c } else { 0.0 })
        });
    let between = prop_oneof![
        2 => Just(Vec::new()),
        1 => Just(vec![Block::from(LayerNorm::new().with_eps(0.1))]),
        1 => Just(vec![Dropout::new(0.4).into()]),
        1 => (1usize..4).prop_map(|n| vec![Patch::new(n).into()]),
        1 => dense.clone().prop_map(|dense| vec![dense.into()]),
    ];
    let kinds = vec![PoolingKind::Last, PoolingKind::Mean, PoolingKind::Max];
    let last = prop_oneof![
        1 => Just(None),
        1 => Just(Some(None)),
        2 => prop::sample::select(kinds).prop_map(|kind| Some(Some(kind))),
    ];
    let end = prop_oneof![
        1 => Just(Vec::new()),
        1 => dense.clone().prop_map(|dense| vec![Block::from(dense)]),
        1 => (dense, 1usize..4).prop_map(|(dense, n)| {
            let softmax = Dense::new(n).with_activation(Activation::Softmax);
            vec![dense.into(), softmax.into()]
        }),
        1 => Just(vec![LayerNorm::new().with_eps(0.1).into()]),
    ];
    let middle = prop::collection::vec((recurrent.clone(), between), 0..3);
    (1usize..12, first, middle, recurrent, last, end, any::<bool>()).prop_map(
        |(input_size, first, middle, recurrent, last, end, skips)| {
            let is_embedding = matches!(first.first(), Some(Block::Embedding(_)));
            let input_size = if is_embedding { 1 } else { input_size };
            let mut blocks = first;
            blocks.extend(
                middle
                    .into_iter()
                    .flat_map(|(recurrent, between)| std::iter::once(Block::from(recurrent)).chain(between)),
            );
            // The hidden states of one layer may be learned, too.
            let output = if last == Some(None) { Output::Last } else { Output::Every };
            blocks.push(recurrent.with_output(output).into());
            let patched = blocks.iter().any(|block| matches!(block, Block::Patch(_)));
            match last {
                Some(Some(kind)) => blocks.push(Pooling::new(kind).into()),
                None if skips && !patched => blocks.push(Skip::new(1).into()),
                _ => {}
            }
            blocks.extend(end);
            blocks.into_iter().fold(NetworkConfig::new(input_size), NetworkConfig::with)
        },
    )
}

/// Lengths of a batch: equal ones, or not.
pub(crate) fn any_lengths() -> impl Strategy<Value = Vec<usize>> {
    prop_oneof![
        (1usize..30, 1usize..8).prop_map(|(batch_size, length)| vec![length; batch_size]),
        prop::collection::vec(1usize..10, 1..12),
    ]
}

pub(crate) fn any_problem() -> impl Strategy<Value = Problem> {
    let chain = prop_oneof![any_chain(false), any_chain(true)];
    let config =
        prop_oneof![any_config().prop_map(|stacked| NetworkConfig::try_from(stacked).unwrap()), chain];
    (config, any_lengths(), any::<u64>())
        .prop_map(|(config, lengths, seed)| Problem::new(config, &lengths, seed))
}
