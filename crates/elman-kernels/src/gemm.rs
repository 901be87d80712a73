//! GEMM: matrix products of rows with packed panels, tile by tile. The microkernel is the register tile of
//! [`tile`](crate::tile).
//!
//! The accumulators are a local array that is written to a scratch once, and what follows reads
//! from there. An epilogue that worked on the accumulators in place made the compiler keep them in
//! memory all along: 45 % of peak in place of 90 %.

#![allow(clippy::needless_range_loop, reason = "sums and operands are indexed alike")]

use crate::isa::Isa;

use crate::prefetch::{LINE, prefetch};
use crate::tile::{Columns, Matrix, add_outer, for_tiles, total};
use crate::tuning::{LEAST_AHEAD, PIECE, max_height};
use crate::vector::Vector;

/// Rows, and the panel `[columns][vectors][lanes]` that they are multiplied with.
#[derive(Clone, Copy, Debug)]
pub struct Factor<'a> {
    /// The rows.
    pub rows: Matrix<'a>,
    /// Which of their values count.
    pub columns: Columns,
    /// What each of those is multiplied with.
    pub panel: &'a [f32],
}

impl<'a> Factor<'a> {
    /// No columns, which add nothing.
    const NONE: Self = Factor {
        rows: Matrix { data: &[], stride: 0 },
        columns: Columns { runs: 0, depth: 0, stride: 0 },
        panel: &[],
    };

    /// The values of a run of some rows.
    #[inline(always)]
    fn runs_of<const HEIGHT: usize>(&self, first: usize, run: usize) -> [&'a [f32]; HEIGHT] {
        let mut rows = [&[][..]; HEIGHT];
        let mut rest = &self.rows.data[first * self.rows.stride + run * self.columns.stride..];
        for r in 0..HEIGHT {
            rows[r] = &rest[..self.columns.depth];
            if r + 1 < HEIGHT {
                rest = &rest[self.rows.stride..];
            }
        }
        rows
    }
}

/// What the sums of a product begin with.
#[derive(Clone, Copy, Debug)]
pub enum Start<'a> {
    /// 0
    Zero,
    /// The same for all rows, `[vectors][lanes]`.
    Bias(&'a [f32]),
    /// What stands in their places.
    Present,
}

/// A matrix product: the `count` rows from the `first` on of a matrix times its panel; or of two matrices, as
/// input and state are, one after the other. To add the second product in the same tiles, rather than in
/// tiles of its own, made a layer of 32 units 15 % faster in the forward pass (Zen 4, November 2026). Two have at most [`PIECE`]
/// columns together.
#[derive(Clone, Copy, Debug)]
pub struct Product<'a> {
    /// What the sums begin with.
    pub start: Start<'a>,
    /// Added first, in one chain.
    pub inputs: Factor<'a>,
    /// Added then, in `chains`.
    pub factor: Factor<'a>,
    /// See [`chains`](crate::tuning::chains).
    pub chains: usize,
    /// The first row.
    pub first: usize,
    /// The number of rows.
    pub count: usize,
    /// The vectors of the panel.
    pub vectors: usize,
    /// What is read after the panels.
    pub next: &'a [f32],
}

/// Where the sums of a product stand: `vectors` from the `first` on in rows that are `width` vectors wide.
#[derive(Debug)]
pub struct Sums<'a> {
    /// The rows.
    pub scratch: &'a mut [f32],
    /// The first vector.
    pub first: usize,
    /// The vectors of a row.
    pub width: usize,
}

impl<'a> Product<'a> {
    /// That of one matrix, for `count` rows from the `first` on, from nothing, in one chain.
    #[inline(always)]
    pub fn of(factor: Factor<'a>, (first, count): (usize, usize), vectors: usize) -> Self {
        let (start, inputs, chains, next) = (Start::Zero, Factor::NONE, 1, &[][..]);
        Product { start, inputs, factor, chains, first, count, vectors, next }
    }

    /// Leaves the sums in the scratch, in rows `vectors` wide.
    #[inline(always)]
    pub fn put<S: Isa>(&self, s: S, scratch: &mut [f32]) {
        self.put_at(s, scratch, 0, self.vectors);
    }

    /// Leaves them in the vectors from `first` on of the scratch's rows, which are `width` wide.
    #[inline(always)]
    pub fn put_at<S: Isa>(&self, s: S, scratch: &mut [f32], first: usize, width: usize) {
        s.gemm(self, Sums { scratch, first, width });
    }

    /// What [`Isa::gemm`] is on each instruction set. Inlined wherever a cell calls it, these loops made a build
    /// of seven minutes.
    #[inline(always)]
    pub(crate) fn compute<S: Isa>(&self, s: S, sums: &mut Sums<'_>) {
        let sums = &mut Sums { scratch: &mut *sums.scratch, first: sums.first, width: sums.width };
        match (self.vectors, self.chains) {
            (0, _) => {}
            (1, 1) => self.tiles_of_width::<S, 1, 1>(s, sums),
            (2, 1) => self.tiles_of_width::<S, 2, 1>(s, sums),
            (3, 1) => self.tiles_of_width::<S, 3, 1>(s, sums),
            (4, 1) => self.tiles_of_width::<S, 4, 1>(s, sums),
            (1, 2) => self.tiles_of_width::<S, 1, 2>(s, sums),
            (2, 2) => self.tiles_of_width::<S, 2, 2>(s, sums),
            (3, 2) if const { Vector::<S>::LANES == 8 } => self.tiles_of_width::<S, 3, 2>(s, sums),
            (1, 4) => self.tiles_of_width::<S, 1, 4>(s, sums),
            (vectors, chains) => unreachable!("{vectors} vectors, {chains} chains"),
        }
    }

    #[inline(always)]
    fn tiles_of_width<S: Isa, const VECTORS: usize, const CHAINS: usize>(&self, s: S, sums: &mut Sums<'_>) {
        let pieces = if CHAINS == 1 && self.factor.columns.len() > PIECE { self.num_pieces() } else { 1 };
        for n in 0..pieces {
            let piece = if pieces > 1 { self.piece(n) } else { *self };
            for_tiles!(self.count, max_height::<S>(VECTORS * CHAINS), |row, HEIGHT| {
                piece.tile::<S, HEIGHT, VECTORS, CHAINS>(s, row, sums);
            });
        }
    }

    fn num_pieces(&self) -> usize {
        self.factor.columns.runs * self.factor.columns.depth.div_ceil(PIECE)
    }

    /// The product with the `n`-th piece of the factor's columns, of one run each.
    fn piece(&self, n: usize) -> Self {
        debug_assert!(self.inputs.columns.is_empty(), "only a product of one matrix is cut");
        let Factor { rows, columns, panel } = self.factor;
        let Columns { runs: _, depth, stride } = columns;
        let pieces = depth.div_ceil(PIECE);
        let (run, from) = (n / pieces, n % pieces * PIECE);
        let width = panel.len() / columns.len();
        let columns = Columns::dense(PIECE.min(depth - from));
        let (panel, rest) = panel[(run * depth + from) * width..].split_at(columns.len() * width);
        let next = if rest.is_empty() { self.next } else { rest };
        let rows = Matrix { data: &rows.data[run * stride + from..], ..rows };
        let start = if n == 0 { self.start } else { Start::Present };
        Product { start, factor: Factor { rows, columns, panel }, next, ..*self }
    }

    /// What the tile from `row` on, after tiles of `height` rows, asks for of what is read next: as many cache
    /// lines as it is deep; nothing new if the tiles before have asked for as much as the panels are long.
    #[inline(always)]
    fn ahead(&self, row: usize, height: usize) -> Ahead<'a> {
        let nothing = Ahead { of: self.factor.panel, at: 0, line: 0 };
        let len = self.inputs.panel.len() + self.factor.panel.len();
        if self.next.is_empty() || len < LEAST_AHEAD {
            return nothing;
        }
        let depth = self.inputs.columns.len() + self.factor.columns.len();
        let at = (self.first + row).div_ceil(height) * depth * LINE;
        match self.next.get(at..) {
            Some(next) if at < len && !next.is_empty() => Ahead { of: next, at: 0, line: LINE },
            _ => nothing,
        }
    }

    #[inline(always)]
    fn tile<S: Isa, const HEIGHT: usize, const VECTORS: usize, const CHAINS: usize>(
        &self,
        s: S,
        row: usize,
        to: &mut Sums<'_>,
    ) {
        let lanes = Vector::<S>::LANES;
        let width = VECTORS * lanes;
        // From one row of the scratch to the next one, and the first row's place.
        let (stride, place) = (to.width * lanes, (row * to.width + to.first) * lanes);
        let zero = Vector::splat(s, 0.0);
        let mut sums = [[[zero; VECTORS]; HEIGHT]; CHAINS];
        match self.start {
            Start::Zero => {}
            Start::Bias(bias) => {
                let bias = &bias[..width];
                for v in 0..VECTORS {
                    let bias = Vector::load(s, bias, v * lanes);
                    for r in 0..HEIGHT {
                        sums[0][r][v] = bias;
                    }
                }
            }
            Start::Present => {
                let mut rest = &to.scratch[place..];
                for r in 0..HEIGHT {
                    let from = &rest[..width];
                    for v in 0..VECTORS {
                        sums[0][r][v] = Vector::load(s, from, v * lanes);
                    }
                    if r + 1 < HEIGHT {
                        rest = &rest[stride..];
                    }
                }
            }
        }
        let (first, mut ahead) = (self.first + row, self.ahead(row, max_height::<S>(VECTORS * CHAINS)));
        accumulate::<S, HEIGHT, VECTORS, CHAINS, 1>(s, &mut sums, &self.inputs, first, &mut ahead);
        accumulate::<S, HEIGHT, VECTORS, CHAINS, CHAINS>(s, &mut sums, &self.factor, first, &mut ahead);
        let mut rest = &mut to.scratch[place..];
        for r in 0..HEIGHT {
            let to = &mut rest[..width];
            for v in 0..VECTORS {
                let mut chains = [zero; CHAINS];
                for c in 0..CHAINS {
                    chains[c] = sums[c][r][v];
                }
                total(chains).store(to, v * lanes);
            }
            if r + 1 < HEIGHT {
                rest = &mut rest[stride..];
            }
        }
    }
}

/// What a tile asks for ahead: one value of each cache line.
struct Ahead<'a> {
    of: &'a [f32],
    at: usize,
    line: usize,
}

/// Adds a factor's product for the rows from `first` on, in `USED` of the chains.
#[inline(always)]
fn accumulate<S: Isa, const HEIGHT: usize, const VECTORS: usize, const CHAINS: usize, const USED: usize>(
    s: S,
    sums: &mut [[[Vector<S>; VECTORS]; HEIGHT]; CHAINS],
    factor: &Factor<'_>,
    first: usize,
    ahead: &mut Ahead<'_>,
) {
    let width = VECTORS * Vector::<S>::LANES;
    let Columns { runs, depth, .. } = factor.columns;
    for run in 0..runs {
        let rows = factor.runs_of::<HEIGHT>(first, run);
        let panel = &factor.panel[run * depth * width..][..depth * width];
        let turns = depth / USED;
        let (whole, rest) = panel.split_at(turns * USED * width);
        // In chunks whose number is that of the turns, which spares each turn the checks.
        let mut whole_rows = [&[][..]; HEIGHT];
        for r in 0..HEIGHT {
            whole_rows[r] = &rows[r].as_chunks::<USED>().0[..turns];
        }
        for (turn, b) in (0..turns).zip(whole.chunks_exact(USED * width)) {
            // A single row asks for its own panel as fast as that comes.
            if USED == 1 && HEIGHT > 1 {
                prefetch(s, ahead.of, ahead.at);
                ahead.at += ahead.line;
            }
            for c in 0..USED {
                add_outer(
                    s,
                    &mut sums[c],
                    #[inline(always)]
                    |r| whole_rows[r][turn][c],
                    &b[c * width..],
                );
            }
        }
        for (c, b) in (0..USED - 1).zip(rest.chunks_exact(width)) {
            add_outer(
                s,
                &mut sums[c],
                #[inline(always)]
                |r| rows[r][turns * USED + c],
                b,
            );
        }
    }
}
