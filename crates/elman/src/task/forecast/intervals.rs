//! Intervals around forecasts, as wide as errors were on rows that were kept back: conformal prediction.
//!
//! For each row ahead the model keeps the absolute errors of its forecasts on the test part, in units in which series
//! are alike: of the logarithm where that is what is learned of, over the deviation of the series' changes. An
//! interval of level `p` reaches as far to both sides as the `ceil((n + 1) p)`-th smallest of `n` errors (Vovk,
//! Gammerman & Shafer, Algorithmic Learning in a Random World, 2005). It would hold a share `p` of what comes if errors
//! to come were drawn as those were.

use super::Forecast;
use super::backtest::{Backtest, Backtested};
use super::series::Series;
use crate::error::{ConfigError, Message};
use crate::metrics::Metric;
use crate::scaling::Scaling;

/// So many errors are kept for a row ahead at the most: more are told by as many of their quantiles.
const KEPT: usize = 100;

/// The levels whose coverage a backtest tells.
pub(super) const USUAL_LEVELS: [f64; 2] = [80.0, 95.0];

/// How far intervals of a level reach, for each row ahead, in the units of the kept errors.
pub(super) struct Reach(Vec<f64>);

impl Forecast {
    /// Keeps the errors of a backtest; none at all where those of a row ahead are not defined in any series.
    pub(super) fn keep_errors(&mut self, backtest: &Backtest) {
        let all = |series: &Backtested| 0..series.origins.len();
        self.errors = (0..self.horizon).map(|n| thinned(self.errors_of(backtest, n, all))).collect();
        if self.errors.iter().any(Vec::is_empty) {
            self.errors.clear();
        }
    }

    /// The errors of forecasts `ahead + 1` rows ahead from these origins of each series, smallest first.
    fn errors_of(
        &self,
        backtest: &Backtest,
        ahead: usize,
        origins: impl Fn(&Backtested) -> std::ops::Range<usize>,
    ) -> Vec<f64> {
        let errors = backtest.series.iter().flat_map(|series| {
            series.origins[origins(series)].iter().map(move |origin| {
                let (forecast, actual) = (origin.forecasts[ahead], series.actual[origin.row + ahead]);
                self.error(&series.scaling, forecast, actual)
            })
        });
        let mut errors: Vec<f64> = errors.filter(|error| error.is_finite()).collect();
        errors.sort_unstable_by(f64::total_cmp);
        errors
    }

    /// How far a forecast is off, in the units of its series.
    pub(super) fn error(&self, scaling: &Scaling, forecast: f64, actual: f64) -> f64 {
        let error = if self.takes_logarithms() { actual.ln() - forecast.ln() } else { actual - forecast };
        error.abs() / scaling.deviation
    }

    /// How far intervals of a level, in percent above 0 and below 100, reach, and what is to be said of that; `option` asks
    /// for it.
    pub(super) fn reach(
        &self,
        option: &'static str,
        level: f64,
        horizon: usize,
    ) -> Result<(Reach, Option<Message>), ConfigError> {
        let Some(last) = self.errors.last() else {
            let message =
                Message::from("needs a model that knows its errors on rows kept back: train with a ");
            return Err(ConfigError::new(option, message.option("test")));
        };
        let known = self.errors.len();
        let reach = |n: usize| match self.errors.get(n) {
            Some(errors) => quantile(errors, level / 100.0),
            // Further than was tested: errors add up like those of independent steps.
            None => quantile(last, level / 100.0) * ((n + 1) as f64 / known as f64).sqrt(),
        };
        let remark = (rank(last.len(), level / 100.0) > last.len()).then(|| {
            let text = format!(
                "{} errors on rows kept back are too few for intervals of {level} %: these are as wide as the largest \
                 of them",
                last.len()
            );
            text.into()
        });
        Ok((Reach((0..horizon).map(reach).collect()), remark))
    }

    /// The end of an interval around a forecast `ahead + 1` rows ahead, on this side of it: -1 or 1; 0 for the forecast.
    pub(super) fn end(
        &self,
        series: &Series<'_>,
        forecast: f64,
        ahead: usize,
        side: f64,
        reach: &Reach,
    ) -> f64 {
        let distance = side * reach.0[ahead] * series.scaling.deviation;
        if self.takes_logarithms() { forecast * distance.exp() } else { forecast + distance }
    }

    /// The share of actual values, in percent, that lie in intervals made of errors known before: the later half of
    /// the origins, with the errors from the earlier half. None where that leaves nothing. And what is to be said where errors
    /// are too few for a level.
    pub(super) fn coverage(&self, backtest: &Backtest) -> (Vec<Metric>, Option<Message>) {
        let mut too_few: Option<(usize, f64)> = None;
        let of = |level: f64| {
            let (mut inside, mut all) = (0, 0);
            for ahead in 0..self.horizon {
                let half = |series: &Backtested| series.origins.len() / 2;
                let earlier = self.errors_of(backtest, ahead, |series| 0..half(series));
                let reach = quantile(&earlier, level / 100.0);
                // What the last of the earlier origins forecast must have come true.
                let later = self.errors_of(backtest, ahead, |series| {
                    (half(series) + ahead).min(series.origins.len())..series.origins.len()
                });
                if !earlier.is_empty() {
                    if rank(earlier.len(), level / 100.0) > earlier.len() {
                        too_few = Some(too_few.map_or((earlier.len(), level), |(few, lowest)| {
                            (few.min(earlier.len()), lowest.min(level))
                        }));
                    }
                    inside += later.iter().filter(|&&error| error <= reach).count();
                    all += later.len();
                }
            }
            let share = inside as f64 / all as f64 * 100.0;
            Metric { name: format!("coverage_{level}"), value: Some(share).filter(|share| share.is_finite()) }
        };
        let metrics = USUAL_LEVELS.map(of).into();
        let remark = too_few.map(|(few, level)| {
            format!(
                "coverage is that of intervals from the errors of the earlier half of the origins, {few} for each row ahead: too \
                 few for {level} % and more, whose intervals are as wide as the largest of them"
            )
            .into()
        });
        (metrics, remark)
    }
}

/// Which of `count` errors, counted from 1, the smallest first, an interval of a level reaches to.
fn rank(count: usize, level: f64) -> usize {
    // A level in percent need not be a binary fraction: 0.95 * 20 is 19.
    ((count + 1) as f64 * level - 1e-9).ceil() as usize
}

/// The error that an interval of a level reaches to; the largest where there are too few.
fn quantile(errors: &[f64], level: f64) -> f64 {
    let place = rank(errors.len(), level).clamp(1, errors.len().max(1)) - 1;
    errors.get(place).copied().unwrap_or(0.0)
}

/// As many of the errors as are kept; an interval of them is no narrower than one of all.
fn thinned(errors: Vec<f64>) -> Vec<f64> {
    if errors.len() <= KEPT {
        return errors;
    }
    (1..=KEPT).map(|n| quantile(&errors, n as f64 / (KEPT + 1) as f64)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_is_that_of_conformal_prediction() {
        let errors: Vec<f64> = (1..=19).map(f64::from).collect();
        assert_eq!((quantile(&errors, 0.8), quantile(&errors, 0.95)), (16.0, 19.0));
        assert_eq!((rank(19, 0.95), rank(18, 0.95)), (19, 19));
        // As wide as the largest where there are too few.
        assert_eq!((quantile(&errors, 0.99), rank(19, 0.99)), (19.0, 20));
        assert_eq!(quantile(&[], 0.8), 0.0);
    }

    #[test]
    fn fewer_errors_tell_the_same_and_never_less() {
        let errors: Vec<f64> = (1..=1000).map(f64::from).collect();
        let few = thinned(errors.clone());
        assert_eq!(few.len(), KEPT);
        for level in [0.5, 0.8, 0.9, 0.95, 0.99] {
            let (exact, kept) = (quantile(&errors, level), quantile(&few, level));
            assert!(kept >= exact && kept <= exact + 10.0, "{level}: {exact}, {kept}");
        }
    }
}
