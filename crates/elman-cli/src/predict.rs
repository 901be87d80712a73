//! `elman predict`

use std::path::Path;
use std::process::ExitCode;

use elman::file;
use elman::model::Model;
use elman::task::{Cell, PredictOptions, Predictions};
use serde_json::{Map, Value};

use crate::args::PredictArguments;
use crate::output::Output;
use crate::{input, plot};

pub(crate) fn run(arguments: &PredictArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let inputs = || std::iter::once(&arguments.model).chain(&arguments.data);
    let to_file = arguments.output.as_ref().filter(|path| path.as_path() != Path::new("-"));
    if let Some(path) = to_file {
        input::refuse_overwriting(path, inputs().chain(&arguments.plot))?;
    }
    if let Some(path) = &arguments.plot {
        input::refuse_overwriting(path, inputs())?;
        plot::check_place(path, arguments.force)?;
    }
    for path in to_file.into_iter().chain(&arguments.plot) {
        file::check_writable(path).map_err(elman::error::Error::from)?;
    }
    let model = Model::open(&arguments.model)?;
    let table = input::table_for(&model, arguments.data.as_deref())?;
    output.remarks(table.remarks());
    let options = PredictOptions::default()
        .with_horizon(arguments.horizon)
        .with_interval(arguments.interval.clone())
        .with_baseline(arguments.baseline.clone());
    let predictions = model.predict_with(&table, &options)?;
    output.remarks(predictions.remarks());
    if let Some(path) = to_file {
        input::refuse_foreign(path, "a table of these columns", arguments.force, |start| {
            has_columns(start, &predictions)
        })?;
    }
    let is_json = output.options.json || arguments.output.as_deref().is_some_and(names_json_lines);
    let text = if is_json { as_json_lines(&predictions)? } else { as_csv(&predictions)? };
    if let Some(path) = &arguments.plot {
        plot::save(&model.task().kind().chart(&table, &predictions)?, path)?;
        output.note(&format!("drew {}", path.display()));
    }
    match to_file {
        Some(path) => {
            file::write(path, text.as_bytes()).map_err(elman::error::Error::from)?;
            output.note(&format!("wrote {} rows to {}", predictions.num_rows(), path.display()));
        }
        None => output.raw(&text)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Does a file that starts like this hold predictions with these columns, as CSV or JSON?
fn has_columns(start: &[u8], predictions: &Predictions) -> bool {
    let line = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if let Ok(object) = serde_json::from_slice::<Map<String, Value>>(line) {
        return object.keys().map(String::as_str).eq(predictions.headers());
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(line);
    reader
        .records()
        .next()
        .is_some_and(|record| record.is_ok_and(|head| head.iter().eq(predictions.headers())))
}

/// Is this the name of a file of JSON lines?
fn names_json_lines(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension
        .is_some_and(|extension| ["jsonl", "ndjson"].iter().any(|name| extension.eq_ignore_ascii_case(name)))
}

/// The rows, under a head of the columns' names.
pub(crate) fn as_csv(predictions: &Predictions) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(predictions.headers())?;
    for row in predictions.rows() {
        writer.write_record(row.iter().map(Cell::to_string))?;
    }
    Ok(String::from_utf8(writer.into_inner()?)?)
}

/// One object per row.
fn as_json_lines(predictions: &Predictions) -> anyhow::Result<String> {
    let mut lines = String::new();
    for row in predictions.rows() {
        let cells = predictions.headers().zip(&row).map(|(header, cell)| (header.to_owned(), as_json(cell)));
        lines.push_str(&serde_json::to_string(&cells.collect::<Map<_, _>>())?);
        lines.push('\n');
    }
    Ok(lines)
}

fn as_json(cell: &Cell<'_>) -> Value {
    match cell {
        Cell::Number(number) => number.rounded().into(),
        Cell::Text(_) | Cell::Time(_) => cell.to_string().into(),
    }
}
