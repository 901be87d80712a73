//! JSON lines: an object for every row; or an array of such objects.

use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{Input, Reader, text};
use crate::table::builder::Builder;
use crate::table::{Table, TableError};
use crate::words::counted;

pub(super) const READER: Reader = Reader { name: "JSON lines", recognises, read };

fn recognises(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    text.starts_with(b"{")
        || text.strip_prefix(b"[").is_some_and(|text| text.trim_ascii_start().starts_with(b"{"))
}

/// An object's entries, in the order of the file.
struct Row(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Row {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Row;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object for every row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Row(entries))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

fn read(Input { name, bytes, limit }: Input<'_>) -> Result<Table, TableError> {
    let (text, remark) = text::decode(name, bytes);
    let problem = |line: u64, problem: String| TableError::Malformed {
        table: name.to_owned(),
        place: format!("line {line}"),
        problem,
    };
    let mut rows: Vec<(u64, Vec<(usize, String)>)> = Vec::new();
    let (mut headers, mut places) = (Vec::new(), HashMap::new());
    let mut add = |line: u64, Row(entries): Row| {
        let mut cells: Vec<(usize, String)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let place = *places.entry(key.clone()).or_insert_with(|| {
                headers.push(key.clone());
                headers.len() - 1
            });
            if cells.iter().any(|(other, _)| *other == place) {
                let what = format!("the key {key:?} comes twice in one object; rename one of them");
                return Err(problem(line, what));
            }
            let cell = match value {
                Value::Null => String::new(),
                Value::String(text) => text,
                Value::Bool(_) | Value::Number(_) => value.to_string(),
                Value::Array(_) | Value::Object(_) => {
                    let what = "holds a list or an object; write an object for every row, with one number or text per key";
                    return Err(problem(line, format!("the key {key:?} {what}")));
                }
            };
            cells.push((place, cell));
        }
        rows.push((line, cells));
        Ok(())
    };
    let invalid = |line: u64, text: &str, error: serde_json::Error| {
        let way_out = if is_nan_at(&error, text) {
            "; JSON has no NaN: write null for a value that is missing"
        } else {
            ""
        };
        problem(line, format!("is not JSON: {error}{way_out}"))
    };
    if text.trim_start().starts_with('[') {
        match serde_json::from_str::<Vec<Row>>(&text) {
            Ok(objects) => objects.into_iter().zip(1..).try_for_each(|(row, number)| add(number, row))?,
            Err(error) => return Err(invalid(error.line() as u64, &text, error)),
        }
    } else {
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
            match serde_json::from_str(text) {
                Ok(row) => add(line, row)?,
                Err(error) => return Err(invalid(line, text, error)),
            }
        }
    }
    let told: usize = rows.iter().map(|(_, cells)| cells.len()).sum();
    let all = rows.len().saturating_mul(headers.len());
    if all > told.saturating_mul(100).saturating_add(1 << 20) {
        let what =
            format!("the {} objects have {} different keys, hardly one in common", rows.len(), headers.len());
        return Err(problem(1, format!("{what}; give the rows the same keys")));
    }
    let mut table = Builder::new(name, 1, headers.iter().map(String::as_str), limit)?;
    table.head.remarks.extend(remark);
    if told < all {
        let text =
            format!("{name}: objects lack keys that others have; {} left empty", counted(all - told, "cell"));
        table.head.remarks.push(text.into());
    }
    for (line, cells) in &rows {
        let mut row = vec![""; headers.len()];
        for (place, cell) in cells {
            row[*place] = cell;
        }
        table.row(*line, row.into_iter())?;
    }
    table.finish()
}

/// Does NaN stand in the text where the error is?
fn is_nan_at(error: &serde_json::Error, text: &str) -> bool {
    let at = || {
        let line = text.split('\n').nth(error.line().checked_sub(1)?)?;
        line.as_bytes().get(error.column().checked_sub(1)?..)?.strip_prefix(b"NaN")
    };
    at().is_some_and(|behind| behind.first().is_none_or(|byte| !byte.is_ascii_alphanumeric()))
}

#[cfg(test)]
mod tests {
    use crate::table::{Table, read};

    #[test]
    fn objects_are_rows_and_keys_are_columns() {
        let text = "{\"b\": 1, \"a\": \"x\"}\n\n{\"a\": null, \"c\": true, \"b\": 2.5}\n";
        assert_eq!(read::format(text.as_bytes()), "JSON lines");
        for text in [text.to_owned(), format!("[{}]", text.trim().replace("\n\n", ","))] {
            let table = Table::read("t.jsonl", text.as_bytes()).unwrap();
            assert_eq!(table.headers(), ["b", "a", "c"]);
            assert_eq!(table.column("b").unwrap().numbers().unwrap(), [1.0, 2.5]);
            assert_eq!(table.column("a").unwrap().texts().collect::<Vec<_>>(), ["x", ""]);
            assert_eq!(table.column("c").unwrap().texts().collect::<Vec<_>>(), ["", "true"]);
            assert_eq!(
                table.remarks()[0].to_string(),
                "t.jsonl: objects lack keys that others have; 1 cell left empty"
            );
        }
    }

    #[test]
    fn what_is_no_row_is_refused_by_its_line() {
        for (text, line, part) in [
            ("{\"a\":1}\n{\"a\":\n", 2, "is not JSON"),
            ("{\"a\":1}\n{\"a\":[1]}\n", 2, "the key \"a\" holds a list or an object"),
            ("{\"a\":1}\n5\n", 2, "an object for every row"),
            ("{\"a\":1}\n{\"a\":NaN}\n", 2, "JSON has no NaN: write null for a value that is missing"),
            ("{\"a\":1,\"a\":2}\n", 1, "comes twice"),
        ] {
            let error = Table::read("t", text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("t, line {line}: ")) && error.contains(part), "{error}");
        }
        // What is said of NaN is said where it stands.
        for (text, is_told) in [
            ("[{\"a\":1,\"b\":\"NaNcy\"},{\"a\":2,}]", false),
            ("[{\"a\":\"NaN\"},\n{\"a\":2,}]", false),
            ("{\"b\":\"NaN\",\"a\":2,}", false),
            ("[{\"a\":1},{\"a\":NaN}]", true),
            ("[{\"a\":\"é\"},\n {\"é\": NaN},\n{\"a\":2,}]", true),
            ("{\"a\":-NaN}", true),
            ("{\"a\":NaNcy}", false),
        ] {
            let error = Table::read("t", text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains("is not JSON"), "{error}");
            assert_eq!(error.contains("JSON has no NaN"), is_told, "{error}");
        }
        // Nothing in common: a square of memory.
        let keys: String = (0..5000).map(|n| format!("{{\"k{n}\":1}}\n")).collect();
        let error = Table::read("t", keys.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("5000 different keys"), "{error}");
    }
}
