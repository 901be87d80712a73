//! A look inside a trained network: how far back its answers reach, and what its states do.
//!
//! ```
//! use elman::init::Init;
//! use elman::inside;
//! use elman::loss::Loss;
//! use elman::network::{CellKind, Network, NetworkConfig, Readout};
//! use elman::sequence::Example;
//! use elman::weights::Weights;
//!
//! # fn main() -> Result<(), elman::error::ConfigError> {
//! let network = Network::new(NetworkConfig::stacked(CellKind::Gru, 1, 4, 1, 1).readout(Readout::Last))?;
//! let weights = Weights::new(network.clone(), Init::Orthogonal.draw::<f64>(&network, 0)?)?;
//! let examples = [Example::values(vec![0.1, 0.2, 0.3], vec![1.0])];
//! let norms = inside::gradient_norms(&weights, &Loss::Squared, &examples);
//! assert_eq!(norms.len(), 3);
//! let states = inside::states(&weights, &examples[0].x).unwrap();
//! assert_eq!((states.len(), states[0].len()), (3, 4));
//! # Ok(())
//! # }
//! ```

use crate::batch::Batch;
use crate::float::{Float, Parameters, convert};
use crate::loss::Loss;
use crate::network::{Engine, Gradients, Kind, Mode, Network, Placed};
use crate::sequence::{Example, TrainingBatch};
use crate::weights::Weights;

/// How far the loss of each sequence's last output depends on its inputs: the Euclidean norm of the loss's derivative by
/// the inputs of a timestep, `k` timesteps before the last in place `k`, as the mean over the sequences that are so long.
/// If it fades with `k` by orders of magnitude, what lies so far back is not learned from; if it grows, training is at its
/// limits. Of a network that reads token ids it is the derivative by the tokens' vectors, since by ids there is none. Nothing of
/// no sequences.
///
/// # Panics
/// If the sequences are not the network's and the loss's.
pub fn gradient_norms(weights: &Weights, loss: &Loss, examples: &[Example<f64>]) -> Vec<f64> {
    if examples.is_empty() {
        return Vec::new();
    }
    match weights.parameters() {
        Parameters::F32(parameters) => norms_by_vectors(weights.network(), parameters, loss, examples),
        Parameters::F64(parameters) => norms_by_vectors(weights.network(), parameters, loss, examples),
    }
}

/// [`norms`] of the network behind the embedding, if it begins with one: its inputs are the tokens' vectors.
fn norms_by_vectors<T: Float>(
    network: &Network,
    parameters: &[T],
    loss: &Loss,
    examples: &[Example<f64>],
) -> Vec<f64> {
    let Some(Placed { kind: Kind::Embedding { block, weight }, .. }) = network.blocks().first() else {
        return norms(network, parameters, loss, examples);
    };
    let mut config = network.config().clone();
    config.input_size = block.embedding_dim;
    config.blocks.remove(0);
    // An embedding alone has nothing behind it.
    let Ok(behind) = Network::new(config) else { return Vec::new() };
    let embedded = |example: &Example<f64>| {
        let mut vectors = vec![T::default(); example.x.len() * block.embedding_dim];
        for (id, vector) in example.x.iter().zip(vectors.chunks_exact_mut(block.embedding_dim)) {
            block.forward(&parameters[weight.clone()], &[T::from_f64(*id)], vector);
        }
        Example { x: convert(&vectors), targets: example.targets.clone() }
    };
    let examples: Vec<Example<f64>> = examples.iter().map(embedded).collect();
    norms(&behind, &parameters[weight.end..], loss, &examples)
}

fn norms<T: Float>(network: &Network, parameters: &[T], loss: &Loss, examples: &[Example<f64>]) -> Vec<f64> {
    let mut engine = T::Engine::new(network);
    engine.load(parameters);
    let examples: Vec<Example<T>> = examples.iter().map(Example::convert).collect();
    let batch = TrainingBatch::new(network, &examples);
    let (inputs, outputs, width) = (batch.inputs(), batch.outputs(), network.output_size());
    let packing = inputs.packing();
    let mut state = network.zero_state(packing.batch_size());
    let output = engine.forward(inputs, &mut state, Mode::Evaluate);
    let mut all = vec![T::default(); output.len()];
    loss.gradient_of(outputs, output, width, batch.targets(), &mut all);
    // Of the last outputs alone.
    let mut doutput = vec![T::default(); all.len()];
    for (b, &length) in outputs.lengths().iter().enumerate() {
        let row = outputs.row(length - 1, b) * width;
        doutput[row..row + width].copy_from_slice(&all[row..row + width]);
    }
    let (mut of_parameters, mut of_inputs) =
        (vec![T::default(); parameters.len()], vec![T::default(); inputs.x().len()]);
    let gradients = Gradients { parameters: &mut of_parameters, state: None, input: Some(&mut of_inputs) };
    engine.backward(inputs, &doutput, gradients);
    let input_size = network.input_size();
    let mean = |k: usize| {
        let reaching = packing.lengths().iter().enumerate().filter(|&(_, &length)| length > k);
        let norm = |(b, &length): (usize, &usize)| {
            let row = packing.row(length - 1 - k, b) * input_size;
            of_inputs[row..row + input_size].iter().map(|dx| dx.to_f64().powi(2)).sum::<f64>().sqrt()
        };
        let norms: Vec<f64> = reaching.map(norm).collect();
        norms.iter().sum::<f64>() / norms.len() as f64
    };
    (0..packing.seq_len()).map(mean).collect()
}

/// The hidden states `h` of the last recurrent block after each timestep, or patch of timesteps, of a sequence `[length,
/// I]`: `[timesteps, H]`. None of a network that reads sequences from their ends, or has no recurrent block.
///
/// # Panics
/// If the sequence is empty or not of the network's input size.
pub fn states(weights: &Weights, x: &[f64]) -> Option<Vec<Vec<f64>>> {
    let network = weights.network();
    let layer = network.states().last()?.layer;
    if !network.is_causal() {
        return None;
    }
    Some(match weights.parameters() {
        Parameters::F32(parameters) => states_of(network, parameters, layer, x),
        Parameters::F64(parameters) => states_of(network, parameters, layer, x),
    })
}

fn states_of<T: Float>(network: &Network, parameters: &[T], layer: usize, x: &[f64]) -> Vec<Vec<f64>> {
    let mut engine = T::Engine::new(network);
    engine.load(parameters);
    let mut state = network.zero_state(1);
    let step = network.input_size() * network.patch_len();
    let x: Vec<T> = convert(x);
    let after = |x: &[T]| {
        let batch = Batch::new(&[x], network.input_size());
        engine.forward(&batch, &mut state, Mode::Predict);
        convert(state.h(layer, 0, 0, batch.packing()))
    };
    x.chunks(step).map(after).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loss::Targets;
    use crate::network::{CellKind, Dense, Embedding, NetworkConfig, Readout, Recurrent};

    /// The oracle is the difference quotient, in `f64`.
    #[test]
    fn norms_are_those_of_the_derivative() {
        let config = NetworkConfig::stacked(CellKind::Elman, 2, 3, 1, 1).readout(Readout::Last);
        let network = Network::new(config).unwrap();
        let parameters: Vec<f64> = crate::init::Init::Torch.draw(&network, 3).unwrap();
        let weights = Weights::new(network, parameters).unwrap();
        let examples = [
            Example::values(vec![0.3, -0.2, 0.5, 0.1, -0.4, 0.9], vec![0.7]),
            Example::values(vec![0.2, 0.8], vec![-0.1]),
        ];
        let loss_at = |n: usize, place: usize, by: f64| {
            let mut x = examples[n].x.clone();
            x[place] += by;
            let output = crate::predict::run(weights.network(), weights.parameters(), &[&x]).remove(0);
            // The mean over both.
            (output[0] - if n == 0 { 0.7 } else { -0.1 }).powi(2) / 2.0
        };
        let norm = |n: usize, t: usize| {
            let of = |place| (loss_at(n, place, 1e-6) - loss_at(n, place, -1e-6)) / 2e-6;
            f64::hypot(of(2 * t), of(2 * t + 1))
        };
        let expected = [(norm(0, 2) + norm(1, 0)) / 2.0, norm(0, 1), norm(0, 0)];
        let found = gradient_norms(&weights, &Loss::Squared, &examples);
        assert_eq!(found.len(), 3);
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-8, "{found} for {expected}");
        }
    }

    /// A loss over signals sees each sequence by itself, however their rows lie: the oracle is its equation for each, and
    /// difference quotients of that and of the outputs.
    #[test]
    fn norms_of_a_loss_over_signals_are_of_each_sequence() {
        const C: f64 = 0.85;
        let network = Network::new(NetworkConfig::stacked(CellKind::Elman, 1, 3, 1, 1)).unwrap();
        let parameters: Vec<f64> = crate::init::Init::Torch.draw(&network, 5).unwrap();
        let weights = Weights::new(network, parameters).unwrap();
        let examples = [
            (vec![0.3, -0.9, 0.5, 0.1], vec![0.2, -0.5, 0.9, 0.4]),
            (vec![0.2, 0.8, -0.6], vec![-3.0, 1.5, 0.1]),
        ];
        let outputs =
            |x: &[f64]| crate::predict::run(weights.network(), weights.parameters(), &[x]).remove(0);
        let filtered = |x: &[f64]| x.windows(2).map(|x| x[1] - C * x[0]).collect::<Vec<f64>>();
        let energy = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
        let norms = |(x, targets): &(Vec<f64>, Vec<f64>)| {
            let loss = |by: f64| {
                let mut y = outputs(x);
                *y.last_mut().unwrap() += by;
                let error: Vec<f64> = y.iter().zip(targets).map(|(y, t)| y - t).collect();
                // The mean over both.
                energy(&filtered(&error)) / energy(&filtered(targets)) / 2.0
            };
            let of_output = (loss(1e-5) - loss(-1e-5)) / 2e-5;
            let last = |place: usize, by: f64| {
                let mut x = x.clone();
                x[place] += by;
                *outputs(&x).last().unwrap()
            };
            let norm = |place| ((last(place, 1e-5) - last(place, -1e-5)) / 2e-5 * of_output).abs();
            (0..x.len()).rev().map(norm).collect::<Vec<f64>>()
        };
        let (one, two) = (norms(&examples[0]), norms(&examples[1]));
        let both = one.iter().zip(&two).map(|(one, two)| (one + two) / 2.0);
        let expected: Vec<f64> = both.chain(one[3..].iter().copied()).collect();
        let examples = examples.map(|(x, targets)| Example::values(x, targets));
        let found = gradient_norms(&weights, &Loss::EsrNam { pre_emphasis: Some(C) }, &examples);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-8, "{found} for {expected}");
        }
    }

    /// Of tokens the norms are those by their vectors: of each token one of its own, moved a little.
    #[test]
    fn norms_of_tokens_are_of_their_vectors() {
        for embedding in [Embedding::new(6, 3), Embedding::one_hot(6)] {
            let width = embedding.embedding_dim;
            let config = NetworkConfig::new(1).with(embedding).with(Recurrent::new(CellKind::Gru, 4));
            let network = Network::new(config.with(Dense::new(6))).unwrap();
            let parameters: Vec<f64> = crate::init::Init::Torch.draw(&network, 2).unwrap();
            let weights = Weights::new(network.clone(), parameters.clone()).unwrap();
            let (tokens, next) = ([4.0, 0.0, 5.0, 2.0], vec![0, 5, 2, 1]);
            // The same with a learned vector for each, of which each stands in the text once.
            let mut learned = network.config().clone();
            learned.blocks[0] = Embedding::new(6, width).into();
            let learned = Network::new(learned).unwrap();
            let vectors: Vec<f64> = if embedding.one_hot {
                (0..36).map(|n| f64::from(u8::from(n % 7 == 0))).chain(parameters).collect()
            } else {
                parameters
            };
            let loss_at = |place: usize, by: f64| {
                let mut moved = vectors.clone();
                moved[place] += by;
                let output = crate::predict::run(&learned, &Parameters::F64(moved), &[&tokens]).remove(0);
                let last = Targets::Classes(next[3..].to_vec());
                // The mean over all four.
                Loss::cross_entropy().total(&output[18..], 6, &last).mean() / 4.0
            };
            let norm = |token: f64| {
                let of = |k: usize| token as usize * width + k;
                let slope = |place| (loss_at(place, 1e-5) - loss_at(place, -1e-5)) / 2e-5;
                (0..width).map(|k| slope(of(k)).powi(2)).sum::<f64>().sqrt()
            };
            let example = Example { x: tokens.to_vec(), targets: Targets::Classes(next.clone()) };
            let found = gradient_norms(&weights, &Loss::cross_entropy(), &[example]);
            assert_eq!(found.len(), 4);
            for (found, token) in found.iter().zip(tokens.iter().rev()) {
                let expected = norm(*token);
                assert!((found - expected).abs() < 1e-8, "{width}: {found} for {expected}");
            }
        }
    }

    #[test]
    fn states_are_those_of_the_whole_sequence() {
        let config = NetworkConfig::stacked(CellKind::Lstm, 1, 5, 2, 1);
        let network = Network::new(config).unwrap();
        let weights =
            Weights::new(network.clone(), crate::init::Init::Torch.draw::<f32>(&network, 1).unwrap())
                .unwrap();
        let x = [0.5, -1.0, 0.25, 2.0];
        let states = states(&weights, &x).unwrap();
        assert_eq!(states.len(), 4);
        let Parameters::F32(parameters) = weights.parameters() else { panic!("of f32") };
        let mut engine = <f32 as Float>::Engine::new(&network);
        engine.load(parameters);
        let batch = Batch::new(&[&convert::<f64, f32>(&x)[..]], 1);
        let mut state = network.zero_state(1);
        engine.forward(&batch, &mut state, Mode::Predict);
        assert_eq!(convert::<f32, f64>(state.h(1, 0, 0, batch.packing())), states[3]);
        let both =
            Network::new(NetworkConfig::stacked(CellKind::Gru, 1, 2, 1, 1).bidirectional(true)).unwrap();
        let both =
            Weights::new(both.clone(), crate::init::Init::Torch.draw::<f32>(&both, 1).unwrap()).unwrap();
        assert_eq!(super::states(&both, &x), None);
    }
}
