//! How well the distributions of forecasts are told, by sample paths from each origin of a backtest.

use super::ahead::Ready;
use super::backtest::{Backtest, Backtested};
use super::intervals::USUAL_LEVELS;
use super::level::Level;
use super::paths::{Draws, quantile_of_sorted, sorted_row};
use super::series::Series;
use super::{Forecast, Origin};
use crate::ensemble::Ensemble;
use crate::float::Dtype;
use crate::metrics::{Metric, Metrics, coverage, crps_of_sorted, weighted_quantile_loss};
use crate::predict::Session;
use crate::task::{Answers, Number};
use crate::watch::{Steps, Stopped};

/// The paths from each origin.
pub(super) const PATHS: usize = 100;

/// The deciles, by which weighted quantile losses are usually measured, among [`Backtest::LEVELS`].
const DECILES: std::ops::Range<usize> = 1..10;

/// Which of [`Backtest::LEVELS`] are the ends of intervals of the [usual levels](USUAL_LEVELS).
pub(super) const ENDS: [[usize; 2]; 2] = [[1, 9], [0, 10]];

impl Backtest {
    /// The levels of [`Origin::quantiles`]: the deciles, and the ends of intervals of 95 %.
    pub const LEVELS: [f64; 11] = [0.025, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.975];
}

/// What an origin's sample paths come to; nothing of a model that tells no distributions.
#[derive(Default)]
pub(super) struct Spread {
    /// See [`Origin::quantiles`].
    pub(super) quantiles: Vec<Vec<f64>>,
    /// See [`Origin::crps`].
    pub(super) crps: Vec<f64>,
}

impl Forecast {
    /// What sample paths of each series come to, from the origin number `n` of a backtest, at which the session stands;
    /// nothing if the model tells no distributions.
    pub(super) fn spread_from(
        &self,
        ensemble: &Ensemble,
        (session, steps): (&mut Session, &mut Steps<'_, '_>),
        all: &[Ready<'_>],
        levels: &[Level],
        origin: impl Fn(&Series<'_>) -> usize,
        n: usize,
    ) -> Result<Vec<Spread>, Stopped> {
        let mut spreads = Vec::new();
        let Some(distribution) = ensemble.distribution() else { return Ok(spreads) };
        let first = (n as u64) << 32;
        let draws = Draws { distribution, seed: 0, first, count: PATHS, horizon: self.horizon };
        let take = |k: usize, paths: &[Vec<f64>]| {
            let series = all[k].series;
            let mut spread = Spread { quantiles: vec![Vec::new(); Backtest::LEVELS.len()], crps: Vec::new() };
            for ahead in 0..self.horizon {
                let sorted = sorted_row(paths, ahead);
                for (quantiles, level) in spread.quantiles.iter_mut().zip(Backtest::LEVELS) {
                    quantiles.push(quantile_of_sorted(&sorted, level));
                }
                spread.crps.push(crps_of_sorted(&sorted, series.known_value(origin(series) + ahead)));
            }
            spreads.push(spread);
        };
        self.draw_paths((session, steps), all, levels, &origin, draws, take)?;
        Ok(spreads)
    }

    /// The ends of intervals around a backtest's forecasts, row by row; nothing if distributions are not told.
    pub(super) fn spread_columns(
        &self,
        all: &[Series<'_>],
        backtest: &Backtest,
        dtype: Dtype,
    ) -> Vec<(String, Answers)> {
        let mut columns = Vec::new();
        for (level, ends) in USUAL_LEVELS.into_iter().zip(ENDS) {
            for (name, end) in ["low", "high"].into_iter().zip(ends) {
                let mut numbers = Vec::new();
                for (series, Backtested { origins, .. }) in all.iter().zip(&backtest.series) {
                    let values = origins.iter().flat_map(|origin| {
                        origin.forecasts.iter().zip(origin.quantiles.get(end).into_iter().flatten())
                    });
                    numbers.extend(values.map(|(&forecast, &value)| {
                        Number::answer(value, self.spread(series, forecast), dtype)
                    }));
                }
                if !numbers.is_empty() {
                    columns.push((
                        format!("{}_{name}_{level}", self.forecast_name()),
                        Answers::Numbers(numbers),
                    ));
                }
            }
        }
        columns
    }

    /// How well the distributions of a series' forecasts are told: the [weighted quantile loss](weighted_quantile_loss) of
    /// the deciles, the mean [score](crate::metrics::crps) of the samples, and the [share](coverage) in percent that intervals
    /// of 80 and 95 % hold. Nothing if they are not told.
    pub(super) fn spread_metrics(&self, series: &Backtested) -> Metrics {
        if series.origins.iter().any(|origin| origin.quantiles.is_empty()) {
            return Metrics::new();
        }
        let rows = |origin: &Origin| origin.row..origin.row + self.horizon;
        let actual: Vec<f64> =
            series.origins.iter().flat_map(|origin| &series.actual[rows(origin)]).copied().collect();
        let at = |level: usize| -> Vec<f64> {
            series.origins.iter().flat_map(|origin| &origin.quantiles[level]).copied().collect()
        };
        let deciles: Vec<Vec<f64>> = DECILES.map(at).collect();
        let crps: Vec<f64> = series.origins.iter().flat_map(|origin| &origin.crps).copied().collect();
        let known: Vec<f64> = crps.into_iter().filter(|crps| !crps.is_nan()).collect();
        let mut metrics = vec![
            Metric::new("wql", weighted_quantile_loss(&deciles, &actual, &Backtest::LEVELS[DECILES])),
            Metric::new("crps", known.iter().sum::<f64>() / known.len() as f64),
        ];
        for (level, [low, high]) in USUAL_LEVELS.into_iter().zip(ENDS) {
            let share = coverage(&at(low), &at(high), &actual) * 100.0;
            metrics.push(Metric::new(&format!("coverage_{level}"), share));
        }
        metrics
    }
}
