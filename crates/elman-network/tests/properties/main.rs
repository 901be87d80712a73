//! What must hold for every network and every batch, over drawn shapes and values.
//!
//! - [`batches`]: a batch is its sequences one by one, the reverse direction is the forward one on
//!   reversed time, final states are those at each sequence's own end, and a used workspace is as
//!   good as a new one: to the bit, in `f64`;
//! - [`blocks`]: all that holds for chains of any blocks, and what the blocks are by their definitions;
//! - [`chunks`]: a pass in chunks of time with carried state is one pass, to the bit, in `f64`;
//! - [`gradients`]: every gradient is the derivative that dual numbers give, which have no backward
//!   pass, with and without dropout;
//! - [`dropout`]: repeats from its seed, acts in training alone, and keeps the expected value;
//! - [`zoneout`]: keeps each state of each unit or not, as often as asked, and in its mean elsewhere;
//! - [`init`]: starting parameters are distributed as their documentation says.

mod batches;
mod blocks;
mod chunks;
mod drawn;
mod dropout;
mod gradients;
mod init;
mod zoneout;
