//! Figures of numbers predicted.

use super::{Metric, Metrics};

/// Mean absolute error, root mean squared error, and the coefficient of determination: the share of
/// the variance that is explained.
pub fn regression_metrics(predicted: &[f64], actual: &[f64]) -> Metrics {
    let mut errors = Errors::default();
    predicted.iter().zip(actual).for_each(|(&predicted, &actual)| errors.add(predicted, actual));
    errors.metrics()
}

/// [`regression_metrics`] of one target or, of several, the mean of each figure over the targets and behind that the
/// figures of each, named `mae_level` for a target `level`.
///
/// `predicted` and `actual` are `[n, targets]`; an actual value that is NaN is missing, and its target's figures are
/// those of the others.
pub fn joint_regression_metrics(targets: &[String], predicted: &[Vec<f64>], actual: &[Vec<f64>]) -> Metrics {
    let mut errors = JointErrors::of(targets.len());
    predicted.iter().zip(actual).for_each(|(predicted, actual)| errors.add(predicted, actual));
    errors.metrics(targets)
}

/// What the figures of some predictions are made of, whose number may be large.
#[derive(Clone, Debug, Default)]
struct Errors {
    count: f64,
    /// The sums of the errors' sizes and squares.
    absolute: f64,
    squared: f64,
    /// The mean of the actual values, and the sum of the squares about it (Welford, 1962).
    mean: f64,
    spread: f64,
}

impl Errors {
    fn add(&mut self, predicted: f64, actual: f64) {
        let error = predicted - actual;
        self.count += 1.0;
        self.absolute += error.abs();
        self.squared += error * error;
        let beyond = actual - self.mean;
        self.mean += beyond / self.count;
        self.spread += beyond * (actual - self.mean);
    }

    fn metrics(&self) -> Metrics {
        vec![
            Metric::new("mae", self.absolute / self.count),
            Metric::new("rmse", (self.squared / self.count).sqrt()),
            Metric::new("r2", 1.0 - self.squared / self.spread),
        ]
    }
}

/// What [`joint_regression_metrics`] are made of, answer by answer.
#[derive(Clone, Debug)]
pub(crate) struct JointErrors(Vec<Errors>);

impl JointErrors {
    /// None yet, of so many targets.
    pub(crate) fn of(targets: usize) -> Self {
        JointErrors(vec![Errors::default(); targets])
    }

    /// Adds a prediction of each target; an actual value that is NaN is missing.
    pub(crate) fn add(&mut self, predicted: &[f64], actual: &[f64]) {
        for ((errors, &predicted), &actual) in self.0.iter_mut().zip(predicted).zip(actual) {
            if !actual.is_nan() {
                errors.add(predicted, actual);
            }
        }
    }

    /// The figures.
    pub(crate) fn metrics(&self, targets: &[String]) -> Metrics {
        let each: Vec<Metrics> = self.0.iter().map(Errors::metrics).collect();
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::values;

    #[test]
    fn what_is_explained_of_no_variance_is_not_defined() {
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
}
