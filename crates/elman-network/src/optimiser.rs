//! Optimisers: one pass over the flat parameter vector per update.
//!
//! Definitions and defaults are PyTorch's. `g` is the gradient, `p` a parameter, `lr` the rate.
//!
//! ```
//! use elman_network::optimiser::{Optimiser, OptimiserConfig, clip_grad_norm};
//!
//! let (mut parameters, mut gradient) = ([1.0, 1.0], [3.0, 4.0]);
//! assert_eq!(clip_grad_norm(&mut gradient, 10.0), 5.0);
//! Optimiser::new(OptimiserConfig::SGD, 2).update(&mut parameters, &gradient, 0.25);
//! assert_eq!(parameters, [0.25, 0.0]);
//! ```

use serde::{Deserialize, Serialize};

use crate::error::{ConfigError, positive};
use crate::float::Float;

/// Which rule turns gradients into updates, and its constants.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum OptimiserConfig {
    /// `v = momentum v + g`, `p -= lr v`; with Nesterov `p -= lr (g + momentum v)`.
    Sgd {
        /// In `[0, 1)`; 0: plain gradient descent.
        momentum: f64,
        /// Look ahead along the momentum (Sutskever et al., ICML 2013)?
        nesterov: bool,
        /// `g += weight_decay p` beforehand.
        weight_decay: f64,
    },
    /// `s = alpha s + (1 - alpha) g^2`, `v = momentum v + g / (sqrt(s) + eps)`, `p -= lr v`
    /// (Tieleman & Hinton, Coursera lecture 6.5, 2012).
    #[serde(rename = "rmsprop")]
    RmsProp {
        /// How much of the mean square is kept.
        alpha: f64,
        /// Keeps the division finite.
        eps: f64,
        /// In `[0, 1)`.
        momentum: f64,
        /// `g += weight_decay p` beforehand.
        weight_decay: f64,
    },
    /// `m = beta1 m + (1 - beta1) g`, `s = beta2 s + (1 - beta2) g^2`, both divided by
    /// `1 - beta^k` at update `k`, `p -= lr m / (sqrt(s) + eps)` (Kingma & Ba, arXiv:1412.6980).
    Adam {
        /// How much of the mean gradient is kept.
        beta1: f64,
        /// How much of the mean square is kept.
        beta2: f64,
        /// Keeps the division finite.
        eps: f64,
        /// `g += weight_decay p` beforehand.
        weight_decay: f64,
    },
    /// Adam, but the decay acts on the parameter itself: `p -= lr weight_decay p` (Loshchilov &
    /// Hutter, arXiv:1711.05101).
    #[serde(rename = "adamw")]
    AdamW {
        /// How much of the mean gradient is kept.
        beta1: f64,
        /// How much of the mean square is kept.
        beta2: f64,
        /// Keeps the division finite.
        eps: f64,
        /// The share of a parameter, times the rate, that each update takes away.
        weight_decay: f64,
    },
}

impl OptimiserConfig {
    /// SGD without momentum.
    pub const SGD: Self = Self::Sgd { momentum: 0.0, nesterov: false, weight_decay: 0.0 };
    /// RMSprop with PyTorch's defaults.
    pub const RMSPROP: Self = Self::RmsProp { alpha: 0.99, eps: 1e-8, momentum: 0.0, weight_decay: 0.0 };
    /// Adam with PyTorch's defaults.
    pub const ADAM: Self = Self::Adam { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 };
    /// AdamW with PyTorch's defaults.
    pub const ADAMW: Self = Self::AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01 };
}

impl OptimiserConfig {
    /// How strongly parameters are drawn to 0.
    pub fn weight_decay(&self) -> f64 {
        match *self {
            Self::Sgd { weight_decay, .. }
            | Self::RmsProp { weight_decay, .. }
            | Self::Adam { weight_decay, .. }
            | Self::AdamW { weight_decay, .. } => weight_decay,
        }
    }

    /// The same with this weight decay, which every rule has.
    #[must_use]
    pub fn with_weight_decay(mut self, decay: f64) -> Self {
        match &mut self {
            OptimiserConfig::Sgd { weight_decay, .. }
            | OptimiserConfig::RmsProp { weight_decay, .. }
            | OptimiserConfig::Adam { weight_decay, .. }
            | OptimiserConfig::AdamW { weight_decay, .. } => *weight_decay = decay,
        }
        self
    }

    /// The name used on the command line.
    pub fn name(&self) -> &'static str {
        match self {
            OptimiserConfig::Sgd { .. } => "sgd",
            OptimiserConfig::RmsProp { .. } => "rmsprop",
            OptimiserConfig::Adam { .. } => "adam",
            OptimiserConfig::AdamW { .. } => "adamw",
        }
    }

    /// Refuses constants that are out of range or do not go together.
    ///
    /// # Errors
    /// The first of them.
    pub fn check(&self) -> Result<(), ConfigError> {
        let (fractions, decay, nesterov) = match *self {
            OptimiserConfig::Sgd { momentum, nesterov, weight_decay } => {
                ([("momentum", momentum); 2], weight_decay, nesterov && momentum == 0.0)
            }
            OptimiserConfig::RmsProp { alpha, eps, momentum, weight_decay } => {
                positive("eps", eps)?;
                ([("alpha", alpha), ("momentum", momentum)], weight_decay, false)
            }
            OptimiserConfig::Adam { beta1, beta2, eps, weight_decay }
            | OptimiserConfig::AdamW { beta1, beta2, eps, weight_decay } => {
                positive("eps", eps)?;
                ([("beta1", beta1), ("beta2", beta2)], weight_decay, false)
            }
        };
        for (option, value) in fractions {
            if !(0.0..1.0).contains(&value) {
                return Err(ConfigError::new(
                    option,
                    format!("is {value:?}; it must be at least 0 and below 1"),
                ));
            }
        }
        if !(decay >= 0.0 && decay.is_finite()) {
            return Err(ConfigError::new("weight_decay", format!("is {decay:?}; it must be 0 or above")));
        }
        if nesterov {
            return Err(ConfigError::new(
                "nesterov",
                "looks ahead along the momentum, which is 0; set momentum",
            ));
        }
        Ok(())
    }
}

/// An optimiser with its memory: two vectors of the parameters' layout and a count.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimiser<T> {
    config: OptimiserConfig,
    updates: u64,
    /// The momentum, or Adam's mean gradient.
    first: Vec<T>,
    /// The mean square.
    second: Vec<T>,
}

impl<T: Float> Optimiser<T> {
    /// An optimiser for `len` parameters that has seen nothing yet.
    pub fn new(config: OptimiserConfig, len: usize) -> Self {
        let zeros = |needed| if needed { vec![T::default(); len] } else { Vec::new() };
        let (first, second) = match config {
            OptimiserConfig::Sgd { momentum, .. } => (momentum != 0.0, false),
            OptimiserConfig::RmsProp { momentum, .. } => (momentum != 0.0, true),
            OptimiserConfig::Adam { .. } | OptimiserConfig::AdamW { .. } => (true, true),
        };
        Optimiser { config, updates: 0, first: zeros(first), second: zeros(second) }
    }

    /// How many updates it has made.
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// Its memory: the momentum or Adam's mean gradient, and the mean square; empty where the rule has none.
    pub fn memory(&self) -> [&[T]; 2] {
        [&self.first, &self.second]
    }

    /// The same optimiser with the memory of so many updates.
    ///
    /// # Panics
    /// If a part of the memory is not as long as its own.
    #[must_use]
    pub fn resumed(self, updates: u64, [first, second]: [Vec<T>; 2]) -> Self {
        assert_eq!([first.len(), second.len()], self.memory().map(<[T]>::len), "memory of the optimiser");
        Optimiser { config: self.config, updates, first, second }
    }

    /// Is its memory, where the rule has one, of so many parameters?
    pub fn fits(&self, len: usize) -> bool {
        self.memory().iter().all(|memory| memory.is_empty() || memory.len() == len)
    }

    /// The rule and its constants.
    pub fn config(&self) -> OptimiserConfig {
        self.config
    }

    /// One update of `parameters` along `gradient` at learning rate `rate`.
    ///
    /// # Panics
    /// If the gradient has not as many entries as there are parameters, or its memory is of other parameters.
    pub fn update(&mut self, parameters: &mut [T], gradient: &[T], rate: f64) {
        assert_eq!(gradient.len(), parameters.len(), "entries of the gradient, and parameters");
        assert!(self.fits(parameters.len()), "the optimiser's memory is of other parameters");
        self.updates += 1;
        match self.config {
            OptimiserConfig::Sgd { momentum, nesterov, weight_decay } => {
                self.sgd(parameters, gradient, rate, momentum, nesterov, weight_decay);
            }
            OptimiserConfig::RmsProp { alpha, eps, momentum, weight_decay } => {
                self.rmsprop(parameters, gradient, rate, [alpha, eps, momentum, weight_decay]);
            }
            OptimiserConfig::Adam { beta1, beta2, eps, weight_decay } => {
                self.adam(parameters, gradient, rate, [beta1, beta2, eps], weight_decay, 0.0);
            }
            OptimiserConfig::AdamW { beta1, beta2, eps, weight_decay } => {
                self.adam(parameters, gradient, rate, [beta1, beta2, eps], 0.0, weight_decay);
            }
        }
    }

    fn sgd(
        &mut self,
        parameters: &mut [T],
        gradient: &[T],
        rate: f64,
        momentum: f64,
        nesterov: bool,
        decay: f64,
    ) {
        let [rate, momentum, decay] = [rate, momentum, decay].map(T::from_f64);
        if self.first.is_empty() {
            // A loop of its own, which compilers turn into vectors.
            return parameters.iter_mut().zip(gradient).for_each(|(p, &g)| *p = *p - rate * (g + decay * *p));
        }
        for ((p, &g), v) in parameters.iter_mut().zip(gradient).zip(&mut self.first) {
            let g = g + decay * *p;
            *v = momentum * *v + g;
            let step = if nesterov { g + momentum * *v } else { *v };
            *p = *p - rate * step;
        }
    }

    fn rmsprop(&mut self, parameters: &mut [T], gradient: &[T], rate: f64, constants: [f64; 4]) {
        let keep = T::from_f64(1.0 - constants[0]);
        let [alpha, eps, momentum, decay] = constants.map(T::from_f64);
        let rate = T::from_f64(rate);
        for (n, ((p, &g), s)) in parameters.iter_mut().zip(gradient).zip(&mut self.second).enumerate() {
            let g = g + decay * *p;
            *s = alpha * *s + keep * g * g;
            let step = g / (s.sqrt() + eps);
            let step = match self.first.get_mut(n) {
                Some(v) => {
                    *v = momentum * *v + step;
                    *v
                }
                None => step,
            };
            *p = *p - rate * step;
        }
    }

    fn adam(
        &mut self,
        parameters: &mut [T],
        gradient: &[T],
        rate: f64,
        [beta1, beta2, eps]: [f64; 3],
        coupled_decay: f64,
        decoupled_decay: f64,
    ) {
        let updates = self.updates as f64;
        let [correction1, correction2] = [beta1, beta2].map(|beta| 1.0 - beta.powf(updates));
        let step_size = T::from_f64(rate / correction1);
        let root_correction = T::from_f64(correction2.sqrt());
        let shrink = T::from_f64(1.0 - rate * decoupled_decay);
        let [new1, new2] = [beta1, beta2].map(|beta| T::from_f64(1.0 - beta));
        let [beta1, beta2, eps, decay] = [beta1, beta2, eps, coupled_decay].map(T::from_f64);
        let states = self.first.iter_mut().zip(&mut self.second);
        for ((p, &g), (m, s)) in parameters.iter_mut().zip(gradient).zip(states) {
            *p = *p * shrink;
            let g = g + decay * *p;
            *m = beta1 * *m + new1 * g;
            *s = beta2 * *s + new2 * g * g;
            *p = *p - step_size * *m / (s.sqrt() / root_correction + eps);
        }
    }
}

/// The Euclidean norm of a gradient, summed in `f64`.
pub fn grad_norm<T: Float>(gradient: &[T]) -> f64 {
    gradient.iter().map(|g| g.to_f64() * g.to_f64()).sum::<f64>().sqrt()
}

/// Scales `gradient` so that its norm is at most `max_norm`, and returns the norm it had.
///
/// As PyTorch's `clip_grad_norm_`, the factor is `max_norm / (norm + 1e-6)` where that is below 1.
pub fn clip_grad_norm<T: Float>(gradient: &mut [T], max_norm: f64) -> f64 {
    let norm = grad_norm(gradient);
    let factor = max_norm / (norm + 1e-6);
    if factor < 1.0 {
        let factor = T::from_f64(factor);
        gradient.iter_mut().for_each(|g| *g = *g * factor);
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_is_of_all_parameters() {
        let update = |config, len, parameters: usize, gradient: usize| {
            Optimiser::new(config, len).update(&mut vec![0.0; parameters], &vec![0.0; gradient], 0.1);
        };
        for config in [OptimiserConfig::SGD, OptimiserConfig::RMSPROP, OptimiserConfig::ADAM] {
            update(config, 3, 3, 3);
            for (parameters, gradient) in [(3, 2), (2, 3), (3, 4)] {
                let panics = std::panic::catch_unwind(|| update(config, 3, parameters, gradient)).is_err();
                assert!(panics, "{} {parameters} {gradient}", config.name());
            }
        }
        assert!(std::panic::catch_unwind(|| update(OptimiserConfig::ADAM, 2, 3, 3)).is_err());
    }
}
