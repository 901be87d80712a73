//! Columns whose values come as numbers: out of files that hold them as bytes, or made.

use std::sync::OnceLock;

use super::builder::Head;
use super::cells::{Cells, Spelling, Texts};
use super::column::Data;
use super::lines::Lines;
use super::typing::Values;
use super::{Table, TableError};
use crate::error::Message;

/// Beyond this not every integer is an `f64`.
const EXACT: u64 = 1 << 53;

/// A column of these numbers; NaN is a missing one. Their texts are made when they are asked for, unless there is
/// something among them that is no number: an infinity.
///
/// # Errors
/// If texts have no place; `name` stands for the file.
pub(super) fn floats(name: &str, values: Vec<f64>, spelling: Spelling) -> Result<Data, TableError> {
    if values.iter().any(|value| value.is_infinite()) || values.iter().all(|value| value.is_nan()) {
        let texts = values.iter().map(|&value| {
            let mut text = String::new();
            if !value.is_nan() {
                spelling.write(value, &mut text);
            }
            text
        });
        return self::texts(name, texts);
    }
    Ok(Data::new(Cells::Written(spelling, OnceLock::new()), Values::numbers_with_gaps(values)))
}

/// A column of these integers, of which some may be missing. Where one is so large that its number is not exact, their
/// texts are kept, which are.
///
/// # Errors
/// If texts have no place; `name` stands for the file.
pub(super) fn integers(
    name: &str,
    values: impl Iterator<Item = Option<i128>> + Clone,
) -> Result<Data, TableError> {
    if values.clone().flatten().any(|value| value.unsigned_abs() > EXACT.into()) {
        return texts(name, values.map(|value| value.map_or_else(String::new, |value| value.to_string())));
    }
    floats(
        name,
        values.map(|value| value.map_or(f64::NAN, |value| value as f64)).collect(),
        Spelling::Integer,
    )
}

/// A column of these texts, in which numbers are found as in any other.
///
/// # Errors
/// If they have no place; `name` stands for the file.
pub(super) fn texts<T: AsRef<str>>(name: &str, values: impl Iterator<Item = T>) -> Result<Data, TableError> {
    let mut texts = Texts::default();
    for value in values {
        if !texts.push(value.as_ref().trim()) {
            return Err(TableError::TooLarge { table: name.to_owned(), limit: 1 << 32 });
        }
    }
    Ok(kept(texts))
}

/// A column of these trimmed texts.
pub(super) fn kept(mut texts: Texts) -> Data {
    texts.shrink_to_fit();
    let values = Values::of(texts.iter());
    Data::new(Cells::Kept(texts), values)
}

impl Table {
    /// A table of columns of numbers by name; NaN is a missing one. Its rows count as lines, from 1 on.
    ///
    /// # Errors
    /// If a name is empty or there twice, columns are not equally long, or there are no rows.
    pub fn of_numbers(name: &str, columns: Vec<(String, Vec<f64>)>) -> Result<Table, TableError> {
        let rows = columns.first().map_or(0, |(_, values)| values.len());
        if let Some((column, values)) = columns.iter().find(|(_, values)| values.len() != rows) {
            let found = format!(
                "has columns of {rows} and, {column:?}, of {} values; they are equally long",
                values.len()
            );
            return Err(TableError::NoTable { table: name.to_owned(), found });
        }
        let head = Head::new(name, 1, columns.iter().map(|(name, _)| name.as_str()))?;
        let is_f32 = |values: &[f64]| values.iter().all(|&value| f64::from(value as f32) == value);
        let data = columns.into_iter().map(|(_, values)| {
            let spelling = if is_f32(&values) { Spelling::F32 } else { Spelling::F64 };
            floats(name, values, spelling)
        });
        head.finish(Lines::counted(rows), data.collect::<Result<_, _>>()?)
    }

    /// The same with more to be said of it.
    #[must_use]
    pub(crate) fn with_remarks(mut self, remarks: Vec<Message>) -> Self {
        self.remarks.extend(remarks);
        self
    }
}
