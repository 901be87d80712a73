//! How good predictions are.
//!
//! ```
//! use elman::metrics::forecast_metrics;
//!
//! let metrics = forecast_metrics(&[11.0, 18.0], &[10.0, 20.0], Some(3.0));
//! assert_eq!((metrics[0].name.as_str(), metrics[0].value), ("mae", Some(1.5)));
//! assert_eq!((metrics[4].name.as_str(), metrics[4].value), ("mase", Some(0.5)));
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

/// The errors of a series' forecasts: with `e` the forecast less the actual value `y`,
///
/// - `mae`, the mean of `|e|`;
/// - `rmse`, the root of the mean of `e^2`;
/// - `mape`, the mean of `|e| / |y|` in percent; none where a `y` is 0;
/// - `smape`, the mean of `|e| / (|y| + |y + e|)` in percent, from 0 to 100 (some define twice as much); 0 where both
///   values are 0;
/// - `mase`, `mae` over the series' `scale` (see [`seasonal_scale`]; Hyndman & Koehler, International Journal of
///   Forecasting 22, 2006, 679-688); none without one.
///
/// An actual value that is missing, NaN, counts nothing.
pub fn forecast_metrics(predicted: &[f64], actual: &[f64], scale: Option<f64>) -> Metrics {
    let known = predicted.iter().zip(actual).filter(|(_, actual)| !actual.is_nan());
    let (predicted, actual): (Vec<f64>, Vec<f64>) = known.map(|(&p, &a)| (p, a)).unzip();
    let (predicted, actual) = (&predicted[..], &actual[..]);
    let mae = mae(predicted, actual);
    let mape = mean(predicted, actual, |p, a| ((p - a) / a).abs() * 100.0);
    let smape = mean(predicted, actual, |p, a| {
        let size = p.abs() + a.abs();
        if size == 0.0 { 0.0 } else { (p - a).abs() / size * 100.0 }
    });
    let mase = mae.value.zip(scale).map_or(f64::NAN, |(mae, scale)| mae / scale);
    vec![
        mae,
        rmse(predicted, actual),
        Metric::new("mape", mape),
        Metric::new("smape", smape),
        Metric::new("mase", mase),
    ]
}

/// What errors of a series are scaled by: the mean absolute difference between its values and those `season` rows
/// before, 1 where there is no season. None where that is 0 or there are too few values; missing ones, NaN, count
/// nothing.
///
/// `history` must be what was known before the first forecast.
pub fn seasonal_scale(history: &[f64], season: usize) -> Option<f64> {
    let earlier = history.get(season..)?.iter().zip(history);
    let changes: Vec<f64> = earlier.map(|(y, before)| (y - before).abs()).filter(|c| !c.is_nan()).collect();
    let scale = changes.iter().sum::<f64>() / changes.len() as f64;
    Some(scale).filter(|&scale| scale > 0.0 && scale.is_finite())
}

/// The mean of each figure over several series, of those in which it is defined.
pub fn mean_metrics(series: &[Metrics]) -> Metrics {
    let names = series.first().into_iter().flatten().map(|metric| &metric.name);
    let mean_of = |name: &String| {
        let values = || series.iter().flatten().filter(|m| m.name == *name).filter_map(|m| m.value);
        Metric::new(name, values().sum::<f64>() / values().count() as f64)
    };
    names.map(mean_of).collect()
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

/// - `accuracy`: the share of right answers;
/// - `balanced_accuracy`: the mean recall of the classes that occur;
/// - `f1`: the F1 score averaged over the classes that occur or are answered;
/// - `log_loss`: the mean negative logarithm of the probability given to the right class.
///
/// `probabilities [n, classes]`; the answer is the first class of the highest probability. What it is of a class, and
/// which are taken for which: [`Confusion`].
pub fn classification_metrics(probabilities: &[Vec<f64>], actual: &[usize]) -> Metrics {
    let counts = confusion_counts(probabilities, actual);
    let classes = class_figures(&counts);
    let right: usize = counts.iter().enumerate().map(|(class, answers)| answers[class]).sum();
    let log_loss: f64 =
        probabilities.iter().zip(actual).map(|(p, &class)| -p[class].max(f64::MIN_POSITIVE).ln()).sum();
    let average = |figure: fn(&ClassFigures) -> Option<f64>| {
        let values: Vec<f64> = classes.iter().filter_map(figure).collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let count = actual.len() as f64;
    vec![
        Metric::new("accuracy", right as f64 / count),
        Metric::new("balanced_accuracy", average(|class| class.recall)),
        Metric::new("f1", average(|class| class.f1)),
        Metric::new("log_loss", log_loss / count),
    ]
}

/// Which classes were taken for which: the confusion matrix of a classification.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confusion {
    /// The classes.
    pub classes: Vec<String>,
    /// How often a class, the row, was answered with another or the same, the column: `[classes, classes]`.
    pub counts: Vec<Vec<usize>>,
}

/// How well a single class is told from the others.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClassFigures {
    /// How often it occurs.
    pub support: usize,
    /// The share of the answers with it that are right; none if there are none.
    pub precision: Option<f64>,
    /// The share of its occurrences that are found; none if there are none.
    pub recall: Option<f64>,
    /// The harmonic mean of both; none if it neither occurs nor is answered.
    pub f1: Option<f64>,
}

impl Confusion {
    /// Of answers with these probabilities `[n, classes]`.
    pub(crate) fn of(classes: &[String], probabilities: &[Vec<f64>], actual: &[usize]) -> Self {
        let mut counts = confusion_counts(probabilities, actual);
        counts.resize_with(classes.len(), || vec![0; classes.len()]);
        Confusion { classes: classes.to_vec(), counts }
    }

    /// The figures of each class.
    pub fn figures(&self) -> Vec<ClassFigures> {
        class_figures(&self.counts)
    }
}

/// `[classes, classes]`: how often each class, the row, was answered with which, the column.
fn confusion_counts(probabilities: &[Vec<f64>], actual: &[usize]) -> Vec<Vec<usize>> {
    let classes = probabilities.first().map_or(0, Vec::len);
    let mut counts = vec![vec![0; classes]; classes];
    probabilities.iter().zip(actual).for_each(|(p, &class)| counts[class][argmax(p)] += 1);
    counts
}

fn class_figures(counts: &[Vec<usize>]) -> Vec<ClassFigures> {
    let share = |part: usize, of: usize| (of > 0).then(|| part as f64 / of as f64);
    let figures = |(class, row): (usize, &Vec<usize>)| {
        // A matrix out of a file need not be square.
        let at = |row: &Vec<usize>| row.get(class).copied().unwrap_or(0);
        let sum = |counts: &mut dyn Iterator<Item = usize>| counts.fold(0, usize::saturating_add);
        let (hits, support) = (at(row), sum(&mut row.iter().copied()));
        let answered = sum(&mut counts.iter().map(at));
        ClassFigures {
            support,
            precision: share(hits, answered),
            recall: share(hits, support),
            f1: share(hits.saturating_mul(2), support.saturating_add(answered)),
        }
    };
    counts.iter().enumerate().map(figures).collect()
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
            values(&forecast_metrics(&[11.0, 18.0], &[10.0, 20.0], None))[..3],
            [Some(1.5), Some(2.5f64.sqrt()), Some(10.0)]
        );
        let zero = values(&forecast_metrics(&[1.0, 0.0], &[0.0, 0.0], None));
        assert_eq!((zero[2], zero[3], zero[4]), (None, Some(50.0), None));
        let missing = forecast_metrics(&[1.0, 9.0, 3.0], &[2.0, f64::NAN, 5.0], Some(0.5));
        assert_eq!(missing, forecast_metrics(&[1.0, 3.0], &[2.0, 5.0], Some(0.5)));
        assert_eq!(values(&regression_metrics(&[2.0, 2.0], &[1.0, 3.0]))[2], Some(0.0));
        assert_eq!(values(&regression_metrics(&[2.0], &[1.0]))[2], None);
    }

    /// Its numbers are utilsforecast 0.2.17's, by `reference/forecast_metrics.py`; the percentages are shares there.
    #[test]
    fn forecast_errors_are_those_of_utilsforecast() {
        let value =
            |n: u32| 20.0 + 0.5 * f64::from(n) + f64::from(n * 7 % 4) * 3.0 - f64::from(n * n % 11) / 8.0;
        let error = |n: u32| (f64::from(n * 5 % 9) - 4.0) / 4.0;
        let rows: Vec<f64> = (0..40).map(value).collect();
        let predicted: Vec<f64> = (32..40).map(|n| value(n) + error(n)).collect();
        let metrics = forecast_metrics(&predicted, &rows[32..], seasonal_scale(&rows[..32], 4));
        let expected = [
            ("mae", 0.5625),
            ("rmse", 0.661_437_827_766_147_7),
            ("mape", 1.385_652_253_647_363_4),
            ("smape", 0.692_582_328_322_932_6),
            ("mase", 0.285_714_285_714_285_7),
        ];
        assert_eq!(metrics.len(), expected.len());
        for (metric, (name, value)) in metrics.iter().zip(expected) {
            assert_eq!(metric.name, name);
            assert!((metric.value.unwrap() - value).abs() < 1e-12, "{metric:?}");
        }
    }

    #[test]
    fn a_series_that_does_not_change_has_no_scale() {
        assert_eq!(seasonal_scale(&[3.0; 9], 2), None);
        assert_eq!(seasonal_scale(&[1.0, 2.0], 2), None);
        assert_eq!(seasonal_scale(&[1.0, f64::NAN, 2.0, 5.0], 1), Some(3.0));
    }

    #[test]
    fn figures_of_series_are_averaged_where_they_are_defined() {
        let of = |mae, mape| vec![Metric::new("mae", mae), Metric { name: "mape".into(), value: mape }];
        let mean = mean_metrics(&[of(1.0, None), of(2.0, Some(5.0)), of(6.0, Some(7.0))]);
        assert_eq!(mean, of(3.0, Some(6.0)));
        assert_eq!(mean_metrics(&[of(1.0, None)])[1].value, None);
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
        assert_eq!(metrics[..2], [Some(0.75), Some(0.75)]);
        // Class 0: 2 hits, 1 false alarm: 4/5. Class 1: 1 hit, 1 miss: 2/3. Class 2 does not occur.
        assert!((metrics[2].unwrap() - (0.8 + 2.0 / 3.0) / 2.0).abs() < 1e-15);
        let log_loss = -(0.9f64.ln() + 0.4f64.ln() + 0.8f64.ln() + 0.7f64.ln()) / 4.0;
        assert!((metrics[3].unwrap() - log_loss).abs() < 1e-15);
        let classes = ["a", "b", "c"].map(str::to_owned);
        let confusion = Confusion::of(&classes, &probabilities, &[0, 1, 1, 0]);
        assert_eq!(confusion.counts, [[2, 0, 0], [1, 1, 0], [0, 0, 0]]);
        let last = confusion.figures()[2];
        assert_eq!((last.support, last.precision, last.recall, last.f1), (0, None, None, None));
    }

    const SKLEARN_METRICS: [f64; 4] =
        [0.633_333_333_333_333_3, 0.600_925_925_925_925_9, 0.491_858_237_547_892_7, 1.378_286_840_455_030_4];
    const SKLEARN_CONFUSION: [[usize; 4]; 4] = [[7, 1, 1, 0], [1, 10, 0, 5], [1, 2, 2, 0], [0, 0, 0, 0]];
    /// Precision, recall, F1, support.
    const SKLEARN_CLASSES: [(f64, f64, f64, usize); 4] = [
        (0.777_777_777_777_777_8, 0.777_777_777_777_777_8, 0.777_777_777_777_777_8, 9),
        (0.769_230_769_230_769_3, 0.625, 0.689_655_172_413_793_1, 16),
        (0.666_666_666_666_666_6, 0.4, 0.5, 5),
        (0.0, 0.0, 0.0, 0),
    ];

    /// The numbers are scikit-learn 1.9.1's (`precision_recall_fscore_support`, `balanced_accuracy_score`, `f1_score`
    /// with `average="macro"`, `log_loss`), to the 15 digits that it prints.
    #[test]
    fn classification_figures_are_those_of_scikit_learn() {
        let logit = |n: usize, class: usize| ((n * 7 + class * 5 + n * class % 3) % 11) as f64 / 4.0;
        let probabilities: Vec<Vec<f64>> = (0..30)
            .map(|n| {
                let exponentials = [0, 1, 2, 3].map(|class| logit(n, class).exp());
                exponentials.iter().map(|e| e / exponentials.iter().sum::<f64>()).collect()
            })
            .collect();
        // Mostly right; the last class is answered, but does not occur.
        let class = |n: usize| if n.is_multiple_of(3) { n * n % 7 % 4 } else { argmax(&probabilities[n]) };
        let actual: Vec<usize> = (0..30).map(class).map(|class| if class == 3 { 1 } else { class }).collect();
        let close = |found: Option<f64>, expected: f64| {
            assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?} for {expected}");
        };
        let metrics = values(&classification_metrics(&probabilities, &actual));
        SKLEARN_METRICS.iter().zip(metrics).for_each(|(&expected, found)| close(found, expected));
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        let confusion = Confusion::of(&names, &probabilities, &actual);
        assert_eq!(confusion.counts, SKLEARN_CONFUSION);
        for (figures, (precision, recall, f1, support)) in confusion.figures().iter().zip(SKLEARN_CLASSES) {
            close(figures.precision, precision);
            assert_eq!(figures.support, support);
            if support > 0 {
                close(figures.recall, recall);
            }
            close(figures.f1, f1);
        }
    }
}
