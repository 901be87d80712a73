//! The time axes of a network: which row is which timestep of which sequence, between any two of its blocks.

use elman_core::block::TimeAxis;

use crate::batch::Packing;

/// The packings of a batch on all timelines of a network. Timeline 0 is the batch's own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timelines {
    /// From timeline 1 on.
    packings: Vec<Packing>,
}

impl Timelines {
    /// Works them out for a batch, in the memory that is there.
    pub(crate) fn set(&mut self, timelines: &[TimeAxis], batch: &Packing) {
        self.packings.resize_with(timelines.len(), Packing::default);
        for (n, timeline) in timelines.iter().enumerate() {
            let (before, rest) = self.packings.split_at_mut(n);
            let from = before.last().unwrap_or(batch);
            rest[0].set_mapped(from, |len| timeline.output_len(len));
        }
    }

    /// That of timeline `n`; `batch` is the packing that they were worked out for.
    pub(crate) fn packing<'a>(&'a self, n: usize, batch: &'a Packing) -> &'a Packing {
        if n == 0 { batch } else { &self.packings[n - 1] }
    }
}
