//! `elman train` with nothing else: the airline passengers.

use std::process::Command;

use crate::common::{Place, airline, figure, header};

const TABLE_END: &str =
    "smoothing       17.44  19.80   3.99 %  2.04 %  0.6104\nmodel: airline.elman\nnext:  ";

/// A run of a moment on the built-in data, written to `airline.elman`.
const SHORT: &str = "train --epochs 2 --hidden-size 4 -q";

#[test]
fn trains_and_tells_how_it_did() {
    let place = Place::new();
    let said = place.ok("train");
    let lines: Vec<&str> = said.stdout.lines().collect();
    assert_eq!(lines[0], "test: 156 forecasts, up to 12 months ahead, from 13 origins");
    assert_eq!(lines[1].split_whitespace().collect::<Vec<_>>(), ["mae", "rmse", "mape", "smape", "mase"]);
    let ours: Vec<&str> = lines[2].split_whitespace().collect();
    assert_eq!((ours[0], ours[4]), ("elman", "%"));
    assert!(ours[3].parse::<f64>().unwrap() < 5.0, "{}", lines[2]);
    assert!(said.stdout.contains(TABLE_END), "{}", said.stdout);
    assert_eq!(lines.len(), 9, "results and nothing else: {}", said.stdout);
    assert_eq!(place.names(), ["airline.elman"], "no checkpoint, no temporary file");

    // Progress is on the other stream.
    let progress = &said.stderr;
    assert!(
        progress.starts_with(
            "airline.csv (built in): forecast \"passengers\" over \"month\", 12 months ahead; a season of 12 months, errors \
             of exponential smoothing (logarithm; level, trend and season), believed by 25 %\n\
             lstm: 14 inputs -> 20 units -> 1 output; 2,901 parameters, 49 sequences\n"
        ),
        "{progress}"
    );
    let epochs: Vec<&str> = progress.lines().filter(|line| line.starts_with("epoch ")).collect();
    assert!(
        epochs[0].contains(", loss ") && epochs[0].contains(" sequences/s, ") && epochs[0].ends_with(" left")
    );
    let (done, all) = epochs.last().unwrap()["epoch ".len()..].split_once('/').unwrap();
    assert!(all.starts_with(&format!("{done}, loss ")), "{progress}");
    assert!(progress.lines().last().unwrap().starts_with(&format!("trained after {done} epochs in ")));
}

#[test]
fn the_next_command_works_when_typed() {
    let place = Place::with("own.csv", airline());
    for train in [
        "train --epochs 2 -q",
        "train own.csv --epochs 2 -q",
        "train forecast own.csv -o o.elman --epochs 1 -q",
    ] {
        let stdout = place.ok(train).stdout;
        let next = stdout.lines().find_map(|line| line.strip_prefix("next:  ")).unwrap();
        let mut words = next.split_whitespace();
        let mut typed = Command::new(words.next().unwrap());
        assert_predicts(typed.args(words).current_dir(place.path("")));
    }
}

#[cfg(unix)]
#[test]
fn the_next_command_is_quoted_for_the_shell() {
    let place = Place::with("the year's $sales.csv", airline());
    let arguments = ["train", "the year's $sales.csv", "--epochs", "1", "-q"];
    let output = place.command("").args(arguments).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let next = stdout.lines().find_map(|line| line.strip_prefix("next:  ")).unwrap();
    assert_predicts(Command::new("sh").args(["-c", next]).current_dir(place.path("")));
}

#[track_caller]
fn assert_predicts(command: &mut Command) {
    let output = command.output().expect("a command that starts");
    let predictions = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(predictions.starts_with("month,passengers_forecast\n1961-01,"), "{command:?}: {predictions}");
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{command:?}");
}

#[test]
fn the_last_json_line_has_the_figures() {
    let place = Place::new();
    let lines = place.json("train --horizon 6 --epochs 3 -q");
    assert_eq!(lines.len(), 4, "one for each epoch, and the last");
    for (n, line) in lines[..3].iter().enumerate() {
        assert_eq!(line["epoch"], n + 1);
        assert!(line["loss"].is_number() && line["learning_rate"].is_number() && line["improved"] == true);
        assert!(line["validation_loss"].is_null());
    }
    let last = &lines[3];
    assert_eq!(last["model"], "airline.elman");
    assert_eq!((&last["ended"], &last["epochs"]), (&"finished".into(), &3.into()));
    for metrics in ["test", "baseline"] {
        for metric in ["mae", "rmse", "mape"] {
            assert!(figure(last, &format!("/{metrics}/{metric}")) > 0.0);
        }
    }
    // The naive forecast, as ANCHORS.md has it.
    assert!((figure(last, "/baseline/mape") - 11.127_346_528_417_801).abs() < 1e-9);
    assert_eq!(last["baseline_name"], "seasonal naive");
}

#[test]
fn quiet_is_quiet_and_verbose_tells_every_epoch() {
    let place = Place::new();
    let quiet = place.ok("train --epochs 12 --hidden-size 2 -q");
    assert_eq!(quiet.stderr, "");
    let verbose = place.ok("train --epochs 12 --hidden-size 2 -v");
    assert_eq!(verbose.stdout, quiet.stdout);
    for epoch in 1..=12 {
        assert!(verbose.stderr.contains(&format!("\nepoch {epoch}/12, loss ")), "{}", verbose.stderr);
    }
}

#[test]
fn a_seed_decides_every_bit() {
    let place = Place::new();
    let model = |arguments: &str| {
        place.ok(&format!("{SHORT} {arguments}"));
        place.read("airline.elman")
    };
    let first = model("");
    assert!(model("") == first, "the same run");
    assert!(model("--seed 0") == first, "the default seed");
    // The header tells the seeds apart, so look at the tensors.
    let tensors = |model: &[u8]| model[model.len() - 100..].to_vec();
    assert!(tensors(&model("--seed 1")) != tensors(&first), "another seed");
}

#[test]
fn f64_is_f64_throughout() {
    let place = Place::new();
    for (dtype, name) in [("f32", "F32"), ("f64", "F64")] {
        place.ok(&format!("{SHORT} --dtype {dtype}"));
        let header = header(&place.read("airline.elman"));
        let tensors = header.as_object().unwrap().iter().filter(|(key, _)| *key != "__metadata__");
        let dtypes: Vec<_> = tensors.map(|(_, tensor)| tensor["dtype"].as_str().unwrap()).collect();
        assert_eq!(dtypes, [name; 6]);
        let inspected = place.ok("inspect airline.elman").stdout;
        assert!(inspected.contains(&format!(" parameters in {dtype}\n")), "{inspected}");
        place.ok("predict airline.elman");
    }
}

#[test]
fn data_come_from_standard_input_too() {
    let place = Place::with("own.csv", airline());
    let mut command = place.command("train - --epochs 1 -q");
    command.stdin(std::fs::File::open(place.path("own.csv")).unwrap());
    assert!(command.output().unwrap().status.success());
    assert_eq!(place.names(), ["model.elman", "own.csv"]);
    place.refuses(
        2,
        "predict model.elman",
        "the model was trained on standard input; name the DATA to use it on",
    );
}

/// The promise of the documentation: 4 % six months ahead, over the seeds 0 to 9.
#[test]
fn ten_seeds_reach_a_mean_of_four_percent() {
    let of = |seed: u64| {
        let last = Place::new().last_json(&format!("train -q --horizon 6 --seed {seed}"));
        figure(&last, "/test/mape")
    };
    let both = std::thread::scope(|scope| {
        let halves = [0..5, 5..10].map(|seeds| scope.spawn(move || seeds.map(of).collect::<Vec<_>>()));
        halves.map(|half| half.join().unwrap())
    });
    let errors = both.concat();
    let mean = errors.iter().sum::<f64>() / 10.0;
    assert!(mean <= 4.0, "a mean of {mean:.2} % from {errors:.2?}");
    assert!(errors.iter().all(|&error| error < 11.13 / 2.0), "{errors:.2?}");
}
