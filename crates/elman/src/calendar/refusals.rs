//! The errors about rows that do not follow each other evenly.

use std::collections::{BTreeSet, HashMap};

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::{Calendar, Clock, Step};
use crate::error::{DataError, Message};
use crate::missing::Missing;
use crate::table::Column;
use crate::words::{counted, listed, thousands};

impl Calendar {
    /// The error about rows that are missing: where the first are, how many there are and what can be done; none where
    /// there are none.
    pub(crate) fn gap_error(&self, column: Column<'_>) -> Option<DataError> {
        let gap = self.gaps.first()?;
        let (before, after) = (self.table_row(gap.after)?, self.table_row(gap.after + gap.missing + 1)?);
        let is = if gap.missing == 1 { "is" } else { "are" };
        let more = match self.gaps.len() {
            1 => String::new(),
            places => format!(", {} in all in {} places", thousands(self.num_missing()), thousands(places)),
        };
        let text = format!(
            "{} follows {}, but the rows are one {} apart: {} {is} missing{more}; add them, cut the series, or choose \
             in training with ",
            column.text(after),
            column.text(before),
            self.frequency().step_name(),
            counted(gap.missing, "row"),
        );
        let choices = listed(Missing::OF_SERIES.map(Missing::name), "or");
        let mut message =
            Message::from(text).option("missing").text(format!(" what stands in their place: {choices}"));
        let stamp = self.stamp(gap.after + 1);
        let is_change = gap.missing <= 4 && stamp.is_some_and(is_clock_change);
        // By a clock of UTC, hours that are open move with the local one.
        let may_move = matches!(self.step, Step::Timetable(_)) && self.written.is_absolute();
        if matches!(self.clock, Clock::Written) && (is_change || may_move) {
            message = hint_at_zone(message);
        }
        Some(DataError::new(column.place(after), message))
    }
}

pub(super) fn refuse_doubled(
    column: Column<'_>,
    order: &[usize],
    sorted: &[DateTime],
    has_zone: bool,
) -> Result<(), DataError> {
    let doubled: Vec<usize> = (1..sorted.len()).filter(|&n| sorted[n] == sorted[n - 1]).collect();
    let Some(&n) = doubled.first() else { return Ok(()) };
    let (a, b) = (order[n - 1], order[n]);
    let more = match doubled.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more row{} as often", if more == 1 { "" } else { "s" }),
    };
    let mut message = Message::from(format!(
        "the time {} stands twice (lines {} and {}){more}; a series has one row for each time: take one out",
        column.text(b),
        column.line(a),
        column.line(b)
    ));
    if !has_zone && doubled.iter().all(|&n| is_clock_change(sorted[n])) {
        message = hint_at_zone(message);
    }
    Err(DataError::new(column.place(b), message))
}

/// The error about rows that follow each other by no step: the first that is not as far from the one before as
/// most are.
pub(super) fn uneven(
    column: Column<'_>,
    order: &[usize],
    sorted: &[DateTime],
    offsets_change: bool,
) -> DataError {
    let apart = |n: usize| sorted[n].duration_since(sorted[n - 1]);
    let mut counts: HashMap<SignedDuration, usize> = HashMap::new();
    for n in 1..sorted.len() {
        *counts.entry(apart(n)).or_default() += 1;
    }
    let usual = counts.into_iter().max_by_key(|&(apart, count)| (count, std::cmp::Reverse(apart)));
    let usual = usual.map_or(SignedDuration::ZERO, |(apart, _)| apart);
    let n = (1..sorted.len()).find(|&n| apart(n) != usual).unwrap_or(1);
    let in_weeks = |weeks: i64| SignedDuration::from_hours(weeks * 7 * 24);
    let clocks_change = offsets_change || are_an_hour_apart(sorted);
    let way_out = if clocks_change {
        ""
    } else if (1..sorted.len()).all(|n| [4, 5].map(in_weeks).contains(&apart(n))) {
        ": months of four and of five weeks are not even: give a row for each week, or for each month of the calendar"
    } else {
        ": give a row for each step, join rows to longer steps, or take the column of times out"
    };
    let text = format!(
        "{} follows {} after {}, where most rows are {} apart; a forecast needs rows at even steps{way_out}",
        column.text(order[n]),
        column.text(order[n - 1]),
        in_words(apart(n)),
        in_words(usual)
    );
    let message = Message::from(text);
    let message = if clocks_change { hint_at_zone(message) } else { message };
    DataError::new(column.place(order[n]), message)
}

/// Are all, of different days, at one of two times of day, an hour apart: by the clock of UTC, what is at one by clocks that
/// change?
pub(super) fn are_an_hour_apart(stamps: &[DateTime]) -> bool {
    if stamps.windows(2).any(|pair| pair[0].date() == pair[1].date()) {
        return false;
    }
    let times: BTreeSet<_> = stamps.iter().map(|stamp| stamp.time()).collect();
    let apart = times.first().zip(times.last()).map(|(first, last)| last.duration_since(*first));
    times.len() == 2 && apart.is_some_and(|apart| [1, 23].map(SignedDuration::from_hours).contains(&apart))
}

pub(super) fn in_words(apart: SignedDuration) -> String {
    let seconds = apart.as_secs();
    let (count, noun) = match seconds {
        0 => return format!("{} ns", apart.as_nanos()),
        _ if seconds % 86_400 == 0 => (seconds / 86_400, "day"),
        _ if seconds % 3_600 == 0 => (seconds / 3_600, "hour"),
        _ if seconds % 60 == 0 => (seconds / 60, "minute"),
        _ => (seconds, "second"),
    };
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// The hours in which clocks are changed nearly everywhere: of Sundays in spring and autumn, before four.
pub(crate) fn is_clock_change(stamp: DateTime) -> bool {
    stamp.weekday() == jiff::civil::Weekday::Sunday
        && stamp.hour() < 4
        && matches!(stamp.month(), 3 | 4 | 9..=11)
}

fn hint_at_zone(message: Message) -> Message {
    message
        .text("; if clocks were changed there, name the place with ")
        .option("timezone")
        .text(" such as Europe/Berlin")
}
