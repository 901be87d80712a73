//! What the inputs of a row tell of its targets, without the rows before.

use crate::error::Error;
use crate::loss::Targets;
use crate::sequence::{Example, Sequences};

/// More inputs than these are not solved for.
const MOST_INPUTS: usize = 500;
/// What is added to the diagonal, as a share of its mean, so that inputs that tell the same leave a solution.
const RIDGE: f64 = 1e-9;

/// The linear regression of the targets on the inputs of their own row: the least sum of squares.
pub(super) struct Linear {
    /// For each target a weight of each input, and last the intercept.
    weights: Vec<Vec<f64>>,
}

impl Linear {
    /// What it is called.
    pub(super) const NAME: &'static str = "linear regression";

    /// Fits it to the timesteps of which all targets are known; none where there are none, too many inputs, or values that
    /// leave no solution.
    ///
    /// # Errors
    /// If the sequences cannot be read any more.
    pub(super) fn fit<'e>(
        parts: impl IntoIterator<Item = &'e Sequences>,
        input_size: usize,
        targets: usize,
    ) -> Result<Option<Self>, Error> {
        let size = input_size + 1;
        if size > MOST_INPUTS {
            return Ok(None);
        }
        // The normal equations: X^T X w = X^T y.
        let (mut products, mut sides) = (vec![0.0; size * size], vec![vec![0.0; size]; targets]);
        let (mut row, mut are_values) = (vec![1.0; size], true);
        for part in parts {
            part.for_each(|Example { x, targets: told }| {
                let Targets::Values(values) = told else {
                    are_values = false;
                    return;
                };
                for (x, y) in x.chunks_exact(input_size).zip(values.chunks_exact(targets)) {
                    if y.iter().any(|y| y.is_nan()) {
                        continue;
                    }
                    row[..input_size].copy_from_slice(x);
                    for (i, &a) in row.iter().enumerate() {
                        for (sum, &b) in products[i * size..][..=i].iter_mut().zip(&row) {
                            *sum += a * b;
                        }
                    }
                    for (side, &y) in sides.iter_mut().zip(y) {
                        side.iter_mut().zip(&row).for_each(|(sum, &a)| *sum += a * y);
                    }
                }
            })?;
        }
        if !are_values {
            return Ok(None);
        }
        let mean = (0..size).map(|i| products[i * size + i]).sum::<f64>() / size as f64;
        (0..size).for_each(|i| products[i * size + i] += RIDGE * mean);
        Ok(decompose(&mut products, size).map(|()| {
            sides.iter_mut().for_each(|side| solve(&products, side));
            Linear { weights: sides }
        }))
    }

    /// The targets for the inputs of a row.
    pub(super) fn values(&self, x: &[f64]) -> Vec<f64> {
        let value = |weights: &Vec<f64>| {
            let products: f64 = weights.iter().zip(x).map(|(weight, x)| weight * x).sum();
            products + weights.last().copied().unwrap_or(0.0)
        };
        self.weights.iter().map(value).collect()
    }
}

/// The Cholesky decomposition `L L^T` of a symmetric matrix `[n, n]`, of which the lower half is given, in its place; none
/// if it is not positive definite.
fn decompose(a: &mut [f64], n: usize) -> Option<()> {
    for i in 0..n {
        for j in 0..=i {
            let products: f64 = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum();
            let rest = a[i * n + j] - products;
            a[i * n + j] = match i == j {
                false => rest / a[j * n + j],
                true if rest > 0.0 && rest.is_finite() => rest.sqrt(),
                true => return None,
            };
        }
    }
    Some(())
}

/// Solves `L L^T w = b`, in the place of `b`.
fn solve(l: &[f64], b: &mut [f64]) {
    let n = b.len();
    for i in 0..n {
        let known: f64 = (0..i).map(|k| l[i * n + k] * b[k]).sum();
        b[i] = (b[i] - known) / l[i * n + i];
    }
    for i in (0..n).rev() {
        let known: f64 = (i + 1..n).map(|k| l[k * n + i] * b[k]).sum();
        b[i] = (b[i] - known) / l[i * n + i];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_is_found_again() {
        let x = vec![1.0, 2.0, 3.0, -1.0, 0.5, 4.0, -2.0, 2.0];
        let plane = |x: &[f64]| 2.0 * x[0] - 0.5 * x[1] + 3.0;
        let mut values: Vec<f64> = x.chunks(2).flat_map(|x| [plane(x), -plane(x)]).collect();
        // What is not known counts nothing.
        let known = Example::values(x.clone(), values.clone());
        values[0] = f64::NAN;
        let partly = Example::values(x, values);
        let linear = Linear::fit([&vec![known, partly].into()], 2, 2).unwrap().unwrap();
        let found = linear.values(&[10.0, 20.0]);
        assert!((found[0] - 13.0).abs() < 1e-6 && (found[1] + 13.0).abs() < 1e-6, "{found:?}");
        assert!(Linear::fit([], 2, 1).unwrap().is_none());
    }
}
