//! Data that cannot be used: each message names the place and the way out, and nothing is written.

use crate::common::{CLASSIFY, Place, REGRESS, airline, airline_with, sequences};

/// What `elman train bad.csv` says of this table.
#[track_caller]
fn refuses(csv: impl AsRef<[u8]>, message: &str) {
    Place::with("bad.csv", csv).refuses(1, "train bad.csv", message);
}

/// The airline passengers with this text in line 10.
fn with_text(text: &str) -> String {
    airline_with(|row, value| if row == 8 { text.to_owned() } else { value.to_string() })
}

#[test]
fn files_that_are_no_tables() {
    let place = Place::new();
    place.refuses(1, "train none.csv", "cannot open none.csv: there is no such file; check the path");
    place.refuses(
        1,
        "train forecast no/ne.csv",
        "cannot open no/ne.csv: there is no such file; check the path",
    );
    place.refuses(1, "train .", "cannot open .: it is a directory; name a file in it");
    refuses("", "bad.csv is empty; a table begins with a line of column names");
    refuses(" \n\n", "bad.csv is empty; a table begins with a line of column names");
    refuses(
        "month,passengers\n",
        "bad.csv has column names but no rows; add one line for each row below them",
    );
    refuses(
        airline().replacen("-03,132", "-03,132,7", 1),
        "bad.csv, line 4: expected 2 fields as in the header, found 3; put a cell that holds a comma in quotes",
    );
    refuses(
        airline().replacen("-03,132", "-03", 1),
        "bad.csv, line 4: expected 2 fields as in the header, found 1; keep the commas of empty cells",
    );
    refuses(
        airline().replacen("-03,132", "-03,\"132", 1),
        "bad.csv, line 4: a quote opened in this row is never closed; close it or remove it",
    );
    refuses("a,a\n1,2\n", "bad.csv, line 1: columns 1 and 2 are both named \"a\"; rename one of them");
    refuses("a,\n1,2\n", "bad.csv, line 1: column 2 has no name; give every column a name");
}

#[test]
fn cells_that_are_no_numbers() {
    let place = "bad.csv, line 10, column \"passengers\":";
    refuses(
        with_text("abc"),
        &format!(
            "{place} \"abc\" is not a number; write one such as 12 or 3.5, or leave the cell empty and choose with --missing what becomes of it"
        ),
    );
    refuses(with_text("1 2"), &format!("{place} \"1 2\" is not a number; write one such as 12 or 3.5"));
    for text in ["inf", "-inf", "1e999"] {
        refuses(
            with_text(text),
            &format!("{place} {text:?} is not a finite number; write one between -1.7e308 and 1.7e308"),
        );
    }
    for text in ["", "NaN", "n/a"] {
        let way_out = "fill it in, or choose with --missing what becomes of missing values: interpolate, previous, season, zero or flag";
        refuses(with_text(text), &format!("{place} the value is missing; {way_out}"));
    }
}

#[test]
fn columns_that_are_not_there() {
    let place = Place::with("a.csv", airline());
    place.refuses(
        1,
        "train a.csv --target passenger",
        "a.csv has no column \"passenger\" (did you mean \"passengers\"?); it has \"month\", \"passengers\"",
    );
    place.refuses(
        1,
        "train a.csv --time moth",
        "a.csv has no column \"moth\" (did you mean \"month\"?); it has \"month\", \"passengers\"",
    );
    let way_out = "name the one that tells sequences apart with --id";
    place.refuses(
        1,
        "train regress a.csv",
        &format!("a.csv has no column \"id\"; it has \"month\", \"passengers\"; {way_out}"),
    );
    let way_out = "name the one that is to be learned with --target";
    place.refuses(
        1,
        "train label a.csv",
        &format!("a.csv has no column \"target\"; it has \"month\", \"passengers\"; {way_out}"),
    );
    place.refuses(
        1,
        "train label a.csv --target passenger",
        "a.csv has no column \"passenger\" (did you mean \"passengers\"?); it has \"month\", \"passengers\"",
    );
    let place = Place::with("s.csv", sequences(20));
    let has = "it has \"id\", \"time\", \"a\", \"b\", \"level\", \"side\"";
    place.refuses(
        1,
        "train regress s.csv --features a",
        &format!("s.csv has no column \"target\"; {has}; {way_out}"),
    );
    for (arguments, column, hint) in [
        ("regress s.csv --target levle --features a", "levle", " (did you mean \"level\"?)"),
        ("regress s.csv --target level --features a,bb", "bb", " (did you mean \"b\"?)"),
        ("classify s.csv --target side --features a --id name", "name", ""),
        ("classify s.csv --target side --features a --time tmie", "tmie", " (did you mean \"time\"?)"),
    ] {
        place.refuses(
            1,
            &format!("train {arguments}"),
            &format!("s.csv has no column \"{column}\"{hint}; {has}"),
        );
    }
    for task in ["classify", "regress", "label"] {
        place.refuses(
            1,
            &format!("train {task} s.csv --features a"),
            &format!(
                "s.csv has no column \"target\"; {has}; name the one that is to be learned with --target"
            ),
        );
    }
}

#[test]
fn series_that_are_too_short() {
    let first = |rows: usize| airline().lines().take(1 + rows).collect::<Vec<_>>().join("\n");
    refuses(first(1), "bad.csv: has one row; a series needs more");
    for rows in [2, 3] {
        refuses(
            first(rows),
            &format!(
                "bad.csv: the series has {rows} rows, but 4 are needed: 2 to look back on, a window of 1 to learn from \
                 and 1 kept for the test; give more rows, or choose a shorter --window, --season or --test"
            ),
        );
    }
    Place::with("p.csv", "v\n5\n").refuses(
        1,
        "train p.csv",
        "p.csv: the series has 1 row, but 4 are needed: 2 to look back on, a window of 1 to learn from and 1 kept for \
         the test; give more rows, or choose a shorter --window, --season or --test",
    );
}

#[test]
fn short_series_are_learned_from_all_the_same() {
    let first = |rows: usize| airline().lines().take(1 + rows).collect::<Vec<_>>().join("\n");
    let said = Place::with("enough.csv", first(73)).ok("train enough.csv --epochs 1");
    assert!(!said.stderr.contains("are few"), "{}", said.stderr);
    let said = Place::with("short.csv", first(36)).ok("train short.csv --epochs 1");
    let note = "note: 36 months are few: the model looks 6 ahead, is tested on the last 12 and learns from windows of 6 \
                (usual are 12, 24 and 36); this is chosen by --horizon, --test, --window and --season\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    assert!(
        said.stdout.starts_with("test: 42 forecasts, up to 6 months ahead, from 7 origins\n"),
        "{}",
        said.stdout
    );
    let said = Place::with("short.csv", first(16)).ok("train short.csv --epochs 1");
    assert!(
        said.stderr.contains(" windows of 5, without the season of 12 months (usual "),
        "{}",
        said.stderr
    );
    Place::with("short.csv", first(4)).ok("train short.csv --epochs 1");
    // What is said stays.
    let message = "short.csv: the series has 36 rows, but 61 are needed: 13 to look back on, a window of 36 to learn from \
                   and 12 kept for the test; give more rows, or choose a shorter --window, --season or --test";
    Place::with("short.csv", first(36)).refuses(1, "train short.csv --window 36", message);
}

#[test]
fn series_with_nothing_to_learn() {
    let place = Place::with("c.csv", airline_with(|_, _| "5".into()));
    // Constant, steadily growing, growing by the same share: each is constant once transformed.
    place.write("steps.csv", airline_with(|row, _| (3 * row).to_string()));
    place.write("shares.csv", airline_with(|row, _| 1.01f64.powi(row as i32).to_string()));
    for arguments in [
        "c.csv",
        "c.csv --transform difference",
        "c.csv --transform none",
        "steps.csv --transform difference",
        "shares.csv",
    ] {
        let message = place.refused(1, &format!("train {arguments}"));
        assert!(message.contains(".csv: column \"passengers\" "), "{message}");
        assert!(message.ends_with(", so there is nothing to learn; choose another --target"), "{message}");
    }
    place.refuses(
        1,
        "train c.csv --transform none",
        "c.csv: column \"passengers\" does not vary, so there is nothing to learn; choose another --target",
    );
}

#[test]
fn times_that_do_not_follow_each_other() {
    let without = |n: usize| {
        airline()
            .lines()
            .enumerate()
            .filter(|&(line, _)| line + 1 != n)
            .map(|(_, text)| format!("{text}\n"))
            .collect::<String>()
    };
    refuses(
        without(20),
        "bad.csv, line 20, column \"month\": 1950-08 follows 1950-06, but the rows are one month apart: 1 row is \
         missing; add them, cut the series, or choose in training with --missing what stands in their place: interpolate, \
         previous, season, zero or flag",
    );
    refuses(
        airline().replace("1949-05", "1949-04"),
        "bad.csv, line 6, column \"month\": the time 1949-04 stands twice (lines 5 and 6); a series has one row for \
         each time: take one out",
    );
    refuses(
        airline().replace("1950-05", "1950-13"),
        "bad.csv, line 18, column \"month\": \"1950-13\" is not a time like \"1949-01\" in the other rows; correct \
         it, take the row out, or say how all are written with --time-format",
    );
    refuses(
        airline().replace("1949-01", "n/a"),
        "bad.csv, line 2, column \"month\": \"n/a\" is not a time like \"1949-02\" in the other rows; correct it, \
         take the row out, or say how all are written with --time-format",
    );
    refuses(
        "date,v\nyesterday,1\ntoday,2\n",
        "bad.csv, line 2, column \"date\": \"yesterday\" is not a time such as 1949-01, 31.12.2023 14:05 or 1980Q1; \
         correct it, or say how all are written with --time-format",
    );
    refuses(
        "date,v\n01/02/2015,1\n01/03/2015,2\n01/04/2015,3\n",
        "bad.csv, line 2, column \"date\": \"01/02/2015\" could be %d/%m/%Y or %m/%d/%Y, and no row tells which; say \
         so with --time-format",
    );
    let place = Place::with("v.csv", "v\n1\n2\n");
    place.refuses(
        2,
        "train v.csv --timezone Europe/Berlin",
        "--timezone is given, but there is no column of times; name it with --time",
    );
}

#[test]
fn a_target_that_nobody_named() {
    let place = Place::with("s.csv", sequences(20));
    place.refuses(
        1,
        "train s.csv",
        "s.csv: 3 columns of numbers could be forecast (a, b, level); name one with --target",
    );
}

#[test]
fn sequences_with_nothing_to_learn() {
    let train = |csv: &str, task: &str, message: &str| {
        Place::with("s.csv", csv).refuses(1, &format!("{task} --epochs 1"), message);
    };
    let cell = |column: usize, text: &str| {
        let mut lines = vec!["id,time,a,b,level,side".to_owned()];
        for line in sequences(20).lines().skip(1) {
            let mut cells: Vec<&str> = line.split(',').collect();
            cells[column] = text;
            lines.push(cells.join(","));
        }
        lines.join("\n")
    };
    train(
        &cell(4, "3"),
        REGRESS,
        "s.csv, column \"level\": is 3 in all 14 training sequences, so there is nothing to learn; choose another --target",
    );
    train(
        &cell(5, "low"),
        CLASSIFY,
        "s.csv, column \"side\": is \"low\" in all 20 sequences, so there is nothing to learn; choose another --target",
    );
    train(
        &cell(4, ""),
        REGRESS,
        "s.csv, column \"level\": sequence \"s0\" (line 2) has no target; fill it in or leave the sequence out, as any \
         choice of --missing does",
    );
    let mut rows: Vec<String> = sequences(20).lines().map(str::to_owned).collect();
    rows[1] = "s0,0,word,0,1,low".to_owned();
    train(
        &rows.join("\n"),
        REGRESS,
        "s.csv, line 2, column \"a\": \"word\" is not a number, as all cells below it are; correct it, or take the row out if it is one of \
         names or units",
    );
}

#[test]
fn targets_that_contradict_each_other() {
    let place = Place::with("s.csv", "id,a,target\nx,1,2\nx,2,2\ny,1,\ny,2,3\ny,3,4\n");
    for task in ["regress", "classify"] {
        place.refuses(
            1,
            &format!("train {task} s.csv"),
            "s.csv, column \"target\": sequence \"y\" has target \"3\" in line 5 and \"4\" in line 6; give one per sequence",
        );
    }
    // Once per sequence is enough.
    let csv: String = (0..20).map(|n| format!("{n},{},\n{n},1.5,{}\n", n % 3, n % 2)).collect();
    place.write("s.csv", format!("id,a,target\n{csv}"));
    place.ok("train classify s.csv --epochs 1 --hidden-size 2");
}

#[test]
fn no_column_left_as_input() {
    let place = Place::with("s.csv", "id,target\nx,1\ny,2\n");
    let message = place.refused(1, "train regress s.csv");
    assert_eq!(message, "s.csv: has no column left as input beside id, target and time; add one");
    place.write("s.csv", "id,a,b,target\nx,1,,1\ny,1,,2\n");
    place.refuses(
        1,
        "train regress s.csv",
        "s.csv: has no column left as input beside id, target and time; add one (\"a\" is the same in every row, and \
         no input) (\"b\" is empty, and no input)",
    );
}
