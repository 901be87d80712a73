//! Signals that ask a training run to end.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use elman::file::{self, Lock};
use elman::train::{Control, Event, Observer, ObserverError};

use crate::signals::{each_signal, status};

/// How long a polite end may take before a second signal may end the program at once.
const GRACE: Duration = Duration::from_millis(200);

/// Ends a run at the next batch when a signal asks for it. A second one ends the program at once, as does the first
/// before and after the run.
pub(super) struct Interrupt(Arc<Mutex<State>>);

struct State {
    /// The first signal's number, and when it came.
    first: Option<(i32, Instant)>,
    /// Is there a run that can end politely?
    is_running: bool,
    /// What is released however the program ends.
    lock: Option<Lock>,
}

impl Interrupt {
    /// Listens for signals but those that are ignored already, as under `nohup`. The lock is released when this is
    /// dropped, or a signal ends the program.
    pub(super) fn listen(lock: Lock) -> anyhow::Result<Self> {
        let state = Arc::new(Mutex::new(State { first: None, is_running: false, lock: Some(lock) }));
        let heard = Arc::clone(&state);
        each_signal(move |signal| hear(&heard, signal)).context("cannot listen for Ctrl-C")?;
        Ok(Interrupt(state))
    }

    /// Says that there is now a run that can end politely, or no longer.
    pub(super) fn set_running(&self, is_running: bool) {
        lock(&self.0).is_running = is_running;
    }

    /// Go on, unless a signal has said stop.
    pub(super) fn control(&self) -> Control {
        if lock(&self.0).first.is_some() { Control::Stop } else { Control::Continue }
    }

    /// Does what no signal shall break off, such as writing a file.
    pub(super) fn undisturbed<R>(&self, act: impl FnOnce() -> R) -> R {
        let _held = lock(&self.0);
        act()
    }

    /// The exit code of a run that was interrupted: 128 and the signal's number, as shells have it.
    pub(super) fn exit_code(&self) -> ExitCode {
        lock(&self.0).first.map_or(ExitCode::SUCCESS, |(signal, _)| ExitCode::from(status(signal)))
    }
}

impl Drop for Interrupt {
    fn drop(&mut self) {
        // The thread that listens keeps the state.
        drop(lock(&self.0).lock.take());
    }
}

impl Observer for Interrupt {
    fn observe(&mut self, _: &Event<'_>) -> Result<Control, ObserverError> {
        Ok(self.control())
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hear(state: &Mutex<State>, signal: i32) {
    let mut state = lock(state);
    let at_once = match state.first {
        None => !state.is_running,
        // Terminals and the programs between often send the same signal twice.
        Some((_, at)) => at.elapsed() > GRACE,
    };
    if at_once {
        drop(state.lock.take());
        file::exit(status(signal));
    }
    state.first.get_or_insert_with(|| (signal, Instant::now()));
}
