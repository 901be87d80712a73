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
//! (AVX-512, NEON) 6 x 4 and 8 x 3 leave 8, with 16 (AVX2) 3 x 4, 4 x 3 and 6 x 2 leave 4: there one
//! operand more in registers (see `add_outer`) sends two sums to memory and back at each step; what that costs stands at
//! [`max_height`](crate::tuning::max_height).
//!
//! Every sum is one chain over the depth, in order, or a few (see [`chains`](crate::tuning::chains)), whatever the height of its
//! tile: that is why a row alone (a stream) gives the bits of a row among many (a batch).

#![allow(clippy::needless_range_loop, reason = "sums and operands are indexed alike")]

use crate::isa::Isa;
use crate::lane::Lane;
use crate::tuning::GROUP;
use crate::vector::Vector;

/// The most vectors that a panel is wide, and so the most pre-activations that a cell may have.
pub const MAX_VECTORS: usize = 4;

/// The length of a scratch for whole groups: the sums `[GROUP][vectors][lanes]` on their way from the
/// registers to an epilogue.
pub const SCRATCH: usize = GROUP * SCRATCH_OF_ROW;

/// The length of a scratch for a single row.
pub const SCRATCH_OF_ROW: usize = MAX_VECTORS * 16;

/// Rows of numbers, evenly spaced: row `n` starts at `data[n * stride]`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    /// The values, from the first row's start on.
    pub data: &'a [f32],
    /// From one row's start to the next one's.
    pub stride: usize,
}

impl<'a> Matrix<'a> {
    /// The rows from `first` on.
    #[inline(always)]
    pub fn from(self, first: usize) -> Matrix<'a> {
        Matrix { data: &self.data[first * self.stride..], stride: self.stride }
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

/// The sum of a sum's chains.
#[inline(always)]
pub fn total<S: Isa, const CHAINS: usize>(mut chains: [Vector<S>; CHAINS]) -> Vector<S> {
    let mut count = CHAINS;
    while count > 1 {
        count /= 2;
        for c in 0..count {
            chains[c] = chains[c] + chains[c + count];
        }
    }
    chains[0]
}

/// The height of the next tile where so many rows are left: a tile of a single row would take longer than
/// its share.
pub const fn next_height(rows: usize, max: usize) -> usize {
    if rows == max + 1 {
        rows.div_ceil(2)
    } else if rows < max {
        rows
    } else {
        max
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
            match $crate::tile::next_height(rows - $first, $max) {
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
pub(crate) use for_tiles;

/// `sums[r][v] += a(r) * b[v]`. Of the operands the fewer are held in registers, and the others come one
/// at a time.
#[inline(always)]
pub fn add_outer<S: Isa, const HEIGHT: usize, const VECTORS: usize>(
    s: S,
    sums: &mut [[Vector<S>; VECTORS]; HEIGHT],
    a: impl Fn(usize) -> f32,
    b: &[f32],
) {
    let lanes = Vector::<S>::LANES;
    let b = &b[..VECTORS * lanes];
    if HEIGHT > VECTORS {
        let mut vectors = [Vector::splat(s, 0.0); VECTORS];
        for v in 0..VECTORS {
            vectors[v] = Vector::load(s, b, v * lanes);
        }
        for r in 0..HEIGHT {
            let a = Vector::splat(s, a(r));
            for v in 0..VECTORS {
                sums[r][v] = a.mul_add(vectors[v], sums[r][v]);
            }
        }
    } else {
        for v in 0..VECTORS {
            let b = Vector::load(s, b, v * lanes);
            for r in 0..HEIGHT {
                sums[r][v] = Vector::splat(s, a(r)).mul_add(b, sums[r][v]);
            }
        }
    }
}

/// Sets the last vectors of `rows` rows of a scratch, which are `width` vectors wide, to `values`.
#[inline(always)]
pub fn fill<S: Isa>(s: S, scratch: &mut [f32], rows: usize, values: &[f32], width: usize) {
    let lanes = Vector::<S>::LANES;
    for at in (0..values.len()).step_by(lanes) {
        let value = Vector::load(s, values, at);
        for row in 0..rows {
            value.store(scratch, (row + 1) * width * lanes - values.len() + at);
        }
    }
}

/// A vector of a row of a scratch, where rows are `width` vectors wide.
#[inline(always)]
pub fn load<S: Isa>(s: S, scratch: &[f32], row: usize, width: usize, vector: usize) -> Vector<S> {
    Vector::load(s, scratch, (row * width + vector) * Vector::<S>::LANES)
}
