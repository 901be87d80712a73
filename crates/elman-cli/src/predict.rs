//! `elman predict`

use std::io::Write;
use std::path::{Path, PathBuf};
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
    let goal = Goal { form, file: to_file.map(PathBuf::as_path), force: arguments.force };
    match is_in_parts {
        true => goal.write_in_parts(&model, &table, &options, output)?,
        false => goal.write_at_once(&model, &table, &options, arguments.plot.as_deref(), output)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Where predictions go, and how they are written.
struct Goal<'a> {
    form: Form,
    /// Else standard output.
    file: Option<&'a Path>,
    /// Whatever stands there?
    force: bool,
}

impl Goal<'_> {
    /// Writes answers as they come, so that those for a large table are never in memory all together.
    fn write_in_parts(
        &self,
        model: &Model,
        table: &Table,
        options: &PredictOptions,
        output: &Output,
    ) -> anyhow::Result<()> {
        let (mut rows, mut is_first) = (0, true);
        let mut write = |part: Predictions, to: &mut dyn FnMut(&[u8]) -> anyhow::Result<()>| {
            output.remarks(part.remarks());
            if is_first {
                self.refuse_foreign(&part)?;
            }
            to(&self.form.part(&part, is_first)?)?;
            (rows, is_first) = (rows + part.num_rows(), false);
            anyhow::Ok(())
        };
        watched("answered", output, |watch| match self.file {
            Some(path) => {
                written(path, |to| model.predict_in_parts(table, options, watch, |part| write(part, to)))
            }
            None => model
                .predict_in_parts(table, options, watch, |part| write(part, &mut |bytes| output.raw(bytes))),
        })?;
        self.tell(rows, output);
        Ok(())
    }

    /// Writes answers when all are there, and draws them.
    fn write_at_once(
        &self,
        model: &Model,
        table: &Table,
        options: &PredictOptions,
        plot: Option<&Path>,
        output: &Output,
    ) -> anyhow::Result<()> {
        let predictions = watched("answered", output, |watch| model.predict_watched(table, options, watch))?;
        output.remarks(predictions.remarks());
        self.refuse_foreign(&predictions)?;
        let bytes = self.form.write(&predictions)?;
        output.left_out(&self.form.left_out(&predictions));
        if let Some(path) = plot {
            plot::save(&model.task().kind().chart(table, &predictions)?, path)?;
            output.note(&format!("drew {}", path.display()));
        }
        match self.file {
            Some(path) => file::write(path, &bytes).map_err(Error::from)?,
            None => output.raw(&bytes)?,
        }
        self.tell(predictions.num_rows(), output);
        Ok(())
    }

    /// Refuses to replace a file that holds no predictions with these columns.
    fn refuse_foreign(&self, predictions: &Predictions) -> anyhow::Result<()> {
        let is_ours = |start: &[u8]| has_columns(start, predictions);
        self.file.map_or(Ok(()), |path| {
            input::refuse_foreign(path, "a table of these columns", self.force, is_ours)
        })
    }

    fn tell(&self, rows: usize, output: &Output) {
        if let Some(path) = self.file {
            output.note(&format!("wrote {rows} rows to {}", path.display()));
        }
    }
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
