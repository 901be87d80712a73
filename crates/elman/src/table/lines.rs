//! The line of each row.

/// On which line of the file each row begins, told by what is not simply the next line after the row before: 8 bytes
/// for each such row.
#[derive(Debug, Clone, Default)]
pub(super) struct Lines {
    /// From this row on the lines count up from this one.
    runs: Vec<(u32, u32)>,
    rows: u32,
}

impl Lines {
    /// Adds a row.
    #[inline]
    pub(super) fn push(&mut self, line: u64) {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        let follows =
            |&(row, first): &(u32, u32)| u64::from(first) + u64::from(self.rows - row) == u64::from(line);
        if !self.runs.last().is_some_and(follows) {
            self.runs.push((self.rows, line));
        }
        self.rows += 1;
    }

    /// So many rows, which count as lines from 1 on.
    pub(super) fn counted(rows: usize) -> Self {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        Lines { runs: vec![(0, 1)], rows }
    }

    /// The number of rows.
    pub(super) fn len(&self) -> usize {
        self.rows as usize
    }

    /// The line of a row.
    pub(super) fn get(&self, row: usize) -> u64 {
        assert!(row < self.len(), "row {row} of a table of {} rows", self.rows);
        let run = self.runs.partition_point(|(first, _)| *first as usize <= row) - 1;
        let (first, line) = self.runs[run];
        u64::from(line) + (row - first as usize) as u64
    }

    pub(super) fn select(&self, rows: &[usize]) -> Self {
        let mut part = Lines::default();
        rows.iter().for_each(|&row| part.push(self.get(row)));
        part
    }

    pub(super) fn shrink_to_fit(&mut self) {
        self.runs.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use super::Lines;

    #[test]
    fn any_lines_are_given_back() {
        let told = [2, 3, 4, 4, 4, 9, 10, 3];
        let mut lines = Lines::default();
        told.iter().for_each(|&line| lines.push(line));
        assert_eq!((0..lines.len()).map(|row| lines.get(row)).collect::<Vec<_>>(), told);
        assert_eq!(lines.runs.len(), 5);
        assert_eq!(lines.select(&[5, 6, 0]).get(1), 10);
    }
}
