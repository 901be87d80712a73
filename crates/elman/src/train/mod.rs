//! The training loop, and nothing else.
//!
//! [`Trainer::run`] moves a [`TrainState`] forward, batch by batch or piece of time by piece of time, and tells [`Observer`]s of it. What
//! is shown, logged or saved is theirs.
//!
//! ```
//! use elman::init::Init;
//! use elman::network::{CellKind, Network, NetworkConfig, Readout};
//! use elman::sequence::Example;
//! use elman::train::{Control, Ended, Event, TrainConfig, Trainer};
//!
//! # fn main() -> Result<(), elman::error::Error> {
//! let network = Network::new(NetworkConfig::stacked(CellKind::Gru, 1, 4, 1, 1).readout(Readout::Last))?;
//! let examples: Vec<Example<f32>> =
//!     (0..8).map(|n| Example::values(vec![n as f32 / 8.0; 3], vec![n as f32 / 4.0])).collect();
//! let trainer = Trainer::new(&network, TrainConfig::default().with_epochs(5), &examples, &[])?;
//! let mut state = trainer.start(Init::Orthogonal.draw(&network, 0)?)?;
//! let mut losses = Vec::new();
//! let mut log = |event: &Event<'_>| {
//!     if let Event::Epoch { train_loss, .. } = event {
//!         losses.push(*train_loss);
//!     }
//!     Control::Continue
//! };
//! assert_eq!(trainer.run(&mut state, &mut [&mut log])?, Ended::Finished);
//! assert!(losses[4] < losses[0]);
//! # Ok(())
//! # }
//! ```

mod checkpoint;
mod config;
mod event;
mod fit;
mod members;
mod progress;
mod range_test;

pub use checkpoint::{Checkpointer, Identity, fingerprint};
pub use config::TrainConfig;
pub use event::{Answer, Control, Event, Observer, ObserverError};
pub use progress::{BestEpoch, Progress, TrainState};
pub use range_test::{Auto, LearningRate, RangeStep, RangeTest};

pub(crate) use members::Members;

use event::{Moment, tell};
use progress::Best;
use serde::{Deserialize, Serialize};

use crate::average::{Average, AverageConfig};
use crate::error::{ConfigError, Diverged, Error, NotFinite};
use crate::float::Float;
use crate::learner::{Learner, Pieces};
use crate::loss::Total;
use crate::network::Network;
use crate::optimiser::grad_norm;
use crate::random::{Purpose, Rng};
use crate::schedule::{Schedule, ScheduleConfig};
use crate::sequence::{Examples, Packed};

/// Sequences per batch where no gradient is needed.
const EVALUATION_BATCH: usize = 64;

/// A network, its data and how it is to learn from them.
#[derive(Debug)]
pub struct Trainer<'a, T> {
    network: &'a Network,
    config: TrainConfig,
    train: Examples<'a, T>,
    validation: Examples<'a, T>,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ended {
    /// All epochs are done.
    Finished,
    /// The validation loss had not improved for `patience` epochs.
    Early,
    /// An observer said stop.
    Interrupted,
}

impl<'a, T: Float> Trainer<'a, T> {
    /// Checks that the parts fit.
    ///
    /// # Errors
    /// If an option is out of range or does not go with another, there is no training sequence, or
    /// a sequence does not have the network's sizes.
    pub fn new(
        network: &'a Network,
        config: TrainConfig,
        train: impl Into<Examples<'a, T>>,
        validation: impl Into<Examples<'a, T>>,
    ) -> Result<Self, ConfigError> {
        let (train, validation) = (train.into(), validation.into());
        config.check(network, !validation.is_empty())?;
        if train.is_empty() {
            return Err(ConfigError::new("train", "holds no sequences"));
        }
        let trainer = Trainer { network, config, train, validation };
        let steps = trainer.config.epochs * trainer.steps_per_epoch();
        if let ScheduleConfig::Cosine { warmup } = trainer.config.schedule
            && warmup >= steps
        {
            let what = if trainer.config.batches_per_step() > 1 { "updates" } else { "batches" };
            let message = format!("is {warmup} {what}, and the whole run is {steps}; choose a shorter one");
            return Err(ConfigError::new("warmup", message));
        }
        trainer.check_examples()?;
        Ok(trainer)
    }

    /// The configuration.
    pub fn config(&self) -> &TrainConfig {
        &self.config
    }

    /// The batches of an epoch.
    pub fn batches_per_epoch(&self) -> u64 {
        self.config.batches_per_epoch(self.train.len())
    }

    /// The steps of the schedule in an epoch.
    fn steps_per_epoch(&self) -> u64 {
        self.config.steps_per_epoch(self.train.len())
    }

    /// A run that starts from these parameters.
    ///
    /// # Errors
    /// If they are not as many as the network has.
    pub fn start(&self, parameters: Vec<T>) -> Result<TrainState<T>, ConfigError> {
        let steps = self.config.epochs * self.steps_per_epoch();
        Ok(TrainState {
            epoch: 0,
            batch: 0,
            walk: None,
            order: Vec::new(),
            learner: Learner::new(self.network, parameters, self.config.learner())?,
            schedule: Schedule::new(self.config.schedule, self.config.learning_rate, steps),
            average: Average::default(),
            best: None,
            epoch_loss: Total::default(),
            packed: Packed::default(),
        })
    }

    /// Brings a run that has just been started to where a checkpoint stands; `false` if there is none.
    ///
    /// # Errors
    /// If the file cannot be read, is no checkpoint, or belongs to a run with other options or data:
    /// the message names the first that differs.
    pub fn resume(&self, state: &mut TrainState<T>, checkpointer: &Checkpointer) -> Result<bool, Error> {
        checkpointer.load(std::slice::from_mut(state), std::slice::from_ref(self))
    }

    /// Trains until the last epoch, the end of patience or an observer's stop.
    /// [`TrainState::kept`] then holds the result.
    ///
    /// # Errors
    /// [`Diverged`] if a loss or a gradient is no longer finite; an observer's error.
    pub fn run(
        &self,
        state: &mut TrainState<T>,
        observers: &mut [&mut dyn Observer],
    ) -> Result<Ended, Error> {
        loop {
            let Some(moment) = self.advance(state)? else { continue };
            let event = match moment.event(state.progress()) {
                Ok(event) => event,
                Err(ended) => return Ok(ended),
            };
            // Who says stop when all is done has interrupted nothing.
            if tell(observers, &event)? == Control::Stop && !self.is_done(state) {
                return Ok(Ended::Interrupted);
            }
        }
    }

    /// The next batch or piece of one, or what follows an epoch's last. Pieces without a target make no update, and are
    /// passed over: there may be nothing to tell.
    fn advance(&self, state: &mut TrainState<T>) -> Result<Option<Moment>, Error> {
        if self.is_done(state) {
            return Ok(Some(Moment::Over(Ended::Finished)));
        }
        if self.is_out_of_patience(state) {
            return Ok(Some(Moment::Over(Ended::Early)));
        }
        if self.is_at_end_of_epoch(state) {
            return self.end_epoch(state).map(Some);
        }
        let mut sequences = 0;
        while !self.is_at_end_of_epoch(state) {
            let total = self.learn_piece(state)?;
            if state.walk.is_none() {
                sequences += state.packed.batch_size();
            }
            if total.weight != 0.0 {
                return Ok(Some(Moment::Batch { loss: total.mean(), sequences }));
            }
        }
        Ok(None)
    }

    /// Are all batches of the epoch done, but not what follows them?
    fn is_at_end_of_epoch(&self, state: &TrainState<T>) -> bool {
        state.batch == self.batches_per_epoch()
    }

    /// Packs the batch under way, or the next one.
    fn pack(&self, state: &mut TrainState<T>) {
        if state.order.is_empty() {
            state.order.extend(0..self.train.len());
            Rng::new(self.config.seed, Purpose::Shuffle(state.epoch)).shuffle(&mut state.order);
        }
        let start = state.batch as usize * self.config.batch_size;
        let batch = &state.order[start..state.order.len().min(start + self.config.batch_size)];
        state.packed.set(self.network, self.train, batch.len(), |n| batch[n]);
    }

    /// Learns from the next piece of the batch under way, or from the first of the next one.
    fn learn_piece(&self, state: &mut TrainState<T>) -> Result<Total<f64>, Error> {
        let mut walk = match state.walk.take() {
            Some(walk) => walk,
            None => {
                self.pack(state);
                state.learner.begin(&mut state.packed)?
            }
        };
        let seq_len = state.packed.seq_len();
        let rate = self.rate_at(state, walk.time, seq_len);
        state.learner.set_learning_rate(rate);
        let updates = state.learner.updates();
        let total = state.learner.learn_piece(&mut state.packed, &mut walk).map_err(|error| match error {
            Error::NotFinite(error) => self.diverged(error, state).into(),
            other => other,
        })?;
        state.epoch_loss += total;
        if walk.time == seq_len {
            state.batch += 1;
            if self.is_at_end_of_epoch(state) {
                state.learner.apply().map_err(|error| self.diverged(error, state))?;
            }
        } else {
            state.walk = Some(walk);
        }
        if let Some(rule @ AverageConfig::Ema { .. }) = self.config.average
            && state.learner.updates() > updates
        {
            state.average.add(rule, state.learner.parameters());
        }
        Ok(total)
    }

    /// Are all epochs done?
    fn is_done(&self, state: &TrainState<T>) -> bool {
        state.epoch >= self.config.epochs
    }

    /// Is there nothing more to do?
    fn is_over(&self, state: &TrainState<T>) -> bool {
        self.is_done(state) || self.is_out_of_patience(state)
    }

    fn is_out_of_patience(&self, state: &TrainState<T>) -> bool {
        match (self.config.patience, &state.best) {
            // What is to be averaged is waited for.
            _ if self.config.average.is_some() && state.average.count() == 0 => false,
            (Some(patience), Some(best)) => state.epoch.saturating_sub(best.at.epoch) > patience,
            _ => false,
        }
    }

    fn end_epoch(&self, state: &mut TrainState<T>) -> Result<Moment, Error> {
        let epoch = state.epoch;
        let train_loss = state.epoch_loss.mean();
        self.average_epoch(state);
        let validation_loss = self.validation_loss(state)?;
        let loss = validation_loss.unwrap_or(train_loss);
        let norm = grad_norm(state.parameters());
        NotFinite::check("norm of the parameters", norm).map_err(|error| self.diverged(error, state))?;
        let rate = state.learner.config().learning_rate;
        state.schedule.observe(loss);
        let improved =
            validation_loss.is_none() || state.best.as_ref().is_none_or(|best| loss < best.at.loss);
        if improved {
            let at = BestEpoch { epoch, loss };
            state.best = Some(Best { at, parameters: state.averaged().to_vec() });
        }
        state.begin_epoch();
        Ok(Moment::Epoch { epoch, train_loss, validation_loss, rate, improved })
    }

    /// Takes up the parameters at an epoch's end, if these are averaged.
    fn average_epoch(&self, state: &mut TrainState<T>) {
        if let Some(rule @ AverageConfig::Swa { .. }) = self.config.average
            && rule.covers(state.epoch)
        {
            state.average.add(rule, state.learner.parameters());
            if state.average.count() == 1 {
                // Of parameters that were no average.
                state.best = None;
            }
        }
    }

    /// The rate of the piece that begins at this timestep of the batch under way, whose longest sequence has `seq_len`. What
    /// is burned in counts to no piece.
    fn rate_at(&self, state: &TrainState<T>, time: usize, seq_len: usize) -> f64 {
        let of_epoch = state.batch / self.config.batches_per_step();
        let step = (state.epoch * self.steps_per_epoch() + of_epoch) as f64;
        let burn_in = self.config.burn_in;
        let share = |time: usize| (time - burn_in) as f64 / (seq_len - burn_in) as f64;
        let end = state.learner.end_of_piece(time, seq_len);
        state.schedule.rate_of_piece(step + share(time)..step + share(end), state.epoch)
    }

    /// What became of the run when a quantity was no longer finite.
    fn diverged(&self, error: NotFinite, state: &TrainState<T>) -> Diverged {
        // At the end of an epoch it is its last batch that did it.
        let batch = state.batch.min(self.batches_per_epoch() - 1);
        Diverged {
            quantity: error.quantity,
            value: error.value,
            epoch: state.epoch,
            batch,
            grad_norm: state.learner.grad_norm(),
            learning_rate: state.learner.config().learning_rate,
            clip: self.config.clip,
        }
    }

    fn validation_loss(&self, state: &mut TrainState<T>) -> Result<Option<f64>, Error> {
        if self.validation.is_empty() {
            return Ok(None);
        }
        let loss = self.total(state, self.validation)?.mean();
        NotFinite::check("validation loss", loss).map_err(|error| self.diverged(error, state))?;
        Ok(Some(loss))
    }

    /// The loss of the parameters as they are now, or of their average, over these sequences. It may be no finite number.
    pub(crate) fn total<'e>(
        &self,
        state: &mut TrainState<T>,
        examples: impl Into<Examples<'e, T>>,
    ) -> Result<Total<f64>, Error>
    where
        T: 'e,
    {
        state.swap_average();
        let total = self.total_of_current(state, examples.into());
        state.swap_average();
        total
    }

    /// The loss of the parameters that the learner has.
    fn total_of_current(
        &self,
        state: &mut TrainState<T>,
        examples: Examples<'_, T>,
    ) -> Result<Total<f64>, Error> {
        let mut sum = Total::<f64>::default();
        for start in (0..examples.len()).step_by(EVALUATION_BATCH) {
            let count = EVALUATION_BATCH.min(examples.len() - start);
            state.packed.set(self.network, examples, count, |n| start + n);
            sum += state.learner.total(&mut state.packed)?;
        }
        Ok(sum)
    }
}
