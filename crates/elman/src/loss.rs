//! Losses: how far outputs are from targets, and the gradient of that.
//!
//! Every loss is a mean: the sum over all output values (for cross-entropy: over all outputs, each
//! times its class's weight) divided by their number (by the sum of those weights), as in PyTorch
//! with `reduction='mean'`.
//!
//! A target value that is NaN is missing: it has weight 0, so neither the sum nor the number counts it, and its
//! output has gradient 0. (An output that is NaN stays an error that shows.)
//!
//! ```
//! use elman::loss::{Loss, Targets};
//!
//! let (outputs, targets) = ([1.0, 2.0], Targets::Values(vec![0.0, 4.0]));
//! let mut doutputs = [0.0; 2];
//! let loss = Loss::Squared.gradient(&outputs, 1, &targets, &mut doutputs);
//! assert_eq!(loss.mean(), 2.5); // (1 + 4) / 2
//! assert_eq!(doutputs, [1.0, -2.0]); // 2 (y - t) / 2
//!
//! // Missing: the mean of the other alone.
//! let loss = Loss::Squared.gradient(&outputs, 1, &Targets::Values(vec![0.0, f64::NAN]), &mut doutputs);
//! assert_eq!((loss.mean(), doutputs), (1.0, [2.0, 0.0]));
//!
//! let loss = Loss::cross_entropy().total(&[0.0, 0.0], 2, &Targets::Classes(vec![1]));
//! assert_eq!(loss.mean(), f64::ln(2.0));
//! ```

use std::ops::AddAssign;

use elman_core::lane::Scalar;
use serde::{Deserialize, Serialize};

/// A loss function. `y` is an output value, `t` its target, `e = y - t`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Loss {
    /// `e^2`
    Squared,
    /// `|e|`; its derivative at 0 is taken as 0.
    Absolute,
    /// `e^2 / 2` where `|e| <= delta`, else `delta (|e| - delta / 2)` (Huber, Annals of
    /// Mathematical Statistics 35, 1964, 73-101).
    Huber {
        /// Where the square ends and the line begins; above 0.
        delta: f64,
    },
    /// `-ln softmax(y)[class]`, from logits.
    CrossEntropy {
        /// One weight per class, or none: all 1.
        class_weights: Option<Vec<f64>>,
    },
}

/// What the outputs of a batch should have been.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets<T> {
    /// One value per output value, `[n, O]`; NaN where it is missing and counts nothing.
    Values(Vec<T>),
    /// One class in `0..O` per output, `[n]`.
    Classes(Vec<usize>),
}

impl<T: Scalar> Targets<T> {
    /// Takes the targets of outputs `range`, of `output_size` values each, out of others.
    pub fn set_slice(&mut self, of: &Targets<T>, range: std::ops::Range<usize>, output_size: usize) {
        self.take_kind(of);
        match (of, self) {
            (Targets::Values(of), Targets::Values(values)) => {
                values.clear();
                values.extend_from_slice(&of[range.start * output_size..range.end * output_size]);
            }
            (Targets::Classes(of), Targets::Classes(classes)) => {
                classes.clear();
                classes.extend_from_slice(&of[range]);
            }
            _ => unreachable!("both are of one kind"),
        }
    }

    /// Becomes of the kind of others; keeps the memory if that is the kind already.
    pub(crate) fn take_kind(&mut self, of: &Targets<T>) {
        match (&*self, of) {
            (Targets::Values(_), Targets::Values(_)) | (Targets::Classes(_), Targets::Classes(_)) => {}
            (_, Targets::Values(_)) => *self = Targets::Values(Vec::new()),
            (_, Targets::Classes(_)) => *self = Targets::Classes(Vec::new()),
        }
    }

    /// The same targets in another number type.
    pub fn convert<U: Scalar>(&self) -> Targets<U> {
        match self {
            Targets::Values(values) => Targets::Values(crate::float::convert(values)),
            Targets::Classes(classes) => Targets::Classes(classes.clone()),
        }
    }
}

impl<T> Default for Targets<T> {
    fn default() -> Self {
        Targets::Values(Vec::new())
    }
}

/// A loss before its division: `sum / weight` is the mean, and sums of parts add up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Total<T> {
    /// The weighted sum over all terms.
    pub sum: T,
    /// The sum of the weights.
    pub weight: T,
}

impl<T: Scalar> Total<T> {
    /// The mean; 0 of nothing, where every target is missing or of weight 0.
    pub fn mean(self) -> T {
        let zero = T::default();
        if self.weight == zero && self.sum == zero { zero } else { self.sum / self.weight }
    }

    /// The same in `f64`.
    pub fn to_f64(self) -> Total<f64> {
        Total { sum: self.sum.to_f64(), weight: self.weight.to_f64() }
    }
}

/// That of both parts.
impl<T: AddAssign> AddAssign for Total<T> {
    fn add_assign(&mut self, part: Self) {
        self.sum += part.sum;
        self.weight += part.weight;
    }
}

impl Loss {
    /// Cross-entropy with every class weighted alike.
    pub fn cross_entropy() -> Self {
        Loss::CrossEntropy { class_weights: None }
    }

    /// Cross-entropy with a weight for each class.
    pub fn weighted_cross_entropy(class_weights: impl Into<Vec<f64>>) -> Self {
        Loss::CrossEntropy { class_weights: Some(class_weights.into()) }
    }

    /// Huber's loss: a square up to `delta`, a line beyond.
    pub fn huber(delta: f64) -> Self {
        Loss::Huber { delta }
    }

    /// The loss of `outputs [n, O]`.
    ///
    /// # Panics
    /// If the targets are of the wrong kind or number, or a class is not below `O`.
    pub fn total<T: Scalar>(&self, outputs: &[T], output_size: usize, targets: &Targets<T>) -> Total<T> {
        let mut total = Total::default();
        self.for_each(outputs, output_size, targets, |_, weight, term| {
            let (value, _) = term.evaluate(self);
            total.sum += weight * value;
            total.weight += weight * term.count();
        });
        total
    }

    /// The loss of `outputs [n, O]`, and its mean's gradient into `doutputs [n, O]`.
    ///
    /// # Panics
    /// As [`total`](Self::total).
    pub fn gradient<T: Scalar>(
        &self,
        outputs: &[T],
        output_size: usize,
        targets: &Targets<T>,
        doutputs: &mut [T],
    ) -> Total<T> {
        let total = self.total(outputs, output_size, targets);
        let zero = T::default();
        self.for_each(outputs, output_size, targets, |n, weight, term| {
            let scale = if weight == zero { zero } else { weight / total.weight };
            term.gradient(self, scale, &mut doutputs[n * output_size..][..output_size]);
        });
        total
    }

    /// Calls `f` with each output's number, weight and term of the loss.
    fn for_each<'a, T: Scalar>(
        &self,
        outputs: &'a [T],
        output_size: usize,
        targets: &'a Targets<T>,
        mut f: impl FnMut(usize, T, Term<'a, T>),
    ) {
        let one = T::from_f64(1.0);
        let rows = outputs.chunks_exact(output_size).enumerate();
        match (self, targets) {
            (Loss::CrossEntropy { class_weights }, Targets::Classes(classes)) => {
                assert_eq!(outputs.len(), classes.len() * output_size, "outputs and their classes");
                for (n, logits) in rows {
                    let class = classes[n];
                    let weight = class_weights.as_ref().map_or(one, |weights| T::from_f64(weights[class]));
                    f(n, weight, Term::Class { logits, class });
                }
            }
            (Loss::Squared | Loss::Absolute | Loss::Huber { .. }, Targets::Values(values)) => {
                assert_eq!(outputs.len(), values.len(), "output values and their targets");
                for (n, y) in rows {
                    f(n, one, Term::Values { y, t: &values[n * output_size..][..output_size] });
                }
            }
            _ => panic!("cross-entropy takes classes as targets, every other loss values"),
        }
    }
}

/// One output's part of the loss.
enum Term<'a, T> {
    Values { y: &'a [T], t: &'a [T] },
    Class { logits: &'a [T], class: usize },
}

impl<T: Scalar> Term<'_, T> {
    /// How many values the mean counts.
    fn count(&self) -> T {
        T::from_f64(match self {
            Term::Values { t, .. } => t.iter().filter(|&&t| !is_missing(t)).count() as f64,
            Term::Class { .. } => 1.0,
        })
    }

    /// The loss of this output; for a class, also the logarithm of the softmax's denominator.
    fn evaluate(&self, loss: &Loss) -> (T, T) {
        match *self {
            Term::Values { y, t } => {
                let mut sum = T::default();
                for (&y, &t) in y.iter().zip(t).filter(|&(_, &t)| !is_missing(t)) {
                    sum += pointwise(loss, y - t).0;
                }
                (sum, T::default())
            }
            Term::Class { logits, class } => {
                let log_sum = log_sum_exp(logits);
                (log_sum - logits[class], log_sum)
            }
        }
    }

    fn gradient(&self, loss: &Loss, scale: T, dy: &mut [T]) {
        match *self {
            Term::Values { y, t } => {
                for ((dy, &y), &t) in dy.iter_mut().zip(y).zip(t) {
                    *dy = if is_missing(t) { T::default() } else { scale * pointwise(loss, y - t).1 };
                }
            }
            Term::Class { logits, class } => {
                let (_, log_sum) = self.evaluate(loss);
                for (k, (dy, &y)) in dy.iter_mut().zip(logits).enumerate() {
                    let hit = T::from_f64(if k == class { 1.0 } else { 0.0 });
                    *dy = scale * ((y - log_sum).exp() - hit);
                }
            }
        }
    }
}

/// Only NaN differs from itself.
fn is_missing<T: Scalar>(target: T) -> bool {
    target.partial_cmp(&target).is_none()
}

/// The loss of one value and its derivative with respect to the error `e`.
fn pointwise<T: Scalar>(loss: &Loss, e: T) -> (T, T) {
    let zero = T::default();
    let sign = T::from_f64(if e > zero {
        1.0
    } else if e < zero {
        -1.0
    } else {
        0.0
    });
    // NaN stays NaN: the sign alone would hide it.
    let magnitude = if e < zero { zero - e } else { e };
    match *loss {
        Loss::Absolute => (magnitude, sign),
        Loss::Huber { delta } if magnitude > T::from_f64(delta) => {
            let delta = T::from_f64(delta);
            (delta * (magnitude - delta * T::from_f64(0.5)), delta * sign)
        }
        Loss::Huber { .. } => (e * e * T::from_f64(0.5), e),
        _ => (e * e, e + e),
    }
}

/// `ln sum exp(logits)`, with the largest taken out so that nothing overflows.
fn log_sum_exp<T: Scalar>(logits: &[T]) -> T {
    let largest = logits.iter().copied().fold(logits[0], |a, b| if b > a { b } else { a });
    let mut sum = T::default();
    for &logit in logits {
        sum += (logit - largest).exp();
    }
    largest + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outputs `[2, 2]` of which one target is missing: what the others give, divided by three.
    #[test]
    fn a_missing_target_counts_nothing() {
        let outputs = [1.0, 5.0, -2.0, 0.5];
        let targets = Targets::Values(vec![0.0, f64::NAN, 1.0, 1.0]);
        // Errors 1, -3 and -0.5.
        for (loss, sum, gradient) in [
            (Loss::Squared, 1.0 + 9.0 + 0.25, [2.0, 0.0, -6.0, -1.0]),
            (Loss::Absolute, 1.0 + 3.0 + 0.5, [1.0, 0.0, -1.0, -1.0]),
            (Loss::huber(2.0), 0.5 + 2.0 * (3.0 - 1.0) + 0.125, [1.0, 0.0, -2.0, -0.5]),
        ] {
            let mut doutputs = [7.0; 4];
            let total = loss.gradient(&outputs, 2, &targets, &mut doutputs);
            assert_eq!(total, Total { sum, weight: 3.0 }, "{loss:?}");
            assert_eq!(doutputs, gradient.map(|g| g / 3.0), "{loss:?}");
        }
    }

    #[test]
    fn nothing_but_missing_targets_is_no_loss() {
        let mut doutputs = [7.0; 2];
        let missing = Targets::Values(vec![f64::NAN; 2]);
        let total = Loss::Squared.gradient(&[1.0, 2.0], 1, &missing, &mut doutputs);
        assert_eq!((total.mean(), doutputs), (0.0, [0.0; 2]));
        // A class of weight 0 alone is the same.
        let weighted = Loss::weighted_cross_entropy([0.0, 1.0]);
        let total = weighted.gradient(&[1.0, 2.0], 2, &Targets::Classes(vec![0]), &mut doutputs);
        assert_eq!((total.mean(), doutputs), (0.0, [0.0; 2]));
    }

    #[test]
    fn an_output_that_is_no_number_still_shows() {
        let total = Loss::Squared.total(&[f64::NAN, 2.0], 1, &Targets::Values(vec![1.0, 2.0]));
        assert!(total.mean().is_nan());
    }
}
