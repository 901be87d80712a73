//! Losses over signals: what outputs that follow each other in time are together.
//!
//! A *signal* is a stretch of timesteps of one sequence in which one output has targets: a missing target ends it, and
//! after it another begins. `y[n]` is the output, `t[n]` its target, `N` the length.

mod energy;
mod pre_emphasis;
mod spectrum;

use elman_core::lane::Scalar;

pub use spectrum::Resolution;

use super::mean::is_missing;
use super::{Loss, Total, pointwise};
use crate::batch::Packing;
use crate::error::{ConfigError, positive};

/// The coefficient of pre-emphasis that both CoreAudioML and NAM have.
pub(super) const USUAL_PRE_EMPHASIS: f64 = 0.85;

/// One stretch of known targets, and what the network says there.
#[derive(Clone, Debug, Default)]
struct Signal<T> {
    y: Vec<T>,
    t: Vec<T>,
    /// The place of each value among the outputs.
    places: Vec<usize>,
}

impl<T: Scalar> Signal<T> {
    fn len(&self) -> usize {
        self.y.len()
    }
}

/// The signals of `outputs [n, O]` with `targets [n, O]`, whose rows lie as `packing` says.
fn signals<T: Scalar>(outputs: &[T], output_size: usize, targets: &[T], packing: &Packing) -> Vec<Signal<T>> {
    let mut signals = Vec::new();
    for (b, &length) in packing.lengths().iter().enumerate() {
        for output in 0..output_size {
            let mut signal = Signal::default();
            for t in 0..length {
                let place = packing.row(t, b) * output_size + output;
                if is_missing(targets[place]) {
                    if signal.len() > 0 {
                        signals.push(std::mem::take(&mut signal));
                    }
                    continue;
                }
                signal.y.push(outputs[place]);
                signal.t.push(targets[place]);
                signal.places.push(place);
            }
            if signal.len() > 0 {
                signals.push(signal);
            }
        }
    }
    signals
}

/// The loss of `outputs [n, O]`.
pub(super) fn total<T: Scalar>(
    loss: &Loss,
    outputs: &[T],
    output_size: usize,
    targets: &[T],
    packing: &Packing,
) -> Total<T> {
    evaluate(loss, &signals(outputs, output_size, targets, packing), None)
}

/// The loss of `outputs [n, O]`, and its mean's gradient into `doutputs [n, O]`.
pub(super) fn gradient<T: Scalar>(
    loss: &Loss,
    outputs: &[T],
    output_size: usize,
    targets: &[T],
    packing: &Packing,
    doutputs: &mut [T],
) -> Total<T> {
    let signals = signals(outputs, output_size, targets, packing);
    let mut gradient = Gradient {
        dy: signals.iter().map(|signal| vec![T::default(); signal.len()]).collect(),
        scale: T::from_f64(1.0),
    };
    let total = evaluate(loss, &signals, Some(&mut gradient));
    doutputs.fill(T::default());
    for (signal, dy) in signals.iter().zip(&gradient.dy) {
        for (&place, &dy) in signal.places.iter().zip(dy) {
            doutputs[place] = dy;
        }
    }
    total
}

/// Where a loss adds `scale` times the gradient of its mean, `dy [N]` for each signal.
struct Gradient<T> {
    dy: Vec<Vec<T>>,
    scale: T,
}

/// The loss of signals; its gradient is added to what is there.
fn evaluate<T: Scalar>(loss: &Loss, signals: &[Signal<T>], gradient: Option<&mut Gradient<T>>) -> Total<T> {
    match loss {
        Loss::Esr { pre_emphasis } => energy::esr(signals, *pre_emphasis, gradient),
        Loss::EsrNam { pre_emphasis } => energy::esr_of_segments(signals, *pre_emphasis, gradient),
        Loss::Dc => energy::dc(signals, gradient),
        Loss::Mrstft { resolutions, pre_emphasis } => {
            spectrum::multi_resolution(signals, resolutions, *pre_emphasis, gradient)
        }
        Loss::Sum { terms } => sum(terms, signals, gradient),
        _ => every_value(loss, signals, gradient),
    }
}

/// `sum_k w_k n_k / n L_k`, each `L_k` the mean of a term and `n_k` the values of the signals that are long enough for it, of
/// `n` that are for any of them: `sum_k w_k L_k`, where all are long enough for all. As the terms' means have weights of their
/// own, parts of it add up by `n`.
fn sum<T: Scalar>(
    terms: &[(f64, Loss)],
    signals: &[Signal<T>],
    mut gradient: Option<&mut Gradient<T>>,
) -> Total<T> {
    let values = |least: usize| signals.iter().map(Signal::len).filter(|&len| len >= least).sum::<usize>();
    let all = values(terms.iter().map(|(_, loss)| least_len(loss)).min().unwrap_or(1));
    let weight = T::from_f64(all as f64);
    let mut sum = T::default();
    for (factor, loss) in terms {
        let share = values(least_len(loss)) as f64 / all.max(1) as f64;
        let factor = T::from_f64(*factor * share);
        let total = match &mut gradient {
            None => evaluate(loss, signals, None),
            Some(gradient) => {
                let scale = gradient.scale;
                gradient.scale = scale * factor;
                let total = evaluate(loss, signals, Some(gradient));
                gradient.scale = scale;
                total
            }
        };
        sum += factor * total.mean() * weight;
    }
    Total { sum, weight }
}

/// A signal of fewer values counts nothing in a loss.
fn least_len(loss: &Loss) -> usize {
    match loss {
        Loss::Mrstft { resolutions, pre_emphasis } => spectrum::least_len(resolutions, *pre_emphasis),
        _ => loss.min_len(),
    }
}

/// A loss of each value by itself, as a term among others.
fn every_value<T: Scalar>(
    loss: &Loss,
    signals: &[Signal<T>],
    gradient: Option<&mut Gradient<T>>,
) -> Total<T> {
    let weight = T::from_f64(signals.iter().map(Signal::len).sum::<usize>() as f64);
    let mut sum = T::default();
    let errors =
        |signal: &Signal<T>| signal.y.iter().zip(&signal.t).map(|(&y, &t)| y - t).collect::<Vec<_>>();
    for signal in signals {
        errors(signal).iter().for_each(|&e| sum += pointwise::value_and_derivative(loss, e).0);
    }
    if let Some(Gradient { dy, scale }) = gradient {
        for (signal, dy) in signals.iter().zip(dy) {
            for (dy, e) in dy.iter_mut().zip(errors(signal)) {
                *dy += *scale * pointwise::value_and_derivative(loss, e).1 / weight;
            }
        }
    }
    Total { sum, weight }
}

/// Refuses a filter that is none, and sums of what cannot be added.
pub(super) fn check(loss: &Loss) -> Result<(), ConfigError> {
    match loss {
        Loss::Esr { pre_emphasis } | Loss::EsrNam { pre_emphasis } => check_pre_emphasis(*pre_emphasis),
        Loss::Mrstft { resolutions, pre_emphasis } => {
            Resolution::check(resolutions)?;
            check_pre_emphasis(*pre_emphasis)
        }
        Loss::Sum { terms } => {
            if terms.is_empty() {
                return Err(ConfigError::new("loss", "is a sum of nothing; give it a term"));
            }
            terms.iter().try_for_each(|(factor, loss)| {
                positive("loss", *factor)?;
                let can_be_added = !matches!(loss, Loss::CrossEntropy { .. } | Loss::Sum { .. });
                if !can_be_added || loss.outputs_per_value() > 1 {
                    let message = format!(
                        "is a sum with {}; terms are losses of numbers, one output each",
                        loss.name()
                    );
                    return Err(ConfigError::new("loss", message));
                }
                loss.check(1)
            })
        }
        _ => Ok(()),
    }
}

fn check_pre_emphasis(coefficient: Option<f64>) -> Result<(), ConfigError> {
    match coefficient {
        Some(c) if !(c > 0.0 && c <= 1.0) => {
            let message = format!("is {c}; give a coefficient above 0 and at most 1, as 0.85");
            Err(ConfigError::new("pre_emphasis", message))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sequences of two outputs, time-major; one target is missing in the middle.
    #[test]
    fn signals_are_what_sequences_and_missing_targets_make_of_rows() {
        let packing = Packing::new(&[3, 2]);
        let outputs: Vec<f64> = (0..10).map(f64::from).collect();
        let mut targets: Vec<f64> = outputs.iter().map(|y| y + 0.5).collect();
        targets[4] = f64::NAN; // timestep 1 of the first sequence, its first output
        let found: Vec<Vec<f64>> =
            signals(&outputs, 2, &targets, &packing).into_iter().map(|signal| signal.y).collect();
        let expected: [&[f64]; 5] = [&[0.0], &[8.0], &[1.0, 5.0, 9.0], &[2.0, 6.0], &[3.0, 7.0]];
        assert_eq!(found, expected);
    }

    #[test]
    fn silence_and_what_is_short_count_nothing() {
        let packing = Packing::new(&[3, 3]);
        // The second sequence's target is silence.
        let targets = [0.5f64, 0.0, -0.5, 0.0, 0.5, 0.0];
        let outputs = [0.4, 0.3, -0.5, 0.3, 0.5, 0.3];
        let mut doutputs = [7.0; 6];
        let loss = Loss::EsrNam { pre_emphasis: None };
        let total = gradient(&loss, &outputs, 1, &targets, &packing, &mut doutputs);
        assert_eq!(total.weight, 1.0);
        assert!((total.mean() - 0.01 / 0.75).abs() < 1e-15, "{total:?}");
        assert_eq!([doutputs[1], doutputs[3], doutputs[5]], [0.0; 3]);
        let total = gradient(&Loss::mrstft(), &outputs, 1, &targets, &packing, &mut doutputs);
        assert_eq!((total.mean(), total.weight, doutputs), (0.0, 0.0, [0.0; 6]));
        // In a sum it takes nothing away from the others.
        let sum = Loss::Sum { terms: vec![(1.0, Loss::Squared), (1.0, Loss::mrstft())] };
        let total = gradient(&sum, &outputs, 1, &targets, &packing, &mut doutputs);
        let squares = 0.01 + 3.0 * 0.09;
        assert!(total.weight == 6.0 && (total.mean() - squares / 6.0).abs() < 1e-15, "{total:?}");
        assert!((doutputs[0] + 0.2 / 6.0).abs() < 1e-15, "{doutputs:?}");
        assert_eq!((Loss::mrstft().min_len(), Loss::esr_dc().min_len()), (1025, 1));
    }

    /// One signal that the finer of two resolutions sees, and one that none does.
    #[test]
    fn what_no_resolution_sees_has_no_part_in_the_mean() {
        let resolution = |fft| Resolution { fft, hop: 3, window: fft };
        let of = |ffts: &[usize]| Loss::Mrstft {
            resolutions: ffts.iter().map(|&fft| resolution(fft)).collect(),
            pre_emphasis: None,
        };
        let wave = |step: f64| move |n: usize| (step * n as f64).sin();
        let outputs: Vec<f64> = (0..20).map(wave(0.7)).collect();
        let targets: Vec<f64> = (0..20).map(wave(0.8)).collect();
        let packing = Packing::new(&[20]);
        let (mut of_both, mut of_one) = (vec![0.0; 20], vec![0.0; 20]);
        let both = gradient(&of(&[16, 64]), &outputs, 1, &targets, &packing, &mut of_both);
        let one = gradient(&of(&[16]), &outputs, 1, &targets, &packing, &mut of_one);
        assert!(one.mean() > 0.1 && one.weight == 20.0, "{one:?}");
        assert_eq!((both, &of_both), (one, &of_one));
        // The tail of a sequence after a gap is too short for any.
        let (mut longer, mut known) = (outputs.clone(), targets.clone());
        longer.extend([0.0; 5]);
        known.extend([f64::NAN, 0.5, 0.5, 0.5, 0.5]);
        assert_eq!(total(&of(&[16, 64]), &longer, 1, &known, &Packing::new(&[25])), one);
        // In a sum each term weighs what it sees: 24 values and 20.
        let sum = Loss::Sum { terms: vec![(1.0, Loss::Squared), (0.5, of(&[16]))] };
        let summed = total(&sum, &longer, 1, &known, &Packing::new(&[25]));
        let squared = total(&Loss::Squared, &longer, 1, &known, &Packing::new(&[25]));
        let expected = squared.sum + 0.5 * one.sum;
        assert!(summed.weight == 24.0 && (summed.sum - expected).abs() < 1e-12, "{summed:?}");
    }

    #[test]
    fn what_is_no_loss_is_refused() {
        let refusal = |loss: Loss| loss.check(1).unwrap_err().to_string();
        for pre_emphasis in [0.0, -0.5, 1.5, f64::NAN].map(Some) {
            let message = refusal(Loss::Esr { pre_emphasis });
            assert!(message.starts_with("pre_emphasis is "), "{message}");
        }
        let of = |fft, hop, window| Loss::Mrstft {
            resolutions: vec![Resolution { fft, hop, window }],
            pre_emphasis: None,
        };
        for loss in [of(1000, 10, 100), of(1, 1, 1), of(1 << 17, 1, 1), of(512, 0, 100), of(512, 10, 513)] {
            let message = refusal(loss);
            assert!(message.starts_with("resolutions have a transform of "), "{message}");
        }
        let sum = |terms: Vec<(f64, Loss)>| Loss::Sum { terms };
        assert_eq!(refusal(sum(Vec::new())), "loss is a sum of nothing; give it a term");
        for loss in [Loss::cross_entropy(), Loss::Gaussian, Loss::esr_dc()] {
            let message = refusal(sum(vec![(1.0, Loss::Squared), (1.0, loss)]));
            assert!(message.ends_with("terms are losses of numbers, one output each"), "{message}");
        }
        assert!(refusal(sum(vec![(0.0, Loss::Squared)])).starts_with("loss is 0.0; it must be above 0"));
        assert_eq!(sum(vec![(0.5, Loss::Dc), (2.0, Loss::mrstft())]).check(1), Ok(()));
    }
}
