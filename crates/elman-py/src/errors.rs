//! The library's errors as exceptions, with the library's words.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, TryLockError};
use std::time::{Duration, Instant};

use elman::error::Error;
use elman::table::TableError;
use elman::watch::{Stopped, Watch};
use numpy::BorrowError;
use pyo3::create_exception;
use pyo3::exceptions::{
    PyFileNotFoundError, PyFloatingPointError, PyIsADirectoryError, PyOSError, PyPermissionError,
    PyRuntimeError, PyValueError,
};
use pyo3::prelude::*;

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

/// What a call changes, which no other call may be doing at the time.
pub(crate) fn alone<'a, T>(owned: &'a Mutex<T>, what: &str) -> PyResult<MutexGuard<'a, T>> {
    match owned.try_lock() {
        Ok(owned) => Ok(owned),
        Err(TryLockError::Poisoned(poisoned)) => Ok(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => Err(in_use(&format!("this {what} is"), "it")),
    }
}

/// What something is, as `this network is`, that another thread is at work with.
fn in_use(what: &str, it: &str) -> PyErr {
    PyRuntimeError::new_err(format!(
        "{what} in use by another thread: one at a time may use {it}; give each its own"
    ))
}

/// An array that cannot be lent, as `the gradients`.
pub(crate) fn not_lent(what: &str, error: &BorrowError) -> PyErr {
    match error {
        BorrowError::AlreadyBorrowed => in_use(&format!("{what} are"), "them"),
        error => wrong(format!("{what}: {error}")),
    }
}

create_exception!(
    elman,
    InternalError,
    PyRuntimeError,
    "A mistake in Elman itself: please report it, with what led to it.\n\nWhat was being worked on may be half done; whatever else there is goes on as before."
);

/// Lets go of the interpreter for some work of the library. A panic is an exception that whoever handles errors handles:
/// the one that the border would make of it passes by `except Exception`.
pub(crate) fn working<R: Send>(py: Python<'_>, work: impl FnOnce() -> R + Send) -> PyResult<R> {
    py.detach(|| caught(work)).map_err(InternalError::new_err)
}

/// As [`working`], of work that may fail in the library's own ways.
pub(crate) fn tried<R: Send, E: Into<Error> + Send>(
    py: Python<'_>,
    work: impl FnOnce() -> Result<R, E> + Send,
) -> PyResult<R> {
    working(py, work)?.map_err(exception)
}

/// As [`tried`], of work that may take long, which Ctrl-C ends.
pub(crate) fn watched<R: Send>(
    py: Python<'_>,
    work: impl FnOnce(&mut Watch<'_>) -> Result<R, Error> + Send,
) -> PyResult<R> {
    let mut signals = Signals::default();
    let worked = working(py, || work(&mut |_, _| signals.ask().map_err(|()| Stopped)))?;
    match signals.failed {
        Some(error) => Err(error),
        None => worked.map_err(exception),
    }
}

/// How long work goes on before it asks the interpreter whether somebody wants it to stop.
const TICK: Duration = Duration::from_millis(50);

/// Asks the interpreter, from time to time, whether somebody wants work to stop.
pub(crate) struct Signals {
    /// When it was last asked.
    asked: Instant,
    /// What it had against going on.
    pub(crate) failed: Option<PyErr>,
}

impl Default for Signals {
    fn default() -> Self {
        Signals { asked: Instant::now(), failed: None }
    }
}

impl Signals {
    /// Asks, if it is time to.
    pub(crate) fn ask(&mut self) -> Result<(), ()> {
        if self.failed.is_none() && self.asked.elapsed() <= TICK {
            return Ok(());
        }
        self.call(|_| Ok(()))
    }

    /// Asks, and calls something of the interpreter's.
    pub(crate) fn call(&mut self, call: impl FnOnce(Python<'_>) -> PyResult<()>) -> Result<(), ()> {
        if self.failed.is_none() {
            self.asked = Instant::now();
            self.failed = Python::attach(|py| py.check_signals().and_then(|()| call(py))).err();
        }
        if self.failed.is_some() { Err(()) } else { Ok(()) }
    }
}

/// As [`working`], but keeps the interpreter: for what is done sooner than it could be let go of.
pub(crate) fn quickly<R>(work: impl FnOnce() -> R) -> PyResult<R> {
    caught(work).map_err(InternalError::new_err)
}

/// Work, or what a panic in it said.
fn caught<R>(work: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| said(&*panic))
}

/// What a panic said.
fn said(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("a mistake in Elman itself, to be reported: {}", text.unwrap_or("a panic"))
}
