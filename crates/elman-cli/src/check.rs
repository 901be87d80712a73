//! `elman check`

use std::process::ExitCode;

use elman::check::{self, Agreement, Injection, Problem, TOLERANCE};
use elman::words::{counted, thousands};
use serde_json::json;

use crate::args::CheckArguments;
use crate::input::Trained;
use crate::output::{Output, Wrong};

/// The planted error, as a share of its tensor's largest derivative: a thousand times the tolerance.
const INJECTED: f64 = 1e-6;

/// The problems of one network, told as one line.
struct Line {
    name: String,
    tensors: usize,
    derivatives: usize,
    worst: Agreement,
}

pub(crate) fn run(arguments: &CheckArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let problems = match &arguments.model {
        Some(path) => {
            let (trained, name) = (Trained::open(path)?, path.display().to_string());
            match &trained {
                Trained::Model(model) => check::of_model(&name, model, arguments.seed),
                Trained::Weights(weights) => vec![check::of_weights(name, weights, arguments.seed)],
            }
        }
        None => Problem::all(arguments.seed).map_err(elman::error::Error::from)?,
    };
    let every_tensor = arguments.model.is_some() || output.options.verbose;
    if arguments.inject && problems.iter().any(|problem| problem.tensors().len() == 0) {
        return Err(Wrong(
            "--inject plants an error in a parameter's gradient, and this network has none".into(),
        )
        .into());
    }
    let injected = arguments.inject.then(|| choose(&problems, arguments.seed));
    if let Some((problem, injection)) = injected {
        let tensor = problems[problem].tensors().nth(injection.tensor).unwrap_or_default();
        let Problem { name, function, .. } = &problems[problem];
        output.note(&format!(
            "planted an error of {INJECTED:.0e} in the gradient of {tensor} ({name}; {function})"
        ));
    }

    let mut lines: Vec<Line> = Vec::new();
    let mut wrong = Vec::new();
    for (n, problem) in problems.iter().enumerate() {
        let injection = injected.filter(|&(problem, _)| problem == n).map(|(_, injection)| injection);
        for agreement in problem.check(injection) {
            // Written so that an error that is not a number counts.
            if agreement.error.is_nan() || agreement.error > TOLERANCE {
                wrong.push(format!(
                    "{} of {} ({}): relative error {:.1e}",
                    agreement.tensor, problem.name, problem.function, agreement.error
                ));
            }
            add(&mut lines, &problem.name, agreement, every_tensor);
        }
    }
    print(&lines, every_tensor, output)?;
    let derivatives: usize = lines.iter().map(|line| line.derivatives).sum();
    if wrong.is_empty() {
        if !output.options.json {
            let compared = thousands(derivatives);
            output.line(format_args!(
                "{compared} derivatives agree with dual numbers within {TOLERANCE:.0e}"
            ))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    anyhow::bail!(
        "{} wrong by more than {TOLERANCE:.0e}: {}",
        counted(wrong.len(), "gradient"),
        wrong.join("; ")
    )
}

/// The problem and the tensor to plant an error in.
fn choose(problems: &[Problem], seed: u64) -> (usize, Injection) {
    // Any mixing will do that lets neighbouring seeds meet different tensors.
    let mixed = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
    let problem = (mixed % problems.len() as u64) as usize;
    let tensors = problems[problem].tensors().len() as u64;
    (problem, Injection { tensor: (mixed / 1000 % tensors) as usize, share: INJECTED })
}

/// Adds a tensor to the line of its network, or to a line of its own.
fn add(lines: &mut Vec<Line>, name: &str, agreement: Agreement, every_tensor: bool) {
    let same =
        |line: &&mut Line| line.name == name && (!every_tensor || line.worst.tensor == agreement.tensor);
    match lines.iter_mut().find(same) {
        Some(line) => {
            line.tensors += 1;
            line.derivatives += agreement.compared;
            if agreement.error > line.worst.error {
                line.worst = agreement;
            }
        }
        None => {
            let (name, derivatives) = (name.to_owned(), agreement.compared);
            lines.push(Line { name, tensors: 1, derivatives, worst: agreement });
        }
    }
}

fn print(lines: &[Line], every_tensor: bool, output: &mut Output) -> anyhow::Result<()> {
    if output.options.json {
        for line in lines {
            output.json(&json!({
                "network": line.name,
                "tensors": line.tensors,
                "derivatives": line.derivatives,
                "worst_tensor": line.worst.tensor,
                "worst_relative_error": line.worst.error,
            }))?;
        }
        return Ok(());
    }
    let mut rows = Vec::new();
    if every_tensor {
        rows.push(["tensor", "of", "entries", "compared", "worst relative error"].map(String::from).to_vec());
    } else {
        rows.push(
            ["network", "derivatives", "worst tensor", "worst relative error"].map(String::from).to_vec(),
        );
    }
    for Line { name, derivatives, worst, .. } in lines {
        let error = format!("{:.1e}", worst.error);
        let (compared, tensor) = (thousands(*derivatives), worst.tensor.clone());
        rows.push(if every_tensor {
            vec![tensor, name.clone(), thousands(worst.entries), compared, error]
        } else {
            vec![name.clone(), compared, tensor, error]
        });
    }
    output.table(&rows)
}
