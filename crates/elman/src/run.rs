//! A training run from a recipe and data to a model.
//!
//! ```
//! use elman::recipe::Recipe;
//! use elman::run::Run;
//! use elman::task::{ForecastOptions, Task, TaskOptions};
//! use elman::train::{Control, Ended, Event};
//!
//! # fn main() -> Result<(), elman::error::Error> {
//! let table = elman::data::airline()?;
//! let prepared = Task::prepare(&table, &TaskOptions::Forecast(ForecastOptions::default()))?;
//! let recipe = Recipe::for_task(&prepared.task).with_hidden_size(4);
//! let mut run = Run::new(&recipe, &prepared)?;
//! let mut one_epoch = |event: &Event<'_>| match event {
//!     Event::Epoch { .. } => Control::Stop,
//!     _ => Control::Continue,
//! };
//! let ended = run.train(&mut [&mut one_epoch])?;
//! assert_eq!((ended, run.progress().epoch()), (Ended::Interrupted, 1));
//! assert_eq!(run.model(Some(ended))?.record().best_epoch, Some(0));
//! # Ok(())
//! # }
//! ```

use crate::error::{ConfigError, Error};
use crate::float::{Dtype, Float, convert};
use crate::loss::{Loss, Targets, Total};
use crate::model::{Model, Record};
use crate::network::Network;
use crate::recipe::Recipe;
use crate::sequence::{Example, Sequences};
use crate::table::Table;
use crate::task::{HeldOut, Prepared};
use crate::train::{Checkpointer, Control, Ended, Members, Observer, Progress, RangeTest, Trainer};
use crate::watch::Stopped;
use crate::weights::Weights;

impl Recipe {
    /// Trains from start to end without anybody watching, and tests the model on what `table` holds
    /// out. For more, see [`Run`].
    ///
    /// # Errors
    /// As [`Run::new`] and [`Trainer::run`].
    pub fn train(&self, prepared: &Prepared, table: &Table) -> Result<Model, Error> {
        let mut run = Run::new(self, prepared)?;
        let ended = run.train(&mut [])?;
        let mut model = run.model(Some(ended))?;
        if let Some(held_out) = &prepared.held_out {
            model.test(prepared, table, held_out)?;
        }
        Ok(model)
    }
}

/// Why a run's model is of no use.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Useless {
    /// Has the run diverged? Otherwise it has learned nothing.
    pub has_diverged: bool,
    /// The loss of the best epoch.
    pub loss: f64,
    /// See [`Run::naive_loss`].
    pub naive: f64,
}

/// A training run of a recipe on data that are ready, in the recipe's number type.
#[derive(Debug)]
pub struct Run<'a> {
    recipe: &'a Recipe,
    prepared: &'a Prepared,
    network: Network,
    typed: Typed,
}

/// What of a run is of one number type.
#[derive(Debug)]
enum Typed {
    F32(Box<Learning<f32>>),
    F64(Box<Learning<f64>>),
}

/// Calls the same for either number type.
macro_rules! either {
    ($typed:expr, $learning:ident => $call:expr) => {
        match $typed {
            Typed::F32($learning) => $call,
            Typed::F64($learning) => $call,
        }
    };
}

/// The data of a run, and where it stands: an ensemble's members side by side.
#[derive(Debug)]
struct Learning<T: Float> {
    train: Sequences<T>,
    validation: Sequences<T>,
    members: Members<T>,
}

impl<T: Float> Learning<T> {
    fn new(recipe: &Recipe, prepared: &Prepared, network: &Network) -> Result<Box<Self>, ConfigError> {
        let (train, validation) = (prepared.train.convert(), prepared.validation.convert());
        let trainers = trainers(recipe, network, &train, &validation)?;
        let draw = |trainer: &Trainer<'_, T>| recipe.init.draw(network, trainer.config().seed);
        let parameters = trainers.iter().map(draw).collect::<Result<_, _>>()?;
        let members = Members::start(&trainers, parameters)?;
        Ok(Box::new(Learning { train, validation, members }))
    }

    /// The loss of answering 0 for everything, or a standard normal distribution, on what [`BestEpoch::loss`](crate::train::BestEpoch::loss) is measured on.
    fn loss_of_zeros(&self, loss: &Loss, output_size: usize) -> f64 {
        if let Loss::CrossEntropy { .. } = loss {
            // However many targets there are and however they are weighted.
            return (output_size as f64).ln();
        }
        let examples = if self.validation.is_empty() { &self.train } else { &self.validation };
        let mut sum = Total::<f64>::default();
        let read = examples.for_each(|Example { targets, .. }| {
            let one = loss.distribution().map_or(vec![0.0], |distribution| distribution.standard());
            let values = match targets {
                Targets::Values(values) => values.len(),
                Targets::Classes(classes) => classes.len() * output_size,
            };
            sum += loss.total(&convert(&one.repeat(values)), output_size, targets).to_f64();
        });
        read.map_or(f64::NAN, |()| sum.mean())
    }

    /// Has the run's trainers do something to its members.
    fn with_trainers<R>(
        &mut self,
        recipe: &Recipe,
        network: &Network,
        act: impl FnOnce(&[Trainer<'_, T>], &mut Members<T>) -> Result<R, Error>,
    ) -> Result<R, Error> {
        let trainers = trainers(recipe, network, &self.train, &self.validation)?;
        act(&trainers, &mut self.members)
    }
}

/// A trainer for each member of the ensemble; their seeds follow each other.
fn trainers<'a, T: Float>(
    recipe: &Recipe,
    network: &'a Network,
    train: &'a Sequences<T>,
    validation: &'a Sequences<T>,
) -> Result<Vec<Trainer<'a, T>>, ConfigError> {
    let trainer = |n| {
        let config = recipe.train.clone();
        let seed = config.seed.wrapping_add(n);
        Trainer::new(network, config.with_seed(seed), train, validation)
    };
    (0..recipe.ensemble as u64).map(trainer).collect()
}

impl<'a> Run<'a> {
    /// Builds the network and draws its starting parameters.
    ///
    /// # Errors
    /// If the recipe does not fit the task, or is wrong in itself.
    pub fn new(recipe: &'a Recipe, prepared: &'a Prepared) -> Result<Self, Error> {
        prepared.task.kind().check_loss(&recipe.train.loss)?;
        let network = recipe.network(&prepared.task)?;
        let typed = match recipe.dtype {
            Dtype::F32 => Typed::F32(Learning::new(recipe, prepared, &network)?),
            Dtype::F64 => Typed::F64(Learning::new(recipe, prepared, &network)?),
        };
        Ok(Run { recipe, prepared, network, typed })
    }

    /// Goes on where a checkpoint stands; `false` if there is none.
    ///
    /// # Errors
    /// As [`Trainer::resume`].
    pub fn resume(&mut self, checkpointer: &Checkpointer) -> Result<bool, Error> {
        let Run { recipe, network, typed, .. } = self;
        either!(typed, learning => {
            learning.with_trainers(recipe, network, |trainers, members| members.resume(trainers, checkpointer))
        })
    }

    /// Tries rising learning rates on the first member of the ensemble, from its start; the run stays as it is. `watch` is told
    /// the share that is done; `None` if it says stop. A rate that is chosen is one for the recipe of another run.
    ///
    /// # Errors
    /// As [`Trainer::range_test`].
    pub fn range_test(&mut self, watch: &mut dyn FnMut(f64) -> Control) -> Result<Option<RangeTest>, Error> {
        let Run { recipe, network, typed, .. } = self;
        either!(typed, learning => {
            let parameters = recipe.init.draw(network, recipe.train.seed)?;
            learning.with_trainers(recipe, network, |trainers, _| trainers[0].range_test(parameters, watch))
        })
    }

    /// Trains to the end, or until an observer says stop.
    ///
    /// # Errors
    /// As [`Trainer::run`]. [`model`](Self::model) then still gives the last good parameters.
    pub fn train(&mut self, observers: &mut [&mut dyn Observer]) -> Result<Ended, Error> {
        let Run { recipe, network, typed, .. } = self;
        either!(typed, learning => {
            learning.with_trainers(recipe, network, |trainers, members| members.run(trainers, observers))
        })
    }

    /// Where the run stands.
    pub fn progress(&self) -> Progress<'_> {
        either!(&self.typed, learning => learning.members.progress())
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The batches of an epoch.
    pub fn batches_per_epoch(&self) -> u64 {
        self.recipe.train.batches_per_epoch(self.prepared.train.len())
    }

    /// The loss of answering 0 for everything: the mean of scaled targets, about which they are normally distributed if it
    /// is of a distribution, or the same chance for every class. A run
    /// whose best loss is not below it has learned nothing. NaN if the data cannot be read any more.
    pub fn naive_loss(&self) -> f64 {
        either!(&self.typed, learning => {
            learning.loss_of_zeros(&self.recipe.train.loss, self.network.output_size())
        })
    }

    /// What speaks against the model; `None` if it is of use. A run may diverge and still come to its end, with a loss a
    /// thousand times that of answering 0; one of twice that has learned nothing. Where nothing is left to learn, as of a
    /// series that repeats itself, next to nothing is no failure.
    pub fn useless(&self) -> Option<Useless> {
        const DIVERGED: f64 = 1e3;
        const POOR: f64 = 2.0;
        const NOTHING: f64 = 1e-3;
        let (loss, naive) = (self.progress().best()?.loss, self.naive_loss());
        let has_diverged = loss > DIVERGED * naive.max(1.0);
        (loss > POOR * naive && loss > NOTHING).then_some(Useless { has_diverged, loss, naive })
    }

    /// Refuses data that the model could not be tested on, which is better known before training than after. What can be
    /// wrong with them is found before the first answers, so those are not waited for; with the end of a text that is learned
    /// from nothing can be, since it was read to be prepared.
    ///
    /// # Errors
    /// As [`Model::evaluate`].
    pub fn check_test(&self, table: &Table, held_out: &HeldOut) -> Result<(), Error> {
        if self.prepared.task.kind().has_read_held_out() && self.prepared.held_out.is_some() {
            return Ok(());
        }
        match self.model(None)?.evaluate_watched(table, held_out, &mut |_, _| Err(Stopped)) {
            Err(Error::Stopped(_)) => Ok(()),
            tested => tested.map(drop),
        }
    }

    /// The model as it stands: the parameters to be kept, and how they came about. `ended` is `None`
    /// for a run that broke off.
    ///
    /// # Errors
    /// None in practice: the parts of a run fit.
    pub fn model(&self, ended: Option<Ended>) -> Result<Model, ConfigError> {
        let progress = self.progress();
        let best = progress.best();
        let record = Record {
            data: self.prepared.data.clone(),
            train_sequences: self.prepared.train.len(),
            validation_sequences: self.prepared.validation.len(),
            timesteps: self.prepared.timesteps(),
            recipe: self.recipe.clone(),
            ended,
            epochs: progress.epoch(),
            best_epoch: best.map(|best| best.epoch),
            loss: best.map(|best| best.loss),
            test: None,
        };
        let kept = either!(&self.typed, learning => learning.members.kept());
        let member = |parameters| Weights::new(self.network.clone(), parameters);
        let members = kept.into_iter().map(member).collect::<Result<_, _>>()?;
        Model::new(self.prepared.task.clone(), members, record)
    }
}
