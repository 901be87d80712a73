//! Holds the library to PyTorch: the numbers in `reference/*.safetensors`, which
//! `reference/README.md` describes and `reference/make.py` makes.
//!
//! - [`networks`]: outputs, final states and every gradient of networks of every cell;
//! - [`blocks`]: the same of thirty-six chains of blocks;
//! - [`mistakes`]: a swapped gate, a lost bias or a shifted timestep would not pass that comparison;
//! - [`optimisers`]: the parameters after each of thirty updates, and clipping;
//! - [`schedules`]: the learning rate at each of thirty steps;
//! - [`losses`]: values and gradients;
//! - [`signals`]: those of losses over signals.
//!
//! In `f64` a tolerance is relative and stands beside its test. In `f32` it is derived, entry by
//! entry, by [`jittered`]: the same code runs once more over a number that rounds at random.

mod blocks;
mod jittered;
mod losses;
mod mistakes;
mod networks;
mod optimisers;
mod reference;
mod schedules;
mod signals;
