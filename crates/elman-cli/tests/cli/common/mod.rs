//! A place to run the program in, as a user does, and data to run it on.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder of its own for a test: every command runs in it.
pub(crate) struct Place(TempDir);

/// What a command said.
pub(crate) struct Said {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Place(TempDir::new().expect("a temporary folder"))
    }

    /// A place with this file in it.
    pub(crate) fn with(name: &str, content: impl AsRef<[u8]>) -> Self {
        let place = Place::new();
        place.write(name, content);
        place
    }

    /// A place in which this command was killed once it had left this file, and before its model `m.elman`: on a busy machine,
    /// a run may be over before it is killed.
    pub(crate) fn with_killed(arguments: &str, left: &str) -> Self {
        let killed = (0..50).map(|_| Place::new()).find(|place| {
            let mut command = place.command(arguments);
            let mut child =
                command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a program that starts");
            while !place.path(left).exists() && child.try_wait().expect("a child").is_none() {
                std::thread::yield_now();
            }
            child.kill().expect("a signal that is sent");
            child.wait().expect("an end");
            place.path(left).exists() && !place.path("m.elman").exists()
        });
        killed.expect("a run that was killed before its end")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).expect("a file that can be written");
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).expect("UTF-8")
    }

    /// All files, hidden ones too, with what is in them; but for the locks of runs that were killed.
    pub(crate) fn files(&self) -> BTreeMap<String, Vec<u8>> {
        let entries = fs::read_dir(self.0.path()).expect("the folder").map(|entry| entry.expect("an entry"));
        entries
            .filter(|entry| entry.path().is_file())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .filter(|name| !name.ends_with(".lock"))
            .map(|name| (name.clone(), self.read(&name)))
            .collect()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.files().into_keys().collect()
    }

    /// The program with these arguments, which blanks separate.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(program());
        command.args(arguments.split_whitespace()).current_dir(self.0.path());
        command.stdin(Stdio::null());
        command
    }

    /// Runs the program, which must not panic.
    pub(crate) fn run(&self, arguments: &str) -> Output {
        let output = self.command(arguments).output().expect("a program that starts");
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!stderr.contains("panicked"), "elman {arguments}: {stderr}");
        output
    }

    /// Runs the program, which must succeed.
    pub(crate) fn ok(&self, arguments: &str) -> Said {
        let output = self.run(arguments);
        let said = Said::from(&output);
        assert_eq!(output.status.code(), Some(0), "elman {arguments}: {}", said.stderr);
        said
    }

    /// Runs the program, which must refuse with this exit code, say nothing on standard output, and
    /// leave every file as it is. Returns the message, without its `error: `.
    pub(crate) fn refused(&self, code: i32, arguments: &str) -> String {
        let before = self.files();
        let output = self.run(arguments);
        let Said { stdout, stderr } = Said::from(&output);
        assert_eq!(output.status.code(), Some(code), "elman {arguments}: {stdout}{stderr}");
        assert_eq!(stdout, "", "elman {arguments}");
        assert!(self.files() == before, "elman {arguments}: files changed, now {:?}", self.names());
        // What was read before the failure may be said first.
        let message = stderr.split_once("error: ").unwrap_or_else(|| panic!("elman {arguments}: {stderr}")).1;
        message.trim_end().to_owned()
    }

    /// As [`refused`](Self::refused), with a message known to the letter.
    #[track_caller]
    pub(crate) fn refuses(&self, code: i32, arguments: &str, message: &str) {
        assert_eq!(self.refused(code, arguments), message, "elman {arguments}");
    }

    /// The objects that the program prints with `--json`.
    pub(crate) fn json(&self, arguments: &str) -> Vec<Value> {
        let stdout = self.ok(&format!("{arguments} --json")).stdout;
        stdout.lines().map(|line| serde_json::from_str(line).expect("a JSON object on every line")).collect()
    }

    /// The last of them.
    pub(crate) fn last_json(&self, arguments: &str) -> Value {
        self.json(arguments).pop().expect("a line")
    }
}

impl From<&Output> for Said {
    fn from(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        Said { stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

/// The program under test.
pub(crate) fn program() -> &'static Path {
    assert_cmd::cargo::cargo_bin!("elman")
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The monthly airline passengers: `month,passengers`, 144 rows.
pub(crate) fn airline() -> String {
    repository("crates/elman/data/airline.csv")
}

/// The airline passengers with another value in each row, made from its number and its own.
pub(crate) fn airline_with(value: impl Fn(usize, i64) -> String) -> String {
    let mut csv = String::from("month,passengers\n");
    for (row, line) in airline().lines().skip(1).enumerate() {
        let (month, passengers) = line.split_once(',').expect("two columns");
        let passengers = passengers.parse().expect("a whole number");
        line_of(&mut csv, &[month, &value(row, passengers)]);
    }
    csv
}

pub(crate) fn line_of(csv: &mut String, cells: &[&str]) {
    writeln!(csv, "{}", cells.join(",")).expect("a String takes all");
}

/// Numbers in `[-1, 1)`, the same in every run (Knuth's MMIX generator).
pub(crate) fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
}

/// Sequences of 3 to 9 steps, told apart by `id`, with the inputs `a` and `b`: a number to learn in
/// `level`, 3 times the mean of `a` plus the last `b`, and a class in `side`, `high` or `low`, by the
/// sign of the mean of `a`, which is far from 0. `time` counts a sequence's steps.
pub(crate) fn sequences(count: usize) -> String {
    let mut noise = noise(7);
    let mut csv = String::from("id,time,a,b,level,side\n");
    for n in 0..count {
        let length = 3 + n % 7;
        let side = if noise() < 0.0 { -1.0 } else { 1.0 };
        let steps: Vec<[f64; 2]> = (0..length).map(|_| [side + 0.7 * noise(), noise()]).collect();
        let level =
            3.0 * steps.iter().map(|step| step[0]).sum::<f64>() / length as f64 + steps[length - 1][1];
        let class = if side > 0.0 { "high" } else { "low" };
        for (t, [a, b]) in steps.iter().enumerate() {
            let cells =
                [format!("s{n}"), t.to_string(), format!("{a:.5}"), format!("{b:.5}"), format!("{level:.5}")];
            line_of(&mut csv, &[&cells[0], &cells[1], &cells[2], &cells[3], &cells[4], class]);
        }
    }
    csv
}

/// A small run on [`sequences`] in `s.csv`, by task; the epochs are still to be said. No recipe is searched for.
pub(crate) const REGRESS: &str =
    "train regress s.csv --target level --features a,b --time time -o m.elman --hidden-size 12";
pub(crate) const CLASSIFY: &str = "train classify s.csv --target side --features a,b --time time -o m.elman --hidden-size 12 --search=false";

/// The JSON header of a model file.
pub(crate) fn header(model: &[u8]) -> Value {
    let (length, rest) = model.split_first_chunk::<8>().expect("a length");
    let length = u64::from_le_bytes(*length) as usize;
    serde_json::from_slice(&rest[..length]).expect("a safetensors header")
}

/// A figure in what the program prints with `--json`.
#[track_caller]
pub(crate) fn figure(object: &Value, path: &str) -> f64 {
    object.pointer(path).and_then(Value::as_f64).unwrap_or_else(|| panic!("no number {path} in {object}"))
}
