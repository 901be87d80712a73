//! Tables with a text in each row (`name,language`): read as long ones, with a row for each character.

use super::wide::{ROW, Training};
use super::{GroupedOptions, InRows};
use crate::error::{DataError, Error, Message};
use crate::table::{Column, Table, stands_for_missing};
use crate::task::numbered::may_hold_numbers;
use crate::words::counted;

/// Fewer rows tell no text from a category.
const LEAST_ROWS: usize = 8;

/// All texts of a table together have at most so many characters: each becomes a row.
const MOST: usize = 1 << 22;

/// The column of the long table beside that of ids.
const CHARACTER: &str = "character";

/// The table to learn from, if each of its rows is a text: the only column beside the target, or the one that is named as the
/// only input, and nothing tells sequences apart.
pub(super) fn of_training(table: &Table, options: &GroupedOptions) -> Result<Option<Training>, Error> {
    let is_open = [&options.id, &options.time, &options.group].iter().all(|option| option.is_none());
    if !is_open || table.has_column("id") || table.made_time().is_some() || table.num_rows() < LEAST_ROWS {
        return Ok(None);
    }
    let Some((text, target)) = find(table, options) else { return Ok(None) };
    let long = long(table, text, Some(target))?;
    let (name, target) = (&table.headers()[text], &table.headers()[target]);
    let remark = format!(
        "{}: each of its {} is read as a sequence of the characters in {name:?}, whose target is in {target:?}; if a column tells \
         sequences apart, name it with ",
        table.name(),
        counted(table.num_rows(), "row"),
    );
    let options = GroupedOptions {
        id: Some(ROW.into()),
        target: Some(target.clone()),
        features: Some(vec![CHARACTER.into()]),
        ..options.clone()
    };
    let in_rows = InRows::Text { text: name.clone() };
    Ok(Some(Training { table: long, options, in_rows, remark: Message::from(remark).option("id") }))
}

/// The columns of texts and of their targets, by number.
fn find(table: &Table, options: &GroupedOptions) -> Option<(usize, usize)> {
    let headers = table.headers();
    let is_free = |target: usize| ![ROW, CHARACTER].contains(&headers[target].as_str());
    let (text, target) = match (options.features.as_deref(), options.target.as_deref()) {
        (Some([text]), Some(target)) => (table.position(text)?, table.position(target)?),
        (None, target) if headers.len() == 2 => {
            let mut texts = (0..2).filter(|&n| holds_texts(table.column_at(n)));
            let (Some(text), None) = (texts.next(), texts.next()) else { return None };
            match target {
                Some(target) if table.position(target)? == text => return None,
                _ => (text, 1 - text),
            }
        }
        _ => return None,
    };
    (text != target && is_free(target) && holds_texts(table.column_at(text))).then_some((text, target))
}

/// Is it a column of texts that mostly stand but once, and are neither numbers nor times?
pub(super) fn holds_texts(column: Column<'_>) -> bool {
    if may_hold_numbers(column) || column.is_mostly_times() {
        return false;
    }
    let mut different: Vec<&str> = column.texts().collect();
    let count = different.len();
    different.sort_unstable();
    different.dedup();
    2 * different.len() > count
}

/// The table with a row for each character of the texts in a column: the row that it is from, the character, in quotes so that
/// it stands for nothing else, and the target.
pub(super) fn long(table: &Table, text: usize, target: Option<usize>) -> Result<Table, DataError> {
    let column = table.column_at(text);
    let all: usize = column.texts().map(|text| text.chars().count()).sum();
    if all > MOST {
        let message = format!(
            "has {} in all, and as sequences at most {} are read; leave out rows, or shorten the texts",
            counted(all, "character"),
            counted(MOST, "character")
        );
        return Err(DataError::new(column.whole(), message));
    }
    let (mut rows, mut ids, mut characters) =
        (Vec::with_capacity(all), Vec::with_capacity(all), Vec::with_capacity(all));
    for (row, text) in column.texts().enumerate() {
        if stands_for_missing(text) {
            let message = "the cell has no text, which is a sequence; write one, or take the row out";
            return Err(DataError::new(column.place(row), message));
        }
        for character in text.chars() {
            rows.push(row);
            ids.push((row + 1).to_string());
            characters.push(format!("'{character}'"));
        }
    }
    let kept: Vec<usize> = target.into_iter().collect();
    let targets = table.select(table.name().to_owned(), &kept, &rows);
    let long =
        targets.with_texts(CHARACTER, &characters, &[]).and_then(|long| long.with_texts(ROW, &ids, &[]));
    long.ok_or_else(|| DataError::new(column.whole(), "has more than a table may hold; leave out rows"))
}
