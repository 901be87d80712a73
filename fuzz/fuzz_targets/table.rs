//! Any bytes read as a table give a table or an error with a message, and every question to a table
//! has an answer.

#![no_main]

use elman::calendar::Calendar;
use elman::table::Table;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let table = match Table::read("fuzz.csv", bytes) {
        Ok(table) => table,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    for column in table.columns() {
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
