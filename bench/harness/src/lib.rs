//! What the contenders written in Rust share: the protocol, the data and the timing.
//!
//! A contender is a process that [`serve`]s: it reads one command per line and answers each with one
//! line of JSON. `contender.py` is the same for those written in Python.

mod data;
mod point;
mod serve;
mod work;

pub use data::Data;
pub use point::{Cell, Kind, Point};
pub use serve::{Contender, Prepared, Work, serve};
pub use work::{Network, work};
