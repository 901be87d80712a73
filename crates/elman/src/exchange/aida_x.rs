//! AIDA-X: RTNeural's JSON with gains, a skip connection and a test of itself.
//!
//! ```text
//! x' = g_in x,  y = g_out (net(x') + s x')        s: 1 with in_skip, else 0
//! ```
//!
//! The gains are in dB and stay beside the network, in the [`Device`]; the skip connection is part of it. The test is
//! one of the network, from a zero state and without the gains.
//!
//! Sources: `modelToKeras.py` of AidaDSP's Automated-GuitarAmpModelling, `src/aidadsp-plugin.cpp` of AIDA-X.

use serde::Serialize;
use serde_json::{Map, Value};

use super::chain::{Chain, Layer};
use super::json::{At, exact, number};
use super::rtneural::{WrittenLayer, read_layers, shape, written_layers};
use super::{Bytes, Device, Format, Imported};
use crate::error::{ConfigError, DataError, Message};
use crate::float::Dtype;
use crate::network::{Activation, CellKind};
use crate::predict;
use crate::weights::Weights;
use crate::words::{counted, listed, quoted};

/// The keys by which a file differs from one of RTNeural.
const KEYS: [&str; 7] =
    ["in_skip", "in_gain", "out_gain", "input_batch", "output_batch", "metadata", "samplerate"];
/// The sizes that the plug-in has compiled in.
const HIDDEN_SIZES: [usize; 9] = [8, 12, 16, 20, 24, 32, 40, 64, 80];
/// Its audio and at most two knobs.
const MOST_INPUTS: usize = 3;
/// The fields of a device that the file says.
pub(super) const KEPT: [&str; 11] = [
    "name",
    "sample_rate",
    "input_gain",
    "output_gain",
    "author",
    "source",
    "style",
    "based",
    "dataset",
    "license",
    "validation_esr",
];
/// What a plug-in takes for the rate of a file that says none.
const ASSUMED_RATE: f64 = 48_000.0;
/// By how much the plug-in lets a network differ from its test.
const TOLERANCE: f64 = 1e-5;
/// A test is written that rounding changes by no more than this share of it: other programs round otherwise.
const ROUNDING: f64 = 0.25;
/// The factors of a test's loudness that are tried for that.
const QUIETER: [f32; 4] = [1.0, 0.125, 0.015_625, 0.001_953_125];
/// The length of the test that is written.
const TEST_LEN: usize = 2048;
/// A longer one is not run: a file could ask for hours.
const LONGEST_TEST: usize = 1 << 16;

/// Is this of AIDA-X, rather than RTNeural alone?
pub(super) fn is_it(file: &At<'_>) -> bool {
    file.keys().any(|key| KEYS.contains(&key))
}

pub(super) fn read(file: &At<'_>, device: Device) -> Result<Imported, DataError> {
    let mut remarks = Vec::new();
    let mut chain = read_layers(file, &mut remarks)?;
    if let Some(skip) = file.get("in_skip") {
        match skip.count()? {
            0 => {}
            1 => chain.layers.push(Layer::Skip(1)),
            more => return Err(skip.refuse(format!("is {more}; 0 and 1 are known, as to the plug-in"))),
        }
    }
    let device = read_device(file, device, &mut remarks)?;
    let mut imported = Imported::new(Format::AidaX, file, chain, device, remarks)?;
    match (file.get("input_batch"), file.get("output_batch")) {
        (Some(input), Some(output)) => imported.self_test = Some(test(&imported.weights, &input, &output)?),
        (None, None) => {}
        (input, _) => {
            let lacking = if input.is_some() { "output_batch" } else { "input_batch" };
            let message =
                format!("the file's test of itself lacks its {lacking}, so the network is not tested");
            imported.remarks.push(message.into());
        }
    }
    Ok(imported)
}

fn read_device(file: &At<'_>, device: Device, remarks: &mut Vec<Message>) -> Result<Device, DataError> {
    let metadata = file.get("metadata");
    if let Some(metadata) = &metadata {
        metadata.object()?;
    }
    // Older files say some of it at the top.
    let find = |key: &str| metadata.as_ref().and_then(|metadata| metadata.get(key)).or_else(|| file.get(key));
    let text = |key: &str| find(key).map(|text| text.text().map(str::to_owned)).transpose();
    let gain = |key: &str| -> Result<Option<f64>, DataError> {
        let Some(at) = file.get(key) else { return Ok(None) };
        let gain = Some(at.number()?);
        super::device::check_gain(gain).map_err(|problem| at.refuse(problem))?;
        Ok(gain)
    };
    const KNOWN: [&str; 9] =
        ["name", "samplerate", "source", "style", "based", "author", "dataset", "license", "esr"];
    let left_out: Vec<&str> =
        metadata.iter().flat_map(|metadata| metadata.keys()).filter(|key| !KNOWN.contains(key)).collect();
    if !left_out.is_empty() {
        remarks.push(format!("of the metadata, {} are not kept", quoted(left_out)).into());
    }
    let sample_rate = match (device.sample_rate, find("samplerate")) {
        (Some(rate), _) => rate,
        (None, Some(at)) => super::rate(&at, at.number_or_text()?)?,
        (None, None) => {
            remarks.push(super::assumed_rate("AIDA-X", ASSUMED_RATE));
            ASSUMED_RATE
        }
    };
    Ok(Device {
        name: match device.name {
            Some(name) => Some(name),
            None => text("name")?,
        },
        sample_rate: Some(sample_rate),
        input_gain: gain("in_gain")?,
        output_gain: gain("out_gain")?,
        author: text("author")?,
        source: text("source")?,
        style: text("style")?,
        based: text("based")?,
        dataset: text("dataset")?,
        license: text("license")?,
        validation_esr: find("esr").map(|esr| esr.number_or_text()).transpose()?,
        ..device
    })
}

/// By how much the network's answer to the test differs at most.
///
/// # Errors
/// If that is more than the plug-in allows.
fn test(weights: &Weights, input: &At<'_>, output: &At<'_>) -> Result<f64, DataError> {
    let x = input.numbers()?;
    if x.len() > LONGEST_TEST {
        let message = format!(
            "has {} samples, and a test of more than {LONGEST_TEST} is not run; cut both batches",
            x.len()
        );
        return Err(input.refuse(message));
    }
    let wanted = output.vector(x.len())?;
    let found = answers(weights, &x).map_err(|error| input.refuse(error.to_string()))?;
    let differences = found.iter().zip(&wanted).map(|(found, wanted)| f64::from(found - wanted).abs());
    let worst = differences.enumerate().max_by(|(_, a), (_, b)| a.total_cmp(b));
    let Some((place, error)) = worst else { return Ok(0.0) };
    if error.is_nan() || error > TOLERANCE {
        let message = format!(
            "differs from what the network answers by {error:.1e} at sample {place}, and {TOLERANCE:.0e} is the most \
             that AIDA-X allows: the weights are not those of the network that this was made by (some converters mix \
             up a GRU's gates). Export the model again, or take input_batch and output_batch out to read it as it is"
        );
        return Err(output.refuse(message));
    }
    Ok(error)
}

/// The first output for each sample of audio from the initial state, with all knobs at 0.
fn answers(weights: &Weights, audio: &[f32]) -> Result<Vec<f32>, ConfigError> {
    let mut stream = weights.stream()?;
    let mut x = vec![0.0; weights.network().input_size()];
    let mut y = vec![0.0; weights.network().output_size()];
    let answer = |&sample: &f32| {
        if let Some(first) = x.first_mut() {
            *first = sample;
        }
        stream.step(&x, &mut y);
        y.first().copied().unwrap_or_default()
    };
    Ok(audio.iter().map(answer).collect())
}

#[derive(Serialize)]
struct File {
    in_shape: [Option<usize>; 3],
    #[serde(skip_serializing_if = "Option::is_none")]
    in_skip: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_gain: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out_gain: Option<f64>,
    #[serde(skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    samplerate: Option<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    input_batch: Vec<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    output_batch: Vec<f64>,
    layers: Vec<WrittenLayer>,
}

pub(super) fn write(mut chain: Chain, device: &Device) -> Result<Bytes, ConfigError> {
    let mut remarks: Vec<Message> = super::without_state(&chain, "aida-x").into_iter().collect();
    for layer in &mut chain.layers {
        if let Layer::Recurrent(layer) = layer {
            layer.initial.clear();
        }
    }
    let in_skip = check(&chain)?;
    if device.sample_rate.is_none() {
        let message =
            Message::from("no sample rate is known, and AIDA-X takes it for 48,000 Hz; give one with ");
        remarks.push(message.option("sample_rate"));
    }
    let (input, output) = own_test(&chain.clone().into_weights()?, &mut remarks)?;
    chain.layers.truncate(2);
    let layers =
        written_layers(&chain, "", |what| ConfigError::new("format", format!("aida-x has no {what}")))?;
    let file = File {
        in_shape: shape(chain.input_size),
        in_skip,
        in_gain: device.input_gain,
        out_gain: device.output_gain,
        metadata: metadata(device),
        samplerate: device.sample_rate.map(number),
        input_batch: exact(&input),
        output_batch: exact(&output),
        layers,
    };
    Ok((super::to_json(&file)?, remarks))
}

/// What the plug-in would not load is refused; gives what it is to be told of a skip connection.
fn check(chain: &Chain) -> Result<Option<usize>, ConfigError> {
    let refuse = |what: String| {
        let message = format!(
            "aida-x runs one LSTM or GRU layer of {} units and a linear layer with one output, for audio and at most \
             two knobs, but this network has {what}",
            listed(HIDDEN_SIZES.map(|size| size.to_string()), "or")
        );
        Err(ConfigError::new("format", Message::from(message).text(super::way_out(chain))))
    };
    let (recurrent, dense, in_skip) = match chain.layers.as_slice() {
        [Layer::Recurrent(recurrent), Layer::Dense(dense)] => (recurrent, dense, None),
        [Layer::Recurrent(recurrent), Layer::Dense(dense), Layer::Skip(1)] => (recurrent, dense, Some(1)),
        layers => return refuse(super::listed_layers(layers)),
    };
    if !matches!(recurrent.cell, CellKind::Lstm | CellKind::Gru) {
        return refuse(super::chain::named(recurrent.cell));
    }
    if !HIDDEN_SIZES.contains(&recurrent.hidden_size) {
        return refuse(counted(recurrent.hidden_size, "unit"));
    }
    if dense.activation != Activation::Identity || dense.output_size != 1 {
        return refuse(super::listed_layers(&chain.layers));
    }
    if chain.input_size > MOST_INPUTS {
        return refuse(counted(chain.input_size, "input"));
    }
    Ok(in_skip)
}

/// What goes into the file's test of itself and what comes out, as loud as others that round otherwise can pass it; nothing where
/// that is at no loudness.
fn own_test(weights: &Weights, remarks: &mut Vec<Message>) -> Result<(Vec<f32>, Vec<f32>), ConfigError> {
    let precise = weights.to_dtype(Dtype::F64)?;
    for factor in QUIETER {
        let input: Vec<f32> = test_signal().iter().map(|sample| factor * sample).collect();
        let output = answers(weights, &input)?;
        if output.iter().any(|answer| !answer.is_finite()) {
            let message = "this network cannot be written: it answers a test signal with numbers that are not finite; train it \
                           anew, or take another";
            return Err(ConfigError::of_model(message));
        }
        let width = weights.network().input_size();
        let mut x = vec![0.0; width * input.len()];
        x.iter_mut().step_by(width).zip(&input).for_each(|(x, &sample)| *x = sample.into());
        let wanted = predict::run(precise.network(), precise.parameters(), &[&x]).remove(0);
        let differs =
            |(answer, wanted): (&f32, &f64)| (f64::from(*answer) - wanted).abs() > ROUNDING * TOLERANCE;
        if !output.iter().zip(&wanted).any(differs) {
            return Ok((input, output));
        }
    }
    let message = "the file has no test of itself: what this network answers hangs on how a program rounds, at any loudness, so \
                   that the test would fail elsewhere";
    remarks.push(message.into());
    Ok((Vec::new(), Vec::new()))
}

/// A chirp that swells, with silence at its end: all that a test has to meet, and the same in every file.
fn test_signal() -> Vec<f32> {
    let sample = |n: usize| {
        let t = n as f64 / TEST_LEN as f64;
        let swell = if t < 0.875 { t } else { 0.0 };
        // From 0 to a quarter of the sample rate.
        let phase = std::f64::consts::PI * 0.25 * (n as f64) * t;
        (swell * libm::sin(phase)) as f32
    };
    (0..TEST_LEN).map(sample).collect()
}

fn metadata(device: &Device) -> Map<String, Value> {
    // The plug-in for LV2 takes a number, at the top; the others take this text.
    let rate = device.sample_rate.map(|rate| number(rate).to_string());
    let texts = [
        ("name", &device.name),
        ("samplerate", &rate),
        ("source", &device.source),
        ("style", &device.style),
        ("based", &device.based),
        ("author", &device.author),
        ("dataset", &device.dataset),
        ("license", &device.license),
    ];
    let texts = texts.into_iter().filter_map(|(key, text)| Some((key, Value::from(text.as_deref()?))));
    let esr = device.validation_esr.map(|esr| ("esr", number(esr)));
    texts.chain(esr).map(|(key, value)| (key.to_owned(), value)).collect()
}
