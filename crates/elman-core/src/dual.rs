//! Dual numbers: exact derivatives without a backward pass, the oracle for every hand-written one.
//!
//! A dual number is `value + sum_n tangent[n] eps_n` with `eps_m eps_n = 0`. Evaluating a function
//! on it yields the function's value and, in each tangent, one directional derivative, exact up to
//! rounding: forward-mode automatic differentiation (Griewank & Walther, *Evaluating Derivatives*,
//! 2nd ed. 2008, chapter 3).
//!
//! ```
//! use elman_core::dual::Dual;
//!
//! let (x, y) = (Dual::<2>::variable(3.0, 0), Dual::variable(4.0, 1));
//! let z = x * x * y;
//! assert_eq!((z.value, z.tangent), (36.0, [24.0, 9.0]));
//! ```

use core::cmp::Ordering;
use core::ops::{Add, AddAssign, Div, Mul, Sub};

use crate::lane::{Lane, Scalar};

/// A number in `f64` that carries `N` derivatives along.
#[derive(Clone, Copy, Debug)]
pub struct Dual<const N: usize> {
    /// The number itself.
    pub value: f64,
    /// Its derivatives along `N` directions.
    pub tangent: [f64; N],
}

impl<const N: usize> Dual<N> {
    /// `value` with the derivative 1 along direction `n` and 0 along the others.
    ///
    /// # Panics
    /// If `n >= N`.
    pub fn variable(value: f64, n: usize) -> Self {
        let mut dual = Self::from_f64(value);
        dual.tangent[n] = 1.0;
        dual
    }

    /// A function of this number, given its value and its derivative here (the chain rule).
    #[inline(always)]
    fn chain(self, value: f64, derivative: f64) -> Self {
        Dual { value, tangent: self.tangent.map(|t| t * derivative) }
    }

    /// A function of two numbers, given its value and its two partial derivatives.
    #[inline(always)]
    fn chain2(self, other: Self, value: f64, d_self: f64, d_other: f64) -> Self {
        let mut tangent = self.tangent;
        for (t, o) in tangent.iter_mut().zip(other.tangent) {
            *t = *t * d_self + o * d_other;
        }
        Dual { value, tangent }
    }
}

impl<const N: usize> Default for Dual<N> {
    fn default() -> Self {
        Dual { value: 0.0, tangent: [0.0; N] }
    }
}

impl<const N: usize> Add for Dual<N> {
    type Output = Self;
    fn add(self, o: Self) -> Self {
        self.chain2(o, self.value + o.value, 1.0, 1.0)
    }
}

impl<const N: usize> AddAssign for Dual<N> {
    fn add_assign(&mut self, o: Self) {
        *self = *self + o;
    }
}

impl<const N: usize> Sub for Dual<N> {
    type Output = Self;
    fn sub(self, o: Self) -> Self {
        self.chain2(o, self.value - o.value, 1.0, -1.0)
    }
}

impl<const N: usize> Mul for Dual<N> {
    type Output = Self;
    fn mul(self, o: Self) -> Self {
        self.chain2(o, self.value * o.value, o.value, self.value)
    }
}

impl<const N: usize> Div for Dual<N> {
    type Output = Self;
    fn div(self, o: Self) -> Self {
        let quotient = self.value / o.value;
        self.chain2(o, quotient, 1.0 / o.value, -quotient / o.value)
    }
}

/// Duals are equal and ordered by their values.
impl<const N: usize> PartialEq for Dual<N> {
    fn eq(&self, o: &Self) -> bool {
        self.value == o.value
    }
}

impl<const N: usize> PartialOrd for Dual<N> {
    fn partial_cmp(&self, o: &Self) -> Option<Ordering> {
        self.value.partial_cmp(&o.value)
    }
}

impl<const N: usize> Lane for Dual<N> {
    fn constant(self, value: f32) -> Self {
        Self::from_f64(value.into())
    }
    fn mul_add(self, b: Self, c: Self) -> Self {
        self * b + c
    }
    fn tanh(self) -> Self {
        let y = Lane::tanh(self.value);
        self.chain(y, 1.0 - y * y)
    }
    fn sigmoid(self) -> Self {
        let y = self.value.sigmoid();
        self.chain(y, y * (1.0 - y))
    }
    fn where_positive(self, gate: Self) -> Self {
        if gate.value <= 0.0 { Self::default() } else { self }
    }
}

impl<const N: usize> Scalar for Dual<N> {
    fn from_f64(value: f64) -> Self {
        Dual { value, ..Self::default() }
    }
    fn to_f64(self) -> f64 {
        self.value
    }
    fn exp(self) -> Self {
        let y = Scalar::exp(self.value);
        self.chain(y, y)
    }
    fn ln(self) -> Self {
        self.chain(Scalar::ln(self.value), 1.0 / self.value)
    }
    fn rsqrt(self) -> Self {
        let y = self.value.rsqrt();
        self.chain(y, -0.5 * y / self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each rule against the central difference of the same function in f64.
    #[test]
    fn derivatives_agree_with_differences() {
        type Rule = (&'static str, fn(Dual<1>) -> Dual<1>, fn(f64) -> f64);
        let three = Dual::from_f64(3.0);
        assert_eq!(three.tangent, [0.0]);
        let rules: [Rule; 8] = [
            ("x x + x", |x| x * x + x, |x| x * x + x),
            ("3 - x", |x| Dual::from_f64(3.0) - x, |x| 3.0 - x),
            ("x / (x x + 3)", |x| x / (x * x + Dual::from_f64(3.0)), |x| x / (x * x + 3.0)),
            ("tanh", Lane::tanh, Lane::tanh),
            ("sigmoid", Lane::sigmoid, Lane::sigmoid),
            ("exp", Scalar::exp, Scalar::exp),
            ("ln", Scalar::ln, Scalar::ln),
            ("rsqrt", Scalar::rsqrt, Scalar::rsqrt),
        ];
        for (name, dual, real) in rules {
            for x in [0.2, 0.7, 1.9] {
                let step = 1e-5;
                let difference = (real(x + step) - real(x - step)) / (2.0 * step);
                let exact = dual(Dual::variable(x, 0));
                assert_eq!(exact.value, real(x), "{name}");
                // The central difference errs by about step^2 = 1e-10.
                assert!((exact.tangent[0] - difference).abs() < 1e-8, "{name} at {x}");
            }
        }
    }

    #[test]
    fn tangents_are_independent_directions() {
        let (x, y) = (Dual::<2>::variable(2.0, 0), Dual::<2>::variable(5.0, 1));
        assert_eq!((x * y).tangent, [5.0, 2.0]);
    }
}
