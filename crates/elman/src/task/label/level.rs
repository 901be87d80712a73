//! At which level recordings are learned.
//!
//! The gates of a network are made for numbers about 1: what stays far below that moves them as a straight line would, and
//! what is far above shuts them. So recordings are multiplied with powers of two before they are learned, which is exact
//! in floating point numbers and is exactly undone by the model, whose answers are at the recordings' own level.

use std::ops::RangeInclusive;

use super::{LabelOptions, Scale};
use crate::audio::decibels;
use crate::error::Message;
use crate::loss::Loss;
use crate::scaling::Scaling;

/// Where the level of the target is by more than these factors below or above that of the input, 6 dB and 12 dB, each has a
/// gain of its own.
const ALIKE: RangeInclusive<f64> = 0.5..=4.0;
/// No gain is beyond 2 to this power, up or down, 240 dB: weights that take it up stay within `f32`.
const LARGEST: f64 = 40.0;

/// Samples whose power is taken together: some milliseconds.
const BLOCK: usize = 256;
/// Blocks below this share of the mean power, -120 dB, are silent.
const SILENT: f64 = 1e-12;
/// The share of blocks, the loudest, that count no more than the next: clicks and pops do not tell how loud the rest is.
const CLICKS: f64 = 0.01;

/// How loud samples are while they play: the root of the mean power of short blocks, in which each counts by its energy,
/// `sqrt(3/2 sum p^2 / sum p)`, so that a sine of amplitude 1 has `sqrt(3/4)`. Neither silence, however long, nor an offset has a
/// part in it, nor have clicks.
#[derive(Clone, Debug, Default)]
pub(super) struct Loudness {
    /// The sum of each whole block's samples, and of their squares.
    blocks: Vec<[f64; 2]>,
    /// The same of the block that has begun, and its samples.
    begun: [f64; 2],
    samples: usize,
}

impl Loudness {
    pub(super) fn add(&mut self, sample: f64) {
        self.begun[0] += sample;
        self.begun[1] += sample * sample;
        self.samples += 1;
        if self.samples == BLOCK {
            self.blocks.push(std::mem::take(&mut self.begun));
            self.samples = 0;
        }
    }

    /// Above 0; nothing is known of silence.
    fn level(&self) -> Option<Level> {
        let whole = self.blocks.iter().map(|block| (*block, BLOCK));
        let blocks = || whole.clone().chain((self.samples > 0).then_some((self.begun, self.samples)));
        let count: usize = blocks().map(|(_, samples)| samples).sum();
        let mut means: Vec<f64> = blocks().map(|([sum, _], samples)| sum / samples as f64).collect();
        means.sort_by(f64::total_cmp);
        let mean = *means.get(means.len() / 2)?;
        // What rounding leaves of an offset is silence.
        let least = SILENT * blocks().map(|([_, squares], _)| squares).sum::<f64>() / count as f64;
        let power = |([sum, squares], samples): ([f64; 2], usize)| {
            (squares - 2.0 * mean * sum) / samples as f64 + mean * mean
        };
        let mut powers: Vec<f64> = blocks().map(power).filter(|power| *power > least).collect();
        powers.sort_by(f64::total_cmp);
        let loudest = *powers.get(((1.0 - CLICKS) * powers.len().checked_sub(1)? as f64) as usize)?;
        let (squares, sum) = powers.iter().fold((0.0, 0.0), |(squares, sum), power| {
            let power = power.min(loudest);
            (squares + power * power, sum + power)
        });
        let level = (1.5 * squares / sum).sqrt();
        (level > 0.0 && level.is_finite()).then_some(Level { played: level, all: level.max(mean.abs()) })
    }
}

/// What is known of how loud something is: what plays, and that or the offset that it plays around.
#[derive(Clone, Copy, Debug)]
struct Level {
    played: f64,
    all: f64,
}

/// What inputs and targets are multiplied with before a network sees them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gains {
    pub(super) input: f64,
    pub(super) target: f64,
}

impl Gains {
    const NONE: Self = Gains { input: 1.0, target: 1.0 };

    /// Those that bring inputs and targets of training near 1, and what is to be said of them. Both have the same where the
    /// input is to be added to the answer, which is only then that of the device.
    ///
    /// Of five devices errors to signal are least about there (November 2026; three seeds, a few seconds of training). With a
    /// skip connection they are twice as large where the target is quieter by a factor of 2 to 4, and ten times by one of 8,
    /// since most of what is added has to be taken off again; louder by a factor of 4 it does no harm. Without one they stay.
    pub(super) fn find([input, target]: &[Loudness; 2], options: &LabelOptions) -> (Self, Option<Message>) {
        let (Some(input), Some(target)) = (input.level(), target.level()) else { return (Gains::NONE, None) };
        if options.scale == Some(Scale::None) {
            return (Gains::NONE, None);
        }
        if options.skip.map_or(ALIKE.contains(&(target.played / input.played)), |inputs| inputs > 0) {
            let gain = gain(input.all.sqrt() * target.all.sqrt());
            return (Gains { input: gain, target: gain }, None);
        }
        let said = options.skip.is_none().then(|| {
            let by = 2.0 * decibels(target.played / input.played);
            let text = format!(
                "the target is {:.0} dB {} than the input, so each is learned at a level of its own, and the input is not added \
                 to the answer (",
                by.abs(),
                if by < 0.0 { "quieter" } else { "louder" }
            );
            Message::from(text).option("skip").text(" 1 adds it)")
        });
        (Gains { input: gain(input.all), target: gain(target.all) }, said)
    }

    /// Of inputs and of targets.
    pub(super) fn scalings(self) -> [Scaling; 2] {
        [self.input, self.target].map(|gain| Scaling { mean: 0.0, deviation: 1.0 / gain })
    }
}

/// The power of two that brings a level nearest to 1.
fn gain(level: f64) -> f64 {
    (-level.log2()).round().clamp(-LARGEST, LARGEST).exp2()
}

/// The power with which a loss grows with the level of outputs and targets: 0 of one that is a share of them. Terms of a sum
/// have one alone where they agree.
pub(super) fn degree(loss: &Loss) -> Option<i32> {
    match loss {
        Loss::Squared | Loss::Huber { .. } => Some(2),
        Loss::Absolute => Some(1),
        Loss::Sum { terms } => {
            let mut degrees = terms.iter().map(|(_, loss)| degree(loss));
            let first = degrees.next()?;
            first.filter(|_| degrees.all(|other| other == first))
        }
        _ => Some(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loud(level: f64, silence: usize) -> Loudness {
        let mut loudness = Loudness::default();
        (0..4096).for_each(|n| loudness.add(level * (f64::from(n) * std::f64::consts::TAU / 32.0).sin()));
        (0..silence).for_each(|_| loudness.add(0.0));
        loudness
    }

    fn found(input: f64, target: f64, options: &LabelOptions) -> ([f64; 2], String) {
        let (gains, said) = Gains::find(&[loud(input, 0), loud(target, 0)], options);
        ([gains.input, gains.target], said.map_or(String::new(), |said| said.to_string()))
    }

    #[test]
    fn the_level_is_that_of_what_plays() {
        let level = |silence| loud(0.5, silence).level().unwrap().played;
        // Of a sine of amplitude a: a sqrt(3 / 4).
        assert!((level(0) - 0.5 * 0.75f64.sqrt()).abs() < 1e-3, "{}", level(0));
        assert!((level(1_000_000) - level(0)).abs() < 1e-9);
        // Two clicks and a pop, and an offset.
        let mut clicks = loud(0.01, 0);
        for n in 0..100_000 {
            clicks.add(0.01 * (f64::from(n) * std::f64::consts::TAU / 32.0).sin());
            if n % 50_000 == 700 {
                clicks.add(1000.0);
            }
        }
        assert!((clicks.level().unwrap().all / loud(0.01, 0).level().unwrap().all - 1.0).abs() < 0.01);
        let mut offset = Loudness::default();
        (0..4096).for_each(|n| offset.add(0.3 + 0.01 * (f64::from(n) * std::f64::consts::TAU / 32.0).sin()));
        assert!((offset.level().unwrap().played / loud(0.01, 0).level().unwrap().played - 1.0).abs() < 1e-6);
        let mut constant = Loudness::default();
        (0..4096).for_each(|_| constant.add(0.3));
        assert!((offset.level().unwrap().all - 0.3).abs() < 0.01);
        assert!(constant.level().is_none());
        assert!(Loudness::default().level().is_none() && loud(0.0, 5).level().is_none());
    }

    #[test]
    fn recordings_of_any_level_are_brought_next_to_1() {
        let usual = LabelOptions::default();
        for (level, gain) in [(1.0, 1.0), (0.5, 2.0), (0.05, 32.0), (1e-3, 1024.0), (40.0, 0.03125)] {
            assert_eq!(found(level, level, &usual), ([gain; 2], String::new()));
        }
        let as_they_are = usual.clone().with_scale(Scale::None);
        assert_eq!(found(0.05, 0.001, &as_they_are).0, [1.0; 2]);
        assert_eq!(found(0.0, 0.5, &usual).0, [1.0; 2]);
        // What weights take up stays within f32.
        assert_eq!(found(1e-30, 1e30, &usual).0, [2f64.powi(40), 2f64.powi(-40)]);
    }

    #[test]
    fn input_and_target_have_one_gain_where_the_input_is_added() {
        let usual = LabelOptions::default();
        let said = "the target is 40 dB quieter than the input, so each is learned at a level of its own, and the input is not \
                    added to the answer (skip 1 adds it)";
        assert_eq!(found(0.5, 0.005, &usual), ([2.0, 256.0], said.to_owned()));
        assert!(found(0.05, 0.5, &usual).1.starts_with("the target is 20 dB louder than the input"));
        assert_eq!(found(0.5, 0.3, &usual), ([4.0; 2], String::new()));
        assert_eq!(found(0.2, 0.7, &usual), ([4.0; 2], String::new()));
        let with = |inputs| usual.clone().with_skip(inputs);
        assert_eq!(found(0.5, 0.005, &with(1)), ([32.0; 2], String::new()));
        assert_eq!(found(0.5, 0.25, &with(0)), ([2.0, 4.0], String::new()));
    }

    #[test]
    fn losses_grow_with_the_level_or_do_not() {
        let sum = |terms: Vec<(f64, Loss)>| Loss::Sum { terms };
        assert_eq!(
            [Loss::Squared, Loss::Absolute, Loss::huber(1.0)].each_ref().map(degree),
            [2, 1, 2].map(Some)
        );
        assert_eq!([Loss::esr_dc(), Loss::mrstft(), Loss::Dc].each_ref().map(degree), [Some(0); 3]);
        assert_eq!(degree(&sum(vec![(1.0, Loss::Squared), (0.5, Loss::huber(1.0))])), Some(2));
        assert_eq!(degree(&sum(vec![(1.0, Loss::Squared), (0.5, Loss::mrstft())])), None);
    }
}
