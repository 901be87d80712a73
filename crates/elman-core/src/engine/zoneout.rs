//! [Zoneout](crate::zoneout) on states that lie as the engine has them, between a step of the kernels and the next one.

use elman_kernels::vector::FLUSH_BELOW;

use super::shape::Shape;
use crate::zoneout::{Kept, States};

/// Where in a row the states of a layer stand.
const fn states(shape: &Shape) -> States {
    States { count: shape.facts().states, hidden_size: shape.hidden_size, stride: shape.padded() }
}

/// From the states before a step of one sequence and what the cell made of them, `next`, to those after it, which take its
/// place; each `[STATES, padded]`.
///
/// # Panics
/// If a slice does not have its shape.
pub fn keep(kept: Kept<'_, f32>, shape: &Shape, prev: &[f32], next: &mut [f32]) {
    kept.forward(states(shape), prev, next);
    flush_to_zero(next);
}

/// From d loss / d states after such a step to that of what the cell made, which takes its place, and what reaches the states
/// before the step without the cell, to `dkept`.
///
/// # Panics
/// If a slice does not have its shape.
pub fn keep_backward(kept: Kept<'_, f32>, shape: &Shape, dnext: &mut [f32], dkept: &mut [f32]) {
    kept.backward(states(shape), dnext, dkept);
    flush_to_zero(dnext);
    flush_to_zero(dkept);
}

/// What the engine flushes in its vectors: see [`Vector::flush_to_zero`](elman_kernels::vector::Vector::flush_to_zero).
fn flush_to_zero(values: &mut [f32]) {
    for value in values {
        if value.abs() < FLUSH_BELOW {
            *value = 0.0;
        }
    }
}
