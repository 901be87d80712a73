//! Chains of any blocks: the same properties as of stacked networks, and what each block is by its
//! definition.

use elman_network::network::{
    Activation, Block, CellKind, Dense, Direction, Dropout, Embedding, LayerNorm, Network, NetworkConfig,
    Output, Patch, Pooling, PoolingKind, Recurrent, Skip, Tape,
};
use proptest::prelude::*;
use proptest::sample::select;

use crate::batches::assert_together_is_alone;
use crate::chunks::assert_chunks_are_one_pass;
use crate::drawn::{Outcome, Sequence, assert_same_bits, fill, forward, lengths, run};
use crate::gradients::assert_gradients_are_derivatives;

/// A drawn chain, and the seed of the values that fill it.
#[derive(Clone, Debug)]
struct Chain {
    config: NetworkConfig,
    lengths: Vec<usize>,
    seed: u64,
}

impl Chain {
    /// The network, its parameters and sequences for it; of these with initial states, or from a fresh state.
    fn fill(&self, fresh: bool) -> (Network, Vec<f64>, Vec<Sequence<f64>>) {
        let network = Network::new(self.config.clone()).expect("a valid chain");
        let (parameters, mut sequences) = fill(&network, &self.lengths, self.seed);
        if fresh {
            sequences.iter_mut().for_each(|sequence| sequence.state.clear());
        }
        (network, parameters, sequences)
    }
}

fn recurrent() -> impl Strategy<Value = Recurrent> {
    let directions = select(&[Direction::Forward, Direction::Reverse, Direction::Both][..]);
    let outputs = prop_oneof![3 => Just(Output::Every), 1 => Just(Output::Last)];
    (select(&CellKind::ALL[..]), 1usize..=4, directions, outputs, any::<bool>()).prop_map(
        |(cell, hidden_size, direction, output, learned)| {
            let layer = Recurrent::new(cell, hidden_size).with_direction(direction);
            layer.with_output(output).with_learned_state(learned)
        },
    )
}

fn dense() -> impl Strategy<Value = Dense> {
    (1usize..=4, select(&Activation::ALL[..]), any::<bool>())
        .prop_map(|(size, activation, bias)| Dense::new(size).with_activation(activation).with_bias(bias))
}

fn block() -> impl Strategy<Value = Block> {
    let kinds = select(&[PoolingKind::Last, PoolingKind::Mean, PoolingKind::Max][..]);
    prop_oneof![
        3 => recurrent().prop_map(Block::from),
        2 => dense().prop_map(Block::from),
        1 => (0.1f64..0.9).prop_map(|p| Dropout::new(p).into()),
        1 => Just(LayerNorm::new().with_eps(0.1).into()),
        1 => (1usize..=3).prop_map(|n| Skip::new(n).into()),
        1 => kinds.prop_map(|kind| Pooling::new(kind).into()),
        1 => (1usize..=4).prop_map(|len| Patch::new(len).into()),
    ]
}

/// As many of some drawn blocks as can stand one behind the other, and a dense one at the end.
fn chains() -> impl Strategy<Value = Chain> {
    let tokens = proptest::option::weighted(0.2, (1usize..=4, 1usize..=3));
    let parts = (1usize..=4, tokens, prop::collection::vec(block(), 0..=5), dense());
    (parts, lengths(), any::<u64>()).prop_map(|((input_size, tokens, blocks, last), lengths, seed)| {
        let mut config = match tokens {
            Some((n, dim)) => NetworkConfig::new(1).with(Embedding::new(n, dim)),
            None => NetworkConfig::new(input_size),
        };
        for block in blocks {
            let longer = config.clone().with(block);
            if Network::new(longer.clone().with(last)).is_ok() {
                config = longer;
            }
        }
        Chain { config: config.with(last), lengths, seed }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn gradients_are_derivatives(chain in chains(), fresh: bool, dropout: Option<u64>) {
        let (network, parameters, sequences) = chain.fill(fresh);
        assert_gradients_are_derivatives(&network, &parameters, &sequences, dropout);
    }

    #[test]
    fn a_batch_is_its_sequences(chain in chains(), fresh: bool) {
        let (network, parameters, sequences) = chain.fill(fresh);
        assert_together_is_alone(&network, &parameters, sequences);
    }

    #[test]
    fn chunks_of_time_are_one_pass(mut chain in chains(), fresh: bool, size in 1usize..=4) {
        for block in &mut chain.config.blocks {
            match block {
                Block::Recurrent(layer) => *block = layer.with_direction(Direction::Forward).into(),
                Block::Pooling(_) => *block = Pooling::new(PoolingKind::Last).into(),
                _ => {}
            }
        }
        // Narrower now, a layer may be too narrow for a skip.
        let Ok(network) = Network::new(chain.config.clone()) else { return Ok(()) };
        let (_, parameters, sequences) = chain.fill(fresh);
        let size = size * network.patch_len();
        assert_chunks_are_one_pass(network, parameters, &sequences, size);
    }
}

/// The inputs and outputs of a chain, sequence by sequence.
fn outputs(config: NetworkConfig, lengths: &[usize], seed: u64) -> Vec<(Vec<f64>, Vec<f64>)> {
    let network = Network::new(config).expect("a valid chain");
    let (parameters, sequences) = fill(&network, lengths, seed);
    let (_, outcomes): (_, Vec<Outcome<f64>>) =
        forward(&network, &parameters, &sequences, None, &mut Tape::default());
    sequences.into_iter().zip(outcomes).map(|(sequence, outcome)| (sequence.x, outcome.output)).collect()
}

proptest! {
    #[test]
    fn pooling_is_the_last_the_mean_the_largest(lengths in lengths(), width in 1usize..=4, seed: u64) {
        for kind in [PoolingKind::Last, PoolingKind::Mean, PoolingKind::Max] {
            let config = NetworkConfig::new(width).with(Pooling::new(kind));
            for (x, pooled) in outputs(config, &lengths, seed) {
                let len = x.len() / width;
                for (i, &pooled) in pooled.iter().enumerate() {
                    let values = || x.iter().skip(i).step_by(width).copied();
                    let expected = match kind {
                        PoolingKind::Last => values().last().unwrap(),
                        PoolingKind::Mean => values().reduce(|sum, x| sum + x).unwrap() / len as f64,
                        PoolingKind::Max => values().fold(f64::NEG_INFINITY, f64::max),
                    };
                    prop_assert_eq!(pooled, expected);
                }
            }
        }
    }

    #[test]
    fn patches_are_timesteps_side_by_side(lengths in lengths(), width in 1usize..=4, len in 1usize..=5, seed: u64) {
        for (mut x, patched) in outputs(NetworkConfig::new(width).with(Patch::new(len)), &lengths, seed) {
            x.resize(x.len().next_multiple_of(len * width), 0.0);
            assert_same_bits(&patched, &x, "patches");
        }
    }

    #[test]
    fn the_final_state_is_what_pooling_takes_last(lengths in lengths(), cell in select(&CellKind::ALL[..]), seed: u64) {
        let layer = Recurrent::new(cell, 3);
        let last = NetworkConfig::new(2).with(layer.with_output(Output::Last));
        let pooled = NetworkConfig::new(2).with(layer).with(Pooling::new(PoolingKind::Last));
        prop_assert_eq!(outputs(last, &lengths, seed), outputs(pooled, &lengths, seed));
    }

    #[test]
    fn a_skip_adds_the_inputs(lengths in lengths(), inputs_added in 1usize..=3, seed: u64) {
        for (x, skipped) in outputs(NetworkConfig::new(3).with(Skip::new(inputs_added)), &lengths, seed) {
            for (n, (y, x)) in skipped.iter().zip(&x).enumerate() {
                prop_assert_eq!(*y, if n % 3 < inputs_added { x + x } else { *x });
            }
        }
    }

    /// What begins from a fresh state begins from what is learned, and the gradient of that is the sum of
    /// those of the sequences' initial states. A state that was written to has nothing to do with it.
    #[test]
    fn learned_states_are_initial_states(lengths in lengths(), cell in select(&CellKind::ALL[..]), seed: u64) {
        let layer = Recurrent::new(cell, 3).with_direction(Direction::Both).with_learned_state(true);
        let network = Network::new(NetworkConfig::new(2).with(layer).with(Dense::new(2))).expect("a valid chain");
        let (parameters, mut sequences) = fill(&network, &lengths, seed);
        let learned: Vec<f64> = network
            .layout()
            .tensors()
            .iter()
            .filter(|tensor| tensor.name.starts_with("h0") || tensor.name.starts_with("c0"))
            .flat_map(|tensor| parameters[tensor.range.clone()].iter().copied())
            .collect();
        sequences.iter_mut().for_each(|sequence| sequence.state.clone_from(&learned));
        let (given, given_gradient) = run(&network, &parameters, &sequences, None, &mut Tape::default());
        sequences.iter_mut().for_each(|sequence| sequence.state.clear());
        let (fresh, gradient) = run(&network, &parameters, &sequences, None, &mut Tape::default());
        let mut dstates = vec![0.0; learned.len()];
        for n in 0..lengths.len() {
            assert_same_bits(&fresh[n].output, &given[n].output, "output");
            assert_same_bits(&fresh[n].dstate, &given[n].dstate, "gradient of the initial state");
            dstates.iter_mut().zip(&fresh[n].dstate).for_each(|(sum, d)| *sum += d);
        }
        let mut dstates = dstates.as_slice();
        for tensor in network.layout().tensors() {
            let (fresh, given) = (&gradient[tensor.range.clone()], &given_gradient[tensor.range.clone()]);
            if tensor.name.starts_with("h0") || tensor.name.starts_with("c0") {
                let sums;
                (sums, dstates) = dstates.split_at(fresh.len());
                for (fresh, sum) in fresh.iter().zip(sums) {
                    prop_assert!((fresh - sum).abs() <= 1e-13 * (1.0 + sum.abs()), "{}: {} {}", tensor.name, fresh, sum);
                }
                prop_assert!(given.iter().all(|&d| d == 0.0), "{}", tensor.name);
            } else {
                assert_same_bits(fresh, given, &tensor.name);
            }
        }
        prop_assert!(dstates.is_empty());
    }
}

#[test]
fn what_is_no_token_is_not_a_number() {
    let network = Network::new(NetworkConfig::new(1).with(Embedding::new(3, 2))).expect("a valid chain");
    let (parameters, _) = fill(&network, &[1], 1);
    let run = |x: f64| {
        let sequence = Sequence { x: vec![x], state: Vec::new(), doutput: vec![1.0; 2], dstate: Vec::new() };
        let (mut outcomes, gradient) = run(&network, &parameters, &[sequence], None, &mut Tape::default());
        (outcomes.remove(0).output, gradient)
    };
    for token in 0..3 {
        let (output, gradient) = run(token as f64);
        assert_eq!(output, parameters[2 * token..][..2]);
        let expected: Vec<f64> = (0..6).map(|n| f64::from(u8::from(n / 2 == token))).collect();
        assert_eq!(gradient, expected);
    }
    for x in [3.0, -1.0, 0.5, -0.5, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let (output, gradient) = run(x);
        assert!(output.iter().all(|y| y.is_nan()), "{x}");
        assert_eq!(gradient, [0.0; 6], "{x}");
    }
}

#[test]
fn the_earliest_of_equal_values_is_the_largest_and_nan_is_larger_than_all() {
    let network =
        Network::new(NetworkConfig::new(1).with(Pooling::new(PoolingKind::Max))).expect("a valid chain");
    for (x, y, dx) in [
        ([1.0, 2.0, 2.0], 2.0, [0.0, 1.0, 0.0]),
        ([3.0, 3.0, 3.0], 3.0, [1.0, 0.0, 0.0]),
        ([1.0, f64::NAN, 2.0], f64::NAN, [0.0, 1.0, 0.0]),
    ] {
        let sequence = Sequence { x: x.to_vec(), state: Vec::new(), doutput: vec![1.0], dstate: Vec::new() };
        let (outcomes, _) = run(&network, &[], &[sequence], None, &mut Tape::default());
        assert!(outcomes[0].output[0] == y || y.is_nan() && outcomes[0].output[0].is_nan(), "{x:?}");
        assert_eq!(outcomes[0].dx, dx, "{x:?}");
    }
}
