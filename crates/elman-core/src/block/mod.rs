//! Blocks: what a network is a chain of. A configuration and its equations, forward and backward, in one
//! file.
//!
//! The functions work on single rows, the values of one timestep of one sequence; whoever calls them owns the
//! memory and the loop over time. So a batch, a stream and any engine compute the same bits. A forward pass
//! overwrites its result; a backward pass *adds* to the gradients of inputs and parameters.
//!
//! ```
//! use elman_core::block::{Activation, Dense};
//!
//! let dense = Dense::new(1).with_activation(Activation::Relu);
//! let mut y = [0.0];
//! dense.forward(&[2.0, -1.0], &[0.5], &[3.0, 1.0], &mut y);
//! assert_eq!(y, [5.5]);
//! ```
//!
//! A new block is one file here, an entry in [`Block`], and its place in the engines.

mod dense;
mod dropout;
mod embedding;
mod layer_norm;
mod patch;
mod pooling;
mod recurrent;
mod skip;

pub use dense::{Activation, Dense};
pub use dropout::Dropout;
pub use embedding::Embedding;
pub use layer_norm::LayerNorm;
pub use patch::Patch;
pub use pooling::{Pooling, PoolingKind};
pub use recurrent::{Direction, Output, Recurrent};
pub use skip::Skip;

use core::fmt;

/// A stage of a network: it turns rows of some width into rows of another.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Block {
    /// See [`Recurrent`].
    Recurrent(Recurrent),
    /// See [`Dense`].
    Dense(Dense),
    /// See [`Dropout`].
    Dropout(Dropout),
    /// See [`Embedding`].
    Embedding(Embedding),
    /// See [`LayerNorm`].
    LayerNorm(LayerNorm),
    /// See [`Skip`].
    Skip(Skip),
    /// See [`Pooling`].
    Pooling(Pooling),
    /// See [`Patch`].
    Patch(Patch),
}

/// What a block does to the time axis of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeAxis {
    /// A row for each row.
    Kept,
    /// A row for every so many rows, the last of which may be missing.
    Shortened(usize),
    /// One row for the whole sequence.
    Ended,
}

impl TimeAxis {
    /// The timesteps that become of `len`.
    pub const fn output_len(self, len: usize) -> usize {
        match self {
            TimeAxis::Kept => len,
            TimeAxis::Shortened(patch) => len.div_ceil(patch),
            TimeAxis::Ended => 1,
        }
    }
}

/// What a block calls for each of its parameter tensors: with its name and its shape, row-major. A dimension
/// that is too large for the machine is `usize::MAX`; a tensor with a dimension of 0 has no entries.
pub type TensorVisitor<'a> = &'a mut dyn FnMut(fmt::Arguments<'_>, &[usize]);

impl Block {
    /// The name used in files and messages.
    pub const fn name(&self) -> &'static str {
        match self {
            Block::Recurrent(_) => "recurrent",
            Block::Dense(_) => "dense",
            Block::Dropout(_) => "dropout",
            Block::Embedding(_) => "embedding",
            Block::LayerNorm(_) => "layer-norm",
            Block::Skip(_) => "skip",
            Block::Pooling(_) => "pooling",
            Block::Patch(_) => "patch",
        }
    }

    /// The values per row that leave the block when `input_size` enter it; `usize::MAX` if they are too many
    /// for the machine.
    pub const fn output_size(&self, input_size: usize) -> usize {
        match self {
            Block::Recurrent(recurrent) => recurrent.output_size(),
            Block::Dense(dense) => dense.output_size,
            Block::Embedding(embedding) => embedding.embedding_dim,
            Block::Patch(patch) => patch.output_size(input_size),
            Block::Dropout(_) | Block::LayerNorm(_) | Block::Skip(_) | Block::Pooling(_) => input_size,
        }
    }

    /// What it does to the time axis.
    pub const fn time_axis(&self) -> TimeAxis {
        match self {
            Block::Recurrent(Recurrent { output: Output::Last, .. }) | Block::Pooling(_) => TimeAxis::Ended,
            Block::Patch(patch) => TimeAxis::Shortened(patch.len),
            _ => TimeAxis::Kept,
        }
    }
}

macro_rules! from_blocks {
    ($($block:ident),*) => {
        $(impl From<$block> for Block {
            fn from(block: $block) -> Self {
                Block::$block(block)
            }
        })*
    };
}
from_blocks!(Recurrent, Dense, Dropout, Embedding, LayerNorm, Skip, Pooling, Patch);
