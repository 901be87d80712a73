//! What tells labels apart, however they are written.

use std::collections::{BTreeMap, HashMap};
use std::iter;

use crate::table::{EXACT, numbers_in};

/// Of what kind all classes are, which decides what ways to write one there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Numbers: `20.0` is `20`.
    Numbers,
    /// Truth values: `TRUE` is `true`.
    Truth,
    /// Of words it matters how they are written.
    Words,
}

/// The classes of a model, found by what a label says.
pub(super) struct ClassKeys<'c> {
    kind: Kind,
    /// What all ways to write each class have in common.
    keys: Vec<String>,
    by_text: HashMap<&'c str, usize>,
    by_key: HashMap<String, usize>,
}

impl<'c> ClassKeys<'c> {
    /// Those of these names, which are numbers if they are in a column of nothing else.
    pub(super) fn of(classes: impl Iterator<Item = &'c str> + Clone) -> Self {
        let numbers = numbers_in(classes.clone());
        let kind = Kind::of(classes.clone(), numbers.is_some());
        let key = |(n, class)| kind.key_of(class, numbers.as_ref().map(|numbers| numbers[n]));
        let keys: Vec<String> = classes.clone().enumerate().map(key).collect();
        let by_text = classes.enumerate().map(|(n, class)| (class, n)).collect();
        let by_key = keys.iter().enumerate().map(|(n, key)| (key.clone(), n)).collect();
        ClassKeys { kind, keys, by_text, by_key }
    }

    /// The place among the classes of the one that a label is, which says this `number` in a column of such.
    pub(super) fn find(&self, label: &str, number: Option<f64>) -> Option<usize> {
        let of_key = |key: String| self.by_key.get(&key).copied();
        match number {
            // Its column has told what it is, which may be another number than that of a class written alike.
            Some(number) if self.kind == Kind::Numbers => of_key(number_key(number, label)),
            _ => self.by_text.get(label).copied().or_else(|| of_key(self.kind.key(label)?)),
        }
    }

    /// What all ways to write each of these labels have in common; a label that is no class may be any text.
    pub(super) fn keys<'l>(&self, labels: impl Iterator<Item = &'l str> + Clone) -> Vec<String> {
        let numbers = (self.kind == Kind::Numbers).then(|| numbers_in(labels.clone())).flatten();
        let key = |(n, label)| match self.by_text.get(label) {
            Some(&class) => self.keys[class].clone(),
            None => self.kind.key_of(label, numbers.as_ref().map(|numbers| numbers[n])),
        };
        labels.enumerate().map(key).collect()
    }
}

impl Kind {
    /// That of all these labels, whose column is one of numbers or is not.
    pub(super) fn of<'l>(labels: impl Iterator<Item = &'l str> + Clone, are_numbers: bool) -> Self {
        let are = |kind: &Kind| labels.clone().all(|label| kind.key(label).is_some());
        if are_numbers {
            return Kind::Numbers;
        }
        [Kind::Numbers, Kind::Truth].into_iter().find(are).unwrap_or(Kind::Words)
    }

    /// What all ways to write this label have in common, which says this `number` in a column of such. One that is not of
    /// the kind stands for itself.
    pub(super) fn key_of(self, label: &str, number: Option<f64>) -> String {
        match number {
            Some(number) if self == Kind::Numbers => number_key(number, label),
            _ => self.key(label).unwrap_or_else(|| label.to_owned()),
        }
    }

    /// What all ways to write this label have in common, if it is one of the kind, by itself.
    fn key(self, label: &str) -> Option<String> {
        match self {
            Kind::Numbers => {
                let number = label.parse().ok().filter(|number: &f64| number.is_finite())?;
                Some(number_key(number, label))
            }
            Kind::Truth => truth_key(label),
            Kind::Words => None,
        }
    }
}

/// Do these names of classes, by their keys, say which they are: all together, and each by itself?
pub(super) fn are_clear(names: &BTreeMap<&str, &str>) -> bool {
    let together = ClassKeys::of(names.values().copied());
    let is_clear = |(key, name): (&&str, &&str)| {
        numbers_in(iter::once(*name)).is_none_or(|number| number_key(number[0], name) == *key)
    };
    names.keys().eq(&together.keys) && names.iter().all(is_clear)
}

/// What all ways to write a truth value have in common: `true` of `TRUE` and `True`.
fn truth_key(text: &str) -> Option<String> {
    ["true", "false"].into_iter().find(|value| value.eq_ignore_ascii_case(text)).map(str::to_owned)
}

/// What all ways to write a number have in common: `10` of `10.0`, `010` and `1e1`. Whole numbers are told apart to the
/// last digit, which those beyond 2^53 would not be as `f64`.
fn number_key(number: f64, text: &str) -> String {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if number.abs() < EXACT || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        // Adding 0 makes 0 of -0.
        return (number + 0.0).to_string();
    }
    let sign = if text.starts_with('-') { "-" } else { "" };
    format!("{sign}{}", digits.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(classes: &[&str], labels: &[&str]) -> Vec<String> {
        ClassKeys::of(classes.iter().copied()).keys(labels.iter().copied())
    }

    #[test]
    fn labels_of_one_kind_share_its_key() {
        assert_eq!(keys(&["TRUE", "false"], &["True"]), ["true"]);
        assert_eq!(keys(&["1", "2"], &["2.0", "x"]), ["2", "x"]);
        // Of words it matters how they are written.
        for labels in [["true", "1"], ["true", "no"], ["a", "A"]] {
            assert_eq!(keys(&labels, &labels), labels);
        }
    }

    #[test]
    fn labels_are_numbers_where_their_column_is() {
        assert_eq!(keys(&["1", "2,0"], &["1,0", "2", "2,00"]), ["1", "2", "2"]);
        assert_eq!(keys(&["1000", "2"], &["1e3", "1,000", "2"]), ["1000", "1000", "2"]);
        let classes = ClassKeys::of(["1", "2,0"].into_iter());
        assert_eq!([classes.find("2.0", Some(2.0)), classes.find("2.0", None)], [Some(1), Some(1)]);
        // Elsewhere "2,0" may be another number.
        assert_eq!([classes.find("2,0", Some(20.0)), classes.find("2,0", None)], [None, Some(1)]);
        let words = ClassKeys::of(["1", "a"].into_iter());
        assert_eq!([words.find("1", Some(1.0)), words.find("1.0", Some(1.0))], [Some(0), None]);
    }

    #[test]
    fn a_number_has_one_key_however_it_is_written() {
        let key = |text: &str| Kind::Numbers.key(text);
        for text in ["10", "10.0", "010", "+10", "1e1", "1E+1", "10."] {
            assert_eq!(key(text).as_deref(), Some("10"), "{text}");
        }
        for text in ["0", "-0", "0.0", "-0.0", "00"] {
            assert_eq!(key(text).as_deref(), Some("0"), "{text}");
        }
        assert_eq!(key("-1.50").as_deref(), Some("-1.5"));
        assert_eq!(key("-09007199254740993").as_deref(), Some("-9007199254740993"));
        assert_ne!(key("9007199254740993"), key("9007199254740992"));
        for text in ["", "ten", "nan", "inf", "1e999", "1,5"] {
            assert_eq!(key(text), None, "{text}");
        }
    }
}
