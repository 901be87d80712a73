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
//! trained for each way, and their forecasts of that end, from every origin in it, are compared. What is kept for the test or
//! for validation is not looked at. With covariates, which tell of what smoothing cannot know, it is tried as well whether
//! the network's forecasts of the errors are to be believed as little as usual or altogether.

use std::borrow::Cow;

use super::series::Series;
use super::smoothing::{Smoothing, TRUST};
use super::{Forecast, ForecastOptions, Transform};
use crate::calendar::Cycle;
use crate::error::{DataError, Message};
use crate::scaling::{NoScaling, Scaling};
use crate::table::Table;
use crate::task::{Prepared, TaskKind};

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
        // Smoothing loses more rows at the start, of which validation is a share.
        let leaves_validation =
            |task: &Forecast| options.validation == 0.0 || validation(task) >= task.window;
        let values = &series.values[..rows - validation(self)];
        let usual = if is_asked_for { Transform::Difference } else { self.transform };
        let mut differences = Forecast { transform: usual, ..self.clone() };
        differences.scaling =
            differences.statistics(values).map_err(|why| self.cannot_be_scaled(table, series, why))?;
        match differences.smoothed(values) {
            Some(mut smoothed) if is_asked_for || leaves_validation(&smoothed) => {
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

    /// Tries differences and smoothing. Where there are too few rows for that, smoothing is the better, unless there are
    /// covariates, of which its network would be believed little.
    fn compare(&self, table: &Table, series: &Series<'_>, values: &[f64]) -> Tried {
        let has_covariates = !self.covariates.is_empty();
        let untried = Tried { differences_are_better: has_covariates, trust: TRUST };
        let [least, most] = TRIAL_ROWS;
        let held = self.test.clamp(least, most).min(values.len() / 3).max(self.horizon);
        let Some(start) = values.len().checked_sub(held).filter(|_| held >= least / 2) else {
            return untried;
        };
        let Some(mut task) = self.for_trial(start) else { return untried };
        let known = &values[..start];
        let trusts = if has_covariates { &[TRUST, 1.0][..] } else { &[TRUST] };
        let of_smoothing =
            task.smoothed(known).and_then(|task| task.trial(table, series, values, start, trusts));
        let of_differences = task.statistics(known).ok().and_then(|scaling| {
            task.scaling = scaling;
            task.trial(table, series, values, start, &[1.0])
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
        let Some((longest, frequency)) = self.calendar.last().zip(self.frequency) else { return helpful };
        let rows = series.values.len() - self.test;
        let validation = (options.validation * rows.saturating_sub(self.first_row()) as f64) as usize;
        let values = &series.values[..rows - validation];
        let [least, most] = TRIAL_ROWS;
        let held = (frequency.rows_in(*longest) as usize).clamp(least, most).min(values.len() / 3);
        let start = values.len() - held.max(self.horizon).min(values.len());
        let Some(task) = self.for_trial(start) else { return helpful };
        let transform =
            if self.transform == Transform::Smoothing { Transform::Difference } else { self.transform };
        let error = |calendar: Vec<Cycle>| {
            let mut task = Forecast { calendar, transform, ..task.clone() };
            task.scaling = task.statistics(&values[..start]).ok()?;
            task.trial(table, series, values, start, &[1.0]).map(|(error, _)| error)
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

    /// The sum of absolute errors of forecasts of the rows from `start`, by a network trained on those before, with that of
    /// these shares of its answers that does best; none if that cannot be done. Without smoothing all is believed.
    fn trial(
        &self,
        table: &Table,
        series: &Series<'_>,
        values: &[f64],
        start: usize,
        trusts: &[f64],
    ) -> Option<(f64, f64)> {
        let series = Series { scaling: self.scaling, values: Cow::Borrowed(values), ..series.clone() };
        let prepared = Prepared {
            task: self.clone().into(),
            data: String::new(),
            train: self.windows(&series, &self.scaled(&series), self.first_row()..start),
            validation: Vec::new(),
            held_out: None,
            remarks: Vec::new(),
        };
        let model = self.recipe().train(&prepared, table).ok()?;
        let held = values.len() - start;
        let all = [series];
        let error = |&trust: &f64| {
            let smoothing = self.smoothing.map(|smoothing| Smoothing { trust, ..smoothing });
            let task = Forecast { smoothing, ..self.clone() };
            let backtested = task.backtest_together(model.ensemble(), table, &all, held).ok()?;
            let origins = backtested.iter().flat_map(|series| &series.origins);
            let errors = origins
                .flat_map(|origin| origin.forecasts.iter().zip(&values[origin.row..]))
                .map(|(forecast, actual)| (forecast - actual).abs());
            Some((errors.sum::<f64>(), trust)).filter(|(sum, _)| sum.is_finite())
        };
        trusts.iter().filter_map(error).min_by(|(a, _), (b, _)| a.total_cmp(b))
    }

    /// The same with exponential smoothing fitted to these values; none if they are too few, or too wild.
    fn smoothed(&self, values: &[f64]) -> Option<Self> {
        let spare = values.len().checked_sub(self.looks_back() + self.window)?;
        let smoothing = Smoothing::fit(values, self.season, self.horizon, spare)?;
        let mut task =
            Forecast { transform: Transform::Smoothing, smoothing: Some(smoothing), ..self.clone() };
        task.scaling = task.statistics(values).ok()?;
        (task.first_row() + task.window <= values.len()).then_some(task)
    }

    /// The statistics of these values, transformed. The errors of smoothing are scaled about zero, where smoothing leaves
    /// them by itself.
    pub(super) fn statistics(&self, values: &[f64]) -> Result<Scaling, NoScaling> {
        let changes: Vec<f64> = self.transformed(values).into_iter().flatten().collect();
        let Some(smoothing) = self.smoothing else { return Scaling::fit(changes.iter().copied()) };
        let mean_square = changes.iter().map(|error| error * error).sum::<f64>() / changes.len() as f64;
        let largest = if smoothing.log { 1.0 } else { values.iter().fold(0.0, |a: f64, b| a.max(b.abs())) };
        let scaling = Scaling { mean: 0.0, deviation: mean_square.sqrt().max(ROUNDING * largest) };
        if scaling.is_valid() { Ok(scaling) } else { Err(NoScaling::TooLarge) }
    }
}
