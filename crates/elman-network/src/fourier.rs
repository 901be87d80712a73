//! The discrete Fourier transform over any number type, dual numbers as well: `X[k] = sum_n x[n] exp(-2 pi i k n / N)`.
//!
//! ```
//! use elman_network::fourier::{Complex, Fourier};
//!
//! // A cosine that comes twice in eight samples.
//! let mut x: Vec<_> = (0..8).map(|n| Complex { re: [1.0, 0.0, -1.0, 0.0][n % 4], im: 0.0 }).collect();
//! Fourier::<f64>::new(8).forward(&mut x);
//! let powers: Vec<f64> = x.iter().map(|z| (z.re * z.re + z.im * z.im).round()).collect();
//! assert_eq!(powers, [0.0, 0.0, 16.0, 0.0, 0.0, 0.0, 16.0, 0.0]);
//! ```

use std::f64::consts::TAU;

use elman_core::lane::Scalar;

/// A complex number.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Complex<T> {
    /// Its real part.
    pub re: T,
    /// Its imaginary part.
    pub im: T,
}

/// At `k`, the transforms of two real signals out of that of one whose real part is the first and whose imaginary part the
/// second: of real signals the transform at `-k` is the conjugate of that at `k`.
pub fn of_two_real<T: Scalar>(both: &[Complex<T>], k: usize) -> [Complex<T>; 2] {
    let half = T::from_f64(0.5);
    let (z, mirror) = (both[k], both[(both.len() - k) % both.len()]);
    [
        Complex { re: half * (z.re + mirror.re), im: half * (z.im - mirror.im) },
        Complex { re: half * (z.im + mirror.im), im: half * (mirror.re - z.re) },
    ]
}

/// The transform of `N` values, a power of two (Cooley & Tukey, Mathematics of Computation 19, 1965, 297-301).
#[derive(Debug)]
pub struct Fourier<T> {
    /// `exp(-2 pi i k / N)` for `k` below `N / 2`.
    roots: Vec<Complex<T>>,
}

impl<T: Scalar> Fourier<T> {
    /// # Panics
    /// If `len` is no power of two or 1.
    pub fn new(len: usize) -> Self {
        assert!(len.is_power_of_two() && len > 1, "a transform of {len} values");
        let root = |k: usize| {
            let (sin, cos) = libm::sincos(TAU * k as f64 / len as f64);
            Complex { re: T::from_f64(cos), im: T::from_f64(-sin) }
        };
        Fourier { roots: (0..len / 2).map(root).collect() }
    }

    /// The transform of `x [N]` in its place.
    pub fn forward(&self, x: &mut [Complex<T>]) {
        let len = 2 * self.roots.len();
        assert_eq!(x.len(), len, "values of a transform");
        let unused_bits = usize::BITS - len.trailing_zeros();
        for n in 0..len {
            let reversed = n.reverse_bits() >> unused_bits;
            if n < reversed {
                x.swap(n, reversed);
            }
        }
        let mut half = 1;
        while half < len {
            let stride = self.roots.len() / half;
            for block in x.chunks_exact_mut(2 * half) {
                let (low, high) = block.split_at_mut(half);
                for ((a, b), root) in low.iter_mut().zip(high).zip(self.roots.iter().step_by(stride)) {
                    let re = root.re * b.re - root.im * b.im;
                    let im = root.re * b.im + root.im * b.re;
                    *b = Complex { re: a.re - re, im: a.im - im };
                    *a = Complex { re: a.re + re, im: a.im + im };
                }
            }
            half *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_sum_that_it_is() {
        for len in [2, 4, 8, 64] {
            let x: Vec<Complex<f64>> = (0..len)
                .map(|n| Complex { re: (n as f64 * 1.7).sin(), im: (n as f64 * 0.3 + 1.0).cos() })
                .collect();
            let mut transformed = x.clone();
            Fourier::new(len).forward(&mut transformed);
            for (k, found) in transformed.iter().enumerate() {
                let mut expected = Complex::<f64>::default();
                for (n, x) in x.iter().enumerate() {
                    let (sin, cos) = (-TAU * (k * n % len) as f64 / len as f64).sin_cos();
                    expected.re += x.re * cos - x.im * sin;
                    expected.im += x.re * sin + x.im * cos;
                }
                // A sum of 64 products of at most 1, each rounded.
                let error = (found.re - expected.re).abs().max((found.im - expected.im).abs());
                assert!(error < 1e-13, "{len}, {k}: {found:?}, not {expected:?}");
            }
        }
    }
}
