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

/// [`regression_metrics`] of one target or, of several, the mean of each figure over the targets and behind that the
/// figures of each, named `mae_level` for a target `level`.
///
/// `predicted` and `actual` are `[n, targets]`; an actual value that is NaN is missing, and its target's figures are
/// those of the others.
pub fn joint_regression_metrics(targets: &[String], predicted: &[Vec<f64>], actual: &[Vec<f64>]) -> Metrics {
    let of_target = |k: usize| {
        let known = predicted.iter().zip(actual).filter(|(_, actual)| !actual[k].is_nan());
        let (predicted, actual): (Vec<f64>, Vec<f64>) = known.map(|(p, a)| (p[k], a[k])).unzip();
        regression_metrics(&predicted, &actual)
    };
    let each: Vec<Metrics> = (0..targets.len()).map(of_target).collect();
    let [first, _, ..] = each.as_slice() else { return each.concat() };
    let mean = |n: usize| {
        let total: f64 = each.iter().map(|metrics| metrics[n].value.unwrap_or(f64::NAN)).sum();
        Metric::new(&first[n].name, total / each.len() as f64)
    };
    let mut metrics: Metrics = (0..first.len()).map(mean).collect();
    for (target, of_target) in targets.iter().zip(each) {
        let named = |metric: Metric| Metric { name: format!("{}_{target}", metric.name), ..metric };
        metrics.extend(of_target.into_iter().map(named));
    }
    metrics
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
    fn several_targets_have_their_figures_and_a_mean() {
        let names = ["a".to_owned(), "b".to_owned()];
        let predicted = [vec![1.0, 10.0], vec![2.0, 10.0], vec![9.0, 30.0]];
        let actual = [vec![1.0, 20.0], vec![4.0, 20.0], vec![f64::NAN, 20.0]];
        let metrics = joint_regression_metrics(&names, &predicted, &actual);
        let named: Vec<&str> = metrics.iter().map(|metric| metric.name.as_str()).collect();
        assert_eq!(named, ["mae", "rmse", "r2", "mae_a", "rmse_a", "r2_a", "mae_b", "rmse_b", "r2_b"]);
        // Of a: errors 0 and 2 about a variance of 2.25; of b: 10 each, about none.
        let (mae, rmse) = ((1.0 + 10.0) / 2.0, (2f64.sqrt() + 10.0) / 2.0);
        let of_a = [Some(1.0), Some(2f64.sqrt()), Some(1.0 - 2.0 / 2.25)];
        let expected =
            [Some(mae), Some(rmse), None].into_iter().chain(of_a).chain([Some(10.0), Some(10.0), None]);
        assert_eq!(values(&metrics), expected.collect::<Vec<_>>());
        // A single one is what it is by itself.
        let (one, truth) = ([vec![2.0], vec![2.0]], [vec![1.0], vec![3.0]]);
        let alone = joint_regression_metrics(&names[..1], &one, &truth);
        assert_eq!(alone, regression_metrics(&[2.0, 2.0], &[1.0, 3.0]));
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
