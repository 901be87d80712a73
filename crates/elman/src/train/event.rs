//! What the loop tells those who watch it, and what they may answer.

use super::Progress;
use crate::error::Error;

/// Something that happened in the training loop.
#[derive(Debug)]
pub enum Event<'a, T> {
    /// A batch has been learned from.
    Batch {
        /// The run as it stands: all that a checkpoint needs.
        progress: &'a Progress<T>,
        /// The batch's loss, before its update.
        loss: f64,
        /// The sequences in it.
        sequences: usize,
    },
    /// All sequences have been seen once more.
    Epoch {
        /// The run as it stands; its `epoch` already counts this one.
        progress: &'a Progress<T>,
        /// The number of this epoch, from 0.
        epoch: u64,
        /// The mean loss over the epoch's batches, each before its update.
        train_loss: f64,
        /// The loss over the validation sequences, where there are any.
        validation_loss: Option<f64>,
        /// The learning rate of the last batch.
        rate: f64,
        /// Are these parameters the best so far?
        improved: bool,
    },
}

/// An observer's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// End here; what has been reached is kept.
    Stop,
}

/// Somebody who watches the loop: a progress bar, a log, a checkpoint writer.
pub trait Observer<T> {
    /// Is told of every event.
    ///
    /// # Errors
    /// An error ends the run.
    fn observe(&mut self, event: &Event<'_, T>) -> Result<Control, Error>;
}

impl<T, F: FnMut(&Event<'_, T>) -> Control> Observer<T> for F {
    fn observe(&mut self, event: &Event<'_, T>) -> Result<Control, Error> {
        Ok(self(event))
    }
}

/// Tells all observers; one that says stop is enough.
pub(super) fn tell<T>(
    observers: &mut [&mut dyn Observer<T>],
    event: &Event<'_, T>,
) -> Result<Control, Error> {
    let mut control = Control::Continue;
    for observer in observers {
        if observer.observe(event)? == Control::Stop {
            control = Control::Stop;
        }
    }
    Ok(control)
}
