//! Answers as columns of values.

use std::fmt::{self, Display};

use crate::error::{DataError, Message};
use crate::float::Dtype;
use crate::table::{Table, Time};

/// A model's answers: named columns of values, all with as many rows. They become text only where they are
/// shown, by the [`Display`] of their [`Cell`]s.
///
/// ```
/// use elman::task::{Answers, Number, Precision, Predictions};
///
/// let values = [2.0, 1.0 / 3.0].map(|value| Number { value, precision: Precision::Decimals(2) });
/// let predictions = Predictions::new(vec![
///     ("id".into(), Answers::Text(vec!["a".into(), "b".into()])),
///     ("level".into(), Answers::Numbers(values.into())),
/// ]);
/// let rows: Vec<String> = predictions.rows().map(|row| format!("{}: {}", row[0], row[1])).collect();
/// assert_eq!(rows, ["a: 2", "b: 0.33"]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Predictions {
    columns: Vec<(String, Answers)>,
    remarks: Vec<Message>,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Answers {
    /// What is carried over as it stands in the data, and names.
    Text(Vec<String>),
    /// What is computed.
    Numbers(Vec<Number>),
    /// Times, as the data write them.
    Times(Vec<Time>),
}

/// One value of [`Predictions`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Of a column of text.
    Text(&'a str),
    /// Of a column of numbers.
    Number(Number),
    /// Of a column of times.
    Time(Time),
}

/// A computed number, and how much of it says something.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Number {
    /// The number as it was computed.
    pub value: f64,
    /// How it is shown.
    pub precision: Precision,
}

/// To which digits a number is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precision {
    /// The shortest text that is the same `f64`.
    F64,
    /// The shortest text that is the same `f32`.
    F32,
    /// So many decimals, zeros at the end left out.
    Decimals(u16),
}

impl Predictions {
    /// These columns, by their names.
    ///
    /// # Panics
    /// If they are not of one length.
    pub fn new(columns: Vec<(String, Answers)>) -> Self {
        let same = columns.windows(2).all(|pair| pair[0].1.len() == pair[1].1.len());
        assert!(same, "all columns of predictions have as many rows");
        Predictions { columns, remarks: Vec::new() }
    }

    /// The same with this beside it, which the user should know of how they came about.
    #[must_use]
    pub fn with_remarks(self, remarks: Vec<Message>) -> Self {
        Self { remarks, ..self }
    }

    /// What the user should know of how they came about: what was chosen, left out or put right.
    pub fn remarks(&self) -> &[Message] {
        &self.remarks
    }

    /// The columns' names, from left to right.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.iter().map(|(name, _)| name.as_str())
    }

    /// The number of rows.
    pub fn num_rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, answers)| answers.len())
    }

    /// The columns with their names, from left to right.
    pub fn columns(&self) -> &[(String, Answers)] {
        &self.columns
    }

    /// The cells, row by row.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Vec<Cell<'_>>> {
        (0..self.num_rows()).map(|row| self.columns.iter().map(|(_, answers)| answers.cell(row)).collect())
    }
}

impl Answers {
    /// The number of values.
    pub fn len(&self) -> usize {
        match self {
            Answers::Text(texts) => texts.len(),
            Answers::Numbers(numbers) => numbers.len(),
            Answers::Times(times) => times.len(),
        }
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The same as values of these rows, which ascend, among so many: the others have none.
    pub(super) fn spread(self, rows: &[usize], count: usize) -> Self {
        fn spread<V: Clone>(values: Vec<V>, rows: &[usize], count: usize, none: V) -> Vec<V> {
            if rows.len() == count {
                return values;
            }
            let mut all = vec![none; count];
            rows.iter().zip(values).for_each(|(&row, value)| all[row] = value);
            all
        }
        match self {
            Answers::Text(texts) => Answers::Text(spread(texts, rows, count, String::new())),
            Answers::Numbers(numbers) => {
                let none = Number { value: f64::NAN, precision: Precision::F64 };
                Answers::Numbers(spread(numbers, rows, count, none))
            }
            // A time is carried over from a row that is there.
            Answers::Times(times) => Answers::Times(times),
        }
    }

    /// The value in a row.
    ///
    /// # Panics
    /// If there are not as many.
    pub fn cell(&self, row: usize) -> Cell<'_> {
        match self {
            Answers::Text(texts) => Cell::Text(&texts[row]),
            Answers::Numbers(numbers) => Cell::Number(numbers[row]),
            Answers::Times(times) => Cell::Time(times[row]),
        }
    }
}

impl Number {
    /// A network's answer. One of `f32` is shown to a millionth of `spread`, the range in which the answers
    /// vary: the digits after that would be the rounding's.
    pub(super) fn answer(value: f64, spread: f64, dtype: Dtype) -> Self {
        let precision = match dtype {
            Dtype::F64 => Precision::F64,
            Dtype::F32 => Precision::Decimals((6.0 - spread.log10().floor()).clamp(0.0, 300.0) as u16),
        };
        Number { value, precision }
    }

    /// The number that is shown.
    pub fn rounded(self) -> f64 {
        self.to_string().parse().unwrap_or(self.value)
    }
}

impl Display for Number {
    /// Nothing for a value that is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.value.is_nan() {
            return Ok(());
        }
        match self.precision {
            Precision::F64 => write!(f, "{}", self.value),
            Precision::F32 => write!(f, "{}", self.value as f32),
            Precision::Decimals(decimals) => {
                let text = format!("{:.*}", usize::from(decimals), self.value);
                let has_point = text.contains('.');
                f.write_str(if has_point { text.trim_end_matches('0').trim_end_matches('.') } else { &text })
            }
        }
    }
}

impl Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Text(text) => f.write_str(text),
            Cell::Number(number) => number.fmt(f),
            Cell::Time(time) => time.fmt(f),
        }
    }
}

/// Refuses answers that are no numbers; `which` names an answer's place, `why` a cell that is far beyond those of training.
pub(super) fn check_finite(
    answers: impl IntoIterator<Item = f64>,
    table: &Table,
    which: impl Fn(usize) -> String,
    why: impl FnOnce(usize) -> Option<Message>,
) -> Result<(), DataError> {
    match answers.into_iter().enumerate().find(|(_, answer)| !answer.is_finite()) {
        None => Ok(()),
        Some((n, answer)) => {
            let why =
                why(n).map_or("are its inputs far beyond those of training?".into(), |why| why.to_string());
            let message = format!("the answer for {} is {answer}; {why}", which(n));
            Err(DataError::new(table.name(), message))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_shown_to_what_its_type_can_tell() {
        let shown = |value, spread, dtype| Number::answer(value, spread, dtype).to_string();
        assert_eq!(shown(0.1 + 0.2, 1.0, Dtype::F64), "0.30000000000000004");
        assert_eq!(shown(0.1 + 0.2, 1.0, Dtype::F32), "0.3");
        assert_eq!(shown(447.123_456_789, 100.0, Dtype::F32), "447.1235");
        assert_eq!(shown(1_200_000.4, 1e7, Dtype::F32), "1200000");
        assert_eq!(shown(-2.5e-9, 1e-9, Dtype::F32), "-0.0000000025");
        assert_eq!(shown(0.0, 1.0, Dtype::F32), "0");
        let probability = Number { value: 0.1 + f64::from(f32::EPSILON) / 64.0, precision: Precision::F32 };
        assert_eq!((probability.to_string().as_str(), probability.rounded()), ("0.1", 0.1));
    }
}
