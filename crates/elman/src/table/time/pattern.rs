//! How a column writes its times: a chain of fields and of characters between them.

use std::collections::HashSet;
use std::fmt::{self, Display, Write};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, ISOWeekDate, Time as Clock, Weekday};
use jiff::tz::TimeZone;

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
    Month(Name),
    Weekday(Name),
    /// `AM` or `PM`
    HalfDay(Case),
    /// Digits after a point that is written only if there are any.
    PointFraction(u8),
    /// So many digits of a second's fraction.
    Fraction(u8),
    Offset(Offset),
    /// Units since 1970 in UTC, so many digits of which are a second's fraction.
    Epoch(u8),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Field {
    Year,
    /// 69 to 99 are of the 20th century, 00 to 68 of the 21st.
    ShortYear,
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

/// `+0100`, `+01:00` or `+01`
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Offset {
    Plain,
    Colon,
    Hours,
}

impl Field {
    fn width(self) -> usize {
        match self {
            Field::Year | Field::IsoYear => 4,
            Field::DayOfYear => 3,
            Field::Quarter | Field::IsoDay => 1,
            _ => 2,
        }
    }

    /// Its letter in a format.
    fn letter(self) -> char {
        match self {
            Field::Year => 'Y',
            Field::ShortYear => 'y',
            Field::Quarter => 'q',
            Field::Month => 'm',
            Field::Day => 'd',
            Field::DayOfYear => 'j',
            Field::Hour => 'H',
            Field::HalfHour => 'I',
            Field::Minute => 'M',
            Field::Second => 'S',
            Field::IsoYear => 'G',
            Field::IsoWeek => 'V',
            Field::IsoDay => 'u',
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
    fraction: u8,
    offset: Option<Offset>,
}

/// The fields that a text has said so far.
#[derive(Default)]
struct Fields {
    numbers: [Option<i64>; 13],
    pm: Option<bool>,
    nanosecond: i32,
    offset: i32,
    epoch: Option<DateTime>,
}

impl Fields {
    fn get(&self, field: Field) -> Option<i64> {
        self.numbers[field as usize]
    }

    fn stamp(&self) -> Option<DateTime> {
        if self.epoch.is_some() {
            return self.epoch;
        }
        Some(self.date()?.to_datetime(self.clock()?))
    }

    fn date(&self) -> Option<Date> {
        let small = |field| self.get(field).map(i8::try_from).transpose().ok();
        if let (Some(year), Some(week)) = (self.get(Field::IsoYear), small(Field::IsoWeek)?) {
            let weekday = Weekday::from_monday_one_offset(small(Field::IsoDay)?.unwrap_or(1)).ok()?;
            return ISOWeekDate::new(i16::try_from(year).ok()?, week, weekday).ok().map(|week| week.date());
        }
        let year = self.get(Field::Year).or_else(|| {
            let short = self.get(Field::ShortYear)?;
            Some(if short < 69 { 2000 + short } else { 1900 + short })
        })?;
        let year = i16::try_from(year).ok()?;
        if let Some(day) = self.get(Field::DayOfYear) {
            let first = Date::new(year, 1, 1).ok()?;
            return first.with().day_of_year(i16::try_from(day).ok()?).build().ok();
        }
        let month = match small(Field::Quarter)? {
            Some(quarter @ 1..=4) => 3 * quarter - 2,
            Some(_) => return None,
            None => small(Field::Month)?.unwrap_or(1),
        };
        Date::new(year, month, small(Field::Day)?.unwrap_or(1)).ok()
    }

    fn clock(&self) -> Option<Clock> {
        let small = |field| self.get(field).map(i8::try_from).transpose().ok();
        let hour = match (small(Field::HalfHour)?, self.pm) {
            (Some(hour @ 1..=12), Some(pm)) => hour % 12 + if pm { 12 } else { 0 },
            (Some(_), _) => return None,
            (None, _) => small(Field::Hour)?.unwrap_or(0),
        };
        let (minute, second) = (small(Field::Minute)?.unwrap_or(0), small(Field::Second)?.unwrap_or(0));
        Clock::new(hour, minute, second, self.nanosecond).ok()
    }
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

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
        if !has_year && !pattern.items.iter().any(|item| matches!(item, Item::Epoch(_))) {
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
                "q" => number(Field::Quarter),
                "m" => number(Field::Month),
                "-m" => Item::Number(Field::Month, false),
                "d" => number(Field::Day),
                "-d" | "e" => Item::Number(Field::Day, false),
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
                "b" | "h" => Item::Month(name(false, Case::Title)),
                "B" => Item::Month(name(true, Case::Title)),
                "^b" => Item::Month(name(false, Case::Upper)),
                "^B" => Item::Month(name(true, Case::Upper)),
                "a" => Item::Weekday(name(false, Case::Title)),
                "A" => Item::Weekday(name(true, Case::Title)),
                "p" => Item::HalfDay(Case::Upper),
                "P" | "#p" => Item::HalfDay(Case::Lower),
                "z" => Item::Offset(Offset::Plain),
                ":z" => Item::Offset(Offset::Colon),
                ":::z" => Item::Offset(Offset::Hours),
                "s" => Item::Epoch(0),
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
        self.utc || self.items.iter().any(|item| matches!(item, Item::Epoch(_)))
    }

    pub(crate) fn has_offset(&self) -> bool {
        self.items.iter().any(|item| matches!(item, Item::Offset(_)))
    }

    /// Does it say a time of day?
    pub(crate) fn has_clock(&self) -> bool {
        let of_clock =
            |item: &Item| matches!(item, Item::Number(Field::Hour | Field::HalfHour, _) | Item::Epoch(_));
        self.items.iter().any(of_clock)
    }

    /// The date, the time of day and the seconds east of UTC that a text says.
    pub(super) fn parse(&self, text: &str, seen: &mut Seen) -> Option<(DateTime, i32)> {
        let mut fields = Fields::default();
        let rest = self.parse_fields(text, seen, &mut fields)?;
        if !rest.is_empty() {
            return None;
        }
        Some((fields.stamp()?, fields.offset))
    }

    /// What stands behind a beginning that fits.
    pub(super) fn rest<'t>(&self, text: &'t str) -> Option<&'t str> {
        self.parse_fields(text, &mut Seen::default(), &mut Fields::default())
    }

    fn parse_fields<'t>(&self, text: &'t str, seen: &mut Seen, fields: &mut Fields) -> Option<&'t str> {
        let mut rest = text;
        for (n, &item) in self.items.iter().enumerate() {
            let bit = 1 << n;
            // Digits that directly follow are another number's.
            let exact = matches!(self.items.get(n + 1), Some(Item::Number(..)));
            match item {
                Item::Literal(c) => {
                    rest = match rest.strip_prefix(c) {
                        Some(rest) => rest,
                        None if c.is_ascii_alphabetic() && rest.starts_with(c.to_ascii_lowercase()) => {
                            &rest[1..]
                        }
                        None => return None,
                    };
                }
                Item::Number(field, _) => {
                    let width = field.width();
                    let least = if field.may_be_short() && !exact { 1 } else { width };
                    let (number, digits, after) = digits(rest, least, width)?;
                    if digits < width {
                        seen.short |= bit;
                    } else if rest.starts_with('0') {
                        seen.zero |= bit;
                    }
                    fields.numbers[field as usize] = Some(number);
                    rest = after;
                }
                Item::Month(_) => {
                    let (month, after) = name(rest, &MONTHS, bit, seen)?;
                    fields.numbers[Field::Month as usize] = Some(month + 1);
                    rest = after;
                }
                Item::Weekday(_) => rest = name(rest, &WEEKDAYS, bit, seen)?.1,
                Item::HalfDay(_) => {
                    let half = rest.get(..2)?;
                    fields.pm = Some(match half.to_ascii_lowercase().as_str() {
                        "am" => false,
                        "pm" => true,
                        _ => return None,
                    });
                    note_case(half, bit, seen);
                    rest = &rest[2..];
                }
                Item::PointFraction(_) => {
                    if let Some(after) = rest.strip_prefix('.') {
                        rest = fraction(after, fields, seen)?;
                    }
                }
                Item::Fraction(_) => rest = fraction(rest, fields, seen)?,
                Item::Offset(_) => {
                    let style;
                    (fields.offset, style, rest) = offset(rest)?;
                    seen.offset = style.or(seen.offset);
                }
                Item::Epoch(fraction) => {
                    let (negative, positive) = match rest.strip_prefix('-') {
                        Some(rest) => (true, rest),
                        None => (false, rest),
                    };
                    let (count, _, after) = digits(positive, 1, 18)?;
                    let unit = 10_i64.checked_pow(u32::from(9_u8.checked_sub(fraction)?))?;
                    let nanoseconds = i128::from(if negative { -count } else { count }) * i128::from(unit);
                    let instant = Timestamp::from_nanosecond(nanoseconds).ok()?;
                    fields.epoch = Some(TimeZone::UTC.to_datetime(instant));
                    rest = after;
                }
            }
        }
        Some(rest)
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
                Item::Month(_) => Item::Month(Name { full: has(seen.full), case }),
                Item::Weekday(_) => Item::Weekday(Name { full: has(seen.full), case }),
                Item::HalfDay(_) => Item::HalfDay(if has(seen.lower) { Case::Lower } else { Case::Upper }),
                Item::PointFraction(_) => Item::PointFraction(seen.fraction),
                Item::Fraction(_) => Item::Fraction(seen.fraction),
                Item::Offset(style) => Item::Offset(seen.offset.unwrap_or(style)),
                item => item,
            }
        };
        Pattern { items: self.items.iter().enumerate().map(refine).collect(), utc: self.utc }
    }

    /// Writes a time.
    pub(super) fn write(&self, stamp: DateTime, offset: i32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &item in &self.items {
            match item {
                Item::Literal(c) => f.write_char(c)?,
                Item::Number(field, padded) => {
                    let width = if padded { field.width() } else { 0 };
                    write!(f, "{:0width$}", number(field, stamp))?;
                }
                Item::Month(name) => write_name(MONTHS[(stamp.month() - 1) as usize], name, f)?,
                Item::Weekday(name) => {
                    write_name(WEEKDAYS[stamp.weekday().to_monday_zero_offset() as usize], name, f)?;
                }
                Item::HalfDay(case) => {
                    let half = if stamp.hour() < 12 { "AM" } else { "PM" };
                    write_name(half, Name { full: true, case }, f)?;
                }
                Item::PointFraction(0) => {}
                Item::PointFraction(digits) => {
                    f.write_char('.')?;
                    write_fraction(stamp, digits, f)?;
                }
                Item::Fraction(digits) => write_fraction(stamp, digits, f)?,
                Item::Offset(style) => {
                    let (sign, seconds) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
                    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
                    match style {
                        Offset::Plain => write!(f, "{sign}{hours:02}{minutes:02}")?,
                        Offset::Hours if minutes == 0 => write!(f, "{sign}{hours:02}")?,
                        Offset::Colon | Offset::Hours => write!(f, "{sign}{hours:02}:{minutes:02}")?,
                    }
                }
                Item::Epoch(fraction) => {
                    let unit = 10_i128.pow(u32::from(9 - fraction.min(9)));
                    write!(f, "{}", nanoseconds(stamp) / unit)?;
                }
            }
        }
        Ok(())
    }
}

/// Nanoseconds from the beginning of 1970.
fn nanoseconds(stamp: DateTime) -> i128 {
    stamp.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_nanos()
}

fn number(field: Field, stamp: DateTime) -> i16 {
    let week = || stamp.date().iso_week_date();
    match field {
        Field::Year => stamp.year(),
        Field::ShortYear => stamp.year().rem_euclid(100),
        Field::Quarter => i16::from((stamp.month() - 1) / 3 + 1),
        Field::Month => i16::from(stamp.month()),
        Field::Day => i16::from(stamp.day()),
        Field::DayOfYear => stamp.day_of_year(),
        Field::Hour => i16::from(stamp.hour()),
        Field::HalfHour => i16::from((stamp.hour() + 11) % 12 + 1),
        Field::Minute => i16::from(stamp.minute()),
        Field::Second => i16::from(stamp.second()),
        Field::IsoYear => week().year(),
        Field::IsoWeek => i16::from(week().week()),
        Field::IsoDay => i16::from(stamp.weekday().to_monday_one_offset()),
    }
}

/// A number of so many digits, their count, and what follows.
fn digits(text: &str, least: usize, most: usize) -> Option<(i64, usize, &str)> {
    let count = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    if count < least {
        return None;
    }
    Some((text[..count].parse().ok()?, count, &text[count..]))
}

/// The place of a name, whole or its first three letters, in a list.
fn name<'t>(text: &'t str, names: &[&str], bit: u64, seen: &mut Seen) -> Option<(i64, &'t str)> {
    let length = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let word = &text[..length];
    let fits = |name: &&str| {
        length >= 3
            && (word.eq_ignore_ascii_case(name) || (length == 3 && name[..3].eq_ignore_ascii_case(word)))
    };
    // `Sept` is usual as well.
    let place = match word.eq_ignore_ascii_case("Sept") && names.len() == MONTHS.len() {
        true => 8,
        false => names.iter().position(fits)?,
    };
    if length > 4 || (length == 4 && place != 8) {
        seen.full |= bit;
    }
    note_case(word, bit, seen);
    Some((i64::try_from(place).ok()?, &text[length..]))
}

fn note_case(word: &str, bit: u64, seen: &mut Seen) {
    if word.bytes().all(|b| b.is_ascii_uppercase()) {
        seen.upper |= bit;
    } else if word.bytes().all(|b| b.is_ascii_lowercase()) {
        seen.lower |= bit;
    }
}

/// A second's fraction, of one to nine digits, and what follows.
fn fraction<'t>(text: &'t str, fields: &mut Fields, seen: &mut Seen) -> Option<&'t str> {
    let (number, count, rest) = digits(text, 1, 9)?;
    let unit = 10_i64.pow(u32::try_from(9 - count).ok()?);
    fields.nanosecond = i32::try_from(number * unit).ok()?;
    seen.fraction = seen.fraction.max(u8::try_from(count).ok()?);
    Some(rest)
}

/// Seconds east of UTC, how they are written, and what follows: `+01:00`, `-0330`, `+01` or `Z`.
fn offset(text: &str) -> Option<(i32, Option<Offset>, &str)> {
    if let Some(rest) = text.strip_prefix('Z') {
        return Some((0, None, rest));
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, _, rest) = digits(&text[1..], 2, 2)?;
    let behind = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, style, rest) = match digits(behind, 2, 2) {
        Some((minutes, _, after)) if behind.len() < rest.len() => (minutes, Offset::Colon, after),
        Some((minutes, _, after)) => (minutes, Offset::Plain, after),
        None => (0, Offset::Hours, rest),
    };
    if hours > 18 || minutes > 59 {
        return None;
    }
    Some((sign * i32::try_from(3600 * hours + 60 * minutes).ok()?, Some(style), rest))
}

fn write_name(name: &str, Name { full, case }: Name, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let name = if full { name } else { &name[..3] };
    match case {
        Case::Title => f.write_str(name),
        Case::Upper => f.write_str(&name.to_ascii_uppercase()),
        Case::Lower => f.write_str(&name.to_ascii_lowercase()),
    }
}

fn write_fraction(stamp: DateTime, digits: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = format!("{:09}", stamp.subsec_nanosecond());
    f.write_str(&text[..usize::from(digits.min(9))])
}

/// As a format, which [`Pattern::new`] reads.
impl Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for &item in &self.items {
            match item {
                Item::Literal('%') => f.write_str("%%")?,
                Item::Literal(c) => f.write_char(c)?,
                Item::Number(field, padded) => {
                    write!(f, "%{}{}", if padded { "" } else { "-" }, field.letter())?;
                }
                Item::Month(Name { full, case }) => {
                    let upper = if case == Case::Upper { "^" } else { "" };
                    write!(f, "%{upper}{}", if full { 'B' } else { 'b' })?;
                }
                Item::Weekday(Name { full, .. }) => write!(f, "%{}", if full { 'A' } else { 'a' })?,
                Item::HalfDay(case) => write!(f, "%{}", if case == Case::Lower { 'P' } else { 'p' })?,
                Item::PointFraction(0) => f.write_str("%.f")?,
                Item::PointFraction(digits) => write!(f, "%.{digits}f")?,
                Item::Fraction(digits) => write!(f, "%{digits}f")?,
                Item::Offset(Offset::Plain) => f.write_str("%z")?,
                Item::Offset(Offset::Colon) => f.write_str("%:z")?,
                Item::Offset(Offset::Hours) => f.write_str("%:::z")?,
                Item::Epoch(0) => f.write_str("%s")?,
                Item::Epoch(digits) => write!(f, "%s%{digits}f")?,
            }
        }
        Ok(())
    }
}
