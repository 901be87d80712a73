use proptest::prelude::*;

use crate::table::read::every_type;
use crate::table::{ReadOptions, Table, read};

macro_rules! sample {
    ($name:literal) => {
        &include_bytes!(concat!("../../../../tests/data/arrow/", $name))[..]
    };
}

fn table(bytes: &[u8]) -> Table {
    assert_eq!(read::format(bytes), "Arrow");
    Table::read("t.arrow", bytes).unwrap()
}

fn texts<'t>(table: &'t Table, column: &str) -> Vec<&'t str> {
    table.column(column).unwrap().texts().collect()
}

fn error(bytes: &[u8]) -> String {
    Table::read("t.arrow", bytes).unwrap_err().to_string()
}

#[test]
fn every_type_is_read_in_every_packing() {
    for bytes in [
        sample!("every_type_none.arrow"),
        sample!("every_type_lz4.arrow"),
        sample!("every_type_zstd.arrow"),
        sample!("every_type_stream.arrows"),
    ] {
        let table = table(bytes);
        every_type::assert_in(&table);
    }
}

#[test]
fn files_of_other_writers_are_read() {
    let pandas = table(sample!("pandas.feather"));
    assert_eq!(pandas.column("ds").unwrap().times().unwrap()[9].to_string(), "2024-01-10");
    assert_eq!(pandas.column("y").unwrap().numbers().unwrap()[..4], [0.0, 0.5, 1.0, 1.5]);
    assert_eq!(texts(&pandas, "shop")[..3], ["b", "a", "b"]);
    assert_eq!(pandas.column("y").unwrap().place(9).to_string(), "t.arrow, line 10, column \"y\"");
    let polars = table(sample!("polars.arrow"));
    assert_eq!(texts(&polars, "t")[3], "2024-01-01 03:00:00");
    assert_eq!(texts(&polars, "y"), ["1", "2", "", "4"]);
    assert_eq!(texts(&polars, "text"), ["short", "", "longer than twelve bytes", ""]);
    // Of a dictionary that grows between two batches.
    assert_eq!(texts(&table(sample!("growing.arrows")), "letter"), ["b", "a", "c", "b"]);
}

#[test]
fn what_makes_no_table_is_named() {
    assert_eq!(
        error(sample!("nested.arrow")),
        "t.arrow, column \"list\": holds lists or structures; make plain columns of them, or leave it out"
    );
    assert_eq!(
        error(sample!("blob.arrow")),
        "t.arrow, column \"blob\": holds bytes, which are no text; convert them, or leave it out"
    );
    assert_eq!(
        error(sample!("span.arrow")),
        "t.arrow, column \"span\": holds spans of time; convert them to numbers, such as seconds, or leave it out"
    );
    assert!(error(sample!("empty.arrow")).contains("no rows"));
    let whole = sample!("pandas.feather");
    assert_eq!(error(&whole[..whole.len() - 9]), "t.arrow, file: its end is missing; save or copy it anew");
    let whole = sample!("growing.arrows");
    assert_eq!(
        error(&whole[..whole.len() - 20]),
        "t.arrow, file: it ends within a message; save or copy it anew"
    );
    let limit = |limit| {
        let options = ReadOptions::default().with_limit(limit);
        Table::read_with("t", sample!("every_type_zstd.arrow"), &options).map_err(|error| error.to_string())
    };
    assert!(limit(20_000).is_ok());
    assert!(limit(50).unwrap_err().contains("more than 50 bytes"));
}

/// A tiny file may have one text in very many rows: each of them counts.
#[test]
fn a_text_in_many_rows_counts_in_each() {
    let read = |bytes: &[u8], limit| {
        Table::read_with("t", bytes, &ReadOptions::default().with_limit(limit))
            .map(|table| table.num_rows())
            .map_err(|error| error.to_string())
    };
    let message =
        "t, column \"text\": it unpacks to more bytes than a table may have; split it into smaller ones";
    // 2,000 rows of 1,000 bytes.
    for bytes in [sample!("shared.arrow"), sample!("shared_views.arrow")] {
        assert_eq!(read(bytes, 2_100_000), Ok(2000));
        assert_eq!(read(bytes, 2_000_000), Err(message.into()));
    }
    // An index that names the first batch, of 10,000 bytes, three times.
    let bytes = sample!("batches.arrow");
    assert_eq!(read(bytes, 15_000), Ok(3));
    let repeated = at_places(&[FIRST_BATCH; 3]);
    assert_eq!(read(&repeated, 31_000), Ok(3));
    assert_eq!(read(&repeated, 29_000), Err(message.into()));
}

#[test]
fn an_index_of_nothing_is_refused() {
    let message = "t.arrow, file: a message of its index is empty; save it anew";
    let end = sample!("batches.arrow").len() as u64;
    assert_eq!(error(&at_places(&[FIRST_BATCH, end, FIRST_BATCH])), message);
    // Where four zeros stand.
    let zeros = sample!("batches.arrow").windows(4).position(|bytes| bytes == [0; 4]).unwrap();
    assert_eq!(error(&at_places(&[FIRST_BATCH, FIRST_BATCH, zeros as u64])), message);
}

/// Where `batches.arrow` has its first batch, and where its index says so; the others come 24 bytes behind.
const FIRST_BATCH: u64 = 128;
const INDEX: usize = 10_704;

/// The file with an index that names these places.
fn at_places(places: &[u64; 3]) -> Vec<u8> {
    let mut bytes = sample!("batches.arrow").to_vec();
    assert_eq!(bytes[INDEX..INDEX + 8], FIRST_BATCH.to_le_bytes());
    for (n, place) in places.iter().enumerate() {
        let at = INDEX + 24 * n;
        bytes[at..at + 8].copy_from_slice(&place.to_le_bytes());
    }
    bytes
}

proptest! {
    /// A damaged file is a table or an error.
    #[test]
    fn no_damage_panics(at in 0_usize..20_000, value in any::<u8>(), cut in any::<bool>()) {
        for whole in [
            sample!("every_type_none.arrow"),
            sample!("every_type_lz4.arrow"),
            sample!("every_type_zstd.arrow"),
            sample!("growing.arrows"),
            sample!("polars.arrow"),
        ] {
            let mut bytes = whole.to_vec();
            let place = at % bytes.len();
            bytes[place] = value;
            if cut {
                bytes.drain(place..(place + 3).min(whole.len()));
            }
            if let Err(error) = Table::read("t.arrow", bytes.as_slice()) {
                prop_assert!(error.to_string().contains("t.arrow"), "{error}");
            }
        }
    }
}
