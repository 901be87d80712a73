//! What changes of the clocks do to a timetable: places that a day does not have, and such as it has twice.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};

use super::step::Gap;
use super::timetable::Timetable;

/// Changes of the clocks are looked up for so many years after the last row.
const YEARS: i64 = 100;

/// Of two rows farther apart, one in the hour that comes twice is one row.
const HOUR: u32 = 3_600;

/// The changes of a place's clocks that concern a timetable, in order. Its places are counted as those of a timetable, its rows
/// without those that are passed over, and with those that come twice.
#[derive(Clone, Debug)]
pub(super) struct Changes {
    all: Vec<Change>,
    /// The first row's number.
    first: i64,
}

/// A stretch of places over which clocks are put.
#[derive(Clone, Copy, Debug)]
struct Change {
    /// The first place, and the one after the last.
    from: i64,
    to: i64,
    /// Does it come twice, rather than not at all?
    is_double: bool,
    /// How many more rows than places there are before it.
    more: i64,
}

impl Change {
    fn len(self) -> i64 {
        self.to - self.from
    }

    /// The number of the row of the first place, or of the one after those that are passed over.
    fn first_row(self) -> i64 {
        self.from + self.more
    }

    /// How many more rows than places there are after it.
    fn more_after(self) -> i64 {
        self.more + if self.is_double { self.len() } else { -self.len() }
    }
}

impl Changes {
    /// Those of a place that concern a timetable from the first of these rows on; does it `have_twice`, as rows, what comes twice?
    fn of(
        zone: &TimeZone,
        timetable: &Timetable,
        (first, last): (Timestamp, Timestamp),
        have_twice: bool,
    ) -> Option<Vec<Change>> {
        let (day, years) = (Span::new().hours(24), Span::new().try_hours(YEARS * 8_766).ok()?);
        let begin = first.checked_sub(day).ok()?;
        let end = last.checked_add(years).unwrap_or(Timestamp::MAX);
        let (mut all, mut more) = (Vec::new(), 0);
        for change in zone.following(begin).take_while(|change| change.timestamp() < end) {
            let instant = change.timestamp();
            let before = zone.to_offset(instant.checked_sub(Span::new().seconds(1)).ok()?);
            let (old, new) = (before.to_datetime(instant), change.offset().to_datetime(instant));
            let is_double = new < old;
            let (from, to) = (timetable.count_from(old.min(new))?, timetable.count_from(old.max(new))?);
            if from < to && (!is_double || have_twice) {
                let change = Change { from, to, is_double, more };
                more = change.more_after();
                all.push(change);
            }
        }
        Some(all)
    }

    /// The changes beside which these rows, in order, follow a timetable, and where rows are missing; none if they do not
    /// follow it. A row is its stamp, and whether it is the second of the same.
    pub(super) fn find(
        zone: &TimeZone,
        timetable: &Timetable,
        rows: &[(DateTime, bool)],
    ) -> Option<(Self, Vec<Gap>)> {
        let instant = |row: &(DateTime, bool)| zone.to_timestamp(row.0).ok();
        let (first, last) = (rows.first()?, rows.last()?);
        let have_twice = timetable.least_step() <= HOUR || rows.iter().any(|(_, is_second)| *is_second);
        let all = Self::of(zone, timetable, (instant(first)?, instant(last)?), have_twice)?;
        let mut changes = Changes { all, first: 0 };
        let number = |changes: &Changes, row: &(DateTime, bool)| changes.row(timetable.count(row.0)?, row.1);
        changes.first = number(&changes, first)?;
        let (mut gaps, mut before) = (Vec::new(), changes.first - 1);
        for row in rows {
            let found = number(&changes, row)?;
            match usize::try_from(found - before - 1).ok()? {
                0 => {}
                missing => gaps.push(Gap { after: usize::try_from(before - changes.first).ok()?, missing }),
            }
            before = found;
        }
        Some((changes, gaps))
    }

    /// The number of the row of a place, the second of two if there are two.
    fn row(&self, place: i64, is_second: bool) -> Option<i64> {
        let at = self.all.partition_point(|change| change.from <= place);
        let Some(change) = at.checked_sub(1).map(|at| self.all[at]) else {
            return (!is_second).then_some(place);
        };
        match (place < change.to, change.is_double) {
            (false, _) => (!is_second).then_some(place + change.more_after()),
            (true, true) => Some(place + change.more + if is_second { change.len() } else { 0 }),
            (true, false) => None,
        }
    }

    /// The place of a row so many after the first, and whether it is the second of two there.
    pub(super) fn place(&self, row: usize) -> Option<(i64, bool)> {
        let row = self.first.checked_add(i64::try_from(row).ok()?)?;
        let at = self.all.partition_point(|change| change.first_row() <= row);
        let Some(change) = at.checked_sub(1).map(|at| self.all[at]) else { return Some((row, false)) };
        let is_second =
            change.is_double && (change.len()..2 * change.len()).contains(&(row - change.first_row()));
        let place = match is_second || !change.is_double || row - change.first_row() >= change.len() {
            true => row - change.more_after(),
            false => row - change.more,
        };
        Some((place, is_second))
    }
}

/// Is a time, by the clocks of a place, the second of two that are written alike?
pub(super) fn is_second(zone: &TimeZone, local: DateTime, instant: Timestamp) -> bool {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Fold { after, .. } => after.to_timestamp(local).is_ok_and(|later| later == instant),
        _ => false,
    }
}
