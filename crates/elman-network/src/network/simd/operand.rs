//! The rows that a weight gradient sums over, wherever they are.
//!
//! Where they lie evenly spaced and are few, they are read in place. Otherwise a block of them is
//! gathered: a large matrix reads its rows many times, and scattered ones slowly.

use std::ops::Range;

use elman_core::engine::shape::{Shape, Tape};
use elman_kernels::outer::left_stride;
use elman_kernels::tile::{Columns, Matrix};
use elman_kernels::tuning::IN_PLACE;

use super::memory::{Chunk, LayerMemory, rows_after};
use super::packing::ChunkPacking;
use super::pass::Pass;
use super::plan::PlanBlock;
use crate::buffer::Buffer;

/// The weight matrices that share rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// Those of a recurrent layer in one direction: with d pre-activations as `d`, and `[h | x | inner value]` as `a`.
    Recurrent { block: usize, direction: usize },
    /// That of a dense block, with d weighted sums as `a`, and what it reads as `d`: the smaller of the two is, as a
    /// rule, the one that is not cut into vectors.
    Dense(usize),
}

impl Weight {
    /// Its block.
    pub(super) fn block(self) -> usize {
        match self {
            Weight::Recurrent { block, .. } | Weight::Dense(block) => block,
        }
    }
}

/// The operands of one weight's gradient, as far as they are in one chunk.
#[derive(Clone, Copy)]
pub(super) struct Operand<'a> {
    pub(super) pass: Pass<'a>,
    pub(super) weight: Weight,
    pub(super) chunk: &'a Chunk,
}

/// Rows of what the matrix multiplied, `[h | x | inner value]`, in up to three pieces.
#[derive(Clone, Copy)]
pub(super) struct Multiplied<'a>([Piece<'a>; 3]);

/// Some columns of a row: `len` from the `first` on.
#[derive(Clone, Copy)]
struct Piece<'a> {
    first: usize,
    len: usize,
    rows: Matrix<'a>,
}

impl<'a> Multiplied<'a> {
    /// The parts of the pieces that hold the given columns: their number and their rows.
    #[inline(always)]
    pub(super) fn pieces(&self, columns: Range<usize>) -> impl Iterator<Item = (usize, Matrix<'a>)> {
        self.0.into_iter().filter_map(move |piece| {
            let start = piece.first.max(columns.start);
            let end = (piece.first + piece.len).min(columns.end);
            let rows = Matrix { data: piece.rows.data.get(start - piece.first..)?, ..piece.rows };
            (start < end).then(|| (end - start, rows))
        })
    }
}

/// Some columns of some chunk's or the batch's rows.
#[derive(Clone, Copy)]
struct Source<'a> {
    rows: Matrix<'a>,
    columns: Columns,
}

impl<'a> Operand<'a> {
    #[inline(always)]
    fn planned(&self) -> &'a PlanBlock {
        &self.pass.plan.blocks[self.weight.block()]
    }

    /// The shape and the memory of a recurrent layer.
    #[inline(always)]
    fn layer(&self) -> Option<(&'a Shape, &'a LayerMemory)> {
        let Weight::Recurrent { block, direction } = self.weight else { return None };
        Some((&self.planned().shapes()[direction], &self.chunk.blocks[block].layers[direction]))
    }

    /// Which row is which.
    #[inline(always)]
    fn packing(&self) -> &'a ChunkPacking {
        &self.chunk.times[self.planned().input_time]
    }

    /// What enters the block.
    #[inline(always)]
    fn input(&self) -> &'a [f32] {
        rows_after(self.pass, &self.chunk.x, &self.chunk.blocks[..self.weight.block()])
    }

    fn is_reverse(&self) -> bool {
        let Weight::Recurrent { block, direction } = self.weight else { return false };
        self.pass.network.blocks()[block].layer(direction).is_some_and(|layer| layer.reverse)
    }

    /// The rows of the chunk.
    pub(super) fn num_rows(&self) -> usize {
        self.packing().num_rows()
    }

    /// The columns of `a`.
    pub(super) fn columns(&self) -> usize {
        match self.layer() {
            None => self.planned().output.width(),
            Some((shape, _)) => {
                let inner = if shape.facts().from_inner > 0 { shape.hidden_size } else { 0 };
                shape.hidden_size + shape.input.len() + inner
            }
        }
    }

    /// The rows of `a`, in place or, where all `count` that are summed up now are too many, gathered in `memory`.
    pub(super) fn left<'m>(&self, rows: Range<usize>, count: usize, memory: &'m mut Buffer) -> Multiplied<'m>
    where
        'a: 'm,
    {
        let columns = self.columns();
        if count * columns <= IN_PLACE && self.is_even() {
            let mut first = 0;
            return Multiplied(self.sources(0, 0).map(|Source { rows: from, columns }| {
                let piece = Piece { first, len: columns.len(), rows: from.from(rows.start) };
                first += columns.len();
                piece
            }));
        }
        let stride = left_stride(columns);
        memory.resize(rows.len() * stride);
        let (mut to, packing) = (memory.chunks_exact_mut(stride), self.packing());
        let mut row = rows.start;
        while row < rows.end {
            // Rows of one timestep lie side by side.
            let (t, b) = packing.place_of(row);
            let end = packing.at(t).end.min(rows.end);
            let sources = self.sources(t, b);
            for (n, to) in to.by_ref().take(end - row).enumerate() {
                let mut at = 0;
                for Source { rows, columns } in sources {
                    for run in 0..columns.runs {
                        let from = &rows.data[n * rows.stride + run * columns.stride..][..columns.depth];
                        to[at..][..columns.depth].copy_from_slice(from);
                        at += columns.depth;
                    }
                }
            }
            row = end;
        }
        let gathered = Piece { first: 0, len: columns, rows: Matrix { data: memory, stride } };
        let nothing = Piece { len: 0, ..gathered };
        Multiplied([gathered, nothing, nothing])
    }

    /// The rows of `d` from a panel's first vector on, in place or gathered in `memory` as those of `a` are.
    pub(super) fn right<'m>(
        &self,
        rows: Range<usize>,
        count: usize,
        vectors: Range<usize>,
        memory: &'m mut Buffer,
    ) -> Matrix<'m>
    where
        'a: 'm,
    {
        let lanes = self.pass.plan.lanes;
        let (at, width) = (vectors.start * lanes, vectors.len() * lanes);
        let Matrix { data, stride } = self.d(rows.start);
        let data = &data[at..];
        if count * stride <= IN_PLACE {
            return Matrix { data, stride };
        }
        memory.resize(rows.len() * width);
        for (n, to) in memory.chunks_exact_mut(width).enumerate() {
            to.copy_from_slice(&data[n * stride..][..width]);
        }
        Matrix { data: memory, stride: width }
    }

    /// Are the rows of `a` evenly spaced? The states before the steps are if the layer reads forward
    /// in time and no sequence ends before another; inputs are if they are one run of columns.
    fn is_even(&self) -> bool {
        let Some((shape, _)) = self.layer() else { return true };
        let packing = self.packing();
        let even = packing.num_rows() == packing.batch_size() * packing.seq_len();
        even && shape.input.runs == 1 && !self.is_reverse()
    }

    /// The sources of a row of `a`, from timestep `t` of the chunk's sequence `b` on.
    fn sources(&self, t: usize, b: usize) -> [Source<'a>; 3] {
        let (planned, packing) = (self.planned(), self.packing());
        let row = packing.at(t).start + b;
        let source =
            |data, row: usize, stride, columns| Source { rows: Matrix { data, stride }.from(row), columns };
        let nothing = source(&[], 0, 0, Columns::dense(0));
        let Some((shape, memory)) = self.layer() else {
            let dy = &self.chunk.blocks[self.weight.block()].dy;
            let columns = Columns::dense(planned.output.width());
            return [source(dy, row, planned.output.len, columns), nothing, nothing];
        };
        let timeline = packing.timeline(self.is_reverse());
        let slot = timeline.slot(timeline.timestep(t)).start + b;
        let h = source(&*memory.states, slot, shape.state_len(), shape.hidden());
        let x = source(self.input(), row, planned.input.len, shape.input);
        let inner =
            if shape.facts().from_inner > 0 { inner_value(shape, &memory.tape, row) } else { nothing };
        [h, x, inner]
    }

    /// The rows of `d` from a row on.
    fn d(&self, row: usize) -> Matrix<'a> {
        let (data, stride, first) = match self.layer() {
            Some((shape, memory)) => {
                (&*memory.tape, shape.tape_len(), Tape::dpre(shape.facts()) * shape.padded())
            }
            None => (self.input(), self.planned().input.len, 0),
        };
        Matrix { data: &data[row * stride + first..], stride }
    }
}

fn inner_value<'a>(shape: &Shape, tape: &'a [f32], row: usize) -> Source<'a> {
    let stride = shape.tape_len();
    let data = &tape[row * stride + Tape::inner(shape.facts()) * shape.padded()..];
    Source { rows: Matrix { data, stride }, columns: shape.hidden() }
}
