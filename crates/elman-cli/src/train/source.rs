//! What a run learns from: a table, or recordings of what went into a device and came out.

use std::path::{Path, PathBuf};

use elman::audio::{Recordings, Sound};
use elman::table::{Table, nearest};
use elman::task::TaskName;
use elman::words::listed;

use crate::args::TrainArguments;
use crate::output::Wrong;
use crate::{input, misread, sound};

/// What a run learns from.
pub(super) struct Source {
    pub(super) task: TaskName,
    /// As the user named it; of recordings the first target.
    pub(super) data: Option<PathBuf>,
    pub(super) table: Table,
    pub(super) sound: Option<Sound>,
    pub(super) played: Option<Played>,
}

/// The input of the first pair of recordings, and how it was read.
pub(super) struct Played {
    input: PathBuf,
    knobs: Vec<(String, f64)>,
    channel: Option<usize>,
}

impl Played {
    /// The words of a command that has it answered.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = vec![self.input.display().to_string(), "-o".into(), "played.wav".into()];
        for (name, value) in &self.knobs {
            words.extend(["--knob".into(), format!("{name}={value}")]);
        }
        words.extend(self.channel.into_iter().flat_map(|channel| ["--channel".into(), channel.to_string()]));
        words
    }
}

pub(super) fn source(arguments: &TrainArguments) -> anyhow::Result<Source> {
    let TrainArguments { audio, knob, channel, latency, preset, .. } = arguments;
    if audio.is_empty() {
        let given = [
            ("knob", !knob.is_empty()),
            ("channel", channel.is_some()),
            ("latency", !latency.is_empty()),
            ("preset", preset.is_some()),
        ];
        if let Some((option, _)) = given.into_iter().find(|(_, given)| *given) {
            let message =
                format!("--{option} is for sound: name what went in and what came out with --audio");
            return Err(Wrong(message).into());
        }
        let (task, data) = task_and_data(arguments.task.clone(), arguments.data.clone())?;
        let table = input::table(task, data.as_deref())?;
        return Ok(Source { task, data, table, sound: None, played: None });
    }
    if arguments.task.as_deref() != Some(TaskName::Label.name()) || arguments.data.is_some() {
        misread::refuse_stray(&[arguments.task.as_deref().map(Path::new), arguments.data.as_deref()])?;
        let message = "--audio is for the task label, and stands in the place of DATA: elman train label --audio \
                       input.wav target.wav";
        return Err(Wrong(message.into()).into());
    }
    let pairs = sound::pairs(audio, knob, *channel)?;
    let recordings = Recordings::new(&pairs, latency)?;
    let data = audio.get(1).cloned();
    let played = audio.first().zip(pairs.first()).map(|(input, pair)| Played {
        input: input.clone(),
        knobs: pair.knobs.iter().filter(|(name, _)| recordings.knobs().contains(name)).cloned().collect(),
        channel: *channel,
    });
    let sound = Some(recordings.sound().clone());
    Ok(Source { task: TaskName::Label, data, table: Table::of_recordings(recordings), sound, played })
}

/// `[TASK] [DATA]`: the task may be left out.
fn task_and_data(
    first: Option<String>,
    second: Option<PathBuf>,
) -> Result<(TaskName, Option<PathBuf>), Wrong> {
    let usual = TaskName::ALL[0];
    let Some(first) = first else { return Ok((usual, None)) };
    if let Some(&task) = TaskName::ALL.iter().find(|task| task.name() == first) {
        if second.is_none() && task != usual {
            return Err(Wrong(format!(
                "name the DATA to {}: the built-in data are for a {usual}",
                task.aim()
            )));
        }
        return Ok((task, second));
    }
    let names = || TaskName::ALL.iter().map(|task| task.name());
    let looks_like_file = first.contains(['.', '/', '\\']) || first == "-" || Path::new(&first).exists();
    let looks_like_task = second.is_some() || (nearest(&first, names()).is_some() && !looks_like_file);
    if looks_like_task {
        let hint = nearest(&first, names()).map_or(String::new(), |task| format!(" (did you mean {task}?)"));
        let tasks = listed(names(), "and");
        return Err(Wrong(format!("there is no task {first:?}{hint}; tasks are {tasks}")));
    }
    Ok((usual, Some(first.into())))
}
