//! The options of `elman train`: on the command line, in a TOML file, and what they amount to.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};
use elman::error::Error;
use elman::init::Init;
use elman::missing::Missing;
use elman::network::CellKind;
use elman::recipe::{Recipe, RecipeOptions};
use elman::search::Open;
use elman::task::{HeldOut, Task, TaskName, TaskOptions, Tokens};
use elman::train::LearningRate;
use serde::{Deserialize, Serialize};

use crate::misread::whole_number;
use crate::output::Wrong;

/// Declares the options: every one is a flag, a key of the TOML file, and `None` unless it is given.
macro_rules! options {
    ($($heading:literal { $($(#[doc = $doc:literal])+ $([$($arg:tt)+])? $name:ident: $type:ty,)+ })+) => {
        /// What may be said of a training run, as it was said: nothing is filled in.
        #[derive(Clone, Debug, Default, PartialEq, Args, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub(crate) struct TrainOptions {
            $($(
                $(#[doc = $doc])+
                #[arg(long, help_heading = $heading $(, $($arg)+)?)]
                #[serde(skip_serializing_if = "Option::is_none")]
                $name: Option<$type>,
            )+)+
        }
    };
}

options! {
    "Data" {
        /// The column to forecast or to learn; of a forecast also all; or several, with commas between them [default:
        /// the only column of numbers; else "target"]
        [value_name = "COLUMN"] target: String,
        /// The column of times, in whose order rows are read; of a forecast also several that are the parts of one, with commas
        /// between them, as Year,Month [default: of a forecast, the first that holds times]
        [value_name = "COLUMN"] time: String,
        /// How times are written, such as "%d.%m.%Y %H:%M"; %J are days as spreadsheets count them [default: what the column's cells agree on]
        [value_name = "FORMAT"] time_format: String,
        /// Forecast: the time zone of the column of times, such as Europe/Berlin [default: clocks never change]
        [value_name = "ZONE"] timezone: String,
        /// The column that tells sequences or series apart, or several that do so together, with commas between
        /// [default: id; of a forecast unique_id, or what tells repeated times apart]
        [value_name = "COLUMN"] id: String,
        /// Regress, classify, label: the input columns [default: all of numbers or categories but id, target, time and group]
        [value_name = "COLUMNS", value_delimiter = ','] features: Vec<String>,
        /// Forecast: columns, with commas between, that are known up to the last value, such as a temperature
        [value_name = "COLUMNS"] past_covariates: String,
        /// Forecast: columns, with commas between, that are known ahead, such as a price; DATA may end with rows that have
        /// these and no value
        [value_name = "COLUMNS"] future_covariates: String,
        /// Forecast: columns, with commas between, that have one value for each series, such as a region
        [value_name = "COLUMNS"] static_covariates: String,
        /// Forecast: periods whose place is seen beside the season's, of hour, day, week and year, with commas between, or
        /// none [default: those longer than the season, if there are rows for one and a half of them and, of a single
        /// series, they help in a trial]
        [value_name = "PERIODS"] calendar: String,
        /// Forecast: rows in a season, 0 for none [default: the calendar's, 12 for months]
        [value_name = "ROWS", value_parser = count::<usize>] season: usize,
        /// Forecast: rows to look ahead [default: a season, or 6; less for short series]
        [value_name = "ROWS", value_parser = count::<usize>] horizon: usize,
        /// Rows of a training sequence: of a forecast [default: three seasons, or 32; less for short series]; else where the target differs
        /// from row to row [default: a quarter of the median length, 8 to 32]; of a text tokens, through which the state is
        /// carried on [default: 16384, less for short texts]
        [value_name = "ROWS", value_parser = count::<usize>] window: usize,
        /// Label: is the target a class? [default: if it is text, or a few whole numbers that each occur often]
        [num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL"] classes: bool,
        /// Label: what becomes of inputs and targets that are numbers [default: standard; recordings are brought to a level
        /// that suits a network, and back]
        [value_enum] scale: ScaleName,
        /// Label: cut each training sequence in so many parts that are learned side by side [default: in so many that
        /// there are some 16 in all, of at least 1000 rows]
        [value_name = "N", value_parser = count::<usize>] streams: usize,
        /// Forecast: rows from one training sequence to the next [default: 1, more for long series]
        [value_name = "ROWS", value_parser = count::<usize>] stride: usize,
        /// Forecast: what is learned of the values [default: smoothing or differences, by a trial]
        [value_enum] transform: TransformName,
        /// What becomes of missing values, and of a series' missing rows [default: they are refused]
        [value_parser = one_of::<Missing>(Missing::ALL.map(Missing::name))] missing: Missing,
        /// Regress, classify, label: a column, as of persons, whose sequences are all kept back or none
        [value_name = "COLUMN"] group: String,
        /// Regress, classify, label: how sequences are chosen that are kept back [default: random]
        [value_enum] split: SplitName,
        /// What is kept for the test: of a forecast, last rows [default: two seasons]; else the share of
        /// sequences, to label a single recording of its rows [default: 0.2], or of a text, its end [default: 0.05]
        [value_name = "AMOUNT"] test: f64,
        /// The share of the rest that tells which epoch is best [default: 0 for forecasts and with --search, 0.05 for texts, else 0.1]
        [value_name = "SHARE"] validation: f64,
        /// Regress, classify, label: decides which sequences are kept back [default: 0]
        [value_name = "N", value_parser = count::<u64>] split_seed: u64,
        /// Text: what the tokens are [default: characters]
        [value_parser = one_of::<Tokens>(Tokens::ALL.map(Tokens::name))] tokens: Tokens,
        /// Text: read what the training part has not, or has but once, as one unknown token; without it the tokens of the
        /// whole text are known, and others refused [default: true for words, else false]
        [num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL"] unknown: bool,
        /// Text: tell so many tokens apart, the most frequent, and read all others as the unknown token
        /// [default: 10000 words, all characters]
        [value_name = "N", value_parser = count::<usize>] vocabulary: usize,
        /// Regress, classify, label, text: a file to test on, instead of a share of DATA
        [value_name = "FILE"] test_data: PathBuf,
    }
    "Network" {
        /// The cell of every layer [default: lstm for forecasts, texts and sound, else gru]
        [value_parser = one_of::<CellKind>(CellKind::ALL.map(CellKind::name))] cell: CellKind,
        /// Units per layer and direction [default: 20 for forecasts, 256 for texts, 24 for sound, else 64]
        [value_name = "N", value_parser = count::<usize>] hidden_size: usize,
        /// Layers on top of each other [default: 1]
        [value_name = "N", value_parser = count::<usize>] num_layers: usize,
        /// Read each sequence from its end as well [default: with --search true, else false]
        [num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL"] bidirectional: bool,
        /// The share of values set to 0 between layers in training [default: 0]
        [value_name = "SHARE"] dropout: f64,
        /// The share of units whose state recurrent products do not read, drawn anew for each sequence in training [default: 0]
        [value_name = "SHARE"] recurrent_dropout: f64,
        /// How likely a unit's h stays as it was before a timestep, drawn in training [default: 0]
        [value_name = "SHARE"] zoneout: f64,
        /// The same of the states beside h, of an LSTM's c [default: 0]
        [value_name = "SHARE"] zoneout_cell: f64,
        /// Learn the states from which sequences start, which are zero otherwise [default: false]
        [num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL"] learned_state: bool,
        /// Regress, classify: so many successive timesteps become one, which shortens long sequences
        /// [default: with --search chosen, else 1]
        [value_name = "N", value_parser = count::<usize>] patch: usize,
        /// Regress, classify: what is read of the last layer, its final states or its outputs over time
        /// [default: with --search chosen, else last]
        [value_enum] pooling: PoolingName,
        /// Label: add so many of the first inputs to the first outputs, so that the network learns how they differ
        /// [default: 1 for sound whose target is about as loud as its input, else 0]
        [value_name = "N", value_parser = count::<usize>] skip: usize,
        /// So many networks from seeds that follow each other, trained side by side, whose answers are averaged
        /// [default: with --search 5, or 1 for more than 500 sequences; else 1]
        [value_name = "N", value_parser = count::<usize>] ensemble: usize,
        /// Text: the length of the vectors that stand for tokens, 0 for one-hot ones, which are not learned [default: 64]
        [value_name = "N", value_parser = count::<usize>] embedding_dim: usize,
        /// The starting weights [default: torch for texts, else orthogonal]
        [value_parser = one_of::<Init>(Init::ALL.map(Init::name))] init: Init,
        /// The number type [default: f32]
        [value_enum] dtype: DtypeName,
    }
    "Training" {
        /// Passes over the data [default: 30 for forecasts, 1 to 50 for texts by their length, 60 for sound, else 100]
        [value_name = "N", value_parser = count::<u64>] epochs: u64,
        /// Sequences per batch [default: 32 for texts and sound, else 16]
        [value_name = "N", value_parser = count::<usize>] batch_size: usize,
        /// What is made small; with quantile, gaussian and student-t the model tells distributions [default: cross-entropy
        /// for classes and texts, esr for sound, else squared]
        [value_enum] loss: LossName,
        /// Quantile loss: the levels that are learned [default: 0.025,0.05,0.1,0.25,0.5,0.75,0.9,0.95,0.975]
        [value_name = "LEVELS", value_delimiter = ','] quantiles: Vec<f64>,
        /// Huber loss: where the square ends [default: 1]
        [value_name = "DELTA"] huber_delta: f64,
        /// Losses over signals: the high pass x[n] - C x[n-1] before they are compared, 0 for none [default: 0.85 for
        /// esr-dc, else 0]
        [value_name = "C"] pre_emphasis: f64,
        /// Loss esr-dc: the weight of the error of the mean; the error-to-signal ratio has the rest [default: 0.25]
        [value_name = "WEIGHT"] dc_weight: f64,
        /// Losses squared, absolute and over signals: add the multi-resolution STFT loss with this weight [default: not
        /// added]
        [value_name = "WEIGHT"] stft_weight: f64,
        /// Cross-entropy: how classes are weighted [default: equal]
        [value_enum] class_weights: ClassWeights,
        /// The rule of the updates [default: adamw for forecasts, else adam]
        [value_enum, alias = "optimizer"] optimiser: OptimiserName,
        /// The base rate, or auto: a tenth of that at which the loss is lowest in a range test [default: 0.01 for forecasts and sound, 0.005 for texts, else 0.003]
        [value_name = "RATE", value_parser = rate, visible_alias = "lr"] learning_rate: LearningRate,
        /// SGD, RMSprop: momentum [default: 0]
        [value_name = "SHARE"] momentum: f64,
        /// SGD: look ahead along the momentum
        [num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL"] nesterov: bool,
        /// Decay of the weights [default: with adamw 2 for forecasts, 0.01 elsewhere; else 0]
        [value_name = "DECAY"] weight_decay: f64,
        /// RMSprop: how much of the mean square is kept [default: 0.99]
        [value_name = "SHARE"] alpha: f64,
        /// Adam: how much of the mean gradient is kept [default: 0.9]
        [value_name = "SHARE"] beta1: f64,
        /// Adam: how much of the mean square is kept [default: 0.999]
        [value_name = "SHARE"] beta2: f64,
        /// How the rate changes [default: cosine]
        [value_enum] schedule: ScheduleName,
        /// Cosine: batches, or with --accumulate updates, in which the rate rises [default: 0]
        [value_name = "BATCHES", value_parser = count::<u64>] warmup: u64,
        /// Step: epochs between changes [default: 10]
        [value_name = "EPOCHS", value_parser = count::<u64>] schedule_every: u64,
        /// Step, plateau: the factor of each change [default: 0.1]
        [value_name = "FACTOR"] schedule_factor: f64,
        /// Plateau: epochs without progress before a change [default: 10]
        [value_name = "EPOCHS", value_parser = count::<u64>] schedule_patience: u64,
        /// The largest gradient norm, 0 for any [default: 1]
        [value_name = "NORM"] clip: f64,
        /// Gather the gradients of so many batches for each update, as if they were one; with --truncate of so many pieces
        /// [default: 1]
        [value_name = "BATCHES", value_parser = count::<usize>] accumulate: usize,
        /// Cut sequences into pieces of so many timesteps: truncated backpropagation, carried state [default: to label 200,
        /// of texts 64, of sound 512 or, with the STFT loss, 2048, and 0 for none; else none]
        [value_name = "STEPS", value_parser = count::<usize>] truncate: usize,
        /// Run so many timesteps at the start of each sequence without learning from them [default: 256 for sound
        /// without --learned-state, else 0]
        [value_name = "STEPS", value_parser = count::<usize>] burn_in: usize,
        /// Average the parameters in the course of training, and keep the average: as an exponential moving average over the
        /// updates, or as stochastic weight averaging over the last epochs [default: none]
        [value_enum] average: AverageName,
        /// Average ema: how much of it is kept at an update [default: 0.999; less at first]
        [value_name = "SHARE"] ema_decay: f64,
        /// Average swa: the epochs before the first that counts [default: three quarters of all]
        [value_name = "EPOCHS", value_parser = count::<u64>] swa_start: u64,
        /// Classify: choose patch, directions and pooling by cross-validation, as far as they are not given
        /// [default: true; false with --validation or --patience]
        [num_args = 0..=1, default_missing_value = "true", require_equals = true, value_name = "BOOL"] search: bool,
        /// Stop after so many epochs without a better validation loss [default: 20 for sound with validation, else never]
        [value_name = "EPOCHS", value_parser = count::<u64>] patience: u64,
        /// Decides starting weights, order and dropout; not what is kept back [default: 0]
        [value_name = "N", value_parser = count::<u64>] seed: u64,
    }
    "Checkpoints" {
        /// Save the run every so many epochs
        [value_name = "N", value_parser = count::<u64>] checkpoint_epochs: u64,
        /// Save the run every so many minutes, 0 for never [default: 5]
        [value_name = "MINUTES"] checkpoint_minutes: f64,
    }
}

/// Declares an enum of option values that the command line and TOML files spell alike.
macro_rules! names {
    ($(#[doc = $doc:literal] $name:ident { $($(#[doc = $help:literal])? $variant:ident,)+ })+) => {$(
        #[doc = $doc]
        #[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub(crate) enum $name { $($(#[doc = $help])? $variant,)+ }
    )+};
}

names! {
    /// See [`Transform`](elman::task::Transform).
    TransformName {
        /// Relative changes: differences of the logarithm
        LogDifference,
        /// Differences
        Difference,
        /// The values themselves
        None,
        /// What exponential smoothing of level, trend and season leaves
        Smoothing,
    }
    /// See [`Scale`](elman::task::Scale).
    ScaleName {
        /// Brought to zero mean and unit spread in training
        Standard,
        /// Left as they are
        None,
    }
    /// See [`SplitBy`](elman::task::SplitBy).
    SplitName {
        /// Drawn, of each class its share
        Random,
        /// The last to begin, by the column of times
        Time,
    }
    /// See [`elman::recipe::LossName`].
    LossName {
        /// The squared error: the mean
        Squared,
        /// The absolute error: the median
        Absolute,
        /// A square for small errors, a line for large ones
        Huber,
        /// For classes
        CrossEntropy,
        /// The pinball loss: quantiles, and with them intervals
        Quantile,
        /// The likelihood of a normal distribution
        Gaussian,
        /// The likelihood of Student's t-distribution, which expects outliers
        StudentT,
        /// Of signals: the error-to-signal ratio of a batch together
        Esr,
        /// Of signals: the error-to-signal ratio of each by itself, their mean
        EsrNam,
        /// Of signals: the error-to-signal ratio after pre-emphasis, and the error of the mean
        EsrDc,
        /// Of signals: the multi-resolution STFT loss
        Mrstft,
    }
    /// How classes are weighted.
    ClassWeights {
        /// Every sequence counts alike
        Equal,
        /// Every class counts alike
        Balanced,
    }
    /// See [`elman::recipe::OptimiserName`].
    OptimiserName { Sgd, Rmsprop, Adam, Adamw, }
    /// See [`elman::recipe::AverageName`].
    AverageName { None, Ema, Swa, }
    /// See [`elman::recipe::ScheduleName`].
    ScheduleName { Constant, Step, Cosine, Plateau, }
    /// See [`elman::network::PoolingKind`].
    PoolingName {
        /// The final states
        Last,
        /// The mean over time
        Mean,
        /// The largest over time
        Max,
    }
    /// See [`elman::float::Dtype`].
    DtypeName { F32, F64, }
}

impl TrainOptions {
    /// Is a recipe to be chosen, and what of it is open to choice? To be asked while all options are there; the answer's
    /// own option is taken out.
    pub(crate) fn take_search(&mut self, task: TaskName) -> Option<Open> {
        // Of another task the option stays, and is refused.
        let wanted = if task.facts().has_search { self.search.take() } else { None };
        let is_given = |option| match option {
            "patch" => self.patch.is_some(),
            "bidirectional" => self.bidirectional.is_some(),
            "pooling" => self.pooling.is_some(),
            "ensemble" => self.ensemble.is_some(),
            "validation" => self.validation.is_some(),
            _ => self.patience.is_some(),
        };
        let open = Open::unless_given(task, wanted, is_given)?;
        // What is chosen on folds needs no validation part; who wants one says so.
        if self.patience.is_none() {
            self.validation.get_or_insert(0.0);
        }
        Some(open)
    }

    /// The names of what is given, as they are spelt on the command line.
    pub(crate) fn given(&self) -> anyhow::Result<BTreeSet<String>> {
        // A path need not be text.
        let without_paths = TrainOptions { test_data: None, ..self.clone() };
        Ok(toml::Table::try_from(without_paths)?.into_iter().map(|(name, _)| name).collect())
    }

    /// Is the learning rate to be found?
    pub(crate) fn finds_learning_rate(&self) -> bool {
        self.learning_rate == Some(LearningRate::AUTO)
    }

    /// The timesteps that are burned in, as far as that is said.
    pub(crate) fn burn_in(&self) -> usize {
        self.burn_in.unwrap_or(0)
    }

    /// The inputs that are added to the answer, where that is said.
    pub(crate) fn skip(&self) -> Option<usize> {
        self.skip
    }

    /// The same with this share of the data for validation.
    pub(crate) fn with_validation(self, share: f64) -> Self {
        TrainOptions { validation: Some(share), ..self }
    }

    /// Says how many units there are, in other words than the option for that.
    pub(crate) fn set_hidden_size(&mut self, hidden_size: usize) -> Result<(), Wrong> {
        match self.hidden_size.replace(hidden_size) {
            None => Ok(()),
            Some(_) => {
                Err(Wrong("--preset and --hidden-size both say how large the network is; give one".into()))
            }
        }
    }

    /// The options that are the task's own, which are taken out.
    pub(crate) fn take_task(&mut self, task: TaskName) -> anyhow::Result<TaskOptions> {
        // With a file of its own for the test, nothing is kept back for it.
        if self.test_data.is_some() {
            self.test.get_or_insert(0.0);
        }
        // A path need not be text.
        let test_data = self.test_data.take();
        let mut given = toml::Table::try_from(&*self)?;
        let mut own = toml::Table::new();
        for name in task.option_names() {
            if let Some((name, value)) = given.remove_entry(*name) {
                // One by one, so that it is known which of them is wrong.
                let alone = toml::Table::from_iter([(name.clone(), value.clone())]);
                task.options(alone).map_err(|error| Wrong(format!("--{name} {}", error.message())))?;
                own.insert(name, value);
            }
        }
        *self = TrainOptions { test_data, ..given.try_into()? };
        Ok(task.options(own)?)
    }

    /// The file to test on, which is taken out, if the task is tested on whole tables.
    pub(crate) fn take_test_data(&mut self, task: &Task) -> Option<PathBuf> {
        match task.kind().held_out(None) {
            Ok(HeldOut::All) => self.test_data.take(),
            _ => None,
        }
    }

    /// When checkpoints are written: every so many epochs, every so many minutes.
    pub(crate) fn take_checkpoints(&mut self) -> Result<(Option<u64>, Option<std::time::Duration>), Wrong> {
        let epochs = self.checkpoint_epochs.take();
        if epochs == Some(0) {
            return Err(Wrong("--checkpoint-epochs is 0; it must be at least 1".into()));
        }
        let minutes = self.checkpoint_minutes.take().unwrap_or(5.0);
        let every = std::time::Duration::try_from_secs_f64(minutes * 60.0).map_err(|_| {
            Wrong(format!("--checkpoint-minutes is {minutes:?}; it must be 0 or above, and not endless"))
        })?;
        Ok((epochs, Some(every).filter(|every| !every.is_zero())))
    }

    /// The task's default recipe, changed by the options of network and training, which are taken out.
    pub(crate) fn take_recipe(&mut self, task: &Task) -> anyhow::Result<Recipe> {
        // A path need not be text.
        let test_data = self.test_data.take();
        let mut given = toml::Table::try_from(&*self)?;
        let own: toml::Table =
            RecipeOptions::names().iter().filter_map(|&name| given.remove_entry(name)).collect();
        *self = TrainOptions { test_data, ..given.try_into()? };
        Ok(own.try_into::<RecipeOptions>()?.recipe(task).map_err(Error::from)?)
    }

    /// Refuses what nothing has taken out: an option that would have no effect.
    pub(crate) fn check_all_taken(&self, task: &Task) -> anyhow::Result<()> {
        let left = toml::Table::try_from(self)?;
        let Some(option) = left.keys().next() else { return Ok(()) };
        Err(Wrong(format!("--{option} has no meaning for the task {}; leave it out", task.name())).into())
    }
}

/// A parser for a type that reads its values by these names, which are listed in the help.
fn one_of<T>(names: impl IntoIterator<Item = &'static str>) -> impl TypedValueParser<Value = T>
where
    T: FromStr<Err: std::error::Error + Send + Sync + 'static> + Clone + Send + Sync + 'static,
{
    PossibleValuesParser::new(names).try_map(|name| name.parse::<T>())
}

/// A learning rate as an option's value.
fn rate(text: &str) -> Result<LearningRate, String> {
    match text {
        "auto" => Ok(LearningRate::AUTO),
        text => text.parse().map(LearningRate::Fixed).map_err(|_| "give a number, or auto".to_owned()),
    }
}

/// A count as an option's value: TOML holds numbers up to 2^63, and no count comes near.
fn count<N: TryFrom<u64>>(text: &str) -> Result<N, String> {
    let count: u64 = text.parse().map_err(|error| whole_number(text, &error).to_owned())?;
    if count > 1 << 53 {
        return Err(format!("it must be at most {}", 1u64 << 53));
    }
    N::try_from(count).map_err(|_| "it is too large for this machine".into())
}
