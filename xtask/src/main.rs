//! The project's chores, behind one command: `cargo xtask help` lists them.
//!
//! They are Rust rather than shell so that they run wherever the project builds, and continuous
//! integration calls the same `cargo xtask test` that a contributor does.

mod bench;
mod chore;
mod debian;
mod docs;
mod fuzz;
mod package;
mod process;
mod project;
mod python;
mod reference;
mod release;
mod report;
mod targets;
mod test;
mod timings;

use std::process::ExitCode;

use crate::chore::Chore;
use crate::project::Project;

/// Exits with 0, with 1 when the chore failed, with 2 when there is no such chore.
fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let chore = match Chore::parse(&arguments) {
        Ok(chore) => chore,
        Err(wrong) => {
            eprintln!("error: {wrong}\n\n{}", chore::HELP);
            return ExitCode::from(2);
        }
    };
    match run(chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Hands a chore to the file that knows how it is done.
fn run(chore: Chore) -> anyhow::Result<()> {
    let project = Project::find()?;
    match chore {
        Chore::Help => {
            println!("{}", chore::HELP);
            Ok(())
        }
        Chore::Test { fast } => test::run(&project, fast),
        Chore::Python => python::run_tests(&project),
        Chore::Package { peers } => package::test(&project, peers),
        Chore::Dist => package::dist(&project),
        Chore::Fuzz { seconds } => fuzz::run(&project, seconds).map(|outcome| outcome.announce()),
        Chore::Report => report::run(&project).map(|outcome| outcome.announce()),
        Chore::Targets => targets::run(&project).map(|outcome| outcome.announce()),
        Chore::Bench { what, quick } => bench::run(&project, what, quick),
        Chore::Anchors { peers } => bench::anchors(&project, peers),
        Chore::Reference => reference::run(&project),
        Chore::Docs => docs::build_and_tell(&project),
        Chore::Timings => timings::run(&project),
    }
}
