//! One timestep of a single row, forward and back.
//!
//! A row's sums fit the registers: they go from the bias to the cell's equation without a scratch, and
//! without a call in between, which small layers feel (but for a second product, which goes by tiles). Every sum is
//! formed as the tiles form it, so that a row alone has the bits of a row among many.

#![allow(clippy::needless_range_loop, reason = "sums and operands are indexed alike")]

use core::ops::Range;

use elman_kernels::Isa;
use elman_kernels::panel::{Order, PanelRun};
use elman_kernels::tile::{MAX_VECTORS, total};
use elman_kernels::tuning::FIRST_CACHE;
use elman_kernels::vector::Vector;

use super::backward::{self, Backward};
use super::forward::{self, Forward, Given};
use super::group::Place;
use super::panel::ForwardPanel;
use super::shape::Tape;
use crate::cell::{Cell, Lanes};
use crate::lane::{Lane, Pair};

/// Have single rows of a cell functions of their own on an instruction set? Elsewhere they go by tiles.
pub(super) const fn are_compiled<S: Isa, C: Cell>() -> bool {
    S::SINGLE_ROWS && C::SINGLE_ROWS
}

/// Runs `$work` with the vectors of units of a panel and the chains of its sums as the constants `$UNITS` and
/// `$CHAINS`. Compiled are one vector with one chain, and what meets the `$condition`; anything else panics.
macro_rules! with_width {
    ($units:expr, $chains:expr, |$UNITS:ident, $CHAINS:ident| if $condition:expr => $work:expr) => {{
        macro_rules! meet {
            ($n_units:literal, $n_chains:literal) => {
                const {
                    const $UNITS: usize = $n_units;
                    const $CHAINS: usize = $n_chains;
                    // A condition may ask for one alone, or neither.
                    let _ = ($UNITS, $CHAINS);
                    $condition
                }
            };
        }
        macro_rules! of {
            ($n_units:literal, $n_chains:literal) => {{
                const $UNITS: usize = $n_units;
                const $CHAINS: usize = $n_chains;
                $work
            }};
        }
        match ($units, $chains) {
            (1, 1) => of!(1, 1),
            (2, 1) if meet!(2, 1) => of!(2, 1),
            (3, 1) if meet!(3, 1) => of!(3, 1),
            (4, 1) if meet!(4, 1) => of!(4, 1),
            // Of 17 to 32 units, vectors of 4 alone leave a panel of one, and vectors of 8 alone fill three.
            (1, 2) if meet!(1, 2) && const { $crate::engine::row::lanes::<S>() < 8 } => of!(1, 2),
            (2, 2) if meet!(2, 2) => of!(2, 2),
            (3, 2) if meet!(3, 2) && const { $crate::engine::row::lanes::<S>() == 8 } => of!(3, 2),
            (1, 4) if meet!(1, 4) => of!(1, 4),
            (units, chains) => unreachable!("{units} vectors of units, {chains} chains"),
        }
    }};
}
pub(super) use with_width;

/// The lanes of a vector.
pub(super) const fn lanes<S: Isa>() -> usize {
    Vector::<S>::LANES
}

/// A run's part of what [`forward::step`] does, for one row. After all runs comes
/// [`forward::through_inner_value`].
///
/// # Panics
/// If a slice does not have its shape.
#[inline(always)]
pub(super) fn forward<S: Isa, C: Cell>(
    s: S,
    from: Forward<'_>,
    run: PanelRun,
    next: &mut [f32],
    tape: Option<&mut [f32]>,
) {
    // Panels are wider, and chains more, only where a unit has one pre-activation.
    with_width!(run.units, from.shape.forward_chains(), |UNITS, CHAINS| if C::PRE == 1 => {
        forward_run::<S, C, UNITS, CHAINS>(s, from, run, next, tape);
    });
}

/// The same for panels of so many vectors of units.
#[inline(always)]
pub(super) fn forward_run<S: Isa, C: Cell, const UNITS: usize, const CHAINS: usize>(
    s: S,
    from: Forward<'_>,
    run: PanelRun,
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
) {
    let mut pairs =
        if const { are_paired::<S>(C::PRE, UNITS, CHAINS) } { pairs(run, from.panels) } else { 0 };
    let mut others = run.panels - 2 * pairs;
    if const { are_three::<S, C>() } && pairs > 0 && others == 1 {
        // The last three together, rather than one alone, whose sums would not fill the time that they wait.
        (pairs, others) = (pairs - 1, 0);
        let block = run.block_of(2 * pairs);
        forward_panels::<S, C, UNITS, CHAINS, 3>(s, from, block, next, tape.as_deref_mut());
    }
    for n in 0..pairs {
        let block = run.block_of(2 * n);
        forward_panels::<S, C, UNITS, CHAINS, 2>(s, from, block, next, tape.as_deref_mut());
    }
    for n in 0..others {
        let block = block_of_other(run, n, pairs, from.order);
        forward_panels::<S, C, UNITS, CHAINS, 1>(s, from, block, next, tape.as_deref_mut());
    }
}

/// May three panels go side by side? On vectors of 16, the sums of two fill the time that they wait.
const fn are_three<S: Isa, C: Cell>() -> bool {
    C::PRE > 1 && Vector::<S>::LANES < 16
}

/// The pairs of panels that go side by side, from the first ones on. As the first cache holds them, their order
/// does not matter.
#[inline(always)]
fn pairs(run: PanelRun, weights: &[f32]) -> usize {
    if weights.len() <= FIRST_CACHE { run.panels / 2 } else { 0 }
}

/// The first vector of units of the `n`-th panel in order, of those behind the first `pairs`.
#[inline(always)]
fn block_of_other(run: PanelRun, n: usize, pairs: usize, order: Order) -> usize {
    run.block_of(match order {
        Order::Ascending => 2 * pairs + n,
        Order::Descending => run.panels - 1 - n,
    })
}

/// May panels of that many vectors of units, in that many chains, go in pairs? Narrower ones are few; three vectors of 16
/// fill the time that their sums wait, and took a sixth longer in pairs (Elman, 96 units).
const fn are_paired<S: Isa>(pre: usize, units: usize, chains: usize) -> bool {
    match pre {
        1 => units * chains == MAX_VECTORS || units * chains == 3 && Vector::<S>::LANES < 16,
        _ => units == 1,
    }
}

/// The weights of some vectors of units, of `len` values each, from a block on.
#[inline(always)]
fn panel(weights: &[f32], len: usize, block: usize, units: usize) -> &[f32] {
    &weights[block * len..][..units * len]
}

/// The row with some panels side by side, the first of which starts at a block.
#[inline(always)]
fn forward_panels<S: Isa, C: Cell, const UNITS: usize, const CHAINS: usize, const PANELS: usize>(
    s: S,
    from: Forward<'_>,
    block: usize,
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
) {
    let shape = from.shape;
    let zero = Vector::splat(s, 0.0);
    let mut sums = [[[<C::Pre<Vector<S>>>::from_fn(|_| zero); UNITS]; CHAINS]; PANELS];
    let (mut x_panels, mut h_panels) = ([&[][..]; PANELS], [&[][..]; PANELS]);
    for n in 0..PANELS {
        let weights = panel(from.panels, shape.forward_unit(), block + n * UNITS, UNITS);
        let panel = ForwardPanel::new(weights, &[], UNITS, shape);
        (x_panels[n], h_panels[n]) = (panel.x, panel.h);
        sums[n] = begun::<S, _, UNITS, CHAINS>(s, panel.bias);
    }
    for run in 0..shape.input.runs {
        let x = &from.x.data[run * shape.input.stride..][..shape.input.depth];
        accumulate::<S, _, UNITS, CHAINS, PANELS, 1>(s, &mut sums, x, &mut x_panels, 0..C::FROM_X);
    }
    let h = &from.prev[..shape.hidden_size];
    accumulate::<S, _, UNITS, CHAINS, PANELS, CHAINS>(s, &mut sums, h, &mut h_panels, C::FACTS.direct());
    let given = from.given::<C>();
    // A loop would index the sums, which would keep them in memory.
    if const { C::PRE > 1 && C::FROM_INNER == 0 && PANELS > 1 } {
        let pre = Lanes::from_fn(
            #[inline(always)]
            |p| Pair(sums[0][0][0].as_ref()[p], sums[1][0][0].as_ref()[p]),
        );
        forward::cell_of_two::<S, C>(s, given, block, pre, next, tape.as_deref_mut());
    } else {
        cells::<S, C, UNITS, CHAINS>(s, given, block, &sums[0], next, tape.as_deref_mut());
        if PANELS > 1 {
            let second = &sums[const { if PANELS > 1 { 1 } else { 0 } }];
            cells::<S, C, UNITS, CHAINS>(s, given, block + UNITS, second, next, tape.as_deref_mut());
        }
    }
    if PANELS > 2 {
        cells::<S, C, UNITS, CHAINS>(s, given, block + 2 * UNITS, &sums[PANELS - 1], next, tape);
    }
}

/// The rest of a step of one row and one panel, of `units` vectors of units from a block on, whose `sums [units][PRE]` so
/// far are the bias and the inputs' part.
///
/// # Panics
/// If a slice does not have its shape.
#[inline(always)]
pub(super) fn forward_from<S: Isa, C: Cell>(
    s: S,
    given: Given<'_>,
    panel: ForwardPanel<'_>,
    (block, units): (usize, usize),
    sums: &[f32],
    next: &mut [f32],
    tape: Option<&mut [f32]>,
) {
    with_width!(units, given.shape.forward_chains(), |UNITS, CHAINS| if C::PRE == 1 => {
        let mut sums = [begun::<S, C::Pre<Vector<S>>, UNITS, CHAINS>(s, sums)];
        let h = &given.prev[..given.shape.hidden_size];
        accumulate::<S, _, UNITS, CHAINS, 1, CHAINS>(s, &mut sums, h, &mut [panel.h], C::FACTS.direct());
        cells::<S, C, UNITS, CHAINS>(s, given, block, &sums[0], next, tape);
    });
}

/// Sums that begin with `start [units][sums of a unit]`, in their first chain.
#[inline(always)]
fn begun<S: Isa, L: Lanes<Vector<S>>, const UNITS: usize, const CHAINS: usize>(
    s: S,
    start: &[f32],
) -> [[L; UNITS]; CHAINS] {
    let mut sums = [[L::from_fn(|_| Vector::splat(s, 0.0)); UNITS]; CHAINS];
    for unit in 0..UNITS {
        sums[0][unit] = L::from_fn(
            #[inline(always)]
            |p| Vector::load(s, start, (unit * L::LEN + p) * Vector::<S>::LANES),
        );
    }
    sums
}

/// The cell's equation for the units from a block on.
#[inline(always)]
fn cells<S: Isa, C: Cell, const UNITS: usize, const CHAINS: usize>(
    s: S,
    given: Given<'_>,
    block: usize,
    sums: &[[C::Pre<Vector<S>>; UNITS]; CHAINS],
    next: &mut [f32],
    mut tape: Option<&mut [f32]>,
) {
    for unit in 0..UNITS {
        let place = Place::of(given.shape, 0, block + unit);
        let pre = joined::<S, C::Pre<Vector<S>>, UNITS, CHAINS>(s, sums, unit);
        forward::cell::<S, C>(s, given, place, pre, next, tape.as_deref_mut());
    }
}

/// A run's part of what [`backward::step`] does, for one row. After all runs comes
/// [`backward::through_inner_value`].
///
/// # Panics
/// If a slice does not have its shape.
#[inline(always)]
pub(super) fn backward<S: Isa, C: Cell>(
    s: S,
    from: Backward<'_>,
    run: PanelRun,
    carry: &mut [f32],
    tape: &mut [f32],
) {
    with_width!(run.units, from.shape.chains(), |UNITS, CHAINS| if true => {
        backward_run::<S, C, UNITS, CHAINS>(s, from, run, carry, tape);
    });
}

/// The same for panels of so many vectors of units.
#[inline(always)]
pub(super) fn backward_run<S: Isa, C: Cell, const UNITS: usize, const CHAINS: usize>(
    s: S,
    from: Backward<'_>,
    run: PanelRun,
    carry: &mut [f32],
    tape: &mut [f32],
) {
    let pairs = if const { are_paired::<S>(1, UNITS, CHAINS) } { pairs(run, from.panels) } else { 0 };
    for n in 0..pairs {
        backward_panels::<S, C, UNITS, CHAINS, 2>(s, from, run.block_of(2 * n), carry, tape);
    }
    for n in 0..run.panels - 2 * pairs {
        let block = block_of_other(run, n, pairs, from.order);
        backward_panels::<S, C, UNITS, CHAINS, 1>(s, from, block, carry, tape);
    }
}

/// The row with some panels side by side, the first of which starts at a block.
#[inline(always)]
fn backward_panels<S: Isa, C: Cell, const UNITS: usize, const CHAINS: usize, const PANELS: usize>(
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
            weights[n] = panel(from.panels, shape.backward_unit(), block + n * UNITS, UNITS);
        }
        for pre in C::FACTS.direct() {
            let dpre = &from.later[(Tape::dpre(&C::FACTS) + pre) * shape.padded()..][..shape.hidden_size];
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
fn backward_cells<S: Isa, C: Cell, const UNITS: usize, const CHAINS: usize>(
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
        let place = Place::of(from.shape, 0, block + unit);
        backward::cell::<S, C>(s, from, through, (0, place), carry, tape);
    }
}

/// `sums[n][k % USED][unit][p] += values[k] * panels[n][k][unit][p]` for the sums `fed` of a unit, over all
/// `k` in order; cuts what it has read off the panels.
#[inline(always)]
fn accumulate<
    S: Isa,
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
    let (turns, left) = values.as_chunks::<USED>();
    // Iterators that walk side by side need no checks of bounds, which were a third of a turn's instructions.
    let [first, last] = [rest[0], rest[PANELS - 1]].map(|panel| panel.chunks_exact(USED * width));
    let mut second = rest[const { PANELS / 2 }].chunks_exact(USED * width);
    for ((turn, first), last) in turns.iter().zip(first).zip(last) {
        let second = if PANELS == 3 { second.next().unwrap_or_default() } else { last };
        let weights = [first, second, last];
        for n in 0..PANELS {
            for c in 0..USED {
                add_column(s, &mut own[n][c], turn[c], &weights[n][c * width..][..width], fed.clone());
            }
        }
    }
    for n in 0..PANELS {
        take(&mut rest[n], turns.len() * USED * width);
    }
    // Each number of them has code of its own: fewer branches than one for each, and no loop, in which the sums would
    // stay in memory.
    match *left {
        [a] if USED > 1 => add_turn(s, &mut own, [a], &mut rest, fed),
        [a, b] if USED > 2 => add_turn(s, &mut own, [a, b], &mut rest, fed),
        [a, b, c] if USED > 2 => add_turn(s, &mut own, [a, b, c], &mut rest, fed),
        _ => {}
    }
    *sums = own;
}

/// `sums[n][k][unit][p] += values[k] * panels[n][k][unit][p]` for all of these values; cuts what it has read off the
/// panels.
#[inline(always)]
fn add_turn<
    S: Isa,
    L: Lanes<Vector<S>>,
    const UNITS: usize,
    const CHAINS: usize,
    const PANELS: usize,
    const VALUES: usize,
>(
    s: S,
    sums: &mut [[[L; UNITS]; CHAINS]; PANELS],
    values: [f32; VALUES],
    panels: &mut [&[f32]; PANELS],
    fed: Range<usize>,
) {
    let width = UNITS * fed.len() * Vector::<S>::LANES;
    for k in 0..VALUES {
        for n in 0..PANELS {
            add_column(s, &mut sums[n][k], values[k], take(&mut panels[n], width), fed.clone());
        }
    }
}

/// `sums[unit][p] += value * weights[unit][p]` for the sums `fed` of a unit.
#[inline(always)]
fn add_column<S: Isa, L: Lanes<Vector<S>>, const UNITS: usize>(
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
fn joined<S: Isa, L: Lanes<Vector<S>>, const UNITS: usize, const CHAINS: usize>(
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
