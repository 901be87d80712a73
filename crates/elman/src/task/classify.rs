//! **classify**: a class from a sequence.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::grouped::{GroupedOptions, Grouping, Groups, Split, held_out_sequences, on};
use super::{HeldOut, Predictions, Prepared, Task, check_finite};
use crate::error::{DataError, Error};
use crate::float::Parameters;
use crate::loss::Targets;
use crate::metrics::{Evaluation, argmax, classification_metrics};
use crate::network::Network;
use crate::table::{Table, nearest};

/// A classification task, fitted to a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classify {
    /// The columns.
    pub grouping: Grouping,
    /// The classes: in order of their numbers if all are numbers, else of their letters.
    pub classes: Vec<String>,
    /// How often each class occurs in training.
    pub counts: Vec<usize>,
}

impl Classify {
    pub(super) fn prepare(table: &Table, options: &GroupedOptions, seed: u64) -> Result<Prepared, Error> {
        let mut grouping = Grouping::find(table, options)?;
        let groups = Groups::read(table, &grouping.id)?;
        let target = table.column(&grouping.target)?;
        let labels: Vec<&str> =
            groups.all_target_rows(table, target)?.into_iter().map(|row| target.text(row)).collect();
        let classes = sorted_classes(&labels);
        if classes.len() < 2 {
            let message = format!(
                "is {:?} for all {} sequences, so there is nothing to learn; choose another --target",
                labels[0],
                labels.len()
            );
            return Err(
                DataError::new(format!("{}, column {:?}", table.name(), grouping.target), message).into()
            );
        }
        if classes.len() == labels.len() {
            let message = format!(
                "is another for each of the {} sequences; classes are shared, numbers are for `train regress`",
                labels.len()
            );
            return Err(
                DataError::new(format!("{}, column {:?}", table.name(), grouping.target), message).into()
            );
        }
        let places: HashMap<&str, usize> =
            classes.iter().enumerate().map(|(n, class)| (class.as_str(), n)).collect();
        let numbers: Vec<usize> = labels.iter().map(|label| places[label]).collect();
        let columns = grouping.columns(table)?;
        let split = Split::draw(&numbers, options, seed)?;
        let rows: Vec<usize> = split.train.iter().flat_map(|&n| groups.rows[n].iter().copied()).collect();
        grouping.fit(table, &columns, &rows)?;
        let mut counts = vec![0; classes.len()];
        split.train.iter().for_each(|&n| counts[numbers[n]] += 1);
        let examples = |sequences: &[usize]| {
            grouping.examples(&columns, &groups, sequences, |n| Targets::Classes(vec![numbers[n]]))
        };
        let (train, validation) = (examples(&split.train), examples(&split.validation));
        let held_out = (!split.test.is_empty()).then_some(HeldOut::Sequences(split.test));
        let task = Task::Classify(Classify { grouping, classes, counts });
        Ok(Prepared { task, data: table.name().to_owned(), train, validation, held_out })
    }

    /// Weights that make every class count alike: `n / (classes * n_class)`.
    pub fn balanced_weights(&self) -> Vec<f64> {
        let total: usize = self.counts.iter().sum();
        let share = total as f64 / self.classes.len() as f64;
        self.counts.iter().map(|&count| share / count.max(1) as f64).collect()
    }

    /// The probabilities of the classes for each sequence: the softmax of the outputs.
    fn probabilities(
        &self,
        network: &Network,
        parameters: &Parameters,
        table: &Table,
        groups: &Groups<'_>,
        sequences: &[usize],
    ) -> Result<Vec<Vec<f64>>, Error> {
        let outputs = self.grouping.run(network, parameters, table, groups, sequences)?;
        let probabilities: Vec<Vec<f64>> = outputs.iter().map(|logits| softmax(logits)).collect();
        let first: Vec<f64> = probabilities.iter().map(|probabilities| probabilities[0]).collect();
        check_finite(&first, table, |n| format!("sequence {:?}", groups.ids[sequences[n]]))?;
        Ok(probabilities)
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
        let target = table.column(&self.grouping.target)?;
        let rows = groups.all_target_rows(table, target)?;
        let actual: Vec<usize> =
            sequences.iter().map(|&n| self.class(table, target, rows[n])).collect::<Result<_, _>>()?;
        let probabilities = self.probabilities(network, parameters, table, &groups, &sequences)?;
        let total: usize = self.counts.iter().sum();
        let frequencies: Vec<f64> = self.counts.iter().map(|&n| n as f64 / total.max(1) as f64).collect();
        Ok(Evaluation {
            on: on(held_out, actual.len()),
            model: classification_metrics(&probabilities, &actual),
            baseline_name: "most frequent class".into(),
            baseline: classification_metrics(&vec![frequencies; actual.len()], &actual),
        })
    }

    fn class(&self, table: &Table, target: crate::table::Column<'_>, row: usize) -> Result<usize, DataError> {
        let label = target.text(row);
        self.classes.iter().position(|class| class == label).ok_or_else(|| {
            let place = format!("{}, line {}, column {:?}", table.name(), target.line(row), target.name());
            let hint = nearest(label, self.classes.iter().map(String::as_str))
                .map_or(String::new(), |class| format!(" (did you mean {class:?}?)"));
            let message = format!(
                "the model has not seen class {label:?} in training{hint}; it knows {}",
                self.classes.iter().map(|class| format!("{class:?}")).collect::<Vec<_>>().join(", ")
            );
            DataError::new(place, message)
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
        let probabilities = self.probabilities(network, parameters, table, &groups, &all)?;
        let mut headers = self.grouping.key_headers();
        headers.push(format!("{}_predicted", self.grouping.target));
        headers.extend(self.classes.iter().map(|class| format!("probability_{class}")));
        let mut rows = self.grouping.keys(table, &groups)?;
        for (row, probabilities) in rows.iter_mut().zip(&probabilities) {
            row.push(self.classes[argmax(probabilities)].clone());
            row.extend(probabilities.iter().map(|&p| probability_text(p)));
        }
        let numbers = headers.len() - self.classes.len()..headers.len();
        Ok(Predictions { headers, rows, numbers })
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let total = self.counts.iter().try_fold(0usize, |total, &count| total.checked_add(count));
        if self.classes.len() < 2 || self.classes.len() != self.counts.len() || total.is_none() {
            return Err("its classes do not fit together".into());
        }
        self.grouping.check()
    }
}

/// The distinct labels, sorted as numbers if all are numbers.
fn sorted_classes(labels: &[&str]) -> Vec<String> {
    let mut classes: Vec<&str> = labels.to_vec();
    classes.sort_unstable();
    classes.dedup();
    let numbers: Option<Vec<f64>> =
        classes.iter().map(|class| class.parse().ok().filter(|n: &f64| n.is_finite())).collect();
    if let Some(numbers) = numbers {
        let mut numbered: Vec<(f64, &str)> = numbers.into_iter().zip(classes).collect();
        numbered.sort_by(|a, b| a.0.total_cmp(&b.0));
        classes = numbered.into_iter().map(|(_, class)| class).collect();
    }
    classes.into_iter().map(str::to_owned).collect()
}

/// A probability to the digits that `f32` has.
fn probability_text(probability: f64) -> String {
    (probability as f32).to_string()
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter().map(|e| e / sum).collect()
}
