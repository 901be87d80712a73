//! `elman import`

use std::path::Path;
use std::process::ExitCode;

use elman::error::Error;
use elman::exchange::{self, Device, Imported, ReadOptions};
use elman::file;
use elman::model::is_written_by_elman;
use elman::words::counted;
use serde_json::json;

use crate::args::ImportArguments;
use crate::input::{self, default_model_path};
use crate::inspect::network_text;
use crate::output::{Output, figure, flag};

pub(crate) fn run(arguments: &ImportArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let path = match &arguments.output {
        Some(path) => path.clone(),
        None => default_model_path(Some(&arguments.file)),
    };
    if input::begins_as_model(&arguments.file) {
        anyhow::bail!("{} is a file of elman already; it needs no import", arguments.file.display());
    }
    let to_file = Some(path.as_path()).filter(|path| *path != Path::new("-"));
    if let Some(path) = to_file {
        input::refuse_overwriting(path, [&arguments.file])?;
        input::refuse_foreign(path, "a model", arguments.force, is_written_by_elman)?;
        file::check_writable(path).map_err(Error::from)?;
    }
    let options =
        ReadOptions::default().with_sample_rate(arguments.sample_rate).with_name(arguments.name.clone());
    let (name, bytes) = bytes(&arguments.file)?;
    let imported = exchange::read(&name, &bytes, &options)?;
    output.remarks(&imported.remarks);
    let data = arguments.file.file_name().unwrap_or_default().display().to_string();
    let model = imported.model(&data);
    if let Err(why) = &model {
        output.note(&format!("note: weights alone are written: {}", why.naming(&flag)));
    }
    let bytes = match &model {
        Ok(model) => model.to_bytes(),
        Err(_) => imported.weights.to_bytes(),
    };
    let bytes = bytes.map_err(Error::from)?;
    match to_file {
        Some(path) => {
            file::write(path, &bytes).map_err(Error::from)?;
            print(&imported, path, output)?;
        }
        None => output.raw(&bytes)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The content of a file, or of standard input for `-`, and its name in messages.
fn bytes(path: &Path) -> anyhow::Result<(String, Vec<u8>)> {
    const LARGEST: u64 = 1 << 31;
    if path != Path::new("-") {
        return Ok((path.display().to_string(), file::read(path).map_err(Error::from)?));
    }
    Ok(("standard input".into(), input::limited(std::io::stdin().lock(), LARGEST, "a file")?))
}

fn print(imported: &Imported, path: &Path, output: &mut Output) -> anyhow::Result<()> {
    let Imported { weights, format, version, self_test, .. } = imported;
    let (network, layout) = (weights.network(), weights.network().layout());
    if output.options.json {
        return output.json(&json!({
            "format": format.name(),
            "version": version,
            "network": network.config(),
            "parameters": layout.len(),
            "device": weights.device(),
            "self_test": self_test,
            "output": path,
        }));
    }
    let version = version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
    output.line(format_args!("read      {}{version}", format.title()))?;
    output.line(format_args!("network   {}", network_text(network)))?;
    output.line(format_args!("          {}", counted(layout.len(), "parameter")))?;
    for line in weights.device().into_iter().flat_map(device_texts) {
        output.line(format_args!("device    {line}"))?;
    }
    if let Some(error) = self_test {
        output.line(format_args!("self test passed: the file's answers are met within {error:.1e}"))?;
    }
    output.line(format_args!("wrote     {}", path.display()))
}

/// What is known of a device, line by line.
pub(crate) fn device_texts(device: &Device) -> Vec<String> {
    let texts = [
        ("name", &device.name),
        ("author", &device.author),
        ("gear make", &device.gear_make),
        ("gear model", &device.gear_model),
        ("gear type", &device.gear_type),
        ("tone type", &device.tone_type),
        ("source", &device.source),
        ("style", &device.style),
        ("based on", &device.based),
        ("dataset", &device.dataset),
        ("license", &device.license),
    ];
    let numbers = [
        ("sample rate", device.sample_rate, " Hz"),
        ("input gain", device.input_gain, " dB"),
        ("output gain", device.output_gain, " dB"),
        ("input level", device.input_level_dbu, " dBu"),
        ("output level", device.output_level_dbu, " dBu"),
        ("loudness", device.loudness, " dB"),
        ("gain", device.gain, ""),
    ];
    let esr = device.validation_esr.map(|esr| format!("validation ESR {}", figure(esr)));
    let date = device.date.map(|d| {
        format!(
            "date {:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            d.year, d.month, d.day, d.hour, d.minute, d.second
        )
    });
    let texts = texts.into_iter().filter_map(|(what, text)| Some(format!("{what} {}", text.as_deref()?)));
    let numbers =
        numbers.into_iter().filter_map(|(what, value, unit)| Some(format!("{what} {}{unit}", value?)));
    texts.chain(numbers).chain(esr).chain(date).collect()
}
