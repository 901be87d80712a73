//! The learning rate that is found, as it is shown.

use elman::error::Error;
use elman::run::Run;
use elman::train::{Identity, RangeTest};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::interrupt::Interrupt;
use super::plan::Plan;
use crate::output::Output;

/// Takes up the rate that was found for the run that is to be resumed, if there is one.
pub(super) fn take_up(plan: &mut Plan, output: &Output) -> Result<(), Error> {
    if !(plan.finds_rate && plan.resume) {
        return Ok(());
    }
    if let Some(rate) = Identity::of_checkpoint(&plan.checkpoint)?.and_then(|saved| saved.learning_rate()) {
        output.note(&format!("--learning-rate {rate} was chosen before"));
        (plan.recipe.train.learning_rate, plan.finds_rate) = (rate, false);
    }
    Ok(())
}

/// Tries rising rates on a run; `None` if the user has said stop.
pub(super) fn test(
    run: &mut Run<'_>,
    interrupt: &Interrupt,
    output: &Output,
) -> Result<Option<RangeTest>, Error> {
    let bar = if output.options.quiet { ProgressBar::hidden() } else { ProgressBar::new(1000) };
    if let Ok(style) = ProgressStyle::with_template("{bar:20} {msg}") {
        bar.set_style(style);
    }
    bar.set_message("trying learning rates");
    let tested = run.range_test(&mut |done| {
        bar.set_position((1000.0 * done) as u64);
        interrupt.control()
    });
    bar.finish_and_clear();
    tested
}

/// Takes the rate of a range test for a plan and says how it was found.
pub(super) fn choose(plan: &mut Plan, test: RangeTest, output: &mut Output) -> anyhow::Result<()> {
    let usual = plan.recipe.train.learning_rate;
    output.remarks(&[test.remark(usual)]);
    let rate = test.chosen().unwrap_or(usual);
    if output.options.json {
        output.json(&json!({ "learning_rate": rate, "is_found": test.chosen().is_some() }))?;
    }
    plan.recipe.train.learning_rate = rate;
    plan.range_test = Some(test);
    Ok(())
}
