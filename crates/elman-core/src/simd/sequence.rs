//! All timesteps of a single sequence, one after the other.
//!
//! Such a step of a small layer takes some 30 ns, most of which it waits for its sums and for tanh. What has
//! to be looked up for batches whose sequences end at different times would take as long again.

use fearless_simd::Simd;

use super::backward::{self, Backward};
use super::forward::{self, Forward};
use super::panel::Order;
use super::row::{self, Group, Groups};
use super::shape::Shape;
use super::tile::Rows;
use crate::cell::Cell;

/// A layer, and the sequence that goes through it.
#[derive(Clone, Copy, Debug)]
pub struct Sequence<'a> {
    /// How the layer is cut.
    pub shape: Shape,
    /// Its panels: of [`pack_forward`](super::pack::pack_forward) on the way forward, of
    /// [`pack_backward`](super::pack::pack_backward) on the way back.
    pub panels: &'a [f32],
    /// `T`
    pub steps: usize,
    /// Does the layer read from the last timestep to the first?
    pub reverse: bool,
}

/// What a way forward leaves.
#[derive(Debug)]
pub struct Left<'a> {
    /// The states, in the order of the steps: the first one is there before. `[T + 1, STATES, padded]`; where
    /// no backward pass is to follow `[2, STATES, padded]`, which take turns.
    pub states: &'a mut [f32],
    /// By timestep, `[T, tape_len]`; where no backward pass is to follow one row, or nothing if the cell
    /// needs none.
    pub tape: &'a mut [f32],
    /// `h` by timestep, `padded` values from the start of each row on, or nothing.
    pub output: &'a mut [f32],
    /// From one row's start to the next one's.
    pub stride: usize,
    /// Is a backward pass to follow?
    pub keeps: bool,
}

impl Sequence<'_> {
    /// The timestep of the `n`-th step.
    #[inline(always)]
    fn timestep(&self, n: usize) -> usize {
        if self.reverse { self.steps - 1 - n } else { n }
    }

    /// All steps forward, with one row of `x` per timestep.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    #[inline(always)]
    pub fn forward<S: Simd, C: Cell>(self, s: S, x: Rows<'_>, left: Left<'_>, scratch: &mut [f32]) {
        let Sequence { shape, panels, .. } = self;
        let Left { states, tape, output, stride, keeps } = left;
        let (state_len, tape_len, padded) = (shape.state_len::<C>(), shape.tape_len::<C>(), shape.padded());
        let groups = |order| Groups::forward::<C>(shape, panels, order);
        let mut found = Found::of(groups(Order::Forth));
        for n in 0..self.steps {
            let t = self.timestep(n);
            let (before, after) = states[if keeps { n * state_len } else { 0 }..].split_at_mut(state_len);
            let (prev, next) = if keeps || n % 2 == 0 { (before, after) } else { (after, before) };
            let mut tape = match keeps {
                true => Some(&mut tape[t * tape_len..][..tape_len]),
                false => (C::FROM_INNER > 0).then_some(&mut *tape),
            };
            let order = Order::of_step(n);
            let from = Forward { shape, panels, x: x.from(t), prev, order };
            if !found.all {
                found = Found::of(groups(order));
            }
            found.for_each(
                order,
                #[inline(always)]
                |group| row::forward::<S, C>(s, from, group, next, tape.as_deref_mut()),
            );
            forward::through_inner_value::<S, C>(s, from, 1, next, tape, scratch);
            if !output.is_empty() {
                output[t * stride..][..padded].copy_from_slice(&next[..padded]);
            }
        }
    }

    /// All steps back: see [`backward::step`] for the `carry` and the `tape`, by
    /// timestep; `states` are what the way forward left, and `dh` has one row per timestep.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    #[inline(always)]
    pub fn backward<S: Simd, C: Cell>(
        self,
        s: S,
        states: &[f32],
        dh: Option<Rows<'_>>,
        carry: &mut [f32],
        tape: &mut [f32],
        scratch: &mut [f32],
    ) {
        let Sequence { shape, panels, .. } = self;
        let (state_len, tape_len) = (shape.state_len::<C>(), shape.tape_len::<C>());
        let groups = |order| Groups::backward::<C>(shape, panels, order);
        let mut found = Found::of(groups(Order::Forth));
        for n in (0..self.steps).rev() {
            let t = self.timestep(n);
            let (before, rest) = tape.split_at_mut(t * tape_len);
            let (tape, after) = rest.split_at_mut(tape_len);
            let later = match (n + 1 < self.steps, self.reverse) {
                (false, _) => &[][..],
                (true, false) => &after[..tape_len],
                (true, true) => &before[(t - 1) * tape_len..],
            };
            let (prev, next) = states[n * state_len..][..2 * state_len].split_at(state_len);
            let (dh, order) = (dh.map(|dh| dh.from(t)), Order::of_step(n));
            let from = Backward { shape, panels, prev, next, later, dh, order };
            if !found.all {
                found = Found::of(groups(order));
            }
            found.for_each(
                order,
                #[inline(always)]
                |group| row::backward::<S, C>(s, from, group, carry, tape),
            );
            backward::through_inner_value::<S, C>(s, from, 1, carry, tape, scratch);
        }
    }
}

/// The groups at most of a layer that fits the first cache, with AVX2 or AVX-512.
const FEW: usize = 4;

/// Groups of a layer's panels, a few at a time.
///
/// To say where a panel lies takes as long as a small layer's products. Where these few are all, every step goes
/// by what was found once.
struct Found<'a> {
    groups: [Group; FEW],
    len: usize,
    rest: Groups<'a>,
    /// Are these all?
    all: bool,
}

impl<'a> Found<'a> {
    #[inline(always)]
    fn of(groups: Groups<'a>) -> Self {
        let mut found = Found { groups: [Group::EMPTY; FEW], len: 0, rest: groups, all: false };
        found.find();
        found.all = found.rest.is_empty();
        found
    }

    /// Calls `f` with each group in this order: that in which they were found, or, if they are all and were found
    /// from the first on, either.
    #[inline(always)]
    fn for_each(&mut self, order: Order, mut f: impl FnMut(Group)) {
        loop {
            for n in 0..self.len {
                let back = self.all && order == Order::Back;
                f(self.groups[if back { self.len - 1 - n } else { n }]);
            }
            if self.rest.is_empty() {
                break;
            }
            self.find();
        }
    }

    /// Finds the next few.
    #[inline(always)]
    fn find(&mut self) {
        self.len = 0;
        for place in &mut self.groups {
            let Some(group) = self.rest.next() else { break };
            *place = group;
            self.len += 1;
        }
    }
}
