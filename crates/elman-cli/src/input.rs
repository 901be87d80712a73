//! Opening the files that a command names.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context;
use elman::data;
use elman::error::{Error, FileError, Format, ModelError};
use elman::file;
use elman::model::{Model, is_written_by_elman};
use elman::table::Table;
use elman::task::TaskName;
use elman::weights::Weights;
use elman::words::thousands;

use crate::output::Wrong;

/// What a task is learned or measured on: as [`whole_table`], but that a large one may stay in its file.
pub(crate) fn table(task: TaskName, path: Option<&Path>) -> Result<Table, Error> {
    match path {
        Some(path) if task == TaskName::Label && path != Path::new("-") => {
            file::refuse_device(path)?;
            Table::open_long(path)
        }
        path => whole_table(task, path),
    }
}

/// What a task is to be done on: a file, standard input for `-`, or what is built in. To a language model it is a text, to
/// all others a table.
pub(crate) fn whole_table(task: TaskName, path: Option<&Path>) -> Result<Table, Error> {
    const STDIN: &str = "standard input";
    let Some(path) = path else { return Ok(data::airline()?) };
    let is_text = task.facts().reads_text;
    if path == Path::new("-") {
        let stdin = std::io::stdin().lock();
        return Ok(if is_text { Table::read_text(STDIN, stdin)? } else { Table::read(STDIN, stdin)? });
    }
    file::refuse_device(path)?;
    Ok(if is_text { Table::open_text(path)? } else { Table::open(path)? })
}

/// What a model is to be measured on, as [`table`]; without a path, the built-in one that it was trained on.
pub(crate) fn table_for(model: &Model, path: Option<&Path>) -> anyhow::Result<Table> {
    refuse_no_data(model, path)?;
    Ok(table(model.task().name(), path)?)
}

/// The table whose rows a model is to answer, all of it in memory.
pub(crate) fn whole_table_for(model: &Model, path: Option<&Path>) -> anyhow::Result<Table> {
    refuse_no_data(model, path)?;
    Ok(whole_table(model.task().name(), path)?)
}

/// Refuses to go without data, but for the model of what is built in.
fn refuse_no_data(model: &Model, path: Option<&Path>) -> Result<(), Wrong> {
    if path.is_none() && model.record().data != data::AIRLINE {
        let message = format!("the model was trained on {}; name the DATA to use it on", model.record().data);
        return Err(Wrong(message));
    }
    Ok(())
}

/// The model in a file, which stands before the data that it is used on.
pub(crate) fn model(path: &Path, data: Option<&Path>) -> anyhow::Result<Model> {
    Model::open(path).map_err(|error| match (&error, data) {
        (Error::Model(ModelError::NotAModel { .. }), Some(data)) if begins_as_model(data) => {
            let (model, data) = (data.display(), path.display());
            Wrong(format!(
                "{data} is no model, but {model} is: the model stands before the data, {model} {data}"
            ))
            .into()
        }
        _ => error.into(),
    })
}

/// Does a file begin as those do that elman writes?
pub(crate) fn begins_as_model(path: &Path) -> bool {
    let mut start = Vec::new();
    let mut read = || File::open(path).and_then(|file| file.take(1 << 10).read_to_end(&mut start));
    // A pipe would wait for who writes to it.
    path.is_file() && read().is_ok() && is_written_by_elman(&start)
}

/// What is in a model file, or in one of weights alone.
pub(crate) enum Trained {
    Model(Box<Model>),
    Weights(Box<Weights>),
}

impl Trained {
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        match Model::open(path) {
            Ok(model) => Ok(Trained::Model(Box::new(model))),
            Err(Error::Model(ModelError::OtherFormat { found: Format::Weights, .. })) => {
                Ok(Trained::Weights(Box::new(Weights::open(path)?)))
            }
            Err(error) => Err(error),
        }
    }

    pub(crate) fn weights(&self) -> &Weights {
        match self {
            Trained::Model(model) => model.weights(),
            Trained::Weights(weights) => weights,
        }
    }

    /// The model, if it is one.
    pub(crate) fn model(&self) -> Option<&Model> {
        match self {
            Trained::Model(model) => Some(model),
            Trained::Weights(_) => None,
        }
    }
}

/// All of standard input, which must not go on for ever.
pub(crate) fn limited(stdin: impl Read, limit: u64, what: &str) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = stdin.take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| Error::from(FileError { action: "read", path: "standard input".into(), error }))?;
    if bytes.len() as u64 > limit {
        let limit = thousands(usize::try_from(limit).unwrap_or(usize::MAX));
        anyhow::bail!(
            "standard input holds more than {limit} bytes, the most that {what} may have; give less of it"
        );
    }
    Ok(bytes)
}

/// A text file.
pub(crate) fn text(path: &Path) -> anyhow::Result<String> {
    let bytes = file::read(path).map_err(Error::from)?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", path.display()))
}

/// Refuses to write over a file that the same command reads or writes.
pub(crate) fn refuse_overwriting(
    output: &Path,
    others: impl IntoIterator<Item: AsRef<Path>>,
) -> Result<(), Wrong> {
    let place = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let is_device = std::fs::metadata(output).is_ok_and(|metadata| !metadata.is_file());
    match others.into_iter().find(|other| !is_device && place(other.as_ref()) == place(output)) {
        None => Ok(()),
        Some(other) => Err(Wrong(format!(
            "{} would be written over: give another name to write to",
            other.as_ref().display()
        ))),
    }
}

/// Refuses `-` where what is written needs a file's name.
pub(crate) fn refuse_standard_output(output: &Path, option: &str) -> Result<(), Wrong> {
    if output != Path::new("-") {
        return Ok(());
    }
    let why =
        format!("{option} - would be standard output, where only predictions go; give the name of a file");
    Err(Wrong(format!("{why}, ./- for one that is called so")))
}

/// Refuses to replace a file that was not made by the same kind of command, unless it is empty or `force` says so;
/// `is_ours` looks at its start.
pub(crate) fn refuse_foreign(
    output: &Path,
    what: &str,
    force: bool,
    is_ours: impl FnOnce(&[u8]) -> bool,
) -> anyhow::Result<()> {
    const LOOKED_AT: u64 = 1 << 16;
    let replaces = std::fs::metadata(output).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0);
    if force || !replaces {
        return Ok(());
    }
    let mut start = Vec::new();
    let read = File::open(output).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut start));
    read.map_err(|error| Error::from(FileError { action: "read", path: output.to_owned(), error }))?;
    if is_ours(&start) {
        return Ok(());
    }
    let path = output.display();
    Err(Wrong(format!(
        "{path} is there and is not {what} that elman wrote: give another name to write to, or replace it with --force"
    ))
    .into())
}

/// `data/sales.csv` to `sales.elman`, in the present folder.
pub(crate) fn default_model_path(data: Option<&Path>) -> PathBuf {
    let stem = match data {
        None => Some("airline".as_ref()),
        Some(path) if path == Path::new("-") => None,
        Some(path) => path.file_stem(),
    };
    let mut name = stem.unwrap_or("model".as_ref()).to_owned();
    name.push(".elman");
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_that_does_not_end_is_refused() {
        assert_eq!(limited(&b"abc"[..], 3, "a prompt").unwrap(), b"abc");
        let message =
            "standard input holds more than 1,000 bytes, the most that a prompt may have; give less of it";
        assert_eq!(limited(std::io::repeat(0), 1000, "a prompt").unwrap_err().to_string(), message);
    }
}
