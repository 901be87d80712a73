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

pub(crate) use classification::ClassAnswers;
pub use classification::{ClassFigures, Confusion, argmax, classification_metrics};
pub use forecast::{forecast_metrics, mean_metrics, seasonal_scale};
pub(crate) use probabilistic::crps_of_sorted;
pub use probabilistic::{
    calibration, coverage, crps, mean_quantile_loss, quantile_loss, weighted_quantile_loss,
};
pub(crate) use regression::JointErrors;
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
    /// The best of the naive predictors that are better than the model, by the first figure: of which less is better, but of
    /// accuracy. With it those figures, its and the model's.
    fn better_than_the_model(&self) -> Option<(&Baseline, [f64; 2])> {
        /// What differs by a smaller share of the model's figure would be shown as equal.
        const EQUAL: f64 = 5e-4;
        let Metric { name, value } = self.model.first()?;
        let sign = if is_better_high(name) { -1.0 } else { 1.0 };
        let model = (*value)?;
        let figure = |baseline: &Baseline| baseline.metrics.iter().find(|metric| metric.name == *name)?.value;
        let figures = self.baselines.iter().filter_map(|baseline| Some((baseline, figure(baseline)?)));
        let best = figures.min_by(|(_, a), (_, b)| (sign * a).total_cmp(&(sign * b)));
        best.filter(|(_, figure)| sign * (model - figure) > EQUAL * model.abs())
            .map(|(baseline, figure)| (baseline, [figure, model]))
    }

    /// Says so where a naive predictor is better than the model, a forecast if that `can_be_asked` for its answers.
    pub(crate) fn remark_on_better(&self, can_be_asked: bool) -> Option<Message> {
        let (Baseline { name, .. }, [figure, model]) = self.better_than_the_model()?;
        let metric = &self.model.first()?.name;
        let less = (1.0 - figure / model) * 100.0;
        if can_be_asked {
            let text = format!(
                "the {name} forecast is better than the model: its mean absolute error is {less:.1} % less; predictions are \
                 made of it with "
            );
            return Some(Message::from(text).option("baseline").text(format!(" {}", name.replace(' ', "-"))));
        }
        let by = if is_better_high(metric) {
            format!("{metric} is {figure:.4}, and the model's {model:.4}")
        } else {
            format!("{} is {less:.1} % less", metric.replace('_', " "))
        };
        Some(format!("the baseline {name} is better than the model: its {by}").into())
    }

    /// All its figures that are defined.
    pub(crate) fn figures(&self) -> impl Iterator<Item = f64> {
        let all = std::iter::once(&self.model).chain(self.baselines.iter().map(|baseline| &baseline.metrics));
        all.flatten().filter_map(|metric| metric.value)
    }
}

/// Is a figure of this name the better, the higher it is?
fn is_better_high(metric: &str) -> bool {
    metric == "accuracy"
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
    fn the_best_of_the_naive_predictors_is_named_where_it_is_better() {
        let said = |metric: &str, model: Option<f64>, naive: &[(&str, Option<f64>)], of_forecast: bool| {
            let of = |value| vec![Metric { name: metric.into(), value }];
            let baseline =
                |(name, value): &(&str, Option<f64>)| Baseline { name: (*name).into(), metrics: of(*value) };
            let evaluation = Evaluation {
                on: "x".into(),
                model: of(model),
                baselines: naive.iter().map(baseline).collect(),
                confusion: None,
                remarks: Vec::new(),
            };
            evaluation.remark_on_better(of_forecast).map(|remark| remark.to_string())
        };
        let naive = [("mean", Some(9.0)), ("linear regression", Some(5.0)), ("none", None)];
        let better = "the baseline linear regression is better than the model: its mae is 50.0 % less";
        assert_eq!(said("mae", Some(10.0), &naive, false).as_deref(), Some(better));
        assert_eq!(said("mae", Some(5.0), &naive, false), None);
        assert_eq!(said("mae", Some(5.002), &naive, false), None);
        assert_eq!(said("mae", None, &naive, false), None);
        let forecast = "the linear regression forecast is better than the model: its mean absolute error is 50.0 % less; \
                        predictions are made of it with baseline linear-regression";
        assert_eq!(said("mae", Some(10.0), &naive, true).as_deref(), Some(forecast));
        let naive = [("most frequent class", Some(0.5)), ("1-nearest neighbour", Some(0.9))];
        let better = "the baseline 1-nearest neighbour is better than the model: its accuracy is 0.9000, and the model's 0.8500";
        assert_eq!(said("accuracy", Some(0.85), &naive, false).as_deref(), Some(better));
        assert_eq!(said("accuracy", Some(0.95), &naive, false), None);
        let bits = "the baseline frequencies is better than the model: its bits per character is 25.0 % less";
        assert_eq!(
            said("bits_per_character", Some(4.0), &[("frequencies", Some(3.0))], false).as_deref(),
            Some(bits)
        );
    }

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
