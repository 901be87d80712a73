//! `elman inspect`

use std::process::ExitCode;

use elman::audio::{Sound, late};
use elman::distribution::Distribution;
use elman::loss::Loss;
use elman::model::Model;
use elman::network::{Activation, Block, Direction, Network, Output as Handed, Stacked};
use elman::train::Ended;
use elman::words::{counted, listed};
use serde_json::{Value, json};

use crate::args::InspectArguments;
use crate::evaluate;
use crate::import::device_texts;
use crate::input::Trained;
use crate::output::{Output, figure};

pub(crate) fn run(arguments: &InspectArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let trained = Trained::open(&arguments.model)?;
    let (weights, model) = (trained.weights(), trained.model());
    let (network, layout) = (weights.network(), weights.network().layout());
    let members = model.map_or(1, |model| model.ensemble().members().len());
    if output.options.json {
        let tensors: Vec<_> = layout.tensors().iter().map(|t| json!([t.name, t.shape])).collect();
        output.json(&json!({
            "task": model.map(Model::task),
            "network": network.config(),
            "members": members,
            "dtype": weights.parameters().dtype(),
            "parameters": layout.len(),
            "tensors": tensors,
            "record": model.map(record_json).transpose()?,
            "device": model.map_or_else(|| weights.device(), Model::device),
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    output.line(format_args!("network   {}", network_text(network)))?;
    let parameters = counted(layout.len(), "parameter");
    let each = if members > 1 { format!(" in each of {members} members") } else { String::new() };
    output.line(format_args!("          {parameters}{each} in {}", weights.parameters().dtype()))?;
    match model {
        Some(model) => {
            output.line(format_args!("task      {}", model.task().kind().describe()))?;
            output.line(format_args!("data      {}", data_text(model)))?;
            // Of another program's model the device says it.
            if let Some(sound) = model.sound().filter(|_| model.device().is_none()) {
                output.line(format_args!("sound     {}", sound_text(sound, model.gains())))?;
            }
            if model.record().train_sequences > 0 {
                output.line(format_args!("training  {}", training_text(model)))?;
            }
            if let Some(distribution) = model.ensemble().distribution() {
                output.line(format_args!("answers   {}", distribution_text(distribution)))?;
            }
        }
        None => output.line("task      none: weights alone")?,
    }
    let device = model.map_or_else(|| weights.device(), Model::device);
    for line in device.into_iter().flat_map(device_texts) {
        output.line(format_args!("device    {line}"))?;
    }
    if output.options.verbose {
        let mut rows = Vec::new();
        for tensor in layout.tensors() {
            rows.push(vec![format!("          {}", tensor.name), format!("{:?}", tensor.shape)]);
        }
        output.table(&rows)?;
    }
    if let Some(test) = model.and_then(|model| model.record().test.as_ref()) {
        output.line("")?;
        evaluate::print(test, output)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The record as the file has it, but for the epoch, which is counted from 1 wherever it is shown, and of sound the loss, which is shown
/// at the recordings' own level.
fn record_json(model: &Model) -> serde_json::Result<Value> {
    let mut record = serde_json::to_value(model.record())?;
    if let (Some(epoch), Some(shown)) = (model.record().best_epoch, record.get_mut("best_epoch")) {
        *shown = epoch.saturating_add(1).into();
    }
    // Of sound at the level of the recordings, as everywhere else.
    let unit = model.task().kind().loss_unit(&model.record().recipe.train.loss);
    if unit.name.is_empty()
        && let (Some(loss), Some(shown)) = (model.record().loss, record.get_mut("loss"))
    {
        *shown = (unit.factor * loss).into();
    }
    Ok(record)
}

pub(crate) fn network_text(network: &Network) -> String {
    let (config, output) = (network.config(), counted(network.output_size(), "output"));
    let input = counted(config.input_size, "input");
    let Some(stacked) = Stacked::of(config) else {
        let blocks: Vec<String> = config.blocks.iter().map(block_text).collect();
        return format!("{input} -> {} -> {output}", blocks.join(" -> "));
    };
    let dropout =
        if stacked.dropout > 0.0 { format!(", dropout {}", stacked.dropout) } else { String::new() };
    let layers =
        if stacked.num_layers > 1 { format!("{} layers of ", stacked.num_layers) } else { String::new() };
    let units = if stacked.bidirectional {
        format!("2 x {} units (both directions)", stacked.hidden_size)
    } else {
        counted(stacked.hidden_size, "unit")
    };
    format!("{}: {input} -> {layers}{units} -> {output}{dropout}", stacked.cell)
}

fn block_text(block: &Block) -> String {
    match block {
        Block::Recurrent(layer) => {
            let units = counted(layer.hidden_size, "unit");
            let direction = match layer.direction {
                Direction::Forward => "",
                Direction::Reverse => ", in reverse",
                Direction::Both => ", both directions",
            };
            let last = if layer.output == Handed::Last { ", last step" } else { "" };
            let learned = if layer.learned_state { ", learned initial state" } else { "" };
            let dropout = match layer.recurrent_dropout {
                0.0 => String::new(),
                share => format!(", recurrent dropout {share}"),
            };
            let zoneout = match layer.kept() {
                None => String::new(),
                Some([h, 0.0]) => format!(", zoneout {h}"),
                Some([h, cell]) => format!(", zoneout {h} of h and {cell} of the cell's state"),
            };
            format!("{} ({units}{direction}{last}{learned}{dropout}{zoneout})", layer.cell)
        }
        Block::Dense(dense) => match dense.activation {
            Activation::Identity => format!("dense ({})", dense.output_size),
            activation => format!("dense ({}, {activation})", dense.output_size),
        },
        Block::Dropout(dropout) => format!("dropout ({})", dropout.probability),
        Block::Embedding(embedding) if embedding.one_hot => {
            format!("one-hot ({})", counted(embedding.num_embeddings, "token"))
        }
        Block::Embedding(embedding) => {
            format!(
                "embedding ({} of {})",
                counted(embedding.num_embeddings, "token"),
                embedding.embedding_dim
            )
        }
        Block::Skip(skip) => format!("skip ({})", counted(skip.inputs, "input")),
        Block::Pooling(pooling) => format!("{} over time", pooling.kind),
        Block::Patch(patch) => format!("patches of {}", counted(patch.len, "step")),
        block => block.name().to_owned(),
    }
}

pub(crate) fn distribution_text(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Quantiles(levels) => {
            let levels: Vec<String> = levels.iter().map(f64::to_string).collect();
            format!("quantiles at {}", levels.join(", "))
        }
        Distribution::Gaussian => "a normal distribution: mean and deviation".into(),
        Distribution::StudentT => "Student's t-distribution: location, scale and degrees of freedom".into(),
        _ => "a distribution".into(),
    }
}

pub(crate) fn data_text(model: &Model) -> String {
    let record = model.record();
    if record.train_sequences == 0 {
        return format!("none here: read from {}", record.data);
    }
    let [train, validation] = record.timesteps.map_or([None; 2], |timesteps| timesteps.map(Some));
    let train = sequences_text(record.train_sequences, train);
    let validation = match record.validation_sequences {
        0 => String::new(),
        count => format!(", {} for validation", sequences_text(count, validation)),
    };
    format!("{}: {train} for training{validation}", record.data)
}

/// `48000 Hz; targets were taken as 73 samples late; samples are multiplied with 4 before the network, answers with 0.25`
fn sound_text(sound: &Sound, [input, output]: [f64; 2]) -> String {
    let delays = if sound.delays.is_empty() { Vec::from_iter(sound.delay) } else { sound.delays.clone() };
    let delays = match delays.as_slice() {
        [] => "how late targets were is not known".to_owned(),
        known => format!("targets were taken as {}", listed(known.iter().map(|&delay| late(delay)), "and")),
    };
    let gains = if input == 1.0 && output == 1.0 {
        String::new()
    } else {
        format!("; samples are multiplied with {input} before the network, answers with {output}")
    };
    format!("{} Hz; {delays}{gains}", sound.sample_rate)
}

/// `31 sequences`, of a task that tells something of each timestep `31 sequences of 207,359 timesteps in all`.
pub(crate) fn sequences_text(count: usize, timesteps: Option<usize>) -> String {
    let sequences = counted(count, "sequence");
    let all = if count == 1 { "" } else { " in all" };
    timesteps.map_or(sequences.clone(), |steps| format!("{sequences} of {}{all}", counted(steps, "timestep")))
}

pub(crate) fn training_text(model: &Model) -> String {
    let record = model.record();
    let ended = match record.ended {
        Some(Ended::Finished) => String::new(),
        Some(Ended::Early) => ", stopped early".into(),
        Some(Ended::Interrupted) => ", interrupted".into(),
        None => ", broke off".into(),
    };
    let unit = model.task().kind().loss_unit(&record.recipe.train.loss);
    let loss = match &record.recipe.train.loss {
        _ if !unit.name.is_empty() => unit.name,
        Loss::Squared => "squared error",
        Loss::Absolute => "absolute error",
        Loss::Huber { .. } => "Huber loss",
        Loss::CrossEntropy { .. } => "cross-entropy",
        Loss::Quantile { .. } => "pinball loss",
        Loss::Gaussian => "Gaussian negative log-likelihood",
        Loss::StudentT => "Student-t negative log-likelihood",
        Loss::Esr { .. } | Loss::EsrNam { .. } => "error-to-signal ratio",
        Loss::Mrstft { .. } => "multi-resolution STFT loss",
        _ => "loss",
    };
    let kept = match (record.best_epoch, record.loss) {
        (Some(epoch), Some(value)) => {
            let kept = match record.recipe.train.average {
                Some(average) if average.covers(epoch) => "the average",
                _ => "those",
            };
            format!(
                "; kept {kept} of epoch {}, {loss} {}",
                epoch.saturating_add(1),
                figure(unit.factor * value)
            )
        }
        _ => String::new(),
    };
    format!(
        "{} of {} epochs{ended}{kept}; seed {}",
        record.epochs, record.recipe.train.epochs, record.recipe.train.seed
    )
}
