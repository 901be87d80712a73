//! Looking ahead from the end of a series.

use std::ops::Range;

use super::series::Series;
use super::{Forecast, MAX_HORIZON, Transform};
use crate::ensemble::Ensemble;
use crate::error::{ConfigError, Error};
use crate::predict::Session;
use crate::table::Table;
use crate::task::predictions::check_finite;
use crate::task::{Answers, Number, Predictions};

impl Forecast {
    /// Forecasts `horizon` values from the end of what `session` has read: the rows of `scaled`.
    pub(super) fn roll(
        &self,
        session: &mut Session,
        series: &Series<'_>,
        scaled: &[f64],
        horizon: usize,
    ) -> Vec<f64> {
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
    pub(super) fn read_history(
        &self,
        session: &mut Session,
        series: &Series<'_>,
        scaled: &[f64],
        rows: Range<usize>,
    ) {
        let mut x = Vec::new();
        for row in rows {
            self.push_input(series, |row| scaled[row], row, &mut x);
        }
        if !x.is_empty() {
            session.advance(&x);
        }
    }

    /// Forecasts so many rows from the end of a series.
    pub(super) fn look_ahead(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        horizon: usize,
    ) -> Result<Predictions, Error> {
        if horizon == 0 || horizon > MAX_HORIZON {
            let message = format!("is {horizon}; it must be from 1 to {MAX_HORIZON}");
            return Err(ConfigError::new("horizon", message).into());
        }
        let series = self.read(table)?;
        let rows = series.values.len();
        let scaled = self.scaled(&series.values);
        let mut session = Session::of(ensemble)?;
        self.read_history(&mut session, &series, &scaled, self.first_row()..rows);
        let forecasts = self.roll(&mut session, &series, &scaled, horizon);
        check_finite(forecasts.iter().copied(), table, |n| {
            format!("row {}, {} rows ahead,", rows + n + 1, n + 1)
        })?;
        let number = |&value: &f64| Number::answer(value, self.spread(value), ensemble.dtype());
        let predictions = Predictions::new(vec![
            (self.time.clone().unwrap_or_else(|| "row".into()), names_ahead(&series, horizon)?),
            (self.forecast_name(), Answers::Numbers(forecasts.iter().map(number).collect())),
        ]);
        Ok(predictions.with_remarks(series.remarks))
    }

    /// The name of the column of forecasts.
    pub(super) fn forecast_name(&self) -> String {
        format!("{}_forecast", self.target)
    }

    /// The range in which values like this one vary from row to row.
    fn spread(&self, value: f64) -> f64 {
        match self.transform {
            Transform::LogDifference => value.abs() * self.scaling.deviation,
            Transform::Difference | Transform::None => self.scaling.deviation,
        }
    }
}

/// The names of so many rows after the last: their times, or else their numbers, counted from 1.
fn names_ahead(series: &Series<'_>, horizon: usize) -> Result<Answers, ConfigError> {
    let rows = series.values.len();
    let Some(calendar) = &series.calendar else {
        return Ok(Answers::Text((1..=horizon).map(|n| (rows + n).to_string()).collect()));
    };
    let time = |n| {
        calendar.time(rows + n).ok_or_else(|| {
            let message = format!("reaches beyond the year 9999 after {n} rows; choose a shorter one");
            ConfigError::new("horizon", message)
        })
    };
    Ok(Answers::Times((0..horizon).map(time).collect::<Result<_, _>>()?))
}
