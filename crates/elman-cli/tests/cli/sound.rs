//! Sound: training on recordings, WAV files, streams.

use std::io::{Read, Write};
use std::process::{Child, Stdio};

use elman::audio::{Recording, Wav};

use crate::common::Place;

const RATE: u32 = 8000;

/// Notes that decay, overlapping.
fn notes(len: usize) -> Vec<f32> {
    let tone = |n: usize, start: usize, pitch: f32| {
        let time = n as f32 - start as f32;
        if time < 0.0 { 0.0 } else { (-time / 1500.0).exp() * (pitch * time).sin() }
    };
    (0..len)
        .map(|n| {
            let note = n / 700;
            (note.saturating_sub(4)..=note)
                .map(|k| 0.25 * tone(n, k * 700, 0.05 * (1.0 + (k * 7 % 11) as f32 / 4.0)))
                .sum()
        })
        .collect()
}

/// What an overdriven low pass makes of it, so many samples late.
fn device(input: &[f32], drive: f32, delay: usize) -> Vec<f32> {
    let mut state = 0.0;
    let answer = |n: usize| {
        let x = if n >= delay { input[n - delay] } else { 0.0 };
        state += 0.4 * (x - state);
        (drive * state).tanh()
    };
    (0..input.len()).map(answer).collect()
}

fn wav(samples: &[f32]) -> Vec<u8> {
    Wav::Float.write(RATE, samples).expect("a short recording")
}

/// A folder with `in.wav` and `out.wav`, which is late.
fn recorded(delay: usize) -> Place {
    let input = notes(24_000);
    let place = Place::with("in.wav", wav(&input));
    place.write("out.wav", wav(&device(&input, 3.0, delay)));
    place
}

fn samples(place: &Place, name: &str) -> Vec<f32> {
    Recording::open(&place.path(name), None).expect("a recording").samples
}

/// The error-to-signal ratio of what is played.
fn esr(played: &[f32], wanted: &[f32]) -> f32 {
    let error: f32 = played.iter().zip(wanted).map(|(y, t)| (y - t).powi(2)).sum();
    error / wanted.iter().map(|t| t * t).sum::<f32>()
}

/// The command is refused with this code, and these words are part of what is said.
#[track_caller]
fn fails(place: &Place, command: &str, code: i32, words: &str) {
    let message = place.refused(code, command);
    assert!(message.contains(words), "elman {command}: {message}");
}

const TRAIN: &str =
    "train label --audio in.wav out.wav --preset nano --epochs 12 --truncate 128 --burn-in 64";

#[test]
fn a_device_is_learned_from_two_recordings_and_played() {
    let place = recorded(25);
    let said = place.ok(TRAIN);
    assert!(
        said.stderr
            .contains("out.wav: 25 samples late, by comparing it with in.wav; moved back by 24, one less"),
        "{}",
        said.stderr
    );
    assert!(said.stdout.contains("esr"), "{}", said.stdout);
    let evaluation = said.stdout.lines().find(|line| line.starts_with("test: ")).unwrap();
    // 23,976 samples are left, and a fifth of them.
    assert_eq!(evaluation, "test: the last 4,795 samples");
    let figure = |name: &str| -> f64 {
        let line = said.stdout.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..].split_whitespace().next().unwrap().parse().unwrap()
    };
    let (of_model, of_input) = (figure("elman"), figure("y = x"));
    assert!(of_model < 0.02 && of_input > 0.3, "{}", said.stdout);

    let input = notes(9000);
    place.write("other.wav", wav(&input));
    let said = place.ok("predict out.elman other.wav -o played.wav");
    assert!(said.stderr.contains("wrote 9,000 samples (1.12 s at 8000 Hz) to played.wav"), "{}", said.stderr);
    assert!(said.stderr.contains("9,000 samples (1.12 s at 8000 Hz) in 1 block: "), "{}", said.stderr);
    assert!(said.stderr.contains(" times real time; the slowest, of 9,000, took "), "{}", said.stderr);
    let played = samples(&place, "played.wav");
    let error = esr(&played[500..], &device(&input, 3.0, 1)[500..]);
    assert!(error < 0.02, "{error}");
    // Integers of 24 bits are the same, rounded.
    place.ok("predict out.elman other.wav -o whole.wav --bits 24");
    let whole = samples(&place, "whole.wav");
    assert!(played.iter().zip(&whole).all(|(y, z)| (y.clamp(-1.0, 1.0) - z).abs() <= 1.0 / 8_388_608.0));
    fails(&place, "predict out.elman other.wav -o played.wav", 2, "played.wav is there: give another name");
    fails(&place, "predict out.elman other.wav", 2, "one to write with -o");

    // As a stream, in whatever pieces it comes, it is the same to the bit.
    for block in [1, 256] {
        let (answers, told) = streamed(&place, &format!("stream out.elman --block {block}"), &input, 1003);
        assert_eq!(answers, played);
        assert!(
            told.contains("9,000 samples (1.12 s at 8000 Hz) in ") && told.contains(" times real time"),
            "{told}"
        );
    }

    let other = Wav::Float.write(44_100, &input).unwrap();
    place.write("faster.wav", other);
    fails(&place, "predict out.elman faster.wav -o x.wav", 1, "the model was trained at 8000 Hz");
    for option in ["--horizon 3", "--interval 80", "--plot x.svg", "--future-data other.wav"] {
        let (name, _) = option.split_once(' ').unwrap();
        let message = format!("{name} has no meaning for sound; leave it out");
        fails(&place, &format!("predict out.elman other.wav -o x.wav {option}"), 2, &message);
    }
    fails(&place, "predict out.elman other.wav -o x.wav --knob drive=1", 2, "this model has no knobs");
}

/// The states to start from take the place of the samples that are only heard; NAM has a place for them, RTNeural has not.
#[test]
fn a_learned_initial_state_goes_where_there_is_a_place_for_it() {
    let place = recorded(0);
    let train = "train label --audio in.wav out.wav -q --preset nano --epochs 2 --truncate 128 --skip 0 --learned-state";
    place.ok(&format!("{train} -o m.elman"));
    let inspected = place.ok("inspect m.elman").stdout;
    assert!(inspected.contains("learned initial state"), "{inspected}");
    let read = |name: &str| -> serde_json::Value {
        let text = std::fs::read_to_string(place.path(name)).expect("what was written");
        serde_json::from_str(&text).expect("JSON")
    };
    let said = place.ok("export m.elman --format nam -o m.nam").stderr;
    assert!(!said.contains("initial state"), "{said}");
    // Eight units: behind the weights [32, 1 + 8] and 32 biases of the one layer h and c, of which nothing is 0.
    let weights = read("m.nam")["weights"].as_array().expect("a list").clone();
    let initial: Vec<f64> = weights[32 * 9 + 32..][..16].iter().filter_map(|w| w.as_f64()).collect();
    assert!(initial.len() == 16 && initial.iter().all(|state| *state != 0.0), "{initial:?}");
    let said = place.ok("export m.elman --format rtneural -o m.json").stderr;
    assert!(
        said.contains("rtneural has no place for an initial state: the network starts from zeros there"),
        "{said}"
    );
    let message = "--learned-state has no effect with --burn-in 64: what is learned begins behind the start; leave one of them out";
    fails(&place, &format!("{train} --burn-in 64"), 2, message);
}

fn start(place: &Place, command: &str) -> Child {
    let mut command = place.command(command);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the program")
}

/// What a stream answers to samples that are written in pieces of so many bytes, and what it tells at the end.
fn streamed(place: &Place, command: &str, input: &[f32], piece: usize) -> (Vec<f32>, String) {
    let mut child = start(place, command);
    let mut stdin = child.stdin.take().expect("a program that runs");
    let bytes: Vec<u8> = input.iter().flat_map(|x| x.to_le_bytes()).collect();
    let writer = std::thread::spawn(move || {
        bytes.chunks(piece).for_each(|piece| stdin.write_all(piece).expect("a stream that reads"));
    });
    let output = child.wait_with_output().expect("a program that runs");
    writer.join().expect("a program that runs");
    let told = String::from_utf8(output.stderr).expect("a program that runs");
    assert!(output.status.success(), "{told}");
    let (answers, rest) = output.stdout.as_chunks::<4>();
    assert!(rest.is_empty());
    (answers.iter().map(|&answer| f32::from_le_bytes(answer)).collect(), told)
}

#[test]
fn knobs_are_inputs() {
    let input = notes(16_000);
    let place = Place::with("in.wav", wav(&input));
    for (name, drive) in [("low.wav", 1.0), ("high.wav", 6.0)] {
        place.write(name, wav(&device(&input, drive, 0)));
    }
    let pairs = "--audio in.wav low.wav --knob drive=0 --audio in.wav high.wav --knob drive=1";
    let said = place.ok(&format!(
        "train label {pairs} --latency 0 --preset nano --epochs 12 --truncate 128 --burn-in 64 -o amp.elman"
    ));
    assert!(
        said.stderr.contains("2 recordings, each split by time: in all 6,400 rows at their ends for the test, 2,560 before them"),
        "{}",
        said.stderr
    );
    for (knob, drive) in [(0, 1.0), (1, 6.0)] {
        place.ok(&format!("predict amp.elman in.wav -o {knob}.wav --knob drive={knob}"));
        let error = esr(&samples(&place, &format!("{knob}.wav"))[500..], &device(&input, drive, 0)[500..]);
        assert!(error < 0.05, "{knob}: {error}");
    }
    let said = place.ok("predict amp.elman in.wav -o beyond.wav --knob drive=3").stderr;
    let beyond = "note: --knob drive is 3, and was between 0 and 1 in training: what the model answers there is a guess\n";
    assert!(said.starts_with(beyond), "{said}");
    let said = place.ok("predict amp.elman in.wav -o within.wav --knob drive=0.5").stderr;
    assert!(!said.contains("in training"), "{said}");
    let still = "train label --audio in.wav low.wav --knob drive=0.5 -o still.elman --epochs 1 --hidden-size 2 --scale none";
    let said = place.ok(still);
    let remark = "the knob drive is at 0.5 in all recordings, and no input: what it does cannot be learned";
    assert!(said.stderr.contains(remark), "{}", said.stderr);
    assert!(said.stdout.ends_with("predict still.elman in.wav -o played.wav\n"), "{}", said.stdout);
    fails(&place, "predict amp.elman in.wav -o x.wav", 2, "--knob drive is missing");
    fails(
        &place,
        "predict amp.elman in.wav -o x.wav --knob gain=1",
        2,
        "--knob gain is unknown: this model has \"drive\"",
    );
    fails(
        &place,
        &format!("train label {pairs} --knob drive=2 -o x.elman"),
        2,
        "is given 3 times for 2 pairs of --audio; give it once for all, or once for each pair",
    );
}

#[test]
fn what_is_wrong_with_recordings_is_said_before_training() {
    let place = recorded(0);
    place.write("faster.wav", Wav::Float.write(44_100, &notes(1000)).unwrap());
    fails(
        &place,
        "train label --audio in.wav faster.wav",
        1,
        "in.wav (8000 Hz, 24,000 samples, 3.00 s) has another rate",
    );
    place.write("short.wav", wav(&notes(1000)));
    fails(
        &place,
        "train label --audio in.wav short.wav",
        1,
        "cut 23,000 samples (2.88 s) from the end of in.wav",
    );
    place.write("cut.wav", &wav(&notes(1000))[..900]);
    fails(&place, "train label --audio in.wav cut.wav", 1, "cut.wav: is cut short");
    fails(&place, "train label --audio in.wav none.wav", 1, "none.wav");
    fails(&place, "train forecast --audio in.wav out.wav", 2, "--audio is for the task label");
    fails(&place, "train label in.wav --preset nano", 2, "--preset is for sound");
    fails(&place, "train label --audio in.wav out.wav --knob drive", 2, "give a name and a number");
    fails(&place, "train label --audio in.wav out.wav --preset nano --hidden-size 8", 2, "give one");
    fails(
        &place,
        "train label --audio in.wav out.wav --latency 24000",
        2,
        "--latency is 24000; in.wav has 24,000 samples",
    );
    let short = "train label --audio in.wav out.wav --truncate 512 --loss mrstft";
    fails(&place, short, 2, "--truncate is 512, but the loss mrstft needs pieces of at least 1025");
    for loss in ["quantile", "gaussian", "student-t"] {
        let message =
            format!("--loss {loss} tells distributions; sound has one answer for each sample; use esr");
        fails(&place, &format!("train label --audio in.wav out.wav --loss {loss}"), 2, &message);
    }
    for option in [
        "--target foo",
        "--classes=true",
        "--id nope",
        "--features drive",
        "--time t",
        "--time-format %Y",
        "--group g",
        "--split time",
        "--split-seed 4",
    ] {
        let name = option.split([' ', '=']).next().unwrap();
        let message = format!("{name} has no meaning for sound; leave it out");
        fails(&place, &format!("train label --audio in.wav out.wav {option}"), 2, &message);
    }
    let message = "--scale is standard; recordings are brought to a level that suits a network by themselves";
    fails(&place, "train label --audio in.wav out.wav --scale standard", 2, message);
    fails(&place, "train label --audio in.wav out.wav --pre-emphasis 2", 2, "--pre-emphasis is 2");
    let files = place.files();
    assert!(files.keys().all(|name| name.ends_with(".wav")), "{:?}", files.keys());
    let rows: String = (0..40).map(|n| format!("{n},1,{}\n{n},2,\n", n % 5)).collect();
    place.write("rows.csv", format!("id,x,target\n{rows}"));
    fails(&place, "train regress rows.csv --loss esr", 2, "the network has one answer per sequence");
    fails(&place, "train regress rows.csv --skip 1", 2, "--skip adds inputs to the answer of their timestep");
}

/// Pairs of one device that were recorded at other times: each is moved back by its own delay, in training and afterwards.
#[test]
fn pairs_are_each_late_by_their_own_time() {
    let input = notes(24_000);
    let place = Place::with("in.wav", wav(&input));
    for (name, drive, delay) in [("a.wav", 1.0, 10), ("b.wav", 3.0, 25)] {
        place.write(name, wav(&device(&input, drive, delay)));
    }
    let pairs = "--audio in.wav a.wav --knob drive=0 --audio in.wav b.wav --knob drive=1";
    let train = format!("train label {pairs} --preset nano --epochs 6 --truncate 128 --burn-in 64 --skip 0");
    let said = place.ok(&format!("{train} -o m.elman --json")).stdout;
    let trained: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    let esr = |json: &serde_json::Value| json["test"]["esr"].as_f64().unwrap();
    let said = place.ok(&format!("evaluate m.elman {pairs}")).stderr;
    for (name, late) in [("a.wav", 9), ("b.wav", 24)] {
        let remark = format!("{name}: taken as {late} samples late, as in training (--latency overrules)\n");
        assert!(said.contains(&remark), "{said}");
    }
    let all = place.last_json(&format!("evaluate m.elman {pairs}"));
    assert!(esr(&all) < 1.5 * esr(&trained), "{all} {trained}");
    // Said for each, in their order: the same, and moved away from it worse.
    assert_eq!(place.last_json(&format!("evaluate m.elman {pairs} --latency 9 --latency 24")), all);
    let wrong = place.last_json(&format!("evaluate m.elman {pairs} --latency 9"));
    assert!(esr(&wrong) > 2.0 * esr(&all), "{wrong}");
    let message = "--latency is given 3 times for 2 pairs; give it once for all, or once for each pair";
    fails(&place, &format!("evaluate m.elman {pairs} --latency 1 --latency 2 --latency 3"), 2, message);
    place.ok(&format!("{train} --latency 9 --latency 24 -o said.elman"));
    assert_eq!(
        std::fs::read(place.path("said.elman")).unwrap(),
        std::fs::read(place.path("m.elman")).unwrap()
    );
    let inverted: Vec<f32> = samples(&place, "a.wav").iter().map(|y| -y).collect();
    place.write("inverted.wav", wav(&inverted));
    let said = place.ok("evaluate m.elman --audio in.wav inverted.wav --knob drive=0").stderr;
    let note = "note: silence is better than the model: its error-to-signal ratio is 1, and the model's ";
    assert!(said.contains(note), "{said}");
    let shown = place.ok("inspect m.elman").stdout;
    let sound = "\nsound     8000 Hz; targets were taken as 9 samples late and 24 samples late; samples are multiplied with ";
    assert!(shown.contains(sound), "{shown}");
}

/// What comes before a sample that is no number is answered, and counted.
#[test]
fn a_stream_answers_up_to_what_is_no_number() {
    let place = recorded(0);
    place.ok("train label --audio in.wav out.wav --latency 0 --preset nano --epochs 1 -o m.elman");
    place.ok("predict m.elman in.wav -o played.wav");
    let mut input = samples(&place, "in.wav")[..300].to_vec();
    input[5] = f32::NAN;
    let mut child = start(&place, "stream m.elman");
    let bytes: Vec<u8> = input.iter().flat_map(|x| x.to_le_bytes()).collect();
    child.stdin.take().unwrap().write_all(&bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told.contains("5 samples (0.00 s at 8000 Hz) in 1 block") && told.contains("sample 6: is NaN"),
        "{told}"
    );
    let answers: Vec<f32> =
        output.stdout.as_chunks::<4>().0.iter().map(|&answer| f32::from_le_bytes(answer)).collect();
    assert_eq!(answers, samples(&place, "played.wav")[..5]);
    // A head is no sound.
    let mut child = start(&place, "stream m.elman");
    child.stdin.take().unwrap().write_all(&std::fs::read(place.path("in.wav")).unwrap()).unwrap_or_default();
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(output.stdout.is_empty() && output.status.code() == Some(2), "{told}");
    assert!(told.contains("standard input is a file with a head, no raw samples"), "{told}");
}

/// Nobody here knows how late the device was of a model that another program trained.
#[test]
fn an_imported_model_is_measured_as_late_as_the_pair_is() {
    let place = recorded(25);
    place.ok(TRAIN);
    place.ok("export out.elman -o out.nam");
    place.ok("import out.nam -o nam.elman");
    let said = place.ok("evaluate nam.elman --audio in.wav out.wav");
    assert!(said.stderr.contains("out.wav: 25 samples late, by comparing it with in.wav"), "{}", said.stderr);
    let of = |model: &str| {
        place.last_json(&format!("evaluate {model} --audio in.wav out.wav"))["test"]["esr"].as_f64().unwrap()
    };
    assert!((of("nam.elman") / of("out.elman") - 1.0).abs() < 1e-2);
    place.write("faster.wav", Wav::Float.write(44_100, &notes(9000)).unwrap());
    let message = "but the model is for 8000 Hz; convert the recording to that rate, or, if it is for another, import it anew \
                   with --sample-rate";
    fails(&place, "predict nam.elman faster.wav -o x.wav", 1, message);
}

/// Whatever a model was trained on, it is measured on each pair by itself, from the start.
#[test]
fn a_model_is_measured_on_more_or_fewer_pairs() {
    let input = notes(9000);
    let place = Place::with("in.wav", wav(&input));
    for (name, drive) in [("low.wav", 1.0), ("high.wav", 6.0)] {
        place.write(name, wav(&device(&input, drive, 0)));
    }
    let train = "--preset nano --epochs 1 --validation 0 --test 0.5 --latency 0";
    let said = place.ok(&format!("train label --audio in.wav low.wav {train} --channel 1 -o one.elman"));
    assert!(said.stderr.contains("one recording of 9,000 rows, split by time"), "{}", said.stderr);
    assert!(
        said.stderr.contains("\nlow.wav: label every sample of recordings from input\n"),
        "{}",
        said.stderr
    );
    assert!(
        said.stdout.ends_with(" predict one.elman in.wav -o played.wav --channel 1\n"),
        "{}",
        said.stdout
    );
    let knobs = "--knob drive=0 --knob drive=1";
    let pairs = "--audio in.wav low.wav --audio in.wav high.wav";
    let said = place.ok(&format!("train label {pairs} {knobs} {train} -o two.elman"));
    assert!(said.stdout.ends_with(" two.elman in.wav -o played.wav --knob drive=0\n"), "{}", said.stdout);

    // As played: of the second pair from its start.
    place.ok("predict one.elman in.wav -o played.wav");
    let played = samples(&place, "played.wav");
    let [low, high] = ["low.wav", "high.wav"].map(|name| samples(&place, name));
    let both = esr(&[&played[..], &played].concat(), &[low.as_slice(), &high].concat());
    let said = place.ok(&format!("evaluate one.elman {pairs}"));
    assert!(said.stdout.starts_with("test: all 18,000 samples of 2 recordings\n"), "{}", said.stdout);
    assert!(said.stderr.contains("low.wav: taken as 0 samples late, as in training (--latency overrules)"));
    let of = |command: &str| place.last_json(command)["test"]["esr"].as_f64().unwrap();
    assert!((of(&format!("evaluate one.elman {pairs}")) / f64::from(both) - 1.0).abs() < 1e-3);
    let said = place.ok("evaluate two.elman --audio in.wav low.wav --knob drive=0").stderr;
    assert!(said.contains("low.wav is what the model was trained on: these figures are too good"), "{said}");
    place.ok("predict two.elman in.wav -o high-played.wav --knob drive=1");
    let alone = f64::from(esr(&samples(&place, "high-played.wav"), &high));
    let found = of("evaluate two.elman --audio in.wav high.wav --knob drive=1");
    assert!((found / alone - 1.0).abs() < 1e-3, "{found} {alone}");

    for (command, message) in [
        (
            "evaluate one.elman --audio in.wav low.wav --knob drive=1",
            "--knob drive is unknown: this model has no knobs",
        ),
        ("evaluate two.elman --audio in.wav low.wav", "--knob drive is missing"),
        (
            "evaluate two.elman in.wav --knob drive=1",
            "--knob is for sound: name what went in and what came out with --audio",
        ),
        ("evaluate two.elman in.wav --latency 3", "--latency is for sound: name"),
        ("evaluate one.elman in.wav --channel 1", "--channel is for sound: name"),
        (
            "evaluate one.elman in.wav",
            "a model of sound is measured on a pair of recordings: --audio input.wav target.wav",
        ),
        ("evaluate one.elman", "a model of sound is measured on a pair of recordings: --audio"),
        (
            "predict two.elman in.wav -o x.wav --knob drive=1 --knob drive=0",
            "--knob drive is given 2 times; give it once",
        ),
        (
            "evaluate one.elman --audio in.wav low.wav --report low.wav --force",
            "low.wav would be written over",
        ),
        ("evaluate one.elman --audio in.wav low.wav --plot in.wav --force", "in.wav would be written over"),
        (
            "predict one.elman in.wav -o played.csv",
            "-o played.csv: what is written is a WAV file; give a name that ends in .wav",
        ),
    ] {
        fails(&place, command, 2, message);
    }
    assert_eq!(samples(&place, "low.wav"), low);
    // A target of silence is no measure.
    place.write("silence.csv", format!("input,target,pair\n{}", "0.5,0,1\n".repeat(20)));
    let said = place.ok("evaluate one.elman silence.csv");
    assert!(
        said.stderr.contains("note: the target is silence there, of which no error is a share\n"),
        "{}",
        said.stderr
    );
}

#[test]
fn rows_are_answered_as_they_come() {
    let rows: String = (0..300).map(|n| format!("{},{}\n", n % 7, (n % 7) * 2)).collect();
    let place = Place::with("t.csv", format!("a,target\n{rows}"));
    place.ok("train label t.csv --classes=false --epochs 2 --hidden-size 4 -o t.elman");
    for (option, named) in [("--channel 1", "--channel"), ("-o x.wav", "x.wav"), ("--bits 24", "--bits")] {
        let message = format!("{named} is for models of sound; this one is there to label");
        fails(&place, &format!("predict t.elman t.csv {option}"), 2, &message);
    }
    let told = |input: &str| {
        let mut child = start(&place, "stream t.elman");
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
            output.status.code(),
        )
    };
    let (csv, times, code) = told("b,a\n9,1\n9,2.5\n");
    assert_eq!(code, Some(0), "{times}");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!((lines.len(), lines[0]), (3, "target_predicted"));
    assert!(
        times.contains("note: columns that the model does not read: b") && times.contains("2 rows, "),
        "{times}"
    );
    let (json, said, code) = told("{\"a\": 1, \"b\": 9}\n[2.5]\n");
    assert_eq!(code, Some(0));
    assert!(said.contains("note: columns that the model does not read: b"), "{said}");
    let answers: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of_json: Vec<f64> =
        answers.iter().map(|answer| answer["target_predicted"].as_f64().unwrap()).collect();
    let of_csv: Vec<f64> = lines[1..].iter().map(|line| line.parse().unwrap()).collect();
    assert_eq!(of_json, of_csv);
    for (input, message) in [
        ("b\n1\n", "standard input, line 1: there is no column \"a\", only \"b\""),
        ("a\n1\nx\n", "standard input, line 3: \"a\" is \"x\"; give a number"),
        ("{\"a\": 1}\n{\"b\": 1}\n", "standard input, line 2: \"a\" is missing; give a"),
        ("{\"a\": 1\n", "standard input, line 1: no JSON"),
    ] {
        let (_, said, code) = told(input);
        assert!(code == Some(1) && said.contains(message), "{input:?}: {said}");
    }
    assert_eq!(told(""), (String::new(), String::new(), Some(0)));
}

/// Whoever listens may go away, and whoever plays may stop it: both are a clean end, with the sum told.
#[cfg(unix)]
#[test]
fn a_stream_ends_cleanly() {
    let place = recorded(0);
    place.ok("train label --audio in.wav out.wav --latency 0 --preset nano --epochs 1 -o m.elman");
    let block = [0u8; 1024];
    let mut child = start(&place, "stream m.elman");
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    while stdin.write_all(&block).is_ok() {}
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));

    let mut child = start(&place, "stream m.elman");
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&block).unwrap();
    child.stdout.as_mut().unwrap().read_exact(&mut [0; 1024]).unwrap();
    let killed = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
    assert!(killed.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("256 samples (0.03 s at 8000 Hz) in 1 block: "), "{told}");
    drop(stdin);
}

/// Where the target fades out before the input does, no epoch is better than another by shares of nothing.
#[test]
fn a_silent_end_is_no_part_to_choose_by() {
    let place = recorded(3);
    let mut target = samples(&place, "out.wav");
    target[16_000..].fill(0.0);
    for noise in [0.0, 1e-5] {
        target[16_000..].iter_mut().step_by(7).for_each(|sample| *sample = noise);
        place.write("out.wav", wav(&target));
        let train = "train label --audio in.wav out.wav -o m.elman --hidden-size 2 --epochs 1";
        let message = place.refused(1, train);
        assert!(
            message.contains("the target is silent in the whole part that tells which epoch is best"),
            "{message}"
        );
        assert!(message.ends_with("or choose another share for --validation, 0 for none"), "{message}");
        place.ok(&format!("{train} --validation 0 --force"));
        std::fs::remove_file(place.path("m.elman")).expect("a model");
    }
}

/// Where recordings differ in that, it is said of all of them.
#[test]
fn how_late_devices_were_is_said_of_every_pair() {
    let input = notes(24_000);
    let place = Place::with("x.wav", wav(&input));
    for (name, delay) in [("a.wav", 12), ("b.wav", 60)] {
        place.write(name, wav(&device(&input, 3.0, delay)));
    }
    let knobs = "--knob drive=0 --audio x.wav b.wav --knob drive=1";
    place.ok(&format!("train label --audio x.wav a.wav {knobs} -o m.elman --hidden-size 2 --epochs 1"));
    let said = place.ok("predict m.elman x.wav --knob drive=0 -o y.wav").stderr;
    assert!(said.contains("the device was 11 samples late to 59 samples late in training"), "{said}");
}

/// Both recordings or one of them at any level: the model is as good, and all that is made of it is at their own level.
#[test]
fn recordings_of_any_level_are_learned_alike() {
    let (input, target) = (notes(24_000), device(&notes(24_000), 3.0, 0));
    let place = Place::new();
    let at = |samples: &[f32], level: f32| samples.iter().map(|x| level * x).collect::<Vec<f32>>();
    let mut of_loud = f32::NAN;
    for levels in [[1.0, 1.0], [0.02, 0.02], [4.0, 4.0], [1.0, 0.01], [0.02, 1.0]] {
        let [x, y] = [at(&input, levels[0]), at(&target, levels[1])];
        place.write("in.wav", wav(&x));
        place.write("out.wav", wav(&y));
        place.ok(&format!("{TRAIN} --latency 0 -o m.elman --force"));
        place.ok("predict m.elman in.wav -o played.wav --force");
        let played = samples(&place, "played.wav");
        let error = esr(&played, &y);
        of_loud = if of_loud.is_nan() { error } else { of_loud };
        assert!(error < 4.0 * of_loud, "{levels:?}: {error}, and of loud ones {of_loud}");
        let (streamed, _) = streamed(&place, "stream m.elman", &x, 4096);
        assert_eq!(streamed, played, "{levels:?}");
        let measured = place.ok("evaluate m.elman --audio in.wav out.wav --latency 0 --json").stdout;
        let measured: serde_json::Value = serde_json::from_str(&measured).unwrap();
        let measured = measured["test"]["esr"].as_f64().unwrap() as f32;
        assert!((measured / error - 1.0).abs() < 1e-3, "{levels:?}: {measured} {error}");
        for format in ["nam", "rtneural", "aida-x", "guitarml"] {
            place.ok(&format!("export m.elman --format {format} -o m.{format} --force"));
            place.ok(&format!("import m.{format} -o back.elman --sample-rate 8000 --force"));
            place.ok("predict back.elman in.wav -o back.wav --force");
            let back = samples(&place, "back.wav");
            // A network for NAM starts from what silence leaves behind.
            for (back, played) in back.iter().zip(&played).skip(2000) {
                let most = 2e-6 * levels[0].max(levels[1]);
                assert!((back - played).abs() < most, "{levels:?} {format}: {back} {played}");
            }
        }
    }
}

/// By a power of two nothing differs but the level, in which losses that have one are shown.
#[test]
fn losses_are_shown_at_the_recordings_level() {
    let place = Place::new();
    let train = "train label --audio in.wav out.wav --preset nano --epochs 12 --truncate 1100 --streams 4 --latency 0 -o m.elman --force --json";
    let mut told: Vec<[f64; 4]> = Vec::new();
    for level in [1.0, 0.03125] {
        let input: Vec<f32> = notes(24_000).iter().map(|x| level * x).collect();
        let target: Vec<f32> = device(&notes(24_000), 3.0, 0).iter().map(|y| level * y).collect();
        place.write("in.wav", wav(&input));
        place.write("out.wav", wav(&target));
        let last = |loss: &str| -> serde_json::Value {
            let said = place.ok(&format!("{train} --loss {loss}"));
            let line = said.stdout.lines().find(|line| line.contains("\"epoch\":12"));
            serde_json::from_str(line.unwrap()).unwrap()
        };
        let figure = |line: serde_json::Value, name: &str| line[name].as_f64().unwrap();
        let squared = last("squared");
        let inspected = place.ok("inspect m.elman").stdout;
        let kept = inspected.split("squared error ").nth(1).unwrap().split(';').next().unwrap();
        let shown = kept.parse::<f64>().unwrap() / figure(squared.clone(), "validation_loss") - 1.0;
        assert!(shown.abs() < 1e-3, "{inspected}");
        told.push([
            figure(squared, "loss"),
            figure(last("absolute"), "validation_loss"),
            figure(last("esr"), "validation_ESR"),
            figure(last("mrstft"), "loss"),
        ]);
    }
    let [loud, quiet] = told.try_into().unwrap();
    assert_eq!(quiet, [loud[0] / 1024.0, loud[1] / 32.0, loud[2], loud[3]]);
}

/// A run that was begun when samples were learned as they are goes on so.
#[test]
fn runs_of_before_levels_go_on() {
    let place = Place::with("m.elman.checkpoint", include_bytes!("../data/sound.elman.checkpoint"));
    for name in ["in.wav", "out.wav"] {
        place
            .write(name, std::fs::read(format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap());
    }
    let train = "train label --audio in.wav out.wav --hidden-size 2 --epochs 40 -o m.elman";
    let said = place.ok(&format!("{train} --resume"));
    assert!(said.stderr.contains("resumed at epoch 3, batch 1"), "{}", said.stderr);
    let scaling = |place: &Place| {
        let inspected: serde_json::Value =
            serde_json::from_str(&place.ok("inspect m.elman --json").stdout).unwrap();
        inspected["task"]["label"]["answer"]["numbers"]["target_scaling"]["deviation"].as_f64().unwrap()
    };
    assert_eq!(scaling(&place), 1.0);
    place.ok(&format!("{train} --force"));
    assert_eq!(scaling(&place), 0.25);
}

/// What nobody asked for stands in nobody's way, and is not what a refusal names.
#[test]
fn refusals_name_what_was_typed() {
    let place = recorded(0);
    let train = "train label --latency 0 --epochs 1 --hidden-size 2 -o m.elman --force";
    let message =
        "--bidirectional networks read the future, which a model that plays as it hears does not know";
    fails(&place, &format!("{train} --audio in.wav out.wav --bidirectional"), 2, message);
    let message = "cross-entropy is for classes; samples are numbers: use esr";
    fails(&place, &format!("{train} --audio in.wav out.wav --loss cross-entropy"), 2, message);
    for key in ["latency = 49", "knob = \"drive=0.5\"", "channel = 1"] {
        place.write("c.toml", key);
        let message = "is given on the command line, where the data are";
        fails(&place, &format!("{train} --audio in.wav out.wav --config c.toml"), 2, message);
    }
    let short: Vec<f32> = notes(24_000)[5000..5300].to_vec();
    place.write("short.wav", wav(&short));
    place.write("answer.wav", wav(&device(&short, 3.0, 0)));
    place.ok(&format!("{train} --audio short.wav answer.wav"));
    let asked = format!("{train} --audio short.wav answer.wav --burn-in 256");
    fails(&place, &asked, 2, "--burn-in is 256, but training sequence 1 has 216 timesteps");
    let spectra = format!("{train} --audio in.wav out.wav --loss mrstft --truncate 1100 --streams 30");
    let message = "sequence 0 has 576 timesteps, and the loss mrstft needs at least 1025; give longer ones, or another --loss";
    fails(&place, &spectra, 2, message);
    let message =
        "--test-data names a table; of recordings the last part is the test, as large as --test says";
    for test in ["", " --test 0"] {
        fails(&place, &format!("{train} --audio in.wav out.wav --test-data out.wav{test}"), 2, message);
    }
}
