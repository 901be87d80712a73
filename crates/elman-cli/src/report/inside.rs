//! What there is to see inside a trained network: how far back it learns from, and its states over time.

use elman::inside;
use elman::loss::Targets;
use elman::model::Model;
use elman::network::{Block, Network};
use elman::sequence::Example;
use elman::task::{Chart, Charts, Heat, Line, Picture, Prepared, Role};
use elman::words::{counted, thousands};

/// The sequences whose gradients are averaged.
const MOST_SEQUENCES: usize = 64;

/// Their timesteps all together: a backward pass remembers every one.
const MOST_TIMESTEPS: usize = 20_000;

/// The timesteps of one where each has a target: its end.
const LONGEST: usize = 1000;

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

/// What there is to see inside the first member, made from validation sequences, or without those from training sequences.
pub(crate) fn look(model: &Model, prepared: &Prepared) -> Inside {
    let (examples, of) = match &prepared.validation[..] {
        [] => (&prepared.train[..], "training"),
        validation => (validation, "validation"),
    };
    let averaged = Averaged::of(model.network(), examples, of);
    let mut inside = Inside::default();
    let reads_tokens = matches!(model.network().config().blocks.first(), Some(Block::Embedding(_)));
    match averaged {
        // By tokens there is no derivative.
        _ if reads_tokens => {}
        Ok(averaged) => inside.pictures.extend(gradient(model, &averaged).map(Picture::Lines)),
        Err(note) => inside.notes.push(note),
    }
    inside
        .pictures
        .extend(examples.first().and_then(|example| states(model, example, of)).map(Picture::Heat));
    inside
}

/// The sequences whose gradients are averaged.
struct Averaged {
    examples: Vec<Example<f64>>,
    /// Which they are.
    which: String,
}

impl Averaged {
    /// The first of the `of` sequences and their ends; why there are none if the first is too long.
    fn of(network: &Network, examples: &[Example<f64>], of: &str) -> Result<Self, String> {
        let length = |example: &Example<f64>| example.x.len() / network.input_size();
        let mut timesteps = 0;
        let fits = |example: &Example<f64>| {
            timesteps += length(example);
            timesteps <= MOST_TIMESTEPS
        };
        let ends = examples.iter().take(MOST_SEQUENCES).map(|example| end(network, example));
        let some: Vec<Example<f64>> = ends.take_while(fits).collect();
        if let (true, Some(first)) = (some.is_empty(), examples.first()) {
            return Err(format!(
                "How far back it learns from is not shown: the first {of} sequence has {}, and what is looked at is at most \
                 {}.",
                counted(length(first), "timestep"),
                thousands(MOST_TIMESTEPS)
            ));
        }
        let which = if some.len() < examples.len() {
            format!("the first {} of {}", some.len(), counted(examples.len(), &format!("{of} sequence")))
        } else {
            counted(some.len(), &format!("{of} sequence"))
        };
        let is_cut = some.iter().zip(examples).any(|(end, whole)| end.x.len() < whole.x.len());
        let which = match is_cut {
            true => format!("{which}, of each the last {}", counted(LONGEST, "timestep")),
            false => which,
        };
        Ok(Averaged { examples: some, which })
    }
}

/// The last timesteps of a sequence that has a target for each of many; another as it is.
fn end(network: &Network, example: &Example<f64>) -> Example<f64> {
    let size = network.input_size();
    let length = example.x.len() / size;
    if length <= LONGEST || network.ends_time() || network.patch_len() > 1 {
        return example.clone();
    }
    let cut = length - LONGEST;
    let x = example.x[cut * size..].to_vec();
    match &example.targets {
        Targets::Values(values) => Example::values(x, values[cut * (values.len() / length)..].to_vec()),
        Targets::Classes(classes) => Example::classes(x, classes[cut..].to_vec()),
    }
}

/// The gradient's norm by timesteps back from the last, as shares of the largest.
fn gradient(model: &Model, averaged: &Averaged) -> Option<Charts> {
    let loss = &model.record().recipe.train.loss;
    let norms = inside::gradient_norms(model.weights(), loss, &averaged.examples);
    let largest = norms.iter().copied().filter(|norm| norm.is_finite()).fold(0.0, f64::max);
    if norms.len() < 2 || largest == 0.0 {
        return None;
    }
    let points: Vec<(usize, f64)> = norms.iter().map(|norm| norm / largest).enumerate().collect();
    let chart = Chart {
        title: "How far back it learns from".into(),
        x: "timesteps back".into(),
        y: "gradient norm, as a share of the largest".into(),
        row_names: (0..norms.len()).map(|n| n.to_string()).collect(),
        logarithmic: true,
        lines: vec![Line::new("gradient norm".to_owned(), Role::Model, points)],
        ..Chart::default()
    };
    let note = format!(
        "The derivative of the last output's loss by the inputs of earlier timesteps, the mean over {}. What fades by orders \
         of magnitude is hardly learned from.",
        averaged.which
    );
    Some(Charts { notes: vec![note], ..chart.into() })
}

/// The hidden states of the last recurrent block over a sequence.
fn states(model: &Model, example: &Example<f64>, of: &str) -> Option<Heat> {
    let size = model.network().input_size();
    let patch = model.network().patch_len();
    let x = &example.x[..example.x.len().min(MOST_STATES * patch * size)];
    let states = inside::states(model.weights(), x)?;
    let all = states.first()?.len();
    let units = all.min(MOST_UNITS);
    let mut notes =
        vec![format!("Each row is a unit of the last recurrent layer, over the first {of} sequence.")];
    if x.len() < example.x.len() {
        notes.push(format!("Its first {} are shown.", counted(states.len() * patch, "timestep")));
    }
    if units < all {
        notes.push(format!("Of {} the first {units} are shown.", counted(all, "unit")));
    }
    Some(Heat {
        title: "States over time".into(),
        notes,
        x: if patch > 1 { format!("timestep, {patch} together") } else { "timestep".into() },
        y: "unit".into(),
        columns: (0..states.len()).map(|n| (n * patch + 1).to_string()).collect(),
        rows: (1..=units).map(|unit| unit.to_string()).collect(),
        values: (0..units).map(|unit| states.iter().map(|state| state[unit]).collect()).collect(),
        most: None,
    })
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
        let averaged = Averaged::of(&every, &[rows(3), rows(1001)], "training").unwrap();
        assert_eq!(averaged.which, "2 training sequences, of each the last 1,000 timesteps");
        assert_eq!(
            averaged.examples[1],
            Example::values(vec![0.5; 1000], (1..1001).map(f64::from).collect())
        );
        let averaged = Averaged::of(&every, &vec![rows(1000); 30], "validation").unwrap();
        assert_eq!(averaged.which, "the first 20 of 30 validation sequences");
        let averaged = Averaged::of(&every, &[rows(3)], "training").unwrap();
        assert_eq!(averaged.which, "1 training sequence");

        let last = network(Readout::Last);
        let long = Example::values(vec![0.5; 20_001], vec![1.0]);
        let note = "How far back it learns from is not shown: the first training sequence has 20,001 timesteps, and what is \
                    looked at is at most 20,000.";
        assert_eq!(Averaged::of(&last, &[long], "training").err().unwrap(), note);
    }
}
