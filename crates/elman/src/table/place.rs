use std::fmt::{self, Display};

use super::error::Quoted;

/// A place in a table, as error messages name it: `sales.csv, line 3, column "date"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// What stands for the file.
    pub table: &'a str,
    /// The line of the file, counted from 1; none for a column as a whole.
    pub line: Option<u64>,
    /// The column's name.
    pub column: &'a str,
}

impl Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.table)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ", column {}", Quoted(self.column))
    }
}
