use std::collections::HashMap;
use std::sync::OnceLock;

use crate::error::{ConfigError, DataError, Error, Message};

use super::cells::Cells;
use super::error::Quoted;
use super::number::{Form, Short, finite, is_missing};
use super::time::{self, Pattern, Reading, Unread};
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
    /// Its times, once they were asked for.
    times: OnceLock<Reading>,
}

impl Data {
    pub(super) fn new(cells: Cells, values: Values) -> Self {
        Data { cells, values, with_commas: None, times: OnceLock::new() }
    }

    /// A column of a text that has been typed.
    pub(super) fn typed(cells: Cells, typing: Typing) -> Self {
        let (values, with_commas) = typing.finish();
        Data { with_commas, ..Data::new(cells, values) }
    }
}

/// What all cells of a column are.
#[derive(Debug, Clone)]
pub(super) enum Values {
    /// Finite numbers; NaN where a cell is empty or says that it has none (`NA`), but not everywhere.
    Numbers { values: Vec<f64>, first_gap: Option<usize> },
    /// Anything else, times among it.
    Text,
}

impl Values {
    /// The values of these cells, as the strictest type that holds them all.
    pub(super) fn of<'c>(cells: impl ExactSizeIterator<Item = &'c str>) -> Self {
        let mut typing = Typing::of_rows(cells.len());
        for cell in cells {
            typing.push(cell);
            if typing.is_text {
                break;
            }
        }
        typing.finish().0
    }

    /// Numbers, with NaN for what is missing.
    pub(super) fn numbers_with_gaps(values: Vec<f64>) -> Self {
        let first_gap = values.iter().position(|value| value.is_nan());
        Values::Numbers { values, first_gap }
    }

    /// The numbers, NaN for what is missing, if they are some.
    pub(super) fn as_numbers(&self) -> Option<&[f64]> {
        match self {
            Values::Numbers { values, .. } => Some(values),
            Values::Text => None,
        }
    }
}

/// A column's type, found cell by cell.
#[derive(Debug, Default)]
pub(super) struct Typing {
    values: Vec<f64>,
    /// So many cells are expected.
    rows: usize,
    first_gap: Option<usize>,
    has_number: bool,
    /// A cell is a number that has another meaning, or none, where commas stand before decimals.
    has_point: bool,
    /// A cell is a number of few digits with a comma before its decimals; then all are such, or whole.
    has_comma: bool,
    /// A cell is neither a number nor missing.
    pub(super) is_text: bool,
}

impl Typing {
    /// That of a column of about so many rows.
    pub(super) fn of_rows(rows: usize) -> Self {
        Typing { rows, ..Typing::default() }
    }

    /// Adds a cell.
    pub(super) fn push(&mut self, cell: &str) {
        if self.is_text {
        } else if let Some(number) = self.number(cell) {
            self.push_number(number);
        } else if is_missing(cell) {
            self.first_gap = self.first_gap.or(Some(self.values.len()));
            self.reserve();
            self.values.push(f64::NAN);
        } else {
            self.make_text();
        }
    }

    /// Adds a cell that is this number, to what is no text so far.
    pub(super) fn push_short(&mut self, Short { number, has_point, .. }: Short) {
        if has_point && self.has_comma {
            self.make_text();
        } else {
            self.has_point |= has_point;
            self.push_number(number);
        }
    }

    /// The number that a cell is, written as those before it.
    fn number(&mut self, cell: &str) -> Option<f64> {
        let with_comma = || Form::COMMA.short_value(cell);
        if self.has_comma {
            return with_comma();
        }
        if let Some(number) = finite(cell) {
            self.has_point = self.has_point || with_comma().is_none();
            return Some(number);
        }
        let number = if self.has_point { None } else { with_comma() };
        self.has_comma = number.is_some();
        number
    }

    fn make_text(&mut self) {
        *self = Typing { is_text: true, ..Typing::default() };
    }

    fn push_number(&mut self, number: f64) {
        self.has_number = true;
        self.reserve();
        self.values.push(number);
    }

    /// All memory at once: while vectors grow, they are there twice.
    fn reserve(&mut self) {
        if self.values.is_empty() {
            self.values.reserve_exact(self.rows);
        }
    }

    /// What all cells are: without a single number they are text. Beside it [`Data::with_commas`].
    fn finish(mut self) -> (Values, Option<Vec<f64>>) {
        if !self.has_number {
            return (Values::Text, None);
        }
        self.values.shrink_to_fit();
        match self.has_comma {
            true => (Values::Text, Some(self.values)),
            false => (Values::Numbers { values: self.values, first_gap: self.first_gap }, None),
        }
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
            Values::Text => finite(self.text(row)),
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
                let row = self.texts().position(|text| finite(text).is_none()).unwrap_or(0);
                Err(self.no_number(row))
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
        /// From here on two integers may be one number.
        const EXACT: f64 = 9_007_199_254_740_992.0;
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

    /// Every cell as a finite number, NaN where one is empty; none if a cell is something else, or all are
    /// empty.
    pub(crate) fn numbers_or_gaps(&self) -> Option<&'a [f64]> {
        self.values().as_numbers()
    }

    /// Every cell as a time, all written alike: in ISO's ways (`1949-01`, `1949-01-31`, `1949-01-31T12:00:00Z`,
    /// `2015-W02`), with day or month first (`31.12.2023 14:05`, `1/31/2015 2:05 PM`; of years with two digits, 69
    /// to 99 are of the 20th century), with names (`Jan 2015`), as quarters (`1980Q1`), and as plain numbers
    /// (`1949`, `20240131`, seconds or milliseconds since 1970, days as spreadsheets count them).
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
        }
    }

    /// Every cell as a time that is written as `format` says, which is one of `strftime`: `%d.%m.%Y %H:%M`; `%J` are days
    /// since 1899-12-30, as spreadsheets count them.
    ///
    /// # Errors
    /// That of the first cell that is not written so; or if there is no such format.
    pub fn times_as(&self, format: &str) -> Result<Vec<Time>, Error> {
        let pattern = Pattern::new(format)
            .map_err(|why| ConfigError::new("time_format", format!("{format:?} {why}")))?;
        let read = time::read_as(&pattern, self.texts());
        read.map_err(|row| {
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
            column: self.name().to_owned(),
            text: self.text(row).to_owned(),
            like: like.map(|(_, text)| text),
        }
    }

    /// See [`Data::with_commas`].
    pub(super) fn may_have_commas(&self) -> bool {
        self.data().with_commas.is_some()
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
            ["12/31/1999", "01/01/2000"],
            ["May 2015", "June 2015"],
            ["Mai 2015", "Juni 2015"],
            ["1. März 2015", "31. Dezember 2015"],
            ["01-Okt-2015", "31-Dez-2015"],
            ["01 janvier 2015", "31 août 2015"],
            ["ene-2015", "dic-2015"],
            ["janv. 2015", "mai 2015"],
            ["Okt. 2015", "Mai 2015"],
            ["01.Okt.2015", "31.Dez.2015"],
            ["1. Sep. 2015", "31. Mai 2015"],
            ["01 de enero de 2015", "31 de mayo de 2015"],
            ["01 gennaio 2015", "31 maggio 2015"],
            ["01 januari 2015", "31 maart 2015"],
            ["01 de janeiro de 2015", "31 de março de 2015"],
            ["31/Jan/2015:14:05:30 +0100", "01/Feb/2015:00:00:00 +0100"],
            ["2023-001", "2024-366"],
            ["2024年1月31日", "2024年12月1日"],
            ["2024年1月", "2024年12月"],
            ["2024년 01월 31일", "2024년 02월 01일"],
            ["31.12.2023 14:05 Uhr", "01.01.2024 00:05 Uhr"],
            ["31/12/2023 14h05", "01/01/2024 00h05"],
        ] {
            let table = table(&format!("t\n{}\n", times.join("\n")));
            let column = table.column("t").unwrap();
            let shown: Vec<String> = column.times().unwrap().iter().map(ToString::to_string).collect();
            assert_eq!(shown, times);
            assert!(column.is_mostly_times() && column.numbers().is_err());
        }
    }

    #[test]
    fn numbers_may_be_times() {
        // 1 January 2024, and a day or an hour later.
        const NEW_YEAR: i64 = 1_704_067_200;
        for (times, seconds) in [
            (["1970.0", "1971.0"], [0, 365 * 86_400]),
            (["1704067200.0", "1704070800.0"], [NEW_YEAR, NEW_YEAR + 3600]),
            (["1704067200000000", "1704070800000000"], [NEW_YEAR, NEW_YEAR + 3600]),
            (["1704067200000000000", "1704070800000000000"], [NEW_YEAR, NEW_YEAR + 3600]),
            (["45292", "45293"], [NEW_YEAR, NEW_YEAR + 86_400]),
            (["45292.0000", "45292.0417"], [NEW_YEAR, NEW_YEAR + 3603]),
            (["45292.000000", "45292.041667"], [NEW_YEAR, NEW_YEAR + 3600]),
        ] {
            let table = table(&format!("t\n{}\n", times.join("\n")));
            let read = table.column("t").unwrap().times().unwrap();
            assert_eq!(read.iter().map(ToString::to_string).collect::<Vec<_>>(), times);
            assert_eq!([0, 1].map(|row| read[row].microseconds()), seconds.map(|second| second * 1_000_000));
        }
        for no_times in ["19999", "73050", "123456", "4529"] {
            assert!(table(&format!("t\n45292\n{no_times}\n")).column("t").unwrap().times().is_err());
        }
        let counted = table("t\n1\n73100.5\n");
        let asked = counted.column("t").unwrap().times_as("%J").unwrap();
        assert_eq!(
            asked.iter().map(|time| time.stamp().to_string()).collect::<Vec<_>>(),
            ["1899-12-31T00:00:00", "2100-02-19T12:00:00"]
        );
    }

    #[test]
    fn months_are_known_without_their_accents_and_points() {
        let table = table("t\nmars 2024\navr. 2024\nmai 2024\njuin 2024\njuil. 2024\naout 2024\nsept 2024\n");
        let months: Vec<i64> =
            table.column("t").unwrap().times().unwrap().iter().map(|time| time.microseconds()).collect();
        let days = [0, 31, 61, 92, 122, 153, 184];
        // The first is 1 March 2024.
        assert_eq!(months, days.map(|day| (1_709_251_200 + day * 86_400) * 1_000_000));
    }

    /// As meters write the day's last hour.
    #[test]
    fn the_24th_hour_is_the_next_days_first_moment() {
        let table = table("t\n31.12.2023 23:00\n31.12.2023 24:00\n01.01.2024 01:00\n");
        let shown = |row: usize| table.column("t").unwrap().times().unwrap()[row].to_string();
        assert_eq!([shown(1), shown(2)], ["01.01.2024 00:00", "01.01.2024 01:00"]);
        for other in ["31.12.2023 24:01", "31.12.2023 25:00"] {
            assert!(
                self::table(&format!("t\n31.12.2023 23:00\n{other}\n")).column("t").unwrap().times().is_err()
            );
        }
    }

    #[test]
    fn years_of_two_digits_are_of_the_century_from_1969_on() {
        let table = table("t\n31.12.68\n31.12.69\n");
        let times = table.column("t").unwrap().times().unwrap();
        assert!(times[0] > times[1], "2068 and 1969");
    }

    #[test]
    fn times_compare_by_when_they_are() {
        let table = table("t\n2024-01-01 12:00+01:00\n2024-01-01 11:00+00:00\n2024-01-01 10:00-0330\n");
        let times = table.column("t").unwrap().times().unwrap();
        assert!(times[0] == times[1] && times[1] < times[2]);
    }

    #[test]
    fn what_is_no_time_is_named_with_its_place() {
        for (text, line, cell, like) in [
            ("1949-01\n1949-13", 3, "1949-13", Some("1949-01")),
            ("1949-01\n1949-02-01", 3, "1949-02-01", Some("1949-01")),
            ("1949-01\n\"\"", 3, "", Some("1949-01")),
            ("n/a\n1949-01", 2, "n/a", Some("1949-01")),
            ("x\ny", 2, "x", None),
        ] {
            let table = table(&format!("t\n{text}\n"));
            let what = match like {
                Some(like) => {
                    format!("like {like:?} in the other rows; correct it, take the row out, or say how")
                }
                None => "such as 1949-01, 31.12.2023 14:05 or 1980Q1; correct it, or say how".into(),
            };
            assert_eq!(
                table.column("t").unwrap().times().unwrap_err().to_string(),
                format!(
                    "t.csv, line {line}, column \"t\": {cell:?} is not a time {what} all are written with time_format"
                )
            );
        }
    }

    #[test]
    fn a_format_may_be_said() {
        let table = table("t\n2015.5.3 7h\n2015.5.3 8h\n");
        let column = table.column("t").unwrap();
        let shown: Vec<String> =
            column.times_as("%Y.%m.%d %Hh").unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["2015.5.3 7h", "2015.5.3 8h"]);
        let message = |format: &str| column.times_as(format).unwrap_err().to_string();
        assert_eq!(
            message("%Y-%m-%d"),
            "t.csv, line 2, column \"t\": \"2015.5.3 7h\" is not a time written as \"%Y-%m-%d\", which is the \
             time_format"
        );
        assert_eq!(message("%K"), "time_format \"%K\" has %K, which is no field of a time");
        assert!(message("%m-%d").contains("has no year"));
    }
}
