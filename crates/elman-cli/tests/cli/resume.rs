//! Interrupted runs, killed runs, and going on with them.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::common::{CLASSIFY, Place, airline, airline_with, sequences};

/// A checkpoint after every batch: none takes less than 0.6 ms.
const ALWAYS: &str = "--checkpoint-minutes 0.00001";

/// A run in the background.
struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
}

/// The same command, which hears every signal. Whoever runs the tests from a script with `&` or under `nohup` ignores
/// some, and so would the program.
fn hearing(command: Command) -> Command {
    const INT_AND_HUP: u64 = 0b11;
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    if ignored & INT_AND_HUP == 0 {
        return command;
    }
    let mut hearing = Command::new("env");
    hearing.arg("--default-signal=INT,HUP").arg(command.get_program()).args(command.get_args());
    hearing.current_dir(command.get_current_dir().expect("a place")).stdin(Stdio::null());
    hearing
}

impl Running {
    fn start(place: &Place, arguments: &str) -> Self {
        let mut command = hearing(place.command(&format!("{arguments} -v")));
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a program that starts");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        Running { child, stderr }
    }

    /// Waits until a line of progress begins like this; false if the run ended before.
    fn reach(&mut self, start: &str) -> bool {
        let mut line = String::new();
        while !line.starts_with(start) {
            line.clear();
            if self.stderr.read_line(&mut line).expect("text") == 0 {
                return false;
            }
        }
        true
    }

    /// SIGKILL: no chance to clean up.
    fn kill(mut self) -> ExitStatus {
        self.child.kill().expect("a signal that is sent");
        self.child.wait().expect("an end")
    }

    /// Another signal, as a terminal or the system would send it; returns what was printed.
    fn signal(self, name: &str) -> (ExitStatus, String) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().expect("kill").success());
        let Running { child, mut stderr } = self;
        // The run must not wait for us to read.
        let reader = std::thread::spawn(move || std::io::copy(&mut stderr, &mut std::io::sink()));
        let output = child.wait_with_output().expect("an end");
        reader.join().expect("no panic").expect("a pipe that is read");
        (output.status, String::from_utf8(output.stdout).expect("UTF-8"))
    }
}

/// The model of a run that nobody disturbs.
fn undisturbed(place: &Place, train: &str) -> Vec<u8> {
    place.ok(&format!("{train} -q --checkpoint-epochs 1"));
    let model = place.read("m.elman");
    std::fs::remove_file(place.path("m.elman")).expect("a file to remove");
    assert!(!place.path("m.elman.checkpoint").exists(), "a finished run has no use for it");
    model
}

/// Has a run written its model for good? On a busy machine it may have before it is killed.
fn has_ended(place: &Place) -> bool {
    place.path("m.elman").exists() && !place.path("m.elman.checkpoint").exists()
}

/// Runs killed at moments spread over all their length, many of them while a checkpoint is written.
#[test]
fn a_killed_run_ends_with_the_same_bits() {
    let train = "train -o m.elman --epochs 12 --hidden-size 16";
    let whole = undisturbed(&Place::new(), train);
    let mut killed = 0;
    // On a busy machine, a run may be over before it is killed.
    for moment in (0..11).cycle().take(44) {
        let place = Place::new();
        let mut run = Running::start(&place, &format!("{train} {ALWAYS}"));
        assert!(run.reach(&format!("epoch {}/12, ", moment + 1)));
        std::thread::sleep(Duration::from_micros(700 * moment % 3100));
        let status = run.kill();
        if has_ended(&place) {
            assert!(place.read("m.elman") == whole);
            continue;
        }
        killed += usize::from(status.signal() == Some(9));
        let said = place.ok(&format!("{train} {ALWAYS} --resume"));
        let first = said.stderr.lines().next().unwrap();
        assert!(first.starts_with("resumed at epoch ") || first.contains("starting anew"), "{first}");
        assert!(place.read("m.elman") == whole, "killed after epoch {}", moment + 1);
        assert!(!place.path("m.elman.checkpoint").exists());
        if killed == 10 {
            return;
        }
    }
    panic!("only {killed} runs were killed before their end");
}

/// In the middle of an epoch, which is here the only one: the loss so far and the place among the
/// batches are kept.
#[test]
fn a_run_killed_within_an_epoch_ends_with_the_same_bits() {
    let train = "train -o m.elman --epochs 1 --batch-size 1 --hidden-size 32";
    let whole = undisturbed(&Place::new(), train);
    let place = Place::new();
    let checkpoint = || std::fs::read(place.path("m.elman.checkpoint")).ok();
    let mut before = None;
    for _ in 0..4 {
        let mut run = Running::start(&place, &format!("{train} {ALWAYS} --resume"));
        while checkpoint() == before && run.child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(100));
        }
        run.kill();
        before = checkpoint();
    }
    if !has_ended(&place) {
        place.ok(&format!("{train} {ALWAYS} --resume"));
    }
    assert!(place.read("m.elman") == whole);
}

/// Everything that a checkpoint has to hold: dropout masks, momentum, a schedule with a memory, the
/// best parameters, in a network of two layers and directions.
#[test]
fn a_run_killed_again_and_again_ends_with_the_same_bits() {
    let train = format!(
        "{CLASSIFY} --epochs 14 --num-layers 2 --bidirectional --dropout 0.3 --optimiser rmsprop --momentum 0.5 \
         --schedule plateau --schedule-patience 1 --schedule-factor 0.5 --validation 0.2 --patience 12 --seed 3"
    );
    let place = Place::with("s.csv", sequences(60));
    let whole = undisturbed(&place, &train);
    let mut kills = 0;
    loop {
        let mut run = Running::start(&place, &format!("{train} {ALWAYS} --resume"));
        // One epoch further each time, then a little more.
        if !(run.reach("epoch ") && run.reach("epoch ")) {
            // The one before may have been killed when all was done.
            assert!(run.child.wait().unwrap().success() || has_ended(&place));
            break;
        }
        std::thread::sleep(Duration::from_micros(400 * kills));
        run.kill();
        kills += 1;
        assert!(kills < 100, "no progress");
    }
    assert!(kills >= 3, "{kills}");
    assert!(place.read("m.elman") == whole);
}

/// A recipe that was chosen before the first epoch is not chosen again.
#[test]
fn a_run_goes_on_with_the_recipe_that_was_chosen() {
    let train = "train classify s.csv --target side --features a,b --time time -o m.elman --hidden-size 4 --epochs 60";
    let whole = undisturbed(&Place::with("s.csv", sequences(40)), train);
    let place = Place::with("s.csv", sequences(40));
    loop {
        let mut run = Running::start(&place, &format!("{train} --checkpoint-epochs 1"));
        assert!(run.reach("epoch 2/"));
        run.kill();
        if !has_ended(&place) {
            break;
        }
        std::fs::remove_file(place.path("m.elman")).expect("a file to remove");
    }
    let said = place.ok(&format!("{train} --checkpoint-epochs 1 --resume")).stderr;
    assert!(said.contains(" were chosen before\nresumed at epoch "), "{said}");
    assert!(!said.contains("tried "), "{said}");
    assert!(place.read("m.elman") == whole);

    // Of another run's checkpoint the difference is told that was given, not what was chosen because of it.
    let mut run = Running::start(&place, &format!("{train} --checkpoint-epochs 1 --seed 2 --force"));
    assert!(run.reach("epoch 2/"));
    run.kill();
    if !has_ended(&place) {
        let message = place.refused(1, &format!("{train} --checkpoint-epochs 1 --resume"));
        assert!(message.contains("its seed is 2, not 0"), "{message}");
    }
}

/// What a signal that asks politely leaves behind, and that the run can go on from there.
fn interrupted(signal: &str, code: i32) {
    let train = "train -o m.elman --epochs 300 --hidden-size 24";
    let whole = undisturbed(&Place::new(), train);
    let place = Place::new();
    // On a busy machine, a run may be over before the signal comes.
    let stdout = (0..5).find_map(|_| {
        let mut run = Running::start(&place, train);
        assert!(run.reach("epoch 3/"));
        let (status, stdout) = run.signal(signal);
        let is_interrupted = place.path("m.elman.checkpoint").exists();
        assert_eq!(status.code(), Some(if is_interrupted { code } else { 0 }), "{stdout}");
        is_interrupted.then_some(stdout)
    });
    let stdout = stdout.expect("a run that is interrupted");
    assert!(stdout.starts_with("test: 156 forecasts") && stdout.contains("\nmodel: m.elman\n"), "{stdout}");
    assert_eq!(place.names(), ["m.elman", "m.elman.checkpoint"]);

    let text = place.ok("inspect m.elman").stdout;
    assert!(text.contains(" of 300 epochs, interrupted; kept those of epoch "), "{text}");
    place.ok("predict m.elman");
    for command in ["inspect", "predict"] {
        let message = place.refused(1, &format!("{command} m.elman.checkpoint"));
        assert!(message.starts_with("m.elman.checkpoint is a checkpoint, not a model; "), "{message}");
    }

    let said = place.ok(&format!("{train} --resume"));
    assert!(said.stderr.starts_with("resumed at epoch "), "{}", said.stderr);
    assert!(place.read("m.elman") == whole);
    assert_eq!(place.names(), ["m.elman"]);
}

#[test]
fn ctrl_c_leaves_a_model_and_a_checkpoint() {
    interrupted("-INT", 130);
}

#[test]
fn a_signal_to_terminate_does_as_well() {
    interrupted("-TERM", 143);
}

#[test]
fn json_says_that_a_run_was_interrupted() {
    let place = Place::new();
    let mut run = Running::start(&place, "train --json --epochs 100000");
    assert!(run.reach("epoch 2/"));
    let (status, stdout) = run.signal("-INT");
    assert_eq!(status.code(), Some(130));
    let last: serde_json::Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!(last["ended"], "interrupted");
    assert!(last["epochs"].as_u64().unwrap() >= 2 && last["test"]["mape"].is_number(), "{last}");
}

/// A run whose first epoch takes long.
const SLOW: &str =
    "train -o m.elman --epochs 2 --batch-size 1 --hidden-size 128 --window 140 --test 0 --season 0";

/// The airline passengers many times over, without their months.
fn long_series() -> String {
    let rows = airline();
    let values: String =
        rows.lines().skip(1).filter_map(|line| line.split_once(',')).map(|(_, v)| format!("{v}\n")).collect();
    format!("passengers\n{}", values.repeat(40))
}

/// No epoch has ended, so there is no model: the exit code says so, and the run can go on.
#[test]
fn an_interruption_in_the_first_epoch_is_no_success() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let place = Place::with("long.csv", long_series());
        let slow = SLOW.replace("train", "train long.csv");
        let run = Running::start(&place, &format!("{slow} --json {ALWAYS}"));
        while !place.path("m.elman.checkpoint").exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let (status, stdout) = run.signal(signal);
        assert_eq!((status.code(), status.signal()), (Some(code), None), "{stdout}");
        assert_eq!(stdout, "{\"model\":null,\"ended\":\"interrupted\",\"epochs\":0}\n");
        assert_eq!(place.names(), ["long.csv", "m.elman.checkpoint"]);
    }
}

/// The test after the run takes long here; the model is there already.
#[test]
fn an_interruption_of_the_test_ends_the_program_at_once() {
    let rows = (0..60_000).map(|n| format!("{}\n", 100 + n * 37 % 91)).collect::<String>();
    let place = Place::with("a.csv", format!("y\n{rows}"));
    let run = Running::start(&place, "train a.csv -o m.elman --epochs 1 --hidden-size 48 --test 30000");
    while !place.path("m.elman").exists() {
        std::thread::sleep(Duration::from_millis(1));
    }
    let (status, stdout) = run.signal("-TERM");
    assert_eq!((status.code(), stdout.as_str()), (Some(143), ""));
    assert!(!place.path(".m.elman.lock").exists());
    place.ok("inspect m.elman");
}

/// A shell that ignores a signal, as `nohup` and scripts with `&` do, and becomes the program.
#[test]
fn an_ignored_signal_stays_ignored() {
    for (name, signal) in [("HUP", "-HUP"), ("INT", "-INT")] {
        let place = Place::new();
        let shell = format!("trap '' {name}; exec \"$0\" train -v --epochs 60 --hidden-size 24");
        let mut command = Command::new("sh");
        command.args(["-c", &shell]).arg(crate::common::program()).current_dir(place.path(""));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("a shell");
        let stderr = BufReader::new(child.stderr.take().expect("a pipe"));
        let mut run = Running { child, stderr };
        assert!(run.reach("epoch 2/"));
        let (status, stdout) = run.signal(signal);
        assert_eq!(status.code(), Some(0), "{name}: {stdout}");
        assert_eq!(place.names(), ["airline.elman"]);
    }
}

#[test]
fn a_second_run_of_the_same_model_is_refused_at_once() {
    let place = Place::new();
    let mut run = Running::start(&place, LONG);
    assert!(run.reach("epoch 2/"));
    let message = "cannot write m.elman: another run is writing it at this moment; wait for its end, or name another file";
    place.refuses(1, LONG, message);
    place.refuses(1, "train -o ./m.elman --epochs 1 --resume", &message.replace("m.elman", "./m.elman"));
    place.ok("train -q -o other.elman --epochs 1");
    let (status, _) = run.signal("-TERM");
    assert_eq!(status.code(), Some(143));
    let hidden = std::fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(hidden.into_iter().all(|name| !name.to_string_lossy().starts_with('.')));
    // A killed run holds no lock.
    let mut run = Running::start(&place, &format!("{LONG} --resume"));
    assert!(run.reach("epoch "));
    run.kill();
    let mut run = Running::start(&place, &format!("{LONG} --resume"));
    assert!(run.reach("epoch "));
    run.kill();
}

/// Runs the program where files can have so many blocks, and no signal ends it for that.
fn limited(place: &Place, blocks: u32, arguments: &str) -> (Option<i32>, String) {
    let mut command = Command::new("sh");
    let shell = format!("ulimit -f {blocks}; exec \"$0\" {arguments}");
    command
        .args(["-c", &shell])
        .arg(crate::common::program())
        .current_dir(place.path(""))
        .stdin(Stdio::null());
    let output = command.output().expect("a shell");
    (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
}

/// As on a full disk: what is too large for it cannot be written.
#[test]
fn a_checkpoint_that_cannot_be_written_does_not_end_the_run() {
    let place = Place::new();
    // A model of some 40 kB, checkpoints four times as large, and a limit between: shells count in 512 or 1024 bytes.
    let train = "train -o m.elman --epochs 5 --hidden-size 40 --checkpoint-epochs 1";
    let (code, stderr) = limited(&place, 128, train);
    assert_eq!(code, Some(0), "{stderr}");
    let warnings: Vec<&str> = stderr.lines().filter(|line| line.starts_with("warning: ")).collect();
    let [warning] = warnings[..] else { panic!("{stderr}") };
    assert!(warning.starts_with("warning: cannot write m.elman.checkpoint: "), "{warning}");
    assert!(warning.ends_with("; the run goes on without a new checkpoint"), "{warning}");
    assert_eq!(place.names(), ["m.elman"]);
    let model = place.read("m.elman");
    place.ok(train);
    assert!(place.read("m.elman") == model);
}

#[test]
fn a_model_that_cannot_be_written_leaves_its_checkpoint() {
    let place = killed("train -o m.elman --epochs 300 --hidden-size 40");
    let checkpoint = place.read("m.elman.checkpoint");
    let resume = "train -o m.elman --epochs 300 --hidden-size 40 --resume";
    let (code, stderr) = limited(&place, 8, resume);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("error: cannot write m.elman: "), "{stderr}");
    assert!(
        stderr.contains(
            "\nm.elman.checkpoint is kept: once there is room, the same command with --resume goes on from it\n"
        ),
        "{stderr}"
    );
    // A run that is killed while it writes leaves a temporary file as well.
    assert!(!place.path("m.elman").exists());
    assert!(place.read("m.elman.checkpoint") == checkpoint);
    place.ok(resume);
    assert!(place.path("m.elman").exists() && !place.path("m.elman.checkpoint").exists());
}

/// A place with the checkpoint of a run that was killed.
fn killed(train: &str) -> Place {
    let place = Place::new();
    let mut run = Running::start(&place, &format!("{train} {ALWAYS}"));
    assert!(run.reach("epoch 2/"));
    run.kill();
    assert!(place.path("m.elman.checkpoint").exists());
    place
}

const LONG: &str = "train -o m.elman --epochs 100000";

#[test]
fn another_runs_checkpoint_is_refused() {
    let place = killed(LONG);
    let refuses = |arguments: &str, what: &str| {
        let message = place.refused(1, &format!("{arguments} --resume"));
        let what = message
            .strip_prefix("m.elman.checkpoint belongs to another run: its ")
            .filter(|rest| rest.starts_with(what));
        let end = "; repeat that run's command, or start anew without --resume";
        assert!(what.is_some_and(|rest| rest.ends_with(end)), "{arguments}: {message}");
    };
    refuses("train -o m.elman --epochs 99999", "epochs is 100000, not 99999;");
    for (options, what) in [
        ("--learning-rate 0.02", "learning-rate is 0.01, not 0.02;"),
        ("--seed 3", "seed is 0, not 3;"),
        ("--hidden-size 8", "hidden-size is 20, not 8;"),
        ("--batch-size 8", "batch-size is 16, not 8;"),
        ("--cell gru", "cell is \"lstm\", not \"gru\";"),
        ("--dtype f64", "dtype is \"f32\", not \"f64\";"),
        ("--num-layers 2", "num-layers is 1, not 2;"),
        ("--clip 0", "clip is 1.0, not "),
        ("--test 12", "test is "),
        ("--horizon 3", "horizon is "),
        ("--validation 0.4", "validation is 0.0, not 0.4;"),
        ("--transform difference", "transform is "),
        // Which of an optimiser's or schedule's parts is named first is not said here.
        ("--optimiser sgd", ""),
        ("--schedule constant", ""),
    ] {
        refuses(&format!("{LONG} {options}"), what);
    }
    place.write("other.csv", airline_with(|row, value| (value + i64::from(row == 50)).to_string()));
    refuses("train other.csv -o m.elman --epochs 100000", "data are not the same;");
}

/// Somebody who forgets --resume shall not lose hours.
#[test]
fn a_checkpoint_is_not_written_over_by_a_new_run() {
    let place = killed(LONG);
    place.refuses(
        1,
        "train -o m.elman --epochs 1",
        "m.elman.checkpoint holds a run that has not ended: add --resume to go on with it, or remove it to start anew",
    );
}

#[test]
fn a_damaged_checkpoint_is_refused() {
    let place = killed(LONG);
    let whole = place.read("m.elman.checkpoint");
    let resume = format!("{LONG} --resume");
    place.write("m.elman.checkpoint", &whole[..whole.len() - 1000]);
    let message = place.refused(1, &resume);
    let cut = format!("m.elman.checkpoint is cut short: {} bytes of {}; ", whole.len() - 1000, whole.len());
    assert!(message.starts_with(&cut), "{message}");

    for position in (0..whole.len()).step_by(whole.len() / 8) {
        let mut flipped = whole.clone();
        flipped[position] ^= 1;
        place.write("m.elman.checkpoint", flipped);
        let message = place.refused(1, &resume);
        assert!(message.starts_with("m.elman.checkpoint "), "byte {position}: {message}");
    }
    place.write("m.elman.checkpoint", crate::common::airline());
    let message = place.refused(1, &resume);
    assert!(message.starts_with("m.elman.checkpoint is not a "), "{message}");
}

#[test]
fn a_model_is_no_checkpoint() {
    let place = Place::new();
    place.ok("train -q --epochs 1 -o m.elman");
    place.write("m.elman.checkpoint", place.read("m.elman"));
    place.refuses(
        1,
        "train -q --epochs 1 -o m.elman --resume",
        "m.elman.checkpoint is a finished model, not a checkpoint; there is nothing to resume",
    );
}

#[test]
fn without_a_checkpoint_a_run_starts_anew() {
    let place = Place::new();
    let said = place.ok("train --epochs 2 --resume");
    assert!(
        said.stderr.starts_with("there is no airline.elman.checkpoint: starting anew\n"),
        "{}",
        said.stderr
    );
    let resumed = place.read("airline.elman");
    place.ok("train --epochs 2");
    assert!(place.read("airline.elman") == resumed);
}

#[test]
fn a_run_that_has_ended_is_not_done_anew_by_resume() {
    let place = Place::new();
    place.ok("train -q --epochs 2");
    place.refuses(
        1,
        "train --epochs 2 --resume",
        "airline.elman is there and airline.elman.checkpoint is not: its run has ended, and there is nothing to resume; \
         leave out --resume to train anew",
    );
    place.ok("train -q --epochs 2");
}

#[test]
fn no_files_are_left_by_a_run_with_checkpoints() {
    let place = Place::new();
    place.ok(&format!("train -q --epochs 4 --checkpoint-epochs 1 {ALWAYS}"));
    assert_eq!(place.names(), ["airline.elman"]);
}
