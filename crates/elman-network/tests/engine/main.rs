//! Holds the `f32` engine to the plain code in `f64`, on every instruction set that this machine has,
//! and to its own promises.
//!
//! - [`oracle`]: outputs, final states and all gradients of drawn networks and batches;
//! - [`alone`]: a sequence alone has the bits of one in a batch;
//! - [`bits`]: the same bits for any number of threads, and on instruction sets of one kind;
//! - [`streams`]: one step at a time gives the bits of the batch; a million steps of it.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod alone;
mod bits;
mod drawn;
mod oracle;
mod streams;
