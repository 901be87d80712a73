//! CSV: values separated by commas, or by something else.

mod dialect;
mod records;
#[cfg(test)]
mod tests;

use super::{Reader, text};
use crate::table::builder::{Builder, MAX_COLUMNS};
use crate::table::{Table, TableError};
use dialect::{Dialect, Header};
use records::Records;

#[cfg(test)]
pub(in crate::table) use records::ends_inside_quotes;

/// Takes any file for CSV.
pub(super) const READER: Reader = Reader { name: "CSV", recognises: |_| true, read };

fn read(name: &str, bytes: &[u8]) -> Result<Table, TableError> {
    let (text, remark) = text::decode(name, bytes);
    let dialect = Dialect::of(&text);
    let mut records = Records::new(name, &text, &dialect);
    if !records.advance()? {
        return Err(TableError::Empty { table: name.to_owned() });
    }
    let found = records.texts().len();
    if found > MAX_COLUMNS {
        return Err(TableError::TooManyColumns { table: name.to_owned(), line: records.line, found });
    }
    let header = header(&dialect, &records);
    let header_line = records.line;
    // Separators at the ends of lines make columns of nothing.
    let empty_ends = header.iter().rev().take_while(|header| header.trim().is_empty()).count();
    let (width, empty_ends) = match header.len() - empty_ends {
        0 => (header.len(), 0),
        width => (width, empty_ends),
    };
    let has_index = width > 1 && header[0].trim().is_empty();
    let names = header[..width]
        .iter()
        .enumerate()
        .map(|(n, name)| Ok(if n == 0 && has_index { "col1" } else { name }));
    let mut table = Builder::new(name, records.line, names)?;
    table.separator = dialect.separator.into();
    table.remarks.extend(remark);
    table.remarks.extend(dialect.remarks(name));
    if has_index {
        let text =
            format!("{name}, line {}: the first column has no name, so it is called col1", records.line);
        table.remarks.push(text.into());
    }
    let is_header = dialect.header == Header::FirstRow;
    let mut dropped = (is_header && empty_ends > 0).then_some(records.line);
    let mut more = if is_header { records.advance()? } else { true };
    while more {
        let found = records.texts().len();
        let beyond = records.texts().skip(width).position(|text| !text.trim().is_empty());
        match beyond {
            Some(beyond) if beyond < empty_ends => {
                let table = name.to_owned();
                return Err(TableError::EmptyHeader { table, line: header_line, number: width + beyond + 1 });
            }
            Some(_) => table.row(records.line, records.texts().map(Ok))?,
            None => {
                dropped = dropped.or((found > width).then_some(records.line));
                table.row(records.line, records.texts().take(width).map(Ok))?;
            }
        }
        more = records.advance()?;
    }
    if let Some(line) = dropped {
        let what = "the lines end with separators; the empty cells behind them are dropped";
        table.remarks.push(format!("{name}, line {line}: {what}").into());
    }
    table.finish()
}

/// The columns' names; of a record that is none, numbers.
fn header(dialect: &Dialect, first: &Records<'_>) -> Vec<String> {
    match &dialect.header {
        Header::FirstRow => first.texts().map(str::to_owned).collect(),
        Header::Comment(names) => names.clone(),
        Header::None => (1..=first.texts().len()).map(|number| format!("col{number}")).collect(),
    }
}
