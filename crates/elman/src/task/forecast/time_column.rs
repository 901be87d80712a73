//! Which column holds the times of a series, and how they are read.

use std::borrow::Cow;

use super::panel::Member;
use crate::calendar::{Calendar, Frequency};
use crate::error::{Error, Message};
use crate::table::{Column, Table, TableError, Time, is_clock};

/// Names of columns that hold times.
const NAMES: &[&str] = &[
    "date",
    "time",
    "datetime",
    "timestamp",
    "ts",
    "epoch",
    "datum",
    "zeit",
    "zeitstempel",
    "ds",
    "day",
    "week",
    "month",
    "quarter",
    "half",
    "year",
    "period",
    "fecha",
    "jahr",
    "monat",
    "tag",
    "woche",
    "quartal",
];

/// Which column of a table holds the times, and how they are read.
#[derive(Clone, Copy)]
pub(super) struct TimeColumn<'a> {
    pub(super) name: &'a str,
    /// How they are written, where that is known.
    pub(super) format: Option<&'a str>,
    /// The zone whose clocks they show.
    pub(super) timezone: Option<&'a str>,
    /// How far rows are apart, where that is known.
    pub(super) frequency: Option<Frequency>,
}

impl TimeColumn<'_> {
    /// The column of a table, with its rows in order of time, of which some may be missing.
    pub(super) fn read<'t>(&self, table: &'t Table) -> Result<(Column<'t>, Calendar), Error> {
        let column = table.column(self.name)?;
        let times = read_times(column, self.format)?;
        Ok((column, Calendar::with_gaps(column, &times, self.timezone, self.frequency)?))
    }

    /// How far the rows of several series of a table are apart, where they do not each tell it, and the same; else none.
    pub(super) fn common_frequency(
        &self,
        table: &Table,
        members: &[&Member<'_>],
    ) -> Result<Option<Frequency>, Error> {
        let own = |member: &&Member<'_>| {
            let (_, calendar) = self.read(&member.table).ok()?;
            calendar.gaps().is_empty().then_some(calendar.frequency())
        };
        let mut all = members.iter().map(own);
        let first = all.next().flatten();
        if first.is_some() && all.all(|frequency| frequency == first) {
            return Ok(None);
        }
        let column = table.column(self.name)?;
        Calendar::common_frequency(column, &read_times(column, self.format)?, self.timezone)
    }
}

/// Reads a column in a way that was used before, else as its cells say.
fn read_times<'a>(column: Column<'a>, format: Option<&str>) -> Result<Cow<'a, [Time]>, Error> {
    let Some(format) = format else { return Ok(Cow::Borrowed(column.times()?)) };
    match column.times_as(format) {
        Ok(times) => Ok(Cow::Owned(times)),
        // Another file may write its times otherwise.
        Err(error) => column.times().map(Cow::Borrowed).map_err(|_| error),
    }
}

/// Finds the column of times among those of a table that are not taken for another purpose: the first that holds times; else one of plain
/// numbers, such as years, that its name or its values show to be times; those of a name must be all different unless
/// they `may_repeat`, as where there are several series. What was guessed is remarked.
///
/// # Errors
/// If there is none, but one that is named like times or mostly holds them.
pub(super) fn find<'a>(
    table: &'a Table,
    is_taken: impl Fn(&str) -> bool,
    may_repeat: bool,
    remarks: &mut Vec<Message>,
) -> Result<Option<Column<'a>>, Error> {
    let columns = || table.columns().filter(|column| !is_taken(column.name()));
    let of_text = || columns().filter(|column| !column.holds_numbers());
    let mut suspects =
        of_text().filter(|column| is_named_like_times(column.name()) || column.is_mostly_times());
    let Some(first) = suspects.next() else {
        let found = of_numbers(table, &is_taken, may_repeat, remarks);
        if found.is_none() {
            remarks.extend(of_text().find_map(remark_on_resemblance));
        }
        return Ok(found);
    };
    match std::iter::once(first).chain(suspects).find(|column| column.times().is_ok()) {
        Some(column) => Ok(Some(column)),
        None => first.times().map(|_| Some(first)).map_err(Error::from),
    }
}

/// A column of numbers that are times: by its name, or because they are years one after another.
fn of_numbers<'a>(
    table: &'a Table,
    is_taken: &impl Fn(&str) -> bool,
    may_repeat: bool,
    remarks: &mut Vec<Message>,
) -> Option<Column<'a>> {
    let numeric: Vec<Column<'a>> = table.columns().filter(Column::is_numeric).collect();
    let rest: Vec<Column<'a>> = numeric.iter().copied().filter(|column| !is_taken(column.name())).collect();
    // One of them is to be forecast.
    if numeric.len() < 2 {
        return None;
    }
    let named = rest.iter().copied().filter(|column| is_named_like_times(column.name()));
    let mut unfit = None;
    for column in named {
        match column.times() {
            Ok(times) if may_repeat || is_distinct(times) => return Some(column),
            _ => unfit = unfit.or(Some(column)),
        }
    }
    type Kind = (fn(&Column<'_>) -> bool, &'static str);
    let kinds: [Kind; 2] = [(are_years, "years"), (are_moments, "moments counted from 1970 on")];
    for (are_some, what) in kinds {
        if let [column] = rest.iter().copied().filter(are_some).collect::<Vec<_>>()[..] {
            let text = format!(
                "{}: the values are taken for {what}; name another column of times with ",
                column.whole()
            );
            remarks.push(Message::from(text).option("time"));
            return Some(column);
        }
    }
    remarks.extend(unfit.map(remark_on_unfit));
    None
}

/// What is to be said of a column of numbers that is named like times, and holds none that tell the rows apart.
fn remark_on_unfit(column: Column<'_>) -> Message {
    if let Err(TableError::AmbiguousTime { formats, .. }) = column.times() {
        let (place, text, [a, b]) = (column.place(0), column.text(0), &*formats);
        let text = format!(
            "{place}: {text} could be {a} or {b}, and no row tells which, so the rows are taken in their order; name the \
             column with "
        );
        return Message::from(text).option("time").text(" and say which with ").option("time_format");
    }
    let text = format!(
        "{}: it is named like times, but holds none that are all different, so the rows are taken in their order; name a \
         column of times with ",
        column.whole()
    );
    Message::from(text).option("time")
}

/// What is to be said of a column whose cells look like times, though they are none that are known.
fn remark_on_resemblance(column: Column<'_>) -> Option<Message> {
    /// As many cells tell.
    const LOOKED_AT: usize = 100;
    let all = |looks: fn(&str) -> bool| column.texts().take(LOOKED_AT).all(looks);
    let (place, text) = (column.place(0), column.text(0));
    if all(is_clock) {
        let text = format!(
            "{place}: {text:?} is a time of day without a date, so the rows are taken in their order; write the date before \
             it to have it read"
        );
        return Some(text.into());
    }
    resemble_times(column.texts().take(LOOKED_AT)).then(|| {
        let text = format!(
            "{place}: {text:?} looks like a time, but is not written in a way that is known, so the rows are taken in their \
             order; if it is one, name its column with "
        );
        Message::from(text).option("time").text(" and say how it is written with ").option("time_format")
    })
}

/// Does each text hold a year and little else: another number, or years in order?
fn resemble_times<'t>(texts: impl Iterator<Item = &'t str> + Clone) -> bool {
    const LONGEST: usize = 40;
    let numbers =
        |text: &'t str| text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    let is_year = |digits: &&str| digits.len() == 4 && ("1500"..="2200").contains(digits);
    let years: Vec<Option<&str>> = texts.clone().map(|text| numbers(text).find(is_year)).collect();
    let in_order = years.is_sorted() || years.is_sorted_by(|a, b| a >= b);
    let mut several = texts.clone().map(|text| numbers(text).count() > 1);
    years.iter().all(Option::is_some)
        && texts.into_iter().all(|text| text.chars().count() <= LONGEST)
        && (several.all(|several| several) || in_order && years.first() != years.last())
}

fn is_named_like_times(name: &str) -> bool {
    let name = name.to_lowercase();
    let mut words = name.split(|c: char| !c.is_alphanumeric());
    words.any(|word| NAMES.contains(&word))
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

/// Three years or more, one after another, forwards or backwards.
fn are_years(column: &Column<'_>) -> bool {
    let Ok(values) = column.numbers() else { return false };
    let step = |by: f64| values.windows(2).all(|pair| pair[1] - pair[0] == by);
    values.len() > 2
        && values.iter().all(|&year| (1500.0..=2200.0).contains(&year) && year.fract() == 0.0)
        && (step(1.0) || step(-1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A column of numbers that is named like times and not taken, and what is said of it.
    #[test]
    fn times_that_are_not_taken_are_named_with_the_reason() {
        let day_or_month: String = (1..13).map(|n| format!("01{n:02}2020,{n}\n")).collect();
        for (rows, remark) in [
            (
                &day_or_month[..],
                "t.csv, line 2, column \"date\": 01012020 could be %d%m%Y or %m%d%Y, and no row tells which, so the rows \
                 are taken in their order; name the column with time and say which with time_format",
            ),
            (
                "2020,1\n2020,2\n2021,3\n",
                "t.csv, column \"date\": it is named like times, but holds none that are all different, so the rows are \
                 taken in their order; name a column of times with time",
            ),
        ] {
            let table = Table::read("t.csv", format!("date,y\n{rows}").as_bytes()).unwrap();
            let mut remarks = Vec::new();
            assert!(find(&table, |name| name == "y", false, &mut remarks).unwrap().is_none());
            assert_eq!(remarks.iter().map(ToString::to_string).collect::<Vec<_>>(), [remark]);
        }
    }
}
