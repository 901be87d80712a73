//! The series of a table, each as a table of its own, and what is said of those that are left out.

use std::borrow::Cow;
use std::collections::HashMap;

use super::Layout;
use crate::error::{DataError, Error, Message};
use crate::table::{Column, Table};
use crate::task::forecast::covariates::Named;
use crate::words::thousands;

/// One series of a table, as a table of its own.
pub(in crate::task::forecast) struct Member<'a> {
    /// What tells it from the others: a cell of each id column, or the name of its column; nothing of a single one.
    pub(in crate::task::forecast) id: Vec<String>,
    pub(in crate::task::forecast) table: Cow<'a, Table>,
    /// Its column of values.
    pub(in crate::task::forecast) target: String,
    /// Where its rows stand in the table of all series.
    pub(in crate::task::forecast) rows: Vec<usize>,
}

/// The series of a table, in order of first appearance.
pub(in crate::task::forecast) fn members<'a>(
    table: &'a Table,
    layout: &Layout,
    target: &str,
    time: Option<&str>,
    covariates: &Named,
) -> Result<Vec<Member<'a>>, Error> {
    match layout {
        Layout::Single => {
            let (id, target) = (Vec::new(), target.to_owned());
            Ok(vec![Member {
                id,
                table: Cow::Borrowed(table),
                target,
                rows: (0..table.num_rows()).collect(),
            }])
        }
        Layout::Long(id) => long(table, id, target, time),
        Layout::Wide(columns) => wide(table, columns, time, covariates),
    }
}

fn long<'a>(
    table: &'a Table,
    id: &[String],
    target: &str,
    time: Option<&str>,
) -> Result<Vec<Member<'a>>, Error> {
    let columns = id.iter().map(|id| Ok(table.column(id)?.names().0)).collect::<Result<Vec<_>, Error>>()?;
    let mut places: HashMap<Vec<&str>, usize> = HashMap::new();
    let mut series: Vec<(Vec<&str>, Vec<usize>)> = Vec::new();
    for row in 0..table.num_rows() {
        let key: Vec<&str> = columns.iter().map(|names| names[row]).collect();
        if key.iter().all(|name| name.is_empty()) {
            let message =
                "the cell is empty; write there to which series the row belongs, or take the row out";
            return Err(DataError::new(table.column(&id[0])?.place(row), message).into());
        }
        let place = *places.entry(key.clone()).or_insert_with(|| {
            series.push((key, Vec::new()));
            series.len() - 1
        });
        series[place].1.push(row);
    }
    let kept = column_numbers(table, time.into_iter().chain([target]))?;
    let member = |(id, rows): (Vec<&str>, Vec<usize>)| {
        let id: Vec<String> = id.into_iter().map(str::to_owned).collect();
        let name = format!("{}, series {:?}", table.name(), name_of(&id));
        Member { table: Cow::Owned(table.select(name, &kept, &rows)), id, target: target.to_owned(), rows }
    };
    Ok(series.into_iter().map(member).collect())
}

fn wide<'a>(
    table: &'a Table,
    columns: &[String],
    time: Option<&str>,
    covariates: &Named,
) -> Result<Vec<Member<'a>>, Error> {
    let are_named = !columns.is_empty();
    let columns: Vec<Column<'_>> = if columns.is_empty() {
        let is_series = |column: &Column<'_>| {
            Some(column.name()) != time
                && !covariates.contains(column.name())
                && (column.holds_numbers() || column.is_mostly_numbers())
        };
        table.columns().filter(is_series).collect()
    } else {
        columns.iter().map(|column| table.column(column)).collect::<Result<_, _>>()?
    };
    let (mut members, mut is_any_known) = (Vec::new(), false);
    for column in columns {
        // A series begins after the empty cells at the top of its column and ends before those at the bottom.
        let known = |row: &usize| !column.is_missing(*row);
        let rows = 0..table.num_rows();
        let ends = rows.clone().find(known).zip(rows.rev().find(known));
        is_any_known |= ends.is_some();
        let rows: Vec<usize> = match ends {
            Some((first, _)) if covariates.have_future() => (first..table.num_rows()).collect(),
            Some((first, last)) => (first..=last).collect(),
            // One that was asked for is left out for want of rows, with a remark; a table has one at least.
            None if are_named => vec![0],
            None => continue,
        };
        let kept = column_numbers(table, time.into_iter().chain([column.name()]))?;
        members.push(Member {
            id: vec![column.name().to_owned()],
            table: Cow::Owned(table.select(table.name().to_owned(), &kept, &rows)),
            target: column.name().to_owned(),
            rows,
        });
    }
    if !is_any_known {
        return Err(DataError::new(table.name(), "has no column of numbers to forecast; add one").into());
    }
    Ok(members)
}

fn column_numbers<'n>(table: &Table, names: impl Iterator<Item = &'n str>) -> Result<Vec<usize>, Error> {
    let number = |name: &str| {
        let column = table.column(name)?;
        Ok(table.position(column.name()).unwrap_or_default())
    };
    names.map(number).collect()
}

/// A series' name in words.
pub(in crate::task::forecast) fn name_of(id: &[String]) -> String {
    id.join(", ")
}

/// What is to be said of series that are left out: `3 series are left out, first "a": ...`; nothing of none.
pub(in crate::task::forecast) fn left_out<'a>(
    names: impl ExactSizeIterator<Item = &'a [String]>,
    why: &str,
) -> Option<Message> {
    remark_on_some(names, "left out", why)
}

/// As [`left_out`], of series that a test does without.
pub(in crate::task::forecast) fn not_tested<'a>(
    names: impl ExactSizeIterator<Item = &'a [String]>,
    why: &str,
) -> Option<Message> {
    remark_on_some(names, "not tested", why)
}

fn remark_on_some<'a>(
    mut names: impl ExactSizeIterator<Item = &'a [String]>,
    what: &str,
    why: &str,
) -> Option<Message> {
    let count = names.len();
    let first = names.next()?;
    let is = if count == 1 { "is" } else { "are" };
    Some(format!("{} series {is} {what}, first {:?}: {why}", thousands(count), name_of(first)).into())
}
