mod fold;
mod formats;
mod parts;
mod pattern;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::fmt::{self, Display};
use std::ops::Range;

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};

pub(crate) use pattern::{Pattern, shared_clock};

use crate::calendar::{Step, missing};
use formats::{DAY_OF_YEAR, candidates};
use pattern::Seen;

use super::number::finite;

/// A point in time of a table, shown as its column writes it: `1949-01`, `31.12.2023 14:05`, `1980Q1`.
///
/// Times of a column compare by when they are, not by how they are written: `12:00+01:00` equals `11:00Z`.
/// Where a column says no distance from UTC, its times are all of one clock.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    stamp: DateTime,
    /// Seconds east of UTC; 0 where nothing is said.
    offset: i32,
    pattern: &'static Pattern,
}

/// The times of a column's cells, or why they are none.
pub(super) type Reading = Result<Vec<Time>, Unread>;

/// Why cells cannot be read as times.
#[derive(Clone, Debug)]
pub(super) enum Unread {
    /// The cell in this row is no time; that in the other row is, and the most cells are written like it.
    NotATime { row: usize, like: Option<(usize, String)> },
    /// Day, month and year could be read in these orders, and no cell tells which.
    Ambiguous { row: usize, formats: [String; 2] },
    /// The cells are days of months, without a year.
    NoYear { row: usize },
}

impl Unread {
    /// Are they times, of which only the order of day and month is open?
    pub(super) fn is_ambiguous(&self) -> bool {
        matches!(self, Unread::Ambiguous { .. })
    }
}

impl Time {
    /// The date and the time of day that are written: the first of a month or another period and midnight
    /// where none is.
    pub(crate) fn stamp(self) -> DateTime {
        self.stamp
    }

    /// Seconds east of UTC, 0 where nothing is said.
    pub(crate) fn offset(self) -> i32 {
        self.offset
    }

    /// How it is written, as `strftime` has it.
    pub fn format(self) -> String {
        self.pattern.to_string()
    }

    /// Could times written so have day, month and year in another order?
    pub(crate) fn is_order_open(self) -> bool {
        self.pattern.open_mark().is_some()
    }

    /// Is it written as a count of days since the end of 1899, as spreadsheets have it?
    pub(crate) fn is_serial(self) -> bool {
        self.pattern.counts_days()
    }

    /// Is it written as a year with decimals?
    pub(crate) fn has_decimals(self) -> bool {
        self.pattern.has_decimals()
    }

    /// Is it written as a count of seconds, or parts of them, from 1970 on?
    pub(crate) fn is_counted(self) -> bool {
        self.pattern.counts_seconds()
    }

    /// Is it a count of so little that it is no moment of today's, but one of steps, as of rows?
    pub(crate) fn is_step(self) -> bool {
        /// Three years and two months.
        const MOST: f64 = 1e8;
        let epoch = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
        self.is_counted() && self.stamp.duration_since(epoch).as_secs_f64().abs() < MOST
    }

    /// Could it be of another calendar than in a file where more of them are: a month for a week, a quarter for a month?
    pub(crate) fn is_period_open(self) -> bool {
        let is_rival = || RIVALS.iter().any(|[_, other]| self.format() == *other);
        self.pattern.bare_period().is_some() || self.pattern.is_roman() || is_rival()
    }

    /// Is it a month and a year that are a number as well: `2015.03`, `03.2015`, `032015`?
    pub(crate) fn is_month_of_digits(self) -> bool {
        ["%Y.%m", "%m.%Y", "%m%Y"].contains(&&*self.format().replace("%-", "%"))
    }

    /// Is it a month and a year that may well be something else, as `3/24` or `MAR24`?
    pub(crate) fn is_short_month(self) -> bool {
        SHORT_MONTHS.contains(&&*self.format().replace("%-", "%"))
    }

    /// Is it a date of digits alone: `20240131`?
    pub(crate) fn is_of_digits(self) -> bool {
        self.pattern.is_of_digits()
    }

    /// Is the clock that it is by written with its short name?
    pub(crate) fn names_clock(self) -> bool {
        self.pattern.names_clocks()
    }

    /// How it is written.
    pub(crate) fn pattern(self) -> &'static Pattern {
        self.pattern
    }

    /// Microseconds since 1970, by a clock of UTC if an offset is written, else as it is written: the start of a month or
    /// another period.
    pub fn microseconds(self) -> i64 {
        let since = self.in_utc().duration_since(date(1970, 1, 1).into());
        // Of ten thousand years there are 3e17.
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    }

    /// Is its distance from UTC written?
    pub fn is_absolute(self) -> bool {
        self.pattern.is_absolute()
    }

    /// The same moment by a clock of UTC, if an offset is written; else as it is written.
    pub(crate) fn in_utc(self) -> DateTime {
        let offset = SignedDuration::from_secs(i64::from(self.offset));
        self.stamp.checked_sub(offset).unwrap_or(self.stamp)
    }

    /// Another time, written as this one is.
    pub(crate) fn at(self, stamp: DateTime, offset: i32) -> Self {
        Time { stamp, offset, ..self }
    }
}

impl Ord for Time {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.offset == other.offset {
            return self.stamp.cmp(&other.stamp);
        }
        self.in_utc().cmp(&other.in_utc())
    }
}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Time {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Time {}

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.pattern.write(self.stamp, self.offset, f)
    }
}

/// Reads cells as times; what no cell decides by itself, all of them do.
///
/// Of the ways of writing that fit every cell, the first is taken. Where day and month may be swapped, it is
/// the one by which the rows are in order, else the one by which they are evenly spaced.
pub(super) fn read<'c>(cells: impl Iterator<Item = &'c str> + Clone) -> Reading {
    let mut readings = Vec::new();
    let mut best: Option<(usize, usize)> = None;
    let (sample, mut found) = seeds(cells.clone());
    // What is nothing else may be days as spreadsheets count them: of the years 1954 to 2099.
    let are_within =
        |range: Range<f64>| cells.clone().all(|cell| finite(cell).is_some_and(|n| range.contains(&n)));
    if found.is_empty() && are_within(20_000.0..73_050.0) {
        found.extend(Pattern::new("%J"));
    }
    let has_point = cells.clone().next().is_some_and(|cell| cell.contains('.'));
    let mut mixed = None;
    if has_point && are_within(1500.0..2200.0) {
        mixed = mixed_decimals(cells.clone());
        if mixed.is_none() {
            found.extend(POINTED.iter().flat_map(|format| Pattern::new(format)));
        }
    }
    for pattern in &found {
        let format = pattern.to_string();
        let is_pointed = POINTED.contains(&format.as_str());
        match read_as(pattern, cells.clone()) {
            // A year and a number beside it are a month unless they go on by weeks, quarters or halves.
            Ok(times) if pattern.bare_period().is_some_and(|period| !follows_by(period, &times)) => {}
            Ok(times) if format == DAY_OF_YEAR && !count_days_of_year(&times) => {}
            Ok(times) if is_pointed && !counts_no_tenths(&times) => {}
            Ok(times) => readings.push((pattern, times)),
            // Which are numbers rather than times, and no example of any.
            Err(_) if is_pointed => {}
            Err(row) => {
                let fitting = fit(pattern, cells.clone());
                if best.is_none_or(|(most, _)| fitting > most) {
                    best = Some((fitting, row));
                }
            }
        }
    }
    if readings.is_empty()
        && let Some(months) = short_months(cells.clone())
    {
        return Ok(months);
    }
    if readings.is_empty() {
        if let Some([row, like]) = mixed {
            let text = cells.clone().nth(like).unwrap_or_default().to_owned();
            return Err(Unread::NotATime { row, like: Some((like, text)) });
        }
        let like = best.map(|_| (sample, cells.clone().nth(sample).unwrap_or_default().to_owned()));
        return Err(Unread::NotATime { row: best.map_or(0, |(_, row)| row), like });
    }
    // What follows by years is no row of months: 2009-10, 2010-11, 2011-12. A single one tells nothing.
    if readings.len() > 1
        && readings[0].0.spans_two_years()
        && readings[0].1.iter().all(|time| *time == readings[0].1[0])
    {
        readings.remove(0);
    }
    settle(&mut readings);
    if readings.iter().all(|(pattern, times)| pattern.is_short_month() && count_days(times)) {
        return Err(Unread::NoYear { row: sample });
    }
    let mark = readings.first().and_then(|(pattern, _)| pattern.open_mark());
    let Some(mark) = mark.filter(|_| readings.len() > 1) else {
        return Ok(readings.swap_remove(0).1);
    };
    readings.retain(|(pattern, _)| pattern.open_mark().is_some());
    for prefers in [is_in_order, is_even] {
        let fitting: Vec<usize> = (0..readings.len()).filter(|&n| prefers(&readings[n].1)).collect();
        match fitting[..] {
            [only] => return Ok(readings.swap_remove(only).1),
            [] => {}
            _ => readings = fitting.iter().map(|&n| readings[n].clone()).collect(),
        }
    }
    match &readings[..] {
        [(a, _), (b, _), ..] if mark != Some('.') => {
            let formats = [a.to_string(), b.to_string()];
            Err(Unread::Ambiguous { row: 0, formats })
        }
        // Between points the day stands first, as is usual.
        _ => Ok(readings.swap_remove(0).1),
    }
}

/// Years and months, quarters or halves behind a point, which are numbers as well.
const POINTED: [&str; 3] = ["%Y.%m", "%Y.%q", "%Y.%2q"];

const SHORT_MONTHS: [&str; 8] = ["%m/%y", "%y/%m", "%m-%y", "%y-%m", "%m.%Y", "%m%Y", "%b%y", "%Y:%m"];

/// Cells as months and years that are fractions, results or numbers as well, if they follow each other as months do.
fn short_months<'c>(cells: impl Iterator<Item = &'c str> + Clone) -> Option<Vec<Time>> {
    let read = |format: &&str| read_as(&Pattern::new(format).ok()?, cells.clone()).ok();
    SHORT_MONTHS.iter().filter_map(read).find(|times| are_months(times))
}

/// Do they follow each other by months of several years, in order, where few are missing?
fn are_months(times: &[Time]) -> bool {
    const MONTH: SignedDuration = SignedDuration::from_hours(31 * 24);
    const TELLING: usize = 8;
    let all_follow =
        |follows: fn(&Time, &Time) -> bool| times.windows(2).all(|pair| follows(&pair[0], &pair[1]));
    times.len() >= TELLING
        && (all_follow(|a, b| a < b) || all_follow(|a, b| a > b))
        && times.iter().any(|time| time.stamp.year() != times[0].stamp.year())
        && follows_by(MONTH, times)
}

/// The rows of a number of one decimal and of one whose first of two is zero, if all could be months: `2004.1` beside `2004.09` is October,
/// whose own zero is lost, and no January.
fn mixed_decimals<'c>(cells: impl Iterator<Item = &'c str> + Clone) -> Option<[usize; 2]> {
    let decimals = |cell: &'c str| cell.split_once('.').map_or("", |(_, decimals)| decimals);
    let is_month = |cell: &'c str| {
        decimals(cell).len() <= 2 && decimals(cell).parse().is_ok_and(|month: u8| (1..=12).contains(&month))
    };
    if !cells.clone().all(is_month) {
        return None;
    }
    let single = cells.clone().position(|cell| decimals(cell).len() == 1)?;
    let padded =
        cells.clone().position(|cell| decimals(cell).len() == 2 && decimals(cell).starts_with('0'))?;
    Some([single, padded])
}

/// Do they follow each other by days, beyond what counts the weeks of a year or the periods of a company's, and into another year,
/// before which other numbers do not end?
fn count_days_of_year(times: &[Time]) -> bool {
    const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);
    const WEEKS: i16 = 53;
    times.iter().any(|time| time.stamp.day_of_year() > WEEKS)
        && times.iter().any(|time| time.stamp.year() != times[0].stamp.year())
        && follows_by(WEEK, times)
}

/// Are they no decimals: of more than one year, or beyond the ninth month? Tenths from year to year are zeros, too.
fn counts_no_tenths(times: &[Time]) -> bool {
    times.iter().any(|time| time.stamp.year() != times[0].stamp.year() || time.stamp.month() > 9)
}

/// Ways of writing that may fit the same cells: 200101 is a month or a day, 2001.125 the share of a year or the 125th day,
/// 2001-2 a month, a quarter or a half.
const RIVALS: [[&str; 2]; 19] = [
    ["%Y%m", "%y%m%d"],
    ["%.Y", "%Y.%j"],
    ["%.Y", "%Y.%m"],
    ["%.Y", "%Y.%q"],
    ["%Y.%m", "%Y.%q"],
    ["%Y.%m", "%Y.%2q"],
    ["%Y-%m", "%Y-%q"],
    ["%Y-%m", "%Y-%2q"],
    ["%Y/%m", "%Y/%q"],
    ["%Y/%m", "%Y/%2q"],
    ["%m/%Y", "%q/%Y"],
    ["%m/%Y", "%2q/%Y"],
    ["%m-%Y", "%q-%Y"],
    ["%m-%Y", "%2q-%Y"],
    ["%Y %m", "%Y %q"],
    ["%Y %m", "%Y %2q"],
    ["%m %Y", "%q %Y"],
    ["%m %Y", "%2q %Y"],
    ["%GKW%V", "%YKW%q"],
];

/// Another way of writing times that fits cells which may be written so.
pub(crate) fn rival(format: &str) -> Option<&'static str> {
    RIVALS.into_iter().find_map(|[a, b]| match format {
        _ if format == a => Some(b),
        _ if format == b => Some(a),
        _ => None,
    })
}

/// Of ways of writing that may fit the same cells, keeps the usual one, or the other if by that fewer steps are missing.
fn settle(readings: &mut Vec<(&Pattern, Vec<Time>)>) {
    for rivals in RIVALS {
        let place = |format| readings.iter().position(|(pattern, _)| pattern.to_string() == format);
        if let [Some(usual), Some(other)] = rivals.map(place) {
            let missing = |place: usize| steps_missing(&readings[place].1);
            readings.remove(if missing(other) < missing(usual) { usual } else { other });
        }
    }
}

/// Are times, but for those that are the same, no further than such a period from the next, in order, where few are missing?
fn follows_by(period: SignedDuration, times: &[Time]) -> bool {
    let stamps = distinct(times);
    let followed = stamps.windows(2).filter(|pair| pair[1].duration_since(pair[0]) <= period).count();
    4 * followed >= 3 * stamps.len().saturating_sub(1) && steps_missing(times) <= stamps.len() / 4
}

/// The moments that occur, in order.
fn distinct(times: &[Time]) -> Vec<DateTime> {
    let mut stamps: Vec<DateTime> = times.iter().map(|time| time.in_utc()).collect();
    stamps.sort_unstable();
    stamps.dedup();
    stamps
}

/// Are years of two digits days of months: none is beyond 31, and most rows have the month of the row before, a week later at most,
/// in several months or in more rows of one than there are years in a short table?
fn count_days(times: &[Time]) -> bool {
    const TELLING: usize = 8;
    let day = |time: &Time| i32::from(time.stamp.year()).rem_euclid(100);
    let follows = |pair: &&[Time]| {
        let is_near = (1..=7).contains(&(day(&pair[1]) - day(&pair[0])).abs());
        pair[0].stamp.month() == pair[1].stamp.month() && is_near
    };
    let followed = times.windows(2).filter(follows).count();
    (times.len() >= TELLING || times.iter().any(|time| time.stamp.month() != times[0].stamp.month()))
        && times.iter().all(|time| (1..=31).contains(&day(time)))
        && 4 * followed >= 3 * (times.len() - 1)
}

/// Does a word of it name a month or a weekday?
pub(crate) fn names_month_or_weekday(text: &str) -> bool {
    let words = text.split(|c: char| !c.is_alphabetic() && c != '\'' && c != '\u{2019}');
    words.filter(|word| word.chars().count() > 2).any(pattern::is_name)
}

/// Is it the name of a month?
pub(crate) fn is_month(text: &str) -> bool {
    pattern::is_month(text.trim().trim_end_matches('.'))
}

/// Reads cells that are written in this way.
///
/// # Errors
/// The first row that is not.
pub(super) fn read_as<'c>(
    pattern: &Pattern,
    cells: impl Iterator<Item = &'c str>,
) -> Result<Vec<Time>, usize> {
    let (mut seen, mut stamps) = (Seen::default(), Vec::new());
    for (row, cell) in cells.enumerate() {
        stamps.push(pattern.parse(cell, &mut seen).ok_or(row)?);
    }
    let pattern = pattern.refined(&seen).interned();
    Ok(stamps.into_iter().map(|(stamp, offset)| Time { stamp, offset, pattern }).collect())
}

/// Are at least half of the cells times, all written alike?
pub(crate) fn mostly_times<'c>(cells: impl Iterator<Item = &'c str> + Clone) -> bool {
    let count = cells.clone().filter(|cell| !cell.is_empty()).count();
    seeds(cells.clone()).1.iter().any(|pattern| 2 * fit(pattern, cells.clone()) >= count.max(1))
}

/// Which of these texts are times that are written alike, in this format or, if none is given, in the way that fits the
/// most of them.
pub(crate) fn written_alike(texts: &[&str], format: Option<&str>) -> Vec<usize> {
    /// As many that are no times tell that there are none.
    const LOOKED_AT: usize = 100;
    let is_like = |pattern: &Pattern, text: &str| pattern.parse(text, &mut Seen::default()).is_some();
    let mut patterns: Vec<Pattern> =
        format.and_then(|format| Pattern::new(format).ok()).into_iter().collect();
    let mut others = 0;
    for text in texts.iter().filter(|_| format.is_none()) {
        if others == LOOKED_AT {
            break;
        }
        if !patterns.iter().any(|pattern| is_like(pattern, text)) {
            let found = candidates(text);
            others += usize::from(found.is_empty());
            patterns.extend(found);
        }
    }
    let fitting = |pattern: &Pattern| -> Vec<usize> {
        (0..texts.len()).filter(|&n| is_like(pattern, texts[n])).collect()
    };
    let all = patterns.iter().map(fitting);
    // The first of those that fit as many.
    all.rev().max_by_key(Vec::len).unwrap_or_default()
}

/// The first row that could be a time, and the ways of writing that it may be an example of.
fn seeds<'c>(cells: impl Iterator<Item = &'c str>) -> (usize, Vec<Pattern>) {
    /// As many cells that are no times make a column that holds none.
    const LOOKED_AT: usize = 100;
    cells.take(LOOKED_AT).map(candidates).enumerate().find(|(_, found)| !found.is_empty()).unwrap_or_default()
}

/// How many cells are written so.
fn fit<'c>(pattern: &Pattern, cells: impl Iterator<Item = &'c str>) -> usize {
    cells.filter(|cell| pattern.parse(cell, &mut Seen::default()).is_some()).count()
}

fn is_in_order(times: &[Time]) -> bool {
    times.is_sorted() || times.is_sorted_by(|a, b| a >= b)
}

/// Are they at even steps, but for those that are the same? A single one tells nothing.
pub(crate) fn is_even(times: &[Time]) -> bool {
    steps_missing(times) == 0
}

/// The same, but for a few that are missing.
pub(crate) fn is_mostly_even(times: &[Time]) -> bool {
    steps_missing(times) <= count_distinct(times) / 4
}

/// Are these times one after another at even steps, and no plain numbers but years?
pub(crate) fn are_steps(texts: &[&str]) -> bool {
    const YEARS: std::ops::RangeInclusive<i16> = 1500..=2200;
    let follow = |times: &[Time]| times.windows(2).all(|pair| pair[0] < pair[1]);
    read(texts.iter().copied()).is_ok_and(|times| {
        follow(&times)
            && is_even(&times)
            && times.iter().all(|time| YEARS.contains(&time.stamp.year()))
            && !times[0].is_serial()
            && !times[0].is_counted()
    })
}

/// How many different ones there are.
pub(crate) fn count_distinct(times: &[Time]) -> usize {
    distinct(times).len()
}

/// How many are missing at even steps; more than any count where there are none.
fn steps_missing(times: &[Time]) -> usize {
    let stamps = distinct(times);
    let found = Some(stamps).filter(|stamps| stamps.len() > 1).and_then(|stamps| Step::find(&stamps));
    found.map_or(usize::MAX, |(_, gaps)| missing(&gaps))
}
