//! What there is to see of forecasts made from earlier origins.

use std::collections::BTreeMap;

use super::charts::name_of_row;
use super::naive::Naive;
use super::panel::name_of;
use super::series::Series;
use super::{Backtest, Backtested, Forecast, Layout, Origin};
use crate::calendar::Frequency;
use crate::metrics::Metrics;
use crate::task::{Answers, Bar, Bars, Cases, Chart, Charts, Line, Number, Picture, Precision, Role};
use crate::words::thousands;

/// The forecasts that are listed.
const MOST_CASES: usize = 10;

/// The series whose errors are shown one by one.
const MOST_SERIES: usize = 30;

/// A forecast, and how far off it is.
struct Worst<'a> {
    series: &'a Series<'a>,
    row: usize,
    ahead: usize,
    forecast: f64,
    actual: f64,
    off: f64,
}

impl Forecast {
    /// Forecasts in their intervals beside the truth, the error by rows ahead and by series, and the worst forecasts.
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
        let worst = Picture::Cases(self.worst_forecasts(all, backtest));
        std::iter::once(charts.into()).chain(by_step).chain(by_series).chain([worst]).collect()
    }

    /// The mean absolute error for each number of rows ahead; of several series the mean of each one's.
    fn errors_ahead(&self, backtest: &Backtest) -> Charts {
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
        let per = self.frequency.as_ref().map_or("row", Frequency::row_name);
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

    /// The rows whose worst forecast is farthest off; of several series, over what each usually changes by.
    fn worst_forecasts(&self, all: &[Series<'_>], backtest: &Backtest) -> Cases {
        let several = backtest.series.len() > 1;
        let mut worst: Vec<Worst<'_>> = Vec::new();
        for (series, backtested) in all.iter().zip(&backtest.series) {
            worst.extend(self.worst_of_rows(series, backtested, several));
            worst.sort_by(|a, b| b.off.total_cmp(&a.off));
            worst.truncate(MOST_CASES);
        }
        let texts = |of: fn(&Worst<'_>) -> String| Answers::Text(worst.iter().map(of).collect());
        let numbers = |of: fn(&Worst<'_>) -> f64| {
            let number = |value| Number { value, precision: Precision::F64 };
            Answers::Numbers(worst.iter().map(of).map(number).collect())
        };
        let per = self.frequency.as_ref().map_or("row", Frequency::row_name);
        let mut columns = vec![
            (self.time_name(), texts(|worst| name_of_row(worst.series, worst.row))),
            (format!("{per}s ahead"), texts(|worst| (worst.ahead + 1).to_string())),
            ("true".into(), numbers(|worst| worst.actual)),
            ("forecast".into(), numbers(|worst| worst.forecast)),
            ("error".into(), numbers(|worst| worst.forecast - worst.actual)),
        ];
        let mut notes = vec!["Of each row the worst of its forecasts.".to_owned()];
        if several {
            columns.insert(0, ("series".into(), texts(|worst| name_of(worst.series.id))));
            notes.push("They are compared over what each series usually changes by.".into());
        }
        Cases { title: "Forecasts farthest off".into(), notes, columns }
    }

    /// The worst forecast of each row of a series, from whichever origin.
    fn worst_of_rows<'a>(
        &self,
        series: &'a Series<'a>,
        backtested: &Backtested,
        is_relative: bool,
    ) -> impl Iterator<Item = Worst<'a>> {
        let mut of_rows: BTreeMap<usize, Worst<'a>> = BTreeMap::new();
        for origin in &backtested.origins {
            for (ahead, &forecast) in origin.forecasts.iter().enumerate() {
                let row = origin.row + ahead;
                let actual = backtested.actual[row];
                let off = if is_relative {
                    self.error(&series.scaling, forecast, actual)
                } else {
                    (forecast - actual).abs()
                };
                if !off.is_nan() && of_rows.get(&row).is_none_or(|worst| off > worst.off) {
                    of_rows.insert(row, Worst { series, row, ahead, forecast, actual, off });
                }
            }
        }
        of_rows.into_values()
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
        Bars { title: "Error by series".into(), notes, measure: measure.to_uppercase(), baseline, bars }
    }
}
