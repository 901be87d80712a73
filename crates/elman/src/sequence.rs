//! Sequences with their targets: what a network learns from.

use elman_core::lane::Scalar;

use crate::batch::Packing;
use crate::float::convert;
use crate::loss::Targets;
use crate::network::Readout;

/// One sequence and what the network should say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Example<T> {
    /// The inputs, `[length, I]`.
    pub x: Vec<T>,
    /// One target for [`Readout::Last`], `length` of them for [`Readout::Every`].
    pub targets: Targets<T>,
}

impl<T: Scalar> Example<T> {
    /// The same example in another number type.
    pub fn convert<U: Scalar>(&self) -> Example<U> {
        Example { x: convert(&self.x), targets: self.targets.convert() }
    }
}

/// The targets of a batch in the batch's own order, as the head's outputs stand, in the memory that is
/// there. The batch was packed from the examples `example(n)`.
///
/// # Panics
/// If the examples' targets are not all of one kind, or not of the lengths that `readout` asks for.
pub fn pack_targets<'a, T: Scalar>(
    example: impl Fn(usize) -> &'a Example<T>,
    packing: &Packing,
    readout: Readout,
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
            arrange(of, packing, readout, 1, classes);
        }
        Targets::Values(values) => {
            let of = |n| match &example(n).targets {
                Targets::Values(values) => values.as_slice(),
                Targets::Classes(_) => panic!("a batch mixes classes and values"),
            };
            arrange(of, packing, readout, output_size, values);
        }
    }
}

fn arrange<'a, V: Copy + 'a>(
    sequence: impl Fn(usize) -> &'a [V],
    packing: &Packing,
    readout: Readout,
    width: usize,
    to: &mut Vec<V>,
) {
    match readout {
        Readout::Every => packing.pack_into(sequence, width, to),
        Readout::Last => {
            to.clear();
            packing.order().iter().for_each(|&n| to.extend_from_slice(sequence(n)));
        }
    }
}
