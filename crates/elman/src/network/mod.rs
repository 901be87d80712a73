//! The network: stacked recurrent layers in one or both directions, and a linear head.
//!
//! [`Network`] is a checked [`NetworkConfig`] with the layout of its parameters. It owns no numbers.
//! Two things run it:
//!
//! - plain code over any [`Scalar`], [`Network::forward`] and [`Network::backward`]: `f64`, dual
//!   numbers, and what every faster path must agree with;
//! - an [`Engine`], which keeps what it needs from pass to pass: [`SimdEngine`] in `f32`,
//!   [`ScalarEngine`] around the plain code.

mod config;
mod dropout;
mod engine;
mod places;
mod scalar;
mod simd;
mod state;

pub use config::{CellKind, NetworkConfig, Readout};
pub use engine::Engine;
pub use scalar::{ScalarEngine, Tape};
pub use simd::SimdEngine;
pub use state::State;

pub(crate) use config::with_cell;
use elman_core::cell::Cell;
use elman_core::lane::Scalar;
use elman_core::step::Weights;
use places::{Head, Layer};
pub(crate) use simd::worthwhile_parts;

use crate::error::ConfigError;
use crate::parameters::{Layout, MAX_PARAMETERS};
use crate::random::Rng;

/// More layers than this are refused.
pub const MAX_LAYERS: usize = 1000;

/// What a forward pass is for.
#[derive(Debug)]
pub enum Mode<'a> {
    /// The output alone: an [`Engine`] keeps nothing for a backward pass, and no more memory than a
    /// timestep needs. No dropout.
    Predict,
    /// No dropout; a backward pass may follow.
    Evaluate,
    /// Dropout masks are drawn from this generator.
    Train(&'a mut Rng),
}

/// The gradients that a backward pass reads and writes.
#[derive(Debug)]
pub struct Gradients<'a, T> {
    /// That of the flat parameter vector is added here.
    pub parameters: &'a mut [T],
    /// Holds d loss / d final states, and is left with d loss / d initial states. `None`: the loss
    /// reads no final state, and the other is not wanted.
    pub state: Option<&'a mut State<T>>,
    /// `[num_rows, I]`: that of the input is added here, if it is wanted.
    pub input: Option<&'a mut [T]>,
}

/// A recurrent network, ready to run.
#[derive(Clone, Debug)]
pub struct Network {
    config: NetworkConfig,
    layout: Layout,
    /// Layer by layer, forward before reverse.
    layers: Vec<Layer>,
    head: Head,
}

impl Network {
    /// Checks a configuration and lays out its parameters.
    ///
    /// # Errors
    /// If a size is 0, `dropout` is outside `[0, 1)`, there is dropout but no second layer for it to
    /// act before, or there are more than [`MAX_LAYERS`] layers or [`MAX_PARAMETERS`] parameters.
    pub fn new(config: NetworkConfig) -> Result<Self, ConfigError> {
        let sizes = [
            ("input_size", config.input_size),
            ("hidden_size", config.hidden_size),
            ("num_layers", config.num_layers),
            ("output_size", config.output_size),
        ];
        for (option, size) in sizes {
            if size == 0 {
                return Err(ConfigError::new(option, "is 0; it must be at least 1"));
            }
        }
        if !(0.0..1.0).contains(&config.dropout) {
            let message = format!("is {}; it must be at least 0 and below 1", config.dropout);
            return Err(ConfigError::new("dropout", message));
        }
        if config.dropout > 0.0 && config.num_layers == 1 {
            let message = format!(
                "is {} but acts between layers, and there is one; use two layers or 0",
                config.dropout
            );
            return Err(ConfigError::new("dropout", message));
        }
        if config.num_layers > MAX_LAYERS {
            let message = format!("is {}; it must be at most {MAX_LAYERS}", config.num_layers);
            return Err(ConfigError::new("num_layers", message));
        }
        let hidden_size = config.hidden_size;
        Self::lay_out(config).ok_or_else(|| {
            let message = format!(
                "is {hidden_size}; that makes more than {MAX_PARAMETERS} parameters; choose fewer units"
            );
            ConfigError::new("hidden_size", message)
        })
    }

    fn lay_out(config: NetworkConfig) -> Option<Self> {
        let mut layout = Layout::default();
        let hidden_size = config.hidden_size;
        let features = config.num_directions().checked_mul(hidden_size)?;
        let (from_x, from_h) = with_cell!(config.cell, C => (C::FROM_X, C::FROM_H));
        let mut layers = Vec::new();
        for l in 0..config.num_layers {
            let input_size = if l == 0 { config.input_size } else { features };
            for reverse in [false, true].into_iter().take(config.num_directions()) {
                let suffix = format!("_l{l}{}", if reverse { "_reverse" } else { "" });
                let rows = |gates: usize| hidden_size.checked_mul(gates);
                let (rows_x, rows_h) = (rows(from_x)?, rows(from_h)?);
                let ranges = [
                    layout.push(format!("weight_ih{suffix}"), &[rows_x, input_size])?,
                    layout.push(format!("weight_hh{suffix}"), &[rows_h, hidden_size])?,
                    layout.push(format!("bias_ih{suffix}"), &[rows_x])?,
                    layout.push(format!("bias_hh{suffix}"), &[rows_h])?,
                ];
                layers.push(Layer { input_size, hidden_size, reverse, ranges });
            }
        }
        let output_size = config.output_size;
        let weight = layout.push("head.weight".into(), &[output_size, features])?;
        let bias = layout.push("head.bias".into(), &[output_size])?;
        let head = Head { input_size: features, output_size, weight, bias };
        Some(Network { config, layout, layers, head })
    }

    /// The configuration.
    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// The names, shapes and places of the parameters.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The weights of each layer, one direction after the other, out of the flat `parameters`.
    pub(crate) fn layer_weights<'a, T>(&self, parameters: &'a [T]) -> impl Iterator<Item = Weights<'a, T>> {
        self.layers.iter().map(|layer| layer.weights(parameters))
    }

    /// The head's `weight [O, D * H]` and `bias [O]`, out of the flat `parameters`.
    pub(crate) fn head_weights<'a, T>(&self, parameters: &'a [T]) -> (&'a [T], &'a [T]) {
        (&parameters[self.head.weight.clone()], &parameters[self.head.bias.clone()])
    }

    /// The initial state: zeros, for `batch_size` sequences.
    pub fn zero_state<T: Scalar>(&self, batch_size: usize) -> State<T> {
        let width = with_cell!(self.config.cell, C => C::STATES) * self.config.hidden_size;
        State::zeros(self.layers.len(), batch_size, width)
    }
}
