//! Exponential smoothing: level, trend and season that follow a series.
//!
//! With the level `l`, the trend `b`, the season's parts `s` and a row's error `e = y - (l + phi b + s_t)`, from one row
//! to the next (the damped additive Holt-Winters method in error-correction form; Hyndman et al., *Forecasting with
//! Exponential Smoothing*, Springer 2008, chapter 2):
//!
//! ```text
//! l  <- l + phi b + alpha e
//! b  <- phi b + beta e
//! s_t <- s_t + gamma e
//! ```
//!
//! `y` is the value or its logarithm. Since the errors and the start determine the series, and the series the errors, a
//! network that forecasts errors forecasts the series.
//!
//! In early rows the state is hardly known, and the weights are those of a regression on all rows so far where that is
//! more: after `t` rows `2 (2t - 1) / (t (t + 1))` for the level and `6 / (t (t + 1))` for the trend, and for the season in
//! its `k`-th turn a share of `1 / k`.

use serde::{Deserialize, Serialize};

use super::Layout;

/// The rows, counted from the last, that weights are fitted to.
pub(super) const FITTED_ROWS: usize = 5_000;

/// The values forecast at the most to compare two forms.
const COMPARED: usize = 200_000;

/// Leaving out the trend or the season must better the forecasts by this factor: a small preference for what calendars
/// and growth suggest, as differences would otherwise be told by chance.
const SIMPLER: f64 = 1.1;

/// The share of the network's forecasts of errors that is believed. They carry noise of their own, the more the shorter a
/// series is; shares of a quarter and a half had the least errors on the series that are named in `choose`, a quarter on
/// the short ones.
pub(super) const TRUST: f64 = 0.25;

/// The least and the greatest damping of a trend.
const DAMPING: [f64; 2] = [0.8, 0.995];

/// The weights of exponential smoothing, fitted to a series.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Smoothing {
    /// Of the logarithm of the values, or of the values themselves?
    pub log: bool,
    /// Rows in a season, 0 for none.
    pub season: usize,
    /// The seasons, or without a season the rows, that the first state is taken from.
    pub start: usize,
    /// Is there a trend?
    pub trend: bool,
    /// `alpha`, the weight of an error in the level; from 0 to 1.
    pub alpha: f64,
    /// `beta`, its weight in the trend; from 0 to `alpha`.
    pub beta: f64,
    /// `gamma`, its weight in the season; from 0 to `1 - alpha`.
    pub gamma: f64,
    /// `phi`, what is left of the trend from row to row.
    pub phi: f64,
    /// The share of the network's forecasts of the errors that is believed, from 0 to 1: they are multiplied by it.
    pub trust: f64,
}

/// Where the smoothing of a series stands.
#[derive(Clone, Debug)]
pub(super) struct State {
    smoothing: Smoothing,
    rows: usize,
    level: f64,
    trend: f64,
    /// The season's parts; before the start is over, the values so far.
    season: Vec<f64>,
}

impl Smoothing {
    /// The form and the weights that suit a series best, to be used up to `horizon` rows ahead; none if there is too
    /// little to fit. The first state is taken from two seasons if that is a half of the values at the most, and no more
    /// than `spare` of them; else from one.
    ///
    /// The weights of a form make its squared errors one row ahead least. Of the forms (of the values or their logarithm,
    /// with or without trend and season) that one is taken whose mean absolute error up to the horizon is least.
    pub(super) fn fit(values: &[f64], season: Option<usize>, horizon: usize, spare: usize) -> Option<Self> {
        let enough = |season: usize| values.len().min(FITTED_ROWS) >= 4 * season && spare >= 2 * season;
        let start = if season.is_some_and(|season| season > 1 && enough(season)) { 2 } else { 1 };
        let positive = values.iter().all(|&value| value > 0.0);
        let logs = &[false, true][..1 + usize::from(positive)];
        Some(Self::best(values, season, horizon, start, logs)?.1)
    }

    /// The same of one of several series, which are smoothed alike: their logarithms or their values. Their first states
    /// are taken from one season, so that all lose the same rows. None of values that have no logarithm.
    pub(super) fn fit_one_of_several(
        values: &[f64],
        season: Option<usize>,
        horizon: usize,
        log: bool,
    ) -> Option<(f64, Self)> {
        if log && values.iter().any(|&value| value <= 0.0) {
            return None;
        }
        Self::best(values, season, horizon, 1, &[log])
    }

    /// What is used where there is too little to fit.
    pub(super) fn usual(season: Option<usize>, log: bool) -> Self {
        let season = season.filter(|&season| season > 1).unwrap_or(0);
        Smoothing {
            log,
            season,
            start: 1,
            trend: false,
            alpha: 0.3,
            beta: 0.0,
            gamma: if season > 0 { 0.15 } else { 0.0 },
            phi: 0.95,
            trust: TRUST,
        }
    }

    /// The best form and its mean absolute error up to the horizon, with a preference for that which calendars suggest.
    fn best(
        values: &[f64],
        season: Option<usize>,
        horizon: usize,
        start: usize,
        logs: &[bool],
    ) -> Option<(f64, Self)> {
        let values = &values[values.len().saturating_sub(FITTED_ROWS)..];
        let season = season.filter(|&season| season > 1 && values.len() >= season + 3).unwrap_or(0);
        if values.len() < 4 {
            return None;
        }
        let seasons = if season > 0 { &[season, 0][..] } else { &[0] };
        let mut best: Option<(f64, Smoothing)> = None;
        for &log in logs {
            for &with in seasons {
                for trend in [true, false] {
                    let usual = Smoothing::usual(Some(with), log);
                    let form = Smoothing { start: if with > 0 { start } else { 1 }, trend, ..usual };
                    let fitted = form.with_best_weights(values);
                    let handicap =
                        if trend { 1.0 } else { SIMPLER } * if with == season { 1.0 } else { SIMPLER };
                    let error = handicap * fitted.error_ahead(values, horizon, start * season.max(1));
                    if error.is_finite() && best.is_none_or(|(least, _)| error < least) {
                        best = Some((error, fitted));
                    }
                }
            }
        }
        best
    }

    /// Its form in words: ` (logarithm; level, trend and season), believed by 25 %`; of several series, whose forms
    /// differ, ` (of logarithms), believed by 25 %`.
    pub(super) fn describe(&self, layout: &Layout) -> String {
        let trust = 100.0 * self.trust;
        if !layout.is_single() {
            return format!("{}, believed by {trust:.0} %", if self.log { " (of logarithms)" } else { "" });
        }
        let parts = match (self.trend, self.season > 0) {
            (true, true) => "level, trend and season",
            (true, false) => "level and trend",
            (false, true) => "level and season",
            (false, false) => "level",
        };
        let of = if self.log { "logarithm; " } else { "" };
        format!(" ({of}{parts}), believed by {trust:.0} %")
    }

    /// The rows that the first state is taken from.
    pub(super) fn start_rows(&self) -> usize {
        self.start * self.season.max(1)
    }

    /// Are these weights that a file may rightly hold?
    pub(super) fn is_valid(&self, most: usize) -> bool {
        (1..=2).contains(&self.start)
            && self.season <= most
            && [self.alpha, self.beta, self.gamma, self.phi, self.trust]
                .iter()
                .all(|weight| (0.0..=1.0).contains(weight))
    }

    /// The same with the weights whose squared errors one row ahead are least: from the best point of a grid downhill,
    /// one weight at a time, in steps that are halved where none leads further down.
    fn with_best_weights(self, values: &[f64]) -> Self {
        let numbers: Vec<f64> = values.iter().map(|&value| self.number(value)).collect();
        let error = |candidate: &Smoothing| candidate.squared_error(&numbers);
        let mut best = (f64::INFINITY, self);
        let try_it = |candidate: Smoothing, best: &mut (f64, Smoothing)| {
            let found = error(&candidate);
            let better = found < best.0 * (1.0 - 1e-9) || (best.0.is_infinite() && found.is_finite());
            if better {
                *best = (found, candidate);
            }
            better
        };
        for alpha in [0.05, 0.3, 0.8] {
            for gamma in [0.02, 0.15].into_iter().take(if self.season > 0 { 2 } else { 1 }) {
                for share in [0.01, 0.3].into_iter().take(if self.trend { 2 } else { 1 }) {
                    let (beta, gamma) = (
                        if self.trend { share * alpha } else { 0.0 },
                        if self.season > 0 { gamma } else { 0.0 },
                    );
                    try_it(Smoothing { alpha, beta, gamma, ..self }, &mut best);
                }
            }
        }
        let mut step = 1.0;
        while step > 1.0 / 64.0 {
            let mut better = false;
            for towards in [step, -step] {
                let now = best.1;
                let alpha = (now.alpha + 0.2 * towards).clamp(0.0, 1.0);
                better |= try_it(
                    Smoothing { alpha, beta: now.beta.min(alpha), gamma: now.gamma.min(1.0 - alpha), ..now },
                    &mut best,
                );
                if self.trend {
                    let now = best.1;
                    let beta = (now.beta + 0.1 * towards).clamp(0.0, now.alpha);
                    better |= try_it(Smoothing { beta, ..now }, &mut best);
                    let now = best.1;
                    let phi = (now.phi + 0.04 * towards).clamp(DAMPING[0], DAMPING[1]);
                    better |= try_it(Smoothing { phi, ..now }, &mut best);
                }
                if self.season > 0 {
                    let now = best.1;
                    let gamma = (now.gamma + 0.1 * towards).clamp(0.0, 1.0 - now.alpha);
                    better |= try_it(Smoothing { gamma, ..now }, &mut best);
                }
            }
            if !better {
                step /= 2.0;
            }
        }
        best.1
    }

    /// The sum of squared errors one row ahead.
    fn squared_error(&self, numbers: &[f64]) -> f64 {
        let mut state = State::new(*self);
        numbers.iter().filter_map(|&number| state.read(number)).map(|error| error * error).sum()
    }

    /// The mean absolute error of forecasts up to the horizon, from origins after these first rows.
    fn error_ahead(&self, values: &[f64], horizon: usize, first: usize) -> f64 {
        let mut state = State::new(*self);
        let every = (values.len() * horizon).div_ceil(COMPARED).max(1);
        let (mut sum, mut count) = (0.0, 0);
        for (row, &value) in values.iter().enumerate() {
            if row >= first && (row - first).is_multiple_of(every) {
                let mut ahead = state.clone();
                for &truth in values[row..].iter().take(horizon) {
                    sum += (ahead.value(0.0) - truth).abs();
                    ahead.correct(0.0);
                    count += 1;
                }
            }
            state.take(value);
        }
        sum / f64::from(count)
    }

    /// What is smoothed of a value.
    fn number(&self, value: f64) -> f64 {
        if self.log { value.ln() } else { value }
    }
}

impl State {
    /// Before the first row.
    pub(super) fn new(smoothing: Smoothing) -> Self {
        let kept = if smoothing.season > 0 { smoothing.start_rows() } else { 0 };
        State { smoothing, rows: 0, level: 0.0, trend: 0.0, season: Vec::with_capacity(kept) }
    }

    /// Takes the next value: its error, but of those that the first state is taken from.
    pub(super) fn take(&mut self, value: f64) -> Option<f64> {
        self.read(self.smoothing.number(value))
    }

    /// The value that would have this error in the next row.
    pub(super) fn value(&self, error: f64) -> f64 {
        let number = self.expected() + error;
        if self.smoothing.log { number.exp() } else { number }
    }

    /// The next number as it is expected: `l + phi b + s`.
    fn expected(&self) -> f64 {
        self.level + self.smoothing.phi * self.trend + self.place().map_or(0.0, |place| self.season[place])
    }

    /// The next row's place in the season.
    fn place(&self) -> Option<usize> {
        self.rows.checked_rem(self.smoothing.season)
    }

    fn read(&mut self, number: f64) -> Option<f64> {
        if self.rows >= self.smoothing.start_rows() {
            let error = number - self.expected();
            self.correct(error);
            return Some(error);
        }
        self.rows += 1;
        match self.smoothing.season {
            0 => self.level = number,
            _ => {
                self.season.push(number);
                if self.rows == self.smoothing.start_rows() {
                    self.start();
                }
            }
        }
        None
    }

    /// The first state: a line through the means of the seasons, and the mean distance from it at each place.
    fn start(&mut self) {
        let Smoothing { season, start, trend, .. } = self.smoothing;
        let mean = |numbers: &[f64]| numbers.iter().sum::<f64>() / numbers.len() as f64;
        let (first, last) = (mean(&self.season[..season]), mean(&self.season[(start - 1) * season..]));
        self.trend = if trend && start > 1 { (last - first) / ((start - 1) * season) as f64 } else { 0.0 };
        let middle = (self.season.len() - 1) as f64 / 2.0;
        let centre = mean(&self.season);
        for row in 0..self.season.len() {
            let distance = (self.season[row] - centre - self.trend * (row as f64 - middle)) / start as f64;
            if row < season {
                self.season[row] = distance;
            } else {
                self.season[row % season] += distance;
            }
        }
        self.season.truncate(season);
        self.level = centre + self.trend * middle;
    }

    /// Goes on by a row that has this error.
    pub(super) fn correct(&mut self, error: f64) {
        let Smoothing { trend, alpha, beta, gamma, phi, .. } = self.smoothing;
        let t = (self.rows + 1) as f64;
        let (early_level, early_trend) = if trend {
            (2.0 * (2.0 * t - 1.0) / (t * (t + 1.0)), 6.0 / (t * (t + 1.0)))
        } else {
            (1.0 / t, 0.0)
        };
        let alpha = alpha.max(early_level);
        if let Some(place) = self.place() {
            let turn = (self.rows / self.smoothing.season + 1) as f64;
            self.season[place] += gamma.max((1.0 - alpha) / turn) * error;
        }
        self.level += phi * self.trend + alpha * error;
        self.trend = phi * self.trend + beta.max(early_trend) * error;
        self.rows = self.rows.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEVEL: Smoothing = Smoothing {
        log: false,
        season: 0,
        start: 1,
        trend: false,
        alpha: 0.0,
        beta: 0.0,
        gamma: 0.0,
        phi: 1.0,
        trust: TRUST,
    };

    fn errors(smoothing: Smoothing, values: &[f64]) -> Vec<f64> {
        let mut state = State::new(smoothing);
        values.iter().filter_map(|&value| state.take(value)).collect()
    }

    #[test]
    fn a_weight_of_one_leaves_differences_and_one_of_zero_distances_from_the_mean() {
        let values = [4.0, 6.0, 5.0, 9.0];
        assert_eq!(errors(Smoothing { alpha: 1.0, ..LEVEL }, &values), [2.0, -1.0, 4.0]);
        // The means of the first one, two and three are 4, 5 and 5.
        assert_eq!(errors(LEVEL, &values), [2.0, 0.0, 4.0]);
    }

    #[test]
    fn a_line_with_a_season_leaves_nothing() {
        let value = |row: usize| 3.0 + 0.5 * row as f64 + [2.0, -3.0, 1.0][row % 3];
        let values: Vec<f64> = (0..20).map(value).collect();
        let smoothing =
            Smoothing { season: 3, start: 2, trend: true, alpha: 0.3, beta: 0.1, gamma: 0.2, ..LEVEL };
        let left = errors(smoothing, &values);
        assert_eq!(left.len(), 14);
        assert!(left.iter().all(|error| error.abs() < 1e-12), "{left:?}");
    }

    #[test]
    fn the_errors_stand_for_the_series() {
        let value = |row: usize| 20.0 + row as f64 + 5.0 * (row as f64 * 1.7).sin();
        let values: Vec<f64> = (0..40).map(value).collect();
        for season in [None, Some(4)] {
            let smoothing = Smoothing::fit(&values, season, 3, 20).unwrap_or(LEVEL);
            let (mut read, mut followed) = (State::new(smoothing), State::new(smoothing));
            for &value in &values {
                match read.take(value) {
                    None => assert_eq!(followed.take(value), None),
                    Some(error) => {
                        assert!((followed.value(error) - value).abs() < 1e-9);
                        followed.correct(error);
                    }
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_fitted_is_not() {
        assert_eq!(Smoothing::fit(&[1.0, 2.0, 3.0], None, 2, 3), None);
        assert_eq!(Smoothing::fit(&[1e308, -1e308, 1e308, -1e308, 1e308], None, 1, 3), None);
    }

    #[test]
    fn growth_by_a_share_is_smoothed_in_logarithms() {
        let values: Vec<f64> = (0..60).map(|row| 10.0 * (0.05 * f64::from(row)).exp()).collect();
        assert!(
            Smoothing::fit(&values, None, 6, 20).is_some_and(|smoothing| smoothing.log && smoothing.trend)
        );
    }
}
