//! The series of a table: one column, rows that other columns tell apart, or several columns.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::ForecastOptions;
use super::covariates::Named;
use crate::calendar::{Calendar, is_clock_change};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::table::{Column, Table, Time, is_clock, mostly_times};
use crate::words::{listed, thousands};

/// What `target` is to be for every column of numbers to be a series.
const ALL: &str = "all";

/// The column that tells series apart by the convention of long tables, which needs no second look.
const USUAL_ID: &str = "unique_id";

/// The column to forecast or to learn, by the name that it has where several could be.
const USUAL_TARGET: &str = "target";

/// Names that an error lists at the most.
const LISTED: usize = 8;

/// A table of series has each time in several rows: this share of them, at the least, must be repetitions for a column
/// to be looked for that tells series apart. A clock that is put back repeats fewer.
const REPEATED: f64 = 0.1;

/// A column that tells series apart may leave one row of so many doubled.
const MOST_DOUBLED: usize = 20;

/// Columns that may tell series apart only together are looked for among so many.
const CANDIDATES: usize = 8;

/// How a table holds its series.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Layout {
    /// One series: a column of values.
    #[default]
    Single,
    /// A column of values, whose rows these columns tell apart: a long table.
    Long(Vec<String>),
    /// A column for each series, these or, if none is named, all of numbers: a wide table.
    Wide(Vec<String>),
}

impl Layout {
    pub(super) fn is_single(&self) -> bool {
        *self == Layout::Single
    }
}

/// One series of a table, as a table of its own.
pub(super) struct Member<'a> {
    /// What tells it from the others: a cell of each id column, or the name of its column; nothing of a single one.
    pub(super) id: Vec<String>,
    pub(super) table: Cow<'a, Table>,
    /// Its column of values.
    pub(super) target: String,
    /// Where its rows stand in the table of all series.
    pub(super) rows: Vec<usize>,
}

/// What a table turned out to be.
pub(super) struct Found {
    pub(super) layout: Layout,
    /// The column of values; of a wide table what is said of its columns together.
    pub(super) target: String,
    pub(super) remarks: Vec<Message>,
}

/// Finds out how a table holds its series, which are beside these covariates; the `known` columns tell them apart, if it is
/// known which do.
pub(super) fn find(
    table: &Table,
    options: &ForecastOptions,
    known: Option<Vec<String>>,
    time: Option<&str>,
    covariates: &Named,
) -> Result<Found, Error> {
    let mut remarks = Vec::new();
    let id = match (known, &options.id) {
        (Some(known), _) => known,
        (None, Some(id)) => names(table, id)?,
        (None, None) if table.has_column(USUAL_ID) => vec![USUAL_ID.to_owned()],
        (None, None) => match find_id(table, options, time, covariates)? {
            None => Vec::new(),
            Some(id) => {
                let columns = listed(id.iter().map(|id| format!("{id:?}")), "and");
                let message =
                    Message::from(format!("the rows hold several series, told apart by {columns}: "));
                remarks.push(message.option("id").text(" names other columns"));
                id
            }
        },
    };
    let holds_times = |column: Column<'_>| !column.holds_numbers() && column.is_mostly_times();
    let is_distinct = |column: Column<'_>| {
        let mut seen = HashSet::new();
        column.texts().all(|text| seen.insert(text))
    };
    // A column that is named as id is not taken for the times by itself.
    let tells_times = |column| time.is_none() && holds_times(column) && is_distinct(column);
    let is_time = |id: &str| Some(id) == time || table.column(id).is_ok_and(tells_times);
    if let Some(both) = id.iter().find(|id| is_time(id)) {
        let message = format!("names the column {both:?} of times, which cannot tell series apart");
        return Err(ConfigError::new("id", message).into());
    }
    let is_value = |column: &Column<'_>| {
        let name = column.name();
        Some(name) != time && !id.iter().any(|id| id == name) && !covariates.contains(name)
    };
    let is_time = |target: &str| Some(target) == time || table.column(target).is_ok_and(holds_times);
    if let Some(target) =
        options.target.as_deref().filter(|target| table.has_column(target) && is_time(target))
    {
        let message = format!(
            "names the column {target:?} of times, which cannot be forecast; name a column of numbers"
        );
        return Err(ConfigError::new("target", message).into());
    }
    let target = match &options.target {
        Some(target) if table.has_column(target) => target.clone(),
        Some(target) if id.is_empty() && target == ALL => {
            return Ok(Found { layout: Layout::Wide(Vec::new()), target: target.clone(), remarks });
        }
        Some(target) if id.is_empty() && target.contains(',') => {
            let columns = names(table, target)?;
            return Ok(Found { layout: Layout::Wide(columns), target: target.clone(), remarks });
        }
        Some(target) => table.column(target)?.name().to_owned(),
        None => only_number_column(
            table,
            is_value,
            covariates.have_future(),
            id.is_empty(),
            options.time.is_some(),
        )?,
    };
    for column in &id {
        remarks.extend(table.column(column)?.names().1);
    }
    let layout = if id.is_empty() { Layout::Single } else { Layout::Long(id) };
    Ok(Found { layout, target, remarks })
}

/// A column of this name, or several with commas between.
pub(super) fn names(table: &Table, text: &str) -> Result<Vec<String>, Error> {
    if table.has_column(text) {
        return Ok(vec![text.to_owned()]);
    }
    let names = text.split(',').map(|name| Ok(table.column(name.trim())?.name().to_owned()));
    names.collect()
}

/// Is a column one of those that a list such as an id's, of one name or several with commas between, names?
pub(super) fn is_listed(list: Option<&str>, name: &str) -> bool {
    list.is_some_and(|list| list.split(',').any(|listed| listed.trim() == name))
}

/// Where times repeat: the first column, or pair of columns, that tells rows of the same time apart, and leaves a
/// column of numbers to forecast. Where they do not: see [`find_steps`].
fn find_id(
    table: &Table,
    options: &ForecastOptions,
    time: Option<&str>,
    covariates: &Named,
) -> Result<Option<Vec<String>>, Error> {
    let (target, timezone) = (options.target.as_deref(), options.timezone.as_deref());
    let Some(time) = time else { return Ok(None) };
    let times = table.column(time)?;
    let mut first_rows = HashMap::new();
    let mut repeated = None;
    for (row, text) in times.texts().enumerate() {
        match first_rows.entry(text) {
            std::collections::hash_map::Entry::Vacant(entry) => _ = entry.insert(row),
            std::collections::hash_map::Entry::Occupied(entry) => {
                repeated.get_or_insert((*entry.get(), row));
            }
        }
    }
    let rows = table.num_rows();
    let repetitions = rows - first_rows.len();
    let Some((first, second)) = repeated.filter(|_| repetitions as f64 >= REPEATED * rows as f64) else {
        // Few may be the hours of clocks that were put back.
        return Ok(match repetitions {
            0 => find_steps(table, target, times, covariates),
            _ if timezone.is_some() || doubles_are_of_clocks(times) => None,
            _ => find_unbroken(table, target, times, covariates),
        });
    };
    let is_other = |column: &Column<'_>| {
        column.name() != time && Some(column.name()) != target && !covariates.varies(column.name())
    };
    let others: Vec<Column<'_>> = table.columns().filter(is_other).collect();
    if let Some(clock) = others.iter().find(|column| column.texts().all(is_clock)) {
        let text = format!(
            "{} stands in line {} already, and column {:?} holds times of day: join both to one column, as in {:?}, or name \
             a column that tells series apart with ",
            times.text(second),
            times.line(first),
            clock.name(),
            format!("{} {}", times.text(second), clock.text(second))
        );
        return Err(DataError::new(times.place(second), Message::from(text).option("id")).into());
    }
    let leaves_target = |id: &[Column<'_>]| {
        target.is_some()
            || others.iter().any(|c| c.is_mostly_numbers() && id.iter().all(|id| id.name() != c.name()))
    };
    let all: Vec<_> = candidates(&others).into_iter().filter(|id| leaves_target(id)).collect();
    let found = all.iter().find(|id| tells_apart(times, id));
    // A row that stands twice in a series is told when that is read.
    let tells_most_apart = |id: &&Vec<Column<'_>>| {
        let doubled = doubled(times, id, rows / MOST_DOUBLED).filter(|_| id.len() == 1);
        doubled.is_some_and(|doubled| 2 * doubled < repetitions) && are_unbroken(times, id[0])
    };
    match found.or_else(|| all.iter().find(tells_most_apart)) {
        Some(id) => Ok(Some(id.iter().map(|column| column.name().to_owned()).collect())),
        None => {
            if let Some((column, row)) = others.iter().find_map(|column| merged(times, *column)) {
                let text = format!(
                    "the cell is empty below {:?}, as where cells are merged in a spreadsheet; write in each row to which \
                     series it belongs",
                    column.text(row - 1)
                );
                return Err(DataError::new(column.place(row), text).into());
            }
            let text = format!(
                "{} stands in line {} already, and no column tells the series apart to which the rows may belong: name \
                 one with ",
                times.text(second),
                times.line(first)
            );
            let message = Message::from(text)
                .option("id")
                .text(", or keep one row of each time; if these are no times, name those with ");
            let message = message.option("time").text(" or take the column out");
            Err(DataError::new(times.place(second), message).into())
        }
    }
}

/// The columns and pairs of columns that may tell series apart: of text before those of which a few cells are none, and those
/// before whole numbers; and from the left.
fn candidates<'t>(columns: &[Column<'t>]) -> Vec<Vec<Column<'t>>> {
    let is_text = |column: &&Column<'_>| !column.holds_numbers();
    let (codes, text): (Vec<Column<'_>>, Vec<Column<'_>>) =
        columns.iter().filter(is_text).partition(|column| column.is_mostly_numbers());
    let is_count = |column: &&Column<'_>| {
        column.numbers_or_gaps().is_some_and(|values| values.iter().all(|v| v.is_nan() || v.fract() == 0.0))
    };
    let mut singles: Vec<Column<'_>> = text.into_iter().chain(codes).collect();
    singles.extend(columns.iter().copied().filter(|column| is_count(&column)));
    singles.truncate(CANDIDATES);
    let pairs =
        singles.iter().enumerate().flat_map(|(n, &a)| singles[n + 1..].iter().map(move |&b| vec![a, b]));
    singles.iter().map(|&column| vec![column]).chain(pairs).collect()
}

/// Do columns among these, or those that the `id` names, tell rows of the same time apart?
pub(super) fn may_be_series(times: Column<'_>, others: &[Column<'_>], id: &[Column<'_>]) -> bool {
    let named = (!id.is_empty()).then(|| id.to_vec());
    named.into_iter().chain(candidates(others)).any(|id| tells_apart(times, &id))
}

/// Where no time repeats, but rows follow each other by no step: the first column of text that tells apart series whose
/// rows do.
fn find_steps(
    table: &Table,
    target: Option<&str>,
    times: Column<'_>,
    covariates: &Named,
) -> Option<Vec<String>> {
    let all = times.times().ok()?;
    let follow = |rows: &[Time]| matches!(Calendar::common_frequency(times, rows, None), Ok(Some(_)));
    if follow(all) {
        return None;
    }
    let tells_steps_apart = |column: &Column<'_>| {
        let series = series_of(*column, all);
        series.len() > 1 && series.values().all(|rows| rows.len() > 2 && follow(rows))
    };
    let mut others = texts_beside(table, target, times, covariates);
    others.find(tells_steps_apart).map(|found| vec![found.name().to_owned()])
}

/// Where few times repeat: the first column of text that tells apart series whose rows follow each other without a gap.
fn find_unbroken(
    table: &Table,
    target: Option<&str>,
    times: Column<'_>,
    covariates: &Named,
) -> Option<Vec<String>> {
    let mut others = texts_beside(table, target, times, covariates);
    let found = others.find(|column| are_unbroken(times, *column) && tells_apart(times, &[*column]))?;
    Some(vec![found.name().to_owned()])
}

/// The columns of text beside the times and what is forecast or seen.
fn texts_beside<'t>(
    table: &'t Table,
    target: Option<&str>,
    times: Column<'_>,
    covariates: &Named,
) -> impl Iterator<Item = Column<'t>> {
    table.columns().filter(move |column| {
        let name = column.name();
        !column.holds_numbers() && name != times.name() && Some(name) != target && !covariates.varies(name)
    })
}

/// The times of each series that a column tells apart.
fn series_of<'t>(column: Column<'t>, times: &[Time]) -> HashMap<&'t str, Vec<Time>> {
    let mut series: HashMap<&str, Vec<Time>> = HashMap::new();
    for (text, &time) in column.texts().zip(times) {
        series.entry(text).or_default().push(time);
    }
    series
}

/// Does a column tell several series apart, each of three rows or more that follow each other without a gap?
pub(super) fn are_unbroken(times: Column<'_>, column: Column<'_>) -> bool {
    let Ok(all) = times.times() else { return false };
    let series = series_of(column, all);
    let is_unbroken = |rows: &Vec<Time>| {
        let mut seen = HashSet::new();
        let rows: Vec<Time> = rows.iter().copied().filter(|time| seen.insert(time.stamp())).collect();
        let calendar = Calendar::with_gaps(times, &rows, None, None);
        rows.len() > 2 && calendar.is_ok_and(|calendar| calendar.gaps().is_empty())
    };
    series.len() > 1 && series.values().all(is_unbroken)
}

/// Are all times that repeat in hours in which clocks are put back?
fn doubles_are_of_clocks(times: Column<'_>) -> bool {
    let mut seen = HashSet::new();
    let stamps = |times: &[Time]| times.iter().map(|time| time.stamp()).collect::<Vec<_>>();
    let stamps = times.times().map(stamps).unwrap_or_default();
    stamps.into_iter().filter(|stamp| !seen.insert(*stamp)).all(is_clock_change)
}

/// Has every series of these columns each time once, and are there at least two rows to a series on average?
fn tells_apart(times: Column<'_>, id: &[Column<'_>]) -> bool {
    doubled(times, id, 0) == Some(0)
}

/// How many rows of a series of these columns have a time that another has; none if there are more than `most` or fewer
/// than two rows to a series on average.
fn doubled(times: Column<'_>, id: &[Column<'_>], most: usize) -> Option<usize> {
    let (mut seen, mut series, mut doubled) = (HashSet::new(), HashSet::new(), 0);
    for (row, time) in times.texts().enumerate() {
        let key: Vec<&str> = id.iter().map(|column| column.text(row)).collect();
        series.insert(key.clone());
        doubled += usize::from(!seen.insert((time, key)));
        if doubled > most {
            return None;
        }
    }
    (2 * series.len() <= seen.len()).then_some(doubled)
}

/// A column that would tell series apart if its empty cells said the same as those above them, and the first of those.
fn merged<'t>(times: Column<'_>, column: Column<'t>) -> Option<(Column<'t>, usize)> {
    if column.is_mostly_numbers() {
        return None;
    }
    let first = column.texts().position(str::is_empty).filter(|&row| row > 0)?;
    let (mut seen, mut above) = (HashSet::new(), "");
    let tells_apart = times.texts().zip(column.texts()).all(|(time, text)| {
        above = if text.is_empty() { above } else { text };
        seen.insert((time, above))
    });
    tells_apart.then_some((column, first))
}

/// The one column of numbers among those of values; of several, the one of the usual name. A cell that is empty or no number
/// does not make it another, but is told where it stands.
fn only_number_column(
    table: &Table,
    is_free: impl Fn(&Column<'_>) -> bool,
    have_future: bool,
    may_be_wide: bool,
    time_is_named: bool,
) -> Result<String, Error> {
    let others: Vec<Column<'_>> = table.columns().filter(is_free).collect();
    // Rows to come have no value yet.
    let is_value = |column: &&Column<'_>| column.is_mostly_numbers() || have_future && column.holds_numbers();
    if let [only] = others[..] {
        return Ok(only.name().to_owned());
    }
    let numeric: Vec<&str> = others.iter().filter(is_value).map(|column| column.name()).collect();
    if numeric.contains(&USUAL_TARGET) {
        return Ok(USUAL_TARGET.to_owned());
    }
    if let [only] = numeric[..] {
        if counts_rows(&table.column(only)?) {
            let text = format!(
                "{only:?} is the only column of numbers, and counts the rows; write the values of another as numbers, or, if \
                 this is what to forecast, name it with "
            );
            return Err(DataError::new(table.name(), Message::from(text).option("target")).into());
        }
        return Ok(only.to_owned());
    }
    let no_index: Vec<&str> = others
        .iter()
        .filter(|column| is_value(column) && !counts_rows(column))
        .map(|column| column.name())
        .collect();
    if let [only] = no_index[..] {
        return Ok(only.to_owned());
    }
    if numeric.is_empty() {
        return Err(DataError::new(table.name(), "has no column of numbers to forecast; add one").into());
    }
    let more = match numeric.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let text = format!(
        "{} columns of numbers could be forecast ({}{more}); name one with ",
        numeric.len(),
        numeric[..numeric.len().min(LISTED)].join(", ")
    );
    let mut message = Message::from(text).option("target");
    if may_be_wide {
        message = message.text(", or several with commas between, or all");
    }
    if are_times(&numeric) {
        message = message.text("; if their names are times, ");
        if time_is_named {
            message = message.text("leave out ").option("time").text(", or ");
        }
        message = message.text("give each a row of its own, with its value beside it");
    }
    Err(DataError::new(table.name(), message).into())
}

/// Do these columns have times for names, or months or quarters of some year?
fn are_times(names: &[&str]) -> bool {
    let of_a_year: Vec<String> = names.iter().map(|name| format!("{name} 2000")).collect();
    names.len() > 2
        && (mostly_times(names.iter().copied()) || mostly_times(of_a_year.iter().map(String::as_str)))
}

/// Are the cells 0, 1, 2 and so on, or 1, 2, 3: an index, as data frames write one?
pub(super) fn counts_rows(column: &Column<'_>) -> bool {
    let Ok(values) = column.numbers() else { return false };
    let counts_from = |first: f64| values.iter().enumerate().all(|(row, &value)| value == first + row as f64);
    values.len() > 1 && (counts_from(0.0) || counts_from(1.0))
}

/// The series of a table, in order of first appearance.
pub(super) fn members<'a>(
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
        Ok(table.headers().iter().position(|header| header == column.name()).unwrap_or_default())
    };
    names.map(number).collect()
}

/// A series' name in words.
pub(super) fn name_of(id: &[String]) -> String {
    id.join(", ")
}

/// What is to be said of series that are left out: `3 series are left out, first "a": ...`; nothing of none.
pub(super) fn left_out<'a>(names: impl ExactSizeIterator<Item = &'a [String]>, why: &str) -> Option<Message> {
    remark_on_some(names, "left out", why)
}

/// As [`left_out`], of series that a test does without.
pub(super) fn not_tested<'a>(
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
