//! Dense layers `y = W h + b`: one dot product per row and output.
//!
//! They are narrow as a rule, often a single output, where vectors run along the features. The
//! features stand as the layers leave them, in runs of whole vectors whose surplus lanes meet zeros.

#![allow(clippy::needless_range_loop, reason = "sums and operands are indexed alike")]

use crate::dispatch;
use crate::isa::{InstructionSet, Isa};
use crate::lane::Lane;
use crate::tile::{Columns, Matrix};
use crate::vector::Vector;

/// The shape of a dense layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// The features in a row, a run per direction; `stride` is a multiple of the lanes.
    pub features: Columns,
    /// `O`
    pub output_size: usize,
    /// From one row of outputs to the next one: at least `O`. What is behind the outputs is set to 0.
    pub output_stride: usize,
}

impl Dense {
    /// The values of a row of features.
    #[inline(always)]
    pub const fn row_len(&self) -> usize {
        self.features.runs * self.features.stride
    }

    /// The length of what [`pack`](Self::pack) writes.
    pub const fn packed_len(&self) -> usize {
        self.output_size * (self.row_len() + 1)
    }

    /// The weights `[O, runs * stride]` with zeros between the runs, then the biases `[O]`, from
    /// `weight [O, runs * depth]` and `bias [O]` or, without one, `[0]`.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    pub fn pack(&self, weight: &[f32], bias: &[f32], to: &mut [f32]) {
        let (weights, biases) = to.split_at_mut(self.output_size * self.row_len());
        let runs = weights.chunks_exact_mut(self.features.stride);
        for (to, from) in runs.zip(weight.chunks_exact(self.features.depth)) {
            let (present, surplus) = to.split_at_mut(self.features.depth);
            present.copy_from_slice(from);
            surplus.fill(0.0);
        }
        if bias.is_empty() { biases.fill(0.0) } else { biases.copy_from_slice(bias) }
    }

    /// The outputs `[rows, output_stride]` of `rows` rows of features.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    pub fn forward(
        &self,
        set: InstructionSet,
        packed: &[f32],
        rows: usize,
        features: Matrix<'_>,
        output: &mut [f32],
    ) {
        dispatch!(set, s => self.forward_on(s, packed, rows, features, output));
    }

    #[inline(always)]
    fn forward_on<S: Isa>(
        &self,
        s: S,
        packed: &[f32],
        rows: usize,
        features: Matrix<'_>,
        output: &mut [f32],
    ) {
        let width = self.row_len();
        let (weights, biases) = packed.split_at(self.output_size * width);
        for row in 0..rows {
            let features = &features.data[row * features.stride..][..width];
            let (output, behind) =
                output[row * self.output_stride..][..self.output_stride].split_at_mut(self.output_size);
            behind.fill(0.0);
            for (n, (output, bias)) in output.iter_mut().zip(biases).enumerate() {
                *output = self.dot(s, &weights[n * width..][..width], features) + bias;
            }
        }
    }

    /// Overwrites `dfeatures [rows, runs * stride]` with d loss / d features from `doutput [rows, output_stride]`.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    pub fn backward(
        &self,
        set: InstructionSet,
        packed: &[f32],
        rows: usize,
        doutput: &[f32],
        dfeatures: &mut [f32],
    ) {
        dispatch!(set, s => self.backward_on(s, packed, rows, doutput, dfeatures));
    }

    #[inline(always)]
    fn backward_on<S: Isa>(&self, s: S, packed: &[f32], rows: usize, doutput: &[f32], dfeatures: &mut [f32]) {
        let width = self.row_len();
        for row in 0..rows {
            let doutput = &doutput[row * self.output_stride..][..self.output_size];
            let dfeatures = &mut dfeatures[row * width..][..width];
            for at in (0..width).step_by(Vector::<S>::LANES) {
                let mut sum = Vector::splat(s, 0.0);
                for (o, &d) in doutput.iter().enumerate() {
                    sum = Vector::splat(s, d).mul_add(Vector::load(s, packed, o * width + at), sum);
                }
                sum.store(dfeatures, at);
            }
        }
    }

    /// The scalar product of two rows of features, in 16 sums whatever the width of a vector: the same
    /// bits on every instruction set that fuses multiplication and addition.
    #[inline(always)]
    fn dot<S: Isa>(&self, s: S, a: &[f32], b: &[f32]) -> f32 {
        let (lanes, run_len) = (Vector::<S>::LANES, self.features.stride);
        // As many vectors as 16 lanes take; the rest of the array stays unused.
        let mut sums = [Vector::splat(s, 0.0); 16];
        for run in 0..self.features.runs {
            for first in (0..run_len).step_by(16) {
                for n in 0..16 / lanes {
                    let at = first + n * lanes;
                    if at < run_len {
                        let at = run * run_len + at;
                        sums[n] = Vector::load(s, a, at).mul_add(Vector::load(s, b, at), sums[n]);
                    }
                }
            }
        }
        let mut all = [0.0; 16];
        for (n, sum) in sums[..16 / lanes].iter().enumerate() {
            sum.store(&mut all, n * lanes);
        }
        folded::<2, 1>(folded::<4, 2>(folded::<8, 4>(folded::<16, 8>(all))))[0]
    }
}

/// The sums of each value of the first half and its counterpart in the second. Lengths that the compiler knows, so
/// that it takes vectors: a loop over them kept every value in memory, 20 ns for a head of one output.
#[inline(always)]
fn folded<const LEN: usize, const HALF: usize>(values: [f32; LEN]) -> [f32; HALF] {
    const { assert!(LEN == 2 * HALF) }
    let mut halves = [0.0; HALF];
    for n in 0..HALF {
        halves[n] = values[n] + values[n + HALF];
    }
    halves
}
