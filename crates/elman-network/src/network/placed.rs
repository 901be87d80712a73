//! Blocks in their places: what each computes, its widths, and where its tensors and states are.

use std::ops::Range;

use elman_core::block::{Dense, Dropout, Embedding, LayerNorm, Patch, Pooling, Recurrent, Skip};
use elman_core::cell::CellKind;
use elman_core::step::{Weights, WeightsGradient};

/// A block of a network.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The block, and the places of its tensors in the flat parameter vector.
    pub kind: Kind,
    /// Values per row that enter.
    pub input_size: usize,
    /// Values per row that leave.
    pub output_size: usize,
    /// Which of the network's [`Timelines`](super::timeline::Timelines) the rows that enter lie on.
    pub(crate) input_time: usize,
    /// That of the rows that leave.
    pub(crate) output_time: usize,
}

/// A [`Block`](elman_core::block::Block) that was checked, with the places of its tensors.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Kind {
    /// A recurrent block.
    Recurrent(RecurrentLayers),
    /// A dense block.
    Dense {
        /// What it is.
        block: Dense,
        /// `[O, I]`
        weight: Range<usize>,
        /// `[O]`, or empty.
        bias: Range<usize>,
    },
    /// A dropout block.
    Dropout(Dropout),
    /// An embedding.
    Embedding {
        /// What it is.
        block: Embedding,
        /// `[num_embeddings, embedding_dim]`
        weight: Range<usize>,
    },
    /// Layer normalisation.
    LayerNorm {
        /// What it is.
        block: LayerNorm,
        /// `[W]`
        weight: Range<usize>,
        /// `[W]`
        bias: Range<usize>,
    },
    /// Always on the timeline of the network's input.
    Skip(Skip),
    /// Pooling over time.
    Pooling(Pooling),
    /// Timesteps joined.
    Patch(Patch),
}

/// A recurrent block: its directions.
#[derive(Clone, Debug)]
pub struct RecurrentLayers {
    /// What it is.
    pub block: Recurrent,
    /// One for each direction, forward before reverse.
    pub layers: Vec<Layer>,
    /// The block of [`State`](super::State) of the first direction; that of the second follows it.
    pub first_state: usize,
}

/// One direction of a recurrent block: its shape, and the places of its tensors in the flat parameter vector.
#[derive(Clone, Debug)]
pub struct Layer {
    /// The cell of all its units.
    pub cell: CellKind,
    /// `I`.
    pub input_size: usize,
    /// `H`.
    pub hidden_size: usize,
    /// Does it read each sequence from its end?
    pub reverse: bool,
    /// `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`, the per-unit parameters; one after the other, and empty where
    /// the cell has none.
    pub ranges: [Range<usize>; 5],
    /// The learned initial states `[STATES, H]`, or empty.
    pub initial: Range<usize>,
}

impl Placed {
    /// A direction of a recurrent block.
    pub(crate) fn layer(&self, direction: usize) -> Option<&Layer> {
        if let Kind::Recurrent(recurrent) = &self.kind { recurrent.layers.get(direction) } else { None }
    }
}

impl Layer {
    /// The place of `weight_hh`.
    pub(crate) fn weight_hh(&self) -> Range<usize> {
        self.ranges[1].clone()
    }

    /// The place of `bias_hh`, which is added to `bias_ih`.
    pub(crate) fn bias_hh(&self) -> Range<usize> {
        self.ranges[3].clone()
    }

    /// Its weights among all parameters.
    pub fn weights<'a, T>(&self, parameters: &'a [T]) -> Weights<'a, T> {
        let [weight_ih, weight_hh, bias_ih, bias_hh, unit] =
            self.ranges.each_ref().map(|range| &parameters[range.clone()]);
        Weights { weight_ih, weight_hh, bias_ih, bias_hh, unit }
    }

    pub(crate) fn weights_gradient<'a, T>(&self, gradient: &'a mut [T]) -> WeightsGradient<'a, T> {
        let [weight_ih, weight_hh, bias_ih, bias_hh, unit] = parts(gradient, &self.ranges);
        WeightsGradient { weight_ih, weight_hh, bias_ih, bias_hh, unit }
    }
}

/// The parts of a vector at `ranges`, which lie one after the other.
pub(crate) fn parts<'a, T, const N: usize>(
    vector: &'a mut [T],
    ranges: &[Range<usize>; N],
) -> [&'a mut [T]; N] {
    let mut rest = &mut vector[ranges.first().map_or(0, |first| first.start)..];
    ranges.each_ref().map(|range| {
        let (part, after) = std::mem::take(&mut rest).split_at_mut(range.len());
        rest = after;
        part
    })
}
