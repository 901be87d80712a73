//! What is particular to tables as Eurostat has them.

use crate::error::Error;
use crate::table::{Column, Table, stands_for_missing};

/// What stands between names of columns, and their cells, that are one.
const BETWEEN: char = ',';

/// Is it the column of places, or of all that tells series apart, whose name says that of the header behind a backslash?
pub(super) fn is_of_places(column: Column<'_>) -> bool {
    column.name().to_lowercase().contains("\\time")
}

/// A table in which what tells series apart is one column, `freq,unit,geo\TIME_PERIOD`, with a column for each part of it; none
/// of any other.
pub(super) fn split(table: &Table) -> Option<Table> {
    let whole = table.columns().find(|column| is_of_places(*column))?;
    let names: Vec<&str> = whole.name().split(BETWEEN).map(str::trim).collect();
    let cells: Vec<Vec<&str>> = whole.texts().map(|text| text.split(BETWEEN).collect()).collect();
    let is_new =
        |(n, name): (usize, &&str)| !name.is_empty() && !table.has_column(name) && !names[..n].contains(name);
    let can_be = cells.iter().all(|cells| cells.len() == names.len())
        && names.len() > 1
        && names.iter().enumerate().all(is_new);
    if !can_be {
        return None;
    }
    let mut parts = table.clone();
    for (n, name) in names.iter().enumerate().rev() {
        let texts: Vec<String> = cells.iter().map(|cells| cells[n].trim().to_owned()).collect();
        parts = parts.with_texts(name, &texts, &[whole.name()])?;
    }
    Some(parts)
}

/// The values of a column of Eurostat's, of which each may have flags behind it: up to three letters; a colon is a missing one.
pub(super) fn flagged(column: Column<'_>) -> Result<Vec<f64>, Error> {
    let value = |(row, text): (usize, &str)| {
        let is_flag = |c: char| c.is_ascii_lowercase();
        let number = text.trim_end_matches(is_flag);
        let has_flags =
            text.len() - number.len() <= 3 && (number.ends_with(' ') || number.len() == text.len());
        match number.trim_end() {
            _ if !has_flags => Ok(column.number(row)?),
            number if stands_for_missing(number) => Ok(f64::NAN),
            number => match number.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(number),
                _ => Ok(column.number(row)?),
            },
        }
    };
    column.texts().enumerate().map(value).collect()
}
