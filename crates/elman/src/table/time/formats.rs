//! The ways of writing times that are known without being told.

use super::pattern::{Pattern, Seen};

/// Dates. Of those that fit a whole column, the first is taken; where day and month could be swapped, see
/// [`order_is_open`].
const DATES: &[&str] = &[
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d.%m.%Y",
    "%m.%d.%Y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%y/%m/%d",
    "%d-%m-%y",
    "%m-%d-%y",
    "%y-%m-%d",
    "%d.%m.%y",
    "%Y%m%d",
    // Months.
    "%Y-%m",
    "%Y-%j",
    "%Y/%m",
    "%m/%Y",
    "%m-%Y",
    "%YM%m",
    "%Y-M%m",
    "%b %Y",
    "%b-%Y",
    "%b/%Y",
    "%b%Y",
    "%b, %Y",
    "%b-%y",
    "%b %y",
    "%b'%y",
    "%Y %b",
    "%Y-%b",
    "%Y%b",
    "%Y/%b",
    "%b. %Y",
    "%b. %y",
    "%Y%m",
    // Dates with the month's name.
    "%d-%b-%Y",
    "%d %b %Y",
    "%d/%b/%Y",
    "%d. %b %Y",
    "%d%b%Y",
    "%d %b, %Y",
    "%d-%b-%y",
    "%d %b %y",
    "%b %d, %Y",
    "%b %d %Y",
    "%b-%d-%Y",
    "%b. %d, %Y",
    "%Y-%b-%d",
    "%Y %b %d",
    "%d %b. %Y",
    "%d. %b. %Y",
    "%d.%b.%Y",
    "%d de %b de %Y",
    "%a, %d %b %Y",
    "%a %d %b %Y",
    "%a, %b %d, %Y",
    "%a %b %d %Y",
    "%a %Y-%m-%d",
    // As in China and Japan, and in Korea.
    "%Y年%m月%d日",
    "%Y年%m月",
    "%Y년 %m월 %d일",
    "%Y년 %m월",
    // Quarters, weeks, years.
    "%YQ%q",
    "%Y-Q%q",
    "%Y Q%q",
    "%Y/Q%q",
    "%Y:Q%q",
    "Q%q %Y",
    "Q%q-%Y",
    "Q%q/%Y",
    "Q%q%Y",
    "%qQ%Y",
    "%qQ %Y",
    "%qQ%y",
    "Q%q %y",
    "%Y年",
    "%Y년",
    "%G-W%V-%u",
    "%GW%V%u",
    "%G-W%V",
    "%GW%V",
    "%G W%V",
    "W%V %G",
    "W%V-%G",
    "%Y",
    // Without anything between, and clocks in one with it.
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M",
    "%Y%m%d%H",
    "%Y%m%dT%H%M%S",
    "%Y%m%dT%H%M",
];

/// Times of day, behind a date.
const CLOCKS: &[&str] = &[
    "",
    " %H:%M:%S%.f",
    "T%H:%M:%S%.f",
    " %H:%M",
    "T%H:%M",
    " %H:%M:%S,%f",
    "T%H:%M:%S,%f",
    " %I:%M:%S %p",
    " %I:%M %p",
    " %I:%M:%S%p",
    " %I:%M%p",
    " %I %p",
    ", %H:%M:%S",
    ", %H:%M",
    " %H:%M Uhr",
    ", %H:%M Uhr",
    " %H:%M:%S Uhr",
    ", %H:%M:%S Uhr",
    " %Hh%M",
    ", %I:%M:%S %p",
    ", %I:%M %p",
    " %H",
    "T%H",
    "T%H%M%S",
    "T%H%M",
    "_%H:%M:%S",
    "_%H:%M",
    "-%H:%M:%S",
    // As web servers log.
    ":%H:%M:%S",
];

/// Distances from UTC, behind a time of day.
const ZONES: &[&str] = &["", "Z", " UTC", "UTC", " Z", " GMT", "%:z", "%z", "%:::z", " %:z", " %z"];

/// Moments counted from 1970 on, by the number of their digits.
const EPOCHS: &[(usize, &str)] =
    &[(9, "%s"), (10, "%s"), (12, "%s%3f"), (13, "%s%3f"), (16, "%s%6f"), (18, "%s%9f"), (19, "%s%9f")];

/// Every pattern that fits a text.
pub(super) fn candidates(text: &str) -> Vec<Pattern> {
    const LONGEST: usize = 60;
    let mut found = Vec::new();
    if text.len() > LONGEST || !text.bytes().any(|b| b.is_ascii_digit()) {
        return found;
    }
    let mut take = |format: &str| {
        if let Ok(pattern) = Pattern::new(format)
            && pattern.parse(text, &mut Seen::default()).is_some()
            && !found.contains(&pattern)
        {
            found.push(pattern);
        }
    };
    // Without marks between them, fields have all their digits: 38353 is a day counted by a spreadsheet, not March 3835.
    let is_cut = text.len() > 4 && text.len() % 2 == 1 && text.bytes().all(|b| b.is_ascii_digit());
    for &date in DATES.iter().filter(|_| !is_cut) {
        let Some(behind_date) = rest(date, text) else { continue };
        let has_day = date.contains("%d") || date.contains("%j");
        for &clock in CLOCKS.iter().filter(|clock| has_day || clock.is_empty()) {
            let Some(behind_clock) = rest(clock, behind_date) else { continue };
            let has_clock = date.contains("%H") || !clock.is_empty();
            for &zone in ZONES.iter().filter(|zone| has_clock || zone.is_empty()) {
                if rest(zone, behind_clock) == Some("") {
                    take(&format!("{date}{clock}{zone}"));
                }
            }
        }
    }
    // As numbers are written where one of their column has no value.
    if let Some(whole) = text.strip_suffix(".0")
        && whole.bytes().all(|b| b.is_ascii_digit())
    {
        candidates(whole).iter().for_each(|pattern| take(&format!("{pattern}.0")));
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.bytes().all(|b| b.is_ascii_digit())
        && let Some((_, format)) = EPOCHS.iter().find(|(length, _)| *length == digits.len())
    {
        take(format);
    }
    found
}

/// What follows a beginning that is written so.
fn rest<'t>(format: &str, text: &'t str) -> Option<&'t str> {
    Pattern::fragment(format).ok()?.rest(text)
}

/// Can the order of day, month and year be another in texts like these?
pub(super) fn order_is_open(pattern: &Pattern) -> bool {
    let format = pattern.to_string().replace("%-", "%");
    ["/", "-", "."].iter().any(|mark| {
        let swaps = [["%d", "%m"], ["%m", "%d"], ["%y", "%m"]];
        swaps.iter().any(|pair| format.starts_with(&format!("{}{mark}{}{mark}%", pair[0], pair[1])))
    })
}
