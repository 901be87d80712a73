//! Forecasts from earlier origins, as if the rest were not known.

use super::ahead::{SIDE_BY_SIDE, of_series};
use super::level::Level;
use super::remarks::remark_on_future;
use super::series::Series;
use super::spread::{PATHS, Spread};
use super::{Forecast, Layout, smoothed};
use crate::calendar::Frequency;
use crate::ensemble::Ensemble;
use crate::error::{ConfigError, DataError, Error, Message};
use crate::float::Dtype;
use crate::metrics::{Baseline, Evaluation, Metrics, forecast_metrics, mean_metrics, seasonal_scale};
use crate::missing::Missing;
use crate::predict::Session;
use crate::scaling::Scaling;
use crate::table::Table;
use crate::task::predictions::check_finite;
use crate::task::{Answers, Number, Precision, Predictions};
use crate::watch::{Steps, Watch};
use crate::words::{counted, thousands};

/// Forecasts of what is already known.
#[derive(Clone, Debug, PartialEq)]
pub struct Backtest {
    /// Of each series, in order of first appearance.
    pub series: Vec<Backtested>,
    /// What the user should know: which series are left out.
    pub remarks: Vec<Message>,
}

/// Forecasts of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Backtested {
    /// What tells the series from others: a cell of each id column, or the name of its column; nothing of a single one.
    pub id: Vec<String>,
    /// The series; what was missing is filled in.
    pub values: Vec<f64>,
    /// The series as it was known: NaN where a value was missing.
    pub actual: Vec<f64>,
    /// The statistics by which its transformed values are scaled.
    pub scaling: Scaling,
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
    /// Of a model that tells distributions: the quantiles at [`Backtest::LEVELS`], of 100 sample paths, `[levels, horizon]`.
    pub quantiles: Vec<Vec<f64>>,
    /// Of such a model: the continuous ranked probability score of each row's samples; NaN where the value is missing.
    pub crps: Vec<f64>,
}

impl Forecast {
    /// Forecasts from every origin in the last `test` rows of each series, as if the rows after it were not known. The
    /// network reads each series once.
    ///
    /// # Errors
    /// If the table has no such series, or `test` is less than the horizon or nearly all rows.
    pub fn backtest(&self, ensemble: &Ensemble, table: &Table, test: usize) -> Result<Backtest, Error> {
        self.backtest_watched(ensemble, table, test, &mut |_, _| Ok(()))
    }

    /// The same, which may take long; `watch` is told how far it is.
    ///
    /// # Errors
    /// As [`backtest`](Self::backtest), or if `watch` ends it.
    pub fn backtest_watched(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        test: usize,
        watch: &mut Watch<'_>,
    ) -> Result<Backtest, Error> {
        let table = &*self.with_times(table)?;
        if test < self.horizon {
            let message = format!("is {test} rows; it must be at least the horizon, {}", self.horizon);
            return Err(ConfigError::new("test", message).into());
        }
        let members = self.members(table)?;
        let (series, mut remarks) = self.read(table, &members, test)?;
        remarks.extend(remark_on_future(&series));
        remarks.extend(self.remark_on_lines(&series, test));
        if let ([series], Layout::Single) = (&series[..], &self.layout) {
            self.check_test(table, series, test)?;
        }
        let mut backtested = Vec::with_capacity(series.len());
        let mut steps = Steps::new(self.backtest_steps(ensemble, &series, test), watch);
        for series in series.chunks(SIDE_BY_SIDE) {
            backtested.extend(self.backtest_together(ensemble, table, series, test, &mut steps)?);
        }
        Ok(Backtest { series: backtested, remarks })
    }

    /// The rows of history and of forecasts and sample paths that a backtest goes through.
    fn backtest_steps(&self, ensemble: &Ensemble, series: &[Series<'_>], test: usize) -> usize {
        let (origins, paths) = (test - self.horizon + 1, ensemble.distribution().map_or(0, |_| PATHS));
        let history = |series: &Series<'_>| series.values.len().saturating_sub(test + self.first_row());
        let each = origins - 1 + origins * self.horizon * (1 + paths);
        series.iter().map(|series| history(series) + each).sum()
    }

    /// What is to be said of gaps within the rows on which is tested, where gaps are filled by lines.
    fn remark_on_lines(&self, all: &[Series<'_>], test: usize) -> Option<Message> {
        if self.missing != Some(Missing::Interpolate) {
            return None;
        }
        let in_test = |series: &Series<'_>| {
            series.filled.iter().rev().take(test).filter(|is_filled| **is_filled).count()
        };
        let count: usize = all.iter().map(in_test).sum();
        let (values, them) = match count {
            0 => return None,
            1 => ("of the rows on which is tested 1 value is missing and".to_owned(), "it"),
            _ => (
                format!("of the rows on which is tested {} values are missing and", thousands(count)),
                "them",
            ),
        };
        let text = format!(
            "{values} filled with the value before, since a line would look ahead; a prediction from later rows has {them} \
             on a line"
        );
        Some(text.into())
    }

    fn check_test(&self, table: &Table, series: &Series<'_>, test: usize) -> Result<(), DataError> {
        let rows = series.values.len();
        if test <= rows - self.first_row() {
            return Ok(());
        }
        let text = format!(
            "has {rows} rows; a test on the last {test} needs {} before them to look back on: give more rows or a \
             smaller ",
            self.first_row()
        );
        Err(DataError::new(table.name(), Message::from(text).option("test")))
    }

    /// Goes through series side by side.
    pub(super) fn backtest_together(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        series: &[Series<'_>],
        test: usize,
        steps: &mut Steps<'_, '_>,
    ) -> Result<Vec<Backtested>, Error> {
        let all = self.ready(series);
        let mut session = Session::of_sequences(ensemble, all.len())?;
        let mut backtested: Vec<Backtested> = series
            .iter()
            .map(|series| Backtested {
                id: series.id.to_vec(),
                values: series.values.to_vec(),
                actual: series.actual(),
                scaling: series.scaling,
                origins: Vec::with_capacity(test - self.horizon + 1),
            })
            .collect();
        let known = |series: &Series<'_>| self.level(series, series.values.len() - test);
        let mut levels: Vec<Level> = series.iter().map(known).collect();
        for n in 0..=test - self.horizon {
            let origin = |series: &Series<'_>| series.values.len() - test + n;
            let unread = |series: &Series<'_>| {
                let read = if n == 0 { self.first_row() } else { origin(series) - 1 };
                read..origin(series)
            };
            self.read_history((&mut session, &mut *steps), &all, unread)?;
            let forecasts = session.branch(|session| {
                self.roll_points(ensemble, (session, &mut *steps), &all, levels.clone(), origin, self.horizon)
            })?;
            let spreads =
                self.spread_from(ensemble, (&mut session, &mut *steps), &all, &levels, origin, n)?;
            for (series, level) in series.iter().zip(&mut levels) {
                level.take(series.values[origin(series)]);
            }
            let spreads = spreads.into_iter().chain(std::iter::repeat_with(Spread::default));
            for (((series, forecasts), spread), to) in
                series.iter().zip(forecasts).zip(spreads).zip(&mut backtested)
            {
                let row = origin(series);
                let place = |n: usize| format!("{}row {}", of_series(series), row + n + 1);
                let why = |_| self.remark_on_far(series);
                check_finite(forecasts.iter().copied(), table, place, why)?;
                let Spread { quantiles, crps } = spread;
                check_finite(quantiles.iter().flatten().copied(), table, |n| place(n % self.horizon), why)?;
                to.origins.push(Origin { row, forecasts, quantiles, crps });
            }
        }
        Ok(backtested)
    }

    /// The forecasts row by row: which series, the time of the last row that was known, the time that is forecast, how
    /// many rows that is ahead, the forecast and what came true.
    pub(super) fn backtest_rows(
        &self,
        backtest: &Backtest,
        table: &Table,
        test: usize,
        dtype: Dtype,
    ) -> Result<Predictions, Error> {
        let members = self.members(table)?;
        let (series, _) = self.read(table, &members, test)?;
        let mut columns =
            self.id_columns(&series, backtest.series.first().map_or(0, |b| b.origins.len() * self.horizon));
        let (mut origins, mut rows, mut steps, mut forecasts, mut actual) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (series, Backtested { actual: known, origins: all, .. }) in series.iter().zip(&backtest.series) {
            for Origin { row: origin, forecasts: ahead, .. } in all {
                for (n, &forecast) in ahead.iter().enumerate() {
                    origins.push((series, origin - 1));
                    rows.push((series, origin + n));
                    steps.push(Number { value: (n + 1) as f64, precision: Precision::F64 });
                    forecasts.push(Number::answer(forecast, self.spread(series, forecast), dtype));
                    actual.push(Number { value: known[origin + n], precision: Precision::F64 });
                }
            }
        }
        columns.extend([
            ("origin".into(), row_names(&origins)),
            (self.time_name(), row_names(&rows)),
            ("step".into(), Answers::Numbers(steps)),
            (self.forecast_name(), Answers::Numbers(forecasts)),
            ("actual".into(), Answers::Numbers(actual)),
        ]);
        columns.extend(self.spread_columns(&series, backtest, dtype));
        Ok(Predictions::new(columns))
    }

    /// How good the forecasts are, beside naive ones. The figures of several series are the means of each one's.
    pub(super) fn measure(&self, backtest: &Backtest) -> Evaluation {
        let per_series = |forecasts: &dyn Fn(&Backtested, &Origin) -> Vec<f64>| -> Vec<Metrics> {
            backtest.series.iter().map(|series| self.metrics_of(series, forecasts)).collect()
        };
        let mut model = per_series(&|_, origin| origin.forecasts.clone());
        for (metrics, series) in model.iter_mut().zip(&backtest.series) {
            metrics.extend(self.spread_metrics(series));
        }
        let baselines = self.naive().map(|naive| {
            let metrics =
                per_series(&|series, origin| naive.forecast(&series.values[..origin.row], self.horizon));
            Baseline { name: naive.name().into(), metrics: mean_metrics(&metrics) }
        });
        let smoothed = self.all_by_smoothing(&backtest.series).map(|all| {
            let of = |(series, forecasts): (&Backtested, &Vec<Vec<f64>>)| {
                self.metrics_of(series, &|_, origin| forecasts[origin.row - series.origins[0].row].clone())
            };
            let metrics: Vec<Metrics> = backtest.series.iter().zip(&all).map(of).collect();
            Baseline { name: smoothed::NAME.into(), metrics: mean_metrics(&metrics) }
        });
        let mut evaluation = Evaluation {
            on: self.what_was_forecast(&backtest.series),
            model: mean_metrics(&model),
            baselines: baselines.chain(smoothed).collect(),
            confusion: None,
            remarks: backtest.remarks.clone(),
        };
        if backtest.series.len() > 1 {
            evaluation.remarks.extend(remark_on_undefined(&model));
        }
        evaluation
    }

    pub(super) fn metrics_of(
        &self,
        series: &Backtested,
        forecasts: &dyn Fn(&Backtested, &Origin) -> Vec<f64>,
    ) -> Metrics {
        let origins = || series.origins.iter();
        let predicted: Vec<f64> = origins().flat_map(|origin| forecasts(series, origin)).collect();
        let actual: Vec<f64> = origins()
            .flat_map(|origin| &series.actual[origin.row..origin.row + self.horizon])
            .copied()
            .collect();
        let known = series.origins.first().map_or(0, |origin| origin.row);
        let scale = seasonal_scale(&series.values[..known], self.season.unwrap_or(1));
        forecast_metrics(&predicted, &actual, scale)
    }

    /// `114 forecasts, up to 6 months ahead, from 19 origins`
    fn what_was_forecast(&self, all: &[Backtested]) -> String {
        let origins = all.first().map_or(0, |series| series.origins.len());
        let forecasts = all.len() * origins * self.horizon;
        let of = match self.layout {
            Layout::Single => String::new(),
            Layout::Long(_) | Layout::Wide(_) => format!(" of {} series", thousands(all.len())),
        };
        let per = self.frequency.as_ref().map_or("row", Frequency::row_name);
        format!(
            "{forecasts} forecast{}{of}, up to {} ahead, from {}{}",
            if forecasts == 1 { "" } else { "s" },
            counted(self.horizon, per),
            counted(origins, "origin"),
            if of.is_empty() { "" } else { " each" }
        )
    }
}

/// The names of known rows of series: their times, or else their numbers, counted from 1.
fn row_names(rows: &[(&Series<'_>, usize)]) -> Answers {
    let time = |&(series, row): &(&Series<'_>, usize)| series.calendar.as_ref()?.time(row);
    match rows.iter().map(time).collect() {
        Some(times) => Answers::Times(times),
        None => Answers::Text(rows.iter().map(|(_, row)| (row + 1).to_string()).collect()),
    }
}

/// Names the figures that are not defined in every series.
fn remark_on_undefined(all: &[Metrics]) -> Option<Message> {
    let names = all.first()?.iter().enumerate();
    let undefined = names.filter_map(|(n, metric)| {
        let count = all.iter().filter(|metrics| metrics[n].value.is_none()).count();
        (count > 0 && count < all.len()).then(|| format!("{} in {}", metric.name, thousands(count)))
    });
    let undefined: Vec<String> = undefined.collect();
    if undefined.is_empty() {
        return None;
    }
    let text = format!(
        "figures are means over {} series, but for those in which one is not defined ({})",
        thousands(all.len()),
        undefined.join(", ")
    );
    Some(text.into())
}
