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

/// Nothing is heard of what stays below this: -80 dB.
const SILENT: f32 = 1e-4;
/// A recording plays where it is louder than this share of its loudest sample: 20 dB less.
const PLAYS: f32 = 0.1;
/// Silence is looked for by parts of this many a second,
const PARTS: u32 = 20;
/// and remarked where it lasts half of one.
const LONG: usize = 10;

/// What is to be said of a pair, which will be learned from or not, and whose recordings are as long and begin here once the
/// target is as early as the input.
pub(super) fn remarks(
    pair: &Pair,
    (starts, len): ([usize; 2], usize),
    is_learned: bool,
) -> Result<Vec<Message>, DataError> {
    let mut remarks = Vec::new();
    for recording in [&pair.input, &pair.target] {
        remarks.extend(clipping(recording));
        remarks.extend(quiet(recording));
        remarks.extend(loud(recording));
        remarks.extend(offset(recording, is_learned));
    }
    remarks.extend(silence(pair, starts, len)?);
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

/// How loud a recording is at its loudest, in dB.
fn level(recording: &Track) -> f64 {
    20.0 * f64::from(recording.facts.loudest).log10()
}

fn quiet(recording: &Track) -> Option<Message> {
    (recording.facts.loudest < QUIET).then(|| {
        format!(
            "{}: its loudest sample is at {:.0} dB; record it louder, or noise is learned",
            recording.name(),
            level(recording)
        )
        .into()
    })
}

fn loud(recording: &Track) -> Option<Message> {
    let loudest = recording.facts.loudest;
    (loudest > LOUD).then(|| {
        format!(
            "{}: its loudest sample is {}, where full scale is 1, at which plug-ins play; write it at that scale",
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

fn offset(recording: &Track, is_learned: bool) -> Option<Message> {
    let mean = recording.facts.mean;
    let learned = if is_learned { "; the model learns that too" } else { "" };
    (mean.abs() > OFFSET)
        .then(|| format!("{}: its mean is {mean:.3}, not 0 (DC){learned}", recording.name()).into())
}

/// One recording is silent for a while in most of which the other plays: the longest such while of each.
fn silence(pair: &Pair, begin: [usize; 2], len: usize) -> Result<Vec<Message>, DataError> {
    let rate = pair.input.sample_rate();
    let part = (rate / PARTS).max(1) as usize;
    let both = [&pair.input, &pair.target];
    let level = |n: usize, start: usize| -> Result<f32, DataError> {
        let samples = both[n].read(begin[n] + start..begin[n] + len.min(start + part))?;
        Ok(samples.iter().fold(0.0, |loudest: f32, sample| loudest.max(sample.abs())))
    };
    let starts = (0..len).step_by(part);
    let levels = starts
        .map(|start| Ok([level(0, start)?, level(1, start)?]))
        .collect::<Result<Vec<[f32; 2]>, DataError>>()?;
    let longest = |silent: usize, playing: usize| {
        let plays = PLAYS * both[playing].facts.loudest;
        let is_silent = |levels: &[f32; 2]| levels[silent] < SILENT;
        let mut start = 0;
        let whiles = levels.chunk_by(|a, b| is_silent(a) == is_silent(b)).map(|parts| {
            let from = start;
            start += parts.len();
            (from, parts)
        });
        let is_wrong = |parts: &[[f32; 2]]| {
            let played = parts.iter().filter(|levels| levels[playing] > plays).count();
            is_silent(&parts[0]) && parts.len() >= LONG && 2 * played >= parts.len()
        };
        let (from, parts) =
            whiles.filter(|(_, parts)| is_wrong(parts)).max_by_key(|(_, parts)| parts.len())?;
        let text = format!(
            "{}: silent for {} from {} on, while {} plays; if a cable or a switch did that, cut it out of both, or record \
             them again",
            both[silent].name(),
            seconds(parts.len() * part, rate),
            seconds(begin[silent] + from * part, rate),
            both[playing].name()
        );
        Some(text.into())
    };
    Ok([(1, 0), (0, 1)].into_iter().filter_map(|(silent, playing)| longest(silent, playing)).collect())
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
