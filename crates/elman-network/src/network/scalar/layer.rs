//! One recurrent layer in one direction: the time loops, forward and backward, for all cells.

use elman_core::block::Recurrent;
use elman_core::cell::Cell;
use elman_core::lane::Scalar;
use elman_core::step::{self, Step, Weights, WeightsGradient};
use elman_core::zoneout::{Kept, States};

use super::super::Layer;
use super::super::dropout::Masks;
use crate::batch::Packing;

impl Layer {
    /// The timestep that the loop forward in time visits as its `n`-th.
    fn timestep(&self, n: usize, packing: &Packing) -> usize {
        if self.reverse { packing.seq_len() - 1 - n } else { n }
    }

    /// The row whose states precede timestep `t` of sequence `b`; `None` at the sequence's first
    /// step, which for the reverse direction is its last timestep.
    fn previous_row(&self, t: usize, b: usize, packing: &Packing) -> Option<usize> {
        let previous = if self.reverse { t + 1 } else { t.checked_sub(1)? };
        (previous < packing.lengths()[b]).then(|| packing.row(previous, b))
    }

    /// From `x [rows, I]` to the tape. `state [B, STATES, H]` holds the initial states and is left
    /// with the final ones.
    pub(super) fn forward<C: Cell, T: Scalar>(
        &self,
        parameters: &[T],
        packing: &Packing,
        x: &[T],
        state: &mut [T],
        drawn: Drawn<'_, T>,
        tape: &mut LayerTape<T>,
    ) {
        tape.resize::<C>(packing.num_rows(), self.hidden_size);
        tape.made.resize(if drawn.shares.is_some() { tape.states.len() } else { 0 }, T::default());
        tape.initial.clear();
        tape.initial.extend_from_slice(state);
        let weights = self.weights(parameters);
        if drawn.dropout.is_empty() {
            for n in 0..packing.seq_len() {
                let t = self.timestep(n, packing);
                for b in 0..packing.active(t) {
                    self.forward_row::<C, T>(weights, x, (packing.row(t, b), b), state, drawn, tape);
                }
            }
            return;
        }
        // Each sequence by itself: a mask on what a matrix multiplies is one on its columns.
        for (b, mask) in drawn.dropout.chunks_exact(self.hidden_size).enumerate() {
            let weight_hh = with_columns(weights.weight_hh, mask);
            let weights = Weights { weight_hh: &weight_hh, ..weights };
            for t in (0..packing.seq_len()).map(|n| self.timestep(n, packing)) {
                if b < packing.active(t) {
                    self.forward_row::<C, T>(weights, x, (packing.row(t, b), b), state, drawn, tape);
                }
            }
        }
    }

    /// A step of sequence `b`, at this row.
    fn forward_row<C: Cell, T: Scalar>(
        &self,
        weights: Weights<'_, T>,
        x: &[T],
        (row, b): (usize, usize),
        state: &mut [T],
        drawn: Drawn<'_, T>,
        tape: &mut LayerTape<T>,
    ) {
        let widths = Widths::of::<C>(self.hidden_size);
        let current = part_mut(state, b, widths.state);
        let next = part_mut(&mut tape.states, row, widths.state);
        step::forward::<C, T>(
            weights,
            part(x, row, self.input_size),
            current,
            next,
            part_mut(&mut tape.saved, row, widths.saved),
            part_mut(&mut tape.inner, row, widths.inner),
            &mut tape.scratch,
        );
        if let Some(kept) = drawn.kept(row, widths.state) {
            part_mut(&mut tape.made, row, widths.state).copy_from_slice(next);
            kept.forward(self.states::<C>(), current, next);
        }
        current.copy_from_slice(next);
    }

    /// Backpropagation through time, from the gradients of the outputs and of the final states to
    /// those of the parameters, the initial states and, where wanted, the input.
    pub(super) fn backward<C: Cell, T: Scalar>(
        &self,
        parameters: &[T],
        packing: &Packing,
        x: &[T],
        drawn: Drawn<'_, T>,
        tape: &mut LayerTape<T>,
        mut gradients: LayerGradients<'_, T>,
    ) {
        let weights = self.weights(parameters);
        let mut own = self.weights_gradient(std::mem::take(&mut gradients.parameters));
        if drawn.dropout.is_empty() {
            for t in (0..packing.seq_len()).rev().map(|n| self.timestep(n, packing)) {
                for b in 0..packing.active(t) {
                    let (place, own) = ((t, b), &mut own);
                    self.backward_row::<C, T>(weights, packing, x, place, drawn, tape, &mut gradients, own);
                }
            }
            return;
        }
        let mut dweight_hh = Vec::new();
        for (b, mask) in drawn.dropout.chunks_exact(self.hidden_size).enumerate() {
            let weight_hh = with_columns(weights.weight_hh, mask);
            let weights = Weights { weight_hh: &weight_hh, ..weights };
            dweight_hh.clear();
            dweight_hh.resize(weight_hh.len(), T::default());
            let mut of_sequence = WeightsGradient {
                weight_ih: &mut *own.weight_ih,
                weight_hh: &mut dweight_hh,
                bias_ih: &mut *own.bias_ih,
                bias_hh: &mut *own.bias_hh,
                unit: &mut *own.unit,
            };
            for t in (0..packing.seq_len()).rev().map(|n| self.timestep(n, packing)) {
                if b < packing.active(t) {
                    let (place, own) = ((t, b), &mut of_sequence);
                    self.backward_row::<C, T>(weights, packing, x, place, drawn, tape, &mut gradients, own);
                }
            }
            let dweight_hh = with_columns(&dweight_hh, mask);
            own.weight_hh.iter_mut().zip(dweight_hh).for_each(|(to, d)| *to += d);
        }
    }

    /// A step of sequence `b` back through timestep `t`.
    #[expect(clippy::too_many_arguments, reason = "what a step reads and what it adds to")]
    fn backward_row<C: Cell, T: Scalar>(
        &self,
        weights: Weights<'_, T>,
        packing: &Packing,
        x: &[T],
        (t, b): (usize, usize),
        drawn: Drawn<'_, T>,
        tape: &mut LayerTape<T>,
        gradients: &mut LayerGradients<'_, T>,
        own: &mut WeightsGradient<'_, T>,
    ) {
        let widths = Widths::of::<C>(self.hidden_size);
        let row = packing.row(t, b);
        let (dnext, scratch) = tape.scratch.split_at_mut(widths.state);
        let dcurrent = part_mut(gradients.dstate, b, widths.state);
        dnext.copy_from_slice(dcurrent);
        for (d, &dh) in dnext.iter_mut().zip(gradients.dh.row(row, self.hidden_size)) {
            *d += dh;
        }
        let kept = drawn.kept(row, widths.state);
        let made = if kept.is_some() { &tape.made } else { &tape.states };
        if let Some(kept) = kept {
            kept.backward(self.states::<C>(), dnext, &mut tape.dkept);
        }
        let step = Step {
            x: part(x, row, self.input_size),
            prev: match self.previous_row(t, b, packing) {
                Some(previous) => part(&tape.states, previous, widths.state),
                None => part(&tape.initial, b, widths.state),
            },
            next: part(made, row, widths.state),
            saved: part(&tape.saved, row, widths.saved),
            inner: part(&tape.inner, row, widths.inner),
        };
        let dx = gradients.dx.as_deref_mut().map(|dx| part_mut(dx, row, self.input_size));
        step::backward::<C, T>(weights, step, dnext, dcurrent, dx, own, scratch);
        if kept.is_some() {
            dcurrent.iter_mut().zip(&tape.dkept).for_each(|(to, &d)| *to += d);
        }
    }

    /// Where the states of a row stand.
    fn states<C: Cell>(&self) -> States {
        States { count: C::STATES, hidden_size: self.hidden_size, stride: self.hidden_size }
    }
}

/// What was drawn for a layer.
#[derive(Clone, Copy)]
pub(super) struct Drawn<'a, T> {
    /// `[B, H]`: a factor for what each unit of each sequence hands to the recurrent product, or nothing.
    dropout: &'a [T],
    /// The probabilities of zoneout, of a layer with that.
    shares: Option<[T; 2]>,
    /// `[rows, STATES, H]`: which units it keeps, or nothing where its mean is meant.
    kept: &'a [T],
}

impl<'a, T: Scalar> Drawn<'a, T> {
    pub(super) fn of(block: &Recurrent, masks: &'a Masks<T>, direction: usize, directions: usize) -> Self {
        Drawn {
            dropout: masks.dropout_of(direction, directions),
            shares: block.kept().map(|shares| shares.map(T::from_f64)),
            kept: masks.kept_of(direction, directions),
        }
    }

    /// What zoneout keeps of a row's states, of which there are `len`.
    fn kept(&self, row: usize, len: usize) -> Option<Kept<'a, T>> {
        let shares = self.shares?;
        Some(if self.kept.is_empty() { Kept::Share(shares) } else { Kept::Drawn(part(self.kept, row, len)) })
    }
}

/// A matrix with its columns times these factors.
fn with_columns<T: Scalar>(matrix: &[T], factors: &[T]) -> Vec<T> {
    let rows = matrix.chunks_exact(factors.len());
    rows.flat_map(|row| row.iter().zip(factors).map(|(&w, &m)| w * m)).collect()
}

/// The gradients that a layer's backward pass reads and writes.
pub(super) struct LayerGradients<'a, T> {
    /// `[rows, H]`: of each output `h`.
    pub(super) dh: Strided<'a, T>,
    /// `[B, STATES, H]`: holds that of the final states, is left with that of the initial ones.
    pub(super) dstate: &'a mut [T],
    /// `[rows, I]`: that of the input is added here, if it is wanted.
    pub(super) dx: Option<&'a mut [T]>,
    /// That of the flat parameter vector is added here.
    pub(super) parameters: &'a mut [T],
}

/// Rows of `H` values inside wider rows: one direction's share of a bidirectional layer's output.
#[derive(Clone, Copy)]
pub(super) struct Strided<'a, T> {
    pub(super) values: &'a [T],
    pub(super) stride: usize,
    pub(super) offset: usize,
}

impl<'a, T> Strided<'a, T> {
    /// The row's values; none where there are no values at all.
    fn row(&self, row: usize, width: usize) -> &'a [T] {
        if self.values.is_empty() {
            return &[];
        }
        &self.values[row * self.stride + self.offset..][..width]
    }
}

/// The number of values per row in each part of the tape.
struct Widths {
    state: usize,
    saved: usize,
    inner: usize,
}

impl Widths {
    fn of<C: Cell>(hidden_size: usize) -> Self {
        Widths {
            state: C::STATES * hidden_size,
            saved: C::SAVED * hidden_size,
            inner: step::inner_len::<C>(hidden_size),
        }
    }
}

/// What a layer's forward pass leaves for its backward pass; sized for a batch, then reused.
#[derive(Clone, Debug, Default)]
pub(super) struct LayerTape<T> {
    /// `[B, STATES, H]`
    initial: Vec<T>,
    /// `[rows, STATES, H]`
    states: Vec<T>,
    /// The same with zoneout: what the cell made, before any of it was kept.
    made: Vec<T>,
    /// `[rows, SAVED, H]`
    saved: Vec<T>,
    /// `[rows, inner]`
    inner: Vec<T>,
    /// For one step: its own scratch and a gradient of the states.
    scratch: Vec<T>,
    /// For one step: the gradient of the states by way of what zoneout keeps, `[STATES, H]`.
    dkept: Vec<T>,
}

impl<T: Scalar> LayerTape<T> {
    fn resize<C: Cell>(&mut self, rows: usize, hidden_size: usize) {
        let widths = Widths::of::<C>(hidden_size);
        self.states.resize(rows * widths.state, T::default());
        self.saved.resize(rows * widths.saved, T::default());
        self.inner.resize(rows * widths.inner, T::default());
        self.dkept.resize(widths.state, T::default());
        self.scratch.resize(step::scratch_len::<C>(hidden_size) + widths.state, T::default());
    }

    /// The states after each step, `[rows, STATES, H]`.
    pub(super) fn states(&self) -> &[T] {
        &self.states
    }
}

/// Row `n` of a matrix with rows of `width`.
pub(super) fn part<T>(matrix: &[T], n: usize, width: usize) -> &[T] {
    &matrix[n * width..][..width]
}

/// Row `n` of a matrix with rows of `width`.
pub(super) fn part_mut<T>(matrix: &mut [T], n: usize, width: usize) -> &mut [T] {
    &mut matrix[n * width..][..width]
}
