//! The rows that an object makes: one, or where it has lists, one for each of their values.
//!
//! Lists in an object are equally long, and its other values stand in each of its rows. A list of lists makes numbered
//! columns; an object within has its keys behind a point, `place.town`.

use std::collections::HashMap;

use serde_json::Value;

/// The names of a table's columns, in order of first appearance.
#[derive(Default)]
pub(super) struct Names {
    all: Vec<String>,
    places: HashMap<String, usize>,
    /// The number of the object that each was last seen in.
    seen: Vec<usize>,
    /// How many objects have begun.
    objects: usize,
}

impl Names {
    pub(super) fn all(&self) -> &[String] {
        &self.all
    }

    /// The place of a name, which the object that has begun has not told yet; none if it has.
    fn place(&mut self, name: &str) -> Option<usize> {
        if let Some(&place) = self.places.get(name) {
            let before = std::mem::replace(&mut self.seen[place], self.objects);
            return (before != self.objects).then_some(place);
        }
        let place = self.all.len();
        self.all.push(name.to_owned());
        self.places.insert(name.to_owned(), place);
        self.seen.push(self.objects);
        Some(place)
    }
}

/// The cells of an object.
pub(super) struct Row {
    columns: Vec<Column>,
    /// The values of its lists, if it has some.
    steps: Option<usize>,
}

struct Column {
    /// Its name's place among all.
    place: usize,
    values: Values,
}

enum Values {
    /// The same in each row.
    One(String),
    Each(Vec<String>),
}

impl Row {
    /// # Errors
    /// Why these entries make none, in words.
    pub(super) fn of(entries: Vec<(String, Value)>, names: &mut Names) -> Result<Self, String> {
        names.objects += 1;
        let mut row = Row { columns: Vec::with_capacity(entries.len()), steps: None };
        let mut first_list: Option<String> = None;
        for (key, value) in entries {
            match value {
                Value::Array(values) => {
                    let length = values.len();
                    match (row.steps, &first_list) {
                        (Some(steps), Some(first)) if steps != length => {
                            return Err(format!(
                                "its lists are not equally long: {first:?} has {steps} values, {key:?} {length}"
                            ));
                        }
                        _ => (row.steps, first_list) = (Some(length), Some(key.clone())),
                    }
                    row.add_list(&key, values, names)?;
                }
                Value::Object(inner) => {
                    for (inner, value) in inner {
                        let cell = cell(&key, value)?;
                        row.add(&format!("{key}.{inner}"), Values::One(cell), names)?;
                    }
                }
                value => {
                    let cell = cell(&key, value)?;
                    row.add(&key, Values::One(cell), names)?;
                }
            }
        }
        Ok(row)
    }

    fn add_list(&mut self, key: &str, values: Vec<Value>, names: &mut Names) -> Result<(), String> {
        let width = |value: &Value| value.as_array().map(Vec::len);
        let Some(first) = values.first() else { return self.add(key, Values::Each(Vec::new()), names) };
        let wide = width(first);
        if values.iter().any(|value| width(value) != wide) {
            return Err(format!("the lists within {key:?} are not equally long; give each as many values"));
        }
        let Some(columns) = wide else {
            let cells = values.into_iter().map(|value| cell(key, value)).collect::<Result<_, _>>()?;
            return self.add(key, Values::Each(cells), names);
        };
        let mut each: Vec<Vec<String>> = (0..columns).map(|_| Vec::with_capacity(values.len())).collect();
        for value in values {
            let Value::Array(inner) = value else { continue };
            for (column, value) in each.iter_mut().zip(inner) {
                column.push(cell(key, value)?);
            }
        }
        let numbered = |(n, cells): (usize, _)| self.add(&format!("{key}{n}"), Values::Each(cells), names);
        (1..).zip(each).try_for_each(numbered)
    }

    fn add(&mut self, name: &str, values: Values, names: &mut Names) -> Result<(), String> {
        let Some(place) = names.place(name) else {
            return Err(format!("the key {name:?} comes twice in one object; rename one of them"));
        };
        self.columns.push(Column { place, values });
        Ok(())
    }

    /// How many columns it tells of.
    pub(super) fn num_columns(&self) -> usize {
        self.columns.len()
    }

    /// How many rows it makes.
    pub(super) fn steps(&self) -> usize {
        self.steps.unwrap_or(1)
    }

    /// Has it lists?
    pub(super) fn is_sequence(&self) -> bool {
        self.steps.is_some()
    }

    /// Are the values of its lists all numbers, or missing?
    pub(super) fn lists_are_numbers(&self) -> bool {
        self.columns.iter().all(|column| match &column.values {
            Values::One(_) => true,
            Values::Each(cells) => cells.iter().all(|cell| cell.is_empty() || cell.parse::<f64>().is_ok()),
        })
    }

    /// The cells of one of its rows, each with the place of its column.
    pub(super) fn cells(&self, step: usize) -> impl Iterator<Item = (usize, &str)> {
        self.columns.iter().map(move |column| match &column.values {
            Values::One(cell) => (column.place, cell.as_str()),
            Values::Each(cells) => (column.place, cells[step].as_str()),
        })
    }
}

/// A value as the text of a cell.
fn cell(key: &str, value: Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        Value::Array(_) | Value::Object(_) => Err(format!(
            "the key {key:?} holds lists or objects within others; write an object for every row, with one number or text per key"
        )),
    }
}
