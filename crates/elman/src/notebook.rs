//! The notebook that this project grew from: a tanh network of 2 inputs, 3 units and 1 output that
//! learns one sequence, in plain `f64` loops.
//!
//! The network and its loss are
//!
//! ```text
//! h_0 = 0,   h_t = tanh(W_x x_t + W_h h_{t-1} + b_h),   y = W_y h_T + b_y,   loss = (y - target)^2
//! ```
//!
//! # What the notebook's backward pass computes
//!
//! It is not the gradient of that loss. Four things differ; [`Gradient::Notebook`] keeps them all,
//! because the published losses follow from them, and [`Gradient::Exact`] has none.
//!
//! 1. **The derivative of tanh is taken twice.** `tanh_derivative(h)` computes `1 - tanh(h)^2`, but
//!    `h` is already a tanh. Where `h = tanh(a)`, the derivative at `a` is `1 - h^2`.
//! 2. **Every step uses the last state.** Going back in time, step `t` needs the derivative at its
//!    own state `h_t`; the notebook uses `h_T` at each.
//! 3. **The recurrent weights' gradient pairs the wrong state.** `W_h` multiplied `h_{t-1}`, so
//!    `dW_h` is the outer product of step `t`'s gradient with `h_{t-1}`; the notebook uses `h_T`.
//! 4. **A factor of two is missing.** The derivative of `(y - target)^2` is `2 (y - target)`; the
//!    notebook starts from `y - target`, the derivative of half the loss. [`Gradient::Halved`] is the
//!    exact gradient of that half, so that the other three differences can be seen alone.
//!
//! It learns all the same: with weights below 0.01 the states are so small that `1 - tanh(h)^2`,
//! `1 - h_T^2` and `1 - h_t^2` are all nearly 1, and most of the learning happens in `W_y` and `b_y`,
//! whose gradients are right but for the factor. The missing factor halves the learning rate.

use rand_mt::Mt;
use serde::Deserialize;

use crate::error::DataError;

const INPUT_SIZE: usize = 2;
const HIDDEN_SIZE: usize = 3;

/// The one sequence that it learns.
const INPUTS: [[f64; INPUT_SIZE]; 3] = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]];

/// What it shall say of it.
const TARGET: f64 = 1.0;

/// The notebook's network: its weights under the notebook's names. In a file, the biases may be
/// left out and are then 0.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Notebook {
    /// `[H, I]`
    #[serde(rename = "Wx")]
    pub wx: [[f64; INPUT_SIZE]; HIDDEN_SIZE],
    /// `[H, H]`
    #[serde(rename = "Wh")]
    pub wh: [[f64; HIDDEN_SIZE]; HIDDEN_SIZE],
    /// `[1, H]`
    #[serde(rename = "Wy")]
    pub wy: [[f64; HIDDEN_SIZE]; 1],
    /// `[H]`
    #[serde(default)]
    pub bh: [f64; HIDDEN_SIZE],
    /// A single number.
    #[serde(default)]
    pub by: f64,
}

/// Which derivative the weights follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gradient {
    /// The notebook's own, with its four differences.
    Notebook,
    /// That of the loss `(y - target)^2`.
    Exact,
    /// That of half the loss, `(y - target)^2 / 2`.
    Halved,
}

impl Notebook {
    /// The weights that reproduce the published losses.
    ///
    /// # Errors
    /// None in practice: they are part of the library.
    pub fn published() -> Result<Self, DataError> {
        Self::from_json("notebook.json (built in)", include_str!("../data/notebook.json"))
    }

    /// Weights from JSON: `Wx`, `Wh`, `Wy` as lists of rows, and, if wanted, `bh` and `by`.
    ///
    /// # Errors
    /// If the text is not that, with the line and column.
    pub fn from_json(name: &str, json: &str) -> Result<Self, DataError> {
        serde_json::from_str(json).map_err(|error| {
            let message = format!(
                "{error}; wanted is {{\"Wx\": 3 rows of 2, \"Wh\": 3 rows of 3, \"Wy\": 1 row of 3}}"
            );
            DataError::new(name, message)
        })
    }

    /// Draws weights as the notebook does, after `np.random.seed(seed)`: `Wx`, `Wh`, `Wy` in turn,
    /// row by row, uniform in `[0, 0.01)`, from NumPy's Mersenne Twister.
    pub fn seeded(seed: u32) -> Self {
        let mut generator = Mt::new(seed);
        // NumPy's `random_sample`: 53 random bits out of two draws.
        let mut draw = || {
            let (high, low) = (generator.next_u32() >> 5, generator.next_u32() >> 6);
            (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0 * 0.01
        };
        let mut notebook = Notebook {
            wx: [[0.0; INPUT_SIZE]; HIDDEN_SIZE],
            wh: [[0.0; HIDDEN_SIZE]; HIDDEN_SIZE],
            wy: [[0.0; HIDDEN_SIZE]; 1],
            bh: [0.0; HIDDEN_SIZE],
            by: 0.0,
        };
        notebook.wx.iter_mut().flatten().for_each(|w| *w = draw());
        notebook.wh.iter_mut().flatten().for_each(|w| *w = draw());
        notebook.wy.iter_mut().flatten().for_each(|w| *w = draw());
        notebook
    }

    /// One epoch: forward, backward, update. Returns the loss before the update.
    pub fn epoch(&mut self, gradient: Gradient, learning_rate: f64) -> f64 {
        let (states, y) = self.forward();
        self.update(&self.backward(&states, y, gradient), learning_rate);
        (y - TARGET).powi(2)
    }

    /// The states `h_0` to `h_T`, and `y`.
    fn forward(&self) -> ([[f64; HIDDEN_SIZE]; INPUTS.len() + 1], f64) {
        let mut states = [[0.0; HIDDEN_SIZE]; INPUTS.len() + 1];
        for (t, x) in INPUTS.iter().enumerate() {
            for unit in 0..HIDDEN_SIZE {
                let a = dot(&self.wx[unit], x) + dot(&self.wh[unit], &states[t]) + self.bh[unit];
                states[t + 1][unit] = libm::tanh(a);
            }
        }
        (states, dot(&self.wy[0], &states[INPUTS.len()]) + self.by)
    }

    /// The derivatives of all weights, in a network of their shape.
    fn backward(&self, states: &[[f64; HIDDEN_SIZE]], y: f64, gradient: Gradient) -> Notebook {
        let last = states[INPUTS.len()];
        let dy = match gradient {
            Gradient::Notebook | Gradient::Halved => y - TARGET,
            Gradient::Exact => 2.0 * (y - TARGET),
        };
        let mut d = Notebook {
            wx: [[0.0; INPUT_SIZE]; HIDDEN_SIZE],
            wh: [[0.0; HIDDEN_SIZE]; HIDDEN_SIZE],
            wy: [last.map(|h| dy * h)],
            bh: [0.0; HIDDEN_SIZE],
            by: dy,
        };
        let mut dh = self.wy[0].map(|w| w * dy);
        for t in (0..INPUTS.len()).rev() {
            // What step t multiplied, and the derivative of its tanh.
            let (before, slope) = match gradient {
                Gradient::Notebook => (last, last.map(|h| 1.0 - libm::tanh(h).powi(2))),
                Gradient::Exact | Gradient::Halved => (states[t], states[t + 1].map(|h| 1.0 - h * h)),
            };
            let da: [f64; HIDDEN_SIZE] = std::array::from_fn(|unit| dh[unit] * slope[unit]);
            for (unit, &da) in da.iter().enumerate() {
                add_scaled(&mut d.wx[unit], da, &INPUTS[t]);
                add_scaled(&mut d.wh[unit], da, &before);
                d.bh[unit] += da;
            }
            dh = std::array::from_fn(|k| (0..HIDDEN_SIZE).map(|unit| self.wh[unit][k] * da[unit]).sum());
        }
        d
    }

    fn update(&mut self, d: &Notebook, learning_rate: f64) {
        for unit in 0..HIDDEN_SIZE {
            add_scaled(&mut self.wx[unit], -learning_rate, &d.wx[unit]);
            add_scaled(&mut self.wh[unit], -learning_rate, &d.wh[unit]);
        }
        add_scaled(&mut self.wy[0], -learning_rate, &d.wy[0]);
        add_scaled(&mut self.bh, -learning_rate, &d.bh);
        self.by -= learning_rate * d.by;
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add_scaled(to: &mut [f64], scale: f64, x: &[f64]) {
    to.iter_mut().zip(x).for_each(|(to, x)| *to += scale * x);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Batch;
    use crate::loss::{Loss, Targets};
    use crate::network::{CellKind, Gradients, Mode, Network, NetworkConfig, Readout, Tape};

    fn losses(mut notebook: Notebook, gradient: Gradient) -> Vec<f64> {
        (0..100).map(|_| notebook.epoch(gradient, 0.01)).step_by(10).collect()
    }

    fn assert_close(ours: &[f64], theirs: &[f64]) {
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            assert!((ours - theirs).abs() <= 1e-15, "{ours} and {theirs}");
        }
    }

    #[derive(Deserialize)]
    struct Losses {
        loss: Vec<f64>,
    }

    #[test]
    fn the_published_losses_come_out() {
        let published: Losses = serde_json::from_str(include_str!("../data/notebook.json")).unwrap();
        assert_close(&losses(Notebook::published().unwrap(), Gradient::Notebook), &published.loss);
    }

    #[test]
    fn seeded_weights_and_losses_are_numpys() {
        #[derive(Deserialize)]
        struct Reference {
            numpy_seed_0: serde_json::Value,
            numpy_seed_7: serde_json::Value,
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../reference/notebook.json");
        let reference: Reference = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for (seed, numpy) in [(0, reference.numpy_seed_0), (7, reference.numpy_seed_7)] {
            let weights = Notebook::from_json("reference", &numpy.to_string()).unwrap();
            assert_eq!(Notebook::seeded(seed), weights);
            let Losses { loss } = serde_json::from_value(numpy).unwrap();
            assert_close(&losses(weights, Gradient::Notebook), &loss);
        }
    }

    /// The exact gradient against the library's backpropagation through time, and the notebook's
    /// against it: they must not agree.
    #[test]
    fn the_exact_gradient_is_that_of_the_library() {
        let notebook = Notebook::seeded(3);
        let config = NetworkConfig::stacked(CellKind::Elman, INPUT_SIZE, HIDDEN_SIZE, 1, 1);
        let network = Network::new(config.readout(Readout::Last)).unwrap();
        let parameters: Vec<f64> =
            [notebook.wx.as_flattened(), notebook.wh.as_flattened(), &[0.0; 6], &notebook.wy[0]]
                .concat()
                .into_iter()
                .chain([0.0])
                .collect();
        let batch = Batch::new(&[INPUTS.as_flattened()], INPUT_SIZE);
        let (mut tape, mut state) = (Tape::default(), network.zero_state(1));
        network.forward(&parameters, &batch, &mut state, Mode::Evaluate, &mut tape);
        let mut doutput = [0.0];
        Loss::Squared.gradient(tape.output(), 1, &Targets::Values(vec![TARGET]), &mut doutput);
        let mut gradient = vec![0.0; parameters.len()];
        let mut dstate = network.zero_state(1);
        let gradients = Gradients { parameters: &mut gradient, state: Some(&mut dstate), input: None };
        network.backward(&parameters, &batch, &doutput, &mut tape, gradients);

        let (states, y) = notebook.forward();
        let of = |kind| {
            let d = notebook.backward(&states, y, kind);
            [d.wx.as_flattened(), d.wh.as_flattened(), &d.bh, &d.wy[0], &[d.by]].concat()
        };
        // The library has two biases per unit, each with the gradient of the one here.
        let library = [&gradient[..15], &gradient[15..18], &gradient[21..]].concat();
        let worst =
            |a: &[f64]| a.iter().zip(&library).map(|(a, b)| (a - b).abs() / b.abs()).fold(0.0, f64::max);
        assert!(worst(&of(Gradient::Exact)) < 1e-12);
        assert!(worst(&of(Gradient::Notebook)) > 0.4);
    }
}
