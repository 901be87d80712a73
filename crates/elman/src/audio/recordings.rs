//! Pairs of recordings that belong to one device, from where each target follows its input.

use super::{INPUT, Latency, Layout, PAIR, Pair, Sound, TARGET, Track, quality};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::table::Table;
use crate::words::{counted, quoted};

/// Pairs of recordings, from where each target follows its input. Samples are read when they are needed: of what is not in
/// memory no more than a few blocks are.
#[derive(Debug)]
pub struct Recordings {
    name: String,
    sound: Sound,
    /// The knobs' names.
    knobs: Vec<String>,
    parts: Vec<Recorded>,
    remarks: Vec<Message>,
}

/// What of a pair is learned.
#[derive(Debug)]
pub(crate) struct Recorded {
    input: Track,
    target: Track,
    /// Where input and target begin.
    starts: [usize; 2],
    /// The samples of each from there.
    len: usize,
    /// How the knobs stood.
    pub(crate) knobs: Vec<f64>,
}

/// Samples that went in and came out at the same time.
pub(crate) struct Samples {
    pub(crate) input: Vec<f64>,
    pub(crate) target: Vec<f64>,
}

impl Recorded {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// A stretch of it.
    pub(crate) fn read(&self, range: std::ops::Range<usize>) -> Result<Samples, DataError> {
        let read = |track: &Track, start: usize| {
            let samples = track.read(start + range.start..start + range.end)?;
            Ok::<_, DataError>(samples.iter().map(|&sample| sample.into()).collect())
        };
        let [input, target] = self.starts;
        Ok(Samples { input: read(&self.input, input)?, target: read(&self.target, target)? })
    }

    /// A number that tells it from others.
    pub(crate) fn fingerprint(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        for track in [&self.input, &self.target] {
            hasher.update(&track.facts.checksum.to_le_bytes());
        }
        self.starts.iter().for_each(|start| hasher.update(&start.to_le_bytes()));
        self.knobs.iter().for_each(|knob| hasher.update(&knob.to_le_bytes()));
        hasher.finalize()
    }
}

impl Recordings {
    /// Finds out how late each target is, unless that is said in `latency`, once for all pairs or once for each, and moves it
    /// back. Knobs that are at one place in all pairs are left out.
    ///
    /// # Errors
    /// If there is no pair, their rates or knobs differ, or nothing is left of one; if it is said of more or fewer pairs than
    /// there are how late they are; if one cannot be read any more.
    pub fn new(pairs: &[Pair], latency: &[i64]) -> Result<Self, Error> {
        let mut recordings = Recordings::late_by(pairs, latency, true, Pair::latency)?;
        recordings.leave_out_still_knobs();
        Ok(recordings)
    }

    /// A knob that does not move is no input: nothing can be learned of what it does.
    fn leave_out_still_knobs(&mut self) {
        let Recordings { knobs, sound, parts, remarks, .. } = self;
        for k in (0..knobs.len()).rev() {
            let [at, to] = sound.knobs[k];
            if at < to {
                continue;
            }
            let (name, _) = (knobs.remove(k), sound.knobs.remove(k));
            for part in parts.iter_mut() {
                part.knobs.remove(k);
            }
            let text = format!(
                "the knob {name} is at {at} in all recordings, and no input: what it does cannot be learned; add a pair with it \
                 elsewhere"
            );
            remarks.push(text.into());
        }
    }

    /// [`new`](Self::new) for a model of this sound: unless it is said how late targets are, they are as late as in training,
    /// see [`Pair::latency_for`].
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn new_for(sound: &Sound, pairs: &[Pair], latency: &[i64]) -> Result<Self, Error> {
        Recordings::late_by(pairs, latency, false, |pair| pair.latency_for(sound))
    }

    /// Of targets that are as late as is said, else as is found; they will be learned from or not.
    fn late_by(
        pairs: &[Pair],
        said: &[i64],
        is_learned: bool,
        find: impl Fn(&Pair) -> Result<Latency, DataError>,
    ) -> Result<Self, Error> {
        let Some(first) = pairs.first() else {
            return Err(ConfigError::new("audio", "needs an input and a target").into());
        };
        if said.len() > 1 && said.len() != pairs.len() {
            let message = format!(
                "is given {} times for {}; give it once for all, or once for each pair, in their order",
                said.len(),
                counted(pairs.len(), "pair")
            );
            return Err(ConfigError::new("latency", message).into());
        }
        let (mut remarks, mut parts, mut delays) = (Vec::new(), Vec::new(), Vec::new());
        for (n, pair) in pairs.iter().enumerate() {
            check_alike(first, pair)?;
            let late = match said {
                [] => find(pair)?,
                [delay] => pair.latency_as_said(*delay),
                each => pair.latency_as_said(each[n]),
            };
            let (x, y) = pair.aligned(late.delay)?;
            for remark in quality::remarks(pair, ([x.start, y.start], x.len()), is_learned)? {
                // A recording may be in several pairs, or on both sides of one.
                if !remarks.contains(&remark) {
                    remarks.push(remark);
                }
            }
            remarks.push(late.remark);
            delays.push(late.delay);
            let mut left_out = 0;
            if let Some((layout, (start, _))) =
                Layout::of(&pair.input)?.and_then(|layout| Some((layout, layout.repeated()?)))
                && start < x.len()
            {
                let before = super::seconds(start, pair.input.sample_rate());
                remarks.push(
                    format!(
                        "{}: the first {before} of {} are left out, which are repeated at its end",
                        pair.input.name(),
                        layout.name
                    )
                    .into(),
                );
                left_out = start;
            }
            parts.push(Recorded {
                input: pair.input.clone(),
                target: pair.target.clone(),
                starts: [x.start + left_out, y.start + left_out],
                len: x.len() - left_out,
                knobs: pair.knobs.iter().map(|(_, value)| *value).collect(),
            });
        }
        let name = match pairs {
            [pair] => pair.target.name().to_owned(),
            _ => format!("{} and {} more", first.target.name(), pairs.len() - 1),
        };
        let knobs: Vec<String> = first.knobs.iter().map(|(name, _)| name.clone()).collect();
        let sound = Sound {
            sample_rate: first.input.sample_rate(),
            delay: Some(most_frequent(&delays)),
            delays: different(delays),
            knobs: (0..knobs.len()).map(|k| range(parts.iter().map(|part| part.knobs[k]))).collect(),
        };
        Ok(Recordings { name, sound, knobs, parts, remarks })
    }

    /// What stands for them in messages: the first target.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What a model has to know of them.
    pub fn sound(&self) -> &Sound {
        &self.sound
    }

    /// The names of the knobs, but for those that do not move in recordings to be learned from.
    pub fn knobs(&self) -> &[String] {
        &self.knobs
    }

    /// The pairs.
    pub(crate) fn parts(&self) -> &[Recorded] {
        &self.parts
    }

    /// The samples of all targets together.
    #[allow(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.parts.iter().map(Recorded::len).sum()
    }

    /// What is to be said of them.
    pub(crate) fn remarks(&self) -> &[Message] {
        &self.remarks
    }

    /// All samples as a table in memory: see [`prepare`](super::prepare).
    ///
    /// # Errors
    /// If one cannot be read any more.
    pub fn rows(&self) -> Result<Table, Error> {
        self.rows_of(self.parts.iter().map(|part| (part, 0..part.len)))
    }

    /// Stretches of pairs as a table in memory.
    pub(crate) fn rows_of<'p>(
        &self,
        stretches: impl Iterator<Item = (&'p Recorded, std::ops::Range<usize>)>,
    ) -> Result<Table, Error> {
        let (mut inputs, mut targets, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
        let mut knobs: Vec<Vec<f64>> = vec![Vec::new(); self.knobs.len()];
        for (n, (part, range)) in stretches.enumerate() {
            let Samples { mut input, mut target } = part.read(range)?;
            inputs.append(&mut input);
            targets.append(&mut target);
            for (column, value) in knobs.iter_mut().zip(&part.knobs) {
                column.resize(inputs.len(), *value);
            }
            numbers.resize(inputs.len(), n as f64 + 1.0);
        }
        let mut columns = vec![(INPUT.to_owned(), inputs)];
        columns.extend(self.knobs.iter().cloned().zip(knobs));
        columns.extend([(TARGET.to_owned(), targets), (PAIR.to_owned(), numbers)]);
        Ok(Table::of_numbers(&self.name, columns)?.with_remarks(self.remarks.clone()))
    }
}

/// Refuses a pair of another rate or with other knobs than the first.
fn check_alike(first: &Pair, pair: &Pair) -> Result<(), Error> {
    if pair.input.sample_rate() != first.input.sample_rate() {
        let message = format!(
            "{} has another rate; convert one of them, so that all have the same samples per second",
            first.input.describe()
        );
        return Err(DataError::new(pair.input.describe(), message).into());
    }
    let names = |pair: &Pair| pair.knobs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let (found, wanted) = (names(pair), names(first));
    if found != wanted {
        let of = |names: &[String]| if names.is_empty() { "no knobs".into() } else { quoted(names) };
        let message = format!(
            "is given for {} with {}, and for {} with {}; give the same knobs in the same order for each pair",
            first.input.name(),
            of(&wanted),
            pair.input.name(),
            of(&found)
        );
        return Err(ConfigError::new("knob", message).into());
    }
    for name in &found {
        if [INPUT, TARGET, PAIR].contains(&name.as_str()) || name.trim().is_empty() {
            let message = Message::from(format!("is named {name:?}; choose another name"));
            return Err(ConfigError::new("knob", message).into());
        }
    }
    Ok(())
}

/// The lowest and the highest of some values, of which there is one at least.
fn range(values: impl Iterator<Item = f64>) -> [f64; 2] {
    values.fold([f64::INFINITY, f64::NEG_INFINITY], |[from, to], value| [from.min(value), to.max(value)])
}

/// Each of the delays once, in ascending order, if there are several.
fn different(mut delays: Vec<i64>) -> Vec<i64> {
    delays.sort_unstable();
    delays.dedup();
    if delays.len() > 1 { delays } else { Vec::new() }
}

/// The delay of most pairs; of several the least.
fn most_frequent(delays: &[i64]) -> i64 {
    let count = |delay: i64| delays.iter().filter(|&&other| other == delay).count();
    delays.iter().copied().max_by_key(|&delay| (count(delay), std::cmp::Reverse(delay))).unwrap_or(0)
}
