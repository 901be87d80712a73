//! Rows of a file that are none of its table's: the names once more, what stands between them and the values, a sum at the
//! end, and what is written below.

use super::dialect::{Look, common_look};
use super::records::{Records, Unclosed};
use crate::error::Message;
use crate::table::error::Quoted;
use crate::table::number::is_missing;
use crate::table::{mostly_times, names_month_or_weekday};

/// What the first cell of a last row of sums says.
const SUMS: [&str; 18] = [
    "total",
    "totals",
    "grand total",
    "subtotal",
    "sum",
    "mean",
    "average",
    "avg",
    "summe",
    "gesamt",
    "gesamtsumme",
    "mittelwert",
    "durchschnitt",
    "somme",
    "moyenne",
    "suma",
    "promedio",
    "totale",
];

/// Units that stand in a row of their own, beside those in brackets. A single letter may as well be a value.
const UNITS: [&str; 40] = [
    "%", "°C", "°F", "degC", "degF", "mm", "cm", "km", "ft", "m2", "m²", "m3", "m³", "kg", "mg", "lb", "ms",
    "min", "sec", "m/s", "km/h", "mph", "Hz", "kHz", "rpm", "Pa", "kPa", "hPa", "bar", "mbar", "mV", "kV",
    "mA", "kW", "MW", "kWh", "MWh", "W/m2", "UTC", "EUR",
];

/// What the row below the names is where it is no row of values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Below {
    /// Units, one of them in the column with this index: of the columns of numbers and times, none has one here.
    Units(usize),
    /// Dashes, as Markdown draws a line.
    Dashes,
    /// Words in place of numbers and times, as of names in several rows.
    Words,
}

/// As many rows of names may stand below the first.
const MOST_BELOW: usize = 3;

/// What the beginning of a file tells of its rows; nothing where there is one column.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    /// Is a column one of numbers or times?
    has_values: bool,
    /// Is the first?
    begins_with_values: bool,
    /// Is it one of times, of which no row lacks its own?
    begins_with_times: bool,
    /// The rows below the names that hold no values, from the last to the first.
    below: Vec<Below>,
    /// The cells of the first of them, if they are words.
    words_below: Vec<String>,
    /// The name of the first column, if it stands alone in the last of several rows of words, as pandas writes it.
    index_name: Option<String>,
    /// May the names stand in a row again? Numbers may as well be values.
    may_repeat: bool,
}

impl Rows {
    /// Those of the first rows of a file, the row of names among them.
    pub(super) fn of(records: &[Vec<String>]) -> Self {
        let Some((names, rows)) = records.split_first().filter(|(names, _)| names.len() > 1) else {
            return Rows::default();
        };
        let rows = without_notes(rows);
        let but_last = match rows {
            // The last one may be a row of sums.
            [but_last @ .., last] if but_last.len() > 1 || is_sum(&last[0]) => but_last,
            rows => rows,
        };
        let looks = |skipped: usize| {
            let rows = but_last.iter().skip(skipped).filter(|row| *row != names);
            let column = move |n: usize| rows.clone().filter_map(move |row| row.get(n)).map(String::as_str);
            (0..names.len()).map(move |n| common_look(column(n)))
        };
        // What the first is shows below the last of them.
        // A single word above one row of values may as well be a value that lacks others; above more it is none.
        let is_told = |row: &[String], count: usize| but_last.len() >= count + 2 || alone(row).is_none();
        let below_names = |count: usize| -> Option<Vec<Below>> {
            let rows = rows.get(..count)?.iter();
            rows.map(|row| Below::of(row, looks(count)).filter(|_| is_told(row, count))).collect()
        };
        let mut below = (1..=MOST_BELOW).find_map(below_names).unwrap_or_default();
        let skipped = below.len();
        let words_below = if below.first() == Some(&Below::Words) { rows[0].clone() } else { Vec::new() };
        let index_name = match below[..] {
            [Below::Words, .., Below::Words] => alone(&rows[skipped - 1]).map(str::to_owned),
            _ => None,
        };
        below.reverse();
        let first_look = looks(skipped).next().unwrap_or(Look::Nothing);
        let firsts = but_last.iter().skip(skipped).filter_map(|row| row.first()).map(String::as_str);
        // A few tell, and what is none takes long to be known for it.
        let are_times = || mostly_times(firsts.take(10));
        let begins_with_times = first_look == Look::Time || first_look == Look::Text && are_times();
        Rows {
            has_values: looks(skipped).any(Look::is_value),
            begins_with_values: first_look.is_value() || begins_with_times,
            begins_with_times,
            below,
            words_below,
            index_name,
            may_repeat: names.iter().any(|name| Look::of(name) == Look::Text),
        }
    }
}

/// The rows but for notes below them, which spreadsheets make as wide as the table.
pub(super) fn without_notes(rows: &[Vec<String>]) -> &[Vec<String>] {
    let is_note = |row: &&Vec<String>| row.len() == 1 || note(row, true).is_some();
    let notes = rows.iter().rev().take_while(is_note).count();
    &rows[..rows.len() - notes]
}

/// The text of a row that is a note: of a single cell, or of a sentence before empty ones if it `may_be_wide`; nothing of a row that
/// is all empty.
fn note(cells: &[String], may_be_wide: bool) -> Option<&str> {
    let first = alone(cells)?;
    let fits = cells.len() == 1 || may_be_wide && (first.is_empty() || is_sentence(first));
    (fits && (first.is_empty() || is_note(first))).then_some(first)
}

/// The first cell of a row, if all others are empty.
fn alone(cells: &[String]) -> Option<&str> {
    let (first, rest) = cells.split_first()?;
    rest.iter().all(|cell| cell.trim().is_empty()).then_some(first.trim())
}

/// Are these several words, and no time, which a row without values may have as well?
fn is_sentence(text: &str) -> bool {
    let is_word =
        |word: &&str| word.contains(char::is_alphabetic) && !word.contains(|c: char| c.is_ascii_digit());
    text.split_whitespace().filter(is_word).count() > 1
        && !names_month_or_weekday(text)
        && !mostly_times(std::iter::once(text))
}

impl Rows {
    /// Do rows of values stand right below the names?
    pub(super) fn follow_the_names(&self) -> bool {
        self.below.is_empty()
    }

    /// Gives names that stand in several columns, or in the first of those that they are for, the words below them as well, and an
    /// empty name the word below it; false if there are none such, or names would not tell columns apart.
    pub(super) fn join_names(&self, names: &mut Vec<String>) -> bool {
        let is_told = |cell: &&String| !cell.trim().is_empty();
        let second = |n: usize| self.words_below.get(n).filter(is_told).map(|cell| cell.trim());
        let mut groups: Vec<String> = Vec::new();
        for (n, name) in names.iter().enumerate() {
            let is_continued =
                n > 0 && name.trim().is_empty() && second(n).is_some() && second(n - 1).is_some();
            groups.push(if is_continued { groups[n - 1].clone() } else { name.trim().to_owned() });
        }
        let recurs = |name: &String| groups.iter().filter(|other| *other == name).count() > 1;
        let is_joined = |group: &String| group.is_empty() || recurs(group);
        let join = |(n, group): (usize, &String)| match second(n).filter(|_| is_joined(group)) {
            Some(second) => format!("{group} {second}").trim().to_owned(),
            None => names[n].clone(),
        };
        let mut joined: Vec<String> = groups.iter().enumerate().map(join).collect();
        if let (Some(first), Some(name)) = (joined.first_mut(), &self.index_name) {
            first.clone_from(name);
        }
        let is_told = |name: &&String| !name.trim().is_empty();
        let mut distinct: Vec<&String> = joined.iter().filter(is_told).collect();
        distinct.sort_unstable();
        let is_new = joined != *names && distinct.windows(2).all(|pair| pair[0] != pair[1]);
        if is_new {
            *names = joined;
        }
        is_new
    }
}

/// Does the first cell of a row say that it is one of sums?
fn is_sum(cell: &str) -> bool {
    SUMS.contains(&cell.trim().trim_end_matches(':').to_lowercase().as_str())
}

impl Below {
    /// What the first row is, if it holds no values while those below look like this.
    fn of(first: &[String], below: impl Iterator<Item = Look>) -> Option<Self> {
        let cells: Vec<(&str, Look)> = first.iter().map(|cell| cell.trim()).zip(below).collect();
        let told = || cells.iter().filter(|(cell, _)| !cell.is_empty());
        let of_values = || told().filter(|(_, look)| look.is_value());
        let is_dashes =
            |cell: &str| cell.contains("--") && cell.chars().all(|c| matches!(c, '-' | ':' | '='));
        if of_values().next().is_some() && told().all(|(cell, _)| is_dashes(cell)) {
            return Some(Below::Dashes);
        }
        let are_units = cells.iter().all(|(cell, look)| match look {
            Look::Number | Look::Time => cell.is_empty() || Look::of(cell) == Look::Text,
            _ => cell.is_empty() || is_unit(cell),
        });
        let unit = cells.iter().position(|(cell, look)| look.is_value() && is_unit(cell));
        let units = unit.filter(|_| are_units).map(Below::Units);
        units.or_else(|| are_words(&cells).then_some(Below::Words))
    }
}

/// Are these cells, beside what those below them look like, words in place of values: none where the first of each row stands, and
/// nothing beside them that may be one of a text?
fn are_words(cells: &[(&str, Look)]) -> bool {
    let is_word =
        |cell: &str| Look::of(cell) == Look::Text && cell.chars().filter(|c| c.is_alphabetic()).count() > 1;
    let of_values = || cells.iter().filter(|(_, look)| look.is_value());
    let words = of_values().filter(|(cell, _)| is_word(cell)).count();
    let fits = |(cell, look): &(&str, Look)| match look.is_value() {
        true => cell.is_empty() || is_word(cell) && !stands_in_brackets_for_nothing(cell),
        false => is_missing(cell) || is_unit(cell),
    };
    let Some(((first, look), rest)) = cells.split_first() else { return false };
    let is_alone = is_word(first) && rest.iter().all(|(cell, _)| cell.is_empty());
    look.is_value() && of_values().count() > 1 && (words > 1 || is_alone) && cells.iter().all(fits)
}

/// `(n/a)`, `[none]`
fn stands_in_brackets_for_nothing(cell: &str) -> bool {
    is_missing(cell.trim_matches(|c: char| matches!(c, '(' | ')' | '[' | ']')).trim())
}

/// Is it a unit by itself, as one in brackets is? What stands for no value is none.
fn is_unit(cell: &str) -> bool {
    let inside = |ends: [char; 2]| cell.strip_prefix(ends[0])?.strip_suffix(ends[1]);
    UNITS.contains(&cell)
        || inside(['[', ']']).or_else(|| inside(['(', ')'])).is_some_and(|unit| !is_missing(unit.trim()))
}

/// What is left out of a file as it is read.
pub(super) struct Asides<'t> {
    /// The line of names as it stands in the file, if there is one.
    names: Option<&'t str>,
    /// Is the first column one without a name, which counts the rows?
    has_index: bool,
    rows: Rows,
    /// Where the names stand again first, and how often.
    again: Option<(u64, usize)>,
    /// Before this place of the file all rows are the table's, since there it has one.
    rows_until: usize,
    remarks: Vec<Message>,
}

/// What to do with a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Row {
    OfTable,
    Aside,
    /// Nothing of the table follows.
    End,
}

impl<'t> Asides<'t> {
    /// Those of a file with such rows; `names` is the row of names as it stands in the file, if it has one, and `has_index` says
    /// whether the first of them is empty.
    pub(super) fn new(names: Option<&'t str>, has_index: bool, rows: Rows) -> Self {
        let names = names
            .map(str::trim)
            .filter(|names| rows.has_values && rows.may_repeat && !names.contains(['\r', '\n']));
        Asides { names, has_index, rows, again: None, rows_until: 0, remarks: Vec::new() }
    }

    /// What the row is to which the records have gone; `after_blank` if a blank line stands before it.
    ///
    /// # Errors
    /// If a quote is never closed.
    pub(super) fn sort_out(
        &mut self,
        name: &str,
        records: &Records<'t>,
        after_blank: bool,
    ) -> Result<Row, Unclosed> {
        let (line, rest) = (records.line, &records.scan.bytes[records.scan.at..]);
        if let Some(below) = self.rows.below.pop() {
            let cells = { *records }.texts()?;
            let (column, what) = match below {
                Below::Units(column) => (Some(column), "holds no values but units"),
                Below::Dashes => (None, "is a line"),
                Below::Words => (None, "holds no values"),
            };
            let column = column.or_else(|| cells.iter().position(|cell| !cell.trim().is_empty()));
            let shown = Quoted(column.and_then(|column| cells.get(column)).map_or("", |cell| cell.trim()));
            let text =
                format!("{name}, line {line}: the row below the names, {shown}, {what}, and is left out");
            self.remarks.push(text.into());
            return Ok(Row::Aside);
        }
        if self.are_names(rest) {
            let (_, times) = self.again.get_or_insert((line, 0));
            *times += 1;
            return Ok(Row::Aside);
        }
        let begins_with_word = || match rest {
            [b'"', first, ..] | [first, ..] => {
                first.is_ascii_alphabetic() || records.scan.separator.is(*first)
            }
            [] => false,
        };
        let may_be_words = self.rows.begins_with_values && begins_with_word();
        if !(may_be_words || after_blank && self.rows.has_values) {
            return Ok(Row::OfTable);
        }
        let mut end = *records;
        let cells = end.texts()?;
        // The cell of an index may be empty.
        let first = cells.iter().map(|cell| cell.trim()).find(|cell| !cell.is_empty() || !self.has_index);
        let first = first.unwrap_or_default();
        let may_be_wide = may_be_words && self.rows.begins_with_times;
        let is_note = note(&cells, may_be_wide).is_some();
        let is_sum = may_be_words && cells.len() > 1 && is_sum(first);
        if !(is_note || is_sum) || records.scan.at < self.rows_until {
            return Ok(Row::OfTable);
        }
        let Notes { count: more, first: below } = match notes(end, may_be_wide)? {
            Ok(notes) => notes,
            Err(row) => {
                self.rows_until = row;
                return Ok(Row::OfTable);
            }
        };
        let lines = |count| if count == 1 { "line" } else { "lines" };
        let text = if is_sum {
            let first = Quoted(first);
            match more {
                0 => format!("the last row is one of sums, {first}, and left out"),
                _ => format!(
                    "the last row is one of sums, {first}, and left out with {more} {} below it",
                    lines(more)
                ),
            }
        } else {
            let told = Some(first.to_owned()).filter(|first| !first.is_empty()).or(below);
            match (told, more) {
                (None, 0) => "the last row is empty, and left out".to_owned(),
                (None, _) => format!("the last {} rows are empty, and left out", more + 1),
                (Some(told), 0) => format!("what stands below the table, {}, is left out", Quoted(&told)),
                (Some(told), _) => format!(
                    "what stands below the table, {} and {more} {} more, is left out",
                    Quoted(&told),
                    lines(more)
                ),
            }
        };
        self.remarks.push(format!("{name}, line {line}: {text}").into());
        Ok(Row::End)
    }

    /// Do the names stand here again?
    #[inline]
    fn are_names(&self, rest: &[u8]) -> bool {
        let Some(names) = self.names.map(str::as_bytes).filter(|names| names.first() == rest.first()) else {
            return false;
        };
        let behind = rest.strip_prefix(names);
        behind.is_some_and(|behind| matches!(behind.first(), None | Some(b'\r' | b'\n')))
    }

    /// What was left out.
    pub(super) fn remarks(self, name: &str) -> Vec<Message> {
        let mut remarks = self.remarks;
        if let Some((line, times)) = self.again {
            let more = if times > 1 { format!(" ({} more likewise)", times - 1) } else { String::new() };
            remarks.push(
                format!("{name}, line {line}: the columns' names stand there again, and are left out{more}")
                    .into(),
            );
        }
        remarks
    }
}

/// Notes that follow a record.
struct Notes {
    count: usize,
    /// The first that is not empty.
    first: Option<String>,
}

/// The records that follow this one if all are notes, wide ones among them if they may be; else where one begins that is none.
fn notes(mut records: Records<'_>, may_be_wide: bool) -> Result<Result<Notes, usize>, Unclosed> {
    let mut notes = Notes { count: 0, first: None };
    while records.advance() {
        let begin = records.scan.at;
        match note(&records.texts()?, may_be_wide) {
            Some(text) => {
                notes.count += 1;
                notes.first = notes.first.or(Some(text.to_owned()).filter(|text| !text.is_empty()));
            }
            None => return Ok(Err(begin)),
        }
    }
    Ok(Ok(notes))
}

/// May a line of one cell be a note, rather than a row that lacks cells or separates them by something else?
fn is_note(cell: &str) -> bool {
    let word = cell.split_whitespace().next().unwrap_or_default();
    // `1) estimated`, `[1] estimated`
    let mark = word.trim_start_matches(['(', '[']).strip_suffix([')', ']']);
    let is_mark = word.len() < cell.len()
        && mark.is_some_and(|mark| mark.len() <= 2 && mark.bytes().all(|byte| byte.is_ascii_digit()));
    let begins_with_value =
        !is_mark && word.chars().find(|c| c.is_alphanumeric()).is_some_and(|first| first.is_ascii_digit());
    // Behind a comma of a sentence a blank stands, and no value.
    let is_cell = |part: &str| !part.starts_with(' ') || Look::of(part) != Look::Text;
    let holds_cells = cell.split([',', ';', '\t', '|']).skip(1).any(is_cell);
    Look::of(cell) == Look::Text && !begins_with_value && !holds_cells
}
