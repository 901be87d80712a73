//! Losses and their gradients: `reference/losses.safetensors`.

use elman_core::lane::Scalar;
use elman_network::float::convert;
use elman_network::loss::{Loss, Targets};

use crate::jittered::{self, Jittered};
use crate::reference::{Tensors, largest, tensors, worst_error};

/// What `f64` may differ by, relative to a tensor's largest magnitude: a mean of 18 values, each
/// some roundings of 2^-53 away from the true one, of a logarithm near 800.
const F64_TOLERANCE: f64 = 1e-13;

fn all(file: &Tensors<f64>) -> Vec<(&'static str, Loss)> {
    let class_weights = Some(file["class_weights"].clone());
    vec![
        ("squared", Loss::Squared),
        ("absolute", Loss::Absolute),
        ("huber", Loss::Huber { delta: 0.7 }),
        ("huber-1", Loss::Huber { delta: 1.0 }),
        ("cross-entropy", Loss::CrossEntropy { class_weights: None }),
        ("cross-entropy-weighted", Loss::CrossEntropy { class_weights }),
        ("quantile", Loss::quantile(file["levels"].clone())),
        ("gaussian", Loss::Gaussian),
        ("student-t", Loss::StudentT),
    ]
}

/// The value `[1]` and the gradient of a loss in number type `T`.
fn evaluate<T: Scalar>(loss: &Loss, file: &Tensors<f64>) -> [Vec<T>; 2] {
    let (outputs, output_size, targets) = match loss {
        Loss::CrossEntropy { .. } => {
            let classes = file["classes"].iter().map(|&class| class as usize).collect();
            (&file["logits"], 4, Targets::Classes(classes))
        }
        loss if loss.distribution().is_some() => {
            let targets: Vec<f64> = file["targets"].chunks(3).flat_map(|row| &row[..2]).copied().collect();
            let outputs = &file[&format!("{}/outputs", loss.name())];
            (outputs, loss.output_size(2), Targets::Values(convert(&targets)))
        }
        _ => (&file["predictions"], 3, Targets::Values(convert(&file["targets"]))),
    };
    let outputs: Vec<T> = convert(outputs);
    // Whatever stands there is overwritten.
    let mut gradient = vec![T::from_f64(9.0); outputs.len()];
    let total = loss.gradient(&outputs, output_size, &targets, &mut gradient);
    let value = loss.total(&outputs, output_size, &targets).mean();
    assert_eq!(value.to_f64(), total.mean().to_f64(), "{loss:?}: the value with and without a gradient");
    [vec![value], gradient]
}

fn expected<'a>(name: &str, file: &'a Tensors<f64>) -> [&'a [f64]; 2] {
    ["value", "gradient"].map(|of| file[&format!("{name}/{of}")].as_slice())
}

fn allowed_in_f64(expected: &[f64]) -> Vec<f64> {
    vec![F64_TOLERANCE * largest(expected); expected.len()]
}

fn allowed_in_f32(loss: &Loss, name: &str, file: &Tensors<f64>) -> [Vec<f64>; 2] {
    let (jittered, expected) = (evaluate::<Jittered>(loss, file), expected(name, file));
    std::array::from_fn(|n| {
        let rounding = jittered::allowed(&jittered[n]);
        rounding.iter().zip(allowed_in_f64(expected[n])).map(|(a, b)| a + b).collect()
    })
}

#[test]
fn f64_agrees_with_pytorch() {
    let file = tensors("losses");
    for (name, loss) in all(&file) {
        for (actual, expected) in evaluate::<f64>(&loss, &file).iter().zip(expected(name, &file)) {
            let worst = worst_error(actual, expected, &allowed_in_f64(expected));
            assert!(worst <= 1.0, "{name}: {actual:?}, not {expected:?}");
        }
    }
}

#[test]
fn f32_agrees_with_pytorch_as_far_as_it_can() {
    let file = tensors("losses");
    for (name, loss) in all(&file) {
        let results = evaluate::<f32>(&loss, &file).into_iter().zip(expected(name, &file));
        for ((actual, expected), allowed) in results.zip(allowed_in_f32(&loss, name, &file)) {
            let worst = worst_error(&actual, expected, &allowed);
            assert!(worst <= 1.0, "{name}: {actual:?}, not {expected:?}: {worst:.1} times what is allowed");
        }
    }
}

/// No loss passes for another: the deltas and the class weights are seen.
#[test]
fn f32_tells_the_losses_apart() {
    let file = tensors("losses");
    for (name, loss) in all(&file) {
        for (other, of_other) in all(&file) {
            let kind = |loss: &Loss| (matches!(loss, Loss::CrossEntropy { .. }), loss.outputs_per_value());
            // What learns distributions takes outputs of its own.
            let same_targets = kind(&loss) == kind(&of_other) && loss.distribution().is_none();
            if name == other || !same_targets {
                continue;
            }
            let results = evaluate::<f32>(&of_other, &file).into_iter().zip(expected(name, &file));
            for ((actual, expected), allowed) in results.zip(allowed_in_f32(&loss, name, &file)) {
                let worst = worst_error(&actual, expected, &allowed);
                assert!(worst > 1000.0, "{other} is only {worst:.1} times what is allowed from {name}");
            }
        }
    }
}
