//! How good predictions are.
//!
//! ```
//! use elman::metrics::forecast_metrics;
//!
//! let metrics = forecast_metrics(&[11.0, 18.0], &[10.0, 20.0], Some(3.0));
//! assert_eq!((metrics[0].name.as_str(), metrics[0].value), ("mae", Some(1.5)));
//! assert_eq!((metrics[4].name.as_str(), metrics[4].value), ("mase", Some(0.5)));
//! ```

mod classification;
mod forecast;
mod probabilistic;
mod regression;

use serde::{Deserialize, Serialize};

pub use classification::{ClassFigures, Confusion, argmax, classification_metrics};
pub use forecast::{forecast_metrics, mean_metrics, seasonal_scale};
pub(crate) use probabilistic::crps_of_sorted;
pub use probabilistic::{
    calibration, coverage, crps, mean_quantile_loss, quantile_loss, weighted_quantile_loss,
};
pub use regression::{joint_regression_metrics, regression_metrics};

use crate::error::Message;

/// Named figures, in the order in which they are shown.
pub type Metrics = Vec<Metric>;

/// One figure of quality.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// Its short name: `mae`.
    pub name: String,
    /// None where it is not defined, as the percentage error of a zero.
    pub value: Option<f64>,
}

impl Metric {
    /// A figure; not defined where it is no finite number.
    pub(crate) fn new(name: &str, value: f64) -> Self {
        Metric { name: name.into(), value: value.is_finite().then_some(value) }
    }
}

/// A model's figures and those of naive predictors beside them, on the same data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "Saved")]
pub struct Evaluation {
    /// What was predicted: `114 forecasts, 1 to 6 rows ahead`.
    pub on: String,
    /// The model's figures.
    pub model: Metrics,
    /// The naive predictors: first the one that a model must beat to be worth anything.
    pub baselines: Vec<Baseline>,
    /// Of a classification: which classes were taken for which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confusion: Option<Confusion>,
    /// What the user should know of how the data were read; not written to files.
    #[serde(skip)]
    pub remarks: Vec<Message>,
}

/// A naive predictor's figures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// What it is called.
    pub name: String,
    /// Its figures.
    pub metrics: Metrics,
}

/// An evaluation as files hold it: older ones have a single baseline, in two fields of its own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    on: String,
    model: Metrics,
    #[serde(default)]
    baselines: Vec<Baseline>,
    baseline_name: Option<String>,
    #[serde(default)]
    baseline: Metrics,
    #[serde(default)]
    confusion: Option<Confusion>,
}

impl From<Saved> for Evaluation {
    fn from(saved: Saved) -> Self {
        let Saved { on, model, mut baselines, baseline_name, baseline, confusion } = saved;
        baselines.extend(baseline_name.map(|name| Baseline { name, metrics: baseline }));
        Evaluation { on, model, baselines, confusion, remarks: Vec::new() }
    }
}

impl Evaluation {
    /// All its figures that are defined.
    pub(crate) fn figures(&self) -> impl Iterator<Item = f64> {
        let all = std::iter::once(&self.model).chain(self.baselines.iter().map(|baseline| &baseline.metrics));
        all.flatten().filter_map(|metric| metric.value)
    }
}

fn mae(predicted: &[f64], actual: &[f64]) -> Metric {
    Metric::new("mae", mean(predicted, actual, |p, a| (p - a).abs()))
}

fn rmse(predicted: &[f64], actual: &[f64]) -> Metric {
    Metric::new("rmse", mean(predicted, actual, |p, a| (p - a).powi(2)).sqrt())
}

fn mean(predicted: &[f64], actual: &[f64], term: impl Fn(f64, f64) -> f64) -> f64 {
    predicted.iter().zip(actual).map(|(&p, &a)| term(p, a)).sum::<f64>() / actual.len() as f64
}

#[cfg(test)]
pub(crate) fn values(metrics: &Metrics) -> Vec<Option<f64>> {
    metrics.iter().map(|metric| metric.value).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evaluations_of_older_files_are_read() {
        let old = r#"{"on":"x","model":[{"name":"mae","value":1.5}],"baseline_name":"last value",
            "baseline":[{"name":"mae","value":2.0}]}"#;
        let evaluation: Evaluation = serde_json::from_str(old).unwrap();
        assert_eq!(evaluation.baselines[0].name, "last value");
        assert_eq!(values(&evaluation.baselines[0].metrics), [Some(2.0)]);
        let again = serde_json::to_string(&evaluation).unwrap();
        assert_eq!(serde_json::from_str::<Evaluation>(&again).unwrap(), evaluation);
    }
}
