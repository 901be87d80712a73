//! Which column of plain numbers holds the times of a series: by its name, or because its numbers are years, months, dates or
//! moments one after another.

use super::time_column::{is_named_like_times, remark_on_guess};
use crate::calendar::Calendar;
use crate::error::{Error, Message};
use crate::table::{Column, Table, TableError, Time};
use crate::words::listed;

/// A column of numbers that are times: by its name, or because they are years, dates or moments one after another.
pub(super) fn of_numbers<'a>(
    table: &'a Table,
    is_taken: &impl Fn(&str) -> bool,
    may_repeat: bool,
    remarks: &mut Vec<Message>,
) -> Result<Option<Column<'a>>, Error> {
    let numeric: Vec<Column<'a>> = table.columns().filter(Column::is_numeric).collect();
    let rest: Vec<Column<'a>> = numeric.iter().copied().filter(|column| !is_taken(column.name())).collect();
    // One of them is to be forecast.
    if numeric.len() < 2 {
        return Ok(None);
    }
    let named = rest.iter().copied().filter(|column| is_named_like_times(column.name()));
    let mut unfit = None;
    for column in named {
        match column.times() {
            Ok(times) if may_repeat || is_distinct(times) => return Ok(Some(column)),
            Err(error @ TableError::AmbiguousTime { .. }) => return Err(error.into()),
            times => unfit = unfit.or(Some((column, times.err()))),
        }
    }
    let dates = |column: &Column<'_>| are_dates(column, may_repeat);
    type Kind<'k> = (&'k dyn Fn(&Column<'_>) -> bool, &'static str);
    let months = |column: &Column<'_>| are_months(column, may_repeat);
    let kinds: [Kind<'_>; 4] = [
        (&are_years, "years"),
        (&months, "months"),
        (&dates, "dates"),
        (&are_moments, "moments counted from 1970 on"),
    ];
    for (are_some, what) in kinds {
        if let [column] = rest.iter().copied().filter(are_some).collect::<Vec<_>>()[..] {
            column.times()?;
            remarks.push(remark_on_guess(column, what));
            return Ok(Some(column));
        }
    }
    let parts: Vec<&str> =
        table.columns().map(|column| column.name()).filter(|name| is_named_like_times(name)).collect();
    let unread = rest.iter().copied().find_map(remark_on_days_of_astronomers);
    remarks.extend(unread.or_else(|| unfit.map(|(column, why)| remark_on_unfit(column, why, &parts))));
    Ok(None)
}

/// What is to be said of a column of Julian days, which are not read: by its name and values.
fn remark_on_days_of_astronomers(column: Column<'_>) -> Option<Message> {
    let name = column.name().to_lowercase();
    let is_named =
        |names: &[&str]| name.split(|c: char| !c.is_alphanumeric()).any(|word| names.contains(&word));
    let are_within =
        |days: std::ops::Range<f64>| column.numbers().is_ok_and(|n| n.iter().all(|n| days.contains(n)));
    let (what, zero) =
        if is_named(&["jd", "bjd", "hjd", "julian", "juliandate"]) && are_within(2_200_000.0..2_600_000.0) {
            ("Julian days", 2_415_018.5)
        } else if is_named(&["mjd"]) && are_within(0.0..200_000.0) {
            ("modified Julian days", 15_018.0)
        } else {
            return None;
        };
    let text = format!(
        "{}: {what} are not read as times, so the rows are taken in their order; less {zero} they are days as spreadsheets \
         count them, which are read where the column is named with ",
        column.whole()
    );
    Some(Message::from(text).option("time"))
}

/// What is to be said of a column of numbers that is named like times, and holds none that tell the rows apart.
/// Of several columns of such names each may hold a part of it.
fn remark_on_unfit(column: Column<'_>, why: Option<TableError>, named: &[&str]) -> Message {
    let what = match why {
        Some(TableError::NotATime { text, .. }) => format!("{text:?} is none that is known"),
        _ => "holds none that are all different".to_owned(),
    };
    let text = format!(
        "{}: it is named like times, but {what}, so the rows are taken in their order; name a column of times with ",
        column.whole()
    );
    let message = Message::from(text).option("time");
    match named {
        [_, _, ..] => {
            let parts = listed(named.iter().map(|name| format!("{name:?}")), "and");
            message
                .text(format!("; where {parts} are the parts of one, write it in one column, as 2015-01-31"))
        }
        _ => message,
    }
}

fn is_distinct(times: &[Time]) -> bool {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

/// Three moments or more at even steps, of so many digits that they may well be counted from 1970 on.
fn are_moments(column: &Column<'_>) -> bool {
    /// Of what is counted in nanoseconds the last digits are lost.
    const EVEN: f64 = 1e-6;
    let Ok(values @ [first, second, _, ..]) = column.numbers() else { return false };
    let step = second - first;
    // What counts up by one is more likely a number of the row.
    step.abs() > 1.0
        && values.windows(2).all(|pair| (pair[1] - pair[0] - step).abs() <= EVEN * step.abs())
        && column.times().is_ok_and(|times| times.first().is_some_and(|time| time.is_counted()))
}

/// Are as many as tell it written as dates of digits alone, such as 20240131 or 202401, all different, in order and apart by
/// some step of the calendar? Of several series one after another, most follow each other so.
fn are_dates(column: &Column<'_>, may_repeat: bool) -> bool {
    /// As many numbers are no dates by chance.
    const TELLING: usize = 8;
    let Ok(values) = column.numbers() else { return false };
    let is_long = |&value: &f64| (1e5..1e14).contains(&value) && value.fract() == 0.0;
    if values.len() < TELLING || !values.iter().all(is_long) {
        return false;
    }
    // What counts up by one from beginning to end is more likely a number of the row.
    let counts_rows = values.windows(2).all(|pair| (pair[1] - pair[0]).abs() == 1.0);
    match column.times() {
        _ if counts_rows => false,
        Ok(times) => {
            times[0].is_of_digits()
                && are_in_order(times, may_repeat)
                && matches!(Calendar::common_frequency(*column, times, None), Ok(Some(_)))
        }
        // They are dates; which, the user has to say.
        Err(error) => matches!(error, TableError::AmbiguousTime { .. }) && are_in_order(values, may_repeat),
    }
}

/// Does each follow the one before, forwards or backwards? Of several series one after another, most do.
fn are_in_order<T: PartialOrd>(values: &[T], may_repeat: bool) -> bool {
    let pairs = values.len().saturating_sub(1);
    let most = |follows: fn(&T, &T) -> bool| {
        let followed = values.windows(2).filter(|pair| follows(&pair[0], &pair[1])).count();
        if may_repeat { 4 * followed >= 3 * pairs } else { followed == pairs }
    };
    most(|a, b| a < b) || most(|a, b| a > b)
}

/// Are as many as tell it months and years, such as 2015.03, 03.2015 and 032015, in order and at even steps?
fn are_months(column: &Column<'_>, may_repeat: bool) -> bool {
    const TELLING: usize = 8;
    let Ok(values) = column.numbers() else { return false };
    let may_be_month = |value: f64| {
        [1.15..12.23, 1_500.0..2_200.0, 11_500.0..122_200.0].iter().any(|range| range.contains(&value))
    };
    values.len() >= TELLING
        && values.iter().all(|&value| may_be_month(value))
        && column.times().is_ok_and(|times| {
            times[0].is_month_of_digits()
                && times.iter().any(|time| time.stamp().year() != times[0].stamp().year())
                && are_in_order(times, may_repeat)
                && matches!(Calendar::common_frequency(*column, times, None), Ok(Some(_)))
        })
}

/// Three years or more, one after another, forwards or backwards.
fn are_years(column: &Column<'_>) -> bool {
    let Ok(values) = column.numbers() else { return false };
    let step = |by: f64| values.windows(2).all(|pair| pair[1] - pair[0] == by);
    values.len() > 2 && values.iter().all(|&year| may_be_year(year)) && (step(1.0) || step(-1.0))
}

/// May a number well be a year?
pub(super) fn may_be_year(number: f64) -> bool {
    number.fract() == 0.0 && (1500.0..=2200.0).contains(&number)
}
