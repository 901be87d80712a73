//! **forecast**: the future of one series.
//!
//! The series is made stationary: differences of its logarithm where all values are positive, else
//! plain differences, standardised. At each row the network sees the value before, the value one
//! season before and the place in the season, and learns the value of the row. It forecasts by
//! reading the whole history and then feeding its own forecasts back.

mod ahead;
mod backtest;
mod charts;
mod options;
mod prepare;
mod series;
mod stream;
mod windows;

pub use backtest::{Backtest, Origin};
pub use options::ForecastOptions;
pub use series::Transform;

use serde::{Deserialize, Serialize};

use super::{Chart, HeldOut, Predictions, Prepared, StreamUnits, TaskKind, TaskName};
use crate::calendar::Frequency;
use crate::error::{ConfigError, Error};
use crate::float::Parameters;
use crate::metrics::Evaluation;
use crate::network::{CellKind, Network, Readout};
use crate::optimiser::OptimiserConfig;
use crate::recipe::Recipe;
use crate::scaling::Scaling;
use crate::table::Table;
use crate::train::TrainConfig;
use crate::words::counted;

/// Rows ahead that are forecast at the most: far beyond sense, near enough to be computed.
const MAX_HORIZON: usize = 100_000;

/// Seasons longer than this are not told to the network row by row, nor made of so many rows.
const MAX_SEASON: usize = 10_000;

/// A forecast task, fitted to a series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Forecast {
    /// The column of values.
    pub target: String,
    /// The column of times, if there is one.
    pub time: Option<String>,
    /// The time between rows, if there is a column of times.
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
    /// The statistics of the transformed values in training.
    pub scaling: Scaling,
}

impl TaskKind for Forecast {
    type Options = ForecastOptions;

    fn prepare(table: &Table, options: &ForecastOptions) -> Result<Prepared, Error> {
        prepare::prepare(table, options)
    }

    fn name(&self) -> TaskName {
        TaskName::Forecast
    }

    fn describe(&self) -> String {
        let per = self.frequency.map_or("row", Frequency::row_name);
        let season =
            self.season.map_or("no season".into(), |season| format!("a season of {}", counted(season, per)));
        let transform = match self.transform {
            Transform::LogDifference => "relative changes",
            Transform::Difference => "differences",
            Transform::None => "plain values",
        };
        let time = self.time.as_ref().map_or(String::new(), |time| format!(" over {time:?}"));
        format!(
            "forecast {:?}{time}, {} ahead; {season}, {transform}",
            self.target,
            counted(self.horizon, per)
        )
    }

    /// The value before, the value one season before, the place in the season (1 among zeros).
    fn input_size(&self) -> usize {
        1 + usize::from(self.season.is_some()) + self.phases()
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
        network: &Network,
        parameters: &Parameters,
        table: &Table,
        held_out: &HeldOut,
    ) -> Result<Evaluation, Error> {
        let test = last_rows(held_out)?;
        Ok(self.measure(&self.backtest(network, parameters, table, test)?))
    }

    fn predict(
        &self,
        network: &Network,
        parameters: &Parameters,
        table: &Table,
        horizon: Option<usize>,
    ) -> Result<Predictions, Error> {
        self.look_ahead(network, parameters, table, horizon.unwrap_or(self.horizon))
    }

    fn stream(&self) -> Result<Box<dyn StreamUnits>, ConfigError> {
        Ok(Box::new(stream::Newest::new(self.clone())))
    }

    fn chart(&self, table: &Table, predictions: &Predictions) -> Result<Chart, Error> {
        self.forecast_chart(table, predictions)
    }

    fn test_chart(
        &self,
        network: &Network,
        parameters: &Parameters,
        table: &Table,
        held_out: &HeldOut,
    ) -> Result<Chart, Error> {
        let test = last_rows(held_out)?;
        let backtest = self.backtest(network, parameters, table, test)?;
        self.backtest_chart(table, test, &backtest)
    }

    fn check(&self) -> Result<(), String> {
        let sizes = [self.horizon, self.window, self.stride];
        if sizes.iter().any(|&size| size == 0 || size > MAX_HORIZON) || self.test > usize::MAX / 4 {
            return Err("its horizon, window or stride is out of range".into());
        }
        if self.season.is_some_and(|season| season == 0 || season > MAX_SEASON) {
            return Err("its season is out of range".into());
        }
        if !self.scaling.is_valid() {
            return Err("its scaling is out of range".into());
        }
        if self.time.is_some() != self.frequency.is_some() {
            return Err("it has a time column or a frequency, but not both".into());
        }
        Ok(())
    }
}

fn last_rows(held_out: &HeldOut) -> Result<usize, ConfigError> {
    match held_out {
        HeldOut::LastRows(rows) => Ok(*rows),
        HeldOut::Sequences(_) | HeldOut::All => {
            Err(ConfigError::new("test", "of a forecast is a number of last rows"))
        }
    }
}
