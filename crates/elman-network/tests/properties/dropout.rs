//! Dropout between layers: when it acts, that it repeats, and that it keeps the expected value. Recurrent dropout: which
//! masks it draws.
//! Its gradients are in [`gradients`](crate::gradients).

use elman_network::batch::Batch;
use elman_network::network::{
    CellKind, Direction, Engine, Mode, Network, NetworkConfig, Readout, Recurrent, ScalarEngine, SimdEngine,
    Stacked, Tape,
};
use elman_network::random::{Purpose, Rng};
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

/// A unit whose input is 1 at every timestep: `h_t = 1 + 0.25 m h_(t-1)`. With one mask per sequence it takes one of two ways,
/// `1, 1, 1, ...` and the sums of the powers of `0.25 / (1 - p)`. Masks of timesteps would mix them.
#[test]
fn recurrent_dropout_has_one_mask_for_all_timesteps_of_a_sequence() {
    const P: f64 = 0.25;
    let layer = Recurrent::new(CellKind::ElmanRelu, 1).with_recurrent_dropout(P);
    let lengths: Vec<usize> = (0..400).map(|n| 1 + n % 6).collect();
    let sequences: Vec<Vec<f32>> = lengths.iter().map(|&len| vec![1.0; len]).collect();
    let slices: Vec<&[f32]> = sequences.iter().map(Vec::as_slice).collect();
    let batch = Batch::new(&slices, 1);
    let way = |factor: f64, t: i32| (0..=t).map(|k| factor.powi(k)).sum::<f64>();
    for direction in [Direction::Forward, Direction::Both] {
        let network = Network::new(NetworkConfig::new(1).with(layer.with_direction(direction))).unwrap();
        // weight_ih, weight_hh and two biases for each direction.
        let parameters = [1.0, 0.25, 0.0, 0.0].repeat(direction.count());
        let mut engine = SimdEngine::new(&network);
        engine.load(&parameters);
        let mut run = |mode: Mode<'_>| {
            let output = engine.forward(&batch, &mut network.zero_state(400), mode).to_vec();
            network.unpack(&batch, &output)
        };
        let mut dropped = [0.0; 2];
        for (outputs, len) in run(Mode::Train(&mut Rng::new(7, Purpose::Dropout(3)))).iter().zip(&lengths) {
            for (d, dropped) in dropped.iter_mut().enumerate().take(direction.count()) {
                let mut outputs: Vec<f32> =
                    outputs.iter().skip(d).step_by(direction.count()).copied().collect();
                if d == 1 {
                    outputs.reverse();
                }
                let is_dropped = outputs[len - 1] == 1.0;
                let factor = if is_dropped { 0.0 } else { 0.25 / (1.0 - P) };
                for (t, &h) in (0..).zip(&outputs) {
                    // Six roundings at most.
                    assert!((f64::from(h) - way(factor, t)).abs() < 1e-6, "{outputs:?}");
                }
                *dropped += f64::from(u8::from(is_dropped && *len > 1));
            }
        }
        // Of 333 sequences with a second timestep a quarter, within four standard deviations of 7.9.
        for dropped in &dropped[..direction.count()] {
            assert!((dropped - 83.0).abs() < 32.0, "{dropped}");
        }
        // Without training there are no masks: every way is the same.
        for mode in [Mode::Predict, Mode::Evaluate] {
            for h in
                run(mode).iter().zip(&lengths).map(|(outputs, len)| outputs[(len - 1) * direction.count()])
            {
                assert!((0..6).any(|t| (f64::from(h) - way(0.25, t)).abs() < 1e-6), "{h}");
            }
        }
        // The plain code draws the same masks.
        let mut plain = ScalarEngine::<f32>::new(&network);
        plain.load(&parameters);
        let mut masks = Rng::new(7, Purpose::Dropout(3));
        let output = plain.forward(&batch, &mut network.zero_state(400), Mode::Train(&mut masks)).to_vec();
        let expected = run(Mode::Train(&mut Rng::new(7, Purpose::Dropout(3))));
        for (a, b) in network.unpack(&batch, &output).concat().iter().zip(expected.concat()) {
            assert!((a - b).abs() < 1e-6);
        }
    }
}

#[test]
fn recurrent_dropout_without_an_effect_is_refused() {
    let refusal = |cell, share| {
        let layer = Recurrent::new(cell, 3).with_recurrent_dropout(share);
        Network::new(NetworkConfig::new(1).with(layer)).unwrap_err().to_string()
    };
    assert_eq!(
        refusal(CellKind::Gru, 1.0),
        "recurrent_dropout of block 0 (recurrent) is 1; it must be at least 0 and below 1"
    );
    assert_eq!(
        refusal(CellKind::MinGru, 0.5),
        "recurrent_dropout of block 0 (recurrent) is 0.5, but min-gru has no recurrent product; leave it out"
    );
}
