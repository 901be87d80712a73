//! The memory of a network between timesteps, as a value.

use elman_core::lane::Scalar;

/// The states of every layer and direction for each sequence of a batch.
///
/// As in PyTorch the blocks are ordered layer by layer, forward before reverse. Block `l * D + d`
/// is `[B, STATES, H]`: `h` first, then, for an LSTM, `c`. Sequences stand in the batch's own order
/// (see [`Packing::order`](crate::batch::Packing::order)).
#[derive(Clone, Debug, PartialEq)]
pub struct State<T> {
    blocks: Vec<Vec<T>>,
    /// `STATES * H`
    width: usize,
}

impl<T: Scalar> State<T> {
    pub(super) fn zeros(num_blocks: usize, batch_size: usize, width: usize) -> Self {
        State { blocks: vec![vec![T::default(); batch_size * width]; num_blocks], width }
    }

    /// The number of blocks: layers times directions.
    pub fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The number of sequences.
    pub fn batch_size(&self) -> usize {
        self.blocks.first().map_or(0, |block| block.len() / self.width)
    }

    /// Block `layer * D + direction`: `[B, STATES, H]`.
    ///
    /// # Panics
    /// If there is no such block.
    pub fn block(&self, block: usize) -> &[T] {
        &self.blocks[block]
    }

    /// Block `layer * D + direction`: `[B, STATES, H]`.
    ///
    /// # Panics
    /// If there is no such block.
    pub fn block_mut(&mut self, block: usize) -> &mut [T] {
        &mut self.blocks[block]
    }

    /// Keeps the first `batch_size` sequences: those that go on when shorter ones have ended.
    pub fn truncate(&mut self, batch_size: usize) {
        for block in &mut self.blocks {
            block.truncate(batch_size * self.width);
        }
    }

    /// Sets every value to 0, without giving up memory.
    pub fn reset(&mut self, batch_size: usize) {
        for block in &mut self.blocks {
            block.clear();
            block.resize(batch_size * self.width, T::default());
        }
    }
}
