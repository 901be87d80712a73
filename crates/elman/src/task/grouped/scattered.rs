//! Sequences whose rows stand in several places of the table: perhaps several sequences, which another column tells apart.

use std::ops::Range;

use super::groups::{Groups, tell_apart};
use crate::error::Message;
use crate::table::{Column, Table};
use crate::words::quoted;

/// Rows that stand together are so many on average; rows of several sequences in turn are of one table of times.
const LONG: usize = 3;

/// What is to be said of a column of ids whose rows stand in several places, each of which other columns, that are not
/// `taken` for another purpose, tell apart from the others of the same id.
pub(super) fn remark(table: &Table, groups: &Groups<'_>, ids: &[String], taken: &[&str]) -> Option<Message> {
    let [id] = ids else { return None };
    let sequence = groups.rows.iter().position(|rows| !stand_together(rows))?;
    let stretches = stretches(groups);
    if table.num_rows() < LONG * stretches.len() {
        return None;
    }
    let says_one_thing = |column: &Column<'_>, rows: &Range<usize>| {
        rows.clone().all(|row| column.text(row) == column.text(rows.start))
    };
    let mut free: Vec<Column<'_>> = table
        .columns()
        .filter(|column| !taken.contains(&column.name()))
        .filter(|column| stretches.iter().all(|(_, rows)| says_one_thing(column, rows)))
        .collect();
    // The fewest columns that make each stretch a sequence of its own.
    let mut told: Vec<usize> = stretches.iter().map(|(n, _)| *n).collect();
    let (mut count, mut found) = (groups.len(), Vec::new());
    while count < stretches.len() {
        let with = |(n, column): (usize, &Column<'_>)| {
            let mut told = told.clone();
            let count = tell_apart(&mut told, stretches.iter().map(|(_, rows)| column.text(rows.start)));
            (count, n, told)
        };
        let most = free.iter().enumerate().map(with).reduce(|a, b| if b.0 > a.0 { b } else { a })?;
        if most.0 == count {
            return None;
        }
        (count, told) = (most.0, most.2);
        found.push(free.swap_remove(most.1).name());
    }
    let places = stretches.iter().filter(|(n, _)| *n == sequence).count();
    let text = format!(
        "{}: the rows of {id} {:?} stand in {places} places, each with another {}; if these tell sequences apart as well, name \
         all with ",
        table.name(),
        groups.name(sequence),
        quoted(&found),
    );
    found.push(id);
    Some(Message::from(text).option("id").text(format!(" {}", found.join(","))))
}

fn stand_together(rows: &[usize]) -> bool {
    let (Some(first), Some(last)) = (rows.iter().min(), rows.iter().max()) else { return true };
    last - first + 1 == rows.len()
}

/// The rows that stand together, and the sequence that they are of, in the order of the table.
fn stretches(groups: &Groups<'_>) -> Vec<(usize, Range<usize>)> {
    let rows = groups.rows.iter().map(Vec::len).sum();
    let mut of_row = vec![0; rows];
    for (n, rows) in groups.rows.iter().enumerate() {
        rows.iter().for_each(|&row| of_row[row] = n);
    }
    let mut found: Vec<(usize, Range<usize>)> = Vec::new();
    for (row, &n) in of_row.iter().enumerate() {
        match found.last_mut() {
            Some((last, rows)) if *last == n => rows.end = row + 1,
            _ => found.push((n, row..row + 1)),
        }
    }
    found
}
