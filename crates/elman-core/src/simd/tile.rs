//! The register tile: the sums `rows x vectors` that stay in registers while the depth runs by.
//!
//! ```text
//!              panel [depth][vectors][lanes]
//!                 | b0  b1  b2  b3 |     one step of the depth: `vectors` loads,
//!   rows[0][k] -> | +=  +=  +=  += |     one broadcast per row,
//!   rows[1][k] -> | +=  +=  +=  += |     rows x vectors multiply-adds
//!      ...
//! ```
//!
//! A tile of `m` rows and `v` vectors makes `m v` multiply-adds from `m + v` loads, so it should be
//! large and near square; it must fit the registers, with room for the operands. With 32 registers
//! (AVX-512, NEON) 6 x 4 and 8 x 3 leave 8, with 16 (AVX2) 3 x 4 and 6 x 2 leave 4.
//!
//! Every sum is one chain over the depth, in order, whatever the height of its tile: that is why a
//! row alone (a stream) gives the bits of a row among many (a batch).
//!
//! The accumulators are a local array that is written to a scratch once, and what follows reads
//! from there. An epilogue that worked on the accumulators in place made the compiler keep them in
//! memory all along: 45 % of peak in place of 90 %.

#![allow(clippy::needless_range_loop, reason = "sums and operands are indexed alike")]

use fearless_simd::Simd;

use super::vector::Vector;
use crate::lane::Lane;

/// The most vectors that a panel is wide, and so the most pre-activations that a cell may have.
pub const MAX_VECTORS: usize = 4;

/// The rows whose sums are handed over at a time: a multiple of the heights of full tiles (3, 4, 6
/// and 8), with sums that stay in the first cache.
pub const GROUP: usize = 24;

/// The length of a scratch for whole groups: the sums `[GROUP][vectors][lanes]` on their way from the
/// registers to an epilogue.
pub const SCRATCH: usize = GROUP * SCRATCH_OF_ROW;

/// The length of a scratch for a single row.
pub const SCRATCH_OF_ROW: usize = MAX_VECTORS * 16;

/// Rows of a matrix: row `n` starts at `data[n * stride]`.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    /// The values, from the first row's start on.
    pub data: &'a [f32],
    /// From one row's start to the next one's.
    pub stride: usize,
}

impl<'a> Rows<'a> {
    /// The rows from `first` on.
    #[inline(always)]
    pub fn from(self, first: usize) -> Rows<'a> {
        Rows { data: &self.data[first * self.stride..], stride: self.stride }
    }
}

/// Which values of a row count: `runs` runs of `depth` values, their starts `stride` apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The number of runs.
    pub runs: usize,
    /// The values of a run.
    pub depth: usize,
    /// From one run's start to the next one's.
    pub stride: usize,
}

impl Columns {
    /// One run of `depth` values.
    pub const fn dense(depth: usize) -> Self {
        Columns { runs: 1, depth, stride: depth }
    }

    /// The values that count.
    pub const fn len(self) -> usize {
        self.runs * self.depth
    }

    /// Is there none?
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// The height of a full tile of so many vectors.
pub(super) const fn max_height<S: Simd>(vectors: usize) -> usize {
    let many_registers = Vector::<S>::LANES == 16 || cfg!(target_arch = "aarch64");
    match (vectors, many_registers) {
        (1, _) | (2 | 3, true) => 8,
        (4, true) | (2, false) => 6,
        (3, false) => 4,
        _ => 3,
    }
}

/// Cuts `$rows` rows into tiles: runs `$body` with `$first` as a tile's first row and the constant
/// `$HEIGHT` as its height. Heights above `$max` are not compiled.
macro_rules! for_tiles {
    ($rows:expr, $max:expr, |$first:ident, $HEIGHT:ident| $body:expr) => {{
        let rows: usize = $rows;
        let mut $first = 0;
        while $first < rows {
            macro_rules! tile {
                ($height:literal) => {{
                    const $HEIGHT: usize = $height;
                    $body;
                    $first += $height;
                }};
            }
            match (rows - $first).min($max) {
                8 if const { 8 <= $max } => tile!(8),
                7 if const { 7 <= $max } => tile!(7),
                6 if const { 6 <= $max } => tile!(6),
                5 if const { 5 <= $max } => tile!(5),
                4 if const { 4 <= $max } => tile!(4),
                3 if const { 3 <= $max } => tile!(3),
                2 => tile!(2),
                _ => tile!(1),
            }
        }
    }};
}
pub(super) use for_tiles;

/// A matrix product: the `columns` of `count` rows, at most [`GROUP`], times a panel
/// `[columns][vectors][lanes]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Product<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) count: usize,
    pub(super) columns: Columns,
    pub(super) panel: &'a [f32],
    pub(super) vectors: usize,
}

impl Product<'_> {
    /// Overwrites the scratch with the product, in rows `vectors` wide.
    #[inline(always)]
    pub(super) fn set<S: Simd>(&self, s: S, scratch: &mut [f32]) {
        self.run::<S, false>(s, scratch, 0, self.vectors);
    }

    /// Adds the product to the vectors from `first` on in the scratch's rows, which are `width` wide.
    #[inline(always)]
    pub(super) fn add<S: Simd>(&self, s: S, scratch: &mut [f32], first: usize, width: usize) {
        self.run::<S, true>(s, scratch, first, width);
    }

    #[inline(always)]
    fn run<S: Simd, const ADD: bool>(&self, s: S, scratch: &mut [f32], first: usize, width: usize) {
        if self.count == 1 {
            // A single sequence: a call would be felt.
            match self.vectors {
                0 => {}
                1 => self.tile::<S, 1, 1, ADD>(s, 0, scratch, first, width),
                2 => self.tile::<S, 1, 2, ADD>(s, 0, scratch, first, width),
                3 => self.tile::<S, 1, 3, ADD>(s, 0, scratch, first, width),
                4 => self.tile::<S, 1, 4, ADD>(s, 0, scratch, first, width),
                _ => unreachable!("panels are at most {MAX_VECTORS} vectors wide"),
            }
        } else {
            self.tiles::<S, ADD>(s, scratch, first, width);
        }
    }

    /// A function of its own for each instruction set, and not for each cell and place of use:
    /// inlined everywhere, these loops made a build of seven minutes.
    #[inline(never)]
    fn tiles<S: Simd, const ADD: bool>(&self, s: S, scratch: &mut [f32], first: usize, width: usize) {
        s.vectorize(
            #[inline(always)]
            || match self.vectors {
                0 => {}
                1 => self.tiles_of_width::<S, 1, ADD>(s, scratch, first, width),
                2 => self.tiles_of_width::<S, 2, ADD>(s, scratch, first, width),
                3 => self.tiles_of_width::<S, 3, ADD>(s, scratch, first, width),
                4 => self.tiles_of_width::<S, 4, ADD>(s, scratch, first, width),
                _ => unreachable!("panels are at most {MAX_VECTORS} vectors wide"),
            },
        );
    }

    #[inline(always)]
    fn tiles_of_width<S: Simd, const VECTORS: usize, const ADD: bool>(
        &self,
        s: S,
        scratch: &mut [f32],
        first: usize,
        width: usize,
    ) {
        for_tiles!(self.count, max_height::<S>(VECTORS), |row, HEIGHT| {
            self.tile::<S, HEIGHT, VECTORS, ADD>(s, row, scratch, first, width);
        });
    }

    #[inline(always)]
    fn tile<S: Simd, const HEIGHT: usize, const VECTORS: usize, const ADD: bool>(
        &self,
        s: S,
        row: usize,
        scratch: &mut [f32],
        first: usize,
        width: usize,
    ) {
        let lanes = Vector::<S>::LANES;
        let places = |r: usize| ((row + r) * width + first) * lanes;
        let mut sums = [[Vector::splat(s, 0.0); VECTORS]; HEIGHT];
        if ADD {
            for r in 0..HEIGHT {
                for v in 0..VECTORS {
                    sums[r][v] = Vector::load(s, scratch, places(r) + v * lanes);
                }
            }
        }
        let columns = self.columns;
        for run in 0..columns.runs {
            let rows: [&[f32]; HEIGHT] = core::array::from_fn(
                #[inline(always)]
                |r| &self.rows.data[(row + r) * self.rows.stride + run * columns.stride..][..columns.depth],
            );
            let panel =
                &self.panel[run * columns.depth * VECTORS * lanes..][..columns.depth * VECTORS * lanes];
            for (k, b) in (0..columns.depth).zip(panel.chunks_exact(VECTORS * lanes)) {
                for v in 0..VECTORS {
                    let b = Vector::load(s, b, v * lanes);
                    for r in 0..HEIGHT {
                        sums[r][v] = Vector::splat(s, rows[r][k]).mul_add(b, sums[r][v]);
                    }
                }
            }
        }
        for r in 0..HEIGHT {
            for v in 0..VECTORS {
                sums[r][v].store(scratch, places(r) + v * lanes);
            }
        }
    }
}

/// Fills `rows` rows of a scratch with the vectors of `values`.
#[inline(always)]
pub(super) fn fill<S: Simd>(s: S, scratch: &mut [f32], rows: usize, values: &[f32]) {
    for at in (0..values.len()).step_by(Vector::<S>::LANES) {
        let value = Vector::load(s, values, at);
        for row in 0..rows {
            value.store(scratch, row * values.len() + at);
        }
    }
}

/// A vector of a row of a scratch, where rows are `width` vectors wide.
#[inline(always)]
pub(super) fn load<S: Simd>(s: S, scratch: &[f32], row: usize, width: usize, vector: usize) -> Vector<S> {
    Vector::load(s, scratch, (row * width + vector) * Vector::<S>::LANES)
}
