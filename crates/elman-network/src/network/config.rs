//! What a network is made of, as its user says it.

use elman_core::block::Block;
use elman_core::cell::CellKind;
use serde::{Deserialize, Serialize};

use super::{Readout, Stacked};

/// More recurrent blocks than this are refused.
pub const MAX_LAYERS: usize = 1000;

/// More blocks than this are refused.
pub const MAX_BLOCKS: usize = 4 * MAX_LAYERS;

/// Inputs of more values per timestep than this are refused: without parameters for them, nothing else would bound
/// what a network asks for.
pub const MAX_INPUT: usize = 1 << 20;

/// Patches of more values than this are refused.
pub const MAX_PATCH: usize = 1 << 20;

/// An embedding of more tokens than this is refused: `f32` has no whole numbers without gaps beyond.
pub const MAX_TOKENS: usize = 1 << 24;

/// A network whose blocks hand on more values per timestep than this, all together, is refused: blocks without parameters
/// would ask for any amount of memory.
pub const MAX_WIDTH: usize = 1 << 24;

/// A network as a chain of blocks. Turned into a [`Network`](super::Network) once, and checked there.
///
/// ```
/// use elman_network::network::{Activation, CellKind, Dense, Network, NetworkConfig, Recurrent};
///
/// # fn main() -> Result<(), elman_network::error::ConfigError> {
/// let config = NetworkConfig::new(3)
///     .with(Recurrent::new(CellKind::Gru, 16).with_learned_state(true))
///     .with(Dense::new(8).with_activation(Activation::Relu))
///     .with(Dense::new(1));
/// let network = Network::new(config)?;
/// assert_eq!(network.output_size(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NetworkConfig {
    /// `I`: values per timestep.
    pub input_size: usize,
    /// The blocks, in the order in which the input passes through them.
    pub blocks: Vec<Block>,
}

impl NetworkConfig {
    /// A network with so many values per timestep and no blocks yet.
    pub fn new(input_size: usize) -> Self {
        NetworkConfig { input_size, blocks: Vec::new() }
    }

    /// The same with one more block at its end.
    #[must_use]
    pub fn with(mut self, block: impl Into<Block>) -> Self {
        self.blocks.push(block.into());
        self
    }

    /// The usual network: `num_layers` recurrent layers of the same cell and size on top of each other, and a
    /// linear head. In one direction, without dropout, and with an output for every timestep, unless the
    /// builder is told otherwise.
    pub fn stacked(
        cell: CellKind,
        input_size: usize,
        hidden_size: usize,
        num_layers: usize,
        output_size: usize,
    ) -> Stacked {
        Stacked {
            cell,
            input_size,
            hidden_size,
            num_layers,
            output_size,
            bidirectional: false,
            dropout: 0.0,
            readout: Readout::Every,
        }
    }
}
