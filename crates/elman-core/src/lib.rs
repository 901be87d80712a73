//! The heart of Elman: the equations of recurrent cells, written once.
//!
//! A cell's forward and backward equations stand side by side in one file of [`cell`], over the
//! trait [`Lane`](lane::Lane). Whatever implements that trait runs them: `f32`, `f64` and the dual
//! number of [`dual`], whose derivatives need no backward equation and therefore prove it.
//! [`step`] carries a whole layer through one timestep of one sequence, forward and backward; [`block`]
//! has what networks are made of beside recurrent layers.
//!
//! The crate is `no_std`, allocates nothing and owns no memory: the caller lends every buffer.
//!
//! Letters used throughout: `T` timesteps, `B` batch, `I` input size, `H` hidden size, `G` gates.
#![no_std]

pub mod block;
pub mod cell;
pub mod dual;
pub mod lane;
pub mod simd;
pub mod step;
