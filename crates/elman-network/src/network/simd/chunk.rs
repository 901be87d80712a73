//! The forward pass of a chunk: some sequences of a batch on their way through all blocks.
//!
//! A sequence needs nothing from another, so that chunks are independent: each goes its way on
//! whatever thread, without waiting for others between blocks or timesteps. Only where a batch is a single
//! chunk may threads share its steps: see [`workers`](super::workers).

use elman_core::block::Output;
use elman_core::engine::activation;
use elman_core::engine::layer::LayerForward;
use elman_kernels::tile::Matrix;

use super::memory::{BlockMemory, Chunk, rows_after};
use super::packing::ChunkPacking;
use super::pass::Pass;
use super::plan::{PlanBlock, Work};
use super::workers::Workers;
use super::zoneout::Zoneout;
use crate::network::{Kind, RecurrentLayers};

impl Chunk {
    /// The forward pass; of a batch's only chunk, with the help of workers.
    pub(super) fn forward(&mut self, pass: Pass<'_>, mut workers: Option<Workers<'_>>) {
        if self.sequences().is_empty() {
            return;
        }
        self.copy_input(pass);
        for block in 0..pass.plan.blocks.len() {
            let (placed, planned) = pass.block(block);
            match (&placed.kind, &planned.work) {
                (Kind::Recurrent(recurrent), _) => {
                    self.forward_recurrent(pass, block, recurrent, workers.as_mut());
                }
                (Kind::Dense { block: dense, .. }, Work::Dense(kernel)) => {
                    let (before, rest) = self.blocks.split_at_mut(block);
                    let data = rows_after(pass, &self.x, before);
                    let rows = self.times[planned.input_time].num_rows();
                    let output = &mut rest[0].output;
                    output.resize(rows * planned.output.len);
                    let features = Matrix { data, stride: planned.input.len };
                    kernel.forward(pass.set, &pass.weights.blocks[block].dense, rows, features, output);
                    activation::apply(
                        pass.set,
                        dense.activation,
                        planned.output.width(),
                        planned.output.len,
                        output,
                    );
                }
                _ => self.forward_plain(pass, block),
            }
        }
    }

    fn forward_recurrent(
        &mut self,
        pass: Pass<'_>,
        block: usize,
        recurrent: &RecurrentLayers,
        mut workers: Option<&mut Workers<'_>>,
    ) {
        let planned = &pass.plan.blocks[block];
        let (before, rest) = self.blocks.split_at_mut(block);
        let x = Matrix { data: rows_after(pass, &self.x, before), stride: planned.input.len };
        let BlockMemory { layers, output, .. } = &mut rest[0];
        let packing = &self.times[planned.input_time];
        let every = recurrent.block.output == Output::Every;
        output.resize(if every { packing.num_rows() * planned.output.len } else { 0 });
        for (direction, memory) in layers.iter_mut().enumerate() {
            let (layer, shape) = (&recurrent.layers[direction], planned.shapes()[direction]);
            let timeline = packing.timeline(layer.reverse);
            memory.states.resize(LayerForward::states_len(shape, timeline, pass.keeps));
            memory.tape.resize(LayerForward::tape_len(shape, timeline, pass.keeps));
            let mut of_layer = LayerForward {
                shape,
                panels: &pass.weights.blocks[block].layers[direction].forward,
                timeline,
                x,
                keeps: pass.keeps,
                states: &mut memory.states,
                tape: &mut memory.tape,
                ends: &mut memory.ends,
                output: output.get_mut(direction * shape.padded()..).unwrap_or_default(),
                output_stride: planned.output.len,
            };
            let kernels = layer.cell.kernels();
            if let Some(zoneout) = Zoneout::of(pass, (block, direction), packing.sequences.start) {
                zoneout.forward((pass.set, kernels), of_layer, &mut memory.zoneout, &mut self.scratch);
                continue;
            }
            match workers.as_mut().filter(|workers| workers.suits(shape, packing.batch_size())) {
                Some(workers) => workers.forward(pass.set, kernels, of_layer),
                None => kernels.forward(pass.set, &mut of_layer, &mut self.scratch),
            }
        }
        if !every {
            gather_final(planned, packing, &mut rest[0]);
        }
    }
}

/// The final `h` of a recurrent block, its directions side by side: `[B, D * padded]`.
fn gather_final(planned: &PlanBlock, packing: &ChunkPacking, memory: &mut BlockMemory) {
    let BlockMemory { layers, output, .. } = memory;
    output.resize(packing.batch_size() * planned.output.len);
    for (direction, (memory, shape)) in layers.iter().zip(planned.shapes()).enumerate() {
        let padded = shape.padded();
        for b in 0..packing.batch_size() {
            output[b * planned.output.len + direction * padded..][..padded]
                .copy_from_slice(&memory.ends[b * shape.state_len()..][..padded]);
        }
    }
}
