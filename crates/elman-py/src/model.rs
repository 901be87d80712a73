//! Trained models.

use std::path::PathBuf;
use std::sync::Arc;

use elman::metrics::Evaluation;
use elman::model;
use elman::task::{Answers, Classify, GenerateOptions, PredictOptions, Predictions};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::errors::{quickly, tried, watched, working, wrong};
use crate::network::Network;
use crate::stream::RowStreams;
use crate::table::Table;

/// A trained network or ensemble with its task.
#[pyclass(module = "elman._elman", frozen)]
pub(crate) struct Model(Arc<model::Model>);

/// Answers by column, and remarks.
type Answered<'py> = (Bound<'py, PyDict>, Vec<String>);

#[pymethods]
impl Model {
    /// Reads a model file.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        tried(py, || model::Model::open(&path)).map(Model::new)
    }

    /// What [`to_bytes`](Self::to_bytes) gives.
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        tried(py, || model::Model::from_bytes("the model", bytes)).map(Model::new)
    }

    /// Writes a model file.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        tried(py, || self.0.save(&path))
    }

    /// The bytes of such a file.
    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &tried(py, || self.0.to_bytes())?))
    }

    /// The task's name.
    #[getter]
    fn task(&self) -> &'static str {
        self.0.task().name().name()
    }

    /// What it is for and how it reads its data, in words.
    fn describe(&self, py: Python<'_>) -> PyResult<String> {
        working(py, || self.0.task().kind().describe())
    }

    /// The task as JSON.
    #[getter]
    fn task_json(&self) -> PyResult<String> {
        json(self.0.task())
    }

    /// How it came about, as JSON.
    #[getter]
    fn record(&self) -> PyResult<String> {
        json(self.0.record())
    }

    /// How many networks answer together.
    #[getter]
    fn members(&self) -> usize {
        self.0.ensemble().members().len()
    }

    /// A copy of one of its networks.
    fn network(&self, py: Python<'_>, member: usize) -> PyResult<Network> {
        let members = self.0.ensemble().members();
        let weights =
            members.get(member).ok_or_else(|| wrong(format!("there are {} members", members.len())))?;
        Network::of(py, weights, 0)
    }

    /// The model row by row.
    fn stream(&self, py: Python<'_>) -> PyResult<RowStreams> {
        RowStreams::new(py, Arc::clone(&self.0))
    }

    /// The answers for a table.
    #[pyo3(signature = (table, horizon=None, interval=Vec::new(), baseline=None))]
    fn predict<'py>(
        &self,
        py: Python<'py>,
        table: &Table,
        horizon: Option<usize>,
        interval: Vec<f64>,
        baseline: Option<String>,
    ) -> PyResult<Answered<'py>> {
        let options =
            PredictOptions::default().with_horizon(horizon).with_interval(interval).with_baseline(baseline);
        let predictions = watched(py, |watch| self.0.predict_watched(table.table(), &options, watch))?;
        answered(py, &predictions)
    }

    /// Goes on with a text, of a language model: what it writes, and what is to be said of the prompt.
    #[allow(clippy::too_many_arguments, reason = "they are Python's keywords")]
    fn generate<'py>(
        &self,
        py: Python<'py>,
        prompt: &str,
        length: usize,
        temperature: f64,
        top_k: Option<usize>,
        top_p: Option<f64>,
        stop: Option<String>,
        seed: u64,
    ) -> PyResult<(Bound<'py, PyBytes>, Vec<String>)> {
        let options = GenerateOptions::default()
            .with_length(length)
            .with_temperature(temperature)
            .with_top_k(top_k)
            .with_top_p(top_p)
            .with_stop(stop)
            .with_seed(seed);
        let (bytes, remarks) = watched(py, |watch| {
            let mut generator = self.0.generate(prompt, &options)?;
            let mut bytes = Vec::new();
            while let Some(ready) = generator.advance()? {
                bytes.extend_from_slice(ready);
                watch(generator.written(), length)?;
            }
            Ok((bytes, generator.remarks().iter().map(ToString::to_string).collect::<Vec<_>>()))
        })?;
        Ok((PyBytes::new(py, &bytes), remarks))
    }

    /// Forecasts from each origin of the last rows, and their figures as JSON.
    #[pyo3(signature = (table, test=None))]
    fn backtest<'py>(
        &self,
        py: Python<'py>,
        table: &Table,
        test: Option<usize>,
    ) -> PyResult<(Bound<'py, PyDict>, String, Vec<String>)> {
        let (rows, figures) = watched(py, |watch| {
            let held_out = self.0.task().kind().held_out(test)?;
            self.0.backtest_watched(table.table(), &held_out, watch)
        })?;
        let (columns, mut remarks) = answered(py, &rows)?;
        remarks.extend(remarks_of(&figures));
        Ok((columns, json(&figures)?, remarks))
    }

    /// The figures on a table as JSON: of a forecast on its last rows, else on all of it.
    #[pyo3(signature = (table, test=None))]
    fn evaluate(
        &self,
        py: Python<'_>,
        table: &Table,
        test: Option<usize>,
    ) -> PyResult<(String, Vec<String>)> {
        let figures = watched(py, |watch| {
            let held_out = self.0.task().kind().held_out(test)?;
            self.0.evaluate_watched(table.table(), &held_out, watch)
        })?;
        Ok((json(&figures)?, remarks_of(&figures)))
    }
}

impl Model {
    pub(crate) fn new(model: model::Model) -> Self {
        Model(Arc::new(model))
    }
}

/// What all ways to write each of these labels have in common, beside these classes.
#[pyfunction]
pub(crate) fn class_keys(classes: Vec<String>, labels: Vec<String>) -> PyResult<Vec<String>> {
    quickly(|| Classify::keys(&classes, &labels))
}

fn json(value: &impl serde::Serialize) -> PyResult<String> {
    quickly(|| serde_json::to_string(value))?.map_err(|error| wrong(error.to_string()))
}

fn remarks_of(figures: &Evaluation) -> Vec<String> {
    figures.remarks.iter().map(ToString::to_string).collect()
}

/// Predictions as a dict: numbers as arrays, text and times as lists of texts.
fn answered<'py>(py: Python<'py>, predictions: &Predictions) -> PyResult<Answered<'py>> {
    let columns = PyDict::new(py);
    for (name, answers) in quickly(|| predictions.columns())? {
        match answers {
            Answers::Text(texts) => columns.set_item(name, texts)?,
            Answers::Numbers(numbers) => {
                columns.set_item(name, PyArray1::from_iter(py, numbers.iter().map(|number| number.value)))?;
            }
            Answers::Times(times) => {
                columns.set_item(name, times.iter().map(ToString::to_string).collect::<Vec<_>>())?;
            }
        }
    }
    Ok((columns, predictions.remarks().iter().map(ToString::to_string).collect()))
}
