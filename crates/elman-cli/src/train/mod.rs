//! `elman train`

mod config_file;
pub(crate) mod interrupt;
mod keeper;
pub(crate) mod options;
mod page;
mod rate;
mod search;
mod tune;
mod watch;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::bail;
use elman::audio::{Recordings, Sound};
use elman::error::Error;
use elman::file::{self, Lock};
use elman::model::{Model, is_written_by_elman};
use elman::recipe::Recipe;
use elman::run::{Run, Useless};
use elman::search::Open;
use elman::table::{Table, nearest};
use elman::task::{HeldOut, Prepared, Task, TaskName, TaskOptions};
use elman::train::{Checkpointer, Ended, Identity, RangeTest, fingerprint};
use elman::tune::Halving;
use elman::words::{counted, listed};
use serde_json::json;

use self::interrupt::Interrupt;
use self::keeper::Keeper;
use self::options::TrainOptions;
use self::tune::Tuning;
use self::watch::{JsonLog, Progress};
use crate::args::{TrainArguments, TuneArguments};
use crate::output::{Output, Wrong, figure, message, quoted};
use crate::report::History;
use crate::{evaluate, input, inspect, report, sound};

/// Everything about a run that has been read and checked.
struct Plan {
    prepared: Prepared,
    task_options: TaskOptions,
    recipe: Recipe,
    /// What of the recipe is yet to be chosen.
    open: Option<Open>,
    /// How the recipe is to be tuned, if it is.
    tuning: Option<Tuning>,
    /// What was tried then.
    trials: Option<report::Trials>,
    /// Is the learning rate to be found?
    finds_rate: bool,
    /// How it was found.
    range_test: Option<RangeTest>,
    test: Option<(Table, HeldOut)>,
    /// As the user named it.
    data: Option<PathBuf>,
    /// Of recordings, what has to be said to answer what went into the device.
    played: Option<Played>,
    model: PathBuf,
    report: Option<PathBuf>,
    checkpoint: PathBuf,
    checkpoint_epochs: Option<u64>,
    checkpoint_every: Option<Duration>,
    resume: bool,
}

pub(crate) fn run(arguments: TrainArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    choose_and_train(arguments, None, output)
}

/// `elman tune`
pub(crate) fn tune(arguments: TuneArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let TuneArguments { trials, factor, train } = arguments;
    choose_and_train(train, Some(Halving::default().with_trials(trials).with_factor(factor)), output)
}

fn choose_and_train(
    arguments: TrainArguments,
    halving: Option<Halving>,
    output: &mut Output,
) -> anyhow::Result<ExitCode> {
    let (mut plan, lock) = plan(arguments, halving, output)?;
    let mut interrupt = Interrupt::listen(lock)?;
    rate::take_up(&mut plan, output)?;
    if plan.open.is_some() || plan.tuning.is_some() {
        check_test(&plan, &Run::new(&plan.recipe, &plan.prepared)?)?;
        interrupt.set_running(true);
        let chosen = match (&plan.tuning, plan.open) {
            (Some(tuning), _) => tune::choose(&plan, tuning, &interrupt, output)?.map(|(recipe, trials)| {
                plan.trials = Some(trials);
                recipe
            }),
            (None, Some(open)) => search::choose(&plan, open, &interrupt, output)?,
            (None, None) => Some(plan.recipe.clone()),
        };
        interrupt.set_running(false);
        match chosen {
            Some(recipe) => plan.recipe = recipe,
            None => {
                without_model("interrupted before a recipe was chosen: no model yet", output)?;
                return Ok(interrupt.exit_code());
            }
        }
    }
    if plan.finds_rate {
        let mut run = Run::new(&plan.recipe, &plan.prepared)?;
        check_test(&plan, &run)?;
        interrupt.set_running(true);
        let tested = rate::test(&mut run, &interrupt, output)?;
        interrupt.set_running(false);
        let Some(tested) = tested else {
            without_model("interrupted before a learning rate was found: no model yet", output)?;
            return Ok(interrupt.exit_code());
        };
        rate::choose(&mut plan, tested, output)?;
    }
    train(&plan, &mut interrupt, output)
}

/// Reads the data and settles every option, before anything is computed or written. With the plan comes the right to
/// write its files.
fn plan(
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
    let is_patient = given.contains("patience");
    let open = options.take_search(task);
    let mut with_validation = options.clone().with_validation(tune::VALIDATION);
    let burn_in = options.burn_in();
    let take_task = |options: &mut TrainOptions| {
        let mut task_options = options.take_task(task)?;
        if let TaskOptions::Label(options) = &mut task_options {
            options.sound = sound.clone();
            options.burn_in = burn_in;
        }
        anyhow::Ok(task_options)
    };
    let task_options = take_task(&mut options)?;
    let (checkpoint_epochs, checkpoint_every) = options.take_checkpoints()?;
    output.remarks(table.remarks());
    let prepared = Task::prepare(&table, &task_options)?;
    output.remarks(&prepared.remarks);
    let tuning = match halving {
        None => None,
        Some(halving) => {
            let prepared = if given.contains("validation") {
                None
            } else {
                Some(Task::prepare(&table, &take_task(&mut with_validation)?)?)
            };
            Some(Tuning { halving, given, prepared })
        }
    };
    let test_data = options.take_test_data(&prepared.task);
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
    options.check_all_taken(&prepared.task)?;
    let test = match (&test_data, &prepared.held_out) {
        (Some(path), None) => {
            let test = input::table(task, Some(path))?;
            output.remarks(test.remarks());
            if test.is_same(&table) {
                output.remark(&format!(
                    "{} holds the same rows as {}: its figures tell how well the training data are remembered, \
                     not how well others will be predicted",
                    test.name(),
                    table.name()
                ));
            }
            Some((test, HeldOut::All))
        }
        (Some(_), Some(_)) => {
            return Err(Wrong("--test and --test-data both name a test; give one".into()).into());
        }
        (None, held_out) => held_out.clone().map(|held_out| (table, held_out)),
    };
    let model = arguments.output.unwrap_or_else(|| input::default_model_path(data.as_deref()));
    input::refuse_standard_output(&model, "-o")?;
    let read = data.iter().chain(&arguments.audio).chain(&test_data).chain(&arguments.config);
    input::refuse_overwriting(&model, read.clone())?;
    if let Some(report) = &arguments.report {
        let checkpoint = file::with_added_extension(&model, "checkpoint");
        input::refuse_overwriting(report, read.chain([&model, &checkpoint]))?;
        report::check_place(report, arguments.force)?;
    }
    input::refuse_foreign(&model, "a model", arguments.force, is_written_by_elman)?;
    file::check_writable(&model).map_err(Error::from)?;
    let lock = file::lock(&model).map_err(Error::from)?;
    let checkpoint = file::with_added_extension(&model, "checkpoint");
    let resume = arguments.resume;
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
        checkpoint,
        checkpoint_epochs,
        checkpoint_every,
        resume,
    };
    Ok((plan, lock))
}

/// The input of the first pair of recordings, and how it was read.
struct Played {
    input: PathBuf,
    knobs: Vec<(String, f64)>,
    channel: Option<usize>,
}

impl Played {
    /// The words of a command that has it answered.
    fn words(&self) -> Vec<String> {
        let mut words = vec![self.input.display().to_string(), "-o".into(), "played.wav".into()];
        for (name, value) in &self.knobs {
            words.extend(["--knob".into(), format!("{name}={value}")]);
        }
        words.extend(self.channel.into_iter().flat_map(|channel| ["--channel".into(), channel.to_string()]));
        words
    }
}

/// What a run learns from.
struct Source {
    task: TaskName,
    /// As the user named it; of recordings the first target.
    data: Option<PathBuf>,
    table: Table,
    sound: Option<Sound>,
    played: Option<Played>,
}

fn source(arguments: &TrainArguments) -> anyhow::Result<Source> {
    let TrainArguments { audio, knob, channel, latency, preset, .. } = arguments;
    if audio.is_empty() {
        let given = [
            ("knob", !knob.is_empty()),
            ("channel", channel.is_some()),
            ("latency", latency.is_some()),
            ("preset", preset.is_some()),
        ];
        if let Some((option, _)) = given.into_iter().find(|(_, given)| *given) {
            let message =
                format!("--{option} is for sound: name what went in and what came out with --audio");
            return Err(Wrong(message).into());
        }
        let (task, data) = task_and_data(arguments.task.clone(), arguments.data.clone())?;
        let table = input::table(task, data.as_deref())?;
        return Ok(Source { task, data, table, sound: None, played: None });
    }
    if arguments.task.as_deref() != Some(TaskName::Label.name()) || arguments.data.is_some() {
        let message = "--audio is for the task label, and stands in the place of DATA: elman train label --audio \
                       input.wav target.wav";
        return Err(Wrong(message.into()).into());
    }
    let pairs = sound::pairs(audio, knob, *channel)?;
    let recordings = Recordings::new(&pairs, *latency)?;
    let data = audio.get(1).cloned();
    let played = audio.first().zip(pairs.first()).map(|(input, pair)| Played {
        input: input.clone(),
        knobs: pair.knobs.clone(),
        channel: *channel,
    });
    let sound = Some(recordings.sound().clone());
    Ok(Source { task: TaskName::Label, data, table: Table::of_recordings(recordings), sound, played })
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

/// `[TASK] [DATA]`: the task may be left out.
fn task_and_data(
    first: Option<String>,
    second: Option<PathBuf>,
) -> Result<(TaskName, Option<PathBuf>), Wrong> {
    let usual = TaskName::ALL[0];
    let Some(first) = first else { return Ok((usual, None)) };
    if let Some(&task) = TaskName::ALL.iter().find(|task| task.name() == first) {
        if second.is_none() && task != usual {
            return Err(Wrong(format!(
                "name the DATA to {}: the built-in data are for a {usual}",
                task.aim()
            )));
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
    let mut keeper = Keeper::new(checkpointer(plan)?);
    if plan.resume {
        if run.resume(keeper.checkpointer())? {
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
    let unit = plan.prepared.task.kind().loss_unit();
    let mut progress = Progress::new(
        output.options,
        unit,
        plan.recipe.train.epochs,
        run.batches_per_epoch(),
        &run.progress(),
    );
    interrupt.set_running(true);
    let mut log = JsonLog(output, unit);
    let mut history = History::new(unit);
    let result = run.train(&mut [&mut progress, &mut log, &mut history, &mut keeper, interrupt]);
    progress.finish();
    match result {
        Ok(ended) => {
            let is_kept =
                ended == Ended::Interrupted && interrupt.undisturbed(|| keeper.save(run.progress()));
            interrupt.set_running(false);
            if ended != Ended::Interrupted {
                check_useful(&run, output)?;
            }
            let seconds = started.elapsed().as_secs_f64();
            let ending = Ending { ended, seconds, is_kept, interrupt, history: &history };
            finish(plan, run.model(Some(ended))?, &ending, output)
        }
        Err(error) => {
            keep_the_last_good(plan, &run, output)?;
            Err(error.into())
        }
    }
}

/// How a run ended that did not fail.
struct Ending<'a> {
    ended: Ended,
    seconds: f64,
    /// Is there a checkpoint from which it can go on?
    is_kept: bool,
    interrupt: &'a Interrupt,
    history: &'a History,
}

/// Whatever is wrong with the test data shall be known before training, not after.
fn check_test(plan: &Plan, run: &Run<'_>) -> Result<(), Error> {
    match &plan.test {
        Some((table, held_out)) => run.model(None)?.evaluate(table, held_out).map(drop),
        None => Ok(()),
    }
}

fn checkpointer(plan: &Plan) -> Result<Checkpointer, Error> {
    let identity = identity(plan, &plan.recipe, data_of(plan))?;
    Ok(Checkpointer::new(plan.checkpoint.clone(), plan.checkpoint_epochs, plan.checkpoint_every, identity))
}

/// What tells the plan's run from others, if it is one of this recipe.
fn identity(plan: &Plan, recipe: &Recipe, data: u32) -> Result<Identity, Error> {
    Ok(Identity::new(&json!({ "task": plan.task_options, "recipe": recipe }), data)?)
}

/// The fingerprint of the plan's data.
fn data_of(plan: &Plan) -> u32 {
    fingerprint([&plan.prepared.train, &plan.prepared.validation])
}

/// Tests and saves the model, and tells how it did.
fn finish(plan: &Plan, mut model: Model, ending: &Ending, output: &mut Output) -> anyhow::Result<ExitCode> {
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
        let mut remarks = model.test(&plan.prepared, table, held_out)?;
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
            line.extend(evaluate::as_json(test).as_object().cloned().unwrap_or_default());
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
fn without_model(why: &str, output: &mut Output) -> anyhow::Result<()> {
    output.note(why);
    if output.options.json {
        output.json(&json!({ "model": null, "ended": Ended::Interrupted, "epochs": 0 }))?;
    }
    Ok(())
}

/// A finished run has no use for the files that it would have gone on from.
fn remove(path: &Path) -> Result<(), Error> {
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
    let command = if plan.prepared.task.name() == TaskName::Text { "generate" } else { "predict" };
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
fn check_useful(run: &Run<'_>, output: &Output) -> anyhow::Result<()> {
    let Some(Useless { has_diverged, loss, naive, .. }) = run.useless() else { return Ok(()) };
    let what = format!(
        "its loss is {}, and that of always answering the same {}; try a lower --learning-rate",
        figure(loss),
        figure(naive)
    );
    if has_diverged {
        bail!("training diverged, so no model was written: {what}");
    }
    output.remark(&format!("the model has learned nothing: {what}"));
    Ok(())
}

/// After a failure: the parameters of the last good epoch are worth having, if they have learned anything.
fn keep_the_last_good(plan: &Plan, run: &Run<'_>, output: &Output) -> Result<(), Error> {
    let Some(best) = run.progress().best() else { return Ok(()) };
    if best.loss >= run.naive_loss() {
        output.note("no model was written: none of its epochs was better than always answering the same");
        return Ok(());
    }
    run.model(None)?.save(&plan.model)?;
    output.note(&format!("kept the model of epoch {} in {}", best.epoch + 1, plan.model.display()));
    Ok(())
}
