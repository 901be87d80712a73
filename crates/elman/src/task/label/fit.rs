//! From a table to a fitted task and its examples.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::level::{Gains, Loudness};
use super::long::Sampled;
use super::spans::{Span, Spans, samples_of};
use super::{Label, LabelOptions, RowAnswer, Scale};
use crate::audio::{INPUT, TARGET};
use crate::error::{ConfigError, DataError, Error, Message};
use crate::loss::Targets;
use crate::outlier;
use crate::scaling::Scaling;
use crate::sequence::Example;
use crate::table::{Column, Table, TableError};
use crate::task::feature::refuse_slips;
use crate::task::grouped::{GroupedTask, Grouping, Labels, Sequences, nothing_told};
use crate::task::{Classify, Prepared, Regress};
use crate::words::{counted, quoted, thousands};

/// Whole numbers of up to so many kinds are classes, where nothing else is said.
const MOST_CLASSES: usize = 10;
/// If each occurs at least so often, on average.
const OFTEN: usize = 10;

/// What is known of a table before it is known what is told of its rows.
pub(super) struct Found<'t> {
    table: &'t Table,
    options: &'t LabelOptions,
    grouping: Grouping,
    read: Sequences<'t>,
    labels: Labels<'t>,
    remarks: Vec<Message>,
    /// What the table is a sample of, if it is one.
    sampled: Option<&'t Sampled>,
}

impl<'t> Found<'t> {
    /// See [`TaskKind::prepare`](crate::task::TaskKind::prepare): of a table, or of the large one that it is a sample of.
    pub(super) fn prepare(
        table: &'t Table,
        options: &'t LabelOptions,
        sampled: Option<&'t Sampled>,
    ) -> Result<Prepared, Error> {
        let id = options.id.as_deref().or_else(|| table.has_column("id").then_some("id"));
        let (grouping, mut groups, about_columns) = match sampled {
            Some(sampled) => sampled.find(table, options, id)?,
            None => Grouping::find(table, &options.grouped(), id)?,
        };
        let cells = grouping.cells(table, &mut groups, true)?;
        let mut remarks = std::mem::take(&mut groups.remarks);
        remarks.extend(about_columns);
        if id.is_none() && options.sound.is_none() && sampled.is_none() {
            // What is named as an input is meant as one.
            let named = options.features.iter().flatten();
            let taken =
                grouping.targets.iter().chain(&grouping.time).chain(named).map(String::as_str).collect();
            remarks.extend(perhaps_an_id(table, &taken));
        }
        let features = grouping.features.iter().map(|feature| feature.name.as_str());
        // In sound, silence makes every note look far from the rest.
        if options.sound.is_none() {
            remarks.extend(outlier::check_columns(table, features)?);
        }
        let columns = Labels::columns(table, &grouping.targets)?;
        let whole = |column: &Column<'_>| match sampled {
            Some(sampled) => sampled.whole_numbers(*column),
            None => whole_numbers(column.numbers_or_gaps().unwrap_or_default()),
        };
        let is_class = is_class(&columns, options.classes, whole, &mut remarks)?;
        let spans: Vec<Span> = (0..groups.len()).map(|n| (n, 0..groups.rows[n].len())).collect();
        let labels = Labels::rows(&groups, &spans, columns);
        let rows = spans.iter().map(|(_, rows)| rows.len()).sum();
        let (rows, labelled, partly) = match sampled {
            Some(sampled) => sampled.counts(),
            None => (rows, labels.len(), labels.count_partly()),
        };
        refuse_unlabelled(&labels)?;
        remarks.extend(unlabelled(rows, labelled, partly));
        let read = Sequences { groups, cells };
        let found = Found { table, options, grouping, read, labels, remarks, sampled };
        if is_class { found.fit::<Classify>() } else { found.fit::<Regress>() }
    }

    /// Splits the rows, takes the statistics of those for training, and makes examples.
    fn fit<T: GroupedTask + Into<RowAnswer>>(self) -> Result<Prepared, Error> {
        let Found { table, options, grouping, read, labels, mut remarks, sampled } = self;
        let Sequences { groups, mut cells } = read;
        let (mut task, about_targets) = T::unfitted(grouping, &labels)?;
        remarks.extend(about_targets);
        remarks.extend(hardly_any_twice(&task, &labels));
        let targets = task.targets(&labels)?;
        T::check_targets(&targets, &labels)?;
        if task.stratum_name(0).is_none() && options.sound.is_none() {
            remarks.extend(labels.outliers()?);
        }
        let strata: Vec<usize> = targets.iter().map(T::stratum).collect();
        let stratum = |stratum| task.stratum_name(stratum);
        let mut spans = match sampled {
            Some(sampled) => sampled.spans(&task, options)?,
            None => Spans::choose(table, &groups, &labels, &strata, stratum, options)?,
        };
        // Which of the table's rows are learned from, and which of the samples.
        let (rows, of_train): (Vec<usize>, Vec<usize>) = match sampled {
            Some(sampled) => {
                let learned = sampled.learned(&spans.train);
                let is_learned = |&k: &usize| {
                    let sample = &labels.samples[k];
                    learned[groups.rows[sample.sequence][sample.rows.start]]
                };
                let rows = (0..learned.len()).filter(|&row| learned[row]).collect();
                (rows, (0..labels.len()).filter(is_learned).collect())
            }
            None => {
                let rows = |(n, rows): &Span| groups.rows[*n][rows.clone()].iter().copied();
                let samples = |span| samples_of(&labels, span);
                (spans.train.iter().flat_map(rows).collect(), spans.train.iter().flat_map(samples).collect())
            }
        };
        let learned: Vec<T::Target> = of_train.into_iter().map(|k| targets[k].clone()).collect();
        let width = task.grouping().input_size();
        task.grouping_mut().fit(table, &mut cells, &rows, &mut remarks)?;
        let is_known = unseen(&task, &learned).is_none()
            && task.grouping().input_size() == width
            && task.grouping().silent_remark().is_none();
        // What is nowhere in the training part of a sample may yet be in that of the table.
        if !is_known
            && let Some(sampled) = sampled
            && let Some((table, sampled)) = sampled.of_training(&spans.train)?
        {
            return Found::prepare(&table, options, Some(&sampled));
        }
        task.fit(&learned, &labels)?;
        let mut means = Vec::new();
        if options.scale == Some(Scale::None) || options.sound.is_some() {
            task.grouping_mut().features.iter_mut().for_each(|feature| feature.rescale(Scaling::NONE));
            means = task.rescale(Scaling::NONE);
        }
        if options.sound.is_some() {
            let (gains, said) = Gains::find(&loudness(table, &rows)?, options);
            let [input, target] = gains.scalings();
            task.grouping_mut().features.iter_mut().take(1).for_each(|feature| feature.rescale(input));
            task.rescale(target);
            remarks.extend(said);
        }
        remarks.append(&mut spans.remarks);
        remarks.extend(unseen(&task, &learned));
        let example = |(n, rows): &Span, silent: usize| {
            let x = task.grouping().inputs(&cells, &groups.rows[*n][..rows.end], rows.start);
            let told = samples_of(&labels, &(*n, rows.start + silent..rows.end));
            let positions = labels.samples[told.clone()].iter().map(|sample| sample.rows.start);
            Example { x, targets: to_learn(&task, rows.clone(), positions.zip(&targets[told])) }
        };
        let (train, validation) = match sampled {
            Some(sampled) => {
                remarks.push(sampled.remark());
                let train = spans.train.iter().map(|span| (span.clone(), 0));
                (sampled.sequences(&task, train), sampled.sequences(&task, spans.validation))
            }
            None => (
                spans.train.iter().map(|span| example(span, 0)).collect(),
                spans.validation.iter().map(|(span, silent)| example(span, *silent)).collect(),
            ),
        };
        Ok(Prepared {
            task: Label { answer: task.into(), means, sound: options.sound.clone() }.into(),
            data: table.name().to_owned(),
            train,
            train_groups: spans.train_groups,
            validation,
            held_out: spans.held_out,
            remarks,
        })
    }
}

/// What is learned of these rows, of which some have these targets, by their places in order.
pub(super) fn to_learn<'t, T: GroupedTask>(
    task: &T,
    rows: Range<usize>,
    told: impl Iterator<Item = (usize, &'t T::Target)>,
) -> Targets<f64> {
    let mut told = told.peekable();
    let mut targets = Targets::default();
    targets.take_kind(&task.unlabelled());
    for row in rows {
        let target = told.next_if(|(place, _)| *place == row);
        targets.append(target.map_or_else(|| task.unlabelled(), |(_, target)| task.to_learn(target)));
    }
    targets
}

/// How loud these rows of recordings are: what went in and what came out.
fn loudness(table: &Table, rows: &[usize]) -> Result<[Loudness; 2], TableError> {
    let of = |column: &str| {
        let samples = table.column(column)?.numbers()?;
        let mut loudness = Loudness::default();
        rows.iter().for_each(|&row| loudness.add(samples[row]));
        Ok(loudness)
    };
    Ok([of(INPUT)?, of(TARGET)?])
}

/// Is the target a class? Text is, and numbers are where they look like it.
fn is_class(
    columns: &[Column<'_>],
    asked: Option<bool>,
    whole: impl Fn(&Column<'_>) -> Option<(usize, usize)>,
    remarks: &mut Vec<Message>,
) -> Result<bool, Error> {
    let text = columns.iter().find(|column| column.numbers_or_gaps().is_none());
    let is_class = match (asked, text, columns) {
        (Some(asked), _, _) => asked,
        (None, Some(text), _) => {
            refuse_slips(*text, false)?;
            true
        }
        (None, None, [column]) => match whole(column).filter(|counts| look_like_classes(*counts)) {
            Some((kinds, _)) => {
                let text = format!(
                    "{:?} holds {kinds} whole numbers, which are taken for classes; if they are numbers, say so with ",
                    column.name()
                );
                remarks.push(Message::from(text).option("classes").text("=false"));
                true
            }
            None => false,
        },
        (None, None, _) => false,
    };
    if is_class && columns.len() > 1 {
        let message = format!("names {} columns; a class is told by one", columns.len());
        return Err(ConfigError::new("target", message).into());
    }
    Ok(is_class)
}

/// What is to be said of a column that may tell recordings apart, where none is named for that: its texts or whole numbers are
/// the same for many rows, and do not come again.
fn perhaps_an_id(table: &Table, taken: &BTreeSet<&str>) -> Option<Message> {
    /// A recording has so many rows, on average.
    const LONG: usize = 5;
    let stretches = |column: &Column<'_>| {
        let numbers = column.numbers_or_gaps();
        let is_whole = |number: f64| number.fract() == 0.0;
        if numbers.is_some_and(|numbers| !numbers.iter().copied().all(is_whole)) {
            return None;
        }
        let mut seen = HashSet::new();
        let mut before = None;
        for text in column.texts() {
            if before != Some(text) && !seen.insert(text) {
                return None;
            }
            before = Some(text);
        }
        (seen.len() > 1 && seen.len() * LONG <= table.num_rows()).then_some(seen.len())
    };
    let mut free = table.columns().filter(|column| !taken.contains(column.name()));
    let (column, count) = free.find_map(|column| Some((column, stretches(&column)?)))?;
    let text = format!(
        "{:?} says {} things, each in rows that follow each other; if it tells recordings apart, name it with ",
        column.name(),
        thousands(count)
    );
    Some(Message::from(text).option("id"))
}

/// How many different whole numbers a column holds, as far as they may be classes, and how many in all; none if it holds others.
fn whole_numbers(values: &[f64]) -> Option<(usize, usize)> {
    let (mut kinds, mut count): (BTreeSet<i64>, usize) = (BTreeSet::new(), 0);
    for &value in values.iter().filter(|value| !value.is_nan()) {
        if value.fract() != 0.0 || value.abs() > 1e9 || kinds.len() > MOST_CLASSES {
            return None;
        }
        kinds.insert(value as i64);
        count += 1;
    }
    Some((kinds.len(), count))
}

/// Do so many different whole numbers look like the names of classes, so many in all: few, and each of them often?
fn look_like_classes((kinds, count): (usize, usize)) -> bool {
    (2..=MOST_CLASSES).contains(&kinds) && count >= OFTEN * kinds
}

/// Refuses rows of which none has a target.
pub(super) fn refuse_unlabelled(labels: &Labels<'_>) -> Result<(), DataError> {
    if labels.len() == 0 { Err(nothing_told(labels.whole(0))) } else { Ok(()) }
}

/// What is to be said of rows that lack targets: of so many so many have some, and so many lack others.
pub(super) fn unlabelled(rows: usize, labelled: usize, partly: usize) -> Vec<Message> {
    let mut remarks = Vec::new();
    if labelled < rows {
        let (count, rows) = (thousands(rows - labelled), counted(rows, "row"));
        remarks.push(format!("{count} of {rows} have no target: they are read, and count nothing").into());
    }
    if partly > 0 {
        remarks.push(format!("{} with some of the targets used for those", counted(partly, "row")).into());
    }
    remarks
}

/// What is to be said of classes that are nearly as many as there are rows: numbers that were taken for classes.
fn hardly_any_twice<T: GroupedTask>(task: &T, labels: &Labels<'_>) -> Option<Message> {
    let classes = (0..).map_while(|stratum| task.stratum_name(stratum)).count();
    (2 * classes > labels.len()).then(|| {
        let text = format!(
            "{}: {} classes for {}, and what is seen once can hardly be learned; if these are numbers, say so with ",
            labels.whole(0),
            thousands(classes),
            counted(labels.len(), "row")
        );
        Message::from(text).option("classes").text("=false")
    })
}

/// The classes that training sees nothing of.
fn unseen<T: GroupedTask>(task: &T, learned: &[T::Target]) -> Option<Message> {
    let seen: BTreeSet<usize> = learned.iter().map(T::stratum).collect();
    let names = (0..).map_while(|stratum| Some((stratum, task.stratum_name(stratum)?)));
    let unseen: Vec<&str> =
        names.filter(|(stratum, _)| !seen.contains(stratum)).map(|(_, name)| name).collect();
    let occur = if unseen.len() == 1 { "does" } else { "do" };
    (!unseen.is_empty()).then(|| format!("{} {occur} not occur in the training part", quoted(unseen)).into())
}
