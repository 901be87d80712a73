//! **regress**: numbers from a sequence.

use serde::{Deserialize, Serialize};

use super::grouped::{GroupedTask, Grouping, Labels, one_or_many, pictures};
use super::quantiles::{Asked, metrics_of_quantiles};
use super::{Answers, Number, Picture, TaskName};
use crate::distribution::Distribution;
use crate::error::{DataError, Error, Message};
use crate::float::Dtype;
use crate::loss::{Loss, Targets};
use crate::metrics::{JointErrors, Metrics, mean_metrics};
use crate::scaling::{NoScaling, Scaling, TOO_LARGE};

/// Of so many samples, a target that differs in a single one is nearly constant.
const ENOUGH_SAMPLES: usize = 10;

/// A regression task, fitted to a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regress {
    /// The columns.
    pub grouping: Grouping,
    /// The statistics of each target in training; a single one stands for itself in files.
    #[serde(rename = "target_scaling", with = "one_or_many")]
    pub target_scalings: Vec<Scaling>,
}

/// Refuses a target that differs in a single one of all samples, so that no split decides whether it is constant.
fn refuse_nearly_constant(labels: &Labels<'_>, all: &[Vec<f64>]) -> Result<(), DataError> {
    for k in 0..all.first().map_or(0, Vec::len) {
        let mut known: Vec<f64> =
            all.iter().map(|values| values[k]).filter(|value| !value.is_nan()).collect();
        if known.len() < ENOUGH_SAMPLES {
            continue;
        }
        known.sort_by(f64::total_cmp);
        let usual = known[known.len() / 2];
        if known.iter().filter(|&&value| value != usual).count() == 1 {
            let text = format!(
                "is {usual} in all {} but one, so there is nothing to learn; choose another ",
                labels.counted(known.len())
            );
            return Err(DataError::new(labels.whole(k), Message::from(text).option("target")));
        }
    }
    Ok(())
}

impl GroupedTask for Regress {
    /// A number for each column of targets, NaN where it is missing.
    type Target = Vec<f64>;
    type Answer = Vec<f64>;
    type Tally = JointErrors;

    const NAME: TaskName = TaskName::Regress;
    const TITLE: &'static str = "Regression";
    const BASELINE: &'static str = "training mean";

    fn unfitted(grouping: Grouping, _: &Labels<'_>) -> Result<(Self, Vec<Message>), Error> {
        let target_scalings = vec![Scaling::NONE; grouping.targets.len()];
        Ok((Regress { grouping, target_scalings }, Vec::new()))
    }

    fn grouping(&self) -> &Grouping {
        &self.grouping
    }

    fn grouping_mut(&mut self) -> &mut Grouping {
        &mut self.grouping
    }

    fn targets(&self, labels: &Labels<'_>) -> Result<Vec<Vec<f64>>, Error> {
        Ok((0..labels.len()).map(|sample| labels.numbers(sample)).collect::<Result<_, _>>()?)
    }

    fn check_targets(targets: &[Vec<f64>], labels: &Labels<'_>) -> Result<(), DataError> {
        refuse_nearly_constant(labels, targets)
    }

    fn outliers(labels: &Labels<'_>) -> Result<Vec<Message>, Error> {
        labels.outliers()
    }

    fn remarks_on_far(&self, labels: &Labels<'_>) -> Vec<Message> {
        labels.remarks_on_far(&self.target_scalings)
    }

    /// All are of one: the split is a plain draw.
    fn stratum(_: &Vec<f64>) -> usize {
        0
    }

    fn stratum_name(&self, _: usize) -> Option<&str> {
        None
    }

    fn fit(&mut self, targets: &[Vec<f64>], labels: &Labels<'_>) -> Result<(), DataError> {
        for (k, scaling) in self.target_scalings.iter_mut().enumerate() {
            let known: Vec<f64> =
                targets.iter().map(|target| target[k]).filter(|target| !target.is_nan()).collect();
            *scaling = Scaling::fit(known.iter().copied()).map_err(|why| {
                let message = match (why, known.as_slice()) {
                    (_, []) => {
                        Message::from("is empty in the whole training part; choose another ").option("target")
                    }
                    (NoScaling::Constant, [first, ..]) => {
                        let of = labels.all_training(known.len());
                        Message::from(format!(
                            "is {first} in {of}, so there is nothing to learn; choose another "
                        ))
                        .option("target")
                    }
                    _ => TOO_LARGE.into(),
                };
                DataError::new(labels.whole(k), message)
            })?;
        }
        Ok(())
    }

    /// A missing target stays NaN, which counts nothing in a loss.
    fn to_learn(&self, target: &Vec<f64>) -> Targets<f64> {
        let scaled = self.target_scalings.iter().zip(target).map(|(scaling, &target)| scaling.scale(target));
        Targets::Values(scaled.collect())
    }

    fn rescale(&mut self, by: Scaling) -> Vec<f64> {
        self.target_scalings.iter_mut().map(|scaling| std::mem::replace(scaling, by).mean).collect()
    }

    fn unlabelled(&self) -> Targets<f64> {
        Targets::Values(vec![f64::NAN; self.target_scalings.len()])
    }

    fn output_size(&self) -> usize {
        self.target_scalings.len()
    }

    fn loss(&self) -> Loss {
        Loss::Squared
    }

    fn answer(&self, output: &[f64]) -> Vec<f64> {
        self.target_scalings.iter().zip(output).map(|(scaling, &output)| scaling.unscale(output)).collect()
    }

    fn answer_values(&self, output: &[f64], answer: &mut [f64]) {
        for ((answer, scaling), &output) in answer.iter_mut().zip(&self.target_scalings).zip(output) {
            *answer = scaling.unscale(output);
        }
    }

    fn answer_names(&self) -> Vec<String> {
        self.grouping.targets.iter().map(|target| format!("{target}_predicted")).collect()
    }

    fn representative(answer: &Vec<f64>) -> f64 {
        answer.iter().copied().find(|answer| !answer.is_finite()).unwrap_or(0.0)
    }

    fn baseline(&self) -> Vec<f64> {
        self.target_scalings.iter().map(|scaling| scaling.mean).collect()
    }

    fn tally(&self) -> JointErrors {
        JointErrors::of(self.target_scalings.len())
    }

    fn add(&self, tally: &mut JointErrors, answer: &Vec<f64>, actual: &Vec<f64>) {
        tally.add(answer, actual);
    }

    fn metrics(&self, tally: &JointErrors) -> Metrics {
        tally.metrics(&self.grouping.targets)
    }

    fn pictures(
        &self,
        what: &str,
        names: &[String],
        answers: &[Vec<f64>],
        actual: &[Vec<f64>],
    ) -> Vec<Picture> {
        pictures::of_numbers(&self.grouping.targets, (what, names), answers, actual)
    }

    fn answer_of(&self, learned: &Targets<f64>) -> Vec<f64> {
        match learned {
            Targets::Values(values) => self.answer(values),
            Targets::Classes(_) => vec![f64::NAN; self.target_scalings.len()],
        }
    }

    fn shown(&self, place: usize, value: f64, dtype: Dtype) -> Number {
        Number::answer(value, self.target_scalings[place].deviation, dtype)
    }

    fn columns(&self, answers: &[Vec<f64>], dtype: Dtype) -> Vec<(String, Answers)> {
        let column = |(k, name): (usize, String)| {
            let numbers = answers.iter().map(|answer| self.shown(k, answer[k], dtype));
            (name, Answers::Numbers(numbers.collect()))
        };
        self.answer_names().into_iter().enumerate().map(column).collect()
    }

    fn quantile_columns(
        &self,
        told: &Distribution,
        outputs: &[Vec<f64>],
        asked: &[Asked],
        dtype: Dtype,
    ) -> Vec<(String, Answers)> {
        let mut columns = Vec::new();
        for (target, name) in self.answer_names().iter().enumerate() {
            for asked in asked {
                let values = self.quantiles(told, outputs, target, asked.level);
                let numbers = values.into_iter().map(|value| self.shown(target, value, dtype));
                columns.push((format!("{name}_{}", asked.name), Answers::Numbers(numbers.collect())));
            }
        }
        columns
    }

    /// Of several targets, the means of each one's figures.
    fn distribution_metrics(
        &self,
        told: &Distribution,
        outputs: &[Vec<f64>],
        actual: &[Vec<f64>],
    ) -> Metrics {
        let of_target = |target: usize| {
            let actual: Vec<f64> = actual.iter().map(|actual| actual[target]).collect();
            metrics_of_quantiles(|level| self.quantiles(told, outputs, target, level), &actual)
        };
        mean_metrics(&(0..self.target_scalings.len()).map(of_target).collect::<Vec<_>>())
    }

    fn check(&self) -> Result<(), String> {
        if self.target_scalings.len() != self.grouping.targets.len()
            || !self.target_scalings.iter().all(Scaling::is_valid)
        {
            return Err("its target's scaling is out of range".into());
        }
        Ok(())
    }
}

impl Regress {
    /// The quantile of a target at a level, by each of these outputs.
    fn quantiles(&self, told: &Distribution, outputs: &[Vec<f64>], target: usize, level: f64) -> Vec<f64> {
        let width = told.outputs_per_value();
        let scaling = &self.target_scalings[target];
        let quantile =
            |output: &Vec<f64>| scaling.unscale(told.of(&output[target * width..][..width]).quantile(level));
        outputs.iter().map(quantile).collect()
    }
}
