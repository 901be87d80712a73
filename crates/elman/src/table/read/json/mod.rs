//! JSON: an object or a list for every row, line by line or in one list, also as the value of a key; or an object of columns.
//!
//! Lists within an object are a sequence: see [`rows`].

mod rows;
mod whole;

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::{Input, Reader, text};
use crate::table::builder::Builder;
use crate::table::{Table, TableError};
use crate::words::{counted, thousands};
use rows::{Names, Row};

pub(super) const READER: Reader = Reader { name: "JSON lines", recognises, read };

fn recognises(bytes: &[u8]) -> bool {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes).trim_ascii_start();
    let Some(list) = text.strip_prefix(b"[") else { return text.starts_with(b"{") };
    match list.trim_ascii_start() {
        [b'{', ..] => true,
        // A list of lists; a cell of a CSV file begins with one bracket.
        [b'[', rest @ ..] => {
            rest.trim_ascii_start().first().is_some_and(|byte| b"-\"0123456789".contains(byte))
        }
        _ => {
            let mut lines = text.split(|byte| b"\r\n".contains(byte)).filter(|line| !line.is_empty());
            let is_list =
                |line: &[u8]| serde_json::from_slice::<Vec<Value>>(line).is_ok_and(|values| values.len() > 1);
            lines.next().is_some_and(is_list) && lines.next().is_none_or(|line| line.starts_with(b"["))
        }
    }
}

/// An object's entries, in the order of the file.
struct Entries<V>(Vec<(String, V)>);

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Entries<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder<V>(PhantomData<V>);
        impl<'de, V: Deserialize<'de>> Visitor<'de> for InOrder<V> {
            type Value = Entries<V>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object for every row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries<V>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(InOrder(PhantomData))
    }
}

fn read(Input { name, bytes, limit }: Input<'_>) -> Result<Table, TableError> {
    let (text, remark) = text::decode(name, bytes);
    let problem = |line: u64, problem: String| TableError::Malformed {
        table: name.to_owned(),
        place: format!("line {line}"),
        problem,
    };
    let found = items(&text).map_err(|(line, what)| problem(line, what))?;
    drop(text);
    let (mut names, mut all, mut told, mut rows) = (Names::default(), Vec::new(), 0_usize, 0_usize);
    for (line, entries) in found {
        let row = Row::of(entries, &mut names).map_err(|what| problem(line, what))?;
        told = told.saturating_add(row.steps().saturating_mul(row.num_columns()));
        rows = rows.saturating_add(row.steps());
        all.push((line, row));
    }
    let headers = names.all();
    let cells = rows.saturating_mul(headers.len());
    if cells > told.saturating_mul(100).saturating_add(1 << 20) {
        let what =
            format!("the {} objects have {} different keys, hardly one in common", all.len(), headers.len());
        return Err(problem(1, format!("{what}; give the rows the same keys")));
    }
    // What tells sequences apart, and their steps, where nothing in the file does.
    let are_sequences = all.len() > 1 && all.iter().any(|(_, row)| row.is_sequence());
    let has_none =
        |names: &[&str]| headers.iter().all(|header| !names.contains(&header.to_lowercase().as_str()));
    let made_id = (are_sequences && has_none(&["id", "unique_id"])).then_some("id");
    let are_numbers = all.iter().all(|(_, row)| row.lists_are_numbers());
    let made_time = (are_sequences && are_numbers && has_none(&["time", "ds", "date", "timestamp", "t"]))
        .then_some("time");
    let names = made_id.into_iter().chain(made_time).chain(headers.iter().map(String::as_str));
    let mut table = Builder::new(name, 1, names.collect::<Vec<_>>().into_iter(), limit)?;
    table.head.remarks.extend(remark);
    (table.head.hints.made_id, table.head.hints.made_time) = (made_id, made_time);
    if are_sequences {
        let mut text = format!("{name}: {} objects with lists, read as a row per step", thousands(all.len()));
        match all.iter().filter(|(_, row)| row.steps() == 0).count() {
            0 => {}
            empty => text += &format!("; {} of them have empty lists, and make no row", thousands(empty)),
        }
        table.head.remarks.push(text.into());
    }
    if told < cells {
        let text = format!(
            "{name}: objects lack keys that others have; {} left empty",
            counted(cells - told, "cell")
        );
        table.head.remarks.push(text.into());
    }
    for ((line, row), number) in all.iter().zip(1..) {
        let id = made_id.map(|_| format!("{number}"));
        for step in 0..row.steps() {
            let time = made_time.map(|_| format!("{step}"));
            let mut cells = vec![""; headers.len()];
            row.cells(step).for_each(|(place, cell)| cells[place] = cell);
            table.row(*line, id.as_deref().into_iter().chain(time.as_deref()).chain(cells))?;
        }
    }
    table.finish()
}

/// The entries of an object, or of a list, whose columns are numbered.
type Item = Vec<(String, Value)>;

/// The rows of a file, each with its line; those of one list are counted.
///
/// # Errors
/// The line of what is none, and why.
fn items(text: &str) -> Result<Vec<(u64, Item)>, (u64, String)> {
    let objects =
        |all: Vec<Entries<Value>>| (1..).zip(all.into_iter().map(|Entries(entries)| entries)).collect();
    if let Some(list) = text.trim_start().strip_prefix('[') {
        let whole = |error: serde_json::Error| (error.line() as u64, invalid(text, &error));
        match list.trim_start().bytes().next() {
            Some(b'{') => return serde_json::from_str(text).map(objects).map_err(whole),
            Some(b'[') => {
                let lists: Vec<Vec<Value>> = serde_json::from_str(text).map_err(whole)?;
                return Ok((1..).zip(lists.into_iter().map(of_list)).collect());
            }
            _ => {}
        }
    }
    if let Some(rows) = whole::rows(text) {
        return Ok((1..).zip(rows).collect());
    }
    let item = |text: &str| match text.trim_start().starts_with('[') {
        true => serde_json::from_str(text).map(of_list),
        false => serde_json::from_str(text).map(|Entries(entries)| entries),
    };
    let lines = (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty());
    lines.map(|(line, text)| Ok((line, item(text).map_err(|error| (line, invalid(text, &error)))?))).collect()
}

fn of_list(values: Vec<Value>) -> Item {
    (1..).map(|number: usize| format!("col{number}")).zip(values).collect()
}

/// What is said of text that is no JSON.
fn invalid(text: &str, error: &serde_json::Error) -> String {
    let way_out = match is_nan_at(error, text) {
        true => "; JSON has no NaN: write null for a value that is missing",
        false => "",
    };
    format!("is not JSON: {error}{way_out}")
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
            ("{\"a\":1}\n{\"a\":[{\"b\":1}]}\n", 2, "the key \"a\" holds lists or objects within others"),
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

    fn read(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
        let table = Table::read("t.json", text.as_bytes()).unwrap();
        let columns: Vec<Vec<&str>> = table.columns().map(|column| column.texts().collect()).collect();
        let row = |row: usize| columns.iter().map(|column| column[row].to_owned()).collect();
        (table.headers().to_vec(), (0..table.num_rows()).map(row).collect())
    }

    /// pandas' `to_json` as it is, by `records`, `list` and `values`, and the answer of a service.
    #[test]
    fn one_table_is_written_in_many_ways() {
        let expected = read("{\"m\":\"a\",\"y\":1}\n{\"m\":\"b\",\"y\":2.5}\n{\"m\":\"c\",\"y\":null}");
        for text in [
            r#"{"m":{"0":"a","1":"b","2":"c"},"y":{"0":1,"1":2.5,"2":null}}"#,
            r#"{"0":{"m":"a","y":1},"1":{"m":"b","y":2.5},"2":{"m":"c","y":null}}"#,
            r#"{"columns":["m","y"],"index":[0,1,2],"data":[["a",1],["b",2.5],["c",null]]}"#,
            r#"{"latitude":52.5,"units":{"y":"C"},"hourly":{"m":["a","b","c"],"y":[1,2.5,null]}}"#,
            r#"{"m":["a","b","c"],"y":[1,2.5,null]}"#,
            r#"[{"m":"a","y":1},{"m":"b","y":2.5},{"m":"c","y":null}]"#,
            r#"{"count":3,"next":null,"tags":[],"results":[{"m":"a","y":1},{"m":"b","y":2.5},{"m":"c","y":null}]}"#,
            "{\n \"data\": [\n  {\"m\":\"a\",\"y\":1},\n  {\"m\":\"b\",\"y\":2.5},\n  {\"m\":\"c\",\"y\":null}\n ]\n}",
        ] {
            assert_eq!(read(text), expected, "{text}");
        }
        let (headers, rows) = read("[\"a\",1]\n[\"b\",2.5]\n");
        assert_eq!(
            (headers.join(" "), rows.len(), &rows[1]),
            ("col1 col2".into(), 2, &vec!["b".into(), "2.5".into()])
        );
        assert_eq!(read("[[\"a\",1],\n[\"b\",2.5]]"), (headers, rows));
        assert_eq!(read::format(b"[2024-01-05 9:30],1\n[2024-01-05 9:31],2\n"), "CSV");
        assert_eq!(read::format(b"[\"a\",\"b\"]\n1,2\n"), "CSV");
        // Keys of rows that are more than a count are a column.
        for text in [
            r#"{"y":{"1420070400000":1,"1422748800000":2,"1425168000000":3}}"#,
            r#"{"1420070400000":{"y":1},"1422748800000":{"y":2},"1425168000000":{"y":3}}"#,
            r#"{"columns":["y"],"index":[1420070400000,1422748800000,1425168000000],"data":[[1],[2],[3]]}"#,
        ] {
            let (headers, rows) = read(text);
            assert_eq!(
                (headers.join(" "), &rows[1]),
                ("time y".into(), &vec!["1422748800000".into(), "2".into()])
            );
        }
        let (headers, rows) = read(r#"{"2024-02":{"y":1},"2024-01":{"y":2}}"#);
        assert_eq!((headers.join(" "), &rows[0]), ("time y".into(), &vec!["2024-02".into(), "1".into()]));
        assert_eq!(read(r#"{"y":{"7":1,"9":2,"12":3}}"#).0, ["index", "y"]);
    }

    #[test]
    fn lists_are_sequences() {
        let (headers, rows) = read(
            "{\"x\":[1,2],\"v\":[[3,4],[5,6]],\"target\":\"a\"}\n{\"x\":[7],\"v\":[[8,9]],\"target\":\"b\"}\n",
        );
        assert_eq!(headers, ["id", "time", "x", "v1", "v2", "target"]);
        assert_eq!(
            rows,
            [["1", "0", "1", "3", "4", "a"], ["1", "1", "2", "5", "6", "a"], ["2", "0", "7", "8", "9", "b"]]
        );
        let (headers, _) = read("{\"unique_id\":\"u\",\"y\":[1,2]}\n{\"unique_id\":\"w\",\"y\":[]}\n");
        assert_eq!(headers, ["time", "unique_id", "y"]);
        // Lists of times are the times.
        let (headers, _) =
            read("{\"y\":[1,2],\"on\":[\"2024-01\",\"2024-02\"]}\n{\"y\":[3],\"on\":[\"2024-01\"]}\n");
        assert_eq!(headers, ["id", "y", "on"]);
        let table = Table::read("t", &b"{\"x\":[1]}\n{\"x\":[]}\n{\"x\":[2]}\n"[..]).unwrap();
        assert_eq!((table.num_rows(), table.made_time()), (2, Some("time")));
        assert!(table.remarks()[0].to_string().ends_with("; 1 of them have empty lists, and make no row"));
        assert_eq!(read("{\"m\":1,\"v\":{\"y\":2,\"z\":\"q\"}}").0, ["m", "v.y", "v.z"]);
        for (text, part) in [
            ("{\"x\":[1,2],\"y\":[1]}", "its lists are not equally long: \"x\" has 2 values, \"y\" 1"),
            ("{\"x\":[[1,2],[3]]}", "the lists within \"x\" are not equally long"),
            ("{\"x\":[1,[3]]}", "the lists within \"x\" are not equally long"),
            ("{\"x\":[[[1]]]}", "holds lists or objects within others"),
            ("{\"x\":{\"y\":{\"z\":1}}}", "holds lists or objects within others"),
            ("{\"x\":{\"y\":1},\"x.y\":2}", "comes twice"),
        ] {
            let error = Table::read("t", text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
