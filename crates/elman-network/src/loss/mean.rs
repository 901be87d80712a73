//! The mean of a loss over outputs, and its gradient.

use std::ops::AddAssign;

use elman_core::lane::Scalar;

use super::{Loss, Targets, UNLABELLED, cross_entropy, gaussian, pointwise, quantile, signal, student_t};
use crate::batch::Packing;

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
    /// [`total`](Self::total) of rows that lie as `packing` says: what losses over signals need to know.
    ///
    /// # Panics
    /// As [`total`](Self::total); or if there are not as many rows.
    pub fn total_of<T: Scalar>(
        &self,
        packing: &Packing,
        outputs: &[T],
        output_size: usize,
        targets: &Targets<T>,
    ) -> Total<T> {
        match targets {
            _ if !self.is_of_signals() => self.total(outputs, output_size, targets),
            Targets::Classes(_) => wrong_kind(),
            Targets::Values(values) => {
                self.check_rows(packing, outputs, output_size, values);
                signal::total(self, outputs, output_size, values, packing)
            }
        }
    }

    /// [`gradient`](Self::gradient) of rows that lie as `packing` says: what losses over signals need to know.
    ///
    /// # Panics
    /// As [`total_of`](Self::total_of).
    pub fn gradient_of<T: Scalar>(
        &self,
        packing: &Packing,
        outputs: &[T],
        output_size: usize,
        targets: &Targets<T>,
        doutputs: &mut [T],
    ) -> Total<T> {
        match targets {
            _ if !self.is_of_signals() => self.gradient(outputs, output_size, targets, doutputs),
            Targets::Classes(_) => wrong_kind(),
            Targets::Values(values) => {
                self.check_rows(packing, outputs, output_size, values);
                signal::gradient(self, outputs, output_size, values, packing, doutputs)
            }
        }
    }

    fn check_rows<T>(&self, packing: &Packing, outputs: &[T], output_size: usize, values: &[T]) {
        self.width(outputs, output_size, values);
        assert_eq!(
            outputs.len(),
            packing.num_rows() * output_size,
            "outputs and the rows of their sequences"
        );
    }

    /// The loss of `outputs [n, O]`.
    ///
    /// # Panics
    /// If the targets are of the wrong kind or number, or a class is not below `O` and not [`UNLABELLED`].
    pub fn total<T: Scalar>(&self, outputs: &[T], output_size: usize, targets: &Targets<T>) -> Total<T> {
        if self.is_of_signals() && !outputs.is_empty() {
            return self.total_of(&one_sequence(outputs, output_size), outputs, output_size, targets);
        }
        let mut total = Total::default();
        match (self, targets) {
            (Loss::CrossEntropy { class_weights }, Targets::Classes(classes)) => {
                check_classes(outputs, output_size, classes);
                let rows = outputs.chunks_exact(output_size).zip(classes);
                for (logits, &class) in rows.filter(|&(_, &class)| class != UNLABELLED) {
                    let weight = weight_of(class_weights.as_deref(), class);
                    total.sum += weight * cross_entropy::value(logits, class);
                    total.weight += weight;
                }
            }
            (_, Targets::Values(values)) => {
                let width = self.width(outputs, output_size, values);
                let terms = T::from_f64(if let Loss::Quantile { .. } = self { width as f64 } else { 1.0 });
                for (y, t) in outputs.chunks_exact(output_size).zip(values.chunks_exact(output_size / width))
                {
                    let mut row = Total::default();
                    for (y, &t) in y.chunks_exact(width).zip(t).filter(|&(_, &t)| !is_missing(t)) {
                        row.sum += self.value(y, t);
                        row.weight += terms;
                    }
                    total += row;
                }
            }
            _ => wrong_kind(),
        }
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
        if self.is_of_signals() && !outputs.is_empty() {
            return self.gradient_of(
                &one_sequence(outputs, output_size),
                outputs,
                output_size,
                targets,
                doutputs,
            );
        }
        let total = self.total(outputs, output_size, targets);
        let (zero, one) = (T::default(), T::from_f64(1.0));
        match (self, targets) {
            (Loss::CrossEntropy { class_weights }, Targets::Classes(classes)) => {
                let rows = outputs.chunks_exact(output_size).zip(doutputs.chunks_exact_mut(output_size));
                for ((logits, dy), &class) in rows.zip(classes) {
                    if class == UNLABELLED {
                        dy.fill(zero);
                        continue;
                    }
                    let weight: T = weight_of(class_weights.as_deref(), class);
                    let scale = if weight == zero { zero } else { weight / total.weight };
                    cross_entropy::derivative(logits, class, scale, dy);
                }
            }
            (_, Targets::Values(values)) => {
                let width = self.width(outputs, output_size, values);
                let scale = one / total.weight;
                let outputs = outputs.chunks_exact(width).zip(doutputs.chunks_exact_mut(width));
                for ((y, dy), &t) in outputs.zip(values) {
                    if is_missing(t) {
                        dy.fill(zero);
                    } else {
                        self.derivative(y, t, dy);
                        dy.iter_mut().for_each(|dy| *dy = scale * *dy);
                    }
                }
            }
            _ => wrong_kind(),
        }
        total
    }

    /// The outputs for each of these values.
    fn width<T>(&self, outputs: &[T], output_size: usize, values: &[T]) -> usize {
        if let Loss::CrossEntropy { .. } = self {
            wrong_kind()
        }
        let width = self.outputs_per_value();
        assert!(
            output_size.is_multiple_of(width),
            "a loss of {width} outputs per value, and {output_size} of them"
        );
        assert_eq!(outputs.len(), values.len() * width, "output values and their targets");
        width
    }

    /// The loss of the outputs `y [W]` for one value.
    fn value<T: Scalar>(&self, y: &[T], t: T) -> T {
        match self {
            Loss::Quantile { levels } => quantile::value(levels, y, t),
            Loss::Gaussian => gaussian::value(y, t),
            Loss::StudentT => student_t::value(y, t),
            _ => pointwise::value_and_derivative(self, y[0] - t).0,
        }
    }

    /// Its derivatives `dy [W]`.
    fn derivative<T: Scalar>(&self, y: &[T], t: T, dy: &mut [T]) {
        match self {
            Loss::Quantile { levels } => quantile::derivative(levels, y, t, dy),
            Loss::Gaussian => gaussian::derivative(y, t, dy),
            Loss::StudentT => student_t::derivative(y, t, dy),
            _ => dy[0] = pointwise::value_and_derivative(self, y[0] - t).1,
        }
    }
}

/// All rows as timesteps of one sequence.
fn one_sequence<T>(outputs: &[T], output_size: usize) -> Packing {
    Packing::new(&[outputs.len() / output_size])
}

fn wrong_kind() -> ! {
    panic!("cross-entropy takes classes as targets, every other loss values")
}

fn check_classes<T>(outputs: &[T], output_size: usize, classes: &[usize]) {
    assert_eq!(outputs.len(), classes.len() * output_size, "outputs and their classes");
}

fn weight_of<T: Scalar>(class_weights: Option<&[f64]>, class: usize) -> T {
    T::from_f64(class_weights.map_or(1.0, |weights| weights[class]))
}

/// Only NaN differs from itself.
pub(super) fn is_missing<T: Scalar>(target: T) -> bool {
    target.partial_cmp(&target).is_none()
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

    /// Of three outputs one has no class: the others' loss and gradient are what they are without it, to the bit.
    #[test]
    fn an_unlabelled_class_counts_nothing() {
        let loss = Loss::weighted_cross_entropy([1.0, 3.0]);
        let (mut masked, mut alone) = ([7.0; 6], [7.0; 4]);
        let outputs = [1.0, 2.0, -0.5, 4.0, 0.3, 0.1];
        let targets = Targets::Classes(vec![1, UNLABELLED, 0]);
        let total = loss.gradient(&outputs, 2, &targets, &mut masked);
        let others = [1.0, 2.0, 0.3, 0.1];
        assert_eq!(total, loss.gradient(&others, 2, &Targets::Classes(vec![1, 0]), &mut alone));
        assert_eq!(total.weight, 4.0);
        assert_eq!([&masked[..2], &masked[4..]].concat(), alone);
        assert_eq!(masked[2..4], [0.0; 2]);
        let none = loss.gradient(&others, 2, &Targets::Classes(vec![UNLABELLED; 2]), &mut alone);
        assert_eq!((none.mean(), none.weight, alone), (0.0, 0.0, [0.0; 4]));
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
