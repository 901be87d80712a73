//! Thirty updates by each optimiser, and clipping: `reference/optimisers.safetensors`.

use elman_network::float::{Float, convert};
use elman_network::optimiser::{Optimiser, OptimiserConfig, clip_grad_norm};
use serde_json::Value;

use crate::jittered::{self, Jittered};
use crate::reference::{Tensors, largest, metadata, tensors, worst_error};

/// What `f64` may differ by, relative to the largest magnitude that a parameter has in the course of
/// the updates: thirty of them, of up to ten roundings of 2^-53, make 3e-14.
const F64_TOLERANCE: f64 = 1e-13;

const NUM_PARAMETERS: usize = 7;

/// An optimiser as PyTorch configured it, and the learning rate.
struct Case {
    name: String,
    config: OptimiserConfig,
    rate: f64,
}

fn all() -> Vec<Case> {
    let configurations = metadata("optimisers", "configurations");
    let cases = configurations.as_object().expect("an object").iter();
    let cases: Vec<Case> = cases.map(|(name, options)| case(name, options)).collect();
    assert_eq!(cases.len(), 10);
    cases
}

fn case(name: &str, options: &Value) -> Case {
    let number = |value: &Value| value.as_f64().expect("a number");
    let option = |key: &str| number(&options[key]);
    let beta = |n: usize| number(&options["betas"][n]);
    let (momentum, weight_decay) = (|| option("momentum"), option("weight_decay"));
    let config = match options["optimiser"].as_str().expect("a name") {
        "sgd" => {
            let nesterov = options["nesterov"].as_bool().expect("true or false");
            OptimiserConfig::Sgd { momentum: momentum(), nesterov, weight_decay }
        }
        "rmsprop" => {
            let (alpha, eps) = (option("alpha"), option("eps"));
            OptimiserConfig::RmsProp { alpha, eps, momentum: momentum(), weight_decay }
        }
        "adam" => OptimiserConfig::Adam { beta1: beta(0), beta2: beta(1), eps: option("eps"), weight_decay },
        "adamw" => {
            OptimiserConfig::AdamW { beta1: beta(0), beta2: beta(1), eps: option("eps"), weight_decay }
        }
        other => panic!("no optimiser {other}"),
    };
    Case { name: name.to_owned(), config, rate: option("lr") }
}

impl Case {
    /// The parameters after each update in number type `T`, `[30, 7]`.
    fn run<T: Float>(&self, file: &Tensors<f64>) -> Vec<T> {
        let mut parameters: Vec<T> = convert(&file["start"]);
        let mut optimiser = Optimiser::new(self.config, NUM_PARAMETERS);
        let gradients: Vec<T> = convert(&file["gradients"]);
        let updates = gradients.chunks_exact(NUM_PARAMETERS).flat_map(|gradient| {
            optimiser.update(&mut parameters, gradient, self.rate);
            parameters.clone()
        });
        updates.collect()
    }

    fn expected<'a>(&self, file: &'a Tensors<f64>) -> &'a [f64] {
        &file[&format!("{}/parameters", self.name)]
    }

    fn allowed_in_f32(&self, file: &Tensors<f64>) -> Vec<f64> {
        let expected = self.expected(file);
        let rounding = jittered::allowed(&self.run::<Jittered>(file));
        rounding.iter().zip(allowed_in_f64(expected)).map(|(a, b)| a + b).collect()
    }
}

/// For values `[updates, 7]`.
fn allowed_in_f64(expected: &[f64]) -> Vec<f64> {
    let of_parameter = |n: usize| {
        let values: Vec<f64> = expected.iter().skip(n).step_by(NUM_PARAMETERS).copied().collect();
        F64_TOLERANCE * largest(&values)
    };
    (0..expected.len()).map(|k| of_parameter(k % NUM_PARAMETERS)).collect()
}

#[test]
fn f64_agrees_with_pytorch() {
    let file = tensors("optimisers");
    for case in all() {
        let (actual, expected) = (case.run::<f64>(&file), case.expected(&file));
        let worst = worst_error(&actual, expected, &allowed_in_f64(expected));
        assert!(worst <= 1.0, "{}: {worst:.2} times {F64_TOLERANCE} off", case.name);
    }
}

#[test]
fn f32_agrees_with_pytorch_as_far_as_it_can() {
    let file = tensors("optimisers");
    for case in all() {
        let worst = worst_error(&case.run::<f32>(&file), case.expected(&file), &case.allowed_in_f32(&file));
        assert!(worst <= 1.0, "{}: off by {worst:.2} times what is allowed", case.name);
    }
}

/// No configuration passes for another: every momentum, decay and look-ahead is seen.
#[test]
fn f32_tells_the_optimisers_apart() {
    let file = tensors("optimisers");
    for case in all() {
        let allowed = case.allowed_in_f32(&file);
        for other in all().iter().filter(|other| other.name != case.name) {
            let worst = worst_error(&other.run::<f32>(&file), case.expected(&file), &allowed);
            assert!(
                worst > 100.0,
                "{} is only {worst:.1} times what is allowed from {}",
                other.name,
                case.name
            );
        }
    }
}

#[test]
fn clipping_agrees_with_pytorch() {
    let file = tensors("optimisers");
    let gradient = &file["gradients"][..NUM_PARAMETERS];
    for max_norm in [0.5, 100.0] {
        let expected = &file[&format!("clip/{max_norm}")];
        let mut clipped = gradient.to_vec();
        let norm = clip_grad_norm(&mut clipped, max_norm);
        let expected_norm = file["clip-norm"][0];
        assert!((norm - expected_norm).abs() <= F64_TOLERANCE * expected_norm, "{norm}, not {expected_norm}");
        assert!(worst_error(&clipped, expected, &allowed_in_f64(expected)) <= 1.0, "{max_norm}: {clipped:?}");
        assert_eq!(
            clipped == gradient,
            norm < max_norm,
            "clipped where it need not be, or not where it must"
        );

        let mut clipped: Vec<f32> = convert(gradient);
        clip_grad_norm(&mut clipped, max_norm);
        // The value's, the factor's and the product's rounding.
        let allowed: Vec<f64> =
            expected.iter().map(|value| 3.0 * f64::from(f32::EPSILON) / 2.0 * value.abs()).collect();
        assert!(worst_error(&clipped, expected, &allowed) <= 1.0, "{max_norm}: {clipped:?}");
    }
}
