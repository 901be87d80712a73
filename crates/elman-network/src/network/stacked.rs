//! The usual network: recurrent layers of one kind, and a linear head.

use elman_core::block::{Block, Dense, Direction, Dropout, Output, Recurrent};
use elman_core::cell::CellKind;
use serde::{Deserialize, Serialize};

use super::validate::{at_least_one, check_dropout};
use super::{MAX_LAYERS, NetworkConfig};
use crate::error::ConfigError;

/// Which timesteps the linear head of a [`Stacked`] network reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Readout {
    /// The final hidden state: one output per sequence. Of a bidirectional layer, the final states
    /// of both directions, each at its own end of the sequence.
    Last,
    /// The hidden state of every timestep: one output per timestep.
    Every,
}

/// The usual network, see [`NetworkConfig::stacked`]: as many recurrent layers and a linear head as few
/// numbers say.
#[derive(Clone, Debug, PartialEq)]
pub struct Stacked {
    /// The cell of every layer.
    pub cell: CellKind,
    /// `I`: values per timestep.
    pub input_size: usize,
    /// `H`: units per layer and direction.
    pub hidden_size: usize,
    /// Recurrent layers on top of each other.
    pub num_layers: usize,
    /// `O`: values per output.
    pub output_size: usize,
    /// Does a second set of weights read each sequence from its end?
    pub bidirectional: bool,
    /// The probability with which an output of a layer, other than the last, is set to 0 in training; in `[0,
    /// 1)`.
    pub dropout: f64,
    /// Which timesteps the head reads.
    pub readout: Readout,
}

impl Stacked {
    /// The same with layers in both directions, or not.
    #[must_use]
    pub fn bidirectional(self, bidirectional: bool) -> Self {
        Stacked { bidirectional, ..self }
    }

    /// The same with dropout between layers.
    #[must_use]
    pub fn dropout(self, dropout: f64) -> Self {
        Stacked { dropout, ..self }
    }

    /// The same with a head that reads these timesteps.
    #[must_use]
    pub fn readout(self, readout: Readout) -> Self {
        Stacked { readout, ..self }
    }

    /// The chain of blocks.
    ///
    /// # Errors
    /// If a size is 0, there are more than [`MAX_LAYERS`] layers, `dropout` is outside `[0, 1)`, or there is
    /// dropout but no second layer for it to act before.
    pub fn build(self) -> Result<NetworkConfig, ConfigError> {
        self.check()?;
        let direction = if self.bidirectional { Direction::Both } else { Direction::Forward };
        let layer = Recurrent::new(self.cell, self.hidden_size).with_direction(direction);
        let mut config = NetworkConfig::new(self.input_size);
        for _ in 1..self.num_layers {
            config = config.with(layer);
            if self.dropout > 0.0 {
                config = config.with(Dropout::new(self.dropout));
            }
        }
        let output = match self.readout {
            Readout::Last => Output::Last,
            Readout::Every => Output::Every,
        };
        Ok(config.with(layer.with_output(output)).with(Dense::new(self.output_size)))
    }

    /// What makes this chain of blocks, if it is that of a usual network.
    pub fn of(config: &NetworkConfig) -> Option<Stacked> {
        let layers = config.blocks.iter().filter_map(|block| match block {
            Block::Recurrent(layer) => Some(layer),
            _ => None,
        });
        let last = layers.clone().next_back()?;
        let dropout = config.blocks.iter().find_map(|block| match block {
            Block::Dropout(dropout) => Some(dropout.probability),
            _ => None,
        });
        let Some(Block::Dense(head)) = config.blocks.last() else { return None };
        let stacked = Stacked {
            cell: last.cell,
            input_size: config.input_size,
            hidden_size: last.hidden_size,
            num_layers: layers.count(),
            output_size: head.output_size,
            bidirectional: last.direction == Direction::Both,
            dropout: dropout.unwrap_or(0.0),
            readout: if last.output == Output::Last { Readout::Last } else { Readout::Every },
        };
        let chain = stacked.clone().build().ok()?;
        (chain == *config).then_some(stacked)
    }

    fn check(&self) -> Result<(), ConfigError> {
        at_least_one("input_size", self.input_size, "")?;
        at_least_one("hidden_size", self.hidden_size, "")?;
        at_least_one("num_layers", self.num_layers, "")?;
        at_least_one("output_size", self.output_size, "")?;
        check_dropout(self.dropout, "")?;
        if self.dropout > 0.0 && self.num_layers == 1 {
            let message =
                format!("is {} but acts between layers, and there is one; use two layers or 0", self.dropout);
            return Err(ConfigError::new("dropout", message));
        }
        if self.num_layers > MAX_LAYERS {
            let message = format!("is {}; it must be at most {MAX_LAYERS}", self.num_layers);
            return Err(ConfigError::new("num_layers", message));
        }
        Ok(())
    }
}

impl TryFrom<Stacked> for NetworkConfig {
    type Error = ConfigError;

    /// As [`Stacked::build`].
    fn try_from(stacked: Stacked) -> Result<Self, ConfigError> {
        stacked.build()
    }
}
