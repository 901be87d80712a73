//! Regression and classification of many sequences in one file.

use std::fs::File;

use crate::common::{CLASSIFY, Place, REGRESS, figure, sequences};

fn place() -> Place {
    Place::with("s.csv", sequences(140))
}

#[test]
fn regression_learns() {
    let place = place();
    let json = place.last_json(&format!("{REGRESS} --epochs 25 --learning-rate 0.01"));
    assert_eq!(
        (&json["on"], &json["baseline_name"]),
        (&"28 sequences kept back".into(), &"training mean".into())
    );
    assert!(figure(&json, "/test/mae") < 0.3 * figure(&json, "/baseline/mae"), "{json}");
    assert!(figure(&json, "/test/rmse") < 0.3 * figure(&json, "/baseline/rmse"), "{json}");
    assert!(figure(&json, "/test/r2") > 0.9, "{json}");
    let text = place.ok("inspect m.elman").stdout;
    assert!(
        text.contains("task      regress \"level\" from sequences of a, b told apart by \"id\"\n"),
        "{text}"
    );
    assert!(
        text.contains("data      s.csv: 101 sequences for training, 11 sequences for validation\n"),
        "{text}"
    );
}

#[test]
fn classification_learns() {
    let place = place();
    let json = place.last_json(&format!("{CLASSIFY} --epochs 12 --learning-rate 0.01"));
    assert_eq!(
        (&json["on"], &json["baseline_name"]),
        (&"28 sequences kept back".into(), &"most frequent class".into())
    );
    assert!(figure(&json, "/test/accuracy") > 0.9, "{json}");
    assert!(figure(&json, "/test/f1") > 0.9, "{json}");
    assert!(figure(&json, "/test/log_loss") < 0.5 * figure(&json, "/baseline/log_loss"), "{json}");
    let text = place.ok("inspect m.elman").stdout;
    assert!(text.contains("from sequences of a, b told apart by \"id\": high, low\n"), "{text}");
}

#[test]
fn a_test_file_takes_the_place_of_a_share() {
    let place = place();
    place.write("t.csv", sequences(30));
    for task in [REGRESS, CLASSIFY] {
        let json = place.last_json(&format!("{task} --epochs 2 --test-data t.csv"));
        assert_eq!(json["on"], "all 30 sequences");
        let text = place.ok("inspect m.elman").stdout;
        assert!(text.contains("data      s.csv: 126 sequences for training, 14 sequences for validation\n"));
    }
    place.refuses(
        2,
        &format!("{REGRESS} --test-data t.csv --test 0.5"),
        "--test and --test-data both name a test; give one",
    );
}

/// Before an endless run begins: it would not come back.
#[test]
fn a_test_file_is_read_before_training() {
    let place = place();
    let [regress, classify] =
        [REGRESS, CLASSIFY].map(|task| format!("{task} --epochs 1000000000 --test-data"));
    place.refuses(
        1,
        &format!("{regress} none.csv"),
        "cannot open none.csv: there is no such file; check the path",
    );
    place.write("t.csv", "id,time,a,b\nx,0,1,2\n");
    place.refuses(
        1,
        &format!("{regress} t.csv"),
        "t.csv has no column \"level\"; it has \"id\", \"time\", \"a\", \"b\"",
    );
    place.write("t.csv", "id,time,a,b,side\nx,0,1,2,lwo\n");
    place.refuses(
        1,
        &format!("{classify} t.csv"),
        "t.csv, line 2, column \"side\": the model has not seen class \"lwo\" in training (did you mean \"low\"?); it \
         knows \"high\", \"low\"",
    );
}

#[test]
fn nothing_kept_for_a_test_means_no_table() {
    let place = place();
    let said = place.ok(&format!("{REGRESS} --epochs 3 --test 0 --validation 0"));
    assert!(said.stdout.starts_with("model: m.elman\nnext:  "), "{}", said.stdout);
    assert!(!said.stderr.contains("validation"), "{}", said.stderr);
    let text = place.ok("inspect m.elman").stdout;
    assert!(text.contains("data      s.csv: 140 sequences for training\n"), "{text}");
}

/// Columns have their usual names here, so that none needs to be named.
#[test]
fn columns_with_the_usual_names_need_no_options() {
    let place =
        Place::with("s.csv", sequences(40).replacen("level", "target", 1).replacen(",side", ",extra", 1));
    for (option, features, inputs) in [("", "time, a, b, extra", 5), ("--time time", "a, b, extra", 4)] {
        let said = place.ok(&format!("train regress s.csv --epochs 1 --hidden-size 2 {option}"));
        let text = format!(
            "note: \"extra\" holds categories: each value is an input\n\
             note: split: 29 sequences for training, 3 sequences for validation, 8 sequences for the test\n\
             s.csv: regress \"target\" from sequences of {features} told apart by \"id\"\n\
             gru: {inputs} inputs -> 2 units -> 1 output; "
        );
        assert!(said.stderr.starts_with(&text), "{}", said.stderr);
    }
}

#[test]
fn both_directions_layers_and_truncation_run() {
    let place = place();
    let layers = "--bidirectional --num-layers 2 --dropout 0.2 --epochs 8";
    for task in [REGRESS, CLASSIFY] {
        place.ok(&format!("{task} {layers}"));
        let text = place.ok("inspect m.elman").stdout;
        let first = text.lines().next().unwrap();
        assert!(first.contains(" -> 2 layers of 2 x 12 units (both directions) -> "), "{text}");
        assert!(first.ends_with(", dropout 0.2"), "{text}");
        place.ok("predict m.elman s.csv");
        place.ok(&format!("{task} --truncate 3 --epochs 3"));
        place.ok(&format!("{task} --bidirectional=false --epochs 1"));
    }
    place.refuses(
        2,
        &format!("{REGRESS} --truncate 3 --bidirectional"),
        "--truncate cuts sequences, but the reverse direction starts at their ends; use one direction",
    );
}

#[test]
fn balanced_classes_weigh_alike() {
    // Three of four sequences are low.
    let mut csv = String::from("id,a,target\n");
    for n in 0..40 {
        let (value, class) = if n % 4 == 0 { (1.0, "high") } else { (-1.0, "low") };
        for step in 0..3 {
            crate::common::line_of(
                &mut csv,
                &[&n.to_string(), &format!("{}", value + 0.01 * f64::from(step)), class],
            );
        }
    }
    let place = Place::with("c.csv", csv);
    let train = "train classify c.csv --test 0 --validation 0 --epochs 2 --hidden-size 2";
    let loss = |options: &str| {
        place.ok(&format!("{train} {options}"));
        place.last_json("inspect c.elman")["record"]["recipe"]["train"]["loss"].clone()
    };
    let weights = loss("--class-weights balanced")["cross-entropy"]["class_weights"].clone();
    assert_eq!(weights, serde_json::json!([40.0 / (2.0 * 10.0), 40.0 / (2.0 * 30.0)]));
    assert!(loss("--class-weights equal")["cross-entropy"]["class_weights"].is_null());
    assert_eq!(loss("--class-weights equal"), loss(""));
}

#[test]
fn classes_that_are_numbers_are_in_their_order() {
    let csv = sequences(40).replace(",high", ",10").replace(",low", ",9");
    let place = Place::with("s.csv", csv);
    place.ok(&format!("{CLASSIFY} --epochs 1"));
    let predicted = place.ok("predict m.elman s.csv").stdout;
    assert!(predicted.starts_with("id,time,side_predicted,probability_9,probability_10\n"), "{predicted}");
}

#[test]
fn numbers_are_no_classes() {
    place().refuses(
        1,
        "train classify s.csv --target level --features a,b --epochs 1",
        "s.csv, column \"level\": is another for each of the 140 sequences; classes are shared, numbers are for the task \
         regress",
    );
}

/// Which sequences are kept back is one thing, where training starts another.
#[test]
fn the_split_has_a_seed_of_its_own() {
    let place = place();
    let kept_back = |options: &str| {
        let json = place.last_json(&format!("{REGRESS} --epochs 1 {options}"));
        figure(&json, "/baseline/mae").to_bits()
    };
    let usual = kept_back("");
    assert_eq!(kept_back("--seed 1"), usual);
    assert_ne!(kept_back("--split-seed 1"), usual);
}

/// Ten trials of each of four subjects; the trials are numbered alike.
fn trials() -> String {
    let row = |k: usize| {
        let (subject, trial, step) = (k / 240, k / 24 % 10, k % 24);
        format!("P{subject},{trial},{},{}\n", step * (trial % 2 + 1) % 5, ["a", "b"][trial % 2])
    };
    format!("subject,trial,x,target\n{}", (0..960).map(row).collect::<String>())
}

#[test]
fn several_columns_tell_sequences_apart_together() {
    let place = Place::with("t.csv", trials());
    let said = place.ok("train classify t.csv --id trial --epochs 1 -o one.elman").stderr;
    let note = "note: t.csv: the rows of trial \"0\" stand in 4 places, each with another \"subject\"; if these tell sequences apart \
                as well, name all with --id subject,trial\n";
    assert!(said.contains(note), "{said}");
    let said = place.ok("train classify t.csv --id subject,trial --epochs 3 -o m.elman").stderr;
    assert!(said.contains("from sequences of x told apart by \"subject\" and \"trial\": a, b\n"), "{said}");
    assert!(said.contains("note: split: 32 sequences for training") && !said.contains("stand in"), "{said}");
    let predicted = place.ok("predict m.elman t.csv").stdout;
    let lines: Vec<&str> = predicted.lines().collect();
    assert_eq!((lines.len(), lines[0]), (41, "subject,trial,target_predicted,probability_a,probability_b"));
    assert!(lines[11].starts_with("P1,0,") && lines[40].starts_with("P3,9,"), "{predicted}");
    // Rows of all trials in turn are those of each, in a table and as they come.
    place.ok("train label t.csv --id subject,trial --epochs 1 -o l.elman");
    let text = trials();
    let (head, rows) = text.split_once('\n').unwrap();
    let mut rows: Vec<(usize, &str)> = rows.lines().enumerate().map(|(k, row)| (k % 24, row)).collect();
    rows.sort_by_key(|(step, _)| *step);
    let rows: Vec<&str> = rows.into_iter().map(|(_, row)| row).collect();
    place.write("turns.csv", format!("{head}\n{}\n", rows.join("\n")));
    let sorted = |text: String| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let whole = sorted(place.ok("predict l.elman t.csv").stdout);
    assert_eq!(sorted(place.ok("predict l.elman turns.csv").stdout), whole);
    let input = File::open(place.path("turns.csv")).unwrap();
    let streamed = place.command("stream l.elman").stdin(input).output().unwrap();
    assert_eq!(sorted(String::from_utf8(streamed.stdout).unwrap()), whole);
}

#[test]
fn a_cell_that_names_no_sequence_and_sequences_of_one_row_are_told_of() {
    let place = Place::with("t.csv", trials().replace("P2,3,", "P2,NaN,"));
    let error = "t.csv, line 554, column \"trial\": the cell is empty; say which sequence the row belongs to, or take the row out";
    place.refuses(1, "train classify t.csv --id subject,trial --epochs 1", error);
    let rows: String = (0..80).map(|k| format!("{k},{},{}\n", k * 7 % 13, k % 2)).collect();
    place.write("rows.csv", format!("id,x,target\n{rows}"));
    let said = place.ok("train classify rows.csv --epochs 1 -o m.elman").stderr;
    assert!(
        said.contains("note: each sequence has one row, so there is nothing that follows to learn from; "),
        "{said}"
    );
}
