//! Stamps that scatter around even steps, as those of loggers and of readings by hand.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::refusals::are_an_hour_apart;

/// The even steps that stamps scatter around, in seconds: parts of an hour, of a day, and a day.
const STEPS: [i64; 25] = [
    1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 300, 360, 600, 720, 900, 1_200, 1_800, 3_600, 7_200, 10_800,
    14_400, 21_600, 43_200, 86_400,
];

/// Stamps are this part of a step off it, at the most.
const FARTHEST: i64 = 4;

/// The middle step is as near as this part to an even one.
const NEAR: i64 = 20;

/// So many rows tell what they scatter around.
const TELLING: usize = 8;

const SECOND: i64 = 1_000_000_000;

/// The even stamps that these, which ascend, scatter around, and how far the farthest is off. None if they are too far
/// off, or two have the same place.
pub(super) fn even(stamps: &[DateTime]) -> Option<(Vec<DateTime>, SignedDuration)> {
    if stamps.len() < TELLING || are_an_hour_apart(stamps) {
        return None;
    }
    let apart = |pair: &[DateTime]| i64::try_from(pair[1].duration_since(pair[0]).as_nanos()).ok();
    let middle = median(stamps.windows(2).map(apart).collect::<Option<Vec<_>>>()?);
    let step = STEPS.map(|step| step * SECOND).into_iter().min_by_key(|step| step.abs_diff(middle))?;
    if step.abs_diff(middle) > step.unsigned_abs() / NEAR.unsigned_abs() {
        return None;
    }
    let midnight = stamps[0].date().to_datetime(jiff::civil::Time::midnight());
    let after = |stamp: &DateTime| i64::try_from(stamp.duration_since(midnight).as_nanos()).ok();
    let since = stamps.iter().map(after).collect::<Option<Vec<i64>>>()?;
    // Round times, else those that the middle stamp has: a logger may begin at any.
    let off = |from: i64, time: i64| (time - from + step / 2).rem_euclid(step) - step / 2;
    let first = since[0];
    let usual = first + median(since.iter().map(|&time| off(first, time)).collect());
    let usual = usual - usual.rem_euclid(SECOND);
    [0, usual].into_iter().find_map(|from| {
        let farthest = since.iter().map(|&time| off(from, time).abs()).max()?;
        if farthest > step / FARTHEST {
            return None;
        }
        let moved =
            |&time: &i64| midnight.checked_add(SignedDuration::from_nanos(time - off(from, time))).ok();
        let even = since.iter().map(moved).collect::<Option<Vec<DateTime>>>()?;
        let ascend = even.windows(2).all(|pair| pair[0] < pair[1]);
        ascend.then_some((even, SignedDuration::from_nanos(farthest)))
    })
}

fn median(mut numbers: Vec<i64>) -> i64 {
    numbers.sort_unstable();
    numbers[numbers.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamps(first: &str, seconds: impl Iterator<Item = i64>) -> Vec<DateTime> {
        let first: DateTime = first.parse().unwrap();
        seconds.map(|seconds| first.checked_add(SignedDuration::from_secs(seconds)).unwrap()).collect()
    }

    fn scatter(row: i64, by: i64) -> i64 {
        (row * 7_919 + 13).rem_euclid(2 * by + 1) - by
    }

    #[test]
    fn readings_are_moved_to_round_times() {
        let rows = stamps("2024-01-01T08:00:00", (0..50).map(|row| 600 * row + scatter(row, 5)));
        let (even, farthest) = even(&rows).unwrap();
        assert_eq!(even, stamps("2024-01-01T08:00:00", (0..50).map(|row| 600 * row)));
        assert_eq!(farthest, SignedDuration::from_secs(5));
    }

    #[test]
    fn a_logger_keeps_its_own_times_and_may_miss_one() {
        let rows = (0..60).filter(|row| row % 17 != 9);
        let rows = stamps("2024-01-01T08:13:27", rows.map(|row| 3_600 * row + scatter(row, 60)));
        let (even, _) = even(&rows).unwrap();
        let apart = |n: usize| even[n].duration_since(even[n - 1]).as_secs();
        assert_eq!((1..9).map(apart).collect::<Vec<_>>(), [3_600; 8]);
        assert_eq!(apart(9), 7_200);
    }

    #[test]
    fn a_reading_of_each_morning_is_daily() {
        let rows = stamps("2024-03-01T08:00:00", (0..40).map(|row| 86_400 * row + 60 * scatter(row, 90)));
        let (even, _) = even(&rows).unwrap();
        assert!(even.windows(2).all(|pair| pair[1].duration_since(pair[0]).as_secs() == 86_400));
    }

    #[test]
    fn what_scatters_too_far_or_by_clocks_is_not_even() {
        assert_eq!(even(&stamps("2024-01-01T08:00", (0..50).map(|row| 600 * row + scatter(row, 200)))), None);
        assert_eq!(even(&stamps("2024-01-01T08:00", (0..50).map(|row| 630 * row + scatter(row, 9)))), None);
        assert_eq!(even(&stamps("2024-01-01T08:00", (0..5).map(|row| 600 * row + scatter(row, 5)))), None);
        let days = (0..40).map(|row| 86_400 * row + if row < 20 { 0 } else { 3_600 });
        assert_eq!(even(&stamps("2024-03-15T08:00", days)), None);
    }
}
