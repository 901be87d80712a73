//! What all formats have in common: a chain of layers with their numbers, in PyTorch's order of gates, between a
//! file's own layout and a network's flat vector of parameters.

use super::Format;
use crate::error::ConfigError;
use crate::network::{
    Activation, Block, CellKind, Dense, Direction, Kind, Network, NetworkConfig, Output, Placed, Recurrent,
    Skip,
};
use crate::weights::Weights;

/// The layers in order, behind `input_size` inputs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Chain {
    pub(super) input_size: usize,
    pub(super) layers: Vec<Layer>,
    /// What multiplies its first input within its weights: that may be so much louder or quieter than what a network is for.
    pub(super) gain: f32,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Layer {
    Recurrent(RecurrentLayer),
    Dense(DenseLayer),
    /// So many of the chain's first inputs are added.
    Skip(usize),
}

/// A recurrent layer that reads forward and hands on every timestep.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RecurrentLayer {
    pub(super) cell: CellKind,
    pub(super) input_size: usize,
    pub(super) hidden_size: usize,
    /// `[G * H, I]`
    pub(super) weight_ih: Vec<f32>,
    /// `[G * H, H]`
    pub(super) weight_hh: Vec<f32>,
    /// `[G * H]`
    pub(super) bias_ih: Vec<f32>,
    /// `[G * H]`
    pub(super) bias_hh: Vec<f32>,
    /// The learned initial states `[STATES, H]`, or none.
    pub(super) initial: Vec<f32>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct DenseLayer {
    pub(super) input_size: usize,
    pub(super) output_size: usize,
    pub(super) activation: Activation,
    /// `[O, I]`
    pub(super) weight: Vec<f32>,
    /// `[O]`, if there is one.
    pub(super) bias: Option<Vec<f32>>,
}

impl RecurrentLayer {
    /// `b_ih + b_hh`: of an LSTM all that counts. The engine adds them in the same way.
    pub(super) fn bias(&self) -> Vec<f32> {
        self.bias_ih.iter().zip(&self.bias_hh).map(|(ih, hh)| ih + hh).collect()
    }

    pub(super) fn gates(&self) -> usize {
        self.cell.facts().gates()
    }
}

impl DenseLayer {
    /// `[O]`: zeros where there is none.
    pub(super) fn bias_or_zeros(&self) -> Vec<f32> {
        self.bias.clone().unwrap_or_else(|| vec![0.0; self.output_size])
    }
}

impl Chain {
    pub(super) fn new(input_size: usize) -> Self {
        Chain { input_size, layers: Vec::new(), gain: 1.0 }
    }

    /// The values per timestep behind the layers so far.
    pub(super) fn width(&self) -> usize {
        let widths = self.layers.iter().rev().filter_map(|layer| match layer {
            Layer::Recurrent(layer) => Some(layer.hidden_size),
            Layer::Dense(layer) => Some(layer.output_size),
            Layer::Skip(_) => None,
        });
        widths.take(1).next().unwrap_or(self.input_size)
    }

    /// Refuses numbers that are not finite, for which no format has a place; `why` is who has them.
    ///
    /// # Errors
    /// If there is one.
    pub(super) fn check(&self, why: &str) -> Result<(), ConfigError> {
        let is_finite = |values: &[f32]| values.iter().all(|value| value.is_finite());
        let all = self.layers.iter().all(|layer| match layer {
            Layer::Recurrent(layer) => {
                [&layer.weight_ih, &layer.weight_hh, &layer.bias_ih, &layer.bias_hh, &layer.initial]
                    .into_iter()
                    .all(|part| is_finite(part))
            }
            Layer::Dense(layer) => is_finite(&layer.weight) && layer.bias.as_deref().is_none_or(is_finite),
            Layer::Skip(_) => true,
        });
        if all {
            return Ok(());
        }
        let message = format!(
            "this network cannot be written: {why} numbers that are not finite; train it anew, or take another"
        );
        Err(ConfigError::of_model(message))
    }

    /// The network of these layers with these numbers.
    ///
    /// # Errors
    /// What a network refuses: too many parameters.
    pub(super) fn into_weights(self) -> Result<Weights, ConfigError> {
        let mut config = NetworkConfig::new(self.input_size);
        let mut parameters: Vec<f32> = Vec::new();
        for layer in self.layers {
            match layer {
                Layer::Recurrent(layer) => {
                    let block = Recurrent::new(layer.cell, layer.hidden_size);
                    config = config.with(block.with_learned_state(!layer.initial.is_empty()));
                    for mut part in
                        [layer.weight_ih, layer.weight_hh, layer.bias_ih, layer.bias_hh, layer.initial]
                    {
                        parameters.append(&mut part);
                    }
                }
                Layer::Dense(mut layer) => {
                    let block = Dense::new(layer.output_size).with_activation(layer.activation);
                    config = config.with(block.with_bias(layer.bias.is_some()));
                    parameters.append(&mut layer.weight);
                    parameters.append(&mut layer.bias.unwrap_or_default());
                }
                Layer::Skip(inputs) => config = config.with(Skip::new(inputs)),
            }
        }
        Weights::new(Network::new(config)?, parameters)
    }

    /// The layers of a network, without what does nothing when it answers.
    ///
    /// # Errors
    /// The first block that no format knows, or a layer that none knows in that form.
    pub(super) fn of(network: &Network, parameters: &[f32], format: Format) -> Result<Self, ConfigError> {
        let mut chain = Chain::new(network.input_size());
        for (n, (placed, block)) in network.blocks().iter().zip(&network.config().blocks).enumerate() {
            let unknown = |what: String| {
                let message = format!(
                    "{format} has no place for {what} as block {}; formats of plug-ins hold recurrent layers that read \
                     forward, dense layers and a skip connection: train a network of those",
                    n + 1
                );
                ConfigError::new("format", message)
            };
            if !matches!(placed.kind, Kind::Dropout(_)) {
                chain.layers.push(layer(placed, block, parameters, unknown)?);
            }
        }
        Ok(chain)
    }

    /// The first inputs multiplied with `input` and the outputs with `output`, by way of the weights; `None` where
    /// there are none that could take them.
    pub(super) fn with_factors(mut self, input: f64, output: f64) -> Option<Self> {
        let scaled = |value: &mut f32, factor: f64| *value = (f64::from(*value) * factor) as f32;
        let (first, columns) = match self.layers.first_mut()? {
            Layer::Recurrent(layer) => (&mut layer.weight_ih, layer.input_size),
            Layer::Dense(layer) => (&mut layer.weight, layer.input_size),
            Layer::Skip(_) => return None,
        };
        first.iter_mut().step_by(columns).for_each(|weight| scaled(weight, input));
        // What a skip connection adds is neither of the two by itself: right only at the end, where they cancel out.
        let skip = self.layers.iter().position(|layer| matches!(layer, Layer::Skip(_)));
        let cancels = input * output == 1.0 && skip == Some(self.layers.len() - 1);
        if skip.is_some() && !cancels {
            return None;
        }
        match self.layers.iter_mut().rev().find(|layer| !matches!(layer, Layer::Skip(_)))? {
            Layer::Dense(layer) if layer.activation == Activation::Identity => {
                layer
                    .weight
                    .iter_mut()
                    .chain(layer.bias.iter_mut().flatten())
                    .for_each(|v| scaled(v, output));
                Some(self)
            }
            _ if output == 1.0 => Some(self),
            _ => None,
        }
    }
}

/// A block with its numbers.
fn layer(
    placed: &Placed,
    block: &Block,
    parameters: &[f32],
    unknown: impl Fn(String) -> ConfigError,
) -> Result<Layer, ConfigError> {
    match &placed.kind {
        Kind::Recurrent(recurrent) => {
            let form = recurrent.block;
            let [layer] = recurrent.layers.as_slice() else {
                return Err(unknown(format!("{} in both directions", named(form.cell))));
            };
            if form.direction != Direction::Forward {
                return Err(unknown(format!("{} in reverse", named(form.cell))));
            }
            if form.output == Output::Last {
                return Err(unknown(format!("{} that answers once per sequence", named(form.cell))));
            }
            if form.kept().is_some() {
                let what = format!("{} with zoneout, whose mean is part of its equation,", named(form.cell));
                return Err(unknown(what));
            }
            let weights = layer.weights(parameters);
            Ok(Layer::Recurrent(RecurrentLayer {
                cell: layer.cell,
                input_size: layer.input_size,
                hidden_size: layer.hidden_size,
                weight_ih: weights.weight_ih.to_vec(),
                weight_hh: weights.weight_hh.to_vec(),
                bias_ih: weights.bias_ih.to_vec(),
                bias_hh: weights.bias_hh.to_vec(),
                initial: parameters[layer.initial.clone()].to_vec(),
            }))
        }
        Kind::Dense { block, weight, bias } => Ok(Layer::Dense(DenseLayer {
            input_size: placed.input_size,
            output_size: placed.output_size,
            activation: block.activation,
            weight: parameters[weight.clone()].to_vec(),
            bias: block.bias.then(|| parameters[bias.clone()].to_vec()),
        })),
        Kind::Skip(skip) => Ok(Layer::Skip(skip.inputs)),
        _ => Err(unknown(format!("a block {}", block.name()))),
    }
}

/// `an LSTM layer`
pub(super) fn named(cell: CellKind) -> String {
    match cell {
        CellKind::Lstm => "an LSTM layer".into(),
        CellKind::Gru => "a GRU layer".into(),
        cell => format!("a layer of {cell} cells"),
    }
}

/// A matrix `[columns, rows]`, row by row, as `[rows, columns]`.
pub(super) fn transposed(values: &[f32], rows: usize) -> Vec<f32> {
    let columns = values.len() / rows.max(1);
    let mut turned = Vec::with_capacity(values.len());
    for row in 0..rows {
        turned.extend((0..columns).map(|column| values[column * rows + row]));
    }
    turned
}

/// The first and the second of blocks of so many values exchanged: between PyTorch's r, z, n and Keras's z, r, h.
pub(super) fn with_first_gates_exchanged(mut values: Vec<f32>, block: usize) -> Vec<f32> {
    if let Some((first, second)) = values.get_mut(..2 * block).map(|both| both.split_at_mut(block)) {
        first.swap_with_slice(second);
    }
    values
}
