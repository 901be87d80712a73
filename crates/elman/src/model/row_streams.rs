//! Rows of whatever a model was made for, each to the stream that it is for.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::Model;
use crate::error::{ConfigError, DataError, Message};
use crate::task::{Known, Layout, Places, Task, TaskStream};

/// A model that reads rows as they come, of one series or sequence or of several: a model of several series has a
/// [`TaskStream`] for each.
///
/// A row has a value for each of [`inputs`](Self::inputs), and where rows of several series stand below each other the names of
/// its series in [`ids`](Self::ids), whose stream begins with its first row. Where series stand beside each other, a row has a
/// value of each, and an answer for each.
///
/// ```
/// use std::sync::Arc;
///
/// use elman::model::RowStreams;
/// use elman::recipe::Recipe;
/// use elman::table::Table;
/// use elman::task::{ForecastOptions, Task, TaskOptions};
///
/// # fn main() -> Result<(), elman::error::Error> {
/// let rows = (0..120).map(|n| format!("{},{}\n", ["a", "b"][n % 2], n * n % 7));
/// let table = Table::read("t.csv", format!("shop,units\n{}", rows.collect::<String>()).as_bytes())?;
/// let options = ForecastOptions::default().with_id("shop".to_owned()).with_horizon(2).with_window(4);
/// let prepared = Task::prepare(&table, &TaskOptions::Forecast(options))?;
/// let mut recipe = Recipe::for_task(&prepared.task).with_hidden_size(4);
/// recipe.train.epochs = 1;
/// let mut streams = RowStreams::new(Arc::new(recipe.train(&prepared, &table)?))?;
/// assert_eq!((streams.ids(), streams.answers()), (&["shop".to_owned()][..], &["units_forecast".to_owned()][..]));
/// let mut last = None;
/// for units in [3.0, 4.0, 2.0] {
///     last = streams.step(&["a".to_owned()], &[units])?;
/// }
/// assert!(last.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RowStreams {
    model: Arc<Model>,
    ids: Vec<String>,
    inputs: Vec<String>,
    answers: Vec<String>,
    kind: Kind,
    /// The rows that have come.
    rows: u64,
}

#[derive(Debug)]
enum Kind {
    One(Box<TaskStream>),
    /// A row is of the series that its ids tell; the streams of those that have come, by their places among all.
    Long {
        places: Places,
        streams: HashMap<usize, TaskStream>,
    },
    /// A row has a value of each of these, and an answer for each.
    Wide(Vec<TaskStream>),
}

impl RowStreams {
    /// The streams of a model, before their first rows.
    ///
    /// # Errors
    /// As those of [`Model::stream`] and [`Model::stream_of`].
    pub fn new(model: Arc<Model>) -> Result<Self, ConfigError> {
        let series = series(&model);
        let first = match series.first() {
            Some(first) => model.stream_of_known(first)?,
            None => model.stream()?,
        };
        let (inputs, answers) = (first.inputs().to_vec(), first.answers().to_vec());
        let layout = match model.task() {
            Task::Forecast(task) => task.layout.clone(),
            _ => Layout::Single,
        };
        let (ids, inputs, answers, kind) = match layout {
            Layout::Single => (Vec::new(), inputs, answers, Kind::One(Box::new(first))),
            Layout::Long(ids) => {
                let kind = Kind::Long { places: Places::of(series), streams: HashMap::new() };
                (ids, inputs, answers, kind)
            }
            Layout::Wide(_) => {
                let all: Vec<TaskStream> =
                    series.iter().map(|series| model.stream_of_known(series)).collect::<Result<_, _>>()?;
                let values = series.iter().map(|series| series.id.concat());
                let inputs = values.chain(inputs.into_iter().skip(1)).collect();
                let answers = all.iter().flat_map(|stream| stream.answers().to_vec()).collect();
                (Vec::new(), inputs, answers, Kind::Wide(all))
            }
        };
        Ok(RowStreams { model, ids, inputs, answers, kind, rows: 0 })
    }

    /// The names of what tells a row's series, if rows of several stand below each other.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// The names of a row's values, in order.
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// The names of an answer's values, in order.
    pub fn answers(&self) -> &[String] {
        &self.answers
    }

    /// Reads the next row of the series `id`, with a name for each of [`ids`](Self::ids) and a value for each of
    /// [`inputs`](Self::inputs); gives the answer for what has come of it so far, with a value for each of
    /// [`answers`](Self::answers). `None` while there is too little to look back on.
    ///
    /// # Errors
    /// As those of [`TaskStream::step`], or if there is no such series; told with the number of the row. Of series beside each
    /// other, those before the one that is refused have gone on.
    pub fn step(&mut self, id: &[String], row: &[f64]) -> Result<Option<Vec<f64>>, DataError> {
        let number = self.rows + 1;
        let answer = self.step_at(&|| format!("row {number}"), id, row)?;
        self.rows = number;
        Ok(answer)
    }

    /// The same of a row whose place errors tell.
    ///
    /// # Errors
    /// As those of [`step`](Self::step).
    pub fn step_at(
        &mut self,
        place: &dyn Fn() -> String,
        id: &[String],
        row: &[f64],
    ) -> Result<Option<Vec<f64>>, DataError> {
        self.check(id, row).map_err(|message| DataError::new(place(), message))?;
        match &mut self.kind {
            Kind::One(stream) => answer(stream, row, place),
            Kind::Long { places, streams } => {
                let series = series(&self.model);
                let unknown = |error: ConfigError| {
                    let hint = "; predict forecasts others, from a table of theirs";
                    DataError::new(place(), Message::from(error.to_string()).text(hint))
                };
                let n = places.get(series, id).map_err(unknown)?;
                let stream = match streams.entry(n) {
                    Entry::Occupied(entry) => entry.into_mut(),
                    Entry::Vacant(entry) => {
                        entry.insert(self.model.stream_of_known(&series[n]).map_err(unknown)?)
                    }
                };
                answer(stream, row, &|| format!("{}, series {:?}", place(), id.join(" ")))
            }
            Kind::Wide(streams) => {
                let (values, beside) = row.split_at(streams.len());
                let mut answers = Vec::with_capacity(streams.len());
                for (stream, value) in streams.iter_mut().zip(values) {
                    let row: Vec<f64> = std::iter::once(value).chain(beside).copied().collect();
                    answers.push(answer(stream, &row, place)?);
                }
                let all: Option<Vec<Vec<f64>>> = answers.into_iter().collect();
                Ok(all.map(|answers| answers.concat()))
            }
        }
    }

    /// Refuses a row of other names or values than there are.
    fn check(&self, id: &[String], row: &[f64]) -> Result<(), String> {
        if id.len() != self.ids.len() {
            return Err(match self.ids.len() {
                0 => "names a series, but the rows of this model are not told apart; leave the name out"
                    .to_owned(),
                count => {
                    format!("has {} names of its series; give {count}: {}", id.len(), self.ids.join(", "))
                }
            });
        }
        if row.len() != self.inputs.len() {
            let wanted = crate::words::abridged(&self.inputs);
            return Err(format!("has {} values; give {}: {wanted}", row.len(), self.inputs.len()));
        }
        Ok(())
    }

    /// Back to the start of all series.
    pub fn reset(&mut self) {
        self.rows = 0;
        match &mut self.kind {
            Kind::One(stream) => stream.reset(),
            Kind::Long { streams, .. } => streams.clear(),
            Kind::Wide(streams) => streams.iter_mut().for_each(TaskStream::reset),
        }
    }
}

/// The series that a forecast has learned from; none of another task, or of a single series.
fn series(model: &Model) -> &[Known] {
    match model.task() {
        Task::Forecast(task) if task.layout != Layout::Single => &task.series,
        _ => &[],
    }
}

/// The answer of a stream to a row, whose place an error tells.
fn answer(
    stream: &mut TaskStream,
    row: &[f64],
    place: &dyn Fn() -> String,
) -> Result<Option<Vec<f64>>, DataError> {
    let refuse = |DataError { message, .. }| DataError { place: place(), message };
    stream.step(row).map(|answer| answer.map(<[f64]>::to_vec)).map_err(refuse)
}
