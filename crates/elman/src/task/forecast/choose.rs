//! Whether a network is to learn the differences of a series or what exponential smoothing leaves of it.
//!
//! In the first way the network learns the series' (relative) changes, season and all. In the other, level, trend and
//! season are left to exponential smoothing, and the network forecasts its errors. A hybrid of this kind won the M4
//! competition (Smyl, International Journal of Forecasting 36, 2020); here the smoothing is fitted first and stays.
//!
//! Both are tried on the rows to learn from: fitted to all but the end of them, a network of the default recipe is
//! trained for each, and their forecasts of that end, from every origin in it, are compared. What is kept for the test or
//! for validation is not looked at.

use std::borrow::Cow;

use super::series::Series;
use super::smoothing::Smoothing;
use super::{Forecast, ForecastOptions, Transform};
use crate::error::{DataError, Message};
use crate::scaling::{NoScaling, Scaling};
use crate::table::Table;
use crate::task::{Prepared, TaskKind};

/// Differences must have less than this share of the smoothing's error: where the two do about as well, smoothing is
/// less easily led astray.
///
/// Judged, as is [`TRUST`](super::smoothing::TRUST), on the 181 yearly series of the M1 competition and on 24
/// others by the mean absolute error on their last rows. Shares from 0.9 to 1 differ by less than 3 % there.
const CLEARLY_LESS: f64 = 0.95;

/// The rows that a trial forecasts are as many as those of the test, within these bounds, and at most a third. Fewer than
/// half of the least tell too little: then smoothing is taken, which is the better way for most short series (on those
/// of M1 its errors are 19 % less).
const TRIAL_ROWS: [usize; 2] = [24, 500];

/// The training sequences of a trial at the most: enough to compare, and soon done.
const TRIAL_WINDOWS: usize = 200;

/// Errors of smoothing below this share of the largest value are its rounding.
const ROUNDING: f64 = 1e-9;

impl Forecast {
    /// Decides what is learned of a single series: what the options say, or what does better in a trial. Smoothing is
    /// fitted here.
    pub(super) fn choose(
        &mut self,
        table: &Table,
        series: &Series<'_>,
        options: &ForecastOptions,
    ) -> Result<(), DataError> {
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
            Some(smoothed)
                if is_asked_for
                    || leaves_validation(&smoothed) && !differences.are_better(table, series, values) =>
            {
                *self = smoothed;
            }
            None if is_asked_for => {
                let text = "the series is too short or too wild for exponential smoothing; choose another ";
                return Err(DataError::new(table.name(), Message::from(text).option("transform")));
            }
            _ => {}
        }
        Ok(())
    }

    /// Do differences do clearly better than smoothing? Where there are too few rows to try it, they do not.
    fn are_better(&self, table: &Table, series: &Series<'_>, values: &[f64]) -> bool {
        let [least, most] = TRIAL_ROWS;
        let held = self.test.clamp(least, most).min(values.len() / 3).max(self.horizon);
        let Some(start) = values.len().checked_sub(held).filter(|_| held >= least / 2) else { return false };
        let Some(usable) = start.checked_sub(self.first_row()).filter(|&usable| usable > 1) else {
            return false;
        };
        let known = &values[..start];
        let mut task = Forecast {
            window: self.window.min(usable),
            stride: usable.div_ceil(TRIAL_WINDOWS),
            ..self.clone()
        };
        let of_smoothing = task.smoothed(known).and_then(|task| task.trial(table, series, values, start));
        let of_differences = task.statistics(known).ok().and_then(|scaling| {
            task.scaling = scaling;
            task.trial(table, series, values, start)
        });
        match (of_differences, of_smoothing) {
            (Some(differences), Some(smoothing)) => differences < CLEARLY_LESS * smoothing,
            (of_differences, _) => of_differences.is_some(),
        }
    }

    /// The sum of absolute errors of forecasts of the rows from `start`, by a network trained on those before; none if
    /// that cannot be done.
    fn trial(&self, table: &Table, series: &Series<'_>, values: &[f64], start: usize) -> Option<f64> {
        let series = Series { scaling: self.scaling, values: Cow::Borrowed(values), ..series.clone() };
        let prepared = Prepared {
            task: self.clone().into(),
            data: String::new(),
            train: self.windows(&series, &self.scaled(&series), self.first_row()..start),
            train_groups: Vec::new(),
            validation: Vec::new(),
            held_out: None,
            remarks: Vec::new(),
        };
        let model = self.recipe().train(&prepared, table).ok()?;
        let held = values.len() - start;
        let backtested = self.backtest_together(model.ensemble(), table, &[series], held).ok()?;
        let origins = backtested.iter().flat_map(|series| &series.origins);
        let errors = origins
            .flat_map(|origin| origin.forecasts.iter().zip(&values[origin.row..]))
            .map(|(forecast, actual)| (forecast - actual).abs());
        Some(errors.sum::<f64>()).filter(|sum| sum.is_finite())
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
