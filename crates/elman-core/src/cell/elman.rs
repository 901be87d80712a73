use super::Cell;
use crate::lane::Lane;

/// The simple recurrent network of Elman (*Finding Structure in Time*, Cognitive Science 14, 1990,
/// 179-211), with the hyperbolic tangent:
///
/// ```text
/// h' = tanh(W_ih x + b_ih + W_hh h + b_hh)
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Elman;

impl Cell for Elman {
    const FROM_X: usize = 1;
    const FROM_H: usize = 1;
    const GATE: &'static [usize] = &[0];
    const FITS_IDENTITY: bool = true;
    const IN_THREES: bool = true;
    type Pre<L: Lane> = [L; 1];
    type Unit<L: Lane> = [L; 0];
    type State<L: Lane> = [L; 1];
    type Saved<L: Lane> = [L; 0];

    #[inline(always)]
    fn forward<L: Lane>([a]: [L; 1], _: [L; 0], _: [L; 1]) -> ([L; 1], [L; 0]) {
        ([a.tanh()], [])
    }

    #[inline(always)]
    fn backward<L: Lane>(
        _: [L; 0],
        _: [L; 0],
        _: [L; 1],
        [h]: [L; 1],
        [dh]: [L; 1],
    ) -> ([L; 1], [L; 0], [L; 1]) {
        let one = h.constant(1.0);
        ([dh * (one - h * h)], [], [h.constant(0.0)])
    }
}

/// The simple recurrent network with the rectified linear unit, which the identity initialisation
/// of Le, Jaitly & Hinton (arXiv:1504.00941, 2015) is made for:
///
/// ```text
/// h' = max(0, W_ih x + b_ih + W_hh h + b_hh)
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ElmanRelu;

impl Cell for ElmanRelu {
    const FROM_X: usize = 1;
    const FROM_H: usize = 1;
    const GATE: &'static [usize] = &[0];
    const FITS_IDENTITY: bool = true;
    type Pre<L: Lane> = [L; 1];
    type Unit<L: Lane> = [L; 0];
    type State<L: Lane> = [L; 1];
    type Saved<L: Lane> = [L; 0];

    #[inline(always)]
    fn forward<L: Lane>([a]: [L; 1], _: [L; 0], _: [L; 1]) -> ([L; 1], [L; 0]) {
        ([a.where_positive(a)], [])
    }

    #[inline(always)]
    fn backward<L: Lane>(
        _: [L; 0],
        _: [L; 0],
        _: [L; 1],
        [h]: [L; 1],
        [dh]: [L; 1],
    ) -> ([L; 1], [L; 0], [L; 1]) {
        ([dh.where_positive(h)], [], [h.constant(0.0)])
    }
}
