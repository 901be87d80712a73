//! Which columns are inputs.

use std::collections::{BTreeSet, HashMap};

use super::clocks::Clock;
use super::groups::Groups;
use crate::error::{DataError, Error, Message};
use crate::missing::Missing;
use crate::table::{Column, Table};
use crate::task::feature::{Feature, asked_categories, refuse_slips, told};
use crate::words::quoted;

/// Text with more values than this is no category, but names or prose, unless it is asked for.
const MOST_CATEGORIES: usize = 20;
/// Of so many sequences, a column that varies in a single one is nearly constant.
const ENOUGH_SEQUENCES: usize = 10;

/// Why a column is no input.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    Constant,
    NearlyConstant,
    Empty,
    Times,
    Count,
    Text,
    Names,
    Gaps,
}

impl Why {
    const ALL: [Why; 8] = [
        Why::Constant,
        Why::NearlyConstant,
        Why::Empty,
        Why::Times,
        Why::Count,
        Why::Text,
        Why::Names,
        Why::Gaps,
    ];

    fn remark(self, columns: &[&str]) -> Message {
        let are = if columns.len() == 1 { "is" } else { "are" };
        let start = |what: &str| Message::from(format!("{} {are} {what}", quoted(columns)));
        match self {
            Why::Constant => start("the same in every row, and no input"),
            Why::Empty => start("empty, and no input"),
            Why::Times => {
                start("of times, and no input; to read rows in that order, name it with ").option("time")
            }
            Why::Count => {
                let verb = if columns.len() == 1 { "counts" } else { "count" };
                let text = format!(
                    "{} {verb} on from row to row, and {are} no input; to read rows in that order, name it with ",
                    quoted(columns)
                );
                Message::from(text)
                    .option("time")
                    .text("; to use it, name the inputs with ")
                    .option("features")
            }
            Why::NearlyConstant => {
                start("the same in all sequences but one, and no input; to use it, name the inputs with ")
                    .option("features")
            }
            Why::Names => start(
                "text that hardly comes again, as names do, and no input; to use it, name the inputs with ",
            )
            .option("features"),
            Why::Gaps => {
                start("text with empty cells, and no input; to use it, choose what becomes of those with ")
                    .option("missing")
            }
            Why::Text => start(
                "text with too many values for categories, and no input; to use it, name the inputs with ",
            )
            .option("features"),
        }
    }
}

/// What a column of numbers tells of when a row was.
pub(in crate::task) type Clocks<'c> = &'c dyn Fn(Column<'_>, &Groups<'_>) -> Option<Clock>;

/// Finds the inputs: the columns that are asked for, else those that say something and are not `taken` for another
/// purpose. What does not vary in the whole table is left out, so that no split of the sequences decides what the inputs
/// are.
///
/// # Errors
/// If a column is missing, or holds what is mostly numbers and something else; or if no input is left.
pub(super) fn find(
    table: &Table,
    groups: &Groups<'_>,
    asked: Option<&[String]>,
    taken: &[&str],
    missing: Option<Missing>,
    clocks: Clocks<'_>,
) -> Result<(Vec<Feature>, Vec<Message>), Error> {
    let free = || table.headers().iter().filter(|name| !taken.contains(&name.as_str()));
    let names: Vec<&String> = asked.map_or_else(|| free().collect(), |asked| asked.iter().collect());
    let (mut features, mut left): (Vec<Feature>, Vec<(Why, &str)>) = (Vec::new(), Vec::new());
    for name in names {
        match feature(table.column(name)?, groups, asked.is_some(), missing, clocks)? {
            Ok(feature) => features.push(feature),
            Err(why) => left.push((why, name)),
        }
    }
    let mut remarks = Vec::new();
    for why in Why::ALL {
        let columns: Vec<&str> =
            left.iter().filter(|(other, _)| *other == why).map(|(_, name)| *name).collect();
        if !columns.is_empty() {
            remarks.push(why.remark(&columns));
        }
    }
    if features.is_empty() {
        let reasons: Vec<String> = remarks.iter().map(|remark| format!(" ({remark})")).collect();
        let message =
            format!("has no column left as input beside id, target and time; add one{}", reasons.concat());
        return Err(DataError::new(table.name(), message).into());
    }
    let categories: Vec<&Feature> =
        features.iter().filter(|feature| !feature.categories.is_empty()).collect();
    if !categories.is_empty() {
        let names = categories.iter().map(|feature| &feature.name);
        let hold = if categories.len() == 1 { "holds categories" } else { "hold categories" };
        remarks.push(format!("{} {hold}: each value is an input", quoted(names)).into());
    }
    if let Some(asked) = asked {
        let asked: BTreeSet<&String> = asked.iter().collect();
        let (times, unused): (Vec<&str>, Vec<&str>) =
            free().filter(|name| !asked.contains(name)).map(String::as_str).partition(|name| {
                groups.by_start.is_none()
                    && table.column(name).is_ok_and(|column| holds_times(column, groups, clocks))
            });
        if !times.is_empty() {
            remarks.push(Why::Times.remark(&times));
        }
        if !unused.is_empty() {
            remarks.push(format!("not used: {}", quoted(unused)).into());
        }
    }
    Ok((features, remarks))
}

/// A column as a feature without statistics, or why it is none.
fn feature(
    column: Column<'_>,
    groups: &Groups<'_>,
    asked: bool,
    missing: Option<Missing>,
    clocks: Clocks<'_>,
) -> Result<Result<Feature, Why>, Error> {
    let name = column.name().to_owned();
    let mut feature = Feature { name, scaling: None, categories: Vec::new(), flagged: false };
    if column.numbers_or_gaps().is_none() {
        match categories(column, groups, asked)? {
            // Of the only recording text need not be an input.
            Ok(_) if !asked && missing.is_none() && groups.rows.len() == 1 && has_gaps(column) => {
                return Ok(Err(Why::Gaps));
            }
            Ok(categories) => feature.categories = categories,
            Err(why) => return Ok(Err(why)),
        }
    } else if !asked && let Some(clock) = clocks(column, groups) {
        return Ok(Err(match clock {
            Clock::Moments => Why::Times,
            Clock::Count => Why::Count,
        }));
    }
    let cells = feature.cells(column, &mut Vec::new())?;
    feature.flagged = missing == Some(Missing::Flag) && cells.iter().any(|cell| cell.is_nan());
    Ok(match constancy(&cells, groups) {
        Some(Why::NearlyConstant) if asked => Ok(feature),
        Some(why) => Err(why),
        None => Ok(feature),
    })
}

/// Does a column hold times, by which rows may be read, and no other numbers?
fn holds_times(column: Column<'_>, groups: &Groups<'_>, clocks: Clocks<'_>) -> bool {
    if column.holds_numbers() {
        return clocks(column, groups) == Some(Clock::Moments);
    }
    column.times().is_ok()
}

fn has_gaps(column: Column<'_>) -> bool {
    told(column).count() < column.texts().len()
}

/// What the cells of a column of text say, if those are categories.
fn categories(
    column: Column<'_>,
    groups: &Groups<'_>,
    asked: bool,
) -> Result<Result<Vec<String>, Why>, Error> {
    if asked {
        return asked_categories(column).map(Ok);
    }
    refuse_slips(column, false)?;
    if column.times().is_ok() {
        return Ok(Err(Why::Times));
    }
    let distinct: BTreeSet<&str> = told(column).map(|row| column.text(row)).collect();
    if distinct.is_empty() {
        return Ok(Err(Why::Empty));
    }
    // Categories are shared by sequences, or come again in the only one; what each has for itself is a name.
    let of_sequence =
        |rows: &Vec<usize>| rows.iter().map(|&row| column.text(row)).collect::<BTreeSet<_>>().len();
    let stretches = |rows: &Vec<usize>| {
        let mut texts: Vec<&str> = rows.iter().map(|&row| column.text(row)).collect();
        texts.dedup();
        texts.len()
    };
    let uses: usize = match groups.rows.as_slice() {
        _ if distinct.len() > MOST_CATEGORIES => return Ok(Err(Why::Text)),
        [only] => stretches(only),
        all => all.iter().map(of_sequence).sum(),
    };
    if distinct.len() == 1 || uses >= 2 * distinct.len() {
        return Ok(Ok(distinct.into_iter().map(str::to_owned).collect()));
    }
    Ok(Err(Why::Names))
}

/// Does a column tell nothing? Decided by the whole table: it says the same everywhere, or in all sequences but one of
/// many, which a split may or may not keep back.
fn constancy(cells: &[f64], groups: &Groups<'_>) -> Option<Why> {
    /// The value that all known cells have, to the last digits.
    fn only(cells: impl Iterator<Item = f64> + Clone) -> Option<f64> {
        let known = cells.filter(|cell| !cell.is_nan());
        let first = known.clone().next()?;
        let (low, high) = known.fold((first, first), |(low, high), cell| (low.min(cell), high.max(cell)));
        (high - low <= low.abs().max(high.abs()) * 1e-12).then_some(first)
    }
    if only(cells.iter().copied()).is_some() || cells.iter().all(|cell| cell.is_nan()) {
        return Some(Why::Constant);
    }
    if groups.len() < ENOUGH_SEQUENCES {
        return None;
    }
    let mut counts: HashMap<u64, usize> = HashMap::new();
    let mut others = groups.len();
    for rows in &groups.rows {
        if let Some(value) = only(rows.iter().map(|&row| cells[row])) {
            let count = counts.entry(value.to_bits()).or_default();
            *count += 1;
            others = others.min(groups.len() - *count);
        }
    }
    (others <= 1).then_some(Why::NearlyConstant)
}
