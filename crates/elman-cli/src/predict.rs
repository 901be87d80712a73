//! `elman predict`

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use elman::error::{Error, FileError};
use elman::file;
use elman::model::Model;
use elman::table::Table;
use elman::task::{PredictOptions, Predictions};

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
        file::check_writable(path).map_err(Error::from)?;
    }
    let model = input::model(&arguments.model, arguments.data.as_deref())?;
    // A picture is of all rows.
    let is_in_parts = form.is_in_parts() && arguments.plot.is_none();
    let mut table = match is_in_parts {
        true => input::table_for(&model, arguments.data.as_deref())?,
        false => input::whole_table_for(&model, arguments.data.as_deref())?,
    };
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
    let refuse_foreign = |path: &Path, predictions: &Predictions| {
        input::refuse_foreign(path, "a table of these columns", arguments.force, |start| {
            has_columns(start, predictions)
        })
    };
    if is_in_parts {
        let mut rows = 0;
        let mut is_first = true;
        let mut write = |predictions: Predictions, to: &mut dyn FnMut(&[u8]) -> anyhow::Result<()>| {
            output.remarks(predictions.remarks());
            if let Some(path) = to_file.filter(|_| is_first) {
                refuse_foreign(path, &predictions)?;
            }
            to(&form.part(&predictions, is_first)?)?;
            (rows, is_first) = (rows + predictions.num_rows(), false);
            anyhow::Ok(())
        };
        watched("answered", output, |watch| match to_file {
            Some(path) => {
                written(path, |to| model.predict_in_parts(&table, &options, watch, |part| write(part, to)))
            }
            None => model.predict_in_parts(&table, &options, watch, |part| {
                write(part, &mut |bytes| output.raw(bytes))
            }),
        })?;
        if let Some(path) = to_file {
            output.note(&format!("wrote {rows} rows to {}", path.display()));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let predictions = watched("answered", output, |watch| model.predict_watched(&table, &options, watch))?;
    output.remarks(predictions.remarks());
    if let Some(path) = to_file {
        refuse_foreign(path, &predictions)?;
    }
    let bytes = form.write(&predictions)?;
    output.left_out(&form.left_out(&predictions));
    if let Some(path) = &arguments.plot {
        plot::save(&model.task().kind().chart(&table, &predictions)?, path)?;
        output.note(&format!("drew {}", path.display()));
    }
    match to_file {
        Some(path) => {
            file::write(path, &bytes).map_err(Error::from)?;
            output.note(&format!("wrote {} rows to {}", predictions.num_rows(), path.display()));
        }
        None => output.raw(&bytes)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Writes a file, all or nothing, of what `fill` gives in parts.
fn written(
    path: &Path,
    fill: impl FnOnce(&mut dyn FnMut(&[u8]) -> anyhow::Result<()>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    /// Any error, that of the file among them.
    struct Any(anyhow::Error);
    impl From<FileError> for Any {
        fn from(error: FileError) -> Self {
            Any(Error::from(error).into())
        }
    }
    let fill = |file: &mut dyn Write| {
        fill(&mut |bytes| {
            let failed = |error| Error::from(FileError { action: "write", path: path.to_owned(), error });
            Ok(file.write_all(bytes).map_err(failed)?)
        })
        .map_err(Any)
    };
    file::write_by(path, fill).map_err(|Any(error)| error)
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
    Ok(table.followed_by(&ahead).map_err(Error::from)?)
}
