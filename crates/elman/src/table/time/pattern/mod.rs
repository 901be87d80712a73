//! How a column writes its times: a chain of fields and of characters between them.

mod months;
mod names;
mod order;
mod ordinals;
mod parse;
mod roman;
mod weekdays;
mod write;
mod zones;

use std::collections::HashSet;
use std::fmt::{self, Display, Write};
use std::sync::{Mutex, PoisonError};

use jiff::SignedDuration;
use jiff::civil::DateTime;

use names::{Language, Languages};

/// More fields and characters than any way of writing a time has.
const MOST_ITEMS: usize = 60;

/// A way of writing times, named as `strftime` names it: `%d.%m.%Y %H:%M`.
///
/// Numbers are read with and without zeros in front, names in either case and length; what the column's cells
/// have in common decides how they are written ([`refined`](Self::refined)).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pattern {
    items: Vec<Item>,
    /// Does it end with `Z`, `UTC` or `GMT`?
    utc: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Item {
    Literal(char),
    /// A number, with zeros in front?
    Number(Field, bool),
    /// The same as a Roman number.
    Roman(Field),
    Month(Name, Language),
    Weekday(Name, Language),
    /// A quarter or half by its ordinal number, in the form with this number: `1st`, `First`
    Ordinal(Field, u8, Case),
    /// A day of the month with the ending of its ordinal number: `1st`
    OrdinalDay,
    /// `AM` or `PM`, or `a.m.` and `p.m.`
    HalfDay(Case, bool),
    /// A year and the share of it that has passed at the beginning of a month, or at its middle, in so many decimals.
    DecimalYear(u8, bool),
    /// Digits after a point that is written only if there are any.
    PointFraction(u8),
    /// So many digits of a second's fraction.
    Fraction(u8),
    Offset(Offset),
    /// The short name of a clock, of the place with this number.
    ZoneName(u8),
    /// Units since 1970 in UTC, so many digits of which are a second's fraction.
    Epoch(u8),
    /// Days since 1899-12-30, as spreadsheets count them, with so many decimals, which are the time of day.
    SerialDay(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Field {
    Year,
    /// 69 to 99 are of the 20th century, 00 to 68 of the 21st.
    ShortYear,
    /// The year after, of which this one is followed by a part: the 10 of `2009/10`.
    NextYear,
    NextShortYear,
    Half,
    Quarter,
    Month,
    Day,
    DayOfYear,
    Hour,
    /// 1 to 12
    HalfHour,
    Minute,
    Second,
    /// The year of an ISO week.
    IsoYear,
    IsoWeek,
    /// 1 to 7, from Monday on
    IsoDay,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Name {
    full: bool,
    case: Case,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Case {
    Title,
    Upper,
    Lower,
}

/// `+0100`, `+01:00`, `+01` or `+1`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Offset {
    Plain,
    Colon,
    Hours,
    Short,
}

impl Field {
    fn width(self) -> usize {
        match self {
            Field::Year | Field::NextYear | Field::IsoYear => 4,
            Field::DayOfYear => 3,
            Field::Half | Field::Quarter | Field::IsoDay => 1,
            _ => 2,
        }
    }

    /// Its letters in a format.
    fn letters(self) -> &'static str {
        match self {
            Field::Year => "Y",
            Field::ShortYear => "y",
            Field::NextYear => "+Y",
            Field::NextShortYear => "+y",
            Field::Half => "2q",
            Field::Quarter => "q",
            Field::Month => "m",
            Field::Day => "d",
            Field::DayOfYear => "j",
            Field::Hour => "H",
            Field::HalfHour => "I",
            Field::Minute => "M",
            Field::Second => "S",
            Field::IsoYear => "G",
            Field::IsoWeek => "V",
            Field::IsoDay => "u",
        }
    }

    /// May its zero in front be missing?
    fn may_be_short(self) -> bool {
        matches!(self, Field::Month | Field::Day | Field::Hour | Field::HalfHour | Field::IsoWeek)
    }
}

/// What the cells of a column had, one bit for each item of the pattern.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// A number without the zeros that it might have; a number with one.
    short: u64,
    zero: u64,
    full: u64,
    upper: u64,
    lower: u64,
    points: u64,
    middle: u64,
    fraction: u8,
    offset: Option<Offset>,
    /// The place of whose clocks the last name was.
    place: u8,
    /// Forms of ordinal numbers of which one was none.
    other_forms: ordinals::Forms,
    /// Languages of which a month's or weekday's name was none.
    other_languages: Languages,
}

pub(crate) use zones::shared as shared_clock;

/// The day that spreadsheets count from: before March 1900 they are off by one.
const SERIAL_ZERO: DateTime = DateTime::constant(1899, 12, 30, 0, 0, 0, 0);

/// Does the word name a month?
pub(super) fn is_month(word: &str) -> bool {
    months::find(word).is_some()
}

/// Does the word name a month or a day of the week?
pub(super) fn is_name(word: &str) -> bool {
    months::find(word).is_some() || weekdays::find(word).is_some()
}

impl Pattern {
    /// Reads a format as `strftime` has it.
    ///
    /// # Errors
    /// What is wrong with it, in words that follow its name.
    pub(crate) fn new(format: &str) -> Result<Self, String> {
        let pattern = Self::fragment(format)?;
        let has = |field: Field| {
            pattern.items.iter().any(|item| matches!(item, Item::Number(other, _) if *other == field))
        };
        let has_year =
            has(Field::Year) || has(Field::ShortYear) || (has(Field::IsoYear) && has(Field::IsoWeek));
        let counts =
            |item: &Item| matches!(item, Item::Epoch(_) | Item::SerialDay(_) | Item::DecimalYear(..));
        if !has_year && !pattern.items.iter().any(counts) {
            return Err("has no year; write one such as %d.%m.%Y %H:%M".into());
        }
        Ok(pattern)
    }

    /// Reads a part of a format.
    pub(super) fn fragment(format: &str) -> Result<Self, String> {
        let mut items = Vec::new();
        let mut chars = format.chars();
        let number = |field| Item::Number(field, true);
        while let Some(c) = chars.next() {
            if c != '%' {
                items.push(Item::Literal(c));
                continue;
            }
            let rest = chars.as_str();
            let length = 1 + rest.find(|c: char| c.is_ascii_alphabetic() || c == '%').unwrap_or(rest.len());
            let directive = rest.get(..length).unwrap_or(rest);
            chars = rest[directive.len()..].chars();
            let name = |full, case| Name { full, case };
            let both = |a, between, b| [number(a), Item::Literal(between), number(b)];
            let item = match directive {
                "Y" => number(Field::Year),
                "y" => number(Field::ShortYear),
                "+Y" => number(Field::NextYear),
                "+y" => number(Field::NextShortYear),
                ".Y" => Item::DecimalYear(0, false),
                "2q" => number(Field::Half),
                "q" => number(Field::Quarter),
                ":q" => Item::Ordinal(Field::Quarter, 0, Case::Title),
                ":2q" => Item::Ordinal(Field::Half, 0, Case::Title),
                "+q" => Item::Roman(Field::Quarter),
                "+m" => Item::Roman(Field::Month),
                "m" => number(Field::Month),
                "-m" => Item::Number(Field::Month, false),
                "d" => number(Field::Day),
                "-d" | "e" => Item::Number(Field::Day, false),
                ":d" => Item::OrdinalDay,
                "j" => number(Field::DayOfYear),
                "H" => number(Field::Hour),
                "-H" | "k" => Item::Number(Field::Hour, false),
                "I" => number(Field::HalfHour),
                "-I" | "l" => Item::Number(Field::HalfHour, false),
                "M" => number(Field::Minute),
                "S" => number(Field::Second),
                "G" => number(Field::IsoYear),
                "V" => number(Field::IsoWeek),
                "-V" => Item::Number(Field::IsoWeek, false),
                "u" => number(Field::IsoDay),
                "b" | "h" => Item::Month(name(false, Case::Title), Language::default()),
                "B" => Item::Month(name(true, Case::Title), Language::default()),
                "^b" => Item::Month(name(false, Case::Upper), Language::default()),
                "^B" => Item::Month(name(true, Case::Upper), Language::default()),
                "a" => Item::Weekday(name(false, Case::Title), Language::default()),
                "A" => Item::Weekday(name(true, Case::Title), Language::default()),
                "p" => Item::HalfDay(Case::Upper, false),
                "P" | "#p" => Item::HalfDay(Case::Lower, false),
                "z" => Item::Offset(Offset::Plain),
                ":z" => Item::Offset(Offset::Colon),
                ":::z" => Item::Offset(Offset::Hours),
                "Z" => Item::ZoneName(0),
                "s" => Item::Epoch(0),
                "J" => Item::SerialDay(0),
                ".f" => Item::PointFraction(0),
                "f" => Item::Fraction(6),
                "%" => Item::Literal('%'),
                "F" => {
                    items.extend(both(Field::Year, '-', Field::Month));
                    items.push(Item::Literal('-'));
                    number(Field::Day)
                }
                "T" => {
                    items.extend(both(Field::Hour, ':', Field::Minute));
                    items.push(Item::Literal(':'));
                    number(Field::Second)
                }
                "R" => {
                    items.extend([number(Field::Hour), Item::Literal(':')]);
                    number(Field::Minute)
                }
                _ => match directive.as_bytes() {
                    [digits @ b'1'..=b'9', b'f'] => match items.last_mut() {
                        // `%s%3f`: milliseconds.
                        Some(Item::Epoch(fraction @ 0)) => {
                            *fraction = digits - b'0';
                            continue;
                        }
                        _ => Item::Fraction(digits - b'0'),
                    },
                    [b'.', digits @ b'1'..=b'9', b'f'] => Item::PointFraction(digits - b'0'),
                    _ => return Err(format!("has %{directive}, which is no field of a time")),
                },
            };
            items.push(item);
        }
        if items.len() > MOST_ITEMS {
            return Err("is longer than any time".into());
        }
        let utc = ["Z", "UTC", "GMT"]
            .iter()
            .any(|end| format.ends_with(end) && !format.ends_with(&format!("%{end}")));
        Ok(Pattern { items, utc })
    }

    /// The same pattern, kept for as long as the program runs: patterns are few, times are many.
    pub(super) fn interned(self) -> &'static Pattern {
        static PATTERNS: Mutex<Option<HashSet<&'static Pattern>>> = Mutex::new(None);
        let mut guard = PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
        let patterns = guard.get_or_insert_default();
        if let Some(pattern) = patterns.get(&self) {
            return pattern;
        }
        let pattern: &'static Pattern = Box::leak(Box::new(self));
        patterns.insert(pattern);
        pattern
    }

    /// Does a text written so say its distance from UTC?
    pub(crate) fn is_absolute(&self) -> bool {
        self.is_utc() || self.has_offset()
    }

    /// Is it written in UTC, without an offset?
    pub(crate) fn is_utc(&self) -> bool {
        self.utc || self.counts_seconds()
    }

    /// Does it count seconds, or parts of them, from 1970 on?
    pub(crate) fn counts_seconds(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Epoch(_)))
    }

    pub(crate) fn has_offset(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Offset(_) | Item::ZoneName(_)))
    }

    /// Does it say a day?
    pub(crate) fn has_day(&self) -> bool {
        let of_day = |item: &Item| {
            matches!(item, Item::Number(Field::Day | Field::DayOfYear | Field::IsoDay, _) | Item::OrdinalDay)
        };
        self.counts_days() || self.items.iter().any(of_day)
    }

    /// The longest time that one written so stands for, a part of a year, if it says no day.
    pub(crate) fn period(&self) -> Option<SignedDuration> {
        const DAY: i64 = 24;
        let days = |item: &Item| match item {
            Item::Number(Field::IsoWeek, _) => Some(7),
            Item::Number(Field::Month, _)
            | Item::Roman(Field::Month)
            | Item::Month(..)
            | Item::DecimalYear(..) => Some(31),
            Item::Number(Field::Quarter, _)
            | Item::Roman(Field::Quarter)
            | Item::Ordinal(Field::Quarter, ..) => Some(92),
            Item::Number(Field::Half, _) | Item::Ordinal(Field::Half, ..) => Some(184),
            _ => None,
        };
        let found = || self.items.iter().filter_map(days).min();
        if self.has_day() || self.has_clock() {
            None
        } else {
            found().map(|days| SignedDuration::from_hours(days * DAY))
        }
    }

    /// Does it count days, as spreadsheets do?
    pub(crate) fn counts_days(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::SerialDay(_)))
    }

    /// Is it written as a year with decimals?
    pub(crate) fn has_decimals(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::DecimalYear(..)))
    }

    /// Does it name two years for one, as seasons do?
    pub(super) fn spans_two_years(&self) -> bool {
        let next = |item: &Item| matches!(item, Item::Number(Field::NextYear | Field::NextShortYear, _));
        self.items.iter().any(next)
    }

    /// Is it a year and the number of its week, quarter or half, or of its month behind a point, with nothing that says so? If so,
    /// the longest time from one to the next.
    pub(super) fn bare_period(&self) -> Option<SignedDuration> {
        const DAY: i64 = 24;
        let (mut period, has_point) = (None, self.items.contains(&Item::Literal('.')));
        for item in &self.items {
            match item {
                Item::Number(Field::Year | Field::IsoYear, _) | Item::Literal('-' | '/' | ' ' | '.') => {}
                Item::Number(Field::Month, _) if has_point => period = Some(31 * DAY),
                Item::Number(Field::IsoWeek, _) => period = Some(7 * DAY),
                Item::Number(Field::Quarter, _) => period = Some(92 * DAY),
                Item::Number(Field::Half, _) => period = Some(184 * DAY),
                _ => return None,
            }
        }
        period.map(SignedDuration::from_hours)
    }

    /// Is a quarter or a month a Roman number?
    pub(super) fn is_roman(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Roman(_)))
    }

    /// Is it several numbers with nothing between, none of which counts the days of a year, as other numbers do?
    pub(super) fn is_of_digits(&self) -> bool {
        let is_one = |item: &Item| matches!(item, Item::Number(field, _) if *field != Field::DayOfYear);
        self.items.len() > 1 && self.items.iter().all(is_one)
    }

    /// Is it a month's name and a year of two digits, which may be a day?
    pub(super) fn is_short_month(&self) -> bool {
        let is = |item: &Item| {
            matches!(item, Item::Month(..) | Item::Number(Field::ShortYear, _) | Item::Literal(_))
        };
        self.names_months() && self.items.iter().all(is)
    }

    /// Does it say a month by its name?
    pub(super) fn names_months(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Month(..)))
    }

    /// Does it say a clock by its short name?
    pub(super) fn names_clocks(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::ZoneName(_)))
    }

    /// Does it say a time of day?
    pub(crate) fn has_clock(&self) -> bool {
        let of_clock = |item: &Item| {
            matches!(
                item,
                Item::Number(Field::Hour | Field::HalfHour, _) | Item::Epoch(_) | Item::SerialDay(1..)
            )
        };
        self.items.iter().any(of_clock)
    }

    /// Does a month's name stand before this item? A point behind it is that of a shortened name, which not all are.
    fn follows_month(&self, item: usize) -> bool {
        matches!(item.checked_sub(1).map(|before| self.items[before]), Some(Item::Month(..)))
    }

    /// Is the item after this one such?
    fn follows(&self, item: usize, is_such: impl Fn(&Item) -> bool) -> bool {
        self.items.get(item + 1).is_some_and(is_such)
    }

    /// Written as most of what was seen is: with the zeros, the names and the digits that the cells have.
    pub(super) fn refined(&self, seen: &Seen) -> Pattern {
        let refine = |(n, &item): (usize, &Item)| {
            let has = |bits: u64| bits >> n & 1 == 1;
            let case = if has(seen.upper) {
                Case::Upper
            } else if has(seen.lower) {
                Case::Lower
            } else {
                Case::Title
            };
            match item {
                Item::Number(field, _) if field.may_be_short() => {
                    Item::Number(field, has(seen.zero) || seen.short == 0)
                }
                // The Q of a quarter, as in 2000q1.
                Item::Literal(c) if has(seen.lower) => Item::Literal(c.to_ascii_lowercase()),
                Item::Month(..) => {
                    let language = Language::without(seen.other_languages).unwrap_or_default();
                    Item::Month(Name { full: has(seen.full), case }, language)
                }
                Item::Weekday(..) => {
                    let language = Language::without(seen.other_languages).unwrap_or_default();
                    Item::Weekday(Name { full: has(seen.full), case }, language)
                }
                Item::Ordinal(field, ..) => {
                    Item::Ordinal(field, u8::try_from(ordinals::without(seen.other_forms)).unwrap_or(0), case)
                }
                Item::HalfDay(..) => {
                    let case = if has(seen.lower) { Case::Lower } else { Case::Upper };
                    Item::HalfDay(case, has(seen.points))
                }
                Item::DecimalYear(..) => Item::DecimalYear(seen.fraction, has(seen.middle)),
                Item::ZoneName(_) => Item::ZoneName(seen.place),
                Item::PointFraction(_) => Item::PointFraction(seen.fraction),
                Item::Fraction(_) => Item::Fraction(seen.fraction),
                Item::Offset(style) => Item::Offset(seen.offset.unwrap_or(style)),
                Item::SerialDay(_) => Item::SerialDay(seen.fraction),
                item => item,
            }
        };
        Pattern { items: self.items.iter().enumerate().map(refine).collect(), utc: self.utc }
    }
}

/// As a format, which [`Pattern::new`] reads.
impl Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &item in &self.items {
            match item {
                Item::Literal('%') => f.write_str("%%")?,
                Item::Literal(c) => f.write_char(c)?,
                Item::Number(field, padded) => {
                    write!(f, "%{}{}", if padded { "" } else { "-" }, field.letters())?;
                }
                Item::Roman(field) => write!(f, "%+{}", field.letters())?,
                Item::Month(Name { full, case }, _) => {
                    let upper = if case == Case::Upper { "^" } else { "" };
                    write!(f, "%{upper}{}", if full { 'B' } else { 'b' })?;
                }
                Item::Weekday(Name { full, .. }, _) => write!(f, "%{}", if full { 'A' } else { 'a' })?,
                Item::Ordinal(field, ..) => write!(f, "%:{}", field.letters())?,
                Item::OrdinalDay => f.write_str("%:d")?,
                Item::DecimalYear(..) => f.write_str("%.Y")?,
                Item::ZoneName(_) => f.write_str("%Z")?,
                Item::HalfDay(case, _) => write!(f, "%{}", if case == Case::Lower { 'P' } else { 'p' })?,
                Item::PointFraction(0) => f.write_str("%.f")?,
                Item::PointFraction(digits) => write!(f, "%.{digits}f")?,
                Item::Fraction(digits) => write!(f, "%{digits}f")?,
                Item::Offset(Offset::Plain) => f.write_str("%z")?,
                Item::Offset(Offset::Colon) => f.write_str("%:z")?,
                Item::Offset(Offset::Hours | Offset::Short) => f.write_str("%:::z")?,
                Item::Epoch(0) => f.write_str("%s")?,
                Item::Epoch(digits) => write!(f, "%s%{digits}f")?,
                Item::SerialDay(_) => f.write_str("%J")?,
            }
        }
        Ok(())
    }
}
