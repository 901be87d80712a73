//! Random orthogonal matrices.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayViewMut2, s};

use crate::random::Rng;
use crate::threads;

/// From this size on matrices are made of reflections, whose work is nearly all in matrix products: an LSTM of
/// 2048 units took 40 s by Gram and Schmidt. Below it the drawn bits are those that seeds have always had.
const LARGE: usize = 256;

/// Reflections that are applied together.
const PANEL: usize = 64;

/// Fills `matrices [count, n, n]` with random orthogonal ones, uniform over all of them (Haar's measure).
pub(super) fn fill(matrices: &mut [f64], n: usize, rng: &mut Rng) {
    if n < LARGE {
        matrices.chunks_exact_mut(n * n).for_each(|matrix| gram_schmidt(matrix, n, rng));
        return;
    }
    matrices.chunks_exact_mut(n * n).for_each(|matrix| draw_reflections(matrix, n, rng));
    let mut each: Vec<&mut [f64]> = matrices.chunks_exact_mut(n * n).collect();
    threads::each(&mut None, threads::count(), &mut each, |matrix| multiply_reflections(matrix, n));
}

/// The rows of a matrix of normal numbers, made orthonormal (twice, which makes them so to the last bits).
fn gram_schmidt(matrix: &mut [f64], n: usize, rng: &mut Rng) {
    matrix.iter_mut().for_each(|v| *v = rng.normal());
    for row in 0..n {
        let (done, rest) = matrix.split_at_mut(row * n);
        let current = &mut rest[..n];
        for _ in 0..2 {
            for other in done.chunks_exact(n) {
                let overlap = dot(current, other);
                current.iter_mut().zip(other).for_each(|(c, o)| *c -= overlap * o);
            }
        }
        let norm = dot(current, current).sqrt();
        current.iter_mut().for_each(|c| *c /= norm);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Normal numbers on and below the diagonal, 0 above it: column `k` is the vector of reflection `k`.
fn draw_reflections(matrix: &mut [f64], n: usize, rng: &mut Rng) {
    for (row, values) in matrix.chunks_exact_mut(n).enumerate() {
        let (drawn, rest) = values.split_at_mut(row + 1);
        drawn.iter_mut().for_each(|v| *v = rng.normal());
        rest.fill(0.0);
    }
}

/// Turns the vectors `x_k` below a matrix's diagonal into `Q = H_1 ... H_n D`.
///
/// `H_k` reflects `x_k` to the axis `k`, and `D` has the signs that make the first entry of each
/// reflected vector positive. That is the `Q` of a QR decomposition of a matrix of normal numbers, whose later
/// columns are normal whatever the reflections before them (Stewart, SIAM J. Numer. Anal. 17, 1980, theorem 3.3).
/// `PANEL` reflections at a time are multiplied, in the form `I - V T V^T` (Schreiber & Van Loan, SIAM J. Sci. Stat.
/// Comput. 10, 1989, section 2), from the last to the first.
fn multiply_reflections(matrix: &mut [f64], n: usize) {
    let mut q = ArrayViewMut2::from_shape((n, n), matrix).expect("a matrix [n, n]");
    for first in (0..n).step_by(PANEL).rev() {
        let width = PANEL.min(n - first);
        let mut rest = q.slice_mut(s![first.., first..]);
        let mut v = rest.slice(s![.., ..width]).to_owned();
        rest.slice_mut(s![.., ..width]).fill(0.0);
        for k in 0..width {
            v.slice_mut(s![..k, k]).fill(0.0);
            let mut x = v.slice_mut(s![k.., k]);
            let sign = 1f64.copysign(x[0]);
            x[0] += sign * x.dot(&x).sqrt();
            let norm = x.dot(&x).sqrt();
            x /= norm;
            rest[(k, k)] = -sign;
        }
        let projected = triangle(&v).dot(&v.t().dot(&rest));
        general_mat_mul(-1.0, &v, &projected, 1.0, &mut rest);
    }
}

/// `T [width, width]` with `(I - 2 v_1 v_1^T) ... (I - 2 v_w v_w^T) = I - V T V^T`, for columns of length 1.
fn triangle(v: &Array2<f64>) -> Array2<f64> {
    let width = v.ncols();
    let overlaps = v.t().dot(v);
    let mut t = Array2::zeros((width, width));
    for k in 0..width {
        let above = t.slice(s![..k, ..k]).dot(&overlaps.slice(s![..k, k]));
        t.slice_mut(s![..k, k]).assign(&(above * -2.0));
        t[(k, k)] = 2.0;
    }
    t
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Purpose;

    /// Sizes of whole panels and not; two matrices, so that they are shared out among threads.
    #[test]
    fn large_matrices_are_orthogonal_and_begin_with_their_first_vector() {
        for n in [LARGE, LARGE + 1, LARGE + PANEL + 7] {
            let rng = || Rng::new(5, Purpose::Initialisation);
            let mut matrices = vec![0.0; 2 * n * n];
            fill(&mut matrices, n, &mut rng());
            let mut drawn = vec![0.0; n * n];
            draw_reflections(&mut drawn, n, &mut rng());
            let length = (0..n).map(|row| drawn[row * n].powi(2)).sum::<f64>().sqrt();
            for row in 0..n {
                // What Gram and Schmidt make of the first vector as well; a lost sign would turn it round.
                assert!((matrices[row * n] - drawn[row * n] / length).abs() < 1e-14, "{n}, row {row}");
            }
            for matrix in matrices.chunks_exact(n * n) {
                for (i, a) in matrix.chunks_exact(n).enumerate() {
                    for (j, b) in matrix.chunks_exact(n).enumerate() {
                        let expected = if i == j { 1.0 } else { 0.0 };
                        // Some units in the last place for each of a few hundred products.
                        assert!((dot(a, b) - expected).abs() < 1e-13, "{n}, rows {i} and {j}");
                    }
                }
            }
        }
    }

    /// The last vectors have one entry, whose sign is as often above as below 0.
    #[test]
    fn both_determinants_occur() {
        let corners = (0..16).map(|seed| {
            let n = LARGE;
            let mut matrix = vec![0.0; n * n];
            fill(&mut matrix, n, &mut Rng::new(seed, Purpose::Initialisation));
            let columns = [0, n / 2, n - 1].map(|column| matrix[(n - 1) * n + column] > 0.0);
            columns.map(u32::from)
        });
        let above = corners.fold([0; 3], |sum, each| [0, 1, 2].map(|n| sum[n] + each[n]));
        // None of 16 fair draws on one side: once in 32,768 seeds, and these are fixed.
        assert!(above.iter().all(|count| (1..16).contains(count)), "{above:?}");
    }
}
