use super::{Place, Table, TableError, Time};

/// One column of a [`Table`]: a cell for every row, counted from 0.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    table: &'a Table,
    index: usize,
}

/// What all cells of a column are.
#[derive(Debug, Clone)]
pub(super) enum Values {
    /// Finite numbers; NaN where a cell is empty, but not everywhere.
    Numbers { values: Vec<f64>, first_gap: Option<usize> },
    /// Times, written alike.
    Times(Vec<Time>),
    /// Anything else.
    Text,
}

impl Values {
    /// The values of these cells, as the strictest type that holds them all.
    pub(super) fn of<'c>(cells: impl ExactSizeIterator<Item = &'c str> + Clone) -> Self {
        Self::numbers(cells.clone()).or_else(|| Self::times(cells)).unwrap_or(Values::Text)
    }

    fn numbers<'c>(cells: impl ExactSizeIterator<Item = &'c str> + Clone) -> Option<Self> {
        finite(cells.clone().find(|cell| !cell.is_empty())?)?;
        let mut values = Vec::with_capacity(cells.len());
        for cell in cells {
            values.push(if cell.is_empty() { f64::NAN } else { finite(cell)? });
        }
        let first_gap = values.iter().position(|value| value.is_nan());
        Some(Values::Numbers { values, first_gap })
    }

    fn times<'c>(mut cells: impl ExactSizeIterator<Item = &'c str> + Clone) -> Option<Self> {
        let (len, first) = (cells.len(), Time::parse(cells.next()?)?);
        let mut times = Vec::with_capacity(len);
        times.push(first);
        for cell in cells {
            times.push(first.parse_alike(cell)?);
        }
        Some(Values::Times(times))
    }
}

/// What [`f64`] parses from text, less NaN and the infinities.
fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

impl<'a> Column<'a> {
    pub(super) fn new(table: &'a Table, index: usize) -> Self {
        Column { table, index }
    }

    /// The column's name in the header.
    pub fn name(&self) -> &'a str {
        &self.table.headers[self.index]
    }

    /// The line of the file, counted from 1, on which this row begins.
    ///
    /// # Panics
    /// If `row` is not below [`Table::num_rows`].
    pub fn line(&self, row: usize) -> u64 {
        self.table.lines[row]
    }

    /// Where the cell is, in words.
    ///
    /// # Panics
    /// If `row` is not below [`Table::num_rows`].
    pub fn place(&self, row: usize) -> Place<'a> {
        Place { line: Some(self.line(row)), ..self.whole() }
    }

    /// Where the column is, in words.
    pub fn whole(&self) -> Place<'a> {
        Place { table: &self.table.name, line: None, column: self.name() }
    }

    /// What stands for the column's file in error messages.
    pub fn table_name(&self) -> &'a str {
        &self.table.name
    }

    /// The cell's text without the blanks around it.
    ///
    /// # Panics
    /// If `row` is not below [`Table::num_rows`].
    pub fn text(&self, row: usize) -> &'a str {
        self.table.cell(row, self.index)
    }

    /// The text of every cell, from the first row to the last.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = &'a str> + Clone + use<'a> {
        let column = *self;
        (0..column.table.num_rows()).map(move |row| column.text(row))
    }

    /// The cell as a finite number.
    ///
    /// # Errors
    /// If it is empty or something else.
    ///
    /// # Panics
    /// If `row` is not below [`Table::num_rows`].
    pub fn number(&self, row: usize) -> Result<f64, TableError> {
        let number = match self.values() {
            Values::Numbers { values, .. } => Some(values[row]).filter(|value| !value.is_nan()),
            // A number among what is none.
            Values::Times(_) | Values::Text => finite(self.text(row)),
        };
        number.ok_or_else(|| self.no_number(row))
    }

    /// Every cell as a finite number.
    ///
    /// # Errors
    /// That of the first cell that is none.
    pub fn numbers(&self) -> Result<&'a [f64], TableError> {
        match self.values() {
            Values::Numbers { values, first_gap: None } => Ok(values),
            Values::Numbers { first_gap: Some(row), .. } => Err(self.no_number(*row)),
            Values::Times(_) | Values::Text => {
                let row = self.texts().position(|text| finite(text).is_none()).unwrap_or(0);
                Err(self.no_number(row))
            }
        }
    }

    /// Whether every cell is a finite number, which is whether [`Column::numbers`] succeeds.
    pub fn is_numeric(&self) -> bool {
        matches!(self.values(), Values::Numbers { first_gap: None, .. })
    }

    /// Every cell as a finite number, NaN where one is empty; none if a cell is something else, or all are
    /// empty.
    pub(crate) fn numbers_or_gaps(&self) -> Option<&'a [f64]> {
        match self.values() {
            Values::Numbers { values, .. } => Some(values),
            Values::Times(_) | Values::Text => None,
        }
    }

    /// Every cell as a time: `1949-01`, `1949-01-31`, `1949-01-31 12:00` or, with seconds,
    /// `1949-01-31T12:00:00`, all written alike.
    ///
    /// # Errors
    /// That of the first cell that is none, or is not written like the first.
    pub fn times(&self) -> Result<&'a [Time], TableError> {
        if let Values::Times(times) = self.values() {
            return Ok(times);
        }
        let first = Time::parse(self.text(0));
        let is_like_first = |text| first.is_some_and(|first| first.parse_alike(text).is_some());
        let row = self.texts().position(|text| !is_like_first(text)).unwrap_or(0);
        Err(TableError::NotATime {
            table: self.table.name.clone(),
            line: self.line(row),
            column: self.name().to_owned(),
            text: self.text(row).to_owned(),
            is_first: row == 0,
        })
    }

    /// Whether the first cell is a time, so that the column is likely meant to be one of times.
    pub fn begins_with_time(&self) -> bool {
        Time::parse(self.text(0)).is_some()
    }

    fn values(&self) -> &'a Values {
        &self.table.values[self.index]
    }

    /// The error about a cell that is no finite number.
    fn no_number(&self, row: usize) -> TableError {
        let (table, line) = (self.table.name.clone(), self.line(row));
        let (column, text) = (self.name().to_owned(), self.text(row).to_owned());
        match text.parse::<f64>() {
            Ok(_) => TableError::NotFinite { table, line, column, text },
            Err(_) if text.is_empty() => TableError::EmptyCell { table, line, column },
            Err(_) => TableError::NotANumber { table, line, column, text },
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::table::Table;

    fn table(text: &str) -> Table {
        Table::read("t.csv", text.as_bytes()).unwrap()
    }

    #[test]
    fn numbers_with_gaps_are_numbers_one_by_one() {
        let table = table("id,a,b\nx,,\ny,2.5,\n");
        let (a, b) = (table.column("a").unwrap(), table.column("b").unwrap());
        assert_eq!(a.number(1).unwrap(), 2.5);
        let gap = r#"t.csv, line 2, column "a": the cell is empty where a number is expected; fill it in"#;
        assert_eq!(a.number(0).unwrap_err().to_string(), gap);
        assert_eq!(a.numbers().unwrap_err().to_string(), gap);
        assert!(!a.is_numeric() && !b.is_numeric());
        let gappy = a.numbers_or_gaps().unwrap();
        assert!(gappy[0].is_nan() && gappy[1] == 2.5 && b.numbers_or_gaps().is_none());
        assert!(b.number(0).is_err() && b.numbers().is_err());
    }

    #[test]
    fn a_number_among_text_is_one() {
        let table = table("a\n3\n2024-01-01\n");
        let column = table.column("a").unwrap();
        assert_eq!(column.number(0).unwrap(), 3.0);
        let message =
            r#"t.csv, line 3, column "a": "2024-01-01" is not a number; write one such as 12 or 3.5"#;
        assert_eq!(column.numbers().unwrap_err().to_string(), message);
    }

    #[test]
    fn times_are_shown_as_they_are_written() {
        for times in [
            ["1949-01", "1949-02"],
            ["1949-01-31", "0001-02-28"],
            ["1949-01-31 12:00", "1949-01-31 23:59"],
            ["1949-01-31T12:00:01", "1949-01-31T12:00:00"],
        ] {
            let table = table(&format!("t\n{}\n", times.join("\n")));
            let column = table.column("t").unwrap();
            let shown: Vec<String> = column.times().unwrap().iter().map(ToString::to_string).collect();
            assert_eq!(shown, times);
            assert!(column.begins_with_time() && column.numbers().is_err());
        }
    }

    #[test]
    fn what_is_no_time_is_named_with_its_place() {
        for (text, line, cell, end) in [
            ("1949-01\n1949-13", 3, "1949-13", ", written as in the rows before"),
            ("1949-01\n1949-02-01", 3, "1949-02-01", ", written as in the rows before"),
            ("1949-01\n\"\"", 3, "", ", written as in the rows before"),
            ("12\n1949-01", 2, "12", ""),
        ] {
            let table = table(&format!("t\n{text}\n"));
            assert_eq!(
                table.column("t").unwrap().times().unwrap_err().to_string(),
                format!(
                    "t.csv, line {line}, column \"t\": {cell:?} is not a time like 1949-01, 1949-01-31 or \
                     1949-01-31 12:00{end}"
                )
            );
        }
    }
}
