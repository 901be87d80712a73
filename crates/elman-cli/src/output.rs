//! What is said on standard output and standard error.

use std::cell::RefCell;
use std::io::{self, Write};

use clap::Args;
use elman::error::{FileError, Message};
use serde::Serialize;

/// How much is said, and to whom.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct OutputOptions {
    /// Print results as JSON, one object per line
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,
    /// Show no progress
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub(crate) quiet: bool,
    /// Show every epoch, every tensor
    #[arg(short, long, global = true, help_heading = "Output")]
    pub(crate) verbose: bool,
}

/// A wrong use of the program that the argument parser cannot see: the program exits with 2.
#[derive(Debug)]
pub(crate) struct Wrong(pub(crate) String);

impl std::fmt::Display for Wrong {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Wrong {}

/// Standard output, and how much is to be said.
pub(crate) struct Output {
    pub(crate) options: OutputOptions,
    stdout: io::Stdout,
    /// What has been remarked so far.
    remarks: RefCell<Vec<String>>,
}

impl Output {
    pub(crate) fn new(options: OutputOptions) -> Self {
        Output { options, stdout: io::stdout(), remarks: RefCell::default() }
    }

    /// A line of the result.
    pub(crate) fn line(&mut self, line: impl std::fmt::Display) -> anyhow::Result<()> {
        writeln!(self.stdout, "{}", printable(&line.to_string())).map_err(unwritten)
    }

    /// The result as it is, without a line's end.
    pub(crate) fn raw(&self, bytes: &[u8]) -> anyhow::Result<()> {
        let mut stdout = &self.stdout;
        stdout.write_all(bytes).and_then(|()| stdout.flush()).map_err(unwritten)
    }

    /// An object of the result, on a line of its own.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let text = serde_json::to_string(value)?;
        self.line(text)
    }

    /// The rows of a table, the first its head; columns but the first are set to the right.
    pub(crate) fn table(&mut self, rows: &[Vec<String>]) -> anyhow::Result<()> {
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width =
            |n: usize| rows.iter().filter_map(|row| row.get(n)).map(|cell| cell.chars().count()).max();
        let widths: Vec<usize> = (0..columns).map(|n| width(n).unwrap_or(0)).collect();
        for row in rows {
            let cells = row.iter().zip(&widths).enumerate().map(|(n, (cell, &width))| {
                if n == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") }
            });
            self.line(cells.collect::<Vec<_>>().join("  ").trim_end())?;
        }
        Ok(())
    }

    /// What the library remarks beside a result; nothing with `--quiet`.
    pub(crate) fn remarks(&self, remarks: &[Message]) {
        remarks.iter().for_each(|remark| self.remark(&remark.naming(&flag)));
    }

    /// A remark beside a result; with `--quiet` it is not shown.
    pub(crate) fn remark(&self, text: &str) {
        self.note(&format!("note: {text}"));
        self.remarks.borrow_mut().push(text.to_owned());
    }

    /// All that has been remarked, shown or not.
    pub(crate) fn remarked(&self) -> Vec<String> {
        self.remarks.borrow().clone()
    }

    /// Remarks the columns that a file of numbers has no place for.
    pub(crate) fn left_out(&self, columns: &[&str]) {
        if !columns.is_empty() {
            self.note(&format!("note: an npy file holds numbers alone; left out: {}", columns.join(", ")));
        }
    }

    /// A message to the user beside the result; nothing with `--quiet`.
    pub(crate) fn note(&self, text: &str) {
        if !self.options.quiet {
            message(text);
        }
    }
}

/// A failure to write to standard output; a reader that has gone away stays a plain error.
fn unwritten(error: io::Error) -> anyhow::Error {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return error.into();
    }
    elman::error::Error::from(FileError { action: "write to", path: "standard output".into(), error }).into()
}

/// An option of the library's configuration as it is written on the command line.
pub(crate) fn flag(option: &str) -> String {
    format!("--{}", option.replace('_', "-"))
}

/// A line on standard error. If even that cannot be written, there is nobody left to tell.
pub(crate) fn message(text: &str) {
    let _ = writeln!(io::stderr(), "{}", printable(text));
}

/// Without control characters but those of lines and columns: by others what is out of a file could take hold of a
/// terminal.
pub(crate) fn printable(text: &str) -> String {
    let is_harmful = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    text.chars().map(|c| if is_harmful(c) { '\u{FFFD}' } else { c }).collect()
}

/// As a shell takes it for one word.
pub(crate) fn quoted(word: &str) -> String {
    if !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_./:\\=,".contains(c)) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// A figure to four digits, as far as they say something: `3.031`, `49.61`, `1234`, `0.0002512`.
pub(crate) fn figure(value: f64) -> String {
    if value == 0.0 {
        return "0".into();
    }
    let magnitude = value.abs().log10().floor();
    if !(-5.0..9.0).contains(&magnitude) {
        return format!("{value:.3e}");
    }
    let decimals = (3.0 - magnitude).clamp(0.0, 9.0) as usize;
    format!("{value:.decimals$}")
}

/// A percentage to two digits behind the point, as far as they say something: `3.20 %`, `7.14e71 %`.
pub(crate) fn percentage(value: f64) -> String {
    if value.abs() < 1e6 { format!("{value:.2} %") } else { format!("{value:.2e} %") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_four_digits() {
        let texts = [3.0311, 49.6123, 1234.4, 0.00025123, 1e12, -0.5, 0.0].map(figure);
        assert_eq!(texts, ["3.031", "49.61", "1234", "0.0002512", "1.000e12", "-0.5000", "0"]);
    }

    #[test]
    fn percentages_stay_short() {
        let texts = [3.2, 0.0, 123_456.789, 7.14e71, 1e300].map(percentage);
        assert_eq!(texts, ["3.20 %", "0.00 %", "123456.79 %", "7.14e71 %", "1.00e300 %"]);
    }
}
