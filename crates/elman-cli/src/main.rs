//! The program `elman`: train, check and run recurrent networks from the command line.
//!
//! Results go to standard output, progress and messages to standard error. It exits with 0, with 1
//! after a failed run, with 2 after wrong usage, and with 128 and the signal's number after a run that was
//! interrupted: 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP.

mod answers;
mod args;
mod backtest;
mod check;
mod course;
mod evaluate;
mod export;
mod generate;
mod import;
mod input;
mod inspect;
mod misread;
mod notebook;
mod output;
mod plot;
mod predict;
mod report;
mod signals;
mod sound;
mod stream;
mod svg;
mod train;

use std::io;
use std::num::NonZeroUsize;
use std::process::ExitCode;

use elman::threads;

use crate::args::{Arguments, Command};
use crate::output::{Output, Wrong};

fn main() -> ExitCode {
    let Arguments { command, threads: count, output } = match misread::parse() {
        Ok(arguments) => arguments,
        Err(wrong) => return fail(&wrong.into()),
    };
    let mut output = Output::new(output);
    #[cfg(feature = "parquet")]
    tell_of_damage();
    set_threads(count, &output);
    if let Err(error) = elman::network::instruction_set() {
        return fail(&elman::error::Error::from(error).into());
    }
    // Training has something to keep, a stream something to tell.
    let listens = matches!(command, Command::Train(_) | Command::Tune(_) | Command::Stream(_));
    if !listens && let Err(error) = signals::end_on_signal() {
        return fail(&error);
    }
    let result = match command {
        Command::Notebook(arguments) => notebook::run(arguments, &mut output),
        Command::Train(arguments) => train::run(*arguments, &mut output),
        Command::Tune(arguments) => train::tune(*arguments, &mut output),
        Command::Evaluate(arguments) => evaluate::run(&arguments, &mut output),
        Command::Backtest(arguments) => backtest::run(&arguments, &mut output),
        Command::Predict(arguments) => predict::run(&arguments, &mut output),
        Command::Stream(arguments) => stream::run(&arguments, &mut output),
        Command::Generate(arguments) => generate::run(&arguments, &mut output),
        Command::Inspect(arguments) => inspect::run(&arguments, &mut output),
        Command::Import(arguments) => import::run(&arguments, &mut output),
        Command::Export(arguments) => export::run(&arguments, &mut output),
        Command::Check(arguments) => check::run(&arguments, &mut output),
    };
    match result {
        Ok(code) => code,
        // Whoever reads our output has seen enough.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// More threads than the machine has are of no use.
fn set_threads(asked: Option<NonZeroUsize>, output: &Output) {
    let available = threads::available();
    if let Some(asked) = asked.filter(|&asked| asked > available) {
        output.note(&format!("note: --threads {asked} is more than this machine has; {available} are used"));
    }
    threads::set_count(asked.map(|asked| asked.min(available)));
}

/// The crate that reads Parquet panics at some damaged files, which is an error as any other, also where a panic ends
/// the program.
#[cfg(feature = "parquet")]
fn tell_of_damage() {
    let otherwise = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let Some(error) = elman::table::read::damage() else { return otherwise(panic) };
        output::message(&format!("error: {error}"));
        std::process::exit(1);
    }));
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn fail(error: &anyhow::Error) -> ExitCode {
    let (message, code) = match (error.downcast_ref::<elman::error::Error>(), error.downcast_ref::<Wrong>()) {
        (Some(error), _) => {
            let code = if matches!(error, elman::error::Error::Config(_)) { 2 } else { 1 };
            (error.naming(&output::flag), code)
        }
        (_, Some(wrong)) => (wrong.to_string(), 2),
        _ => (format!("{error:#}"), 1),
    };
    output::message(&format!("error: {message}"));
    ExitCode::from(code)
}
