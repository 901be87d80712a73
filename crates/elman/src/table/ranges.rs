//! Ranges of days, `2024-01-01/2024-01-07`: no times of rows, and known only to be named so.

use super::{Time, time};

/// What stands between the first time and the last.
const BETWEEN: [&str; 9] = [" - ", " – ", " — ", " to ", " bis ", " au ", "/", "–", "-"];

/// Is the text a range of days, of which the first may have no year: `06.01.-12.01.2020`?
pub(crate) fn is_range(text: &str) -> bool {
    let is_day = |text: &str| match time::read(std::iter::once(text)) {
        Ok(times) => says_day(&times),
        Err(unread) => unread.is_ambiguous(),
    };
    let is_short = |text: &str| {
        text.contains(['.', '/']) && text.chars().all(|c| c.is_ascii_digit() || "./ ".contains(c))
    };
    let ends =
        |between| text.split_once(between).map(|(start, end): (&str, &str)| (start.trim(), end.trim()));
    BETWEEN.into_iter().filter_map(ends).any(|(start, end)| (is_short(start) || is_day(start)) && is_day(end))
}

fn says_day(times: &[Time]) -> bool {
    times.iter().all(|time| time.pattern().has_day() && !time.is_serial() && !time.is_counted())
}

#[cfg(test)]
mod tests {
    use super::is_range;

    #[test]
    fn ranges_are_of_days() {
        for text in [
            "2024-01-01/2024-01-07",
            "01.01.2024 - 31.01.2024",
            "1/22/2024 - 1/28/2024",
            "01/01/2024 to 07/01/2024",
            "01.01.2024-07.01.2024",
            "2024-01-01 – 2024-01-07",
            "01.01.2024 00:00 - 01.01.2024 01:00",
            "06.01.-12.01.2020",
        ] {
            assert!(is_range(text), "{text}");
        }
        for text in
            ["2024-01-01", "01-02-2024", "2023-2024", "2023/2024", "12-34", "09:00-17:00", "a - b", "/", ""]
        {
            assert!(!is_range(text), "{text}");
        }
    }
}
