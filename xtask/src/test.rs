//! `cargo xtask test`: what must hold before a change is taken, cheapest first.

use std::time::Instant;

use anyhow::{Result, anyhow};

use crate::process::Outcome;
use crate::project::Project;
use crate::{docs, fuzz, process, python, release, targets};

/// How long continuous integration runs each fuzz target: enough to meet a reader that panics on
/// a slightly damaged file, not a search for deep faults.
const FUZZ_SECONDS: u32 = 10;

/// One thing to check.
struct Stage {
    name: &'static str,
    /// Whether `--fast` runs it too.
    fast: bool,
    work: Work,
}

/// How a stage is done. Both kinds know the command that repeats them alone.
enum Work {
    /// A call of cargo, and nothing but that.
    Cargo(&'static [&'static str]),
    /// A step of ours, with the command that repeats it.
    Own(fn(&Project) -> Result<Outcome>, &'static str),
}

/// In the order of their cost. Slow tests leave documentation tests out: to those, `--ignored`
/// would mean the examples that are marked as not to be run.
const STAGES: &[Stage] = &[
    Stage { name: "format", fast: true, work: Work::Cargo(&["fmt", "--all", "--check"]) },
    Stage {
        name: "format of fuzz/",
        fast: true,
        work: Work::Cargo(&["fmt", "--manifest-path", "fuzz/Cargo.toml", "--check"]),
    },
    Stage {
        name: "lints",
        fast: true,
        work: Work::Cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    },
    Stage { name: "docs", fast: false, work: Work::Own(|p| passed(docs::build(p)), docs::COMMAND) },
    Stage {
        name: "release build",
        fast: false,
        work: Work::Own(|p| passed(release::build_and_measure(p)), release::COMMAND),
    },
    Stage { name: "tests", fast: true, work: Work::Cargo(&["test", "--workspace"]) },
    Stage {
        name: "slow tests",
        fast: false,
        work: Work::Cargo(&["test", "--workspace", "--lib", "--bins", "--tests", "--", "--ignored"]),
    },
    Stage {
        name: "Python tests",
        fast: false,
        work: Work::Own(|p| passed(python::run_tests(p)), "cargo xtask python"),
    },
    Stage { name: "other processors", fast: false, work: Work::Own(targets::run, targets::COMMAND) },
    Stage {
        name: "fuzzing",
        fast: false,
        work: Work::Own(|p| fuzz::run(p, FUZZ_SECONDS), "cargo xtask fuzz 10"),
    },
];

/// Runs the stages in order and stops at the first that fails. The last line counts them.
pub(crate) fn run(project: &Project, fast: bool) -> Result<()> {
    let start = Instant::now();
    let (mut passed, mut skipped) = (0, 0);
    for stage in STAGES.iter().filter(|stage| stage.fast || !fast) {
        match stage.run(project)? {
            Outcome::Passed => passed += 1,
            Outcome::Skipped(_) => skipped += 1,
        }
    }
    println!("\nAll in {:.1} s", start.elapsed().as_secs_f64());
    println!("stages: {passed} passed, 0 failed, {skipped} skipped");
    Ok(())
}

impl Stage {
    /// Runs one stage between a headed line and its time.
    fn run(&self, project: &Project) -> Result<Outcome> {
        let (name, command) = (self.name, self.work.command());
        println!("\n== {name}: {command}");
        let start = Instant::now();
        let result = match self.work {
            Work::Cargo(arguments) => passed(process::run(project.cargo().args(arguments))),
            Work::Own(step, _) => step(project),
        };
        let seconds = start.elapsed().as_secs_f64();
        match &result {
            Ok(Outcome::Passed) => println!("== {name}: passed in {seconds:.1} s"),
            Ok(Outcome::Skipped(reason)) => println!("== {name}: SKIPPED: {reason}"),
            Err(_) => println!("== {name}: FAILED after {seconds:.1} s"),
        }
        result.map_err(|error| anyhow!("stage `{name}` failed: {error:#}\nTo repeat it alone: {command}"))
    }
}

impl Work {
    /// What to type, at the root, to do this alone.
    fn command(&self) -> String {
        match self {
            Self::Cargo(arguments) => {
                let words: Vec<String> = arguments.iter().map(|word| process::quoted(word)).collect();
                format!("cargo {}", words.join(" "))
            }
            Self::Own(_, command) => (*command).to_owned(),
        }
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
            .map(|stage| stage.work.command())
            .filter_map(|command| command.strip_prefix("cargo xtask ").map(String::from))
            .collect();
        assert_eq!(own.len(), 3);
        for command in own {
            let words: Vec<String> = command.split(' ').map(String::from).collect();
            let chore = Chore::parse(&words).expect("the command is understood");
            let known = [Chore::Python, Chore::Targets, Chore::Fuzz { seconds: FUZZ_SECONDS }];
            assert!(known.contains(&chore), "{chore:?}");
        }
    }
}
