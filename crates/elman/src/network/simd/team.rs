//! A layer's steps shared out by units: what several threads do where a batch is too small to be cut
//! into chunks, and its layers are large. A single thread goes the same way for a sequence with many inputs, which
//! are multiplied many timesteps at a time.

use std::num::NonZeroUsize;
use std::ops::Range;

use elman_core::cell::Cell;
use elman_core::simd::Simd;
use elman_core::simd::forward::Forward;
use elman_core::simd::shape::Shape;
use elman_core::simd::team::{self, Left, Share};

use super::rows::Rows;
use crate::buffer::Buffer;
use crate::threads::{Threads, each};

/// The weights of a layer from which on its steps are worth sharing out among two threads: to read them
/// takes some 4 us. Half as many made steps slower by a fifth: it takes half a microsecond to hand a piece
/// of work over, and a few times that to fetch the states that the other core wrote. Twice as many made them
/// faster by a third.
const LEAST_SHARED: usize = 160_000;

/// The rows whose inputs are multiplied at a time.
const PROJECTED_ROWS: usize = 48;

/// Into how many parts a step of a layer is worth cutting, for so many threads; `None` if the layer is
/// not large enough, or its cell does not suit.
fn parts<C: Cell>(shape: Shape, threads: NonZeroUsize, least_shared: usize) -> Option<usize> {
    let weights = shape.weights::<C>();
    if !Share::suits::<C>() || weights < least_shared {
        return None;
    }
    let pays = weights.checked_div(least_shared / 2).unwrap_or(usize::MAX);
    Some(threads.get().min(Share::most::<C>(shape)).min(pays))
}

/// The same, as it pays.
pub(crate) fn worthwhile_parts<C: Cell>(shape: Shape, threads: NonZeroUsize) -> Option<usize> {
    parts::<C>(shape, threads, LEAST_SHARED)
}

/// The inputs' weights of a layer from which on those of a single sequence are worth projecting, whatever the threads:
/// read once for many timesteps rather than every step. With 8,000, sequences took 12 to 18 % less time (LSTM at 32,64,
/// Elman at 64,128), with 4,000 or less between 5 % less and 5 % more; the more, the better.
const LEAST_PROJECTED: usize = 8_000;

/// Is it worth projecting the inputs of so many sequences, without any sharing?
fn projects<C: Cell>(shape: Shape, batch_size: usize) -> bool {
    let weights = C::FROM_X * shape.input.len() * shape.hidden_size;
    batch_size == 1 && Share::suits::<C>() && weights >= LEAST_PROJECTED
}

/// The parts of a layer, and the threads that work on them.
#[derive(Debug)]
pub(super) struct Team<'a> {
    parts: &'a mut Vec<Part>,
    threads: &'a mut Option<Threads>,
    count: NonZeroUsize,
    /// Share out the steps of any layer, however small?
    always: bool,
    /// How many of the parts the current layer has: the others keep their memory for other layers.
    used: usize,
}

/// A share of a layer's units and its memory.
#[derive(Debug)]
pub(super) struct Part {
    share: Share,
    /// See [`team::project`].
    sums: Buffer,
    /// As long as those of the whole layer; only the share's units are used.
    next: Buffer,
    tape: Buffer,
}

impl<'a> Team<'a> {
    pub(super) fn new(
        parts: &'a mut Vec<Part>,
        threads: &'a mut Option<Threads>,
        count: NonZeroUsize,
        always: bool,
    ) -> Self {
        Team { parts, threads, count, always, used: 0 }
    }

    /// Makes the parts ready for a layer, for so many rows per step and, where it is kept, their tape; or
    /// says that the layer is none for a team.
    pub(super) fn begin<C: Cell>(&mut self, shape: Shape, rows: usize, keeps: bool) -> bool {
        let of = if self.always {
            parts::<C>(shape, self.count, 0)
        } else {
            worthwhile_parts::<C>(shape, self.count).or_else(|| projects::<C>(shape, rows).then_some(1))
        };
        let Some(of) = of else { return false };
        self.used = of;
        if self.parts.len() < of {
            self.parts.resize_with(of, || {
                let [sums, next, tape] = Default::default();
                Part { share: Share::new(0, of), sums, next, tape }
            });
        }
        for (n, part) in self.parts[..of].iter_mut().enumerate() {
            part.share = Share::new(n, of);
            part.sums.resize(part.share.sums_len::<C>(shape, PROJECTED_ROWS.max(rows)));
            if of > 1 {
                part.next.resize(rows * shape.state_len::<C>());
                part.tape.resize(if keeps { rows * shape.tape_len::<C>() } else { 0 });
            }
        }
        true
    }

    /// The inputs' part of the sums of some rows.
    pub(super) fn project<S: Simd, C: Cell>(&mut self, s: S, from: Forward<'_>, rows: usize) {
        let Forward { shape, panels, x, .. } = from;
        each(self.threads, self.count, &mut self.parts[..self.used], |part| {
            let of_layer = team::Part { shape, panels, share: part.share };
            s.vectorize(
                #[inline(always)]
                || team::project::<S, C>(s, of_layer, x, rows, &mut part.sums),
            );
        });
    }

    /// A step of the rows `rows` of the `of` rows that were projected last.
    pub(super) fn step<S: Simd, C: Cell>(
        &mut self,
        s: S,
        from: Forward<'_>,
        (rows, of): (Range<usize>, usize),
        mut to: Left<&mut [f32]>,
    ) {
        let Forward { shape, panels, prev, order, .. } = from;
        let keeps = to.tape.is_some();
        if let [part] = &mut self.parts[..self.used] {
            // Nothing to hand over.
            let of_layer = team::Part { shape, panels, share: part.share };
            return s.vectorize(
                #[inline(always)]
                || team::step::<S, C>(s, of_layer, prev, (&mut part.sums, rows, of), to, order),
            );
        }
        each(self.threads, self.count, &mut self.parts[..self.used], |part| {
            let of_layer = team::Part { shape, panels, share: part.share };
            s.vectorize(
                #[inline(always)]
                || {
                    let left = Left { next: &mut *part.next, tape: keeps.then_some(&mut *part.tape) };
                    team::step::<S, C>(s, of_layer, prev, (&mut *part.sums, rows.clone(), of), left, order);
                },
            );
        });
        for part in &self.parts[..self.used] {
            let from = Left { next: &*part.next, tape: keeps.then_some(&*part.tape) };
            let to = Left { next: &mut *to.next, tape: to.tape.as_deref_mut() };
            part.share.hand_over::<C>(shape, rows.len(), from, to);
        }
    }
}

/// The rows of the timesteps that are projected together, from the one on that is visited now.
pub(super) fn projected(rows: &Rows, t: usize, reverse: bool) -> Range<usize> {
    let steps = (PROJECTED_ROWS / rows.batch_size()).max(1);
    if reverse {
        rows.at((t + 1).saturating_sub(steps)).start..rows.at(t).end
    } else {
        rows.at(t).start..rows.at((t + steps).min(rows.seq_len()) - 1).end
    }
}
