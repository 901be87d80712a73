//! Several runs side by side, batch by batch: the members of an ensemble.

use super::event::tell;
use super::{Checkpointer, Control, Ended, Moment, Observer, Progress, TrainState, Trainer};
use crate::error::{ConfigError, Error};
use crate::float::{Float, Parameters};
use crate::threads::{self, Threads, each};

/// Runs that differ in their seeds alone, so that they go through the same batches and epochs together.
#[derive(Debug)]
pub(crate) struct Members<T: Float> {
    /// At least one.
    states: Vec<TrainState<T>>,
    threads: Option<Threads>,
}

/// A member's turn: a piece of a batch or the end of an epoch.
struct Turn<'a, 'd, T: Float> {
    trainer: &'a Trainer<'d, T>,
    state: &'a mut TrainState<T>,
    outcome: Result<Option<Moment>, Error>,
}

impl<T: Float> Members<T> {
    /// Runs that start from these parameters, one for each trainer.
    pub(crate) fn start(trainers: &[Trainer<'_, T>], parameters: Vec<Vec<T>>) -> Result<Self, ConfigError> {
        // Members that run side by side leave each other some of the threads.
        let starts = trainers.iter().zip(parameters).map(|(trainer, own)| trainer.start(own));
        let states = threads::shared(trainers.len(), || starts.collect::<Result<_, _>>())?;
        Ok(Members { states, threads: None })
    }

    /// As [`Trainer::resume`], for all members.
    pub(crate) fn resume(
        &mut self,
        trainers: &[Trainer<'_, T>],
        checkpointer: &Checkpointer,
    ) -> Result<bool, Error> {
        checkpointer.load(&mut self.states, trainers)
    }

    /// As [`Trainer::run`], for all members: observers are told what they have done together.
    pub(crate) fn run(
        &mut self,
        trainers: &[Trainer<'_, T>],
        observers: &mut [&mut dyn Observer],
    ) -> Result<Ended, Error> {
        loop {
            let Some(moment) = self.advance(trainers)? else { continue };
            let event = match moment.event(self.progress()) {
                Ok(event) => event,
                Err(ended) => return Ok(ended),
            };
            let control = tell(observers, &event)?;
            // Who says stop when all is done has interrupted nothing.
            if control == Control::Stop && trainers.iter().zip(&self.states).any(|(t, s)| !t.is_done(s)) {
                return Ok(Ended::Interrupted);
            }
        }
    }

    /// A turn of every member, on as many threads as there are. Batches of other sequences may have another number of
    /// pieces: whoever is at the end of its epoch waits there for the others. Nothing if there is nothing to tell.
    fn advance(&mut self, trainers: &[Trainer<'_, T>]) -> Result<Option<Moment>, Error> {
        let is_under_way = |(trainer, state): &(&Trainer<'_, T>, &mut TrainState<T>)| {
            !(trainer.is_over(state) || trainer.is_at_end_of_epoch(state))
        };
        let some_are = trainers.iter().zip(&mut self.states).any(|member| is_under_way(&member));
        let turns = trainers.iter().zip(&mut self.states);
        let mut turns: Vec<_> = turns
            .filter(|member| !some_are || is_under_way(member))
            .map(|(trainer, state)| Turn { trainer, state, outcome: Ok(None) })
            .collect();
        each(&mut self.threads, threads::count(), &mut turns, |turn| {
            turn.outcome = turn.trainer.advance(turn.state);
        });
        let told = turns.into_iter().filter_map(|turn| turn.outcome.transpose());
        let moments = told.collect::<Result<Vec<Moment>, _>>()?;
        Ok((!moments.is_empty()).then(|| Moment::of_all(&moments)))
    }

    /// Where the runs stand, as if they were one.
    pub(crate) fn progress(&self) -> Progress<'_> {
        Progress::of(self)
    }

    /// Each run.
    pub(super) fn states(&self) -> &[TrainState<T>] {
        &self.states
    }

    /// Each member's parameters to be kept.
    pub(crate) fn kept(&self) -> Vec<Parameters> {
        self.states.iter().map(|state| T::parameters(state.kept().to_vec())).collect()
    }
}
