//! Zoneout: units that stay as they were.
//!
//! After each step, a share of a layer's units keeps the states from before it (Krueger et al., Zoneout: Regularizing RNNs by
//! randomly preserving hidden activations, ICLR 2017, arXiv:1606.01305):
//!
//! ```text
//! s_t = d_t * s_(t-1) + (1 - d_t) * s~_t
//! ```
//!
//! Here `s~_t` is what the cell makes of `s_(t-1)`. In training each `d` is 1 with a probability of its own and otherwise 0,
//! drawn for each unit, state and timestep; elsewhere it is that probability, its mean. The states of a cell are kept or not
//! each by itself, as in the paper's equations of the LSTM and in the code that came with it: `h~_t` is made from `c~_t`, as it
//! was before any of it was kept.
//!
//! The functions work on the states of one sequence in one timestep, `[STATES, stride]` with `H` values each.

use crate::lane::Scalar;

/// How much of the states from before a step is kept: `d`.
#[derive(Clone, Copy, Debug)]
pub enum Kept<'a, T> {
    /// The mean: of `h`, and of the states after it.
    Share([T; 2]),
    /// What was drawn, zeros and ones `[STATES, H]`.
    Drawn(&'a [T]),
}

/// The states of a row.
#[derive(Clone, Copy, Debug)]
pub struct States {
    /// How many there are.
    pub count: usize,
    /// `H`
    pub hidden_size: usize,
    /// From one to the next.
    pub stride: usize,
}

impl<T: Scalar> Kept<'_, T> {
    /// Calls `f` with each unit of a state and its `d`.
    #[inline(always)]
    fn for_each(self, state: usize, hidden_size: usize, mut f: impl FnMut(usize, T)) {
        match self {
            Kept::Share(shares) => (0..hidden_size).for_each(|unit| f(unit, shares[state.min(1)])),
            Kept::Drawn(drawn) => {
                let drawn = &drawn[state * hidden_size..][..hidden_size];
                drawn.iter().enumerate().for_each(|(unit, &d)| f(unit, d));
            }
        }
    }

    /// From the states before a step and what the cell made of them to those after it, which take the place of the latter.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    #[inline]
    pub fn forward(self, states: States, prev: &[T], next: &mut [T]) {
        let h = states.hidden_size;
        for state in 0..states.count {
            let (prev, next) = (states.of(state, prev), states.of_mut(state, next));
            self.for_each(state, h, |unit, d| {
                next[unit] = d * prev[unit] + (d.constant(1.0) - d) * next[unit];
            });
        }
    }

    /// From d loss / d states after a step to that of what the cell made, which takes its place, and that of the states before
    /// it by this way alone, which overwrites `dkept`.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    #[inline]
    pub fn backward(self, states: States, dnext: &mut [T], dkept: &mut [T]) {
        let h = states.hidden_size;
        for state in 0..states.count {
            let (dnext, dkept) = (states.of_mut(state, dnext), states.of_mut(state, dkept));
            self.for_each(state, h, |unit, d| {
                dkept[unit] = d * dnext[unit];
                dnext[unit] = (d.constant(1.0) - d) * dnext[unit];
            });
        }
    }
}

impl States {
    fn of<'a, T>(&self, state: usize, row: &'a [T]) -> &'a [T] {
        &row[state * self.stride..][..self.hidden_size]
    }

    fn of_mut<'a, T>(&self, state: usize, row: &'a mut [T]) -> &'a mut [T] {
        &mut row[state * self.stride..][..self.hidden_size]
    }
}
