//! **forecast**: the future of one series, or of many by one network.
//!
//! The series is made stationary: its differences, of the logarithm where all values are positive, or else the errors of
//! exponential smoothing, whichever does better in a trial on the rows before the test; then scaled. At each row the
//! network sees the value before, the value one season before, the place in the season and in longer periods of the
//! calendar, and [covariates](Covariates), and learns the value of the row. It forecasts by reading the whole history and then feeding its own forecasts back.
//!
//! A table with times in its header is read as a long one: see `time_names`.
//!
//! Of many series each is made stationary by itself, all in the same way; the network that learns from all of them is one. A
//! series that was not among them is forecast by it as well.
//!
//! By a loss of distributions the network tells how each row's value is distributed. The forecast is then the median of
//! that, or the mean, in the units that are learned; of logarithms both are the median of the values. What stands beside it,
//! intervals, quantiles and sample paths, is in `outlook`.

mod ahead;
mod backtest;
mod charts;
mod choose;
mod covariates;
mod cycles;
mod intervals;
mod known;
mod lengths;
mod level;
mod naive;
mod options;
mod outlook;
mod own_times;
mod panel;
mod paths;
mod pictures;
mod prepare;
mod remarks;
mod series;
mod smoothed;
mod smoothing;
mod spread;
mod steps;
mod stream;
mod time_column;
mod time_names;
mod time_numbers;
mod time_parts;
mod windows;

pub use backtest::{Backtest, Backtested, Origin};
pub use covariates::{Covariate, Covariates};
pub(crate) use known::Places;
pub use known::SeriesIndex;
pub use options::ForecastOptions;
pub use panel::Layout;
pub use series::Transform;
pub use smoothing::Smoothing;
pub(super) use steps::is_named as is_named_like_counts;
pub(super) use time_column::{has_word_of, is_named_like_times};

use serde::{Deserialize, Serialize};

use super::{
    Charts, HeldOut, Picture, PredictOptions, Predictions, Prepared, StreamUnits, Task, TaskKind, TaskName,
};
use crate::calendar::{Cycle, Frequency};
use crate::ensemble::Ensemble;
use crate::error::{ConfigError, Error};
use crate::metrics::Evaluation;
use crate::missing::Missing;
use crate::network::{CellKind, Readout};
use crate::optimiser::OptimiserConfig;
use crate::recipe::Recipe;
use crate::scaling::Scaling;
use crate::table::Table;
use crate::train::TrainConfig;
use crate::watch::Watch;
use crate::words::{counted, listed, thousands};

/// Rows ahead that are forecast at the most: far beyond sense, near enough to be computed.
const MAX_HORIZON: usize = 100_000;

/// Seasons longer than this are not told to the network row by row, nor made of so many rows.
const MAX_SEASON: usize = 10_000;

/// A forecast task, fitted to a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// The column of values; of a wide table, what was said of its columns.
    pub target: String,
    /// The column of times, if there is one; of several that are the parts of one, their names with commas between.
    pub time: Option<String>,
    /// How its times are written, where that was said or cannot be seen from every cell.
    #[serde(rename = "time-format", default, skip_serializing_if = "Option::is_none")]
    pub time_format: Option<String>,
    /// The time zone whose clocks they show, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// What becomes of missing values; nothing where they are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
    /// How a table holds its series.
    #[serde(default, skip_serializing_if = "Layout::is_single")]
    pub layout: Layout,
    /// The time between rows, if there is a column of times; of several series, unless a series has one of its own.
    pub frequency: Option<Frequency>,
    /// Rows in a season, if there is one.
    pub season: Option<usize>,
    /// Rows forecast ahead.
    pub horizon: usize,
    /// Last rows kept for the test in training.
    pub test: usize,
    /// Timesteps of a training sequence.
    pub window: usize,
    /// Rows from one training sequence to the next.
    pub stride: usize,
    /// What is done to the values.
    pub transform: Transform,
    /// The exponential smoothing whose errors are learned, if they are; of several series, what a series is smoothed by
    /// of which too little is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoothing: Option<Smoothing>,
    /// The statistics of the transformed values in training, of a single series.
    pub scaling: Scaling,
    /// The periods of the calendar whose place the network sees beside that in the season.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calendar: Vec<Cycle>,
    /// What is known beside the series.
    #[serde(default, skip_serializing_if = "Covariates::is_empty")]
    pub covariates: Covariates,
    /// The series that were learned from, if it is one of several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub series: Vec<Known>,
    /// For each row ahead, the absolute errors of forecasts on the test part, smallest first: what intervals are made
    /// of. None of a model that was not tested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Vec<f64>>,
}

/// One of several series that were learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// What tells it from the others: a cell of each id column, or the name of its column.
    pub id: Vec<String>,
    /// The statistics of its transformed values in training.
    pub scaling: Scaling,
    /// The exponential smoothing whose errors are learned, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoothing: Option<Smoothing>,
    /// The means in training of the covariates that are relative: past ones, then future ones. 0 where none was known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<f64>,
    /// The time between its rows, if it is open at other times than the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frequency: Option<Frequency>,
}

impl TaskKind for Forecast {
    type Options = ForecastOptions;

    fn prepare(table: &Table, options: &ForecastOptions) -> Result<Prepared, Error> {
        prepare::prepare(table, options)
    }

    fn name(&self) -> TaskName {
        TaskName::Forecast
    }

    fn title(&self) -> &'static str {
        "Forecast"
    }

    fn layout(&self) -> &Layout {
        &self.layout
    }

    fn series(&self) -> &[Known] {
        if self.layout.is_single() { &[] } else { &self.series }
    }

    fn stream_of_known(&self, series: &Known) -> Result<Box<dyn StreamUnits>, ConfigError> {
        Ok(Box::new(stream::Newest::new(self.alone(series)?)))
    }

    fn answers_as_baselines(&self) -> bool {
        true
    }

    fn knows_rows_to_come(&self) -> bool {
        !self.covariates.future.is_empty()
    }

    fn needs_version_3(&self) -> bool {
        let named = self.time_format.is_some() || self.timezone.is_some() || self.missing.is_some();
        let seen = !self.calendar.is_empty() || !self.covariates.is_empty();
        let of_now = named || seen || !self.errors.is_empty();
        of_now || !self.layout.is_single() || self.frequency.as_ref().is_some_and(Frequency::needs_version_3)
    }

    fn describe(&self) -> String {
        let per = self.frequency.as_ref().map_or("row", Frequency::row_name);
        let season =
            self.season.map_or("no season".into(), |season| format!("a season of {}", counted(season, per)));
        let transform = match self.transform {
            Transform::LogDifference => "relative changes".to_owned(),
            Transform::Difference => "differences".to_owned(),
            Transform::None => "plain values".to_owned(),
            Transform::Smoothing => {
                let form = self.smoothing.map_or(String::new(), |smoothing| smoothing.describe(&self.layout));
                format!("errors of exponential smoothing{form}")
            }
        };
        let time = self.time.as_ref().map_or(String::new(), |time| format!(" over {time:?}"));
        let series = match &self.layout {
            Layout::Single => format!("{:?}", self.target),
            Layout::Long(id) => {
                let id = listed(id.iter().map(|id| format!("{id:?}")), "and");
                format!("{:?} of {} series by {id}", self.target, thousands(self.series.len()))
            }
            Layout::Wide(_) => format!("{} columns", thousands(self.series.len())),
        };
        let calendar = match &self.calendar[..] {
            [] => String::new(),
            cycles => {
                format!(", the place in the {}", listed(cycles.iter().map(|cycle| cycle.name()), "and"))
            }
        };
        let ahead = counted(self.horizon, per);
        let covariates = self.covariates.describe();
        format!("forecast {series}{time}, {ahead} ahead; {season}{calendar}, {transform}{covariates}")
    }

    /// The value before, the value one season before, each with whether it was missing if that is told; the place in the
    /// season (1 among zeros) and in periods of the calendar (sines and cosines); the covariates.
    fn input_size(&self) -> usize {
        let of_series = self.lags() * (1 + usize::from(self.flags())) + self.phases();
        of_series + self.cycle_inputs() + self.covariates.size()
    }

    fn readout(&self) -> Readout {
        Readout::Every
    }

    fn knows_the_end(&self) -> bool {
        false
    }

    /// An LSTM of 20 units, AdamW at 0.01 with a weight decay of 2, 30 epochs; else the default.
    ///
    /// Checked, and the epochs chosen, on other data than those of the published figures: see
    /// `examples/forecast_defaults.rs`.
    fn recipe(&self) -> Recipe {
        let usual = Recipe::default();
        Recipe {
            cell: CellKind::Lstm,
            hidden_size: 20,
            train: TrainConfig {
                epochs: 30,
                optimiser: OptimiserConfig::AdamW { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 2.0 },
                learning_rate: 1e-2,
                ..usual.train
            },
            ..usual
        }
    }

    fn held_out(&self, test: Option<usize>) -> Result<HeldOut, ConfigError> {
        Ok(HeldOut::LastRows(test.unwrap_or(self.test.max(self.horizon))))
    }

    fn evaluate(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<Evaluation, Error> {
        let test = last_rows(held_out)?;
        let (table, of_names) = self.with_times_told(table)?;
        let mut evaluation = self.measure(&self.backtest_watched(ensemble, &table, test, watch)?);
        evaluation.remarks.splice(..0, of_names);
        Ok(evaluation)
    }

    fn predict(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        options: &PredictOptions,
        watch: &mut Watch<'_>,
    ) -> Result<Predictions, Error> {
        let (table, of_names) = self.with_times_told(table)?;
        let predictions = self.look_ahead(ensemble, &table, options, watch)?;
        let remarks = of_names.into_iter().chain(predictions.remarks().iter().cloned()).collect();
        Ok(predictions.with_remarks(remarks))
    }

    fn stream(&self) -> Result<Box<dyn StreamUnits>, ConfigError> {
        if !self.layout.is_single() {
            let message = "this model is one of several series, and a stream is of a single one: name that, let the model \
                           predict from a table that has the new rows, or train one of the series alone";
            return Err(ConfigError::of_model(message));
        }
        Ok(Box::new(stream::Newest::new(self.clone())))
    }

    fn stream_of(&self, series: &[&str]) -> Result<Box<dyn StreamUnits>, ConfigError> {
        let names: Vec<String> = series.iter().copied().map(str::to_owned).collect();
        self.stream_of_known(SeriesIndex::new(&self.series).get(&names)?)
    }

    fn backtest(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<(Predictions, Evaluation), Error> {
        let (table, of_names) = self.with_times_told(table)?;
        let table = &*table;
        let test = last_rows(held_out)?;
        let backtest = self.backtest_watched(ensemble, table, test, watch)?;
        let rows = self.backtest_rows(&backtest, table, test, ensemble.dtype())?;
        let mut evaluation = self.measure(&backtest);
        evaluation.remarks.splice(..0, of_names);
        if ensemble.distribution().is_none() {
            let (coverage, remark) = self.coverage(&backtest);
            evaluation.model.extend(coverage);
            evaluation.remarks.extend(remark);
        }
        Ok((rows, evaluation))
    }

    fn test(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<(Evaluation, Option<Task>), Error> {
        let backtest = self.backtest_watched(ensemble, table, last_rows(held_out)?, watch)?;
        let mut calibrated = self.clone();
        calibrated.keep_errors(&backtest);
        Ok((self.measure(&backtest), Some(calibrated.into())))
    }

    fn chart(&self, table: &Table, predictions: &Predictions) -> Result<Charts, Error> {
        let table = &*self.with_times(table)?;
        self.forecast_charts(table, predictions)
    }

    fn test_chart(&self, ensemble: &Ensemble, table: &Table, held_out: &HeldOut) -> Result<Charts, Error> {
        let table = &*self.with_times(table)?;
        let test = last_rows(held_out)?;
        let backtest = Forecast::backtest(self, ensemble, table, test)?;
        let members = self.members(table)?;
        let (all, _) = self.read(table, &members, test)?;
        Ok(self.backtest_charts(&all, test, &backtest, false))
    }

    fn pictures(
        &self,
        ensemble: &Ensemble,
        table: &Table,
        held_out: &HeldOut,
        watch: &mut Watch<'_>,
    ) -> Result<Vec<Picture>, Error> {
        let table = &*self.with_times(table)?;
        let test = last_rows(held_out)?;
        let backtest = self.backtest_watched(ensemble, table, test, watch)?;
        let members = self.members(table)?;
        let (all, _) = self.read(table, &members, test)?;
        Ok(self.backtest_pictures(&all, test, &backtest))
    }

    fn check(&self) -> Result<(), String> {
        let sizes = [self.horizon, self.window, self.stride];
        if sizes.iter().any(|&size| size == 0 || size > MAX_HORIZON) || self.test > usize::MAX / 4 {
            return Err("its horizon, window or stride is out of range".into());
        }
        if self.season.is_some_and(|season| season == 0 || season > MAX_SEASON) {
            return Err("its season is out of range".into());
        }
        let scalings = self.series.iter().map(|series| &series.scaling).chain([&self.scaling]);
        if !scalings.into_iter().all(Scaling::is_valid) {
            return Err("its scaling is out of range".into());
        }
        let is_smoothed = self.transform == Transform::Smoothing;
        let log = self.smoothing.map(|smoothing| smoothing.log);
        let of_series = |smoothing: Option<Smoothing>| {
            smoothing.is_some() == is_smoothed
                && smoothing
                    .is_none_or(|smoothing| smoothing.is_valid(MAX_SEASON) && Some(smoothing.log) == log)
        };
        let in_step = |known: &Known| known.smoothing.is_none_or(|smoothing| smoothing.start == 1);
        if !of_series(self.smoothing)
            || !self.series.iter().all(|known| of_series(known.smoothing) && in_step(known))
        {
            return Err("its smoothing is out of range".into());
        }
        self.covariates.check()?;
        if !self.calendar.is_empty() && self.time.is_none() {
            return Err("it has periods of the calendar, but no times".into());
        }
        let mut levels = self.series.iter().flat_map(|series| &series.levels);
        if !levels.all(|level| level.is_finite() && *level >= 0.0) {
            return Err("the means of its covariates are out of range".into());
        }
        let are_errors = |errors: &Vec<f64>| {
            !errors.is_empty() && errors.is_sorted() && errors.iter().all(|e| e.is_finite() && *e >= 0.0)
        };
        if self.errors.len() > self.horizon || !self.errors.iter().all(are_errors) {
            return Err("the errors of its forecasts are none".into());
        }
        if self.time.is_some() != self.frequency.is_some() {
            return Err("it has a time column or a frequency, but not both".into());
        }
        let is_alike =
            |own: &Frequency| self.frequency.as_ref().is_some_and(|frequency| own.is_alike(frequency));
        if !self.series.iter().filter_map(|known| known.frequency.as_ref()).all(is_alike) {
            return Err("the rows of its series are not equally far apart".into());
        }
        Ok(())
    }
}

fn last_rows(held_out: &HeldOut) -> Result<usize, ConfigError> {
    match held_out {
        HeldOut::LastRows(rows) => Ok(*rows),
        HeldOut::LastRowsOfEach(_) | HeldOut::Sequences(_) | HeldOut::All => {
            Err(ConfigError::new("test", "of a forecast is a number of last rows"))
        }
    }
}
