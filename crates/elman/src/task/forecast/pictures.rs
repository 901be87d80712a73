//! What there is to see of forecasts made from earlier origins.

use super::naive::Naive;
use super::panel::name_of;
use super::series::Series;
use super::{Backtest, Backtested, Forecast, Layout, Origin};
use crate::calendar::Frequency;
use crate::metrics::Metrics;
use crate::task::{Bar, Bars, Chart, Line, Picture, Role};
use crate::words::thousands;

/// The series whose errors are shown one by one.
const MOST_SERIES: usize = 30;

impl Forecast {
    /// Forecasts in their intervals beside the truth, and the error by rows ahead and by series.
    pub(super) fn backtest_pictures(
        &self,
        all: &[Series<'_>],
        test: usize,
        backtest: &Backtest,
    ) -> Vec<Picture> {
        let mut charts = self.backtest_charts(all, test, backtest, true);
        let tells =
            backtest.series.iter().flat_map(|series| &series.origins).any(|o| !o.quantiles.is_empty());
        let has_bands = charts.charts.iter().any(|chart| !chart.bands.is_empty());
        if has_bands {
            charts.notes.push(if tells {
                "The bands are intervals of the distributions that the model tells.".into()
            } else {
                "The bands are as wide as the model's errors were on the rows kept for the test in training."
                    .into()
            });
        }
        let by_step = (self.horizon > 1).then(|| self.errors_ahead(backtest).into());
        let by_series = (backtest.series.len() > 1).then(|| Picture::Bars(self.errors_of_series(backtest)));
        std::iter::once(charts.into()).chain(by_step).chain(by_series).collect()
    }

    /// The mean absolute error for each number of rows ahead; of several series the mean of each one's.
    fn errors_ahead(&self, backtest: &Backtest) -> crate::task::Charts {
        let line = |forecasts: &dyn Fn(&Backtested, &Origin) -> Vec<f64>| -> Vec<(usize, f64)> {
            let (mut sums, mut counts) = (vec![0.0; self.horizon], vec![0.0; self.horizon]);
            for series in &backtest.series {
                let (mut errors, mut known) = (vec![0.0; self.horizon], vec![0.0; self.horizon]);
                for origin in &series.origins {
                    for (n, forecast) in forecasts(series, origin).into_iter().enumerate() {
                        let error = (forecast - series.actual[origin.row + n]).abs();
                        if !error.is_nan() {
                            errors[n] += error;
                            known[n] += 1.0;
                        }
                    }
                }
                for n in (0..self.horizon).filter(|&n| known[n] > 0.0) {
                    sums[n] += errors[n] / known[n];
                    counts[n] += 1.0;
                }
            }
            let mean = |n: usize| (n + 1, sums[n] / counts[n]);
            (0..self.horizon).filter(|&n| counts[n] > 0.0).map(mean).collect()
        };
        let naive = self.naive().next();
        let mut lines = Vec::new();
        if let Some(naive) = naive {
            let points = line(&|series, origin| self.naively_from(naive, series, origin));
            lines.push(Line::new(naive.name().to_owned(), Role::Baseline, points));
        }
        let model = line(&|_, origin| origin.forecasts.clone());
        lines.push(Line::new("elman".to_owned(), Role::Model, model));
        let per = self.frequency.map_or("row", Frequency::row_name);
        let of = if backtest.series.len() > 1 { ", mean over the series" } else { "" };
        let chart = Chart {
            title: format!("Error by {per}s ahead"),
            x: format!("{per}s ahead"),
            y: format!("mean absolute error{of}"),
            first_row: 1,
            row_names: (1..=self.horizon).map(|n| n.to_string()).collect(),
            lines,
            ..Chart::default()
        };
        chart.into()
    }

    fn naively_from(&self, naive: Naive, series: &Backtested, origin: &Origin) -> Vec<f64> {
        naive.forecast(&series.values[..origin.row], self.horizon)
    }

    /// The error of each series, the worst first: scaled, which makes series of different sizes alike, where that is
    /// defined of all of them.
    fn errors_of_series(&self, backtest: &Backtest) -> Bars {
        let naive = self.naive().next();
        let of = |series: &Backtested| {
            let naively = naive.map(|naive| {
                self.metrics_of(series, &|series, origin| self.naively_from(naive, series, origin))
            });
            (self.metrics_of(series, &|_, origin| origin.forecasts.clone()), naively)
        };
        let figures: Vec<(Metrics, Option<Metrics>)> = backtest.series.iter().map(of).collect();
        let value = |metrics: &Metrics, name: &str| metrics.iter().find(|m| m.name == name)?.value;
        let is_scaled = figures.iter().all(|(model, _)| value(model, "mase").is_some());
        let measure = if is_scaled { "mase" } else { "mae" };
        let bar = |(series, (model, naively)): (&Backtested, &(Metrics, Option<Metrics>))| {
            let baseline = naively.as_ref().and_then(|naively| value(naively, measure));
            Some(Bar { name: name_of(&series.id), model: value(model, measure)?, baseline })
        };
        let mut bars: Vec<Bar> = backtest.series.iter().zip(&figures).filter_map(bar).collect();
        bars.sort_by(|a, b| b.model.total_cmp(&a.model));
        let mut notes = Vec::new();
        if bars.len() > MOST_SERIES {
            notes.push(format!(
                "The {MOST_SERIES} of {} series with the largest error.",
                thousands(backtest.series.len())
            ));
            bars.truncate(MOST_SERIES);
        }
        if matches!(self.layout, Layout::Wide(_)) && !is_scaled {
            notes.push("Columns may have different units.".into());
        }
        let baseline = naive.map(|naive| naive.name().to_owned());
        Bars { title: "Error by series".into(), notes, measure: measure.into(), baseline, bars }
    }
}
