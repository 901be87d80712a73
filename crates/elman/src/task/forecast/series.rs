//! A series as it stands in a table, and what is done to it so that its level does not drift.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::covariates::{Inputs, remark_on_gap};
use super::panel::{self, Member, name_of};
use super::time_column::TimeColumn;
use super::{Forecast, Known};
use crate::calendar::{Calendar, Cycle};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::missing::{Gaps, Missing};
use crate::scaling::Scaling;
use crate::table::{Column, Table};
use crate::words::{counted, listed, thousands};

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
    /// The error of exponential smoothing, which follows level, trend and season: see [`Smoothing`](super::Smoothing).
    /// For a single series.
    Smoothing,
}

impl Transform {
    /// A value by the one before. A smoothing's error is not told by that alone: see `level`.
    pub(super) fn apply(self, value: f64, before: f64) -> f64 {
        match self {
            Transform::LogDifference => value.ln() - before.ln(),
            Transform::Difference => value - before,
            Transform::None | Transform::Smoothing => value,
        }
    }

    pub(super) fn invert(self, change: f64, before: f64) -> f64 {
        match self {
            Transform::LogDifference => before * change.exp(),
            Transform::Difference => before + change,
            Transform::None | Transform::Smoothing => change,
        }
    }
}

/// A series read from a table, in order of time.
#[derive(Clone)]
pub(super) struct Series<'a> {
    /// See [`Member::id`](super::panel::Member).
    pub(super) id: &'a [String],
    /// Those that are known; rows to come may stand behind them.
    pub(super) values: Cow<'a, [f64]>,
    /// Where its rows stand in the table of all series, in order of time, those to come as well.
    pub(super) rows: Vec<usize>,
    /// What its covariates make.
    pub(super) inputs: Inputs,
    /// The means of its relative covariates: see [`Known::levels`].
    pub(super) levels: Vec<f64>,
    pub(super) column: Column<'a>,
    pub(super) calendar: Option<Calendar>,
    /// The statistics by which its transformed values are scaled.
    pub(super) scaling: Scaling,
    /// What is to be said of the order of its rows.
    pub(super) remark: Option<Message>,
    /// What is to be said of the clock that its times are by.
    pub(super) of_clock: Option<Message>,
    /// The values that were missing and are filled in: for each row whether it is one, or nothing where there are none.
    pub(super) filled: Vec<bool>,
}

/// What becomes of missing values of a series. Only what looks back is possible: a row of the test must not tell what
/// stands before it.
#[derive(Clone, Copy)]
pub(super) struct Filling {
    /// What was said; nothing where they are refused.
    pub(super) missing: Option<Missing>,
    /// The rows of a season, if that is known before the calendar is.
    pub(super) season: Option<usize>,
    /// Are rows without a value, behind the last that has one, rows to come?
    pub(super) have_future: bool,
}

impl Filling {
    /// What can be made of them.
    pub(super) const CHOICES: [Missing; 3] = [Missing::Previous, Missing::Season, Missing::Zero];

    pub(super) fn check(self) -> Result<(), ConfigError> {
        match self.missing {
            Some(missing) if !Self::CHOICES.contains(&missing) => {
                let choices = listed(Self::CHOICES.map(Missing::name), "or");
                let message = format!(
                    "by {missing} is for sequences that are known to their end; of a series, whose later values must \
                     not tell the earlier ones, it is {choices}"
                );
                Err(ConfigError::new("missing", message))
            }
            _ => Ok(()),
        }
    }
}

impl<'a> Series<'a> {
    /// Reads a series, whose scaling is still to come.
    pub(super) fn read(
        member: &'a Member<'_>,
        time: Option<TimeColumn<'_>>,
        filling: Filling,
    ) -> Result<Self, Error> {
        let table: &Table = &member.table;
        let column = table.column(&member.target)?;
        let mut series = Series {
            id: &member.id,
            values: Cow::Borrowed(values_of(column)?),
            rows: member.rows.clone(),
            inputs: Inputs::default(),
            levels: Vec::new(),
            column,
            calendar: None,
            scaling: Scaling { mean: 0.0, deviation: 1.0 },
            remark: None,
            of_clock: None,
            filled: Vec::new(),
        };
        if let Some(time) = time {
            let (times, calendar) = time.read(table)?;
            if let Some(order) = calendar.order() {
                series.values = order.iter().map(|&row| series.values[row]).collect();
                series.rows = order.iter().map(|&row| member.rows[row]).collect();
                series.remark = calendar.remark(times);
            }
            series.of_clock = calendar.remark_on_offsets(times);
            series.calendar = Some(calendar);
        }
        if filling.have_future {
            series.leave_future();
        }
        series.fill(filling)?;
        Ok(series)
    }

    /// Leaves the values that are known.
    fn leave_future(&mut self) {
        let known = self.values.iter().rposition(|value| !value.is_nan()).map_or(0, |last| last + 1);
        match &mut self.values {
            Cow::Borrowed(values) => *values = &values[..known],
            Cow::Owned(values) => values.truncate(known),
        }
    }

    /// The rows to come.
    pub(super) fn rows_to_come(&self) -> usize {
        self.rows.len() - self.values.len()
    }

    /// The rows to come for which future covariates are known; endless where there are none.
    pub(super) fn known_ahead(&self) -> usize {
        self.inputs.known_rows().saturating_sub(self.values.len())
    }

    /// Fills in what is missing, if that is allowed.
    fn fill(&mut self, filling: Filling) -> Result<(), DataError> {
        let gaps = Gaps::of(&self.values);
        let Some(first) = gaps.first else { return Ok(()) };
        let Some(missing) = filling.missing else {
            return Err(gaps.refuse(self.column.place(self.table_row(first)), &Filling::CHOICES));
        };
        let of_calendar = || self.calendar.as_ref()?.frequency().season();
        let season = filling.season.or_else(of_calendar);
        self.filled = self.values.iter().map(|value| value.is_nan()).collect();
        missing.fill(self.values.to_mut(), season);
        Ok(())
    }

    /// Was the value of a row missing, or one of so many before it?
    pub(super) fn is_unknown(&self, row: usize, before: usize) -> bool {
        (row.saturating_sub(before)..=row).any(|row| self.filled.get(row) == Some(&true))
    }

    /// The values as they were known: NaN where one is filled in.
    pub(super) fn actual(&self) -> Vec<f64> {
        let known = |(row, &value): (usize, &f64)| if self.is_unknown(row, 0) { f64::NAN } else { value };
        self.values.iter().enumerate().map(known).collect()
    }

    /// The table's row that is this one of the series.
    pub(super) fn table_row(&self, row: usize) -> usize {
        let order = self.calendar.as_ref().and_then(Calendar::order);
        order.map_or(row, |order| order[row])
    }

    pub(super) fn phase(&self, row: usize, season: usize) -> Option<usize> {
        self.calendar.as_ref()?.phase(row, season)
    }

    /// See [`Calendar::position`]; 0 where there is none, at the end of time.
    pub(super) fn position(&self, row: usize, cycle: Cycle) -> f64 {
        self.calendar.as_ref().and_then(|calendar| calendar.position(row, cycle)).unwrap_or_default()
    }

    /// What stands for it in messages.
    pub(super) fn name(&self) -> String {
        match self.id {
            [] => self.column.table_name().to_owned(),
            id => format!("series {:?}", name_of(id)),
        }
    }
}

/// A column of numbers, NaN where one is missing.
fn values_of(column: Column<'_>) -> Result<&[f64], Error> {
    match column.numbers_or_gaps() {
        Some(values) => Ok(values),
        None => Ok(column.numbers()?),
    }
}

/// What is to be said of the values that were missing.
fn remark_on_filled(all: &[Series<'_>], missing: Option<Missing>) -> Option<Message> {
    let count = all.iter().flat_map(|series| &series.filled).filter(|&&filled| filled).count();
    let first = all.iter().find(|series| !series.filled.is_empty())?;
    let row = first.filled.iter().position(|&filled| filled)?;
    Some(missing?.remark(count, first.column.place(first.table_row(row))))
}

/// What is to be said of rows without a value behind the last that has one.
pub(super) fn remark_on_future(all: &[Series<'_>]) -> Option<Message> {
    let mut ahead = all.iter().filter(|series| series.rows_to_come() > 0);
    let first = ahead.next()?;
    let place = first.column.place(first.table_row(first.values.len()));
    let rows = counted(first.rows_to_come(), "row");
    let (are, more) = match (first.rows_to_come(), ahead.count()) {
        (1, 0) => ("is", String::new()),
        (_, 0) => ("are", String::new()),
        (_, more) => ("are", format!(", and those of {more} more series,")),
    };
    let text = format!(
        "{place}: the last {rows} without a value{more} {are} taken for rows to come: nothing is learned of them"
    );
    Some(text.into())
}

/// What is to be said of how the rows of series were read.
pub(super) fn remarks_on_rows(all: &[Series<'_>], missing: Option<Missing>) -> impl Iterator<Item = Message> {
    let of_clock = all.iter().find_map(|series| series.of_clock.clone());
    remark_on_order(all).into_iter().chain(of_clock).chain(remark_on_filled(all, missing))
}

/// What is to be said of series whose rows were not in order of time.
fn remark_on_order(all: &[Series<'_>]) -> Option<Message> {
    let mut sorted = all.iter().filter(|series| series.remark.is_some());
    let first = sorted.next()?;
    match sorted.count() {
        0 => first.remark.clone(),
        more => {
            let text = format!(
                "the rows of {} and {} more are not in order of time; they are sorted by it",
                first.name(),
                thousands(more)
            );
            Some(text.into())
        }
    }
}

impl Forecast {
    /// Where the times are, and how they are read.
    pub(super) fn time_column(&self) -> Option<TimeColumn<'_>> {
        let (format, timezone) = (self.time_format.as_deref(), self.timezone.as_deref());
        self.time.as_deref().map(|name| TimeColumn { name, format, timezone })
    }

    /// What becomes of missing values.
    pub(super) fn filling(&self) -> Filling {
        Filling {
            missing: self.missing,
            season: self.season,
            have_future: !self.covariates.future.is_empty(),
        }
    }

    /// The series of a table as this task has them.
    pub(super) fn members<'a>(&self, table: &'a Table) -> Result<Vec<Member<'a>>, Error> {
        panel::members(table, &self.layout, &self.target, self.time.as_deref(), &self.covariates.named())
    }

    /// Reads a table's series as this task's: same columns, same time between rows, each with `rows` rows after those
    /// that the network looks back on. Of several series, those that are shorter are left out, with a remark.
    pub(super) fn read<'a>(
        &self,
        table: &Table,
        members: &'a [Member<'_>],
        rows: usize,
    ) -> Result<(Vec<Series<'a>>, Vec<Message>), Error> {
        let needed = self.first_row().saturating_add(rows);
        let known: HashMap<&[String], &Known> =
            self.series.iter().map(|known| (known.id.as_slice(), known)).collect();
        let is_enough = |rows: usize| self.layout.is_single() || rows >= needed;
        let (long_enough, mut short): (Vec<_>, Vec<_>) =
            members.iter().partition(|member| is_enough(member.table.num_rows()));
        let (mut unseen, mut gap) = (Vec::new(), None);
        let sheet = self.covariates.read(table, &mut unseen)?;
        let mut all = Vec::with_capacity(long_enough.len());
        for member in long_enough {
            let mut series = Series::read(member, self.time_column(), self.filling())?;
            if !is_enough(series.values.len()) {
                short.push(member);
                continue;
            }
            self.check_frequency(table, &series)?;
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
            let known = known.get(&*member.id);
            series.scaling = match known {
                _ if self.layout.is_single() => self.scaling,
                Some(known) => known.scaling,
                None => self.scaling_of(&series.values),
            };
            series.levels = match known {
                Some(known) => known.levels.clone(),
                None => self.covariates.levels(&sheet, &series, series.values.len()),
            };
            series.inputs = self.covariates.inputs(&sheet, &series, self.filling(), &mut gap)?;
            all.push(series);
        }
        let why = format!("fewer than the {needed} rows that are needed");
        let remark = panel::left_out(short.iter().map(|member| member.id.as_slice()), &why);
        match remark {
            Some(remark) if all.is_empty() => Err(DataError::new(table.name(), remark).into()),
            remark => {
                let remarks = remarks_on_rows(&all, self.missing).chain(unseen);
                let remarks = remarks.chain(remark_on_gap(gap, self.missing)).chain(remark).collect();
                Ok((all, remarks))
            }
        }
    }

    fn check_frequency(&self, table: &Table, series: &Series<'_>) -> Result<(), DataError> {
        let (Some(expected), Some(calendar)) = (self.frequency, &series.calendar) else { return Ok(()) };
        if calendar.frequency().is_as(expected) {
            return Ok(());
        }
        let its = if series.id.is_empty() { "its".into() } else { format!("the {}'s", series.name()) };
        let message = format!(
            "{its} rows are one {} apart, but the model learned from rows one {} apart",
            calendar.frequency().step_name(),
            expected.step_name()
        );
        Err(DataError::new(table.name(), message))
    }

    /// Is it the logarithm of the values that is learned of?
    pub(super) fn takes_logarithms(&self) -> bool {
        self.smoothing.map_or(self.transform == Transform::LogDifference, |smoothing| smoothing.log)
    }

    /// Refuses values that have no logarithm, if that is what is learned.
    pub(super) fn check_positive(&self, series: &Series<'_>) -> Result<(), DataError> {
        if !self.takes_logarithms() {
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

    /// The statistics of the transformed values of a series that was not among those of training. They are those of
    /// all its values; of a constant one, with a deviation of 0.
    fn scaling_of(&self, values: &[f64]) -> Scaling {
        let changes: Vec<f64> = self.transformed(values).into_iter().flatten().collect();
        let still = Scaling { mean: changes.first().copied().unwrap_or_default(), deviation: 0.0 };
        Scaling::fit(changes.iter().copied()).unwrap_or(still)
    }
}
