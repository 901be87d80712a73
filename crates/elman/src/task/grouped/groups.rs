use std::collections::HashMap;

use crate::error::{ConfigError, DataError, Error};
use crate::table::{Column, Place, Table, TableError};
use crate::task::HeldOut;

/// The rows of each sequence, in order of first appearance.
pub(super) struct Groups<'a> {
    pub(super) ids: Vec<&'a str>,
    pub(super) rows: Vec<Vec<usize>>,
}

impl<'a> Groups<'a> {
    pub(super) fn read(table: &'a Table, id: &str) -> Result<Self, Error> {
        let id = table.column(id)?;
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut groups = Groups { ids: Vec::new(), rows: Vec::new() };
        for (row, id) in id.texts().enumerate() {
            let n = *numbers.entry(id).or_insert_with(|| {
                groups.ids.push(id);
                groups.rows.push(Vec::new());
                groups.ids.len() - 1
            });
            groups.rows[n].push(row);
        }
        if let Some(blank) = groups.ids.iter().position(|id| id.is_empty()) {
            let place = id.place(groups.rows[blank][0]);
            let message = "the cell is empty; say which sequence the row belongs to";
            return Err(DataError::new(place, message).into());
        }
        Ok(groups)
    }

    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    /// The numbers of all sequences.
    pub(super) fn all(&self) -> Vec<usize> {
        (0..self.len()).collect()
    }

    /// The numbers of the sequences that are held out.
    pub(super) fn held_out(&self, held_out: &HeldOut) -> Result<Vec<usize>, ConfigError> {
        match held_out {
            HeldOut::All => Ok(self.all()),
            HeldOut::Sequences(sequences) if sequences.iter().all(|&n| n < self.len()) => {
                Ok(sequences.clone())
            }
            HeldOut::Sequences(_) => {
                Err(ConfigError::new("test", "speaks of sequences that the table does not have"))
            }
            HeldOut::LastRows(_) => Err(ConfigError::new("test", "in rows is for forecasts")),
        }
    }
}

/// The cell of each sequence that tells its target.
pub(in crate::task) struct Labels<'a> {
    column: Column<'a>,
    rows: Vec<usize>,
}

impl<'a> Labels<'a> {
    /// Finds them: for each sequence the first of its cells that is not empty. All others must say the same
    /// or nothing.
    pub(super) fn read(groups: &Groups<'a>, column: Column<'a>) -> Result<Self, DataError> {
        let rows = groups.ids.iter().zip(&groups.rows).map(|(id, rows)| label(id, rows, column));
        Ok(Labels { column, rows: rows.collect::<Result<_, _>>()? })
    }

    /// The number of sequences.
    pub(in crate::task) fn len(&self) -> usize {
        self.rows.len()
    }

    /// What a sequence's cell says.
    pub(in crate::task) fn text(&self, sequence: usize) -> &'a str {
        self.column.text(self.rows[sequence])
    }

    /// What all sequences' cells say.
    pub(in crate::task) fn texts(&self) -> impl Iterator<Item = &'a str> {
        self.rows.iter().map(|&row| self.column.text(row))
    }

    /// What a sequence's cell says, as a number.
    pub(in crate::task) fn number(&self, sequence: usize) -> Result<f64, TableError> {
        self.column.number(self.rows[sequence])
    }

    /// Where that is.
    pub(in crate::task) fn place(&self, sequence: usize) -> Place<'a> {
        self.column.place(self.rows[sequence])
    }

    /// The column as a place.
    pub(in crate::task) fn whole(&self) -> Place<'a> {
        self.column.whole()
    }
}

/// The row that tells a sequence's target.
fn label(id: &str, rows: &[usize], column: Column<'_>) -> Result<usize, DataError> {
    let mut told = rows.iter().copied().filter(|&row| !column.text(row).is_empty());
    let Some(first) = told.next() else {
        let line = column.line(rows[0]);
        let message =
            format!("sequence {id:?} (line {line}) has no target; fill it in or leave the sequence out");
        return Err(DataError::new(column.whole(), message));
    };
    match told.find(|&row| column.text(row) != column.text(first)) {
        None => Ok(first),
        Some(other) => {
            let message = format!(
                "sequence {id:?} has target {:?} in line {} and {:?} in line {}; give one per sequence",
                column.text(first),
                column.line(first),
                column.text(other),
                column.line(other)
            );
            Err(DataError::new(column.whole(), message))
        }
    }
}
