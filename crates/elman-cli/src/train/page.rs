//! The report of a training run.

use elman::model::Model;
use serde_json::json;

use super::plan::Plan;
use crate::course::watched;
use crate::output::Output;
use crate::report::{self, History, Report, inside};

/// Writes the page, if one was asked for.
pub(super) fn write(plan: &Plan, model: &Model, history: &History, output: &Output) -> anyhow::Result<()> {
    let Some(path) = &plan.report else { return Ok(()) };
    let tested = plan.test.as_ref();
    let pictures = tested.map(|(table, held_out)| {
        watched("drawn", output, |watch| {
            model.task().kind().pictures(model.ensemble(), table, held_out, watch)
        })
    });
    let report = Report {
        model,
        data: tested.map(|(table, _)| (table.name(), report::num_rows(table))),
        evaluation: model.record().test.as_ref(),
        remarks: output.remarked(),
        history: Some(history),
        options: Some(json!(plan.task_options)),
        pictures: pictures.transpose()?.unwrap_or_default(),
        inside: inside::look(model, &plan.prepared, plan.report_sequence)?,
        trials: plan.trials.clone(),
        range_test: plan.range_test.as_ref(),
    };
    report.save(path, output)
}
