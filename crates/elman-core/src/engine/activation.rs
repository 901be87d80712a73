//! A dense block's activation for many rows at once.

use elman_kernels::vector::Vector;
use elman_kernels::{InstructionSet, Isa, dispatch};

use crate::block::Activation;
use crate::lane::Lane;

/// Turns weighted sums into outputs: `width` values from the start of each row on, which are `stride` apart. A value's
/// result does not depend on where it stands; what is behind a row's values is left as some finite number.
#[inline]
pub fn apply(set: InstructionSet, activation: Activation, width: usize, stride: usize, rows: &mut [f32]) {
    match activation {
        Activation::Identity => {}
        Activation::Tanh | Activation::Relu | Activation::Sigmoid => {
            dispatch!(set, s => apply_on(s, activation, rows));
        }
        _ => rows.chunks_exact_mut(stride).for_each(|row| activation.apply(&mut row[..width])),
    }
}

#[inline(always)]
fn apply_on<S: Isa>(s: S, activation: Activation, values: &mut [f32]) {
    let lanes = Vector::<S>::LANES;
    let of = |x: Vector<S>| match activation {
        Activation::Tanh => x.tanh(),
        Activation::Sigmoid => x.sigmoid(),
        _ => x.where_positive(x),
    };
    let whole = values.len() / lanes * lanes;
    for at in (0..whole).step_by(lanes) {
        of(Vector::load(s, values, at)).store(values, at);
    }
    let rest = &mut values[whole..];
    let mut last = [0.0; 16];
    last[..rest.len()].copy_from_slice(rest);
    of(Vector::load(s, &last, 0)).store(&mut last, 0);
    rest.copy_from_slice(&last[..rest.len()]);
}
