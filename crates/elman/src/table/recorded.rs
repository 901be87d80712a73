//! Recordings as a table: one column, `recordings`, of one cell.

use std::sync::Arc;

use super::cells::Cells;
use super::column::Data;
use super::lines::Lines;
use super::typing::Values;
use super::{Hints, Table};
use crate::audio::Recordings;

/// The only column of recordings.
const COLUMN: &str = "recordings";

impl Table {
    /// Recordings that stay where they are: to the task [`Label`](crate::task::Label), what
    /// [`audio::prepare`](crate::audio::prepare) makes of them. The table has one column, `recordings`, with one cell.
    pub fn of_recordings(recordings: Recordings) -> Table {
        Table {
            name: recordings.name().to_owned(),
            headers: vec![COLUMN.to_owned()],
            lines: Lines::counted(1),
            remarks: recordings.remarks().to_vec(),
            columns: vec![Data::new(Cells::Recorded(Arc::new(recordings)), Values::Text)],
            hints: Hints::default(),
        }
    }

    /// The recordings, if it is a table of some.
    pub fn recordings(&self) -> Option<&Arc<Recordings>> {
        match self.columns.first().map(|column| &column.cells) {
            Some(Cells::Recorded(recordings)) => Some(recordings),
            _ => None,
        }
    }
}
