//! One table below another.

use super::cells::{Cells, Texts};
use super::column::Data;
use super::lines::Lines;
use super::typing::Values;
use super::{Column, Table, TableError};

impl Table {
    /// This table and below it the rows of another, which has some of its columns: cells of the others are empty there. In
    /// messages it is called by both names, and a row has the line of its own file. It has no remarks.
    ///
    /// # Errors
    /// If the other has a column that this one has not, or the texts of a column have no place.
    pub fn followed_by(&self, below: &Table) -> Result<Table, TableError> {
        for header in &below.headers {
            self.column(header)?;
        }
        let name = format!("{} + {}", self.name, below.name);
        let mut lines = Lines::default();
        [self, below]
            .iter()
            .for_each(|part| (0..part.num_rows()).for_each(|row| lines.push(part.lines.get(row))));
        let columns = self.columns().map(|column| {
            let other = below.column(column.name()).ok();
            continued(column, other, below.num_rows())
                .ok_or_else(|| TableError::TooLarge { table: name.clone(), limit: 1 << 32 })
        });
        let columns = columns.collect::<Result<_, _>>()?;
        let headers = self.headers.clone();
        Ok(Table { name, headers, lines, columns, remarks: Vec::new(), hints: self.hints })
    }
}

/// A column, below it the other or so many empty cells; none if there is no place for it.
fn continued(column: Column<'_>, other: Option<Column<'_>>, rows: usize) -> Option<Data> {
    let mut texts = Texts::default();
    for text in column.texts() {
        texts.push(text).then_some(())?;
    }
    for row in 0..rows {
        texts.push(other.map_or("", |other| other.text(row))).then_some(())?;
    }
    let below = match other {
        None => Some(vec![f64::NAN; rows]),
        Some(other) if other.texts().all(str::is_empty) => Some(vec![f64::NAN; rows]),
        Some(other) => other.numbers_or_gaps().map(<[f64]>::to_vec),
    };
    let values = match column.numbers_or_gaps().zip(below) {
        Some((above, below)) => Values::numbers_with_gaps([above, &below].concat()),
        None => Values::Text,
    };
    Some(Data::new(Cells::Kept(texts), values))
}

#[cfg(test)]
mod tests {
    use crate::table::Table;

    fn table(name: &str, text: &str) -> Table {
        Table::read(name, text.as_bytes()).unwrap()
    }

    #[test]
    fn rows_follow_under_their_names() {
        let above = table("a.csv", "t;n;k\n2024-01;1,5;x\n2024-02;2;y\n");
        let both = above.followed_by(&table("b.csv", "k,t\nz,2024-03\n,2024-04\n")).unwrap();
        assert_eq!(both.headers(), ["t", "n", "k"]);
        assert_eq!(both.num_rows(), 4);
        let numbers = both.column("n").unwrap();
        assert_eq!((numbers.number(0).unwrap(), numbers.number(1).unwrap()), (1.5, 2.0));
        assert!(numbers.is_missing(2) && numbers.is_missing(3));
        assert_eq!(both.column("k").unwrap().texts().collect::<Vec<_>>(), ["x", "y", "z", ""]);
        assert_eq!(both.column("t").unwrap().times().unwrap()[3].to_string(), "2024-04");
        assert_eq!(both.column("k").unwrap().place(2).to_string(), "a.csv + b.csv, line 2, column \"k\"");
        let error = above.followed_by(&table("b.csv", "m,t\nz,2024-03\n")).err().unwrap().to_string();
        assert!(error.starts_with("a.csv has no column \"m\""), "{error}");
    }
}
