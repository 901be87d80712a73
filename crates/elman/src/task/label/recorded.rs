//! Recordings that are read where they stand: their samples become inputs and targets a stretch at a time.

use std::ops::Range;
use std::sync::Arc;

use super::level::{Gains, Loudness};
use super::pictures::{MOST_RECORDINGS, first_are_drawn};
use super::spans::{Span, Spans};
use super::{Label, LabelOptions};
use crate::audio::{INPUT, PAIR, Recorded, Recordings, TARGET};
use crate::ensemble::Ensemble;
use crate::error::{ConfigError, DataError, Error, Message};
use crate::loss::Targets;
use crate::predict::Session;
use crate::scaling::{NoScaling, Scaling, TOO_LARGE};
use crate::sequence::{Example, Sequences, Source};
use crate::table::Table;
use crate::task::feature::Feature;
use crate::task::grouped::Grouping;
use crate::task::predictions::check_finite;
use crate::task::{HeldOut, Prepared, Regress};
use crate::watch::Stopped;
use crate::words::counted;

/// Samples that are read at once.
const BLOCK: usize = 1 << 14;

/// See [`TaskKind::prepare`](crate::task::TaskKind::prepare): what [`Found`](super::fit::Found) makes of the samples as rows
/// of a table.
pub(super) fn prepare(
    recordings: &Arc<Recordings>,
    table: &Table,
    options: &LabelOptions,
) -> Result<Prepared, Error> {
    let lengths: Vec<usize> = recordings.parts().iter().map(|part| part.len()).collect();
    let mut spans = Spans::of_recordings(&lengths, options)?;
    let sound = options.sound.clone().unwrap_or_else(|| recordings.sound().clone());
    let (mut grouping, mut remarks) = grouping(recordings, options)?;
    let learned = Learned::of(recordings, &spans.train)?;
    if let (true, Some(target)) = (learned.is_silent, learned.first) {
        let count = counted(learned.count, "sample");
        let message = Message::from(format!(
            "the target is {target} in all {count} of the training part, so there is nothing to learn; give a longer \
             recording, or a smaller share for "
        ));
        let message = message.option("test").text(" and ").option("validation");
        return Err(DataError::new(table.name(), message).into());
    }
    check_validation(recordings, &spans, &learned, table)?;
    let (gains, said) = Gains::find(&learned.loudness, options);
    let [scaling, target_scaling] = gains.scalings();
    for (n, feature) in grouping.features.iter_mut().enumerate() {
        feature.scaling = Some(if n == 0 { scaling } else { Scaling::NONE });
    }
    if let (true, Some(input), Some(value)) =
        (learned.is_deaf, grouping.features.first_mut(), learned.first_input)
    {
        input.was_always(value);
    }
    remarks.extend(grouping.silent_remark());
    remarks.extend(said);
    remarks.append(&mut spans.remarks);
    let knobs = recordings.parts().iter().map(|part| in_order(&grouping, recordings, &part.knobs));
    let knobs = knobs.collect::<Result<Vec<_>, _>>()?;
    let stretches = |spans: Vec<(Span, usize)>| {
        let (recordings, features) = (Arc::clone(recordings), grouping.features.clone());
        Sequences::of(Stretches { recordings, features, target_scaling, knobs: knobs.clone(), spans })
    };
    let train = stretches(spans.train.into_iter().map(|span| (span, 0)).collect());
    let validation = stretches(spans.validation);
    let answer = Regress { grouping, target_scalings: vec![target_scaling] }.into();
    Ok(Prepared {
        task: Label { answer, means: vec![learned.mean], sound: Some(sound) }.into(),
        data: table.name().to_owned(),
        train,
        train_groups: spans.train_groups,
        validation,
        held_out: spans.held_out,
        remarks,
    })
}

/// Refuses a validation part in which nothing is heard of the target: by errors that are shares of nothing no epoch is better
/// than another.
fn check_validation(
    recordings: &Recordings,
    spans: &Spans,
    learned: &Learned,
    table: &Table,
) -> Result<(), DataError> {
    /// 60 dB less than what is learned from.
    const UNHEARD: f64 = 1e-6;
    let heard =
        spans.validation.iter().map(|((part, rows), unheard)| (*part, rows.start + unheard..rows.end));
    let heard: Vec<Span> = heard.collect();
    if heard.is_empty() || Learned::of(recordings, &heard)?.power > UNHEARD * learned.power {
        return Ok(());
    }
    let message = Message::from(
        "the target is silent in the whole part that tells which epoch is best, so that no error is a share of it; cut the \
         silence off both recordings, or choose another share for ",
    );
    Err(DataError::new(table.name(), message.option("validation").text(", 0 for none")))
}

/// The columns of the samples, and what is to be said of them: a knob that never moves is no input.
fn grouping(recordings: &Recordings, options: &LabelOptions) -> Result<(Grouping, Vec<Message>), Error> {
    // Two samples of each tell as much of that as all of them.
    let parts = recordings.parts();
    let each = |value: &dyn Fn(usize, usize) -> f64| {
        (0..2 * parts.len()).map(|row| value(row / 2, row % 2)).collect::<Vec<f64>>()
    };
    let mut columns = vec![(INPUT.to_owned(), each(&|_, sample| sample as f64))];
    for (k, name) in recordings.knobs().iter().enumerate() {
        let values = parts.iter().map(|part| part.knobs[k]);
        if Scaling::fit(values) == Err(NoScaling::TooLarge) {
            return Err(ConfigError::new("knob", format!("{name} {TOO_LARGE}")).into());
        }
        columns.push((name.clone(), each(&|part, _| parts[part].knobs[k])));
    }
    columns.push((TARGET.to_owned(), each(&|_, sample| sample as f64)));
    columns.push((PAIR.to_owned(), each(&|part, _| part as f64 + 1.0)));
    let table = Table::of_numbers(recordings.name(), columns)?;
    let (grouping, _, remarks) = Grouping::find(&table, &options.grouped(), Some(PAIR))?;
    Ok((grouping, remarks))
}

/// What is known of the training part once it has been heard.
#[derive(Default)]
struct Learned {
    count: usize,
    /// The mean of the target, and that of its square.
    mean: f64,
    power: f64,
    /// The first of the target, and whether all others are the same; likewise of the input.
    first: Option<f64>,
    is_silent: bool,
    first_input: Option<f64>,
    is_deaf: bool,
    /// Of input and target.
    loudness: [Loudness; 2],
}

impl Learned {
    fn of(recordings: &Recordings, spans: &[Span]) -> Result<Self, DataError> {
        let mut learned = Learned { is_silent: true, is_deaf: true, ..Learned::default() };
        let (mut sum, mut energy) = (0.0, 0.0);
        for (n, rows) in spans {
            let part = &recordings.parts()[*n];
            for start in rows.clone().step_by(BLOCK) {
                let samples = part.read(start..rows.end.min(start + BLOCK))?;
                for (input, target) in samples.input.into_iter().zip(samples.target) {
                    sum += target;
                    energy += target * target;
                    let [of_input, of_target] = &mut learned.loudness;
                    of_input.add(input);
                    of_target.add(target);
                    learned.count += 1;
                    learned.is_silent &= *learned.first.get_or_insert(target) == target;
                    learned.is_deaf &= *learned.first_input.get_or_insert(input) == input;
                }
            }
        }
        learned.mean = sum / learned.count as f64;
        learned.power = energy / learned.count as f64;
        Ok(learned)
    }
}

/// Stretches of recordings as sequences.
#[derive(Debug)]
struct Stretches {
    recordings: Arc<Recordings>,
    /// Those of the task: the input and the knobs.
    features: Vec<Feature>,
    target_scaling: Scaling,
    /// How those knobs stood in each recording.
    knobs: Vec<Vec<f64>>,
    /// With how many samples at the start of each are heard and count nothing.
    spans: Vec<(Span, usize)>,
}

impl Source for Stretches {
    fn count(&self) -> usize {
        self.spans.len()
    }

    fn input_size(&self) -> usize {
        self.features.len()
    }

    fn length(&self, n: usize) -> usize {
        self.spans[n].0.1.len()
    }

    fn read(&self, n: usize, time: Range<usize>) -> Result<Example<f64>, Error> {
        let ((part, rows), unheard) = &self.spans[n];
        let knobs = &self.knobs[*part];
        let samples = self.recordings.parts()[*part].read(rows.start + time.start..rows.start + time.end)?;
        let mut targets = samples.target;
        targets.iter_mut().for_each(|target| *target = self.target_scaling.scale(*target));
        let unheard = unheard.saturating_sub(time.start).min(targets.len());
        targets[..unheard].fill(f64::NAN);
        let x = inputs(&self.features, &samples.input, knobs);
        Ok(Example { x, targets: Targets::Values(targets) })
    }

    fn fingerprint(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        self.recordings.parts().iter().for_each(|part| hasher.update(&part.fingerprint().to_le_bytes()));
        for ((part, rows), unheard) in &self.spans {
            for number in [*part, rows.start, rows.end, *unheard] {
                hasher.update(&(number as u64).to_le_bytes());
            }
        }
        // Runs of before there were such have none of them.
        let input = self.features.iter().take(1).filter_map(|feature| feature.scaling);
        for scaling in input.chain([self.target_scaling]).filter(|scaling| *scaling != Scaling::NONE) {
            hasher.update(&scaling.deviation.to_le_bytes());
        }
        hasher.finalize()
    }
}

/// The inputs `[samples, I]` of some samples, where the knobs stood like this.
fn inputs(features: &[Feature], samples: &[f64], knobs: &[f64]) -> Vec<f64> {
    let width = features.len();
    let mut x = vec![0.0; samples.len() * width];
    for (x, sample) in x.chunks_exact_mut(width).zip(samples) {
        let values = std::iter::once(sample).chain(knobs);
        for ((x, feature), value) in x.iter_mut().zip(features).zip(values) {
            feature.write(*value, false, std::slice::from_mut(x));
        }
    }
    x
}

/// The knobs of recordings in the order of a task's features.
fn in_order(grouping: &Grouping, recordings: &Recordings, knobs: &[f64]) -> Result<Vec<f64>, DataError> {
    let named = || recordings.knobs().iter().zip(knobs);
    let find = |feature: &Feature| match named().find(|(name, _)| **name == feature.name) {
        Some((_, value)) => Ok(*value),
        None => Err(DataError::new(
            recordings.name(),
            format!("has no knob {:?}; say where it stood", feature.name),
        )),
    };
    grouping.features.iter().skip(1).map(find).collect()
}

/// What a network's answers are compared with.
pub(super) struct Heard<'s> {
    pub(super) answers: &'s [f64],
    pub(super) input: &'s [f64],
    pub(super) target: &'s [f64],
    /// The samples of all recordings that have been played so far.
    pub(super) done: usize,
}

/// Has an ensemble answer all recordings from their start, and tells `each`, block by block, what it makes of those samples that
/// are held out, which may be none of a block; gives how many they are.
///
/// # Errors
/// If a recording cannot be read any more, an answer is no number, or the network needs the end of a sequence; the first of
/// `each`.
pub(super) fn play(
    task: &Regress,
    ensemble: &Ensemble,
    (table, recordings): (&Table, &Recordings),
    held_out: &HeldOut,
    mut each: impl FnMut(&Heard<'_>) -> Result<(), Stopped>,
) -> Result<usize, Error> {
    let scaling = task.target_scalings.first().copied().unwrap_or(Scaling::NONE);
    let (mut before, mut tested) = (0, 0);
    for (n, part) in recordings.parts().iter().enumerate() {
        let knobs = in_order(&task.grouping, recordings, &part.knobs)?;
        let mut session = Session::of(ensemble)?;
        let first = held_out.last_rows(n).map_or(0, |last| part.len().saturating_sub(last));
        for start in (0..part.len()).step_by(BLOCK) {
            let samples = part.read(start..part.len().min(start + BLOCK))?;
            let outputs = session.advance(&inputs(&task.grouping.features, &samples.input, &knobs));
            let answers: Vec<f64> = outputs.iter().map(|y| scaling.unscale(*y)).collect();
            let from = first.saturating_sub(start).min(answers.len());
            let heard = Heard {
                answers: &answers[from..],
                input: &samples.input[from..],
                target: &samples.target[from..],
                done: before + start + answers.len(),
            };
            let place = |k: usize| format!("sample {}", before + start + from + k + 1);
            check_finite(heard.answers.iter().copied(), table, place, |_| None)?;
            tested += heard.answers.len();
            each(&heard)?;
        }
        before += part.len();
    }
    Ok(tested)
}

/// A table in memory that shows what there is to see of recordings, what is held out of it, and what is to be said of it:
/// all of short ones, else a stretch of each of the first, from where what is held out begins.
pub(super) fn excerpt(
    recordings: &Recordings,
    held_out: &HeldOut,
) -> Result<(Table, HeldOut, Option<String>), Error> {
    /// More samples than these are not looked at, after those that the network hears before.
    const MOST: usize = 1 << 19;
    const BEFORE: usize = 1 << 16;
    if recordings.len() <= MOST {
        return Ok((recordings.rows()?, held_out.clone(), None));
    }
    let parts = &recordings.parts()[..recordings.parts().len().min(MOST_RECORDINGS)];
    let most = MOST / parts.len().max(1);
    let shown = |(n, part): (usize, &Recorded)| {
        let tested = held_out.last_rows(n).map_or(part.len(), |last| last.min(part.len()));
        let start = part.len() - tested;
        (start, tested.min(most))
    };
    let stretch = |(start, shown): (usize, usize)| start.saturating_sub(BEFORE)..start + shown;
    let mut note = format!("Of each recording at most {} are looked at.", counted(most, "sample"));
    if recordings.parts().len() > parts.len() {
        note = format!("{} {note}", first_are_drawn(recordings.parts().len()));
    }
    let shown: Vec<(usize, usize)> = parts.iter().enumerate().map(shown).collect();
    let table = recordings.rows_of(parts.iter().zip(shown.iter().copied().map(stretch)))?;
    Ok((table, HeldOut::LastRowsOfEach(shown.into_iter().map(|(_, rows)| rows).collect()), Some(note)))
}
