//! Knobs in plug-ins, which turn them from 0 to 1 whatever the device's own were marked with.

use super::chain::{Chain, Layer};
use crate::error::Message;
use crate::words::listed;

/// A knob as a model learned it: an input behind the audio.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Knob {
    /// What it is called.
    pub name: String,
    /// The lowest and the highest of its positions in training.
    pub range: [f64; 2],
}

impl Knob {
    /// A knob that was turned between two positions.
    pub fn new(name: impl Into<String>, range: [f64; 2]) -> Self {
        Knob { name: name.into(), range }
    }

    /// Was it turned where no plug-in turns it?
    fn is_beyond(&self) -> bool {
        self.range.iter().any(|at| !(0.0..=1.0).contains(at))
    }
}

/// The same network with those knobs that were turned beyond 0 to 1 going from 0 to 1 over what they were learned at:
///
/// ```text
/// W p + b = W' u + b',   p = from + (to - from) u,   W' = (to - from) W,   b' = b + from W
/// ```
///
/// with `p` the position in training and `u` that in the plug-in, and a remark that says so. Where the first layer cannot take
/// that up the network stays as it is, and the remark says what that means.
pub(super) fn from_zero_to_one(mut chain: Chain, knobs: &[Knob], format: &str) -> (Chain, Option<Message>) {
    let beyond: Vec<(usize, &Knob)> = knobs
        .iter()
        .enumerate()
        .filter(|(_, knob)| knob.is_beyond())
        .map(|(n, knob)| (n + 1, knob))
        .collect();
    if beyond.is_empty() {
        return (chain, None);
    }
    let named = listed(
        beyond.iter().map(|(_, Knob { name, range: [from, to] })| format!("{name} for {from} to {to}")),
        "and",
    );
    let passes_audio_alone =
        chain.layers.iter().all(|layer| !matches!(layer, Layer::Skip(inputs) if *inputs > 1));
    let first = match chain.layers.first_mut() {
        Some(Layer::Recurrent(layer)) => Some((&mut layer.weight_ih, &mut layer.bias_ih, layer.input_size)),
        Some(Layer::Dense(layer)) => {
            layer.bias.as_mut().map(|bias| (&mut layer.weight, bias, layer.input_size))
        }
        _ => None,
    };
    let Some((weight, bias, columns)) =
        first.filter(|(_, _, columns)| passes_audio_alone && beyond.iter().all(|(input, _)| input < columns))
    else {
        let text =
            format!("{format} turns knobs from 0 to 1, where this network guesses: it learned {named}");
        return (chain, Some(text.into()));
    };
    for (row, bias) in weight.chunks_exact_mut(columns).zip(bias) {
        let mut sum = f64::from(*bias);
        for (input, Knob { range: [from, to], .. }) in &beyond {
            let own = f64::from(row[*input]);
            sum += from * own;
            row[*input] = ((to - from) * own) as f32;
        }
        *bias = sum as f32;
    }
    let text = format!("{format} turns knobs from 0 to 1, which stands for what was learned: {named}");
    (chain, Some(text.into()))
}
