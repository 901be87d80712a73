//! Batches that are learned in pieces of time.

use std::ops::Range;

use elman_core::lane::Scalar;

use crate::error::NotFinite;
use crate::network::Network;
use crate::random::Rng;
use crate::sequence::TrainingBatch;

/// A batch that is learned in pieces of time.
pub trait Pieces<T> {
    /// What may go wrong on the way.
    type Error: From<NotFinite>;

    /// The timesteps of its sequences, longest first; there is one at least.
    fn lengths(&self) -> &[usize];

    /// All of it, if it is in memory.
    fn whole(&self) -> Option<&TrainingBatch<T>>;

    /// Makes a stretch of time of it, which starts at a whole patch, another batch. Gives the rows of the network's output for
    /// that which have a target: see [`TrainingBatch::set_chunk`].
    fn cut(
        &mut self,
        network: &Network,
        time: Range<usize>,
        piece: &mut TrainingBatch<T>,
    ) -> Result<Range<usize>, Self::Error>;

    /// `B`, the number of sequences.
    fn batch_size(&self) -> usize {
        self.lengths().len()
    }

    /// `T`, the length of the longest sequence.
    fn seq_len(&self) -> usize {
        self.lengths()[0]
    }

    /// How many sequences reach timestep `t`.
    fn active(&self, t: usize) -> usize {
        self.lengths().partition_point(|&length| length > t)
    }
}

impl<T: Scalar> Pieces<T> for &TrainingBatch<T> {
    type Error = NotFinite;

    fn lengths(&self) -> &[usize] {
        self.inputs().packing().lengths()
    }

    fn whole(&self) -> Option<&TrainingBatch<T>> {
        Some(self)
    }

    fn cut(
        &mut self,
        network: &Network,
        time: Range<usize>,
        piece: &mut TrainingBatch<T>,
    ) -> Result<Range<usize>, NotFinite> {
        Ok(piece.set_chunk(network, self, time))
    }
}

/// Where a batch stands that is learned in pieces of time.
#[derive(Debug)]
pub struct Walk {
    /// The timestep with which the next piece begins; all are done where it is the length of the batch.
    pub time: usize,
    /// The generator of the dropout masks.
    pub masks: Rng,
}
