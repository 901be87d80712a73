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

use serde::{Deserialize, Serialize};

use crate::error::ConfigError;
use crate::float::Dtype;
use crate::init::Init;
use crate::network::{CellKind, Network, NetworkConfig};
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
    /// The starting parameters.
    pub init: Init,
    /// The number type.
    pub dtype: Dtype,
    /// The training run; its seed also decides the starting parameters.
    pub train: TrainConfig,
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

    /// The network for a task.
    ///
    /// # Errors
    /// As [`Network::new`]; and if a forecast is asked of a bidirectional network, which would have
    /// to know the future.
    pub fn network(&self, task: &Task) -> Result<Network, ConfigError> {
        let kind = task.kind();
        let (input_size, output_size) = (kind.input_size(), kind.output_size());
        let config =
            NetworkConfig::stacked(self.cell, input_size, self.hidden_size, self.num_layers, output_size)
                .bidirectional(self.bidirectional)
                .dropout(self.dropout)
                .readout(kind.readout());
        let network = Network::new(config)?;
        task.check_network(&network)?;
        Ok(network)
    }
}
