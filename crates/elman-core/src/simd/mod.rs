//! The `f32` engine's inner loops, for any instruction set.

pub mod backward;
pub mod dense;
pub mod forward;
pub mod gradient;
pub mod panel;
pub mod tile;
pub mod vector;

pub use fearless_simd::{Level, Simd, dispatch};
