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
use super::panel::{ForwardPanel, Panel, Panels};
use super::shape::{Tape, direct};
use super::tile::{MAX_VECTORS, total};
use super::vector::Vector;
use crate::cell::{Cell, Lanes};
use crate::lane::Lane;

/// The weights that the first cache holds: 48 KB. From there, up to four sums do not fill the four cycles that
/// each multiply-add of a chain waits, and two panels go side by side.
const FIRST_CACHE: usize = 12 << 10;

/// What [`forward::step`] does, for one row.
///
/// # Panics
/// If a slice does not have its shape.
#[inline(always)]
pub(super) fn forward<'a, S: Simd, C: Cell>(
    s: S,
    from: Forward<'a>,
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
    scratch: &mut [f32],
) {
    let shape = from.shape;
    let mut panels = shape.forward_panels::<C>(from.panels, from.order);
    while let Some(panel) = panels.next() {
        let tape = tape.as_deref_mut();
        macro_rules! units {
            ($units:literal, $chains:literal) => {
                forward_units::<S, C, $units, $chains>(s, from, panel, &mut panels, next, tape)
            };
        }
        // More than one vector of units, or chain, only where a unit has one pre-activation.
        match (panel.blocks.len(), shape.forward_chains::<C>()) {
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
    forward::through_inner_value::<S, C>(s, from, 1, next, tape, scratch);
}

/// The row with a panel, and with the one after it if that would wait.
#[inline(always)]
fn forward_units<'a, S: Simd, C: Cell, const UNITS: usize, const CHAINS: usize>(
    s: S,
    from: Forward<'a>,
    panel: Panel<'a>,
    panels: &mut Panels<'a>,
    next: &mut [f32],
    tape: Option<&mut [f32]>,
) {
    let parts = |panel: Panel<'a>| (panel.blocks.start, ForwardPanel::of::<C>(&panel, from.shape));
    // Several pre-activations are three or four sums.
    if const { C::PRE > 1 || UNITS * CHAINS == MAX_VECTORS }
        && from.panels.len() <= FIRST_CACHE
        && let Some(other) = panels.next_if_as_wide(&panel)
    {
        forward_panels::<S, C, UNITS, CHAINS, 2>(s, from, [parts(panel), parts(other)], next, tape);
    } else {
        forward_panels::<S, C, UNITS, CHAINS, 1>(s, from, [parts(panel)], next, tape);
    }
}

/// The row with some panels, each with the number of its first block, side by side.
#[inline(always)]
fn forward_panels<S: Simd, C: Cell, const UNITS: usize, const CHAINS: usize, const PANELS: usize>(
    s: S,
    from: Forward<'_>,
    panels: [(usize, ForwardPanel<'_>); PANELS],
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
) {
    let (shape, lanes) = (from.shape, Vector::<S>::LANES);
    let zero = Vector::splat(s, 0.0);
    let mut sums = [[[<C::Pre<Vector<S>>>::from_fn(|_| zero); UNITS]; CHAINS]; PANELS];
    let (mut x_panels, mut h_panels) = ([&[][..]; PANELS], [&[][..]; PANELS]);
    for (n, (_, panel)) in panels.iter().enumerate() {
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
    cells::<S, C, UNITS, CHAINS>(s, from, panels[0].0, &sums[0], next, tape.as_deref_mut());
    if PANELS == 2 {
        cells::<S, C, UNITS, CHAINS>(s, from, panels[PANELS - 1].0, &sums[PANELS - 1], next, tape);
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

/// What [`backward::step`] does, for one row.
///
/// # Panics
/// If a slice does not have its shape.
#[inline(always)]
pub(super) fn backward<S: Simd, C: Cell>(
    s: S,
    from: Backward<'_>,
    carry: &mut [f32],
    tape: &mut [f32],
    scratch: &mut [f32],
) {
    let shape = from.shape;
    let mut panels = shape.backward_panels::<C>(from.panels, from.order);
    while let Some(panel) = panels.next() {
        macro_rules! units {
            ($units:literal, $chains:literal) => {
                backward_units::<S, C, $units, $chains>(s, from, panel, &mut panels, carry, tape)
            };
        }
        match (panel.blocks.len(), shape.chains()) {
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
    backward::through_inner_value::<S, C>(s, from, 1, carry, tape, scratch);
}

/// The row with a panel, and with the one after it if that would wait.
#[inline(always)]
fn backward_units<'a, S: Simd, C: Cell, const UNITS: usize, const CHAINS: usize>(
    s: S,
    from: Backward<'a>,
    panel: Panel<'a>,
    panels: &mut Panels<'a>,
    carry: &mut [f32],
    tape: &mut [f32],
) {
    if const { UNITS * CHAINS == MAX_VECTORS }
        && from.panels.len() <= FIRST_CACHE
        && let Some(other) = panels.next_if_as_wide(&panel)
    {
        backward_panels::<S, C, UNITS, CHAINS, 2>(s, from, [panel, other], carry, tape);
    } else {
        backward_panels::<S, C, UNITS, CHAINS, 1>(s, from, [panel], carry, tape);
    }
}

/// The row with some panels side by side.
#[inline(always)]
fn backward_panels<S: Simd, C: Cell, const UNITS: usize, const CHAINS: usize, const PANELS: usize>(
    s: S,
    from: Backward<'_>,
    panels: [Panel<'_>; PANELS],
    carry: &mut [f32],
    tape: &mut [f32],
) {
    let shape = from.shape;
    let mut sums = [[[[Vector::splat(s, 0.0)]; UNITS]; CHAINS]; PANELS];
    let followed = !from.later.is_empty();
    if followed {
        let mut weights = [&[][..]; PANELS];
        for n in 0..PANELS {
            weights[n] = panels[n].weights;
        }
        for pre in direct::<C>() {
            let dpre = &from.later[(Tape::dpre::<C>() + pre) * shape.padded()..][..shape.hidden_size];
            accumulate::<S, _, UNITS, CHAINS, PANELS, CHAINS>(s, &mut sums, dpre, &mut weights, 0..1);
        }
    }
    // A loop would index the sums, which would keep them in memory.
    let sums_of = |n: usize| followed.then_some(&sums[n]);
    backward_cells::<S, C, UNITS, CHAINS>(s, from, panels[0].blocks.start, sums_of(0), carry, tape);
    if PANELS == 2 {
        let block = panels[PANELS - 1].blocks.start;
        backward_cells::<S, C, UNITS, CHAINS>(s, from, block, sums_of(PANELS - 1), carry, tape);
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
    for turn in 0..values.len() / USED {
        let values = &values[turn * USED..][..USED];
        for c in 0..USED {
            for n in 0..PANELS {
                add_column(s, &mut sums[n][c], values[c], take(&mut rest[n], width), fed.clone());
            }
        }
    }
    for c in 0..values.len() % USED {
        let value = values[values.len() / USED * USED + c];
        for n in 0..PANELS {
            add_column(s, &mut sums[n][c], value, take(&mut rest[n], width), fed.clone());
        }
    }
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
