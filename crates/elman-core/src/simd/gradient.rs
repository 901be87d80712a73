//! The weights' gradient: for one matrix, the sum over all rows of `a x d`, with `a` what the matrix
//! multiplied (an input, a state) and `d` the gradients of what it gave (d pre-activations).
//!
//! The tile is that of [`tile`](super::tile), turned: the depth is the rows, the tile's rows are columns
//! of `a`. Sums are kept in panels `[column][vector][lane]`, ordered like the forward pass's, and
//! brought into PyTorch's order once at the end. Each panel is a sum of its own: threads can share
//! panels out, and no bit depends on how.

#![allow(clippy::needless_range_loop, reason = "sums and operands are indexed alike")]

use fearless_simd::Simd;

use super::tile::{Rows, add_outer, for_tiles, max_height, total};
use super::vector::Vector;

/// The rows that all tiles are done with before they go on to the next ones: the first cache holds four
/// vectors of `d` and a cache line of `a` of so many. With all rows of a block at a time, `d` came from the
/// second cache for each tile anew, which took a third longer at 32 units (AVX2, 32 KB).
const AT_A_TIME: usize = 80;

/// The rows to add at a time, for `columns` columns of `a`: the more, the rarer all sums are fetched from beyond
/// the second cache; as many as leave the rows of `a` room in it.
pub const fn block_rows(columns: usize) -> usize {
    let times = (96 << 10) / (columns + 1) / AT_A_TIME;
    let times = if times < 1 {
        1
    } else if times > 6 {
        6
    } else {
        times
    };
    times * AT_A_TIME
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
        for first in (0..self.count).step_by(AT_A_TIME) {
            let rows = first..self.count.min(first + AT_A_TIME);
            for_tiles!(self.columns, max_height::<S>(VECTORS), |column, HEIGHT| {
                let mut tile = [[Vector::splat(s, 0.0); VECTORS]; HEIGHT];
                for row in rows.clone() {
                    let a = &self.a.data[row * self.a.stride + column..][..HEIGHT];
                    let d = &self.d.data[row * self.d.stride..];
                    add_outer(
                        s,
                        &mut tile,
                        #[inline(always)]
                        |r| a[r],
                        d,
                    );
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
