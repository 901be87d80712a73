//! The days and hours at which each of several series has its rows: those that it tells itself, those of another series that tells
//! them better, or those of all.

use std::cmp::Reverse;

use super::panel::Member;
use super::time_column::TimeColumn;
use crate::calendar::{Calendar, Frequency};
use crate::error::Error;
use crate::table::Table;

/// Days and hours that are open in some series, the most common first.
pub(super) struct Timetables {
    all: Vec<Frequency>,
}

/// How far the rows of a series are apart, and how many it lacks by that.
pub(super) struct Settled {
    pub(super) frequency: Frequency,
    pub(super) missing: usize,
}

/// How far the rows of each of several series are apart.
pub(super) struct OwnTimes {
    /// None of one that neither tells that nor follows another.
    pub(super) settled: Vec<Option<Frequency>>,
    /// What each is read by; none where it tells that by itself.
    pub(super) read_by: Vec<Option<Frequency>>,
    /// May what each lacks at the times of all be filled in?
    pub(super) may_be_filled: bool,
}

impl Timetables {
    /// Those of series, of which several may have the same.
    pub(super) fn of(all: impl Iterator<Item = Frequency>) -> Self {
        let mut counted: Vec<(Frequency, usize)> = Vec::new();
        for frequency in all.filter(Frequency::is_of_open_times) {
            match counted.iter_mut().find(|(other, _)| *other == frequency) {
                Some((_, count)) => *count += 1,
                None => counted.push((frequency, 1)),
            }
        }
        counted.sort_by_key(|(_, count)| Reverse(*count));
        Timetables { all: counted.into_iter().map(|(frequency, _)| frequency).collect() }
    }

    /// How far the rows of a series are apart, which has this calendar by itself, if any: as one of these by which it lacks fewer
    /// rows, or, where its own rows are of less than a week, no more.
    pub(super) fn settle(
        &self,
        time: TimeColumn<'_>,
        table: &Table,
        own: Option<&Calendar>,
    ) -> Option<Settled> {
        let as_read = |calendar: &Calendar| Settled {
            frequency: calendar.frequency(),
            missing: calendar.num_missing(),
        };
        let mut best = own.map(as_read);
        let mut is_told = own.is_some_and(Calendar::spans_week);
        for other in &self.all {
            match &best {
                Some(best) if best.missing == 0 && is_told => break,
                Some(best) if best.frequency == *other => {
                    is_told = true;
                    continue;
                }
                _ if own.is_some_and(|own| !own.may_follow(other)) => continue,
                _ => {}
            }
            let Ok((_, calendar)) = (TimeColumn { frequency: Some(other), ..time }).read(table) else {
                continue;
            };
            let found = as_read(&calendar);
            let least = best.as_ref().map_or(table.num_rows(), |best| best.missing);
            let is_better = found.missing < least || found.missing == least && !is_told;
            if found.frequency == *other && is_better {
                best = Some(found);
                is_told = true;
            }
        }
        best
    }
}

impl OwnTimes {
    /// Series that each tell it, or follow one that does, keep days and hours of their own if these are alike. Else, where rows
    /// that are missing `are_filled`, they have all times at which one of them is open.
    pub(super) fn find(
        time: TimeColumn<'_>,
        table: &Table,
        members: &[&Member<'_>],
        are_filled: bool,
    ) -> Result<Self, Error> {
        let read = |member: &&Member<'_>| Some(time.read(&member.table).ok()?.1);
        let own: Vec<Option<Calendar>> = members.iter().map(read).collect();
        let told = own.iter().flatten().filter(|own| own.spans_week());
        let timetables = Timetables::of(told.map(Calendar::frequency));
        let settle = |(member, own): (&&Member<'_>, &Option<Calendar>)| {
            timetables.settle(time, &member.table, own.as_ref())
        };
        let settled: Vec<Option<Settled>> = members.iter().zip(&own).map(settle).collect();
        let is_told = |own: &Settled| own.missing == 0 || own.frequency.is_of_open_times();
        let first = settled.iter().flatten().next();
        let is_alike = |own: &Settled| first.is_none_or(|first| own.frequency.is_alike(&first.frequency));
        let are_alike =
            settled.iter().all(|own| own.as_ref().is_some_and(|own| is_told(own) && is_alike(own)));
        let common = match are_alike {
            true => None,
            false => time.common_frequency(table)?,
        };
        let may_be_filled = common.as_ref().is_some_and(|common| {
            settled.iter().all(|own| own.as_ref().is_some_and(|own| own.frequency.may_be_closed_in(common)))
        });
        // Times of several series make a timetable that none of them may follow, as those at different minutes of an hour.
        let suits = |own: &Frequency, common: &Frequency| {
            own == common
                || are_filled
                    && own.is_timetable()
                    && (may_be_filled || own.least_step() == common.least_step())
        };
        let is_followed = |common: &Frequency| {
            !common.is_timetable() || own.iter().flatten().any(|own| suits(&own.frequency(), common))
        };
        let common = common.filter(|common| is_followed(common) && !mix_days_and_hours(&own));
        let of_one = |(own, settled): (&Option<Calendar>, &Option<Settled>)| {
            let by_itself = |frequency: &Frequency| {
                own.as_ref().is_some_and(|own| own.gaps().is_empty() && own.frequency() == *frequency)
            };
            let read_by = match (settled, &common) {
                (Some(settled), None) if are_alike => &settled.frequency,
                (_, None) => return None,
                (Some(settled), Some(common))
                    if settled.missing == 0 && settled.frequency.is_alike(common) =>
                {
                    &settled.frequency
                }
                (_, Some(common)) => common,
            };
            (!by_itself(read_by)).then(|| read_by.clone())
        };
        let read_by = own.iter().zip(&settled).map(of_one).collect();
        let settled = settled.into_iter().map(|own| own.map(|own| own.frequency)).collect();
        Ok(OwnTimes { settled, read_by, may_be_filled })
    }
}

/// Have some series rows of days, and others of hours of the day, each without a gap?
fn mix_days_and_hours(own: &[Option<Calendar>]) -> bool {
    let told = || {
        let whole = own.iter().flatten().filter(|own| own.gaps().is_empty() && own.spans_week());
        whole.map(Calendar::frequency)
    };
    told().any(|own| own.may_be_closed_in(&Frequency::Daily)) && told().any(|own| own.is_timetable())
}
