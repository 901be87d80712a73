//! The ways of writing times that are known without being told.

use super::fold::fold;
use super::parts::of_parts;
use super::pattern::{Pattern, Seen};

/// Dates. Of those that fit a whole column, the first is taken; where day and month could be swapped, see
/// [`Pattern::open_mark`].
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
    // Points behind every number are those of ordinal numbers, as of languages in which the day stands first or the year.
    "%Y.%m.%d.",
    "%d.%m.%Y.",
    "%Y. %m. %d",
    "%Y. %m. %d.",
    "%d. %m. %Y",
    "%d. %m. %y",
    "%Y_%m_%d",
    "%d_%m_%Y",
    "%m_%d_%Y",
    "%Y %m %d",
    "%d %m %Y",
    "%m %d %Y",
    "%Y%m%d",
    "%d%m%Y",
    "%m%d%Y",
    DAY_OF_YEAR,
    // Years from summer to summer, before what would be months.
    "%Y/%+y",
    "%Y-%+y",
    "%Y/%+Y",
    "%Y-%+Y",
    // Months.
    "%Y-%m",
    "%Y-%j",
    "%Y/%j",
    "%Y.%j",
    "%Y/%m",
    "%m/%Y",
    "%m-%Y",
    "%Y %m",
    "%m %Y",
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
    "%b '%y",
    "%b.%Y",
    "%Y %b",
    "%Y-%b",
    "%Y%b",
    "%Y/%b",
    "%y-%b",
    "%b %Y г.",
    "%b. %Y",
    "%b. %y",
    "%Y%m",
    "%y%m%d",
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
    "%d %b %Y г.",
    "%d.%+m.%Y",
    "%d. %+m. %Y",
    "%d %+m %Y",
    "%b %:d, %Y",
    "%b %:d %Y",
    "%:d %b %Y",
    "%:d %b, %Y",
    "%:d of %b %Y",
    // As the C library and Unix's `date` write it.
    "%b %d %H:%M:%S %Y",
    "%b %d %H:%M:%S %Z %Y",
    // As in China and Japan, and in Korea.
    "%Y年%m月%d日",
    "%Y年%m月",
    "%Y년 %m월 %d일",
    "%Y년 %m월",
    // Halves of a year, quarters, weeks, years.
    "%YH%2q",
    "%Y-H%2q",
    "%Y H%2q",
    "H%2q %Y",
    "H%2q-%Y",
    "H%2q/%Y",
    "H%2q %y",
    "H%2q-%y",
    "H%2q/%y",
    "H%2q'%y",
    "H%2q '%y",
    "H%2q of %Y",
    "%2qH%Y",
    "%2qH %Y",
    "%2qH%y",
    "%YS%2q",
    "%Y-S%2q",
    "%Y S%2q",
    "S%2q %Y",
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
    "Q%q'%y",
    "Q%q-%y",
    "Q%q/%y",
    "%qQ'%y",
    "Q%q '%y",
    "Q%q of %Y",
    "%yQ%q",
    "%y-Q%q",
    "CY%YQ%q",
    "CY%Y Q%q",
    "%YK%q",
    "%Y K%q",
    "%Y-K%q",
    "%Y.Q%q",
    "%YT%q",
    "%Y-T%q",
    "T%q %Y",
    "T%q-%Y",
    "%qT%Y",
    "%qT %Y",
    "%Y_Q%q",
    "Q%q_%Y",
    "Q%+q %Y",
    "Q %+q %Y",
    "Q%+q/%Y",
    "Q%+q-%Y",
    "%Y-Q%+q",
    "%Y Q%+q",
    "%YQ%+q",
    "%+q %Y",
    "%+q/%Y",
    "%+q-%Y",
    "%+q.%Y",
    "%Y %+q",
    "%Y-%+q",
    "%Y/%+q",
    "%q-й квартал %Y",
    "%+m %Y",
    "%+m/%Y",
    "%+m.%Y",
    "%Y-%+m",
    "%Y年第%q季度",
    "%Y年%q季度",
    "%Y年%:q季度",
    "%Y년 %q분기",
    "%Y년%q분기",
    "FY%Y",
    "FY %Y",
    "FY%y",
    "FY%YQ%q",
    "FY%Y Q%q",
    "FY%Y-Q%q",
    "FY%yQ%q",
    "FY%y Q%q",
    "Q%q FY%Y",
    "Q%q FY%y",
    "%Y年",
    "%Y년",
    "%G-W%V-%u",
    "%GW%V%u",
    "%G-W%V",
    "%GW%V",
    "%G W%V",
    "W%V %G",
    "W%V-%G",
    "W%V/%G",
    "KW%V %G",
    "KW%V/%G",
    "KW%V-%G",
    "KW %V %G",
    "KW %V/%G",
    "%G-KW%V",
    "%G KW%V",
    "%G KW %V",
    "Week %V %G",
    "Week %V, %G",
    "%G Week %V",
    "%G Wk %V",
    "Wk %V %G",
    "Woche %V %G",
    "%G Woche %V",
    "v%V %G",
    "%Gv%V",
    "%G-v%V",
    "Sem %V %G",
    "S%V/%G",
    // Behind months, which they are not where one is beyond twelve, or where rows follow each other by quarters or halves.
    "%Y-%q",
    "%Y/%q",
    "%q/%Y",
    "%q-%Y",
    "%Y %q",
    "%q %Y",
    "%Y-%2q",
    "%Y/%2q",
    "%2q/%Y",
    "%2q-%Y",
    "%Y %2q",
    "%2q %Y",
    "%YKW%q",
    "%GKW%V",
    "%G-%V",
    "%G/%V",
    "%V/%G",
    "%V-%G",
    "%G%V",
    "Week of %b %d, %Y",
    "Week of %Y-%m-%d",
    "Week of %d/%m/%Y",
    "Week of %m/%d/%Y",
    "w/c %d/%m/%Y",
    "w/c %m/%d/%Y",
    "w/c %d %b %Y",
    "w/c %Y-%m-%d",
    "%Y",
    // Without anything between, and clocks in one with it.
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M%S%3f",
    "%Y%m%d%H%M",
    "%Y%m%d%H",
    "%Y%m%dT%H%M%S",
    "%Y%m%dT%H%M",
];

/// What may stand before a date: its weekday, or the time of day.
const BEFORE: &[&str] =
    &["", "%a ", "%a, ", "%a. ", "%a., ", "%H:%M ", "%H:%M:%S ", "%I:%M %p ", "%I:%M:%S %p "];

/// A weekday behind a date.
const WEEKDAYS: &[&str] = &["", " (%a)", " %a", ", %a"];

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
    " %I%p",
    " at %I:%M %p",
    " at %H:%M",
    ", at %I:%M %p",
    ", %H:%M:%S",
    ", %H:%M",
    " %H:%M Uhr",
    ", %H:%M Uhr",
    " %H:%M:%S Uhr",
    ", %H:%M:%S Uhr",
    " um %H:%M Uhr",
    " um %H:%M",
    " %H Uhr",
    ", %H Uhr",
    " %H.%M Uhr",
    " %Hh%M",
    " %Hh",
    " à %Hh%M",
    " %H.%M",
    " %H.%M.%S",
    ", %I:%M:%S %p",
    ", %I:%M %p",
    " %H",
    "T%H",
    "T%H%M%S",
    "T%H%M",
    " %H%M",
    " %H%M%S",
    "_%H%M",
    "_%H%M%S",
    "-%H%M",
    "-%H%M%S",
    // Seconds before what would be a distance from UTC.
    "_%H-%M-%S",
    "_%H-%M",
    "-%H-%M-%S",
    "-%H-%M",
    " %H-%M-%S",
    "_%H:%M:%S",
    "_%H:%M",
    "-%H:%M:%S",
    "-%H:%M",
    // As web servers log.
    ":%H:%M:%S",
];

/// Distances from UTC, behind a time of day.
const ZONES: &[&str] = &[
    "", "Z", " UTC", "UTC", " Z", " GMT", "%:z", "%z", "%:::z", " %:z", " %z", " %Z", " GMT%:z", " UTC%:z",
    " GMT%z", " %z UTC", " %z %Z",
];

/// Moments counted from 1970 on, by the number of their digits.
const EPOCHS: &[(usize, &str)] =
    &[(9, "%s"), (10, "%s"), (12, "%s%3f"), (13, "%s%3f"), (16, "%s%6f"), (18, "%s%9f"), (19, "%s%9f")];

/// Every pattern that fits a text.
pub(super) fn candidates(text: &str) -> Vec<Pattern> {
    const LONGEST: usize = 80;
    let mut found = Vec::new();
    let text = &*fold(text);
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
    let is_number = text.bytes().all(|b| b.is_ascii_digit());
    if is_number {
        of_digits(text).for_each(&mut take);
    } else {
        with_marks(text, &mut take);
        of_parts(text, &mut take);
    }
    // As numbers are written where one of their column has no value.
    if let Some(whole) = text.strip_suffix(".0")
        && whole.bytes().all(|b| b.is_ascii_digit())
    {
        candidates(whole).iter().for_each(|pattern| take(&format!("{pattern}.0")));
    }
    let (sign, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (seconds, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if [seconds, fraction].iter().all(|part| part.bytes().all(|b| b.is_ascii_digit())) {
        match EPOCHS.iter().find(|(length, _)| *length == seconds.len()) {
            Some((_, format)) if fraction.is_empty() => take(format),
            Some((_, format @ "%s")) => take(&format!("{format}%.f")),
            _ => {}
        }
        if !sign && seconds.len() == 4 && ("1500".."2200").contains(&seconds) {
            take("%.Y");
        }
    }
    take("/Date(%s%3f)/");
    found
}

/// A year and the number of a day in it: seven digits, which are a number as well.
pub(super) const DAY_OF_YEAR: &str = "%Y%j";

/// The ways in which digits alone may be a date: fields have all their digits, as 38353 is a day counted by a
/// spreadsheet, not March 3835.
fn of_digits(text: &str) -> impl Iterator<Item = &'static str> {
    const DAY_AND_YEAR: usize = 7;
    const MILLISECONDS: usize = 17;
    let length = text.len();
    let is_whole = length <= 4 || length.is_multiple_of(2) || length == MILLISECONDS;
    // Six digits are a year and a month, or a day of a year of two digits: of 2015 to 2017 rather than of the 16th century.
    let has_year = text.get(..4).is_some_and(|year| ("1800".."2200").contains(&year));
    DATES.iter().copied().filter(move |&format| match format {
        DAY_OF_YEAR => length == DAY_AND_YEAR && has_year,
        "%Y%m" => is_whole && has_year,
        _ => is_whole,
    })
}

/// The ways in which a text may be a date with what stands around it.
fn with_marks(text: &str, take: &mut impl FnMut(&str)) {
    for &before in BEFORE {
        let Some(from_date) = rest(before, text) else { continue };
        for &date in DATES {
            let Some(behind_date) = rest(date, from_date) else { continue };
            let has_day = date.contains("%d") || date.contains("%:d") || date.contains("%j");
            if !has_day && !before.is_empty() {
                continue;
            }
            for &weekday in WEEKDAYS.iter().filter(|weekday| has_day || weekday.is_empty()) {
                let Some(behind_weekday) = rest(weekday, behind_date) else { continue };
                let date = format!("{before}{date}{weekday}");
                with_clock(&date, has_day, behind_weekday, take);
            }
        }
    }
}

/// The same of what stands behind a date.
fn with_clock(date: &str, has_day: bool, text: &str, take: &mut impl FnMut(&str)) {
    let has_one = date.contains("%H") || date.contains("%I");
    for &clock in CLOCKS.iter().filter(|clock| clock.is_empty() || has_day && !has_one) {
        let Some(behind_clock) = rest(clock, text) else { continue };
        let has_clock = has_one || !clock.is_empty();
        for &zone in ZONES.iter().filter(|zone| has_clock || zone.is_empty()) {
            match rest(zone, behind_clock) {
                Some("") => take(&format!("{date}{clock}{zone}")),
                Some(place) if has_clock && is_place(place) => take(&format!("{date}{clock}{zone}{place}")),
                _ => {}
            }
        }
    }
}

/// Is it the name of a time zone: ` Europe/Berlin`, `[Europe/Berlin]`, ` (Central European Standard Time)`? All cells have the
/// same.
fn is_place(text: &str) -> bool {
    let in_words = text.strip_prefix(" (").and_then(|name| name.strip_suffix(')'));
    if in_words.is_some_and(|name| name.chars().all(|c| c.is_ascii_alphabetic() || " -.".contains(c))) {
        return true;
    }
    let bracketed = text.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let name = bracketed.or_else(|| text.strip_prefix(' ')).filter(|name| name.contains('/'));
    name.is_some_and(|name| !name.contains('%') && jiff::tz::TimeZone::get(name).is_ok())
}

/// What follows a beginning that is written so.
fn rest<'t>(format: &str, text: &'t str) -> Option<&'t str> {
    Pattern::fragment(format).ok()?.rest(text)
}
