use super::Cell;
use crate::lane::Lane;

// The gates in PyTorch's order: input, forget, cell candidate, output.
const I: usize = 0;
const F: usize = 1;
const G: usize = 2;
const O: usize = 3;

/// Long short-term memory (Hochreiter & Schmidhuber, Neural Computation 9, 1997, 1735-1780) with
/// the forget gate (Gers, Schmidhuber & Cummins, Neural Computation 12, 2000, 2451-2471), without
/// peepholes:
///
/// ```text
/// i = sigmoid(W_ii x + b_ii + W_hi h + b_hi)
/// f = sigmoid(W_if x + b_if + W_hf h + b_hf)
/// g =    tanh(W_ig x + b_ig + W_hg h + b_hg)
/// o = sigmoid(W_io x + b_io + W_ho h + b_ho)
/// c' = f * c + i * g
/// h' = o * tanh(c')
/// ```
///
/// States: `h`, `c`.
#[derive(Clone, Copy, Debug)]
pub struct Lstm;

impl Cell for Lstm {
    const FROM_X: usize = 4;
    const FROM_H: usize = 4;
    const GATE: &'static [usize] = &[I, F, G, O];
    const STATE_NAMES: &'static [&'static str] = &["h", "c"];
    const FORGET_GATE: Option<usize> = Some(F);
    type Pre<L: Lane> = [L; 4];
    type State<L: Lane> = [L; 2];
    type Saved<L: Lane> = [L; 4];

    #[inline(always)]
    fn forward<L: Lane>([i, f, g, o]: [L; 4], [_, c]: [L; 2]) -> ([L; 2], [L; 4]) {
        let (i, f, g, o) = (i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid());
        let c = f.mul_add(c, i * g);
        ([o * c.tanh(), c], [i, f, g, o])
    }

    #[inline(always)]
    fn backward<L: Lane>(
        [i, f, g, o]: [L; 4],
        [_, c_prev]: [L; 2],
        [_, c]: [L; 2],
        [dh, dc]: [L; 2],
    ) -> ([L; 4], [L; 2]) {
        let one = c.constant(1.0);
        let tanh_c = c.tanh();
        let dc = (dh * o).mul_add(one - tanh_c * tanh_c, dc);
        let di = dc * g * (i * (one - i));
        let df = dc * c_prev * (f * (one - f));
        let dg = dc * i * (one - g * g);
        let d_o = dh * tanh_c * (o * (one - o));
        ([di, df, dg, d_o], [c.constant(0.0), dc * f])
    }
}
