//! A skip connection for formats that have no place for one: units that hand an input on.
//!
//! A unit whose gates stand still computes `tanh(tanh(w x))` in an LSTM and `tanh(w x)` in a GRU. Where `w` is small, that is
//! `w x` but for a share of `2/3 (w x)^2`, and the linear layer at the end multiplies it with `1 / w`.

use super::chain::{Chain, DenseLayer, Layer, RecurrentLayer};
use crate::error::Message;
use crate::network::{Activation, CellKind};
use crate::words::counted;

/// `w`, a power of two: for inputs up to 1 that share is below 4e-8, as much as rounding takes. Of audio that is louder it is less.
const SHARE: f32 = 1.0 / 4096.0;
/// The bias of a gate that stands still: its sigmoid is 1 in `f32`, or 1.5e-8.
const OPEN: f32 = 18.0;

/// The biases of a unit that hands on what enters its gate 2, which is `g` of an LSTM and `n` of a GRU; of a cell that has no
/// such unit none.
fn biases(cell: CellKind) -> Option<&'static [f32]> {
    match cell {
        // i f g o
        CellKind::Lstm => Some(&[OPEN, -OPEN, 0.0, OPEN]),
        // r z n
        CellKind::Gru => Some(&[0.0, -OPEN, 0.0]),
        _ => None,
    }
}
const PASSING_GATE: usize = 2;

/// The same network without a skip connection, if it ends with one that such units can stand for, and a remark that says so;
/// else as it is. What is to be multiplied into the first layer's weights afterwards, for an input gain, is taken off those of
/// the units, which go on computing with a small share of the input as it comes.
pub(super) fn without_skip(chain: Chain, format: &str, input_gain: f32) -> (Chain, Option<Message>) {
    let [recurrent @ .., Layer::Dense(dense), Layer::Skip(inputs)] = chain.layers.as_slice() else {
        return (chain, None);
    };
    let passes = |layer: &Layer| matches!(layer, Layer::Recurrent(layer) if biases(layer.cell).is_some());
    if recurrent.is_empty() || !recurrent.iter().all(passes) || dense.activation != Activation::Identity {
        return (chain, None);
    }
    // The first input is the audio; a gain is for that alone.
    let of_audio = SHARE * chain.gain.min(1.0) / input_gain;
    let shares: Vec<f32> = (0..*inputs).map(|n| if n == 0 { of_audio } else { SHARE }).collect();
    let mut passing = Chain::new(chain.input_size);
    for (n, layer) in recurrent.iter().enumerate() {
        if let Layer::Recurrent(layer) = layer {
            passing.layers.push(Layer::Recurrent(with_passing_units(
                layer,
                *inputs,
                (n == 0).then_some(&*shares),
            )));
        }
    }
    passing.layers.push(Layer::Dense(with_passed_inputs(dense, &shares)));
    let message = format!(
        "{format} has no place for a skip connection: {} more in each layer, {} in all, hand the input on, within a millionth; a \
         program that approximates tanh may play that part 1 % louder for each layer",
        counted(*inputs, "unit"),
        recurrent.len() * inputs
    );
    (passing, Some(message.into()))
}

/// A layer with so many units more, which hand on shares of the first inputs of the network, or, where there are none, what the
/// units of the layer below do.
fn with_passing_units(layer: &RecurrentLayer, units: usize, shares: Option<&[f32]>) -> RecurrentLayer {
    let (hidden, gates) = (layer.hidden_size, layer.gates());
    let input_size = layer.input_size + if shares.is_some() { 0 } else { units };
    let hidden_size = hidden + units;
    let by_gate = |of_gate: &dyn Fn(usize) -> Vec<f32>| (0..gates).flat_map(of_gate).collect();
    let weight_ih = by_gate(&|gate| {
        let own = &layer.weight_ih[gate * hidden * layer.input_size..][..hidden * layer.input_size];
        let mut rows = widened(own, layer.input_size, input_size);
        for unit in 0..units {
            let mut row = vec![0.0; input_size];
            if gate == PASSING_GATE {
                match shares {
                    Some(shares) => row[unit] = shares[unit],
                    None => row[layer.input_size + unit] = 1.0,
                }
            }
            rows.append(&mut row);
        }
        rows
    });
    let weight_hh = by_gate(&|gate| {
        let own = &layer.weight_hh[gate * hidden * hidden..][..hidden * hidden];
        let mut rows = widened(own, hidden, hidden_size);
        rows.resize(hidden_size * hidden_size, 0.0);
        rows
    });
    let still = biases(layer.cell).unwrap_or_default();
    let with_biases = |own: &[f32], of_units: &[f32]| {
        let blocks = own.chunks_exact(hidden).zip(of_units);
        blocks.flat_map(|(own, &bias)| own.iter().copied().chain(std::iter::repeat_n(bias, units))).collect()
    };
    RecurrentLayer {
        cell: layer.cell,
        input_size,
        hidden_size,
        weight_ih,
        weight_hh,
        bias_ih: with_biases(&layer.bias_ih, still),
        bias_hh: with_biases(&layer.bias_hh, &vec![0.0; gates]),
        initial: widened(&layer.initial, hidden, hidden_size),
    }
}

/// The linear layer that adds what units hand on, such shares of the inputs, to its first outputs.
fn with_passed_inputs(dense: &DenseLayer, shares: &[f32]) -> DenseLayer {
    let units = shares.len();
    let input_size = dense.input_size + units;
    let mut weight = widened(&dense.weight, dense.input_size, input_size);
    for ((unit, &share), row) in shares.iter().enumerate().zip(weight.chunks_exact_mut(input_size)) {
        row[dense.input_size + unit] = 1.0 / share;
    }
    DenseLayer { input_size, weight, ..dense.clone() }
}

/// Rows of so many columns with zeros behind them.
fn widened(rows: &[f32], columns: usize, wanted: usize) -> Vec<f32> {
    let zeros = std::iter::repeat_n(0.0, wanted - columns);
    rows.chunks_exact(columns).flat_map(|row| row.iter().copied().chain(zeros.clone())).collect()
}
