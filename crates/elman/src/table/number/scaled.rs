//! Numbers with letters for thousands, millions and billions behind them: `1.2K` among `3.4M`.

use super::{Form, is_missing};
use crate::table::Column;

/// What a letter behind a number stands for.
const SCALES: [(char, f64); 4] = [('K', 1e3), ('k', 1e3), ('M', 1e6), ('B', 1e9)];

/// Is it such a letter by itself?
pub(super) fn is_scale(unit: &str) -> bool {
    SCALES.iter().any(|(letter, _)| unit.chars().eq([*letter]))
}

/// The numbers of a column, NaN where there is none, if all are written so, with two different letters at the least: a single
/// one may be a unit, such as kelvin or metres. A whole number of `B` may be one of bytes.
pub(super) fn values(column: Column<'_>) -> Option<Vec<f64>> {
    let (mut letters, mut values) = (Vec::new(), Vec::with_capacity(column.texts().len()));
    for text in column.texts() {
        let (number, scale) = match SCALES.iter().find_map(|&(letter, scale)| {
            Some((text.strip_suffix(letter)?, letter.to_ascii_uppercase(), scale))
        }) {
            Some((number, letter, scale)) => {
                if letter == 'B' && !number.contains('.') {
                    return None;
                }
                if !letters.contains(&letter) {
                    letters.push(letter);
                }
                (number, scale)
            }
            None if is_missing(text) => {
                values.push(f64::NAN);
                continue;
            }
            None => (text, 1.0),
        };
        let is_bare = number.starts_with(|c: char| c.is_ascii_digit() || "-.".contains(c))
            && number.ends_with(|c: char| c.is_ascii_digit());
        let number = [Form::PLAIN, Form::COMMA_GROUPS].iter().find_map(|form| form.value(number));
        values.push(scale * number.filter(|_| is_bare)?);
    }
    (letters.len() > 1).then_some(values)
}
