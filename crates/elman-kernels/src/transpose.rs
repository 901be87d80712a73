//! Transposes, between PyTorch's order of weights and that of the panels.
//!
//! ```
//! use elman_kernels::transpose::{Update, transpose};
//! use elman_kernels::{InstructionSet, dispatch};
//!
//! // Two rows of three become three rows of two, compiled for the best instruction set that the machine has.
//! let (from, mut to) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.0; 6]);
//! dispatch!(InstructionSet::best(), s => transpose(s, (&from, 3), (&mut to, 2), 2, 3, Update::Set));
//! assert_eq!(to, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
//! ```

#![allow(clippy::needless_range_loop, reason = "a square's vectors and their places are indexed alike")]

use crate::isa::Isa;

use crate::vector::Vector;

/// The most lanes of any vector.
const MAX_LANES: usize = 16;

/// What becomes of the values that are in a place already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Update {
    /// They are forgotten.
    Set,
    /// The new ones are added to them.
    Add,
}

/// `to[column * to_stride + row]` becomes, or gains, `from[row * from_stride + column]`, for all `rows` and
/// `columns`.
///
/// Squares of as many values as a vector has lanes are transposed in registers, the rest value by value.
///
/// # Panics
/// If a slice is too short.
#[inline(always)]
pub fn transpose<S: Isa>(
    s: S,
    from: (&[f32], usize),
    to: (&mut [f32], usize),
    rows: usize,
    columns: usize,
    update: Update,
) {
    let ((from, from_stride), (to, to_stride)) = (from, to);
    const { assert!(Vector::<S>::LANES <= MAX_LANES, "a square has room for the widest vectors") };
    let lanes = Vector::<S>::LANES;
    for row in (0..rows).step_by(lanes) {
        let down = lanes.min(rows - row);
        for column in (0..columns).step_by(lanes) {
            let across = lanes.min(columns - column);
            let from = &from[row * from_stride + column..];
            let to = &mut to[column * to_stride + row..];
            if down < lanes || across < lanes {
                for r in 0..down {
                    for (c, &value) in from[r * from_stride..][..across].iter().enumerate() {
                        let to = &mut to[c * to_stride + r];
                        *to = if update == Update::Add { *to + value } else { value };
                    }
                }
                continue;
            }
            let mut square = [Vector::splat(s, 0.0); MAX_LANES];
            for r in 0..lanes {
                square[r] = Vector::load(s, from, r * from_stride);
            }
            transpose_square(&mut square);
            for c in 0..lanes {
                let at = c * to_stride;
                let value =
                    if update == Update::Add { Vector::load(s, to, at) + square[c] } else { square[c] };
                value.store(to, at);
            }
        }
    }
}

/// Transposes a square of as many vectors as they have lanes. To interleave the first half of the vectors with
/// the second one moves the highest bit of a value's place, of `vector * lanes + lane`, to the lowest; when all bits
/// of the vector's number have moved, it has changed places with the lane's.
#[inline(always)]
fn transpose_square<S: Isa>(square: &mut [Vector<S>; MAX_LANES]) {
    let lanes = Vector::<S>::LANES;
    for _ in 0..lanes.ilog2() {
        let before = *square;
        for n in 0..lanes / 2 {
            (square[2 * n], square[2 * n + 1]) = before[n].interleave(before[n + lanes / 2]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{InstructionSet, dispatch};

    fn assert_transposes(set: InstructionSet, update: Update, rows: usize, columns: usize) {
        let (from_stride, to_stride) = (columns + 3, rows + 2);
        let from: [f32; 33 * 51] = core::array::from_fn(|n| n as f32);
        let mut to = [-1.0; 48 * 35];
        dispatch!(set, s => {
            transpose(s, (&from, from_stride), (&mut to, to_stride), rows, columns, update);
        });
        for (n, &value) in to.iter().enumerate() {
            let (column, row) = (n / to_stride, n % to_stride);
            let before = if update == Update::Add { -1.0 } else { 0.0 };
            let inside = column < columns && row < rows;
            let expected = if inside { from[row * from_stride + column] + before } else { -1.0 };
            assert_eq!(value, expected, "{rows} x {columns} on {set:?}: row {row}, column {column}");
        }
    }

    #[test]
    fn every_value_finds_its_place_at_any_size() {
        for set in InstructionSet::best().and_below() {
            for rows in [1, 3, 15, 16, 17, 33] {
                for columns in [1, 2, 16, 18, 48] {
                    assert_transposes(set, Update::Set, rows, columns);
                    assert_transposes(set, Update::Add, rows, columns);
                }
            }
        }
    }
}
