//! Months that have a 29th, 30th or 31st: rows at that day, and none in the months that end before.

use jiff::civil::{Date, DateTime};

use crate::words::ordinal;

/// So many rows are at such a day by no chance.
const TELLING: usize = 6;

/// The months that have this day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LongMonths {
    /// The 29th, 30th or 31st.
    day: i8,
}

impl LongMonths {
    /// None unless it is a day that some month does not have.
    pub(super) fn new(day: u8) -> Option<Self> {
        (29..=31).contains(&day).then(|| LongMonths { day: day.cast_signed() })
    }

    /// Those at whose day all these stamps are.
    pub(super) fn find(stamps: &[DateTime]) -> Option<Self> {
        let first = stamps.first()?;
        let is_like = |stamp: &DateTime| stamp.day() == first.day() && stamp.time() == first.time();
        let found = Self::new(first.day().unsigned_abs())?;
        (stamps.len() >= TELLING && stamps.iter().all(is_like)).then_some(found)
    }

    pub(super) fn day(self) -> u8 {
        self.day.unsigned_abs()
    }

    /// How many a year has; none where that depends on the year.
    pub(super) fn len(self) -> Option<usize> {
        match self.day {
            30 => Some(11),
            31 => Some(7),
            _ => None,
        }
    }

    /// How many a year has, on average.
    pub(super) fn mean_len(self) -> f64 {
        self.len().map_or(11.2425, |len| len as f64)
    }

    fn of_year(self, year: i16) -> impl Iterator<Item = Date> {
        (1..=12).filter_map(move |month| Date::new(year, month, self.day).ok())
    }

    /// A date's place among those of its year, from 0 on, if it is one.
    pub(super) fn place(self, date: Date) -> Option<usize> {
        self.of_year(date.year()).position(|day| day == date)
    }

    /// How many there are before a year, from the year 0 on.
    fn before(self, year: i64) -> i64 {
        let leap_years = || {
            let last = year - 1;
            last.div_euclid(4) - last.div_euclid(100) + last.div_euclid(400) + 1
        };
        self.len().map_or_else(|| 11 * year + leap_years(), |len| year * len as i64)
    }

    /// How many there are from the year 0 to a date, which is one.
    pub(super) fn count(self, date: Date) -> Option<i64> {
        Some(self.before(date.year().into()) + self.place(date)? as i64)
    }

    /// The date that is so many after one.
    pub(super) fn after(self, date: Date, steps: i64) -> Option<Date> {
        let count = self.count(date)?.checked_add(steps)?;
        // At most a year off.
        let about = i16::try_from((count as f64 / self.mean_len()) as i64).ok()?;
        let years = (about.checked_sub(1)?..=about.checked_add(1)?).rev();
        let year = years.into_iter().find(|&year| self.before(year.into()) <= count)?;
        let place = usize::try_from(count - self.before(year.into())).ok()?;
        self.of_year(year).nth(place)
    }

    /// One of them: `month that has a 31st`.
    pub(super) fn step_name(self) -> String {
        format!("month that has a {}", ordinal(self.day.unsigned_abs().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_without_the_day_are_passed_over() {
        for day in 29..=31 {
            let months = LongMonths::new(day).unwrap();
            let first = Date::constant(1899, 1, day.cast_signed());
            let dates = (1899..2410).flat_map(|year| months.of_year(year));
            for (steps, date) in (0..).zip(dates) {
                assert_eq!(months.after(first, steps), Some(date));
                assert_eq!(months.count(date).unwrap() - months.count(first).unwrap(), steps);
            }
        }
        let of_31 = LongMonths::new(31).unwrap();
        assert_eq!(of_31.step_name(), "month that has a 31st");
        assert_eq!(of_31.after(Date::constant(9999, 12, 31), 1), None);
        assert_eq!(of_31.place(Date::constant(2024, 4, 30)), None);
        assert!(LongMonths::new(28).is_none() && LongMonths::new(32).is_none());
    }
}
