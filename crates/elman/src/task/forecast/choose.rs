//! What a trial decides: whether a network is to learn the differences of a series or what exponential smoothing leaves
//! of it, and which periods of the calendar it is to see.
//!
//! In the first way the network learns the series' (relative) changes, season and all. In the other, level, trend and
//! season are left to exponential smoothing, and the network forecasts its errors. A hybrid of this kind won the M4
//! competition (Smyl, International Journal of Forecasting 36, 2020); here the smoothing is fitted first and stays.
//!
//! A period of the calendar that does not matter is noise to learn by heart: those that were not asked for must make
//! forecasts better.
//!
//! All is tried on the rows to learn from: fitted to all but the end of them, a network of the default recipe is
//! trained for each way, and their forecasts of that end, from every origin in it, are compared. What is kept for the test
//! or for validation is not looked at. With covariates, which tell of what smoothing cannot know, it is tried as well
//! whether the network's forecasts of the errors are to be believed as little as usual or altogether; of a single series
//! without them, as little as usual or not at all.
//!
//! Of several series some are tried together, and all are learned in the way that errs less on these, each as a share of
//! its changes. On seven tables of 4 to 181 series the mean absolute scaled error is so 3 % less than that of differences
//! (geometric mean; from 23 % less to 17 % more).

use std::borrow::Cow;

use super::backtest::Backtested;
use super::series::Series;
use super::smoothing::{Smoothing, TRUST};
use super::{Forecast, ForecastOptions, Transform};
use crate::calendar::Cycle;
use crate::error::{DataError, Message};
use crate::scaling::{NoScaling, Scaling};
use crate::sequence::Sequences;
use crate::table::Table;
use crate::task::{Prepared, TaskKind};
use crate::watch::Steps;

/// Differences must have less than this share of the smoothing's error: where the two do about as well, smoothing is
/// less easily led astray.
///
/// Judged, as is [`TRUST`], on the 181 yearly series of the M1 competition and on 24
/// others by the mean absolute error on their last rows. Shares from 0.9 to 1 differ by less than 3 % there.
const CLEARLY_LESS: f64 = 0.95;

/// Periods of the calendar must leave less than this share of the error without them.
const NOTICEABLY_LESS: f64 = 0.98;

/// The rows that a trial forecasts are as many as those of the test, within these bounds, and at most a third. Fewer than
/// half of the least tell too little: then smoothing is taken, which is the better way for most short series (on those
/// of M1 its errors are 19 % less).
const TRIAL_ROWS: [usize; 2] = [24, 500];

/// The training sequences of a trial at the most: enough to compare, and soon done.
const TRIAL_WINDOWS: usize = 200;

/// Several series are tried by so many of them at the most, and by so many training sequences.
const TRIAL_SERIES: usize = 50;
const TRIAL_WINDOWS_OF_SEVERAL: usize = 1_000;

/// Errors of smoothing below this share of the largest value are its rounding.
const ROUNDING: f64 = 1e-9;

/// What a trial has shown.
struct Tried {
    differences_are_better: bool,
    /// The share of what the network forecasts of smoothing's errors that is to be believed.
    trust: f64,
}

impl Forecast {
    /// Decides what is learned of a single series: what the options say, or what does better in a trial. Smoothing is
    /// fitted here.
    pub(super) fn choose(
        &mut self,
        table: &Table,
        series: &Series<'_>,
        options: &ForecastOptions,
    ) -> Result<(), DataError> {
        if options.calendar.is_none() {
            self.calendar = self.periods_that_help(table, series, options);
        }
        let is_asked_for = options.transform == Some(Transform::Smoothing);
        if options.transform.is_some() && !is_asked_for {
            return Ok(());
        }
        let rows = series.values.len() - self.test;
        let validation = |task: &Forecast| (options.validation * (rows - task.first_row()) as f64) as usize;
        // Smoothing loses more rows at the start.
        let leaves_a_window =
            |task: &Forecast| rows.saturating_sub(task.first_row() + validation(task)) >= task.window;
        let values = &series.values[..rows - validation(self)];
        let usual = if is_asked_for { Transform::Difference } else { self.transform };
        let mut differences = Forecast { transform: usual, ..self.clone() };
        differences.scaling = differences
            .statistics(values, None)
            .map_err(|why| differences.cannot_be_scaled(table, series, values.len(), why))?;
        match differences.smoothed(values) {
            Some(mut smoothed) if is_asked_for || leaves_a_window(&smoothed) => {
                // What is asked for is tried only for how far it is to be believed.
                let is_tried = !is_asked_for || !self.covariates.is_empty();
                let tried = is_tried.then(|| differences.compare(table, series, values));
                if let (Some(smoothing), Some(tried)) = (&mut smoothed.smoothing, &tried) {
                    smoothing.trust = tried.trust;
                }
                if is_asked_for || tried.is_some_and(|tried| !tried.differences_are_better) {
                    *self = smoothed;
                }
            }
            None if is_asked_for => {
                let text = "the series is too short or too wild for exponential smoothing; choose another ";
                return Err(DataError::new(table.name(), Message::from(text).option("transform")));
            }
            _ => {}
        }
        Ok(())
    }

    /// Decides what is learned of several series: what the options say, or what does better in a trial on some of them,
    /// for all alike. Each is still to be smoothed by its own weights.
    pub(super) fn choose_of_several(&mut self, table: &Table, all: &[Series<'_>], options: &ForecastOptions) {
        let is_asked_for = options.transform == Some(Transform::Smoothing);
        if options.transform.is_some() && !is_asked_for {
            return;
        }
        let known = |rows: usize| {
            let rows = rows - self.test;
            rows - (options.validation * (rows - self.first_row()) as f64) as usize
        };
        let some = all.iter().step_by(all.len().div_ceil(TRIAL_SERIES)).map(|series| {
            let values = Cow::Owned(series.values[..known(series.values.len())].to_vec());
            Series { values, ..series.clone() }
        });
        let some: Vec<Series<'_>> = some.filter(|series| mean_change(&series.values) > 0.0).collect();
        let mut smoothing = Smoothing::usual(self.season, self.is_better_in_logarithms(&some));
        let smoothed = |smoothing| Forecast {
            transform: Transform::Smoothing,
            smoothing: Some(smoothing),
            ..self.clone()
        };
        // What is asked for is tried only for how far it is to be believed.
        let is_tried = !is_asked_for || !self.covariates.is_empty();
        let of_smoothing =
            is_tried.then(|| smoothed(smoothing).trial_of_several(table, &some, self.trusts())).flatten();
        smoothing.trust = of_smoothing.map_or(TRUST, |(_, trust)| trust);
        let is_better = || match (of_smoothing, self.trial_of_several(table, &some, &[1.0])) {
            (Some((of_smoothing, _)), Some((of_differences, _))) => of_smoothing <= of_differences,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            // Where nothing can be tried, series are short, and smoothing is the better way for most, unless there are
            // covariates, of which its network would be believed little.
            (None, None) => self.covariates.is_empty(),
        };
        if is_asked_for || is_better() {
            *self = smoothed(smoothing);
        }
    }

    /// The shares of what the network forecasts of smoothing's errors that are tried.
    fn trusts(&self) -> &'static [f64] {
        if self.covariates.is_empty() { &[TRUST] } else { &[TRUST, 1.0] }
    }

    /// Does smoothing of logarithms err less, one series with another?
    fn is_better_in_logarithms(&self, all: &[Series<'_>]) -> bool {
        let error = |log: bool| {
            let of = |series: &Series<'_>| {
                let fitted = Smoothing::fit_one_of_several(&series.values, self.season, self.horizon, log);
                fitted.map(|(error, _)| error / mean_change(&series.values))
            };
            all.iter().map(of).sum::<Option<f64>>().filter(|sum| sum.is_finite())
        };
        match (error(true), error(false)) {
            (Some(of_logarithms), Some(of_values)) => of_logarithms < of_values,
            (of_logarithms, _) => of_logarithms.is_some(),
        }
    }

    /// How one of several series is smoothed, if they are; fitted to these values, if they are enough.
    pub(super) fn smoothing_of(&self, values: &[f64]) -> Option<Smoothing> {
        let usual = self.smoothing?;
        let fitted = Smoothing::fit_one_of_several(values, self.season, self.horizon, usual.log);
        Some(fitted.map_or(usual, |(_, smoothing)| Smoothing { trust: usual.trust, ..smoothing }))
    }

    /// As [`trial`](Self::trial), of several series; none if there is too little to try.
    fn trial_of_several(&self, table: &Table, all: &[Series<'_>], trusts: &[f64]) -> Option<(f64, f64)> {
        let mut rows: Vec<usize> = all.iter().map(|series| series.values.len()).collect();
        rows.sort_unstable();
        let held = self.trial_rows(self.test, *rows.get(rows.len() / 2)?);
        let least = held + self.first_row() + 2;
        let differences = Forecast { transform: Transform::Difference, smoothing: None, ..self.clone() };
        let mut fitted = Vec::new();
        for series in all.iter().filter(|series| series.values.len() >= least) {
            let known = &series.values[..series.values.len() - held];
            // Series that grow steadily cannot be learned by differences, and would be tried by smoothing alone.
            if differences.statistics(known, None).is_ok() {
                let smoothing = self.smoothing_of(known);
                let scaling = self.statistics(known, smoothing).ok()?;
                fitted.push(Series { smoothing, scaling, ..series.clone() });
            }
        }
        if held * fitted.len() < TRIAL_ROWS[0] / 2 {
            return None;
        }
        let total: usize = fitted.iter().map(|series| series.values.len() - least + 2).sum();
        let stride = total.div_ceil(TRIAL_WINDOWS_OF_SEVERAL).max(1);
        Forecast { stride, ..self.clone() }.trial(table, &fitted, held, trusts)
    }

    /// The rows at the end of so many that a trial forecasts where so many are wanted.
    fn trial_rows(&self, wanted: usize, rows: usize) -> usize {
        let [least, most] = TRIAL_ROWS;
        wanted.clamp(least, most).min(rows / 3).max(self.horizon)
    }

    /// Tries differences and smoothing. Where there are too few rows for that, smoothing is the better, unless there are
    /// covariates, of which its network would be believed little.
    fn compare(&self, table: &Table, series: &Series<'_>, values: &[f64]) -> Tried {
        let untried = Tried { differences_are_better: !self.covariates.is_empty(), trust: TRUST };
        let held = self.trial_rows(self.test, values.len());
        let Some(start) = values.len().checked_sub(held).filter(|_| held >= TRIAL_ROWS[0] / 2) else {
            return untried;
        };
        let Some(mut task) = self.for_trial(start) else { return untried };
        let known = &values[..start];
        // What the network forecasts of errors that are noise alone is best not believed at all.
        let trusts = if self.covariates.is_empty() { &[0.0, TRUST] } else { self.trusts() };
        let of_smoothing = task
            .smoothed(known)
            .and_then(|task| task.trial(table, &[task.trained(series, values)], held, trusts));
        let of_differences = task.statistics(known, None).ok().and_then(|scaling| {
            task.scaling = scaling;
            task.trial(table, &[task.trained(series, values)], held, &[1.0])
        });
        let differences_are_better = match (of_differences, of_smoothing) {
            (Some((differences, _)), Some((smoothing, _))) => differences < CLEARLY_LESS * smoothing,
            (of_differences, _) => of_differences.is_some(),
        };
        Tried { differences_are_better, trust: of_smoothing.map_or(TRUST, |(_, trust)| trust) }
    }

    /// Of the calendar's periods, from the shortest on, those with which forecasts of the last rows to learn from are
    /// noticeably better than without.
    fn periods_that_help(&self, table: &Table, series: &Series<'_>, options: &ForecastOptions) -> Vec<Cycle> {
        let mut helpful = Vec::new();
        let Some((longest, frequency)) = self.calendar.last().zip(self.frequency.as_ref()) else {
            return helpful;
        };
        let rows = series.values.len() - self.test;
        let validation = (options.validation * rows.saturating_sub(self.first_row()) as f64) as usize;
        let values = &series.values[..rows - validation];
        let held = self.trial_rows(frequency.rows_in(*longest) as usize, values.len()).min(values.len());
        let start = values.len() - held;
        let Some(task) = self.for_trial(start) else { return helpful };
        let transform =
            if self.transform == Transform::Smoothing { Transform::Difference } else { self.transform };
        let error = |calendar: Vec<Cycle>| {
            let mut task = Forecast { calendar, transform, ..task.clone() };
            task.scaling = task.statistics(&values[..start], None).ok()?;
            task.trial(table, &[task.trained(series, values)], held, &[1.0]).map(|(error, _)| error)
        };
        let Some(mut least) = error(Vec::new()) else { return helpful };
        for &cycle in &self.calendar {
            helpful.push(cycle);
            match error(helpful.clone()) {
                Some(with) if with < NOTICEABLY_LESS * least => least = with,
                _ => _ = helpful.pop(),
            }
        }
        helpful
    }

    /// The same to be trained for a trial on the rows before `start`; none if they are too few.
    fn for_trial(&self, start: usize) -> Option<Self> {
        let usable = start.checked_sub(self.first_row()).filter(|&usable| usable > 1)?;
        let (window, stride) = (self.window.min(usable), usable.div_ceil(TRIAL_WINDOWS));
        Some(Forecast { window, stride, ..self.clone() })
    }

    /// A single series with no more than these values, as this task learns it.
    fn trained<'s>(&self, series: &Series<'s>, values: &'s [f64]) -> Series<'s> {
        let (scaling, smoothing) = (self.scaling, self.smoothing);
        Series { scaling, smoothing, values: Cow::Borrowed(values), ..series.clone() }
    }

    /// The sum of absolute errors of forecasts of the last rows of these series, as shares of their changes, by a network
    /// trained on those before, with that of these shares of its answers that does best; none if that cannot be done.
    /// Without smoothing all is believed.
    fn trial(&self, table: &Table, all: &[Series<'_>], held: usize, trusts: &[f64]) -> Option<(f64, f64)> {
        let start = |series: &Series<'_>| series.values.len() - held;
        let windows = |series| {
            let first = self.first_row();
            self.windows(series, &self.scaled(series), first..start(series), first)
        };
        let prepared = Prepared {
            task: self.clone().into(),
            data: String::new(),
            train: all.iter().flat_map(windows).collect(),
            train_groups: Vec::new(),
            validation: Sequences::default(),
            held_out: None,
            remarks: Vec::new(),
        };
        let model = self.recipe().train(&prepared, table).ok()?;
        let error = |&trust: &f64| {
            let smoothing = self.smoothing.map(|smoothing| Smoothing { trust, ..smoothing });
            let task = Forecast { smoothing, ..self.clone() };
            let backtested = task
                .backtest_together(model.ensemble(), table, all, held, &mut Steps::new(0, &mut |_, _| Ok(())))
                .ok()?;
            let error = backtested.iter().map(|series| error_of(series, held)).sum::<f64>();
            Some((error, trust)).filter(|(error, _)| error.is_finite())
        };
        trusts.iter().filter_map(error).min_by(|(a, _), (b, _)| a.total_cmp(b))
    }

    /// The same with exponential smoothing fitted to these values; none if they are too few, or too wild.
    fn smoothed(&self, values: &[f64]) -> Option<Self> {
        let spare = values.len().checked_sub(self.looks_back() + self.window)?;
        let smoothing = Smoothing::fit(values, self.season, self.horizon, spare)?;
        let mut task =
            Forecast { transform: Transform::Smoothing, smoothing: Some(smoothing), ..self.clone() };
        task.scaling = task.statistics(values, task.smoothing).ok()?;
        (task.first_row() + task.window <= values.len()).then_some(task)
    }

    /// The statistics of these values, transformed. The errors of smoothing are scaled about zero, where smoothing leaves
    /// them by itself.
    pub(super) fn statistics(
        &self,
        values: &[f64],
        smoothing: Option<Smoothing>,
    ) -> Result<Scaling, NoScaling> {
        let changes: Vec<f64> = self.transformed(values, smoothing).into_iter().flatten().collect();
        let Some(smoothing) = smoothing else { return Scaling::fit(changes.iter().copied()) };
        let mean_square = changes.iter().map(|error| error * error).sum::<f64>() / changes.len() as f64;
        let largest = if smoothing.log { 1.0 } else { values.iter().fold(0.0, |a: f64, b| a.max(b.abs())) };
        let scaling = Scaling { mean: 0.0, deviation: mean_square.sqrt().max(ROUNDING * largest) };
        match scaling.deviation {
            // Nothing but zeros.
            0.0 => Err(NoScaling::Constant),
            _ if scaling.is_valid() => Ok(scaling),
            _ => Err(NoScaling::TooLarge),
        }
    }
}

/// The sum of absolute errors of forecasts of a series' last rows, as a share of its changes before.
fn error_of(series: &Backtested, held: usize) -> f64 {
    let errors = series.origins.iter().flat_map(|origin| {
        let pairs = origin.forecasts.iter().zip(&series.actual[origin.row..]);
        pairs.map(|(forecast, actual)| (forecast - actual).abs())
    });
    let known = &series.values[..series.values.len() - held];
    errors.filter(|error| !error.is_nan()).sum::<f64>() / mean_change(known)
}

/// How far values are from those before, on average.
fn mean_change(values: &[f64]) -> f64 {
    let changes = values.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    changes.sum::<f64>() / values.len().saturating_sub(1) as f64
}
