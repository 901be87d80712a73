//! Tables made of what Python has in memory.

use std::path::PathBuf;

use elman::table::{self, Cells, TableError};
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;

use crate::arrays::values;
use crate::errors::{exception, quickly, tried, working, wrong};

/// Named columns of values.
#[pyclass(module = "elman._elman", frozen)]
pub(crate) struct Table(table::Table);

/// A column on its way in.
#[derive(FromPyObject)]
enum Column<'py> {
    Numbers(PyReadonlyArray1<'py, f64>),
    Text(Vec<String>),
}

#[pymethods]
impl Table {
    /// A table of these columns, which bears a name in messages.
    #[new]
    fn new(py: Python<'_>, name: &str, columns: Vec<(String, Bound<'_, PyAny>)>) -> PyResult<Self> {
        let column = |(header, column): (String, Bound<'_, PyAny>)| {
            let cells = match column.extract()? {
                Column::Numbers(numbers) => Cells::Numbers(values(&numbers, &header)?.to_vec()),
                Column::Text(texts) => Cells::Text(texts),
            };
            Ok((header, cells))
        };
        let columns: Vec<(String, Cells)> = columns.into_iter().map(column).collect::<PyResult<_>>()?;
        let rows = |cells: &Cells| match cells {
            Cells::Numbers(numbers) => numbers.len(),
            Cells::Text(texts) => texts.len(),
        };
        let first = columns.first().map(|(_, cells)| rows(cells));
        if let Some((header, cells)) = columns.iter().find(|(_, cells)| Some(rows(cells)) != first) {
            let (found, wanted) = (rows(cells), first.unwrap_or(0));
            return Err(wrong(format!(
                "{name}: column {header:?} has {found} rows, and the first has {wanted}"
            )));
        }
        tried(py, || table::Table::from_columns(name, &columns)).map(Table)
    }

    /// A file of any format that the program reads.
    #[staticmethod]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        tried(py, || table::Table::open(&path)).map(Table)
    }

    /// A file whose rows stay where they are, if it is a large one of plain rows.
    #[staticmethod]
    fn open_long(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        tried(py, || table::Table::open_long(&path)).map(Table)
    }

    /// A text that Python has, for a language model.
    #[staticmethod]
    fn of_text(py: Python<'_>, name: &str, text: &[u8]) -> PyResult<Self> {
        working(py, || table::Table::of_text(name, text)).map(Table)
    }

    /// A text in a file.
    #[staticmethod]
    fn open_text(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        tried(py, || table::Table::open_text(&path)).map(Table)
    }

    /// The monthly airline passengers of Box & Jenkins.
    #[staticmethod]
    fn airline(py: Python<'_>) -> PyResult<Self> {
        tried(py, elman::data::airline).map(Table)
    }

    /// What it is called in messages.
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    /// The columns' names.
    #[getter]
    fn headers(&self) -> Vec<String> {
        self.0.stored_headers().to_vec()
    }

    /// What the user should know of how it was read.
    #[getter]
    fn remarks(&self) -> Vec<String> {
        self.0.remarks().iter().map(ToString::to_string).collect()
    }

    /// The text of a column's cells.
    fn texts(&self, column: &str) -> PyResult<Vec<&str>> {
        quickly(|| Ok(self.0.column(column)?.texts().collect()))?
            .map_err(|error: TableError| exception(error))
    }

    fn __len__(&self) -> usize {
        self.0.num_rows()
    }
}

impl Table {
    pub(crate) fn table(&self) -> &table::Table {
        &self.0
    }
}
