//! The names below rows: as many as stand beside each other without touching.

use super::{SIZE, width};

/// Between two names.
const GAP: f64 = 14.0;

/// The longest that a name gets.
const LONGEST: f64 = 110.0;

/// A name below a row.
#[derive(Debug, PartialEq)]
pub(super) struct Label {
    /// The row, counted from the first.
    pub(super) row: usize,
    /// One line or two: of a time the clock's and, where it is another than before, the date's.
    pub(super) lines: Vec<String>,
}

/// The names to be shown of rows that are `pitch` apart: whole seasons apart where that is possible, at round times and
/// numbers where there are any.
pub(super) fn labels(names: &[String], season: Option<usize>, pitch: f64) -> Vec<Label> {
    if names.iter().any(String::is_empty) {
        return given(names, pitch);
    }
    let shown: Vec<Shown<'_>> = names.iter().map(|name| Shown::of(name)).collect();
    let widest = shown.iter().map(Shown::width).fold(0.0, f64::max).min(LONGEST);
    // Rows from one name to the next, at the least.
    let least = ((widest + GAP) / pitch.max(1e-9)).ceil().max(1.0);
    let least = if least < names.len() as f64 { least as usize } else { names.len().max(1) };
    let numbers: Option<Vec<i64>> = names.iter().map(|name| name.parse().ok()).collect();
    let step = match (season, &numbers) {
        (Some(season), _) if season > 0 && least.next_multiple_of(season) * 2 <= names.len() => {
            least.next_multiple_of(season)
        }
        (_, Some(_)) => round_step(least),
        _ => least,
    };
    let is_round: Box<dyn Fn(usize) -> bool> = match &numbers {
        Some(numbers) => Box::new(|row| numbers[row].rem_euclid(step as i64) == 0),
        None => Box::new(|row| shown[row].is_round(step)),
    };
    let first = (0..names.len()).find(|&row| is_round(row)).map_or(0, |row| row % step);
    let mut labels = Vec::new();
    let rows = || (first..names.len()).step_by(step);
    let midnight = |row: usize| matches!(&shown[row], Shown::Time { clock, .. } if is_midnight(clock));
    let are_dates = rows().all(midnight);
    let mut before = None;
    for row in rows() {
        let lines = match &shown[row] {
            Shown::Text(text) => vec![super::elided(text, LONGEST)],
            Shown::Time { date, .. } if are_dates => vec![(*date).to_owned()],
            Shown::Time { date, clock } => {
                let is_new = before != Some(*date);
                before = Some(*date);
                std::iter::once(*clock).chain(is_new.then_some(*date)).map(str::to_owned).collect()
            }
        };
        labels.push(Label { row, lines });
    }
    labels
}

/// Those of rows of which only some have a name, as far as they have room.
fn given(names: &[String], pitch: f64) -> Vec<Label> {
    let mut labels: Vec<Label> = Vec::new();
    let mut end = f64::NEG_INFINITY;
    for (row, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let text = super::elided(name, LONGEST);
        let (middle, half) = (row as f64 * pitch, width(&text, SIZE) / 2.0);
        if middle - half >= end + GAP {
            end = middle + half;
            labels.push(Label { row, lines: vec![text] });
        }
    }
    labels
}

/// A row's name, as it is read.
enum Shown<'a> {
    Text(&'a str),
    /// A date and a clock's time, one below the other.
    Time {
        date: &'a str,
        clock: &'a str,
    },
}

impl<'a> Shown<'a> {
    fn of(name: &'a str) -> Self {
        let parts = name.split_once([' ', 'T']);
        match parts {
            Some((date, clock))
                if clock.contains(':') && date.len() >= 8 && date.ends_with(|c: char| c.is_ascii_digit()) =>
            {
                Shown::Time { date, clock }
            }
            _ => Shown::Text(name),
        }
    }

    fn width(&self) -> f64 {
        match self {
            Shown::Text(text) => width(text, SIZE),
            Shown::Time { date, clock } => width(date, SIZE).max(width(clock, SIZE)),
        }
    }

    /// Is it a place to begin names at that are so many rows apart?
    fn is_round(&self, step: usize) -> bool {
        match self {
            Shown::Time { clock, .. } => is_midnight(clock),
            // A year's first month or day.
            Shown::Text(text) => step >= 12 && text.ends_with("-01"),
        }
    }
}

fn is_midnight(clock: &str) -> bool {
    clock.starts_with("00:00") && clock.bytes().all(|byte| matches!(byte, b'0' | b':' | b'.'))
}

/// The smallest of 1, 2 and 5 times a power of ten that is not below.
fn round_step(least: usize) -> usize {
    let mut power = 1usize;
    loop {
        for n in [1, 2, 5] {
            match power.checked_mul(n) {
                Some(step) if step >= least => return step,
                None => return least,
                Some(_) => {}
            }
        }
        let Some(next) = power.checked_mul(10) else { return least };
        power = next;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(count: usize, first: usize) -> Vec<String> {
        let hour = |n: usize| format!("2024-05-{:02} {:02}:00", 1 + n / 24, n % 24);
        (first..first + count).map(hour).collect()
    }

    fn shown(names: &[String], season: Option<usize>, room: f64) -> Vec<String> {
        let pitch = room / (names.len().max(2) - 1) as f64;
        labels(names, season, pitch).into_iter().map(|label| label.lines.join("|")).collect()
    }

    #[test]
    fn hours_stand_above_their_day() {
        assert_eq!(shown(&hours(9, 20), None, 300.0), ["21:00|2024-05-01", "00:00|2024-05-02", "03:00"]);
        let of_days = shown(&hours(96, 7), Some(24), 744.0);
        assert_eq!(of_days, ["2024-05-02", "2024-05-03", "2024-05-04", "2024-05-05"]);
    }

    #[test]
    fn months_begin_with_a_year() {
        let months: Vec<String> =
            (0..48).map(|n| format!("{}-{:02}", 1957 + (n + 6) / 12, (n + 6) % 12 + 1)).collect();
        assert_eq!(shown(&months, Some(12), 744.0), ["1958-01", "1959-01", "1960-01", "1961-01"]);
    }

    #[test]
    fn numbers_are_round() {
        let rows: Vec<String> = (137..=400).map(|n| n.to_string()).collect();
        assert_eq!(shown(&rows, None, 300.0), ["150", "200", "250", "300", "350", "400"]);
        assert_eq!(shown(&["1".to_owned()], None, 300.0), ["1"]);
        assert_eq!(shown(&[], None, 300.0), [""; 0]);
        let some = ["1e-6", "", "", "1e-5", "1e-4", ""].map(str::to_owned);
        assert_eq!(shown(&some, None, 300.0), ["1e-6", "1e-5", "1e-4"]);
        assert_eq!(shown(&some, None, 200.0), ["1e-6", "1e-5"]);
    }

    proptest! {
        /// Whatever the names, neighbours do not touch.
        #[test]
        fn names_never_run_into_each_other(
            names in prop_oneof![
                (1..400usize, 0..30usize).prop_map(|(count, first)| hours(count, first)),
                (0..1_000_000i64, 1..400i64).prop_map(|(first, count)| (first..first + count).map(|n| n.to_string()).collect()),
                prop::collection::vec(".{0,30}", 1..60),
            ],
            season in prop::option::of(1..40usize),
            room in 100.0..900.0f64,
        ) {
            let pitch = room / (names.len().max(2) - 1) as f64;
            let labels = labels(&names, season, pitch);
            prop_assert!(!labels.is_empty() || names.iter().all(String::is_empty));
            let half = |label: &Label| label.lines.iter().map(|l| width(l, SIZE)).fold(0.0, f64::max) / 2.0;
            for pair in labels.windows(2) {
                let apart = (pair[1].row - pair[0].row) as f64 * pitch;
                prop_assert!(apart >= half(&pair[0]) + half(&pair[1]), "{:?} {}", pair, pitch);
            }
        }
    }
}
