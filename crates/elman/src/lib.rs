//! Recurrent networks that train in seconds on an ordinary CPU.

pub mod batch;
pub mod calendar;
pub mod check;
mod container;
pub mod data;
pub mod error;
pub mod file;
pub mod float;
pub mod init;
pub mod loss;
pub mod metrics;
pub mod model;
pub mod network;
pub mod notebook;
pub mod optimiser;
pub mod parameters;
pub mod predict;
pub mod random;
pub mod recipe;
pub mod scaling;
pub mod schedule;
pub mod sequence;
pub mod table;
pub mod task;
pub mod train;
