//! The change of order of a small network's weights and gradients.
//!
//! Packing asks how a matrix is cut into panels and squares. With three units, the answers take ten times
//! as long as the copying. They are the same every step: so a small network is packed once with numbers
//! that tell where they came from, and then by what these have told.

use std::ops::Range;

use crate::network::Network;

/// The parameters up to which this is done. They are copied value by value, and their numbers are `f32`.
const SMALL: usize = 4096;

/// Is this the faster way for a network? Not if its matrices have whole squares of 16 x 16 weights: those
/// are turned over faster (measured at 16 units).
pub(super) fn suits(network: &Network) -> bool {
    network.layout().len() <= SMALL && network.config().hidden_size < 16
}

/// Which value goes where.
#[derive(Debug)]
pub(super) struct Shuffle {
    moved: Vec<Move>,
    added: Vec<Move>,
}

#[derive(Clone, Copy, Debug)]
struct Move {
    to: u32,
    from: u32,
}

impl Shuffle {
    /// What `way` does with `len` values: each place of `to` gets one of them or none, and one of those that
    /// are `added`, or none. Leaves `to` with 0 where nothing goes.
    pub(super) fn of(
        len: usize,
        added: Range<usize>,
        to: &mut [f32],
        way: impl Fn(&[f32], &mut [f32]),
    ) -> Self {
        let mut moves = |adds: bool| -> Vec<Move> {
            let number = |n: usize| if added.contains(&n) == adds { (n + 1) as f32 } else { 0.0 };
            let numbers: Vec<f32> = (0..len).map(number).collect();
            to.fill(0.0);
            way(&numbers, to);
            let found = to.iter().zip(0..).filter(|&(&number, _)| number > 0.0);
            found.map(|(&number, to)| Move { to, from: number as u32 - 1 }).collect()
        };
        let (added, moved) = (moves(true), moves(false));
        Shuffle { moved, added }
    }

    /// Does the same with values.
    pub(super) fn apply(&self, from: &[f32], to: &mut [f32]) {
        for moved in &self.moved {
            to[moved.to as usize] = from[moved.from as usize];
        }
        for added in &self.added {
            to[added.to as usize] += from[added.from as usize];
        }
    }
}
