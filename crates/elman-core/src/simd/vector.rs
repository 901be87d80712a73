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

    /// With `t = expm1(2 |x|)`: `tanh |x| = t / (t + 2)`. Within 2.5 units in the last place.
    #[inline(always)]
    fn tanh(self) -> Self {
        let (s, x) = (self.0.token(), self.0);
        // From 9.02 on, tanh rounds to 1. The constant stands first: where one operand is NaN, x86
        // gives the second.
        let magnitude = S::f32s::splat(s, 9.02).min(x.abs());
        let (fraction, power) = exp_parts(s, magnitude + magnitude);
        let t = fraction.mul_add(power, power - 1.0f32);
        Vector((t / (t + 2.0f32)).copysign(x))
    }

    /// With `t = exp(-|x|)`: `1 / (1 + t)`, or `t / (1 + t)` where `x < 0`. Within 2.5 units in the
    /// last place; 0 below -87, where the true value nears the smallest normal number, 1.2e-38.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        let (s, x) = (self.0.token(), self.0);
        let magnitude = S::f32s::splat(s, 87.0).min(x.abs());
        let (fraction, power) = exp_parts(s, -magnitude);
        let t = fraction.mul_add(power, power);
        let one = S::f32s::splat(s, 1.0);
        let numerator = x.simd_lt(0.0f32).select(t, one);
        let numerator = x.simd_lt(-87.0f32).select(S::f32s::splat(s, 0.0), numerator);
        Vector(numerator / (t + one))
    }

    #[inline(always)]
    fn where_positive(self, gate: Self) -> Self {
        let zero = S::f32s::splat(self.0.token(), 0.0);
        Vector(gate.0.simd_le(zero).select(zero, self.0))
    }
}

/// `(f, 2^n)` with `exp(x) = 2^n (1 + f)` and `|f| < 0.42`, for `|x| < 88`.
///
/// `n = round(x / ln 2)`; the rest `r = x - n ln 2`, with ln 2 in two parts so that the product is
/// exact, has `|r| < 0.35`, where `exp(r) - 1 = r + r^2 p(r)` with the minimax polynomial `p` of the
/// Cephes library (S. Moshier, `expf`).
#[inline(always)]
fn exp_parts<S: Simd>(s: S, x: S::f32s) -> (S::f32s, S::f32s) {
    let constant = |value: f32| S::f32s::splat(s, value);
    // Adding and taking away 1.5 * 2^23 rounds to an integer.
    let shifted = x.mul_add(constant(core::f32::consts::LOG2_E), constant(ROUND));
    let n = shifted - ROUND;
    let r = (-n).mul_add(constant(LN_2_HIGH), x);
    let r = (-n).mul_add(constant(LN_2_LOW), r);
    let mut p = constant(1.987_569_2e-4);
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 5e-1] {
        p = p.mul_add(r, constant(coefficient));
    }
    let fraction = (p * r).mul_add(r, r);
    // The integer n stands in the lowest bits of `shifted`; biased by 127 it is an exponent.
    let bits: S::u32s = (shifted + 127.0f32).to_bits().bitcast();
    (fraction, (bits << 23u32).bitcast())
}

/// 1.5 * 2^23: its unit in the last place is 1.
const ROUND: f32 = 12_582_912.0;
/// The upper bits of ln 2: times an integer below 2^15, it is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
/// ln 2 - LN_2_HIGH
const LN_2_LOW: f32 = -2.121_944_4e-4;
