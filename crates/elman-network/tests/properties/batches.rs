//! What a batch is made of does not change what comes out, to the bit.

use elman_network::network::{Network, Readout, Tape};
use proptest::prelude::*;

use crate::drawn::{
    Outcome, Sequence, Shape, assert_same_bits, assert_same_outcome, largest, lengths, run,
    set_identity_head, shapes,
};

/// A batch against its sequences one by one. The parameters' gradient is the sum of theirs, but in
/// another order: of up to 54 timesteps, each rounded to 2^-53, and a thousandfold cancelled, or to nothing.
fn assert_batch_is_its_sequences(shape: &Shape) {
    let (network, parameters, sequences) = shape.fill();
    assert_together_is_alone(&network, &parameters, sequences);
}

pub(crate) fn assert_together_is_alone(network: &Network, parameters: &[f64], sequences: Vec<Sequence<f64>>) {
    let (together, gradient) = run(network, parameters, &sequences, None, &mut Tape::default());
    let mut sum = vec![0.0; parameters.len()];
    let mut size = vec![0.0; parameters.len()];
    for (sequence, of_batch) in sequences.into_iter().zip(&together) {
        let (alone, gradient) = run(network, parameters, &[sequence], None, &mut Tape::default());
        assert_same_outcome(of_batch, &alone[0]);
        sum.iter_mut().zip(&gradient).for_each(|(sum, g)| *sum += g);
        size.iter_mut().zip(&gradient).for_each(|(size, g)| *size += g.abs());
    }
    for tensor in network.layout().tensors() {
        let allowed = 1e-11 * largest(&size[tensor.range.clone()]) + 1e-13;
        for n in tensor.range.clone() {
            let error = (gradient[n] - sum[n]).abs();
            assert!(error <= allowed, "{}: {:e}, not {:e}", tensor.name, gradient[n], sum[n]);
        }
    }
}

/// The reverse half of a bidirectional layer against a forward layer with its weights, on the same
/// sequences reversed in time.
fn assert_reverse_is_forward_on_reversed_time(shape: Shape) {
    let mut shape = shape;
    shape.config.num_layers = 1;
    shape.config.bidirectional = true;
    let both = shape.clone().reading_hidden_states(Readout::Every);
    shape.config.bidirectional = false;
    let forward = shape.reading_hidden_states(Readout::Every).network();
    let (network, mut parameters, mut sequences) = both.fill();
    set_identity_head(&network, &mut parameters);
    let mut forward_parameters = vec![0.0; forward.layout().len()];
    set_identity_head(&forward, &mut forward_parameters);
    let recurrent = || forward.layout().tensors().iter().filter(|tensor| !tensor.name.starts_with("head."));
    let reverse_of =
        |name: &str| network.layout().tensor(&format!("{name}_reverse")).expect("a reverse layer");
    for tensor in recurrent() {
        let reverse = &parameters[reverse_of(&tensor.name).range.clone()];
        forward_parameters[tensor.range.clone()].copy_from_slice(reverse);
    }

    // The loss reads the reverse half alone.
    let hidden_size = both.config.hidden_size;
    let mut reversed = Vec::new();
    for sequence in &mut sequences {
        for doutput in sequence.doutput.chunks_exact_mut(2 * hidden_size) {
            doutput[..hidden_size].fill(0.0);
        }
        let block = sequence.state.len() / 2;
        sequence.dstate[..block].fill(0.0);
        reversed.push(Sequence {
            x: reverse_time(&sequence.x, both.config.input_size),
            state: sequence.state[block..].to_vec(),
            doutput: second_half(&reverse_time(&sequence.doutput, 2 * hidden_size), hidden_size),
            dstate: sequence.dstate[block..].to_vec(),
        });
    }
    let (outcomes, gradient) = run(&network, &parameters, &sequences, None, &mut Tape::default());
    let (expected, expected_gradient) =
        run(&forward, &forward_parameters, &reversed, None, &mut Tape::default());
    for (outcome, expected) in outcomes.iter().zip(&expected) {
        let block = outcome.state.len() / 2;
        let reverse_half = Outcome {
            output: second_half(&reverse_time(&outcome.output, 2 * hidden_size), hidden_size),
            state: outcome.state[block..].to_vec(),
            dx: reverse_time(&outcome.dx, both.config.input_size),
            dstate: outcome.dstate[block..].to_vec(),
        };
        assert_same_outcome(&reverse_half, expected);
        assert_same_bits(
            &outcome.dstate[..block],
            &vec![0.0; block],
            "gradient of the half that nobody reads",
        );
    }
    // Sequences of unequal length meet in another order, so their sums round differently.
    for tensor in recurrent() {
        let ours = &gradient[reverse_of(&tensor.name).range.clone()];
        let theirs = &expected_gradient[tensor.range.clone()];
        let allowed = 1e-11 * largest(theirs) + 1e-14 * largest(&expected_gradient);
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert!((ours - theirs).abs() <= allowed, "{}: {ours:e}, not {theirs:e}", tensor.name);
        }
    }
}

fn reverse_time(values: &[f64], width: usize) -> Vec<f64> {
    values.chunks_exact(width).rev().flatten().copied().collect()
}

/// The second of two halves of each row.
fn second_half(values: &[f64], half: usize) -> Vec<f64> {
    values.chunks_exact(2 * half).flat_map(|row| &row[half..]).copied().collect()
}

/// The final states of the last layer are its outputs at each sequence's own end: in the reverse
/// direction, at its first timestep. They are what [`Readout::Last`] reads.
fn assert_final_states_are_at_the_end(shape: Shape) {
    let every = shape.clone().reading_hidden_states(Readout::Every);
    let last = shape.reading_hidden_states(Readout::Last);
    let (network, mut parameters, sequences) = every.fill();
    set_identity_head(&network, &mut parameters);
    let (outcomes, _) = run(&network, &parameters, &sequences, None, &mut Tape::default());

    let hidden_size = every.config.hidden_size;
    let num_directions = every.num_directions();
    let num_blocks = every.config.num_layers * num_directions;
    let mut finals = Vec::new();
    for outcome in &outcomes {
        let mut h = Vec::new();
        for direction in 0..num_directions {
            let block = num_blocks - num_directions + direction;
            h.extend_from_slice(&outcome.state[block * outcome.state.len() / num_blocks..][..hidden_size]);
        }
        let at_end = &outcome.output[outcome.output.len() - num_directions * hidden_size..];
        assert_same_bits(&h[..hidden_size], &at_end[..hidden_size], "final state, forward");
        let at_start = &outcome.output[..num_directions * hidden_size];
        assert_same_bits(&h[hidden_size..], &at_start[hidden_size..], "final state, reverse");
        finals.push(h);
    }

    let (network, _, of_last) = last.fill();
    let mut sequences = sequences;
    sequences.iter_mut().zip(of_last).for_each(|(sequence, of_last)| sequence.doutput = of_last.doutput);
    let (outcomes, _) = run(&network, &parameters, &sequences, None, &mut Tape::default());
    for (outcome, h) in outcomes.iter().zip(&finals) {
        assert_same_bits(&outcome.output, h, "what the head reads");
    }
}

/// Each block of the initial state is read: the pass differs from that from zeros.
fn assert_initial_state_matters(shape: Shape) {
    let (network, mut parameters, mut sequences) = shape.reading_hidden_states(Readout::Every).fill();
    // All positive, so that no ReLU sleeps, and small, so that no sigmoid saturates.
    parameters.iter_mut().for_each(|p| *p = 0.3 * p.abs() + 0.01);
    sequences.iter_mut().flat_map(|s| s.x.iter_mut()).for_each(|x| *x = x.abs());
    let given: Vec<Vec<f64>> =
        sequences.iter().map(|s| s.state.iter().map(|v| v.abs() + 0.1).collect()).collect();
    sequences.iter_mut().for_each(|s| s.state.fill(0.0));
    let (from_zeros, _) = run(&network, &parameters, &sequences, None, &mut Tape::default());
    let num_blocks = network.zero_state::<f64>(1).num_blocks();
    for block in 0..num_blocks {
        let mut sequences = sequences.clone();
        for (sequence, given) in sequences.iter_mut().zip(&given) {
            let width = given.len() / num_blocks;
            sequence.state[block * width..][..width].copy_from_slice(&given[block * width..][..width]);
        }
        let (outcomes, _) = run(&network, &parameters, &sequences, None, &mut Tape::default());
        for (from_given, from_zeros) in outcomes.iter().zip(&from_zeros) {
            assert_ne!(from_given.output, from_zeros.output, "block {block} is not read");
        }
    }
}

proptest! {
    #[test]
    fn a_batch_is_its_sequences_one_by_one(shape in shapes()) {
        assert_batch_is_its_sequences(&shape);
    }

    #[test]
    fn the_reverse_direction_is_the_forward_one_on_reversed_time(shape in shapes()) {
        assert_reverse_is_forward_on_reversed_time(shape);
    }

    #[test]
    fn final_states_are_those_at_each_sequences_own_end(shape in shapes()) {
        assert_final_states_are_at_the_end(shape);
    }

    #[test]
    fn every_block_of_the_initial_state_is_read(shape in shapes()) {
        assert_initial_state_matters(shape);
    }

    #[test]
    fn a_used_tape_is_as_good_as_a_new_one(
        mut shape in shapes(),
        before in lengths(),
        dropout in 0.1f64..0.9,
    ) {
        if shape.config.num_layers > 1 {
            shape.config.dropout = dropout;
        }
        let (network, parameters, sequences) = shape.fill();
        let (_, _, others) = Shape { lengths: before, seed: !shape.seed, ..shape }.fill();
        let mut tape = Tape::default();
        run(&network, &parameters, &others, Some(1), &mut tape);
        let (used, used_gradient) = run(&network, &parameters, &sequences, None, &mut tape);
        let (new, new_gradient) = run(&network, &parameters, &sequences, None, &mut Tape::default());
        for (used, new) in used.iter().zip(&new) {
            assert_same_outcome(used, new);
        }
        assert_same_bits(&used_gradient, &new_gradient, "gradient of the parameters");
    }
}
