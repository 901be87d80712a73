//! Losses: how far outputs are from targets, and the gradient of that.
//!
//! Every loss is a mean: the sum over all output values (for cross-entropy: over all outputs, each
//! times its class's weight) divided by their number (by the sum of those weights), as in PyTorch
//! with `reduction='mean'`.
//!
//! Most losses are of one output per value. Those of a distribution have several for each, side by side: with a loss
//! of `W` of them, `V` values are told by `O = V W` outputs ([`Loss::output_size`]), and what they mean says
//! [`Distribution`].
//!
//! Losses over signals ([`Loss::Esr`] and those after it) see outputs of one sequence in the order of time; which rows
//! those are says a [`Packing`]. Where none is given, all rows are one sequence.
//!
//! A target value that is NaN is missing, and so is a class that is [`UNLABELLED`]: it has weight 0, so neither the sum
//! nor the number counts it, and its output has gradient 0. (An output that is NaN stays an error that shows.)
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

mod cross_entropy;
mod gaussian;
mod pointwise;
mod quantile;
mod signal;
mod student_t;
mod targets;

use std::ops::AddAssign;

use elman_core::lane::Scalar;
use serde::{Deserialize, Serialize};

pub use signal::Resolution;
pub use targets::{Targets, UNLABELLED};

use crate::batch::Packing;
use crate::distribution::{Distribution, MIN_SCALE};
use crate::error::{ConfigError, positive};

/// More levels than these are refused.
const MAX_LEVELS: usize = 999;

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
    /// The pinball loss, least where each output is the target's quantile of its level `q`: `q (t - y)` where `y <= t`,
    /// else `(1 - q) (y - t)` (Koenker & Bassett, Econometrica 46, 1978, 33-50). Its derivative at `y = t` is taken as
    /// 0. One output per level and value.
    Quantile {
        /// The levels, above 0 and below 1, the smallest first; at least two, on both sides of 0.5 or with it.
        levels: Vec<f64>,
    },
    /// `-ln` of a normal distribution's density: `ln(2 pi) / 2 + ln s + (t - m)^2 / (2 s^2)`. Two outputs per value: the
    /// mean `m` and what makes the deviation, `s = softplus(y) + `[`MIN_SCALE`].
    Gaussian,
    /// `-ln` of the density of Student's t-distribution with location `m`, scale `s` and `v` degrees of freedom:
    /// `ln B(v / 2, 1 / 2) + ln(v) / 2 + ln s + (v + 1) / 2 ln(1 + (t - m)^2 / (v s^2))`. Three outputs per value: `m`,
    /// what makes the scale, as of [`Gaussian`](Self::Gaussian), and what makes the degrees of freedom, `v = 2 +
    /// softplus(y)`, so that there is a variance (as in GluonTS, after DeepAR: Salinas et al., International Journal of
    /// Forecasting 36, 2020, 1181-1191).
    StudentT,
    /// The error-to-signal ratio `sum e^2 / sum (t^2 + 1e-5)` over everything that it is asked of together, as CoreAudioML has
    /// it (Wright et al., Applied Sciences 10(3), 2020, 766).
    #[serde(rename = "esr")]
    Esr {
        /// `c` of the high pass `x[n] - c x[n-1]`, with `x[-1] = 0`, that output and target go through before they are
        /// compared; none: they do not.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pre_emphasis: Option<f64>,
    },
    /// The mean over signals (see [`Packing`]) of each one's `sum e^2 / sum t^2`, as NAM has it: without an epsilon, and of
    /// signals that are a sample shorter where they go through the high pass. A signal whose target is silence has no such
    /// ratio and counts nothing.
    EsrNam {
        /// As of [`Esr`](Self::Esr), but that the filtered signal begins with `x[1] - c x[0]`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pre_emphasis: Option<f64>,
    },
    /// The error of the mean: of signals of `N` timesteps `sum N (mean t - mean y)^2 / sum (t^2 + 1e-5)`, as CoreAudioML has
    /// it.
    Dc,
    /// The multi-resolution STFT loss, as `auraloss` 0.4.0 has it by default (Steinmetz & Reiss, DMRN+15, 2020): the mean over the
    /// resolutions of spectral convergence and mean error of log magnitudes. A signal too short for a resolution has no part
    /// in that one.
    Mrstft {
        /// How spectra are cut; those of `auraloss` unless they are given.
        #[serde(default = "usual_resolutions", skip_serializing_if = "are_usual")]
        resolutions: Vec<Resolution>,
        /// As of [`EsrNam`](Self::EsrNam).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pre_emphasis: Option<f64>,
    },
    /// The sum of the means of several losses, each times its weight.
    Sum {
        /// Weights, above 0, and losses: any of numbers with one output each.
        terms: Vec<(f64, Loss)>,
    },
}

fn usual_resolutions() -> Vec<Resolution> {
    Resolution::USUAL.to_vec()
}

fn are_usual(resolutions: &Vec<Resolution>) -> bool {
    *resolutions == Resolution::USUAL
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

    /// The pinball loss of these levels, in whatever order they are given.
    pub fn quantile(levels: impl Into<Vec<f64>>) -> Self {
        let mut levels = levels.into();
        levels.sort_by(f64::total_cmp);
        Loss::Quantile { levels }
    }

    /// What many models of audio effects were trained with: the error-to-signal ratio after pre-emphasis and the error of the
    /// mean, weighted 0.75 and 0.25 (Wright et al., Applied Sciences 10(3), 2020, 766).
    pub fn esr_dc() -> Self {
        let esr = Loss::Esr { pre_emphasis: Some(signal::USUAL_PRE_EMPHASIS) };
        Loss::Sum { terms: vec![(0.75, esr), (0.25, Loss::Dc)] }
    }

    /// The multi-resolution STFT loss with the usual resolutions, without pre-emphasis.
    pub fn mrstft() -> Self {
        Loss::Mrstft { resolutions: usual_resolutions(), pre_emphasis: None }
    }

    /// Does it see outputs of one sequence together, in the order of time?
    pub fn is_of_signals(&self) -> bool {
        match self {
            Loss::Esr { .. } | Loss::EsrNam { .. } | Loss::Dc | Loss::Mrstft { .. } | Loss::Sum { .. } => {
                true
            }
            Loss::Squared
            | Loss::Absolute
            | Loss::Huber { .. }
            | Loss::CrossEntropy { .. }
            | Loss::Quantile { .. }
            | Loss::Gaussian
            | Loss::StudentT => false,
        }
    }

    /// The timesteps that a sequence, or a piece of one, needs for all of the loss to see it.
    pub fn min_len(&self) -> usize {
        match self {
            Loss::Mrstft { resolutions, pre_emphasis } => {
                let len = resolutions.iter().map(Resolution::min_len).max().unwrap_or(1);
                len + usize::from(pre_emphasis.is_some())
            }
            Loss::EsrNam { pre_emphasis: Some(_) } => 2,
            Loss::Sum { terms } => terms.iter().map(|(_, loss)| loss.min_len()).max().unwrap_or(1),
            _ => 1,
        }
    }

    /// Its name on the command line and in files.
    pub fn name(&self) -> &'static str {
        match self {
            Loss::Squared => "squared",
            Loss::Absolute => "absolute",
            Loss::Huber { .. } => "huber",
            Loss::CrossEntropy { .. } => "cross-entropy",
            Loss::Quantile { .. } => "quantile",
            Loss::Gaussian => "gaussian",
            Loss::StudentT => "student-t",
            Loss::Esr { .. } => "esr",
            Loss::EsrNam { .. } => "esr-nam",
            Loss::Dc => "dc",
            Loss::Mrstft { .. } => "mrstft",
            Loss::Sum { .. } => "sum",
        }
    }

    /// What a network that has learned by it says of a value, if that is more than a number.
    pub fn distribution(&self) -> Option<Distribution> {
        match self {
            Loss::Quantile { levels } => Some(Distribution::Quantiles(levels.clone())),
            Loss::Gaussian => Some(Distribution::Gaussian),
            Loss::StudentT => Some(Distribution::StudentT),
            _ => None,
        }
    }

    /// The outputs `O` of a network for so many values, or classes.
    pub fn output_size(&self, values: usize) -> usize {
        values * self.outputs_per_value()
    }

    /// The outputs that tell one value; of cross-entropy, one class.
    pub fn outputs_per_value(&self) -> usize {
        match self {
            Loss::Quantile { levels } => levels.len(),
            Loss::Gaussian => 2,
            Loss::StudentT => 3,
            _ => 1,
        }
    }

    /// Refuses options that are out of range, and outputs that are not as many as the loss takes.
    pub(crate) fn check(&self, output_size: usize) -> Result<(), ConfigError> {
        match self {
            Loss::Squared | Loss::Absolute => {}
            Loss::Huber { delta } => positive("huber_delta", *delta)?,
            Loss::CrossEntropy { class_weights } => {
                if let Some(weights) = class_weights.as_ref().filter(|weights| weights.len() != output_size) {
                    let message = format!("has {} values for {output_size} classes", weights.len());
                    return Err(ConfigError::new("class_weights", message));
                }
                class_weights.iter().flatten().try_for_each(|&weight| positive("class_weights", weight))?;
            }
            Loss::Quantile { levels } => quantile::check(levels)?,
            Loss::Gaussian | Loss::StudentT => {}
            Loss::Esr { .. } | Loss::EsrNam { .. } | Loss::Dc | Loss::Mrstft { .. } | Loss::Sum { .. } => {
                signal::check(self)?;
            }
        }
        let width = self.outputs_per_value();
        if !output_size.is_multiple_of(width) {
            let message =
                format!("takes {width} outputs for each value, but the network has {output_size} in all");
            return Err(ConfigError::new("loss", message));
        }
        Ok(())
    }

    /// Does it need what files of format version 2 do not know?
    pub(crate) fn is_new(&self) -> bool {
        self.outputs_per_value() > 1 || self.is_of_signals()
    }

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
fn is_missing<T: Scalar>(target: T) -> bool {
    target.partial_cmp(&target).is_none()
}

/// `ln(1 + exp(x))`, above 0, and its derivative.
fn softplus<T: Scalar>(x: T) -> (T, T) {
    let (zero, one) = (T::default(), T::from_f64(1.0));
    let (positive, magnitude) = if x > zero { (x, x) } else { (zero, zero - x) };
    (positive + (one + (zero - magnitude).exp()).ln(), x.sigmoid())
}

/// A scale out of an output, and its derivative.
fn scale_of<T: Scalar>(y: T) -> (T, T) {
    let (scale, derivative) = softplus(y);
    (scale + T::from_f64(MIN_SCALE), derivative)
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
