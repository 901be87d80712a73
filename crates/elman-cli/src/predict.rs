//! `elman predict`

use std::path::Path;
use std::process::ExitCode;

use elman::file;
use elman::model::Model;
use elman::table::Table;
use elman::task::PredictOptions;

use crate::answers::{Form, has_columns};
use crate::args::PredictArguments;
use crate::course::watched;
use crate::output::{Output, Wrong};
use crate::{input, plot, sound};

pub(crate) fn run(arguments: &PredictArguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    let inputs = || std::iter::once(&arguments.model).chain(&arguments.data).chain(&arguments.future_data);
    let to_file = arguments.output.as_ref().filter(|path| path.as_path() != Path::new("-"));
    if sound::asked(arguments).is_some() {
        return sound::predict(
            &input::model(&arguments.model, arguments.data.as_deref())?,
            arguments,
            output,
        );
    }
    let form = match to_file {
        Some(path) => Form::of(path, output.options.json)?,
        None => Form::printed(output.options.json),
    };
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
    let model = input::model(&arguments.model, arguments.data.as_deref())?;
    let mut table = input::whole_table_for(&model, arguments.data.as_deref())?;
    output.remarks(table.remarks());
    if let Some(path) = &arguments.future_data {
        table = with_rows_to_come(&model, &table, path, output)?;
    }
    let options = PredictOptions::default()
        .with_horizon(arguments.horizon)
        .with_interval(arguments.interval.clone())
        .with_quantiles(arguments.quantiles.clone())
        .with_samples(arguments.samples)
        .with_seed(arguments.seed)
        .with_conformal(arguments.conformal)
        .with_baseline(arguments.baseline.clone());
    let predictions = watched("answered", output, |watch| model.predict_watched(&table, &options, watch))?;
    output.remarks(predictions.remarks());
    if let Some(path) = to_file {
        input::refuse_foreign(path, "a table of these columns", arguments.force, |start| {
            has_columns(start, &predictions)
        })?;
    }
    let bytes = form.write(&predictions)?;
    output.left_out(&form.left_out(&predictions));
    if let Some(path) = &arguments.plot {
        plot::save(&model.task().kind().chart(&table, &predictions)?, path)?;
        output.note(&format!("drew {}", path.display()));
    }
    match to_file {
        Some(path) => {
            file::write(path, &bytes).map_err(elman::error::Error::from)?;
            output.note(&format!("wrote {} rows to {}", predictions.num_rows(), path.display()));
        }
        None => output.raw(&bytes)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The table and behind it the rows to come of another file, whose future covariates are known.
fn with_rows_to_come(model: &Model, table: &Table, path: &Path, output: &Output) -> anyhow::Result<Table> {
    if !model.task().kind().knows_rows_to_come() {
        let why = "--future-data is for a forecast with covariates that are known ahead, which this model has not; leave \
                   it out, or train with --future-covariates";
        return Err(Wrong(why.into()).into());
    }
    let ahead = input::whole_table(model.task().name(), Some(path))?;
    output.remarks(ahead.remarks());
    Ok(table.followed_by(&ahead).map_err(elman::error::Error::from)?)
}
