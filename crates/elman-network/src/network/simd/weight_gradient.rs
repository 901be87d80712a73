//! The gradient of all weight matrices, once d pre-activations are known.
//!
//! What a layer's weights multiplied stands side by side in one row, `[h | x | inner value]`; the
//! pre-activations are cut into panels, each of which sums up outer products with the columns that
//! feed it.
//!
//! Two ways to share the work out, both the same bits for any number of threads. Where a chunk has many
//! more rows than a matrix has columns, each chunk sums up all panels over its own rows, in its backward pass while its
//! core's cache still holds them, and the chunks' sums are added in their order. Elsewhere that would be too much to
//! add: each thread sums up some panels over the rows of all chunks, in the order in which they lie there.

use std::ops::Range;

use elman_core::engine::shape::{Shape, Tape};
use elman_kernels::outer::Outer;
use elman_kernels::panel::gradient_panels;
use elman_kernels::tile::{Columns, Matrix};
use elman_kernels::transpose::{Update, transpose};
use elman_kernels::tuning::{AT_A_TIME, CUT, IN_PLACE, LARGE, LEAST_ROWS, ROWS_PER_COLUMN, block_rows};
use elman_kernels::{Isa, dispatch};

use super::memory::Chunk;
use super::operand::{Multiplied, Operand, Weight};
use super::pass::Pass;
use super::plan::{Plan, Work};
use super::shuffle::Shuffle;
use crate::buffer::Buffer;
use crate::network::{Kind, Layer};

/// Sums that fit registers in tiles: some vectors of `d`, with the columns of `a` that meet them.
#[derive(Clone, Debug)]
struct GradientPanel {
    weight: Weight,
    vectors: Range<usize>,
    columns: Range<usize>,
    /// Does it sum up the bias' gradient as well?
    bias: bool,
}

impl GradientPanel {
    /// The length of its sums, `[columns, then the bias][vectors][lanes]`.
    fn len(&self, lanes: usize) -> usize {
        (self.columns.len() + usize::from(self.bias)) * self.vectors.len() * lanes
    }

    /// Cuts off the first `columns` columns.
    fn cut_off(&mut self, columns: usize) -> GradientPanel {
        let border = self.columns.start + columns;
        let first = GradientPanel { columns: self.columns.start..border, bias: false, ..self.clone() };
        self.columns.start = border;
        first
    }
}

/// The rows of a layer whose part of the gradient a chunk sums up at a time in its backward pass: as many as half a second
/// cache holds with all that is needed of them, which made layers of 128 units 2 to 5 % faster than all rows in the end.
/// Of large layers, whose weights and sums the cache does not hold either, all rows: to fetch those anew each
/// time made a GRU of 512 units 3 % slower (AMD EPYC of the Zen 4 kind, November 2026).
pub(super) fn rows_at_a_time(shape: Shape) -> usize {
    if shape.weights() >= LARGE {
        return usize::MAX;
    }
    // As wide as on the widest vectors: where the rows are cut must not depend on the instruction set.
    let units = shape.hidden_size.next_multiple_of(16);
    let values = Tape::slots(shape.facts()) * units + shape.hidden_size + shape.input.len();
    (IN_PLACE / values).max(LEAST_ROWS)
}

/// All panels of a network, in an order in which they may be shared out.
#[derive(Debug)]
pub(super) struct GradientPlan {
    panels: Vec<GradientPanel>,
    lanes: usize,
}

/// The panels that one thread sums up, and their sums.
#[derive(Debug, Default)]
pub(super) struct GradientSums {
    panels: Vec<GradientPanel>,
    sums: Buffer,
    shuffle: Option<Shuffle>,
    left: Buffer,
    right: Buffer,
}

impl GradientPlan {
    pub(super) fn of(plan: &Plan) -> Self {
        let (mut panels, lanes) = (Vec::new(), plan.lanes);
        for (block, planned) in plan.blocks.iter().enumerate() {
            match &planned.work {
                Work::Recurrent(shapes) => {
                    for (direction, &shape) in shapes.iter().enumerate() {
                        push_layer(&mut panels, Weight::Recurrent { block, direction }, shape);
                    }
                }
                Work::Dense(_) => {
                    let columns = 0..planned.output.width();
                    panels.extend(gradient_panels(0..planned.input.len / lanes).map(|vectors| {
                        GradientPanel {
                            weight: Weight::Dense(block),
                            vectors,
                            columns: columns.clone(),
                            bias: false,
                        }
                    }));
                }
                Work::Plain => {}
            }
        }
        GradientPlan { panels, lanes }
    }

    /// Should chunks of so many rows sum up all panels, each for itself?
    pub(super) fn suit_chunks(&self, rows: usize) -> bool {
        self.panels.iter().all(|panel| rows >= ROWS_PER_COLUMN * panel.columns.len())
    }

    /// All panels in one part.
    pub(super) fn whole(&self) -> GradientSums {
        let mut part = GradientSums { panels: self.panels.clone(), ..GradientSums::default() };
        part.make_room(self.lanes);
        part
    }

    /// Shares the panels out among `count` parts, so that all have nearly equal work.
    pub(super) fn share(&self, parts: &mut Vec<GradientSums>, count: usize) {
        if parts.len() == count {
            return;
        }
        parts.resize_with(count, GradientSums::default);
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
    pub(super) fn unpack(&self, pass: Pass<'_>, part: &mut GradientSums, gradient: &mut [f32]) {
        let GradientSums { panels, sums, shuffle: known, .. } = part;
        let way = |sums: &[f32], gradient: &mut [f32]| {
            let mut rest = sums;
            for panel in &*panels {
                let (sums, after) = rest.split_at(panel.len(self.lanes));
                rest = after;
                self.unpack_panel(pass, panel, sums, gradient);
            }
        };
        if !pass.plan.shuffles {
            return way(sums, gradient);
        }
        let new = || Shuffle::adding(sums.len(), &mut vec![0.0; gradient.len()], way);
        known.get_or_insert_with(new).apply(sums, gradient);
    }

    fn unpack_panel(&self, pass: Pass<'_>, panel: &GradientPanel, sums: &[f32], gradient: &mut [f32]) {
        let (placed, planned) = pass.block(panel.weight.block());
        match (&placed.kind, panel.weight) {
            (Kind::Recurrent(recurrent), Weight::Recurrent { direction, .. }) => {
                let layer = (&recurrent.layers[direction], planned.shapes()[direction]);
                dispatch!(pass.set, s => unpack_layer(s, layer, panel, sums, gradient));
            }
            (Kind::Dense { weight, .. }, _) => {
                unpack_dense(planned.input.columns, self.lanes, panel, sums, &mut gradient[weight.clone()]);
            }
            _ => unreachable!("these blocks have weight matrices"),
        }
    }
}

/// The columns of `[h | x | inner value]` that feed a pre-activation.
fn feeding(pre: usize, shape: Shape) -> Range<usize> {
    let (facts, h, x) = (shape.facts(), shape.hidden_size, shape.input.len());
    let from_x = facts.feeds_from_x(pre);
    let from_inner = facts.through_inner().contains(&pre);
    let from_h = facts.direct().contains(&pre);
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

/// The panels of a recurrent layer: those of its pre-activations, then those of its per-unit parameters, for which rows
/// of d are summed up like a bias'.
fn push_layer(panels: &mut Vec<GradientPanel>, weight: Weight, shape: Shape) {
    let facts = shape.facts();
    let mut push = |slots: Range<usize>, columns: Range<usize>| {
        let vectors = gradient_panels(slots.start * shape.blocks()..slots.end * shape.blocks());
        panels.extend(vectors.map(|vectors| GradientPanel {
            weight,
            vectors,
            columns: columns.clone(),
            bias: true,
        }));
    };
    let mut pre = 0;
    while pre < facts.pre {
        // Pre-activations that are fed alike share panels.
        let columns = feeding(pre, shape);
        let first = pre;
        while pre < facts.pre && feeding(pre, shape) == columns {
            pre += 1;
        }
        push(first..pre, columns);
    }
    let first = unit_slot(shape);
    push(first..first + facts.unit, 0..0);
}

/// The first slot of d per-unit parameters, counted from that of d pre-activations.
fn unit_slot(shape: Shape) -> usize {
    Tape::dunit(shape.facts()) - Tape::dpre(shape.facts())
}

/// Adds a panel's sums to a layer's weights `[gates * H, columns]`, biases `[gates * H]` and per-unit parameters.
#[inline(always)]
fn unpack_layer<S: Isa>(
    s: S,
    (layer, shape): (&Layer, Shape),
    panel: &GradientPanel,
    sums: &[f32],
    gradient: &mut [f32],
) {
    let [weight_ih, weight_hh, bias_ih, bias_hh, unit] = &layer.ranges;
    let (facts, h, x) = (shape.facts(), shape.hidden_size, shape.input.len());
    let width = panel.vectors.len() * shape.lanes;
    for (n, vector) in panel.vectors.clone().enumerate() {
        let (slot, first_unit) = (vector / shape.blocks(), vector % shape.blocks() * shape.lanes);
        let units = shape.lanes.min(h - first_unit);
        let lanes = &sums[n * shape.lanes..];
        let of_bias = lanes.get(panel.columns.len() * width..).filter(|_| panel.bias).unwrap_or_default();
        let mut add = |range: &Range<usize>, row: usize| {
            let to = &mut gradient[range.clone()][row * h + first_unit..][..units];
            to.iter_mut().zip(of_bias).for_each(|(to, sum)| *to += sum);
        };
        if slot >= unit_slot(shape) && facts.unit > 0 {
            add(unit, slot - unit_slot(shape));
            continue;
        }
        let gate = facts.gate[slot];
        for (bias, feeds) in [(bias_ih, facts.feeds_from_x(slot)), (bias_hh, facts.feeds_from_h(slot))] {
            if feeds {
                add(bias, gate);
            }
        }
        let row = gate * h + first_unit;
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
    }
}

/// Adds a panel's sums to a dense block's weights `[O, I]`.
fn unpack_dense(columns: Columns, lanes: usize, panel: &GradientPanel, sums: &[f32], weight: &mut [f32]) {
    let Columns { runs, depth, stride } = columns;
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

impl GradientSums {
    /// Makes the sums as long as its panels want them.
    fn make_room(&mut self, lanes: usize) {
        self.sums.resize(self.panels.iter().map(|panel| panel.len(lanes)).sum());
    }

    /// Adds another part's sums of the same panels.
    pub(super) fn add(&mut self, other: &GradientSums) {
        self.sums.iter_mut().zip(&*other.sums).for_each(|(sum, other)| *sum += other);
    }

    /// Begins new sums.
    pub(super) fn clear(&mut self) {
        self.sums.fill(0.0);
    }

    /// Sums up the part's panels over all rows of the batch.
    pub(super) fn sum(&mut self, pass: Pass<'_>, chunks: &[Chunk]) {
        self.clear();
        let mut last = None;
        for n in 0..self.panels.len() {
            // Panels of a weight stand one behind the other.
            let weight = self.panels[n].weight;
            if last.replace(weight) != Some(weight) {
                for chunk in chunks {
                    let operand = Operand { pass, weight, chunk };
                    self.add_rows(operand, 0..operand.num_rows());
                }
            }
        }
    }

    /// Adds rows of a chunk to the sums of the panels of one weight: all of its rows, or some that were just done.
    pub(super) fn add_rows(&mut self, operand: Operand<'_>, rows: Range<usize>) {
        dispatch!(operand.pass.set, s => self.add_rows_on(s, operand, rows));
    }

    #[inline(always)]
    fn add_rows_on<S: Isa>(&mut self, s: S, operand: Operand<'_>, rows: Range<usize>) {
        let lanes = operand.pass.plan.lanes;
        let count = rows.len();
        let block = if count <= AT_A_TIME { AT_A_TIME } else { block_rows(operand.columns()) };
        for first in rows.clone().step_by(block) {
            let rows = first..rows.end.min(first + block);
            let left = operand.left(rows.clone(), count, &mut self.left);
            let mut sums = &mut *self.sums;
            for panel in &self.panels {
                let (own, after) = sums.split_at_mut(panel.len(lanes));
                sums = after;
                if panel.weight == operand.weight {
                    let vectors = panel.vectors.clone();
                    let right = operand.right(rows.clone(), count, vectors, &mut self.right);
                    panel.add(s, lanes, rows.len(), (left, right), own);
                }
            }
        }
    }
}

impl GradientPanel {
    /// Adds rows to the panel's sums.
    #[inline(always)]
    fn add<S: Isa>(
        &self,
        s: S,
        lanes: usize,
        count: usize,
        (left, right): (Multiplied<'_>, Matrix<'_>),
        sums: &mut [f32],
    ) {
        let vectors = self.vectors.len();
        let width = vectors * lanes;
        let mut done = 0;
        for (columns, rows) in left.pieces(self.columns.clone()) {
            let outer = Outer { count, a: rows, columns, d: right, vectors };
            s.add_outer(&outer, &mut sums[done * width..][..columns * width]);
            done += columns;
        }
        if self.bias {
            let outer = Outer { count, a: right, columns: 0, d: right, vectors };
            outer.add_bias(s, &mut sums[done * width..]);
        }
    }
}
