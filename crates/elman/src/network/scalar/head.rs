//! The linear head: `y = W h + b`.

use elman_core::lane::Scalar;

use super::super::places::Head;
use super::layer::{part, part_mut};

impl Head {
    /// From `features [n, F]` to `output [n, O]`.
    pub(super) fn forward<T: Scalar>(&self, parameters: &[T], features: &[T], output: &mut Vec<T>) {
        let (weight, bias) = (&parameters[self.weight.clone()], &parameters[self.bias.clone()]);
        output.clear();
        for feature in features.chunks_exact(self.input_size) {
            for (weight, &bias) in weight.chunks_exact(self.input_size).zip(bias) {
                output.push(weight.iter().zip(feature).fold(bias, |sum, (&w, &h)| w.mul_add(h, sum)));
            }
        }
    }

    /// From `doutput [n, O]`: overwrites `dfeatures [n, F]`, adds to the parameters' `gradient`.
    pub(super) fn backward<T: Scalar>(
        &self,
        parameters: &[T],
        features: &[T],
        doutput: &[T],
        dfeatures: &mut Vec<T>,
        gradient: &mut [T],
    ) {
        let weight = &parameters[self.weight.clone()];
        dfeatures.clear();
        dfeatures.resize(features.len(), T::default());
        for (n, doutput) in doutput.chunks_exact(self.output_size).enumerate() {
            let feature = part(features, n, self.input_size);
            let dfeature = part_mut(dfeatures, n, self.input_size);
            for (o, &d) in doutput.iter().enumerate() {
                gradient[self.bias.start + o] += d;
                let dweight = part_mut(&mut gradient[self.weight.clone()], o, self.input_size);
                for ((dw, &h), (dh, &w)) in dweight
                    .iter_mut()
                    .zip(feature)
                    .zip(dfeature.iter_mut().zip(part(weight, o, self.input_size)))
                {
                    *dw = d.mul_add(h, *dw);
                    *dh = d.mul_add(w, *dh);
                }
            }
        }
    }
}
