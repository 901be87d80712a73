//! `cargo xtask test`: what must hold before a change is taken, cheapest first.

mod table;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use anyhow::{Context, Result, anyhow};

use self::table::{Row, Table};
use crate::process::Outcome;
use crate::project::Project;
use crate::{docs, fuzz, package, process, python, release, report, targets};

/// How long continuous integration runs each fuzz target: enough to meet a reader that panics on
/// a slightly damaged file, not a search for deep faults.
const FUZZ_SECONDS: u32 = 8;

/// One thing to check.
struct Stage {
    name: &'static str,
    /// Whether `--fast` runs it too.
    fast: bool,
    work: Work,
    /// The profile whose build of the program this is, if it is one: the time of a clean one is promised.
    builds: Option<&'static Build>,
}

/// A build of the program.
struct Build {
    name: &'static str,
    /// The directory of target/ that it goes to.
    directory: &'static str,
    /// How many seconds it may take from nothing.
    promised: u32,
}

const RELEASE: Build = Build { name: "release build", directory: "release", promised: 150 };
const DEVELOPMENT: Build = Build { name: "development build", directory: "debug", promised: 120 };

/// How a stage is done. Both kinds know the command that repeats them alone.
enum Work {
    /// A call of cargo, and nothing but that: its arguments, in parts.
    Cargo(&'static [&'static [&'static str]]),
    /// A step of ours, with the command that repeats it.
    Own(fn(&Project) -> Result<Outcome>, &'static str),
}

/// All tests, with all features, as the development build before them and the wheel after them have, so that the library is
/// compiled once for all; what a program without them says is tested with the release build. The package has its tests in
/// Python.
const TESTS: &[&str] = &["test", "--workspace", "--all-features"];

/// In the order of their cost, one after the other.
const STAGES: &[Stage] = &[
    Stage::cargo("format", &[&["fmt", "--all", "--check"]]).fast(),
    Stage::cargo("format of fuzz/", &[&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]]).fast(),
    Stage::cargo(
        "lints",
        &[&["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"]],
    )
    .fast(),
    Stage::own("docs", docs::COMMAND, |p| passed(docs::build(p))),
    Stage::own(RELEASE.name, release::COMMAND, |p| passed(release::build_and_weigh(p))).building(&RELEASE),
    Stage::cargo(DEVELOPMENT.name, &[&["build", "--workspace", "--bins", "--all-features"]])
        .building(&DEVELOPMENT),
    Stage::cargo("build of the tests", &[TESTS, &["--no-run"]]).fast(),
];

/// What follows, in two lanes side by side: a stage that waits for a single core, a download or a lock leaves room for one
/// of the other lane. Slow tests leave documentation tests out: to those, `--ignored` would mean the examples that are
/// marked as not to be run.
const LANES: [&[Stage]; 2] = [
    &[
        Stage::cargo("tests", &[TESTS]).fast(),
        Stage::cargo("slow tests", &[TESTS, &["--lib", "--bins", "--tests", "--", "--ignored"]]),
    ],
    &[
        Stage::own("other processors", targets::COMMAND, targets::run),
        Stage::own("fuzzing", "cargo xtask fuzz 8", |p| fuzz::run(p, FUZZ_SECONDS)),
        Stage::own("Python tests", "cargo xtask python", |p| passed(python::run_tests(p))),
        Stage::own("reports in a browser", report::COMMAND, report::run),
        Stage::own("Python package", "cargo xtask package", |p| passed(package::test(p, false))),
    ],
];

/// Runs the stages and stops at the first that fails; a stage that runs beside it comes to its end. The last line counts
/// them.
pub(crate) fn run(project: &Project, fast: bool) -> Result<()> {
    let table = Mutex::new(Table::new(!fast));
    let ended = run_stages(project, fast, &table);
    let table = table.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    println!("\n{}", table.ended());
    ended
}

fn run_stages(project: &Project, fast: bool, table: &Mutex<Table>) -> Result<()> {
    let is_wanted = |stage: &&Stage| stage.fast || !fast;
    for stage in STAGES.iter().filter(is_wanted) {
        stage.run(project, table, Output::Shown)?;
    }
    let lanes = LANES.map(|lane| lane.iter().filter(is_wanted).collect::<Vec<_>>());
    let output = if lanes.iter().all(|lane| !lane.is_empty()) { Output::Gathered } else { Output::Shown };
    let has_failed = AtomicBool::new(false);
    process::side_by_side(&lanes, |lane| {
        lane.iter().take_while(|_| !has_failed.load(Ordering::Relaxed)).try_for_each(|stage| {
            stage.run(project, table, output).inspect_err(|_| has_failed.store(true, Ordering::Relaxed))
        })
    })
}

/// What becomes of what a stage prints.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Output {
    /// It is shown as it comes.
    Shown,
    /// It is shown when the stage has ended, since another runs beside it.
    Gathered,
}

impl Stage {
    /// A stage that is a call of cargo.
    const fn cargo(name: &'static str, arguments: &'static [&'static [&'static str]]) -> Self {
        Self { name, fast: false, work: Work::Cargo(arguments), builds: None }
    }

    /// A stage that is a step of ours, with the command that repeats it.
    const fn own(name: &'static str, command: &'static str, step: fn(&Project) -> Result<Outcome>) -> Self {
        Self { name, fast: false, work: Work::Own(step, command), builds: None }
    }

    /// The same, run by `--fast` too.
    const fn fast(self) -> Self {
        Self { fast: true, ..self }
    }

    /// The same, as a build whose time is promised.
    const fn building(self, build: &'static Build) -> Self {
        Self { builds: Some(build), ..self }
    }

    /// Runs one stage between a headed line and its time, which goes to the table.
    fn run(&self, project: &Project, table: &Mutex<Table>, output: Output) -> Result<()> {
        let (name, command) = (self.name, self.work.command());
        let clean_build = self.builds.filter(|build| !project.program(build.directory).exists());
        let start = Instant::now();
        let result = match output {
            Output::Shown => {
                println!("\n== {name}: {command}");
                self.work.run(project)
            }
            Output::Gathered => {
                println!("\n== {name}: {command}, beside others: what it prints follows when it ends");
                self.work.run_gathered(project).and_then(|(printed, ended)| {
                    println!("\n== {name} printed:\n{printed}");
                    ended
                })
            }
        };
        let seconds = start.elapsed().as_secs_f64();
        match &result {
            Ok(Outcome::Passed) => println!("== {name}: passed in {seconds:.1} s"),
            Ok(Outcome::Skipped(reason)) => println!("== {name}: SKIPPED: {reason}"),
            Err(_) => println!("== {name}: FAILED after {seconds:.1} s"),
        }
        let row = Row { name, seconds, end: result.as_ref().into(), clean_build };
        table.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(row);
        result
            .map(|_| ())
            .map_err(|error| anyhow!("stage `{name}` failed: {error:#}\nTo repeat it alone: {command}"))
    }
}

impl Work {
    /// What to type, at the root, to do this alone.
    fn command(&self) -> String {
        match self {
            Self::Cargo(arguments) => {
                let words: Vec<String> = arguments.concat().into_iter().map(process::quoted).collect();
                format!("cargo {}", words.join(" "))
            }
            Self::Own(_, command) => (*command).to_owned(),
        }
    }

    fn run(&self, project: &Project) -> Result<Outcome> {
        match self {
            Self::Cargo(arguments) => passed(process::run(project.cargo().args(arguments.concat()))),
            Self::Own(step, _) => step(project),
        }
    }

    /// The same in a process of its own, with what it printed.
    fn run_gathered(&self, project: &Project) -> Result<(String, Result<Outcome>)> {
        let mut process = match self {
            Self::Cargo(arguments) => {
                let mut cargo = project.cargo();
                cargo.args(arguments.concat());
                cargo
            }
            Self::Own(_, command) => {
                let mut own = project.command(std::env::current_exe().context("this program has a place")?);
                own.args(command.split(' ').skip_while(|&word| word == "cargo" || word == "xtask"));
                own
            }
        };
        let (printed, ended) = process::gathered(&mut process)?;
        // Of a call of cargo, that would be a line of some test.
        let lines = printed.lines().filter(|_| matches!(self, Self::Own(..)));
        let skipped = lines.into_iter().find_map(|line| line.strip_prefix(process::SKIPPED));
        let outcome = skipped.map_or(Outcome::Passed, |reason| Outcome::Skipped(reason.to_owned()));
        Ok((printed, ended.map(|()| outcome)))
    }
}

/// A stage that any machine can check.
fn passed(result: Result<()>) -> Result<Outcome> {
    result.map(|()| Outcome::Passed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chore::Chore;

    #[test]
    fn the_command_that_repeats_a_chore_means_the_same() {
        let own: Vec<String> = STAGES
            .iter()
            .chain(LANES.into_iter().flatten())
            .map(|stage| stage.work.command())
            .filter_map(|command| command.strip_prefix("cargo xtask ").map(String::from))
            .collect();
        assert_eq!(own.len(), 5);
        for command in own {
            let words: Vec<String> = command.split(' ').map(String::from).collect();
            let chore = Chore::parse(&words).expect("the command is understood");
            let known = [
                Chore::Python,
                Chore::Package { peers: false },
                Chore::Report,
                Chore::Targets,
                Chore::Fuzz { seconds: FUZZ_SECONDS },
            ];
            assert!(known.contains(&chore), "{chore:?}");
        }
    }
}
