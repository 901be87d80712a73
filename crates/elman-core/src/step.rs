//! One timestep of one sequence through one layer, forward and backward: the plain path that says
//! what every faster one must compute.
//!
//! ```
//! use elman_core::cell::Elman;
//! use elman_core::step::{Weights, forward, scratch_len};
//!
//! // One unit: h' = tanh(2 x + h - 1).
//! let weights =
//!     Weights { weight_ih: &[2.0], weight_hh: &[1.0], bias_ih: &[-1.0], bias_hh: &[0.0], unit: &[] };
//! let (mut next, mut scratch) = ([0.0f64], [0.0; scratch_len::<Elman>(1)]);
//! forward::<Elman, f64>(weights, &[0.5], &[0.25], &mut next, &mut [], &mut [], &mut scratch);
//! assert!((next[0] - 0.25f64.tanh()).abs() < 1e-15);
//! ```

use crate::cell::{Cell, Lanes};
use crate::lane::Scalar;

/// The weights of one layer in one direction, laid out and named as PyTorch does.
#[derive(Clone, Copy, Debug)]
pub struct Weights<'a, T> {
    /// `[FROM_X * H, I]`
    pub weight_ih: &'a [T],
    /// `[FROM_H * H, H]`
    pub weight_hh: &'a [T],
    /// `[FROM_X * H]`
    pub bias_ih: &'a [T],
    /// `[FROM_H * H]`
    pub bias_hh: &'a [T],
    /// The per-unit parameters, `[UNIT * H]`.
    pub unit: &'a [T],
}

/// Where the gradient of [`Weights`] is added up; the same shapes.
#[derive(Debug)]
pub struct WeightsGradient<'a, T> {
    /// `[FROM_X * H, I]`
    pub weight_ih: &'a mut [T],
    /// `[FROM_H * H, H]`
    pub weight_hh: &'a mut [T],
    /// `[FROM_X * H]`
    pub bias_ih: &'a mut [T],
    /// `[FROM_H * H]`
    pub bias_hh: &'a mut [T],
    /// `[UNIT * H]`
    pub unit: &'a mut [T],
}

/// What the forward step leaves for the backward step, for one timestep of one sequence.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a, T> {
    /// The input, `[I]`.
    pub x: &'a [T],
    /// The states before the step, `[STATES, H]`.
    pub prev: &'a [T],
    /// The states after the step, `[STATES, H]`.
    pub next: &'a [T],
    /// What the cell saved, `[SAVED, H]`.
    pub saved: &'a [T],
    /// The inner values, `[inner_len]`.
    pub inner: &'a [T],
}

/// The length of the inner values of a step: `H` for a cell that has them, else 0.
pub const fn inner_len<C: Cell>(hidden_size: usize) -> usize {
    if C::FROM_INNER > 0 { hidden_size } else { 0 }
}

/// The length of the scratch that [`forward`] and [`backward`] ask for: `(PRE + 1) * H`.
pub const fn scratch_len<C: Cell>(hidden_size: usize) -> usize {
    (C::PRE + 1) * hidden_size
}

/// One step forward.
///
/// From `x [I]` and `prev [STATES, H]` to `next [STATES, H]`, `saved [SAVED, H]` and
/// `inner [inner_len]`; `scratch [scratch_len]` may hold anything.
///
/// # Panics
/// If a slice does not have its shape.
pub fn forward<C: Cell, T: Scalar>(
    weights: Weights<'_, T>,
    x: &[T],
    prev: &[T],
    next: &mut [T],
    saved: &mut [T],
    inner: &mut [T],
    scratch: &mut [T],
) {
    let hidden_size = next.len() / C::STATES;
    let h = &prev[..hidden_size];
    let pre = &mut scratch[..C::PRE * hidden_size];
    for p in 0..C::PRE {
        for unit in 0..hidden_size {
            let row = C::GATE[p] * hidden_size + unit;
            let mut sum = T::default();
            if C::FACTS.feeds_from_x(p) {
                sum = affine(weights.weight_ih, weights.bias_ih, row, x);
            }
            if C::FACTS.direct().contains(&p) {
                sum += affine(weights.weight_hh, weights.bias_hh, row, h);
            }
            pre[p * hidden_size + unit] = sum;
        }
    }
    if C::FROM_INNER > 0 {
        for (unit, inner) in inner[..hidden_size].iter_mut().enumerate() {
            *inner = C::inner(gather(pre, unit, hidden_size), gather(prev, unit, hidden_size));
        }
        for p in C::FACTS.through_inner() {
            for unit in 0..hidden_size {
                let row = C::GATE[p] * hidden_size + unit;
                pre[p * hidden_size + unit] += affine(weights.weight_hh, weights.bias_hh, row, inner);
            }
        }
    }
    for unit in 0..hidden_size {
        let (state, keep) = C::forward(
            gather(pre, unit, hidden_size),
            gather(weights.unit, unit, hidden_size),
            gather(prev, unit, hidden_size),
        );
        scatter(state, next, unit, hidden_size);
        scatter(keep, saved, unit, hidden_size);
    }
}

/// One step backward.
///
/// From `dnext [STATES, H]` = d loss / d next states to `dprev [STATES, H]`, overwritten with
/// d loss / d previous states. Adds the step's part to `gradient` and, where it is wanted, to
/// `dx [I]`; `scratch [scratch_len]` may hold anything.
///
/// # Panics
/// If a slice does not have its shape; `dx` must be of the length of `x`.
pub fn backward<C: Cell, T: Scalar>(
    weights: Weights<'_, T>,
    step: Step<'_, T>,
    dnext: &[T],
    dprev: &mut [T],
    mut dx: Option<&mut [T]>,
    gradient: &mut WeightsGradient<'_, T>,
    scratch: &mut [T],
) {
    let hidden_size = dnext.len() / C::STATES;
    let (dpre, dinner) = scratch.split_at_mut(C::PRE * hidden_size);
    for unit in 0..hidden_size {
        let (d, d_unit, direct) = C::backward(
            gather(step.saved, unit, hidden_size),
            gather(weights.unit, unit, hidden_size),
            gather(step.prev, unit, hidden_size),
            gather(step.next, unit, hidden_size),
            gather(dnext, unit, hidden_size),
        );
        scatter(d, dpre, unit, hidden_size);
        for (n, &d) in d_unit.as_ref().iter().enumerate() {
            gradient.unit[n * hidden_size + unit] += d;
        }
        scatter(direct, dprev, unit, hidden_size);
    }
    if C::FROM_INNER > 0 {
        inner_backward::<C, T>(weights, step, dpre, &mut dinner[..hidden_size], dprev, hidden_size);
    }
    let h = &step.prev[..hidden_size];
    for p in 0..C::PRE {
        for unit in 0..hidden_size {
            let row = C::GATE[p] * hidden_size + unit;
            let d = dpre[p * hidden_size + unit];
            if C::FACTS.feeds_from_x(p) {
                gradient.bias_ih[row] += d;
                add_scaled(row_mut(gradient.weight_ih, row, step.x.len()), d, step.x);
                if let Some(dx) = dx.as_deref_mut() {
                    add_scaled(dx, d, row_of(weights.weight_ih, row, step.x.len()));
                }
            }
            if C::FACTS.feeds_from_h(p) {
                gradient.bias_hh[row] += d;
                let operand = if C::FACTS.direct().contains(&p) { h } else { step.inner };
                add_scaled(row_mut(gradient.weight_hh, row, hidden_size), d, operand);
            }
            if C::FACTS.direct().contains(&p) {
                add_scaled(&mut dprev[..hidden_size], d, row_of(weights.weight_hh, row, hidden_size));
            }
        }
    }
}

/// The gradient through the inner values: `dinner = W_hh^T dpre` over the gates they
/// feed, then the cell's own equation.
fn inner_backward<C: Cell, T: Scalar>(
    weights: Weights<'_, T>,
    step: Step<'_, T>,
    dpre: &mut [T],
    dinner: &mut [T],
    dprev: &mut [T],
    hidden_size: usize,
) {
    dinner.fill(T::default());
    for p in C::FACTS.through_inner() {
        for unit in 0..hidden_size {
            let row = C::GATE[p] * hidden_size + unit;
            let d = dpre[p * hidden_size + unit];
            add_scaled(dinner, d, row_of(weights.weight_hh, row, hidden_size));
        }
    }
    for unit in 0..hidden_size {
        let (d, direct) = C::inner_backward(
            gather(step.saved, unit, hidden_size),
            gather(step.prev, unit, hidden_size),
            dinner[unit],
        );
        for (p, &d) in d.as_ref().iter().enumerate() {
            dpre[p * hidden_size + unit] += d;
        }
        for (s, &d) in direct.as_ref().iter().enumerate() {
            dprev[s * hidden_size + unit] += d;
        }
    }
}

/// `bias[row] + weight[row] . x`
#[inline(always)]
fn affine<T: Scalar>(weight: &[T], bias: &[T], row: usize, x: &[T]) -> T {
    row_of(weight, row, x.len()).iter().zip(x).fold(bias[row], |sum, (&w, &x)| w.mul_add(x, sum))
}

/// `to += scale * x`
#[inline(always)]
fn add_scaled<T: Scalar>(to: &mut [T], scale: T, x: &[T]) {
    for (to, &x) in to.iter_mut().zip(x) {
        *to = scale.mul_add(x, *to);
    }
}

#[inline(always)]
fn row_of<T>(matrix: &[T], row: usize, columns: usize) -> &[T] {
    &matrix[row * columns..][..columns]
}

#[inline(always)]
fn row_mut<T>(matrix: &mut [T], row: usize, columns: usize) -> &mut [T] {
    &mut matrix[row * columns..][..columns]
}

/// The values of one unit out of `[n, H]`.
#[inline(always)]
fn gather<T: Scalar, L: Lanes<T>>(from: &[T], unit: usize, hidden_size: usize) -> L {
    L::from_fn(|n| from[n * hidden_size + unit])
}

/// The values of one unit into `[n, H]`.
#[inline(always)]
fn scatter<T: Scalar, L: Lanes<T>>(values: L, to: &mut [T], unit: usize, hidden_size: usize) {
    for (n, &value) in values.as_ref().iter().enumerate() {
        to[n * hidden_size + unit] = value;
    }
}
