//! A trained network one step at a time: a sample in, an output out, without allocation.
//!
//! The step itself is [`elman_core::simd::stream`], which needs no standard library; here are its
//! memory and the choice of cell and instruction set.
//!
//! ```
//! use elman::init::Init;
//! use elman::network::{CellKind, Network, NetworkConfig, Readout};
//! use elman::stream::Stream;
//!
//! # fn main() -> Result<(), elman::error::ConfigError> {
//! let network = Network::new(NetworkConfig {
//!     cell: CellKind::Gru,
//!     input_size: 1,
//!     hidden_size: 16,
//!     num_layers: 1,
//!     bidirectional: false,
//!     dropout: 0.0,
//!     output_size: 1,
//!     readout: Readout::Every,
//! })?;
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
use std::time::Instant;

use elman_core::cell::Cell;
use elman_core::simd::team::Share;
use elman_core::simd::{Level, stream};

use crate::buffer::Buffer;
use crate::error::ConfigError;
use crate::network::{Network, with_cell, worthwhile_parts};
use crate::threads::{self, PATIENCE, Threads};

/// A network, its packed weights and the state that it has reached.
#[derive(Debug)]
pub struct Stream(Box<dyn Step + Send>);

trait Step: std::fmt::Debug {
    fn step(&mut self, x: &[f32], output: &mut [f32]);
    fn reset(&mut self);
}

#[derive(Debug)]
struct Running<C> {
    stream: stream::Stream<C>,
    weights: Buffer,
    memory: Buffer,
    team: Option<Team>,
}

/// The threads that share the steps of large layers.
#[derive(Debug)]
struct Team {
    threads: Threads,
    /// By layer: how many parts it is cut into.
    parts: Vec<usize>,
    /// The number of each part, and the memory that it works in.
    work: Vec<(usize, Buffer)>,
    /// When the last step ended.
    ended: Instant,
    /// How many steps have followed each other quickly.
    quick: u32,
}

/// So many steps in quick succession are taken for more to come.
const QUICK_STEPS: u32 = 8;

impl Team {
    /// `None` where there is nothing to share.
    fn of<C: Cell>(stream: &stream::Stream<C>) -> Option<Self> {
        let threads = threads::count();
        let parts_of = |layer| worthwhile_parts::<C>(stream.shape(layer), threads).unwrap_or(1);
        let parts: Vec<usize> = (0..stream.num_layers()).map(parts_of).collect();
        let most = parts.iter().copied().max().filter(|&most| most > 1)?;
        let part = |n| {
            let mut work = Buffer::default();
            work.resize(stream.share_len());
            (n, work)
        };
        let threads = Threads::new(NonZeroUsize::new(most)?);
        Some(Team { threads, parts, work: (0..most).map(part).collect(), ended: Instant::now(), quick: 0 })
    }

    /// Is it worth while now? Between samples that come slowly the workers sleep, and to wake them takes
    /// longer than what they would do.
    fn is_awake(&mut self) -> bool {
        self.quick = if self.ended.elapsed() < PATIENCE { self.quick.saturating_add(1) } else { 0 };
        self.quick >= QUICK_STEPS
    }

    fn step<C: Cell>(
        &mut self,
        stream: &stream::Stream<C>,
        weights: &[f32],
        memory: &mut [f32],
        x: &[f32],
        output: &mut [f32],
    ) {
        for (layer, &of) in self.parts.iter().enumerate() {
            let (states, work) = (&*memory, &mut self.work[..of]);
            self.threads.each(work, |(n, work)| {
                stream.step_share(layer, Share::new(*n, of), weights, states, x, work);
            });
            for (n, work) in work {
                stream.hand_over(layer, Share::new(*n, of), work, memory);
            }
        }
        stream.finish(weights, memory, output);
    }
}

impl Stream {
    /// A stream from the zero state, with parameters of the network's layout.
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
        assert_eq!(parameters.len(), network.layout().len(), "number of parameters");
        if network.config().bidirectional {
            let message = "networks read a sequence from its end; a stream has none";
            return Err(ConfigError::new("bidirectional", message));
        }
        let mut stream: Box<dyn Step + Send> = with_cell!(network.config().cell, C => {
            Box::new(Running::<C>::new(network, parameters))
        });
        stream.reset();
        Ok(Stream(stream))
    }

    /// Reads `x [I]` and overwrites `output [O]`. The bits are those of an
    /// [`Engine`](crate::network::Engine) that ran the whole sequence.
    ///
    /// # Panics
    /// If a slice does not have its length.
    #[inline]
    pub fn step(&mut self, x: &[f32], output: &mut [f32]) {
        self.0.step(x, output);
    }

    /// Back to the zero state.
    pub fn reset(&mut self) {
        self.0.reset();
    }
}

impl<C: Cell> Running<C> {
    fn new(network: &Network, parameters: &[f32]) -> Self {
        let config = network.config();
        let stream = stream::Stream::new(
            Level::new(),
            config.input_size,
            config.hidden_size,
            config.num_layers,
            config.output_size,
        );
        let (mut weights, mut memory) = (Buffer::default(), Buffer::default());
        weights.resize(stream.weights_len());
        memory.resize(stream.memory_len());
        for (layer, weights_of) in network.layer_weights(parameters).enumerate() {
            stream.pack_layer(layer, weights_of, &mut weights);
        }
        let (weight, bias) = network.head_weights(parameters);
        stream.pack_head(weight, bias, &mut weights);
        let team = Team::of(&stream);
        Running { stream, weights, memory, team }
    }
}

impl<C: Cell + std::fmt::Debug> Step for Running<C> {
    fn step(&mut self, x: &[f32], output: &mut [f32]) {
        let Running { stream, weights, memory, team } = self;
        let Some(team) = team else { return stream.step(weights, memory, x, output) };
        if team.is_awake() {
            team.step(stream, weights, memory, x, output);
        } else {
            stream.step(weights, memory, x, output);
        }
        team.ended = Instant::now();
    }

    fn reset(&mut self) {
        self.memory.fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Batch;
    use crate::init::Init;
    use crate::network::{CellKind, Engine, Mode, NetworkConfig, Readout, SimdEngine};

    fn config(cell: CellKind) -> NetworkConfig {
        NetworkConfig {
            cell,
            input_size: 2,
            hidden_size: 21,
            num_layers: 2,
            bidirectional: false,
            dropout: 0.0,
            output_size: 3,
            readout: Readout::Every,
        }
    }

    #[test]
    fn a_stream_is_a_sequence_step_by_step_and_starts_anew_after_reset() {
        for cell in CellKind::ALL {
            let network = Network::new(config(cell)).unwrap();
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
            let hidden_size = if matches!(cell, CellKind::Elman | CellKind::ElmanRelu) { 410 } else { 250 };
            let network = Network::new(NetworkConfig { hidden_size, ..config(cell) }).unwrap();
            let parameters: Vec<f32> = Init::Torch.draw(&network, 3).unwrap();
            let x: Vec<f32> = (0..60).map(|n| (n as f32 * 0.7).sin()).collect();
            let mut engine = SimdEngine::with(&network, Level::new(), NonZeroUsize::MIN);
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

    #[test]
    fn a_bidirectional_network_is_refused() {
        let network = Network::new(NetworkConfig { bidirectional: true, ..config(CellKind::Gru) }).unwrap();
        let parameters = vec![0.0; network.layout().len()];
        let error = Stream::new(&network, &parameters).unwrap_err();
        assert!(error.to_string().contains("a stream has none"), "{error}");
    }
}
