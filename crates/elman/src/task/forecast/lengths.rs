//! How many rows are looked ahead, tested on and learned from at a time, and what becomes of that where a series is
//! short.

use super::ForecastOptions;
use crate::calendar::Frequency;
use crate::error::Message;
use crate::words::counted;

/// The rows that are looked ahead without a season.
const USUAL_HORIZON: usize = 6;

/// The rows to learn from without which a season is not looked at.
const LEAST_TO_LEARN: usize = 2;

/// So many days of minutes make the day a season.
const DAYS: usize = 8;

/// So many do where rows plainly repeat themselves.
const FEW_DAYS: usize = 3;

/// Of more rows than these a season of so few would take long to look at.
const MOST_OF_FEW: usize = 288;

/// Do these series repeat themselves after so many rows: is the value of a season ago less than half as far off as that of half a
/// season ago, in the first two thirds, which no test looks at?
pub(super) fn repeat<'v>(all: impl Iterator<Item = &'v [f64]>, season: usize) -> bool {
    let (mut of_season, mut of_half) = (0.0, 0.0);
    for values in all {
        let values = &values[..values.len() - values.len() / 3];
        let scale =
            values.iter().map(|value| value.abs()).filter(|value| value.is_finite()).fold(0.0, f64::max);
        for row in season..values.len() {
            let off = |before: usize| (values[row] - values[row - before]).abs() / scale;
            let (season, half) = (off(season), off(season / 2));
            if (season + half).is_finite() {
                of_season += season;
                of_half += half;
            }
        }
    }
    of_season < 0.5 * of_half
}

/// The lengths of a task, in rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    pub(super) season: Option<usize>,
    pub(super) horizon: usize,
    pub(super) test: usize,
    pub(super) window: usize,
}

impl Lengths {
    /// What is usual for a series of so many rows; what is said in the options stays, and of horizon and test the one that
    /// is said bounds the other.
    fn usual(rows: usize, season: Option<usize>, options: &ForecastOptions) -> Self {
        let tested = options.test.filter(|&test| test > 0).unwrap_or(usize::MAX);
        let test = season.map_or(rows / 5, |season| 2 * season);
        Lengths {
            season,
            horizon: options.horizon.unwrap_or(season.unwrap_or(USUAL_HORIZON).min(tested)),
            test: options.test.unwrap_or(test.max(options.horizon.unwrap_or(0))),
            window: options.window.unwrap_or(season.map_or(32, |season| 3 * season)),
        }
    }

    /// The rows that are needed, if a row before those that are looked back on is lost to differences.
    fn needed(self) -> usize {
        (1 + self.looks_back() + self.window).saturating_add(self.test)
    }

    fn looks_back(self) -> usize {
        self.season.unwrap_or(1).max(1)
    }

    /// The lengths for a series of so many rows: what is usual where that fits, else less, with a remark. `repeats` says whether
    /// series plainly repeat themselves after so many rows.
    ///
    /// A short series is tested on its last third at the most; the horizon is at most a sixth of it. Its windows are
    /// such that there are as many of them as a window has rows. Where that would leave less than half a season to learn
    /// from, the test is on half of what follows the first season: then about two seasons will do. A season that leaves
    /// hardly anything even so is not looked at.
    pub(super) fn choose(
        rows: usize,
        frequency: Option<&Frequency>,
        repeats: impl Fn(usize) -> bool,
        options: &ForecastOptions,
    ) -> (Self, Option<Message>) {
        let season = match options.season {
            Some(season) => Some(season).filter(|&season| season > 0),
            // A day of many rows is a season only where there are rows to learn it from, or it plainly is one.
            None => frequency.and_then(|frequency| {
                let is_learned = |season: &usize| {
                    !frequency.is_of_minutes()
                        || DAYS * season <= rows
                        || FEW_DAYS * season <= rows && *season <= MOST_OF_FEW && repeats(*season)
                };
                frequency.season().filter(is_learned)
            }),
        };
        let usual = Lengths::usual(rows, season, options);
        if rows >= usual.needed() {
            return (usual, None);
        }
        let mut short = usual;
        if options.horizon.is_none() {
            short.horizon = usual.horizon.min((rows / 6).max(1));
        }
        if options.test.is_none() {
            short.test = usual.test.min(rows / 3).max(short.horizon);
        }
        let left = |lengths: Self| rows.saturating_sub(lengths.test).saturating_sub(1 + lengths.looks_back());
        if season.is_some_and(|season| left(short) < season.div_ceil(2)) {
            let after_first = rows.saturating_sub(1 + short.looks_back());
            let mut halved = short;
            if options.test.is_none() {
                halved.test = short.test.min(after_first / 2).max(short.horizon);
            }
            let is_enough =
                left(halved) >= options.window.map_or(LEAST_TO_LEARN, |window| window.max(LEAST_TO_LEARN));
            short = match options.season {
                None if !is_enough => Lengths { season: None, ..short },
                _ => halved,
            };
        }
        if options.window.is_none() {
            short.window = usual.window.min(left(short).div_ceil(2)).max(1);
        }
        let per = frequency.map_or("row", Frequency::row_name);
        (short, (rows >= short.needed() && short != usual).then(|| short.remark(rows, usual, per)))
    }

    fn remark(self, rows: usize, usual: Self, per: &str) -> Message {
        let season = match (self.season, usual.season) {
            (None, Some(season)) => format!(", without the season of {}", counted(season, per)),
            _ => String::new(),
        };
        let text = format!(
            "{} are few: the model looks {} ahead, is tested on the last {} and learns from windows of {}{season} \
             (usual are {}, {} and {}); this is chosen by ",
            counted(rows, per),
            self.horizon,
            self.test,
            self.window,
            usual.horizon,
            usual.test,
            usual.window,
        );
        Message::from(text)
            .option("horizon")
            .text(", ")
            .option("test")
            .text(", ")
            .option("window")
            .text(" and ")
            .option("season")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn monthly(rows: usize, options: &ForecastOptions) -> (Lengths, bool) {
        let (lengths, remark) = Lengths::choose(rows, Some(&Frequency::Monthly), |_| false, options);
        (lengths, remark.is_some())
    }

    #[test]
    fn short_series_have_shorter_lengths() {
        let usual = Lengths { season: Some(12), horizon: 12, test: 24, window: 36 };
        let options = ForecastOptions::default();
        assert_eq!(monthly(73, &options), (usual, false));
        assert_eq!(monthly(72, &options), (Lengths { window: 18, ..usual }, true));
        assert_eq!(monthly(36, &options), (Lengths { horizon: 6, test: 12, window: 6, ..usual }, true));
        // What is said stays as it is.
        let said = ForecastOptions::default().with_season(12).with_test(6);
        assert_eq!(monthly(24, &said), (Lengths { season: Some(12), horizon: 4, test: 6, window: 3 }, true));
    }

    /// Else the seasonal naive forecast would go with the season, and nobody would see that the model loses to it.
    #[test]
    fn about_two_seasons_keep_the_season() {
        let options = ForecastOptions::default();
        let of = |frequency: Frequency, rows| Lengths::choose(rows, Some(&frequency), |_| false, &options).0;
        let lengths = |season, horizon, test, window| Lengths { season, horizon, test, window };
        assert_eq!(of(Frequency::Monthly, 24), lengths(Some(12), 4, 5, 3));
        assert_eq!(of(Frequency::Monthly, 26), lengths(Some(12), 4, 6, 4));
        assert_eq!(of(Frequency::Weekly, 104), lengths(Some(52), 17, 25, 13));
        assert_eq!(of(Frequency::Hourly, 48), lengths(Some(24), 8, 11, 6));
        assert_eq!(of(Frequency::Daily, 14), lengths(Some(7), 2, 3, 2));
        assert_eq!(of(Frequency::Quarterly, 8), lengths(Some(4), 1, 1, 1));
        // Two rows are left to learn from, and then no more.
        assert_eq!(of(Frequency::Monthly, 17), lengths(Some(12), 2, 2, 1));
        assert_eq!(of(Frequency::Monthly, 16), lengths(None, 2, 5, 5));
        // What is said is not bettered, and a season is kept only where it fits.
        let short = |options: &ForecastOptions| monthly(24, options).0;
        assert_eq!(short(&options.clone().with_season(12)), of(Frequency::Monthly, 24));
        assert_eq!(short(&options.clone().with_test(9)), lengths(Some(12), 4, 9, 1));
        assert_eq!(short(&options.clone().with_horizon(6)), lengths(Some(12), 6, 6, 3));
        assert_eq!(short(&options.clone().with_window(6)), lengths(Some(12), 4, 5, 6));
        assert_eq!(short(&options.clone().with_window(7)), lengths(None, 4, 8, 7));
        assert_eq!(short(&options.with_horizon(12)), lengths(None, 12, 12, 5));
    }

    #[test]
    fn what_is_said_of_horizon_or_test_bounds_the_other() {
        let usual = Lengths { season: Some(12), horizon: 12, test: 24, window: 36 };
        let options = ForecastOptions::default();
        let lengths = |options: &ForecastOptions| monthly(144, options);
        assert_eq!(lengths(&options.clone().with_test(8)), (Lengths { horizon: 8, test: 8, ..usual }, false));
        assert_eq!(lengths(&options.clone().with_test(0)), (Lengths { test: 0, ..usual }, false));
        assert_eq!(
            lengths(&options.clone().with_horizon(30)),
            (Lengths { horizon: 30, test: 30, ..usual }, false)
        );
        assert_eq!(lengths(&options.with_horizon(3)), (Lengths { horizon: 3, ..usual }, false));
    }

    #[test]
    fn a_handful_of_years_will_do() {
        let lengths =
            |rows| Lengths::choose(rows, Some(&Frequency::Yearly), |_| true, &ForecastOptions::default()).0;
        assert_eq!(lengths(43), Lengths { season: None, horizon: 6, test: 8, window: 32 });
        assert_eq!(lengths(15), Lengths { season: None, horizon: 2, test: 3, window: 5 });
        assert_eq!(lengths(5), Lengths { season: None, horizon: 1, test: 1, window: 1 });
    }

    #[test]
    fn a_few_days_of_minutes_have_a_season_where_they_repeat() {
        let day = |row: usize| (std::f64::consts::TAU * (row % 96) as f64 / 96.0).sin();
        let noise = |row: usize| (row.wrapping_mul(2_654_435_761) / 7 % 100) as f64 / 100.0;
        let of = |value: &dyn Fn(usize) -> f64, rows: usize| {
            let values: Vec<f64> = (0..rows).map(value).collect();
            let repeats = |season| repeat(std::iter::once(&values[..]), season);
            let options = ForecastOptions::default();
            Lengths::choose(rows, Some(&Frequency::Minutes(15)), repeats, &options).0.season
        };
        assert_eq!(of(&|row| day(row) + noise(row), 288), Some(96));
        assert_eq!(of(&|row| day(row) + noise(row), 287), None);
        assert_eq!(of(&|row| day(row) + 9.0 * noise(row), 300), None);
        assert_eq!(of(&|row| row as f64 + noise(row), 300), None);
        assert_eq!(of(&|row| row as f64 + noise(row), 768), Some(96));
        // A gap, and a series of nothing, tell nothing.
        assert_eq!(of(&|row| if row == 50 { f64::NAN } else { day(row) }, 300), Some(96));
        assert_eq!(of(&|_| 0.0, 300), None);
    }
}
