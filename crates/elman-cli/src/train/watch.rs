//! Those who watch a training run: a progress bar and a log.

use std::time::Instant;

use elman::task::LossUnit;
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
    unit: LossUnit,
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
            unit: LossUnit::default(),
        }
    }

    /// The same with losses shown in this unit.
    pub(super) fn in_unit(self, unit: LossUnit) -> Self {
        Self { unit, ..self }
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
                let LossUnit { name, factor, .. } = self.unit;
                self.losses = format!(", loss {}", figure(factor * train_loss));
                if let Some(loss) = validation_loss {
                    self.losses.push_str(&format!(", validation {}", figure(factor * loss)));
                }
                if !name.is_empty() {
                    self.losses.push_str(&format!(" {name}"));
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

/// Writes a JSON line per epoch, in which losses stand as they are and, if they have one, in their unit.
pub(super) struct JsonLog<'a>(pub(super) &'a mut Output, pub(super) LossUnit);

impl Observer for JsonLog<'_> {
    fn observe(&mut self, event: &Event<'_>) -> Result<Control, ObserverError> {
        if let Event::Epoch { epoch, train_loss, validation_loss, rate, improved, .. } = event
            && self.0.options.json
        {
            let mut line = json!({
                "epoch": epoch + 1,
                "loss": train_loss,
                "validation_loss": validation_loss,
                "learning_rate": rate,
                "improved": improved,
            });
            let LossUnit { name, factor, .. } = self.1;
            if !name.is_empty() {
                let name = name.replace(' ', "_");
                line[format!("validation_{name}")] = json!(validation_loss.map(|loss| factor * loss));
                line[name] = json!(factor * train_loss);
            }
            // A reader that has gone away is no reason to stop training; the last line will tell.
            let _ = self.0.json(&line);
        }
        Ok(Control::Continue)
    }
}
