//! The proof that the gradients are right: backpropagation through time against dual numbers.
//!
//! The hand-written backward pass and the forward pass over [`Dual`] numbers share no line that takes
//! a derivative. Where both agree to the last few bits, for every parameter, every input and every
//! initial state, the backward pass is the derivative of the forward pass.
//!
//! ```
//! use elman_network::check::{Problem, TOLERANCE};
//! use elman_network::init::Init;
//! use elman_network::loss::Loss;
//! use elman_network::network::{CellKind, Network, NetworkConfig};
//!
//! # fn main() -> Result<(), elman_network::error::ConfigError> {
//! let network = Network::new(NetworkConfig::stacked(CellKind::Gru, 1, 2, 1, 1))?;
//! let parameters = Init::Torch.draw(&network, 0)?;
//! let problem = Problem::new("mine".into(), network, parameters, Loss::Squared, 0);
//! for agreement in problem.check(None) {
//!     assert!(agreement.error < TOLERANCE, "{}", agreement.tensor);
//! }
//! # Ok(())
//! # }
//! ```

mod problems;

use elman_core::dual::Dual;
use elman_core::lane::Scalar;

use crate::batch::Batch;
use crate::float::convert;
use crate::loss::{Loss, Targets, UNLABELLED};
use crate::network::{Block, Gradients, Mode, Network, Output, Recurrent, State, Tape};
use crate::random::{Purpose, Rng};
use crate::sequence::{Example, pack_targets};

/// The relative error above which a gradient is wrong.
pub const TOLERANCE: f64 = 1e-9;

/// Derivatives that one forward pass computes.
const LANES: usize = 8;

/// Tensors with more entries than this are checked at so many of them, evenly spread, and along one
/// random direction in which all of them change at once.
const MAX_ENTRIES: usize = 256;

/// Derivatives smaller than this share of their tensor's largest are measured against that share:
/// they are what is left when larger terms cancel, and carry those terms' rounding.
const FLOOR: f64 = 1e-6;

/// A network, data and a loss: a function whose gradient is to be checked.
#[derive(Clone, Debug)]
pub struct Problem {
    /// The network, for reports.
    pub name: String,
    /// The loss and what it is of, for reports.
    pub function: String,
    network: Network,
    loss: Loss,
    parameters: Vec<f64>,
    examples: Vec<Example<f64>>,
    state: State<f64>,
    seed: u64,
}

/// How well one tensor's gradient agrees.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// The tensor: a parameter's name, `input` or `initial state`.
    pub tensor: String,
    /// Its number of entries.
    pub entries: usize,
    /// The derivatives that were compared.
    pub compared: usize,
    /// The worst relative error among them.
    pub error: f64,
}

/// A deliberate error: the given entry's derivative is wrong by this share of the largest in its
/// tensor. It shows that the check can fail.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Injection {
    /// Which tensor of the network's layout.
    pub tensor: usize,
    /// The error.
    pub share: f64,
}

/// A direction in which a tensor changes.
enum Probe {
    Entry(usize),
    Random(u64),
}

impl Probe {
    /// The probes of a tensor with so many entries.
    fn all(entries: usize) -> Vec<Probe> {
        if entries <= MAX_ENTRIES {
            return (0..entries).map(Probe::Entry).collect();
        }
        let spread = (0..MAX_ENTRIES).map(|n| Probe::Entry(n * entries / MAX_ENTRIES));
        spread.chain([Probe::Random(entries as u64)]).collect()
    }

    /// How much each entry changes.
    fn direction(&self, entries: usize) -> Vec<f64> {
        match *self {
            Probe::Entry(entry) => (0..entries).map(|n| f64::from(u8::from(n == entry))).collect(),
            Probe::Random(point) => {
                let mut rng = Rng::new(0, Purpose::Check(point));
                (0..entries).map(|_| rng.uniform() * 2.0 - 1.0).collect()
            }
        }
    }
}

/// Everything that the loss depends on, in one number type.
struct Point<T> {
    parameters: Vec<T>,
    /// All sequences one after another.
    x: Vec<T>,
    /// All blocks one after another.
    state: Vec<T>,
}

impl Problem {
    /// Random data for a network: three sequences of unequal lengths, a non-zero initial state unless it is
    /// learned.
    ///
    /// # Panics
    /// If the parameters are not as many as the network has, or the loss does not take its outputs.
    pub fn new(name: String, network: Network, parameters: Vec<f64>, loss: Loss, seed: u64) -> Self {
        let mut rng = Rng::new(seed, Purpose::Check(u64::MAX));
        let (input_size, output_size) = (network.input_size(), network.output_size());
        let examples = [4, 6, 1].map(|length| {
            let outputs = network.output_len(length);
            let mut targets = match loss {
                Loss::CrossEntropy { .. } => {
                    Targets::Classes((0..outputs).map(|_| rng.index(0..output_size)).collect())
                }
                _ => Targets::Values(uniform(outputs * output_size / loss.outputs_per_value(), &mut rng)),
            };
            // One timestep has no class: it counts nothing, and leaves no gradient.
            if let Targets::Classes(classes) = &mut targets
                && let [_, _, unknown, _, _, ..] = classes.as_mut_slice()
            {
                *unknown = UNLABELLED;
            }
            let x = match network.config().blocks.first() {
                Some(Block::Embedding(tokens)) => {
                    (0..length).map(|_| rng.index(0..tokens.num_embeddings) as f64).collect()
                }
                _ => uniform(length * input_size, &mut rng),
            };
            Example { x, targets }
        });
        let mut state = network.zero_state(examples.len());
        let learned =
            |block: &Block| matches!(block, Block::Recurrent(Recurrent { learned_state: true, .. }));
        if !network.config().blocks.iter().any(learned) {
            for block in 0..state.num_blocks() {
                let values = uniform(state.block(block).len(), &mut rng);
                state.block_mut(block).copy_from_slice(&values);
            }
        }
        let function = loss.title();
        let is_last =
            |block: &Block| matches!(block, Block::Recurrent(Recurrent { output: Output::Last, .. }));
        let of = match (network.ends_time(), network.patch_len()) {
            (true, _) if network.config().blocks.iter().any(is_last) => "the last step",
            (true, _) => "the pooled steps",
            (false, 1) => "every step",
            (false, _) => "every patch",
        };
        let function = format!("{function} of {of}");
        Problem { name, function, network, loss, parameters, examples: examples.to_vec(), state, seed }
    }

    /// The names of the parameter tensors.
    pub fn tensors(&self) -> impl ExactSizeIterator<Item = &str> {
        self.network.layout().tensors().iter().map(|tensor| tensor.name.as_str())
    }

    /// Compares the gradients of every parameter tensor, the input and the initial state.
    pub fn check(&self, injection: Option<Injection>) -> Vec<Agreement> {
        let here = self.point();
        let gradient = self.gradient();
        let mut report = Vec::new();
        for (n, tensor) in self.network.layout().tensors().iter().enumerate() {
            let mut ours = gradient.parameters[tensor.range.clone()].to_vec();
            if let Some(injection) = injection.filter(|injection| injection.tensor == n) {
                let largest = ours.iter().fold(0.0, |largest: f64, d| largest.max(d.abs()));
                ours[0] += injection.share * largest.max(f64::MIN_POSITIVE);
            }
            report.push(compare(&tensor.name, &ours, |directions| {
                self.derivatives(&here, |point| &mut point.parameters[tensor.range.clone()], directions)
            }));
        }
        report.push(compare("input", &gradient.x, |directions| {
            self.derivatives(&here, |point| &mut point.x, directions)
        }));
        // A fresh state is not where the network begins: that is what it has learned, among its parameters.
        if !self.state.is_fresh() {
            report.push(compare("initial state", &gradient.state, |directions| {
                self.derivatives(&here, |point| &mut point.state, directions)
            }));
        }
        report
    }

    fn point(&self) -> Point<f64> {
        Point {
            parameters: self.parameters.clone(),
            x: self.examples.iter().flat_map(|example| example.x.iter().copied()).collect(),
            state: flatten(&self.state),
        }
    }

    /// The gradient by backpropagation through time.
    fn gradient(&self) -> Point<f64> {
        let point = self.point();
        let (batch, mut state, mut tape) = (self.batch(&point.x), self.state.clone(), Tape::default());
        let mut masks = self.masks();
        self.network.forward(&point.parameters, &batch, &mut state, Mode::Train(&mut masks), &mut tape);
        let mut doutput = vec![0.0; tape.output().len()];
        let (input_size, output_size) = (self.network.input_size(), self.network.output_size());
        let rows = self.network.output_packing(batch.packing());
        self.loss.gradient_of(&rows, tape.output(), output_size, &self.targets(&batch), &mut doutput);
        // The loss reads the final states as well, each with weight 1.
        let mut dstate = state.clone();
        for block in 0..dstate.num_blocks() {
            dstate.block_mut(block).fill(1.0);
        }
        let (mut parameters, mut x) = (vec![0.0; point.parameters.len()], vec![0.0; point.x.len()]);
        let gradients =
            Gradients { parameters: &mut parameters, state: Some(&mut dstate), input: Some(&mut x) };
        self.network.backward(&point.parameters, &batch, &doutput, &mut tape, gradients);
        let x = batch.packing().unpack(&x, input_size).concat();
        Point { parameters, x, state: flatten(&dstate) }
    }

    /// The derivatives of the loss along directions of one part of the point, by dual numbers.
    fn derivatives(
        &self,
        here: &Point<f64>,
        part: impl Fn(&mut Point<Dual<LANES>>) -> &mut [Dual<LANES>],
        directions: &[Vec<f64>],
    ) -> Vec<f64> {
        let mut derivatives = Vec::with_capacity(directions.len());
        for directions in directions.chunks(LANES) {
            let mut point = Point {
                parameters: convert(&here.parameters),
                x: convert(&here.x),
                state: convert(&here.state),
            };
            for (n, value) in part(&mut point).iter_mut().enumerate() {
                for (tangent, direction) in value.tangent.iter_mut().zip(directions) {
                    *tangent = direction[n];
                }
            }
            derivatives.extend_from_slice(&self.value(&point).tangent[..directions.len()]);
        }
        derivatives
    }

    /// The loss, plus the sum of all final states.
    fn value<T: Scalar>(&self, point: &Point<T>) -> T {
        let batch = self.batch(&point.x);
        let mut state = self.network.zero_state(self.examples.len());
        if !self.state.is_fresh() {
            let mut rest = point.state.as_slice();
            for block in 0..state.num_blocks() {
                let values;
                (values, rest) = rest.split_at(state.block(block).len());
                state.block_mut(block).copy_from_slice(values);
            }
        }
        let (mut tape, mut masks) = (Tape::default(), self.masks());
        self.network.forward(&point.parameters, &batch, &mut state, Mode::Train(&mut masks), &mut tape);
        let targets = self.targets(&batch);
        let rows = self.network.output_packing(batch.packing());
        let mut value = self.loss.total_of(&rows, tape.output(), self.network.output_size(), &targets).mean();
        for block in 0..state.num_blocks() {
            state.block(block).iter().for_each(|&s| value += s);
        }
        value
    }

    /// The same dropout masks in every pass.
    fn masks(&self) -> Rng {
        Rng::new(self.seed, Purpose::Dropout(0))
    }

    fn batch<T: Scalar>(&self, x: &[T]) -> Batch<T> {
        let mut rest = x;
        let sequences = self.examples.iter().map(|example| {
            let (sequence, after) = rest.split_at(example.x.len());
            rest = after;
            sequence
        });
        Batch::new(&sequences.collect::<Vec<_>>(), self.network.input_size())
    }

    fn targets<T: Scalar>(&self, batch: &Batch<T>) -> Targets<T> {
        let mut targets = Targets::default();
        let packing = self.network.output_packing(batch.packing());
        pack_targets(|n| &self.examples[n], &packing, &mut targets);
        targets.convert()
    }
}

fn compare(tensor: &str, ours: &[f64], dual: impl Fn(&[Vec<f64>]) -> Vec<f64>) -> Agreement {
    let entries = ours.len();
    let probes = Probe::all(entries);
    let mut pairs = Vec::with_capacity(probes.len());
    // As many directions at a time as one pass computes: each is as large as the tensor.
    for probes in probes.chunks(LANES) {
        let directions: Vec<Vec<f64>> = probes.iter().map(|probe| probe.direction(entries)).collect();
        let along = |direction: &Vec<f64>| direction.iter().zip(ours).map(|(v, g)| v * g).sum::<f64>();
        pairs.extend(directions.iter().map(along).zip(dual(&directions)));
    }
    let floor = pairs.iter().fold(0.0, |largest: f64, (_, exact)| largest.max(exact.abs())) * FLOOR;
    let errors =
        pairs.iter().map(
            |&(ours, exact)| {
                if ours == exact { 0.0 } else { (ours - exact).abs() / exact.abs().max(floor) }
            },
        );
    // A NaN on either side is an error like no other.
    let error = errors.fold(0.0, |worst: f64, e| if e.is_nan() { f64::INFINITY } else { worst.max(e) });
    Agreement { tensor: tensor.to_owned(), entries, compared: probes.len(), error }
}

fn uniform(count: usize, rng: &mut Rng) -> Vec<f64> {
    (0..count).map(|_| rng.uniform() * 2.0 - 1.0).collect()
}

fn flatten(state: &State<f64>) -> Vec<f64> {
    (0..state.num_blocks()).flat_map(|block| state.block(block).iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::Init;
    use crate::network::{CellKind, NetworkConfig};

    fn worst(problem: &Problem, injection: Option<Injection>) -> Agreement {
        let report = problem.check(injection);
        report.into_iter().max_by(|a, b| a.error.total_cmp(&b.error)).unwrap()
    }

    #[test]
    fn every_gradient_agrees_and_every_injected_error_is_found() {
        let problems = Problem::all(1).unwrap();
        assert!(problems.len() > 5 * 4 * 4 * 2);
        for problem in &problems {
            let worst = worst(problem, None);
            assert!(worst.error < 1e-11, "{}: {worst:?}", problem.name);
        }
        let chains = &problems[5 * 4 * 4 * 2..];
        for problem in problems.iter().step_by(19).chain(chains) {
            for (tensor, name) in problem.tensors().enumerate() {
                let worst = worst(problem, Some(Injection { tensor, share: 1e-6 }));
                assert!(worst.error > TOLERANCE && worst.tensor == name, "{}: {worst:?}", problem.name);
            }
        }
    }

    #[test]
    fn large_tensors_are_probed_in_places_and_as_a_whole() {
        let network = Network::new(NetworkConfig::stacked(CellKind::Lstm, 2, 20, 1, 1)).unwrap();
        let parameters = Init::Orthogonal.draw(&network, 5).unwrap();
        let problem = Problem::new("large".into(), network, parameters, Loss::Squared, 5);
        let report = problem.check(None);
        let recurrent = report.iter().find(|agreement| agreement.tensor == "weight_hh_l0").unwrap();
        assert_eq!((recurrent.entries, recurrent.compared), (1600, 257));
        assert!(report.iter().all(|agreement| agreement.error < 1e-10), "{report:?}");
    }
}
