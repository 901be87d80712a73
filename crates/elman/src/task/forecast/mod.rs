//! **forecast**: the future of one series.
//!
//! The series is made stationary: differences of its logarithm where all values are positive, else
//! plain differences, standardised. At each row the network sees the value before, the value one
//! season before and the place in the season, and learns the value of the row. It forecasts by
//! reading the whole history and then feeding its own forecasts back.

mod ahead;
mod series;

pub use ahead::{Backtest, Origin};
pub use series::Transform;

use std::ops::Range;

use serde::{Deserialize, Serialize};
use series::Series;

use super::{HeldOut, Prepared, Task};
use crate::calendar::{Calendar, Frequency};
use crate::error::{ConfigError, DataError, Error};
use crate::loss::Targets;
use crate::scaling::{NoScaling, Scaling, TOO_LARGE};
use crate::sequence::Example;
use crate::table::{Column, Table};

/// Rows ahead that are forecast at the most: far beyond sense, near enough to be computed.
const MAX_HORIZON: usize = 100_000;

/// Seasons longer than this are not told to the network row by row, nor made of so many rows.
const MAX_SEASON: usize = 10_000;

/// The windows that a long series is cut into, unless its user says otherwise.
const USUAL_WINDOWS: usize = 500;

/// How a series is to be read; `None` where the data shall decide.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ForecastOptions {
    /// The column of values; by default the only column of numbers.
    pub target: Option<String>,
    /// The column of times; by default the first column whose first cell is a time, if there is one.
    pub time: Option<String>,
    /// Rows in a season, 0 for none; by default that of the calendar: 12 for months, 4 for quarters,
    /// 52 for weeks, 7 for days, 24 for hours.
    pub season: Option<usize>,
    /// Rows forecast ahead; by default half a season, 6 without a season.
    pub horizon: Option<usize>,
    /// Last rows kept for the test, 0 for none; by default two seasons, without a season a fifth of
    /// the rows.
    pub test: Option<usize>,
    /// The share of the training rows, its end, that is used for validation, in `[0, 1)`.
    pub validation: f64,
    /// Timesteps of a training sequence; by default three seasons, 32 without a season.
    pub window: Option<usize>,
    /// Rows from the start of one training sequence to the next; by default 1, and more where that
    /// would make more than 500 of them.
    pub stride: Option<usize>,
    /// By default differences of the logarithm where all values are positive, else differences.
    pub transform: Option<Transform>,
}

/// A forecast task, fitted to a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// The column of values.
    pub target: String,
    /// The column of times, if there is one.
    pub time: Option<String>,
    /// The time between rows, if there is a column of times.
    pub frequency: Option<Frequency>,
    /// Rows in a season, if there is one.
    pub season: Option<usize>,
    /// Rows forecast ahead.
    pub horizon: usize,
    /// Last rows kept for the test in training.
    pub test: usize,
    /// Timesteps of a training sequence.
    pub window: usize,
    /// Rows from one training sequence to the next.
    pub stride: usize,
    /// What is done to the values.
    pub transform: Transform,
    /// The statistics of the transformed values in training.
    pub scaling: Scaling,
}

impl Forecast {
    pub(super) fn prepare(table: &Table, options: &ForecastOptions) -> Result<Prepared, Error> {
        let time = options.time.clone().or_else(|| {
            table
                .columns()
                .find(|&column| Calendar::recognises(column))
                .map(|column| column.name().to_owned())
        });
        let target = match &options.target {
            Some(target) => target.clone(),
            None => only_number_column(table, time.as_deref())?,
        };
        let series = Series::read(table, &target, time.as_deref())?;
        if let Some(season) = options.season.filter(|&season| season > MAX_SEASON) {
            let message = format!("is {season}; it must be at most {MAX_SEASON}, or 0 for none");
            return Err(ConfigError::new("season", message).into());
        }
        let mut task = Self::configure(target, time, &series, options);
        task.check_options(options)?;
        task.check_length(table, series.values.len())?;
        task.check_positive(table, &series)?;

        let training_rows = series.values.len() - task.test;
        let usable = training_rows - task.first_row();
        task.stride = options.stride.unwrap_or(usable.div_ceil(USUAL_WINDOWS).max(1));
        let validation_rows = (options.validation * usable as f64) as usize;
        let cut = training_rows - validation_rows;
        task.fit(table, &series, cut)?;
        let scaled = task.scaled(&series.values);
        let train = task.windows(&series, &scaled, task.first_row()..cut);
        let validation = task.windows(&series, &scaled, cut..training_rows);
        if train.is_empty() || (validation_rows > 0 && validation.is_empty()) {
            let message = format!(
                "leaves {validation_rows} rows for validation and {} for training, and a window is {} rows; \
                 choose another share or a shorter --window",
                usable - validation_rows,
                task.window
            );
            return Err(ConfigError::new("validation", message).into());
        }
        let held_out = (task.test > 0).then_some(HeldOut::LastRows(task.test));
        Ok(Prepared {
            task: Task::Forecast(task),
            data: table.name().to_owned(),
            train,
            validation,
            held_out,
        })
    }

    /// Fills in what the options leave open; the stride and the statistics are still to come.
    fn configure(
        target: String,
        time: Option<String>,
        series: &Series<'_>,
        options: &ForecastOptions,
    ) -> Self {
        let rows = series.values.len();
        let frequency = series.calendar.as_ref().map(Calendar::frequency);
        let season = match options.season {
            Some(season) => Some(season).filter(|&season| season > 0),
            None => frequency.and_then(Frequency::season),
        };
        let test = options.test.unwrap_or(season.map_or(rows / 5, |season| 2 * season));
        // The test must not be looked at, not even for this.
        let all_positive = series.values[..rows.saturating_sub(test)].iter().all(|&value| value > 0.0);
        let usual = if all_positive { Transform::LogDifference } else { Transform::Difference };
        Forecast {
            target,
            time,
            frequency,
            season,
            horizon: options.horizon.unwrap_or(season.map_or(6, |season| season.div_ceil(2))),
            test,
            window: options.window.unwrap_or(season.map_or(32, |season| 3 * season)),
            stride: 1,
            transform: options.transform.unwrap_or(usual),
            scaling: Scaling { mean: 0.0, deviation: 1.0 },
        }
    }

    /// Takes the statistics of the transformed values from the rows before `end`.
    fn fit(&mut self, table: &Table, series: &Series<'_>, end: usize) -> Result<(), DataError> {
        let changes = self.transformed(&series.values[..end]);
        let known = changes[self.transform.lost_rows()..].iter().copied();
        self.scaling = Scaling::fit(known).map_err(|why| {
            let plain =
                self.transform == Transform::None || series.values.windows(2).all(|pair| pair[0] == pair[1]);
            let what = if plain { "does not vary" } else { "changes by the same in every row" };
            let message = match why {
                NoScaling::Constant => format!(
                    "column {:?} {what}, so there is nothing to learn; choose another --target",
                    self.target
                ),
                NoScaling::TooLarge => format!("column {:?} {TOO_LARGE}", self.target),
            };
            DataError::new(table.name(), message)
        })?;
        Ok(())
    }

    fn check_options(&self, options: &ForecastOptions) -> Result<(), ConfigError> {
        for (option, value) in
            [("horizon", self.horizon), ("window", self.window), ("stride", options.stride.unwrap_or(1))]
        {
            if value == 0 || value > MAX_HORIZON {
                return Err(ConfigError::new(
                    option,
                    format!("is {value}; it must be from 1 to {MAX_HORIZON}"),
                ));
            }
        }
        if !(0.0..1.0).contains(&options.validation) {
            let message = format!("is {}; it must be at least 0 and below 1", options.validation);
            return Err(ConfigError::new("validation", message));
        }
        if self.test > 0 && self.test < self.horizon {
            let message = format!(
                "keeps {} rows, fewer than the horizon of {}; keep more, or 0 for no test",
                self.test, self.horizon
            );
            return Err(ConfigError::new("test", message));
        }
        Ok(())
    }

    /// Is there a row to learn from, with all that it looks back on, and a window of them?
    fn check_length(&self, table: &Table, rows: usize) -> Result<(), DataError> {
        let needed = (self.first_row() + self.window).saturating_add(self.test);
        if rows >= needed {
            return Ok(());
        }
        let message = format!(
            "the series has {rows} row{}, but {needed} are needed: {} to look back on, a window of {} to learn from \
             and {} kept for the test; give more rows, or choose a shorter --window, --season or --test",
            if rows == 1 { "" } else { "s" },
            self.first_row(),
            self.window,
            self.test
        );
        Err(DataError::new(table.name(), message))
    }

    fn check_positive(&self, table: &Table, series: &Series<'_>) -> Result<(), DataError> {
        if self.transform != Transform::LogDifference {
            return Ok(());
        }
        match series.values.iter().position(|&value| value <= 0.0) {
            None => Ok(()),
            Some(row) => {
                let place =
                    format!("{}, line {}, column {:?}", table.name(), series.column.line(row), self.target);
                let message = format!(
                    "{} has no logarithm; the model works with relative changes of positive values \
                     (train with --transform difference)",
                    series.column.text(row)
                );
                Err(DataError::new(place, message))
            }
        }
    }

    /// The values before the network's first row that it looks back on: one, or a season of them.
    fn first_row(&self) -> usize {
        self.transform.lost_rows() + self.season.unwrap_or(1).max(1)
    }

    /// The rows of a season whose place the calendar tells.
    fn phases(&self) -> usize {
        match (self.season, self.frequency) {
            (Some(season), Some(frequency)) if frequency.has_phase(season) => season,
            _ => 0,
        }
    }

    /// The value before, the value one season before, the place in the season (1 among zeros).
    pub(super) fn input_size(&self) -> usize {
        1 + usize::from(self.season.is_some()) + self.phases()
    }

    /// `scaled` gives the scaled value of a row.
    fn push_input(&self, series: &Series<'_>, scaled: impl Fn(usize) -> f64, row: usize, x: &mut Vec<f64>) {
        x.push(scaled(row - 1));
        if let Some(season) = self.season {
            x.push(scaled(row - season));
        }
        let phases = self.phases();
        let phase = series.phase(row, phases);
        x.extend((0..phases).map(|n| f64::from(u8::from(Some(n) == phase))));
    }

    /// The transformed series; 0 in the rows that have no transformed value.
    fn transformed(&self, values: &[f64]) -> Vec<f64> {
        let mut changes = vec![0.0; values.len()];
        for row in self.transform.lost_rows()..values.len() {
            let before = if row > 0 { values[row - 1] } else { 0.0 };
            changes[row] = self.transform.apply(values[row], before);
        }
        changes
    }

    fn windows(&self, series: &Series<'_>, scaled: &[f64], rows: Range<usize>) -> Vec<Example<f64>> {
        // The last window ends with the last row: the newest rows are not those to leave out.
        let starts = rows.start..(rows.end + 1).saturating_sub(self.window);
        let offset = starts.len().saturating_sub(1) % self.stride;
        let starts = starts.skip(offset).step_by(self.stride);
        let window = |start: usize| {
            let mut x = Vec::with_capacity(self.window * self.input_size());
            for row in start..start + self.window {
                self.push_input(series, |row| scaled[row], row, &mut x);
            }
            Example { x, targets: Targets::Values(scaled[start..start + self.window].to_vec()) }
        };
        starts.map(window).collect()
    }

    /// Reads a table as this task's series: same columns, same time between rows.
    fn read<'a>(&self, table: &'a Table) -> Result<Series<'a>, Error> {
        let series = Series::read(table, &self.target, self.time.as_deref())?;
        if let (Some(expected), Some(calendar)) = (self.frequency, &series.calendar)
            && calendar.frequency() != expected
        {
            let message = format!(
                "its rows are one {} apart, but the model learned from rows one {} apart",
                calendar.frequency().step_name(),
                expected.step_name()
            );
            return Err(DataError::new(table.name(), message).into());
        }
        if series.values.len() < self.first_row() + 1 {
            let message = format!(
                "has {} rows; the model looks back on {}, so give at least {}",
                series.values.len(),
                self.first_row(),
                self.first_row() + 1
            );
            return Err(DataError::new(table.name(), message).into());
        }
        self.check_positive(table, &series)?;
        Ok(series)
    }

    fn scaled(&self, values: &[f64]) -> Vec<f64> {
        self.transformed(values).into_iter().map(|change| self.scaling.scale(change)).collect()
    }

    pub(super) fn default_test(&self) -> usize {
        self.test.max(self.horizon)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let sizes = [self.horizon, self.window, self.stride];
        if sizes.iter().any(|&size| size == 0 || size > MAX_HORIZON) || self.test > usize::MAX / 4 {
            return Err("its horizon, window or stride is out of range".into());
        }
        if self.season.is_some_and(|season| season == 0 || season > MAX_SEASON) {
            return Err("its season is out of range".into());
        }
        if !self.scaling.is_valid() {
            return Err("its scaling is out of range".into());
        }
        if self.time.is_some() != self.frequency.is_some() {
            return Err("it has a time column or a frequency, but not both".into());
        }
        Ok(())
    }
}

/// The one column of numbers beside the time column.
fn only_number_column(table: &Table, time: Option<&str>) -> Result<String, Error> {
    let mut candidates = table.columns().filter(|column| Some(column.name()) != time);
    let others: Vec<Column<'_>> = candidates.by_ref().collect();
    if let [only] = others[..] {
        return Ok(only.name().to_owned());
    }
    let numeric: Vec<&str> =
        others.iter().filter(|column| column.is_numeric()).map(|column| column.name()).collect();
    if let [only] = numeric[..] {
        return Ok(only.to_owned());
    }
    if numeric.is_empty() {
        return Err(DataError::new(table.name(), "has no column of numbers to forecast; add one").into());
    }
    let message = format!(
        "{} columns of numbers could be forecast ({}); name one with --target",
        numeric.len(),
        numeric.join(", ")
    );
    Err(DataError::new(table.name(), message).into())
}
