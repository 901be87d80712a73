//! Times whose parts stand in columns of their own: a year and a month, a date and an hour.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::RangeInclusive;

use super::panel::is_listed;
use super::{Forecast, ForecastOptions, time_column};
use crate::calendar::Calendar;
use crate::error::{DataError, Error, Message};
use crate::table::{Column, Table, Time, are_other_clocks, with_colons};
use crate::words::listed;

/// What stands between the names of the columns, which together name the time.
const BETWEEN: char = ',';

/// A part of a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Date,
    Year,
    Half,
    Quarter,
    Month,
    Week,
    Day,
    DayOfYear,
    Hour,
    Minute,
    /// A time of day that is not written as in times themselves.
    Clock,
}

/// The names of columns of numbers, or of names of months, that are such parts.
const NAMES: [(Part, &[&str]); 9] = [
    (Part::Year, &["year", "yr", "yyyy", "jahr", "année", "annee", "año", "ano", "anno", "jaar", "år"]),
    (Part::Half, &["half", "halfyear", "half_year", "halbjahr", "semestre", "semester"]),
    (Part::Quarter, &["quarter", "qtr", "quartal", "trimestre", "kwartaal", "kvartal"]),
    (Part::Month, &["month", "mon", "mo", "mm", "monat", "mois", "mes", "mese", "maand", "månad", "måned"]),
    (
        Part::Week,
        &[
            "week",
            "wk",
            "isoweek",
            "iso_week",
            "weekofyear",
            "week_of_year",
            "woche",
            "kw",
            "semaine",
            "semana",
        ],
    ),
    (
        Part::Day,
        &[
            "day",
            "dd",
            "dy",
            "dom",
            "dayofmonth",
            "day_of_month",
            "tag",
            "jour",
            "día",
            "dia",
            "giorno",
            "dag",
        ],
    ),
    (Part::DayOfYear, &["doy", "dayofyear", "day_of_year", "yday", "julian", "julian_day"]),
    (
        Part::Hour,
        &["hour", "hr", "hh", "he", "hour_ending", "hour_of_day", "stunde", "heure", "hora", "ora", "uur"],
    ),
    (Part::Minute, &["minute", "minuto"]),
];

impl Part {
    /// The part that a column holds by its name; none if its cells are nothing of that kind.
    pub(super) fn of(column: &Column<'_>) -> Option<Self> {
        let name = column.name().trim().to_lowercase().replace(' ', "_");
        if are_other_clocks(*column) {
            return Some(Part::Clock);
        }
        let (part, _) = NAMES.iter().find(|(_, names)| names.contains(&name.as_str()))?;
        let numbers = column.texts().filter(|text| text.trim().parse::<f64>().is_ok()).count();
        // A cell that is empty or no number is told later, where it stands.
        let is_told = 2 * numbers > column.texts().count();
        (is_told || matches!(part, Part::Month | Part::Quarter | Part::Half)).then_some(*part)
    }
}

/// Is it a text of dates without times of day?
pub(super) fn are_days(column: &Column<'_>) -> bool {
    !column.holds_numbers()
        && column.times().is_ok_and(|times| {
            times.first().is_some_and(|time| time.pattern().has_day() && !time.pattern().has_clock())
        })
}

/// The columns of a table that could be the parts of its times, if none of these is taken, where the `whole` ones are known to
/// be written in one.
fn find<'t>(
    table: &'t Table,
    whole: Option<Column<'t>>,
    is_taken: impl Fn(&str) -> bool,
) -> Option<Vec<&'t str>> {
    let of = |part: Part| {
        table
            .columns()
            .filter(|column| !is_taken(column.name()))
            .find(|column| Part::of(column) == Some(part))
    };
    let with_clock = |before: Vec<Column<'t>>, hour: Option<Column<'t>>| {
        let minute = hour.and_then(|_| of(Part::Minute));
        Some(before.into_iter().chain(hour).chain(minute).map(|column| column.name()).collect())
    };
    if let Some(date) = whole.filter(are_days) {
        if let Some(clock) = of(Part::Clock) {
            return Some(vec![date.name(), clock.name()]);
        }
        return with_clock(vec![date], Some(of(Part::Hour)?));
    }
    let year = of(Part::Year)?;
    if whole.is_some_and(|whole| whole.name() != year.name()) {
        return None;
    }
    let of_year =
        [Part::Month, Part::Week, Part::Quarter, Part::Half, Part::DayOfYear].into_iter().find_map(of)?;
    let day = of(Part::Day).filter(|_| Part::of(&of_year) == Some(Part::Month));
    let is_day = day.is_some() || Part::of(&of_year) == Some(Part::DayOfYear);
    with_clock([year, of_year].into_iter().chain(day).collect(), of(Part::Hour).filter(|_| is_day))
}

/// Of so many rows one may be missing for days and their times of day to be taken for parts of one time: shifts leave more out.
const MOST_MISSING: usize = 10;

/// So many rows of a day are hours that are open, and fewer are shifts.
const LEAST_OPEN: usize = 4;

/// Do these times tell the rows of each series apart, and follow each other there by some step? Of those that `may_lack` rows, any
/// number may be missing.
fn are_even(table: &Table, column: Column<'_>, options: &ForecastOptions, may_lack: bool) -> bool {
    let Ok(times) = column.times() else { return false };
    let ids: Vec<Column<'_>> =
        table.columns().filter(|column| is_listed(options.id.as_deref(), column.name())).collect();
    let mut series: HashMap<Vec<&str>, Vec<Time>> = HashMap::new();
    for (row, &time) in times.iter().enumerate() {
        series.entry(ids.iter().map(|id| id.text(row)).collect()).or_default().push(time);
    }
    let is_even = |calendar: Calendar| {
        let frequency = calendar.frequency();
        if frequency.is_timetable() && frequency.season() < Some(LEAST_OPEN) {
            return false;
        }
        may_lack || calendar.num_missing() <= calendar.num_rows() / MOST_MISSING
    };
    series.values().all(|times| {
        let calendar = || Calendar::with_gaps(column, times, options.timezone.as_deref(), None);
        times.len() < 2 || calendar().is_ok_and(is_even)
    })
}

/// A time of such parts; none if they make none.
pub(super) fn join(parts: &[(Part, &str)]) -> Option<String> {
    let text = |part: Part| parts.iter().find(|(other, _)| *other == part).map(|(_, text)| *text);
    let number = |part: Part, range: RangeInclusive<u16>| {
        let digits = text(part)?.trim_start_matches(['Q', 'q', 'H', 'h']);
        let number = digits.strip_suffix(".0").unwrap_or(digits).parse().ok()?;
        range.contains(&number).then_some(number)
    };
    let date = match text(Part::Date) {
        Some(date) => date.to_owned(),
        None => {
            let year = number(Part::Year, 1500..=2200)?;
            let month = || {
                let name = text(Part::Month).filter(|text| !text.contains(|c: char| c.is_ascii_digit()));
                number(Part::Month, 1..=12)
                    .map(|month| format!("{month:02}"))
                    .or_else(|| name.map(str::to_owned))
            };
            match parts.get(1)?.0 {
                Part::Month if text(Part::Day).is_some() => {
                    format!("{year}-{}-{:02}", month()?, number(Part::Day, 1..=31)?)
                }
                Part::Month => format!("{year}-{}", month()?),
                Part::Week => format!("{year}-W{:02}", number(Part::Week, 1..=53)?),
                Part::Quarter => format!("{year}Q{}", number(Part::Quarter, 1..=4)?),
                Part::Half => format!("{year}H{}", number(Part::Half, 1..=2)?),
                Part::DayOfYear => format!("{year}-{:03}", number(Part::DayOfYear, 1..=366)?),
                _ => return None,
            }
        }
    };
    if let Some(clock) = text(Part::Clock) {
        return Some(format!("{date} {}", with_colons(clock)?));
    }
    match text(Part::Hour) {
        None => Some(date),
        Some(_) => {
            let minute = if text(Part::Minute).is_some() { number(Part::Minute, 0..=59)? } else { 0 };
            Some(format!("{date} {:02}:{minute:02}", number(Part::Hour, 0..=24)?))
        }
    }
}

/// The table with a column of the times that these columns are the parts of, under this name, in place of those that are not
/// kept.
fn joined(table: &Table, names: &[&str], name: &str, is_kept: impl Fn(&str) -> bool) -> Result<Table, Error> {
    let columns = names.iter().map(|name| Ok(table.column(name)?)).collect::<Result<Vec<_>, Error>>()?;
    let mut parts: Vec<Option<Part>> = columns.iter().map(Part::of).collect();
    if let [first @ None, Some(Part::Hour | Part::Clock), ..] = parts.as_mut_slice() {
        // Whose days and months may be swapped in a short table.
        *first = (!columns[0].holds_numbers()).then_some(Part::Date);
    }
    let mut texts = Vec::with_capacity(table.num_rows());
    for row in 0..table.num_rows() {
        let cells = columns.iter().map(|column| column.text(row));
        let known: Option<Vec<(Part, &str)>> =
            parts.iter().zip(cells.clone()).map(|(part, text)| Some(((*part)?, text))).collect();
        // What is no part that is known is written side by side.
        let text = match known {
            Some(known) => join(&known),
            None => Some(cells.clone().collect::<Vec<_>>().join(" ")),
        };
        let Some(text) = text else {
            let cells = listed(cells.map(|cell| format!("{cell:?}")), "and");
            let message = format!("{cells} are no time together; correct them, or write it in one column");
            return Err(DataError::new(columns[0].place(row), message).into());
        };
        texts.push(text);
    }
    let without: Vec<&str> = names.iter().copied().filter(|name| !is_kept(name)).collect();
    let too_large = || DataError::new(table.name(), "is too large to have its times joined").into();
    table.with_texts(name, &texts, &without).ok_or_else(too_large)
}

/// The names of columns of which one stands for several.
///
/// # Errors
/// If the table has some of them, but not all.
fn split<'n>(table: &Table, name: &'n str) -> Result<Option<Vec<&'n str>>, Error> {
    let names: Vec<&str> = name.split(BETWEEN).map(str::trim).collect();
    if table.has_column(name) || names.len() < 2 || !names.iter().any(|name| table.has_column(name)) {
        return Ok(None);
    }
    names.iter().try_for_each(|name| table.column(name).map(drop))?;
    Ok(Some(names))
}

/// A table to learn from, in which times are one column, its name if it was made of several, and what is to be said of it.
pub(super) fn of_training<'t>(
    table: &'t Table,
    options: &ForecastOptions,
    is_covariate: impl Fn(&str) -> bool,
) -> Result<(Cow<'t, Table>, Option<Message>), Error> {
    if let Some(time) = &options.time {
        let Some(names) = split(table, time)? else { return Ok((Cow::Borrowed(table), None)) };
        return Ok((Cow::Owned(joined(table, &names, time, is_covariate)?), None));
    }
    let untouched = || Ok((Cow::Borrowed(table), None));
    let (target, id) = (options.target.as_deref(), options.id.as_deref());
    let is_taken = |name: &str| is_listed(target, name) || is_listed(id, name);
    // Most tables have no parts, and are not looked through for them.
    let begins = |part: Option<Part>| matches!(part, Some(Part::Year | Part::Hour | Part::Clock));
    if !table.columns().any(|column| !is_taken(column.name()) && begins(Part::of(&column))) {
        return untouched();
    }
    let part_of = |name: &str| table.column(name).ok().and_then(|column| Part::of(&column));
    let is_word = |name: &str| matches!(part_of(name), Some(Part::Month | Part::Quarter | Part::Half));
    let whole_beside = |is_part: &dyn Fn(&str) -> bool| {
        time_column::find(table, |name| is_taken(name) || is_part(name), id, true, &mut Vec::new())
    };
    // Whole times that tell the rows apart are not looked beside, nor what is to be refused.
    let Ok(whole) = whole_beside(&is_word) else { return untouched() };
    if whole.is_some_and(|whole| are_even(table, whole, options, true)) {
        return untouched();
    }
    let Some(names) = find(table, whole, is_taken) else { return untouched() };
    let is_left = |column: Column<'_>| {
        column.is_mostly_numbers() && !is_listed(id, column.name()) && !names.contains(&column.name())
    };
    let name = names.join(&BETWEEN.to_string());
    let Ok(with_times) = joined(table, &names, &name, is_covariate) else { return untouched() };
    let column = with_times.column(&name)?;
    // Nor where the year alone is taken for them, but whole ones of the same periods stand behind it as numbers.
    let is_year = |name: &str| is_word(name) || part_of(name) == Some(Part::Year);
    if let (Ok(Some(behind)), Ok(periods)) = (whole_beside(&is_year), column.times())
        && behind.times().is_ok_and(|times| time_column::are_within(periods, times))
        && are_even(table, behind, options, true)
    {
        return untouched();
    }
    let may_lack = names.iter().all(|name| part_of(name) != Some(Part::Clock));
    if !table.columns().any(is_left) || !are_even(&with_times, column, options, may_lack) {
        return untouched();
    }
    let parts = listed(names.iter().map(|name| format!("{name:?}")), "and");
    let text = format!(
        "{}: the columns {parts} are the parts of a time, and are read as one, as in {:?}; name another column of times \
         with ",
        table.name(),
        column.text(0)
    );
    Ok((Cow::Owned(with_times), Some(Message::from(text).option("time"))))
}

impl Forecast {
    /// A table in which times are one column, as in the one that was learned from.
    pub(super) fn with_times<'t>(&self, table: &'t Table) -> Result<Cow<'t, Table>, Error> {
        Ok(self.with_times_told(table)?.0)
    }

    /// The same, and what is to be said of one that has them in its header.
    pub(super) fn with_times_told<'t>(
        &self,
        table: &'t Table,
    ) -> Result<(Cow<'t, Table>, Option<Message>), Error> {
        Ok(match self.with_time_names(table)? {
            Some((long, remark)) => (Cow::Owned(long), Some(remark)),
            None => (self.with_times_joined(table)?, None),
        })
    }

    fn with_times_joined<'t>(&self, table: &'t Table) -> Result<Cow<'t, Table>, Error> {
        let Some(time) = self.time.as_deref() else { return Ok(Cow::Borrowed(table)) };
        let Some(names) = split(table, time)? else { return Ok(Cow::Borrowed(table)) };
        let covariates = self.covariates.named();
        Ok(Cow::Owned(joined(table, &names, time, |name| covariates.contains(name))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str, rows: &[&str]) -> Option<(String, String)> {
        let table = Table::read("t.csv", format!("{head},y\n{}\n", rows.join("\n")).as_bytes()).unwrap();
        let (table, remark) =
            of_training(&table, &ForecastOptions::default().with_target("y"), |_| false).unwrap();
        remark?;
        let name = table.headers().iter().find(|header| header.contains(BETWEEN))?;
        let column = table.column(name).unwrap();
        let times = column.times().unwrap();
        Some((name.clone(), times[times.len() - 1].to_string()))
    }

    #[test]
    fn parts_of_a_time_are_one() {
        for (head, rows, time) in [
            ("Year,Month", &["2019,11,1", "2019,12,2", "2020,1,3"][..], "2020-01"),
            // Numbers that count up beside them, and days of other months.
            ("Year,Month,members", &["2019,11,2001,1", "2019,12,2002,2", "2020,1,2003,3"], "2020-01"),
            ("Year,Month,Date", &["2012,1,41000,1", "2012,2,41001,2", "2012,3,41002,3"], "2012-03"),
            ("Year,Month", &["2019,Nov,1", "2019,Dec,2", "2020,Jan,3"], "2020-Jan"),
            ("year,month,day", &["2019,12,30,1", "2019,12,31,2", "2020,1,1,3"], "2020-01-01"),
            ("YEAR,MO,DY,HR", &["2019,12,30,23,1", "2019,12,31,0,2"], "2019-12-31 00:00"),
            ("Jahr,Quartal", &["2019,3,1", "2019,4,2", "2020,1,3"], "2020Q1"),
            ("year,quarter", &["2019,Q3,1", "2019,Q4,2", "2020,Q1,3"], "2020Q1"),
            ("year,week", &["2019,51,1", "2019,52,2", "2020,1,3"], "2020-W01"),
            ("year,half", &["2019,1,1", "2019,2,2", "2020,1,3"], "2020H1"),
            ("year,doy", &["2019,364,1", "2019,365,2", "2020,1,3"], "2020-001"),
            ("date,hour", &["2020-01-01,23,1", "2020-01-01,24,2", "2020-01-02,1,3"], "2020-01-02 01:00"),
            (
                "Date,Time",
                &["13/03/2004,22.00.00,1", "13/03/2004,23.00.00,2", "14/03/2004,00.00.00,3"],
                "14/03/2004 00:00:00",
            ),
            (
                "Datum,Uhrzeit",
                &["31.03.2004,23.00,1", "31.03.2004,23.30,2", "01.04.2004,00.00,3"],
                "01.04.2004 00:00",
            ),
            (
                "Date,Heure",
                &["31/03/2004,12h30,1", "01/04/2004,0h30,2", "01/04/2004,12h30,3"],
                "01/04/2004 12:30",
            ),
            (
                "date,hhmm",
                &["2024-01-01,0100,1", "2024-01-01,1300,2", "2024-01-02,0100,3"],
                "2024-01-02 01:00",
            ),
            ("date,time", &["2024-01-01,30,1", "2024-01-01,1230,2", "2024-01-02,30,3"], "2024-01-02 00:30"),
            (
                "dteday,x,hr",
                &["2011-01-01,1,22,1", "2011-01-01,1,23,2", "2011-01-02,2,0,3"],
                "2011-01-02 00:00",
            ),
            (
                "Year,Month,Day,Hour,Minute",
                &["2019,12,31,23,0,1", "2019,12,31,23,30,2", "2020,1,1,0,0,3"],
                "2020-01-01 00:00",
            ),
            (
                "year,month,day,hour",
                &["2019,12,31,22,1", "2019,12,31,23,2", "2020,1,1,0,3"],
                "2020-01-01 00:00",
            ),
        ] {
            let found = read(head, rows).unwrap_or_else(|| panic!("{head}"));
            assert_eq!(found.1, time, "{head}");
        }
    }

    #[test]
    fn what_has_a_time_of_its_own_keeps_it() {
        for (head, rows) in [
            ("date,year,month", &["2019-11-01,2019,11,1", "2019-12-01,2019,12,2"][..]),
            ("date,hour", &["2019-11-01,12,1", "2019-11-02,12,2", "2019-11-03,12,3"]),
            ("when,hour", &["2019-11-01 12:00,12,1", "2019-11-01 13:00,13,2"]),
            // Shifts, and what is no time of day or no even one.
            (
                "date,shift",
                &["2024-03-14,8h00,1", "2024-03-14,16h00,2", "2024-03-15,8h00,3", "2024-03-15,16h00,4"],
            ),
            ("date,level", &["2024-03-14,10.30,1", "2024-03-14,11.30,2", "2024-03-14,12.30,3"]),
            ("date,time", &["2024-03-14,10.75,1", "2024-03-14,11.50,2", "2024-03-14,12.25,3"]),
            ("date,time", &["2024-03-14,2500,1", "2024-03-14,2600,2", "2024-03-14,2700,3"]),
            ("date,time", &["2024-03-14,0,1", "2024-03-14,1,2", "2024-03-14,2,3"]),
            ("year,rooms", &["2019,3,1", "2020,4,2"]),
            ("year,month", &["2019,13,1", "2019,14,2"]),
            ("week,month", &["1,1,1", "2,1,2"]),
            // Whole times of numbers: days, moments.
            ("date,year,month", &["20140101,2014,1,1", "20140102,2014,1,2", "20140103,2014,1,3"]),
            ("timestamp,year,month", &["1388534400,2014,1,1", "1388538000,2014,1,2", "1388541600,2014,1,3"]),
            // Days as spreadsheets count them, of the year and month beside them.
            ("Year,Month,Date", &["2012,4,41000,1", "2012,4,41001,2", "2012,4,41002,3"]),
            // A part that tells something of each year.
            ("year,doy", &["1960,105,1", "1961,96,2", "1962,99,3"]),
            ("year,half", &["2019,1,1", "2020,2,2", "2021,1,3"]),
            // Days of which no column says which.
            ("year,month", &["2014,1,1", "2014,1,2", "2014,2,3"]),
            ("year,month,day", &["2014,1,6,1", "2014,1,7,2", "2014,1,1,3", "2014,1,2,4", "2014,1,1,5"]),
            // Hours of trading.
            ("date,hour", &["2022-01-03,9,1", "2022-01-03,15,2", "2022-01-04,9,3", "2022-01-04,10,4"]),
            // A day that is misspelt is to be told.
            ("Date,Year,Month", &["2014-02-29,2014,2,1", "2014-02-3O,2014,2,2", "2014-03-01,2014,3,3"]),
        ] {
            assert_eq!(read(head, rows), None, "{head}");
        }
    }

    #[test]
    fn a_short_table_is_joined_as_a_long_one() {
        let table =
            Table::read("t.csv", "date,hour,y\n10/01/2022,23,1\n11/01/2022,0,2\n".as_bytes()).unwrap();
        let with_times = joined(&table, &["date", "hour"], "date,hour", |_| false).unwrap();
        let texts: Vec<&str> = with_times.column("date,hour").unwrap().texts().collect();
        assert_eq!(texts, ["10/01/2022 23:00", "11/01/2022 00:00"]);
    }

    #[test]
    fn columns_that_are_named_are_joined() {
        let table = Table::read("t.csv", "J,M,Month,y\n2019,11,3,1\n2019,12,x,2\n".as_bytes()).unwrap();
        let options = |time: &str| ForecastOptions::default().with_target("y").with_time(time);
        let (with_times, remark) = of_training(&table, &options("J, M"), |_| false).unwrap();
        assert_eq!(
            (with_times.headers(), remark.is_none()),
            (&["J, M".into(), "Month".into(), "y".into()][..], true)
        );
        assert_eq!(with_times.column("J, M").unwrap().times().unwrap()[1].to_string(), "2019 12");
        // The part that is missing is asked for, not all of them by a name like it.
        let error = of_training(&table, &options("J, N"), |_| false).unwrap_err().to_string();
        assert_eq!(error, "t.csv has no column \"N\"; it has \"J\", \"M\", \"Month\", \"y\"");
        let table = Table::read("t.csv", "year,month,y\n2019,11,1\n2019,13,2\n".as_bytes()).unwrap();
        let error = of_training(&table, &options("year,month"), |_| false).unwrap_err().to_string();
        assert_eq!(
            error,
            "t.csv, line 3, column \"year\": \"2019\" and \"13\" are no time together; correct them, or write it in one column"
        );
    }
}
