//! Files of other programs: networks that plug-ins for guitars and other effects run.
//!
//! | format | program | networks |
//! |---|---|---|
//! | [`Nam`](Format::Nam) | Neural Amp Modeler | LSTM layers of one size, a linear head, an initial state; a skip connection as one unit more |
//! | [`Rtneural`](Format::Rtneural) | RTNeural | LSTM, GRU and dense layers; a skip connection as one unit more |
//! | [`AidaX`](Format::AidaX) | AIDA-X | an LSTM or GRU layer, a linear head, a skip connection, gains, a test of itself |
//! | [`Guitarml`](Format::Guitarml) | Proteus, NeuralPi, Chameleon | LSTM, GRU or Elman layers of one size, a linear head, a skip connection |
//!
//! Beside those a PyTorch state dict in JSON ([`Torch`](Format::Torch)) is read, as RTNeural's examples write it.
//!
//! [`read`] gives the file's network as [`Weights`], with what it says beside it as their [`Device`]; [`write()`] is the
//! way back. Each file has its own order of gates and its own biases; the network that is read computes what the file's
//! program does. Numbers are rounded to `f32` once, and written so that they come back to the same bits.
//!
//! ```
//! use elman::exchange::{self, Device, Format, ReadOptions};
//! use elman::init::Init;
//! use elman::network::{CellKind, Dense, Network, NetworkConfig, Recurrent, Skip};
//! use elman::weights::Weights;
//!
//! # fn main() -> Result<(), elman::error::Error> {
//! let config = NetworkConfig::new(1).with(Recurrent::new(CellKind::Lstm, 40)).with(Dense::new(1)).with(Skip::new(1));
//! let network = Network::new(config)?;
//! let parameters: Vec<f32> = Init::Torch.draw(&network, 0)?;
//! let device = Device::default().with_name("clean").with_sample_rate(44_100.0)?;
//! let weights = Weights::new(network, parameters)?.with_device(Some(device));
//!
//! let written = exchange::write(&weights, Format::Guitarml)?;
//! assert_eq!(written.remarks[0].to_string(), "guitarml has no place for name");
//! let read = exchange::read("clean.json", &written.file, &ReadOptions::default())?;
//! assert_eq!(read.format, Format::Guitarml);
//! assert_eq!(read.weights.parameters(), weights.parameters());
//! # Ok(())
//! # }
//! ```

mod aida_x;
mod chain;
mod device;
mod guitarml;
mod json;
mod knobs;
mod nam;
mod passing;
mod rtneural;
mod torch;

pub use device::{Date, Device};
pub use knobs::Knob;

use std::fmt;
use std::str::FromStr;

use chain::{Chain, Layer};
use json::At;
use serde::Serialize;

use crate::audio::{INPUT, Sound};
use crate::error::{ConfigError, DataError, Message};
use crate::float::{Dtype, Parameters};
use crate::model::{Model, Record, is_written_by_elman};
use crate::network::Activation;
use crate::recipe::Recipe;
use crate::table::kind_of_file;
use crate::task::{Label, Task};
use crate::weights::Weights;
use crate::words::listed;

/// A format of another program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// `.nam` of Neural Amp Modeler.
    Nam,
    /// RTNeural's JSON, as Keras lays out its weights.
    Rtneural,
    /// AIDA-X's JSON.
    AidaX,
    /// The JSON of GuitarML: Proteus, NeuralPi, Chameleon.
    Guitarml,
    /// A PyTorch state dict in JSON, which is read alone.
    Torch,
}

impl Format {
    /// All that are written, in the order in which they are listed to users.
    pub const ALL: [Format; 4] = [Format::Nam, Format::Rtneural, Format::AidaX, Format::Guitarml];

    /// The name used in options.
    pub const fn name(self) -> &'static str {
        match self {
            Format::Nam => "nam",
            Format::Rtneural => "rtneural",
            Format::AidaX => "aida-x",
            Format::Guitarml => "guitarml",
            Format::Torch => "torch",
        }
    }

    /// What the format calls itself.
    pub const fn title(self) -> &'static str {
        match self {
            Format::Nam => "NAM",
            Format::Rtneural => "RTNeural JSON",
            Format::AidaX => "AIDA-X JSON",
            Format::Guitarml => "GuitarML JSON",
            Format::Torch => "PyTorch state dict",
        }
    }

    /// The fields of a [`Device`] that the format has a place for.
    const fn kept(self) -> &'static [&'static str] {
        match self {
            Format::Nam => &nam::KEPT,
            Format::AidaX => &aida_x::KEPT,
            Format::Rtneural | Format::Guitarml | Format::Torch => &[],
        }
    }

    /// How the names of its files end, after the point.
    pub const fn extension(self) -> &'static str {
        match self {
            Format::Nam => "nam",
            Format::Rtneural | Format::AidaX | Format::Guitarml | Format::Torch => "json",
        }
    }

    /// Does a file that starts like this hold what [`write()`] writes in this format?
    pub fn is_written_by_elman(self, start: &[u8]) -> bool {
        let written = match self {
            Format::Nam => b"{\"version\":\"0.5.4\",".as_slice(),
            Format::Rtneural | Format::AidaX => b"{\"in_shape\":[null,null,",
            Format::Guitarml => b"{\"model_data\":{\"model\":\"SimpleRNN\",",
            Format::Torch => return false,
        };
        start.starts_with(written)
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Format {
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Format::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| {
            let known = listed(Format::ALL.map(Format::name), "and");
            ConfigError::new("format", format!("{name:?} is unknown; known are {known}"))
        })
    }
}

/// What is known of a file beside its content.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ReadOptions {
    /// The samples per second, instead of what the file says or leaves open.
    pub sample_rate: Option<f64>,
    /// The model's name, instead of the file's.
    pub name: Option<String>,
}

impl ReadOptions {
    /// The same with another sample rate.
    #[must_use]
    pub fn with_sample_rate(self, sample_rate: Option<f64>) -> Self {
        ReadOptions { sample_rate, ..self }
    }

    /// The same with another name.
    #[must_use]
    pub fn with_name(self, name: Option<String>) -> Self {
        ReadOptions { name, ..self }
    }
}

/// What a file held.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Imported {
    /// Its network, with what it says beside it as their [`device`](Weights::device).
    pub weights: Weights,
    /// What it was written for.
    pub format: Format,
    /// The format's version, where the file says one.
    pub version: Option<String>,
    /// By how much the network differs at most from the answers that the file holds to test it.
    pub self_test: Option<f64>,
    /// What was guessed or left out.
    pub remarks: Vec<Message>,
}

impl Imported {
    /// Of a file that says no version and has no test.
    fn new(
        format: Format,
        file: &At<'_>,
        chain: Chain,
        device: Device,
        remarks: Vec<Message>,
    ) -> Result<Self, DataError> {
        let weights = chain.into_weights().map_err(|error| file.refuse(error.to_string()))?;
        let weights = weights.with_device(Some(device));
        Ok(Imported { weights, format, version: None, self_test: None, remarks })
    }

    /// The network as a model of sound, which answers recordings; `data` names the file that it is from.
    ///
    /// The first input is the audio; others are knobs, `knob1`, `knob2` and on. The device's gains are applied by
    /// whatever plays the model ([`Player`](crate::audio::Player)).
    ///
    /// # Errors
    /// Why it makes none: it has several outputs, or nothing says at how many whole samples per second it runs.
    pub fn model(&self, data: &str) -> Result<Model, Message> {
        if self.weights.network().output_size() != 1 {
            return Err("it has several outputs, and a model of sound has one".into());
        }
        let Some(rate) = self.weights.device().and_then(|device| device.sample_rate) else {
            let message = Message::from("no sample rate is known; give one with ");
            return Err(message.option("sample_rate").text(" to make it a model of sound"));
        };
        let sample_rate = rate as u32;
        if f64::from(sample_rate) != rate {
            let message = format!(
                "{rate} samples per second are no whole number, as a model of sound has; give another with "
            );
            return Err(Message::from(message).option("sample_rate"));
        }
        let knobs = (1..self.weights.network().input_size()).map(|n| format!("knob{n}"));
        let task = Task::from(Label::of_sound(
            Sound { sample_rate, delay: None, delays: Vec::new(), knobs: Vec::new() },
            knobs,
        ));
        let record = Record::new(data, Recipe::for_task(&task));
        Model::new(task, vec![self.weights.clone()], record).map_err(|error| error.to_string().into())
    }
}

/// A format's bytes and what it could not say.
type Bytes = (Vec<u8>, Vec<Message>);

/// A file that was made.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Written {
    /// Its bytes: the same for equal weights.
    pub file: Vec<u8>,
    /// What it says of the device.
    pub device: Device,
    /// What the format cannot say, and what programs would make of it.
    pub remarks: Vec<Message>,
}

/// The network in a file of another program, by whatever format its content is of; `name` stands for the file in
/// errors. Whatever the bytes are, it returns, and takes memory of no more than a multiple of their number.
///
/// # Errors
/// - [`DataError`] if the bytes are of no known format; if they name a network, layer or function that Elman does not
///   have; if sizes disagree; if a number is none or beyond `f32`; or if the file's own test fails.
/// - [`ConfigError`] if the sample rate of the options is not above 0.
pub fn read(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Imported, crate::error::Error> {
    let mut device = Device::default();
    if let Some(rate) = options.sample_rate {
        device = device.with_sample_rate(rate)?;
    }
    device.name.clone_from(&options.name);
    refuse_binary(name, bytes)?;
    let value = json::parse(name, bytes)?;
    let file = At::root(name, &value);
    file.object()?;
    let read = match detect(&file)? {
        Format::Nam => nam::read(&file, device),
        Format::Rtneural => rtneural::read(&file, device),
        Format::AidaX => aida_x::read(&file, device),
        Format::Guitarml => guitarml::read(&file, device),
        Format::Torch => torch::read(&torch::tensors(&file).unwrap_or(file), device),
    };
    Ok(read?)
}

/// Does this content have the names of a format that is read?
pub(crate) fn looks_readable(bytes: &[u8]) -> bool {
    const NAMES: [&str; 5] =
        ["\"architecture\"", "\"model_data\"", "\"in_shape\"", "\"layers\"", "weight_ih_l0\""];
    let text = bytes
        .trim_ascii_start()
        .first()
        .filter(|&&byte| byte == b'{')
        .and_then(|_| std::str::from_utf8(bytes).ok());
    text.is_some_and(|text| NAMES.iter().any(|name| text.contains(name)))
}

/// Files that are no text, of which some are known by how they start.
fn refuse_binary(name: &str, bytes: &[u8]) -> Result<(), DataError> {
    let message = if bytes.starts_with(b"\x89HDF\r\n") {
        "is HDF5, as Keras and GuitarLSTM write it, which elman does not read"
    } else if bytes.starts_with(b"PK\x03\x04") {
        "is a zip archive, as PyTorch and Keras write it, which elman does not read; of a PyTorch state dict write the tensors \
         as JSON: {name: tensor.tolist()}"
    } else if is_written_by_elman(bytes) {
        "is a file of elman already; it needs no import"
    } else if let Some((what, _)) = kind_of_file(bytes) {
        return Err(DataError::new(name, format!("{what}, and no network in JSON")));
    } else {
        return Ok(());
    };
    Err(DataError::new(name, message))
}

/// The format by the names at the top of the file.
fn detect(file: &At<'_>) -> Result<Format, DataError> {
    let has = |key: &str| file.get(key).is_some();
    if has("architecture") {
        return Ok(Format::Nam);
    }
    if has("model_data") {
        return Ok(Format::Guitarml);
    }
    if has("layers") || has("in_shape") {
        return Ok(if aida_x::is_it(file) { Format::AidaX } else { Format::Rtneural });
    }
    if torch::tensors(file).is_some() {
        return Ok(Format::Torch);
    }
    let wave_net = ["dilations", "residual_channels", "variables"].into_iter().any(has);
    let message = if wave_net {
        "is a WaveNet, as SmartAmp and SmartPedal load, which is no recurrent network".to_owned()
    } else {
        format!(
            "is of none of the formats that are read: {}, which begin with architecture, layers or model_data, and PyTorch's \
             state dict in JSON, which has a weight_ih_l0",
            Format::ALL.map(Format::title).join(", ")
        )
    };
    Err(file.refuse(message))
}

/// A file of another program that runs this network.
///
/// The weights' [`device`](Weights::device) says what stands beside it. Parameters in `f64` are rounded.
///
/// # Errors
/// If the format, or the program that it is for, has no place for the network; or if that has a number that is not finite.
pub fn write(weights: &Weights, format: Format) -> Result<Written, ConfigError> {
    write_with(weights, &WriteOptions::default(), format)
}

/// What is known of a network beside its weights and its device, and goes into a file by way of the weights.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct WriteOptions {
    /// What its inputs behind the first are. AIDA-X and the plug-ins of GuitarML turn knobs from 0 to 1: of one that was
    /// learned beyond that, 0 to 1 stands for what it was learned at.
    pub knobs: Vec<Knob>,
    /// What its first input is multiplied with before it, and its output behind it, at whose levels it was trained; both are 1
    /// by default. The network in the file has neither.
    pub gains: [f64; 2],
}

impl Default for WriteOptions {
    fn default() -> Self {
        WriteOptions { knobs: Vec::new(), gains: [1.0; 2] }
    }
}

impl WriteOptions {
    /// What a model of sound knows of its network.
    pub fn of(model: &Model) -> Self {
        let task = model.task().kind();
        let Some(sound) = task.sound() else { return WriteOptions::default() };
        let names = task.stream().map(|units| units.inputs()).unwrap_or_default();
        let names = names.into_iter().filter(|name| name != INPUT);
        let knobs = names.zip(&sound.knobs).map(|(name, range)| Knob::new(name, *range)).collect();
        WriteOptions { knobs, gains: task.gains() }
    }

    /// The same with these knobs.
    #[must_use]
    pub fn with_knobs(self, knobs: impl Into<Vec<Knob>>) -> Self {
        WriteOptions { knobs: knobs.into(), ..self }
    }

    /// The same with these gains.
    #[must_use]
    pub fn with_gains(self, gains: [f64; 2]) -> Self {
        WriteOptions { gains, ..self }
    }
}

/// [`write()`] of a network of which more is known.
///
/// # Errors
/// Those of [`write()`], or if its weights cannot take up its gains.
pub fn write_with(weights: &Weights, options: &WriteOptions, format: Format) -> Result<Written, ConfigError> {
    let rounded = weights.to_dtype(Dtype::F32)?;
    let Parameters::F32(parameters) = rounded.parameters() else {
        return Err(ConfigError::new("dtype", "is not f32"));
    };
    let chain = Chain::of(weights.network(), parameters, format)?;
    chain.check("it has")?;
    let chain = at_own_level(chain, options.gains)?;
    let (chain, of_knobs) = match format {
        Format::AidaX | Format::Guitarml => knobs::from_zero_to_one(chain, &options.knobs, format.name()),
        Format::Nam | Format::Rtneural | Format::Torch => (chain, None),
    };
    chain.check("with its knobs from 0 to 1 it has")?;
    let device = weights.device().cloned().unwrap_or_default();
    for (what, gain) in [("input", device.input_gain), ("output", device.output_gain)] {
        device::check_gain(gain).map_err(|problem| {
            ConfigError::of_model(format!("the {what} gain of the model's device {problem}"))
        })?;
    }
    let (file, mut remarks) = match format {
        Format::Nam => nam::write(chain, &device),
        Format::Rtneural => rtneural::write(chain, &device),
        Format::AidaX => aida_x::write(chain, &device),
        Format::Guitarml => guitarml::write(chain, &device),
        Format::Torch => {
            let known = listed(Format::ALL.map(Format::name), "or");
            Err(ConfigError::new("format", format!("torch is read and not written; choose {known}")))
        }
    }?;
    remarks.extend(of_knobs);
    if weights.dtype() != Dtype::F32 {
        remarks.push(format!("the parameters were rounded from {} to f32", weights.dtype()).into());
    }
    let (device, left_out) = device.only(format.kept());
    // Of these it was said already what became of them.
    const SAID: [&str; 3] = ["sample_rate", "input_gain", "output_gain"];
    let left_out: Vec<&str> =
        left_out.iter().map(String::as_str).filter(|field| !SAID.contains(field)).collect();
    if !left_out.is_empty() {
        remarks.push(format!("{format} has no place for {}", listed(left_out, "and")).into());
    }
    Ok(Written { file, device, remarks })
}

/// The network with the gains of the level at which it was trained in its weights: exact, since they are powers of two.
fn at_own_level(chain: Chain, [input, output]: [f64; 2]) -> Result<Chain, ConfigError> {
    if input == 1.0 && output == 1.0 {
        return Ok(chain);
    }
    let chain = chain.with_factors(input, output).ok_or_else(|| {
        let message = "this network cannot be written: its weights cannot take up the levels at which it was trained, which differ \
                       for input and answer; train it by the command line, or with LabelOptions::with_skip";
        ConfigError::of_model(message)
    })?;
    chain.check("at the level of its recordings it has")?;
    Ok(Chain { gain: input as f32, ..chain })
}

fn to_json(file: &impl Serialize) -> Result<Vec<u8>, ConfigError> {
    serde_json::to_vec(file).map_err(|error| ConfigError::new("model", format!("cannot be written: {error}")))
}

/// A sample rate that a file says.
fn rate(at: &At<'_>, rate: f64) -> Result<f64, DataError> {
    if rate > 0.0 && rate.is_finite() {
        return Ok(rate);
    }
    Err(at.refuse(format!("is {rate}, which is no sample rate")))
}

/// The remark that a file says no sample rate, and what is taken for it.
fn assumed_rate(who: &str, rate: f64) -> Message {
    let message =
        format!("the file says no sample rate; {rate} Hz is taken, as {who} would; give another with ");
    Message::from(message).option("sample_rate")
}

/// For a format that has no gains: the network with those of the device in its weights.
fn with_gains_inside(
    chain: Chain,
    device: &Device,
    format: &str,
) -> Result<(Chain, Vec<Message>), ConfigError> {
    let (input, output) = (device.input_factor(), device.output_factor());
    if input == 1.0 && output == 1.0 {
        return Ok((chain, Vec::new()));
    }
    let chain = chain.with_factors(input, output).ok_or_else(|| {
        let message = format!(
            "{format} has no place for gains, and this network's weights cannot take them up; write it as aida-x"
        );
        ConfigError::new("format", message)
    })?;
    chain.check("with its gains multiplied in it has")?;
    Ok((chain, vec![format!("{format} has no place for gains: they are multiplied into the weights").into()]))
}

/// The remark that a format has no place for initial states that are learned.
fn without_state(chain: &Chain, format: &str) -> Option<Message> {
    let learned = |layer: &Layer| matches!(layer, Layer::Recurrent(layer) if !layer.initial.is_empty());
    chain.layers.iter().any(learned).then(|| {
        format!("{format} has no place for an initial state: the network starts from zeros there").into()
    })
}

/// Another format for a network that one cannot say. What NAM and AIDA-X have a place for, RTNeural has as well.
fn way_out(chain: &Chain) -> String {
    let (passing, _) = passing::without_skip(chain.clone(), Format::Rtneural.name(), 1.0);
    let is_known = |layer: &Layer| match layer {
        Layer::Recurrent(layer) => rtneural::knows(layer.cell),
        Layer::Dense(_) => true,
        Layer::Skip(_) => false,
    };
    if passing.layers.iter().all(is_known) {
        "; rtneural has a place for it".into()
    } else if guitarml::holds(chain) {
        "; guitarml has a place for it".into()
    } else {
        "; no format has a place for it: train a network of LSTM layers of one size".into()
    }
}

/// `an LSTM layer, a dense layer of 1 and a skip connection`
fn listed_layers(layers: &[Layer]) -> String {
    let describe = |layer: &Layer| match layer {
        Layer::Recurrent(layer) => format!("{} of {}", chain::named(layer.cell), layer.hidden_size),
        Layer::Dense(layer) if layer.activation == Activation::Identity => {
            format!("a dense layer of {}", layer.output_size)
        }
        Layer::Dense(layer) => format!("a dense layer of {} with {}", layer.output_size, layer.activation),
        Layer::Skip(inputs) => format!("a skip connection of {inputs}"),
    };
    listed(layers.iter().map(describe), "and")
}
