//! Recurrent networks that train in seconds on an ordinary CPU, are verified, and run anywhere.
//!
//! ```
//! use elman::recipe::Recipe;
//! use elman::task::{ForecastOptions, Task, TaskOptions};
//!
//! # fn main() -> Result<(), elman::error::Error> {
//! let table = elman::data::airline()?; // or Table::open("sales.csv".as_ref())?
//! let options = TaskOptions::Forecast(ForecastOptions::default().with_horizon(3));
//! let prepared = Task::prepare(&table, &options)?;
//! let mut recipe = Recipe::for_task(&prepared.task);
//! recipe.train.epochs = 5;
//! let model = recipe.train(&prepared, &table)?;
//! let forecast = model.predict(&table, None)?;
//! assert_eq!(forecast.num_rows(), 3);
//! assert_eq!(forecast.columns()[0].1.cell(0).to_string(), "1961-01");
//! # Ok(())
//! # }
//! ```
//!
//! # The data's way
//!
//! The modules follow it:
//!
//! | module | what happens |
//! |---|---|
//! | [`table`] | a file becomes named columns of numbers, times and text |
//! | [`calendar`], [`missing`], [`scaling`], [`sequence`] | columns become evenly spaced times, filled and scaled numbers, sequences with targets |
//! | [`batch`] | sequences of any lengths become one time-major batch without padding |
//! | [`network`] | the batch runs forward and backward through a chain of blocks: recurrent layers and what stands around them |
//! | [`loss`], [`distribution`], [`optimiser`], [`schedule`] | outputs become a loss, and what is known of a value; gradients become updates |
//! | [`learner`], [`average`] | a network with its parameters learns from batch after batch; their average over time |
//! | [`train`] | the loop, its observers, its checkpoints |
//! | [`predict`], [`stream`], [`metrics`] | a trained network answers, at once or step by step, and is measured |
//! | [`task`] | what it is all for: forecast, regress, classify, label, text |
//! | [`weights`] | network and parameters in a file, whatever they are for |
//! | [`exchange`] | networks in the files of other programs |
//! | [`recipe`], [`model`], [`run`] | all choices in one value; all results in one file; from the one to the other |
//! | [`search`], [`tune`], [`ensemble`] | which recipe suits the data; several networks that answer together |
//!
//! Beside the way stand [`check`], which proves the gradients, [`inside`], which looks into a trained network, and [`notebook`], from which the
//! project grew. The equations themselves are in the crate `elman_core`.
//!
//! # Promises
//!
//! The same seed, data and configuration give the same bits. No bytes read from outside cause a
//! panic. Files are written all or nothing.
//!
//! Letters used throughout: `T` timesteps, `B` batch, `I` input size, `H` hidden size, `O` output
//! size, `D` directions.

pub use elman_core;
use elman_network::fourier;
#[doc(inline)]
pub use elman_network::{
    average, batch, distribution, float, init, learner, loss, network, optimiser, parameters, random,
    scaling, schedule, stream, threads,
};

pub mod audio;
pub mod calendar;
pub mod check;
mod container;
pub mod data;
pub mod ensemble;
pub mod error;
pub mod exchange;
pub mod file;
pub mod inside;
pub mod metrics;
pub mod missing;
pub mod model;
pub mod notebook;
mod outlier;
pub mod predict;
pub mod recipe;
pub mod run;
pub mod search;
pub mod sequence;
pub mod table;
pub mod task;
pub mod train;
pub mod tune;
pub mod watch;
pub mod weights;
pub mod words;

/// The README's code is compiled and run with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
