//! The network: stacked recurrent layers in one or both directions, and a linear head.
//!
//! [`Network`] is a checked [`NetworkConfig`] with the layout of its parameters. It owns no numbers:
//! parameters, state and [`Tape`] are values that the caller passes in. Everything is generic over
//! [`Scalar`], so that `f32`, `f64` and dual numbers run the same lines.

mod config;
mod head;
mod layer;
pub mod simd;
mod state;

pub use config::{CellKind, NetworkConfig, Readout};
pub use state::State;

use config::with_cell;
use elman_core::cell::Cell;
use elman_core::lane::Scalar;
use head::Head;
use layer::{Layer, LayerGradients, LayerTape, Strided, part, part_mut};
use rand::RngExt;

use crate::batch::{Batch, Packing};
use crate::error::ConfigError;
use crate::parameters::{Layout, MAX_PARAMETERS};
use crate::random::Rng;

/// More layers than this are refused.
pub const MAX_LAYERS: usize = 1000;

/// Is the pass part of training?
#[derive(Debug)]
pub enum Mode<'a> {
    /// No dropout.
    Evaluate,
    /// Dropout masks are drawn from this generator.
    Train(&'a mut Rng),
}

/// The gradients that [`Network::backward`] reads and writes.
#[derive(Debug)]
pub struct Gradients<'a, T> {
    /// That of the flat parameter vector is added here.
    pub parameters: &'a mut [T],
    /// Holds d loss / d final states (zeros where the loss does not read them), and is left with
    /// d loss / d initial states.
    pub state: &'a mut State<T>,
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

    /// The initial state: zeros, for `batch_size` sequences.
    pub fn zero_state<T: Scalar>(&self, batch_size: usize) -> State<T> {
        let width = with_cell!(self.config.cell, C => C::STATES) * self.config.hidden_size;
        State::zeros(self.layers.len(), batch_size, width)
    }

    /// Runs the batch. [`Tape::output`] then holds the result.
    ///
    /// `parameters` has the length of [`layout`](Self::layout). `state` gives the initial states
    /// and is left with the final ones: of each sequence, those after its own last step (for a
    /// reverse layer, after its own first).
    ///
    /// # Panics
    /// If the batch, the parameters or the state do not have this network's sizes.
    pub fn forward<T: Scalar>(
        &self,
        parameters: &[T],
        batch: &Batch<T>,
        state: &mut State<T>,
        mode: Mode<'_>,
        tape: &mut Tape<T>,
    ) {
        assert_eq!(parameters.len(), self.layout.len(), "number of parameters");
        assert_eq!(batch.input_size(), self.config.input_size, "values per timestep");
        assert_eq!(state.batch_size(), batch.packing().batch_size(), "sequences in state and batch");
        with_cell!(self.config.cell, C => self.forward_layers::<C, T>(parameters, batch, state, mode, tape));
        match self.config.readout {
            Readout::Every => self.head.forward(parameters, &tape.hidden, &mut tape.output),
            Readout::Last => {
                self.gather_final(state, &mut tape.features);
                self.head.forward(parameters, &tape.features, &mut tape.output);
            }
        }
    }

    fn forward_layers<C: Cell, T: Scalar>(
        &self,
        parameters: &[T],
        batch: &Batch<T>,
        state: &mut State<T>,
        mut mode: Mode<'_>,
        tape: &mut Tape<T>,
    ) {
        let packing = batch.packing();
        tape.layers.resize_with(self.layers.len(), LayerTape::default);
        tape.stages.resize_with(self.config.num_layers - 1, Stage::default);
        let num_directions = self.config.num_directions();
        for l in 0..self.config.num_layers {
            let blocks = l * num_directions..(l + 1) * num_directions;
            for block in blocks.clone() {
                let x = if l == 0 { batch.x() } else { &tape.stages[l - 1].x };
                let layer = &self.layers[block];
                layer.forward::<C, T>(
                    parameters,
                    packing,
                    x,
                    state.block_mut(block),
                    &mut tape.layers[block],
                );
            }
            let last = l + 1 == self.config.num_layers;
            let output = if last { &mut tape.hidden } else { &mut tape.stages[l].x };
            concatenate::<C, T>(&tape.layers[blocks], packing, self.config.hidden_size, output);
            if !last {
                tape.stages[l].drop_out(self.config.dropout, &mut mode);
            }
        }
    }

    /// Backpropagation through time for the batch that the tape was made from.
    ///
    /// `doutput` is d loss / d output, of the output's shape; `gradients` says what else is read and
    /// where the results go.
    ///
    /// # Panics
    /// If a slice does not have the size of the pass that made the tape.
    pub fn backward<T: Scalar>(
        &self,
        parameters: &[T],
        batch: &Batch<T>,
        doutput: &[T],
        tape: &mut Tape<T>,
        gradients: Gradients<'_, T>,
    ) {
        assert_eq!(doutput.len(), tape.output.len(), "output and its gradient");
        assert_eq!(gradients.parameters.len(), self.layout.len(), "number of parameters");
        let dhidden = &mut tape.dhidden;
        match self.config.readout {
            Readout::Every => {
                self.head.backward(parameters, &tape.hidden, doutput, dhidden, gradients.parameters);
            }
            Readout::Last => {
                self.head.backward(parameters, &tape.features, doutput, dhidden, gradients.parameters);
                self.scatter_final(dhidden, gradients.state);
                dhidden.clear();
            }
        }
        with_cell!(self.config.cell, C => self.backward_layers::<C, T>(parameters, batch, tape, gradients));
    }

    fn backward_layers<C: Cell, T: Scalar>(
        &self,
        parameters: &[T],
        batch: &Batch<T>,
        tape: &mut Tape<T>,
        mut gradients: Gradients<'_, T>,
    ) {
        let packing = batch.packing();
        let num_directions = self.config.num_directions();
        let stride = num_directions * self.config.hidden_size;
        for l in (0..self.config.num_layers).rev() {
            let Tape { layers, stages, dhidden, dx: dbelow, .. } = tape;
            let x = if l == 0 { batch.x() } else { &stages[l - 1].x };
            dbelow.clear();
            if l > 0 {
                dbelow.resize(x.len(), T::default());
            }
            for direction in 0..num_directions {
                let block = l * num_directions + direction;
                let of_layer = LayerGradients {
                    dh: Strided { values: dhidden, stride, offset: direction * self.config.hidden_size },
                    dstate: gradients.state.block_mut(block),
                    dx: if l > 0 { Some(&mut *dbelow) } else { gradients.input.as_deref_mut() },
                    parameters: gradients.parameters,
                };
                self.layers[block].backward::<C, T>(parameters, packing, x, &mut layers[block], of_layer);
            }
            if l > 0 {
                stages[l - 1].drop_out_backward(dbelow);
            }
            std::mem::swap(dhidden, dbelow);
        }
    }

    /// The final `h` of the last layer, its directions side by side: `[B, D * H]`.
    fn gather_final<T: Scalar>(&self, state: &State<T>, features: &mut Vec<T>) {
        let batch_size = state.batch_size();
        features.clear();
        for b in 0..batch_size {
            for block in self.last_blocks() {
                let width = state.block(block).len() / batch_size;
                features.extend_from_slice(&part(state.block(block), b, width)[..self.config.hidden_size]);
            }
        }
    }

    /// Adds the gradient of what [`gather_final`](Self::gather_final) read to that of the state.
    fn scatter_final<T: Scalar>(&self, dfeatures: &[T], dstate: &mut State<T>) {
        let (batch_size, hidden_size) = (dstate.batch_size(), self.config.hidden_size);
        let mut parts = dfeatures.chunks_exact(hidden_size);
        for b in 0..batch_size {
            for block in self.last_blocks() {
                let width = dstate.block(block).len() / batch_size;
                let dh = part_mut(dstate.block_mut(block), b, width);
                for (to, &from) in dh.iter_mut().zip(parts.next().unwrap_or_default()) {
                    *to += from;
                }
            }
        }
    }

    fn last_blocks(&self) -> std::ops::Range<usize> {
        self.layers.len() - self.config.num_directions()..self.layers.len()
    }
}

/// The hidden states of a layer's directions side by side: `[rows, D * H]`.
fn concatenate<C: Cell, T: Scalar>(
    directions: &[LayerTape<T>],
    packing: &Packing,
    hidden_size: usize,
    output: &mut Vec<T>,
) {
    let stride = directions.len() * hidden_size;
    output.resize(packing.num_rows() * stride, T::default());
    for (d, direction) in directions.iter().enumerate() {
        for (row, h) in direction.hidden::<C>(hidden_size).enumerate() {
            part_mut(output, row, stride)[d * hidden_size..][..hidden_size].copy_from_slice(h);
        }
    }
}

/// The workspace of a network: what the forward pass leaves for the backward pass. Sized by the
/// first batch, then reused.
#[derive(Clone, Debug, Default)]
pub struct Tape<T> {
    layers: Vec<LayerTape<T>>,
    /// Between layer `l` and `l + 1`.
    stages: Vec<Stage<T>>,
    /// The last layer's output, `[rows, D * H]`.
    hidden: Vec<T>,
    /// What the head reads of the final states, `[B, D * H]`.
    features: Vec<T>,
    output: Vec<T>,
    /// The gradients of a layer's output and input, on their way down.
    dhidden: Vec<T>,
    dx: Vec<T>,
}

impl<T> Tape<T> {
    /// The head's output: `[B, O]` for [`Readout::Last`], `[num_rows, O]` for [`Readout::Every`],
    /// both in the batch's own order.
    pub fn output(&self) -> &[T] {
        &self.output
    }
}

/// A layer's input that is another layer's output, and the dropout mask it went through.
#[derive(Clone, Debug, Default)]
struct Stage<T> {
    x: Vec<T>,
    /// 0 or `1 / (1 - dropout)` for each value of `x`; empty where there was no dropout.
    mask: Vec<T>,
}

impl<T: Scalar> Stage<T> {
    fn drop_out(&mut self, dropout: f64, mode: &mut Mode<'_>) {
        self.mask.clear();
        let Mode::Train(rng) = mode else { return };
        if dropout == 0.0 {
            return;
        }
        let kept = T::from_f64(1.0 / (1.0 - dropout));
        for x in &mut self.x {
            let mask = if rng.random::<f64>() < dropout { T::default() } else { kept };
            *x = *x * mask;
            self.mask.push(mask);
        }
    }

    fn drop_out_backward(&self, dx: &mut [T]) {
        for (dx, &mask) in dx.iter_mut().zip(&self.mask) {
            *dx = *dx * mask;
        }
    }
}
