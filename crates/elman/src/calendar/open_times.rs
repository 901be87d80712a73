//! Frequencies of days and hours that are open: which are alike, and which rows follow more than one.

use jiff::civil::DateTime;

use super::weekdays::Weekdays;
use super::{Calendar, Frequency, Period};

impl Frequency {
    /// May series of these two frequencies be learned from together: are they the same, or open at times of their own that make
    /// seasons of as many rows, both of a day, a week or a month?
    pub(crate) fn is_alike(&self, other: &Frequency) -> bool {
        let open_days = |frequency: &Frequency| frequency.open_days().map(Weekdays::len);
        match (self, other) {
            (Frequency::Timetable(a), Frequency::Timetable(b)) => {
                a.period_of_season() == b.period_of_season() && self.season() == other.season()
            }
            _ => self == other || open_days(self).is_some_and(|days| open_days(other) == Some(days)),
        }
    }

    /// Are the rows at some of the days or hours that could have one?
    pub(crate) fn is_of_open_times(&self) -> bool {
        matches!(self, Frequency::Timetable(_) | Frequency::BusinessDaily | Frequency::Weekdays(_))
    }

    /// Are rows of this frequency rows of the `other` as well, while it is open: both of days, or both of times of day?
    pub(crate) fn may_be_closed_in(&self, other: &Frequency) -> bool {
        let is_of_days = |frequency: &Frequency| {
            matches!(frequency, Frequency::Daily | Frequency::BusinessDaily | Frequency::Weekdays(_))
        };
        let is_of_hours = |frequency: &Frequency| match frequency {
            Frequency::Hourly | Frequency::Minutes(_) => true,
            Frequency::Timetable(times) => times.period() != Period::Month,
            _ => false,
        };
        is_of_days(self) && is_of_days(other) || is_of_hours(self) && is_of_hours(other)
    }

    /// May a row stand at a time, as far as open days and hours tell?
    fn is_open_at(&self, stamp: DateTime) -> bool {
        match self {
            Frequency::Timetable(times) => times.place(stamp).is_some(),
            _ => self.open_days().is_none_or(|days| days.place(stamp.date()).is_some()),
        }
    }

    /// The days of the week that are open, if the rows are at some.
    fn open_days(&self) -> Option<Weekdays> {
        match *self {
            Frequency::BusinessDaily => Some(Weekdays::BUSINESS),
            Frequency::Weekdays(days) => Weekdays::new(days),
            _ => None,
        }
    }
}

impl Calendar {
    /// Do the rows reach over each day of a week, so that they tell which of them are closed?
    pub(crate) fn spans_week(&self) -> bool {
        let date = |row| Some(self.local(row)?.date());
        let (Some(first), Some(last)) = (date(0), date(self.num_rows().saturating_sub(1))) else {
            return false;
        };
        last.duration_since(first).as_hours() / 24 >= 6
    }

    /// May the rows follow another frequency, as far as open days and hours tell?
    pub(crate) fn may_follow(&self, other: &Frequency) -> bool {
        // Rows beside even times, and those by clocks that change unsaid, are moved before they are counted.
        if self.scatter.is_some() || self.offset_change.is_some() {
            return true;
        }
        self.rows_there().all(|row| self.local(row).is_none_or(|stamp| other.is_open_at(stamp)))
    }
}
