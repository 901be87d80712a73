//! The time column of a series: how its rows follow each other, and what comes next.
//!
//! ```
//! use elman::calendar::{Calendar, Frequency};
//! use elman::table::Table;
//!
//! let table = Table::read("t.csv", "month,v\n2024-11,1\n2024-12,2\n".as_bytes())?;
//! let month = table.column("month")?;
//! let calendar = Calendar::read(month, month.times()?, None)?;
//! assert_eq!(calendar.frequency(), Frequency::Monthly);
//! assert_eq!(calendar.time(2).map(|time| time.to_string()), Some("2025-01".into()));
//! assert_eq!(calendar.phase(2, 12), Some(0));
//! # Ok::<(), elman::error::Error>(())
//! ```

mod frequency;
mod step;

use std::collections::HashMap;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

pub use frequency::{Cycle, Frequency};
pub use step::Gap;

pub(crate) use step::Step;

use crate::error::{ConfigError, DataError, Error, Message};
use crate::table::{Column, Time};

/// The times of a series, in order, and how they follow each other.
///
/// Rows are counted in order of time; [`order`](Self::order) says where they stand in the table.
#[derive(Clone, Debug)]
pub struct Calendar {
    step: Step,
    /// The first row, by the clock that the step is counted on.
    first: DateTime,
    gaps: Vec<Gap>,
    order: Option<Vec<usize>>,
    newest_first: bool,
    /// The first row of the table whose offset from UTC is another than that of the row before, where no place says why.
    offset_change: Option<usize>,
    /// One of the times as it is written.
    written: Time,
    clock: Clock,
}

/// The clock that a step is counted on.
#[derive(Clone, Debug)]
enum Clock {
    /// The one that the column is written by.
    Written,
    /// The local one of a time zone: for steps of days and more.
    Local(TimeZone),
    /// UTC, for steps within a day, which changes of the local clock do not concern.
    Utc(TimeZone),
}

impl Calendar {
    /// Reads a time column whose rows follow each other evenly once they are in order; at least two. `timezone`
    /// is the IANA name of the place whose clocks it shows.
    ///
    /// # Errors
    /// If a time stands twice, rows are missing or unevenly spaced, or the time zone is unknown.
    pub fn read(column: Column<'_>, times: &[Time], timezone: Option<&str>) -> Result<Self, Error> {
        let calendar = Self::with_gaps(column, times, timezone)?;
        match calendar.gaps.first() {
            None => Ok(calendar),
            Some(gap) => Err(calendar.gap_error(column, *gap).into()),
        }
    }

    /// As [`read`](Self::read), but rows may be missing: [`gaps`](Self::gaps) says where.
    ///
    /// # Errors
    /// If a time stands twice, rows are unevenly spaced, or the time zone is unknown.
    pub fn with_gaps(column: Column<'_>, times: &[Time], timezone: Option<&str>) -> Result<Self, Error> {
        let [written, _, ..] = *times else {
            return Err(DataError::new(column.table_name(), "has one row; a series needs more").into());
        };
        let (stamps, clock) = stamps(column, times, timezone)?;
        let mut order: Vec<usize> = (0..stamps.len()).collect();
        order.sort_by_key(|&row| stamps[row]);
        let sorted: Vec<DateTime> = order.iter().map(|&row| stamps[row]).collect();
        refuse_doubled(column, &order, &sorted, timezone.is_some())?;
        let changes = |pair: &[Time]| pair[0].offset() != pair[1].offset();
        let offset_change =
            times.windows(2).position(changes).filter(|_| timezone.is_none()).map(|before| before + 1);
        let Some((step, gaps)) = Step::find(&sorted) else {
            return Err(uneven(column, &order, &sorted, offset_change.is_some()).into());
        };
        let newest_first = stamps.is_sorted_by(|a, b| a > b);
        let order = (!order.is_sorted()).then_some(order);
        Ok(Calendar { step, first: sorted[0], gaps, order, newest_first, offset_change, written, clock })
    }

    /// The time from one row to the next.
    pub fn frequency(&self) -> Frequency {
        self.step.frequency()
    }

    /// Where rows are missing: none in a calendar that was [`read`](Self::read).
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The table's row of each row in order of time; `None` if the table is in order.
    pub fn order(&self) -> Option<&[usize]> {
        self.order.as_deref()
    }

    /// A row's place in its season of `season` rows, also for rows after the last.
    pub fn phase(&self, row: usize, season: usize) -> Option<usize> {
        self.frequency().phase(self.local(row)?, season)
    }

    /// How much of a period of the calendar has passed at a row, in `[0, 1)`, also for rows after the last.
    pub fn position(&self, row: usize, cycle: Cycle) -> Option<f64> {
        let local = self.local(row)?;
        let of_day =
            local.duration_since(local.date().to_datetime(jiff::civil::Time::midnight())).as_secs_f64();
        let days = |whole: i16| f64::from(whole) + of_day / 86_400.0;
        Some(match cycle {
            Cycle::Day => days(0),
            Cycle::Week => days(local.weekday().to_monday_zero_offset().into()) / 7.0,
            Cycle::Year => days(local.day_of_year() - 1) / f64::from(local.days_in_year()),
        })
    }

    /// A row's time as the column would write it, also for rows after the last; `None` at the end of
    /// time.
    pub fn time(&self, row: usize) -> Option<Time> {
        let stamp = self.stamp(row)?;
        let instant = match &self.clock {
            Clock::Written => return Some(self.written.at(stamp, self.written.offset())),
            Clock::Local(zone) => zone.to_timestamp(stamp).ok()?,
            Clock::Utc(_) => TimeZone::UTC.to_timestamp(stamp).ok()?,
        };
        let (Clock::Local(zone) | Clock::Utc(zone)) = &self.clock else { return None };
        if self.written.pattern().is_utc() {
            return Some(self.written.at(TimeZone::UTC.to_datetime(instant), 0));
        }
        let says_offset = self.written.pattern().has_offset();
        let offset = if says_offset { zone.to_offset(instant).seconds() } else { 0 };
        Some(self.written.at(zone.to_datetime(instant), offset))
    }

    /// What the user should know of the order of the rows.
    pub(crate) fn remark(&self, column: Column<'_>) -> Option<Message> {
        let order = self.order.as_deref()?;
        let how = if self.newest_first {
            "the newest row stands first".to_owned()
        } else {
            let early = (1..order.len()).find(|&n| order[n] < order[n - 1]).unwrap_or(1);
            let row = order[early];
            format!(
                "the rows are not in order of time (first {} in line {})",
                column.text(row),
                column.line(row)
            )
        };
        Some(format!("{}: {how}; they are sorted by it", column.whole()).into())
    }

    /// What the user should know of offsets from UTC that change.
    pub(crate) fn remark_on_offsets(&self, column: Column<'_>) -> Option<Message> {
        let row = self.offset_change?;
        let text = format!(
            "{}: {} has another offset from UTC than the row before; the place in the day is that of the newest offset, \
             which forecasts go on with; if clocks were changed there, name the place with ",
            column.place(row),
            column.text(row)
        );
        Some(Message::from(text).option("timezone").text(" such as Europe/Berlin"))
    }

    /// A row's date and time of day where the series is.
    fn local(&self, row: usize) -> Option<DateTime> {
        let stamp = self.stamp(row)?;
        match &self.clock {
            Clock::Written | Clock::Local(_) => Some(stamp),
            Clock::Utc(zone) => Some(zone.to_datetime(TimeZone::UTC.to_timestamp(stamp).ok()?)),
        }
    }

    fn stamp(&self, row: usize) -> Option<DateTime> {
        let missing = |gap: &Gap| if gap.after < row { gap.missing } else { 0 };
        let steps = self.gaps.iter().map(missing).try_fold(row, usize::checked_add)?;
        self.step.after(self.first, steps)
    }

    fn gap_error(&self, column: Column<'_>, gap: Gap) -> DataError {
        let row = |n: usize| self.order.as_ref().map_or(n, |order| order[n]);
        let (before, after) = (row(gap.after), row(gap.after + 1));
        let all: usize = self.gaps.iter().map(|gap| gap.missing).sum();
        let rows = |count: usize| format!("{count} row{}", if count == 1 { " is" } else { "s are" });
        let more = match self.gaps.len() {
            1 => String::new(),
            places => format!(", {} in {places} places", rows(all).replace(" is", "").replace(" are", "")),
        };
        let text = format!(
            "{} follows {}, but the rows are one {} apart: {} missing{more}; a forecast needs rows at even steps: \
             fill the gap or cut the series",
            column.text(after),
            column.text(before),
            self.frequency().step_name(),
            rows(gap.missing),
        );
        let mut message = Message::from(text);
        let stamp = self.step.after(self.stamp(gap.after).unwrap_or(self.first), 1);
        if matches!(self.clock, Clock::Written) && gap.missing <= 4 && stamp.is_some_and(is_clock_change) {
            message = hint_at_zone(message);
        }
        DataError::new(column.place(after), message)
    }
}

/// Rows as stamps of one clock, which they may be counted on.
fn stamps(
    column: Column<'_>,
    times: &[Time],
    timezone: Option<&str>,
) -> Result<(Vec<DateTime>, Clock), Error> {
    let Some(name) = timezone else {
        let written: Vec<DateTime> = times.iter().map(|time| time.stamp()).collect();
        let offset = times[0].offset();
        if times.iter().all(|time| time.offset() == offset) {
            return Ok((written, Clock::Written));
        }
        // The newest offset goes on.
        let newest = times.iter().max().map_or(offset, |time| time.offset());
        let zone = jiff::tz::Offset::from_seconds(newest).map_or(TimeZone::UTC, TimeZone::fixed);
        return Ok((times.iter().map(|time| time.in_utc()).collect(), Clock::Utc(zone)));
    };
    let zone = TimeZone::get(name).map_err(|_| {
        ConfigError::new(
            "timezone",
            format!("is {name:?}, which is no known one; give a name such as Europe/Berlin"),
        )
    })?;
    if !times[0].pattern().has_clock() {
        let message =
            format!("is {name:?}, but column {:?} has no times of day; leave it out", column.name());
        return Err(ConfigError::new("timezone", message).into());
    }
    let instants = instants(column, times, &zone, name)?;
    let local: Vec<DateTime> = instants.iter().map(|&instant| zone.to_datetime(instant)).collect();
    if local.iter().all(|stamp| stamp.time() == local[0].time()) {
        return Ok((local, Clock::Local(zone)));
    }
    Ok((instants.iter().map(|&instant| TimeZone::UTC.to_datetime(instant)).collect(), Clock::Utc(zone)))
}

/// When each row is. Of two rows with a doubled local time, the one that comes first as the column goes on is
/// the earlier.
fn instants(
    column: Column<'_>,
    times: &[Time],
    zone: &TimeZone,
    name: &str,
) -> Result<Vec<Timestamp>, Error> {
    let out_of_range =
        |row| DataError::new(column.place(row), "is beyond the years that time zones are known for");
    if times[0].pattern().is_absolute() {
        let instant = |(row, time): (usize, &Time)| {
            TimeZone::UTC.to_timestamp(time.in_utc()).map_err(|_| out_of_range(row).into())
        };
        return times.iter().enumerate().map(instant).collect();
    }
    let mut instants = vec![Timestamp::UNIX_EPOCH; times.len()];
    let mut seen: HashMap<DateTime, usize> = HashMap::new();
    let backwards = times[0] > times[times.len() - 1];
    for n in 0..times.len() {
        let row = if backwards { times.len() - 1 - n } else { n };
        let ambiguous = zone.to_ambiguous_timestamp(times[row].stamp());
        let instant = match ambiguous.offset() {
            AmbiguousOffset::Unambiguous { .. } => ambiguous.compatible(),
            AmbiguousOffset::Gap { .. } => {
                let message = format!(
                    "{} does not exist in {name}: clocks were put forward over it; give the rows by local time, or \
                     leave out ",
                    column.text(row)
                );
                return Err(
                    DataError::new(column.place(row), Message::from(message).option("timezone")).into()
                );
            }
            AmbiguousOffset::Fold { .. } => {
                let before = seen.entry(times[row].stamp()).or_default();
                *before += 1;
                if *before == 1 { ambiguous.earlier() } else { ambiguous.later() }
            }
        };
        instants[row] = instant.map_err(|_| out_of_range(row))?;
    }
    Ok(instants)
}

fn refuse_doubled(
    column: Column<'_>,
    order: &[usize],
    sorted: &[DateTime],
    has_zone: bool,
) -> Result<(), DataError> {
    let doubled: Vec<usize> = (1..sorted.len()).filter(|&n| sorted[n] == sorted[n - 1]).collect();
    let Some(&n) = doubled.first() else { return Ok(()) };
    let (a, b) = (order[n - 1], order[n]);
    let more = match doubled.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more row{} as often", if more == 1 { "" } else { "s" }),
    };
    let mut message = Message::from(format!(
        "the time {} stands twice (lines {} and {}){more}; a series has one row for each time: take one out",
        column.text(b),
        column.line(a),
        column.line(b)
    ));
    if !has_zone && doubled.iter().all(|&n| is_clock_change(sorted[n])) {
        message = hint_at_zone(message);
    }
    Err(DataError::new(column.place(b), message))
}

/// The error about rows that follow each other by no step: the first that is not as far from the one before as
/// most are.
fn uneven(column: Column<'_>, order: &[usize], sorted: &[DateTime], offsets_change: bool) -> DataError {
    let apart = |n: usize| sorted[n].duration_since(sorted[n - 1]);
    let mut counts: HashMap<SignedDuration, usize> = HashMap::new();
    for n in 1..sorted.len() {
        *counts.entry(apart(n)).or_default() += 1;
    }
    let usual = counts.into_iter().max_by_key(|&(apart, count)| (count, std::cmp::Reverse(apart)));
    let usual = usual.map_or(SignedDuration::ZERO, |(apart, _)| apart);
    let n = (1..sorted.len()).find(|&n| apart(n) != usual).unwrap_or(1);
    let text = format!(
        "{} follows {} after {}, where most rows are {} apart; a forecast needs rows at even steps",
        column.text(order[n]),
        column.text(order[n - 1]),
        in_words(apart(n)),
        in_words(usual)
    );
    let message = Message::from(text);
    let message = if offsets_change { hint_at_zone(message) } else { message };
    DataError::new(column.place(order[n]), message)
}

fn in_words(apart: SignedDuration) -> String {
    let seconds = apart.as_secs();
    let (count, noun) = match seconds {
        0 => return format!("{} ns", apart.as_nanos()),
        _ if seconds % 86_400 == 0 => (seconds / 86_400, "day"),
        _ if seconds % 3_600 == 0 => (seconds / 3_600, "hour"),
        _ if seconds % 60 == 0 => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The hours in which clocks are changed nearly everywhere: of Sundays in spring and autumn, before four.
fn is_clock_change(stamp: DateTime) -> bool {
    stamp.weekday() == jiff::civil::Weekday::Sunday
        && stamp.hour() < 4
        && matches!(stamp.month(), 3 | 4 | 9..=11)
}

fn hint_at_zone(message: Message) -> Message {
    message
        .text("; if clocks were changed there, name the place with ")
        .option("timezone")
        .text(" such as Europe/Berlin")
}

#[cfg(test)]
mod tests {
    use jiff::Span;
    use proptest::prelude::*;

    use super::*;
    use crate::table::Table;

    fn read<S: AsRef<str>>(stamps: &[S], zone: Option<&str>) -> Result<Calendar, String> {
        let rows: String = stamps.iter().map(|stamp| format!("\"{}\"\n", stamp.as_ref())).collect();
        let table = Table::read("t.csv", format!("when\n{rows}").as_bytes()).unwrap();
        let column = table.column("when").unwrap();
        let times = column.times().map_err(|error| error.to_string())?;
        Calendar::read(column, times, zone).map_err(|error| error.to_string())
    }

    fn calendar(stamps: &[&str]) -> Result<Calendar, String> {
        read(stamps, None)
    }

    #[test]
    fn rows_to_come_are_written_like_those_before() {
        let next =
            |stamps: &[&str], rows: usize| calendar(stamps).unwrap().time(1 + rows).unwrap().to_string();
        assert_eq!(next(&["1960-11", "1960-12"], 1), "1961-01");
        assert_eq!(next(&["2024-01-31", "2024-02-29"], 2), "2024-04-30");
        assert_eq!(next(&["2024-02-28", "2024-02-29"], 1), "2024-03-01");
        assert_eq!(next(&["2023-01-28", "2023-02-28"], 1), "2023-03-28");
        assert_eq!(next(&["2023-12-31 22:00", "2023-12-31 23:00"], 1), "2024-01-01 00:00");
        assert_eq!(next(&["2024-01-01T00:00:00", "2024-01-01T00:15:00"], 3), "2024-01-01T01:00:00");
        assert_eq!(next(&["2020-01-06", "2020-01-13"], 1), "2020-01-20");
        assert_eq!(next(&["2020-01", "2020-04"], 1), "2020-07");
        assert_eq!(calendar(&["9999-11", "9999-12"]).unwrap().time(2), None);
    }

    #[test]
    fn every_way_of_writing_goes_on() {
        for rows in [
            ["01/30/2015", "01/31/2015", "02/01/2015"],
            ["1/30/15", "1/31/15", "2/1/15"],
            ["30.12.2023", "31.12.2023", "01.01.2024"],
            ["31.12.2023 13:05", "31.12.2023 14:05", "31.12.2023 15:05"],
            ["2024-01-01T00:00:00Z", "2024-01-01T01:00:00Z", "2024-01-01T02:00:00Z"],
            ["2024-01-01T00:00:00+01:00", "2024-01-02T00:00:00+01:00", "2024-01-03T00:00:00+01:00"],
            ["2024-01-01 00:00:00+0100", "2024-01-01 00:30:00+0100", "2024-01-01 01:00:00+0100"],
            ["2024-01-01 00:00:00.000", "2024-01-01 00:00:00.250", "2024-01-01 00:00:00.500"],
            ["2024-01-01 8:00", "2024-01-01 9:00", "2024-01-01 10:00"],
            ["2024-01-01 23:00:00 UTC", "2024-01-02 00:00:00 UTC", "2024-01-02 01:00:00 UTC"],
            ["1/14/2024 10:00:00 AM", "1/14/2024 11:00:00 AM", "1/14/2024 12:00:00 PM"],
            ["1/13/2024 11:00 pm", "1/14/2024 12:00 am", "1/14/2024 1:00 am"],
            ["2024/01/31", "2024/02/29", "2024/03/31"],
            ["20240131", "20240229", "20240331"],
            ["Nov 2015", "Dec 2015", "Jan 2016"],
            ["NOV-15", "DEC-15", "JAN-16"],
            ["31-Jan-2015", "28-Feb-2015", "31-Mar-2015"],
            ["January 31, 2015", "February 28, 2015", "March 31, 2015"],
            ["1980Q3", "1980Q4", "1981Q1"],
            ["1980-Q3", "1980-Q4", "1981-Q1"],
            ["Q3 1980", "Q4 1980", "Q1 1981"],
            ["2015-W52", "2015-W53", "2016-W01"],
            ["2015-W53-7", "2016-W01-1", "2016-W01-2"],
            ["2015M11", "2015M12", "2016M01"],
            ["1949", "1950", "1951"],
            ["1704067200", "1704070800", "1704074400"],
            ["1704067200000", "1704067200500", "1704067201000"],
            ["Sun, 31 Dec 2023", "Mon, 01 Jan 2024", "Tue, 02 Jan 2024"],
        ] {
            let calendar = calendar(&rows[..2]).unwrap();
            assert_eq!(calendar.time(2).unwrap().to_string(), rows[2]);
            assert_eq!(read(&rows, None).unwrap().frequency(), calendar.frequency(), "{rows:?}");
        }
    }

    #[test]
    fn even_by_time_or_by_the_calendar() {
        use Frequency::*;
        for (rows, next, frequency) in [
            (["2022-01-10", "2022-02-07", "2022-03-07"], "2022-04-04", Seconds(28 * 86_400)),
            (["2022-02-07", "2022-03-07", "2022-04-04"], "2022-05-02", Seconds(28 * 86_400)),
            (["2024-01-04", "2024-01-05", "2024-01-08"], "2024-01-09", BusinessDaily),
            (["2023-12-30", "2024-01-30", "2024-02-29"], "2024-03-30", Monthly),
            (["2024-01-31", "2024-02-29", "2024-03-29"], "2024-04-30", Monthly),
            (["2024-01-19", "2024-02-16", "2024-03-15"], "2024-04-12", Seconds(28 * 86_400)),
            (["2024-02-16", "2024-03-15", "2024-04-19"], "2024-05-17", Monthly),
            (["2023-01-02", "2023-02-01", "2023-03-01"], "2023-04-03", Monthly),
            (["2023-09-30", "2023-12-31", "2024-03-31"], "2024-06-30", Quarterly),
            (["2020-02-29", "2021-02-28", "2022-02-28"], "2023-02-28", Yearly),
            (["2024-01", "2024-03", "2024-05"], "2024-07", Months(2)),
            (["2024-01-01 00:00", "2024-01-01 06:00", "2024-01-01 12:00"], "2024-01-01 18:00", Minutes(360)),
            (["2021-01-01", "2022-01-01", "2023-01-01"], "2024-01-01", Yearly),
        ] {
            let calendar = calendar(&rows).unwrap();
            let found = (calendar.time(3).unwrap().to_string(), calendar.frequency());
            assert_eq!(found, (next.to_owned(), frequency), "{rows:?}");
        }
    }

    #[test]
    fn the_order_of_day_and_month_is_that_of_the_whole_column() {
        let shown =
            |rows: &[&str]| calendar(rows).map(|calendar| calendar.time(rows.len()).unwrap().to_string());
        // Even in one order alone; in file order, or newest first.
        assert_eq!(
            shown(&["01/02/2015", "01/03/2015", "01/04/2015", "01/06/2015"]),
            Ok("01/07/2015".into()).and_then(|_: String| Err(
                "t.csv, line 2, column \"when\": \"01/02/2015\" could be %d/%m/%Y or %m/%d/%Y, and no row \
                             tells which; say so with time_format"
                    .into()
            ))
        );
        assert_eq!(shown(&["11/01/2015", "12/01/2015", "01/01/2016"]), Ok("02/01/2016".into()));
        assert_eq!(shown(&["01/02/2015", "31/01/2015"]), Ok("02/02/2015".into()));
        assert_eq!(shown(&["02/01/2015", "01/31/2015", "01/30/2015"]), Ok("02/02/2015".into()));
    }

    #[test]
    fn clocks_that_change() {
        let berlin = Some("Europe/Berlin");
        let autumn = ["2024-10-27 01:00", "2024-10-27 02:00", "2024-10-27 02:00", "2024-10-27 03:00"];
        let calendar = read(&autumn, berlin).unwrap();
        assert_eq!((calendar.frequency(), calendar.order()), (Frequency::Hourly, None));
        let shown: Vec<String> = (0..5).map(|row| calendar.time(row).unwrap().to_string()).collect();
        assert_eq!(shown[..4], autumn);
        assert_eq!((shown[4].as_str(), calendar.phase(2, 24)), ("2024-10-27 04:00", Some(2)));
        let reversed: Vec<&str> = autumn.iter().copied().rev().collect();
        assert_eq!(read(&reversed, berlin).unwrap().order(), Some(&[3, 2, 1, 0][..]));
        let spring = ["2024-03-31 00:00", "2024-03-31 01:00", "2024-03-31 03:00"];
        assert_eq!(read(&spring, berlin).unwrap().time(3).unwrap().to_string(), "2024-03-31 04:00");
        let missing = read(&["2024-03-31 01:00", "2024-03-31 02:00"], berlin).unwrap_err();
        assert!(missing.contains("2024-03-31 02:00 does not exist in Europe/Berlin"), "{missing}");
        // With offsets, and by days, whose hours are 23 to 25.
        let days = ["2024-03-30T00:00:00+01:00", "2024-03-31T00:00:00+01:00", "2024-04-01T00:00:00+02:00"];
        let calendar = read(&days, berlin).unwrap();
        assert_eq!(calendar.frequency(), Frequency::Daily);
        assert_eq!(calendar.time(3).unwrap().to_string(), "2024-04-02T00:00:00+02:00");
        assert_eq!(
            read(&autumn, None).unwrap_err(),
            "t.csv, line 4, column \"when\": the time 2024-10-27 02:00 stands twice (lines 3 and 4); a series has one \
             row for each time: take one out; if clocks were changed there, name the place with timezone such as \
             Europe/Berlin"
        );
        let hinted =
            read(&["2024-03-31 00:00", "2024-03-31 01:00", "2024-03-31 03:00", "2024-03-31 04:00"], None);
        assert!(hinted.unwrap_err().contains("1 row is missing; a forecast"));
        assert!(read(&autumn, Some("Europe/Bern")).unwrap_err().contains("no known one"));
    }

    #[test]
    fn the_calendar_fixes_the_place_in_the_season() {
        let monthly = calendar(&["1960-11", "1960-12"]).unwrap();
        assert_eq!(
            (monthly.phase(0, 12), monthly.phase(2, 12), monthly.phase(0, 6)),
            (Some(10), Some(0), None)
        );
        let daily = calendar(&["2024-01-01", "2024-01-02"]).unwrap();
        assert_eq!(daily.phase(0, 7), Some(0), "a Monday");
        assert_eq!(calendar(&["2020-01-06", "2020-01-13"]).unwrap().phase(0, 52), None);
        let halves = calendar(&["2024-01-03 12:00", "2024-01-03 12:30"]).unwrap();
        assert_eq!((halves.frequency(), halves.phase(1, 48)), (Frequency::Minutes(30), Some(25)));
        assert_eq!(
            (halves.position(0, Cycle::Day), halves.position(0, Cycle::Week)),
            (Some(0.5), Some(2.5 / 7.0))
        );
        assert_eq!(monthly.position(2, Cycle::Year), Some(0.0));
    }

    #[test]
    fn old_names_of_frequencies_are_read() {
        let read = |text: &str| serde_json::from_str::<Frequency>(text).unwrap();
        assert_eq!(
            (read("\"monthly\""), read("{\"seconds\":1800}")),
            (Frequency::Monthly, Frequency::Seconds(1800))
        );
        assert!(Frequency::Seconds(1800).is_as(Frequency::Minutes(30)));
        assert!(!Frequency::Seconds(1801).is_as(Frequency::Minutes(30)));
    }

    #[test]
    fn gaps_doubled_times_and_strange_cells_are_named() {
        assert_eq!(
            calendar(&["1953-06", "1953-07", "1953-09"]).unwrap_err(),
            "t.csv, line 4, column \"when\": 1953-09 follows 1953-07, but the rows are one month apart: 1 row is \
             missing; a forecast needs rows at even steps: fill the gap or cut the series"
        );
        assert_eq!(
            calendar(&["1953-06", "1953-06"]).unwrap_err(),
            "t.csv, line 3, column \"when\": the time 1953-06 stands twice (lines 2 and 3); a series has one row for \
             each time: take one out"
        );
        assert_eq!(
            calendar(&["1953-06", "1953-13"]).unwrap_err(),
            "t.csv, line 3, column \"when\": \"1953-13\" is not a time like \"1953-06\" in the other rows; correct \
             it, take the row out, or say how all are written with time_format"
        );
        let uneven = calendar(&["2024-01-01", "2024-01-03", "2024-01-05", "2024-01-12 "]).unwrap_err();
        assert!(
            uneven.contains("2024-01-12 follows 2024-01-05 after 7 days, where most rows are 2 days apart")
        );
        assert_eq!(calendar(&["1953-06"]).unwrap_err(), "t.csv: has one row; a series needs more");
        let table =
            Table::read("t.csv", "d\n2024-01-01\n2024-01-04\n2024-01-02\n2024-01-05\n".as_bytes()).unwrap();
        let column = table.column("d").unwrap();
        let calendar = Calendar::with_gaps(column, column.times().unwrap(), None).unwrap();
        assert_eq!(calendar.gaps(), [Gap { after: 1, missing: 1 }]);
        assert_eq!(calendar.order(), Some(&[0, 2, 1, 3][..]));
        assert_eq!(calendar.time(2).unwrap().to_string(), "2024-01-04");
    }

    proptest! {
        /// What is written is read, and goes on as another calculation has it; what is forecast is accepted.
        #[test]
        fn what_is_forecast_is_accepted(
            (year, month, day, hour) in (1970_i16..2030, 1_i8..=12, 1_i8..=28, 0_i8..24),
            step in 0_usize..8,
            format in 0_usize..8,
        ) {
            let spans = [
                Span::new().minutes(15), Span::new().hours(1), Span::new().days(1), Span::new().days(10),
                Span::new().weeks(1), Span::new().months(1), Span::new().months(3), Span::new().years(1),
            ];
            let formats = [
                "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M:%S", "%-m/%-d/%Y %-I:%M %p", "%Y-%m-%d",
                "%d/%m/%Y", "%-d-%b-%Y", "%B %-d, %Y",
            ];
            let has_clock = format < 4;
            let span = spans[if has_clock { step } else { step.max(2) }];
            let first = DateTime::constant(year, month, day, if has_clock { hour } else { 0 }, 0, 0, 0);
            let row = |n: i64| first.checked_add(span.checked_mul(n).unwrap()).unwrap();
            let rows: Vec<String> = (0..40).map(|n| row(n).strftime(formats[format]).to_string()).collect();
            let calendar = match read(&rows[..30], None) {
                Ok(calendar) => calendar,
                // Days 1 to 12 may be months.
                Err(message) => {
                    prop_assert!(day < 13 && message.contains("no row tells which"), "{message}");
                    return Ok(());
                }
            };
            for (n, row) in rows.iter().enumerate() {
                prop_assert_eq!(&calendar.time(n).unwrap().to_string(), row);
            }
            prop_assert_eq!(read(&rows, None).unwrap().frequency(), calendar.frequency());
        }
    }
}
