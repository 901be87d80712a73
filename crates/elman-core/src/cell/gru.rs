use super::Cell;
use crate::lane::Lane;

// The gates in PyTorch's order: reset, update, candidate.
const R: usize = 0;
const Z: usize = 1;
const N: usize = 2;

/// The gated recurrent unit with the reset gate *after* the recurrent product, as PyTorch and cuDNN
/// compute it:
///
/// ```text
/// r  = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
/// z  = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
/// n  = tanh(W_in x + b_in + r * (W_hn h + b_hn))
/// h' = (1 - z) * n + z * h
/// ```
///
/// Pre-activations: the candidate's input part, `r`, `z`, the candidate's state part.
#[derive(Clone, Copy, Debug)]
pub struct Gru;

impl Cell for Gru {
    const FROM_X: usize = 3;
    const FROM_H: usize = 3;
    const GATE: &'static [usize] = &[N, R, Z, N];
    type Pre<L: Lane> = [L; 4];
    type Unit<L: Lane> = [L; 0];
    type State<L: Lane> = [L; 1];
    type Saved<L: Lane> = [L; 4];

    #[inline(always)]
    fn forward<L: Lane>([n_x, r, z, n_h]: [L; 4], _: [L; 0], [h]: [L; 1]) -> ([L; 1], [L; 4]) {
        let (r, z) = (r.sigmoid(), z.sigmoid());
        let n = r.mul_add(n_h, n_x).tanh();
        ([(h - n).mul_add(z, n)], [n, r, z, n_h])
    }

    #[inline(always)]
    fn backward<L: Lane>(
        [n, r, z, n_h]: [L; 4],
        _: [L; 0],
        [h]: [L; 1],
        _: [L; 1],
        [dh]: [L; 1],
    ) -> ([L; 4], [L; 0], [L; 1]) {
        let one = h.constant(1.0);
        let carried = dh * z;
        let dn = (dh - carried) * (one - n * n);
        let dr = dn * n_h * (r * (one - r));
        let dz = dh * (h - n) * (z * (one - z));
        ([dn, dr, dz, dn * r], [], [carried])
    }
}

/// The gated recurrent unit with the reset gate *before* the recurrent product, as Cho et al.
/// defined it (arXiv:1406.1078, 2014, equations 5 to 8); ONNX calls it `linear_before_reset = 0`:
///
/// ```text
/// r  = sigmoid(W_ir x + b_ir + W_hr h + b_hr)
/// z  = sigmoid(W_iz x + b_iz + W_hz h + b_hz)
/// n  = tanh(W_in x + b_in + W_hn (r * h) + b_hn)
/// h' = (1 - z) * n + z * h
/// ```
///
/// The candidate's recurrent weights multiply the *inner* value `r * h`. Pre-activations: `r`, `z`, `n`.
#[derive(Clone, Copy, Debug)]
pub struct GruResetBefore;

impl Cell for GruResetBefore {
    const FROM_X: usize = 3;
    const FROM_H: usize = 3;
    const GATE: &'static [usize] = &[R, Z, N];
    const FROM_INNER: usize = 1;
    type Pre<L: Lane> = [L; 3];
    type Unit<L: Lane> = [L; 0];
    type State<L: Lane> = [L; 1];
    type Saved<L: Lane> = [L; 3];

    #[inline(always)]
    fn inner<L: Lane>([r, _, _]: [L; 3], [h]: [L; 1]) -> L {
        r.sigmoid() * h
    }

    #[inline(always)]
    fn inner_backward<L: Lane>([r, _, _]: [L; 3], [h]: [L; 1], dinner: L) -> ([L; 3], [L; 1]) {
        let (zero, one) = (h.constant(0.0), h.constant(1.0));
        ([dinner * h * (r * (one - r)), zero, zero], [dinner * r])
    }

    #[inline(always)]
    fn forward<L: Lane>([r, z, n]: [L; 3], _: [L; 0], [h]: [L; 1]) -> ([L; 1], [L; 3]) {
        let (r, z, n) = (r.sigmoid(), z.sigmoid(), n.tanh());
        ([(h - n).mul_add(z, n)], [r, z, n])
    }

    #[inline(always)]
    fn backward<L: Lane>(
        [_, z, n]: [L; 3],
        _: [L; 0],
        [h]: [L; 1],
        _: [L; 1],
        [dh]: [L; 1],
    ) -> ([L; 3], [L; 0], [L; 1]) {
        let one = h.constant(1.0);
        let carried = dh * z;
        let dn = (dh - carried) * (one - n * n);
        let dz = dh * (h - n) * (z * (one - z));
        // The reset gate acts through the inner value alone.
        ([h.constant(0.0), dz, dn], [], [carried])
    }
}
