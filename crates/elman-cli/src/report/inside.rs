//! What there is to see inside a trained network: how far back it learns from, and its states over time.

use elman::inside;
use elman::model::Model;
use elman::sequence::Example;
use elman::task::{Chart, Charts, Heat, Line, Picture, Prepared, Role};
use elman::words::counted;

/// The sequences whose gradients are averaged.
const MOST_SEQUENCES: usize = 64;

/// Their timesteps all together: a backward pass remembers every one.
const MOST_TIMESTEPS: usize = 20_000;

/// The timesteps whose states are shown.
const MOST_STATES: usize = 400;

/// The units whose states are shown.
const MOST_UNITS: usize = 256;

/// Pictures of the first member, made from validation sequences, or without those from training sequences.
pub(crate) fn pictures(model: &Model, prepared: &Prepared) -> Vec<Picture> {
    let (examples, of) = match &prepared.validation[..] {
        [] => (&prepared.train[..], "training"),
        validation => (validation, "validation"),
    };
    let size = model.network().input_size();
    let mut timesteps = 0;
    let fits = |example: &&Example<f64>| {
        timesteps += example.x.len() / size;
        timesteps <= MOST_TIMESTEPS
    };
    let some: Vec<Example<f64>> = examples.iter().take(MOST_SEQUENCES).take_while(fits).cloned().collect();
    let gradient = gradient(model, &some, of).map(Picture::Lines);
    let states = examples.first().and_then(|example| states(model, example, of)).map(Picture::Heat);
    gradient.into_iter().chain(states).collect()
}

/// The gradient's norm by timesteps back from the last, as shares of the largest.
fn gradient(model: &Model, examples: &[Example<f64>], of: &str) -> Option<Charts> {
    let loss = &model.record().recipe.train.loss;
    let norms = inside::gradient_norms(model.weights(), loss, examples);
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
        counted(examples.len(), &format!("{of} sequence"))
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
        values: (0..units).map(|unit| states.iter().map(|state| state[unit]).collect()).collect(),
    })
}
