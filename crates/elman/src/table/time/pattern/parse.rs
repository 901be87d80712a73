//! Reading a time that is written by a pattern.

use jiff::civil::{Date, DateTime, ISOWeekDate, Time as Clock, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::names::{APOSTROPHES, Found};
use super::{Field, Item, Offset, Pattern, SERIAL_ZERO, Seen, months, ordinals, roman, weekdays, zones};
use crate::table::time::fold::fold;

/// The fields that a text has said so far.
#[derive(Default)]
struct Fields {
    numbers: [Option<i64>; 16],
    /// From Monday, 0, on.
    weekday: Option<usize>,
    pm: Option<bool>,
    nanosecond: i32,
    offset: i32,
    epoch: Option<DateTime>,
}

/// How far decimals of a year may be from those of a month's beginning or middle, in months: those of a beginning are
/// rounded, a middle is where the days' half is.
const NEAR_BEGINNING: f64 = 0.07;
const NEAR_MIDDLE: f64 = 0.12;

impl Fields {
    fn get(&self, field: Field) -> Option<i64> {
        self.numbers[field as usize]
    }

    fn stamp(&self) -> Option<DateTime> {
        if let Some(moment) = self.epoch {
            return moment.checked_add(SignedDuration::new(0, self.nanosecond)).ok();
        }
        // 24:00 is the beginning of the next day.
        let is_zero = |field| self.get(field).unwrap_or(0) == 0;
        if self.get(Field::Hour) == Some(24) {
            let is_end = is_zero(Field::Minute) && is_zero(Field::Second) && self.nanosecond == 0;
            return self.date()?.tomorrow().ok().filter(|_| is_end).map(DateTime::from);
        }
        Some(self.date()?.to_datetime(self.clock()?))
    }

    /// The date, which is that of the weekday, where one is named.
    fn date(&self) -> Option<Date> {
        let date = self.numbered_date()?;
        let fits = |day: usize| date.weekday().to_monday_zero_offset() as usize == day;
        self.weekday.is_none_or(fits).then_some(date)
    }

    fn numbered_date(&self) -> Option<Date> {
        let small = |field| self.get(field).map(i8::try_from).transpose().ok();
        if let (Some(year), Some(week)) = (self.get(Field::IsoYear), small(Field::IsoWeek)?) {
            let weekday = Weekday::from_monday_one_offset(small(Field::IsoDay)?.unwrap_or(1)).ok()?;
            return ISOWeekDate::new(i16::try_from(year).ok()?, week, weekday).ok().map(|week| week.date());
        }
        let year = self.get(Field::Year).or_else(|| {
            let short = self.get(Field::ShortYear)?;
            Some(if short < 69 { 2000 + short } else { 1900 + short })
        })?;
        let next = |field, year: i64| self.get(field).is_none_or(|next| next == year);
        if !next(Field::NextYear, year + 1) || !next(Field::NextShortYear, (year + 1).rem_euclid(100)) {
            return None;
        }
        let year = i16::try_from(year).ok()?;
        if let Some(day) = self.get(Field::DayOfYear) {
            let first = Date::new(year, 1, 1).ok()?;
            return first.with().day_of_year(i16::try_from(day).ok()?).build().ok();
        }
        let month = match (small(Field::Half)?, small(Field::Quarter)?) {
            (Some(half @ 1..=2), _) => 6 * half - 5,
            (None, Some(quarter @ 1..=4)) => 3 * quarter - 2,
            (None, None) => small(Field::Month)?.unwrap_or(1),
            _ => return None,
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

impl Pattern {
    /// The date, the time of day and the seconds east of UTC that a text says.
    pub(in crate::table::time) fn parse(&self, text: &str, seen: &mut Seen) -> Option<(DateTime, i32)> {
        let mut fields = Fields::default();
        let text = fold(text);
        let rest = self.parse_fields(&text, seen, &mut fields)?;
        if !rest.is_empty() {
            return None;
        }
        Some((fields.stamp()?, fields.offset))
    }

    /// What stands behind a beginning that fits.
    pub(in crate::table::time) fn rest<'t>(&self, text: &'t str) -> Option<&'t str> {
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
                        Some(rest) if c == ' ' => rest.trim_start_matches(' '),
                        Some(rest) => rest,
                        None if c.is_ascii_uppercase() && rest.starts_with(c.to_ascii_lowercase()) => {
                            seen.lower |= bit;
                            &rest[1..]
                        }
                        // Of `Apr.` and `Mai` one is shortened.
                        None if c == '.' && self.follows_month(n) => rest,
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
                    // As the French write the first of a month.
                    let is_first = field == Field::Day
                        && number == 1
                        && self.follows(n, |item| *item == Item::Literal(' '));
                    rest = after.strip_prefix("er").filter(|_| is_first).unwrap_or(after);
                }
                Item::Roman(field) => {
                    let (number, after) = roman::find(rest)?;
                    fields.numbers[field as usize] = Some(number);
                    rest = after;
                }
                Item::Month(..) => {
                    let (month, after) = named(rest, months::find, bit, seen)?;
                    fields.numbers[Field::Month as usize] = Some(i64::try_from(month).ok()? + 1);
                    rest = after;
                }
                Item::Weekday(..) => {
                    let (day, after) = named(rest, weekdays::find, bit, seen)?;
                    (fields.weekday, rest) = (Some(day), after);
                }
                Item::Ordinal(field, ..) => {
                    let (number, forms, after) = ordinals::find(rest)?;
                    note_case(&rest[..rest.len() - after.len()], bit, seen);
                    seen.other_forms |= !forms;
                    fields.numbers[field as usize] = Some(number);
                    rest = after;
                }
                Item::OrdinalDay => {
                    let (number, _, after) = digits(rest, 1, 2)?;
                    let ending = after.get(..2)?.to_ascii_lowercase();
                    if !["st", "nd", "rd", "th"].contains(&ending.as_str()) {
                        return None;
                    }
                    fields.numbers[Field::Day as usize] = Some(number);
                    rest = &after[2..];
                }
                Item::HalfDay(..) => (fields.pm, rest) = half_day(rest, bit, seen)?,
                Item::DecimalYear(..) => rest = decimal_year(rest, bit, fields, seen)?,
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
                Item::ZoneName(_) => {
                    let length = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
                    let (offset, place) = zones::find(&rest[..length])?;
                    (fields.offset, seen.place) = (offset, u8::try_from(place).ok()?);
                    rest = &rest[length..];
                }
                Item::Epoch(fraction) => {
                    let (negative, positive) = match rest.strip_prefix('-') {
                        Some(rest) => (true, rest),
                        None => (false, rest),
                    };
                    let (count, _, after) = digits(positive, 1, 19)?;
                    let unit = 10_i64.checked_pow(u32::from(9_u8.checked_sub(fraction)?))?;
                    let nanoseconds = i128::from(if negative { -count } else { count }) * i128::from(unit);
                    let instant = Timestamp::from_nanosecond(nanoseconds).ok()?;
                    fields.epoch = Some(TimeZone::UTC.to_datetime(instant));
                    rest = after;
                }
                Item::SerialDay(_) => {
                    let (stamp, after) = serial_day(rest, seen)?;
                    fields.epoch = Some(stamp);
                    rest = after;
                }
            }
        }
        Some(rest)
    }
}

/// A number of so many digits, their count, and what follows.
fn digits(text: &str, least: usize, most: usize) -> Option<(i64, usize, &str)> {
    let (mut number, mut count) = (0_i64, 0);
    for byte in text.bytes().take(most).take_while(u8::is_ascii_digit) {
        number = number.checked_mul(10)?.checked_add(i64::from(byte - b'0'))?;
        count += 1;
    }
    (count >= least).then(|| (number, count, &text[count..]))
}

/// The share of one that the digits behind a point say, how many they are, and what follows.
fn decimals(text: &str) -> Option<(f64, u8, &str)> {
    let (_, count, rest) = digits(text, 1, 17)?;
    Some((format!("0.{}", &text[..count]).parse().ok()?, u8::try_from(count).ok()?, rest))
}

/// The place of the name with which a text begins, as `find` knows it in any language, and what follows.
fn named<'t>(
    text: &'t str,
    find: fn(&str) -> Option<Found>,
    bit: u64,
    seen: &mut Seen,
) -> Option<(usize, &'t str)> {
    let (word, rest) = text.split_at(word_length(text));
    let found = find(word)?;
    if found.full {
        seen.full |= bit;
    }
    seen.other_languages |= !found.languages;
    note_case(word, bit, seen);
    Some((found.index, rest))
}

/// The length of the word with which a text begins: letters, and apostrophes between two of them.
fn word_length(text: &str) -> usize {
    let (mut length, mut follows_letter) = (0, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let is_letter = |c: &char| c.is_alphabetic() && !APOSTROPHES.contains(c);
        let is_between = APOSTROPHES.contains(&c) && follows_letter && chars.peek().is_some_and(is_letter);
        if !is_letter(&c) && !is_between {
            break;
        }
        follows_letter = is_letter(&c);
        length += c.len_utf8();
    }
    length
}

/// Whether a text begins with `PM`, not with `AM`, and what follows: `pm`, `P.M.`, `p. m.`
fn half_day<'t>(text: &'t str, bit: u64, seen: &mut Seen) -> Option<(Option<bool>, &'t str)> {
    let half = text.get(..1)?;
    let is_pm = match half {
        "a" | "A" => false,
        "p" | "P" => true,
        _ => return None,
    };
    let has_points = text[1..].starts_with('.');
    let rest = if has_points { text[2..].trim_start_matches(' ') } else { &text[1..] };
    let mut rest = rest.strip_prefix(['m', 'M'])?;
    if has_points {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        seen.points |= bit;
    }
    note_case(half, bit, seen);
    Some((Some(is_pm), rest))
}

/// What follows a year with decimals that are those of a month's beginning or middle.
fn decimal_year<'t>(text: &'t str, bit: u64, fields: &mut Fields, seen: &mut Seen) -> Option<&'t str> {
    let (year, _, mut rest) = digits(text, 4, 4)?;
    let mut months = 0.0;
    if let Some(after) = rest.strip_prefix('.') {
        let (share, decimals);
        (share, decimals, rest) = self::decimals(after)?;
        // A tenth of a year is no month's.
        if decimals == 1 && share != 0.0 && share != 0.5 {
            return None;
        }
        seen.fraction = seen.fraction.max(decimals);
        months = 12.0 * share;
    }
    let month = (months + NEAR_BEGINNING).floor();
    let since = months - month;
    if since > NEAR_BEGINNING {
        if (since - 0.5).abs() > NEAR_MIDDLE {
            return None;
        }
        seen.middle |= bit;
    }
    fields.numbers[Field::Year as usize] = Some(year);
    fields.numbers[Field::Month as usize] = Some(1 + month as i64);
    Some(rest)
}

fn note_case(word: &str, bit: u64, seen: &mut Seen) {
    let mut letters = word.chars().filter(|c| !APOSTROPHES.contains(c));
    if letters.clone().all(char::is_uppercase) {
        seen.upper |= bit;
    } else if letters.all(char::is_lowercase) {
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

/// The time that a count of days says, to the second, and what follows it.
fn serial_day<'t>(text: &'t str, seen: &mut Seen) -> Option<(DateTime, &'t str)> {
    const SECONDS: f64 = 86_400.0;
    let (days, _, mut rest) = digits(text, 1, 7)?;
    let mut seconds = 0;
    if let Some(after) = rest.strip_prefix('.') {
        let (share, decimals);
        (share, decimals, rest) = self::decimals(after)?;
        seconds = (share * SECONDS).round() as i64;
        if share != 0.0 {
            seen.fraction = seen.fraction.max(decimals);
        }
    }
    let stamp = SERIAL_ZERO.checked_add(SignedDuration::from_secs(86_400 * days + seconds)).ok()?;
    Some((stamp, rest))
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
    let (hours, width, rest) = digits(&text[1..], 1, 2)?;
    let behind = rest.strip_prefix(':').unwrap_or(rest);
    let (minutes, style, rest) = match digits(behind, 2, 2) {
        Some((minutes, _, after)) if behind.len() < rest.len() => (minutes, Offset::Colon, after),
        Some((minutes, _, after)) => (minutes, Offset::Plain, after),
        None => (0, if width == 1 { Offset::Short } else { Offset::Hours }, rest),
    };
    if width == 1 && style == Offset::Plain || hours > 18 || minutes > 59 {
        return None;
    }
    Some((sign * i32::try_from(3600 * hours + 60 * minutes).ok()?, Some(style), rest))
}
