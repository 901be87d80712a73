//! What is known beside a series: covariates.
//!
//! | covariate | it is known | the network sees at a row |
//! |---|---|---|
//! | past | as far as the values of the series | its value in the row before |
//! | future | for rows to come as well | its value in the row, and the change from the row before |
//! | static | once for a series | its value |
//!
//! Where forecasts go on from forecasts, a past covariate keeps its last known value. A column of numbers is scaled; one
//! of text is an input for each of its values. The statistics are those of the rows to learn from.

mod find;
mod fit;
mod inputs;
mod sheet;

pub(super) use find::Named;
pub(super) use inputs::Inputs;
pub(super) use sheet::Gap;

use inputs::push_future;
use serde::{Deserialize, Serialize};

use crate::task::{Feature, RowColumn};
use crate::words::quoted;

/// The covariates of a forecast.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Covariates {
    /// Those that are known as far as the values of the series.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<Covariate>,
    /// Those that are known for rows to come as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub future: Vec<Covariate>,
    /// Those that each series has one value of.
    #[serde(rename = "static", skip_serializing_if = "Vec::is_empty")]
    pub fixed: Vec<Covariate>,
}

/// A column that is known beside the values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Covariate {
    /// The column, and what is made of its cells.
    pub feature: Feature,
    /// Is each value taken as a share of its series' mean? So it is where series differ more from each other than in
    /// themselves, as prices do.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub relative: bool,
}

impl Covariate {
    /// The inputs that it makes; none of one that did not vary in training.
    fn width(&self) -> usize {
        if self.feature.is_silent() { 0 } else { self.feature.width() }
    }

    fn is_category(&self) -> bool {
        !self.feature.categories.is_empty()
    }
}

impl Covariates {
    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    /// The names of their columns.
    pub(super) fn named(&self) -> Named {
        let names = |all: &[Covariate]| all.iter().map(|one| one.feature.name.clone()).collect();
        Named { past: names(&self.past), future: names(&self.future), fixed: names(&self.fixed) }
    }

    /// The inputs that they make at a row.
    pub(super) fn size(&self) -> usize {
        width(&self.past) + 2 * width(&self.future) + width(&self.fixed)
    }

    /// Does one of them say what a series is, or a value by its series' mean?
    pub(super) fn are_of_series(&self) -> bool {
        let is_told = |covariate: &Covariate| covariate.relative && covariate.width() > 0;
        width(&self.fixed) > 0 || self.past.iter().chain(&self.future).any(is_told)
    }

    /// Must they be known for the rows to come?
    pub(super) fn look_ahead(&self) -> bool {
        width(&self.future) > 0
    }

    /// Leaves those of these columns.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&str) -> bool) {
        for all in [&mut self.past, &mut self.future, &mut self.fixed] {
            all.retain(|covariate| is_kept(&covariate.feature.name));
        }
    }

    /// In words, to stand behind what is forecast; nothing of none.
    pub(super) fn describe(&self) -> String {
        let kind = |kind: &str, all: &[Covariate]| {
            let names: Vec<&str> =
                all.iter().filter(|one| one.width() > 0).map(|one| one.feature.name.as_str()).collect();
            let s = if names.len() == 1 { "" } else { "s" };
            if names.is_empty() { String::new() } else { format!("; {kind} covariate{s} {}", quoted(names)) }
        };
        [kind("past", &self.past), kind("future", &self.future), kind("static", &self.fixed)].concat()
    }

    /// The names of a row's inputs in a stream: past ones of the row, future ones of the row after it.
    pub(super) fn stream_names(&self) -> Vec<String> {
        let names = |all: &[Covariate]| -> Vec<String> {
            let live = all.iter().filter(|one| one.width() > 0);
            live.flat_map(|one| one.feature.input_names()).collect()
        };
        let next = names(&self.future).into_iter().map(in_next_row);
        names(&self.past).into_iter().chain(next).collect()
    }

    /// The columns whose cells stand for those inputs.
    pub(super) fn stream_columns(&self) -> impl Iterator<Item = RowColumn> {
        let features = |all: &[Covariate]| -> Vec<Feature> {
            all.iter().filter(|one| one.width() > 0).map(|one| one.feature.clone()).collect()
        };
        let past = features(&self.past).into_iter().map(|past| (past.name.clone(), past));
        let next = features(&self.future).into_iter().map(|next| (in_next_row(next.name.clone()), next));
        past.chain(next).map(|(name, feature)| RowColumn::of_covariate(name, &feature))
    }

    /// Appends the inputs of a row whose values are those of [`stream_names`](Self::stream_names); `before` are the scaled
    /// future ones of the row before. Gives those of this one.
    pub(super) fn push_streamed(
        &self,
        given: &[f64],
        before: Option<Vec<f64>>,
        x: &mut Vec<f64>,
    ) -> Vec<f64> {
        let (past, future) = given.split_at(width(&self.past));
        x.extend(scaled(&self.past, past));
        let now = scaled(&self.future, future);
        push_future(&now, before.as_deref(), x);
        now
    }

    /// Refuses what no fitted covariates can be.
    pub(super) fn check(&self) -> Result<(), String> {
        self.all().try_for_each(|covariate| covariate.feature.check())?;
        let is_number = |covariate: &Covariate| !covariate.relative || !covariate.is_category();
        if self.all().all(is_number) && self.fixed.iter().all(|fixed| !fixed.relative) {
            Ok(())
        } else {
            Err("its covariates are out of range".into())
        }
    }

    fn all(&self) -> impl Iterator<Item = &Covariate> {
        self.past.iter().chain(&self.future).chain(&self.fixed)
    }
}

/// What a future covariate is called in a stream.
fn in_next_row(name: String) -> String {
    format!("{name} in the next row")
}

/// The inputs that these values stand for: numbers are scaled, what stands for categories is 0 or 1 already.
fn scaled(all: &[Covariate], given: &[f64]) -> Vec<f64> {
    let mut x = given.to_vec();
    let mut place = 0;
    for covariate in all {
        if let (1.., Some(scaling)) = (covariate.width(), covariate.feature.scaling) {
            x[place] = scaling.scale(given[place]);
        }
        place += covariate.width();
    }
    x
}

fn width(all: &[Covariate]) -> usize {
    all.iter().map(Covariate::width).sum()
}
