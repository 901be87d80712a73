//! A recurrent block: its directions, and which of their states it hands on.

use elman_core::block::Output;
use elman_core::lane::Scalar;
use elman_core::with_cell;

use super::super::{RecurrentLayers, State};
use super::layer::{Drawn, LayerGradients, LayerTape, Strided, part, part_mut};
use super::{AllGradients, BlockTape, Pass};

impl RecurrentLayers {
    /// From `x [rows, I]` to the tape's output: `[rows, D * H]`, or `[B, D * H]` of the final states.
    pub(super) fn forward<T: Scalar>(
        &self,
        pass: Pass<'_, T>,
        x: &[T],
        state: &mut State<T>,
        tape: &mut BlockTape<T>,
    ) {
        tape.layers.resize_with(self.layers.len(), LayerTape::default);
        let directions = self.layers.len();
        for (direction, (layer, of_layer)) in self.layers.iter().zip(&mut tape.layers).enumerate() {
            let state = state.block_mut(self.first_state + direction);
            let drawn = Drawn::of(&self.block, &tape.masks, direction, directions);
            with_cell!(self.block.cell, C => {
                layer.forward::<C, T>(pass.parameters, pass.from, x, state, drawn, of_layer);
            });
            let states = match self.block.output {
                Output::Every => of_layer.states(),
                Output::Last => &*state,
            };
            let rows = states.chunks_exact(self.block.state_size());
            for (states, y) in rows.zip(tape.output.chunks_exact_mut(self.block.output_size())) {
                let (h, place) = (&states[..layer.hidden_size], direction * layer.hidden_size);
                y[place..][..layer.hidden_size].copy_from_slice(h);
            }
        }
    }

    /// From the gradient of that output to those of the parameters, the initial states and, where it is
    /// wanted, the input.
    pub(super) fn backward<T: Scalar>(
        &self,
        pass: Pass<'_, T>,
        x: &[T],
        dy: &[T],
        mut dx: Option<&mut [T]>,
        gradients: &mut AllGradients<'_, T>,
        tape: &mut BlockTape<T>,
    ) {
        let (stride, width) = (self.block.output_size(), self.block.state_size());
        for (direction, (layer, of_layer)) in self.layers.iter().zip(&mut tape.layers).enumerate() {
            let dstate = gradients.state.block_mut(self.first_state + direction);
            let (hidden_size, offset) = (layer.hidden_size, direction * layer.hidden_size);
            let dh = match self.block.output {
                Output::Every => dy,
                Output::Last => {
                    for (b, dy) in dy.chunks_exact(stride).enumerate() {
                        let dh = &mut part_mut(dstate, b, width)[..hidden_size];
                        dh.iter_mut().zip(part(&dy[offset..], 0, hidden_size)).for_each(|(to, &d)| *to += d);
                    }
                    &[]
                }
            };
            let drawn = Drawn::of(&self.block, &tape.masks, direction, self.layers.len());
            let of_gradients = LayerGradients {
                dh: Strided { values: dh, stride, offset },
                dstate,
                dx: dx.as_deref_mut(),
                parameters: &mut *gradients.parameters,
            };
            with_cell!(self.block.cell, C => {
                layer.backward::<C, T>(pass.parameters, pass.from, x, drawn, of_layer, of_gradients);
            });
        }
    }
}
