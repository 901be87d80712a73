//! Cells that are far beyond the rest of their column: a slip of the keyboard, a unit mixed up, a number that
//! stands for "missing".
//!
//! In the data to learn from, nothing looks at the deviation, which a single such cell decides by itself. The scale is the
//! interquartile range. A long tail is no outlier: between one and the rest there is a gap.
//!
//! In other data what counts is what the model was trained on: a cell far from the mean there, in deviations there.

use crate::error::{DataError, Error, Message};
use crate::scaling::Scaling;
use crate::table::{Column, Place, Table};
use crate::words::{counted, thousands};

/// Interquartile ranges from the median beyond which a cell behind a gap is remarked.
const REMARKED: f64 = 50.0;

/// Interquartile ranges from the median beyond which a cell behind a gap is refused: in single precision the rest
/// would become one value.
const REFUSED: f64 = 1e6;

/// How many times as far as the next value from the median: the largest of many log-normal values is seldom three
/// times the second largest.
const GAP: f64 = 10.0;

/// At most one value in so many is an outlier; more of them are a part of the data.
const RARE: usize = 20;

/// Numbers that stand for "missing" in many files; one value in so many may be one of them.
const CODES: [f64; 11] =
    [-9.0, -99.0, -200.0, -999.0, -9999.0, -99_999.0, -32_768.0, 999.0, 9999.0, 99_999.0, 999_999.0];
const FREQUENT: usize = 5;

/// The scale is at least this share of the median: less is noise of rounding.
const NOISE: f64 = 1e-6;

/// Deviations from the mean in training beyond which a cell is remarked: no drift goes so far unseen, and a mean of a
/// thousand such inputs says little but of that one.
const BEYOND_TRAINING: f64 = 1e3;

/// Cells that are named one by one.
const SHOWN: usize = 3;

/// Looks through those of these columns that hold numbers: see [`check`].
pub(crate) fn check_columns<'n>(
    table: &Table,
    names: impl Iterator<Item = &'n str>,
) -> Result<Vec<Message>, Error> {
    let mut remarks = Vec::new();
    for name in names {
        let column = table.column(name)?;
        let Some(numbers) = column.numbers_or_gaps() else { continue };
        let rows: Vec<usize> = (0..numbers.len()).filter(|&row| !numbers[row].is_nan()).collect();
        let known: Vec<f64> = rows.iter().map(|&row| numbers[row]).collect();
        remarks.extend(check(&known, |n| column.place(rows[n]))?);
    }
    Ok(remarks)
}

/// Names the first of the values that are far beyond the rest, if there are any: as a remark, or where nothing
/// could be learned beside it, as an error. `place` says where a value stands.
pub(crate) fn check<'a>(
    values: &[f64],
    place: impl Fn(usize) -> Place<'a>,
) -> Result<Option<Message>, DataError> {
    let Some(found) = find(values) else { return Ok(None) };
    let what = found.describe(values);
    let place = place(found.first);
    if found.is_refused {
        let message = format!("{what}; nothing could be learned beside it: correct or remove it");
        return Err(DataError::new(place, message));
    }
    Ok(Some(is_it_right(format!("{place}: {what}"), values, found.first)))
}

/// The same of a column in data to predict for, where nothing is refused.
pub(crate) fn remark(column: Column<'_>) -> Option<Message> {
    let numbers = column.numbers_or_gaps()?;
    let found = find(numbers)?;
    let what = format!("{}: {}", column.place(found.first), found.describe(numbers));
    Some(is_it_right(what, numbers, found.first))
}

/// The question about a value, with the way out where it stands for "missing": it is a number that often does, or comes again.
fn is_it_right(what: String, values: &[f64], first: usize) -> Message {
    let value = values[first];
    let comes_again = || values.iter().filter(|&&other| other == value).nth(1).is_some();
    let question = Message::from(format!("{what}; is it right?"));
    if !CODES.contains(&value) && !comes_again() {
        return question;
    }
    question.text(" If it says that there is no value, leave the cells empty, and see ").option("missing")
}

/// Names the first of some cells of a column that are far beyond those in training, if there are any: each a row, its value
/// and that scaled by these statistics, which are of `what`, such as `changes of `. Of numbers that are left as they are
/// there are none.
pub(crate) fn beyond_training(
    column: Column<'_>,
    cells: impl Iterator<Item = (usize, f64, f64)>,
    scaling: Scaling,
    what: &str,
) -> Option<Message> {
    let mut far = cells.filter(|(.., scaled)| scaling != Scaling::NONE && scaled.abs() > BEYOND_TRAINING);
    let (row, value, _) = far.next()?;
    let text = format!(
        "{}: {} is far beyond what the model was trained on ({what}{} ± {}){}",
        column.place(row),
        shown(value),
        rounded(scaling.mean),
        rounded(scaling.deviation),
        match far.count() {
            0 => String::new(),
            1 => ", as is 1 more cell".into(),
            more => format!(", as are {} more cells", thousands(more)),
        }
    );
    Some(text.into())
}

/// The first of some remarks, and how many of `what` have such as well.
pub(crate) fn first_of(mut remarks: Vec<Message>, what: &str) -> Vec<Message> {
    let more = remarks.len().saturating_sub(SHOWN);
    remarks.truncate(SHOWN);
    if more > 0 {
        let text = format!("{} more {what} have a value that is far beyond the rest", thousands(more));
        remarks.push(text.into());
    }
    remarks
}

/// ` (and 2 cells like it)`
fn and_others(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" (and {} like it)", counted(count, "cell")) }
}

/// A number to three digits.
fn rounded(value: f64) -> String {
    shown(format!("{value:.2e}").parse().unwrap_or(value))
}

/// A number with as few digits as say what it is: `265`, `-0.125`, `1e300`.
fn shown(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-5..1e9).contains(&magnitude) {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}

/// Values far beyond the rest.
struct Found {
    /// The first of them.
    first: usize,
    count: usize,
    is_refused: bool,
    /// How many the rest are, their least and greatest, and the quartiles of all.
    others: usize,
    range: (f64, f64),
    quartiles: (f64, f64),
}

impl Found {
    /// `1e300 is far beyond the rest: the other 71 values are from 84.2 to 152.4, half of them from 97.1 to 131`, of these
    /// values.
    fn describe(&self, values: &[f64]) -> String {
        format!(
            "{} is far beyond the rest{}: {} from {} to {}, half of them from {} to {}",
            shown(values[self.first]),
            and_others(self.count - 1),
            match self.others {
                1 => "the other value is".into(),
                others => format!("the other {} values are", thousands(others)),
            },
            shown(self.range.0),
            shown(self.range.1),
            shown(self.quartiles.0),
            shown(self.quartiles.1),
        )
    }
}

fn find(values: &[f64]) -> Option<Found> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let quartile = |share: usize| sorted.get(share * sorted.len().saturating_sub(1) / 4).copied();
    let (low, median, high) = (quartile(1)?, quartile(2)?, quartile(3)?);
    let mut distances: Vec<f64> = sorted.iter().map(|value| (value - median).abs()).collect();
    distances.sort_unstable_by(|a, b| b.total_cmp(a));
    // Of a column that is mostly one value, the scale is what the others are usually away from it.
    let scale = if high > low {
        high - low
    } else {
        let differing = distances.partition_point(|&distance| distance > 0.0);
        distances[..differing].get(differing.div_ceil(2)).copied()?
    };
    let scale = scale.max(NOISE * median.abs());
    let most = distances.len().div_ceil(RARE).min(distances.len() - 1);
    let is_gap = |n: usize| distances[n - 1] > GAP * distances[n];
    let of_code = || {
        let count = |code: &f64| sorted.iter().filter(|value| *value == code).count();
        let most = distances.len() / FREQUENT;
        CODES.iter().map(|code| ((code - median).abs(), count(code))).find_map(|(distance, n)| {
            let are_alike = (2..=most).contains(&n) && distances[..n].iter().all(|other| *other == distance);
            (are_alike && is_gap(n)).then_some(n)
        })
    };
    let rare = (1..=most).rfind(|&n| distances[n - 1] > REMARKED * scale && is_gap(n));
    // Of a column that is mostly one value, the others are no codes.
    let count = rare.or_else(|| of_code().filter(|_| high > low))?;
    let nearest = distances[count - 1];
    let is_far = |value: f64| value.is_finite() && (value - median).abs() >= nearest;
    let rest = || sorted.iter().copied().filter(|&value| !is_far(value));
    Some(Found {
        first: values.iter().position(|&value| is_far(value))?,
        count,
        // What is near 0 but for noise has a scale that means nothing.
        is_refused: rare.is_some() && distances[0] > REFUSED * scale.max(NOISE),
        others: sorted.len() - count,
        range: (rest().next()?, rest().next_back()?),
        quartiles: (low, high),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Rng};

    fn place(row: usize) -> Place<'static> {
        Place { table: "t.csv", line: Some(row as u64 + 2), column: "x" }
    }

    fn told(values: &[f64]) -> Option<String> {
        check(values, place).map_or_else(|error| Some(error.to_string()), |m| m.map(|m| m.to_string()))
    }

    fn with(changes: &[(usize, f64)]) -> Vec<f64> {
        let mut values: Vec<f64> = (0..101).map(|n| 100.0 + f64::from(n * 37 % 101)).collect();
        changes.iter().for_each(|&(row, value)| values[row] = value);
        values
    }

    #[test]
    fn a_cell_that_spoils_training_is_refused_and_named() {
        let above = [(1e300, "1e300"), (1e12, "1e12"), (f64::MAX, "1.7976931348623157e308")];
        let below = [(-1e300, "-1e300"), (-1e10, "-1e10")];
        for (cells, quartiles) in [(&above[..], "125 to 176"), (&below, "124 to 175")] {
            for &(value, text) in cells {
                let expected = format!(
                    "t.csv, line 9, column \"x\": {text} is far beyond the rest: the other 100 values are from 100 to \
                     200, half of them from {quartiles}; nothing could be learned beside it: correct or remove it"
                );
                assert_eq!(check(&with(&[(7, value)]), place).unwrap_err().to_string(), expected);
            }
        }
    }

    #[test]
    fn a_cell_that_is_merely_very_far_out_is_remarked() {
        assert_eq!(
            told(&with(&[(50, 15_000.0), (20, -9_999.0)])).unwrap(),
            "t.csv, line 22, column \"x\": -9999 is far beyond the rest (and 1 cell like it): the other 99 values are from \
             100 to 200, half of them from 124 to 176; is it right? If it says that there is no value, leave the cells empty, and \
             see missing"
        );
        assert!(told(&with(&[(50, 15_000.0)])).unwrap().ends_with("; is it right?"));
        // 20 interquartile ranges.
        assert_eq!(told(&with(&[(50, 1_150.0)])), None);
        assert_eq!(told(&with(&[])), None);
    }

    #[test]
    fn ordinary_columns_are_not_remarked() {
        let mut rng = Rng::new(1, Purpose::Initialisation);
        for deviation in [0.5, 1.0, 2.0] {
            let log_normal: Vec<f64> = (0..20_000).map(|_| (deviation * rng.normal()).exp()).collect();
            assert_eq!(told(&log_normal), None, "{deviation}");
        }
        let counts: Vec<f64> =
            (0..1000).map(|n| if n % 9 == 0 { f64::from(1 + n % 7) } else { 0.0 }).collect();
        assert_eq!(told(&counts), None);
        let flag: Vec<f64> = (0..1000).map(|n| f64::from(u8::from(n == 500))).collect();
        assert_eq!(told(&flag), None);
        let growth: Vec<f64> = (0..200).map(|n| 1.5f64.powi(n)).collect();
        assert_eq!(told(&growth), None);
        // Two levels, one of them rare.
        let levels: Vec<f64> = (0..1000).map(|n| if n % 50 == 0 { 1e9 } else { 1.0 }).collect();
        assert_eq!(told(&levels), None);
        for values in [&[][..], &[1.0], &[1.0, 1e300], &[0.1; 50], &[f64::NAN, 1.0]] {
            assert_eq!(told(values), None, "{values:?}");
        }
    }

    /// It may stand in more cells than any other that is far beyond the rest.
    #[test]
    fn a_number_that_stands_for_missing_is_remarked() {
        for code in [-999.0, 9999.0, -99.0, -200.0] {
            let of = |every: u32| -> Vec<f64> {
                (0..60).map(|n| if n % every == 5 % every { code } else { f64::from(1 + n % 9) }).collect()
            };
            let remark = told(&of(11)).unwrap();
            assert!(
                remark.starts_with(&format!(
                    "t.csv, line 7, column \"x\": {code} is far beyond the rest (and 4 cells like it)"
                )),
                "{remark}"
            );
            let way_out =
                "is it right? If it says that there is no value, leave the cells empty, and see missing";
            assert!(remark.ends_with(way_out), "{remark}");
            assert_eq!(told(&of(3)), None, "a third is a part of the data");
        }
        let other: Vec<f64> =
            (0..60).map(|n| if n % 11 == 5 { -998.0 } else { f64::from(1 + n % 9) }).collect();
        assert_eq!(told(&other), None);
        // What is usually nothing may well be 999 now and then, and a code far from small shares is asked about, not refused.
        let rare = |usual: fn(u32) -> f64, code: f64| -> Vec<f64> {
            (0..100).map(|n| if n % 10 == 5 { code } else { usual(n) }).collect()
        };
        assert_eq!(told(&rare(|_| 0.0, 999.0)), None);
        assert!(told(&rare(|n| f64::from(n % 10) / 100.0, 999_999.0)).is_some());
    }

    #[test]
    fn what_is_far_beyond_training_is_told_by_its_statistics() {
        let table = Table::read("t.csv", "x\n0\n900\n-3000\n\"\"\n4000\n2.5e9\n".as_bytes()).unwrap();
        let column = table.column("x").unwrap();
        let told = |rows: std::ops::Range<usize>, scaling: Scaling| {
            let numbers = column.numbers_or_gaps().unwrap();
            let cells = rows.map(|row| (row, numbers[row], scaling.scale(numbers[row])));
            beyond_training(column, cells, scaling, "changes of ").map(|remark| remark.to_string())
        };
        let scaling = Scaling { mean: 0.123_456, deviation: 2.0 };
        let remark = "t.csv, line 4, column \"x\": -3000 is far beyond what the model was trained on (changes of 0.123 ± 2)";
        assert_eq!(told(0..2, scaling), None);
        assert_eq!(told(0..4, scaling).unwrap(), remark);
        assert_eq!(told(0..5, scaling).unwrap(), format!("{remark}, as is 1 more cell"));
        assert_eq!(told(0..6, scaling).unwrap(), format!("{remark}, as are 2 more cells"));
        // Without statistics, or of what never varied, nothing is far.
        assert_eq!(told(0..6, Scaling::NONE), None);
        assert_eq!(told(0..6, Scaling { mean: 3.0, deviation: f64::MAX }), None);
    }

    /// Rounding noise around 0 is no scale by which an event could be refused.
    #[test]
    fn an_event_among_noise_is_not_refused() {
        let values: Vec<f64> = (0..100).map(|n| if n == 9 { 0.5 } else { 1e-17 * f64::from(n) }).collect();
        assert!(check(&values, place).unwrap().is_some());
    }

    #[test]
    fn mostly_zeros_have_a_scale_too() {
        let mut values: Vec<f64> =
            (0..1000).map(|n| if n % 9 == 0 { f64::from(1 + n % 7) } else { 0.0 }).collect();
        values[3] = 5_000.0;
        assert!(told(&values).unwrap().ends_with("from 0 to 0; is it right?"));
        values[3] = 1e30;
        assert!(check(&values, place).is_err());
    }
}
