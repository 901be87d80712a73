//! Those who watch a training run: a progress bar, a log, and whoever presses Ctrl-C.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use elman::train::{Control, Event, Observer, ObserverError};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use crate::output::{Output, OutputOptions, figure, message};

/// Lines that are written in the course of a run where there is no terminal for a progress bar.
const LINES: u128 = 10;

/// Shows how far the run is: as a bar on a terminal, else as a line now and then.
pub(super) struct Progress {
    options: OutputOptions,
    bar: ProgressBar,
    epochs: u64,
    batches_per_epoch: u64,
    /// The batches of the whole run.
    total: u64,
    started: Instant,
    /// The batches that had been done when this process took over.
    batches_before: u64,
    batches: u64,
    sequences: usize,
    /// Of the latest epoch.
    losses: String,
}

impl Progress {
    pub(super) fn new(
        options: OutputOptions,
        epochs: u64,
        batches_per_epoch: u64,
        batches_before: u64,
    ) -> Self {
        let total = epochs.saturating_mul(batches_per_epoch);
        let bar = if options.quiet { ProgressBar::hidden() } else { ProgressBar::new(total) };
        if let Ok(style) = ProgressStyle::with_template("{bar:20} {msg}") {
            bar.set_style(style);
        }
        bar.set_position(batches_before);
        Progress {
            options,
            bar,
            epochs,
            batches_per_epoch,
            total,
            started: Instant::now(),
            batches_before,
            batches: batches_before,
            sequences: 0,
            losses: String::new(),
        }
    }

    fn text(&self, epoch: u64) -> String {
        let elapsed = self.started.elapsed().as_secs_f64();
        let done = self.batches - self.batches_before;
        let left = self.total.saturating_sub(self.batches);
        let seconds_left = elapsed / done.max(1) as f64 * left as f64;
        let rate = self.sequences as f64 / elapsed.max(1e-9);
        let time = if left == 0 { String::new() } else { format!(", {} left", duration(seconds_left)) };
        format!("epoch {epoch}/{}{}, {} sequences/s{time}", self.epochs, self.losses, figure(rate))
    }

    fn epoch_is_told(&self, epoch: u64) -> bool {
        let tenth = |epoch: u64| u128::from(epoch) * LINES / u128::from(self.epochs);
        self.options.verbose || tenth(epoch) > tenth(epoch - 1)
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 10.0 => format!("{s:.1} s"),
        s if s < 120.0 => format!("{s:.0} s"),
        s if s < 7200.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

impl Observer for Progress {
    fn observe(&mut self, event: &Event<'_>) -> Result<Control, ObserverError> {
        match event {
            Event::Batch { progress, sequences, .. } => {
                self.sequences += sequences;
                self.batches = progress.epoch() * self.batches_per_epoch + progress.batch();
                self.bar.set_position(self.batches);
                self.bar.set_message(self.text(progress.epoch() + 1));
            }
            Event::Epoch { epoch, train_loss, validation_loss, .. } => {
                self.losses = format!(", loss {}", figure(*train_loss));
                if let Some(loss) = validation_loss {
                    self.losses.push_str(&format!(", validation {}", figure(*loss)));
                }
                if !self.options.quiet && self.epoch_is_told(epoch + 1) {
                    let text = self.text(epoch + 1);
                    if !self.bar.is_hidden() && self.options.verbose {
                        self.bar.println(text);
                    } else if self.bar.is_hidden() {
                        message(&text);
                    }
                }
            }
            _ => {}
        }
        Ok(Control::Continue)
    }
}

/// Writes a JSON line per epoch.
pub(super) struct JsonLog<'a>(pub(super) &'a mut Output);

impl Observer for JsonLog<'_> {
    fn observe(&mut self, event: &Event<'_>) -> Result<Control, ObserverError> {
        if let Event::Epoch { epoch, train_loss, validation_loss, rate, improved, .. } = event
            && self.0.options.json
        {
            let line = json!({
                "epoch": epoch + 1,
                "loss": train_loss,
                "validation_loss": validation_loss,
                "learning_rate": rate,
                "improved": improved,
            });
            // A reader that has gone away is no reason to stop training; the last line will tell.
            let _ = self.0.json(&line);
        }
        Ok(Control::Continue)
    }
}

/// Ends the run at the next batch when the user interrupts it.
pub(super) struct Interrupt(&'static AtomicBool);

/// How long a polite end may take before a second Ctrl-C may end the program at once.
const GRACE: Duration = Duration::from_millis(200);

impl Interrupt {
    /// Listens for Ctrl-C and the signal to terminate. A second Ctrl-C ends the program at once.
    pub(super) fn listen() -> anyhow::Result<Self> {
        static PRESSED: AtomicBool = AtomicBool::new(false);
        static FIRST: OnceLock<Instant> = OnceLock::new();
        ctrlc::set_handler(|| {
            if PRESSED.swap(true, Ordering::SeqCst)
                && FIRST.get().is_some_and(|first| first.elapsed() > GRACE)
            {
                std::process::exit(130);
            }
            FIRST.get_or_init(Instant::now);
        })
        .context("cannot listen for Ctrl-C")?;
        Ok(Interrupt(&PRESSED))
    }

    /// Go on, unless the user has said stop.
    pub(super) fn control(&self) -> Control {
        if self.0.load(Ordering::SeqCst) { Control::Stop } else { Control::Continue }
    }
}

impl Observer for Interrupt {
    fn observe(&mut self, _: &Event<'_>) -> Result<Control, ObserverError> {
        Ok(self.control())
    }
}
