//! The fast path of recurrent layers, in `f32`: from the equations of [`cell`](crate::cell) and the kernels of
//! [`elman_kernels`].
//!
//! | module | what is in it |
//! |---|---|
//! | [`shape`], [`timeline`] | sizes and strides of a layer; which rows belong to which timestep |
//! | [`pack`], `panel` | weights brought into the order in which they are read |
//! | [`forward`], [`backward`] | one timestep of many rows: GEMM, then the cell's equation |
//! | `group` | the rows and units that are worked on together, and where their values stand |
//! | `row` | the same for a single row, in registers |
//! | [`layer`], `sequence` | the time loops, of many sequences and of a single one |
//! | [`split`] | one timestep of few rows, split by units among threads |
//! | [`zoneout`] | what units keep of their states from before a step |
//! | [`Kernels`] | all that differs from cell to cell, behind one trait |
//! | [`stream`], `stage` | a whole network, one step of one sequence at a time; one block of it |
//!
//! What knows the cell is generic over it and the instruction set, inlined into one function per cell, instruction set
//! and method of [`Kernels`]; all else is compiled once. Buffers are the caller's.

pub mod activation;
pub mod backward;
pub mod forward;
mod group;
mod kernels;
pub mod layer;
pub mod pack;
mod panel;
mod row;
mod sequences;
pub mod shape;
pub mod split;
mod stage;
pub mod stream;
pub mod timeline;
pub mod zoneout;

pub use kernels::Kernels;
pub(crate) use kernels::Of;
