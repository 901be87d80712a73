//! **classify**: a class from a sequence.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::grouped::{GroupedTask, Grouping, Labels};
use super::{Answers, Number, Precision, TaskName};
use crate::ensemble::Average;
use crate::error::{ConfigError, DataError, Error, Message};
use crate::float::Dtype;
use crate::loss::{Loss, Targets};
use crate::metrics::{Confusion, Metrics, argmax, classification_metrics};
use crate::network::Activation;
use crate::table::nearest;

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

impl GroupedTask for Classify {
    /// The class's place among the classes.
    type Target = usize;
    /// The probabilities of the classes: the softmax of the outputs.
    type Answer = Vec<f64>;

    const NAME: TaskName = TaskName::Classify;
    const BASELINE: &'static str = "most frequent class";

    fn unfitted(grouping: Grouping, labels: &Labels<'_>) -> Result<Self, DataError> {
        let classes = sorted_classes(labels);
        if classes.len() < 2 {
            let text = format!(
                "is {:?} for all {} sequences, so there is nothing to learn; choose another ",
                labels.text(0),
                labels.len()
            );
            return Err(DataError::new(labels.whole(), Message::from(text).option("target")));
        }
        if classes.len() == labels.len() {
            let message = format!(
                "is another for each of the {} sequences; classes are shared, numbers are for `train {}`",
                labels.len(),
                TaskName::Regress
            );
            return Err(DataError::new(labels.whole(), message));
        }
        Ok(Classify { grouping, counts: vec![0; classes.len()], classes })
    }

    fn grouping(&self) -> &Grouping {
        &self.grouping
    }

    fn grouping_mut(&mut self) -> &mut Grouping {
        &mut self.grouping
    }

    fn targets(&self, labels: &Labels<'_>, sequences: &[usize]) -> Result<Vec<usize>, Error> {
        let places: HashMap<&str, usize> =
            self.classes.iter().enumerate().map(|(n, class)| (class.as_str(), n)).collect();
        let class =
            |&n: &usize| places.get(labels.text(n)).copied().ok_or_else(|| self.unknown(labels, n).into());
        sequences.iter().map(class).collect()
    }

    fn stratum(class: usize) -> usize {
        class
    }

    fn fit(&mut self, classes: &[usize]) -> Result<(), Message> {
        classes.iter().for_each(|&class| self.counts[class] += 1);
        Ok(())
    }

    fn to_learn(&self, class: usize) -> Targets<f64> {
        Targets::Classes(vec![class])
    }

    fn output_size(&self) -> usize {
        self.classes.len()
    }

    fn loss(&self) -> Loss {
        Loss::CrossEntropy { class_weights: None }
    }

    fn check_loss(&self, loss: &Loss) -> Result<(), ConfigError> {
        match loss {
            Loss::CrossEntropy { .. } => Ok(()),
            Loss::Squared | Loss::Absolute | Loss::Huber { .. } => {
                Err(ConfigError::new("loss", "for classes is cross-entropy; the others are for numbers"))
            }
        }
    }

    fn average(&self) -> Average {
        Average::Probabilities
    }

    /// `n / (classes * n_class)`
    fn balanced_class_weights(&self) -> Option<Vec<f64>> {
        let total: usize = self.counts.iter().sum();
        let share = total as f64 / self.classes.len() as f64;
        Some(self.counts.iter().map(|&count| share / count.max(1) as f64).collect())
    }

    fn answer(&self, logits: &[f64]) -> Vec<f64> {
        let mut probabilities = vec![0.0; logits.len()];
        self.answer_values(logits, &mut probabilities);
        probabilities
    }

    fn answer_values(&self, logits: &[f64], probabilities: &mut [f64]) {
        probabilities.copy_from_slice(logits);
        Activation::Softmax.apply(probabilities);
    }

    fn answer_names(&self) -> Vec<String> {
        self.classes.iter().map(|class| format!("probability_{class}")).collect()
    }

    fn first_number(probabilities: &Vec<f64>) -> f64 {
        probabilities[0]
    }

    /// The frequencies of the classes in training.
    fn baseline(&self) -> Vec<f64> {
        let total: usize = self.counts.iter().sum();
        self.counts.iter().map(|&n| n as f64 / total.max(1) as f64).collect()
    }

    fn metrics(probabilities: &[Vec<f64>], actual: &[usize]) -> Metrics {
        classification_metrics(probabilities, actual)
    }

    fn confusion(&self, probabilities: &[Vec<f64>], actual: &[usize]) -> Option<Confusion> {
        Some(Confusion::of(&self.classes, probabilities, actual))
    }

    fn answer_of(&self, learned: &Targets<f64>) -> Vec<f64> {
        let mut probabilities = vec![0.0; self.classes.len()];
        if let Targets::Classes(classes) = learned {
            classes.iter().for_each(|&class| probabilities[class] = 1.0);
        }
        probabilities
    }

    fn columns(&self, answers: &[Vec<f64>], _: Dtype) -> Vec<(String, Answers)> {
        let class = |probabilities: &Vec<f64>| self.classes[argmax(probabilities)].clone();
        let predicted = Answers::Text(answers.iter().map(class).collect());
        // A probability to the digits that `f32` has.
        let number = |value| Number { value, precision: Precision::F32 };
        let of_class =
            |(n, name)| (name, Answers::Numbers(answers.iter().map(|answer| number(answer[n])).collect()));
        let predicted = std::iter::once((format!("{}_predicted", self.grouping.target), predicted));
        predicted.chain(self.answer_names().into_iter().enumerate().map(of_class)).collect()
    }

    fn description(&self) -> String {
        format!(": {}", self.classes.join(", "))
    }

    fn check(&self) -> Result<(), String> {
        let total = self.counts.iter().try_fold(0usize, |total, &count| total.checked_add(count));
        if self.classes.len() < 2 || self.classes.len() != self.counts.len() || total.is_none() {
            return Err("its classes do not fit together".into());
        }
        Ok(())
    }
}

impl Classify {
    /// The error about a class that was not there in training.
    fn unknown(&self, labels: &Labels<'_>, sequence: usize) -> DataError {
        let label = labels.text(sequence);
        let hint = nearest(label, self.classes.iter().map(String::as_str))
            .map_or(String::new(), |class| format!(" (did you mean {class:?}?)"));
        let message = format!(
            "the model has not seen class {label:?} in training{hint}; it knows {}",
            self.classes.iter().map(|class| format!("{class:?}")).collect::<Vec<_>>().join(", ")
        );
        DataError::new(labels.place(sequence), message)
    }
}

/// The distinct labels, sorted as numbers if all are numbers.
fn sorted_classes(labels: &Labels<'_>) -> Vec<String> {
    let mut classes: Vec<&str> = labels.texts().collect();
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
