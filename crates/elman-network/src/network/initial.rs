//! Learned initial states.

use elman_core::lane::Scalar;

use super::{Kind, Layer, Network, State};

impl Network {
    /// The state in which a sequence starts: what is learned where it is, else zeros; for `batch_size`
    /// sequences. It is fresh, as [`zero_state`](Self::zero_state) is: to a forward pass both are the same.
    ///
    /// # Panics
    /// If the parameters are not as many as the network has.
    pub fn initial_state<T: Scalar>(&self, parameters: &[T], batch_size: usize) -> State<T> {
        let mut state = self.zero_state(batch_size);
        self.begin(parameters, &mut state);
        state.set_fresh(true);
        state
    }

    /// Puts what is learned into a fresh state, which then no longer is. Was it?
    pub(crate) fn begin<T: Scalar>(&self, parameters: &[T], state: &mut State<T>) -> bool {
        let fresh = state.is_fresh();
        if fresh {
            for (block, layer) in self.learned() {
                let initial = &parameters[layer.initial.clone()];
                state
                    .block_mut(block)
                    .chunks_exact_mut(initial.len())
                    .for_each(|s| s.copy_from_slice(initial));
            }
        }
        state.set_fresh(false);
        fresh
    }

    /// After a pass that began with what is learned: adds d loss / d initial states, of each sequence, to the
    /// parameters' gradient.
    pub(crate) fn begin_backward<T: Scalar>(&self, dstate: &State<T>, gradient: &mut [T]) {
        for (block, layer) in self.learned() {
            let dinitial = &mut gradient[layer.initial.clone()];
            for dstate in dstate.block(block).chunks_exact(layer.initial.len()) {
                dinitial.iter_mut().zip(dstate).for_each(|(to, &d)| *to += d);
            }
        }
    }

    /// Is any initial state learned?
    pub(crate) fn learns_state(&self) -> bool {
        self.learned().next().is_some()
    }

    /// The layers whose initial state is learned, each with its block of [`State`].
    fn learned(&self) -> impl Iterator<Item = (usize, &Layer)> {
        let layers = self.blocks.iter().flat_map(|placed| match &placed.kind {
            Kind::Recurrent(recurrent) => recurrent.layers.as_slice(),
            _ => &[],
        });
        layers.enumerate().filter(|(_, layer)| !layer.initial.is_empty())
    }
}
