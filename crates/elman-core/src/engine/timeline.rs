//! The rows of some sequences as one direction of a layer visits them.

use core::ops::Range;

/// Sequences sorted by length, longest first, and packed timestep by timestep: which rows belong to which timestep, and
/// where the states between two steps stand.
#[derive(Clone, Copy, Debug)]
pub struct Timeline<'a> {
    /// `[T + 1]`: the row at which each timestep starts, then the number of rows.
    pub starts: &'a [usize],
    /// `[T + 2]`: see [`slot`](Self::slot).
    pub slots: &'a [usize],
    /// Does the layer read from the last timestep to the first?
    pub reverse: bool,
}

impl Timeline<'_> {
    /// `T`
    #[inline(always)]
    pub fn seq_len(&self) -> usize {
        self.starts.len() - 1
    }

    /// `B`: all sequences have a first timestep.
    #[inline(always)]
    pub fn batch_size(&self) -> usize {
        if self.seq_len() == 0 { 0 } else { self.active(0) }
    }

    /// The timesteps of all sequences together.
    #[inline(always)]
    pub fn num_rows(&self) -> usize {
        self.starts[self.seq_len()]
    }

    /// The timestep that the layer visits as its `n`-th.
    #[inline(always)]
    pub fn timestep(&self, n: usize) -> usize {
        if self.reverse { self.seq_len() - 1 - n } else { n }
    }

    /// The rows of timestep `t`.
    #[inline(always)]
    pub fn at(&self, t: usize) -> Range<usize> {
        self.starts[t]..self.starts[t + 1]
    }

    /// How many sequences reach timestep `t`: the first so many.
    #[inline(always)]
    pub fn active(&self, t: usize) -> usize {
        self.starts[t + 1] - self.starts[t]
    }

    /// The rows of memory for the states before the layer's `n`-th step, which are those after its
    /// `n - 1`-th. Sequences that end have their final states there; those that join, where a
    /// layer reads from the sequences' ends, their initial ones.
    #[inline(always)]
    pub fn slot(&self, n: usize) -> Range<usize> {
        self.slots[n]..self.slots[n + 1]
    }

    /// The number of slots' rows in all.
    #[inline(always)]
    pub fn num_slot_rows(&self) -> usize {
        self.slots[self.seq_len() + 1]
    }

    /// The rows of some of the layer's steps, one after the other.
    #[inline]
    pub fn rows_of(&self, steps: Range<usize>) -> Range<usize> {
        let (first, last) = (self.timestep(steps.start), self.timestep(steps.end - 1));
        self.at(first.min(last)).start..self.at(first.max(last)).end
    }
}
