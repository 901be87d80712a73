//! The rows that a weight gradient sums over, wherever they are.
//!
//! Where they lie evenly spaced and are few, they are read in place. Otherwise a block of them is
//! gathered: a large matrix reads its rows many times, and scattered ones slowly.

use std::ops::Range;

use elman_core::cell::Cell;
use elman_core::simd::gradient::left_stride;
use elman_core::simd::shape::{Shape, Tape};
use elman_core::simd::tile::{Columns, Rows};

use super::chunk::Chunk;
use super::pass::Pass;
use crate::buffer::Buffer;
use crate::network::Readout;

/// Values beyond which rows are not read in place: half a second cache.
pub(super) const IN_PLACE: usize = (512 << 10) / size_of::<f32>();

/// The matrices that share rows: a layer's in one direction, or the head's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Matrix {
    /// With d pre-activations as `d`, and `[h | x | inner value]` as `a`.
    Block(usize),
    /// With d outputs as `a`, and the features as `d`: the smaller of the two is the one that is
    /// not cut into vectors.
    Head,
}

/// The operands of one matrix's gradient, as far as they are in one chunk.
#[derive(Clone, Copy)]
pub(super) struct Operand<'a> {
    pub(super) pass: Pass<'a>,
    pub(super) matrix: Matrix,
    pub(super) chunk: &'a Chunk,
}

/// Rows of what the matrix multiplied, `[h | x | inner value]`, in up to three pieces.
#[derive(Clone, Copy)]
pub(super) struct Left<'a>([Piece<'a>; 3]);

/// Some columns of a row: `len` from the `first` on.
#[derive(Clone, Copy)]
struct Piece<'a> {
    first: usize,
    len: usize,
    rows: Rows<'a>,
}

impl<'a> Left<'a> {
    /// The parts of the pieces that hold the given columns: their number and their rows.
    #[inline(always)]
    pub(super) fn pieces(&self, columns: Range<usize>) -> impl Iterator<Item = (usize, Rows<'a>)> {
        self.0.into_iter().filter_map(move |piece| {
            let start = piece.first.max(columns.start);
            let end = (piece.first + piece.len).min(columns.end);
            let rows = Rows { data: piece.rows.data.get(start - piece.first..)?, ..piece.rows };
            (start < end).then(|| (end - start, rows))
        })
    }
}

/// Some columns of some chunk's or the batch's rows.
#[derive(Clone, Copy)]
struct Source<'a> {
    rows: Rows<'a>,
    columns: Columns,
}

impl<'a> Operand<'a> {
    fn reads_final_states(&self) -> bool {
        self.matrix == Matrix::Head && self.pass.network.config.readout == Readout::Last
    }

    /// The rows of the chunk.
    pub(super) fn num_rows(&self) -> usize {
        if self.reads_final_states() { self.chunk.rows.batch_size() } else { self.chunk.rows.num_rows() }
    }

    /// The columns of `a`.
    pub(super) fn columns<C: Cell>(&self) -> usize {
        match self.matrix {
            Matrix::Head => self.pass.plan.head.output_size,
            Matrix::Block(block) => {
                let shape = self.pass.plan.shapes[block];
                let inner = if C::FROM_INNER > 0 { shape.hidden_size } else { 0 };
                shape.hidden_size + shape.input.len() + inner
            }
        }
    }

    /// The rows of `a`, in place or, where all `count` that are summed up now are too many, gathered in `memory`.
    #[inline(always)]
    pub(super) fn left<'m, C: Cell>(
        &self,
        rows: Range<usize>,
        count: usize,
        memory: &'m mut Buffer,
    ) -> Left<'m>
    where
        'a: 'm,
    {
        let columns = self.columns::<C>();
        if count * columns <= IN_PLACE && self.is_even() {
            let mut first = 0;
            return Left(self.sources::<C>(0, 0).map(|Source { rows: from, columns }| {
                let piece = Piece { first, len: columns.len(), rows: from.from(rows.start) };
                first += columns.len();
                piece
            }));
        }
        let stride = left_stride(columns);
        memory.resize(rows.len() * stride);
        let mut to = memory.chunks_exact_mut(stride);
        let mut row = rows.start;
        while row < rows.end {
            // Rows of one timestep lie side by side.
            let (t, b) = if self.reads_final_states() { (0, row) } else { self.chunk.rows.place_of(row) };
            let end =
                if self.reads_final_states() { rows.end } else { self.chunk.rows.at(t).end.min(rows.end) };
            let sources = self.sources::<C>(t, b);
            for (n, to) in to.by_ref().take(end - row).enumerate() {
                let mut at = 0;
                for Source { rows, columns } in sources {
                    for part in 0..columns.runs {
                        let from = &rows.data[n * rows.stride + part * columns.stride..][..columns.depth];
                        to[at..][..columns.depth].copy_from_slice(from);
                        at += columns.depth;
                    }
                }
            }
            row = end;
        }
        let gathered = Piece { first: 0, len: columns, rows: Rows { data: memory, stride } };
        let nothing = Piece { len: 0, ..gathered };
        Left([gathered, nothing, nothing])
    }

    /// The rows of `d` from a panel's first vector on, in place or gathered in `memory` as those of `a` are.
    #[inline(always)]
    pub(super) fn right<'m, C: Cell>(
        &self,
        rows: Range<usize>,
        count: usize,
        vectors: Range<usize>,
        memory: &'m mut Buffer,
    ) -> Rows<'m>
    where
        'a: 'm,
    {
        let lanes = self.pass.plan.shapes[0].lanes;
        let (at, width) = (vectors.start * lanes, vectors.len() * lanes);
        let Rows { data, stride } = self.d::<C>(rows.start);
        let data = &data[at..];
        if count * stride <= IN_PLACE {
            return Rows { data, stride };
        }
        memory.resize(rows.len() * width);
        for (n, to) in memory.chunks_exact_mut(width).enumerate() {
            to.copy_from_slice(&data[n * stride..][..width]);
        }
        Rows { data: memory, stride: width }
    }

    /// Are the rows of `a` evenly spaced? The states before the steps are if the layer reads forward
    /// in time and no sequence ends before another; inputs are if they are one run of columns.
    fn is_even(&self) -> bool {
        match self.matrix {
            Matrix::Head => true,
            Matrix::Block(block) => {
                let rows = &self.chunk.rows;
                let even = rows.num_rows() == rows.batch_size() * rows.seq_len();
                let dense = self.pass.plan.shapes[block].input.runs == 1;
                even && dense && !self.pass.network.layers[block].reverse
            }
        }
    }

    /// The sources of a row of `a`, from timestep `t` of the chunk's sequence `b` on.
    #[inline(always)]
    fn sources<C: Cell>(&self, t: usize, b: usize) -> [Source<'a>; 3] {
        let Operand { pass: Pass { plan, network, .. }, chunk, .. } = *self;
        let rows = &chunk.rows;
        let row = rows.at(t).start + b;
        let source =
            |data, row: usize, stride, columns| Source { rows: Rows { data, stride }.from(row), columns };
        let nothing = source(&[], 0, 0, Columns::dense(0));
        let block = match self.matrix {
            Matrix::Block(block) => block,
            Matrix::Head => {
                let row = if self.reads_final_states() { b } else { row };
                let outputs = plan.head.output_size;
                return [source(&*chunk.doutput, row, outputs, Columns::dense(outputs)), nothing, nothing];
            }
        };
        let (shape, memory) = (plan.shapes[block], &chunk.layers[block]);
        let reverse = network.layers[block].reverse;
        let slot = rows.slot(rows.timestep(t, reverse), reverse).start + b;
        let h = source(&*memory.states, slot, shape.state_len::<C>(), shape.hidden());
        let x = if plan.is_first_layer(block) {
            source(&*chunk.x, row, shape.input.depth, shape.input)
        } else {
            let below = &chunk.outputs[block / plan.num_directions - 1];
            source(&**below, row, plan.width, shape.input)
        };
        let inner = if C::FROM_INNER > 0 { inner_value::<C>(shape, &memory.tape, row) } else { nothing };
        [h, x, inner]
    }

    #[inline(always)]
    fn d_stride<C: Cell>(&self) -> usize {
        match self.matrix {
            Matrix::Block(block) => self.pass.plan.shapes[block].tape_len::<C>(),
            Matrix::Head => self.pass.plan.width,
        }
    }

    /// The rows of `d` from a row on.
    #[inline(always)]
    fn d<C: Cell>(&self, row: usize) -> Rows<'a> {
        let chunk = self.chunk;
        let (plan, stride) = (self.pass.plan, self.d_stride::<C>());
        match self.matrix {
            Matrix::Block(block) => {
                let (shape, tape) = (plan.shapes[block], &chunk.layers[block].tape);
                Rows { data: &tape[row * stride + Tape::dpre::<C>() * shape.padded()..], stride }
            }
            Matrix::Head => {
                let every = || &chunk.outputs[plan.shapes.len() / plan.num_directions - 1];
                let features = if self.reads_final_states() { &chunk.features } else { every() };
                Rows { data: &features[row * stride..], stride }
            }
        }
    }
}

#[inline(always)]
fn inner_value<C: Cell>(shape: Shape, tape: &[f32], row: usize) -> Source<'_> {
    let stride = shape.tape_len::<C>();
    let data = &tape[row * stride + Tape::inner::<C>() * shape.padded()..];
    Source { rows: Rows { data, stride }, columns: shape.hidden() }
}
