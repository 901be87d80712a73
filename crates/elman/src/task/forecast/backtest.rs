//! Forecasts from earlier origins, as if the rest were not known.

use super::Forecast;
use crate::calendar::Frequency;
use crate::ensemble::Ensemble;
use crate::error::{ConfigError, DataError, Error, Message};
use crate::metrics::{Baseline, Evaluation, forecast_metrics};
use crate::predict::Session;
use crate::table::Table;
use crate::task::predictions::check_finite;

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
    /// Forecasts from every origin in the last `test` rows, as if the rows after it were not known.
    ///
    /// # Errors
    /// If the table is no such series, or `test` is less than the horizon or nearly all rows.
    pub fn backtest(&self, ensemble: &Ensemble, table: &Table, test: usize) -> Result<Backtest, Error> {
        let series = self.read(table)?;
        let rows = series.values.len();
        if test < self.horizon {
            let message = format!("is {test} rows; it must be at least the horizon, {}", self.horizon);
            return Err(ConfigError::new("test", message).into());
        }
        if test > rows - self.first_row() {
            let text = format!(
                "has {rows} rows; a test on the last {test} needs {} before them to look back on: \
                 give more rows or a smaller ",
                self.first_row()
            );
            return Err(DataError::new(table.name(), Message::from(text).option("test")).into());
        }
        let scaled = self.scaled(&series.values);
        let mut session = Session::of(ensemble)?;
        let mut read = self.first_row();
        let mut origins = Vec::new();
        for row in rows - test..=rows - self.horizon {
            self.read_history(&mut session, &series, &scaled, read..row);
            read = row;
            let forecasts =
                session.branch(|session| self.roll(session, &series, &scaled[..row], self.horizon));
            check_finite(forecasts.iter().copied(), table, |n| format!("row {}", row + n + 1))?;
            origins.push(Origin {
                row,
                forecasts,
                naive: (0..self.horizon).map(|n| self.naive(&series.values[..row], row + n)).collect(),
            });
        }
        Ok(Backtest { values: series.values.into_owned(), origins })
    }

    /// How good the forecasts are, beside the naive ones.
    pub(super) fn measure(&self, Backtest { values, origins }: &Backtest) -> Evaluation {
        let actual: Vec<f64> = origins
            .iter()
            .flat_map(|origin| &values[origin.row..origin.row + self.horizon])
            .copied()
            .collect();
        let all = |of: fn(&Origin) -> &Vec<f64>| origins.iter().flat_map(of).copied().collect::<Vec<_>>();
        let per = self.frequency.map_or("row", Frequency::row_name);
        let plural = if self.horizon == 1 { "" } else { "s" };
        Evaluation {
            on: format!(
                "{} forecasts, up to {} {per}{plural} ahead, from {} origin{}",
                actual.len(),
                self.horizon,
                origins.len(),
                if origins.len() == 1 { "" } else { "s" }
            ),
            model: forecast_metrics(&all(|origin| &origin.forecasts), &actual),
            baselines: vec![Baseline {
                name: self.baseline_name().into(),
                metrics: forecast_metrics(&all(|origin| &origin.naive), &actual),
            }],
            confusion: None,
            remarks: Vec::new(),
        }
    }

    /// What the naive forecasts are called.
    pub(super) fn baseline_name(&self) -> &'static str {
        if self.season.is_some() { "seasonal naive" } else { "last value" }
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
}
