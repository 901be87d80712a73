//! A good recipe, found by successive halving.
//!
//! Many recipes are trained for a few epochs; the better ones go on for more, and so forth, until the last few come to the
//! end of their training (Jamieson & Talwalkar, Non-stochastic best arm identification and hyperparameter optimization,
//! AISTATS 2016). What tells them apart is their loss on the validation part. A trial that goes on does so where it
//! stopped, on the schedule of its whole training; a trial's result depends on its recipe and the data alone, not on
//! threads, nor on the other trials.
//!
//! The lowest loss of many is lower than what its recipe will do on other data, the more so the more there were. So a
//! report says how many were tried, and figures are those of a test part that no trial has seen.
//!
//! ```
//! use elman::recipe::Recipe;
//! use elman::task::{ForecastOptions, Task, TaskOptions};
//! use elman::train::Control;
//! use elman::tune::{Halving, Space, tune};
//!
//! # fn main() -> Result<(), elman::error::Error> {
//! let table = elman::data::airline()?;
//! let options = TaskOptions::Forecast(ForecastOptions::default().with_validation(0.2));
//! let prepared = Task::prepare(&table, &options)?;
//! let mut base = Recipe::for_task(&prepared.task).with_hidden_size(8);
//! base.train.epochs = 3;
//!
//! let halving = Halving::default().with_trials(4);
//! assert_eq!(halving.rungs(3).iter().map(|rung| (rung.trials, rung.epochs)).collect::<Vec<_>>(), [(4, 1), (1, 3)]);
//! let recipes = Space::default().draw(&[base], &prepared, 4);
//! let tuned = tune(&prepared, &recipes, &halving, &[], &mut |_| Control::Continue)?.expect("nobody says stop");
//! assert_eq!(tuned.trials.iter().filter(|trial| trial.losses.len() == 2).count(), 1);
//! let best = &tuned.trials[tuned.best].recipe;
//! # Ok(())
//! # }
//! ```

mod space;
#[cfg(test)]
mod tests;

pub use space::Space;

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::error::{ConfigError, Error, Message};
use crate::float::{Dtype, Float};
use crate::network::Network;
use crate::recipe::Recipe;
use crate::sequence::Sequences;
use crate::task::Prepared;
use crate::threads;
use crate::train::{Control, Event, TrainState, Trainer};

/// How long a rung goes on before it asks again whether it shall stop.
const TICK: Duration = Duration::from_millis(50);

const MOST_TRIALS: usize = 10_000;

/// Of so many trials what they have learned stays in memory until they go on, a few megabytes each; others that go on are trained
/// anew up to where they stood.
const MOST_KEPT: usize = 128;

/// How many trials there are, and how quickly they become fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Halving {
    /// How many recipes begin.
    pub trials: usize,
    /// One of so many goes on, for so many times the epochs.
    pub factor: usize,
}

/// 18 trials, of which a third goes on: 18 for a ninth of the epochs, 6 for a third, 2 to the end, the work of some five
/// trainings.
impl Default for Halving {
    fn default() -> Self {
        Halving { trials: 18, factor: 3 }
    }
}

/// One round: so many trials are trained up to so many epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rung {
    /// How many take part, the best of the rung before.
    pub trials: usize,
    /// Up to which epoch, from the start.
    pub epochs: u64,
}

impl Halving {
    /// The same with so many trials.
    #[must_use]
    pub fn with_trials(self, trials: usize) -> Self {
        Self { trials, ..self }
    }

    /// The same with one of so many going on.
    #[must_use]
    pub fn with_factor(self, factor: usize) -> Self {
        Self { factor, ..self }
    }

    /// The rungs of trainings of so many epochs: as many as there are trials for, and whole epochs.
    pub fn rungs(&self, epochs: u64) -> Vec<Rung> {
        let factor = self.factor.max(2);
        let (mut rungs, mut trials) = (Vec::new(), self.trials.max(1));
        let (mut left, mut shortest) = (trials, 1);
        while left >= factor && shortest <= epochs / factor as u64 {
            left /= factor;
            shortest *= factor as u64;
        }
        while shortest >= 1 {
            rungs.push(Rung { trials, epochs: epochs.div_ceil(shortest) });
            trials = (trials / factor).max(1);
            shortest /= factor as u64;
        }
        rungs
    }

    /// Refuses what is no choice, or more than anybody waits for.
    ///
    /// # Errors
    /// If there are fewer than 2 trials or more than 10,000, or less than a half is left behind.
    pub fn check(&self) -> Result<(), ConfigError> {
        if self.trials < 2 {
            let message = format!("is {}; there must be at least 2 to choose from", self.trials);
            return Err(ConfigError::new("trials", message));
        }
        if self.trials > MOST_TRIALS {
            let message = format!("is {}; there may be {MOST_TRIALS} at most", self.trials);
            return Err(ConfigError::new("trials", message));
        }
        if self.factor < 2 {
            let message = format!("is {}; one of at least 2 goes on", self.factor);
            return Err(ConfigError::new("factor", message));
        }
        Ok(())
    }
}

/// A recipe and how it did.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Trial {
    /// The recipe.
    pub recipe: Recipe,
    /// The validation loss at the end of each rung that it took part in, with patience the best until then; infinite if it
    /// diverged.
    pub losses: Vec<f64>,
}

/// How far it has come.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress<'a> {
    /// All trials, in the order of their recipes.
    pub trials: &'a [Trial],
    /// All rungs.
    pub rungs: &'a [Rung],
    /// The number of the rung under way.
    pub rung: usize,
    /// How many of its trials have come to its end.
    pub ended: usize,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Tuned {
    /// All trials, in the order of their recipes.
    pub trials: Vec<Trial>,
    /// All rungs.
    pub rungs: Vec<Rung>,
    /// The number of the best of those that came to the last rung.
    pub best: usize,
}

/// Trains the recipes rung by rung, trials side by side as far as there are threads, whose number changes nothing.
///
/// `known` are losses of trials from an earlier attempt, in their order; what is known is not computed again, but the trials
/// that go on are trained anew up to where they stood.
///
/// `watch` is told of each result, and several times a second; `None` if it says stop.
///
/// # Errors
/// If the trials are fewer than 2 or not as many as the recipes, there is no validation part, or a recipe does not fit. A
/// trial that diverges is no error, unless all do: the error is then that the learning rate is too high.
pub fn tune(
    prepared: &Prepared,
    recipes: &[Recipe],
    halving: &Halving,
    known: &[Vec<f64>],
    watch: &mut dyn FnMut(Progress<'_>) -> Control,
) -> Result<Option<Tuned>, Error> {
    halving.check()?;
    if recipes.len() != halving.trials {
        let message = format!("is {}, and there are {} recipes", halving.trials, recipes.len());
        return Err(ConfigError::new("trials", message).into());
    }
    if prepared.validation.is_empty() {
        let message = "is 0; trials are told apart by their loss on a part of the data: set some aside";
        return Err(ConfigError::new("validation", message).into());
    }
    match recipes[0].dtype {
        Dtype::F32 => Trials::<f32>::new(prepared, recipes, halving, known)?.run(watch),
        Dtype::F64 => Trials::<f64>::new(prepared, recipes, halving, known)?.run(watch),
    }
}

/// All trials and where they stand.
struct Trials<'a, T: Float> {
    train: Sequences<T>,
    validation: Sequences<T>,
    networks: Vec<Network>,
    trials: Vec<Trial>,
    rungs: Vec<Rung>,
    /// Losses that need not be computed.
    known: &'a [Vec<f64>],
    /// Of trials that have been trained here, and may go on.
    states: Vec<Mutex<Option<TrainState<T>>>>,
    most_kept: usize,
}

/// A trial at the end of a rung.
type Outcome = (usize, Result<f64, Error>);

impl<'a, T: Float> Trials<'a, T> {
    fn new(
        prepared: &Prepared,
        recipes: &[Recipe],
        halving: &Halving,
        known: &'a [Vec<f64>],
    ) -> Result<Self, Error> {
        let (train, validation) = (prepared.train.convert(), prepared.validation.convert());
        let networks = recipes.iter().map(|recipe| recipe.network(&prepared.task));
        let networks = networks.collect::<Result<Vec<_>, _>>()?;
        // Whatever is wrong with one is said before any is trained.
        for (recipe, network) in recipes.iter().zip(&networks) {
            Trainer::new(network, recipe.train.clone(), &train, &validation)?;
        }
        Ok(Trials {
            train,
            validation,
            networks,
            trials: recipes
                .iter()
                .map(|recipe| Trial { recipe: recipe.clone(), losses: Vec::new() })
                .collect(),
            rungs: halving.rungs(recipes[0].train.epochs),
            known,
            states: recipes.iter().map(|_| Mutex::new(None)).collect(),
            most_kept: MOST_KEPT,
        })
    }

    fn run(mut self, watch: &mut dyn FnMut(Progress<'_>) -> Control) -> Result<Option<Tuned>, Error> {
        let mut taking_part: Vec<usize> = (0..self.trials.len()).collect();
        for rung in 0..self.rungs.len() {
            if rung > 0 {
                taking_part.sort_by(|&a, &b| better(&(self.loss(a), a), &(self.loss(b), b)));
                taking_part.truncate(self.rungs[rung].trials);
                taking_part.sort_unstable();
            }
            if !self.run_rung(rung, &taking_part, watch)? {
                return Ok(None);
            }
            if taking_part.iter().all(|&trial| self.loss(trial).is_infinite()) {
                let message = Message::from("is too high: every trial diverged; choose a lower one");
                return Err(ConfigError::new("learning_rate", message).into());
            }
        }
        let best = taking_part.into_iter().min_by(|&a, &b| self.loss(a).total_cmp(&self.loss(b)));
        Ok(best.map(|best| Tuned { trials: self.trials, rungs: self.rungs, best }))
    }

    /// The latest loss of a trial.
    fn loss(&self, trial: usize) -> f64 {
        self.trials[trial].losses.last().copied().unwrap_or(f64::INFINITY)
    }

    /// Brings these trials to the end of a rung; `false` if it was stopped.
    fn run_rung(
        &mut self,
        rung: usize,
        taking_part: &[usize],
        watch: &mut dyn FnMut(Progress<'_>) -> Control,
    ) -> Result<bool, Error> {
        let known = |trial: usize| self.known.get(trial).and_then(|losses| losses.get(rung)).copied();
        let jobs: Vec<usize> = taking_part.iter().copied().filter(|&trial| known(trial).is_none()).collect();
        let mut losses = vec![None; self.trials.len()];
        for &trial in taking_part {
            losses[trial] = known(trial);
        }
        let workers = threads::count().min(NonZeroUsize::new(jobs.len()).unwrap_or(NonZeroUsize::MIN));
        let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
        let (sender, receiver) = mpsc::channel();
        let mut trials = std::mem::take(&mut self.trials);
        for &trial in taking_part {
            trials[trial].losses.extend(losses[trial]);
        }
        let going_on = self.rungs.get(rung + 1).map_or(0, |next| next.trials.min(self.most_kept));
        let mut best: Vec<(f64, usize)> =
            losses.iter().zip(0..).filter_map(|(loss, n)| Some(((*loss)?, n))).collect();
        best.sort_by(better);
        best.truncate(going_on);
        let (this, recipes) = (&*self, trials.iter().map(|trial| trial.recipe.clone()).collect::<Vec<_>>());
        let ended = thread::scope(|scope| {
            for _ in 0..workers.get() {
                let (sender, next, stop, jobs, recipes) = (sender.clone(), &next, &stop, &jobs, &recipes);
                scope.spawn(move || {
                    threads::shared(workers.get(), || this.work(rung, jobs, recipes, next, stop, &sender));
                });
            }
            drop(sender);
            let ended = collect(&receiver, |outcome| {
                if let Some((trial, loss)) = outcome {
                    trials[trial].losses.push(loss);
                    let place = best.partition_point(|other| better(other, &(loss, trial)).is_lt());
                    best.insert(place, (loss, trial));
                    // What its result leaves behind need not be kept.
                    for (_, left) in best.drain(going_on.min(best.len())..) {
                        *this.states[left].lock().unwrap_or_else(PoisonError::into_inner) = None;
                    }
                }
                let ended = taking_part.iter().filter(|&&trial| trials[trial].losses.len() > rung).count();
                watch(Progress { trials: &trials, rungs: &this.rungs, rung, ended })
            });
            // Whatever ended it, an error as well, ends the workers.
            stop.store(true, Ordering::Relaxed);
            ended
        });
        self.trials = trials;
        ended
    }

    /// A worker's life: one trial after the other, until none is left.
    fn work(
        &self,
        rung: usize,
        jobs: &[usize],
        recipes: &[Recipe],
        next: &AtomicUsize,
        stop: &AtomicBool,
        outcomes: &Sender<Outcome>,
    ) {
        while let Some(&trial) = jobs.get(next.fetch_add(1, Ordering::Relaxed)) {
            let loss = match self.train(trial, &recipes[trial], self.rungs[rung].epochs, stop) {
                Err(Error::Diverged(_)) => Ok(f64::INFINITY),
                loss => loss,
            };
            // Who no longer listens has been told to stop.
            if stop.load(Ordering::Relaxed) || outcomes.send((trial, loss)).is_err() {
                return;
            }
        }
    }

    /// Trains a trial on to the end of an epoch, and gives its validation loss there; the best so far where a training
    /// with patience keeps the parameters of its best epoch.
    fn train(&self, trial: usize, recipe: &Recipe, epochs: u64, stop: &AtomicBool) -> Result<f64, Error> {
        let network = &self.networks[trial];
        let trainer = Trainer::new(network, recipe.train.clone(), &self.train, &self.validation)?;
        let mut state = self.states[trial].lock().unwrap_or_else(PoisonError::into_inner);
        let state = match &mut *state {
            Some(state) => state,
            empty => empty.insert(trainer.start(recipe.init.draw(network, recipe.train.seed)?)?),
        };
        let mut latest = f64::INFINITY;
        let mut watch = |event: &Event<'_>| {
            if let Event::Epoch { validation_loss, progress, .. } = event {
                latest = validation_loss.unwrap_or(f64::INFINITY);
                if progress.epoch() >= epochs {
                    return Control::Stop;
                }
            }
            if stop.load(Ordering::Relaxed) { Control::Stop } else { Control::Continue }
        };
        trainer.run(state, &mut [&mut watch])?;
        let best = state.progress().best().map_or(f64::INFINITY, |best| best.loss);
        Ok(if recipe.train.patience.is_some() { best } else { latest })
    }
}

/// Which of two results of trials is the better: the one of the lower loss, of equal ones that of the earlier trial.
fn better((a, first): &(f64, usize), (b, second): &(f64, usize)) -> std::cmp::Ordering {
    a.total_cmp(b).then(first.cmp(second))
}

/// Hears of outcomes until there are no more; `false` if `hear` said stop before.
fn collect(
    receiver: &mpsc::Receiver<Outcome>,
    mut hear: impl FnMut(Option<(usize, f64)>) -> Control,
) -> Result<bool, Error> {
    loop {
        let outcome = match receiver.recv_timeout(TICK) {
            Ok((trial, loss)) => Some((trial, loss?)),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return Ok(true),
        };
        if hear(outcome) == Control::Stop {
            return Ok(false);
        }
    }
}
