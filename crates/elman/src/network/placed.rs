//! Where the tensors of a layer and of the head stand in the flat parameter vector.

use std::ops::Range;

use elman_core::step::{Weights, WeightsGradient};

/// The places of a layer's tensors in the flat parameter vector, and its shape.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) input_size: usize,
    pub(super) hidden_size: usize,
    /// Does it read each sequence from its end?
    pub(super) reverse: bool,
    /// `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`, which lie one after the other.
    pub(super) ranges: [Range<usize>; 4],
}

impl Layer {
    pub(super) fn weights<'a, T>(&self, parameters: &'a [T]) -> Weights<'a, T> {
        let [weight_ih, weight_hh, bias_ih, bias_hh] =
            self.ranges.each_ref().map(|range| &parameters[range.clone()]);
        Weights { weight_ih, weight_hh, bias_ih, bias_hh }
    }

    pub(super) fn weights_gradient<'a, T>(&self, gradient: &'a mut [T]) -> WeightsGradient<'a, T> {
        let mut rest = &mut gradient[self.ranges[0].start..self.ranges[3].end];
        let [weight_ih, weight_hh, bias_ih, bias_hh] = self.ranges.each_ref().map(|range| {
            let (part, after) = std::mem::take(&mut rest).split_at_mut(range.len());
            rest = after;
            part
        });
        WeightsGradient { weight_ih, weight_hh, bias_ih, bias_hh }
    }
}

/// The places of the head's tensors in the flat parameter vector, and its shape.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) input_size: usize,
    pub(super) output_size: usize,
    /// `head.weight [O, F]`, then `head.bias [O]`.
    pub(super) weight: Range<usize>,
    pub(super) bias: Range<usize>,
}
