//! A series value by value.

use std::collections::VecDeque;

use super::level::Level;
use super::{Forecast, Known, Layout};
use crate::error::{ConfigError, Message};
use crate::float::Dtype;
use crate::task::{Number, RowColumn, StreamUnits};

/// What a forecast looks back on, of a series that goes on.
#[derive(Debug)]
pub(super) struct Newest {
    task: Forecast,
    /// How many values have come, as far as that matters.
    rows: usize,
    /// Where the series stands after it.
    level: Level,
    /// The newest value's place in the season.
    place: Option<usize>,
    /// The scaled values of a season, or the newest alone: oldest first.
    scaled: VecDeque<f64>,
    /// The future covariates of the row after the newest, as the network sees them, if that has come.
    ahead: Option<Vec<f64>>,
}

impl Forecast {
    /// The same for one of its series by itself.
    ///
    /// # Errors
    /// If the network sees what a stream does not tell.
    pub(super) fn alone(&self, known: &Known) -> Result<Self, ConfigError> {
        if self.covariates.are_of_series() {
            let message = "this model sees what is fixed for a series, or told as a share of its mean, which a stream does \
                           not say; let it predict from a table that has the new rows";
            return Err(ConfigError::of_model(message));
        }
        // Named one by one: all series of many are not copied for each.
        Ok(Forecast {
            target: match &self.layout {
                Layout::Wide(_) => known.id.concat(),
                Layout::Single | Layout::Long(_) => self.target.clone(),
            },
            time: self.time.clone(),
            time_format: self.time_format.clone(),
            timezone: self.timezone.clone(),
            missing: self.missing,
            layout: Layout::Single,
            frequency: known.frequency.clone().or_else(|| self.frequency.clone()),
            season: self.season,
            horizon: self.horizon,
            test: self.test,
            window: self.window,
            stride: self.stride,
            transform: self.transform,
            smoothing: known.smoothing,
            scaling: known.scaling,
            calendar: self.calendar.clone(),
            covariates: self.covariates.clone(),
            series: Vec::new(),
            errors: Vec::new(),
        })
    }
}

impl Newest {
    pub(super) fn new(task: Forecast) -> Self {
        let scaled = VecDeque::with_capacity(task.looks_back() + 1);
        let level = Level::new(task.transform, task.smoothing);
        Newest { rows: 0, level, place: None, scaled, ahead: None, task }
    }

    /// The names of the numbers before the covariates.
    fn values(&self) -> impl Iterator<Item = String> {
        let place = match self.task.phases() {
            0 => None,
            season => Some(format!("place in the season of {season}")),
        };
        let cycles = self
            .task
            .calendar
            .iter()
            .map(|cycle| format!("share of the {cycle} that has passed in the next row"));
        std::iter::once(self.task.target.clone()).chain(place).chain(cycles)
    }

    /// The place in the season that a row gives, which must follow the one before.
    fn place(&self, given: f64) -> Result<usize, Message> {
        let season = self.task.phases();
        let Some(place) = (0..season).find(|&place| place as f64 == given) else {
            let message =
                format!("the place in the season is {given}; give a whole number from 0 to {}", season - 1);
            return Err(message.into());
        };
        match self.place.map(|before| (before + 1) % season) {
            Some(expected) if expected != place => {
                let message = format!(
                    "the place in the season is {place} where {expected} follows; give every row, in order"
                );
                Err(message.into())
            }
            _ => Ok(place),
        }
    }
}

impl StreamUnits for Newest {
    fn inputs(&self) -> Vec<String> {
        self.values().chain(self.task.covariates.stream_names()).collect()
    }

    fn columns(&self) -> Vec<RowColumn> {
        self.values().map(RowColumn::of_numbers).chain(self.task.covariates.stream_columns()).collect()
    }

    fn answers(&self) -> Vec<String> {
        vec![self.task.forecast_name()]
    }

    fn read(&mut self, row: &[f64], x: &mut [f64]) -> Result<bool, Message> {
        let (value, task) = (row[0], &self.task);
        if task.takes_logarithms() && value <= 0.0 {
            return Err(format!(
                "{value} has no logarithm; the model works with relative changes of positive values"
            )
            .into());
        }
        let (places, beside) = row[1..].split_at(usize::from(task.phases() > 0));
        let (positions, covariates) = beside.split_at(task.calendar.len());
        if let Some(position) = positions.iter().find(|position| !(0.0..1.0).contains(*position)) {
            let message =
                format!("the share of a period that has passed is {position}; it is from 0 to below 1");
            return Err(message.into());
        }
        let place = match places {
            [given, ..] => Some(self.place(*given)?),
            [] => None,
        };
        if self.scaled.len() == task.looks_back() {
            self.scaled.pop_front();
        }
        // Not known in the first rows.
        let newest = self.level.take(value).map_or(0.0, |change| task.scaling.scale(change));
        self.scaled.push_back(newest);
        self.place = place;
        self.rows = self.rows.saturating_add(1);
        let mut of_covariates = Vec::with_capacity(task.covariates.size());
        let ahead = task.covariates.push_streamed(covariates, self.ahead.take(), &mut of_covariates);
        self.ahead = Some(ahead);
        if self.rows < task.first_row() {
            return Ok(false);
        }
        let oldest = self.scaled.front().copied().filter(|_| task.season.is_some());
        let next = place.map(|place| (place + 1) % task.phases());
        let mut of_cycles = Vec::with_capacity(task.cycle_inputs());
        Forecast::push_positions(positions.iter().copied(), &mut of_cycles);
        let input = task.input((newest, false), oldest.map(|oldest| (oldest, false)), next);
        let input = input.chain(of_cycles).chain(of_covariates);
        x.iter_mut().zip(input).for_each(|(x, value)| *x = value);
        Ok(true)
    }

    fn answer(&mut self, output: &[f64], answer: &mut [f64]) {
        let change = self.task.scaling.unscale(self.task.trusted(output[0]));
        answer[0] = self.level.expect(change);
    }

    fn shown(&self, _place: usize, value: f64, dtype: Dtype) -> Number {
        Number::answer(value, self.task.spread_about(value, self.task.scaling.deviation), dtype)
    }

    fn reset(&mut self) {
        (self.rows, self.level, self.place) = (0, Level::new(self.task.transform, self.task.smoothing), None);
        self.scaled.clear();
        self.ahead = None;
    }
}
