//! How a network is cut for vectors: the shapes of its layers and head, and their packed weights.

use elman_core::simd::dense::Dense;
use elman_core::simd::panel::{Shape, pack_backward, pack_forward, pack_input_backward};
use elman_core::simd::tile::Columns;
use elman_core::step::Weights;

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
    pub(super) head: Buffer,
}

#[derive(Debug, Default)]
pub(super) struct LayerPanels {
    pub(super) forward: Buffer,
    pub(super) backward: Buffer,
    pub(super) input_backward: Buffer,
}

impl Panels {
    /// Packs the weights for the forward pass.
    pub(super) fn pack_forward(&mut self, network: &Network, plan: &Plan, parameters: &[f32]) {
        self.layers.resize_with(plan.shapes.len(), LayerPanels::default);
        let layers = network.layer_weights(parameters).zip(&plan.shapes);
        for ((weights, &shape), panels) in layers.zip(&mut self.layers) {
            with_cell!(network.config.cell, C => {
                panels.forward.resize(shape.forward_len::<C>());
                pack_forward::<C>(weights, shape, &mut panels.forward);
            });
        }
        self.head.resize(plan.head.packed_len());
        let (weight, bias) = network.head_weights(parameters);
        plan.head.pack(weight, bias, &mut self.head);
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
            let shape = plan.shapes[block];
            let Weights { weight_ih, weight_hh, .. } = network.layers[block].weights(parameters);
            with_cell!(network.config.cell, C => {
                panels.backward.resize(shape.backward_len::<C>());
                pack_backward::<C>(weight_hh, shape, &mut panels.backward);
                if wants_input || !plan.is_first_layer(block) {
                    panels.input_backward.resize(shape.input_backward_len::<C>());
                    pack_input_backward::<C>(weight_ih, shape, &mut panels.input_backward);
                }
            });
        }
    }
}
