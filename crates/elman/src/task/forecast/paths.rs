//! Sample paths: how series may go on, drawn from what the network tells of each row.
//!
//! A path is drawn row by row: from the distribution of the next row's value, given the rows before it, and what is drawn
//! is fed back for the row after it (ancestral sampling, as in DeepAR: Salinas et al., International Journal of
//! Forecasting 36, 2020, 1181-1191). All paths together tell the distribution of every row ahead.
//!
//! Every path draws from a generator of its own, so that no path depends on how many are run side by side.

use super::Forecast;
use super::ahead::Ready;
use super::level::Level;
use super::series::Series;
use crate::distribution::Distribution;
use crate::predict::Session;
use crate::random::{Purpose, Rng};
use crate::watch::{Steps, Stopped};

/// The paths that are run side by side.
const TOGETHER: usize = 2048;

/// What paths are to be drawn.
#[derive(Clone, Copy)]
pub(super) struct Draws<'a> {
    /// What the network tells of a value.
    pub(super) distribution: &'a Distribution,
    /// Decides what is drawn.
    pub(super) seed: u64,
    /// The number of the first path; those of one series after the other are counted on.
    pub(super) first: u64,
    /// The paths of each series.
    pub(super) count: usize,
    /// The rows of each.
    pub(super) horizon: usize,
}

impl Forecast {
    /// Draws paths of each series from the origin that `session` has come to, where it then stands again; `levels` says
    /// where each series stands there. Hands the paths `[count, horizon]` of each series to `take`.
    pub(super) fn draw_paths(
        &self,
        (session, steps): (&mut Session, &mut Steps<'_, '_>),
        all: &[Ready<'_>],
        levels: &[Level],
        origin: impl Fn(&Series<'_>) -> usize,
        draws: Draws<'_>,
        mut take: impl FnMut(usize, &[Vec<f64>]),
    ) -> Result<(), Stopped> {
        let Draws { distribution, seed, first: number, count, horizon } = draws;
        let together = (TOGETHER / count).max(1);
        for first in (0..all.len()).step_by(together) {
            let group = first..(first + together).min(all.len());
            let places: Vec<usize> = group.flat_map(|k| std::iter::repeat_n(k, count)).collect();
            let number = |path: usize| number.wrapping_add((first * count + path) as u64);
            let mut rngs: Vec<Rng> =
                (0..places.len()).map(|path| Rng::new(seed, Purpose::Path(number(path)))).collect();
            let draw = |path: usize, output: &[f64]| {
                let predicted = distribution.of(output);
                let (drawn, point) = (predicted.draw(&mut rngs[path]), predicted.point());
                // Of the point a share may be trusted; the values are as widely spread about it.
                drawn + (self.trusted(point) - point)
            };
            let of_paths: Vec<&Ready<'_>> = places.iter().map(|&k| &all[k]).collect();
            let levels: Vec<Level> = places.iter().map(|&k| levels[k].clone()).collect();
            let paths = session.branch_of(&places, |session| {
                self.roll((session, &mut *steps), &of_paths, levels, &origin, horizon, draw)
            })?;
            paths.chunks_exact(count).enumerate().for_each(|(k, paths)| take(first + k, paths));
        }
        Ok(())
    }
}

/// The values of a row of some paths, the smallest first.
pub(super) fn sorted_row(paths: &[Vec<f64>], row: usize) -> Vec<f64> {
    let mut values: Vec<f64> = paths.iter().map(|path| path[row]).collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The quantile of a distribution of which these values were drawn, the smallest first: between those that `n + 1` times
/// the level falls between, so that a further draw is below it with that probability (definition 6 of Hyndman & Fan, The
/// American Statistician 50, 1996, 361-365); the outermost value beyond.
pub(super) fn quantile_of_sorted(values: &[f64], level: f64) -> f64 {
    let place = (level * (values.len() + 1) as f64 - 1.0).clamp(0.0, (values.len() - 1) as f64);
    let below = place.floor() as usize;
    let above = (below + 1).min(values.len() - 1);
    values[below] + (place - below as f64) * (values[above] - values[below])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_of_draws_leave_as_much_outside_as_they_say() {
        let values: Vec<f64> = (1..=19).map(f64::from).collect();
        let levels = [0.05, 0.5, 0.95, 0.525, 0.001, 0.999];
        let found = levels.map(|level| quantile_of_sorted(&values, level));
        for (found, expected) in found.iter().zip([1.0, 10.0, 19.0, 10.5, 1.0, 19.0]) {
            assert!((found - expected).abs() < 1e-12, "{found} for {expected}");
        }
        assert_eq!(quantile_of_sorted(&[3.0], 0.2), 3.0);
        assert_eq!(sorted_row(&[vec![1.0, 9.0], vec![0.0, -3.0]], 1), [-3.0, 9.0]);
    }
}
