//! `elman notebook`

use std::process::ExitCode;

use elman::notebook::{Gradient, Notebook};
use serde::Serialize;

use crate::args::{NotebookArguments, NotebookGradient};
use crate::input;
use crate::output::{Output, Wrong};

/// Losses that differ by more have parted: far above rounding, far below what training changes.
const PARTED: f64 = 1e-9;

/// A printed epoch.
#[derive(Serialize)]
struct Line {
    epoch: u64,
    loss: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    exact: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    halved: Option<f64>,
}

pub(crate) fn run(arguments: NotebookArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let rate = arguments.learning_rate;
    if !rate.is_finite() {
        return Err(Wrong(format!("--learning-rate is {rate}; it must be a finite number")).into());
    }
    let notebook = match (&arguments.weights, arguments.seed) {
        (Some(path), _) => {
            let text = input::text(path)?;
            Notebook::from_json(&path.display().to_string(), &text)?
        }
        (None, Some(seed)) => Notebook::seeded(seed),
        (None, None) => Notebook::published()?,
    };
    match arguments.gradient {
        NotebookGradient::Notebook => print_losses(notebook, arguments.epochs, rate, output)?,
        NotebookGradient::Exact => print_comparison(notebook, arguments.epochs, rate, output)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print_losses(mut notebook: Notebook, epochs: u64, rate: f64, output: &mut Output) -> anyhow::Result<()> {
    for epoch in 0..epochs {
        let loss = notebook.epoch(Gradient::Notebook, rate);
        if epoch % 10 == 0 {
            if output.options.json {
                output.json(&Line { epoch, loss, exact: None, halved: None })?;
            } else {
                output.line(format_args!("Epoch {epoch}, Loss: {loss}"))?;
            }
        }
    }
    Ok(())
}

fn print_comparison(notebook: Notebook, epochs: u64, rate: f64, output: &mut Output) -> anyhow::Result<()> {
    let gradients = [Gradient::Notebook, Gradient::Exact, Gradient::Halved];
    let mut networks = gradients.map(|_| notebook.clone());
    let mut rows =
        vec![["epoch", "notebook", "exact", "exact of half", "difference"].map(String::from).to_vec()];
    // The first epochs at which the exact curves have left the notebook's.
    let mut parted = [None; 2];
    for epoch in 0..epochs {
        let mut losses = [0.0; 3];
        for ((network, gradient), loss) in networks.iter_mut().zip(gradients).zip(&mut losses) {
            *loss = network.epoch(gradient, rate);
        }
        let [loss, exact, halved] = losses;
        for (parted, other) in parted.iter_mut().zip([exact, halved]) {
            if parted.is_none() && (loss - other).abs() > PARTED {
                *parted = Some(epoch);
            }
        }
        if epoch % 10 == 0 {
            if output.options.json {
                output.json(&Line { epoch, loss, exact: Some(exact), halved: Some(halved) })?;
            }
            let figures = losses.map(|loss| format!("{loss:.16}"));
            rows.push(
                [vec![epoch.to_string()], figures.to_vec(), vec![format!("{:.1e}", loss - halved)]].concat(),
            );
        }
    }
    if output.options.json {
        return Ok(());
    }
    output.table(&rows)?;
    output.line("")?;
    output.line("notebook       what the notebook's backward pass computes")?;
    output.line("exact          the gradient of its loss (y - t)^2: twice as steep, so twice as fast")?;
    output.line("exact of half  the gradient of (y - t)^2 / 2, from whose start the notebook's sets out")?;
    output.line("difference     notebook - exact of half: what its other three slips amount to")?;
    output.line("")?;
    for (name, epoch) in ["exact", "exact of half"].into_iter().zip(parted) {
        match epoch {
            Some(epoch) => output.line(format_args!(
                "{name}: parts from the notebook by more than {PARTED:.0e} at epoch {epoch}"
            ))?,
            None => output
                .line(format_args!("{name}: never parts from the notebook by more than {PARTED:.0e}"))?,
        }
    }
    Ok(())
}
