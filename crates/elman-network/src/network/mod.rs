//! The network: a chain of blocks.
//!
//! [`Network`] is a checked [`NetworkConfig`] with the layout of its parameters. It owns no numbers.
//! Two things run it:
//!
//! - plain code over any [`Scalar`], [`Network::forward`] and [`Network::backward`]: `f64`, dual
//!   numbers, and what every faster path must agree with;
//! - an [`Engine`], which keeps what it needs from pass to pass: [`SimdEngine`] in `f32`,
//!   [`ScalarEngine`] around the plain code.
//!
//! Its parameters bear PyTorch's names. Recurrent blocks are numbered over the whole chain, `weight_ih_l0`,
//! `bias_hh_l1_reverse`, learned initial states `h0_l0`; the last dense block is `head.weight` and
//! `head.bias`, those before it are `dense0.weight` and so on; an embedding is `embedding.weight`, norms are
//! `norm0.weight`, `norm0.bias` and so on.
//!
//! ```
//! use elman_network::batch::Batch;
//! use elman_network::init::Init;
//! use elman_network::network::{CellKind, Engine, Mode, Network, NetworkConfig, SimdEngine};
//!
//! # fn main() -> Result<(), elman_network::error::ConfigError> {
//! let network = Network::new(NetworkConfig::stacked(CellKind::Gru, 2, 8, 1, 1))?;
//! let mut engine = SimdEngine::new(&network);
//! engine.load(&Init::Orthogonal.draw(&network, 0)?);
//! // Two sequences of two values per timestep.
//! let batch = Batch::new(&[&[0.1, 0.2][..], &[0.3, 0.4, 0.5, 0.6]], 2);
//! let mut state = network.zero_state(2);
//! let output = engine.forward(&batch, &mut state, Mode::Predict);
//! let outputs = network.unpack(&batch, output);
//! assert_eq!((outputs[0].len(), outputs[1].len()), (1, 2));
//! # Ok(())
//! # }
//! ```

mod config;
mod dropout;
mod engine;
mod initial;
mod instructions;
mod layout;
mod placed;
mod scalar;
mod simd;
mod stacked;
mod state;
mod timeline;
mod validate;

pub use config::{MAX_BLOCKS, MAX_INPUT, MAX_LAYERS, MAX_PATCH, MAX_TOKENS, MAX_WIDTH, NetworkConfig};
pub use elman_core::block::{
    Activation, Block, Dense, Direction, Dropout, Embedding, LayerNorm, Output, Patch, Pooling, PoolingKind,
    Recurrent, Skip,
};
pub use elman_core::cell::CellKind;
pub use elman_kernels::InstructionSet;
pub use engine::Engine;
pub(crate) use instructions::instruction_set_of;
pub use instructions::{INSTRUCTION_SET_VARIABLE, instruction_set};
pub use scalar::{ScalarEngine, Tape};
pub use simd::SimdEngine;
pub use stacked::{Readout, Stacked};
pub use state::{State, StateBlock};

use elman_core::block::TimeAxis;
use elman_core::lane::Scalar;
pub use layout::least_tensors;
pub(crate) use placed::parts;
pub use placed::{Kind, Layer, Placed, RecurrentLayers};
pub(crate) use simd::worthwhile_shares;
pub(crate) use timeline::Timelines;
use validate::Before;
pub use validate::{check_block, check_drawn};

use crate::batch::{Batch, Packing};
use crate::error::ConfigError;
use crate::parameters::Layout;
use crate::random::Rng;

/// What a forward pass is for.
#[derive(Debug)]
#[non_exhaustive]
pub enum Mode<'a> {
    /// The output alone: an [`Engine`] need not keep anything for a backward pass; that of `f32` keeps the states
    /// of two timesteps. No dropout.
    Predict,
    /// No dropout; a backward pass may follow.
    Evaluate,
    /// Dropout masks are drawn from this generator.
    Train(&'a mut Rng),
}

/// The gradients that a backward pass reads and writes.
#[derive(Debug)]
pub struct Gradients<'a, T> {
    /// That of the flat parameter vector is added here.
    pub parameters: &'a mut [T],
    /// Holds d loss / d final states, and is left with d loss / d initial states. `None`: the loss
    /// reads no final state, and the other is not wanted.
    pub state: Option<&'a mut State<T>>,
    /// `[num_rows, I]`: that of the input is added here, if it is wanted.
    pub input: Option<&'a mut [T]>,
}

/// Asserts that the gradients of a batch's states and inputs have its sizes.
fn gradients_fit<T: Scalar>(batch: &Batch<T>, state: Option<&State<T>>, input: Option<&[T]>) {
    let batch_size = batch.packing().batch_size();
    assert!(state.is_none_or(|state| state.batch_size() == batch_size), "sequences in state and batch");
    let len = batch.packing().num_rows() * batch.input_size();
    assert!(input.is_none_or(|input| input.len() == len), "the input and its gradient");
}

/// A network, ready to run.
#[derive(Clone, Debug)]
pub struct Network {
    config: NetworkConfig,
    layout: Layout,
    blocks: Vec<Placed>,
    /// How each timeline from the second on comes from the one before it.
    timelines: Vec<TimeAxis>,
    states: Vec<StateBlock>,
}

impl Network {
    /// Checks a configuration, or a [`Stacked`] one, and lays out its parameters.
    ///
    /// # Errors
    /// - If there is no block, more than [`MAX_BLOCKS`], more than [`MAX_LAYERS`] recurrent ones, or
    ///   more than [`MAX_PARAMETERS`](crate::parameters::MAX_PARAMETERS) parameters.
    /// - If a size or length is 0, a probability outside `[0, 1)`, an `eps` not above 0, or a patch has more
    ///   than [`MAX_PATCH`] values, or the input more than [`MAX_INPUT`] per timestep.
    /// - If a recurrent block, a pooling, a patch or a skip stands after a block that leaves one row per
    ///   sequence, or a skip after a patch; dropout at either end; an embedding not at the
    ///   beginning or with more than one input; or a skip adds more values than there are.
    /// - If the environment asks for an instruction set that this machine does not have: see [`instruction_set`].
    pub fn new<C>(config: C) -> Result<Self, ConfigError>
    where
        C: TryInto<NetworkConfig>,
        ConfigError: From<C::Error>,
    {
        let config: NetworkConfig = config.try_into()?;
        config.check()?;
        instruction_set()?;
        let mut network = Network {
            blocks: Vec::with_capacity(config.blocks.len()),
            layout: Layout::default(),
            timelines: Vec::new(),
            states: Vec::new(),
            config,
        };
        let mut before = Before { width: network.config.input_size, total: 0, patched: false, ended: None };
        for n in 0..network.config.blocks.len() {
            network.config.check_block(n, &before)?;
            network.place(n, &mut before)?;
        }
        Ok(network)
    }

    /// Gives block `n`, which was checked, its place behind the others.
    fn place(&mut self, n: usize, before: &mut Before) -> Result<(), ConfigError> {
        let block = self.config.blocks[n];
        let input_size = before.width;
        let kind = layout::lay_out(&self.config, n, input_size, &mut self.layout, &mut self.states)?;
        let input_time = self.timelines.len();
        match block.time_axis() {
            TimeAxis::Kept => {}
            TimeAxis::Shortened(_) => before.patched = true,
            TimeAxis::Ended => before.ended = Some(n),
        }
        if block.time_axis() != TimeAxis::Kept {
            self.timelines.push(block.time_axis());
        }
        before.width = block.output_size(input_size);
        before.total = before.total.saturating_add(before.width);
        if before.total > MAX_WIDTH {
            let message =
                format!("hand on more than {MAX_WIDTH} values per timestep in all; choose smaller ones");
            return Err(ConfigError::new("blocks", message));
        }
        let (output_size, output_time) = (before.width, self.timelines.len());
        self.blocks.push(Placed { kind, input_size, output_size, input_time, output_time });
        Ok(())
    }

    /// The configuration.
    pub fn config(&self) -> &NetworkConfig {
        &self.config
    }

    /// The names, shapes and places of the parameters.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// `I`: values per timestep of the input.
    pub fn input_size(&self) -> usize {
        self.config.input_size
    }

    /// `O`: values per timestep of the output.
    pub fn output_size(&self) -> usize {
        self.blocks.last().map_or(self.config.input_size, |last| last.output_size)
    }

    /// The timesteps of the output for a sequence of `len` of them: 1 where a block leaves one row per
    /// sequence, fewer than `len` after patches, otherwise as many.
    pub fn output_len(&self, len: usize) -> usize {
        self.timelines.iter().fold(len, |len, timeline| timeline.output_len(len))
    }

    /// Which row of the output is which timestep of which sequence, for a batch that is packed like this. The
    /// order of the sequences is the batch's.
    pub fn output_packing(&self, batch: &Packing) -> Packing {
        batch.mapped(|len| self.output_len(len))
    }

    /// [`output_packing`](Self::output_packing) in the memory that is there.
    pub fn set_output_packing(&self, batch: &Packing, packing: &mut Packing) {
        packing.set_mapped(batch, |len| self.output_len(len));
    }

    /// An output of the network, as an [`Engine`] gives it for a batch, back in the order in which the batch was
    /// made from its sequences: for each `[output_len(length), O]`.
    ///
    /// # Panics
    /// If the output is not of that batch.
    pub fn unpack<T: Scalar>(&self, batch: &Batch<T>, output: &[T]) -> Vec<Vec<T>> {
        let packing = self.output_packing(batch.packing());
        assert_eq!(output.len(), packing.num_rows() * self.output_size(), "values of the output");
        packing.unpack(output, self.output_size())
    }

    /// Does it leave one row per sequence?
    pub fn ends_time(&self) -> bool {
        self.timelines.last() == Some(&TimeAxis::Ended)
    }

    /// The timesteps of the input for one of the output, or for one that the last block of a recurrent kind
    /// reads: the product of the lengths of all patches.
    pub fn patch_len(&self) -> usize {
        let lengths = self.timelines.iter().map(|timeline| match *timeline {
            TimeAxis::Shortened(len) => len,
            TimeAxis::Kept | TimeAxis::Ended => 1,
        });
        lengths.fold(1, usize::saturating_mul)
    }

    /// Does every output depend on what came before it alone, because no block reads a sequence from its end?
    /// A pooling counts as such: at any time it gives the value for what has come so far.
    pub fn is_causal(&self) -> bool {
        self.states.iter().all(|state| !state.reverse)
    }

    /// The block that joins all timesteps of a sequence, a mean or a maximum: such a sequence cannot be run
    /// piece by piece, with nothing but [`State`] carried on.
    pub fn joins_all_time(&self) -> bool {
        let joins = |placed: &Placed| matches!(&placed.kind, Kind::Pooling(p) if p.kind != PoolingKind::Last);
        self.blocks.iter().any(joins)
    }

    /// Is there a block, or an option of one, that files of format version 2 do not know? Whoever adds one to those adds it
    /// here.
    pub fn needs_version_3(&self) -> bool {
        let needs_version_3 = |placed: &Placed| match &placed.kind {
            Kind::Recurrent(RecurrentLayers { block, .. }) => {
                block.recurrent_dropout > 0.0 || block.kept().is_some()
            }
            Kind::Embedding { block, .. } => block.one_hot,
            Kind::Dense { .. }
            | Kind::Dropout(_)
            | Kind::LayerNorm { .. }
            | Kind::Skip(_)
            | Kind::Pooling(_)
            | Kind::Patch(_) => false,
        };
        self.blocks.iter().any(needs_version_3)
    }

    /// Whose states the blocks of a [`State`] hold, in order: those of each recurrent block, forward before
    /// reverse.
    pub fn states(&self) -> &[StateBlock] {
        &self.states
    }

    /// The initial state where nothing is learned: zeros, for `batch_size` sequences. From this fresh state,
    /// a forward pass begins recurrent blocks with a learned initial state with that.
    pub fn zero_state<T: Scalar>(&self, batch_size: usize) -> State<T> {
        State::zeros(&self.states, batch_size)
    }

    /// The blocks in their places, in the order in which the input passes through them.
    pub fn blocks(&self) -> &[Placed] {
        &self.blocks
    }

    /// How each timeline from the second on comes from the one before it.
    pub(crate) fn timelines(&self) -> &[TimeAxis] {
        &self.timelines
    }
}

#[cfg(test)]
mod tests;
