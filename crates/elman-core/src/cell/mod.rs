//! Recurrent cells: the pointwise equations of one unit, forward and backward.
//!
//! A new cell is one file here, its equations and constants, and one line in the table of `kind.rs`.
//!
//! ```
//! use elman_core::cell::{Cell, CellKind, Gru};
//! use elman_core::lane::Lane;
//!
//! // One unit at rest, with pre-activations of 0: half of its state stays.
//! let (state, _) = Gru::forward([0.0f64; 4], [], [0.8]);
//! assert_eq!(state, [0.4]);
//! assert_eq!(CellKind::Gru.facts().gates(), 3);
//! ```

mod elman;
mod gru;
mod kind;
mod lstm;
mod min_gru;
mod peephole_lstm;

pub use elman::{Elman, ElmanRelu};
pub use gru::{Gru, GruResetBefore};
pub use kind::{CellKind, UnknownCell};
pub use lstm::Lstm;
pub use min_gru::MinGru;
pub use peephole_lstm::PeepholeLstm;

use core::fmt;
use core::ops::Range;

use crate::lane::Lane;

/// A fixed-size group of lanes, one per gate or state; implemented by `[L; N]`.
pub trait Lanes<L>: Copy + AsRef<[L]> + AsMut<[L]> {
    /// The number of lanes.
    const LEN: usize;
    /// The group whose lane `n` is `f(n)`.
    fn from_fn(f: impl FnMut(usize) -> L) -> Self;
}

impl<L: Copy, const N: usize> Lanes<L> for [L; N] {
    const LEN: usize = N;
    #[inline(always)]
    fn from_fn(mut f: impl FnMut(usize) -> L) -> Self {
        if N == 0 {
            return core::array::from_fn(f);
        }
        // That function is not always inlined, and vectors do not pass through calls in registers.
        let mut lanes = [f(0); N];
        let mut n = 1;
        while n < N {
            lanes[n] = f(n);
            n += 1;
        }
        lanes
    }
}

/// What one unit of a recurrent layer does in one timestep.
///
/// A unit first forms its *pre-activations*, weighted sums ordered
/// `[input only | input and state | state only]`: `W_ih x + b_ih` feeds the first [`FROM_X`], and
/// `W_hh h + b_hh` the last [`FROM_H`]. So nothing is multiplied by zero, and a GRU, whose candidate
/// keeps the two products apart, is no special case. Then [`forward`] turns them and the previous
/// state into the next state. State 0 is `h`: the output, and what `W_hh` multiplies.
///
/// A cell whose recurrent weights multiply something other than `h` for some gates says so with
/// [`FROM_INNER`]; see [`GruResetBefore`].
///
/// [`FROM_X`]: Cell::FROM_X
/// [`FROM_H`]: Cell::FROM_H
/// [`FROM_INNER`]: Cell::FROM_INNER
/// [`forward`]: Cell::forward
pub trait Cell: Copy + Send + Sync + fmt::Debug + 'static {
    /// How many of the first pre-activations the input feeds: `weight_ih` is `[FROM_X * H, I]`.
    const FROM_X: usize;
    /// How many of the last pre-activations the state feeds: `weight_hh` is `[FROM_H * H, H]`.
    const FROM_H: usize;
    /// The gate of each pre-activation: the block of `H` rows in `weight_ih` and `weight_hh` that
    /// feeds it, in PyTorch's order of gates.
    const GATE: &'static [usize];
    /// How many of the last pre-activations have their recurrent weights applied to
    /// [`inner`](Cell::inner) instead of `h`.
    const FROM_INNER: usize = 0;
    /// The gate by which the cell forgets, if it has one: initialisations may give its bias another value.
    const FORGET_GATE: Option<usize> = None;
    /// Does the identity suit its recurrent weights at the start, as for a cell with one gate?
    const FITS_IDENTITY: bool = false;
    /// The names of the states, `h` first.
    const STATE_NAMES: &'static [&'static str] = &["h"];
    /// The name of the tensor `[UNIT * H]` of the per-unit parameters.
    const UNIT_NAME: &'static str = "weight_unit";
    /// Is the cell worth functions of its own for single rows, which serve streams and single sequences? They take
    /// a few seconds to compile. Without them, tiles do the same, to the bit.
    const SINGLE_ROWS: bool = true;
    /// Was it measured that 17 to 24 of its units take less time as three vectors of 8 lanes than as two of 16, in whichever
    /// way they are run? See [`suits_eight_lanes`](elman_kernels::tuning::suits_eight_lanes). It changes no bit.
    const IN_THREES: bool = false;

    /// The pre-activations of a unit.
    type Pre<L: Lane>: Lanes<L>;
    /// Parameters of a unit of its own, beside its rows of the weights and its biases: peepholes, for example.
    type Unit<L: Lane>: Lanes<L>;
    /// The states of a unit, `h` first.
    type State<L: Lane>: Lanes<L>;
    /// What `backward` wants to find again, beside the states before and after the step.
    type Saved<L: Lane>: Lanes<L>;

    /// The number of pre-activations.
    const PRE: usize = <Self::Pre<f32> as Lanes<f32>>::LEN;
    /// The number of per-unit parameters.
    const UNIT: usize = <Self::Unit<f32> as Lanes<f32>>::LEN;
    /// The number of states.
    const STATES: usize = <Self::State<f32> as Lanes<f32>>::LEN;
    /// The number of saved values.
    const SAVED: usize = <Self::Saved<f32> as Lanes<f32>>::LEN;
    /// All of this for code that does not know the cell.
    const FACTS: Facts = Facts::of::<Self>();

    /// Pre-activations, per-unit parameters and previous state to next state, and what the backward pass will
    /// need.
    fn forward<L: Lane>(
        pre: Self::Pre<L>,
        unit: Self::Unit<L>,
        prev: Self::State<L>,
    ) -> (Self::State<L>, Self::Saved<L>);

    /// From d loss / d next state: d loss / d pre-activations, d loss / d per-unit parameters, and the part of
    /// d loss / d previous state that does not pass through the recurrent weights.
    fn backward<L: Lane>(
        saved: Self::Saved<L>,
        unit: Self::Unit<L>,
        prev: Self::State<L>,
        next: Self::State<L>,
        dnext: Self::State<L>,
    ) -> (Self::Pre<L>, Self::Unit<L>, Self::State<L>);

    /// What the last [`FROM_INNER`](Cell::FROM_INNER) recurrent products multiply, from the
    /// pre-activations before those products are added.
    #[inline(always)]
    fn inner<L: Lane>(_pre: Self::Pre<L>, prev: Self::State<L>) -> L {
        prev.as_ref()[0]
    }

    /// From d loss / d [`inner`](Cell::inner): what it adds to d loss / d pre-activations and to
    /// d loss / d previous state.
    #[inline(always)]
    fn inner_backward<L: Lane>(
        _saved: Self::Saved<L>,
        _prev: Self::State<L>,
        dinner: L,
    ) -> (Self::Pre<L>, Self::State<L>) {
        let zero = dinner.constant(0.0);
        (Lanes::from_fn(|_| zero), Lanes::from_fn(|_| zero))
    }
}

/// What code that does not know a cell has to know of it: its constants, by the names that they have in [`Cell`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// See [`Cell::FROM_X`].
    pub from_x: usize,
    /// See [`Cell::FROM_H`].
    pub from_h: usize,
    /// See [`Cell::FROM_INNER`].
    pub from_inner: usize,
    /// See [`Cell::GATE`].
    pub gate: &'static [usize],
    /// See [`Cell::PRE`].
    pub pre: usize,
    /// See [`Cell::UNIT`].
    pub unit: usize,
    /// See [`Cell::STATES`].
    pub states: usize,
    /// See [`Cell::SAVED`].
    pub saved: usize,
    /// See [`Cell::FORGET_GATE`].
    pub forget_gate: Option<usize>,
    /// See [`Cell::FITS_IDENTITY`].
    pub fits_identity: bool,
    /// See [`Cell::IN_THREES`].
    pub in_threes: bool,
    /// See [`Cell::STATE_NAMES`].
    pub state_names: &'static [&'static str],
    /// See [`Cell::UNIT_NAME`].
    pub unit_name: &'static str,
}

impl Facts {
    /// Those of a cell.
    pub const fn of<C: Cell>() -> Self {
        assert!(C::GATE.len() == C::PRE, "each pre-activation has a gate");
        assert!(C::STATE_NAMES.len() == C::STATES, "each state has a name");
        assert!(C::FROM_INNER <= C::FROM_H && C::FROM_H <= C::PRE && C::FROM_X <= C::PRE, "what feeds what");
        Facts {
            from_x: C::FROM_X,
            from_h: C::FROM_H,
            from_inner: C::FROM_INNER,
            gate: C::GATE,
            pre: C::PRE,
            unit: C::UNIT,
            states: C::STATES,
            saved: C::SAVED,
            forget_gate: C::FORGET_GATE,
            fits_identity: C::FITS_IDENTITY,
            in_threes: C::IN_THREES,
            state_names: C::STATE_NAMES,
            unit_name: C::UNIT_NAME,
        }
    }

    /// `G`: the blocks of `H` rows in `weight_ih`.
    pub const fn gates(&self) -> usize {
        self.from_x
    }

    /// The pre-activations that `h` itself feeds.
    pub const fn direct(&self) -> Range<usize> {
        self.pre - self.from_h..self.pre - self.from_inner
    }

    /// The pre-activations that the inner value feeds.
    pub const fn through_inner(&self) -> Range<usize> {
        self.pre - self.from_inner..self.pre
    }

    /// Does the input feed this pre-activation?
    pub const fn feeds_from_x(&self, pre: usize) -> bool {
        pre < self.from_x
    }

    /// Do recurrent weights feed this pre-activation?
    pub const fn feeds_from_h(&self, pre: usize) -> bool {
        pre >= self.pre - self.from_h && pre < self.pre
    }
}
