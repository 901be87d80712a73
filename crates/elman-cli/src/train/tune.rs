//! `elman tune`: the search for a recipe by successive halving, as it is shown, and the file from which it can go on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::bail;
use elman::error::Error;
use elman::file;
use elman::recipe::Recipe;
use elman::search::candidates;
use elman::task::{LossUnit, Prepared};
use elman::train::{Identity, fingerprint};
use elman::tune::{Halving, Progress, Space, Trial, Tuned, tune};
use elman::words::counted;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::ending::remove;
use super::interrupt::Interrupt;
use super::plan::Plan;
use super::{search, shown_in};
use crate::output::{Output, Wrong, figure, quoted};
use crate::report::Trials;

/// The share of the data that tells trials apart, unless another is given.
pub(super) const VALIDATION: f64 = 0.2;

/// What is to be tuned, beside the plan of the training that follows.
pub(super) struct Tuning {
    pub(super) halving: Halving,
    /// The options that are given, as they are spelt on the command line.
    pub(super) given: BTreeSet<String>,
    /// The data with a validation part; that of the plan where it has one.
    pub(super) prepared: Option<Prepared>,
}

/// The file beside the model that keeps the losses of trials.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Journal {
    identity: Identity,
    /// Of each trial, the losses at the ends of its rungs; null if it diverged.
    losses: Vec<Vec<Option<f64>>>,
}

/// Where the losses of a search are kept for the model that will come of it.
pub(super) fn journal(model: &Path) -> PathBuf {
    file::with_added_extension(model, "tune")
}

impl Journal {
    /// The losses that a journal of this search holds; none if there is no such file.
    fn read(path: &Path, identity: &Identity) -> anyhow::Result<Vec<Vec<f64>>> {
        if !path.exists() {
            return Ok(Vec::new());
        }
        let bytes = file::read(path).map_err(Error::from)?;
        let Ok(journal) = serde_json::from_slice::<Journal>(&bytes) else {
            bail!("{} is no file of a search, or damaged; remove it to start anew", path.display());
        };
        if journal.identity.count_differences(identity) > 0 {
            bail!(
                "{} belongs to a search with other options or data: repeat that command, or remove the file to start anew",
                path.display()
            );
        }
        let losses = |losses: Vec<Option<f64>>| losses.into_iter().map(|loss| loss.unwrap_or(f64::INFINITY));
        Ok(journal.losses.into_iter().map(|trial| losses(trial).collect()).collect())
    }

    fn write(path: &Path, identity: &Identity, trials: &[Trial]) -> anyhow::Result<()> {
        let finite = |loss: &f64| Some(*loss).filter(|loss| loss.is_finite());
        let losses = trials.iter().map(|trial| trial.losses.iter().map(finite).collect()).collect();
        let journal = Journal { identity: identity.clone(), losses };
        file::write(path, &serde_json::to_vec(&journal)?).map_err(Error::from)?;
        Ok(())
    }
}

/// The recipe to be trained and what was tried, or none if the user has said stop.
pub(super) fn choose(
    plan: &Plan,
    tuning: &Tuning,
    interrupt: &Interrupt,
    output: &mut Output,
) -> anyhow::Result<Option<(Recipe, Trials)>> {
    let prepared = tuning.prepared.as_ref().unwrap_or(&plan.prepared);
    tuning.halving.check().map_err(Error::from)?;
    let mut bases = match plan.open {
        Some(open) => candidates(&plan.recipe, open, prepared),
        None => Vec::new(),
    };
    if bases.is_empty() {
        bases.push(plan.recipe.clone());
    }
    // Trials are single networks.
    let ensemble = std::mem::replace(&mut bases[0].ensemble, 1);
    bases.iter_mut().for_each(|base| base.ensemble = 1);
    let is_given = |option: &str| tuning.given.contains(&option.replace('_', "-"));
    let space = Space::unless_given(is_given);
    let recipes = space.draw(&bases, prepared, tuning.halving.trials);
    let halving = tuning.halving.with_trials(recipes.len());
    if recipes.len() < 2 {
        let why = "every option that a search could choose is given; leave one out, or use train";
        return Err(Wrong(why.into()).into());
    }
    if halving != tuning.halving {
        output.note(&format!("note: what is open makes {} and no more", counted(recipes.len(), "recipe")));
    }

    let journal = journal(&plan.model);
    let Halving { trials, factor, .. } = tuning.halving;
    let what = json!({ "task": plan.task_options, "recipes": bases, "trials": trials, "factor": factor });
    let data = fingerprint([&prepared.train, &prepared.validation]);
    let identity = Identity::new(&what, data)?;
    let known = if plan.resume { Journal::read(&journal, &identity)? } else { Vec::new() };
    let count: usize = known.iter().map(Vec::len).sum();
    if count > 0 {
        output.note(&format!("{} of {} taken up", counted(count, "result"), journal.display()));
    }

    let unit = shown_in(&prepared.task, &plan.recipe.train.loss);
    let bar = if output.options.quiet { ProgressBar::hidden() } else { ProgressBar::new(1) };
    if let Ok(style) = ProgressStyle::with_template("{bar:20} {msg}") {
        bar.set_style(style);
    }
    let (started, mut written, mut failed) = (Instant::now(), count, None);
    let mut told = 0;
    let tuned = tune(prepared, &recipes, &halving, &known, &mut |progress: Progress<'_>| {
        let count: usize = progress.trials.iter().map(|trial| trial.losses.len()).sum();
        if count > written {
            written = count;
            failed = interrupt
                .undisturbed(|| Journal::write(&journal, &identity, progress.trials))
                .err()
                .or(failed.take());
        }
        show(&bar, &progress, unit);
        let rung = progress.rungs[progress.rung];
        if bar.is_hidden() && progress.ended == rung.trials && told <= progress.rung {
            told = progress.rung + 1;
            output.note(&rung_line(&progress, unit));
        }
        interrupt.control()
    });
    bar.finish_and_clear();
    if let Some(error) = failed {
        output.note(&format!("note: the search could not be kept for --resume: {error:#}"));
    }
    if tuned.is_err() {
        // There is nothing to go on with, whether or not that can be taken away.
        let _ = remove(&journal);
    }
    let Some(tuned) = tuned? else {
        if written > 0 {
            output.note(&format!(
                "{} kept; the same command with --resume goes on",
                counted(written, "result")
            ));
        }
        return Ok(None);
    };
    let recipe = tuned.trials[tuned.best].recipe.clone().with_ensemble(ensemble);
    tell(plan, tuning, (&tuned, unit), &recipe, started.elapsed().as_secs_f64(), output)?;
    Ok(Some((recipe, trials_of(&tuned, unit))))
}

/// What a report shows: those that came farthest first.
fn trials_of(tuned: &Tuned, unit: LossUnit) -> Trials {
    let mut order: Vec<usize> = (0..tuned.trials.len()).collect();
    let last = |n: usize| tuned.trials[n].losses.last().copied().unwrap_or(f64::INFINITY);
    order.sort_by(|&a, &b| {
        let rungs = |n: usize| tuned.trials[n].losses.len();
        (b == tuned.best)
            .cmp(&(a == tuned.best))
            .then(rungs(b).cmp(&rungs(a)))
            .then(last(a).total_cmp(&last(b)))
    });
    let recipe = |n: usize| {
        let Trial { recipe, losses, .. } = &tuned.trials[n];
        let untuned = if n == 0 { " (without tuning)" } else { "" };
        let shown = losses.iter().map(|loss| unit.factor * loss).collect();
        (format!("{}{untuned}", text(recipe)), shown)
    };
    Trials {
        epochs: tuned.rungs.iter().map(|rung| rung.epochs).collect(),
        recipes: order.into_iter().map(recipe).collect(),
    }
}

fn show(bar: &ProgressBar, progress: &Progress<'_>, unit: LossUnit) {
    let rung = progress.rungs[progress.rung];
    bar.set_length(rung.trials as u64);
    bar.set_position(progress.ended as u64);
    bar.set_message(format!(
        "round {} of {}: {} for {}{}",
        progress.rung + 1,
        progress.rungs.len(),
        counted(rung.trials, "trial"),
        counted(rung.epochs as usize, "epoch"),
        best(progress).map_or(String::new(), |trial| format!(", best {}", described(trial, unit))),
    ));
}

/// The best trial of the round under way.
fn best<'a>(progress: &Progress<'a>) -> Option<&'a Trial> {
    let ended = progress.trials.iter().filter(|trial| trial.losses.len() > progress.rung);
    ended.min_by(|a, b| a.losses[progress.rung].total_cmp(&b.losses[progress.rung]))
}

fn rung_line(progress: &Progress<'_>, unit: LossUnit) -> String {
    let rung = progress.rungs[progress.rung];
    let (trials, epochs) = (counted(rung.trials, "trial"), counted(rung.epochs as usize, "epoch"));
    let best = best(progress).map_or(String::new(), |trial| format!(": best {}", described(trial, unit)));
    format!("{trials} for {epochs}{best}")
}

fn described(trial: &Trial, unit: LossUnit) -> String {
    let loss = trial.losses.last().copied().unwrap_or(f64::INFINITY);
    format!("{} ({})", figure(unit.factor * loss), text(&trial.recipe))
}

/// What trials differ in, in words.
fn text(recipe: &Recipe) -> String {
    let Recipe { cell, hidden_size, num_layers, dropout, .. } = recipe;
    let layers = match num_layers {
        1 => String::new(),
        _ if *dropout == 0.0 => format!(", {num_layers} layers"),
        _ => format!(", {num_layers} layers, dropout {dropout}"),
    };
    let rate = recipe.train.learning_rate;
    let decay = match recipe.train.optimiser.weight_decay() {
        0.0 => String::new(),
        decay => format!(", weight decay {decay}"),
    };
    format!("{cell}, {}{layers}, rate {rate}{decay}", counted(*hidden_size, "unit"))
}

fn tell(
    plan: &Plan,
    tuning: &Tuning,
    (tuned, unit): (&Tuned, LossUnit),
    recipe: &Recipe,
    seconds: f64,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (first, best) = (&tuned.trials[0], &tuned.trials[tuned.best]);
    let shown = |loss: f64| figure(unit.factor * loss);
    let trials = counted(tuned.trials.len(), "recipe");
    let same_rung = |trial: &Trial| best.losses.get(trial.losses.len().wrapping_sub(1)).copied();
    let beside = match (first.losses.last(), same_rung(first)) {
        _ if tuned.best == 0 => ", the one without tuning".to_owned(),
        (Some(&loss), Some(best)) => {
            let epochs = tuned.rungs[first.losses.len() - 1].epochs;
            let epochs = counted(epochs as usize, "epoch");
            format!("; after {epochs} it had {}, the one without tuning {}", shown(best), shown(loss))
        }
        _ => String::new(),
    };
    let chosen = described(best, unit);
    output.note(&format!("chose among {trials} in {seconds:.1} s: validation loss {chosen}{beside}"));
    output.note(&format!(
        "note: the lowest loss of {} is lower than what it will be on other data; figures are of rows that no trial has seen",
        tuned.trials.len()
    ));
    output.note(&format!("the same model: {}", command(plan, tuning, recipe)));
    if output.options.json {
        let as_json = |trial: &Trial| {
            let losses: Vec<Option<f64>> =
                trial.losses.iter().map(|&loss| Some(loss).filter(|loss| loss.is_finite())).collect();
            json!({ "recipe": trial.recipe, "losses": losses })
        };
        let trials: Vec<_> = tuned.trials.iter().map(as_json).collect();
        let rungs: Vec<u64> = tuned.rungs.iter().map(|rung| rung.epochs).collect();
        output.json(&json!({ "trials": trials, "epochs": rungs, "chosen": tuned.best }))?;
    }
    Ok(())
}

/// The command that trains the chosen recipe alone: this one, with what was chosen.
fn command(plan: &Plan, tuning: &Tuning, recipe: &Recipe) -> String {
    const OWN: [&str; 2] = ["--trials", "--factor"];
    let mut words: Vec<String> = Vec::new();
    // A path need not be text.
    let mut arguments = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    while let Some(word) = arguments.next() {
        match word.as_str() {
            "tune" if !words.iter().any(|word| word == "train") => words.push("train".into()),
            "--resume" => {}
            own if OWN.contains(&own) => drop(arguments.next()),
            other if OWN.iter().any(|own| other.starts_with(&format!("{own}="))) => {}
            other => words.push(quoted(other)),
        }
    }
    let train = &recipe.train;
    let mut chosen = vec![
        ("cell", recipe.cell.to_string()),
        ("hidden-size", recipe.hidden_size.to_string()),
        ("num-layers", recipe.num_layers.to_string()),
        ("dropout", recipe.dropout.to_string()),
        ("learning-rate", train.learning_rate.to_string()),
    ];
    if train.optimiser.weight_decay() != 0.0 {
        chosen.push(("weight-decay", train.optimiser.weight_decay().to_string()));
    }
    if plan.open.is_some() {
        chosen.extend(search::chosen(recipe));
    }
    let chosen = chosen.into_iter().filter(|(option, _)| !tuning.given.contains(*option));
    words.extend(chosen.map(|(option, value)| format!("--{option}={value}")));
    words.join(" ")
}
