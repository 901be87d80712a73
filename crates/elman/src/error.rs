//! Errors: each names the place, both sides and the way out.
//!
//! Where an error speaks of an option, it carries the option's name as data: shown by itself it uses the
//! configuration's names, and [`Error::naming`] shows it with a program's own.
//!
//! ```
//! use elman::error::Error;
//! use elman::table::Table;
//! use elman::task::{ForecastOptions, Task, TaskOptions};
//!
//! let table = Table::read("t.csv", "x,y\n1,2\n3,4\n".as_bytes())?;
//! let options = TaskOptions::Forecast(ForecastOptions::default());
//! let error = Task::prepare(&table, &options).unwrap_err();
//! assert_eq!(error.to_string(), "t.csv: 2 columns of numbers could be forecast (x, y); name one with target, \
//!     or several with commas between, or all");
//! assert!(error.naming(&|option| format!("--{option}")).ends_with("with --target, or several with commas between, or all"));
//! # Ok::<(), Error>(())
//! ```

use std::path::PathBuf;

use crate::exchange;
use crate::table::{Holds, kind_of_file};

pub use crate::container::Format;
pub(crate) use elman_network::error::positive;
pub use elman_network::error::{ConfigError, Message, NotFinite};

/// Data that can be read but not learned from or predicted for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct DataError {
    /// The file, and the line or column where that is known.
    pub place: String,
    /// What is wrong with it and what to do.
    pub message: Message,
}

impl DataError {
    pub(crate) fn new(place: impl ToString, message: impl Into<Message>) -> Self {
        DataError { place: place.to_string(), message: message.into() }
    }

    /// As it is shown, with every option's name as `option` writes it.
    pub fn naming(&self, option: &dyn Fn(&str) -> String) -> String {
        format!("{}: {}", self.place, self.message.naming(option))
    }
}

/// A file that could not be written or read for the operating system's reasons.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {path}: {reason}", path = path.display(), reason = reason(error))]
pub struct FileError {
    /// `read`, `write`, `write to` or `remove`.
    pub action: &'static str,
    /// The file.
    pub path: PathBuf,
    /// The operating system's reason. Part of the message, and therefore no `source`.
    pub error: std::io::Error,
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file or folder; check the path".into(),
        std::io::ErrorKind::IsADirectory => "it is a folder; name a file".into(),
        std::io::ErrorKind::PermissionDenied => "there is no permission to; choose another place".into(),
        std::io::ErrorKind::StorageFull => "the disk is full; make room or choose another place".into(),
        _ => error.to_string(),
    }
}

/// A training run whose loss or gradient is no longer a finite number.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "training diverged: the {quantity} became {value} in epoch {}, batch {} ({}). \
     Try a lower learning rate (it was {}){}, or another initialisation",
    epoch + 1,
    batch + 1,
    describe_norm(*grad_norm),
    describe_rate(*learning_rate),
    describe_clip(*clip)
)]
pub struct Diverged {
    /// `loss`, `gradient norm`, `norm of the parameters` or `validation loss`.
    pub quantity: &'static str,
    /// NaN or an infinity.
    pub value: f64,
    /// The epoch, from 0.
    pub epoch: u64,
    /// The batch of that epoch, from 0.
    pub batch: u64,
    /// The gradient's norm, before clipping, of the update before; none before the first.
    pub grad_norm: Option<f64>,
    /// The learning rate at that batch.
    pub learning_rate: f64,
    /// The norm to which gradients were clipped, if they were.
    pub clip: Option<f64>,
}

fn describe_norm(norm: Option<f64>) -> String {
    match norm {
        Some(norm) => format!("the gradient norm before it was {norm:.3e}"),
        None => "there was no update before it".into(),
    }
}

/// A rate to four digits: `0.01`, `9.843`, `1e28`.
fn describe_rate(rate: f64) -> String {
    let rounded: f64 = format!("{rate:.3e}").parse().unwrap_or(rate);
    format!("{rounded:?}")
}

fn describe_clip(clip: Option<f64>) -> String {
    match clip {
        Some(clip) => format!(", clipping below the present {clip}"),
        None => ", clipping of the gradient norm (1 is usual)".into(),
    }
}

/// A file of a model, weights or a checkpoint that cannot be read or made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Some other kind of file.
    #[error("{name} is not a model file of Elman; {way}")]
    NotAModel {
        /// The file.
        name: String,
        /// What to do: to import it, or to train one.
        way: String,
    },
    /// The end is missing.
    #[error("{name} is cut short: {found} bytes of {expected}; copy it again or train anew")]
    CutShort {
        /// The file.
        name: String,
        /// Its length in bytes.
        found: u64,
        /// The length that its header speaks of.
        expected: u64,
    },
    /// The bytes do not fit together.
    #[error("{name} is damaged: {reason}; copy it again or train anew")]
    Corrupt {
        /// The file.
        name: String,
        /// What does not fit.
        reason: String,
    },
    /// Written by a later program.
    #[error("{name} has format version {found}, and this program reads up to {known}; use a newer elman")]
    Newer {
        /// The file.
        name: String,
        /// Its version.
        found: u32,
        /// The newest known version.
        known: u32,
    },
    /// A file of another kind than was wanted.
    #[error("{}", self.message())]
    OtherFormat {
        /// The file.
        name: String,
        /// What it is.
        found: Format,
        /// What was wanted.
        wanted: Format,
    },
    /// A checkpoint of a run with other options or data.
    #[error("{}", self.message())]
    OtherRun {
        /// The file.
        name: String,
        /// The first difference.
        what: String,
    },
    /// The model cannot be put into the format.
    #[error("the model cannot be written: {reason}")]
    Unwritable {
        /// Why.
        reason: String,
    },
}

impl ModelError {
    /// What it says, the option to resume a run kept apart.
    fn message(&self) -> Message {
        match self {
            ModelError::OtherFormat { name, found, wanted } => match (found, wanted) {
                (Format::Checkpoint, _) => {
                    Message::from(format!("{name} is a checkpoint, not a model; finish its run with "))
                        .option("resume")
                }
                (Format::Model, Format::Checkpoint) => {
                    format!("{name} is a finished model, not a checkpoint; there is nothing to resume").into()
                }
                (Format::Model, _) => {
                    format!("{name} is a whole model, not weights alone; open it as a model, which has weights").into()
                }
                (Format::Weights, Format::Checkpoint) => {
                    format!("{name} holds weights, not a checkpoint; there is nothing to resume").into()
                }
                (Format::Weights, _) => format!(
                    "{name} holds weights without a task: nothing says how to read data for them, or what they \
                     answer; train a model with `elman train`, or let a program of yours run them (`elman::weights`)"
                )
                .into(),
            },
            ModelError::OtherRun { name, what } => {
                let text = format!(
                    "{name} belongs to another run: {what}; repeat that run's command, or start anew without "
                );
                Message::from(text).option("resume")
            }
            ModelError::NotAModel { .. }
            | ModelError::CutShort { .. }
            | ModelError::Corrupt { .. }
            | ModelError::Newer { .. }
            | ModelError::Unwritable { .. } => self.to_string().into(),
        }
    }
}

impl ModelError {
    /// That of a file of this content, which is no model.
    pub(crate) fn not_a_model(name: &str, bytes: &[u8]) -> Self {
        let way = if exchange::looks_readable(bytes) {
            format!("it looks like one of another program, of which `elman import {name}` makes one")
        } else {
            let what = kind_of_file(bytes).filter(|(_, holds)| *holds != Holds::Model);
            let what = what.map(|(what, _)| format!("it {what}; ")).unwrap_or_default();
            format!("{what}make one with `elman train`")
        };
        ModelError::NotAModel { name: name.to_owned(), way }
    }
}

/// Anything that can go wrong between a table and a prediction.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// See [`ConfigError`].
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// See [`DataError`].
    #[error(transparent)]
    Data(#[from] DataError),
    /// See [`Diverged`].
    #[error(transparent)]
    Diverged(#[from] Diverged),
    /// See [`FileError`].
    #[error(transparent)]
    File(#[from] FileError),
    /// See [`ModelError`].
    #[error(transparent)]
    Model(#[from] ModelError),
    /// See [`NotFinite`].
    #[error(transparent)]
    NotFinite(#[from] NotFinite),
    /// What an [`Observer`](crate::train::Observer) of a training run had against going on. An observer's own
    /// `Error` comes back as it is.
    #[error("an observer ended the training run")]
    Observer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// See [`Stopped`](crate::watch::Stopped).
    #[error(transparent)]
    Stopped(#[from] crate::watch::Stopped),
    /// See [`TableError`](crate::table::TableError).
    #[error(transparent)]
    Table(#[from] crate::table::TableError),
}

impl Error {
    /// As it is shown, with every option's name as `option` writes it: `--target` where the library says
    /// `target`.
    pub fn naming(&self, option: &dyn Fn(&str) -> String) -> String {
        match self {
            Error::Config(error) => error.naming(option),
            Error::Data(error) => error.naming(option),
            Error::Model(error) => error.message().naming(option),
            Error::Table(error) => error.message().naming(option),
            Error::Diverged(_)
            | Error::File(_)
            | Error::NotFinite(_)
            | Error::Observer(_)
            | Error::Stopped(_) => self.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every error that speaks of options has them named by whoever shows it.
    #[test]
    fn options_are_named_by_who_shows_them() {
        let name = || "m.elman".to_owned();
        let config = ConfigError::new("batch_size", "is 0; it must be at least 1");
        let message = Message::from("is constant; choose another ").option("target");
        for (error, plain, named) in [
            (
                Error::from(config),
                "batch_size is 0; it must be at least 1",
                "<batch_size> is 0; it must be at least 1",
            ),
            (
                DataError::new("t.csv", message).into(),
                "t.csv: is constant; choose another target",
                "t.csv: is constant; choose another <target>",
            ),
            (
                ModelError::OtherFormat { name: name(), found: Format::Checkpoint, wanted: Format::Model }
                    .into(),
                "m.elman is a checkpoint, not a model; finish its run with resume",
                "m.elman is a checkpoint, not a model; finish its run with <resume>",
            ),
            (
                ModelError::OtherFormat { name: name(), found: Format::Model, wanted: Format::Checkpoint }
                    .into(),
                "m.elman is a finished model, not a checkpoint; there is nothing to resume",
                "m.elman is a finished model, not a checkpoint; there is nothing to resume",
            ),
        ] {
            assert_eq!(error.to_string(), plain);
            assert_eq!(error.naming(&|option| format!("<{option}>")), named);
        }
    }
}
