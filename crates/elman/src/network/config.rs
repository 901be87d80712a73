//! What a network is made of, as its user says it.

use elman_core::block::{Activation, Block, Dense, Direction, Dropout, Output, Recurrent, TimeAxis};
use elman_core::cell::CellKind;
use serde::{Deserialize, Serialize};

use crate::error::ConfigError;

/// More recurrent blocks than this are refused.
pub const MAX_LAYERS: usize = 1000;

/// More blocks than this are refused.
pub const MAX_BLOCKS: usize = 4 * MAX_LAYERS;

/// Patches of more values than this are refused.
pub const MAX_PATCH: usize = 1 << 20;

/// A network as a chain of blocks. Turned into a [`Network`](super::Network) once, and checked there.
///
/// ```
/// use elman::network::{Activation, CellKind, Dense, Network, NetworkConfig, Recurrent};
///
/// # fn main() -> Result<(), elman::error::ConfigError> {
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

    /// The usual network: `num_layers` recurrent layers of the same cell and size on top of each other, and a linear
    /// head. In one direction, without dropout, and with an output for every timestep, unless the builder is told
    /// otherwise.
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

/// The usual network, see [`NetworkConfig::stacked`]: as many recurrent layers and a linear head as few numbers say.
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
    /// The probability with which an output of a layer, other than the last, is set to 0 in training; in `[0, 1)`.
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
    /// If a size is 0, there are more than [`MAX_LAYERS`] layers, `dropout` is outside `[0, 1)`, or there is dropout
    /// but no second layer for it to act before.
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
        let last = layers.clone().last()?;
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

/// What the blocks before it leave for a block.
pub(super) struct Before {
    /// The values per row.
    pub(super) width: usize,
    /// Is there a patch?
    pub(super) patched: bool,
    /// The block that has ended the time axis.
    pub(super) ended: Option<usize>,
}

impl NetworkConfig {
    /// Refuses what concerns the chain as a whole.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        at_least_one("input_size", self.input_size, "")?;
        let blocks = |message: String| Err(ConfigError::new("blocks", message));
        if self.blocks.is_empty() {
            return blocks("are none; a network needs at least one".into());
        }
        if self.blocks.len() > MAX_BLOCKS {
            return blocks(format!("are {}; at most {MAX_BLOCKS} are possible", self.blocks.len()));
        }
        let layers = self.blocks.iter().filter(|block| matches!(block, Block::Recurrent(_))).count();
        if layers > MAX_LAYERS {
            return blocks(format!("have {layers} recurrent ones; at most {MAX_LAYERS} are possible"));
        }
        Ok(())
    }

    /// Refuses block `n` if its options are out of range or it cannot stand behind those before it.
    pub(super) fn check_block(&self, n: usize, before: &Before) -> Result<(), ConfigError> {
        let block = &self.blocks[n];
        let of = &*format!("of block {n} ({}) ", block.name());
        self.check_time(n, before)?;
        match block {
            Block::Recurrent(recurrent) => at_least_one("hidden_size", recurrent.hidden_size, of),
            Block::Dense(dense) => {
                at_least_one("output_size", dense.output_size, of)?;
                if dense.activation == Activation::Softmax && n + 1 < self.blocks.len() {
                    let message = format!(
                        "{of}is softmax, which belongs at the end of a network; choose another, or end with it"
                    );
                    return Err(ConfigError::new("activation", message));
                }
                Ok(())
            }
            Block::Dropout(dropout) => {
                check_dropout(dropout.probability, of)?;
                let first =
                    "is the first block, where it would act on the input; put it behind another block";
                let last = "is the last block, where it would act on the output; put it before another block";
                match n {
                    0 => Err(ConfigError::new("dropout", first)),
                    _ if n + 1 == self.blocks.len() => Err(ConfigError::new("dropout", last)),
                    _ => Ok(()),
                }
            }
            Block::Embedding(embedding) => {
                at_least_one("num_embeddings", embedding.num_embeddings, of)?;
                at_least_one("embedding_dim", embedding.embedding_dim, of)?;
                if n > 0 {
                    let message = format!("{of}reads token ids, which only the input holds; put it first");
                    return Err(ConfigError::new("embedding", message));
                }
                if before.width != 1 {
                    let message = format!(
                        "is {}; an embedding reads one value, a token's id: let it be 1",
                        before.width
                    );
                    return Err(ConfigError::new("input_size", message));
                }
                Ok(())
            }
            Block::LayerNorm(norm) if norm.eps > 0.0 && norm.eps.is_finite() => Ok(()),
            Block::LayerNorm(norm) => {
                Err(ConfigError::new("eps", format!("{of}is {:?}; it must be above 0 and finite", norm.eps)))
            }
            Block::Skip(skip) => {
                at_least_one("inputs", skip.inputs, of)?;
                if skip.inputs > self.input_size || skip.inputs > before.width {
                    let message = format!(
                        "{of}is {}, but the network has {} inputs and the block before it {} outputs; add no more \
                         than there are of both",
                        skip.inputs, self.input_size, before.width
                    );
                    return Err(ConfigError::new("inputs", message));
                }
                Ok(())
            }
            Block::Patch(patch) => {
                at_least_one("len", patch.len, of)?;
                let width = patch.output_size(before.width);
                if width > MAX_PATCH {
                    let message = format!(
                        "{of}is {}; with {} values per timestep that makes more than {MAX_PATCH}: choose shorter \
                         patches",
                        patch.len, before.width
                    );
                    return Err(ConfigError::new("len", message));
                }
                Ok(())
            }
            Block::Pooling(_) => Ok(()),
            _ => Err(ConfigError::new("blocks", format!("hold a {}, which is not known", block.name()))),
        }
    }

    /// Refuses block `n` if it needs a time axis that the blocks before it have taken away.
    fn check_time(&self, n: usize, before: &Before) -> Result<(), ConfigError> {
        let block = &self.blocks[n];
        let skip = matches!(block, Block::Skip(_));
        let needs_time = skip || matches!(block, Block::Recurrent(_)) || block.time_axis() != TimeAxis::Kept;
        if let Some(ended) = before.ended.filter(|_| needs_time) {
            let instead = match self.blocks[ended] {
                Block::Recurrent(_) => "let that one's output be every timestep",
                _ => "put the pooling after it",
            };
            let message = format!(
                "hold a {} (block {n}) after block {ended}, which leaves one row per sequence; {instead}",
                block.name()
            );
            return Err(ConfigError::new("blocks", message));
        }
        if skip && before.patched {
            let message = format!(
                "hold a skip (block {n}) after a patch, where a row stands for several timesteps; put it before"
            );
            return Err(ConfigError::new("blocks", message));
        }
        Ok(())
    }
}

fn at_least_one(option: &'static str, size: usize, of: &str) -> Result<(), ConfigError> {
    if size == 0 {
        return Err(ConfigError::new(option, format!("{of}is 0; it must be at least 1")));
    }
    Ok(())
}

fn check_dropout(probability: f64, of: &str) -> Result<(), ConfigError> {
    if (0.0..1.0).contains(&probability) {
        return Ok(());
    }
    Err(ConfigError::new("dropout", format!("{of}is {probability}; it must be at least 0 and below 1")))
}
