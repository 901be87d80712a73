//! What the cells of a column are, found one by one.

use super::number::{Form, Short, finite, is_missing};

/// What all cells of a column are.
#[derive(Debug, Clone)]
pub(super) enum Values {
    /// Finite numbers; NaN where a cell is empty or says that it has none (`NA`), but not everywhere.
    Numbers { values: Vec<f64>, first_gap: Option<usize> },
    /// Anything else, times among it.
    Text,
}

impl Values {
    /// The values of these cells, as the strictest type that holds them all.
    pub(super) fn of<'c>(cells: impl ExactSizeIterator<Item = &'c str>) -> Self {
        let mut typing = Typing::of_rows(cells.len());
        for cell in cells {
            typing.push(cell);
            if typing.is_text {
                break;
            }
        }
        typing.finish().0
    }

    /// Numbers, with NaN for what is missing.
    pub(super) fn numbers_with_gaps(values: Vec<f64>) -> Self {
        let first_gap = values.iter().position(|value| value.is_nan());
        Values::Numbers { values, first_gap }
    }

    /// The numbers, NaN for what is missing, if they are some.
    pub(super) fn as_numbers(&self) -> Option<&[f64]> {
        match self {
            Values::Numbers { values, .. } => Some(values),
            Values::Text => None,
        }
    }
}

/// A column's type, found cell by cell.
#[derive(Debug, Default)]
pub(super) struct Typing {
    values: Vec<f64>,
    /// So many cells are expected.
    rows: usize,
    first_gap: Option<usize>,
    has_number: bool,
    /// A cell is a number that has another meaning, or none, where commas stand before decimals.
    pub(super) has_point: bool,
    /// A cell is a number of few digits with a comma before its decimals; then all are such, or whole.
    has_comma: bool,
    /// A cell is neither a number nor missing.
    pub(super) is_text: bool,
}

impl Typing {
    /// That of a column of about so many rows.
    pub(super) fn of_rows(rows: usize) -> Self {
        Typing { rows, ..Typing::default() }
    }

    /// Has no cell a value so far?
    pub(super) fn is_empty(&self) -> bool {
        !self.is_text && !self.has_number
    }

    /// Adds a cell.
    pub(super) fn push(&mut self, cell: &str) {
        if self.is_text {
        } else if let Some(number) = self.number(cell) {
            self.push_number(number);
        } else if is_missing(cell) {
            self.first_gap = self.first_gap.or(Some(self.values.len()));
            self.push_value(f64::NAN);
        } else {
            self.make_text();
        }
    }

    /// What stands before decimals so far.
    #[inline]
    pub(super) fn decimal(&self) -> u8 {
        if self.has_comma { b',' } else { b'.' }
    }

    /// Adds a cell that is this number, this mark before its decimals, to what is no text so far.
    #[inline]
    pub(super) fn push_short(&mut self, Short { number, has_point, .. }: Short, decimal: u8) {
        let has_point = has_point && decimal == b'.';
        if has_point && self.has_comma {
            self.make_text();
        } else {
            self.has_point |= has_point;
            self.push_number(number);
        }
    }

    /// The number that a cell is, written as those before it.
    fn number(&mut self, cell: &str) -> Option<f64> {
        let with_comma = || Form::COMMA.short_value(cell);
        if self.has_comma {
            return with_comma();
        }
        if let Some(number) = finite(cell) {
            self.has_point = self.has_point || with_comma().is_none();
            return Some(number);
        }
        let number = if self.has_point { None } else { with_comma() };
        self.has_comma = number.is_some();
        number
    }

    fn make_text(&mut self) {
        *self = Typing { is_text: true, ..Typing::default() };
    }

    #[inline]
    fn push_number(&mut self, number: f64) {
        self.has_number = true;
        self.push_value(number);
    }

    #[inline]
    fn push_value(&mut self, value: f64) {
        // All memory at once: while vectors grow, they are there twice.
        if self.values.capacity() == 0 {
            self.values.reserve_exact(self.rows);
        }
        self.values.push(value);
    }

    /// What all cells are: without a single number they are text. Beside it, what they are if commas
    /// stand before decimals, where all are such numbers.
    pub(super) fn finish(mut self) -> (Values, Option<Vec<f64>>) {
        if !self.has_number {
            return (Values::Text, None);
        }
        self.values.shrink_to_fit();
        match self.has_comma {
            true => (Values::Text, Some(self.values)),
            false => (Values::Numbers { values: self.values, first_gap: self.first_gap }, None),
        }
    }
}
