//! `elman tune`: recipes by successive halving.

use crate::common::{Place, figure, sequences};

/// A search of a moment on the airline passengers.
const TUNE: &str = "tune --epochs 3 --trials 4 -o m.elman";

/// The options of the command that a search says trains the same model.
fn command_of(stderr: &str) -> &str {
    let line = stderr.lines().find_map(|line| line.strip_prefix("the same model: ")).expect("the command");
    line.split_once(" train ").expect("a training").1
}

#[test]
fn what_is_chosen_is_what_a_command_trains() {
    let place = Place::new();
    let said = place.ok(&format!("{TUNE} --hidden-size 6"));
    let lines: Vec<&str> = said.stderr.lines().collect();
    assert!(lines.iter().any(|line| line.starts_with("4 trials for 1 epoch: best ")), "{}", said.stderr);
    assert!(lines.iter().any(|line| line.starts_with("chose among 4 recipes in ")), "{}", said.stderr);
    assert!(said.stderr.contains("note: the lowest loss of 4 is lower than what it will be on other data"));
    // What is given stays, and is not said twice.
    let command = command_of(&said.stderr);
    assert_eq!(command.matches("hidden-size").count(), 1, "{command}");
    assert!(command.contains("--hidden-size 6") && !command.contains("trials"), "{command}");
    assert!(place.ok("inspect m.elman").stdout.contains("6 units"), "what is given stays");
    let tuned = place.read("m.elman");
    assert_eq!(place.names(), ["m.elman"]);
    place.ok(&format!("train {command} -q"));
    assert!(place.read("m.elman") == tuned, "train {command}");
}

#[test]
fn trials_become_fewer_and_are_told() {
    let place = Place::new();
    let lines = place.json("tune --epochs 4 --trials 6 --factor 2 -o m.elman -q");
    let tuned = &lines[0];
    assert_eq!(tuned["epochs"].to_string(), "[1,2,4]");
    let trials = tuned["trials"].as_array().expect("trials");
    let took_part =
        |rung: usize| trials.iter().filter(move |trial| trial["losses"].as_array().unwrap().len() > rung);
    assert_eq!([0, 1, 2].map(|rung| took_part(rung).count()), [6, 3, 1]);
    let loss = |trial: &serde_json::Value, rung: usize| figure(trial, &format!("/losses/{rung}"));
    let lowest = |rung: usize, count: usize| {
        let mut losses: Vec<f64> = took_part(rung).map(|trial| loss(trial, rung)).collect();
        losses.sort_by(f64::total_cmp);
        losses[count - 1]
    };
    // Exactly the better half goes on.
    assert!(took_part(1).all(|trial| loss(trial, 0) <= lowest(0, 3)));
    assert!(took_part(2).all(|trial| loss(trial, 1) <= lowest(1, 1)));
    assert_eq!(trials[tuned["chosen"].as_u64().unwrap() as usize]["losses"].as_array().unwrap().len(), 3);
}

#[test]
fn classes_are_tuned_with_their_patches_and_poolings() {
    let place = Place::with("s.csv", sequences(30));
    let tune = "tune classify s.csv --target side --features a,b --time time -o m.elman --hidden-size 6";
    let said = place.ok(&format!("{tune} --trials 3 --epochs 2"));
    let command = command_of(&said.stderr).to_owned();
    for option in ["--pooling=", "--patch=", "--search=false", "--validation=0"] {
        assert!(command.contains(option), "{command}");
    }
    let tuned = place.read("m.elman");
    place.ok(&format!("train {command} -q"));
    assert!(place.read("m.elman") == tuned, "train {command}");
}

/// A killed search goes on where a trial's end was last kept, and ends with the same model.
#[test]
fn a_killed_search_goes_on() {
    let tune = "tune --epochs 90 --trials 6 --hidden-size 16 --num-layers 1 -o m.elman -q";
    let whole = {
        let place = Place::new();
        place.ok(tune);
        place.read("m.elman")
    };
    let place = Place::with_killed(tune, "m.elman.tune");
    let message = place.refused(1, tune);
    assert!(message.starts_with("m.elman.tune holds a run that has not ended: add --resume"), "{message}");
    let message = place.refused(1, &format!("{tune} --seed 5 --resume"));
    assert!(message.starts_with("m.elman.tune belongs to a search with other options or data"), "{message}");
    let said = place.ok(&format!("{} --resume", tune.replace(" -q", "")));
    assert!(said.stderr.contains(" of m.elman.tune taken up"), "{}", said.stderr);
    assert!(place.read("m.elman") == whole);
    assert_eq!(place.names(), ["m.elman"]);

    place.write("d.elman.tune", "{\"identity\":");
    let message = place.refused(1, "tune --epochs 2 --trials 2 -o d.elman --resume");
    assert!(message.starts_with("d.elman.tune is no file of a search, or damaged"), "{message}");
}

#[test]
fn a_search_that_makes_no_sense_is_refused() {
    let place = Place::new();
    // One layer, and two with each of four dropouts.
    let said = place.ok("tune --cell gru --hidden-size 2 --learning-rate 0.01 --weight-decay 0.1 --epochs 1");
    assert!(said.stderr.contains("note: what is open makes 5 recipes and no more"), "{}", said.stderr);
    std::fs::remove_file(place.path("airline.elman")).unwrap();
    place.refuses(2, "tune --trials 1", "--trials is 1; there must be at least 2 to choose from");
    place.refuses(2, "tune --trials 100000000000", "--trials is 100000000000; there may be 10000 at most");
    let given =
        "--cell gru --hidden-size 2 --num-layers 1 --dropout 0 --learning-rate 0.01 --weight-decay 0.1";
    let message = place.refused(2, &format!("tune {given}"));
    assert_eq!(message, "every option that a search could choose is given; leave one out, or use train");
    place.refuses(2, "tune --factor 1", "--factor is 1; one of at least 2 goes on");
    place.refuses(
        2,
        "tune --validation 0",
        "--validation is 0; trials are told apart by their loss on a part of the data: set some aside",
    );
    let message = place.refused(2, "tune --learning-rate 1e30 --trials 2 --epochs 2");
    assert_eq!(message, "--learning-rate is too high: every trial diverged; choose a lower one");
}
