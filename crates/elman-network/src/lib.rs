//! Recurrent networks and how they learn, without files, tables or tasks: what the crate `elman` builds on, for whoever
//! has batches and a training loop of their own.
//!
//! ```
//! use elman_network::init::Init;
//! use elman_network::learner::{Learner, LearnerConfig};
//! use elman_network::loss::Loss;
//! use elman_network::network::{CellKind, Network, NetworkConfig, Readout};
//! use elman_network::optimiser::OptimiserConfig;
//! use elman_network::sequence::{Example, TrainingBatch};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // One input, 8 units, one layer, one output: the larger of two values.
//! let network = Network::new(NetworkConfig::stacked(CellKind::Lstm, 1, 8, 1, 1).readout(Readout::Last))?;
//! let pairs = [[0.1_f32, 0.9], [0.7, 0.2], [0.4, 0.5], [0.8, 0.3]];
//! let batch = TrainingBatch::<f32>::new(&network, &pairs.map(|[a, b]| Example::values(vec![a, b], vec![a.max(b)])));
//!
//! let config = LearnerConfig::new(Loss::Squared, OptimiserConfig::ADAM).with_learning_rate(0.02);
//! let mut learner = Learner::new(&network, Init::Orthogonal.draw(&network, 0)?, config)?;
//! for _ in 0..300 {
//!     learner.step(&batch)?;
//! }
//! assert!((learner.predict(batch.inputs())[0][0] - 0.9).abs() < 0.1);
//! # Ok(())
//! # }
//! ```
//!
//! The modules in the order of the data:
//!
//! | module | what happens |
//! |---|---|
//! | [`scaling`], [`sequence`], [`batch`] | sequences of any lengths become one time-major batch without padding |
//! | [`network`], [`parameters`], [`init`] | the batch runs forward and backward through a chain of blocks |
//! | [`loss`], [`distribution`] | outputs become a loss, and what is known of a value |
//! | [`optimiser`], [`schedule`], [`average`] | gradients become updates; the parameters' average over time |
//! | [`learner`] | network, parameters and optimiser in one: a training step |
//! | [`stream`] | a trained network, one step at a time |
//!
//! [`check`] proves the gradients, [`float`] has the two number types, [`random`] the numbers drawn, [`threads`] a caller and its workers. The equations
//! themselves are in the crate `elman_core`.

pub use elman_core;

pub mod average;
pub mod batch;
mod buffer;
pub mod check;
pub mod distribution;
pub mod error;
pub mod float;
pub mod fourier;
pub mod init;
pub mod learner;
pub mod loss;
pub mod network;
pub mod optimiser;
pub mod parameters;
pub mod random;
pub mod scaling;
pub mod schedule;
pub mod sequence;
pub mod stream;
pub mod threads;
