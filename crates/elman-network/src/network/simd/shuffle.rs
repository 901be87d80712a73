//! The change of order of a small network's weights and gradients.
//!
//! Packing asks how a matrix is cut into panels and squares. With three units, the answers take ten times
//! as long as the copying. They are the same every step: so a small network is packed once with numbers
//! that tell where they came from, and then by what these have told.

use std::collections::HashSet;
use std::ops::Range;

use elman_kernels::tuning::{SMALL, SMALL_UNITS};

use crate::network::{Network, StateBlock};

/// Is this the faster way for a network? Not if its matrices have whole squares of weights, which are transposed
/// in registers.
pub(super) fn suits(network: &Network) -> bool {
    let is_small = |state: &StateBlock| state.hidden_size < SMALL_UNITS;
    network.layout().len() <= SMALL && network.states().iter().all(is_small)
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
    /// What a `way` of packing `len` values does: each place of `to` gets one of them or none, and one of
    /// those that are `added` or none. Leaves `to` with 0 where nothing goes.
    pub(super) fn packing(
        len: usize,
        added: Range<usize>,
        to: &mut [f32],
        way: impl Fn(&[f32], &mut [f32]),
    ) -> Self {
        let second = moves(len, |n| added.contains(&n), to, &way);
        let mut moved = moves(len, |n| !added.contains(&n), to, &way);
        // What is added to nothing is moved.
        let is_moved: HashSet<u32> = moved.iter().map(|first| first.to).collect();
        let (added, alone): (Vec<Move>, _) = second.iter().partition(|second| is_moved.contains(&second.to));
        moved.extend(alone);
        Shuffle { moved, added }
    }

    /// What a `way` of adding `len` values to others does: each of those, which are as many as `to` has,
    /// gets one of them or none.
    pub(super) fn adding(len: usize, to: &mut [f32], way: impl Fn(&[f32], &mut [f32])) -> Self {
        Shuffle { moved: Vec::new(), added: moves(len, |_| true, to, &way) }
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

/// Where a `way` takes those of `len` values that are `wanted`.
fn moves(
    len: usize,
    wanted: impl Fn(usize) -> bool,
    to: &mut [f32],
    way: &impl Fn(&[f32], &mut [f32]),
) -> Vec<Move> {
    let numbers: Vec<f32> = (0..len).map(|n| if wanted(n) { (n + 1) as f32 } else { 0.0 }).collect();
    to.fill(0.0);
    way(&numbers, to);
    let found = to.iter().zip(0..).filter(|&(&number, _)| number > 0.0);
    found.map(|(&number, to)| Move { to, from: number as u32 - 1 }).collect()
}
