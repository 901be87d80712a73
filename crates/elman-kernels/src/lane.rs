//! The number a cell's equation is written over.

use core::ops::{Add, AddAssign, Div, Mul, Sub};

/// One real number, or several that move together: `f32`, `f64`, a dual number.
pub trait Lane: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> {
    /// `value` in every lane. It takes `self` because a lane may carry a token (a proof that the
    /// instruction set is there) that only another lane of the same kind can hand on.
    fn constant(self, value: f32) -> Self;

    /// `self * b + c`, rounded once or twice as the lane does best.
    fn mul_add(self, b: Self, c: Self) -> Self;

    /// The hyperbolic tangent.
    fn tanh(self) -> Self;

    /// The logistic function `1 / (1 + exp(-self))`.
    fn sigmoid(self) -> Self;

    /// `self` where `gate > 0`, else 0. A `gate` that is NaN lets `self` pass, so that NaN is not
    /// swallowed: `x.where_positive(x)` is ReLU, `dy.where_positive(y)` its backward pass.
    fn where_positive(self, gate: Self) -> Self;
}

/// Two lanes that move together: what one waits for, the processor spends on the other.
#[derive(Clone, Copy, Debug)]
pub struct Pair<L>(pub L, pub L);

macro_rules! in_pairs {
    ($($trait:ident::$method:ident),*) => {$(
        impl<L: Lane> $trait for Pair<L> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Pair($trait::$method(self.0, other.0), $trait::$method(self.1, other.1))
            }
        }
    )*};
}

in_pairs!(Add::add, Sub::sub, Mul::mul);

impl<L: Lane> Lane for Pair<L> {
    #[inline(always)]
    fn constant(self, value: f32) -> Self {
        Pair(self.0.constant(value), self.1.constant(value))
    }
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Pair(self.0.mul_add(b.0, c.0), self.1.mul_add(b.1, c.1))
    }
    #[inline(always)]
    fn tanh(self) -> Self {
        Pair(self.0.tanh(), self.1.tanh())
    }
    #[inline(always)]
    fn sigmoid(self) -> Self {
        Pair(self.0.sigmoid(), self.1.sigmoid())
    }
    #[inline(always)]
    fn where_positive(self, gate: Self) -> Self {
        Pair(self.0.where_positive(gate.0), self.1.where_positive(gate.1))
    }
}

/// A lane that holds one number: what the scalar path runs on.
pub trait Scalar:
    Lane + Default + PartialOrd + Div<Output = Self> + AddAssign + Send + Sync + 'static
{
    /// The nearest representable number, without a derivative.
    fn from_f64(value: f64) -> Self;

    /// The number itself, without its derivative.
    fn to_f64(self) -> f64;

    /// The exponential function.
    fn exp(self) -> Self;

    /// The natural logarithm.
    fn ln(self) -> Self;

    /// The reciprocal of the square root.
    fn rsqrt(self) -> Self;
}

// `libm` rather than the platform's C library: the same bits on every operating system, and the
// same with and without `std`.
macro_rules! float_lane {
    ($float:ident, $tanh:path, $exp:path, $ln:path, $sqrt:path) => {
        impl Lane for $float {
            #[inline(always)]
            fn constant(self, value: f32) -> Self {
                value.into()
            }
            // Not fused: without the FMA instruction, which a portable build cannot assume, a
            // fused multiply-add is a call into software.
            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                self * b + c
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                $tanh(self)
            }
            #[inline(always)]
            fn sigmoid(self) -> Self {
                1.0 / (1.0 + $exp(-self))
            }
            #[inline(always)]
            fn where_positive(self, gate: Self) -> Self {
                if gate <= 0.0 { 0.0 } else { self }
            }
        }

        impl Scalar for $float {
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $float
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self.into()
            }
            #[inline(always)]
            fn exp(self) -> Self {
                $exp(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                $ln(self)
            }
            #[inline(always)]
            fn rsqrt(self) -> Self {
                1.0 / $sqrt(self)
            }
        }
    };
}

float_lane!(f32, libm::tanhf, libm::expf, libm::logf, libm::sqrtf);
float_lane!(f64, libm::tanh, libm::exp, libm::log, libm::sqrt);

#[cfg(test)]
mod tests {
    use super::*;

    fn limits<T: Scalar>() {
        let of = T::from_f64;
        assert_eq!(of(1e30).sigmoid().to_f64(), 1.0);
        assert_eq!(of(-1e30).sigmoid().to_f64(), 0.0);
        assert_eq!(Lane::tanh(of(f64::NEG_INFINITY)).to_f64(), -1.0);
        assert!(Lane::tanh(of(-0.0)).to_f64().is_sign_negative());
        assert!(of(f64::NAN).sigmoid().to_f64().is_nan());
        assert!(of(f64::NAN).where_positive(of(f64::NAN)).to_f64().is_nan());
        assert_eq!(of(3.0).where_positive(of(0.0)).to_f64(), 0.0);
        assert_eq!(of(3.0).where_positive(of(1e-30)).to_f64(), 3.0);
    }

    #[test]
    fn a_pair_is_two_lanes() {
        let (a, b, c) = (Pair(0.3f64, -1.5), Pair(2.0, 0.7), Pair(-0.1, 0.4));
        let of = |f: fn(f64, f64, f64) -> f64| [f(a.0, b.0, c.0), f(a.1, b.1, c.1)];
        let is = |pair: Pair<f64>, expected: [f64; 2]| assert_eq!([pair.0, pair.1], expected);
        is(a + b, of(|a, b, _| a + b));
        is(a - b, of(|a, b, _| a - b));
        is(a * b, of(|a, b, _| a * b));
        is(a.mul_add(b, c), of(Lane::mul_add));
        is(a.tanh(), of(|a, _, _| Lane::tanh(a)));
        is(a.sigmoid(), of(|a, _, _| a.sigmoid()));
        is(b.where_positive(a), [2.0, 0.0]);
        is(a.constant(0.25), [0.25; 2]);
    }

    #[test]
    fn infinities_nan_and_signed_zero_come_out_right() {
        limits::<f32>();
        limits::<f64>();
    }
}
