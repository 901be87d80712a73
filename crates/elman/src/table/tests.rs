use std::fs;
use std::io::{self, Read};

use proptest::collection::vec;
use proptest::prelude::*;

use super::read::count_line_breaks;
use super::*;

fn read(text: &str) -> Table {
    Table::read("t.csv", text.as_bytes()).unwrap()
}

fn error(bytes: impl AsRef<[u8]>) -> String {
    Table::read("t.csv", bytes.as_ref()).unwrap_err().to_string()
}

fn number_error(cell: &str) -> String {
    read(&format!("day,units\nmon,1\ntue,{cell}\n"))
        .column("units")
        .unwrap()
        .numbers()
        .unwrap_err()
        .to_string()
}

fn rows(table: &Table) -> Vec<Vec<&str>> {
    (0..table.num_rows()).map(|row| table.columns().map(|column| column.text(row)).collect()).collect()
}

fn lines(table: &Table) -> Vec<u64> {
    let column = table.columns().next().unwrap();
    (0..table.num_rows()).map(|row| column.line(row)).collect()
}

#[test]
fn columns_are_found_by_name_and_typed() {
    let table = read("day,units,note\nmon, 3 ,\ntue,-4.5e1,\"a, b\"\nwed,+.5,x");
    assert_eq!(table.name(), "t.csv");
    assert_eq!(table.headers(), ["day", "units", "note"]);
    assert_eq!(table.num_rows(), 3);
    assert!(table.has_column("units") && !table.has_column("Units"));

    let units = table.column("units").unwrap();
    assert_eq!(units.name(), "units");
    assert_eq!(units.texts().collect::<Vec<_>>(), ["3", "-4.5e1", "+.5"]);
    assert_eq!(units.numbers().unwrap(), [3.0, -45.0, 0.5]);
    assert_eq!(units.number(1).unwrap(), -45.0);
    assert_eq!((units.line(0), units.line(2)), (2, 4));
    assert_eq!(table.columns().map(|c| c.is_numeric()).collect::<Vec<_>>(), [false, true, false]);
    assert_eq!(table.column("note").unwrap().text(1), "a, b");
}

#[test]
fn a_cell_outlives_its_column() {
    let table = read("a\nx\n");
    let (text, texts) = {
        let column = table.column("a").unwrap();
        (column.text(0), column.texts())
    };
    assert_eq!((text, texts.collect::<Vec<_>>()), ("x", vec!["x"]));
}

#[test]
#[should_panic(expected = "row 2 of a table of 2 rows")]
fn a_row_beyond_the_last_panics() {
    read("a,b\n1,2\n3,4\n").column("a").unwrap().text(2);
}

#[test]
fn every_line_ending_gives_the_same_table_and_lines() {
    let text = "\u{feff}\"a\",b\n\n1,2\n \t \n\"3\n\n3\",4\n\n\n5,6";
    for line_break in ["\n", "\r\n", "\r"] {
        for last in ["", line_break] {
            let table = read(&(text.replace('\n', line_break) + last));
            assert_eq!(table.headers(), ["a", "b"]);
            let inner = format!("3{line_break}{line_break}3");
            assert_eq!(rows(&table), [["1", "2"], [inner.as_str(), "4"], ["5", "6"]]);
            assert_eq!(lines(&table), [3, 5, 10], "{line_break:?} {last:?}");
        }
    }
}

#[test]
fn lines_are_counted_from_before_the_header() {
    let table = read("\u{feff}\r\n\n \n\"a\nb\",c\n1,2\n");
    assert_eq!(table.headers(), ["a\nb", "c"]);
    assert_eq!(lines(&table), [6]);
}

#[test]
fn quotes_and_blanks() {
    let table = read("a,b\n\"say \"\"hi\"\"\",\" 7 \"\n\"\",\u{a0}8\u{a0}\nin \"the\" midst,\t9\n");
    assert_eq!(rows(&table), [["say \"hi\"", "7"], ["", "8"], ["in \"the\" midst", "9"]]);
    // One column: a quoted empty cell is a row, an empty line is not.
    assert_eq!(rows(&read("a\n\"\"\n\n1\n")), [[""], ["1"]]);
}

#[test]
fn open_reads_a_file_and_names_it_by_its_path() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("sales.csv");
    fs::write(&path, "units\n3\n").unwrap();
    let table = Table::open(&path).unwrap();
    assert_eq!(table.name(), path.display().to_string());
    assert_eq!(table.column("units").unwrap().numbers().unwrap(), [3.0]);
}

#[test]
fn cannot_open() {
    let dir = tempfile::tempdir().unwrap();
    let message = |path: &Path| Table::open(path).unwrap_err().to_string();

    let missing = dir.path().join("sales.csv");
    assert_eq!(
        message(&missing),
        format!("cannot open {}: there is no such file; check the path", missing.display())
    );
    assert_eq!(
        message(dir.path()),
        format!("cannot open {}: it is a directory; name a file in it", dir.path().display())
    );
    let error = io::Error::other("the disk is on fire");
    assert_eq!(
        TableError::Open { table: "t.csv".into(), error }.to_string(),
        "cannot open t.csv: the disk is on fire"
    );
}

#[test]
fn cannot_read_on() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("connection reset"))
        }
    }
    let error = Table::read("t.csv", "a\r\n1\r\n2".as_bytes().chain(Broken)).unwrap_err();
    assert_eq!(error.to_string(), "cannot read t.csv beyond line 3: connection reset");
}

#[test]
fn empty() {
    for text in ["", "\u{feff}", "\r\n\n", " \n\t\n"] {
        assert_eq!(error(text), "t.csv is empty; a table begins with a line of column names", "{text:?}");
    }
}

#[test]
fn no_rows() {
    for text in ["a,b", "a,b\r\n", "a,b\n\n  \n"] {
        assert_eq!(
            error(text),
            "t.csv has column names but no rows; add one line for each row below them",
            "{text:?}"
        );
    }
}

#[test]
fn unfit_headers() {
    assert_eq!(
        error("day,,units\nmon,1,2\n"),
        "t.csv, line 1: column 2 has no name; give every column a name"
    );
    assert_eq!(
        error("\nday,units,\" day\"\nmon,1,2\n"),
        "t.csv, line 2: columns 1 and 3 are both named \"day\"; rename one of them"
    );
}

#[test]
fn ragged() {
    assert_eq!(
        error("a,b,c\r\n1,2,3\r\n\r\n1,2\r\n"),
        "t.csv, line 4: expected 3 fields as in the header, found 2; keep the commas of empty cells"
    );
    assert_eq!(
        error("a\n1,2\n"),
        "t.csv, line 2: expected 1 field as in the header, found 2; put a cell that holds a comma in quotes"
    );
}

#[test]
fn unclosed_quote() {
    let message = "t.csv, line 3: a quote opened in this row is never closed; close it or remove it";
    for text in ["a,b\n1,2\n1,\"2\n3,4\n", "a,b\n1,2\n\"", "a,b\n1,2\n1,\"2\"\"", "a,b\n1,2\n\"1\"\"\n,2\n"] {
        assert_eq!(error(text), message, "{text:?}");
    }
}

#[test]
fn missing_column() {
    let message = |table: &Table, name| table.column(name).unwrap_err().to_string();
    let table = read("date,units,price\n1,2,3\n");
    assert_eq!(
        message(&table, "Unit"),
        r#"t.csv has no column "Unit" (did you mean "units"?); it has "date", "units", "price""#
    );
    assert_eq!(message(&table, "weight"), r#"t.csv has no column "weight"; it has "date", "units", "price""#);

    let wide: Vec<String> = (1..=15).map(|number| format!("c{number}")).collect();
    assert_eq!(
        message(&read(&format!("{}\n{}\n", wide.join(","), ",".repeat(14))), "date"),
        concat!(
            r#"t.csv has no column "date"; it has "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "#,
            r#""c10", "c11", "c12" and 3 more"#
        )
    );
}

#[test]
fn not_a_number() {
    let place = r#"t.csv, line 3, column "units": "#;
    assert_eq!(
        number_error(" word "),
        format!(
            r#"{place}"word" is not a number; write one such as 12 or 3.5, or leave the cell empty and choose with missing what becomes of it"#
        )
    );
    // Decimals with a comma and with a point in one column.
    let mixed = read("day,units\nmon,\"3,5\"\ntue,2.5\n");
    assert_eq!(
        mixed.column("units").unwrap().numbers().unwrap_err().to_string(),
        "t.csv, line 2, column \"units\": \"3,5\" is not a number; \
         write decimals with a point (3.5) and thousands without a comma (1200)"
    );
    for cell in ["\"\"", "", "  "] {
        assert_eq!(
            number_error(cell),
            format!("{place}the cell is empty where a number is expected; fill it in")
        );
    }
    // Long text is cut, and control characters do not reach the terminal.
    assert_eq!(
        number_error(&format!("\"\x1b[31m\n{}\"", "ä".repeat(50))),
        format!(
            r#"{place}"\u{{1b}}[31m\n{}"... is not a number; write one such as 12 or 3.5"#,
            "ä".repeat(34)
        )
    );
}

#[test]
fn not_finite() {
    for cell in ["nan", "-NaN", "inf", "+Infinity", "INFINITY", "1e999", "-1e999"] {
        assert_eq!(
            number_error(cell),
            format!(
                "t.csv, line 3, column \"units\": \"{cell}\" is not a finite number; \
                 write one between -1.7e308 and 1.7e308"
            )
        );
        assert!(!read(&format!("a\n1\n{cell}\n")).column("a").unwrap().is_numeric());
    }
    assert_eq!(read("a\n1.7e308\n1e-999\n").column("a").unwrap().numbers().unwrap(), [1.7e308, 0.0]);
}

/// Bytes that mean something to the format, among a few that do not.
fn csv_like() -> impl Strategy<Value = Vec<u8>> {
    vec(prop::sample::select(b"\"\"\",,\r\n\n 1a;\xEF\xBB\xBF\xFF".to_vec()), 0..60)
}

/// Goes everywhere a caller can go.
fn visit(bytes: &[u8]) {
    match Table::read("t.csv", bytes) {
        Err(error) => assert!(error.to_string().contains("t.csv")),
        Ok(table) => {
            assert!(table.num_rows() > 0 && lines(&table).is_sorted());
            for column in table.columns() {
                assert_eq!(table.column(column.name()).unwrap().whole(), column.whole());
                assert_eq!(column.texts().len(), table.num_rows());
                assert!(column.texts().all(|text| text.trim() == text));
                match column.numbers() {
                    Ok(_) => assert!(column.is_numeric()),
                    Err(error) => assert!(!column.is_numeric() && !error.to_string().contains('\n')),
                }
            }
            if let Err(error) = table.column("\n") {
                assert!(!error.to_string().contains('\n'));
            }
        }
    }
}

/// Text that means something to the format, among a little that does not.
fn csv_text() -> impl Strategy<Value = String> {
    vec(prop::sample::select(vec!["\"", "\"", ",", ",", "\r", "\n", " ", "1", ".5", "-2", "a", "é"]), 0..40)
        .prop_map(|parts| parts.concat())
}

/// Days as a spreadsheet counts them are no year and month: 38353 is the first day of 2005.
#[test]
fn a_digit_is_not_missing_from_a_time_without_marks() {
    let times = |first: &str, second: &str| {
        let table = read(&format!("date,v\n{first},1\n{second},2\n"));
        table.column("date").unwrap().times().map(|times| times[1].to_string()).ok()
    };
    assert_eq!(times("38353", "38383"), Some("38383".into()));
    let days = read("date,v\n38353,1\n38384,2\n");
    let stamps =
        days.column("date").unwrap().times().unwrap().iter().map(|time| time.stamp().date().to_string());
    assert_eq!(stamps.collect::<Vec<_>>(), ["2005-01-01", "2005-02-01"]);
    assert_eq!(times("2015010", "2015020"), None);
    assert_eq!(times("201501", "201502"), Some("201502".into()));
    assert_eq!(times("1999", "2000"), Some("2000".into()));
}

proptest! {
    #[test]
    fn no_bytes_panic(any in vec(any::<u8>(), 0..200), like in csv_like()) {
        visit(&any);
        visit(&like);
        for beginning in [
            &b"a,b\n"[..],
            b"sep=;\na;b\n",
            b"{\"a\":",
            b"\x93NUMPY\x01\x00",
            b"@univariate true\n@data\n",
            b"@attribute series_name string\n@frequency daily\n@data\n",
            b"\x1F\x8B\x08\x00",
            b"\x28\xB5\x2F\xFD",
            b"PK\x03\x04",
            b"ARROW1\x00\x00",
        ] {
            visit(&[beginning, &any].concat());
            visit(&[beginning, &like].concat());
        }
    }

    /// The oracle of records is the crate `csv`: the same cells, whatever quotes, line breaks and blanks are among them.
    #[test]
    fn records_are_those_of_csv(text in csv_text()) {
        let text = format!("x,y\nq,r\n{text}");
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let mut expected = Vec::new();
        for record in reader.records() {
            let cells: Vec<String> = record.unwrap().iter().map(|cell| cell.trim().to_owned()).collect();
            // A line of blanks is none, but a quoted empty cell is one; only the text tells them apart.
            if cells.len() > 1 || !cells[0].is_empty() {
                expected.push(cells);
            }
        }
        match Table::read("t.csv", text.as_bytes()) {
            Ok(table) if table.headers().len() == 2 && table.headers()[0] == "x" => {
                let read: Vec<Vec<&str>> = rows(&table);
                let expected: Vec<Vec<&str>> = expected.iter().map(|row| row.iter().take(2).map(String::as_str).collect()).collect();
                prop_assert_eq!(read, expected);
            }
            // Lines above a table that they do not fit are a title.
            Ok(table) if table.remarks().iter().any(|remark| remark.to_string().contains("title")) => {}
            Ok(table) => prop_assert!(false, "{:?}", table.headers()),
            Err(TableError::Ragged { found, expected: 2, .. }) => {
                prop_assert!(expected.iter().any(|row| row.len() == found) || found == 1);
            }
            // The crate takes the rest of the file for a cell.
            Err(TableError::UnclosedQuote { .. }) => prop_assert!(text.contains('"')),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }

    /// A number is the same whether it is read the short way or by the standard library.
    #[test]
    fn short_numbers_are_those_of_the_standard_library(text in "-?[0-9]{0,9}\\.?[0-9]{0,9}") {
        match number::short(text.as_bytes(), b'.') {
            Some(number::Short { number, length, has_point }) => {
                prop_assert_eq!((length, has_point), (text.len(), text.contains('.')));
                prop_assert_eq!(Ok(number.to_bits()), text.parse::<f64>().map(f64::to_bits));
            }
            None => prop_assert!(text.parse::<f64>().is_err() || text.len() > 15, "{text}"),
        }
    }

    /// What the writer of `csv` writes is read back, blanks around a cell aside, and every row is
    /// where the line breaks before it say.
    #[test]
    fn what_is_written_is_read_back(
        (headers, cells) in (1_usize..5).prop_flat_map(|width| (
            prop::collection::hash_set("[a-z]([a-z \",\r\né]{0,3}[a-z])?", width),
            vec(vec("[0-9a-z\", .\r\n\té€😀]{0,6}", width), 1..6),
        )),
        always_quoted in any::<bool>(),
        crlf in any::<bool>(),
        byte_order_mark in any::<bool>(),
    ) {
        let headers = Vec::from_iter(headers);

        let mut writer = csv::WriterBuilder::new()
            // Without quotes a row that is one blank cell is a blank line.
            .quote_style(if always_quoted || headers.len() == 1 {
                csv::QuoteStyle::Always
            } else {
                csv::QuoteStyle::Necessary
            })
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .from_writer(if byte_order_mark { "\u{feff}".as_bytes().to_vec() } else { Vec::new() });
        let mut expected_lines = Vec::new();
        writer.write_record(&headers).unwrap();
        for row in &cells {
            writer.flush().unwrap();
            expected_lines.push(1 + count_line_breaks(writer.get_ref()));
            writer.write_record(row).unwrap();
        }

        let bytes = writer.into_inner().unwrap();
        let table = Table::read("t.csv", bytes.as_slice()).unwrap();
        prop_assert_eq!(table.headers(), headers);
        let trimmed: Vec<Vec<&str>> =
            cells.iter().map(|row| row.iter().map(|cell| cell.trim()).collect()).collect();
        prop_assert_eq!(rows(&table), trimmed);
        prop_assert_eq!(lines(&table), expected_lines);
    }

    #[test]
    fn every_finite_number_is_read_back(number in any::<f64>().prop_filter("finite", |x| x.is_finite())) {
        for text in [format!("{number}"), format!("{number:?}"), format!("{number:e}")] {
            let table = read(&format!("a\n {text} \n"));
            prop_assert_eq!(table.column("a").unwrap().number(0).unwrap().to_bits(), number.to_bits());
        }
    }

    /// An array is read back to the bit, whatever its number of dimensions and the order of its values.
    #[test]
    fn arrays_are_read_back(
        shape in vec(1_usize..5, 1..4),
        fortran in any::<bool>(),
        seed in vec(any::<f64>().prop_filter("no infinity", |x| !x.is_infinite()), 64),
    ) {
        let values = &seed[..shape.iter().product()];
        let order = if fortran { "True" } else { "False" };
        let axes: String = shape.iter().map(|length| format!("{length}, ")).collect();
        let head = format!("{{'descr': '<f8', 'fortran_order': {order}, 'shape': ({axes}), }}\n");
        let mut bytes = [b"\x93NUMPY\x01\x00", &(head.len() as u16).to_le_bytes()[..], head.as_bytes()].concat();
        values.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
        let table = Table::read("a.npy", bytes.as_slice()).unwrap();

        let columns = if shape.len() == 1 { 1 } else { shape[shape.len() - 1] };
        prop_assert_eq!(table.num_rows() * columns, values.len());
        for row in 0..table.num_rows() {
            for column in 0..columns {
                let at = match (fortran, &shape[..]) {
                    (false, _) | (true, [_]) => row * columns + column,
                    (true, [rows, _]) => column * rows + row,
                    (true, [sequences, steps, _]) => (column * steps + row % steps) * sequences + row / steps,
                    (true, _) => unreachable!("three dimensions at most"),
                };
                let text = table.column(&format!("col{}", column + 1)).unwrap().text(row);
                let read = if text.is_empty() { f64::NAN } else { text.parse().unwrap() };
                prop_assert!(read.to_bits() == values[at].to_bits() || read.is_nan() && values[at].is_nan());
            }
        }
    }

    /// Objects are read back, whichever keys each has and in which order, as lines and as an array.
    #[test]
    fn objects_are_read_back(
        rows in vec(prop::collection::hash_map("[a-d]", "[0-9a-z\", \n\té€😀]{0,6}", 1..4), 1..6),
        as_array in any::<bool>(),
    ) {
        let objects: Vec<String> = rows.iter().map(|row| serde_json::to_string(row).unwrap()).collect();
        let text = if as_array { format!("[{}]", objects.join(",\n")) } else { objects.join("\n") };
        let table = Table::read("a.jsonl", text.as_bytes()).unwrap();
        prop_assert_eq!(table.num_rows(), rows.len());
        for key in ["a", "b", "c", "d"] {
            prop_assert_eq!(table.has_column(key), rows.iter().any(|row| row.contains_key(key)));
        }
        for (n, row) in rows.iter().enumerate() {
            for header in table.headers() {
                let expected = row.get(header).map_or("", |text| text.trim());
                prop_assert_eq!(table.column(header).unwrap().text(n), expected);
            }
        }
    }

    /// Sequences of any lengths are read back from ts, with gaps where a dimension is shorter or unknown.
    #[test]
    fn sequences_are_read_back(
        sequences in vec((vec(prop::option::of(-1e6_f64..1e6), 1..5), vec(prop::option::of(-1e6_f64..1e6), 1..5), 0..3), 1..5),
    ) {
        let joined = |values: &[Option<f64>]| {
            let texts: Vec<String> = values.iter().map(|value| value.map_or("?".into(), |v| v.to_string())).collect();
            texts.join(",")
        };
        let lines: String =
            sequences.iter().map(|(a, b, class)| format!("{}:{}:c{class}\n", joined(a), joined(b))).collect();
        let text = format!("@problemName p\n@univariate false\n@classLabel true c0 c1 c2\n@data\n{lines}");
        let table = Table::read("s.ts", text.as_bytes()).unwrap();
        let mut expected = Vec::new();
        for (n, (a, b, class)) in sequences.iter().enumerate() {
            for step in 0..a.len().max(b.len()) {
                let cell = |values: &[Option<f64>]| values.get(step).copied().flatten().map_or(String::new(), |v| v.to_string());
                expected.push(vec![(n + 1).to_string(), step.to_string(), cell(a), cell(b), format!("c{class}")]);
            }
        }
        prop_assert_eq!(rows(&table), expected);
    }

    /// Series of any lengths are read back from tsf, their days counted from where each begins.
    #[test]
    fn series_are_read_back(
        series in vec((0_i64..20_000, vec(prop::option::of(-1e6_f64..1e6), 1..6)), 1..5),
    ) {
        use jiff::ToSpan;
        let day = |days: i64| jiff::civil::date(1970, 1, 1).checked_add(days.days()).unwrap().to_string();
        let cell = |value: &Option<f64>, unknown: &str| value.map_or(unknown.to_owned(), |v| v.to_string());
        let mut text = "@attribute series_name string\n@attribute start_timestamp date\n@frequency daily\n@data\n".to_owned();
        let mut expected = Vec::new();
        for (n, (start, values)) in series.iter().enumerate() {
            let texts: Vec<String> = values.iter().map(|value| cell(value, "?")).collect();
            text += &format!("T{n}:{} 00-00-00:{}\n", day(*start), texts.join(","));
            for (step, value) in values.iter().enumerate() {
                expected.push(vec![format!("T{n}"), day(start + step as i64), cell(value, "")]);
            }
        }
        let table = Table::read("s.tsf", text.as_bytes()).unwrap();
        prop_assert_eq!(table.headers(), ["unique_id", "ds", "y"]);
        prop_assert_eq!(rows(&table), expected);
    }
}

/// `976.875` beside `976` is what a program prints where other columns have decimals, and thousands where none has.
#[test]
fn thousands_begin_where_no_column_has_decimals() {
    let read = |others: [&str; 3]| {
        let [a, b, c] = others;
        let text = format!("a,b\n976,{a}\n976.875,{b}\n851,{c}\n");
        let table = Table::read("t.csv", text.as_bytes()).unwrap();
        table.column("a").unwrap().numbers().unwrap().to_vec()
    };
    assert_eq!(read(["11748.25", "9.5", "3"]), [976.0, 976.875, 851.0]);
    // Clocks, days and months have points, too.
    for others in
        [["11.000", "12.000", "7.000"], ["8.15", "9.30", "10.45"], ["2015.11", "2015.12", "2016.01"]]
    {
        assert_eq!(read(others), [976.0, 976_875.0, 851.0], "{others:?}");
    }
}
