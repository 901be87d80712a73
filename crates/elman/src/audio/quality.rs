//! What of a recording spoils a model.

use super::{Layout, Pair, Track, error_to_signal, seconds};
use crate::error::{DataError, Message};
use crate::words::counted;

/// A recording is quiet whose loudest sample is below this: -40 dB.
const QUIET: f32 = 0.01;
/// One is loud whose loudest sample is above this: 20 dB more than full scale.
const LOUD: f32 = 10.0;
/// A mean beyond this is an offset.
const OFFSET: f64 = 0.01;
/// What the device makes of the same input twice differs by at most this share of its energy: NAM's limit.
const REPLICATE: f64 = 0.01;

/// What is to be said of a pair.
pub(super) fn remarks(pair: &Pair) -> Result<Vec<Message>, DataError> {
    let mut remarks = Vec::new();
    for recording in [&pair.input, &pair.target] {
        remarks.extend(clipping(recording));
        remarks.extend(quiet(recording));
        remarks.extend(loud(recording));
        remarks.extend(offset(recording));
    }
    remarks.extend(unchanged(pair));
    remarks.extend(replicate(pair)?);
    Ok(remarks)
}

/// What went in came out.
fn unchanged(pair: &Pair) -> Option<Message> {
    let [input, target] = [&pair.input, &pair.target];
    (input.len() == target.len() && input.facts.checksum == target.facts.checksum).then(|| {
        format!(
            "{}: it holds the samples of {}, so there is nothing to learn; name what came out of the device",
            target.name(),
            input.name()
        )
        .into()
    })
}

fn clipping(recording: &Track) -> Option<Message> {
    let peaks = recording.facts.clipped;
    let place = seconds(recording.facts.first_clipped, recording.sample_rate());
    (peaks > 0).then(|| {
        format!(
            "{}: {} cut off at full scale, the first at {place}; the recorder clips there, not the device: record it \
             more quietly",
            recording.name(),
            counted(peaks, "peak")
        )
        .into()
    })
}

fn quiet(recording: &Track) -> Option<Message> {
    let loudest = recording.facts.loudest;
    (loudest < QUIET).then(|| {
        let level = 20.0 * f64::from(loudest).log10();
        format!(
            "{}: its loudest sample is at {level:.0} dB; record it louder, or noise is learned",
            recording.name()
        )
        .into()
    })
}

fn loud(recording: &Track) -> Option<Message> {
    let loudest = recording.facts.loudest;
    (loudest > LOUD).then(|| {
        format!(
            "{}: its loudest sample is {}, where full scale is 1; samples are learned as they are, so write them at that scale",
            recording.name(),
            figure(loudest)
        )
        .into()
    })
}

/// A number of any size in few digits.
fn figure(value: f32) -> String {
    if value < 1e6 { format!("{value:.0}") } else { format!("{value:.0e}") }
}

fn offset(recording: &Track) -> Option<Message> {
    let mean = recording.facts.mean;
    (mean.abs() > OFFSET).then(|| {
        format!("{}: its mean is {mean:.3}, not 0 (DC); the model learns that too", recording.name()).into()
    })
}

/// Of an input that ends as it began: does the device answer it in the same way?
fn replicate(pair: &Pair) -> Result<Option<Message>, DataError> {
    let Some((_, len)) = Layout::of(&pair.input)?.and_then(Layout::repeated) else { return Ok(None) };
    let target = &pair.target;
    let Some(last) = target.len().checked_sub(len) else { return Ok(None) };
    let part =
        |range| Ok::<_, DataError>(target.read(range)?.iter().map(|&y| y.into()).collect::<Vec<f64>>());
    let ratio = error_to_signal(&part(last..target.len())?, &part(0..len)?);
    Ok(ratio.filter(|&ratio| ratio > REPLICATE).map(|ratio| {
        format!(
            "{}: the device answers the same input at the start and at the end differently (error to signal {ratio:.4}, \
             above {REPLICATE}): something changed between, or there is much noise; a model cannot be better than that",
            target.name()
        )
        .into()
    }))
}
