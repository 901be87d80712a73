//! Counts and lists in words.
//!
//! ```
//! use elman::words::{counted, listed};
//!
//! assert_eq!(counted(1200, "row"), "1,200 rows");
//! assert_eq!(listed(["one", "two", "three"], "and"), "one, two and three");
//! ```

/// `1 row`, `2 rows`, `1,000 rows`.
pub fn counted(count: usize, noun: &str) -> String {
    format!("{} {noun}{}", thousands(count), if count == 1 { "" } else { "s" })
}

/// `4,404,412`
pub fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1st`, `2nd`, `3rd`, `11th`
pub(crate) fn ordinal(number: u32) -> String {
    let ending = match (number % 100, number % 10) {
        (11..=13, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// `one, two and three`
pub fn listed(items: impl IntoIterator<Item = impl Into<String>>, conjunction: &str) -> String {
    let mut items: Vec<String> = items.into_iter().map(Into::into).collect();
    match items.pop() {
        Some(last) if !items.is_empty() => format!("{} {conjunction} {last}", items.join(", ")),
        last => last.unwrap_or_default(),
    }
}

/// `one, two, three`, of which a long list shows the beginning: `..., twelve and 3 more`.
pub(crate) fn abridged(items: &[impl AsRef<str>]) -> String {
    const MOST: usize = 12;
    let shown: Vec<&str> = items.iter().take(MOST).map(AsRef::as_ref).collect();
    match items.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {} more", shown.join(", "), thousands(more)),
    }
}

/// `"a", "b" and "c"`; of more than six the first five and `12 more`.
pub fn quoted(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut names: Vec<String> = names.into_iter().map(|name| format!("{:?}", name.as_ref())).collect();
    if names.len() > 6 {
        let more = names.split_off(5).len();
        names.push(format!("{} more", thousands(more)));
    }
    listed(names, "and")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([7, 1000, 4_404_412].map(thousands), ["7", "1,000", "4,404,412"]);
        assert_eq!([1, 0, 2000].map(|count| counted(count, "row")), ["1 row", "0 rows", "2,000 rows"]);
    }

    #[test]
    fn long_lists_show_their_beginning() {
        let names: Vec<String> = (1..=1015).map(|n| n.to_string()).collect();
        assert_eq!(abridged(&names[..12]), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12");
        assert_eq!(abridged(&names), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 1,003 more");
    }

    #[test]
    fn long_lists_are_cut() {
        assert_eq!(quoted(["a"]), "\"a\"");
        assert_eq!(quoted(["a", "b", "c"]), "\"a\", \"b\" and \"c\"");
        assert_eq!(quoted((0..6).map(|n| n.to_string())), r#""0", "1", "2", "3", "4" and "5""#);
        assert_eq!(quoted((0..1005).map(|n| n.to_string())), r#""0", "1", "2", "3", "4" and 1,000 more"#);
    }
}
