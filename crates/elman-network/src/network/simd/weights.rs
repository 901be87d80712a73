//! The packed weights of a network, each block's in the orders in which its passes read them.

use std::ops::{Deref, Range};

use elman_core::engine::pack::{pack_backward, pack_forward, pack_input_backward};
use elman_kernels::InstructionSet;

use super::plan::{Plan, Work};
use super::shuffle::Shuffle;
use crate::buffer::Buffer;
use crate::network::{Kind, Network};

/// Packed weights, by block.
#[derive(Debug, Default)]
pub(super) struct PackedWeights {
    pub(super) blocks: Vec<BlockWeights>,
}

/// Those of a block.
#[derive(Debug, Default)]
pub(super) struct BlockWeights {
    /// Of a recurrent block, by direction.
    pub(super) layers: Vec<LayerWeights>,
    /// Of a dense block.
    pub(super) dense: Packed,
}

/// Those of a recurrent layer in one direction.
#[derive(Debug, Default)]
pub(super) struct LayerWeights {
    pub(super) forward: Packed,
    pub(super) backward: Packed,
    pub(super) input_backward: Packed,
}

/// Weights in an order that suits some product.
#[derive(Debug, Default)]
pub(super) struct Packed {
    values: Buffer,
    shuffle: Option<Shuffle>,
}

impl Deref for Packed {
    type Target = [f32];

    #[inline(always)]
    fn deref(&self) -> &[f32] {
        &self.values
    }
}

impl Packed {
    /// Packs parameters to `len` values in some `way`, which moves all but the `added` ones; by a list of moves
    /// where the network is small.
    fn pack(
        &mut self,
        plan: &Plan,
        parameters: &[f32],
        added: Range<usize>,
        len: usize,
        way: impl Fn(&[f32], &mut [f32]),
    ) {
        self.values.resize(len);
        if !plan.shuffles {
            return way(parameters, &mut self.values);
        }
        let Packed { values, shuffle: known } = self;
        let new = || Shuffle::packing(parameters.len(), added, values, &way);
        known.get_or_insert_with(new).apply(parameters, values);
    }
}

impl PackedWeights {
    /// Packs the weights for the forward pass, and what the backward pass of dense blocks reads as well.
    pub(super) fn pack_forward(
        &mut self,
        set: InstructionSet,
        network: &Network,
        plan: &Plan,
        parameters: &[f32],
    ) {
        self.blocks.resize_with(plan.blocks.len(), BlockWeights::default);
        let blocks = network.blocks().iter().zip(&plan.blocks);
        for ((placed, planned), packed) in blocks.zip(&mut self.blocks) {
            match (&placed.kind, &planned.work) {
                (Kind::Recurrent(recurrent), Work::Recurrent(shapes)) => {
                    packed.layers.resize_with(shapes.len(), LayerWeights::default);
                    for ((layer, &shape), packed) in
                        recurrent.layers.iter().zip(shapes).zip(&mut packed.layers)
                    {
                        let (added, len) = (layer.bias_hh(), shape.forward_len());
                        packed.forward.pack(plan, parameters, added, len, |parameters, to| {
                            pack_forward(set, layer.weights(parameters), shape, to);
                        });
                    }
                }
                (Kind::Dense { weight, bias, .. }, Work::Dense(dense)) => {
                    packed.dense.pack(plan, parameters, 0..0, dense.packed_len(), |parameters, to| {
                        dense.pack(&parameters[weight.clone()], &parameters[bias.clone()], to);
                    });
                }
                _ => {}
            }
        }
    }

    /// Packs the recurrent weights for the backward pass; those that lead back to the network's own input only
    /// if its gradient is wanted.
    pub(super) fn pack_backward(
        &mut self,
        network: &Network,
        plan: &Plan,
        parameters: &[f32],
        wants_input: bool,
    ) {
        for (n, packed) in self.blocks.iter_mut().enumerate() {
            let Kind::Recurrent(recurrent) = &network.blocks()[n].kind else { continue };
            let shapes = plan.blocks[n].shapes();
            for ((layer, &shape), packed) in recurrent.layers.iter().zip(shapes).zip(&mut packed.layers) {
                packed.backward.pack(plan, parameters, 0..0, shape.backward_len(), |parameters, to| {
                    pack_backward(layer.weights(parameters).weight_hh, shape, to);
                });
                if wants_input || n > 0 {
                    let len = shape.input_backward_len();
                    packed.input_backward.pack(plan, parameters, 0..0, len, |parameters, to| {
                        pack_input_backward(layer.weights(parameters).weight_ih, shape, to);
                    });
                }
            }
        }
    }
}
