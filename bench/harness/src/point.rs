//! What is measured: a kind of work, a cell and sizes.

use serde::Deserialize;

/// The kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Forward, squared error of the last output, backward, weight gradients, SGD update.
    Train,
    /// One timestep of one sequence whose state is carried on, and the head.
    Stream,
    /// All timesteps of one sequence from a zero state, and the head after the last.
    Sequence,
    /// The notebook's 100 epochs of 2-3-1.
    Notebook,
}

/// A recurrent cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cell {
    /// tanh.
    Elman,
    /// The reset gate acts after the recurrent product, as in PyTorch.
    Gru,
    /// Gates in the order i, f, g, o.
    Lstm,
}

impl Cell {
    /// `G`: blocks of `H` rows in the weights.
    pub fn gates(self) -> usize {
        match self {
            Cell::Elman => 1,
            Cell::Gru => 3,
            Cell::Lstm => 4,
        }
    }
}

/// One point of the benchmark, as the orchestrator sends it.
#[derive(Clone, Debug, Deserialize)]
pub struct Point {
    /// The kind of work.
    pub kind: Kind,
    /// The cell of every layer.
    pub cell: Cell,
    /// `I`: values per timestep.
    pub input_size: usize,
    /// `H`: units per layer.
    pub hidden_size: usize,
    /// `B`: sequences side by side.
    pub batch_size: usize,
    /// `T`: timesteps.
    pub seq_len: usize,
    /// Recurrent layers; more than one only where Elman is measured alone.
    pub num_layers: usize,
    /// Threads that the contender may use.
    pub threads: usize,
}
