use serde::{Deserialize, Serialize};

use super::GroupedOptions;
use super::groups::Groups;
use crate::error::{ConfigError, DataError, Error, Message};
use crate::loss::Targets;
use crate::scaling::{NoScaling, Scaling, TOO_LARGE};
use crate::sequence::Example;
use crate::table::{Place, Table, TableError};
use crate::task::Answers;
use crate::words::abridged;

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

impl Grouping {
    /// Finds the columns, without their statistics.
    pub(super) fn find(table: &Table, options: &GroupedOptions) -> Result<Self, Error> {
        let id = table.column(options.id.as_deref().unwrap_or("id"))?.name().to_owned();
        let target = table.column(options.target.as_deref().unwrap_or("target"))?.name().to_owned();
        let time = match &options.time {
            Some(time) => Some(table.column(time)?.name().to_owned()),
            None => None,
        };
        match (&options.time_format, &time) {
            (Some(format), Some(time)) => drop(table.column(time)?.times_as(format)?),
            (Some(_), None) => {
                let message = Message::from("is given, but no column of times; name it with ").option("time");
                return Err(ConfigError::new("time_format", message).into());
            }
            (None, _) => {}
        }
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
                let both = if other == option {
                    Message::from("twice")
                } else {
                    Message::from("and ").option(other).text(" both")
                };
                let message = both.text(format!(" name the column {column:?}; give each its own"));
                return Err(ConfigError::new(option, message).into());
            }
        }
        let unscaled = Scaling { mean: 0.0, deviation: 1.0 };
        let features = names.into_iter().map(|name| Feature { name, scaling: unscaled }).collect();
        Ok(Grouping { id, time, target, features })
    }

    /// Reads the feature columns as they are.
    pub(super) fn columns<'t>(&self, table: &'t Table) -> Result<Vec<&'t [f64]>, TableError> {
        self.features.iter().map(|feature| table.column(&feature.name)?.numbers()).collect()
    }

    /// Takes the statistics of the features from these rows.
    pub(super) fn fit(&mut self, table: &Table, columns: &[&[f64]], rows: &[usize]) -> Result<(), Error> {
        for (feature, column) in self.features.iter_mut().zip(columns) {
            let values = rows.iter().map(|&row| column[row]);
            feature.scaling = Scaling::fit(values).map_err(|why| {
                let message = match why {
                    NoScaling::Constant => Message::from(format!(
                        "is {} in {}, so it tells nothing; leave it out with ",
                        column[rows[0]],
                        all_training(rows.len(), "row")
                    ))
                    .option("features"),
                    NoScaling::TooLarge => TOO_LARGE.into(),
                };
                DataError::new(Place { table: table.name(), line: None, column: &feature.name }, message)
            })?;
        }
        Ok(())
    }

    /// These sequences as examples; `targets` gives those of each.
    pub(super) fn examples(
        &self,
        columns: &[&[f64]],
        groups: &Groups<'_>,
        sequences: &[usize],
        targets: impl Fn(usize) -> Targets<f64>,
    ) -> Vec<Example<f64>> {
        let example = |&n: &usize| Example { x: self.inputs(columns, &groups.rows[n]), targets: targets(n) };
        sequences.iter().map(example).collect()
    }

    /// A sequence's inputs, `[length, I]`.
    pub(super) fn inputs(&self, columns: &[&[f64]], rows: &[usize]) -> Vec<f64> {
        let scaled = |row: usize| {
            self.features.iter().zip(columns).map(move |(feature, column)| feature.scaling.scale(column[row]))
        };
        rows.iter().flat_map(|&row| scaled(row)).collect()
    }

    /// The columns that predictions carry over from the data, a row per sequence: the id, and the time of
    /// its last row if there is a time column.
    pub(super) fn keys(
        &self,
        table: &Table,
        groups: &Groups<'_>,
    ) -> Result<Vec<(String, Answers)>, TableError> {
        let ids = groups.ids.iter().map(|&id| id.to_owned()).collect();
        let mut keys = vec![(self.id.clone(), Answers::Text(ids))];
        if let Some(name) = &self.time {
            let time = table.column(name)?;
            let last = groups.rows.iter().filter_map(|rows| rows.last());
            keys.push((name.clone(), Answers::Text(last.map(|&row| time.text(row).to_owned()).collect())));
        }
        Ok(keys)
    }

    /// The columns in words.
    pub(super) fn describe(&self) -> String {
        let features: Vec<&str> = self.features.iter().map(|feature| feature.name.as_str()).collect();
        format!("{:?} from sequences of {} told apart by {:?}", self.target, abridged(&features), self.id)
    }

    /// Refuses what no fitted grouping can be.
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
            let text = format!(
                "{:?} is not a number, so the column is no input; name the inputs with ",
                column.text(0)
            );
            let message =
                Message::from(text).option("features").text(", or a column of times with ").option("time");
            return Err(DataError::new(column.place(0), message).into());
        }
    }
    Ok(())
}

/// `all 40 training rows`, or the only one.
pub(in crate::task) fn all_training(count: usize, noun: &str) -> String {
    if count == 1 { format!("the only training {noun}") } else { format!("all {count} training {noun}s") }
}
