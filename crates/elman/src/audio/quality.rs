//! What of a recording spoils a model.

use super::{Layout, Pair, Recording, error_to_signal, seconds};
use crate::error::Message;
use crate::words::counted;

/// Full scale, but for the last bit of 16.
const FULL: f32 = 32_766.0 / 32_768.0;
/// So many samples at full scale in a row are a clipped peak.
const IN_A_ROW: usize = 3;
/// A recording is quiet whose loudest sample is below this: -40 dB.
const QUIET: f32 = 0.01;
/// A mean beyond this is an offset.
const OFFSET: f64 = 0.01;
/// What the device makes of the same input twice differs by at most this share of its energy: NAM's limit.
const REPLICATE: f64 = 0.01;

/// What is to be said of a pair.
pub(super) fn remarks(pair: &Pair) -> Vec<Message> {
    let mut remarks = Vec::new();
    for recording in [&pair.input, &pair.target] {
        remarks.extend(clipping(recording));
        remarks.extend(quiet(recording));
        remarks.extend(offset(recording));
    }
    remarks.extend(replicate(pair));
    remarks
}

fn clipping(recording: &Recording) -> Option<Message> {
    let (mut peaks, mut first, mut run) = (0, 0, 0);
    for (n, sample) in recording.samples.iter().enumerate() {
        run = if sample.abs() >= FULL { run + 1 } else { 0 };
        if run == IN_A_ROW {
            peaks += 1;
            if peaks == 1 {
                first = n + 1 - IN_A_ROW;
            }
        }
    }
    let place = seconds(first, recording.sample_rate);
    (peaks > 0).then(|| {
        format!(
            "{}: {} cut off at full scale, the first at {place}; the recorder clips there, not the device: record it \
             more quietly",
            recording.name,
            counted(peaks, "peak")
        )
        .into()
    })
}

fn quiet(recording: &Recording) -> Option<Message> {
    let loudest = recording.samples.iter().fold(0.0, |loudest: f32, sample| loudest.max(sample.abs()));
    (loudest < QUIET).then(|| {
        let level = 20.0 * f64::from(loudest).log10();
        format!(
            "{}: its loudest sample is at {level:.0} dB; record it louder, or noise is learned",
            recording.name
        )
        .into()
    })
}

fn offset(recording: &Recording) -> Option<Message> {
    let mean = recording.samples.iter().map(|&x| f64::from(x)).sum::<f64>() / recording.samples.len() as f64;
    (mean.abs() > OFFSET).then(|| {
        format!("{}: its mean is {mean:.3}, not 0 (DC); the model learns that too", recording.name).into()
    })
}

/// Of an input that ends as it began: does the device answer it in the same way?
fn replicate(pair: &Pair) -> Option<Message> {
    let (_, len) = Layout::of(&pair.input)?.repeated()?;
    let target = &pair.target.samples;
    let part = |samples: Option<&[f32]>| samples.map(|s| s.iter().map(|&y| y.into()).collect::<Vec<f64>>());
    let (first, last) = (part(target.get(..len))?, part(target.get(target.len().checked_sub(len)?..))?);
    let ratio = error_to_signal(&last, &first)?;
    (ratio > REPLICATE).then(|| {
        format!(
            "{}: the device answers the same input at the start and at the end differently (error to signal {ratio:.4}, \
             above {REPLICATE}): something changed between, or there is much noise; a model cannot be better than that",
            pair.target.name
        )
        .into()
    })
}
