//! How a run ends: its model is tested, saved and told of.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::bail;
use elman::error::Error;
use elman::model::Model;
use elman::run::{Run, Useless};
use elman::task::LossUnit;
use elman::train::Ended;
use elman::words::counted;
use serde_json::json;

use super::interrupt::Interrupt;
use super::plan::Plan;
use super::{page, tune};
use crate::course::watched;
use crate::evaluate;
use crate::output::{Output, figure, message, quoted};
use crate::report::History;

/// How a run ended that did not fail.
pub(super) struct Ending<'a> {
    pub(super) ended: Ended,
    pub(super) seconds: f64,
    /// Is there a checkpoint from which it can go on?
    pub(super) is_kept: bool,
    pub(super) interrupt: &'a Interrupt,
    pub(super) history: &'a History,
}

/// Tests and saves the model, and tells how it did.
pub(super) fn finish(
    plan: &Plan,
    mut model: Model,
    ending: &Ending,
    output: &mut Output,
) -> anyhow::Result<ExitCode> {
    let Ending { ended, interrupt, .. } = ending;
    let (code, resume) = match (ended, ending.is_kept) {
        (Ended::Interrupted, true) => {
            let epoch = model.record().epochs + 1;
            (interrupt.exit_code(), format!("; the same command with --resume goes on from epoch {epoch}"))
        }
        (Ended::Interrupted, false) => (interrupt.exit_code(), String::new()),
        (Ended::Finished | Ended::Early, _) => (ExitCode::SUCCESS, String::new()),
    };
    if *ended == Ended::Interrupted && model.record().best_epoch.is_none() {
        without_model(&format!("interrupted before the first epoch ended: no model yet{resume}"), output)?;
        return Ok(code);
    }
    // First of all: whatever becomes of the test, the model is safe.
    save(plan, &model, interrupt)?;
    if let Some((table, held_out)) = &plan.test {
        let mut remarks =
            watched("tested", output, |watch| model.test_watched(&plan.prepared, table, held_out, watch))?;
        // What was said of the whole table need not be said of its test part.
        remarks.retain(|remark| !plan.prepared.remarks.contains(remark));
        output.remarks(&remarks);
        save(plan, &model, interrupt)?;
    }
    if *ended != Ended::Interrupted {
        remove(&plan.checkpoint)?;
        if plan.tuning.is_some() {
            remove(&tune::journal(&plan.model))?;
        }
    }
    let how = match ended {
        Ended::Finished => "trained",
        Ended::Early => "stopped early",
        Ended::Interrupted => "interrupted",
    };
    let epochs = counted(model.record().epochs as usize, "epoch");
    output.note(&format!("{how} after {epochs} in {:.1} s{resume}", ending.seconds));
    let told = tell(plan, &model, *ended, output);
    page::write(plan, &model, ending.history, output)?;
    match told {
        // Whoever read our output may be gone; how the run ended is still to be told.
        Err(error) if !crate::is_broken_pipe(&error) => Err(error),
        _ => Ok(code),
    }
}

/// Writes the model. Where that fails, what is left of the run is named.
fn save(plan: &Plan, model: &Model, interrupt: &Interrupt) -> Result<(), Error> {
    let saved = interrupt.undisturbed(|| model.save(&plan.model));
    if saved.is_err() && plan.checkpoint.exists() {
        let checkpoint = plan.checkpoint.display();
        message(&format!(
            "{checkpoint} is kept: once there is room, the same command with --resume goes on from it"
        ));
    }
    saved
}

/// The result on standard output.
fn tell(plan: &Plan, model: &Model, ended: Ended, output: &mut Output) -> anyhow::Result<()> {
    let (path, record) = (plan.model.display(), model.record());
    if output.options.json {
        let mut line = json!({ "model": path.to_string(), "ended": ended, "epochs": record.epochs });
        if let (Some(test), Some(line)) = (&record.test, line.as_object_mut()) {
            line.extend(evaluate::as_json(test, model.task()).as_object().cloned().unwrap_or_default());
        }
        return output.json(&line);
    }
    if let Some(test) = &record.test {
        evaluate::print(test, output)?;
    }
    output.line(format_args!("model: {path}"))?;
    output.line(format_args!("next:  {}", next_command(plan)))
}

/// Says that a run was interrupted before there was anything to keep.
pub(super) fn without_model(why: &str, output: &mut Output) -> anyhow::Result<()> {
    output.note(why);
    if output.options.json {
        output.json(&json!({ "model": null, "ended": Ended::Interrupted, "epochs": 0 }))?;
    }
    Ok(())
}

/// A finished run has no use for the files that it would have gone on from.
pub(super) fn remove(path: &Path) -> Result<(), Error> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(elman::error::FileError { action: "remove", path: path.to_owned(), error }.into())
        }
        _ => Ok(()),
    }
}

/// The command that uses the model, as this program was called.
fn next_command(plan: &Plan) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "elman".into());
    let command = if plan.prepared.task.name().facts().reads_text { "generate" } else { "predict" };
    let words = [program.as_str(), command].map(str::to_owned).into_iter();
    let shown = |path: &PathBuf| path.display().to_string();
    let files: Vec<String> = match &plan.played {
        Some(played) => std::iter::once(shown(&plan.model)).chain(played.words()).collect(),
        None if command == "generate" => vec![shown(&plan.model)],
        None => std::iter::once(&plan.model).chain(&plan.data).map(shown).collect(),
    };
    words.chain(files).map(|word| quoted(&word)).collect::<Vec<_>>().join(" ")
}

/// A run that has diverged leaves no model. One that is merely poor is told.
pub(super) fn check_useful(run: &Run<'_>, unit: LossUnit, output: &Output) -> anyhow::Result<()> {
    let Some(Useless { has_diverged, loss, naive, .. }) = run.useless() else { return Ok(()) };
    let what = format!(
        "its loss is {}, and that of always answering the same {}; try a lower --learning-rate",
        figure(unit.factor * loss),
        figure(unit.factor * naive)
    );
    if has_diverged {
        bail!("training diverged, so no model was written: {what}");
    }
    output.remark(&format!("the model has learned nothing: {what}"));
    Ok(())
}

/// After a failure: the parameters of the last good epoch are worth having, if they have learned anything.
pub(super) fn keep_the_last_good(plan: &Plan, run: &Run<'_>, output: &Output) -> Result<(), Error> {
    let Some(best) = run.progress().best() else { return Ok(()) };
    if best.loss >= run.naive_loss() {
        output.note("no model was written: none of its epochs was better than always answering the same");
        return Ok(());
    }
    run.model(None)?.save(&plan.model)?;
    output.note(&format!("kept the model of epoch {} in {}", best.epoch + 1, plan.model.display()));
    Ok(())
}
