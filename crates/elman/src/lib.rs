//! Recurrent networks that train in seconds on an ordinary CPU.

pub mod batch;
pub mod error;
pub mod float;
pub mod init;
pub mod loss;
pub mod network;
pub mod optimiser;
pub mod parameters;
pub mod random;
pub mod schedule;
pub mod table;
