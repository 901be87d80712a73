use std::fmt::{self, Display};
use std::io;

use super::join::is_clock;
use super::ranges::is_range;
use super::read::SOUND;
use super::time::is_month;
use crate::error::Message;

/// What can be wrong with a table: where it is, what was expected and what was found.
///
/// In every variant `table` stands for the file, and lines and columns are counted from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are named for what they hold, and each message shows them all")]
pub enum TableError {
    /// The file cannot be opened.
    #[error("cannot open {table}: {}", OpenFailure(error))]
    Open { table: String, error: io::Error },

    /// Reading failed after the file was opened.
    #[error("cannot read {table} beyond line {line}: {error}")]
    Read { table: String, line: u64, error: io::Error },

    /// The file holds nothing but blanks.
    #[error("{table} is empty; a table begins with a line of column names")]
    Empty { table: String },

    /// The file ends after the header.
    #[error("{table} has column names but no rows; add one line for each row below them")]
    NoRows { table: String },

    /// The header has more columns than any table should.
    #[error("{table}, line {line}: {found} columns; a table is meant to be long, not wide: 100000 at most")]
    TooManyColumns { table: String, line: u64, found: usize },

    /// A column has no name.
    #[error("{table}, line {line}: column {number} has no name; give every column a name")]
    EmptyHeader { table: String, line: u64, number: usize },

    /// Two columns have the same name.
    #[error(
        "{table}, line {line}: columns {first} and {second} are both named {}; rename one of them",
        Quoted(column)
    )]
    DuplicateHeader { table: String, line: u64, column: String, first: usize, second: usize },

    /// A row has more or fewer fields than the header.
    #[error(
        "{table}, line {line}: expected {expected} {} as in the header, found {found}; {}",
        if *.expected == 1 { "field" } else { "fields" },
        Separators { separator, are_missing: found < expected }
    )]
    Ragged { table: String, line: u64, expected: usize, found: usize, separator: &'static str },

    /// The file ends inside a quoted field.
    #[error("{table}, line {line}: a quote opened in this row is never closed; close it or remove it")]
    UnclosedQuote { table: String, line: u64 },

    /// The file is of another kind, or holds what a table cannot.
    #[error("{table} {found}")]
    NoTable { table: String, found: String },

    /// A file of a known format is damaged or holds what this reader does not know.
    #[error("{table}, {place}: {problem}")]
    Malformed { table: String, place: String, problem: String },

    /// The file is larger than what is read.
    #[error(
        "{table} holds more than {}, which is the most that is read; take a part of it, or fewer columns",
        Bytes(*limit)
    )]
    TooLarge { table: String, limit: u64 },

    /// A text is larger than what is read.
    #[error(
        "{table} holds more than {}, which is the most that a text may have that is packed or comes from a pipe; unpack it, \
         or take a part of it",
        Bytes(*limit)
    )]
    TextTooLarge { table: String, limit: u64 },

    /// No column has the name that was asked for.
    #[error(
        "{table} has no column {}{}; it has {}",
        Quoted(column),
        .nearest.as_deref().map(|name| format!(" (did you mean {}?)", Quoted(name))).unwrap_or_default(),
        Names(available)
    )]
    MissingColumn { table: String, column: String, nearest: Option<String>, available: Vec<String> },

    /// No column is named as one is where nothing else is said; `what` it does is said by the option.
    #[error("{}", self.message())]
    NoUsualColumn {
        table: String,
        column: &'static str,
        what: &'static str,
        option: &'static str,
        available: Vec<String>,
    },

    /// A cell that should be a number is empty.
    #[error(
        "{table}, line {line}, column {}: the cell is empty where a number is expected; fill it in",
        Quoted(column)
    )]
    EmptyCell { table: String, line: u64, column: String },

    /// A cell that should be a number is something else.
    #[error("{}", self.message())]
    NotANumber { table: String, line: u64, column: String, text: String },

    /// A cell that should be a number is one, but not written like the others.
    #[error(
        "{table}, line {line}, column {}: {} is not written like other cells, such as {}; write all alike",
        Quoted(column),
        Quoted(text),
        Quoted(like)
    )]
    OtherSpelling { table: String, line: u64, column: String, text: String, like: String },

    /// A cell that should be a number has a letter for thousands, millions or billions, and others have another.
    #[error(
        "{table}, line {line}, column {}: {} is a number with a letter for thousands, millions or billions; write all out, as \
         1200 for 1.2K",
        Quoted(column),
        Quoted(text)
    )]
    ScaledNumber { table: String, line: u64, column: String, text: String },

    /// The first cell is no number, while all others are.
    #[error(
        "{table}, line {line}, column {}: {} is not a number, as all cells below it are; correct it, or take the row out if it \
         is one of names or units",
        Quoted(column),
        Quoted(text)
    )]
    NoRowOfNumbers { table: String, line: u64, column: String, text: String },

    /// A cell is NaN, an infinity, or too large for an `f64`.
    #[error(
        "{table}, line {line}, column {}: {} is not a finite number; write one between -1.7e308 and 1.7e308",
        Quoted(column),
        Quoted(text)
    )]
    NotFinite { table: String, line: u64, column: String, text: String },

    /// A cell that should be a time is something else, or written otherwise than the others.
    #[error("{}", self.message())]
    NotATime { table: String, line: u64, column: String, text: String, like: Option<String> },

    /// Day and month of a column of times cannot be told apart.
    #[error("{}", self.message())]
    AmbiguousTime { table: String, line: u64, column: String, text: String, formats: Box<[String; 2]> },

    /// A column of times says days and months, but no year.
    #[error(
        "{table}, line {line}, column {}: {} is a day without a year; write the year behind each",
        Quoted(.column),
        Quoted(.text)
    )]
    NoYear { table: String, line: u64, column: String, text: String },
}

impl TableError {
    /// What it says, options kept apart.
    pub(crate) fn message(&self) -> Message {
        match self {
            TableError::NotANumber { table, line, column, text } => {
                let place = format!("{table}, line {line}, column {}: {}", Quoted(column), Quoted(text));
                let message = format!("{place} is not a number; {}", spelling(text));
                if text.contains(|c: char| c.is_ascii_digit()) || is_clock(text) {
                    return message.into();
                }
                let message = Message::from(message + ", or leave the cell empty and choose with ");
                message.option("missing").text(" what becomes of it")
            }
            TableError::NotATime { table, line, column, text, like } => {
                let place = format!("{table}, line {line}, column {}: {}", Quoted(column), Quoted(text));
                let is_part = matches!(text.as_bytes(), [b'Q' | b'q' | b'H' | b'h', b'1'..=b'4']);
                if is_month(text) || is_part {
                    return format!(
                        "{place} says no year; write it beside in one column, as 2015-01, Jan 2015 or 2015Q1"
                    )
                    .into();
                }
                if let Some(way_out) = way_out(text, like.as_deref()) {
                    return format!("{place} {way_out}").into();
                }
                let text = match like {
                    Some(like) => format!(
                        "{place} is not a time like {} in the other rows; correct it, take the row out, or say how \
                         all are written with ",
                        Quoted(like)
                    ),
                    None => format!(
                        "{place} is not a time such as 1949-01, 31.12.2023 14:05 or 1980Q1; correct it, or say how \
                         all are written with "
                    ),
                };
                Message::from(text).option("time_format")
            }
            TableError::AmbiguousTime { table, line, column, text, formats } => {
                let [a, b] = formats.as_ref();
                let text = format!(
                    "{table}, line {line}, column {}: {} could be {a} or {b}, and no row tells which; say so with ",
                    Quoted(column),
                    Quoted(text)
                );
                Message::from(text).option("time_format")
            }
            TableError::NoUsualColumn { table, column, what, option, available } => {
                let names = Names(available);
                let text = format!(
                    "{table} has no column {column:?}; it has {names}; name the one that {what} with "
                );
                Message::from(text).option(option)
            }
            TableError::NoTable { table, found } if found.ends_with(SOUND) => {
                let text = found.strip_suffix("audio").unwrap_or(found);
                Message::from(format!("{table} {text}")).option("audio")
            }
            other => other.to_string().into(),
        }
    }
}

/// A number of bytes.
struct Bytes(u64);

impl Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            bytes if bytes > 0 && bytes.is_multiple_of(1 << 30) => write!(f, "{} GiB", bytes >> 30),
            bytes => write!(f, "{bytes} bytes"),
        }
    }
}

/// What to do about separators of this name, of which a row has too few or too many.
struct Separators {
    separator: &'static str,
    are_missing: bool,
}

impl Display for Separators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Separators { separator, are_missing } = self;
        match are_missing {
            true if *separator == "space" => f.write_str("write NA for an empty cell"),
            true => write!(f, "keep the {separator}s of empty cells"),
            false => write!(f, "put a cell that holds a {separator} in quotes"),
        }
    }
}

/// Why a file cannot be opened, in plain words where the remedy is known.
struct OpenFailure<'a>(&'a io::Error);

impl Display for OpenFailure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.kind() {
            io::ErrorKind::NotFound => f.write_str("there is no such file; check the path"),
            io::ErrorKind::IsADirectory => f.write_str("it is a directory; name a file in it"),
            _ => self.0.fmt(f),
        }
    }
}

/// Text from the file in quotes: on one line, without control characters, at most 40 of its own.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 40;
        match self.0.char_indices().nth(LONGEST) {
            None => write!(f, "{:?}", self.0),
            Some((end, _)) => write!(f, "{:?}...", &self.0[..end]),
        }
    }
}

/// A list of names, of which a long one shows the beginning.
struct Names<'a>(&'a [String]);

impl Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const MOST: usize = 12;
        for (index, name) in self.0.iter().take(MOST).enumerate() {
            write!(f, "{}{}", if index == 0 { "" } else { ", " }, Quoted(name))?;
        }
        match self.0.len().saturating_sub(MOST) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// How to write the number that `text` may have been meant to be.
fn spelling(text: &str) -> &'static str {
    let with_commas = text.contains(',') && text.replace(',', "").parse().is_ok_and(f64::is_finite);
    if is_clock(text) {
        "write a duration or a time of day in hours, minutes or seconds"
    } else if with_commas {
        "write decimals with a point (3.5) and thousands without a comma (1200)"
    } else if is_marked(text) {
        "take out what stands beside the number"
    } else {
        "write one such as 12 or 3.5"
    }
}

/// What is to be done about what is a time, but not one that rows can be put in order by.
fn way_out(text: &str, like: Option<&str>) -> Option<&'static str> {
    let is_of_clocks = |c: char| c.is_ascii_digit() || matches!(c, ':' | '.' | ',');
    // `FY21 P01 W1`, `2020-P13`
    let is_period = || {
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        let counts = |word: &str| {
            word.strip_prefix(['P', 'p']).is_some_and(|n| matches!(n.len(), 1 | 2) && n.parse::<u8>().is_ok())
        };
        let is_year = |word: &str| {
            let digits = word.trim_start_matches("FY");
            let is_one = digits.len() == 4 || digits.len() == 2 && digits.len() < word.len();
            is_one && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        words.clone().any(counts)
            && words.any(is_year)
            && text.chars().all(|c| !c.is_alphabetic() || "FYPWKfypwk".contains(c))
    };
    // `2016-12-31T23:59:60.5Z`
    let is_leap_second = || {
        let (minute, behind) = text.rsplit_once(":59:60").unwrap_or_default();
        minute.ends_with(|c: char| c.is_ascii_digit())
            && !behind.starts_with(|c: char| c.is_ascii_digit() || c == ':')
    };
    // `2004.1` beside `2004.09`
    let is_october = |like: &str| text.ends_with(".1") && like.contains(".0") && text.len() < like.len();
    if like.is_some_and(is_october) {
        Some("is October with its zero lost, or no month; write all months with two digits, as 2004.10")
    } else if is_leap_second() {
        Some("says a leap second, which clocks of even steps do not have; take the row out")
    } else if is_clock(text) || text.contains(':') && text.chars().all(is_of_clocks) {
        Some(
            "is a time of day or a duration, without a date; write the date before it, or take the column out, so that \
             the rows are taken in their order",
        )
    } else if is_range(text) {
        Some("is a range of times; write its beginning alone")
    } else if is_period() {
        Some("is a period of a company's calendar; write the day on which it begins")
    } else {
        None
    }
}

/// Is it a number beside which a sign stands, or several, or a letter that says how it was found: `98.6*`, `<0.5`, `97.5 e`? Other
/// letters may be units, or stand for thousands.
fn is_marked(text: &str) -> bool {
    let is_of_number = |c: char| c.is_ascii_digit() || c == '.';
    let number = text.trim_matches(|c: char| !is_of_number(c));
    let is_mark = |c: char| !c.is_alphabetic() || matches!(c, 'e' | 'p' | 'r');
    number.parse::<f64>().is_ok() && text.chars().all(is_mark) && text.chars().count() - number.len() <= 3
}
