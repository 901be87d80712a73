//! `elman train`

mod config_file;
mod ending;
pub(crate) mod interrupt;
mod keeper;
pub(crate) mod options;
mod page;
mod plan;
mod rate;
mod search;
mod source;
mod tune;
mod watch;

use std::process::ExitCode;
use std::time::Instant;

use elman::error::Error;
use elman::loss::Loss;
use elman::run::Run;
use elman::task::{LossUnit, Task};
use elman::train::Ended;
use elman::tune::Halving;
use elman::words::counted;

use self::ending::{Ending, check_useful, finish, keep_the_last_good, without_model};
use self::interrupt::Interrupt;
use self::keeper::Keeper;
use self::plan::{Plan, checkpointer, plan};
use self::watch::{JsonLog, Progress};
use crate::args::{TrainArguments, TuneArguments};
use crate::inspect;
use crate::output::Output;
use crate::report::History;

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
    let timesteps = plan.prepared.timesteps().map(|[train, _]| train);
    let sequences = inspect::sequences_text(plan.prepared.train.len(), timesteps);
    output.note(&format!("{}: {}", plan.prepared.data, plan.prepared.task.kind().describe()));
    let parameters = counted(run.network().layout().len(), "parameter");
    let each = match plan.recipe.ensemble {
        1 => String::new(),
        members => format!(" in each of {members} members"),
    };
    output.note(&format!("{}; {parameters}{each}, {sequences}", inspect::network_text(run.network())));
    check_test(plan, &run)?;
    let started = Instant::now();
    let unit = shown_in(&plan.prepared.task, &plan.recipe.train.loss);
    let mut progress = Progress::new(
        output.options,
        unit,
        plan.recipe.train.epochs,
        run.batches_per_epoch(),
        timesteps,
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
                check_useful(&run, unit, output)?;
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

/// What losses are shown in: the error-to-signal ratio has a name.
fn shown_in(task: &Task, loss: &Loss) -> LossUnit {
    let mut unit = task.kind().loss_unit(loss);
    if matches!(loss, Loss::Esr { pre_emphasis: None } | Loss::EsrNam { pre_emphasis: None }) {
        unit.name = "ESR";
    }
    unit
}

/// Whatever is wrong with the test data shall be known before training, not after.
fn check_test(plan: &Plan, run: &Run<'_>) -> Result<(), Error> {
    let Some((table, held_out)) = &plan.test else { return Ok(()) };
    run.check_test(table, held_out)
}
