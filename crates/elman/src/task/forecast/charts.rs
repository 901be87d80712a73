//! Forecasts drawn beside what is known.

use super::series::Series;
use super::{Backtest, Backtested, Forecast};
use crate::calendar::Frequency;
use crate::error::{ConfigError, Error};
use crate::table::{Table, TableError};
use crate::task::{Cell, Chart, Line, Predictions, Role};
use crate::words::counted;

/// Rows of history that are shown where there is no season to count in.
const USUAL_HISTORY: usize = 100;

impl Forecast {
    /// The history's end and the forecast that follows it.
    pub(super) fn forecast_chart(&self, table: &Table, predictions: &Predictions) -> Result<Chart, Error> {
        let members = self.members(table)?;
        let (all, _) = self.read(table, &members, 1)?;
        let series = single(&all)?;
        let values = &series.values;
        let rows = values.len();
        let first_row = rows.saturating_sub(self.season.map_or(USUAL_HISTORY, |season| 4 * season));
        let mut row_names = self.row_names(table, series, first_row)?;
        let mut future = vec![(rows - 1, values[rows - 1])];
        for (n, cells) in predictions.rows().enumerate() {
            for cell in cells {
                match cell {
                    Cell::Number(number) => future.push((rows + n, number.rounded())),
                    name => row_names.push(name.to_string()),
                }
            }
        }
        let known = (first_row..rows).map(|row| (row, values[row])).collect();
        let lines = vec![
            Line { name: Some("known"), role: Role::Truth, points: known },
            Line { name: Some("forecast"), role: Role::Model, points: future },
        ];
        let title = format!("{}: forecast", self.target);
        Ok(Chart { title, first_row, row_names, season: self.season, lines })
    }

    /// Forecasts of the last `test` rows beside what came true: from every origin that follows the rows that
    /// the one before has forecast.
    pub(super) fn backtest_chart(
        &self,
        table: &Table,
        test: usize,
        backtest: &Backtest,
    ) -> Result<Chart, Error> {
        let [Backtested { values, origins, .. }] = &backtest.series[..] else {
            return Err(not_single().into());
        };
        let rows = values.len();
        let first_row = rows.saturating_sub(test + self.season.map_or(USUAL_HISTORY, |season| 2 * season));
        let truth = (first_row..rows).map(|row| (row, values[row])).collect();
        let mut lines = vec![Line { name: Some("truth"), role: Role::Truth, points: truth }];
        let drawn: Vec<_> = origins.iter().step_by(self.horizon).collect();
        for (n, origin) in drawn.iter().enumerate() {
            let points = |ahead: &[f64]| {
                let last = std::iter::once((origin.row - 1, values[origin.row - 1]));
                last.chain(ahead.iter().enumerate().map(|(n, &value)| (origin.row + n, value))).collect()
            };
            let name = |name| Some(name).filter(|_| n == 0);
            let forecast = points(&origin.forecasts);
            if let Some(naive) = self.naive().next() {
                let points = points(&naive.forecast(&values[..origin.row], self.horizon));
                lines.push(Line { name: name(naive.name()), role: Role::Baseline, points });
            }
            lines.push(Line { name: name("forecast"), role: Role::Model, points: forecast });
        }
        let rows_ahead = counted(self.horizon, self.frequency.map_or("row", Frequency::row_name));
        let title = format!("{}: {rows_ahead} ahead, from {}", self.target, counted(drawn.len(), "origin"));
        let members = self.members(table)?;
        let (all, _) = self.read(table, &members, 1)?;
        let row_names = self.row_names(table, single(&all)?, first_row)?;
        Ok(Chart { title, first_row, row_names, season: self.season, lines })
    }

    fn row_names(
        &self,
        table: &Table,
        series: &Series<'_>,
        first_row: usize,
    ) -> Result<Vec<String>, TableError> {
        let rows = first_row..series.values.len();
        Ok(match &self.time {
            Some(time) => {
                let time = table.column(time)?;
                rows.map(|row| time.text(series.table_row(row)).to_owned()).collect()
            }
            None => rows.map(|row| (row + 1).to_string()).collect(),
        })
    }
}

fn single<'s, 'a>(all: &'s [Series<'a>]) -> Result<&'s Series<'a>, ConfigError> {
    if let [series] = all { Ok(series) } else { Err(not_single()) }
}

fn not_single() -> ConfigError {
    ConfigError::new("plot", "is for a single series")
}
