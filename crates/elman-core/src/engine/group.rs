//! The rows and units that are worked on together, and where their values stand.

use core::ops::Range;

use elman_kernels::Isa;
use elman_kernels::tuning::GROUP;
use elman_kernels::vector::Vector;

use super::shape::Shape;
use crate::cell::Lanes;

/// Rows and blocks of units that are worked on together.
pub(super) struct Group {
    pub(super) rows: Range<usize>,
    pub(super) blocks: Range<usize>,
}

/// The rows in groups that are worked on together, each with all the blocks.
#[inline(always)]
pub(super) fn groups(rows: Range<usize>, blocks: &Range<usize>) -> impl Iterator<Item = Group> {
    rows.clone().step_by(GROUP).map(
        #[inline(always)]
        move |first| Group { rows: first..rows.end.min(first + GROUP), blocks: blocks.clone() },
    )
}

impl Group {
    /// The first row and the number of rows.
    #[inline(always)]
    pub(super) fn extent(&self) -> (usize, usize) {
        (self.rows.start, self.rows.len())
    }

    /// Calls `f` with each row's and block's number within the group, and their place.
    #[inline(always)]
    pub(super) fn for_each(&self, shape: Shape, mut f: impl FnMut(usize, usize, Place)) {
        for (n, row) in self.rows.clone().enumerate() {
            for (v, block) in self.blocks.clone().enumerate() {
                f(n, v, Place::of(shape, row, block));
            }
        }
    }
}

/// Where one vector of units of one row stands.
#[derive(Clone, Copy)]
pub(super) struct Place {
    padded: usize,
    /// In `[rows, STATES, padded]`.
    state: usize,
    /// In `[rows, slots, padded]`.
    tape: usize,
    /// Of the block in a row of units.
    pub(super) unit: usize,
}

impl Place {
    #[inline(always)]
    pub(super) fn of(shape: Shape, row: usize, block: usize) -> Self {
        let unit = block * shape.lanes;
        Place {
            padded: shape.padded(),
            state: row * shape.state_len() + unit,
            tape: row * shape.tape_len() + unit,
            unit,
        }
    }

    #[inline(always)]
    pub(super) fn states<S: Isa, L: Lanes<Vector<S>>>(self, s: S, from: &[f32]) -> L {
        L::from_fn(
            #[inline(always)]
            |n| Vector::load(s, from, self.state + n * self.padded),
        )
    }

    /// Of per-unit parameters `[UNIT, padded]`.
    #[inline(always)]
    pub(super) fn unit_parameters<S: Isa, L: Lanes<Vector<S>>>(self, s: S, from: &[f32]) -> L {
        L::from_fn(
            #[inline(always)]
            |n| Vector::load(s, from, self.unit + n * self.padded),
        )
    }

    /// What is too small for a normal number's square goes as 0: see [`Vector::flush_to_zero`].
    #[inline(always)]
    pub(super) fn store_states<S: Isa, L: Lanes<Vector<S>>>(self, states: L, to: &mut [f32]) {
        for (n, state) in states.as_ref().iter().enumerate() {
            state.flush_to_zero().store(to, self.state + n * self.padded);
        }
    }

    /// The slots of the tape from `first` on.
    #[inline(always)]
    pub(super) fn slots<S: Isa, L: Lanes<Vector<S>>>(self, s: S, from: &[f32], first: usize) -> L {
        L::from_fn(
            #[inline(always)]
            |n| Vector::load(s, from, self.tape + (first + n) * self.padded),
        )
    }

    #[inline(always)]
    pub(super) fn store_slots<S: Isa, L: Lanes<Vector<S>>>(self, values: L, to: &mut [f32], first: usize) {
        for (n, value) in values.as_ref().iter().enumerate() {
            value.store(to, self.tape + (first + n) * self.padded);
        }
    }
}
