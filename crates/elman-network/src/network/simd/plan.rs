//! How a network is cut for vectors: the shapes of its blocks, and how rows lie in memory between them.

use elman_core::engine::shape::Shape;
use elman_kernels::dense;
use elman_kernels::tile::Columns;

use super::shuffle;
use crate::network::{Kind, Layer, Network, Placed};

/// How the values of a row lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RowLayout {
    /// Which values count: a run per direction of a recurrent block, otherwise one.
    pub(super) columns: Columns,
    /// From one row to the next.
    pub(super) len: usize,
}

impl RowLayout {
    /// Values side by side, and the next row behind them.
    fn dense(width: usize) -> Self {
        RowLayout { columns: Columns::dense(width), len: width }
    }

    /// Runs of whole vectors. What is behind a run's last value is finite, and meets zeros.
    fn padded(runs: usize, depth: usize, lanes: usize) -> Self {
        let stride = depth.next_multiple_of(lanes);
        RowLayout { columns: Columns { runs, depth, stride }, len: runs * stride }
    }

    /// The same values in runs of whole vectors.
    fn padded_for(self, lanes: usize) -> Self {
        RowLayout::padded(self.columns.runs, self.columns.depth, lanes)
    }

    /// The values that count.
    pub(super) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Are the values that count side by side?
    pub(super) fn is_contiguous(&self) -> bool {
        self.columns.runs == 1 || self.columns.stride == self.columns.depth
    }

    /// A row's values side by side, in place or gathered in `memory`, which is as long as they are many.
    pub(super) fn values<'a>(&self, row: &'a [f32], memory: &'a mut [f32]) -> &'a [f32] {
        if self.is_contiguous() {
            return &row[..self.width()];
        }
        self.read(row, memory);
        memory
    }

    /// Copies a row's values side by side.
    pub(super) fn read(&self, row: &[f32], to: &mut [f32]) {
        let Columns { depth, stride, .. } = self.columns;
        for (to, from) in to.chunks_exact_mut(depth).zip(row.chunks(stride)) {
            to.copy_from_slice(&from[..depth]);
        }
    }

    /// Puts a row's values into their places.
    pub(super) fn write(&self, from: &[f32], row: &mut [f32]) {
        let Columns { depth, stride, .. } = self.columns;
        for (to, from) in row.chunks_mut(stride).zip(from.chunks_exact(depth)) {
            to[..depth].copy_from_slice(from);
        }
    }
}

/// What runs a block.
#[derive(Debug)]
pub(super) enum Work {
    /// The shape of each direction.
    Recurrent(Vec<Shape>),
    Dense(dense::Dense),
    /// The plain code of the block, row by row.
    Plain,
}

/// A block as it is cut.
#[derive(Debug)]
pub(super) struct PlanBlock {
    pub(super) work: Work,
    pub(super) input: RowLayout,
    pub(super) output: RowLayout,
    /// How the gradients of both lie: as they do themselves, but padded; that of the network's output as the output.
    pub(super) input_gradient: RowLayout,
    pub(super) output_gradient: RowLayout,
    /// The timelines of the rows that enter and leave.
    pub(super) input_time: usize,
    pub(super) output_time: usize,
}

impl PlanBlock {
    /// The shapes of a recurrent block's directions; none of another's.
    pub(super) fn shapes(&self) -> &[Shape] {
        if let Work::Recurrent(shapes) = &self.work { shapes } else { &[] }
    }
}

/// A network as it is cut.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) blocks: Vec<PlanBlock>,
    /// The rows of the chunk's input.
    pub(super) input: RowLayout,
    /// Do vectors run along it, which should start at a cache line?
    pub(super) reads_vectors: bool,
    pub(super) lanes: usize,
    /// The weights of the largest recurrent layer; the same for any number of lanes, since how a batch is cut into
    /// chunks depends on it.
    pub(super) largest: usize,
    /// Does any layer read sequences from their ends?
    pub(super) reads_back: bool,
    /// Does any skip add the network's input?
    pub(super) skips: bool,
    /// Is it packed by a list of moves?
    pub(super) shuffles: bool,
}

impl Plan {
    pub(super) fn new(network: &Network, lanes: usize) -> Self {
        let placed = network.blocks();
        // Vectors run along what a dense block reads.
        let reads_vectors = matches!(placed.first(), Some(Placed { kind: Kind::Dense { .. }, .. }));
        let width = network.input_size();
        let input = if reads_vectors { RowLayout::padded(1, width, lanes) } else { RowLayout::dense(width) };
        let mut before = input;
        let mut blocks = Vec::with_capacity(placed.len());
        for (n, placed) in placed.iter().enumerate() {
            let is_last = n + 1 == network.blocks().len();
            let (work, output) = match &placed.kind {
                Kind::Recurrent(recurrent) => {
                    let shape = |layer: &Layer| {
                        Shape::new(layer.cell.facts(), before.columns, layer.hidden_size, lanes)
                    };
                    let shapes: Vec<Shape> = recurrent.layers.iter().map(shape).collect();
                    let output = RowLayout::padded(shapes.len(), recurrent.block.hidden_size, lanes);
                    (Work::Recurrent(shapes), output)
                }
                Kind::Dense { .. } => {
                    let output_size = placed.output_size;
                    let output = match is_last {
                        true => RowLayout::dense(output_size),
                        false => RowLayout::padded(1, output_size, lanes),
                    };
                    let dense =
                        dense::Dense { features: before.columns, output_size, output_stride: output.len };
                    (Work::Dense(dense), output)
                }
                Kind::Dropout(_) => (Work::Plain, before),
                Kind::Embedding { .. }
                | Kind::LayerNorm { .. }
                | Kind::Skip(_)
                | Kind::Pooling(_)
                | Kind::Patch(_) => (Work::Plain, RowLayout::padded(1, placed.output_size, lanes)),
            };
            let (input_time, output_time) = (placed.input_time, placed.output_time);
            blocks.push(PlanBlock {
                work,
                input: before,
                output,
                input_gradient: before.padded_for(lanes),
                output_gradient: if is_last { output } else { output.padded_for(lanes) },
                input_time,
                output_time,
            });
            before = output;
        }
        let largest = blocks.iter().flat_map(PlanBlock::shapes).map(Shape::weights).max().unwrap_or(0);
        Plan {
            blocks,
            input,
            reads_vectors,
            lanes,
            largest,
            reads_back: !network.is_causal(),
            shuffles: shuffle::suits(network),
            skips: placed.iter().any(|placed| matches!(placed.kind, Kind::Skip(_))),
        }
    }
}
