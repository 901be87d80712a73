use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::error::{ConfigError, DataError, Error, Message};

use super::cells::Cells;
use super::error::Quoted;
use super::number::{EXACT, Form, finite, is_missing as stands_for_missing};
use super::time::{self, Pattern, Reading, Unread};
use super::typing::{Typing, Values};
use super::{Place, Table, TableError, Time};

/// One column of a [`Table`]: a cell for every row, counted from 0.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    table: &'a Table,
    index: usize,
}

/// What a table holds of a column.
#[derive(Debug, Clone)]
pub(super) struct Data {
    pub(super) cells: Cells,
    pub(super) values: Values,
    /// What its cells are if commas stand before decimals, where all are such numbers; until the whole table has told.
    pub(super) with_commas: Option<Vec<f64>>,
    /// May one of its numbers have a point?
    pub(super) may_have_points: bool,
    /// The columns of the file that its cells come from, where those are others.
    pub(super) origin: Option<Origin>,
    /// Its times, once they were asked for.
    times: OnceLock<Reading>,
    /// See [`Column::usual_form`], once it was asked for.
    usual_form: OnceLock<Option<Form>>,
}

/// From which column of the file each cell comes that stands in another one now.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) headers: Arc<[String]>,
    /// That of each row by its number.
    pub(super) columns: Vec<u32>,
}

impl Origin {
    /// Those of these rows.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        let columns = rows.iter().map(|&row| self.columns[row]).collect();
        Origin { headers: Arc::clone(&self.headers), columns }
    }
}

impl Data {
    pub(super) fn new(cells: Cells, values: Values) -> Self {
        let (with_commas, origin) = (None, None);
        let (times, usual_form) = (OnceLock::new(), OnceLock::new());
        Data { cells, values, with_commas, may_have_points: true, origin, times, usual_form }
    }

    /// The same with cells that come from columns of these names.
    pub(super) fn with_origin(self, origin: Option<Origin>) -> Self {
        Data { origin, ..self }
    }

    /// A column of a text that has been typed.
    pub(super) fn typed(cells: Cells, typing: Typing) -> Self {
        let may_have_points = typing.has_point;
        let (values, with_commas) = typing.finish();
        Data { with_commas, may_have_points, ..Data::new(cells, values) }
    }
}

impl<'a> Column<'a> {
    pub(super) fn new(table: &'a Table, index: usize) -> Self {
        Column { table, index }
    }

    /// The column's name in the header.
    pub fn name(&self) -> &'a str {
        &self.table.headers[self.index]
    }

    /// Its number among the columns, from 0 on.
    pub(crate) fn number_of_column(&self) -> usize {
        self.index
    }

    /// The line of the file, counted from 1, on which this row begins.
    ///
    /// # Panics
    /// If `row` is not below [`Table::num_rows`].
    pub fn line(&self, row: usize) -> u64 {
        self.table.lines.get(row)
    }

    /// Where the cell is, in words.
    ///
    /// # Panics
    /// If `row` is not below [`Table::num_rows`].
    pub fn place(&self, row: usize) -> Place<'a> {
        Place { line: Some(self.line(row)), column: self.header(row), ..self.whole() }
    }

    /// The name of the column that the cell has in the file.
    fn header(&self, row: usize) -> &'a str {
        match &self.data().origin {
            Some(Origin { headers, columns }) => &headers[columns[row] as usize],
            None => self.name(),
        }
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
        let Data { cells, values, .. } = self.data();
        let rows = self.table.num_rows();
        assert!(row < rows, "row {row} of a table of {rows} rows");
        cells.text(row, values.as_numbers())
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
            Values::Text => match self.usual_form() {
                Some(form) => form.read(self.text(row)),
                None => finite(self.text(row)),
            },
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
            Values::Text => {
                let form = self.usual_form().unwrap_or(Form::PLAIN);
                let is_none = |text| form.read(text).is_none();
                // Empty cells may be filled; what is something else remains.
                let other = self.texts().position(|text| !stands_for_missing(text) && is_none(text));
                let row = other.or_else(|| self.texts().position(is_none));
                Err(self.no_number(row.unwrap_or(0)))
            }
        }
    }

    /// Whether every cell is a finite number, which is whether [`Column::numbers`] succeeds.
    pub fn is_numeric(&self) -> bool {
        matches!(self.values(), Values::Numbers { first_gap: None, .. })
    }

    /// Whether the cells are finite numbers, some of which may be missing.
    pub fn holds_numbers(&self) -> bool {
        matches!(self.values(), Values::Numbers { .. })
    }

    /// Is the column likely meant to be one of numbers: are half of its cells, if the others are empty, and else 19 of 20?
    pub(crate) fn is_mostly_numbers(&self) -> bool {
        let rows = self.table.num_rows();
        match self.values() {
            Values::Numbers { first_gap: None, .. } => true,
            Values::Numbers { values, .. } => {
                2 * values.iter().filter(|value| !value.is_nan()).count() >= rows
            }
            Values::Text => self.usual_form().is_some(),
        }
    }

    /// How the numbers of a column of texts are written, if they are half of its cells at least, and no more than one in 20
    /// is something else: as most cells are, in the plainest way if several are as good.
    fn usual_form(&self) -> Option<Form> {
        *self.data().usual_form.get_or_init(|| {
            let rows = self.table.num_rows();
            let missing = self.texts().filter(|text| stands_for_missing(text)).count();
            let others = |form: Form| {
                // As many others end the search.
                let others =
                    self.texts().filter(|text| !stands_for_missing(text) && form.read(text).is_none());
                (others.take(rows / 20 + 1).count(), form)
            };
            let best = Form::ALL.map(others).into_iter().min_by_key(|(others, _)| *others);
            best.filter(|(others, _)| *others <= rows / 20 && 2 * (missing + others) <= rows)
                .map(|(_, form)| form)
        })
    }

    /// Whether the cell is empty or, in a column of numbers, says that there is none, as `NA` does.
    ///
    /// # Panics
    /// If `row` is not below [`Table::num_rows`].
    pub fn is_missing(&self, row: usize) -> bool {
        match self.values() {
            Values::Numbers { values, .. } => values[row].is_nan(),
            Values::Text => self.text(row).is_empty(),
        }
    }

    /// What each cell says as the name of something, and a remark where that is not simply its text: in a column of numbers
    /// `1` and `1.0` name one thing, by the text that comes first.
    pub(crate) fn names(&self) -> (Vec<&'a str>, Option<Message>) {
        let numbers = self.numbers_or_gaps().unwrap_or_default();
        let mut first: HashMap<u64, &str> = HashMap::new();
        let (mut renamed, mut place) = (0, None);
        let name = |(row, text): (usize, &'a str)| match numbers.get(row) {
            Some(number) if number.abs() < EXACT => {
                // A zero has no sign here.
                let name = *first.entry((number + 0.0).to_bits()).or_insert(text);
                if name != text {
                    renamed += 1;
                    place.get_or_insert((row, name));
                }
                name
            }
            _ => text,
        };
        let names = self.texts().enumerate().map(name).collect();
        let remark = place.map(|(row, name)| {
            let alike = match renamed - 1 {
                0 => String::new(),
                1 => "; 1 more cell is alike".to_owned(),
                more => format!("; {more} more cells are alike"),
            };
            let (place, text) = (self.place(row), Quoted(self.text(row)));
            format!("{place}: {text} is the same number as {}, and names the same{alike}", Quoted(name))
                .into()
        });
        (names, remark)
    }

    /// Do the cells of another column, one by one, say the same?
    pub(super) fn says_as(&self, other: Column<'_>) -> bool {
        match (self.numbers_or_gaps(), other.numbers_or_gaps()) {
            (Some(a), Some(b)) => a.iter().zip(b).all(|(a, b)| a == b || a.is_nan() && b.is_nan()),
            _ => self.texts().eq(other.texts()),
        }
    }

    /// Does each name in this column stand where one and the same stands in another?
    pub(super) fn names_as(&self, other: Column<'_>) -> bool {
        let (names, others) = (self.names().0, other.names().0);
        let (mut other_of, mut name_of) = (HashMap::new(), HashMap::new());
        names.into_iter().zip(others).all(|(name, other)| {
            *other_of.entry(name).or_insert(other) == other && *name_of.entry(other).or_insert(name) == name
        })
    }

    /// Every cell as a finite number, NaN where one is empty; none if a cell is something else, or all are
    /// empty.
    pub(crate) fn numbers_or_gaps(&self) -> Option<&'a [f64]> {
        self.values().as_numbers()
    }

    /// Every cell as a time, all written alike: in ISO's ways (`1949-01`, `1949-01-31`, `1949-01-31T12:00:00Z`,
    /// `2015-W02`), with day or month first (`31.12.2023 14:05`, `1/31/2015 2:05 p.m.`; of years with two digits, 69
    /// to 99 are of the 20th century), with names of months and days in several languages (`Jan 2015`, `Mo, 31.12.2023`),
    /// with offsets and names of clocks (`+01:00`, `CET`, `Europe/Berlin`), as halves and quarters of a year (`1980H1`,
    /// `1980Q1`), as years from summer to summer (`2009/10`), and as plain numbers (`1949`, `1949.25`, `20240131`, seconds
    /// or milliseconds since 1970, days as spreadsheets count them). A weekday that is not the date's makes it none.
    ///
    /// Whether day or month comes first is decided by all cells together. They are read when they are first
    /// asked for.
    ///
    /// # Errors
    /// That of the first cell that is none, or is not written like the others; or that day and month cannot be
    /// told apart.
    pub fn times(&self) -> Result<&'a [Time], TableError> {
        match self.reading() {
            Ok(times) => Ok(times),
            Err(Unread::NotATime { row, like }) => Err(self.not_a_time(*row, like.clone())),
            Err(Unread::Ambiguous { row, formats: [a, b] }) => Err(TableError::AmbiguousTime {
                table: self.table.name.clone(),
                line: self.line(*row),
                column: self.name().to_owned(),
                text: self.text(*row).to_owned(),
                formats: Box::new([a.clone(), b.clone()]),
            }),
            Err(Unread::NoYear { row }) => Err(TableError::NoYear {
                table: self.table.name.clone(),
                line: self.line(*row),
                column: self.name().to_owned(),
                text: self.text(*row).to_owned(),
            }),
        }
    }

    /// Every cell as a time that is written as `format` says, which is one of `strftime`: `%d.%m.%Y %H:%M`; `%J` are days
    /// since 1899-12-30, as spreadsheets count them, `%q` and `%2q` a quarter and a half of the year, `%:q` and
    /// `%:2q` the same by an ordinal number such as `1st`, `%+q` and `%+m` a quarter and a month in Roman numbers, `%+Y` and `%+y` the year
    /// after, `%.Y` a year with decimals that tell the month, `%:d` a day such as `1st`.
    ///
    /// # Errors
    /// That of the first cell that is not written so; or if there is no such format.
    pub fn times_as(&self, format: &str) -> Result<Vec<Time>, Error> {
        self.written_as(format)?.map_err(|row| {
            DataError::new(
                self.place(row),
                Message::from(format!(
                    "{:?} is not a time written as {format:?}, which is the ",
                    self.text(row)
                ))
                .option("time_format"),
            )
            .into()
        })
    }

    /// The same, or the first row that is not written so.
    pub(crate) fn written_as(&self, format: &str) -> Result<Result<Vec<Time>, usize>, ConfigError> {
        let pattern = Pattern::new(format)
            .map_err(|why| ConfigError::new("time_format", format!("{format:?} {why}")))?;
        Ok(time::read_as(&pattern, self.texts()))
    }

    /// Are most cells times, so that the column is likely meant to be one of times?
    pub fn is_mostly_times(&self) -> bool {
        time::mostly_times(self.texts())
    }

    fn reading(&self) -> &'a Reading {
        self.data().times.get_or_init(|| time::read(self.texts()))
    }

    fn not_a_time(&self, row: usize, like: Option<(usize, String)>) -> TableError {
        TableError::NotATime {
            table: self.table.name.clone(),
            line: self.line(row),
            column: self.header(row).to_owned(),
            text: self.text(row).to_owned(),
            like: like.map(|(_, text)| text),
        }
    }

    /// See [`Data::with_commas`].
    pub(super) fn may_have_commas(&self) -> bool {
        self.data().with_commas.is_some()
    }

    /// May one of its numbers, where it is one of plain ones, have a point?
    pub(super) fn may_have_points(&self) -> bool {
        self.data().may_have_points
    }

    /// Do its cells stand in the file as text, of which each may be written in its own way?
    pub(super) fn is_written(&self) -> bool {
        !matches!(self.data().cells, Cells::Written(..))
    }

    fn data(&self) -> &'a Data {
        &self.table.columns[self.index]
    }

    fn values(&self) -> &'a Values {
        &self.data().values
    }

    /// The error about a cell that is no finite number.
    fn no_number(&self, row: usize) -> TableError {
        let (table, line) = (self.table.name.clone(), self.line(row));
        let (column, text) = (self.header(row).to_owned(), self.text(row).to_owned());
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => {
                let form = self.usual_form().unwrap_or(Form::PLAIN);
                let like = self.texts().find(|text| form.read(text).is_some()).unwrap_or_default().to_owned();
                TableError::OtherSpelling { table, line, column, text, like }
            }
            Ok(_) => TableError::NotFinite { table, line, column, text },
            Err(_) if text.is_empty() => TableError::EmptyCell { table, line, column },
            Err(_) if self.is_above_numbers(row) => TableError::NoRowOfNumbers { table, line, column, text },
            Err(_) if scale(&text).is_some() && self.has_scales() => {
                TableError::ScaledNumber { table, line, column, text }
            }
            Err(_) => TableError::NotANumber { table, line, column, text },
        }
    }

    /// Have its numbers letters for thousands, millions and billions, two different ones at the least? A single one may be a unit,
    /// such as kelvin or metres.
    fn has_scales(&self) -> bool {
        let mut letters = self.texts().filter_map(scale);
        letters.next().is_some_and(|first| letters.any(|letter| letter != first))
    }

    /// Is it the first row, below which the column has nothing but numbers, and more than one?
    fn is_above_numbers(&self, row: usize) -> bool {
        row == 0 && self.texts().len() > 2 && self.texts().skip(1).all(|text| finite(text).is_some())
    }
}

/// The letter for thousands, millions or billions behind a number.
fn scale(text: &str) -> Option<char> {
    let letter = text.chars().next_back()?.to_ascii_uppercase();
    let number = text.strip_suffix(['K', 'k', 'M', 'B'])?;
    let is_of_numbers = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',' | '-');
    (number.ends_with(|c: char| c.is_ascii_digit()) && number.chars().all(is_of_numbers)).then_some(letter)
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
        assert!(a.holds_numbers() && !b.holds_numbers());
        let gappy = a.numbers_or_gaps().unwrap();
        assert!(gappy[0].is_nan() && gappy[1] == 2.5 && b.numbers_or_gaps().is_none());
        assert!(b.number(0).is_err() && b.numbers().is_err());
    }

    #[test]
    fn one_number_is_one_name() {
        let ids = table("id\n1\n1.0\n2\n01\n-0\n0\n\"\"\n");
        let (names, remark) = ids.column("id").unwrap().names();
        assert_eq!(names, ["1", "1", "2", "1", "-0", "-0", ""]);
        assert_eq!(
            remark.unwrap().to_string(),
            "t.csv, line 3, column \"id\": \"1.0\" is the same number as \"1\", and names the same; 2 more cells are alike"
        );
        // Names that are no numbers, and numbers too large to be told apart.
        for text in ["id\n1\n1.0\nx\n", "id\n9007199254740992\n9007199254740993\n"] {
            let ids = table(text);
            let column = ids.column("id").unwrap();
            assert!(column.names().0.into_iter().eq(column.texts()) && column.names().1.is_none());
        }
    }

    #[test]
    fn a_word_above_numbers_may_be_one_of_a_second_row_of_names() {
        let table = table("a,b,c\n1/min,text,text\n1,x,2\n2,y,z\n");
        let error = |column: &str| table.column(column).unwrap().numbers().unwrap_err().to_string();
        assert_eq!(
            error("a"),
            "t.csv, line 2, column \"a\": \"1/min\" is not a number, as all cells below it are; correct it, or take the row out \
             if it is one of names or units"
        );
        for column in ["b", "c"] {
            let way_out = "is not a number; write one such as 12 or 3.5, or leave the cell empty and choose with missing what \
                           becomes of it";
            assert!(error(column).ends_with(way_out), "{}", error(column));
        }
    }

    #[test]
    fn letters_for_thousands_are_told_where_there_are_two() {
        let error = |cells: [&str; 4]| {
            let rows: String = cells.iter().map(|cell| format!("x,{cell}\n")).collect();
            table(&format!("day,y\n{rows}")).column("y").unwrap().numbers().unwrap_err().to_string()
        };
        let place = "t.csv, line 3, column \"y\":";
        for cells in [["3", "1.2K", "3.4M", "7"], ["3", "12k", "-4B", "7"]] {
            let way_out = "is a number with a letter for thousands, millions or billions; write all out, as 1200 for 1.2K";
            assert_eq!(error(cells), format!("{place} {:?} {way_out}", cells[1]));
        }
        // One letter may be a unit, of kelvin or metres.
        for cells in [["3", "293.15K", "7", "8"], ["3", "1.5M", "2M", "8"], ["3", "1.2K", "1k", "8"]] {
            let way_out = "is not a number; write one such as 12 or 3.5";
            assert_eq!(error(cells), format!("{place} {:?} {way_out}", cells[1]));
        }
        let way_out = "is not a number; take out what stands beside the number";
        for cell in ["98.6*", "<0.5", "97.5 e"] {
            assert_eq!(error(["3", cell, "7", "8"]), format!("{place} {cell:?} {way_out}"));
        }
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
}
