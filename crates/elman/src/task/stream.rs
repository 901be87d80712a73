//! A model step by step in its task's own units.

use std::fmt::Debug;

use super::{Number, Precision, RowColumn, TaskKind};
use crate::distribution::Distribution;
use crate::ensemble::{Ensemble, Mean};
use crate::error::{ConfigError, DataError, Message};
use crate::float::{Dtype, Parameters};
use crate::predict::Session;
use crate::stream::Stream;
use crate::weights::Weights;

/// A model that reads a sequence row by row, as it comes: values in their own units in, an answer for what has
/// come so far out. Made by [`Model::stream`](crate::model::Model::stream).
///
/// | task | a row | its answer |
/// |---|---|---|
/// | regress | the features | the number of each target |
/// | classify | the features | the probability of each class |
/// | label | the features | the number of each target, or the probability of each class, for this row |
/// | forecast | the next value of the series and, where the calendar fixes it, its place in the season | the value of the row after it |
///
/// Places in a season count from 0: months from January, quarters from the first, weekdays from Monday, hours from
/// midnight. A forecast that sees periods of the calendar or covariates is given them behind: the shares of the periods
/// that have passed in the next row, past covariates, and future ones of the next row. A feature that is a category is a
/// value for each category, 1 for the one that it is and 0 for the others; [`RowStreams`](crate::model::RowStreams) takes it by
/// its name. [`inputs`](Self::inputs) and
/// [`answers`](Self::answers) name the values. Answers are those of [`Model::predict`](crate::model::Model::predict) on the
/// rows so far, to the bit. Of a forecast of several series each has a stream of its own:
/// [`Model::stream_of`](crate::model::Model::stream_of).
///
/// ```
/// use elman::recipe::Recipe;
/// use elman::task::{ForecastOptions, Task, TaskOptions, Transform};
///
/// # fn main() -> Result<(), elman::error::Error> {
/// let table = elman::data::airline()?; // passengers by month, from January on
/// let options = ForecastOptions::default().with_transform(Transform::LogDifference);
/// let prepared = Task::prepare(&table, &TaskOptions::Forecast(options))?;
/// let mut recipe = Recipe::for_task(&prepared.task);
/// recipe.train.epochs = 2;
/// let model = recipe.train(&prepared, &table)?; // or Model::open("airline.elman".as_ref())?
///
/// let mut stream = model.stream()?;
/// assert_eq!(stream.inputs(), ["passengers", "place in the season of 12"]);
/// assert_eq!(stream.answers(), ["passengers_forecast"]);
/// let mut next_month = None;
/// for (row, &passengers) in table.column("passengers")?.numbers()?.iter().enumerate() {
///     // There is no answer before a year has come that the forecast can look back on.
///     next_month = stream.step(&[passengers, (row % 12) as f64])?.map(|answer| answer[0]);
///     assert_eq!(next_month.is_some(), row >= 12);
/// }
/// let forecast = model.predict(&table, Some(1))?;
/// let shown = forecast.columns()[1].1.cell(0).to_string();
/// assert!((next_month.unwrap() - shown.parse::<f64>().unwrap()).abs() < 1e-3);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct TaskStream {
    units: Box<dyn StreamUnits>,
    /// One for each member of the ensemble.
    members: Vec<Steps>,
    mean: Option<Mean>,
    inputs: Vec<String>,
    answers: Vec<String>,
    /// The network's input `[I]` and output `[O]`.
    x: Vec<f64>,
    output: Vec<f64>,
    /// That of another member.
    other: Vec<f64>,
    /// What the outputs tell of each value, if that is more than a number.
    distribution: Option<Distribution>,
    answer: Vec<f64>,
    dtype: Dtype,
    /// The rows that have come.
    rows: u64,
}

/// What a task makes of the rows of a stream and of a network's outputs.
pub trait StreamUnits: Debug + Send {
    /// The names of a row's values.
    fn inputs(&self) -> Vec<String>;

    /// The columns of a row as a table has them, whose cells stand for those values, in order; each value is a number, where
    /// nothing else is said.
    fn columns(&self) -> Vec<RowColumn> {
        self.inputs().into_iter().map(RowColumn::of_numbers).collect()
    }

    /// The names of an answer's values.
    fn answers(&self) -> Vec<String>;

    /// Takes a row with a finite value for each of [`inputs`](Self::inputs), and makes the network's next input `x
    /// [I]` of it. False where there is too little to look back on: the network then takes no step.
    ///
    /// # Errors
    /// What is wrong with the row, which then counts as not read.
    fn read(&mut self, row: &[f64], x: &mut [f64]) -> Result<bool, Message>;

    /// Turns the network's output, a number for each value or class, into an answer with a value for each of [`answers`](Self::answers).
    fn answer(&mut self, output: &[f64], answer: &mut [f64]);

    /// A value of the latest answer, to the digits to which it is shown.
    fn shown(&self, _place: usize, value: f64, _dtype: Dtype) -> Number {
        Number { value, precision: Precision::F64 }
    }

    /// Back to before the first row.
    fn reset(&mut self);
}

/// A network step by step, in the number type of its parameters.
#[derive(Debug)]
pub(super) enum Steps {
    F32 { stream: Box<Stream>, x: Vec<f32>, output: Vec<f32> },
    F64(Session),
}

impl Steps {
    pub(super) fn new(member: &Weights) -> Result<Self, ConfigError> {
        let (network, parameters) = (member.network(), member.parameters());
        Ok(match parameters {
            Parameters::F32(values) => Steps::F32 {
                stream: Box::new(Stream::new(network, values)?),
                x: vec![0.0; network.input_size()],
                output: vec![0.0; network.output_size()],
            },
            Parameters::F64(_) => Steps::F64(Session::new(network, parameters)?),
        })
    }

    /// Others through the same network, at the start; in `f32` both share its weights.
    fn another(&self, member: &Weights) -> Result<Self, ConfigError> {
        Ok(match self {
            Steps::F32 { stream, x, output } => {
                Steps::F32 { stream: Box::new(stream.another()), x: x.clone(), output: output.clone() }
            }
            Steps::F64(_) => Steps::new(member)?,
        })
    }

    /// Reads `x [I]` and overwrites `output [O]`; false where a patch waits for more.
    pub(super) fn step(&mut self, x: &[f64], output: &mut [f64]) -> bool {
        match self {
            Steps::F32 { stream, x: rounded, output: own } => {
                rounded.iter_mut().zip(x).for_each(|(rounded, &x)| *rounded = x as f32);
                let is_new = stream.step(rounded, own);
                output.iter_mut().zip(&*own).for_each(|(output, &own)| *output = own.into());
                is_new
            }
            Steps::F64(session) => {
                output.copy_from_slice(&session.advance(x));
                true
            }
        }
    }

    fn reset(&mut self) {
        match self {
            Steps::F32 { stream, .. } => stream.reset(),
            Steps::F64(session) => session.reset(),
        }
    }
}

impl TaskStream {
    pub(crate) fn new(task: &dyn TaskKind, ensemble: &Ensemble) -> Result<Self, ConfigError> {
        Self::of(task.stream()?, ensemble)
    }

    /// That of what a task makes of rows.
    pub(crate) fn of(units: Box<dyn StreamUnits>, ensemble: &Ensemble) -> Result<Self, ConfigError> {
        let members = ensemble.members().iter().map(Steps::new).collect::<Result<_, _>>()?;
        Ok(Self::at_start(units, members, ensemble))
    }

    /// Another of the same ensemble, at its start, with what a task makes of its rows. Both share the networks.
    pub(crate) fn another(
        &self,
        units: Box<dyn StreamUnits>,
        ensemble: &Ensemble,
    ) -> Result<Self, ConfigError> {
        let members =
            self.members.iter().zip(ensemble.members()).map(|(steps, member)| steps.another(member));
        Ok(Self::at_start(units, members.collect::<Result<_, _>>()?, ensemble))
    }

    fn at_start(units: Box<dyn StreamUnits>, members: Vec<Steps>, ensemble: &Ensemble) -> Self {
        let (inputs, answers, network) = (units.inputs(), units.answers(), ensemble.network());
        TaskStream {
            units,
            members,
            mean: ensemble.mean(),
            x: vec![0.0; network.input_size()],
            distribution: ensemble.distribution().cloned(),
            output: vec![0.0; network.output_size()],
            other: vec![0.0; network.output_size()],
            answer: vec![0.0; answers.len()],
            dtype: ensemble.dtype(),
            inputs,
            answers,
            rows: 0,
        }
    }

    /// The names of a row's values, in order.
    pub fn inputs(&self) -> &[String] {
        &self.inputs
    }

    /// The names of an answer's values, in order.
    pub fn answers(&self) -> &[String] {
        &self.answers
    }

    /// The columns whose cells stand for a row's values.
    pub(crate) fn columns(&self) -> Vec<RowColumn> {
        self.units.columns()
    }

    /// Reads the next row, with a value for each of [`inputs`](Self::inputs), and gives the answer for what has come
    /// so far, with a value for each of [`answers`](Self::answers). `None` while a forecast has too little to look back
    /// on, or a patch waits for more rows. In `f32` it allocates nothing, but for
    /// a model that tells distributions.
    ///
    /// # Errors
    /// - If the row has another number of values, one is not finite, not positive where the task needs its
    ///   logarithm, or no place in the season that follows the last. The stream stands where it stood.
    /// - If the answer is not finite: its inputs are far beyond those of training. Then it must be
    ///   [`reset`](Self::reset).
    pub fn step(&mut self, row: &[f64]) -> Result<Option<&[f64]>, DataError> {
        let number = self.rows + 1;
        let refuse = |message: Message| DataError::new(format!("row {number} of the stream"), message);
        if row.len() != self.inputs.len() {
            let wanted = crate::words::abridged(&self.inputs);
            return Err(refuse(
                format!("has {} values; give {}: {wanted}", row.len(), self.inputs.len()).into(),
            ));
        }
        if let Some((name, value)) = self.inputs.iter().zip(row).find(|(_, value)| !value.is_finite()) {
            return Err(refuse(format!("{name} is {value}; give a finite number").into()));
        }
        let steps = self.units.read(row, &mut self.x).map_err(refuse)?;
        self.rows = number;
        if !(steps && self.run()) {
            return Ok(None);
        }
        match &self.distribution {
            Some(distribution) => self.units.answer(&distribution.points(&self.output), &mut self.answer),
            None => self.units.answer(&self.output, &mut self.answer),
        }
        match self.answer.iter().find(|value| !value.is_finite()) {
            None => Ok(Some(&self.answer)),
            Some(value) => {
                let message = format!("the answer is {value}; are its inputs far beyond those of training?");
                Err(refuse(message.into()))
            }
        }
    }

    /// Has every member take a step, and leaves the ensemble's output; false where a patch waits for more.
    fn run(&mut self) -> bool {
        let mut is_new = false;
        for (n, member) in self.members.iter_mut().enumerate() {
            let output = if n == 0 { &mut self.output } else { &mut self.other };
            is_new = member.step(&self.x, output);
            match &self.mean {
                Some(mean) if is_new && n == 0 => mean.begin(&mut self.output),
                Some(mean) if is_new => mean.add(&mut self.output, &mut self.other),
                _ => {}
            }
        }
        if let Some(mean) = self.mean.as_ref().filter(|_| is_new) {
            mean.finish(&mut self.output);
        }
        is_new
    }

    /// The latest answer, to the digits to which predictions are shown.
    pub(crate) fn shown(&self, answer: &[f64]) -> Vec<Number> {
        let values = answer.iter().enumerate();
        values.map(|(place, &value)| self.units.shown(place, value, self.dtype)).collect()
    }

    /// Back to the start, before the first row.
    pub fn reset(&mut self) {
        self.units.reset();
        self.members.iter_mut().for_each(Steps::reset);
        self.rows = 0;
    }
}
