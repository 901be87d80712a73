//! The negative logarithm of the density of Student's t-distribution.

use elman_core::lane::Scalar;

use super::scale::{scale_of, softplus};
use crate::distribution::MIN_FREEDOM;

/// The ratio of gamma functions is told by its series from here on.
const LARGE: f64 = 8.0;

/// `-E_2j / (4 j)` for `j` from 1 on, with Euler's numbers `E_2 = -1`, `E_4 = 5`, `E_6 = -61` ...: what is left out is
/// below `1e-15` from [`LARGE`] on.
const SERIES: [f64; 7] = [
    1.0 / 4.0,
    -5.0 / 8.0,
    61.0 / 12.0,
    -1385.0 / 16.0,
    50521.0 / 20.0,
    -2_702_765.0 / 24.0,
    199_360_981.0 / 28.0,
];

/// `ln(pi v) / 2 - r(v / 2) + ln s + (v + 1) / 2 ln(1 + w)` with `w = e^2 / (v s^2)`, `e = t - m` and `r(a) = ln Gamma(a +
/// 1 / 2) - ln Gamma(a)`, of the outputs `m`, what makes `s`, and what makes `v`.
pub(super) fn value<T: Scalar>(y: &[T], t: T) -> T {
    let (one, half) = (T::from_f64(1.0), T::from_f64(0.5));
    let (scale, _) = scale_of(y[1]);
    let (freedom, _) = freedom_of(y[2]);
    let z = (t - y[0]) / scale;
    let w = z * z / freedom;
    let normaliser =
        half * (T::from_f64(std::f64::consts::PI) * freedom).ln() - ln_gamma_ratio(half * freedom);
    normaliser + scale.ln() + half * (freedom + one) * (one + w).ln()
}

/// Its derivatives: `-(v + 1) e / (v s^2 + e^2)`; `(1 - (v + 1) w / (1 + w)) / s ds`; and `(1 / v - r'(v / 2) + ln(1 + w) -
/// (1 + 1 / v) w / (1 + w)) / 2 dv`.
pub(super) fn derivative<T: Scalar>(y: &[T], t: T, dy: &mut [T]) {
    let (one, half) = (T::from_f64(1.0), T::from_f64(0.5));
    let (scale, dscale) = scale_of(y[1]);
    let (freedom, dfreedom) = freedom_of(y[2]);
    let z = (t - y[0]) / scale;
    let w = z * z / freedom;
    let share = w / (one + w);
    dy[0] = T::default() - (freedom + one) * z / (scale * freedom * (one + w));
    dy[1] = (one - (freedom + one) * share) / scale * dscale;
    let of_normaliser = one / freedom - ln_gamma_ratio_derivative(half * freedom);
    dy[2] = half * (of_normaliser + (one + w).ln() - (one + one / freedom) * share) * dfreedom;
}

/// The degrees of freedom out of an output, and their derivative.
fn freedom_of<T: Scalar>(y: T) -> (T, T) {
    let (freedom, derivative) = softplus(y);
    (freedom + T::from_f64(MIN_FREEDOM), derivative)
}

/// `r(a) = ln Gamma(a + 1 / 2) - ln Gamma(a)` for `a` above 0, without the cancellation of two logarithms: with `z = a - 1
/// / 4` its asymptotic series is `ln(z) / 2 - sum E_2j / (4 j) (4 z)^-2j` (after Tricomi & Erdelyi, Pacific Journal of
/// Mathematics 1, 1951, 133-142), to which `Gamma(a + 1) = a Gamma(a)` leads from small `a`.
fn ln_gamma_ratio<T: Scalar>(a: T) -> T {
    let (one, half) = (T::from_f64(1.0), T::from_f64(0.5));
    let (mut a, mut factor) = (a, one);
    while a < T::from_f64(LARGE) {
        factor = factor * (a / (a + half));
        a += one;
    }
    let z = a - T::from_f64(0.25);
    factor.ln() + half * z.ln() + in_series(z, |j| SERIES[j - 1])
}

/// `r'(a) = psi(a + 1 / 2) - psi(a)` with the digamma function `psi`: the derivative of that series, term by term.
fn ln_gamma_ratio_derivative<T: Scalar>(a: T) -> T {
    let (one, half) = (T::from_f64(1.0), T::from_f64(0.5));
    let (mut a, mut sum) = (a, T::default());
    while a < T::from_f64(LARGE) {
        sum += one / a - one / (a + half);
        a += one;
    }
    let z = a - T::from_f64(0.25);
    sum + (half - in_series(z, |j| 2.0 * j as f64 * SERIES[j - 1])) / z
}

/// `sum c(j) (4 z)^-2j` over `j` from 1 on.
fn in_series<T: Scalar>(z: T, coefficient: impl Fn(usize) -> f64) -> T {
    let u = T::from_f64(1.0 / 16.0) / (z * z);
    (1..=SERIES.len()).rev().fold(T::default(), |sum, j| (sum + T::from_f64(coefficient(j))) * u)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_of_gamma_functions_is_that_of_libm() {
        for a in [1.0f64, 1.2, 1.5, 2.0, 3.75, 7.999, 8.0, 25.0, 60.0] {
            let expected = libm::lgamma(a + 0.5) - libm::lgamma(a);
            // Two logarithms of gamma functions, each to some units in the last place.
            let allowed = 4.0 * f64::EPSILON * libm::lgamma(a + 0.5).abs().max(1.0);
            assert!((ln_gamma_ratio(a) - expected).abs() < allowed, "{a}: {} {expected}", ln_gamma_ratio(a));
        }
        // Gamma(n + 1 / 2) / Gamma(n) for n = 1 and 2: sqrt(pi) / 2 and 3 sqrt(pi) / 4.
        let half_ln_pi = std::f64::consts::PI.ln() / 2.0;
        assert!((ln_gamma_ratio(1.0f64) - (half_ln_pi - 2f64.ln())).abs() < 1e-15);
        assert!((ln_gamma_ratio(2.0f64) - (half_ln_pi + 0.75f64.ln())).abs() < 1e-15);
        // psi(3 / 2) - psi(1) = 2 - 2 ln 2.
        assert!((ln_gamma_ratio_derivative(1.0f64) - (2.0 - 2.0 * 2f64.ln())).abs() < 1e-14);
    }
}
