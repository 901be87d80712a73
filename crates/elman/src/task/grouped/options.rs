use serde::{Deserialize, Serialize};

use crate::missing::Missing;

/// How a table of many sequences is to be read; `None` where the data shall decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct GroupedOptions {
    /// The column that tells sequences apart, or several that do so together, with commas between; by default the one named
    /// `id`.
    pub id: Option<String>,
    /// The column of targets; by default the one named `target`. To regress it may name several, with commas
    /// between them.
    pub target: Option<String>,
    /// The columns of inputs; by default all columns of numbers, and those of text with few values, but id, target,
    /// time and group. Text becomes an input for each of its values, 1 where the cell says it and 0 elsewhere
    /// (one-hot). What is the same in every row is left out; unless it is named, so is what is the same in all
    /// sequences but one, of ten or more. What varies in other parts than that for training is no error: it counts
    /// nothing.
    pub features: Option<Vec<String>>,
    /// A column of times or of numbers that grow with time. Each sequence's rows are read in its order, no two at the
    /// same time. It is no input, but is written beside predictions. By default the one that a reader made of files
    /// that have sequences without times.
    pub time: Option<String>,
    /// How its times are written, as `strftime` has it; by default what all cells of the column agree on.
    #[serde(rename = "time-format", skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// What is made of empty cells of inputs, and of sequences without a target; by default they are refused.
    pub missing: Option<Missing>,
    /// Where the target differs from row to row: the rows that are read for an answer, the last of which has the
    /// target; by default a quarter of the sequences' median length, at least 8 and at most 32.
    pub window: Option<usize>,
    /// A column that tells which sequences belong together, as those of a person: they all go to one part of the
    /// split. It is no input.
    pub group: Option<String>,
    /// How sequences are chosen for test and validation.
    pub split: SplitBy,
    /// The share of the sequences that is kept for the test, in `[0, 1)`.
    pub test: f64,
    /// The share of the rest that is used for validation, in `[0, 1)`.
    pub validation: f64,
    /// Decides which sequences are kept for test and validation. A run's data tell it as well, so it is not
    /// written among the options by which a checkpoint knows its run.
    #[serde(rename = "split-seed", skip_serializing)]
    pub split_seed: u64,
}

/// How sequences are chosen for test and validation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SplitBy {
    /// They are drawn, of each class its share.
    #[default]
    Random,
    /// Those that begin last are the test, those before them are for validation. Needs a column of times.
    Time,
}

impl GroupedOptions {
    /// The same with this column to tell sequences apart.
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        Self { id: Some(id.into()), ..self }
    }

    /// The same with this column of targets.
    #[must_use]
    pub fn with_target(self, target: impl Into<String>) -> Self {
        Self { target: Some(target.into()), ..self }
    }

    /// The same with these columns of inputs.
    #[must_use]
    pub fn with_features(self, features: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { features: Some(features.into_iter().map(Into::into).collect()), ..self }
    }

    /// The same with this column of times.
    #[must_use]
    pub fn with_time(self, time: impl Into<String>) -> Self {
        Self { time: Some(time.into()), ..self }
    }

    /// The same with times written so.
    #[must_use]
    pub fn with_time_format(self, format: impl Into<String>) -> Self {
        Self { time_format: Some(format.into()), ..self }
    }

    /// The same with this made of missing values.
    #[must_use]
    pub fn with_missing(self, missing: impl Into<Option<Missing>>) -> Self {
        Self { missing: missing.into(), ..self }
    }

    /// The same with so many rows to a window.
    #[must_use]
    pub fn with_window(self, window: impl Into<Option<usize>>) -> Self {
        Self { window: window.into(), ..self }
    }

    /// The same with sequences that belong together by this column.
    #[must_use]
    pub fn with_group(self, group: impl Into<String>) -> Self {
        Self { group: Some(group.into()), ..self }
    }

    /// The same split like this.
    #[must_use]
    pub fn with_split(self, split: SplitBy) -> Self {
        Self { split, ..self }
    }

    /// The same with this share for the test.
    #[must_use]
    pub fn with_test(self, test: f64) -> Self {
        Self { test, ..self }
    }

    /// The same with this share of the rest for validation.
    #[must_use]
    pub fn with_validation(self, validation: f64) -> Self {
        Self { validation, ..self }
    }

    /// The same with this seed of what is kept back.
    #[must_use]
    pub fn with_split_seed(self, split_seed: u64) -> Self {
        Self { split_seed, ..self }
    }
}

impl Default for GroupedOptions {
    fn default() -> Self {
        GroupedOptions {
            id: None,
            target: None,
            features: None,
            time: None,
            time_format: None,
            missing: None,
            window: None,
            group: None,
            split: SplitBy::Random,
            test: 0.2,
            validation: 0.1,
            split_seed: 0,
        }
    }
}
