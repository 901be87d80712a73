//! Running other programs, with errors that say which one and how it ended.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

/// Runs a program to its end; its output goes where ours goes. Its input is empty, so that nothing
/// waits for an answer that continuous integration cannot give.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    command.stdin(Stdio::null());
    let line = line(command);
    let status = command.status().with_context(|| format!("cannot start `{line}`"))?;
    if !status.success() {
        bail!("`{line}` ended with {status}");
    }
    Ok(())
}

/// Whether a program is there and ends well: a question, so nothing is printed.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).output().is_ok_and(|output| output.status.success())
}

/// What a program prints on standard output, without the white space around it.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    command.stdin(Stdio::null()).stderr(Stdio::inherit());
    let line = line(command);
    let output = command.output().with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        bail!("`{line}` ended with {}", output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// What a program reports on standard error while it runs; shown only if it fails.
pub(crate) fn report(command: &mut Command) -> Result<String> {
    command.stdin(Stdio::null()).stdout(Stdio::inherit());
    let line = line(command);
    let output = command.output().with_context(|| format!("cannot start `{line}`"))?;
    let report = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        eprintln!("{report}");
        bail!("`{line}` ended with {}", output.status);
    }
    Ok(report)
}

/// Runs a program to its end: what it printed on both outputs, and how it ended.
pub(crate) fn gathered(command: &mut Command) -> Result<(String, Result<()>)> {
    let line = line(command);
    let (mut reader, writer) = std::io::pipe().context("cannot make a pipe")?;
    let both = writer.try_clone().context("cannot make a pipe")?;
    command.stdin(Stdio::null()).stdout(both).stderr(writer);
    let mut child = command.spawn().with_context(|| format!("cannot start `{line}`"))?;
    // The command holds ends of the pipe, which is at its end when nobody does.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut printed = Vec::new();
    reader.read_to_end(&mut printed).with_context(|| format!("cannot read what `{line}` prints"))?;
    let status = child.wait().with_context(|| format!("cannot wait for `{line}`"))?;
    let ended = if status.success() { Ok(()) } else { Err(anyhow!("`{line}` ended with {status}")) };
    Ok((String::from_utf8_lossy(&printed).into_owned(), ended))
}

/// Does something with each item on a thread of its own; the first failure in the order of the items counts.
pub(crate) fn side_by_side<T: Sync>(items: &[T], act: impl Fn(&T) -> Result<()> + Sync) -> Result<()> {
    std::thread::scope(|scope| {
        let threads: Vec<_> = items.iter().map(|item| scope.spawn(|| act(item))).collect();
        let results = threads.into_iter().map(|thread| match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        // All are waited for: what runs on would write into what follows.
        results.collect::<Vec<_>>().into_iter().collect()
    })
}

/// A command as it would be typed: the program by its name, since the arguments say what it did.
fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let words = std::iter::once(program.file_name().unwrap_or_default()).chain(command.get_args());
    words.map(|word| quoted(&word.to_string_lossy())).collect::<Vec<_>>().join(" ")
}

/// A word as a shell takes it, with quotes where it needs them.
pub(crate) fn quoted(word: &str) -> String {
    if word.is_empty() || word.contains(char::is_whitespace) {
        format!("\"{word}\"")
    } else {
        word.to_owned()
    }
}

/// What a line begins with that says why a chore was skipped.
pub(crate) const SKIPPED: &str = "SKIPPED: ";

/// How a chore that did not fail ended.
pub(crate) enum Outcome {
    /// It was checked.
    Passed,
    /// This machine cannot check it; the text says why, and what would help.
    Skipped(String),
}

impl Outcome {
    /// A skipped stage must not look like a passed one.
    pub(crate) fn announce(self) {
        if let Self::Skipped(reason) = self {
            println!("{SKIPPED}{reason}");
        }
    }
}
