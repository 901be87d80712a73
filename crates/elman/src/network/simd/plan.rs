//! How a network is cut for vectors: the shapes of its layers and head, and their packed weights.

use std::ops::{Deref, Range};

use elman_core::simd::dense::Dense;
use elman_core::simd::pack::{pack_backward, pack_forward, pack_input_backward};
use elman_core::simd::shape::Shape;
use elman_core::simd::tile::Columns;
use elman_core::simd::{Level, dispatch};

use super::shuffle::{self, Shuffle};
use crate::buffer::Buffer;
use crate::network::{Network, with_cell};

/// The shapes of a network's parts. Blocks are layers and directions: `layer * D + direction`.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) shapes: Vec<Shape>,
    pub(super) head: Dense,
    pub(super) num_directions: usize,
    /// The values of a row of any layer's output, `D * padded`.
    pub(super) width: usize,
    /// The weights of the largest layer; the same for any number of lanes, since how a batch is cut into
    /// chunks depends on it.
    pub(super) largest: usize,
}

impl Plan {
    pub(super) fn new(network: &Network, lanes: usize) -> Self {
        let config = network.config();
        let num_directions = config.num_directions();
        let shape = |input| Shape::new(input, config.hidden_size, lanes);
        let padded = shape(Columns::dense(1)).padded();
        let below = Columns { runs: num_directions, depth: config.hidden_size, stride: padded };
        let shapes = (0..config.num_layers * num_directions).map(|block| {
            shape(if block < num_directions { Columns::dense(config.input_size) } else { below })
        });
        let shapes: Vec<Shape> = shapes.collect();
        let largest = with_cell!(config.cell, C => {
            shapes.iter().map(Shape::weights::<C>).max().unwrap_or(0)
        });
        Plan {
            largest,
            shapes,
            head: Dense { features: below, output_size: config.output_size },
            num_directions,
            width: num_directions * padded,
        }
    }

    /// Does this block read the network's own input?
    pub(super) fn is_first_layer(&self, block: usize) -> bool {
        block < self.num_directions
    }
}

/// Packed weights.
#[derive(Debug, Default)]
pub(super) struct Panels {
    /// By block.
    pub(super) layers: Vec<LayerPanels>,
    pub(super) head: Packed,
}

#[derive(Debug, Default)]
pub(super) struct LayerPanels {
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
    /// Packs a network to `len` values in some `way`, which moves the parameters but for the `added` ones.
    fn pack(
        &mut self,
        network: &Network,
        parameters: &[f32],
        added: Range<usize>,
        len: usize,
        way: impl Fn(&[f32], &mut [f32]),
    ) {
        self.values.resize(len);
        if !shuffle::suits(network) {
            return way(parameters, &mut self.values);
        }
        let Packed { values, shuffle: known } = self;
        let new = || Shuffle::packing(parameters.len(), added, values, &way);
        known.get_or_insert_with(new).apply(parameters, values);
    }
}

impl Panels {
    /// Packs the weights for the forward pass.
    pub(super) fn pack_forward(&mut self, level: Level, network: &Network, plan: &Plan, parameters: &[f32]) {
        self.layers.resize_with(plan.shapes.len(), LayerPanels::default);
        for ((layer, &shape), panels) in network.layers.iter().zip(&plan.shapes).zip(&mut self.layers) {
            let [.., bias_hh] = &layer.ranges;
            with_cell!(network.config.cell, C => {
                let len = shape.forward_len::<C>();
                panels.forward.pack(network, parameters, bias_hh.clone(), len, |parameters, to| {
                    let weights = layer.weights(parameters);
                    dispatch!(level, s => pack_forward::<_, C>(s, weights, shape, to));
                });
            });
        }
        self.head.pack(network, parameters, 0..0, plan.head.packed_len(), |parameters, to| {
            let (weight, bias) = network.head_weights(parameters);
            plan.head.pack(weight, bias, to);
        });
    }

    /// Packs the weights for the backward pass; those that lead back to the network's own input only
    /// if its gradient is wanted.
    pub(super) fn pack_backward(
        &mut self,
        network: &Network,
        plan: &Plan,
        parameters: &[f32],
        wants_input: bool,
    ) {
        for (block, panels) in self.layers.iter_mut().enumerate() {
            let (layer, shape) = (&network.layers[block], plan.shapes[block]);
            with_cell!(network.config.cell, C => {
                let len = shape.backward_len::<C>();
                panels.backward.pack(network, parameters, 0..0, len, |parameters, to| {
                    pack_backward::<C>(layer.weights(parameters).weight_hh, shape, to);
                });
                if wants_input || !plan.is_first_layer(block) {
                    let len = shape.input_backward_len::<C>();
                    panels.input_backward.pack(network, parameters, 0..0, len, |parameters, to| {
                        pack_input_backward::<C>(layer.weights(parameters).weight_ih, shape, to);
                    });
                }
            });
        }
    }
}
