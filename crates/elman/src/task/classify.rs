//! **classify**: a class from a sequence.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::class_keys::{ClassKeys, Kind, are_clear};
use super::grouped::{GroupedTask, Grouping, Labels, labels_at_an_end, pictures};
use super::{Answers, Number, Picture, Precision, TaskFacts, TaskName};
use crate::ensemble::Average;
use crate::error::{ConfigError, DataError, Error, Message};
use crate::float::Dtype;
use crate::loss::{Loss, Targets, UNLABELLED};
use crate::metrics::{ClassAnswers, Confusion, Metrics, argmax};
use crate::network::Activation;
use crate::table::{Column, Table, nearest, stands_for_missing};
use crate::words::{abridged, quoted, thousands};

/// A classification task, fitted to a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classify {
    /// The columns.
    pub grouping: Grouping,
    /// The classes as they are first written: in order of their numbers if all are numbers, else of their letters. What
    /// would be other numbers without the rest of their column, such as `1.000` for a thousand, is written plainly.
    pub classes: Vec<String>,
    /// How often each class occurs in training.
    pub counts: Vec<usize>,
}

impl Classify {
    /// The name of the class that is predicted.
    pub(crate) fn predicted_name(&self) -> String {
        format!("{}_predicted", self.grouping.targets[0])
    }

    /// What all ways to write each of these labels have in common, by which they are told apart beside these classes: `2.0`
    /// is `2` where all classes are numbers, and so is `2,0` where a column of these labels would be read so; `TRUE` is `true`
    /// where they are truth values; and no space around a label counts.
    pub fn keys(classes: &[String], labels: &[String]) -> Vec<String> {
        ClassKeys::of(classes.iter().map(|class| class.trim())).keys(labels.iter().map(|label| label.trim()))
    }

    /// See [`Classify::keys`].
    fn class_keys(&self) -> ClassKeys<'_> {
        ClassKeys::of(self.classes.iter().map(String::as_str))
    }

    /// The class that is most likely.
    pub(crate) fn likely(&self, probabilities: &[f64]) -> &str {
        &self.classes[argmax(probabilities)]
    }
}

impl GroupedTask for Classify {
    /// The class's place among the classes.
    type Target = usize;
    /// The probabilities of the classes: the softmax of the outputs.
    type Answer = Vec<f64>;
    type Tally = ClassAnswers;

    const NAME: TaskName = TaskName::Classify;
    const TITLE: &'static str = "Classification";
    const FACTS: TaskFacts = TaskFacts { has_search: true, ..TaskFacts::USUAL };
    const BASELINE: &'static str = "most frequent class";

    fn unfitted(grouping: Grouping, labels: &Labels<'_>) -> Result<(Self, Vec<Message>), Error> {
        if grouping.targets.len() > 1 {
            let message = format!("names {} columns; to classify it is one", grouping.targets.len());
            return Err(ConfigError::new("target", message).into());
        }
        let (classes, remarks) = distinct(labels);
        if classes.len() < 2 {
            let text = format!(
                "is {:?} in {}, so there is nothing to learn; choose another ",
                labels.text(0),
                match labels.len() {
                    1 => format!("the only {}", labels.noun()),
                    many => format!("all {}", labels.counted(many)),
                }
            );
            return Err(DataError::new(labels.whole(0), Message::from(text).option("target")).into());
        }
        if classes.len() == labels.len() {
            let each = labels.counted(labels.len());
            let message = match labels.noun() {
                "row" => format!("is another for each of the {each}; classes are shared"),
                _ => format!(
                    "is another for each of the {each}; classes are shared, numbers are for the task {}",
                    TaskName::Regress
                ),
            };
            return Err(DataError::new(labels.whole(0), message).into());
        }
        Ok((Classify { grouping, counts: vec![0; classes.len()], classes }, remarks))
    }

    fn grouping(&self) -> &Grouping {
        &self.grouping
    }

    fn grouping_mut(&mut self) -> &mut Grouping {
        &mut self.grouping
    }

    fn targets(&self, labels: &Labels<'_>) -> Result<Vec<usize>, Error> {
        let (keys, numbers) = (self.class_keys(), labels.numbers_of_first());
        let class = |sample| {
            let number = numbers.as_ref().map(|numbers| numbers[sample]);
            keys.find(labels.text(sample), number).ok_or_else(|| self.unknown(labels, sample).into())
        };
        (0..labels.len()).map(class).collect()
    }

    fn unnamed_target(table: &Table) -> Option<usize> {
        labels_at_an_end(table)
    }

    fn are_targets(&self, column: Column<'_>) -> Option<Vec<bool>> {
        let (keys, numbers) = (self.class_keys(), column.numbers_or_gaps());
        let is_one = |(row, text)| keys.find(text, numbers.map(|numbers| numbers[row])).is_some();
        Some(column.texts().enumerate().map(is_one).collect())
    }

    fn classes(&self) -> Option<&Classify> {
        Some(self)
    }

    fn stratum(&class: &usize) -> usize {
        class
    }

    fn stratum_name(&self, class: usize) -> Option<&str> {
        self.classes.get(class).map(String::as_str)
    }

    fn fit(&mut self, classes: &[usize], _: &Labels<'_>) -> Result<(), DataError> {
        classes.iter().for_each(|&class| self.counts[class] += 1);
        Ok(())
    }

    fn to_learn(&self, &class: &usize) -> Targets<f64> {
        Targets::Classes(vec![class])
    }

    fn unlabelled(&self) -> Targets<f64> {
        Targets::Classes(vec![UNLABELLED])
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
            _ => {
                let message =
                    format!("{} is for numbers; a class has probabilities by cross-entropy", loss.name());
                Err(ConfigError::new("loss", message))
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

    fn representative(probabilities: &Vec<f64>) -> f64 {
        probabilities[0]
    }

    /// The frequencies of the classes in training.
    fn baseline(&self) -> Vec<f64> {
        let total: usize = self.counts.iter().sum();
        self.counts.iter().map(|&n| n as f64 / total.max(1) as f64).collect()
    }

    fn tally(&self) -> ClassAnswers {
        ClassAnswers::of(self.classes.len())
    }

    fn add(&self, tally: &mut ClassAnswers, probabilities: &Vec<f64>, &class: &usize) {
        tally.add(probabilities, class);
    }

    fn metrics(&self, tally: &ClassAnswers) -> Metrics {
        tally.metrics()
    }

    fn confusion(&self, tally: &ClassAnswers) -> Option<Confusion> {
        Some(tally.confusion(&self.classes))
    }

    fn pictures(
        &self,
        what: &str,
        names: &[String],
        probabilities: &[Vec<f64>],
        actual: &[usize],
    ) -> Vec<Picture> {
        vec![pictures::of_classes(&self.classes, (what, names), probabilities, actual)]
    }

    fn answer_of(&self, learned: &Targets<f64>) -> Vec<f64> {
        let mut probabilities = vec![0.0; self.classes.len()];
        if let Targets::Classes(classes) = learned {
            classes.iter().for_each(|&class| probabilities[class] = 1.0);
        }
        probabilities
    }

    /// A probability to the digits that `f32` has.
    fn shown(&self, _place: usize, value: f64, _dtype: Dtype) -> Number {
        Number { value, precision: Precision::F32 }
    }

    fn columns(&self, answers: &[Vec<f64>], dtype: Dtype) -> Vec<(String, Answers)> {
        let class = |probabilities: &Vec<f64>| self.likely(probabilities).to_owned();
        let predicted = Answers::Text(answers.iter().map(class).collect());
        let of_class = |(n, name)| {
            let numbers = answers.iter().map(|answer| self.shown(n, answer[n], dtype));
            (name, Answers::Numbers(numbers.collect()))
        };
        let predicted = std::iter::once((self.predicted_name(), predicted));
        predicted.chain(self.answer_names().into_iter().enumerate().map(of_class)).collect()
    }

    fn description(&self) -> String {
        format!(": {}", abridged(&self.classes))
    }

    fn check(&self) -> Result<(), String> {
        let total = self.counts.iter().try_fold(0usize, |total, &count| total.checked_add(count));
        if self.grouping.targets.len() != 1 {
            return Err("it has more than one column of classes".into());
        }
        if self.classes.len() < 2 || self.classes.len() != self.counts.len() || total.is_none() {
            return Err("its classes do not fit together".into());
        }
        Ok(())
    }
}

impl Classify {
    /// The error about a class that was not there in training.
    fn unknown(&self, labels: &Labels<'_>, sample: usize) -> DataError {
        let label = labels.text(sample);
        let hint = nearest(label, self.classes.iter().map(String::as_str))
            .map_or(String::new(), |class| format!(" (did you mean {class:?}?)"));
        let known: Vec<String> = self.classes.iter().map(|class| format!("{class:?}")).collect();
        let message = format!(
            "the model has not seen class {label:?} in training{hint}; it knows {}",
            abridged(&known)
        );
        DataError::new(labels.place(sample), message)
    }
}

/// The distinct labels as they are first written, or plainly if by themselves they would not be read as their column is,
/// sorted as numbers if all are numbers; and what is to be said of labels that are written in several ways, or look like
/// none.
fn distinct(labels: &Labels<'_>) -> (Vec<String>, Vec<Message>) {
    let numbers = labels.numbers_of_first();
    let kind = Kind::of(labels.texts(), numbers.is_some());
    let mut seen: HashMap<String, &str> = HashMap::new();
    let mut others: BTreeMap<&str, String> = BTreeMap::new();
    for (sample, text) in labels.texts().enumerate() {
        match seen.entry(kind.key_of(text, numbers.as_ref().map(|numbers| numbers[sample]))) {
            Entry::Vacant(entry) => drop(entry.insert(text)),
            Entry::Occupied(entry) if *entry.get() != text => drop(others.insert(text, entry.key().clone())),
            Entry::Occupied(_) => {}
        }
    }
    let mut names: BTreeMap<&str, &str> = seen.iter().map(|(key, &name)| (key.as_str(), name)).collect();
    if !are_clear(&names) {
        names.iter_mut().for_each(|(key, name)| *name = key);
    }
    let mut remarks = Vec::new();
    if let Some((other, key)) = others.first_key_value() {
        let class = names[key.as_str()];
        let more = match others.len() {
            1 => String::new(),
            many => format!(" ({} more likewise)", thousands(many - 1)),
        };
        let text = format!("{other:?} says the same as class {class:?}, and counts as that{more}");
        remarks.push(text.into());
    }
    let mut classes: Vec<(&str, &str)> = names.iter().map(|(&key, &name)| (name, key)).collect();
    classes.sort_unstable();
    if kind == Kind::Numbers {
        let number = |key: &str| key.parse().unwrap_or(f64::NAN);
        classes.sort_by(|a, b| number(a.1).total_cmp(&number(b.1)));
    }
    let classes: Vec<&str> = classes.into_iter().map(|(name, _)| name).collect();
    remarks.extend(remarks_on_names(&classes));
    (classes.into_iter().map(str::to_owned).collect(), remarks)
}

/// What is to be said of classes that look like no label, or like each other.
fn remarks_on_names(classes: &[&str]) -> Vec<Message> {
    let mut remarks = Vec::new();
    // A minus may stand beside a plus, and three stars beside two.
    let may_be_class = |class: &str| class == "-" || class.starts_with('*');
    let missing: Vec<&str> =
        classes.iter().copied().filter(|class| !may_be_class(class) && stands_for_missing(class)).collect();
    if !missing.is_empty() {
        let (count, stand) = if missing.len() == 1 {
            ("counts as a class", "it stands")
        } else {
            ("count as classes", "they stand")
        };
        remarks.push(
            format!("{} {count}; leave those cells empty if {stand} for no label", quoted(missing)).into(),
        );
    }
    let mut by_letters: BTreeMap<String, &str> = BTreeMap::new();
    for class in classes {
        if let Some(other) = by_letters.insert(class.to_lowercase(), class) {
            remarks.push(
                format!("classes {other:?} and {class:?} differ in capitals alone, and are two").into(),
            );
        }
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::Classify;

    #[test]
    fn labels_are_told_apart_as_the_classes_are() {
        let keys = |classes: &[&str], labels: &[&str]| {
            let texts = |of: &[&str]| of.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
            Classify::keys(&texts(classes), &texts(labels))
        };
        assert_eq!(keys(&["1", "2"], &["2.0", "01 ", "x"]), ["2", "1", "x"]);
        assert_eq!(keys(&["1 ", "2,0"], &["2", " 1,0", "2,0\n"]), ["2", "1", "2"]);
        assert_eq!(keys(&["True", "False"], &["TRUE", "1"]), ["true", "1"]);
        assert_eq!(keys(&["yes ", "no"], &["yes", " no\n", "No"]), ["yes", "no", "No"]);
    }
}
