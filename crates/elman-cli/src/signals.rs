//! Signals that ask the program to end: Ctrl-C, the signal to terminate, a terminal that goes away.

use std::io::{IsTerminal, stderr};
#[cfg(unix)]
use std::sync::Arc;
#[cfg(unix)]
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use elman::file;

/// Has a signal end the program at once. What is being written leaves nothing behind.
pub(crate) fn end_on_signal() -> anyhow::Result<()> {
    let end = |signal| {
        // What was shown of the progress stays, and the shell goes on below it.
        if stderr().is_terminal() {
            crate::output::message("");
        }
        file::exit(status(signal))
    };
    each_signal(end).context("cannot listen for Ctrl-C")
}

/// The exit code of a program that a signal ends.
pub(crate) fn status(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

/// Has a thread call `hear` with each signal that asks for an end, but for those that are ignored already. Of a file that would
/// be larger than a limit of the shell's a write tells, as of a full disk, where its signal would end the program.
#[cfg(unix)]
pub(crate) fn each_signal(mut hear: impl FnMut(i32) + Send + 'static) -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};

    let ignored = ignored_signals();
    let wanted = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let told_by_writing = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(SIGXFSZ, told_by_writing)?;
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

/// Has a thread call `hear` when Ctrl-C asks for an end.
#[cfg(not(unix))]
pub(crate) fn each_signal(mut hear: impl FnMut(i32) + Send + 'static) -> Result<(), ctrlc::Error> {
    const SIGINT: i32 = 2;
    ctrlc::set_handler(move || hear(SIGINT))
}
