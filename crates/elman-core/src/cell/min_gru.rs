use super::Cell;
use crate::lane::Lane;

// The gates in order: update, candidate.
const Z: usize = 0;
const N: usize = 1;

/// The minimal GRU of Feng et al. (*Were RNNs All We Needed?*, arXiv:2410.01201, 2024, section 3.1), whose gates see the
/// input alone, so that there is no recurrent product:
///
/// ```text
/// z  = sigmoid(W_iz x + b_iz)
/// n  = W_in x + b_in
/// h' = (1 - z) * h + z * n
/// ```
#[derive(Clone, Copy, Debug)]
pub struct MinGru;

impl Cell for MinGru {
    const FROM_X: usize = 2;
    const FROM_H: usize = 0;
    const GATE: &'static [usize] = &[Z, N];
    const SINGLE_ROWS: bool = false;
    type Pre<L: Lane> = [L; 2];
    type Unit<L: Lane> = [L; 0];
    type State<L: Lane> = [L; 1];
    type Saved<L: Lane> = [L; 2];

    #[inline(always)]
    fn forward<L: Lane>([z, n]: [L; 2], _: [L; 0], [h]: [L; 1]) -> ([L; 1], [L; 2]) {
        let z = z.sigmoid();
        ([(n - h).mul_add(z, h)], [z, n])
    }

    #[inline(always)]
    fn backward<L: Lane>(
        [z, n]: [L; 2],
        _: [L; 0],
        [h]: [L; 1],
        _: [L; 1],
        [dh]: [L; 1],
    ) -> ([L; 2], [L; 0], [L; 1]) {
        let one = h.constant(1.0);
        let dn = dh * z;
        ([dh * (n - h) * (z * (one - z)), dn], [], [dh - dn])
    }
}
