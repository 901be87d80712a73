//! How much memory a file can make a reader take: no more than so many times its own size, whatever
//! is in it.
//!
//! The worst that is known: for a good model 12.4 times, a thousand layers of one unit; for a hostile
//! model file 19 times, a header of very many short entries; for a hostile table 13 times, a header of
//! nothing but commas. Each bound here is what was measured on 64-bit Linux, and up to about a third more.
//!
//! A counting allocator would be unsafe code, which is forbidden here. So each file is read in a
//! process of its own, whose address space Linux measures: memory that was asked for but never
//! touched counts as well.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;

use elman::init::Init;
use elman::model::Model;
use elman::recipe::Recipe;
use elman::run::Run;
use elman::table::Table;
use elman::task::{ForecastOptions, Task, TaskOptions};
use serde_json::json;

/// What a file of a megabyte or so did to the process that read it.
#[derive(Debug)]
struct Measured {
    /// The growth of the address space, in multiples of the file's size.
    factor: f64,
    /// What the reader made of the file.
    outcome: String,
}

/// The environment variable that tells the process of its own what to read.
const TASK: &str = "ELMAN_ALLOCATION_TASK";

fn measure(kind: &str, bytes: &[u8]) -> Measured {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "read_in_a_process_of_its_own", "--ignored", "--nocapture"])
        .env(TASK, format!("{kind}:{}", file.path().display()))
        // One heap, whose large blocks are given back at once: the peak is that of the program.
        .env("MALLOC_ARENA_MAX", "1")
        .env("MALLOC_MMAP_THRESHOLD_", "131072")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let (peak, outcome) = text.split_once("PEAK ").unwrap().1.split_once(' ').unwrap();
    let outcome = outcome.lines().next().unwrap().to_owned();
    Measured { factor: peak.parse::<f64>().unwrap() / bytes.len() as f64, outcome }
}

#[test]
#[ignore = "run by the other tests, for each of their files"]
fn read_in_a_process_of_its_own() {
    let Ok(task) = std::env::var(TASK) else { return };
    let (kind, path) = task.split_once(':').unwrap();
    let bytes = std::fs::read(Path::new(path)).unwrap();
    let before = address_space("VmSize:");
    let outcome = match kind {
        "model" => {
            Model::from_bytes("m", &bytes).map(|_| "a model".to_owned()).map_err(|error| error.to_string())
        }
        _ => Table::read("t", bytes.as_slice())
            .map(|_| "a table".to_owned())
            .map_err(|error| error.to_string()),
    };
    let peak = address_space("VmPeak:") - before;
    let outcome: String = outcome.unwrap_or_else(|error| error).chars().take(160).collect();
    println!("PEAK {peak} {outcome}");
}

/// A figure of this process in bytes.
fn address_space(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// One more than a power of two: a vector that doubles has just done so.
const COUNT: usize = (1 << 18) + 1;

/// `count` copies of `item`, with commas between.
fn list(item: &str, count: usize) -> String {
    let mut list = format!("{item},").repeat(count);
    list.pop();
    list
}

/// Distinct names of three or four characters that JSON and CSV leave as they are.
fn names(count: usize) -> impl Iterator<Item = String> {
    const LETTERS: &[u8; 64] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    let letter = |n: usize| char::from(LETTERS[n % 64]);
    (0..count).map(move |n| [n, n / 64, n / 4096, n / 262_144].into_iter().map(letter).collect())
}

/// A safetensors file of nothing but a header.
fn header(header: &str) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes()].concat()
}

/// A model file without tensors, with this content and the checksum that belongs to it.
fn with_content(content: &str) -> Vec<u8> {
    let envelope = format!(
        r#"{{"format":"model","format_version":2,"checksum":{},"content":{content}}}"#,
        crc32fast::hash(content.as_bytes())
    );
    header(&format!(r#"{{"__metadata__":{{"elman":{}}}}}"#, json!(envelope)))
}

fn nested(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

/// Real models: their own size in parameters, and what a vector that grows takes on the way.
#[test]
fn good_models() {
    let table = elman::data::airline().unwrap();
    let prepared = Task::prepare(&table, &TaskOptions::Forecast(ForecastOptions::default())).unwrap();
    for (name, most, hidden_size, num_layers) in
        [("large", 2.1, 400, 1), ("a thousand layers", 16.0, 1, 1000)]
    {
        let mut recipe = Recipe::for_task(&prepared.task);
        (recipe.hidden_size, recipe.num_layers, recipe.init) = (hidden_size, num_layers, Init::Torch);
        let bytes = Run::new(&recipe, &prepared).unwrap().model(None).unwrap().to_bytes().unwrap();
        let measured = measure("model", &bytes);
        println!(
            "{name:30} {:6.2} MB {:5.1}  {}",
            bytes.len() as f64 / 1e6,
            measured.factor,
            measured.outcome
        );
        assert_eq!(measured.outcome, "a model", "{name}");
        assert!(measured.factor < most, "{name}: {measured:?}");
    }
}

/// Hostile files. The most comes of a header of very many short entries, before any of them is looked
/// at: a hash table that has just doubled has more than two places of 41 bytes for each entry of nine
/// bytes, and while it doubles, the old one is there as well. Lists, however deep, stay text until
/// it is known that a list belongs there.
#[test]
fn hostile_models() {
    let some = |count: usize, start: &str, value: &str| {
        names(count).map(|name| format!("\"{start}{name}\":{value},")).collect::<String>()
    };
    let entry = |value: &str| some(COUNT / 2, "", value);
    let object = |entries: String| format!("{{{}}}", entries.trim_end_matches(','));
    // A hash table that has just doubled: it is full at seven eighths.
    let table = (COUNT - 1) / 2 / 8 * 7 + 1;
    let tensor = r#"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#;
    let task = |field: &str, value: String| {
        with_content(&format!(r#"{{"task":{{"classify":{{"{field}":[{value}]}}}}}}"#))
    };
    let cases = [
        ("numbers in the header", 0.5, header(&format!("{{\"a\":[{}]}}", list("0", COUNT * 2)))),
        ("lists of one in the header", 0.5, header(&format!("{{\"a\":[{}]}}", list("[0]", COUNT)))),
        ("deep lists in the header", 0.5, header(&format!("{{\"a\":[{}]}}", list(&nested(120), COUNT / 60)))),
        ("entries in the header", 22.0, header(&object(entry("0")))),
        ("just too many entries", 25.0, header(&object(some(table, "", "0")))),
        ("names with escapes", 20.0, header(&object(some(table, "\\n", "0")))),
        ("tensors", 20.0, header(&object(entry(tensor)))),
        ("shortest tensors", 12.0, header(&object(entry(r#"{"dtype":"","shape":[],"data_offsets":[0,0]}"#)))),
        (
            "tensors of many dimensions",
            20.0,
            header(&object(entry(r#"{"dtype":"U8","shape":[0,0,0,0,0,0,0,0],"data_offsets":[0,0]}"#))),
        ),
        (
            "a tensor of many dimensions",
            10.5,
            header(&format!(
                r#"{{"a":{{"dtype":"U8","shape":[{}],"data_offsets":[0,0]}}}}"#,
                list("0", COUNT * 2)
            )),
        ),
        (
            "deep lists as metadata",
            0.5,
            header(&format!("{{\"__metadata__\":[{}]}}", list(&nested(120), COUNT / 60))),
        ),
        ("metadata", 22.0, header(&format!("{{\"__metadata__\":{}}}", object(entry("\"\""))))),
        (
            "escapes",
            0.7,
            header(&format!("{{\"__metadata__\":{{\"elman\":\"{}\"}}}}", "\\u0020".repeat(COUNT))),
        ),
        ("counts", 12.0, task("counts", list("0", COUNT * 2))),
        ("classes", 13.0, task("classes", list("\"\"", COUNT))),
        ("class names", 18.0, task("classes", list("\"a\"", COUNT))),
        ("deep lists in the task", 2.6, task("counts", list(&nested(100), COUNT / 60))),
        (
            "features",
            2.6,
            with_content(&format!(
                r#"{{"task":{{"regress":{{"grouping":{{"features":[{}]}}}}}}}}"#,
                list(r#"{"name":"","scaling":{"mean":0,"deviation":1}}"#, COUNT / 8)
            )),
        ),
        (
            "blocks",
            2.8,
            with_content(&format!(
                r#"{{"network":{{"input_size":1,"blocks":[{}]}}}}"#,
                list(r#"{"skip":{"inputs":1}}"#, COUNT / 8)
            )),
        ),
        (
            "metrics",
            2.9,
            with_content(&format!(
                r#"{{"record":{{"test":{{"model":[{}]}}}}}}"#,
                list(r#"{"name":"","value":0}"#, COUNT / 8)
            )),
        ),
        (
            "class weights",
            12.0,
            with_content(&format!(
                r#"{{"record":{{"recipe":{{"train":{{"loss":{{"cross-entropy":{{"class_weights":[{}]}}}}}}}}}}}}"#,
                list("0", COUNT * 2)
            )),
        ),
        (
            "deep lists in the optimiser",
            2.6,
            with_content(&format!(
                r#"{{"record":{{"recipe":{{"train":{{"optimiser":{{"adam":{{"eps":[{}]}}}}}}}}}}}}"#,
                list(&nested(100), COUNT / 60)
            )),
        ),
    ];
    for (name, most, bytes) in cases {
        let measured = measure("model", &bytes);
        assert!(measured.outcome.starts_with("m is "), "{name}: {measured:?}");
        assert!(measured.factor < most, "{name}: {measured:?}");
        println!(
            "{name:30} {:6.2} MB {:5.1}  {}",
            bytes.len() as f64 / 1e6,
            measured.factor,
            measured.outcome
        );
    }
}

/// Of two entries of one name safetensors buffers both, as serde's values: a `Vec` of these takes 4
/// places of 32 bytes, and the allocator's own 16, for each `[]` of two bytes.
#[test]
fn lists_behind_a_second_entry_of_the_same_name() {
    let lists = list(&nested(120), COUNT / 60);
    let tensor = r#"{"dtype":"U8","shape":[0],"data_offsets":[0,0]}"#;
    let bytes = header(&format!("{{\"a\":[{lists}],\"a\":{tensor}}}"));
    let measured = measure("model", &bytes);
    assert!(measured.outcome.starts_with("m is "), "{measured:?}");
    assert!(measured.factor < 50.0, "{measured:?}");
}

/// Hostile tables. The most comes of a header of nothing but commas, of which the beginning is cut into cells to find what
/// separates them, and of empty cells alone: for two bytes of the file 16 of numbers that are not there, and 4 of the row.
#[test]
fn hostile_tables() {
    let header = names(COUNT).collect::<Vec<_>>().join(",");
    let wide = " columns; a table is meant to be long, not wide: 100000 at most";
    let good = "a table";
    let cases = [
        ("commas alone", 17.0, wide, ",".repeat(COUNT * 4)),
        ("names", 4.0, wide, format!("{header}\n{}\n", ",".repeat(COUNT - 1))),
        ("a name twice", 4.6, wide, format!("{header},aaaa\n")),
        ("one row of more empty cells", 2.7, good, format!("a,b\n{}", ",".repeat(COUNT * 4))),
        ("one row too long", 2.7, "t, line 2: expected 2 fields", format!("a,b\n{}", "1,".repeat(COUNT * 2))),
        ("empty cells", 14.5, good, format!("a,b\n{}", ",\n".repeat(COUNT * 2))),
        ("short cells", 9.3, good, format!("a\n{}", "1\n".repeat(COUNT * 2))),
        (
            "many short cells",
            6.9,
            good,
            format!(
                "{}\n{}",
                list("a", 1) + "," + &names(99).collect::<Vec<_>>().join(","),
                (list("1", 100) + "\n").repeat(COUNT / 40)
            ),
        ),
        ("blank lines", 2.6, good, format!("a\n{}1\n", "\n".repeat(COUNT * 4))),
        ("quotes", 6.7, good, format!("a\n{}", "\"\"\n".repeat(COUNT * 2))),
        ("one long cell", 3.3, good, format!("a\n\"{}\"\n", "\"\"".repeat(COUNT * 2))),
        (
            "an unclosed quote",
            2.7,
            "t, line 2: a quote opened in this row is never closed",
            format!("a\n\"{}", "\n".repeat(COUNT * 4)),
        ),
        ("other separators", 14.5, wide, "a;".repeat(COUNT * 2)),
    ];
    for (name, most, outcome, text) in cases {
        let measured = measure("table", text.as_bytes());
        assert!(measured.outcome.contains(outcome), "{name}: {measured:?}");
        println!(
            "{name:30} {:6.2} MB {:5.1}  {}",
            text.len() as f64 / 1e6,
            measured.factor,
            measured.outcome
        );
        assert!(measured.factor < most, "{name}: {measured:?}");
    }
}
