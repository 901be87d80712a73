//! Errors: each names the place, both sides and the way out.

use std::path::PathBuf;

/// An option or a combination of options that makes no network or no training run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{option} {message}")]
pub struct ConfigError {
    /// The option, named as in the configuration.
    pub option: &'static str,
    /// What is wrong with it and what would be right.
    pub message: String,
}

impl ConfigError {
    pub(crate) fn new(option: &'static str, message: impl Into<String>) -> Self {
        ConfigError { option, message: message.into() }
    }
}

/// Data that can be read but not learned from or predicted for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {message}")]
pub struct DataError {
    /// The file, and the line or column where that is known.
    pub place: String,
    /// What is wrong with it and what to do.
    pub message: String,
}

impl DataError {
    pub(crate) fn new(place: impl Into<String>, message: impl Into<String>) -> Self {
        DataError { place: place.into(), message: message.into() }
    }
}

/// A file that could not be written or read for the operating system's reasons.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {path}: {source}", path = path.display())]
pub struct FileError {
    /// `read` or `write`.
    pub action: &'static str,
    /// The file.
    pub path: PathBuf,
    /// The operating system's reason.
    pub source: std::io::Error,
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
    /// See [`FileError`].
    #[error(transparent)]
    File(#[from] FileError),
    /// See [`TableError`](crate::table::TableError).
    #[error(transparent)]
    Table(#[from] crate::table::TableError),
}
