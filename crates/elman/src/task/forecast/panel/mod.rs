//! The series of a table: one column, rows that other columns tell apart, or several columns.

mod apart;
mod members;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

pub(super) use apart::{are_unbroken, may_be_series};
pub(super) use members::{Member, left_out, members, name_of, not_tested};

use super::ForecastOptions;
use super::covariates::Named;
use crate::error::{ConfigError, DataError, Error, Message};
use crate::table::{Column, Table, mostly_times};
use crate::words::listed;

/// What `target` is to be for every column of numbers to be a series.
const ALL: &str = "all";

/// The column that tells series apart by the convention of long tables, which needs no second look.
const USUAL_ID: &str = "unique_id";

/// The column to forecast or to learn, by the name that it has where several could be.
const USUAL_TARGET: &str = "target";

/// Names that an error lists at the most.
const LISTED: usize = 8;

/// How a table holds its series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Layout {
    /// One series: a column of values.
    #[default]
    Single,
    /// A column of values, whose rows these columns tell apart: a long table.
    Long(Vec<String>),
    /// A column for each series, these or, if none is named, all of numbers: a wide table.
    Wide(Vec<String>),
}

impl Layout {
    pub(super) fn is_single(&self) -> bool {
        *self == Layout::Single
    }
}

/// What a table turned out to be.
pub(super) struct Found {
    pub(super) layout: Layout,
    /// The column of values; of a wide table what is said of its columns together.
    pub(super) target: String,
    pub(super) remarks: Vec<Message>,
}

/// Finds out how a table holds its series, which are beside these covariates; the `known` columns tell them apart, if it is
/// known which do.
pub(super) fn find(
    table: &Table,
    options: &ForecastOptions,
    known: Option<Vec<String>>,
    time: Option<&str>,
    covariates: &Named,
) -> Result<Found, Error> {
    let mut remarks = Vec::new();
    let id = match (known, &options.id) {
        (Some(known), _) => known,
        (None, Some(id)) => table.columns_named(id)?,
        (None, None) if table.has_column(USUAL_ID) => vec![USUAL_ID.to_owned()],
        (None, None) => match apart::find_id(table, options, time, covariates)? {
            None => Vec::new(),
            Some(id) => {
                let columns = listed(id.iter().map(|id| format!("{id:?}")), "and");
                let message =
                    Message::from(format!("the rows hold several series, told apart by {columns}: "));
                remarks.push(message.option("id").text(" names other columns"));
                id
            }
        },
    };
    let holds_times = |column: Column<'_>| !column.holds_numbers() && column.is_mostly_times();
    let is_distinct = |column: Column<'_>| {
        let mut seen = HashSet::new();
        column.texts().all(|text| seen.insert(text))
    };
    // A column that is named as id is not taken for the times by itself.
    let tells_times = |column| time.is_none() && holds_times(column) && is_distinct(column);
    let is_time = |id: &str| Some(id) == time || table.column(id).is_ok_and(tells_times);
    if let Some(both) = id.iter().find(|id| is_time(id)) {
        let message = format!("names the column {both:?} of times, which cannot tell series apart");
        return Err(ConfigError::new("id", message).into());
    }
    let is_value = |column: &Column<'_>| {
        let name = column.name();
        Some(name) != time && !id.iter().any(|id| id == name) && !covariates.contains(name)
    };
    let is_time = |target: &str| Some(target) == time || table.column(target).is_ok_and(holds_times);
    if let Some(target) =
        options.target.as_deref().filter(|target| table.has_column(target) && is_time(target))
    {
        let message = format!(
            "names the column {target:?} of times, which cannot be forecast; name a column of numbers"
        );
        return Err(ConfigError::new("target", message).into());
    }
    let target = match &options.target {
        Some(target) if table.has_column(target) => target.clone(),
        Some(target) if id.is_empty() && target == ALL => {
            return Ok(Found { layout: Layout::Wide(Vec::new()), target: target.clone(), remarks });
        }
        Some(target) if id.is_empty() && target.contains(',') => {
            let columns = table.columns_named(target)?;
            return Ok(Found { layout: Layout::Wide(columns), target: target.clone(), remarks });
        }
        Some(target) => table.column(target)?.name().to_owned(),
        None => only_number_column(
            table,
            is_value,
            covariates.have_future(),
            id.is_empty(),
            options.time.is_some(),
        )?,
    };
    for column in &id {
        remarks.extend(table.column(column)?.names().1);
    }
    let layout = if id.is_empty() { Layout::Single } else { Layout::Long(id) };
    Ok(Found { layout, target, remarks })
}

/// Is a column one of those that a list such as an id's, of one name or several with commas between, names?
pub(super) fn is_listed(list: Option<&str>, name: &str) -> bool {
    list.is_some_and(|list| list.split(',').any(|listed| listed.trim() == name))
}

/// The one column of numbers among those of values; of several, the one of the usual name. A cell that is empty or no number
/// does not make it another, but is told where it stands.
fn only_number_column(
    table: &Table,
    is_free: impl Fn(&Column<'_>) -> bool,
    have_future: bool,
    may_be_wide: bool,
    time_is_named: bool,
) -> Result<String, Error> {
    let is_made = |column: &Column<'_>| table.made_id() == Some(column.name());
    let others: Vec<Column<'_>> =
        table.columns().filter(|column| is_free(column) && !is_made(column)).collect();
    // Rows to come have no value yet.
    let is_value = |column: &&Column<'_>| column.is_mostly_numbers() || have_future && column.holds_numbers();
    if let [only] = others[..] {
        return Ok(only.name().to_owned());
    }
    let numeric: Vec<&str> = others.iter().filter(is_value).map(|column| column.name()).collect();
    if numeric.contains(&USUAL_TARGET) {
        return Ok(USUAL_TARGET.to_owned());
    }
    if let [only] = numeric[..] {
        if counts_rows(&table.column(only)?) {
            let text = format!(
                "{only:?} is the only column of numbers, and counts the rows; write the values of another as numbers, or, if \
                 this is what to forecast, name it with "
            );
            return Err(DataError::new(table.name(), Message::from(text).option("target")).into());
        }
        return Ok(only.to_owned());
    }
    // A number of whom the table is of, that stands in each row, is as little to forecast as an index.
    let varies =
        |column: &Column<'_>| column.texts().skip(1).any(|text| !text.is_empty() && text != column.text(0));
    let telling: Vec<&str> = others
        .iter()
        .filter(|column| is_value(column) && !counts_rows(column) && varies(column))
        .map(|column| column.name())
        .collect();
    if let [only] = telling[..] {
        return Ok(only.to_owned());
    }
    if numeric.is_empty() {
        return Err(DataError::new(table.name(), "has no column of numbers to forecast; add one").into());
    }
    let more = match numeric.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let text = format!(
        "{} columns of numbers could be forecast ({}{more}); name one with ",
        numeric.len(),
        numeric[..numeric.len().min(LISTED)].join(", ")
    );
    let mut message = Message::from(text).option("target");
    if may_be_wide {
        message = message.text(", or several with commas between, or all");
    }
    if are_times(&numeric) {
        message = message.text("; if their names are times, ");
        if time_is_named {
            message = message.text("leave out ").option("time").text(", or ");
        }
        message = message.text("give each a row of its own, with its value beside it");
    }
    Err(DataError::new(table.name(), message).into())
}

/// Do these columns have times for names, or months or quarters of some year?
fn are_times(names: &[&str]) -> bool {
    let of_a_year: Vec<String> = names.iter().map(|name| format!("{name} 2000")).collect();
    names.len() > 2
        && (mostly_times(names.iter().copied()) || mostly_times(of_a_year.iter().map(String::as_str)))
}

/// Are the cells 0, 1, 2 and so on, or 1, 2, 3: an index, as data frames write one?
pub(super) fn counts_rows(column: &Column<'_>) -> bool {
    let Ok(values) = column.numbers() else { return false };
    let counts_from = |first: f64| values.iter().enumerate().all(|(row, &value)| value == first + row as f64);
    values.len() > 1 && (counts_from(0.0) || counts_from(1.0))
}
