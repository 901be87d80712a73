//! Errors of spectra at several resolutions in time and frequency: the multi-resolution STFT loss (Yamamoto et al., ICASSP
//! 2020, arXiv:1910.11480) as `auraloss` 0.4.0 has it by default.

use std::f64::consts::TAU;

use elman_core::lane::Scalar;
use serde::{Deserialize, Serialize};

use super::pre_emphasis::{PreEmphasis, Start};
use super::{Gradient, Signal};
use crate::error::ConfigError;
use crate::fourier::{Complex, Fourier, of_two_real};
use crate::loss::Total;

/// How finely spectra cut a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Resolution {
    /// Samples that are transformed together: a power of two, from 2 to 65536.
    pub fft: usize,
    /// Samples from one frame to the next, at least 1.
    pub hop: usize,
    /// Samples that Hann's window covers, in the middle of those that are transformed; at least 1.
    pub window: usize,
}

/// More samples are not transformed together.
const MAX_FFT: usize = 1 << 16;

/// More resolutions than these are refused.
const MAX_RESOLUTIONS: usize = 64;

impl Resolution {
    /// So many samples transformed together, from one frame to the next, and under the window.
    pub const fn new(fft: usize, hop: usize, window: usize) -> Self {
        Resolution { fft, hop, window }
    }

    /// Those that `auraloss` has by default.
    pub const USUAL: [Resolution; 3] =
        [Resolution::new(1024, 120, 600), Resolution::new(2048, 240, 1200), Resolution::new(512, 50, 240)];

    /// Signals of fewer samples have no such spectra: frames are centred at the samples, and what lies outside of the signal
    /// is its mirror image, of half a frame.
    pub(in crate::loss) fn min_len(&self) -> usize {
        self.fft / 2 + 1
    }

    /// Refuses resolutions that are none.
    pub(super) fn check(resolutions: &[Resolution]) -> Result<(), ConfigError> {
        let refuse = |message: String| Err(ConfigError::new("resolutions", message));
        if resolutions.is_empty() || resolutions.len() > MAX_RESOLUTIONS {
            return refuse(format!("are {}; give 1 to {MAX_RESOLUTIONS}", resolutions.len()));
        }
        let fits = |&&Resolution { fft, hop, window }: &&Resolution| {
            fft.is_power_of_two() && (2..=MAX_FFT).contains(&fft) && hop > 0 && (1..=fft).contains(&window)
        };
        match resolutions.iter().find(|resolution| !fits(resolution)) {
            None => Ok(()),
            Some(Resolution { fft, hop, window }) => refuse(format!(
                "have a transform of {fft} samples every {hop} with a window of {window}; transforms are of a power of \
                 two, at most {MAX_FFT}, at least a sample apart, and their windows of 1 to as many samples"
            )),
        }
    }
}

/// Squared magnitudes below this are taken as this.
const LEAST_POWER: f64 = 1e-8;

/// The mean over the resolutions of `|Y - T| / |T| + mean |ln Y - ln T|`, where `Y` and `T` are the magnitudes of the
/// short-time spectra of all signals together, `|.|` is the Frobenius norm, and a signal that is too short for a resolution
/// has no part in it. A resolution for which all are too short counts nothing, and parts add up by the samples of the
/// signals that at least one resolution sees.
pub(super) fn multi_resolution<T: Scalar>(
    signals: &[Signal<T>],
    resolutions: &[Resolution],
    pre_emphasis: Option<f64>,
    mut gradient: Option<&mut Gradient<T>>,
) -> Total<T> {
    let filter = PreEmphasis::new(pre_emphasis, Start::Shorter);
    let filtered: Vec<[Vec<T>; 2]> =
        signals.iter().map(|signal| [filter.apply(&signal.y), filter.apply(&signal.t)]).collect();
    let has_frames = |resolution: &&Resolution| filtered.iter().any(|[y, _]| y.len() >= resolution.min_len());
    let seen: Vec<Resolution> = resolutions.iter().filter(has_frames).copied().collect();
    let share = T::from_f64(1.0 / seen.len().max(1) as f64);
    let mut mean = T::default();
    for resolution in seen {
        let spectra = Spectra::new(resolution, &filtered);
        let terms = spectra.terms();
        mean += share * (terms.convergence() + terms.log_magnitude());
        if let Some(Gradient { dy, scale }) = gradient.as_deref_mut() {
            let mut dfiltered: Vec<Vec<T>> =
                filtered.iter().map(|[y, _]| vec![T::default(); y.len()]).collect();
            spectra.backward(&terms, *scale * share, &mut dfiltered);
            dfiltered.iter().zip(dy).for_each(|(d, dy)| filter.backward(d, dy));
        }
    }
    let least = least_len(resolutions, pre_emphasis);
    let samples: usize = signals.iter().map(Signal::len).filter(|&len| len >= least).sum();
    let weight = T::from_f64(samples as f64);
    Total { sum: mean * weight, weight }
}

/// A signal of fewer samples is seen by none of these resolutions.
pub(super) fn least_len(resolutions: &[Resolution], pre_emphasis: Option<f64>) -> usize {
    let len = resolutions.iter().map(Resolution::min_len).min().unwrap_or(1);
    len + usize::from(pre_emphasis.is_some())
}

/// The spectra of signals at one resolution, made frame by frame whenever they are looked at: those of a long recording
/// are larger than itself.
struct Spectra<'a, T> {
    resolution: Resolution,
    fourier: Fourier<T>,
    window: Vec<T>,
    /// Each an output and its target.
    signals: &'a [[Vec<T>; 2]],
}

/// The spectra of an output and its target around one sample, `[fft / 2 + 1]`.
#[derive(Default)]
struct Frame<T> {
    y: Vec<Complex<T>>,
    y_magnitudes: Vec<T>,
    t_magnitudes: Vec<T>,
}

/// What the two terms are made of.
struct Terms<T> {
    /// `sum (Y - T)^2`
    difference: T,
    /// `sum T^2`
    energy: T,
    /// `sum |ln Y - ln T|`
    logarithms: T,
    bins: T,
}

impl<T: Scalar> Terms<T> {
    /// `|Y - T| / |T|`
    fn convergence(&self) -> T {
        if self.difference > T::default() {
            let ratio = self.difference / self.energy;
            ratio * ratio.rsqrt()
        } else {
            T::default()
        }
    }

    /// `mean |ln Y - ln T|`
    fn log_magnitude(&self) -> T {
        if self.bins > T::default() { self.logarithms / self.bins } else { T::default() }
    }
}

impl<'a, T: Scalar> Spectra<'a, T> {
    fn new(resolution: Resolution, signals: &'a [[Vec<T>; 2]]) -> Self {
        let window = (0..resolution.window).map(|n| T::from_f64(hann(n, resolution.window))).collect();
        Spectra { resolution, fourier: Fourier::new(resolution.fft), window, signals }
    }

    /// Shows each frame, the number of its signal, and the sample at which its window begins, which is before the signal's
    /// start where that is negative.
    fn each_frame(&self, mut show: impl FnMut(usize, isize, &Frame<T>)) {
        let Resolution { hop, window, .. } = self.resolution;
        let (mut frame, mut buffer) = (Frame::default(), Vec::new());
        for (n, [y, t]) in
            self.signals.iter().enumerate().filter(|(_, [y, _])| y.len() >= self.resolution.min_len())
        {
            for centre in (0..=y.len()).step_by(hop) {
                let start = centre as isize - (window / 2) as isize;
                self.transform(start, y, t, &mut frame, &mut buffer);
                show(n, start, &frame);
            }
        }
    }

    /// Both spectra from one transform of `y + i t`.
    fn transform(&self, start: isize, y: &[T], t: &[T], frame: &mut Frame<T>, buffer: &mut Vec<Complex<T>>) {
        let fft = self.resolution.fft;
        buffer.clear();
        buffer.resize(fft, Complex::default());
        let window = self.window.iter().zip(start..);
        for (to, (&w, at)) in buffer[self.offset()..].iter_mut().zip(window) {
            let at = mirrored(at, y.len());
            *to = Complex { re: w * y[at], im: w * t[at] };
        }
        self.fourier.forward(buffer);
        let Frame { y: bins, y_magnitudes, t_magnitudes } = frame;
        bins.clear();
        y_magnitudes.clear();
        t_magnitudes.clear();
        for k in 0..=fft / 2 {
            let [y, t] = of_two_real(buffer, k);
            bins.push(y);
            y_magnitudes.push(magnitude(y));
            t_magnitudes.push(magnitude(t));
        }
    }

    /// Where the window begins in a frame.
    fn offset(&self) -> usize {
        (self.resolution.fft - self.resolution.window) / 2
    }

    fn terms(&self) -> Terms<T> {
        let zero = T::default();
        let mut sums = Terms { difference: zero, energy: zero, logarithms: zero, bins: zero };
        self.each_frame(|_, _, frame| {
            // By frames, so that rounding does not grow with their number.
            let (mut difference, mut energy, mut logarithms) = (zero, zero, zero);
            for (&y, &t) in frame.y_magnitudes.iter().zip(&frame.t_magnitudes) {
                difference += (y - t) * (y - t);
                energy += t * t;
                let ratio = (y / t).ln();
                logarithms += if ratio < zero { zero - ratio } else { ratio };
            }
            sums.difference += difference;
            sums.energy += energy;
            sums.logarithms += logarithms;
            sums.bins += T::from_f64(frame.y.len() as f64);
        });
        sums
    }

    /// Adds `scale` times the gradient of both terms to `dy [N]` of each signal.
    ///
    /// With `G[k]`, the derivatives with respect to the real and the imaginary part of bin `k` as a complex number, it is
    /// `dy[n] = w[n] sum_k Re(G[k] exp(2 pi i k n / N))`: the real part of the transform of the conjugates.
    fn backward(&self, terms: &Terms<T>, scale: T, dy: &mut [Vec<T>]) {
        let (offset, zero) = (self.offset(), T::default());
        // d |Y - T| / |T| = (Y - T) dY / (|Y - T| |T|)
        let of_difference = if terms.difference > zero {
            scale * terms.difference.rsqrt() * terms.energy.rsqrt()
        } else {
            zero
        };
        let of_logarithm = if terms.bins > zero { scale / terms.bins } else { zero };
        let mut buffer = Vec::new();
        self.each_frame(|signal, start, frame| {
            buffer.clear();
            buffer.resize(self.resolution.fft, Complex::default());
            let magnitudes = frame.y_magnitudes.iter().zip(&frame.t_magnitudes);
            for ((to, &bin), (&y, &t)) in buffer.iter_mut().zip(&frame.y).zip(magnitudes) {
                if !is_audible(bin) {
                    continue;
                }
                let of_sign = if y > t {
                    of_logarithm
                } else if y < t {
                    zero - of_logarithm
                } else {
                    zero
                };
                let factor = (of_difference * (y - t) + of_sign / y) / y;
                *to = Complex { re: factor * bin.re, im: zero - factor * bin.im };
            }
            self.fourier.forward(&mut buffer);
            let dy = &mut dy[signal];
            let len = dy.len();
            let window = self.window.iter().zip(start..);
            for (d, (&w, at)) in buffer[offset..].iter().zip(window) {
                dy[mirrored(at, len)] += w * d.re;
            }
        });
    }
}

fn power<T: Scalar>(bin: Complex<T>) -> T {
    bin.re * bin.re + bin.im * bin.im
}

fn is_audible<T: Scalar>(bin: Complex<T>) -> bool {
    power(bin) > T::from_f64(LEAST_POWER)
}

/// `sqrt(max(|bin|^2, 1e-8))`
fn magnitude<T: Scalar>(bin: Complex<T>) -> T {
    let power = if is_audible(bin) { power(bin) } else { T::from_f64(LEAST_POWER) };
    power * power.rsqrt()
}

/// Hann's window, which would be 0 again after its last value.
fn hann(n: usize, len: usize) -> f64 {
    0.5 - 0.5 * libm::cos(TAU * n as f64 / len as f64)
}

/// The sample that stands for one outside of the signal, which both its ends mirror.
fn mirrored(at: isize, len: usize) -> usize {
    let last = len as isize - 1;
    let from_start = at.abs();
    (last - (last - from_start).abs()) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_mirror_without_their_own_sample() {
        let places: Vec<usize> = (-3..8).map(|at| mirrored(at, 5)).collect();
        assert_eq!(places, [3, 2, 1, 0, 1, 2, 3, 4, 3, 2, 1]);
    }
}
