//! The heart of Elman: the equations of recurrent cells and of the other blocks of a network, written once.
//!
//! A cell's forward and backward equations stand side by side in one file of [`cell`], over the
//! trait [`Lane`](lane::Lane). Whatever implements that trait runs them: `f32`, `f64`, the dual
//! number of [`dual`], whose derivatives need no backward equation and therefore prove it, and vectors.
//! [`step`] carries a whole layer through one timestep of one sequence, forward and backward: the plain path. [`zoneout`]
//! may keep some of its units as they were.
//! [`engine`] does so in `f32` for many sequences and timesteps, from the kernels of [`elman_kernels`].
//!
//! The crate is `no_std`, allocates nothing and owns no memory: the caller lends every buffer.
//!
//! Letters used throughout: `T` timesteps, `B` batch, `I` input size, `H` hidden size, `G` gates.
#![no_std]

pub mod block;
pub mod cell;
pub mod dual;
pub mod engine;
pub mod step;
pub mod zoneout;

pub use elman_kernels::lane;
