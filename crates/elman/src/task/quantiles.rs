//! Quantiles and intervals beside answers: which are asked for, and how well they are told.

use super::PredictOptions;
use crate::error::ConfigError;
use crate::metrics::{Metric, Metrics, coverage, mean_quantile_loss, weighted_quantile_loss};

/// A quantile that is asked for, as such or as the end of an interval.
pub(super) struct Asked {
    /// By which its column's name ends: `q0.1`, `low_80`.
    pub(super) name: String,
    /// Its level, above 0 and below 1.
    pub(super) level: f64,
    /// The level, in percent, of the interval about the median whose end it is; 0 of the median itself.
    pub(super) interval: f64,
    /// The option that asks for it.
    pub(super) option: &'static str,
}

impl Asked {
    /// On which side of the median it is: -1, 1, or 0 of the median itself.
    pub(super) fn side(&self) -> f64 {
        if self.level == 0.5 { 0.0 } else { (self.level - 0.5).signum() }
    }
}

impl PredictOptions {
    /// The quantiles that are asked for: the ends of intervals, then those that are named, the smallest first.
    pub(super) fn asked(&self) -> Result<Vec<Asked>, ConfigError> {
        let mut asked = Vec::new();
        for (n, &interval) in self.interval.iter().enumerate() {
            if !(interval > 0.0 && interval < 100.0) {
                let message = format!("asks for {interval} %; levels are above 0 and below 100");
                return Err(ConfigError::new("interval", message));
            }
            if interval < 1.0 {
                let percent = (interval * 1e11).round() / 1e9;
                let message =
                    format!("asks for {interval} %; levels are in percent: for {percent} % give {percent}");
                return Err(ConfigError::new("interval", message));
            }
            if self.interval[..n].contains(&interval) {
                let message = format!("asks for {interval} % twice; give each level once");
                return Err(ConfigError::new("interval", message));
            }
            let tail = (1.0 - interval / 100.0) / 2.0;
            for (side, level) in [("low", tail), ("high", 1.0 - tail)] {
                asked.push(Asked { name: format!("{side}_{interval}"), level, interval, option: "interval" });
            }
        }
        let refuse = |message: String| Err(ConfigError::new("quantiles", message));
        let mut levels = self.quantiles.clone();
        levels.sort_by(f64::total_cmp);
        if let Some(level) = levels.iter().find(|&&level| !(level > 0.0 && level < 1.0)) {
            return refuse(format!(
                "asks for the level {level}; levels are above 0 and below 1, as 0.1,0.5,0.9"
            ));
        }
        if let Some(pair) = levels.windows(2).find(|pair| pair[0] == pair[1]) {
            return refuse(format!("asks for the level {} twice; give each once", pair[0]));
        }
        for level in levels {
            // To nine digits: 2 * 0.95 - 1 is not 0.9.
            let interval = ((2.0 * level - 1.0).abs() * 1e11).round() / 1e9;
            asked.push(Asked { name: format!("q{level}"), level, interval, option: "quantiles" });
        }
        Ok(asked)
    }
}

/// How well the distributions of values are told, by their quantiles at a level: the weighted quantile loss of the
/// deciles, the continuous ranked probability score as twice the integral of the pinball loss over the levels, by the trapezoidal
/// rule over the percentiles, and the share in
/// percent that intervals of 80 and 95 % hold.
pub(super) fn metrics_of_quantiles(quantiles: impl Fn(f64) -> Vec<f64>, actual: &[f64]) -> Metrics {
    let all = |levels: &[f64]| -> Vec<Vec<f64>> { levels.iter().map(|&level| quantiles(level)).collect() };
    let deciles: Vec<f64> = (1..10).map(|n| f64::from(n) / 10.0).collect();
    let percentiles: Vec<f64> = (1..100).map(|n| f64::from(n) / 100.0).collect();
    let mut metrics = vec![
        Metric::new("wql", weighted_quantile_loss(&all(&deciles), actual, &deciles)),
        Metric::new("crps", 2.0 * 0.99 * mean_quantile_loss(&all(&percentiles), actual, &percentiles)),
    ];
    for (name, tail) in [("coverage_80", 0.1), ("coverage_95", 0.025)] {
        let share = coverage(&quantiles(tail), &quantiles(1.0 - tail), actual);
        metrics.push(Metric::new(name, share * 100.0));
    }
    metrics
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_of_intervals_are_quantiles() {
        let options = PredictOptions::default().with_interval([80.0]).with_quantiles([0.95, 0.5]);
        let asked = options.asked().unwrap();
        let told: Vec<_> = asked.iter().map(|a| (a.name.as_str(), a.interval, a.side())).collect();
        let expected =
            [("low_80", 80.0, -1.0), ("high_80", 80.0, 1.0), ("q0.5", 0.0, 0.0), ("q0.95", 90.0, 1.0)];
        assert_eq!(told, expected);
        assert!((asked[0].level - 0.1).abs() < 1e-15 && (asked[1].level - 0.9).abs() < 1e-15);
    }

    /// Of values that are evenly spread from 0 to 100 and are said to be.
    #[test]
    fn what_is_told_rightly_has_the_figures_of_its_distribution() {
        let actual: Vec<f64> = (0..1000).map(|n| (f64::from(n) + 0.5) / 10.0).collect();
        let metrics = metrics_of_quantiles(|level| vec![100.0 * level; 1000], &actual);
        let figures: Vec<f64> = metrics.iter().map(|metric| metric.value.unwrap()).collect();
        // The pinball loss of level q is 100 q (1 - q) / 2; over the deciles twice that is 100 * 1.65 / 9.
        assert!((figures[0] - 100.0 * 1.65 / 9.0 / 50.0).abs() < 1e-3, "{figures:?}");
        // A uniform distribution's expected score is a sixth of its width.
        assert!((figures[1] - 100.0 / 6.0).abs() < 0.01, "{figures:?}");
        assert!((figures[2] - 80.0).abs() < 0.2 && (figures[3] - 95.0).abs() < 0.2, "{figures:?}");
    }
}
