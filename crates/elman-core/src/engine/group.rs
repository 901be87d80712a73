//! The rows and units that are worked on together, and where their values stand.

use core::ops::Range;

use elman_kernels::Isa;
use elman_kernels::tuning::GROUP;
use elman_kernels::vector::Vector;

use super::shape::Shape;
use crate::cell::Lanes;
use crate::lane::{Lane, Pair};

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

/// Vectors that an equation is evaluated for together: one, or a pair.
pub(super) trait Together<S: Isa>: Lane {
    /// From each vector by its number.
    fn of(vector: impl Fn(usize) -> Vector<S>) -> Self;
    /// Gives each vector's number and the vector.
    fn each(self, f: impl FnMut(usize, Vector<S>));
}

impl<S: Isa> Together<S> for Vector<S> {
    #[inline(always)]
    fn of(vector: impl Fn(usize) -> Vector<S>) -> Self {
        vector(0)
    }
    #[inline(always)]
    fn each(self, mut f: impl FnMut(usize, Vector<S>)) {
        f(0, self);
    }
}

impl<S: Isa> Together<S> for Pair<Vector<S>> {
    #[inline(always)]
    fn of(vector: impl Fn(usize) -> Vector<S>) -> Self {
        Pair(vector(0), vector(1))
    }
    #[inline(always)]
    fn each(self, mut f: impl FnMut(usize, Vector<S>)) {
        f(0, self.0);
        f(1, self.1);
    }
}

/// A vector of units' places in a row of slots of `padded` values.
#[derive(Clone, Copy)]
pub(super) struct Slots {
    unit: usize,
    padded: usize,
}

impl Slots {
    #[inline(always)]
    pub(super) fn of(shape: Shape, block: usize) -> Self {
        Slots { unit: block * shape.lanes, padded: shape.padded() }
    }

    #[inline(always)]
    pub(super) fn at(self, slot: usize) -> usize {
        self.unit + slot * self.padded
    }

    /// Asserts that rows of `len` values have these slots. Said before a loop over rows of that length, it spares them
    /// the checks, which were a third of the backward equation's instructions.
    #[inline(always)]
    pub(super) fn assert_within(self, len: usize, slots: Range<usize>, lanes: usize) {
        for slot in slots {
            let at = self.at(slot);
            assert!(at <= len && lanes <= len - at, "rows hold the slots");
        }
    }

    /// The vector of a row in each of its first slots.
    #[inline(always)]
    pub(super) fn load_one<S: Isa, L: Lanes<Vector<S>>>(self, s: S, row: &[f32]) -> L {
        L::from_fn(
            #[inline(always)]
            |n| Vector::load(s, row, self.at(n)),
        )
    }

    /// The vectors of some rows in each of their first slots.
    #[inline(always)]
    pub(super) fn load<'a, S: Isa, T: Together<S>, L: Lanes<T>>(
        self,
        s: S,
        row: impl Fn(usize) -> &'a [f32],
    ) -> L {
        L::from_fn(
            #[inline(always)]
            |n| {
                T::of(
                    #[inline(always)]
                    |i| Vector::load(s, row(i), self.at(n)),
                )
            },
        )
    }
}

/// The rows of a group out of all, each of `len` values.
#[inline(always)]
pub(super) fn rows_of<'a>(group: &Group, from: &'a [f32], len: usize) -> core::slice::ChunksExact<'a, f32> {
    from[group.rows.start * len..][..group.rows.len() * len].chunks_exact(len)
}

/// The same, to be written.
#[inline(always)]
pub(super) fn rows_of_mut<'a>(
    group: &Group,
    from: &'a mut [f32],
    len: usize,
) -> core::slice::ChunksExactMut<'a, f32> {
    from[group.rows.start * len..][..group.rows.len() * len].chunks_exact_mut(len)
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
