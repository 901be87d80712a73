//! The starting parameters.

use std::fmt;
use std::str::FromStr;

use elman_core::cell::Lstm;
use elman_core::lane::Scalar;
use rand::RngExt;
use rand_distr::StandardNormal;
use serde::{Deserialize, Serialize};

use crate::error::ConfigError;
use crate::network::{CellKind, Network};
use crate::random::{Rng, Stream, rng};

/// How the starting parameters are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// PyTorch's default: every value uniform in `[-1/sqrt(H), 1/sqrt(H))`, those of the head in
    /// `[-1/sqrt(F), 1/sqrt(F))` with `F` the number of values that it reads.
    Torch,
    /// Input and head weights uniform as Glorot & Bengio (AISTATS 2010, equation 16), recurrent
    /// weights of each gate a random orthogonal matrix (Saxe et al., arXiv:1312.6120, 2013), biases
    /// 0 but 1 for an LSTM's forget gate (Jozefowicz et al., ICML 2015, section 2.2).
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
        let config = network.config();
        if self == Init::Identity && !matches!(config.cell, CellKind::Elman | CellKind::ElmanRelu) {
            let message =
                format!("\"identity\" is for elman and elman-relu, not for {}; use orthogonal", config.cell);
            return Err(ConfigError::new("init", message));
        }
        let mut rng = rng(seed, Stream::Initialisation);
        let mut parameters = vec![0.0; network.layout().len()];
        for tensor in network.layout().tensors() {
            let values = &mut parameters[tensor.range.clone()];
            let kind = Kind::of(&tensor.name);
            let columns = tensor.shape.last().copied().unwrap_or(1);
            match (self, kind) {
                (Init::Torch, Kind::Head) => {
                    uniform(
                        values,
                        1.0 / (config.num_directions() as f64 * config.hidden_size as f64).sqrt(),
                        &mut rng,
                    );
                }
                (Init::Torch, _) => uniform(values, 1.0 / (config.hidden_size as f64).sqrt(), &mut rng),
                (Init::Orthogonal, Kind::Input) => {
                    for gate in values.chunks_exact_mut(config.hidden_size * columns) {
                        glorot(gate, config.hidden_size, columns, &mut rng);
                    }
                }
                (Init::Orthogonal, Kind::Recurrent) => {
                    for gate in values.chunks_exact_mut(columns * columns) {
                        orthogonal(gate, columns, &mut rng);
                    }
                }
                (Init::Orthogonal, Kind::Head) if tensor.shape.len() == 2 => {
                    glorot(values, config.output_size, columns, &mut rng);
                }
                (Init::Notebook, Kind::Input | Kind::Recurrent) => unit(values, &mut rng),
                (Init::Notebook, Kind::Head) if tensor.shape.len() == 2 => unit(values, &mut rng),
                (Init::Identity, Kind::Recurrent) => {
                    values.iter_mut().step_by(columns + 1).for_each(|diagonal| *diagonal = 1.0);
                }
                (Init::Identity, Kind::Input | Kind::Head) if tensor.shape.len() == 2 => {
                    values.iter_mut().for_each(|v| *v = 0.001 * rng.sample::<f64, _>(StandardNormal));
                }
                (Init::Orthogonal, Kind::InputBias) if config.cell == CellKind::Lstm => {
                    let start = Lstm::FORGET_GATE * config.hidden_size;
                    values[start..start + config.hidden_size].fill(1.0);
                }
                // Biases that start at 0.
                _ => {}
            }
        }
        Ok(crate::float::convert(&parameters))
    }
}

/// What a tensor's name says that it is.
#[derive(Clone, Copy)]
enum Kind {
    Input,
    Recurrent,
    InputBias,
    RecurrentBias,
    Head,
}

impl Kind {
    fn of(name: &str) -> Self {
        match name {
            _ if name.starts_with("weight_ih") => Kind::Input,
            _ if name.starts_with("weight_hh") => Kind::Recurrent,
            _ if name.starts_with("bias_ih") => Kind::InputBias,
            _ if name.starts_with("bias_hh") => Kind::RecurrentBias,
            _ => Kind::Head,
        }
    }
}

fn uniform(values: &mut [f64], bound: f64, rng: &mut Rng) {
    values.iter_mut().for_each(|v| *v = (2.0 * rng.random::<f64>() - 1.0) * bound);
}

fn unit(values: &mut [f64], rng: &mut Rng) {
    values.iter_mut().for_each(|v| *v = 0.01 * rng.random::<f64>());
}

fn glorot(values: &mut [f64], rows: usize, columns: usize, rng: &mut Rng) {
    uniform(values, (6.0 / (rows + columns) as f64).sqrt(), rng);
}

/// A random orthogonal matrix `[n, n]`, uniform over all of them: the rows of a matrix of normal
/// numbers, made orthonormal by Gram and Schmidt (twice, which makes them so to the last bits).
fn orthogonal(matrix: &mut [f64], n: usize, rng: &mut Rng) {
    matrix.iter_mut().for_each(|v| *v = rng.sample(StandardNormal));
    for row in 0..n {
        let (done, rest) = matrix.split_at_mut(row * n);
        let current = &mut rest[..n];
        for _ in 0..2 {
            for other in done.chunks_exact(n) {
                let overlap = dot(current, other);
                current.iter_mut().zip(other).for_each(|(c, o)| *c -= overlap * o);
            }
        }
        let norm = dot(current, current).sqrt();
        current.iter_mut().for_each(|c| *c /= norm);
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
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
