//! What everybody who works on a pass reads.

use elman_core::simd::Level;

use super::plan::{Panels, Plan};
use crate::batch::Batch;
use crate::network::Network;

/// What all chunks of a pass share.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) level: Level,
    pub(super) network: &'a Network,
    pub(super) plan: &'a Plan,
    pub(super) panels: &'a Panels,
    pub(super) batch: &'a Batch<f32>,
    /// By layer but the last: the dropout mask of its output, `[rows of the batch, D * H]`, or
    /// nothing.
    pub(super) masks: &'a [Vec<f32>],
    /// Is a backward pass to follow?
    pub(super) keeps: bool,
}
