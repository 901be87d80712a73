//! Tables that are too large to be held in memory: their rows are read where they stand, again and again.
//!
//! They are gone through once to find out where sequences begin and which chunks of them show all that there is; of
//! these, a sample, statistics are taken, by the same code that does it for tables in memory.

mod answers;
mod extent;
mod rows;
mod survey;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

pub(super) use answers::{compare, evaluate, excerpt, predict};
pub(super) use extent::Extent;

use super::LabelOptions;
use super::fit::Found;
use super::spans::{Span, Spans};
use crate::error::{Error, Message};
use crate::sequence::Sequences;
use crate::table::{Column, Long, Table};
use crate::task::grouped::{Clock, GroupedTask, Grouping, Groups, Strata};
use crate::task::{Prepared, SplitBy};
use crate::words::{counted, thousands};
use rows::Rows;
use survey::{Facts, Roles, TOGETHER, Why, holds};

/// See [`TaskKind::prepare`](crate::task::TaskKind::prepare); or why the table is to be read as a whole.
pub(super) fn prepare(long: &Arc<Long>, options: &LabelOptions) -> Result<Result<Prepared, Why>, Error> {
    let head = long.read(&[0])?;
    let is_grouped = options.id.is_some() || head.has_column("id");
    let why = match () {
        () if options.group.is_some() => "sequences are to be joined",
        () if options.split == SplitBy::Time && is_grouped => "sequences are to be split by time",
        () if options.time_format.is_some() => "times are written in a way of their own",
        () => return Sampled::prepare(long, &head, options),
    };
    Ok(Err(why.into()))
}

/// A sample of a large table, from which statistics are taken.
pub(super) struct Sampled {
    extent: Extent,
    /// The number in the whole of each row of the sample.
    rows: Vec<usize>,
    /// The columns of numbers that tell when a row was.
    clocks: BTreeMap<String, Clock>,
    /// Does it show all that there is in the training part?
    is_of_training: bool,
}

impl Sampled {
    /// See [`prepare`]; `head` is some of the table's rows.
    fn prepare(
        long: &Arc<Long>,
        head: &Table,
        options: &LabelOptions,
    ) -> Result<Result<Prepared, Why>, Error> {
        let id = options.id.as_deref().or_else(|| head.has_column("id").then_some("id"));
        let targets = match options.target.as_deref() {
            Some(names) => head.columns_named(names)?,
            None => vec![head.usual_column("target", "is to be learned", "target")?.name().to_owned()],
        };
        let time = options.time.as_deref().map(|time| head.column(time)).transpose()?;
        let ids = id.map_or(Ok(Vec::new()), |id| head.columns_named(id))?;
        let roles = Roles { ids, time: time.map(|time| time.name().to_owned()), targets };
        let extent = match Extent::of(long, &roles)? {
            Ok(extent) => extent,
            Err(why) => return Ok(Err(why)),
        };
        let clocks = extent.clocks()?;
        let (sample, rows) = extent.sample(&extent.survey.sample)?;
        let sampled = Sampled { extent, rows, clocks, is_of_training: false };
        let (grouping, ..) = sampled.find(&sample, options, id)?;
        if let Some(why) = sampled.extent.unfit(&grouping, &sample, options.classes == Some(true)) {
            return Ok(Err(why));
        }
        Found::prepare(&sample, options, Some(&sampled)).map(Ok)
    }

    /// A sample that shows what there is in these stretches of sequences by themselves, which are for training; nothing if this
    /// one does.
    pub(super) fn of_training(&self, train: &[Span]) -> Result<Option<(Table, Self)>, Error> {
        if self.is_of_training {
            return Ok(None);
        }
        let Sampled { extent, clocks, .. } = self;
        let chunks = extent.survey.sample_of(&extent.long, &self.stretches(train))?;
        let (table, rows) = extent.sample(&chunks)?;
        Ok(Some((
            table,
            Sampled { extent: extent.clone(), rows, clocks: clocks.clone(), is_of_training: true },
        )))
    }

    /// See [`Grouping::find`].
    pub(super) fn find<'t>(
        &self,
        table: &'t Table,
        options: &LabelOptions,
        id: Option<&str>,
    ) -> Result<(Grouping, Groups<'t>, Vec<Message>), Error> {
        let clock = |column: Column<'_>, _: &Groups<'_>| self.clocks.get(column.name()).copied();
        Grouping::find_by(table, &options.grouped(), id, &clock)
    }
}

impl Extent {
    /// Why inputs and targets cannot be read part by part, if they cannot.
    fn unfit(&self, grouping: &Grouping, table: &Table, are_classes: bool) -> Option<Why> {
        let column = |name: &String| table.position(name);
        for feature in &grouping.features {
            let n = column(&feature.name)?;
            if let Some(line) = self.survey.columns[n].gap {
                return Some(format!(
                    "{:?} has an empty cell in line {line}, of which something is to be made",
                    feature.name
                ));
            }
        }
        let named = grouping.features.iter().filter(|feature| !feature.categories.is_empty());
        let facts = |name: &String| column(name).map(|n| self.survey.columns[n]);
        let mut texts = named.map(|feature| &feature.name).chain(&grouping.targets);
        // Numbers that are no classes may be as many as they like.
        let mut numbers = grouping.targets.iter().filter(|_| are_classes);
        let many = texts
            .find(|name| facts(name).is_some_and(|facts| facts.has_more_texts))
            .or_else(|| numbers.find(|name| facts(name).is_some_and(|facts| facts.has_more_numbers)))?;
        Some(format!("{many:?} says more things than are told apart otherwise"))
    }

    /// The columns of numbers that tell when a row was: by the first rows, which follow each other, and by how all go on.
    fn clocks(&self) -> Result<BTreeMap<String, Clock>, Error> {
        let first: Vec<usize> = (0..self.long.num_chunks().min(TOGETHER)).collect();
        let head = self.long.read(&first)?;
        let Roles { ids, time, .. } = &self.survey.roles;
        let groups = Groups::read(&head, ids, time.as_deref(), None)?;
        let clock = |(column, facts): (Column<'_>, &Facts)| {
            Some((column.name().to_owned(), Clock::told(column, &groups, facts.course?)?))
        };
        Ok(head.columns().zip(&self.survey.columns).filter_map(clock).collect())
    }

    /// What is known of a table that a fitted task is to be used on, with its targets or without; or why it is to be read as a
    /// whole.
    pub(super) fn of_task(
        long: &Arc<Long>,
        grouping: &Grouping,
        with_targets: bool,
    ) -> Result<Result<Self, Why>, Error> {
        let roles = Roles {
            ids: grouping.ids.clone(),
            time: grouping.time.clone(),
            targets: if with_targets { grouping.targets.clone() } else { Vec::new() },
        };
        let extent = match Extent::of(long, &roles)? {
            Ok(extent) => extent,
            Err(why) => return Ok(Err(why)),
        };
        let head = long.read(&[0])?;
        Ok(match extent.unfit(grouping, &head, false) {
            Some(why) => Err(why),
            None => Ok(extent),
        })
    }
}

impl Sampled {
    /// The number of rows, of those that have a target, and of those that lack others.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        (self.extent.num_rows(), self.extent.num_labelled(), self.extent.survey.partly)
    }

    /// The rows for training, validation and test.
    pub(super) fn spans<T: GroupedTask>(&self, task: &T, options: &LabelOptions) -> Result<Spans, Error> {
        let strata =
            if self.extent.sequences().len() == 1 { Strata::new() } else { self.extent.strata(task)? };
        Spans::of_extent(&self.extent, strata, |stratum| task.stratum_name(stratum), options)
    }

    /// Which rows of the sample are for training.
    pub(super) fn learned(&self, train: &[Span]) -> Vec<bool> {
        let stretches = self.stretches(train);
        self.rows.iter().map(|&row| holds(&stretches, row)).collect()
    }

    /// The rows of the table that these stretches of sequences are, in order.
    fn stretches(&self, spans: &[Span]) -> Vec<Range<usize>> {
        let mut rows: Vec<Range<usize>> = spans.iter().map(|span| self.absolute(span)).collect();
        rows.sort_by_key(|rows| rows.start);
        rows
    }

    /// How many different whole numbers a target is, and how many in all, if it is nothing else.
    pub(super) fn whole_numbers(&self, target: Column<'_>) -> Option<(usize, usize)> {
        self.extent.survey.columns[target.number_of_column()].whole
    }

    /// The rows of the table that a stretch of a sequence is.
    fn absolute(&self, (n, rows): &Span) -> Range<usize> {
        let first = self.extent.sequences()[*n].start;
        first + rows.start..first + rows.end
    }

    /// The sequences of these stretches, of each of which some rows at the start count nothing.
    pub(super) fn sequences<T: GroupedTask>(
        &self,
        task: &T,
        spans: impl IntoIterator<Item = (Span, usize)>,
    ) -> Sequences {
        let spans = spans.into_iter().map(|(span, silent)| (self.absolute(&span), silent));
        Sequences::of(Rows::new(&self.extent, task, spans.collect()))
    }

    /// What is to be said of how the table is read, and statistics are taken.
    pub(super) fn remark(&self) -> Message {
        let (rows, all) = (self.rows.len(), self.extent.num_rows());
        let read = "the table is large, so its rows are read part by part, and again in each epoch";
        match rows < all {
            true => {
                let of = format!("{} of {}", thousands(rows), counted(all, "row"));
                format!("{read}; scales and classes are those of {of}").into()
            }
            false => read.into(),
        }
    }
}
