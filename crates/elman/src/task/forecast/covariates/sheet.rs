//! The cells of covariates in a table.

use std::borrow::Cow;

use super::{Covariate, Covariates};
use crate::error::{DataError, Message};
use crate::missing::{Gaps, Missing};
use crate::outlier;
use crate::table::{Column, Place, Table, TableError};
use crate::task::feature::told;
use crate::task::forecast::panel::name_of;
use crate::task::forecast::series::{Filling, Series};
use crate::words::counted;

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

/// Cells that were empty: how many, and the place of the first.
#[derive(Default)]
pub(in crate::task::forecast) struct Gap<'t> {
    /// Those that are filled in.
    filled: Option<(usize, Place<'t>)>,
    /// Those that nothing stands before.
    unknown: Option<(usize, Place<'t>)>,
}

impl Gap<'_> {
    /// What is to be said of them.
    pub(in crate::task::forecast) fn remarks(self, filling: Filling) -> impl Iterator<Item = Message> {
        let filled = self.filled.zip(filling.of_covariates());
        let of_unknown = |(count, first): (usize, Place<'_>)| -> Message {
            let cells = counted(count, "empty cell");
            let tell =
                if count == 1 { "has no value before and tells" } else { "have no value before and tell" };
            format!("{cells} {tell} nothing (first: {first})").into()
        };
        let of_filled = filled.map(|((count, first), missing)| missing.remark(count, first));
        of_filled.into_iter().chain(self.unknown.map(of_unknown))
    }
}

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

    /// The cells of their columns that are far beyond those in training.
    pub(in crate::task::forecast) fn remarks_on_far(&self, sheet: &Sheet<'_>) -> Vec<Message> {
        let of = |all: &[Covariate], cells: &[Cells<'_>]| -> Vec<Message> {
            // Of relative ones the statistics are of shares.
            let live = all.iter().filter(|covariate| !covariate.feature.is_silent()).zip(cells);
            let absolute = live.filter(|(covariate, _)| !covariate.relative);
            let remark = |(covariate, cells): (&Covariate, &Cells<'_>)| {
                covariate.feature.remark_on_far(cells.column, &cells.values, 0..cells.values.len())
            };
            absolute.filter_map(remark).collect()
        };
        let all =
            [of(&self.past, &sheet.past), of(&self.future, &sheet.future), of(&self.fixed, &sheet.fixed)];
        outlier::first_of(all.concat(), "columns")
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
}

impl<'t> Cells<'t> {
    /// A row of a series that holds the only value that this column has in it; none where it has none.
    pub(super) fn only_row(&self, series: &Series<'_>) -> Result<Option<usize>, DataError> {
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

    /// The cells of these rows of a series, in order of time, where what is missing is made of what stands before it: see
    /// [`Filling::of_covariates`]. What nothing stands before stays NaN.
    pub(super) fn filled(
        &self,
        rows: &[Option<usize>],
        filling: Filling,
        is_category: bool,
        gap: &mut Gap<'t>,
    ) -> Result<Vec<f64>, DataError> {
        let cell = |row: &Option<usize>| row.map_or(f64::NAN, |row| self.values[row]);
        let mut values: Vec<f64> = rows.iter().map(cell).collect();
        let mut empty = rows.iter().flatten().copied().filter(|&row| self.values[row].is_nan());
        let Some(missing) = filling.of_covariates() else {
            return match empty.next() {
                None => Ok(values),
                Some(first) => {
                    let gaps = Gaps { count: 1 + empty.count(), first: Some(first) };
                    Err(gaps.refuse(self.column.place(first), &Missing::OF_SERIES))
                }
            };
        };
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
            // Rows that are missing are told of with the series' values.
            if let Some(row) = rows[n] {
                // None of the categories is as good a value as 0.
                let is_unknown = values[n].is_nan() && missing != Missing::Zero;
                let of = if is_unknown { &mut gap.unknown } else { &mut gap.filled };
                of.get_or_insert_with(|| (0, self.column.place(row))).0 += 1;
            }
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
    fn what_is_missing_is_made_of_what_stands_before() {
        let table = Table::read("t.csv", "c\n1\n2\n3\n4\n5\n6\n".as_bytes()).unwrap();
        let column = table.column("c").unwrap();
        let cells = Cells { column, values: vec![f64::NAN, 3.0, f64::NAN, 5.0, f64::NAN, f64::NAN].into() };
        let filled = |missing, season, is_category| {
            let mut gap = Gap::default();
            let filling = Filling { missing: Some(missing), season, have_future: true };
            let values = cells.filled(&[0, 1, 2, 3, 4, 5].map(Some), filling, is_category, &mut gap).unwrap();
            let [filled, unknown] = [gap.filled, gap.unknown].map(|gap| gap.map_or(0, |(count, _)| count));
            assert_eq!([filled, unknown], if missing == Missing::Zero { [4, 0] } else { [3, 1] });
            values.iter().map(|value| Some(*value).filter(|value| !value.is_nan())).collect::<Vec<_>>()
        };
        let [none, three, five] = [None, Some(3.0), Some(5.0)];
        assert_eq!(filled(Missing::Previous, None, false), [none, three, three, five, five, five]);
        assert_eq!(filled(Missing::Season, Some(3), false), [none, three, three, five, three, three]);
        let zero = Some(0.0);
        assert_eq!(filled(Missing::Zero, None, false), [zero, three, zero, five, zero, zero]);
        assert_eq!(filled(Missing::Zero, None, true), [none, three, none, five, none, none]);
        let refused = Filling { missing: None, season: None, have_future: true };
        assert!(cells.filled(&[0, 1].map(Some), refused, false, &mut Gap::default()).is_err());
        assert_eq!(cells.filled(&[3, 1].map(Some), refused, false, &mut Gap::default()).unwrap(), [5.0, 3.0]);
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
