//! A table from values in memory.

use super::builder::Head;
use super::cells::Spelling;
use super::lines::Lines;
use super::{Table, TableError, binary};

/// The cells of a column that is no file's.
#[derive(Clone, Debug, PartialEq)]
pub enum Cells {
    /// Numbers; NaN where there is none.
    Numbers(Vec<f64>),
    /// Text, read as it would be in a file: as numbers where all of it is, as times when it is asked for them.
    Text(Vec<String>),
}

impl Cells {
    fn len(&self) -> usize {
        match self {
            Cells::Numbers(numbers) => numbers.len(),
            Cells::Text(texts) => texts.len(),
        }
    }
}

/// How a column's numbers are written where text is asked for: names that are numbers have no decimals.
pub(super) fn spelling(numbers: &[f64]) -> Spelling {
    const EXACT: f64 = (1_u64 << 53) as f64;
    let is_whole = |number: &f64| number.is_nan() || (number.fract() == 0.0 && number.abs() <= EXACT);
    if numbers.iter().all(is_whole) { Spelling::Integer } else { Spelling::F64 }
}

impl Table {
    /// A table of these columns; `name` stands for the file in error messages, and rows, counted from 1, for its lines.
    ///
    /// ```
    /// use elman::table::{Cells, Table};
    ///
    /// # fn main() -> Result<(), elman::table::TableError> {
    /// let columns = [
    ///     ("ds".to_owned(), Cells::Text(vec!["2024-01".into(), "2024-02".into()])),
    ///     ("y".to_owned(), Cells::Numbers(vec![0.1, f64::NAN])),
    /// ];
    /// let table = Table::from_columns("frame", &columns)?;
    /// assert_eq!(table.column("y")?.number(0)?, 0.1);
    /// assert_eq!(table.column("ds")?.times()?[1].to_string(), "2024-02");
    /// let error = table.column("y")?.number(1).unwrap_err().to_string();
    /// assert!(error.starts_with(r#"frame, line 2, column "y": the cell is empty"#));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If there are no rows, a name is empty or stands twice, or there are too many columns.
    ///
    /// # Panics
    /// If the columns are not of one length.
    pub fn from_columns(name: &str, columns: &[(String, Cells)]) -> Result<Table, TableError> {
        let rows = columns.first().map_or(0, |(_, cells)| cells.len());
        assert!(columns.iter().all(|(_, cells)| cells.len() == rows), "all columns have as many rows");
        let head = Head::new(name, 0, columns.iter().map(|(header, _)| header.as_str()))?;
        let data = columns.iter().map(|(_, cells)| match cells {
            Cells::Numbers(numbers) => binary::floats(name, numbers.clone(), spelling(numbers)),
            Cells::Text(texts) => binary::texts(name, texts.iter()),
        });
        head.finish(Lines::counted(rows), data.collect::<Result<_, _>>()?)
    }
}

/// The numbers that these texts are in a column that holds nothing else; none if one is no number.
pub(crate) fn numbers_in<'t>(texts: impl Iterator<Item = &'t str>) -> Option<Vec<f64>> {
    let cells = Cells::Text(texts.map(str::to_owned).collect());
    let table = Table::from_columns("texts", &[("text".to_owned(), cells)]).ok()?;
    Some(table.column("text").ok()?.numbers().ok()?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_to_the_bit() {
        let numbers = vec![0.1, -1e300, 5e-324, 1e16, 123_456_789.25, -0.0, 2.0 / 3.0, 1e-5, 9.999e-6];
        let table = Table::from_columns("t", &[("x".into(), Cells::Numbers(numbers.clone()))]).unwrap();
        let read = table.column("x").unwrap().numbers().unwrap().to_vec();
        assert_eq!(read.iter().map(|x| x.to_bits()).collect::<Vec<_>>(), {
            numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        });
    }

    #[test]
    fn whole_numbers_are_written_as_such() {
        let columns = [
            ("id".to_owned(), Cells::Numbers(vec![3.0, f64::NAN, -9007199254740992.0])),
            ("x".to_owned(), Cells::Numbers(vec![3.0, 0.5, 1e300])),
        ];
        let table = Table::from_columns("t", &columns).unwrap();
        let texts = |name| table.column(name).unwrap().texts().collect::<Vec<_>>().join(" ");
        assert_eq!((texts("id"), texts("x")), ("3  -9007199254740992".into(), "3.0 0.5 1e300".into()));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let column = |name: &str, rows: usize| (name.to_owned(), Cells::Numbers(vec![1.0; rows]));
        let message =
            |columns: &[(String, Cells)]| Table::from_columns("t", columns).unwrap_err().to_string();
        assert!(message(&[column("x", 0)]).contains("no rows"), "{}", message(&[column("x", 0)]));
        assert!(message(&[column("x", 1), column("x", 1)]).contains('x'));
        assert!(!message(&[]).is_empty());
        let infinite =
            Table::from_columns("t", &[("x".into(), Cells::Numbers(vec![1.0, f64::INFINITY]))]).unwrap();
        let error = infinite.column("x").unwrap().numbers().unwrap_err().to_string();
        assert!(error.starts_with("t, line 2, column \"x\": "), "{error}");
    }
}
