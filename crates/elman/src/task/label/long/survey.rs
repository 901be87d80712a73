//! What going through a large table once tells of its rows.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use crate::error::Error;
use crate::table::{Column, Long, Table, Time, stands_for_missing};
use crate::task::grouped::Course;

/// Chunks that are read together.
pub(super) const TOGETHER: usize = 64;

/// The chunks that a sample has, beside those with something that no other has: 8 MB.
const SAMPLED: usize = 512;

/// So many texts of a column, or numbers of a target, are looked for, so that each stands in the sample: more are hardly
/// categories or classes.
const MOST_TEXTS: usize = 1000;

/// The columns that say what its rows are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles {
    pub(super) ids: Vec<String>,
    pub(super) time: Option<String>,
    pub(super) targets: Vec<String>,
}

/// What is known of a large table's rows.
#[derive(Debug)]
pub(super) struct Survey {
    pub(super) roles: Roles,
    /// The number of each chunk's first row; behind them the number of all rows.
    pub(super) rows: Vec<usize>,
    /// How many rows before each chunk have a target; behind them how many of all.
    pub(super) labelled: Vec<usize>,
    /// How many rows lack some of several targets.
    pub(super) partly: usize,
    /// The rows of each sequence, how many of them have a target, and what it is called.
    pub(super) sequences: Vec<Range<usize>>,
    pub(super) labelled_of: Vec<usize>,
    pub(super) names: Vec<String>,
    /// What is known of each column.
    pub(super) columns: Vec<Facts>,
    /// Chunks that tell what there is in all of them.
    pub(super) sample: Vec<usize>,
}

/// What is known of a column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// How its numbers go on, if it holds some in each row.
    pub(super) course: Option<Course>,
    /// The line of its first empty cell, if no more texts were in it than are looked for.
    pub(super) gap: Option<u64>,
    /// Were more texts in it than are looked for, or of a target more numbers?
    pub(super) has_more_texts: bool,
    pub(super) has_more_numbers: bool,
    /// Of a target that is whole numbers, how many different ones there are and how many in all.
    pub(super) whole: Option<(usize, usize)>,
}

/// Why the table cannot be read part by part, as the rest of "because ...".
pub(super) type Why = String;

impl Survey {
    /// Goes through all rows.
    ///
    /// # Errors
    /// If the file has changed.
    pub(super) fn of(long: &Long, roles: &Roles) -> Result<Result<Self, Why>, Error> {
        let chunks: Vec<usize> = (0..long.num_chunks()).collect();
        let mut survey = Survey {
            roles: roles.clone(),
            rows: Vec::with_capacity(chunks.len() + 1),
            labelled: Vec::with_capacity(chunks.len() + 1),
            partly: 0,
            sequences: Vec::new(),
            labelled_of: Vec::new(),
            names: Vec::new(),
            columns: Vec::new(),
            sample: Vec::new(),
        };
        let mut order = Order::default();
        let mut columns: Vec<Seen> = Vec::new();
        for chunks in chunks.chunks(TOGETHER) {
            // Read as a whole, it says what is wrong.
            let Ok(table) = long.read(chunks) else {
                return Ok(Err("some of its rows cannot be read by themselves".into()));
            };
            columns.resize_with(table.headers().len(), Seen::default);
            if let Err(why) = survey.add(long, &table, chunks, (&mut order, &mut columns))? {
                return Ok(Err(why));
            }
        }
        survey.rows.push(order.rows);
        survey.labelled.push(order.labelled);
        let sequences = survey.sequences.len();
        survey.columns = columns.iter().map(|seen| seen.facts(order.rows, sequences)).collect();
        let every = chunks.len().div_ceil(SAMPLED).max(1);
        let mut sample: BTreeSet<usize> = chunks.into_iter().step_by(every).collect();
        columns.iter().for_each(|seen| seen.chunks(&mut sample));
        survey.sample = sample.into_iter().collect();
        Ok(Ok(survey))
    }

    /// The chunks of a sample that shows what there is in these rows alone, which ascend.
    ///
    /// # Errors
    /// If the file has changed.
    pub(super) fn sample_of(&self, long: &Long, rows: &[Range<usize>]) -> Result<Vec<usize>, Error> {
        let chunks: Vec<usize> = (0..long.num_chunks()).collect();
        let mut columns: Vec<Seen> = Vec::new();
        for chunks in chunks.chunks(TOGETHER) {
            let table = long.read(chunks)?;
            let first = self.rows[chunks[0]];
            columns.resize_with(table.headers().len(), Seen::default);
            let is_meant: Vec<bool> = (0..table.num_rows()).map(|row| holds(rows, first + row)).collect();
            let which = |row: usize| self.chunk_of(first + row);
            for (column, seen) in table.columns().zip(&mut columns) {
                let is_target = self.roles.targets.iter().any(|target| target == column.name());
                // That it holds numbers and texts was said before.
                let _ = seen.look(column, is_target, |row| is_meant[row], which);
            }
        }
        let mut sample: BTreeSet<usize> = self.sample.iter().copied().collect();
        columns.iter().for_each(|seen| seen.chunks(&mut sample));
        Ok(sample.into_iter().collect())
    }

    /// The chunk that holds a row, as far as rows are known.
    pub(super) fn chunk_of(&self, row: usize) -> usize {
        self.rows.partition_point(|&first| first <= row) - 1
    }

    /// Adds the rows of some chunks.
    fn add(
        &mut self,
        long: &Long,
        table: &Table,
        chunks: &[usize],
        (order, columns): (&mut Order, &mut [Seen]),
    ) -> Result<Result<(), Why>, Error> {
        let lines = table.column_at(0);
        let targets = self.roles.targets.iter().map(|name| table.column(name));
        let targets = targets.collect::<Result<Vec<_>, _>>()?;
        let (mut chunk, mut are_labelled) = (0, Vec::with_capacity(table.num_rows()));
        for row in 0..table.num_rows() {
            while chunks.get(chunk).is_some_and(|&chunk| long.line(chunk) <= lines.line(row)) {
                self.rows.push(order.rows + row);
                self.labelled.push(order.labelled);
                chunk += 1;
            }
            let told = targets.iter().filter(|target| !target.is_missing(row)).count();
            order.labelled += usize::from(told > 0);
            are_labelled.push(told > 0);
            self.partly += usize::from(told > 0 && told < targets.len());
        }
        // Chunks at the end that hold blank lines alone.
        for _ in chunk..chunks.len() {
            self.rows.push(order.rows + table.num_rows());
            self.labelled.push(order.labelled);
        }
        let which = |row: usize| self.chunk_of(order.rows + row);
        for (column, seen) in table.columns().zip(columns) {
            let name = column.name();
            let is_named = self.roles.ids.iter().chain(&self.roles.time).any(|role| role == name);
            let is_target = self.roles.targets.iter().any(|target| target == name);
            if is_named {
                continue;
            }
            if let Err(why) = seen.look(column, is_target, |_| true, which) {
                return Ok(Err(why));
            }
        }
        order.follow(table, &are_labelled, self)
    }
}

/// Is a row in one of these stretches, which ascend?
pub(super) fn holds(stretches: &[Range<usize>], row: usize) -> bool {
    let before = stretches.partition_point(|rows| rows.start <= row);
    before > 0 && stretches[before - 1].contains(&row)
}

/// How rows followed each other until here.
#[derive(Default)]
struct Order {
    rows: usize,
    labelled: usize,
    /// What tells the sequence of the last row apart, and its time.
    id: Vec<String>,
    time: Option<When>,
    seen: HashSet<Vec<String>>,
}

/// When a row was, by a column whose rows can be put in order part by part.
#[derive(Clone, Copy)]
enum When {
    Number(f64),
    Time(Time),
}

impl When {
    /// Does this follow the other, written alike?
    fn follows(self, before: When) -> bool {
        match (before, self) {
            (When::Number(before), When::Number(now)) => before < now,
            (When::Time(before), When::Time(now)) => before.pattern() == now.pattern() && before < now,
            _ => false,
        }
    }

    /// Those of a column: of texts only such that begin with their year, so that other rows do not tell how to read them.
    fn of(column: Column<'_>) -> Option<Vec<Option<When>>> {
        if let Some(numbers) = column.numbers_or_gaps() {
            let when = |&number: &f64| (!number.is_nan()).then_some(When::Number(number));
            return Some(numbers.iter().map(when).collect());
        }
        let begins_with_year = |text: &str| {
            let year = text.split_at_checked(4);
            year.is_some_and(|(year, rest)| {
                year.bytes().all(|byte| byte.is_ascii_digit()) && rest.starts_with(['-', '/', '.'])
            })
        };
        let times = column.texts().all(begins_with_year).then(|| column.times().ok())??;
        Some(times.iter().map(|&time| Some(When::Time(time))).collect())
    }
}

impl Order {
    /// Goes on with the rows of a table.
    fn follow(
        &mut self,
        table: &Table,
        are_labelled: &[bool],
        survey: &mut Survey,
    ) -> Result<Result<(), Why>, Error> {
        let Survey { roles, sequences, labelled_of, names, .. } = survey;
        let ids = roles.ids.iter().map(|id| table.column(id)).collect::<Result<Vec<_>, _>>()?;
        let time = roles.time.as_deref().map(|time| table.column(time)).transpose()?;
        let whens = match time.map(When::of) {
            None => Vec::new(),
            Some(Some(whens)) => whens,
            Some(None) => {
                return Ok(Err(format!(
                    "{:?} does not begin with the year",
                    roles.time.as_deref().unwrap_or_default()
                )));
            }
        };
        for (row, is_labelled) in are_labelled.iter().enumerate() {
            let place = self.rows + row;
            let is_same = !sequences.is_empty()
                && ids.iter().zip(&self.id).all(|(column, id)| name(*column, row) == Some(id));
            if !is_same {
                self.id.clear();
                for column in &ids {
                    let Some(name) = name(*column, row) else {
                        return Ok(Err(format!("{} is empty or not written as others", column.place(row))));
                    };
                    self.id.push(name.to_owned());
                }
                if !self.seen.insert(self.id.clone()) {
                    let text = format!(
                        "the rows of {} {:?} do not all follow each other: they go on in line {}",
                        roles.ids.join(", "),
                        self.id.join(", "),
                        table.column_at(0).line(row)
                    );
                    return Ok(Err(text));
                }
                sequences.push(place..place);
                labelled_of.push(0);
                names.push(self.id.join(", "));
                self.time = None;
            }
            if let Some(sequence) = sequences.last_mut() {
                sequence.end = place + 1;
            }
            if let Some(count) = labelled_of.last_mut() {
                *count += usize::from(*is_labelled);
            }
            let Some(time) = time else { continue };
            let when = whens[row];
            let follows = match (self.time, when) {
                (_, None) => false,
                (None, Some(_)) => true,
                (Some(before), Some(now)) => now.follows(before),
            };
            if !follows {
                return Ok(Err(format!(
                    "its rows are not in the order of times, or not written alike, by {}",
                    time.place(row)
                )));
            }
            self.time = when;
        }
        self.rows += table.num_rows();
        Ok(Ok(()))
    }
}

/// What a cell says that tells sequences apart; nothing of a number that may be written in several ways.
fn name<'t>(column: Column<'t>, row: usize) -> Option<&'t str> {
    let text = column.text(row);
    let is_plain = !column.holds_numbers()
        || text.bytes().all(|byte| byte.is_ascii_digit()) && (text.len() == 1 || !text.starts_with('0'));
    (!text.is_empty() && is_plain).then_some(text)
}

/// What was seen of a column, and in which chunk.
#[derive(Default)]
struct Seen {
    /// Of numbers, and of texts that are none.
    numbers: Option<usize>,
    texts: Option<usize>,
    lowest: Option<(f64, usize)>,
    highest: Option<(f64, usize)>,
    /// Of the last number; and whether not all follow the one before as [`Course`] says.
    last: Option<f64>,
    counts_not: bool,
    rises_not: bool,
    /// The first empty cell, and its line.
    gap: Option<(usize, u64)>,
    /// What its cells said, and the chunks in which each did first.
    said: HashSet<String>,
    counted: HashSet<u64>,
    /// Of a target, how many numbers there are, and whether not all are whole.
    told: usize,
    is_broken: bool,
    firsts: Vec<usize>,
}

impl Seen {
    /// Looks at those rows of more of the column that are meant.
    ///
    /// # Errors
    /// If it holds numbers and texts.
    fn look(
        &mut self,
        column: Column<'_>,
        is_target: bool,
        is_meant: impl Fn(usize) -> bool,
        chunk: impl Fn(usize) -> usize,
    ) -> Result<(), Why> {
        let Some(numbers) = column.numbers_or_gaps() else {
            return self.look_at_texts(column, is_meant, chunk);
        };
        self.numbers = self.numbers.or(Some(chunk(0)));
        for (row, &number) in numbers.iter().enumerate().filter(|(row, _)| is_meant(*row)) {
            self.counts_not |= self.last.is_some_and(|last| number - last != 1.0);
            self.rises_not |=
                self.last.is_some_and(|last| number.partial_cmp(&last) != Some(Ordering::Greater));
            self.last = Some(number);
            if number.is_nan() {
                self.gap = self.gap.or_else(|| Some((chunk(row), column.line(row))));
                continue;
            }
            if is_target {
                self.told += 1;
                self.is_broken |= number.fract() != 0.0 || number.abs() > 1e9;
            }
            if self.lowest.is_none_or(|(lowest, _)| number < lowest) {
                self.lowest = Some((number, chunk(row)));
            }
            if self.highest.is_none_or(|(highest, _)| number > highest) {
                self.highest = Some((number, chunk(row)));
            }
            if is_target && self.counted.len() < MOST_TEXTS && self.counted.insert((number + 0.0).to_bits()) {
                self.firsts.push(chunk(row));
            }
        }
        self.refuse_both(column)
    }

    fn look_at_texts(
        &mut self,
        column: Column<'_>,
        is_meant: impl Fn(usize) -> bool,
        chunk: impl Fn(usize) -> usize,
    ) -> Result<(), Why> {
        let mut are_some = false;
        for (row, text) in column.texts().enumerate().filter(|(row, _)| is_meant(*row)) {
            if stands_for_missing(text) {
                self.gap = self.gap.or_else(|| Some((chunk(row), column.line(row))));
                continue;
            }
            are_some = true;
            if self.said.len() >= MOST_TEXTS {
                break;
            }
            if !self.said.contains(text) {
                self.said.insert(text.to_owned());
                self.firsts.push(chunk(row));
            }
        }
        if are_some {
            self.texts = self.texts.or(Some(chunk(0)));
        }
        self.refuse_both(column)
    }

    /// Numbers that are written in another way here than there, or something else among them.
    fn refuse_both(&self, column: Column<'_>) -> Result<(), Why> {
        let are_both = self.numbers.is_some() && self.texts.is_some();
        match are_both {
            true => {
                let (name, line) = (column.name(), column.line(0));
                Err(format!(
                    "{name:?} holds numbers and something else, on this side of line {line} or beyond"
                ))
            }
            false => Ok(()),
        }
    }

    /// What is known of the column, which has so many rows of so many sequences.
    fn facts(&self, rows: usize, sequences: usize) -> Facts {
        let are_all = self.numbers.is_some() && self.gap.is_none();
        let rises = sequences == 1 && !self.rises_not;
        Facts {
            course: are_all.then_some(Course { rows, counts: !self.counts_not, rises }),
            gap: self.gap.map(|(_, line)| line),
            has_more_texts: self.said.len() >= MOST_TEXTS,
            has_more_numbers: self.counted.len() >= MOST_TEXTS,
            whole: (self.told > 0 && !self.is_broken).then_some((self.counted.len(), self.told)),
        }
    }

    /// Adds the chunks that show what is in the column.
    fn chunks(&self, sample: &mut BTreeSet<usize>) {
        let ends = self.lowest.iter().chain(&self.highest).map(|(_, chunk)| *chunk);
        sample.extend(ends.chain(self.gap.map(|(chunk, _)| chunk)).chain(self.firsts.iter().copied()));
    }
}
