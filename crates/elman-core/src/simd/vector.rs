//! The SIMD lane: one native vector of `f32`, with its activation functions.

use core::ops::{Add, Mul, Sub};

use fearless_simd::prelude::*;

use crate::lane::Lane;

/// As many `f32` as a register of the instruction set `S` holds, moving together.
#[repr(transparent)]
#[derive(Debug)]
pub struct Vector<S: Simd>(S::f32s);

impl<S: Simd> Clone for Vector<S> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Simd> Copy for Vector<S> {}

impl<S: Simd> Vector<S> {
    /// The number of lanes.
    pub const LANES: usize = S::f32s::LEN;

    /// `value` in every lane.
    #[inline(always)]
    pub fn splat(s: S, value: f32) -> Self {
        Vector(S::f32s::splat(s, value))
    }

    /// The values from `at` on.
    #[inline(always)]
    pub fn load(s: S, from: &[f32], at: usize) -> Self {
        Vector(S::f32s::from_slice(s, &from[at..][..Self::LANES]))
    }

    /// 0 where the magnitude is below 2^-100. States and gradients that decay stay clear of the subnormal
    /// numbers so, which Intel's processors compute with a hundred times more slowly, and of sums of
    /// products that would be. NaN stays NaN.
    #[inline(always)]
    pub fn flushed(self) -> Self {
        let zero = S::f32s::splat(self.0.token(), 0.0);
        Vector(self.0.abs().simd_lt(FLUSHED).select(zero, self.0))
    }

    /// Writes the lanes to the places from `at` on.
    #[inline(always)]
    pub fn store(self, to: &mut [f32], at: usize) {
        self.0.store_slice(&mut to[at..][..Self::LANES]);
    }
}

macro_rules! lanewise {
    ($($trait:ident::$method:ident),*) => {$(
        impl<S: Simd> $trait for Vector<S> {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                Vector($trait::$method(self.0, other.0))
            }
        }
    )*};
}

lanewise!(Add::add, Sub::sub, Mul::mul);

impl<S: Simd> Lane for Vector<S> {
    #[inline(always)]
    fn constant(self, value: f32) -> Self {
        Vector::splat(self.0.token(), value)
    }

    /// Fused where the instruction set fuses: everywhere but on SSE2, plain WebAssembly and the
    /// scalar fallback.
    #[inline(always)]
    fn mul_add(self, b: Self, c: Self) -> Self {
        Vector(self.0.mul_add(b.0, c.0))
    }

    /// With `t = expm1(-2 |x|)`: `tanh |x| = -t / (t + 2)`, both formed from the parts of the exponential,
    /// since a stream waits for every operation. Within 2 units in the last place.
    #[inline(always)]
    fn tanh(self) -> Self {
        let (s, x) = (self.0.token(), self.0);
        // From 9.02 on, tanh rounds to 1. The constant stands first: where one operand is NaN, x86
        // gives the second.
        let magnitude = S::f32s::splat(s, 9.02).min(x.abs());
        let (fraction, power) = exp_parts::<S, false>(s, magnitude, -2.0);
        let t = fraction.mul_add(power, power - 1.0f32);
        let t_plus_2 = fraction.mul_add(power, power + 1.0f32);
        Vector((t / t_plus_2).copysign(x))
    }

    /// With `t = exp(-|x|)`: `1 / (1 + t)`, or `t / (1 + t)` where `x < 0`. Within 2.5 units in the
    /// last place; 0 below -87, where the true value nears the smallest normal number, 1.2e-38.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        let (s, x) = (self.0.token(), self.0);
        let magnitude = S::f32s::splat(s, 87.0).min(x.abs());
        let (fraction, power) = exp_parts::<S, true>(s, magnitude, -1.0);
        let t = fraction.mul_add(power, power);
        let t_plus_1 = fraction.mul_add(power, power + 1.0f32);
        let numerator = x.simd_lt(0.0f32).select(t, S::f32s::splat(s, 1.0));
        let numerator = x.simd_lt(-87.0f32).select(S::f32s::splat(s, 0.0), numerator);
        Vector(numerator / t_plus_1)
    }

    #[inline(always)]
    fn where_positive(self, gate: Self) -> Self {
        let zero = S::f32s::splat(self.0.token(), 0.0);
        Vector(gate.0.simd_le(zero).select(zero, self.0))
    }
}

/// `(f, 2^n)` with `exp(x) = 2^n (1 + f)` and `|f| < 0.42`, for `x = factor y` with `|x| < 88` and a
/// power of two, or minus it, as the factor.
///
/// `n = round(x / ln 2)`; the rest `r = x - n ln 2` has `|r| < 0.35`, where `exp(r) - 1 = r + r^2 p(r)` with
/// the minimax polynomial `p` of the Cephes library (S. Moshier, `expf`), evaluated in pairs of
/// coefficients. `IN_PARTS`, ln 2 is two numbers, so that the product is exact; as one it adds
/// `1.9e-9 n` to `r`, which is too much where the exponential is small and is all that counts.
#[inline(always)]
fn exp_parts<S: Simd, const IN_PARTS: bool>(s: S, y: S::f32s, factor: f32) -> (S::f32s, S::f32s) {
    let x = y * factor;
    let constant = |value: f32| S::f32s::splat(s, value);
    // Adding and taking away 1.5 * 2^23 rounds to an integer.
    let shifted = y.mul_add(constant(factor * core::f32::consts::LOG2_E), constant(ROUND));
    let n = shifted - ROUND;
    let r = if IN_PARTS {
        (-n).mul_add(constant(LN_2_LOW), (-n).mul_add(constant(LN_2_HIGH), x))
    } else {
        (-n).mul_add(constant(core::f32::consts::LN_2), x)
    };
    let square = r * r;
    let p54 = r.mul_add(constant(1.987_569_2e-4), constant(1.398_199_9e-3));
    let p32 = r.mul_add(constant(8.333_452e-3), constant(4.166_579_6e-2));
    let p10 = r.mul_add(constant(1.666_666_5e-1), constant(5e-1));
    let p = p54.mul_add(square, p32).mul_add(square, p10);
    let fraction = p.mul_add(square, r);
    // The integer n stands in the lowest bits of `shifted`; biased by 127 it is an exponent.
    let bits: S::u32s = (shifted + 127.0f32).to_bits().bitcast();
    (fraction, (bits << 23u32).bitcast())
}

/// 2^-100
const FLUSHED: f32 = f32::from_bits((127 - 100) << 23);
/// 1.5 * 2^23: its unit in the last place is 1.
const ROUND: f32 = 12_582_912.0;
/// The upper bits of ln 2: times an integer below 2^15, it is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
/// ln 2 - LN_2_HIGH
const LN_2_LOW: f32 = -2.121_944_4e-4;
