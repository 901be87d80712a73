//! The notebook's training, from its published weights.

use elman::notebook::{Gradient, Notebook as Network};
use harness::Work;

const LEARNING_RATE: f64 = 0.01;
/// The notebook prints the loss of every tenth of its epochs.
const EPOCHS: usize = 100;
const PRINTED_EVERY: usize = 10;

/// 100 epochs from the start.
pub(crate) struct Notebook(Network);

impl Notebook {
    /// Reads the published weights.
    pub(crate) fn new() -> Result<Self, String> {
        Network::published().map(Notebook).map_err(|error| error.to_string())
    }

    /// The loss of every epoch.
    fn train(&self) -> [f64; EPOCHS] {
        let mut network = self.0.clone();
        std::array::from_fn(|_| network.epoch(Gradient::Notebook, LEARNING_RATE))
    }
}

impl Work for Notebook {
    fn prove(&mut self) -> Vec<f64> {
        self.train().into_iter().step_by(PRINTED_EVERY).collect()
    }

    fn run(&mut self, steps: u64) {
        for _ in 0..steps {
            std::hint::black_box(self.train());
        }
    }
}
