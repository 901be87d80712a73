//! Errors as a share of the target's energy.

use elman_core::lane::Scalar;

use super::pre_emphasis::{PreEmphasis, Start};
use super::{Gradient, Signal};
use crate::loss::Total;

/// What CoreAudioML adds to the mean square of a target.
const EPSILON: f64 = 1e-5;

/// Filtered errors `y - t` of a signal, and the energy of its filtered target.
fn filtered<T: Scalar>(signal: &Signal<T>, filter: PreEmphasis) -> (Vec<T>, T) {
    let (y, t) = (filter.apply(&signal.y), filter.apply(&signal.t));
    (y.iter().zip(&t).map(|(&y, &t)| y - t).collect(), energy(&t))
}

fn energy<T: Scalar>(x: &[T]) -> T {
    let mut sum = T::default();
    x.iter().for_each(|&x| sum += x * x);
    sum
}

/// `sum e^2 / sum (t^2 + 1e-5)` over all signals together.
pub(super) fn esr<T: Scalar>(
    signals: &[Signal<T>],
    pre_emphasis: Option<f64>,
    gradient: Option<&mut Gradient<T>>,
) -> Total<T> {
    let filter = PreEmphasis::new(pre_emphasis, Start::FromZero);
    let mut total = Total::default();
    let mut errors = Vec::with_capacity(signals.len());
    for signal in signals {
        let (e, of_target) = filtered(signal, filter);
        total += Total { sum: energy(&e), weight: of_target + T::from_f64(EPSILON * e.len() as f64) };
        errors.push(e);
    }
    if let Some(Gradient { dy, scale }) = gradient {
        let factor = *scale * T::from_f64(2.0) / total.weight;
        for (mut e, dy) in errors.into_iter().zip(dy) {
            e.iter_mut().for_each(|e| *e = factor * *e);
            filter.backward(&e, dy);
        }
    }
    total
}

/// The mean over the signals of `sum e^2 / sum t^2`. A signal whose target is silence has no such ratio and counts nothing.
pub(super) fn esr_of_segments<T: Scalar>(
    signals: &[Signal<T>],
    pre_emphasis: Option<f64>,
    gradient: Option<&mut Gradient<T>>,
) -> Total<T> {
    let filter = PreEmphasis::new(pre_emphasis, Start::Shorter);
    let (zero, one) = (T::default(), T::from_f64(1.0));
    let mut total = Total::default();
    let mut parts = Vec::with_capacity(signals.len());
    for signal in signals {
        let (e, of_target) = filtered(signal, filter);
        if of_target > zero {
            total += Total { sum: energy(&e) / of_target, weight: one };
        }
        parts.push((e, of_target));
    }
    if let Some(Gradient { dy, scale }) = gradient {
        for ((mut e, of_target), dy) in
            parts.into_iter().zip(dy).filter(|((_, of_target), _)| *of_target > zero)
        {
            let factor = *scale * T::from_f64(2.0) / (of_target * total.weight);
            e.iter_mut().for_each(|e| *e = factor * *e);
            filter.backward(&e, dy);
        }
    }
    total
}

/// `sum N (mean t - mean y)^2 / sum (t^2 + 1e-5)`: for signals that are equally long the mean of `(mean t - mean y)^2`
/// divided by that of `t^2 + 1e-5`.
pub(super) fn dc<T: Scalar>(signals: &[Signal<T>], gradient: Option<&mut Gradient<T>>) -> Total<T> {
    let mut total = Total::default();
    let mut offsets = Vec::with_capacity(signals.len());
    for signal in signals {
        let len = T::from_f64(signal.len() as f64);
        let mut offset = T::default();
        signal.y.iter().zip(&signal.t).for_each(|(&y, &t)| offset += y - t);
        offset = offset / len;
        total += Total { sum: len * offset * offset, weight: energy(&signal.t) + T::from_f64(EPSILON) * len };
        offsets.push(offset);
    }
    if let Some(Gradient { dy, scale }) = gradient {
        for (offset, dy) in offsets.into_iter().zip(dy) {
            let each = *scale * T::from_f64(2.0) * offset / total.weight;
            dy.iter_mut().for_each(|dy| *dy += each);
        }
    }
    total
}
