//! Pairs of recordings as a table, a row for each sample.

use super::{Pair, Recordings, Sound};
use crate::error::Error;
use crate::table::Table;

/// The column of what went in.
pub const INPUT: &str = "input";
/// The column of what came out.
pub const TARGET: &str = "target";
/// The column that tells pairs apart.
pub const PAIR: &str = "pair";

/// Recordings made ready.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// A row for each sample: [`INPUT`], a column for each knob, [`TARGET`], and the number of the pair, [`PAIR`], from
    /// 1. What is to be said of the recordings are its remarks.
    pub table: Table,
    /// What a model has to know of them.
    pub sound: Sound,
}

/// Makes a table of pairs: finds out how late each target is, unless that is said in `latency`, once for all or once for each, and moves it back. It holds all samples;
/// [`Table::of_recordings`] leaves them where they are.
///
/// # Errors
/// If there is no pair, their rates or knobs differ, or nothing is left of one.
pub fn prepare(pairs: &[Pair], latency: &[i64]) -> Result<Prepared, Error> {
    prepared(&Recordings::new(pairs, latency)?)
}

/// [`prepare`] for a model of this sound: unless it is said how late targets are, they are as late as in training.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_for(sound: &Sound, pairs: &[Pair], latency: &[i64]) -> Result<Prepared, Error> {
    prepared(&Recordings::new_for(sound, pairs, latency)?)
}

fn prepared(recordings: &Recordings) -> Result<Prepared, Error> {
    Ok(Prepared { table: recordings.rows()?, sound: recordings.sound().clone() })
}
