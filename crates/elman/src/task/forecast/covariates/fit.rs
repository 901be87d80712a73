//! What covariates are scaled by, and which of them tell something.

use super::sheet::{Cells, Gap, Sheet, level, share};
use super::{Covariate, Covariates};
use crate::error::{DataError, Error, Message};
use crate::missing::{Gaps, Missing};
use crate::table::Table;
use crate::task::forecast::series::{Filling, Series};
use crate::task::forecast::{Forecast, ForecastOptions};
use crate::words::quoted;

impl Forecast {
    /// Fits the covariates to the series' rows to learn from, and makes inputs of them for each series. Gives what is to
    /// be said of them.
    pub(in crate::task::forecast) fn fit_covariates(
        &mut self,
        table: &Table,
        all: &mut [Series<'_>],
        options: &ForecastOptions,
    ) -> Result<Vec<Message>, Error> {
        if self.covariates.is_empty() {
            return Ok(Vec::new());
        }
        let mut remarks = Vec::new();
        let filling = self.filling();
        let mut covariates = std::mem::take(&mut self.covariates);
        let sheet = covariates.read(table, &mut Vec::new())?;
        let known = |series: &Series<'_>| {
            let rows = series.values.len() - self.test;
            rows - (options.validation * rows.saturating_sub(self.first_row()) as f64) as usize
        };
        remarks.extend(covariates.fit(&sheet, all, filling, known)?);
        // Categories that are not among those rows are none from now on.
        let sheet = covariates.read(table, &mut remarks)?;
        let mut gap = Gap::default();
        for series in all {
            series.levels = covariates.levels(&sheet, series, known(series));
            series.inputs = covariates.inputs(&sheet, series, filling, &mut gap)?;
        }
        remarks.extend(gap.remarks(filling));
        self.covariates = covariates;
        Ok(remarks)
    }
}

impl Covariates {
    /// Takes the statistics from the first `known(series)` rows of each series. What does not vary there is left out,
    /// with a remark. The cells must be those read before.
    ///
    /// # Errors
    /// If numbers are too large, a static covariate varies within a series, or something is missing and that is not
    /// allowed.
    fn fit(
        &mut self,
        sheet: &Sheet<'_>,
        all: &[Series<'_>],
        filling: Filling,
        known: impl Fn(&Series<'_>) -> usize,
    ) -> Result<Option<Message>, DataError> {
        let rows: Vec<Vec<usize>> = all
            .iter()
            .map(|series| series.rows[..known(series)].iter().flatten().copied().collect())
            .collect();
        for (covariate, cells) in
            self.past.iter_mut().zip(&sheet.past).chain(self.future.iter_mut().zip(&sheet.future))
        {
            covariate.fit(cells, &rows, filling)?;
        }
        for (covariate, cells) in self.fixed.iter_mut().zip(&sheet.fixed) {
            let mut first_rows = Vec::with_capacity(all.len());
            for series in all {
                first_rows.extend(cells.only_row(series)?);
            }
            covariate.fit(cells, &[first_rows], filling)?;
        }
        let silent: Vec<&str> = self
            .all()
            .filter(|covariate| covariate.feature.is_silent())
            .map(|covariate| covariate.feature.name.as_str())
            .collect();
        let are = if silent.len() == 1 { "is" } else { "are" };
        let text =
            || format!("{} {are} the same in all rows to learn from, and no covariate", quoted(&silent));
        Ok((!silent.is_empty()).then(|| text().into()))
    }
}

impl Covariate {
    /// Takes the statistics from these rows of series. Where it is missing in some, it does vary, though it may say the same
    /// in all others: there it may be 0, or none of its categories.
    fn fit(&mut self, cells: &Cells<'_>, series: &[Vec<usize>], filling: Filling) -> Result<(), DataError> {
        self.relative = !self.is_category() && differ_more(&cells.values, series);
        let mut values = Vec::new();
        for rows in series {
            let level = self.relative.then(|| level(&cells.values, rows.iter()));
            let value =
                |&row: &usize| level.map_or(cells.values[row], |level| share(cells.values[row], level));
            values.extend(rows.iter().map(value));
        }
        let is_zero = filling.missing == Some(Missing::Zero);
        let missing = series.iter().flatten().copied().filter(|&row| cells.values[row].is_nan());
        let gaps = Gaps { count: missing.clone().count(), first: missing.min() };
        if is_zero && !self.is_category() {
            values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0);
        }
        let all: Vec<usize> = (0..values.len()).collect();
        self.feature.fit(&values, &all, cells.column.whole())?;
        let mut known = values.into_iter().filter(|value| !value.is_nan());
        let Some(value) = known.next() else {
            self.feature.silence();
            return Ok(());
        };
        let varies = known.any(|other| other != value) || (is_zero && self.is_category() && gaps.count > 0);
        if let (false, None, Some(first)) = (varies, filling.missing, gaps.first) {
            return Err(gaps.refuse(cells.column.place(first), &Missing::OF_SERIES));
        }
        if !varies {
            self.feature.silence();
        }
        Ok(())
    }
}

/// Are all values positive, and do series differ more from each other than in themselves, though they do vary?
fn differ_more(cells: &[f64], series: &[Vec<usize>]) -> bool {
    let known = |rows: &Vec<usize>| -> Vec<f64> {
        rows.iter().map(|&row| cells[row]).filter(|value| !value.is_nan()).collect()
    };
    let all: Vec<Vec<f64>> = series.iter().map(known).filter(|known| !known.is_empty()).collect();
    if all.len() < 2 || all.iter().flatten().any(|&value| value <= 0.0) {
        return false;
    }
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let square = |value: f64, mean: f64| (value - mean).powi(2);
    let means: Vec<f64> = all.iter().map(|values| mean(values)).collect();
    let within: Vec<f64> = all
        .iter()
        .zip(&means)
        .flat_map(|(values, &mean)| values.iter().map(move |&v| square(v, mean)))
        .collect();
    let centre = mean(&means);
    let between: Vec<f64> = means.iter().map(|&mean| square(mean, centre)).collect();
    let (within, between) = (mean(&within), mean(&between));
    within > 1e-24 * centre * centre && between > within
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Task, TaskKind, TaskOptions};

    #[test]
    fn series_differ_more_from_each_other_than_in_themselves() {
        let differ = |cells: &[f64]| differ_more(cells, &[vec![0, 1, 2], vec![3, 4]]);
        assert!(differ(&[1.0, 1.2, 1.1, 50.0, 55.0]));
        // The same level, none that are not positive, no series that varies, one that is not known.
        assert!(!differ(&[1.0, 9.0, 5.0, 6.0, 2.0]));
        assert!(!differ(&[0.0, 1.0, 0.0, 50.0, 55.0]));
        assert!(!differ(&[1.0, 1.0, 1.0, 50.0, 50.0]));
        assert!(!differ(&[1.0, 1.2, 1.1, f64::NAN, f64::NAN]));
        assert_eq!(
            (level(&[2.0, f64::NAN, 4.0], [0, 1, 2].iter()), level(&[f64::NAN], [0].iter())),
            (3.0, 0.0)
        );
        assert!(share(6.0, 3.0) == 2.0 && share(6.0, 0.0).is_nan());
    }

    /// A price is on a level of its own in each series, a promotion is not; what does not vary tells nothing.
    #[test]
    fn levels_of_series_are_taken_out_of_what_differs_by_them() {
        let mut csv = String::from("id,units,price,promo,fee,kind\n");
        for (id, level) in [("a", 1.0), ("b", 40.0)] {
            for row in 0..40usize {
                let (price, promo) = (level * [1.0, 0.5][row / 5 % 2], row * row % 3);
                csv += &format!(
                    "{id},{},{price},{promo},2,{}\n",
                    row * row % 7,
                    ["x", "y"][usize::from(row == 38)]
                );
            }
        }
        let table = Table::read("t.csv", csv.as_bytes()).unwrap();
        let options = ForecastOptions::default().with_id("id").with_target("units").with_test(6);
        let options = options.with_past_covariates("promo").with_future_covariates("fee,price,kind");
        let prepared = Task::prepare(&table, &TaskOptions::Forecast(options)).unwrap();
        let said: Vec<String> = prepared.remarks.iter().map(ToString::to_string).collect();
        let silent = "\"fee\" and \"kind\" are the same in all rows to learn from, and no covariate";
        assert!(said.iter().any(|remark| remark == silent), "{said:?}");
        let Task::Forecast(task) = prepared.task else { panic!("a forecast") };
        let relative = |all: &[Covariate]| all.iter().map(|one| one.relative).collect::<Vec<_>>();
        assert_eq!(relative(&task.covariates.past), [false]);
        assert_eq!(relative(&task.covariates.future), [false, true, false]);
        // Of 34 rows to learn from, 19 are at the full price.
        let share = (19.0 + 15.0 * 0.5) / 34.0;
        for (series, level) in task.series.iter().zip([1.0, 40.0]) {
            assert!((series.levels[0] / (level * share) - 1.0).abs() < 1e-12, "{:?}", series.levels);
        }
        // The value before; the promotion; the price and its change.
        assert_eq!(task.input_size(), 1 + 1 + 2);
        let scaling = task.covariates.future[1].feature.scaling.unwrap();
        assert!((scaling.mean - 1.0).abs() < 1e-12);
        assert_eq!(TaskKind::check(&task), Ok(()));
        let mut damaged = task.clone();
        damaged.series[0].levels[0] = -1.0;
        assert!(TaskKind::check(&damaged).is_err());
        let mut damaged = task;
        damaged.covariates.future[2].relative = true;
        damaged.covariates.future[2].feature.categories = vec!["x".into()];
        assert!(TaskKind::check(&damaged).is_err());
    }
}
