//! What everybody who works on a pass reads.

use elman_kernels::InstructionSet;

use super::plan::{Plan, PlanBlock};
use super::weights::PackedWeights;
use crate::batch::{Batch, Packing};
use crate::network::dropout::Masks;
use crate::network::{Network, Placed, Timelines};

/// What all chunks of a pass share.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) set: InstructionSet,
    pub(super) network: &'a Network,
    pub(super) plan: &'a Plan,
    pub(super) parameters: &'a [f32],
    pub(super) weights: &'a PackedWeights,
    pub(super) batch: &'a Batch<f32>,
    /// Where the values of the batch's sequences are, if it has none of its own.
    pub(super) sequences: Option<&'a [&'a [f32]]>,
    pub(super) timelines: &'a Timelines,
    /// By block: what was drawn for the batch.
    pub(super) masks: &'a [Masks<f32>],
    /// Is a backward pass to follow?
    pub(super) keeps: bool,
}

impl<'a> Pass<'a> {
    /// Which row of the batch on a timeline is which.
    pub(super) fn packing(&self, time: usize) -> &'a Packing {
        self.timelines.packing(time, self.batch.packing())
    }

    /// A block in its place, and as it is cut.
    pub(super) fn block(&self, block: usize) -> (&'a Placed, &'a PlanBlock) {
        (&self.network.blocks()[block], &self.plan.blocks[block])
    }
}
