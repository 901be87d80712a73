//! Writing a time by a pattern.

use std::fmt::{self, Write};

use jiff::civil::DateTime;

use super::names::Language;
use super::{
    Case, Field, Item, Name, Offset, Pattern, SERIAL_ZERO, months, ordinals, roman, weekdays, zones,
};

impl Pattern {
    /// Writes a time.
    pub(in crate::table::time) fn write(
        &self,
        stamp: DateTime,
        offset: i32,
        f: &mut fmt::Formatter<'_>,
    ) -> fmt::Result {
        for (n, &item) in self.items.iter().enumerate() {
            match item {
                Item::Literal('.') if self.follows_month(n) && !self.shortens(n - 1, stamp) => {}
                Item::Literal(c) => f.write_char(c)?,
                Item::Number(field, padded) => {
                    let width = if padded { field.width() } else { 0 };
                    write!(f, "{:0width$}", number(field, stamp))?;
                }
                Item::Roman(field) => f.write_str(roman::name(number(field, stamp)))?,
                Item::Month(Name { full, case }, language) => {
                    write_name(months::name(language, (stamp.month() - 1) as usize, full), case, f)?;
                }
                Item::Weekday(Name { full, case }, language) => {
                    let day = stamp.weekday().to_monday_zero_offset() as usize;
                    write_name(weekdays::name(language, day, full), case, f)?;
                }
                Item::Ordinal(field, form, case) => {
                    write_name(ordinals::name(form.into(), number(field, stamp)), case, f)?;
                }
                Item::OrdinalDay => write!(f, "{}{}", stamp.day(), ending(stamp.day()))?,
                Item::HalfDay(case, points) => {
                    let half = match (stamp.hour() < 12, points) {
                        (true, false) => "AM",
                        (false, false) => "PM",
                        (true, true) => "A.M.",
                        (false, true) => "P.M.",
                    };
                    write_name(half, case, f)?;
                }
                Item::DecimalYear(decimals, middle) => {
                    let months = f64::from(stamp.month() - 1) + if middle { 0.5 } else { 0.0 };
                    let year = f64::from(stamp.year()) + months / 12.0;
                    write!(f, "{year:.places$}", places = usize::from(decimals))?;
                }
                Item::PointFraction(0) => {}
                Item::PointFraction(digits) => {
                    f.write_char('.')?;
                    write_fraction(stamp, digits, f)?;
                }
                Item::Fraction(digits) => write_fraction(stamp, digits, f)?,
                Item::Offset(style) => write_offset(offset, style, f)?,
                Item::ZoneName(place) => match zones::name(usize::from(place), offset) {
                    Some(name) => f.write_str(name)?,
                    None => write_offset(offset, Offset::Colon, f)?,
                },
                Item::Epoch(fraction) => {
                    let unit = 10_i128.pow(u32::from(9 - fraction.min(9)));
                    write!(f, "{}", nanoseconds(stamp) / unit)?;
                }
                Item::SerialDay(decimals) => {
                    let seconds = stamp.duration_since(SERIAL_ZERO).as_secs();
                    let days = seconds as f64 / 86_400.0;
                    write!(f, "{days:.places$}", places = usize::from(decimals))?;
                }
            }
        }
        Ok(())
    }
}

impl Pattern {
    /// Is the month at this place of the pattern written with less than its whole name?
    fn shortens(&self, place: usize, stamp: DateTime) -> bool {
        let month = (stamp.month() - 1) as usize;
        let is_short = |language: Language, full| {
            months::name(language, month, full) != months::name(language, month, true)
        };
        matches!(self.items[place], Item::Month(Name { full, .. }, language) if is_short(language, full))
    }
}

fn number(field: Field, stamp: DateTime) -> i16 {
    let week = || stamp.date().iso_week_date();
    match field {
        Field::Year => stamp.year(),
        Field::ShortYear => stamp.year().rem_euclid(100),
        Field::NextYear => stamp.year() + 1,
        Field::NextShortYear => (stamp.year() + 1).rem_euclid(100),
        Field::Half => i16::from((stamp.month() - 1) / 6 + 1),
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

/// The ending of an ordinal number.
fn ending(day: i8) -> &'static str {
    match day {
        11..=13 => "th",
        _ => match day % 10 {
            1 => "st",
            2 => "nd",
            3 => "rd",
            _ => "th",
        },
    }
}

fn write_offset(offset: i32, style: Offset, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (sign, seconds) = (if offset < 0 { '-' } else { '+' }, offset.unsigned_abs());
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match style {
        Offset::Plain => write!(f, "{sign}{hours:02}{minutes:02}"),
        Offset::Hours if minutes == 0 => write!(f, "{sign}{hours:02}"),
        Offset::Short if minutes == 0 => write!(f, "{sign}{hours}"),
        Offset::Colon | Offset::Hours | Offset::Short => write!(f, "{sign}{hours:02}:{minutes:02}"),
    }
}

fn write_name(name: &str, case: Case, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match case {
        Case::Title => f.write_str(name),
        Case::Upper => f.write_str(&name.to_uppercase()),
        Case::Lower => f.write_str(&name.to_lowercase()),
    }
}

fn write_fraction(stamp: DateTime, digits: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = format!("{:09}", stamp.subsec_nanosecond());
    f.write_str(&text[..usize::from(digits.min(9))])
}

/// Nanoseconds from the beginning of 1970.
fn nanoseconds(stamp: DateTime) -> i128 {
    stamp.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_nanos()
}
