use serde::{Deserialize, Serialize};

use crate::audio::Sound;
use crate::missing::Missing;
use crate::task::{GroupedOptions, SplitBy};

/// How a table whose rows are to be labelled is read; `None` where the data shall decide.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LabelOptions {
    /// The column that tells sequences apart, or several that do so together, with commas between; by default the one named
    /// `id`. Without one the table is a single recording, which is split by time: its last rows are the test, those before
    /// them are for validation.
    pub id: Option<String>,
    /// The column of targets, a number or class for each row; by default the one named `target`. Of numbers it may name
    /// several, with commas between them. Where the cell is empty the row is read, and counts nothing.
    pub target: Option<String>,
    /// Is the target a class? By default text is, and so are up to ten whole numbers that each occur often.
    pub classes: Option<bool>,
    /// The columns of inputs, as [`GroupedOptions::features`].
    pub features: Option<Vec<String>>,
    /// A column of times or of numbers that grow with time, as [`GroupedOptions::time`].
    pub time: Option<String>,
    /// How its times are written, as [`GroupedOptions::time_format`].
    #[serde(rename = "time-format", skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// What is made of empty cells of inputs; by default they are refused.
    pub missing: Option<Missing>,
    /// What becomes of inputs and targets that are numbers; by default they are brought to a
    /// [standard](Scale::Standard) scale, and samples of sound to a level near 1 by powers of two, which the model undoes.
    pub scale: Option<Scale>,
    /// In so many parts of equal length, one after the other in time, is each training sequence cut; they are learned
    /// side by side. By default in so many that there are some 16 in all, none shorter than 1000 rows.
    pub streams: Option<usize>,
    /// A column that tells which sequences belong together, as [`GroupedOptions::group`].
    pub group: Option<String>,
    /// How sequences are chosen for test and validation; of a single recording it is the last rows.
    pub split: SplitBy,
    /// The share of the sequences, or of a recording's labelled rows, that is kept for the test, in `[0, 1)`.
    pub test: f64,
    /// The share of the rest that is used for validation, in `[0, 1)`.
    pub validation: f64,
    /// Decides which sequences are kept for test and validation, as [`GroupedOptions::split_seed`].
    #[serde(rename = "split-seed", skip_serializing)]
    pub split_seed: u64,
    /// As many rows as training will [burn in](crate::train::TrainConfig::burn_in), which validation has to begin with.
    #[serde(skip)]
    pub burn_in: usize,
    /// Of sound, the inputs that will be added to the answer, [`Recipe::skip`](crate::recipe::Recipe::skip), where that is
    /// said: input and target then keep the same level.
    #[serde(skip)]
    pub skip: Option<usize>,
    /// Are the rows samples of sound, as [`audio::prepare`](crate::audio::prepare) makes them? They have no mean taken
    /// off, and the last part of each recording is kept back.
    #[serde(skip)]
    pub sound: Option<Sound>,
}

/// What becomes of inputs and targets that are numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Scale {
    /// They are brought to zero mean and unit spread, by the statistics of the training part.
    #[default]
    Standard,
    /// They stay as they are.
    None,
}

impl Default for LabelOptions {
    fn default() -> Self {
        let usual = GroupedOptions::default();
        LabelOptions {
            id: None,
            target: None,
            classes: None,
            features: None,
            time: None,
            time_format: None,
            missing: None,
            scale: None,
            streams: None,
            group: None,
            split: usual.split,
            test: usual.test,
            validation: usual.validation,
            split_seed: usual.split_seed,
            burn_in: 0,
            skip: None,
            sound: None,
        }
    }
}

impl LabelOptions {
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

    /// The same with a target that is a class, or numbers.
    #[must_use]
    pub fn with_classes(self, classes: impl Into<Option<bool>>) -> Self {
        Self { classes: classes.into(), ..self }
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

    /// The same with this made of missing values.
    #[must_use]
    pub fn with_missing(self, missing: impl Into<Option<Missing>>) -> Self {
        Self { missing: missing.into(), ..self }
    }

    /// The same with numbers scaled like this.
    #[must_use]
    pub fn with_scale(self, scale: impl Into<Option<Scale>>) -> Self {
        Self { scale: scale.into(), ..self }
    }

    /// The same with each training sequence cut in so many parts.
    #[must_use]
    pub fn with_streams(self, streams: impl Into<Option<usize>>) -> Self {
        Self { streams: streams.into(), ..self }
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

    /// The same for training that burns in so many rows.
    #[must_use]
    pub fn with_burn_in(self, burn_in: usize) -> Self {
        Self { burn_in, ..self }
    }

    /// The same for a network that will add so many inputs to its answer.
    #[must_use]
    pub fn with_skip(self, skip: impl Into<Option<usize>>) -> Self {
        Self { skip: skip.into(), ..self }
    }

    /// The same for samples of sound.
    #[must_use]
    pub fn with_sound(self, sound: impl Into<Option<Sound>>) -> Self {
        Self { sound: sound.into(), ..self }
    }

    /// What of it all tasks on tables of sequences have in common.
    pub(super) fn grouped(&self) -> GroupedOptions {
        GroupedOptions {
            id: self.id.clone(),
            target: self.target.clone(),
            features: self.features.clone(),
            time: self.time.clone(),
            time_format: self.time_format.clone(),
            missing: self.missing,
            window: None,
            group: self.group.clone(),
            split: self.split,
            test: self.test,
            validation: self.validation,
            split_seed: self.split_seed,
        }
    }
}
