//! Inputs that trainers of amplifier models hand out, whose places of clicks and of silence are known.

use std::ops::Range;

use super::Track;
use crate::error::DataError;

/// Such an input. Places are samples from the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What it is called.
    pub name: &'static str,
    /// Its samples per second.
    pub sample_rate: u32,
    /// Where single clicks are.
    blips: &'static [usize],
    /// Where there is silence, in which the device's noise is heard.
    noise: (usize, usize),
    /// Where what is to be learned begins, and how many samples at the end repeat those at the start, if they do.
    repeated: Option<(usize, usize)>,
}

const LAYOUTS: [Layout; 4] = [
    Layout {
        name: "NAM's input of the third version",
        sample_rate: 48_000,
        blips: &[504_000, 552_000],
        noise: (492_000, 498_000),
        repeated: Some((480_000, 432_000)),
    },
    Layout {
        name: "NAM's input of the second version",
        sample_rate: 48_000,
        blips: &[24_000, 72_000],
        noise: (12_000, 18_000),
        repeated: None,
    },
    Layout {
        name: "NAM's input of the first version",
        sample_rate: 48_000,
        blips: &[12_000, 36_000],
        noise: (0, 6_000),
        repeated: None,
    },
    Layout {
        name: "Proteus' input",
        sample_rate: 44_100,
        blips: &[22_050],
        noise: (6_000, 12_000),
        repeated: None,
    },
];

/// A click is at least so loud.
const CLICK: f32 = 0.05;
/// Silence is at most so loud.
const SILENCE: f32 = 1e-3;
/// A click is no longer than so many samples.
const CLICK_LENGTH: usize = 64;

impl Layout {
    /// That of an input, if it has one: the clicks are where they should be, with silence before and between.
    ///
    /// # Errors
    /// If the input cannot be read any more.
    pub fn of(input: &Track) -> Result<Option<&'static Layout>, DataError> {
        for layout in &LAYOUTS {
            if layout.is_of(input)? {
                return Ok(Some(layout));
            }
        }
        Ok(None)
    }

    fn is_of(&self, input: &Track) -> Result<bool, DataError> {
        let is_silent = |range: Range<usize>| {
            let samples = input.get(range)?;
            Ok(samples.is_some_and(|samples| samples.iter().all(|x| x.abs() <= SILENCE)))
        };
        if input.sample_rate() != self.sample_rate {
            return Ok(false);
        }
        for &blip in self.blips {
            let click = input.get(blip..blip + CLICK_LENGTH)?;
            let is_click = click.is_some_and(|click| click.iter().take(2).any(|x| x.abs() >= CLICK))
                && is_silent(blip - 1000..blip)?
                && is_silent(blip + CLICK_LENGTH..blip + 1000)?;
            if !is_click {
                return Ok(false);
            }
        }
        is_silent(self.noise())
    }

    pub(super) fn blips(&self) -> &'static [usize] {
        self.blips
    }

    pub(super) fn noise(&self) -> Range<usize> {
        self.noise.0..self.noise.1
    }

    /// Where training begins, and how many samples are both the first and the last.
    pub(super) fn repeated(&self) -> Option<(usize, usize)> {
        self.repeated
    }
}
