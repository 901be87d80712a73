//! The starting parameters.
//!
//! ```
//! use elman_network::init::Init;
//! use elman_network::network::{CellKind, Network, NetworkConfig};
//!
//! # fn main() -> Result<(), elman_network::error::ConfigError> {
//! let network = Network::new(NetworkConfig::stacked(CellKind::Lstm, 3, 8, 1, 1))?;
//! let parameters: Vec<f32> = Init::Orthogonal.draw(&network, 7)?;
//! assert_eq!(parameters.len(), network.layout().len());
//! assert_eq!(parameters, Init::Orthogonal.draw::<f32>(&network, 7)?);
//! # Ok(())
//! # }
//! ```

mod orthogonal;

use std::fmt;
use std::str::FromStr;

use elman_core::lane::Scalar;
use serde::{Deserialize, Serialize};

use crate::error::ConfigError;
use crate::network::{Kind, Layer, Network, parts};
use crate::random::{Purpose, Rng};

/// How the starting parameters are drawn. Whatever it is, learned initial states start at 0, and a layer norm
/// as one without weights: 1 and 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Init {
    /// PyTorch's default: every value of a recurrent block uniform in `[-1/sqrt(H), 1/sqrt(H))`, those of a
    /// dense block in `[-1/sqrt(F), 1/sqrt(F))` with `F` the number of values that it reads, those of an
    /// embedding normal with standard deviation 1.
    Torch,
    /// Input and dense weights uniform as Glorot & Bengio (AISTATS 2010, equation 16), recurrent weights of
    /// each gate a random orthogonal matrix (Saxe et al., arXiv:1312.6120, 2013), biases 0 but 1 for an
    /// LSTM's forget gate (Jozefowicz et al., ICML 2015, section 2.2). Embeddings as PyTorch's.
    Orthogonal,
    /// The notebook's: weights uniform in `[0, 0.01)`, biases 0.
    Notebook,
    /// The identity as recurrent weights, other weights normal with standard deviation 0.001,
    /// biases 0 (Le, Jaitly & Hinton, arXiv:1504.00941, 2015, section 2). For cells with one gate.
    Identity,
}

impl Init {
    /// All, in the order in which they are listed to users.
    pub const ALL: [Init; 4] = [Init::Torch, Init::Orthogonal, Init::Notebook, Init::Identity];

    /// The name used on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Init::Torch => "torch",
            Init::Orthogonal => "orthogonal",
            Init::Notebook => "notebook",
            Init::Identity => "identity",
        }
    }

    /// Draws the parameters of `network` from `seed`. They are drawn in `f64` and then rounded, so
    /// that both number types start from the same network.
    ///
    /// # Errors
    /// If [`Init::Identity`] is asked for a cell with more than one gate.
    pub fn draw<T: Scalar>(self, network: &Network, seed: u64) -> Result<Vec<T>, ConfigError> {
        for state in network.states() {
            let cell = state.cell;
            if self == Init::Identity && !cell.facts().fits_identity {
                let message =
                    format!("\"identity\" is for elman and elman-relu, not for {cell}; use orthogonal");
                return Err(ConfigError::new("init", message));
            }
        }
        let mut rng = Rng::new(seed, Purpose::Initialisation);
        let mut parameters = vec![0.0; network.layout().len()];
        for placed in network.blocks() {
            let width = placed.input_size;
            match &placed.kind {
                Kind::Recurrent(recurrent) => {
                    recurrent.layers.iter().for_each(|layer| self.layer(layer, &mut parameters, &mut rng));
                }
                Kind::Dense { block, weight, bias } => {
                    let [weight, bias] = parts(&mut parameters, &[weight.clone(), bias.clone()]);
                    self.weight(weight, block.output_size, width, &mut rng);
                    self.bias(bias, width, &mut rng);
                }
                Kind::Embedding { weight, .. } => self.embedding(&mut parameters[weight.clone()], &mut rng),
                Kind::LayerNorm { weight, .. } => parameters[weight.clone()].fill(1.0),
                Kind::Dropout(_) | Kind::Skip(_) | Kind::Pooling(_) | Kind::Patch(_) => {}
            }
        }
        Ok(crate::float::convert(&parameters))
    }

    /// The weights and biases of one direction; learned initial states stay 0.
    fn layer(self, layer: &Layer, parameters: &mut [f64], rng: &mut Rng) {
        let hidden_size = layer.hidden_size;
        let [weight_ih, weight_hh, bias_ih, bias_hh, unit_parameters] = parts(parameters, &layer.ranges);
        match self {
            Init::Torch => {
                for values in [weight_ih, weight_hh, bias_ih, bias_hh, unit_parameters] {
                    uniform(values, 1.0 / (hidden_size as f64).sqrt(), rng);
                }
            }
            Init::Orthogonal => {
                for gate in weight_ih.chunks_exact_mut(hidden_size * layer.input_size) {
                    glorot(gate, hidden_size, layer.input_size, rng);
                }
                orthogonal::fill(weight_hh, hidden_size, rng);
                if let Some(forget) = layer.cell.facts().forget_gate {
                    bias_ih[forget * hidden_size..][..hidden_size].fill(1.0);
                }
            }
            Init::Notebook => {
                unit(weight_ih, rng);
                unit(weight_hh, rng);
            }
            Init::Identity => {
                normal(weight_ih, 0.001, rng);
                weight_hh.iter_mut().step_by(hidden_size + 1).for_each(|diagonal| *diagonal = 1.0);
            }
        }
    }

    /// The weights `[rows, columns]` of a dense block.
    fn weight(self, weight: &mut [f64], rows: usize, columns: usize, rng: &mut Rng) {
        match self {
            Init::Torch => uniform(weight, 1.0 / (columns as f64).sqrt(), rng),
            Init::Orthogonal => glorot(weight, rows, columns, rng),
            Init::Notebook => unit(weight, rng),
            Init::Identity => normal(weight, 0.001, rng),
        }
    }

    /// The bias of a dense block that reads so many values.
    fn bias(self, bias: &mut [f64], columns: usize, rng: &mut Rng) {
        if self == Init::Torch {
            uniform(bias, 1.0 / (columns as f64).sqrt(), rng);
        }
    }

    fn embedding(self, weight: &mut [f64], rng: &mut Rng) {
        match self {
            Init::Torch | Init::Orthogonal => normal(weight, 1.0, rng),
            Init::Notebook => unit(weight, rng),
            Init::Identity => normal(weight, 0.001, rng),
        }
    }
}

fn uniform(values: &mut [f64], bound: f64, rng: &mut Rng) {
    values.iter_mut().for_each(|v| *v = (2.0 * rng.uniform() - 1.0) * bound);
}

fn normal(values: &mut [f64], deviation: f64, rng: &mut Rng) {
    values.iter_mut().for_each(|v| *v = deviation * rng.normal());
}

fn unit(values: &mut [f64], rng: &mut Rng) {
    values.iter_mut().for_each(|v| *v = 0.01 * rng.uniform());
}

fn glorot(values: &mut [f64], rows: usize, columns: usize, rng: &mut Rng) {
    uniform(values, (6.0 / (rows + columns) as f64).sqrt(), rng);
}

impl fmt::Display for Init {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Init {
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, ConfigError> {
        Init::ALL.into_iter().find(|init| init.name() == name).ok_or_else(|| {
            ConfigError::new(
                "init",
                format!("{name:?} is not one of {}", Init::ALL.map(Init::name).join(", ")),
            )
        })
    }
}
