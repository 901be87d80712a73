//! The plain code: one sequence after the other, one number at a time, over any [`Scalar`].

mod head;
mod layer;

use elman_core::cell::Cell;
use elman_core::lane::Scalar;

use layer::{LayerGradients, LayerTape, Strided, part, part_mut};

use super::config::with_cell;
use super::dropout::draw_mask;
use super::{Engine, Gradients, Mode, Network, Readout, State};
use crate::batch::{Batch, Packing};

impl Network {
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
        // Where nobody asks for the states' gradients, they are still needed on the way.
        let mut own = tape.dstate.take().unwrap_or_else(|| self.zero_state(0));
        own.reset(batch.packing().batch_size());
        let Gradients { parameters: dparameters, state, input } = gradients;
        let dstate = state.unwrap_or(&mut own);
        let dhidden = &mut tape.dhidden;
        match self.config.readout {
            Readout::Every => {
                self.head.backward(parameters, &tape.hidden, doutput, dhidden, dparameters);
            }
            Readout::Last => {
                self.head.backward(parameters, &tape.features, doutput, dhidden, dparameters);
                self.scatter_final(dhidden, dstate);
                dhidden.clear();
            }
        }
        let gradients = Ways { parameters: dparameters, state: dstate, input };
        with_cell!(self.config.cell, C => self.backward_layers::<C, T>(parameters, batch, tape, gradients));
        tape.dstate = Some(own);
    }

    fn backward_layers<C: Cell, T: Scalar>(
        &self,
        parameters: &[T],
        batch: &Batch<T>,
        tape: &mut Tape<T>,
        mut gradients: Ways<'_, T>,
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
        if self.config.num_layers % 2 == 1 {
            // Each in its place again, so that the next pass finds memory of the size it needs.
            std::mem::swap(&mut tape.dhidden, &mut tape.dx);
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

/// [`Gradients`], with a place for those of the states.
struct Ways<'a, T> {
    parameters: &'a mut [T],
    state: &'a mut State<T>,
    input: Option<&'a mut [T]>,
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
    dstate: Option<State<T>>,
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
        draw_mask(dropout, self.x.len(), rng, &mut self.mask);
        for (x, &mask) in self.x.iter_mut().zip(&self.mask) {
            *x = *x * mask;
        }
    }

    fn drop_out_backward(&self, dx: &mut [T]) {
        for (dx, &mask) in dx.iter_mut().zip(&self.mask) {
            *dx = *dx * mask;
        }
    }
}

/// The plain code as an [`Engine`], in one thread.
#[derive(Clone, Debug)]
pub struct ScalarEngine<T> {
    network: Network,
    parameters: Vec<T>,
    tape: Tape<T>,
}

impl<T: Scalar + std::fmt::Debug> Engine<T> for ScalarEngine<T> {
    fn new(network: &Network) -> Self {
        ScalarEngine { network: network.clone(), parameters: Vec::new(), tape: Tape::default() }
    }

    fn load(&mut self, parameters: &[T]) {
        self.parameters.clear();
        self.parameters.extend_from_slice(parameters);
    }

    fn forward(&mut self, batch: &Batch<T>, state: &mut State<T>, mode: Mode<'_>) -> &[T] {
        self.network.forward(&self.parameters, batch, state, mode, &mut self.tape);
        self.tape.output()
    }

    fn output(&self) -> &[T] {
        self.tape.output()
    }

    fn backward(&mut self, batch: &Batch<T>, doutput: &[T], gradients: Gradients<'_, T>) {
        self.network.backward(&self.parameters, batch, doutput, &mut self.tape, gradients);
    }
}
