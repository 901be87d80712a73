//! Sequences with their targets: what a network learns from.
//!
//! ```
//! use elman::sequence::{Example, Sequences};
//!
//! // Two sequences of one value per timestep, each with one value that a network should say of it.
//! let examples = vec![Example::values(vec![1.0, 2.0], vec![3.0]), Example::values(vec![4.0, 5.0, 6.0], vec![15.0])];
//! assert_eq!(Sequences::from(examples).length(1, 1), 3);
//! ```

mod packed;
mod source;

pub use elman_network::sequence::{Example, TrainingBatch};
pub(crate) use packed::Packed;
pub(crate) use source::Source;
pub use source::{Examples, Sequences};
