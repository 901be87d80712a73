//! Where a training run stands: all that it needs to go on.

use crate::float::Float;
use crate::optimiser::Optimiser;
use crate::schedule::Schedule;

/// The whole state of a training run. With the same data, network and configuration, what follows
/// depends on nothing else, to the bit: the random numbers are drawn from the seed and the position.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress<T> {
    /// The epoch under way, from 0; the number of epochs when the run is over.
    pub epoch: u64,
    /// The batches of that epoch that are done.
    pub batch: u64,
    /// The parameters as they are now.
    pub parameters: Vec<T>,
    /// The optimiser with its memory.
    pub optimiser: Optimiser<T>,
    /// The schedule with its memory.
    pub schedule: Schedule,
    /// The parameters to be kept, once there are any.
    pub best: Option<Best<T>>,
    /// The sum and the weight of the losses of this epoch's batches.
    pub epoch_loss: (f64, f64),
    /// The gradient's norm, before clipping, of the latest update.
    pub grad_norm: Option<f64>,
}

/// The parameters to be kept: with validation data those of the lowest validation loss, without
/// those at the end of the latest epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct Best<T> {
    /// The epoch at whose end they stood, from 0.
    pub epoch: u64,
    /// Their validation loss, or without validation data that epoch's training loss.
    pub loss: f64,
    /// The parameters.
    pub parameters: Vec<T>,
}

impl<T: Float> Progress<T> {
    /// The parameters to be kept: the best so far, or the present ones before the first epoch ends.
    pub fn kept(&self) -> &[T] {
        self.best.as_ref().map_or(&self.parameters, |best| &best.parameters)
    }
}
