//! Cells as rows below each other.

use std::collections::HashMap;

use super::super::time_parts::join;
use super::eurostat;
use super::header::{Beside, Header};
use super::names::read_times;
use crate::error::{DataError, Error};
use crate::table::{Entry, Table, Time, stands_for_missing};

impl Header {
    /// The cells that become rows, series by series and in order of time.
    pub(super) fn rows(&self, table: &Table, id: &[String], have_future: bool) -> Result<Rows, Error> {
        let id = id.iter().map(|id| Ok(table.column(id)?)).collect::<Result<Vec<_>, Error>>()?;
        let values = self.values(table)?;
        let mut written = Written::default();
        let mut places: HashMap<Vec<&str>, usize> = HashMap::new();
        let mut series: Vec<(Vec<&str>, Vec<Entry>)> = Vec::new();
        for row in 0..table.num_rows() {
            let key: Vec<&str> = id.iter().map(|column| column.text(row)).collect();
            let place = *places.entry(key.clone()).or_insert_with(|| {
                series.push((key, Vec::new()));
                series.len() - 1
            });
            self.add_row(table, row, &values, &mut written, &mut series[place].1)?;
        }
        let times = read_times(table, &written.texts, self.format.as_deref())?.ok_or_else(|| {
            let text = "has times in its header that are not written alike; write each in a row of its own";
            DataError::new(table.name(), text)
        })?;
        let (entries, empty) = (Vec::new(), Vec::new());
        let mut rows = Rows { entries, texts: written.texts, first: times[0], series: 0, empty };
        for (name, mut entries) in series {
            entries.sort_by_key(|entry| times[entry.time as usize]);
            let same = |pair: &&[Entry]| times[pair[0].time as usize] == times[pair[1].time as usize];
            if let Some(pair) = entries.windows(2).find(same) {
                return Err(self.refuse_doubled(table, &id, [pair[0].row as usize, pair[1].row as usize]));
            }
            let is_known = |entry: &Entry| !entry.value.is_nan();
            let Some(first) = entries.iter().position(is_known) else {
                rows.empty.push(name.into_iter().map(str::to_owned).collect());
                continue;
            };
            let last = entries.iter().rposition(is_known).filter(|_| !have_future);
            rows.entries.extend(&entries[first..=last.unwrap_or(entries.len() - 1)]);
            rows.series += 1;
        }
        Ok(rows)
    }

    /// Adds the cells of a row, and what their times are written as.
    fn add_row(
        &self,
        table: &Table,
        row: usize,
        values: &[Vec<f64>],
        written: &mut Written,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Error> {
        for ((column, name), values) in self.names.iter().zip(values) {
            let value = values[row];
            let time = match self.beside {
                None => written.code(name.clone()),
                // Not every year has a 53rd week, nor a 366th day.
                Some(beside) if beside.may_lack_some() && value.is_nan() => continue,
                Some(beside) => {
                    let cell = table.column_at(beside.column).text(row);
                    let text = join(&beside.parts(cell, name));
                    written.code(text.ok_or_else(|| no_time(table, beside, row, *column))?)
                }
            };
            entries.push(Entry { row: row as u32, column: *column as u32, time, value });
        }
        Ok(())
    }

    /// The values of each column, NaN where one is missing.
    fn values(&self, table: &Table) -> Result<Vec<Vec<f64>>, Error> {
        let has_flags = self.has_flags(table);
        if !has_flags {
            self.check_units(table)?;
        }
        let values = |(n, _): &(usize, String)| {
            let column = table.column_at(*n);
            match column.numbers_or_gaps() {
                Some(values) => Ok(values.to_vec()),
                None if column.texts().all(stands_for_missing) => Ok(vec![f64::NAN; table.num_rows()]),
                None if has_flags => eurostat::flagged(column),
                None => Ok(column.numbers()?.to_vec()),
            }
        };
        self.names.iter().map(values).collect()
    }

    /// Refuses columns of which one has another unit beside its numbers than the first, such as thousands for millions.
    fn check_units(&self, table: &Table) -> Result<(), Error> {
        let first_cell = |&(n, _): &(usize, String)| {
            let column = table.column_at(n);
            let is_known = |row: &usize| !column.is_missing(*row);
            Some((column, (0..table.num_rows()).find(is_known).filter(|_| column.holds_numbers())?))
        };
        let mut cells = self.names.iter().filter_map(first_cell);
        let Some((first, at)) = cells.next() else { return Ok(()) };
        let unit = unit(first.text(at));
        match cells.find(|(column, row)| self::unit(column.text(*row)) != unit) {
            None => Ok(()),
            Some((column, row)) => {
                let text = format!(
                    "{:?} has not the unit of {:?} in column {:?}; write all columns of values alike",
                    column.text(row),
                    first.text(at),
                    first.name()
                );
                Err(DataError::new(column.place(row), text).into())
            }
        }
    }

    /// Is it a table as Eurostat has them, whose values may have flags behind them?
    pub(super) fn has_flags(&self, table: &Table) -> bool {
        self.others(table).any(eurostat::is_of_places)
    }
}

/// The texts of times, each once.
#[derive(Default)]
struct Written {
    texts: Vec<String>,
    codes: HashMap<String, u32>,
}

impl Written {
    /// The number of a text.
    fn code(&mut self, text: String) -> u32 {
        *self.codes.entry(text).or_insert_with_key(|text| {
            self.texts.push(text.clone());
            self.texts.len() as u32 - 1
        })
    }
}

/// Cells that become rows.
pub(super) struct Rows {
    entries: Vec<Entry>,
    /// The texts of their times.
    texts: Vec<String>,
    /// The first of those times.
    pub(super) first: Time,
    /// So many series they are.
    pub(super) series: usize,
    /// The names of series without a value.
    pub(super) empty: Vec<Vec<String>>,
}

impl Rows {
    /// The table of them, with these columns beside; none if none has a value.
    pub(super) fn table(
        &self,
        table: &Table,
        kept: &[usize],
        [time, value]: [&str; 2],
    ) -> Result<Option<Table>, Error> {
        if self.entries.is_empty() {
            return Ok(None);
        }
        let long = table.unpivoted(kept, &self.entries, (time, &self.texts), value);
        let too_large = || DataError::new(table.name(), "is too large to be read by the times in its header");
        Ok(Some(long.ok_or_else(too_large)?))
    }
}

/// What stands before and behind the digits of a number, less what numbers may have.
fn unit(text: &str) -> String {
    let of_numbers = |c: char| c.is_whitespace() || ".,'\u{2019}()+-\u{2212}".contains(c);
    let is_digit = |c: char| c.is_ascii_digit();
    let (first, last) = (text.find(is_digit), text.rfind(is_digit));
    let (before, behind) = (&text[..first.unwrap_or(0)], &text[last.map_or(0, |last| last + 1)..]);
    [before, behind].concat().replace(of_numbers, "")
}

/// The error about a cell that makes no time with the name of a column.
fn no_time(table: &Table, beside: Beside, row: usize, name: usize) -> Error {
    let cells = table.column_at(beside.column);
    let text = format!(
        "{:?} is no time with {:?}, the name of a column; correct it, or take the row out",
        cells.text(row),
        table.headers()[name]
    );
    DataError::new(cells.place(row), text).into()
}
