//! `elman generate`

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Instant;

use elman::error::Error;
use elman::model::Model;
use elman::task::{GenerateOptions, Generator, Stopped};
use elman::words::counted;
use serde_json::json;

use crate::args::GenerateArguments;
use crate::input;
use crate::output::{Output, figure, printable};

pub(crate) fn run(arguments: &GenerateArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let model = Model::open(&arguments.model)?;
    let prompt = prompt(arguments.prompt.as_deref())?;
    let usual = GenerateOptions::default();
    let options = GenerateOptions::default()
        .with_length(arguments.length.unwrap_or(usual.length))
        .with_temperature(arguments.temperature.unwrap_or(usual.temperature))
        .with_top_k(arguments.top_k)
        .with_top_p(arguments.top_p)
        .with_stop(arguments.stop.as_deref().map(unescaped))
        .with_seed(arguments.seed.unwrap_or(usual.seed));
    let mut generator = model.generate(&prompt, &options)?;
    output.remarks(generator.remarks());
    if output.options.json {
        let text = generator.text().map_err(Error::from)?;
        let stopped = match generator.stopped() {
            Some(Stopped::Stop) => "stop",
            _ => "length",
        };
        let line =
            json!({ "prompt": prompt, "text": text, "tokens": generator.written(), "stopped": stopped });
        output.json(&line)?;
        return Ok(ExitCode::SUCCESS);
    }
    write(&prompt, &mut generator, output)?;
    if let (Some(stop), Some(Stopped::Length)) = (&arguments.stop, generator.stopped()) {
        output.remark(&format!(
            "the text ends after {}, and {:?} did not come (--stop)",
            counted(generator.written(), "token"),
            unescaped(stop)
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a text as it comes.
fn write(prompt: &str, generator: &mut Generator<'_>, output: &mut Output) -> anyhow::Result<()> {
    let is_terminal = std::io::stdout().is_terminal();
    let started = Instant::now();
    let mut ends_line = true;
    let mut show = |bytes: &[u8]| {
        ends_line = bytes.last().map_or(ends_line, |&last| last == b'\n');
        // What a model has learned of a text may be what takes hold of a terminal.
        if is_terminal { output.raw(harmless(bytes).as_bytes()) } else { output.raw(bytes) }
    };
    show(prompt.as_bytes())?;
    while let Some(ready) = generator.advance().map_err(Error::from)? {
        if !ready.is_empty() {
            show(ready)?;
        }
    }
    if is_terminal && !ends_line {
        output.raw(b"\n")?;
    }
    if output.options.verbose {
        let seconds = started.elapsed().as_secs_f64();
        let rate = generator.written() as f64 / seconds.max(1e-9);
        let tokens = counted(generator.written(), "token");
        output.note(&format!("{tokens} in {seconds:.2} s, {} in a second", figure(rate)));
    }
    Ok(())
}

/// What a terminal shows: text, whose lines end in one way.
fn harmless(bytes: &[u8]) -> String {
    printable(&String::from_utf8_lossy(bytes).replace('\r', ""))
}

/// So long a beginning is read from standard input.
const LONGEST_PROMPT: u64 = 1_000_000;

/// The beginning of the text: as it is said, or of standard input.
fn prompt(said: Option<&str>) -> anyhow::Result<String> {
    match said {
        Some("-") => {
            let bytes = input::limited(std::io::stdin().lock(), LONGEST_PROMPT, "a prompt")?;
            Ok(decoded(&bytes)?.to_owned())
        }
        Some(said) => Ok(unescaped(said)),
        None => Ok(String::new()),
    }
}

/// A text from standard input, without a byte order mark, which is no part of it.
fn decoded(bytes: &[u8]) -> anyhow::Result<&str> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = error.valid_up_to();
        let what = match error.error_len() {
            None => format!(
                "ends within a character, which begins at byte {valid}; cut it between two characters"
            ),
            Some(_) => format!("is not UTF-8 at byte {valid}; save it as UTF-8"),
        };
        anyhow::anyhow!("the prompt from standard input {what}")
    })?;
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

/// A text in which `\n`, `\t` and `\\` stand for what cannot well be written on a command line.
fn unescaped(text: &str) -> String {
    let mut unescaped = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let next = if c == '\\' { chars.as_str().chars().next() } else { None };
        let meant = match next {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('\\') => '\\',
            _ => {
                unescaped.push(c);
                continue;
            }
        };
        unescaped.push(meant);
        chars.next();
    }
    unescaped
}

#[cfg(test)]
mod tests {
    use super::{harmless, unescaped};

    #[test]
    fn a_terminal_is_shown_text_alone() {
        assert_eq!(harmless("one\r\n\ttwo \u{1B}[2J\u{9B}".as_bytes()), "one\n\ttwo \u{FFFD}[2J\u{FFFD}");
        // Bytes that are no text, with a control character among them.
        assert_eq!(harmless(b"a\xFF\x1B]0;x\x07\x9Bb"), "a\u{FFFD}\u{FFFD}]0;x\u{FFFD}\u{FFFD}b");
    }

    #[test]
    fn line_ends_may_be_written_in_two_ways() {
        for (text, meant) in
            [(r"\n\n", "\n\n"), ("\n", "\n"), (r"a\\n", r"a\n"), (r"a\b\", r"a\b\"), (r"\t", "\t")]
        {
            assert_eq!(unescaped(text), meant);
        }
    }
}
