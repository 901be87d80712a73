mod asides;

use crate::table::{Table, TableError};

fn read(bytes: impl AsRef<[u8]>) -> Table {
    Table::read("t.csv", bytes.as_ref()).unwrap()
}

fn remarks(table: &Table) -> Vec<String> {
    table.remarks().iter().map(ToString::to_string).collect()
}

fn numbers<'t>(table: &'t Table, column: &str) -> &'t [f64] {
    table.column(column).unwrap().numbers().unwrap()
}

#[test]
fn the_separator_is_what_cuts_the_file_best() {
    for (text, headers, column, values) in [
        (
            "Datum;Temperatur, C\n2024-01-01;3,5\n2024-01-02;-4,25\n",
            ["Datum", "Temperatur, C"],
            1,
            [3.5, -4.25],
        ),
        ("day\tunits\nmon\t3\ntue\t4,5\n", ["day", "units"], 1, [3.0, 4.5]),
        ("day|units\nmon|3\ntue|4.5\n", ["day", "units"], 1, [3.0, 4.5]),
        ("sep=;\nday;units\nmon;3\ntue;4\n", ["day", "units"], 1, [3.0, 4.0]),
        ("note,units\n\"a;b;c\",3\n\"d;e;f\",4\n", ["note", "units"], 1, [3.0, 4.0]),
        ("\"a;b\",units\n1,3\n2,4\n", ["a;b", "units"], 1, [3.0, 4.0]),
        ("a;b;\n1;2;\n3;4;\n", ["a", "b"], 1, [2.0, 4.0]),
        ("a,b\n1,2,\n3,4,\n", ["a", "b"], 1, [2.0, 4.0]),
        ("a,b,,\n1,2\n3,4\n", ["a", "b"], 1, [2.0, 4.0]),
    ] {
        let table = read(text);
        assert_eq!(table.headers(), headers, "{text}");
        assert_eq!(numbers(&table, headers[column]), values, "{text}");
    }
    assert_eq!(read("\"a;b\"\n1\n").headers(), ["a;b"]);
    // A row of empty cells is one, whatever separates them.
    for text in ["a,b\n1,2\n,\n\n3,4\n", "a\tb\n1\t2\n\t\n \n3\t4\n"] {
        let table = read(text);
        let missing: Vec<bool> =
            (0..table.num_rows()).map(|row| table.column("b").unwrap().is_missing(row)).collect();
        assert_eq!(missing, [false, true, false], "{text}");
        assert_eq!(table.column("b").unwrap().line(2), 5, "{text}");
    }
}

#[test]
fn blanks_separate_where_nothing_else_does() {
    for text in [
        "day  units\n  1    3.5\n 10   -4\n",
        "day\tunits  \n1 \t 3.5\n10\t-4\t\n",
        "# logger\nday units\n1 3.5\n\n10 \"-4\"\n",
    ] {
        let table = read(text);
        assert_eq!(table.headers(), ["day", "units"], "{text}");
        assert_eq!(numbers(&table, "day"), [1.0, 10.0], "{text}");
        assert_eq!(numbers(&table, "units"), [3.5, -4.0], "{text}");
    }
    let table = read(" 1.5e+00   2.5e+00\n-1.5e+00   3.5e+00\n");
    assert_eq!((table.headers().len(), numbers(&table, "col2")), (2, &[2.5, 3.5][..]));
    assert_eq!(table.column("col2").unwrap().text(1), "3.5e+00");
    assert_eq!(remarks(&table)[0], "t.csv: read as columns separated by spaces");
    let error =
        Table::read("t.csv", ("a b\n".to_owned() + &"1 2\n".repeat(300) + "5\n").as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "t.csv, line 302: expected 2 fields as in the header, found 1; write NA for an empty cell"
    );
    // Texts of one column, times with their clock, thousands.
    for text in ["note\nall well\nnot well\n", "t\n2024-01-01 10:00\n2024-01-01 11:00\n", "v\n1 234\n5 678\n"]
    {
        assert_eq!(read(text).headers().len(), 1, "{text}");
    }
    assert_eq!(numbers(&read("v\n1 234\n5 678\n"), "v"), [1234.0, 5678.0]);
}

/// Cells are found again behind many others, whatever stands in these.
#[test]
fn cells_of_wide_rows_are_found_again() {
    let width = 40;
    let cell = |row: usize, column: usize| match (row + column) % 4 {
        0 => (format!("{row}.{column}"), format!("{row}.{column}")),
        1 => (format!("\"a,{column}\""), format!("a,{column}")),
        2 => (format!("\"{row}\"\"\n{column}\""), format!("{row}\"\n{column}")),
        _ => (String::new(), String::new()),
    };
    let head: Vec<String> = (0..width).map(|n| format!("c{n}")).collect();
    let rows: String = (0..5)
        .map(|row| (0..width).map(|column| cell(row, column).0).collect::<Vec<_>>().join(",") + "\n")
        .collect();
    let table = read(format!("{}\n{rows}", head.join(",")));
    for (n, column) in table.columns().enumerate() {
        for row in (0..5).rev() {
            assert_eq!(column.text(row), cell(row, n).1, "{row} {n}");
        }
    }
    // The line breaks of ten cells stand in each row.
    assert_eq!(table.column("c0").unwrap().line(4), 2 + 4 + 4 * 10);
    let part = table.select("part".into(), &[39, 17], &[4, 1]);
    assert_eq!(part.column("c39").unwrap().text(1), cell(1, 39).1);
    assert_eq!(part.column("c17").unwrap().text(0), cell(4, 17).1);
}

#[test]
fn what_was_guessed_is_remarked() {
    let table = read("Datum;Temperatur, C\n2024-01-01;3,5\n");
    assert_eq!(
        remarks(&table),
        [
            "t.csv: read as columns separated by semicolons",
            "t.csv, line 2, column \"Temperatur, C\": \"3,5\" is read as 3.5"
        ]
    );
    assert!(remarks(&read("a,b\n1,2.5\n")).is_empty());
    assert_eq!(
        remarks(&read("a,b,\n1,2,\n")),
        ["t.csv, line 1: the lines end with separators; the empty cells behind them are dropped"]
    );
    assert_eq!(
        Table::read("t.csv", "a;b\n1;2;3\n".as_bytes()).unwrap_err().to_string(),
        "t.csv, line 2: expected 2 fields as in the header, found 3; put a cell that holds a semicolon in quotes"
    );
    assert_eq!(
        Table::read("t.csv", "a,b,\n1,2,3\n".as_bytes()).unwrap_err().to_string(),
        "t.csv, line 1: column 3 has no name; give every column a name"
    );
}

#[test]
fn comments_are_left_out_and_rows_that_look_like_them_are_not() {
    let table = read("# made by a logger, \"v2\n#\na,b\n1,2\n# pause\n3,4\n");
    assert_eq!(table.headers(), ["a", "b"]);
    assert_eq!(numbers(&table, "b"), [2.0, 4.0]);
    assert_eq!(table.column("b").unwrap().line(1), 6);
    let windows = read("# a logger\r\na,b\r\n1,2\r\n# pause\r\n\r\n3,4\r\n");
    assert_eq!(windows.column("b").unwrap().line(0), 3);
    assert_eq!(windows.column("b").unwrap().line(1), 6);
    let table = read("id,v\n#1,5\n#2,6\n");
    assert_eq!(table.column("id").unwrap().texts().collect::<Vec<_>>(), ["#1", "#2"]);
    let table = read("# a,b\n1,2\n3,4\n");
    assert_eq!(
        (table.headers(), numbers(&table, "a")),
        (&["a".to_owned(), "b".to_owned()][..], &[1.0, 3.0][..])
    );
}

#[test]
fn a_first_row_of_values_is_no_header() {
    for (text, header) in [
        ("1,2.5\n3,4.5\n", "col1"),
        ("2024-01-01,3\n2024-01-02,4\n", "col1"),
        ("5.1,setosa\n4.9,setosa\n", "col1"),
        ("5\n6\n7\n", "col1"),
        ("1;2,5\n3;4,5\n", "col1"),
        ("2019,2020,2021\n5,3,7\n", "2019"),
        ("0,1,2\n5,3,7\n", "0"),
        ("series,2019\nx,4\n", "series"),
        ("a,1\nb,2\n", "a"),
        (",v\n0,5\n1,6\n", "col1"),
    ] {
        let table = read(text);
        assert_eq!(table.headers()[0], header, "{text}");
        assert_eq!(remarks(&table).iter().any(|text| text.contains("col1")), header == "col1", "{text}");
    }
    assert_eq!(numbers(&read("1,2.5\n3,4.5\n"), "col2"), [2.5, 4.5]);
    assert_eq!(read("1,2.5\n3,4.5\n").column("col2").unwrap().line(0), 1);
}

#[test]
fn text_is_decoded() {
    let table = read(b"city,units\nbern,1\nz\xFCrich,2\n");
    assert_eq!(table.column("city").unwrap().text(1), "zürich");
    assert_eq!(
        remarks(&table),
        ["t.csv, line 3: the byte 0xFC is not UTF-8, so the file is read as Windows-1252; \
          if letters come out wrong, save it as UTF-8"]
    );
    let text = "\u{feff}city,units\nzürich,2\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [
        &little[..],
        &big,
        text.as_bytes(),
        &"city,units\nzurich,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(),
    ] {
        let table = read(bytes);
        assert_eq!(table.headers(), ["city", "units"]);
        assert_eq!(numbers(&table, "units"), [2.0]);
        assert!(remarks(&table).is_empty());
    }
    let half = little.iter().chain(b"\x00\xD8\x2C\x00\x33\x00").copied().collect::<Vec<u8>>();
    let table = read(half);
    assert_eq!(table.column("city").unwrap().text(1), "\u{FFFD}");
    assert_eq!(
        remarks(&table),
        ["t.csv, line 3: a letter is damaged, as the file is not sound UTF-16; it is read as \u{FFFD}"]
    );
}

#[test]
fn numbers_are_written_as_a_whole_column_says() {
    for (text, values) in [
        ("d;v\nx;1.234,5\ny;12\n", [1234.5, 12.0]),
        ("d,v\nx,\"1,234.5\"\ny,12\n", [1234.5, 12.0]),
        ("d,v\nx,\"3,5\"\ny,\"12,25\"\n", [3.5, 12.25]),
        ("d;v\nx;1 234,5\ny;12\n", [1234.5, 12.0]),
        ("d,v\nx,1'234.5\ny,12\n", [1234.5, 12.0]),
        ("d,v\nx,12 %\ny,3.5%\n", [12.0, 3.5]),
        ("d,v\nx,\"$1,200.50\"\ny,$3\n", [1200.5, 3.0]),
        // Left open by the column, decided by another.
        ("d;v\n3,5;1.234\n4,5;2.345\n", [1234.0, 2345.0]),
        ("d;v\n3.5;1,234\n4.5;2,345\n", [1234.0, 2345.0]),
        ("d;v\n3,5;1,234\n4,5;2,345\n", [1.234, 2.345]),
        // By nothing: by the separator.
        ("d,v\nx,\"1,234\"\ny,\"2,345\"\n", [1234.0, 2345.0]),
        ("d;v\nx;1,234\ny;2,345\n", [1.234, 2.345]),
        // Who writes 1234 does not write 1,234.
        ("d,v\nx,1234\ny,\"2,345\"\n", [1234.0, 2.345]),
    ] {
        let table = read(text);
        assert_eq!(numbers(&table, "v"), values, "{text}");
        let spoken = remarks(&table).iter().filter(|text| text.contains("column \"v\"")).count();
        assert_eq!(spoken, 1, "{text}: {:?}", remarks(&table));
    }
    // What is written stays to be seen.
    assert_eq!(read("d;v\nx;1.234,5\ny;7\n").column("v").unwrap().text(0), "1.234,5");
    // Signs in some cells alone; numbers that are names.
    assert!(read("d,v\nx,12 %\ny,3\n").column("v").unwrap().numbers().is_err());
    // Nothing decides: an error where numbers are asked for.
    assert_eq!(
        read("d\tv\nx\t1,234\n").column("v").unwrap().numbers().unwrap_err().to_string(),
        "t.csv, line 2, column \"v\": \"1,234\" is not a number; \
         write decimals with a point (3.5) and thousands without a comma (1200)"
    );
    assert!(remarks(&read("d;v\nx;1.234\n"))[1].ends_with(
        "\"1.234\" is read as 1.234, not as 1234; write it without a separator of thousands to be sure"
    ));
}

#[test]
fn a_comma_in_quotes_is_none_between_cells() {
    // Of a column with decimal commas, the cells that have none stand without quotes.
    let table = read("a,b\n\"3,5\",7\n12,8\n\"-4\",\"9\"\n");
    assert_eq!((numbers(&table, "a"), numbers(&table, "b")), (&[3.5, 12.0, -4.0][..], &[7.0, 8.0, 9.0][..]));
    let table = read("a;b\n3,5;\"7,25\"\n12;\"8\"\n\"-4,0\";1,5\n");
    assert_eq!((numbers(&table, "a"), numbers(&table, "b")), (&[3.5, 12.0, -4.0][..], &[7.25, 8.0, 1.5][..]));
    // Text behind a number in quotes, or within them.
    for text in ["a,b\n\"1\"x,7\n2,8\n", "a,b\n\"1 x\",7\n2,8\n", "a,b\n\"1\"\"\",7\n2,8\n"] {
        let table = read(text);
        assert!(!table.column("a").unwrap().holds_numbers(), "{text}");
        assert_eq!(numbers(&table, "b"), [7.0, 8.0], "{text}");
    }
}

#[test]
fn columns_without_a_name_or_a_value_are_left_out() {
    let table = Table::read("t.csv", "a,,b,,\n1,,2,,\n3,,4,,\n".as_bytes()).unwrap();
    assert_eq!(table.headers(), ["a", "b"]);
    assert_eq!(table.column("b").unwrap().numbers().unwrap(), [2.0, 4.0]);
    let said: Vec<String> = table.remarks().iter().map(ToString::to_string).collect();
    assert!(
        said.contains(&"t.csv, line 1: column 2 without a name or a value left out".to_owned()),
        "{said:?}"
    );
    let error = Table::read("t.csv", "a,,b\n1,,2\n3,5,4\n".as_bytes()).unwrap_err().to_string();
    assert_eq!(error, "t.csv, line 1: column 2 has no name; give every column a name");
}

#[test]
fn numbers_with_gaps() {
    let table = read("d,v\n1,n/a\n2,3.5\n3,\n4,NA\n5,-\n");
    let column = table.column("v").unwrap();
    assert_eq!((column.number(1).unwrap(), column.text(0)), (3.5, "n/a"));
    assert!(column.number(0).is_err() && column.number(2).is_err() && column.number(4).is_err());
    assert_eq!(
        remarks(&table),
        ["t.csv, line 2, column \"v\": \"n/a\" is taken for an empty cell; 2 more cells are alike"]
    );
    // A class may be called so.
    assert!(remarks(&read("d,v\n1,none\n2,some\n")).is_empty());
}

#[test]
fn blank_lines_of_one_column_may_be_values_that_are_missing() {
    let table = read("v\n1\n\n3.5\n\n\n4\n\n");
    assert_eq!(numbers(&table, "v"), [1.0, 3.5, 4.0]);
    let remark =
        "t.csv, line 3: blank lines between the rows are left out; write NA where a value is missing";
    assert_eq!(remarks(&table), [remark]);
    for text in ["v\n\n1\n3.5\n\n", "v\n\"a\nb\"\nc\n", "v\r\n1\r\n2.5\r\n", "v,w\n1,2\n\n3,4\n"] {
        assert!(remarks(&read(text)).is_empty(), "{text}");
    }
}

#[test]
fn numbers_may_have_a_unit() {
    let table =
        read("day,temperature,rain,code\n2024-01-01,-20.5 °C,\"1,200 mm\",3A\n2024-01-02,3 °C,NA,4B\n");
    assert_eq!(numbers(&table, "temperature"), [-20.5, 3.0]);
    assert_eq!(table.column("rain").unwrap().number(0).unwrap(), 1200.0);
    assert!(!table.column("code").unwrap().holds_numbers());
    assert_eq!(
        remarks(&table)[..2],
        [
            "t.csv, line 2, column \"temperature\": \"-20.5 °C\" is read as -20.5",
            "t.csv, line 2, column \"rain\": \"1,200 mm\" is read as 1200, because other columns have decimal points"
        ]
    );
    // Names of things are no numbers, and nothing is said of them; a blank, decimals or a sign make a unit of the letter.
    for (cells, values) in [
        (["2D", "3D"], None),
        (["7B", "70B"], None),
        (["12 A", "3 A"], Some([12.0, 3.0])),
        (["3V", "3.5V"], Some([3.0, 3.5])),
        (["-3A", "4A"], Some([-3.0, 4.0])),
        // Exponents without digits.
        (["3.5E", "4.5E"], None),
    ] {
        let table = read(format!("x,b\n1,{}\n2,{}\n", cells[0], cells[1]));
        let column = table.column("b").unwrap();
        assert_eq!(column.numbers().ok(), values.as_ref().map(|values| &values[..]), "{cells:?}");
        assert_eq!(remarks(&table).len(), usize::from(values.is_some()), "{cells:?}");
    }
    // What is no unit: exponents, halves of the day, quarters, the rest of a date.
    for (cells, values) in [
        ("1,5E3;2,5E3", Some([1500.0, 2500.0])),
        ("1 pm;2 pm", None),
        ("2020Q1;2021Q1", None),
        ("1Jan2024;2Jan2024", None),
    ] {
        let table = read(format!(
            "a;b\n{}\n",
            cells.split(';').map(|cell| format!("x;{cell}\n")).collect::<String>()
        ));
        let column = table.column("b").unwrap();
        assert_eq!(column.numbers().ok(), values.as_ref().map(|values| &values[..]), "{cells}");
    }
}

#[test]
fn letters_behind_numbers_are_left_to_categories() {
    for cells in [
        ["12K", "4M"],
        ["293.15K", "300"],
        ["1.5M", "3"],
        ["512B", "1.5K"],
        ["88.54K", "1.02M"],
        ["3", "nat"],
    ] {
        let table = read(format!("day,line\na,{}\nb,{}\n", cells[0], cells[1]));
        assert!(!table.column("line").unwrap().holds_numbers(), "{cells:?}");
    }
    // One in every cell is a unit.
    let table = read("day,t\na,88.54K\nb,102.5K\n");
    assert_eq!(numbers(&table, "t"), [88.54, 102.5]);
    assert_eq!(remarks(&table), ["t.csv, line 2, column \"t\": \"88.54K\" is read as 88.54"]);
}

#[test]
fn amounts_in_parentheses_are_below_zero_and_errors_of_spreadsheets_are_gaps() {
    let table = read("day,profit\n1,(5)\n2,\"1,234.5\"\n3,#DIV/0!\n4,\"($1,000.25)\"\n");
    assert!(!table.column("profit").unwrap().holds_numbers(), "a currency sign in one cell alone");
    let table = read("day,profit\n1,(5)\n2,\"1,234.5\"\n3,#DIV/0!\n4,\"(1,000.25)\"\n");
    let profit = table.column("profit").unwrap();
    assert_eq!([0, 1, 3].map(|row| profit.number(row).unwrap()), [-5.0, 1234.5, -1000.25]);
    assert!(profit.is_missing(2));
    assert!(
        remarks(&table)
            .contains(&"t.csv, line 4, column \"profit\": \"#DIV/0!\" is taken for an empty cell".to_owned())
    );
}

#[test]
fn series_as_r_prints_them_have_years_before_their_values() {
    let months = "     Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec\n1949 112 118 132 129 121 135 148 148 136 119 104 118\n\
                  1950 115 126 141 135 125 149 170 170 158 133 114 140\n";
    let table = read(months);
    assert_eq!((table.headers()[0].as_str(), table.headers()[12].as_str()), ("col1", "Dec"));
    assert_eq!(
        (numbers(&table, "col1"), numbers(&table, "Feb")),
        (&[1949.0, 1950.0][..], &[118.0, 126.0][..])
    );
    let quarters = "      Qtr1  Qtr2  Qtr3  Qtr4\n1960 160.1 129.7  84.8 120.1\n1961 160.1 124.9\n1962 164.0 123.1  80.2 121.0\n";
    let error = Table::read("t.csv", quarters.as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with("t.csv, line 3: expected 5 fields as in the header, found 3"), "{error}");
    // What lacks a name otherwise is told, as before.
    for text in ["date close\n2024-01-01 10:00 5\n2024-01-02 10:00 6\n", "a b\n1949 1 2\n1950 3 4\n"] {
        assert!(
            Table::read("t.csv", text.as_bytes()).map_or(true, |table| table.headers().len() < 3),
            "{text}"
        );
    }
}
