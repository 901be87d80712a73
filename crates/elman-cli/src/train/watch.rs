//! Those who watch a training run: a progress bar and a log.

use std::time::Instant;

use elman::task::LossUnit;
use elman::train::{Control, Event, Observer, ObserverError};
use elman::words::thousands;
use serde_json::json;

use crate::course::{Bar, duration, is_long};
use crate::output::{Output, OutputOptions, figure, message};

/// Lines that are written in the course of a run where there is no terminal for a progress bar.
const LINES: u128 = 10;

/// Shows how far the run is: as a bar on a terminal, else as a line now and then.
pub(super) struct Progress {
    options: OutputOptions,
    unit: LossUnit,
    bar: Bar,
    epochs: u64,
    batches_per_epoch: u64,
    /// The timesteps of an epoch, of a task that tells something of each.
    timesteps: Option<usize>,
    /// The batches of the whole run.
    total: u64,
    started: Instant,
    /// When the latest line was due where there is no terminal.
    told: Instant,
    /// The batches that had been done when this process took over.
    batches_before: f64,
    /// With the share that is done of the one under way.
    batches: f64,
    sequences: usize,
    /// Of the epoch under way: the sum of the losses, and their number.
    losses: (f64, u32),
    /// Of the latest epoch, as they are called.
    loss: Option<String>,
    validation: Option<String>,
    rate: Option<f64>,
    /// Of every epoch the validation loss, or without validation data the training loss.
    course: Vec<f64>,
}

/// The bar moves by so many parts of a batch.
const PARTS: u64 = 1000;

/// The batches of the whole run that are done, with the share of the one under way.
fn batches(progress: &elman::train::Progress<'_>, batches_per_epoch: u64) -> f64 {
    (progress.epoch() * batches_per_epoch + progress.batch()) as f64 + progress.share()
}

/// Where the bar stands after so many batches.
fn position(batches: f64) -> u64 {
    (batches * PARTS as f64) as u64
}

/// What is told beside the bar, and how soon it is left out where there is little room: the highest first, 0 never.
type Part = (u8, String);

impl Progress {
    pub(super) fn new(
        options: OutputOptions,
        unit: LossUnit,
        epochs: u64,
        batches_per_epoch: u64,
        timesteps: Option<usize>,
        before: &elman::train::Progress<'_>,
    ) -> Self {
        let total = epochs.saturating_mul(batches_per_epoch);
        let length = total.saturating_mul(PARTS);
        let batches_before = batches(before, batches_per_epoch);
        Progress {
            options,
            unit,
            bar: Bar::new(length, options.quiet),
            epochs,
            batches_per_epoch,
            timesteps,
            total,
            started: Instant::now(),
            told: Instant::now(),
            batches_before,
            batches: batches_before,
            sequences: 0,
            losses: (0.0, 0),
            loss: None,
            validation: None,
            rate: None,
            course: Vec::new(),
        }
    }

    fn parts(&self, epoch: u64) -> Vec<Part> {
        let elapsed = self.started.elapsed().as_secs_f64();
        let done = self.batches - self.batches_before;
        let left = self.total as f64 - self.batches;
        let seconds_left = if done > 0.0 { elapsed / done * left } else { 0.0 };
        let mut parts = vec![(0, format!("epoch {epoch}/{}", self.epochs))];
        let has_validation = self.validation.is_some();
        parts.extend(self.loss.clone().map(|loss| (if has_validation { 4 } else { 1 }, loss)));
        parts.extend(self.validation.clone().map(|loss| (1, loss)));
        let speed = |count: f64| count / elapsed.max(1e-9);
        match self.timesteps {
            Some(timesteps) if done > 0.0 => {
                let timesteps = speed(done * timesteps as f64 / self.batches_per_epoch as f64);
                parts.push((5, format!("{} timesteps/s", thousands(timesteps as usize))));
            }
            None if self.sequences > 0 => {
                parts.push((5, format!("{} sequences/s", figure(speed(self.sequences as f64)))));
            }
            _ => {}
        }
        if left > 0.0 && done > 0.0 {
            parts.push((2, format!("{} left", duration(seconds_left))));
        }
        parts
    }

    /// A line where there is no terminal, or beside the bar.
    fn text(&self, epoch: u64) -> String {
        fitted(self.parts(epoch), usize::MAX)
    }

    /// A line in the midst of an epoch, if nothing has been said for long: for who sees no bar.
    fn line(&mut self, progress: &elman::train::Progress<'_>) -> Option<String> {
        let is_due = is_long(self.told.elapsed(), self.started.elapsed());
        if self.options.quiet || !self.bar.is_hidden() || !is_due {
            return None;
        }
        self.told = Instant::now();
        let done = (progress.batch() as f64 + progress.share()) / self.batches_per_epoch as f64;
        let mut parts = self.parts(progress.epoch() + 1);
        parts.insert(1, (0, format!("{:.0} %", 100.0 * done)));
        let (sum, count) = self.losses;
        if self.loss.is_none() && count > 0 {
            let mean = figure(self.unit.factor * sum / f64::from(count));
            let unit = self.unit.name;
            let gap = if unit.is_empty() { "" } else { " " };
            parts.insert(2, (1, format!("loss {mean}{gap}{unit} so far")));
        }
        Some(fitted(parts, usize::MAX))
    }

    /// Shows how far the run is and, as far as there is room, how it goes.
    fn refresh(&mut self, epoch: u64) {
        if !self.bar.is_due() {
            return;
        }
        let mut parts = self.parts(epoch);
        let place = parts.len().min(2 + usize::from(self.validation.is_some()));
        parts.splice(place..place, self.rate.map(|rate| (4, format!("rate {}", figure(rate)))));
        if self.course.len() > 1 {
            parts.insert(place, (3, sparkline(&self.course)));
        }
        self.bar.show(position(self.batches), |columns| fitted(parts, columns));
    }

    fn epoch_is_told(&self, epoch: u64) -> bool {
        let tenth = |epoch: u64| u128::from(epoch) * LINES / u128::from(self.epochs);
        self.options.verbose || tenth(epoch) > tenth(epoch - 1)
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish();
    }
}

/// Parts with commas between them, in no more than so many columns: those that may be left out are, as far as needed.
fn fitted(mut parts: Vec<Part>, columns: usize) -> String {
    loop {
        let texts: Vec<&str> = parts.iter().map(|(_, text)| text.as_str()).collect();
        let text = texts.join(", ");
        if text.chars().count() <= columns {
            return text;
        }
        let last = parts.iter().map(|(order, _)| *order).max().filter(|&order| order > 0);
        match parts.iter().rposition(|(order, _)| Some(*order) == last) {
            Some(place) => drop(parts.remove(place)),
            None => return text.chars().take(columns).collect(),
        }
    }
}

/// Values as a line of blocks, each as high as its value; of many, each block is the last of several.
fn sparkline(values: &[f64]) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    const MOST: usize = 16;
    // Losses fall by factors.
    let is_positive = values.iter().all(|&value| value > 0.0);
    let scaled = |value: f64| if is_positive { value.ln() } else { value };
    let count = values.len().min(MOST);
    let shown: Vec<f64> = (1..=count).map(|n| scaled(values[n * values.len() / count - 1])).collect();
    let (low, high) =
        shown.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &v| (l.min(v), h.max(v)));
    let block = |value: f64| {
        let height = if high > low { (value - low) / (high - low) * 7.0 } else { 0.0 };
        BLOCKS[(height.round() as usize).min(7)]
    };
    shown.into_iter().map(block).collect()
}

impl Observer for Progress {
    fn observe(&mut self, event: &Event<'_>) -> Result<Control, ObserverError> {
        match event {
            Event::Batch { progress, loss, sequences, .. } => {
                self.sequences += sequences;
                self.losses = (self.losses.0 + loss, self.losses.1 + 1);
                self.batches = batches(progress, self.batches_per_epoch);
                self.refresh(progress.epoch() + 1);
                if let Some(line) = self.line(progress) {
                    message(&line);
                }
            }
            Event::Epoch { epoch, train_loss, validation_loss, rate, .. } => {
                let shown = |loss: f64| figure(self.unit.factor * loss);
                // The unit stands behind the last of them.
                let unit =
                    if self.unit.name.is_empty() { String::new() } else { format!(" {}", self.unit.name) };
                let (first, last) =
                    if validation_loss.is_some() { ("", unit.as_str()) } else { (unit.as_str(), "") };
                self.loss = Some(format!("loss {}{first}", shown(*train_loss)));
                self.validation = validation_loss.map(|loss| format!("validation {}{last}", shown(loss)));
                self.rate = Some(*rate);
                self.losses = (0.0, 0);
                self.course.push(validation_loss.unwrap_or(*train_loss));
                if !self.options.quiet && self.epoch_is_told(epoch + 1) {
                    let text = self.text(epoch + 1);
                    if !self.bar.is_hidden() && self.options.verbose {
                        self.bar.println(text);
                    } else if self.bar.is_hidden() {
                        self.told = Instant::now();
                        message(&text);
                    }
                }
            }
            _ => {}
        }
        Ok(Control::Continue)
    }
}

/// Writes a JSON line per epoch, in which losses stand as they are and, if it has a name, in their unit.
pub(super) struct JsonLog<'a>(pub(super) &'a mut Output, pub(super) LossUnit);

impl Observer for JsonLog<'_> {
    fn observe(&mut self, event: &Event<'_>) -> Result<Control, ObserverError> {
        if let Event::Epoch { epoch, train_loss, validation_loss, rate, improved, .. } = event
            && self.0.options.json
        {
            let LossUnit { name, factor, .. } = self.1;
            let plain = if name.is_empty() { factor } else { 1.0 };
            let mut line = json!({
                "epoch": epoch + 1,
                "loss": plain * train_loss,
                "validation_loss": validation_loss.map(|loss| plain * loss),
                "learning_rate": rate,
                "improved": improved,
            });
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

#[cfg(test)]
mod tests {
    use super::*;

    fn parts() -> Vec<Part> {
        let texts = [
            (0, "epoch 3/30"),
            (3, "loss 0.1"),
            (1, "validation 0.2"),
            (3, "▁█"),
            (4, "rate 0.01"),
            (5, "9 sequences/s"),
            (2, "5.0 s left"),
        ];
        texts.map(|(order, text)| (order, text.to_owned())).into()
    }

    #[test]
    fn what_matters_least_is_left_out_first() {
        let at = |columns: usize| fitted(parts(), columns);
        let all = "epoch 3/30, loss 0.1, validation 0.2, ▁█, rate 0.01, 9 sequences/s, 5.0 s left";
        assert_eq!((at(usize::MAX).as_str(), at(all.chars().count()).as_str()), (all, all));
        assert_eq!(at(70), "epoch 3/30, loss 0.1, validation 0.2, ▁█, rate 0.01, 5.0 s left");
        assert_eq!(at(40), "epoch 3/30, validation 0.2, 5.0 s left");
        assert_eq!(at(26), "epoch 3/30, validation 0.2");
        assert_eq!((at(10).as_str(), at(5).as_str(), at(0).as_str()), ("epoch 3/30", "epoch", ""));
        for columns in 0..90 {
            assert!(at(columns).chars().count() <= columns);
        }
    }

    #[test]
    fn a_sparkline_falls_as_losses_do() {
        assert_eq!(sparkline(&[1.0, 0.1, 0.01]), "█▅▁");
        assert_eq!(sparkline(&[-1.0, 0.0, 1.0]), "▁▅█");
        assert_eq!(sparkline(&[2.0, 2.0]), "▁▁");
        let many: Vec<f64> = (0..1000).map(|n| 1.0 / f64::from(n + 1)).collect();
        let line: Vec<char> = sparkline(&many).chars().collect();
        assert_eq!((line.len(), line[0], line[15]), (16, '█', '▁'));
    }
}
