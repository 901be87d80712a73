//! CSV: values separated by commas, or by something else.

mod asides;
mod dialect;
mod located;
mod plain;
mod records;
mod scan;
#[cfg(test)]
mod tests;
mod title;

use std::sync::Arc;

use super::{Input, Reader, text};
use crate::table::builder::{Head, MAX_COLUMNS};
use crate::table::cells::Cells;
use crate::table::column::Data;
use crate::table::lines::Lines;
use crate::table::number::{Short, short};
use crate::table::typing::Typing;
use crate::table::{Table, TableError};
use crate::words::listed;
use asides::{Asides, Row as Kept};
use dialect::{Dialect, Header};
use located::{Edits, STRIDE, trim};
use records::{Records, Unclosed};
use scan::{Kind, Scan, edited};

pub(in crate::table) use located::Located;
pub(in crate::table) use plain::{Lines as PlainLines, Plain};

/// Takes any file for CSV.
pub(super) const READER: Reader = Reader { name: "CSV", recognises: |_| true, read };

fn read(Input { name, bytes, .. }: Input<'_>) -> Result<Table, TableError> {
    let (text, remark) = text::decode(name, bytes);
    if u32::try_from(text.len()).is_err() {
        return Err(TableError::TooLarge { table: name.to_owned(), limit: 1 << 32 });
    }
    let dialect = Dialect::of(&text);
    let mut rows = Records::new(&text, &dialect);
    let mut first = rows;
    let unclosed = |line| TableError::UnclosedQuote { table: name.to_owned(), line };
    let Some(mut header) = header(name, &dialect, &mut first)? else {
        return Err(TableError::Empty { table: name.to_owned() });
    };
    let header_line = first.line;
    let is_header = dialect.header == Header::FirstRow;
    let mut names = None;
    if is_header {
        let mut at_names = rows;
        names = at_names.advance().then(|| &text[at_names.scan.at..first.scan.at]);
        rows = first;
    }
    let are_joined = dialect.rows.join_names(&mut header);
    // Separators at the ends of lines make columns of nothing.
    let empty_ends = header.iter().rev().take_while(|header| header.trim().is_empty()).count();
    let (width, empty_ends) = match header.len() - empty_ends {
        0 => (header.len(), 0),
        width => (width, empty_ends),
    };
    let has_index = width > 1 && header[0].trim().is_empty();
    let mut asides = Asides::new(names, has_index, dialect.rows.clone());
    let is_unnamed = |n: usize| header[n].trim().is_empty() && width > 1;
    let names = (0..width).map(|n| if is_unnamed(n) { format!("col{}", n + 1) } else { header[n].clone() });
    let names: Vec<String> = names.collect();
    let mut head = Head::new(name, header_line, names.iter().map(String::as_str))?;
    head.remarks.extend(remark);
    head.remarks.extend(dialect.remarks(name, header_line));
    if are_joined {
        let what = "the columns' names stand in several rows; one above several columns is joined with those below it, one that is \
                    missing is that below it";
        head.remarks.push(format!("{name}, line {header_line}: {what}").into());
    }
    head.usual_decimal = dialect.separator.usual_decimal();
    if has_index {
        let text = format!("{name}, line {header_line}: the first column has no name, so it is called col1");
        head.remarks.push(text.into());
    }
    let mut filling = Filling::new(width, most_rows(&text[rows.scan.at..], width));
    let mut dropped = (is_header && empty_ends > 0).then_some(header_line);
    rows.keeps_tabs = true;
    let (mut next_line, mut blank) = (None, None);
    while rows.advance() {
        let line = rows.line;
        let after_blank = next_line.is_some_and(|next| line > next);
        match asides.sort_out(name, &rows, after_blank).map_err(|Unclosed| unclosed(line))? {
            Kept::OfTable => {}
            Kept::Aside => {
                rows.texts().map_err(|Unclosed| unclosed(line))?;
                next_line = Some(rows.end_line() + 1);
                continue;
            }
            Kept::End => break,
        }
        if dialect.comment.is_none() && after_blank {
            blank = blank.or(next_line);
        }
        let Row { found, beyond } = filling.row(&mut rows).map_err(|Unclosed| unclosed(line))?;
        match beyond {
            Some(beyond) if beyond < empty_ends => {
                let table = name.to_owned();
                return Err(TableError::EmptyHeader { table, line: header_line, number: width + beyond + 1 });
            }
            None if found >= width => dropped = dropped.or((found > width).then_some(line)),
            _ => {
                let (table, separator) = (name.to_owned(), dialect.separator);
                return Err(TableError::Ragged {
                    table,
                    line,
                    expected: width,
                    found,
                    separator: separator.name(),
                });
            }
        }
        next_line = Some(rows.end_line() + 1);
    }
    // Where there is but one column, a cell without a value looks like this.
    if let Some(line) = blank.filter(|_| width == 1) {
        let what = "blank lines between the rows are left out; write NA where a value is missing";
        head.remarks.push(format!("{name}, line {line}: {what}").into());
    }
    if let Some(line) = dropped {
        let what = "the lines end with separators; the empty cells behind them are dropped";
        head.remarks.push(format!("{name}, line {line}: {what}").into());
    }
    head.remarks.extend(asides.remarks(name));
    let Filling { lines, marks, edits, columns } = filling;
    let spacers: Vec<usize> = (1..width).filter(|&n| is_unnamed(n)).collect();
    if let Some(n) = spacers.iter().find(|&&n| !columns[n].is_empty()) {
        return Err(TableError::EmptyHeader { table: name.to_owned(), line: header_line, number: n + 1 });
    }
    if !spacers.is_empty() {
        let numbers = listed(spacers.iter().map(|n| (n + 1).to_string()), "and");
        let columns = if spacers.len() == 1 { "column" } else { "columns" };
        let text =
            format!("{name}, line {header_line}: {columns} {numbers} without a name or a value left out");
        head.remarks.push(text.into());
    }
    for n in spacers.iter().rev() {
        head.headers.remove(*n);
    }
    let located = Arc::new(Located::new(text, dialect.separator, edits, marks, width));
    let data = |(place, typing)| Data::typed(Cells::InFile(Arc::clone(&located), place), typing);
    let kept = columns.into_iter().enumerate().filter(|(n, _)| !spacers.contains(n));
    head.finish(lines, kept.map(data).collect())
}

/// The columns' names, or numbers where the first record, to which this goes, has none; nothing if there is no record.
fn header(
    name: &str,
    dialect: &Dialect,
    records: &mut Records<'_>,
) -> Result<Option<Vec<String>>, TableError> {
    if !records.advance() {
        return Ok(None);
    }
    let line = records.line;
    let table = || name.to_owned();
    let unclosed = |Unclosed| TableError::UnclosedQuote { table: table(), line };
    // Counted first: not every file is a table.
    let found = (*records).count_cells().map_err(unclosed)?;
    if found > MAX_COLUMNS {
        return Err(TableError::TooManyColumns { table: table(), line, found });
    }
    let mut texts = records.texts().map_err(unclosed)?;
    if dialect.lacks_first_name {
        texts.insert(0, String::new());
    }
    Ok(Some(match &dialect.header {
        Header::FirstRow => texts,
        Header::Comment(names) => names.clone(),
        Header::None => (1..=found).map(|number| format!("col{number}")).collect(),
    }))
}

/// No more rows than this stand in a text: none has fewer bytes than cells, and each but the last has a line break behind
/// something else.
fn most_rows(text: &str, width: usize) -> usize {
    /// As many pairs of bytes are counted in a byte, so that many are counted at once.
    const CHUNK: usize = 240;
    let is_break = |byte: u8| byte == b'\r' || byte == b'\n';
    let is_end = |(&before, &after): (&u8, &u8)| u8::from(is_break(after) & !is_break(before));
    let bytes = text.as_bytes();
    let behind = bytes.get(1..).unwrap_or_default().chunks(CHUNK);
    let counts =
        bytes.chunks(CHUNK).zip(behind).map(|(bytes, behind)| bytes.iter().zip(behind).map(is_end).sum());
    let ends: usize = counts.map(|count: u8| usize::from(count)).sum();
    (ends + 1).min(bytes.len() / width.max(1) + 1)
}

/// What was found of a row.
struct Row {
    /// Its number of cells.
    found: usize,
    /// How far behind the columns its first cell that is not empty stands.
    beyond: Option<usize>,
}

/// The columns of a file that is being read.
struct Filling {
    lines: Lines,
    /// See [`Located`].
    marks: Vec<u32>,
    edits: Edits,
    columns: Vec<Typing>,
}

impl Filling {
    fn new(width: usize, most_rows: usize) -> Self {
        Filling {
            lines: Lines::default(),
            marks: Vec::with_capacity(most_rows * width.div_ceil(STRIDE)),
            edits: Edits::default(),
            columns: (0..width).map(|_| Typing::of_rows(most_rows)).collect(),
        }
    }

    /// Adds the row to which the records have gone.
    fn row(&mut self, records: &mut Records<'_>) -> Result<Row, Unclosed> {
        self.lines.push(records.line);
        let mut found = 0;
        for column in &mut self.columns {
            if found % STRIDE == 0 {
                // The text's length is one, too.
                self.marks.push(records.scan.at as u32);
            }
            match Some(&*column)
                .filter(|column| !column.is_text)
                .and_then(|column| number(&records.scan, column))
            {
                Some(Number { number, decimal, end }) => {
                    column.push_short(number, decimal);
                    records.scan.at = end;
                }
                None => {
                    let span = records.cell()?;
                    let raw = records.text(span.text);
                    match span.kind {
                        Kind::Plain => column.push(trim(raw)),
                        _ => {
                            self.edits.push(span.begin, raw);
                            column.push(edited(raw).trim());
                        }
                    }
                }
            }
            found += 1;
            if !records.scan.next() {
                return Ok(Row { found, beyond: None });
            }
        }
        let mut beyond = None;
        loop {
            let span = records.cell()?;
            if beyond.is_none() && !records.text(span.text).trim().is_empty() {
                beyond = Some(found - self.columns.len());
            }
            found += 1;
            if !records.scan.next() {
                return Ok(Row { found, beyond });
            }
        }
    }
}

/// A cell that is a number of few digits.
struct Number {
    number: Short,
    /// What stands before its decimals.
    decimal: u8,
    /// What follows it.
    end: usize,
}

/// The cell that begins here, with quotes or without, if it is such a number, written as those before it in its column.
#[inline]
fn number(scan: &Scan<'_>, column: &Typing) -> Option<Number> {
    let (rest, decimal) = (scan.bytes.get(scan.at..)?, column.decimal());
    if let Some(quoted) = rest.strip_prefix(b"\"") {
        let number = short(quoted, decimal).filter(|number| quoted.get(number.length) == Some(&b'"'))?;
        let end = scan.at + number.length + 2;
        return scan.ends_at(end).then_some(Number { number, decimal, end });
    }
    // Outside of quotes a comma may be the separator.
    let decimal = if scan.separator.is(decimal) { b'.' } else { decimal };
    let number = short(rest, decimal)?;
    let end = scan.at + number.length;
    scan.ends_at(end).then_some(Number { number, decimal, end })
}
