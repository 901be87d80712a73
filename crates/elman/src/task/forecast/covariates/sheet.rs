//! The cells of covariates in a table, and their statistics.

use std::borrow::Cow;

use super::{Covariate, Covariates};
use crate::error::{DataError, Message};
use crate::missing::{Gaps, Missing};
use crate::table::{Column, Place, Table, TableError};
use crate::task::feature::told;
use crate::task::forecast::panel::name_of;
use crate::task::forecast::series::{Filling, Series};
use crate::words::quoted;

/// The cells of all covariates, by the rows of a table.
pub(in crate::task::forecast) struct Sheet<'t> {
    pub(super) past: Vec<Cells<'t>>,
    pub(super) future: Vec<Cells<'t>>,
    pub(super) fixed: Vec<Cells<'t>>,
}

/// A column's cells: numbers, or places among the categories; NaN where one is empty.
pub(super) struct Cells<'t> {
    pub(super) column: Column<'t>,
    pub(super) values: Cow<'t, [f64]>,
}

/// Cells that were empty and are filled in: how many, and the place of the first.
pub(in crate::task::forecast) type Gap<'t> = Option<(usize, Place<'t>)>;

impl Covariates {
    /// Reads their columns; what was not there in training is remarked.
    ///
    /// # Errors
    /// If a column is missing, or does not hold what it did in training.
    pub(in crate::task::forecast) fn read<'t>(
        &self,
        table: &'t Table,
        remarks: &mut Vec<Message>,
    ) -> Result<Sheet<'t>, TableError> {
        let mut cells = |all: &[Covariate]| -> Result<Vec<Cells<'t>>, TableError> {
            // What did not vary in training is not looked at, nor need it be there.
            let live = all.iter().filter(|covariate| !covariate.feature.is_silent());
            live.map(|covariate| covariate.cells(table.column(&covariate.feature.name)?, remarks)).collect()
        };
        Ok(Sheet { past: cells(&self.past)?, future: cells(&self.future)?, fixed: cells(&self.fixed)? })
    }

    /// Takes the statistics from the first `known(series)` rows of each series. What does not vary there is left out,
    /// with a remark. The cells must be those read before.
    ///
    /// # Errors
    /// If numbers are too large, or a static covariate varies within a series.
    pub(in crate::task::forecast) fn fit(
        &mut self,
        sheet: &Sheet<'_>,
        all: &[Series<'_>],
        known: impl Fn(&Series<'_>) -> usize,
    ) -> Result<Option<Message>, DataError> {
        let rows: Vec<Vec<usize>> = all
            .iter()
            .map(|series| series.rows[..known(series)].iter().flatten().copied().collect())
            .collect();
        for (covariate, cells) in
            self.past.iter_mut().zip(&sheet.past).chain(self.future.iter_mut().zip(&sheet.future))
        {
            covariate.fit(cells, &rows)?;
        }
        for (covariate, cells) in self.fixed.iter_mut().zip(&sheet.fixed) {
            let mut first_rows = Vec::with_capacity(all.len());
            for series in all {
                first_rows.extend(cells.only_row(series)?);
            }
            covariate.fit(cells, &[first_rows])?;
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
    fn cells<'t>(&self, column: Column<'t>, remarks: &mut Vec<Message>) -> Result<Cells<'t>, TableError> {
        let truths = if self.is_category() || column.holds_numbers() { None } else { truths(column) };
        let values = match truths {
            Some(truths) => truths.into(),
            None => self.feature.cells(column, remarks)?,
        };
        Ok(Cells { column, values })
    }

    /// Takes the statistics from these rows of series.
    fn fit(&mut self, cells: &Cells<'_>, series: &[Vec<usize>]) -> Result<(), DataError> {
        self.relative = !self.is_category() && differ_more(&cells.values, series);
        let mut values = Vec::new();
        for rows in series {
            let level = self.relative.then(|| level(&cells.values, rows.iter()));
            let value =
                |&row: &usize| level.map_or(cells.values[row], |level| share(cells.values[row], level));
            values.extend(rows.iter().map(value));
        }
        let all: Vec<usize> = (0..values.len()).collect();
        self.feature.fit(&values, &all, cells.column.whole())?;
        let mut known = values.into_iter().filter(|value| !value.is_nan());
        let varies = known.next().is_some_and(|first| known.any(|value| value != first));
        if !varies {
            self.feature.silence();
        }
        Ok(())
    }
}

impl<'t> Cells<'t> {
    /// A row of a series that holds the only value that this column has in it; none where it has none.
    fn only_row(&self, series: &Series<'_>) -> Result<Option<usize>, DataError> {
        let mut known = series.rows.iter().flatten().copied().filter(|&row| !self.values[row].is_nan());
        let Some(first) = known.next() else { return Ok(None) };
        let Some(other) = known.find(|&row| self.values[row] != self.values[first]) else {
            return Ok(Some(first));
        };
        let text = format!(
            "{:?} is another value than {:?} in line {}, but both rows are of series {:?}; a static covariate has one value \
             for each series: name a column that varies with ",
            self.column.text(other),
            self.column.text(first),
            self.column.line(first),
            name_of(series.id)
        );
        let message = Message::from(text).option("past_covariates").text(" or ").option("future_covariates");
        Err(DataError::new(self.column.place(other), message))
    }

    /// The value that a series has all along; NaN where it has none and that is allowed.
    pub(super) fn only(
        &self,
        series: &Series<'_>,
        filling: Filling,
        is_category: bool,
        gap: &mut Gap<'t>,
    ) -> Result<f64, DataError> {
        match self.only_row(series)? {
            Some(row) => Ok(self.values[row]),
            None => Ok(self.filled(&series.rows[..1], filling, is_category, gap)?[0]),
        }
    }

    /// The cells of these rows of a series, in order of time, where what is missing is made of what stands before it, by a
    /// line no more than by the last value; what nothing stands before stays NaN.
    pub(super) fn filled(
        &self,
        rows: &[Option<usize>],
        filling: Filling,
        is_category: bool,
        gap: &mut Gap<'t>,
    ) -> Result<Vec<f64>, DataError> {
        let cell = |row: &Option<usize>| row.map_or(f64::NAN, |row| self.values[row]);
        let mut values: Vec<f64> = rows.iter().map(cell).collect();
        // Rows that are missing are told of with the series' values.
        let mut empty = rows.iter().flatten().copied().filter(|&row| self.values[row].is_nan());
        if let Some(first) = empty.next() {
            let place = self.column.place(first);
            let gaps = Gaps { count: 1 + empty.count(), first: Some(first) };
            if filling.missing.is_none() {
                return Err(gaps.refuse(place, &Missing::OF_SERIES));
            }
            gap.get_or_insert((0, place)).0 += gaps.count;
        }
        let Some(missing) = filling.missing else { return Ok(values) };
        for n in 0..values.len() {
            if !values[n].is_nan() {
                continue;
            }
            let before = |rows: usize| n.checked_sub(rows).map(|n| values[n]).filter(|value| !value.is_nan());
            let a_season_ago = filling.season.filter(|_| missing == Missing::Season).and_then(before);
            values[n] = match missing {
                Missing::Zero if !is_category => 0.0,
                Missing::Zero => f64::NAN,
                _ => a_season_ago.or_else(|| before(1)).unwrap_or(f64::NAN),
            };
        }
        Ok(values)
    }
}

/// A column whose cells say `true` or `false`, as 1 and 0; NaN where one is empty. None of any other.
pub(super) fn truths(column: Column<'_>) -> Option<Vec<f64>> {
    told(column).next()?;
    let truth = |text: &str| match text.to_ascii_lowercase().as_str() {
        "true" => Some(1.0),
        "false" => Some(0.0),
        "" => Some(f64::NAN),
        _ => None,
    };
    column.texts().map(truth).collect()
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

/// The mean of the known cells of these rows; 0 where none is known.
pub(super) fn level<'a>(cells: &[f64], rows: impl Iterator<Item = &'a usize> + Clone) -> f64 {
    let known = || rows.clone().map(|&row| cells[row]).filter(|value| !value.is_nan());
    let count = known().count();
    if count == 0 { 0.0 } else { known().sum::<f64>() / count as f64 }
}

/// A cell as a share of its series' mean; NaN where that is not known.
pub(super) fn share(cell: f64, level: f64) -> f64 {
    if level > 0.0 { cell / level } else { f64::NAN }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn what_is_missing_is_made_of_what_stands_before() {
        let table = Table::read("t.csv", "c\n1\n2\n3\n4\n5\n6\n".as_bytes()).unwrap();
        let column = table.column("c").unwrap();
        let cells = Cells { column, values: vec![f64::NAN, 3.0, f64::NAN, 5.0, f64::NAN, f64::NAN].into() };
        let filled = |missing, season, is_category| {
            let mut gap = None;
            let filling = Filling { missing: Some(missing), season, have_future: true };
            let values = cells.filled(&[0, 1, 2, 3, 4, 5].map(Some), filling, is_category, &mut gap).unwrap();
            assert_eq!(gap.map(|(count, _)| count), Some(4));
            values.iter().map(|value| Some(*value).filter(|value| !value.is_nan())).collect::<Vec<_>>()
        };
        let [none, three, five] = [None, Some(3.0), Some(5.0)];
        assert_eq!(filled(Missing::Previous, None, false), [none, three, three, five, five, five]);
        assert_eq!(filled(Missing::Season, Some(3), false), [none, three, three, five, three, three]);
        let zero = Some(0.0);
        assert_eq!(filled(Missing::Zero, None, false), [zero, three, zero, five, zero, zero]);
        assert_eq!(filled(Missing::Zero, None, true), [none, three, none, five, none, none]);
        let refused = Filling { missing: None, season: None, have_future: true };
        assert!(cells.filled(&[0, 1].map(Some), refused, false, &mut None).is_err());
        assert_eq!(cells.filled(&[3, 1].map(Some), refused, false, &mut None).unwrap(), [5.0, 3.0]);
    }

    #[test]
    fn truths_are_numbers() {
        let truths = |cells: &str| {
            let table = Table::read("t.csv", format!("c,n\n{cells}").as_bytes()).unwrap();
            truths(table.column("c").unwrap())
        };
        assert_eq!(truths("True,1\nfalse,2\n"), Some(vec![1.0, 0.0]));
        assert!(truths("true,1\n,2\n").is_some_and(|truths| truths[1].is_nan()));
        assert_eq!(truths("true,1\nno,2\n"), None);
        assert_eq!(truths(",1\n,2\n"), None);
    }
}
