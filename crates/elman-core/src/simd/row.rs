//! One timestep of a single row, forward and back.
//!
//! A row's sums fit the registers: they go from the bias to the cell's equation without a scratch, and
//! without a call, which small layers feel (but for a second product, which goes by tiles). Every sum is
//! formed as the tiles form it, so that a row alone has the bits of a row among many.

#![allow(clippy::needless_range_loop, reason = "sums and operands are indexed alike")]

use core::ops::Range;

use fearless_simd::Simd;

use super::backward::{self, Backward};
use super::forward::{self, Forward, Place};
use super::panel::{ForwardPanel, Order, Panels};
use super::shape::{Shape, Tape, direct};
use super::tile::{MAX_VECTORS, total};
use super::vector::Vector;
use crate::cell::{Cell, Lanes};
use crate::lane::Lane;

/// The weights that the first cache holds: 48 KB. From there, the sums of a full panel do not fill the four cycles
/// that each multiply-add of a chain waits, and two panels go side by side.
const FIRST_CACHE: usize = 12 << 10;

/// The panels that a row goes through, each alone or two side by side.
pub(super) struct Groups<'a> {
    panels: Panels<'a>,
    /// The width of those that go side by side.
    paired: usize,
}

/// One panel, or two of the same width.
#[derive(Clone, Copy)]
pub(super) struct Group {
    /// The first vector of units.
    block: usize,
    /// The vectors of units in each panel.
    units: usize,
    /// 1 or 2, or 0 where there is no group.
    panels: usize,
}

impl<'a> Groups<'a> {
    /// Those of the forward pass.
    #[inline(always)]
    pub(super) fn forward<C: Cell>(shape: Shape, panels: &'a [f32], order: Order) -> Self {
        Self::of(shape.forward_panels::<C>(panels, order), shape.forward_units::<C>(), panels.len())
    }

    /// Those of the backward pass.
    #[inline(always)]
    pub(super) fn backward<C: Cell>(shape: Shape, panels: &'a [f32], order: Order) -> Self {
        Self::of(shape.backward_panels::<C>(panels, order), shape.units(), panels.len())
    }

    #[inline(always)]
    fn of(panels: Panels<'a>, full_width: usize, weights: usize) -> Self {
        Groups { panels, paired: if weights <= FIRST_CACHE { full_width } else { 0 } }
    }

    /// Are there no more?
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.panels.is_empty()
    }
}

impl Iterator for Groups<'_> {
    type Item = Group;

    #[inline(always)]
    fn next(&mut self) -> Option<Group> {
        let Range { start, end } = self.panels.next()?.blocks;
        let units = end - start;
        let other = if units == self.paired { self.panels.next_if_as_wide(units) } else { None };
        Some(match other {
            Some(other) => Group { block: start.min(other.blocks.start), units, panels: 2 },
            None => Group { block: start, units, panels: 1 },
        })
    }
}

impl Group {
    /// No group.
    pub(super) const EMPTY: Self = Group { block: 0, units: 0, panels: 0 };
}

/// A group's part of what [`forward::step`] does, for one row. After all groups comes
/// [`forward::through_inner_value`].
///
/// # Panics
/// If a slice does not have its shape.
#[inline(always)]
pub(super) fn forward<S: Simd, C: Cell>(
    s: S,
    from: Forward<'_>,
    group: Group,
    next: &mut [f32],
    tape: Option<&mut [f32]>,
) {
    macro_rules! units {
        ($units:literal, $chains:literal) => {
            forward_group::<S, C, $units, $chains>(s, from, group, next, tape)
        };
    }
    // More than one vector of units, or chain, only where a unit has one pre-activation.
    match (group.units, from.shape.forward_chains::<C>()) {
        (1, 1) => units!(1, 1),
        (2, 1) if const { C::PRE == 1 } => units!(2, 1),
        (3, 1) if const { C::PRE == 1 } => units!(3, 1),
        (4, 1) if const { C::PRE == 1 } => units!(4, 1),
        (1, 2) if const { C::PRE == 1 } => units!(1, 2),
        (2, 2) if const { C::PRE == 1 } => units!(2, 2),
        (1, 4) if const { C::PRE == 1 } => units!(1, 4),
        (units, chains) => unreachable!("{units} vectors of units, {chains} chains"),
    }
}

/// The row with a group of panels.
#[inline(always)]
fn forward_group<S: Simd, C: Cell, const UNITS: usize, const CHAINS: usize>(
    s: S,
    from: Forward<'_>,
    group: Group,
    next: &mut [f32],
    tape: Option<&mut [f32]>,
) {
    if const { is_full(C::PRE, UNITS, CHAINS) } && group.panels == 2 {
        forward_panels::<S, C, UNITS, CHAINS, 2>(s, from, group.block, next, tape);
    } else {
        debug_assert_eq!(group.panels, 1, "only full panels go side by side");
        forward_panels::<S, C, UNITS, CHAINS, 1>(s, from, group.block, next, tape);
    }
}

/// Is a panel of that many vectors of units, in that many chains, as wide as can be?
const fn is_full(pre: usize, units: usize, chains: usize) -> bool {
    if pre == 1 { units * chains == MAX_VECTORS } else { units == 1 }
}

/// The weights of some vectors of units, of `len` values each, from a block on.
#[inline(always)]
fn panel(weights: &[f32], len: usize, block: usize, units: usize) -> &[f32] {
    &weights[block * len..][..units * len]
}

/// The row with some panels side by side, the first of which starts at a block.
#[inline(always)]
fn forward_panels<S: Simd, C: Cell, const UNITS: usize, const CHAINS: usize, const PANELS: usize>(
    s: S,
    from: Forward<'_>,
    block: usize,
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
) {
    let (shape, lanes) = (from.shape, Vector::<S>::LANES);
    let zero = Vector::splat(s, 0.0);
    let mut sums = [[[<C::Pre<Vector<S>>>::from_fn(|_| zero); UNITS]; CHAINS]; PANELS];
    let (mut x_panels, mut h_panels) = ([&[][..]; PANELS], [&[][..]; PANELS]);
    for n in 0..PANELS {
        let weights = panel(from.panels, shape.forward_unit::<C>(), block + n * UNITS, UNITS);
        let panel = ForwardPanel::of::<C>(weights, &[], UNITS, shape);
        (x_panels[n], h_panels[n]) = (panel.x, panel.h);
        for unit in 0..UNITS {
            for p in 0..C::PRE {
                sums[n][0][unit].as_mut()[p] = Vector::load(s, panel.bias, (unit * C::PRE + p) * lanes);
            }
        }
    }
    for run in 0..shape.input.runs {
        let x = &from.x.data[run * shape.input.stride..][..shape.input.depth];
        accumulate::<S, _, UNITS, CHAINS, PANELS, 1>(s, &mut sums, x, &mut x_panels, 0..C::FROM_X);
    }
    let h = &from.prev[..shape.hidden_size];
    accumulate::<S, _, UNITS, CHAINS, PANELS, CHAINS>(s, &mut sums, h, &mut h_panels, direct::<C>());
    // A loop would index the sums, which would keep them in memory.
    cells::<S, C, UNITS, CHAINS>(s, from, block, &sums[0], next, tape.as_deref_mut());
    if PANELS == 2 {
        cells::<S, C, UNITS, CHAINS>(s, from, block + UNITS, &sums[PANELS - 1], next, tape);
    }
}

/// The cell's equation for the units from a block on.
#[inline(always)]
fn cells<S: Simd, C: Cell, const UNITS: usize, const CHAINS: usize>(
    s: S,
    from: Forward<'_>,
    block: usize,
    sums: &[[C::Pre<Vector<S>>; UNITS]; CHAINS],
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
) {
    for unit in 0..UNITS {
        let place = Place::of::<C>(from.shape, 0, block + unit);
        let pre = joined::<S, C::Pre<Vector<S>>, UNITS, CHAINS>(s, sums, unit);
        forward::cell::<S, C>(s, from.prev, place, pre, next, tape.as_deref_mut());
    }
}

/// A group's part of what [`backward::step`] does, for one row. After all groups comes
/// [`backward::through_inner_value`].
///
/// # Panics
/// If a slice does not have its shape.
#[inline(always)]
pub(super) fn backward<S: Simd, C: Cell>(
    s: S,
    from: Backward<'_>,
    group: Group,
    carry: &mut [f32],
    tape: &mut [f32],
) {
    macro_rules! units {
        ($units:literal, $chains:literal) => {
            backward_group::<S, C, $units, $chains>(s, from, group, carry, tape)
        };
    }
    match (group.units, from.shape.chains()) {
        (1, 1) => units!(1, 1),
        (2, 1) => units!(2, 1),
        (3, 1) => units!(3, 1),
        (4, 1) => units!(4, 1),
        (1, 2) => units!(1, 2),
        (2, 2) => units!(2, 2),
        (1, 4) => units!(1, 4),
        (units, chains) => unreachable!("{units} vectors of units, {chains} chains"),
    }
}

/// The row with a group of panels.
#[inline(always)]
fn backward_group<S: Simd, C: Cell, const UNITS: usize, const CHAINS: usize>(
    s: S,
    from: Backward<'_>,
    group: Group,
    carry: &mut [f32],
    tape: &mut [f32],
) {
    if const { is_full(1, UNITS, CHAINS) } && group.panels == 2 {
        backward_panels::<S, C, UNITS, CHAINS, 2>(s, from, group.block, carry, tape);
    } else {
        debug_assert_eq!(group.panels, 1, "only full panels go side by side");
        backward_panels::<S, C, UNITS, CHAINS, 1>(s, from, group.block, carry, tape);
    }
}

/// The row with some panels side by side, the first of which starts at a block.
#[inline(always)]
fn backward_panels<S: Simd, C: Cell, const UNITS: usize, const CHAINS: usize, const PANELS: usize>(
    s: S,
    from: Backward<'_>,
    block: usize,
    carry: &mut [f32],
    tape: &mut [f32],
) {
    let shape = from.shape;
    let mut sums = [[[[Vector::splat(s, 0.0)]; UNITS]; CHAINS]; PANELS];
    let followed = !from.later.is_empty();
    if followed {
        let mut weights = [&[][..]; PANELS];
        for n in 0..PANELS {
            weights[n] = panel(from.panels, shape.backward_unit::<C>(), block + n * UNITS, UNITS);
        }
        for pre in direct::<C>() {
            let dpre = &from.later[(Tape::dpre::<C>() + pre) * shape.padded()..][..shape.hidden_size];
            accumulate::<S, _, UNITS, CHAINS, PANELS, CHAINS>(s, &mut sums, dpre, &mut weights, 0..1);
        }
    }
    // A loop would index the sums, which would keep them in memory.
    let sums_of = |n: usize| followed.then_some(&sums[n]);
    backward_cells::<S, C, UNITS, CHAINS>(s, from, block, sums_of(0), carry, tape);
    if PANELS == 2 {
        backward_cells::<S, C, UNITS, CHAINS>(s, from, block + UNITS, sums_of(PANELS - 1), carry, tape);
    }
}

/// The cell's backward equation for the units from a block on, with what came through the following step if
/// there was one.
#[inline(always)]
fn backward_cells<S: Simd, C: Cell, const UNITS: usize, const CHAINS: usize>(
    s: S,
    from: Backward<'_>,
    block: usize,
    sums: Option<&[[[Vector<S>; 1]; UNITS]; CHAINS]>,
    carry: &mut [f32],
    tape: &mut [f32],
) {
    for unit in 0..UNITS {
        let through = sums.map(
            #[inline(always)]
            |sums| joined::<S, [Vector<S>; 1], UNITS, CHAINS>(s, sums, unit)[0],
        );
        let place = Place::of::<C>(from.shape, 0, block + unit);
        backward::cell::<S, C>(s, from, through, (0, place), carry, tape);
    }
}

/// `sums[n][k % USED][unit][p] += values[k] * panels[n][k][unit][p]` for the sums `fed` of a unit, over all
/// `k` in order; cuts what it has read off the panels.
#[inline(always)]
fn accumulate<
    S: Simd,
    L: Lanes<Vector<S>>,
    const UNITS: usize,
    const CHAINS: usize,
    const PANELS: usize,
    const USED: usize,
>(
    s: S,
    sums: &mut [[[L; UNITS]; CHAINS]; PANELS],
    values: &[f32],
    panels: &mut [&[f32]; PANELS],
    fed: Range<usize>,
) {
    let width = UNITS * fed.len() * Vector::<S>::LANES;
    if width == 0 {
        return;
    }
    let mut rest = [&[][..]; PANELS];
    for n in 0..PANELS {
        rest[n] = take(&mut panels[n], values.len() * width);
    }
    // In a place of their own, which nothing refers to, they stay in registers.
    let mut own = *sums;
    let (turns, values) = values.as_chunks::<USED>();
    for turn in turns {
        for n in 0..PANELS {
            let weights = take(&mut rest[n], USED * width);
            for c in 0..USED {
                add_column(s, &mut own[n][c], turn[c], &weights[c * width..][..width], fed.clone());
            }
        }
    }
    for c in 0..values.len() {
        for n in 0..PANELS {
            add_column(s, &mut own[n][c], values[c], take(&mut rest[n], width), fed.clone());
        }
    }
    *sums = own;
}

/// `sums[unit][p] += value * weights[unit][p]` for the sums `fed` of a unit.
#[inline(always)]
fn add_column<S: Simd, L: Lanes<Vector<S>>, const UNITS: usize>(
    s: S,
    sums: &mut [L; UNITS],
    value: f32,
    weights: &[f32],
    fed: Range<usize>,
) {
    let value = Vector::splat(s, value);
    for unit in 0..UNITS {
        for n in 0..fed.len() {
            let weight = Vector::load(s, weights, (unit * fed.len() + n) * Vector::<S>::LANES);
            let sum = &mut sums[unit].as_mut()[fed.start + n];
            *sum = value.mul_add(weight, *sum);
        }
    }
}

/// The first `len` values, which are cut off.
#[inline(always)]
fn take<'a>(from: &mut &'a [f32], len: usize) -> &'a [f32] {
    let (taken, rest) = from.split_at(len);
    *from = rest;
    taken
}

/// The sums of a unit, their chains joined.
#[inline(always)]
fn joined<S: Simd, L: Lanes<Vector<S>>, const UNITS: usize, const CHAINS: usize>(
    s: S,
    sums: &[[L; UNITS]; CHAINS],
    unit: usize,
) -> L {
    L::from_fn(
        #[inline(always)]
        |p| {
            let mut chains = [Vector::splat(s, 0.0); CHAINS];
            for c in 0..CHAINS {
                chains[c] = sums[c][unit].as_ref()[p];
            }
            total(chains)
        },
    )
}
