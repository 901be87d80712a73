//! Which columns tell the series of a long table apart, where nobody names them.

use std::collections::{HashMap, HashSet};

use jiff::civil::DateTime;

use crate::calendar::{Calendar, is_clock_change};
use crate::error::{DataError, Error, Message};
use crate::table::{Column, Table, Time, is_clock};
use crate::task::forecast::ForecastOptions;
use crate::task::forecast::covariates::Named;
use crate::task::forecast::time_column::is_named_like_times;

/// A table of series has each time in several rows: this share of them, at the least, must be repetitions for a column
/// to be looked for that tells series apart. A clock that is put back repeats fewer.
const REPEATED: f64 = 0.1;

/// A column that tells series apart may leave one row of so many doubled.
const MOST_DOUBLED: usize = 20;

/// Columns that may tell series apart only together are looked for among so many.
const CANDIDATES: usize = 8;

/// Where times repeat: the first column, or pair of columns, that tells rows of the same time apart, and leaves a
/// column of numbers to forecast. Where they do not: see [`find_steps`]. Where few do: the first column of text that tells apart
/// series whose rows follow each other without a gap.
pub(super) fn find_id(
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
    let is_other = |column: &Column<'_>| {
        column.name() != time && Some(column.name()) != target && !covariates.varies(column.name())
    };
    let others: Vec<Column<'_>> = table.columns().filter(is_other).collect();
    let rows = table.num_rows();
    let repetitions = rows - first_rows.len();
    let Some((first, second)) = repeated.filter(|_| repetitions as f64 >= REPEATED * rows as f64) else {
        let mut texts = others.iter().copied().filter(|column| !column.holds_numbers());
        let found = match repetitions {
            0 => find_steps(times, &others),
            // Few may be the hours of clocks that were put back.
            _ if timezone.is_some() || doubles_are_of_clocks(times) => None,
            _ => texts.find(|column| are_unbroken(times, *column) && tells_apart(times, &[*column])),
        };
        return Ok(found.map(|column| vec![column.name().to_owned()]));
    };
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
    let is_count = |column: &Column<'_>| {
        column.numbers_or_gaps().is_some_and(|values| values.iter().all(|v| v.is_nan() || v.fract() == 0.0))
    };
    let mut singles: Vec<Column<'_>> = text.into_iter().chain(codes).collect();
    singles.extend(columns.iter().copied().filter(is_count));
    singles.truncate(CANDIDATES);
    let pairs =
        singles.iter().enumerate().flat_map(|(n, &a)| singles[n + 1..].iter().map(move |&b| vec![a, b]));
    singles.iter().map(|&column| vec![column]).chain(pairs).collect()
}

/// Do columns among these, or those that the `id` names, tell rows of the same time apart?
pub(in crate::task::forecast) fn may_be_series(
    times: Column<'_>,
    others: &[Column<'_>],
    id: &[Column<'_>],
) -> bool {
    let named = (!id.is_empty()).then(|| id.to_vec());
    named.into_iter().chain(candidates(others)).any(|id| tells_apart(times, &id))
}

/// Where no time repeats, but rows follow each other by no plain step: the first of these columns that tells apart series whose
/// rows do; one of text, or, where all rows make a timetable, one of few whole numbers. Two sensors, each at minutes of its own,
/// are no timetable.
fn find_steps<'t>(times: Column<'_>, others: &[Column<'t>]) -> Option<Column<'t>> {
    /// More series than these are no few numbers.
    const FEW: usize = 50;
    let all = times.times().ok()?;
    let frequency = |rows: &[Time]| Calendar::common_frequency(times, rows, None).ok().flatten();
    let of_all = frequency(all);
    if of_all.as_ref().is_some_and(|frequency| !frequency.is_timetable()) {
        return None;
    }
    let tells_apart = |column: &Column<'_>, are_plain: bool| {
        let follow =
            |rows: &[Time]| frequency(rows).is_some_and(|frequency| !are_plain || !frequency.is_timetable());
        let series = series_of(*column, all);
        (2..=if are_plain { FEW } else { usize::MAX }).contains(&series.len())
            && series.values().all(|rows| rows.len() > 2 && follow(rows))
    };
    let (numbers, texts): (Vec<Column<'t>>, Vec<Column<'t>>) =
        others.iter().copied().partition(|column| column.holds_numbers());
    let is_code = |column: &Column<'_>| {
        let Ok(numbers) = column.numbers() else { return false };
        let is = |part: fn(DateTime) -> i8| {
            all.iter().zip(numbers).all(|(time, &number)| f64::from(part(time.stamp())) == number)
        };
        // The hour, the minute or the day of each time is no name of a series.
        let is_part = is(DateTime::hour) || is(DateTime::minute) || is(DateTime::day);
        numbers.iter().all(|number| number.fract() == 0.0) && !is_part && !is_named_like_times(column.name())
    };
    texts.into_iter().find(|column| tells_apart(column, false)).or_else(|| {
        of_all.and_then(|_| numbers.into_iter().find(|column| is_code(column) && tells_apart(column, true)))
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
pub(in crate::task::forecast) fn are_unbroken(times: Column<'_>, column: Column<'_>) -> bool {
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
