//! Cells of several columns as rows below each other: a long table of a wide one.

use std::sync::{Arc, OnceLock};

use super::cells::{Cells, Texts};
use super::column::{Data, Origin};
use super::columns::spelling;
use super::lines::Lines;
use super::typing::Values;
use super::{Hints, Table};

/// A cell that becomes a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) row: u32,
    pub(crate) column: u32,
    /// The number of its time.
    pub(crate) time: u32,
    /// NaN where it is missing.
    pub(crate) value: f64,
}

impl Table {
    /// A table with a row for each of these cells: the columns of these numbers as they are in the cell's row, one of this
    /// name for its time, as that one of the `times` is written, and one of this name for its value. In messages a cell
    /// stands where it stands in this table. None if texts have no place.
    ///
    /// # Panics
    /// If there is no cell, none has a value, or there is no row, column or time of a number.
    pub(crate) fn unpivoted(
        &self,
        kept: &[usize],
        cells: &[Entry],
        (time, times): (&str, &[String]),
        value: &str,
    ) -> Option<Table> {
        assert!(cells.iter().any(|cell| !cell.value.is_nan()), "one cell at least has a value");
        let mut lines = Lines::default();
        cells.iter().for_each(|cell| lines.push(self.lines.get(cell.row as usize)));
        let rows: Vec<usize> = cells.iter().map(|cell| cell.row as usize).collect();
        let mut columns = Vec::with_capacity(kept.len() + 2);
        for &n in kept {
            let texts = texts(self.column_at(n).texts())?;
            let codes = cells.iter().map(|cell| cell.row).collect();
            columns.push(Data::new(Cells::Coded(texts, codes), self.columns[n].values.select(&rows)));
        }
        let headers: Arc<[String]> = self.headers.clone().into();
        let numbers = cells.iter().map(|cell| cell.column).collect();
        let origin = Some(Origin { headers, columns: numbers });
        let codes = cells.iter().map(|cell| cell.time).collect();
        let written = Cells::Coded(texts(times.iter().map(String::as_str))?, codes);
        let stands = Values::of(cells.iter().map(|cell| times[cell.time as usize].as_str()));
        columns.push(Data::new(written, stands).with_origin(origin.clone()));
        let values: Vec<f64> = cells.iter().map(|cell| cell.value).collect();
        let written = Cells::Written(spelling(&values), OnceLock::new());
        columns.push(Data::new(written, Values::numbers_with_gaps(values)).with_origin(origin));
        let kept = kept.iter().map(|&n| self.headers[n].clone());
        let headers = kept.chain([time.to_owned(), value.to_owned()]).collect();
        let (name, remarks) = (self.name.clone(), self.remarks.clone());
        Some(Table { name, headers, lines, columns, remarks, hints: Hints::default() })
    }
}

/// These texts, to be shared; none if they have no place.
fn texts<'c>(texts: impl Iterator<Item = &'c str>) -> Option<Arc<Texts>> {
    let mut kept = Texts::default();
    for text in texts {
        kept.push(text).then_some(())?;
    }
    Some(Arc::new(kept))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stands_where_it_stood() {
        let table = Table::read("t.csv", "shop,n,2020,2021\na,1,5,6\nb,2,,8.5\n".as_bytes()).unwrap();
        let cell = |row, column, value| Entry { row, column, time: column - 2, value };
        let cells = [cell(0, 2, 5.0), cell(0, 3, 6.0), cell(1, 2, f64::NAN), cell(1, 3, 8.5)];
        let times = ["2020".to_owned(), "2021".to_owned()];
        let long = table.unpivoted(&[0, 1], &cells, ("when", &times), "sold").unwrap();
        assert_eq!(long.headers(), ["shop", "n", "when", "sold"]);
        let texts = |name: &str| long.column(name).unwrap().texts().collect::<Vec<_>>();
        assert_eq!(texts("shop"), ["a", "a", "b", "b"]);
        assert_eq!(long.column("n").unwrap().numbers().unwrap(), [1.0, 1.0, 2.0, 2.0]);
        assert_eq!(texts("when"), ["2020", "2021", "2020", "2021"]);
        assert_eq!(texts("sold"), ["5.0", "6.0", "", "8.5"]);
        let part = long.select("part".into(), &[0, 3], &[3, 2]);
        assert_eq!(part.column("shop").unwrap().text(0), "b");
        assert_eq!(part.column("sold").unwrap().place(0).to_string(), r#"part, line 3, column "2021""#);
        let error = part.column("sold").unwrap().numbers().unwrap_err().to_string();
        assert!(error.starts_with(r#"part, line 3, column "2020": the cell is empty"#), "{error}");
    }
}
