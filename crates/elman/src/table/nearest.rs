/// The name among `available` that was probably meant by `wanted`, if any is near enough.
///
/// Near is, regardless of case: one of the two begins a word of the other (`units` and
/// `total_units`, from three letters on), or at most a third of the letters, and one in short names,
/// is added, lost, replaced or swapped with its neighbour. The first of equally near names wins.
pub fn nearest<'a>(wanted: &str, available: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = wanted.to_lowercase();
    available
        .into_iter()
        .filter_map(|name| Some((distance(&wanted, &name.to_lowercase())?, name)))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// The edits between two names, or `None` if they are too many for a slip.
fn distance(wanted: &str, name: &str) -> Option<usize> {
    let (wanted_len, name_len) = (wanted.chars().count(), name.chars().count());
    // Nobody mistypes a name of this length, and comparing takes time by its square.
    if wanted_len.max(name_len) > 200 {
        return None;
    }
    let difference = wanted_len.abs_diff(name_len);
    let (short, long) = if wanted_len <= name_len { (wanted, name) } else { (name, wanted) };
    if wanted_len.min(name_len) >= 3 && begins_a_word(short, long) {
        return Some(difference);
    }
    let limit = (wanted_len / 3).max(1);
    // No fewer edits than the lengths differ by.
    if difference > limit {
        return None;
    }
    let edits = strsim::damerau_levenshtein(wanted, name);
    // As many edits as letters is another name altogether: `x` for `y`.
    (edits <= limit && edits < wanted_len.max(name_len) || edits == 0).then_some(edits)
}

fn begins_a_word(short: &str, long: &str) -> bool {
    long.match_indices(short).any(|(at, _)| !long[..at].ends_with(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant() {
        let names = ["date", "Temperature", "relative_humidity", "hidden-size", "units"];
        for (wanted, meant) in [
            ("temprature", "Temperature"),
            ("TEMPERATURE", "Temperature"),
            ("daet", "date"),
            ("Units", "units"),
            ("unit", "units"),
            ("humidity", "relative_humidity"),
            ("hidden", "hidden-size"),
            ("hidden_size", "hidden-size"),
            ("units_sold", "units"),
        ] {
            assert_eq!(nearest(wanted, names), Some(meant), "{wanted}");
        }
    }

    #[test]
    fn stays_silent_when_nothing_is_near() {
        let names = ["date", "average", "y", "units", ""];
        for wanted in ["", "x", "age", "price", "month", "da"] {
            assert_eq!(nearest(wanted, names.into_iter().filter(|name| *name != wanted)), None, "{wanted}");
        }
        assert_eq!(nearest("a", []), None);
    }

    #[test]
    fn prefers_the_fewest_edits_then_the_first() {
        assert_eq!(nearest("lstm", ["lstm-peephole", "lstn", "lsta"]), Some("lstn"));
        assert_eq!(nearest("gru", ["gri", "gru"]), Some("gru"));
    }
}
