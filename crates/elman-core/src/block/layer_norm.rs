use super::TensorVisitor;
use crate::lane::Scalar;

/// Layer normalisation (Ba, Kiros & Hinton, arXiv:1607.06450, 2016), over the values of each timestep by
/// itself:
///
/// ```text
/// y = (x - mean(x)) / sqrt(var(x) + eps) * weight + bias
/// ```
///
/// with the variance divided by the number of values, as PyTorch's `LayerNorm`. Its parameters are `weight
/// [W]` and `bias [W]`, where `W` is the width of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct LayerNorm {
    /// What keeps the divisor from 0.
    pub eps: f64,
}

impl LayerNorm {
    /// With an `eps` of `1e-5`.
    pub const fn new() -> Self {
        LayerNorm { eps: 1e-5 }
    }

    /// The same with another `eps`.
    #[must_use]
    pub const fn with_eps(self, eps: f64) -> Self {
        LayerNorm { eps }
    }

    /// The tensors, in order.
    pub fn tensors(&self, input_size: usize, visit: TensorVisitor<'_>) {
        visit(format_args!("weight"), &[input_size]);
        visit(format_args!("bias"), &[input_size]);
    }

    /// From `x [W]` to `y [W]`.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    pub fn forward<T: Scalar>(&self, weight: &[T], bias: &[T], x: &[T], y: &mut [T]) {
        let (mean, scale) = self.statistics(x);
        for (n, y) in y.iter_mut().enumerate() {
            *y = ((x[n] - mean) * scale).mul_add(weight[n], bias[n]);
        }
    }

    /// From `dy [W]`: adds to the gradients of the parameters and, where it is wanted, of `x [W]`.
    ///
    /// With `n = (x - mean) scale` and `dn = dy weight`: `dx = scale (dn - mean(dn) - n mean(dn n))`.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    pub fn backward<T: Scalar>(
        &self,
        weight: &[T],
        x: &[T],
        dy: &[T],
        dx: Option<&mut [T]>,
        dweight: &mut [T],
        dbias: &mut [T],
    ) {
        let (mean, scale) = self.statistics(x);
        let (mut sum, mut product) = (T::default(), T::default());
        for n in 0..x.len() {
            let normal = (x[n] - mean) * scale;
            dweight[n] = dy[n].mul_add(normal, dweight[n]);
            dbias[n] += dy[n];
            let dnormal = dy[n] * weight[n];
            sum += dnormal;
            product = dnormal.mul_add(normal, product);
        }
        let Some(dx) = dx else { return };
        let width = T::from_f64(x.len() as f64);
        let (sum, product) = (sum / width, product / width);
        for (n, dx) in dx.iter_mut().enumerate() {
            let normal = (x[n] - mean) * scale;
            *dx += (dy[n] * weight[n] - sum - normal * product) * scale;
        }
    }

    /// The mean, and the reciprocal of the standard deviation.
    fn statistics<T: Scalar>(&self, x: &[T]) -> (T, T) {
        let width = T::from_f64(x.len() as f64);
        let mean = x.iter().fold(T::default(), |sum, &x| sum + x) / width;
        let squares = x.iter().fold(T::default(), |sum, &x| (x - mean).mul_add(x - mean, sum));
        (mean, (squares / width + T::from_f64(self.eps)).rsqrt())
    }
}

impl Default for LayerNorm {
    fn default() -> Self {
        LayerNorm::new()
    }
}
