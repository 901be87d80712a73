//! Reading JSON value by value: each knows where it stands, and each refusal says so.

use serde::Deserialize;
use serde_json::Value;

use crate::error::{DataError, Message};
use crate::words::counted;

/// The value of a file's text.
pub(super) fn parse(file: &str, bytes: &[u8]) -> Result<Value, DataError> {
    const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
    let text = bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes);
    serde_json::from_slice(text).map_err(|error| {
        let message = if error.is_eof() {
            format!("it is empty or cut off: {error}; copy or write it again")
        } else {
            format!("it is not JSON: {error}; NaN and Infinity are none; write the file again")
        };
        DataError::new(file, message)
    })
}

/// A value of a file and its place in it.
#[derive(Clone)]
pub(super) struct At<'a> {
    file: &'a str,
    path: String,
    value: &'a Value,
}

impl<'a> At<'a> {
    pub(super) fn root(file: &'a str, value: &'a Value) -> Self {
        At { file, path: String::new(), value }
    }

    /// The error that this value is not what it should be.
    pub(super) fn refuse(&self, message: impl Into<Message>) -> DataError {
        match self.path.as_str() {
            "" => DataError::new(self.file, message),
            path => DataError::new(format_args!("{}, {path}", self.file), message),
        }
    }

    fn is_not(&self, wanted: &str) -> DataError {
        self.refuse(format!("is {}, where {wanted} should be", self.kind()))
    }

    /// What it is, in a few words.
    pub(super) fn kind(&self) -> String {
        match self.value {
            Value::Null => "null".into(),
            Value::Bool(value) => value.to_string(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => format!("the text {:?}", shortened(text)),
            Value::Array(list) => format!("a list of {}", list.len()),
            Value::Object(map) => format!("an object of {}", counted(map.len(), "entry")),
        }
    }

    /// The entry of this name; `None` if there is none, or it is null.
    pub(super) fn get(&self, key: &str) -> Option<At<'a>> {
        let value = self.value.get(key).filter(|value| !value.is_null())?;
        let path = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        Some(At { file: self.file, path, value })
    }

    /// The entry of this name, which must be there.
    pub(super) fn want(&self, key: &str) -> Result<At<'a>, DataError> {
        self.object()?;
        self.get(key).ok_or_else(|| self.refuse(format!("has no {key:?}, which this format asks for")))
    }

    /// The names of an object's entries.
    pub(super) fn keys(&self) -> impl Iterator<Item = &'a str> {
        self.value.as_object().into_iter().flat_map(|map| map.keys().map(String::as_str))
    }

    pub(super) fn object(&self) -> Result<(), DataError> {
        if self.value.is_object() { Ok(()) } else { Err(self.is_not("an object")) }
    }

    /// The values of a list.
    pub(super) fn list(&self) -> Result<Vec<At<'a>>, DataError> {
        let list = self.value.as_array().ok_or_else(|| self.is_not("a list"))?;
        let at = |(n, value)| At { file: self.file, path: format!("{}[{n}]", self.path), value };
        Ok(list.iter().enumerate().map(at).collect())
    }

    pub(super) fn text(&self) -> Result<&'a str, DataError> {
        self.value.as_str().ok_or_else(|| self.is_not("a text"))
    }

    pub(super) fn number(&self) -> Result<f64, DataError> {
        self.value.as_f64().ok_or_else(|| self.is_not("a number"))
    }

    /// A value of any form that serde knows; `wanted` says which.
    pub(super) fn deserialize<T: Deserialize<'a>>(&self, wanted: &str) -> Result<T, DataError> {
        T::deserialize(self.value).map_err(|error| self.refuse(format!("is not {wanted}: {error}")))
    }

    /// A number, or a text that is one.
    pub(super) fn number_or_text(&self) -> Result<f64, DataError> {
        let text = self.value.as_str().and_then(|text| text.trim().parse().ok());
        match text.filter(|value: &f64| value.is_finite()) {
            Some(number) => Ok(number),
            None => self.number(),
        }
    }

    /// A whole number from 0 on.
    pub(super) fn count(&self) -> Result<usize, DataError> {
        const LARGEST: f64 = (1u64 << 53) as f64;
        let whole = |number: &f64| number.fract() == 0.0 && (0.0..=LARGEST).contains(number);
        let count = self.value.as_f64().filter(whole).and_then(|number| usize::try_from(number as u64).ok());
        count.ok_or_else(|| self.is_not("a whole number"))
    }

    /// A size: a whole number from 1 on.
    pub(super) fn size(&self) -> Result<usize, DataError> {
        match self.count()? {
            0 => Err(self.refuse("is 0; it must be at least 1")),
            size => Ok(size),
        }
    }

    /// True or false, or 1 or 0.
    pub(super) fn flag(&self) -> Result<bool, DataError> {
        match (self.value.as_bool(), self.value.as_u64()) {
            (Some(flag), _) => Ok(flag),
            (_, Some(number @ (0 | 1))) => Ok(number == 1),
            _ => Err(self.is_not("true or false")),
        }
    }

    /// A list of so many numbers, each rounded to `f32`.
    pub(super) fn vector(&self, len: usize) -> Result<Vec<f32>, DataError> {
        let list = self.value.as_array().ok_or_else(|| self.is_not("a list of numbers"))?;
        if list.len() != len {
            return Err(self.refuse(format!("has {}, where {len} are wanted", counted(list.len(), "number"))));
        }
        let mut values = Vec::with_capacity(len);
        for (n, value) in list.iter().enumerate() {
            let at = || At { file: self.file, path: format!("{}[{n}]", self.path), value };
            let number = value.as_f64().ok_or_else(|| at().is_not("a number"))?;
            let rounded = number as f32;
            if !rounded.is_finite() {
                return Err(at().refuse(format!("is {number:e}, more than a number of 32 bits can be")));
            }
            values.push(rounded);
        }
        Ok(values)
    }

    /// The numbers of a list of any length.
    pub(super) fn numbers(&self) -> Result<Vec<f32>, DataError> {
        self.vector(self.value.as_array().map_or(0, Vec::len))
    }

    /// `[rows, columns]`, row by row, out of a list of lists.
    pub(super) fn matrix(&self, rows: usize, columns: usize) -> Result<Vec<f32>, DataError> {
        let list = self.value.as_array().ok_or_else(|| self.is_not("a list of lists of numbers"))?;
        let width = |row: &Value| row.as_array().map(Vec::len);
        let is_wanted = list.len() == rows && list.iter().all(|row| width(row) == Some(columns));
        if !is_wanted {
            let found = match list.iter().map(width).collect::<Option<Vec<_>>>() {
                Some(widths) if widths.iter().all(|width| Some(width) == widths.first()) => {
                    format!("is {} x {}", list.len(), widths.first().unwrap_or(&0))
                }
                Some(_) => format!("is {} of different lengths", counted(list.len(), "row")),
                None => "is no list of lists of numbers".into(),
            };
            return Err(self.refuse(format!("{found}, where {rows} x {columns} is wanted")));
        }
        let mut values = Vec::new();
        for row in self.list()? {
            values.append(&mut row.vector(columns)?);
        }
        Ok(values)
    }
}

/// The beginning of a text that may be long.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 40;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// What is written for a number: whole ones without a point.
pub(super) fn number(value: f64) -> Value {
    const LARGEST: f64 = (1u64 << 53) as f64;
    if value.fract() == 0.0 && value.abs() <= LARGEST {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

/// Values of 32 bits as they are written: with all digits of the same value in 64 bits, so that a reader that rounds
/// once more comes back to the same bits.
pub(super) fn exact(values: &[f32]) -> Vec<f64> {
    values.iter().copied().map(f64::from).collect()
}

/// The rows of a matrix as they are written.
pub(super) fn rows(values: &[f32], columns: usize) -> Vec<Vec<f64>> {
    values.chunks_exact(columns).map(exact).collect()
}
