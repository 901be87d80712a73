//! A recipe: everything about a training run but the data.

use serde::{Deserialize, Serialize};

use crate::error::ConfigError;
use crate::float::Dtype;
use crate::init::Init;
use crate::loss::Loss;
use crate::network::{CellKind, Network, NetworkConfig};
use crate::optimiser::OptimiserConfig;
use crate::schedule::ScheduleConfig;
use crate::task::Task;
use crate::train::TrainConfig;

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
        let (input_size, output_size) = (task.input_size(), task.output_size());
        let config =
            NetworkConfig::stacked(self.cell, input_size, self.hidden_size, self.num_layers, output_size)
                .bidirectional(self.bidirectional)
                .dropout(self.dropout)
                .readout(task.readout());
        let network = Network::new(config)?;
        task.check_network(&network)?;
        Ok(network)
    }
}
