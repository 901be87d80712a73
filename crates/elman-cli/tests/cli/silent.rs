//! What could have happened without a word: it is said, or refused.

use crate::common::{CLASSIFY, Place, REGRESS, airline_with, figure, sequences};

#[test]
fn unused_columns_are_named_once() {
    let mut csv = String::from("month,a,passengers,note\n");
    for line in crate::common::airline().lines().skip(1) {
        let (month, passengers) = line.split_once(',').unwrap();
        crate::common::line_of(&mut csv, &[month, "3", passengers, "x"]);
    }
    let place = Place::with("a.csv", csv);
    let stderr = place.ok("train a.csv --target passengers --epochs 1").stderr;
    let note = "note: the columns \"a\" and \"note\" are not used: \"passengers\" is forecast from itself; to see \
                them as well, name them with --past-covariates or, if known ahead, --future-covariates\n";
    assert_eq!(stderr.matches(note).count(), 1, "{stderr}");
    let many = (0..300).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    let row = |n: i32| format!("{}{n}\n", format!("{},", n % 7).repeat(300));
    place.write("w.csv", format!("{many},y\n{}", (0..200).map(row).collect::<String>()));
    let stderr = place.ok("train w.csv --target y --transform none --epochs 1").stderr;
    assert!(stderr.contains("\"c3\", \"c4\" and 295 more are not used: "), "{stderr}");
    assert!(!place.ok("train --epochs 1").stderr.contains("not used"));
}

#[test]
fn a_test_on_the_training_data_is_remarked() {
    let place = Place::with("s.csv", sequences(60));
    place.write("copy.csv", sequences(60));
    place.write("other.csv", sequences(50));
    for (test, remarked) in [("s.csv", true), ("./s.csv", true), ("copy.csv", true), ("other.csv", false)] {
        let stderr = place.ok(&format!("{CLASSIFY} --epochs 1 --test-data {test}")).stderr;
        let note = format!("note: {test} holds the same rows as s.csv: ");
        assert_eq!(stderr.contains(&note), remarked, "{stderr}");
    }
    let (head, rows) =
        sequences(60).split_once('\n').map(|(head, rows)| (head.to_owned(), rows.to_owned())).unwrap();
    let some: Vec<&str> = rows.lines().take(80).collect();
    place.write(
        "some.csv",
        format!("{head}\n{}\nnew,0,1,2,3,low\n", some.iter().rev().copied().collect::<Vec<_>>().join("\n")),
    );
    let stderr = place.ok(&format!("{CLASSIFY} --epochs 1 --test-data some.csv")).stderr;
    assert!(
        stderr.contains("note: 80 of 81 rows of some.csv stand in s.csv as well: its figures"),
        "{stderr}"
    );
}

/// Neither another id nor another way to write numbers makes another test.
#[test]
fn a_test_on_the_training_data_is_remarked_however_it_is_written() {
    let rows = |id: &str, x: fn(usize) -> String| {
        let row = |n: usize| format!("{id}{},{},{},{}\n", n / 2, n % 2, x(n), ["a", "b"][n / 2 % 2]);
        format!("id,t,x,target\n{}", (0..80).map(row).collect::<String>())
    };
    let place = Place::with("c.csv", rows("s", |n| format!("{}.5", n * 7 % 10)));
    let test = |csv: String| {
        place.write("t.csv", csv);
        let train = "train classify c.csv --features x --epochs 1 --hidden-size 2 --search=false --force";
        place.ok(&format!("{train} --test-data t.csv")).stderr
    };
    for (other, is_told) in [
        (rows("s", |n| format!("{}.500", n * 7 % 10)), "holds the same rows as c.csv: "),
        (rows("s", |n| format!("{}5e-1", n * 7 % 10)), "holds the same rows as c.csv: "),
        (rows("s", |n| format!("\"{},5\"", n * 7 % 10)), "holds the same rows as c.csv: "),
        (rows("zz", |n| format!("{}.5", n * 7 % 10)), "holds the same rows as c.csv, but for \"id\": "),
        (rows("1", |n| format!("{}.50", n * 7 % 10)), "holds the same rows as c.csv, but for \"id\": "),
    ] {
        let said = test(other);
        assert!(said.contains(&format!("note: t.csv {is_told}")), "{said}");
    }
    // Other values, and sequences cut otherwise, are others.
    let said = test(rows("s", |n| format!("{}.51", n * 7 % 10)));
    assert!(!said.contains("the same rows"), "{said}");
    let cut: Vec<String> =
        rows("s", |n| format!("{}.5", n * 7 % 10)).lines().map(|row| row.replacen("s3,", "s1,", 1)).collect();
    let said = test(cut.join("\n"));
    assert!(!said.contains("the same rows"), "{said}");
}

#[test]
fn more_threads_than_there_are_is_remarked_and_changes_nothing() {
    let place = Place::new();
    let stderr = place.ok("train --epochs 1 --threads 100000").stderr;
    let note = "note: --threads 100000 is more than this machine has; ";
    assert!(stderr.starts_with(note), "{stderr}");
    let many = place.read("airline.elman");
    assert!(!place.ok("train --epochs 1 --threads 1").stderr.contains("note: --threads"));
    assert!(place.read("airline.elman") == many);
}

#[test]
fn epochs_are_counted_from_one_everywhere() {
    let place = Place::new();
    let lines = place.json("train --epochs 2");
    assert_eq!(
        (&lines[0]["epoch"], &lines[1]["epoch"], &lines[2]["epochs"]),
        (&1.into(), &2.into(), &2.into())
    );
    assert_eq!(place.last_json("inspect airline.elman")["record"]["best_epoch"], 2);
    assert!(place.ok("inspect airline.elman").stdout.contains("; kept those of epoch 2, "));
}

#[test]
fn standard_output_is_for_predictions() {
    let place = Place::new();
    let refusal = |option: &str| {
        format!(
            "{option} - would be standard output, where only predictions go; give the name of a file, ./- for one that is \
             called so"
        )
    };
    place.refuses(2, "train --epochs 1 -o -", &refusal("-o"));
    place.ok("train -q --epochs 1");
    place.refuses(2, "predict airline.elman --plot -", &refusal("--plot"));
    place.refuses(2, "evaluate airline.elman --plot -", &refusal("--plot"));
    let said = place.ok("predict airline.elman -o -");
    assert_eq!(said.stdout, place.ok("predict airline.elman").stdout);
    assert_eq!(place.names(), ["airline.elman"]);
    place.ok("predict airline.elman -o ./-");
    assert_eq!(place.text("-"), said.stdout);
}

#[test]
fn files_of_others_are_replaced_by_force_alone() {
    let place = Place::with("notes.txt", "half a year's work\n");
    let refusal = |what: &str| {
        format!(
            "notes.txt is there and is not {what} that elman wrote: give another name to write to, or replace it with \
             --force"
        )
    };
    place.refuses(2, "train --epochs 1 -o notes.txt", &refusal("a model"));
    place.write("empty.elman", "");
    place.ok("train -q --epochs 1 -o empty.elman");
    place.ok("train -q --epochs 1 -o empty.elman");
    place.refuses(2, "predict empty.elman -o notes.txt", &refusal("a table of these columns"));
    place.refuses(2, "predict empty.elman --plot notes.txt", &refusal("a picture"));
    place.refuses(2, "evaluate empty.elman --plot notes.txt", &refusal("a picture"));
    // The history has other columns than a forecast.
    place.write("a.csv", crate::common::airline());
    assert!(place.refused(2, "predict empty.elman -o a.csv").starts_with("a.csv is there and is not "));
    for output in ["p.csv", "p --json"] {
        place.ok(&format!("predict empty.elman --horizon 2 -o {output}"));
        place.ok(&format!("predict empty.elman -o {output} --plot p.svg"));
    }
    place.ok("evaluate empty.elman --plot p.svg");
    place.ok("predict empty.elman -o notes.txt --force");
    assert!(place.text("notes.txt").starts_with("month,passengers_forecast\n"));
    place.write("notes.txt", "again");
    place.ok("train -q --epochs 1 -o notes.txt --force");
    place.ok("inspect notes.txt");
    // A damaged model is still one.
    let model = place.read("empty.elman");
    place.write("empty.elman", &model[..model.len() / 2]);
    place.ok("train -q --epochs 1 -o empty.elman");
}

#[cfg(target_os = "linux")]
#[test]
fn endless_files_are_refused_early() {
    let place = Place::with("s.csv", sequences(60));
    place.ok("train -q --epochs 1 -o m.elman");
    let irregular = "cannot read /dev/zero: it is not a regular file";
    for arguments in ["inspect", "predict", "evaluate", "check", "train --config", "notebook --weights"] {
        place.refuses(1, &format!("{arguments} /dev/zero"), irregular);
    }
    let device = "cannot read /dev/zero: it is a device; name a file, or - for standard input";
    for arguments in ["train", "predict m.elman", "evaluate m.elman", &format!("{REGRESS} --test-data")] {
        place.refuses(1, &format!("{arguments} /dev/zero"), device);
    }
    std::os::unix::fs::symlink("/dev/zero", place.path("m.elman.checkpoint")).unwrap();
    place.refuses(
        1,
        "train --epochs 1 -o m.elman --resume",
        "cannot read m.elman.checkpoint: it is not a regular file",
    );
}

/// Text that never ends is given up while there is memory left, as a file of that size is.
#[cfg(target_os = "linux")]
#[test]
fn endless_text_is_refused() {
    use std::process::{Command, Stdio};
    let place = Place::new();
    for (arguments, name) in [("train -", "standard input"), ("train /dev/stdin", "/dev/stdin")] {
        let mut yes = Command::new("yes").stdout(Stdio::piped()).spawn().unwrap();
        let output = place.command(arguments).stdin(yes.stdout.take().unwrap()).output().unwrap();
        yes.wait().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(
            String::from_utf8(output.stderr).unwrap(),
            format!(
                "error: {name} holds more than 2 GiB, which is the most that is read; take a part of it, or fewer columns\n"
            )
        );
    }
}

#[test]
fn a_cell_far_beyond_the_rest_is_named() {
    let rest = "the other 143 values are from 104 to 622, half of them from ";
    // In training, validation and test.
    for row in [20, 100, 130] {
        let csv = airline_with(|n, value| if n == row { "1e300".into() } else { value.to_string() });
        let place = Place::with("a.csv", csv);
        for options in ["", " --validation 0.2", " --transform none"] {
            let message = place.refused(1, &format!("train a.csv{options}"));
            let start = format!(
                "a.csv, line {}, column \"passengers\": 1e300 is far beyond the rest: {rest}",
                row + 2
            );
            assert!(message.starts_with(&start), "{message}");
            assert!(
                message.ends_with("; nothing could be learned beside it: correct or remove it"),
                "{message}"
            );
        }
    }
    let csv = airline_with(|n, value| if n == 9 { "99999".into() } else { value.to_string() });
    let place = Place::with("a.csv", csv);
    let stderr = place.ok("train a.csv --epochs 1").stderr;
    let note = format!("note: a.csv, line 11, column \"passengers\": 99999 is far beyond the rest: {rest}");
    assert!(stderr.contains(&note), "{stderr}");
}

/// In an input and in a target, of a sequence that may be kept back.
#[test]
fn a_cell_far_beyond_the_rest_of_sequences_is_named() {
    let csv = sequences(60);
    let lines: Vec<&str> = csv.lines().collect();
    for (column, name, line) in [(3, "b", 150), (4, "level", 2)] {
        let place = Place::new();
        let changed = lines.iter().enumerate().map(|(n, text)| {
            let mut cells: Vec<&str> = text.split(',').collect();
            // A target is the same in all rows of its sequence.
            if n + 1 == line || (n > 0 && column == 4 && cells[0] == "s0") {
                cells[column] = "-1e280";
            }
            cells.join(",") + "\n"
        });
        place.write("s.csv", changed.collect::<String>());
        let message = place.refused(1, &format!("{REGRESS} --epochs 1"));
        let start =
            format!("s.csv, line {line}, column \"{name}\": -1e280 is far beyond the rest: the other ");
        assert!(message.starts_with(&start), "{message}");
    }
}

/// What a model reads later is measured by the rest of its series, and by what the model was trained on.
#[test]
fn a_cell_far_beyond_training_is_named_in_forecasts() {
    let place = Place::new();
    let model = "-o m.elman --epochs 1 --force";
    let with = |row: usize, cell: &str| {
        airline_with(|n, value| if n == row { cell.into() } else { value.to_string() })
    };
    place.ok(&format!("train -q {model}"));
    place.write("airline.csv", airline_with(|_, value| value.to_string()));
    place.write("far.csv", with(100, "1e6"));
    let note = "note: far.csv, line 102, column \"passengers\": 1000000 is far beyond the rest: the other 143 values are ";
    for command in ["predict", "evaluate", "backtest"] {
        let stderr = place.ok(&format!("{command} m.elman far.csv")).stderr;
        assert_eq!(stderr.matches("far beyond").count(), 1, "{command}: {stderr}");
        assert!(stderr.contains(note), "{command}: {stderr}");
        let stderr = place.ok(&format!("{command} m.elman airline.csv")).stderr;
        assert!(!stderr.contains("far beyond"), "{command}: {stderr}");
    }
    // What training has said is not said again of its test.
    let stderr = place.ok(&format!("train far.csv {model}")).stderr;
    assert_eq!(stderr.matches("far beyond").count(), 1, "{stderr}");

    // All in another unit: nothing is far from the rest.
    place.ok(&format!("train airline.csv -q --transform difference {model}"));
    place.write("grams.csv", airline_with(|_, value| (10_000 * value).to_string()));
    let stderr = place.ok("predict m.elman grams.csv").stderr;
    let note = "note: grams.csv, line 3, column \"passengers\": 1180000 is far beyond what the model was trained on \
                (changes of 1.89 ± 28.7), as are 132 more cells\n";
    assert!(stderr.contains(note), "{stderr}");
    // An answer that is none for that reason names the cell.
    place.write("endless.csv", with(143, "1e300"));
    let message = place.refused(1, "predict m.elman endless.csv");
    assert!(
        message
            .contains("is NaN; endless.csv, line 145, column \"passengers\": 1e300 is far beyond the rest: "),
        "{message}"
    );
}

/// In an input and in a target.
#[test]
fn a_cell_far_beyond_training_is_named_in_sequences() {
    let csv = sequences(60);
    let with = |column: usize, line: usize, cell: &str| -> String {
        let lines = csv.lines().enumerate().map(|(n, text)| {
            let mut cells: Vec<&str> = text.split(',').collect();
            if n + 1 == line || (n > 0 && column == 4 && cells[0] == "s0") {
                cells[column] = cell;
            }
            cells.join(",") + "\n"
        });
        lines.collect()
    };
    let place = Place::with("s.csv", &csv);
    place.write("far.csv", with(3, 150, "-1e4"));
    place.write("endless.csv", with(3, 150, "1e300"));
    place.write("target.csv", with(4, 2, "-1e6"));
    place.ok(&format!("{REGRESS} --epochs 1"));
    let note = "note: far.csv, line 150, column \"b\": -10000 is far beyond what the model was trained on (";
    for arguments in ["predict m.elman far.csv", "evaluate m.elman far.csv"] {
        let stderr = place.ok(arguments).stderr;
        assert!(stderr.contains(note), "{arguments}: {stderr}");
    }
    let stderr = place.ok(&format!("{REGRESS} --epochs 1 --force --test-data far.csv")).stderr;
    assert!(stderr.contains(note), "{stderr}");
    let message = place.refused(1, "predict m.elman endless.csv");
    let start = "endless.csv: the answer for sequence \"s25\" is NaN; endless.csv, line 150, column \"b\": 1e300 is far beyond";
    assert!(message.starts_with(start), "{message}");
    let stderr = place.ok("evaluate m.elman target.csv").stderr;
    let note =
        "note: target.csv, line 2, column \"level\": -1000000 is far beyond what the model was trained on (";
    assert!(stderr.contains(note), "{stderr}");
    let stderr = place.ok("evaluate m.elman s.csv").stderr;
    assert!(!stderr.contains("far beyond"), "{stderr}");
}

#[test]
fn ordinary_data_are_not_remarked() {
    let place = Place::with("s.csv", sequences(60));
    for arguments in ["train", &format!("{CLASSIFY} --epochs 1"), &format!("{REGRESS} --epochs 1")] {
        let stderr = place.ok(arguments).stderr;
        // What becomes of the columns and the rows is always told, and that a single epoch has learned little.
        const USUAL: [&str; 3] = ["note: split: ", "note: not used: ", "note: the baseline "];
        let is_usual = |line: &str| USUAL.iter().any(|usual| line.starts_with(usual));
        let remarks = stderr.lines().filter(|&line| line.starts_with("note: ") && !is_usual(line));
        assert_eq!(remarks.count(), 0, "{stderr}");
    }
}

#[test]
fn a_percentage_beyond_all_measure_does_not_break_the_table() {
    let place = Place::new();
    place.ok("train -q --epochs 1 -o m.elman");
    place.write("a.csv", airline_with(|n, value| if n == 140 { "1e-70".into() } else { value.to_string() }));
    let table = place.ok("evaluate m.elman a.csv").stdout;
    assert!(table.lines().all(|line| line.len() < 60), "{table}");
    assert!(table.lines().nth(2).unwrap().contains("e7") && table.contains(" %"), "{table}");
    let json = place.last_json("evaluate m.elman a.csv");
    assert!(figure(&json, "/test/mape") > 1e60);
}

/// A column that looks like times, and is not read as such, is not passed over in silence.
#[test]
fn what_looks_like_times_is_spoken_of() {
    let place = Place::new();
    let train = |write: &dyn Fn(usize) -> String| {
        let rows: String = (0..60).map(|n| format!("{},{}\n", write(n), n * n % 7)).collect();
        place.write("s.csv", format!("t,y\n{rows}"));
        place
            .ok("train s.csv --target y --epochs 1 --horizon 2 --window 4 --hidden-size 2 --force -o m.elman")
            .stderr
    };
    let start = "note: s.csv, line 2, column \"t\": ";
    let clock = train(&|n| format!("{:02}:{:02}", n / 60, n % 60));
    assert!(clock.contains(&format!("{start}\"00:00\" is a time of day without a date")), "{clock}");
    // Names with a number are none.
    let named = train(&|n| format!("shop {n}"));
    assert!(!named.contains("looks like"), "{named}");
    let note = "note: s.csv, column \"t\": the values are taken for dates; name another column of times with --time\n";
    let months = train(&|n| format!("{}{:02}", 2015 + n / 12, n % 12 + 1));
    assert!(months.contains(note), "{months}");
    // A name of clocks that several places have.
    let clocks = train(&|n| format!("2024-01-{:02} {:02}:00 CST", n / 24 + 1, n % 24));
    assert!(
        clocks.contains(&format!(
            "{start}CST is taken for North America's, 6 hours behind UTC, not China's or Cuba's\n"
        )),
        "{clocks}"
    );
}

/// A column that looks like times, each of which follows the one above it, is no column to pass over.
#[test]
fn what_looks_like_times_and_is_not_read_is_refused() {
    let place = Place::new();
    let rows: String = (0..60).map(|n| format!("1-of-May-{},{}\n", 1950 + n, n * n % 7)).collect();
    place.write("s.csv", format!("t,y\n{rows}"));
    let train = "train s.csv --epochs 1 --horizon 2 --window 4 --hidden-size 2 -q -o m.elman";
    place.refuses(
        1,
        train,
        "s.csv, line 2, column \"t\": \"1-of-May-1950\" looks like a time, but is not written in a way that is known; say \
         how all are written with --time-format and name the column with --time; or, if these are no times, take the \
         column out",
    );
    place.ok(&format!("{train} --time t --time-format %d-of-%B-%Y"));
    let forecast = place.ok("predict m.elman s.csv").stdout;
    assert_eq!(
        forecast.lines().map(|line| line.split(',').next().unwrap()).collect::<Vec<_>>(),
        ["t", "1-of-May-2010", "1-of-May-2011"]
    );
}

#[test]
fn days_of_spreadsheets_are_times() {
    let rows: String = (0..60).map(|n| format!("{},{}\n", 45_292 + n, n * n % 7)).collect();
    let place = Place::with("s.csv", format!("date,y\n{rows}"));
    let said = place.ok("train s.csv --epochs 1 --horizon 2 --window 4 --hidden-size 2 -o m.elman");
    let note = "note: s.csv, line 2, column \"date\": 45292 is read as 2024-01-01: days are counted as spreadsheets do\n";
    assert!(said.stderr.contains(note), "{}", said.stderr);
    let forecast = place.ok("predict m.elman s.csv").stdout;
    assert_eq!(
        forecast.lines().map(|line| line.split(',').next().unwrap()).collect::<Vec<_>>(),
        ["date", "45352", "45353"]
    );
}

#[test]
fn a_column_that_numbers_the_rows_in_another_order_is_named() {
    let row = |n: usize, t: usize| format!("{n},{},{},{}\n", (7 * t + n) % 10, (1 + n % 2) * t, n % 2);
    let rows: String = (0..200).map(|k| row(k / 10, k % 10)).collect();
    let place = Place::with("s.csv", format!("id,step,x,target\n{rows}"));
    let train = "train classify s.csv --epochs 1 --hidden-size 2 --search=false --force -o m.elman";
    let note = "note: s.csv, line 4, column \"step\": the column numbers the rows of each sequence, but they do not stand in \
                that order; to read them in it, name it with --time\n";
    assert!(place.ok(train).stderr.contains(note));
    assert!(!place.ok(&format!("{train} --time step")).stderr.contains("numbers the rows"));
    let in_order: String =
        (0..200).map(|k| format!("{},{},{},{}\n", k / 10, k % 10, 9 - k % 10, k / 10 % 2)).collect();
    place.write("s.csv", format!("id,step,left,target\n{in_order}"));
    assert!(!place.ok(train).stderr.contains("numbers the rows"));
}

#[test]
fn even_counts_of_seconds_are_times() {
    let place = Place::new();
    let train = |step: &dyn Fn(u64) -> u64, zeros: &str| {
        let rows: String =
            (0..60).map(|n| format!("{}{zeros},{}\n", 1_704_067_200 + step(n), n * n % 7)).collect();
        place.write("s.csv", format!("t,y\n{rows}"));
        place
            .ok("train s.csv --target y --epochs 1 --horizon 2 --window 4 --hidden-size 2 --force -o m.elman")
            .stderr
    };
    let note = "note: s.csv, column \"t\": the values are taken for moments counted from 1970 on; name another column of times \
                with --time\n";
    for zeros in ["", "000", "000000", "000000000", ".0"] {
        let said = train(&|n| 3600 * n, zeros);
        assert!(said.contains(note), "{zeros}: {said}");
    }
    // Numbers of orders, which only grow, and of rows.
    assert!(!train(&|n| 17 * n * n, "").contains("1970") && !train(&|n| n, "").contains("1970"));
}
