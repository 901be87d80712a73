//! What speaks against reading a table to learn from by the times in its header.

use super::super::time_numbers::may_be_year;
use super::header::{Header, is_told};
use crate::error::{DataError, Error, Message};
use crate::table::{Column, Table};
use crate::words::thousands;

/// What columns are called that sum up those of a year, or some of them.
const SUMMARIES: [&str; 27] = [
    "annual",
    "year",
    "yearly",
    "total",
    "sum",
    "mean",
    "average",
    "avg",
    "median",
    "min",
    "max",
    "std",
    "ytd",
    "jahr",
    "gesamt",
    "summe",
    "mittel",
    "mittelwert",
    "somme",
    "moyenne",
    "media", // As NASA calls the means of years and seasons.
    "j-d",
    "d-n",
    "djf",
    "mam",
    "jja",
    "son",
];

impl Header {
    /// May the numbers that stand in other columns be left out? Not where a column says more than those of the header do, or
    /// something else: that may be what is to be forecast.
    ///
    /// # Errors
    /// If the name of one looks like a time that is written otherwise.
    pub(super) fn is_sure(&self, table: &Table, is_taken: &dyn Fn(&str) -> bool) -> Result<bool, Error> {
        let others = || {
            let varies = |column: &Column<'_>| column.holds_numbers() && is_told(*column);
            self.others(table).filter(move |column| !is_taken(column.name()) && varies(column))
        };
        if let Some(column) = others().find(|column| resembles_time(column.name())) {
            return Err(self.refuse_other(table, column.name()));
        }
        // Below whole times each row is a series, of which other numbers may tell where it is from.
        if self.beside.is_none() {
            return Ok(true);
        }
        let values = self.names.iter().map(|(n, _)| table.column_at(*n).numbers_or_gaps());
        let Some(values) = values.collect::<Option<Vec<&[f64]>>>() else {
            return Ok(others().next().is_none());
        };
        let has_gaps = || (0..table.num_rows()).any(|row| has_gap(&values, row));
        let is_whole = |column: Column<'_>| !(0..table.num_rows()).any(|row| column.is_missing(row));
        Ok(others().all(|column| sums_up(column, &values) && !(is_whole(column) && has_gaps())))
    }

    fn refuse_other(&self, table: &Table, other: &str) -> Error {
        let name = |n: usize| &table.headers()[self.names[n].0];
        let text = format!(
            "the names of {} columns are times, {:?} to {:?}, but not {other:?}, which holds numbers as well; name it like the \
             others, take it out, or, if a column is to be forecast as it is, name that with ",
            thousands(self.names.len()),
            name(0),
            name(self.names.len() - 1),
        );
        DataError::new(table.name(), Message::from(text).option("target")).into()
    }
}

/// Has a name a year in it, or a clock's time?
fn resembles_time(name: &str) -> bool {
    let mut numbers = name.split(|c: char| !c.is_ascii_digit());
    let is_year = |digits: &str| digits.len() == 4 && digits.parse().is_ok_and(may_be_year);
    numbers.any(is_year) || has_clock(name)
}

/// Has a text a clock's time in it, as `9:30`?
pub(super) fn has_clock(text: &str) -> bool {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let sides = text.split_once(':');
    sides.is_some_and(|(hour, minute)| is_digit(hour.chars().next_back()) && is_digit(minute.chars().next()))
}

/// Are all of a row's values missing, or some between others?
fn has_gap(values: &[&[f64]], row: usize) -> bool {
    let is_known = |values: &&[f64]| !values[row].is_nan();
    match (values.iter().position(is_known), values.iter().rposition(is_known)) {
        (Some(first), Some(last)) => !values[first..=last].iter().all(is_known),
        _ => true,
    }
}

/// Is a column called as what sums up those of a year, or is it their sum or mean in each row that has all of them?
fn sums_up(column: Column<'_>, values: &[&[f64]]) -> bool {
    /// Values are rounded, before or after.
    const ROUNDED: f64 = 0.01;
    if SUMMARIES.contains(&column.name().trim().to_lowercase().as_str()) {
        return true;
    }
    let Some(own) = column.numbers_or_gaps() else { return false };
    let sum = |row: usize| values.iter().map(|values| values[row]).sum::<f64>();
    let whole: Vec<usize> = (0..own.len()).filter(|&row| !(own[row] + sum(row)).is_nan()).collect();
    let is_near = |row: usize, value: f64| (own[row] - value).abs() <= ROUNDED * value.abs();
    let is_sum = whole.iter().all(|&row| is_near(row, sum(row)));
    let is_mean = || whole.iter().all(|&row| is_near(row, sum(row) / values.len() as f64));
    !whole.is_empty() && (is_sum || is_mean())
}
