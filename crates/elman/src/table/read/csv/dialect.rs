//! Which CSV a file is: its separator, its comments, its header; found by looking at its beginning.

use super::asides::Rows;
use super::records::Records;
use super::title::titled;
use crate::error::Message;
use crate::table::error::Quoted;
use crate::table::is_month;
use crate::table::number::{is_missing, is_number};

/// Bytes and records that are looked at.
const SAMPLE_BYTES: usize = 1 << 18;
const SAMPLE_RECORDS: usize = 200;

/// What is looked for between cells, before blanks.
pub(super) const SEPARATORS: [Separator; 4] =
    [Separator::Byte(b','), Separator::Byte(b';'), Separator::Byte(b'\t'), Separator::Byte(b'|')];

/// What stands between the cells of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Separator {
    Byte(u8),
    /// Any number of spaces and tabs, which also stand before and behind the row.
    Blanks,
}

impl Separator {
    pub(super) const COMMA: Separator = Separator::Byte(b',');

    /// Does this byte end a cell?
    pub(super) fn is(self, byte: u8) -> bool {
        match self {
            Separator::Byte(separator) => byte == separator,
            Separator::Blanks => matches!(byte, b' ' | b'\t'),
        }
    }

    /// What stands before decimals in such files, if that is usual.
    pub(super) fn usual_decimal(self) -> Option<char> {
        match self {
            Separator::Byte(b',') => Some('.'),
            Separator::Byte(b';') => Some(','),
            Separator::Byte(_) | Separator::Blanks => None,
        }
    }

    /// What it is called, of one.
    pub(super) fn name(self) -> &'static str {
        match self {
            Separator::Byte(b';') => "semicolon",
            Separator::Byte(b'\t') => "tab",
            Separator::Byte(b'|') => "bar",
            Separator::Byte(_) => "comma",
            Separator::Blanks => "space",
        }
    }
}

/// How a file is written.
#[derive(Debug)]
pub(super) struct Dialect {
    pub(super) separator: Separator,
    /// What a line begins with that is none of the table's.
    pub(super) comment: Option<u8>,
    /// Where the table begins: after a line that names the separator, or after a title.
    pub(super) begin: usize,
    /// The first line of what stands above the table.
    title: Option<String>,
    pub(super) header: Header,
    /// Have rows a cell more than there are names, before those that the names are for?
    pub(super) lacks_first_name: bool,
    /// What its first rows tell of the others, where they stand below names.
    pub(super) rows: Rows,
}

/// Where the columns' names are.
#[derive(Debug, PartialEq)]
pub(super) enum Header {
    FirstRow,
    /// In the last line of the comments before the first row.
    Comment(Vec<String>),
    None,
}

/// What a cell looks like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Look {
    Nothing,
    Number,
    Time,
    Text,
}

impl Look {
    /// Is it that of a number or a time?
    pub(super) fn is_value(self) -> bool {
        matches!(self, Look::Number | Look::Time)
    }

    pub(super) fn of(cell: &str) -> Self {
        let cell = cell.trim();
        if is_missing(cell) {
            Look::Nothing
        } else if is_number(cell) {
            Look::Number
        } else if looks_like_a_time(cell) {
            Look::Time
        } else {
            Look::Text
        }
    }
}

/// Digits with the signs between them that dates and times of day have.
fn looks_like_a_time(cell: &str) -> bool {
    let is_of_times = |c: char| {
        c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | ':' | ' ' | 'T' | 'Z' | '+' | 'W' | 'Q')
    };
    cell.starts_with(|c: char| c.is_ascii_digit())
        && cell.contains(['-', '/', '.', ':', 'W', 'Q'])
        && cell.chars().all(is_of_times)
}

impl Dialect {
    /// The dialect of this text.
    pub(super) fn of(text: &str) -> Self {
        let named = named_separator(text);
        let begin = named.map_or(0, |(_, begin)| begin);
        let sample = beginning(&text[begin..]);
        let comment = comment(sample);
        let titled = SEPARATORS.into_iter().find_map(|separator| titled(sample, separator, comment));
        let titled = titled.filter(|_| named.is_none());
        let title = titled.as_ref().map(|titled| titled.title.clone());
        let skipped = titled.as_ref().map_or(0, |titled| titled.length);
        let (begin, sample) = (begin + skipped, &sample[skipped..]);
        let separator = match (named, titled) {
            (Some((separator, _)), _) => separator,
            (None, Some(titled)) => titled.separator,
            (None, None) => separator(sample, comment),
        };
        let mut rows = records(sample, separator, comment);
        let lacks_first_name = separator == Separator::Blanks && are_printed(&rows);
        if lacks_first_name {
            rows[0].insert(0, String::new());
        }
        let header = match comment.and_then(|comment| header_in_comment(sample, separator, comment, &rows)) {
            Some(names) => Header::Comment(names),
            None if is_headerless(&rows) => Header::None,
            None => Header::FirstRow,
        };
        let rows = if header == Header::FirstRow { Rows::of(&rows) } else { Rows::default() };
        Dialect { separator, comment, begin, title, header, lacks_first_name, rows }
    }

    /// Is all that stands below the names, as far as was looked, rows of values?
    pub(super) fn has_only_rows(&self) -> bool {
        let is_whole = self.begin == 0 && self.title.is_none() && self.comment.is_none();
        is_whole && !self.lacks_first_name && self.rows.follow_the_names()
    }

    /// What the user should know of it; the columns' names stand in this line.
    pub(super) fn remarks(&self, name: &str, header_line: u64) -> Vec<Message> {
        let mut remarks = Vec::new();
        if let Some(title) = &self.title {
            let title = Quoted(title);
            remarks.push(format!(
                "{name}: what stands above line {header_line}, {title}, is taken for a title and left out"
            ));
        }
        if self.separator != Separator::COMMA {
            remarks.push(format!("{name}: read as columns separated by {}s", self.separator.name()));
        }
        if let Some(comment) = self.comment {
            remarks.push(format!(
                "{name}: lines that begin with {} are left out as comments",
                char::from(comment)
            ));
        }
        match &self.header {
            Header::FirstRow => {}
            Header::Comment(_) => {
                remarks.push(format!("{name}: the columns' names are those of the last comment before the first row"));
            }
            Header::None => remarks.push(format!(
                "{name}: the first row holds values like those below it, no names; the columns are called col1, col2 \
                 and so on"
            )),
        }
        remarks.into_iter().map(Message::from).collect()
    }
}

/// The separator that the first line names, as in Excel's `sep=;`, and where the table begins.
fn named_separator(text: &str) -> Option<(Separator, usize)> {
    let line = text.lines().next()?;
    let named = line.trim_matches('"').strip_prefix("sep=")?;
    match named.as_bytes() {
        [separator @ (b',' | b';' | b'\t' | b'|')] => Some((Separator::Byte(*separator), line.len())),
        _ => None,
    }
}

/// As many whole lines of the text as are looked at; all of it if there are fewer, and the first part of a line that is
/// longer.
fn beginning(text: &str) -> &str {
    let start = &text[..text.floor_char_boundary(SAMPLE_BYTES)];
    match start.rfind(['\n', '\r']).filter(|_| start.len() < text.len()) {
        Some(end) => &start[..=end],
        None => start,
    }
}

/// The first records that are not blank.
pub(super) fn records(sample: &str, separator: Separator, comment: Option<u8>) -> Vec<Vec<String>> {
    let mut records = Records::at(sample, separator, comment);
    let mut found = Vec::new();
    while found.len() < SAMPLE_RECORDS
        && records.advance()
        && let Ok(record) = records.texts()
    {
        if record.len() > 1 || record.iter().any(|cell| !cell.trim().is_empty()) {
            found.push(record);
        }
    }
    found
}

/// The character that begins comments: fewer lines than not begin with it. (Cells may begin with it too.)
fn comment(sample: &str) -> Option<u8> {
    // Comments end with LF; text without it has none.
    if !sample.contains('\n') {
        return None;
    }
    let lines = || sample.lines().filter(|line| !line.trim().is_empty()).take(SAMPLE_RECORDS);
    let begins = |mark: char| lines().filter(|line| line.starts_with(mark)).count();
    let mark = ['#', '%'].into_iter().max_by_key(|&mark| (begins(mark), mark == '#'))?;
    let first_other = lines().position(|line| !line.starts_with(mark))?;
    let total = lines().count();
    // Any number of them may stand before the table; between its rows they are few.
    let between = begins(mark) - first_other;
    (begins(mark) > 0 && between * 2 < total - first_other).then_some(mark as u8)
}

/// Are there several cells in each record, and as many in all?
pub(super) fn is_cut_evenly(sample: &str, separator: Separator, comment: Option<u8>) -> bool {
    let records = records(sample, separator, comment);
    records.first().is_some_and(|first| first.len() > 1 && records.iter().all(|row| row.len() == first.len()))
}

/// The separator that cuts the records most evenly into the most numbers and times; blanks where there is no other.
fn separator(sample: &str, comment: Option<u8>) -> Separator {
    let score = |separator: Separator| {
        let records = records(sample, separator, comment);
        let width = records.first()?.len();
        if width < 2 {
            return None;
        }
        let rows = records.get(1..).filter(|rows| !rows.is_empty()).unwrap_or(&records);
        let is_even = |row: &&Vec<String>| {
            row.len() == width
                || row.len() > width && row.iter().skip(width).all(|cell| cell.trim().is_empty())
        };
        let even = rows.iter().filter(is_even).count() as f64 / rows.len() as f64;
        let cells: usize = rows.iter().map(Vec::len).sum();
        let typed = rows.iter().flatten().filter(|cell| Look::of(cell) != Look::Text).count();
        // A little more than nothing: a header alone tells as well.
        Some((0.01 + even) * (0.1 + typed as f64 / cells as f64))
    };
    let mut best = None;
    for separator in SEPARATORS {
        if let Some(score) = score(separator)
            && best.is_none_or(|(_, most)| score > most)
        {
            best = Some((separator, score));
        }
    }
    match best {
        Some((separator, _)) => separator,
        None => {
            let records = records(sample, Separator::Blanks, comment);
            let are_cut = are_cut_by_blanks(&records) || are_printed(&records);
            if are_cut { Separator::Blanks } else { Separator::COMMA }
        }
    }
}

/// Is it a series as R prints it: years before their values, below names of all months or quarters?
fn are_printed(records: &[Vec<String>]) -> bool {
    const QUARTERS: [&str; 4] = ["Qtr1", "Qtr2", "Qtr3", "Qtr4"];
    let Some((names, rows)) = records.split_first().filter(|(_, rows)| !rows.is_empty()) else {
        return false;
    };
    let is_year = |cell: &String| cell.parse().is_ok_and(|year: u16| (1500..=2200).contains(&year));
    let are_parts =
        names.iter().eq(&QUARTERS) || names.len() == 12 && names.iter().all(|name| is_month(name));
    // The first year and the last may lack some, which is told where it stands.
    let is_whole = |row: &&Vec<String>| row.len() == names.len() + 1;
    are_parts
        && rows.iter().all(|row| row.len() <= names.len() + 1 && row.first().is_some_and(is_year))
        && 2 * rows.iter().filter(is_whole).count() > rows.len()
}

/// Are these the cells of rows that blanks cut: as many in each, numbers among them, and no one number whose thousands a
/// space separates?
fn are_cut_by_blanks(records: &[Vec<String>]) -> bool {
    let Some((first, rows)) =
        records.split_first().filter(|(first, rows)| first.len() > 1 && !rows.is_empty())
    else {
        return false;
    };
    let is_even = rows.iter().all(|row| row.len() == first.len());
    let column = |n: usize| rows.iter().filter_map(move |row| row.get(n)).map(String::as_str);
    let mut looks = (0..first.len()).map(|n| common_look(column(n)));
    let are_thousands = records
        .iter()
        .all(|row| row.iter().skip(1).all(|cell| cell.len() == 3 && cell.parse::<u16>().is_ok()));
    is_even && !are_thousands && looks.any(|look| look == Look::Number)
}

/// Names in the last comment before the first row, as NumPy writes them, if that row has none.
fn header_in_comment(
    sample: &str,
    separator: Separator,
    comment: u8,
    rows: &[Vec<String>],
) -> Option<Vec<String>> {
    let is_comment = |line: &&str| line.as_bytes().first() == Some(&comment);
    let lines = sample.lines().filter(|line| !line.trim().is_empty());
    let last = lines.take_while(is_comment).last()?;
    let names = records(last.get(1..)?, separator, None).pop()?;
    let has_names = names.len() == rows.first()?.len()
        && names.iter().all(|name| Look::of(name) == Look::Text)
        && (names.len() > 1 || !names.iter().any(|name| name.trim().contains(' ')));
    (has_names && is_headerless(rows)).then_some(names)
}

/// Is the first row one of values like those below it?
fn is_headerless(records: &[Vec<String>]) -> bool {
    let Some((first, rows)) = records.split_first().filter(|(_, rows)| !rows.is_empty()) else {
        return false;
    };
    let (mut alike, mut texts, mut text_recurs, mut has_decimals) = (0, 0, false, false);
    for (column, cell) in first.iter().enumerate() {
        let below = || rows.iter().filter_map(|row| row.get(column)).map(String::as_str);
        let (look, below_look) = (Look::of(cell), common_look(below()));
        match (look, below_look) {
            (Look::Text, Look::Text) => {
                texts += 1;
                text_recurs |= below().any(|other| other.trim() == cell.trim());
            }
            (Look::Nothing, _) if column > 0 => {}
            (_, Look::Nothing) if look != Look::Text => {}
            (look, below_look) if look == below_look => {
                alike += 1;
                has_decimals |= look == Look::Number && cell.trim().parse::<i64>().is_err();
            }
            _ => return false,
        }
    }
    alike > 0 && (texts == 0 && !counts_up(first, rows) || texts > 0 && (text_recurs || has_decimals))
}

/// What all cells look like, gaps aside.
pub(super) fn common_look<'c>(cells: impl Iterator<Item = &'c str>) -> Look {
    let mut common = Look::Nothing;
    for look in cells.map(Look::of).filter(|look| *look != Look::Nothing) {
        if common != Look::Nothing && common != look {
            return Look::Text;
        }
        common = look;
    }
    common
}

/// Does the first row count 0, 1, 2 or the years, and no other row does: numbers that are names?
fn counts_up(first: &[String], rows: &[Vec<String>]) -> bool {
    let counts = |row: &[String]| {
        let numbers: Option<Vec<i64>> = row.iter().map(|cell| cell.trim().parse().ok()).collect();
        numbers.is_some_and(|numbers| {
            numbers.len() >= 3 && numbers.windows(2).all(|pair| pair[0].checked_add(1) == Some(pair[1]))
        })
    };
    counts(first) && !rows.iter().any(|row| counts(row))
}
