//! How far a command is: a bar in a terminal, lines elsewhere; and what Ctrl-C leaves.
#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use elman::audio::Wav;

use crate::common::{Place, program};

/// Commands that take longer than what is over too soon for a bar, each with how it begins to tell.
const LONG: [(&str, &str); 4] = [
    ("train text short.txt -o again.elman --force --epochs 8 --hidden-size 32", "epoch 1/8"),
    ("evaluate text.elman long.txt", "measured "),
    ("predict text.elman long.txt -o answers.csv --force", "answered "),
    ("predict sound.elman long.wav -o played.wav --force", "played "),
];

/// A place with models of text and sound, and much for them to answer.
fn place() -> Place {
    let text = |len: usize| -> String {
        (0..len).map(|n| char::from(b'a' + u8::try_from(n * n % 251 % 26).expect("a letter"))).collect()
    };
    let place = Place::with("short.txt", text(20_000));
    place.write("long.txt", text(500_000));
    place.ok("train text short.txt -q --epochs 1 --hidden-size 64 -o text.elman");
    let sound = |len: usize| -> Vec<u8> {
        let samples: Vec<f32> = (0..len).map(|n| (n as f32 * 0.05).sin() * 0.3).collect();
        Wav::Float.write(8000, &samples).expect("a short recording")
    };
    place.write("in.wav", sound(24_000));
    place.write("long.wav", sound(4_000_000));
    place.ok("train label --audio in.wav in.wav -q --epochs 1 --preset standard -o sound.elman");
    place
}

/// The command in a terminal of so many columns.
fn in_terminal(place: &Place, columns: u16, arguments: &str) -> Command {
    let run = format!("stty rows 24 cols {columns}; exec {} {arguments}", program().display());
    let mut command = Command::new("script");
    command.args(["-qefc", &run, "/dev/null"]).current_dir(place.path("")).stdin(Stdio::null());
    command
}

#[test]
fn a_bar_is_seen_in_a_terminal_and_nothing_elsewhere() {
    let place = place();
    for (n, (arguments, told)) in LONG.into_iter().enumerate() {
        // Training and one other in a narrow one as well.
        for columns in [120, 30].into_iter().take(if n < 2 { 2 } else { 1 }) {
            let output = in_terminal(&place, columns, arguments).output().expect("script, of util-linux");
            let shown = String::from_utf8(output.stdout).expect("UTF-8");
            assert!(output.status.success(), "{arguments}: {shown}");
            let bars: Vec<&str> = shown.split(['\r', '\n']).filter(|line| line.contains(told)).collect();
            assert!(!bars.is_empty(), "{arguments}: {shown}");
            for bar in bars {
                let bar = bar.replace("\u{1b}[2K", "").replace("\u{1b}[1A", "").replace("\u{1b}[1B", "");
                assert!(bar.trim_end().chars().count() < usize::from(columns), "{arguments}: {bar:?}");
                assert!(!bar.contains("\u{1b}["), "{arguments}: {bar:?}");
                assert_eq!(bar.contains(['█', '░']), columns == 120, "{arguments}: {bar:?}");
            }
        }
        // A pipe is told nothing within half a minute; of what training says of its epochs there are tests.
        if !told.starts_with("epoch") {
            let said = place.ok(arguments).stderr;
            assert!(!said.contains(told), "{arguments}: {said}");
        }
    }
}

/// Every file that a command begins is whole, or not there.
#[test]
fn ctrl_c_ends_a_prediction_and_leaves_nothing() {
    let place = place();
    let before = place.names();
    for (signal, code) in [("-INT", 130), ("-TERM", 143), ("-HUP", 129)] {
        let arguments = "predict sound.elman long.wav -o played.wav";
        let mut command = Command::new("env");
        command.arg("--default-signal=INT,HUP").arg(program()).args(arguments.split(' '));
        command.current_dir(place.path("")).stderr(Stdio::null());
        let mut child = command.spawn().expect("a program that starts");
        let started = Instant::now();
        // In the midst of writing.
        while !place.names().iter().any(|name| name.ends_with(".tmp")) {
            assert!(started.elapsed() < Duration::from_secs(60), "{:?}", place.names());
            std::thread::yield_now();
        }
        let id = child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill").success());
        assert_eq!(child.wait().expect("an end").code(), Some(code));
        assert_eq!(place.names(), before);
    }
}
