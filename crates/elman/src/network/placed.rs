//! Blocks in their places: what each computes, its widths, and where its tensors and states are.

use std::ops::Range;

use elman_core::block::{Dense, Dropout, Embedding, LayerNorm, Patch, Pooling, Recurrent, Skip};
use elman_core::cell::CellKind;
use elman_core::step::{Weights, WeightsGradient};

/// A block of a network.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    /// The block, and the places of its tensors in the flat parameter vector.
    pub(crate) kind: Kind,
    /// Values per row that enter.
    pub(crate) input_size: usize,
    /// Values per row that leave.
    pub(crate) output_size: usize,
    /// Which of the network's [`Timelines`](super::timeline::Timelines) the rows that enter lie on.
    pub(crate) input_time: usize,
    /// That of the rows that leave.
    pub(crate) output_time: usize,
}

/// A [`Block`](elman_core::block::Block) that was checked, with the places of its tensors.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Recurrent(RecurrentLayers),
    Dense {
        block: Dense,
        /// `[O, I]`
        weight: Range<usize>,
        /// `[O]`, or empty.
        bias: Range<usize>,
    },
    Dropout(Dropout),
    Embedding {
        block: Embedding,
        /// `[num_embeddings, embedding_dim]`
        weight: Range<usize>,
    },
    LayerNorm {
        block: LayerNorm,
        /// `[W]`
        weight: Range<usize>,
        /// `[W]`
        bias: Range<usize>,
    },
    /// Always on the timeline of the network's input.
    Skip(Skip),
    Pooling(Pooling),
    Patch(Patch),
}

/// A recurrent block: its directions.
#[derive(Clone, Debug)]
pub(crate) struct RecurrentLayers {
    pub(crate) block: Recurrent,
    /// One for each direction, forward before reverse.
    pub(crate) layers: Vec<Layer>,
    /// The block of [`State`](super::State) of the first direction; that of the second follows it.
    pub(crate) first_state: usize,
}

/// One direction of a recurrent block: its shape, and the places of its tensors in the flat parameter vector.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) cell: CellKind,
    pub(crate) input_size: usize,
    pub(crate) hidden_size: usize,
    /// Does it read each sequence from its end?
    pub(crate) reverse: bool,
    /// `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`, the per-unit parameters; one after the other, and empty where
    /// the cell has none.
    pub(crate) ranges: [Range<usize>; 5],
    /// The learned initial states `[STATES, H]`, or empty.
    pub(crate) initial: Range<usize>,
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

    pub(crate) fn weights<'a, T>(&self, parameters: &'a [T]) -> Weights<'a, T> {
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
