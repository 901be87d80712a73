//! The training loop: what it does on the way, where it stops, how it is picked up again, what it
//! refuses, and that networks learn in it.
//!
//! - [`resuming`]: going on from a checkpoint, to the bit;
//! - [`averaging`]: averages of the parameters;
//! - [`accumulation`]: several batches per update;
//! - [`patience`]: the best epoch, and when a run ends early;
//! - [`truncation`]: truncated backpropagation through time;
//! - [`randomness`]: the order of the sequences, and dropout masks;
//! - [`events`]: what observers are told, and what they can do;
//! - [`divergence`]: runs that leave the finite numbers;
//! - [`extremes`]: options at both ends of their range;
//! - [`refusals`]: options and examples that are errors;
//! - [`own_loop`]: a loop of one's own gives the same;
//! - [`learning`]: tasks that networks learn, and number types.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod accumulation;
mod averaging;
mod divergence;
mod events;
mod extremes;
mod learning;
mod own_loop;
mod patience;
mod randomness;
mod refusals;
mod resuming;
mod setup;
mod truncation;
