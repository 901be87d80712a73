//! Forecasts that take no learning, which a model must beat to be worth anything.

use super::Forecast;

/// A way to forecast without learning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naive {
    /// The latest known value of the same place in a season of so many rows.
    Seasonal(usize),
    /// The latest known value.
    LastValue,
    /// The latest known value, and the mean change from row to row added for each row ahead.
    Drift,
}

impl Naive {
    pub(super) fn name(self) -> &'static str {
        match self {
            Naive::Seasonal(_) => "seasonal naive",
            Naive::LastValue => "last value",
            Naive::Drift => "drift",
        }
    }

    /// Forecasts of the rows after `history`, of which there is one at least, and a season where there are seasons.
    pub(super) fn forecast(self, history: &[f64], horizon: usize) -> Vec<f64> {
        let (rows, last) = (history.len(), history[history.len() - 1]);
        match self {
            Naive::Seasonal(season) => (0..horizon).map(|n| history[rows - season + n % season]).collect(),
            Naive::LastValue => vec![last; horizon],
            Naive::Drift => {
                let slope = if rows > 1 { (last - history[0]) / (rows - 1) as f64 } else { 0.0 };
                (1..=horizon).map(|n| last + slope * n as f64).collect()
            }
        }
    }
}

impl Forecast {
    /// The naive predictors for this task: first the one that a model must beat.
    pub(super) fn naive(&self) -> impl Iterator<Item = Naive> + use<> {
        self.season.map(Naive::Seasonal).into_iter().chain([Naive::LastValue, Naive::Drift])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forecasts_of_a_worked_example() {
        let history = [1.0, 5.0, 2.0, 7.0];
        assert_eq!(Naive::Seasonal(3).forecast(&history, 4), [5.0, 2.0, 7.0, 5.0]);
        assert_eq!(Naive::LastValue.forecast(&history, 2), [7.0, 7.0]);
        assert_eq!(Naive::Drift.forecast(&history, 2), [9.0, 11.0]);
        assert_eq!(Naive::Drift.forecast(&[3.0], 2), [3.0, 3.0]);
    }
}
