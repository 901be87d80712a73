//! Which row of a chunk's memory belongs to which timestep of which of its sequences.

use std::ops::Range;

use crate::batch::Packing;

/// The rows of a chunk: a run of a batch's sequences, packed as the batch is.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// The sequences, in the batch's own order.
    pub(super) sequences: Range<usize>,
    /// Their lengths, on which all that follows depends.
    lengths: Vec<usize>,
    /// `[T + 1]`: the row at which each timestep starts, then the number of rows.
    starts: Vec<usize>,
    /// `[T + 2]`: see [`slot`](Self::slot).
    slots: [Vec<usize>; 2],
}

impl Rows {
    /// Takes up a batch's sequences, for layers that read in so many directions, always as many.
    pub(super) fn set(&mut self, packing: &Packing, sequences: Range<usize>, num_directions: usize) {
        let lengths = &packing.lengths()[sequences.clone()];
        let known = self.lengths == lengths && !self.starts.is_empty();
        self.sequences = sequences.clone();
        if known {
            return;
        }
        self.lengths.clear();
        self.lengths.extend_from_slice(lengths);
        let seq_len = lengths.first().copied().unwrap_or(0);
        let active = |t| packing.active(t).min(sequences.end) - sequences.start;
        self.starts.clear();
        self.starts.push(0);
        for t in 0..seq_len {
            self.starts.push(self.starts[t] + active(t));
        }
        for (slots, reverse) in self.slots.iter_mut().zip([false, true]).take(num_directions) {
            slots.clear();
            slots.push(0);
            for n in 0..=seq_len {
                // The states that the step before left here, and those that the step after reads.
                let before = n.checked_sub(1).map_or(0, |n| active(timestep(n, seq_len, reverse)));
                let after = if n < seq_len { active(timestep(n, seq_len, reverse)) } else { 0 };
                slots.push(slots[n] + before.max(after));
            }
        }
    }

    pub(super) fn batch_size(&self) -> usize {
        self.sequences.len()
    }

    pub(super) fn seq_len(&self) -> usize {
        self.starts.len() - 1
    }

    pub(super) fn num_rows(&self) -> usize {
        self.starts[self.seq_len()]
    }

    /// The timestep that a layer visits as its `n`-th.
    pub(super) fn timestep(&self, n: usize, reverse: bool) -> usize {
        timestep(n, self.seq_len(), reverse)
    }

    /// The timestep and the sequence of a row.
    pub(super) fn place_of(&self, row: usize) -> (usize, usize) {
        let t = self.starts.partition_point(|&start| start <= row) - 1;
        (t, row - self.starts[t])
    }

    /// The rows of timestep `t`.
    pub(super) fn at(&self, t: usize) -> Range<usize> {
        self.starts[t]..self.starts[t + 1]
    }

    /// The rows of some of a layer's steps, one after the other.
    pub(super) fn of_steps(&self, steps: Range<usize>, reverse: bool) -> Range<usize> {
        let (first, last) = (self.timestep(steps.start, reverse), self.timestep(steps.end - 1, reverse));
        self.at(first.min(last)).start..self.at(first.max(last)).end
    }

    /// As many of a layer's steps up to `end` as have at most so many rows, but at least one; all of them if there is a
    /// single sequence.
    pub(super) fn stretch(&self, end: usize, reverse: bool, rows: usize) -> Range<usize> {
        if self.batch_size() == 1 || self.num_rows() <= rows {
            return 0..end;
        }
        let fits = |&start: &usize| self.of_steps(start..end, reverse).len() <= rows;
        (0..end - 1).rev().take_while(fits).last().unwrap_or(end - 1)..end
    }

    pub(super) fn active(&self, t: usize) -> usize {
        self.at(t).len()
    }

    /// The rows of memory for the states before a layer's `n`-th step, which are those after its
    /// `n - 1`-th. Sequences that end have their final states there; those that join, where a
    /// layer reads from the sequences' ends, their initial ones.
    pub(super) fn slot(&self, n: usize, reverse: bool) -> Range<usize> {
        let slots = &self.slots[usize::from(reverse)];
        slots[n]..slots[n + 1]
    }

    /// The number of slots' rows in all.
    pub(super) fn num_slot_rows(&self, reverse: bool) -> usize {
        self.slots[usize::from(reverse)][self.seq_len() + 1]
    }
}

fn timestep(n: usize, seq_len: usize, reverse: bool) -> usize {
    if reverse { seq_len - 1 - n } else { n }
}

/// Sequences per chunk: the tiles of a step want rows.
const SEQUENCES: usize = 16;

/// The weights of a layer that do not stay in a core's second cache. Each chunk reads them anew every
/// step, so that its sequences should be more: 16 would want 8 bytes per cycle and core.
pub(super) const LARGE: usize = 256 << 10;
const SEQUENCES_OF_LARGE: usize = 32;

/// The most chunks of a batch.
const MAX_CHUNKS: usize = 8;

/// The number of chunks of a batch, for layers of at most so many weights. It depends on nothing else,
/// since sums over chunks must not depend on threads.
pub(super) fn num_chunks(packing: &Packing, weights: usize) -> usize {
    // Two chunks of half as many sequences as are best give a second thread something to do.
    let least = 1 + usize::from(packing.batch_size() >= SEQUENCES);
    let sequences = if weights < LARGE { SEQUENCES } else { SEQUENCES_OF_LARGE };
    (packing.batch_size() / sequences).clamp(least, MAX_CHUNKS)
}

/// The `n`-th of `count` chunks of a batch: sequences with nearly equally many timesteps.
pub(super) fn chunk(packing: &Packing, n: usize, count: usize) -> Range<usize> {
    let total = packing.num_rows();
    let border = |n: usize| {
        let mut rows = 0;
        let wanted = n * total / count;
        let below = packing.lengths().iter().take_while(|&&length| {
            let below = rows + length / 2 < wanted;
            rows += length;
            below
        });
        below.count()
    };
    border(n)..border(n + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_hold_each_step_once_and_no_more_rows_than_asked() {
        let mut rows = Rows::default();
        rows.set(&Packing::new(&[9, 7, 7, 4, 1]), 0..5, 2);
        for (reverse, most) in
            [false, true].into_iter().flat_map(|reverse| (1..40).map(move |most| (reverse, most)))
        {
            let (mut left, mut seen) = (rows.seq_len(), 0);
            while left > 0 {
                let steps = rows.stretch(left, reverse, most);
                assert_eq!(steps.end, left);
                let of_steps = rows.of_steps(steps.clone(), reverse);
                let mut one_by_one: Vec<_> =
                    steps.clone().flat_map(|n| rows.at(rows.timestep(n, reverse))).collect();
                one_by_one.sort_unstable();
                assert_eq!(of_steps.clone().collect::<Vec<_>>(), one_by_one);
                assert!(
                    of_steps.len() <= most || steps.len() == 1,
                    "{steps:?} has {of_steps:?} of {most} rows"
                );
                let longer =
                    steps.start.checked_sub(1).map(|start| rows.of_steps(start..left, reverse).len());
                assert!(longer.is_none_or(|longer| longer > most), "{steps:?} could be longer, {most} rows");
                seen += of_steps.len();
                left = steps.start;
            }
            assert_eq!(seen, rows.num_rows());
        }
    }
}
