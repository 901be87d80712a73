//! Titles, notes, units, names in several rows: what stands around the rows of a table.

use super::*;

#[test]
fn a_row_of_sums_may_stand_in_quotes_or_behind_an_index() {
    for (text, columns) in [
        (",month,v\n0,2024-01,1\n1,2024-02,2\n2,2024-03,3\n,Total,6\n", 3),
        ("\tmonth\tv\n0\t2024-01\t1\n1\t2024-02\t2\n2\t2024-03\t3\n\tTotal\t6\n", 3),
        ("\"month\",\"v\"\n\"2024-01\",\"1\"\n\"2024-02\",\"2\"\n\"2024-03\",\"3\"\n\"Total\",\"6\"\n", 2),
    ] {
        let table = Table::read("t.csv", text.as_bytes()).unwrap();
        assert_eq!((table.num_rows(), table.headers().len()), (3, columns));
        let said: Vec<String> = table.remarks().iter().map(ToString::to_string).collect();
        let remark = "t.csv, line 5: the last row is one of sums, \"Total\", and left out".to_owned();
        assert!(said.contains(&remark), "{said:?}");
    }
}

#[test]
fn what_stands_above_a_table_is_a_title() {
    for (text, headers, line) in [
        ("Sales of 2021;;\n;;\nDay;Units;Paid\n01.01.2021;3;1.034,56 EUR\n02.01.2021;4;900,00 EUR\n", 3, 3),
        ("Sales, all shops\n\nDay;Units;Paid\n01.01.2021;3;1,5\n02.01.2021;4;2,5\n", 3, 3),
        ("Sales\nmade on Monday\nday,units\n2021-01-01,3\n2021-01-02,4\n", 2, 3),
    ] {
        let table = read(text);
        assert_eq!(table.headers().len(), headers, "{text}");
        let units = table.columns().nth(1).unwrap();
        assert_eq!((units.numbers().unwrap(), units.line(0)), (&[3.0, 4.0][..], line + 1), "{text}");
        let title = text.lines().next().unwrap().trim_end_matches(';');
        let remark =
            format!("t.csv: what stands above line {line}, \"{title}\", is taken for a title and left out");
        assert!(remarks(&table).contains(&remark), "{:?}", remarks(&table));
    }
    // One column has no title, nor has what are no names, nor what would not be a table under it.
    for text in ["a\nb\n1\n2\n", "a,\n1,2\n3,4\n", "a\nb,c\nd,e\n", "a\nb,c\n1,2,3\n"] {
        let table = Table::read("t.csv", text.as_bytes());
        assert!(
            table.is_err_and(|error| !error.to_string().contains("title")) || read(text).headers()[0] == "a"
        );
    }
}

#[test]
fn rows_of_words_above_others_are_no_title() {
    for text in [
        "place,kind,y\nBerlin, Mitte,park,3\nUlm,park,closed\nC0,park,0\nC1,park,1\nC2,park,2\n",
        "place,kind,y\nBerlin, Mitte,park,3\n\nUlm,park,closed\nC0,park,0\nC1,park,1\nC2,park,2\n",
        "device,state,power\nmeter,boot\nmeter,fault,unread\nmeter,ok,0\nmeter,ok,1\nmeter,ok,2\n",
        "a,y\nr0,low,high\nr1,1,1\nr2,2,2\nr3,3,3\n",
        "a, y\nr0,low,high\nr1,1,1\nr2,2,2\nr3,3,3\n",
        "a day, y\nr0, low, high\nr1, 1, 1\nr2, 2, 2\nr3, 3, 3\n",
    ] {
        let error = Table::read("t.csv", text.as_bytes()).unwrap_err();
        assert!(matches!(error, TableError::Ragged { .. }), "{error}");
    }
    // Words that stand for a missing value elsewhere may be names.
    for header in ["day,nat,y", "day,n.v.,y", "day,(blank),y", "day,NA,y"] {
        let table = read(format!("Report\n{header}\n1,2,3\n2,3,4\n"));
        assert_eq!(table.headers().join(","), header);
    }
}

#[test]
fn times_without_values_below_a_table_are_rows() {
    for (row, last) in [
        ("2023Q4", "2024Q1"),
        ("Q4 2023", "Q1 2024"),
        ("H2 2023", "H1 2024"),
        ("W52 2023", "W01 2024"),
        ("KW 52 2023", "KW 1 2024"),
        ("FY2023", "FY2024"),
        ("first half of 2023", "second half of 2023"),
        ("2024-01-01", "control"),
        ("2024-01-01", "Stand 31.12.2024"),
    ] {
        let table = read(format!("when,a,b\n{row},1,2\n{last},,\n"));
        assert_eq!((table.num_rows(), table.column("when").unwrap().text(1)), (2, last));
    }
    for last in ["Source: the office", "as of the end of 2024", ",,\nmade by hand"] {
        let table = read(format!("when,a,b\n2024-01-01,1,2\n2024-01-02,1,2\n{last},,\n"));
        assert_eq!(table.num_rows(), 2, "{last}");
    }
}

#[test]
fn what_instruments_and_archives_write_above_a_table_is_a_title() {
    for text in [
        "Station;DE0001\nPeriod;01.01.2024 - 31.01.2024\n\nday;units;flag\n01.01.2024;3;W\n02.01.2024;4;W\n03.01.2024;5;W\n",
        "Atlanta, Georgia Average Temperature\nUnits: Degrees\nMissing: -99\nday,units\n202101,3\n202102,4\n202103,5\n",
        "Source,Indicators,\n\nUpdated,2024-01-01,\n\nday,units,x,y,z,\n2021,3,1,2,3,\n2022,4,1,2,3,\n2023,5,1,2,3,\n",
        "Report;;\n;;\nmonth;units;paid\nJan 2021;3;1\nFeb 2021;4;2\nMar 2021;5;2\nTotal;12;5\n;;\nNote: estimates;;\n",
        "Report;;\n;;\nday;units;paid\n2021-01-01;3;1\n2021-01-02;4;2\n2021-01-03;5;2\nTotal;12;5\n;;\nNote: estimates;;\n",
    ] {
        let table = read(text);
        assert_eq!(numbers(&table, "units"), [3.0, 4.0, 5.0], "{text}");
        assert!(remarks(&table).iter().any(|remark| remark.contains("title")), "{:?}", remarks(&table));
    }
    // A row that lacks a cell, or has one too many, is told where it stands.
    for (text, line) in [
        ("day,units,note\n2021-01-01,3\n2021-01-02,4,x\n2021-01-03,5,y\n", 2),
        ("day,units\nmon,few,x\ntue,3\nwed,4\n", 2),
        ("day,units\n2021-01-01,3,1\nday,units,x\n2021-01-02,4,1\n2021-01-03,5,1\n2021-01-04,5,1\n", 2),
        ("a,b\nx,y,z\n1,2,3\n4,5,6\n", 2),
    ] {
        let error = Table::read("t.csv", text.as_bytes()).unwrap_err();
        assert!(matches!(error, TableError::Ragged { line: found, .. } if found == line), "{text}: {error}");
    }
}

#[test]
fn times_may_be_names_below_a_title() {
    let rows = "A,x,1,2,3,4,\nB,y,5,6,7,8,\nC,z,,,,,\n";
    let world_bank = "Source,Indicators,\n\nUpdated,2024-01-01,\n\n";
    for above in [world_bank, "Source,Indicators,\n", "All countries\n"] {
        for times in ["2000,2001,2002,2003", "2000-11,2000-12,2001-01,2001-02", "2000Q3,2000Q4,2001Q1,2001Q2"]
        {
            let table = read(format!("{above}Country,Code,{times},\n{rows}"));
            assert_eq!(table.headers().join(","), format!("Country,Code,{times}"), "{above}");
            let first = table.column_at(2);
            assert_eq!((first.number(0).unwrap(), first.number(1).unwrap()), (1.0, 5.0));
            assert_eq!(table.num_rows(), 3);
            // A single row is as sure.
            let table = read(format!("{above}Country,Code,{times},\nA,x,1,2,3,4,\n"));
            assert_eq!((table.num_rows(), table.headers().len()), (1, 6), "{above}{times}");
        }
        // Values are none.
        for values in ["2000,2001,2003,2002", "12,13,14,15", "1.5,2.5,3.5,4.5", "1000,1100,1200,1300"] {
            let table = Table::read("t.csv", format!("{above}Country,Code,{values},\n{rows}").as_bytes());
            assert!(table.is_err(), "{above}{values}");
        }
    }
    // Names of all but the first column are no title.
    let error =
        Table::read("t.csv", "name,a,b,c\nX,2000,2001,2002,2003\nY,5,6,7,8\n".as_bytes()).unwrap_err();
    assert!(matches!(error, TableError::Ragged { line: 2, .. }), "{error}");
    // The names stand above them.
    let table = read("Country,Code,a,b,c,d\nX,x,2000,2001,2002,2003\nY,y,2000,2001,2002,2003\n");
    assert_eq!(table.headers()[2..], ["a", "b", "c", "d"]);
}

#[test]
fn colons_and_stars_among_numbers_are_empty_cells() {
    for text in [":", "***", "****"] {
        let table = read(format!("day,n,stars\n1,2.5,{text}\n2,{text},*\n3,4,**\n"));
        let column = table.column("n").unwrap();
        assert!(column.holds_numbers() && column.is_missing(1), "{text}");
        let remark = format!("t.csv, line 3, column \"n\": \"{text}\" is taken for an empty cell");
        assert!(remarks(&table).contains(&remark), "{:?}", remarks(&table));
        assert_eq!(table.column("stars").unwrap().text(0), text);
    }
}

#[test]
fn empty_rows_and_notes_as_wide_as_the_table_are_left_out() {
    let rows = "day,units,x\n2021-01-01,3,1\n2021-01-02,4,2\n";
    for (below, what) in [
        (",,\n", "line 4: the last row is empty, and left out"),
        (",,\n,,\n", "line 4: the last 2 rows are empty, and left out"),
        ("Source: survey,,\n", "line 4: what stands below the table, \"Source: survey\", is left out"),
        (
            ",,\nSource: survey,,\nmade by hand,,\n",
            "line 4: what stands below the table, \"Source: survey\" and 2 lines more, is left out",
        ),
        (
            "Total,7,3\n,,\n",
            "line 4: the last row is one of sums, \"Total\", and left out with 1 line below it",
        ),
    ] {
        let table = read(format!("{rows}{below}"));
        assert_eq!(
            (numbers(&table, "units"), remarks(&table)),
            (&[3.0, 4.0][..], vec![format!("t.csv, {what}")])
        );
    }
    // Rows of the table follow, or the row may be one.
    for below in [",,\n2021-01-04,5,6\n", "x,,\n2021-01-04,5,6\n", "2021-01-03,,\n", ",5,\n"] {
        let table = read(format!("{rows}{below}"));
        assert_eq!(table.num_rows(), 2 + below.lines().count(), "{below}");
    }
    for text in
        ["city,units,x\nBonn,3,1\nJena,4,2\nUlm,,\n", "a,b,c\n3,4,x\n5,6,y\n,z,\n", "a,b\n3,4\n5,6\n,\n"]
    {
        assert_eq!(read(text).num_rows(), 3, "{text}");
    }
}

/// An empty cell before the word is one of an index only where the first column has no name.
#[test]
fn a_value_that_is_missing_makes_no_row_of_sums() {
    let table = read("rating,item,v\n3,Total,1\n4,Part,2\n,Total,5\n");
    assert_eq!(numbers(&table, "v"), [1.0, 2.0, 5.0]);
}

#[test]
fn what_stands_around_the_rows_is_left_out_and_said() {
    let rows = "2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n";
    for (text, remark) in [
        (
            format!("day,v\n,[m/s]\n{rows}"),
            "t.csv, line 2: the row below the names, \"[m/s]\", holds no values but units, and is left out",
        ),
        (
            format!("day,v\n(UTC),degC\n{rows}"),
            "t.csv, line 2: the row below the names, \"(UTC)\", holds no values but units, and is left out",
        ),
        // The cell that is a unit is shown.
        (
            format!("day,v\nunit,[m/s]\n{rows}"),
            "t.csv, line 2: the row below the names, \"[m/s]\", holds no values but units, and is left out",
        ),
        (
            format!("day,v\n---,--:\n{rows}"),
            "t.csv, line 2: the row below the names, \"---\", is a line, and is left out",
        ),
        (
            format!("day,v\n{rows}Total,6\n"),
            "t.csv, line 5: the last row is one of sums, \"Total\", and left out",
        ),
        (
            format!("day,v\n{rows}Summe:,6\n\n"),
            "t.csv, line 5: the last row is one of sums, \"Summe:\", and left out",
        ),
        (
            format!("day,v\n{rows}\nSource: a survey\nof 2023\n"),
            "t.csv, line 6: what stands below the table, \"Source: a survey\" and 1 line more, is left out",
        ),
        (
            format!("day,v\n{rows}\n1) estimated; or guessed\n[2] from 2023 on\n* revised\n"),
            "t.csv, line 6: what stands below the table, \"1) estimated; or guessed\" and 2 lines more, is left out",
        ),
        (
            format!("day,v\n{rows}Total,6\n\nSource: a survey\n"),
            "t.csv, line 5: the last row is one of sums, \"Total\", and left out with 1 line below it",
        ),
        (
            format!("day,v\n{rows}Source: a survey\nof 2023\n"),
            "t.csv, line 5: what stands below the table, \"Source: a survey\" and 1 line more, is left out",
        ),
        (
            format!("day,v\n{rows}Source: a survey\n"),
            "t.csv, line 5: what stands below the table, \"Source: a survey\", is left out",
        ),
        (
            format!("day,v\r\n{}day,v\r\n2024-01-03,3\r\nday,v", "2024-01-01,1\r\n2024-01-02,2\r\n"),
            "t.csv, line 4: the columns' names stand there again, and are left out (1 more likewise)",
        ),
    ] {
        let table = read(&text);
        assert_eq!(numbers(&table, "v"), [1.0, 2.0, 3.0], "{text}");
        assert_eq!(remarks(&table), [remark], "{text}");
        let days: Vec<&str> = table.column("day").unwrap().texts().collect();
        assert_eq!(days, ["2024-01-01", "2024-01-02", "2024-01-03"]);
    }
}

/// Units are known by a single row below them, which is no row of sums.
#[test]
fn names_may_stand_in_several_rows() {
    let rows = "2024-01-01,1,2\n2024-01-02,3,4\n2024-01-03,5,6\n";
    for (above, headers, rows_left_out) in [
        ("time,temp,wind\n,°C,m/s\n", ["time", "temp", "wind"], 1),
        ("time,pressure,speed\ndate,mmHg,knots\n", ["time", "pressure", "speed"], 1),
        ("'time','MLII','V5'\n'seconds','mV','mV'\n", ["'time'", "'MLII'", "'V5'"], 1),
        ("Price,Close,High\nTicker,AAPL,AAPL\nDate,,\n", ["Date", "Close", "High"], 2),
        ("Price,Close,Close\nTicker,AAPL,MSFT\nDate,,\n", ["Date", "Close AAPL", "Close MSFT"], 2),
        ("Price,Close,High\nDate,,\n", ["Price", "Close", "High"], 1),
        ("Date,Sales,Sales\n,North,South\n", ["Date", "Sales North", "Sales South"], 1),
        ("Date,Sales,\n,North,South\n", ["Date", "Sales North", "Sales South"], 1),
        (",Sales,Sales\nDate,North,South\n", ["Date", "Sales North", "Sales South"], 1),
    ] {
        let table = read(format!("{above}{rows}"));
        assert_eq!(table.headers(), headers, "{above}");
        assert_eq!(numbers(&table, headers[1]), [1.0, 3.0, 5.0], "{above}");
        let left_out =
            remarks(&table).iter().filter(|remark| remark.contains("the row below the names")).count();
        let joined = remarks(&table).iter().any(|remark| remark.contains("names stand in several rows"));
        let are_new = !above.starts_with(&headers.join(","));
        assert_eq!((left_out, joined), (rows_left_out, are_new), "{:?}", remarks(&table));
    }
    // What may be a row of values stays: it has a time, a text that a column may hold, marks for want of a number.
    for row in ["2024-01-01,shut,shut", "?,-,n/a", "x,x,x"] {
        let table = read(format!("time,temp,wind\n{row}\n{rows}"));
        assert_eq!(table.num_rows(), 4, "{row}");
    }
    for row in ["Bonn,shut,shut", ",shut,shut", "Bonn,call us,closed"] {
        let table = read(format!("city,temp,wind\n{row}\nUlm,1,2\nJena,3,4\n"));
        assert_eq!(table.num_rows(), 3, "{row}");
    }
    // Neither units nor dashes are names, nor do words that are the same tell columns apart.
    for below in ["", ",mm,cm\n", "---,---,---\n", ",North,North\n"] {
        let error = Table::read("t.csv", format!("day,a,a\n{below}{rows}").as_bytes()).unwrap_err();
        assert!(matches!(&error, TableError::DuplicateHeader { column, .. } if column == "a"), "{error}");
    }
}

#[test]
fn units_stand_above_a_single_row() {
    for (text, rows) in [
        ("day,v,city\n,[m/s],\n2024-01-01,1,Ulm\n", 1),
        ("day,v,city\n,[m/s],(name)\n2024-01-01,1,Ulm\nTotal,1,\n", 1),
        ("day,v,city\n,[m/s],Bonn\n2024-01-01,1,Ulm\n2024-01-02,2,Ulm\n2024-01-03,3,Ulm\n", 4),
    ] {
        assert_eq!(read(text).num_rows(), rows, "{text}");
    }
}

/// Numbers in place of names, as of a frame without any, stand in rows as well.
#[test]
fn a_row_of_numbers_does_not_repeat_the_names() {
    let rows: String = (0..300).map(|n| format!("{},{},2\n", n % 250 + 10, n % 7)).collect();
    let table = read(format!("0,1,2\n{rows}0,1,2\n4,5,6\n"));
    assert_eq!((table.num_rows(), table.headers()), (302, &["0", "1", "2"].map(str::to_owned)[..]));
    // One word tells.
    assert_eq!(read(format!("0,1,v\n{rows}0,1,v\n4,5,6\n")).num_rows(), 301);
}

#[test]
fn rows_of_the_table_stay() {
    // What may be a value, or a class, or a mistake.
    for (text, rows) in [
        ("id,v\na,x\nb,1\nc,2\n", 3),
        ("id,v\nTotal,1\nb,1\nTotal,2\n", 3),
        ("day,v\n2024-01-01,x\n2024-01-02,2\n2024-01-03,3\n", 3),
        ("v\nkg\n1\n2\n", 3),
        ("word\nword\nother\n", 2),
        ("day,v\n2024-01-01,1\n2024-01-02,2\nJanuary,3\n", 3),
        // What stands in brackets, or is no unit, for want of a value.
        ("city,temp,y\nBerlin,(n/a),[none]\nBonn,1,2\nJena,3,4\nUlm,5,6\n", 4),
        ("city,temp,y\n,(n/a),[-]\nBonn,1,2\nJena,3,4\nUlm,5,6\n", 4),
        ("city,temp,y\nBerlin,(?),[m]\nBonn,1,2\nJena,3,4\nUlm,5,6\n", 4),
    ] {
        assert_eq!(read(text).num_rows(), rows, "{text}");
    }
    for text in ["a,b\n1,2\n3,4\n5\n", "a,b\nx,y\nz,w\nv\n", "a,b\n1,2\n\n3\n4,5\n"] {
        assert!(Table::read("t.csv", text.as_bytes()).is_err(), "{text}");
    }
    // Rows that lack a cell, or separate them by something else, are no notes.
    let rows = "day,v\n2024-01-01,1\n2024-01-02,2\n2024-01-03,3\n";
    for below in [
        "2024-01-04;4\n2024-01-05;5\n",
        "2024-01-04\n2024-01-05\n",
        "7\n",
        "(7)\n",
        "$7\n",
        "today;7\n",
        "today; 7\n",
        "Source: a survey\n2024-01-05\n",
        "Source: a survey\nof;2023\n",
        "Source: a survey\n2024-01-05,4\n",
    ] {
        let text = format!("{rows}\n{below}");
        let error = Table::read("t.csv", text.as_bytes()).unwrap_err();
        assert!(
            matches!(error, TableError::Ragged { line: 6, expected: 2, found: 1, .. }),
            "{text}: {error}"
        );
    }
}

/// One word above a row of values, in a column of which nothing else is known, is a value like others.
#[test]
fn a_word_above_a_single_row_of_values_is_a_row() {
    for (text, rows) in
        [("ab,aa,a\naa,,\n0,0,\n", 2), ("n,v,w\nbook,,\n1,2,3\n4,5,6\n", 3), ("a,b\nxy,\n0,1\n", 2)]
    {
        assert_eq!(read(text).num_rows(), rows, "{text}");
    }
    let table = read("n,v,w\nbook,,\n1,2,3\n4,5,6\n7,8,9\n");
    let remark =
        "t.csv, line 2: the row below the names, \"book\", holds no values, and is left out".to_owned();
    assert_eq!((table.num_rows(), remarks(&table)), (3, vec![remark]));
}
