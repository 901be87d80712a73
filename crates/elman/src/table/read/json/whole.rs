//! A file that is one object: a table as pandas writes it, or a service's answer around one.

use serde_json::Value;
use serde_json::value::RawValue;

use super::{Entries, Item};
use crate::table::mostly_times;

/// What the keys of rows are called as a column, where they are more than a count: times, and others.
const NAMES: [&str; 2] = ["time", "index"];

/// The rows of an object that is a table; none if it is no single object, or a row itself.
pub(super) fn rows(text: &str) -> Option<Vec<Item>> {
    if let Some(items) = of_objects(text) {
        return Some(items);
    }
    let Entries(entries) = serde_json::from_str::<Entries<&RawValue>>(text).ok()?;
    of_split(&entries).or_else(|| of_list(&entries)).or_else(|| of_table(&entries))
}

/// An object of columns, each of which has the same keys for its rows, or of rows with the same keys for their columns:
/// pandas' `columns` and `index`. Which it is the keys tell: those of rows are numbers or times.
fn of_objects(text: &str) -> Option<Vec<Item>> {
    let Entries(objects) = serde_json::from_str::<Entries<Entries<Value>>>(text).ok()?;
    let keys =
        |Entries(entries): &Entries<Value>| entries.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    let inner = keys(&objects.first()?.1);
    let outer: Vec<String> = objects.iter().map(|(key, _)| key.clone()).collect();
    if inner.len() < 2 && outer.len() < 2 || objects.iter().any(|(_, entries)| keys(entries) != inner) {
        return None;
    }
    let are_of_rows = |keys: &[String]| {
        keys.iter().all(|key| is_number(key)) || mostly_times(keys.iter().map(String::as_str))
    };
    let are_columns = match (are_of_rows(&inner), are_of_rows(&outer)) {
        (true, false) => true,
        (false, true) => false,
        _ => inner.len() > outer.len(),
    };
    if !are_columns {
        let rows = objects.into_iter().map(|(key, Entries(entries))| (key, entries));
        return Some(with_keys(rows.collect()));
    }
    let mut rows: Vec<(String, Item)> = inner.into_iter().map(|key| (key, Item::new())).collect();
    for (name, Entries(column)) in objects {
        rows.iter_mut().zip(column).for_each(|((_, row), (_, value))| row.push((name.clone(), value)));
    }
    Some(with_keys(rows))
}

fn is_number(key: &str) -> bool {
    key.bytes().all(|byte| byte.is_ascii_digit())
}

/// Rows with their keys in front, unless those count from 0 on.
fn with_keys(rows: Vec<(String, Item)>) -> Vec<Item> {
    let are_counted = rows.iter().enumerate().all(|(n, (key, _))| *key == n.to_string());
    // Moments since 1970, and years.
    let may_be_time = |key: &str| !is_number(key) || key.len() >= 9 || ("1500".."2200").contains(&key);
    let keys = || rows.iter().map(|(key, _)| key.as_str());
    let are_times = keys().all(may_be_time) && mostly_times(keys());
    let is_taken = rows.iter().any(|(_, row)| row.iter().any(|(name, _)| name == NAMES[0]));
    let name = NAMES[usize::from(!are_times || is_taken)];
    let with_key = |(key, row): (String, Item)| match are_counted {
        true => row,
        false => std::iter::once((name.to_owned(), Value::String(key))).chain(row).collect(),
    };
    rows.into_iter().map(with_key).collect()
}

/// Names of columns, keys of rows and a list for each row: pandas' `split`.
fn of_split(entries: &[(String, &RawValue)]) -> Option<Vec<Item>> {
    let of = |key: &str| Some(entries.iter().find(|(other, _)| other == key)?.1.get());
    let columns: Vec<String> = serde_json::from_str(of("columns")?).ok()?;
    let data: Vec<Vec<Value>> = serde_json::from_str(of("data")?).ok()?;
    let index: Vec<Value> =
        of("index").and_then(|index| serde_json::from_str(index).ok()).unwrap_or_default();
    if data.iter().any(|row| row.len() != columns.len()) {
        return None;
    }
    let key = |n: usize| match index.get(n) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => n.to_string(),
    };
    let row = |(n, values): (usize, Vec<Value>)| (key(n), columns.iter().cloned().zip(values).collect());
    Some(with_keys(data.into_iter().enumerate().map(row).collect()))
}

/// The objects of the only list of some.
fn of_list(entries: &[(String, &RawValue)]) -> Option<Vec<Item>> {
    let mut lists = entries.iter().filter_map(|(_, raw)| serde_json::from_str(raw.get()).ok());
    let list: Vec<Entries<Value>> = lists.find(|list: &Vec<Entries<Value>>| !list.is_empty())?;
    let are_others_empty = lists.all(|other| other.is_empty());
    are_others_empty.then(|| list.into_iter().map(|Entries(entries)| entries).collect())
}

/// The only object of lists that are equally long.
fn of_table(entries: &[(String, &RawValue)]) -> Option<Vec<Item>> {
    let table = |(_, raw): &(String, &RawValue)| {
        let Entries(columns) = serde_json::from_str::<Entries<Vec<Value>>>(raw.get()).ok()?;
        let length = columns.first()?.1.len();
        let are_long = length > 1 && columns.iter().all(|(_, values)| values.len() == length);
        are_long.then(|| columns.into_iter().map(|(key, values)| (key, Value::Array(values))).collect())
    };
    let mut tables = entries.iter().filter_map(table);
    let item: Item = tables.next()?;
    tables.next().is_none().then(|| vec![item])
}
