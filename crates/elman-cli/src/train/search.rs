//! The choice of a recipe, as it is shown.

use std::time::Instant;

use elman::error::Error;
use elman::network::PoolingKind;
use elman::recipe::Recipe;
use elman::search::{Choice, Open, Progress, Tried, candidates, choose as choose_among};
use elman::train::Identity;
use elman::words::counted;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::interrupt::Interrupt;
use super::plan::{Plan, data_of, identity};
use crate::output::{Output, figure};

/// The recipe to be trained, or none if the user has said stop.
pub(super) fn choose(
    plan: &Plan,
    open: Open,
    interrupt: &Interrupt,
    output: &mut Output,
) -> anyhow::Result<Option<Recipe>> {
    let candidates = candidates(&plan.recipe, open, &plan.prepared);
    if candidates.is_empty() {
        // Whatever is wrong with the recipe will be said of itself.
        return Ok(Some(plan.recipe.clone()));
    }
    if let Some((recipe, differences)) = begun(plan, &candidates)? {
        if differences == 0 {
            output.note(&format!("{} were chosen before", text(recipe)));
        }
        return Ok(Some(recipe.clone()));
    }
    let bar = if output.options.quiet { ProgressBar::hidden() } else { ProgressBar::new(1000) };
    if let Ok(style) = ProgressStyle::with_template("{bar:20} {msg}") {
        bar.set_style(style);
    }
    let (started, mut told) = (Instant::now(), 0);
    let choice = choose_among(&plan.prepared, &candidates, &mut |progress: Progress<'_>| {
        bar.set_position((1000.0 * progress.done) as u64);
        if let Some(recipe) = progress.trying {
            let (number, of) = (progress.tried.len() + 1, progress.candidates);
            bar.set_message(format!("recipe {number} of {of}: {}", text(recipe)));
        }
        if bar.is_hidden() {
            progress.tried[told..].iter().for_each(|tried| output.note(&line(tried)));
            told = progress.tried.len();
        }
        interrupt.control()
    });
    bar.finish_and_clear();
    let Some(choice) = choice? else { return Ok(None) };
    let recipe = choice.recipe().clone();
    if choice.tried.len() > 1 {
        tell(&choice, started.elapsed().as_secs_f64(), output)?;
    }
    Ok(Some(recipe))
}

/// The candidate that a run which is to be resumed has begun with; where it was another run, the candidate that it
/// differs from in the fewest options, and in how many. None if nothing is to be resumed.
fn begun<'a>(plan: &Plan, candidates: &'a [Recipe]) -> Result<Option<(&'a Recipe, usize)>, Error> {
    let saved = if plan.resume { Identity::of_checkpoint(&plan.checkpoint)? } else { None };
    let Some(saved) = saved else { return Ok(None) };
    let data = data_of(plan);
    let differences = |recipe| Ok((recipe, identity(plan, recipe, data)?.count_differences(&saved)));
    let all = candidates.iter().map(differences).collect::<Result<Vec<_>, Error>>()?;
    Ok(all.into_iter().min_by_key(|&(_, differences)| differences))
}

fn tell(choice: &Choice, seconds: f64, output: &mut Output) -> anyhow::Result<()> {
    let recipe = text(choice.recipe());
    let (recipes, folds) =
        (counted(choice.tried.len(), "recipe"), counted(choice.tried[0].losses.len(), "fold"));
    output.note(&format!("chose {recipe} among {recipes}, each tried on {folds}, in {seconds:.1} s"));
    if output.options.json {
        let tried: Vec<_> = choice.tried.iter().map(as_json).collect();
        output.json(&json!({ "tried": tried, "chosen": choice.chosen }))?;
    }
    Ok(())
}

fn line(tried: &Tried) -> String {
    format!("tried {}: loss {}", text(&tried.recipe), figure(tried.loss))
}

fn as_json(tried: &Tried) -> serde_json::Value {
    let Recipe { patch, bidirectional, pooling, .. } = &tried.recipe;
    json!({ "patch": patch, "bidirectional": bidirectional, "pooling": pooling, "loss": tried.loss, "losses": tried.losses })
}

/// The options that make a chosen recipe the only one, without a search.
pub(super) fn chosen(recipe: &Recipe) -> Vec<(&'static str, String)> {
    vec![
        ("patch", recipe.patch.to_string()),
        ("bidirectional", recipe.bidirectional.to_string()),
        ("pooling", recipe.pooling.to_string()),
        ("ensemble", recipe.ensemble.to_string()),
        ("validation", "0".into()),
        ("search", "false".into()),
    ]
}

/// What is open to choice of a recipe, in words.
fn text(recipe: &Recipe) -> String {
    let patch = match recipe.patch {
        1 => "no patches".into(),
        len => format!("patches of {len}"),
    };
    let directions = if recipe.bidirectional { "both directions" } else { "one direction" };
    let pooling = match recipe.pooling {
        PoolingKind::Last => "final states".into(),
        kind => format!("{kind} over time"),
    };
    format!("{patch}, {directions}, {pooling}")
}
