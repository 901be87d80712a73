//! One timestep of few rows through a large layer, split by units among several threads; or of a layer with many
//! inputs, on one.
//!
//! With few rows a step takes as long as reading the weights does. So each thread reads the weights of its own units
//! alone, which its core's cache may then hold from step to step, and the inputs' part of the sums is formed for many
//! timesteps at once ([`project`]). Neither changes a bit: a sum is bias, then inputs, then state, whoever forms it and
//! when.

use core::ops::Range;

use elman_kernels::panel::Order;
use elman_kernels::tile::Matrix;
use elman_kernels::{InstructionSet, Isa, dispatch};

use super::forward::{Given, cells};
use super::group::Group;
use super::panel::ForwardPanel;
use super::row;
use super::shape::Shape;
use crate::cell::Cell;

/// A share of a layer's units: the `part`-th `of` so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnitShare {
    part: usize,
    of: usize,
}

impl UnitShare {
    /// The `part`-th, counted from 0, `of` so many parts.
    ///
    /// # Panics
    /// If there is no such part.
    pub const fn new(part: usize, of: usize) -> Self {
        assert!(part < of, "a part beyond the last one");
        UnitShare { part, of }
    }

    /// Can a layer's steps be split? Not where the cell has a second product: that needs the
    /// first one's results for all units.
    pub const fn suits(shape: Shape) -> bool {
        shape.facts().from_inner == 0
    }

    /// The most parts of a layer that each have something to do: panels are shared out whole.
    pub const fn most(shape: Shape) -> usize {
        shape.forward_cut().count
    }

    /// The share's panels, counted from the layer's first.
    #[inline(always)]
    fn panels(self, shape: Shape) -> Range<usize> {
        let count = Self::most(shape);
        self.part * count / self.of..(self.part + 1) * count / self.of
    }

    /// The vectors of units of the share.
    #[inline(always)]
    fn blocks(self, shape: Shape) -> Range<usize> {
        let (cut, own) = (shape.forward_cut(), self.panels(shape));
        cut.vectors(own.start).start..cut.vectors(own.end).start
    }

    /// The length of the sums of so many rows, for [`project`].
    pub fn sums_len(self, shape: Shape, rows: usize) -> usize {
        rows * self.blocks(shape).len() * shape.facts().pre * shape.lanes
    }

    /// Copies what a step left for the share's units to the states and, where it is kept, the tape of
    /// the whole layer.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    pub fn hand_over(self, shape: Shape, rows: usize, from: StepOutput<&[f32]>, to: StepOutput<&mut [f32]>) {
        let blocks = self.blocks(shape);
        let units = blocks.start * shape.lanes..blocks.end * shape.lanes;
        let copy = |slots: usize, stride: usize, from: &[f32], to: &mut [f32]| {
            for row in 0..rows {
                for slot in 0..slots {
                    let first = row * stride + slot * shape.padded();
                    let values = first + units.start..first + units.end;
                    to[values.clone()].copy_from_slice(&from[values]);
                }
            }
        };
        copy(shape.facts().states, shape.state_len(), from.next, to.next);
        if let (Some(from), Some(to)) = (from.tape, to.tape) {
            copy(shape.facts().saved, shape.tape_len(), from, to);
        }
    }
}

/// What a step leaves: see [`forward::step`](super::forward::step).
#[derive(Debug)]
pub struct StepOutput<T> {
    /// The states after it, `[rows, STATES, padded]`.
    pub next: T,
    /// The tape, where a backward pass is to follow: `[rows, tape_len]`.
    pub tape: Option<T>,
}

/// A layer, and which share of it is meant.
#[derive(Clone, Copy, Debug)]
pub struct SplitLayer<'a> {
    /// How the layer is cut.
    pub shape: Shape,
    /// Its panels of [`pack_forward`](super::pack::pack_forward).
    pub panels: &'a [f32],
    /// The units.
    pub share: UnitShare,
}

impl SplitLayer<'_> {
    /// Calls `f` with each panel, its vectors of units, and where they start within the part.
    #[inline(always)]
    fn for_each(self, order: Order, mut f: impl FnMut(ForwardPanel<'_>, Range<usize>, usize)) {
        let SplitLayer { shape, panels, share } = self;
        let first = share.blocks(shape).start;
        let cut = shape.forward_cut();
        for panel in cut.read(panels, shape.forward_unit(), share.panels(shape), order) {
            let start = panel.blocks.start - first;
            f(ForwardPanel::of(&panel, shape), panel.blocks, start);
        }
    }
}

/// The bias and the inputs' part of the pre-activations of a share, for `rows` rows `x`, to `sums`, of
/// [`UnitShare::sums_len`].
///
/// # Panics
/// If a slice does not have its shape, or [`UnitShare::suits`] does not hold.
pub fn project(set: InstructionSet, layer: SplitLayer<'_>, x: Matrix<'_>, rows: usize, sums: &mut [f32]) {
    assert!(UnitShare::suits(layer.shape), "the cell's steps cannot be split");
    dispatch!(set, s => project_on(s, layer, x, rows, sums));
}

#[inline(always)]
fn project_on<S: Isa>(s: S, layer: SplitLayer<'_>, x: Matrix<'_>, rows: usize, sums: &mut [f32]) {
    let shape = layer.shape;
    layer.for_each(
        Order::Ascending,
        #[inline(always)]
        |panel, blocks, start| {
            let own = &mut sums[start * rows * shape.facts().pre * shape.lanes..][..rows * panel.bias.len()];
            panel.set_inputs(s, shape, &Group { rows: 0..rows, blocks }, x, own);
        },
    );
}

/// The rest of a step of the `rows` of projected `sums`, which were made for `of` rows. The states before
/// it are `prev [rows, STATES, padded]`; what it leaves is there for the share's units alone.
///
/// # Panics
/// If a slice does not have its shape.
#[inline(always)]
pub(super) fn step<S: Isa, C: Cell>(
    s: S,
    layer: SplitLayer<'_>,
    prev: &[f32],
    (sums, rows, of): (&mut [f32], Range<usize>, usize),
    mut to: StepOutput<&mut [f32]>,
    order: Order,
) {
    let shape = layer.shape.of_cell::<C>();
    let layer = SplitLayer { shape, ..layer };
    let units = if C::UNIT == 0 { &[] } else { shape.unit_parameters(layer.panels) };
    let given = Given { shape, units, prev };
    layer.for_each(
        order,
        #[inline(always)]
        |panel, blocks, start| {
            let width = panel.bias.len();
            let own = &mut sums[start * of * C::PRE * shape.lanes..];
            let own = &mut own[rows.start * width..rows.end * width];
            let tape = to.tape.as_deref_mut();
            if const { row::are_compiled::<S, C>() } && rows.len() == 1 {
                let units = (blocks.start, blocks.len());
                return row::forward_from::<S, C>(s, given, panel, units, own, &mut *to.next, tape);
            }
            let group = Group { rows: 0..rows.len(), blocks };
            panel.add_states(s, shape, &group, prev, own);
            cells::<S, C>(s, given, &group, &mut *to.next, tape, own);
        },
    );
}
