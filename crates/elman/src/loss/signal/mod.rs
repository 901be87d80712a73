//! Losses over signals: what outputs that follow each other in time are together.
//!
//! A *signal* is a stretch of timesteps of one sequence in which one output has targets: a missing target ends it, and
//! after it another begins. `y[n]` is the output, `t[n]` its target, `N` the length.

mod energy;
mod pre_emphasis;
mod spectrum;

use elman_core::lane::Scalar;

pub use spectrum::Resolution;

use super::{Loss, Total, is_missing, pointwise};
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

/// `sum_k w_k L_k`, each `L_k` the mean of a term. As the terms' means have weights of their own, parts of it add up by the
/// number of their values.
fn sum<T: Scalar>(
    terms: &[(f64, Loss)],
    signals: &[Signal<T>],
    mut gradient: Option<&mut Gradient<T>>,
) -> Total<T> {
    let weight = T::from_f64(signals.iter().map(Signal::len).sum::<usize>() as f64);
    let mut sum = T::default();
    for (factor, loss) in terms {
        let factor = T::from_f64(*factor);
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
}
