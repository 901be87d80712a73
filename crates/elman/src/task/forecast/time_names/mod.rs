//! Tables with times in their header: a column for each time, for each step that is counted, or for each month of the years
//! that a column holds. They are read as long ones, with a row for each value.

mod counted;
mod doubts;
mod eurostat;
mod header;
mod names;
mod rows;
#[cfg(test)]
mod tests;

use super::covariates::Named;
use super::panel::left_out;
use super::{Forecast, ForecastOptions, Layout};
use crate::error::{DataError, Error, Message};
use crate::table::{Column, Table};
use crate::words::{listed, quoted, thousands};
use header::{Beside, Header};
use rows::Rows;

/// A table with times in its header as a long one.
pub(super) struct Long {
    pub(super) table: Table,
    /// Which of its columns are what.
    pub(super) options: ForecastOptions,
    /// Those that tell series apart.
    pub(super) id: Vec<String>,
    pub(super) remarks: Vec<Message>,
}

/// A table to learn from that has times in its header, as a long one; none of any other, and none where options name a
/// column of values or of times as it is.
///
/// # Errors
/// If the times are in no order, at no even steps or could be others, rows are not told apart, or a cell is no number.
pub(super) fn of_training(
    table: &Table,
    options: &ForecastOptions,
    covariates: &Named,
) -> Result<Option<Long>, Error> {
    if options.target.is_some() || options.time.is_some() {
        return Ok(None);
    }
    let parts = eurostat::split(table);
    let table = parts.as_ref().unwrap_or(table);
    let id = options.id.as_deref().map(|id| table.columns_named(id)).transpose()?;
    let is_taken = |name: &str| covariates.contains(name) || id.iter().flatten().any(|id| id == name);
    let Some(header) = Header::find(table, options.time_format.as_deref(), &is_taken, false)? else {
        return Ok(None);
    };
    let id = match id {
        Some(id) => id,
        None => header.find_id(table, &|name| covariates.varies(name))?,
    };
    let kept = kept(table, &id, covariates);
    let free = |usual: &str| {
        let is_free = |name: &String| !table.has_column(name);
        let names = std::iter::successors(Some(usual.to_owned()), |name| Some(format!("{name}_")));
        names.into_iter().find(is_free).unwrap_or_default()
    };
    let (time, value) = (free("time"), free("value"));
    let rows = header.rows(table, &id, covariates.have_future())?;
    let Some(long) = rows.table(table, &kept, [&time, &value])? else { return Ok(None) };
    let remark = header.remark(table, &id, &kept, &rows, [&time, &value]);
    let mut remarks = vec![remark.text("; to read the columns as they are, name one with ").option("target")];
    remarks.extend(left_out(rows.empty.iter().map(Vec::as_slice), "no cell has a value"));
    // All names together tell the order of day and month; the series may have a part of them.
    let told = (rows.first.is_order_open() || header.counts_steps()).then(|| rows.first.format());
    let time_format = options.time_format.clone().or(told);
    let options = ForecastOptions { target: Some(value), time: Some(time), time_format, ..options.clone() };
    Ok(Some(Long { table: long, options, id, remarks }))
}

/// The numbers of the columns that tell series apart or are covariates.
fn kept(table: &Table, id: &[String], covariates: &Named) -> Vec<usize> {
    let is_kept = |header: &String| id.contains(header) || covariates.contains(header);
    (0..table.headers().len()).filter(|&n| is_kept(&table.headers()[n])).collect()
}

/// The error about a table that was read as a long one, which says so.
pub(super) fn told(error: Error) -> Error {
    match error {
        Error::Data(DataError { place, message }) => {
            let why = "; the table is read by the times in its header: to read its columns as they are, name one with ";
            DataError { place, message: message.text(why).option("target") }.into()
        }
        error => error,
    }
}

impl Forecast {
    /// A table that has times in its header, as a long one with the columns that were learned from, and what is to be said of
    /// that; none of any other.
    ///
    /// # Errors
    /// Those of a table to learn from.
    pub(super) fn with_time_names(&self, table: &Table) -> Result<Option<(Table, Message)>, Error> {
        let Some(time) = self.time.as_deref() else { return Ok(None) };
        if table.has_column(time) || table.has_column(&self.target) {
            return Ok(None);
        }
        let parts = eurostat::split(table);
        let table = parts.as_ref().unwrap_or(table);
        let id = match &self.layout {
            Layout::Single => &[][..],
            Layout::Long(id) => id,
            Layout::Wide(_) => return Ok(None),
        };
        let covariates = self.covariates.named();
        let is_taken = |name: &str| covariates.contains(name) || id.iter().any(|id| id == name);
        let find = |format| Header::find(table, format, &is_taken, true);
        let header = match find(self.time_format.as_deref())? {
            None if self.time_format.is_some() => find(None)?,
            found => found,
        };
        let Some(header) = header else { return Ok(None) };
        if self.layout.is_single() && header.beside.is_none() && table.num_rows() > 1 {
            let text = format!(
                "has {} rows below a header of times, of which each is a series, and the model is of a single one: leave the \
                 row of that",
                thousands(table.num_rows())
            );
            return Err(DataError::new(table.name(), text).into());
        }
        id.iter()
            .map(String::as_str)
            .chain(covariates.all())
            .try_for_each(|name| table.column(name).map(drop))?;
        let kept = kept(table, id, &covariates);
        let rows = header.rows(table, id, covariates.have_future())?;
        let Some(long) = rows.table(table, &kept, [time, &self.target])? else { return Ok(None) };
        Ok(Some((long, header.remark(table, id, &kept, &rows, [time, &self.target]))))
    }
}

impl Header {
    /// What is to be said of how the table is read.
    fn remark(
        &self,
        table: &Table,
        id: &[String],
        kept: &[usize],
        rows: &Rows,
        [time, value]: [&str; 2],
    ) -> Message {
        let header = |n: usize| &table.headers()[self.names[n].0];
        let (first, last) = (header(0), header(self.names.len() - 1));
        let count = thousands(self.names.len());
        let what = match self.beside {
            None if self.counts_steps() => {
                format!("the names of {count} columns count steps of time, {first:?} to {last:?}")
            }
            None => format!("the names of {count} columns are times, {first:?} to {last:?}"),
            Some(Beside { column, .. }) => format!(
                "the names of {count} columns, {first:?} to {last:?}, are times with what {:?} tells",
                table.headers()[column]
            ),
        };
        let apart = match id {
            [] => String::new(),
            id => format!(", told apart by {}", listed(id.iter().map(|id| format!("{id:?}")), "and")),
        };
        let series = match rows.series {
            1 => "one series".to_owned(),
            series => format!("{} series", thousands(series)),
        };
        let is_left = |column: &Column<'_>| kept.iter().all(|&n| table.headers()[n] != column.name());
        let left: Vec<&str> = self.others(table).filter(is_left).map(|column| column.name()).collect();
        let left = match left[..] {
            [] => String::new(),
            [_] => format!("; {} is left out", quoted(&left)),
            _ => format!("; {} are left out", quoted(&left)),
        };
        let name = table.name();
        format!("{name}: {what}: read as {series} of {value:?} over {time:?}{apart}{left}").into()
    }
}
