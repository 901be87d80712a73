//! How the energy of sound lies over time and frequency.

use std::f64::consts::TAU;

use super::{Heat, Picture, Span};
use crate::audio::decibels;
use crate::fourier::{Complex, Fourier};
use crate::words::thousands;

/// The samples of a transform, and from the start of one to the start of the next.
pub(super) const LEN: usize = 1024;
const HOP: usize = LEN / 2;

/// The bands of frequency that are drawn, each of as many frequencies of a transform.
const BANDS: usize = 64;

/// The stretches of time that are drawn at the most.
const MOST_COLUMNS: usize = 200;

/// What is quieter, in decibels beside the loudest, is drawn as that.
const FLOOR: f64 = -80.0;

/// The mean of `|X[k]|^2` over the transforms and frequencies of each place, of samples times a Hann window.
struct Spectrogram {
    /// `[bands, columns]`, the lowest band first.
    power: Vec<Vec<f64>>,
    /// The sample with which each column begins.
    starts: Vec<usize>,
    /// The transforms, whose middles are [`HOP`] samples apart.
    frames: usize,
}

impl Spectrogram {
    /// None of fewer samples than a transform has.
    fn new(samples: &[f64]) -> Option<Self> {
        let frames = samples.len().checked_sub(LEN)? / HOP + 1;
        let columns = frames.min(MOST_COLUMNS);
        let window: Vec<f64> = (0..LEN).map(|n| 0.5 - 0.5 * (TAU * n as f64 / LEN as f64).cos()).collect();
        let fourier = Fourier::new(LEN);
        let bins = LEN / 2 / BANDS;
        let mut power = vec![vec![0.0; columns]; BANDS];
        let mut starts = Vec::new();
        for column in 0..columns {
            let (first, end) = (column * frames / columns, (column + 1) * frames / columns);
            starts.push(first * HOP);
            for frame in first..end {
                let windowed = samples[frame * HOP..].iter().zip(&window).map(|(x, w)| x * w);
                let mut x: Vec<Complex<f64>> = windowed.map(|re| Complex { re, im: 0.0 }).collect();
                fourier.forward(&mut x);
                for (band, x) in power.iter_mut().zip(x.chunks(bins)) {
                    let sum: f64 = x.iter().map(|x| x.re * x.re + x.im * x.im).sum();
                    band[column] += sum / (bins * (end - first)) as f64;
                }
            }
        }
        Some(Spectrogram { power, starts, frames })
    }

    fn loudest(&self) -> f64 {
        self.power.iter().flatten().copied().fold(0.0, f64::max)
    }
}

/// A picture of each of these signals, of one length and on one scale; none of silence, or of fewer than [`LEN`] samples. The
/// first sample is number `first`, from 0, of a recording, and the titles say `whose` they are.
pub(super) fn pictures(
    signals: [(&str, &[f64]); 3],
    whose: &str,
    first: usize,
    sample_rate: u32,
) -> Vec<Picture> {
    let all: Vec<(&str, Spectrogram)> =
        signals.into_iter().filter_map(|(name, samples)| Some((name, Spectrogram::new(samples)?))).collect();
    let loudest = all.iter().map(|(_, spectrogram)| spectrogram.loudest()).fold(0.0, f64::max);
    if loudest == 0.0 {
        return Vec::new();
    }
    let rate = f64::from(sample_rate);
    let middle = |band: usize| {
        let bins = (LEN / 2 / BANDS) as f64;
        (band as f64 * bins + (bins - 1.0) / 2.0) * rate / LEN as f64
    };
    // Each transform stands for the samples around its middle that are nearer to it than to others, each frequency likewise.
    let seconds = |sample: usize| (first + sample) as f64 / rate;
    let half = (LEN - HOP) / 2;
    let kilohertz = |frequency: f64| frequency * rate / LEN as f64 / 1000.0;
    let level = |power: &f64| decibels(power / loudest).max(FLOOR);
    let picture = |(name, spectrogram): (&str, Spectrogram)| {
        let time = |&start: &usize| format!("{:.2}", (first + start) as f64 / rate);
        Picture::Heat(Heat {
            title: format!("Spectrogram{whose}: {name}"),
            notes: vec![format!(
                "The mean power of transforms of {} samples, in dB; 0 dB is the loudest place of target, output and \
                 residual, and what is below {FLOOR} dB is shown as that.",
                thousands(LEN)
            )],
            x: "seconds".into(),
            y: "frequency".into(),
            columns: spectrogram.starts.iter().map(time).collect(),
            rows: (0..BANDS).map(|band| format!("{:.2} kHz", middle(band) / 1000.0)).collect(),
            x_span: Some(Span {
                from: seconds(half),
                to: seconds(half + spectrogram.frames * HOP),
                unit: String::new(),
            }),
            y_span: Some(Span {
                from: kilohertz(-0.5),
                to: kilohertz((LEN / 2) as f64 - 0.5),
                unit: " kHz".into(),
            }),
            values: spectrogram.power.iter().map(|band| band.iter().map(level).collect()).collect(),
            unit: "dB".into(),
            most: Some(-FLOOR),
        })
    };
    all.into_iter().map(picture).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half of it silence, half a tone of 0.8 with the frequency of the 20th value of a transform: by its Hann window it has
    /// a quarter of `0.8 N` there, and half of that on either side.
    fn tone() -> Vec<f64> {
        let wave = |n: usize| 0.8 * (TAU * 20.0 * n as f64 / LEN as f64).sin();
        (0..16 * LEN).map(|n| if n < 8 * LEN { 0.0 } else { wave(n) }).collect()
    }

    #[test]
    fn a_tone_has_its_energy_where_it_sounds() {
        let found = Spectrogram::new(&tone()).unwrap();
        // 31 transforms, of which the 15th begins with silence.
        assert_eq!((found.power.len(), found.starts.len(), found.starts[30]), (BANDS, 31, 15 * LEN));
        let peak = 0.8 * LEN as f64 / 4.0;
        let expected = (peak * peak + 2.0 * (peak / 2.0).powi(2)) / 8.0;
        for column in 16..31 {
            assert!((found.power[2][column] / expected - 1.0).abs() < 1e-9, "{}", found.power[2][column]);
            assert!(found.power[40][column] < 1e-12 * expected);
        }
        assert!(found.power.iter().all(|band| band[..15].iter().all(|&power| power == 0.0)));
    }

    #[test]
    fn long_sounds_have_means_over_time() {
        // 511 transforms in 200 columns, of 2 or 3 each.
        let long = vec![0.5; 256 * LEN];
        let found = Spectrogram::new(&long).unwrap();
        assert_eq!((found.starts.len(), found.starts[1], found.starts[199]), (200, 2 * HOP, 508 * HOP));
        // Of a constant, half of `0.5 N` at 0, and half of that at the next.
        let expected = ((0.25 * 1024.0f64).powi(2) + (0.125 * 1024.0f64).powi(2)) / 8.0;
        assert!(found.power[0].iter().all(|power| (power / expected - 1.0).abs() < 1e-9));
    }

    #[test]
    fn signals_share_a_scale() {
        let tone = tone();
        let [output, residual] = [0.9, 0.1].map(|factor| tone.iter().map(|x| factor * x).collect::<Vec<_>>());
        let drawn =
            pictures([("target", &tone), ("output", &output), ("residual", &residual)], "", 24_000, 48_000);
        let levels: Vec<f64> = drawn
            .iter()
            .map(|picture| {
                let Picture::Heat(heat) = picture else { panic!("{picture:?}") };
                assert_eq!((heat.columns[0].as_str(), heat.columns[30].as_str()), ("0.50", "0.82"));
                assert_eq!((heat.rows[0].as_str(), heat.rows[63].as_str()), ("0.16 kHz", "23.79 kHz"));
                assert_eq!(heat.values[40][0], FLOOR);
                // From the middle between two transforms to that after the last.
                let x = heat.x_span.as_ref().unwrap();
                assert_eq!(
                    [x.from, x.to].map(|seconds| seconds * 48_000.0),
                    [24_256.0, 24_256.0 + 31.0 * 512.0]
                );
                let y = heat.y_span.as_ref().unwrap();
                assert!((y.to - y.from - 24.0).abs() < 1e-9 && y.from < 0.0, "{y:?}");
                heat.values[2][20]
            })
            .collect();
        for (found, expected) in levels.iter().zip([0.0, -0.915, -20.0]) {
            assert!((found - expected).abs() < 1e-3, "{levels:?}");
        }
        let silence = vec![0.0; 2 * LEN];
        for quiet in [&silence[..], &tone[..LEN - 1]] {
            assert_eq!(pictures([("a", quiet), ("b", quiet), ("c", quiet)], "", 0, 48_000), []);
        }
    }
}
