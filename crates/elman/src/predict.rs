//! Running a trained network on sequences, whatever number type it was trained in.

use crate::batch::Batch;
use crate::error::ConfigError;
use crate::float::{Float, Parameters, convert};
use crate::network::{Engine, Mode, Network, State};

/// The sequences that are run side by side.
const BATCH_SIZE: usize = 64;

/// The outputs for each sequence `[length, I]`, from its initial state: `[output_len(length), O]`, see
/// [`Network::output_len`].
///
/// # Panics
/// If a sequence is empty or does not have the network's input size.
pub fn run(network: &Network, parameters: &Parameters, sequences: &[&[f64]]) -> Vec<Vec<f64>> {
    match parameters {
        Parameters::F32(parameters) => run_typed(network, parameters, sequences),
        Parameters::F64(parameters) => run_typed(network, parameters, sequences),
    }
}

fn run_typed<T: Float>(network: &Network, parameters: &[T], sequences: &[&[f64]]) -> Vec<Vec<f64>> {
    let mut engine = T::Engine::new(network);
    engine.load(parameters);
    let mut outputs = Vec::with_capacity(sequences.len());
    for sequences in sequences.chunks(BATCH_SIZE) {
        let x: Vec<Vec<T>> = sequences.iter().map(|x| convert(x)).collect();
        let batch = Batch::new(&x.iter().map(Vec::as_slice).collect::<Vec<_>>(), network.input_size());
        let packing = batch.packing();
        let mut state = network.zero_state(packing.batch_size());
        let values: Vec<f64> = convert(engine.forward(&batch, &mut state, Mode::Predict));
        outputs.extend(network.output_packing(packing).unpack(&values, network.output_size()));
    }
    outputs
}

/// One sequence that goes on: a network, its parameters and the state it has reached.
#[derive(Debug)]
pub struct Session(Typed);

#[derive(Debug)]
enum Typed {
    F32(Box<Running<f32>>),
    F64(Box<Running<f64>>),
}

impl Session {
    /// A sequence at its start.
    ///
    /// # Errors
    /// If the network reads sequences from their ends as well: a sequence that goes on has none yet. If it joins
    /// several timesteps, all in a mean or a maximum or some in patches: they may lie in different pieces.
    pub fn new(network: &Network, parameters: &Parameters) -> Result<Self, ConfigError> {
        if !network.is_causal() {
            let message = "networks read a sequence from its end; one that goes on has none yet";
            return Err(ConfigError::new("bidirectional", message));
        }
        if network.joins_all_time() || network.patch_len() > 1 {
            let message =
                "join timesteps (a pooling or a patch), which a sequence given piece by piece may cut";
            return Err(ConfigError::new("blocks", message));
        }
        Ok(Session(match parameters {
            Parameters::F32(parameters) => Typed::F32(Box::new(Running::new(network, parameters))),
            Parameters::F64(parameters) => Typed::F64(Box::new(Running::new(network, parameters))),
        }))
    }

    /// The outputs for the sequence's next timesteps `x [n, I]`: `[n, O]` or, of a network that leaves one row per
    /// sequence, `[O]`.
    ///
    /// # Panics
    /// If `x` is empty or not of the network's input size.
    pub fn advance(&mut self, x: &[f64]) -> Vec<f64> {
        match &mut self.0 {
            Typed::F32(running) => running.advance(x),
            Typed::F64(running) => running.advance(x),
        }
    }

    /// What `explore` makes of a session that stands where this one does and may go its own way.
    pub fn branch<R>(&mut self, explore: impl FnOnce(&mut Self) -> R) -> R {
        let here = match &self.0 {
            Typed::F32(running) => States::F32(running.state.clone()),
            Typed::F64(running) => States::F64(running.state.clone()),
        };
        let result = explore(self);
        match (&mut self.0, here) {
            (Typed::F32(running), States::F32(state)) => running.state = state,
            (Typed::F64(running), States::F64(state)) => running.state = state,
            _ => unreachable!("a session keeps its number type"),
        }
        result
    }
}

enum States {
    F32(State<f32>),
    F64(State<f64>),
}

#[derive(Debug)]
struct Running<T: Float> {
    engine: T::Engine,
    state: State<T>,
    batch: Batch<T>,
    input_size: usize,
}

impl<T: Float> Running<T> {
    fn new(network: &Network, parameters: &[T]) -> Self {
        let mut engine = T::Engine::new(network);
        engine.load(parameters);
        let input_size = network.input_size();
        Running { engine, state: network.zero_state(1), batch: Batch::default(), input_size }
    }

    fn advance(&mut self, x: &[f64]) -> Vec<f64> {
        let x: Vec<T> = convert(x);
        self.batch.set(1, |_| &x, self.input_size);
        convert(self.engine.forward(&self.batch, &mut self.state, Mode::Predict))
    }
}
