//! Labels of sound: what a device makes of each sample.

use super::spans::SOUND_STREAMS;
use super::{Label, LabelOptions, RowAnswer, Scale, recorded};
use crate::audio::{INPUT, PAIR, Sound, TARGET, decibels};
use crate::ensemble::Ensemble;
use crate::error::{ConfigError, Error};
use crate::loss::Loss;
use crate::metrics::{Baseline, Evaluation, Metric, Metrics};
use crate::network::CellKind;
use crate::recipe::Recipe;
use crate::scaling::Scaling;
use crate::table::Table;
use crate::task::feature::Feature;
use crate::task::grouped::{Grouping, Sequences};
use crate::task::predictions::check_finite;
use crate::task::{HeldOut, Regress};
use crate::train::TrainConfig;
use crate::watch::Watch;
use crate::words::{counted, thousands};

/// An LSTM that learns how the target differs from the input, by the error-to-signal ratio: 32 stretches side by side in
/// pieces of 512 samples, after 256 that are only heard. The rate falls along a cosine, and twenty passes without a better
/// validation end it. Between an input and an answer that are at levels of their own nothing is added.
pub(super) fn recipe([input, output]: [f64; 2]) -> Recipe {
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
    let skip = usize::from(input * output == 1.0);
    Recipe { cell: CellKind::Lstm, hidden_size: 24, skip, train, ..Recipe::default() }
}

/// What is said of sound once and for all: its columns, and that samples are numbers.
///
/// # Errors
/// If something else is said of them.
pub(super) fn options(options: &LabelOptions, table: &Table) -> Result<LabelOptions, ConfigError> {
    if options.sound.is_none() && table.recordings().is_none() {
        return Ok(options.clone());
    }
    let usual = LabelOptions::default();
    let given = [
        ("id", options.id != usual.id),
        ("target", options.target != usual.target),
        ("classes", options.classes != usual.classes),
        ("features", options.features != usual.features),
        ("time", options.time != usual.time),
        ("time_format", options.time_format != usual.time_format),
        ("group", options.group != usual.group),
        ("split", options.split != usual.split),
        ("split_seed", options.split_seed != usual.split_seed),
    ];
    if let Some((option, _)) = given.into_iter().find(|(_, given)| *given) {
        return Err(ConfigError::new(option, "has no meaning for sound; leave it out"));
    }
    if options.scale.is_some_and(|scale| scale != Scale::None) {
        let message =
            "is standard; recordings are brought to a level that suits a network by themselves: leave it out";
        return Err(ConfigError::new("scale", message));
    }
    Ok(LabelOptions {
        id: Some(PAIR.to_owned()),
        target: Some(TARGET.to_owned()),
        classes: Some(false),
        ..options.clone()
    })
}

impl Label {
    /// The task of a network that was made for sound elsewhere: it reads samples, and knobs of these names, and answers
    /// samples, all as they are.
    pub fn of_sound(sound: Sound, knobs: impl IntoIterator<Item = String>) -> Self {
        let names = std::iter::once(INPUT.to_owned()).chain(knobs);
        let unscaled =
            |name| Feature { name, scaling: Some(Scaling::NONE), categories: Vec::new(), flagged: false };
        let grouping = Grouping {
            ids: vec![PAIR.to_owned()],
            time: None,
            time_format: None,
            targets: vec![TARGET.to_owned()],
            features: names.map(unscaled).collect(),
            missing: None,
            window: None,
            in_rows: None,
        };
        let answer = Regress { grouping, target_scalings: vec![Scaling::NONE] }.into();
        Label { answer, means: Vec::new(), sound: Some(sound) }
    }

    /// The same with what goes in and what comes out multiplied with these as well.
    pub(super) fn scaled_by(&self, input: f64, output: f64) -> Self {
        let mut task = self.clone();
        if let RowAnswer::Numbers(Regress { grouping, target_scalings }) = &mut task.answer {
            let inputs = grouping.features.iter_mut().take(1).filter_map(|feature| feature.scaling.as_mut());
            inputs.for_each(|scaling| scaling.deviation /= input);
            target_scalings.iter_mut().for_each(|scaling| scaling.deviation *= output);
        }
        task
    }
}

/// What samples are multiplied with before the network, and what it tells of them behind it.
pub(super) fn gains(answer: &RowAnswer) -> [f64; 2] {
    let RowAnswer::Numbers(Regress { grouping, target_scalings }) = answer else { return [1.0; 2] };
    let deviation = |scaling: Option<&Scaling>| scaling.map_or(1.0, |scaling| scaling.deviation);
    // An input that never varied has a scaling that silences it, and no level.
    let input = grouping.features.first().filter(|feature| !feature.is_silent());
    let input = input.and_then(|feature| feature.scaling.as_ref());
    [1.0 / deviation(input), deviation(target_scalings.first())]
}

/// Refuses what is no fitted task on sound.
pub(super) fn check(answer: &RowAnswer) -> Result<(), String> {
    let RowAnswer::Numbers(task) = answer else { return Err("it answers sound with classes".into()) };
    let input = task.grouping.features.first();
    let is_sound = input.is_some_and(|input| input.name == INPUT && input.scaling.is_some());
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
    watch: &mut Watch<'_>,
) -> Result<Evaluation, Error> {
    let (mut model, mut naive) = (Errors::default(), Errors::default());
    let mut remarks = Vec::new();
    let network = ensemble.network();
    let (count, recordings) = match table.recordings() {
        // A network that needs the end of a sequence needs all of it.
        Some(recordings) if !network.is_causal() || network.joins_all_time() => {
            return evaluate(task, ensemble, &recordings.rows()?, held_out, watch);
        }
        Some(recordings) => {
            let count = recorded::play(task, ensemble, (table, recordings), held_out, |heard| {
                model.add(heard.answers, heard.target);
                naive.add(heard.input, heard.target);
                watch(heard.done, recordings.len())
            })?;
            (count, recordings.parts().len())
        }
        None => {
            let mut read = Sequences::read(&task.grouping, table)?;
            remarks.append(&mut read.groups.remarks);
            let (inputs, targets) =
                (table.column(INPUT)?.numbers()?, table.column(&task.grouping.targets[0])?.numbers()?);
            let scaling = task.target_scalings.first().copied().unwrap_or(Scaling::NONE);
            let mut count = 0;
            for (n, rows) in read.groups.rows.iter().enumerate() {
                let x = task.grouping.inputs(&read.cells, rows, 0);
                let outputs = ensemble
                    .run_watched(&[&x], &mut |done, _| watch(count + done, table.num_rows()))?
                    .remove(0);
                let from = held_out.last_rows(n).map_or(0, |last| rows.len().saturating_sub(last));
                let tested = from..rows.len();
                let answers: Vec<f64> = outputs[tested.clone()].iter().map(|y| scaling.unscale(*y)).collect();
                let rows = &rows[tested];
                let place = |k: usize| format!("sample {}", rows[k] + 1);
                check_finite(answers.iter().copied(), table, place, |_| {
                    read.far_cell(&task.grouping, table, n)
                })?;
                let of = |column: &[f64]| rows.iter().map(|&row| column[row]).collect::<Vec<f64>>();
                let actual = of(targets);
                model.add(&answers, &actual);
                naive.add(&of(inputs), &actual);
                count += rows.len();
            }
            (count, read.groups.len())
        }
    };
    if model.energy == 0.0 {
        remarks.push("the target is silence there, of which no error is a share".into());
    }
    if model.energy > 0.0 && model.error > model.energy {
        let ratio = model.error / model.energy;
        remarks.push(
            format!(
                "silence is better than the model: its error-to-signal ratio is 1, and the model's {ratio:.4}"
            )
            .into(),
        );
    }
    let of =
        if recordings == 1 { String::new() } else { format!(" of {}", counted(recordings, "recording")) };
    let part = if held_out.last_rows(0).is_none() { "all" } else { "the last" };
    Ok(Evaluation {
        on: format!("{part} {} samples{of}", thousands(count)),
        model: model.figures(),
        baselines: vec![Baseline { name: "y = x".into(), metrics: naive.figures() }],
        confusion: None,
        remarks,
    })
}

/// How far answers are from targets, summed up.
#[derive(Default)]
struct Errors {
    energy: f64,
    error: f64,
    largest: f64,
}

impl Errors {
    fn add(&mut self, answers: &[f64], targets: &[f64]) {
        for (y, t) in answers.iter().zip(targets) {
            self.energy += t * t;
            self.error += (y - t) * (y - t);
            self.largest = self.largest.max((y - t).abs());
        }
    }

    /// The error-to-signal ratio, as a number and in decibels, and the largest error.
    fn figures(&self) -> Metrics {
        let ratio = if self.energy > 0.0 { self.error / self.energy } else { f64::NAN };
        vec![
            Metric::new("esr", ratio),
            Metric::new("esr_db", decibels(ratio)),
            Metric::new("largest_error", self.largest),
        ]
    }
}
