//! `--report`: a page that shows how a model did, in one file: no script, nothing from the network.

mod drawing;
mod history;
mod html;
pub(crate) mod inside;
mod sections;

use std::path::Path;

use elman::error::Error;
use elman::file;
use elman::metrics::Evaluation;
use elman::model::Model;
use elman::table::Table;
use elman::task::Picture;
use elman::train::RangeTest;

pub(crate) use history::History;
pub(crate) use inside::Inside;

use crate::input;
use crate::output::Output;
use html::Page;

/// By which a page of ours is known.
const GENERATOR: &str = concat!("elman ", env!("CARGO_PKG_VERSION"));

/// All that a page shows.
pub(crate) struct Report<'a> {
    pub(crate) model: &'a Model,
    /// The data that it was tested on, with the number of their rows, if it was tested.
    pub(crate) data: Option<(&'a str, usize)>,
    pub(crate) evaluation: Option<&'a Evaluation>,
    /// What the program has remarked.
    pub(crate) remarks: Vec<String>,
    /// Of a training run: its epochs.
    pub(crate) history: Option<&'a History>,
    /// What was asked of the task, as JSON, where the command knows it.
    pub(crate) options: Option<serde_json::Value>,
    /// What there is to see, the most telling first.
    pub(crate) pictures: Vec<Picture>,
    /// Of a training run: what there is to see inside the network.
    pub(crate) inside: Inside,
    /// Of a search for a recipe: what was tried.
    pub(crate) trials: Option<Trials>,
    /// How the learning rate was found, if it was.
    pub(crate) range_test: Option<&'a RangeTest>,
}

/// The trials of a search for a recipe.
#[derive(Clone)]
pub(crate) struct Trials {
    /// The epochs up to which each round trained.
    pub(crate) epochs: Vec<u64>,
    /// The recipes in words, with their losses at the end of each round that they took part in, those that came farthest first
    /// and of those the better; the first is the one that was chosen.
    pub(crate) recipes: Vec<(String, Vec<f64>)>,
}

/// Refuses a place where a page cannot go: standard output, or a file that is no such page.
pub(crate) fn check_place(path: &Path, force: bool) -> anyhow::Result<()> {
    input::refuse_standard_output(path, "--report")?;
    input::refuse_foreign(path, "a report", force, |start| {
        let start = String::from_utf8_lossy(start);
        start.starts_with("<!DOCTYPE html>") && start.contains("<meta name=\"generator\" content=\"elman ")
    })?;
    Ok(file::check_writable(path).map_err(Error::from)?)
}

/// The rows of a table, wherever they are; of recordings the samples.
pub(crate) fn num_rows(table: &Table) -> usize {
    table.recordings().map_or_else(|| table.num_stored_rows(), |recordings| recordings.len())
}

impl Report<'_> {
    /// Writes the page, all or nothing, and says so.
    pub(crate) fn save(&self, path: &Path, output: &Output) -> anyhow::Result<()> {
        file::write(path, self.page()?.as_bytes()).map_err(Error::from)?;
        output.note(&format!("wrote the report {}", path.display()));
        Ok(())
    }

    fn page(&self) -> anyhow::Result<String> {
        let mut page = Page::default();
        self.figures(&mut page);
        self.remarks(&mut page);
        for picture in &self.pictures {
            drawing::add(picture, &mut page);
        }
        self.classes(&mut page);
        self.trials(&mut page);
        self.range_test(&mut page);
        self.training(&mut page);
        self.about_model(&mut page)?;
        self.how_to_repeat(&mut page);
        let data = &self.model.record().data;
        let data = Path::new(data).file_name().map_or(data.into(), |name| name.to_string_lossy());
        let title = format!("{}: {data}", self.model.task().kind().title());
        Ok(page.finish(&title, &self.model.task().kind().describe(), GENERATOR))
    }
}
