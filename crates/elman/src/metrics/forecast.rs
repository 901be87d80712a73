//! Figures of forecasts.

use super::{Metric, Metrics, mae, mean, rmse};

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::values;

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
}
