//! What there is to see inside a trained network: how far back it learns from, and its states over time.

use elman::error::Error;
use elman::inside;
use elman::model::Model;
use elman::network::{Block, Network};
use elman::sequence::{Example, Sequences};
use elman::task::{Chart, Charts, Heat, Line, Picture, Prepared, Role};
use elman::words::{counted, thousands};

/// The sequences whose gradients are averaged.
const MOST_SEQUENCES: usize = 64;

/// Their timesteps all together: a backward pass remembers every one.
const MOST_TIMESTEPS: usize = 20_000;

/// The values of their vectors, where they are of tokens.
const MOST_VALUES: usize = 5_000_000;

/// The timesteps of one where each has a target: its end.
const LONGEST: usize = 1000;

/// Shares of the largest gradient that are less than this are not drawn.
const LEAST_SHARE: f64 = 1e-9;

/// The timesteps whose states are shown.
const MOST_STATES: usize = 400;

/// The units whose states are shown.
const MOST_UNITS: usize = 256;

/// What there is to see.
#[derive(Default)]
pub(crate) struct Inside {
    /// Why something is not there.
    pub(super) notes: Vec<String>,
    pub(super) pictures: Vec<Picture>,
}

/// The sequences that are looked at, and what they are for: those for validation, or without such for training.
pub(crate) fn looked_at(prepared: &Prepared) -> (&Sequences, &'static str) {
    match prepared.validation.is_empty() {
        true => (&prepared.train, "training"),
        false => (&prepared.validation, "validation"),
    }
}

/// What there is to see inside the first member, made from the sequences that are [looked at](looked_at); states over the one of
/// this number, from 0.
///
/// # Errors
/// If they cannot be read any more.
pub(crate) fn look(model: &Model, prepared: &Prepared, chosen: usize) -> Result<Inside, Error> {
    let (sequences, of) = looked_at(prepared);
    let mut inside = Inside::default();
    match Averaged::of(model.network(), sequences, of)? {
        Ok(averaged) => inside.pictures.extend(gradient(model, &averaged).map(Picture::Lines)),
        Err(note) => inside.notes.push(note),
    }
    if chosen < sequences.len() {
        inside.pictures.extend(states(model, sequences, chosen, of)?.map(Picture::Heat));
    }
    Ok(inside)
}

/// The sequences whose gradients are averaged.
struct Averaged {
    examples: Vec<Example<f64>>,
    /// Which they are.
    which: String,
}

impl Averaged {
    /// The first of the `of` sequences and their ends; why there are none if the first is too long.
    fn of(network: &Network, sequences: &Sequences, of: &str) -> Result<Result<Self, String>, Error> {
        let length = |n: usize| sequences.length(n, network.input_size());
        let most = match network.config().blocks.first() {
            Some(Block::Embedding(embedding)) => MOST_TIMESTEPS.min(MOST_VALUES / embedding.embedding_dim),
            _ => MOST_TIMESTEPS,
        };
        let (mut some, mut timesteps, mut is_cut) = (Vec::new(), 0, false);
        for n in 0..sequences.len().min(MOST_SEQUENCES) {
            let end = end(network, sequences, n)?;
            let end_length = end.x.len() / network.input_size();
            timesteps += end_length;
            if timesteps > most {
                break;
            }
            is_cut |= end_length < length(n);
            some.push(end);
        }
        if some.is_empty() && !sequences.is_empty() {
            return Ok(Err(format!(
                "How far back it learns from is not shown: the first {of} sequence has {}, and what is looked at is at most \
                 {}.",
                counted(end(network, sequences, 0)?.x.len() / network.input_size(), "timestep"),
                thousands(most)
            )));
        }
        let which = if some.len() < sequences.len() {
            format!("the first {} of {}", some.len(), counted(sequences.len(), &format!("{of} sequence")))
        } else {
            counted(some.len(), &format!("{of} sequence"))
        };
        let last = counted(LONGEST, "timestep");
        let which = match (is_cut, some.len()) {
            (true, 1) => format!("the last {last} of {which}"),
            (true, _) => format!("{which}, of each the last {last}"),
            (false, _) => which,
        };
        Ok(Ok(Averaged { examples: some, which }))
    }
}

/// The last timesteps of a sequence that has a target for each of many; another as it is.
fn end(network: &Network, sequences: &Sequences, n: usize) -> Result<Example<f64>, Error> {
    let size = network.input_size();
    let length = sequences.length(n, size);
    if length <= LONGEST || network.ends_time() || network.patch_len() > 1 {
        return Ok(sequences.example(n)?.into_owned());
    }
    sequences.stretch(n, length - LONGEST..length, size)
}

/// The gradient's norm by timesteps back from the last, as shares of the largest.
fn gradient(model: &Model, averaged: &Averaged) -> Option<Charts> {
    let loss = &model.record().recipe.train.loss;
    let norms = inside::gradient_norms(model.weights(), loss, &averaged.examples);
    let largest = norms.iter().copied().filter(|norm| norm.is_finite()).fold(0.0, f64::max);
    if norms.len() < 2 || largest == 0.0 {
        return None;
    }
    let mut shares: Vec<f64> = norms.iter().map(|norm| norm / largest).collect();
    // Nobody needs to see how nothing becomes less.
    let seen = shares.iter().rposition(|share| *share >= LEAST_SHARE).map_or(0, |last| last + 1);
    let is_less = shares.len() > seen.max(2);
    shares.truncate(seen.max(2));
    let points: Vec<(usize, f64)> =
        shares.iter().copied().enumerate().filter(|(_, share)| *share >= LEAST_SHARE).collect();
    let chart = Chart {
        title: "How far back it learns from".into(),
        x: "timesteps back".into(),
        y: "gradient norm, as a share of the largest".into(),
        row_names: (0..shares.len()).map(|n| n.to_string()).collect(),
        logarithmic: true,
        lines: vec![Line::new("gradient norm".to_owned(), Role::Model, points)],
        ..Chart::default()
    };
    let mut note = format!(
        "The derivative of the last output's loss by {}, the mean over {}. What fades by orders of magnitude is hardly learned \
         from.",
        match model.network().config().blocks.first() {
            Some(Block::Embedding(_)) => "the vectors of earlier tokens",
            _ => "the inputs of earlier timesteps",
        },
        averaged.which
    );
    if is_less {
        note += &format!(" What is farther back has less than {LEAST_SHARE:e} of the largest.");
    }
    Some(Charts { notes: vec![note], ..chart.into() })
}

/// The hidden states of the last recurrent block over a sequence.
fn states(model: &Model, sequences: &Sequences, chosen: usize, of: &str) -> Result<Option<Heat>, Error> {
    let size = model.network().input_size();
    let patch = model.network().patch_len();
    let length = sequences.length(chosen, size);
    let seen = length.min(MOST_STATES * patch);
    let states = inside::states(model.weights(), &sequences.inputs(chosen, 0..seen, size)?);
    let Some((states, first)) = states.as_ref().and_then(|states| Some((states, states.first()?))) else {
        return Ok(None);
    };
    let all = first.len();
    let units = all.min(MOST_UNITS);
    let which = match (chosen, sequences.len()) {
        (_, 1) => format!("the only {of} sequence"),
        (0, all) => format!("the first of {all} {of} sequences; --report-sequence chooses another"),
        (n, all) => format!("number {} of {all} {of} sequences", n + 1),
    };
    let mut notes = vec![format!("Each row is a unit of the last recurrent layer, over {which}.")];
    if seen < length {
        notes.push(format!("Its first {} are shown.", counted(states.len() * patch, "timestep")));
    }
    if units < all {
        notes.push(format!("Of {} the first {units} are shown.", counted(all, "unit")));
    }
    Ok(Some(Heat {
        title: "States over time".into(),
        notes,
        x: if patch > 1 { format!("timestep, {patch} together") } else { "timestep".into() },
        y: "unit".into(),
        columns: (0..states.len()).map(|n| (n * patch + 1).to_string()).collect(),
        rows: (1..=units).map(|unit| unit.to_string()).collect(),
        values: (0..units).map(|unit| states.iter().map(|state| state[unit]).collect()).collect(),
        unit: String::new(),
        most: None,
        ..Heat::default()
    }))
}

#[cfg(test)]
mod tests {
    use elman::network::{CellKind, NetworkConfig, Readout};

    use super::*;

    fn network(readout: Readout) -> Network {
        Network::new(NetworkConfig::stacked(CellKind::Elman, 1, 2, 1, 1).readout(readout)).unwrap()
    }

    #[test]
    fn what_is_averaged_is_said() {
        let rows =
            |length: usize| Example::values(vec![0.5; length], (0..length).map(|n| n as f64).collect());
        let every = network(Readout::Every);
        let of =
            |network, examples: Vec<Example<f64>>, of| Averaged::of(network, &examples.into(), of).unwrap();
        let averaged = of(&every, vec![rows(3), rows(1001)], "training").unwrap();
        assert_eq!(averaged.which, "2 training sequences, of each the last 1,000 timesteps");
        assert_eq!(
            averaged.examples[1],
            Example::values(vec![0.5; 1000], (1..1001).map(f64::from).collect())
        );
        let averaged = of(&every, vec![rows(1001)], "training").unwrap();
        assert_eq!(averaged.which, "the last 1,000 timesteps of 1 training sequence");
        let averaged = of(&every, vec![rows(1000); 30], "validation").unwrap();
        assert_eq!(averaged.which, "the first 20 of 30 validation sequences");
        let averaged = of(&every, vec![rows(3)], "training").unwrap();
        assert_eq!(averaged.which, "1 training sequence");

        let last = network(Readout::Last);
        let long = Example::values(vec![0.5; 20_001], vec![1.0]);
        let note = "How far back it learns from is not shown: the first training sequence has 20,001 timesteps, and what is \
                    looked at is at most 20,000.";
        assert_eq!(of(&last, vec![long], "training").err().unwrap(), note);
    }
}
