//! A layer's steps split by units: what several threads do where a batch is too small to be cut
//! into chunks, and its layers are large. A single thread goes the same way for a sequence with many inputs, which
//! are multiplied many timesteps at a time.

use std::num::NonZeroUsize;
use std::ops::Range;

use elman_core::engine::Kernels;
use elman_core::engine::forward::Forward;
use elman_core::engine::layer::LayerForward;
use elman_core::engine::shape::Shape;
use elman_core::engine::split::{SplitLayer, StepOutput, UnitShare, project};
use elman_core::engine::timeline::Timeline;
use elman_kernels::InstructionSet;
use elman_kernels::panel::Order;
use elman_kernels::tuning::{LEAST_PROJECTED, LEAST_SPLIT, PROJECTED_ROWS};

use crate::buffer::Buffer;
use crate::threads::{Threads, each};

/// Into how many shares a step of a layer is worth splitting, for so many threads, or `always`, however small the layer;
/// `None` if it is not large enough, or its cell does not suit.
pub(crate) fn worthwhile_shares(shape: Shape, threads: NonZeroUsize, always: bool) -> Option<usize> {
    let (weights, least_split) = (shape.weights(), if always { 0 } else { LEAST_SPLIT });
    if !UnitShare::suits(shape) || weights < least_split {
        return None;
    }
    let pays = weights.checked_div(least_split / 2).unwrap_or(usize::MAX);
    Some(threads.get().min(UnitShare::most(shape)).min(pays))
}

/// Is it worth projecting the inputs of so many sequences, without any splitting?
fn projects(shape: Shape, batch_size: usize) -> bool {
    let weights = shape.facts().from_x * shape.input.len() * shape.hidden_size;
    batch_size == 1 && UnitShare::suits(shape) && weights >= LEAST_PROJECTED
}

/// The shares of a layer, and the threads that work on them.
#[derive(Debug)]
pub(super) struct Workers<'a> {
    shares: &'a mut Vec<ShareMemory>,
    threads: &'a mut Option<Threads>,
    count: NonZeroUsize,
    /// Split the steps of any layer, however small?
    always: bool,
}

/// A share of a layer's units and its memory.
#[derive(Debug)]
pub(super) struct ShareMemory {
    share: UnitShare,
    /// See [`project`].
    sums: Buffer,
    /// As long as those of the whole layer; only the share's units are used.
    next: Buffer,
    tape: Buffer,
}

impl<'a> Workers<'a> {
    pub(super) fn new(
        shares: &'a mut Vec<ShareMemory>,
        threads: &'a mut Option<Threads>,
        count: NonZeroUsize,
        always: bool,
    ) -> Self {
        Workers { shares, threads, count, always }
    }

    /// The shares of a layer of so many sequences; `None` if it is none for workers.
    fn shares_of(&self, shape: Shape, batch_size: usize) -> Option<usize> {
        let projects = || (!self.always && projects(shape, batch_size)).then_some(1);
        worthwhile_shares(shape, self.count, self.always).or_else(projects)
    }

    /// Is a layer of so many sequences one for workers?
    pub(super) fn suits(&self, shape: Shape, batch_size: usize) -> bool {
        self.shares_of(shape, batch_size).is_some()
    }

    /// The forward pass through a layer that suits.
    pub(super) fn forward(&mut self, set: InstructionSet, kernels: &dyn Kernels, layer: LayerForward<'_>) {
        let (shape, timeline) = (layer.shape, layer.timeline);
        let Some(count) = self.shares_of(shape, timeline.batch_size()) else { return };
        self.make_room(count, shape, timeline.batch_size(), layer.keeps);
        let shares = &mut self.shares[..count];
        let (x, mut of) = (layer.x, 0..0);
        layer.run_by(|from, t, to| {
            let at = timeline.at(t);
            if !(of.start <= at.start && at.end <= of.end) {
                of = projected(timeline, t);
                let (x, Forward { panels, .. }) = (x.from(of.start), from);
                each(self.threads, self.count, shares, |memory| {
                    let layer = SplitLayer { shape, panels, share: memory.share };
                    project(set, layer, x, of.len(), &mut memory.sums);
                });
            }
            let from = Forward { order: Order::of_step(t), ..from };
            let rows = at.start - of.start..at.end - of.start;
            if let [memory] = &mut *shares {
                // Nothing to hand over.
                return memory.step(set, kernels, from, (rows, of.len()), to);
            }
            each(self.threads, self.count, shares, |memory| {
                let (mut next, mut tape) =
                    (std::mem::take(&mut memory.next), std::mem::take(&mut memory.tape));
                let own = StepOutput { next: &mut *next, tape: to.tape.is_some().then_some(&mut *tape) };
                memory.step(set, kernels, from, (rows.clone(), of.len()), own);
                (memory.next, memory.tape) = (next, tape);
            });
            let StepOutput { next, mut tape } = to;
            for memory in &*shares {
                let from = StepOutput { next: &*memory.next, tape: tape.is_some().then_some(&*memory.tape) };
                let to = StepOutput { next: &mut *next, tape: tape.as_deref_mut() };
                memory.share.hand_over(shape, rows.len(), from, to);
            }
        });
    }

    /// Makes the shares ready for a layer, for so many rows per step and, where it is kept, their tape.
    fn make_room(&mut self, count: usize, shape: Shape, rows: usize, keeps: bool) {
        if self.shares.len() < count {
            self.shares.resize_with(count, || {
                let [sums, next, tape] = Default::default();
                ShareMemory { share: UnitShare::new(0, count), sums, next, tape }
            });
        }
        for (n, memory) in self.shares[..count].iter_mut().enumerate() {
            memory.share = UnitShare::new(n, count);
            memory.sums.resize(memory.share.sums_len(shape, PROJECTED_ROWS.max(rows)));
            if count > 1 {
                memory.next.resize(rows * shape.state_len());
                memory.tape.resize(if keeps { rows * shape.tape_len() } else { 0 });
            }
        }
    }
}

impl ShareMemory {
    /// The share's part of a step of the rows `rows` of the `of` rows that were projected last.
    fn step(
        &mut self,
        set: InstructionSet,
        kernels: &dyn Kernels,
        from: Forward<'_>,
        (rows, of): (Range<usize>, usize),
        to: StepOutput<&mut [f32]>,
    ) {
        let Forward { shape, panels, prev, order, .. } = from;
        let layer = SplitLayer { shape, panels, share: self.share };
        kernels.split_step(set, layer, prev, (&mut self.sums, rows, of), to, order);
    }
}

/// The rows of the timesteps that are projected together, from the one on that is visited now.
fn projected(timeline: Timeline<'_>, t: usize) -> Range<usize> {
    let steps = (PROJECTED_ROWS / timeline.batch_size()).max(1);
    if timeline.reverse {
        timeline.at((t + 1).saturating_sub(steps)).start..timeline.at(t).end
    } else {
        timeline.at(t).start..timeline.at((t + steps).min(timeline.seq_len()) - 1).end
    }
}
