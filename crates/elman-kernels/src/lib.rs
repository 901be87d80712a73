//! Vectors, products and transposes in `f32`, compiled for each instruction set: what a fast layer is built
//! from, whatever its cell.
//!
//! | module | what is in it |
//! |---|---|
//! | [`lane`] | the number that equations are written over; a vector is one |
//! | [`vector`] | a register's worth of numbers as a [`Lane`](lane::Lane), with tanh and sigmoid |
//! | [`isa`], `dispatch` | the instruction sets; code compiled for each and chosen when the program runs |
//! | [`tile`] | the register tile: sums that stay in registers while weights stream by |
//! | [`gemm`] | matrix products of rows with packed panels, tile by tile (GEMM; the tile is its microkernel) |
//! | [`outer`] | sums of outer products: the weight gradient |
//! | [`dense`] | one dot product per row and output: narrow dense layers |
//! | [`panel`] | how packed weights are cut into panels, and the order in which they are read |
//! | [`transpose`] | transposes through registers |
//! | [`prefetch`] | asking for memory before it is read |
//! | [`tuning`] | every constant that a measurement has decided, with that measurement |
//!
//! Nothing here knows a cell, so that it is compiled once per instruction set and not once per cell. Functions are
//! generic over the instruction set ([`Isa`]) and meant to be inlined into a [`dispatch!`]; those that are
//! long are methods of [`Isa`], which each instruction set has compiled. Buffers are the caller's.
//!
//! The crate is `no_std` and allocates nothing.
#![no_std]

mod dispatch;

pub mod dense;
pub mod gemm;
pub mod isa;
pub mod lane;
pub mod outer;
pub mod panel;
pub mod prefetch;
pub mod tile;
pub mod transpose;
pub mod tuning;
pub mod vector;

pub use isa::{InstructionSet, Isa};

#[doc(hidden)]
pub use fearless_simd::{Level, Simd};
