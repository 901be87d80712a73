//! Sequences with their targets: what a network learns from.
//!
//! ```
//! use elman_network::network::{CellKind, Network, NetworkConfig, Readout};
//! use elman_network::sequence::{Example, TrainingBatch};
//!
//! # fn main() -> Result<(), elman_network::error::ConfigError> {
//! let network = Network::new(NetworkConfig::stacked(CellKind::Gru, 1, 4, 1, 1).readout(Readout::Last))?;
//! // Two sequences of one value per timestep, each with one value that the network should say of it.
//! let examples = [Example::values(vec![1.0, 2.0], vec![3.0]), Example::values(vec![4.0, 5.0, 6.0], vec![15.0])];
//! let batch = TrainingBatch::<f32>::new(&network, &examples);
//! assert_eq!(batch.inputs().packing().lengths(), [3, 2]);
//! # Ok(())
//! # }
//! ```

use std::ops::Range;

use elman_core::lane::Scalar;

use crate::batch::{Batch, Packing};
use crate::float::convert;
use crate::loss::Targets;
use crate::network::Network;

/// One sequence and what the network should say of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Example<T> {
    /// The inputs, `[length, I]`.
    pub x: Vec<T>,
    /// Those of each timestep of the network's output, of which there are
    /// [`output_len(length)`](crate::network::Network::output_len): a class, or as many values as an output tells.
    pub targets: Targets<T>,
}

impl<T: Scalar> Example<T> {
    /// A sequence whose targets are numbers, `[output_len(length), V]`: as many as outputs, where the loss takes one
    /// output for each.
    pub fn values(x: Vec<T>, values: Vec<T>) -> Self {
        Example { x, targets: Targets::Values(values) }
    }

    /// A sequence whose targets are classes, `[output_len(length)]`.
    pub fn classes(x: Vec<T>, classes: Vec<usize>) -> Self {
        Example { x, targets: Targets::Classes(classes) }
    }

    /// The same example in another number type.
    pub fn convert<U: Scalar>(&self) -> Example<U> {
        Example { x: convert(&self.x), targets: self.targets.convert() }
    }
}

/// Examples side by side: a [`Batch`] of their inputs, and their targets as the network's outputs stand. Nobody
/// has to know in which order that is.
#[derive(Clone, Debug, Default)]
pub struct TrainingBatch<T> {
    inputs: Batch<T>,
    outputs: Packing,
    targets: Targets<T>,
}

impl<T: Scalar> TrainingBatch<T> {
    /// Packs examples for a network.
    ///
    /// # Panics
    /// If there is no example, or one has not the network's input size, or its targets are not of the kind
    /// of the others' or not as many for each of its outputs.
    pub fn new(network: &Network, examples: &[Example<T>]) -> Self {
        let mut batch = TrainingBatch::default();
        batch.set(network, examples.len(), |n| &examples[n]);
        batch
    }

    /// Packs `count` examples `example(n)` in the memory that is there; otherwise as [`new`](Self::new).
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn set<'a>(&mut self, network: &Network, count: usize, example: impl Fn(usize) -> &'a Example<T>) {
        self.inputs.set(count, |n| &example(n).x, network.input_size());
        network.set_output_packing(self.inputs.packing(), &mut self.outputs);
        pack_targets(example, &self.outputs, &mut self.targets);
    }

    /// Becomes the part of another batch in a stretch of time that starts at a whole patch, in the memory that is
    /// there. Gives the rows of the network's output for that part which have a target: all of them, or where
    /// the network leaves one row per sequence, those of the sequences that end there.
    pub fn set_chunk(
        &mut self,
        network: &Network,
        of: &TrainingBatch<T>,
        time: Range<usize>,
    ) -> Range<usize> {
        let packing = of.inputs.packing();
        let (rows, targets) = if network.ends_time() {
            let go_on = if time.end < packing.seq_len() { packing.active(time.end) } else { 0 };
            let ending = go_on..packing.active(time.start);
            (ending.clone(), ending)
        } else {
            let patch_len = network.patch_len();
            let targets = of.outputs.rows(time.start / patch_len..time.end.div_ceil(patch_len));
            (0..targets.len(), targets)
        };
        self.inputs.set_chunk(&of.inputs, time);
        network.set_output_packing(self.inputs.packing(), &mut self.outputs);
        self.targets.set_slice(&of.targets, targets, of.targets.width(of.outputs.num_rows()));
        rows
    }

    /// The inputs.
    pub fn inputs(&self) -> &Batch<T> {
        &self.inputs
    }

    /// Which row of the network's output is which timestep of which example.
    pub fn outputs(&self) -> &Packing {
        &self.outputs
    }

    /// The targets, in the order of the rows of the network's output.
    pub fn targets(&self) -> &Targets<T> {
        &self.targets
    }
}

/// The targets of a batch in the batch's own order, as the network's outputs stand, in the memory that is
/// there. The batch was packed from the examples `example(n)`; `packing` is that of its
/// [outputs](crate::network::Network::output_packing).
///
/// # Panics
/// If the examples' targets are not all of one kind, or not of the lengths of `packing`.
pub(crate) fn pack_targets<'a, T: Scalar>(
    example: impl Fn(usize) -> &'a Example<T>,
    packing: &Packing,
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
            let count: usize = (0..packing.batch_size()).map(|n| of(n).len()).sum();
            let rows = packing.num_rows();
            assert!(
                count > 0 && count.is_multiple_of(rows),
                "{count} targets for {rows} timesteps of the network's output; give as many for each"
            );
            packing.pack_into(of, count / rows, values);
        }
    }
}
