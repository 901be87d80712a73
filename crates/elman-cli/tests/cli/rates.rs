//! Learning rates that are found, averages of parameters, and batches that are gathered.

use crate::common::{CLASSIFY, Place, REGRESS, figure, sequences};

/// A run of a moment on the airline passengers.
const FORECAST: &str = "train --epochs 3 --hidden-size 6";

/// The learning rate that a model's recipe has.
fn rate(place: &Place, model: &str) -> f64 {
    figure(&place.last_json(&format!("inspect {model}")), "/record/recipe/train/learning_rate")
}

#[test]
fn a_rate_that_is_found_is_as_good_as_one_that_is_given() {
    let place = Place::with("s.csv", sequences(30));
    for train in [
        format!("{FORECAST} -o m.elman"),
        format!("{FORECAST} -o m.elman --ensemble 2 --dtype f64"),
        format!("{REGRESS} --epochs 3 --optimiser sgd"),
        format!("{CLASSIFY} --epochs 3 --truncate 4"),
    ] {
        let said = place.ok(&format!("{train} --lr auto"));
        let found = rate(&place, "m.elman");
        let remark = format!("note: --learning-rate {found} was chosen by a range test: a tenth of ");
        assert!(said.stderr.contains(&remark), "{train}: {}", said.stderr);
        assert!(found > 1e-5 && found <= 1.0, "{train}: {found}");
        let model = place.read("m.elman");
        // Again, and with the number.
        place.ok(&format!("{train} -q --learning-rate auto"));
        assert!(place.read("m.elman") == model, "{train}");
        place.ok(&format!("{train} -q --learning-rate {found}"));
        assert!(place.read("m.elman") == model, "{train}");
    }
}

#[test]
fn a_rate_is_found_for_the_recipe_that_a_search_chose() {
    let place = Place::with("s.csv", sequences(30));
    place.write("c.toml", "learning-rate = \"auto\"\nepochs = 2\nhidden-size = 4\n");
    let lines = place.json("train classify s.csv --target side --config c.toml -o m.elman");
    let found = lines.iter().find(|line| line.get("learning_rate").is_some()).expect("what was found");
    assert_eq!(found["is_found"], true);
    assert_eq!(figure(found, "/learning_rate"), rate(&place, "m.elman"));
}

#[test]
fn a_rate_that_was_found_stays_with_its_run() {
    let place = Place::new();
    place.ok(&format!("{FORECAST} --lr auto -o whole.elman"));
    let found = rate(&place, "whole.elman");
    // A run that was killed leaves its checkpoint.
    let train = "train --hidden-size 6 --lr auto -o m.elman --checkpoint-epochs 1";
    let mut child =
        place.command(&format!("{train} --epochs 100000 -q")).spawn().expect("a program that starts");
    while !place.path("m.elman.checkpoint").exists() {
        assert!(child.try_wait().expect("a child").is_none(), "it ended by itself");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().expect("a signal that is sent");
    child.wait().expect("an end");
    // It is the same run but for its end.
    let said = place.run(&format!("{train} --resume --epochs 4"));
    let stderr = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(stderr.contains(&format!("--learning-rate {found} was chosen before\n")), "{stderr}");
    assert!(stderr.contains("belongs to another run: its epochs is 100000, not 4"), "{stderr}");
}

#[test]
fn a_report_shows_how_a_rate_was_found() {
    let place = Place::new();
    place.ok(&format!("{FORECAST} --lr auto --report r.html"));
    let page = place.text("r.html");
    let found = rate(&place, "airline.elman");
    assert!(page.contains("<h2>Learning rate</h2>") || page.contains(">Learning rate</h2>"), "no section");
    assert!(page.contains(&format!("{found} was chosen: a tenth of the rate of the lowest smoothed loss.")));
    place.ok(&format!("{FORECAST} --report r.html"));
    assert!(!place.text("r.html").contains("Learning rate</h2>"));
}

#[test]
fn what_cannot_be_found_is_said() {
    let place = Place::new();
    place.refuses(
        2,
        "tune --lr auto",
        "--learning-rate auto has no meaning where rates are tried; leave it out, or give a number",
    );
    place.write("c.toml", "learning-rate = \"fast\"\n");
    let message = place.refused(2, "train --config c.toml");
    assert!(message.contains("it must be a number or \"auto\""), "{message}");
    // Gradients that are clipped to nothing change nothing: the usual rate stays.
    let said = place.ok(&format!("{FORECAST} --lr auto -o m.elman --optimiser sgd --clip 1e-30"));
    assert!(said.stderr.contains("note: --learning-rate 0.01 is the usual one: "), "{}", said.stderr);
    assert_eq!(rate(&place, "m.elman"), 0.01);
}

#[test]
fn what_changes_training_has_an_effect() {
    let place = Place::with("s.csv", sequences(30));
    let model = |options: &str| {
        place.ok(&format!("{FORECAST} -q -o m.elman {options}"));
        (place.ok("evaluate m.elman").stdout, place.ok("inspect m.elman").stdout)
    };
    let (usual, text) = model("");
    assert!(text.contains("; kept those of epoch 3, "), "{text}");
    for options in ["--average ema", "--average ema --ema-decay 0.5", "--average swa --swa-start 1"] {
        let (figures, text) = model(options);
        assert_ne!(figures, usual, "{options}");
        assert!(text.contains("; kept the average of epoch 3, "), "{text}");
    }
    assert_ne!(model("--accumulate 3").0, usual);
    assert_eq!(model("--average none --accumulate 1").0, usual);
    // As many sequences per update, in one batch or in three: the same figures, as far as they are shown.
    let figures = |options: &str| {
        place.ok(&format!("{REGRESS} -q --epochs 3 --dtype f64 {options}"));
        place.ok("evaluate m.elman s.csv").stdout
    };
    assert_eq!(figures("--batch-size 4 --accumulate 3"), figures("--batch-size 12"));

    for (options, message) in [
        ("--ema-decay 0.9", "--ema-decay has no meaning for --average none; leave it out"),
        ("--average swa --ema-decay 0.9", "--ema-decay has no meaning for --average swa; leave it out"),
        ("--average ema --swa-start 2", "--swa-start has no meaning for --average ema; leave it out"),
        ("--average ema --ema-decay 1.5", "--ema-decay is 1.5; it must be at least 0 and below 1"),
        (
            "--average swa --swa-start 3",
            "--swa-start is 3, and the whole run is 3 epochs, so nothing is averaged; choose less",
        ),
        ("--accumulate 0", "--accumulate is 0; it must be at least 1"),
        ("--recurrent-dropout 1", "--recurrent-dropout is 1; it must be at least 0 and below 1"),
        (
            "--cell min-gru --recurrent-dropout 0.5",
            "--recurrent-dropout is 0.5, but min-gru has no recurrent product; leave it out",
        ),
        ("--zoneout 1", "--zoneout is 1; it must be at least 0 and below 1"),
        (
            "--cell gru --zoneout-cell 0.5",
            "--zoneout-cell is 0.5, but gru has no state beside h; leave it out",
        ),
    ] {
        place.refuses(2, &format!("{FORECAST} {options}"), message);
    }
}
