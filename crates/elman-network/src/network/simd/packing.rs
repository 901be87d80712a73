//! Which row of a chunk's memory belongs to which timestep of which of its sequences.

use std::ops::Range;

use elman_core::engine::timeline::Timeline;
use elman_kernels::tuning::{ALONE_BELOW, ALONE_ROWS, LARGE, MAX_CHUNKS, SEQUENCES, SEQUENCES_OF_LARGE};

use crate::batch::Packing;

/// The rows of a chunk on one of the network's timelines: a run of a batch's sequences, packed as the batch is.
#[derive(Debug, Default)]
pub(super) struct ChunkPacking {
    /// The sequences, in the batch's own order.
    pub(super) sequences: Range<usize>,
    /// Their lengths, on which all that follows depends.
    lengths: Vec<usize>,
    /// `[T + 1]`: the row at which each timestep starts, then the number of rows.
    starts: Vec<usize>,
    /// `[T + 2]`, forward and reverse: see [`Timeline::slot`].
    slots: [Vec<usize>; 2],
}

impl ChunkPacking {
    /// Takes up a batch's sequences, for layers that read forward and, where there are such, in reverse; always the
    /// same.
    pub(super) fn set(&mut self, packing: &Packing, sequences: Range<usize>, reads_back: bool) {
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
        for (slots, reverse) in self.slots.iter_mut().zip([false, true]).take(1 + usize::from(reads_back)) {
            let timestep = |n: usize| if reverse { seq_len - 1 - n } else { n };
            slots.clear();
            slots.push(0);
            for n in 0..=seq_len {
                // The states that the step before left here, and those that the step after reads.
                let before = n.checked_sub(1).map_or(0, |n| active(timestep(n)));
                let after = if n < seq_len { active(timestep(n)) } else { 0 };
                slots.push(slots[n] + before.max(after));
            }
        }
    }

    /// As a layer visits them.
    pub(super) fn timeline(&self, reverse: bool) -> Timeline<'_> {
        Timeline { starts: &self.starts, slots: &self.slots[usize::from(reverse)], reverse }
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

    /// The lengths of the sequences, longest first.
    pub(super) fn lengths(&self) -> &[usize] {
        &self.lengths
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

    pub(super) fn active(&self, t: usize) -> usize {
        self.at(t).len()
    }

    /// Every timestep of every sequence: `t`, the sequence's place in the chunk, and the row.
    pub(super) fn rows(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        (0..self.seq_len()).flat_map(|t| self.at(t).enumerate().map(move |(b, row)| (t, b, row)))
    }

    /// As many of a layer's steps up to `end` as have at most so many rows, but at least one; all of them if there is a
    /// single sequence.
    pub(super) fn steps_of(&self, end: usize, reverse: bool, rows: usize) -> Range<usize> {
        if self.batch_size() == 1 || self.num_rows() <= rows {
            return 0..end;
        }
        let timeline = self.timeline(reverse);
        let fits = |&start: &usize| timeline.rows_of(start..end).len() <= rows;
        (0..end - 1).rev().take_while(fits).last().unwrap_or(end - 1)..end
    }
}

/// The number of chunks of a batch, for layers of at most so many weights. It depends on nothing else,
/// since sums over chunks must not depend on threads.
pub(super) fn num_chunks(packing: &Packing, weights: usize) -> usize {
    // Two chunks of half as many sequences as are best give a second thread something to do.
    let are_alone = packing.batch_size() == 2 && packing.num_rows() >= ALONE_ROWS && weights < ALONE_BELOW;
    let least = 1 + usize::from(are_alone || packing.batch_size() >= SEQUENCES);
    let sequences = if weights < LARGE { SEQUENCES } else { SEQUENCES_OF_LARGE };
    let count = (packing.batch_size() / sequences).clamp(least, MAX_CHUNKS);
    // An odd one of a few would leave one of two threads without work at the end.
    if count == 1 { 1 } else { count.next_multiple_of(2) }
}

/// The `n`-th of `count` chunks of a batch: sequences with nearly equally many timesteps, or one each, however unequal, where there
/// are as many chunks.
pub(super) fn chunk(packing: &Packing, n: usize, count: usize) -> Range<usize> {
    if count == packing.batch_size() {
        return n..n + 1;
    }
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
    fn parts_of_a_backward_pass_hold_each_step_once_and_no_more_rows_than_asked() {
        let mut packing = ChunkPacking::default();
        packing.set(&Packing::new(&[9, 7, 7, 4, 1]), 0..5, true);
        for (reverse, most) in
            [false, true].into_iter().flat_map(|reverse| (1..40).map(move |most| (reverse, most)))
        {
            let timeline = packing.timeline(reverse);
            let (mut left, mut seen) = (packing.seq_len(), 0);
            while left > 0 {
                let steps = packing.steps_of(left, reverse, most);
                assert_eq!(steps.end, left);
                let of_steps = timeline.rows_of(steps.clone());
                let mut one_by_one: Vec<_> =
                    steps.clone().flat_map(|n| packing.at(timeline.timestep(n))).collect();
                one_by_one.sort_unstable();
                assert_eq!(of_steps.clone().collect::<Vec<_>>(), one_by_one);
                assert!(
                    of_steps.len() <= most || steps.len() == 1,
                    "{steps:?} has {of_steps:?} of {most} rows"
                );
                let longer = steps.start.checked_sub(1).map(|start| timeline.rows_of(start..left).len());
                assert!(longer.is_none_or(|longer| longer > most), "{steps:?} could be longer, {most} rows");
                seen += of_steps.len();
                left = steps.start;
            }
            assert_eq!(seen, packing.num_rows());
        }
    }

    /// By the batch's shape alone, and as many as there are sequences for: of 16 cores each has one at 256.
    #[test]
    fn chunks_grow_with_the_batch() {
        let count = |batch_size, weights| num_chunks(&Packing::new(&vec![12; batch_size]), weights);
        assert_eq!(
            [1, 2, 3, 15, 16, 32, 47, 48, 128, 256, 5000].map(|n| count(n, 100)),
            [1, 2, 1, 1, 2, 2, 2, 4, 8, 16, 64]
        );
        assert_eq!([2, 3].map(|n| count(n, ALONE_BELOW)), [1, 1]);
        assert_eq!(num_chunks(&Packing::new(&[12, 11]), 100), 1);
        assert_eq!([16, 64, 96, 256, 512].map(|n| count(n, LARGE)), [2, 2, 4, 8, 16]);
    }
}
