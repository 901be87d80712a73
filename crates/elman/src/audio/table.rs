//! Pairs of recordings as a table, a row for each sample.

use super::{Latency, Layout, Pair, Sound, quality};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::table::Table;
use crate::words::quoted;

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

/// Makes a table of pairs: finds out how late each target is, unless that is said, and moves it back.
///
/// # Errors
/// If there is no pair, their rates or knobs differ, or nothing is left of one.
pub fn prepare(pairs: &[Pair], latency: Option<i64>) -> Result<Prepared, Error> {
    prepare_with(pairs, |pair| latency.map_or_else(|| pair.latency(), |delay| pair.latency_as_said(delay)))
}

/// [`prepare`] for a model of this sound: unless it is said how late targets are, they are as late as in training.
///
/// # Errors
/// As [`prepare`].
pub fn prepare_for(sound: &Sound, pairs: &[Pair], latency: Option<i64>) -> Result<Prepared, Error> {
    prepare_with(pairs, |pair| {
        latency.map_or_else(|| pair.latency_as_trained(sound.delay), |delay| pair.latency_as_said(delay))
    })
}

fn prepare_with(pairs: &[Pair], latency: impl Fn(&Pair) -> Latency) -> Result<Prepared, Error> {
    let Some(first) = pairs.first() else {
        return Err(ConfigError::new("audio", "needs an input and a target").into());
    };
    let mut remarks = Vec::new();
    let mut columns: Vec<Vec<f64>> = vec![Vec::new(); 2 + first.knobs.len()];
    let mut numbers = Vec::new();
    let mut delays = Vec::new();
    for (n, pair) in pairs.iter().enumerate() {
        check_alike(first, pair)?;
        let late = latency(pair);
        remarks.extend(quality::remarks(pair));
        let (mut x, mut y) = pair.aligned(late.delay)?;
        remarks.push(late.remark);
        delays.push(late.delay);
        if let Some((layout, (start, _))) =
            Layout::of(&pair.input).and_then(|layout| Some((layout, layout.repeated()?)))
            && start < x.len()
        {
            let before = super::seconds(start, pair.input.sample_rate);
            remarks.push(
                format!(
                    "{}: the first {before} of {} are left out, which are repeated at its end",
                    pair.input.name, layout.name
                )
                .into(),
            );
            (x, y) = (&x[start..], &y[start..]);
        }
        let (values, knobs) = columns.split_at_mut(2);
        values[0].extend(x.iter().map(|&x| f64::from(x)));
        values[1].extend(y.iter().map(|&y| f64::from(y)));
        for (column, (_, value)) in knobs.iter_mut().zip(&pair.knobs) {
            column.resize(column.len() + x.len(), *value);
        }
        numbers.resize(numbers.len() + x.len(), n as f64 + 1.0);
    }
    let [input, target, knobs @ ..] = columns.as_mut_slice() else {
        unreachable!("two columns and the knobs'")
    };
    let mut named = vec![(INPUT.to_owned(), std::mem::take(input))];
    named.extend(
        first.knobs.iter().zip(knobs).map(|((name, _), column)| (name.clone(), std::mem::take(column))),
    );
    named.push((TARGET.to_owned(), std::mem::take(target)));
    named.push((PAIR.to_owned(), numbers));
    let name = match pairs {
        [pair] => pair.target.name.clone(),
        _ => format!("{} and {} more", first.target.name, pairs.len() - 1),
    };
    let table = Table::of_numbers(&name, named)?.with_remarks(remarks);
    let sound = Sound { sample_rate: first.input.sample_rate, delay: most_frequent(&delays) };
    Ok(Prepared { table, sound })
}

/// Refuses a pair of another rate or with other knobs than the first.
fn check_alike(first: &Pair, pair: &Pair) -> Result<(), Error> {
    if pair.input.sample_rate != first.input.sample_rate {
        let message = format!(
            "{} has another rate; convert one of them, so that all have the same samples per second",
            first.input.describe()
        );
        return Err(DataError::new(pair.input.describe(), message).into());
    }
    let names = |pair: &Pair| pair.knobs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    let (found, wanted) = (names(pair), names(first));
    if found != wanted {
        let of = |names: &[String]| if names.is_empty() { "no knobs".into() } else { quoted(names) };
        let message = format!(
            "is given for {} with {}, and for {} with {}; give the same knobs in the same order for each pair",
            first.input.name,
            of(&wanted),
            pair.input.name,
            of(&found)
        );
        return Err(ConfigError::new("knob", message).into());
    }
    for name in &found {
        if [INPUT, TARGET, PAIR].contains(&name.as_str()) || name.trim().is_empty() {
            let message = Message::from(format!("is named {name:?}; choose another name"));
            return Err(ConfigError::new("knob", message).into());
        }
    }
    Ok(())
}

/// The delay of most pairs; of several the least.
fn most_frequent(delays: &[i64]) -> i64 {
    let count = |delay: i64| delays.iter().filter(|&&other| other == delay).count();
    delays.iter().copied().max_by_key(|&delay| (count(delay), std::cmp::Reverse(delay))).unwrap_or(0)
}
