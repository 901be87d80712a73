//! Regression and classification of many sequences in one file.

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
