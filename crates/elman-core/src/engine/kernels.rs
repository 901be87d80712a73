//! A cell's part of the engine behind one trait, so that what runs networks knows no cell, and is compiled once.

use core::fmt;
use core::marker::PhantomData;
use core::ops::Range;

use elman_kernels::panel::{Order, PanelRun};
use elman_kernels::tile::SCRATCH_OF_ROW;
use elman_kernels::{InstructionSet, Isa, dispatch};

use super::forward::{self, Forward};
use super::layer::{LayerBackward, LayerForward};
use super::row;
use super::split::{self, SplitLayer, StepOutput};
use crate::cell::{Cell, Facts};

/// What of the engine differs from cell to cell. Each function is compiled for each instruction set and chosen when it
/// is called.
pub trait Kernels: Sync + fmt::Debug {
    /// The cell's constants.
    fn facts(&self) -> &'static Facts;

    /// The forward pass of some sequences through a layer; `scratch` is of
    /// [`SCRATCH`](elman_kernels::tile::SCRATCH).
    ///
    /// # Panics
    /// If a slice does not have its shape.
    fn forward(&self, set: InstructionSet, layer: &mut LayerForward<'_>, scratch: &mut [f32]);

    /// The backward pass, or some steps of it; `scratch` as in [`forward`](Self::forward).
    ///
    /// # Panics
    /// If a slice does not have its shape.
    fn backward(&self, set: InstructionSet, layer: &mut LayerBackward<'_>, scratch: &mut [f32]);

    /// One step of one row, all panels: to the states `next` and the tape, which only a cell with an inner value
    /// needs.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    fn step(&self, set: InstructionSet, from: &Forward<'_>, next: &mut [f32], tape: Option<&mut [f32]>);

    /// A share of a step: the `rows` of projected `sums`, which were made for `of` rows. What it leaves in `to` is
    /// there for the share's units alone.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    fn split_step(
        &self,
        set: InstructionSet,
        layer: SplitLayer<'_>,
        prev: &[f32],
        sums: (&mut [f32], Range<usize>, usize),
        to: StepOutput<&mut [f32]>,
        order: Order,
    );
}

/// A step of one row where rows have functions of their own; elsewhere it is never called, and no code.
#[inline(always)]
fn step_of_run<S: Isa, C: Cell>(
    s: S,
    from: &Forward<'_>,
    run: PanelRun,
    next: &mut [f32],
    tape: Option<&mut [f32]>,
) {
    if const { row::are_compiled::<S, C>() } {
        row::forward::<S, C>(s, from.of_cell::<C>(), run, next, tape);
    }
}

/// A step of one row where they have not.
#[inline(always)]
fn step_by_tiles<S: Isa, C: Cell>(
    s: S,
    from: &Forward<'_>,
    next: &mut [f32],
    tape: Option<&mut [f32]>,
    scratch: &mut [f32],
) {
    if const { !row::are_compiled::<S, C>() } {
        forward::step::<S, C>(s, from.of_cell::<C>(), 1, next, tape, scratch);
    }
}

/// The kernels of a cell.
pub(crate) struct Of<C>(PhantomData<C>);

impl<C: Cell> Of<C> {
    pub(crate) const NEW: Self = Of(PhantomData);
}

impl<C> fmt::Debug for Of<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::any::type_name::<C>())
    }
}

impl<C: Cell> Kernels for Of<C> {
    fn facts(&self) -> &'static Facts {
        &C::FACTS
    }

    fn forward(&self, set: InstructionSet, layer: &mut LayerForward<'_>, scratch: &mut [f32]) {
        dispatch!(set, s => layer.run::<_, C>(s, scratch));
    }

    fn backward(&self, set: InstructionSet, layer: &mut LayerBackward<'_>, scratch: &mut [f32]) {
        dispatch!(set, s => layer.run::<_, C>(s, scratch));
    }

    #[inline]
    fn step(&self, set: InstructionSet, from: &Forward<'_>, next: &mut [f32], mut tape: Option<&mut [f32]>) {
        if !(C::SINGLE_ROWS && set.has_single_rows()) {
            let mut scratch = [0.0; SCRATCH_OF_ROW];
            return dispatch!(set, s => step_by_tiles::<_, C>(s, from, next, tape, &mut scratch));
        }
        // Each run of panels by a call of its own: in one function, what each width of panels needs would be worked
        // out before the first run, which takes longer than a call.
        for run in from.shape.forward_cut().runs(from.order) {
            let tape = tape.as_deref_mut();
            dispatch!(set, s => step_of_run::<_, C>(s, from, run, next, tape));
        }
        if C::FROM_INNER > 0 {
            let mut scratch = [0.0; SCRATCH_OF_ROW];
            dispatch!(set, s => {
                forward::through_inner_value::<_, C>(s, from.of_cell::<C>(), 1, next, tape, &mut scratch);
            });
        }
    }

    fn split_step(
        &self,
        set: InstructionSet,
        layer: SplitLayer<'_>,
        prev: &[f32],
        sums: (&mut [f32], Range<usize>, usize),
        to: StepOutput<&mut [f32]>,
        order: Order,
    ) {
        dispatch!(set, s => split::step::<_, C>(s, layer, prev, sums, to, order));
    }
}
