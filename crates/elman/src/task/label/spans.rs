//! Which rows of which sequences are for what.

use std::ops::Range;

use super::LabelOptions;
use super::long::Extent;
use crate::error::{ConfigError, Error, Message};
use crate::table::Table;
use crate::task::HeldOut;
use crate::task::grouped::{Groups, Labels, Parts, Split, Strata, check_shares};
use crate::words::{counted, thousands};

/// A stretch of a sequence: its number and which of its rows, in order of time.
pub(super) type Span = (usize, Range<usize>);

/// The rows before a validation part that are run without counting, so that the network has something to look back on; more
/// where more are burned in.
const WARM_UP: usize = 1000;

/// About so many parts are learned side by side, where nothing else is said.
const STREAMS: usize = 16;
/// As many of sound.
pub(super) const SOUND_STREAMS: usize = 32;
/// None of them is then shorter than this.
const SHORTEST: usize = 1000;

/// The rows for training, validation and test.
pub(super) struct Spans {
    /// What is learned from, each by itself.
    pub(super) train: Vec<Span>,
    /// For each of those the group that it belongs to; see [`Prepared::train_groups`](crate::task::Prepared::train_groups).
    pub(super) train_groups: Vec<usize>,
    /// With how many rows at the start of each are there for the state alone.
    pub(super) validation: Vec<(Span, usize)>,
    pub(super) held_out: Option<HeldOut>,
    pub(super) remarks: Vec<Message>,
}

impl Spans {
    /// Chooses them: of a single recording by time, else by sequence. `strata` are those of the labelled rows, and
    /// `stratum` names one.
    pub(super) fn choose<'n>(
        table: &Table,
        groups: &Groups<'_>,
        labels: &Labels<'_>,
        strata: &[usize],
        stratum: impl Fn(usize) -> Option<&'n str>,
        options: &LabelOptions,
    ) -> Result<Self, Error> {
        let mut spans = if groups.len() == 1 {
            let (rows, count) = (groups.rows[0].len(), labels.len());
            // The row after the last of so many labelled ones.
            let end = |labelled: usize| match labels.samples.get(labelled.wrapping_sub(1)) {
                Some(sample) if labelled < count => Ok(sample.rows.end),
                _ => Ok(rows),
            };
            Self::by_time(rows, count, end, options)?
        } else if options.sound.is_some() {
            let lengths: Vec<usize> = groups.rows.iter().map(Vec::len).collect();
            Self::each_by_time(&lengths, options)?
        } else {
            let parts = Parts::choose(table, groups, labels, strata, &options.grouped())?;
            let whole = |&n: &usize| (n, 0..groups.rows[n].len());
            let train: Vec<Span> = parts.split.train.iter().map(whole).collect();
            let firsts: Vec<usize> = train.iter().map(|(n, _)| first_of(labels, *n)).collect();
            let mut remarks = parts.remarks(labels.noun(), stratum);
            let lack = |n: &usize| samples_of(labels, &(*n, 0..groups.rows[*n].len())).is_empty();
            let without = groups.with_rows(groups.all()).into_iter().filter(lack);
            remarks.extend(without_label(without, groups.len(), |n| groups.name(n)));
            let test = parts.split.test.clone();
            Spans {
                train_groups: parts.groups_of(&firsts, labels),
                train,
                validation: parts.split.validation.iter().map(|n| (whole(n), 0)).collect(),
                held_out: (!test.is_empty()).then_some(HeldOut::Sequences(test)),
                remarks,
            }
        };
        let side_by_side = if options.sound.is_some() { SOUND_STREAMS } else { STREAMS };
        spans.cut(|span| Ok(!samples_of(labels, span).is_empty()), options.streams, side_by_side)?;
        Ok(spans)
    }

    /// Chooses them among the sequences of a large table, whose labelled rows are of these strata, which `stratum` names: of a
    /// single one by time, else by sequence.
    pub(super) fn of_extent<'n>(
        extent: &Extent,
        strata: Strata,
        stratum: impl Fn(usize) -> Option<&'n str>,
        options: &LabelOptions,
    ) -> Result<Self, Error> {
        let sequences = extent.sequences();
        let (rows, count) = (extent.num_rows(), extent.num_labelled());
        let mut spans = if sequences.len() == 1 {
            Self::by_time(rows, count, |labelled| extent.end_of_labelled(labelled), options)?
        } else {
            let parts = Parts::of(strata, None, None, &options.grouped())?;
            let whole = |&n: &usize| (n, 0..sequences[n].len());
            let mut remarks = parts.remarks("row", stratum);
            let lacks = |n: &usize| extent.labelled_of(*n) == 0;
            remarks.extend(without_label((0..sequences.len()).filter(lacks), sequences.len(), |n| {
                extent.name(n).to_owned()
            }));
            let Split { train, validation, test } = parts.split;
            Spans {
                train: train.iter().map(whole).collect(),
                train_groups: train,
                validation: validation.iter().map(|n| (whole(n), 0)).collect(),
                held_out: (!test.is_empty()).then_some(HeldOut::Sequences(test)),
                remarks,
            }
        };
        let has_label = |(n, rows): &Span| {
            let all = &sequences[*n];
            if rows.len() == all.len() {
                return Ok(extent.labelled_of(*n) > 0);
            }
            let before = |row: usize| extent.labelled_before(all.start + row);
            before(rows.end).and_then(|end| Ok(end > before(rows.start)?))
        };
        spans.cut(has_label, options.streams, STREAMS)?;
        Ok(spans)
    }

    /// Chooses them among recordings of these lengths, of which every row is labelled.
    pub(super) fn of_recordings(lengths: &[usize], options: &LabelOptions) -> Result<Self, Error> {
        let mut spans = match *lengths {
            [rows] => {
                let end = |labelled: usize| Ok(if labelled == 0 { rows } else { labelled });
                Self::by_time(rows, rows, end, options)?
            }
            _ => Self::each_by_time(lengths, options)?,
        };
        spans.cut(|(_, rows)| Ok(!rows.is_empty()), options.streams, SOUND_STREAMS)?;
        Ok(spans)
    }

    /// Cuts a recording by its labelled rows, so that every part has its share of them: of its rows there are so many, and
    /// `end` is the row after the last of so many labelled ones.
    fn by_time(
        rows: usize,
        count: usize,
        end: impl Fn(usize) -> Result<usize, Error>,
        options: &LabelOptions,
    ) -> Result<Self, Error> {
        check_shares(&options.grouped())?;
        if options.group.is_some() {
            let message = "joins sequences, and here is one; leave it out";
            return Err(ConfigError::new("group", message).into());
        }
        let test = share(options.test, count);
        let validation = share(options.validation, count - test);
        let (train, known) = (end(count - test - validation)?, end(count - test)?);
        let whole = counted(rows, "row");
        let part = |which: &str, count: usize, purpose: &str| {
            (count > 0).then(|| format!("the {which} {} for {purpose}", thousands(count)))
        };
        let parts: Vec<String> = [
            part("first", train, "training"),
            part("next", known - train, "validation"),
            part("last", rows - known, "the test"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let remark = Message::from(format!("one recording of {whole}, split by time: {}", parts.join(", ")));
        let remark = match options.id {
            Some(_) => remark,
            None if options.sound.is_some() => remark,
            None => {
                remark.text("; if it holds several, name the column that tells them apart with ").option("id")
            }
        };
        let mut remarks = vec![remark];
        if test == 0 && options.test > 0.0 {
            let (labelled, are) = (counted(count, "labelled row"), if count == 1 { "is" } else { "are" });
            remarks.push(
                format!("{labelled} {are} too few to keep any for the test, so no figure is shown").into(),
            );
        }
        let warm_up = train.min(WARM_UP.max(options.burn_in));
        Ok(Spans {
            train: vec![(0, 0..train)],
            train_groups: Vec::new(),
            validation: (known > train).then(|| ((0, train - warm_up..known), warm_up)).into_iter().collect(),
            held_out: (rows > known).then_some(HeldOut::LastRows(rows - known)),
            remarks,
        })
    }

    /// Cuts each of several recordings, all of whose rows are labelled, by its shares.
    fn each_by_time(lengths: &[usize], options: &LabelOptions) -> Result<Self, ConfigError> {
        check_shares(&options.grouped())?;
        let (mut train, mut validations, mut tests) = (Vec::new(), Vec::new(), Vec::new());
        let mut validated = 0;
        for (n, &rows) in lengths.iter().enumerate() {
            let test = share(options.test, rows);
            let known = rows - test;
            let validation = share(options.validation, known);
            let learned = known - validation;
            let warm_up = learned.min(WARM_UP.max(options.burn_in));
            train.push((n, 0..learned));
            validations.extend((validation > 0).then_some(((n, learned - warm_up..known), warm_up)));
            validated += validation;
            tests.push(test);
        }
        let tested: usize = tests.iter().sum();
        let remark = format!(
            "{}, each split by time: in all {} at their ends for the test, {} before them for validation, what is before \
             that for training",
            counted(lengths.len(), "recording"),
            counted(tested, "row"),
            thousands(validated)
        );
        Ok(Spans {
            train,
            train_groups: Vec::new(),
            validation: validations,
            held_out: (tested > 0).then_some(HeldOut::LastRowsOfEach(tests)),
            remarks: vec![remark.into()],
        })
    }

    /// Cuts the training sequences into parts, and leaves out those without a label.
    fn cut(
        &mut self,
        has_label: impl Fn(&Span) -> Result<bool, Error>,
        asked: Option<usize>,
        side_by_side: usize,
    ) -> Result<(), Error> {
        let total: usize = self.train.iter().map(|(_, rows)| rows.len()).sum();
        let usual = total.div_ceil(side_by_side).max(SHORTEST);
        let shortest = self.train.iter().map(|(_, rows)| rows.len()).min().unwrap_or(0);
        if let Some(streams) = asked.filter(|&streams| streams == 0 || streams > shortest) {
            let message = format!(
                "is {streams}; it must be at least 1 and at most {shortest}, the rows of the shortest training sequence"
            );
            return Err(ConfigError::new("streams", message).into());
        }
        let (mut train, mut groups) = (Vec::new(), Vec::new());
        let before = std::mem::take(&mut self.train);
        for (k, (n, rows)) in before.iter().enumerate() {
            let len = rows.len();
            let count = asked.unwrap_or((len / usual).max(1));
            let at = |part: usize| rows.start + (len as u128 * part as u128 / count as u128) as usize;
            for part in (0..count).map(|part| at(part)..at(part + 1)) {
                let part = (*n, part);
                if has_label(&part)? {
                    train.push(part);
                    groups.push(self.train_groups.get(k).copied().unwrap_or(*n));
                }
            }
        }
        if train.len() > before.len() {
            let text = format!(
                "the training part is cut into {} that are learned side by side (",
                counted(train.len(), "part")
            );
            self.remarks.push(Message::from(text).option("streams").text(")"));
        }
        (self.train, self.train_groups) = (train, groups);
        Ok(())
    }
}

/// What is to be said of sequences without a labelled row, of so many, if there are some.
fn without_label(
    mut sequences: impl Iterator<Item = usize>,
    of: usize,
    name: impl Fn(usize) -> String,
) -> Option<Message> {
    let first = sequences.next()?;
    let (count, all) = (thousands(1 + sequences.count()), counted(of, "sequence"));
    Some(format!("{count} of {all} without a labelled row left out (first: {:?})", name(first)).into())
}

/// The samples, labelled rows, of a stretch of a sequence.
pub(super) fn samples_of(labels: &Labels<'_>, (n, rows): &Span) -> Range<usize> {
    let before = |position: usize| {
        labels.samples.partition_point(|sample| (sample.sequence, sample.rows.start) < (*n, position))
    };
    before(rows.start)..before(rows.end)
}

/// The first sample of a sequence, which has some.
fn first_of(labels: &Labels<'_>, n: usize) -> usize {
    samples_of(labels, &(n, 0..1)).start
}

/// A share of so many, of which at least one is left.
fn share(share: f64, of: usize) -> usize {
    ((share * of as f64).round() as usize).min(of.saturating_sub(1))
}
