//! Which column holds the times of a series, and how they are read.

use std::borrow::Cow;

use jiff::SignedDuration;

use super::panel;
use super::time_numbers;
use crate::calendar::{Calendar, Frequency};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::table::{
    Column, Table, Time, count_distinct, is_clock, is_mostly_even, is_range, names_month_or_weekday,
};
use crate::words::listed;

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

/// As many cells tell what a column holds.
const LOOKED_AT: usize = 100;

/// Which column of a table holds the times, and how they are read.
#[derive(Clone, Copy)]
pub(super) struct TimeColumn<'a> {
    pub(super) name: &'a str,
    /// How they are written, where that is known.
    pub(super) format: Option<&'a str>,
    /// The zone whose clocks they show.
    pub(super) timezone: Option<&'a str>,
    /// How far rows are apart, where that is known.
    pub(super) frequency: Option<&'a Frequency>,
    /// Did a model learn from rows so far apart, and from no others?
    pub(super) is_learned: bool,
    /// Are rows missing as well at days of the frequency that are never open in a series?
    pub(super) closed_are_missing: bool,
}

impl TimeColumn<'_> {
    /// The column of a table, with its rows in order of time, of which some may be missing.
    pub(super) fn read<'t>(&self, table: &'t Table) -> Result<(Column<'t>, Calendar), Error> {
        let column = table.column(self.name)?;
        let times = read_times(column, self.format)?;
        let (timezone, frequency) = (self.timezone, self.frequency);
        Ok((column, Calendar::find(column, &times, timezone, frequency, self.closed_are_missing)?))
    }

    /// Refuses rows, which stand at this `place`, if they are not as far apart as those that a model learned from.
    pub(super) fn check_step(&self, place: String, calendar: &Calendar) -> Result<(), DataError> {
        let Some(learned) = self.frequency.filter(|_| self.is_learned) else { return Ok(()) };
        if calendar.frequency().is_as(learned) {
            return Ok(());
        }
        let frequency = calendar.frequency();
        let anew = match frequency.may_be_told_late(learned) {
            true => {
                "; if these are the same rows and more, they tell their calendar better: train anew with them"
            }
            false => "",
        };
        let (own, learned) = frequency.names_beside(learned);
        let message = format!(
            "its rows are one {own} apart, but the model learned from rows one {learned} apart{anew}"
        );
        Err(DataError::new(place, message))
    }

    /// How far the rows of a table are apart that holds several series, all taken together.
    pub(super) fn common_frequency(&self, table: &Table) -> Result<Option<Frequency>, Error> {
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
/// they `may_repeat`, as where there are several series, which the `id` tells apart if it is named. What was guessed is remarked.
///
/// # Errors
/// If there is none, but one that is named like times or mostly holds them.
pub(super) fn find<'a>(
    table: &'a Table,
    is_taken: impl Fn(&str) -> bool,
    id: Option<&str>,
    may_repeat: bool,
    remarks: &mut Vec<Message>,
) -> Result<Option<Column<'a>>, Error> {
    let columns = || table.columns().filter(|column| !is_taken(column.name()));
    let of_text = || columns().filter(|column| !column.holds_numbers());
    let may_hold_times = |column: &Column<'_>| {
        is_named_like_times(column.name()) || column.is_mostly_times() || column.times().is_ok()
    };
    let (suspects, constant): (Vec<Column<'_>>, Vec<Column<'_>>) = of_text()
        .filter(may_hold_times)
        .partition(|column| table.num_rows() == 1 || column.texts().any(|text| text != column.text(0)));
    // What is the same in each row tells no row from another; one that is named like times may be meant.
    let named = constant.iter().copied().filter(|column| is_named_like_times(column.name()));
    let suspects: Vec<Column<'_>> = suspects.into_iter().chain(named).collect();
    let Some(&first) = suspects.first() else {
        let found = time_numbers::of_numbers(table, &is_taken, may_repeat, remarks)?;
        if found.is_none() {
            of_text().try_for_each(refuse_resemblance)?;
            let varies = |column: &Column<'_>| constant.iter().all(|other| other.name() != column.name());
            let resembles = of_text().filter(varies).find_map(remark_on_resemblance);
            remarks.extend(resembles.or_else(|| constant.first().map(remark_on_constant)));
        }
        return Ok(found);
    };
    let with_times = |column: &Column<'a>| Some((*column, column.times().ok()?));
    let mut of_times = suspects.iter().filter_map(with_times);
    match of_times.next() {
        Some((first, times)) => {
            let is_of_series = |days: Column<'_>| {
                let is_other = |column: &Column<'_>| ![first.name(), days.name()].contains(&column.name());
                let others: Vec<Column<'_>> = columns().filter(is_other).collect();
                let id: Vec<Column<'_>> =
                    table.columns().filter(|column| panel::is_listed(id, column.name())).collect();
                panel::may_be_series(first, &others, &id)
            };
            let of_rows = of_times.find(|(column, days)| stand_in_for(times, days) && !is_of_series(*column));
            let found = of_rows.map_or(first, |(days, _)| days);
            if found.times().is_ok_and(|times| times[0].is_short_month())
                && !is_named_like_times(found.name())
            {
                remarks.push(remark_on_guess(found, "months"));
            }
            Ok(Some(found))
        }
        None => first.times().map(|_| Some(first)).map_err(Error::from),
    }
}

/// Finds the column of times that are written as `format` says, among those that are not taken for another purpose: one that is
/// named like times, else one of text, else the only one.
///
/// # Errors
/// If there is no such format, or several columns could be meant; if no column is written so, that of the one of which most is.
pub(super) fn of_format<'a>(
    table: &'a Table,
    is_taken: impl Fn(&str) -> bool,
    format: &str,
) -> Result<Column<'a>, Error> {
    let (mut fitting, mut nearest) = (Vec::new(), None);
    for column in table.columns().filter(|column| !is_taken(column.name())) {
        match column.written_as(format)? {
            Ok(_) => fitting.push(column),
            Err(row) if row > nearest.map_or(0, |(nearest, _)| nearest) => nearest = Some((row, column)),
            Err(_) => {}
        }
    }
    let refuse = |text: String| {
        let message = Message::from(format!("{format:?} {text} name the column of times with "));
        Err(ConfigError::new("time_format", message.option("time")).into())
    };
    let is_named = |column: &&Column<'_>| is_named_like_times(column.name());
    let is_text = |column: &&Column<'_>| !column.holds_numbers();
    match fitting.iter().find(is_named).or_else(|| fitting.iter().find(is_text)) {
        Some(column) => return Ok(*column),
        None if fitting.len() == 1 => return Ok(fitting[0]),
        None if fitting.is_empty() => {}
        None => {
            let names = listed(fitting.iter().map(|column| format!("{:?}", column.name())), "and");
            return refuse(format!("fits the columns {names}:"));
        }
    }
    match nearest {
        Some((_, column)) => column.times_as(format).map(|_| column),
        None => refuse("fits the first cell of no column; correct it, or".to_owned()),
    }
}

/// Are not these periods, such as months, the times of the rows, but the days that stand beside them: more of them, at even steps,
/// each in its period, unless those are at no even steps, as codes that look like quarters?
fn stand_in_for(periods: &[Time], days: &[Time]) -> bool {
    periods.first().is_some_and(|period| period.pattern().period().is_some())
        && days.first().is_some_and(|time| time.pattern().has_day())
        && count_distinct(days) > count_distinct(periods)
        && is_mostly_even(days)
        && (!is_mostly_even(periods) || are_within(periods, days))
}

/// Is each time in the period beside it: a part of a year, or a day?
pub(super) fn are_within(periods: &[Time], times: &[Time]) -> bool {
    let length = periods.first().and_then(|period| period.pattern().period());
    let length = length.unwrap_or(SignedDuration::from_hours(24));
    periods.iter().zip(times).all(|(period, time)| {
        let since = time.stamp().duration_since(period.stamp());
        !since.is_negative() && since < length
    })
}

/// What is to be said of a column that its values alone show to be times.
pub(super) fn remark_on_guess(column: Column<'_>, what: &str) -> Message {
    let text =
        format!("{}: the values are taken for {what}; name another column of times with ", column.whole());
    Message::from(text).option("time")
}

/// Refuses a column in which each cell looks like a time, and like nothing else: with a month's or weekday's name, or of numbers
/// alone. No two that follow each other are the same.
fn refuse_resemblance(column: Column<'_>) -> Result<(), Error> {
    let texts = || column.texts().take(LOOKED_AT);
    let is_time_alone = |text: &str| names_month_or_weekday(text) || !text.contains(char::is_alphabetic);
    let repeats = || texts().zip(texts().skip(1)).any(|(above, below)| above == below);
    if !resemble_times(texts()) || !texts().all(is_time_alone) || repeats() {
        return Ok(());
    }
    if is_range(column.text(0)) {
        let what = "is a range of times; write its beginning alone, or, if these are no times of the rows, take the column out";
        return Err(DataError::new(column.place(0), format!("{:?} {what}", column.text(0))).into());
    }
    let text = format!(
        "{:?} looks like a time, but is not written in a way that is known; say how all are written with ",
        column.text(0)
    );
    let message = Message::from(text).option("time_format").text(" and name the column with ");
    let message = message.option("time").text("; or, if these are no times, take the column out");
    Err(DataError::new(column.place(0), message).into())
}

/// What is to be said of a column that has the same time in each row.
fn remark_on_constant(column: &Column<'_>) -> Message {
    let what = "in each row, which tells no row from another, so the rows are taken in their order";
    format!("{}: it is {} {what}", column.whole(), column.text(0)).into()
}

/// What is to be said of a column whose cells look like times, though they are none that are known.
fn remark_on_resemblance(column: Column<'_>) -> Option<Message> {
    let texts = || column.texts().take(LOOKED_AT);
    let what = if texts().all(is_clock) {
        "is a time of day without a date, so the rows are taken in their order; write the date before it to have it read"
    } else if are_days_without_year(texts()) {
        "is a day without a year, so the rows are taken in their order; write the year behind it to have it read"
    } else if resemble_times(texts()) {
        let text = "looks like a time, but is not written in a way that is known, so the rows are taken in their order; if it \
                    is one, name its column with ";
        let message = Message::from(format!("{}: {:?} {text}", column.place(0), column.text(0)));
        return Some(message.option("time").text(" and say how it is written with ").option("time_format"));
    } else {
        return None;
    };
    Some(format!("{}: {:?} {what}", column.place(0), column.text(0)).into())
}

/// Are these two numbers each, `31.12.` or `12/31`, one of which is mostly one more than above, and the other the same?
fn are_days_without_year<'t>(texts: impl Iterator<Item = &'t str>) -> bool {
    let days = |text: &'t str| {
        let (a, b) = text.strip_suffix('.').unwrap_or(text).split_once(['.', '/', '-'])?;
        let number = |digits: &str| {
            let is_short = digits.len() <= 2 && digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse::<u8>().ok().filter(|_| is_short)
        };
        let (a, b) = (number(a)?, number(b)?);
        ((1..=31).contains(&a.max(b)) && (1..=12).contains(&a.min(b))).then_some((a, b))
    };
    let Some(all) = texts.map(days).collect::<Option<Vec<(u8, u8)>>>() else { return false };
    let follows =
        |pair: &&[(u8, u8)]| matches!([pair[1].0 - pair[0].0, pair[1].1 - pair[0].1], [0, 1] | [1, 0]);
    let increases = |pair: &&[(u8, u8)]| pair[0].0 <= pair[1].0 && pair[0].1 <= pair[1].1;
    let followed = all.windows(2).filter(increases).filter(follows).count();
    all.len() > 2 && 4 * followed >= 3 * (all.len() - 1)
}

/// Does each text hold a year and little else: another number, or years in order?
fn resemble_times<'t>(texts: impl Iterator<Item = &'t str> + Clone) -> bool {
    const LONGEST: usize = 60;
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

pub(in crate::task) fn is_named_like_times(name: &str) -> bool {
    has_word_of(name, NAMES)
}

/// Is one of these words in a name?
pub(in crate::task) fn has_word_of(name: &str, words: &[&str]) -> bool {
    name.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|word| words.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_stand_in_for_the_periods_that_they_are_in() {
        let found = |period: &dyn Fn(usize) -> String, day: &dyn Fn(usize) -> String| {
            let rows: String = (0..70).map(|n| format!("{},{},{n}\n", period(n), day(n))).collect();
            let table = Table::read("t.csv", format!("of,at,y\n{rows}").as_bytes()).unwrap();
            let found = find(&table, |name| name == "y", None, false, &mut Vec::new()).unwrap();
            found.map(|column| column.name().to_owned())
        };
        let date = |n: usize| jiff::civil::date(2023, 1, 1).saturating_add(jiff::Span::new().days(n as i64));
        let day = |n: usize| date(n).to_string();
        let month = |n: usize| date(n).strftime("%Y-%m").to_string();
        let is = |name: &str| Some(name.to_owned());
        let quarter = |n: usize| format!("2023Q{}", (date(n).month() + 2) / 3);
        let code = |year: usize| move |n: usize| format!("{}K{}", year + 7 * (n % 3), 1 + n % 4);
        for period in [&month as &dyn Fn(usize) -> String, &quarter, &code(2000), &code(1000)] {
            assert_eq!(found(period, &day), is("at"), "{}", period(0));
        }
        // Days of something else: reports of a month, customers of a cohort, what is done on some days of each.
        let cohort = |n: usize| date(n / 28 * 31).strftime("2022-%m").to_string();
        let report = |n: usize| date(n / 28 * 31 + 40).to_string();
        let some = |n: usize| format!("{}-{:02}", month(n), [3, 11, 24][n % 3]);
        let months = |n: usize| format!("{}-{:02}", 2015 + n / 12, n % 12 + 1);
        for (period, day) in [
            (&month as &dyn Fn(usize) -> String, &report as &dyn Fn(usize) -> String),
            (&cohort, &day),
            (&month, &some),
            (&months, &day),
        ] {
            assert_eq!(found(period, day), is("of"), "{} {}", period(0), day(0));
        }
    }

    #[test]
    fn periods_that_series_share_are_their_times() {
        let found = |id: Option<&str>, shop: &str, rows: &dyn Fn(usize) -> String| {
            let rows: String = (0..70).map(rows).collect();
            let table = Table::read("t.csv", format!("week,visited,{shop},y\n{rows}").as_bytes()).unwrap();
            let is_taken = |name: &str| name == "y" || Some(name) == id;
            let found = find(&table, is_taken, id, true, &mut Vec::new()).unwrap();
            found.map(|column| column.name().to_owned())
        };
        let week = |n: usize| format!("2024-W{:02}", 1 + n / 5);
        let visited = |n: usize| {
            let days = jiff::Span::new().days((n / 5 * 7 + n % 5) as i64);
            jiff::civil::date(2024, 1, 1).saturating_add(days).to_string()
        };
        for (id, shop) in [(None, "s"), (Some("shop"), "s"), (Some("shop"), ""), (None, "")] {
            let row = |n: usize| format!("{},{},{shop}{},{}\n", week(n), visited(n), n % 5, n * n % 11);
            assert_eq!(found(id, "shop", &row).as_deref(), Some("week"), "{id:?} {shop}");
        }
        // What tells nothing apart leaves the days.
        let row = |n: usize| format!("{},{},{},{}\n", week(n), visited(n), ["wet", "dry"][n % 2], n * n % 11);
        assert_eq!(found(None, "weather", &row).as_deref(), Some("visited"));
    }

    /// A column of numbers that is named like times and not taken, and what is said of it.
    #[test]
    fn times_that_are_not_taken_are_named_with_the_reason() {
        let day_or_month: String = (1..13).map(|n| format!("01{n:02}2020,{n}\n")).collect();
        let looked_for = |name: &str, rows: &str| {
            let table = Table::read("t.csv", format!("{name},y\n{rows}").as_bytes()).unwrap();
            let mut remarks = Vec::new();
            let found = find(&table, |name| name == "y", None, false, &mut remarks);
            let found = found.map(|column| column.is_some()).map_err(|error| error.to_string());
            (found, remarks.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        for name in ["date", "when"] {
            let refused = format!(
                "t.csv, line 2, column \"{name}\": \"01012020\" could be %d%m%Y or %m%d%Y, and no row tells which; say so \
                 with time_format"
            );
            assert_eq!(looked_for(name, &day_or_month), (Err(refused), Vec::new()));
        }
        let remark = "t.csv, column \"date\": it is named like times, but holds none that are all different, so the rows are \
                      taken in their order; name a column of times with time";
        assert_eq!(looked_for("date", "2020,1\n2020,2\n2021,3\n"), (Ok(false), vec![remark.into()]));
        let remark =
            "t.csv, column \"when\": the values are taken for dates; name another column of times with time";
        let month = |n: usize| format!("{}{:02},{n}\n", 2020 + n / 12, n % 12 + 1);
        let months: String = (0..24).map(month).collect();
        assert_eq!(looked_for("when", &months), (Ok(true), vec![remark.into()]));
        let said_of = |what: &str| {
            format!(
                "t.csv, column \"when\": the values are taken for {what}; name another column of times with time"
            )
        };
        let rows = |cell: &dyn Fn(usize) -> String| {
            (0..40).rev().map(|n| format!("{},{n}\n", cell(n))).collect::<String>()
        };
        for (rows, what) in [
            (rows(&|n| format!("{:02}.{}", n % 12 + 1, 2010 + n / 12)), "months"),
            (rows(&|n| format!("{}.{:02}", 2010 + n / 12, n % 12 + 1)), "months"),
            (rows(&|n| format!("{:02}{}", n % 12 + 1, 2010 + n / 12)), "months"),
            (rows(&|n| format!("{:02}{:02}2024", n % 28 + 1, n / 28 + 1)), "dates"),
        ] {
            assert_eq!(looked_for("when", &rows), (Ok(true), vec![said_of(what)]), "{rows}");
        }
        let remark = "t.csv, column \"date\": it is named like times, but \"13.2010\" is none that is known, so the rows are \
                      taken in their order; name a column of times with time";
        assert_eq!(looked_for("date", "13.2010,1\n14.2010,2\n15.2010,3\n"), (Ok(false), vec![remark.into()]));
        // Numbers of lots, orders and prices are none, nor is a day on which all began.
        let of =
            |number: fn(usize) -> usize| (0..40).map(|n| format!("{},{n}\n", number(n))).collect::<String>();
        for numbers in
            [of(|_| 20_200_101), of(|n| 200_101 + n % 2), of(|n| 101_010 + n), of(|n| 200_101 + n % 12)]
        {
            assert_eq!(looked_for("lot", &numbers), (Ok(false), Vec::new()), "{numbers}");
        }
        // What may be something else is remarked.
        for name in ["INV-{}-7", "SO/{}/3", "Film 0 ({})", "FY{} plan", "1 Main St, {}"] {
            let rows: String = (0..40)
                .map(|n| format!("\"{}\",{n}\n", name.replace("{}", &(1990 + n).to_string())))
                .collect();
            let (found, remarks) = looked_for("what", &rows);
            assert_eq!((found, remarks.len()), (Ok(false), 1), "{remarks:?}");
        }
        for (name, first, what) in
            [("JD", 2_459_580.5, "Julian days"), ("mjd", 59_580.0, "modified Julian days")]
        {
            let days: String = (0..24).map(|n| format!("{},{n}\n", first + f64::from(n))).collect();
            let (found, remarks) = looked_for(name, &days);
            let begin = format!("t.csv, column \"{name}\": {what} are not read as times");
            assert!(
                found == Ok(false) && remarks.len() == 1 && remarks[0].starts_with(&begin),
                "{remarks:?}"
            );
        }
        // Numbers of orders are none.
        let orders: String = (0..24).map(|n| format!("{},{n}\n", 202_001 + 7 * n)).collect();
        assert_eq!(looked_for("when", &orders), (Ok(false), Vec::new()));
        let remark = "t.csv, line 2, column \"when\": \"1.1.\" is a day without a year, so the rows are taken in their order; \
                      write the year behind it to have it read";
        let days: String = (0..59).map(|n| format!("{}.{}.,{n}\n", n % 31 + 1, n / 31 + 1)).collect();
        assert_eq!(looked_for("when", &days), (Ok(false), vec![remark.into()]));
        // What is the same in each row tells none from another, and is no reason to pass over what does.
        for same in ["I 2000", "May 2020", "2024-01-31"] {
            let remark = format!(
                "t.csv, column \"lot\": it is {same} in each row, which tells no row from another, so the rows are taken in \
                 their order"
            );
            let rows: String = (0..40).map(|n| format!("{same},{n}\n")).collect();
            assert_eq!(looked_for("lot", &rows), (Ok(false), vec![remark]));
            let rows: String =
                (0..40).map(|n| format!("{same},{}-{:02},{n}\n", 2020 + n / 12, n % 12 + 1)).collect();
            let table = Table::read("t.csv", format!("lot,of,y\n{rows}").as_bytes()).unwrap();
            let found = find(&table, |name| name == "y", None, false, &mut Vec::new()).unwrap();
            assert_eq!(found.map(|column| column.name()), Some("of"));
        }
        // Results of matches are none.
        let results: String = (0..59).map(|n| format!("{}-{},{n}\n", n * 7 % 4, n % 3)).collect();
        assert_eq!(looked_for("when", &results), (Ok(false), Vec::new()));
        let error = "t.csv, line 2, column \"when\": \"1 of May 1950\" looks like a time, but is not written in a way that is \
                     known; say how all are written with time_format and name the column with time; or, if these are no \
                     times, take the column out";
        let years: String = (0..59).map(|n| format!("1 of May {},{n}\n", 1950 + n)).collect();
        assert_eq!(looked_for("when", &years), (Err(error.into()), Vec::new()));
    }
}
