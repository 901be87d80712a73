//! Short names of time zones, each for a distance from UTC.

/// A place's names of its clocks, in winter and in summer, and how far they are from UTC.
type Clocks = &'static [(&'static str, i32)];

const HOUR: i32 = 3600;

/// In North America names are those of RFC 822 (section 5.1). Of names that several places have, see [`SHARED`].
const PLACES: [Clocks; 22] = [
    &[("UTC", 0)],
    &[("GMT", 0), ("BST", HOUR)],
    &[("WET", 0), ("WEST", HOUR)],
    &[("CET", HOUR), ("CEST", 2 * HOUR)],
    &[("MEZ", HOUR), ("MESZ", 2 * HOUR)],
    &[("EET", 2 * HOUR), ("EEST", 3 * HOUR)],
    &[("MSK", 3 * HOUR)],
    &[("SAST", 2 * HOUR)],
    &[("EST", -5 * HOUR), ("EDT", -4 * HOUR)],
    &[("CST", -6 * HOUR), ("CDT", -5 * HOUR)],
    &[("MST", -7 * HOUR), ("MDT", -6 * HOUR)],
    &[("PST", -8 * HOUR), ("PDT", -7 * HOUR)],
    &[("AKST", -9 * HOUR), ("AKDT", -8 * HOUR)],
    &[("HST", -10 * HOUR)],
    &[("IST", 5 * HOUR + HOUR / 2)],
    &[("SGT", 8 * HOUR)],
    &[("HKT", 8 * HOUR)],
    &[("JST", 9 * HOUR)],
    &[("KST", 9 * HOUR)],
    &[("AWST", 8 * HOUR)],
    &[("AEST", 10 * HOUR), ("AEDT", 11 * HOUR)],
    &[("NZST", 12 * HOUR), ("NZDT", 13 * HOUR)],
];

/// Names that several places have for their clocks, with the one that is meant here.
const SHARED: [(&str, &str); 3] = [
    ("CST", "North America's, 6 hours behind UTC, not China's or Cuba's"),
    ("BST", "British summer time, 1 hour ahead of UTC, not Bangladesh's time"),
    ("IST", "India's, 5:30 hours ahead of UTC, not Ireland's or Israel's"),
];

/// Of the names of clocks in these texts the first that several places have, unless the one that is meant here has others
/// that stand beside it: the row, the name and whose clock it is taken for.
pub(crate) fn shared<'c>(
    texts: impl Iterator<Item = &'c str>,
) -> Option<(usize, &'static str, &'static str)> {
    let mut seen: Vec<(usize, &str, usize)> = Vec::new();
    for (row, text) in texts.enumerate() {
        // Between digits and marks there are many of no letter.
        let words = text.split(|c: char| !c.is_ascii_alphabetic()).filter(|word| !word.is_empty());
        for (word, (_, place)) in words.filter_map(|word| Some((word, find(word)?))) {
            if !seen.iter().any(|(_, other, _)| other.eq_ignore_ascii_case(word)) {
                seen.push((row, word, place));
            }
        }
    }
    let is_alone = |(_, word, place): &(usize, &str, usize)| {
        seen.iter().all(|(_, other, at)| at != place || other == word)
    };
    let shared = |(row, word, _): &(usize, &str, usize)| {
        let (name, whose) = SHARED.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(word))?;
        Some((*row, name, whose))
    };
    seen.iter().filter(|name| is_alone(name)).find_map(shared)
}

/// Seconds east of UTC of the clock that a word names, and the number of its place.
pub(super) fn find(word: &str) -> Option<(i32, usize)> {
    PLACES.iter().enumerate().find_map(|(place, clocks)| {
        let (_, offset) = clocks.iter().find(|(name, _)| name.eq_ignore_ascii_case(word))?;
        Some((*offset, place))
    })
}

/// The name of a place's clock that is so far from UTC.
pub(super) fn name(place: usize, offset: i32) -> Option<&'static str> {
    let (name, _) = PLACES.get(place)?.iter().find(|(_, other)| *other == offset)?;
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_clock() {
        for (place, clocks) in PLACES.iter().enumerate() {
            for &(word, offset) in *clocks {
                assert_eq!(find(word), Some((offset, place)), "{word}");
                assert_eq!(name(place, offset), Some(word));
            }
        }
        assert!(SHARED.iter().all(|(word, _)| find(word).is_some()));
        assert!(find("XST").is_none() && name(3, 1).is_none() && name(99, 0).is_none());
    }

    #[test]
    fn names_of_several_places_are_known() {
        for (names, found) in [
            (&["CET", "CET"][..], None),
            (&["CST", "CST"], Some((0, "CST"))),
            (&["CST", "CDT"], None),
            (&["GMT", "BST", "BST"], None),
            (&["BST", "BST"], Some((0, "BST"))),
            // Ireland's are read as India's.
            (&["GMT", "GMT", "IST"], Some((2, "IST"))),
            (&["EST", "cst"], Some((1, "CST"))),
            (&["EST", "CST", "IST", "CDT"], Some((2, "IST"))),
        ] {
            let texts: Vec<String> = names.iter().map(|name| format!("2024-01-01 12:00 {name}")).collect();
            let shared = shared(texts.iter().map(String::as_str));
            assert_eq!(shared.map(|(row, name, _)| (row, name)), found, "{names:?}");
        }
    }
}
