//! The parameters' gradient, once d pre-activations are known.
//!
//! What a layer's weights multiplied stands side by side in one row, `[h | x | inner value]`; the
//! pre-activations are cut into panels, each of which sums up outer products with the columns that
//! feed it.
//!
//! Two ways to share the work out, both the same bits for any number of threads. Where a chunk has many
//! more rows than a matrix has columns, each chunk sums up all panels over its own rows, on its way back while its
//! core's cache still holds them, and the chunks' sums are added in their order. Elsewhere that would be too much to
//! add: each thread sums up some panels over the rows of all chunks, in the order in which they lie there.

use std::ops::Range;

use elman_core::cell::Cell;
use elman_core::simd::gradient::{Outer, block_rows};
use elman_core::simd::panel::gradient_panels;
use elman_core::simd::shape::{Shape, Tape};
use elman_core::simd::tile::{Columns, Rows};
use elman_core::simd::transpose::{Update, transpose};
use elman_core::simd::{Simd, dispatch};

use super::chunk::Chunk;
use super::operand::{IN_PLACE, Left, Matrix, Operand};
use super::pass::Pass;
use super::plan::Plan;
use super::rows;
use super::shuffle::{self, Shuffle};
use crate::buffer::Buffer;
use crate::network::{Network, with_cell};

/// Sums that fit registers in tiles: some vectors of `d`, with the columns of `a` that meet them.
#[derive(Clone, Debug)]
struct Panel {
    matrix: Matrix,
    vectors: Range<usize>,
    columns: Range<usize>,
    /// Does it sum up the bias' gradient as well?
    bias: bool,
}

impl Panel {
    /// The length of its sums, `[columns, then the bias][vectors][lanes]`.
    fn len(&self, lanes: usize) -> usize {
        (self.columns.len() + usize::from(self.bias)) * self.vectors.len() * lanes
    }

    /// Cuts off the first `columns` columns.
    fn cut_off(&mut self, columns: usize) -> Panel {
        let border = self.columns.start + columns;
        let first = Panel { columns: self.columns.start..border, bias: false, ..self.clone() };
        self.columns.start = border;
        first
    }
}

/// Panels are cut between threads at multiples of so many columns: whole tiles of any height.
const CUT: usize = 24;

/// How many times more rows than columns make it worth while to add up the sums of chunks.
const ROWS_PER_COLUMN: usize = 3;

/// The fewest rows that are worth fetching all sums for.
const LEAST_ROWS: usize = 160;

/// The rows of a layer whose part of the gradient a chunk sums up at a time on its way back: as many as half a second
/// cache holds with all that is needed of them, which made layers of 128 units 2 to 5 % faster than all rows in the end.
/// Of large layers, whose weights and sums the cache does not hold either, all rows: to fetch those anew each
/// time made a GRU of 512 units 3 % slower.
pub(super) fn rows_at_a_time<C: Cell>(shape: Shape) -> usize {
    if shape.weights::<C>() >= rows::LARGE {
        return usize::MAX;
    }
    // As wide as on the widest vectors: where the rows are cut must not depend on the instruction set.
    let units = shape.hidden_size.next_multiple_of(16);
    let values = Tape::slots::<C>() * units + shape.hidden_size + shape.input.len();
    (IN_PLACE / values).max(LEAST_ROWS)
}

/// All panels of a network, in an order in which they may be shared out.
#[derive(Debug)]
pub(super) struct Panels {
    panels: Vec<Panel>,
    lanes: usize,
}

/// The panels that one thread sums up, and their sums.
#[derive(Debug, Default)]
pub(super) struct Part {
    panels: Vec<Panel>,
    sums: Buffer,
    shuffle: Option<Shuffle>,
    left: Buffer,
    right: Buffer,
}

impl Panels {
    pub(super) fn of(network: &Network, plan: &Plan) -> Self {
        let mut panels = Vec::new();
        with_cell!(network.config.cell, C => {
            for (block, &shape) in plan.shapes.iter().enumerate() {
                push_block::<C>(&mut panels, block, shape);
            }
        });
        let lanes = plan.shapes[0].lanes;
        let columns = 0..plan.head.output_size;
        panels.extend(gradient_panels(0..plan.width / lanes).map(|vectors| Panel {
            matrix: Matrix::Head,
            vectors,
            columns: columns.clone(),
            bias: false,
        }));
        Panels { panels, lanes }
    }

    /// Should chunks of so many rows sum up all panels, each for itself?
    pub(super) fn suit_chunks(&self, rows: usize) -> bool {
        self.panels.iter().all(|panel| rows >= ROWS_PER_COLUMN * panel.columns.len())
    }

    /// All panels in one part.
    pub(super) fn whole(&self) -> Part {
        let mut part = Part { panels: self.panels.clone(), ..Part::default() };
        part.make_room(self.lanes);
        part
    }

    /// Shares the panels out among `count` parts, so that all have nearly equal work.
    pub(super) fn share(&self, parts: &mut Vec<Part>, count: usize) {
        if parts.len() == count {
            return;
        }
        parts.resize_with(count, Part::default);
        let total: usize = self.panels.iter().map(|panel| panel.len(self.lanes)).sum();
        let (mut rest, mut done) = (self.panels.iter().cloned(), 0);
        let mut next = rest.next();
        for (n, part) in parts.iter_mut().enumerate() {
            let border = if n + 1 == count { total } else { total * (n + 1) / count };
            part.panels.clear();
            part.shuffle = None;
            while let Some(panel) = &mut next {
                let room = (border - done.min(border)) / (panel.vectors.len() * self.lanes);
                let fitting = (room + CUT / 2) / CUT * CUT;
                let taken = if fitting >= panel.columns.len() || n + 1 == count {
                    std::mem::replace(&mut next, rest.next())
                } else if fitting > 0 {
                    Some(panel.cut_off(fitting))
                } else {
                    None
                };
                let Some(taken) = taken else { break };
                done += taken.len(self.lanes);
                part.panels.push(taken);
            }
            part.make_room(self.lanes);
        }
    }

    /// Adds a part's sums to the flat `gradient`.
    pub(super) fn unpack(&self, pass: Pass<'_>, part: &mut Part, gradient: &mut [f32]) {
        let Pass { network, plan, level, .. } = pass;
        let Part { panels, sums, shuffle: known, .. } = part;
        let way = |sums: &[f32], gradient: &mut [f32]| {
            let mut rest = sums;
            for panel in &*panels {
                let (sums, after) = rest.split_at(panel.len(self.lanes));
                rest = after;
                match panel.matrix {
                    Matrix::Head => unpack_head(network, plan, panel, sums, gradient),
                    Matrix::Block(block) => with_cell!(network.config.cell, C => {
                        dispatch!(level, s => unpack_block::<_, C>(s, pass, block, panel, sums, gradient));
                    }),
                }
            }
        };
        if !shuffle::suits(network) {
            return way(sums, gradient);
        }
        let new = || Shuffle::adding(sums.len(), &mut vec![0.0; gradient.len()], way);
        known.get_or_insert_with(new).apply(sums, gradient);
    }
}

/// The columns of `[h | x | inner value]` that feed a pre-activation.
fn feeding<C: Cell>(pre: usize, shape: Shape) -> Range<usize> {
    let (h, x) = (shape.hidden_size, shape.input.len());
    let from_x = pre < C::FROM_X;
    let from_inner = pre >= C::PRE - C::FROM_INNER;
    let from_h = pre >= C::PRE - C::FROM_H && !from_inner;
    let start = if from_h {
        0
    } else if from_x {
        h
    } else {
        h + x
    };
    let end = if from_inner {
        h + x + h
    } else if from_x {
        h + x
    } else {
        h
    };
    start..end
}

fn push_block<C: Cell>(panels: &mut Vec<Panel>, block: usize, shape: Shape) {
    let mut pre = 0;
    while pre < C::PRE {
        // Pre-activations that are fed alike share panels.
        let columns = feeding::<C>(pre, shape);
        let first = pre;
        while pre < C::PRE && feeding::<C>(pre, shape) == columns {
            pre += 1;
        }
        panels.extend(gradient_panels(first * shape.blocks()..pre * shape.blocks()).map(|vectors| Panel {
            matrix: Matrix::Block(block),
            vectors,
            columns: columns.clone(),
            bias: true,
        }));
    }
}

/// Adds a panel's sums to a layer's weights `[gates * H, columns]` and biases `[gates * H]`.
#[inline(always)]
fn unpack_block<S: Simd, C: Cell>(
    s: S,
    pass: Pass<'_>,
    block: usize,
    panel: &Panel,
    sums: &[f32],
    gradient: &mut [f32],
) {
    let shape = pass.plan.shapes[block];
    let [weight_ih, weight_hh, bias_ih, bias_hh] = &pass.network.layers[block].ranges;
    let (h, x) = (shape.hidden_size, shape.input.len());
    let width = panel.vectors.len() * shape.lanes;
    for (n, vector) in panel.vectors.clone().enumerate() {
        let (pre, first_unit) = (vector / shape.blocks(), vector % shape.blocks() * shape.lanes);
        let units = shape.lanes.min(h - first_unit);
        let row = C::GATE[pre] * h + first_unit;
        let lanes = &sums[n * shape.lanes..];
        // Columns of `[h | x | inner value]`, to the columns of one matrix.
        for (matrix, of) in [(weight_hh, 0..h), (weight_ih, h..h + x), (weight_hh, h + x..h + x + h)] {
            let shared = panel.columns.start.max(of.start)..panel.columns.end.min(of.end);
            if !shared.is_empty() {
                let from = &lanes[(shared.start - panel.columns.start) * width..];
                let to = &mut gradient[matrix.clone()][row * of.len()..][..units * of.len()];
                let to = &mut to[shared.start - of.start..];
                transpose(s, (from, width), (to, of.len()), shared.len(), units, Update::Add);
            }
        }
        let sums = lanes.get(panel.columns.len() * width..).filter(|_| panel.bias).unwrap_or_default();
        for (bias, feeds) in [(bias_ih, pre < C::FROM_X), (bias_hh, pre >= C::PRE - C::FROM_H)] {
            if feeds {
                let bias = &mut gradient[bias.clone()][row..][..units];
                bias.iter_mut().zip(sums).for_each(|(bias, sum)| *bias += sum);
            }
        }
    }
}

/// Adds a panel's sums to the head's weights `[O, D * H]`.
fn unpack_head(network: &Network, plan: &Plan, panel: &Panel, sums: &[f32], gradient: &mut [f32]) {
    let Columns { runs, depth, stride } = plan.head.features;
    let weight = &mut gradient[network.head.weight.clone()];
    let lanes = plan.shapes[0].lanes;
    let width = panel.vectors.len() * lanes;
    for (n, vector) in panel.vectors.clone().enumerate() {
        let (run, first) = (vector * lanes / stride, vector * lanes % stride);
        let present = lanes.min(depth - first);
        let rows = weight.chunks_exact_mut(runs * depth).skip(panel.columns.start);
        for (weight, sums) in rows.zip(sums.chunks_exact(width)) {
            let weight = &mut weight[run * depth + first..][..present];
            weight.iter_mut().zip(&sums[n * lanes..]).for_each(|(weight, sum)| *weight += sum);
        }
    }
}

impl Part {
    /// Makes the sums as long as its panels want them.
    fn make_room(&mut self, lanes: usize) {
        self.sums.resize(self.panels.iter().map(|panel| panel.len(lanes)).sum());
    }

    /// Adds another part's sums of the same panels.
    pub(super) fn add(&mut self, other: &Part) {
        self.sums.iter_mut().zip(&*other.sums).for_each(|(sum, other)| *sum += other);
    }

    /// Begins new sums.
    pub(super) fn clear(&mut self) {
        self.sums.fill(0.0);
    }

    /// Sums up the part's panels over all rows of the batch.
    pub(super) fn sum(&mut self, pass: Pass<'_>, chunks: &[Chunk]) {
        self.clear();
        let blocks = (0..pass.plan.shapes.len()).map(Matrix::Block);
        for matrix in blocks.chain([Matrix::Head]) {
            if self.panels.iter().any(|panel| panel.matrix == matrix) {
                for chunk in chunks {
                    let operand = Operand { pass, matrix, chunk };
                    self.add_rows(operand, 0..operand.num_rows());
                }
            }
        }
    }

    /// Adds rows of a chunk to the sums of the panels of one matrix: all of its rows, or some that were just done.
    pub(super) fn add_rows(&mut self, operand: Operand<'_>, rows: Range<usize>) {
        with_cell!(operand.pass.network.config.cell, C => {
            dispatch!(operand.pass.level, s => self.add_rows_on::<_, C>(s, operand, rows));
        });
    }

    #[inline(always)]
    fn add_rows_on<S: Simd, C: Cell>(&mut self, s: S, operand: Operand<'_>, rows: Range<usize>) {
        let lanes = operand.pass.plan.shapes[0].lanes;
        let (count, block) = (rows.len(), block_rows(operand.columns::<C>()));
        for first in rows.clone().step_by(block) {
            let rows = first..rows.end.min(first + block);
            let left = operand.left::<C>(rows.clone(), count, &mut self.left);
            let mut sums = &mut *self.sums;
            for panel in &self.panels {
                let (own, after) = sums.split_at_mut(panel.len(lanes));
                sums = after;
                if panel.matrix == operand.matrix {
                    let vectors = panel.vectors.clone();
                    let right = operand.right::<C>(rows.clone(), count, vectors, &mut self.right);
                    panel.add(s, rows.len(), left, right, own);
                }
            }
        }
    }
}

impl Panel {
    /// Adds rows to the panel's sums.
    #[inline(always)]
    fn add<S: Simd>(&self, s: S, count: usize, left: Left<'_>, right: Rows<'_>, sums: &mut [f32]) {
        let vectors = self.vectors.len();
        let width = sums.len() / (self.columns.len() + usize::from(self.bias));
        let mut done = 0;
        for (columns, rows) in left.pieces(self.columns.clone()) {
            let outer = Outer { count, a: rows, columns, d: right, vectors };
            outer.add(s, &mut sums[done * width..][..columns * width]);
            done += columns;
        }
        if self.bias {
            let outer = Outer { count, a: right, columns: 0, d: right, vectors };
            outer.add_bias(s, &mut sums[done * width..]);
        }
    }
}
