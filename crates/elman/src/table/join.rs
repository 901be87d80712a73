//! A date and a time of day that stand in two columns.

use std::borrow::Cow;

use super::cells::{Cells, Texts};
use super::column::{Column, Data};
use super::error::Quoted;
use super::typing::Values;
use super::{Table, Time, time};
use crate::error::Message;

/// Names of columns whose numbers are times of day: `1830` and `18.30`.
const NAMES: [&str; 12] =
    ["time", "clock", "hhmm", "hrmn", "uhrzeit", "zeit", "heure", "hora", "ora", "uur", "tid", "czas"];

/// Makes one column of a date and a time of day that stand apart, under the date's name, and says so; if there is one
/// column of each, and the time of day is what differs from row to row of a day.
pub(super) fn date_and_clock(table: &mut Table) -> Option<Message> {
    // Numbers are neither.
    let texts = || table.columns().enumerate().filter(|(_, column)| !column.holds_numbers());
    let (clock_at, clock) = only(texts().filter(|(_, column)| are_clocks(column)))?;
    let (date_at, date) = only(texts().filter(|(_, column)| are_dates(column)))?;
    let rows = table.num_rows();
    let mut of_one_day = (1..rows).filter(|&row| date.text(row) == date.text(row - 1)).peekable();
    of_one_day.peek()?;
    if of_one_day.any(|row| clock.text(row) == clock.text(row - 1)) {
        return None;
    }
    if let Some(row) = clock.texts().position(str::is_empty) {
        let (date, clock, place) = (Quoted(date.name()), Quoted(clock.name()), clock.place(row));
        let what =
            format!("is empty, so the columns {date} and {clock} are not read as a date and its time of day");
        return Some(format!("{place}: {what}; write the time of day in each row").into());
    }
    let mut joined = Texts::default();
    for (date, clock) in date.texts().zip(clock.texts()) {
        if !joined.push(&format!("{date} {clock}")) {
            return None;
        }
    }
    time::read(joined.iter()).ok()?;
    let remark = format!(
        "{}: the columns {} and {} are a date and its time of day, and are read as one under the first name, as in {}",
        table.name,
        Quoted(date.name()),
        Quoted(clock.name()),
        Quoted(joined.get(0))
    );
    table.columns[date_at] = Data::new(Cells::Kept(joined), Values::Text);
    table.columns.remove(clock_at);
    table.headers.remove(clock_at);
    Some(remark.into())
}

/// The item, if there is but one.
pub(crate) fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    items.next().filter(|_| items.next().is_none())
}

/// Times of day, of which a few may be missing.
fn are_clocks(column: &Column<'_>) -> bool {
    let mut rows = 0;
    let are_some = column.texts().all(|text| {
        rows += usize::from(is_clock(text));
        text.is_empty() || is_clock(text)
    });
    are_some && rows * 2 > column.texts().len()
}

/// Are these times of day that are written otherwise than [`is_clock`] tells: `18h00`, `18.00.30`, or, under the name of one, `18.00`
/// and `1800`, if they are no dates and no count of hours?
pub(crate) fn are_other_clocks(column: Column<'_>) -> bool {
    let is_named = NAMES.contains(&column.name().trim().to_lowercase().as_str());
    if column.holds_numbers() && !is_named {
        return false;
    }
    let known = || column.texts().filter(|text| !text.is_empty());
    let have_h = known().all(|text| text.contains(['h', 'H']));
    known().next().is_some()
        && known().all(|text| with_colons(text).is_some())
        && (have_h
            || is_named
                && !known().all(|text| text.len() < 3)
                && (column.holds_numbers() || column.times().is_err()))
}

/// A time of day with colons between its parts, however it is written: `18:00`, `6:00 PM`, `18h00`, `18.00.30`, `18.00`, `1800`.
pub(crate) fn with_colons(text: &str) -> Option<Cow<'_, str>> {
    if is_clock(text) {
        return Some(Cow::Borrowed(text));
    }
    let of_parts = |parts: &[&str]| {
        let number = |part: &str, below: u8| {
            let is_short = matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u8>().ok().filter(|&number| is_short && number < below)
        };
        let hour = number(parts.first()?, 24)?;
        let rest: Option<Vec<u8>> = parts[1..].iter().map(|part| number(part, 60)).collect();
        let rest: String = rest?.iter().map(|part| format!(":{part:02}")).collect();
        Some(Cow::Owned(format!("{hour:02}{rest}")))
    };
    if let Some((hour, minute)) = text.split_once(['h', 'H']) {
        let minute = minute.trim();
        return of_parts(&[hour.trim(), if minute.is_empty() { "0" } else { minute }]);
    }
    let parts: Vec<&str> = text.split('.').collect();
    match parts[..] {
        [digits] if (1..=4).contains(&digits.len()) && digits.is_ascii() => {
            let padded = format!("{digits:0>4}");
            Some(Cow::Owned(of_parts(&[&padded[..2], &padded[2..]])?.into_owned()))
        }
        [_, minute] if minute.len() == 2 => of_parts(&parts),
        [_, minute, second] if minute.len() == 2 && second.len() == 2 => of_parts(&parts),
        _ => None,
    }
}

/// Times without a time of day, each day of them written.
fn are_dates(column: &Column<'_>) -> bool {
    let is_one = |time: &Time| !time.pattern().has_clock() && time.pattern().has_day();
    column.times().is_ok_and(|times| times.first().is_some_and(is_one))
}

/// Is this a time of day: `14:05`, `14:05:30`, `14:05:30.25` or `2:05 PM`?
pub(crate) fn is_clock(text: &str) -> bool {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == ' ');
    let half = text[digits.len()..].trim();
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
    let mut parts = whole.split(':');
    let count = parts.clone().count();
    (2..=3).contains(&count)
        && (whole == digits || count == 3 && !fraction.is_empty() && all_digits(fraction))
        && (half.is_empty() || half.eq_ignore_ascii_case("am") || half.eq_ignore_ascii_case("pm"))
        && parts.all(|part| matches!(part.len(), 1 | 2) && all_digits(part))
}

#[cfg(test)]
mod tests {
    use crate::table::Table;

    fn read(text: &str) -> Table {
        Table::read("t.csv", text.as_bytes()).unwrap()
    }

    #[test]
    fn a_date_and_its_time_of_day_are_one() {
        for (rows, second) in [
            ("2024-01-01,00:00,1\n2024-01-01,12:00,2\n2024-01-02,00:00,3\n", "2024-01-01 12:00"),
            ("01.02.2024,9:30:00,1\n01.02.2024,10:30:00,2\n13.02.2024,9:30:00,3\n", "01.02.2024 10:30:00"),
            (
                "2024-01-01,12:00:00.25,1\n2024-01-01,12:00:00.5,2\n2024-01-01,12:00:00.75,3\n",
                "2024-01-01 12:00:00.50",
            ),
            ("1/31/2024,1:00 AM,1\n1/31/2024,1:00 PM,2\n2/1/2024,1:00 AM,3\n", "1/31/2024 1:00 PM"),
        ] {
            let table = read(&format!("date,time,v\n{rows}"));
            assert_eq!(table.headers(), ["date", "v"], "{rows}");
            assert_eq!(table.column("date").unwrap().times().unwrap()[1].to_string(), second);
            assert_eq!(table.column("v").unwrap().numbers().unwrap(), [1.0, 2.0, 3.0]);
            let remarks: Vec<String> = table.remarks().iter().map(ToString::to_string).collect();
            assert!(remarks[0].starts_with(
                "t.csv: the columns \"date\" and \"time\" are a date and its time of day, and are read as one"
            ));
        }
    }

    #[test]
    fn a_time_of_day_that_is_missing_is_named() {
        let table = read("date,time,v\n2024-01-01,00:00,1\n2024-01-01,,2\n2024-01-01,02:00,3\n");
        assert_eq!(table.headers(), ["date", "time", "v"]);
        assert_eq!(
            table.remarks()[0].to_string(),
            "t.csv, line 3, column \"time\": is empty, so the columns \"date\" and \"time\" are not read as a date and \
             its time of day; write the time of day in each row"
        );
    }

    #[test]
    fn what_says_something_else_stays_apart() {
        for text in [
            // A day a row: when the shop opened.
            "date,opens,v\n2024-01-01,09:00,1\n2024-01-02,10:00,2\n",
            // Of several shops, all at the same time.
            "date,opens,v\n2024-01-01,09:00,1\n2024-01-01,09:00,2\n",
            "date,from,to,v\n2024-01-01,09:00,10:00,1\n2024-01-01,10:00,11:00,2\n",
            "stamp,opens,v\n2024-01-01 09:00,09:00,1\n2024-01-01 09:00,10:00,2\n",
            "month,opens,v\n2024-01,09:00,1\n2024-01,10:00,2\n",
        ] {
            let table = read(text);
            assert_eq!(table.headers().len(), text.lines().next().unwrap().split(',').count(), "{text}");
            assert!(table.remarks().is_empty());
        }
    }
}
