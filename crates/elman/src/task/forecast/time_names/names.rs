//! What the names of columns say of times.

use std::ops::RangeInclusive;

use super::super::time_parts::Part;
use crate::error::{DataError, Error, Message};
use crate::table::{Cells, Table, TableError, Time, is_month};

/// The column of [`alone`].
pub(super) const TIME: &str = "time";

/// The texts of times as a table of their own.
pub(super) fn alone<'n>(table: &Table, texts: impl Iterator<Item = &'n String>) -> Result<Table, Error> {
    let texts = Cells::Text(texts.cloned().collect());
    Ok(Table::from_columns(table.name(), &[(TIME.to_owned(), texts)])?)
}

/// Names that are times; none if they are none together.
///
/// # Errors
/// If day and month cannot be told apart.
pub(super) fn read_times(
    table: &Table,
    texts: &[String],
    format: Option<&str>,
) -> Result<Option<Vec<Time>>, Error> {
    let names = alone(table, texts.iter())?;
    let column = names.column(TIME)?;
    if let Some(format) = format {
        return Ok(column.times_as(format).ok());
    }
    match column.times() {
        Ok(times) => Ok(Some(times.to_vec())),
        Err(TableError::AmbiguousTime { text, formats, .. }) => {
            let text = format!(
                "the names of its columns are times, of which {text:?} could be {} or {}, and none tells which; say so with ",
                formats[0], formats[1]
            );
            Err(DataError::new(table.name(), Message::from(text).option("time_format")).into())
        }
        Err(_) => Ok(None),
    }
}

/// What of a column's name tells a time: of `1960 [YR1960]`, as the World Bank writes it, and of `X1960`, as R does, the year.
pub(super) fn time_of(header: &str) -> &str {
    let begins_with_digit = |rest: &&str| rest.starts_with(|c: char| c.is_ascii_digit());
    match header.split_once(" [YR") {
        Some((time, code)) if code.strip_suffix(']') == Some(time) => time,
        _ => header.strip_prefix('X').filter(begins_with_digit).unwrap_or(header),
    }
}

/// The names that are all months or quarters of a year, in their order.
pub(super) fn parts_of_year(table: &Table) -> Option<(Part, Vec<(usize, String)>)> {
    const MONTHS: RangeInclusive<u8> = 1..=12;
    let words: Vec<usize> = (0..table.headers().len()).filter(|&n| is_month(&table.headers()[n])).collect();
    if words.len() == MONTHS.len() {
        let texts: Vec<String> =
            words.iter().map(|&n| format!("2000-{}", table.headers()[n].trim_end_matches('.'))).collect();
        let times = read_times(table, &texts, None).ok()??;
        let is_whole = times.iter().zip(MONTHS).all(|(time, month)| time.stamp().month() == month as i8);
        let number = |(n, month): (usize, u8)| (n, month.to_string());
        return is_whole.then(|| (Part::Month, words.into_iter().zip(MONTHS).map(number).collect()));
    }
    let months = || numbered(table, &[("", ""), ("m", ""), ("month", "")], MONTHS);
    let quarters = || numbered(table, &[("q", ""), ("qtr", ""), ("quarter", "")], 1..=4);
    let months = months().map(|names| (Part::Month, names));
    months.or_else(|| Some((Part::Quarter, quarters()?)))
}

/// The names that are all hours of a day, in their order. Plain numbers may name anything.
pub(super) fn hours(table: &Table) -> Option<(Part, Vec<(usize, String)>)> {
    const AFFIXES: [(&str, &str); 6] =
        [("h", ""), ("hr", ""), ("he", ""), ("hour", ""), ("", ":00"), ("", ":00:00")];
    let hours = numbered(table, &AFFIXES, 0..=23).or_else(|| numbered(table, &AFFIXES, 1..=24))?;
    Some((Part::Hour, hours))
}

/// The names that are these numbers one after another, each between the same of these texts.
fn numbered(
    table: &Table,
    affixes: &[(&str, &str)],
    range: RangeInclusive<u8>,
) -> Option<Vec<(usize, String)>> {
    let of = |(before, behind): (&str, &str)| -> Option<Vec<(usize, String)>> {
        let number = |header: &str| {
            let header = header.to_lowercase();
            let digits = header.strip_prefix(before)?.strip_suffix(behind)?;
            let digits = digits.trim_start_matches([' ', '_', '.']);
            let is_short = digits.len() <= 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
            digits.parse::<u8>().ok().filter(|_| is_short)
        };
        let found = table.headers().iter().enumerate().filter_map(|(n, header)| Some((n, number(header)?)));
        let found: Vec<(usize, u8)> = found.collect();
        let are_all = found.iter().map(|(_, number)| *number).eq(range.clone());
        are_all.then(|| found.into_iter().map(|(n, number)| (n, number.to_string())).collect())
    };
    affixes.iter().find_map(|&affixes| of(affixes))
}
