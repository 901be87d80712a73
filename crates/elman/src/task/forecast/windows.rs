//! What the network sees of a series, and the windows in which it learns from it.

use std::ops::Range;

use super::level::Level;
use super::series::Series;
use super::{Forecast, Smoothing, Transform};
use crate::loss::Targets;
use crate::missing::Missing;
use crate::sequence::Example;
use crate::task::TaskKind;

impl Forecast {
    /// The rows before the network's first: those that have no transformed value, and one or a season of those that it
    /// looks back on. Where smoothing starts from one season only, errors that are not known count as 0.
    pub(super) fn first_row(&self) -> usize {
        match self.smoothing {
            Some(smoothing) if smoothing.start == 1 => (self.lost_rows() + 1).max(self.looks_back()),
            _ => self.lost_rows() + self.looks_back(),
        }
    }

    /// The rows at the start for which there is no transformed value.
    fn lost_rows(&self) -> usize {
        match self.smoothing {
            Some(smoothing) => smoothing.start_rows(),
            None => usize::from(self.transform != Transform::None),
        }
    }

    /// What is forecast of an output of the network, scaled: of what smoothing leaves, a share.
    pub(super) fn trusted(&self, output: f64) -> f64 {
        self.smoothing.map_or(output, |smoothing| smoothing.trust * output)
    }

    /// The scaled values before a row that its input is made of: one, or a season of them.
    pub(super) fn looks_back(&self) -> usize {
        self.season.unwrap_or(1).max(1)
    }

    /// The rows of a season whose place the calendar tells.
    pub(super) fn phases(&self) -> usize {
        match (self.season, &self.frequency) {
            (Some(season), Some(frequency)) if frequency.has_phase(season) => season,
            _ => 0,
        }
    }

    /// The rows before one that its transformed value is told by as well.
    fn rows_of_change(&self) -> usize {
        usize::from(self.smoothing.is_none() && self.transform != Transform::None)
    }

    /// The values before a row that its input is made of: the one before, and the one of a season before.
    pub(super) fn lags(&self) -> usize {
        1 + usize::from(self.season.is_some())
    }

    /// Is there an input that says of each of them whether it was missing?
    pub(super) fn flags(&self) -> bool {
        self.missing == Some(Missing::Flag)
    }

    /// Appends the network's input at a row; `scaled` gives the scaled value of those before it. From the row `origin` on
    /// those are forecasts, and past covariates are not known.
    pub(super) fn push_input(
        &self,
        series: &Series<'_>,
        scaled: impl Fn(usize) -> f64,
        origin: usize,
        row: usize,
        x: &mut Vec<f64>,
    ) {
        let is_missing = |row: usize| row < origin && series.is_unknown(row, self.rows_of_change());
        let lag = |row: usize| (scaled(row), is_missing(row));
        let a_season_ago = self.season.map(|season| lag(row - season));
        x.extend(self.input(lag(row - 1), a_season_ago, series.phase(row, self.phases())));
        Self::push_positions(self.calendar.iter().map(|&cycle| series.position(row, cycle)), x);
        series.inputs.push(row, origin, x);
    }

    /// The network's input at a row, but for the calendar's periods and covariates: the scaled value before it, that a
    /// season before it if there are seasons, each with whether it was missing, if that is told; and its place in the
    /// season, 1 among zeros.
    pub(super) fn input(
        &self,
        before: (f64, bool),
        a_season_ago: Option<(f64, bool)>,
        phase: Option<usize>,
    ) -> impl Iterator<Item = f64> + use<> {
        let one_if = |is_so: bool| f64::from(u8::from(is_so));
        let flags = self.flags();
        let lag =
            move |(value, is_missing)| std::iter::once(value).chain(flags.then_some(one_if(is_missing)));
        let phases = (0..self.phases()).map(move |n| one_if(Some(n) == phase));
        std::iter::once(before).chain(a_season_ago).flat_map(lag).chain(phases)
    }

    /// Where a series stands after so many rows.
    pub(super) fn level(&self, series: &Series<'_>, rows: usize) -> Level {
        Level::after(self.transform, series.smoothing, &series.values[..rows])
    }

    /// The transformed values of a series; `None` in the rows that have none.
    pub(super) fn transformed(&self, values: &[f64], smoothing: Option<Smoothing>) -> Vec<Option<f64>> {
        let mut level = Level::new(self.transform, smoothing);
        values.iter().map(|&value| level.take(value)).collect()
    }

    /// The transformed series to zero mean and unit spread; 0 in the rows that have no transformed value, and where it
    /// does not vary at all.
    pub(super) fn scaled(&self, series: &Series<'_>) -> Vec<f64> {
        let varies = series.scaling.deviation > 0.0;
        let scale = |change| if varies { series.scaling.scale(change) } else { 0.0 };
        let transformed = self.transformed(&series.values, series.smoothing);
        transformed.into_iter().map(|change| change.map_or(0.0, scale)).collect()
    }

    /// Training sequences out of these rows, in which a value that was missing counts nothing, nor one before the row
    /// `learned`; a single one, if a shorter one will do, where there are too few.
    pub(super) fn windows(
        &self,
        series: &Series<'_>,
        scaled: &[f64],
        rows: Range<usize>,
        learned: usize,
    ) -> Vec<Example<f64>> {
        // The last window ends with the last row: the newest rows are not those to leave out.
        let window = if self.layout.is_single() { self.window } else { self.window.min(rows.len()).max(1) };
        let starts = rows.start..(rows.end + 1).saturating_sub(window);
        let offset = starts.len().saturating_sub(1) % self.stride;
        let starts = starts.skip(offset).step_by(self.stride);
        let before = self.rows_of_change();
        let example = |start: usize| {
            let mut x = Vec::with_capacity(window * self.input_size());
            for row in start..start + window {
                self.push_input(series, |row| scaled[row], row, row, &mut x);
            }
            let counts = |row: usize| row >= learned && !series.is_unknown(row, before);
            let target = |row: usize| if counts(row) { scaled[row] } else { f64::NAN };
            Example { x, targets: Targets::Values((start..start + window).map(target).collect()) }
        };
        starts.map(example).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::loss::Targets;
    use crate::missing::Missing;
    use crate::sequence::Example;
    use crate::table::Table;
    use crate::task::{ForecastOptions, Task, TaskOptions, Transform};

    /// Fewer rows than a window has are enough to tell when to stop: it begins before them, where nothing counts.
    #[test]
    fn rows_for_validation_are_seen_with_those_before() {
        let csv = (0..40).fold("v\n".to_owned(), |csv, n| csv + &format!("{}\n", n * n % 7));
        let table = Table::read("t.csv", csv.as_bytes()).unwrap();
        let options = ForecastOptions::default().with_target("v").with_season(0).with_test(0).with_window(8);
        let options = options.with_transform(Transform::None).with_stride(1).with_validation(0.13);
        let prepared = Task::prepare(&table, &TaskOptions::Forecast(options)).unwrap();
        // Row 0 has nothing before it; of 39 rows 5 are for validation, the last five of the windows end in them.
        let counts = |examples: &[Example<f64>]| -> Vec<usize> {
            let known = |example: &Example<f64>| match &example.targets {
                Targets::Values(values) => values.iter().filter(|value| !value.is_nan()).count(),
                Targets::Classes(_) => panic!("values"),
            };
            examples.iter().map(known).collect()
        };
        assert_eq!(counts(prepared.validation.held()), [1, 2, 3, 4, 5]);
        assert_eq!(counts(prepared.train.held()), [8; 39 - 5 - 8 + 1]);
        let Targets::Values(last) = &prepared.validation.held()[0].targets else { panic!("values") };
        assert!(last[..7].iter().all(|value| value.is_nan()));
    }

    /// Neither a value that is filled in is learned, nor the change from it.
    #[test]
    fn what_was_missing_is_not_learned() {
        let value = |n: usize| if n == 10 { String::new() } else { (n * n % 7).to_string() };
        let csv = (0..30).fold("n,v\n".to_owned(), |csv, n| csv + &format!("{n},{}\n", value(n)));
        let table = Table::read("t.csv", csv.as_bytes()).unwrap();
        for (transform, unknown) in [(Transform::Difference, vec![10, 11]), (Transform::None, vec![10])] {
            let options = ForecastOptions::default().with_target("v").with_missing(Missing::Previous);
            let options = options.with_transform(transform).with_season(0).with_test(0).with_window(8);
            let prepared = Task::prepare(&table, &TaskOptions::Forecast(options)).unwrap();
            let first_row = 30 - 8 + 1 - prepared.train.len();
            let mut found = BTreeSet::new();
            for (start, example) in prepared.train.held().iter().enumerate() {
                let Targets::Values(targets) = &example.targets else { panic!("values") };
                let rows = targets.iter().enumerate().filter(|(_, target)| target.is_nan());
                found.extend(rows.map(|(n, _)| first_row + start + n));
                assert!(example.x.iter().all(|x| x.is_finite()));
            }
            assert_eq!(found.into_iter().collect::<Vec<_>>(), unknown);
        }
    }
}
