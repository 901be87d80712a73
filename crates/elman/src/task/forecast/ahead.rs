//! Looking ahead: forecasts from the end of a series, and from earlier origins as if the rest were
//! not known.

use std::ops::Range;

use super::{Forecast, MAX_HORIZON, Series, Transform};
use crate::calendar::Frequency;
use crate::error::{ConfigError, DataError, Error};
use crate::float::Parameters;
use crate::metrics::{Evaluation, forecast_metrics};
use crate::network::Network;
use crate::predict::Session;
use crate::table::Table;
use crate::task::{Predictions, check_finite, number_text};

/// Forecasts of what is already known.
#[derive(Clone, Debug, PartialEq)]
pub struct Backtest {
    /// The series.
    pub values: Vec<f64>,
    /// The forecasts from each origin, in order of time.
    pub origins: Vec<Origin>,
}

/// Forecasts from one origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    /// The first row that is forecast; the rows before it are known.
    pub row: usize,
    /// One value for each row of the horizon.
    pub forecasts: Vec<f64>,
    /// The naive forecasts for the same rows.
    pub naive: Vec<f64>,
}

impl Forecast {
    /// Forecasts `horizon` values from the end of what `session` has read: the rows of `scaled`.
    fn roll(&self, session: &mut Session, series: &Series<'_>, scaled: &[f64], horizon: usize) -> Vec<f64> {
        let origin = scaled.len();
        // As much of the history as inputs look back on, then the forecasts.
        let kept = self.season.unwrap_or(1).min(origin);
        let mut recent = scaled[origin - kept..].to_vec();
        let mut value = series.values[origin - 1];
        let mut forecasts = Vec::with_capacity(horizon);
        let mut x = Vec::new();
        for row in origin..origin + horizon {
            x.clear();
            self.push_input(series, |row| recent[row + kept - origin], row, &mut x);
            let output = session.advance(&x)[0];
            recent.push(output);
            value = self.transform.invert(self.scaling.unscale(output), value);
            forecasts.push(value);
        }
        forecasts
    }

    /// Lets a session read these rows, which all have something to look back on.
    fn read_history(&self, session: &mut Session, series: &Series<'_>, scaled: &[f64], rows: Range<usize>) {
        let mut x = Vec::new();
        for row in rows {
            self.push_input(series, |row| scaled[row], row, &mut x);
        }
        if !x.is_empty() {
            session.advance(&x);
        }
    }

    /// Forecasts from every origin in the last `test` rows, as if the rows after it were not known.
    ///
    /// # Errors
    /// If the table is no such series, or `test` is less than the horizon or nearly all rows.
    pub fn backtest(
        &self,
        network: &Network,
        parameters: &Parameters,
        table: &Table,
        test: usize,
    ) -> Result<Backtest, Error> {
        let series = self.read(table)?;
        let rows = series.values.len();
        if test < self.horizon {
            let message = format!("is {test} rows; it must be at least the horizon, {}", self.horizon);
            return Err(ConfigError::new("test", message).into());
        }
        if test > rows - self.first_row() {
            let message = format!(
                "has {rows} rows; a test on the last {test} needs {} before them to look back on: \
                 give more rows or a smaller --test",
                self.first_row()
            );
            return Err(DataError::new(table.name(), message).into());
        }
        let scaled = self.scaled(&series.values);
        let mut session = Session::new(network, parameters)?;
        let mut read = self.first_row();
        let mut origins = Vec::new();
        for row in rows - test..=rows - self.horizon {
            self.read_history(&mut session, &series, &scaled, read..row);
            read = row;
            let forecasts =
                session.branch(|session| self.roll(session, &series, &scaled[..row], self.horizon));
            check_finite(&forecasts, table, |n| format!("row {}", row + n + 1))?;
            origins.push(Origin {
                row,
                forecasts,
                naive: (0..self.horizon).map(|n| self.naive(&series.values[..row], row + n)).collect(),
            });
        }
        Ok(Backtest { values: series.values, origins })
    }

    pub(in crate::task) fn evaluate(
        &self,
        network: &Network,
        parameters: &Parameters,
        table: &Table,
        test: usize,
    ) -> Result<Evaluation, Error> {
        let Backtest { values, origins } = self.backtest(network, parameters, table, test)?;
        let actual: Vec<f64> = origins
            .iter()
            .flat_map(|origin| &values[origin.row..origin.row + self.horizon])
            .copied()
            .collect();
        let all = |of: fn(&Origin) -> &Vec<f64>| origins.iter().flat_map(of).copied().collect::<Vec<_>>();
        let per = self.frequency.map_or("row", Frequency::row_name);
        let plural = if self.horizon == 1 { "" } else { "s" };
        Ok(Evaluation {
            on: format!(
                "{} forecasts, up to {} {per}{plural} ahead, from {} origin{}",
                actual.len(),
                self.horizon,
                origins.len(),
                if origins.len() == 1 { "" } else { "s" }
            ),
            model: forecast_metrics(&all(|origin| &origin.forecasts), &actual),
            baseline_name: if self.season.is_some() { "seasonal naive" } else { "last value" }.into(),
            baseline: forecast_metrics(&all(|origin| &origin.naive), &actual),
        })
    }

    /// The latest known value of the same place in the season, or simply the latest.
    fn naive(&self, history: &[f64], row: usize) -> f64 {
        let ahead = row + 1 - history.len();
        let back = match self.season {
            Some(season) => season - (ahead - 1) % season,
            None => 1,
        };
        history[history.len() - back]
    }

    pub(in crate::task) fn predict(
        &self,
        network: &Network,
        parameters: &Parameters,
        table: &Table,
        horizon: Option<usize>,
    ) -> Result<Predictions, Error> {
        let horizon = horizon.unwrap_or(self.horizon);
        if horizon == 0 || horizon > MAX_HORIZON {
            let message = format!("is {horizon}; it must be from 1 to {MAX_HORIZON}");
            return Err(ConfigError::new("horizon", message).into());
        }
        let series = self.read(table)?;
        let rows = series.values.len();
        let scaled = self.scaled(&series.values);
        let mut session = Session::new(network, parameters)?;
        self.read_history(&mut session, &series, &scaled, self.first_row()..rows);
        let forecasts = self.roll(&mut session, &series, &scaled, horizon);
        check_finite(&forecasts, table, |n| format!("row {}, {} rows ahead,", rows + n + 1, n + 1))?;
        let time = |n: usize| match &series.calendar {
            Some(calendar) => calendar.text(rows + n).ok_or_else(|| {
                ConfigError::new(
                    "horizon",
                    format!("reaches beyond the year 9999 after {n} rows; choose a shorter one"),
                )
            }),
            None => Ok((rows + n + 1).to_string()),
        };
        let row = |(n, &value): (usize, &f64)| {
            Ok(vec![time(n)?, number_text(value, self.spread(value), parameters.dtype())])
        };
        Ok(Predictions {
            headers: vec![
                self.time.clone().unwrap_or_else(|| "row".into()),
                format!("{}_forecast", self.target),
            ],
            rows: forecasts.iter().enumerate().map(row).collect::<Result<_, ConfigError>>()?,
            numbers: 1..2,
        })
    }

    /// The range in which values like this one vary from row to row.
    fn spread(&self, value: f64) -> f64 {
        match self.transform {
            Transform::LogDifference => value.abs() * self.scaling.deviation,
            Transform::Difference | Transform::None => self.scaling.deviation,
        }
    }
}
