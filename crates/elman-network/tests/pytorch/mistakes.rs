//! The `f32` comparison of [`networks`](crate::networks) fails when it should, and not by a little.

use crate::networks::Case;

/// By how many times what is allowed some result has to be off; the smallest mistake here makes 8e4.
const WIDE_MARGIN: f64 = 1000.0;

/// Runs every case in `f32` with each of the mistakes that `mistakes` makes of its parameters and
/// its input, and asserts that the comparison notices.
fn assert_noticed(mistakes: impl Fn(&Case) -> Vec<(String, Vec<f64>, Vec<f64>)>) {
    for case in Case::all() {
        let allowed = case.allowed_in_f32();
        for (mistake, parameters, x) in mistakes(&case) {
            let (worst, _) = case.worst(&case.run::<f32>(&parameters, &x), &allowed);
            assert!(
                worst > WIDE_MARGIN,
                "{}: {mistake} makes only {worst:.1} times what is allowed",
                case.name
            );
        }
    }
}

#[test]
fn a_swapped_pair_of_gates_is_noticed() {
    assert_noticed(|case| {
        let mut mistakes = Vec::new();
        for tensor in recurrent_tensors(case) {
            let gate = tensor.range.len() / case.num_gates(tensor);
            for a in 0..case.num_gates(tensor) {
                for b in 0..a {
                    let mut parameters = case.parameters.clone();
                    let (before, after) = parameters[tensor.range.clone()].split_at_mut(a * gate);
                    before[b * gate..][..gate].swap_with_slice(&mut after[..gate]);
                    let mistake = format!("gates {b} and {a} of {} swapped", tensor.name);
                    mistakes.push((mistake, parameters, case.tensors["x"].clone()));
                }
            }
        }
        mistakes
    });
}

#[test]
fn a_lost_bias_is_noticed() {
    assert_noticed(|case| {
        let mut mistakes = Vec::new();
        for tensor in recurrent_tensors(case).filter(|tensor| tensor.shape.len() == 1) {
            let gate = tensor.range.len() / case.num_gates(tensor);
            for g in 0..case.num_gates(tensor) {
                let mut parameters = case.parameters.clone();
                parameters[tensor.range.clone()][g * gate..][..gate].fill(0.0);
                let mistake = format!("gate {g} of {} lost", tensor.name);
                mistakes.push((mistake, parameters, case.tensors["x"].clone()));
            }
        }
        mistakes
    });
}

#[test]
fn an_input_late_by_one_timestep_is_noticed() {
    assert_noticed(|case| {
        let x = &case.tensors["x"];
        let step = x.len() / case.lengths().iter().max().expect("sequences");
        let late = [&vec![0.0; step][..], &x[..x.len() - step]].concat();
        vec![("an input late by one timestep".into(), case.parameters.clone(), late)]
    });
}

fn recurrent_tensors(case: &Case) -> impl Iterator<Item = &elman_network::parameters::Tensor> {
    case.network.layout().tensors().iter().filter(|tensor| !tensor.name.starts_with("head."))
}
