//! A series as it stands in a table, and what is done to it so that its level does not drift.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::covariates::{Gap, Inputs};
use super::own_times::Timetables;
use super::panel::{self, Member, name_of};
use super::remarks::remarks_on_rows;
use super::time_column::TimeColumn;
use super::{Forecast, Known, SeriesIndex, Smoothing};
use crate::calendar::{Calendar, Cycle, Frequency};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::missing::{Gaps, Missing};
use crate::outlier;
use crate::scaling::Scaling;
use crate::table::{Column, Table};
use crate::words::{listed, thousands};

/// So many missing rows of a series are filled in, or, if that is more, so many for each row that is there.
const MOST_MISSING: usize = 100_000;
const MOST_MISSING_SHARE: usize = 100;

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
    /// Where its rows stand in the table of all series, in order of time, those to come as well; none of one that the
    /// table misses.
    pub(super) rows: Vec<Option<usize>>,
    /// What its covariates make.
    pub(super) inputs: Inputs,
    /// The means of its relative covariates: see [`Known::levels`](super::Known::levels).
    pub(super) levels: Vec<f64>,
    pub(super) column: Column<'a>,
    pub(super) calendar: Option<Calendar>,
    /// The statistics by which its transformed values are scaled.
    pub(super) scaling: Scaling,
    /// The exponential smoothing whose errors are its transformed values, if they are.
    pub(super) smoothing: Option<Smoothing>,
    /// What is to be said of the order of its rows.
    pub(super) remark: Option<Message>,
    /// What is to be said of the clock that its times are by.
    pub(super) of_clock: Option<Message>,
    /// The values that were missing and are filled in: for each row whether it is one, or nothing where there are none.
    pub(super) filled: Vec<bool>,
}

/// What becomes of missing values, of a series and of its covariates.
#[derive(Clone, Copy)]
pub(super) struct Filling {
    /// What was said; nothing where they are refused.
    pub(super) missing: Option<Missing>,
    /// The rows of a season.
    pub(super) season: Option<usize>,
    /// Are rows without a value, behind the last that has one, rows to come?
    pub(super) have_future: bool,
}

impl Filling {
    /// What becomes of those of covariates: they are told by what stands before them and by nothing after, and no input says
    /// that they were missing.
    pub(super) fn of_covariates(self) -> Option<Missing> {
        Some(match self.missing? {
            Missing::Zero => Missing::Zero,
            Missing::Season if self.season.is_some() => Missing::Season,
            _ => Missing::Previous,
        })
    }
}

/// Refuses what cannot be made of missing values of a series.
pub(super) fn check_missing(missing: Option<Missing>) -> Result<(), ConfigError> {
    let Some(missing) = missing.filter(|missing| !Missing::OF_SERIES.contains(missing)) else {
        return Ok(());
    };
    let message = format!(
        "by {missing} would take rows out of a series, whose rows must stay at even steps; it is {}",
        listed(Missing::OF_SERIES.map(Missing::name), "or")
    );
    Err(ConfigError::new("missing", message))
}

impl<'a> Series<'a> {
    /// Reads a series, whose scaling is still to come and whose missing values are still to be filled in. Without a word
    /// of what becomes of them, they are refused.
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
            rows: member.rows.iter().copied().map(Some).collect(),
            inputs: Inputs::default(),
            levels: Vec::new(),
            column,
            calendar: None,
            scaling: Scaling { mean: 0.0, deviation: 1.0 },
            smoothing: None,
            remark: None,
            of_clock: None,
            filled: Vec::new(),
        };
        if let Some(time) = time {
            let (times, calendar) = time.read(table)?;
            let whole = if member.id.is_empty() { table.name().into() } else { column.whole().to_string() };
            if let Some(error) = calendar.gap_error(times).filter(|_| filling.missing.is_none()) {
                // Rows at even steps are of another step rather than of one at which most are missing.
                let (_, own) = TimeColumn { frequency: None, ..time }.read(table)?;
                time.check_step(whole, if own.gaps().is_empty() { &own } else { &calendar })?;
                return Err(error.into());
            }
            time.check_step(whole, &calendar)?;
            check_size(table, &calendar)?;
            if let Cow::Borrowed(values) = series.values {
                series.values = calendar.arrange(values);
            }
            series.rows = calendar.rows().map(|row| Some(member.rows[row?])).collect();
            series.remark = calendar.remark(times);
            let of_weeks = || calendar.remark_on_weeks(times).filter(|_| !time.is_learned);
            series.of_clock = calendar.remark_on_clock(times).or_else(of_weeks);
            series.calendar = Some(calendar);
        }
        if filling.have_future {
            series.leave_future();
        }
        let gaps = Gaps::of(&series.values);
        if let Some(first) = gaps.first {
            if let (None, Some(row)) = (filling.missing, series.table_row(first)) {
                return Err(gaps.refuse(column.place(row), &Missing::OF_SERIES).into());
            }
            series.filled = series.values.iter().map(|value| value.is_nan()).collect();
        }
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

    /// Fills in what is missing; the last `test` rows tell nothing of those before.
    pub(super) fn fill(&mut self, missing: Option<Missing>, season: Option<usize>, test: usize) {
        let known = self.values.len().saturating_sub(test);
        if let Some(missing) = missing.filter(|_| !self.filled.is_empty()) {
            missing.fill_ahead(self.values.to_mut(), season, known);
        }
    }

    /// Was the value of a row missing, or one of so many before it?
    pub(super) fn is_unknown(&self, row: usize, before: usize) -> bool {
        (row.saturating_sub(before)..=row).any(|row| self.filled.get(row) == Some(&true))
    }

    /// The values as they were known.
    pub(super) fn actual(&self) -> Vec<f64> {
        (0..self.values.len()).map(|row| self.known_value(row)).collect()
    }

    /// A row's value as it was known: NaN if it is filled in.
    pub(super) fn known_value(&self, row: usize) -> f64 {
        if self.is_unknown(row, 0) { f64::NAN } else { self.values[row] }
    }

    /// The time between its rows, if there is a column of times.
    pub(super) fn frequency(&self) -> Option<Frequency> {
        self.calendar.as_ref().map(Calendar::frequency)
    }

    /// The table's row that is this one of the series, if it is not missing.
    pub(super) fn table_row(&self, row: usize) -> Option<usize> {
        self.calendar.as_ref().map_or(Some(row), |calendar| calendar.table_row(row))
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

/// Refuses a series whose missing rows would be far more than those that are there.
fn check_size(table: &Table, calendar: &Calendar) -> Result<(), DataError> {
    let (missing, rows) = (calendar.num_missing(), table.num_rows());
    if missing <= MOST_MISSING.max(MOST_MISSING_SHARE.saturating_mul(rows)) {
        return Ok(());
    }
    let message = format!(
        "of {} rows one {} apart, {} are missing: too many to be filled in",
        thousands(calendar.num_rows()),
        calendar.frequency().step_name(),
        thousands(missing)
    );
    Err(DataError::new(table.name(), message))
}

impl Forecast {
    /// Where the times are, and how they are read.
    pub(super) fn time_column(&self) -> Option<TimeColumn<'_>> {
        let (format, timezone) = (self.time_format.as_deref(), self.timezone.as_deref());
        let frequency = self.frequency.as_ref();
        let closed_are_missing = self.missing.is_some() && !self.layout.is_single();
        let is_learned = true;
        let of = |name| TimeColumn { name, format, timezone, frequency, is_learned, closed_are_missing };
        self.time.as_deref().map(of)
    }

    /// The days and hours that are open in its series.
    fn timetables(&self) -> Timetables {
        let own = self.series.iter().map(|known| known.frequency.as_ref().or(self.frequency.as_ref()));
        Timetables::of(own.flatten().cloned())
    }

    /// The time between the rows of a series: of one that was learned from the one that it had; of another of several, its own or
    /// one of these, if it is like those.
    fn frequency_of<'f>(
        &'f self,
        known: Option<&'f Known>,
        member: &Member<'_>,
        timetables: &Timetables,
    ) -> Option<Cow<'f, Frequency>> {
        let usual = self.frequency.as_ref()?;
        let time = self.time_column().filter(|_| usual.is_of_open_times() && !self.layout.is_single());
        let time = match (known, time) {
            (Some(known), _) => return Some(Cow::Borrowed(known.frequency.as_ref().unwrap_or(usual))),
            (None, None) => return Some(Cow::Borrowed(usual)),
            (None, Some(time)) => TimeColumn { frequency: None, ..time },
        };
        let own = time.read(&member.table).ok().map(|(_, calendar)| calendar);
        let settled = timetables.settle(time, &member.table, own.as_ref());
        let alike = settled.map(|settled| settled.frequency).filter(|own| own.is_alike(usual));
        Some(alike.map_or(Cow::Borrowed(usual), Cow::Owned))
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

    /// Reads a table's series as this task's: same columns, same time between rows, each with `test` rows, the last,
    /// after those that the network looks back on, or one. Of several series, those that are shorter are left out, with a
    /// remark.
    pub(super) fn read<'a>(
        &self,
        table: &Table,
        members: &'a [Member<'_>],
        test: usize,
    ) -> Result<(Vec<Series<'a>>, Vec<Message>), Error> {
        let needed = self.first_row().saturating_add(test.max(1));
        let index = SeriesIndex::new(&self.series);
        let (mut all, mut short) = (Vec::with_capacity(members.len()), Vec::new());
        // Rows that are missing count, once they are filled in.
        let least = if self.missing.is_some() { 2 } else { needed };
        let (mut unseen, mut far, mut gap) = (Vec::new(), Vec::new(), Gap::default());
        let sheet = self.covariates.read(table, &mut unseen)?;
        let timetables = self.timetables();
        for member in members {
            if member.table.num_rows() < least && !self.layout.is_single() {
                short.push(member.id.as_slice());
                continue;
            }
            let known = index.find(&member.id);
            let frequency = self.frequency_of(known, member, &timetables);
            let time = self.time_column().map(|time| TimeColumn { frequency: frequency.as_deref(), ..time });
            let mut series = Series::read(member, time, self.filling())?;
            if series.values.len() < needed && !self.layout.is_single() {
                short.push(member.id.as_slice());
                continue;
            }
            series.fill(self.missing, self.season, test);
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
            // The test tells nothing of a series that was not among those of training.
            let before_test = series.values.len().saturating_sub(test);
            (series.scaling, series.smoothing) = match known {
                _ if self.layout.is_single() => (self.scaling, self.smoothing),
                Some(known) => (known.scaling, known.smoothing),
                None => self.statistics_of_new(&series.values[..before_test]),
            };
            series.levels = match known {
                Some(known) => known.levels.clone(),
                None => self.covariates.levels(&sheet, &series, before_test),
            };
            series.inputs = self.covariates.inputs(&sheet, &series, self.filling(), &mut gap)?;
            far.extend(self.remark_on_far(&series));
            all.push(series);
        }
        let why = format!("fewer than the {needed} rows that are needed");
        let of_short = if test > 0 { panel::not_tested } else { panel::left_out };
        let remark = of_short(short.into_iter(), &why);
        match remark {
            Some(remark) if all.is_empty() => Err(DataError::new(table.name(), remark).into()),
            remark => {
                let far = outlier::first_of(far, "series")
                    .into_iter()
                    .chain(self.covariates.remarks_on_far(&sheet));
                let remarks = remarks_on_rows(&all, self).chain(unseen).chain(far);
                let remarks = remarks.chain(gap.remarks(self.filling())).chain(remark).collect();
                Ok((all, remarks))
            }
        }
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
                // The first row is never missing.
                let before = (0..=row).rev().find_map(|row| series.table_row(row));
                let Some(place) = before else { return Ok(()) };
                let value = series.values[row];
                let what = match series.table_row(row) {
                    None => format!("the row after it is missing and taken as {value}, which"),
                    Some(_) if series.is_unknown(row, 0) => {
                        format!("the cell is empty and taken as {value}, which")
                    }
                    Some(row) => series.column.text(row).to_owned(),
                };
                let text = format!(
                    "{what} has no logarithm; the model works with relative changes of positive values (train with "
                );
                let message = Message::from(text).option("transform").text(" difference)");
                Err(DataError::new(series.column.place(place), message))
            }
        }
    }

    /// The statistics of the transformed values of a series that was not among those of training, and how it is
    /// smoothed. They are those of all these values; of constant ones, with a deviation of 0.
    fn statistics_of_new(&self, values: &[f64]) -> (Scaling, Option<Smoothing>) {
        let smoothing = self.smoothing_of(values);
        let changes: Vec<f64> = self.transformed(values, smoothing).into_iter().flatten().collect();
        let still = Scaling { mean: changes.first().copied().unwrap_or_default(), deviation: 0.0 };
        (self.statistics(values, smoothing).unwrap_or(still), smoothing)
    }
}
