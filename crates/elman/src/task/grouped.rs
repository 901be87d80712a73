//! Many sequences in one long table: an id column says which sequence a row belongs to, the order of
//! the rows is time, feature columns are the inputs.

use std::collections::HashMap;

use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::HeldOut;
use crate::error::{ConfigError, DataError, Error};
use crate::float::Parameters;
use crate::loss::Targets;
use crate::network::Network;
use crate::predict::run;
use crate::random::{Stream, rng};
use crate::scaling::{NoScaling, Scaling, TOO_LARGE};
use crate::sequence::Example;
use crate::table::{Column, Table, TableError};

/// How a table of many sequences is to be read; `None` where the data shall decide.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupedOptions {
    /// The column that tells sequences apart; by default the one named `id`.
    pub id: Option<String>,
    /// The column with each sequence's target; by default the one named `target`.
    pub target: Option<String>,
    /// The columns of inputs; by default all but id, target and time.
    pub features: Option<Vec<String>>,
    /// A column of times, which is no input, but is written beside predictions.
    pub time: Option<String>,
    /// The share of the sequences that is kept for the test, in `[0, 1)`.
    pub test: f64,
    /// The share of the rest that is used for validation, in `[0, 1)`.
    pub validation: f64,
}

impl Default for GroupedOptions {
    fn default() -> Self {
        GroupedOptions { id: None, target: None, features: None, time: None, test: 0.2, validation: 0.1 }
    }
}

/// The columns of a table of many sequences.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grouping {
    /// The column that tells sequences apart.
    pub id: String,
    /// The column of times, if there is one.
    pub time: Option<String>,
    /// The column of targets.
    pub target: String,
    /// The inputs.
    pub features: Vec<Feature>,
}

/// An input column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// The column's name.
    pub name: String,
    /// Its statistics in training.
    pub scaling: Scaling,
}

/// `all 40 training rows`, or the only one.
pub(super) fn all_training(count: usize, noun: &str) -> String {
    if count == 1 { format!("the only training {noun}") } else { format!("all {count} training {noun}s") }
}

/// What an evaluation was made on, in words.
pub(super) fn on(held_out: &HeldOut, sequences: usize) -> String {
    match held_out {
        HeldOut::All => format!("all {sequences} sequences"),
        _ => format!("{sequences} sequences kept back"),
    }
}

/// The rows of each sequence, in order of first appearance.
pub(super) struct Groups<'a> {
    pub(super) ids: Vec<&'a str>,
    pub(super) rows: Vec<Vec<usize>>,
}

impl<'a> Groups<'a> {
    pub(super) fn read(table: &'a Table, id: &str) -> Result<Self, Error> {
        let id = table.column(id)?;
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut groups = Groups { ids: Vec::new(), rows: Vec::new() };
        for (row, id) in id.texts().enumerate() {
            let n = *numbers.entry(id).or_insert_with(|| {
                groups.ids.push(id);
                groups.rows.push(Vec::new());
                groups.ids.len() - 1
            });
            groups.rows[n].push(row);
        }
        if let Some(blank) = groups.ids.iter().position(|id| id.is_empty()) {
            let place =
                format!("{}, line {}, column {:?}", table.name(), id.line(groups.rows[blank][0]), id.name());
            return Err(
                DataError::new(place, "the cell is empty; say which sequence the row belongs to").into()
            );
        }
        Ok(groups)
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The row of each sequence that tells its target: the first with a cell that is not empty. All
    /// others must say the same or nothing; `None` where a sequence has no target at all.
    pub(super) fn target_rows(
        &self,
        table: &Table,
        target: Column<'_>,
    ) -> Result<Vec<Option<usize>>, DataError> {
        let of = |n: usize| {
            let mut told = self.rows[n].iter().copied().filter(|&row| !target.text(row).is_empty());
            let Some(first) = told.next() else { return Ok(None) };
            match told.find(|&row| target.text(row) != target.text(first)) {
                None => Ok(Some(first)),
                Some(other) => {
                    let message = format!(
                        "sequence {:?} has target {:?} in line {} and {:?} in line {}; give one per sequence",
                        self.ids[n],
                        target.text(first),
                        target.line(first),
                        target.text(other),
                        target.line(other)
                    );
                    Err(DataError::new(format!("{}, column {:?}", table.name(), target.name()), message))
                }
            }
        };
        (0..self.len()).map(of).collect()
    }

    /// As [`target_rows`](Self::target_rows), where every sequence must have a target.
    pub(super) fn all_target_rows(&self, table: &Table, target: Column<'_>) -> Result<Vec<usize>, DataError> {
        let rows = self.target_rows(table, target)?;
        let of = |(n, row): (usize, Option<usize>)| {
            row.ok_or_else(|| {
                let place = format!("{}, column {:?}", table.name(), target.name());
                let message = format!(
                    "sequence {:?} (line {}) has no target; fill it in or leave the sequence out",
                    self.ids[n],
                    target.line(self.rows[n][0])
                );
                DataError::new(place, message)
            })
        };
        rows.into_iter().enumerate().map(of).collect()
    }
}

/// The sequences for each purpose.
pub(super) struct Split {
    pub(super) train: Vec<usize>,
    pub(super) validation: Vec<usize>,
    pub(super) test: Vec<usize>,
}

impl Split {
    /// Draws the sequences for test and validation, from every class its share; `classes` holds the
    /// class of each sequence, and the first of a class always stays in training.
    pub(super) fn draw(classes: &[usize], options: &GroupedOptions, seed: u64) -> Result<Self, ConfigError> {
        for (option, share) in [("test", options.test), ("validation", options.validation)] {
            if !(0.0..1.0).contains(&share) {
                return Err(ConfigError::new(
                    option,
                    format!("is {share}; it must be at least 0 and below 1"),
                ));
            }
        }
        let mut order: Vec<usize> = (0..classes.len()).collect();
        order.shuffle(&mut rng(seed, Stream::Split));
        // Every so many-th of the sequences sorted by class: all classes give their share.
        order.sort_by_key(|&n| classes[n]);
        let is_first = |k: usize| k == 0 || classes[order[k]] != classes[order[k - 1]];
        let (firsts, rest): (Vec<usize>, Vec<usize>) = (0..order.len()).partition(|&k| is_first(k));
        let to_sequences = |places: Vec<usize>| places.into_iter().map(|k| order[k]).collect::<Vec<_>>();
        let (test, rest) = pick(&to_sequences(rest), options.test, classes.len());
        let (validation, rest) = pick(&rest, options.validation, classes.len() - test.len());
        let mut split = Split { train: to_sequences(firsts), validation, test };
        split.train.extend(rest);
        for part in [&mut split.train, &mut split.validation, &mut split.test] {
            part.sort_unstable();
        }
        Ok(split)
    }
}

/// Takes `share * total` of the sequences, evenly spread over the list; returns those and the others.
fn pick(sequences: &[usize], share: f64, total: usize) -> (Vec<usize>, Vec<usize>) {
    let count = ((share * total as f64).round() as usize).min(sequences.len());
    let (mut picked, mut others) = (Vec::new(), Vec::new());
    for (k, &sequence) in sequences.iter().enumerate() {
        let taken = (k + 1) * count / sequences.len() > k * count / sequences.len();
        if taken { &mut picked } else { &mut others }.push(sequence);
    }
    (picked, others)
}

impl Grouping {
    /// Finds the columns, without their statistics.
    pub(super) fn find(table: &Table, options: &GroupedOptions) -> Result<Self, Error> {
        let id = table.column(options.id.as_deref().unwrap_or("id"))?.name().to_owned();
        let target = table.column(options.target.as_deref().unwrap_or("target"))?.name().to_owned();
        let time = match &options.time {
            Some(time) => Some(table.column(time)?.name().to_owned()),
            None => None,
        };
        let others =
            |header: &&String| **header != id && **header != target && Some(*header) != time.as_ref();
        let names = match &options.features {
            Some(names) => names.clone(),
            None => {
                let names: Vec<String> = table.headers().iter().filter(others).cloned().collect();
                refuse_text(table, &names)?;
                names
            }
        };
        if names.is_empty() {
            let message = "has no column left as input beside id, target and time; add one";
            return Err(DataError::new(table.name(), message).into());
        }
        let mut asked: Vec<(&'static str, &String)> = vec![("id", &id), ("target", &target)];
        asked.extend(time.iter().map(|time| ("time", time)));
        asked.extend(names.iter().map(|name| ("features", name)));
        for (n, (option, column)) in asked.iter().enumerate() {
            if let Some((other, _)) = asked[..n].iter().find(|(_, other)| other == column) {
                let both = if other == option { "twice".into() } else { format!("and --{other} both") };
                let message = format!("{both} name the column {column:?}; give each its own");
                return Err(ConfigError::new(option, message).into());
            }
        }
        let unscaled = Scaling { mean: 0.0, deviation: 1.0 };
        let features = names.into_iter().map(|name| Feature { name, scaling: unscaled }).collect();
        Ok(Grouping { id, time, target, features })
    }

    /// Reads the feature columns as they are.
    pub(super) fn columns(&self, table: &Table) -> Result<Vec<Vec<f64>>, Error> {
        self.features.iter().map(|feature| Ok(table.column(&feature.name)?.numbers()?)).collect()
    }

    /// Takes the statistics of the features from these rows.
    pub(super) fn fit(
        &mut self,
        table: &Table,
        columns: &[Vec<f64>],
        rows: &[usize],
    ) -> Result<(), DataError> {
        for (feature, column) in self.features.iter_mut().zip(columns) {
            let values = rows.iter().map(|&row| column[row]);
            feature.scaling = Scaling::fit(values).map_err(|why| {
                let message = match why {
                    NoScaling::Constant => format!(
                        "is {} in {}, so it tells nothing; leave it out with --features",
                        column[rows[0]],
                        all_training(rows.len(), "row")
                    ),
                    NoScaling::TooLarge => TOO_LARGE.into(),
                };
                DataError::new(format!("{}, column {:?}", table.name(), feature.name), message)
            })?;
        }
        Ok(())
    }

    /// These sequences as examples; `targets` gives those of each.
    pub(super) fn examples(
        &self,
        columns: &[Vec<f64>],
        groups: &Groups<'_>,
        sequences: &[usize],
        targets: impl Fn(usize) -> Targets<f64>,
    ) -> Vec<Example<f64>> {
        let example = |&n: &usize| Example { x: self.inputs(columns, &groups.rows[n]), targets: targets(n) };
        sequences.iter().map(example).collect()
    }

    /// A sequence's inputs, `[length, I]`.
    fn inputs(&self, columns: &[Vec<f64>], rows: &[usize]) -> Vec<f64> {
        let scaled = |row: usize| {
            self.features.iter().zip(columns).map(move |(feature, column)| feature.scaling.scale(column[row]))
        };
        rows.iter().flat_map(|&row| scaled(row)).collect()
    }

    /// A network's outputs for these sequences.
    pub(super) fn run(
        &self,
        network: &Network,
        parameters: &Parameters,
        table: &Table,
        groups: &Groups<'_>,
        sequences: &[usize],
    ) -> Result<Vec<Vec<f64>>, Error> {
        let columns = self.columns(table)?;
        let x: Vec<Vec<f64>> = sequences.iter().map(|&n| self.inputs(&columns, &groups.rows[n])).collect();
        Ok(run(network, parameters, &x.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    }

    /// The columns that predictions carry over from the data: the id, and the time of a sequence's
    /// last row if there is a time column.
    pub(super) fn key_headers(&self) -> Vec<String> {
        std::iter::once(&self.id).chain(&self.time).cloned().collect()
    }

    /// The cells under [`key_headers`](Self::key_headers), one row per sequence.
    pub(super) fn keys(&self, table: &Table, groups: &Groups<'_>) -> Result<Vec<Vec<String>>, Error> {
        let time = match &self.time {
            Some(time) => Some(table.column(time)?),
            None => None,
        };
        let key = |n: usize| {
            let last = groups.rows[n].last().copied().unwrap_or(0);
            let time = time.map(|time| time.text(last).to_owned());
            std::iter::once(groups.ids[n].to_owned()).chain(time).collect()
        };
        Ok((0..groups.len()).map(key).collect())
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.features.is_empty() || !self.features.iter().all(|feature| feature.scaling.is_valid()) {
            return Err("its features' scaling is out of range".into());
        }
        Ok(())
    }
}

/// Nobody said that these columns are inputs: one that begins with text is likely none.
fn refuse_text(table: &Table, names: &[String]) -> Result<(), Error> {
    for name in names {
        let column = table.column(name)?;
        if let Err(TableError::NotANumber { .. }) = column.number(0) {
            let message = format!(
                "{:?} is not a number, so the column is no input; name the inputs with --features, \
                 or a column of times with --time",
                column.text(0)
            );
            let place = format!("{}, line {}, column {name:?}", table.name(), column.line(0));
            return Err(DataError::new(place, message).into());
        }
    }
    Ok(())
}

/// The numbers of the sequences that are held out.
pub(super) fn held_out_sequences(held_out: &HeldOut, groups: &Groups<'_>) -> Result<Vec<usize>, ConfigError> {
    match held_out {
        HeldOut::All => Ok((0..groups.len()).collect()),
        HeldOut::Sequences(sequences) if sequences.iter().all(|&n| n < groups.len()) => Ok(sequences.clone()),
        HeldOut::Sequences(_) => {
            Err(ConfigError::new("test", "speaks of sequences that the table does not have"))
        }
        HeldOut::LastRows(_) => Err(ConfigError::new("test", "in rows is for forecasts")),
    }
}
