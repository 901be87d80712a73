//! Labels of sound: what a device makes of each sample.

use super::spans::{SOUND_STREAMS, Span};
use super::{LabelOptions, RowAnswer, Scale};
use crate::audio::{INPUT, PAIR, TARGET, decibels, error_to_signal};
use crate::ensemble::Ensemble;
use crate::error::Error;
use crate::loss::Loss;
use crate::metrics::{Baseline, Evaluation, Metric, Metrics};
use crate::network::CellKind;
use crate::recipe::Recipe;
use crate::scaling::Scaling;
use crate::table::Table;
use crate::task::grouped::Sequences;
use crate::task::{HeldOut, Regress};
use crate::train::TrainConfig;
use crate::words::{counted, thousands};

/// An LSTM that learns how the target differs from the input, by the error-to-signal ratio: 32 stretches side by side in
/// pieces of 512 samples, after 256 that are only heard. The rate falls along a cosine, and twenty passes without a better
/// validation end it.
pub(super) fn recipe() -> Recipe {
    let train = TrainConfig {
        epochs: 60,
        batch_size: SOUND_STREAMS,
        loss: Loss::Esr { pre_emphasis: None },
        learning_rate: 1e-2,
        truncate: Some(512),
        burn_in: 256,
        patience: Some(20),
        ..TrainConfig::default()
    };
    Recipe { cell: CellKind::Lstm, hidden_size: 24, skip: 1, train, ..Recipe::default() }
}

/// What is said of sound once and for all: its columns, and that samples are numbers that stay as they are.
pub(super) fn options(options: &LabelOptions, table: &Table) -> LabelOptions {
    if options.sound.is_none() {
        return options.clone();
    }
    LabelOptions {
        id: table.has_column(PAIR).then(|| PAIR.to_owned()),
        target: Some(TARGET.to_owned()),
        classes: Some(false),
        scale: Scale::None,
        ..options.clone()
    }
}

/// Refuses what is no fitted task on sound.
pub(super) fn check(answer: &RowAnswer) -> Result<(), String> {
    let RowAnswer::Numbers(task) = answer else { return Err("it answers sound with classes".into()) };
    let input = task.grouping.features.first();
    let is_sound = input.is_some_and(|input| input.name == INPUT && input.scaling == Some(Scaling::NONE));
    if is_sound && task.grouping.targets.len() == 1 {
        Ok(())
    } else {
        Err("its columns are not those of sound".into())
    }
}

/// The error-to-signal ratio, beside that of a device that does nothing. Every recording is run from its start.
pub(super) fn evaluate(
    task: &Regress,
    ensemble: &Ensemble,
    table: &Table,
    held_out: &HeldOut,
) -> Result<Evaluation, Error> {
    let mut read = Sequences::read(&task.grouping, table)?;
    let remarks = std::mem::take(&mut read.groups.remarks);
    let last = match held_out {
        HeldOut::LastRows(rows) => *rows,
        _ => usize::MAX,
    };
    let (inputs, targets) =
        (table.column(INPUT)?.numbers()?, table.column(&task.grouping.targets[0])?.numbers()?);
    let (mut answers, mut heard, mut actual) = (Vec::new(), Vec::new(), Vec::new());
    for rows in &read.groups.rows {
        let x = task.grouping.inputs(&read.cells, rows, 0);
        let outputs = ensemble.run(&[&x]).remove(0);
        let span: Span = (0, rows.len().saturating_sub(last)..rows.len());
        answers.extend_from_slice(&outputs[span.1.clone()]);
        heard.extend(rows[span.1.clone()].iter().map(|&row| inputs[row]));
        actual.extend(rows[span.1].iter().map(|&row| targets[row]));
    }
    let (count, recordings) = (thousands(actual.len()), read.groups.len());
    let of =
        if recordings == 1 { String::new() } else { format!(" of {}", counted(recordings, "recording")) };
    let part = if last == usize::MAX { "all" } else { "the last" };
    Ok(Evaluation {
        on: format!("{part} {count} samples{of}"),
        model: figures(&answers, &actual),
        baselines: vec![Baseline { name: "y = x".into(), metrics: figures(&heard, &actual) }],
        confusion: None,
        remarks,
    })
}

/// The error-to-signal ratio, as a number and in decibels, and the largest error.
fn figures(answers: &[f64], actual: &[f64]) -> Metrics {
    let ratio = error_to_signal(answers, actual).unwrap_or(f64::NAN);
    let largest = answers.iter().zip(actual).fold(0.0, |largest: f64, (y, t)| largest.max((y - t).abs()));
    vec![
        Metric::new("esr", ratio),
        Metric::new("esr_db", decibels(ratio)),
        Metric::new("largest_error", largest),
    ]
}
