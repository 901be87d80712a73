//! A part of a table.

use std::sync::OnceLock;

use super::Table;
use super::column::Values;

impl Table {
    /// These columns of these rows, by their numbers from 0, in this order, as a table of this name. Its cells are what
    /// they are here: in a column of numbers, numbers. It has no remarks.
    ///
    /// # Panics
    /// If there is no row or column of a number, or there are no rows.
    pub(crate) fn select(&self, name: String, columns: &[usize], rows: &[usize]) -> Table {
        assert!(!rows.is_empty(), "a table has at least one row");
        let (mut text, mut ends) = (String::new(), Vec::with_capacity(rows.len() * columns.len()));
        for &row in rows {
            for &column in columns {
                text.push_str(self.cell(row, column));
                ends.push(text.len());
            }
        }
        Table {
            name,
            headers: columns.iter().map(|&column| self.headers[column].clone()).collect(),
            text,
            ends,
            lines: rows.iter().map(|&row| self.lines[row]).collect(),
            values: columns.iter().map(|&column| self.values[column].select(rows)).collect(),
            times: columns.iter().map(|_| OnceLock::new()).collect(),
            remarks: Vec::new(),
            made_time: self.made_time,
        }
    }
}

impl Values {
    fn select(&self, rows: &[usize]) -> Self {
        match self {
            Values::Numbers { values, .. } => {
                let values: Vec<f64> = rows.iter().map(|&row| values[row]).collect();
                let first_gap = values.iter().position(|value| value.is_nan());
                Values::Numbers { values, first_gap }
            }
            Values::Text => Values::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::table::Table;

    #[test]
    fn a_part_keeps_values_lines_and_names() {
        let table = Table::read("t.csv", "a,t,n\nx,2024-01,1\ny,2024-02,\nz,2024-03,3\n".as_bytes()).unwrap();
        let part = table.select("part".into(), &[2, 1], &[2, 0]);
        assert_eq!(part.headers(), ["n", "t"]);
        assert_eq!(part.column("n").unwrap().numbers().unwrap(), [3.0, 1.0]);
        let times = part.column("t").unwrap().times().unwrap();
        assert_eq!(times.iter().map(ToString::to_string).collect::<Vec<_>>(), ["2024-03", "2024-01"]);
        assert_eq!(part.column("t").unwrap().text(1), "2024-01");
        assert_eq!(part.column("n").unwrap().place(0).to_string(), r#"part, line 4, column "n""#);
        let gap = table.select("part".into(), &[2], &[0, 1]);
        assert!(gap.column("n").unwrap().numbers().unwrap_err().to_string().contains("line 3"));
    }
}
