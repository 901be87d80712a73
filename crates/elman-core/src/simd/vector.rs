//! The SIMD lane: one native vector of `f32`, with its activation functions.

use core::f32::consts::{LN_2, LOG2_E};
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
        let (part, power) = exp_parts::<S, 2, false>(s, magnitude);
        let half = S::f32s::splat(s, 0.5);
        let half_of_t = (-part).mul_add(power, power.mul_add(half, -half));
        let half_of_t_plus_2 = (-part).mul_add(power, power.mul_add(half, half));
        Vector((half_of_t / half_of_t_plus_2).copysign(x))
    }

    /// With `t = exp(-|x|)`: `1 / (1 + t)`, or `t / (1 + t)` where `x < 0`. Within 2.5 units in the
    /// last place; 0 below -87.7. From -87.34 on the true value is no normal number any more.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        let (s, x) = (self.0.token(), self.0);
        // At 88 the power of two is 2^-127, for which 0 stands.
        let magnitude = S::f32s::splat(s, 88.0).min(x.abs());
        let (part, power) = exp_parts::<S, 1, true>(s, magnitude);
        let t = (-part).mul_add(power, power);
        let t_plus_1 = (-part).mul_add(power, power + 1.0f32);
        Vector(x.simd_lt(0.0f32).select(t, S::f32s::splat(s, 1.0)) / t_plus_1)
    }

    #[inline(always)]
    fn where_positive(self, gate: Self) -> Self {
        let zero = S::f32s::splat(self.0.token(), 0.0);
        Vector(gate.0.simd_le(zero).select(zero, self.0))
    }
}

/// `(g, 2^n)` with `exp(-F y) = 2^n (1 - F g)` and `|F g| < 0.42`, for `0 <= F y <= 88` and a power of two
/// as `F`; 0 stands for `2^-127`.
///
/// `n = round(-F y / ln 2)`; the rest `r = -F y - n ln 2` has `|r| < 0.35`, where `exp(r) - 1 = r + r^2 p(r)`
/// with the minimax polynomial `p` of the Cephes library (S. Moshier, `expf`), evaluated in pairs of
/// coefficients. It is all in terms of `q = -r / F`, which saves a product and changes no bit.
/// `IN_PARTS`, ln 2 is two numbers, so that the product is exact; as one it adds
/// `1.9e-9 n` to `r`, which is too much where the exponential is small and is all that counts.
#[inline(always)]
fn exp_parts<S: Simd, const F: i32, const IN_PARTS: bool>(s: S, y: S::f32s) -> (S::f32s, S::f32s) {
    let constant = |value: f32| S::f32s::splat(s, value);
    // Adding and taking away 1.5 * 2^23 rounds to an integer.
    let shifted = y.mul_add(constant(-F as f32 * LOG2_E), constant(ROUND_BIASED));
    let n = shifted - ROUND_BIASED;
    let part = |of_ln_2: f32| constant(of_ln_2 / F as f32);
    let q = if IN_PARTS {
        n.mul_add(part(LN_2_LOW), n.mul_add(part(LN_2_HIGH), y))
    } else {
        n.mul_add(part(LN_2), y)
    };
    let square = q * q;
    let p54 = q.mul_add(constant(scaled::<F>(1.987_569_2e-4, 6)), constant(scaled::<F>(1.398_199_9e-3, 5)));
    let p32 = q.mul_add(constant(scaled::<F>(8.333_452e-3, 4)), constant(scaled::<F>(4.166_579_6e-2, 3)));
    let p10 = q.mul_add(constant(scaled::<F>(1.666_666_5e-1, 2)), constant(scaled::<F>(5e-1, 1)));
    let p = p54.mul_add(square, p32).mul_add(square, p10);
    // The integer n + 127 stands in the lowest bits of `shifted`: the power's exponent.
    let bits: S::u32s = shifted.to_bits().bitcast();
    (p.mul_add(square, q), (bits << 23u32).bitcast())
}

/// `coefficient * (-F)^power`
#[inline(always)]
const fn scaled<const F: i32>(coefficient: f32, power: u32) -> f32 {
    coefficient * (-F).pow(power) as f32
}

/// 2^-100
const FLUSHED: f32 = f32::from_bits((127 - 100) << 23);
/// 1.5 * 2^23, whose unit in the last place is 1, and the bias of an exponent.
const ROUND_BIASED: f32 = 12_582_912.0 + 127.0;
/// The upper bits of ln 2: times an integer below 2^15, it is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
/// ln 2 - LN_2_HIGH
const LN_2_LOW: f32 = -2.121_944_4e-4;
