//! The backward pass of a chunk, from the gradient of its outputs down through all blocks.

use elman_core::block::{Activation, Output};
use elman_core::engine::backward::{self, InputBackward};
use elman_core::engine::layer::LayerBackward;
use elman_kernels::tile::Matrix;

use super::memory::Chunk;
use super::operand::{Operand, Weight};
use super::pass::Pass;
use super::plan::Work;
use super::weight_gradient::{GradientPlan, GradientSums, rows_at_a_time};
use super::zoneout::Zoneout;
use crate::network::{Kind, RecurrentLayers, State};

/// What a backward pass was asked for beside the parameters' gradient.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) input: bool,
    pub(super) initial_state: bool,
}

impl Chunk {
    /// The backward pass, from the gradient of the outputs in `dy` to that of the input there, if it is wanted.
    /// `dfinal` gives d loss / d final states; without it, zeros are meant. The layers' ends are left with the
    /// gradients of the initial states, if these are wanted. With a plan, the weight gradient over the chunk's rows is
    /// summed up on the way.
    pub(super) fn backward(
        &mut self,
        pass: Pass<'_>,
        dfinal: Option<&State<f32>>,
        wanted: Wanted,
        plan: Option<&GradientPlan>,
    ) {
        let mut sums = plan.map(|plan| self.gradient.take().unwrap_or_else(|| plan.whole()));
        sums.iter_mut().for_each(GradientSums::clear);
        if !self.sequences().is_empty() {
            self.backward_blocks(pass, dfinal, wanted, sums.as_mut());
        }
        self.gradient = sums.or(self.gradient.take());
    }

    fn backward_blocks(
        &mut self,
        pass: Pass<'_>,
        dfinal: Option<&State<f32>>,
        wanted: Wanted,
        mut sums: Option<&mut GradientSums>,
    ) {
        match dfinal {
            Some(dfinal) => self.set_ends(pass, dfinal),
            None => self.blocks.iter_mut().flat_map(|m| &mut m.layers).for_each(|m| m.ends.fill(0.0)),
        }
        self.make_room(pass, wanted);
        for block in (0..pass.plan.blocks.len()).rev() {
            let (placed, planned) = pass.block(block);
            let wants_input = block > 0 || wanted.input;
            let rows = self.times[planned.input_time].num_rows();
            // A recurrent block that comes first can do without.
            if wants_input || planned.shapes().is_empty() {
                self.dx.resize(rows * planned.input_gradient.len);
            }
            match (&placed.kind, &planned.work) {
                (Kind::Recurrent(recurrent), _) => {
                    if wants_input {
                        self.dx.fill(0.0);
                    }
                    self.backward_recurrent(pass, block, recurrent, wanted, sums.as_deref_mut());
                }
                (Kind::Dense { block: dense, .. }, Work::Dense(kernel)) => {
                    self.take_dy(pass, block, dense.activation);
                    let dy = &self.blocks[block].dy;
                    if wants_input {
                        let weights = &pass.weights.blocks[block].dense;
                        kernel.backward(pass.set, weights, rows, dy, &mut self.dx);
                    }
                    if let Some(sums) = &mut sums {
                        let operand = Operand { pass, weight: Weight::Dense(block), chunk: self };
                        sums.add_rows(operand, 0..rows);
                    }
                }
                _ => {
                    self.dx.fill(0.0);
                    self.backward_plain(pass, block);
                }
            }
            std::mem::swap(&mut self.dy, &mut self.dx);
        }
    }

    /// Sizes what gradients pass through. The two buffers change places from block to block: each may have to hold any
    /// block's.
    fn make_room(&mut self, pass: Pass<'_>, wanted: Wanted) {
        let first = usize::from(!wanted.input && !pass.plan.blocks[0].shapes().is_empty());
        let of_block = |n: usize| {
            self.times[pass.plan.blocks[n].input_time].num_rows() * pass.plan.blocks[n].input_gradient.len
        };
        let most = (first..pass.plan.blocks.len()).map(of_block).max().unwrap_or(0);
        // The gradient of the outputs is there already.
        let present = self.dy.len();
        self.dy.grow(most);
        self.dx.grow(most.max(present));
        for (memory, placed) in self.blocks.iter_mut().zip(pass.network.blocks()) {
            // The parameters whose gradient a chunk's plain code sums up.
            let parameters = match &placed.kind {
                Kind::LayerNorm { weight, bias, .. } => weight.len() + bias.len(),
                Kind::Recurrent(_) | Kind::Dense { .. } | Kind::Embedding { .. } => 0,
                Kind::Dropout(_) | Kind::Skip(_) | Kind::Pooling(_) | Kind::Patch(_) => 0,
            };
            memory.gradient.clear();
            memory.gradient.resize(parameters, 0.0);
        }
        if pass.plan.skips {
            self.dskip.resize(self.times[0].num_rows() * pass.plan.input.width());
            self.dskip.fill(0.0);
        }
    }

    /// Keeps the gradient of a dense block's weighted sums, for the weight gradient.
    fn take_dy(&mut self, pass: Pass<'_>, block: usize, activation: Activation) {
        let planned = &pass.plan.blocks[block];
        let (from, to) = (planned.output_gradient, planned.output);
        let memory = &mut self.blocks[block];
        let rows = self.times[planned.output_time].num_rows();
        memory.dy.resize(rows * to.len);
        debug_assert_eq!(from, to, "the gradient of an output lies as the output does");
        memory.dy.copy_from_slice(&self.dy[..rows * to.len]);
        if activation != Activation::Identity {
            let rows = memory.dy.chunks_exact_mut(to.len).zip(memory.output.chunks_exact(to.len));
            rows.for_each(|(dy, y)| activation.backward(&y[..to.width()], &mut dy[..to.width()]));
        }
    }

    fn backward_recurrent(
        &mut self,
        pass: Pass<'_>,
        block: usize,
        recurrent: &RecurrentLayers,
        wanted: Wanted,
        mut sums: Option<&mut GradientSums>,
    ) {
        let every = recurrent.block.output == Output::Every;
        if !every {
            self.scatter_final(pass, block);
        }
        for direction in 0..recurrent.layers.len() {
            self.backward_layer(pass, (block, direction), recurrent, wanted, sums.as_deref_mut());
        }
    }

    /// The backward pass through one direction of a recurrent block, from the gradients of its output and final
    /// states; adds to that of its input if that is wanted.
    fn backward_layer(
        &mut self,
        pass: Pass<'_>,
        (block, direction): (usize, usize),
        recurrent: &RecurrentLayers,
        wanted: Wanted,
        mut sums: Option<&mut GradientSums>,
    ) {
        let planned = &pass.plan.blocks[block];
        let (layer, shape) = (&recurrent.layers[direction], planned.shapes()[direction]);
        let weights = &pass.weights.blocks[block].layers[direction];
        let every = recurrent.block.output == Output::Every;
        let at_a_time = if sums.is_some() { rows_at_a_time(shape) } else { usize::MAX };
        let mut left = self.times[planned.input_time].seq_len();
        while left > 0 {
            let packing = &self.times[planned.input_time];
            let timeline = packing.timeline(layer.reverse);
            let steps = packing.steps_of(left, layer.reverse, at_a_time);
            left = steps.start;
            let rows = timeline.rows_of(steps.clone());
            let memory = &mut self.blocks[block].layers[direction];
            let mut of_layer = LayerBackward {
                shape,
                panels: &weights.backward,
                forward_panels: &weights.forward,
                timeline,
                steps,
                states: &memory.states,
                dh: every.then(|| Matrix {
                    data: &self.dy[direction * shape.padded()..],
                    stride: planned.output.len,
                }),
                carry: &mut memory.ends,
                tape: &mut memory.tape,
                wants_initial_state: wanted.initial_state,
            };
            let kernels = layer.cell.kernels();
            match Zoneout::of(pass, (block, direction), packing.sequences.start) {
                Some(zoneout) => {
                    let (on, own) = ((pass.set, kernels), &mut memory.zoneout);
                    zoneout.backward(on, of_layer, own, &mut self.scratch);
                }
                None => kernels.backward(pass.set, &mut of_layer, &mut self.scratch),
            }
            if block > 0 || wanted.input {
                let tape = &memory.tape[rows.start * shape.tape_len()..];
                let from = InputBackward { shape, panels: &weights.input_backward, tape };
                let dx = &mut self.dx[rows.start * shape.dx_len()..];
                backward::input(pass.set, from, rows.len(), dx, &mut self.scratch);
            }
            if let Some(sums) = &mut sums {
                let weight = Weight::Recurrent { block, direction };
                sums.add_rows(Operand { pass, weight, chunk: self }, rows);
            }
        }
    }

    /// Adds the gradient of a recurrent block's output, its final `h`, to that of the final states.
    fn scatter_final(&mut self, pass: Pass<'_>, block: usize) {
        let planned = &pass.plan.blocks[block];
        let batch_size = self.sequences().len();
        let layers = self.blocks[block].layers.iter_mut().zip(planned.shapes());
        for (direction, (memory, shape)) in layers.enumerate() {
            let padded = shape.padded();
            for b in 0..batch_size {
                let dh = &mut memory.ends[b * shape.state_len()..][..padded];
                let dy = &self.dy[b * planned.output.len + direction * padded..][..padded];
                dh.iter_mut().zip(dy).for_each(|(to, from)| *to += from);
            }
        }
    }
}
