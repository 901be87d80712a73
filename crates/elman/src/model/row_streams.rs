//! Rows of whatever a model was made for, each to the stream that it is for.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use super::Model;
use crate::error::{ConfigError, DataError, Message};
use crate::task::{
    Classify, Known, Layout, Number, Numbers, Places, Read, RowCell, RowColumn, TaskStream, unseen,
};
use crate::words::quoted;

/// So many texts that are no categories are remarked; a stream has no end.
const MOST_REMARKED: usize = 100;

/// A model that reads rows as they come, of one series or sequence or of several: a model of several series has a
/// [`TaskStream`] for each.
///
/// A row has a cell for each of [`columns`](Self::columns), as a table has it: a number, or the text of a category. Where rows of
/// several series stand below each other it has the names of its series in [`ids`](Self::ids), whose stream begins with its first
/// row; those of sequences may be left out, and all such rows are of one. Each has its own state until
/// [`reset`](Self::reset); the network's weights they share. Where series stand beside each other, a row has a value
/// of each, and an answer for each.
///
/// What is no category counts for none of them, as in a table, and [`take_remarks`](Self::take_remarks) tells. An empty cell is
/// refused, unless a model of sequences was told what becomes of those: then the value before it stands there, or what is made of
/// gaps otherwise; a line to what comes after is not known yet, and what nothing stands before is the mean in training, or no
/// category.
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
///     last = streams.step(&["a".to_owned()], &[units.into()])?;
/// }
/// assert!(last.is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct RowStreams {
    model: Arc<Model>,
    /// The one beside which all others are made: it takes no steps.
    first: TaskStream,
    ids: Vec<String>,
    columns: Vec<RowColumn>,
    inputs: Vec<String>,
    answers: Vec<String>,
    kind: Kind,
    /// A row on its way.
    numbers: Numbers,
    /// What was remarked to be no category, by column.
    remarked: HashSet<(usize, String)>,
    remarks: Vec<Message>,
    /// The rows that have come.
    rows: u64,
}

#[derive(Debug)]
enum Kind {
    One(Sequence),
    /// A row is of the series that its ids tell; the streams of those that have come, by their places among all.
    Long {
        places: Places,
        streams: HashMap<usize, Sequence>,
    },
    /// A row is of a sequence of any name, or of the one without a name.
    Named(HashMap<Vec<String>, Sequence>),
    /// A row has a value of each of these, and an answer for each.
    Wide(Vec<TaskStream>),
}

/// A series or sequence that goes on.
#[derive(Debug)]
struct Sequence {
    stream: TaskStream,
    /// The last known value of each column; none before its first row.
    known: Vec<f64>,
}

impl RowStreams {
    /// The streams of a model, before their first rows.
    ///
    /// # Errors
    /// As those of [`Model::stream`] and [`Model::stream_of`].
    pub fn new(model: Arc<Model>) -> Result<Self, ConfigError> {
        let task = model.task().kind();
        let series = task.series();
        let first = TaskStream::of(model.stream_units(series.first())?, &model.ensemble)?;
        let another = |series| another(&first, &model, series);
        let (columns, answers) = (first.columns(), first.answers().to_vec());
        let layout = task.layout().clone();
        let names = task.grouped_by().map_or_else(Vec::new, |grouping| grouping.ids.clone());
        let (ids, columns, answers, kind) = match (layout, names) {
            (Layout::Single, names) if names.is_empty() => {
                (Vec::new(), columns, answers, Kind::One(another(None)?.into()))
            }
            (Layout::Single, names) => (names, columns, answers, Kind::Named(HashMap::new())),
            (Layout::Long(ids), _) => {
                let kind = Kind::Long { places: Places::of(series), streams: HashMap::new() };
                (ids, columns, answers, kind)
            }
            (Layout::Wide(_), _) => {
                let all: Vec<TaskStream> =
                    series.iter().map(|series| another(Some(series))).collect::<Result<_, _>>()?;
                let values = series.iter().map(|series| RowColumn::of_numbers(series.id.concat()));
                let columns = values.chain(columns.into_iter().skip(1)).collect();
                let answers = all.iter().flat_map(|stream| stream.answers().to_vec()).collect();
                (Vec::new(), columns, answers, Kind::Wide(all))
            }
        };
        Ok(RowStreams {
            model,
            first,
            ids,
            inputs: columns.iter().map(|column| column.name().to_owned()).collect(),
            columns,
            answers,
            kind,
            numbers: Numbers::default(),
            remarked: HashSet::new(),
            remarks: Vec::new(),
            rows: 0,
        })
    }

    /// The names of what tells a row's series, if rows of several stand below each other.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Must a row name its series, where there are names? Those of sequences may do without: all of them are then of one.
    pub fn needs_ids(&self) -> bool {
        !matches!(self.kind, Kind::Named(_))
    }

    /// The columns of a row, in order.
    pub fn columns(&self) -> &[RowColumn] {
        &self.columns
    }

    /// Their names.
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// The names of an answer's values, in order.
    pub fn answers(&self) -> &[String] {
        &self.answers
    }

    /// The name of the class that is predicted, of a model that tells classes.
    pub fn class_name(&self) -> Option<String> {
        self.model.task().kind().classes().map(Classify::predicted_name)
    }

    /// The class that an answer says is most likely, of a model that tells classes; none of an answer that is not one of this
    /// model's.
    pub fn class(&self, answer: &[f64]) -> Option<&str> {
        self.model
            .task()
            .kind()
            .classes()
            .filter(|task| answer.len() == task.classes.len())
            .map(|task| task.likely(answer))
    }

    /// What is to be said of the rows since this was asked for last: what was no category, the first of each.
    pub fn take_remarks(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.remarks)
    }

    /// The latest answer of the series `id` to the digits to which [`Predictions`](crate::task::Predictions) show it.
    pub fn shown(&mut self, id: &[String], answer: &[f64]) -> Vec<Number> {
        let RowStreams { model, first, kind, .. } = self;
        match kind {
            Kind::One(Sequence { stream, .. }) => stream.shown(answer),
            Kind::Named(_) => first.shown(answer),
            Kind::Long { places, streams } => {
                let known = places.get(model.task().kind().series(), id).ok();
                known.and_then(|n| streams.get(&n)).map_or(&*first, |sequence| &sequence.stream).shown(answer)
            }
            Kind::Wide(streams) => {
                streams.iter().zip(answer).flat_map(|(stream, value)| stream.shown(&[*value])).collect()
            }
        }
    }

    /// Reads the next row of the series `id`, with a name for each of [`ids`](Self::ids) and a cell for each of
    /// [`columns`](Self::columns); gives the answer for what has come of it so far, with a value for each of
    /// [`answers`](Self::answers). `None` while there is too little to look back on, and for a row that is left out since a cell
    /// is empty.
    ///
    /// # Errors
    /// As those of [`TaskStream::step`], if a cell is none of its column, or if there is no such series; told with the number of
    /// the row. Of series beside each other, those before the one that is refused have gone on.
    pub fn step(&mut self, id: &[String], row: &[RowCell<'_>]) -> Result<Option<Vec<f64>>, DataError> {
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
        row: &[RowCell<'_>],
    ) -> Result<Option<Vec<f64>>, DataError> {
        self.check(id, row).map_err(|message| DataError::new(place(), message))?;
        let noun = if self.needs_ids() { "series" } else { "sequence" };
        let RowStreams { model, first, ids, columns, kind, numbers, remarked, remarks, .. } = self;
        let mut unseen = |column: usize, text: String| {
            if remarked.len() < MOST_REMARKED && remarked.insert((column, text.clone())) {
                remarks.push(unseen(columns[column].name(), [text.as_str()], &place()));
            }
        };
        let series_place = || match id {
            [] => place(),
            id => format!("{}, {noun} {:?}", place(), id.join(" ")),
        };
        let refused = |message: Message| DataError::new(series_place(), message);
        let new = |series| {
            let stream = another(first, model, series);
            stream.map_err(|error| DataError::new(place(), error.to_string())).map(Sequence::from)
        };
        let sequence = match kind {
            Kind::One(sequence) => sequence,
            Kind::Named(_) if id.iter().any(|name| name.trim().is_empty()) => {
                let message = format!(
                    "{} is empty; give the name of the sequence, or leave the name out of all rows",
                    quoted(ids)
                );
                return Err(DataError::new(place(), message));
            }
            Kind::Named(streams) => {
                one_of(streams, id.iter().map(|name| name.trim().to_owned()).collect(), || new(None))?
            }
            Kind::Long { places, streams } => {
                let series = model.task().kind().series();
                let n = places.get(series, id).map_err(|error| {
                    let hint = "; predict forecasts others, from a table of theirs";
                    DataError::new(place(), Message::from(error.to_string()).text(hint))
                })?;
                one_of(streams, n, || new(Some(&series[n])))?
            }
            Kind::Wide(streams) => {
                if numbers.read(columns, row, &[], &mut unseen).map_err(refused)? == Read::LeftOut {
                    return Ok(None);
                }
                return wide(streams, &numbers.values, place);
            }
        };
        match numbers.read(columns, row, &sequence.known, &mut unseen).map_err(refused)? {
            Read::LeftOut => Ok(None),
            Read::Whole => {
                let answer = answer(&mut sequence.stream, &numbers.values, &series_place)?;
                numbers.keep(&mut sequence.known);
                Ok(answer)
            }
        }
    }

    /// Refuses a row of other names or cells than there are.
    fn check(&self, id: &[String], row: &[RowCell<'_>]) -> Result<(), String> {
        if id.len() != self.ids.len() && (self.needs_ids() || !id.is_empty()) {
            return Err(match self.ids.len() {
                0 => "names a series, but the rows of this model are not told apart; leave the name out"
                    .to_owned(),
                count => {
                    format!("has {} names of its series; give {count}: {}", id.len(), self.ids.join(", "))
                }
            });
        }
        if row.len() != self.columns.len() {
            let wanted = crate::words::abridged(&self.inputs);
            return Err(format!("has {} values; give {}: {wanted}", row.len(), self.columns.len()));
        }
        Ok(())
    }

    /// Back to the start of all series.
    pub fn reset(&mut self) {
        self.rows = 0;
        match &mut self.kind {
            Kind::One(sequence) => {
                sequence.stream.reset();
                sequence.known.clear();
            }
            Kind::Long { streams, .. } => streams.clear(),
            Kind::Named(streams) => streams.clear(),
            Kind::Wide(streams) => streams.iter_mut().for_each(TaskStream::reset),
        }
    }
}

impl From<TaskStream> for Sequence {
    fn from(stream: TaskStream) -> Self {
        Sequence { stream, known: Vec::new() }
    }
}

/// The stream of this key, made if it is the first time.
fn one_of<K: Eq + Hash, E>(
    streams: &mut HashMap<K, Sequence>,
    key: K,
    new: impl FnOnce() -> Result<Sequence, E>,
) -> Result<&mut Sequence, E> {
    Ok(match streams.entry(key) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => entry.insert(new()?),
    })
}

/// The answers of series beside each other, if each has one.
fn wide(
    streams: &mut [TaskStream],
    row: &[f64],
    place: &dyn Fn() -> String,
) -> Result<Option<Vec<f64>>, DataError> {
    let (values, beside) = row.split_at(streams.len());
    let mut answers = Vec::with_capacity(streams.len());
    for (stream, value) in streams.iter_mut().zip(values) {
        let row: Vec<f64> = std::iter::once(value).chain(beside).copied().collect();
        answers.push(answer(stream, &row, place)?);
    }
    let all: Option<Vec<Vec<f64>>> = answers.into_iter().collect();
    Ok(all.map(|answers| answers.concat()))
}

/// A stream through the same networks as the first one, at its start; of several series, that of one.
fn another(first: &TaskStream, model: &Model, series: Option<&Known>) -> Result<TaskStream, ConfigError> {
    first.another(model.stream_units(series)?, &model.ensemble)
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
