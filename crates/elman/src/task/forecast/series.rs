//! A series as it stands in a table, and what is done to it so that its level does not drift.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Forecast, time_column};
use crate::calendar::Calendar;
use crate::error::{DataError, Error, Message};
use crate::table::{Column, Table, Time};

/// What is done to the values so that their level does not drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Transform {
    /// The difference of the logarithm to the row before: relative change. For positive values.
    LogDifference,
    /// The difference to the row before.
    Difference,
    /// Nothing.
    None,
}

impl Transform {
    /// The rows at the start for which there is no transformed value.
    pub(super) fn lost_rows(self) -> usize {
        usize::from(self != Transform::None)
    }

    pub(super) fn apply(self, value: f64, before: f64) -> f64 {
        match self {
            Transform::LogDifference => value.ln() - before.ln(),
            Transform::Difference => value - before,
            Transform::None => value,
        }
    }

    pub(super) fn invert(self, change: f64, before: f64) -> f64 {
        match self {
            Transform::LogDifference => before * change.exp(),
            Transform::Difference => before + change,
            Transform::None => change,
        }
    }
}

/// A series read from a table, in order of time.
pub(super) struct Series<'a> {
    pub(super) values: Cow<'a, [f64]>,
    pub(super) column: Column<'a>,
    pub(super) calendar: Option<Calendar>,
    /// What the user should know of how it was read.
    pub(super) remarks: Vec<Message>,
}

impl<'a> Series<'a> {
    /// Reads a column of values, and that of times with its times.
    pub(super) fn read(
        column: Column<'a>,
        time: Option<(Column<'a>, Cow<'a, [Time]>)>,
        timezone: Option<&str>,
    ) -> Result<Self, Error> {
        let mut series =
            Series { values: Cow::Borrowed(column.numbers()?), column, calendar: None, remarks: Vec::new() };
        if let Some((time, times)) = time {
            let calendar = Calendar::read(time, &times, timezone)?;
            if let Some(order) = calendar.order() {
                series.values = order.iter().map(|&row| series.values[row]).collect();
                series.remarks.extend(calendar.remark(time));
            }
            series.calendar = Some(calendar);
        }
        Ok(series)
    }

    /// The table's row that is this one of the series.
    pub(super) fn table_row(&self, row: usize) -> usize {
        let order = self.calendar.as_ref().and_then(Calendar::order);
        order.map_or(row, |order| order[row])
    }

    pub(super) fn phase(&self, row: usize, season: usize) -> Option<usize> {
        self.calendar.as_ref()?.phase(row, season)
    }
}

impl Forecast {
    /// Reads a table as this task's series: same columns, same time between rows.
    pub(super) fn read<'a>(&self, table: &'a Table) -> Result<Series<'a>, Error> {
        let time = match &self.time {
            Some(name) => Some(time_column::read(table.column(name)?, self.time_format.as_deref())?),
            None => None,
        };
        let series = Series::read(table.column(&self.target)?, time, self.timezone.as_deref())?;
        if let (Some(expected), Some(calendar)) = (self.frequency, &series.calendar)
            && !calendar.frequency().is_as(expected)
        {
            let message = format!(
                "its rows are one {} apart, but the model learned from rows one {} apart",
                calendar.frequency().step_name(),
                expected.step_name()
            );
            return Err(DataError::new(table.name(), message).into());
        }
        if series.values.len() < self.first_row() + 1 {
            let message = format!(
                "has {} rows; the model looks back on {}, so give at least {}",
                series.values.len(),
                self.first_row(),
                self.first_row() + 1
            );
            return Err(DataError::new(table.name(), message).into());
        }
        self.check_positive(&series)?;
        Ok(series)
    }

    /// Refuses values that have no logarithm, if that is what is learned.
    pub(super) fn check_positive(&self, series: &Series<'_>) -> Result<(), DataError> {
        if self.transform != Transform::LogDifference {
            return Ok(());
        }
        match series.values.iter().position(|&value| value <= 0.0) {
            None => Ok(()),
            Some(row) => {
                let row = series.table_row(row);
                let text = format!(
                    "{} has no logarithm; the model works with relative changes of positive values (train with ",
                    series.column.text(row)
                );
                let message = Message::from(text).option("transform").text(" difference)");
                Err(DataError::new(series.column.place(row), message))
            }
        }
    }
}
