//! What stands above a table: titles of spreadsheets, heads of instruments and archives.

use super::asides::without_notes;
use super::dialect::{self, Look, SEPARATORS, Separator, is_cut_evenly};
use super::records::Records;
use crate::table::are_steps;

/// As many names that are times are no chance.
const LEAST_TIMES: usize = 4;

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
        let are_words = told.len() > 1 && cells.iter().take(told.len()).all(|cell| may_be_name(cell));
        let name_times = !are_words && name_times(&told);
        if are_words || name_times {
            let rows = dialect::records(&sample[records.scan.at..], separator, comment);
            let rows = without_notes(&rows);
            let has_value = |row: &&Vec<String>| row.iter().any(|cell| Look::of(cell).is_value());
            let told_rows = rows.iter().filter(has_value).count();
            // Of a row for each series one may have no values.
            let are_told = if name_times { 2 * told_rows > rows.len() } else { told_rows == rows.len() };
            // What another separator cuts evenly from its first line on has no title.
            let is_table = !rows.is_empty()
                && are_told
                && rows.iter().all(|row| row.len() == cells.len())
                && !SEPARATORS
                    .into_iter()
                    .any(|other| other != separator && is_cut_evenly(sample, other, comment));
            if is_table {
                // As few cells are no names of all but the first column, as R writes them.
                let stand_apart =
                    is_below_blank || name_times && above.iter().all(|cells| num_told(cells) < LEAST_TIMES);
                let are_titles = above.iter().all(|cells| num_told(cells) < 2)
                    || are_no_rows(&above, stand_apart, &cells, rows);
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

/// Are these words before times one after another, at even steps, that name columns?
fn name_times(names: &[&str]) -> bool {
    let words = names.iter().take_while(|name| may_be_name(name)).count();
    let (words, times) = names.split_at(words);
    !words.is_empty() && times.len() >= LEAST_TIMES && are_steps(times)
}

/// Is it a word, which may also stand for a missing value elsewhere: `NA`, `(blank)`?
fn may_be_name(cell: &str) -> bool {
    match Look::of(cell) {
        Look::Text => true,
        Look::Nothing => cell.contains(char::is_alphabetic),
        Look::Number | Look::Time => false,
    }
}

/// How many of the cells say something?
fn num_told(cells: &[String]) -> usize {
    cells.iter().filter(|cell| !cell.trim().is_empty()).count()
}

/// Has it commas of a sentence, behind which blanks stand, and several words at the least in one of its parts?
fn is_sentence(cells: &[String]) -> bool {
    cells.iter().skip(1).all(|cell| cell.starts_with(' '))
        && cells.iter().any(|cell| cell.trim().contains(' '))
}

/// Are these lines no names with rows below them, of which the last are these `names` and the `rows` below those: each begins with
/// a word, the first has not the width of all, and no name stands in a row of its column once more? Without a blank line between,
/// several cells are to be parts of a sentence, as none of the table's are, unless they stand apart from it otherwise.
fn are_no_rows(lines: &[Vec<String>], stand_apart: bool, names: &[String], rows: &[Vec<String>]) -> bool {
    /// As many rows of a table are no chance; nor is one below a header of times.
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
    let stands_apart = |cells: &[String]| stand_apart || may_be_sentences && is_sentence(cells);
    let is_name = |name: &str| name.contains(char::is_alphabetic);
    let is_word_or_time = |name: &&str| is_name(name) || Look::of(name).is_value();
    let told: Vec<&str> = names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()).collect();
    let mut distinct = told.clone();
    distinct.sort_unstable();
    distinct.dedup();
    let recurs = |row: &Vec<String>| {
        row.iter().zip(names).any(|(cell, name)| is_name(name) && cell.trim() == name.trim())
    };
    !all_fit
        && (rows.len() >= TELLING || name_times(&told))
        && distinct.len() == told.len()
        && told.iter().all(is_word_or_time)
        && lines.iter().all(|cells| num_told(cells) < 2 || begins_with_word(cells) && stands_apart(cells))
        && !lines.iter().chain(rows).any(recurs)
}
