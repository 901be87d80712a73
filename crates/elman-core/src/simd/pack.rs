//! Weights brought into the order in which the tiles read them: see [`panel`](super::panel).

use core::ops::Range;

use fearless_simd::Simd;

use crate::cell::Cell;
use crate::step::Weights;

use super::panel::Cut;
use super::shape::{Shape, direct, through_inner};
use super::tile::Columns;
use super::transpose::{Update, transpose};

/// The panels of the forward pass: for each the biases `[units][PRE]`, then `[I][units][FROM_X]`,
/// then `[H][units][direct]`, each entry a vector; then all panels of the inner product,
/// `[H][units][FROM_INNER]`.
///
/// # Panics
/// If a slice does not have its shape; `to` is of [`Shape::forward_len`].
#[inline(always)]
pub fn pack_forward<S: Simd, C: Cell>(s: S, weights: Weights<'_, f32>, shape: Shape, to: &mut [f32]) {
    assert_eq!(to.len(), shape.forward_len::<C>(), "length of the panels");
    if shape.padded() > shape.hidden_size {
        // The lanes beyond the last unit.
        to.fill(0.0);
    }
    let (h, mut writer) = (shape.hidden_size, Writer { to, at: 0, lanes: shape.lanes });
    for blocks in shape.forward_cut::<C>().all() {
        for block in blocks.clone() {
            for pre in 0..C::PRE {
                let gate = C::GATE[pre] * h;
                writer.vector(block, h, |unit| {
                    let x = if pre < C::FROM_X { weights.bias_ih[gate + unit] } else { 0.0 };
                    let state = if pre >= C::PRE - C::FROM_H { weights.bias_hh[gate + unit] } else { 0.0 };
                    x + state
                });
            }
        }
        writer.columns::<S, C>(s, weights.weight_ih, 0..C::FROM_X, blocks.clone(), h, shape.input.len());
        writer.columns::<S, C>(s, weights.weight_hh, direct::<C>(), blocks, h, h);
    }
    for blocks in Cut::new(shape.blocks(), shape.inner_units::<C>()).all() {
        writer.columns::<S, C>(s, weights.weight_hh, through_inner::<C>(), blocks, h, h);
    }
}

/// Fills panels from front to back.
struct Writer<'a> {
    to: &'a mut [f32],
    at: usize,
    lanes: usize,
}

impl Writer<'_> {
    /// The next vector: `value(unit)` for the units of a block.
    #[inline(always)]
    fn vector(&mut self, block: usize, units: usize, value: impl Fn(usize) -> f32) {
        let to = &mut self.to[self.at..][..self.lanes];
        for (unit, to) in (block * self.lanes..units).zip(to) {
            *to = value(unit);
        }
        self.at += self.lanes;
    }

    /// `[k][units][pre]`, out of a weight matrix `[gates * H, depth]`.
    #[inline(always)]
    fn columns<S: Simd, C: Cell>(
        &mut self,
        s: S,
        weight: &[f32],
        pre: Range<usize>,
        blocks: Range<usize>,
        hidden_size: usize,
        depth: usize,
    ) {
        let lanes = self.lanes;
        let row = blocks.len() * pre.len() * lanes;
        let to = &mut self.to[self.at..][..depth * row];
        self.at += depth * row;
        // Rows of the matrix are columns of the panel.
        for (n, (block, pre)) in blocks.flat_map(|b| pre.clone().map(move |p| (b, p))).enumerate() {
            let first = C::GATE[pre] * hidden_size + block * lanes;
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
pub fn pack_backward<C: Cell>(weight_hh: &[f32], shape: Shape, to: &mut [f32]) {
    assert_eq!(to.len(), shape.backward_len::<C>(), "length of the panels");
    let (h, padded) = (shape.hidden_size, shape.padded());
    let (to, inner) = to.split_at_mut(direct::<C>().len() * h * padded);
    pack_rows::<C>(weight_hh, direct::<C>(), Columns::dense(h), shape, to);
    pack_rows::<C>(weight_hh, through_inner::<C>(), Columns::dense(h), shape, inner);
}

/// The panels that take d pre-activations back to the input, run by run of its columns.
///
/// # Panics
/// If a slice does not have its shape; `to` is of [`Shape::input_backward_len`].
pub fn pack_input_backward<C: Cell>(weight_ih: &[f32], shape: Shape, to: &mut [f32]) {
    assert_eq!(to.len(), shape.input_backward_len::<C>(), "length of the panels");
    pack_rows::<C>(weight_ih, 0..C::FROM_X, shape.input, shape, to);
}

/// For each run of columns its panels `[pre * H][vectors]`, out of `[gates * H, columns]`.
fn pack_rows<C: Cell>(weight: &[f32], pre: Range<usize>, columns: Columns, shape: Shape, mut to: &mut [f32]) {
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
                    let row = C::GATE[pre] * hidden_size + unit;
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
