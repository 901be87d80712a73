//! The three kinds of work over a network: what proves each, and what is repeated.

use std::hint::black_box;

use crate::point::{Kind, Point};
use crate::serve::Work;

/// The rate of the steps that prove equal work.
const PROOF_RATE: f32 = 0.01;
/// The rate of the steps that are measured, so small that the weights stay where they are: the
/// millionth step is the same work as the first.
const MEASURED_RATE: f32 = 1e-8;

/// A network of one layer and head, and a point's batch.
pub trait Network: 'static {
    /// One training step: the loss before the update.
    fn train(&mut self, rate: f32) -> f64;

    /// The parameters now: `weight_ih`, `weight_hh`, `bias_ih`, `bias_hh`, `head.weight`, `head.bias`,
    /// the entries of each in any order.
    fn parameters(&self) -> [Vec<f32>; 6];

    /// Timestep `t`, from the state that the last call left: the output.
    fn stream(&mut self, t: usize) -> f32;

    /// The whole sequence from a zero state: the last output.
    fn sequence(&mut self) -> f32;
}

/// The work that a point asks of a network.
pub fn work(point: &Point, network: impl Network) -> Box<dyn Work> {
    Box::new(Running { network, kind: point.kind, seq_len: point.seq_len, t: 0 })
}

struct Running<N> {
    network: N,
    kind: Kind,
    seq_len: usize,
    /// The next timestep of a stream, which goes round in circles.
    t: usize,
}

impl<N: Network> Running<N> {
    fn stream(&mut self) -> f32 {
        let y = self.network.stream(self.t);
        self.t += 1;
        if self.t == self.seq_len {
            self.t = 0;
        }
        y
    }

    /// The losses of two steps, and how far each tensor has moved then.
    fn prove_training(&mut self) -> Vec<f64> {
        let before = self.network.parameters();
        let losses = [self.network.train(PROOF_RATE), self.network.train(PROOF_RATE)];
        let after = self.network.parameters();
        let moved = before.iter().zip(&after).map(|(before, after)| distance(before, after));
        losses.into_iter().chain(moved).collect()
    }
}

impl<N: Network> Work for Running<N> {
    fn prove(&mut self) -> Vec<f64> {
        match self.kind {
            Kind::Train => self.prove_training(),
            Kind::Stream => (0..self.seq_len).map(|_| f64::from(self.stream())).collect(),
            Kind::Sequence | Kind::Notebook => vec![f64::from(self.network.sequence())],
        }
    }

    fn run(&mut self, steps: u64) {
        match self.kind {
            Kind::Train => (0..steps).for_each(|_| _ = black_box(self.network.train(MEASURED_RATE))),
            Kind::Stream => (0..steps).for_each(|_| _ = black_box(self.stream())),
            Kind::Sequence | Kind::Notebook => {
                (0..steps).for_each(|_| _ = black_box(self.network.sequence()))
            }
        }
    }
}

fn distance(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum::<f64>().sqrt()
}
