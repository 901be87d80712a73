//! Pre-emphasis: a high pass `x[n] - c x[n-1]` before signals are compared, so that what is high in frequency counts more
//! (for this use: Wright & Välimäki, ICASSP 2020, arXiv:1911.08922).

use elman_core::lane::Scalar;

/// How a filter begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// With 0 before the signal, so that the filtered one is as long: CoreAudioML.
    FromZero,
    /// With the signal's first value, so that the filtered one is a value shorter: NAM.
    Shorter,
}

/// A filter, or none at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct PreEmphasis {
    coefficient: Option<f64>,
    start: Start,
}

impl PreEmphasis {
    pub(super) fn new(coefficient: Option<f64>, start: Start) -> Self {
        PreEmphasis { coefficient, start }
    }

    /// The filtered signal.
    pub(super) fn apply<T: Scalar>(&self, x: &[T]) -> Vec<T> {
        let Some(c) = self.coefficient.map(T::from_f64) else { return x.to_vec() };
        let pairs = x.windows(2).map(|pair| pair[1] - c * pair[0]);
        match self.start {
            Start::FromZero => x.first().copied().into_iter().chain(pairs).collect(),
            Start::Shorter => pairs.collect(),
        }
    }

    /// The gradient of the filtered signal brought back to the signal's, and added there.
    pub(super) fn backward<T: Scalar>(&self, dfiltered: &[T], dx: &mut [T]) {
        let Some(c) = self.coefficient.map(T::from_f64) else {
            dx.iter_mut().zip(dfiltered).for_each(|(dx, &d)| *dx += d);
            return;
        };
        let rest = match (self.start, dfiltered.split_first(), dx.first_mut()) {
            (Start::FromZero, Some((&d, rest)), Some(dx)) => {
                *dx += d;
                rest
            }
            _ => dfiltered,
        };
        for (n, &d) in rest.iter().enumerate() {
            dx[n + 1] += d;
            dx[n] = dx[n] - c * d;
        }
    }
}
