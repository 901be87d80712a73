//! Places that cannot be written to, and readers that go away.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use crate::common::Place;

#[test]
fn a_place_that_cannot_be_written_is_named_before_training() {
    let place = Place::new();
    std::fs::create_dir(place.path("folder")).unwrap();
    let refuses = |arguments: &str, target: &str| {
        let reason = match target {
            "folder" => "it is a folder; name a file",
            _ => "there is no such file or folder; check the path",
        };
        place.refuses(1, &format!("{arguments} {target}"), &format!("cannot write {target}: {reason}"));
    };
    for target in ["no/m.elman", "folder"] {
        // An endless run: it would not come back if it began.
        refuses("train --epochs 1000000000 -o", target);
    }
    place.ok("train -q --epochs 1 -o folder/m.elman");
    for arguments in
        ["predict folder/m.elman -o", "predict folder/m.elman --plot", "evaluate folder/m.elman --plot"]
    {
        refuses(arguments, "no/p");
        refuses(arguments, "folder");
    }
}

#[test]
fn what_is_read_is_not_written_over() {
    let place = Place::with("a.csv", crate::common::airline());
    place.ok("train -q --epochs 1 -o m.elman");
    for (arguments, target) in [
        ("train a.csv -o a.csv", "a.csv"),
        ("predict m.elman a.csv -o a.csv", "a.csv"),
        ("predict m.elman -o m.elman", "m.elman"),
        ("evaluate m.elman a.csv --plot a.csv", "a.csv"),
    ] {
        let message = format!("{target} would be written over: give another name to write to");
        place.refuses(2, arguments, &message);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let place = Place::new();
    let full = |arguments: &str| {
        let output = place.run(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{arguments}: {stderr}");
        let message = "error: cannot write /dev/full: the disk is full; make room or choose another place\n";
        assert!(stderr.ends_with(message), "{stderr}");
    };
    full("train --epochs 1 -o /dev/full");
    place.ok("train -q --epochs 1");
    full("predict airline.elman -o /dev/full");
    full("evaluate airline.elman --plot /dev/full");
    assert_eq!(place.names(), ["airline.elman"]);
}

#[cfg(target_os = "linux")]
#[test]
fn results_that_cannot_be_written_are_an_error() {
    let place = Place::new();
    place.ok("train -q --epochs 1");
    for arguments in [
        "notebook",
        "train -q --epochs 1",
        "train -q --epochs 1 --json",
        "predict airline.elman",
        "evaluate airline.elman -q",
        "inspect airline.elman",
        "check airline.elman",
    ] {
        let mut command = place.command(arguments);
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command.stdout(full).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.lines().count() == 1, "{arguments}: {stderr}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn progress_that_cannot_be_written_does_no_harm() {
    let place = Place::new();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = place.command("train -v --epochs 2").stderr(full).output().unwrap();
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("model: airline.elman\n"));
}

/// `elman ... | head -1`
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::new();
    place.ok("train -q --epochs 1");
    for arguments in [
        // More than a pipe holds.
        "predict airline.elman --horizon 20000 -q",
        "predict airline.elman --horizon 20000 --json -q",
        "notebook --epochs 100000",
        "notebook --epochs 100000 --json",
        "check -v",
    ] {
        let mut child =
            place.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        assert!(!first.is_empty(), "{arguments}");
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{arguments}");
        assert_eq!(output.status.code(), Some(0), "{arguments}");
    }
}

#[test]
fn a_reader_that_goes_away_does_not_stop_training() {
    let place = Place::new();
    let mut child = place
        .command("train -q --json --epochs 20")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert!(place.ok("inspect airline.elman").stdout.contains("20 of 20 epochs"));
}

#[test]
fn help_and_version_are_results() {
    let place = Place::new();
    assert_eq!(place.ok("--version").stdout, concat!("elman ", env!("CARGO_PKG_VERSION"), "\n"));
    for command in ["notebook", "train", "evaluate", "predict", "inspect", "check"] {
        assert!(place.ok("--help").stdout.contains(&format!("\n  {command} ")), "{command}");
        let help = place.ok(&format!("{command} --help"));
        assert!(help.stdout.contains(&format!("\nUsage: elman {command} ")), "{}", help.stdout);
        assert_eq!(help.stderr, "");
    }
    let output = place.run("");
    assert_eq!(output.status.code(), Some(2), "a command is needed");
}
