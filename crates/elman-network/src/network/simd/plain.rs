//! Blocks whose equations are plain code over rows, in `f32` as in any other number: forward and backward.

use elman_core::block::Dropout;

use super::memory::{Chunk, input_rows, rows_after};
use super::packing::ChunkPacking;
use super::pass::Pass;
use super::plan::RowLayout;
use crate::network::Kind;

/// Rows with their layout.
#[derive(Clone, Copy)]
struct Rows<'a> {
    layout: RowLayout,
    data: &'a [f32],
}

impl<'a> Rows<'a> {
    fn row(&self, row: usize) -> &'a [f32] {
        &self.data[row * self.layout.len..][..self.layout.len]
    }

    /// The values of a row side by side.
    fn values<'m>(&self, row: usize, memory: &'m mut [f32]) -> &'m [f32]
    where
        'a: 'm,
    {
        self.layout.values(self.row(row), memory)
    }
}

impl Chunk {
    /// The forward pass of such a block.
    pub(super) fn forward_plain(&mut self, pass: Pass<'_>, block: usize) {
        let (placed, planned) = pass.block(block);
        let (before, rest) = self.blocks.split_at_mut(block);
        let input = Rows { layout: planned.input, data: rows_after(pass, &self.x, before) };
        let of_network = input_rows(pass, &self.x);
        let output = &mut rest[0].output;
        let (from, to) = (&self.times[planned.input_time], &self.times[planned.output_time]);
        let (len, width) = (planned.output.len, planned.output.width());
        if let Kind::Dropout(_) = placed.kind {
            let mask = &pass.masks[block].dropout;
            output.resize(if mask.is_empty() { 0 } else { to.num_rows() * len });
            let len = output.len();
            output.copy_from_slice(&input.data[..len]);
            return drop_out(pass, block, from, mask, output);
        }
        output.resize(to.num_rows() * len);
        output.fill(0.0);
        let [row_memory, pool] = &mut self.rows;
        row_memory.resize(input.layout.width(), 0.0);
        pool.resize(input.layout.width(), 0.0);
        for (t, b, row) in from.rows() {
            let x = input.values(row, row_memory);
            match &placed.kind {
                Kind::Embedding { block, weight } => {
                    block.forward(&pass.parameters[weight.clone()], x, &mut output[row * len..][..width]);
                }
                Kind::LayerNorm { block, weight, bias } => {
                    let [weight, bias] = [weight, bias].map(|range| &pass.parameters[range.clone()]);
                    block.forward(weight, bias, x, &mut output[row * len..][..width]);
                }
                Kind::Skip(skip) => {
                    let y = &mut output[row * len..][..width];
                    y.copy_from_slice(x);
                    skip.add(&of_network[row * pass.plan.input.len..], y);
                }
                Kind::Pooling(pooling) => {
                    let y = &mut output[b * len..][..width];
                    pooling.add(t, x, y);
                    if t + 1 == from.lengths()[b] {
                        pool.copy_from_slice(y);
                        pooling.finish(t + 1, pool, y);
                    }
                }
                Kind::Patch(patch) => {
                    let row = to.at(t / patch.len).start + b;
                    patch.forward(t, x, &mut output[row * len..][..width]);
                }
                Kind::Recurrent(_) | Kind::Dense { .. } | Kind::Dropout(_) => {
                    unreachable!("these have passes of their own")
                }
            }
        }
    }

    /// The backward pass of such a block: from the gradient of its output in `dy` to that of its input in `dx`, which
    /// holds zeros.
    pub(super) fn backward_plain(&mut self, pass: Pass<'_>, block: usize) {
        let (placed, planned) = pass.block(block);
        let (before, rest) = self.blocks.split_at_mut(block);
        let input = Rows { layout: planned.input, data: rows_after(pass, &self.x, before) };
        let memory = &mut rest[0];
        let (from, to) = (&self.times[planned.input_time], &self.times[planned.output_time]);
        let (dy_layout, dx_layout) = (planned.output_gradient, planned.input_gradient);
        let (dy, dx) = (&mut *self.dy, &mut *self.dx);
        let width = planned.output.width();
        match &placed.kind {
            Kind::Dropout(_) => {
                dx.copy_from_slice(&dy[..dx.len()]);
                return drop_out(pass, block, from, &pass.masks[block].dropout, dx);
            }
            Kind::Embedding { .. } => {
                // The ids have no gradient; the table's is summed up over all chunks in the end.
                memory.dy.resize(dy.len());
                return memory.dy.copy_from_slice(dy);
            }
            _ => {}
        }
        let [row_memory, drow] = &mut self.rows;
        row_memory.resize(input.layout.width(), 0.0);
        drow.resize(input.layout.width(), 0.0);
        for (t, b, row) in from.rows() {
            let x = input.values(row, row_memory);
            drow.fill(0.0);
            match &placed.kind {
                Kind::LayerNorm { block, weight, .. } => {
                    let (dweight, dbias) = memory.gradient.split_at_mut(width);
                    let weight = &pass.parameters[weight.clone()];
                    let dy = &dy[row * dy_layout.len..][..width];
                    block.backward(weight, x, dy, Some(drow), dweight, dbias);
                }
                Kind::Skip(skip) => {
                    let dy = &dy[row * dy_layout.len..][..width];
                    drow.copy_from_slice(dy);
                    skip.add(dy, &mut self.dskip[row * pass.plan.input.width()..]);
                }
                Kind::Pooling(pooling) => {
                    let y = &memory.output[b * planned.output.len..][..width];
                    let dy = &mut dy[b * dy_layout.len..][..width];
                    pooling.backward(t, from.lengths()[b], x, y, dy, drow);
                }
                Kind::Patch(patch) => {
                    let row = to.at(t / patch.len).start + b;
                    patch.backward(t, &dy[row * dy_layout.len..][..width], drow);
                }
                Kind::Recurrent(_) | Kind::Dense { .. } | Kind::Dropout(_) | Kind::Embedding { .. } => {
                    unreachable!("these have passes of their own")
                }
            }
            dx_layout.write(drow, &mut dx[row * dx_layout.len..][..dx_layout.len]);
        }
    }
}

/// Multiplies the chunk's rows with their part of a dropout mask; an empty mask stands for ones.
fn drop_out(pass: Pass<'_>, block: usize, rows: &ChunkPacking, mask: &[f32], values: &mut [f32]) {
    if mask.is_empty() {
        return;
    }
    let planned = &pass.plan.blocks[block];
    let packing = pass.packing(planned.input_time);
    let (layout, width) = (planned.input, planned.input.width());
    for (t, b, row) in rows.rows() {
        let mask = &mask[packing.row(t, rows.sequences.start + b) * width..][..width];
        let values = &mut values[row * layout.len..][..layout.len];
        for (values, mask) in values.chunks_mut(layout.columns.stride).zip(mask.chunks(layout.columns.depth))
        {
            Dropout::apply(mask, values);
        }
    }
}
