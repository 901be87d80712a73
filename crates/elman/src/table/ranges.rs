//! Times that are written as ranges, of which rows are known by the beginnings: `2024-01-01/2024-01-07`.

use super::cells::{Cells, Texts};
use super::column::{Column, Data};
use super::error::Quoted;
use super::typing::Values;
use super::{Table, Time, time};
use crate::error::Message;

/// What stands between the first time and the last.
const BETWEEN: [&str; 9] = [" - ", " – ", " — ", " to ", " bis ", " au ", "/", "–", "-"];

/// Keeps the beginnings of ranges where a column has nothing else, which follow each other without overlap, and no other
/// column holds times; and says so.
pub(super) fn keep_beginnings(table: &mut Table) -> Option<Message> {
    let first = |column: &Column<'_>| if column.holds_numbers() { None } else { between(column.text(0)) };
    let (index, between) = table.columns().enumerate().find_map(|(n, column)| Some((n, first(&column)?)))?;
    let column = Column::new(table, index);
    let (starts, ends): (Vec<&str>, Vec<&str>) =
        column.texts().map(|text| split(text, between)).collect::<Option<_>>()?;
    let is_told_elsewhere =
        || table.columns().any(|other| other.name() != column.name() && may_hold_times(other));
    if !follow_each_other(&starts, &ends) || is_told_elsewhere() {
        return None;
    }
    let mut texts = Texts::default();
    if !starts.iter().all(|start| texts.push(start)) {
        return None;
    }
    let remark = format!(
        "{}: {} is read as its beginning, {}",
        column.place(0),
        Quoted(column.text(0)),
        Quoted(starts[0])
    );
    let values = Values::of(starts.iter().copied());
    table.columns[index] = Data::new(Cells::Kept(texts), values);
    Some(remark.into())
}

/// Is the text a range of days, of which the first may have no year: `06.01.-12.01.2020`?
pub(super) fn is_range(text: &str) -> bool {
    let is_short = |text: &str| {
        text.contains(['.', '/']) && text.chars().all(|c| c.is_ascii_digit() || "./ ".contains(c))
    };
    let ends_with_day =
        |between: &&str| split(text, between).is_some_and(|(start, end)| is_short(start) && is_day(end));
    between(text).is_some() || BETWEEN.iter().any(ends_with_day)
}

/// What stands between the two ends of a range of days, if the text is one.
fn between(text: &str) -> Option<&'static str> {
    BETWEEN
        .into_iter()
        .find(|between| split(text, between).is_some_and(|(start, end)| is_day(start) && is_day(end)))
}

/// The two ends of a range.
fn split<'t>(text: &'t str, between: &str) -> Option<(&'t str, &'t str)> {
    let (start, end) = text.split_once(between)?;
    Some((start.trim(), end.trim()))
}

fn is_day(text: &str) -> bool {
    match time::read(std::iter::once(text)) {
        Ok(times) => says_day(&times),
        Err(unread) => unread.is_ambiguous(),
    }
}

fn says_day(times: &[Time]) -> bool {
    times.iter().all(|time| time.pattern().has_day() && !time.is_serial() && !time.is_counted())
}

/// Are these the times of ranges none of which begins before the end of the one before it? Where days and months may be swapped,
/// that is told when they are asked for.
fn follow_each_other(starts: &[&str], ends: &[&str]) -> bool {
    let starts = match time::read(starts.iter().copied()) {
        Ok(starts) => starts,
        Err(unread) => return unread.is_ambiguous(),
    };
    let Ok(ends) = time::read_as(starts[0].pattern(), ends.iter().copied()) else { return false };
    let mut ranges: Vec<(Time, Time)> = starts.into_iter().zip(ends).collect();
    ranges.sort_unstable();
    ranges.dedup();
    ranges.iter().all(|(start, end)| start <= end)
        && ranges.windows(2).all(|pair| pair[0].1 <= pair[1].0 && pair[0].0 < pair[1].0)
}

/// Could these be the times of the rows?
fn may_hold_times(column: Column<'_>) -> bool {
    if column.holds_numbers() {
        return column
            .times()
            .is_ok_and(|times| times.first().is_some_and(|time| time.is_of_digits() || time.is_counted()));
    }
    column.is_mostly_times()
}

#[cfg(test)]
mod tests {
    use crate::table::Table;

    fn read(header: &str, rows: &[&str]) -> (Vec<String>, Vec<String>) {
        let table = Table::read("t.csv", format!("{header}\n{}\n", rows.join("\n")).as_bytes()).unwrap();
        let texts = table.columns().next().unwrap().texts().map(str::to_owned).collect();
        (texts, table.remarks().iter().map(ToString::to_string).collect())
    }

    #[test]
    fn ranges_that_follow_each_other_are_their_beginnings() {
        for (rows, starts) in [
            (["2024-01-01/2024-01-07,1", "2024-01-08/2024-01-14,2"], ["2024-01-01", "2024-01-08"]),
            (["01.01.2024 - 31.01.2024,1", "01.02.2024 - 29.02.2024,2"], ["01.01.2024", "01.02.2024"]),
            (["1/22/2024 - 1/28/2024,1", "1/29/2024 - 2/4/2024,2"], ["1/22/2024", "1/29/2024"]),
            (["01/01/2024 to 07/01/2024,1", "08/01/2024 to 14/01/2024,2"], ["01/01/2024", "08/01/2024"]),
            (["01.01.2024-07.01.2024,1", "08.01.2024-14.01.2024,2"], ["01.01.2024", "08.01.2024"]),
            (["2024-01-01 – 2024-01-07,1", "2024-01-08 – 2024-01-14,2"], ["2024-01-01", "2024-01-08"]),
            (
                ["01.01.2024 00:00 - 01.01.2024 01:00,1", "01.01.2024 01:00 - 01.01.2024 02:00,2"],
                ["01.01.2024 00:00", "01.01.2024 01:00"],
            ),
            (["Jan 1 2024 - Jan 7 2024,1", "Jan 8 2024 - Jan 14 2024,2"], ["Jan 1 2024", "Jan 8 2024"]),
        ] {
            let (texts, remarks) = read("week,y", &rows);
            assert_eq!(texts, starts, "{rows:?}");
            let range = rows[0].strip_suffix(",1").unwrap();
            let remark = format!(
                "t.csv, line 2, column \"week\": {range:?} is read as its beginning, {:?}",
                starts[0]
            );
            assert_eq!(remarks, [remark]);
        }
        // Of several series; a single one.
        let weeks = ["2024-01-01/2024-01-07,a,1", "2024-01-08/2024-01-14,a,2", "2024-01-01/2024-01-07,b,1"];
        assert_eq!(read("week,shop,y", &weeks).0, ["2024-01-01", "2024-01-08", "2024-01-01"]);
        assert_eq!(read("week,y", &["2024-01-01/2024-01-07,1"]).0, ["2024-01-01"]);
    }

    #[test]
    fn what_tells_something_else_stays_whole() {
        for (header, rows) in [
            // Stays of guests, tasks of a project: they overlap.
            ("stay,y", &["2024-01-01/2024-01-05,1", "2024-01-03/2024-01-04,2"][..]),
            ("stay,y", &["2024-01-01/2024-01-05,1", "2024-01-01/2024-01-04,2"]),
            // What was on sale on each day.
            ("offer,date,y", &["2024-01-01/2024-01-07,2024-01-01,1", "2024-01-01/2024-01-07,2024-01-02,2"]),
            ("offer,date,y", &["2024-01-01/2024-01-07,20240101,1", "2024-01-01/2024-01-07,20240102,2"]),
            // A day, years, a range backwards, half a range.
            ("day,y", &["2024-01-01,1", "2024-01-02,2"]),
            ("day,y", &["01-02-2024,1", "02-02-2024,2"]),
            ("year,y", &["2023-2024,1", "2024-2025,2"]),
            ("year,y", &["2023/2024,1", "2024/2025,2"]),
            ("back,y", &["2024-01-07/2024-01-01,1", "2024-01-14/2024-01-08,2"]),
            ("part,y", &["2024-01-01/2024-01-07,1", "2024-01-08,2"]),
            ("code,y", &["12-34,1", "56-78,2"]),
            ("opens,y", &["09:00-17:00,1", "09:00-18:00,2"]),
        ] {
            let (texts, _) = read(header, rows);
            let first: Vec<&str> = rows.iter().map(|row| row.split(',').next().unwrap()).collect();
            assert_eq!(texts, first, "{header}");
        }
    }
}
