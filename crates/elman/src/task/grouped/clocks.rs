//! Columns of numbers that tell when a row was, and nothing of what was then: moments, and counts that go on through the
//! whole table. What a network learned of them would be of the rows that it saw, and of no others.

use super::groups::Groups;
use crate::table::{Column, Time};
use crate::task::forecast::{has_word_of, is_named_like_counts, is_named_like_times};

/// What such a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::task) enum Clock {
    /// Seconds, or parts of them, since 1970; or dates of digits alone.
    Moments,
    /// The number of the row, or the time since the first.
    Count,
}

/// How the numbers of a column go on through all rows of a table.
#[derive(Clone, Copy, Debug)]
pub(in crate::task) struct Course {
    pub(in crate::task) rows: usize,
    /// One by one, as the rows do.
    pub(in crate::task) counts: bool,
    /// Up from row to row, where the table is a single sequence.
    pub(in crate::task) rises: bool,
}

impl Course {
    fn of(column: Column<'_>, numbers: &[f64], groups: &Groups<'_>) -> Self {
        let rises = |rows: &Vec<usize>| rows.is_sorted_by(|&a, &b| numbers[a] < numbers[b]);
        let rises = matches!(groups.rows.as_slice(), [only] if rises(only));
        Course { rows: numbers.len(), counts: counts_rows(column), rises }
    }
}

impl Clock {
    /// What a column of plain numbers holds, if it is one. A time that begins anew with each of several sequences is none:
    /// it says where in its sequence a row is, in all of them alike.
    pub(super) fn of(column: Column<'_>, groups: &Groups<'_>) -> Option<Self> {
        let numbers = column.numbers().ok()?;
        Self::told(column, groups, Course::of(column, numbers, groups))
    }

    /// The same, told by some rows that follow each other and the course of all.
    pub(in crate::task) fn told(column: Column<'_>, groups: &Groups<'_>, course: Course) -> Option<Self> {
        let numbers = column.numbers().ok()?;
        if are_moments(column, numbers, groups) {
            return Some(Clock::Moments);
        }
        counts_on(column.name(), course).then_some(Clock::Count)
    }
}

/// Are they moments by how large they are, and by their name or because they follow each other evenly?
fn are_moments(column: Column<'_>, numbers: &[f64], groups: &Groups<'_>) -> bool {
    let are_even = |rows: &Vec<usize>| rows.len() >= TELLING && are_even(numbers, rows);
    let may_be = is_named_like_times(column.name()) || groups.rows.iter().all(are_even);
    // What takes long comes last: the texts are read anew.
    let is_large = |time: &Time| time.is_counted() && !time.is_step() || time.is_of_digits();
    may_be && column.times().is_ok_and(|times| times.first().is_some_and(is_large))
}

/// So many values at even steps are no measurements by chance.
const TELLING: usize = 20;
/// By a name that counts have, fewer will do.
const TELLING_BY_NAME: usize = 3;

/// Do they rise evenly through all rows: one by one, or, by a name that says so, in any steps?
fn counts_on(name: &str, course: Course) -> bool {
    /// What counts rows or the time, beside the names that forecasts know.
    const NAMES: [&str; 14] = [
        "row", "rows", "line", "frame", "frames", "sample", "samples", "tick", "ticks", "elapsed", "seconds",
        "sec", "ms", "s",
    ];
    let is_named = is_named_like_counts(name) || has_word_of(name, &NAMES);
    let least = if is_named { TELLING_BY_NAME } else { TELLING };
    course.rows >= least && (course.counts || is_named && course.rises)
}

/// Does a column number the rows of the table?
pub(super) fn counts_rows(column: Column<'_>) -> bool {
    let numbers = column.numbers_or_gaps();
    numbers.is_some_and(|numbers| numbers.windows(2).all(|pair| pair[1] - pair[0] == 1.0))
}

/// Does the value of each of these rows stand within half a step of where even steps would have it?
fn are_even(numbers: &[f64], rows: &[usize]) -> bool {
    let (Some(&first), Some(&last)) = (rows.first(), rows.last()) else { return false };
    let step = (numbers[last] - numbers[first]) / (rows.len() - 1) as f64;
    let is_near = |(n, &row): (usize, &usize)| {
        (numbers[row] - numbers[first] - n as f64 * step).abs() <= 0.5 * step.abs()
    };
    step != 0.0 && rows.iter().enumerate().all(is_near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Table;

    /// What the first column of a table of three sequences of 30 rows is.
    fn clock(name: &str, value: impl Fn(usize) -> String, id: Option<&str>) -> Option<Clock> {
        let rows: String = (0..90).map(|n| format!("{},{},{}\n", value(n), n / 30, n % 7)).collect();
        let table = Table::read("t.csv", format!("{name},id,x\n{rows}").as_bytes()).unwrap();
        let ids: Vec<String> = id.map(str::to_owned).into_iter().collect();
        let groups = Groups::read(&table, &ids, None, None).unwrap();
        Clock::of(table.column(name).unwrap(), &groups)
    }

    #[test]
    fn moments_are_known_by_their_size() {
        let (id, moments) = (Some("id"), Some(Clock::Moments));
        for (name, value) in [
            ("timestamp", (|n| format!("{}", 1_700_000_000_000_u64 + 10 * n as u64)) as fn(usize) -> String),
            ("t", |n| format!("{}", 1_700_000_000 + n)),
            ("q", |n| format!("{:.2}", 1_700_000_000.0 + 0.02 * n as f64)),
            ("time", |n| format!("{}", 1_700_000_000 + n * n)),
            ("date", |n| format!("{}", 20_230_101 + n % 28)),
        ] {
            assert_eq!(clock(name, value, id), moments, "{name}");
        }
        // As large, but neither even nor named so.
        assert_eq!(clock("population", |n| format!("{}", 1_400_000_000 + n * n), id), None);
        // A model's year, a weight.
        assert_eq!(clock("year", |n| format!("{}", 1990 + n * 7 % 30), id), None);
        assert_eq!(clock("weight", |n| format!("{}", 100 + n * n), id), None);
    }

    #[test]
    fn counts_that_go_on_through_the_table_are_known_and_those_of_each_sequence_stay() {
        let count = Some(Clock::Count);
        for id in [None, Some("id")] {
            assert_eq!(clock("Unnamed: 0", |n| format!("{n}"), id), count);
            assert_eq!(clock("x0", |n| format!("{}", n + 1), id), count);
            assert_eq!(clock("speed", |n| format!("{}", n % 11), id), None);
            assert_eq!(clock("ramp", |n| format!("{}", 2 * n), id), None);
        }
        assert_eq!(clock("time", |n| format!("{:.2}", 0.02 * n as f64), None), count);
        assert_eq!(clock("Time (s)", |n| format!("{:.2}", 0.02 * (n * n) as f64), None), count);
        assert_eq!(clock("time", |n| format!("{:.2}", 0.02 * (n % 30) as f64), Some("id")), None);
        assert_eq!(clock("cycle", |n| format!("{}", n % 30 + 1), Some("id")), None);
    }
}
