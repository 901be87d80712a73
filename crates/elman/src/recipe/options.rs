//! What may be said of a recipe, option by option: what the program and the Python package have in common.

use serde::{Deserialize, Serialize};

use super::Recipe;
use crate::average::AverageConfig;
use crate::error::{ConfigError, Message, positive};
use crate::float::Dtype;
use crate::init::Init;
use crate::loss::Loss;
use crate::network::{CellKind, PoolingKind};
use crate::optimiser::OptimiserConfig;
use crate::schedule::ScheduleConfig;
use crate::task::{Task, field_names};
use crate::train::LearningRate;

/// The levels of the quantile loss, unless others are given: the median and intervals of 50, 80, 90 and 95 %.
const USUAL_QUANTILES: [f64; 9] = [0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975];

/// Declares the options, each `None` unless it is given, and the search for one that nothing has taken.
macro_rules! options {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty,)+) => {
        /// Options of a network and its training as they were said; what was not said stays as the task's default recipe
        /// has it. By names as in files and on the command line, `hidden-size`.
        ///
        /// ```
        /// use elman::recipe::RecipeOptions;
        /// use elman::task::{ForecastOptions, Task, TaskOptions};
        ///
        /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
        /// let table = elman::data::airline()?;
        /// let task = Task::prepare(&table, &TaskOptions::Forecast(ForecastOptions::default()))?.task;
        /// let options: RecipeOptions = serde_json::from_str(r#"{"hidden-size": 8, "optimiser": "sgd", "momentum": 0.9}"#)?;
        /// assert_eq!(options.recipe(&task)?.hidden_size, 8);
        ///
        /// // Adam, which is forecasts' default, has no momentum.
        /// let options = RecipeOptions { momentum: Some(0.9), ..RecipeOptions::default() };
        /// let error = options.recipe(&task).unwrap_err().to_string();
        /// assert_eq!(error, "momentum has no meaning for optimiser adamw; leave it out");
        /// # Ok(())
        /// # }
        /// ```
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
        pub struct RecipeOptions {
            $($(#[doc = $doc])+ pub $name: Option<$type>,)+
        }

        impl RecipeOptions {
            /// The first option that is still there.
            fn first(&self) -> Option<&'static str> {
                $(if self.$name.is_some() {
                    return Some(stringify!($name));
                })+
                None
            }
        }
    };
}

options! {
    /// [`Recipe::cell`]
    cell: CellKind,
    /// [`Recipe::hidden_size`]
    hidden_size: usize,
    /// [`Recipe::num_layers`]
    num_layers: usize,
    /// [`Recipe::bidirectional`]
    bidirectional: bool,
    /// [`Recipe::dropout`]
    dropout: f64,
    /// [`Recipe::recurrent_dropout`]
    recurrent_dropout: f64,
    /// [`Recipe::zoneout`]
    zoneout: f64,
    /// [`Recipe::zoneout_cell`]
    zoneout_cell: f64,
    /// [`Recipe::learned_state`]
    learned_state: bool,
    /// [`Recipe::patch`]
    patch: usize,
    /// [`Recipe::pooling`]
    pooling: PoolingKind,
    /// [`Recipe::skip`]
    skip: usize,
    /// [`Recipe::ensemble`]
    ensemble: usize,
    /// [`Recipe::embedding_dim`]
    embedding_dim: usize,
    /// [`Recipe::init`]
    init: Init,
    /// [`Recipe::dtype`]
    dtype: Dtype,
    /// [`TrainConfig::epochs`](crate::train::TrainConfig::epochs)
    epochs: u64,
    /// [`TrainConfig::batch_size`](crate::train::TrainConfig::batch_size)
    batch_size: usize,
    /// [`TrainConfig::loss`](crate::train::TrainConfig::loss), by its name.
    loss: LossName,
    /// Of Huber's loss: where the square ends; by default 1.
    huber_delta: f64,
    /// Of the quantile loss: the levels, above 0 and below 1; by default 0.025, 0.05, 0.1, 0.25, 0.5 and those above.
    quantiles: Vec<f64>,
    /// Of losses over signals: the coefficient of the high pass before they are compared, 0 for none; by default 0.85 for
    /// `esr-dc`, none for the others.
    pre_emphasis: f64,
    /// Of `esr-dc`: the weight of the error of the mean, above 0 and below 1, the error-to-signal ratio having the rest; by
    /// default 0.25.
    dc_weight: f64,
    /// Of `squared`, `absolute` and losses over signals: the multi-resolution STFT loss is added with this weight; by default
    /// it is not.
    stft_weight: f64,
    /// Of cross-entropy: how classes are weighted.
    class_weights: ClassWeights,
    /// [`TrainConfig::optimiser`](crate::train::TrainConfig::optimiser), by its name.
    optimiser: OptimiserName,
    /// [`TrainConfig::learning_rate`](crate::train::TrainConfig::learning_rate); `auto` leaves the task's own, until
    /// [`Run::range_test`](crate::run::Run::range_test) has found another.
    learning_rate: LearningRate,
    /// Of SGD and RMSprop.
    momentum: f64,
    /// Of SGD.
    nesterov: bool,
    /// Of any optimiser.
    weight_decay: f64,
    /// Of RMSprop.
    alpha: f64,
    /// Of Adam and AdamW.
    beta1: f64,
    /// Of Adam and AdamW.
    beta2: f64,
    /// [`TrainConfig::schedule`](crate::train::TrainConfig::schedule), by its name.
    schedule: ScheduleName,
    /// Of a cosine schedule.
    warmup: u64,
    /// Of a step schedule: epochs between changes.
    schedule_every: u64,
    /// Of step and plateau schedules: the factor of each change.
    schedule_factor: f64,
    /// Of a plateau schedule: epochs without progress before a change.
    schedule_patience: u64,
    /// [`TrainConfig::clip`](crate::train::TrainConfig::clip); 0 for none.
    clip: f64,
    /// [`TrainConfig::accumulate`](crate::train::TrainConfig::accumulate)
    accumulate: usize,
    /// [`TrainConfig::truncate`](crate::train::TrainConfig::truncate); where a task cuts them, 0 for whole sequences.
    truncate: usize,
    /// [`TrainConfig::burn_in`](crate::train::TrainConfig::burn_in)
    burn_in: usize,
    /// [`TrainConfig::average`](crate::train::TrainConfig::average), by its name.
    average: AverageName,
    /// Of the exponential moving average: how much of it is kept at an update; by default 0.999.
    ema_decay: f64,
    /// Of stochastic weight averaging: the epochs before the first that counts; by default three quarters of all.
    swa_start: u64,
    /// [`TrainConfig::patience`](crate::train::TrainConfig::patience)
    patience: u64,
    /// [`TrainConfig::seed`](crate::train::TrainConfig::seed)
    seed: u64,
}

/// Declares an enum of names.
macro_rules! names {
    ($($(#[doc = $doc:literal])+ $name:ident { $($(#[doc = $help:literal])+ $variant:ident,)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        #[non_exhaustive]
        pub enum $name { $($(#[doc = $help])+ $variant,)+ }
    )+};
}

names! {
    /// The losses by name.
    LossName {
        /// [`Loss::Squared`]
        Squared,
        /// [`Loss::Absolute`]
        Absolute,
        /// [`Loss::Huber`]
        Huber,
        /// [`Loss::CrossEntropy`]
        CrossEntropy,
        /// [`Loss::Quantile`]
        Quantile,
        /// [`Loss::Gaussian`]
        Gaussian,
        /// [`Loss::StudentT`]
        StudentT,
        /// [`Loss::Esr`]
        Esr,
        /// [`Loss::EsrNam`]
        EsrNam,
        /// [`Loss::esr_dc`]
        EsrDc,
        /// [`Loss::Mrstft`]
        Mrstft,
    }
    /// How classes are weighted in cross-entropy.
    ClassWeights {
        /// Every sequence counts alike.
        Equal,
        /// Every class counts alike.
        Balanced,
    }
    /// The optimisers by name.
    OptimiserName {
        /// [`OptimiserConfig::Sgd`]
        Sgd,
        /// [`OptimiserConfig::RmsProp`]
        Rmsprop,
        /// [`OptimiserConfig::Adam`]
        Adam,
        /// [`OptimiserConfig::AdamW`]
        Adamw,
    }
    /// The averages of parameters by name.
    AverageName {
        /// The parameters are not averaged.
        None,
        /// [`AverageConfig::Ema`]
        Ema,
        /// [`AverageConfig::Swa`]
        Swa,
    }
    /// The schedules by name.
    ScheduleName {
        /// [`ScheduleConfig::Constant`]
        Constant,
        /// [`ScheduleConfig::Step`]
        Step,
        /// [`ScheduleConfig::Cosine`]
        Cosine,
        /// [`ScheduleConfig::Plateau`]
        Plateau,
    }
}

impl RecipeOptions {
    /// The options' names.
    pub fn names() -> &'static [&'static str] {
        field_names::<Self>()
    }

    /// Is the learning rate to be found by a range test?
    pub fn finds_learning_rate(&self) -> bool {
        self.learning_rate == Some(LearningRate::AUTO)
    }

    /// The task's default recipe, changed by what is said.
    ///
    /// # Errors
    /// If an option would have no effect, as the momentum of an optimiser that has none.
    pub fn recipe(mut self, task: &Task) -> Result<Recipe, ConfigError> {
        let mut recipe = Recipe::for_task(task);
        set(&mut recipe.cell, self.cell.take());
        set(&mut recipe.hidden_size, self.hidden_size.take());
        set(&mut recipe.num_layers, self.num_layers.take());
        set(&mut recipe.bidirectional, self.bidirectional.take());
        set(&mut recipe.dropout, self.dropout.take());
        set(&mut recipe.recurrent_dropout, self.recurrent_dropout.take());
        set(&mut recipe.zoneout, self.zoneout.take());
        set(&mut recipe.zoneout_cell, self.zoneout_cell.take());
        set(&mut recipe.learned_state, self.learned_state.take());
        set(&mut recipe.patch, self.patch.take());
        set(&mut recipe.pooling, self.pooling.take());
        set(&mut recipe.skip, self.skip.take());
        set(&mut recipe.ensemble, self.ensemble.take());
        set(&mut recipe.embedding_dim, self.embedding_dim.take());
        set(&mut recipe.init, self.init.take());
        set(&mut recipe.dtype, self.dtype.take());
        let train = &mut recipe.train;
        set(&mut train.epochs, self.epochs.take());
        set(&mut train.batch_size, self.batch_size.take());
        set(&mut train.accumulate, self.accumulate.take());
        if let Some(LearningRate::Fixed(rate)) = self.learning_rate.take() {
            train.learning_rate = rate;
        }
        set(&mut train.seed, self.seed.take());
        let is_cut_by_default = self.truncate.is_none();
        // What is said to be read from its end as well is not cut, unless that is said too.
        train.truncate = match (self.truncate.take(), train.truncate) {
            (Some(0), Some(_)) => None,
            (Some(truncate), _) => Some(truncate),
            (None, usual) => usual.filter(|_| !recipe.bidirectional),
        };
        if recipe.learned_state || recipe.bidirectional {
            train.burn_in = 0;
        }
        set(&mut train.burn_in, self.burn_in.take());
        train.average = self.take_average(train.average, train.epochs);
        train.patience = self.patience.take().or(train.patience);
        if let Some(clip) = self.clip.take() {
            train.clip = Some(clip).filter(|&clip| clip != 0.0);
        }
        train.loss = self.take_loss(train.loss.clone(), task);
        train.loss = self.take_signals(train.loss.clone())?;
        let min_len = train.loss.min_len();
        if let Some(len) = train.truncate.filter(|&len| is_cut_by_default && len < min_len) {
            train.truncate = Some(len.max(min_len.next_power_of_two()));
        }
        train.optimiser = self.take_optimiser(train.optimiser);
        train.schedule = self.take_schedule(train.schedule);
        match self.first() {
            None => Ok(recipe),
            Some(option) => Err(without_meaning(option, &recipe)),
        }
    }

    fn take_loss(&mut self, usual: Loss, task: &Task) -> Loss {
        let loss = match self.loss.take() {
            None => usual,
            Some(LossName::Squared) => Loss::Squared,
            Some(LossName::Absolute) => Loss::Absolute,
            Some(LossName::Huber) => Loss::huber(1.0),
            Some(LossName::CrossEntropy) => Loss::cross_entropy(),
            Some(LossName::Quantile) => {
                Loss::quantile(self.quantiles.take().unwrap_or(USUAL_QUANTILES.into()))
            }
            Some(LossName::Gaussian) => Loss::Gaussian,
            Some(LossName::StudentT) => Loss::StudentT,
            Some(LossName::Esr) => Loss::Esr { pre_emphasis: None },
            Some(LossName::EsrNam) => Loss::EsrNam { pre_emphasis: None },
            Some(LossName::EsrDc) => Loss::esr_dc(),
            Some(LossName::Mrstft) => Loss::mrstft(),
        };
        match (loss, task.kind().balanced_class_weights()) {
            (Loss::Huber { delta }, _) => Loss::Huber { delta: self.huber_delta.take().unwrap_or(delta) },
            (Loss::CrossEntropy { class_weights }, Some(balanced)) => Loss::CrossEntropy {
                class_weights: match self.class_weights.take() {
                    None => class_weights,
                    Some(ClassWeights::Equal) => None,
                    Some(ClassWeights::Balanced) => Some(balanced),
                },
            },
            (loss, _) => loss,
        }
    }

    /// What is said of a loss over signals, or adds one to a loss.
    fn take_signals(&mut self, mut loss: Loss) -> Result<Loss, ConfigError> {
        if loss.is_of_signals()
            && let Some(coefficient) = self.pre_emphasis.take()
        {
            set_pre_emphasis(&mut loss, Some(coefficient).filter(|&coefficient| coefficient != 0.0));
        }
        if let Loss::Sum { terms } = &mut loss
            && let [(of_esr, Loss::Esr { .. }), (of_dc, Loss::Dc)] = terms.as_mut_slice()
            && let Some(weight) = self.dc_weight.take()
        {
            if !(weight > 0.0 && weight < 1.0) {
                let message = format!("is {weight}; give a weight above 0 and below 1, as 0.25");
                return Err(ConfigError::new("dc_weight", message));
            }
            (*of_esr, *of_dc) = (1.0 - weight, weight);
        }
        let takes_spectra = matches!(loss, Loss::Squared | Loss::Absolute) || loss.is_of_signals();
        if takes_spectra && let Some(weight) = self.stft_weight.take() {
            positive("stft_weight", weight)?;
            let mut terms = match loss {
                Loss::Sum { terms } => terms,
                loss => vec![(1.0, loss)],
            };
            terms.push((weight, Loss::mrstft()));
            loss = Loss::Sum { terms };
        }
        Ok(loss)
    }

    fn take_optimiser(&mut self, usual: OptimiserConfig) -> OptimiserConfig {
        let mut optimiser = match self.optimiser.take() {
            None => usual,
            Some(OptimiserName::Sgd) => OptimiserConfig::SGD,
            Some(OptimiserName::Rmsprop) => OptimiserConfig::RMSPROP,
            Some(OptimiserName::Adam) => OptimiserConfig::ADAM,
            // A task whose default is AdamW has its own weight decay.
            Some(OptimiserName::Adamw) if matches!(usual, OptimiserConfig::AdamW { .. }) => usual,
            Some(OptimiserName::Adamw) => OptimiserConfig::ADAMW,
        };
        match &mut optimiser {
            OptimiserConfig::Sgd { momentum, nesterov, weight_decay } => {
                set(momentum, self.momentum.take());
                set(nesterov, self.nesterov.take());
                set(weight_decay, self.weight_decay.take());
            }
            OptimiserConfig::RmsProp { alpha, momentum, weight_decay, .. } => {
                set(alpha, self.alpha.take());
                set(momentum, self.momentum.take());
                set(weight_decay, self.weight_decay.take());
            }
            OptimiserConfig::Adam { beta1, beta2, weight_decay, .. }
            | OptimiserConfig::AdamW { beta1, beta2, weight_decay, .. } => {
                set(beta1, self.beta1.take());
                set(beta2, self.beta2.take());
                set(weight_decay, self.weight_decay.take());
            }
            _ => {}
        }
        optimiser
    }

    fn take_average(&mut self, usual: Option<AverageConfig>, epochs: u64) -> Option<AverageConfig> {
        let mut average = match self.average.take() {
            None => usual,
            Some(AverageName::None) => None,
            Some(AverageName::Ema) => Some(AverageConfig::EMA),
            Some(AverageName::Swa) => Some(AverageConfig::swa(epochs)),
        };
        match &mut average {
            None => {}
            Some(AverageConfig::Ema { decay }) => set(decay, self.ema_decay.take()),
            Some(AverageConfig::Swa { start }) => set(start, self.swa_start.take()),
            Some(_) => {}
        }
        average
    }

    fn take_schedule(&mut self, usual: ScheduleConfig) -> ScheduleConfig {
        let mut schedule = match self.schedule.take() {
            None => usual,
            Some(ScheduleName::Constant) => ScheduleConfig::Constant,
            Some(ScheduleName::Step) => ScheduleConfig::STEP,
            Some(ScheduleName::Cosine) => ScheduleConfig::COSINE,
            Some(ScheduleName::Plateau) => ScheduleConfig::PLATEAU,
        };
        match &mut schedule {
            ScheduleConfig::Constant => {}
            ScheduleConfig::Step { every, factor } => {
                set(every, self.schedule_every.take());
                set(factor, self.schedule_factor.take());
            }
            ScheduleConfig::Cosine { warmup } => set(warmup, self.warmup.take()),
            ScheduleConfig::Plateau { factor, patience, .. } => {
                set(factor, self.schedule_factor.take());
                set(patience, self.schedule_patience.take());
            }
            _ => {}
        }
        schedule
    }
}

/// The error about an option that nothing of the recipe reads.
fn without_meaning(option: &'static str, recipe: &Recipe) -> ConfigError {
    let message = Message::from("has no meaning for ");
    let message = match option {
        "momentum" | "nesterov" | "alpha" | "beta1" | "beta2" => {
            message.option("optimiser").text(format!(" {}", recipe.train.optimiser.name()))
        }
        "warmup" | "schedule_every" | "schedule_factor" | "schedule_patience" => {
            message.option("schedule").text(format!(" {}", recipe.train.schedule.name()))
        }
        "ema_decay" | "swa_start" => message
            .option("average")
            .text(format!(" {}", recipe.train.average.map_or("none", |average| average.name()))),
        _ => message.text("this ").option("loss"),
    };
    ConfigError::new(option, message.text("; leave it out"))
}

/// Gives every loss that has one this coefficient.
fn set_pre_emphasis(loss: &mut Loss, coefficient: Option<f64>) {
    match loss {
        Loss::Esr { pre_emphasis } | Loss::EsrNam { pre_emphasis } | Loss::Mrstft { pre_emphasis, .. } => {
            *pre_emphasis = coefficient
        }
        Loss::Sum { terms } => terms.iter_mut().for_each(|(_, loss)| set_pre_emphasis(loss, coefficient)),
        _ => {}
    }
}

fn set<V>(to: &mut V, value: Option<V>) {
    if let Some(value) = value {
        *to = value;
    }
}
