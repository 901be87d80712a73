use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::groups::Groups;
use crate::error::{DataError, Error, Message};
use crate::missing::Missing;
use crate::scaling::{NoScaling, Scaling, TOO_LARGE};
use crate::table::{Column, Place, Table, TableError, stands_for_missing};
use crate::words::quoted;

/// Text with more values than this is no category, but names or prose.
const MOST_CATEGORIES: usize = 20;
/// Even where it is asked for: each is an input of its own.
const MOST_ASKED_CATEGORIES: usize = 1000;
/// Of so many sequences, a column that varies in a single one is nearly constant.
const ENOUGH_SEQUENCES: usize = 10;
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
            remarks.push(
                format!(
                    "{:?} says what was not there in training, which is no category: {} (first: line {})",
                    self.name,
                    quoted(unseen),
                    column.line(first)
                )
                .into(),
            );
        }
        Ok(cells.into())
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

/// Why a column is no input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Constant,
    NearlyConstant,
    Empty,
    Times,
    Text,
}

impl Why {
    const ALL: [Why; 5] = [Why::Constant, Why::NearlyConstant, Why::Empty, Why::Times, Why::Text];

    fn remark(self, columns: &[&str]) -> Message {
        let are = if columns.len() == 1 { "is" } else { "are" };
        let start = |what: &str| Message::from(format!("{} {are} {what}", quoted(columns)));
        match self {
            Why::Constant => start("the same in every row, and no input"),
            Why::Empty => start("empty, and no input"),
            Why::Times => {
                start("of times, and no input; to read rows in that order, name it with ").option("time")
            }
            Why::NearlyConstant => {
                start("the same in all sequences but one, and no input; to use it, name the inputs with ")
                    .option("features")
            }
            Why::Text => start(
                "text with too many values for categories, and no input; to use it, name the inputs with ",
            )
            .option("features"),
        }
    }
}

/// Finds the inputs: the columns that are asked for, else those that say something and are not `taken` for another
/// purpose. What does not vary in the whole table is left out, so that no split of the sequences decides what the inputs
/// are.
///
/// # Errors
/// If a column is missing, or holds what is mostly numbers and something else; or if no input is left.
pub(super) fn find(
    table: &Table,
    groups: &Groups<'_>,
    asked: Option<&[String]>,
    taken: &[&str],
    missing: Option<Missing>,
) -> Result<(Vec<Feature>, Vec<Message>), Error> {
    let free = || table.headers().iter().filter(|name| !taken.contains(&name.as_str()));
    let names: Vec<&String> = asked.map_or_else(|| free().collect(), |asked| asked.iter().collect());
    let (mut features, mut left): (Vec<Feature>, Vec<(Why, &str)>) = (Vec::new(), Vec::new());
    for name in names {
        match feature(table.column(name)?, groups, asked.is_some(), missing)? {
            Ok(feature) => features.push(feature),
            Err(why) => left.push((why, name)),
        }
    }
    let mut remarks = Vec::new();
    for why in Why::ALL {
        let columns: Vec<&str> =
            left.iter().filter(|(other, _)| *other == why).map(|(_, name)| *name).collect();
        if !columns.is_empty() {
            remarks.push(why.remark(&columns));
        }
    }
    if features.is_empty() {
        let reasons: Vec<String> = remarks.iter().map(|remark| format!(" ({remark})")).collect();
        let message =
            format!("has no column left as input beside id, target and time; add one{}", reasons.concat());
        return Err(DataError::new(table.name(), message).into());
    }
    let categories: Vec<&Feature> =
        features.iter().filter(|feature| !feature.categories.is_empty()).collect();
    if !categories.is_empty() {
        let names = categories.iter().map(|feature| &feature.name);
        let hold = if categories.len() == 1 { "holds categories" } else { "hold categories" };
        remarks.push(format!("{} {hold}: each value is an input", quoted(names)).into());
    }
    if let Some(asked) = asked {
        let asked: BTreeSet<&String> = asked.iter().collect();
        let unused: Vec<&String> = free().filter(|name| !asked.contains(name)).collect();
        if !unused.is_empty() {
            remarks.push(format!("not used: {}", quoted(unused)).into());
        }
    }
    Ok((features, remarks))
}

/// A column as a feature without statistics, or why it is none.
fn feature(
    column: Column<'_>,
    groups: &Groups<'_>,
    asked: bool,
    missing: Option<Missing>,
) -> Result<Result<Feature, Why>, Error> {
    let name = column.name().to_owned();
    let mut feature = Feature { name, scaling: None, categories: Vec::new(), flagged: false };
    if column.numbers_or_gaps().is_none() {
        match categories(column, groups, asked)? {
            Ok(categories) => feature.categories = categories,
            Err(why) => return Ok(Err(why)),
        }
    }
    let cells = feature.cells(column, &mut Vec::new())?;
    feature.flagged = missing == Some(Missing::Flag) && cells.iter().any(|cell| cell.is_nan());
    Ok(match constancy(&cells, groups) {
        Some(Why::NearlyConstant) if asked => Ok(feature),
        Some(why) => Err(why),
        None => Ok(feature),
    })
}

/// What the cells of a column of text say, if those are categories.
fn categories(
    column: Column<'_>,
    groups: &Groups<'_>,
    asked: bool,
) -> Result<Result<Vec<String>, Why>, Error> {
    let told = || (0..column.texts().len()).filter(|&row| !column.is_missing(row));
    let numbers = told().filter(|&row| column.number(row).is_ok()).count();
    let (count, is_time) = (told().count(), column.times().is_ok());
    // A number written wrongly makes no category of a column of numbers.
    if count > 0 && (numbers * 2 > count || asked && is_time) {
        for row in told() {
            column.number(row)?;
        }
    }
    if !asked && (count == 0 || is_time) {
        return Ok(Err(if is_time { Why::Times } else { Why::Empty }));
    }
    let distinct: BTreeSet<&str> = told().map(|row| column.text(row)).collect();
    if asked && !(1..=MOST_ASKED_CATEGORIES).contains(&distinct.len()) {
        let message = format!(
            "has {} values, of which each would be an input; an input column of text has 1 to {MOST_ASKED_CATEGORIES}",
            distinct.len()
        );
        return Err(DataError::new(column.whole(), message).into());
    }
    // Categories are shared by sequences; what each has for itself is a name.
    let of_sequence =
        |rows: &Vec<usize>| rows.iter().map(|&row| column.text(row)).collect::<BTreeSet<_>>().len();
    let is_few = || {
        distinct.len() <= MOST_CATEGORIES
            && groups.rows.iter().map(of_sequence).sum::<usize>() >= 2 * distinct.len()
    };
    if asked || distinct.len() == 1 || is_few() {
        return Ok(Ok(distinct.into_iter().map(str::to_owned).collect()));
    }
    Ok(Err(Why::Text))
}

/// Does a column tell nothing? Decided by the whole table: it says the same everywhere, or in all sequences but one of
/// many, which a split may or may not keep back.
fn constancy(cells: &[f64], groups: &Groups<'_>) -> Option<Why> {
    /// The value that all known cells have, to the last digits.
    fn only(cells: impl Iterator<Item = f64> + Clone) -> Option<f64> {
        let known = cells.filter(|cell| !cell.is_nan());
        let first = known.clone().next()?;
        let (low, high) = known.fold((first, first), |(low, high), cell| (low.min(cell), high.max(cell)));
        (high - low <= low.abs().max(high.abs()) * 1e-12).then_some(first)
    }
    if only(cells.iter().copied()).is_some() || cells.iter().all(|cell| cell.is_nan()) {
        return Some(Why::Constant);
    }
    if groups.len() < ENOUGH_SEQUENCES {
        return None;
    }
    let mut counts: HashMap<u64, usize> = HashMap::new();
    let mut others = groups.len();
    for rows in &groups.rows {
        if let Some(value) = only(rows.iter().map(|&row| cells[row])) {
            let count = counts.entry(value.to_bits()).or_default();
            *count += 1;
            others = others.min(groups.len() - *count);
        }
    }
    (others <= 1).then_some(Why::NearlyConstant)
}
