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

/// The targets of a batch in the batch's own order, as the head's outputs stand.
///
/// # Panics
/// If the examples' targets are not all of one kind, or not of the lengths that `readout` asks for.
pub fn pack_targets<T: Scalar>(
    examples: &[&Example<T>],
    packing: &Packing,
    readout: Readout,
    output_size: usize,
) -> Targets<T> {
    if let Some(Targets::Classes(_)) = examples.first().map(|example| &example.targets) {
        let classes = examples.iter().map(|example| match &example.targets {
            Targets::Classes(classes) => classes.as_slice(),
            Targets::Values(_) => panic!("a batch mixes classes and values"),
        });
        Targets::Classes(arrange(&classes.collect::<Vec<_>>(), packing, readout, 1))
    } else {
        let values = examples.iter().map(|example| match &example.targets {
            Targets::Values(values) => values.as_slice(),
            Targets::Classes(_) => panic!("a batch mixes classes and values"),
        });
        Targets::Values(arrange(&values.collect::<Vec<_>>(), packing, readout, output_size))
    }
}

fn arrange<V: Copy>(sequences: &[&[V]], packing: &Packing, readout: Readout, width: usize) -> Vec<V> {
    match readout {
        Readout::Every => packing.pack(sequences, width),
        Readout::Last => packing.order().iter().flat_map(|&n| sequences[n].iter().copied()).collect(),
    }
}
