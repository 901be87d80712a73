use proptest::prelude::*;

use crate::table::read::every_type;
use crate::table::{ReadOptions, Table, read};

macro_rules! sample {
    ($name:literal) => {
        &include_bytes!(concat!("../../../../tests/data/parquet/", $name, ".parquet"))[..]
    };
}

fn table(bytes: &[u8]) -> Table {
    assert_eq!(read::format(bytes), "Parquet");
    Table::read("t.parquet", bytes).unwrap()
}

fn texts<'t>(table: &'t Table, column: &str) -> Vec<&'t str> {
    table.column(column).unwrap().texts().collect()
}

fn error(bytes: &[u8]) -> String {
    Table::read("t.parquet", bytes).unwrap_err().to_string()
}

#[test]
fn every_type_is_read_in_every_packing() {
    for bytes in [
        sample!("every_type_none"),
        sample!("every_type_snappy"),
        sample!("every_type_gzip"),
        sample!("every_type_zstd"),
        sample!("every_type_lz4"),
    ] {
        let table = table(bytes);
        every_type::assert_in(&table);
    }
}

#[test]
fn files_of_other_writers_are_read() {
    let old = table(sample!("old"));
    assert_eq!(texts(&old, "text"), ["zürich", "", ""]);
    assert_eq!(texts(&old, "ns")[0], "1970-01-01 00:00:00.000000001");
    let groups = table(sample!("groups"));
    assert_eq!(groups.column("ds").unwrap().times().unwrap()[9].to_string(), "2024-01-10");
    assert_eq!(groups.column("y").unwrap().numbers().unwrap()[..4], [0.0, 0.5, 1.0, 1.5]);
    assert_eq!(groups.column("y").unwrap().place(9).to_string(), "t.parquet, line 10, column \"y\"");
    let polars = table(sample!("polars"));
    assert_eq!(texts(&polars, "t")[3], "2024-01-01 03:00:00");
    assert_eq!(texts(&polars, "y"), ["1", "2", "", "4"]);
}

#[test]
fn what_makes_no_table_is_named() {
    assert_eq!(
        error(sample!("nested")),
        "t.parquet, column \"list\": holds lists or structures; make plain columns of them, or leave it out"
    );
    assert_eq!(
        error(sample!("blob")),
        "t.parquet, column \"blob\": its bytes are no text in UTF-8; convert them, or leave it out"
    );
    assert_eq!(
        error(sample!("far")),
        "t.parquet, column \"t\": a time is none of the years from 1678 to 2261; save the file with timestamps of \
         microseconds"
    );
    assert!(error(sample!("empty")).contains("no rows"));
    let whole = sample!("groups");
    assert!(error(&whole[..whole.len() - 9]).starts_with("t.parquet, file: "));
    let limit = ReadOptions::default().with_limit(10_000);
    assert!(Table::read_with("t", sample!("polars"), &limit).is_ok());
    let limit = ReadOptions::default().with_limit(50);
    assert!(
        Table::read_with("t", sample!("polars"), &limit)
            .unwrap_err()
            .to_string()
            .contains("more than 50 bytes")
    );
}

proptest! {
    /// A damaged file is a table or an error.
    #[test]
    fn no_damage_panics(at in 0_usize..20_000, value in any::<u8>(), cut in any::<bool>()) {
        for whole in [sample!("every_type_none"), sample!("every_type_snappy"), sample!("groups"), sample!("polars")] {
            let mut bytes = whole.to_vec();
            let place = at % bytes.len();
            bytes[place] = value;
            if cut {
                bytes.drain(place..(place + 3).min(whole.len()));
            }
            if let Err(error) = Table::read("t.parquet", bytes.as_slice()) {
                prop_assert!(error.to_string().starts_with("t.parquet"));
            }
        }
    }
}
