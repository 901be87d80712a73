//! Several sequences side by side, time-major and without padding.
//!
//! The sequences of a batch are sorted by length, longest first, and stored step by step: all
//! first timesteps, all second ones, and so on, each sequence leaving when it ends. With equal
//! lengths that is the plain `[T, B, I]`; with unequal ones a step's rows shrink, and no memory or
//! work goes into padding.
//!
//! ```
//! use elman_network::batch::Batch;
//!
//! let batch = Batch::new(&[&[1.0, 2.0][..], &[3.0, 4.0, 5.0]], 1);
//! assert_eq!(batch.x(), [3.0, 1.0, 4.0, 2.0, 5.0]); // step by step, the longest sequence first
//! assert_eq!(batch.packing().unpack(batch.x(), 1), [vec![1.0, 2.0], vec![3.0, 4.0, 5.0]]);
//! ```

use std::ops::Range;

use elman_core::lane::Scalar;

/// Which row belongs to which timestep of which sequence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packing {
    /// Each sequence's place in the list that the batch was made from.
    order: Vec<usize>,
    /// The lengths, longest first.
    lengths: Vec<usize>,
    /// `[T + 1]`: the row at which each timestep starts, then the number of rows.
    starts: Vec<usize>,
}

impl Packing {
    /// Packs sequences of the given lengths; equal lengths keep their order.
    ///
    /// # Panics
    /// If there is no sequence or one of them is empty.
    pub fn new(lengths: &[usize]) -> Self {
        let mut packing = Packing::default();
        packing.set(lengths.len(), |n| lengths[n]);
        packing
    }

    /// Packs `count` sequences of `length(n)` steps, in the memory that is there.
    fn set(&mut self, count: usize, length: impl Fn(usize) -> usize) {
        self.order.clear();
        self.order.extend(0..count);
        self.order.sort_unstable_by_key(|&n| (std::cmp::Reverse(length(n)), n));
        self.lengths.clear();
        self.lengths.extend(self.order.iter().map(|&n| length(n)));
        self.set_starts();
    }

    /// Works out at which row each timestep starts.
    fn set_starts(&mut self) {
        let (first, last) = (self.lengths.first(), self.lengths.last());
        assert!(last.is_some_and(|&length| length > 0), "a batch needs sequences of at least one step");
        self.starts.clear();
        self.starts.push(0);
        let mut active = self.lengths.len();
        for t in 0..first.copied().unwrap_or(0) {
            while self.lengths[active - 1] <= t {
                active -= 1;
            }
            self.starts.push(self.starts[t] + active);
        }
    }

    /// Becomes [`mapped`](Self::mapped) of a packing, in the memory that is there.
    pub(crate) fn set_mapped(&mut self, of: &Packing, map: impl Fn(usize) -> usize) {
        self.order.clone_from(&of.order);
        self.lengths.clear();
        self.lengths.extend(of.lengths.iter().map(|&length| map(length)));
        assert!(self.lengths.is_sorted_by(|a, b| a >= b), "sequences stay sorted by their lengths");
        self.set_starts();
    }

    /// The packing of the same sequences in the same order, of lengths `map(length)`: what is left of a time
    /// axis that becomes shorter.
    ///
    /// # Panics
    /// If `map` makes a longer sequence shorter than a shorter one, or any of them empty.
    pub fn mapped(&self, map: impl Fn(usize) -> usize) -> Packing {
        let mut packing = Packing::default();
        packing.set_mapped(self, map);
        packing
    }

    /// `B`, the number of sequences.
    pub fn batch_size(&self) -> usize {
        self.lengths.len()
    }

    /// `T`, the length of the longest sequence.
    pub fn seq_len(&self) -> usize {
        self.lengths.first().copied().unwrap_or(0)
    }

    /// The timesteps of all sequences together.
    pub fn num_rows(&self) -> usize {
        self.starts.last().copied().unwrap_or(0)
    }

    /// The lengths of the sequences, longest first.
    pub fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// For each sequence of the batch, its place in the list that the batch was made from.
    pub fn order(&self) -> &[usize] {
        &self.order
    }

    /// The place in the batch of a sequence, by its place in the list that the batch was made from.
    ///
    /// # Panics
    /// If there is no such sequence.
    pub fn position(&self, sequence: usize) -> usize {
        let position = self.order.iter().position(|&n| n == sequence);
        position.unwrap_or_else(|| panic!("no sequence {sequence} among {}", self.batch_size()))
    }

    /// The rows that a stretch of time covers; an end after the last timestep stands for that.
    ///
    /// # Panics
    /// If it starts after the last timestep.
    pub fn rows(&self, time: Range<usize>) -> Range<usize> {
        self.starts[time.start]..self.starts[time.end.min(self.seq_len())]
    }

    /// How many sequences reach timestep `t`: the first so many of the batch.
    pub fn active(&self, t: usize) -> usize {
        self.starts[t + 1] - self.starts[t]
    }

    /// The row of timestep `t` of sequence `b`, which must reach it.
    pub fn row(&self, t: usize, b: usize) -> usize {
        debug_assert!(t < self.lengths[b]);
        self.starts[t] + b
    }

    /// Lays out one value group of `width` per timestep: from one slice `[length, width]` per
    /// sequence, in the order of the original list, to rows `[num_rows, width]`.
    ///
    /// # Panics
    /// If a slice's length is not its sequence's length times `width`.
    pub fn pack<T: Copy>(&self, sequences: &[&[T]], width: usize) -> Vec<T> {
        let mut rows = Vec::with_capacity(self.num_rows() * width);
        self.pack_into(|n| sequences[n], width, &mut rows);
        rows
    }

    /// Asserts that sequence `n` has `len(n)` values, for every `n`.
    fn assert_fits(&self, len: impl Fn(usize) -> usize, width: usize) {
        for (&n, &length) in self.order.iter().zip(&self.lengths) {
            assert_eq!(len(n), length * width, "values of sequence {n}, of {length} steps with {width} each");
        }
    }

    /// [`pack`](Self::pack), from the slices `sequence(n)` and in the memory that is there.
    pub(crate) fn pack_into<'a, T: Copy + 'a>(
        &self,
        sequence: impl Fn(usize) -> &'a [T],
        width: usize,
        rows: &mut Vec<T>,
    ) {
        self.assert_fits(|n| sequence(n).len(), width);
        rows.clear();
        if let [n] = *self.order {
            return rows.extend_from_slice(sequence(n));
        }
        for t in 0..self.seq_len() {
            for &n in &self.order[..self.active(t)] {
                rows.extend_from_slice(&sequence(n)[t * width..][..width]);
            }
        }
    }

    /// The rows `[num_rows, width]` back to one vector `[length, width]` per sequence, in the order
    /// of the original list.
    ///
    /// # Panics
    /// If there are not as many values.
    pub fn unpack<T: Copy>(&self, rows: &[T], width: usize) -> Vec<Vec<T>> {
        assert_eq!(rows.len(), self.num_rows() * width, "values of {} rows of {width}", self.num_rows());
        if self.batch_size() == 1 {
            return vec![rows.to_vec()];
        }
        let mut sequences = vec![Vec::new(); self.batch_size()];
        for (b, &n) in self.order.iter().enumerate() {
            for t in 0..self.lengths[b] {
                sequences[n].extend_from_slice(&rows[self.row(t, b) * width..][..width]);
            }
        }
        sequences
    }
}

/// A batch of input sequences.
#[derive(Clone, Debug, Default)]
pub struct Batch<T> {
    packing: Packing,
    input_size: usize,
    x: Vec<T>,
}

impl<T: Scalar> Batch<T> {
    /// Packs sequences, each `[length, input_size]`.
    ///
    /// # Panics
    /// If there is no sequence, one is empty or no multiple of `input_size`, or that is 0.
    pub fn new(sequences: &[&[T]], input_size: usize) -> Self {
        let mut batch = Batch::default();
        batch.set(sequences.len(), |n| sequences[n], input_size);
        batch
    }

    /// Packs `count` sequences `sequence(n)` in the memory that is there; otherwise as
    /// [`new`](Self::new).
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn set<'a>(&mut self, count: usize, sequence: impl Fn(usize) -> &'a [T], input_size: usize) {
        self.lay_out(count, |n| sequence(n).len(), input_size);
        self.packing.pack_into(sequence, input_size, &mut self.x);
    }

    /// Takes up how long `count` sequences of `len(n)` values are, for
    /// [`Engine::forward_of`](crate::network::Engine::forward_of), which reads the values where they are.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn lay_out(&mut self, count: usize, len: impl Fn(usize) -> usize, input_size: usize) {
        assert!(input_size > 0, "a timestep has at least one value");
        self.packing.set(count, |n| len(n) / input_size);
        self.x.clear();
        self.input_size = input_size;
    }

    /// Packs the values of the sequences that were laid out.
    pub(crate) fn fill(&mut self, sequences: &[&[T]]) {
        self.packing.pack_into(|n| sequences[n], self.input_size, &mut self.x);
    }

    /// Asserts that these are the sequences that were laid out, by their lengths.
    pub(crate) fn assert_fits(&self, sequences: &[&[T]]) {
        self.packing.assert_fits(|n| sequences[n].len(), self.input_size);
    }

    /// Takes up rows that stand step by step already, `rows [num_rows, input_size]` as [`x`](Self::x) gives them,
    /// of sequences of these lengths, longest first; in the memory that is there.
    ///
    /// # Panics
    /// If there is no sequence or one of them is empty, one is longer than the one before it, or there are not as many
    /// rows.
    pub fn set_rows(&mut self, lengths: &[usize], rows: &[T], input_size: usize) {
        assert!(lengths.is_sorted_by(|a, b| a >= b), "the longest sequence comes first");
        self.packing.set(lengths.len(), |n| lengths[n]);
        assert_eq!(rows.len(), self.packing.num_rows() * input_size, "rows of {input_size} values");
        self.x.clear();
        self.x.extend_from_slice(rows);
        self.input_size = input_size;
    }

    /// Which row is which.
    pub fn packing(&self) -> &Packing {
        &self.packing
    }

    /// The number of input values of a timestep.
    pub fn input_size(&self) -> usize {
        self.input_size
    }

    /// The inputs, `[num_rows, I]`; none of a batch that was only [laid out](Self::lay_out).
    pub fn x(&self) -> &[T] {
        &self.x
    }

    /// The part of the batch in a stretch of time: the sequences that reach its start, which are
    /// the first of the batch, cut at its end.
    ///
    /// # Panics
    /// If `time` is empty or starts after the batch's end.
    pub fn chunk(&self, time: Range<usize>) -> Batch<T> {
        let mut chunk = Batch::default();
        chunk.set_chunk(self, time);
        chunk
    }

    /// [`chunk`](Self::chunk) of a batch, in the memory that is there.
    ///
    /// # Panics
    /// As [`chunk`](Self::chunk).
    pub fn set_chunk(&mut self, of: &Batch<T>, time: Range<usize>) {
        let lengths = of.packing.lengths();
        self.packing.set(of.packing.active(time.start), |n| lengths[n].min(time.end) - time.start);
        // Rows lie in time order, so a stretch of time is a stretch of rows.
        let rows = of.rows(time);
        self.x.clear();
        self.x.extend_from_slice(&of.x[rows.start * of.input_size..rows.end * of.input_size]);
        self.input_size = of.input_size;
    }

    /// The rows that a stretch of time covers.
    pub fn rows(&self, time: Range<usize>) -> Range<usize> {
        self.packing.rows(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn rows_shrink_as_sequences_end() {
        let packing = Packing::new(&[2, 4, 1, 2]);
        assert_eq!(packing.order(), [1, 0, 3, 2]);
        assert_eq!((0..4).map(|t| packing.active(t)).collect::<Vec<_>>(), [4, 3, 1, 1]);
        assert_eq!(packing.num_rows(), 9);
    }

    #[test]
    fn a_packing_of_nothing_has_no_rows() {
        let packing = Packing::default();
        assert_eq!((packing.batch_size(), packing.seq_len(), packing.num_rows()), (0, 0, 0));
    }

    #[test]
    #[should_panic(expected = "a timestep has at least one value")]
    fn a_timestep_has_a_value() {
        let _ = Batch::<f64>::new(&[&[]], 0);
    }

    #[test]
    fn only_all_rows_are_unpacked() {
        for (lengths, count) in [(&[3][..], 2), (&[3], 4), (&[2, 1], 2), (&[2, 1], 4)] {
            let unpack = || Packing::new(lengths).unpack(&vec![0.0; count], 1);
            assert!(std::panic::catch_unwind(unpack).is_err(), "{count} rows of {lengths:?}");
        }
    }

    proptest! {
        #[test]
        fn packing_and_unpacking_are_inverse(lengths in prop::collection::vec(1usize..9, 1..7), width in 1usize..4) {
            let sequences: Vec<Vec<f64>> = lengths
                .iter()
                .enumerate()
                .map(|(n, &length)| (0..length * width).map(|k| (n * 1000 + k) as f64).collect())
                .collect();
            let slices: Vec<&[f64]> = sequences.iter().map(Vec::as_slice).collect();
            let batch = Batch::new(&slices, width);
            prop_assert_eq!(batch.packing().unpack(batch.x(), width), sequences);
        }

        #[test]
        fn rows_that_are_packed_already_make_the_same_batch(mut lengths in prop::collection::vec(1usize..9, 1..7)) {
            lengths.sort_unstable_by_key(|&length| std::cmp::Reverse(length));
            let sequences: Vec<Vec<f64>> =
                lengths.iter().enumerate().map(|(n, &l)| (0..2 * l).map(|k| (n * 100 + k) as f64).collect()).collect();
            let slices: Vec<&[f64]> = sequences.iter().map(Vec::as_slice).collect();
            let batch = Batch::new(&slices, 2);
            let mut same = Batch::default();
            same.set_rows(&lengths, batch.x(), 2);
            prop_assert_eq!((same.packing(), same.x()), (batch.packing(), batch.x()));
        }

        #[test]
        fn chunks_of_time_hold_the_whole_batch(lengths in prop::collection::vec(1usize..9, 1..7), size in 1usize..5) {
            let sequences: Vec<Vec<f64>> =
                lengths.iter().enumerate().map(|(n, &l)| (0..l).map(|k| (n * 100 + k) as f64).collect()).collect();
            let slices: Vec<&[f64]> = sequences.iter().map(Vec::as_slice).collect();
            let batch = Batch::new(&slices, 1);
            let mut rows = Vec::new();
            for start in (0..batch.packing().seq_len()).step_by(size) {
                let chunk = batch.chunk(start..start + size);
                prop_assert_eq!(&batch.x()[batch.rows(start..start + size)], chunk.x());
                rows.extend_from_slice(chunk.x());
            }
            prop_assert_eq!(rows.as_slice(), batch.x());
        }
    }
}
