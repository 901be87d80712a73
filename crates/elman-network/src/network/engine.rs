//! What runs a network, pass after pass.

use elman_core::lane::Scalar;

use super::{Gradients, Mode, Network, State};
use crate::batch::Batch;

/// A network with its parameters as they are best read, and the memory of its passes. Sized by the
/// first passes, then reused: later ones of no larger shape allocate nothing.
///
/// An engine runs with a copy of the parameters, those of the latest [`load`](Self::load): after an update they
/// have to be loaded again, or it goes on with the old ones. A [`Learner`](crate::learner::Learner) sees to that;
/// an engine by itself is for who only predicts, or needs gradients of states and inputs.
pub trait Engine<T>: std::fmt::Debug {
    /// An engine without parameters.
    fn new(network: &Network) -> Self;

    /// Takes up a copy of the parameters. To be called before the first pass, and again whenever they change.
    ///
    /// # Panics
    /// If they are not as many as the network's layout says.
    fn load(&mut self, parameters: &[T]);

    /// Runs the batch and gives the network's output, `[num_rows, O]`: its rows are those of
    /// [`Network::output_packing`], one for each timestep of the output, in the batch's own order.
    ///
    /// `state` gives the initial states and is left with the final ones: of each sequence, those
    /// after its own last step (for a reverse layer, after its own first). A fresh state stands for
    /// [`Network::initial_state`].
    ///
    /// # Panics
    /// If no parameters were loaded, or the batch or the state do not have the network's sizes.
    fn forward(&mut self, batch: &Batch<T>, state: &mut State<T>, mode: Mode<'_>) -> &[T];

    /// [`forward`](Self::forward) for a batch that was [laid out](Batch::lay_out): for `sequences`, each `[length, I]`, in the
    /// order in which their lengths were given. They are copied once, to where the engine reads them row by row, which may be
    /// the batch; a backward pass does not need them any more.
    ///
    /// # Panics
    /// As [`forward`](Self::forward), and if a sequence is not as long as the batch has it.
    fn forward_of(
        &mut self,
        batch: &mut Batch<T>,
        sequences: &[&[T]],
        state: &mut State<T>,
        mode: Mode<'_>,
    ) -> &[T]
    where
        T: Scalar,
    {
        batch.fill(sequences);
        self.forward(batch, state, mode)
    }

    /// The output of the last forward pass.
    fn output(&self) -> &[T];

    /// Backpropagation through time for the batch that was just run, once per forward pass. `doutput` is d loss / d output, of the
    /// output's shape; `gradients` says what else is read and where the results go. If the pass began from a
    /// fresh state, the gradient of what is learned of it is among that of the parameters.
    ///
    /// # Panics
    /// If a slice does not have the size of that pass, or it was one of [`Mode::Predict`].
    fn backward(&mut self, batch: &Batch<T>, doutput: &[T], gradients: Gradients<'_, T>);
}
