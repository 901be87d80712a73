//! **regress**: a number from a sequence.

use serde::{Deserialize, Serialize};

use super::grouped::{GroupedOptions, Grouping, Groups, Split, all_training, held_out_sequences, on};
use super::{HeldOut, Predictions, Prepared, Task, check_finite, number_text};
use crate::error::{DataError, Error};
use crate::float::Parameters;
use crate::loss::Targets;
use crate::metrics::{Evaluation, regression_metrics};
use crate::network::Network;
use crate::scaling::{NoScaling, Scaling, TOO_LARGE};
use crate::table::Table;

/// A regression task, fitted to a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regress {
    /// The columns.
    pub grouping: Grouping,
    /// The statistics of the targets in training.
    pub target_scaling: Scaling,
}

impl Regress {
    pub(super) fn prepare(table: &Table, options: &GroupedOptions, seed: u64) -> Result<Prepared, Error> {
        let mut grouping = Grouping::find(table, options)?;
        let groups = Groups::read(table, &grouping.id)?;
        let targets = targets(&grouping, table, &groups)?;
        let columns = grouping.columns(table)?;
        // Without classes all sequences are of one: the split is a plain draw.
        let split = Split::draw(&vec![0; groups.len()], options, seed)?;
        let rows: Vec<usize> = split.train.iter().flat_map(|&n| groups.rows[n].iter().copied()).collect();
        grouping.fit(table, &columns, &rows)?;
        let target_scaling = Scaling::fit(split.train.iter().map(|&n| targets[n])).map_err(|why| {
            let message = match why {
                NoScaling::Constant => format!(
                    "is {} in {}, so there is nothing to learn; choose another --target",
                    targets[split.train[0]],
                    all_training(split.train.len(), "sequence")
                ),
                NoScaling::TooLarge => TOO_LARGE.into(),
            };
            DataError::new(format!("{}, column {:?}", table.name(), grouping.target), message)
        })?;
        let examples = |sequences: &[usize]| {
            grouping.examples(&columns, &groups, sequences, |n| {
                Targets::Values(vec![target_scaling.scale(targets[n])])
            })
        };
        let (train, validation) = (examples(&split.train), examples(&split.validation));
        let held_out = (!split.test.is_empty()).then_some(HeldOut::Sequences(split.test));
        let task = Task::Regress(Regress { grouping, target_scaling });
        Ok(Prepared { task, data: table.name().to_owned(), train, validation, held_out })
    }

    fn answers(
        &self,
        network: &Network,
        parameters: &Parameters,
        table: &Table,
        groups: &Groups<'_>,
        sequences: &[usize],
    ) -> Result<Vec<f64>, Error> {
        let outputs = self.grouping.run(network, parameters, table, groups, sequences)?;
        let answers: Vec<f64> = outputs.iter().map(|output| self.target_scaling.unscale(output[0])).collect();
        check_finite(&answers, table, |n| format!("sequence {:?}", groups.ids[sequences[n]]))?;
        Ok(answers)
    }

    pub(super) fn evaluate(
        &self,
        network: &Network,
        parameters: &Parameters,
        table: &Table,
        held_out: &HeldOut,
    ) -> Result<Evaluation, Error> {
        let groups = Groups::read(table, &self.grouping.id)?;
        let sequences = held_out_sequences(held_out, &groups)?;
        let targets = targets(&self.grouping, table, &groups)?;
        let actual: Vec<f64> = sequences.iter().map(|&n| targets[n]).collect();
        let predicted = self.answers(network, parameters, table, &groups, &sequences)?;
        let mean = vec![self.target_scaling.mean; actual.len()];
        Ok(Evaluation {
            on: on(held_out, actual.len()),
            model: regression_metrics(&predicted, &actual),
            baseline_name: "training mean".into(),
            baseline: regression_metrics(&mean, &actual),
        })
    }

    pub(super) fn predict(
        &self,
        network: &Network,
        parameters: &Parameters,
        table: &Table,
    ) -> Result<Predictions, Error> {
        let groups = Groups::read(table, &self.grouping.id)?;
        let all: Vec<usize> = (0..groups.len()).collect();
        let answers = self.answers(network, parameters, table, &groups, &all)?;
        let mut headers = self.grouping.key_headers();
        headers.push(format!("{}_predicted", self.grouping.target));
        let mut rows = self.grouping.keys(table, &groups)?;
        for (row, &answer) in rows.iter_mut().zip(&answers) {
            row.push(number_text(answer, self.target_scaling.deviation, parameters.dtype()));
        }
        let numbers = headers.len() - 1..headers.len();
        Ok(Predictions { headers, rows, numbers })
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if !self.target_scaling.is_valid() {
            return Err("its target's scaling is out of range".into());
        }
        self.grouping.check()
    }
}

fn targets(grouping: &Grouping, table: &Table, groups: &Groups<'_>) -> Result<Vec<f64>, Error> {
    let column = table.column(&grouping.target)?;
    let rows = groups.all_target_rows(table, column)?;
    Ok(rows.into_iter().map(|row| column.number(row)).collect::<Result<_, _>>()?)
}
