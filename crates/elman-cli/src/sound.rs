//! Sound on the command line: pairs of recordings, knobs, WAV files in and out.

use std::path::Path;
use std::process::ExitCode;

use clap::ValueEnum;
use elman::audio::{Pair, Player, Recordings, Sound, Track, Wav};
use elman::error::{DataError, Error};
use elman::file;
use elman::model::Model;
use elman::table::Table;
use elman::words::counted;
use serde::{Deserialize, Serialize};

use crate::args::{EvaluateArguments, PredictArguments};
use crate::course::Course;
use crate::output::{Output, Wrong};
use crate::stream::clock::Clock;
use crate::{input, misread};

/// How large a network is, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Preset {
    /// An LSTM of 8 units: 296 multiplications a sample
    Nano,
    /// 16 units: 1,104
    Light,
    /// 24 units: 2,424
    Standard,
    /// 40 units: 6,600
    Heavy,
}

impl Preset {
    /// The units of its layer.
    pub(crate) fn hidden_size(self) -> usize {
        match self {
            Preset::Nano => 8,
            Preset::Light => 16,
            Preset::Standard => 24,
            Preset::Heavy => 40,
        }
    }
}

/// `NAME=VALUE` of each.
pub(crate) fn knobs(given: &[String]) -> Result<Vec<(String, f64)>, Wrong> {
    let knob = |text: &String| {
        let (name, value) = text.split_once('=')?;
        Some((name.trim().to_owned(), value.trim().parse().ok()?)).filter(|(name, _)| !name.is_empty())
    };
    let refuse = |text: &String| Wrong(format!("--knob {text}: give a name and a number, as drive=0.5"));
    given.iter().map(|text| knob(text).ok_or_else(|| refuse(text))).collect()
}

/// Reads pairs of recordings. A knob is set for all pairs where it is given once, and else for each in turn.
pub(crate) fn pairs(
    files: &[impl AsRef<Path>],
    given: &[String],
    channel: Option<usize>,
) -> anyhow::Result<Vec<Pair>> {
    let knobs = knobs(given)?;
    let count = files.len() / 2;
    let mut names: Vec<&String> = Vec::new();
    for (name, _) in &knobs {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut pairs = Vec::with_capacity(count);
    for (n, files) in files.chunks_exact(2).enumerate() {
        let mut own = Vec::new();
        for name in &names {
            let values: Vec<f64> =
                knobs.iter().filter(|(knob, _)| knob == *name).map(|(_, value)| *value).collect();
            let value = match values.as_slice() {
                [value] => *value,
                values if values.len() == count => values[n],
                values => {
                    return Err(Wrong(format!(
                        "--knob {name} is given {} times for {} of --audio; give it once for all, or once for each pair, in \
                         their order",
                        values.len(),
                        counted(count, "pair")
                    ))
                    .into());
                }
            };
            own.push(((*name).clone(), value));
        }
        let files = [files[0].as_ref(), files[1].as_ref()];
        files.into_iter().try_for_each(file::refuse_device).map_err(Error::from)?;
        pairs.push(Pair::open(files, channel, &own)?);
    }
    Ok(pairs)
}

/// The recordings that a model of sound is to be measured on, as a table.
pub(crate) fn table_for(
    model: &Model,
    arguments: &EvaluateArguments,
    output: &Output,
) -> anyhow::Result<Table> {
    let Some(sound) = model.sound() else {
        return Err(Wrong("--audio is for models of sound; name a table as DATA".into()).into());
    };
    if arguments.data.is_some() {
        misread::refuse_stray(&[arguments.data.as_deref()])?;
        return Err(Wrong("--audio stands in the place of DATA; give one of them".into()).into());
    }
    let pairs = pairs(&arguments.audio, &arguments.knob, arguments.channel)?;
    if let Some(pair) = pairs.iter().find(|pair| pair.input.sample_rate() != sound.sample_rate) {
        return Err(other_rate(&pair.input, sound).into());
    }
    for pair in &pairs {
        Player::check_knobs(model, &pair.knobs).map_err(Error::from)?;
        output.remarks(&Player::knob_remarks(model, &pair.knobs));
    }
    Ok(Table::of_recordings(Recordings::new_for(sound, &pairs, &arguments.latency)?))
}

/// Refuses options that say how recordings are read where there are none.
pub(crate) fn refuse_without_audio(model: &Model, arguments: &EvaluateArguments) -> Result<(), Wrong> {
    let EvaluateArguments { data, knob, channel, latency, .. } = arguments;
    let given =
        [("knob", !knob.is_empty()), ("channel", channel.is_some()), ("latency", !latency.is_empty())];
    if let Some((option, _)) = given.into_iter().find(|(_, given)| *given) {
        return Err(Wrong(format!(
            "--{option} is for sound: name what went in and what came out with --audio"
        )));
    }
    let is_wav =
        |path: &Path| path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("wav"));
    if model.sound().is_some() && data.as_deref().is_none_or(is_wav) {
        let message = "a model of sound is measured on a pair of recordings: --audio input.wav target.wav";
        return Err(Wrong(message.into()));
    }
    Ok(())
}

/// The error about a recording of another rate than the model's.
fn other_rate(recording: &Track, wanted: &Sound) -> Error {
    let rate = wanted.sample_rate;
    let message = match wanted.delay {
        Some(_) => format!("but the model was trained at {rate} Hz; convert the recording to that rate"),
        None => format!(
            "but the model is for {rate} Hz; convert the recording to that rate, or, if it is for another, import it anew with \
             --sample-rate"
        ),
    };
    DataError { place: recording.describe(), message: message.into() }.into()
}

/// Refuses options that say something of tables, which would have no effect.
fn refuse_what_tables_have(arguments: &PredictArguments) -> Result<(), Wrong> {
    let PredictArguments { horizon, interval, quantiles, samples, seed, conformal, baseline, .. } = arguments;
    let given = [
        ("horizon", horizon.is_some()),
        ("interval", !interval.is_empty()),
        ("quantiles", !quantiles.is_empty()),
        ("samples", samples.is_some()),
        ("seed", seed.is_some()),
        ("conformal", *conformal),
        ("baseline", baseline.is_some()),
        ("plot", arguments.plot.is_some()),
        ("future-data", arguments.future_data.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(Wrong(format!("--{option} has no meaning for sound; leave it out"))),
        None => Ok(()),
    }
}

/// What of a command asks for sound, if anything: an option, or a file that is a recording by its name.
pub(crate) fn asked(arguments: &PredictArguments) -> Option<String> {
    let given = [
        ("channel", arguments.channel.is_some()),
        ("knob", !arguments.knob.is_empty()),
        ("bits", arguments.bits.is_some()),
    ];
    let option = given.into_iter().find(|(_, given)| *given).map(|(option, _)| format!("--{option}"));
    let mut files = arguments.data.iter().chain(&arguments.output);
    option.or_else(|| files.find(|path| is_wav(path)).map(|path| path.display().to_string()))
}

/// Is it a recording, by its name?
fn is_wav(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("wav"))
}

/// Has a model of sound answer a recording, into a file.
pub(crate) fn predict(
    model: &Model,
    arguments: &PredictArguments,
    output: &mut Output,
) -> anyhow::Result<ExitCode> {
    /// Samples that are answered at once.
    const BLOCK: usize = 1 << 16;
    if model.sound().is_none() {
        let asked = asked(arguments).unwrap_or_default();
        let task = model.task().name();
        return Err(
            Wrong(format!("{asked} is for models of sound; this one is there to {}", task.aim())).into()
        );
    }
    let (Some(from), Some(to)) = (&arguments.data, &arguments.output) else {
        return Err(Wrong(
            "this is a model of sound: name the WAV file that it shall answer, and the one to write with -o"
                .into(),
        )
        .into());
    };
    refuse_what_tables_have(arguments)?;
    input::refuse_standard_output(to, "-o")?;
    if !is_wav(to) {
        let to = to.display();
        return Err(
            Wrong(format!("-o {to}: what is written is a WAV file; give a name that ends in .wav")).into()
        );
    }
    let knobs = knobs(&arguments.knob)?;
    let mut player = Player::new(model, &knobs)?;
    file::refuse_device(from).map_err(Error::from)?;
    let recording = Track::open(from, arguments.channel)?;
    let wanted = player.sound().sample_rate;
    if recording.sample_rate() != wanted {
        return Err(other_rate(&recording, player.sound()).into());
    }
    input::refuse_overwriting(to, [&arguments.model, from])?;
    // Nothing in a WAV file tells whether it is a recording that cannot be made again.
    if !arguments.force && std::fs::metadata(to).is_ok_and(|there| there.is_file() && there.len() > 0) {
        let to = to.display();
        return Err(Wrong(format!(
            "{to} is there: give another name to write to, or replace it with --force"
        ))
        .into());
    }
    file::check_writable(to).map_err(Error::from)?;
    output.remarks(&Player::knob_remarks(model, &knobs));
    let (count, mut loud) = (recording.len(), 0);
    let clock = Clock::new(Some(wanted), output.options.quiet);
    let mut course = Course::new("played", output);
    let parts = (0..count).step_by(BLOCK).map(|start| {
        let samples = recording.read(start..count.min(start + BLOCK))?;
        let mut answers = Vec::new();
        clock.time(|| {
            let played = player.play(&samples, &mut answers);
            (answers.len(), played)
        })?;
        course.at(start + samples.len(), count);
        loud += answers.iter().filter(|answer| answer.abs() > 1.0).count();
        Ok(answers)
    });
    let wav = if arguments.bits == Some(24) { Wav::Int24 } else { Wav::Float };
    let saved = wav.save(to, wanted, count, parts);
    course.finish();
    saved?;
    if wav == Wav::Int24 && loud > 0 {
        output.note(&format!(
            "note: {} beyond full scale, cut there; write 32 bits to keep them",
            counted(loud, "sample")
        ));
    }
    // One sample is what every delay that was found is moved by.
    let Sound { delay, delays, .. } = player.sound();
    let late = |delay: i64| format!("{} samples {}", delay.abs(), if delay < 0 { "early" } else { "late" });
    let was = match delays.as_slice() {
        [] => delay.filter(|delay| delay.abs() > 1).map(late),
        [first, .., last] => Some(format!("{} to {}", late(*first), late(*last))),
        _ => None,
    };
    if let Some(was) = was {
        output.note(&format!(
            "note: the device was {was} in training; what is written is not, and begins with the input"
        ));
    }
    let seconds = count as f64 / f64::from(wanted);
    output.note(&format!(
        "wrote {} ({seconds:.2} s at {wanted} Hz) to {}",
        counted(count, "sample"),
        to.display()
    ));
    clock.tell();
    Ok(ExitCode::SUCCESS)
}
