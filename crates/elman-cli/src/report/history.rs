//! The epochs of a training run, as they were.

use elman::task::{Chart, Charts, Line, LossUnit, Mark, Role};
use elman::train::{Control, Event, Observer, ObserverError};

use crate::output::figure;

/// Keeps what is told of every epoch.
pub(crate) struct History {
    unit: LossUnit,
    epochs: Vec<Epoch>,
}

/// An epoch, and how it ended.
struct Epoch {
    /// From 1.
    number: u64,
    train_loss: f64,
    validation_loss: Option<f64>,
    rate: f64,
    /// That of the gradient at the last batch.
    grad_norm: Option<f64>,
}

impl Observer for History {
    fn observe(&mut self, event: &Event<'_>) -> Result<Control, ObserverError> {
        if let Event::Epoch { progress, epoch, train_loss, validation_loss, rate, .. } = event {
            self.epochs.push(Epoch {
                number: epoch + 1,
                train_loss: *train_loss,
                validation_loss: *validation_loss,
                rate: *rate,
                grad_norm: progress.grad_norm(),
            });
        }
        Ok(Control::Continue)
    }
}

impl History {
    /// Of a run whose losses are shown in this unit.
    pub(crate) fn new(unit: LossUnit) -> Self {
        History { unit, epochs: Vec::new() }
    }

    /// The losses by epoch; none of no epochs. The best epoch, from 0, is marked.
    pub(super) fn losses(&self, best: Option<u64>) -> Option<Charts> {
        let first = self.epochs.first()?;
        let shown = |loss: f64| self.unit.factor * loss;
        let name = if self.unit.name.is_empty() { "loss" } else { self.unit.name };
        let place = |epoch: &Epoch| epoch.number as usize;
        let train: Vec<_> = self.epochs.iter().map(|epoch| (place(epoch), shown(epoch.train_loss))).collect();
        let validation: Vec<_> = self
            .epochs
            .iter()
            .filter_map(|epoch| Some((place(epoch), shown(epoch.validation_loss?))))
            .collect();
        let values = || train.iter().chain(&validation).map(|&(_, loss)| loss);
        let (least, most) = values().fold((f64::INFINITY, 0.0), |(l, m): (f64, f64), v| (l.min(v), m.max(v)));
        let mut lines = vec![Line::new("training".to_owned(), Role::Truth, train)];
        if !validation.is_empty() {
            lines.push(Line::new("validation".to_owned(), Role::Model, validation));
        }
        // Without validation data the last epoch is as good as any.
        let best = best
            .filter(|_| lines.len() > 1)
            .map(|best| best + 1)
            .filter(|best| self.epochs.iter().any(|epoch| epoch.number == *best));
        let mut notes = Vec::new();
        if first.number > 1 {
            notes.push(format!(
                "The run was resumed: its first {} are not known here.",
                elman::words::counted(first.number as usize - 1, "epoch")
            ));
        }
        let chart = Chart {
            title: "Loss".into(),
            x: "epoch".into(),
            y: name.into(),
            first_row: place(first),
            row_names: self.epochs.iter().map(|epoch| epoch.number.to_string()).collect(),
            logarithmic: least > 0.0 && most > 20.0 * least,
            lines,
            marks: best
                .map(|best| Mark { row: best as usize, text: format!("best: {best}") })
                .into_iter()
                .collect(),
            ..Chart::default()
        };
        Some(Charts { notes, ..chart.into() })
    }

    /// The cells of a table of all epochs.
    pub(super) fn rows(&self) -> Vec<Vec<String>> {
        let loss = |loss: f64| figure(self.unit.factor * loss);
        let row = |epoch: &Epoch| {
            vec![
                epoch.number.to_string(),
                loss(epoch.train_loss),
                epoch.validation_loss.map_or("-".into(), loss),
                figure(epoch.rate),
                epoch.grad_norm.map_or("-".into(), figure),
            ]
        };
        self.epochs.iter().map(row).collect()
    }
}
