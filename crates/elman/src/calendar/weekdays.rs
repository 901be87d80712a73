//! Days of the week that are open, which rows follow.

use jiff::Span;
use jiff::civil::Date;

/// Some days of the week, two to six.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Weekdays {
    /// A bit for each, the lowest for Monday.
    bits: u8,
}

/// A Monday.
pub(super) const MONDAY: Date = Date::constant(1970, 1, 5);

impl Weekdays {
    /// From Monday to Friday.
    pub(crate) const BUSINESS: Weekdays = Weekdays { bits: 0b1_1111 };

    /// Days as bits, the lowest for Monday; none unless they are two to six.
    pub(crate) fn new(bits: u8) -> Option<Self> {
        (bits < 128 && (2..=6).contains(&bits.count_ones())).then_some(Weekdays { bits })
    }

    pub(crate) fn bits(self) -> u8 {
        self.bits
    }

    /// How many they are.
    pub(crate) fn len(self) -> usize {
        self.bits.count_ones() as usize
    }

    /// A date's place among the open days of its week, from 0 on, if it is one.
    pub(crate) fn place(self, date: Date) -> Option<usize> {
        let day = weekday(date);
        let before = self.bits & ((1 << day) - 1);
        (self.bits >> day & 1 == 1).then_some(before.count_ones() as usize)
    }

    /// How many open days there are from a Monday to a date, which is one.
    pub(super) fn count(self, date: Date) -> Option<i64> {
        let days = date.duration_since(MONDAY).as_hours() / 24;
        Some(days.div_euclid(7) * self.len() as i64 + self.place(date)? as i64)
    }

    /// The open day that is so many after one.
    pub(super) fn after(self, date: Date, steps: i64) -> Option<Date> {
        let later = self.count(date)?.checked_add(steps)?;
        let (weeks, place) = (later.div_euclid(self.len() as i64), later.rem_euclid(self.len() as i64));
        let open = (0..7).filter(|day| self.bits >> day & 1 == 1);
        let day = open.into_iter().nth(usize::try_from(place).ok()?)?;
        later_date(MONDAY, weeks.checked_mul(7)?.checked_add(day)?)
    }

    /// Their names: `from Monday to Saturday`, `of Monday, Wednesday and Friday`.
    pub(super) fn in_words(self) -> String {
        days_in_words(self.bits)
    }
}

/// The names of the days of the week.
pub(super) const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Names of days, which are bits, the lowest for Monday: `from Monday to Saturday`, `of Monday, Wednesday and Friday`.
pub(super) fn days_in_words(bits: u8) -> String {
    let is_open = |day: usize| bits >> (day % 7) & 1 == 1;
    let open = (0..7).filter(|&day| is_open(day)).collect::<Vec<_>>();
    let first = open.iter().copied().filter(|&day| !is_open(day + 6)).collect::<Vec<_>>();
    match first[..] {
        [first] if open.len() > 2 => {
            format!("from {} to {}", DAYS[first], DAYS[(first + open.len() - 1) % 7])
        }
        _ => format!("of {}", crate::words::listed(open.into_iter().map(|day| DAYS[day]), "and")),
    }
}

/// A date's day of the week, from Monday, 0, on.
pub(super) fn weekday(date: Date) -> u8 {
    date.weekday().to_monday_zero_offset().unsigned_abs()
}

/// The date that is so many days later; none at the end of time.
pub(super) fn later_date(date: Date, days: i64) -> Option<Date> {
    date.checked_add(Span::new().try_days(days).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_days_follow_each_other() {
        for bits in (0..=u8::MAX).filter_map(Weekdays::new) {
            let days = Date::constant(1969, 12, 20).series(Span::new().days(1)).take(30);
            let open: Vec<Date> = days.filter(|&day| bits.place(day).is_some()).collect();
            for (steps, &day) in (0..).zip(&open) {
                assert_eq!(bits.after(open[0], steps), Some(day), "{bits:?}");
                assert_eq!(bits.count(day).unwrap() - bits.count(open[0]).unwrap(), steps);
            }
        }
    }

    #[test]
    fn open_days_are_named() {
        for (bits, words) in [
            (0b11_1111, "from Monday to Saturday"),
            (0b100_1111, "from Sunday to Thursday"),
            (0b1_0101, "of Monday, Wednesday and Friday"),
            (0b110_0000, "of Saturday and Sunday"),
        ] {
            assert_eq!(Weekdays::new(bits).unwrap().in_words(), words);
        }
        assert!([0, 1, 0b111_1111, 0b1000_0001].into_iter().all(|bits| Weekdays::new(bits).is_none()));
    }
}
