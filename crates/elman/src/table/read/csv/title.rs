//! What stands above a table: titles of spreadsheets, heads of instruments and archives.

use super::asides::without_notes;
use super::dialect::{self, Look, SEPARATORS, Separator, is_cut_evenly};
use super::records::Records;

/// A table under a title.
pub(super) struct Titled {
    pub(super) separator: Separator,
    /// The title's length in bytes, with the lines between it and the table.
    pub(super) length: usize,
    /// Its first line.
    pub(super) title: String,
}

/// The table under a title of a few lines, as spreadsheets and instruments have them: above names in every column, with rows below
/// of which each has numbers or times, lines with no more than one cell that says something; or, where the first of them cannot be
/// the names of all below it, lines that begin with a word, with a blank line below them, and sentences.
pub(super) fn titled(sample: &str, separator: Separator, comment: Option<u8>) -> Option<Titled> {
    const MOST_LINES: usize = 20;
    let mut records = Records::at(sample, separator, comment);
    let mut above: Vec<Vec<String>> = Vec::new();
    let (mut next_line, mut is_below_blank) = (None, false);
    for _ in 0..MOST_LINES {
        if !records.advance() {
            return None;
        }
        let length = records.scan.at;
        // Comments may stand between lines as well.
        is_below_blank |= comment.is_none() && next_line.is_some_and(|next| records.line > next);
        let cells = records.texts().ok()?;
        next_line = Some(records.end_line() + 1);
        let told: Vec<&str> = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
        let are_names = told.len() > 1 && cells.iter().take(told.len()).all(|cell| may_be_name(cell));
        if are_names {
            let rows = dialect::records(&sample[records.scan.at..], separator, comment);
            let rows = without_notes(&rows);
            let is_row = |row: &Vec<String>| {
                row.len() == cells.len() && row.iter().any(|cell| Look::of(cell).is_value())
            };
            // What another separator cuts evenly from its first line on has no title.
            let is_table = !rows.is_empty()
                && rows.iter().all(is_row)
                && !SEPARATORS
                    .into_iter()
                    .any(|other| other != separator && is_cut_evenly(sample, other, comment));
            if is_table {
                let are_titles = above.iter().all(|cells| has_one(cells))
                    || are_no_rows(&above, is_below_blank, &cells, rows);
                let title = are_titles.then(|| above.concat())?;
                let title = title.into_iter().find(|cell| !cell.trim().is_empty())?;
                return Some(Titled { separator, length, title: title.trim().to_owned() });
            }
        }
        is_below_blank = told.is_empty();
        if !told.is_empty() {
            above.push(cells);
        }
    }
    None
}

/// Is it a word, which may also stand for a missing value elsewhere: `NA`, `(blank)`?
fn may_be_name(cell: &str) -> bool {
    match Look::of(cell) {
        Look::Text => true,
        Look::Nothing => cell.contains(char::is_alphabetic),
        Look::Number | Look::Time => false,
    }
}

/// Does no more than one of the cells say something?
fn has_one(cells: &[String]) -> bool {
    cells.iter().filter(|cell| !cell.trim().is_empty()).count() < 2
}

/// Has it commas of a sentence, behind which blanks stand, and several words at the least in one of its parts?
fn is_sentence(cells: &[String]) -> bool {
    cells.iter().skip(1).all(|cell| cell.starts_with(' '))
        && cells.iter().any(|cell| cell.trim().contains(' '))
}

/// Are these lines no names with rows below them, of which the last are these `names` and the `rows` below those: each begins with
/// a word, the first has not the width of all, and no name stands in a row of its column once more? Without a blank line between,
/// several cells are to be parts of a sentence, as none of the table's are.
fn are_no_rows(
    lines: &[Vec<String>],
    is_blank_between: bool,
    names: &[String],
    rows: &[Vec<String>],
) -> bool {
    /// As many rows of a table are no chance.
    const TELLING: usize = 3;
    let width =
        |cells: &[String]| cells.iter().rposition(|cell| !cell.trim().is_empty()).map_or(0, |last| last + 1);
    let first = lines.first().map_or(0, |first| width(first));
    let fits = |cells: &[String]| cells.len() >= first && width(cells) <= first;
    let all_fit = lines.iter().all(|cells| fits(cells)) && fits(names);
    let begins_with_word =
        |cells: &Vec<String>| cells.first().is_some_and(|cell| Look::of(cell) == Look::Text);
    let has_blank = |cells: &[String]| cells.iter().any(|cell| cell.starts_with(' '));
    let may_be_sentences = !has_blank(names) && !rows.iter().any(|row| has_blank(row));
    let stands_apart = |cells: &[String]| is_blank_between || may_be_sentences && is_sentence(cells);
    let is_name = |name: &str| name.contains(char::is_alphabetic);
    let told: Vec<&str> = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
    let mut distinct = told.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let recurs = |row: &Vec<String>| {
        row.iter().zip(names).any(|(cell, name)| is_name(name) && cell.trim() == name.trim())
    };
    !all_fit
        && rows.len() >= TELLING
        && distinct.len() == told.len()
        && told.iter().all(|name| is_name(name))
        && lines.iter().all(|cells| has_one(cells) || begins_with_word(cells) && stands_apart(cells))
        && !lines.iter().chain(rows).any(recurs)
}
