//! A trained network one step at a time: a sample in, an output out, without allocation.
//!
//! The step itself is [`elman_core::engine::stream`], which needs no standard library; here are its
//! memory and, for large layers, threads.
//!
//! ```
//! use elman_network::init::Init;
//! use elman_network::network::{CellKind, Dense, Network, NetworkConfig, Recurrent};
//! use elman_network::stream::Stream;
//!
//! # fn main() -> Result<(), elman_network::error::ConfigError> {
//! let config = NetworkConfig::new(1).with(Recurrent::new(CellKind::Gru, 16)).with(Dense::new(1));
//! let network = Network::new(config)?;
//! let parameters: Vec<f32> = Init::Torch.draw(&network, 0)?;
//! let mut stream = Stream::new(&network, &parameters)?;
//! let mut output = [0.0];
//! for sample in [0.1, 0.2, 0.3] {
//!     stream.step(&[sample], &mut output);
//! }
//! assert_ne!(output, [0.0]);
//! # Ok(())
//! # }
//! ```

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use elman_core::engine::forward::Forward;
use elman_core::engine::split::{SplitLayer, StepOutput, UnitShare, project};
use elman_core::engine::stream::{self, Recurrence, Stage};
use elman_kernels::InstructionSet;
use elman_kernels::tuning::{PATIENCE, QUICK_STEPS};

use crate::buffer::Buffer;
use crate::error::ConfigError;
use crate::network::{Kind, Network, instruction_set_of, worthwhile_shares};
use crate::threads::{self, Threads};

/// A network, its packed weights and the state that it has reached.
#[derive(Debug)]
pub struct Stream {
    shared: Arc<Shared>,
    memory: Buffer,
}

/// What streams through the same network share.
#[derive(Debug)]
struct Shared {
    set: InstructionSet,
    stages: Vec<Stage>,
    weights: Buffer,
    /// What is learned of initial states, by stage.
    initial: Vec<(usize, Vec<f32>)>,
    /// For one stream at a time.
    workers: Option<Mutex<Workers>>,
}

impl Stream {
    /// A stream from the initial state, with parameters of the network's layout, on the instruction set of
    /// [`instruction_set`](crate::network::instruction_set).
    ///
    /// Layers of 160,000 weights and more (an LSTM of 200 units, an Elman layer of 400) are shared by
    /// threads, at most as many as [`threads::count`] says now, as long as steps follow each other quickly.
    /// A stream whose samples are further apart than 100 us runs on the caller's thread alone, as does every
    /// GRU with its reset gate before the product.
    ///
    /// # Errors
    /// If the network reads sequences from their ends as well: a stream has none.
    ///
    /// # Panics
    /// If the parameters are not as many as the network has.
    pub fn new(network: &Network, parameters: &[f32]) -> Result<Self, ConfigError> {
        Self::made(network, parameters, instruction_set_of(network)?, threads::count(), false)
    }

    /// On an instruction set that this machine has, with so many threads: several split the steps of any layer,
    /// however small and however far apart. The threads change no bit of any result; the instruction set may, in the
    /// last places.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub fn with(
        network: &Network,
        parameters: &[f32],
        set: InstructionSet,
        threads: NonZeroUsize,
    ) -> Result<Self, ConfigError> {
        Self::made(network, parameters, set, threads, threads > NonZeroUsize::MIN)
    }

    fn made(
        network: &Network,
        parameters: &[f32],
        set: InstructionSet,
        threads: NonZeroUsize,
        always: bool,
    ) -> Result<Self, ConfigError> {
        assert_eq!(parameters.len(), network.layout().len(), "number of parameters");
        if !network.is_causal() {
            let message = "is true: the network reads a sequence from its end as well, and a stream has none; train anew without it";
            return Err(ConfigError::new("bidirectional", message));
        }
        let blocks = network.config().blocks.iter().copied();
        let stages: Vec<Stage> = Stage::chain(set, network.input_size(), blocks).collect();
        if stages.is_empty() {
            return Err(ConfigError::new(
                "blocks",
                "have nothing but dropout, which does nothing in a stream",
            ));
        }
        let workers = Workers::of(&stages, threads, always).map(Mutex::new);
        let mut weights = Buffer::default();
        let initial = pack(&stream::Stream::new(set, &stages), network, parameters, &mut weights);
        Ok(Self::at_start(Arc::new(Shared { set, stages, weights, initial, workers })))
    }

    fn at_start(shared: Arc<Shared>) -> Self {
        let mut memory = Buffer::default();
        memory.resize(shared.stream().memory_len());
        let mut stream = Stream { shared, memory };
        stream.reset();
        stream
    }

    /// Another stream through the same network, from the initial state. Both share the weights and, for large layers, the
    /// threads: where they take steps at the same moment, only one is helped by them.
    #[must_use]
    pub fn another(&self) -> Self {
        Self::at_start(Arc::clone(&self.shared))
    }

    /// Reads `x [I]` and overwrites `output [O]`. The bits are those of an
    /// [`Engine`](crate::network::Engine) that ran the whole sequence; of a network that pools, those for a sequence
    /// that ends here. False, and `output` as it was, where a patch waits for more timesteps.
    ///
    /// # Panics
    /// If a slice does not have its length.
    #[inline]
    pub fn step(&mut self, x: &[f32], output: &mut [f32]) -> bool {
        let Stream { shared, memory } = self;
        let Shared { set, stages, weights, workers, .. } = &**shared;
        let stream = shared.stream();
        // Those that another stream has are not waited for.
        let Some(mut workers) = workers.as_ref().and_then(|workers| workers.try_lock().ok()) else {
            return stream.step(weights, memory, x, output);
        };
        let is_new = if workers.are_awake() {
            stream.step_by(weights, memory, x, output, |stage, from, next| {
                stages[stage].recurrence().is_some_and(|layer| workers.step(*set, stage, layer, from, next))
            })
        } else {
            stream.step(weights, memory, x, output)
        };
        workers.ended = Instant::now();
        is_new
    }

    /// The states `[STATES]` of a recurrent block, counted from 0 as in `weight_ih_l0`; each `[H]`, `h` first.
    ///
    /// # Panics
    /// If there is no such block.
    pub fn states(&self, layer: usize) -> impl Iterator<Item = &[f32]> {
        let stages = &self.shared.stages;
        let mut recurrent = (0..stages.len()).filter(|&stage| stages[stage].recurrence().is_some());
        let stage = recurrent.nth(layer).unwrap_or_else(|| panic!("no recurrent block {layer}"));
        self.shared.stream().states(stage, &self.memory)
    }

    /// Back to the initial state.
    pub fn reset(&mut self) {
        self.memory.fill(0.0);
        let Stream { shared, memory } = self;
        for (stage, states) in &shared.initial {
            shared.stream().set_states(*stage, states, memory);
        }
    }
}

impl Shared {
    /// The steps, which own nothing.
    fn stream(&self) -> stream::Stream<'_> {
        stream::Stream::new(self.set, &self.stages)
    }
}

/// Packs the parameters; gives what is learned of initial states.
fn pack(
    stream: &stream::Stream<'_>,
    network: &Network,
    parameters: &[f32],
    to: &mut Buffer,
) -> Vec<(usize, Vec<f32>)> {
    to.resize(stream.weights_len());
    let mut initial = Vec::new();
    let blocks = network.blocks().iter().filter(|placed| !matches!(placed.kind, Kind::Dropout(_)));
    for (stage, placed) in blocks.enumerate() {
        match &placed.kind {
            Kind::Recurrent(recurrent) => {
                for layer in &recurrent.layers {
                    stream.pack_recurrent(stage, layer.weights(parameters), to);
                    if !layer.initial.is_empty() {
                        initial.push((stage, parameters[layer.initial.clone()].to_vec()));
                    }
                }
            }
            Kind::Dense { weight, bias, .. } | Kind::LayerNorm { weight, bias, .. } => {
                stream.pack(stage, &parameters[weight.clone()], &parameters[bias.clone()], to);
            }
            Kind::Embedding { weight, .. } => stream.pack(stage, &parameters[weight.clone()], &[], to),
            Kind::Dropout(_) | Kind::Skip(_) | Kind::Pooling(_) | Kind::Patch(_) => {}
        }
    }
    initial
}

/// The threads that split the steps of large layers.
#[derive(Debug)]
struct Workers {
    threads: Threads,
    /// By stage: how many shares it is split into.
    shares: Vec<usize>,
    /// The number of each share, and the memory that it works in: the sums, then the states.
    work: Vec<(usize, [Buffer; 2])>,
    /// When the last step ended.
    ended: Instant,
    /// How many steps have followed each other quickly.
    quick: u32,
    /// Do they split any step, however far apart?
    always: bool,
}

impl Workers {
    /// `None` where there is nothing to share.
    fn of(stages: &[Stage], threads: NonZeroUsize, always: bool) -> Option<Self> {
        let shares_of = |stage: &Stage| {
            let layer = stage.recurrence();
            layer.and_then(|layer| worthwhile_shares(layer.shape, threads, always)).unwrap_or(1)
        };
        let shares: Vec<usize> = stages.iter().map(shares_of).collect();
        let most = shares.iter().copied().max().filter(|&most| most > 1)?;
        let mut work: Vec<(usize, [Buffer; 2])> = (0..most).map(|n| (n, Default::default())).collect();
        for (stage, &of) in stages.iter().zip(&shares).filter(|&(_, &of)| of > 1) {
            let Some(Recurrence { shape, .. }) = stage.recurrence() else { continue };
            for (n, [sums, states]) in &mut work[..of] {
                sums.resize(UnitShare::new(*n, of).sums_len(*shape, 1));
                states.resize(shape.state_len());
            }
        }
        let threads = Threads::new(NonZeroUsize::new(most)?);
        Some(Workers { threads, shares, work, ended: Instant::now(), quick: 0, always })
    }

    /// Are they worth while now? Between samples that come slowly the workers sleep, and to wake them takes
    /// longer than what they would do.
    fn are_awake(&mut self) -> bool {
        self.quick = if self.ended.elapsed() < PATIENCE { self.quick.saturating_add(1) } else { 0 };
        self.always || self.quick >= QUICK_STEPS
    }

    /// A step of a layer, if that is split.
    fn step(
        &mut self,
        set: InstructionSet,
        stage: usize,
        layer: &Recurrence,
        from: &Forward<'_>,
        next: &mut [f32],
    ) -> bool {
        let of = self.shares[stage];
        if of == 1 {
            return false;
        }
        let Forward { shape, panels, x, prev, order } = *from;
        let work = &mut self.work[..of];
        self.threads.each(work, |(n, [sums, own])| {
            let share = UnitShare::new(*n, of);
            let split = SplitLayer { shape, panels, share };
            sums.resize(share.sums_len(shape, 1));
            own.resize(shape.state_len());
            project(set, split, x, 1, sums);
            let to = StepOutput { next: &mut **own, tape: None };
            layer.kernels.split_step(set, split, prev, (sums, 0..1, 1), to, order);
        });
        for (n, [_, own]) in work {
            let (from, to) =
                (StepOutput { next: &**own, tape: None }, StepOutput { next: &mut *next, tape: None });
            UnitShare::new(*n, of).hand_over(shape, 1, from, to);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Batch;
    use crate::init::Init;
    use crate::network::{CellKind, Dense, Engine, Mode, NetworkConfig, Recurrent, SimdEngine, Stacked};

    fn config(cell: CellKind, hidden_size: usize) -> Stacked {
        NetworkConfig::stacked(cell, 2, hidden_size, 2, 3)
    }

    #[test]
    fn a_stream_is_a_sequence_step_by_step_and_starts_anew_after_reset() {
        for cell in CellKind::ALL {
            let network = Network::new(config(cell, 21)).unwrap();
            let parameters: Vec<f32> = Init::Torch.draw(&network, 3).unwrap();
            // An odd number of steps: the states take turns.
            let x: Vec<f32> = (0..42).map(|n| (n as f32 * 0.7).sin()).collect();
            let mut engine = SimdEngine::new(&network);
            engine.load(&parameters);
            let batch = Batch::new(&[&x], 2);
            let expected = engine.forward(&batch, &mut network.zero_state(1), Mode::Predict).to_vec();
            let mut stream = Stream::new(&network, &parameters).unwrap();
            for _ in 0..2 {
                for (x, expected) in x.chunks_exact(2).zip(expected.chunks_exact(3)) {
                    let mut output = [0.0; 3];
                    stream.step(x, &mut output);
                    assert_eq!(output, expected, "{cell}");
                }
                stream.reset();
            }
        }
    }

    /// Layers so large that several threads share their steps.
    #[test]
    fn large_layers_give_the_bits_of_the_batch_too() {
        for cell in CellKind::ALL {
            let hidden_size = [410, 410, 250][cell.facts().pre.min(3) - 1];
            let network = Network::new(config(cell, hidden_size)).unwrap();
            let parameters: Vec<f32> = Init::Torch.draw(&network, 3).unwrap();
            let x: Vec<f32> = (0..60).map(|n| (n as f32 * 0.7).sin()).collect();
            let mut engine = SimdEngine::with(&network, InstructionSet::best(), NonZeroUsize::MIN);
            engine.load(&parameters);
            let batch = Batch::new(&[&x, &x[..2]], 2);
            let expected = engine.forward(&batch, &mut network.zero_state(2), Mode::Predict).to_vec();
            let expected = batch.packing().unpack(&expected, 3).swap_remove(0);
            threads::set_count(NonZeroUsize::new(3));
            let mut stream = Stream::new(&network, &parameters).unwrap();
            threads::set_count(None);
            for pause in [0, 300] {
                for (x, expected) in x.chunks_exact(2).zip(expected.chunks_exact(3)) {
                    let mut output = [0.0; 3];
                    stream.step(x, &mut output);
                    assert_eq!(output, expected, "{cell}");
                    std::thread::sleep(std::time::Duration::from_micros(pause));
                }
                stream.reset();
            }
        }
    }

    /// With states of their own, and learned ones to begin with; at the same moment as well as in turn.
    #[test]
    fn streams_through_one_network_do_not_disturb_each_other() {
        for hidden_size in [21, 410] {
            let layer = Recurrent::new(CellKind::Elman, hidden_size).with_learned_state(true);
            let config = NetworkConfig::new(2).with(layer).with(Dense::new(3));
            let network = Network::new(config).unwrap();
            let parameters: Vec<f32> = (0..network.layout().len()).map(|n| (n as f32).sin() / 20.0).collect();
            let run = |stream: &mut Stream, n: f32| -> Vec<f32> {
                let step = |step: usize| {
                    let mut output = [0.0; 3];
                    stream.step(&[n, step as f32 / 20.0], &mut output);
                    output
                };
                (0..20).flat_map(step).collect()
            };
            let alone = |n| {
                let threads = NonZeroUsize::MIN;
                let set = InstructionSet::best();
                run(&mut Stream::with(&network, &parameters, set, threads).unwrap(), n)
            };
            let threads = NonZeroUsize::new(2).unwrap();
            let mut first = Stream::with(&network, &parameters, InstructionSet::best(), threads).unwrap();
            assert_eq!(run(&mut first, 0.5), alone(0.5));
            // The first has gone on, the other begins.
            let mut other = first.another();
            assert_eq!(run(&mut other, 0.25), alone(0.25));
            first.reset();
            other.reset();
            let both = std::thread::scope(|scope| {
                let first = scope.spawn(|| run(&mut first, 0.5));
                (run(&mut other, 0.25), first.join().unwrap())
            });
            assert_eq!(both, (alone(0.25), alone(0.5)));
        }
    }

    #[test]
    fn a_bidirectional_network_is_refused() {
        let network = Network::new(config(CellKind::Gru, 21).bidirectional(true)).unwrap();
        let parameters = vec![0.0; network.layout().len()];
        let error = Stream::new(&network, &parameters).unwrap_err();
        assert!(error.to_string().contains("a stream has none"), "{error}");
    }
}
