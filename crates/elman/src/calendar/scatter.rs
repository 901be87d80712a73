//! Stamps that scatter around even steps, as those of loggers and of readings by hand.

use jiff::SignedDuration;
use jiff::civil::DateTime;

use super::refusals::are_an_hour_apart;

/// The even steps that stamps scatter around, in seconds: parts of an hour, of a day, and a day.
const STEPS: [i64; 26] = [
    1, 2, 5, 10, 15, 20, 30, 60, 120, 180, 240, 300, 360, 600, 720, 900, 1_200, 1_800, 3_600, 7_200, 10_800,
    14_400, 21_600, 28_800, 43_200, 86_400,
];

/// Stamps are this part of a step off it, at the most.
const FARTHEST: i64 = 8;

/// Round times are not farther off than this part of a step.
const ROUND: i64 = 20;

/// The middle step is as near as this part to an even one.
const NEAR: i64 = 20;

/// So many rows tell what they scatter around.
const TELLING: usize = 12;

const SECOND: i64 = 1_000_000_000;
const DAY: i64 = 86_400 * SECOND;

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
    let all_off = |from: i64| since.iter().map(|&time| off(from, time)).collect::<Vec<i64>>();
    let within = |part: i64| move |offs: &Vec<i64>| offs.iter().all(|off| off.abs() <= step / part);
    let own = all_off(usual);
    if is_clock_change(&own) || !within(ROUND)(&own) && is_drift(&own) {
        return None;
    }
    let is_round = step < DAY && within(ROUND)(&all_off(0));
    let from = if is_round { 0 } else { usual };
    let offs = Some(all_off(from)).filter(within(FARTHEST))?;
    let moved = |(time, off): (&i64, &i64)| midnight.checked_add(SignedDuration::from_nanos(time - off)).ok();
    let even = since.iter().zip(&offs).map(moved).collect::<Option<Vec<DateTime>>>()?;
    let farthest = offs.iter().map(|off| off.abs()).max()?;
    let ascend = even.windows(2).all(|pair| pair[0] < pair[1]);
    ascend.then_some((even, SignedDuration::from_nanos(farthest)))
}

/// Does each stamp go on from the one before rather than scatter around even times? Then they are farther off in all than from
/// one to the next, while what scatters has half the variance of its differences.
fn is_drift(offs: &[i64]) -> bool {
    let mean = |numbers: &mut dyn Iterator<Item = f64>| {
        let (sum, count) = numbers.fold((0.0, 0.0), |(sum, count), number| (sum + number, count + 1.0));
        sum / count
    };
    let middle = mean(&mut offs.iter().map(|&off| off as f64));
    let spread = mean(&mut offs.iter().map(|&off| (off as f64 - middle).powi(2)));
    let from_next = mean(&mut offs.windows(2).map(|pair| ((pair[1] - pair[0]) as f64).powi(2)));
    spread > 0.8 * from_next
}

/// Are all at one of two times, an hour apart, as where clocks are changed?
fn is_clock_change(offs: &[i64]) -> bool {
    let (Some(least), Some(most)) = (offs.iter().min(), offs.iter().max()) else { return false };
    most - least == 3_600 * SECOND && offs.iter().all(|off| off == least || off == most)
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

    /// Closely at another time than midnight or the full hour they stay there.
    #[test]
    fn times_are_not_moved_further_than_they_scatter() {
        for (first, step, by) in [
            ("2024-03-01T20:00:00", 86_400, 3_000),
            ("2024-03-01T23:10:00", 86_400, 1_800),
            ("2024-03-01T08:50:00", 3_600, 40),
        ] {
            let rows = stamps(first, (0..40).map(|row| step * row + scatter(row, by)));
            let (even, farthest) = even(&rows).unwrap();
            assert!(farthest <= SignedDuration::from_secs(2 * by));
            assert!(even[0].duration_since(rows[0]).abs() <= farthest);
        }
    }

    #[test]
    fn what_goes_on_from_the_row_before_is_a_drift() {
        let mut seconds = 0;
        let walk = (0..40).map(|row| {
            seconds += 3_600 + scatter(row * row, 300);
            seconds
        });
        assert_eq!(even(&stamps("2024-03-01T20:00:00", walk)), None);
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
        for step in [86_400, 43_200] {
            let rows = (0..40).map(|row| step * row + if row < 20 { 0 } else { 3_600 });
            assert_eq!(even(&stamps("2024-03-15T08:00", rows)), None);
        }
    }
}
