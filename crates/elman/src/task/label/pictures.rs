//! What there is to see of answers for rows.

use super::answers::Tested;
use crate::audio::Sound;
use crate::error::Error;
use crate::task::grouped::GroupedTask;
use crate::task::{Chart, Charts, Line, Picture, Regress, Role, spectrogram};
use crate::words::{counted, thousands};

/// The rows of a sequence that are drawn at the most.
const MOST_ROWS: usize = 1000;

/// The part of a second whose wave is drawn.
const WAVE: f64 = 0.02;

/// Of several recordings so many are drawn, the first.
pub(super) const MOST_RECORDINGS: usize = 3;

/// Of several targets so many are drawn, the first.
const MOST_TARGETS: usize = 6;

impl<T: GroupedTask> Tested<'_, T> {
    /// What there is to see of any answers, of sound or of rows; see
    /// [`TaskKind::pictures`](crate::task::TaskKind::pictures).
    pub(super) fn pictures(&self, answers: &[T::Answer], is_sound: bool) -> Vec<Picture> {
        let name = |sample: &crate::task::grouped::Sample| match &*self.read.groups.name(sample.sequence) {
            _ if is_sound && self.read.groups.len() == 1 => sample.rows.end.to_string(),
            _ if is_sound => format!("recording {}, {}", sample.sequence + 1, sample.rows.end),
            "" => sample.rows.end.to_string(),
            id => format!("{id}, {}", sample.rows.end),
        };
        let names: Vec<String> = self.labels.samples.iter().map(name).collect();
        self.task.pictures(if is_sound { "sample" } else { "row" }, &names, answers, &self.actual)
    }
}

impl Tested<'_, Regress> {
    /// Numbers beside the truth over the rows of the first sequence, for each target.
    pub(super) fn course(&self, answers: &[Vec<f64>]) -> Result<Option<Picture>, Error> {
        let Some(first) = self.labels.samples.first() else { return Ok(None) };
        let sequence = first.sequence;
        let of_first = self.labels.samples.iter().take_while(|sample| sample.sequence == sequence);
        let places: Vec<usize> = of_first.map(|sample| sample.rows.start).collect();
        let end = places.last().map_or(0, |last| last + 1);
        let first_row = places.first().copied().unwrap_or(0).max(end.saturating_sub(MOST_ROWS));
        let time = self.task.grouping.time.as_deref().map(|time| self.table.column(time)).transpose()?;
        let row_name = |place: usize| match &time {
            Some(time) => time.text(self.read.groups.rows[sequence][place]).to_owned(),
            None => (place + 1).to_string(),
        };
        let row_names: Vec<String> = (first_row..end).map(row_name).collect();
        let targets = &self.task.grouping.targets;
        let chart = |(k, target): (usize, &String)| {
            let line = |values: &[Vec<f64>]| {
                let points = places.iter().zip(values).map(|(&place, values)| (place, values[k]));
                points.filter(|&(place, value)| place >= first_row && !value.is_nan()).collect()
            };
            Chart {
                title: target.clone(),
                x: self.task.grouping.time.clone().unwrap_or_else(|| "row".into()),
                first_row,
                row_names: row_names.clone(),
                lines: vec![
                    Line::new("truth".to_owned(), Role::Truth, line(&self.actual)),
                    Line::new("model".to_owned(), Role::Model, line(answers)),
                ],
                ..Chart::default()
            }
        };
        let mut notes = Vec::new();
        if self.spans.len() > 1 {
            notes.push(format!("Of {} the first is drawn.", counted(self.spans.len(), "sequence")));
        }
        if places.first().is_some_and(|&first| first < first_row) {
            notes.push(format!("Its last {} are drawn.", counted(MOST_ROWS, "row")));
        }
        if targets.len() > MOST_TARGETS {
            notes
                .push(format!("Of {} targets the first {MOST_TARGETS} are drawn.", thousands(targets.len())));
        }
        let charts = targets.iter().enumerate().take(MOST_TARGETS).map(chart).collect();
        let what = match targets.as_slice() {
            [target] => format!("{target}, row by row"),
            _ => "Row by row".to_owned(),
        };
        let title = match &*self.read.groups.name(sequence) {
            "" => what,
            id => format!("{what}: {id}"),
        };
        Ok(Some(Charts { title, notes, charts }.into()))
    }

    /// Target, output and residual of the first recordings: a stretch of their waves, and their spectrograms.
    pub(super) fn waves(&self, answers: &[Vec<f64>], sound: &Sound) -> Vec<Picture> {
        let signal = |values: &[Vec<f64>]| values.iter().flatten().copied().collect::<Vec<f64>>();
        let (mut pictures, mut place) = (Vec::new(), 0);
        let recordings = self.labels.samples.chunk_by(|a, b| a.sequence == b.sequence);
        for samples in recordings.take(MOST_RECORDINGS) {
            let own = place..place + samples.len();
            place = own.end;
            let whose = match self.spans.len() {
                1 => String::new(),
                _ => format!(", pair {}", samples[0].sequence + 1),
            };
            let (target, output) = (signal(&self.actual[own.clone()]), signal(&answers[own]));
            pictures.extend(waves_of(&whose, &target, &output, samples[0].rows.start, sound));
        }
        if self.spans.len() > MOST_RECORDINGS
            && let Some(Picture::Lines(first)) = pictures.first_mut()
        {
            first.notes.push(first_are_drawn(self.spans.len()));
        }
        pictures
    }
}

/// The note on recordings that are more than are drawn.
pub(super) fn first_are_drawn(count: usize) -> String {
    format!("Of {} the first {MOST_RECORDINGS} are drawn.", counted(count, "recording"))
}

/// What there is to see of a recording, with `whose` it is behind the titles; `start` is the number of its first sample.
fn waves_of(whose: &str, target: &[f64], output: &[f64], start: usize, sound: &Sound) -> Vec<Picture> {
    let count = target.len();
    let residual: Vec<f64> = target.iter().zip(output).map(|(t, y)| t - y).collect();
    let loudest = (0..count).max_by(|&a, &b| target[a].abs().total_cmp(&target[b].abs())).unwrap_or(0);
    let length = ((f64::from(sound.sample_rate) * WAVE) as usize).clamp(2, MOST_ROWS).min(count);
    let from = loudest.saturating_sub(length / 2).min(count - length);
    let chart = |title: &str, lines: Vec<(&str, Role, &[f64])>| Chart {
        title: title.into(),
        x: "sample".into(),
        first_row: from,
        row_names: (from..from + length).map(|n| (start + n + 1).to_string()).collect(),
        lines: lines
            .into_iter()
            .map(|(name, role, values)| {
                let points = (from..from + length).map(|n| (n, values[n])).collect();
                Line::new(name.to_owned(), role, points)
            })
            .collect(),
        ..Chart::default()
    };
    let charts = vec![
        chart(
            &format!("target and output{whose}"),
            vec![("target", Role::Truth, target), ("output", Role::Model, output)],
        ),
        chart(&format!("residual: target - output{whose}"), vec![("residual", Role::Residual, &residual)]),
    ];
    let mut notes = vec![format!(
        "{} around the loudest of the target, of {}.",
        counted(length, "sample"),
        thousands(count)
    )];
    let signals = [("target", target), ("output", output), ("residual", &residual)];
    let spectrograms = spectrogram::pictures(signals, whose, start, sound.sample_rate);
    if spectrograms.is_empty() {
        let least = counted(spectrogram::LEN, "sample");
        notes.push(format!("No spectrogram: it takes {least} that are not silent."));
    }
    let mut pictures = vec![Charts { title: format!("Wave{whose}"), notes, charts }.into()];
    pictures.extend(spectrograms);
    pictures
}
