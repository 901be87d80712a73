//! Opening the files that a command names.

use std::path::{Path, PathBuf};

use anyhow::Context;
use elman::data;
use elman::file;
use elman::model::Model;
use elman::table::Table;

use crate::output::Wrong;

/// The table of a command: a file, standard input for `-`, or what is built in.
pub(crate) fn table(path: Option<&Path>) -> Result<Table, elman::error::Error> {
    Ok(match path {
        None => data::airline()?,
        Some(path) if path == Path::new("-") => Table::read("standard input", std::io::stdin().lock())?,
        Some(path) => Table::open(path)?,
    })
}

/// The table that a model is to be used on; without a path, the built-in one that it was trained on.
pub(crate) fn table_for(model: &Model, path: Option<&Path>) -> anyhow::Result<Table> {
    if path.is_none() && model.record().data != data::AIRLINE {
        let message = format!("the model was trained on {}; name the DATA to use it on", model.record().data);
        return Err(Wrong(message).into());
    }
    Ok(table(path)?)
}

/// A text file.
pub(crate) fn text(path: &Path) -> anyhow::Result<String> {
    let bytes = file::read(path).map_err(elman::error::Error::from)?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", path.display()))
}

/// Refuses to write over a file that the same command reads or writes.
pub(crate) fn refuse_overwriting<'a>(
    output: &Path,
    others: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<(), Wrong> {
    let place = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let is_device = std::fs::metadata(output).is_ok_and(|metadata| !metadata.is_file());
    match others.into_iter().find(|other| !is_device && place(other) == place(output)) {
        None => Ok(()),
        Some(other) => {
            Err(Wrong(format!("{} would be written over: give another name to write to", other.display())))
        }
    }
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
