//! One timestep of few rows through a large layer, shared out by units among several threads, or with many inputs,
//! on one.
//!
//! With few rows a step takes as long as reading the weights does. So each part of a team reads the
//! weights of its own units alone, which its core's cache may then hold from step to step, and the
//! inputs' part of the sums is formed for many timesteps at once ([`project`]). Neither changes a bit: a
//! sum is bias, then inputs, then state, whoever forms it and when.

use core::ops::Range;

use fearless_simd::Simd;

use super::forward::{Group, cells};
use super::panel::{ForwardPanel, Order};
use super::row;
use super::shape::Shape;
use super::tile::Rows;
use crate::cell::Cell;

/// A part of a layer's units: the `part`-th `of` so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    part: usize,
    of: usize,
}

impl Share {
    /// The `part`-th, counted from 0, `of` so many parts.
    ///
    /// # Panics
    /// If there is no such part.
    pub const fn new(part: usize, of: usize) -> Self {
        assert!(part < of, "a part beyond the last one");
        Share { part, of }
    }

    /// Can a step of this cell be shared out? Not where it has a second product: that needs the
    /// first one's results for all units.
    pub const fn suits<C: Cell>() -> bool {
        C::FROM_INNER == 0
    }

    /// The most parts of a layer that each have something to do: panels are shared out whole.
    pub const fn most<C: Cell>(shape: Shape) -> usize {
        shape.forward_cut::<C>().count
    }

    /// The share's panels, counted from the layer's first.
    #[inline(always)]
    fn panels<C: Cell>(self, shape: Shape) -> Range<usize> {
        let count = Self::most::<C>(shape);
        self.part * count / self.of..(self.part + 1) * count / self.of
    }

    /// The vectors of units of the share.
    #[inline(always)]
    fn blocks<C: Cell>(self, shape: Shape) -> Range<usize> {
        let (cut, own) = (shape.forward_cut::<C>(), self.panels::<C>(shape));
        cut.vectors(own.start).start..cut.vectors(own.end).start
    }

    /// The length of the sums of so many rows, for [`project`].
    pub fn sums_len<C: Cell>(self, shape: Shape, rows: usize) -> usize {
        rows * self.blocks::<C>(shape).len() * C::PRE * shape.lanes
    }

    /// Copies what [`step`] left for the share's units to the states and, where it is kept, the tape of
    /// the whole layer.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    pub fn hand_over<C: Cell>(self, shape: Shape, rows: usize, from: Left<&[f32]>, to: Left<&mut [f32]>) {
        let blocks = self.blocks::<C>(shape);
        let units = blocks.start * shape.lanes..blocks.end * shape.lanes;
        let copy = |slots: usize, stride: usize, from: &[f32], to: &mut [f32]| {
            for row in 0..rows {
                for slot in 0..slots {
                    let first = row * stride + slot * shape.padded();
                    let values = first + units.start..first + units.end;
                    to[values.clone()].copy_from_slice(&from[values]);
                }
            }
        };
        copy(C::STATES, shape.state_len::<C>(), from.next, to.next);
        if let (Some(from), Some(to)) = (from.tape, to.tape) {
            copy(C::SAVED, shape.tape_len::<C>(), from, to);
        }
    }
}

/// What a step leaves: see [`forward::step`](super::forward::step).
#[derive(Debug)]
pub struct Left<T> {
    /// The states after it, `[rows, STATES, padded]`.
    pub next: T,
    /// The tape, where a backward pass is to follow: `[rows, tape_len]`.
    pub tape: Option<T>,
}

/// A layer, and which part of it is meant.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// How the layer is cut.
    pub shape: Shape,
    /// Its panels of [`pack_forward`](super::pack::pack_forward).
    pub panels: &'a [f32],
    /// The part.
    pub share: Share,
}

impl Part<'_> {
    /// Calls `f` with each panel, its vectors of units, and where they start within the part.
    #[inline(always)]
    fn for_each<C: Cell>(self, order: Order, mut f: impl FnMut(ForwardPanel<'_>, Range<usize>, usize)) {
        let Part { shape, panels, share } = self;
        let first = share.blocks::<C>(shape).start;
        let cut = shape.forward_cut::<C>();
        for panel in cut.read(panels, shape.forward_unit::<C>(), share.panels::<C>(shape), order) {
            let start = panel.blocks.start - first;
            f(panel.parts::<C>(shape), panel.blocks, start);
        }
    }
}

/// The bias and the inputs' part of the pre-activations of a part, for `rows` rows `x`, to `sums`, of
/// [`Share::sums_len`].
///
/// # Panics
/// If a slice does not have its shape, or [`Share::suits`] does not hold.
#[inline(always)]
pub fn project<S: Simd, C: Cell>(s: S, part: Part<'_>, x: Rows<'_>, rows: usize, sums: &mut [f32]) {
    assert!(Share::suits::<C>(), "the cell's steps cannot be shared out");
    part.for_each::<C>(
        Order::Forth,
        #[inline(always)]
        |panel, blocks, start| {
            let own = &mut sums[start * rows * C::PRE * part.shape.lanes..][..rows * panel.bias.len()];
            panel.set_inputs::<S, C>(s, part.shape, &Group { first: 0, rows, blocks }, x, own);
        },
    );
}

/// The rest of a step of the `rows` of projected `sums`, which were made for `of` rows. The states before
/// it are `prev [rows, STATES, padded]`; what it leaves is there for the part's units alone.
///
/// # Panics
/// If a slice does not have its shape.
#[inline(always)]
pub fn step<S: Simd, C: Cell>(
    s: S,
    part: Part<'_>,
    prev: &[f32],
    (sums, rows, of): (&mut [f32], Range<usize>, usize),
    mut left: Left<&mut [f32]>,
    order: Order,
) {
    let shape = part.shape;
    part.for_each::<C>(
        order,
        #[inline(always)]
        |panel, blocks, start| {
            let width = panel.bias.len();
            let own = &mut sums[start * of * C::PRE * shape.lanes..];
            let own = &mut own[rows.start * width..rows.end * width];
            let tape = left.tape.as_deref_mut();
            if rows.len() == 1 {
                let units = (blocks.start, blocks.len());
                return row::forward_from::<S, C>(s, shape, (panel, prev), units, own, &mut *left.next, tape);
            }
            let group = Group { first: 0, rows: rows.len(), blocks };
            panel.add_states::<S, C>(s, shape, &group, prev, own);
            cells::<S, C>(s, shape, prev, &group, &mut *left.next, tape, own);
        },
    );
}
