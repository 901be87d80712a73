//! Every number against the plain code in `f64`.

use std::num::NonZeroUsize;

use elman_core::lane::Scalar;
use elman_network::network::{
    CellKind, Engine, Gradients, InstructionSet, Mode, Readout, ScalarEngine, SimdEngine, Stacked,
};
use proptest::prelude::*;

use crate::drawn::{Problem, Results, any_problem, long, one_layer};

/// What a value may be off, relative to the largest of its tensor: a few hundred roundings of 2^-24,
/// through a few layers and as many steps as a gradient lasts; in sums over thousands of rows they mostly cancel. A swapped gate or a lost bias is off by 1e-2 and more.
const TOLERANCE: f64 = 1e-5;

/// The least that counts as the largest of a tensor: gradients are sums of terms near 1, which may
/// cancel, all of them where a tensor has one entry.
const FLOOR: f64 = 1.0;

/// Do results agree with exact ones? If not, where they do not.
fn compare<T: Scalar>(found: &Results<T>, exact: &Results<f64>) -> Result<(), String> {
    assert_eq!(found.len(), exact.len());
    for ((name, found), (_, exact)) in found.iter().zip(exact) {
        let largest = exact.iter().fold(FLOOR, |largest: f64, value| largest.max(value.abs()));
        for (n, (found, &exact)) in found.iter().zip(exact).enumerate() {
            let found = found.to_f64();
            let error = (found - exact).abs() / largest;
            if error.is_nan() || error >= TOLERANCE {
                return Err(format!("entry {n} of {name} is {found}, not {exact}: off by {error:e}"));
            }
        }
    }
    Ok(())
}

fn assert_as_oracle(problem: &Problem) {
    let exact = problem.run(ScalarEngine::<f64>::new(&problem.network));
    for set in InstructionSet::best().and_below() {
        let threads = NonZeroUsize::MIN;
        let found = problem.run(SimdEngine::with(&problem.network, set, threads));
        if let Err(told) = compare(&found, &exact) {
            assert!(agrees_nearby(problem, &found), "{set:?}: {told}\n{:?}", problem.network.config());
        }
    }
}

/// Are these the exact results of parameters that are a few roundings away? Where a ReLU's input is next to nothing, or two
/// values are largest together, gradients jump, and either side is right.
fn agrees_nearby<T: Scalar>(problem: &Problem, found: &Results<T>) -> bool {
    problem.has_corners()
        && (0..16).any(|seed| {
            let near = problem.nudged(seed).run(ScalarEngine::<f64>::new(&problem.network));
            compare(found, &near).is_ok()
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]
    #[test]
    fn drawn_networks_agree_on_every_level(problem in any_problem()) {
        assert_as_oracle(&problem);
    }

    #[test]
    fn prediction_keeps_less_and_gives_the_same_bits(problem in any_problem()) {
        let batch = problem.batch::<f32>();
        let mut engine = SimdEngine::new(&problem.network);
        engine.load(&problem.parameters);
        let (mut one, mut other) = (problem.state(1), problem.state(1));
        let output = engine.forward(&batch, &mut one, Mode::Evaluate).to_vec();
        prop_assert_eq!(engine.forward(&batch, &mut other, Mode::Predict), output);
        prop_assert_eq!(one, other);
    }
}

#[test]
fn every_cell_agrees_at_sizes_of_one_and_around_vectors() {
    for cell in CellKind::ALL {
        for hidden_size in [1, 3, 4, 7, 8, 15, 16, 17, 31, 49, 80] {
            for (input_size, readout) in [(1, Readout::Every), (hidden_size, Readout::Last)] {
                let config = Stacked {
                    cell,
                    input_size,
                    hidden_size,
                    num_layers: 2,
                    bidirectional: hidden_size % 2 == 1,
                    dropout: 0.0,
                    output_size: 1,
                    readout,
                };
                assert_as_oracle(&Problem::new(config, &[3, 3, 2, 1, 1, 3, 3, 3, 3, 3], 7));
            }
        }
    }
}

/// Sums over more columns than tiles take at a time: gate by gate, and within a gate; of states, of inputs and
/// of both together; split by units, which few sequences call for, and in chunks.
#[test]
fn sums_of_many_columns_agree() {
    let (few, many): (&[usize], &[usize]) = (&[2, 2, 1], &[1; 17]);
    let sizes = [
        (CellKind::Elman, 2, 1030, few),
        (CellKind::Gru, 2, 345, few),
        (CellKind::GruResetBefore, 2, 520, few),
        (CellKind::Lstm, 2, 260, few),
        (CellKind::Elman, 2, 1030, many),
        (CellKind::Elman, 600, 500, many),
        (CellKind::Lstm, 1100, 6, many),
    ];
    for (cell, input_size, hidden_size, lengths) in sizes {
        let config = one_layer(cell, input_size, hidden_size, Readout::Last);
        assert_as_oracle(&Problem::new(config, lengths, 11));
    }
}

#[test]
fn long_backward_passes_agree() {
    for cell in CellKind::ALL {
        long(cell).iter().for_each(assert_as_oracle);
    }
}

#[test]
fn what_is_not_asked_for_changes_nothing_else() {
    for cell in CellKind::ALL {
        let config = Stacked {
            cell,
            input_size: 3,
            hidden_size: 18,
            num_layers: 2,
            bidirectional: true,
            dropout: 0.0,
            output_size: 2,
            readout: Readout::Every,
        };
        for problem in long(cell).into_iter().chain([Problem::new(config, &[4, 2, 2], 3)]) {
            asked_or_not(&problem);
        }
    }
}

/// The parameters' gradient is the same whether others are asked for or not.
fn asked_or_not(problem: &Problem) {
    let batch = problem.batch::<f32>();
    let sequences = problem.sequences.len();
    let mut engine = SimdEngine::new(&problem.network);
    engine.load(&problem.parameters);
    let mut gradient_with = |asked: bool| {
        let mut state = problem.network.zero_state(sequences);
        let doutput = engine.forward(&batch, &mut state, Mode::Evaluate).to_vec();
        let mut gradient = vec![0.0; problem.parameters.len()];
        let (mut dstate, mut dx) = (problem.network.zero_state(sequences), vec![0.0; batch.x().len()]);
        let (state, input) = if asked { (Some(&mut dstate), Some(&mut *dx)) } else { (None, None) };
        engine.backward(&batch, &doutput, Gradients { parameters: &mut gradient, state, input });
        gradient
    };
    assert_eq!(gradient_with(true), gradient_with(false), "{:?}", problem.network.config());
}

/// The first backward pass writes over what the forward pass saved.
#[test]
#[should_panic(expected = "gone back through")]
fn a_second_backward_pass_is_refused() {
    let problem = Problem::new(one_layer(CellKind::Gru, 2, 3, Readout::Last), &[4, 2], 1);
    let batch = problem.batch::<f32>();
    let mut engine = SimdEngine::new(&problem.network);
    engine.load(&problem.parameters);
    let doutput = engine.forward(&batch, &mut problem.state(1), Mode::Evaluate).to_vec();
    let mut gradient = vec![0.0; problem.parameters.len()];
    for _ in 0..2 {
        let gradients = Gradients { parameters: &mut gradient, state: None, input: None };
        engine.backward(&batch, &doutput, gradients);
    }
}

#[test]
fn at_a_corner_either_side_is_right_and_nothing_else() {
    let config = one_layer(CellKind::ElmanRelu, 1, 1, Readout::Last);
    let mut problem = Problem::new(config, &[1], 1);
    // Weights and biases of input and state that add up to nothing.
    let (x, h) = (problem.sequences[0][0], problem.state::<f32>(101).block(0)[0]);
    problem.parameters[..4].copy_from_slice(&[0.5 / x, 0.25 / h, -0.5, -0.25]);
    let exact = |problem: &Problem| problem.run(ScalarEngine::<f64>::new(&problem.network));
    let sides: Vec<_> = (20..40).map(|seed| exact(&problem.nudged(seed))).collect();
    assert!(sides.iter().any(|side| compare(side, &sides[0]).is_err()), "the gradient jumps");
    assert!(sides.iter().all(|side| agrees_nearby(&problem, side)));
    let mut wrong = sides[0].clone();
    wrong[0].1[0] += 0.01;
    assert!(!agrees_nearby(&problem, &wrong));
}
