//! `elman export`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use elman::error::Error;
use elman::exchange::{self, Device, Format, WriteOptions};
use elman::file;
use elman::loss::Loss;
use elman::model::Model;
use elman::weights::Weights;
use elman::words::{counted, listed};
use serde_json::json;

use crate::args::ExportArguments;
use crate::import::device_texts;
use crate::input::{self, Trained};
use crate::inspect::network_text;
use crate::output::{Output, Wrong};

pub(crate) fn run(arguments: &ExportArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let format = format(arguments)?;
    let path = arguments.output.clone().unwrap_or_else(|| default_path(&arguments.model, format));
    let to_file = Some(path.as_path()).filter(|path| *path != Path::new("-"));
    if let Some(path) = to_file {
        input::refuse_overwriting(path, [&arguments.model])?;
        input::refuse_foreign(path, &format!("{} file", article(format)), arguments.force, |start| {
            format.is_written_by_elman(start)
        })?;
        file::check_writable(path).map_err(Error::from)?;
    }
    let trained = Trained::open(&arguments.model)?;
    let weights = weights(&trained, arguments, output)?;
    let options = trained.model().map_or_else(WriteOptions::default, WriteOptions::of);
    let written = exchange::write_with(&weights, &options, format).map_err(Error::from)?;
    output.remarks(&written.remarks);
    match to_file {
        Some(path) => {
            file::write(path, &written.file).map_err(Error::from)?;
            print(&weights, &written.device, format, path, output)?;
        }
        None => output.raw(&written.file)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The format that is asked for, or that the output's name tells.
fn format(arguments: &ExportArguments) -> anyhow::Result<Format> {
    if let Some(name) = &arguments.format {
        return Ok(name.parse().map_err(Error::from)?);
    }
    let ends_in_nam = arguments.output.as_deref().and_then(Path::extension).is_some_and(|end| end == "nam");
    if ends_in_nam {
        return Ok(Format::Nam);
    }
    let formats = listed(Format::ALL.map(Format::name), "or");
    Err(Wrong(format!("say what to write with --format: {formats}")).into())
}

/// `a NAM`, `an AIDA-X JSON`
fn article(format: Format) -> String {
    let article = if matches!(format, Format::Rtneural | Format::AidaX) { "an" } else { "a" };
    format!("{article} {}", format.title())
}

/// `models/clean.elman` to `clean.nam`, in the present folder.
fn default_path(model: &Path, format: Format) -> PathBuf {
    let mut name = model.file_stem().unwrap_or("model".as_ref()).to_owned();
    name.push(".");
    name.push(format.extension());
    name.into()
}

/// The network to write, with what is known of its device.
fn weights(trained: &Trained, arguments: &ExportArguments, output: &Output) -> anyhow::Result<Weights> {
    if let Some(model) = trained.model() {
        let members = model.ensemble().members().len();
        if members > 1 {
            let message = format!(
                "{} is an ensemble of {members} networks, and another program's file holds one; train with --ensemble 1",
                arguments.model.display()
            );
            return Err(Wrong(message).into());
        }
        if model.sound().is_none() {
            output.note(
                "note: the file holds the network alone; its scaling of inputs and outputs is left out",
            );
        }
    }
    let weights = trained.weights().clone();
    let mut device = trained.model().map_or_else(|| weights.device().cloned().unwrap_or_default(), known);
    if let Some(rate) = arguments.sample_rate {
        device = device.with_sample_rate(rate).map_err(Error::from)?;
    }
    if let Some(name) = &arguments.name {
        device = device.with_name(name);
    }
    Ok(weights.with_device(Some(device)))
}

/// What a model knows of its device: what another program said, or what was heard in training.
fn known(model: &Model) -> Device {
    if let Some(device) = model.device() {
        return device.clone();
    }
    let (record, mut device) = (model.record(), Device::default());
    device.sample_rate = model.sound().map(|sound| sound.sample_rate.into());
    if record.recipe.train.loss == (Loss::Esr { pre_emphasis: None }) && record.validation_sequences > 0 {
        device.validation_esr = record.loss;
    }
    device
}

fn print(
    weights: &Weights,
    device: &Device,
    format: Format,
    path: &Path,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (network, layout) = (weights.network(), weights.network().layout());
    if output.options.json {
        return output.json(&json!({
            "format": format.name(),
            "network": network.config(),
            "parameters": layout.len(),
            "device": device,
            "output": path,
        }));
    }
    output.line(format_args!("network   {}", network_text(network)))?;
    output.line(format_args!("          {}", counted(layout.len(), "parameter")))?;
    for line in device_texts(device) {
        output.line(format_args!("device    {line}"))?;
    }
    output.line(format_args!("wrote     {} to {}", format.title(), path.display()))
}
