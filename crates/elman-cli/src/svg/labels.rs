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
    let round = (0..names.len()).find(|&row| is_round(row));
    // Within a day there is no midnight, but there are hours and minutes.
    let clocks = if round.is_none() { round_clocks(&shown, least) } else { None };
    let first = round.map_or(0, |row| row % step);
    let rows = clocks.unwrap_or_else(|| (first..names.len()).step_by(step).collect());
    let mut labels = Vec::new();
    let midnight = |row: usize| matches!(&shown[row], Shown::Time { clock, .. } if is_midnight(clock));
    let are_dates = rows.iter().all(|&row| midnight(row));
    let mut before = None;
    for row in rows {
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

/// The rows at whole multiples of a round time of the clock, at least so many rows apart and more than one, if all rows have one
/// and there are such.
fn round_clocks(shown: &[Shown<'_>], least: usize) -> Option<Vec<usize>> {
    /// In seconds.
    const ROUND: [u32; 17] =
        [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200];
    let seconds = |name: &Shown<'_>| match name {
        Shown::Time { clock, .. } => seconds_of(clock),
        Shown::Text(_) => None,
    };
    let all: Vec<u32> = shown.iter().map(seconds).collect::<Option<_>>()?;
    ROUND.into_iter().find_map(|round| {
        let rows: Vec<usize> = (0..all.len()).filter(|&row| all[row].is_multiple_of(round)).collect();
        let are_apart = rows.windows(2).all(|pair| pair[1] - pair[0] >= least);
        (rows.len() > 1 && are_apart).then_some(rows)
    })
}

/// The seconds since midnight of a clock that shows hours and minutes, perhaps whole seconds.
fn seconds_of(clock: &str) -> Option<u32> {
    let mut parts = clock.split(':');
    let mut next =
        |limit: u32| parts.next().map(|part| part.parse().ok().filter(|&number: &u32| number < limit));
    let (hours, minutes, seconds) = (next(24)??, next(60)??, next(60));
    let seconds = match seconds {
        Some(seconds) => seconds?,
        None => 0,
    };
    parts.next().is_none().then_some(3600 * hours + 60 * minutes + seconds)
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
    fn within_a_day_clocks_are_round() {
        let clocks = |from: usize, step: usize, count: usize| -> Vec<String> {
            let clock = |n: usize| format!("2024-03-01 {:02}:{:02}:{:02}", n / 3600, n / 60 % 60, n % 60);
            (0..count).map(|n| clock(from + n * step)).collect()
        };
        let minutes = shown(&clocks(300, 60, 130), None, 500.0);
        assert_eq!(minutes, ["00:30:00|2024-03-01", "01:00:00", "01:30:00", "02:00:00"]);
        // Every sixth minute from the fifth on: every fifth of those is whole ones of five.
        let sparse = shown(&clocks(300, 360, 20), None, 500.0);
        assert_eq!(sparse, ["00:05:00|2024-03-01", "00:35:00", "01:05:00", "01:35:00"]);
        let seconds = shown(&clocks(36_000 + 7, 1, 40), None, 400.0);
        assert_eq!(seconds, ["10:00:10|2024-03-01", "10:00:20", "10:00:30", "10:00:40"]);
        // None is round, or clocks are not whole: as rows come.
        assert_eq!(shown(&clocks(301, 7200, 2), None, 400.0).len(), 2);
        assert_eq!(seconds_of("10:00:07.5"), None);
        assert_eq!((seconds_of("24:00"), seconds_of("10:60"), seconds_of("10")), (None, None, None));
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
