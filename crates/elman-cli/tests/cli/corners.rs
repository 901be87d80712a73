//! Corners where the program once was wrong or said something that did not help.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::common::{Place, airline, sequences};

#[test]
fn losses_that_do_not_fit_the_task_are_named() {
    let place = Place::with("s.csv", sequences(20));
    place.refuses(
        2,
        "train --loss cross-entropy",
        "--loss cross-entropy is for classes; to forecast, use squared",
    );
    place.refuses(
        2,
        "train regress s.csv --target level --features a --loss cross-entropy",
        "--loss cross-entropy is for classes; to regress, use squared",
    );
    place.refuses(
        2,
        "train classify s.csv --target side --features a --loss huber",
        "--loss for classes is cross-entropy; the others are for numbers",
    );
}

#[test]
fn kills_leave_no_temporary_files_once_the_run_is_finished() {
    let place = Place::new();
    let train = "train -v --epochs 30 --checkpoint-minutes 0.00001";
    for _ in 0..8 {
        let mut child = place
            .command(&format!("{train} --resume"))
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.starts_with("epoch ") && stderr.read_line(&mut line).unwrap() > 0 {
            if !line.starts_with("epoch ") {
                line.clear();
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    place.ok(&format!("{train} --resume"));
    assert_eq!(place.names(), ["airline.elman"]);
}

#[test]
fn version_0_never_was() {
    let place = Place::new();
    place.ok("train -q --epochs 1 -o m.elman");
    let mut file = place.read("m.elman");
    let version = file.windows(17).position(|bytes| bytes == b"format_version\\\":").unwrap() + 17;
    file[version] = b'0';
    place.write("m.elman", file);
    assert!(place.refused(1, "predict m.elman").starts_with("m.elman is damaged: "));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_named() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = Place::new().command("notebook").stdout(full).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        stderr,
        "error: cannot write to standard output: the disk is full; make room or choose another place\n"
    );
}

#[test]
fn a_failed_prediction_leaves_no_picture() {
    let place = Place::new();
    place.ok("train -q --epochs 1");
    place.refused(1, "predict airline.elman --plot p.svg -o no/p.csv");
}

#[cfg(unix)]
#[test]
fn a_resumed_runs_difference_is_named_as_the_option() {
    let place = Place::new();
    let train = "train -v --epochs 100000 --checkpoint-minutes 0.00001";
    let mut child = place.command(train).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    while !lines.next().unwrap().unwrap().starts_with("epoch 2/") {}
    child.kill().unwrap();
    child.wait().unwrap();
    for (option, name) in [("--optimiser sgd", "optimiser"), ("--schedule constant", "schedule")] {
        let message = place.refused(1, &format!("{train} {option} --resume"));
        assert!(message.contains(&format!("another run: its {name} is ")), "{message}");
    }
    for option in ["--test 12", "--clip 0"] {
        let message = place.refused(1, &format!("{train} {option} --resume"));
        assert!(!message.contains("null"), "{message}");
    }
}

#[test]
fn steps_of_seconds_are_told_apart() {
    let series = |minutes: usize| {
        let rows = (0..100).map(|n| {
            let minute = n * minutes;
            format!(
                "2024-01-{:02} {:02}:{:02},{}\n",
                1 + minute / 1440,
                minute / 60 % 24,
                minute % 60,
                20 + n * n % 7
            )
        });
        format!("when,v\n{}", rows.collect::<String>())
    };
    let place = Place::with("a.csv", series(15));
    place.write("b.csv", series(30));
    place.ok("train a.csv -q --epochs 1");
    place.refuses(
        1,
        "predict a.elman b.csv",
        "b.csv: its rows are one step of 30 minutes apart, but the model learned from rows one step of 15 minutes apart",
    );
}

#[test]
fn wrong_values_in_a_file_are_wrong_usage_as_wrong_keys_are() {
    let place = Place::new();
    for (toml, names) in
        [("hidden-size = \"x\"", "hidden-size"), ("cell = \"gruu\"", "cell"), ("epochs = -1", "epochs")]
    {
        place.write("c.toml", toml);
        let message = place.refused(2, "train --config c.toml");
        assert!(message.starts_with("c.toml, line 1") && message.contains(names), "{message}");
        assert!(
            !message.contains("usize") && !message.contains("u64") && message.lines().count() == 1,
            "{message}"
        );
    }
    place.refuses(
        1,
        "train --config none.toml",
        "cannot read none.toml: there is no such file or folder; check the path",
    );
    place.refuses(
        1,
        "notebook --weights w.json",
        "cannot read w.json: there is no such file or folder; check the path",
    );
}

#[test]
fn one_is_singular() {
    let place = Place::new();
    place.ok("train -q --epochs 1 --horizon 6");
    assert_eq!(
        place.last_json("evaluate airline.elman --test 6")["on"],
        "6 forecasts, up to 6 months ahead, from 1 origin"
    );
    place.write("o.csv", "id,a,target\nx,1,2\nx,2,2\n");
    let message = place.refused(1, "train regress o.csv");
    assert!(!message.contains("all 1 "), "{message}");
}

#[test]
fn id_as_target_is_not_blamed_on_features() {
    let place = Place::with("s.csv", sequences(20));
    let message = place.refused(2, "train regress s.csv --target id --features a");
    assert!(message.starts_with("--target"), "{message}");
}

#[test]
fn a_table_without_numbers_is_said_to_be_one() {
    let months: Vec<&str> =
        Box::leak(airline().into_boxed_str()).lines().map(|line| line.split_once(',').unwrap().0).collect();
    let message = Place::with("m.csv", months.join("\n")).refused(1, "train m.csv");
    assert!(!message.contains("()") && !message.contains("name one with --target"), "{message}");
}
