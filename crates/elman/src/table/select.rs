//! A part of a table.

use super::Table;
use super::cells::{Cells, Texts};
use super::column::Data;
use super::typing::Values;

impl Table {
    /// These columns of these rows, by their numbers from 0, in this order, as a table of this name. Its cells are what
    /// they are here: in a column of numbers, numbers. It has no remarks.
    ///
    /// # Panics
    /// If there is no row or column of a number, or there are no rows.
    pub(crate) fn select(&self, name: String, columns: &[usize], rows: &[usize]) -> Table {
        assert!(!rows.is_empty(), "a table has at least one row");
        let mut located = None;
        let part = |&column: &usize| {
            let Data { cells, values, origin, .. } = &self.columns[column];
            let origin = origin.as_ref().map(|origin| origin.select(rows));
            Data::new(cells.select(rows, &mut located), values.select(rows)).with_origin(origin)
        };
        Table {
            name,
            columns: columns.iter().map(part).collect(),
            headers: columns.iter().map(|&column| self.headers[column].clone()).collect(),
            lines: self.lines.select(rows),
            remarks: Vec::new(),
            hints: self.hints,
        }
    }
}

impl Table {
    /// The same with the column of this number called so.
    ///
    /// # Panics
    /// If there is none.
    pub(crate) fn renamed(mut self, number: usize, name: &str) -> Table {
        name.clone_into(&mut self.headers[number]);
        self
    }

    /// The same with a column of these texts, one for each row, before the others, and without those of these names; none if
    /// the texts are more than a table may have.
    ///
    /// # Panics
    /// If they are not one for each row.
    pub(crate) fn with_texts(&self, name: &str, texts: &[String], without: &[&str]) -> Option<Table> {
        assert_eq!(texts.len(), self.num_rows(), "a text for each row");
        let mut kept = Texts::default();
        if !texts.iter().all(|text| kept.push(text)) {
            return None;
        }
        let (mut headers, mut columns) =
            (vec![name.to_owned()], vec![Data::new(Cells::Kept(kept), Values::Text)]);
        for (header, column) in self.headers.iter().zip(&self.columns) {
            if !without.contains(&header.as_str()) {
                headers.push(header.clone());
                columns.push(column.clone());
            }
        }
        let (name, lines, remarks) = (self.name.clone(), self.lines.clone(), self.remarks.clone());
        Some(Table { name, headers, lines, columns, remarks, hints: self.hints })
    }
}

impl Values {
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        match self.as_numbers() {
            Some(values) => Self::numbers_with_gaps(rows.iter().map(|&row| values[row]).collect()),
            None => Values::Text,
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
