//! What is to be said of how a table's series are read.

use std::collections::{BTreeSet, HashSet};

use super::covariates::Named;
use super::panel::{self, Member};
use super::series::Series;
use super::{Forecast, Layout, Transform};
use crate::error::{Error, Message};
use crate::missing::Missing;
use crate::outlier;
use crate::table::{Column, Table};
use crate::words::{counted, quoted, thousands};

/// The cells that are far beyond the rest of their series.
pub(super) fn outliers(members: &[Member<'_>]) -> Result<Vec<Message>, Error> {
    let mut remarks = Vec::new();
    for member in members {
        remarks.extend(outlier::check_columns(&member.table, [member.target.as_str()].into_iter())?);
    }
    Ok(outlier::first_of(remarks, "series"))
}

impl Forecast {
    /// The cell of a series to be forecast that is far beyond the rest of it, or whose change is far beyond those in training.
    pub(super) fn remark_on_far(&self, series: &Series<'_>) -> Option<Message> {
        outlier::remark(series.column).or_else(|| {
            let scaled = self.scaled(series);
            let known = (0..series.values.len()).filter(|&row| !series.is_unknown(row, 0));
            let cells =
                known.filter_map(|row| Some((series.table_row(row)?, series.values[row], scaled[row])));
            let what = match self.transform {
                Transform::None => "",
                Transform::Difference => "changes of ",
                Transform::LogDifference => "relative changes of ",
                Transform::Smoothing => "errors of smoothing of ",
            };
            outlier::beyond_training(series.column, cells, series.scaling, what)
        })
    }
}

/// The columns that a forecast does nothing with.
pub(super) fn unused(
    table: &Table,
    layout: &Layout,
    target: &str,
    members: &[Member<'_>],
    time: Option<&str>,
    covariates: &Named,
) -> Option<Message> {
    let mut used: HashSet<&str> =
        members.iter().map(|member| member.target.as_str()).chain(time).chain(covariates.all()).collect();
    if let Layout::Long(id) = layout {
        used.extend(id.iter().map(String::as_str));
    }
    let unused = |header: &&String| !used.contains(header.as_str());
    let names: Vec<&String> = table.headers().iter().filter(unused).collect();
    let from = match layout {
        Layout::Wide(_) => "each series is forecast from itself".to_owned(),
        _ => format!("{target:?} is forecast from itself"),
    };
    let (columns, them) = match &names[..] {
        [] => return None,
        [name] => (format!("the column {name:?} is"), "it"),
        _ => (format!("the columns {} are", quoted(&names)), "them"),
    };
    let message =
        Message::from(format!("{columns} not used: {from}; to see {them} as well, name {them} with "));
    let message = message.option("past_covariates").text(" or, if known ahead, ").option("future_covariates");
    // Those of a column of text may be series that follow each other without a break.
    let tells_series = |column: Column<'_>| {
        let times = time.and_then(|time| table.column(time).ok());
        !column.holds_numbers() && times.is_some_and(|times| panel::are_unbroken(times, column))
    };
    let mut unused = names.iter().filter_map(|name| table.column(name).ok());
    Some(match layout {
        Layout::Single if unused.any(tells_series) => {
            message.text(", or with ").option("id").text(" what tells several series apart")
        }
        _ => message,
    })
}

/// What is to be said of the values that were missing, and of the rows.
fn remarks_on_filled(all: &[Series<'_>], task: &Forecast) -> Vec<Message> {
    let missing = match task.missing {
        // Without seasons that is what is done.
        Some(Missing::Season) if task.season.is_none() => Missing::Previous,
        Some(missing) => missing,
        None => return Vec::new(),
    };
    let is_wide = matches!(task.layout, Layout::Wide(_));
    let (mut cells, mut first_cell) = (0, None);
    let (mut rows, mut times, mut first_row) = (0, BTreeSet::new(), None);
    for series in all.iter().filter(|series| !series.filled.is_empty()) {
        let in_table: Vec<Option<usize>> = match &series.calendar {
            Some(calendar) => calendar.rows().collect(),
            None => (0..series.filled.len()).map(Some).collect(),
        };
        let filled = in_table.into_iter().zip(&series.filled).enumerate().filter(|(_, (_, filled))| **filled);
        for (row, (in_table, _)) in filled {
            match (in_table, &series.calendar) {
                (Some(in_table), _) => {
                    cells += 1;
                    first_cell = first_cell.or(Some(series.column.place(in_table)));
                }
                (None, Some(calendar)) => {
                    // The columns of a wide table miss the same row.
                    rows += usize::from(!is_wide || times.insert(calendar.time(row)));
                    first_row = first_row.or(Some((series, calendar, row)));
                }
                (None, None) => {}
            }
        }
    }
    let of_rows = first_row.and_then(|(series, calendar, row)| {
        let before = (0..row).rev().find_map(|before| calendar.table_row(before))?;
        let time = calendar.time(row)?.to_string();
        let place = format!("{}, line {}", series.column.table_name(), series.column.line(before));
        Some(missing.remark_on_rows(rows, &time, &place))
    });
    let of_cells = first_cell.map(|first| missing.remark(cells, first));
    of_rows.into_iter().chain(of_cells).collect()
}

/// What is to be said of rows to come that are missing, before the last that is there.
fn remark_on_missing_ahead(all: &[Series<'_>], task: &Forecast) -> Option<Message> {
    let is_wide = matches!(task.layout, Layout::Wide(_));
    let (mut count, mut times, mut first) = (0, BTreeSet::new(), None);
    for series in all {
        let Some(calendar) = &series.calendar else { continue };
        let ahead = series.values.len()..series.rows.len();
        for row in ahead.filter(|&row| series.rows[row].is_none()) {
            count += usize::from(!is_wide || times.insert(calendar.time(row)));
            first = first.or(Some((series, calendar, row)));
        }
    }
    let (series, calendar, row) = first?;
    let before = (0..row).rev().find_map(|before| calendar.table_row(before))?;
    let (rows, are) = (counted(count, "row"), if count == 1 { "is" } else { "are" });
    let text = format!(
        "{rows} to come {are} missing, whose covariates are {} (first: {}, after {}, line {})",
        task.filling().of_covariates()?.in_words(count),
        calendar.time(row)?,
        series.column.table_name(),
        series.column.line(before)
    );
    Some(text.into())
}

/// What is to be said of rows without a value behind the last that has one.
pub(super) fn remark_on_future(all: &[Series<'_>]) -> Option<Message> {
    let mut ahead = all.iter().filter(|series| series.rows_to_come() > 0);
    let first = ahead.next()?;
    let place = first.column.place(first.table_row(first.values.len())?);
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
pub(super) fn remarks_on_rows(all: &[Series<'_>], task: &Forecast) -> impl Iterator<Item = Message> {
    let of_clock = all.iter().find_map(|series| series.of_clock.clone());
    let of_missing = remarks_on_filled(all, task).into_iter().chain(remark_on_missing_ahead(all, task));
    let of_ends = remark_on_ends(all, task.horizon);
    remark_on_order(all).into_iter().chain(of_clock).chain(of_missing).chain(of_ends)
}

/// What is to be said of series that are open at other times than others.
pub(super) fn remark_on_open_times(all: &[Series<'_>]) -> Option<Message> {
    let first = all.first()?;
    let usual = first.frequency()?;
    let mut others = all.iter().filter(|series| series.frequency().as_ref() != Some(&usual));
    let other = others.next()?;
    let (step, other_step) = usual.names_beside(&other.frequency()?);
    let more = match others.count() {
        0 => String::new(),
        more => format!(", and {} more series other times as well", thousands(more)),
    };
    let text = format!(
        "the rows of {} are one {} apart, those of {} one {}{more}: each goes on at its own times",
        first.name(),
        step,
        other.name(),
        other_step
    );
    Some(text.into())
}

/// What is to be said of series that end so long before others that what is forecast of them has passed.
fn remark_on_ends(all: &[Series<'_>], horizon: usize) -> Option<Message> {
    let time = |series: &Series<'_>, ahead: usize| {
        series.calendar.as_ref()?.time((series.values.len() + ahead).checked_sub(1)?)
    };
    let latest = all.iter().filter_map(|series| time(series, 0)).max()?;
    let mut ended = all.iter().filter(|series| time(series, horizon).is_some_and(|last| last <= latest));
    let first = ended.next()?;
    let (count, ends, is, it) = match ended.count() {
        0 => (1, "ends", "is", "it"),
        more => (more + 1, "end", "are", "they"),
    };
    let name = panel::name_of(first.id);
    let text = format!(
        "{} series {ends} {} or more before the last, and {is} forecast from where {it} {ends}, first {name:?} at {}; the last \
         ends at {latest}",
        thousands(count),
        counted(horizon, first.calendar.as_ref()?.frequency().row_name()),
        time(first, 0)?
    );
    Some(text.into())
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
