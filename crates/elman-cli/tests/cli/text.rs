//! Language models: `train text`, `evaluate`, `predict`, `inspect` and `generate` on them.

use std::io::{Read, Write};
use std::process::Stdio;

use crate::common::{Place, airline, figure, header};

const RHYME: &str = "How much wood would a woodchuck chuck, if a woodchuck could chuck wood?\n";

/// A small run on a text, whose epochs and other options are still to be said.
const TRAIN: &str = "train text r.txt -o m.elman --hidden-size 24 --embedding-dim 8 --learning-rate 0.02";

fn rhymes() -> Place {
    Place::with("r.txt", RHYME.repeat(50))
}

/// A place with a model of the rhyme.
fn trained() -> Place {
    let place = rhymes();
    place.ok(&format!("{TRAIN} --epochs 25"));
    place
}

/// What is generated, with arguments that may hold blanks.
fn generated(place: &Place, arguments: &[&str]) -> String {
    let output = place.command("generate m.elman").args(arguments).output().expect("a program that starts");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

#[test]
fn a_text_is_learned_measured_and_gone_on_with() {
    let place = rhymes();
    let said = place.ok(&format!("{TRAIN} --epochs 25"));
    assert!(said.stderr.contains("r.txt: text, told by 17 characters"), "{}", said.stderr);
    let progress = said.stderr.lines().rfind(|line| line.starts_with("epoch ")).expect("progress");
    assert!(progress.contains("validation 0.0") && progress.contains("bits per character"), "{progress}");
    let lines: Vec<&str> = said.stdout.lines().collect();
    assert_eq!(lines[0], "test: the last 180 characters");
    assert_eq!(
        lines[1].split_whitespace().collect::<Vec<_>>().join(" "),
        "bits per character perplexity accuracy"
    );
    assert!(lines[6].starts_with("next:  ") && lines[6].ends_with(" generate m.elman"), "{lines:?}");

    let test = place.last_json("evaluate m.elman r.txt --test 180");
    assert!(figure(&test, "/test/bits_per_character") < 0.05, "{test}");
    assert!(figure(&test, "/test/accuracy") > 0.99, "{test}");
    assert!(figure(&test, "/baseline/bits_per_character") > 3.0, "{test}");
    let inspected = place.ok("inspect m.elman").stdout;
    assert!(
        inspected.starts_with("network   1 input -> embedding (17 tokens of 8) -> lstm (24 units)"),
        "{inspected}"
    );

    let cold = ["--prompt", "How much", "--temperature", "0", "--length", "64"];
    assert_eq!(generated(&place, &cold), RHYME);
    let stopped = [cold.as_slice(), &["--stop", "?\\n"]].concat();
    assert_eq!(generated(&place, &stopped), RHYME.trim_end_matches("?\n"));
    let json: serde_json::Value =
        serde_json::from_str(&generated(&place, &[stopped.as_slice(), &["--json"]].concat())).unwrap();
    assert_eq!((&json["prompt"], &json["stopped"]), (&"How much".into(), &"stop".into()));
    assert_eq!(json["text"].as_str(), RHYME.strip_prefix("How much").unwrap().strip_suffix("?\n"));
    assert_eq!(json["tokens"], 62 + 2);
    // A text to stop at that does not come is not passed over in silence.
    let said = place.ok("generate m.elman --length 9 --stop xyz");
    assert_eq!(said.stderr, "note: the text ends after 9 tokens, and \"xyz\" did not come (--stop)\n");
    let said = place.ok(r"generate m.elman --length 9 --stop xyz\n");
    assert!(said.stderr.ends_with("and \"xyz\\n\" did not come (--stop)\n"), "{}", said.stderr);
    assert_eq!(place.ok("generate m.elman --length 9").stderr, "");
}

#[test]
fn the_same_seed_writes_the_same_text() {
    let place = rhymes();
    place.ok(&format!("{TRAIN} --epochs 1"));
    let of = |seed: &str, more: &[&str]| {
        generated(
            &place,
            &[&["--length", "300", "--seed", seed, "--top-k", "15", "--top-p", "0.99"], more].concat(),
        )
    };
    assert_eq!(of("1", &[]), of("1", &["--threads", "1"]));
    assert_ne!(of("1", &[]), of("2", &[]));
    assert_eq!(of("0", &[]).chars().count(), 300);
}

#[test]
fn unknown_characters_are_an_error_or_a_token() {
    let place = trained();
    place.write("new.txt", "How much wöod\n");
    let message = "new.txt, line 1, column 11: the model does not know the character \"ö\" (U+00F6); leave out what it has \
                   not seen in training, or train with --unknown, which makes a token of all that is not known";
    for command in ["evaluate m.elman new.txt", "predict m.elman new.txt"] {
        place.refuses(1, command, message);
    }
    place.ok(&format!("{TRAIN} --epochs 1 --unknown"));
    let said = place.ok("evaluate m.elman new.txt");
    assert!(
        said.stderr.contains("note: new.txt: 1 of 14 characters (7.14 %) is not known"),
        "{}",
        said.stderr
    );
    let rows = place.ok("predict m.elman new.txt").stdout;
    let rows: Vec<&str> = rows.lines().collect();
    assert_eq!(rows[..2], ["character,bits,predicted", "H,,"]);
    assert!(rows[11].starts_with("ö,"), "{rows:?}");
    let said = place.ok("generate m.elman --prompt wöod --length 3");
    assert!(said.stdout.starts_with("wöod"), "{}", said.stdout);
    let note = "note: the prompt: 1 of 4 characters (25.00 %) is not known, and read as the unknown token\n";
    assert_eq!(said.stderr, note);
}

#[test]
fn texts_come_from_standard_input_too() {
    let place = rhymes();
    let mut child = place
        .command("train text - -o m.elman --hidden-size 8 --epochs 1 --tokens words")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(RHYME.repeat(20).as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && printed.contains("bits per word"), "{printed}");
    let mut child = place
        .command("generate m.elman --prompt - --length 5")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"How much").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stdout.starts_with(b"How much"));
    // What marks its bytes is no part of it; one that is cut within a character is refused, and says where.
    let prompted = |bytes: &[u8]| {
        let mut child = place
            .command("generate m.elman --prompt - --length 5")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(bytes).unwrap();
        child.wait_with_output().unwrap()
    };
    assert!(prompted(b"\xEF\xBB\xBFHow much").stdout.starts_with(b"How much"));
    for (bytes, message) in [
        (
            b"How \xF0\x9F".as_slice(),
            "ends within a character, which begins at byte 4; cut it between two characters",
        ),
        (b"How \xFF much", "is not UTF-8 at byte 4; save it as UTF-8"),
    ] {
        let output = prompted(bytes);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(said.contains(&format!("the prompt from standard input {message}")), "{said}");
    }
    // One that does not end.
    let mut child = place
        .command("generate m.elman --prompt - --length 5")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may be gone before all is written.
    let _ = child.stdin.take().unwrap().write_all(&vec![b'a'; 1_000_001]);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    let message =
        "standard input holds more than 1,000,000 bytes, the most that a prompt may have; give less of it";
    assert_eq!((output.status.code(), said.contains(message)), (Some(1), true), "{said}");
}

#[test]
fn a_reader_that_goes_away_ends_it_cleanly() {
    let place = rhymes();
    place.ok(&format!("{TRAIN} --epochs 1"));
    let mut child = place
        .command("generate m.elman --length 100000000")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut start = [0; 64];
    child.stdout.take().unwrap().read_exact(&mut start).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

#[test]
fn what_cannot_be_read_or_written_is_refused() {
    let place = trained();
    place.write("empty.txt", "");
    place.write("short.txt", "ab");
    place.write("latin.txt", b"caf\xE9 au lait\n".repeat(20));
    place.refuses(1, "train text empty.txt", "empty.txt: the text is empty; give one to learn from");
    let short = "short.txt: there are 2 characters, of which 0 are left to learn from; give a longer text, or a smaller share \
                 for --test and --validation";
    place.refuses(1, "train text short.txt", short);
    let latin =
        "latin.txt, byte 3: 0xE9 is not UTF-8; save the text as UTF-8, or read bytes with --tokens bytes";
    place.refuses(1, "train text latin.txt", latin);
    place.ok("train text latin.txt --tokens bytes --epochs 1 --hidden-size 4 -q");
    place.refuses(2, "train text", "name the DATA to model texts: the built-in data are for a forecast");
    for (arguments, message) in [
        ("--temperature -1", "--temperature is -1; it must be 0 or above, and finite"),
        ("--temperature nan", "--temperature is NaN; it must be 0 or above, and finite"),
        ("--top-p 0", "--top-p is 0; it must be above 0 and at most 1"),
        ("--top-p 1.5", "--top-p is 1.5; it must be above 0 and at most 1"),
        ("--top-k 0", "--top-k is 0; it must be at least 1"),
        ("--length 0", "--length is 0; it must be at least 1"),
    ] {
        place.refuses(2, &format!("generate m.elman {arguments}"), message);
    }
    for (options, message) in [
        ("--target a", "--target has no meaning for the task text; leave it out"),
        ("--loss squared", "--loss of a text is cross-entropy; the others are for numbers"),
        (
            "--tokens bytes --vocabulary 5",
            "--vocabulary has no meaning for bytes, all of which are known; leave it out",
        ),
        (
            "--bidirectional",
            "--bidirectional networks read the future, which a text does not know; use one direction",
        ),
        ("--patch 2", "--patch joins timesteps, but this task has an answer for each; leave it out"),
    ] {
        place.refuses(2, &format!("train text r.txt -o n.elman {options}"), message);
    }
    place.refuses(
        2,
        "predict m.elman r.txt --horizon 3",
        "--horizon is for forecasts; this model is there to model texts",
    );
    place.refuses(
        2,
        "evaluate m.elman r.txt --test 5000",
        "--test is 5000, and the text has 3600; at most 3599 can be told",
    );
    place.write("a.csv", airline());
    place.ok("train a.csv -o f.elman --epochs 1 -q");
    place.refuses(2, "generate f.elman", "this model is there to forecast; models of texts alone generate");
    place.refuses(
        2,
        "stream m.elman",
        "this model is there to model texts, which are not read row by row; generate goes on with a text",
    );
}

/// A run that goes on from its checkpoint ends with the bytes of one that nobody has disturbed.
#[test]
fn a_resumed_run_is_the_undisturbed_run_to_the_bit() {
    let place = rhymes();
    let train = format!("{TRAIN} --epochs 3 --window 400 --batch-size 3 --truncate 50");
    place.ok(&train);
    let expected = place.read("m.elman");
    std::fs::remove_file(place.path("m.elman")).unwrap();
    // Killed once a checkpoint is there.
    let mut child = place
        .command(&format!("{train} --checkpoint-minutes 0.00001"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !place.path("m.elman.checkpoint").exists() && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(place.path("m.elman.checkpoint").exists(), "the run was too quick to be killed");
    place.ok(&format!("{train} --resume"));
    assert!(
        place.read("m.elman") == expected,
        "{} and {}",
        header(&place.read("m.elman")),
        header(&expected)
    );
}

#[test]
fn another_text_may_be_the_test() {
    let place = rhymes();
    place.write("other.txt", RHYME.repeat(3));
    let said = place.ok(&format!("{TRAIN} --epochs 1 --test-data other.txt"));
    assert!(said.stdout.starts_with("test: 215 characters\n"), "{}", said.stdout);
}
