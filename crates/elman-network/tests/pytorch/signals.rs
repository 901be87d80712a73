//! Losses over signals and their gradients: `reference/signals.safetensors`.

use elman_core::lane::Scalar;
use elman_network::batch::Packing;
use elman_network::float::convert;
use elman_network::loss::{Loss, Targets};

use crate::jittered::{self, Jittered};
use crate::reference::{Tensors, largest, tensors, worst_error};

/// What `f64` may differ by, relative to a tensor's largest magnitude: sums of 2800 values, and of spectra that are sums of
/// 2048, whose logarithms may have what cancels in them.
const F64_TOLERANCE: f64 = 1e-11;

/// What `f32` may differ by where logarithms of spectra are compared: the least magnitudes, 1e-4, stand beside bins of 100,
/// whose rounding is a tenth of them. Few are so small.
const F32_TOLERANCE: f64 = 1e-2;

const SEQUENCES: usize = 2;

fn all() -> Vec<(&'static str, Loss)> {
    let pre_emphasis = Some(0.85);
    let mrstft = |pre_emphasis| match Loss::mrstft() {
        Loss::Mrstft { resolutions, .. } => Loss::Mrstft { resolutions, pre_emphasis },
        other => other,
    };
    vec![
        ("esr", Loss::Esr { pre_emphasis: None }),
        ("esr-pre", Loss::Esr { pre_emphasis }),
        ("esr-nam", Loss::EsrNam { pre_emphasis: None }),
        ("esr-nam-pre", Loss::EsrNam { pre_emphasis }),
        ("dc", Loss::Dc),
        ("esr-dc", Loss::esr_dc()),
        ("mrstft", mrstft(None)),
        ("mrstft-pre", mrstft(pre_emphasis)),
        ("sum", Loss::Sum { terms: vec![(1.0, Loss::Squared), (2e-4, mrstft(pre_emphasis))] }),
    ]
}

/// The value `[1]` and the gradient `[T, B]` of a loss in number type `T`.
fn evaluate<T: Scalar>(loss: &Loss, file: &Tensors<f64>) -> [Vec<T>; 2] {
    let outputs: Vec<T> = convert(&file["outputs"]);
    let targets = Targets::Values(convert(&file["targets"]));
    let packing = Packing::new(&[outputs.len() / SEQUENCES; SEQUENCES]);
    // Whatever stands there is overwritten.
    let mut gradient = vec![T::from_f64(9.0); outputs.len()];
    let total = loss.gradient_of(&packing, &outputs, 1, &targets, &mut gradient);
    let value = loss.total_of(&packing, &outputs, 1, &targets).mean();
    assert_eq!(value.to_f64(), total.mean().to_f64(), "{loss:?}: the value with and without a gradient");
    [vec![value], gradient]
}

fn expected<'a>(name: &str, file: &'a Tensors<f64>) -> [&'a [f64]; 2] {
    ["value", "gradient"].map(|of| file[&format!("{name}/{of}")].as_slice())
}

#[test]
fn f64_agrees_with_pytorch() {
    let file = tensors("signals");
    for (name, loss) in all() {
        for (actual, expected) in evaluate::<f64>(&loss, &file).iter().zip(expected(name, &file)) {
            let allowed = vec![F64_TOLERANCE * largest(expected); expected.len()];
            let worst = worst_error(actual, expected, &allowed);
            assert!(worst <= 1.0, "{name}: {worst:.1} times what is allowed");
        }
    }
}

#[test]
fn f32_agrees_with_pytorch_as_far_as_it_can() {
    let file = tensors("signals");
    for (name, loss) in all() {
        // Spectra take too long to be rounded at random 32 times over.
        let is_of_spectra = ["mrstft", "mrstft-pre", "sum"].contains(&name);
        let jittered = (!is_of_spectra).then(|| evaluate::<Jittered>(&loss, &file));
        let results = evaluate::<f32>(&loss, &file).into_iter().zip(expected(name, &file));
        for (n, (actual, expected)) in results.enumerate() {
            let most = largest(expected);
            let allowed: Vec<f64> = match &jittered {
                Some(jittered) => {
                    jittered::allowed(&jittered[n]).iter().map(|a| a + F64_TOLERANCE * most).collect()
                }
                None => vec![F32_TOLERANCE * most; expected.len()],
            };
            let worst = worst_error(&actual, expected, &allowed);
            assert!(worst <= 1.0, "{name}: {worst:.1} times what is allowed");
        }
    }
}

/// Each is the mean of its parts, weighted as it says: what a validation in several batches relies on.
#[test]
fn parts_add_up_where_the_loss_is_a_ratio_of_sums() {
    let file = tensors("signals");
    let column = |name: &str, b: usize| -> Vec<f64> {
        file[name].iter().skip(b).step_by(SEQUENCES).copied().collect()
    };
    for (name, loss) in
        all().into_iter().filter(|(name, _)| ["esr", "esr-pre", "esr-nam", "dc"].contains(name))
    {
        let mut total = elman_network::loss::Total::default();
        for b in 0..SEQUENCES {
            total += loss.total(&column("outputs", b), 1, &Targets::Values(column("targets", b)));
        }
        let [whole, _] = expected(name, &file);
        assert!(
            (total.mean() - whole[0]).abs() <= 1e-12 * whole[0],
            "{name}: {} and {}",
            total.mean(),
            whole[0]
        );
    }
}
