//! How good predictions are.
//!
//! ```
//! use elman::metrics::forecast_metrics;
//!
//! let metrics = forecast_metrics(&[11.0, 18.0], &[10.0, 20.0]);
//! assert_eq!((metrics[0].name.as_str(), metrics[0].value), ("mae", Some(1.5)));
//! ```

use serde::{Deserialize, Serialize};

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
    fn new(name: &str, value: f64) -> Self {
        Metric { name: name.into(), value: value.is_finite().then_some(value) }
    }
}

/// A model's figures and a naive predictor's beside them, on the same data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evaluation {
    /// What was predicted: `114 forecasts, 1 to 6 rows ahead`.
    pub on: String,
    /// The model's figures.
    pub model: Metrics,
    /// The naive predictor's name.
    pub baseline_name: String,
    /// The naive predictor's figures.
    pub baseline: Metrics,
    /// What the user should know of how the data were read; not written to files.
    #[serde(skip)]
    pub remarks: Vec<Message>,
}

/// Mean absolute error, root mean squared error, and mean absolute percentage error in percent.
pub fn forecast_metrics(predicted: &[f64], actual: &[f64]) -> Metrics {
    let percentage = mean(predicted, actual, |p, a| ((p - a) / a).abs() * 100.0);
    vec![mae(predicted, actual), rmse(predicted, actual), Metric::new("mape", percentage)]
}

/// Mean absolute error, root mean squared error, and the coefficient of determination: the share of
/// the variance that is explained.
pub fn regression_metrics(predicted: &[f64], actual: &[f64]) -> Metrics {
    let average = actual.iter().sum::<f64>() / actual.len() as f64;
    let unexplained = mean(predicted, actual, |p, a| (p - a).powi(2));
    let variance = mean(predicted, actual, |_, a| (a - average).powi(2));
    vec![mae(predicted, actual), rmse(predicted, actual), Metric::new("r2", 1.0 - unexplained / variance)]
}

/// The share of right answers, the F1 score averaged over the classes that occur or are answered, and the mean
/// negative logarithm of the probability given to the right class.
///
/// `probabilities [n, classes]`; the answer is the first class of the highest probability.
pub fn classification_metrics(probabilities: &[Vec<f64>], actual: &[usize]) -> Metrics {
    let answers: Vec<usize> = probabilities.iter().map(|p| argmax(p)).collect();
    let right = answers.iter().zip(actual).filter(|(a, b)| a == b).count();
    let log_loss: f64 =
        probabilities.iter().zip(actual).map(|(p, &class)| -p[class].max(f64::MIN_POSITIVE).ln()).sum();
    let num_classes = probabilities.first().map_or(0, Vec::len);
    let scores: Vec<f64> = (0..num_classes).filter_map(|class| f1(&answers, actual, class)).collect();
    let count = actual.len() as f64;
    vec![
        Metric::new("accuracy", right as f64 / count),
        Metric::new("f1", scores.iter().sum::<f64>() / scores.len() as f64),
        Metric::new("log_loss", log_loss / count),
    ]
}

/// The harmonic mean of precision and recall; none for a class that neither occurs nor is predicted.
fn f1(answers: &[usize], actual: &[usize], class: usize) -> Option<f64> {
    let count = |f: fn(bool, bool) -> bool| {
        answers.iter().zip(actual).filter(|&(&answer, &truth)| f(answer == class, truth == class)).count()
            as f64
    };
    let hits = count(|answer, truth| answer && truth);
    let misses = count(|answer, truth| answer != truth);
    (hits + misses > 0.0).then(|| 2.0 * hits / (2.0 * hits + misses))
}

/// The place of the largest value; the first of several.
pub fn argmax(values: &[f64]) -> usize {
    (1..values.len()).fold(0, |best, n| if values[n] > values[best] { n } else { best })
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
mod tests {
    use super::*;

    fn values(metrics: &Metrics) -> Vec<Option<f64>> {
        metrics.iter().map(|metric| metric.value).collect()
    }

    #[test]
    fn errors_of_a_worked_example() {
        assert_eq!(
            values(&forecast_metrics(&[11.0, 18.0], &[10.0, 20.0])),
            [Some(1.5), Some(2.5f64.sqrt()), Some(10.0)]
        );
        assert_eq!(values(&forecast_metrics(&[1.0], &[0.0]))[2], None);
        assert_eq!(values(&regression_metrics(&[2.0, 2.0], &[1.0, 3.0]))[2], Some(0.0));
        assert_eq!(values(&regression_metrics(&[2.0], &[1.0]))[2], None);
    }

    #[test]
    fn classification_of_a_worked_example() {
        let probabilities =
            [vec![0.9, 0.1, 0.0], vec![0.6, 0.4, 0.0], vec![0.2, 0.8, 0.0], vec![0.7, 0.3, 0.0]];
        let metrics = values(&classification_metrics(&probabilities, &[0, 1, 1, 0]));
        assert_eq!(metrics[0], Some(0.75));
        // Class 0: 2 hits, 1 false alarm: 4/5. Class 1: 1 hit, 1 miss: 2/3. Class 2 does not occur.
        assert!((metrics[1].unwrap() - (0.8 + 2.0 / 3.0) / 2.0).abs() < 1e-15);
        let log_loss = -(0.9f64.ln() + 0.4f64.ln() + 0.8f64.ln() + 0.7f64.ln()) / 4.0;
        assert!((metrics[2].unwrap() - log_loss).abs() < 1e-15);
    }
}
