//! Forecasts drawn beside what is known.

use super::panel::name_of;
use super::series::Series;
use super::{Backtest, Backtested, Forecast, Layout};
use crate::calendar::Frequency;
use crate::error::Error;
use crate::table::Table;
use crate::task::{Answers, Cell, Chart, Charts, Line, Predictions, Role};
use crate::words::{counted, thousands};

/// Rows of history that are shown where there is no season to count in.
const USUAL_HISTORY: usize = 100;

/// Of several series so many are drawn, the first.
const DRAWN: usize = 6;

impl Forecast {
    /// The history's end and the forecast that follows it.
    pub(super) fn forecast_charts(&self, table: &Table, predictions: &Predictions) -> Result<Charts, Error> {
        let members = self.members(table)?;
        let (all, _) = self.read_to_look_ahead(table, &members)?;
        let column = |name: &str| {
            let mut columns = predictions.columns().iter();
            columns.find_map(|(header, answers)| (header == name).then_some(answers))
        };
        let horizon = predictions.num_rows() / all.len().max(1);
        let (times, forecasts) = (column(&self.time_name()), column(&self.forecast_name()));
        let rows = |n: usize| n * horizon..(n + 1) * horizon;
        let charts = all.iter().enumerate().take(DRAWN).map(|(n, series)| {
            let name =
                |row: usize| times.map_or(String::new(), |times: &Answers| times.cell(row).to_string());
            let value = |row: usize| match forecasts?.cell(row) {
                Cell::Number(number) => Some(number.rounded()),
                _ => None,
            };
            self.forecast_chart(series, rows(n).map(name).collect(), rows(n).filter_map(value).collect())
        });
        Ok(self.side_by_side(charts.collect(), all.len(), "forecast"))
    }

    fn forecast_chart(&self, series: &Series<'_>, names: Vec<String>, forecasts: Vec<f64>) -> Chart {
        let values = &series.values;
        let rows = values.len();
        let first_row = rows.saturating_sub(self.season.map_or(USUAL_HISTORY, |season| 4 * season));
        let mut row_names = row_names(series, first_row);
        row_names.extend(names);
        let last = std::iter::once((rows - 1, values[rows - 1]));
        let future = last.chain(forecasts.into_iter().enumerate().map(|(n, value)| (rows + n, value)));
        let lines = vec![
            Line {
                name: Some("known"),
                role: Role::Truth,
                points: (first_row..rows).map(|row| (row, values[row])).collect(),
            },
            Line { name: Some("forecast"), role: Role::Model, points: future.collect() },
        ];
        Chart { title: name_of(series.id), first_row, row_names, season: self.season, lines }
    }

    /// Forecasts of the last `test` rows beside what came true: from every origin that follows the rows that
    /// the one before has forecast.
    pub(super) fn backtest_charts(
        &self,
        table: &Table,
        test: usize,
        backtest: &Backtest,
    ) -> Result<Charts, Error> {
        let members = self.members(table)?;
        let (all, _) = self.read(table, &members, test)?;
        let charts = all.iter().zip(&backtest.series).take(DRAWN);
        let charts =
            charts.map(|(series, backtested)| self.backtest_chart(series, test, backtested)).collect();
        let rows_ahead = counted(self.horizon, self.frequency.map_or("row", Frequency::row_name));
        let origins = (test + 1).saturating_sub(self.horizon).div_ceil(self.horizon);
        let what = format!("{rows_ahead} ahead, from {}", counted(origins, "origin"));
        Ok(self.side_by_side(charts, all.len(), &what))
    }

    fn backtest_chart(&self, series: &Series<'_>, test: usize, backtested: &Backtested) -> Chart {
        let Backtested { values, origins, .. } = backtested;
        let rows = values.len();
        let first_row = rows.saturating_sub(test + self.season.map_or(USUAL_HISTORY, |season| 2 * season));
        let truth = (first_row..rows).map(|row| (row, values[row])).collect();
        let mut lines = vec![Line { name: Some("truth"), role: Role::Truth, points: truth }];
        for (n, origin) in origins.iter().step_by(self.horizon).enumerate() {
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
        let row_names = row_names(series, first_row);
        Chart { title: name_of(series.id), first_row, row_names, season: self.season, lines }
    }

    /// The charts of the first series of so many, under what they show.
    fn side_by_side(&self, mut charts: Vec<Chart>, series: usize, what: &str) -> Charts {
        let of = match self.layout {
            Layout::Single => format!("{}: ", self.target),
            Layout::Long(_) => format!("{}, {}: ", self.target, shown(charts.len(), series)),
            Layout::Wide(_) => format!("{}: ", shown(charts.len(), series)),
        };
        let title = format!("{of}{what}");
        if let (Layout::Single, [chart]) = (&self.layout, &mut charts[..]) {
            chart.title.clone_from(&title);
        }
        Charts { title, charts }
    }
}

/// `6 of 1,000 series`
fn shown(some: usize, all: usize) -> String {
    if some == all { format!("{some} series") } else { format!("{some} of {} series", thousands(all)) }
}

/// The times of a series from a row on, or the numbers of its rows, counted from 1.
fn row_names(series: &Series<'_>, first_row: usize) -> Vec<String> {
    let name = |row: usize| match &series.calendar {
        Some(calendar) => calendar.time(row).map_or(String::new(), |time| time.to_string()),
        None => (row + 1).to_string(),
    };
    (first_row..series.values.len()).map(name).collect()
}
