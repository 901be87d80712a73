//! What the network sees of a series' covariates.

use super::sheet::{Cells, Gap, Sheet, level, share};
use super::{Covariate, Covariates, width};
use crate::error::DataError;
use crate::task::forecast::series::{Filling, Series};

/// The inputs that covariates make for a series, row by row in order of time.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::task::forecast) struct Inputs {
    /// `[known rows, P]`
    past: Vec<f64>,
    past_width: usize,
    /// `[known rows and those to come, F]`
    future: Vec<f64>,
    future_width: usize,
    /// `[S]`
    fixed: Vec<f64>,
}

impl Covariates {
    /// The mean of each covariate that is relative in the first `known` rows of a series, past ones first.
    pub(in crate::task::forecast) fn levels(
        &self,
        sheet: &Sheet<'_>,
        series: &Series<'_>,
        known: usize,
    ) -> Vec<f64> {
        let of = |all: &[Covariate], cells: &[Cells<'_>]| -> Vec<f64> {
            let relative = live(all).zip(cells).filter(|(covariate, _)| covariate.relative);
            relative.map(|(_, cells)| level(&cells.values, series.rows[..known].iter().flatten())).collect()
        };
        [of(&self.past, &sheet.past), of(&self.future, &sheet.future)].concat()
    }

    /// The inputs of a series whose levels are known; what is filled in is added to `gap`.
    ///
    /// # Errors
    /// If something is missing and that is not allowed, or a static covariate varies within the series.
    pub(in crate::task::forecast) fn inputs<'t>(
        &self,
        sheet: &Sheet<'t>,
        series: &Series<'_>,
        filling: Filling,
        gap: &mut Gap<'t>,
    ) -> Result<Inputs, DataError> {
        let mut levels = series.levels.iter().copied();
        let known = series.values.len();
        let is_given = |row: &Option<usize>| {
            row.is_some_and(|row| sheet.future.iter().any(|cells| !cells.values[row].is_nan()))
        };
        let given = series.rows[known..].iter().rposition(is_given).map_or(0, |last| last + 1);
        let mut matrix =
            |all: &[Covariate], cells: &[Cells<'t>], rows: &[Option<usize>]| -> Result<Vec<f64>, DataError> {
                let width = width(all);
                let mut x = vec![0.0; rows.len() * width];
                let mut place = 0;
                for (covariate, cells) in live(all).zip(cells) {
                    let level = covariate.relative.then(|| levels.next().unwrap_or_default());
                    let values = cells.filled(rows, filling, covariate.is_category(), gap)?;
                    for (&value, x) in values.iter().zip(x.chunks_mut(width)) {
                        let value = level.map_or(value, |level| share(value, level));
                        covariate.feature.write(value, false, &mut x[place..place + covariate.width()]);
                    }
                    place += covariate.width();
                }
                Ok(x)
            };
        let past = matrix(&self.past, &sheet.past, &series.rows[..known])?;
        let future = matrix(&self.future, &sheet.future, &series.rows[..known + given])?;
        let mut fixed = Vec::with_capacity(width(&self.fixed));
        for (covariate, cells) in live(&self.fixed).zip(&sheet.fixed) {
            let start = fixed.len();
            fixed.resize(start + covariate.width(), 0.0);
            let value = cells.only(series, filling, covariate.is_category(), gap)?;
            covariate.feature.write(value, false, &mut fixed[start..]);
        }
        Ok(Inputs { past, past_width: width(&self.past), future, future_width: width(&self.future), fixed })
    }
}

impl Inputs {
    /// Appends the inputs of a row where past covariates are known in the first `known` rows.
    pub(in crate::task::forecast) fn push(&self, row: usize, known: usize, x: &mut Vec<f64>) {
        if let Some(before) = row.min(known).checked_sub(1) {
            x.extend(&self.past[before * self.past_width..][..self.past_width]);
        }
        let now = &self.future[row * self.future_width..][..self.future_width];
        let before = &self.future[(row.saturating_sub(1)) * self.future_width..][..self.future_width];
        push_future(now, (row > 1).then_some(before), x);
        x.extend(&self.fixed);
    }

    /// The rows for which future covariates are known; endless of a series that has none.
    pub(in crate::task::forecast) fn known_rows(&self) -> usize {
        self.future.len().checked_div(self.future_width).unwrap_or(usize::MAX)
    }
}

/// Appends future covariates in a row, and their change from the row before; 0 in the second row of a series, where a
/// stream does not know the first.
pub(super) fn push_future(now: &[f64], before: Option<&[f64]>, x: &mut Vec<f64>) {
    x.extend(now);
    match before {
        Some(before) => x.extend(now.iter().zip(before).map(|(now, before)| now - before)),
        None => x.extend(std::iter::repeat_n(0.0, now.len())),
    }
}

/// Those that make inputs: of the others no cells are read.
fn live(all: &[Covariate]) -> impl Iterator<Item = &Covariate> {
    all.iter().filter(|covariate| !covariate.feature.is_silent())
}
