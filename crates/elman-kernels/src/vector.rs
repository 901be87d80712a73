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
    pub fn flush_to_zero(self) -> Self {
        let s = self.0.token();
        // As integers, which order magnitudes alike, NaN above all.
        let magnitude: S::i32s = self.0.abs().bitcast();
        Vector(magnitude.simd_lt(FLUSH_BELOW.to_bits() as i32).select(S::f32s::splat(s, 0.0), self.0))
    }

    /// The lanes of both in turn: the first ones of each, and so on, in two vectors.
    #[inline(always)]
    pub fn interleave(self, other: Self) -> (Self, Self) {
        let (first, second) = self.0.interleave(other.0);
        (Vector(first), Vector(second))
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

    /// With `t = expm1(-2 |x|)`: `tanh |x| = -t / (t + 2)`, both halved and formed from the parts of the
    /// exponential, since a stream waits for every operation. Within 2 units in the last place.
    #[inline(always)]
    fn tanh(self) -> Self {
        let (s, x) = (self.0.token(), self.0);
        // From 9.02 on, tanh rounds to 1. The constant stands first: where one operand is NaN, x86
        // gives the second.
        let magnitude = S::f32s::splat(s, 9.02).min(x.abs());
        let (n, half_power) = nearest_power::<S>(magnitude, -2.0 * LOG2_E, ROUND_HALVED);
        let q = n.mul_add(S::f32s::splat(s, LN_2), magnitude + magnitude);
        let g = one_minus_exp::<S>(q);
        let half = S::f32s::splat(s, 0.5);
        let minus_half_of_t = g.mul_add(half_power, half - half_power);
        let half_of_t_plus_2 = (-g).mul_add(half_power, half + half_power);
        Vector((minus_half_of_t / half_of_t_plus_2).copysign(x))
    }

    /// `1 / (1 + exp(-x))`. Within 2.5 units in the last place; 0 below -88. From -87.34 on the true value is no
    /// normal number any more.
    #[inline(always)]
    fn sigmoid(self) -> Self {
        let (s, x) = (self.0.token(), self.0);
        // At 88 the power of two is 2^-127, for which 0 stands; at -88 it is the largest there is, and what comes of
        // lower ones is replaced in the end. The constant stands first for NaN's sake, as in `tanh`.
        let x_within = S::f32s::splat(s, 88.0).min(x);
        let (n, power) = nearest_power::<S>(x_within, -LOG2_E, ROUND_BIASED);
        // ln 2 in two parts, so that the product is exact: as one number it adds 1.9e-9 n to q.
        let q = n.mul_add(S::f32s::splat(s, LN_2_HIGH), x_within);
        let q = n.mul_add(S::f32s::splat(s, LN_2_LOW), q);
        let one_plus_exp = (-one_minus_exp::<S>(q)).mul_add(power, power + 1.0f32);
        let zero = S::f32s::splat(s, 0.0);
        Vector(x.simd_lt(-88.0f32).select(zero, S::f32s::splat(s, 1.0) / one_plus_exp))
    }

    #[inline(always)]
    fn where_positive(self, gate: Self) -> Self {
        let zero = S::f32s::splat(self.0.token(), 0.0);
        Vector(gate.0.simd_le(zero).select(zero, self.0))
    }
}

/// `1 - exp(-q)` for `|q| < 0.35`: `q - q^2 p(q)`, with the polynomial `p` of least error, 3e-9 of the
/// exponential, evaluated in pairs of coefficients.
#[inline(always)]
fn one_minus_exp<S: Simd>(q: S::f32s) -> S::f32s {
    let constant = |value: f32| S::f32s::splat(q.token(), value);
    let square = q * q;
    let p32 = q.mul_add(constant(-8.368_711e-3), constant(4.166_839e-2));
    let p10 = q.mul_add(constant(-1.666_652_1e-1), constant(4.999_999_3e-1));
    let p = square.mul_add(constant(1.381_460_8e-3), p32).mul_add(square, p10);
    (-p).mul_add(square, q)
}

/// `n = round(factor x)`, and `2^n` or, with [`ROUND_HALVED`] as `bias`, half of that: adding and taking away
/// the bias rounds, and leaves the power's exponent in the lowest bits between.
#[inline(always)]
fn nearest_power<S: Simd>(x: S::f32s, factor: f32, bias: f32) -> (S::f32s, S::f32s) {
    let s = x.token();
    let shifted = x.mul_add(S::f32s::splat(s, factor), S::f32s::splat(s, bias));
    let bits: S::u32s = shifted.to_bits().bitcast();
    (shifted - bias, (bits << 23u32).bitcast())
}

/// 2^-100: see [`Vector::flush_to_zero`].
pub const FLUSH_BELOW: f32 = f32::from_bits((127 - 100) << 23);
/// 1.5 * 2^23, whose unit in the last place is 1, and the bias of an exponent.
const ROUND_BIASED: f32 = 12_582_912.0 + 127.0;
/// The same for half the power.
const ROUND_HALVED: f32 = ROUND_BIASED - 1.0;
/// The upper bits of ln 2: times an integer below 2^15, it is exact.
const LN_2_HIGH: f32 = 0.693_359_4;
/// ln 2 - LN_2_HIGH
const LN_2_LOW: f32 = -2.121_944_4e-4;
