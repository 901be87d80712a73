//! Dropout between layers: when it acts, that it repeats, and that it keeps the expected value.
//! Its gradients are in [`gradients`](crate::gradients).

use elman::network::{CellKind, Readout, Stacked, Tape};
use proptest::prelude::*;

use crate::drawn::{Outcome, Shape, assert_same_bits, assert_same_outcome, forward, run, shapes};

proptest! {
    #[test]
    fn the_same_seed_gives_the_same_pass(mut shape in shapes(), dropout in 0.1f64..0.9, seed: u64) {
        shape.config.num_layers = shape.config.num_layers.max(2);
        shape.config.dropout = dropout;
        let (network, parameters, sequences) = shape.fill();
        let pass = || run(&network, &parameters, &sequences, Some(seed), &mut Tape::default());
        let ((a, a_gradient), (b, b_gradient)) = (pass(), pass());
        for (a, b) in a.iter().zip(&b) {
            assert_same_outcome(a, b);
        }
        assert_same_bits(&a_gradient, &b_gradient, "gradient of the parameters");
    }

    #[test]
    fn evaluation_does_not_drop_out(mut shape in shapes(), dropout in 0.1f64..0.9) {
        shape.config.num_layers = shape.config.num_layers.max(2);
        let (without, parameters, sequences) = shape.fill();
        shape.config.dropout = dropout;
        let network = shape.network();
        let (with, gradient) = run(&network, &parameters, &sequences, None, &mut Tape::default());
        let (expected, expected_gradient) = run(&without, &parameters, &sequences, None, &mut Tape::default());
        for (with, expected) in with.iter().zip(&expected) {
            assert_same_outcome(with, expected);
        }
        assert_same_bits(&gradient, &expected_gradient, "gradient of the parameters");
    }
}

/// The network that the statistics below are taken of. With a ReLU and no negative number in it, it
/// is linear in each mask, so that the mean over all masks is what it gives without dropout.
fn linear(dropout: f64) -> Shape {
    let config = Stacked {
        cell: CellKind::ElmanRelu,
        input_size: 3,
        hidden_size: 6,
        num_layers: 3,
        bidirectional: true,
        dropout,
        output_size: 2,
        readout: Readout::Every,
    };
    Shape { config, lengths: vec![4, 2], seed: 1990 }
}

fn outputs(shape: &Shape, seed: Option<u64>) -> Vec<f64> {
    let (network, mut parameters, mut sequences) = shape.fill();
    parameters.iter_mut().for_each(|p| *p = 0.3 * p.abs());
    let inputs = sequences.iter_mut().flat_map(|sequence| sequence.x.iter_mut().chain(&mut sequence.state));
    inputs.for_each(|value| *value = value.abs());
    let (_, outcomes): (_, Vec<Outcome<f64>>) =
        forward(&network, &parameters, &sequences, seed, &mut Tape::default());
    outcomes.into_iter().flat_map(|outcome| outcome.output).collect()
}

#[test]
fn the_mean_over_masks_is_the_value_without_dropout() {
    const PASSES: u64 = 4000;
    let shape = linear(0.3);
    let expected = outputs(&shape, None);
    let mut sums = vec![[0.0; 2]; expected.len()];
    for seed in 0..PASSES {
        for (sums, value) in sums.iter_mut().zip(outputs(&shape, Some(seed))) {
            sums[0] += value;
            sums[1] += value * value;
        }
    }
    for ([sum, squares], expected) in sums.into_iter().zip(expected) {
        let mean = sum / PASSES as f64;
        let standard_error = ((squares / PASSES as f64 - mean * mean) / PASSES as f64).sqrt();
        // The seeds are fixed, so this cannot fail by chance. Without the division by 1 - dropout,
        // or with dropout and its complement exchanged, the mean would be tens of errors off.
        assert!((mean - expected).abs() < 4.0 * standard_error, "{mean} ± {standard_error}, not {expected}");
        assert!(standard_error < 0.01 * expected, "{standard_error} says little about {expected}");
        assert!(standard_error > 0.0, "no dropout at all");
    }
}

#[test]
fn other_seeds_give_other_masks() {
    let shape = linear(0.3);
    assert_ne!(outputs(&shape, Some(1)), outputs(&shape, Some(2)));
    assert_ne!(outputs(&shape, Some(1)), outputs(&shape, None));
}
