//! `elman train`

mod config_file;
pub(crate) mod options;
mod search;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use elman::error::Error;
use elman::file;
use elman::model::Model;
use elman::recipe::Recipe;
use elman::run::Run;
use elman::search::Open;
use elman::table::{Table, nearest};
use elman::task::{HeldOut, Prepared, Task, TaskName, TaskOptions};
use elman::train::{Checkpointer, Ended, Identity, fingerprint};
use elman::words::{counted, listed};
use serde_json::json;

use self::watch::{Interrupt, JsonLog, Progress};
use crate::args::TrainArguments;
use crate::output::{Output, Wrong};
use crate::{evaluate, input, inspect};

/// Everything about a run that has been read and checked.
struct Plan {
    prepared: Prepared,
    task_options: TaskOptions,
    recipe: Recipe,
    /// What of the recipe is yet to be chosen.
    open: Option<Open>,
    test: Option<(Table, HeldOut)>,
    /// As the user named it.
    data: Option<PathBuf>,
    model: PathBuf,
    checkpoint: PathBuf,
    checkpoint_epochs: Option<u64>,
    checkpoint_every: Option<Duration>,
    resume: bool,
}

pub(crate) fn run(arguments: TrainArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let mut plan = plan(arguments, output)?;
    let mut interrupt = Interrupt::listen()?;
    if let Some(open) = plan.open {
        check_test(&plan, &Run::new(&plan.recipe, &plan.prepared)?)?;
        match search::choose(&plan, open, &interrupt, output)? {
            Some(recipe) => plan.recipe = recipe,
            None => return without_model("interrupted before a recipe was chosen: no model yet", output),
        }
    }
    train(&plan, &mut interrupt, output)
}

/// Reads the data and settles every option, before anything is computed or written.
fn plan(arguments: TrainArguments, output: &Output) -> anyhow::Result<Plan> {
    let (task, data) = task_and_data(arguments.task, arguments.data)?;
    let mut options = match &arguments.config {
        Some(path) => arguments.options.with_file(path)?,
        None => arguments.options,
    };
    let table = input::table(data.as_deref())?;
    let open = options.take_search(task);
    let task_options = options.take_task(task)?;
    let (checkpoint_epochs, checkpoint_every) = options.take_checkpoints()?;
    output.remarks(table.remarks());
    let prepared = Task::prepare(&table, &task_options)?;
    output.remarks(&prepared.remarks);
    let test_data = options.take_test_data(&prepared.task);
    let recipe = options.take_recipe(&prepared.task);
    options.check_all_taken(&recipe, &prepared.task)?;
    let test = match (&test_data, &prepared.held_out) {
        (Some(path), None) => Some((Table::open(path).map_err(Error::from)?, HeldOut::All)),
        (Some(_), Some(_)) => {
            return Err(Wrong("--test and --test-data both name a test; give one".into()).into());
        }
        (None, held_out) => held_out.clone().map(|held_out| (table, held_out)),
    };
    let model = arguments.output.unwrap_or_else(|| input::default_model_path(data.as_deref()));
    let read = data.iter().chain(&test_data).chain(&arguments.config);
    input::refuse_overwriting(&model, read)?;
    file::check_writable(&model).map_err(Error::from)?;
    let checkpoint = file::with_added_extension(&model, "checkpoint");
    let resume = arguments.resume;
    if checkpoint.exists() && !resume {
        bail!(
            "{} holds a run that has not ended: add --resume to go on with it, or remove it to start anew",
            checkpoint.display()
        );
    }
    Ok(Plan {
        prepared,
        task_options,
        recipe,
        open,
        test,
        data,
        model,
        checkpoint,
        checkpoint_epochs,
        checkpoint_every,
        resume,
    })
}

/// `[TASK] [DATA]`: the task may be left out.
fn task_and_data(
    first: Option<String>,
    second: Option<PathBuf>,
) -> Result<(TaskName, Option<PathBuf>), Wrong> {
    let usual = TaskName::ALL[0];
    let Some(first) = first else { return Ok((usual, None)) };
    if let Some(&task) = TaskName::ALL.iter().find(|task| task.name() == first) {
        if second.is_none() && task != usual {
            return Err(Wrong(format!("name the DATA to {task}: the built-in data are for a {usual}")));
        }
        return Ok((task, second));
    }
    let names = || TaskName::ALL.iter().map(|task| task.name());
    let looks_like_file = first.contains(['.', '/', '\\']) || first == "-" || Path::new(&first).exists();
    let looks_like_task = second.is_some() || (nearest(&first, names()).is_some() && !looks_like_file);
    if looks_like_task {
        let hint = nearest(&first, names()).map_or(String::new(), |task| format!(" (did you mean {task}?)"));
        let tasks = listed(names(), "and");
        return Err(Wrong(format!("there is no task {first:?}{hint}; tasks are {tasks}")));
    }
    Ok((usual, Some(first.into())))
}

fn train(plan: &Plan, interrupt: &mut Interrupt, output: &mut Output) -> anyhow::Result<ExitCode> {
    let mut run = Run::new(&plan.recipe, &plan.prepared)?;
    let mut checkpointer = checkpointer(plan)?;
    if plan.resume {
        if run.resume(&checkpointer)? {
            let (epoch, batch) = (run.progress().epoch() + 1, run.progress().batch() + 1);
            output.note(&format!("resumed at epoch {epoch}, batch {batch}"));
        } else {
            output.note(&format!("there is no {}: starting anew", plan.checkpoint.display()));
        }
    }
    let sequences = counted(plan.prepared.train.len(), "sequence");
    output.note(&format!("{}: {}", plan.prepared.data, plan.prepared.task.kind().describe()));
    let parameters = counted(run.network().layout().len(), "parameter");
    let each = match plan.recipe.ensemble {
        1 => String::new(),
        members => format!(" in each of {members} members"),
    };
    output.note(&format!("{}; {parameters}{each}, {sequences}", inspect::network_text(run.network())));
    check_test(plan, &run)?;
    let started = Instant::now();
    let batches_before = run.progress().epoch() * run.batches_per_epoch() + run.progress().batch();
    let mut progress =
        Progress::new(output.options, plan.recipe.train.epochs, run.batches_per_epoch(), batches_before);
    let mut log = JsonLog(output);
    let result = run.train(&mut [&mut progress, &mut log, &mut checkpointer, interrupt]);
    progress.finish();
    match result {
        Ok(ended) => {
            if ended == Ended::Interrupted {
                checkpointer.save(run.progress())?;
            }
            let seconds = started.elapsed().as_secs_f64();
            finish(plan, run.model(Some(ended))?, ended, seconds, output)
        }
        Err(error) => {
            keep_the_last_good(plan, &run, output)?;
            Err(error.into())
        }
    }
}

/// Whatever is wrong with the test data shall be known before training, not after.
fn check_test(plan: &Plan, run: &Run<'_>) -> Result<(), Error> {
    match &plan.test {
        Some((table, held_out)) => run.model(None)?.evaluate(table, held_out).map(drop),
        None => Ok(()),
    }
}

fn checkpointer(plan: &Plan) -> Result<Checkpointer, Error> {
    let examples = plan.prepared.train.iter().chain(&plan.prepared.validation);
    let options = json!({ "task": plan.task_options, "recipe": plan.recipe });
    let identity = Identity::new(&options, fingerprint(examples))?;
    Ok(Checkpointer::new(plan.checkpoint.clone(), plan.checkpoint_epochs, plan.checkpoint_every, identity))
}

/// Tests and saves the model, and tells how it did.
fn finish(
    plan: &Plan,
    mut model: Model,
    ended: Ended,
    seconds: f64,
    output: &mut Output,
) -> anyhow::Result<ExitCode> {
    if ended == Ended::Interrupted && model.record().best_epoch.is_none() {
        return without_model(
            "interrupted before the first epoch ended: no model yet; --resume goes on",
            output,
        );
    }
    // First of all: whatever becomes of the test, the model is safe.
    model.save(&plan.model)?;
    if let Some((table, held_out)) = &plan.test {
        output.remarks(&model.test(&plan.prepared, table, held_out)?.remarks);
        model.save(&plan.model)?;
    }
    let resume = match ended {
        Ended::Interrupted => {
            format!("; the same command with --resume goes on from epoch {}", model.record().epochs + 1)
        }
        Ended::Finished | Ended::Early => {
            remove_checkpoint(plan)?;
            String::new()
        }
    };
    let how = match ended {
        Ended::Finished => "trained",
        Ended::Early => "stopped early",
        Ended::Interrupted => "interrupted",
    };
    let epochs = counted(model.record().epochs as usize, "epoch");
    output.note(&format!("{how} after {epochs} in {seconds:.1} s{resume}"));
    if output.options.json {
        let mut line = json!({ "model": plan.model.display().to_string(), "ended": ended, "epochs": model.record().epochs });
        if let (Some(test), Some(line)) = (&model.record().test, line.as_object_mut()) {
            line.extend(evaluate::as_json(test).as_object().cloned().unwrap_or_default());
        }
        output.json(&line)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(test) = &model.record().test {
        evaluate::print(test, output)?;
    }
    output.line(format_args!("model: {}", plan.model.display()))?;
    output.line(format_args!("next:  {}", next_command(plan)))?;
    Ok(ExitCode::SUCCESS)
}

/// Ends a run that has made nothing yet.
fn without_model(why: &str, output: &mut Output) -> anyhow::Result<ExitCode> {
    output.note(why);
    if output.options.json {
        output.json(&json!({ "model": null, "ended": Ended::Interrupted, "epochs": 0 }))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// A finished run has no use for its checkpoint.
fn remove_checkpoint(plan: &Plan) -> Result<(), Error> {
    match std::fs::remove_file(&plan.checkpoint) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(elman::error::FileError { action: "remove", path: plan.checkpoint.clone(), error }.into())
        }
        _ => Ok(()),
    }
}

/// The command that predicts, as this program was called.
fn next_command(plan: &Plan) -> String {
    let program = std::env::args().next().unwrap_or_else(|| "elman".into());
    let words = [program.as_str(), "predict"].map(str::to_owned).into_iter();
    let files = std::iter::once(&plan.model).chain(&plan.data).map(|path| path.display().to_string());
    words.chain(files).map(|word| quoted(&word)).collect::<Vec<_>>().join(" ")
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    if word.chars().all(|c| c.is_alphanumeric() || "-_./:\\".contains(c)) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// After a failure: the parameters of the last good epoch are worth having.
fn keep_the_last_good(plan: &Plan, run: &Run<'_>, output: &Output) -> Result<(), Error> {
    let Some(best) = run.progress().best() else { return Ok(()) };
    run.model(None)?.save(&plan.model)?;
    output.note(&format!("kept the model of epoch {} in {}", best.epoch + 1, plan.model.display()));
    Ok(())
}
