//! A recipe: everything about a training run but the data, and its cooking.

use serde::{Deserialize, Serialize};

use crate::error::{ConfigError, Error};
use crate::float::{Dtype, Float};
use crate::init::Init;
use crate::loss::Loss;
use crate::model::{Model, Record};
use crate::network::{CellKind, Network, NetworkConfig};
use crate::optimiser::OptimiserConfig;
use crate::schedule::ScheduleConfig;
use crate::sequence::Example;
use crate::table::Table;
use crate::task::{Prepared, Task};
use crate::train::{Checkpointer, Ended, Observer, Progress, TrainConfig, Trainer};

/// Which network, and how it is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// The cell of every layer.
    pub cell: CellKind,
    /// Units per layer and direction.
    pub hidden_size: usize,
    /// Layers.
    pub num_layers: usize,
    /// Both directions?
    pub bidirectional: bool,
    /// Dropout between layers.
    pub dropout: f64,
    /// The starting parameters.
    pub init: Init,
    /// The number type.
    pub dtype: Dtype,
    /// The training run; its seed also decides the starting parameters.
    pub train: TrainConfig,
}

impl Recipe {
    /// The default recipe for a task.
    ///
    /// The forecast's were checked, and its epochs chosen, on other data than those of the published
    /// figures: see `examples/forecast_defaults.rs`.
    ///
    /// For a forecast: an LSTM of 20 units, AdamW at 0.01 with a weight decay of 2 and a cosine
    /// schedule, 30 epochs. For sequences: a GRU of 64 units, Adam at 0.003 with a cosine schedule,
    /// 100 epochs. Both: batches of 16, orthogonal initialisation, gradient norms clipped to 1.
    pub fn for_task(task: &Task) -> Self {
        let adamw = OptimiserConfig::AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 2.0 };
        let forecast = matches!(task, Task::Forecast(_));
        Recipe {
            cell: if forecast { CellKind::Lstm } else { CellKind::Gru },
            hidden_size: if forecast { 20 } else { 64 },
            num_layers: 1,
            bidirectional: false,
            dropout: 0.0,
            init: Init::Orthogonal,
            dtype: Dtype::F32,
            train: TrainConfig {
                epochs: if forecast { 30 } else { 100 },
                batch_size: 16,
                loss: match task {
                    Task::Classify(_) => Loss::CrossEntropy { class_weights: None },
                    Task::Forecast(_) | Task::Regress(_) => Loss::Squared,
                },
                optimiser: if forecast { adamw } else { OptimiserConfig::ADAM },
                learning_rate: if forecast { 1e-2 } else { 3e-3 },
                schedule: ScheduleConfig::Cosine { warmup: 0 },
                clip: Some(1.0),
                truncate: None,
                patience: None,
                seed: 0,
            },
        }
    }

    /// The network for a task.
    ///
    /// # Errors
    /// As [`Network::new`]; and if a forecast is asked of a bidirectional network, which would have
    /// to know the future.
    pub fn network(&self, task: &Task) -> Result<Network, ConfigError> {
        let config = NetworkConfig {
            cell: self.cell,
            input_size: task.input_size(),
            hidden_size: self.hidden_size,
            num_layers: self.num_layers,
            bidirectional: self.bidirectional,
            dropout: self.dropout,
            output_size: task.output_size(),
            readout: task.readout(),
        };
        task.check_network(&config)?;
        Network::new(config)
    }

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
        Model::new(self.prepared.task.clone(), T::parameters(self.progress.kept().to_vec()), record)
    }
}
