//! Signals that ask a run to end: Ctrl-C, the signal to terminate, a terminal that goes away.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use elman::train::{Control, Event, Observer, ObserverError};

/// How long a polite end may take before a second signal may end the program at once.
const GRACE: Duration = Duration::from_millis(200);

/// Ends the run at the next batch when a signal asks for it. A second one ends the program at once.
pub(super) struct Interrupt(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The first signal's number, and when it came.
    first: Option<(i32, Instant)>,
    /// The run is over: the next signal ends the program.
    is_over: bool,
}

impl Interrupt {
    /// Listens for signals but those that are ignored already, as under `nohup`.
    pub(super) fn listen() -> anyhow::Result<Self> {
        let state = Arc::new(Mutex::new(State::default()));
        let heard = Arc::clone(&state);
        each_signal(move |signal| hear(&heard, signal)).context("cannot listen for Ctrl-C")?;
        Ok(Interrupt(state))
    }

    /// From now on the first signal ends the program: there is no run that could end politely.
    pub(super) fn run_is_over(&self) {
        lock(&self.0).is_over = true;
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

impl Observer for Interrupt {
    fn observe(&mut self, _: &Event<'_>) -> Result<Control, ObserverError> {
        Ok(if lock(&self.0).first.is_some() { Control::Stop } else { Control::Continue })
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn status(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

fn hear(state: &Mutex<State>, signal: i32) {
    let mut state = lock(state);
    let at_once = match state.first {
        None => state.is_over,
        // Terminals and the programs between often send the same signal twice.
        Some((_, at)) => at.elapsed() > GRACE,
    };
    if at_once {
        std::process::exit(status(signal).into());
    }
    state.first.get_or_insert_with(|| (signal, Instant::now()));
}

#[cfg(unix)]
fn each_signal(mut hear: impl FnMut(i32) + Send + 'static) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

    let ignored = ignored_signals();
    let wanted = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let mut signals = signal_hook::iterator::Signals::new(wanted)?;
    let listen = move || signals.forever().for_each(&mut hear);
    std::thread::Builder::new().name("elman-signals".into()).spawn(listen)?;
    Ok(())
}

/// The signals that this process was told to ignore, signal `n` as bit `n - 1`. Linux alone says so without
/// `unsafe` code; elsewhere none is taken for ignored.
#[cfg(unix)]
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(not(unix))]
fn each_signal(mut hear: impl FnMut(i32) + Send + 'static) -> Result<(), ctrlc::Error> {
    const SIGINT: i32 = 2;
    ctrlc::set_handler(move || hear(SIGINT))
}
