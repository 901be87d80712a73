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

/// How loud samples are while they play: the root of the mean square, in which each counts by its energy,
/// `sqrt(sum x^4 / sum x^2)`. Silence, however long, has no part in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Loudness {
    squares: f64,
    fourths: f64,
}

impl Loudness {
    pub(super) fn add(&mut self, sample: f64) {
        let square = sample * sample;
        self.squares += square;
        self.fourths += square * square;
    }

    /// Above 0; nothing is known of silence.
    fn level(self) -> Option<f64> {
        let level = (self.fourths / self.squares).sqrt();
        (level > 0.0 && level.is_finite()).then_some(level)
    }
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
    pub(super) fn find([input, target]: [Loudness; 2], options: &LabelOptions) -> (Self, Option<Message>) {
        let (Some(input), Some(target)) = (input.level(), target.level()) else { return (Gains::NONE, None) };
        if options.scale == Some(Scale::None) {
            return (Gains::NONE, None);
        }
        if options.skip.map_or(ALIKE.contains(&(target / input)), |inputs| inputs > 0) {
            let gain = gain(input.sqrt() * target.sqrt());
            return (Gains { input: gain, target: gain }, None);
        }
        let said = options.skip.is_none().then(|| {
            let by = 2.0 * decibels(target / input);
            let text = format!(
                "the target is {:.0} dB {} than the input, so each is learned at a level of its own, and the input is not added \
                 to the answer (",
                by.abs(),
                if by < 0.0 { "quieter" } else { "louder" }
            );
            Message::from(text).option("skip").text(" 1 adds it)")
        });
        (Gains { input: gain(input), target: gain(target) }, said)
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
        (0..1000).for_each(|n| loudness.add(level * (f64::from(n) * 0.3).sin()));
        (0..silence).for_each(|_| loudness.add(0.0));
        loudness
    }

    fn found(input: f64, target: f64, options: &LabelOptions) -> ([f64; 2], String) {
        let (gains, said) = Gains::find([loud(input, 0), loud(target, 0)], options);
        ([gains.input, gains.target], said.map_or(String::new(), |said| said.to_string()))
    }

    #[test]
    fn the_level_is_that_of_what_plays() {
        let level = |silence| loud(0.5, silence).level().unwrap();
        // Of a sine of amplitude a: a sqrt(3 / 4).
        assert!((level(0) - 0.5 * 0.75f64.sqrt()).abs() < 1e-3, "{}", level(0));
        assert_eq!(level(1_000_000), level(0));
        assert_eq!((Loudness::default().level(), loud(0.0, 5).level()), (None, None));
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
