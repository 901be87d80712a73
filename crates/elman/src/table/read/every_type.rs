//! The same columns of every type, which the samples of several formats hold.

use crate::table::Table;

/// Asserts that a table has them, with their values and remarks.
pub(super) fn assert_in(table: &Table) {
    assert_eq!((table.num_rows(), table.headers().len()), (3, 20));
    for (column, cells) in [
        ("i8", ["-1", "", "3"]),
        ("u32", ["4294967295", "1", "2"]),
        ("i64", ["9007199254740993", "", "-5"]),
        ("u64", ["18446744073709551615", "0", "1"]),
        ("f32", ["0.1", "", "-3.0"]),
        ("f64", ["0.1", "", ""]),
        ("bool", ["1", "", "0"]),
        ("text", ["zürich", "", ""]),
        ("category", ["a", "b", "a"]),
        ("date", ["2024-01-31", "", "1969-12-31"]),
        ("s", ["2024-01-31 12:00:01", "", "2024-01-31 12:00:01"]),
        ("ms", ["2024-01-31 12:00:01.000", "", "2024-01-31 12:00:01.005"]),
        ("us", ["2024-01-31 12:00:01.000000", "", "2024-01-31 12:00:01.000005"]),
        ("ns", ["1970-01-01 00:00:00.000000001", "", "1970-01-01 00:00:00.000000000"]),
        ("zone", ["2024-01-31 12:00:01Z", "", "2024-01-31 12:00:01Z"]),
        ("days", ["2024-01-01", "", "2024-01-02"]),
        ("clock", ["09:30:00", "", "23:59:59"]),
        ("small_decimal", ["1.50", "", "-0.05"]),
        ("decimal", ["12345678901234567890.5", "", "-1.0"]),
        ("nothing", ["", "", ""]),
    ] {
        assert_eq!(table.column(column).unwrap().texts().collect::<Vec<_>>(), cells, "{column}");
    }
    assert_eq!(table.column("u32").unwrap().numbers().unwrap(), [4_294_967_295.0, 1.0, 2.0]);
    assert_eq!(table.column("f32").unwrap().number(0).unwrap(), f64::from(0.1_f32));
    assert_eq!(table.column("small_decimal").unwrap().number(2).unwrap(), -0.05);
    assert!(table.column("bool").unwrap().is_missing(1));
    let remarks: Vec<String> = table.remarks().iter().map(ToString::to_string).collect();
    let about = |column: &str, what: &str| format!("{}, column \"{column}\": {what}", table.name());
    assert_eq!(
        remarks,
        [
            about("bool", "true and false are read as 1 and 0"),
            about("zone", "its times are those of UTC, as the file keeps them")
        ]
    );
}
