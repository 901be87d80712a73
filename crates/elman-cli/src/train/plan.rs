//! A run before it begins: its data, its options and its files, read and checked.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use elman::error::Error;
use elman::file::{self, Lock};
use elman::model::is_written_by_elman;
use elman::recipe::Recipe;
use elman::search::Open;
use elman::sequence::Sequences;
use elman::table::Table;
use elman::task::{HeldOut, Layout, Prepared, Scale, Task, TaskName, TaskOptions};
use elman::train::{Checkpointer, Identity, RangeTest, fingerprint};
use elman::tune::Halving;
use elman::words::{counted, quoted};
use serde_json::json;

use super::options::TrainOptions;
use super::source::{Played, Source, source};
use super::tune::{self, Tuning};
use crate::args::TrainArguments;
use crate::output::{Output, Wrong};
use crate::report::inside;
use crate::{input, report};

/// Everything about a run that has been read and checked.
pub(super) struct Plan {
    pub(super) prepared: Prepared,
    pub(super) task_options: TaskOptions,
    pub(super) recipe: Recipe,
    /// What of the recipe is yet to be chosen.
    pub(super) open: Option<Open>,
    /// How the recipe is to be tuned, if it is.
    pub(super) tuning: Option<Tuning>,
    /// What was tried then.
    pub(super) trials: Option<report::Trials>,
    /// Is the learning rate to be found?
    pub(super) finds_rate: bool,
    /// How it was found.
    pub(super) range_test: Option<RangeTest>,
    pub(super) test: Option<(Table, HeldOut)>,
    /// As the user named it.
    pub(super) data: Option<PathBuf>,
    /// Of recordings, what has to be said to answer what went into the device.
    pub(super) played: Option<Played>,
    pub(super) model: PathBuf,
    pub(super) report: Option<PathBuf>,
    /// The number of the sequence, from 0, whose states it shows.
    pub(super) report_sequence: usize,
    pub(super) checkpoint: PathBuf,
    pub(super) checkpoint_epochs: Option<u64>,
    pub(super) checkpoint_every: Option<Duration>,
    pub(super) resume: bool,
}

/// Reads the data and settles every option, before anything is computed or written. With the plan comes the right to
/// write its files.
pub(super) fn plan(
    arguments: TrainArguments,
    halving: Option<Halving>,
    output: &Output,
) -> anyhow::Result<(Plan, Lock)> {
    let Source { task, data, table, sound, played } = source(&arguments)?;
    let mut options = match &arguments.config {
        Some(path) => arguments.options.with_file(path)?,
        None => arguments.options,
    };
    if let Some(preset) = arguments.preset {
        options.set_hidden_size(preset.hidden_size())?;
    }
    let given = options.given()?;
    let (is_patient, is_burned_in) = (given.contains("patience"), given.contains("burn-in"));
    let open = options.take_search(task);
    let mut with_validation = options.clone().with_validation(tune::VALIDATION);
    let (burn_in, skip) = (options.burn_in(), options.skip());
    let take_task = |options: &mut TrainOptions| {
        let mut task_options = options.take_task(task)?;
        if let TaskOptions::Label(options) = &mut task_options {
            options.sound = sound.clone();
            options.burn_in = burn_in;
            options.skip = skip;
        }
        anyhow::Ok(task_options)
    };
    let task_options = take_task(&mut options)?;
    let (checkpoint_epochs, checkpoint_every) = options.take_checkpoints()?;
    output.remarks(table.remarks());
    let model = arguments.output.unwrap_or_else(|| input::default_model_path(data.as_deref()));
    let checkpoint = file::with_added_extension(&model, "checkpoint");
    let mut prepared = Task::prepare(&table, &task_options)?;
    if arguments.resume
        && let Some(as_begun) = as_begun_before_levels(&table, &task_options, &prepared, &checkpoint)?
    {
        prepared = as_begun;
    }
    output.remarks(&prepared.remarks);
    let tuning = match halving {
        None => None,
        Some(halving) => {
            let prepared = if given.contains("validation") {
                None
            } else {
                let mut task_options = take_task(&mut with_validation)?;
                // Another part to learn from may be at another level: what is searched is the same network.
                if let TaskOptions::Label(options) = &mut task_options
                    && options.sound.is_some()
                {
                    options.skip = options.skip.or(Some(prepared.task.kind().recipe().skip));
                }
                Some(Task::prepare(&table, &task_options)?)
            };
            Some(Tuning { halving, given, prepared })
        }
    };
    let test_data = options.take_test_data(&prepared.task);
    if sound.is_some() && test_data.is_some() {
        let message = "--test-data names a table; of recordings the last part is the test, as large as --test says, and another \
                       pair is what elman evaluate MODEL --audio input.wav target.wav measures the model on";
        return Err(Wrong(message.into()).into());
    }
    let finds_rate = options.finds_learning_rate();
    if finds_rate && tuning.is_some() {
        let message =
            "--learning-rate auto has no meaning where rates are tried; leave it out, or give a number";
        return Err(Wrong(message.into()).into());
    }
    let mut recipe = options.take_recipe(&prepared.task)?;
    // Patience that nobody asked for is not missed where there is nothing to wait for.
    if prepared.validation.is_empty() && !is_patient {
        recipe.train.patience = None;
    }
    // Nor is what would be burned in of sequences that are too short for it.
    if !is_burned_in && is_too_short(&prepared, recipe.train.burn_in) {
        recipe.train.burn_in = 0;
    }
    options.check_all_taken(&prepared.task)?;
    let report_sequence = report_sequence(arguments.report_sequence, &prepared)?;
    let test = test(task, test_data.as_deref(), table, &prepared, output)?;
    let read: Vec<PathBuf> =
        data.iter().chain(&arguments.audio).chain(&test_data).chain(&arguments.config).cloned().collect();
    let resume = arguments.resume;
    let lock = check_files(&read, &model, &checkpoint, arguments.report.as_deref(), arguments.force)?;
    check_resume(resume, &model, &checkpoint, tuning.is_some())?;
    let plan = Plan {
        prepared,
        task_options,
        recipe,
        open,
        tuning,
        trials: None,
        finds_rate,
        range_test: None,
        test,
        data,
        played,
        model,
        report: arguments.report,
        report_sequence,
        checkpoint,
        checkpoint_epochs,
        checkpoint_every,
        resume,
    };
    Ok((plan, lock))
}

/// Would nothing of a training sequence, or of all that are for validation, be left if so many timesteps were burned in?
fn is_too_short(prepared: &Prepared, burn_in: usize) -> bool {
    if burn_in == 0 {
        return false;
    }
    let size = prepared.task.kind().input_size();
    let lengths = |sequences: &Sequences| -> Vec<usize> {
        (0..sequences.len()).map(|n| sequences.length(n, size)).collect()
    };
    let validation = lengths(&prepared.validation);
    lengths(&prepared.train).into_iter().any(|length| length <= burn_in)
        || !validation.is_empty() && validation.into_iter().all(|length| length <= burn_in)
}

/// The data of the run that left a checkpoint, where they are recordings and it was begun when those were learned as they
/// are, not yet at a level that suits a network.
fn as_begun_before_levels(
    table: &Table,
    options: &TaskOptions,
    prepared: &Prepared,
    checkpoint: &Path,
) -> Result<Option<Prepared>, Error> {
    let TaskOptions::Label(options) = options else { return Ok(None) };
    // A checkpoint that cannot be read is told of where it is taken up.
    let Ok(Some(begun)) = Identity::of_checkpoint(checkpoint) else { return Ok(None) };
    let is_of = |prepared: &Prepared| begun.is_of_data(fingerprint([&prepared.train, &prepared.validation]));
    if options.sound.is_none() || options.scale.is_some() || is_of(prepared) {
        return Ok(None);
    }
    let as_they_are = options.clone().with_scale(Scale::None);
    Ok(Some(Task::prepare(table, &TaskOptions::Label(as_they_are))?).filter(is_of))
}

/// The number of the sequence, from 0, whose states a report shows.
fn report_sequence(asked: Option<NonZeroUsize>, prepared: &Prepared) -> Result<usize, Wrong> {
    let Some(asked) = asked else { return Ok(0) };
    let (sequences, of) = inside::looked_at(prepared);
    if asked.get() > sequences.len() {
        let count = counted(sequences.len(), &format!("{of} sequence"));
        let are = if sequences.len() == 1 { "is" } else { "are" };
        return Err(Wrong(format!(
            "--report-sequence is {asked}, and there {are} {count}; give one of them"
        )));
    }
    Ok(asked.get() - 1)
}

/// What the model is tested on: a table of its own, or what was kept back of the one it learns from.
fn test(
    task: TaskName,
    test_data: Option<&Path>,
    table: Table,
    prepared: &Prepared,
    output: &Output,
) -> anyhow::Result<Option<(Table, HeldOut)>> {
    match (test_data, &prepared.held_out) {
        (Some(path), None) => {
            let test = input::table(task, Some(path))?;
            output.remarks(test.remarks());
            if let Some(what) = shared_rows(&test, &table, &ids(&prepared.task)) {
                output.remark(&format!(
                    "{what}: its figures tell how well the training data are remembered, not how well others will be \
                     predicted",
                ));
            }
            Ok(Some((test, HeldOut::All)))
        }
        (Some(_), Some(_)) => Err(Wrong("--test and --test-data both name a test; give one".into()).into()),
        (None, held_out) => Ok(held_out.clone().map(|held_out| (table, held_out))),
    }
}

/// The columns that tell sequences or series apart.
fn ids(task: &Task) -> Vec<String> {
    match (task.kind().layout(), task.kind().grouped_by()) {
        (Layout::Long(ids), _) => ids.clone(),
        (_, Some(grouping)) => grouping.ids.clone(),
        _ => Vec::new(),
    }
}

/// What is to be said of a test whose rows, or most of them, are those of training.
fn shared_rows(test: &Table, training: &Table, ids: &[String]) -> Option<String> {
    let (name, of, rows) = (test.name(), training.name(), test.num_rows());
    if test.is_same(training) {
        return Some(format!("{name} holds the same rows as {of}"));
    }
    if test.is_same_but_for(training, ids) {
        return Some(format!("{name} holds the same rows as {of}, but for {}", quoted(ids)));
    }
    let shared = test.rows_among(training);
    (2 * shared > rows).then(|| format!("{shared} of {rows} rows of {name} stand in {of} as well"))
}

/// Refuses to write over what is read, or is not elman's, and takes the right to write the model.
fn check_files(
    read: &[PathBuf],
    model: &Path,
    checkpoint: &Path,
    report: Option<&Path>,
    force: bool,
) -> anyhow::Result<Lock> {
    input::refuse_standard_output(model, "-o")?;
    input::refuse_overwriting(model, read)?;
    if let Some(report) = report {
        input::refuse_overwriting(report, read.iter().map(PathBuf::as_path).chain([model, checkpoint]))?;
        report::check_place(report, force)?;
    }
    input::refuse_foreign(model, "a model", force, is_written_by_elman)?;
    file::check_writable(model).map_err(Error::from)?;
    Ok(file::lock(model).map_err(Error::from)?)
}

/// Neither a run that has not ended nor one that has is done anew by mistake.
fn check_resume(resume: bool, model: &Path, checkpoint: &Path, is_tuned: bool) -> anyhow::Result<()> {
    let journal = Some(tune::journal(model)).filter(|journal| is_tuned && journal.exists());
    let begun = Some(checkpoint.to_owned()).filter(|checkpoint| checkpoint.exists()).or(journal);
    match (resume, begun) {
        (false, Some(begun)) => bail!(
            "{} holds a run that has not ended: add --resume to go on with it, or remove it to start anew",
            begun.display()
        ),
        (true, None) if model.is_file() => bail!(
            "{} is there and {} is not: its run has ended, and there is nothing to resume; leave out --resume to train \
             anew",
            model.display(),
            checkpoint.display()
        ),
        _ => Ok(()),
    }
}

pub(super) fn checkpointer(plan: &Plan) -> Result<Checkpointer, Error> {
    let identity = identity(plan, &plan.recipe, data_of(plan))?;
    Ok(Checkpointer::new(plan.checkpoint.clone(), plan.checkpoint_epochs, plan.checkpoint_every, identity))
}

/// What tells the plan's run from others, if it is one of this recipe.
pub(super) fn identity(plan: &Plan, recipe: &Recipe, data: u32) -> Result<Identity, Error> {
    Ok(Identity::new(&json!({ "task": plan.task_options, "recipe": recipe }), data)?)
}

/// The fingerprint of the plan's data.
pub(super) fn data_of(plan: &Plan) -> u32 {
    fingerprint([&plan.prepared.train, &plan.prepared.validation])
}
