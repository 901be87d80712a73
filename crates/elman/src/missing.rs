//! Missing values: where they are, and what stands for them.
//!
//! A missing value is NaN. Everything here looks at one column of one sequence, so no value can come from
//! another sequence or from a part that is held out.
//!
//! ```
//! use elman::missing::{Gaps, Missing};
//!
//! let mut level = [f64::NAN, 1.0, f64::NAN, f64::NAN, 4.0];
//! let gaps = Missing::Interpolate.fill(&mut level, None);
//! assert_eq!(gaps, Gaps { count: 3, first: Some(0) });
//! assert_eq!(level, [1.0, 1.0, 2.0, 3.0, 4.0]);
//! ```

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{ConfigError, DataError, Message};
use crate::table::Place;
use crate::words::{counted, listed};

/// What is made of missing values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Missing {
    /// Rows that have some are left out.
    Drop,
    /// A straight line between the known values before and after; at either end the nearest known value.
    Interpolate,
    /// The last known value (last observation carried forward); before the first one, that.
    Previous,
    /// The value of the same place a season before, which may itself have been filled; without one, the
    /// nearest known value of that place in a later season; without that, as [`Previous`](Self::Previous).
    Season,
    /// 0.
    Zero,
    /// As [`Previous`](Self::Previous), and an additional input that is 1 where the value was missing and 0
    /// elsewhere (Lipton, Kale & Wetzel, *Directly modeling missing data in sequences with RNNs*, MLHC 2016).
    Flag,
}

impl Missing {
    /// All, in the order in which they are listed to users.
    pub const ALL: [Missing; 6] = [
        Missing::Drop,
        Missing::Interpolate,
        Missing::Previous,
        Missing::Season,
        Missing::Zero,
        Missing::Flag,
    ];

    /// Those that there are for forecasts: a series has a value in each row, so that none can be left out.
    pub(crate) const OF_SERIES: [Missing; 5] =
        [Missing::Interpolate, Missing::Previous, Missing::Season, Missing::Zero, Missing::Flag];

    /// The name used on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Missing::Drop => "drop",
            Missing::Interpolate => "interpolate",
            Missing::Previous => "previous",
            Missing::Season => "season",
            Missing::Zero => "zero",
            Missing::Flag => "flag",
        }
    }

    /// Fills the gaps of a sequence and tells which there were. The values are evenly spaced in time;
    /// `season` is how many of them make a season, `None` or 0 where there is none.
    ///
    /// A sequence without a known value stays as it is, but for [`Zero`](Self::Zero): nothing in it says what
    /// could stand there. [`Drop`](Self::Drop) leaves every sequence as it is: its rows are the caller's.
    pub fn fill(self, values: &mut [f64], season: Option<usize>) -> Gaps {
        let gaps = Gaps::of(values);
        if gaps.count == 0 {
            return gaps;
        }
        match self {
            Missing::Drop => {}
            Missing::Zero => values.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = 0.0),
            Missing::Interpolate => interpolate(values),
            Missing::Previous | Missing::Flag => carry_forward(values),
            Missing::Season => {
                if let Some(season) = season.filter(|&season| season > 0) {
                    for place in 0..season.min(values.len()) {
                        carry_forward_each(values, place, season);
                    }
                }
                carry_forward(values);
            }
        }
        gaps
    }

    /// As [`fill`](Self::fill), but no value from the row `known` on tells what stands before it, and no later one what
    /// stands in a row from there on: a line to a value beyond is none, but the value before.
    pub(crate) fn fill_ahead(self, values: &mut [f64], season: Option<usize>, known: usize) {
        let known = known.min(values.len());
        self.fill(&mut values[..known], season);
        let ahead = if self == Missing::Interpolate { Missing::Previous } else { self };
        ahead.fill(values, season);
    }

    /// What is to be said of so many missing values, of which `first` is the place of the first:
    /// `3 empty cells are taken as 0 (first: t.csv, line 3, column "level")`.
    pub fn remark(self, count: usize, first: Place<'_>) -> Message {
        let (cells, are) = (counted(count, "empty cell"), if count == 1 { "is" } else { "are" });
        format!("{cells} {are} {} (first: {first})", self.in_words(count)).into()
    }

    /// What is to be said of so many missing rows, of which the first has the time `first` and would stand after `before`:
    /// `3 rows are missing and taken as 0 (first: 2024-01-03, after t.csv, line 3)`.
    pub(crate) fn remark_on_rows(self, count: usize, first: &str, before: &str) -> Message {
        let (rows, are) = (counted(count, "row"), if count == 1 { "is" } else { "are" });
        format!("{rows} {are} missing and {} (first: {first}, after {before})", self.in_words(count)).into()
    }

    /// What became of so many missing values, to be read after them: `3 empty cells are ...`.
    pub(crate) const fn in_words(self, count: usize) -> &'static str {
        match self {
            Missing::Drop if count == 1 => "left out with its row",
            Missing::Interpolate if count == 1 => "filled by a line between its neighbours",
            Missing::Flag if count == 1 => "filled with the value before, and flagged by an input of its own",
            Missing::Drop => "left out with their rows",
            Missing::Interpolate => "filled by a line between their neighbours",
            Missing::Previous => "filled with the value before",
            Missing::Season => "filled with the value of a season before",
            Missing::Zero => "taken as 0",
            Missing::Flag => "filled with the value before, and flagged by an input of their own",
        }
    }
}

/// The missing values of a column or a sequence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// How many there are.
    pub count: usize,
    /// Where the first one is, counted from 0; none where there is none.
    pub first: Option<usize>,
}

impl Gaps {
    /// Those of these values.
    pub fn of(values: &[f64]) -> Self {
        let count = values.iter().filter(|value| value.is_nan()).count();
        Gaps { count, first: values.iter().position(|value| value.is_nan()) }
    }

    /// The error about them where nobody has said what shall be made of them; `place` is that of the first,
    /// `choices` are what can be chosen.
    pub fn refuse(self, place: Place<'_>, choices: &[Missing]) -> DataError {
        let text = match self.count {
            1 => "the value is missing; fill it in, or choose with ".to_owned(),
            _ => format!("the first of {}; fill them in, or choose with ", counted(self.count, "empty cell")),
        };
        let choices = listed(choices.iter().map(|choice| choice.name()), "or");
        let message =
            Message::from(text).option("missing").text(format!(" what becomes of missing values: {choices}"));
        DataError::new(place, message)
    }
}

/// Each gap takes the value before it, those before the first known value take that.
fn carry_forward(values: &mut [f64]) {
    carry_forward_each(values, 0, 1);
}

/// The same among every `step`-th value, from the one at `start` on.
fn carry_forward_each(values: &mut [f64], start: usize, step: usize) {
    let len = values.len();
    let places = || (start..len).step_by(step);
    let mut last = places().map(|n| values[n]).find(|value| !value.is_nan()).unwrap_or(f64::NAN);
    for n in places() {
        if values[n].is_nan() {
            values[n] = last;
        }
        last = values[n];
    }
}

/// Straight lines between known values; at the ends the nearest one.
fn interpolate(values: &mut [f64]) {
    let known: Vec<usize> = (0..values.len()).filter(|&n| !values[n].is_nan()).collect();
    for ends in known.windows(2) {
        let (from, to) = (values[ends[0]], values[ends[1]]);
        let steps = (ends[1] - ends[0]) as f64;
        for (n, value) in values[ends[0]..ends[1]].iter_mut().enumerate().skip(1) {
            let share = n as f64 / steps;
            // Not `from + share * (to - from)`, whose difference may be beyond all numbers.
            *value = from * (1.0 - share) + to * share;
        }
    }
    carry_forward(values);
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Missing {
    type Err = ConfigError;

    fn from_str(name: &str) -> Result<Self, ConfigError> {
        Missing::ALL.into_iter().find(|missing| missing.name() == name).ok_or_else(|| {
            let names = Missing::ALL.map(Missing::name).join(", ");
            ConfigError::new("missing", format!("{name:?} is not one of {names}"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: f64 = f64::NAN;

    fn filled<const N: usize>(missing: Missing, season: Option<usize>, mut values: [f64; N]) -> [f64; N] {
        missing.fill(&mut values, season);
        values
    }

    #[test]
    fn each_policy_fills_as_it_says() {
        let gappy = [GAP, 2.0, GAP, GAP, 8.0, GAP];
        assert_eq!(filled(Missing::Interpolate, None, gappy), [2.0, 2.0, 4.0, 6.0, 8.0, 8.0]);
        assert_eq!(filled(Missing::Previous, None, gappy), [2.0, 2.0, 2.0, 2.0, 8.0, 8.0]);
        assert_eq!(filled(Missing::Flag, None, gappy), [2.0, 2.0, 2.0, 2.0, 8.0, 8.0]);
        assert_eq!(filled(Missing::Zero, None, gappy), [0.0, 2.0, 0.0, 0.0, 8.0, 0.0]);
        let dropped = filled(Missing::Drop, None, gappy);
        assert_eq!(dropped.map(f64::is_nan), gappy.map(f64::is_nan));
        assert_eq!(filled(Missing::Interpolate, None, [-1e308, GAP, 1e308]), [-1e308, 0.0, 1e308]);
    }

    #[test]
    fn a_season_before_stands_in() {
        // Places 0, 1, 2 of a season of 3: the second is known a season later only, the third never.
        let gappy = [1.0, GAP, GAP, GAP, 5.0, GAP, GAP, GAP, GAP, 10.0];
        let expected = [1.0, 5.0, 5.0, 1.0, 5.0, 5.0, 1.0, 5.0, 5.0, 10.0];
        assert_eq!(filled(Missing::Season, Some(3), gappy), expected);
        for none in [None, Some(0)] {
            assert_eq!(filled(Missing::Season, none, [GAP, 4.0, GAP]), [4.0; 3]);
        }
        assert_eq!(filled(Missing::Season, Some(usize::MAX), [GAP, 4.0, GAP]), [4.0; 3]);
    }

    /// Rows 4 to 6 are to be forecast: no line leads into them, and no place of a season is filled from them.
    #[test]
    fn what_is_to_be_forecast_tells_nothing() {
        let gappy = [1.0, GAP, 3.0, GAP, GAP, 6.0, GAP];
        let filled = |missing: Missing| {
            let mut values = gappy;
            missing.fill_ahead(&mut values, Some(4), 4);
            values
        };
        assert_eq!(filled(Missing::Interpolate), [1.0, 2.0, 3.0, 3.0, 3.0, 6.0, 6.0]);
        assert_eq!(filled(Missing::Season), [1.0, 1.0, 3.0, 3.0, 1.0, 6.0, 3.0]);
        let mut all = gappy;
        Missing::Interpolate.fill_ahead(&mut all, None, 7);
        assert_eq!(all, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 6.0]);
    }

    #[test]
    fn gaps_are_counted_and_what_nothing_is_known_of_stays() {
        for missing in Missing::ALL {
            let mut values = [GAP; 3];
            assert_eq!(missing.fill(&mut values, Some(2)), Gaps { count: 3, first: Some(0) });
            assert_eq!(values.iter().all(|value| value.is_nan()), missing != Missing::Zero, "{missing}");
            assert_eq!(missing.fill(&mut [1.0, 2.0], None), Gaps { count: 0, first: None });
            assert_eq!(missing.fill(&mut [], None), Gaps::default());
            assert_eq!(missing.fill(&mut [1.0, GAP], None), Gaps { count: 1, first: Some(1) });
        }
    }

    #[test]
    fn a_policy_is_known_by_its_name() {
        for missing in Missing::ALL {
            assert_eq!(missing.to_string().parse::<Missing>().unwrap(), missing);
            assert_eq!(serde_json::to_value(missing).unwrap(), missing.name());
        }
        let message = "missing \"mean\" is not one of drop, interpolate, previous, season, zero, flag";
        assert_eq!("mean".parse::<Missing>().unwrap_err().to_string(), message);
    }

    #[test]
    fn gaps_are_refused_until_something_is_chosen() {
        let place = Place { table: "t.csv", line: Some(3), column: "level" };
        let refusal = |count| {
            let gaps = Gaps { count, first: Some(1) };
            gaps.refuse(place, &[Missing::Drop, Missing::Zero]).naming(&|option| format!("--{option}"))
        };
        let end = "or choose with --missing what becomes of missing values: drop or zero";
        let place = "t.csv, line 3, column \"level\"";
        assert_eq!(refusal(1), format!("{place}: the value is missing; fill it in, {end}"));
        assert_eq!(refusal(1200), format!("{place}: the first of 1,200 empty cells; fill them in, {end}"));
    }
}
