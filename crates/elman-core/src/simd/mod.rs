//! The `f32` engine's inner loops, for any instruction set.
//!
//! | room | what is in it |
//! |---|---|
//! | `dispatch` | what is compiled for each instruction set |
//! | [`vector`] | a register's worth of numbers as a [`Lane`](crate::lane::Lane), with tanh and sigmoid |
//! | [`shape`] | sizes and strides of a layer |
//! | [`pack`], [`panel`] | weights brought into the order in which they are read; how they are read |
//! | [`transpose`] | matrices turned over |
//! | `prefetch` | asking for memory before it is read |
//! | [`tile`] | what stays in registers while weights stream by |
//! | `product` | the product of rows with a panel, tile by tile |
//! | [`forward`], [`backward`] | one timestep: tiles, then the cell's equation |
//! | `row` | the same for a single row |
//! | [`sequence`] | all timesteps of a single sequence |
//! | [`team`] | one timestep of few rows, shared out among threads |
//! | [`gradient`] | the weights' gradient |
//! | [`dense`] | the linear head |
//! | [`stream`] | all of a network, one step of one sequence at a time |
//!
//! Everything is generic over the instruction set ([`Simd`]) and meant to be inlined into a
//! [`dispatch!`], which compiles it for each and chooses when it runs. Buffers are the caller's.

pub mod backward;
pub mod dense;
mod dispatch;
pub mod forward;
pub mod gradient;
pub mod pack;
pub mod panel;
mod prefetch;
mod product;
mod row;
pub mod sequence;
pub mod shape;
pub mod stream;
pub mod team;
pub mod tile;
pub mod transpose;
pub mod vector;

pub use crate::dispatch;
#[doc(hidden)]
pub use fearless_simd::dispatch as dispatch_any;
pub use fearless_simd::{Level, Simd};

/// The instruction sets that a machine has, of those that code is compiled for, when `best` is its
/// best one. Results differ between them in the last places.
pub fn levels(best: Level) -> impl Iterator<Item = Level> {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    let lower =
        [best.as_sse2().map(Simd::level), best.as_avx2().map(Simd::level), best.as_avx512().map(Simd::level)];
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    let lower = [Some(best)];
    lower.into_iter().flatten()
}

/// The lanes of a vector of the instruction set.
pub fn lanes(level: Level) -> usize {
    #[inline(always)]
    fn of<S: Simd>(_: S) -> usize {
        vector::Vector::<S>::LANES
    }
    dispatch!(level, s => of(s))
}
