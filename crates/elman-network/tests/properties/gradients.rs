//! Every gradient against dual numbers, which know no backward pass.

use elman_core::dual::Dual;
use elman_core::lane::Scalar;
use elman_network::network::{Network, Tape};
use proptest::prelude::*;

use crate::drawn::{Outcome, Sequence, Shape, forward, largest, run, shapes};

/// How many derivatives one pass over dual numbers takes along.
const DIRECTIONS: usize = 16;

/// Everything that a loss depends on, one list after the other: the parameters tensor by tensor,
/// then each sequence's input and initial state.
struct Variables {
    names: Vec<String>,
    values: Vec<Vec<f64>>,
}

impl Variables {
    fn of(network: &Network, parameters: &[f64], per_sequence: impl Iterator<Item = [Vec<f64>; 2]>) -> Self {
        let mut variables = Variables { names: Vec::new(), values: Vec::new() };
        for tensor in network.layout().tensors() {
            variables.names.push(tensor.name.clone());
            variables.values.push(parameters[tensor.range.clone()].to_vec());
        }
        for (n, [x, state]) in per_sequence.enumerate() {
            variables
                .names
                .extend([format!("input of sequence {n}"), format!("initial state of sequence {n}")]);
            variables.values.extend([x, state]);
        }
        variables
    }
}

/// A loss that reads every output and every final state, each with its own weight.
fn loss<T: Scalar>(outcomes: &[Outcome<T>], sequences: &[Sequence<f64>]) -> T {
    let mut loss = T::default();
    for (outcome, sequence) in outcomes.iter().zip(sequences) {
        let weights = sequence.doutput.iter().chain(&sequence.dstate);
        for (&value, &weight) in outcome.output.iter().chain(&outcome.state).zip(weights) {
            loss += value * T::from_f64(weight);
        }
    }
    loss
}

/// The gradient of [`loss`] by dual numbers: a pass for each few variables.
fn by_dual_numbers(
    network: &Network,
    parameters: &[f64],
    sequences: &[Sequence<f64>],
    dropout: Option<u64>,
) -> Vec<f64> {
    type Number = Dual<DIRECTIONS>;
    let mut tape = Tape::default();
    let mut gradient = Vec::new();
    for first in (0..).step_by(DIRECTIONS) {
        let mut place = 0;
        let mut lift = |values: &[f64]| -> Vec<Number> {
            let lifted = values.iter().map(|&value| {
                let direction = place as isize - first;
                place += 1;
                match usize::try_from(direction) {
                    Ok(direction) if direction < DIRECTIONS => Number::variable(value, direction),
                    _ => Number::from_f64(value),
                }
            });
            lifted.collect()
        };
        let lifted_parameters = lift(parameters);
        let lifted_sequences: Vec<Sequence<Number>> = sequences
            .iter()
            .map(|sequence| Sequence {
                x: lift(&sequence.x),
                state: lift(&sequence.state),
                doutput: Vec::new(),
                dstate: Vec::new(),
            })
            .collect();
        let (_, outcomes) = forward(network, &lifted_parameters, &lifted_sequences, dropout, &mut tape);
        gradient.extend(loss(&outcomes, sequences).tangent);
        if gradient.len() >= place {
            gradient.truncate(place);
            return gradient;
        }
    }
    unreachable!("the variables come to an end")
}

fn assert_gradient_is_the_derivative(shape: &Shape, dropout: Option<u64>) {
    let (network, parameters, sequences) = shape.fill();
    assert_gradients_are_derivatives(&network, &parameters, &sequences, dropout);
}

pub(crate) fn assert_gradients_are_derivatives(
    network: &Network,
    parameters: &[f64],
    sequences: &[Sequence<f64>],
    dropout: Option<u64>,
) {
    let (outcomes, gradient) = run(network, parameters, sequences, dropout, &mut Tape::default());
    // Nothing depends on a state that the sequences do not bring.
    let gradients = outcomes.into_iter().zip(sequences).map(|(outcome, sequence)| {
        [outcome.dx, if sequence.state.is_empty() { Vec::new() } else { outcome.dstate }]
    });
    let gradients = Variables::of(network, &gradient, gradients);
    let derivatives = by_dual_numbers(network, parameters, sequences, dropout);

    // Rounding leaves 1e-13 of the largest derivative where terms of that size cancel.
    let residue = 1e-13 * largest(&derivatives);
    let mut rest = derivatives.as_slice();
    for (name, gradient) in gradients.names.iter().zip(&gradients.values) {
        let (derivative, after) = rest.split_at(gradient.len());
        rest = after;
        let allowed = 1e-9 * largest(derivative) + residue;
        for (n, (g, d)) in gradient.iter().zip(derivative).enumerate() {
            assert!((g - d).abs() <= allowed, "{name}, {n}: gradient {g:e}, derivative {d:e}");
        }
    }
    assert!(rest.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn gradients_are_the_derivatives_of_dual_numbers(shape in shapes()) {
        assert_gradient_is_the_derivative(&shape, None);
    }

    #[test]
    fn gradients_under_dropout_are_the_derivatives_under_the_same_masks(
        mut shape in shapes(),
        dropout in 0.1f64..0.9,
        seed: u64,
    ) {
        shape.config.num_layers = shape.config.num_layers.max(2);
        shape.config.dropout = dropout;
        assert_gradient_is_the_derivative(&shape, Some(seed));
    }
}
