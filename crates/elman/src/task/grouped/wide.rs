//! Tables with a sequence in each row, its values in columns that are numbered (`t0`, `t1`, ...), as the UCR archive's text
//! files are: read as long ones.

use std::borrow::Cow;

use super::characters;
use super::clocks::counts_rows;
use super::in_rows::{End, InRows};
use super::{GroupedOptions, GroupedTask};
use crate::error::{DataError, Error, Message};
use crate::table::{Entry, Table, TableError, stands_for_missing};
use crate::task::numbered::{LEAST_VALUES, are_of_one_kind, may_hold_numbers, numbered_by, stem, usual_stem};
use crate::words::counted;

/// Fewer rows are no table to tell labels from values by.
const LEAST_ROWS: usize = 4;

/// What columns of targets are called, where nobody names one.
const TARGETS: [&str; 5] = ["target", "class", "label", "labels", "y"];

/// The columns of the long table; that of times is not read.
pub(super) const ROW: &str = "row";
const TIME: &str = "time";
const VALUE: &str = "value";

/// A table to learn from, as a long one.
pub(super) struct Training {
    pub(super) table: Table,
    pub(super) options: GroupedOptions,
    pub(super) in_rows: InRows,
    pub(super) remark: Message,
}

/// The table to learn from, if it has a sequence in each row: nothing is said of its columns but the target.
pub(super) fn of_training<T: GroupedTask>(
    table: &Table,
    options: &GroupedOptions,
) -> Result<Option<Training>, Error> {
    let is_open = [&options.id, &options.time, &options.group].iter().all(|option| option.is_none())
        && options.features.is_none()
        && table.made_time().is_none();
    let named = options.target.as_deref();
    if !is_open || table.has_column("id") || table.num_rows() < LEAST_ROWS {
        return Ok(None);
    }
    let Some((target, stem, in_rows)) = find(table, named, T::unnamed_target) else { return Ok(None) };
    let headers = table.headers();
    let name = &headers[target];
    let values = numbered_by(headers, stem, Some(target));
    let columns = || values.iter().map(|&n| table.column_at(n));
    let are_values = columns().all(may_hold_numbers) && !columns().any(counts_rows);
    let is_free = ![ROW, TIME, VALUE].contains(&name.as_str());
    if values.len() < LEAST_VALUES || !is_free || !are_values || !are_of_one_kind(table, &values) {
        return Ok(None);
    }
    let Some(long) = long(table, &values, Some(target))? else { return Ok(None) };
    let text = format!(
        "{}: each of its {} is read as a sequence of the numbers in the {} {:?} to {:?}, whose target is in {name:?}; if a column \
         tells sequences apart, name it with ",
        table.name(),
        counted(table.num_rows(), "row"),
        counted(values.len(), "column"),
        headers[values[0]],
        headers[values[values.len() - 1]],
    );
    let options = GroupedOptions {
        id: Some(ROW.into()),
        target: Some(name.clone()),
        features: Some(vec![VALUE.into()]),
        ..options.clone()
    };
    Ok(Some(Training { table: long, options, in_rows, remark: Message::from(text).option("id") }))
}

/// The error about a table without a column of ids, with the way out for one that may have a sequence in each row.
pub(super) fn refuse(table: &Table, options: &GroupedOptions, missing: TableError) -> Error {
    let headers = table.headers();
    let numbered = usual_stem(headers).map_or(0, |stem| numbered_by(headers, stem, None).len());
    let (way_out, option) = if options.target.is_none() && numbered >= LEAST_VALUES {
        (", or, if each row is a sequence, the one of its target with ", "target")
    } else if options.features.is_none() && table.columns().any(characters::holds_texts) {
        (", or, if each row is a text, the one of texts with ", "features")
    } else {
        return missing.into();
    };
    let message = Message::from("no column is called \"id\"; name the one that tells sequences apart with ")
        .option("id")
        .text(way_out)
        .option(option);
    DataError::new(table.name(), message).into()
}

/// The number of the column of targets, how the names of all others begin, and how they are numbered; none of any other table. If the target is not named
/// it is the only other one, with a usual name, or, where all are numbered, what `unnamed` finds.
fn find<'t>(
    table: &'t Table,
    named: Option<&str>,
    unnamed: impl Fn(&Table) -> Option<usize>,
) -> Option<(usize, &'t str, InRows)> {
    let headers = table.headers();
    let named = match named {
        Some(name) => Some(table.position(name)?),
        None => None,
    };
    let stem = usual_stem(headers)?;
    let values = numbered_by(headers, stem, named);
    let mut others = (0..headers.len()).filter(|n| Some(*n) != named && !values.contains(n));
    let target = match (named, others.next(), others.next()) {
        (Some(target), None, _) => target,
        (None, Some(other), None) if TARGETS.contains(&headers[other].to_lowercase().as_str()) => other,
        (None, None, _) => unnamed(table)?,
        _ => return None,
    };
    let is_numbered = self::stem(&headers[target]).is_some_and(|(own, _)| own == stem);
    let end = match target {
        0 => Some(End::First),
        _ if target + 1 == headers.len() => Some(End::Last),
        _ => None,
    };
    let length = headers.len() - 1;
    let end = end.filter(|_| is_numbered);
    Some((target, stem, InRows::Values { stem: stem.to_owned(), length, end }))
}

/// The table as a fitted task reads it: one with a sequence in each row as a long one, any other as it is. `must_have_target`
/// tells whether targets are needed.
///
/// # Errors
/// If the columns are not numbered like those that were learned from.
pub(super) fn as_learned<'t, T: GroupedTask>(
    task: &T,
    table: &'t Table,
    must_have_target: bool,
) -> Result<Cow<'t, Table>, Error> {
    let grouping = task.grouping();
    let (Some(in_rows), [name]) = (&grouping.in_rows, grouping.targets.as_slice()) else {
        return Ok(Cow::Borrowed(table));
    };
    let headers = table.headers();
    let (stem, length, end) = match in_rows {
        InRows::Values { stem, length, end } => (stem, *length, *end),
        InRows::Text { text } => {
            table.column(text)?;
            if must_have_target {
                table.column(name)?;
            }
            let long = table
                .position(text)
                .map(|text| characters::long(table, text, table.position(name)))
                .transpose()?;
            return Ok(long.map_or(Cow::Borrowed(table), Cow::Owned));
        }
    };
    if must_have_target && end.is_none() {
        table.column(name)?;
    }
    let target = match end {
        None => table.position(name),
        Some(end) => target_at(task, table, (length, end), must_have_target)?,
    };
    let values = numbered_by(headers, stem, target);
    if values.is_empty() {
        let text = format!(
            "no column is called like {:?}, and the model has learned from rows of such columns",
            format!("{stem}1")
        );
        return Err(DataError::new(table.name(), text).into());
    }
    let Some(long) = long(table, &values, target)? else { return Ok(Cow::Borrowed(table)) };
    Ok(Cow::Owned(match target {
        // In a file of another width its name is another.
        Some(_) => long.renamed(1, name),
        None => long,
    }))
}

/// The number of the column of targets in a file without names, if it has one: it then has a column more than the sequences
/// that were learned from have values, or, where it is needed or the widths say nothing, holds targets alone.
fn target_at<T: GroupedTask>(
    task: &T,
    table: &Table,
    (length, end): (usize, End),
    must_have_target: bool,
) -> Result<Option<usize>, Error> {
    let width = table.headers().len();
    let Some(at) = end.of(width) else { return Ok(None) };
    Ok(match task.are_targets(table.column_at(at)) {
        _ if width.checked_sub(1) == Some(length) => Some(at),
        _ if width == length && !must_have_target => None,
        Some(are_targets) if must_have_target || are_targets.iter().all(|is_one| *is_one) => Some(at),
        Some(_) => None,
        None => {
            let text = format!(
                "of {} without names, one may be of targets, or none: the model has learned from {} of values and one of \
                 targets; leave as many, or write names above them in both files",
                counted(width, "column"),
                length
            );
            return Err(DataError::new(table.name(), text).into());
        }
    })
}

/// The table with a row for each value, and its columns named as above: a sequence ends with its last value.
fn long(table: &Table, values: &[usize], target: Option<usize>) -> Result<Option<Table>, Error> {
    let (rows, length) = (table.num_rows(), values.len());
    let (Ok(_), Ok(_)) = (u32::try_from(rows), u32::try_from(table.headers().len())) else {
        return Ok(None);
    };
    let mut cells = Vec::with_capacity(rows * length);
    for row in 0..rows {
        let before = cells.len();
        let mut end = before;
        for (&column, time) in values.iter().zip(0..) {
            let values = table.column_at(column);
            let is_missing = values.is_missing(row) || stands_for_missing(values.text(row));
            let value = if is_missing { f64::NAN } else { values.number(row)? };
            // The ids will stand before the other columns.
            cells.push(Entry { row: row as u32, column: column as u32 + 1, time, value });
            if !value.is_nan() {
                end = cells.len();
            }
        }
        cells.truncate(end);
        if end == before {
            let message = "the row is a sequence, and has no value; take it out";
            return Err(DataError::new(table.column_at(values[0]).place(row), message).into());
        }
    }
    let ids: Vec<String> = (1..=rows).map(|n| n.to_string()).collect();
    let Some(with_ids) = table.with_texts(ROW, &ids, &[]) else { return Ok(None) };
    let kept: Vec<usize> = [0].into_iter().chain(target.map(|target| target + 1)).collect();
    let times: Vec<String> = (1..=length).map(|n| n.to_string()).collect();
    Ok(with_ids.unpivoted(&kept, &cells, (TIME, &times), VALUE))
}

/// The first or the last column, if it holds labels: texts, or whole numbers, that many rows share; of two the one that has
/// far fewer.
pub(in crate::task) fn labels_at_an_end(table: &Table) -> Option<usize> {
    /// So many times fewer.
    const FEWER: usize = 3;
    let labels = |n: usize| {
        let column = table.column_at(n);
        let is_whole = |numbers: &[f64]| numbers.iter().all(|number| number.fract() == 0.0);
        let mut different: Vec<&str> = column.texts().collect();
        different.sort_unstable();
        different.dedup();
        let are_shared = (2..=table.num_rows() / 2).contains(&different.len());
        let may_be = !may_hold_numbers(column) || column.numbers_or_gaps().is_some_and(is_whole);
        Some(different.len()).filter(|_| are_shared && may_be)
    };
    let last = table.headers().len().checked_sub(1)?;
    match (labels(0), labels(last)) {
        (Some(_), None) => Some(0),
        (None, Some(_)) => Some(last),
        (Some(first), Some(other)) if first * FEWER <= other => Some(0),
        (Some(first), Some(other)) if other * FEWER <= first => Some(last),
        _ => None,
    }
}
