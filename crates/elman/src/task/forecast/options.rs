use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::{Transform, cycles};
use crate::calendar::Cycle;
use crate::missing::Missing;

/// How series are to be read; `None` where the data shall decide. Where a series is too short for a length that is
/// usual, a shorter one is taken, with a remark; of several series, the middle one by length decides.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ForecastOptions {
    /// The column of values, several with commas between, each a series, or `all` columns of numbers; by default the
    /// only one. Where the names of columns are times and neither this nor [`time`](Self::time) names one as it is, a table
    /// is read as the long one with their cells in a row each.
    pub target: Option<String>,
    /// What is made of empty cells, and of rows that the calendar of the times misses: anything but [`Missing::Drop`]; by
    /// default they are refused. A value that was missing is not learned and counts in no figure. No line of
    /// [`Missing::Interpolate`] leads into the rows of the test, where the value before stands in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// The column that tells series apart, or several with commas between; by default `unique_id` if there is such a
    /// column, or where times repeat, the first column, or pair of columns, that tells rows of the same time apart.
    pub id: Option<String>,
    /// The column of times, or several with commas between that are the parts of one, such as `Year,Month`; by default the
    /// first that holds times, or those that by their names are parts of one, if there are some.
    pub time: Option<String>,
    /// How times are written, as `strftime` has it (`%d.%m.%Y %H:%M`), or `%J` for days as spreadsheets count them; by
    /// default what all cells of the column agree on.
    #[serde(rename = "time-format", skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// The IANA name of the time zone whose clocks the times show, as `Europe/Berlin`; by default clocks never
    /// change.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// The columns, with commas between, that are known as far as the values are: the network sees those of the row before,
    /// and holds the last known ones where it forecasts further.
    #[serde(rename = "past-covariates", skip_serializing_if = "Option::is_none")]
    pub past_covariates: Option<String>,
    /// The columns, with commas between, that are known for rows to come: the network sees those of the row that it
    /// forecasts. Rows without a value behind the last that has one are then rows to come.
    #[serde(rename = "future-covariates", skip_serializing_if = "Option::is_none")]
    pub future_covariates: Option<String>,
    /// The columns, with commas between, that have one value for each of several series.
    #[serde(rename = "static-covariates", skip_serializing_if = "Option::is_none")]
    pub static_covariates: Option<String>,
    /// The periods of the calendar whose place the network sees beside that in the season; by default those that are
    /// longer than the season, of rows that follow each other in weeks or sooner, if the rows to learn from cover one and
    /// a half of them and, of a single series, a trial on the last of those rows is better with them.
    #[serde(with = "cycles", skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Vec<Cycle>>,
    /// Rows in a season, 0 for none; by default that of the calendar: 12 for months, 4 for quarters,
    /// 52 for weeks, 7 for days, 5 for business days, 24 for hours, a day for minutes if there are rows enough.
    pub season: Option<usize>,
    /// Rows forecast ahead; by default as far as the file asks for, as `.tsf` does, else a season, 6 without one; no more
    /// than those of the test, if that is said.
    pub horizon: Option<usize>,
    /// Last rows of each series kept for the test, 0 for none; by default two seasons, without a season a fifth of
    /// the rows; no fewer than the horizon, if that is said.
    #[serde(deserialize_with = "whole_rows")]
    pub test: Option<usize>,
    /// The share of the training rows, its end, that is used for validation, in `[0, 1)`: the network sees the rows before
    /// it as well, as in a forecast.
    pub validation: f64,
    /// Timesteps of a training sequence; by default three seasons, 32 without a season.
    pub window: Option<usize>,
    /// Rows from the start of one training sequence to the next; by default 1, and more where that
    /// would make more than 500 of them.
    pub stride: Option<usize>,
    /// What the network learns of the values; by default differences, of the logarithm where all values are positive, or
    /// the errors of exponential smoothing where those do better in a trial on the rows before the test; of several series
    /// for all alike.
    pub transform: Option<Transform>,
}

impl ForecastOptions {
    /// The same with this column of values.
    #[must_use]
    pub fn with_target(self, target: impl Into<String>) -> Self {
        Self { target: Some(target.into()), ..self }
    }

    /// The same with this column that tells series apart, or several with commas between.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..self }
    }

    /// The same with this made of missing values.
    #[must_use]
    pub fn with_missing(self, missing: impl Into<Option<Missing>>) -> Self {
        Self { missing: missing.into(), ..self }
    }

    /// The same with this column of times.
    #[must_use]
    pub fn with_time(self, time: impl Into<String>) -> Self {
        Self { time: Some(time.into()), ..self }
    }

    /// The same with times written so.
    #[must_use]
    pub fn with_time_format(self, format: impl Into<String>) -> Self {
        Self { time_format: Some(format.into()), ..self }
    }

    /// The same with times by the clocks of this time zone.
    #[must_use]
    pub fn with_timezone(self, timezone: impl Into<String>) -> Self {
        Self { timezone: Some(timezone.into()), ..self }
    }

    /// The same with these columns, with commas between, known as far as the values are.
    #[must_use]
    pub fn with_past_covariates(self, columns: impl Into<String>) -> Self {
        Self { past_covariates: Some(columns.into()), ..self }
    }

    /// The same with these columns, with commas between, known for rows to come.
    #[must_use]
    pub fn with_future_covariates(self, columns: impl Into<String>) -> Self {
        Self { future_covariates: Some(columns.into()), ..self }
    }

    /// The same with these columns, with commas between, that have one value for each series.
    #[must_use]
    pub fn with_static_covariates(self, columns: impl Into<String>) -> Self {
        Self { static_covariates: Some(columns.into()), ..self }
    }

    /// The same with these periods of the calendar, or none of them.
    #[must_use]
    pub fn with_calendar(self, cycles: impl Into<Vec<Cycle>>) -> Self {
        Self { calendar: Some(cycles.into()), ..self }
    }

    /// The same with so many rows in a season, 0 for none.
    #[must_use]
    pub fn with_season(self, season: impl Into<Option<usize>>) -> Self {
        Self { season: season.into(), ..self }
    }

    /// The same with so many rows forecast ahead.
    #[must_use]
    pub fn with_horizon(self, horizon: impl Into<Option<usize>>) -> Self {
        Self { horizon: horizon.into(), ..self }
    }

    /// The same with so many last rows kept for the test, 0 for none.
    #[must_use]
    pub fn with_test(self, test: impl Into<Option<usize>>) -> Self {
        Self { test: test.into(), ..self }
    }

    /// The same with this share for validation.
    #[must_use]
    pub fn with_validation(self, validation: f64) -> Self {
        Self { validation, ..self }
    }

    /// The same with training sequences of so many timesteps.
    #[must_use]
    pub fn with_window(self, window: impl Into<Option<usize>>) -> Self {
        Self { window: window.into(), ..self }
    }

    /// The same with so many rows from one training sequence to the next.
    #[must_use]
    pub fn with_stride(self, stride: impl Into<Option<usize>>) -> Self {
        Self { stride: stride.into(), ..self }
    }

    /// The same with this transform.
    #[must_use]
    pub fn with_transform(self, transform: impl Into<Option<Transform>>) -> Self {
        Self { transform: transform.into(), ..self }
    }
}

/// A number of rows, which the command line gives as it gives a share.
fn whole_rows<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    match Option::<f64>::deserialize(deserializer)? {
        None => Ok(None),
        Some(rows) if rows >= 0.0 && rows.fract() == 0.0 && rows < 1e15 => Ok(Some(rows as usize)),
        Some(rows) => Err(D::Error::custom(format!(
            "of a forecast is {rows:?}; it must be a whole number of last rows, or 0"
        ))),
    }
}
