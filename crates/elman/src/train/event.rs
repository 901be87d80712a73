//! What the loop tells those who watch it, and what they may answer.

use super::Progress;
use crate::error::Error;

/// Something that happened in the training loop.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A batch has been learned from.
    #[non_exhaustive]
    Batch {
        /// The run as it stands.
        progress: Progress<'a>,
        /// The batch's loss, before its update.
        loss: f64,
        /// The sequences in it.
        sequences: usize,
    },
    /// All sequences have been seen once more.
    #[non_exhaustive]
    Epoch {
        /// The run as it stands; its `epoch` already counts this one.
        progress: Progress<'a>,
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

impl<'a> Event<'a> {
    /// The run as it stands.
    pub fn progress(&self) -> Progress<'a> {
        match self {
            Event::Batch { progress, .. } | Event::Epoch { progress, .. } => *progress,
        }
    }
}

/// An observer's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Continue,
    /// End here; what has been reached is kept.
    Stop,
}

/// Any error of an observer.
pub type ObserverError = Box<dyn std::error::Error + Send + Sync>;

/// Somebody who watches the loop: a progress bar, a log, a checkpoint writer. A closure that gives [`Control`], or
/// a `Result` of it, is one.
pub trait Observer {
    /// Is told of every event.
    ///
    /// # Errors
    /// Any error ends the run, which gives it back: an [`Error`] as it is, another as [`Error::Observer`].
    fn observe(&mut self, event: &Event<'_>) -> Result<Control, ObserverError>;
}

/// What a closure may answer as an [`Observer`].
pub trait Answer {
    /// As an observer's answer.
    ///
    /// # Errors
    /// The closure's own.
    fn answer(self) -> Result<Control, ObserverError>;
}

impl Answer for Control {
    fn answer(self) -> Result<Control, ObserverError> {
        Ok(self)
    }
}

impl<E: Into<ObserverError>> Answer for Result<Control, E> {
    fn answer(self) -> Result<Control, ObserverError> {
        self.map_err(Into::into)
    }
}

impl<A: Answer, F: FnMut(&Event<'_>) -> A> Observer for F {
    fn observe(&mut self, event: &Event<'_>) -> Result<Control, ObserverError> {
        self(event).answer()
    }
}

/// Tells all observers; one that says stop is enough.
pub(super) fn tell(observers: &mut [&mut dyn Observer], event: &Event<'_>) -> Result<Control, Error> {
    let mut control = Control::Continue;
    for observer in observers {
        if observer.observe(event).map_err(own)? == Control::Stop {
            control = Control::Stop;
        }
    }
    Ok(control)
}

/// An observer's error as one of a run.
fn own(error: ObserverError) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => *error,
        Err(error) => Error::Observer(error),
    }
}
