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

mod changes;
mod frequency;
mod long_months;
mod open_times;
mod refusals;
mod scatter;
mod step;
#[cfg(test)]
mod tests;
mod timetable;
mod week_year;
mod weekdays;

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

pub use frequency::{Cycle, Frequency};
pub use step::Gap;
pub use timetable::{Period, Timetable};
pub use week_year::{WeekYear, Weeks};

pub(crate) use refusals::is_clock_change;
pub(crate) use step::{Step, missing};

use changes::{Changes, is_second};
use refusals::{in_words, refuse_doubled, uneven};

use crate::error::{ConfigError, DataError, Error, Message};
use crate::table::{Column, Time};

/// The times of a series, in order, and how they follow each other.
///
/// Rows are counted in order of time, those that are missing among them; [`rows`](Self::rows) says where they stand in
/// the table.
#[derive(Clone, Debug)]
pub struct Calendar {
    step: Step,
    /// The first row, by the clock that the step is counted on.
    first: DateTime,
    gaps: Vec<Gap>,
    /// The rows of the table.
    known: usize,
    /// Those rows in order of time, where the table is in another.
    order: Option<Vec<usize>>,
    newest_first: bool,
    /// The first row of the table whose offset from UTC is another than that of the row before, where no place says why.
    offset_change: Option<usize>,
    /// How far off even steps a row was, at the most.
    scatter: Option<SignedDuration>,
    /// One of the times as it is written.
    written: Time,
    clock: Clock,
    /// What changes of the local clock do to the rows of a timetable.
    changes: Option<Changes>,
}

/// The clock that a step is counted on.
#[derive(Clone, Debug)]
enum Clock {
    /// The one that the column is written by.
    Written,
    /// The local one of a time zone: for steps of days and more, and for times that are open.
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
        let calendar = Self::with_gaps(column, times, timezone, None)?;
        match calendar.gap_error(column) {
            None => Ok(calendar),
            Some(error) => Err(error.into()),
        }
    }

    /// As [`read`](Self::read), but rows may be missing: [`gaps`](Self::gaps) says where. `frequency` is how far rows
    /// are apart where that is known, as from other series or from those that a model learned from. Rows that do not
    /// follow it are as far apart as they show, and so are many that are even by themselves; without it no more rows may
    /// be missing than are there, nor after most of them.
    ///
    /// # Errors
    /// If a time stands twice, rows are unevenly spaced, or the time zone is unknown.
    pub fn with_gaps(
        column: Column<'_>,
        times: &[Time],
        timezone: Option<&str>,
        frequency: Option<&Frequency>,
    ) -> Result<Self, Error> {
        Self::find(column, times, timezone, frequency, false)
    }

    /// As [`with_gaps`](Self::with_gaps); where `closed_are_missing`, rows are missing as well at days of the `frequency` that are
    /// never open, as those of one series of several.
    pub(crate) fn find(
        column: Column<'_>,
        times: &[Time],
        timezone: Option<&str>,
        frequency: Option<&Frequency>,
        closed_are_missing: bool,
    ) -> Result<Self, Error> {
        let [written, _, ..] = *times else {
            return Err(DataError::new(column.table_name(), "has one row; a series needs more").into());
        };
        let (stamps, mut clock) = stamps(column, times, timezone)?;
        let mut order: Vec<usize> = (0..stamps.len()).collect();
        order.sort_by_key(|&row| stamps[row]);
        let mut sorted: Vec<DateTime> = order.iter().map(|&row| stamps[row]).collect();
        refuse_doubled(column, &order, &sorted, timezone.is_some())?;
        let changes = |pair: &[Time]| pair[0].offset() != pair[1].offset();
        let offset_change =
            times.windows(2).position(changes).filter(|_| timezone.is_none()).map(|before| before + 1);
        let find = |stamps: &[DateTime]| Step::find_as(stamps, frequency, closed_are_missing);
        let mut found = find(&sorted);
        let is_plain =
            |(step, gaps): &(Step, Vec<Gap>)| gaps.is_empty() && !matches!(step, Step::Timetable(_));
        let mut changes = None;
        if let Clock::Utc(zone) = &clock
            && !found.as_ref().is_some_and(is_plain)
            && let Some(local) = Local::of(zone, times, &order, &stamps, timezone.is_some())
        {
            // Hours that are open are so by the local clock, and so are readings that are half a day apart.
            let by_local = local.find(zone, find, found.is_none()).map(|(step, gaps, of_clock)| {
                changes = of_clock;
                (step, gaps)
            });
            let is_even = timezone.is_some() && found.is_none() && by_local.as_ref().is_some_and(is_plain);
            if is_even || matches!(by_local, Some((Step::Timetable(_), _))) {
                (found, sorted, clock) = (by_local, local.stamps(), Clock::Local(zone.clone()));
            }
        }
        let mut scatter = None;
        if found.is_none()
            && offset_change.is_none()
            && let Some((even, farthest)) = scatter::even(&sorted)
            && let by_even @ Some(_) = find(&even)
        {
            (found, sorted, scatter) = (by_even, even, Some(farthest));
        }
        let Some((step, gaps)) = found else {
            return Err(uneven(column, &order, &sorted, offset_change.is_some()).into());
        };
        let newest_first = stamps.is_sorted_by(|a, b| a > b);
        let order = (!order.is_sorted()).then_some(order);
        let (first, known) = (sorted[0], times.len());
        Ok(Calendar {
            step,
            first,
            gaps,
            known,
            order,
            newest_first,
            offset_change,
            scatter,
            written,
            clock,
            changes,
        })
    }

    /// How far the rows of a column are apart whose times may repeat, as where it holds several series; none if they
    /// follow each other by no step.
    ///
    /// # Errors
    /// If the time zone is unknown or times do not suit it.
    pub fn common_frequency(
        column: Column<'_>,
        times: &[Time],
        timezone: Option<&str>,
    ) -> Result<Option<Frequency>, Error> {
        if times.is_empty() {
            return Ok(None);
        }
        let (mut stamps, _) = stamps(column, times, timezone)?;
        stamps.sort_unstable();
        stamps.dedup();
        Ok(Step::find_as(&stamps, None, false).map(|(step, _)| frequency(&step, times[0])))
    }

    /// The time from one row to the next.
    pub fn frequency(&self) -> Frequency {
        frequency(&self.step, self.written)
    }

    /// Where rows are missing: none in a calendar that was [`read`](Self::read).
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// How many rows there are, with those that are missing.
    pub fn num_rows(&self) -> usize {
        self.known.saturating_add(self.num_missing())
    }

    /// How many rows are missing.
    pub fn num_missing(&self) -> usize {
        missing(&self.gaps)
    }

    /// The table's row that each row is, `None` where one is missing.
    pub fn rows(&self) -> impl Iterator<Item = Option<usize>> {
        let mut gaps = self.gaps.iter().peekable();
        let mut row = 0;
        (0..self.known).flat_map(move |n| {
            let missing = gaps.next_if(|gap| gap.after == row).map_or(0, |gap| gap.missing);
            row += 1 + missing;
            std::iter::once(Some(self.in_table(n))).chain(std::iter::repeat_n(None, missing))
        })
    }

    /// The table's row that a row is, `None` if it is missing.
    pub fn table_row(&self, row: usize) -> Option<usize> {
        let before = &self.gaps[..self.gaps.partition_point(|gap| gap.after < row)];
        if before.last().is_some_and(|gap| row <= gap.after + gap.missing) {
            return None;
        }
        let n = row - before.iter().map(|gap| gap.missing).sum::<usize>();
        (n < self.known).then(|| self.in_table(n))
    }

    /// The values that stand in the rows of the table, in order of time, NaN in the rows that are missing.
    ///
    /// # Panics
    /// If they are not one for each row of the table.
    pub fn arrange<'v>(&self, values: &'v [f64]) -> Cow<'v, [f64]> {
        assert_eq!(values.len(), self.known, "a value for each row");
        if self.order.is_none() && self.gaps.is_empty() {
            return Cow::Borrowed(values);
        }
        self.rows().map(|row| row.map_or(f64::NAN, |row| values[row])).collect()
    }

    /// The rows that are not missing.
    fn rows_there(&self) -> impl Iterator<Item = usize> {
        (0..self.num_rows()).filter(|row| self.table_row(*row).is_some())
    }

    /// The table's row that is the n-th of those that are there.
    fn in_table(&self, n: usize) -> usize {
        self.order.as_ref().map_or(n, |order| order[n])
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
            Cycle::Hour => (of_day / 3_600.0).fract(),
            Cycle::Day => days(0),
            Cycle::Week => days(local.weekday().to_monday_zero_offset().into()) / 7.0,
            Cycle::Year => days(local.day_of_year() - 1) / f64::from(local.days_in_year()),
        })
    }

    /// A row's time as the column would write it, also for rows after the last; `None` at the end of
    /// time.
    pub fn time(&self, row: usize) -> Option<Time> {
        let (stamp, is_second) = self.located(row)?;
        let instant = match &self.clock {
            Clock::Written => return Some(self.written.at(stamp, self.written.offset())),
            Clock::Local(zone) if is_second => zone.to_ambiguous_timestamp(stamp).later().ok()?,
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

    /// What the user should know of years of weeks: with which day they begin, which decides when one has 53.
    pub(crate) fn remark_on_weeks(&self, column: Column<'_>) -> Option<Message> {
        let Step::WeekYear(year) = self.step else { return None };
        let last = match year.len() {
            1 => String::new(),
            _ => format!("; a 53rd week belongs to the last {}", year.row_name()),
        };
        let stamps: Vec<DateTime> = self.rows_there().filter_map(|row| self.stamp(row)).collect();
        let or = year.beside(&stamps).map_or(String::new(), |other| {
            format!(
                "; as yet they could also be one {} apart, in years that are counted from {}",
                other.step_name(),
                other.in_words()
            )
        });
        let text = format!(
            "{}: the rows are one {} apart, in years that are counted from {}{last}{or}",
            column.whole(),
            year.step_name(),
            year.in_words()
        );
        Some(text.into())
    }

    /// What the user should know of clocks: of rows beside even steps, and of offsets from UTC that change.
    pub(crate) fn remark_on_clock(&self, column: Column<'_>) -> Option<Message> {
        if let Some(farthest) = self.scatter {
            let text = format!(
                "{}: the rows are up to {} away from even times, one {} apart, and are taken as if at those",
                column.whole(),
                in_words(farthest),
                self.frequency().step_name()
            );
            return Some(text.into());
        }
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
        Some(self.located(row)?.0)
    }

    /// A row's stamp, and whether it is the second of two that are written alike.
    fn located(&self, row: usize) -> Option<(DateTime, bool)> {
        match (&self.changes, &self.step) {
            (Some(changes), Step::Timetable(times)) => {
                let (place, is_second) = changes.place(row)?;
                Some((times.at(place)?, is_second))
            }
            _ => Some((self.step.after(self.first, row)?, false)),
        }
    }
}

/// The frequency of a step between times like this one.
fn frequency(step: &Step, time: Time) -> Frequency {
    match step.whole_seconds().filter(|_| time.is_step()) {
        Some(steps) => Frequency::Steps(steps),
        None => step.frequency(),
    }
}

/// Rows in order of time by the clock of a place, or where none is named by those that they are written by: their stamps, and
/// whether each is the second of two that are written alike.
struct Local {
    rows: Vec<(DateTime, bool)>,
    is_named: bool,
}

impl Local {
    /// Rows in this order; none if the clock is put back among them that they are written by. `in_utc` are the rows as stamps of
    /// UTC.
    fn of(
        zone: &TimeZone,
        times: &[Time],
        order: &[usize],
        in_utc: &[DateTime],
        is_named: bool,
    ) -> Option<Self> {
        let local = |&row: &usize| match is_named {
            true => {
                let instant = TimeZone::UTC.to_timestamp(in_utc[row]).ok()?;
                let local = zone.to_datetime(instant);
                Some((local, is_second(zone, local, instant)))
            }
            false => Some((times[row].stamp(), false)),
        };
        let rows = order.iter().map(local).collect::<Option<Vec<_>>>()?;
        let local = Local { rows, is_named };
        local.stamps().windows(2).all(|pair| pair[0] < pair[1]).then_some(local)
    }

    /// The stamps, without those that are the second of two.
    fn stamps(&self) -> Vec<DateTime> {
        self.rows.iter().filter(|(_, is_second)| !is_second).map(|(stamp, _)| *stamp).collect()
    }

    /// The step of the rows, where some are missing, and what changes of the clock do to it if it is a timetable. Where they are
    /// `uneven` otherwise they may follow one although they lack an hour that is none.
    fn find(
        &self,
        zone: &TimeZone,
        find: impl Fn(&[DateTime]) -> Option<(Step, Vec<Gap>)>,
        are_uneven: bool,
    ) -> Option<(Step, Vec<Gap>, Option<Changes>)> {
        let stamps = self.stamps();
        let found = find(&stamps);
        if !self.is_named {
            return found.map(|(step, gaps)| (step, gaps, None));
        }
        let with_changes = |timetable: Timetable| {
            let (changes, gaps) = Changes::find(zone, &timetable, &self.rows)?;
            Some((Step::Timetable(timetable), gaps, Some(changes)))
        };
        match found {
            Some((Step::Timetable(timetable), _)) => with_changes(timetable),
            Some((step, gaps)) if gaps.is_empty() && stamps.len() == self.rows.len() => {
                Some((step, gaps, None))
            }
            _ if are_uneven => {
                let whole = |(_, gaps, _): &(Step, Vec<Gap>, Option<Changes>)| gaps.is_empty();
                Timetable::find(&stamps).into_iter().filter_map(with_changes).find(whole)
            }
            _ => None,
        }
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
