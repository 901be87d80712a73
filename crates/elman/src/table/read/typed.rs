//! Columns of values with types of their own, as Parquet and Arrow have them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::table::cells::{Spelling, Texts};
use crate::table::column::Data;
use crate::table::error::Quoted;
use crate::table::{TableError, binary};

/// What the values of a column mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    Bool,
    Signed,
    /// Of so many bits.
    Unsigned(u32),
    Float,
    Double,
    /// Days since 1970.
    Date,
    /// So many nanoseconds each, since midnight.
    Clock(i64),
    /// So many nanoseconds each, since 1970; in UTC, or by a clock of which nothing is said.
    Moment {
        unit: i64,
        utc: bool,
    },
    /// So many digits stand behind the point.
    Decimal(u32),
    Text,
}

/// The values of a column, as far as they are read: of one of these kinds.
#[derive(Default)]
pub(super) struct Values {
    /// NaN is a missing one.
    pub(super) floats: Vec<f64>,
    /// Those of 64 bits without a sign keep their bits.
    pub(super) integers: Vec<Option<i64>>,
    pub(super) texts: Texts,
}

/// Why a column is none of a table.
pub(super) enum Refusal {
    Table(TableError),
    /// A value that cannot be.
    Value(String),
}

impl Values {
    /// The number of values.
    pub(super) fn len(&self) -> usize {
        self.floats.len() + self.integers.len() + self.texts.len()
    }

    /// Adds a text, without the blanks around it.
    ///
    /// # Errors
    /// If there is no place for it.
    pub(super) fn push_text(&mut self, text: Option<&str>) -> Result<(), String> {
        match self.texts.push(text.unwrap_or_default().trim()) {
            true => Ok(()),
            false => Err("its texts are longer than 4 GiB; leave it out".to_owned()),
        }
    }

    /// The column of a table.
    ///
    /// # Errors
    /// If a value cannot be, or texts have no place; `name` stands for the file.
    pub(super) fn finish(self, name: &str, meaning: Meaning) -> Result<Data, Refusal> {
        let Values { floats, integers, texts } = self;
        let moment = |unit: i64| {
            move |value: i64| Timestamp::from_nanosecond(i128::from(value) * i128::from(unit)).ok()
        };
        let times = |values: &dyn Fn(i64) -> Option<Timestamp>,
                     format: &dyn Fn(&[Option<Timestamp>]) -> String| {
            let mut stamps = Vec::with_capacity(integers.len());
            for value in &integers {
                stamps.push(match value {
                    Some(value) => Some(values(*value).ok_or_else(|| {
                        Refusal::Value(format!("{value} is no time of the years until 9999; correct it"))
                    })?),
                    None => None,
                });
            }
            let format = format(&stamps);
            let shown = |stamp: Option<Timestamp>| {
                stamp.map_or_else(String::new, |stamp| {
                    TimeZone::UTC.to_datetime(stamp).strftime(&format).to_string()
                })
            };
            binary::texts(name, stamps.into_iter().map(shown)).map_err(Refusal::Table)
        };
        match meaning {
            Meaning::Bool | Meaning::Signed | Meaning::Unsigned(0..64) => {
                binary::integers(name, integers.iter().map(|value| value.map(i128::from)))
            }
            Meaning::Unsigned(_) => binary::integers(
                name,
                integers.iter().map(|value| value.map(|value| value.cast_unsigned().into())),
            ),
            Meaning::Float => binary::floats(name, floats, Spelling::F32),
            Meaning::Double => binary::floats(name, floats, Spelling::F64),
            Meaning::Decimal(scale) if texts.len() == 0 => {
                let shown = |value: &Option<i64>| {
                    value.map_or_else(String::new, |value| decimal(value.into(), scale))
                };
                binary::texts(name, integers.iter().map(shown))
            }
            Meaning::Decimal(_) | Meaning::Text if texts.len() > 0 => Ok(binary::kept(texts)),
            // Of nothing but nulls, in any type.
            Meaning::Decimal(_) | Meaning::Text => {
                binary::texts(name, integers.iter().map(|_| "").chain(floats.iter().map(|_| "")))
            }
            Meaning::Date => {
                return times(&|days| moment(86_400_000_000_000)(days), &|_| "%Y-%m-%d".into());
            }
            Meaning::Clock(unit) => {
                return times(&moment(unit), &|stamps| format!("%H:%M:%S{}", decimals(stamps)));
            }
            Meaning::Moment { unit, utc } => {
                return times(&moment(unit), &|stamps| {
                    let is_midnight =
                        |stamp: &Timestamp| stamp.as_nanosecond().rem_euclid(86_400_000_000_000) == 0;
                    match utc {
                        true => format!("%Y-%m-%d %H:%M:%S{}Z", decimals(stamps)),
                        false if stamps.iter().flatten().all(is_midnight) => "%Y-%m-%d".into(),
                        false => format!("%Y-%m-%d %H:%M:%S{}", decimals(stamps)),
                    }
                });
            }
        }
        .map_err(Refusal::Table)
    }
}

/// What the user should know of how values are read: of each kind the first column.
pub(super) fn remarks(name: &str, headers: &[String], meanings: &[Meaning]) -> Vec<String> {
    let mut remarks = Vec::new();
    let mut add = |is: fn(&Meaning) -> bool, what: &str| {
        let mut found = headers.iter().zip(meanings).filter(|(_, meaning)| is(meaning));
        if let Some((header, _)) = found.next() {
            let more = match found.count() {
                0 => String::new(),
                1 => "; 1 more column is alike".into(),
                more => format!("; {more} more columns are alike"),
            };
            remarks.push(format!("{name}, column {}: {what}{more}", Quoted(header)));
        }
    };
    add(|meaning| *meaning == Meaning::Bool, "true and false are read as 1 and 0");
    add(
        |meaning| matches!(meaning, Meaning::Moment { utc: true, .. }),
        "its times are those of UTC, as the file keeps them",
    );
    remarks
}

/// As many decimals of a second as any of these moments has, by threes.
fn decimals(stamps: &[Option<Timestamp>]) -> &'static str {
    let divides = |by: i32| stamps.iter().flatten().all(|stamp| stamp.subsec_nanosecond() % by == 0);
    match () {
        () if divides(1_000_000_000) => "",
        () if divides(1_000_000) => "%.3f",
        () if divides(1000) => "%.6f",
        () => "%.9f",
    }
}

/// A number of so many decimals.
pub(super) fn decimal(value: i128, scale: u32) -> String {
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = scale as usize + 1);
    let (whole, decimals) = digits.split_at(digits.len() - scale as usize);
    let sign = if value < 0 { "-" } else { "" };
    if decimals.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{decimals}") }
}
