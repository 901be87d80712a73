//! `elman evaluate`, and the table of figures that `elman train` ends with.

use std::process::ExitCode;

use elman::error::Error;
use elman::metrics::{Evaluation, Metrics};
use elman::model::Model;
use elman::task::HeldOut;
use serde_json::{Map, Value, json};

use crate::args::EvaluateArguments;
use crate::output::{Output, figure};
use crate::{input, plot};

pub(crate) fn run(arguments: &EvaluateArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    if let Some(path) = &arguments.plot {
        input::refuse_overwriting(path, std::iter::once(&arguments.model).chain(&arguments.data))?;
    }
    let model = Model::open(&arguments.model)?;
    let table = input::table_for(&model, arguments.data.as_deref())?;
    let task = model.task().kind();
    let held_out = task.held_out(arguments.test).map_err(Error::from)?;
    output.remarks(table.remarks());
    let evaluation = model.evaluate(&table, &held_out)?;
    output.remarks(&evaluation.remarks);
    if held_out == HeldOut::All && table.name() == model.record().data {
        output
            .note(&format!("{} is what the model was trained on: these figures are too good", table.name()));
    }
    if let Some(path) = &arguments.plot {
        plot::save(&task.test_chart(model.ensemble(), &table, &held_out)?, path)?;
        output.note(&format!("drew {}", path.display()));
    }
    if output.options.json {
        output.json(&as_json(&evaluation))?;
    } else {
        print(&evaluation, output)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The figures of model and baseline side by side.
pub(crate) fn print(evaluation: &Evaluation, output: &mut Output) -> anyhow::Result<()> {
    output.line(format_args!("test: {}", evaluation.on))?;
    let head = evaluation.model.iter().map(|metric| metric.name.replace('_', " "));
    let mut rows = vec![std::iter::once(String::new()).chain(head).collect::<Vec<_>>()];
    for (name, metrics) in [("elman", &evaluation.model), (&evaluation.baseline_name, &evaluation.baseline)] {
        let figures = metrics.iter().map(|metric| match metric.value {
            Some(value) if metric.name == "mape" => format!("{value:.2} %"),
            Some(value) => figure(value),
            None => "-".into(),
        });
        rows.push(std::iter::once(name.to_owned()).chain(figures).collect());
    }
    output.table(&rows)
}

/// `{"test": {...}, "baseline": {...}}`
pub(crate) fn as_json(evaluation: &Evaluation) -> Value {
    json!({
        "on": evaluation.on,
        "test": metrics_json(&evaluation.model),
        "baseline": metrics_json(&evaluation.baseline),
        "baseline_name": evaluation.baseline_name,
    })
}

fn metrics_json(metrics: &Metrics) -> Map<String, Value> {
    metrics.iter().map(|metric| (metric.name.clone(), json!(metric.value))).collect()
}
