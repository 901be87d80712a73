//! Recurrent cells: the pointwise equations of one unit, forward and backward.
//!
//! A new cell is one file here: its equations, its constants, nothing else.

mod elman;
mod gru;
mod kind;
mod lstm;

pub use elman::{Elman, ElmanRelu};
pub use gru::{Gru, GruResetBefore};
pub use kind::{CellKind, UnknownCell};
pub use lstm::Lstm;

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
pub trait Cell: Copy + Send + Sync + 'static {
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
    /// The names of the states, as PyTorch has them.
    const STATE_NAMES: &'static [&'static str] = &["h"];
    /// The forget gate, if there is one: initialisations may give its bias another value.
    const FORGET_GATE: Option<usize> = None;
    /// Does the identity as recurrent weights carry the state on unchanged, so that it makes an initialisation?
    const FITS_IDENTITY: bool = false;

    /// The pre-activations of a unit.
    type Pre<L: Lane>: Lanes<L>;
    /// The states of a unit, `h` first.
    type State<L: Lane>: Lanes<L>;
    /// What `backward` wants to find again, beside the states before and after the step.
    type Saved<L: Lane>: Lanes<L>;

    /// The number of pre-activations.
    const PRE: usize = <Self::Pre<f32> as Lanes<f32>>::LEN;
    /// The number of states.
    const STATES: usize = <Self::State<f32> as Lanes<f32>>::LEN;
    /// The number of saved values.
    const SAVED: usize = <Self::Saved<f32> as Lanes<f32>>::LEN;

    /// Pre-activations and previous state to next state, and what the backward pass will need.
    fn forward<L: Lane>(pre: Self::Pre<L>, prev: Self::State<L>) -> (Self::State<L>, Self::Saved<L>);

    /// From d loss / d next state: d loss / d pre-activations, and the part of
    /// d loss / d previous state that does not pass through the recurrent weights.
    fn backward<L: Lane>(
        saved: Self::Saved<L>,
        prev: Self::State<L>,
        next: Self::State<L>,
        dnext: Self::State<L>,
    ) -> (Self::Pre<L>, Self::State<L>);

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
