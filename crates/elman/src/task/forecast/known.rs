//! Which of the series that a model has learned from is meant.

use std::collections::HashMap;

use super::Known;
use crate::table::name_of_number;

/// The series that a model has learned from, by the names that tell them apart.
#[derive(Debug)]
pub struct SeriesIndex<'a> {
    series: &'a [Known],
    by_name: HashMap<&'a [String], usize>,
    /// By names in which a number is written in one way; none where several are alike.
    by_number: HashMap<Vec<String>, Option<usize>>,
}

impl<'a> SeriesIndex<'a> {
    /// An index of the series that a forecast has learned from, its [`series`](super::Forecast::series).
    pub fn new(series: &'a [Known]) -> Self {
        let by_name = series.iter().enumerate().map(|(n, known)| (known.id.as_slice(), n)).collect();
        let mut by_number = HashMap::new();
        for (n, known) in series.iter().enumerate() {
            by_number.entry(as_numbers(&known.id)).and_modify(|place| *place = None).or_insert(Some(n));
        }
        SeriesIndex { series, by_name, by_number }
    }

    /// The series of these names; as in a table, `1` and `1.0` are one, unless the model knows both.
    pub fn find(&self, names: &[String]) -> Option<&'a Known> {
        let place = match self.by_name.get(names) {
            Some(place) => Some(*place),
            None => self.by_number.get(&as_numbers(names)).copied().flatten(),
        };
        place.map(|place| &self.series[place])
    }
}

fn as_numbers(names: &[String]) -> Vec<String> {
    names.iter().map(|name| name_of_number(name).unwrap_or_else(|| name.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::Scaling;

    #[test]
    fn a_number_is_one_name_unless_both_are_known() {
        let known = |id: &[&str]| Known {
            id: id.iter().map(ToString::to_string).collect(),
            scaling: Scaling { mean: 0.0, deviation: 1.0 },
            smoothing: None,
            levels: Vec::new(),
        };
        let all = [known(&["1", "a"]), known(&["2.50", "a"]), known(&["3", "a"]), known(&["03", "a"])];
        let index = SeriesIndex::new(&all);
        let find = |number: &str| index.find(&[number.to_owned(), "a".to_owned()]).map(|known| &*known.id[0]);
        assert_eq!(["1", "1.0", "01", "+1", "2.5"].map(find), ["1", "1", "1", "1", "2.50"].map(Some));
        assert_eq!(
            ["3", "03", "3.0", "4", "x", ""].map(find),
            [Some("3"), Some("03"), None, None, None, None]
        );
    }
}
