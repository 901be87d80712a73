//! The memory of a network between timesteps, as a value.

use elman_core::block::Recurrent;
use elman_core::cell::CellKind;
use elman_core::lane::Scalar;

use crate::batch::Packing;

/// Whose states a block of [`State`] holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateBlock {
    /// The recurrent block, counted from 0 over the whole network: the `k` of `weight_ih_l{k}`.
    pub layer: usize,
    /// The direction of that block, from 0.
    pub direction: usize,
    /// Does it read each sequence from its end?
    pub reverse: bool,
    /// The cell.
    pub cell: CellKind,
    /// `H`
    pub hidden_size: usize,
}

impl StateBlock {
    /// The values for each sequence: `STATES * H`.
    pub fn width(&self) -> usize {
        Recurrent::new(self.cell, self.hidden_size).state_size()
    }
}

/// The states of every recurrent block and direction for each sequence of a batch.
///
/// As in PyTorch they are ordered block by block, forward before reverse (see
/// [`Network::states`](super::Network::states)); each is `[B, STATES, H]`: `h` first, then, for an LSTM, `c`.
/// An engine keeps sequences in the batch's own order; [`get`](Self::get) and [`set`](Self::set) speak of
/// them in the order in which the batch was given. Of a state that is in the caller's order already, as
/// [`Learner::step_from`](crate::learner::Learner::step_from) takes and leaves it, [`at`](Self::at) gives the same.
///
/// A state is *fresh* until it is written to or has gone through a forward pass. From a fresh state, blocks
/// whose initial state is learned start from what they have learned.
#[derive(Clone, Debug, PartialEq)]
pub struct State<T> {
    blocks: Vec<Vec<T>>,
    shape: Vec<StateBlock>,
    batch_size: usize,
    fresh: bool,
}

impl<T: Scalar> State<T> {
    pub(super) fn zeros(shape: &[StateBlock], batch_size: usize) -> Self {
        let mut state =
            State { blocks: vec![Vec::new(); shape.len()], shape: shape.to_vec(), batch_size, fresh: true };
        state.reset(batch_size);
        state
    }

    /// The number of blocks: all directions of all recurrent blocks.
    pub fn num_blocks(&self) -> usize {
        self.blocks.len()
    }

    /// The number of sequences.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }

    /// Has it neither been written to nor gone through a forward pass?
    pub fn is_fresh(&self) -> bool {
        self.fresh
    }

    /// The states `[STATES, H]` of one direction of a recurrent block, for a sequence by its place in the
    /// list that the batch was made from.
    ///
    /// # Panics
    /// If there is no such recurrent block, direction or sequence.
    pub fn get(&self, layer: usize, direction: usize, sequence: usize, packing: &Packing) -> &[T] {
        self.at(layer, direction, packing.position(sequence))
    }

    /// The states `[STATES, H]` of one direction of a recurrent block, for the sequence that has this place in the state.
    ///
    /// # Panics
    /// If there is no such recurrent block, direction or place.
    pub fn at(&self, layer: usize, direction: usize, place: usize) -> &[T] {
        let (block, width) = self.find(layer, direction);
        &self.blocks[block][place * width..][..width]
    }

    /// The hidden state `h [H]` among them: what [`get`](Self::get) gives first.
    ///
    /// ```
    /// use elman_network::batch::Batch;
    /// use elman_network::init::Init;
    /// use elman_network::network::{CellKind, Engine, Mode, Network, NetworkConfig, SimdEngine};
    ///
    /// # fn main() -> Result<(), elman_network::error::ConfigError> {
    /// let network = Network::new(NetworkConfig::stacked(CellKind::Lstm, 1, 4, 2, 1).bidirectional(true))?;
    /// let mut engine = SimdEngine::new(&network);
    /// engine.load(&Init::Torch.draw(&network, 0)?);
    /// let batch = Batch::new(&[&[0.5, 0.1][..], &[0.2, 0.3, 0.4]], 1);
    /// let mut state = network.zero_state(2);
    /// engine.forward(&batch, &mut state, Mode::Predict);
    /// // Of the second layer, its reverse direction, the first sequence of the batch.
    /// let h = state.h(1, 1, 0, batch.packing());
    /// assert_eq!(h.len(), 4);
    /// assert_eq!(h, &state.get(1, 1, 0, batch.packing())[..4]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// As [`get`](Self::get).
    pub fn h(&self, layer: usize, direction: usize, sequence: usize, packing: &Packing) -> &[T] {
        let (block, _) = self.find(layer, direction);
        &self.get(layer, direction, sequence, packing)[..self.shape[block].hidden_size]
    }

    /// Writes what [`get`](Self::get) reads. The state is then no longer fresh.
    ///
    /// # Panics
    /// As there; and if there are not `STATES * H` values.
    pub fn set(&mut self, layer: usize, direction: usize, sequence: usize, packing: &Packing, values: &[T]) {
        let (block, width) = self.find(layer, direction);
        self.block_mut(block)[packing.position(sequence) * width..][..width].copy_from_slice(values);
    }

    fn find(&self, layer: usize, direction: usize) -> (usize, usize) {
        let is_it = |shape: &StateBlock| (shape.layer, shape.direction) == (layer, direction);
        let block = self.shape.iter().position(is_it);
        let block = block.unwrap_or_else(|| panic!("no recurrent block {layer} with direction {direction}"));
        (block, self.shape[block].width())
    }

    /// Block `block`, `[B, STATES, H]`, in the batch's own order.
    ///
    /// # Panics
    /// If there is no such block.
    pub fn block(&self, block: usize) -> &[T] {
        &self.blocks[block]
    }

    /// Block `block`, `[B, STATES, H]`, in the batch's own order. The state is then no longer fresh.
    ///
    /// # Panics
    /// If there is no such block.
    pub fn block_mut(&mut self, block: usize) -> &mut [T] {
        self.fresh = false;
        &mut self.blocks[block]
    }

    /// The states of these sequences, by their places, in this order.
    ///
    /// # Panics
    /// If there is no such place.
    pub fn select(&self, places: &[usize]) -> Self {
        let take = |(block, shape): (&Vec<T>, &StateBlock)| {
            let width = shape.width();
            places.iter().flat_map(|&place| &block[place * width..][..width]).copied().collect()
        };
        State {
            blocks: self.blocks.iter().zip(&self.shape).map(take).collect(),
            shape: self.shape.clone(),
            batch_size: places.len(),
            fresh: self.fresh,
        }
    }

    /// Puts back what [`select`](Self::select) took from these places. The state is then as fresh as that is.
    ///
    /// # Panics
    /// If there is no such place, `by` does not have a state for each, or it is of another network.
    pub fn replace(&mut self, places: &[usize], by: &State<T>) {
        assert_eq!(places.len(), by.batch_size, "places, and states for them");
        assert_eq!(self.shape, by.shape, "recurrent blocks of both states");
        for ((block, from), shape) in self.blocks.iter_mut().zip(&by.blocks).zip(&self.shape) {
            let width = shape.width();
            for (&place, from) in places.iter().zip(from.chunks_exact(width)) {
                block[place * width..][..width].copy_from_slice(from);
            }
        }
        self.fresh = by.fresh;
    }

    /// Keeps the first `batch_size` sequences: those that go on when shorter ones have ended.
    pub fn truncate(&mut self, batch_size: usize) {
        self.batch_size = self.batch_size.min(batch_size);
        for (block, shape) in self.blocks.iter_mut().zip(&self.shape) {
            block.truncate(batch_size * shape.width());
        }
    }

    /// Sets every value to 0, without giving up memory. The state is then fresh.
    pub fn reset(&mut self, batch_size: usize) {
        self.batch_size = batch_size;
        self.fresh = true;
        for (block, shape) in self.blocks.iter_mut().zip(&self.shape) {
            block.clear();
            block.resize(batch_size * shape.width(), T::default());
        }
    }

    pub(super) fn set_fresh(&mut self, fresh: bool) {
        self.fresh = fresh;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Network, NetworkConfig, Recurrent};

    #[test]
    fn states_go_back_to_as_many_places() {
        let network =
            |size| Network::new(NetworkConfig::new(1).with(Recurrent::new(CellKind::Lstm, size))).unwrap();
        let (small, large) = (network(2), network(3));
        let replace = |places: &[usize], by: &State<f64>| small.zero_state::<f64>(3).replace(places, by);
        replace(&[2, 0], &small.zero_state(2));
        for (places, by) in [(&[0, 1, 2][..], small.zero_state(1)), (&[0], large.zero_state(1))] {
            assert!(std::panic::catch_unwind(|| replace(places, &by)).is_err(), "{places:?}");
        }
    }
}
