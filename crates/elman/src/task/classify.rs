//! **classify**: a class from a sequence.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::grouped::{GroupedTask, Grouping, Labels, labels_at_an_end, pictures};
use super::{Answers, Number, Picture, Precision, TaskFacts, TaskName};
use crate::ensemble::Average;
use crate::error::{ConfigError, DataError, Error, Message};
use crate::float::Dtype;
use crate::loss::{Loss, Targets, UNLABELLED};
use crate::metrics::{Confusion, Metrics, argmax, classification_metrics};
use crate::network::Activation;
use crate::table::{Table, nearest, stands_for_missing};
use crate::words::{abridged, quoted, thousands};

/// A classification task, fitted to a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Classify {
    /// The columns.
    pub grouping: Grouping,
    /// The classes as they are first written: in order of their numbers if all are numbers, else of their letters.
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
    /// is `2` where all classes are numbers, `TRUE` is `true` where they are truth values, and no space around a label counts.
    pub fn keys(classes: &[String], labels: &[String]) -> Vec<String> {
        let key = key_of(classes.iter().map(|class| class.trim()));
        labels.iter().map(|label| key(label.trim()).unwrap_or_else(|| label.trim().to_owned())).collect()
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
        let as_written: HashMap<&str, usize> =
            self.classes.iter().enumerate().map(|(n, class)| (class.as_str(), n)).collect();
        let key = key_of(self.classes.iter().map(String::as_str));
        let by_key: HashMap<String, usize> =
            self.classes.iter().enumerate().filter_map(|(n, class)| Some((key(class)?, n))).collect();
        let class = |sample| {
            let text = labels.text(sample);
            let written = as_written.get(text).copied();
            written
                .or_else(|| by_key.get(&key(text)?).copied())
                .ok_or_else(|| self.unknown(labels, sample).into())
        };
        (0..labels.len()).map(class).collect()
    }

    fn unnamed_target(table: &Table) -> Option<usize> {
        labels_at_an_end(table)
    }

    fn is_target(&self, text: &str) -> Option<bool> {
        let key = key_of(self.classes.iter().map(String::as_str));
        let is_one = |class: &String| class == text || key(text).is_some_and(|own| key(class) == Some(own));
        Some(self.classes.iter().any(is_one))
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

    fn metrics(&self, probabilities: &[Vec<f64>], actual: &[usize]) -> Metrics {
        classification_metrics(probabilities, actual)
    }

    fn confusion(&self, probabilities: &[Vec<f64>], actual: &[usize]) -> Option<Confusion> {
        Some(Confusion::of(&self.classes, probabilities, actual))
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

    fn columns(&self, answers: &[Vec<f64>], _: Dtype) -> Vec<(String, Answers)> {
        let class = |probabilities: &Vec<f64>| self.likely(probabilities).to_owned();
        let predicted = Answers::Text(answers.iter().map(class).collect());
        // A probability to the digits that `f32` has.
        let number = |value| Number { value, precision: Precision::F32 };
        let of_class =
            |(n, name)| (name, Answers::Numbers(answers.iter().map(|answer| number(answer[n])).collect()));
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

/// The distinct labels as they are first written, sorted as numbers if all are numbers; and what is to be said of labels
/// that are written in several ways, or look like none.
fn distinct(labels: &Labels<'_>) -> (Vec<String>, Vec<Message>) {
    let key_of_all = key_of(labels.texts());
    let key = |text: &str| key_of_all(text).unwrap_or_else(|| text.to_owned());
    let mut seen: HashMap<String, &str> = HashMap::new();
    let (mut classes, mut others): (Vec<&str>, BTreeSet<&str>) = (Vec::new(), BTreeSet::new());
    for text in labels.texts() {
        match seen.entry(key(text)) {
            Entry::Vacant(entry) => {
                entry.insert(text);
                classes.push(text);
            }
            Entry::Occupied(entry) if *entry.get() != text => drop(others.insert(text)),
            Entry::Occupied(_) => {}
        }
    }
    let mut remarks = Vec::new();
    if let Some(other) = others.first() {
        let class = seen.get(&key(other)).copied().unwrap_or_default();
        let more = match others.len() {
            1 => String::new(),
            many => format!(" ({} more likewise)", thousands(many - 1)),
        };
        let text = format!("{other:?} says the same as class {class:?}, and counts as that{more}");
        remarks.push(text.into());
    }
    classes.sort_unstable();
    let numbers: Option<Vec<f64>> =
        classes.iter().map(|class| class.parse().ok().filter(|n: &f64| n.is_finite())).collect();
    if let Some(numbers) = numbers {
        let mut numbered: Vec<(f64, &str)> = numbers.into_iter().zip(classes).collect();
        numbered.sort_by(|a, b| a.0.total_cmp(&b.0));
        classes = numbered.into_iter().map(|(_, class)| class).collect();
    }
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
    for class in &classes {
        if let Some(other) = by_letters.insert(class.to_lowercase(), class) {
            remarks.push(
                format!("classes {other:?} and {class:?} differ in capitals alone, and are two").into(),
            );
        }
    }
    (classes.into_iter().map(str::to_owned).collect(), remarks)
}

/// What all ways to write a label have in common, if the labels are all of a kind that has several: `20.0` is `20` among
/// numbers, `TRUE` is `true` among truth values.
fn key_of<'a>(labels: impl Iterator<Item = &'a str> + Clone) -> fn(&str) -> Option<String> {
    let kinds: [fn(&str) -> Option<String>; 2] = [number_key, truth_key];
    let of_all = kinds.into_iter().find(|key| labels.clone().all(|label| key(label).is_some()));
    of_all.unwrap_or(|_| None)
}

/// What all ways to write a truth value have in common: `true` of `TRUE` and `True`.
fn truth_key(text: &str) -> Option<String> {
    ["true", "false"].into_iter().find(|value| value.eq_ignore_ascii_case(text)).map(str::to_owned)
}

/// What all ways to write a number have in common: `10` of `10.0`, `010` and `1e1`. Whole numbers are told apart to the
/// last digit, which those beyond 2^53 would not be as `f64`.
fn number_key(text: &str) -> Option<String> {
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // Adding 0 makes 0 of -0.
        return Some((number + 0.0).to_string());
    }
    let digits = digits.trim_start_matches('0');
    let sign = if text.starts_with('-') && !digits.is_empty() { "-" } else { "" };
    Some(if digits.is_empty() { "0".to_owned() } else { format!("{sign}{digits}") })
}

#[cfg(test)]
mod tests {
    use super::{Classify, key_of, number_key};

    #[test]
    fn labels_are_told_apart_as_the_classes_are() {
        let keys = |classes: &[&str], labels: &[&str]| {
            let texts = |of: &[&str]| of.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
            Classify::keys(&texts(classes), &texts(labels))
        };
        assert_eq!(keys(&["1", "2"], &["2.0", "01 ", "x"]), ["2", "1", "x"]);
        assert_eq!(keys(&["True", "False"], &["TRUE", "1"]), ["true", "1"]);
        assert_eq!(keys(&["yes ", "no"], &["yes", " no\n", "No"]), ["yes", "no", "No"]);
    }

    #[test]
    fn labels_of_one_kind_share_its_key() {
        let key = |labels: &[&'static str], text: &str| key_of(labels.iter().copied())(text);
        assert_eq!(key(&["TRUE", "false"], "True").as_deref(), Some("true"));
        assert_eq!(key(&["1", "2"], "2.0").as_deref(), Some("2"));
        // Of words it matters how they are written.
        for labels in [["true", "1"], ["true", "no"], ["a", "A"]] {
            assert_eq!(key(&labels, labels[0]), None, "{labels:?}");
        }
    }

    #[test]
    fn a_number_has_one_key_however_it_is_written() {
        for text in ["10", "10.0", "010", "+10", "1e1", "1E+1", "10."] {
            assert_eq!(number_key(text).as_deref(), Some("10"), "{text}");
        }
        for text in ["0", "-0", "0.0", "-0.0", "00"] {
            assert_eq!(number_key(text).as_deref(), Some("0"), "{text}");
        }
        assert_eq!(number_key("-1.50").as_deref(), Some("-1.5"));
        assert_ne!(number_key("9007199254740993"), number_key("9007199254740992"));
        for text in ["", "ten", "nan", "inf", "1e999", "1,5"] {
            assert_eq!(number_key(text), None, "{text}");
        }
    }
}
