//! Forecasts drawn beside what is known.

use super::intervals::USUAL_LEVELS;
use super::panel::name_of;
use super::series::Series;
use super::spread::ENDS;
use super::{Backtest, Backtested, Forecast, Layout, Origin};
use crate::calendar::Frequency;
use crate::error::Error;
use crate::table::Table;
use crate::task::{Answers, Band, Cell, Chart, Charts, Line, Predictions, Role};
use crate::words::{counted, thousands};

/// Rows of history that are shown where there is no season to count in.
const USUAL_HISTORY: usize = 100;

/// The rows of a series that a report shows at the most.
const MOST_ROWS: usize = 1000;

/// Of several series so many are drawn, the first.
const DRAWN: usize = 6;

/// Columns of predictions that an interval lies between, and what it is called.
struct Interval<'a> {
    name: String,
    ends: [&'a Answers; 2],
}

/// An end of an interval about the median, as a column's name tells it.
#[derive(Clone, Copy)]
struct End {
    is_low: bool,
    /// The interval's level in percent.
    level: f64,
}

impl End {
    /// That of a column `low_80`, `high_80` or `q0.9`.
    fn of(name: &str) -> Option<Self> {
        if let Some(level) = name.strip_prefix("low_") {
            return Some(End { is_low: true, level: level.parse().ok()? });
        }
        if let Some(level) = name.strip_prefix("high_") {
            return Some(End { is_low: false, level: level.parse().ok()? });
        }
        let quantile: f64 = name.strip_prefix('q')?.parse().ok()?;
        // To nine digits: 1 - 2 * 0.1 is not 0.8.
        let level = ((1.0 - 2.0 * quantile).abs() * 1e11).round() / 1e9;
        Some(End { is_low: quantile < 0.5, level })
    }

    /// As the quantile that it is.
    fn name(self) -> String {
        let side = if self.is_low { -1.0 } else { 1.0 };
        format!("quantile {}", (5e8 + side * self.level * 5e6).round() / 1e9)
    }
}

impl Forecast {
    /// The history's end and the forecast that follows it, in the intervals that were asked for.
    pub(super) fn forecast_charts(&self, table: &Table, predictions: &Predictions) -> Result<Charts, Error> {
        // Those of a naive predictor need no covariates.
        let task = self.without_missing_covariates(table);
        let members = task.members(table)?;
        let (all, _) = task.read_to_look_ahead(table, &members)?;
        let column = |name: &str| {
            let mut columns = predictions.columns().iter();
            columns.find_map(|(header, answers)| (header == name).then_some(answers))
        };
        let horizon = predictions.num_rows() / all.len().max(1);
        let (times, forecasts) = (column(&self.time_name()), column(&self.forecast_name()));
        let (intervals, quantiles) = self.outlook_of(predictions);
        let rows = |n: usize| n * horizon..(n + 1) * horizon;
        let charts = all.iter().enumerate().take(DRAWN).map(|(n, series)| {
            let name =
                |row: usize| times.map_or(String::new(), |times: &Answers| times.cell(row).to_string());
            let value = |row: usize| value_of(forecasts?, row);
            let forecasts: Vec<f64> = rows(n).filter_map(value).collect();
            let mut chart = self.forecast_chart(series, rows(n).map(name).collect(), &forecasts);
            let known = series.values.len();
            for interval in &intervals {
                let ends = rows(n).filter_map(|row| {
                    let [low, high] = interval.ends.map(|end| value_of(end, row));
                    Some([low?, high?])
                });
                let points = ends.enumerate().map(|(ahead, ends)| (known + ahead, ends)).collect();
                let start = series.values.last().map(|&last| (known - 1, last));
                chart.bands.push(Band { name: Some(interval.name.clone()), start, points });
            }
            for (name, quantile) in &quantiles {
                let values = rows(n).filter_map(|row| value_of(quantile, row)).enumerate();
                let points = values.map(|(ahead, value)| (known + ahead, value)).collect();
                chart.lines.push(Line::new(name.clone(), Role::Quantile, points));
            }
            chart
        });
        Ok(self.side_by_side(charts.collect(), all.len(), "forecast"))
    }

    /// What the columns of predictions tell beside forecasts: intervals, the widest first, those asked for as such and those
    /// between two quantiles as far from the median; and the quantiles that have no other.
    fn outlook_of<'a>(
        &self,
        predictions: &'a Predictions,
    ) -> (Vec<Interval<'a>>, Vec<(String, &'a Answers)>) {
        let forecast = self.forecast_name();
        let mut lows: Vec<(End, &'a Answers)> = Vec::new();
        let (mut highs, mut alone) = (lows.clone(), Vec::new());
        for (header, answers) in predictions.columns() {
            let name = header.strip_prefix(&forecast).and_then(|rest| rest.strip_prefix('_'));
            let Some(end) = name.and_then(End::of) else { continue };
            if end.is_low { &mut lows } else { &mut highs }.push((end, answers));
        }
        let mut intervals: Vec<(f64, Interval<'a>)> = Vec::new();
        for (low, answers) in lows {
            match highs.iter().position(|(high, _)| high.level == low.level) {
                Some(place) => {
                    let (_, high) = highs.remove(place);
                    let name = format!("{} %", low.level);
                    intervals.push((low.level, Interval { name, ends: [answers, high] }));
                }
                None => alone.push((low.name(), answers)),
            }
        }
        alone.extend(highs.into_iter().map(|(high, answers)| (high.name(), answers)));
        intervals.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        // An interval may be asked for in both ways.
        intervals.dedup_by_key(|(level, _)| *level);
        (intervals.into_iter().map(|(_, interval)| interval).collect(), alone)
    }

    fn forecast_chart(&self, series: &Series<'_>, names: Vec<String>, forecasts: &[f64]) -> Chart {
        let values = &series.values;
        let rows = values.len();
        let first_row = rows.saturating_sub(self.season.map_or(USUAL_HISTORY, |season| 4 * season));
        let mut row_names = row_names(series, first_row);
        row_names.extend(names);
        let known = (first_row..rows).map(|row| (row, values[row])).collect();
        let future = forecasts.iter().enumerate().map(|(n, &value)| (rows + n, value)).collect();
        let lines = vec![
            Line::new("known".to_owned(), Role::Truth, known),
            Line::new("forecast".to_owned(), Role::Model, future).from_point(rows - 1, values[rows - 1]),
        ];
        let x = self.time_name();
        Chart {
            title: name_of(series.id),
            x,
            first_row,
            row_names,
            season: self.season,
            lines,
            ..Chart::default()
        }
    }

    /// Forecasts of the last `test` rows beside what came true: from every origin that follows the rows that
    /// the one before has forecast, in the intervals of the distributions that the model tells. For a report also in those as
    /// wide as its errors before, and of many rows the last.
    pub(super) fn backtest_charts(
        &self,
        all: &[Series<'_>],
        test: usize,
        backtest: &Backtest,
        for_report: bool,
    ) -> Charts {
        let drawn = all.iter().zip(&backtest.series).take(DRAWN);
        let charts: Vec<Chart> =
            drawn.map(|(series, known)| self.backtest_chart(series, test, known, for_report)).collect();
        let rows_ahead = counted(self.horizon, self.frequency.as_ref().map_or("row", Frequency::row_name));
        let origins = (test + 1).saturating_sub(self.horizon).div_ceil(self.horizon);
        let what = format!("{rows_ahead} ahead, from {}", counted(origins, "origin"));
        let mut charts = self.side_by_side(charts, all.len(), &what);
        let longest = all.iter().take(DRAWN).map(|series| self.rows_shown(series.values.len(), test)).max();
        if let Some(rows) = longest.filter(|&rows| for_report && rows > MOST_ROWS) {
            charts.notes.push(format!(
                "Of {} the last {} are drawn.",
                counted(rows, "row"),
                thousands(MOST_ROWS)
            ));
        }
        charts
    }

    /// How many rows are shown of a series with so many, for a test on the last of them.
    fn rows_shown(&self, rows: usize, test: usize) -> usize {
        rows.min(test + self.season.map_or(USUAL_HISTORY, |season| 2 * season))
    }

    fn backtest_chart(
        &self,
        series: &Series<'_>,
        test: usize,
        backtested: &Backtested,
        for_report: bool,
    ) -> Chart {
        let Backtested { values, origins, .. } = backtested;
        let rows = values.len();
        let most = if for_report { MOST_ROWS } else { rows };
        let first_row = rows - self.rows_shown(rows, test).min(most);
        let truth = (first_row..rows).map(|row| (row, values[row])).collect();
        let mut lines = vec![Line::new("truth".to_owned(), Role::Truth, truth)];
        let mut bands = Vec::new();
        let drawn = origins.iter().step_by(self.horizon).filter(|origin| origin.row > first_row);
        for (n, origin) in drawn.enumerate() {
            let (before, last) = (origin.row - 1, values[origin.row - 1]);
            let mut line = |name: &str, role, ahead: &[f64]| {
                let points = ahead.iter().enumerate().map(|(n, &value)| (origin.row + n, value)).collect();
                let name = Some(name.to_owned()).filter(|_| n == 0);
                lines.push(Line::new(name, role, points).from_point(before, last));
            };
            if let Some(naive) = self.naive().next() {
                line(naive.name(), Role::Baseline, &naive.forecast(&values[..origin.row], self.horizon));
            }
            line("forecast", Role::Model, &origin.forecasts);
            let are_told = !origin.quantiles.is_empty();
            let intervals =
                if are_told || for_report { self.intervals_from(series, origin) } else { Vec::new() };
            for (name, ends) in intervals {
                let points = ends.into_iter().enumerate().map(|(n, ends)| (origin.row + n, ends)).collect();
                let name = Some(name).filter(|_| n == 0);
                bands.push(Band { name, start: Some((before, last)), points });
            }
        }
        let row_names = row_names(series, first_row);
        let (title, x) = (name_of(series.id), self.time_name());
        Chart { title, x, first_row, row_names, season: self.season, bands, lines, ..Chart::default() }
    }

    /// The ends of the usual intervals around the forecasts from an origin, the widest first: of the model's distributions,
    /// or else as wide as its errors on rows kept back.
    fn intervals_from(&self, series: &Series<'_>, origin: &Origin) -> Vec<(String, Vec<[f64; 2]>)> {
        let intervals = USUAL_LEVELS.into_iter().zip(ENDS).filter_map(|(level, [low, high])| {
            let ends = match (origin.quantiles.get(low), origin.quantiles.get(high)) {
                (Some(low), Some(high)) => low.iter().zip(high).map(|(&low, &high)| [low, high]).collect(),
                _ => {
                    let (reach, _) = self.reach("interval", level, self.horizon).ok()?;
                    let ends = |(n, &forecast): (usize, &f64)| {
                        [-1.0, 1.0].map(|side| self.end(series, forecast, n, side, &reach))
                    };
                    origin.forecasts.iter().enumerate().map(ends).collect()
                }
            };
            Some((format!("{level} %"), ends))
        });
        let mut intervals: Vec<_> = intervals.collect();
        intervals.reverse();
        intervals
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
        Charts { title, notes: Vec::new(), charts }
    }
}

/// The number in a row of a column, as it is shown.
fn value_of(column: &Answers, row: usize) -> Option<f64> {
    match column.cell(row) {
        Cell::Number(number) => Some(number.rounded()),
        Cell::Text(_) | Cell::Time(_) => None,
    }
}

/// `6 of 1,000 series`
fn shown(some: usize, all: usize) -> String {
    if some == all { format!("{some} series") } else { format!("{some} of {} series", thousands(all)) }
}

/// The times of a series from a row on, or the numbers of its rows, counted from 1.
fn row_names(series: &Series<'_>, first_row: usize) -> Vec<String> {
    (first_row..series.values.len()).map(|row| name_of_row(series, row)).collect()
}

/// The time of a row, or its number, counted from 1.
pub(super) fn name_of_row(series: &Series<'_>, row: usize) -> String {
    match &series.calendar {
        Some(calendar) => calendar.time(row).map_or(String::new(), |time| time.to_string()),
        None => (row + 1).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::End;

    #[test]
    fn ends_of_intervals_are_told_by_their_names() {
        let told = |name: &str| End::of(name).map(|end| (end.is_low, end.level, end.name()));
        assert_eq!(told("low_80"), Some((true, 80.0, "quantile 0.1".into())));
        assert_eq!(told("high_95"), Some((false, 95.0, "quantile 0.975".into())));
        assert_eq!(told("q0.1"), told("low_80"));
        assert_eq!(told("q0.5"), Some((false, 0.0, "quantile 0.5".into())));
        assert_eq!((told("sample_1"), told("qx"), told("low_")), (None, None, None));
    }
}
