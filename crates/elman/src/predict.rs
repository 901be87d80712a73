//! Running a trained network on sequences, whatever number type it was trained in.

use elman_core::lane::Scalar;

use crate::batch::Batch;
use crate::error::ConfigError;
use crate::float::{Parameters, convert};
use crate::network::{Mode, Network, Readout, State, Tape};

/// The sequences that are run side by side.
const BATCH_SIZE: usize = 64;

/// The outputs for each sequence `[length, I]`, from a zero state: `[O]` or `[length, O]`, as the
/// network reads out.
///
/// # Panics
/// If a sequence is empty or does not have the network's input size.
pub fn run(network: &Network, parameters: &Parameters, sequences: &[&[f64]]) -> Vec<Vec<f64>> {
    match parameters {
        Parameters::F32(parameters) => run_typed(network, parameters, sequences),
        Parameters::F64(parameters) => run_typed(network, parameters, sequences),
    }
}

fn run_typed<T: Scalar>(network: &Network, parameters: &[T], sequences: &[&[f64]]) -> Vec<Vec<f64>> {
    let config = network.config();
    let mut tape = Tape::default();
    let mut outputs = Vec::with_capacity(sequences.len());
    for sequences in sequences.chunks(BATCH_SIZE) {
        let x: Vec<Vec<T>> = sequences.iter().map(|x| convert(x)).collect();
        let batch = Batch::new(&x.iter().map(Vec::as_slice).collect::<Vec<_>>(), config.input_size);
        let packing = batch.packing();
        let mut state = network.zero_state(packing.batch_size());
        network.forward(parameters, &batch, &mut state, Mode::Evaluate, &mut tape);
        let values: Vec<f64> = convert(tape.output());
        outputs.extend(match config.readout {
            Readout::Every => packing.unpack(&values, config.output_size),
            Readout::Last => {
                let mut rows = vec![Vec::new(); packing.batch_size()];
                for (row, &n) in values.chunks_exact(config.output_size).zip(packing.order()) {
                    rows[n] = row.to_vec();
                }
                rows
            }
        });
    }
    outputs
}

/// One sequence that goes on: a network, its parameters and the state it has reached.
#[derive(Clone, Debug)]
pub struct Session<'a> {
    network: &'a Network,
    typed: Typed<'a>,
}

#[derive(Clone, Debug)]
enum Typed<'a> {
    F32(&'a [f32], State<f32>),
    F64(&'a [f64], State<f64>),
}

impl<'a> Session<'a> {
    /// A sequence that starts from a zero state.
    ///
    /// # Errors
    /// If the network reads sequences from their ends as well: a sequence that goes on has none yet.
    pub fn new(network: &'a Network, parameters: &'a Parameters) -> Result<Self, ConfigError> {
        if network.config().bidirectional {
            let message = "networks read a sequence from its end; one that goes on has none yet";
            return Err(ConfigError::new("bidirectional", message));
        }
        let typed = match parameters {
            Parameters::F32(parameters) => Typed::F32(parameters, network.zero_state(1)),
            Parameters::F64(parameters) => Typed::F64(parameters, network.zero_state(1)),
        };
        Ok(Session { network, typed })
    }

    /// The outputs for the sequence's next timesteps `x [n, I]`: `[n, O]` or, of a network that
    /// reads out the last step, `[O]`.
    ///
    /// # Panics
    /// If `x` is empty or not of the network's input size.
    pub fn advance(&mut self, x: &[f64]) -> Vec<f64> {
        match &mut self.typed {
            Typed::F32(parameters, state) => advance(self.network, parameters, state, x),
            Typed::F64(parameters, state) => advance(self.network, parameters, state, x),
        }
    }
}

fn advance<T: Scalar>(network: &Network, parameters: &[T], state: &mut State<T>, x: &[f64]) -> Vec<f64> {
    let x: Vec<T> = convert(x);
    let batch = Batch::new(&[&x], network.config().input_size);
    let mut tape = Tape::default();
    network.forward(parameters, &batch, state, Mode::Evaluate, &mut tape);
    convert(tape.output())
}
