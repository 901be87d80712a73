use super::Cell;
use crate::lane::Lane;

// The gates in PyTorch's order: input, forget, cell candidate, output.
const I: usize = 0;
const F: usize = 1;
const G: usize = 2;
const O: usize = 3;

/// Long short-term memory with peepholes, by which gates see the cell's state (Gers & Schmidhuber, *Recurrent Nets that
/// Time and Count*, IJCNN 2000, equations 1 to 5), as ONNX computes it:
///
/// ```text
/// i = sigmoid(W_ii x + b_ii + W_hi h + b_hi + w_ci * c)
/// f = sigmoid(W_if x + b_if + W_hf h + b_hf + w_cf * c)
/// g =    tanh(W_ig x + b_ig + W_hg h + b_hg)
/// c' = f * c + i * g
/// o = sigmoid(W_io x + b_io + W_ho h + b_ho + w_co * c')
/// h' = o * tanh(c')
/// ```
///
/// States: `h`, `c`. Per-unit parameters: `w_ci`, `w_cf`, `w_co`.
#[derive(Clone, Copy, Debug)]
pub struct PeepholeLstm;

impl Cell for PeepholeLstm {
    const FROM_X: usize = 4;
    const FROM_H: usize = 4;
    const GATE: &'static [usize] = &[I, F, G, O];
    const FORGET_GATE: Option<usize> = Some(F);
    const STATE_NAMES: &'static [&'static str] = &["h", "c"];
    const UNIT_NAME: &'static str = "weight_ch";
    const SINGLE_ROWS: bool = false;
    type Pre<L: Lane> = [L; 4];
    type Unit<L: Lane> = [L; 3];
    type State<L: Lane> = [L; 2];
    type Saved<L: Lane> = [L; 4];

    #[inline(always)]
    fn forward<L: Lane>([i, f, g, o]: [L; 4], [w_i, w_f, w_o]: [L; 3], [_, c]: [L; 2]) -> ([L; 2], [L; 4]) {
        let (i, f, g) = (w_i.mul_add(c, i).sigmoid(), w_f.mul_add(c, f).sigmoid(), g.tanh());
        let c = f.mul_add(c, i * g);
        let o = w_o.mul_add(c, o).sigmoid();
        ([o * c.tanh(), c], [i, f, g, o])
    }

    #[inline(always)]
    fn backward<L: Lane>(
        [i, f, g, o]: [L; 4],
        [w_i, w_f, w_o]: [L; 3],
        [_, c_prev]: [L; 2],
        [_, c]: [L; 2],
        [dh, dc]: [L; 2],
    ) -> ([L; 4], [L; 3], [L; 2]) {
        let one = c.constant(1.0);
        let tanh_c = c.tanh();
        let d_o = dh * tanh_c * (o * (one - o));
        let dc = d_o.mul_add(w_o, (dh * o).mul_add(one - tanh_c * tanh_c, dc));
        let di = dc * g * (i * (one - i));
        let df = dc * c_prev * (f * (one - f));
        let dg = dc * i * (one - g * g);
        let dc_prev = di.mul_add(w_i, df.mul_add(w_f, dc * f));
        ([di, df, dg, d_o], [di * c_prev, df * c_prev, d_o * c], [c.constant(0.0), dc_prev])
    }
}
