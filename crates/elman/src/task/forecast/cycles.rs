//! The periods of the calendar whose place the network sees beside the main season: the week and the year of hourly
//! values, the year of daily ones.
//!
//! With the share `p` of a period that has passed at a row, its inputs are `sin(2 pi k p)` and `cos(2 pi k p)` for
//! `k = 1 .. HARMONICS`: the first terms of a Fourier series, as regressions on calendars have them (Hyndman &
//! Athanasopoulos, *Forecasting: Principles and Practice*, 3rd edition, section 7.4).

use std::f64::consts::TAU;

use serde::{Deserialize, Deserializer, Serializer};

use super::{Forecast, ForecastOptions};
use crate::calendar::{Cycle, Frequency};
use crate::error::{ConfigError, Message};
use crate::words::listed;

/// So many whole periods, at the least, must lie in the rows to learn from for a period to be looked at unasked.
const COVERED: f64 = 1.5;

/// Sines and cosines of a period.
const HARMONICS: usize = 2;

/// What `calendar` is where no period is to be looked at.
const NONE: &str = "none";

impl Forecast {
    /// The inputs that tell the place in the periods.
    pub(super) fn cycle_inputs(&self) -> usize {
        2 * HARMONICS * self.calendar.len()
    }

    /// Appends the inputs of these places in the periods, each in `[0, 1)`.
    pub(super) fn push_positions(positions: impl Iterator<Item = f64>, x: &mut Vec<f64>) {
        for position in positions {
            for k in 1..=HARMONICS {
                let angle = TAU * k as f64 * position;
                x.extend([angle.sin(), angle.cos()]);
            }
        }
    }

    /// Chooses the periods: those of the options, else those that the rows to learn from cover, and that the place in
    /// the main season does not tell already.
    ///
    /// # Errors
    /// If a period is asked for that has no two rows, or there is no column of times.
    pub(super) fn choose_cycles(
        &self,
        rows: usize,
        options: &ForecastOptions,
    ) -> Result<Vec<Cycle>, ConfigError> {
        let Some(frequency) = &self.frequency else {
            return match &options.calendar {
                Some(cycles) if !cycles.is_empty() => {
                    let message = Message::from("is given, but there is no column of times; name it with ");
                    Err(ConfigError::new("calendar", message.option("time")))
                }
                _ => Ok(Vec::new()),
            };
        };
        if let Some(asked) = &options.calendar {
            if let Some(short) = asked.iter().find(|&&asked| frequency.cycles().all(|cycle| cycle != asked)) {
                let choices = listed(frequency.cycles().map(Cycle::name).chain([NONE]), "or");
                let message = format!(
                    "names the {short}, which is too short for rows that are one {} apart; choose {choices}",
                    frequency.step_name()
                );
                return Err(ConfigError::new("calendar", message));
            }
            return Ok(Cycle::ALL.into_iter().filter(|cycle| asked.contains(cycle)).collect());
        }
        if options.season == Some(0) {
            return Ok(Vec::new());
        }
        let told = |cycle: Cycle| frequency.rows_in(cycle) <= self.phases() as f64 * 1.01;
        let is_covered = |cycle: Cycle| rows as f64 >= COVERED * frequency.rows_in(cycle);
        let is_usual = |cycle: Cycle| match frequency {
            Frequency::Quarterly | Frequency::Monthly | Frequency::Months(_) => false,
            _ => cycle != Cycle::Hour,
        };
        Ok(frequency.cycles().filter(|&cycle| is_usual(cycle) && !told(cycle) && is_covered(cycle)).collect())
    }
}

/// Writes periods as the command line gives them: `day,week`, or `none`.
pub(super) fn serialize<S: Serializer>(
    cycles: &Option<Vec<Cycle>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match cycles.as_deref() {
        None => serializer.serialize_none(),
        Some([]) => serializer.serialize_some(NONE),
        Some(cycles) => {
            let names: Vec<&str> = cycles.iter().map(|cycle| cycle.name()).collect();
            serializer.serialize_some(&names.join(","))
        }
    }
}

/// Reads periods as the command line gives them.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Cycle>>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    if text.trim() == NONE {
        return Ok(Some(Vec::new()));
    }
    let cycles = text.split(',').map(|name| name.trim().parse());
    cycles
        .collect::<Result<Vec<Cycle>, String>>()
        .map(Some)
        .map_err(|error| serde::de::Error::custom(format!("is {text:?}: {error}; or it is {NONE}")))
}

#[cfg(test)]
mod tests {
    use crate::calendar::Cycle;
    use crate::table::Table;
    use crate::task::{ForecastOptions, Task, TaskOptions, Transform};

    /// The periods that a forecast of so many rows, so many seconds apart, sees; of several series, and with a transform,
    /// that none is tried.
    fn seen(rows: usize, step: usize, options: ForecastOptions) -> Vec<Cycle> {
        let mut csv = String::from("id,time,y\n");
        for series in ["a", "b"] {
            for row in 0..rows {
                csv += &format!("{series},{},{}\n", 1_600_000_000 + step * row, row * row % 7);
            }
        }
        let table = Table::read("t.csv", csv.as_bytes()).unwrap();
        let options = options.with_id("id").with_time("time").with_target("y").with_test(10).with_horizon(4);
        let options = options.with_transform(Transform::Difference);
        let prepared = Task::prepare(&table, &TaskOptions::Forecast(options)).unwrap();
        let Task::Forecast(task) = prepared.task else { panic!("a forecast") };
        task.calendar
    }

    #[test]
    fn periods_longer_than_the_season_are_seen_once_they_are_covered() {
        let usual = ForecastOptions::default;
        assert_eq!(seen(240, 3_600, usual()), []);
        assert_eq!(seen(262, 3_600, usual()), [Cycle::Week]);
        assert_eq!(seen(500, 86_400, usual()), []);
        assert_eq!(seen(560, 86_400, usual()), [Cycle::Year]);
        assert_eq!(seen(80, 604_800, usual()), []);
        assert_eq!(seen(90, 604_800, usual()), [Cycle::Year]);
        // A day of ten minutes is the season only if there are eight of them.
        assert_eq!(seen(300, 600, usual()), [Cycle::Day]);
        assert_eq!(seen(1600, 600, usual()), [Cycle::Week]);
        assert_eq!(seen(560, 86_400, usual().with_season(0)), []);
        assert_eq!(seen(560, 86_400, usual().with_calendar([])), []);
        assert_eq!(
            seen(100, 600, usual().with_calendar([Cycle::Day, Cycle::Hour])),
            [Cycle::Hour, Cycle::Day]
        );
    }

    /// Of a single series they must make forecasts better.
    #[test]
    fn a_period_that_does_not_matter_is_not_seen() {
        let seen = |value: fn(usize) -> usize| {
            let mut csv = String::from("time,y\n");
            (0..700).for_each(|hour| csv += &format!("{},{}\n", 1_704_067_200 + 3_600 * hour, value(hour)));
            let table = Table::read("t.csv", csv.as_bytes()).unwrap();
            let options = ForecastOptions::default().with_time("time").with_target("y");
            let options = options.with_transform(Transform::Difference).with_horizon(4);
            let prepared = Task::prepare(&table, &TaskOptions::Forecast(options)).unwrap();
            let Task::Forecast(task) = prepared.task else { panic!("a forecast") };
            task.calendar
        };
        fn of_day(hour: usize) -> usize {
            10 * (hour % 24).abs_diff(12)
        }
        fn scatter(hour: usize) -> usize {
            hour.wrapping_mul(2_654_435_761) / 7 % 40
        }
        assert_eq!(seen(|hour| of_day(hour) + scatter(hour)), []);
        assert_eq!(
            seen(|hour| of_day(hour) * (1 + usize::from(hour / 24 % 7 < 5)) + scatter(hour) / 8),
            [Cycle::Week]
        );
    }

    #[test]
    fn periods_are_written_as_they_are_asked_for() {
        for text in ["day,week", "none", "year"] {
            let options: ForecastOptions =
                serde_json::from_value(serde_json::json!({ "calendar": text })).unwrap();
            assert_eq!(serde_json::to_value(&options).unwrap()["calendar"], text);
        }
    }
}
