//! A training run from a recipe and data to a model.

use crate::error::{ConfigError, Error};
use crate::float::{Dtype, Float};
use crate::model::{Model, Record};
use crate::network::Network;
use crate::recipe::Recipe;
use crate::sequence::Example;
use crate::table::Table;
use crate::task::Prepared;
use crate::train::{Checkpointer, Ended, Observer, Progress, Trainer};
use crate::weights::Weights;

impl Recipe {
    /// Trains from start to end without anybody watching, and tests the model on what `table` holds
    /// out. For more, see [`Run`].
    ///
    /// # Errors
    /// As [`Run::new`] and [`Trainer::run`].
    pub fn train(&self, prepared: &Prepared, table: &Table) -> Result<Model, Error> {
        match self.dtype {
            Dtype::F32 => self.train_typed::<f32>(prepared, table),
            Dtype::F64 => self.train_typed::<f64>(prepared, table),
        }
    }

    fn train_typed<T: Float>(&self, prepared: &Prepared, table: &Table) -> Result<Model, Error> {
        let mut run = Run::<T>::new(self, prepared)?;
        let ended = run.train(&mut [])?;
        let mut model = run.model(Some(ended))?;
        if let Some(held_out) = &prepared.held_out {
            model.set_test(model.evaluate(table, held_out)?);
        }
        Ok(model)
    }
}

/// A training run of a recipe on data that are ready.
#[derive(Debug)]
pub struct Run<'a, T> {
    recipe: &'a Recipe,
    prepared: &'a Prepared,
    network: Network,
    train: Vec<Example<T>>,
    validation: Vec<Example<T>>,
    progress: Progress<T>,
}

impl<'a, T: Float> Run<'a, T> {
    /// Builds the network and draws its starting parameters.
    ///
    /// # Errors
    /// If the recipe does not fit the task, or is wrong in itself.
    pub fn new(recipe: &'a Recipe, prepared: &'a Prepared) -> Result<Self, Error> {
        prepared.task.kind().check_loss(&recipe.train.loss)?;
        let network = recipe.network(&prepared.task)?;
        let parameters = recipe.init.draw(&network, recipe.train.seed)?;
        let convert = |examples: &[Example<f64>]| examples.iter().map(Example::convert).collect::<Vec<_>>();
        let (train, validation) = (convert(&prepared.train), convert(&prepared.validation));
        let progress = Trainer::new(&network, recipe.train.clone(), &train, &validation)?.start(parameters);
        Ok(Run { recipe, prepared, network, train, validation, progress })
    }

    /// Goes on where a checkpoint stands; `false` if there is none.
    ///
    /// # Errors
    /// As [`Checkpointer::load`].
    pub fn resume(&mut self, checkpointer: &Checkpointer) -> Result<bool, Error> {
        let Some(progress) = checkpointer.load(self.network.layout().len())? else { return Ok(false) };
        self.progress = progress;
        Ok(true)
    }

    /// Trains to the end, or until an observer says stop.
    ///
    /// # Errors
    /// As [`Trainer::run`]. [`model`](Self::model) then still gives the last good parameters.
    pub fn train(&mut self, observers: &mut [&mut dyn Observer<T>]) -> Result<Ended, Error> {
        Trainer::new(&self.network, self.recipe.train.clone(), &self.train, &self.validation)?
            .run(&mut self.progress, observers)
    }

    /// Where the run stands.
    pub fn progress(&self) -> &Progress<T> {
        &self.progress
    }

    /// The network.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// The batches of an epoch.
    pub fn batches_per_epoch(&self) -> u64 {
        self.train.len().div_ceil(self.recipe.train.batch_size) as u64
    }

    /// The model as it stands: the parameters to be kept, and how they came about. `ended` is `None`
    /// for a run that broke off.
    ///
    /// # Errors
    /// None in practice: the parts of a run fit.
    pub fn model(&self, ended: Option<Ended>) -> Result<Model, ConfigError> {
        let best = self.progress.best.as_ref();
        let record = Record {
            data: self.prepared.data.clone(),
            train_sequences: self.train.len(),
            validation_sequences: self.validation.len(),
            recipe: self.recipe.clone(),
            ended,
            epochs: self.progress.epoch,
            best_epoch: best.map(|best| best.epoch),
            loss: best.map(|best| best.loss),
            test: None,
        };
        let weights = Weights::new(self.network.clone(), T::parameters(self.progress.kept().to_vec()))?;
        Model::new(self.prepared.task.clone(), weights, record)
    }
}
