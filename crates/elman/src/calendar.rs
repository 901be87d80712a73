//! The time column of a series: how its rows follow each other, and what comes next.
//!
//! ```
//! use elman::calendar::{Calendar, Frequency};
//! use elman::table::Table;
//!
//! let table = Table::read("t.csv", "month,v\n2024-11,1\n2024-12,2\n".as_bytes())?;
//! let calendar = Calendar::read(table.column("month")?)?;
//! assert_eq!(calendar.frequency(), Frequency::Monthly);
//! assert_eq!(calendar.time(2).map(|time| time.to_string()), Some("2025-01".into()));
//! assert_eq!(calendar.phase(2, 12), Some(0));
//! # Ok::<(), elman::error::Error>(())
//! ```

use jiff::civil::DateTime;
use jiff::{Span, Unit};
use serde::{Deserialize, Serialize};

use crate::error::{DataError, Error};
use crate::table::{Column, Time};

/// The time from one row to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Frequency {
    /// Once a year.
    Yearly,
    /// Every three months.
    Quarterly,
    /// Every month.
    Monthly,
    /// Every seven days.
    Weekly,
    /// Every day.
    Daily,
    /// Every hour.
    Hourly,
    /// Every so many seconds.
    Seconds(u32),
}

/// The timestamps of a series, known to be evenly spaced.
#[derive(Clone, Debug)]
pub struct Calendar {
    frequency: Frequency,
    stamps: Vec<DateTime>,
    /// One of them as it is written.
    written: Time,
    /// Is every row the last day of a month? Then those to come are as well.
    month_ends: bool,
}

impl Frequency {
    /// The rows in a season: a year, for hours a day, for days a week.
    pub fn season(self) -> Option<usize> {
        match self {
            Frequency::Yearly | Frequency::Seconds(_) => None,
            Frequency::Quarterly => Some(4),
            Frequency::Monthly => Some(12),
            Frequency::Weekly => Some(52),
            Frequency::Daily => Some(7),
            Frequency::Hourly => Some(24),
        }
    }

    /// One row, in words.
    pub fn row_name(self) -> &'static str {
        match self {
            Frequency::Yearly => "year",
            Frequency::Quarterly => "quarter",
            Frequency::Monthly => "month",
            Frequency::Weekly => "week",
            Frequency::Daily => "day",
            Frequency::Hourly => "hour",
            Frequency::Seconds(_) => "row",
        }
    }

    /// A timestamp's place in its season of `season` rows; `None` where the calendar does not fix
    /// one, as weeks in a year or a season of the user's own.
    fn phase(self, stamp: DateTime, season: usize) -> Option<usize> {
        if self.season() != Some(season) {
            return None;
        }
        let month = usize::try_from(stamp.month() - 1).ok()?;
        match self {
            Frequency::Quarterly => Some(month / 3),
            Frequency::Monthly => Some(month),
            Frequency::Daily => usize::try_from(stamp.weekday().to_monday_zero_offset()).ok(),
            Frequency::Hourly => usize::try_from(stamp.hour()).ok(),
            Frequency::Yearly | Frequency::Weekly | Frequency::Seconds(_) => None,
        }
    }

    /// Does the calendar fix a row's place in a season of so many rows?
    pub fn has_phase(self, season: usize) -> bool {
        self.phase(DateTime::constant(2000, 1, 1, 0, 0, 0, 0), season).is_some()
    }

    fn between(a: DateTime, b: DateTime) -> Option<Self> {
        let months = months_between(a, b);
        let same_time = a.time() == b.time();
        let same_day = a.day() == b.day() || (is_month_end(a) && is_month_end(b));
        if same_time && same_day && months > 0 {
            match months {
                1 => return Some(Frequency::Monthly),
                3 => return Some(Frequency::Quarterly),
                12 => return Some(Frequency::Yearly),
                _ => {}
            }
        }
        let seconds = a.until((Unit::Second, b)).ok()?.get_seconds();
        match seconds {
            3_600 => Some(Frequency::Hourly),
            86_400 => Some(Frequency::Daily),
            604_800 => Some(Frequency::Weekly),
            _ => u32::try_from(seconds).ok().filter(|&n| n > 0).map(Frequency::Seconds),
        }
    }

    /// The timestamp `rows` rows later, at the end of its month if `month_ends`; `None` at the end of
    /// time.
    fn after(self, stamp: DateTime, rows: usize, month_ends: bool) -> Option<DateTime> {
        let rows = i64::try_from(rows).ok()?;
        let months = |n: i64| {
            let later = stamp.checked_add(Span::new().try_months(n.checked_mul(rows)?).ok()?).ok()?;
            Some(if month_ends { later.last_of_month() } else { later })
        };
        match self {
            Frequency::Yearly => months(12),
            Frequency::Quarterly => months(3),
            Frequency::Monthly => months(1),
            _ => stamp.checked_add(Span::new().try_seconds(self.seconds()?.checked_mul(rows)?).ok()?).ok(),
        }
    }

    fn seconds(self) -> Option<i64> {
        match self {
            Frequency::Hourly => Some(3_600),
            Frequency::Daily => Some(86_400),
            Frequency::Weekly => Some(604_800),
            Frequency::Seconds(n) => Some(i64::from(n)),
            Frequency::Yearly | Frequency::Quarterly | Frequency::Monthly => None,
        }
    }
}

fn months_between(a: DateTime, b: DateTime) -> i32 {
    (i32::from(b.year()) - i32::from(a.year())) * 12 + i32::from(b.month()) - i32::from(a.month())
}

fn is_month_end(stamp: DateTime) -> bool {
    stamp.day() == stamp.days_in_month()
}

impl Calendar {
    /// Reads a time column, all of whose rows must follow each other evenly; at least two.
    ///
    /// # Errors
    /// If a cell is not a time like the first, or a row does not follow the one before it.
    pub fn read(column: Column<'_>) -> Result<Self, Error> {
        let times = column.times()?;
        let stamps: Vec<DateTime> = times.iter().map(|time| time.stamp()).collect();
        let [first, second, ..] = stamps[..] else {
            return Err(DataError::new(column.table_name(), "has one row; a series needs more").into());
        };
        let backwards = |row: usize| {
            let (text, before) = (column.text(row), column.text(row - 1));
            let message = format!("{text} does not come after {before}; sort the rows by time");
            DataError::new(column.place(row), message)
        };
        let frequency = Frequency::between(first, second).ok_or_else(|| backwards(1))?;
        for row in 1..stamps.len() {
            if stamps[row] <= stamps[row - 1] {
                return Err(backwards(row).into());
            }
            if Frequency::between(stamps[row - 1], stamps[row]) != Some(frequency) {
                let (text, before) = (column.text(row), column.text(row - 1));
                let message = format!(
                    "{text} follows {before}, but the first two rows are one {} apart; \
                     a forecast needs rows at even steps: fill the gap or cut the series",
                    frequency.step_name()
                );
                return Err(DataError::new(column.place(row), message).into());
            }
        }
        let month_ends = stamps.iter().all(|&stamp| is_month_end(stamp));
        Ok(Calendar { frequency, stamps, written: times[0], month_ends })
    }

    /// The time from one row to the next.
    pub fn frequency(&self) -> Frequency {
        self.frequency
    }

    /// A row's place in its season of `season` rows, also for rows after the last.
    pub fn phase(&self, row: usize, season: usize) -> Option<usize> {
        self.frequency.phase(self.stamp(row)?, season)
    }

    /// A row's time as the column would write it, also for rows after the last; `None` at the end of
    /// time.
    pub fn time(&self, row: usize) -> Option<Time> {
        Some(self.written.at(self.stamp(row)?))
    }

    fn stamp(&self, row: usize) -> Option<DateTime> {
        let last = self.stamps.len() - 1;
        if row <= last {
            Some(self.stamps[row])
        } else {
            self.frequency.after(self.stamps[last], row - last, self.month_ends)
        }
    }
}

impl Frequency {
    /// The step from row to row, in words.
    pub(crate) fn step_name(self) -> String {
        match self {
            Frequency::Seconds(seconds) => format!("step of {seconds} seconds"),
            _ => self.row_name().into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;

    fn calendar(stamps: &[&str]) -> Result<Calendar, String> {
        let table = Table::read("t.csv", format!("when\n{}\n", stamps.join("\n")).as_bytes()).unwrap();
        Calendar::read(table.column("when").unwrap()).map_err(|error| error.to_string())
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
    fn the_calendar_fixes_the_place_in_the_season() {
        let monthly = calendar(&["1960-11", "1960-12"]).unwrap();
        assert_eq!(
            (monthly.phase(0, 12), monthly.phase(2, 12), monthly.phase(0, 6)),
            (Some(10), Some(0), None)
        );
        let daily = calendar(&["2024-01-01", "2024-01-02"]).unwrap();
        assert_eq!(daily.phase(0, 7), Some(0), "a Monday");
        assert_eq!(calendar(&["2020-01-06", "2020-01-13"]).unwrap().phase(0, 52), None);
    }

    #[test]
    fn gaps_disorder_and_strange_cells_are_named() {
        assert_eq!(
            calendar(&["1953-06", "1953-07", "1953-09"]).unwrap_err(),
            "t.csv, line 4, column \"when\": 1953-09 follows 1953-07, but the first two rows are one month \
             apart; a forecast needs rows at even steps: fill the gap or cut the series"
        );
        assert_eq!(
            calendar(&["1953-06", "1953-05"]).unwrap_err(),
            "t.csv, line 3, column \"when\": 1953-05 does not come after 1953-06; sort the rows by time"
        );
        assert_eq!(
            calendar(&["1953-06", "1953-13"]).unwrap_err(),
            "t.csv, line 3, column \"when\": \"1953-13\" is not a time like 1949-01, 1949-01-31 or \
             1949-01-31 12:00, written as in the rows before"
        );
        for stamp in ["2024-01-01T00:00:00.5", "2024-01-01T00:00:00Z", "2024-01-01T00:00+02:00", "07/18/2024"]
        {
            let message = calendar(&[stamp, stamp]).unwrap_err();
            assert!(message.contains("is not a time like"), "{message}");
        }
        assert_eq!(calendar(&["1953-06"]).unwrap_err(), "t.csv: has one row; a series needs more");
    }
}
