//! Recordings as a table: one column, `recordings`, of one cell.

use std::sync::Arc;

use super::Table;
use super::cells::Cells;
use crate::audio::Recordings;

/// The only column of recordings.
const COLUMN: &str = "recordings";

impl Table {
    /// Recordings that stay where they are: to the task [`Label`](crate::task::Label), what
    /// [`audio::prepare`](crate::audio::prepare) makes of them. The table has one column, `recordings`, with one cell.
    pub fn of_recordings(recordings: Recordings) -> Table {
        let (name, remarks) = (recordings.name().to_owned(), recordings.remarks().to_vec());
        Table::of_cell(&name, COLUMN, Cells::Recorded(Arc::new(recordings)), remarks)
    }

    /// The recordings, if it is a table of some.
    pub fn recordings(&self) -> Option<&Arc<Recordings>> {
        match self.columns.first().map(|column| &column.cells) {
            Some(Cells::Recorded(recordings)) => Some(recordings),
            _ => None,
        }
    }
}
