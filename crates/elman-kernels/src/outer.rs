//! Sums of outer products, which a weight gradient is: for one matrix, the sum over all rows of `a x d`, with `a` what the matrix
//! multiplied (an input, a state) and `d` the gradients of what it gave (d pre-activations).
//!
//! The tile is that of [`tile`](crate::tile), turned: the depth is the rows, the tile's rows are columns
//! of `a`. Sums are kept in panels `[column][vector][lane]`, ordered like the forward pass's, and
//! brought into PyTorch's order once at the end. Each panel is a sum of its own: threads can share
//! panels out, and no bit depends on how.

#![allow(clippy::needless_range_loop, reason = "sums and operands are indexed alike")]

use crate::isa::Isa;
use crate::tile::{Matrix, add_outer, for_tiles, total};
use crate::tuning::{AT_A_TIME, max_height};
use crate::vector::Vector;

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
    pub a: Matrix<'a>,
    /// The columns of `a`.
    pub columns: usize,
    /// The gradient of what it gave.
    pub d: Matrix<'a>,
    /// The vectors of `d`.
    pub vectors: usize,
}

impl Outer<'_> {
    /// What [`Isa::add_outer`] is on each instruction set.
    #[inline(always)]
    pub(crate) fn add<S: Isa>(&self, s: S, sums: &mut [f32]) {
        match self.vectors {
            1 => self.add_vectors::<S, 1>(s, sums),
            2 => self.add_vectors::<S, 2>(s, sums),
            3 => self.add_vectors::<S, 3>(s, sums),
            4 => self.add_vectors::<S, 4>(s, sums),
            _ => unreachable!("panels are at most four vectors wide"),
        }
    }

    #[inline(always)]
    fn add_vectors<S: Isa, const VECTORS: usize>(&self, s: S, sums: &mut [f32]) {
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
    pub fn add_bias<S: Isa>(&self, s: S, sums: &mut [f32]) {
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
