//! The step from one row to the next.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Weekday};

use super::Frequency;
use super::long_months::LongMonths;
use super::timetable::Timetable;
use super::week_year::WeekYear;
use super::weekdays::{Weekdays, weekday};

/// How far rows are apart: always the same in time, or by the calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// So many months, each time at this day.
    Months(i64, Day),
    /// So many nanoseconds.
    Fixed(i128),
    /// The days of the week that are open, such as those from Monday to Friday.
    Weekdays(Weekdays),
    /// Twice a month: at the n-th, and at another day after it.
    TwiceMonthly(i8, Day),
    /// At times of each day, week or month.
    Timetable(Timetable),
    /// At the periods of years of whole weeks.
    WeekYear(WeekYear),
    /// At a day of the months that have it.
    LongMonths(LongMonths),
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
    /// So many days before the last.
    BeforeLast(i8),
    /// The n-th, up to the 26th, or the Monday after a weekend there.
    NthOrMonday(i8),
    /// The n-th, from the 3rd on, or the last of a shorter month; or the Friday before a weekend there.
    NthOrFriday(i8),
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

/// A timetable may lack one of so many rows.
const MOST_MISSING: usize = 4;

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
            Day::FirstBusiness => Day::NthOrMonday(1).of(year, month),
            Day::NthWeekday(n, weekday) => first.nth_weekday_of_month(n, weekday).ok(),
            Day::LastWeekday(weekday) => first.nth_weekday_of_month(-1, weekday).ok(),
            Day::BeforeLast(days) => Date::new(year, month, first.days_in_month() - days).ok(),
            Day::NthOrMonday(n) => {
                let nth = Date::new(year, month, n).ok()?;
                Date::new(year, month, n + (3 - weekend(nth)) % 3).ok()
            }
            Day::NthOrFriday(n) => {
                let nth = Date::new(year, month, n.min(first.days_in_month())).ok()?;
                Date::new(year, month, nth.day() - weekend(nth)).ok()
            }
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
            Day::BeforeLast(first.date().days_in_month() - first.day()),
        ];
        let about = first.day();
        // Later ones would be moved into the next month or the one before.
        let moved = (about - 2..=about + 2)
            .flat_map(|n| [Day::NthOrMonday(n), Day::NthOrFriday(n)])
            .filter(|day| matches!(day, Day::NthOrMonday(..=26) | Day::NthOrFriday(3..)));
        days.into_iter()
            .chain(moved)
            .find(|day| stamps.iter().all(|stamp| day.of(stamp.year(), stamp.month()) == Some(stamp.date())))
    }
}

impl Step {
    /// The step by which these stamps, which ascend, follow each other, and where rows are missing. It is that of the
    /// `frequency` if they follow that, unless some are missing then while many are even by themselves. `None` if there is
    /// none, or more rows would be missing than are there, or would be after most of them. Where `closed_are_missing`, days
    /// that are never open are as well.
    pub(crate) fn find_as(
        stamps: &[DateTime],
        frequency: Option<&Frequency>,
        closed_are_missing: bool,
    ) -> Option<(Self, Vec<Gap>)> {
        let own = Self::find_any(stamps);
        let known = frequency.and_then(|frequency| Self::of(frequency, stamps));
        let Some((known, gaps)) = known.and_then(|step| step.gaps(stamps).map(|gaps| (step, gaps))) else {
            return own;
        };
        // Days that are never open in one table may be in another.
        let is_usual = |step: &Step| match step {
            Step::Months(..) | Step::Fixed(_) => true,
            Step::Weekdays(days) => *days == Weekdays::BUSINESS && !closed_are_missing,
            Step::TwiceMonthly(..) | Step::Timetable(_) | Step::WeekYear(_) | Step::LongMonths(_) => false,
        };
        let are_even = |(step, gaps): &(Step, Vec<Gap>)| is_usual(step) && gaps.is_empty();
        match own {
            Some(own) if !gaps.is_empty() && stamps.len() >= EVEN && are_even(&own) => Some(own),
            _ => Some((known, gaps)),
        }
    }

    /// The same where nothing is known of a frequency, and of plain steps alone: not those that come after them.
    pub(crate) fn find(stamps: &[DateTime]) -> Option<(Self, Vec<Gap>)> {
        let steps = [
            Self::months(stamps),
            Self::fixed(stamps),
            Self::weekdays(stamps, Weekdays::BUSINESS),
            Self::open_days(stamps),
            Self::twice_monthly(stamps),
        ];
        Self::likeliest(steps.into_iter().flatten(), stamps, 1)
    }

    /// The same of a timetable, of years of weeks or of long months, where by it fewer rows are missing.
    fn find_any(stamps: &[DateTime]) -> Option<(Self, Vec<Gap>)> {
        let plain = Self::find(stamps);
        let least = plain.as_ref().map_or(usize::MAX, |(_, gaps)| missing(gaps));
        if least == 0 {
            return plain;
        }
        let timetables = Timetable::find(stamps).into_iter().map(Step::Timetable);
        let years = WeekYear::find(stamps).into_iter().map(Step::WeekYear);
        let months = LongMonths::find(stamps).into_iter().map(Step::LongMonths);
        let timetable = Self::likeliest(timetables.chain(years).chain(months), stamps, MOST_MISSING);
        timetable.filter(|(_, gaps)| missing(gaps) < least).or(plain)
    }

    /// That of these steps by which the fewest rows are missing: no more than one of so many, and not after most of them.
    fn likeliest(
        steps: impl Iterator<Item = Self>,
        stamps: &[DateTime],
        one_of: usize,
    ) -> Option<(Self, Vec<Gap>)> {
        let is_likely = |gaps: &[Gap]| {
            missing(gaps).saturating_mul(one_of) <= stamps.len() && 2 * gaps.len() < stamps.len()
        };
        steps
            .filter_map(|step| step.gaps(stamps).map(|gaps| (step, gaps)))
            .filter(|(_, gaps)| is_likely(gaps))
            .min_by_key(|(step, gaps)| (missing(gaps), step.is_rare()))
    }

    /// The step of a frequency that these stamps may follow.
    fn of(frequency: &Frequency, stamps: &[DateTime]) -> Option<Self> {
        let months = |months: u32| {
            let day = Day::shared(stamps).filter(|_| same_clock(stamps))?;
            Some(Step::Months(months.into(), day))
        };
        let seconds = |seconds: u32| Some(Step::Fixed(i128::from(seconds) * SECOND));
        match *frequency {
            Frequency::Yearly => months(12),
            Frequency::Quarterly => months(3),
            Frequency::Monthly => months(1),
            Frequency::Months(count) => months(count),
            Frequency::Weekly => seconds(604_800),
            Frequency::Daily => seconds(86_400),
            Frequency::BusinessDaily => Self::weekdays(stamps, Weekdays::BUSINESS),
            Frequency::Weekdays(days) => Self::weekdays(stamps, Weekdays::new(days)?),
            Frequency::TwiceMonthly(nth) => Self::twice_monthly_from(i8::try_from(nth).ok()?, stamps),
            Frequency::Hourly => seconds(3_600),
            Frequency::Minutes(minutes) => seconds(minutes.checked_mul(60)?),
            Frequency::Seconds(count) | Frequency::Steps(count) => seconds(count),
            Frequency::Nanoseconds(count) => Some(Step::Fixed(count.into())),
            Frequency::Timetable(ref times) => Some(Step::Timetable(times.clone())),
            Frequency::WeekYear(year) => same_clock(stamps).then_some(Step::WeekYear(year)),
            Frequency::LongMonths(day) => {
                Some(Step::LongMonths(LongMonths::new(day)?)).filter(|_| same_clock(stamps))
            }
        }
    }

    /// The seconds that it always is, if they are whole.
    pub(super) fn whole_seconds(&self) -> Option<u32> {
        match *self {
            Step::Fixed(step) if step % SECOND == 0 => u32::try_from(step / SECOND).ok(),
            _ => None,
        }
    }

    /// Is it one that others come before, if they fit as well?
    fn is_rare(&self) -> bool {
        match self {
            Step::Weekdays(_)
            | Step::TwiceMonthly(..)
            | Step::Timetable(_)
            | Step::WeekYear(_)
            | Step::LongMonths(_) => true,
            Step::Months(_, day) => {
                !matches!(day, Day::Nth(_) | Day::Last | Day::LastBusiness | Day::FirstBusiness)
            }
            Step::Fixed(_) => false,
        }
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

    fn weekdays(stamps: &[DateTime], days: Weekdays) -> Option<Self> {
        let are_open = stamps.iter().all(|stamp| days.place(stamp.date()).is_some());
        (are_open && same_clock(stamps)).then_some(Step::Weekdays(days))
    }

    /// The days of the week that occur, of as many weeks as tell it.
    fn open_days(stamps: &[DateTime]) -> Option<Self> {
        const TELLING: i128 = 28 * 86_400 * SECOND;
        let (first, last) = (stamps.first()?, stamps.last()?);
        if nanoseconds(*first, *last) < TELLING {
            return None;
        }
        let days = stamps.iter().fold(0, |days, stamp| days | 1 << weekday(stamp.date()));
        Self::weekdays(stamps, Weekdays::new(days)?)
    }

    fn twice_monthly(stamps: &[DateTime]) -> Option<Self> {
        let nth = stamps.iter().map(|stamp| stamp.day()).min()?;
        let others = stamps.iter().filter(|stamp| stamp.day() != nth).count();
        let are_both = others >= 2 && stamps.len() >= others + 2;
        are_both.then(|| Self::twice_monthly_from(nth, stamps)).flatten()
    }

    /// The same of fewer rows, where the first of the two days is known.
    fn twice_monthly_from(nth: i8, stamps: &[DateTime]) -> Option<Self> {
        let others: Vec<DateTime> = stamps.iter().copied().filter(|stamp| stamp.day() != nth).collect();
        let are_later = others.iter().all(|stamp| stamp.day() > nth);
        (are_later && same_clock(stamps)).then_some(Step::TwiceMonthly(nth, Day::shared(&others)?))
    }

    fn gaps(&self, stamps: &[DateTime]) -> Option<Vec<Gap>> {
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
    fn count(&self, a: DateTime, b: DateTime) -> Option<i64> {
        let whole = |apart: i128, step: i128| match apart.checked_rem(step)? {
            0 => i64::try_from(apart / step).ok(),
            _ => None,
        };
        match *self {
            Step::Months(months, _) => whole((month(b) - month(a)).into(), months.into()),
            Step::Fixed(step) => whole(nanoseconds(a, b), step),
            Step::Weekdays(days) => Some(days.count(b.date())? - days.count(a.date())?),
            Step::TwiceMonthly(nth, _) => Some(halves(b, nth) - halves(a, nth)),
            Step::Timetable(ref times) => Some(times.count(b)? - times.count(a)?),
            Step::WeekYear(year) => Some(year.count(b.date())? - year.count(a.date())?),
            Step::LongMonths(months) => Some(months.count(b.date())? - months.count(a.date())?),
        }
    }

    /// The stamp so many steps after one of the series; `None` at the end of time.
    pub(crate) fn after(&self, stamp: DateTime, steps: usize) -> Option<DateTime> {
        let steps = i64::try_from(steps).ok()?;
        match *self {
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
            Step::Weekdays(days) => Some(days.after(stamp.date(), steps)?.to_datetime(stamp.time())),
            Step::TwiceMonthly(nth, other) => {
                let later = halves(stamp, nth).checked_add(steps)?;
                let year = i16::try_from(later.div_euclid(24)).ok()?;
                let month = i8::try_from(later.rem_euclid(24) / 2 + 1).ok()?;
                let day = if later.rem_euclid(2) == 0 { Day::Nth(nth) } else { other };
                Some(day.of(year, month)?.to_datetime(stamp.time()))
            }
            Step::Timetable(ref times) => times.after(stamp, steps),
            Step::WeekYear(year) => Some(year.after(stamp.date(), steps)?.to_datetime(stamp.time())),
            Step::LongMonths(months) => Some(months.after(stamp.date(), steps)?.to_datetime(stamp.time())),
        }
    }

    /// What it is called.
    pub(crate) fn frequency(&self) -> Frequency {
        let months = |months| u32::try_from(months).map_or(Frequency::Yearly, Frequency::Months);
        match *self {
            Step::Months(1, _) => Frequency::Monthly,
            Step::Months(3, _) => Frequency::Quarterly,
            Step::Months(12, _) => Frequency::Yearly,
            Step::Months(n, _) => months(n),
            Step::Weekdays(Weekdays::BUSINESS) => Frequency::BusinessDaily,
            Step::Weekdays(days) => Frequency::Weekdays(days.bits()),
            Step::TwiceMonthly(nth, _) => Frequency::TwiceMonthly(nth.unsigned_abs()),
            Step::Timetable(ref times) => Frequency::Timetable(times.clone()),
            Step::WeekYear(year) => Frequency::WeekYear(year),
            Step::LongMonths(months) => Frequency::LongMonths(months.day()),
            Step::Fixed(step) if step % SECOND == 0 => Frequency::of_seconds(step / SECOND),
            Step::Fixed(step) => Frequency::Nanoseconds(u64::try_from(step).unwrap_or(u64::MAX)),
        }
    }
}

/// How many rows are missing in all.
pub(crate) fn missing(gaps: &[Gap]) -> usize {
    gaps.iter().fold(0, |sum, gap| sum.saturating_add(gap.missing))
}

/// Half months from the year 0 on, of which the n-th of a month begins one.
fn halves(stamp: DateTime, nth: i8) -> i64 {
    2 * month(stamp) + i64::from(stamp.day() != nth)
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
