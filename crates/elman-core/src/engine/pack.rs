//! Weights brought into the order in which the tiles read them: see [`elman_kernels::panel`].

use core::ops::Range;

use elman_kernels::panel::Cut;
use elman_kernels::tile::Columns;
use elman_kernels::transpose::{Update, transpose};
use elman_kernels::{InstructionSet, Isa, dispatch};

use super::shape::Shape;
use crate::step::Weights;

/// The panels of the forward pass: for each the biases `[units][PRE]`, then `[I][units][FROM_X]`,
/// then `[H][units][direct]`, each entry a vector; then all panels of the inner product,
/// `[H][units][FROM_INNER]`; then the per-unit parameters, `[UNIT][padded]`.
///
/// # Panics
/// If a slice does not have its shape; `to` is of [`Shape::forward_len`].
pub fn pack_forward(set: InstructionSet, weights: Weights<'_, f32>, shape: Shape, to: &mut [f32]) {
    dispatch!(set, s => pack_forward_on(s, weights, shape, to));
}

#[inline(always)]
fn pack_forward_on<S: Isa>(s: S, weights: Weights<'_, f32>, shape: Shape, to: &mut [f32]) {
    assert_eq!(to.len(), shape.forward_len(), "length of the panels");
    if shape.padded() > shape.hidden_size {
        // The lanes beyond the last unit.
        to.fill(0.0);
    }
    let (h, facts) = (shape.hidden_size, shape.facts());
    let mut writer = Writer { to, at: 0, shape };
    for blocks in shape.forward_cut().all() {
        for block in blocks.clone() {
            for pre in 0..facts.pre {
                let gate = facts.gate[pre] * h;
                writer.vector(block, |unit| {
                    let x = if facts.feeds_from_x(pre) { weights.bias_ih[gate + unit] } else { 0.0 };
                    let state = if facts.feeds_from_h(pre) { weights.bias_hh[gate + unit] } else { 0.0 };
                    x + state
                });
            }
        }
        writer.columns(s, weights.weight_ih, 0..facts.from_x, blocks.clone(), shape.input.len());
        writer.columns(s, weights.weight_hh, facts.direct(), blocks, h);
    }
    for blocks in shape.inner_cut().all() {
        writer.columns(s, weights.weight_hh, facts.through_inner(), blocks, h);
    }
    for n in 0..facts.unit {
        for block in 0..shape.blocks() {
            writer.vector(block, |unit| weights.unit[n * h + unit]);
        }
    }
}

/// Fills panels from front to back.
struct Writer<'a> {
    to: &'a mut [f32],
    at: usize,
    shape: Shape,
}

impl Writer<'_> {
    /// The next vector: `value(unit)` for the units of a block.
    #[inline(always)]
    fn vector(&mut self, block: usize, value: impl Fn(usize) -> f32) {
        let Shape { lanes, hidden_size, .. } = self.shape;
        let to = &mut self.to[self.at..][..lanes];
        for (unit, to) in (block * lanes..hidden_size).zip(to) {
            *to = value(unit);
        }
        self.at += lanes;
    }

    /// `[k][units][pre]`, out of a weight matrix `[gates * H, depth]`.
    #[inline(always)]
    fn columns<S: Isa>(
        &mut self,
        s: S,
        weight: &[f32],
        pre: Range<usize>,
        blocks: Range<usize>,
        depth: usize,
    ) {
        let Shape { lanes, hidden_size, .. } = self.shape;
        let row = blocks.len() * pre.len() * lanes;
        let to = &mut self.to[self.at..][..depth * row];
        self.at += depth * row;
        // Rows of the matrix are columns of the panel.
        for (n, (block, pre)) in blocks.flat_map(|b| pre.clone().map(move |p| (b, p))).enumerate() {
            let first = self.shape.facts().gate[pre] * hidden_size + block * lanes;
            let units = lanes.min(hidden_size - block * lanes);
            let from = &weight[first * depth..][..units * depth];
            transpose(s, (from, depth), (&mut to[n * lanes..], row), units, depth, Update::Set);
        }
    }
}

/// The panels that take d pre-activations back to the previous state, `[gates * H][vectors]` each;
/// first those of the direct gates, then those of the inner product.
///
/// # Panics
/// If a slice does not have its shape; `to` is of [`Shape::backward_len`].
pub fn pack_backward(weight_hh: &[f32], shape: Shape, to: &mut [f32]) {
    assert_eq!(to.len(), shape.backward_len(), "length of the panels");
    let (facts, h, padded) = (shape.facts(), shape.hidden_size, shape.padded());
    let (to, inner) = to.split_at_mut(facts.direct().len() * h * padded);
    pack_rows(weight_hh, facts.direct(), Columns::dense(h), shape, to);
    pack_rows(weight_hh, facts.through_inner(), Columns::dense(h), shape, inner);
}

/// The panels that take d pre-activations back to the input, run by run of its columns.
///
/// # Panics
/// If a slice does not have its shape; `to` is of [`Shape::input_backward_len`].
pub fn pack_input_backward(weight_ih: &[f32], shape: Shape, to: &mut [f32]) {
    assert_eq!(to.len(), shape.input_backward_len(), "length of the panels");
    pack_rows(weight_ih, 0..shape.facts().from_x, shape.input, shape, to);
}

/// For each run of columns its panels `[pre * H][vectors]`, out of `[gates * H, columns]`.
fn pack_rows(weight: &[f32], pre: Range<usize>, columns: Columns, shape: Shape, mut to: &mut [f32]) {
    if pre.is_empty() {
        return;
    }
    let (lanes, hidden_size) = (shape.lanes, shape.hidden_size);
    for run in 0..columns.runs {
        for blocks in Cut::new(columns.depth.div_ceil(lanes), shape.units()).all() {
            let width = blocks.len() * lanes;
            let first = blocks.start * lanes;
            let present = width.min(columns.depth - first);
            for pre in pre.clone() {
                for unit in 0..hidden_size {
                    let row = shape.facts().gate[pre] * hidden_size + unit;
                    let from = row * columns.len() + run * columns.depth + first;
                    let (panel, rest) = core::mem::take(&mut to).split_at_mut(width);
                    panel[..present].copy_from_slice(&weight[from..][..present]);
                    panel[present..].fill(0.0);
                    to = rest;
                }
            }
        }
    }
}
