//! `.nam`, the files of Neural Amp Modeler: here those of its LSTM.
//!
//! The weights are one list: for each layer `[W_ih | W_hh]` row by row with the gates i, f, g, o, one bias, the initial
//! `h` and `c`; then the weight and the bias of the head.
//!
//! Sources: `nam/models/recurrent.py` of neural-amp-modeler, `NAM/lstm.cpp` and `NAM/get_dsp.cpp` of
//! NeuralAmpModelerCore.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::chain::{Chain, DenseLayer, Layer, RecurrentLayer, named};
use super::json::{At, exact, number};
use super::passing::without_skip;
use super::{Bytes, Device, Format, Imported};
use crate::error::{ConfigError, DataError, Message};
use crate::network::{Activation, CellKind};
use crate::stream::Stream;
use crate::words::{counted, listed, quoted, thousands};

/// The versions of the file that are read, by major and minor number.
const VERSIONS: std::ops::RangeInclusive<(u64, u64)> = (0, 5)..=(0, 7);
/// The newest version that is known whole.
const NEWEST: (u64, u64, u64) = (0, 7, 0);
/// What is written: the oldest version that says all that there is to say of an LSTM, for the sake of older plug-ins.
const WRITTEN: &str = "0.5.4";
/// The fields of a device that the file says.
pub(super) const KEPT: [&str; 13] = [
    "name",
    "sample_rate",
    "author",
    "date",
    "gear_make",
    "gear_model",
    "gear_type",
    "tone_type",
    "validation_esr",
    "loudness",
    "gain",
    "input_level_dbu",
    "output_level_dbu",
];
/// What a plug-in takes for the rate of a file that says none.
const ASSUMED_RATE: f64 = 48_000.0;
/// The initial state of a network without a learned one: what silence of so many samples leaves behind.
const SILENCE: usize = 48_000;

pub(super) fn read(file: &At<'_>, device: Device) -> Result<Imported, DataError> {
    let mut remarks = Vec::new();
    let version = version(&file.want("version")?, &mut remarks)?;
    let architecture = file.want("architecture")?;
    match architecture.text()? {
        "LSTM" => {}
        "SlimmableContainer" => return Err(container(file, &architecture)),
        other => {
            let message = format!(
                "is {other:?}, which is no recurrent network; of NAM's architectures elman reads LSTM: train the \
                 device as an LSTM, or take another file"
            );
            return Err(architecture.refuse(message));
        }
    }
    let sizes = Sizes::read(&file.want("config")?)?;
    let weights = file.want("weights")?;
    let wanted = sizes.count().ok_or_else(|| weights.refuse("would be more than can be counted"))?;
    let found = weights.list()?.len();
    if found != wanted {
        let Sizes { input_size, hidden_size, num_layers, output_size } = sizes;
        let message = format!(
            "has {}, but an LSTM of {}, {hidden_size} hidden units, {} and {} takes {}: the file is damaged, or \
             its config is of another model",
            counted(found, "number"),
            counted(input_size, "input"),
            counted(num_layers, "layer"),
            counted(output_size, "output"),
            thousands(wanted)
        );
        return Err(weights.refuse(message));
    }
    let chain = chain(sizes, &weights.vector(wanted)?);
    let mut device = match file.get("metadata") {
        Some(metadata) => read_metadata(&metadata, device, &mut remarks)?,
        None => device,
    };
    if device.sample_rate.is_none() {
        let rate = file.get("sample_rate").map(|rate| super::rate(&rate, rate.number()?)).transpose()?;
        device.sample_rate = rate.or_else(|| {
            remarks.push(super::assumed_rate("NAM's plug-ins", ASSUMED_RATE));
            Some(ASSUMED_RATE)
        });
    }
    Ok(Imported { version: Some(version), ..Imported::new(Format::Nam, file, chain, device, remarks)? })
}

/// `x.y.z`, if it is one of those that are read.
fn version(at: &At<'_>, remarks: &mut Vec<Message>) -> Result<String, DataError> {
    let text = at.text()?;
    let numbers: Option<Vec<u64>> = text.split('.').map(|number| number.parse().ok()).collect();
    let Some(&[major, minor, patch]) = numbers.as_deref() else {
        return Err(at.refuse(format!("is {text:?}, where a version as \"0.5.4\" should be")));
    };
    if !VERSIONS.contains(&(major, minor)) {
        let message = format!(
            "is {text}, but versions 0.5.0 to 0.7 are read; export the model again with a version of NAM that \
             writes one of those"
        );
        return Err(at.refuse(message));
    }
    if (major, minor, patch) > NEWEST {
        remarks.push(
            format!("the file has version {text}, and 0.7.0 is known; what is new in it is not read").into(),
        );
    }
    Ok(text.to_owned())
}

/// The error that a file holds several models.
fn container(file: &At<'_>, architecture: &At<'_>) -> DataError {
    let submodels = || -> Result<Vec<String>, DataError> {
        let list = file.want("config")?.want("submodels")?.list()?;
        let describe = |submodel: &At<'_>| {
            let kind = submodel.want("model")?.want("architecture")?.text()?;
            let limit = submodel.get("max_value").map(|limit| format!(" up to {}", limit.kind()));
            Ok(format!("{kind:?}{}", limit.unwrap_or_default()))
        };
        list.iter().map(describe).collect()
    };
    match submodels() {
        Ok(submodels) => architecture.refuse(format!(
            "is \"SlimmableContainer\", which holds {}: {}; put the one to use, if it is an LSTM, in a file of its own",
            counted(submodels.len(), "model"),
            listed(submodels, "and")
        )),
        Err(error) => error,
    }
}

#[derive(Clone, Copy)]
struct Sizes {
    input_size: usize,
    hidden_size: usize,
    num_layers: usize,
    output_size: usize,
}

impl Sizes {
    fn read(config: &At<'_>) -> Result<Self, DataError> {
        let input_size = config.want("input_size")?.size()?;
        if let Some(channels) = config.get("in_channels") {
            let found = channels.size()?;
            if found != input_size {
                return Err(
                    channels.refuse(format!("is {found}, but input_size is {input_size}; they are the same"))
                );
            }
        }
        Ok(Sizes {
            input_size,
            hidden_size: config.want("hidden_size")?.size()?,
            num_layers: config.want("num_layers")?.size()?,
            output_size: config.get("out_channels").map_or(Ok(1), |channels| channels.size())?,
        })
    }

    /// The numbers of all weights.
    fn count(&self) -> Option<usize> {
        let h = self.hidden_size;
        let layer = |input_size: usize| {
            let columns = input_size.checked_add(h)?.checked_add(1)?;
            h.checked_mul(4)?.checked_mul(columns)?.checked_add(h.checked_mul(2)?)
        };
        let others = layer(h)?.checked_mul(self.num_layers.checked_sub(1)?)?;
        let head = self.output_size.checked_mul(h.checked_add(1)?)?;
        layer(self.input_size)?.checked_add(others)?.checked_add(head)
    }
}

/// The layers out of as many weights as the sizes ask for.
fn chain(sizes: Sizes, weights: &[f32]) -> Chain {
    let h = sizes.hidden_size;
    let mut rest = weights;
    let mut take = |count: usize| {
        let (taken, after) = rest.split_at(count);
        rest = after;
        taken.to_vec()
    };
    let mut chain = Chain::new(sizes.input_size);
    for _ in 0..sizes.num_layers {
        let input_size = chain.width();
        let (mut weight_ih, mut weight_hh) = (Vec::new(), Vec::new());
        for row in take(4 * h * (input_size + h)).chunks_exact(input_size + h) {
            weight_ih.extend_from_slice(&row[..input_size]);
            weight_hh.extend_from_slice(&row[input_size..]);
        }
        let bias_ih = take(4 * h);
        let (bias_hh, initial) = (vec![0.0; 4 * h], take(2 * h));
        let cell = CellKind::Lstm;
        chain.layers.push(Layer::Recurrent(RecurrentLayer {
            cell,
            input_size,
            hidden_size: h,
            weight_ih,
            weight_hh,
            bias_ih,
            bias_hh,
            initial,
        }));
    }
    let weight = take(sizes.output_size * h);
    let bias = Some(take(sizes.output_size));
    let (output_size, activation) = (sizes.output_size, Activation::Identity);
    chain.layers.push(Layer::Dense(DenseLayer { input_size: h, output_size, activation, weight, bias }));
    chain
}

fn read_metadata(metadata: &At<'_>, device: Device, remarks: &mut Vec<Message>) -> Result<Device, DataError> {
    metadata.object()?;
    let text = |key: &str| metadata.get(key).map(|text| text.text().map(str::to_owned)).transpose();
    let number = |key: &str| metadata.get(key).map(|number| number.number()).transpose();
    let esr = metadata.get("training").and_then(|training| training.get("validation_esr"));
    let read = Device {
        name: match device.name {
            Some(name) => Some(name),
            None => text("name")?,
        },
        author: text("modeled_by")?,
        gear_make: text("gear_make")?,
        gear_model: text("gear_model")?,
        gear_type: text("gear_type")?,
        tone_type: text("tone_type")?,
        loudness: number("loudness")?,
        gain: number("gain")?,
        input_level_dbu: number("input_level_dbu")?,
        output_level_dbu: number("output_level_dbu")?,
        validation_esr: esr.map(|esr| esr.number()).transpose()?,
        date: metadata.get("date").and_then(|date| match date.deserialize("a date of year to second") {
            Ok(date) => Some(date),
            Err(error) => {
                remarks.push(format!("{error}; it is left out").into());
                None
            }
        }),
        ..device
    };
    const KNOWN: [&str; 12] = [
        "name",
        "modeled_by",
        "gear_make",
        "gear_model",
        "gear_type",
        "tone_type",
        "loudness",
        "gain",
        "input_level_dbu",
        "output_level_dbu",
        "date",
        "training",
    ];
    let mut left_out: Vec<String> = metadata
        .keys()
        .filter(|key| !KNOWN.contains(key) && metadata.get(key).is_some())
        .map(str::to_owned)
        .collect();
    if let Some(training) = metadata.get("training") {
        let others = training.keys().filter(|key| *key != "validation_esr");
        left_out.extend(others.map(|key| format!("training.{key}")));
    }
    if !left_out.is_empty() {
        remarks.push(format!("of the metadata, {} are not kept", quoted(left_out)).into());
    }
    Ok(read)
}

#[derive(Serialize)]
struct File {
    version: &'static str,
    #[serde(skip_serializing_if = "Map::is_empty")]
    metadata: Map<String, Value>,
    architecture: &'static str,
    config: Config,
    weights: Vec<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample_rate: Option<Value>,
}

#[derive(Serialize)]
struct Config {
    input_size: usize,
    hidden_size: usize,
    num_layers: usize,
}

pub(super) fn write(chain: Chain, device: &Device) -> Result<Bytes, ConfigError> {
    let (chain, skip) = without_skip(chain, "nam", device.input_factor() as f32);
    let (mut chain, mut remarks) = super::with_gains_inside(chain, device, "nam")?;
    remarks.extend(skip);
    let config = config(&chain)?;
    let warmed = warm_up(&mut chain)?;
    chain.check("after silence it has")?;
    if warmed {
        let message = format!(
            "the initial state is what {} zero samples leave behind, as NAM's own exporter has it",
            thousands(SILENCE)
        );
        remarks.push(message.into());
    }
    if device.sample_rate.is_none() {
        let message =
            Message::from("no sample rate is known, and plug-ins take it for 48,000 Hz; give one with ");
        remarks.push(message.option("sample_rate"));
    }
    let mut weights = Vec::new();
    for layer in &chain.layers {
        match layer {
            Layer::Recurrent(layer) => {
                let rows = layer.weight_ih.chunks_exact(layer.input_size);
                for (from_x, from_h) in rows.zip(layer.weight_hh.chunks_exact(layer.hidden_size)) {
                    weights.extend(exact(from_x));
                    weights.extend(exact(from_h));
                }
                weights.extend(exact(&layer.bias()));
                weights.extend(exact(&layer.initial));
            }
            Layer::Dense(layer) => {
                weights.extend(exact(&layer.weight));
                weights.extend(exact(&layer.bias_or_zeros()));
            }
            Layer::Skip(_) => {}
        }
    }
    let file = File {
        version: WRITTEN,
        metadata: metadata(device),
        architecture: "LSTM",
        config,
        weights,
        sample_rate: device.sample_rate.map(number),
    };
    Ok((super::to_json(&file)?, remarks))
}

/// The sizes of a network that the format can say.
fn config(chain: &Chain) -> Result<Config, ConfigError> {
    let refuse = |what: String| {
        let message = format!(
            "nam holds LSTM layers of one size and a linear layer, from one input to one output, but this network has \
             {what}"
        );
        Err(ConfigError::new("format", Message::from(message).text(super::way_out(chain))))
    };
    let mut recurrent: Vec<&RecurrentLayer> = Vec::new();
    for (n, layer) in chain.layers.iter().enumerate() {
        match layer {
            Layer::Recurrent(layer) if layer.cell != CellKind::Lstm => return refuse(named(layer.cell)),
            Layer::Recurrent(layer) => recurrent.push(layer),
            Layer::Skip(_) => return refuse("a skip connection".into()),
            Layer::Dense(layer) if layer.activation != Activation::Identity => {
                return refuse(format!("a dense layer with {}", layer.activation));
            }
            Layer::Dense(layer) if n + 1 < chain.layers.len() || layer.output_size != 1 => {
                return refuse(format!("a dense layer of {} as layer {}", layer.output_size, n + 1));
            }
            Layer::Dense(_) => {}
        }
    }
    let Some(first) = recurrent.first() else { return refuse("no recurrent layer".into()) };
    if let Some(other) = recurrent.iter().find(|layer| layer.hidden_size != first.hidden_size) {
        return refuse(format!("layers of {} and of {} units", first.hidden_size, other.hidden_size));
    }
    if chain.input_size != 1 {
        return refuse(counted(chain.input_size, "input"));
    }
    if !matches!(chain.layers.last(), Some(Layer::Dense(_))) {
        return refuse("no linear layer at its end".into());
    }
    Ok(Config { input_size: 1, hidden_size: first.hidden_size, num_layers: recurrent.len() })
}

/// Gives every recurrent layer an initial state, unless all have one.
fn warm_up(chain: &mut Chain) -> Result<bool, ConfigError> {
    let is_cold = |layer: &Layer| matches!(layer, Layer::Recurrent(layer) if layer.initial.is_empty());
    if !chain.layers.iter().any(is_cold) {
        return Ok(false);
    }
    let weights = chain.clone().into_weights()?;
    let mut stream: Stream = weights.stream()?;
    let mut output = vec![0.0; chain.width()];
    for _ in 0..SILENCE {
        stream.step(&[0.0], &mut output);
    }
    let recurrent = chain.layers.iter_mut().filter_map(|layer| match layer {
        Layer::Recurrent(layer) => Some(layer),
        _ => None,
    });
    for (n, layer) in recurrent.enumerate() {
        layer.initial = stream.states(n).flatten().copied().collect();
    }
    Ok(true)
}

fn metadata(device: &Device) -> Map<String, Value> {
    let texts = [
        ("name", &device.name),
        ("modeled_by", &device.author),
        ("gear_make", &device.gear_make),
        ("gear_model", &device.gear_model),
        ("gear_type", &device.gear_type),
        ("tone_type", &device.tone_type),
    ];
    let numbers = [
        ("loudness", device.loudness),
        ("gain", device.gain),
        ("input_level_dbu", device.input_level_dbu),
        ("output_level_dbu", device.output_level_dbu),
    ];
    let texts = texts.into_iter().filter_map(|(key, text)| Some((key, Value::from(text.as_deref()?))));
    let numbers = numbers.into_iter().filter_map(|(key, value)| Some((key, number(value?))));
    let date = device.date.map(|date| ("date", json!(date)));
    let training = device.validation_esr.map(|esr| ("training", json!({ "validation_esr": esr })));
    texts.chain(numbers).chain(date).chain(training).map(|(key, value)| (key.to_owned(), value)).collect()
}
