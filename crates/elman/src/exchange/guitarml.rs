//! The JSON of GuitarML, which Proteus, NeuralPi and Chameleon load: a `SimpleRNN` of CoreAudioML, its layouts those of
//! PyTorch, and its older form `RecNet`.
//!
//! ```text
//! y[0..skip] = lin(h)[0..skip] + x[0..skip]
//! ```
//!
//! Sources: `networks.py` of Alec Wright's CoreAudioML, `src/RTNeuralLSTM.cpp` of Proteus.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::chain::{Chain, DenseLayer, Layer, RecurrentLayer};
use super::json::{At, exact, rows, shortened};
use super::{Bytes, Device, Format, Imported};
use crate::error::{ConfigError, DataError, Message};
use crate::network::{Activation, CellKind};
use crate::words::{counted, quoted};

/// The rate of GuitarML's recordings, which its files do not say.
const CUSTOMARY_RATE: f64 = 44_100.0;
/// The units of the networks that its plug-ins have compiled in.
const PROTEUS: usize = 40;
const NEURAL_PI: usize = 20;
/// Audio and at most two knobs.
const MOST_INPUTS: usize = 3;

/// What a file says of its network, whichever of its two forms it has.
struct Sizes {
    cell: CellKind,
    input_size: usize,
    hidden_size: usize,
    num_layers: usize,
    output_size: usize,
    bias: bool,
    skip: usize,
    /// What the names of its tensors begin with.
    prefix: &'static str,
}

pub(super) fn read(file: &At<'_>, mut device: Device) -> Result<Imported, DataError> {
    let model = file.want("model_data")?;
    let kind = model.want("model")?;
    let sizes = match kind.text()? {
        "SimpleRNN" => simple(&model)?,
        "RecNet" => rec_net(file, &model)?,
        other => {
            let message =
                format!("is {:?}; elman reads SimpleRNN, and RecNet of one block", shortened(other));
            return Err(kind.refuse(message));
        }
    };
    let Some(tensors) = file.get("state_dict") else {
        let message = "has no state_dict, in which the weights are: it was saved before the training; take the file \
                       that was saved after it";
        return Err(file.refuse(message));
    };
    let chain = chain(&sizes, &tensors)?;
    let mut remarks = Vec::new();
    if device.sample_rate.is_none() {
        remarks.push(super::assumed_rate("GuitarML", CUSTOMARY_RATE));
        device.sample_rate = Some(CUSTOMARY_RATE);
    }
    Imported::new(Format::Guitarml, file, chain, device, remarks)
}

fn simple(model: &At<'_>) -> Result<Sizes, DataError> {
    let input_size = model.want("input_size")?.size()?;
    let output_size = model.want("output_size")?.size()?;
    let skip = model.want("skip")?;
    Ok(Sizes {
        cell: cell(&model.want("unit_type")?)?,
        input_size,
        hidden_size: model.want("hidden_size")?.size()?,
        num_layers: model.get("num_layers").map_or(Ok(1), |layers| layers.size())?,
        output_size,
        bias: model.get("bias_fl").map_or(Ok(true), |bias| bias.flag())?,
        skip: skip_of(&skip, skip.count()?, input_size, output_size)?,
        prefix: "",
    })
}

/// The older form, in which each block has its own sizes.
fn rec_net(file: &At<'_>, model: &At<'_>) -> Result<Sizes, DataError> {
    let blocks = file.get("blocks").map_or_else(|| file.want("layers"), Ok)?;
    let count = blocks.keys().count();
    if count != 1 {
        return Err(blocks.refuse(format!("has {}; one is read", counted(count, "block"))));
    }
    let block = blocks.want("0")?;
    let kind = block.get("block_type").map_or_else(|| block.want("layer_name"), Ok)?;
    let input_size = block.want("input_size")?.size()?;
    let output_size = block.want("output_size")?.size()?;
    // Around the block, or around the network, which is that block.
    let skips = block.get("skip").map_or(Ok(true), |skip| skip.count().map(|skip| skip > 0))?;
    let skip = match model.get("skip") {
        Some(whole) if whole.count()? > 0 && skips => {
            return Err(whole.refuse(
                "is not 0, nor is that of the block: the input would be added twice, which is not read",
            ));
        }
        Some(whole) if whole.count()? > 0 => whole.count()?,
        _ if skips => output_size,
        _ => 0,
    };
    Ok(Sizes {
        cell: cell(&kind)?,
        input_size,
        hidden_size: block.want("hidden_size")?.size()?,
        num_layers: block.get("num_layers").map_or(Ok(1), |layers| layers.size())?,
        output_size,
        bias: block.get("lin_bias").map_or(Ok(false), |bias| bias.flag())?,
        skip: skip_of(&block, skip, input_size, output_size)?,
        prefix: "layers.block_1.",
    })
}

/// So many inputs are added to the outputs, of which there must be as many.
fn skip_of(at: &At<'_>, skip: usize, input_size: usize, output_size: usize) -> Result<usize, DataError> {
    if skip <= input_size.min(output_size) {
        return Ok(skip);
    }
    Err(at.refuse(format!(
        "adds {} to the outputs, but the network has {} and {}",
        counted(skip, "input"),
        counted(input_size, "input"),
        counted(output_size, "output")
    )))
}

fn cell(at: &At<'_>) -> Result<CellKind, DataError> {
    match at.text()? {
        "LSTM" => Ok(CellKind::Lstm),
        "GRU" => Ok(CellKind::Gru),
        "RNN" => Ok(CellKind::Elman),
        other => Err(at.refuse(format!("is {:?}; elman reads LSTM, GRU and RNN", shortened(other)))),
    }
}

/// The layers, whose tensors must be there in their shapes, and no others.
fn chain(sizes: &Sizes, tensors: &At<'_>) -> Result<Chain, DataError> {
    tensors.object()?;
    let Sizes { cell, hidden_size: h, prefix, .. } = *sizes;
    let (found, wanted) = (
        tensors.keys().count(),
        sizes.num_layers.saturating_mul(4).saturating_add(1 + usize::from(sizes.bias)),
    );
    let names = if found < wanted { BTreeSet::new() } else { names(sizes) };
    let unknown: Vec<&str> = tensors.keys().filter(|&key| !names.contains(key)).collect();
    if found < wanted || !unknown.is_empty() {
        let which = if found < wanted { String::new() } else { format!("; unknown are {}", quoted(unknown)) };
        return Err(tensors.refuse(format!(
            "has {}, but {} and a linear layer{} have {wanted}{which}: the file is damaged, or model_data is of another \
             model",
            counted(found, "tensor"),
            counted(sizes.num_layers, "recurrent layer"),
            if sizes.bias { "" } else { " without bias" },
        )));
    }
    let rows = cell
        .facts()
        .gates()
        .checked_mul(h)
        .ok_or_else(|| tensors.refuse("would be more than can be counted"))?;
    let mut chain = Chain::new(sizes.input_size);
    for layer in 0..sizes.num_layers {
        let tensor = |name: &str| tensors.want(&format!("{prefix}rec.{name}_l{layer}"));
        let input_size = chain.width();
        chain.layers.push(Layer::Recurrent(RecurrentLayer {
            cell,
            input_size,
            hidden_size: h,
            weight_ih: tensor("weight_ih")?.matrix(rows, input_size)?,
            weight_hh: tensor("weight_hh")?.matrix(rows, h)?,
            bias_ih: tensor("bias_ih")?.vector(rows)?,
            bias_hh: tensor("bias_hh")?.vector(rows)?,
            initial: Vec::new(),
        }));
    }
    let output_size = sizes.output_size;
    let bias =
        sizes.bias.then(|| tensors.want(&format!("{prefix}lin.bias"))?.vector(output_size)).transpose()?;
    chain.layers.push(Layer::Dense(DenseLayer {
        input_size: h,
        output_size,
        activation: Activation::Identity,
        weight: tensors.want(&format!("{prefix}lin.weight"))?.matrix(output_size, h)?,
        bias,
    }));
    if sizes.skip > 0 {
        chain.layers.push(Layer::Skip(sizes.skip));
    }
    Ok(chain)
}

/// The names of all tensors. There are no more of them than the file has entries.
fn names(sizes: &Sizes) -> BTreeSet<String> {
    let prefix = sizes.prefix;
    let layers = (0..sizes.num_layers).flat_map(|layer| {
        ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map(|name| format!("{prefix}rec.{name}_l{layer}"))
    });
    let bias = sizes.bias.then(|| format!("{prefix}lin.bias"));
    layers.chain([format!("{prefix}lin.weight")]).chain(bias).collect()
}

#[derive(Serialize)]
struct File {
    model_data: ModelData,
    state_dict: StateDict,
}

#[derive(Serialize)]
struct ModelData {
    model: &'static str,
    input_size: usize,
    skip: usize,
    output_size: usize,
    unit_type: &'static str,
    num_layers: usize,
    hidden_size: usize,
    bias_fl: bool,
}

/// Tensors by name, in order.
struct StateDict(Vec<(String, Value)>);

impl Serialize for StateDict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, tensor)| (name, tensor)))
    }
}

pub(super) fn write(chain: Chain, device: &Device) -> Result<Bytes, ConfigError> {
    let (chain, mut remarks) = super::with_gains_inside(chain, device, "guitarml")?;
    remarks.extend(super::without_state(&chain, "guitarml"));
    let Parts { recurrent, unit_type, hidden_size, dense, skip } = parts(&chain).map_err(|what| {
        let message = format!(
            "guitarml holds LSTM, GRU or Elman layers of one size, a linear layer and a skip connection, but this network \
             has {what}"
        );
        ConfigError::new("format", Message::from(message).text(super::way_out(&chain)))
    })?;
    remarks.extend(plug_ins(&chain, &recurrent, skip));
    let mut tensors = Vec::new();
    for (n, layer) in recurrent.iter().enumerate() {
        let mut tensor = |name: &str, value: Value| tensors.push((format!("rec.{name}_l{n}"), value));
        tensor("weight_ih", json!(rows(&layer.weight_ih, layer.input_size)));
        tensor("weight_hh", json!(rows(&layer.weight_hh, layer.hidden_size)));
        tensor("bias_ih", json!(exact(&layer.bias_ih)));
        tensor("bias_hh", json!(exact(&layer.bias_hh)));
    }
    tensors.push(("lin.weight".into(), json!(rows(&dense.weight, dense.input_size))));
    if let Some(bias) = &dense.bias {
        tensors.push(("lin.bias".into(), json!(exact(bias))));
    }
    let model_data = ModelData {
        model: "SimpleRNN",
        input_size: chain.input_size,
        skip,
        output_size: dense.output_size,
        unit_type,
        num_layers: recurrent.len(),
        hidden_size,
        bias_fl: dense.bias.is_some(),
    };
    if let Some(rate) = device.sample_rate.filter(|&rate| rate != CUSTOMARY_RATE) {
        let message = format!(
            "guitarml has no place for the sample rate, and its plug-ins take {CUSTOMARY_RATE} Hz for granted; this \
             model is for {rate} Hz"
        );
        remarks.push(message.into());
    }
    let file = File { model_data, state_dict: StateDict(tensors) };
    Ok((super::to_json(&file)?, remarks))
}

/// Has the format a place for a network?
pub(super) fn holds(chain: &Chain) -> bool {
    parts(chain).is_ok()
}

/// A network as the format has it.
struct Parts<'a> {
    recurrent: Vec<&'a RecurrentLayer>,
    /// What the format calls their cell.
    unit_type: &'static str,
    hidden_size: usize,
    /// The linear layer behind them.
    dense: &'a DenseLayer,
    /// How many inputs are added to its outputs.
    skip: usize,
}

/// The parts of a network, or what of it the format has no place for.
fn parts(chain: &Chain) -> Result<Parts<'_>, String> {
    let refuse = || super::listed_layers(&chain.layers);
    let (layers, skip) = match chain.layers.as_slice() {
        [layers @ .., Layer::Skip(skip)] => (layers, *skip),
        layers => (layers, 0),
    };
    let [layers @ .., Layer::Dense(dense)] = layers else { return Err(refuse()) };
    if dense.activation != Activation::Identity {
        return Err(refuse());
    }
    let recurrent = layers.iter().map(|layer| match layer {
        Layer::Recurrent(layer) => Some(layer),
        _ => None,
    });
    let recurrent: Vec<_> = recurrent.collect::<Option<_>>().ok_or_else(refuse)?;
    let &[first, ..] = recurrent.as_slice() else { return Err("no recurrent layer".into()) };
    let unit_type = match first.cell {
        CellKind::Lstm => "LSTM",
        CellKind::Gru => "GRU",
        CellKind::Elman => "RNN",
        cell => return Err(super::chain::named(cell)),
    };
    let hidden_size = first.hidden_size;
    if recurrent.iter().any(|layer| (layer.cell, layer.hidden_size) != (first.cell, hidden_size)) {
        return Err(refuse());
    }
    Ok(Parts { recurrent, unit_type, hidden_size, dense, skip })
}

/// What the plug-ins would make of a network that others load rightly.
fn plug_ins(chain: &Chain, recurrent: &[&RecurrentLayer], skip: usize) -> Option<Message> {
    let fits = |size: usize| {
        matches!(recurrent, [layer] if layer.cell == CellKind::Lstm && layer.hidden_size == size)
            && chain.input_size <= MOST_INPUTS
    };
    if !fits(PROTEUS) && !fits(NEURAL_PI) {
        let message = format!(
            "Proteus loads one LSTM layer of {PROTEUS} units, NeuralPi one of {NEURAL_PI}, with at most two knobs: not \
             this network"
        );
        return Some(message.into());
    }
    let message = "Proteus adds the input to the output whatever a file says, which this network does not do: it would \
                   sound wrong there";
    (skip == 0).then(|| message.into())
}
