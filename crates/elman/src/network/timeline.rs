//! The time axes of a network: which row is which timestep of which sequence, between any two of its blocks.

use crate::batch::Packing;

/// How a timeline comes from the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timeline {
    /// A timestep for every so many timesteps, the last of them incomplete if need be.
    Patched(usize),
    /// One row for each sequence.
    Ended,
}

impl Timeline {
    /// The timesteps that become of `len`.
    pub(crate) fn shorten(self, len: usize) -> usize {
        match self {
            Timeline::Patched(patch) => len.div_ceil(patch),
            Timeline::Ended => 1,
        }
    }
}

/// The packings of a batch on all timelines of a network. Timeline 0 is the batch's own.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timelines {
    /// From timeline 1 on.
    packings: Vec<Packing>,
}

impl Timelines {
    /// Works them out for a batch, in the memory that is there.
    pub(crate) fn set(&mut self, timelines: &[Timeline], batch: &Packing) {
        self.packings.resize_with(timelines.len(), Packing::default);
        for (n, timeline) in timelines.iter().enumerate() {
            let (before, rest) = self.packings.split_at_mut(n);
            let from = before.last().unwrap_or(batch);
            rest[0].set_mapped(from, |len| timeline.shorten(len));
        }
    }

    /// That of timeline `n`; `batch` is the packing that they were worked out for.
    pub(crate) fn packing<'a>(&'a self, n: usize, batch: &'a Packing) -> &'a Packing {
        if n == 0 { batch } else { &self.packings[n - 1] }
    }
}
