//! Any bytes read as a Parquet file give a table or an error with a message, also where the crate that reads them panics.

#![no_main]

use std::panic;

use elman::table::read::damage;
use elman::table::{ReadOptions, Table};
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: {
        // The fuzzer ends at every panic. One of the crate at a damaged file is caught, and becomes an error.
        let otherwise = panic::take_hook();
        panic::set_hook(Box::new(move |fault| if damage().is_none() { otherwise(fault) }));
    },
    |bytes: &[u8]| {
        let bytes = [b"PAR1", bytes].concat();
        let options = ReadOptions::default().with_limit(1 << 24);
        let table = match Table::read_with("fuzz.parquet", bytes.as_slice(), &options) {
            Ok(table) => table,
            Err(error) => return assert!(error.to_string().starts_with("fuzz.parquet")),
        };
        for column in table.columns() {
            assert_eq!(column.texts().count(), table.num_rows(), "column {:?}", column.name());
        }
    }
);
