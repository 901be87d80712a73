//! A series as it stands in a table, and what is done to it so that its level does not drift.

use serde::{Deserialize, Serialize};

use crate::calendar::Calendar;
use crate::error::Error;
use crate::table::{Column, Table};

/// What is done to the values so that their level does not drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
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

/// A series read from a table.
pub(super) struct Series<'a> {
    pub(super) values: Vec<f64>,
    pub(super) column: Column<'a>,
    pub(super) calendar: Option<Calendar>,
}

impl<'a> Series<'a> {
    pub(super) fn read(table: &'a Table, target: &str, time: Option<&str>) -> Result<Self, Error> {
        let column = table.column(target)?;
        let values = column.numbers()?;
        let calendar = match time {
            Some(time) => Some(Calendar::read(table, table.column(time)?)?),
            None => None,
        };
        Ok(Series { values, column, calendar })
    }

    pub(super) fn phase(&self, row: usize, season: usize) -> Option<usize> {
        self.calendar.as_ref()?.phase(row, season)
    }
}
