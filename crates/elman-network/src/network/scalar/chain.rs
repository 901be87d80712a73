//! A block over all rows of a batch, forward and backward: the loops around the equations of
//! [`elman_core::block`].

use elman_core::block::Dropout;
use elman_core::lane::Scalar;

use super::super::{Kind, Mode, Placed, State, parts};
use super::layer::{part, part_mut};
use super::{AllGradients, BlockTape, Pass};

impl Placed {
    /// From `x [rows, input_size]` to the tape's `output [rows, output_size]`.
    pub(super) fn forward<T: Scalar>(
        &self,
        pass: Pass<'_, T>,
        x: &[T],
        state: &mut State<T>,
        mode: &mut Mode<'_>,
        tape: &mut BlockTape<T>,
    ) {
        let parameters = pass.parameters;
        tape.output.resize(pass.to.num_rows() * self.output_size, T::default());
        tape.masks.clear();
        if let Mode::Train(rng) = mode {
            tape.masks.draw(self, pass.from, rng);
        }
        let rows = x.chunks_exact(self.input_size).zip(tape.output.chunks_exact_mut(self.output_size));
        match &self.kind {
            Kind::Recurrent(recurrent) => recurrent.forward(pass, x, state, tape),
            Kind::Dense { block, weight, bias } => {
                let (weight, bias) = (&parameters[weight.clone()], &parameters[bias.clone()]);
                rows.for_each(|(x, y)| block.forward(weight, bias, x, y));
            }
            Kind::Embedding { block, weight } => {
                rows.for_each(|(x, y)| block.forward(&parameters[weight.clone()], x, y));
            }
            Kind::LayerNorm { block, weight, bias } => {
                let (weight, bias) = (&parameters[weight.clone()], &parameters[bias.clone()]);
                rows.for_each(|(x, y)| block.forward(weight, bias, x, y));
            }
            Kind::Dropout(_) => {
                tape.output.copy_from_slice(x);
                Dropout::apply(&tape.masks.dropout, &mut tape.output);
            }
            Kind::Skip(skip) => {
                let inputs = pass.batch.x().chunks_exact(pass.batch.input_size());
                rows.zip(inputs).for_each(|((x, y), input)| {
                    y.copy_from_slice(x);
                    skip.add(input, y);
                });
            }
            Kind::Pooling(pooling) => {
                tape.pool.resize(self.input_size, T::default());
                for (b, &len) in pass.from.lengths().iter().enumerate() {
                    for t in 0..len {
                        pooling.add(t, part(x, pass.from.row(t, b), self.input_size), &mut tape.pool);
                    }
                    pooling.finish(len, &tape.pool, part_mut(&mut tape.output, b, self.output_size));
                }
            }
            Kind::Patch(patch) => {
                for (b, &len) in pass.from.lengths().iter().enumerate() {
                    for t in 0..len {
                        let y = part_mut(&mut tape.output, pass.to.row(t / patch.len, b), self.output_size);
                        patch.forward(t, part(x, pass.from.row(t, b), self.input_size), y);
                    }
                }
            }
        }
    }

    /// From `dy [rows, output_size]`, which is used up: adds to the gradients of the parameters, of the
    /// states and, where it is wanted, of the input, `dx [rows, input_size]`. Dropout and skips, whose two
    /// gradients are one, are the caller's.
    pub(super) fn backward<T: Scalar>(
        &self,
        pass: Pass<'_, T>,
        x: &[T],
        dy: &mut [T],
        mut dx: Option<&mut [T]>,
        gradients: &mut AllGradients<'_, T>,
        tape: &mut BlockTape<T>,
    ) {
        let (parameters, gradient) = (pass.parameters, &mut *gradients.parameters);
        match &self.kind {
            Kind::Recurrent(recurrent) => recurrent.backward(pass, x, dy, dx, gradients, tape),
            Kind::Dense { block, weight, bias } => {
                let [dweight, dbias] = parts(gradient, &[weight.clone(), bias.clone()]);
                for (n, dy) in dy.chunks_exact_mut(self.output_size).enumerate() {
                    let (x, y) = (part(x, n, self.input_size), part(&tape.output, n, self.output_size));
                    let dx = dx.as_deref_mut().map(|dx| part_mut(dx, n, self.input_size));
                    block.backward(&parameters[weight.clone()], x, y, dy, dx, dweight, dbias);
                }
            }
            Kind::Embedding { block, weight } => {
                let rows = x.chunks_exact(self.input_size).zip(dy.chunks_exact(self.output_size));
                rows.for_each(|(x, dy)| block.backward(x, dy, &mut gradient[weight.clone()]));
            }
            Kind::LayerNorm { block, weight, bias } => {
                let [dweight, dbias] = parts(gradient, &[weight.clone(), bias.clone()]);
                for (n, dy) in dy.chunks_exact(self.output_size).enumerate() {
                    let dx = dx.as_deref_mut().map(|dx| part_mut(dx, n, self.input_size));
                    let x = part(x, n, self.input_size);
                    block.backward(&parameters[weight.clone()], x, dy, dx, dweight, dbias);
                }
            }
            Kind::Pooling(pooling) => {
                let Some(dx) = dx else { return };
                for (b, &len) in pass.from.lengths().iter().enumerate() {
                    let y = part(&tape.output, b, self.output_size);
                    let dy = part_mut(dy, b, self.output_size);
                    for t in 0..len {
                        let row = pass.from.row(t, b);
                        let dx = part_mut(dx, row, self.input_size);
                        pooling.backward(t, len, part(x, row, self.input_size), y, dy, dx);
                    }
                }
            }
            Kind::Patch(patch) => {
                let Some(dx) = dx else { return };
                for (b, &len) in pass.from.lengths().iter().enumerate() {
                    for t in 0..len {
                        let dy = part(dy, pass.to.row(t / patch.len, b), self.output_size);
                        patch.backward(t, dy, part_mut(dx, pass.from.row(t, b), self.input_size));
                    }
                }
            }
            Kind::Dropout(_) | Kind::Skip(_) => unreachable!("the caller's"),
        }
    }
}
