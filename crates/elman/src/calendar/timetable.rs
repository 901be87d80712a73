//! Times of a day, of a week or of a month that rows stand at, over and over: opening hours, quotes of a day's trading,
//! readings at seven, two and nine, the 1st, 11th and 21st.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Span;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::weekdays::{MONDAY, days_in_words, later_date};
use crate::words::{counted, listed, ordinal};

const DAY: u32 = 86_400;

/// The places that a timetable may have: a week of minutes.
const MOST: usize = 7 * 1_440;

/// The places of a month: ten of three days each.
const MOST_OF_MONTH: usize = 10;

/// What a timetable repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Period {
    /// Each day.
    Day,
    /// Each week, from Monday on.
    Week,
    /// Each month. A day that a shorter month lacks is its last.
    Month,
}

/// Times of a day, of a week or of a month that rows stand at, over and over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Timetable {
    period: Period,
    /// Seconds from the beginning of the period on, two at least, in order.
    places: Arc<[u32]>,
}

/// A timetable as files have it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    every: Period,
    /// Places that are equally far apart, as the first, the last and the seconds between two of them.
    runs: Vec<[u32; 3]>,
}

impl Period {
    const ALL: [Period; 3] = [Period::Day, Period::Week, Period::Month];

    /// Its length, at the most.
    fn seconds(self) -> u32 {
        match self {
            Period::Day => DAY,
            Period::Week => 7 * DAY,
            Period::Month => 31 * DAY,
        }
    }

    /// The days that tell it from chance, and what is closed from what is missing: two turns of each place.
    fn telling_days(self) -> i64 {
        match self {
            Period::Day => 2,
            Period::Week => 13,
            Period::Month => 88,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Period::Day => "day",
            Period::Week => "week",
            Period::Month => "month",
        }
    }
}

impl Timetable {
    /// The timetables that all these stamps, which ascend, may follow: of whole seconds, with rows enough to be none by
    /// chance.
    pub(super) fn find(stamps: &[DateTime]) -> Vec<Self> {
        let (Some(first), Some(last)) = (stamps.first(), stamps.last()) else { return Vec::new() };
        if stamps.iter().any(|stamp| stamp.subsec_nanosecond() != 0) {
            return Vec::new();
        }
        let days = last.duration_since(*first).as_hours() / 24;
        let has_one_clock = stamps.windows(2).all(|pair| pair[0].time() == pair[1].time());
        // Of rows with one time of day, `Weekdays` are the days of a week.
        let suits = |period: &Period| has_one_clock == (*period == Period::Month);
        let is_told =
            |timetable: &Self| days >= timetable.period.telling_days() || timetable.closes_on_weekends();
        Period::ALL
            .into_iter()
            .filter(suits)
            .filter_map(|period| Self::of(period, stamps))
            .filter(is_told)
            .collect()
    }

    fn of(period: Period, stamps: &[DateTime]) -> Option<Self> {
        let last_day = stamps.iter().map(|stamp| stamp.day()).max()?;
        let mut places = BTreeSet::new();
        for stamp in stamps {
            places.insert(place(period, *stamp, last_day)?);
            if places.len() > MOST {
                return None;
            }
        }
        // Half of them are seen again.
        if 3 * places.len() > 2 * stamps.len() {
            return None;
        }
        let timetable = Self::new(period, places.into_iter().collect())?;
        stamps.iter().all(|stamp| timetable.count(*stamp).is_some()).then_some(timetable)
    }

    /// None unless there are at least two places, which ascend within the period, and those of a month are at different
    /// days, of which every month has its own.
    fn new(period: Period, places: Vec<u32>) -> Option<Self> {
        let ascend = places.windows(2).all(|pair| pair[0] < pair[1]);
        let are_within = places.last().is_some_and(|&last| last < period.seconds());
        let is_month = period == Period::Month;
        let late = places.iter().filter(|&&place| place / DAY >= 27).count();
        let are_days = places.windows(2).all(|pair| pair[0] / DAY < pair[1] / DAY);
        let suits_month = !is_month || (late <= 1 && are_days && places.len() <= MOST_OF_MONTH);
        let is_one = ascend && are_within && suits_month && (2..=MOST).contains(&places.len());
        is_one.then(|| Timetable { period, places: places.into() })
    }

    /// Is it one of a week that is the same on each open day, from Monday to Friday or to Saturday?
    fn closes_on_weekends(&self) -> bool {
        let mut days = self.days();
        let Some(first) = days.next() else { return false };
        let is_alike = days.all(|day| times_of(day).eq(times_of(first)));
        self.period == Period::Week && is_alike && [0b1_1111, 0b11_1111].contains(&self.open_days())
    }

    /// The places of each of its days that has some.
    fn days(&self) -> impl Iterator<Item = &[u32]> {
        self.places.chunk_by(|a, b| a / DAY == b / DAY)
    }

    /// The days of the week that have places, as bits, the lowest for Monday.
    fn open_days(&self) -> u8 {
        self.places.iter().fold(0, |bits, place| bits | 1 << (place / DAY).min(7))
    }

    /// How many rows a period has.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn period(&self) -> Period {
        self.period
    }

    /// A stamp's place among those of its period, from 0 on, if it is one.
    pub(super) fn place(&self, stamp: DateTime) -> Option<usize> {
        if stamp.subsec_nanosecond() != 0 {
            return None;
        }
        self.places.binary_search(&place(self.period, stamp, self.last_day()?)?).ok()
    }

    /// The last of its days, from 1 on.
    fn last_day(&self) -> Option<i8> {
        i8::try_from(self.places.last()? / DAY + 1).ok()
    }

    /// The day if all days with rows have as many, two at least; else what it repeats. A season is one of these, or the months of a
    /// year.
    pub(super) fn period_of_season(&self) -> Period {
        match self.period {
            Period::Week if self.rows_of_day().is_some_and(|rows| rows > 1) => Period::Day,
            period => period,
        }
    }

    /// The rows of a day, if all days with rows have as many.
    pub(super) fn rows_of_day(&self) -> Option<usize> {
        let mut days = self.days().map(<[u32]>::len);
        let first = days.next()?;
        days.all(|rows| rows == first).then_some(first)
    }

    /// The seconds between two rows of a day that are closest.
    pub(super) fn least_step(&self) -> u32 {
        self.places.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(DAY)
    }

    /// Are most rows of a day so many seconds behind another?
    pub(super) fn has_mostly(&self, step: u32) -> bool {
        let steps = || self.days().flat_map(|day| day.windows(2)).map(|pair| pair[1] - pair[0]);
        2 * steps().filter(|&other| other == step).count() > steps().count()
    }

    /// Rows from a day long ago to a stamp, which is one.
    pub(super) fn count(&self, stamp: DateTime) -> Option<i64> {
        self.count_to(stamp, self.place(stamp)?)
    }

    /// The same of the first row that is not before a stamp.
    pub(super) fn count_from(&self, stamp: DateTime) -> Option<i64> {
        let place = place(self.period, stamp, self.last_day()?)?;
        self.count_to(stamp, self.places.partition_point(|&other| other < place))
    }

    /// Rows to a place of the period of a stamp.
    fn count_to(&self, stamp: DateTime, place: usize) -> Option<i64> {
        let turns = match self.period {
            Period::Day => days(stamp.date()),
            Period::Week => days(stamp.date()).div_euclid(7),
            Period::Month => i64::from(stamp.year()) * 12 + i64::from(stamp.month()) - 1,
        };
        turns.checked_mul(i64::try_from(self.len()).ok()?)?.checked_add(i64::try_from(place).ok()?)
    }

    /// The stamp that is so many rows after one; none at the end of time.
    pub(super) fn after(&self, stamp: DateTime, steps: i64) -> Option<DateTime> {
        self.at(self.count(stamp)?.checked_add(steps)?)
    }

    /// The stamp of such a count; none at the end of time.
    pub(super) fn at(&self, count: i64) -> Option<DateTime> {
        let len = i64::try_from(self.len()).ok()?;
        let turns = count.div_euclid(len);
        let place = self.places.get(usize::try_from(count.rem_euclid(len)).ok()?)?;
        let (day, seconds) = (place / DAY, place % DAY);
        let date = match self.period {
            Period::Day => later_date(MONDAY, turns)?,
            Period::Week => later_date(MONDAY, turns.checked_mul(7)?.checked_add(day.into())?)?,
            Period::Month => {
                let year = i16::try_from(turns.div_euclid(12)).ok()?;
                let first = Date::new(year, i8::try_from(turns.rem_euclid(12)).ok()? + 1, 1).ok()?;
                let day = i8::try_from(day + 1).ok()?.min(first.days_in_month());
                Date::new(first.year(), first.month(), day).ok()?
            }
        };
        date.to_datetime(jiff::civil::Time::midnight()).checked_add(Span::new().seconds(seconds)).ok()
    }

    /// When its rows are: `from 09:00 to 17:00, from Monday to Friday`.
    pub(super) fn in_words(&self) -> String {
        let name = self.period.name();
        if self.period == Period::Month {
            let days = self.places.iter().map(|place| match place / DAY + 1 {
                31 => "last".to_owned(),
                day => ordinal(day),
            });
            return format!("on the {} of the month", listed(days, "and"));
        }
        let mut days = self.days();
        let Some(first) = days.next() else { return String::new() };
        let times: Vec<u32> = times_of(first).collect();
        if days.any(|day| times_of(day).ne(times.iter().copied())) || runs(&times).len() > 4 {
            return format!("{} a {name}", counted(self.len(), "time"));
        }
        match self.period {
            Period::Week => on_days(&times_in_words(&times), self.open_days()),
            _ => times_in_words(&times),
        }
    }

    /// The same with the times of each day, where days have different ones.
    pub(super) fn in_full(&self) -> String {
        if self.period == Period::Month {
            return self.in_words();
        }
        let mut alike: Vec<(Vec<u32>, u8)> = Vec::new();
        for day in self.days() {
            let (times, bit) = (times_of(day).collect::<Vec<_>>(), 1 << (day[0] / DAY).min(7));
            match alike.iter_mut().find(|(other, _)| *other == times) {
                Some((_, days)) => *days |= bit,
                None => alike.push((times, bit)),
            }
        }
        let words = alike.iter().map(|(times, days)| match self.period {
            Period::Week => on_days(&times_in_words(times), *days),
            _ => times_in_words(times),
        });
        words.collect::<Vec<_>>().join("; ")
    }
}

/// Times of a day, as seconds: `from 09:00 to 17:00`.
fn times_in_words(times: &[u32]) -> String {
    let of_run = |[first, last, step]: [u32; 3]| match (last - first).checked_div(step) {
        None => format!("at {}", clock(first)),
        Some(1) => format!("at {} and {}", clock(first), clock(last)),
        Some(_) if step == 3_600 => format!("from {} to {}", clock(first), clock(last)),
        Some(_) if step % 60 == 0 => {
            format!(
                "every {} from {} to {}",
                counted(step as usize / 60, "minute"),
                clock(first),
                clock(last)
            )
        }
        Some(_) => {
            format!("every {} from {} to {}", counted(step as usize, "second"), clock(first), clock(last))
        }
    };
    match times.len() {
        ..=3 => format!("at {}", listed(times.iter().copied().map(clock), "and")),
        _ => listed(runs(times).into_iter().map(of_run), "and"),
    }
}

/// Times on days of the week, which are bits, unless they are all: `from 09:00 to 17:00, from Monday to Friday`.
fn on_days(times: &str, days: u8) -> String {
    let words = days_in_words(days);
    match words.strip_prefix("of ") {
        _ if days == 0x7f => times.to_owned(),
        Some(days) => format!("{times}, on {days}"),
        None => format!("{times}, {words}"),
    }
}

impl TryFrom<Written> for Timetable {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let mut places = Vec::new();
        for [first, last, step] in written.runs {
            let rows = last.saturating_sub(first).checked_div(step).unwrap_or(0).saturating_add(1);
            if first > last || last >= written.every.seconds() || places.len() + rows as usize > MOST {
                return Err(format!("a timetable has a run of {first} to {last}"));
            }
            places.extend((0..rows).map(|row| first + row * step));
        }
        Self::new(written.every, places).ok_or_else(|| "a timetable has no times in order".into())
    }
}

impl From<Timetable> for Written {
    fn from(timetable: Timetable) -> Self {
        Written { every: timetable.period, runs: runs(&timetable.places) }
    }
}

/// The seconds from the beginning of its period to a stamp. A last day of a month is the `last_day` of those that are
/// longer.
fn place(period: Period, stamp: DateTime, last_day: i8) -> Option<u32> {
    let midnight = stamp.date().to_datetime(jiff::civil::Time::midnight());
    let of_day = u32::try_from(stamp.duration_since(midnight).as_secs()).ok()?;
    let day = match period {
        Period::Day => 0,
        Period::Week => stamp.weekday().to_monday_zero_offset(),
        Period::Month if stamp.day() == stamp.date().days_in_month() => stamp.day().max(last_day) - 1,
        Period::Month => stamp.day() - 1,
    };
    Some(u32::from(day.unsigned_abs()) * DAY + of_day)
}

/// The seconds of the day of a day's places.
fn times_of(day: &[u32]) -> impl Iterator<Item = u32> {
    day.iter().map(|place| place % DAY)
}

fn days(date: Date) -> i64 {
    date.duration_since(MONDAY).as_hours() / 24
}

/// Numbers in order as runs that are equally far apart: first, last and step; of one number the step is 0.
fn runs(numbers: &[u32]) -> Vec<[u32; 3]> {
    let mut runs: Vec<[u32; 3]> = Vec::new();
    for &number in numbers {
        match runs.last_mut() {
            Some([first, last, step]) if first == last || number - *last == *step => {
                *step = number - *last;
                *last = number;
            }
            _ => runs.push([number, number, 0]),
        }
    }
    runs
}

fn clock(seconds: u32) -> String {
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match seconds {
        0 => format!("{hours:02}:{minutes:02}"),
        _ => format!("{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamps(texts: &[&str]) -> Vec<DateTime> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn runs_are_written_short_and_read_again() {
        assert_eq!(runs(&[1, 2, 3, 10, 14, 18, 30]), [[1, 3, 1], [10, 18, 4], [30, 30, 0]]);
        let places: Vec<u32> =
            (0..5).flat_map(|day| (9..18).map(move |hour| day * DAY + hour * 3_600)).collect();
        let timetable = Timetable::new(Period::Week, places).unwrap();
        assert_eq!(timetable.in_words(), "from 09:00 to 17:00, from Monday to Friday");
        let json = serde_json::to_string(&timetable).unwrap();
        assert!(json.starts_with(r#"{"every":"week","runs":[[32400,61200,3600],"#), "{json}");
        assert_eq!(serde_json::from_str::<Timetable>(&json).unwrap(), timetable);
    }

    #[test]
    fn timetables_of_foreign_bytes_are_refused() {
        for runs in [
            "[]",
            "[[0,0,0]]",
            "[[5,1,1]]",
            "[[0,4294967295,1]]",
            "[[0,90000,600]]",
            "[[10,20,10],[15,25,10]]",
            "[[4294967295,4294967295,1]]",
        ] {
            let json = format!(r#"{{"every":"day","runs":{runs}}}"#);
            assert!(serde_json::from_str::<Timetable>(&json).is_err(), "{runs}");
        }
        // In February the 28th and the 30th are one day.
        let json = format!(r#"{{"every":"month","runs":[[{},{},{}]]}}"#, 27 * DAY, 29 * DAY, 2 * DAY);
        assert!(serde_json::from_str::<Timetable>(&json).is_err());
    }

    #[test]
    fn rows_are_counted_and_found_again() {
        let thrice: Vec<DateTime> = (1..6)
            .flat_map(|day| [7, 14, 21].map(|hour| Date::constant(2023, 12, 28 + day % 4).at(hour, 0, 0, 0)))
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let [timetable] = &Timetable::find(&thrice)[..] else { panic!("one") };
        assert_eq!(timetable.in_words(), "at 07:00, 14:00 and 21:00");
        let next = timetable.after(thrice[0], 4).unwrap();
        assert_eq!(timetable.count(next).unwrap() - timetable.count(thrice[0]).unwrap(), 4);
        assert_eq!(next.to_string(), "2023-12-29T14:00:00");
        assert_eq!(timetable.count("2023-12-29T15:00:00".parse().unwrap()), None);
    }

    #[test]
    fn the_last_day_of_a_month_is_its_last() {
        let rows = stamps(&[
            "2024-01-10T00:00",
            "2024-01-20T00:00",
            "2024-01-31T00:00",
            "2024-02-10T00:00",
            "2024-02-20T00:00",
            "2024-02-29T00:00",
            "2024-03-10T00:00",
            "2024-03-20T00:00",
            "2024-03-31T00:00",
        ]);
        // 82 days tell nothing yet.
        assert_eq!(Timetable::find(&rows), []);
        let timetable = Timetable::of(Period::Month, &rows).unwrap();
        assert_eq!(timetable.in_words(), "on the 10th, 20th and last of the month");
        for (row, stamp) in rows.iter().enumerate() {
            assert_eq!(timetable.after(rows[0], row as i64), Some(*stamp));
        }
        assert_eq!(timetable.after(rows[8], 3), "2024-04-30T00:00".parse().ok());
        assert_eq!(timetable.place("2024-03-30T00:00".parse().unwrap()), None);
    }

    #[test]
    fn times_by_chance_are_no_timetable() {
        let mut seconds = 0;
        let rows: Vec<DateTime> = (0..200_u64)
            .map(|n| {
                seconds += 600 + n.wrapping_mul(2_654_435_761) % 7_200;
                Date::constant(2024, 1, 1)
                    .at(0, 0, 0, 0)
                    .checked_add(Span::new().seconds(seconds as i64))
                    .unwrap()
            })
            .collect();
        assert_eq!(Timetable::find(&rows), []);
    }
}
