//! Exponential smoothing as a forecast of its own, which a network must beat to be worth its time.

use super::Forecast;
use super::backtest::Backtested;
use super::smoothing::{FITTED_ROWS, Smoothing, State};

/// What it is called beside the naive forecasts.
pub(super) const NAME: &str = "smoothing";

/// As many values at the most are weights fitted to, for a backtest to stay one of seconds.
const MOST_VALUES: usize = 250_000;

impl Forecast {
    /// Forecasts of the rows after `history` by exponential smoothing whose form and weights are fitted to it; none if it
    /// is too short.
    pub(super) fn by_smoothing(&self, history: &[f64], horizon: usize) -> Option<Vec<f64>> {
        let smoothing = self.fitted(history, history)?;
        let mut state = State::new(smoothing);
        let first = first_row(history, smoothing);
        history[first..].iter().for_each(|&value| _ = state.take(value));
        Some(ahead(&state, horizon))
    }

    /// The same from each origin of a backtest, in one pass over the series; form and weights are fitted to what is known
    /// at the first.
    fn by_smoothing_from(&self, series: &Backtested) -> Option<Vec<Vec<f64>>> {
        let known = &series.values[..series.origins.first()?.row];
        let smoothing = self.fitted(known, &series.values)?;
        let (mut state, mut row) = (State::new(smoothing), first_row(known, smoothing));
        let from = |origin: &super::Origin| {
            series.values[row..origin.row].iter().for_each(|&value| _ = state.take(value));
            row = origin.row;
            ahead(&state, self.horizon)
        };
        Some(series.origins.iter().map(from).collect())
    }

    /// The same of each series; none if one is too short, or they are so many that it would take long.
    pub(super) fn all_by_smoothing(&self, all: &[Backtested]) -> Option<Vec<Vec<Vec<f64>>>> {
        let known =
            |series: &Backtested| series.origins.first().map_or(0, |origin| origin.row.min(FITTED_ROWS));
        if all.iter().map(known).sum::<usize>() > MOST_VALUES {
            return None;
        }
        all.iter().map(|series| self.by_smoothing_from(series)).collect()
    }

    /// Form and weights that suit what is known; no logarithm of values of which one has none, known or not.
    fn fitted(&self, known: &[f64], all: &[f64]) -> Option<Smoothing> {
        match all.iter().all(|&value| value > 0.0) {
            true => Smoothing::fit(known, self.season, self.horizon, known.len()),
            false => Some(Smoothing::fit_one_of_several(known, self.season, self.horizon, false)?.1),
        }
    }
}

/// The row that a long history is read from: a whole number of seasons before what weights are fitted to would begin.
fn first_row(history: &[f64], smoothing: Smoothing) -> usize {
    history.len().saturating_sub(FITTED_ROWS.max(4 * smoothing.start_rows()))
}

/// The values that are expected.
fn ahead(state: &State, horizon: usize) -> Vec<f64> {
    let mut state = state.clone();
    let next = |_| {
        let value = state.value(0.0);
        state.correct(0.0);
        value
    };
    (0..horizon).map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;
    use crate::task::{ForecastOptions, Task, TaskOptions};

    fn forecast(values: impl Iterator<Item = f64>) -> (Forecast, Table) {
        let rows: String = values.map(|value| format!("{value}\n")).collect();
        let table = Table::read("t.csv", format!("y\n{rows}").as_bytes()).unwrap();
        let options = ForecastOptions::default().with_season(4).with_horizon(3).with_test(8);
        let prepared = Task::prepare(&table, &TaskOptions::Forecast(options)).unwrap();
        let Task::Forecast(task) = prepared.task else { panic!("a forecast") };
        (task, table)
    }

    fn value(row: usize) -> f64 {
        20.0 + 0.3 * row as f64 + [4.0, -1.0, 2.0, -5.0][row % 4] + (row * row % 7) as f64 / 5.0
    }

    /// The pass over a backtest's origins forecasts as each history alone would with the same weights.
    #[test]
    fn each_origin_is_forecast_from_what_is_known_there() {
        let (task, table) = forecast((0..60).map(value));
        let values = table.column("y").unwrap().numbers().unwrap().to_vec();
        let origin = |row| super::super::Origin {
            row,
            forecasts: Vec::new(),
            quantiles: Vec::new(),
            crps: Vec::new(),
        };
        let series = Backtested {
            id: Vec::new(),
            actual: values.clone(),
            scaling: crate::scaling::Scaling { mean: 0.0, deviation: 1.0 },
            origins: (52..58).map(origin).collect(),
            values: values.clone(),
        };
        let all = task.all_by_smoothing(std::slice::from_ref(&series)).unwrap();
        assert_eq!(all[0][0], task.by_smoothing(&values[..52], 3).unwrap());
        let smoothing = task.fitted(&values[..52], &values).unwrap();
        for (origin, forecasts) in series.origins.iter().zip(&all[0]) {
            let mut state = State::new(smoothing);
            values[..origin.row].iter().for_each(|&value| _ = state.take(value));
            assert_eq!(forecasts, &ahead(&state, 3));
            // What comes is a line with a season and little else.
            for (n, forecast) in forecasts.iter().enumerate() {
                assert!((forecast - value(origin.row + n)).abs() < 2.0);
            }
        }
    }

    #[test]
    fn values_without_logarithm_and_short_ones_are_no_trouble() {
        let (task, _) = forecast((0..60).map(value));
        let mut values: Vec<f64> = (0..60).map(value).collect();
        assert_eq!(task.by_smoothing(&values[..3], 2), None);
        values[59] = 0.0;
        assert!(!task.fitted(&values[..50], &values).unwrap().log);
        assert!(task.by_smoothing(&values, 30).unwrap().iter().all(|value| value.is_finite()));
    }

    /// Rows long ago count no longer.
    #[test]
    fn a_long_history_is_read_from_its_last_rows() {
        let (task, _) = forecast((0..60).map(value));
        let long: Vec<f64> = (0..FITTED_ROWS + 1_003).map(value).collect();
        assert_eq!(task.by_smoothing(&long, 5), task.by_smoothing(&long[1_003..], 5));
    }
}
