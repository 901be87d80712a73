//! The library's errors as exceptions, with the library's words.

use std::io;

use elman::error::Error;
use elman::table::TableError;
use pyo3::PyErr;
use pyo3::exceptions::{
    PyFileNotFoundError, PyFloatingPointError, PyIsADirectoryError, PyOSError, PyPermissionError,
    PyRuntimeError, PyValueError,
};

/// The exception that an error of the library is in Python.
pub(crate) fn exception(error: impl Into<Error>) -> PyErr {
    let error = error.into();
    let message = error.to_string();
    match &error {
        Error::File(file) => of_system(&file.error, message),
        Error::Table(TableError::Open { error, .. }) => of_system(error, message),
        Error::Diverged(_) | Error::NotFinite(_) => PyFloatingPointError::new_err(message),
        Error::Observer(_) => PyRuntimeError::new_err(message),
        _ => PyValueError::new_err(message),
    }
}

fn of_system(error: &io::Error, message: String) -> PyErr {
    match error.kind() {
        io::ErrorKind::NotFound => PyFileNotFoundError::new_err(message),
        io::ErrorKind::IsADirectory => PyIsADirectoryError::new_err(message),
        io::ErrorKind::PermissionDenied => PyPermissionError::new_err(message),
        _ => PyOSError::new_err(message),
    }
}

/// A value that is not what a function takes.
pub(crate) fn wrong(message: impl Into<String>) -> PyErr {
    PyValueError::new_err(message.into())
}
