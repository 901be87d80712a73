use core::fmt;

use super::TensorVisitor;
use crate::lane::Scalar;

/// A linear layer, each timestep for itself, and a function of its result:
///
/// ```text
/// y = activation(W x + b)
/// ```
///
/// Its parameters are `weight [O, I]` and, with a bias, `bias [O]`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
#[non_exhaustive]
pub struct Dense {
    /// `O`
    pub output_size: usize,
    /// The function of the weighted sums.
    pub activation: Activation,
    /// Is there a `b`?
    pub bias: bool,
}

/// A function of the values of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Activation {
    /// `y = x`
    Identity,
    /// The hyperbolic tangent.
    Tanh,
    /// `y = max(0, x)`
    Relu,
    /// `y = 1 / (1 + exp(-x))`
    Sigmoid,
    /// `y = x` above 0, else `exp(x) - 1` (Clevert, Unterthiner & Hochreiter, arXiv:1511.07289, 2015,
    /// equation 15 with `alpha = 1`).
    Elu,
    /// `y_i = exp(x_i) / sum_j exp(x_j)`: probabilities.
    Softmax,
}

impl Dense {
    /// A layer with a bias and no function of its result.
    pub const fn new(output_size: usize) -> Self {
        Dense { output_size, activation: Activation::Identity, bias: true }
    }

    /// The same with another activation.
    #[must_use]
    pub const fn with_activation(self, activation: Activation) -> Self {
        Dense { activation, ..self }
    }

    /// The same with a bias, or without.
    #[must_use]
    pub const fn with_bias(self, bias: bool) -> Self {
        Dense { bias, ..self }
    }

    /// The tensors, in order. Without a bias, `bias` is `[0]`.
    pub fn tensors(&self, input_size: usize, visit: TensorVisitor<'_>) {
        visit(format_args!("weight"), &[self.output_size, input_size]);
        visit(format_args!("bias"), &[if self.bias { self.output_size } else { 0 }]);
    }

    /// From `x [I]` to `y [O]`; `weight [O, I]`, `bias [O]` or, without one, `[0]`.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    pub fn forward<T: Scalar>(&self, weight: &[T], bias: &[T], x: &[T], y: &mut [T]) {
        assert_eq!(bias.len(), if self.bias { y.len() } else { 0 }, "the bias and what it is added to");
        for (o, (y, weight)) in y.iter_mut().zip(weight.chunks_exact(x.len())).enumerate() {
            let start = if self.bias { bias[o] } else { T::default() };
            *y = weight.iter().zip(x).fold(start, |sum, (&w, &x)| w.mul_add(x, sum));
        }
        self.activation.apply(y);
    }

    /// From `dy [O]` = d loss / d `y`, which is overwritten with d loss / d weighted sums: adds to the
    /// gradients of the parameters and, where it is wanted, of `x [I]`.
    ///
    /// # Panics
    /// If a slice does not have its shape.
    #[expect(clippy::too_many_arguments, reason = "each has its own meaning and its own shape")]
    pub fn backward<T: Scalar>(
        &self,
        weight: &[T],
        x: &[T],
        y: &[T],
        dy: &mut [T],
        mut dx: Option<&mut [T]>,
        dweight: &mut [T],
        dbias: &mut [T],
    ) {
        self.activation.backward(y, dy);
        for (dbias, &d) in dbias.iter_mut().zip(&*dy) {
            *dbias += d;
        }
        let rows = weight.chunks_exact(x.len()).zip(dweight.chunks_exact_mut(x.len()));
        for (&d, (weight, dweight)) in dy.iter().zip(rows) {
            for (dw, &x) in dweight.iter_mut().zip(x) {
                *dw = d.mul_add(x, *dw);
            }
            if let Some(dx) = dx.as_deref_mut() {
                for (dx, &w) in dx.iter_mut().zip(weight) {
                    *dx = d.mul_add(w, *dx);
                }
            }
        }
    }
}

impl Activation {
    /// All, in the order in which they are listed to users.
    pub const ALL: [Activation; 6] = [
        Activation::Identity,
        Activation::Tanh,
        Activation::Relu,
        Activation::Sigmoid,
        Activation::Elu,
        Activation::Softmax,
    ];

    /// The name used in files and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Activation::Identity => "identity",
            Activation::Tanh => "tanh",
            Activation::Relu => "relu",
            Activation::Sigmoid => "sigmoid",
            Activation::Elu => "elu",
            Activation::Softmax => "softmax",
        }
    }

    /// Turns the weighted sums of a row into its outputs. NaN stays NaN.
    pub fn apply<T: Scalar>(self, y: &mut [T]) {
        let each = |y: &mut [T], f: fn(T) -> T| y.iter_mut().for_each(|y| *y = f(*y));
        match self {
            Activation::Identity => {}
            Activation::Tanh => each(y, T::tanh),
            Activation::Relu => each(y, |x| x.where_positive(x)),
            Activation::Sigmoid => each(y, T::sigmoid),
            Activation::Elu => each(y, elu),
            Activation::Softmax => softmax(y),
        }
    }

    /// From a row's outputs `y`, and `dy` = d loss / d `y`: overwrites `dy` with d loss / d weighted sums.
    pub fn backward<T: Scalar>(self, y: &[T], dy: &mut [T]) {
        let one = T::from_f64(1.0);
        let each = |dy: &mut [T], f: fn(T, T, T) -> T| {
            dy.iter_mut().zip(y).for_each(|(dy, &y)| *dy = f(*dy, y, one));
        };
        match self {
            Activation::Identity => {}
            Activation::Tanh => each(dy, |dy, y, one| dy * (one - y * y)),
            Activation::Relu => each(dy, |dy, y, _| dy.where_positive(y)),
            Activation::Sigmoid => each(dy, |dy, y, one| dy * (y * (one - y))),
            Activation::Elu => each(dy, |dy, y, one| if y > T::default() { dy } else { dy * (y + one) }),
            Activation::Softmax => {
                let mean = dy.iter().zip(y).fold(T::default(), |sum, (&dy, &y)| dy.mul_add(y, sum));
                dy.iter_mut().zip(y).for_each(|(dy, &y)| *dy = y * (*dy - mean));
            }
        }
    }
}

/// `exp(x) - 1 = 2 t / (1 - t)` with `t = tanh(x / 2)` loses no digits near 0.
fn elu<T: Scalar>(x: T) -> T {
    if x > T::default() {
        return x;
    }
    let t = (x * T::from_f64(0.5)).tanh();
    (t + t) / (T::from_f64(1.0) - t)
}

/// Divided through by the largest term, so that none overflows.
fn softmax<T: Scalar>(y: &mut [T]) {
    let Some(&first) = y.first() else { return };
    let largest = y.iter().fold(first, |largest, &y| if y > largest { y } else { largest });
    let mut sum = T::default();
    for y in y.iter_mut() {
        *y = (*y - largest).exp();
        sum += *y;
    }
    y.iter_mut().for_each(|y| *y = *y / sum);
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `2 t / (1 - t)` grows the error of `t` no more than three times.
    #[test]
    fn elu_is_expm1_to_a_few_units_in_the_last_place() {
        for n in 0..100_000 {
            let x = -libm::exp(-40.0 + 45.0 * f64::from(n) / 100_000.0);
            let (found, expected) = (elu(x), libm::expm1(x));
            assert!(
                (found - expected).abs() <= 8.0 * f64::EPSILON * expected.abs(),
                "{x:e}: {found:e} {expected:e}"
            );
        }
        for (x, y) in [(0.0, 0.0), (2.5, 2.5), (f64::NEG_INFINITY, -1.0), (f64::INFINITY, f64::INFINITY)] {
            assert_eq!(elu(x), y);
        }
    }

    #[test]
    fn softmax_does_not_overflow() {
        let mut y = [1000.0f32, 1000.0, -1000.0];
        Activation::Softmax.apply(&mut y);
        assert_eq!(y, [0.5, 0.5, 0.0]);
    }

    #[test]
    fn no_activation_swallows_nan() {
        for activation in Activation::ALL {
            let mut y = [f64::NAN, 1.0];
            activation.apply(&mut y);
            assert!(y[0].is_nan(), "{activation}");
            let mut dy = [f64::NAN, 1.0];
            activation.backward(&[0.5, 0.5], &mut dy);
            assert!(dy[0].is_nan(), "{activation}");
        }
    }
}
