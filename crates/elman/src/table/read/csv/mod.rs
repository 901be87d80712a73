//! CSV: values separated by commas, or by something else.

mod dialect;
mod records;
#[cfg(test)]
mod tests;

use super::{Reader, text};
use crate::error::Message;
use crate::table::builder::Builder;
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
    let header: Vec<String> = match &dialect.header {
        Header::FirstRow => records.texts().map(str::to_owned).collect(),
        Header::Comment(names) => names.clone(),
        Header::None => (1..=records.texts().len()).map(|number| format!("col{number}")).collect(),
    };
    // Separators at the ends of lines make columns of nothing.
    let empty_ends = header.iter().rev().take_while(|header| header.trim().is_empty()).count();
    let mut width = header.len() - empty_ends;
    if width == 0 {
        width = header.len();
    }
    let has_index = width > 1 && header[0].trim().is_empty();
    let names = header[..width].iter().map(String::as_str).enumerate();
    let names = names.map(|(n, name)| if n == 0 && has_index { "col1" } else { name });
    let mut table = Builder::new(name, records.line, names.collect::<Vec<_>>().into_iter().map(Ok))?;
    table.separator = dialect.separator.into();
    table.remarks.extend(remark);
    table.remarks.extend(dialect.remarks(name));
    if has_index {
        let text =
            format!("{name}, line {}: the first column has no name, so it is called col1", records.line);
        table.remarks.push(text.into());
    }
    let mut dropped = None;
    if dialect.header == Header::FirstRow {
        dropped = (empty_ends > 0).then_some(records.line);
        if !records.advance()? {
            return table.finish();
        }
    }
    loop {
        let ends = records.texts().skip(width).collect::<Vec<_>>();
        if let Some(beyond) = ends.iter().position(|text| !text.trim().is_empty()) {
            if beyond < empty_ends {
                let (table, line) = (name.to_owned(), records.line);
                return Err(TableError::EmptyHeader { table, line, number: width + beyond + 1 });
            }
            table.row(records.line, records.texts().map(Ok))?;
        } else {
            dropped = dropped.or((!ends.is_empty()).then_some(records.line));
            let cells: Vec<&str> = records.texts().take(width).collect();
            table.row(records.line, cells.into_iter().map(Ok))?;
        }
        if !records.advance()? {
            break;
        }
    }
    if let Some(line) = dropped {
        let text = format!(
            "{name}, line {line}: the lines end with separators; the empty cells behind them are dropped"
        );
        table.remarks.push(Message::from(text));
    }
    table.finish()
}
