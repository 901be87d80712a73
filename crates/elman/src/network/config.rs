//! What a network is made of, as its user says it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::ConfigError;

/// Which cell the recurrent layers are built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellKind {
    /// [`Elman`](elman_core::cell::Elman): tanh.
    Elman,
    /// [`ElmanRelu`](elman_core::cell::ElmanRelu).
    ElmanRelu,
    /// [`Gru`](elman_core::cell::Gru): reset after the recurrent product, as PyTorch.
    Gru,
    /// [`GruResetBefore`](elman_core::cell::GruResetBefore): reset before it, as Cho et al.
    GruResetBefore,
    /// [`Lstm`](elman_core::cell::Lstm).
    Lstm,
}

impl CellKind {
    /// All kinds, in the order in which they are listed to users.
    pub const ALL: [CellKind; 5] =
        [CellKind::Elman, CellKind::ElmanRelu, CellKind::Gru, CellKind::GruResetBefore, CellKind::Lstm];

    /// The name used on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            CellKind::Elman => "elman",
            CellKind::ElmanRelu => "elman-relu",
            CellKind::Gru => "gru",
            CellKind::GruResetBefore => "gru-reset-before",
            CellKind::Lstm => "lstm",
        }
    }
}

impl fmt::Display for CellKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for CellKind {
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, ConfigError> {
        CellKind::ALL.into_iter().find(|kind| kind.name() == name).ok_or_else(|| {
            ConfigError::new(
                "cell",
                format!("{name:?} is not one of {}", CellKind::ALL.map(CellKind::name).join(", ")),
            )
        })
    }
}

/// Runs `$body` with `$C` standing for the cell type that `$kind` names.
macro_rules! with_cell {
    ($kind:expr, $C:ident => $body:expr) => {
        match $kind {
            $crate::network::CellKind::Elman => {
                type $C = elman_core::cell::Elman;
                $body
            }
            $crate::network::CellKind::ElmanRelu => {
                type $C = elman_core::cell::ElmanRelu;
                $body
            }
            $crate::network::CellKind::Gru => {
                type $C = elman_core::cell::Gru;
                $body
            }
            $crate::network::CellKind::GruResetBefore => {
                type $C = elman_core::cell::GruResetBefore;
                $body
            }
            $crate::network::CellKind::Lstm => {
                type $C = elman_core::cell::Lstm;
                $body
            }
        }
    };
}
pub(crate) use with_cell;

/// Which timesteps the linear head reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Readout {
    /// The final hidden state: one output per sequence. Of a bidirectional layer, the final states
    /// of both directions, each at its own end of the sequence.
    Last,
    /// The hidden state of every timestep: one output per timestep.
    Every,
}

/// The shape of a network. Turned into a [`Network`](super::Network) once, and checked there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// The cell of every layer.
    pub cell: CellKind,
    /// `I`: values per timestep.
    pub input_size: usize,
    /// `H`: units per layer and direction.
    pub hidden_size: usize,
    /// Recurrent layers on top of each other.
    pub num_layers: usize,
    /// Does a second set of weights read each sequence from its end?
    pub bidirectional: bool,
    /// The probability with which an output of a layer, other than the last, is set to 0 in
    /// training (the others are divided by `1 - dropout`); in `[0, 1)`.
    pub dropout: f64,
    /// `O`: values per output.
    pub output_size: usize,
    /// Which timesteps the head reads.
    pub readout: Readout,
}

impl NetworkConfig {
    /// `D`: 2 with both directions, else 1.
    pub fn num_directions(&self) -> usize {
        1 + usize::from(self.bidirectional)
    }
}
