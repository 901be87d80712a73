//! The JSON of a PyTorch state dict, as RTNeural's examples and scripts of many write it: `{"lstm.weight_ih_l0": [[..]], ..}`.
//!
//! Such a file names tensors, and nothing else: not in which order layers follow each other, and no function between
//! them. Recurrent layers are taken by their names, `lstm` before `lstm2`, then linear ones in the same way, if each fits
//! behind the one before it; a remark says so.
//!
//! Source: `RTNeural/torch_helpers.h` of RTNeural; PyTorch's own names and shapes.

use std::collections::{BTreeMap, BTreeSet};

use super::chain::{Chain, DenseLayer, Layer, RecurrentLayer};
use super::json::{At, shortened};
use super::{Device, Format, Imported};
use crate::error::DataError;
use crate::network::{Activation, CellKind};
use crate::words::listed;

/// What the names of the tensors of a recurrent layer begin with, behind their module's.
const RECURRENT: [&str; 4] = ["weight_ih_l", "weight_hh_l", "bias_ih_l", "bias_hh_l"];

/// The tensors, where a file holds a state dict.
pub(super) fn tensors<'a>(file: &At<'a>) -> Option<At<'a>> {
    let is_it = |at: &At<'_>| at.keys().any(|name| name.ends_with("weight_ih_l0"));
    [Some(file.clone()), file.get("state_dict")].into_iter().flatten().find(is_it)
}

/// A module's name, by which numbers in it are compared as numbers.
type Natural = (Vec<(String, u64)>, String);

fn natural(name: &str) -> Natural {
    let mut parts: Vec<(String, u64)> = Vec::new();
    for c in name.chars() {
        let ends_in_digit = parts.last().is_some_and(|(_, number)| *number > 0);
        match (c.to_digit(10), parts.last_mut()) {
            (Some(digit), Some((_, number))) => {
                // Counted from 1, so that 0 stands for none.
                let before = number.saturating_sub(1);
                *number = before.saturating_mul(10).saturating_add(u64::from(digit)).saturating_add(1);
            }
            (Some(digit), None) => parts.push((String::new(), u64::from(digit) + 1)),
            (None, Some((text, _))) if !ends_in_digit => text.push(c),
            (None, _) => parts.push((c.into(), 0)),
        }
    }
    (parts, name.to_owned())
}

pub(super) fn read(tensors: &At<'_>, device: Device) -> Result<Imported, DataError> {
    let (mut recurrent, mut dense) = (BTreeMap::<Natural, usize>::new(), BTreeSet::<Natural>::new());
    for name in tensors.keys() {
        let (module, tensor) = name.rsplit_once('.').unwrap_or(("", name));
        let layer = RECURRENT.iter().find_map(|start| tensor.strip_prefix(start)?.parse::<usize>().ok());
        match (layer, tensor) {
            (Some(layer), _) => {
                let layers = recurrent.entry(natural(module)).or_default();
                *layers = (*layers).max(layer.saturating_add(1));
            }
            (None, "weight" | "bias") => drop(dense.insert(natural(module))),
            (None, _) => {
                let message = format!(
                    "has a tensor {:?}; elman reads those of LSTM, GRU and RNN in one direction without projection, and of \
                     Linear",
                    shortened(name)
                );
                return Err(tensors.refuse(message));
            }
        }
    }
    let mut taken = 0;
    let mut chain: Option<Chain> = None;
    for ((_, module), layers) in &recurrent {
        for layer in 0..*layers {
            let tensor = |name: &str| joined(module, &format!("{name}_l{layer}"));
            let layer = recurrent_layer(tensors, tensor, &mut taken)?;
            let chain = chain.get_or_insert_with(|| Chain::new(layer.input_size));
            fits(tensors, chain, module, layer.input_size)?;
            chain.layers.push(Layer::Recurrent(layer));
        }
    }
    let mut chain = chain.ok_or_else(|| tensors.refuse("has no recurrent layer"))?;
    for (_, module) in &dense {
        let layer = dense_layer(tensors, module, &mut taken)?;
        fits(tensors, &chain, module, layer.input_size)?;
        chain.layers.push(Layer::Dense(layer));
    }
    if taken != tensors.keys().count() {
        return Err(tensors.refuse("has tensors of a layer of which others are missing"));
    }
    let modules = recurrent.keys().chain(&dense).map(|(_, module)| match module.as_str() {
        "" => "the one without a name",
        module => module,
    });
    let order = format!(
        "a state dict does not say how its layers follow each other, nor which functions stand between them: taken are {}, \
         with tanh in an RNN and no function behind a linear layer",
        listed(modules.map(shortened), "and")
    );
    Imported::new(Format::Torch, tensors, chain, device, vec![order.into()])
}

fn joined(module: &str, tensor: &str) -> String {
    if module.is_empty() { tensor.to_owned() } else { format!("{module}.{tensor}") }
}

/// The next layer must take what the last one hands on.
fn fits(tensors: &At<'_>, chain: &Chain, module: &str, input_size: usize) -> Result<(), DataError> {
    let width = chain.width();
    if width == input_size {
        return Ok(());
    }
    Err(tensors.refuse(format!(
        "has a layer {:?} that takes {input_size} values behind one that hands on {width}; give the layers names by whose \
         order they follow each other",
        shortened(module)
    )))
}

/// Rows and columns, by the first row.
fn shape(matrix: &At<'_>) -> Result<(usize, usize), DataError> {
    let rows = matrix.list()?;
    match rows.first().map(At::list).transpose()? {
        Some(first) if !first.is_empty() => Ok((rows.len(), first.len())),
        _ => Err(matrix.refuse("is empty")),
    }
}

fn recurrent_layer(
    tensors: &At<'_>,
    name: impl Fn(&str) -> String,
    taken: &mut usize,
) -> Result<RecurrentLayer, DataError> {
    let (ih, hh) = (tensors.want(&name("weight_ih"))?, tensors.want(&name("weight_hh"))?);
    let (rows, hidden_size) = shape(&hh)?;
    let cell = match (rows / hidden_size, rows % hidden_size) {
        (4, 0) => CellKind::Lstm,
        (3, 0) => CellKind::Gru,
        (1, 0) => CellKind::Elman,
        _ => {
            let message = format!(
                "is {rows} x {hidden_size}; an LSTM has 4 times as many rows as columns, a GRU 3, an RNN 1"
            );
            return Err(hh.refuse(message));
        }
    };
    let (_, input_size) = shape(&ih)?;
    let mut bias = |tensor: &str| match tensors.get(&name(tensor)) {
        Some(bias) => {
            *taken += 1;
            bias.vector(rows)
        }
        None => Ok(vec![0.0; rows]),
    };
    let (bias_ih, bias_hh) = (bias("bias_ih")?, bias("bias_hh")?);
    *taken += 2;
    Ok(RecurrentLayer {
        cell,
        input_size,
        hidden_size,
        weight_ih: ih.matrix(rows, input_size)?,
        weight_hh: hh.matrix(rows, hidden_size)?,
        bias_ih,
        bias_hh,
        initial: Vec::new(),
    })
}

fn dense_layer(tensors: &At<'_>, module: &str, taken: &mut usize) -> Result<DenseLayer, DataError> {
    let weight = tensors.want(&joined(module, "weight"))?;
    let (output_size, input_size) = shape(&weight)?;
    let bias = tensors.get(&joined(module, "bias"));
    *taken += 1 + usize::from(bias.is_some());
    Ok(DenseLayer {
        input_size,
        output_size,
        activation: Activation::Identity,
        weight: weight.matrix(output_size, input_size)?,
        bias: bias.map(|bias| bias.vector(output_size)).transpose()?,
    })
}
