use serde::{Deserialize, Serialize};

/// How a table of many sequences is to be read; `None` where the data shall decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct GroupedOptions {
    /// The column that tells sequences apart; by default the one named `id`.
    pub id: Option<String>,
    /// The column with each sequence's target; by default the one named `target`.
    pub target: Option<String>,
    /// The columns of inputs; by default all but id, target and time.
    pub features: Option<Vec<String>>,
    /// A column of times, which is no input, but is written beside predictions.
    pub time: Option<String>,
    /// How its times are written, as `strftime` has it; by default what all cells of the column agree on.
    #[serde(rename = "time-format", skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// The share of the sequences that is kept for the test, in `[0, 1)`.
    pub test: f64,
    /// The share of the rest that is used for validation, in `[0, 1)`.
    pub validation: f64,
    /// Decides which sequences are kept for test and validation. A run's data tell it as well, so it is not
    /// written among the options by which a checkpoint knows its run.
    #[serde(rename = "split-seed", skip_serializing)]
    pub split_seed: u64,
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
            test: 0.2,
            validation: 0.1,
            split_seed: 0,
        }
    }
}
