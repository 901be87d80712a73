//! **regress**: a number from a sequence.

use serde::{Deserialize, Serialize};

use super::grouped::{GroupedTask, Grouping, Labels, all_training};
use super::{Answers, Number, TaskName};
use crate::error::{DataError, Error, Message};
use crate::float::Dtype;
use crate::loss::{Loss, Targets};
use crate::metrics::{Metrics, regression_metrics};
use crate::scaling::{NoScaling, Scaling, TOO_LARGE};

/// A regression task, fitted to a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regress {
    /// The columns.
    pub grouping: Grouping,
    /// The statistics of the targets in training.
    pub target_scaling: Scaling,
}

impl GroupedTask for Regress {
    type Target = f64;
    type Answer = f64;

    const NAME: TaskName = TaskName::Regress;
    const BASELINE: &'static str = "training mean";

    fn unfitted(grouping: Grouping, _: &Labels<'_>) -> Result<Self, DataError> {
        Ok(Regress { grouping, target_scaling: Scaling { mean: 0.0, deviation: 1.0 } })
    }

    fn grouping(&self) -> &Grouping {
        &self.grouping
    }

    fn grouping_mut(&mut self) -> &mut Grouping {
        &mut self.grouping
    }

    fn targets(&self, labels: &Labels<'_>, sequences: &[usize]) -> Result<Vec<f64>, Error> {
        Ok(sequences.iter().map(|&n| labels.number(n)).collect::<Result<_, _>>()?)
    }

    /// All are of one: the split is a plain draw.
    fn stratum(_: f64) -> usize {
        0
    }

    fn fit(&mut self, targets: &[f64]) -> Result<(), Message> {
        self.target_scaling = Scaling::fit(targets.iter().copied()).map_err(|why| match why {
            NoScaling::Constant => Message::from(format!(
                "is {} in {}, so there is nothing to learn; choose another ",
                targets[0],
                all_training(targets.len(), "sequence")
            ))
            .option("target"),
            NoScaling::TooLarge => TOO_LARGE.into(),
        })?;
        Ok(())
    }

    fn to_learn(&self, target: f64) -> Targets<f64> {
        Targets::Values(vec![self.target_scaling.scale(target)])
    }

    fn output_size(&self) -> usize {
        1
    }

    fn loss(&self) -> Loss {
        Loss::Squared
    }

    fn answer(&self, output: &[f64]) -> f64 {
        self.target_scaling.unscale(output[0])
    }

    fn answer_values(&self, output: &[f64], answer: &mut [f64]) {
        answer[0] = self.answer(output);
    }

    fn answer_names(&self) -> Vec<String> {
        vec![format!("{}_predicted", self.grouping.target)]
    }

    fn first_number(answer: &f64) -> f64 {
        *answer
    }

    fn baseline(&self) -> f64 {
        self.target_scaling.mean
    }

    fn metrics(answers: &[f64], actual: &[f64]) -> Metrics {
        regression_metrics(answers, actual)
    }

    fn answer_of(&self, learned: &Targets<f64>) -> f64 {
        match learned {
            Targets::Values(values) => self.answer(values),
            Targets::Classes(_) => f64::NAN,
        }
    }

    fn columns(&self, answers: &[f64], dtype: Dtype) -> Vec<(String, Answers)> {
        let number = |&answer: &f64| Number::answer(answer, self.target_scaling.deviation, dtype);
        let answers = answers.iter().map(number).collect();
        vec![(format!("{}_predicted", self.grouping.target), Answers::Numbers(answers))]
    }

    fn check(&self) -> Result<(), String> {
        if !self.target_scaling.is_valid() {
            return Err("its target's scaling is out of range".into());
        }
        Ok(())
    }
}
