//! Which of the series that a model has learned from is meant.

use std::collections::HashMap;

use super::Known;
use crate::error::ConfigError;
use crate::table::name_of_number;
use crate::words::abridged;

/// The series that a model has learned from, by the names that tell them apart.
#[derive(Debug)]
pub struct SeriesIndex<'a> {
    series: &'a [Known],
    places: Places,
}

impl<'a> SeriesIndex<'a> {
    /// An index of the series that a forecast has learned from, its [`series`](super::Forecast::series).
    pub fn new(series: &'a [Known]) -> Self {
        SeriesIndex { series, places: Places::of(series) }
    }

    /// The series of these names; as in a table, `1` and `1.0` are one where all names are numbers, unless the model knows both.
    pub fn find(&self, names: &[String]) -> Option<&'a Known> {
        self.places.find(names).map(|place| &self.series[place])
    }

    /// The same, which must be known.
    ///
    /// # Errors
    /// If it is not, or there are not several.
    pub fn get(&self, names: &[String]) -> Result<&'a Known, ConfigError> {
        self.places.get(self.series, names).map(|place| &self.series[place])
    }
}

/// Where each series stands among all that a model has learned from.
#[derive(Debug)]
pub(crate) struct Places {
    by_name: HashMap<Vec<String>, usize>,
    /// The columns of names that hold numbers alone, as those of a table do: among others `1E3` is no number.
    are_numbers: Vec<bool>,
    /// By names in which a number is written in one way; none where several are alike.
    by_number: HashMap<Vec<String>, Option<usize>>,
}

impl Places {
    pub(crate) fn of(series: &[Known]) -> Self {
        let by_name = series.iter().enumerate().map(|(n, known)| (known.id.clone(), n)).collect();
        let columns = series.first().map_or(0, |known| known.id.len());
        let is_number = |known: &Known, column: usize| {
            known.id.get(column).is_some_and(|name| name_of_number(name).is_some())
        };
        let are_numbers =
            (0..columns).map(|column| series.iter().all(|known| is_number(known, column))).collect();
        let mut places = Places { by_name, are_numbers, by_number: HashMap::new() };
        for (n, known) in series.iter().enumerate() {
            let names = places.as_numbers(&known.id);
            places.by_number.entry(names).and_modify(|place| *place = None).or_insert(Some(n));
        }
        places
    }

    /// See [`SeriesIndex::find`].
    fn find(&self, names: &[String]) -> Option<usize> {
        match self.by_name.get(names) {
            Some(place) => Some(*place),
            None => self.by_number.get(&self.as_numbers(names)).copied().flatten(),
        }
    }

    /// The same among `series`, those that this was made of, where it must be.
    ///
    /// # Errors
    /// See [`SeriesIndex::get`].
    pub(crate) fn get(&self, series: &[Known], names: &[String]) -> Result<usize, ConfigError> {
        self.find(names).ok_or_else(|| {
            let message = if series.is_empty() {
                "this model is one of a single series; stream it without naming one".to_owned()
            } else {
                let known: Vec<String> = series.iter().map(|known| known.id.join(" ")).collect();
                let known = abridged(&known);
                format!("this model has not learned from series {:?}; it knows {known}", names.join(" "))
            };
            ConfigError::of_model(message)
        })
    }

    /// These names, each number of a column of numbers in one spelling.
    fn as_numbers(&self, names: &[String]) -> Vec<String> {
        let one_spelling = |(column, name): (usize, &String)| {
            let is_number = self.are_numbers.get(column).copied().unwrap_or_default();
            is_number.then(|| name_of_number(name)).flatten().unwrap_or_else(|| name.clone())
        };
        names.iter().enumerate().map(one_spelling).collect()
    }
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
            frequency: None,
        };
        let all = [known(&["1", "a"]), known(&["2.50", "a"]), known(&["3", "a"]), known(&["03", "a"])];
        let index = SeriesIndex::new(&all);
        let find = |number: &str| index.find(&[number.to_owned(), "a".to_owned()]).map(|known| &*known.id[0]);
        assert_eq!(["1", "1.0", "01", "+1", "2.5"].map(find), ["1", "1", "1", "1", "2.50"].map(Some));
        assert_eq!(
            ["3", "03", "3.0", "4", "x", ""].map(find),
            [Some("3"), Some("03"), None, None, None, None]
        );
        // Among other names a number is a name like them.
        let all = [known(&["A1"]), known(&["007"]), known(&["1E3"])];
        let index = SeriesIndex::new(&all);
        assert!(["7", "1000", "1e3"].iter().all(|name| index.find(&[name.to_string()]).is_none()));
        assert!(index.find(&["007".to_owned()]).is_some());
    }
}
