//! Batches of sequences in memory, or of such as are read where they stand.

use std::ops::Range;
use std::sync::Arc;

use elman_core::lane::Scalar;

use super::source::{Examples, Lent, Source};
use super::{Example, TrainingBatch};
use crate::error::Error;
use crate::learner::Pieces;
use crate::network::Network;

/// A batch that is learned in pieces of time: all of it, or what its pieces are read from.
#[derive(Debug)]
pub(crate) enum Packed<T> {
    Whole(TrainingBatch<T>),
    Read(ReadBatch<T>),
}

impl<T: Scalar> Default for Packed<T> {
    fn default() -> Self {
        Packed::Whole(TrainingBatch::default())
    }
}

impl<T: Scalar> Packed<T> {
    /// Becomes a batch of `count` sequences `place(n)`, in the memory that is there.
    pub(crate) fn set(
        &mut self,
        network: &Network,
        examples: Examples<'_, T>,
        count: usize,
        place: impl Fn(usize) -> usize,
    ) {
        match (examples.0, &mut *self) {
            (Lent::Held(examples), Packed::Whole(batch)) => {
                batch.set(network, count, |n| &examples[place(n)]);
            }
            (Lent::Held(_), Packed::Read(_)) => {
                *self = Packed::default();
                self.set(network, examples, count, place);
            }
            (Lent::Read(source), _) => *self = Packed::Read(ReadBatch::new(source, count, place)),
        }
    }
}

impl<T: Scalar> Pieces<T> for Packed<T> {
    type Error = Error;

    fn lengths(&self) -> &[usize] {
        match self {
            Packed::Whole(batch) => batch.inputs().packing().lengths(),
            Packed::Read(batch) => &batch.lengths,
        }
    }

    fn whole(&self) -> Option<&TrainingBatch<T>> {
        match self {
            Packed::Whole(batch) => Some(batch),
            Packed::Read(_) => None,
        }
    }

    fn cut(
        &mut self,
        network: &Network,
        time: Range<usize>,
        piece: &mut TrainingBatch<T>,
    ) -> Result<Range<usize>, Error> {
        match self {
            Packed::Whole(batch) => Ok(piece.set_chunk(network, batch, time)),
            Packed::Read(batch) => batch.cut(network, time, piece),
        }
    }
}

/// A batch of a source's sequences, of which no more than a piece is in memory.
#[derive(Debug)]
pub(crate) struct ReadBatch<T> {
    source: Arc<dyn Source>,
    /// The sequences, longest first, as a [`Packing`](crate::batch::Packing) of them has them.
    places: Vec<usize>,
    lengths: Vec<usize>,
    /// Those of the piece that was read last, one for each sequence.
    read: Vec<Example<T>>,
}

impl<T: Scalar> ReadBatch<T> {
    fn new(source: &Arc<dyn Source>, count: usize, place: impl Fn(usize) -> usize) -> Self {
        let mut places: Vec<usize> = (0..count).map(place).collect();
        // Stable, so that equal lengths keep their order.
        places.sort_by_key(|&place| std::cmp::Reverse(source.length(place)));
        let lengths = places.iter().map(|&place| source.length(place)).collect();
        ReadBatch { source: Arc::clone(source), places, lengths, read: Vec::new() }
    }

    fn cut(
        &mut self,
        network: &Network,
        time: Range<usize>,
        piece: &mut TrainingBatch<T>,
    ) -> Result<Range<usize>, Error> {
        self.read.clear();
        for (&place, &length) in self.places.iter().zip(&self.lengths) {
            if length > time.start {
                let stretch = self.source.read(place, time.start..time.end.min(length))?;
                self.read.push(stretch.convert());
            }
        }
        piece.set(network, self.read.len(), |n| &self.read[n]);
        Ok(0..piece.outputs().num_rows())
    }
}
