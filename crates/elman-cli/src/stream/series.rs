//! Which stream a row is for: a model of several series has one for each, begun when its first row comes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use anyhow::anyhow;
use elman::error::{ConfigError, DataError, Error};
use elman::model::Model;
use elman::task::{Known, Layout, SeriesIndex, Task, TaskStream};

/// The streams of a model.
pub(super) struct Streams<'m> {
    model: &'m Model,
    /// What stands in a row beside values, to tell its series.
    pub(super) ids: Vec<String>,
    /// The names of a row's values.
    pub(super) inputs: Vec<String>,
    /// The names of an answer's values.
    pub(super) answers: Vec<String>,
    kind: Kind<'m>,
}

enum Kind<'m> {
    One(Box<TaskStream>),
    /// A row is of the series that its ids tell.
    Long(Long<'m>),
    /// A row has a value of each of these, and an answer for each.
    Wide(Vec<TaskStream>),
}

/// The streams of the series that have come so far.
struct Long<'m> {
    known: SeriesIndex<'m>,
    /// Each by its names as the model has them.
    streams: HashMap<&'m [String], TaskStream>,
}

impl<'m> Long<'m> {
    /// The stream of a series; an error tells the row's `place` in the input.
    fn stream(
        &mut self,
        model: &'m Model,
        id: &[String],
        place: impl Fn() -> String,
    ) -> anyhow::Result<&mut TaskStream> {
        let refuse = |error: ConfigError| {
            anyhow!("{}: {error}; elman predict forecasts others, from a table of theirs", place())
        };
        let known = self.known.get(id).map_err(refuse)?;
        match self.streams.entry(&known.id) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => Ok(entry.insert(model.stream_of_known(known).map_err(refuse)?)),
        }
    }
}

impl<'m> Streams<'m> {
    pub(super) fn new(model: &'m Model) -> anyhow::Result<Self> {
        let of = |series: &Known| model.stream_of_known(series).map_err(Error::from);
        let (layout, series) = match model.task() {
            Task::Forecast(task) => (&task.layout, &task.series[..]),
            _ => (&Layout::Single, &[][..]),
        };
        let first = match series.first() {
            Some(first) => of(first)?,
            None => model.stream().map_err(Error::from)?,
        };
        let (inputs, answers) = (first.inputs().to_vec(), first.answers().to_vec());
        Ok(match layout {
            Layout::Long(ids) => {
                let long = Long { known: SeriesIndex::new(series), streams: HashMap::new() };
                Streams { model, ids: ids.clone(), inputs, answers, kind: Kind::Long(long) }
            }
            Layout::Wide(_) => {
                let all = series.iter().map(of).collect::<Result<Vec<_>, _>>()?;
                let values = series.iter().map(|series| series.id.concat());
                let inputs = values.chain(inputs.into_iter().skip(1)).collect();
                let answers = all.iter().flat_map(|stream| stream.answers().to_vec()).collect();
                Streams { model, ids: Vec::new(), inputs, answers, kind: Kind::Wide(all) }
            }
            _ => Streams { model, ids: Vec::new(), inputs, answers, kind: Kind::One(Box::new(first)) },
        })
    }

    /// All names of a row, in order.
    pub(super) fn names(&self) -> Vec<String> {
        self.ids.iter().chain(&self.inputs).cloned().collect()
    }

    /// The answer to a row, whose `id` tells its series; none where there is too little yet to look back on. An error
    /// tells the row's `place` in the input.
    pub(super) fn step(
        &mut self,
        id: &[String],
        row: &[f64],
        place: impl Fn() -> String,
    ) -> anyhow::Result<Option<Vec<f64>>> {
        match &mut self.kind {
            Kind::One(stream) => answer(stream, row, place),
            Kind::Long(long) => {
                let stream = long.stream(self.model, id, &place)?;
                answer(stream, row, || format!("{}, series {:?}", place(), id.join(" ")))
            }
            Kind::Wide(streams) => {
                let (values, beside) = row.split_at(streams.len());
                let mut answers = Vec::with_capacity(streams.len());
                for (stream, value) in streams.iter_mut().zip(values) {
                    let row: Vec<f64> = std::iter::once(value).chain(beside).copied().collect();
                    answers.push(answer(stream, &row, &place)?);
                }
                let all: Option<Vec<Vec<f64>>> = answers.into_iter().collect();
                Ok(all.map(|answers| answers.concat()))
            }
        }
    }
}

/// The answer of a stream to a row, the `place` of which in the input an error tells.
fn answer(
    stream: &mut TaskStream,
    row: &[f64],
    place: impl Fn() -> String,
) -> anyhow::Result<Option<Vec<f64>>> {
    let refuse = |DataError { message, .. }| Error::from(DataError { place: place(), message });
    Ok(stream.step(row).map(|answer| answer.map(<[f64]>::to_vec)).map_err(refuse)?)
}
