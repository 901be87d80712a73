//! How much later a device answers than it is asked: from clicks whose places are known, as NAM finds it, else from the
//! impulse response that explains the target best.

use super::response::Begin;
use super::{Layout, Pair, Sound, seconds};
use crate::error::{DataError, Message};

/// What is known of how late the target is.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// The samples by which it is late, where that was found.
    pub found: Option<i64>,
    /// The samples by which it is moved back.
    pub delay: i64,
    /// What is to be said of it.
    pub remark: Message,
}

/// Samples before a click, and after it, in which the answer is looked for.
const BEFORE: usize = 1000;
const AFTER: usize = 10_000;
/// An answer is louder than the loudest noise by so much, and by such a factor.
const ABOVE: f32 = 3e-4;
const TIMES: f32 = 1.001;
/// An answer is moved back by so many samples less, so that it is never before its cause.
const SAFETY: i64 = 1;
/// What is found of a device differs by so much from recording to recording.
const NEAR: u64 = 8;

impl Pair {
    /// How late the target is.
    ///
    /// # Errors
    /// If a recording cannot be read any more.
    pub fn latency(&self) -> Result<Latency, DataError> {
        match Layout::of(&self.input)? {
            Some(layout) => self.by_clicks(layout),
            None => self.by_response(),
        }
    }

    /// The delay that the user says.
    pub fn latency_as_said(&self, delay: i64) -> Latency {
        let remark = Message::from(format!("{}: taken as {}, as ", self.target.name(), late(delay)));
        Latency { found: None, delay, remark: remark.option("latency").text(" says") }
    }

    /// How late the target is to be taken for a model of this sound: as late as in training. Where recordings differed in that,
    /// it is found here as it was there, and what is found next to one of training's is taken as that. Where training's is not
    /// known, it is what is found.
    ///
    /// # Errors
    /// If a recording cannot be read any more.
    pub fn latency_for(&self, sound: &Sound) -> Result<Latency, DataError> {
        let here = self.latency()?;
        let Some(delay) = sound.delay else { return Ok(here) };
        let Some(found) = here.found else { return Ok(self.latency_as_trained(delay, None)) };
        let known = if sound.delays.is_empty() { std::slice::from_ref(&delay) } else { &sound.delays };
        let nearest = known.iter().copied().min_by_key(|known| known.abs_diff(here.delay));
        Ok(match nearest {
            Some(known) if known.abs_diff(here.delay) <= NEAR => self.latency_as_trained(known, None),
            _ if sound.delays.is_empty() => self.latency_as_trained(delay, Some(found)),
            _ => here,
        })
    }

    /// The delay that a model was trained with, where another may have been found.
    fn latency_as_trained(&self, delay: i64, found: Option<i64>) -> Latency {
        let text = format!("{}: taken as {}, as in training (", self.target.name(), late(delay));
        let remark = Message::from(text).option("latency").text(" overrules)");
        let remark = match found {
            Some(found) => remark
                .text(format!(", though it looks {}: if it was recorded otherwise, say so", late(found))),
            None => remark,
        };
        Latency { found, delay, remark }
    }

    /// In the mean of what follows the clicks, the first sample beyond the noise.
    fn by_clicks(&self, layout: &Layout) -> Result<Latency, DataError> {
        let target = &self.target;
        let noise = target.get(layout.noise())?.unwrap_or_default();
        let background = noise.iter().fold(0.0, |loudest: f32, y| loudest.max(y.abs()));
        let threshold = (background + ABOVE).max(TIMES * background);
        let windows =
            layout.blips().iter().filter_map(|blip| target.get(blip - BEFORE..blip + AFTER).transpose());
        let windows = windows.collect::<Result<Vec<_>, _>>()?;
        let mean = |n: usize| windows.iter().map(|window| window[n]).sum::<f32>() / windows.len() as f32;
        let first =
            if windows.is_empty() { None } else { (0..BEFORE + AFTER).find(|&n| mean(n).abs() > threshold) };
        let by = format!("the clicks of {}", layout.name);
        Ok(match first {
            None => self.not_found(&format!("no answer to {by} is louder than the noise")),
            Some(0) => self.not_found(&format!("before {by} there is as much as after them")),
            Some(first) => self.found(first as i64 - BEFORE as i64, &by),
        })
    }

    /// Where the impulse response begins that explains the target best.
    fn by_response(&self) -> Result<Latency, DataError> {
        Ok(match self.response_begins()? {
            Begin::At(found) => self.found(found, &format!("comparing it with {}", self.input.name())),
            Begin::TooShort => self.not_found("the recordings are too short or too quiet to tell"),
            Begin::Unclear(longest) => self.not_found(&format!(
                "the target does not follow the input clearly, up to {} earlier or later",
                seconds(longest, self.input.sample_rate())
            )),
        })
    }

    fn not_found(&self, why: &str) -> Latency {
        let text = format!(
            "{}: how late it is was not found ({why}); it is taken as it is; if it is late, say by how many samples with ",
            self.target.name()
        );
        Latency { found: None, delay: 0, remark: Message::from(text).option("latency") }
    }

    fn found(&self, found: i64, by: &str) -> Latency {
        let delay = found - SAFETY;
        let (moved, than) = if delay < 0 { ("forward", "more") } else { ("back", "less") };
        let text = format!(
            "{}: {}, by {by}; moved {moved} by {}, one {than}, so that no answer is before its cause (",
            self.target.name(),
            late(found),
            delay.abs()
        );
        Latency {
            found: Some(found),
            delay,
            remark: Message::from(text).option("latency").text(" overrules)"),
        }
    }
}

/// How late a delay in samples is, in words: `3 samples late`, or early where it is negative.
pub fn late(delay: i64) -> String {
    let samples = if delay.abs() == 1 { "sample" } else { "samples" };
    format!("{} {samples} {}", delay.abs(), if delay < 0 { "early" } else { "late" })
}
