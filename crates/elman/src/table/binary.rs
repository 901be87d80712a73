//! Columns out of files that hold their values as bytes.

use std::sync::OnceLock;

use super::TableError;
use super::cells::{Cells, Spelling, Texts};
use super::column::{Data, Values};

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
