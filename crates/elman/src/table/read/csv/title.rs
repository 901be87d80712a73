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
/// of which each has numbers or times, lines with no more than one cell that says something, or that begin with a word, where the
/// first of them are not the names of all below it.
pub(super) fn titled(sample: &str, separator: Separator, comment: Option<u8>) -> Option<Titled> {
    const MOST_LINES: usize = 20;
    let mut records = Records::at(sample, separator, comment);
    let mut above: Vec<Vec<String>> = Vec::new();
    for _ in 0..MOST_LINES {
        if !records.advance() {
            return None;
        }
        let length = records.scan.at;
        let cells = records.texts().ok()?;
        let told: Vec<&str> = cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
        let are_names =
            told.len() > 1 && cells.iter().take(told.len()).all(|cell| Look::of(cell) == Look::Text);
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
                let title = are_no_rows(&above, &cells, rows.len()).then(|| above.concat())?;
                let title = title.into_iter().find(|cell| !cell.trim().is_empty())?;
                return Some(Titled { separator, length, title: title.trim().to_owned() });
            }
        }
        if !told.is_empty() {
            above.push(cells);
        }
    }
    None
}

/// Are these lines no names with rows below them, of which the last is this, above so many others?
fn are_no_rows(lines: &[Vec<String>], last: &[String], rows_below: usize) -> bool {
    /// As many rows of a table are no chance.
    const TELLING: usize = 3;
    let is_told = |cell: &String| !cell.trim().is_empty();
    let width = |cells: &[String]| cells.iter().rposition(is_told).map_or(0, |last| last + 1);
    let have_one = |cells: &Vec<String>| cells.iter().filter(|cell| is_told(cell)).count() < 2;
    let names = lines.first().map_or(0, |first| width(first));
    let fits = |cells: &[String]| cells.len() >= names && width(cells) <= names;
    let all_fit = lines.iter().all(|cells| fits(cells)) && fits(last);
    let begins_with_word =
        |cells: &Vec<String>| cells.first().is_some_and(|cell| Look::of(cell) == Look::Text);
    let is_name = |cell: &str| cell.contains(char::is_alphabetic);
    let mut names_below: Vec<&str> =
        last.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect();
    let count = names_below.len();
    names_below.sort_unstable();
    names_below.dedup();
    lines.iter().all(have_one)
        || !all_fit
            && rows_below >= TELLING
            && names_below.len() == count
            && names_below.iter().all(|name| is_name(name))
            && lines.iter().all(|cells| have_one(cells) || begins_with_word(cells))
}
