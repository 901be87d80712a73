//! Running a trained network on sequences, whatever number type it was trained in.
//!
//! ```
//! use elman::float::Parameters;
//! use elman::init::Init;
//! use elman::network::{CellKind, Network, NetworkConfig};
//! use elman::predict::{self, Session};
//!
//! # fn main() -> Result<(), elman::error::ConfigError> {
//! let network = Network::new(NetworkConfig::stacked(CellKind::Gru, 1, 4, 1, 1))?;
//! let parameters = Parameters::F32(Init::Torch.draw(&network, 0)?);
//! let whole = predict::run(&network, &parameters, &[&[0.1, 0.2, 0.3], &[0.4]]);
//! assert_eq!((whole[0].len(), whole[1].len()), (3, 1));
//!
//! // The same piece by piece.
//! let mut session = Session::new(&network, &parameters)?;
//! let pieces = [session.advance(&[0.1]), session.advance(&[0.2, 0.3])].concat();
//! assert_eq!(pieces, whole[0]);
//! # Ok(())
//! # }
//! ```

use std::convert::Infallible;

use crate::batch::Batch;
use crate::ensemble::{Ensemble, Mean};
use crate::error::ConfigError;
use crate::float::{Float, Parameters, convert};
use crate::network::{Engine, Mode, Network, State};

/// The sequences that are run side by side.
const BATCH_SIZE: usize = 64;
/// Longer sequences are run in pieces of so many timesteps, where the network lets them be cut: what a pass leaves of each
/// takes much memory.
const PIECE: usize = 4096;

/// The outputs for each sequence `[length, I]`, from its initial state: `[output_len(length), O]`, see
/// [`Network::output_len`].
///
/// # Panics
/// If the parameters are not as many as the network has, or a sequence is empty or does not have its input size.
pub fn run(network: &Network, parameters: &Parameters, sequences: &[&[f64]]) -> Vec<Vec<f64>> {
    let Ok(outputs) = run_watched::<Infallible>(network, parameters, sequences, &mut |_| Ok(()));
    outputs
}

/// As [`run`], with `watch` told how many timesteps more have been answered, again and again.
///
/// # Errors
/// The first of `watch`.
pub(crate) fn run_watched<E>(
    network: &Network,
    parameters: &Parameters,
    sequences: &[&[f64]],
    watch: &mut dyn FnMut(usize) -> Result<(), E>,
) -> Result<Vec<Vec<f64>>, E> {
    match parameters {
        Parameters::F32(parameters) => run_typed(network, parameters, sequences, watch),
        Parameters::F64(parameters) => run_typed(network, parameters, sequences, watch),
    }
}

fn run_typed<T: Float, E>(
    network: &Network,
    parameters: &[T],
    sequences: &[&[f64]],
    watch: &mut dyn FnMut(usize) -> Result<(), E>,
) -> Result<Vec<Vec<f64>>, E> {
    let mut engine = T::Engine::new(network);
    engine.load(parameters);
    let mut outputs = Vec::with_capacity(sequences.len());
    for sequences in sequences.chunks(BATCH_SIZE) {
        let x: Vec<Vec<T>> = sequences.iter().map(|x| convert(x)).collect();
        let batch = Batch::new(&x.iter().map(Vec::as_slice).collect::<Vec<_>>(), network.input_size());
        drop(x);
        let output = run_batch(network, &mut engine, &batch, watch)?;
        outputs.extend(network.unpack(&batch, &output).iter().map(|output| convert(output)));
    }
    Ok(outputs)
}

/// The outputs for a batch, in rows as the network leaves them.
fn run_batch<T: Float, E>(
    network: &Network,
    engine: &mut T::Engine,
    batch: &Batch<T>,
    watch: &mut dyn FnMut(usize) -> Result<(), E>,
) -> Result<Vec<T>, E> {
    let packing = batch.packing();
    let mut state = network.zero_state(packing.batch_size());
    let is_for_each = !network.ends_time() && network.patch_len() == 1;
    if !(network.is_causal() && is_for_each) || packing.seq_len() <= PIECE {
        let outputs = engine.forward(batch, &mut state, Mode::Predict).to_vec();
        watch(packing.num_rows())?;
        return Ok(outputs);
    }
    let mut outputs = Vec::with_capacity(packing.num_rows() * network.output_size());
    let mut piece = Batch::default();
    for start in (0..packing.seq_len()).step_by(PIECE) {
        piece.set_chunk(batch, start..start + PIECE);
        state.truncate(packing.active(start));
        outputs.extend_from_slice(engine.forward(&piece, &mut state, Mode::Predict));
        watch(piece.packing().num_rows())?;
    }
    Ok(outputs)
}

/// Sequences that go on, side by side: a network or an ensemble, its parameters and the states that each has reached.
/// Usually it is one sequence.
#[derive(Debug)]
pub struct Session {
    /// One for each member.
    members: Vec<Typed>,
    mean: Option<Mean>,
}

#[derive(Debug)]
enum Typed {
    F32(Box<Running<f32>>),
    F64(Box<Running<f64>>),
}

impl Session {
    /// A sequence at its start.
    ///
    /// # Errors
    /// If the network reads sequences from their ends as well: a sequence that goes on has none yet. If it
    /// joins several timesteps, all in a mean or a maximum or some in patches: they may lie in different
    /// pieces.
    pub fn new(network: &Network, parameters: &Parameters) -> Result<Self, ConfigError> {
        Ok(Session { members: vec![Typed::new(network, parameters, 1)?], mean: None })
    }

    /// A sequence at its start, for the members of an ensemble side by side.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of(ensemble: &Ensemble) -> Result<Self, ConfigError> {
        Self::of_sequences(ensemble, 1)
    }

    /// So many sequences at their start, for the members of an ensemble side by side.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn of_sequences(ensemble: &Ensemble, count: usize) -> Result<Self, ConfigError> {
        let members = ensemble.members().iter();
        let members = members.map(|member| Typed::new(member.network(), member.parameters(), count));
        Ok(Session { members: members.collect::<Result<_, _>>()?, mean: ensemble.mean() })
    }

    /// The outputs for the only sequence's next timesteps `x [n, I]`: `[n, O]` or, of a network that leaves one
    /// row per sequence, `[O]`.
    ///
    /// # Panics
    /// If `x` is empty or not of the network's input size, or there are more sequences.
    pub fn advance(&mut self, x: &[f64]) -> Vec<f64> {
        assert!(!x.is_empty(), "the next timesteps are at least one");
        self.advance_all(&[x]).remove(0)
    }

    /// The outputs for each sequence's next timesteps, as of [`advance`](Self::advance); a sequence for which there are
    /// none stays where it is.
    ///
    /// # Panics
    /// If there are not as many as sequences, or a number of values is no multiple of the network's input size.
    pub fn advance_all(&mut self, x: &[&[f64]]) -> Vec<Vec<f64>> {
        let mut outputs = self.members.iter_mut().map(|member| member.advance(x));
        let mut sums = outputs.next().unwrap_or_default();
        let Some(mean) = &self.mean else { return sums };
        sums.iter_mut().for_each(|sum| mean.begin(sum));
        for mut outputs in outputs {
            sums.iter_mut().zip(&mut outputs).for_each(|(sum, output)| mean.add(sum, output));
        }
        sums.iter_mut().for_each(|sum| mean.finish(sum));
        sums
    }

    /// Back to the sequences' start.
    pub fn reset(&mut self) {
        for member in &mut self.members {
            match member {
                Typed::F32(running) => running.state.clone_from(&running.start),
                Typed::F64(running) => running.state.clone_from(&running.start),
            }
        }
    }

    /// What `explore` makes of a session that stands where this one does and may go its own way.
    pub fn branch<R>(&mut self, explore: impl FnOnce(&mut Self) -> R) -> R {
        let here: Vec<States> = self.members.iter().map(Typed::states).collect();
        let result = explore(self);
        self.members.iter_mut().zip(here).for_each(|(member, states)| member.go_back(states));
        result
    }

    /// As [`branch`](Self::branch), of the sequences at these places alone, each as often as it is named.
    pub(crate) fn branch_of<R>(&mut self, places: &[usize], explore: impl FnOnce(&mut Self) -> R) -> R {
        self.branch(|session| {
            session.members.iter_mut().for_each(|member| member.select(places));
            explore(session)
        })
    }
}

impl Typed {
    fn new(network: &Network, parameters: &Parameters, count: usize) -> Result<Self, ConfigError> {
        if !network.is_causal() {
            let message = "is true: the network reads a sequence from its end as well, and one that goes on has none yet; train anew without it";
            return Err(ConfigError::new("bidirectional", message));
        }
        if network.joins_all_time() || network.patch_len() > 1 {
            let message =
                "join timesteps (a pooling or a patch), which a sequence given piece by piece may cut";
            return Err(ConfigError::new("blocks", message));
        }
        Ok(match parameters {
            Parameters::F32(parameters) => Typed::F32(Box::new(Running::new(network, parameters, count))),
            Parameters::F64(parameters) => Typed::F64(Box::new(Running::new(network, parameters, count))),
        })
    }

    fn advance(&mut self, x: &[&[f64]]) -> Vec<Vec<f64>> {
        match self {
            Typed::F32(running) => running.advance(x),
            Typed::F64(running) => running.advance(x),
        }
    }

    fn states(&self) -> States {
        match self {
            Typed::F32(running) => States::F32(running.state.clone()),
            Typed::F64(running) => States::F64(running.state.clone()),
        }
    }

    fn select(&mut self, places: &[usize]) {
        match self {
            Typed::F32(running) => running.state = running.state.select(places),
            Typed::F64(running) => running.state = running.state.select(places),
        }
    }

    fn go_back(&mut self, states: States) {
        match (self, states) {
            (Typed::F32(running), States::F32(state)) => running.state = state,
            (Typed::F64(running), States::F64(state)) => running.state = state,
            _ => unreachable!("a session keeps its number type"),
        }
    }
}

enum States {
    F32(State<f32>),
    F64(State<f64>),
}

#[derive(Debug)]
struct Running<T: Float> {
    network: Network,
    engine: T::Engine,
    start: State<T>,
    /// Of the sequences in the order in which they are given.
    state: State<T>,
    batch: Batch<T>,
}

impl<T: Float> Running<T> {
    fn new(network: &Network, parameters: &[T], count: usize) -> Self {
        let mut engine = T::Engine::new(network);
        engine.load(parameters);
        let start = network.initial_state(parameters, count);
        Running { network: network.clone(), engine, state: start.clone(), start, batch: Batch::default() }
    }

    fn advance(&mut self, x: &[&[f64]]) -> Vec<Vec<f64>> {
        assert_eq!(x.len(), self.state.batch_size(), "sequences of a session");
        let going: Vec<usize> = (0..x.len()).filter(|&n| !x[n].is_empty()).collect();
        let mut outputs = vec![Vec::new(); x.len()];
        if going.is_empty() {
            return outputs;
        }
        let typed: Vec<Vec<T>> = going.iter().map(|&n| convert(x[n])).collect();
        self.batch.set(going.len(), |n| &typed[n], self.network.input_size());
        // The batch has sequences in an order of its own.
        let places: Vec<usize> = self.batch.packing().order().iter().map(|&n| going[n]).collect();
        let output = if places.iter().copied().eq(0..x.len()) {
            self.engine.forward(&self.batch, &mut self.state, Mode::Predict)
        } else {
            let mut state = self.state.select(&places);
            let output = self.engine.forward(&self.batch, &mut state, Mode::Predict);
            self.state.replace(&places, &state);
            output
        };
        for (&n, output) in going.iter().zip(self.network.unpack(&self.batch, output)) {
            outputs[n] = convert(&output);
        }
        outputs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::init::Init;
    use crate::network::{
        CellKind, Dense, Direction, NetworkConfig, Output, Patch, Pooling, PoolingKind, Recurrent, Tape,
    };

    fn problem(config: NetworkConfig) -> (Network, Parameters) {
        let network = Network::new(config).unwrap();
        // Moved a little, so that what is learned of an initial state is not 0.
        let mut parameters: Vec<f64> = Init::Torch.draw(&network, 3).unwrap();
        parameters.iter_mut().zip(0..).for_each(|(p, n)| *p += 0.1 * f64::from(n % 3));
        (network, Parameters::F64(parameters))
    }

    fn sequence(len: usize) -> Vec<f64> {
        (0..len).map(|n| (n as f64).sin()).collect()
    }

    #[test]
    fn many_sequences_at_once_are_each_for_itself() {
        let layer = Recurrent::new(CellKind::Lstm, 3).with_learned_state(true);
        let start = || NetworkConfig::new(1).with(layer).with(Patch::new(2));
        for config in [start(), start().with(Pooling::new(PoolingKind::Max))] {
            let (network, parameters) = problem(config.with(Dense::new(2)));
            let Parameters::F64(values) = &parameters else { unreachable!() };
            let sequences: Vec<Vec<f64>> = (0..150).map(|n| sequence(1 + n % 7)).collect();
            let outputs =
                run(&network, &parameters, &sequences.iter().map(Vec::as_slice).collect::<Vec<_>>());
            assert_eq!(outputs.len(), sequences.len());
            for (output, x) in outputs.iter().zip(&sequences) {
                let (mut state, mut tape) = (network.zero_state(1), Tape::default());
                network.forward(values, &Batch::new(&[x], 1), &mut state, Mode::Evaluate, &mut tape);
                assert_eq!(output, tape.output());
                assert_eq!(output.len(), 2 * network.output_len(x.len()));
            }
        }
    }

    #[test]
    fn long_sequences_are_what_they_are_in_one_piece() {
        let layer = Recurrent::new(CellKind::Lstm, 3).with_learned_state(true);
        let (network, parameters) = problem(NetworkConfig::new(1).with(layer).with(Dense::new(2)));
        let sequences = [sequence(2 * PIECE + 3), sequence(PIECE), sequence(PIECE + 1)];
        let outputs = run(&network, &parameters, &sequences.each_ref().map(Vec::as_slice));
        let Parameters::F64(values) = &parameters else { unreachable!() };
        for (output, x) in outputs.iter().zip(&sequences) {
            let (mut state, mut tape) = (network.zero_state(1), Tape::default());
            network.forward(values, &Batch::new(&[x], 1), &mut state, Mode::Evaluate, &mut tape);
            assert_eq!(output, tape.output());
        }
    }

    #[test]
    fn a_session_goes_on_from_what_is_learned() {
        let layer = Recurrent::new(CellKind::Lstm, 3).with_learned_state(true);
        let (network, parameters) = problem(NetworkConfig::new(1).with(layer).with(Dense::new(2)));
        let x = sequence(9);
        let whole = &run(&network, &parameters, &[&x])[0];
        let mut session = Session::new(&network, &parameters).unwrap();
        let mut pieces = session.advance(&x[..2]);
        let aside = session.branch(|session| session.advance(&x[2..7]));
        pieces.extend(session.advance(&x[2..7]));
        pieces.extend(session.advance(&x[7..]));
        assert_eq!(&pieces, whole);
        session.reset();
        assert_eq!(&session.advance(&x), whole);
        assert_eq!(aside, whole[4..14]);
    }

    #[test]
    fn sequences_side_by_side_are_each_for_itself() {
        let layer = Recurrent::new(CellKind::Lstm, 3).with_learned_state(true);
        let (network, parameters) = problem(NetworkConfig::new(1).with(layer).with(Dense::new(2)));
        let sequences = [sequence(5), sequence(9), sequence(1), sequence(7)];
        let typed = Typed::new(&network, &parameters, sequences.len()).unwrap();
        let mut together = Session { members: vec![typed], mean: None };
        let mut alone: Vec<Session> =
            sequences.iter().map(|_| Session::new(&network, &parameters).unwrap()).collect();
        // Longer, shorter and no pieces, from the second on of all.
        for time in [0..0, 0..1, 1..4, 2..9] {
            let pieces: Vec<&[f64]> =
                sequences.iter().map(|x| x.get(time.start..time.end.min(x.len())).unwrap_or(&[])).collect();
            let outputs = together.advance_all(&pieces);
            for ((piece, output), session) in pieces.iter().zip(outputs).zip(&mut alone) {
                assert_eq!(output, if piece.is_empty() { Vec::new() } else { session.advance(piece) });
            }
        }
    }

    #[test]
    fn a_session_of_a_network_that_needs_more_than_the_past_is_refused() {
        let layer = Recurrent::new(CellKind::Gru, 2);
        let refusal = |config: NetworkConfig| {
            let (network, parameters) = problem(config);
            Session::new(&network, &parameters).err().map(|error| error.to_string())
        };
        let both = NetworkConfig::new(1).with(layer.with_direction(Direction::Both));
        let message = "bidirectional is true: the network reads a sequence from its end as well, and one that goes on has none yet; train anew without it";
        assert_eq!(refusal(both).as_deref(), Some(message));
        let joined =
            "blocks join timesteps (a pooling or a patch), which a sequence given piece by piece may cut";
        for kind in [PoolingKind::Mean, PoolingKind::Max] {
            assert_eq!(
                refusal(NetworkConfig::new(1).with(layer).with(Pooling::new(kind))).as_deref(),
                Some(joined)
            );
        }
        assert_eq!(refusal(NetworkConfig::new(1).with(Patch::new(2)).with(layer)).as_deref(), Some(joined));
        assert_eq!(refusal(NetworkConfig::new(1).with(layer.with_output(Output::Last))), None);
    }
}
