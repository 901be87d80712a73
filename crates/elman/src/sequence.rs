//! Sequences with their targets: what a network learns from.

use elman_core::lane::Scalar;

use crate::batch::Packing;
use crate::float::convert;
use crate::loss::Targets;
/// One sequence and what the network should say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Example<T> {
    /// The inputs, `[length, I]`.
    pub x: Vec<T>,
    /// One for each timestep of the network's output, of which there are
    /// [`output_len(length)`](crate::network::Network::output_len).
    pub targets: Targets<T>,
}

impl<T: Scalar> Example<T> {
    /// The same example in another number type.
    pub fn convert<U: Scalar>(&self) -> Example<U> {
        Example { x: convert(&self.x), targets: self.targets.convert() }
    }
}

/// The targets of a batch in the batch's own order, as the network's outputs stand, in the memory that is
/// there. The batch was packed from the examples `example(n)`; `packing` is that of its
/// [outputs](crate::network::Network::output_packing).
///
/// # Panics
/// If the examples' targets are not all of one kind, or not of the lengths of `packing`.
pub fn pack_targets<'a, T: Scalar>(
    example: impl Fn(usize) -> &'a Example<T>,
    packing: &Packing,
    output_size: usize,
    targets: &mut Targets<T>,
) {
    targets.take_kind(&example(0).targets);
    match targets {
        Targets::Classes(classes) => {
            let of = |n| match &example(n).targets {
                Targets::Classes(classes) => classes.as_slice(),
                Targets::Values(_) => panic!("a batch mixes classes and values"),
            };
            packing.pack_into(of, 1, classes);
        }
        Targets::Values(values) => {
            let of = |n| match &example(n).targets {
                Targets::Values(values) => values.as_slice(),
                Targets::Classes(_) => panic!("a batch mixes classes and values"),
            };
            packing.pack_into(of, output_size, values);
        }
    }
}
