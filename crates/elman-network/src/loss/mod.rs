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
//! those are says a [`Packing`](crate::batch::Packing). Where none is given, all rows are one sequence.
//!
//! A target value that is NaN is missing, and so is a class that is [`UNLABELLED`]: it has weight 0, so neither the sum
//! nor the number counts it, and its output has gradient 0. (An output that is NaN stays an error that shows.)
//!
//! ```
//! use elman_network::loss::{Loss, Targets};
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
mod mean;
mod pointwise;
mod quantile;
mod scale;
mod signal;
mod student_t;
mod targets;

use serde::{Deserialize, Serialize};

pub use mean::Total;
pub use signal::Resolution;
pub use targets::{Targets, UNLABELLED};

use crate::distribution::Distribution;
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
    /// mean `m` and what makes the deviation, `s = softplus(y) + `[`MIN_SCALE`](crate::distribution::MIN_SCALE).
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
    /// The mean over signals (see [`Packing`](crate::batch::Packing)) of each one's `sum e^2 / sum t^2`, as NAM has it: without an epsilon, and of
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

impl Loss {
    /// What it is called in a sentence.
    pub fn title(&self) -> &'static str {
        match self {
            Loss::Squared => "squared error",
            Loss::Absolute => "absolute error",
            Loss::Huber { .. } => "Huber loss",
            Loss::CrossEntropy { .. } => "cross-entropy",
            Loss::Quantile { .. } => "pinball loss",
            Loss::Gaussian => "Gaussian likelihood",
            Loss::StudentT => "Student-t likelihood",
            Loss::Esr { .. } => "error-to-signal ratio",
            Loss::EsrNam { .. } => "error-to-signal ratio of each sequence",
            Loss::Dc => "error of the mean",
            Loss::Mrstft { .. } => "multi-resolution STFT loss",
            Loss::Sum { .. } => "sum of losses",
        }
    }

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
    pub fn check(&self, output_size: usize) -> Result<(), ConfigError> {
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
    pub fn needs_version_3(&self) -> bool {
        self.outputs_per_value() > 1 || self.is_of_signals()
    }
}
