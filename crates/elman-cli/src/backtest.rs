//! `elman backtest`

use std::process::ExitCode;

use elman::error::Error;
use elman::file;
use elman::task::HeldOut;

use crate::answers::{Form, has_columns};
use crate::args::BacktestArguments;
use crate::course::watched;
use crate::output::{Output, Wrong};
use crate::{evaluate, input, report};

pub(crate) fn run(arguments: &BacktestArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let form = arguments.output.as_deref().map(|path| Form::of(path, false)).transpose()?;
    if let Some(path) = &arguments.output {
        input::refuse_overwriting(path, std::iter::once(&arguments.model).chain(&arguments.data))?;
        file::check_writable(path).map_err(Error::from)?;
    }
    if let Some(path) = &arguments.report {
        let read = std::iter::once(&arguments.model).chain(&arguments.data);
        input::refuse_overwriting(path, read.chain(&arguments.output))?;
        report::check_place(path, arguments.force)?;
    }
    let model = input::model(&arguments.model, arguments.data.as_deref())?;
    let table = input::whole_table_for(&model, arguments.data.as_deref())?;
    output.remarks(table.remarks());
    let held_out = model.task().kind().held_out(arguments.test).map_err(Error::from)?;
    if !matches!(held_out, HeldOut::LastRows(_)) {
        let message =
            format!("backtest is for forecasts; this model is there to {}", model.task().name().aim());
        return Err(Wrong(message).into());
    }
    let (forecasts, evaluation) =
        watched("forecast", output, |watch| model.backtest_watched(&table, &held_out, watch))?;
    output.remarks(&evaluation.remarks);
    if let Some((path, form)) = arguments.output.as_ref().zip(form) {
        input::refuse_foreign(path, "a table of these columns", arguments.force, |start| {
            has_columns(start, &forecasts)
        })?;
        file::write(path, &form.write(&forecasts)?).map_err(Error::from)?;
        output.left_out(&form.left_out(&forecasts));
        output.note(&format!("wrote {} rows to {}", forecasts.num_rows(), path.display()));
    }
    if output.options.json {
        output.json(&evaluate::as_json(&evaluation, model.task()))?;
    } else {
        evaluate::print(&evaluation, output)?;
    }
    if let Some(path) = &arguments.report {
        evaluate::write_report(&model, (&table, &held_out), &evaluation, path, output)?;
    }
    Ok(ExitCode::SUCCESS)
}
