//! Columns of whole numbers that count the steps of time: the weeks of a study, the rows of a series.

use std::collections::HashMap;

use super::panel;
use super::time_column::{has_word_of, is_named_like_times};
use crate::error::Message;
use crate::table::{Column, Table};

/// How such numbers are read: as what is counted up from nothing.
pub(super) const FORMAT: &str = "%s";

/// What columns of them are called beside the names of times.
const NAMES: [&str; 12] =
    ["step", "steps", "timestep", "t", "n", "index", "idx", "no", "nr", "obs", "observation", "id"];

/// What counts up to so much, in columns of these names, is a part of a time, which comes again.
const PARTS: [(&str, f64); 8] = [
    ("month", 12.0),
    ("monat", 12.0),
    ("quarter", 4.0),
    ("quartal", 4.0),
    ("half", 2.0),
    ("day", 366.0),
    ("tag", 366.0),
    ("week", 53.0),
];

/// What is further from nothing is a moment, or a day of digits alone.
const MOST: f64 = 1e7;

/// A series has so many rows at least.
const LEAST_ROWS: usize = 3;

/// The column of steps that are counted, among those that are not taken: all different, and hardly one left out, in the whole
/// table, or in the rows of each series that the `id` or another column tells apart.
pub(super) fn find<'a>(
    table: &'a Table,
    is_taken: impl Fn(&str) -> bool,
    id: Option<&str>,
) -> Option<Column<'a>> {
    let all: Vec<usize> = (0..table.num_rows()).collect();
    let of_series = |steps: &Column<'a>| {
        let is_key = |column: &Column<'a>| match id {
            Some(_) => panel::is_listed(id, column.name()),
            None => column.name() != steps.name() && !is_taken(column.name()),
        };
        let name = steps.name().to_lowercase();
        let counts_parts = |values: &[f64]| {
            PARTS.iter().any(|(part, most)| name == *part && values.iter().all(|n| n <= most))
        };
        !steps.numbers().is_ok_and(counts_parts)
            && table.columns().filter(is_key).any(|column| {
                let mut groups: HashMap<&str, Vec<usize>> = HashMap::new();
                column.texts().enumerate().for_each(|(row, text)| groups.entry(text).or_default().push(row));
                groups.len() > 1 && groups.values().all(|rows| count_up(*steps, rows))
            })
    };
    let may_be = |column: &Column<'a>| !is_taken(column.name()) && is_named(column.name());
    let candidates: Vec<Column<'a>> = table.columns().filter(Column::is_numeric).filter(may_be).collect();
    let numeric = table.columns().filter(|column| column.is_mostly_numbers()).count();
    // One of them is to be forecast.
    if numeric < 2 {
        return None;
    }
    let of_table = candidates.iter().find(|column| id.is_none() && count_up(**column, &all));
    of_table.or_else(|| candidates.iter().find(|column| of_series(column))).copied()
}

/// Does a column that is named as that of times hold whole numbers which are none, but may be steps?
pub(super) fn count(column: Column<'_>) -> bool {
    let may_be = |numbers: &[f64]| numbers.iter().all(|n| n.fract() == 0.0 && n.abs() <= MOST);
    column.numbers().is_ok_and(may_be) && column.times().is_err()
}

/// What is to be said of them.
pub(super) fn remark(column: Column<'_>) -> Message {
    let text = format!(
        "{}: the values are taken for steps of time that are counted; name another column of times with ",
        column.whole()
    );
    Message::from(text).option("time")
}

/// Is it named like times, or like what counts them?
pub(in crate::task) fn is_named(name: &str) -> bool {
    is_named_like_times(name) || has_word_of(name, &NAMES)
}

/// Are these rows' values whole numbers, all different, of which few are left out?
fn count_up(column: Column<'_>, rows: &[usize]) -> bool {
    let Ok(numbers) = column.numbers() else { return false };
    let mut values: Vec<f64> = rows.iter().map(|&row| numbers[row]).collect();
    values.sort_by(f64::total_cmp);
    let [first, .., last] = values[..] else { return false };
    values.len() >= LEAST_ROWS
        && first >= -MOST
        && last <= MOST
        && values.iter().all(|value| value.fract() == 0.0)
        && values.windows(2).all(|pair| pair[0] < pair[1])
        && last - first < 1.2 * values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str, id: Option<&str>) -> Option<String> {
        let table = Table::read("t.csv", text.as_bytes()).unwrap();
        find(&table, |name| name == "y", id).map(|column| column.name().to_owned())
    }

    fn rows(row: impl Fn(usize) -> String) -> String {
        (0..24).map(|n| row(n) + "\n").collect()
    }

    #[test]
    fn whole_numbers_that_count_up_are_steps() {
        let is = |name: &str| Some(name.to_owned());
        for name in ["week", "t", "Index", "time_idx"] {
            assert_eq!(found(&format!("{name},y\n{}", rows(|n| format!("{},{n}", 60 - n))), None), is(name));
        }
        // One is left out, and the order is another.
        let shuffled = rows(|n| format!("{},{}", n * 7 % 24 + usize::from(n * 7 % 24 > 9), n % 5));
        assert_eq!(found(&format!("t,y\n{shuffled}"), None), is("t"));
        // Of each of several series.
        let series = rows(|n| format!("{},{},{n}", "abc".chars().nth(n / 8).unwrap(), n % 8));
        assert_eq!(found(&format!("shop,ds,y\n{series}"), None), is("ds"));
        assert_eq!(found(&format!("shop,ds,y\n{series}"), Some("shop")), is("ds"));
        let numbered = rows(|n| format!("{},{},{n}", n % 3, n / 3));
        assert_eq!(found(&format!("store,week,y\n{numbered}"), None), None, "weeks of a year");
        assert_eq!(found(&format!("store,step,y\n{numbered}"), None), is("step"));
    }

    #[test]
    fn what_does_not_count_up_is_none() {
        for (head, row) in [
            ("size,y", (|n| format!("{},{n}", n + 1)) as fn(usize) -> String),
            ("t,y", |n| format!("{},{n}", n / 2)),
            ("t,y", |n| format!("{},{n}", n * n)),
            ("t,y", |n| format!("{}.5,{n}", n)),
            ("month,y", |n| format!("{},{n}", n % 12 + 1)),
            ("shop,month,y", |n| format!("{},{},{n}", n / 12, n % 12 + 1)),
            ("t,x", |n| format!("{n},a{n}")),
        ] {
            assert_eq!(found(&format!("{head}\n{}", rows(row)), None), None, "{head}: {}", row(3));
        }
    }
}
