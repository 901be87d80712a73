//! The step from one row to the next.

use jiff::civil::{Date, DateTime, Weekday};
use jiff::{SignedDuration, Span};

use super::Frequency;

/// How far rows are apart: always the same in time, or by the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// So many months, each time at this day.
    Months(i64, Day),
    /// So many nanoseconds.
    Fixed(i128),
    /// From Monday to Friday.
    BusinessDay,
}

/// A day of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Day {
    /// The n-th, or the last of a shorter month.
    Nth(i8),
    Last,
    LastBusiness,
    FirstBusiness,
    /// The n-th Monday, Tuesday...
    NthWeekday(i8, Weekday),
    LastWeekday(Weekday),
}

/// Rows that are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The row, in order of time and counted with those that are missing, after which they are missing.
    pub after: usize,
    /// How many they are.
    pub missing: usize,
}

const SECOND: i128 = 1_000_000_000;

/// So many rows that are even by themselves are not so by chance.
const EVEN: usize = 6;

impl Day {
    fn of(self, year: i16, month: i8) -> Option<Date> {
        let first = Date::new(year, month, 1).ok()?;
        let weekend = |day: Date| match day.weekday() {
            Weekday::Saturday => 1,
            Weekday::Sunday => 2,
            _ => 0,
        };
        match self {
            Day::Nth(n) => Date::new(year, month, n.min(first.days_in_month())).ok(),
            Day::Last => Some(first.last_of_month()),
            Day::LastBusiness => {
                let last = first.last_of_month();
                Date::new(year, month, last.day() - weekend(last)).ok()
            }
            Day::FirstBusiness => Date::new(year, month, 1 + (3 - weekend(first)) % 3).ok(),
            Day::NthWeekday(n, weekday) => first.nth_weekday_of_month(n, weekday).ok(),
            Day::LastWeekday(weekday) => first.nth_weekday_of_month(-1, weekday).ok(),
        }
    }

    /// The day that all these stamps have in common.
    fn shared(stamps: &[DateTime]) -> Option<Self> {
        let largest = stamps.iter().map(|stamp| stamp.day()).max()?;
        let (first, weekday) = (stamps.first()?, stamps.first()?.weekday());
        let nth = (first.day() + 6) / 7;
        let days = [
            Day::Last,
            Day::Nth(largest),
            Day::LastBusiness,
            Day::FirstBusiness,
            Day::LastWeekday(weekday),
            Day::NthWeekday(nth, weekday),
        ];
        days.into_iter()
            .find(|day| stamps.iter().all(|stamp| day.of(stamp.year(), stamp.month()) == Some(stamp.date())))
    }
}

impl Step {
    /// The step by which these stamps, which ascend, follow each other, and where rows are missing. It is that of the
    /// `frequency`, if they follow one, unless they are many and even by themselves. `None` if there is none, or more rows
    /// would be missing than are there, or would be after most of them.
    pub(crate) fn find_as(stamps: &[DateTime], frequency: Option<Frequency>) -> Option<(Self, Vec<Gap>)> {
        let own = Self::find(stamps);
        let is_even = own.as_ref().is_some_and(|(_, gaps)| gaps.is_empty() && stamps.len() >= EVEN);
        let known = frequency.filter(|_| !is_even).and_then(|frequency| Self::of(frequency, stamps));
        known.and_then(|step| Some((step, step.gaps(stamps)?))).or(own)
    }

    /// The same where nothing is known of a frequency.
    pub(crate) fn find(stamps: &[DateTime]) -> Option<(Self, Vec<Gap>)> {
        let candidates = [Self::months(stamps), Self::fixed(stamps), Self::business_day(stamps)];
        let missing = |gaps: &[Gap]| gaps.iter().fold(0, |sum: usize, gap| sum.saturating_add(gap.missing));
        let is_likely = |gaps: &[Gap]| missing(gaps) <= stamps.len() && 2 * gaps.len() < stamps.len();
        candidates
            .into_iter()
            .flatten()
            .filter_map(|step| Some((step, step.gaps(stamps)?)))
            .filter(|(_, gaps)| is_likely(gaps))
            .min_by_key(|(step, gaps)| (missing(gaps), step.is_rare()))
    }

    /// The step of a frequency that these stamps may follow.
    fn of(frequency: Frequency, stamps: &[DateTime]) -> Option<Self> {
        let months = |months: u32| {
            let day = Day::shared(stamps).filter(|_| same_clock(stamps))?;
            Some(Step::Months(months.into(), day))
        };
        let seconds = |seconds: u32| Some(Step::Fixed(i128::from(seconds) * SECOND));
        match frequency {
            Frequency::Yearly => months(12),
            Frequency::Quarterly => months(3),
            Frequency::Monthly => months(1),
            Frequency::Months(count) => months(count),
            Frequency::Weekly => seconds(604_800),
            Frequency::Daily => seconds(86_400),
            Frequency::BusinessDaily => Self::business_day(stamps),
            Frequency::Hourly => seconds(3_600),
            Frequency::Minutes(minutes) => seconds(minutes.checked_mul(60)?),
            Frequency::Seconds(count) => seconds(count),
            Frequency::Nanoseconds(count) => Some(Step::Fixed(count.into())),
        }
    }

    /// Is it one that others come before, if they fit as well?
    fn is_rare(self) -> bool {
        matches!(self, Step::BusinessDay | Step::Months(_, Day::NthWeekday(..) | Day::LastWeekday(_)))
    }

    fn months(stamps: &[DateTime]) -> Option<Self> {
        let apart = stamps.windows(2).map(|pair| month(pair[1]) - month(pair[0]));
        let months = apart.fold(0, |a, b| i64::try_from(gcd(a.into(), b.into())).unwrap_or(0));
        if months == 0
            || !same_clock(stamps)
            || stamps.windows(2).any(|pair| month(pair[0]) == month(pair[1]))
        {
            return None;
        }
        Some(Step::Months(months, Day::shared(stamps)?))
    }

    fn fixed(stamps: &[DateTime]) -> Option<Self> {
        let apart = stamps.windows(2).map(|pair| nanoseconds(pair[0], pair[1]));
        Some(Step::Fixed(apart.fold(0, gcd))).filter(|step| *step != Step::Fixed(0))
    }

    fn business_day(stamps: &[DateTime]) -> Option<Self> {
        let weekdays = stamps.iter().all(|stamp| stamp.weekday().to_monday_zero_offset() < 5);
        (weekdays && same_clock(stamps)).then_some(Step::BusinessDay)
    }

    fn gaps(self, stamps: &[DateTime]) -> Option<Vec<Gap>> {
        let (mut gaps, mut row) = (Vec::new(), 0_usize);
        for pair in stamps.windows(2) {
            let steps = usize::try_from(self.count(pair[0], pair[1])?).ok()?;
            match steps.checked_sub(1)? {
                0 => {}
                missing => gaps.push(Gap { after: row, missing }),
            }
            row = row.checked_add(steps)?;
        }
        Some(gaps)
    }

    /// The steps from one stamp to another; `None` if they are not whole.
    fn count(self, a: DateTime, b: DateTime) -> Option<i64> {
        let whole = |apart: i128, step: i128| match apart.checked_rem(step)? {
            0 => i64::try_from(apart / step).ok(),
            _ => None,
        };
        match self {
            Step::Months(months, _) => whole((month(b) - month(a)).into(), months.into()),
            Step::Fixed(step) => whole(nanoseconds(a, b), step),
            Step::BusinessDay => Some(business_days(b.date()) - business_days(a.date())),
        }
    }

    /// The stamp so many steps after one of the series; `None` at the end of time.
    pub(crate) fn after(self, stamp: DateTime, steps: usize) -> Option<DateTime> {
        let steps = i64::try_from(steps).ok()?;
        match self {
            Step::Months(months, day) => {
                let later = month(stamp).checked_add(months.checked_mul(steps)?)?;
                let year = i16::try_from(later.div_euclid(12)).ok()?;
                let date = day.of(year, i8::try_from(later.rem_euclid(12) + 1).ok()?)?;
                Some(date.to_datetime(stamp.time()))
            }
            Step::Fixed(step) => {
                let nanoseconds = step.checked_mul(steps.into())?;
                let seconds = i64::try_from(nanoseconds / SECOND).ok()?;
                let rest = i32::try_from(nanoseconds % SECOND).ok()?;
                stamp.checked_add(SignedDuration::new(seconds, rest)).ok()
            }
            Step::BusinessDay => {
                let later = business_days(stamp.date()).checked_add(steps)?;
                let days = later.div_euclid(5).checked_mul(7)?.checked_add(later.rem_euclid(5))?;
                let date = MONDAY.checked_add(Span::new().try_days(days).ok()?).ok()?;
                Some(date.to_datetime(stamp.time()))
            }
        }
    }

    /// What it is called.
    pub(crate) fn frequency(self) -> Frequency {
        let months = |months| u32::try_from(months).map_or(Frequency::Yearly, Frequency::Months);
        match self {
            Step::Months(1, _) => Frequency::Monthly,
            Step::Months(3, _) => Frequency::Quarterly,
            Step::Months(12, _) => Frequency::Yearly,
            Step::Months(n, _) => months(n),
            Step::BusinessDay => Frequency::BusinessDaily,
            Step::Fixed(step) if step % SECOND == 0 => Frequency::of_seconds(step / SECOND),
            Step::Fixed(step) => Frequency::Nanoseconds(u64::try_from(step).unwrap_or(u64::MAX)),
        }
    }
}

/// A Monday.
const MONDAY: Date = Date::constant(1970, 1, 5);

/// The weekdays from a Monday to another.
fn business_days(date: Date) -> i64 {
    let days = date.duration_since(MONDAY).as_hours() / 24;
    days.div_euclid(7) * 5 + days.rem_euclid(7)
}

/// Months from the year 0 on.
fn month(stamp: DateTime) -> i64 {
    i64::from(stamp.year()) * 12 + i64::from(stamp.month()) - 1
}

fn nanoseconds(a: DateTime, b: DateTime) -> i128 {
    b.duration_since(a).as_nanos()
}

fn same_clock(stamps: &[DateTime]) -> bool {
    stamps.windows(2).all(|pair| pair[0].time() == pair[1].time())
}

fn gcd(a: i128, b: i128) -> i128 {
    let (mut a, mut b) = (a.abs(), b.abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
