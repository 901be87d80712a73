//! What the loop tells those who watch it, and what they may answer.

use super::{Ended, Progress};
use crate::error::Error;

/// Something that happened in the training loop.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A batch has been learned from, or with [`TrainConfig::truncate`](super::TrainConfig::truncate) a piece of one that
    /// has targets: there has been an update, or with [`TrainConfig::accumulate`](super::TrainConfig::accumulate) a part of
    /// one.
    #[non_exhaustive]
    Batch {
        /// The run as it stands.
        progress: Progress<'a>,
        /// The loss of the batch or the piece, before its update.
        loss: f64,
        /// The sequences that are done: those of the batch, where it is done.
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

/// What a run has just done.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    /// See [`Event::Batch`].
    Batch { loss: f64, sequences: usize },
    /// See [`Event::Epoch`].
    Epoch { epoch: u64, train_loss: f64, validation_loss: Option<f64>, rate: f64, improved: bool },
    /// Nothing: it is over.
    Over(Ended),
}

impl Moment {
    /// As observers are told of it; of a run that is over, how it ended.
    pub(super) fn event(self, progress: Progress<'_>) -> Result<Event<'_>, Ended> {
        match self {
            Moment::Batch { loss, sequences } => Ok(Event::Batch { progress, loss, sequences }),
            Moment::Epoch { epoch, train_loss, validation_loss, rate, improved } => {
                Ok(Event::Epoch { progress, epoch, train_loss, validation_loss, rate, improved })
            }
            Moment::Over(ended) => Err(ended),
        }
    }

    /// What runs side by side have done together: means of losses and rates, all sequences. Those that are over
    /// count no more, until all are.
    pub(super) fn of_all(moments: &[Moment]) -> Moment {
        let (mut count, mut losses, mut validation, mut rates) = (0.0, 0.0, None, 0.0);
        let (mut all_sequences, mut last_epoch, mut any_improved) = (0, None, false);
        let mut how = Ended::Finished;
        for moment in moments {
            match *moment {
                Moment::Over(ended) => {
                    if ended != Ended::Finished {
                        how = ended;
                    }
                    continue;
                }
                Moment::Batch { loss, sequences } => {
                    losses += loss;
                    all_sequences += sequences;
                }
                Moment::Epoch { epoch, train_loss, validation_loss, rate, improved } => {
                    losses += train_loss;
                    rates += rate;
                    if let Some(loss) = validation_loss {
                        *validation.get_or_insert(0.0) += loss;
                    }
                    last_epoch = Some(epoch);
                    any_improved |= improved;
                }
            }
            count += 1.0;
        }
        match last_epoch {
            _ if count == 0.0 => Moment::Over(how),
            None => Moment::Batch { loss: losses / count, sequences: all_sequences },
            Some(epoch) => Moment::Epoch {
                epoch,
                train_loss: losses / count,
                validation_loss: validation.map(|sum: f64| sum / count),
                rate: rates / count,
                improved: any_improved,
            },
        }
    }
}

/// An observer's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
