//! From a table and options to a task that is fitted, and windows to learn from.

use std::borrow::Cow;

use super::series::Series;
use super::{Forecast, ForecastOptions, MAX_HORIZON, MAX_SEASON, Transform, time_column};
use crate::calendar::{Calendar, Frequency};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::outlier;
use crate::scaling::{NoScaling, Scaling, TOO_LARGE};
use crate::table::{Column, Table};
use crate::task::{HeldOut, Prepared};
use crate::words::{abridged, listed, thousands};

/// The windows that a long series is cut into, unless its user says otherwise.
const USUAL_WINDOWS: usize = 500;

pub(super) fn prepare(table: &Table, options: &ForecastOptions) -> Result<Prepared, Error> {
    let mut remarks = Vec::new();
    let time = match &options.time {
        Some(name) => Some(table.column(name)?),
        None => time_column::find(table, options.target.as_deref(), &mut remarks)?,
    };
    let target = match &options.target {
        Some(target) => target.clone(),
        None => only_number_column(table, time.map(|time| time.name()))?,
    };
    let times = match (time, &options.time_format) {
        (Some(time), Some(format)) => Some((time, Cow::Owned(time.times_as(format)?))),
        (Some(time), None) => Some((time, Cow::Borrowed(time.times()?))),
        (None, _) => None,
    };
    for (option, value) in [("time_format", &options.time_format), ("timezone", &options.timezone)] {
        if value.is_some() && times.is_none() {
            let message =
                Message::from("is given, but there is no column of times; name it with ").option("time");
            return Err(ConfigError::new(option, message).into());
        }
    }
    // What a shorter file might not tell by itself.
    let format = times.as_ref().and_then(|(time, times)| {
        let is_told = options.time_format.is_some() || time.holds_numbers();
        (is_told || times[0].is_order_open()).then(|| times[0].format())
    });
    let series = Series::read(table.column(&target)?, times, options.timezone.as_deref())?;
    remarks.extend(series.remarks.iter().cloned());
    remarks.extend(unused(table, &target, time.map(|time| time.name())));
    remarks.extend(outlier::check_columns(table, [target.as_str()].into_iter())?);
    if let Some(season) = options.season.filter(|&season| season > MAX_SEASON) {
        let message = format!("is {season}; it must be at most {MAX_SEASON}, or 0 for none");
        return Err(ConfigError::new("season", message).into());
    }
    let mut task = configure(target, time.map(|time| time.name().to_owned()), &series, options);
    task.time_format = format;
    task.check_options(options)?;
    task.check_length(table, series.values.len())?;
    task.check_positive(&series)?;

    let training_rows = series.values.len() - task.test;
    let usable = training_rows - task.first_row();
    task.stride = options.stride.unwrap_or(usable.div_ceil(USUAL_WINDOWS).max(1));
    let validation_rows = (options.validation * usable as f64) as usize;
    let cut = training_rows - validation_rows;
    task.fit(table, &series, cut)?;
    let scaled = task.scaled(&series.values);
    let train = task.windows(&series, &scaled, task.first_row()..cut);
    let validation = task.windows(&series, &scaled, cut..training_rows);
    if train.is_empty() || (validation_rows > 0 && validation.is_empty()) {
        let text = format!(
            "leaves {validation_rows} rows for validation and {} for training, and a window is {} rows; \
             choose another share or a shorter ",
            usable - validation_rows,
            task.window
        );
        return Err(ConfigError::new("validation", Message::from(text).option("window")).into());
    }
    let held_out = (task.test > 0).then_some(HeldOut::LastRows(task.test));
    Ok(Prepared { task: task.into(), data: table.name().to_owned(), train, validation, held_out, remarks })
}

/// Fills in what the options leave open; the stride and the statistics are still to come.
fn configure(
    target: String,
    time: Option<String>,
    series: &Series<'_>,
    options: &ForecastOptions,
) -> Forecast {
    let rows = series.values.len();
    let frequency = series.calendar.as_ref().map(Calendar::frequency);
    let season = match options.season {
        Some(season) => Some(season).filter(|&season| season > 0),
        // A day of many rows is a season only where there are rows to learn it from.
        None => frequency.and_then(|frequency| match frequency {
            Frequency::Minutes(_) => frequency.season().filter(|season| 8 * season <= rows),
            _ => frequency.season(),
        }),
    };
    let test = options.test.unwrap_or(season.map_or(rows / 5, |season| 2 * season));
    // The test must not be looked at, not even for this.
    let all_positive = series.values[..rows.saturating_sub(test)].iter().all(|&value| value > 0.0);
    let usual = if all_positive { Transform::LogDifference } else { Transform::Difference };
    Forecast {
        target,
        time,
        time_format: None,
        timezone: options.timezone.clone(),
        frequency,
        season,
        horizon: options.horizon.unwrap_or(season.map_or(6, |season| season.div_ceil(2))),
        test,
        window: options.window.unwrap_or(season.map_or(32, |season| 3 * season)),
        stride: 1,
        transform: options.transform.unwrap_or(usual),
        scaling: Scaling { mean: 0.0, deviation: 1.0 },
    }
}

impl Forecast {
    /// Takes the statistics of the transformed values from the rows before `end`.
    fn fit(&mut self, table: &Table, series: &Series<'_>, end: usize) -> Result<(), DataError> {
        let changes = self.transformed(&series.values[..end]);
        let known = changes[self.transform.lost_rows()..].iter().copied();
        self.scaling = Scaling::fit(known).map_err(|why| {
            let plain =
                self.transform == Transform::None || series.values.windows(2).all(|pair| pair[0] == pair[1]);
            let what = if plain { "does not vary" } else { "changes by the same in every row" };
            let message = match why {
                NoScaling::Constant => Message::from(format!(
                    "column {:?} {what}, so there is nothing to learn; choose another ",
                    self.target
                ))
                .option("target"),
                NoScaling::TooLarge => format!("column {:?} {TOO_LARGE}", self.target).into(),
            };
            DataError::new(table.name(), message)
        })?;
        Ok(())
    }

    fn check_options(&self, options: &ForecastOptions) -> Result<(), ConfigError> {
        for (option, value) in
            [("horizon", self.horizon), ("window", self.window), ("stride", options.stride.unwrap_or(1))]
        {
            if value == 0 || value > MAX_HORIZON {
                return Err(ConfigError::new(
                    option,
                    format!("is {value}; it must be from 1 to {MAX_HORIZON}"),
                ));
            }
        }
        if !(0.0..1.0).contains(&options.validation) {
            let message = format!("is {}; it must be at least 0 and below 1", options.validation);
            return Err(ConfigError::new("validation", message));
        }
        if self.test > 0 && self.test < self.horizon {
            let message = format!(
                "keeps {} rows, fewer than the horizon of {}; keep more, or 0 for no test",
                self.test, self.horizon
            );
            return Err(ConfigError::new("test", message));
        }
        Ok(())
    }

    /// Is there a row to learn from, with all that it looks back on, and a window of them?
    fn check_length(&self, table: &Table, rows: usize) -> Result<(), DataError> {
        let needed = (self.first_row() + self.window).saturating_add(self.test);
        if rows >= needed {
            return Ok(());
        }
        let text = format!(
            "the series has {rows} row{}, but {needed} are needed: {} to look back on, a window of {} to learn \
             from and {} kept for the test; give more rows, or choose a shorter ",
            if rows == 1 { "" } else { "s" },
            self.first_row(),
            self.window,
            self.test
        );
        let message =
            Message::from(text).option("window").text(", ").option("season").text(" or ").option("test");
        Err(DataError::new(table.name(), message))
    }
}

/// The columns that a forecast does nothing with.
fn unused(table: &Table, target: &str, time: Option<&str>) -> Option<Message> {
    const SHOWN: usize = 8;
    let unused = |header: &&String| *header != target && Some(header.as_str()) != time;
    let mut names: Vec<String> =
        table.headers().iter().filter(unused).map(|header| format!("{header:?}")).collect();
    let count = names.len();
    names.truncate(SHOWN);
    if count > SHOWN {
        names.push(format!("{} more", thousands(count - SHOWN)));
    }
    match count {
        0 => None,
        1 => Some(format!("the column {} is not used: {target:?} is forecast from itself", names[0]).into()),
        _ => {
            let names = listed(names, "and");
            Some(format!("the columns {names} are not used: {target:?} is forecast from itself").into())
        }
    }
}

/// The one column of numbers beside the time column.
fn only_number_column(table: &Table, time: Option<&str>) -> Result<String, Error> {
    let others: Vec<Column<'_>> = table.columns().filter(|column| Some(column.name()) != time).collect();
    if let [only] = others[..] {
        return Ok(only.name().to_owned());
    }
    let numeric: Vec<&str> =
        others.iter().filter(|column| column.is_numeric()).map(|column| column.name()).collect();
    if let [only] = numeric[..] {
        return Ok(only.to_owned());
    }
    if numeric.is_empty() {
        return Err(DataError::new(table.name(), "has no column of numbers to forecast; add one").into());
    }
    let text = format!(
        "{} columns of numbers could be forecast ({}); name one with ",
        numeric.len(),
        abridged(&numeric)
    );
    Err(DataError::new(table.name(), Message::from(text).option("target")).into())
}
