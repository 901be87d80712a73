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

use elman_core::cell::Cell;
use elman_core::simd::{Level, stream};

use crate::buffer::Buffer;
use crate::error::ConfigError;
use crate::network::{Network, with_cell};

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
}

impl Stream {
    /// A stream from the zero state, with parameters of the network's layout.
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
        Running { stream, weights, memory }
    }
}

impl<C: Cell + std::fmt::Debug> Step for Running<C> {
    fn step(&mut self, x: &[f32], output: &mut [f32]) {
        self.stream.step(&self.weights, &mut self.memory, x, output);
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
            let x: Vec<f32> = (0..40).map(|n| (n as f32 * 0.7).sin()).collect();
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

    #[test]
    fn a_bidirectional_network_is_refused() {
        let network = Network::new(NetworkConfig { bidirectional: true, ..config(CellKind::Gru) }).unwrap();
        let parameters = vec![0.0; network.layout().len()];
        let error = Stream::new(&network, &parameters).unwrap_err();
        assert!(error.to_string().contains("a stream has none"), "{error}");
    }
}
