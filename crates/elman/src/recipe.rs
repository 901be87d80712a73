//! A recipe: everything about a training run but the data.
//!
//! ```
//! use elman::network::CellKind;
//! use elman::recipe::Recipe;
//! use elman::task::{ForecastOptions, Task, TaskOptions};
//!
//! let options = TaskOptions::Forecast(ForecastOptions::default());
//! let prepared = Task::prepare(&elman::data::airline()?, &options)?;
//! let recipe = Recipe::for_task(&prepared.task).with_num_layers(2).with_dropout(0.1);
//! assert_eq!((recipe.cell, recipe.train.epochs), (CellKind::Lstm, 30));
//! assert_eq!(recipe.network(&prepared.task)?.config().input_size, 14);
//! # Ok::<(), elman::error::Error>(())
//! ```

mod options;

pub use options::{AverageName, ClassWeights, LossName, OptimiserName, RecipeOptions, ScheduleName};

use serde::{Deserialize, Serialize};

use crate::ensemble::check_count;
use crate::error::{ConfigError, Message};
use crate::float::Dtype;
use crate::init::Init;
use crate::network::{
    Block, CellKind, Embedding, MAX_PATCH, Network, NetworkConfig, Output, Patch, Pooling, PoolingKind,
    Readout, Skip, check_drawn,
};
use crate::task::Task;
use crate::train::TrainConfig;

/// Which network, and how it is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
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
    /// Dropout of what recurrent products read, the same for all timesteps of a sequence: see
    /// [`Recurrent::recurrent_dropout`](crate::network::Recurrent::recurrent_dropout).
    #[serde(default, skip_serializing_if = "is_none")]
    pub recurrent_dropout: f64,
    /// How likely a unit's `h` stays as it was before a step: see [`Recurrent::zoneout`](crate::network::Recurrent::zoneout).
    #[serde(default, skip_serializing_if = "is_none")]
    pub zoneout: f64,
    /// The same of the states beside `h`: of an LSTM's `c`.
    #[serde(default, skip_serializing_if = "is_none")]
    pub zoneout_cell: f64,
    /// Are the states from which sequences start learned? Otherwise they are zero: see
    /// [`Recurrent::learned_state`](crate::network::Recurrent::learned_state). It does not go together with
    /// [`burn_in`](TrainConfig::burn_in), which begins to learn when the sequences are under way.
    #[serde(default, skip_serializing_if = "is_false")]
    pub learned_state: bool,
    /// So many successive timesteps become one, side by side, before the first layer: a [`Patch`]; 1: none do.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub patch: usize,
    /// What the head reads of the last layer, where there is one answer per sequence: its final states, or the
    /// [mean or maximum](Pooling) of its outputs over time.
    #[serde(default = "final_states", skip_serializing_if = "is_final_states")]
    pub pooling: PoolingKind,
    /// So many of the first inputs are added to the first outputs of the same timestep, a [`Skip`], so that the network learns
    /// how they differ; 0: none are.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skip: usize,
    /// So many networks, trained from seeds that follow each other, whose answers are averaged: see
    /// [`Ensemble`](crate::ensemble::Ensemble).
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub ensemble: usize,
    /// Of a task whose inputs are tokens: the length of the vectors that stand for them and are learned; 0 for one-hot
    /// ones, and for other tasks.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub embedding_dim: usize,
    /// The starting parameters.
    pub init: Init,
    /// The number type.
    pub dtype: Dtype,
    /// The training run; its seed also decides the starting parameters.
    pub train: TrainConfig,
}

// Files of before these fields have none of them, and what needs none is written as then.
fn one() -> usize {
    1
}

fn is_one(count: &usize) -> bool {
    *count == one()
}

fn is_none(share: &f64) -> bool {
    *share == 0.0
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

fn final_states() -> PoolingKind {
    PoolingKind::Last
}

fn is_final_states(pooling: &PoolingKind) -> bool {
    *pooling == final_states()
}

/// A GRU of 64 units, orthogonally initialised, in `f32`; trained as [`TrainConfig`] says by default.
impl Default for Recipe {
    fn default() -> Self {
        Recipe {
            cell: CellKind::Gru,
            hidden_size: 64,
            num_layers: 1,
            bidirectional: false,
            dropout: 0.0,
            recurrent_dropout: 0.0,
            zoneout: 0.0,
            zoneout_cell: 0.0,
            learned_state: false,
            patch: 1,
            pooling: final_states(),
            skip: 0,
            ensemble: 1,
            embedding_dim: 0,
            init: Init::Orthogonal,
            dtype: Dtype::F32,
            train: TrainConfig::default(),
        }
    }
}

impl Recipe {
    /// The same with this cell.
    #[must_use]
    pub fn with_cell(self, cell: CellKind) -> Self {
        Self { cell, ..self }
    }

    /// The same with so many units per layer and direction.
    #[must_use]
    pub fn with_hidden_size(self, hidden_size: usize) -> Self {
        Self { hidden_size, ..self }
    }

    /// The same with so many layers.
    #[must_use]
    pub fn with_num_layers(self, num_layers: usize) -> Self {
        Self { num_layers, ..self }
    }

    /// The same with layers in both directions, or not.
    #[must_use]
    pub fn with_bidirectional(self, bidirectional: bool) -> Self {
        Self { bidirectional, ..self }
    }

    /// The same with dropout between layers.
    #[must_use]
    pub fn with_dropout(self, dropout: f64) -> Self {
        Self { dropout, ..self }
    }

    /// The same with recurrent dropout.
    #[must_use]
    pub fn with_recurrent_dropout(self, recurrent_dropout: f64) -> Self {
        Self { recurrent_dropout, ..self }
    }

    /// The same with zoneout, of `h` and of the states beside it.
    #[must_use]
    pub fn with_zoneout(self, zoneout: f64, zoneout_cell: f64) -> Self {
        Self { zoneout, zoneout_cell, ..self }
    }

    /// The same with states to start from that are learned, or not.
    #[must_use]
    pub fn with_learned_state(self, learned_state: bool) -> Self {
        Self { learned_state, ..self }
    }

    /// The same with so many timesteps joined to one.
    #[must_use]
    pub fn with_patch(self, patch: usize) -> Self {
        Self { patch, ..self }
    }

    /// The same with a head that reads this of the last layer.
    #[must_use]
    pub fn with_pooling(self, pooling: PoolingKind) -> Self {
        Self { pooling, ..self }
    }

    /// The same with so many inputs added to the outputs.
    #[must_use]
    pub fn with_skip(self, skip: usize) -> Self {
        Self { skip, ..self }
    }

    /// The same with so many networks whose answers are averaged.
    #[must_use]
    pub fn with_ensemble(self, ensemble: usize) -> Self {
        Self { ensemble, ..self }
    }

    /// The same with vectors of this length for tokens, 0 for one-hot ones.
    #[must_use]
    pub fn with_embedding_dim(self, embedding_dim: usize) -> Self {
        Self { embedding_dim, ..self }
    }

    /// The same with these starting parameters.
    #[must_use]
    pub fn with_init(self, init: Init) -> Self {
        Self { init, ..self }
    }

    /// The same in this number type.
    #[must_use]
    pub fn with_dtype(self, dtype: Dtype) -> Self {
        Self { dtype, ..self }
    }

    /// The same trained like this.
    #[must_use]
    pub fn with_train(self, train: TrainConfig) -> Self {
        Self { train, ..self }
    }

    /// The default recipe for a task: see [`TaskKind::recipe`](crate::task::TaskKind::recipe).
    pub fn for_task(task: &Task) -> Self {
        task.kind().recipe()
    }

    /// Does it ask for what files of format version 2 do not know?
    pub(crate) fn needs_version_3(&self) -> bool {
        let drops = [self.recurrent_dropout, self.zoneout, self.zoneout_cell] != [0.0; 3];
        let has_blocks = self.learned_state || self.patch != 1 || self.skip != 0 || self.embedding_dim != 0;
        drops
            || has_blocks
            || self.pooling != final_states()
            || self.ensemble != 1
            || self.train.needs_version_3()
    }

    /// The network for a task.
    ///
    /// # Errors
    /// As [`Network::new`]; if a forecast is asked of a bidirectional network, which would have to know the
    /// future, or timesteps are joined although each has an answer of its own.
    pub fn network(&self, task: &Task) -> Result<Network, ConfigError> {
        let kind = task.kind();
        let (input_size, output_size) = (kind.input_size(), self.train.loss.output_size(kind.output_size()));
        self.train.loss.check(output_size)?;
        check_count(self.ensemble)?;
        self.check_joining(kind.readout(), input_size)?;
        if self.learned_state && self.train.burn_in > 0 {
            let message = Message::from("has no effect with ").option("burn_in").text(format!(
                " {}: what is learned begins behind the start; leave one of them out",
                self.train.burn_in
            ));
            return Err(ConfigError::new("learned_state", message));
        }
        let embedding = self.embedding(kind.num_tokens())?;
        let width = embedding.map_or(input_size, |embedding| embedding.embedding_dim);
        let mut config =
            NetworkConfig::stacked(self.cell, width, self.hidden_size, self.num_layers, output_size)
                .bidirectional(self.bidirectional)
                .dropout(self.dropout)
                .readout(kind.readout())
                .build()?;
        for block in &mut config.blocks {
            if let Block::Recurrent(layer) = block {
                *layer = layer
                    .with_recurrent_dropout(self.recurrent_dropout)
                    .with_zoneout(self.zoneout, self.zoneout_cell)
                    .with_learned_state(self.learned_state);
                check_drawn(layer, "")?;
            }
        }
        if let Some(embedding) = embedding {
            config.input_size = input_size;
            config.blocks.insert(0, embedding.into());
        }
        if self.patch > 1 {
            config.blocks.insert(0, Patch::new(self.patch).into());
        }
        if self.pooling != PoolingKind::Last {
            pool(&mut config.blocks, self.pooling);
        }
        if self.skip > 0 {
            self.check_skip(kind.readout(), input_size, output_size)?;
            config.blocks.push(Skip::new(self.skip).into());
        }
        let network = Network::new(config)?;
        task.check_network(&network, &self.train.loss)?;
        Ok(network)
    }

    /// Refuses to add inputs that there are not, or where there is no place for them.
    fn check_skip(&self, readout: Readout, input_size: usize, output_size: usize) -> Result<(), ConfigError> {
        let refuse = |message: String| Err(ConfigError::new("skip", message));
        if readout == Readout::Last || self.patch > 1 {
            return refuse("adds inputs to the answer of their timestep, and this network has none for each; leave it out".into());
        }
        let most = input_size.min(output_size);
        if self.skip > most {
            return refuse(format!(
                "is {}; with {input_size} inputs and {output_size} outputs it must be at most {most}",
                self.skip
            ));
        }
        Ok(())
    }

    /// What stands for tokens, if the inputs are some.
    fn embedding(&self, num_tokens: Option<usize>) -> Result<Option<Embedding>, ConfigError> {
        if num_tokens.is_some() && self.skip > 0 {
            return Err(ConfigError::new(
                "skip",
                "adds inputs to answers, and tokens are no numbers; leave it out",
            ));
        }
        match (num_tokens, self.embedding_dim) {
            (Some(tokens), 0) => Ok(Some(Embedding::one_hot(tokens))),
            (Some(tokens), dim) => Ok(Some(Embedding::new(tokens, dim))),
            (None, 0) => Ok(None),
            (None, _) => {
                let message = "is for tasks whose inputs are tokens; leave it out";
                Err(ConfigError::new("embedding_dim", message))
            }
        }
    }

    /// Refuses to join timesteps that there is nothing, too much or too few of.
    fn check_joining(&self, readout: Readout, input_size: usize) -> Result<(), ConfigError> {
        let patch = |message: String| Err(ConfigError::new("patch", message));
        if self.patch == 0 {
            return patch("is 0; it must be at least 1".into());
        }
        if self.patch > 1 && self.patch.saturating_mul(input_size) > MAX_PATCH {
            let (len, most) = (self.patch, (MAX_PATCH / input_size).max(1));
            return patch(format!("is {len}; with {input_size} inputs it must be at most {most}"));
        }
        if readout == Readout::Last {
            return Ok(());
        }
        let message = "joins timesteps, but this task has an answer for each; leave it out";
        if self.patch > 1 {
            return patch(message.into());
        }
        match self.pooling {
            PoolingKind::Last => Ok(()),
            PoolingKind::Mean | PoolingKind::Max => Err(ConfigError::new("pooling", message)),
        }
    }
}

/// Has the head, the last block, read the last layer's outputs pooled instead of its final states.
fn pool(blocks: &mut Vec<Block>, kind: PoolingKind) {
    if let Some(Block::Recurrent(layer)) = blocks.iter_mut().rev().nth(1) {
        *layer = layer.with_output(Output::Every);
    }
    blocks.insert(blocks.len() - 1, Pooling::new(kind).into());
}
