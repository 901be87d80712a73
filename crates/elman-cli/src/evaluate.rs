//! `elman evaluate`, and the table of figures that `elman train` ends with.

use std::path::Path;
use std::process::ExitCode;

use elman::error::Error;
use elman::metrics::{Confusion, Evaluation, Metrics};
use elman::model::Model;
use elman::table::Table;
use elman::task::{HeldOut, Task};
use serde_json::{Map, Value, json};

use crate::args::EvaluateArguments;
use crate::course::watched;
use crate::output::{Output, figure, percentage};
use crate::report::{self, Report};
use crate::{input, plot, sound};

pub(crate) fn run(arguments: &EvaluateArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let read = std::iter::once(&arguments.model).chain(&arguments.data).chain(&arguments.audio);
    if let Some(path) = &arguments.report {
        input::refuse_overwriting(path, read.clone().chain(&arguments.plot))?;
        report::check_place(path, arguments.force)?;
    }
    if let Some(path) = &arguments.plot {
        input::refuse_overwriting(path, read)?;
        plot::check_place(path, arguments.force)?;
    }
    let model = input::model(&arguments.model, arguments.data.as_deref())?;
    let table = if arguments.audio.is_empty() {
        sound::refuse_without_audio(&model, arguments)?;
        input::table_for(&model, arguments.data.as_deref())?
    } else {
        sound::table_for(&model, arguments, output)?
    };
    let task = model.measured_task();
    let task = task.kind();
    let held_out = task.held_out(arguments.test).map_err(Error::from)?;
    output.remarks(table.remarks());
    let evaluation = watched("measured", output, |watch| model.evaluate_watched(&table, &held_out, watch))?;
    output.remarks(&evaluation.remarks);
    if held_out == HeldOut::All && is_of(table.name(), &model.record().data) {
        output.remark(&format!(
            "{} is what the model was trained on: these figures are too good",
            table.name()
        ));
    }
    if let Some(path) = &arguments.plot {
        plot::save(&task.test_chart(model.ensemble(), &table, &held_out)?, path)?;
        output.note(&format!("drew {}", path.display()));
    }
    if output.options.json {
        output.json(&as_json(&evaluation, model.task()))?;
    } else {
        print(&evaluation, output)?;
    }
    if let Some(path) = &arguments.report {
        write_report(&model, (&table, &held_out), &evaluation, path, output)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Was a model trained on what is called so: all of its data, or the first of several recordings?
fn is_of(name: &str, data: &str) -> bool {
    data.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with(" and "))
}

/// The page about an evaluation.
pub(crate) fn write_report(
    model: &Model,
    (table, held_out): (&Table, &HeldOut),
    evaluation: &Evaluation,
    path: &Path,
    output: &Output,
) -> anyhow::Result<()> {
    let task = model.measured_task();
    let pictures =
        watched("drawn", output, |watch| task.kind().pictures(model.ensemble(), table, held_out, watch))?;
    let report = Report {
        model,
        data: Some((table.name(), report::num_rows(table))),
        evaluation: Some(evaluation),
        remarks: output.remarked(),
        history: None,
        options: None,
        pictures,
        inside: report::Inside::default(),
        trials: None,
        range_test: None,
    };
    report.save(path, output)
}

/// The figures of model and baselines, one below the other.
pub(crate) fn print(evaluation: &Evaluation, output: &mut Output) -> anyhow::Result<()> {
    output.line(format_args!("test: {}", evaluation.on))?;
    output.table(&figure_rows(evaluation))?;
    match &evaluation.confusion {
        Some(confusion) if output.options.verbose || confusion.classes.len() <= FEW_CLASSES => {
            output.line("")?;
            output.table(&class_rows(confusion))
        }
        _ => Ok(()),
    }
}

/// A row of names, a row of the model's figures, and one of each baseline's.
pub(crate) fn figure_rows(evaluation: &Evaluation) -> Vec<Vec<String>> {
    let names = || evaluation.model.iter().map(|metric| metric.name.as_str());
    let mut rows =
        vec![std::iter::once(String::new()).chain(names().map(|name| name.replace('_', " "))).collect()];
    let baselines = evaluation.baselines.iter().map(|baseline| (baseline.name.as_str(), &baseline.metrics));
    for (name, metrics) in std::iter::once(("elman", &evaluation.model)).chain(baselines) {
        let figures = names().map(|name| {
            let metric = metrics.iter().find(|metric| metric.name == name);
            metric.and_then(|metric| metric.value).map_or("-".into(), |value| figure_of(name, value))
        });
        rows.push(std::iter::once(name.to_owned()).chain(figures).collect::<Vec<_>>());
    }
    rows
}

/// Up to so many classes are shown one by one without being asked for.
const FEW_CLASSES: usize = 10;

/// A line per class: its figures, and how often it was answered with which.
fn class_rows(confusion: &Confusion) -> Vec<Vec<String>> {
    let head = ["class", "count", "precision", "recall", "f1", "taken for:"].map(str::to_owned);
    let mut rows = vec![head.into_iter().chain(confusion.classes.iter().cloned()).collect::<Vec<_>>()];
    let shown = |value: Option<f64>| value.map_or("-".into(), figure);
    for ((class, counts), of) in confusion.classes.iter().zip(&confusion.counts).zip(confusion.figures()) {
        let figures = [of.precision, of.recall, of.f1].map(shown);
        let row = [class.clone(), of.support.to_string()].into_iter().chain(figures);
        rows.push(row.chain([String::new()]).chain(counts.iter().map(usize::to_string)).collect());
    }
    rows
}

/// A figure with its unit.
fn figure_of(metric: &str, value: f64) -> String {
    match metric {
        "mape" | "smape" | "coverage_80" | "coverage_95" => percentage(value),
        _ => figure(value),
    }
}

/// `{"test": {...}, "baseline": {...}, "baselines": {"seasonal naive": {...}}}`; `baseline` is the first of them. Of a
/// classification also `"classes": {"a": {"sequences": 12, ...}}`, of one of rows or windows those instead, and the
/// `"confusion"` matrix, a row per class in their order.
pub(crate) fn as_json(evaluation: &Evaluation, task: &Task) -> Value {
    let first = evaluation.baselines.first();
    let baselines = evaluation.baselines.iter();
    let baselines: Map<String, Value> =
        baselines.map(|baseline| (baseline.name.clone(), metrics_json(&baseline.metrics).into())).collect();
    let mut json = json!({
        "on": evaluation.on,
        "test": metrics_json(&evaluation.model),
        "baseline": first.map(|baseline| metrics_json(&baseline.metrics)),
        "baseline_name": first.map(|baseline| &baseline.name),
        "baselines": baselines,
    });
    if let Some(confusion) = &evaluation.confusion {
        json["classes"] = classes_json(confusion, task.kind().counted());
        json["confusion"] = json!(confusion.counts);
    }
    json
}

fn classes_json(confusion: &Confusion, counted: &str) -> Value {
    let classes = confusion.classes.iter().zip(confusion.figures()).map(|(class, of)| {
        let figures =
            json!({ counted: of.support, "precision": of.precision, "recall": of.recall, "f1": of.f1 });
        (class.clone(), figures)
    });
    classes.collect::<Map<_, _>>().into()
}

fn metrics_json(metrics: &Metrics) -> Map<String, Value> {
    metrics.iter().map(|metric| (metric.name.clone(), json!(metric.value))).collect()
}
