//! Tables with a sequence in each row, its values in columns that are numbered (`t0`, `t1`, ...), as the UCR archive's text
//! files are: read as long ones.

use std::borrow::Cow;

use super::{GroupedOptions, GroupedTask};
use crate::error::{DataError, Error, Message};
use crate::table::{Column, Entry, Table};
use crate::words::counted;

/// Fewer numbered columns are no sequence.
const LEAST_VALUES: usize = 8;

/// Fewer rows are no table to tell labels from values by.
const LEAST_ROWS: usize = 4;

/// The columns of the long table.
const ID: &str = "id";
const TIME: &str = "time";
const VALUE: &str = "value";

/// What a table with a sequence in each row is made of.
struct Wide<'t> {
    table: &'t Table,
    /// The numbers of the columns of values, in order of time.
    values: Vec<usize>,
    /// The number of the column of targets, if there is one.
    target: Option<usize>,
}

impl<'t> Wide<'t> {
    /// Finds the columns, if all but the target's are numbered and hold numbers. If it is not named it is the only one that is
    /// not numbered; of columns that are all numbered, as where the file names none, `labels` chooses.
    fn find(
        table: &'t Table,
        target: Option<&str>,
        labels: impl Fn(&Table) -> Option<usize>,
    ) -> Option<Self> {
        let is_named = |n: &usize| target == Some(table.headers()[*n].as_str());
        let mut target = (0..table.headers().len()).find(is_named);
        let mut values = numbered(table.headers(), target);
        let mut others = (0..table.headers().len()).filter(|n| Some(*n) != target && !values.contains(n));
        match (others.next(), others.next()) {
            (None, None) if target.is_none() => {
                target = labels(table);
                values.retain(|n| Some(*n) != target);
            }
            (None, None) => {}
            (other, None) if target.is_none() => target = other,
            _ => return None,
        }
        let are_numbers = || values.iter().all(|&n| may_hold_numbers(table.column_at(n)));
        (values.len() >= LEAST_VALUES && are_numbers()).then_some(Wide { table, values, target })
    }

    /// The table with a row for each value, and its columns named as above: a sequence ends with its last value.
    fn long(&self) -> Result<Option<Table>, Error> {
        let (rows, length) = (self.table.num_rows(), self.values.len());
        let (Ok(_), Ok(_)) = (u32::try_from(rows), u32::try_from(self.table.headers().len())) else {
            return Ok(None);
        };
        let mut cells = Vec::with_capacity(rows * length);
        for row in 0..rows {
            let before = cells.len();
            let mut end = before;
            for (&column, time) in self.values.iter().zip(0..) {
                let values = self.table.column_at(column);
                let value = if values.is_missing(row) { f64::NAN } else { values.number(row)? };
                cells.push(Entry { row: row as u32, column: column as u32, time, value });
                if !value.is_nan() {
                    end = cells.len();
                }
            }
            cells.truncate(end);
            if end == before {
                let message = "the row is a sequence, and has no value; take it out";
                return Err(DataError::new(self.table.column_at(self.values[0]).place(row), message).into());
            }
        }
        let ids: Vec<String> = (1..=rows).map(|n| n.to_string()).collect();
        let Some(named) = self.table.with_texts(ID, &ids, &[]) else { return Ok(None) };
        // The ids stand before the other columns.
        cells.iter_mut().for_each(|cell| cell.column += 1);
        let kept: Vec<usize> = [0].into_iter().chain(self.target.map(|target| target + 1)).collect();
        let times: Vec<String> = (1..=length).map(|n| n.to_string()).collect();
        Ok(named.unpivoted(&kept, &cells, (TIME, &times), VALUE))
    }
}

/// The table to learn from, and the options that name its columns, if the table has a sequence in each row: nothing is said
/// of its columns but the target.
pub(super) fn of_training<T: GroupedTask>(
    table: &Table,
    options: &GroupedOptions,
) -> Result<Option<(Table, GroupedOptions, Message)>, Error> {
    let is_open = options.id.is_none()
        && options.features.is_none()
        && options.time.is_none()
        && options.group.is_none()
        && table.made_time().is_none();
    if !is_open || [ID, TIME, VALUE].iter().any(|name| table.has_column(name)) {
        return Ok(None);
    }
    let target = options.target.as_deref();
    if target.is_some_and(|target| !table.has_column(target)) || table.num_rows() < LEAST_ROWS {
        return Ok(None);
    }
    let Some(wide) = Wide::find(table, target, T::unnamed_target) else {
        return Ok(None);
    };
    let Some(target) = wide.target.filter(|_| are_of_one_kind(&wide)) else { return Ok(None) };
    let Some(long) = wide.long()? else { return Ok(None) };
    let target = &table.headers()[target];
    let (first, last) = (wide.values[0], wide.values[wide.values.len() - 1]);
    let text = format!(
        "{}: each of its {} is read as a sequence of the numbers in the {} {:?} to {:?}, whose target is in {target:?}; if \
         another column tells sequences apart, name it with ",
        table.name(),
        counted(table.num_rows(), "row"),
        counted(wide.values.len(), "column"),
        table.headers()[first],
        table.headers()[last],
    );
    let options = GroupedOptions {
        id: Some(ID.into()),
        target: Some(target.clone()),
        features: Some(vec![VALUE.into()]),
        time: Some(TIME.into()),
        ..options.clone()
    };
    Ok(Some((long, options, Message::from(text).option("id"))))
}

/// The table as a fitted task reads it: one with a sequence in each row as a long one, any other as it is. `must_have_target`
/// tells whether targets are needed; else a column that may be theirs is one of values if no cell is a target.
pub(super) fn as_learned<'t, T: GroupedTask>(
    task: &T,
    table: &'t Table,
    must_have_target: bool,
) -> Result<Cow<'t, Table>, Error> {
    let grouping = task.grouping();
    let is_wide = grouping.id.as_deref() == Some(ID)
        && grouping.time.as_deref() == Some(TIME)
        && matches!(grouping.features.as_slice(), [only] if only.name == VALUE);
    if !is_wide || [ID, TIME, VALUE].iter().any(|name| table.has_column(name)) {
        return Ok(Cow::Borrowed(table));
    }
    let [target] = grouping.targets.as_slice() else { return Ok(Cow::Borrowed(table)) };
    let all_values = || Wide::find(table, None, |_| None).filter(|wide| wide.target.is_none());
    let wide = match table.column(target) {
        Ok(column) if must_have_target || column.texts().any(|text| task.is_target(text)) => {
            Wide::find(table, Some(target), |_| None)
        }
        Err(missing) if must_have_target && all_values().is_some() => return Err(missing.into()),
        _ => all_values(),
    };
    Ok(match wide.map(|wide| wide.long()).transpose()?.flatten() {
        Some(long) => Cow::Owned(long),
        None => Cow::Borrowed(table),
    })
}

/// The first or the last column, if that alone holds labels: texts, or whole numbers, that many rows share.
pub(in crate::task) fn labels_at_an_end(table: &Table) -> Option<usize> {
    let is_label = |n: usize| {
        let column = table.column_at(n);
        let is_whole = |numbers: &[f64]| numbers.iter().all(|number| number.fract() == 0.0);
        let mut different: Vec<&str> = column.texts().collect();
        different.sort_unstable();
        different.dedup();
        let are_shared = (2..=table.num_rows() / 2).contains(&different.len());
        are_shared && (!may_hold_numbers(column) || column.numbers_or_gaps().is_some_and(is_whole))
    };
    let last = table.headers().len().checked_sub(1)?;
    match (is_label(0), is_label(last)) {
        (true, false) => Some(0),
        (false, true) => Some(last),
        _ => None,
    }
}

/// The columns, but one, whose names end in ascending numbers and begin alike: `t1`, `t2`; `0`, `1`.
fn numbered(headers: &[String], but: Option<usize>) -> Vec<usize> {
    let parts = |n: usize| {
        let stem = headers[n].trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        Some((stem, headers[n][stem.len()..].parse::<f64>().ok()?))
    };
    let named: Vec<(usize, (&str, f64))> =
        (0..headers.len()).filter(|n| Some(*n) != but).filter_map(|n| Some((n, parts(n)?))).collect();
    // One that differs from the others may stand before or behind them.
    let stem = named.get(named.len() / 2).map_or("", |(_, (stem, _))| stem);
    let alike: Vec<(usize, f64)> =
        named.into_iter().filter(|(_, (own, _))| *own == stem).map(|(n, (_, number))| (n, number)).collect();
    if alike.is_sorted_by(|a, b| a.1 < b.1) {
        alike.into_iter().map(|(n, _)| n).collect()
    } else {
        Vec::new()
    }
}

/// Does it hold numbers, but for a few cells? A column without a value is one where all sequences are shorter.
fn may_hold_numbers(column: Column<'_>) -> bool {
    column.holds_numbers() || column.is_mostly_numbers() || column.texts().all(str::is_empty)
}

/// Do the columns measure one thing? Then their levels lie close together beside what varies in each, or each is close to the
/// next; columns of different things, such as sensors, do neither.
fn are_of_one_kind(wide: &Wide<'_>) -> bool {
    /// So many times what varies in the middle column.
    const CLOSE: f64 = 10.0;
    /// Steps from column to column as a share of the range of levels.
    const SMOOTH: f64 = 0.15;
    let statistics = |&n: &usize| {
        let column = wide.table.column_at(n);
        let known: Vec<f64> =
            column.numbers_or_gaps()?.iter().copied().filter(|value| !value.is_nan()).collect();
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        let square = known.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / known.len() as f64;
        mean.is_finite().then_some((mean, square.sqrt()))
    };
    let found: Vec<(f64, f64)> = wide.values.iter().filter_map(statistics).collect();
    let sorted = |values: Vec<f64>| {
        let mut values = values;
        values.sort_by(f64::total_cmp);
        values
    };
    let means: Vec<f64> = found.iter().map(|(mean, _)| *mean).collect();
    let deviations = sorted(found.iter().map(|(_, deviation)| *deviation).collect());
    let steps: Vec<f64> = means.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let levels = sorted(means);
    let [lowest, .., highest] = levels.as_slice() else { return false };
    let range = highest - lowest;
    range <= CLOSE * deviations[deviations.len() / 2]
        || steps.iter().sum::<f64>() <= SMOOTH * range * steps.len() as f64
}
