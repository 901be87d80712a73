//! Finding out which names of columns are times, and what tells the rest.

use std::collections::HashMap;

use super::super::panel;
use super::super::time_column;
use super::super::time_numbers::may_be_year;
use super::super::time_parts::{Part, are_days};
use super::doubts::has_clock;
use super::eurostat;
use super::names::{TIME, alone, hours, parts_of_year, read_times, time_of};
use crate::calendar::Calendar;
use crate::error::{DataError, Error, Message};
use crate::table::{Column, Table, Time, is_month, mostly_times, only, written_alike};
use crate::words::{abridged, listed, thousands};

/// Fewer names of columns that are times are no header of times.
pub(super) const LEAST_NAMES: usize = 4;

/// As many cells tell what a column holds.
const LOOKED_AT: usize = 100;

/// A header that names times, or parts of them.
pub(super) struct Header {
    /// The columns of values, by their numbers, each with what its name says of its time.
    pub(super) names: Vec<(usize, String)>,
    /// The column whose cells say the rest, and which parts of a time that and the names are; none where names say all.
    pub(super) beside: Option<Beside>,
    /// How the names are written, where they say all.
    pub(super) format: Option<String>,
}

/// A column that tells a part of the times in a header.
#[derive(Clone, Copy)]
pub(super) struct Beside {
    pub(super) column: usize,
    of_cells: Part,
    of_names: Part,
}

impl Beside {
    /// Are there cells that make no time with some of the names?
    pub(super) fn may_lack_some(self) -> bool {
        matches!(self.of_cells, Part::Week | Part::DayOfYear | Part::Hour)
    }

    /// The parts of a time, the greater first.
    pub(super) fn parts<'p>(self, cell: &'p str, name: &'p str) -> [(Part, &'p str); 2] {
        let (cell, name) = ((self.of_cells, cell), (self.of_names, name));
        if matches!(self.of_names, Part::Year | Part::Date) { [name, cell] } else { [cell, name] }
    }
}

impl Header {
    /// That of a table, if names of columns that are not taken are times; columns `are_told` apart from what tells times if the
    /// one that tells series apart is known.
    pub(super) fn find(
        table: &Table,
        format: Option<&str>,
        is_taken: &dyn Fn(&str) -> bool,
        are_told: bool,
    ) -> Result<Option<Header>, Error> {
        if table.headers().len() < LEAST_NAMES {
            return Ok(None);
        }
        let header = match Header::of_times(table, format, is_taken)? {
            None => Header::of_parts(table, is_taken).or_else(|| Header::of_steps(table, is_taken, are_told)),
            found => found,
        };
        let Some(header) = header else { return Ok(None) };
        let is_number = |column: &Column<'_>| time_of(column.name()).parse::<f64>().is_ok();
        let tells_times = |column: &Column<'_>| {
            !are_told && is_told(*column) && (Part::of(column).is_some() || may_be_times(*column))
        };
        let is_strange =
            |column: Column<'_>| !is_taken(column.name()) && (is_number(&column) || tells_times(&column));
        if header.others(table).any(is_strange) {
            return Ok(None);
        }
        let of_numbers = |&&(n, _): &&(usize, String)| table.column_at(n).holds_numbers();
        let is_of_numbers = header.has_flags(table) || header.names.iter().any(|name| of_numbers(&name));
        let is_open = || Ok::<_, Error>(!are_told && !header.is_sure(table, is_taken)?);
        if !is_of_numbers || header.tells_parts(table) || is_open()? {
            return Ok(None);
        }
        if header.beside.is_none() && !header.counts_steps() {
            header.check_steps(table)?;
        }
        Ok(Some(header))
    }

    /// One whose names are whole times, or years or days whose parts a column holds.
    fn of_times(
        table: &Table,
        format: Option<&str>,
        is_taken: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Header>, Error> {
        let texts: Vec<&str> = table.headers().iter().map(|header| time_of(header)).collect();
        let found = written_alike(&texts, format);
        if found.len() < LEAST_NAMES || found.iter().any(|&n| is_taken(&table.headers()[n])) {
            return Ok(None);
        }
        let names: Vec<(usize, String)> = found.into_iter().map(|n| (n, texts[n].to_owned())).collect();
        let texts: Vec<String> = names.iter().map(|(_, text)| text.clone()).collect();
        let times = match read_times(table, &texts, format)? {
            // What counts seconds or days, or has decimals, is rather a number.
            Some(times) if !times[0].is_counted() && !times[0].is_serial() && !times[0].has_decimals() => {
                times
            }
            _ => return Ok(None),
        };
        let is_year = |text: &String| text.parse().is_ok_and(may_be_year);
        let are_years = times[0].format() == "%Y";
        if are_years && !texts.iter().all(is_year) {
            return Ok(None);
        }
        let pattern = times[0].pattern();
        let mut header = Header { names, beside: None, format: Some(times[0].format()) };
        let beside = if are_years {
            header.beside_names(table, is_taken, Part::Year)
        } else if pattern.has_day() && !pattern.has_clock() {
            header.beside_names(table, is_taken, Part::Date)
        } else {
            None
        };
        if beside.is_some() {
            (header.beside, header.format) = (beside, None);
        }
        Ok(Some(header))
    }

    /// The column of the parts of years or days that the names are, if there is one.
    fn beside_names(&self, table: &Table, is_taken: &dyn Fn(&str) -> bool, of_names: Part) -> Option<Beside> {
        let part_of = |column: Column<'_>| match (of_names, Part::of(&column)) {
            (
                Part::Year,
                Some(part @ (Part::Half | Part::Quarter | Part::Month | Part::Week | Part::DayOfYear)),
            )
            | (Part::Date, Some(part @ Part::Hour)) => Some(part),
            (Part::Year, None) if column.texts().all(is_month) => Some(Part::Month),
            _ => None,
        };
        let mut others = self.others(table).filter(|column| !is_taken(column.name()) && is_told(*column));
        let (name, of_cells) = others.find_map(|column| Some((column.name(), part_of(column)?)))?;
        let column = table.position(name)?;
        Some(Beside { column, of_cells, of_names })
    }

    /// One whose names are the months or quarters of a year that a column holds, or the hours of a day.
    fn of_parts(table: &Table, is_taken: &dyn Fn(&str) -> bool) -> Option<Header> {
        let (of_names, names) = parts_of_year(table).or_else(|| hours(table))?;
        if names.iter().any(|(n, _)| is_taken(&table.headers()[*n])) {
            return None;
        }
        let mut header = Header { names, beside: None, format: None };
        let others = || header.others(table).filter(|column| !is_taken(column.name()));
        let name = if of_names == Part::Hour {
            only(others().filter(are_days))
        } else {
            only(others().filter(|column| Part::of(column) == Some(Part::Year))).or_else(|| {
                only(others().filter(|column| may_tell_years(column.name()) && hold_years(*column)))
            })
        }?
        .name();
        let column = table.position(name)?;
        let of_cells = if of_names == Part::Hour { Part::Date } else { Part::Year };
        header.beside = Some(Beside { column, of_cells, of_names });
        Some(header)
    }

    /// Do the columns tell by 0 and 1 which month or quarter a row is of?
    fn tells_parts(&self, table: &Table) -> bool {
        let is_told = |&(n, _): &(usize, String)| {
            let values = table.column_at(n).numbers_or_gaps();
            values.is_some_and(|values| values.iter().all(|&value| value == 0.0 || value == 1.0))
        };
        self.beside.is_some() && self.names.iter().all(is_told)
    }

    /// The columns that hold no values.
    pub(super) fn others<'t>(&self, table: &'t Table) -> impl Iterator<Item = Column<'t>> {
        let beside = self.beside.map(|beside| beside.column);
        let is_other =
            move |n: usize| Some(n) != beside && self.names.binary_search_by_key(&n, |(of, _)| *of).is_err();
        table.columns().enumerate().filter(move |(n, _)| is_other(*n)).map(|(_, column)| column)
    }

    /// Refuses times that are not in order, forwards or backwards, or not at even steps.
    fn check_steps(&self, table: &Table) -> Result<(), Error> {
        let of_names = alone(table, self.names.iter().map(|(_, text)| text))?;
        let column = of_names.column(TIME)?;
        let times = match &self.format {
            Some(format) => column.times_as(format)?,
            None => column.times()?.to_vec(),
        };
        let name = |n: usize| &table.headers()[self.names[n].0];
        let way_out = |text: String| {
            let message = Message::from(format!(
                "{text}; correct them, or, if a column is to be forecast as it is, name it with "
            ));
            Err(DataError::new(table.name(), message.option("target")).into())
        };
        let is_backwards = times[0] > times[1];
        let follows = |pair: &[Time]| if is_backwards { pair[0] > pair[1] } else { pair[0] < pair[1] };
        if let Some(n) = times.windows(2).position(|pair| !follows(pair)) {
            return way_out(format!(
                "the names of {} columns are times, but in no order: {:?} stands behind {:?}",
                thousands(times.len()),
                name(n + 1),
                name(n)
            ));
        }
        if Calendar::common_frequency(column, &times, None)?.is_none() {
            let names: Vec<&String> = (0..times.len()).map(name).collect();
            return way_out(format!(
                "the names of its columns are times at no even steps: {}",
                abridged(&names)
            ));
        }
        Ok(())
    }

    /// The columns that tell the rows of one time apart, as few as may be: of text before those of whole numbers, and from the
    /// left; of a single row none.
    pub(super) fn find_id(
        &self,
        table: &Table,
        is_taken: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<String>, Error> {
        let beside: Vec<Column<'_>> =
            self.beside.iter().map(|beside| table.column_at(beside.column)).collect();
        let doubled = |id: &[Column<'_>]| first_doubled(table, &[&beside, id].concat());
        let may_tell =
            |column: &Column<'_>| is_told(*column) && !is_taken(column.name()) && !is_index(*column);
        let others = || self.others(table).filter(may_tell);
        let is_count =
            |column: &Column<'_>| column.numbers().is_ok_and(|n| n.iter().all(|n| n.fract() == 0.0));
        let mut id: Vec<Column<'_>> = others().filter(|column| !column.holds_numbers()).collect();
        for column in others().filter(is_count) {
            if doubled(&id).is_none() {
                break;
            }
            id.push(column);
        }
        if let Some(rows) = doubled(&id) {
            return Err(self.refuse_doubled(table, &id, rows));
        }
        let is_nameless = |id: &[Column<'_>], row| id.iter().all(|column| column.text(row).is_empty());
        let have_names =
            |id: &[Column<'_>]| id.is_empty() || !(0..table.num_rows()).any(|row| is_nameless(id, row));
        for n in (0..id.len()).rev() {
            let rest: Vec<Column<'_>> = [&id[..n], &id[n + 1..]].concat();
            if doubled(&rest).is_none() && have_names(&rest) {
                id = rest;
            }
        }
        Ok(id.iter().map(|column| column.name().to_owned()).collect())
    }

    /// The error about two rows that are of one series and time.
    pub(super) fn refuse_doubled(
        &self,
        table: &Table,
        id: &[Column<'_>],
        [first, second]: [usize; 2],
    ) -> Error {
        let beside = self.beside.map(|beside| table.column_at(beside.column));
        let told: Vec<Column<'_>> = id.iter().copied().chain(beside).collect();
        let names = told.iter().map(|column| format!("{:?}", column.text(second)));
        let Some(column) = told.first() else {
            let text = format!(
                "the names of {} columns are times, but no column tells the {} rows apart: add one with a name for each row, \
                 or name one with ",
                thousands(self.names.len()),
                thousands(table.num_rows()),
            );
            let message = Message::from(text).option("id").text("; if each column is a series, say ");
            let message = message.option("target").text(" all");
            return DataError::new(table.name(), message).into();
        };
        let text = format!(
            "{} stands in line {} already, and no other column tells these rows apart: keep one of them, or name columns that \
             do with ",
            listed(names, "with"),
            column.line(first)
        );
        DataError::new(column.place(second), Message::from(text).option("id")).into()
    }
}

/// May a column of this name tell years? One without a name may, as R writes them.
fn may_tell_years(name: &str) -> bool {
    time_column::is_named_like_times(name) || is_nameless(name)
}

/// Whole numbers that may well be years.
fn hold_years(column: Column<'_>) -> bool {
    column.numbers().is_ok_and(|numbers| numbers.iter().all(|&number| may_be_year(number)))
}

/// Are its cells times that tell rows apart, or days and parts of some year?
fn may_be_times(column: Column<'_>) -> bool {
    let is_named = time_column::is_named_like_times(column.name());
    if column.holds_numbers() {
        let are_in_order = |times: &[Time]| {
            times.len() > 2 && (times.is_sorted_by(|a, b| a < b) || times.is_sorted_by(|a, b| a > b))
        };
        return is_named && column.times().is_ok_and(are_in_order);
    }
    // As Eurostat names the column of places, above which the times stand.
    if eurostat::is_of_places(column) {
        return false;
    }
    let of_a_year: Vec<String> = column.texts().take(LOOKED_AT).map(|text| format!("{text}-2000")).collect();
    let are_clocks = || column.texts().all(has_clock);
    let has_digits = || column.texts().any(|text| text.contains(|c: char| c.is_ascii_digit()));
    is_named && has_digits()
        || column.is_mostly_times()
        || are_clocks()
        || mostly_times(of_a_year.iter().map(String::as_str))
}

/// Is it a column that counts rows, as data frames write it beside them?
fn is_index(column: Column<'_>) -> bool {
    is_nameless(column.name()) && panel::counts_rows(&column)
}

/// Is it a name as columns have that had none?
fn is_nameless(name: &str) -> bool {
    ["", "col1", "index", "unnamed: 0"].contains(&name.to_lowercase().as_str())
}

/// Do its cells tell one row from another?
pub(super) fn is_told(column: Column<'_>) -> bool {
    column.texts().any(|text| text != column.text(0))
}

/// The first two rows that these columns do not tell apart.
pub(super) fn first_doubled(table: &Table, columns: &[Column<'_>]) -> Option<[usize; 2]> {
    let mut first = HashMap::new();
    (0..table.num_rows()).find_map(|row| {
        let key: Vec<&str> = columns.iter().map(|column| column.text(row)).collect();
        let before = *first.entry(key).or_insert(row);
        (before != row).then_some([before, row])
    })
}
