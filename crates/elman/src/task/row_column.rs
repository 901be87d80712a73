//! The columns of rows that come one by one: cells as a table has them in, a stream's numbers out.

use super::Feature;
use crate::error::Message;
use crate::missing::Missing;
use crate::table::stands_for_missing;
use crate::words::{abridged, quoted};

/// A cell of a row that comes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum RowCell<'a> {
    /// A number; NaN is a missing one.
    Number(f64),
    /// What a cell of a table would say: a category, a number, or nothing.
    Text(&'a str),
}

impl From<f64> for RowCell<'_> {
    fn from(number: f64) -> Self {
        RowCell::Number(number)
    }
}

impl<'a> From<&'a str> for RowCell<'a> {
    fn from(text: &'a str) -> Self {
        RowCell::Text(text)
    }
}

/// A column of such rows: one of numbers, or one of text, each of whose categories is an input.
#[derive(Clone, Debug, PartialEq)]
pub struct RowColumn {
    name: String,
    /// None of numbers.
    categories: Vec<String>,
    /// Are `true` and `false` numbers?
    has_truths: bool,
    gaps: Gaps,
}

/// What becomes of empty cells.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Gaps {
    /// They are refused, whatever a model is told.
    Refused,
    /// They are what a model of tables was told, and there may be one more input that tells them.
    Filled { missing: Option<Missing>, is_flagged: bool, mean: f64 },
}

/// What a cell is.
enum Value {
    /// A number, or a place among the categories.
    Known(f64),
    /// A category that was not there in training.
    Unseen,
    Missing,
}

/// What came of a row.
#[derive(Debug, PartialEq)]
pub(crate) enum Read {
    /// It is to be answered.
    Whole,
    /// A cell is empty, and such rows are left out.
    LeftOut,
}

impl RowColumn {
    /// One of numbers.
    pub(crate) fn of_numbers(name: String) -> Self {
        RowColumn { name, categories: Vec::new(), has_truths: false, gaps: Gaps::Refused }
    }

    /// That of a covariate, under this name.
    pub(super) fn of_covariate(name: String, feature: &Feature) -> Self {
        let categories = feature.categories.clone();
        RowColumn { name, categories, has_truths: true, gaps: Gaps::Refused }
    }

    /// That of a feature of sequences, whose empty cells are this.
    pub(super) fn of_feature(feature: &Feature, missing: Option<Missing>) -> Self {
        let mean = feature.scaling.map_or(0.0, |scaling| scaling.mean);
        RowColumn {
            name: feature.name.clone(),
            categories: feature.categories.clone(),
            has_truths: false,
            gaps: Gaps::Filled { missing, is_flagged: feature.flagged, mean },
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its cells may say, in order of their letters; none of numbers. Anything else is no category, as in a table.
    pub fn categories(&self) -> &[String] {
        &self.categories
    }

    fn value(&self, cell: RowCell<'_>) -> Result<Value, Message> {
        let wrong = |given: String| Message::from(format!("{:?} is {given}; give a number", self.name));
        if self.categories.is_empty() {
            return match cell {
                RowCell::Number(number) if number.is_nan() => Ok(Value::Missing),
                RowCell::Number(number) => Ok(Value::Known(number)),
                RowCell::Text(text) => match text.trim() {
                    text if stands_for_missing(text) => Ok(Value::Missing),
                    text if self.has_truths && text.eq_ignore_ascii_case("true") => Ok(Value::Known(1.0)),
                    text if self.has_truths && text.eq_ignore_ascii_case("false") => Ok(Value::Known(0.0)),
                    text => text.parse().map(Value::Known).map_err(|_| wrong(format!("{text:?}"))),
                },
            };
        }
        let place = |text: &str| self.categories.iter().position(|category| category == text);
        let value = |text: &str| match place(text) {
            Some(place) => Value::Known(place as f64),
            None if text.is_empty() => Value::Missing,
            None => Value::Unseen,
        };
        Ok(match cell {
            RowCell::Number(number) if number.is_nan() => Value::Missing,
            RowCell::Number(number) => value(&number.to_string()),
            RowCell::Text(text) => value(text.trim()),
        })
    }

    /// Appends the numbers that a cell stands for; `before` is the last known value of its sequence, NaN where there is
    /// none, and becomes this one. What was not there in training is told to `unseen`.
    fn push(
        &self,
        cell: RowCell<'_>,
        before: &mut f64,
        unseen: impl FnOnce(),
        row: &mut Vec<f64>,
    ) -> Result<Read, Message> {
        let value = self.value(cell)?;
        let is_missing = matches!(value, Value::Missing);
        let shown = match value {
            Value::Known(value) => value,
            Value::Unseen => {
                unseen();
                f64::NAN
            }
            Value::Missing => match self.gaps {
                Gaps::Refused | Gaps::Filled { missing: None, .. } => return Err(self.empty()),
                Gaps::Filled { missing: Some(Missing::Drop), .. } => return Ok(Read::LeftOut),
                Gaps::Filled { missing: Some(Missing::Zero), .. } if self.categories.is_empty() => 0.0,
                Gaps::Filled { missing: Some(Missing::Zero), .. } => f64::NAN,
                Gaps::Filled { .. } => *before,
            },
        };
        if !is_missing {
            *before = shown;
        }
        match (&self.gaps, self.categories.len()) {
            (Gaps::Filled { mean, .. }, 0) => row.push(if shown.is_nan() { *mean } else { shown }),
            (Gaps::Refused, 0) => row.push(shown),
            (_, count) => row.extend((0..count).map(|place| f64::from(u8::from(place as f64 == shown)))),
        }
        if let Gaps::Filled { is_flagged: true, .. } = self.gaps {
            row.push(f64::from(u8::from(is_missing)));
        }
        Ok(Read::Whole)
    }

    /// The refusal of an empty cell.
    fn empty(&self) -> Message {
        let wanted = match self.categories.len() {
            0 => "a number".to_owned(),
            _ => format!("one of {}", abridged(&self.categories)),
        };
        let message = Message::from(format!("{:?} is missing; give {wanted}", self.name));
        match self.gaps {
            Gaps::Refused => message,
            Gaps::Filled { .. } => message
                .text(", or train a model that was told what becomes of empty cells, with ")
                .option("missing"),
        }
    }
}

/// The numbers that a stream takes, which the cells of a row stand for.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) values: Vec<f64>,
    /// The last known value of each column in one sequence: those that are to be when the row has been taken.
    known: Vec<f64>,
}

impl Numbers {
    /// Reads a row with a cell for each column. `known` are the last known values of its sequence, none before its first
    /// row; `unseen` is told of columns and what is no category of theirs.
    ///
    /// # Errors
    /// If a cell is none of its column, or empty where that is not allowed.
    pub(crate) fn read(
        &mut self,
        columns: &[RowColumn],
        row: &[RowCell<'_>],
        known: &[f64],
        mut unseen: impl FnMut(usize, String),
    ) -> Result<Read, Message> {
        self.values.clear();
        self.known.clear();
        self.known.extend_from_slice(known);
        self.known.resize(columns.len(), f64::NAN);
        for (n, ((column, &cell), before)) in columns.iter().zip(row).zip(&mut self.known).enumerate() {
            let told = || unseen(n, said(cell));
            if column.push(cell, before, told, &mut self.values)? == Read::LeftOut {
                return Ok(Read::LeftOut);
            }
        }
        Ok(Read::Whole)
    }

    /// The row has been taken: notes its known values.
    pub(crate) fn keep(&self, known: &mut Vec<f64>) {
        known.clone_from(&self.known);
    }
}

/// What a cell says.
fn said(cell: RowCell<'_>) -> String {
    match cell {
        RowCell::Number(number) => number.to_string(),
        RowCell::Text(text) => text.trim().to_owned(),
    }
}

/// What is to be said of texts of a column that are no categories, the first of which stands there.
pub(crate) fn unseen<'a>(name: &str, texts: impl IntoIterator<Item = &'a str>, first: &str) -> Message {
    let texts: Vec<&str> = texts.into_iter().collect();
    let what = "says what was not there in training, which is no category";
    format!("{name:?} {what}: {} (first: {first})", quoted(texts)).into()
}
