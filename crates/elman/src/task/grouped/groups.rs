use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashMap;

use crate::error::{ConfigError, DataError, Error, Message};
use crate::table::{Column, Table, Time};
use crate::task::HeldOut;
use crate::words::{counted, thousands};

/// The rows of each sequence: sequences in order of first appearance, rows in order of time.
pub(in crate::task) struct Groups<'a> {
    /// What the columns that tell them apart say of each.
    pub(in crate::task) ids: Vec<Vec<&'a str>>,
    pub(in crate::task) rows: Vec<Vec<usize>>,
    /// The sequences in the order in which they begin; none without a column of times.
    pub(super) by_start: Option<Vec<usize>>,
    /// What the user should know of how they were found.
    pub(in crate::task) remarks: Vec<Message>,
}

impl<'a> Groups<'a> {
    /// Finds them; without columns of ids all rows are one sequence, without a column of times they are in the order
    /// in which they stand.
    pub(in crate::task) fn read(
        table: &'a Table,
        ids: &[String],
        time: Option<&str>,
        time_format: Option<&str>,
    ) -> Result<Self, Error> {
        let ids = ids.iter().map(|id| table.column(id)).collect::<Result<Vec<_>, _>>()?;
        let mut groups = Self::told_apart(&ids, table.num_rows())?;
        match time {
            Some(time) => groups.sort(table.column(time)?, time_format)?,
            None => {
                groups.remarks.extend(table.columns().find_map(|column| groups.remark_on_counter(column)))
            }
        }
        Ok(groups)
    }

    /// So many rows as one sequence, in the order in which they stand.
    pub(in crate::task) fn of_one(num_rows: usize) -> Self {
        let rows = (0..num_rows).collect();
        Groups { ids: vec![Vec::new()], rows: vec![rows], by_start: None, remarks: Vec::new() }
    }

    /// What is to be said of a column that numbers the rows of each sequence, where they do not stand in its order.
    fn remark_on_counter(&self, column: Column<'_>) -> Option<Message> {
        let numbers = column.numbers().ok()?;
        let is_in_order = |rows: &Vec<usize>| {
            let values = || rows.iter().map(|&row| numbers[row]);
            // Backwards counts how many are left.
            values().is_sorted() || values().is_sorted_by(|a, b| a >= b)
        };
        let shuffled = self.rows.iter().find(|rows| !is_in_order(rows))?;
        if !self.rows.iter().all(|rows| are_consecutive(rows.iter().map(|&row| numbers[row]))) {
            return None;
        }
        let row = shuffled.windows(2).find(|pair| numbers[pair[0]] > numbers[pair[1]])?[1];
        let text = format!(
            "{}: the column numbers the rows of each sequence, but they do not stand in that order; to read them in it, name \
             it with ",
            column.place(row)
        );
        Some(Message::from(text).option("time"))
    }

    /// The rows that all these columns name alike, together.
    fn told_apart(columns: &[Column<'a>], num_rows: usize) -> Result<Self, Error> {
        let mut of_row = vec![0; num_rows];
        let (mut names, mut remarks) = (Vec::with_capacity(columns.len()), Vec::new());
        for column in columns {
            if let Some(blank) = (0..num_rows).find(|&row| column.is_missing(row)) {
                let message = "the cell is empty; say which sequence the row belongs to, or take the row out";
                return Err(DataError::new(column.place(blank), message).into());
            }
            let (of_column, remark) = column.names();
            remarks.extend(remark);
            tell_apart(&mut of_row, of_column.iter().copied());
            names.push(of_column);
        }
        let mut rows: Vec<Vec<usize>> = vec![Vec::new(); of_row.iter().max().map_or(1, |last| last + 1)];
        of_row.iter().enumerate().for_each(|(row, &number)| rows[number].push(row));
        let id = |rows: &Vec<usize>| {
            names.iter().filter_map(|of_column| Some(of_column[*rows.first()?])).collect()
        };
        Ok(Groups { ids: rows.iter().map(id).collect(), rows, by_start: None, remarks })
    }

    /// What a sequence is called.
    pub(in crate::task) fn name(&self, sequence: usize) -> String {
        self.ids[sequence].join(", ")
    }

    /// Brings each sequence's rows into the order of time.
    fn sort(&mut self, column: Column<'_>, format: Option<&str>) -> Result<(), Error> {
        let order = Order::of(column, format)?;
        let (mut moved, mut first) = (0, None);
        for (id, rows) in self.ids.iter().zip(&mut self.rows) {
            if let Some(pair) = rows.windows(2).find(|pair| order.compare(pair[0], pair[1]).is_gt()) {
                moved += 1;
                first.get_or_insert(column.line(pair[1]));
                rows.sort_by(|&a, &b| order.compare(a, b));
            }
            if let Some(pair) = rows.windows(2).find(|pair| order.compare(pair[0], pair[1]).is_eq()) {
                let text = |start: &str, way_out: &str| {
                    let (text, first, second) =
                        (column.text(pair[0]), column.line(pair[0]), column.line(pair[1]));
                    Message::from(format!("{start} {text:?} in lines {first} and {second}; {way_out}"))
                };
                let message = match id.as_slice() {
                    [] => text(
                        "says",
                        "if they are of several sequences, name the column that tells them apart with ",
                    )
                    .option("id"),
                    id => text(
                        &format!("sequence {:?} has the time", id.join(", ")),
                        "give every row of a sequence a time of its own",
                    ),
                };
                return Err(DataError::new(column.whole(), message).into());
            }
        }
        if let Some(line) = first {
            self.remarks.push(
                format!(
                    "the rows of {} of {} were not in the order of {:?} (first: line {line}); they were sorted by it",
                    thousands(moved),
                    counted(self.len(), "sequence"),
                    column.name()
                )
                .into(),
            );
        }
        let mut by_start = self.all();
        by_start.sort_by(|&a, &b| order.compare(self.rows[a][0], self.rows[b][0]));
        self.by_start = Some(by_start);
        Ok(())
    }

    pub(in crate::task) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The numbers of all sequences.
    pub(in crate::task) fn all(&self) -> Vec<usize> {
        (0..self.len()).collect()
    }

    /// The numbers of the sequences that are held out.
    pub(in crate::task) fn held_out(&self, held_out: &HeldOut) -> Result<Vec<usize>, ConfigError> {
        match held_out {
            HeldOut::All => Ok(self.all()),
            HeldOut::Sequences(sequences) if sequences.iter().all(|&n| n < self.len()) => {
                Ok(sequences.clone())
            }
            HeldOut::Sequences(_) => {
                Err(ConfigError::new("test", "speaks of sequences that the table does not have"))
            }
            HeldOut::LastRows(_) | HeldOut::LastRowsOfEach(_) => {
                Err(ConfigError::new("test", "in rows is for forecasts"))
            }
        }
    }

    /// The name that each of these sequences has in a column, in which all its rows must say the same, and a remark on
    /// names that are written in several ways.
    pub(super) fn names_of(
        &self,
        sequences: &[usize],
        column: Column<'a>,
    ) -> Result<(Vec<&'a str>, Option<Message>), DataError> {
        let (names, remark) = column.names();
        let name = |&n: &usize| {
            let rows = &self.rows[n];
            if let Some(&empty) = rows.iter().find(|&&row| column.is_missing(row)) {
                let message = format!("the cell is empty; say to what sequence {:?} belongs", self.name(n));
                return Err(DataError::new(column.place(empty), message));
            }
            if let Some(pair) = rows.windows(2).find(|pair| names[pair[0]] != names[pair[1]]) {
                let message = format!(
                    "sequence {:?} has {:?} in line {} and {:?} in line {}; a sequence belongs to one",
                    self.name(n),
                    column.text(pair[0]),
                    column.line(pair[0]),
                    column.text(pair[1]),
                    column.line(pair[1])
                );
                return Err(DataError::new(column.whole(), message));
            }
            Ok(rows.first().map_or("", |&row| names[row]))
        };
        Ok((sequences.iter().map(name).collect::<Result<_, _>>()?, remark))
    }

    /// Of these sequences those that have rows: the others had none without a gap.
    pub(in crate::task) fn with_rows(&self, sequences: Vec<usize>) -> Vec<usize> {
        sequences.into_iter().filter(|&n| !self.rows[n].is_empty()).collect()
    }
}

/// Tells apart by these names what has one number until here, and gives how many there are now, numbered by who comes first.
pub(super) fn tell_apart<'n>(numbers: &mut [usize], names: impl Iterator<Item = &'n str>) -> usize {
    let mut known: HashMap<(usize, &str), usize> = HashMap::new();
    for (number, name) in numbers.iter_mut().zip(names) {
        let next = known.len();
        *number = *known.entry((*number, name)).or_insert(next);
    }
    known.len()
}

/// Are these integers that follow each other, each of them once, in whatever order?
fn are_consecutive(values: impl ExactSizeIterator<Item = f64> + Clone) -> bool {
    let first = values.clone().fold(f64::INFINITY, f64::min);
    let mut seen = vec![false; values.len()];
    values.into_iter().all(|value| {
        let place = value - first;
        let is_place = place.fract() == 0.0 && place < seen.len() as f64;
        is_place && !std::mem::replace(&mut seen[place as usize], true)
    })
}

/// What a column of times orders rows by.
enum Order<'a> {
    Times(Cow<'a, [Time]>),
    Numbers(&'a [f64]),
}

impl<'a> Order<'a> {
    /// Numbers count as they are, as steps, seconds or years do. What is mostly numbers shall be numbers: the error is
    /// about the cell that is none.
    fn of(column: Column<'a>, format: Option<&str>) -> Result<Self, Error> {
        if let Some(format) = format {
            return Ok(Order::Times(column.times_as(format)?.into()));
        }
        let rows = column.texts().len();
        if column.numbers_or_gaps().is_none() {
            let numbers = (0..rows).filter(|&row| column.number(row).is_ok()).count();
            if numbers * 2 <= rows {
                return Ok(Order::Times(column.times()?.into()));
            }
        }
        Ok(Order::Numbers(column.numbers()?))
    }

    fn compare(&self, a: usize, b: usize) -> Ordering {
        match self {
            Order::Times(times) => times[a].cmp(&times[b]),
            // 0 and -0 are the same time.
            Order::Numbers(numbers) => (numbers[a] + 0.0).total_cmp(&(numbers[b] + 0.0)),
        }
    }
}
