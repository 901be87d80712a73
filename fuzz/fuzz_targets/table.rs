//! Any bytes read as a table give a table or an error with a message, and every question to a table
//! has an answer.

#![no_main]

use elman::calendar::Calendar;
use elman::table::{ReadOptions, Table};
use libfuzzer_sys::fuzz_target;

/// What a file of each format begins with, chosen by the first byte: no reader is left to luck.
const BEGINNINGS: [&[u8]; 13] = [
    b"",
    b"a;b\n",
    b"{\"a\":",
    b"\x93NUMPY\x01\x00",
    b"@problemName p\n@classLabel true a b\n@data\n",
    b"@attribute series_name string\n@attribute start_timestamp date\n@frequency monthly\n@data\n",
    b"\x1F\x8B",
    b"\x28\xB5\x2F\xFD",
    b"PK\x03\x04",
    b"a b\n1 ",
    b"ARROW1\x00\x00",
    b"\xFF\xFF\xFF\xFF",
    b"when\n2024-01-31\n",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((chosen, bytes)) = bytes.split_first() else { return };
    let bytes = [BEGINNINGS[usize::from(*chosen) % BEGINNINGS.len()], bytes].concat();
    // Little that unpacks to much would take the fuzzer's time.
    let options = ReadOptions::default().with_limit(1 << 24);
    let table = match Table::read_with("fuzz.csv", bytes.as_slice(), &options) {
        Ok(table) => table,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    for column in table.columns() {
        assert!(column.texts().all(|text| text.trim() == text), "column {:?}", column.name());
        let numbers = column.numbers();
        assert_eq!(numbers.is_ok(), column.is_numeric(), "column {:?}: {numbers:?}", column.name());
        if let Ok(times) = column.times() {
            assert_eq!(times.len(), table.num_rows());
            if let Ok(calendar) = Calendar::read(column, times, None) {
                assert!(calendar.time(0).is_some(), "column {:?}", column.name());
            }
        }
    }
});
