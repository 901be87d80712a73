//! `elman stream`

pub(crate) mod clock;
mod rows;

use std::io::{ErrorKind, IsTerminal, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use elman::audio::Player;
use elman::error::{Error, FileError};
use elman::file;
use elman::model::Model;
use elman::words::counted;

use self::clock::Clock;
use crate::args::StreamArguments;
use crate::output::{Output, Wrong};
use crate::signals::{each_signal, status};
use crate::sound;

/// Bytes of a sample.
const SAMPLE: usize = 4;

pub(crate) fn run(arguments: &StreamArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let model = Model::open(&arguments.model)?;
    let sound = model.sound();
    let clock = Clock::new(sound.map(|sound| sound.sample_rate), output.options.quiet);
    let heard = clock.clone();
    each_signal(move |signal| {
        heard.tell();
        file::exit(status(signal));
    })
    .context("cannot listen for Ctrl-C")?;
    let ended = match sound {
        Some(_) => play(&model, arguments, &clock, output),
        None => rows::run(model, arguments, &clock, output),
    };
    clock.tell();
    ended.map(|()| ExitCode::SUCCESS)
}

/// Raw samples in and out: floating point numbers of 32 bits, the least significant byte first.
fn play(
    model: &Model,
    arguments: &StreamArguments,
    clock: &Clock,
    output: &mut Output,
) -> anyhow::Result<()> {
    if std::io::stdin().is_terminal() || std::io::stdout().is_terminal() {
        let message = "a model of sound reads raw samples from standard input and writes them to standard output \
                       (32-bit float, little endian, one channel); connect both to a program or a file, or use \
                       elman predict with WAV files";
        return Err(Wrong(message.into()).into());
    }
    let knobs = sound::knobs(&arguments.knob)?;
    let mut player = Player::new(model, &knobs)?;
    output.remarks(&Player::knob_remarks(model, &knobs));
    let block = arguments.block.get();
    let (mut bytes, mut held) = (vec![0; SAMPLE * block], 0);
    let (mut samples, mut answers) = (Vec::new(), Vec::new());
    let mut is_first = true;
    let mut stdin = std::io::stdin().lock();
    loop {
        match stdin.read(&mut bytes[held..]) {
            Ok(0) => break,
            Ok(count) => held += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(unread(error)),
        }
        if is_first && bytes[..held].starts_with(b"RIFF") {
            let message = "standard input is a file with a head, no raw samples; name it to elman predict, or send what follows its \
                           head (32-bit float, little endian, one channel)";
            return Err(Wrong(message.into()).into());
        }
        is_first &= held < SAMPLE;
        let (whole, rest) = bytes[..held].as_chunks::<SAMPLE>();
        samples.clear();
        samples.extend(whole.iter().map(|&sample| f32::from_le_bytes(sample)));
        held = rest.len();
        bytes.copy_within(SAMPLE * samples.len()..SAMPLE * samples.len() + held, 0);
        if samples.is_empty() {
            continue;
        }
        let played = clock.time(|| {
            let played = player.play(&samples, &mut answers);
            (answers.len(), played)
        });
        // What came before a sample that is no number is answered.
        output.raw(&answers.iter().flat_map(|answer| answer.to_le_bytes()).collect::<Vec<u8>>())?;
        played.map_err(Error::from)?;
    }
    if held > 0 {
        output.note(&format!(
            "note: standard input ends within a sample; its last {} left out",
            match held {
                1 => "byte is".to_owned(),
                _ => format!("{} are", counted(held, "byte")),
            }
        ));
    }
    Ok(())
}

/// A failure to read standard input.
fn unread(error: std::io::Error) -> anyhow::Error {
    Error::from(FileError { action: "read", path: PathBuf::from("standard input"), error }).into()
}

/// Writes a line of answers, at once: who reads them may wait for each.
fn line(text: &str) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{text}").and_then(|()| stdout.flush()).map_err(Into::into)
}
