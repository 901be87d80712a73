//! Columns whose names are numbered: the values of a sequence, or of a series, that stands in a row.

use crate::table::{Column, Table, stands_for_missing};

/// Fewer numbered columns may be some sensors in a table with a row for each timestep.
pub(super) const LEAST_VALUES: usize = 15;

/// How the names of most columns begin, if those are numbered.
pub(super) fn usual_stem(headers: &[String]) -> Option<&str> {
    stem(headers.get(headers.len() / 2)?).map(|(stem, _)| stem)
}

/// How a name begins, and the number at its end: `t12`; `12`, which may have decimals.
pub(super) fn stem(name: &str) -> Option<(&str, f64)> {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    match name.parse::<f64>() {
        Ok(number) => Some(("", number)),
        Err(_) => Some((stem, name[stem.len()..].parse().ok()?)),
    }
}

/// The columns, but one, whose names begin so and end in a number, in order of these.
pub(super) fn numbered_by(headers: &[String], begin: &str, but: Option<usize>) -> Vec<usize> {
    let number = |n: usize| stem(&headers[n]).filter(|(own, _)| *own == begin).map(|(_, number)| (n, number));
    let mut found: Vec<(usize, f64)> =
        (0..headers.len()).filter(|n| Some(*n) != but).filter_map(number).collect();
    found.sort_by(|a, b| a.1.total_cmp(&b.1));
    found.into_iter().map(|(n, _)| n).collect()
}

/// Does it hold numbers, but for a few cells? A column without a value is one where all sequences are shorter.
pub(super) fn may_hold_numbers(column: Column<'_>) -> bool {
    column.holds_numbers() || column.is_mostly_numbers() || column.texts().all(stands_for_missing)
}

/// Do the columns measure one thing? Then their levels lie close together beside what varies in each, or each is close to the
/// next; columns of different things, such as sensors, do neither.
pub(super) fn are_of_one_kind(table: &Table, values: &[usize]) -> bool {
    /// So many times what varies in the middle column.
    const CLOSE: f64 = 10.0;
    /// Steps from column to column as a share of the range of levels.
    const SMOOTH: f64 = 0.15;
    let statistics = |&n: &usize| {
        let column = table.column_at(n);
        let known: Vec<f64> =
            column.numbers_or_gaps()?.iter().copied().filter(|value| !value.is_nan()).collect();
        let mean = known.iter().sum::<f64>() / known.len() as f64;
        let square = known.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / known.len() as f64;
        mean.is_finite().then_some((mean, square.sqrt()))
    };
    let found: Vec<(f64, f64)> = values.iter().filter_map(statistics).collect();
    let sorted = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values
    };
    let means: Vec<f64> = found.iter().map(|(mean, _)| *mean).collect();
    let deviations = sorted(found.iter().map(|(_, deviation)| *deviation).collect());
    let steps: Vec<f64> = means.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    let levels = sorted(means);
    let [lowest, .., highest] = levels.as_slice() else { return false };
    let range = highest - lowest;
    range <= CLOSE * deviations[deviations.len() / 2]
        || steps.iter().sum::<f64>() <= SMOOTH * range * steps.len() as f64
}
