//! The weights' gradient: for one matrix, the sum over all rows of `a x d`, with `a` what the matrix
//! multiplied (an input, a state) and `d` the gradients of what it gave (d pre-activations).
//!
//! The tile is that of [`tile`](super::tile), turned: the depth is the rows, the tile's rows are columns
//! of `a`. Sums are kept in panels `[column][vector][lane]`, ordered like the forward pass's, and
//! brought into PyTorch's order once at the end. Each panel is a sum of its own: threads can share
//! panels out, and no bit depends on how.

#![allow(clippy::needless_range_loop, reason = "sums and operands are indexed alike")]

use fearless_simd::Simd;

use super::tile::{Rows, for_tiles, max_height, total};
use super::vector::Vector;
use crate::lane::Lane;

/// The rows to add at a time, for `columns` columns of `a`: the more, the rarer sums move between
/// registers and memory; as many as leave the rows of `a` room in the second cache.
pub const fn block_rows(columns: usize) -> usize {
    let rows = (96 << 10) / (columns + 1);
    if rows < 64 {
        64
    } else if rows > 512 {
        512
    } else {
        rows
    }
}

/// A good stride for rows of `columns` values that are read column by column: an odd number of cache
/// lines, so that one column spreads over all sets of the first cache.
pub const fn left_stride(columns: usize) -> usize {
    16 * (columns.div_ceil(16) | 1)
}

/// A sum over rows of outer products: `count` rows of `columns` values of `a` and `vectors` vectors,
/// at most four, of `d`.
#[derive(Clone, Copy, Debug)]
pub struct Outer<'a> {
    /// The rows.
    pub count: usize,
    /// What the matrix multiplied.
    pub a: Rows<'a>,
    /// The columns of `a`.
    pub columns: usize,
    /// The gradient of what it gave.
    pub d: Rows<'a>,
    /// The vectors of `d`.
    pub vectors: usize,
}

impl Outer<'_> {
    /// Adds the rows to the panel `sums [columns][vectors][lanes]`.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    #[inline(never)]
    pub fn add<S: Simd>(&self, s: S, sums: &mut [f32]) {
        s.vectorize(
            #[inline(always)]
            || match self.vectors {
                1 => self.add_vectors::<S, 1>(s, sums),
                2 => self.add_vectors::<S, 2>(s, sums),
                3 => self.add_vectors::<S, 3>(s, sums),
                4 => self.add_vectors::<S, 4>(s, sums),
                _ => unreachable!("panels are at most four vectors wide"),
            },
        );
    }

    #[inline(always)]
    fn add_vectors<S: Simd, const VECTORS: usize>(&self, s: S, sums: &mut [f32]) {
        let lanes = Vector::<S>::LANES;
        for_tiles!(self.columns, max_height::<S>(VECTORS), |column, HEIGHT| {
            let mut tile = [[Vector::splat(s, 0.0); VECTORS]; HEIGHT];
            for row in 0..self.count {
                let a = &self.a.data[row * self.a.stride + column..][..HEIGHT];
                let d = &self.d.data[row * self.d.stride..][..VECTORS * lanes];
                for v in 0..VECTORS {
                    let d = Vector::load(s, d, v * lanes);
                    for r in 0..HEIGHT {
                        tile[r][v] = Vector::splat(s, a[r]).mul_add(d, tile[r][v]);
                    }
                }
            }
            let sums = &mut sums[column * VECTORS * lanes..][..HEIGHT * VECTORS * lanes];
            for r in 0..HEIGHT {
                for v in 0..VECTORS {
                    let at = (r * VECTORS + v) * lanes;
                    (Vector::load(s, sums, at) + tile[r][v]).store(sums, at);
                }
            }
        });
    }

    /// Adds the rows of `d` alone to the bias' `sums [vectors][lanes]`.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    #[inline(always)]
    pub fn add_bias<S: Simd>(&self, s: S, sums: &mut [f32]) {
        for v in 0..self.vectors {
            let at = v * Vector::<S>::LANES;
            let mut chains = [Vector::splat(s, 0.0); 4];
            for first in (0..self.count).step_by(4) {
                for c in 0..4.min(self.count - first) {
                    chains[c] = chains[c] + Vector::load(s, self.d.data, (first + c) * self.d.stride + at);
                }
            }
            (Vector::load(s, sums, at) + total(chains)).store(sums, at);
        }
    }
}
