use std::fmt::{self, Display};

use jiff::civil::{Date, DateTime};

/// A point in time of a table, shown as its column writes it: `1949-01`, `1949-01-31`,
/// `1949-01-31 12:00` or `1949-01-31T12:00:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    stamp: DateTime,
    format: Format,
}

/// How a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// `1949-01`
    Month,
    /// `1949-01-31`
    Date,
    /// `1949-01-31 12:00`, with this letter between date and time, and with seconds?
    DateTime(u8, bool),
}

impl Format {
    fn of(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [_, _, _, _, b'-', _, _] => Some(Format::Month),
            [_, _, _, _, b'-', _, _, b'-', _, _] => Some(Format::Date),
            [_, _, _, _, b'-', _, _, b'-', _, _, separator @ (b' ' | b'T'), time @ ..] => {
                // Nothing after the seconds: neither fractions nor a time zone, which would be lost.
                let seconds = match time {
                    [_, _, b':', _, _] => false,
                    [_, _, b':', _, _, b':', _, _] => true,
                    _ => return None,
                };
                Some(Format::DateTime(*separator, seconds))
            }
            _ => None,
        }
    }
}

impl Time {
    /// The time that a text says, if it says one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let format = Format::of(text)?;
        let stamp = match format {
            Format::Month => format!("{text}-01").parse::<Date>().ok()?.into(),
            Format::Date => text.parse::<Date>().ok()?.into(),
            Format::DateTime(..) => text.parse().ok()?,
        };
        Some(Time { stamp, format })
    }

    /// The time that a text says, if it is written as this one is.
    pub(crate) fn parse_alike(self, text: &str) -> Option<Self> {
        Time::parse(text).filter(|time| time.format == self.format)
    }

    /// The date and the time of day, the first of the month and midnight where none is written.
    pub(crate) fn stamp(self) -> DateTime {
        self.stamp
    }

    /// Another time, written as this one is.
    pub(crate) fn at(self, stamp: DateTime) -> Self {
        Time { stamp, ..self }
    }
}

impl Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stamp = self.stamp;
        match self.format {
            Format::Month => write!(f, "{:04}-{:02}", stamp.year(), stamp.month()),
            Format::Date => stamp.date().fmt(f),
            Format::DateTime(separator, seconds) => {
                let (date, separator) = (stamp.date(), char::from(separator));
                write!(f, "{date}{separator}{:02}:{:02}", stamp.hour(), stamp.minute())?;
                if seconds { write!(f, ":{:02}", stamp.second()) } else { Ok(()) }
            }
        }
    }
}
