//! Training, as the program does it.

use elman::error::Error;
use elman::recipe::{Recipe, RecipeOptions};
use elman::run::{Run, Useless};
use elman::search::{self, Open};
use elman::table::{Table as Data, nearest};
use elman::task::{Prepared, Task, TaskName, TaskOptions};
use elman::train::{Control, Ended, Event, Observer, ObserverError};
use pyo3::exceptions::{PyFloatingPointError, PyKeyboardInterrupt};
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::arrays::{in_words, parsed};
use crate::errors::{Signals, exception, quickly, working, wrong};
use crate::model::Model;
use crate::table::Table;

/// The option that is neither the task's nor a recipe's.
const SEARCH: &str = "search";

/// The names of a task's options, written as Python writes names.
#[pyfunction]
pub(crate) fn option_names(task: &str) -> PyResult<Vec<String>> {
    let task = task_named(task)?;
    let own = task.option_names().iter().chain(RecipeOptions::names()).copied();
    let search = task.facts().has_search.then_some(SEARCH);
    Ok(own.chain(search).map(|name| name.replace('-', "_")).collect())
}

fn task_named(name: &str) -> PyResult<TaskName> {
    let task = TaskName::ALL.iter().copied().find(|task| task.name() == name);
    task.ok_or_else(|| wrong(format!("there is no task {name:?}")))
}

/// Options sorted by who reads them.
#[derive(Default)]
struct Options {
    task: Map<String, Value>,
    recipe: Map<String, Value>,
    search: Option<bool>,
}

impl Options {
    /// Those of a JSON object, by their names in Python.
    fn read(task: TaskName, json: &str) -> PyResult<Self> {
        let mut options = Options::default();
        for (name, value) in parsed::<Map<String, Value>>("options", json)? {
            let key = name.replace('_', "-");
            let refused = |error: serde_json::Error| wrong(format!("{name}: {}", in_words(&error)));
            if task.option_names().contains(&key.as_str()) {
                // One by one, so that it is known which of them is wrong.
                task.options(Value::Object(Map::from_iter([(key.clone(), value.clone())])))
                    .map_err(refused)?;
                options.task.insert(key, value);
            } else if RecipeOptions::names().contains(&key.as_str()) {
                let alone = Value::Object(Map::from_iter([(key.clone(), value.clone())]));
                serde_json::from_value::<RecipeOptions>(alone).map_err(refused)?;
                options.recipe.insert(key, value);
            } else if key == SEARCH && task.facts().has_search {
                options.search = Some(serde_json::from_value(value).map_err(refused)?);
            } else {
                let known = option_names(task.name())?;
                let hint = nearest(&name, known.iter().map(String::as_str));
                let hint = hint.map_or(String::new(), |known| format!("; did you mean {known}?"));
                return Err(wrong(format!("to {task} there is no option {name}{hint}")));
            }
        }
        Ok(options)
    }

    /// What a search may choose, if there is to be one, which then needs no validation part.
    fn open(&mut self, task: TaskName) -> Option<Open> {
        let is_given = |name: &'static str| self.task.contains_key(name) || self.recipe.contains_key(name);
        let open = Open::unless_given(task, self.search, is_given)?;
        if !self.recipe.contains_key("patience") {
            self.task.entry("validation").or_insert(Value::from(0.0));
        }
        Some(open)
    }
}

/// Trains a model on a table and tests it on what the options keep back; with it come remarks.
///
/// `watch` is called with the name of what happened and a tuple: `"report"` with a line that tells how the run is laid out,
/// which is no remark; `"search"` with the share that is done, `"epoch"` with the
/// epoch from 0, their number, the losses in training and validation, and the learning rate. Ctrl-C ends the training; the
/// best parameters so far are kept.
#[pyfunction]
#[pyo3(signature = (task, options, table, watch=None))]
pub(crate) fn fit(
    py: Python<'_>,
    task: &str,
    options: &str,
    table: &Table,
    watch: Option<Py<PyAny>>,
) -> PyResult<(Model, Vec<String>)> {
    let task = task_named(task)?;
    let mut options = quickly(|| Options::read(task, options))??;
    let open = options.open(task);
    let mut task_options =
        task.options(Value::Object(options.task)).map_err(|error| wrong(error.to_string()))?;
    let recipe: RecipeOptions =
        serde_json::from_value(Value::Object(options.recipe)).map_err(|error| wrong(error.to_string()))?;
    if let TaskOptions::Label(options) = &mut task_options {
        options.burn_in = recipe.burn_in.unwrap_or(0);
    }
    let mut watcher = Watcher { watch, epochs: 0, signals: Signals::default() };
    let fitted = working(py, || train(table.table(), &task_options, recipe, open, &mut watcher))?;
    match watcher.signals.failed {
        // Of the interpreter's own; what was learned before it is kept.
        Some(error) if !error.is_instance_of::<PyKeyboardInterrupt>(py) => return Err(error),
        Some(error) if fitted.as_ref().is_ok_and(Option::is_none) => return Err(error),
        _ => {}
    }
    match fitted? {
        Some((model, remarks)) => Ok((Model::new(model), remarks)),
        None => Err(PyKeyboardInterrupt::new_err(
            "interrupted before the first epoch ended: there is no model yet",
        )),
    }
}

/// A model and what is to be known of it; none if the run was interrupted before there was one.
type Fitted = Option<(elman::model::Model, Vec<String>)>;

fn train(
    table: &Data,
    options: &TaskOptions,
    recipe: RecipeOptions,
    open: Option<Open>,
    watcher: &mut Watcher,
) -> PyResult<Fitted> {
    let prepared = Task::prepare(table, options).map_err(exception)?;
    let (reports, remarks): (Vec<_>, Vec<_>) = prepared.remarks.iter().partition(|remark| remark.is_report());
    let mut remarks: Vec<String> = remarks.into_iter().map(ToString::to_string).collect();
    for report in reports {
        let report = report.to_string();
        let told = watcher.tell("report", |py| Ok((report,).into_pyobject(py)?.into_any().unbind()));
        if told == Control::Stop {
            return Ok(None);
        }
    }
    let finds_rate = recipe.finds_learning_rate();
    let mut recipe = recipe.recipe(&prepared.task).map_err(exception)?;
    let first = Run::new(&recipe, &prepared).map_err(exception)?;
    if let Some(held_out) = &prepared.held_out {
        first.check_test(table, held_out).map_err(exception)?;
    }
    if let Some(open) = open {
        match choose(&recipe, open, &prepared, watcher).map_err(exception)? {
            Some(chosen) => recipe = chosen,
            None => return Ok(None),
        }
    }
    if finds_rate {
        let mut run = Run::new(&recipe, &prepared).map_err(exception)?;
        let Some(test) = run.range_test(&mut |_| watcher.ask()).map_err(exception)? else { return Ok(None) };
        let usual = recipe.train.learning_rate;
        remarks.push(test.remark(usual).to_string());
        recipe.train.learning_rate = test.chosen().unwrap_or(usual);
    }
    watcher.epochs = recipe.train.epochs;
    let mut run = Run::new(&recipe, &prepared).map_err(exception)?;
    let ended = run.train(&mut [watcher]).map_err(exception)?;
    let best = run.progress().best();
    if ended == Ended::Interrupted && best.is_none() {
        return Ok(None);
    }
    remarks.extend(usefulness(&run)?);
    let mut model = run.model(Some(ended)).map_err(exception)?;
    if let Some(held_out) = &prepared.held_out {
        let of_test = model.test(&prepared, table, held_out).map_err(exception)?;
        remarks.extend(
            of_test.iter().filter(|remark| !prepared.remarks.contains(remark)).map(ToString::to_string),
        );
    }
    Ok(Some((model, remarks)))
}

/// The recipe to be trained; none if somebody said stop.
fn choose(
    base: &Recipe,
    open: Open,
    prepared: &Prepared,
    watcher: &mut Watcher,
) -> Result<Option<Recipe>, Error> {
    let candidates = search::candidates(base, open, prepared);
    if candidates.is_empty() {
        // Whatever is wrong with the recipe will be said of itself.
        return Ok(Some(base.clone()));
    }
    let mut watch = |progress: search::Progress<'_>| {
        watcher.tell("search", |py| {
            Ok((progress.done, progress.tried.len(), progress.candidates)
                .into_pyobject(py)?
                .into_any()
                .unbind())
        })
    };
    Ok(search::choose(prepared, &candidates, &mut watch)?.map(|choice| choice.recipe().clone()))
}

/// Says of a model that it is none, or a poor one.
fn usefulness(run: &Run<'_>) -> PyResult<Option<String>> {
    let Some(Useless { has_diverged, loss, naive, .. }) = run.useless() else { return Ok(None) };
    let what = format!(
        "its loss is {loss:.4}, and that of always answering the same {naive:.4}; try a lower learning_rate"
    );
    match has_diverged {
        true => Err(PyFloatingPointError::new_err(format!("training diverged: {what}"))),
        false => Ok(Some(format!("the model has learned nothing: {what}"))),
    }
}

/// What watches a run for Python.
struct Watcher {
    watch: Option<Py<PyAny>>,
    epochs: u64,
    signals: Signals,
}

impl Watcher {
    /// Tells what happened, and asks whether somebody wants to stop.
    fn tell(&mut self, what: &str, arguments: impl FnOnce(Python<'_>) -> PyResult<Py<PyAny>>) -> Control {
        let watch = self.watch.as_ref();
        go_on(self.signals.call(|py| match watch {
            Some(watch) => watch.call1(py, (what, arguments(py)?)).map(drop),
            None => Ok(()),
        }))
    }

    /// Asks, from time to time, whether somebody wants to stop.
    fn ask(&mut self) -> Control {
        go_on(self.signals.ask())
    }
}

fn go_on(asked: Result<(), ()>) -> Control {
    if asked.is_ok() { Control::Continue } else { Control::Stop }
}

impl Observer for Watcher {
    fn observe(&mut self, event: &Event<'_>) -> Result<Control, ObserverError> {
        Ok(match *event {
            Event::Epoch { epoch, train_loss, validation_loss, rate, .. } => {
                let epochs = self.epochs;
                self.tell("epoch", |py| {
                    let told = (epoch, epochs, train_loss, validation_loss, rate);
                    Ok(told.into_pyobject(py)?.into_any().unbind())
                })
            }
            _ => self.ask(),
        })
    }
}
