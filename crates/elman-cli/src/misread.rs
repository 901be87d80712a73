//! What is said of arguments that do not fit, where more is known than which one.

use std::error::Error;
use std::ffi::OsString;
use std::num::{IntErrorKind, ParseFloatError, ParseIntError};
use std::path::Path;

use clap::Parser;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::args::Arguments;
use crate::output::Wrong;

/// How recordings are given.
const PAIRS: &str = "recordings come in pairs, what went into a device and what came out, each behind an --audio of its own: \
                     --audio in1.wav out1.wav --audio in2.wav out2.wav";

/// The arguments of the program, or what is wrong with numbers and recordings.
pub(crate) fn parse() -> Result<Arguments, Wrong> {
    let given: Vec<OsString> = std::env::args_os().collect();
    Arguments::try_parse_from(&given).map_err(|error| {
        let message = about_recordings(&error, &given).or_else(|| about_number(&error));
        message.map_or_else(|| error.exit(), Wrong)
    })
}

/// What is wrong with a number, if that is what an error is about.
fn about_number(error: &clap::Error) -> Option<String> {
    let (Some(ContextValue::String(argument)), Some(ContextValue::String(value))) =
        (error.get(ContextKind::InvalidArg), error.get(ContextKind::InvalidValue))
    else {
        return None;
    };
    let source = error.source()?;
    let way = match source.downcast_ref::<ParseIntError>() {
        Some(error) => whole_number(value, error),
        None if source.is::<ParseFloatError>() => "give a number",
        None => return None,
    };
    Some(format!("invalid value '{value}' for '{argument}': {way}"))
}

/// The way out for a text that is no whole number.
pub(crate) fn whole_number(text: &str, error: &ParseIntError) -> &'static str {
    match error.kind() {
        IntErrorKind::Zero => "give a whole number above 0",
        IntErrorKind::PosOverflow | IntErrorKind::NegOverflow => "it is too large",
        _ if text.starts_with('-') && text.parse::<i64>().is_ok() => "it must be at least 0",
        _ => "give a whole number",
    }
}

/// What is wrong with recordings, if that is what an error is about.
fn about_recordings(error: &clap::Error, given: &[OsString]) -> Option<String> {
    let Some(ContextValue::String(about)) = error.get(ContextKind::InvalidArg) else { return None };
    let has_audio = given.iter().any(|argument| argument == "--audio");
    match error.kind() {
        ErrorKind::WrongNumberOfValues | ErrorKind::TooFewValues if about.starts_with("--audio ") => {
            Some(format!("--audio names a single file; {PAIRS}"))
        }
        ErrorKind::UnknownArgument if about.starts_with('-') => None,
        ErrorKind::UnknownArgument if has_audio => Some(format!("unexpected argument {about:?}; {PAIRS}")),
        ErrorKind::UnknownArgument if is_recording(Path::new(about)) => {
            let way = match given.get(1).and_then(|command| command.to_str()) {
                Some("train") => {
                    "two recordings stand behind --audio: elman train label --audio input.wav target.wav"
                }
                Some("predict") => {
                    "what is made of a recording goes behind -o: elman predict MODEL input.wav -o output.wav"
                }
                _ => return None,
            };
            Some(format!("unexpected argument {about:?}; {way}"))
        }
        _ => None,
    }
}

/// Refuses recordings that stand where a task or its data do.
pub(crate) fn refuse_stray(given: &[Option<&Path>]) -> Result<(), Wrong> {
    match given.iter().flatten().find(|path| is_recording(path)) {
        Some(path) => Err(Wrong(format!("{} stands beside no other; {PAIRS}", path.display()))),
        None => Ok(()),
    }
}

/// Is it a file of sound, by its name?
fn is_recording(path: &Path) -> bool {
    const ENDINGS: [&str; 7] = ["wav", "wave", "mp3", "flac", "ogg", "aif", "aiff"];
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known)))
}
