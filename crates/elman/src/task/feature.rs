//! A column as inputs: one of numbers is an input, one of text an input for each category.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::row_column;
use crate::error::{DataError, Error, Message};
use crate::outlier;
use crate::scaling::{NoScaling, Scaling, TOO_LARGE};
use crate::table::{Column, Place, TableError, stands_for_missing};

/// Text with more values than this is no category, even where it is asked for: each is an input of its own.
const MOST_CATEGORIES: usize = 1000;
/// The deviation that makes 0 of every value.
const SILENCING: f64 = f64::MAX;
/// What stands for a category that was not there in training.
const UNSEEN: f64 = -1.0;

/// An input column. One of numbers is an input, one of text an input for each category.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feature {
    /// The column's name.
    pub name: String,
    /// A number's statistics in training; none of text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scaling: Option<Scaling>,
    /// What the cells of text say, in order of their letters; none of numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
    /// Is there one more input, 1 where the cell is empty and 0 elsewhere?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flagged: bool,
}

/// The cells of a feature: numbers, or places among the categories; NaN where one is empty.
pub(super) type Cells<'a> = Cow<'a, [f64]>;

impl Feature {
    /// The number of inputs.
    pub(super) fn width(&self) -> usize {
        self.categories.len().max(1) + usize::from(self.flagged)
    }

    /// The names of the inputs.
    pub(super) fn input_names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.categories.iter().map(|category| format!("{} is {category}", self.name)).collect();
        if names.is_empty() {
            names.push(self.name.clone());
        }
        names.extend(self.flagged.then(|| format!("{} is missing", self.name)));
        names
    }

    /// Reads a column, and remarks what was not there in training.
    pub(super) fn cells<'t>(
        &self,
        column: Column<'t>,
        remarks: &mut Vec<Message>,
    ) -> Result<Cells<'t>, TableError> {
        if self.categories.is_empty() {
            return match column.numbers_or_gaps() {
                Some(numbers) => Ok(numbers.into()),
                // All are empty, or the error tells which is no number.
                None if column.texts().all(stands_for_missing) => {
                    Ok(vec![f64::NAN; column.texts().len()].into())
                }
                None => column.numbers().map(Cow::from),
            };
        }
        let places: HashMap<&str, usize> =
            self.categories.iter().enumerate().map(|(n, category)| (category.as_str(), n)).collect();
        let place = |text: &str| match places.get(text) {
            Some(&n) => n as f64,
            None if text.is_empty() => f64::NAN,
            None => UNSEEN,
        };
        let cells: Vec<f64> = column.texts().map(place).collect();
        if let Some(first) = cells.iter().position(|&cell| cell == UNSEEN) {
            let unseen: BTreeSet<&str> =
                column.texts().filter(|text| !text.is_empty() && !places.contains_key(text)).collect();
            remarks.push(row_column::unseen(&self.name, unseen, &format!("line {}", column.line(first))));
        }
        Ok(cells.into())
    }

    /// The first of its cells in these rows that is a number far beyond those in training, if there is one.
    pub(super) fn remark_on_far(
        &self,
        column: Column<'_>,
        cells: &[f64],
        rows: impl IntoIterator<Item = usize>,
    ) -> Option<Message> {
        let scaling = self.scaling?;
        let cells = rows.into_iter().map(|row| (row, cells[row], scaling.scale(cells[row])));
        outlier::beyond_training(column, cells, scaling, "")
    }

    /// Takes the statistics from these rows. A category that is not among them is none from then on, and a number that
    /// does not vary there is 0, whatever it is later: the weights of both have learned nothing.
    pub(super) fn fit(&mut self, cells: &[f64], rows: &[usize], place: Place<'_>) -> Result<(), DataError> {
        let known = rows.iter().map(|&row| cells[row]).filter(|cell| !cell.is_nan());
        if !self.categories.is_empty() {
            let seen: BTreeSet<usize> = known.map(|place| place as usize).collect();
            if !seen.is_empty() {
                let mut place = 0..;
                self.categories.retain(|_| place.next().is_some_and(|place| seen.contains(&place)));
            }
            return Ok(());
        }
        self.scaling = Some(match Scaling::fit(known.clone()) {
            Ok(scaling) => scaling,
            Err(NoScaling::TooLarge) if known.clone().next().is_some() => {
                return Err(DataError::new(place, TOO_LARGE));
            }
            Err(_) => Scaling { mean: known.clone().next().unwrap_or(0.0), deviation: SILENCING },
        });
        Ok(())
    }

    /// Scales numbers by this alone, but for one that does not vary.
    pub(super) fn rescale(&mut self, by: Scaling) {
        if let Some(scaling) = self.scaling.as_mut().filter(|scaling| scaling.deviation != SILENCING) {
            *scaling = by;
        }
    }

    /// Makes it one that was this in all of training, and tells nothing from then on.
    pub(super) fn was_always(&mut self, value: f64) {
        self.scaling = Some(Scaling { mean: value, deviation: SILENCING });
    }

    /// Makes it one that did not vary in training, and tells nothing from then on.
    pub(super) fn silence(&mut self) {
        self.categories.clear();
        self.scaling = Some(Scaling { mean: 0.0, deviation: SILENCING });
    }

    /// Did it not vary in training?
    pub(super) fn is_silent(&self) -> bool {
        self.scaling.is_some_and(|scaling| scaling.deviation == SILENCING)
    }

    /// The inputs of a cell: zeros where nothing is known of it, which is the mean in training.
    pub(super) fn write(&self, cell: f64, is_missing: bool, x: &mut [f64]) {
        x.fill(0.0);
        match self.scaling {
            Some(scaling) if !cell.is_nan() => x[0] = scaling.scale(cell),
            Some(_) => {}
            None if cell >= 0.0 => x[cell as usize] = 1.0,
            None => {}
        }
        if let (true, Some(flag)) = (self.flagged, x.last_mut()) {
            *flag = f64::from(u8::from(is_missing));
        }
    }

    /// Refuses what no fitted feature can be.
    pub(super) fn check(&self) -> Result<(), String> {
        match (&self.scaling, self.categories.is_empty()) {
            (Some(scaling), true) if scaling.is_valid() => Ok(()),
            (None, false) => Ok(()),
            _ => Err("its features' scaling is out of range".into()),
        }
    }
}

/// What the cells of a column of text say, in order of their letters, where it is asked for as an input.
///
/// # Errors
/// If it holds mostly numbers, or times; or nothing, or too many values.
pub(super) fn asked_categories(column: Column<'_>) -> Result<Vec<String>, Error> {
    refuse_slips(column, column.times().is_ok())?;
    let distinct: BTreeSet<&str> = told(column).map(|row| column.text(row)).collect();
    if !(1..=MOST_CATEGORIES).contains(&distinct.len()) {
        let message = format!(
            "has {} values, of which each would be an input; an input column of text has 1 to {MOST_CATEGORIES}",
            distinct.len()
        );
        return Err(DataError::new(column.whole(), message).into());
    }
    Ok(distinct.into_iter().map(str::to_owned).collect())
}

/// Refuses a number that is written wrongly in a column that holds mostly numbers, or is to: it makes no category.
pub(super) fn refuse_slips(column: Column<'_>, of_numbers: bool) -> Result<(), TableError> {
    let numbers = told(column).filter(|&row| column.number(row).is_ok()).count();
    let count = told(column).count();
    if count > 0 && (numbers * 2 > count || of_numbers) {
        for row in told(column) {
            column.number(row)?;
        }
    }
    Ok(())
}

/// The rows whose cells say something.
pub(super) fn told(column: Column<'_>) -> impl Iterator<Item = usize> + use<'_> {
    (0..column.texts().len()).filter(move |&row| !column.is_missing(row))
}
