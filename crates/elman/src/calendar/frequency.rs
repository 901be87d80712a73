use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use super::long_months::LongMonths;
use super::timetable::{Period, Timetable};
use super::week_year::WeekYear;
use super::weekdays::Weekdays;

/// The seconds in a year, on average.
const YEAR: f64 = 365.2425 * 86_400.0;

/// The time from one row to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Frequency {
    /// Once a year.
    Yearly,
    /// Every three months.
    Quarterly,
    /// Every month.
    Monthly,
    /// Every so many months, other than those above.
    Months(u32),
    /// Every seven days.
    Weekly,
    /// Every day.
    Daily,
    /// From Monday to Friday.
    BusinessDaily,
    /// Other days of the week, as bits, the lowest for Monday.
    Weekdays(u8),
    /// Twice a month: on this day and on a later one.
    TwiceMonthly(u8),
    /// Every hour.
    Hourly,
    /// Every so many minutes, other than 60, that make a day.
    Minutes(u32),
    /// Every so many seconds.
    Seconds(u32),
    /// Every so many nanoseconds that make no whole seconds.
    Nanoseconds(u64),
    /// Every so many of what is counted, in no unit of time.
    Steps(u32),
    /// At times of each day, week or month, such as hours that are open.
    Timetable(Timetable),
    /// At the periods of years of whole weeks, such as those of 4, 4 and 5 weeks.
    WeekYear(WeekYear),
    /// At this day, the 29th, 30th or 31st, of the months that have it.
    LongMonths(u8),
}

/// A period of the calendar that a series may repeat itself in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Cycle {
    /// From full hour to full hour.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From Monday on.
    Week,
    /// From the first of January on.
    Year,
}

impl Cycle {
    /// All, from the shortest on.
    pub const ALL: [Cycle; 4] = [Cycle::Hour, Cycle::Day, Cycle::Week, Cycle::Year];

    /// The name used on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Cycle::Hour => "hour",
            Cycle::Day => "day",
            Cycle::Week => "week",
            Cycle::Year => "year",
        }
    }

    /// Its length; of a year, on average.
    fn seconds(self) -> f64 {
        match self {
            Cycle::Hour => 3_600.0,
            Cycle::Day => 86_400.0,
            Cycle::Week => 7.0 * 86_400.0,
            Cycle::Year => YEAR,
        }
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Cycle {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Cycle::ALL.into_iter().find(|cycle| cycle.name() == name).ok_or_else(|| {
            let names = Cycle::ALL.map(Cycle::name).join(", ");
            format!("{name:?} is not one of {names}")
        })
    }
}

impl Frequency {
    /// Is it one that programs of the second version of the format do not know?
    pub(crate) fn needs_version_3(&self) -> bool {
        matches!(
            self,
            Frequency::Months(_)
                | Frequency::BusinessDaily
                | Frequency::Weekdays(_)
                | Frequency::TwiceMonthly(_)
                | Frequency::Minutes(_)
                | Frequency::Nanoseconds(_)
                | Frequency::Steps(_)
                | Frequency::Timetable(_)
                | Frequency::WeekYear(_)
                | Frequency::LongMonths(_)
        )
    }

    /// The rows in a season: a year, for hours and minutes a day, for days a week; for times of a week a day if all days
    /// have as many.
    pub fn season(&self) -> Option<usize> {
        match *self {
            Frequency::Yearly | Frequency::Seconds(_) | Frequency::Nanoseconds(_) | Frequency::Steps(_) => {
                None
            }
            Frequency::Quarterly => Some(4),
            Frequency::Monthly => Some(12),
            Frequency::Months(months) => parts(12, months),
            Frequency::Weekly => Some(52),
            Frequency::Daily => Some(7),
            Frequency::BusinessDaily => Some(5),
            Frequency::Weekdays(days) => Weekdays::new(days).map(Weekdays::len),
            Frequency::TwiceMonthly(_) => Some(24),
            Frequency::Hourly => Some(24),
            Frequency::Minutes(minutes) => parts(1440, minutes),
            Frequency::Timetable(ref times) => match times.period_of_season() {
                Period::Day => times.rows_of_day(),
                Period::Week => Some(times.len()),
                Period::Month => Some(12 * times.len()),
            },
            Frequency::WeekYear(year) => Some(year.len()).filter(|&periods| periods > 1),
            Frequency::LongMonths(day) => LongMonths::new(day)?.len(),
        }
    }

    /// One row, in words.
    pub fn row_name(&self) -> &'static str {
        match *self {
            Frequency::Yearly => "year",
            Frequency::Quarterly => "quarter",
            Frequency::Monthly => "month",
            Frequency::Weekly => "week",
            Frequency::Daily => "day",
            Frequency::Weekdays(_) => "open day",
            Frequency::BusinessDaily => "business day",
            Frequency::Hourly => "hour",
            Frequency::Minutes(1) => "minute",
            Frequency::Timetable(ref times) if times.has_mostly(3_600) => "open hour",
            Frequency::Timetable(ref times) if times.has_mostly(60) => "open minute",
            Frequency::WeekYear(year) => year.row_name(),
            Frequency::Timetable(_)
            | Frequency::Months(_)
            | Frequency::TwiceMonthly(_)
            | Frequency::LongMonths(_)
            | Frequency::Minutes(_)
            | Frequency::Seconds(_)
            | Frequency::Nanoseconds(_)
            | Frequency::Steps(_) => "row",
        }
    }

    /// The periods of the calendar in which two rows or more lie, from the shortest on.
    pub fn cycles(&self) -> impl Iterator<Item = Cycle> {
        Cycle::ALL.into_iter().filter(move |&cycle| self.rows_in(cycle) >= 1.9)
    }

    /// The rows that a period of the calendar has; of months and years, on average.
    pub fn rows_in(&self, cycle: Cycle) -> f64 {
        let step = match *self {
            Frequency::Yearly => YEAR,
            Frequency::Quarterly => YEAR / 4.0,
            Frequency::Monthly => YEAR / 12.0,
            Frequency::Months(months) => YEAR / 12.0 * f64::from(months),
            Frequency::Weekly => Cycle::Week.seconds(),
            Frequency::Daily => Cycle::Day.seconds(),
            Frequency::BusinessDaily => Cycle::Week.seconds() / 5.0,
            Frequency::Weekdays(days) => Cycle::Week.seconds() / f64::from(days.count_ones().max(1)),
            Frequency::TwiceMonthly(_) => YEAR / 24.0,
            Frequency::Hourly => Cycle::Hour.seconds(),
            Frequency::Minutes(minutes) => 60.0 * f64::from(minutes),
            Frequency::Seconds(seconds) => f64::from(seconds),
            Frequency::Nanoseconds(nanoseconds) => nanoseconds as f64 * 1e-9,
            Frequency::Steps(_) => f64::INFINITY,
            Frequency::Timetable(ref times) => {
                let period = match times.period() {
                    Period::Day => Cycle::Day.seconds(),
                    Period::Week => Cycle::Week.seconds(),
                    Period::Month => YEAR / 12.0,
                };
                period / times.len() as f64
            }
            Frequency::WeekYear(year) => YEAR / year.len() as f64,
            Frequency::LongMonths(day) => YEAR / LongMonths::new(day).map_or(12.0, LongMonths::mean_len),
        };
        cycle.seconds() / step
    }

    /// A timestamp's place in its season of `season` rows; `None` where the calendar does not fix
    /// one, as weeks in a year or a season of the user's own.
    pub(super) fn phase(&self, stamp: DateTime, season: usize) -> Option<usize> {
        if self.season() != Some(season) {
            return None;
        }
        let month = usize::try_from(stamp.month() - 1).ok()?;
        let hour = usize::try_from(stamp.hour()).ok()?;
        let weekday = usize::try_from(stamp.weekday().to_monday_zero_offset()).ok()?;
        match *self {
            Frequency::Quarterly => Some(month / 3),
            Frequency::Monthly => Some(month),
            Frequency::Months(months) => Some(month / usize::try_from(months).ok()?),
            Frequency::Daily => Some(weekday),
            Frequency::BusinessDaily => Weekdays::BUSINESS.place(stamp.date()),
            Frequency::Weekdays(days) => Weekdays::new(days)?.place(stamp.date()),
            Frequency::TwiceMonthly(first) => {
                Some(2 * month + usize::from(stamp.day().unsigned_abs() != first))
            }
            Frequency::Hourly => Some(hour),
            Frequency::Minutes(minutes) => {
                let minute = 60 * hour + usize::try_from(stamp.minute()).ok()?;
                Some(minute / usize::try_from(minutes).ok()?)
            }
            Frequency::Timetable(ref times) => {
                let place = times.place(stamp)?;
                Some(if times.period() == Period::Month {
                    month * times.len() + place
                } else {
                    place % season
                })
            }
            Frequency::WeekYear(year) => year.place(stamp.date()),
            Frequency::LongMonths(day) => LongMonths::new(day)?.place(stamp.date()),
            Frequency::Yearly
            | Frequency::Weekly
            | Frequency::Seconds(_)
            | Frequency::Nanoseconds(_)
            | Frequency::Steps(_) => None,
        }
    }

    /// Does the calendar fix a row's place in a season of so many rows?
    pub fn has_phase(&self, season: usize) -> bool {
        if matches!(self, Frequency::Timetable(_) | Frequency::WeekYear(_) | Frequency::LongMonths(_)) {
            return self.season() == Some(season);
        }
        let mut week = (1..8).map(|day| DateTime::constant(2001, 1, day, 0, 0, 0, 0));
        week.any(|stamp| self.phase(stamp, season).is_some())
    }

    /// Are the rows at times that recur, rather than one step apart?
    pub(crate) fn is_timetable(&self) -> bool {
        matches!(self, Frequency::Timetable(_))
    }

    /// The seconds between two rows of a day that are closest, of times that recur.
    pub(crate) fn least_step(&self) -> Option<u32> {
        match self {
            Frequency::Timetable(times) => Some(times.least_step()),
            _ => None,
        }
    }

    /// Are the rows so many minutes apart?
    pub(crate) fn is_of_minutes(&self) -> bool {
        match self {
            Frequency::Minutes(_) => true,
            _ => self.least_step().is_some_and(|step| step < 3_600),
        }
    }

    /// Are the rows as far apart? Models of before there were [`Frequency::Minutes`] have seconds.
    pub(crate) fn is_as(&self, other: &Frequency) -> bool {
        let plain = |frequency: &Frequency| match *frequency {
            Frequency::Minutes(minutes) => Frequency::Seconds(minutes.saturating_mul(60)),
            ref other => other.clone(),
        };
        plain(self) == plain(other)
    }

    /// Every so many seconds, by its name.
    pub(super) fn of_seconds(seconds: i128) -> Self {
        match u32::try_from(seconds) {
            Ok(3_600) => Frequency::Hourly,
            Ok(86_400) => Frequency::Daily,
            Ok(604_800) => Frequency::Weekly,
            Ok(seconds) if seconds.is_multiple_of(60) && parts(86_400, seconds).is_some() => {
                Frequency::Minutes(seconds / 60)
            }
            Ok(seconds) => Frequency::Seconds(seconds),
            Err(_) => Frequency::Seconds(u32::MAX),
        }
    }

    /// May rows of this frequency be those of another of which fewer tell less: do only many rows tell of years of 53 weeks, or of
    /// months without a 31st?
    pub(crate) fn may_be_told_late(&self, other: &Frequency) -> bool {
        let rows_apart = self.rows_in(Cycle::Year) - other.rows_in(Cycle::Year);
        matches!(self, Frequency::WeekYear(_) | Frequency::LongMonths(_)) && rows_apart.abs() < 1.5
    }

    /// The steps from row to row of this frequency and another, in words that tell them apart.
    pub(crate) fn names_beside(&self, other: &Frequency) -> (String, String) {
        let names = (self.step_name(), other.step_name());
        if names.0 != names.1 || self == other {
            return names;
        }
        let in_full = |frequency: &Frequency| match *frequency {
            Frequency::Timetable(ref times) => format!("{} ({})", frequency.row_name(), times.in_full()),
            Frequency::WeekYear(year) => format!("{}, counted from {},", year.step_name(), year.in_words()),
            _ => frequency.step_name(),
        };
        (in_full(self), in_full(other))
    }

    /// The step from row to row, in words.
    pub(crate) fn step_name(&self) -> String {
        let many =
            |count: u64, noun: &str| format!("step of {count} {noun}{}", if count == 1 { "" } else { "s" });
        match *self {
            Frequency::Months(months) => many(months.into(), "month"),
            Frequency::Weekdays(days) => match Weekdays::new(days) {
                Some(days) => format!("open day ({})", days.in_words()),
                None => self.row_name().into(),
            },
            Frequency::TwiceMonthly(_) => "half month".into(),
            Frequency::Minutes(minutes) if minutes.is_multiple_of(60) => many((minutes / 60).into(), "hour"),
            Frequency::Minutes(minutes) => many(minutes.into(), "minute"),
            Frequency::Seconds(seconds) if seconds.is_multiple_of(86_400) => {
                many((seconds / 86_400).into(), "day")
            }
            Frequency::Seconds(seconds) => many(seconds.into(), "second"),
            Frequency::Nanoseconds(nanoseconds) => many(nanoseconds, "nanosecond"),
            Frequency::Timetable(ref times) => format!("{} ({})", self.row_name(), times.in_words()),
            Frequency::WeekYear(year) => year.step_name(),
            Frequency::LongMonths(day) => {
                LongMonths::new(day).map_or_else(|| self.row_name().into(), LongMonths::step_name)
            }
            Frequency::Steps(1) => "step".into(),
            Frequency::Steps(count) => format!("step of {count}"),
            _ => self.row_name().into(),
        }
    }
}

/// The parts of such a length that a whole has, if there are two or more without a rest.
fn parts(whole: u32, part: u32) -> Option<usize> {
    (part > 0 && part < whole && whole.is_multiple_of(part)).then_some((whole / part) as usize)
}
