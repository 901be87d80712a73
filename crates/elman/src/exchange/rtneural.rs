//! RTNeural's JSON: a list of layers with Keras's layouts.
//!
//! A kernel is `[I][G H]`, transposed against PyTorch's. An LSTM has the columns i, f, c, o and one bias; a GRU, whose
//! reset gate follows the product, has z, r, h and two biases.
//!
//! Sources: `RTNeural/model_loader.h` and `python/model_utils.py` of RTNeural.

use serde::Serialize;
use serde_json::{Value, json};

use super::chain::{Chain, DenseLayer, Layer, RecurrentLayer, named, transposed, with_first_gates_exchanged};
use super::json::{At, exact, rows, shortened};
use super::passing::without_skip;
use super::{Bytes, Device, Format, Imported};
use crate::error::{ConfigError, DataError, Message};
use crate::network::{Activation, CellKind};
use crate::words::counted;

/// The most weights of layers that hand on what they get: a file says little for each.
const MOST_COPIED: usize = 1 << 20;

pub(super) fn read(file: &At<'_>, device: Device) -> Result<Imported, DataError> {
    let mut remarks = Vec::new();
    let chain = read_layers(file, &mut remarks)?;
    Imported::new(Format::Rtneural, file, chain, device, remarks)
}

/// The layers of a file, which AIDA-X writes in the same way.
pub(super) fn read_layers(file: &At<'_>, remarks: &mut Vec<Message>) -> Result<Chain, DataError> {
    let mut chain = Chain::new(last_of_shape(&file.want("in_shape")?)?);
    let layers = file.want("layers")?;
    let list = layers.list()?;
    if list.is_empty() {
        return Err(layers.refuse("is empty; a network has at least one layer"));
    }
    let mut spare = MOST_COPIED;
    for layer in &list {
        let kind = layer.want("type")?;
        match kind.text()? {
            "lstm" => chain.layers.push(Layer::Recurrent(lstm(layer, chain.width(), remarks)?)),
            "gru" => chain.layers.push(Layer::Recurrent(gru(layer, chain.width(), remarks)?)),
            "dense" | "time-distributed-dense" => {
                chain.layers.push(Layer::Dense(dense(layer, chain.width())?));
            }
            "activation" => apply(activation(layer)?, layer, &mut chain, &mut spare)?,
            other => {
                let message = format!(
                    "is {:?}, which elman does not have; it reads lstm, gru, dense, time-distributed-dense and activation",
                    shortened(other)
                );
                return Err(kind.refuse(message));
            }
        }
    }
    Ok(chain)
}

/// The last entry of a shape: the values per timestep.
fn last_of_shape(shape: &At<'_>) -> Result<usize, DataError> {
    match shape.list()?.last() {
        Some(last) => last.size(),
        None => Err(shape.refuse("is empty; its last entry is the number of values per timestep")),
    }
}

/// The weights of a layer, of which there must be so many.
fn weights<'a>(layer: &At<'a>, counts: &[usize]) -> Result<Vec<At<'a>>, DataError> {
    let weights = layer.want("weights")?;
    let list = weights.list()?;
    if counts.contains(&list.len()) {
        return Ok(list);
    }
    let wanted: Vec<String> = counts.iter().map(usize::to_string).collect();
    Err(weights.refuse(format!(
        "has {}, where {} are wanted",
        counted(list.len(), "part"),
        wanted.join(" or ")
    )))
}

/// The hidden size, by the weights; the shape must say the same.
fn hidden_size(layer: &At<'_>, recurrent: &At<'_>) -> Result<usize, DataError> {
    let hidden_size = recurrent.list()?.len();
    let shape = layer.want("shape")?;
    let said = last_of_shape(&shape)?;
    if hidden_size == 0 {
        return Err(recurrent.refuse("is empty"));
    }
    if said != hidden_size {
        let message = format!(
            "says {}, but the weights are of {hidden_size}; one of the two is wrong: export the model again",
            counted(said, "unit")
        );
        return Err(shape.refuse(message));
    }
    Ok(hidden_size)
}

/// The loader takes tanh and sigmoid, whatever is said.
fn remark_activation(layer: &At<'_>, remarks: &mut Vec<Message>) -> Result<(), DataError> {
    let Some(activation) = layer.get("activation") else { return Ok(()) };
    let text = activation.text()?;
    if !matches!(text, "" | "tanh") {
        let message = format!(
            "a recurrent layer says activation {:?}; tanh and sigmoid are used, as RTNeural does",
            shortened(text)
        );
        remarks.push(message.into());
    }
    Ok(())
}

fn lstm(layer: &At<'_>, input_size: usize, remarks: &mut Vec<Message>) -> Result<RecurrentLayer, DataError> {
    let parts = weights(layer, &[3])?;
    let h = hidden_size(layer, &parts[1])?;
    remark_activation(layer, remarks)?;
    let weight_ih = transposed(&parts[0].matrix(input_size, columns(h, 4))?, 4 * h);
    let weight_hh = transposed(&parts[1].matrix(h, 4 * h)?, 4 * h);
    Ok(RecurrentLayer {
        cell: CellKind::Lstm,
        input_size,
        hidden_size: h,
        weight_ih,
        weight_hh,
        bias_ih: parts[2].vector(4 * h)?,
        bias_hh: vec![0.0; 4 * h],
        initial: Vec::new(),
    })
}

fn gru(layer: &At<'_>, input_size: usize, remarks: &mut Vec<Message>) -> Result<RecurrentLayer, DataError> {
    let parts = weights(layer, &[3])?;
    let h = hidden_size(layer, &parts[1])?;
    remark_activation(layer, remarks)?;
    let weight_ih = transposed(&parts[0].matrix(input_size, columns(h, 3))?, 3 * h);
    let weight_hh = transposed(&parts[1].matrix(h, 3 * h)?, 3 * h);
    let biases = parts[2].list()?;
    let [bias_ih, bias_hh] = biases.as_slice() else {
        let message = format!(
            "is {}, where 2 x {} is wanted; with one bias alone it is the GRU whose reset gate precedes the product \
             (reset_after=False), which RTNeural does not run",
            counted(biases.len(), "part"),
            3 * h
        );
        return Err(parts[2].refuse(message));
    };
    Ok(RecurrentLayer {
        cell: CellKind::Gru,
        input_size,
        hidden_size: h,
        weight_ih: with_first_gates_exchanged(weight_ih, h * input_size),
        weight_hh: with_first_gates_exchanged(weight_hh, h * h),
        bias_ih: with_first_gates_exchanged(bias_ih.vector(3 * h)?, h),
        bias_hh: with_first_gates_exchanged(bias_hh.vector(3 * h)?, h),
        initial: Vec::new(),
    })
}

/// Of a size that a list in memory has.
fn columns(hidden_size: usize, gates: usize) -> usize {
    hidden_size.saturating_mul(gates)
}

fn dense(layer: &At<'_>, input_size: usize) -> Result<DenseLayer, DataError> {
    let parts = weights(layer, &[1, 2])?;
    let output_size = last_of_shape(&layer.want("shape")?)?;
    let weight = transposed(&parts[0].matrix(input_size, output_size)?, output_size);
    let bias = parts.get(1).map(|bias| bias.vector(output_size)).transpose()?;
    Ok(DenseLayer { input_size, output_size, activation: activation(layer)?, weight, bias })
}

/// The function that a layer names; none is the identity.
fn activation(layer: &At<'_>) -> Result<Activation, DataError> {
    let Some(at) = layer.get("activation") else { return Ok(Activation::Identity) };
    Ok(match at.text()? {
        "" => Activation::Identity,
        "tanh" => Activation::Tanh,
        "relu" => Activation::Relu,
        "sigmoid" => Activation::Sigmoid,
        "elu" => Activation::Elu,
        "softmax" => Activation::Softmax,
        other => {
            let message = format!(
                "is {:?}, which elman does not have; it reads tanh, relu, sigmoid, elu and softmax",
                shortened(other)
            );
            return Err(at.refuse(message));
        }
    })
}

/// A function of its own behind the layers so far: that of a linear layer, or of one that hands on what it gets, whose
/// weights are taken from `spare`.
fn apply(
    activation: Activation,
    layer: &At<'_>,
    chain: &mut Chain,
    spare: &mut usize,
) -> Result<(), DataError> {
    let width = chain.width();
    if let Some(shape) = layer.get("shape") {
        let said = last_of_shape(&shape)?;
        if said != width {
            let message = format!("says {}, but {width} come in", counted(said, "value"));
            return Err(shape.refuse(message));
        }
    }
    match chain.layers.last_mut() {
        _ if activation == Activation::Identity => {}
        Some(Layer::Dense(dense)) if dense.activation == Activation::Identity => {
            dense.activation = activation;
        }
        _ => {
            let size =
                width.checked_mul(width).and_then(|size| spare.checked_sub(size).map(|left| (size, left)));
            let Some((size, left)) = size else {
                let message = "is a function behind other than a dense layer, of more values than elman makes a layer for";
                return Err(layer.refuse(message));
            };
            *spare = left;
            let mut weight = vec![0.0; size];
            weight.iter_mut().step_by(width + 1).for_each(|diagonal| *diagonal = 1.0);
            let (input_size, output_size) = (width, width);
            chain.layers.push(Layer::Dense(DenseLayer {
                input_size,
                output_size,
                activation,
                weight,
                bias: None,
            }));
        }
    }
    Ok(())
}

/// A layer as it is written.
#[derive(Serialize)]
pub(super) struct WrittenLayer {
    #[serde(rename = "type")]
    kind: &'static str,
    activation: &'static str,
    shape: [Option<usize>; 3],
    weights: Vec<Value>,
}

#[derive(Serialize)]
struct File {
    in_shape: [Option<usize>; 3],
    layers: Vec<WrittenLayer>,
}

pub(super) fn write(chain: Chain, device: &Device) -> Result<Bytes, ConfigError> {
    let (chain, skip) = without_skip(chain, "rtneural", device.input_factor() as f32);
    let (chain, mut remarks) = super::with_gains_inside(chain, device, "rtneural")?;
    remarks.extend(skip);
    remarks.extend(super::without_state(&chain, "rtneural"));
    let layers = written_layers(&chain, "tanh", |what| {
        let message = format!("rtneural holds LSTM, GRU and dense layers, but this network has {what}");
        ConfigError::new("format", Message::from(message).text(super::way_out(&chain)))
    })?;
    if device.sample_rate.is_some() {
        remarks.push(
            "rtneural has no place for the sample rate: tell it to the program that loads the file".into(),
        );
    }
    let file = File { in_shape: shape(chain.input_size), layers };
    Ok((super::to_json(&file)?, remarks))
}

pub(super) fn shape(size: usize) -> [Option<usize>; 3] {
    [None, None, Some(size)]
}

/// All layers but a skip connection, which is refused here.
pub(super) fn written_layers(
    chain: &Chain,
    recurrent_activation: &'static str,
    refuse: impl Fn(String) -> ConfigError,
) -> Result<Vec<WrittenLayer>, ConfigError> {
    let write = |layer: &Layer| match layer {
        Layer::Recurrent(layer) => {
            recurrent(layer, recurrent_activation).ok_or_else(|| refuse(named(layer.cell)))
        }
        Layer::Dense(layer) => Ok(WrittenLayer {
            kind: "dense",
            activation: match layer.activation {
                Activation::Identity => "",
                activation => activation.name(),
            },
            shape: shape(layer.output_size),
            weights: vec![
                json!(rows(&transposed(&layer.weight, layer.input_size), layer.output_size)),
                json!(exact(&layer.bias_or_zeros())),
            ],
        }),
        Layer::Skip(_) => Err(refuse("a skip connection".into())),
    };
    chain.layers.iter().map(write).collect()
}

/// Does RTNeural have such layers?
pub(super) fn knows(cell: CellKind) -> bool {
    matches!(cell, CellKind::Lstm | CellKind::Gru)
}

fn recurrent(layer: &RecurrentLayer, activation: &'static str) -> Option<WrittenLayer> {
    let (h, columns) = (layer.hidden_size, layer.gates() * layer.hidden_size);
    let (kind, weight_ih, weight_hh, bias) = match layer.cell {
        CellKind::Lstm => {
            ("lstm", layer.weight_ih.clone(), layer.weight_hh.clone(), json!(exact(&layer.bias())))
        }
        CellKind::Gru => {
            let exchanged = |values: &[f32], block| with_first_gates_exchanged(values.to_vec(), block);
            let biases = [exact(&exchanged(&layer.bias_ih, h)), exact(&exchanged(&layer.bias_hh, h))];
            let weight_ih = exchanged(&layer.weight_ih, h * layer.input_size);
            ("gru", weight_ih, exchanged(&layer.weight_hh, h * h), json!(biases))
        }
        _ => return None,
    };
    let kernel = rows(&transposed(&weight_ih, layer.input_size), columns);
    let weights = vec![json!(kernel), json!(rows(&transposed(&weight_hh, h), columns)), bias];
    Some(WrittenLayer { kind, activation, shape: shape(h), weights })
}
