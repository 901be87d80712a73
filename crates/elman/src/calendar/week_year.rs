//! Years of whole weeks, 52 and now and then 53, and their periods: months of four and five weeks as retail has them, quarters of
//! thirteen weeks, ISO years.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use super::weekdays::{DAYS, later_date, weekday};
use crate::words::listed;

/// So many rows at periods of such years are none by chance; of years themselves fewer do.
const TELLING: usize = 8;
const TELLING_YEARS: usize = 5;

/// The periods of a year of 52 weeks. In a year of 53 the last is a week longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Weeks {
    /// Four quarters of periods of 4, 4 and 5 weeks.
    FourFourFive,
    /// Four quarters of periods of 4, 5 and 4 weeks.
    FourFiveFour,
    /// Four quarters of periods of 5, 4 and 4 weeks.
    FiveFourFour,
    /// Four quarters of 13 weeks.
    Quarters,
    /// Thirteen periods of four weeks.
    Fours,
    /// The year as a whole.
    Year,
}

/// A year of whole weeks. It begins on the first such day of the week that is not before a day of the calendar's year, which
/// makes 53 weeks of every fifth or sixth: the last Saturday of a month, the Sunday nearest the first of another, the Monday of
/// the ISO year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct WeekYear {
    weeks: Weeks,
    /// From Monday, 0, on.
    weekday: u8,
    /// That day of the calendar's year: so many days after the first of this month.
    month: i8,
    offset: i16,
}

/// Such a year as files have it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    weeks: Weeks,
    weekday: u8,
    month: i8,
    offset: i16,
}

impl Weeks {
    const ALL: [Weeks; 6] = [
        Weeks::FourFourFive,
        Weeks::FourFiveFour,
        Weeks::FiveFourFour,
        Weeks::Quarters,
        Weeks::Fours,
        Weeks::Year,
    ];

    /// The weeks of each period, over and over.
    fn pattern(self) -> &'static [i64] {
        match self {
            Weeks::FourFourFive => &[4, 4, 5],
            Weeks::FourFiveFour => &[4, 5, 4],
            Weeks::FiveFourFour => &[5, 4, 4],
            Weeks::Quarters => &[13],
            Weeks::Fours => &[4],
            Weeks::Year => &[52],
        }
    }

    /// The week of the year, from 0 on, with which each period begins.
    fn starts(self) -> impl Iterator<Item = i64> {
        let weeks = self.pattern().iter().cycle().take(self.len());
        weeks.scan(0, |next, weeks| {
            let first = *next;
            *next += weeks;
            Some(first)
        })
    }

    /// The periods of a year.
    fn len(self) -> usize {
        match self {
            Weeks::FourFourFive | Weeks::FourFiveFour | Weeks::FiveFourFour => 12,
            Weeks::Quarters => 4,
            Weeks::Fours => 13,
            Weeks::Year => 1,
        }
    }
}

impl WeekYear {
    /// The years whose periods all these stamps, which ascend, may be: those that are kept most often come first. Few stamps fit
    /// several, as a year of 4, 5 and 4 weeks from February on has quarters of 4, 4 and 5 weeks from January on.
    pub(super) fn find(stamps: &[DateTime]) -> Vec<Self> {
        let Some(first) = stamps.first() else { return Vec::new() };
        let is_like = |stamp: &DateTime| stamp.weekday() == first.weekday() && stamp.time() == first.time();
        if stamps.len() < TELLING_YEARS || !stamps.iter().all(is_like) {
            return Vec::new();
        }
        let apart = |pair: &[DateTime]| pair[1].duration_since(pair[0]).as_hours() / (7 * 24);
        let least = stamps.windows(2).map(apart).min().unwrap_or_default();
        let may_be = |weeks: &Weeks| {
            let telling = if *weeks == Weeks::Year { TELLING_YEARS } else { TELLING };
            weeks.pattern().iter().min() == Some(&least) && stamps.len() >= telling
        };
        let standards = [Weeks::FourFiveFour, Weeks::FourFourFive, Weeks::Quarters, Weeks::Fours];
        let standards = standards.into_iter().filter(may_be);
        let standards = standards.filter_map(|weeks| Self::of_standard(weeks, weekday(first.date())));
        let others = Weeks::ALL.into_iter().filter(may_be);
        let years = standards.chain(others.flat_map(|weeks| Self::of_weeks(weeks, first.date())));
        years.filter(|year| stamps.iter().all(|stamp| year.place(stamp.date()).is_some())).collect()
    }

    /// The years that are kept by a standard, and counted on a day of the week.
    fn of_standard(weeks: Weeks, weekday: u8) -> Option<Self> {
        let (month, offset) = match (weeks, weekday) {
            // The National Retail Federation's end on the Saturday nearest the end of January; a Sunday begins the next.
            (Weeks::FourFiveFour, 5) => (2, -4),
            (Weeks::FourFiveFour, 6) => (2, -3),
            // ISO years begin on the Monday nearest the first of January; a Sunday ends the one before.
            (Weeks::FourFourFive | Weeks::Quarters | Weeks::Fours, 0) => (1, -3),
            (Weeks::FourFourFive | Weeks::Quarters | Weeks::Fours, 6) => (1, -4),
            _ => return None,
        };
        Some(WeekYear { weeks, weekday, month, offset })
    }

    /// The years that begin on a day of the week as this one: near the end of a month, of January first; or, of years as a whole,
    /// in its ISO week.
    fn of_weeks(weeks: Weeks, first: Date) -> impl Iterator<Item = Self> {
        /// The first days of weeks around the end of a month, from the first of the next on: nearest the last day or the last of
        /// the month; the days after those, which begin what they end.
        const ENDS: [i16; 4] = [-4, -7, -3, -6];
        const BEGINNINGS: [i16; 4] = [-3, -6, -4, -7];
        const MONTHS: [i8; 12] = [2, 1, 7, 10, 9, 4, 3, 5, 6, 8, 11, 12];
        let weekday = weekday(first);
        // Weeks begin on Sundays or Mondays, and end on the other days.
        let offsets = if matches!(weekday, 0 | 6) { BEGINNINGS } else { ENDS };
        let near = MONTHS
            .into_iter()
            .flat_map(move |month| offsets.map(|offset| WeekYear { weeks, weekday, month, offset }));
        let offset = i16::from(weekday) - 3 + 7 * (i16::from(first.iso_week_date().week()) - 1);
        let iso = (weeks == Weeks::Year).then_some(WeekYear { weeks, weekday, month: 1, offset });
        near.chain(iso)
    }

    /// How many periods it has.
    pub(super) fn len(self) -> usize {
        self.weeks.len()
    }

    /// The day on which the year begins that begins about that of the calendar.
    fn beginning(self, year: i16) -> Option<Date> {
        let from = later_date(Date::new(year, self.month, 1).ok()?, self.offset.into())?;
        later_date(from, (i64::from(self.weekday) - i64::from(weekday(from))).rem_euclid(7))
    }

    /// The year and the place among its periods, from 0 on, of the day on which a period begins.
    fn found(self, date: Date) -> Option<(i64, usize)> {
        let years = (date.year() - 2..=date.year() + 1).rev();
        let (year, beginning) =
            years.filter_map(|year| Some((year, self.beginning(year)?))).find(|(_, first)| *first <= date)?;
        let days = date.duration_since(beginning).as_hours() / 24;
        let place = self.weeks.starts().position(|week| 7 * week == days)?;
        Some((year.into(), place))
    }

    /// A period's place in its year, from 0 on, by the day on which it begins.
    pub(super) fn place(self, date: Date) -> Option<usize> {
        Some(self.found(date)?.1)
    }

    /// Periods from a year long ago to one, by the day on which it begins.
    pub(super) fn count(self, date: Date) -> Option<i64> {
        let (year, place) = self.found(date)?;
        year.checked_mul(self.len() as i64)?.checked_add(place as i64)
    }

    /// The day that is so many periods after one.
    pub(super) fn after(self, date: Date, steps: i64) -> Option<Date> {
        let count = self.count(date)?.checked_add(steps)?;
        let (year, place) = (count.div_euclid(self.len() as i64), count.rem_euclid(self.len() as i64));
        let week = self.weeks.starts().nth(usize::try_from(place).ok()?)?;
        later_date(self.beginning(i16::try_from(year).ok()?)?, 7 * week)
    }

    /// Other years that these stamps may be of as well, and by which others follow them within two years.
    pub(super) fn beside(self, stamps: &[DateTime]) -> Option<Self> {
        let last = stamps.last()?.date();
        let ahead = 2 * self.len().max(3) as i64;
        let differs = |other: &Self| (1..=ahead).any(|n| other.after(last, n) != self.after(last, n));
        Self::find(stamps).into_iter().filter(|other| Self::follows(*other, stamps)).find(differs)
    }

    /// Does each of these stamps follow the one before by one period?
    fn follows(self, stamps: &[DateTime]) -> bool {
        stamps.windows(2).all(|pair| self.after(pair[0].date(), 1) == Some(pair[1].date()))
    }

    /// One period, in a word.
    pub(super) fn row_name(self) -> &'static str {
        match self.weeks {
            Weeks::Year => "year",
            Weeks::Quarters => "quarter",
            _ => "period",
        }
    }

    /// One period, with its weeks.
    pub(super) fn step_name(self) -> String {
        match self.weeks {
            Weeks::Year => "year of 52 or 53 weeks".into(),
            _ => {
                let weeks = self.weeks.pattern().iter().map(|weeks| weeks.to_string());
                format!("{} of {} weeks", self.row_name(), listed(weeks, "and"))
            }
        }
    }

    /// The day from which it is counted: `the Saturday from 28 January to 3 February`.
    pub(super) fn in_words(self) -> String {
        let day = DAYS[usize::from(self.weekday % 7)];
        let from =
            Date::new(2001, self.month, 1).ok().and_then(|first| later_date(first, self.offset.into()));
        let to = from.and_then(|from| later_date(from, 6));
        let named =
            |date: Option<Date>| date.map_or(String::new(), |date| date.strftime("%-d %B").to_string());
        format!("the {day} from {} to {}", named(from), named(to))
    }
}

impl TryFrom<Written> for WeekYear {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { weeks, weekday, month, offset } = written;
        let is_one = weekday < 7 && (1..=12).contains(&month) && (-7..371).contains(&offset);
        is_one
            .then_some(WeekYear { weeks, weekday, month, offset })
            .ok_or_else(|| format!("a year of weeks begins on no day: {weekday}, {month}, {offset}"))
    }
}

impl From<WeekYear> for Written {
    fn from(year: WeekYear) -> Self {
        let WeekYear { weeks, weekday, month, offset } = year;
        Written { weeks, weekday, month, offset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dates(first: &str, weeks: impl IntoIterator<Item = i64>) -> Vec<DateTime> {
        let mut date: Date = first.parse().unwrap();
        let mut rows = Vec::new();
        for weeks in weeks {
            rows.push(date.to_datetime(jiff::civil::Time::midnight()));
            date = later_date(date, 7 * weeks).unwrap();
        }
        rows
    }

    /// The ends of the years of the National Retail Federation; that of 2023 had 53 weeks.
    #[test]
    fn a_year_of_53_weeks_ends_with_a_longer_period() {
        let quarter = [4, 5, 4];
        let ends = ["2020-02-01", "2021-01-30", "2022-01-29", "2023-01-28", "2024-02-03", "2025-02-01"];
        let weeks = (0..5).flat_map(|year| {
            let last = if year == 3 { 5 } else { 4 };
            quarter.into_iter().cycle().take(11).chain([last])
        });
        let rows = dates(ends[0], weeks);
        for (year, end) in ends[..5].iter().enumerate() {
            assert_eq!(rows[12 * year].date().to_string(), *end);
        }
        let [found, ..] = WeekYear::find(&rows)[..] else { panic!("one") };
        assert_eq!(found.step_name(), "period of 4, 5 and 4 weeks");
        assert_eq!(found.in_words(), "the Saturday from 28 January to 3 February");
        for (n, row) in (0..).zip(&rows) {
            assert_eq!(found.after(rows[0].date(), n), Some(row.date()));
            assert_eq!(found.count(row.date()).unwrap() - found.count(rows[0].date()).unwrap(), n);
        }
        assert_eq!(found.after(rows[0].date(), 60).unwrap().to_string(), ends[5]);
        // 30 January 2027, 29 January 2028, and 53 weeks to 3 February 2029.
        assert_eq!(found.after(rows[0].date(), 108).unwrap().to_string(), "2029-02-03");
        assert_eq!(found.place("2024-01-27".parse().unwrap()), None);
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(json, r#"{"weeks":"four-five-four","weekday":5,"month":2,"offset":-4}"#);
        assert_eq!(serde_json::from_str::<WeekYear>(&json).unwrap(), found);
    }

    /// Two years of retail periods are none of 4, 4 and 5 weeks, wherever they begin; four of ISO years none of others.
    #[test]
    fn years_that_standards_have_come_first() {
        // The years from 2013 on, of which the `long` ones have 53 weeks.
        let years = |first: &str, [a, b, c]: [i64; 3], long: &[i32]| {
            let of_year = |year: i32| {
                let last = c + i64::from(long.contains(&year));
                [a, b, c].into_iter().cycle().take(11).chain([last])
            };
            dates(first, (2013..2025).flat_map(of_year))
        };
        let retail = |first| years(first, [4, 5, 4], &[2017, 2023]);
        let iso = |first| years(first, [4, 4, 5], &[2015, 2020]);
        for (rows, count, weeks, from) in [
            (retail("2013-02-02"), 24, "4, 5 and 4", "the Saturday from 28 January"),
            (retail("2013-02-03"), 24, "4, 5 and 4", "the Sunday from 29 January"),
            (iso("2012-12-30"), 48, "4, 4 and 5", "the Sunday from 28 December"),
            (iso("2012-12-31"), 48, "4, 4 and 5", "the Monday from 29 December"),
        ] {
            for rows in rows.windows(count) {
                let found = WeekYear::find(rows)[0];
                assert_eq!(found.step_name(), format!("period of {weeks} weeks"));
                assert!(found.in_words().starts_with(from), "{}", found.in_words());
            }
        }
    }

    #[test]
    fn weeks_of_a_year_are_those_of_iso() {
        for week in [1, 10, 52] {
            for day in jiff::civil::Weekday::Monday.cycle_forward().take(7) {
                let date = |year| jiff::civil::ISOWeekDate::new(year, week, day).unwrap().date();
                let rows: Vec<DateTime> =
                    (1985..2025).map(|year| date(year).to_datetime(jiff::civil::Time::midnight())).collect();
                let [found, ..] = WeekYear::find(&rows)[..] else { panic!("one of week {week}") };
                assert_eq!(found.step_name(), "year of 52 or 53 weeks");
                assert!((0..60).all(|n| found.after(rows[0].date(), n.into()) == Some(date(1985 + n))));
            }
        }
    }

    #[test]
    fn years_of_foreign_bytes_are_refused() {
        for (weekday, month, offset) in [(7, 1, 0), (0, 0, 0), (0, 13, 0), (0, 1, -8), (0, 1, 400)] {
            let json = format!(r#"{{"weeks":"year","weekday":{weekday},"month":{month},"offset":{offset}}}"#);
            assert!(serde_json::from_str::<WeekYear>(&json).is_err(), "{json}");
        }
        let last = WeekYear { weeks: Weeks::Year, weekday: 0, month: 12, offset: 370 };
        assert_eq!(last.after(Date::MAX, 1), None);
        assert_eq!(last.count(Date::MIN), None);
    }
}
